//! Bytes that neither an origin nor a pattern has, and what they show: a list in one entry, a
//! regular expression, a variable of a server's configuration, the end of a line.

use super::set::{index_of, separator};
use crate::ascii::{at, eq_ignore_case, from, is_lower_alpha, until};
use crate::origin;
use crate::policy::error_kind::{Mistake, PolicyErrorKind};

/// Returns the first byte that neither an origin nor a pattern can have, with the mistake that it
/// shows. Bytes of a path do not count, because then the path is the mistake, whatever is in it.
pub(super) const fn first(entry: &[u8]) -> Option<Mistake> {
    if is_opaque(entry) {
        return Some((PolicyErrorKind::OpaqueScheme, 0));
    }
    let separator = separator(entry);
    let has_scheme = separator < entry.len();
    let scheme = until(entry, separator);
    // Hosts of applications have upper-case letters, parentheses, `$` and more.
    let is_lenient = has_scheme && !origin::has_domains(scheme) && is_scheme(entry);
    let mut i = 0;
    while i < entry.len() {
        let byte = entry[i];
        // Most bytes, which are right everywhere.
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-') {
            i += 1;
            continue;
        }
        let next = at(entry, i + 1);
        let is_in_scheme = has_scheme && i < separator;
        match byte {
            b'\r' | b'\n' => return Some((PolicyErrorKind::LineEnd, i)),
            _ if has_scheme && i == separator => {
                i += "://".len();
                continue;
            }
            0x80.. => return Some((PolicyErrorKind::NonAscii, i)),
            b' ' | b'\t' | b',' | b';' => return Some((PolicyErrorKind::SeveralInOne, i)),
            // User information. Its colon would be taken for that of a port.
            b'@' => return Some((PolicyErrorKind::Host, i)),
            b'^' | b'|' => return Some((PolicyErrorKind::Regex, i)),
            b'\\' if is_escaped(next) => return Some((PolicyErrorKind::Regex, i)),
            // `https?://`
            b'?' if is_in_scheme => return Some((PolicyErrorKind::Regex, i)),
            b'/' | b'?' | b'#' | b'\\' if has_scheme && !is_in_scheme => return None,
            // `.*` at the start of a label
            b'.' if next == b'*' && is_label_start(entry, i) => return Some((PolicyErrorKind::Regex, i)),
            b'[' if !is_address(entry, i) => return Some((PolicyErrorKind::Regex, i)),
            _ if is_lenient && !is_in_scheme => {}
            // Without a scheme, the missing scheme is the mistake, unless this is `NULL`.
            b'A'..=b'Z' if has_scheme || eq_ignore_case(entry, b"null") => {
                return Some((PolicyErrorKind::UpperCase, i));
            }
            b'$' if is_name_start(next) => return Some((PolicyErrorKind::Variable, i)),
            b'%' if next == b'{' => return Some((PolicyErrorKind::Variable, i)),
            b'(' | b')' | b'{' | b'}' | b'$' | b'~' => return Some((PolicyErrorKind::Regex, i)),
            b'+' if !is_in_scheme => return Some((PolicyErrorKind::Regex, i)),
            _ => {}
        }
        i += 1;
    }
    None
}

/// Returns whether the scheme is one whose pages have an opaque origin, which browsers write as
/// `null`, or the origin of another page: <https://url.spec.whatwg.org/#concept-url-origin>.
const fn is_opaque(entry: &[u8]) -> bool {
    matches!(
        until(entry, index_of(entry, 0, b':')),
        b"data" | b"blob" | b"about" | b"javascript"
    ) && index_of(entry, 0, b':') < entry.len()
}

/// Returns whether the entry begins with a valid scheme and `://`.
const fn is_scheme(entry: &[u8]) -> bool {
    origin::scheme_end(entry).is_ok()
}

/// Returns whether a backslash before this byte is the escape of a regular expression. A path that
/// is written with backslashes goes on with a name.
const fn is_escaped(byte: u8) -> bool {
    matches!(
        byte,
        b'.' | b'/' | b'-' | b':' | b'*' | b'+' | b'?' | b'$' | b'(' | b'[' | b'{' | b'd' | b'w' | b's'
    )
}

/// Returns whether no label is before the byte at `index`.
const fn is_label_start(entry: &[u8], index: usize) -> bool {
    index == 0 || matches!(entry[index - 1], b'/' | b'.')
}

/// Returns whether the bracket at `index` is that of an address: a colon is inside, or it is not
/// closed.
const fn is_address(entry: &[u8], index: usize) -> bool {
    let end = index_of(entry, index, b']');
    let inside = from(until(entry, end), index + 1);
    end >= entry.len() || inside.is_empty() || index_of(inside, 0, b':') < inside.len()
}

/// Returns whether a variable's name begins with this byte: `$http_origin`, `${ORIGIN}`.
const fn is_name_start(byte: u8) -> bool {
    is_lower_alpha(byte.to_ascii_lowercase()) || matches!(byte, b'_' | b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expressions_are_told_from_paths_addresses_and_hosts() {
        for (entry, at) in [
            ("^https://a.example", 0),
            ("^https://.*\\.example\\.com$", 0),
            ("~^https?://(www|app)\\.example\\.com$", 0),
            ("~https://a.example", 0),
            ("https?://a.example", 5),
            ("(https?)://a.example", 0),
            ("https://.*\\.example.com", 8),
            ("https://.*", 8),
            (".*", 0),
            (".*\\.example\\.com", 0),
            ("https://a\\.example", 9),
            ("https:\\/\\/a.example", 6),
            ("/^https:\\/\\/a\\.example$/", 1),
            ("https://(a|b).example", 8),
            ("https://a.example|https://b.example", 17),
            ("https://[a-z]+.example.com", 8),
            ("https://[0-9]+", 8),
            ("https://a[0-9].example.com", 9),
            ("https://[^/]+.example.com", 8),
            ("https://\\d+.example.com", 8),
            ("https://\\w+.example.com", 8),
            ("https://a+.example", 9),
            ("https://a{2}.example", 9),
            ("https://a.example$", 17),
            ("https://a.example:\\d+", 18),
            ("a.example$", 9),
            ("app://(a|b)", 8),
            ("app://.*", 6),
            ("app://[a-z]", 6),
        ] {
            let found = first(entry.as_bytes());
            let expected = Some((PolicyErrorKind::Regex, at));
            // `[^/]` has two such bytes.
            let also = Some((PolicyErrorKind::Regex, at + 1));
            assert!(found == expected || found == also, "{entry}: {found:?}");
        }
        for entry in [
            "http://[::1]",
            "http://[fe80::1%25eth0]",
            "[::1]:3000",
            "http://[::1",
            "https://example.*",
            "https://a.*.example.com",
            "http://192.168.*.*",
            "https://a.example/.*",
            "https://a.example/(b)$",
            "https://a.example\\page",
            "app://a$",
            "app://$host",
            "app://a+b(c){d}~",
            "x+y://a",
        ] {
            assert_eq!(first(entry.as_bytes()), None, "{entry}");
        }
    }

    #[test]
    fn variables_line_ends_and_letters_are_told_apart() {
        for (entry, kind, at) in [
            ("$http_origin", PolicyErrorKind::Variable, 0),
            ("$scheme://$host", PolicyErrorKind::Variable, 0),
            ("https://$host", PolicyErrorKind::Variable, 8),
            ("https://${HOST}:3000", PolicyErrorKind::Variable, 8),
            ("https://a.$domain", PolicyErrorKind::Variable, 10),
            ("%{HTTP_ORIGIN}e", PolicyErrorKind::Variable, 0),
            ("https://a.example\r", PolicyErrorKind::LineEnd, 17),
            ("https://a.example\n", PolicyErrorKind::LineEnd, 17),
            (
                "https://a.example\r\nhttps://b.example",
                PolicyErrorKind::LineEnd,
                17,
            ),
            ("\nhttps://a.example", PolicyErrorKind::LineEnd, 0),
            ("*\r", PolicyErrorKind::LineEnd, 1),
            ("null\n", PolicyErrorKind::LineEnd, 4),
            ("app://a\r", PolicyErrorKind::LineEnd, 7),
            ("Null", PolicyErrorKind::UpperCase, 0),
            ("Https://a.example", PolicyErrorKind::UpperCase, 0),
            ("App://a", PolicyErrorKind::UpperCase, 0),
            ("wss://A.example", PolicyErrorKind::UpperCase, 6),
            ("*://A.example", PolicyErrorKind::UpperCase, 4),
            ("app://a,b", PolicyErrorKind::SeveralInOne, 7),
            ("app://a;b", PolicyErrorKind::SeveralInOne, 7),
            ("app://u@a", PolicyErrorKind::Host, 7),
            ("app://\u{fc}", PolicyErrorKind::NonAscii, 6),
            ("data:text/html,a", PolicyErrorKind::OpaqueScheme, 0),
            ("blob:https://a.example/b", PolicyErrorKind::OpaqueScheme, 0),
            ("about:blank", PolicyErrorKind::OpaqueScheme, 0),
            ("javascript://a", PolicyErrorKind::OpaqueScheme, 0),
        ] {
            assert_eq!(first(entry.as_bytes()), Some((kind, at)), "{entry}");
        }
        for entry in ["app://A", "Example.com", "https://a.example/A", "data", "about"] {
            assert_eq!(first(entry.as_bytes()), None, "{entry}");
        }
    }
}
