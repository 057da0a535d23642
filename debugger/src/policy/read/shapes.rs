//! The shapes of regular expressions: alternatives, and the schemes, hosts and ports of each.

use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::patterns::Match;

/// The most alternatives that an expression may have.
const MAX_ALTERNATIVES: usize = 512;
const MAX_TOKENS: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Byte(u8),
    /// Bytes of a class, at least `min` and at most `max`.
    Class {
        of: Bytes,
        min: u32,
        max: Option<u32>,
    },
    /// Labels, each with a dot after it.
    Labels,
    Start,
    End,
}

/// A set of ASCII bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(u128);

impl Bytes {
    fn of(class: &Class) -> Self {
        let mut set = 0;
        let mut add = |start: u32, end: u32| {
            for byte in start..=end.min(127) {
                set |= 1 << byte;
            }
        };
        match class {
            Class::Unicode(class) => class
                .iter()
                .for_each(|range| add(range.start().into(), range.end().into())),
            Class::Bytes(class) => class
                .iter()
                .for_each(|range| add(range.start().into(), range.end().into())),
        }
        Self(set)
    }

    fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }

    /// The bytes that an origin may have, in order.
    fn members(self) -> impl Iterator<Item = u8> {
        (0x21..0x7f).filter(move |byte| self.has(*byte))
    }

    fn has_digits(self) -> bool {
        (b'0'..=b'9').all(|byte| self.has(byte))
    }

    /// Whether it has all bytes that labels have in practice.
    fn has_labels(self) -> bool {
        self.has_digits() && (b'a'..=b'z').all(|byte| self.has(byte)) && self.has(b'-')
    }
}

/// Writes an expression out.
pub(super) fn alternatives(hir: &Hir) -> Option<Vec<Vec<Token>>> {
    let one = |token| Some(vec![vec![token]]);
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.iter().copied().map(Token::Byte).collect()]),
        HirKind::Class(class) => {
            let of = Bytes::of(class);
            let members: Vec<u8> = of.members().collect();
            // A class of a few bytes is a list of literals: `[ab]`, `\d`.
            if members.len() <= 10 && of.0.count_ones() as usize == members.len() {
                return Some(members.into_iter().map(|byte| vec![Token::Byte(byte)]).collect());
            }
            one(Token::Class {
                of,
                min: 1,
                max: Some(1),
            })
        }
        HirKind::Look(Look::Start) => one(Token::Start),
        HirKind::Look(Look::End) => one(Token::End),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => alternatives(&capture.sub),
        HirKind::Repetition(repetition) => {
            let (min, max) = (repetition.min, repetition.max);
            if let HirKind::Class(class) = repetition.sub.kind() {
                let of = Bytes::of(class);
                return match max {
                    Some(1) if min == 0 => {
                        let mut found = alternatives(&repetition.sub)?;
                        found.push(Vec::new());
                        Some(found)
                    }
                    _ => one(Token::Class { of, min, max }),
                };
            }
            let inner = alternatives(&repetition.sub)?;
            match (min, max) {
                (0, Some(1)) => {
                    let mut found = inner;
                    found.push(Vec::new());
                    Some(found)
                }
                (0 | 1, None) if matches!(inner.as_slice(), [only] if is_label_and_dot(only)) => {
                    let mut found = vec![vec![Token::Labels]];
                    if min == 0 {
                        found.push(Vec::new());
                    }
                    Some(found)
                }
                (min, Some(max)) if min == max && max <= 16 => {
                    let mut found = vec![Vec::new()];
                    for _ in 0..max {
                        found = product(&found, &inner)?;
                    }
                    Some(found)
                }
                _ => None,
            }
        }
        HirKind::Alternation(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(alternatives(part)?);
                if found.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            Some(found)
        }
        HirKind::Concat(parts) => {
            let mut found = vec![Vec::new()];
            for part in parts {
                found = product(&found, &alternatives(part)?)?;
            }
            Some(found)
        }
    }
}

fn product(starts: &[Vec<Token>], ends: &[Vec<Token>]) -> Option<Vec<Vec<Token>>> {
    if starts.len() * ends.len() > MAX_ALTERNATIVES {
        return None;
    }
    let join = |start: &Vec<Token>, end: &Vec<Token>| [start.as_slice(), end.as_slice()].concat();
    let mut found = Vec::new();
    for start in starts {
        for end in ends {
            let tokens = join(start, end);
            if tokens.len() > MAX_TOKENS {
                return None;
            }
            found.push(tokens);
        }
    }
    Some(found)
}

/// Whether these are the bytes of a label and a dot, so that repetitions of it are subdomains.
fn is_label_and_dot(tokens: &[Token]) -> bool {
    matches!(
        tokens,
        [Token::Class { of, min: 0 | 1, max: None }, Token::Byte(b'.')] if of.has_labels()
    )
}

/// The hosts that alternatives stand for, with the schemes and ports of each.
#[derive(Default)]
pub(super) struct Found {
    hosts: BTreeMap<(String, String), Ports>,
    order: Vec<(String, String)>,
    pub(super) wider: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Ports {
    /// Whether an origin without a port is admitted.
    none: bool,
    ranges: Vec<(u32, u32)>,
}

impl Found {
    /// Adds an alternative.
    pub(super) fn add(&mut self, tokens: &[Token], whole: Match) -> Option<()> {
        let start = tokens.iter().take_while(|token| **token == Token::Start).count();
        let end = tokens
            .iter()
            .rev()
            .take_while(|token| **token == Token::End)
            .count();
        if whole == Match::Part && (start == 0 || end == 0) || start + end > tokens.len() {
            return None;
        }
        let tokens = &tokens[start..tokens.len() - end];
        let literal: Vec<u8> = tokens.iter().map_while(literal).collect();
        if literal == b"null" && tokens.len() == 4 {
            self.push("null", "", true, None);
            return Some(());
        }
        let at = literal.windows(3).position(|bytes| bytes == b"://")?;
        let scheme = String::from_utf8(literal[..at].to_vec()).ok()?;
        let rest = &tokens[at + 3..];
        // The colons of an IPv6 address stand within brackets.
        let close = rest
            .iter()
            .position(|token| *token == Token::Byte(b']'))
            .unwrap_or(0);
        let colon = (close..rest.len()).find(|&index| rest[index] == Token::Byte(b':'));
        let (host, port) = rest.split_at(colon.unwrap_or(rest.len()));
        let host = self.host(host)?;
        match port.split_first() {
            None => self.push(&scheme, &host, true, None),
            Some((_, port)) => {
                let range = ports(port)?;
                self.push(&scheme, &host, false, Some(range));
            }
        }
        Some(())
    }

    fn push(&mut self, scheme: &str, host: &str, none: bool, range: Option<(u32, u32)>) {
        let key = (scheme.to_owned(), host.to_owned());
        if !self.hosts.contains_key(&key) {
            self.order.push(key.clone());
        }
        let ports = self.hosts.entry(key).or_default();
        ports.none |= none;
        ports.ranges.extend(range);
    }

    /// Returns the pattern of a host.
    fn host(&mut self, tokens: &[Token]) -> Option<String> {
        let text = |tokens: &[Token]| -> Option<String> {
            let bytes: Option<Vec<u8>> = tokens.iter().map(literal).collect();
            String::from_utf8(bytes?).ok()
        };
        if let Some(host) = text(tokens).or_else(|| network(tokens)) {
            return Some(host);
        }
        // Every host: `[^/]+`. With a colon in the class, the ports are in it too.
        if let [
            Token::Class {
                of,
                min: 0 | 1,
                max: None,
            },
        ] = tokens
        {
            let is_every = of.has_labels() && of.has(b'.') && !of.has(b':');
            return is_every.then(|| "*".into());
        }
        let at = tokens.iter().position(|token| literal(token).is_none())?;
        let (before, after) = (text(&tokens[..at])?, text(&tokens[at + 1..])?);
        match &tokens[at] {
            Token::Labels if before.is_empty() => Some(format!("*.{after}")),
            Token::Class {
                of,
                min: 0 | 1,
                max: None,
            } => match after.strip_prefix('.') {
                Some(domain) if before.is_empty() => {
                    if !of.has(b'.') {
                        self.wider(format!("*.{domain} also admits subdomains of subdomains"));
                    } else if !of.has_labels() {
                        return None;
                    }
                    Some(format!("*.{domain}"))
                }
                // With a dot in the class, the bytes may leave the label.
                _ if of.has(b'.') || before.contains('.') => None,
                _ => {
                    let pattern = format!("{before}*{after}");
                    if !of.has_labels() {
                        self.wider(format!("{pattern} admits all bytes of a label"));
                    }
                    Some(pattern)
                }
            },
            _ => None,
        }
    }

    fn wider(&mut self, sentence: String) {
        if !self.wider.contains(&sentence) {
            self.wider.push(sentence);
        }
    }

    /// Returns the entries.
    pub(super) fn entries(&self) -> Vec<String> {
        let mut written: Vec<(String, String)> = Vec::new();
        for key in &self.order {
            let (scheme, host) = key;
            if scheme == "null" && host.is_empty() {
                written.push((String::new(), "null".into()));
                continue;
            }
            for ports in self.hosts[key].written(scheme) {
                written.push((scheme.clone(), format!("{host}{ports}")));
            }
        }
        let has = |scheme: &str, rest: &str| {
            written
                .iter()
                .any(|(other, text)| other == scheme && text == rest)
        };
        let mut entries = Vec::new();
        for (scheme, rest) in &written {
            let entry = match scheme.as_str() {
                "" => rest.clone(),
                "http" | "https" if has("http", rest) && has("https", rest) => format!("*://{rest}"),
                _ => format!("{scheme}://{rest}"),
            };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }
}

impl Ports {
    /// Writes the ports as the engine does: nothing, `:3000`, `:3000-3010`, `:*`.
    fn written(&self, scheme: &str) -> Vec<String> {
        let default = crate::policy::origins::default_port(scheme).map(u32::from);
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        if self.none && merged == [(1, 65535)] {
            return vec![":*".into()];
        }
        let mut written = Vec::new();
        let mut none = self.none;
        for (first, last) in merged {
            let parts = match default {
                // A range with the default port admits an origin without a port.
                Some(port) if (first..=last).contains(&port) && !self.none => {
                    vec![(first, port - 1), (port + 1, last)]
                }
                Some(port) if (first..=last).contains(&port) && first < last => {
                    none = false;
                    vec![(first, last)]
                }
                Some(port) if first == last && first == port => Vec::new(),
                _ => vec![(first, last)],
            };
            for (first, last) in parts.into_iter().filter(|(first, last)| first <= last) {
                written.push(if first == last {
                    format!(":{first}")
                } else {
                    format!(":{first}-{last}")
                });
            }
        }
        if none {
            written.insert(0, String::new());
        }
        written
    }
}

/// Returns the network of IPv4 addresses that begin with some numbers: `192\.168\.\d+\.\d+`.
fn network(tokens: &[Token]) -> Option<String> {
    let mut network = [0u8; 4];
    let mut bits = 0;
    let mut parts = tokens.split(|token| *token == Token::Byte(b'.'));
    for (index, octet) in network.iter_mut().enumerate() {
        let part = parts.next()?;
        match part {
            [Token::Class { of, min: 0 | 1, max }] if max.is_none_or(|max| max >= 3) => {
                if !of.has_digits() || of.has(b'a') || index == 0 {
                    return None;
                }
            }
            _ if bits == 8 * index => {
                let digits: Option<Vec<u8>> = part.iter().map(literal).collect();
                *octet = String::from_utf8(digits?).ok()?.parse().ok()?;
                bits += 8;
            }
            _ => return None,
        }
    }
    let [a, b, c, d] = network;
    (parts.next().is_none() && bits < 32).then(|| format!("{a}.{b}.{c}.{d}/{bits}"))
}

/// Returns the ports that tokens after a colon stand for.
fn ports(tokens: &[Token]) -> Option<(u32, u32)> {
    // Digits, then one class of digits: `30\d+`. Only a class alone has a simple range.
    if let [Token::Class { of, min, max }] = tokens {
        let is_digits = of.has_digits() && of.members().all(|byte| byte.is_ascii_digit() || !byte.is_ascii());
        let is_any = of.has_digits() && *min <= 1 && max.is_none();
        if is_any {
            return Some((1, 65535));
        }
        if !is_digits {
            return None;
        }
        let first = 10u32.checked_pow(min.saturating_sub(1)).unwrap_or(100_000).max(1);
        let last = max
            .map_or(65535, |max| 10u32.saturating_pow(max.min(5)) - 1)
            .min(65535);
        return (first <= last).then_some((first, last));
    }
    // `[1-9][0-9]{0,4}` is what this program writes for any port.
    if let [
        Token::Byte(b'1'..=b'9'),
        Token::Class {
            of,
            min: 0,
            max: Some(max),
        },
    ] = tokens
        && of.has_digits()
        && *max >= 4
    {
        return Some((1, 65535));
    }
    let bytes: Option<Vec<u8>> = tokens.iter().map(literal).collect();
    let port: u32 = String::from_utf8(bytes?).ok()?.parse().ok()?;
    (1..=65535).contains(&port).then_some((port, port))
}

fn literal(token: &Token) -> Option<u8> {
    match token {
        Token::Byte(byte) => Some(*byte),
        _ => None,
    }
}
