//! CORS-safelisted request-headers: what a page may send without asking (Fetch section 2.2.2).
//!
//! A value is a page's string, a `ByteString` of Web IDL: each of its characters is one byte.

use crate::ascii::{cut, is_tchar};

/// A *CORS-safelisted request-header*. `name` in any case, `value` normalized.
pub(super) fn is_safelisted(name: &str, value: &str) -> bool {
    // 1. If value's length is greater than 128, then return false.
    if byte_len(value) > 128 {
        return false;
    }
    // 2. Byte-lowercase name and switch on the result.
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if is("accept") {
        !value.chars().any(is_unsafe_byte)
    } else if is("accept-language") || is("content-language") {
        value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '*' | ',' | '-' | '.' | ';' | '='))
    } else if is("content-type") {
        !value.chars().any(is_unsafe_byte) && has_safelisted_essence(value)
    } else if is("range") {
        is_safelisted_range(value)
    } else {
        false
    }
}

/// The length of a page's string as a byte sequence.
pub(super) fn byte_len(value: &str) -> usize {
    value.chars().count()
}

/// A *CORS-unsafe request-header byte*.
fn is_unsafe_byte(c: char) -> bool {
    (c < ' ' && c != '\t')
        || matches!(
            c,
            '"' | '(' | ')' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '{' | '}' | '\u{7f}'
        )
}

/// Whether the essence is one of the three that a form can send. MIME Sniffing section 4.4, *parse a MIME type*, as far as
/// the essence goes: parameters never make it fail.
fn has_safelisted_essence(value: &str) -> bool {
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_tchar);
    let input = value.trim_matches(is_http_whitespace);
    let (kind, Some(rest)) = cut(input, b'/') else {
        return false;
    };
    let (subtype, _) = cut(rest, b';');
    let subtype = subtype.trim_end_matches(is_http_whitespace);
    if !is_token(kind) || !is_token(subtype) {
        return false;
    }
    let is = |k: &str, s: &str| kind.eq_ignore_ascii_case(k) && subtype.eq_ignore_ascii_case(s);
    is("application", "x-www-form-urlencoded") || is("multipart", "form-data") || is("text", "plain")
}

/// *HTTP whitespace*: tab or space, LF, CR.
pub(super) fn is_http_whitespace(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' ')
}

/// *Parse a single range header value* without white space, and with a start.
fn is_safelisted_range(value: &str) -> bool {
    let Some(range) = value.strip_prefix("bytes=") else {
        return false;
    };
    let (start, Some(end)) = cut(range, b'-') else {
        return false;
    };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number(start) && (end.is_empty() || (is_number(end) && !is_greater(start, end)))
}

/// Whether a decimal number of any length is greater than another.
fn is_greater(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    (a.len(), a) > (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_128_bytes_and_no_more() {
        assert!(is_safelisted("Accept", &"a".repeat(128)));
        assert!(!is_safelisted("Accept", &"a".repeat(129)));
        // A character of a page's string is a byte, whatever it takes in UTF-8.
        assert!(is_safelisted("accept", &"\u{e9}".repeat(128)));
        assert!(!is_safelisted("accept", &"\u{e9}".repeat(129)));
    }

    #[test]
    fn accept_has_no_delimiters() {
        for byte in 0..=255u8 {
            let c = char::from(byte);
            let unsafe_byte = (byte < 0x20 && byte != 9) || b"\"():<>?@[\\]{}\x7f".contains(&byte);
            assert_eq!(
                is_safelisted("accept", &String::from(c)),
                !unsafe_byte,
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn languages_have_their_own_bytes() {
        for byte in 0..=255u8 {
            let safe = byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte);
            for name in ["Accept-Language", "content-language"] {
                assert_eq!(
                    is_safelisted(name, &String::from(char::from(byte))),
                    safe,
                    "{byte:#x}"
                );
            }
        }
        assert!(is_safelisted("Accept-Language", "de-AT, de;q=0.9, *;q=0.5"));
    }

    #[test]
    fn content_types_are_those_of_forms() {
        for safe in [
            "text/plain",
            "text/plain;charset=UTF-8",
            "TEXT/Plain ; anything goes",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ] {
            assert!(is_safelisted("Content-Type", safe), "{safe}");
        }
        for asking in [
            "application/json",
            "text/plain, application/json",
            "text/ plain",
            "text",
            "text/",
            "/plain",
            "",
            "text/plain;x=\"y\"",
            "application/csp-report",
        ] {
            assert!(!is_safelisted("content-type", asking), "{asking}");
        }
    }

    #[test]
    fn ranges_are_single_and_have_a_start() {
        for safe in [
            "bytes=0-",
            "bytes=0-10",
            "bytes=7-7",
            "bytes=007-8",
            "bytes=0-99999999999999999999999",
        ] {
            assert!(is_safelisted("Range", safe), "{safe}");
        }
        for asking in [
            "bytes=-5",
            "bytes=-",
            "bytes=9-8",
            "bytes=0-1,3-4",
            "bytes = 0-1",
            "bytes=0 -",
            "Bytes=0-",
            "lines=0-1",
            "",
        ] {
            assert!(!is_safelisted("range", asking), "{asking}");
        }
        assert!(!is_safelisted("x-range", "bytes=0-"));
    }
}
