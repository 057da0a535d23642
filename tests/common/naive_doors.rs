//! The rules of the doors, written a second time, for heads in memory: by splitting text and by the
//! parsers of the standard library. It shares no code with the crate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::doors::DoorsSpec;

/// A host, and its port if it has one.
struct NaiveHost {
    name: String,
    address: Option<IpAddr>,
    port: Option<u32>,
}

fn read_host(text: &str) -> Option<NaiveHost> {
    let (name, port) = if text.starts_with('[') {
        let end = text.find(']')? + 1;
        (&text[..end], &text[end..])
    } else {
        text.split_at(text.find(':').unwrap_or(text.len()))
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let digits = digits.trim_start_matches('0');
            let number: u64 = if digits.is_empty() {
                0
            } else {
                digits.parse().ok()?
            };
            Some(u32::try_from(number).ok().filter(|port| *port <= 65535)?)
        }
        Some(_) => return None,
    };
    let address = if let Some(inner) = name.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        if inner.starts_with(['v', 'V']) {
            let (version, rest) = inner[1..].split_once('.')?;
            let is_hex = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_rest = !rest.is_empty() && rest.chars().all(|c| c == ':' || is_plain(c));
            if !is_hex || !is_rest {
                return None;
            }
            None
        } else {
            Some(IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?))
        }
    } else {
        let mut rest = name;
        while let Some(c) = rest.chars().next() {
            if c == '%' {
                let hex = rest.get(1..3)?;
                hex.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
                rest = &rest[3..];
            } else {
                is_plain(c).then_some(())?;
                rest = &rest[1..];
            }
        }
        (!name.is_empty()).then_some(())?;
        name.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    };
    Some(NaiveHost {
        name: name.to_ascii_lowercase(),
        address,
        port,
    })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c)
}

fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => address.to_canonical(),
        address => address,
    }
}

fn answers_to(spec: &DoorsSpec, host: &NaiveHost) -> bool {
    if let Some(address) = host.address {
        let own = spec.addresses.iter().flatten();
        if spec.has("ip-literals") || own.into_iter().any(|own| canonical(*own) == canonical(address)) {
            return true;
        }
    }
    let bare = host.name.strip_suffix('.').unwrap_or(&host.name);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let is_name = host.address.is_none() && bare.split('.').all(is_label);
    if is_name && spec.has("localhost") && (bare == "localhost" || bare.ends_with(".localhost")) {
        return true;
    }
    if is_name && spec.has("local-names") && bare.ends_with(".local") {
        return true;
    }
    spec.hosts.iter().any(|entry| {
        let (entry, is_wildcard) = match entry.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (entry.as_str(), false),
        };
        let entry = read_host(entry).unwrap();
        if let Some(port) = entry.port {
            let ports: Vec<u32> = match host.port {
                Some(port) => vec![port],
                None if spec.has("https") => vec![443],
                None => vec![80, 443],
            };
            if !ports.contains(&port) {
                return false;
            }
        }
        match (entry.address, host.address) {
            (Some(own), Some(address)) => canonical(own) == canonical(address),
            (None, None) if is_wildcard => is_name && bare.ends_with(&format!(".{}", entry.name)),
            (None, None) => is_name && bare == entry.name,
            _ => false,
        }
    })
}

/// The lines of a head, names in lower case.
struct NaiveHead {
    method: String,
    target: String,
    version: String,
    lines: Vec<(String, String)>,
}

impl NaiveHead {
    fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(other, _)| other == name);
        lines.map(|(_, value)| value.as_str()).collect()
    }

    fn lists(&self, name: &str, member: &str, ends: &[char]) -> bool {
        self.all(name)
            .iter()
            .flat_map(|value| value.split(','))
            .map(|item| item.split(ends).next().unwrap().trim_matches([' ', '\t']))
            .map(|item| item.split([' ', '\t']).next().unwrap())
            .any(|item| item.eq_ignore_ascii_case(member))
    }
}

/// Returns `DOOR allowed` or `DOOR refused REASON STATUS` for a head without folds, without bare CR
/// and without white space before colons. `admits` is whether the policy admits the origin, and
/// `reason` why it does not; `trusts` is whether an entry other than `*`, `null`, `file://` and
/// every host of a scheme admits it.
pub fn decide(spec: &DoorsSpec, head: &str, policy: &NaivePolicy<'_>) -> String {
    let head = read_head(head);
    let hosts = head.all("host");
    let is_checked = !spec.hosts.is_empty()
        || spec.addresses.is_some()
        || ["ip-literals", "localhost", "local-names"]
            .iter()
            .any(|flag| spec.has(flag));
    let target = head.target.split_once("://").filter(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let bad = |reason: &str| format!("host refused {reason} 400");
    let mut own = None;
    if let Some((_, rest)) = target {
        let authority = rest.split(['/', '?', '#']).next().unwrap();
        match read_host(authority) {
            None => return bad("host_malformed"),
            Some(host) => own = Some(host),
        }
    }
    if hosts.len() > 1 {
        return bad("host_repeated");
    }
    if let (None, [value]) = (&own, &hosts[..]) {
        match read_host(value) {
            None => return bad("host_malformed"),
            Some(host) => own = Some(host),
        }
    }
    if is_checked {
        match &own {
            None if head.version != "HTTP/1.0" => return bad("host_missing"),
            Some(host) if !answers_to(spec, host) => {
                let status = if spec.has("misdirected") { 421 } else { 403 };
                return format!("host refused host_not_allowed {status}");
            }
            _ => {}
        }
    }

    let origins = head.all("origin");
    let origin = match origins[..] {
        [] => Ok(None),
        [one] if (policy.is_valid)(one) => Ok(Some(one)),
        [_] => Err("origin_malformed"),
        _ => Err("origin_repeated"),
    };
    // What the policy says of the origin, malformed or not.
    let not_admitted = match origins[..] {
        [] => None,
        _ if policy.is_any => None,
        [one] => (policy.not_admitted)(one),
        _ => Some("origin_repeated"),
    };
    let is_same = match (&own, &origin) {
        (Some(host), Ok(Some(text))) => match text.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => {
                let default = if scheme == "http" { 80 } else { 443 };
                let other = read_host(rest).unwrap();
                (scheme == "https" || !spec.has("https"))
                    && other.port.unwrap_or(default) == host.port.unwrap_or(default)
                    && match (other.address, host.address) {
                        (Some(one), Some(two)) => one == two,
                        (None, None) => other.name == host.name,
                        _ => false,
                    }
            }
            _ => false,
        },
        _ => false,
    };
    let forbidden = |door: &str, reason: &str| format!("{door} refused {reason} 403");
    let reader = || if is_same { None } else { not_admitted };
    let missing = spec.has("require-origin").then_some("origin_missing");

    let is_preflight = head.method == "OPTIONS"
        && !origins.is_empty()
        && !head.all("access-control-request-method").is_empty();
    if is_preflight {
        return "preflight".into();
    }
    if head.method == "GET" && head.lists("upgrade", "websocket", &['/', ';']) {
        let reason = match origin {
            Ok(None) => missing,
            Ok(Some(_)) => reader(),
            Err(reason) => Some(reason),
        };
        return reason.map_or("websocket allowed".into(), |reason| {
            forbidden("websocket", reason)
        });
    }
    let sites: Vec<&str> = head
        .all("sec-fetch-site")
        .into_iter()
        .filter(|site| !site.is_empty())
        .collect();
    let site = match sites[..] {
        [] => "absent",
        [site @ ("same-origin" | "same-site" | "none")] => site,
        _ => "cross-site",
    };
    if !["GET", "HEAD", "OPTIONS", "TRACE"].contains(&head.method.as_str()) {
        let is_admitted = !origins.is_empty() && not_admitted.is_none();
        let is_trusted = is_admitted
            && (spec.has("trust-every-origin")
                || origin.is_ok_and(|one| one.is_some_and(|one| (policy.trusts)(one))));
        let reason = match (origin, site) {
            (Err(reason), _) => Some(reason),
            _ if is_trusted => None,
            (_, "same-origin" | "none") if spec.has("enforce") => reader(),
            (_, "same-origin" | "none") => None,
            (Ok(None), "absent") => missing,
            (_, "absent") if is_same => None,
            _ if is_admitted => Some("origin_not_trusted"),
            (_, "absent") => not_admitted,
            _ => Some("cross_site"),
        };
        return reason.map_or("unsafe_method allowed".into(), |reason| {
            forbidden("unsafe_method", reason)
        });
    }
    let is_stream = head.method == "GET" && head.lists("accept", "text/event-stream", &[';']);
    let door = if is_stream { "event_stream" } else { "safe_method" };
    if (is_stream || spec.has("enforce"))
        && let Some(reason) = reader()
    {
        return forbidden(door, reason);
    }
    let is_foreign = site == "cross-site" && (spec.has("isolate") || spec.has("isolate-same-site"))
        || site == "same-site" && spec.has("isolate-same-site");
    let dests = head.all("sec-fetch-dest");
    let is_navigation = ["GET", "HEAD"].contains(&head.method.as_str())
        && head.all("sec-fetch-mode") == ["navigate"]
        && (dests.is_empty() || dests.len() == 1 && !["object", "embed"].contains(&dests[0]));
    let is_admitted = !origins.is_empty() && not_admitted.is_none();
    if is_foreign && !is_admitted && !is_navigation {
        return forbidden(door, "cross_site");
    }
    format!("{door} allowed")
}

/// The verdicts of a policy on an origin.
pub struct NaivePolicy<'p> {
    /// Whether `*` is among the origins.
    pub is_any: bool,
    pub is_valid: &'p dyn Fn(&str) -> bool,
    /// Returns the reason if the policy does not admit the value.
    pub not_admitted: &'p dyn Fn(&str) -> Option<&'static str>,
    pub trusts: &'p dyn Fn(&str) -> bool,
}

fn read_head(head: &str) -> NaiveHead {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap().split(' ');
    let mut word = || words.next().unwrap_or("").to_string();
    let (method, target, version) = (word(), word(), word());
    let lines = lines.take_while(|line| !line.is_empty()).map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (
            name.to_ascii_lowercase(),
            value.trim_matches([' ', '\t']).to_string(),
        )
    });
    NaiveHead {
        method,
        target,
        version,
        lines: lines.collect(),
    }
}
