//! An origin as browsers write it: `https://app.example.com:8443`, or `null`.
//!
//! An origin is a scheme, a host and a port. The server reads it from the request's `Origin` field,
//! and the browser compares the answer with it byte by byte. So an origin is never converted here:
//! its text is checked against a grammar, and is then compared as it is.
//!
//! There are three grammars, chosen by the scheme.
//!
//! For `http`, `https`, `ws`, `wss` and `ftp` it is the grammar of [Fetch]:
//!
//! ```text
//! origin-or-null    = serialized-origin / %s"null"
//! serialized-origin = serialized-scheme "://" serialized-host [ ":" serialized-port ]
//! serialized-scheme = lower-alpha *( lower-alphanum / "+" / "-" / "." )
//! serialized-host   = serialized-ipv4 / "[" serialized-ipv6 "]" / serialized-domain
//! serialized-domain = *( domain-label "." ) domain-label
//! domain-label      = lower-alphanum / ( lower-alphanum *( lower-alphanum / "-" ) lower-alphanum )
//! serialized-port   = 1*5DIGIT
//! ```
//!
//! Browsers also send hosts that this grammar leaves out. Three forms of them are accepted:
//!
//! | form | example |
//! |---|---|
//! | `_` anywhere in a label | `http://a_b.test`, `http://_dmarc.test` |
//! | a hyphen at the start or the end of a label | `http://-a.test`, `http://a-.test` |
//! | one dot at the end of a domain | `https://example.com.` |
//!
//! For `file`, the only origin is `file://`. The standard makes the origin of a file opaque, which
//! is written as `null`; web views and some browsers send `file://`.
//!
//! For every other scheme, the host is what URL parsers accept after such a scheme ([opaque host]):
//! printable ASCII in any case, except space and `# / : < > ? @ [ \ ] ^ |`. It can also be empty if
//! no port follows, or an IPv6 address in brackets. Applications and extensions have such origins:
//! `app://.`, `capacitor-electron://-`, `myapp://`, `chrome-extension://<id>`.
//!
//! The parts are bounded: a scheme has at most [`MAX_SCHEME_LEN`] bytes, a host at most
//! [`MAX_HOST_LEN`], and a port is at most 65535.
//!
//! [Fetch]: https://fetch.spec.whatwg.org/#origin-header
//! [opaque host]: https://url.spec.whatwg.org/#concept-opaque-host-parser

pub(crate) mod ipv6;

use core::fmt;

use crate::ascii::{
    LABEL, OPAQUE_HOST, as_str, at, eq, from, is_digit, is_in, is_lower_alpha, is_scheme_byte, until,
};

/// The maximum length of a scheme: 64 bytes. The longest that browsers send is
/// `safari-web-extension`, 20 bytes.
pub(crate) const MAX_SCHEME_LEN: usize = 64;

/// The maximum length of a host: 254 bytes. A domain has at most 253 ([RFC 1035 section 2.3.4],
/// without the bytes that frame it in a DNS message), and the last byte is then a trailing dot.
///
/// [RFC 1035 section 2.3.4]: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
pub(crate) const MAX_HOST_LEN: usize = 254;

/// The maximum length of a port with its colon: `:65535`, 6 bytes.
pub(crate) const MAX_PORT_LEN: usize = 6;

/// The maximum length of an origin that [`Origin::parse`] accepts: 327 bytes.
///
/// The scheme has at most 64 of them, `://` has 3, the host at most 254, and the port with its
/// colon at most 6.
pub const MAX_ORIGIN_LEN: usize = MAX_SCHEME_LEN + 3 + MAX_HOST_LEN + MAX_PORT_LEN;

/// A tuple origin as browsers write it, such as `https://app.example.com:8443`.
///
/// It borrows its text. Two origins are equal if their bytes are, as in the [CORS check]. So
/// `https://a.example` and `https://a.example:443` are not equal; no browser sends the second.
///
/// | scheme | host | port |
/// |---|---|---|
/// | `http`, `https`, `ws`, `wss`, `ftp` | a domain in lower case, in which `_`, a hyphen at any place and a trailing dot are accepted; or an address | optional |
/// | `file` | empty: `file://` is the only origin | none |
/// | any other | an opaque host, compared byte for byte: `app://.`, `chrome-extension://<id>`; or empty: `myapp://`; or an IPv6 address | optional after a host |
///
/// A scheme has at most 64 bytes, a host at most 254 (a domain at most 253 and a trailing dot), and
/// a port is at most 65535. The grammars are those of the [`Origin` header] and, for other schemes,
/// of the [opaque-host parser].
///
/// ```
/// use embedded_cors::Origin;
///
/// let origin = Origin::parse(b"https://app.example.com:8443").unwrap();
/// assert_eq!(origin.scheme(), "https");
/// assert_eq!(origin.host(), "app.example.com");
/// assert_eq!(origin.port(), Some(8443));
///
/// assert!(Origin::parse(b"https://app.example.com/").is_err());
/// assert!(Origin::parse(b"HTTPS://app.example.com").is_err());
///
/// let origin = Origin::parse(b"app://.").unwrap();
/// assert_eq!((origin.scheme(), origin.host(), origin.port()), ("app", ".", None));
/// ```
///
/// [CORS check]: https://fetch.spec.whatwg.org/#cors-check
/// [`Origin` header]: https://fetch.spec.whatwg.org/#origin-header
/// [opaque-host parser]: https://url.spec.whatwg.org/#concept-opaque-host-parser
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin<'a> {
    /// ASCII, since the grammar is.
    text: &'a [u8],
    scheme_end: u16,
    host_end: u16,
}

impl<'a> Origin<'a> {
    /// Parses a tuple origin: the `serialized-origin` of the [`Origin` header].
    ///
    /// `null` is not a tuple origin, and an error here; [`OriginOrNull::parse`] takes both.
    ///
    /// # Errors
    ///
    /// Returns an [`OriginError`], which says which part of the origin is wrong and where.
    ///
    /// [`Origin` header]: https://fetch.spec.whatwg.org/#origin-header
    pub const fn parse(value: &'a [u8]) -> Result<Self, OriginError> {
        let scheme_end = match scheme_end(value) {
            Ok(end) => end,
            Err(error) => return Err(error),
        };
        if scheme_end == 4 && begins_file(value) && value.len() > FILE.len() {
            return Err(OriginError::new(OriginErrorKind::Host, FILE.len()));
        }
        let host_end = match host_end(value, scheme_end + 3, scheme_end) {
            Ok(end) => end,
            Err(error) => return Err(error),
        };
        if let Err(error) = check_port(value, host_end) {
            return Err(error);
        }
        Ok(Self {
            text: value,
            scheme_end: scheme_end as u16,
            host_end: host_end as u16,
        })
    }

    /// Returns the whole origin, as it was received.
    pub const fn as_str(&self) -> &'a str {
        as_str(self.text)
    }

    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// Returns the scheme without its colon, such as `https`.
    pub fn scheme(&self) -> &'a str {
        as_str(self.scheme_bytes())
    }

    pub(crate) const fn scheme_bytes(&self) -> &'a [u8] {
        until(self.text, self.scheme_end as usize)
    }

    /// Returns the host: a domain, an IPv4 address, an IPv6 address in its brackets, or the opaque
    /// host of another scheme. It can be empty, as in `file://` and `myapp://`.
    pub fn host(&self) -> &'a str {
        as_str(self.host_bytes())
    }

    pub(crate) const fn host_bytes(&self) -> &'a [u8] {
        from(self.without_port(), self.host_start())
    }

    /// Returns the port if the origin has one. Browsers leave out the default port of the scheme.
    pub fn port(&self) -> Option<u16> {
        let digits = self.as_str().get(self.host_end as usize + 1..)?;
        digits.parse().ok()
    }

    /// Returns the digits of the port, if the origin has one.
    pub(crate) const fn port_bytes(&self) -> Option<&'a [u8]> {
        if self.text.len() > self.host_end as usize {
            Some(from(self.text, self.host_end as usize + 1))
        } else {
            None
        }
    }

    /// Returns whether this is `file://`, which all files share.
    pub(crate) const fn is_file(&self) -> bool {
        eq(self.text, FILE)
    }

    /// Returns whether the host is the browser's own machine, whatever the network says:
    /// `localhost` and the names under it, `127.0.0.0/8` and `[::1]`.
    ///
    /// These are the hosts that [Secure Contexts] calls potentially trustworthy with any scheme.
    ///
    /// [Secure Contexts]: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host_bytes())
    }

    /// Returns all but the port, such as `https://app.example.com`.
    pub(crate) const fn without_port(&self) -> &'a [u8] {
        until(self.text, self.host_end as usize)
    }

    /// Returns the index of the host's first byte.
    pub(crate) const fn host_start(&self) -> usize {
        self.scheme_end as usize + 3
    }
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Origin").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Origin<'_> {
    /// Writes the origin as it was received.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Origin<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<'a> TryFrom<&'a [u8]> for Origin<'a> {
    type Error = OriginError;

    /// Parses a tuple origin, as [`Origin::parse`] does.
    fn try_from(value: &'a [u8]) -> Result<Self, OriginError> {
        Self::parse(value)
    }
}

/// The value of an `Origin` field: a tuple origin, or `null`.
///
/// Browsers send `null` for an opaque origin: that of a sandboxed iframe, of a `data:` page, mostly
/// of a `file:` page, or of a request that was redirected from one origin to another. Any site can
/// make its pages send it. Web views and browsers that give files access to files send `file://`,
/// which is a tuple origin here.
///
/// ```
/// use embedded_cors::OriginOrNull;
///
/// assert_eq!(OriginOrNull::parse(b"null"), Ok(OriginOrNull::Null));
/// assert!(OriginOrNull::parse(b"NULL").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginOrNull<'a> {
    /// A tuple origin.
    Origin(Origin<'a>),
    /// An opaque origin, which browsers write as `null`.
    Null,
}

impl<'a> OriginOrNull<'a> {
    /// Parses the value of an [`Origin` header], which the standard calls `origin-or-null`.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Origin::parse`] if the value is neither.
    ///
    /// [`Origin` header]: https://fetch.spec.whatwg.org/#origin-header
    pub const fn parse(value: &'a [u8]) -> Result<Self, OriginError> {
        if eq(value, b"null") {
            return Ok(Self::Null);
        }
        match Origin::parse(value) {
            Ok(origin) => Ok(Self::Origin(origin)),
            Err(error) => Err(error),
        }
    }

    /// Returns the text, which is `null` for an opaque origin.
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Origin(origin) => origin.as_str(),
            Self::Null => "null",
        }
    }
}

impl fmt::Display for OriginOrNull<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error of parsing an origin: which part is wrong, and where.
///
/// ```
/// use embedded_cors::{Origin, OriginErrorKind};
///
/// let error = Origin::parse(b"https://app.example.com/").unwrap_err();
/// assert_eq!(error.kind(), OriginErrorKind::Host);
/// assert_eq!(error.at(), 23);
/// assert_eq!(error.to_string(), "expected a host as browsers write it at byte 23");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginError {
    kind: OriginErrorKind,
    at: u16,
}

impl OriginError {
    const fn new(kind: OriginErrorKind, at: usize) -> Self {
        // Parsing ends at the first byte that is wrong or one too many, so `at` is never above 327.
        Self { kind, at: at as u16 }
    }

    /// Returns which part of the origin is wrong.
    pub const fn kind(&self) -> OriginErrorKind {
        self.kind
    }

    /// Returns the index of the first byte that the grammar does not admit, or the length of the
    /// value if something is missing at its end. It is at most [`MAX_ORIGIN_LEN`].
    pub const fn at(&self) -> usize {
        self.at as usize
    }
}

impl fmt::Display for OriginError {
    /// Writes the [sentence](OriginErrorKind::sentence) and the index, such as `expected a
    /// lower-case host at byte 8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.sentence(), self.at)
    }
}

impl core::error::Error for OriginError {}

/// The part of an origin that an [`OriginError`] is about.
///
/// Later versions may tell more kinds apart, so a `match` needs a wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OriginErrorKind {
    /// The scheme does not begin with a lower-case letter, has a byte other than `a-z`, `0-9`, `+`,
    /// `-` and `.`, has more than 64 bytes, or is not followed by a colon.
    Scheme,
    /// The scheme and its colon are not followed by `//`.
    Separator,
    /// The host has a byte that no host of this scheme has, such as an upper-case letter after
    /// `https://`; or it is missing; or it has more than 254 bytes, or a domain more than 253
    /// besides a trailing dot.
    Host,
    /// The host begins with `[`, but is not an IPv6 address in brackets.
    Ipv6,
    /// Something follows the host that is not a colon with one to five digits, or the port is above
    /// 65535.
    Port,
}

impl OriginErrorKind {
    /// Returns what was expected, such as `expected a host as browsers write it`.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Scheme => "expected a lower-case scheme",
            Self::Separator => "expected `//` after the scheme and its colon",
            Self::Host => "expected a host as browsers write it",
            Self::Ipv6 => "expected an IPv6 address in brackets",
            Self::Port => "expected a port or the end",
        }
    }
}

impl fmt::Display for OriginErrorKind {
    /// Writes the [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

// One function for each rule of the grammar. The patterns of a policy use the same functions for
// the parts around a `*`.

/// Returns the index of the colon that ends the scheme, which begins `text`. `://` follows.
pub(crate) const fn scheme_end(text: &[u8]) -> Result<usize, OriginError> {
    let within = until(text, MAX_SCHEME_LEN + 1);
    let mut i = 0;
    if is_lower_alpha(at(text, 0)) {
        i = 1;
        while i < within.len() && is_scheme_byte(within[i]) {
            i += 1;
        }
    }
    if i == 0 || i > MAX_SCHEME_LEN || at(text, i) != b':' {
        return Err(OriginError::new(OriginErrorKind::Scheme, i));
    }
    let mut slash = i + 1;
    while slash < i + 3 {
        if at(text, slash) != b'/' {
            return Err(OriginError::new(OriginErrorKind::Separator, slash));
        }
        slash += 1;
    }
    Ok(i)
}

/// The origin of every file, where it is not written as `null`.
pub(crate) const FILE: &[u8] = b"file://";

/// Returns whether the text begins with `file`.
// One comparison of a word, where a comparison of slices is one for each byte.
const fn begins_file(text: &[u8]) -> bool {
    match text.first_chunk() {
        Some(start) => u32::from_ne_bytes(*start) == u32::from_ne_bytes(*b"file"),
        None => false,
    }
}

/// Returns the port that browsers leave out, see [default port].
///
/// [default port]: https://url.spec.whatwg.org/#default-port
pub(crate) const fn default_port(scheme: &[u8]) -> Option<u16> {
    match special_scheme(scheme) {
        0 | 1 => Some(80),
        2 | 3 => Some(443),
        4 => Some(21),
        _ => None,
    }
}

/// Returns whether the hosts of this scheme are domains and addresses: whether it is one of the
/// [special schemes] but `file`, or the `*` of a pattern, which stands for two of them.
///
/// [special schemes]: https://url.spec.whatwg.org/#special-scheme
pub(crate) const fn has_domains(scheme: &[u8]) -> bool {
    special_scheme(scheme) < SPECIAL_SCHEMES.len()
}

/// The schemes whose hosts are domains and addresses, as numbers.
// Code that compares numbers is half as large as code that compares texts.
const SPECIAL_SCHEMES: [u32; 6] = [
    short_scheme(b"http"),
    short_scheme(b"ws"),
    short_scheme(b"https"),
    short_scheme(b"wss"),
    short_scheme(b"ftp"),
    short_scheme(b"*"),
];

/// Returns the index in [`SPECIAL_SCHEMES`], or their number.
const fn special_scheme(scheme: &[u8]) -> usize {
    let scheme = short_scheme(scheme);
    let mut i = 0;
    while i < SPECIAL_SCHEMES.len() && SPECIAL_SCHEMES[i] != scheme {
        i += 1;
    }
    i
}

/// Returns a number that no other scheme of at most five bytes has, or 0 for a longer one.
// The bytes from `+` to `z` serve as 80 digits. The first byte of a scheme is a letter, so it is
// never the digit 0, and five digits fit into 32 bits. `*` gives 255, a number of two digits that
// do not form a scheme. Bytes that no scheme has can give any number: the callers refuse such a
// text whatever its number is.
const fn short_scheme(scheme: &[u8]) -> u32 {
    if scheme.len() > 5 {
        return 0;
    }
    let mut number: u32 = 0;
    let mut i = 0;
    while i < scheme.len() {
        number = number
            .wrapping_mul(80)
            .wrapping_add(scheme[i].wrapping_sub(b'+') as u32);
        i += 1;
    }
    number
}

/// Returns the end of the host that begins at `start`: the index of a colon, or the length. The
/// text begins with the scheme. `file` counts as a scheme with opaque hosts.
const fn host_end(text: &[u8], start: usize, scheme_end: usize) -> Result<usize, OriginError> {
    let (end, kind) = if at(text, start) == b'[' {
        (ipv6::end(text, start), OriginErrorKind::Ipv6)
    } else {
        (
            rest_of_host(text, start, start, scheme_end),
            OriginErrorKind::Host,
        )
    };
    match end {
        Ok(end) => Ok(end),
        Err(at) => Err(OriginError::new(kind, at)),
    }
}

/// Returns the end of the host that begins at `start`, or the index of the first byte that is
/// wrong. The bytes before `next` are known to be right, and part of the first label.
// Most hosts are domains. Every domain is an opaque host too, so the scheme is looked at only where
// a host is not a domain.
pub(crate) const fn rest_of_host(
    text: &[u8],
    start: usize,
    next: usize,
    scheme_end: usize,
) -> Result<usize, usize> {
    let limit = start + MAX_HOST_LEN;
    let within = until(text, limit);
    let mut i = next;
    let mut label_start = start;
    while i < within.len() {
        let byte = within[i];
        if !is_in(byte, LABEL) {
            match byte {
                // Without a host there is no port.
                b':' if i > start => break,
                // A dot does not begin a label. So only the last label can be empty, after a
                // trailing dot.
                b'.' if i > label_start => label_start = i + 1,
                _ => return rest_of_opaque_host(text, start, i, scheme_end),
            }
        }
        i += 1;
    }
    // The last byte of the longest domain can only be a trailing dot.
    if i == start || i >= limit && (label_start != i || at(text, i) != b':' && i < text.len()) {
        return rest_of_opaque_host(text, start, i, scheme_end);
    }
    Ok(i)
}

/// Returns the same, if the scheme has opaque hosts. The byte at `next`, or the end there, is not
/// that of a domain.
const fn rest_of_opaque_host(
    text: &[u8],
    start: usize,
    next: usize,
    scheme_end: usize,
) -> Result<usize, usize> {
    let mut i = next;
    if has_domains(until(text, scheme_end)) {
        return Err(i);
    }
    while i < text.len() && !(text[i] == b':' && i > start) {
        if !is_in(text[i], OPAQUE_HOST) || i >= start + MAX_HOST_LEN {
            return Err(i);
        }
        i += 1;
    }
    Ok(i)
}

/// Checks that nothing follows the host, or `":" serialized-port` does.
pub(crate) const fn check_port(text: &[u8], host_end: usize) -> Result<(), OriginError> {
    if host_end >= text.len() {
        return Ok(());
    }
    let wrong = if text[host_end] == b':' {
        wrong_digit(text, host_end)
    } else {
        Some(host_end)
    };
    match wrong {
        None => Ok(()),
        Some(at) => Err(OriginError::new(OriginErrorKind::Port, at)),
    }
}

/// Returns the index of the first byte that is wrong, if what follows the byte at `start` is not a
/// `serialized-port` that ends the text.
pub(crate) const fn wrong_digit(text: &[u8], start: usize) -> Option<usize> {
    let digits = until(text, start + MAX_PORT_LEN);
    let mut i = start + 1;
    let mut value: u32 = 0;
    while i < digits.len() && is_digit(digits[i]) {
        value = value * 10 + (digits[i] - b'0') as u32;
        i += 1;
    }
    if i == start + 1 || i < text.len() {
        return Some(i);
    }
    if value > u16::MAX as u32 {
        return Some(start + 1);
    }
    None
}

/// Returns the four bytes of the address if `host` is a `serialized-ipv4`.
///
/// ```text
/// serialized-ipv4 = dec-octet "." dec-octet "." dec-octet "." dec-octet
/// ```
///
/// A `dec-octet` is a number from 0 to 255 without a leading zero.
pub(crate) const fn ipv4(host: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0u8; 4];
    let mut index = 0;
    let mut i = 0;
    while index < 4 {
        let start = i;
        let mut value: u32 = 0;
        while i < host.len() && i < start + 3 && is_digit(host[i]) {
            value = value * 10 + (host[i] - b'0') as u32;
            i += 1;
        }
        if i == start || value > 255 || (host[start] == b'0' && i > start + 1) {
            return None;
        }
        octets[index] = value as u8;
        index += 1;
        if index < 4 {
            if i >= host.len() || host[i] != b'.' {
                return None;
            }
            i += 1;
        }
    }
    if i == host.len() { Some(octets) } else { None }
}

/// Returns whether a host is loopback, see [`Origin::is_loopback`].
pub(crate) const fn is_loopback(host: &[u8]) -> bool {
    if let Some([127, _, _, _]) = ipv4(host) {
        return true;
    }
    // A name may have a trailing dot. After an address URL parsers remove it.
    let name = match host {
        [name @ .., b'.'] => name,
        name => name,
    };
    if eq(host, b"[::1]") || eq(name, b"localhost") {
        return true;
    }
    match name.split_last_chunk::<10>() {
        Some((_, suffix)) => eq(suffix, b".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(text: &str) {
        let origin = Origin::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(origin.as_str(), text);
    }

    #[track_caller]
    fn refuses(text: &str, kind: OriginErrorKind, at: usize) {
        match Origin::parse(text.as_bytes()) {
            Ok(_) => panic!("{text:?} was accepted"),
            Err(error) => assert_eq!((error.kind(), error.at()), (kind, at), "{text:?}"),
        }
    }

    #[test]
    fn origins_that_browsers_send_are_accepted() {
        for text in [
            "http://localhost:3000",
            "https://app.test",
            "http://127.0.0.1",
            "http://[::1]:8080",
            "http://[2001:db8::1]",
            "http://[1:2:3:4:5:6:7:8]",
            "http://[::]",
            "http://[1::]",
            "chrome-extension://abcdefghijklmnop",
            "moz-extension://c0ffee00-0000-4000-8000-000000000000",
            "capacitor://localhost",
            "https://xn--bcher-kva.test:65535",
            "x+y-z.1://host",
            "file://",
            "app://.",
            "app://-",
            "capacitor-electron://-",
            "myapp://",
            "content://com.example.app",
            "app://My%20App.exe",
            "app://..a",
            "app://*",
            "app://a!\"$&'()+,;={}~`_b:8080",
            "app://[::1]:8080",
            "safari-web-extension://0A1B2C3D-0000-4000-8000-00000000ABCD",
        ] {
            accepts(text);
        }
    }

    #[test]
    fn the_grammar_is_relaxed_in_three_ways_only() {
        accepts("http://a_b.test");
        accepts("http://_dmarc.test");
        accepts("http://a-.test");
        accepts("https://-a.test");
        accepts("https://a.-b.test");
        accepts("http://-");
        accepts("http://a.test.");
        accepts("http://a.test.:8080");
        refuses("http://a..test", OriginErrorKind::Host, 9);
        refuses("http://a.test..", OriginErrorKind::Host, 14);
        refuses("http://.", OriginErrorKind::Host, 7);
        refuses("http://.a", OriginErrorKind::Host, 7);
        refuses("http://a%20b", OriginErrorKind::Host, 8);
        refuses("http://a~b", OriginErrorKind::Host, 8);
    }

    #[test]
    fn errors_say_which_part_and_where() {
        refuses("", OriginErrorKind::Scheme, 0);
        refuses("null", OriginErrorKind::Scheme, 4);
        refuses("Http://a", OriginErrorKind::Scheme, 0);
        refuses("hTtp://a", OriginErrorKind::Scheme, 1);
        refuses("1http://a", OriginErrorKind::Scheme, 0);
        refuses("a.test", OriginErrorKind::Scheme, 6);
        refuses("http:", OriginErrorKind::Separator, 5);
        refuses("http:/a", OriginErrorKind::Separator, 6);
        refuses("http://", OriginErrorKind::Host, 7);
        refuses("http://A", OriginErrorKind::Host, 7);
        refuses("http://a/", OriginErrorKind::Host, 8);
        refuses("http://u@a", OriginErrorKind::Host, 8);
        refuses("http://a, http://b", OriginErrorKind::Host, 8);
        refuses("http://a\0", OriginErrorKind::Host, 8);
        refuses("http://b\u{fc}cher", OriginErrorKind::Host, 8);
        refuses("http://:80", OriginErrorKind::Host, 7);
        refuses("ws://A", OriginErrorKind::Host, 5);
        refuses("wss://a%20b", OriginErrorKind::Host, 7);
        refuses("ftp://", OriginErrorKind::Host, 6);
        refuses("http://a:", OriginErrorKind::Port, 9);
        refuses("http://a:x", OriginErrorKind::Port, 9);
        refuses("http://a:123456", OriginErrorKind::Port, 14);
        refuses("http://a:65536", OriginErrorKind::Port, 9);
        refuses("http://a:80/", OriginErrorKind::Port, 11);
        refuses("http://[::1]x", OriginErrorKind::Port, 12);
    }

    #[test]
    fn short_schemes_are_told_apart() {
        for (scheme, port) in [
            ("http", Some(80)),
            ("ws", Some(80)),
            ("https", Some(443)),
            ("wss", Some(443)),
            ("ftp", Some(21)),
            ("file", None),
            ("httpss", None),
            ("http+", None),
            ("htt", None),
            ("w", None),
            ("ftps", None),
            ("app", None),
            ("chrome-extension", None),
        ] {
            assert_eq!(default_port(scheme.as_bytes()), port, "{scheme}");
            assert_eq!(has_domains(scheme.as_bytes()), port.is_some(), "{scheme}");
        }
        // The largest and the smallest of each length.
        let numbers = [
            "a", "z", "a+", "zz", "a++", "zzz", "a+++", "zzzz", "a++++", "zzzzz",
        ];
        let numbers = numbers.map(|scheme| short_scheme(scheme.as_bytes()));
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn the_only_file_origin_has_no_host() {
        assert!(Origin::parse(b"file://").unwrap().is_file());
        for (text, at) in [
            ("file:///", 7),
            ("file://a", 7),
            ("file://localhost", 7),
            ("file://.", 7),
            ("file://[::1]", 7),
            ("file://:80", 7),
        ] {
            refuses(text, OriginErrorKind::Host, at);
        }
        refuses("File://", OriginErrorKind::Scheme, 0);
        assert!(!Origin::parse(b"files://").unwrap().is_file());
    }

    #[test]
    fn hosts_of_other_schemes_have_no_forbidden_byte() {
        for byte in 0..=255u8 {
            let text = [b"app://a", &[byte][..], b"b"].concat();
            // A colon begins a port, and `b` is not one.
            let expected = !(byte <= b' ' || byte >= 0x7f || b"#/:<>?@[\\]^|".contains(&byte));
            assert_eq!(Origin::parse(&text).is_ok(), expected, "{byte:#x}");
        }
        refuses("app://:80", OriginErrorKind::Host, 6);
        refuses("app://a/", OriginErrorKind::Host, 7);
        refuses("app:///", OriginErrorKind::Host, 6);
        refuses("app://u@a", OriginErrorKind::Host, 7);
        refuses("app://a b", OriginErrorKind::Host, 7);
        refuses("app://[::g]", OriginErrorKind::Ipv6, 9);
        refuses("app://a:65536", OriginErrorKind::Port, 8);
        let origin = Origin::parse(b"app://My.App").unwrap();
        assert_eq!((origin.host(), origin.port()), ("My.App", None));
        assert_eq!(Origin::parse(b"myapp://").unwrap().host(), "");
    }

    #[test]
    fn errors_are_displayed_with_their_place() {
        for (text, sentence) in [
            ("Http://a", "expected a lower-case scheme at byte 0"),
            ("http:a", "expected `//` after the scheme and its colon at byte 5"),
            (
                "http://a.test/",
                "expected a host as browsers write it at byte 13",
            ),
            ("http://[::1", "expected an IPv6 address in brackets at byte 11"),
            ("http://[::1]x", "expected a port or the end at byte 12"),
        ] {
            let error = Origin::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), sentence);
            assert!(sentence.starts_with(&error.kind().to_string()));
        }
    }

    #[test]
    fn an_origin_is_displayed_as_it_is() {
        let origin = Origin::try_from(&b"http://[::1]:8080"[..]).unwrap();
        assert_eq!(origin.to_string(), "http://[::1]:8080");
        assert_eq!(origin.as_ref(), "http://[::1]:8080");
        assert_eq!(format!("{origin:?}"), r#"Origin("http://[::1]:8080")"#);
    }

    #[test]
    fn null_is_matched_byte_for_byte() {
        assert_eq!(OriginOrNull::parse(b"null"), Ok(OriginOrNull::Null));
        for other in ["NULL", "Null", "null ", "nul", ""] {
            assert!(OriginOrNull::parse(other.as_bytes()).is_err(), "{other:?}");
        }
        let origin = Origin::parse(b"http://null").unwrap();
        assert_eq!(
            OriginOrNull::parse(b"http://null"),
            Ok(OriginOrNull::Origin(origin))
        );
    }

    #[test]
    fn addresses_in_brackets_are_ipv6() {
        accepts("http://[2001:db8::1]:8080");
        refuses("http://[1:2]", OriginErrorKind::Ipv6, 11);
        refuses("http://[::1", OriginErrorKind::Ipv6, 11);
        refuses("http://[::G]", OriginErrorKind::Ipv6, 10);
    }

    #[test]
    fn lengths_are_bounded_exactly() {
        let label = "a".repeat(63);
        let domain = [&label[..], &label, &label, &label[..61]].join(".");
        assert_eq!(domain.len(), 253);
        accepts(&format!("https://{domain}"));
        accepts(&format!("https://{domain}."));
        refuses(&format!("https://{domain}a"), OriginErrorKind::Host, 8 + 254);
        refuses(&format!("https://{domain}a."), OriginErrorKind::Host, 8 + 254);
        let scheme = "s".repeat(64);
        let longest = format!("{scheme}://{domain}.:65535");
        accepts(&longest);
        assert_eq!(longest.len(), MAX_ORIGIN_LEN);
        refuses(&format!("s{scheme}://a"), OriginErrorKind::Scheme, 65);
        let host = "a".repeat(254);
        accepts(&format!("app://{host}:65535"));
        refuses(&format!("app://{host}a"), OriginErrorKind::Host, 6 + 254);
    }

    #[test]
    fn an_origin_returns_its_parts() {
        let origin = Origin::parse(b"http://[::1]:8080").unwrap();
        assert_eq!(origin.scheme(), "http");
        assert_eq!(origin.host(), "[::1]");
        assert_eq!(origin.port(), Some(8080));
        assert_eq!(origin.without_port(), b"http://[::1]");
        assert_eq!(origin.port_bytes(), Some(&b"8080"[..]));
        assert_eq!(Origin::parse(b"http://a").unwrap().port_bytes(), None);
        assert_eq!(Origin::parse(b"http://a").unwrap().port(), None);
        assert_eq!(Origin::parse(b"http://a:0").unwrap().port(), Some(0));
    }

    #[test]
    fn loopback_hosts() {
        for host in [
            "localhost",
            "localhost.",
            "a.localhost",
            "a.localhost.",
            "127.0.0.1",
            "127.255.0.9",
            "[::1]",
        ] {
            assert!(is_loopback(host.as_bytes()), "{host}");
        }
        for host in [
            "localhost.test",
            "alocalhost",
            "128.0.0.1",
            "127.0.0.1.test",
            "[::2]",
            "[::1].",
            "127.0.0.1.",
            "127.1",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn an_ipv4_address_is_four_numbers_up_to_255() {
        assert_eq!(ipv4(b"1.20.255.0"), Some([1, 20, 255, 0]));
        for bad in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.0.0.1",
            "01.2.3.4",
            "1.2.3.4.",
            "a.b.c.d",
            "1..2.3",
        ] {
            assert_eq!(ipv4(bad.as_bytes()), None, "{bad}");
        }
    }
}
