//! The headers that a page may send without a preflight.
//!
//! A value is a string of the page, a `ByteString` of Web IDL: each of its characters is one byte.

use crate::ascii::{is_tchar, split_at_first};

/// Returns whether a header is a *CORS-safelisted request-header*:
/// <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>.
///
/// `name` may have any case; `value` is normalized.
pub(super) fn is_safelisted(name: &str, value: &str) -> bool {
    if byte_len(value) > 128 {
        return false;
    }
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

/// Returns the length in bytes that a page's string has when it is sent.
pub(super) fn byte_len(value: &str) -> usize {
    value.chars().count()
}

/// Returns whether a character is a *CORS-unsafe request-header byte*:
/// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte>.
fn is_unsafe_byte(c: char) -> bool {
    (c < ' ' && c != '\t')
        || matches!(
            c,
            '"' | '(' | ')' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '{' | '}' | '\u{7f}'
        )
}

/// Returns whether the essence of a MIME type is one of the three that a form can send.
///
/// The function follows [*parse a MIME type*](https://mimesniff.spec.whatwg.org/#parse-a-mime-type)
/// up to the essence; parameters never make that algorithm fail.
fn has_safelisted_essence(value: &str) -> bool {
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_tchar);
    let input = value.trim_matches(is_http_whitespace);
    let (type_, Some(rest)) = split_at_first(input, b'/') else {
        return false;
    };
    let (subtype, _) = split_at_first(rest, b';');
    let subtype = subtype.trim_end_matches(is_http_whitespace);
    if !is_token(type_) || !is_token(subtype) {
        return false;
    }
    let is = |t: &str, s: &str| type_.eq_ignore_ascii_case(t) && subtype.eq_ignore_ascii_case(s);
    is("application", "x-www-form-urlencoded") || is("multipart", "form-data") || is("text", "plain")
}

/// Returns whether a character is
/// [*HTTP whitespace*](https://fetch.spec.whatwg.org/#http-whitespace): a tab, LF, CR or space.
pub(super) fn is_http_whitespace(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' ')
}

/// Returns whether
/// [*parse a single range header value*](https://fetch.spec.whatwg.org/#simple-range-header-value),
/// with white space disallowed, gives a range with a start.
fn is_safelisted_range(value: &str) -> bool {
    let Some(range) = value.strip_prefix("bytes=") else {
        return false;
    };
    let (start, Some(end)) = split_at_first(range, b'-') else {
        return false;
    };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number(start) && (end.is_empty() || (is_number(end) && !is_greater(start, end)))
}

/// Returns whether the decimal number `a` is greater than `b`. Both may have any length.
fn is_greater(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    (a.len(), a) > (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_at_most_128_bytes() {
        assert!(is_safelisted("Accept", &"a".repeat(128)));
        assert!(!is_safelisted("Accept", &"a".repeat(129)));
        // A character counts as one byte, although it takes two in UTF-8.
        assert!(is_safelisted("accept", &"\u{e9}".repeat(128)));
        assert!(!is_safelisted("accept", &"\u{e9}".repeat(129)));
    }

    #[test]
    fn accept_has_no_unsafe_bytes() {
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
    fn languages_have_a_narrower_set_of_bytes() {
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
    fn content_types_are_those_that_a_form_can_send() {
        for safe in [
            "text/plain",
            "text/plain;charset=UTF-8",
            "TEXT/Plain ; anything goes",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ] {
            assert!(is_safelisted("Content-Type", safe), "{safe}");
        }
        for unsafe_value in [
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
            assert!(!is_safelisted("content-type", unsafe_value), "{unsafe_value}");
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
        for unsafe_value in [
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
            assert!(!is_safelisted("range", unsafe_value), "{unsafe_value}");
        }
        assert!(!is_safelisted("x-range", "bytes=0-"));
    }
}
