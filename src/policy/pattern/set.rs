//! The set of origins that a pattern stands for: schemes, hosts and ports.
//!
//! A pattern is a product. An origin is in it if its scheme, its host and its port each match:
//!
//! ```text
//! entry     *    ://  pr-* .example.com  :3000-3010
//! schemes   http, https
//! hosts               pr-1.example.com, pr-dev.example.com, ...
//! ports                                  3000, 3001, ... 3010
//! ```

use crate::ascii::{at, eq, from, is_digit, until};
use crate::origin::{self, ipv6};

/// The origins that a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OriginSet<'a> {
    /// `*`: every origin, `null` included.
    Everything,
    /// `null`.
    Null,
    /// The product of schemes, hosts and ports.
    Product(Product<'a>),
}

/// A product of schemes, hosts and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Product<'a> {
    pub(super) schemes: Schemes<'a>,
    pub(super) hosts: Hosts<'a>,
    pub(super) ports: Ports,
}

/// The schemes of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schemes<'a> {
    /// The scheme that is written.
    One(&'a [u8]),
    /// `*://`: http and https.
    HttpAndHttps,
}

/// The hosts of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosts<'a> {
    /// The host that is written.
    One(&'a [u8]),
    /// `*.` and a domain: its subdomains, at any depth. The bytes are those of the domain.
    Subdomains(&'a [u8]),
    /// A `*` inside the left-most label, for one or more bytes of that label.
    InLabel {
        /// The bytes of the label before the `*`.
        before: &'a [u8],
        /// The rest of the label, and of the host.
        after: &'a [u8],
    },
    /// `*`: every host.
    Every,
    /// The IPv4 addresses with the same first `prefix` bits.
    Ipv4 { network: u32, prefix: u8 },
    /// The IPv6 addresses with the same first `prefix` bits.
    Ipv6 { network: u128, prefix: u8 },
}

/// The ports of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// No port is written: the default port of the scheme.
    Default,
    /// One port, which is not the default.
    One(u16),
    /// The ports from the first to the second. If the default port of the scheme is among them, an
    /// origin without a port matches.
    Range(u16, u16),
    /// `*`: any port, and none.
    Any,
}

impl<'a> OriginSet<'a> {
    /// Splits an entry that was checked.
    // No byte is checked again, so that a lookup costs one pass over the entry.
    pub(super) const fn of(entry: &'a [u8]) -> Self {
        match entry {
            b"*" => return Self::Everything,
            b"null" => return Self::Null,
            _ => {}
        }
        let scheme_end = index_of(entry, 0, b':');
        let scheme = until(entry, scheme_end);
        let start = scheme_end + "://".len();
        // A host ends at a colon or a slash; the colons of an IPv6 address are inside brackets.
        let mut host_end = start;
        if at(entry, start) == b'[' {
            host_end = index_of(entry, start, b']') + 1;
        }
        let mut star = entry.len();
        while host_end < entry.len() {
            match entry[host_end] {
                b':' | b'/' => break,
                b'*' if star > host_end => star = host_end,
                _ => {}
            }
            host_end += 1;
        }
        let prefix_end = index_of(entry, host_end, b':');
        let host = from(until(entry, host_end), start);
        let prefix = from(until(entry, prefix_end), host_end + 1);
        Self::Product(Product {
            schemes: match scheme {
                b"*" => Schemes::HttpAndHttps,
                scheme => Schemes::One(scheme),
            },
            hosts: if prefix.is_empty() {
                Hosts::of(host, star.wrapping_sub(start))
            } else {
                Hosts::range(host, number(prefix) as u8)
            },
            ports: Ports::of(from(entry, prefix_end + 1)),
        })
    }
}

impl<'a> Hosts<'a> {
    /// Returns the hosts that are written as `host`, of which the byte at `star` is `*`, if the
    /// index is within.
    const fn of(host: &'a [u8], star: usize) -> Self {
        if star >= host.len() {
            return Self::One(host);
        }
        match host {
            b"*" => Self::Every,
            [b'*', b'.', domain @ ..] => Self::Subdomains(domain),
            _ => Self::InLabel {
                before: until(host, star),
                after: from(host, star + 1),
            },
        }
    }

    const fn range(host: &'a [u8], prefix: u8) -> Self {
        if let Some(network) = ipv6::address(host) {
            return Self::Ipv6 { network, prefix };
        }
        match origin::ipv4(host) {
            Some(octets) => Self::Ipv4 {
                network: u32::from_be_bytes(octets),
                prefix,
            },
            None => Self::One(host),
        }
    }

    /// Returns whether every host is the browser's own machine.
    pub(super) const fn are_loopback(&self) -> bool {
        match *self {
            Self::One(host) => origin::is_loopback(host),
            Self::Subdomains(_) | Self::InLabel { .. } => match self.parent_domain() {
                Some(domain) => origin::is_loopback(domain),
                None => false,
            },
            Self::Every => false,
            Self::Ipv4 { network, prefix } => network >> 24 == 127 && prefix >= 8,
            Self::Ipv6 { network, prefix } => network == 1 && prefix == 128,
        }
    }

    /// Returns the domain under which a `*` stands for any name: `example.com` for
    /// `*.example.com` and for `pr-*.example.com`, and nothing for `pr-*`. It is `None` if no `*`
    /// stands for a name.
    pub(super) const fn parent_domain(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Subdomains(domain) => Some(domain),
            Self::InLabel { after, .. } => Some(from(after, index_of(after, 0, b'.') + 1)),
            _ => None,
        }
    }
}

impl Ports {
    const fn of(text: &[u8]) -> Self {
        if eq(text, b"*") {
            return Self::Any;
        }
        if text.is_empty() {
            return Self::Default;
        }
        let dash = index_of(text, 0, b'-');
        let first = number(until(text, dash)) as u16;
        if dash < text.len() {
            Self::Range(first, number(from(text, dash + 1)) as u16)
        } else {
            Self::One(first)
        }
    }
}

/// Returns the index of the first `byte` from `start` on, or the length.
pub(super) const fn index_of(text: &[u8], start: usize, byte: u8) -> usize {
    let mut i = start;
    while i < text.len() && text[i] != byte {
        i += 1;
    }
    i
}

/// Returns the number at the start of `text`. It is read up to its fifth digit.
pub(super) const fn number(text: &[u8]) -> u32 {
    let mut value: u32 = 0;
    let mut i = 0;
    while i < text.len() && i < 5 && is_digit(text[i]) {
        value = value * 10 + (text[i] - b'0') as u32;
        i += 1;
    }
    value
}

/// Returns the index of the first `://`, or the length.
pub(super) const fn separator(entry: &[u8]) -> usize {
    let mut i = 0;
    while i < entry.len() && !(entry[i] == b':' && at(entry, i + 1) == b'/' && at(entry, i + 2) == b'/') {
        i += 1;
    }
    i
}
