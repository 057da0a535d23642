//! The oracles: the simplest implementation of each grammar and rule. They allocate, split and
//! compare, and share no code with the crate.

use std::collections::BTreeSet;
use std::fmt;

use embedded_cors::{HeadError, Reason};

/// Returns whether a byte is a `tchar` (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>).
pub fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_tchar(byte))
}

fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Returns `value` without `OWS` at its ends
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3>).
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
    /// The digits as they are written.
    pub port: Option<&'a str>,
}

/// Parses an origin, rule by rule. There are three grammars, chosen by the scheme:
///
/// - For a special scheme it is `serialized-origin`
///   (<https://fetch.spec.whatwg.org/#origin-header>) with three relaxations: `_` in a label, a
///   hyphen at any place of a label, and one dot after the domain.
/// - For `file` it is `file://`.
/// - For every other scheme, the host is empty, an IPv6 address, or an opaque host
///   (<https://url.spec.whatwg.org/#concept-opaque-host-parser>).
///
/// There are three bounds: 64 bytes of scheme, 253 bytes of host and the dot, and port 65535.
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
    let is_host = match scheme {
        "file" => host.is_empty() && port.is_none(),
        scheme if is_special(scheme) => is_serialized_host(host),
        _ => is_opaque_host(host) && !(host.is_empty() && port.is_some()),
    };
    let is_origin = is_serialized_scheme(scheme) && is_host && port.is_none_or(is_serialized_port);
    is_origin.then_some(Origin { scheme, host, port })
}

/// Returns whether a scheme is special (<https://url.spec.whatwg.org/#special-scheme>), `file`
/// aside.
fn is_special(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].contains(&scheme)
}

/// Returns whether a host is one of an origin with another scheme.
fn is_opaque_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return is_serialized_ipv6(address);
    }
    let is_forbidden = |c: char| !c.is_ascii_graphic() || "#/:<>?@[\\]^|".contains(c);
    host.len() <= 254 && !host.contains(is_forbidden)
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

/// `serialized-ipv4 / "[" serialized-ipv6 "]" / serialized-domain`. Each `serialized-ipv4` is a
/// `serialized-domain` too.
fn is_serialized_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_serialized_ipv6(address),
        None => {
            let domain = host.strip_suffix('.').unwrap_or(host);
            domain.len() <= 253 && domain.split('.').all(is_domain_label)
        }
    }
}

/// `lower-alphanum / ( lower-alphanum *( lower-alphanum / "-" ) lower-alphanum )`, with the
/// relaxations of [`origin`].
fn is_domain_label(label: &str) -> bool {
    !label.is_empty()
        && label
            .chars()
            .all(|c| is_lower_alphanum(c) || c == '_' || c == '-')
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
                // One pair for each alternative of the rule that contains "::".
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

/// Returns whether the host is the machine itself: `localhost`, its subdomains, `127.0.0.0/8`,
/// `[::1]`.
pub fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name.split('.').next_back() == Some("localhost")
        || host == "[::1]"
        || ipv4(host).is_some_and(|address| address.is_loopback())
}

/// Parses an IPv4 address in the form in which browsers serialize it.
fn ipv4(host: &str) -> Option<std::net::Ipv4Addr> {
    let address: std::net::Ipv4Addr = host.parse().ok()?;
    (address.to_string() == host).then_some(address)
}

/// Returns an IPv6 address as browsers serialize it
/// (<https://url.spec.whatwg.org/#concept-ipv6-serializer>): eight groups in lower-case
/// hexadecimal, with the first longest run of zeros as `::`.
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

/// The parts of an entry with a scheme: schemes, hosts and ports.
fn parts(entry: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, rest) = entry.split_once("://")?;
    let after_address = match rest.strip_prefix('[') {
        Some(_) => rest.find(']')?,
        None => 0,
    };
    Some(match rest[after_address..].find(':') {
        Some(colon) => {
            let (hosts, ports) = rest.split_at(after_address + colon);
            (scheme, hosts, Some(&ports[1..]))
        }
        None => (scheme, rest, None),
    })
}

/// Returns whether a text is a valid entry of a policy's list of origins.
pub fn is_entry(entry: &str) -> bool {
    if ["*", "null", "file://"].contains(&entry) {
        return true;
    }
    let Some((scheme, hosts, ports)) = parts(entry) else {
        return false;
    };
    // Pages with URLs of these schemes have no origin of the scheme.
    let has_none = ["file", "data", "blob", "about", "javascript"].contains(&scheme);
    let is_scheme = scheme == "*" || is_serialized_scheme(scheme);
    // Several origins in one entry.
    let is_list = entry.contains([',', ';']);
    is_scheme && !has_none && !is_list && are_hosts(scheme, hosts, ports) && are_ports(scheme, ports)
}

fn are_hosts(scheme: &str, hosts: &str, ports: Option<&str>) -> bool {
    let is_domain_scheme = scheme == "*" || is_special(scheme);
    let is_host = |host: &str| match is_domain_scheme {
        true => is_serialized_host(host),
        false => is_opaque_host(host),
    };
    if hosts == "*" {
        return true;
    }
    if let Some((address, prefix)) = hosts.split_once('/') {
        return ["http", "https", "ws", "wss", "*"].contains(&scheme) && is_range(address, prefix);
    }
    if let Some(domain) = hosts.strip_prefix("*.") {
        // What the star stands for has at least one byte.
        let longest = if is_domain_scheme && !hosts.ends_with('.') {
            253
        } else {
            254
        };
        let is_address = domain.starts_with('[') || (is_domain_scheme && ends_in_a_number(domain));
        let is_domain = !domain.is_empty() && !domain.contains('*') && is_host(domain);
        return is_domain && !is_address && hosts.len() <= longest;
    }
    if let Some((before, after)) = hosts.split_once('*') {
        let is_number = is_domain_scheme && ends_in_a_number(&hosts.replace('*', "1"));
        let is_address = before.starts_with('[') || is_number;
        let is_in_first_label = !before.contains('.') && !after.contains('*');
        return is_in_first_label && !is_address && is_host(&hosts.replace('*', "a"));
    }
    if let Some(address) = hosts.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse().is_ok_and(|parsed| ipv6_text(parsed) == address);
    }
    let is_number = is_domain_scheme && ends_in_a_number(hosts);
    is_host(hosts) && !(hosts.is_empty() && ports.is_some()) && (!is_number || ipv4(hosts).is_some())
}

/// Returns whether browsers take a host for an IPv4 address
/// (<https://url.spec.whatwg.org/#ends-in-a-number-checker>).
fn ends_in_a_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or("");
    let is_hexadecimal = |digits: &str| digits.chars().all(|c| c.is_ascii_hexdigit());
    (!last.is_empty() && last.chars().all(|c| c.is_ascii_digit()))
        || last.strip_prefix("0x").is_some_and(is_hexadecimal)
}

/// Returns the bits of an address, and how many there are.
fn address_bits(host: &str) -> Option<(u128, u32)> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(text) => {
            let address: std::net::Ipv6Addr = text.parse().ok()?;
            Some((address.into(), 128))
        }
        None => Some((u128::from(u32::from(ipv4(host)?)), 32)),
    }
}

/// Returns whether a range has an address as browsers write it, without bits after the prefix.
fn is_range(address: &str, prefix: &str) -> bool {
    let is_shortest = match address.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(text) => text.parse().is_ok_and(|parsed| ipv6_text(parsed) == text),
        None => true,
    };
    let Some((bits, count)) = address_bits(address).filter(|_| is_shortest) else {
        return false;
    };
    let is_number = (1..=3).contains(&prefix.len()) && prefix.chars().all(|c| c.is_ascii_digit());
    if !is_number || prefix.starts_with('0') {
        return false;
    }
    let prefix: u32 = prefix.parse().expect("up to three digits");
    // The IPv4-mapped addresses among the IPv6 ones have a separate form.
    let is_mapped = count == 128 && prefix >= 96 && bits >> 32 == 0xffff;
    prefix <= count && !is_mapped && (0..count - prefix).all(|bit| bits >> bit & 1 == 0)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// Returns the port that has these digits, if they are written as browsers write ports.
fn canonical_port(digits: &str) -> Option<u16> {
    let port: u16 = digits.parse().ok()?;
    (port != 0 && port.to_string() == digits).then_some(port)
}

fn are_ports(scheme: &str, ports: Option<&str>) -> bool {
    let Some(ports) = ports.filter(|ports| *ports != "*") else {
        return true;
    };
    if let Some((first, last)) = ports.split_once('-') {
        return match (canonical_port(first), canonical_port(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        };
    }
    let is_default = |port| match scheme {
        "*" => port == 80 || port == 443,
        scheme => default_port(scheme) == Some(port),
    };
    canonical_port(ports).is_some_and(|port| !is_default(port))
}

/// Returns whether an entry of a policy admits the value of an `Origin` field. Compares scheme,
/// host and port one by one.
pub fn entry_admits(entry: &str, value: &[u8]) -> bool {
    match entry {
        "*" => return true,
        "null" | "file://" => return value == entry.as_bytes(),
        _ => {}
    }
    let (scheme, hosts, ports) = parts(entry).expect("an entry has a scheme");
    let Some(origin) = origin(value) else { return false };
    let scheme_matches = match scheme {
        "*" => ["http", "https"].contains(&origin.scheme),
        scheme => scheme == origin.scheme,
    };
    scheme_matches && hosts_admit(hosts, origin.host) && ports_admit(ports, &origin)
}

fn hosts_admit(hosts: &str, host: &str) -> bool {
    if hosts == "*" {
        return true;
    }
    if let Some((address, prefix)) = hosts.split_once('/') {
        let (network, count) = address_bits(address).expect("a range has an address");
        let shift = count - prefix.parse::<u32>().expect("a range has a prefix");
        // The longest shift is one less than the number of bits, since no prefix is 0.
        return address_bits(host)
            .is_some_and(|(bits, other)| other == count && bits >> shift == network >> shift);
    }
    if let Some(domain) = hosts.strip_prefix("*.") {
        return host
            .strip_suffix(domain)
            .and_then(|labels| labels.strip_suffix('.'))
            .is_some_and(|labels| !labels.is_empty());
    }
    match hosts.split_once('*') {
        Some((before, after)) => host
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|star| !star.is_empty() && !star.contains('.')),
        None => hosts == host,
    }
}

fn ports_admit(ports: Option<&str>, origin: &Origin<'_>) -> bool {
    match ports.map(|ports| ports.split_once('-').ok_or(ports)) {
        None => origin.port.is_none(),
        Some(Err("*")) => true,
        Some(Err(port)) => origin.port == Some(port),
        Some(Ok((first, last))) => {
            let port = match origin.port {
                Some(digits) => canonical_port(digits),
                None => default_port(origin.scheme),
            };
            let bound = |digits| canonical_port(digits).expect("a range has two ports");
            port.is_some_and(|port| (bound(first)..=bound(last)).contains(&port))
        }
    }
}

/// Returns an origin that an entry admits. `label` stands for the stars in its host.
pub fn example(entry: &str, label: &str) -> String {
    let Some((scheme, hosts, ports)) = parts(entry).filter(|_| entry != "file://") else {
        return entry.replace('*', "null");
    };
    let scheme = if scheme == "*" { "https" } else { scheme };
    let host = hosts.split_once('/').map_or(hosts, |(address, _)| address);
    let host = host.replace('*', label);
    let port = match ports.map(|ports| ports.split_once('-').map_or(ports, |(first, _)| first)) {
        None | Some("*") => String::new(),
        Some(port) if canonical_port(port) == default_port(scheme) => String::new(),
        Some(port) => format!(":{port}"),
    };
    format!("{scheme}://{host}{port}")
}

/// The head of a request.
pub struct Head<'a> {
    pub method: &'a [u8],
    pub fields: Vec<HeadField<'a>>,
    /// The length of the head in bytes.
    pub len: usize,
}

pub struct HeadField<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
    /// True if the line is folded, or has white space before the colon.
    pub malformed: bool,
}

impl<'a> Head<'a> {
    /// Reads a head line by line (RFC 9112 sections
    /// [2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2),
    /// [3](https://www.rfc-editor.org/rfc/rfc9112#section-3) and
    /// [5](https://www.rfc-editor.org/rfc/rfc9112#section-5)).
    pub fn read(bytes: &'a [u8]) -> Result<Self, HeadError> {
        let mut rest = bytes;
        while let Some(tail) = rest.strip_prefix(b"\n").or(rest.strip_prefix(b"\r\n")) {
            rest = tail;
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

    /// Returns the lines with a name.
    pub fn lines<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h HeadField<'a>> + 'h {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Returns the value of a field that has exactly one line, if the line is well-formed.
    pub fn only(&self, name: &str) -> Option<&'a [u8]> {
        let lines: Vec<_> = self.lines(name).collect();
        match lines[..] {
            [line] if !line.malformed => Some(line.value),
            _ => None,
        }
    }
}

impl fmt::Debug for Head<'_> {
    /// Writes method and fields as text, and marks malformed lines.
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

/// The part of a policy that decides on requested headers.
pub struct HeaderRules<'a> {
    pub allowed: &'a [String],
    pub credentials: bool,
    pub strict: bool,
    pub only_requested: bool,
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

    /// Returns the largest number of bytes of names that an answer echoes: 1024, or the length of
    /// all listed names if that is more.
    pub fn most_echoed(&self) -> usize {
        let listed = self.allowed.iter().map(|entry| entry.to_ascii_lowercase());
        let listed: BTreeSet<String> = listed.filter(|entry| entry != "*").collect();
        let listed: Vec<String> = listed.into_iter().collect();
        listed.join(",").len().max(1024)
    }

    /// Returns why a single name is refused.
    fn refusal_of_name(&self, name: &[u8]) -> Option<Reason> {
        match (self.any(), self.lists(name)) {
            (_, true) => None,
            (true, false) if name.eq_ignore_ascii_case(b"authorization") => {
                Some(Reason::AuthorizationNotCovered)
            }
            (true, false) => None,
            (false, false) => Some(Reason::HeaderNotAllowed),
        }
    }

    /// Returns whether every name is allowed, without regard to budgets and to the strict form.
    pub fn allows(&self, lines: &[&[u8]]) -> bool {
        lines
            .iter()
            .flat_map(|line| line.split(|&byte| byte == b','))
            .map(trim)
            .filter(|name| !name.is_empty())
            .all(|name| is_token(name) && self.refusal_of_name(name).is_none())
    }

    /// Returns why the lines of `Access-Control-Request-Headers` are refused, and at which name. It
    /// is the first reason from left to right.
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
                let rest = &member[before + word.len()..];
                let after = rest.iter().take_while(|&&byte| is_ows(byte)).count();
                if word != name && after == 0 {
                    return Some(malformed);
                }
                if let Some(reason) = self.refusal_of_name(word) {
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
        let echoes = self.any() && (self.credentials || self.only_requested);
        if echoes && names.join(&b","[..]).len() > self.most_echoed() {
            return Some((Reason::EchoTooLong, None));
        }
        None
    }
}

/// Returns the members of a list without the empty ones.
pub fn members<'a>(lines: &[&'a [u8]]) -> Vec<&'a [u8]> {
    lines
        .iter()
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(trim)
        .filter(|member| !member.is_empty())
        .collect()
}

/// Returns the *CORS-unsafe request-header names* of a page's headers
/// (<https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>).
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

/// Returns the value of a header without HTTP whitespace at its ends
/// (<https://fetch.spec.whatwg.org/#concept-header-value-normalize>).
pub fn normalize(value: &str) -> &str {
    value.trim_matches(['\t', '\n', '\r', ' '])
}

/// Returns whether no page can set a header with this lower-case name, whatever its value
/// (<https://fetch.spec.whatwg.org/#forbidden-request-header>).
pub fn is_forbidden_name(name: &str) -> bool {
    is_forbidden_request_header(name, &[])
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

/// Returns whether a method is a *forbidden method*
/// (<https://fetch.spec.whatwg.org/#forbidden-method>).
pub fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].contains(&method.to_ascii_uppercase().as_str())
}

/// Returns whether a header with a lower-case name is a *CORS-safelisted request-header*
/// (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>).
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
                // There are at most 128 digits. Padded to that length, the texts compare as
                // numbers.
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
