//! A serialized origin, parsed: the ABNF of Fetch *Origin header* and three real-world relaxations.
//!
//! ```text
//! origin-or-null    = serialized-origin / %s"null"
//! serialized-origin = serialized-scheme "://" serialized-host [ ":" serialized-port ]
//! serialized-scheme = lower-alpha *( lower-alphanum / "+" / "-" / "." )
//! serialized-host   = serialized-ipv4 / "[" serialized-ipv6 "]" / serialized-domain
//! serialized-domain = *( domain-label "." ) domain-label
//! serialized-port   = 1*5DIGIT
//! ```
//!
//! Browsers also send hosts that this grammar leaves out, and only these are accepted beyond it: `_`
//! anywhere in a label, a hyphen at a label's end, one dot at the end of a domain. Lengths are
//! bounded: a scheme by [`MAX_SCHEME_LEN`], a host by [`MAX_HOST_LEN`], a port by 65535.

use core::fmt;

use crate::ascii::{as_str, eq, from, is_digit, is_label_byte, is_lower_alpha, is_scheme_byte, until};
use crate::ipv6;

/// The most bytes of a scheme: 64. The longest that browsers send is `safari-web-extension`, 20 bytes.
pub(crate) const MAX_SCHEME_LEN: usize = 64;

/// The most bytes of a host: 253 of a domain (RFC 1035 section 2.3.4 less its framing) and a trailing dot.
pub(crate) const MAX_HOST_LEN: usize = 254;

/// The most bytes of `:65535`.
pub(crate) const MAX_PORT_LEN: usize = 6;

/// The most bytes of an origin that [`Origin::parse`] accepts: 327.
///
/// 64 of the scheme, 3 of `://`, 254 of the host, 6 of the port.
pub const MAX_ORIGIN_LEN: usize = MAX_SCHEME_LEN + 3 + MAX_HOST_LEN + MAX_PORT_LEN;

/// A tuple origin as browsers serialize it, such as `https://app.example.com:8443`.
///
/// It borrows its text. Equality is byte equality, which is what the CORS check compares
/// (Fetch section 4.10): `https://a.example` and `https://a.example:443` are not equal, and no browser
/// sends the second.
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
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin<'a> {
    /// ASCII.
    text: &'a [u8],
    scheme_end: u16,
    host_end: u16,
}

impl<'a> Origin<'a> {
    /// Parses a `serialized-origin` (Fetch *Origin header*).
    ///
    /// `null` is no tuple origin and gives an error here: see [`OriginOrNull::parse`].
    ///
    /// # Errors
    ///
    /// [`OriginError`]: which part is wrong, and the index of the first byte that is.
    pub const fn parse(value: &'a [u8]) -> Result<Self, OriginError> {
        match parse(value) {
            Ok(parts) => Ok(Self {
                text: value,
                scheme_end: parts.scheme_end as u16,
                host_end: parts.host_end as u16,
            }),
            Err(error) => Err(error),
        }
    }

    /// The whole origin, as it was received.
    pub const fn as_str(&self) -> &'a str {
        as_str(self.text)
    }

    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The scheme, without the colon: `https`.
    pub fn scheme(&self) -> &'a str {
        as_str(self.scheme_bytes())
    }

    pub(crate) const fn scheme_bytes(&self) -> &'a [u8] {
        until(self.text, self.scheme_end as usize)
    }

    /// The host: a domain, an IPv4 address, or an IPv6 address in its brackets.
    pub fn host(&self) -> &'a str {
        as_str(self.host_bytes())
    }

    const fn host_bytes(&self) -> &'a [u8] {
        from(self.without_port(), self.host_start())
    }

    /// The port, if one is written. Browsers leave out the scheme's default port.
    pub fn port(&self) -> Option<u16> {
        let digits = self.as_str().get(self.host_end as usize + 1..)?;
        digits.parse().ok()
    }

    /// Whether the host is this machine whatever the network says: `localhost` and names under it,
    /// `127.0.0.0/8`, `[::1]` (Secure Contexts section 3.1).
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host_bytes())
    }

    /// Everything but the port: `https://app.example.com`.
    pub(crate) const fn without_port(&self) -> &'a [u8] {
        until(self.text, self.host_end as usize)
    }

    /// The index of the host's first byte.
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

    /// [`Origin::parse`].
    fn try_from(value: &'a [u8]) -> Result<Self, OriginError> {
        Self::parse(value)
    }
}

/// The value of an `Origin` field: a tuple origin, or `null`.
///
/// Browsers send `null` for opaque origins: sandboxed iframes of any site, `data:` and `file:` pages,
/// and after a redirect across origins.
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
    /// `null`, byte for byte.
    Null,
}

impl<'a> OriginOrNull<'a> {
    /// Parses `origin-or-null` (Fetch *Origin header*).
    ///
    /// # Errors
    ///
    /// As [`Origin::parse`].
    pub const fn parse(value: &'a [u8]) -> Result<Self, OriginError> {
        if eq(value, b"null") {
            return Ok(Self::Null);
        }
        match Origin::parse(value) {
            Ok(origin) => Ok(Self::Origin(origin)),
            Err(error) => Err(error),
        }
    }
}

/// Why bytes are no serialized origin, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginError {
    kind: OriginErrorKind,
    at: u16,
}

impl OriginError {
    pub(crate) const fn new(kind: OriginErrorKind, at: usize) -> Self {
        // Only a scheme or host that is not too long is walked, so this does not saturate in practice.
        let at = if at > u16::MAX as usize {
            u16::MAX
        } else {
            at as u16
        };
        Self { kind, at }
    }

    /// Which part of the grammar is not met.
    pub const fn kind(&self) -> OriginErrorKind {
        self.kind
    }

    /// The index of the first byte that the grammar does not admit; the length of the value when
    /// something is missing at its end.
    pub const fn at(&self) -> usize {
        self.at as usize
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.sentence(), self.at)
    }
}

impl core::error::Error for OriginError {}

/// The part of a serialized origin that [`OriginError`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OriginErrorKind {
    /// Not `lower-alpha *( lower-alphanum / "+" / "-" / "." )` before a `:`.
    Scheme,
    /// The scheme is not followed by `://`.
    Separator,
    /// Not a domain or an IPv4 address, or longer than 253 bytes and a trailing dot.
    Host,
    /// Not an address of the form `serialized-ipv6` in brackets.
    Ipv6,
    /// Not one to five digits, or above 65535, or followed by something.
    Port,
}

impl OriginErrorKind {
    /// What is wrong, in a few words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Scheme => "not a lower-case scheme",
            Self::Separator => "no `://` after the scheme",
            Self::Host => "not a lower-case host",
            Self::Ipv6 => "not an IPv6 address in brackets",
            Self::Port => "not a port",
        }
    }
}

impl fmt::Display for OriginErrorKind {
    /// The [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// Where the parts of a serialized origin end. The host starts three bytes after `scheme_end`.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) scheme_end: usize,
    pub(crate) host_end: usize,
}

/// `serialized-origin`.
pub(crate) const fn parse(text: &[u8]) -> Result<Parts, OriginError> {
    let scheme_end = match scheme_end(text) {
        Ok(end) => end,
        Err(error) => return Err(error),
    };
    let host_end = match host_end(text, scheme_end + 3) {
        Ok(end) => end,
        Err(error) => return Err(error),
    };
    if let Err(error) = port(text, host_end) {
        return Err(error);
    }
    Ok(Parts { scheme_end, host_end })
}

/// The end of `serialized-scheme`, which `://` must follow.
pub(crate) const fn scheme_end(text: &[u8]) -> Result<usize, OriginError> {
    let mut i = 0;
    while i < text.len() && i <= MAX_SCHEME_LEN {
        let byte = text[i];
        let admitted = if i == 0 {
            is_lower_alpha(byte)
        } else {
            is_scheme_byte(byte)
        };
        if !admitted {
            break;
        }
        i += 1;
    }
    if i == 0 || i > MAX_SCHEME_LEN || i >= text.len() {
        return Err(OriginError::new(OriginErrorKind::Scheme, i));
    }
    if text[i] != b':' {
        return Err(OriginError::new(OriginErrorKind::Scheme, i));
    }
    let mut slash = i + 1;
    while slash < i + 3 {
        if slash >= text.len() || text[slash] != b'/' {
            return Err(OriginError::new(OriginErrorKind::Separator, slash));
        }
        slash += 1;
    }
    Ok(i)
}

/// The end of `serialized-host`, which begins at `start`.
pub(crate) const fn host_end(text: &[u8], start: usize) -> Result<usize, OriginError> {
    if start < text.len() && text[start] == b'[' {
        return match ipv6::end(text, start) {
            Ok(end) => Ok(end),
            Err(at) => Err(OriginError::new(OriginErrorKind::Ipv6, at)),
        };
    }
    let mut i = start;
    let mut label_start = start;
    let limit = start + MAX_HOST_LEN;
    while i < text.len() {
        let byte = text[i];
        if !is_label_byte(byte) {
            match byte {
                b':' => break,
                // An empty label is admitted nowhere but at the very end, and not alone; a hyphen not at a label's start.
                b'.' if i > label_start => label_start = i + 1,
                b'-' if i > label_start => {}
                _ => return Err(OriginError::new(OriginErrorKind::Host, i)),
            }
        }
        if i >= limit {
            return Err(OriginError::new(OriginErrorKind::Host, i));
        }
        i += 1;
    }
    // The 254th byte is for the trailing dot alone.
    if i == start || (i - start == MAX_HOST_LEN && label_start != i) {
        return Err(OriginError::new(OriginErrorKind::Host, i));
    }
    Ok(i)
}

/// `[ ":" serialized-port ]`, to the end of the text.
pub(crate) const fn port(text: &[u8], host_end: usize) -> Result<(), OriginError> {
    if host_end >= text.len() {
        return Ok(());
    }
    if text[host_end] != b':' {
        return Err(OriginError::new(OriginErrorKind::Port, host_end));
    }
    let mut i = host_end + 1;
    let mut value: u32 = 0;
    while i < text.len() && i <= host_end + 5 && is_digit(text[i]) {
        value = value * 10 + (text[i] - b'0') as u32;
        i += 1;
    }
    if i == host_end + 1 || i < text.len() {
        return Err(OriginError::new(OriginErrorKind::Port, i));
    }
    if value > u16::MAX as u32 {
        return Err(OriginError::new(OriginErrorKind::Port, host_end + 1));
    }
    Ok(())
}

/// The four bytes of `serialized-ipv4`, if `host` is one.
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
        // dec-octet has no leading zero.
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

/// See [`Origin::is_loopback`].
pub(crate) const fn is_loopback(host: &[u8]) -> bool {
    let host = match host {
        [name @ .., b'.'] => name,
        name => name,
    };
    if let Some([127, _, _, _]) = ipv4(host) {
        return true;
    }
    if eq(host, b"[::1]") || eq(host, b"localhost") {
        return true;
    }
    match host.split_last_chunk::<10>() {
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
    fn what_browsers_send_is_accepted() {
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
        ] {
            accepts(text);
        }
    }

    #[test]
    fn three_relaxations_and_no_fourth() {
        accepts("http://a_b.test");
        accepts("http://_dmarc.test");
        accepts("http://a-.test");
        accepts("http://a.test.");
        accepts("http://a.test.:8080");
        refuses("http://-a.test", OriginErrorKind::Host, 7);
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
        refuses("http://a:", OriginErrorKind::Port, 9);
        refuses("http://a:x", OriginErrorKind::Port, 9);
        refuses("http://a:123456", OriginErrorKind::Port, 14);
        refuses("http://a:65536", OriginErrorKind::Port, 9);
        refuses("http://a:80/", OriginErrorKind::Port, 11);
        refuses("http://[::1]x", OriginErrorKind::Port, 12);
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
    }

    #[test]
    fn parts_are_the_parts() {
        let origin = Origin::parse(b"http://[::1]:8080").unwrap();
        assert_eq!(origin.scheme(), "http");
        assert_eq!(origin.host(), "[::1]");
        assert_eq!(origin.port(), Some(8080));
        assert_eq!(origin.without_port(), b"http://[::1]");
        assert_eq!(Origin::parse(b"http://a").unwrap().port(), None);
        assert_eq!(Origin::parse(b"http://a:0").unwrap().port(), Some(0));
    }

    #[test]
    fn loopback_hosts() {
        for host in [
            "localhost",
            "localhost.",
            "a.localhost",
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
            "127.1",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn ipv4_is_a_dotted_quad() {
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
