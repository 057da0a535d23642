//! Origins as browsers serialize them: what a page's origin may look like.
//!
//! The server side has a parser of the same grammar. This one is separate on purpose, and a law of
//! the tests compares the two.

use crate::ascii::{is_lower_alpha, is_lower_hex, is_scheme_byte};

/// The maximum lengths of a scheme, of a domain without a trailing dot, and of any other host.
const MAX_SCHEME_LEN: usize = 64;
const MAX_DOMAIN_LEN: usize = 253;
const MAX_HOST_LEN: usize = 254;

/// Returns whether `text` is an origin as browsers serialize it: `null`, or scheme, host and port
/// (<https://fetch.spec.whatwg.org/#origin-header>).
// Texts are searched as bytes: the searches of `str` have panicking paths.
pub(super) fn is_origin_or_null(text: &str) -> bool {
    text == "null" || is_tuple_origin(text.as_bytes()).is_some()
}

/// Returns `Some` if `text` is `scheme "://" host [":" port]`.
fn is_tuple_origin(text: &[u8]) -> Option<()> {
    let (scheme, rest) = split_at(text, text.iter().position(|&byte| byte == b':'))?;
    let rest = rest.strip_prefix(b"//")?;
    let is_scheme = scheme.first().copied().is_some_and(is_lower_alpha)
        && scheme.iter().copied().all(is_scheme_byte)
        && scheme.len() <= MAX_SCHEME_LEN;
    if scheme == b"file" {
        return rest.is_empty().then_some(());
    }
    // A colon stands in a host only between brackets.
    let bracket = rest.iter().rposition(|&byte| byte == b']').unwrap_or(0);
    let colon = rest.iter().skip(bracket).position(|&byte| byte == b':');
    let (host, port) = match colon {
        Some(colon) => split_at(rest, Some(bracket + colon)).map(|(host, port)| (host, Some(port)))?,
        None => (rest, None),
    };
    // The special schemes: https://url.spec.whatwg.org/#special-scheme.
    let is_special = matches!(scheme, b"http" | b"https" | b"ws" | b"wss" | b"ftp");
    let is_host = match host.strip_prefix(b"[") {
        Some(address) => Ipv6::parse(address.strip_suffix(b"]")?)?.is_in_fetch_form,
        None if is_special => is_domain(host),
        None => is_opaque_host(host) && (!host.is_empty() || port.is_none()),
    };
    (is_scheme && is_host && port.is_none_or(is_port)).then_some(())
}

/// Returns the bytes before and after the one at this index.
pub(super) fn split_at(text: &[u8], at: Option<usize>) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(at?)?;
    Some((before, rest.get(1..)?))
}

/// Returns whether `port` is one to five digits, and at most 65535.
fn is_port(port: &[u8]) -> bool {
    (1..=5).contains(&port.len()) && number(port).is_some_and(|number| number <= u16::MAX.into())
}

/// Parses digits. A number that is too large becomes the largest `u32`.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    let mut number: u32 = 0;
    for &byte in digits {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number = number.saturating_mul(10).saturating_add(digit.into());
    }
    (!digits.is_empty()).then_some(number)
}

/// Returns whether `host` is a domain or an IPv4 address: labels of lower-case letters, digits, `_`
/// and `-`, joined by dots. One dot may stand at the end.
pub(super) fn is_domain(host: &[u8]) -> bool {
    let labels = host.strip_suffix(b".").unwrap_or(host);
    labels.len() <= MAX_DOMAIN_LEN
        && labels
            .split(|&byte| byte == b'.')
            .all(|label| !label.is_empty() && label.iter().copied().all(is_in_labels))
}

/// Returns whether `byte` may stand in a label of a domain. The grammar of Fetch has no `_`, and no
/// hyphens at the ends of a label, but browsers send them.
const fn is_in_labels(byte: u8) -> bool {
    is_lower_alpha(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
}

/// Returns whether `host` is an opaque host after percent-encoding, or empty: no byte of it is a
/// *forbidden host code point*, a control or above 0x7E
/// (<https://url.spec.whatwg.org/#concept-opaque-host-parser>).
fn is_opaque_host(host: &[u8]) -> bool {
    let is_in_host = |byte: &u8| (b'!'..=b'~').contains(byte) && !is_forbidden_in_hosts(*byte);
    host.len() <= MAX_HOST_LEN && host.iter().all(is_in_host)
}

/// Returns whether an ASCII byte from 0x21 to 0x7E is a *forbidden host code point*:
/// <https://url.spec.whatwg.org/#forbidden-host-code-point>.
pub(super) fn is_forbidden_in_hosts(byte: u8) -> bool {
    matches!(
        byte,
        b'#' | b'/' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|'
    )
}

/// An IPv6 address.
pub(super) struct Ipv6 {
    pub(super) groups: [u16; 8],
    /// Whether the text has the form of `serialized-ipv6`: groups in lower case without leading
    /// zeros, and `::` for at least two groups.
    is_in_fetch_form: bool,
}

impl Ipv6 {
    /// Parses an address without its brackets. An address that ends with an IPv4 address is not
    /// parsed.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let pair = text.windows(2).position(|bytes| bytes == b"::");
        let (before, after) = match pair.and_then(|at| text.split_at_checked(at)) {
            Some((before, rest)) => (Groups::read(before)?, Some(Groups::read(rest.get(2..)?)?)),
            None => (Groups::read(text)?, None),
        };
        let mut groups = before.list;
        let Some(after) = after else {
            return (before.len == 8).then_some(Self {
                groups,
                is_in_fetch_form: before.is_short,
            });
        };
        let len = before.len + after.len;
        let start = 8usize.checked_sub(after.len)?;
        for (group, value) in groups.iter_mut().skip(start).zip(after.list) {
            *group = value;
        }
        (len <= 7).then_some(Self {
            groups,
            is_in_fetch_form: before.is_short && after.is_short && len <= 6,
        })
    }
}

/// Some groups of an address, separated by colons.
struct Groups {
    list: [u16; 8],
    len: usize,
    /// Whether all groups are in lower case and without leading zeros.
    is_short: bool,
}

impl Groups {
    fn read(text: &[u8]) -> Option<Self> {
        let mut groups = Self {
            list: [0; 8],
            len: 0,
            is_short: true,
        };
        if text.is_empty() {
            return Some(groups);
        }
        for group in text.split(|&byte| byte == b':') {
            if group.is_empty() || group.len() > 4 {
                return None;
            }
            let mut value = 0;
            for &byte in group {
                let digit = char::from(byte).to_digit(16)?;
                value = value * 16 + digit as u16;
            }
            groups.is_short &= group.iter().all(|&byte| is_lower_hex(byte))
                && (group.len() == 1 || !group.starts_with(b"0"));
            *groups.list.get_mut(groups.len)? = value;
            groups.len += 1;
        }
        Some(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_or_null() {
        for good in [
            "null",
            "https://app.example.com",
            "http://localhost:3000",
            "https://a_b.-c-.example.com.:65535",
            "http://127.0.0.1:8080",
            "https://[2001:db8::1]:8443",
            "capacitor://localhost",
            "capacitor-electron://-",
            "app://.",
            "file://",
            "myapp://",
            "content://com.example.app",
            "x://A%20b!$&'()*+,;=~:1",
            "x://[::1]",
        ] {
            assert!(is_origin_or_null(good), "{good}");
        }
        for bad in [
            "",
            "NULL",
            "*",
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://App.example.com",
            "HTTPS://app.example.com",
            "https://user@app.example.com",
            "https://app..example.com",
            "https://.example.com",
            "https://*.example.com",
            "https://app.example.com:",
            "https://app.example.com:65536",
            "https://app.example.com:8a",
            "https://app.example.com ",
            "https://app.example.com, https://b.example",
            "https:app.example.com",
            "https://[::1",
            "https://[::1]x",
            "https://[::1]:",
            "https://b\u{fc}cher.example",
            "1x://a",
            "x://a/",
            "x://a b",
            "x://:80",
            "file://a",
            "ws://A.example",
            "ftp://",
            "x://\u{7f}",
        ] {
            assert!(!is_origin_or_null(bad), "{bad}");
        }
        let host = "a".repeat(254);
        assert!(!is_origin_or_null(&format!("https://{host}")));
        assert!(is_origin_or_null(&format!("https://{}.", &host[..253])));
        assert!(is_origin_or_null(&format!("x://{host}")));
        assert!(!is_origin_or_null(&format!("x://{host}a")));
        assert!(!is_origin_or_null(&format!("{}://a", "x".repeat(65))));
    }

    #[test]
    fn addresses_have_eight_groups_or_one_pair_of_colons() {
        let groups = |text: &str| Ipv6::parse(text.as_bytes()).map(|address| address.groups);
        assert_eq!(groups("::"), Some([0; 8]));
        assert_eq!(groups("1:2:3:4:5:6:7:8"), Some([1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(groups("1::FFff"), Some([1, 0, 0, 0, 0, 0, 0, 0xffff]));
        assert_eq!(groups("::1:2"), Some([0, 0, 0, 0, 0, 0, 1, 2]));
        for bad in [
            "",
            ":",
            "1",
            ":::",
            "1::2::3",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4::5:6:7:8",
            "::12345",
            "::g",
            "::1.2.3.4",
            "1:",
        ] {
            assert_eq!(groups(bad), None, "{bad}");
        }
    }
}
