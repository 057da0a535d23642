//! Reads a head that is in memory, line by line.
//!
//! It reads lines of the three fields, and lines that may end the head or fold the line before. In
//! every other line, it only searches for the end. [`Scanner`] reads the same grammar in pieces,
//! and uses the functions here that search for the end of a line.
//!
//! A scanner could read a head in memory too. But with these functions, a program that reads only
//! whole heads does not link the state machine. That saves 1,403 of 10,668 bytes of flash, 168 of
//! 424 bytes of stack and 530 of 4,392 instructions in `actual_allowed whole` on a Cortex-M3
//! (`.ci/certificate.py`), and 200 of 1,991 instructions in the row `wire/get_chromium/whole`
//! (`.ci/bench.py`).
//!
//! [`Scanner`]: super::scanner::Scanner

use super::field::{CASE, HeadError, RequestField, Sink};
use crate::ascii::{first_non_tchar, from, is_ows, trim_ows_start, until};
use crate::names::is_options;
use crate::scan::after_first;

/// Reads a head: a request line, field lines, and the empty line that ends them.
pub(crate) fn read_head<'h>(head: &'h [u8], sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    let mut rest = head;
    let (method, after_method) = loop {
        rest = match rest {
            // A server should ignore empty lines before the request line:
            // https://www.rfc-editor.org/rfc/rfc9112#section-2.2
            [b'\n', next @ ..] | [b'\r', b'\n', next @ ..] => next,
            [b'\r'] => return Err(HeadError::Incomplete),
            _ => match rest.split_at_checked(first_non_tchar(rest)) {
                None | Some((_, [])) => return Err(HeadError::Incomplete),
                Some((method, [b' ', next @ ..])) if !method.is_empty() => break (method, next),
                Some(_) => return Err(HeadError::RequestLine),
            },
        };
    };
    sink.method(is_options(method));
    read_lines(skip_lines(after_method), sink)
}

/// Reads a header section: field lines, and the empty line that ends them.
pub(crate) fn read_section<'h>(section: &'h [u8], sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    read_lines(Some(section), sink)
}

/// Reads lines up to the empty one. `lines` is `None` if the bytes end in the request line.
fn read_lines<'h>(lines: Option<&'h [u8]>, sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    let mut lines = lines;
    // The field of the line before, which a line may fold.
    let mut field = None;
    while let Some(rest) = lines {
        match rest {
            [] => break,
            [b'\n', ..] | [b'\r', b'\n', ..] => return Ok(()),
            [byte, ..] if is_ows(*byte) => {
                if let Some(field) = field {
                    sink.folded(field);
                }
            }
            _ => {
                // The name is compared before the end of the line is searched for, since a line
                // with another name is skipped. A name does not contain an LF, so it cannot match
                // beyond the line.
                field = RequestField::at_start_of(rest);
                if let Some(found) = field {
                    let after_name = from(rest, found.name().len());
                    if let [b':', value @ ..] = after_name {
                        let Some((value, next)) = split_line(trim_ows_start(value)) else {
                            break;
                        };
                        read_value(found, without_cr(value), sink);
                        lines = Some(next);
                        continue;
                    }
                    field = read_without_colon(found, after_name, sink);
                }
            }
        }
        // If there is a `field` here, it is malformed. So it does not matter that a fold after the
        // lines that are skipped is reported as a fold of this field.
        lines = skip_lines(rest);
    }
    Err(HeadError::Incomplete)
}

/// Reads a line of `field` that has this value.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn read_value<'c>(field: RequestField, value: &'c [u8], sink: &mut impl Sink<'c>) {
    sink.begin(field);
    if !value.is_empty() {
        sink.value(value);
    }
    sink.end();
}

/// Reads a line that begins with the name of `field`, but does not have a colon after it, and
/// returns the field of the line. `after_name` may be longer than the line.
fn read_without_colon<'c>(
    field: RequestField,
    after_name: &[u8],
    sink: &mut impl Sink<'c>,
) -> Option<RequestField> {
    match trim_ows_start(after_name) {
        [b':', ..] => {
            sink.space_before_colon(field);
            Some(field)
        }
        // The name is longer, or the line does not have a colon.
        _ => None,
    }
}

/// Returns `line` without the CR before its LF.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Returns whether a line that begins with `start` can be a line of one of the three fields, the
/// end of the head, or a fold. The line may be longer than `start`.
///
/// `false` is certain; `true` means that the line has to be read.
// The first byte is enough for most lines, but not for those with an `a`: browsers send `Accept`,
// `Accept-Encoding` and `Accept-Language`, pages add `Authorization`, and two of the three names
// begin with `Access`. The fifth byte tells them apart:
//
//     Accept   Accept-Encoding   Authorization   Access-Control-Request-Method
//         p        p                 o               s
//
// On 64-bit targets, the lower five bits of the first byte choose a bit of a constant, which is two
// instructions on x86-64. The bit is set for the initials below, and for bytes that have the same
// five bits, such as `i` and a tab. Saves 55 of 1,509 instructions in the row
// `wire/get_chromium/whole` (`.ci/bench.py`).
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(super) fn may_concern_us(start: &[u8]) -> bool {
    const INITIALS: u32 = {
        let initials = b" \t\r\nao";
        let (mut bits, mut i) = (0, 0);
        while i < initials.len() {
            bits |= 1 << (initials[i] & 31);
            i += 1;
        }
        bits
    };
    let Some(&first) = start.first() else {
        return true;
    };
    if cfg!(target_pointer_width = "64") && INITIALS >> (first & 31) & 1 == 0 {
        return false;
    }
    match first | CASE {
        b'o' => true,
        b'a' => start.get(4).is_none_or(|fifth| fifth | CASE == b's'),
        // White space, CR and LF, and also control characters and some marks.
        lower => lower <= b'-',
    }
}

/// Skips the line that has begun and the lines after it that do not concern us, and returns the
/// bytes that follow; or `None` if the bytes end in one of these lines.
// The search continues past each LF whose line does not concern us, without returning in between.
pub(super) fn skip_lines(bytes: &[u8]) -> Option<&[u8]> {
    after_first(bytes, b'\n', may_concern_us)
}

/// Returns the bytes before the first LF, and those after it.
// Inlined on 64-bit targets, as are the other functions that read a line: saves 61 of 1,515
// instructions in the row `wire/get_chromium/whole`, and 190 of 2,711 in
// `wire/preflight_chromium/whole` (`.ci/bench.py`).
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(super) fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = after_first(bytes, b'\n', |_| true)?;
    Some((until(bytes, bytes.len() - rest.len() - 1), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::field::Transcript;

    /// Checks what is found in a head that is a request line, `lines`, and an empty line.
    #[track_caller]
    fn found(lines: &str, expected: &[&str]) {
        let mut sink = Transcript::default();
        let head = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        assert_eq!(read_head(head.as_bytes(), &mut sink), Ok(()), "{lines:?}");
        assert_eq!(sink.events.split_off(1), expected, "{lines:?}");
    }

    #[test]
    fn a_line_ends_with_crlf_or_lf() {
        found("Origin: null\r\n", &["Origin: null"]);
        found("Origin: null\n", &["Origin: null"]);
        found(
            "Origin: a\nOrigin: b\r\nHost: x\nOrigin: c\r\n",
            &["Origin: a", "Origin: b", "Origin: c"],
        );
        // A bare CR ends nothing, in a value or in a line that is passed over.
        found("Origin: a\rb\r\n", &["Origin: a\rb"]);
        found("Origin: a\r\r\n", &["Origin: a\r"]);
        found("Host: x\rOrigin: null\r\n", &[]);
        found("\rOrigin: null\r\n", &[]);
    }

    #[test]
    fn a_fold_belongs_to_the_line_before() {
        found("Origin: a\r\n b\r\n", &["Origin: a", "Origin folded"]);
        found("Origin: a\r\n\tb\r\n", &["Origin: a", "Origin folded"]);
        found("Origin: a\r\n \r\n", &["Origin: a", "Origin folded"]);
        // The transcript has one event for all folds of a line.
        found("Origin: a\r\n b\r\n c\r\n", &["Origin: a", "Origin folded"]);
        found("Origin : a\r\n b\r\n", &["Origin with space before its colon"]);
        // Not of one of the three fields.
        found("Host: x\r\n Origin: null\r\n", &[]);
        found("Origin: a\r\nHost: x\r\n y\r\n", &["Origin: a"]);
        found("Origin-X: a\r\n b\r\n", &[]);
        found("Accept: a\r\n b\r\n", &[]);
        found(" Origin: null\r\n", &[]);
    }

    #[test]
    fn white_space_before_the_colon_is_an_error_of_the_field() {
        found("Origin : a\r\n", &["Origin with space before its colon"]);
        found("Origin \t: a\r\n", &["Origin with space before its colon"]);
        found(
            "ACCESS-CONTROL-REQUEST-METHOD :PUT\r\n",
            &["Method with space before its colon"],
        );
        found("Origin x: a\r\n", &[]);
        found("Origin \r\n", &[]);
        found("Host : a\r\n", &[]);
    }

    #[test]
    fn values_begin_after_white_space() {
        found("Origin:null\r\n", &["Origin: null"]);
        found("Origin: \t null \r\n", &["Origin: null "]);
        found("Origin:\r\n", &["Origin: "]);
        found("Origin: \t\r\n", &["Origin: "]);
        found("Origin::\r\n", &["Origin: :"]);
    }

    #[test]
    fn near_names_are_passed_over() {
        for line in [
            "X-Origin: a",
            "Origin-X: a",
            "Origi: a",
            "Origin",
            "Origin; a",
            "Access-Control-Request: a",
            "Access-Control-Request-Header: a",
            "Access-Control-Request-Headers-X: a",
            "Access-Control-Allow-Origin: a",
            "Accept: a",
            "Acce",
            "A",
            ": a",
            "Cookie: Origin: a",
        ] {
            found(&format!("{line}\r\n"), &[]);
        }
    }

    #[test]
    fn the_method_is_options_or_another() {
        for (method, expected) in [
            ("OPTIONS", "OPTIONS"),
            ("options", "other method"),
            ("Options", "other method"),
            ("OPTION", "other method"),
            ("OPTIONSX", "other method"),
            ("XOPTIONS", "other method"),
            ("GET", "other method"),
            ("!", "other method"),
        ] {
            let mut sink = Transcript::default();
            let head = format!("\r\n\n{method} * HTTP/1.1\r\n\r\n");
            assert_eq!(read_head(head.as_bytes(), &mut sink), Ok(()), "{method}");
            assert_eq!(sink.events, [expected], "{method}");
        }
    }

    #[test]
    fn a_head_begins_with_a_method_and_a_space() {
        for head in [
            " GET / HTTP/1.1\r\n\r\n",
            "GET\t/ HTTP/1.1\r\n\r\n",
            "GET\r\n\r\n",
            "G\u{e9}T / HTTP/1.1\r\n\r\n",
            "\rGET / HTTP/1.1\r\n\r\n",
            "\x16\x03\x01",
        ] {
            let mut sink = Transcript::default();
            assert_eq!(
                read_head(head.as_bytes(), &mut sink),
                Err(HeadError::RequestLine),
                "{head:?}"
            );
            assert_eq!(sink.events, [""; 0]);
        }
    }

    #[test]
    fn a_head_that_is_cut_anywhere_is_incomplete() {
        let head = b"\r\nOPTIONS / HTTP/1.1\r\nOrigin: a\r\nHost: x\r\nAccept: y\r\n\r\n";
        assert_eq!(read_head(head, &mut Transcript::default()), Ok(()));
        for end in 0..head.len() {
            let cut = &head[..end];
            assert_eq!(
                read_head(cut, &mut Transcript::default()),
                Err(HeadError::Incomplete),
                "{end}"
            );
        }
        assert_eq!(
            read_section(b"", &mut Transcript::default()),
            Err(HeadError::Incomplete)
        );
        assert_eq!(read_section(b"\n", &mut Transcript::default()), Ok(()));
    }

    #[test]
    fn what_follows_the_empty_line_is_not_read() {
        let mut sink = Transcript::default();
        let head = b"GET / HTTP/1.1\r\nOrigin: a\r\n\r\nOrigin: b\r\n\r\n";
        assert_eq!(read_head(head, &mut sink), Ok(()));
        assert_eq!(sink.events, ["other method", "Origin: a"]);
    }

    /// Reads one line without its LF, and returns whether it is the empty line that ends the head.
    ///
    /// `field` is the field of the line before, which this line may fold; it becomes the field of
    /// this line.
    fn read_line<'c>(line: &'c [u8], field: &mut Option<RequestField>, sink: &mut impl Sink<'c>) -> bool {
        let line = without_cr(line);
        match line.first() {
            None => return true,
            Some(&byte) if is_ows(byte) => {
                if let Some(field) = *field {
                    sink.folded(field);
                }
                return false;
            }
            Some(_) => *field = RequestField::at_start_of(line),
        }
        let Some(found) = *field else { return false };
        let after_name = from(line, found.name().len());
        match after_name {
            [b':', value @ ..] => read_value(found, trim_ows_start(value), sink),
            _ => *field = read_without_colon(found, after_name, sink),
        }
        false
    }

    /// Tests the promise of `may_concern_us`: it only rules out lines in which `read_line` would
    /// find nothing.
    #[test]
    fn lines_that_cannot_concern_us_give_nothing() {
        let starts = [
            "Access-Control-Request-Method",
            "origin",
            "Accept",
            " x",
            "\r",
            "x",
        ];
        for start in starts {
            for at in 0..start.len() {
                for byte in (0..=255).filter(|&byte| byte != b'\n') {
                    let mut line = start.as_bytes().to_vec();
                    line[at] = byte;
                    line.extend(b": x");
                    let mut sink = Transcript::default();
                    let mut field = Some(RequestField::Origin);
                    let ends = read_line(&line, &mut field, &mut sink);
                    let concerns = ends || field.is_some() || !sink.events.is_empty();
                    for end in 1..=line.len() {
                        assert!(may_concern_us(&line[..end]) || !concerns, "{line:?}");
                    }
                }
            }
        }
        assert!(may_concern_us(b""));
        for first in (0..=255u8).filter(u8::is_ascii_alphanumeric) {
            for fifth in 0..=255 {
                let expected = match first {
                    b'o' | b'O' => true,
                    b'a' | b'A' => matches!(fifth, b's' | b'S'),
                    _ => false,
                };
                let start = [first, b'b', b'c', b'd', fifth];
                assert_eq!(may_concern_us(&start), expected, "{start:?}");
            }
        }
        for line in [
            "Accept: */*",
            "Authorization: x",
            "Host: x",
            "Cookie: x",
            "X",
            ":",
        ] {
            assert!(!may_concern_us(line.as_bytes()), "{line}");
        }
    }
}
