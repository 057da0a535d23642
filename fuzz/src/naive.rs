//! The plainest reading of each grammar and rule: allocates, splits, compares, and shares no code with the crate.

use std::collections::BTreeSet;
use std::fmt;

use embedded_cors::{HeadError, Reason};

/// `tchar`, RFC 9110 section 5.6.2.
pub fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_tchar(byte))
}

fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `value` without `OWS` at its ends.
pub fn trim(value: &[u8]) -> &[u8] {
    let start = value.iter().take_while(|&&byte| is_ows(byte)).count();
    let end = value.iter().rev().take_while(|&&byte| is_ows(byte)).count();
    if start == value.len() {
        b""
    } else {
        &value[start..value.len() - end]
    }
}

/// The parts of a serialized origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    pub scheme: &'a str,
    pub host: &'a str,
    /// As it is written.
    pub port: Option<&'a str>,
}

/// `serialized-origin` of Fetch *Origin header*, rule by rule, with three relaxations (`_` in a label, a hyphen at a label's end, one dot
/// after the domain) and three bounds (64 bytes of scheme, 253 of host, port 65535).
pub fn origin(value: &[u8]) -> Option<Origin<'_>> {
    let text = std::str::from_utf8(value).ok()?;
    // serialized-scheme "://" serialized-host [ ":" serialized-port ]
    let (scheme, rest) = text.split_once("://")?;
    let host_end = match rest.strip_prefix('[') {
        Some(_) => rest.find(']')? + 1,
        None => rest.find(':').unwrap_or(rest.len()),
    };
    let (host, rest) = rest.split_at(host_end);
    let port = match rest {
        "" => None,
        rest => Some(rest.strip_prefix(':')?),
    };
    let is_origin =
        is_serialized_scheme(scheme) && is_serialized_host(host) && port.is_none_or(is_serialized_port);
    is_origin.then_some(Origin { scheme, host, port })
}

/// `lower-alpha *( lower-alphanum / "+" / "-" / "." )`
fn is_serialized_scheme(scheme: &str) -> bool {
    scheme.len() <= 64
        && scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| is_lower_alphanum(c) || c == '+' || c == '-' || c == '.')
}

/// `lower-alpha / DIGIT`
fn is_lower_alphanum(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// `serialized-ipv4 / "[" serialized-ipv6 "]" / serialized-domain`, of which the first is a case of the last.
fn is_serialized_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_serialized_ipv6(address),
        None => {
            let domain = host.strip_suffix('.').unwrap_or(host);
            domain.len() <= 253 && domain.split('.').all(is_domain_label)
        }
    }
}

/// `lower-alphanum / ( lower-alphanum *( lower-alphanum / "-" ) lower-alphanum )`, relaxed.
fn is_domain_label(label: &str) -> bool {
    let relaxed = |c| is_lower_alphanum(c) || c == '_';
    label.starts_with(relaxed) && label.chars().all(|c| relaxed(c) || c == '-')
}

fn is_serialized_ipv6(address: &str) -> bool {
    let groups = |text: &str| match text {
        "" => Some(0),
        text => text.split(':').all(is_h16).then(|| text.split(':').count()),
    };
    match address.split_once("::") {
        // 7( h16 ":" ) h16
        None => groups(address) == Some(8),
        Some((left, right)) => match (groups(left), groups(right)) {
            (Some(left), Some(right)) => {
                // One row for each alternative with "::".
                [(0, 6), (1, 5), (2, 4), (3, 3), (4, 2), (5, 1), (6, 0)]
                    .into_iter()
                    .any(|(most_left, exactly_right)| left <= most_left && right == exactly_right)
            }
            _ => false,
        },
    }
}

/// `"0" / ( non-zero-hex 0*3hex )`
fn is_h16(group: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    group == "0" || ((1..=4).contains(&group.len()) && !group.starts_with('0') && group.chars().all(is_hex))
}

/// `1*5DIGIT`
fn is_serialized_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.chars().all(|c| c.is_ascii_digit())
        && port.parse::<u32>().is_ok_and(|port| port <= 65535)
}

/// Whether the host is this machine: `localhost`, names under it, `127.0.0.0/8`, `[::1]`.
pub fn is_loopback(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.split('.').next_back() == Some("localhost")
        || host == "[::1]"
        || ipv4(host).is_some_and(|address| address.is_loopback())
}

/// An IPv4 address as browsers write it.
fn ipv4(host: &str) -> Option<std::net::Ipv4Addr> {
    let address: std::net::Ipv4Addr = host.parse().ok()?;
    (address.to_string() == host).then_some(address)
}

/// An IPv6 address as browsers write it (URL section 3.6): eight groups in lower-case hexadecimal, the first longest run of zeros as `::`.
fn ipv6_text(address: std::net::Ipv6Addr) -> String {
    let groups = address.segments().map(|group| format!("{group:x}"));
    for len in (2..=8).rev() {
        for start in 0..=8 - len {
            if groups[start..start + len].iter().all(|group| group == "0") {
                return format!(
                    "{}::{}",
                    groups[..start].join(":"),
                    groups[start + len..].join(":")
                );
            }
        }
    }
    groups.join(":")
}

/// Whether a text may stand in a policy's list of origins.
pub fn is_entry(entry: &str) -> bool {
    if entry == "*" || entry == "null" {
        return true;
    }
    let Some((scheme, rest)) = entry.split_once("://") else {
        return false;
    };
    let (subdomains, rest) = match rest.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.strip_suffix(":*").unwrap_or(rest);
    let without_stars = format!("{scheme}://{rest}");
    let Some(Origin { host, port, .. }) = origin(without_stars.as_bytes()) else {
        return false;
    };
    // `:*` behind a port, or behind nothing that could be a host.
    if entry.ends_with(":*") && port.is_some() {
        return false;
    }
    let default_port = match scheme {
        "file" | "data" | "blob" | "about" | "javascript" => return false,
        "http" | "ws" => Some("80"),
        "https" | "wss" => Some("443"),
        "ftp" => Some("21"),
        _ => None,
    };
    if port.is_some_and(|port| port.starts_with('0') || Some(port) == default_port) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return !subdomains && address.parse().is_ok_and(|parsed| ipv6_text(parsed) == address);
    }
    let domain = host.strip_suffix('.').unwrap_or(host);
    let last = domain.rsplit('.').next().unwrap_or("");
    let is_number = last.chars().all(|c| c.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
    if is_number {
        return !subdomains && ipv4(host).is_some();
    }
    // `*.` stands for a label of one byte at least.
    !subdomains || "a.".len() + domain.len() <= 253
}

/// Whether an entry of a policy admits the value of an `Origin` field: schemes, labels and ports compared one by one.
pub fn entry_admits(entry: &str, value: &[u8]) -> bool {
    let (entry_scheme, rest) = match entry {
        "*" => return value == b"null" || origin(value).is_some(),
        "null" => return value == b"null",
        entry => entry.split_once("://").expect("an entry has a scheme"),
    };
    let Some(origin) = origin(value) else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let port_matches = port == Some("*") || port == origin.port;
    let host_matches = match host.strip_prefix("*.") {
        Some(suffix) => {
            let wanted: Vec<_> = suffix.split('.').rev().collect();
            let labels: Vec<_> = origin.host.split('.').rev().collect();
            labels.len() > wanted.len() && wanted.iter().zip(&labels).all(|(wanted, label)| wanted == label)
        }
        None => origin.host == host,
    };
    entry_scheme == origin.scheme && host_matches && port_matches
}

/// A request head.
pub struct Head<'a> {
    pub method: &'a [u8],
    pub fields: Vec<HeadField<'a>>,
    /// Where the head ends.
    pub len: usize,
}

pub struct HeadField<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
    /// Folded, or with white space before the colon.
    pub malformed: bool,
}

impl<'a> Head<'a> {
    /// RFC 9112 sections 2.2, 3 and 5, a line at a time.
    pub fn read(bytes: &'a [u8]) -> Result<Self, HeadError> {
        let mut rest = bytes;
        while let Some(behind) = rest.strip_prefix(b"\n").or(rest.strip_prefix(b"\r\n")) {
            rest = behind;
        }
        let method = &rest[..rest.iter().take_while(|&&byte| is_tchar(byte)).count()];
        match rest.get(method.len()) {
            None => return Err(HeadError::Incomplete),
            Some(b'\r') if rest == b"\r" => return Err(HeadError::Incomplete),
            Some(b' ') if !method.is_empty() => {}
            Some(_) => return Err(HeadError::RequestLine),
        }
        let mut head = Head {
            method,
            fields: Vec::new(),
            len: bytes.len() - rest.len(),
        };
        let mut lines = rest.split_inclusive(|&byte| byte == b'\n');
        let mut foldable = false;
        head.len += lines.next().map_or(0, <[u8]>::len);
        for line in lines {
            let Some(text) = line.strip_suffix(b"\n") else {
                break;
            };
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            head.len += line.len();
            match text {
                [] => return Ok(head),
                [b' ' | b'\t', ..] => {
                    if let Some(before) = head.fields.last_mut().filter(|_| foldable) {
                        before.malformed = true;
                    }
                }
                _ => {
                    let colon = text.iter().position(|&byte| byte == b':');
                    foldable = colon.is_some();
                    if let Some(colon) = colon {
                        let spaced = &text[..colon];
                        let name = &spaced
                            [..spaced.len() - spaced.iter().rev().take_while(|&&byte| is_ows(byte)).count()];
                        head.fields.push(HeadField {
                            name,
                            value: trim(&text[colon + 1..]),
                            malformed: name != spaced,
                        });
                    }
                }
            }
        }
        Err(HeadError::Incomplete)
    }

    /// The lines of a name.
    pub fn lines<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h HeadField<'a>> + 'h {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The value of a field that has exactly one line, and that a well-formed one.
    pub fn only(&self, name: &str) -> Option<&'a [u8]> {
        let lines: Vec<_> = self.lines(name).collect();
        match lines[..] {
            [line] if !line.malformed => Some(line.value),
            _ => None,
        }
    }
}

impl fmt::Debug for Head<'_> {
    /// Method and fields as text, with a mark where a line is malformed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.method.escape_ascii())?;
        for field in &self.fields {
            let mark = if field.malformed { " (malformed)" } else { "" };
            let (name, value) = (field.name.escape_ascii(), field.value.escape_ascii());
            write!(f, "; {name}: {value}{mark}")?;
        }
        Ok(())
    }
}

/// What a policy's list of headers and its options make of requested headers.
pub struct HeaderRules<'a> {
    pub allowed: &'a [String],
    pub credentials: bool,
    pub strict: bool,
}

impl HeaderRules<'_> {
    fn any(&self) -> bool {
        self.allowed.iter().any(|entry| entry == "*")
    }

    fn lists(&self, name: &[u8]) -> bool {
        self.allowed
            .iter()
            .any(|entry| entry.as_bytes().eq_ignore_ascii_case(name))
    }

    /// How many bytes of names are echoed at most: 1024, or as many as are listed, each name once.
    pub fn most_echoed(&self) -> usize {
        let listed = self.allowed.iter().map(|entry| entry.to_ascii_lowercase());
        let listed: BTreeSet<String> = listed.filter(|entry| entry != "*").collect();
        let listed: Vec<String> = listed.into_iter().collect();
        listed.join(",").len().max(1024)
    }

    /// What refuses a name, if something does.
    fn judge(&self, name: &[u8]) -> Option<Reason> {
        match (self.any(), self.lists(name)) {
            (_, true) => None,
            (true, false) if name.eq_ignore_ascii_case(b"authorization") => {
                Some(Reason::AuthorizationNotCovered)
            }
            (true, false) => None,
            (false, false) => Some(Reason::HeaderNotAllowed),
        }
    }

    /// The five lines: whether every name is allowed, budgets aside.
    pub fn allows(&self, lines: &[&[u8]]) -> bool {
        lines
            .iter()
            .flat_map(|line| line.split(|&byte| byte == b','))
            .map(trim)
            .filter(|name| !name.is_empty())
            .all(|name| is_token(name) && self.judge(name).is_none())
    }

    /// Why the value of `Access-Control-Request-Headers` is refused, and for which name: the first reason on the way from left to right.
    pub fn refusal(&self, lines: &[&[u8]]) -> Option<(Reason, Option<usize>)> {
        let lines: Vec<&[u8]> = lines.iter().map(|line| trim(line)).collect();
        if lines.len() > 4 {
            return Some((Reason::RequestHeadersOverBudget, None));
        }
        if self.strict {
            if lines.len() > 1 {
                return Some((Reason::RequestHeadersNotStrict, None));
            }
            let members: Vec<&[u8]> = lines
                .iter()
                .flat_map(|line| line.split(|&byte| byte == b','))
                .collect();
            let not_strict = (0..members.len()).find(|&index| {
                !is_token(members[index])
                    || members[index] != members[index].to_ascii_lowercase()
                    || (index > 0 && members[index - 1] >= members[index])
            });
            if not_strict.is_some() {
                return Some((Reason::RequestHeadersNotStrict, not_strict));
            }
        }
        let mut names: Vec<&[u8]> = Vec::new();
        let (mut space, mut empty) = (0, 0);
        for line in &lines {
            let members: Vec<&[u8]> = line.split(|&byte| byte == b',').collect();
            for (index, &member) in members.iter().enumerate() {
                let over_budget = (Reason::RequestHeadersOverBudget, Some(names.len()));
                let malformed = (Reason::RequestHeadersMalformed, Some(names.len()));
                let name = trim(member);
                if name.is_empty() {
                    space += member.len();
                    empty += 1;
                    if space > 256 || empty > 16 {
                        return Some(over_budget);
                    }
                    continue;
                }
                let before = member.iter().take_while(|&&byte| is_ows(byte)).count();
                space += before;
                if space > 256 {
                    return Some(over_budget);
                }
                let word = &name[..name.iter().take_while(|&&byte| is_tchar(byte)).count()];
                if word.is_empty() {
                    return Some(malformed);
                }
                if names.len() == 256 {
                    return Some(over_budget);
                }
                let behind = &member[before + word.len()..];
                let after = behind.iter().take_while(|&&byte| is_ows(byte)).count();
                if word != name && after == 0 {
                    return Some(malformed);
                }
                if let Some(reason) = self.judge(word) {
                    return Some((reason, Some(names.len())));
                }
                names.push(word);
                if word != name || index + 1 < members.len() {
                    space += after;
                }
                if space > 256 {
                    return Some((Reason::RequestHeadersOverBudget, Some(names.len())));
                }
                if word != name {
                    return Some(malformed);
                }
            }
        }
        let echoes = self.any() && self.credentials;
        if echoes && names.join(&b","[..]).len() > self.most_echoed() {
            return Some((Reason::EchoTooLong, None));
        }
        None
    }
}

/// The members of a list, empty ones left out.
pub fn members<'a>(lines: &[&'a [u8]]) -> Vec<&'a [u8]> {
    lines
        .iter()
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(trim)
        .filter(|member| !member.is_empty())
        .collect()
}

/// *CORS-unsafe request-header names* (Fetch section 2.2.2) of what a page sets.
pub fn unsafe_names(headers: &[(String, String)]) -> Vec<String> {
    let sent: Vec<(String, Vec<char>)> = headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_ascii_lowercase(),
                normalize(value).chars().collect::<Vec<_>>(),
            )
        })
        .filter(|(name, value)| !is_forbidden_request_header(name, value))
        .collect();
    let safelisted: Vec<_> = sent
        .iter()
        .filter(|(name, value)| is_safelisted(name, value))
        .collect();
    let all = safelisted.iter().map(|(_, value)| value.len()).sum::<usize>() > 1024;
    let mut names: Vec<String> = sent
        .iter()
        .filter(|(name, value)| all || !is_safelisted(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A header's value without HTTP whitespace at its ends (Fetch section 2.2.2, *normalize*).
pub fn normalize(value: &str) -> &str {
    value.trim_matches(['\t', '\n', '\r', ' '])
}

fn is_forbidden_request_header(name: &str, value: &[char]) -> bool {
    let forbidden = "accept-charset accept-encoding access-control-request-headers access-control-request-method connection \
                     content-length cookie cookie2 date dnt expect host keep-alive origin referer set-cookie te trailer \
                     transfer-encoding upgrade via";
    let overrides = "x-http-method x-http-method-override x-method-override";
    let value: String = value.iter().collect();
    forbidden.split(' ').any(|other| other == name)
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
        || (overrides.split(' ').any(|other| other == name)
            && value
                .split(',')
                .any(|method| is_forbidden_method(method.trim_matches(['\t', ' ']))))
}

/// `CONNECT`, `TRACE`, `TRACK`.
pub fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].contains(&method.to_ascii_uppercase().as_str())
}

/// *CORS-safelisted request-header*, of a name in lower case.
fn is_safelisted(name: &str, value: &[char]) -> bool {
    let is_unsafe = |&c: &char| (u32::from(c) < 0x20 && c != '\t') || "\"():<>?@[\\]{}\u{7f}".contains(c);
    if value.len() > 128 {
        return false;
    }
    let text: String = value.iter().collect();
    match name {
        "accept" => !value.iter().any(is_unsafe),
        "accept-language" | "content-language" => value
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || " *,-.;=".contains(*c)),
        "content-type" => {
            let essence = text.split(';').next().unwrap_or("");
            let essence = normalize(essence).to_ascii_lowercase();
            !value.iter().any(is_unsafe)
                && [
                    "application/x-www-form-urlencoded",
                    "multipart/form-data",
                    "text/plain",
                ]
                .contains(&essence.as_str())
        }
        "range" => {
            let range = text
                .strip_prefix("bytes=")
                .and_then(|range| range.split_once('-'));
            let number = |digits: &str| {
                let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
                // 128 digits at most: as many with zeros before them compare as numbers.
                is_number.then(|| format!("{digits:0>128}"))
            };
            range.is_some_and(|(start, end)| match (number(start), number(end)) {
                (Some(start), Some(end)) => start <= end,
                (Some(_), None) => end.is_empty(),
                _ => false,
            })
        }
        _ => false,
    }
}
