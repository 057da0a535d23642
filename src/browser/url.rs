//! Addresses of HTTP resources: their origin, path and query.

use super::origin::{Ipv6, is_domain, is_forbidden_in_hosts, number, split_at};
use crate::ascii::{as_str, from, is_digit, until};

/// The maximum length of an address. [`Failure::UrlNotUnderstood`](super::Failure) names the
/// number.
const MAX_URL_LEN: usize = 2048;

/// An `http:` or `https:` URL, as the [URL Standard] serializes it, without user name, password and
/// fragment.
///
/// [URL Standard]: https://url.spec.whatwg.org/
#[derive(Clone)]
pub(super) struct Url {
    text: Text,
    /// The length of the origin.
    origin_len: usize,
    /// The length of origin and path.
    path_end: usize,
    /// Whether the parsed text had a user name or a password.
    pub(super) includes_credentials: bool,
}

/// Why a text is not a [`Url`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UrlError {
    /// The text is not a URL.
    Malformed,
    /// The scheme is neither `http` nor `https`.
    NotHttp,
    /// The text is too long, or has a host that has to be converted: `%`, other than ASCII, or an
    /// IPv4 address in another form than four decimal numbers.
    NotUnderstood,
}

impl Url {
    /// Returns a URL without content, which cannot be a base of references.
    pub(super) const fn empty() -> Self {
        Self {
            text: Text::new(),
            origin_len: 0,
            path_end: 0,
            includes_credentials: false,
        }
    }

    /// Parses a text relative to this URL, unless this one is empty, and replaces it with the
    /// result: the *basic URL parser*, <https://url.spec.whatwg.org/#concept-basic-url-parser>.
    ///
    /// After an error the URL has no meaning.
    // In place, since a copy takes 2 KiB of stack.
    pub(super) fn resolve(&mut self, input: &[u8]) -> Result<(), UrlError> {
        let input = input.trim_ascii();
        if !input.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(UrlError::NotUnderstood);
        }
        let has_base = self.origin_len > 0;
        let (input, _) = split(input, |byte| byte == b'#');
        if let Some((scheme, rest)) = scheme(input) {
            let is_scheme = |known: &&str| scheme.eq_ignore_ascii_case(known.as_bytes());
            let scheme = ["http", "https"]
                .into_iter()
                .find(is_scheme)
                .ok_or(UrlError::NotHttp)?;
            // With the scheme of the base, a reference without `//` is relative.
            return if has_base && self.scheme() == scheme && !rest.starts_with(b"//") {
                self.resolve_relative(rest)
            } else {
                self.set_authority(scheme, skip_slashes(rest))
            };
        }
        if !has_base {
            return Err(UrlError::Malformed);
        }
        self.resolve_relative(input)
    }

    /// Resolves a reference without a scheme.
    fn resolve_relative(&mut self, reference: &[u8]) -> Result<(), UrlError> {
        let (path, query) = split(reference, |byte| byte == b'?');
        let is_absolute = path.first().copied().is_some_and(is_slash);
        if is_absolute && path.get(1).copied().is_some_and(is_slash) {
            return self.set_authority(self.scheme(), skip_slashes(reference));
        }
        if path.is_empty() {
            // The path of the base stays, and its query too if the reference has none.
            if query.is_some() {
                self.text.truncate(self.path_end);
            }
        } else if is_absolute {
            self.text.truncate(self.origin_len);
            self.push_path(path.get(1..).unwrap_or(b""))?;
        } else {
            self.text.truncate(self.path_end);
            self.text.pop_segment(self.origin_len);
            self.push_path(path)?;
        }
        self.includes_credentials = false;
        self.push_query(query)
    }

    /// Sets what follows the slashes: authority, path and query.
    fn set_authority(&mut self, scheme: &str, rest: &[u8]) -> Result<(), UrlError> {
        let end = rest
            .iter()
            .position(|&byte| is_slash(byte) || byte == b'?')
            .unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, b""));
        let at = authority.iter().rposition(|&byte| byte == b'@');
        let (user, host_and_port) = split_at(authority, at).unwrap_or((b"", authority));
        self.includes_credentials = !matches!(user, b"" | b":");
        self.text.truncate(0);
        self.text.push(scheme.as_bytes())?;
        self.text.push(b"://")?;
        self.push_host_and_port(host_and_port, if scheme == "https" { 443 } else { 80 })?;
        self.origin_len = self.text.len;
        let (path, query) = split(rest, |byte| byte == b'?');
        self.push_path(path.get(1..).unwrap_or(b""))?;
        self.push_query(query)
    }

    /// Appends a host as the *host serializer* writes it, and the port if it is not the default:
    /// <https://url.spec.whatwg.org/#host-parsing>.
    fn push_host_and_port(&mut self, text: &[u8], default_port: u16) -> Result<(), UrlError> {
        let bracket = text.iter().rposition(|&byte| byte == b']').unwrap_or(0);
        let colon = text
            .iter()
            .skip(bracket)
            .position(|&byte| byte == b':')
            .map(|colon| bracket + colon);
        let (host, port) = match colon.and_then(|colon| text.split_at_checked(colon)) {
            Some((host, port)) => (host, port.get(1..).unwrap_or(b"")),
            None => (text, &b""[..]),
        };
        if let Some(address) = host.strip_prefix(b"[") {
            let address = address.strip_suffix(b"]").ok_or(UrlError::Malformed)?;
            // An address may end with an IPv4 address, which is not converted here.
            if address.contains(&b'.') {
                return Err(UrlError::NotUnderstood);
            }
            let address = Ipv6::parse(address).ok_or(UrlError::Malformed)?;
            self.text.push_ipv6(&address.groups)?;
        } else {
            let start = self.text.len;
            self.text.push(host)?;
            self.text.make_lower_case(start);
            check_host(self.text.get(start))?;
        }
        if port.is_empty() {
            return Ok(());
        }
        let number = number(port).ok_or(UrlError::Malformed)?;
        let number = u16::try_from(number).map_err(|_| UrlError::Malformed)?;
        if number == default_port {
            return Ok(());
        }
        self.text.push(b":")?;
        self.text.push_decimal(number)
    }

    /// Appends the segments of a path, which follows a slash: the *path state*,
    /// <https://url.spec.whatwg.org/#path-state>.
    fn push_path(&mut self, path: &[u8]) -> Result<(), UrlError> {
        let mut rest = Some(path);
        while let Some(path) = rest {
            let (segment, next) = split(path, is_slash);
            rest = next;
            let is = |forms: &[&[u8]]| forms.iter().any(|form| segment.eq_ignore_ascii_case(form));
            let is_double_dot = is(&[b"..", b".%2e", b"%2e.", b"%2e%2e"]);
            if is_double_dot {
                self.text.pop_segment(self.origin_len);
            }
            if is_double_dot || is(&[b".", b"%2e"]) {
                // A dot at the end leaves a slash.
                if rest.is_none() {
                    self.text.push(b"/")?;
                }
                continue;
            }
            self.text.push(b"/")?;
            self.text.push_encoded(segment, |byte| {
                matches!(byte, b' ' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}')
            })?;
        }
        self.path_end = self.text.len;
        Ok(())
    }

    fn push_query(&mut self, query: Option<&[u8]>) -> Result<(), UrlError> {
        let Some(query) = query else { return Ok(()) };
        self.text.push(b"?")?;
        self.text
            .push_encoded(query, |byte| matches!(byte, b' ' | b'"' | b'<' | b'>' | b'\''))
    }

    pub(super) fn as_str(&self) -> &str {
        as_str(self.text.get(0))
    }

    /// Returns the scheme, the host and the port.
    pub(super) fn origin(&self) -> &str {
        as_str(until(self.text.get(0), self.origin_len))
    }

    fn scheme(&self) -> &'static str {
        if self.text.get(0).starts_with(b"https:") {
            "https"
        } else {
            "http"
        }
    }

    /// Returns the host and the port, as `Host` has them.
    pub(super) fn host(&self) -> &str {
        as_str(from(self.origin().as_bytes(), self.scheme().len() + "://".len()))
    }

    /// Returns path and query, as a request line has them.
    pub(super) fn target(&self) -> &str {
        as_str(self.text.get(self.origin_len))
    }
}

impl core::fmt::Debug for Url {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Checks a host in lower case that is not in brackets.
fn check_host(host: &[u8]) -> Result<(), UrlError> {
    if host.is_empty()
        || host
            .iter()
            .any(|&byte| byte == b' ' || is_forbidden_in_hosts(byte))
    {
        return Err(UrlError::Malformed);
    }
    let labels = host.strip_suffix(b".").unwrap_or(host);
    let last = labels.rsplit(|&byte| byte == b'.').next().unwrap_or(b"");
    // A host that ends with a number is an IPv4 address:
    // https://url.spec.whatwg.org/#ends-in-a-number-checker.
    let is_address = last.iter().copied().all(is_digit)
        || last
            .strip_prefix(b"0x")
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let octets = || host.split(|&byte| byte == b'.');
    let is_octet = |octet: &[u8]| {
        number(octet).is_some_and(|number| number <= 255) && (octet.len() == 1 || !octet.starts_with(b"0"))
    };
    let is_plain_address = || octets().count() == 4 && octets().all(is_octet);
    if !is_domain(host) || (is_address && !is_plain_address()) {
        return Err(UrlError::NotUnderstood);
    }
    Ok(())
}

const fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn skip_slashes(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&byte| !is_slash(byte))
        .unwrap_or(text.len());
    text.get(start..).unwrap_or(b"")
}

/// Splits `text` at the first byte that `is_separator` accepts.
fn split(text: &[u8], is_separator: impl Fn(u8) -> bool) -> (&[u8], Option<&[u8]>) {
    match split_at(text, text.iter().position(|&byte| is_separator(byte))) {
        Some((before, rest)) => (before, Some(rest)),
        None => (text, None),
    }
}

/// Returns the scheme of a URL and what follows its colon.
fn scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (scheme, rest) = split(text, |byte| byte == b':');
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    rest.filter(|_| is_scheme).map(|rest| (scheme, rest))
}

/// A text of bounded length.
#[derive(Clone)]
struct Text {
    bytes: [u8; MAX_URL_LEN],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self {
            bytes: [0; MAX_URL_LEN],
            len: 0,
        }
    }

    /// Returns the text from `start` on.
    fn get(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.len).unwrap_or(b"")
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), UrlError> {
        let free = self.bytes.get_mut(self.len..).unwrap_or(&mut []);
        let Some((place, _)) = free.split_at_mut_checked(bytes.len()) else {
            return Err(UrlError::NotUnderstood);
        };
        place.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// Appends `bytes`, with those that `is_encoded` names percent-encoded.
    fn push_encoded(&mut self, bytes: &[u8], is_encoded: impl Fn(u8) -> bool) -> Result<(), UrlError> {
        for &byte in bytes {
            if is_encoded(byte) {
                let digit = |value: u8| {
                    if value < 10 {
                        b'0' + value
                    } else {
                        b'A' + (value - 10)
                    }
                };
                self.push(&[b'%', digit(byte >> 4), digit(byte & 0xf)])?;
            } else {
                self.push(&[byte])?;
            }
        }
        Ok(())
    }

    fn push_decimal(&mut self, mut number: u16) -> Result<(), UrlError> {
        let mut digits = [b'0'; 5];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.push_without_zeros(&digits)
    }

    fn push_hex(&mut self, number: u16) -> Result<(), UrlError> {
        let digit = |shift: u8| match (number >> shift) as u8 & 0xf {
            value @ 0..=9 => b'0' + value,
            value => b'a' + (value - 10),
        };
        self.push_without_zeros(&[12, 8, 4, 0].map(digit))
    }

    /// Appends digits without the zeros before the first other digit, and at least the last one.
    fn push_without_zeros(&mut self, digits: &[u8]) -> Result<(), UrlError> {
        let mut is_leading = true;
        for (index, &digit) in digits.iter().enumerate() {
            is_leading &= digit == b'0' && index + 1 < digits.len();
            if !is_leading {
                self.push(&[digit])?;
            }
        }
        Ok(())
    }

    /// Appends an address as the *IPv6 serializer* writes it:
    /// <https://url.spec.whatwg.org/#concept-ipv6-serializer>.
    fn push_ipv6(&mut self, groups: &[u16; 8]) -> Result<(), UrlError> {
        // The first of the longest runs of two or more zeros is left out.
        let run_at = |start: usize| groups.iter().skip(start).take_while(|group| **group == 0).count();
        let mut compressed = (8, 1);
        for start in 0..8 {
            if run_at(start) > compressed.1 {
                compressed = (start, run_at(start));
            }
        }
        self.push(b"[")?;
        for (index, group) in groups.iter().enumerate() {
            if index == compressed.0 {
                self.push(b"::")?;
            }
            if (compressed.0..compressed.0 + compressed.1).contains(&index) {
                continue;
            }
            if index > 0 && index != compressed.0 + compressed.1 {
                self.push(b":")?;
            }
            self.push_hex(*group)?;
        }
        self.push(b"]")
    }

    fn make_lower_case(&mut self, start: usize) {
        if let Some(bytes) = self.bytes.get_mut(start..self.len) {
            bytes.make_ascii_lowercase();
        }
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Removes the last segment and the slash before it, if there is one after `start`.
    fn pop_segment(&mut self, start: usize) {
        if let Some(slash) = self.get(start).iter().rposition(|&byte| byte == b'/') {
            self.truncate(start + slash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &str, base: Option<&str>) -> Result<String, UrlError> {
        let mut url = Url::empty();
        if let Some(base) = base {
            url.resolve(base.as_bytes()).unwrap();
        }
        url.resolve(input.as_bytes()).map(|()| url.as_str().to_string())
    }

    #[test]
    fn an_absolute_address_is_serialized_as_by_the_url_standard() {
        for (input, url) in [
            ("https://api.example.com", "https://api.example.com/"),
            ("HTTPS://API.Example.com:443/a?b#c", "https://api.example.com/a?b"),
            ("http://api.example.com:0080", "http://api.example.com/"),
            ("http://api.example.com:443/", "http://api.example.com:443/"),
            ("https://api.example.com:", "https://api.example.com/"),
            ("https:api.example.com/x", "https://api.example.com/x"),
            ("https:////api.example.com\\x", "https://api.example.com/x"),
            ("https://a.example?b", "https://a.example/?b"),
            ("https://a.example/a/./b/../c", "https://a.example/a/c"),
            ("https://a.example/../../a/%2E%2e/b/..", "https://a.example/"),
            ("https://a.example/a//b/.", "https://a.example/a//b/"),
            (
                "https://a.example/a b?c d'<",
                "https://a.example/a%20b?c%20d%27%3C",
            ),
            ("https://u:p@a.example/", "https://a.example/"),
            ("http://[0:0::1]:81", "http://[::1]:81/"),
            ("http://[2001:DB8:0:0:1:0:0:0]", "http://[2001:db8:0:0:1::]/"),
            ("http://[1:0:3:0:5:0:7:0]", "http://[1:0:3:0:5:0:7:0]/"),
            ("http://[0:0:3:0:0:0:7:0]", "http://[0:0:3::7:0]/"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            ("  https://a.example  ", "https://a.example/"),
        ] {
            assert_eq!(parse(input, None).as_deref(), Ok(url), "{input}");
        }
    }

    #[test]
    fn a_reference_is_resolved_against_its_base() {
        let base = "https://a.example:1/b/c?d";
        for (input, url) in [
            ("/x", "https://a.example:1/x"),
            ("x", "https://a.example:1/b/x"),
            ("./x", "https://a.example:1/b/x"),
            ("../x?y", "https://a.example:1/x?y"),
            ("..", "https://a.example:1/"),
            ("?x", "https://a.example:1/b/c?x"),
            ("", "https://a.example:1/b/c?d"),
            ("#x", "https://a.example:1/b/c?d"),
            ("//c.example/x", "https://c.example/x"),
            ("\\\\c.example", "https://c.example/"),
            ("https:x", "https://a.example:1/b/x"),
            ("https:/x", "https://a.example:1/x"),
            ("http:x", "http://x/"),
            ("http://b.example", "http://b.example/"),
        ] {
            assert_eq!(parse(input, Some(base)).as_deref(), Ok(url), "{input}");
        }
    }

    #[test]
    fn what_is_not_an_http_address_is_refused() {
        for (input, error) in [
            ("", UrlError::Malformed),
            ("/x", UrlError::Malformed),
            ("https://", UrlError::Malformed),
            ("https://a b.example", UrlError::Malformed),
            ("https://a.example:x", UrlError::Malformed),
            ("https://a.example:65536", UrlError::Malformed),
            ("https://[::1", UrlError::Malformed),
            ("https://[1]", UrlError::Malformed),
            ("ftp://a.example", UrlError::NotHttp),
            ("data:text/plain,x", UrlError::NotHttp),
            ("https://b\u{fc}cher.example", UrlError::NotUnderstood),
            ("https://%61.example", UrlError::NotUnderstood),
            ("http://0x7f.1/", UrlError::NotUnderstood),
            ("http://127.1", UrlError::NotUnderstood),
            ("http://127.0.0.01", UrlError::NotUnderstood),
            ("http://[::1.2.3.4]", UrlError::NotUnderstood),
            ("https://a..example", UrlError::NotUnderstood),
            ("https://a.example/\u{1}", UrlError::NotUnderstood),
        ] {
            assert_eq!(parse(input, None), Err(error), "{input}");
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL_LEN));
        assert_eq!(parse(&long, None), Err(UrlError::NotUnderstood));
        assert!(parse(&long[..MAX_URL_LEN], None).is_ok());
    }

    #[test]
    fn the_parts_of_an_address_are_those_of_a_request() {
        let mut url = Url::empty();
        url.resolve(b"https://u@api.example.com:8443/a/b?c=d").unwrap();
        assert_eq!(url.origin(), "https://api.example.com:8443");
        assert_eq!(url.host(), "api.example.com:8443");
        assert_eq!(url.target(), "/a/b?c=d");
        assert!(url.includes_credentials);
        url.resolve(b"x").unwrap();
        assert!(!url.includes_credentials && url.target() == "/a/x");
        for plain in ["https://a.example", "https://@a.example", "https://:@a.example"] {
            url.resolve(plain.as_bytes()).unwrap();
            assert!(!url.includes_credentials);
        }
    }
}
