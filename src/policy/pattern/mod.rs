//! Origin patterns: the entries of a policy's list of origins, and the origins that each matches.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod` | the grammar of entries: `check` |
//! | `foreign` | bytes of other languages: lists, regular expressions, variables |
//! | `set` | the set that an entry stands for: schemes, hosts and ports |
//! | `matches`, `contains` | whether an origin, or another set, is in the set |
//! | `fix` | what to write instead of a mistake, where that can be computed |
//! | `origin_pattern` | the public type |
//!
//! An entry is an origin as browsers write it, with a pattern for its scheme, its host or its port.
//! Two more entries are `null`, and `*` for every origin.
//!
//! ```text
//! entry   = "null" / "*" / "file://" / schemes "://" hosts [ ":" ports ]
//! schemes = scheme / "*"                               ; `*`: http and https
//! hosts   = host
//!         / "*." domain                                ; subdomains, at any depth
//!         / label-with-star [ "." domain ]             ; pr-*.example.com
//!         / "*"                                        ; every host
//!         / address "/" prefix                         ; http, https, ws, wss and `*`
//! ports   = port / port "-" port / "*"                 ; `*`: any port, and none
//! ```
//!
//! | entry | origin | | why |
//! |---|---|---|---|
//! | `https://example.com` | `https://example.com` | matches | the same bytes |
//! | | `http://example.com` | no | another scheme |
//! | | `https://example.com:8443` | no | another port |
//! | | `https://www.example.com` | no | a subdomain is another host |
//! | | `https://example.com.` | no | with a trailing dot it is another host |
//! | | `https://evilexample.com` | no | the whole host is compared |
//! | | `https://example.com.evil.test` | no | the whole host is compared |
//! | `https://*.example.com` | `https://a.example.com` | matches | one label |
//! | | `https://a.b.example.com` | matches | more labels |
//! | | `https://example.com` | no | `*.` stands for at least one label |
//! | | `https://evilexample.com` | no | the dot belongs to the entry |
//! | | `http://a.example.com` | no | another scheme |
//! | | `https://a.example.com:8443` | no | another port |
//! | | `https://a.example.com.` | no | another host |
//! | | `https://a.example.com.evil.test` | no | `*` stands at the start only |
//! | `https://pr-*.example.com` | `https://pr-12.example.com` | matches | one byte or more |
//! | | `https://pr-.example.com` | no | `*` stands for at least one byte |
//! | | `https://pr-1.evil.example.com` | no | `*` never stands for a dot |
//! | | `https://xpr-1.example.com` | no | the whole label is compared |
//! | `https://*--site.example.net` | `https://a--site.example.net` | matches | one byte or more |
//! | | `https://evil.x--site.example.net` | no | `*` never stands for a dot |
//! | `chrome-extension://*` | `chrome-extension://abcdef` | matches | every host |
//! | | `moz-extension://abcdef` | no | another scheme |
//! | `http://192.168.0.0/16` | `http://192.168.1.7` | matches | the same first 16 bits |
//! | | `http://192.169.1.7` | no | other bits |
//! | | `http://192.168.1.7.evil.test` | no | a domain |
//! | `http://[fd00::]/8` | `http://[fd12:3456::1]` | matches | the same first 8 bits |
//! | | `http://[fe80::1]` | no | other bits |
//! | `*://example.com` | `http://example.com` | matches | http or https |
//! | | `ws://example.com` | no | another scheme |
//! | `http://localhost:*` | `http://localhost` | matches | no port |
//! | | `http://localhost:3000` | matches | any port |
//! | | `https://localhost:3000` | no | another scheme |
//! | | `http://localhost.:3000` | no | another host |
//! | | `http://a.localhost:3000` | no | a subdomain is another host |
//! | | `http://localhost.evil.test:3000` | no | the whole host is compared |
//! | `http://localhost:3000-3010` | `http://localhost:3010` | matches | from the first to the last |
//! | | `http://localhost:3011` | no | another port |
//! | | `http://localhost` | no | port 80 is not in the range |
//! | `http://localhost:80-90` | `http://localhost` | matches | port 80 is in the range |
//! | `https://*.example.com:8443` | `https://a.example.com:8443` | matches | that port |
//! | | `https://a.example.com` | no | another port |
//! | | `https://a.example.com:18443` | no | another port |
//! | `https://*.example.com:*` | `https://a.example.com:8443` | matches | both stars |
//! | | `https://example.com:8443` | no | `*.` stands for at least one label |
//! | `http://[::1]:*` | `http://[::1]:80` | matches | any port |
//! | | `http://[::11]:80` | no | another address |
//! | `null` | `null` | matches | the same bytes |
//! | `*` | any origin, and `null` | matches | |
//!
//! *Why can a `*` stand nowhere else?* `https://example.*` would admit anyone who registers
//! `example` in another top-level domain. And two patterns of these forms can be compared: it is
//! decidable, and cheap, whether one contains the other.
//!
//! *Why is an entry refused that would merely never match?* Because its author would have to search
//! for the mistake. An origin with a slash at its end looks right, and no browser sends it.
//!
//! *Why is text compared, and not parsed hosts and ports?* A browser writes each origin in one way,
//! and an entry has to be written in that way too. The value of a request was parsed as an
//! [`Origin`](crate::Origin) before it is compared with a pattern, so the labels of its domain are
//! not empty and it has no user information or path.

mod contains;
pub(super) mod fix;
mod foreign;
mod matches;
mod origin_pattern;
mod set;
#[cfg(test)]
mod tests;

pub(crate) use contains::{LOOPBACK, contains, is_loopback};
pub(crate) use matches::{any_form, plain};
pub use origin_pattern::OriginPattern;

use self::set::{Hosts, OriginSet, Ports, Schemes, index_of, number, separator};
use super::error_kind::{Mistake, PolicyErrorKind};
use crate::ascii::{as_str, at, eq, from, is_digit, until};
use crate::origin::{self, FILE, MAX_HOST_LEN, MAX_PORT_LEN, ipv6};
use crate::scan::find;

/// The facts about an entry that its check finds.
#[derive(Clone, Copy)]
pub(crate) struct Pattern {
    pub(crate) form: Form,
    /// Whether it admits an `http:` origin other than loopback. Anyone on the network path can read
    /// and change the pages of such an origin.
    pub(crate) insecure: bool,
    /// Whether a `*` stands for a name before a [registry's domain](is_registry), as in
    /// `https://*.com` and `https://pr-*.com`. Anyone can then register a name that it matches.
    pub(crate) under_registry: bool,
    /// An upper bound of the length of the origins that it matches, in bytes.
    pub(crate) max_len: usize,
}

/// The form of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `*`.
    Any,
    /// `null`.
    Null,
    /// `file://`.
    File,
    /// An origin.
    Exact,
    /// An origin with `*.` for labels, `:*` for the port, or both: what [`plain`] compares.
    Wildcard,
    /// Every host of a scheme.
    SchemeWide,
    /// An entry of any other form.
    Other,
}

impl Form {
    /// Returns whether the entry is an origin, or `null`.
    pub(crate) const fn is_exact(self) -> bool {
        matches!(self, Self::Null | Self::File | Self::Exact)
    }

    /// Returns whether [`plain`] cannot compare the entry.
    pub(crate) const fn needs_split(self) -> bool {
        matches!(self, Self::SchemeWide | Self::Other)
    }
}

/// Checks one entry of a list of origins, and returns the facts about it.
///
/// If there are several mistakes, this returns the one that the author will recognize: in
/// `https://example.com/API` that is the path, and not the upper-case letters.
pub(crate) const fn check(entry: &[u8]) -> Result<Pattern, Mistake> {
    if entry.is_empty() {
        return Err((PolicyErrorKind::Empty, 0));
    }
    let is_whole = eq(entry, b"*") || eq(entry, b"null") || eq(entry, FILE);
    if !is_whole && let Err(mistake) = check_parts(entry) {
        return Err(mistake);
    }
    Ok(facts(entry))
}

/// Checks an entry that is neither `*` nor `null` nor `file://`.
const fn check_parts(entry: &[u8]) -> Result<(), Mistake> {
    if let Some(mistake) = foreign::first(entry) {
        return Err(mistake);
    }
    let scheme_end = match scheme(entry) {
        Ok(end) => end,
        Err(mistake) => return Err(mistake),
    };
    let scheme = until(entry, scheme_end);
    let start = scheme_end + "://".len();
    let host_end = match hosts(entry, start, scheme_end) {
        Ok(end) => end,
        Err(mistake) => return Err(mistake),
    };
    let prefix_end = match prefix(entry, scheme, start, host_end) {
        Ok(end) => end,
        Err(mistake) => return Err(mistake),
    };
    ports(entry, scheme, prefix_end)
}

/// Returns the facts about a checked entry.
const fn facts(entry: &[u8]) -> Pattern {
    let product = match OriginSet::of(entry) {
        OriginSet::Product(product) => product,
        whole => {
            return Pattern {
                form: match whole {
                    OriginSet::Everything => Form::Any,
                    _ => Form::Null,
                },
                insecure: false,
                under_registry: false,
                max_len: entry.len(),
            };
        }
    };
    let (scheme_len, is_http) = match product.schemes {
        Schemes::One(scheme) => (scheme.len(), eq(scheme, b"http")),
        Schemes::HttpAndHttps => ("https".len(), true),
    };
    let host_len = match product.hosts {
        Hosts::One(host) => host.len(),
        Hosts::Subdomains(_) | Hosts::InLabel { .. } | Hosts::Every => MAX_HOST_LEN,
        Hosts::Ipv4 { .. } => "255.255.255.255".len(),
        Hosts::Ipv6 { .. } => "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]".len(),
    };
    let port_len = match product.ports {
        Ports::Default => 0,
        Ports::One(last) | Ports::Range(_, last) => 1 + digits(last),
        Ports::Any => MAX_PORT_LEN,
    };
    let are_loopback = product.hosts.are_loopback();
    let form = match (product.schemes, product.hosts, product.ports) {
        (_, Hosts::Every, _) => Form::SchemeWide,
        (Schemes::One(b"file"), _, _) => Form::File,
        (Schemes::One(_), Hosts::One(_), Ports::Default | Ports::One(_)) => Form::Exact,
        (Schemes::One(_), Hosts::One(_) | Hosts::Subdomains(_), Ports::Any)
        | (Schemes::One(_), Hosts::Subdomains(_), Ports::Default | Ports::One(_)) => Form::Wildcard,
        _ => Form::Other,
    };
    Pattern {
        form,
        insecure: is_http && !are_loopback,
        under_registry: match product.hosts.parent_domain() {
            Some(domain) => !are_loopback && is_registry(domain),
            None => false,
        },
        max_len: scheme_len + "://".len() + host_len + port_len,
    }
}

/// Returns the domain under which a `*` of a checked entry stands for any name: `example.com` for
/// `https://*.example.com` and for `https://pr-*.example.com:8443`.
#[allow(dead_code, reason = "integrations know public suffixes")]
pub(crate) const fn parent_domain(entry: &str) -> Option<&str> {
    match OriginSet::of(entry.as_bytes()) {
        OriginSet::Product(product) => match product.hosts.parent_domain() {
            Some(domain) => Some(as_str(domain)),
            None => None,
        },
        _ => None,
    }
}

/// Returns whether anyone can register a name under this domain. It is empty if any name at all is
/// meant.
///
/// That is assumed of a single label. Other public suffixes, such as `co.uk`, are not known here.
const fn is_registry(domain: &[u8]) -> bool {
    let mut i = 0;
    while i < domain.len() {
        if domain[i] == b'.' && i + 1 < domain.len() {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns whether a checked entry of the form [`Form::Exact`], [`Form::Null`], [`Form::Wildcard`]
/// or [`Form::Any`] has a `*`.
pub(crate) fn is_wildcard(entry: &str) -> bool {
    find(entry.as_bytes(), b'*').is_some()
}

/// Returns whether a checked entry is neither an origin nor `null`.
pub(crate) fn is_pattern(entry: &str) -> bool {
    !facts(entry.as_bytes()).form.is_exact()
}

/// Returns whether [`plain`] cannot compare this checked entry.
pub(crate) fn needs_split(entry: &str) -> bool {
    facts(entry.as_bytes()).form.needs_split()
}

/// Returns whether a checked entry says which hosts it admits: whether it is neither `*`, `null`,
/// `file://` nor every host of a scheme.
pub(crate) fn names_hosts(entry: &str) -> bool {
    let entry = entry.as_bytes();
    let host = from(entry, separator(entry) + "://".len());
    !matches!(host, [] | [b'*'] | [b'*', b':', ..])
}

/// Checks the scheme and returns its end.
const fn scheme(entry: &[u8]) -> Result<usize, Mistake> {
    // Without `://` there is no scheme, as in `localhost:3000`, `example.com`, `//example.com` and
    // `*.example.com`.
    let separator = separator(entry);
    if separator >= entry.len() || separator == 0 {
        return Err((PolicyErrorKind::NoScheme, 0));
    }
    if eq(until(entry, separator), b"*") {
        return Ok(separator);
    }
    let end = match origin::scheme_end(entry) {
        Ok(end) => end,
        Err(error) => return Err((PolicyErrorKind::Scheme, error.at())),
    };
    if eq(until(entry, end), b"file") {
        return Err((PolicyErrorKind::File, FILE.len()));
    }
    Ok(end)
}

/// Checks the host, or the pattern of hosts, that begins at `start`, and returns its end: the index
/// of a colon, a slash or the like, or the length.
const fn hosts(entry: &[u8], start: usize, scheme_end: usize) -> Result<usize, Mistake> {
    let is_web = origin::has_domains(until(entry, scheme_end));
    let mut stop = start;
    let mut star = entry.len();
    while stop < entry.len() {
        match entry[stop] {
            b':' | b'/' | b'?' | b'#' | b'\\' => break,
            b'*' if star > stop => star = stop,
            _ => {}
        }
        stop += 1;
    }
    if at(entry, start) == b'[' || star >= stop {
        return match host(entry, start, scheme_end) {
            Ok((end, _)) => Ok(end),
            Err(mistake) => Err(mistake),
        };
    }
    let text = from(until(entry, stop), start);
    let second_star = index_of(until(entry, stop), star + 1, b'*');
    match text {
        b"*" => return Ok(stop),
        // `192.168.*`, `192.168.*.*`, `192.168.1*`
        [b'0'..=b'9', ..] if is_web && has_only_digits(text) => {
            return Err((PolicyErrorKind::WildcardInAddress, star));
        }
        _ if matches::has_dot(until(text, star - start)) => return Err((PolicyErrorKind::Wildcard, star)),
        _ if second_star < stop => return Err((PolicyErrorKind::Wildcard, second_star)),
        [b'*', b'.', ..] => return subdomains(entry, start, scheme_end),
        _ => {}
    }
    // A `*` inside the left-most label. It counts as one byte of the label.
    if star > start
        && let Err(index) = origin::rest_of_host(until(entry, star), start, start, scheme_end)
    {
        return Err((PolicyErrorKind::Host, index));
    }
    let end = match origin::rest_of_host(entry, start, star + 1, scheme_end) {
        Ok(end) => end,
        Err(index) => return Err(mistake_in_host(entry, start, index)),
    };
    if end - start > MAX_HOST_LEN {
        return Err((PolicyErrorKind::Host, start + MAX_HOST_LEN));
    }
    if is_web && ends_in_a_number(text) {
        return Err((PolicyErrorKind::WildcardInAddress, star));
    }
    Ok(end)
}

/// Checks `*.` and the domain after it, which begin at `start`, and returns their end.
const fn subdomains(entry: &[u8], start: usize, scheme_end: usize) -> Result<usize, Mistake> {
    let is_web = origin::has_domains(until(entry, scheme_end));
    let domain_start = start + "*.".len();
    let (end, is_address) = match host(entry, domain_start, scheme_end) {
        Ok(checked) => checked,
        Err(mistake) => return Err(mistake),
    };
    if is_address {
        return Err((PolicyErrorKind::WildcardAddress, start));
    }
    // What `*.` stands for has at least two bytes, one of a label and its dot. The last byte of the
    // longest domain can only be a trailing dot.
    let len = end - start;
    let is_too_long = len > MAX_HOST_LEN || (is_web && len == MAX_HOST_LEN && at(entry, end - 1) != b'.');
    if end == domain_start || is_too_long {
        return Err((PolicyErrorKind::Host, domain_start));
    }
    Ok(end)
}

/// Checks the host that begins at `start`, and returns its end and whether it is an address.
const fn host(entry: &[u8], start: usize, scheme_end: usize) -> Result<(usize, bool), Mistake> {
    // A range of addresses goes on after the host.
    let mut stop = start;
    while stop < entry.len() {
        match entry[stop] {
            b'/' | b'?' | b'#' | b'\\' => break,
            _ => stop += 1,
        }
    }
    let text = until(entry, stop);
    let end = match at(text, start) {
        b'[' => ipv6::end(text, start),
        _ => origin::rest_of_host(text, start, start, scheme_end),
    };
    let end = match end {
        Ok(end) => end,
        Err(index) => return Err(mistake_in_host(entry, start, index)),
    };
    let host = from(until(entry, end), start);
    if at(host, 0) == b'[' {
        if !ipv6::is_shortest(host) {
            return Err((PolicyErrorKind::Ipv6, start));
        }
        return Ok((end, true));
    }
    if origin::has_domains(until(entry, scheme_end)) && ends_in_a_number(host) {
        if origin::ipv4(host).is_none() {
            return Err((PolicyErrorKind::Ipv4, start));
        }
        return Ok((end, true));
    }
    Ok((end, false))
}

/// Returns the mistake that the byte at `index` shows. It is the first byte that does not belong in
/// the host that begins at `start`.
const fn mistake_in_host(entry: &[u8], start: usize, index: usize) -> Mistake {
    match at(entry, index) {
        byte if begins_path(byte) => (PolicyErrorKind::Path, index),
        b'*' if at(entry, start) == b'[' => (PolicyErrorKind::WildcardInAddress, index),
        b'*' => (PolicyErrorKind::Wildcard, index),
        _ if at(entry, start) == b'[' => (PolicyErrorKind::Ipv6, start),
        _ => (PolicyErrorKind::Host, index),
    }
}

/// Checks the prefix length after an address, and returns its end; the end of the host if nothing
/// follows it but a port.
///
/// A slash that does not make a range begins a path.
const fn prefix(entry: &[u8], scheme: &[u8], start: usize, host_end: usize) -> Result<usize, Mistake> {
    if !begins_path(at(entry, host_end)) {
        return Ok(host_end);
    }
    let path = Err((PolicyErrorKind::Path, host_end));
    let host = from(until(entry, host_end), start);
    let (address, bits) = match (origin::ipv4(host), ipv6::address(host)) {
        (Some(octets), _) => (u32::from_be_bytes(octets) as u128, 32),
        (_, Some(address)) => (address, 128),
        _ => return path,
    };
    if !matches!(scheme, b"http" | b"https" | b"ws" | b"wss" | b"*") || entry[host_end] != b'/' {
        return path;
    }
    let first = host_end + 1;
    let mut end = first;
    while end < entry.len() && is_digit(entry[end]) {
        end += 1;
    }
    if end == first {
        return path;
    }
    match at(entry, end) {
        byte if begins_path(byte) => return Err((PolicyErrorKind::Path, end)),
        b':' => {}
        _ if end < entry.len() => return path,
        _ => {}
    }
    let prefix = number(from(until(entry, end), first));
    if end == first + 1 && prefix == 0 {
        return Err((PolicyErrorKind::AllAddresses, first));
    }
    if end > first + 3 || entry[first] == b'0' || prefix > bits {
        return Err((PolicyErrorKind::Prefix, first));
    }
    // <https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2>
    if bits == 128 && prefix >= 96 && address >> 32 == 0xffff {
        return Err((PolicyErrorKind::MappedAddress, start));
    }
    if address & host_bits(bits - prefix) != 0 {
        return Err((PolicyErrorKind::HostBits, start));
    }
    Ok(end)
}

/// Returns a word whose lowest `count` bits are set. `count` is less than 128.
const fn host_bits(count: u32) -> u128 {
    1u128.wrapping_shl(count).wrapping_sub(1)
}

/// Checks what follows the hosts.
const fn ports(entry: &[u8], scheme: &[u8], start: usize) -> Result<(), Mistake> {
    let after = from(entry, start);
    if after.is_empty() || eq(after, b":*") {
        return Ok(());
    }
    if at(entry, start) != b':' {
        return Err((PolicyErrorKind::Port, start));
    }
    let first = start + 1;
    let mut end = first;
    while end < entry.len() && is_digit(entry[end]) {
        end += 1;
    }
    if at(entry, end) == b'-' && end > first {
        let first_port = match port(until(entry, end), start) {
            Ok(port) => port,
            Err(mistake) => return Err(mistake),
        };
        return match port(entry, end) {
            Ok(last_port) if first_port <= last_port => Ok(()),
            Ok(_) => Err((PolicyErrorKind::PortRange, first)),
            Err(mistake) => Err(mistake),
        };
    }
    let port = match port(entry, start) {
        Ok(port) => port,
        Err(mistake) => return Err(mistake),
    };
    // Browsers leave out the default port: <https://url.spec.whatwg.org/#default-port>
    let is_default = match scheme {
        b"*" => port == 80 || port == 443,
        scheme => match origin::default_port(scheme) {
            Some(default) => port == default,
            None => false,
        },
    };
    if is_default {
        return Err((PolicyErrorKind::DefaultPort, start));
    }
    Ok(())
}

/// Checks that only a port follows the byte at `start`, a colon or the hyphen of a range, and
/// returns it.
const fn port(entry: &[u8], start: usize) -> Result<u16, Mistake> {
    if let Some(index) = origin::wrong_digit(entry, start) {
        return Err(match (at(entry, index), at(entry, index + 1)) {
            // In `https://example.com:/` the port is missing, but the slash is what its author
            // sees.
            (byte, _) if begins_path(byte) => (PolicyErrorKind::Path, index),
            // In `:*/` the star is right and the slash is not.
            (b'*', byte) if index == start + 1 && begins_path(byte) => (PolicyErrorKind::Path, index + 1),
            (b'*', _) => (PolicyErrorKind::Wildcard, index),
            _ => (PolicyErrorKind::Port, index),
        });
    }
    // No page is served from port 0, and browsers write ports without leading zeros.
    if at(entry, start + 1) == b'0' {
        return Err((PolicyErrorKind::Port, start + 1));
    }
    Ok(number(from(entry, start + 1)) as u16)
}

/// Returns whether a byte ends an authority: <https://url.spec.whatwg.org/#authority-state>.
const fn begins_path(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#' | b'\\')
}

/// Returns the number of decimal digits.
const fn digits(port: u16) -> usize {
    let mut digits = 1;
    let mut rest = port / 10;
    while rest > 0 {
        digits += 1;
        rest /= 10;
    }
    digits
}

/// Returns whether there are only digits, dots and `*`.
const fn has_only_digits(text: &[u8]) -> bool {
    let mut i = 0;
    while i < text.len() && (is_digit(text[i]) || matches!(text[i], b'.' | b'*')) {
        i += 1;
    }
    i == text.len()
}

/// Returns whether the last label of a host is a number: browsers then take the host for an IPv4
/// address, in however few parts, and refuse it if it is not one. A `*` counts as a digit.
///
/// This is the [ends-in-a-number checker].
///
/// [ends-in-a-number checker]: https://url.spec.whatwg.org/#ends-in-a-number-checker
const fn ends_in_a_number(host: &[u8]) -> bool {
    let host = match host {
        [name @ .., b'.'] => name,
        name => name,
    };
    let mut start = host.len();
    while start > 0 && at(host, start - 1) != b'.' {
        start -= 1;
    }
    let last = from(host, start);
    if let [b'0', b'x', digits @ ..] = last {
        let mut i = 0;
        while i < digits.len() && (digits[i].is_ascii_hexdigit() || digits[i] == b'*') {
            i += 1;
        }
        return i == digits.len();
    }
    !last.is_empty() && has_only_digits(last)
}
