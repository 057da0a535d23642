//! Whether an origin is in the set of a pattern.
//!
//! There are two functions. [`plain`] compares texts, for exact entries and those with `*.` and
//! `:*`. [`any_form`] splits the entry first, for every entry. A policy links the second only if it
//! has an entry that needs it.

use super::set::{Hosts, OriginSet, Ports, Product, Schemes, number};
use crate::ascii::{eq, from, until};
use crate::origin::{self, Origin, default_port, ipv6};
use crate::texts::equal_out_of_line;

/// Returns whether an entry of the form [`Form::Exact`](super::Form::Exact) or
/// [`Form::Wildcard`](super::Form::Wildcard) matches `origin`.
// An entry is split where the origin's host begins, which is right if the schemes are the same:
//
//     entry    https:// * .example.com        + :*
//     origin   https:// a.b.example.com       + :8443
//              scheme     suffix
pub(crate) fn plain(entry: &str, origin: &Origin<'_>) -> bool {
    // Without `:*` the port, or that there is none, is part of the text that is compared.
    let (pattern, text) = match entry.as_bytes() {
        [pattern @ .., b':', b'*'] => (pattern, origin.without_port()),
        pattern => (pattern, origin.as_bytes()),
    };
    // The suffix begins with a dot, and at least one byte must be between it and the scheme.
    match pattern.split_at_checked(origin.host_start()) {
        Some((scheme, [b'*', suffix @ ..])) => {
            // The texts cannot overlap then.
            text.len() > scheme.len() + suffix.len()
                && equal_out_of_line(until(text, scheme.len()), scheme)
                && equal_out_of_line(from(text, text.len() - suffix.len()), suffix)
        }
        _ => equal_out_of_line(pattern, text),
    }
}

/// Returns whether a checked entry of any form matches `origin`.
pub(crate) fn any_form(entry: &str, origin: &Origin<'_>) -> bool {
    match OriginSet::of(entry.as_bytes()) {
        OriginSet::Everything => true,
        OriginSet::Null => false,
        OriginSet::Product(product) => product.matches(origin),
    }
}

impl Product<'_> {
    fn matches(&self, origin: &Origin<'_>) -> bool {
        let scheme = origin.scheme_bytes();
        self.schemes.matches(scheme)
            && self.hosts.matches(origin.host_bytes())
            && self.ports.matches(origin.port_bytes(), scheme)
    }
}

impl Schemes<'_> {
    pub(super) const fn matches(&self, scheme: &[u8]) -> bool {
        match self {
            Self::One(one) => eq(one, scheme),
            Self::HttpAndHttps => eq(scheme, b"http") || eq(scheme, b"https"),
        }
    }
}

impl Hosts<'_> {
    pub(super) const fn matches(&self, host: &[u8]) -> bool {
        match *self {
            Self::One(one) => eq(one, host),
            // At least one byte, a dot, and the domain.
            Self::Subdomains(domain) => host.len() > domain.len() + 1 && is_under(host, domain),
            Self::InLabel { before, after } => match between(host, before, after) {
                Some(star) => !star.is_empty() && !has_dot(star),
                None => false,
            },
            Self::Every => true,
            Self::Ipv4 { network, prefix } => match origin::ipv4(host) {
                Some(octets) => {
                    let address = u32::from_be_bytes(octets);
                    (network ^ address).leading_zeros() >= prefix as u32
                }
                None => false,
            },
            Self::Ipv6 { network, prefix } => match ipv6::address(host) {
                Some(address) => (network ^ address).leading_zeros() >= prefix as u32,
                None => false,
            },
        }
    }
}

impl Ports {
    /// Returns whether a port matches. It is given by its digits, or absent if the origin has none.
    fn matches(self, digits: Option<&[u8]>, scheme: &[u8]) -> bool {
        let Some(digits) = digits else {
            return self.has_none(scheme);
        };
        match self {
            Self::Default => false,
            Self::Any => true,
            Self::One(port) => canonical_port(digits) == Some(port),
            Self::Range(first, last) => {
                canonical_port(digits).is_some_and(|port| first <= port && port <= last)
            }
        }
    }

    /// Returns whether an origin without a port matches, if it has this scheme.
    pub(super) const fn has_none(self, scheme: &[u8]) -> bool {
        match self {
            Self::Default | Self::Any => true,
            Self::One(_) => false,
            Self::Range(first, last) => match default_port(scheme) {
                Some(port) => first <= port && port <= last,
                None => false,
            },
        }
    }
}

/// Returns the port that has these digits, which are those of an origin, if they are written as
/// browsers write ports.
fn canonical_port(digits: &[u8]) -> Option<u16> {
    match digits {
        [b'0', ..] => None,
        digits => Some(number(digits) as u16),
    }
}

/// Returns whether `host` ends with a dot and `domain`.
pub(super) const fn is_under(host: &[u8], domain: &[u8]) -> bool {
    match host.split_at_checked(host.len().saturating_sub(domain.len())) {
        Some(([.., b'.'], end)) => eq(end, domain),
        _ => false,
    }
}

/// Returns the bytes of `host` between `before` and `after`.
const fn between<'h>(host: &'h [u8], before: &[u8], after: &[u8]) -> Option<&'h [u8]> {
    let Some(len) = host.len().checked_sub(before.len() + after.len()) else {
        return None;
    };
    if !starts_with(host, before) || !ends_with(host, after) {
        return None;
    }
    Some(until(from(host, before.len()), len))
}

pub(super) const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    eq(until(text, start.len()), start)
}

pub(super) const fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && eq(from(text, text.len() - end.len()), end)
}

pub(super) const fn has_dot(text: &[u8]) -> bool {
    super::set::index_of(text, 0, b'.') < text.len()
}
