//! Origin patterns: what may stand in a policy's list of origins, and which origins each matches.
//!
//! | entry | matches | does not match |
//! |---|---|---|
//! | `https://example.com` | that origin, byte for byte | `http://example.com`, `https://example.com:8443`, `https://www.example.com`, `https://example.com.`, `https://example.com.evil.test`, `https://evilexample.com` |
//! | `https://*.example.com` | one or more labels before: `https://a.example.com`, `https://a.b.example.com` | the bare `https://example.com`, `https://evilexample.com`, `https://a.example.com:8443`, `https://a.example.com.`, `https://a.example.com.evil.test` |
//! | `http://localhost:*` | any port, or none: `http://localhost`, `http://localhost:3000` | `https://localhost:3000`, `http://localhost.evil.test:3000`, `http://a.localhost:3000` |
//! | `https://*.example.com:*` | both together | the bare domain, whatever its port |
//! | `http://[::1]`, `http://192.168.4.1` | that address | another spelling of it: browsers send only the shortest |
//! | `null` | `null` | `Null`, the empty value |
//! | `*` | every origin, `null` included | |
//!
//! *Why can `*` not stand elsewhere?* In `https://*example.com` it would admit `evilexample.com`, in
//! `https://example.*` it would admit whoever buys that name under another suffix.
//!
//! *Why is an entry refused that would merely never match?* Because an origin with a slash at its end
//! costs its author a day.
//!
//! *Why do patterns compare text?* An [`Origin`] was parsed in full before a pattern sees it, so its
//! labels are not empty and nothing hides in it; and browsers write each origin in one way.

use crate::ascii::{at, eq, find, from, is_digit, until};
use crate::error::PolicyErrorKind as Kind;
use crate::ipv6;
use crate::origin::{self, MAX_HOST_LEN, MAX_ORIGIN_LEN, MAX_PORT_LEN, Origin};

/// What the check of an entry found out.
#[derive(Clone, Copy)]
pub(crate) struct Pattern {
    pub(crate) form: Form,
    /// `http:` to a host that is not this machine: readable and writable by anyone on the way.
    pub(crate) insecure: bool,
    /// `*.` before a single label, such as `*.com`: every site of a registry.
    pub(crate) single_label: bool,
    /// The length of the longest origin that it matches.
    pub(crate) max_len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Any,
    Null,
    Exact,
    /// Has `*` for labels, for the port, or for both.
    Wildcard,
}

/// What is wrong with an entry, and the index of the byte.
pub(crate) type Mistake = (Kind, usize);

/// Checks one entry of a list of origins.
pub(crate) const fn check(entry: &[u8]) -> Result<Pattern, Mistake> {
    if entry.is_empty() {
        return Err((Kind::Empty, 0));
    }
    if eq(entry, b"*") {
        return Ok(Pattern {
            form: Form::Any,
            insecure: false,
            single_label: false,
            max_len: 1,
        });
    }
    if eq(entry, b"null") {
        return Ok(Pattern {
            form: Form::Null,
            insecure: false,
            single_label: false,
            max_len: 4,
        });
    }
    if let Some(mistake) = foreign_byte(entry) {
        return Err(mistake);
    }

    let scheme_end = match scheme(entry) {
        Ok(end) => end,
        Err(mistake) => return Err(mistake),
    };
    let after_scheme = scheme_end + 3;
    let subdomains = at(entry, after_scheme) == b'*' && at(entry, after_scheme + 1) == b'.';
    let host_start = if subdomains {
        after_scheme + 2
    } else {
        after_scheme
    };
    let host_end = match host(entry, host_start, subdomains) {
        Ok(end) => end,
        Err(mistake) => return Err(mistake),
    };
    let any_port = match port(entry, scheme_end, host_end) {
        Ok(any_port) => any_port,
        Err(mistake) => return Err(mistake),
    };

    let scheme = until(entry, scheme_end);
    let host = from(until(entry, host_end), host_start);
    let loopback = origin::is_loopback(host);
    let exact_len = if any_port {
        host_end + MAX_PORT_LEN
    } else {
        entry.len()
    };
    let max_len = if subdomains {
        // Instead of `*.`, as many labels as a host has room for.
        exact_len - (host_end - after_scheme) + MAX_HOST_LEN
    } else {
        exact_len
    };
    Ok(Pattern {
        form: if subdomains || any_port {
            Form::Wildcard
        } else {
            Form::Exact
        },
        insecure: eq(scheme, b"http") && !loopback,
        single_label: subdomains && !loopback && labels(host) == 1,
        max_len: if max_len > MAX_ORIGIN_LEN {
            MAX_ORIGIN_LEN
        } else {
            max_len
        },
    })
}

/// Whether a checked entry has `*` for labels, for the port, or for both.
pub(crate) fn is_wildcard(entry: &str) -> bool {
    find(entry.as_bytes(), b'*').is_some()
}

/// Whether a checked entry of form [`Form::Wildcard`] matches.
pub(crate) fn matches(entry: &str, origin: &Origin<'_>) -> bool {
    // An entry without `:*` says which port, or none: then the port is part of what is compared.
    let (pattern, text) = match entry.as_bytes() {
        [pattern @ .., b':', b'*'] => (pattern, origin.without_port()),
        pattern => (pattern, origin.as_bytes()),
    };
    // `https://*.example.com`: the same scheme before, `.example.com` after, and a label between them.
    match pattern.split_at_checked(origin.host_start()) {
        Some((scheme, [b'*', suffix @ ..])) => {
            text.starts_with(scheme) && text.ends_with(suffix) && text.len() > scheme.len() + suffix.len()
        }
        _ => pattern == text,
    }
}

/// Bytes that no origin and no pattern has, each with the mistake that it betrays.
const fn foreign_byte(entry: &[u8]) -> Option<Mistake> {
    let mut i = 0;
    let mut after_scheme = false;
    while i < entry.len() {
        match entry[i] {
            // The scheme's own slashes; after them a path is the first mistake, whatever stands in it.
            b':' if at(entry, i + 1) == b'/' && at(entry, i + 2) == b'/' && !after_scheme => {
                after_scheme = true;
                i += 3;
            }
            b'/' | b'?' | b'#' | b'\\' if after_scheme => return None,
            0x80.. => return Some((Kind::NonAscii, i)),
            b'A'..=b'Z' => return Some((Kind::UpperCase, i)),
            b' ' | b'\t' | b',' | b';' => return Some((Kind::SeveralInOne, i)),
            // User information, whose colon would be taken for a port's.
            b'@' => return Some((Kind::Host, i)),
            _ => i += 1,
        }
    }
    None
}

const fn scheme(entry: &[u8]) -> Result<usize, Mistake> {
    // `localhost:3000`, `example.com`, `//example.com`, `*.example.com`
    let mut i = 0;
    while i < entry.len() && !(entry[i] == b':' && at(entry, i + 1) == b'/' && at(entry, i + 2) == b'/') {
        i += 1;
    }
    if i >= entry.len() || i == 0 {
        return Err((Kind::NoScheme, 0));
    }
    let end = match origin::scheme_end(entry) {
        Ok(end) => end,
        Err(error) => return Err((Kind::Scheme, error.at())),
    };
    // URL section 4.7 *origin*: these are opaque, or, of `blob:`, that of another URL.
    let name = until(entry, end);
    if eq(name, b"file")
        || eq(name, b"data")
        || eq(name, b"blob")
        || eq(name, b"about")
        || eq(name, b"javascript")
    {
        return Err((Kind::OpaqueScheme, 0));
    }
    Ok(end)
}

const fn host(entry: &[u8], start: usize, subdomains: bool) -> Result<usize, Mistake> {
    let end = match origin::host_end(entry, start) {
        Ok(end) => end,
        Err(error) => {
            let index = error.at();
            return Err(match at(entry, index) {
                b'/' | b'?' | b'#' | b'\\' => (Kind::Path, index),
                b'*' => (Kind::Wildcard, index),
                _ if at(entry, start) == b'[' => (Kind::Ipv6, start),
                _ => (Kind::Host, index),
            });
        }
    };
    let host = from(until(entry, end), start);
    let address = if at(host, 0) == b'[' {
        if !ipv6::is_shortest(host) {
            return Err((Kind::Ipv6, start));
        }
        true
    } else if ends_in_a_number(host) {
        if origin::ipv4(host).is_none() {
            return Err((Kind::Ipv4, start));
        }
        true
    } else {
        false
    };
    if subdomains && address {
        return Err((Kind::WildcardAddress, start - 2));
    }
    // `*.` stands for at least one byte and the dot. The last byte of the longest host is for a trailing dot.
    let len = host.len() + 2;
    if subdomains && (len > MAX_HOST_LEN || (len == MAX_HOST_LEN && at(entry, end - 1) != b'.')) {
        return Err((Kind::Host, start));
    }
    Ok(end)
}

/// Whether the port is `*`.
const fn port(entry: &[u8], scheme_end: usize, host_end: usize) -> Result<bool, Mistake> {
    let after = from(entry, host_end);
    if after.is_empty() {
        return Ok(false);
    }
    if eq(after, b":*") {
        return Ok(true);
    }
    if let Err(error) = origin::port(entry, host_end) {
        let index = error.at();
        return Err(match (at(entry, index), at(entry, index + 1)) {
            // `https://example.com:/` has no port at all, but the slash is what its author sees.
            (b'/' | b'?' | b'#' | b'\\', _) => (Kind::Path, index),
            // In `:*/` the star is in its place.
            (b'*', b'/' | b'?' | b'#' | b'\\') if index == host_end + 1 => (Kind::Path, index + 1),
            (b'*', _) => (Kind::Wildcard, index),
            _ => (Kind::Port, index),
        });
    }
    // `:0` is no port that a page can be served from, and browsers write no leading zeros.
    if at(after, 1) == b'0' {
        return Err((Kind::Port, host_end + 1));
    }
    let scheme = until(entry, scheme_end);
    let default: &[u8] = if eq(scheme, b"http") || eq(scheme, b"ws") {
        b":80"
    } else if eq(scheme, b"https") || eq(scheme, b"wss") {
        b":443"
    } else if eq(scheme, b"ftp") {
        b":21"
    } else {
        b""
    };
    if eq(after, default) {
        return Err((Kind::DefaultPort, host_end));
    }
    Ok(false)
}

/// How many labels a domain has; a trailing dot ends the last one.
const fn labels(host: &[u8]) -> usize {
    let mut dots = 0;
    let mut i = 0;
    while i < host.len() {
        if host[i] == b'.' && i + 1 < host.len() {
            dots += 1;
        }
        i += 1;
    }
    dots + 1
}

/// URL section 3.5 *ends in a number checker*: such a host is an IPv4 address or nothing.
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
        while i < digits.len() && digits[i].is_ascii_hexdigit() {
            i += 1;
        }
        return i == digits.len();
    }
    let mut i = 0;
    while i < last.len() && is_digit(last[i]) {
        i += 1;
    }
    !last.is_empty() && i == last.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn mistake(entry: &str, kind: Kind, at: usize) {
        match check(entry.as_bytes()) {
            Ok(_) => panic!("{entry:?} was accepted"),
            Err(mistake) => assert_eq!(mistake, (kind, at), "{entry:?}"),
        }
    }

    #[track_caller]
    fn form(entry: &str, form: Form) -> Pattern {
        match check(entry.as_bytes()) {
            Ok(pattern) => {
                assert!(pattern.form == form, "{entry:?}");
                pattern
            }
            Err(mistake) => panic!("{entry:?}: {mistake:?}"),
        }
    }

    #[test]
    fn forms() {
        form("*", Form::Any);
        form("null", Form::Null);
        for exact in [
            "https://example.com",
            "https://example.com.",
            "http://localhost:3000",
            "http://192.168.4.1",
            "http://[::1]",
            "http://[2001:db8::1:0:0:1]:8080",
            "capacitor://localhost",
            "chrome-extension://abcdefgh",
            "https://a_b.example",
            "ftp://example.com:80",
            "http://4.example",
        ] {
            assert_eq!(form(exact, Form::Exact).max_len, exact.len());
        }
        for wildcard in [
            "https://*.example.com",
            "http://localhost:*",
            "https://*.example.com:8443",
            "https://*.example.com:*",
            "http://[::1]:*",
            "http://192.168.4.1:*",
        ] {
            form(wildcard, Form::Wildcard);
        }
    }

    #[test]
    fn mistakes_name_the_byte() {
        mistake("", Kind::Empty, 0);
        mistake("example.com", Kind::NoScheme, 0);
        mistake("localhost:3000", Kind::NoScheme, 0);
        mistake("*.example.com", Kind::NoScheme, 0);
        mistake("//example.com", Kind::NoScheme, 0);
        mistake("://example.com", Kind::NoScheme, 0);
        mistake("https:/example.com", Kind::NoScheme, 0);
        mistake("1a://example.com", Kind::Scheme, 0);
        mistake("file://", Kind::OpaqueScheme, 0);
        mistake("file:///index.html", Kind::OpaqueScheme, 0);
        mistake("https://Example.com", Kind::UpperCase, 8);
        mistake("NULL", Kind::UpperCase, 0);
        mistake("https://bücher.example", Kind::NonAscii, 9);
        mistake("https://example.com/", Kind::Path, 19);
        mistake("https://example.com/api", Kind::Path, 19);
        mistake("https://example.com?x", Kind::Path, 19);
        mistake("https://example.com#x", Kind::Path, 19);
        mistake("https://example.com:8443/", Kind::Path, 24);
        mistake("https://example.com:443", Kind::DefaultPort, 19);
        mistake("http://example.com:80", Kind::DefaultPort, 18);
        mistake("http://[::1]:80", Kind::DefaultPort, 12);
        mistake("https://example.com:", Kind::Port, 20);
        mistake("https://example.com:0", Kind::Port, 20);
        mistake("https://example.com:08", Kind::Port, 20);
        mistake("https://example.com:65536", Kind::Port, 20);
        mistake("https://example.com:x", Kind::Port, 20);
        mistake("https://a.example https://b.example", Kind::SeveralInOne, 17);
        mistake("https://a.example,https://b.example", Kind::SeveralInOne, 17);
        mistake("https://user@example.com", Kind::Host, 12);
        mistake("https://", Kind::Host, 8);
        mistake("https://-example.com", Kind::Host, 8);
        mistake("https://a..b", Kind::Host, 10);
        mistake("https://exam%70le.com", Kind::Host, 12);
        mistake("http://1.2.3", Kind::Ipv4, 7);
        mistake("http://1.2.3.4.", Kind::Ipv4, 7);
        mistake("http://256.1.1.1", Kind::Ipv4, 7);
        mistake("http://0x7f.1", Kind::Ipv4, 7);
        mistake("http://0x7f", Kind::Ipv4, 7);
        mistake("http://2130706433", Kind::Ipv4, 7);
        mistake("http://[::0]", Kind::Ipv6, 7);
        mistake("http://[0:0:0:0:0:0:0:1]", Kind::Ipv6, 7);
        mistake("http://[1::2:0:0:0:3]", Kind::Ipv6, 7);
        mistake("http://[::1", Kind::Ipv6, 7);
        mistake("https://example.com/API", Kind::Path, 19);
        mistake("https://example.com?\u{e9}", Kind::Path, 19);
        mistake("https://a..b/\u{e9}", Kind::Host, 10);
        mistake("http://localhost:*/", Kind::Path, 18);
        mistake("data://x", Kind::OpaqueScheme, 0);
        mistake("blob://a", Kind::OpaqueScheme, 0);
        // 251 bytes behind `*.` and a dot at the end make a host of 254; without the dot, one too many.
        let name = |len: usize| "a.".repeat(len / 2) + if len % 2 == 1 { "a" } else { "" };
        assert!(check(format!("https://*.{}", name(252)).as_bytes()).is_ok());
        mistake(&format!("https://*.{}a", name(252)), Kind::Host, 10);
        assert!(check(format!("https://*.{}", name(251)).as_bytes()).is_ok());
        mistake("http://[1::2:0:3]x", Kind::Port, 17);
    }

    #[test]
    fn a_star_stands_for_leading_labels_or_the_port() {
        mistake("https://*", Kind::Wildcard, 8);
        mistake("https://*example.com", Kind::Wildcard, 8);
        mistake("https://*-dev.example.com", Kind::Wildcard, 8);
        mistake("https://*:8080", Kind::Wildcard, 8);
        mistake("https://*.*.example.com", Kind::Wildcard, 10);
        mistake("https://a.*.example.com", Kind::Wildcard, 10);
        mistake("https://example.*", Kind::Wildcard, 16);
        mistake("https://example.com*", Kind::Wildcard, 19);
        mistake("https://example.com:80*", Kind::Wildcard, 22);
        mistake("https://example.com:**", Kind::Wildcard, 20);
        mistake("*://example.com", Kind::Scheme, 0);
        mistake("**", Kind::NoScheme, 0);
        mistake("https://*.192.168.4.1", Kind::WildcardAddress, 8);
        mistake("https://*.[::1]", Kind::WildcardAddress, 8);
        mistake("https://*.", Kind::Host, 10);
    }

    #[test]
    fn facts_for_credentials() {
        assert!(form("http://example.com", Form::Exact).insecure);
        assert!(form("http://*.example.com:*", Form::Wildcard).insecure);
        assert!(form("http://192.168.4.1", Form::Exact).insecure);
        for safe in [
            "https://example.com",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]",
            "http://a.localhost",
            "capacitor://localhost",
        ] {
            assert!(!form(safe, Form::Exact).insecure, "{safe}");
        }
        for wide in ["https://*.com", "https://*.com.", "https://*.local:*"] {
            assert!(form(wide, Form::Wildcard).single_label, "{wide}");
        }
        for narrow in [
            "https://*.example.com",
            "http://*.localhost",
            "http://localhost:*",
        ] {
            assert!(!form(narrow, Form::Wildcard).single_label, "{narrow}");
        }
    }

    #[track_caller]
    fn admits(entry: &str, origins: &[&str]) {
        form(entry, Form::Wildcard);
        for origin in origins {
            let origin = Origin::parse(origin.as_bytes()).expect(origin);
            assert!(matches(entry, &origin), "{entry} should match {origin}");
        }
    }

    #[track_caller]
    fn spurns(entry: &str, origins: &[&str]) {
        for origin in origins {
            let origin = Origin::parse(origin.as_bytes()).expect(origin);
            assert!(!matches(entry, &origin), "{entry} must not match {origin}");
        }
    }

    #[test]
    fn near_misses() {
        admits(
            "https://*.example.com",
            &[
                "https://a.example.com",
                "https://a.b.example.com",
                "https://xn--bcher-kva.example.com",
                "https://_.example.com",
            ],
        );
        spurns(
            "https://*.example.com",
            &[
                "https://example.com",
                "http://a.example.com",
                "https://evilexample.com",
                "https://aexample.com",
                "https://a.example.com.",
                "https://a.example.com:8443",
                "https://a.example.com.evil.test",
                "https://a.example.common.test",
                "https://a.exampleXcom".to_lowercase().as_str(),
                "x-https://a.example.com",
                "httpss://a.example.com",
            ],
        );
        admits(
            "http://localhost:*",
            &["http://localhost", "http://localhost:1", "http://localhost:65535"],
        );
        spurns(
            "http://localhost:*",
            &[
                "https://localhost:1",
                "http://localhost.:1",
                "http://localhost.evil.test:1",
                "http://a.localhost:1",
                "http://localhos:1",
                "http://localhosts",
            ],
        );
        admits(
            "https://*.example.com:*",
            &["https://a.example.com", "https://a.b.example.com:8443"],
        );
        spurns(
            "https://*.example.com:*",
            &[
                "https://example.com",
                "https://example.com:1",
                "https://aexample.com:1",
            ],
        );
        admits("https://*.example.com:8443", &["https://a.example.com:8443"]);
        spurns(
            "https://*.example.com:8443",
            &[
                "https://a.example.com",
                "https://a.example.com:443",
                "https://a.example.com:18443",
            ],
        );
        admits("http://[::1]:*", &["http://[::1]", "http://[::1]:80"]);
        spurns("http://[::1]:*", &["http://[::11]:80", "http://[1::1]"]);
    }

    #[test]
    fn the_longest_match_is_bounded() {
        let longest_host = |suffix: &str| {
            let mut host = String::from(suffix);
            while host.len() + 2 < MAX_HOST_LEN {
                host.insert_str(0, "a.");
            }
            if host.len() < MAX_HOST_LEN - 1 {
                host.insert(0, 'a');
            }
            host
        };
        let host = longest_host("example.com");
        assert_eq!(host.len(), 253);
        for (entry, origin) in [
            ("https://*.example.com", format!("https://{host}")),
            ("https://*.example.com:8443", format!("https://{host}:8443")),
            ("https://*.example.com:*", format!("https://{host}:65535")),
            ("http://localhost:*", String::from("http://localhost:65535")),
        ] {
            let parsed = Origin::parse(origin.as_bytes()).unwrap();
            assert!(matches(entry, &parsed));
            let bound = form(entry, Form::Wildcard).max_len;
            assert!(
                origin.len() <= bound && bound <= origin.len() + 1,
                "{entry}: {bound}"
            );
        }
    }
}
