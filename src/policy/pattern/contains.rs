//! Whether the set of a pattern contains that of another one.
//!
//! A product contains another one if its schemes, its hosts and its ports each contain the other's,
//! since none of these sets is empty. The answer is exact: it is `true` if and only if this pattern
//! matches every origin that the other one matches. The tests compare it with an enumeration.
//!
//! Three facts about checked entries make it exact:
//!
//! - A `*` in a label stands for more than one text, so no exact host contains such a pattern.
//! - Neither `*.` nor a `*` in a label matches an address, so these patterns have no host in common
//!   with a range of addresses.
//! - A label with a `*` has at least one other byte, and a `*.` also admits names that do not have
//!   this byte. So the first never contains the second.

use super::matches::{ends_with, has_dot, is_under, starts_with};
use super::set::{Hosts, OriginSet, Ports, Product, Schemes};
use crate::ascii::{eq, until};
use crate::origin::{self, ipv6};

/// Returns whether every origin that the checked entry `other` matches is matched by the checked
/// entry `entry`.
pub(crate) const fn contains(entry: &[u8], other: &[u8]) -> bool {
    match (OriginSet::of(entry), OriginSet::of(other)) {
        (OriginSet::Everything, _) | (OriginSet::Null, OriginSet::Null) => true,
        (OriginSet::Product(all), OriginSet::Product(some)) => all.contains(&some),
        _ => false,
    }
}

/// The patterns of which [`allow_loopback`](crate::PolicyBuilder::allow_loopback) is the union.
pub(crate) const LOOPBACK: &[&str] = &[
    "*://localhost:*",
    "*://localhost.:*",
    "*://*.localhost:*",
    "*://*.localhost.:*",
    "*://127.0.0.0/8:*",
    "*://[::1]:*",
];

/// Returns whether every origin that the checked entry matches is one of those of
/// [`allow_loopback`](crate::PolicyBuilder::allow_loopback).
pub(crate) const fn is_loopback(entry: &[u8]) -> bool {
    match OriginSet::of(entry) {
        OriginSet::Product(product) => {
            Schemes::HttpAndHttps.contains(&product.schemes) && product.hosts.are_loopback()
        }
        OriginSet::Everything | OriginSet::Null => false,
    }
}

impl Product<'_> {
    const fn contains(&self, other: &Product<'_>) -> bool {
        self.schemes.contains(&other.schemes)
            && self.hosts.contains(&other.hosts)
            && match other.schemes {
                Schemes::One(scheme) => self.ports.contains(other.ports, scheme),
                Schemes::HttpAndHttps => {
                    self.ports.contains(other.ports, b"http") && self.ports.contains(other.ports, b"https")
                }
            }
    }
}

impl Schemes<'_> {
    const fn contains(&self, other: &Schemes<'_>) -> bool {
        match other {
            Schemes::One(scheme) => self.matches(scheme),
            Schemes::HttpAndHttps => matches!(self, Self::HttpAndHttps),
        }
    }
}

impl Hosts<'_> {
    const fn contains(&self, other: &Hosts<'_>) -> bool {
        match (*self, *other) {
            (Self::Every, _) => true,
            (_, Hosts::One(host)) => self.matches(host),
            (Self::Subdomains(domain), Hosts::Subdomains(other)) => {
                eq(domain, other) || is_under(other, domain)
            }
            // Something of the label is before `after`.
            (Self::Subdomains(domain), Hosts::InLabel { after, .. }) => is_under(after, domain),
            (
                Self::InLabel { before, after },
                Hosts::InLabel {
                    before: other_before,
                    after: other_after,
                },
            ) => {
                starts_with(other_before, before)
                    && ends_with(other_after, after)
                    && !has_dot(until(other_after, other_after.len() - after.len()))
            }
            (
                Self::Ipv4 { network, prefix },
                Hosts::Ipv4 {
                    network: other_network,
                    prefix: other_prefix,
                },
            ) => prefix <= other_prefix && (network ^ other_network).leading_zeros() >= prefix as u32,
            (
                Self::Ipv6 { network, prefix },
                Hosts::Ipv6 {
                    network: other_network,
                    prefix: other_prefix,
                },
            ) => prefix <= other_prefix && (network ^ other_network).leading_zeros() >= prefix as u32,
            // A range of one address.
            (Self::One(host), Hosts::Ipv4 { network, prefix: 32 }) => match origin::ipv4(host) {
                Some(octets) => u32::from_be_bytes(octets) == network,
                None => false,
            },
            (Self::One(host), Hosts::Ipv6 { network, prefix: 128 }) => match ipv6::address(host) {
                Some(address) => address == network,
                None => false,
            },
            _ => false,
        }
    }
}

impl Ports {
    const fn contains(self, other: Ports, scheme: &[u8]) -> bool {
        if other.has_none(scheme) && !self.has_none(scheme) {
            return false;
        }
        match (self, other) {
            (Self::Any, _) | (_, Self::Default) => true,
            (_, Self::Any) | (Self::Default, _) => false,
            (Self::One(port), Self::One(other)) => port == other,
            (Self::One(port), Self::Range(first, last)) => port == first && port == last,
            (Self::Range(first, last), Self::One(port)) => first <= port && port <= last,
            (Self::Range(first, last), Self::Range(other_first, other_last)) => {
                first <= other_first && other_last <= last
            }
        }
    }
}
