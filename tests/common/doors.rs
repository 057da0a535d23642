//! Reads the tables of doors and requests, and decides on a request in every way.
//!
//! ```text
//! doors SETTING ...              the doors of the rows below
//! peer NAME: WHERE               whose tests the rows below are from
//! REQUEST-LINE | LINE | ... => DOOR allowed
//! REQUEST-LINE | LINE | ... => DOOR refused REASON STATUS
//! REQUEST-LINE | ... => ... !! allowed: WHY     the peer's outcome, where it is another one
//! ```
//!
//! In a line, `\t`, `\r` and `\xNN` stand for those bytes.

#![allow(dead_code, reason = "each program uses a part")]

use std::net::IpAddr;

use embedded_cors::{
    Doors, DoorsBuilder, DoorsDecision, DoorsReader, DoorsRequest, HostRefusedStatus, Policy, Progress,
    ResourcePolicy,
};

/// The settings of doors, and those of their policy.
#[derive(Clone, Debug, Default)]
pub struct DoorsSpec {
    pub origins: Vec<String>,
    pub hosts: Vec<String>,
    pub addresses: Option<Vec<IpAddr>>,
    pub flags: Vec<String>,
}

impl DoorsSpec {
    pub fn read(settings: &str) -> Self {
        let mut spec = Self::default();
        for setting in settings.split(' ').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let list = || value.split(',').map(String::from).collect();
            match name {
                "origins" => spec.origins = list(),
                "hosts" => spec.hosts = list(),
                "addresses" => {
                    let addresses = value.split(',').filter(|address| !address.is_empty());
                    spec.addresses = Some(addresses.map(|address| address.parse().unwrap()).collect());
                }
                _ => spec.flags.push(setting.into()),
            }
        }
        spec
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|other| other == flag)
    }

    pub fn with<T>(&self, test: impl FnOnce(Doors<'_, &Policy<'_>>) -> T) -> T {
        let origins: Vec<&str> = self.origins.iter().map(String::as_str).collect();
        let hosts: Vec<&str> = self.hosts.iter().map(String::as_str).collect();
        let mut policy = Policy::builder().allow_origins(&origins);
        if !origins.is_empty() {
            policy = policy.allow_methods(&["PUT"]);
        }
        if self.has("credentials") {
            policy = policy.allow_credentials();
        }
        let policy = policy.build().unwrap();
        let mut builder = Doors::builder(&policy).allow_hosts(&hosts);
        if let Some(addresses) = &self.addresses {
            builder = builder.allow_addresses(addresses);
        }
        for flag in &self.flags {
            builder = apply(builder, flag);
        }
        test(builder.build().unwrap())
    }
}

/// All settings that are not lists.
pub const FLAGS: &[&str] = &[
    "ip-literals",
    "localhost",
    "local-names",
    "https",
    "require-origin",
    "enforce",
    "isolate",
    "isolate-same-site",
    "misdirected",
    "resource-policy",
    "trust-every-origin",
    "public-suffixes",
];

fn apply<'a, C: Copy>(builder: DoorsBuilder<'a, C>, flag: &str) -> DoorsBuilder<'a, C> {
    match flag {
        "credentials" => builder,
        "ip-literals" => builder.allow_ip_literals(),
        "localhost" => builder.allow_localhost(),
        "local-names" => builder.allow_local_names(),
        "https" => builder.served_over_https(),
        "require-origin" => builder.require_origin(),
        "enforce" => builder.enforce(),
        "isolate" => builder.isolate(),
        "isolate-same-site" => builder.isolate_same_site(),
        "misdirected" => builder.host_refused_status(HostRefusedStatus::MisdirectedRequest),
        "resource-policy" => builder.cross_origin_resource_policy(ResourcePolicy::SameOrigin),
        "trust-every-origin" => builder.dangerously_trust_every_admitted_origin(),
        "public-suffixes" => builder.dangerously_allow_public_suffixes(),
        _ => panic!("unknown setting {flag:?}"),
    }
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    pub doors: DoorsSpec,
    pub peer: String,
    pub head: Vec<u8>,
    /// `DOOR allowed`, or `DOOR refused REASON STATUS`.
    pub expected: String,
    /// The outcome of the peer where it is another one, and why.
    pub difference: Option<String>,
    /// The row as it is written.
    pub text: String,
}

/// Reads a table.
pub fn read(text: &str) -> Vec<Row> {
    let (mut doors, mut peer, mut rows) = (DoorsSpec::default(), String::new(), Vec::new());
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
        } else if let Some(settings) = line.strip_prefix("doors") {
            doors = DoorsSpec::read(settings);
        } else if let Some(name) = line.strip_prefix("peer ") {
            peer = name.into();
            doors = DoorsSpec::default();
        } else {
            let (request, outcome) = line
                .split_once(" => ")
                .unwrap_or_else(|| panic!("{line:?} is not a row"));
            let (expected, difference) = match outcome.split_once(" !! ") {
                Some((expected, why)) => (expected, Some(why.into())),
                None => (outcome, None),
            };
            let mut head = Vec::new();
            for line in request.split(" | ") {
                head.extend(unescape(line));
                head.extend(b"\r\n");
            }
            head.extend(b"\r\n");
            rows.push(Row {
                doors: doors.clone(),
                peer: peer.clone(),
                head,
                expected: expected.into(),
                difference,
                text: line.into(),
            });
        }
    }
    rows
}

fn unescape(line: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), line.as_bytes());
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
        } else {
            let (decoded, len) = match after {
                [b't', ..] => (b'\t', 1),
                [b'r', ..] => (b'\r', 1),
                [b'x', digits @ ..] => {
                    let digits = std::str::from_utf8(&digits[..2]).unwrap();
                    (u8::from_str_radix(digits, 16).unwrap(), 3)
                }
                _ => panic!("unknown escape in {line:?}"),
            };
            bytes.push(decoded);
            rest = &after[len..];
        }
    }
    bytes
}

/// The decision of doors on a request: the verdict and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorsOutcome {
    pub verdict: String,
    pub position: Option<usize>,
    pub bytes: String,
}

impl DoorsOutcome {
    /// Checks the decision's own promises, and returns the outcome. `bound` is
    /// `Doors::max_response_len`.
    pub fn of(decision: &DoorsDecision<'_>, bound: usize) -> Self {
        let mut buffer = vec![0xa5; bound];
        let (verdict, bytes) = match decision.response() {
            Some(response) => {
                let bytes = response.write(&mut buffer).unwrap().to_vec();
                assert_eq!(bytes.len(), response.encoded_len());
                assert!(bytes.ends_with(b"\r\n\r\n"), "a response is whole");
                assert!(response.write(&mut vec![0; bytes.len()]).is_ok());
                assert!(response.write(&mut vec![0; bytes.len() - 1]).is_err());
                let status = response.status();
                assert!(bytes.starts_with(format!("HTTP/1.1 {status} ").as_bytes()));
                (format!(" {status}"), bytes)
            }
            None => {
                let lines = decision.write_fields(&mut buffer).unwrap();
                let fields: String = decision.fields().map(|field| format!("{field}\r\n")).collect();
                assert_eq!(fields, lines.as_str());
                assert_eq!(lines.len(), decision.encoded_len());
                (String::new(), lines.as_bytes().to_vec())
            }
        };
        let verdict = match decision.refusal() {
            Some(refusal) => format!("{} refused {}{verdict}", decision.door(), refusal.reason().name()),
            None => format!("{} allowed", decision.door()),
        };
        let position = decision.refusal().and_then(|refusal| refusal.position());
        Self {
            verdict,
            position: position.map(|position| position.index()),
            bytes: String::from_utf8(bytes).unwrap(),
        }
    }
}

/// Decides on a head in one buffer.
pub fn whole(doors: &Doors<'_, &Policy<'_>>, head: &[u8]) -> DoorsOutcome {
    let request = DoorsRequest::from_head(head).unwrap();
    DoorsOutcome::of(&doors.decide(&request), doors.max_response_len())
}

/// Decides on a head in pieces that end at `cuts`.
pub fn pieces(doors: &Doors<'_, &Policy<'_>>, head: &[u8], cuts: &[usize]) -> DoorsOutcome {
    let mut reader = DoorsReader::<2048>::new();
    let (mut start, mut is_done) = (0, false);
    for &end in cuts.iter().chain([&head.len()]) {
        if !is_done {
            is_done = matches!(reader.push(&head[start..end]).unwrap(), Progress::Done { .. });
        }
        start = end;
    }
    assert!(is_done);
    assert_eq!(reader.push(b"more"), Ok(Progress::Done { used: 0 }));
    let request = reader.request();
    DoorsOutcome::of(&doors.decide(&request), doors.max_response_len())
}

/// The parts of a head as another parser gives them.
pub struct PairParts<'h> {
    pub method: &'h [u8],
    pub target: &'h [u8],
    pub is_http_1_0: bool,
    pub lines: Vec<(&'h [u8], &'h [u8])>,
}

/// Splits a head, unless it is one that other parsers read differently.
pub fn pair_parts(head: &[u8]) -> Option<PairParts<'_>> {
    let block = head.strip_suffix(b"\r\n\r\n")?;
    let mut lines = block.split(|&byte| byte == b'\n');
    let request_line = lines.next()?;
    let request_line = request_line.strip_suffix(b"\r").unwrap_or(request_line);
    let mut words = request_line.split(|&byte| byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let mut pairs = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at(colon);
        if name.is_empty() || name.iter().any(|byte| byte.is_ascii_whitespace()) || line.contains(&b'\r') {
            return None;
        }
        pairs.push((name, &value[1..]));
    }
    Some(PairParts {
        method,
        target,
        is_http_1_0: version == b"HTTP/1.0",
        lines: pairs,
    })
}

/// Decides on a head whose lines another parser has split, if parsers agree about it.
pub fn pairs(doors: &Doors<'_, &Policy<'_>>, head: &[u8]) -> Option<DoorsOutcome> {
    let parts = pair_parts(head)?;
    let mut request = DoorsRequest::new(parts.method);
    request.set_target(parts.target);
    if parts.is_http_1_0 {
        request.set_http_1_0();
    }
    for (name, value) in parts.lines {
        request.push(name, value);
    }
    Some(DoorsOutcome::of(
        &doors.decide(&request),
        doors.max_response_len(),
    ))
}
