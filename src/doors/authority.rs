//! The authority that a request names: the value of `Host`, of `:authority`, or the authority of a
//! target in absolute form.
//!
//! The grammar is that of [RFC 9110 section 7.2] and [RFC 3986 section 3.2]:
//!
//! ```text
//! Host       = uri-host [ ":" port ]
//! uri-host   = IP-literal / IPv4address / reg-name
//! IP-literal = "[" ( IPv6address / IPvFuture ) "]"
//! reg-name   = *( unreserved / pct-encoded / sub-delims )
//! port       = *DIGIT
//! ```
//!
//! Here, a host is not empty ([RFC 9110 section 4.2.1]), and a port is at most 65535. User
//! information is not a part of the grammar, so a value with `@` is malformed. Nothing is decoded:
//! `lamp%2elocal` is a valid name, and not `lamp.local`.
//!
//! [RFC 9110 section 7.2]: https://www.rfc-editor.org/rfc/rfc9110#section-7.2
//! [RFC 9110 section 4.2.1]: https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1
//! [RFC 3986 section 3.2]: https://www.rfc-editor.org/rfc/rfc3986#section-3.2

use core::net::IpAddr;

use crate::ascii::{LABEL, at, eq_ignore_case, from, is_digit, is_in, until};
use crate::origin::{Origin, ipv4};

/// An address that stands for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    V4(u32),
    V6(u128),
}

impl Address {
    /// Returns the address of a network interface.
    pub(super) const fn of(address: &IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6(address.to_bits()),
        }
    }

    /// Returns whether both are one address. An IPv4 address can be written as an IPv6 address
    /// (<https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2>).
    pub(super) const fn is(self, other: Self) -> bool {
        self.mapped() == other.mapped()
    }

    const fn mapped(self) -> u128 {
        match self {
            Self::V4(address) => 0xffff << 32 | address as u128,
            Self::V6(address) => address,
        }
    }
}

/// A host, and perhaps a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    /// The host as it is written, with the brackets of an IPv6 address.
    pub(super) host: &'a [u8],
    /// The address, if the host is one.
    pub(super) address: Option<Address>,
    pub(super) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses an authority. Returns the index of the first wrong byte if it is malformed.
    pub(super) const fn parse(text: &'a [u8]) -> Result<Self, usize> {
        let (end, address) = if at(text, 0) == b'[' {
            match ip_literal(text) {
                Ok(literal) => literal,
                Err(index) => return Err(index),
            }
        } else {
            match reg_name(text) {
                Ok(end) => (
                    end,
                    match ipv4(until(text, end)) {
                        Some(octets) => Some(Address::V4(u32::from_be_bytes(octets))),
                        None => None,
                    },
                ),
                Err(index) => return Err(index),
            }
        };
        match port(text, end) {
            Ok(port) => Ok(Self {
                host: until(text, end),
                address,
                port,
            }),
            Err(index) => Err(index),
        }
    }

    /// Returns the host without a dot at its end, if it is a name whose labels are not empty and
    /// have only letters, digits, `-` and `_`. RFC 3986 admits more, but no server has such a name.
    pub(super) const fn name(&self) -> Option<&'a [u8]> {
        if self.address.is_some() || at(self.host, 0) == b'[' {
            return None;
        }
        let name = match self.host {
            [name @ .., b'.'] => name,
            name => name,
        };
        let mut i = 0;
        let mut label = 0;
        while i <= name.len() {
            if i == name.len() || at(name, i) == b'.' {
                if i == label {
                    return None;
                }
                label = i + 1;
            } else if !is_in(at(name, i).to_ascii_lowercase(), LABEL) {
                return None;
            }
            i += 1;
        }
        Some(name)
    }

    /// Returns whether `:authority` and `Host` name the same host and port. `default` is the port
    /// that is left out, if it is known.
    pub(super) fn is_same(&self, other: &Authority<'_>, default: Option<u16>) -> bool {
        self.is_same_host(other) && self.port.or(default) == other.port.or(default)
    }

    /// Returns whether a page of this origin is a page of this host. See
    /// [`Doors`](super::Doors#the-servers-own-pages).
    pub(super) fn is_of(&self, origin: &Origin<'_>, https_only: bool) -> bool {
        let default = match origin.scheme_bytes() {
            b"https" => 443,
            b"http" if !https_only => 80,
            _ => return false,
        };
        match Authority::parse(from(origin.as_bytes(), origin.host_start())) {
            Ok(other) => self.is_same(&other, Some(default)),
            Err(_) => false,
        }
    }

    /// Returns whether the hosts are the same address, or the same name. A dot at the end of a name
    /// makes it another name here, as in a browser.
    fn is_same_host(&self, other: &Authority<'_>) -> bool {
        match (self.address, other.address) {
            (Some(one), Some(two)) => one == two,
            (None, None) => eq_ignore_case(self.host, other.host),
            _ => false,
        }
    }
}

/// Returns the end of the name that begins `text`.
const fn reg_name(text: &[u8]) -> Result<usize, usize> {
    let mut i = 0;
    while i < text.len() && text[i] != b':' {
        let is_valid = match text[i] {
            b'%' => at(text, i + 1).is_ascii_hexdigit() && at(text, i + 2).is_ascii_hexdigit(),
            byte => is_unreserved_or_sub_delim(byte),
        };
        if !is_valid {
            return Err(i);
        }
        i += 1;
    }
    if i == 0 { Err(0) } else { Ok(i) }
}

const fn is_unreserved_or_sub_delim(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

/// Returns the index after the bracket that ends the literal, and the address unless it is one of a
/// future version.
const fn ip_literal(text: &[u8]) -> Result<(usize, Option<Address>), usize> {
    if matches!(at(text, 1), b'v' | b'V') {
        return match ip_future(text) {
            Ok(end) => Ok((end, None)),
            Err(index) => Err(index),
        };
    }
    match ipv6(text, 1) {
        Ok((address, end)) if at(text, end) == b']' => Ok((end + 1, Some(Address::V6(address)))),
        Ok((_, end)) => Err(end),
        Err(index) => Err(index),
    }
}

/// Returns the end of an `IPvFuture` in brackets.
///
/// ```text
/// IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
/// ```
const fn ip_future(text: &[u8]) -> Result<usize, usize> {
    let mut i = 2;
    while at(text, i).is_ascii_hexdigit() {
        i += 1;
    }
    if i == 2 || at(text, i) != b'.' {
        return Err(i);
    }
    i += 1;
    let start = i;
    while is_unreserved_or_sub_delim(at(text, i)) || at(text, i) == b':' {
        i += 1;
    }
    if i == start || at(text, i) != b']' {
        return Err(i);
    }
    Ok(i + 1)
}

/// Returns the IPv6 address that begins at `start`, and the index after it. Every form of RFC 3986
/// is accepted, not only the one that browsers write.
const fn ipv6(text: &[u8], start: usize) -> Result<(u128, usize), usize> {
    let mut groups: u128 = 0;
    let mut count = 0;
    // The number of groups before `::`.
    let mut gap = None;
    let mut i = start;
    if at(text, i) == b':' {
        if at(text, i + 1) != b':' {
            return Err(i);
        }
        gap = Some(0);
        i += 2;
    }
    loop {
        let group_start = i;
        let mut group: u128 = 0;
        while i < group_start + 4 && at(text, i).is_ascii_hexdigit() {
            group = group << 4 | hex_digit(at(text, i)) as u128;
            i += 1;
        }
        if i == group_start {
            // Nothing follows `::`.
            match gap {
                Some(before) if before == count => break,
                _ => return Err(i),
            }
        }
        if at(text, i) == b'.' {
            let mut end = i;
            while is_digit(at(text, end)) || at(text, end) == b'.' {
                end += 1;
            }
            match ipv4(from(until(text, end), group_start)) {
                Some(octets) if count <= 6 => {
                    groups = groups << 32 | u32::from_be_bytes(octets) as u128;
                    count += 2;
                    i = end;
                    break;
                }
                _ => return Err(group_start),
            }
        }
        if count == 8 {
            return Err(group_start);
        }
        groups = groups << 16 | group;
        count += 1;
        if at(text, i) != b':' {
            break;
        }
        i += 1;
        if at(text, i) == b':' {
            if gap.is_some() {
                return Err(i);
            }
            gap = Some(count);
            i += 1;
        }
    }
    match gap {
        None if count == 8 => Ok((groups, i)),
        // `::` stands for one group or more.
        Some(before) if count < 8 => {
            let after = 16 * (count - before);
            let low = groups & !shifted(u128::MAX, after);
            let high = shifted(groups.wrapping_shr(after), 128 - 16 * before);
            Ok((high | low, i))
        }
        _ => Err(i),
    }
}

/// Returns `word << bits`, or 0 if all bits are shifted out.
const fn shifted(word: u128, bits: u32) -> u128 {
    match word.checked_shl(bits) {
        Some(word) => word,
        None => 0,
    }
}

const fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

/// Returns the port after the host that ends at `host_end`. An empty port is none.
const fn port(text: &[u8], host_end: usize) -> Result<Option<u16>, usize> {
    if host_end >= text.len() {
        return Ok(None);
    }
    if text[host_end] != b':' {
        return Err(host_end);
    }
    let mut i = host_end + 1;
    let mut value: u32 = 0;
    while i < text.len() {
        if !is_digit(text[i]) {
            return Err(i);
        }
        value = value * 10 + (text[i] - b'0') as u32;
        if value > u16::MAX as u32 {
            return Err(i);
        }
        i += 1;
    }
    if i == host_end + 1 {
        return Ok(None);
    }
    Ok(Some(value as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Authority<'_>, usize> {
        Authority::parse(text.as_bytes())
    }

    #[test]
    fn hosts_and_ports_are_parsed() {
        for (text, host, port) in [
            ("lamp.local", "lamp.local", None),
            ("LAMP.local.", "LAMP.local.", None),
            ("lamp.local:8080", "lamp.local", Some(8080)),
            ("lamp.local:", "lamp.local", None),
            ("lamp.local:0080", "lamp.local", Some(80)),
            ("lamp.local:65535", "lamp.local", Some(65535)),
            ("a_b.test", "a_b.test", None),
            ("lamp%2elocal", "lamp%2elocal", None),
            ("a,b", "a,b", None),
            ("192.168.4.1:80", "192.168.4.1", Some(80)),
            ("[::1]", "[::1]", None),
            ("[FD00::A]:80", "[FD00::A]", Some(80)),
            ("[v1.a:b]", "[v1.a:b]", None),
        ] {
            let parsed = parse(text).unwrap();
            assert_eq!((parsed.host, parsed.port), (host.as_bytes(), port), "{text}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_found() {
        for (text, at) in [
            ("", 0),
            (":80", 0),
            ("lamp.local#.attacker.example", 10),
            ("lamp.local:8080@attacker.example", 15),
            ("user@lamp.local", 4),
            ("lamp.local/", 10),
            ("lamp.local:http", 11),
            ("lamp.local:+80", 11),
            ("lamp.local:65536", 15),
            ("lamp.local:99999999999999999999", 15),
            ("lamp.local:80:80", 13),
            ("a b", 1),
            ("a, b", 2),
            ("l\u{e4}mp", 1),
            ("lamp%2", 4),
            ("lamp%zz", 4),
            ("::1", 0),
            ("fd00::1", 5),
            ("[::1", 4),
            ("[]", 1),
            ("[::1]x", 5),
            ("[::1%25eth0]", 4),
            ("[::1%eth0]", 4),
            ("[1:2:3:4:5:6:7]", 14),
            ("[1:2:3:4:5:6:7:8:9]", 17),
            ("[1::2::3]", 6),
            ("[:1]", 1),
            ("[12345::]", 5),
            ("[::1.2.3.400]", 3),
            ("[1:2:3:4:5:6:7:1.2.3.4]", 15),
            ("[v.a]", 2),
            ("[v1.]", 4),
            ("[lamp]", 1),
        ] {
            assert_eq!(parse(text), Err(at), "{text}");
        }
    }

    /// Compares with the parser of the standard library, which takes the same addresses.
    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1::8",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "FD00::a:0",
            "0001:0:0:0:0:0:0:00a",
            "::ffff:1.2.3.4",
            "::1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "64:ff9b::1.2.3.4",
            ":",
            ":::",
            "1:",
            "1:2",
            "::1::",
            "1:2:3:4:5:6:7:8::",
            "::1.2.3",
            "::1.2.3.04",
            "1.2.3.4",
            "g::",
            "1::2:3:4:5:6:7:8",
            "::1:",
            ":1::",
            "1:::2",
        ] {
            let expected = text.parse::<std::net::Ipv6Addr>().ok();
            let bracketed = format!("[{text}]");
            let address = parse(&bracketed).ok().and_then(|parsed| parsed.address);
            let expected = expected.map(|address| Address::V6(address.to_bits()));
            assert_eq!(address, expected, "{text}");
        }
    }

    #[test]
    fn a_name_has_no_empty_label() {
        for (text, name) in [
            ("lamp.local", Some("lamp.local")),
            ("lamp.local.", Some("lamp.local")),
            ("lamp", Some("lamp")),
            ("lamp.local..", None),
            (".lamp.local", None),
            ("lamp..local", None),
            (".", None),
            ("*.local", None),
            ("lamp%2e.local", None),
            ("a,b.local", None),
            ("A_b-.local", Some("A_b-.local")),
            ("192.168.4.1", None),
            ("192.168.4.1.", Some("192.168.4.1")),
            ("[::1]", None),
        ] {
            let name = name.map(str::as_bytes);
            assert_eq!(parse(text).unwrap().name(), name, "{text}");
        }
    }
}
