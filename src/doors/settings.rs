//! The settings of doors besides their policy, and the hosts that they answer to.

use core::net::IpAddr;

use super::authority::{Address, Authority};
use super::error::{DoorsError, DoorsErrorKind, Mistake};
use crate::ascii::{LABEL, at, eq_ignore_case, from, is_digit, is_in};
use crate::origin;
use crate::policy::Entries;

/// The settings, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) hosts: Entries<'a>,
    /// See [`DoorsBuilder::allow_addresses`](super::DoorsBuilder::allow_addresses).
    pub(super) addresses: Option<&'a [IpAddr]>,
    pub(super) ip_literals: bool,
    pub(super) localhost: bool,
    pub(super) local_names: bool,
    pub(super) https: bool,
    pub(super) require_origin: bool,
    pub(super) enforce: bool,
    pub(super) isolate: Isolate,
    pub(super) trust_every_origin: bool,
    pub(super) suffixes: bool,
    pub(super) host_refused: HostRefusedStatus,
    pub(super) resource_policy: Option<ResourcePolicy>,
}

/// Which requests of other sites are refused, whatever they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolate {
    No,
    CrossSite,
    CrossSiteAndSameSite,
}

/// The status of the response to a request whose host is valid, but not one of the server's.
///
/// The enum is exhaustive, so that a configuration format can map all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostRefusedStatus {
    /// 403, the default.
    #[default]
    Forbidden,
    /// 421, for servers with TLS and HTTP/2, where a browser sends requests for several hosts over
    /// one connection. It may then repeat the request over another one
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20>).
    MisdirectedRequest,
}

/// The value of `Cross-Origin-Resource-Policy`: which pages may load a response without CORS, for
/// example as an image (<https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header>).
///
/// The enum is exhaustive, because the standard has these three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourcePolicy {
    /// The server's own pages.
    SameOrigin,
    /// Pages of the same site: of a sibling domain, or of another port.
    SameSite,
    /// All pages.
    CrossOrigin,
}

impl ResourcePolicy {
    /// Returns the value of the field, such as `same-origin`.
    pub const fn value(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        }
    }
}

impl<'a> Settings<'a> {
    pub(super) const DEFAULT: Self = Self {
        hosts: Entries::EMPTY,
        addresses: None,
        ip_literals: false,
        localhost: false,
        local_names: false,
        https: false,
        require_origin: false,
        enforce: false,
        isolate: Isolate::No,
        trust_every_origin: false,
        suffixes: false,
        host_refused: HostRefusedStatus::Forbidden,
        resource_policy: None,
    };

    /// Returns whether hosts are checked at all.
    pub(super) const fn checks_hosts(&self) -> bool {
        self.hosts.next(&mut 0).is_some()
            || self.addresses.is_some()
            || self.ip_literals
            || self.localhost
            || self.local_names
    }

    /// Returns whether the server answers to this host.
    pub(super) fn admit(&self, host: &Authority<'_>) -> bool {
        self.admits_by_class(host) || self.hosts.iter().any(|entry| self.matches(entry, host))
    }

    fn admits_by_class(&self, host: &Authority<'_>) -> bool {
        if let Some(address) = host.address {
            let is_own = |own: &IpAddr| Address::of(own).is(address);
            return self.ip_literals || self.addresses.is_some_and(|own| own.iter().any(is_own));
        }
        let Some(name) = host.name() else {
            return false;
        };
        self.localhost && (eq_ignore_case(name, b"localhost") || is_under(name, b"localhost"))
            || self.local_names && is_under(name, b"local")
    }

    fn matches(&self, entry: &str, host: &Authority<'_>) -> bool {
        let (is_wildcard, entry) = match entry.as_bytes() {
            [b'*', b'.', domain @ ..] => (true, domain),
            entry => (false, entry),
        };
        let Ok(entry) = Authority::parse(entry) else {
            return false;
        };
        if let Some(port) = entry.port
            && !self.has_port(host, port)
        {
            return false;
        }
        match (entry.address, host.address, host.name()) {
            (Some(own), Some(address), _) => own.is(address),
            (None, None, Some(name)) if is_wildcard => is_under(name, entry.host),
            (None, None, Some(name)) => eq_ignore_case(name, entry.host),
            _ => false,
        }
    }

    /// Returns whether the host has this port. If the host has none, it has the default port of the
    /// scheme, which is either of two unless the server says that it is served over https.
    const fn has_port(&self, host: &Authority<'_>, port: u16) -> bool {
        match host.port {
            Some(found) => found == port,
            None => port == 443 || port == 80 && !self.https,
        }
    }

    /// Checks the list of hosts, and returns the first mistake.
    pub(super) const fn check(&self) -> Result<(), DoorsError<'a>> {
        let mut index = 0;
        let mut cursor = 0;
        while let Some(entry) = self.hosts.next(&mut cursor) {
            if let Err((kind, at)) = check_entry(entry.as_bytes(), self.suffixes) {
                return Err(DoorsError::new(kind, entry, index, at));
            }
            index += 1;
        }
        Ok(())
    }
}

/// Returns whether the name ends with a dot and the domain, in any case.
fn is_under(name: &[u8], domain: &[u8]) -> bool {
    match name.split_at_checked(name.len().saturating_sub(domain.len())) {
        Some(([_, .., b'.'], end)) => eq_ignore_case(end, domain),
        _ => false,
    }
}

/// The top-level domains under which nobody can register a name: the special-use ones of
/// <https://www.iana.org/assignments/special-use-domain-names>, and `internal`, which ICANN has
/// reserved for private use.
const PRIVATE: &[&[u8]] = &[b"local", b"localhost", b"internal", b"test"];

/// Checks one entry of a list of hosts.
const fn check_entry(entry: &[u8], suffixes: bool) -> Result<(), Mistake> {
    if entry.is_empty() {
        return Err((DoorsErrorKind::Empty, 0));
    }
    if let Some(mistake) = foreign(entry) {
        return Err(mistake);
    }
    let start = match entry {
        [b'*'] => return Err((DoorsErrorKind::Any, 0)),
        [b'*', b'.', ..] => 2,
        _ => 0,
    };
    let rest = from(entry, start);
    let authority = match Authority::parse(rest) {
        Ok(authority) => authority,
        Err(index) => return Err((mistake_at(entry, start + index), start + index)),
    };
    if let Some(port) = index_after_host(rest, &authority)
        && (authority.port.is_none() || at(rest, port) == b'0')
    {
        return Err((DoorsErrorKind::Port, start + port));
    }
    if authority.address.is_some() {
        return if start > 0 {
            Err((DoorsErrorKind::WildcardAddress, 0))
        } else {
            Ok(())
        };
    }
    if let Err(index) = check_name(authority.host) {
        return Err((mistake_at(entry, start + index), start + index));
    }
    if start > 0 && !suffixes && is_registry(authority.host) {
        return Err((DoorsErrorKind::PublicSuffix, 0));
    }
    Ok(())
}

/// Returns the index after the colon, if there is one after the host.
const fn index_after_host(text: &[u8], authority: &Authority<'_>) -> Option<usize> {
    if text.len() > authority.host.len() {
        Some(authority.host.len() + 1)
    } else {
        None
    }
}

/// Returns the first mistake that is about more than a host: an origin, a path, several entries in
/// one.
const fn foreign(entry: &[u8]) -> Option<Mistake> {
    let mut i = 0;
    let mut colons = 0;
    while i < entry.len() {
        let kind = match entry[i] {
            b':' if at(entry, i + 1) == b'/' && at(entry, i + 2) == b'/' => DoorsErrorKind::Scheme,
            b'/' | b'?' | b'#' | b'\\' => DoorsErrorKind::Path,
            b'@' => DoorsErrorKind::UserInformation,
            b' ' | b'\t' | b',' | b';' => DoorsErrorKind::SeveralInOne,
            b'\r' | b'\n' => DoorsErrorKind::LineEnd,
            0x80.. => DoorsErrorKind::NonAscii,
            b'*' if i > 0 || entry.len() > 1 && entry[1] != b'.' => match at(entry, i.wrapping_sub(1)) {
                b':' => DoorsErrorKind::Port,
                _ => DoorsErrorKind::Wildcard,
            },
            b':' => {
                colons += 1;
                i += 1;
                continue;
            }
            _ => {
                i += 1;
                continue;
            }
        };
        return Some((kind, i));
    }
    if colons > 1 && entry[0] != b'[' && at(entry, 2) != b'[' {
        return Some((DoorsErrorKind::Ipv6, 0));
    }
    None
}

/// Returns the mistake that the byte at `index` shows.
const fn mistake_at(entry: &[u8], index: usize) -> DoorsErrorKind {
    let mut colon = 0;
    while colon < index && (at(entry, colon) != b':' || entry[0] == b'[') {
        colon += 1;
    }
    match at(entry, index) {
        _ if at(entry, 0) == b'[' => DoorsErrorKind::Ipv6,
        _ if colon < index => DoorsErrorKind::Port,
        b'.' if index == 0 => DoorsErrorKind::LeadingDot,
        b'.' if index + 1 == entry.len() || at(entry, index + 1) == b':' => DoorsErrorKind::TrailingDot,
        b'0'..=b'9' => DoorsErrorKind::Ipv4,
        _ => DoorsErrorKind::Name,
    }
}

/// Checks a name: labels of letters, digits, `-` and `_`, with dots between them. The last label is
/// not a number, because browsers take such a host for an address.
const fn check_name(name: &[u8]) -> Result<(), usize> {
    let mut i = 0;
    let mut label = 0;
    while i < name.len() {
        if name[i] == b'.' {
            if i == label {
                return Err(i);
            }
            label = i + 1;
        } else if !is_in(name[i].to_ascii_lowercase(), LABEL) {
            return Err(i);
        }
        i += 1;
    }
    if label == name.len() {
        return Err(name.len() - 1);
    }
    if name.len() > origin::MAX_HOST_LEN - 1 {
        return Err(origin::MAX_HOST_LEN - 1);
    }
    let mut digit = label;
    while digit < name.len() && is_digit(name[digit]) {
        digit += 1;
    }
    if digit == name.len() { Err(label) } else { Ok(()) }
}

/// Returns whether anyone can register a name under this domain.
const fn is_registry(domain: &[u8]) -> bool {
    let mut i = 0;
    while i < domain.len() {
        if domain[i] == b'.' {
            return false;
        }
        i += 1;
    }
    let mut i = 0;
    while i < PRIVATE.len() {
        if eq_ignore_case(domain, PRIVATE[i]) {
            return false;
        }
        i += 1;
    }
    true
}
