//! ASCII for the grammars of the standards: classes of bytes, tokens, optional white space, and
//! comparisons that ignore case.
//!
//! The grammars that this crate reads are ABNF over single bytes. Each class of bytes is one rule
//! and one bit: a table gives the bits of every byte, so asking whether a byte is in a class, or in
//! one of several, is one load and one test. A byte above 0x7F is in no class.
//!
//! The functions that check a policy are `const`, so a policy can be checked at compile time. No
//! function here has a panicking path.

use crate::scan::{LOW, VECTOR, WORD};

/// A byte of a `token` ([RFC 9110 section 5.6.2]).
///
/// ```text
/// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." /
///         "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
/// ```
///
/// [RFC 9110 section 5.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const TCHAR: u8 = 1 << 0;

/// A lower-case letter ([Fetch]).
///
/// ```text
/// lower-alpha = %x61-7A
/// ```
///
/// [Fetch]: https://fetch.spec.whatwg.org/#origin-header
const LOWER_ALPHA: u8 = 1 << 1;

/// A decimal digit ([RFC 5234 appendix B.1]).
///
/// ```text
/// DIGIT = %x30-39
/// ```
///
/// [RFC 5234 appendix B.1]: https://www.rfc-editor.org/rfc/rfc5234#appendix-B.1
const DIGIT: u8 = 1 << 2;

/// A hexadecimal digit in lower case ([Fetch]).
///
/// ```text
/// hex = %x30-39 / %x61-66
/// ```
///
/// [Fetch]: https://fetch.spec.whatwg.org/#origin-header
const LOWER_HEX: u8 = 1 << 3;

/// A mark that a scheme may have after its first letter ([Fetch]).
///
/// ```text
/// serialized-scheme = lower-alpha *( lower-alphanum / "+" / "-" / "." )
///                                                     ^^^   ^^^   ^^^
/// ```
///
/// [Fetch]: https://fetch.spec.whatwg.org/#origin-header
const SCHEME_MARK: u8 = 1 << 4;

/// A mark that may be anywhere in a label of a host. Fetch allows a hyphen only inside a label and
/// does not allow an underscore, but browsers send both anywhere.
///
/// ```text
/// label-mark = "-" / "_"
/// ```
const LABEL_MARK: u8 = 1 << 5;

/// A byte of a host whose scheme is not one of the [special schemes]: every printable ASCII byte
/// that is not a [forbidden host code point] ([opaque-host parser]).
///
/// [special schemes]: https://url.spec.whatwg.org/#special-scheme
/// [forbidden host code point]: https://url.spec.whatwg.org/#forbidden-host-code-point
/// [opaque-host parser]: https://url.spec.whatwg.org/#concept-opaque-host-parser
pub(crate) const OPAQUE_HOST: u8 = 1 << 6;

/// A byte that may stand anywhere in a label of a domain: `lower-alphanum / label-mark`.
///
/// ```text
/// lower-alphanum = lower-alpha / DIGIT
/// ```
pub(crate) const LABEL: u8 = LOWER_ALPHA | DIGIT | LABEL_MARK;

/// The classes of each byte, one bit for each class.
// Compared with a chain of comparisons per class, the table saves 154 of 899 instructions in the
// row `origin_match/pattern/subdomain_hit` (`.ci/bench.py`), for 224 bytes of flash on a Cortex-M3
// (`.ci/certificate.py`). Half of the table is 0, but with 256 bytes every index is in bounds, so
// no look-up has a branch: this saves 82 of 827 instructions in that row, for 32 bytes of flash.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            )
        {
            class |= TCHAR;
        }
        if b.is_ascii_lowercase() {
            class |= LOWER_ALPHA;
        }
        if b.is_ascii_digit() {
            class |= DIGIT;
        }
        if matches!(b, b'0'..=b'9' | b'a'..=b'f') {
            class |= LOWER_HEX;
        }
        if matches!(b, b'+' | b'-' | b'.') {
            class |= SCHEME_MARK;
        }
        if matches!(b, b'-' | b'_') {
            class |= LABEL_MARK;
        }
        if b.is_ascii_graphic()
            && !matches!(
                b,
                b'#' | b'/' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|'
            )
        {
            class |= OPAQUE_HOST;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
};

/// Returns whether `byte` is in one of `classes`.
pub(crate) const fn is_in(byte: u8, classes: u8) -> bool {
    CLASSES[byte as usize] & classes != 0
}

/// Returns whether `byte` is a `tchar`, see [`TCHAR`].
pub(crate) const fn is_tchar(byte: u8) -> bool {
    is_in(byte, TCHAR)
}

/// Returns whether `byte` is a `lower-alpha`, see [`LOWER_ALPHA`].
pub(crate) const fn is_lower_alpha(byte: u8) -> bool {
    is_in(byte, LOWER_ALPHA)
}

/// Returns whether `byte` is a `DIGIT`, see [`DIGIT`].
pub(crate) const fn is_digit(byte: u8) -> bool {
    is_in(byte, DIGIT)
}

/// Returns whether `byte` is a `hex`, see [`LOWER_HEX`].
pub(crate) const fn is_lower_hex(byte: u8) -> bool {
    is_in(byte, LOWER_HEX)
}

/// Returns whether `byte` may follow the first letter of a scheme:
/// `lower-alphanum / "+" / "-" / "."`.
pub(crate) const fn is_scheme_byte(byte: u8) -> bool {
    is_in(byte, LOWER_ALPHA | DIGIT | SCHEME_MARK)
}

/// Returns whether `byte` is optional white space ([RFC 9110 section 5.6.3]).
///
/// ```text
/// OWS = *( SP / HTAB )
/// ```
///
/// [RFC 9110 section 5.6.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3
pub(crate) const fn is_ows(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Returns whether `name` is a `token`, as methods and field names are ([RFC 9110 section 5.6.2]).
///
/// ```text
/// token = 1*tchar
/// ```
///
/// [RFC 9110 section 5.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
pub(crate) const fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && first_non_tchar(name) == name.len()
}

/// Returns the index of the first byte that is not a `tchar`, or the length if all are.
pub(crate) const fn first_non_tchar(name: &[u8]) -> usize {
    let mut i = 0;
    while i < name.len() && is_tchar(name[i]) {
        i += 1;
    }
    i
}

/// Returns whether `text` starts with `lower`, ignoring the case of letters.
///
/// `lower` has `N` bytes, which are lower-case letters and hyphens.
// Problem: the names of the CORS fields begin alike and have up to 38 bytes, and a loop over bytes
// branches at every byte.
//
// Trick: compare a word at a time. Setting bit 5 of a letter makes it lower-case. `case_of` has bit
// 5 set for each letter of `lower`, but not for a hyphen: a CR with bit 5 set is a hyphen, so the
// two would otherwise be equal.
//
//     text      A - o P     41 2d 6f 50
//     lower     a - o p     61 2d 6f 70
//     case_of               20 00 20 20
//     (text | case_of) ^ lower  =  0
//
// The compiler knows `N` and `lower`, so this becomes a few compares with constants.
//
// Bytes are left after the whole words. On 64-bit targets they are compared as a last word that
// overlaps the one before it, and a name shorter than a word is compared as two halves that
// overlap. Saves 12 of 371 instructions in the row `decide/actual_allowed/exact_000008`, and 36 of
// 1,110 in `decide/preflight_allowed/exact_000008` (`.ci/bench.py`).
//
// Saves 35 of 543 instructions in the row `decide/actual_allowed/exact_000008` (`.ci/bench.py`),
// and 948 of 4,453 in `scan preflight` on a Cortex-M3 (`.ci/certificate.py`). It costs 160 bytes of
// flash there.
pub(crate) const fn starts_with_ignore_case<const N: usize>(text: &[u8], lower: &str) -> bool {
    let (Some(start), Some(lower)) = (text.first_chunk::<N>(), lower.as_bytes().first_chunk::<N>()) else {
        return false;
    };
    let (words, tail) = start.as_chunks::<WORD>();
    let (lower_words, lower_tail) = lower.as_chunks::<WORD>();
    let mut different = 0;
    let mut i = 0;
    while i < words.len() && i < lower_words.len() {
        different |= difference(
            usize::from_le_bytes(words[i]),
            usize::from_le_bytes(lower_words[i]),
        );
        i += 1;
    }
    if cfg!(target_pointer_width = "64") {
        let (start, lower) = (start.as_slice(), lower.as_slice());
        if let (Some(last), Some(lower)) = (start.last_chunk(), lower.last_chunk()) {
            different |= difference(usize::from_le_bytes(*last), usize::from_le_bytes(*lower));
            return different == 0;
        }
        if let (Some(first), Some(last)) = (start.first_chunk(), start.last_chunk())
            && let (Some(lower_first), Some(lower_last)) = (lower.first_chunk(), lower.last_chunk())
        {
            different |= difference(half(first), half(lower_first));
            different |= difference(half(last), half(lower_last));
            return different == 0;
        }
    }
    let mut i = 0;
    while i < tail.len() && i < lower_tail.len() {
        different |= difference(tail[i] as usize, lower_tail[i] as usize);
        i += 1;
    }
    different == 0
}

/// Returns whether `text` and `lower` are equal up to the end of the shorter one, ignoring the case
/// of letters.
///
/// `lower` consists of lower-case letters and hyphens.
// This is `starts_with_ignore_case` for lengths that the compiler does not know. It replaces
// `<[u8]>::eq_ignore_ascii_case`, and saves 567 of 9,979 instructions in `preflight_allowed pieces`
// on a Cortex-M3, for 80 bytes of flash (`.ci/certificate.py`).
pub(crate) fn begin_alike(text: &[u8], lower: &[u8]) -> bool {
    let (mut text, mut lower) = (text, lower);
    while let (Some((word, text_rest)), Some((lower_word, lower_rest))) = (
        text.split_first_chunk::<WORD>(),
        lower.split_first_chunk::<WORD>(),
    ) {
        let lower_word = usize::from_le_bytes(*lower_word);
        if usize::from_le_bytes(*word) | case_of(lower_word) != lower_word {
            return false;
        }
        (text, lower) = (text_rest, lower_rest);
    }
    let mut bytes = text.iter().zip(lower);
    bytes.all(|(&byte, &lower)| byte as usize | case_of(lower as usize) == lower as usize)
}

const fn half(bytes: &[u8; 4]) -> usize {
    u32::from_le_bytes(*bytes) as usize
}

/// Returns 0 if a word of text is the word of `lower`, ignoring the case of letters.
const fn difference(text: usize, lower: usize) -> usize {
    (text | case_of(lower)) ^ lower
}

/// Returns bit 5 of each byte of `lower` that is a letter: the bit by which its cases differ.
// A lower-case letter has bit 6 set; a hyphen does not.
const fn case_of(lower: usize) -> usize {
    (lower & (LOW << 6)) >> 1
}

/// Splits `text` at the first `byte`, which is in neither part. Without such a byte, the first part
/// is all of `text`, and the second is `None`.
pub(crate) fn split_at_first(text: &str, byte: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|other| other == byte);
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((before, rest)) => (before, rest.get(1..)),
        None => (text, None),
    }
}

/// Returns whether each byte of `block` is `OWS`.
// A fold without a branch, which becomes one comparison of vectors.
fn is_all_ows<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(true, |all, &byte| all & is_ows(byte))
}

/// Returns `value` without the `OWS` at its start.
// Most values have one space before them, or none. These two cases take a few instructions; only
// the others call the loop. This saves 32 of 540 instructions in the row
// `decide/actual_allowed/exact_000008` (`.ci/bench.py`).
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn trim_ows_start(value: &[u8]) -> &[u8] {
    let rest = match value {
        [first, ..] if !is_ows(*first) => return value,
        [_, rest @ ..] => rest,
        [] => return value,
    };
    match rest {
        [second, ..] if !is_ows(*second) => rest,
        _ => trim_more_ows_start(rest),
    }
}

/// Returns `value` without the `OWS` at its start, however much there is.
// A client can send a value that is nothing but spaces. Skipping one vector of them at a time saves
// 85,982 of 109,520 instructions in the row `adversarial/list_spaces/016_kib/whole`
// (`.ci/bench.py`).
fn trim_more_ows_start(mut value: &[u8]) -> &[u8] {
    while VECTOR > 0
        && let Some((block, rest)) = value.split_first_chunk::<VECTOR>()
        && is_all_ows(block)
    {
        value = rest;
    }
    while let [first, rest @ ..] = value
        && is_ows(*first)
    {
        value = rest;
    }
    value
}

/// Returns `value` without the `OWS` at its start and at its end.
pub(crate) fn trim_ows(value: &[u8]) -> &[u8] {
    trim_ows_end(trim_ows_start(value))
}

/// Returns `value` without the `OWS` at its end.
pub(crate) fn trim_ows_end(value: &[u8]) -> &[u8] {
    match value {
        [.., last] if is_ows(*last) => trim_more_ows_end(value),
        _ => value,
    }
}

/// Returns `value` without the `OWS` at its end, however much there is.
fn trim_more_ows_end(mut value: &[u8]) -> &[u8] {
    while VECTOR > 0
        && let Some((rest, block)) = value.split_last_chunk::<VECTOR>()
        && is_all_ows(block)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_ows(*last)
    {
        value = rest;
    }
    value
}

/// Returns the text of `ascii`, whose bytes should all be ASCII, or `""` if it is not UTF-8.
pub(crate) const fn as_str(ascii: &[u8]) -> &str {
    match core::str::from_utf8(ascii) {
        Ok(text) => text,
        Err(_) => "",
    }
}

// The next three functions replace `text[index]`, `text[..end]` and `text[start..]`, which panic
// out of bounds, while a linked program must not have a panicking path. `get` is not `const`.

/// Returns the byte at `index`, or NUL, which no grammar here admits, if there is none.
pub(crate) const fn at(text: &[u8], index: usize) -> u8 {
    if index < text.len() { text[index] } else { 0 }
}

/// Returns the bytes before `end`, or all of them if there are fewer.
pub(crate) const fn until(text: &[u8], end: usize) -> &[u8] {
    match text.split_at_checked(end) {
        Some((before, _)) => before,
        None => text,
    }
}

/// Returns the bytes from `start` on, or none if there are fewer.
pub(crate) const fn from(text: &[u8], start: usize) -> &[u8] {
    match text.split_at_checked(start) {
        Some((_, after)) => after,
        None => &[],
    }
}

/// Returns whether `a` and `b` are the same bytes; `==` is not `const`.
pub(crate) const fn eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns whether `a` and `b` are a [byte-case-insensitive] match: `A-Z` equal `a-z`, and no
/// other bytes are folded.
///
/// [byte-case-insensitive]: https://infra.spec.whatwg.org/#byte-case-insensitive
// `<[u8]>::eq_ignore_ascii_case` is not `const` before Rust 1.89.
pub(crate) const fn eq_ignore_case(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if !a[i].eq_ignore_ascii_case(&b[i]) {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_the_bytes_of_its_rule() {
        for byte in 0..=255u8 {
            let alphanum = byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let tchar = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_tchar(byte), tchar, "{byte:#x}");
            assert_eq!(is_lower_alpha(byte), byte.is_ascii_lowercase(), "{byte:#x}");
            assert_eq!(is_digit(byte), byte.is_ascii_digit(), "{byte:#x}");
            assert_eq!(
                is_lower_hex(byte),
                b"0123456789abcdef".contains(&byte),
                "{byte:#x}"
            );
            assert_eq!(
                is_scheme_byte(byte),
                alphanum || b"+-.".contains(&byte),
                "{byte:#x}"
            );
            assert_eq!(is_in(byte, LABEL), alphanum || b"-_".contains(&byte), "{byte:#x}");
            // <https://url.spec.whatwg.org/#forbidden-host-code-point>
            let forbidden = byte <= b' ' || byte >= 0x7f || b"#/:<>?@[\\]^|".contains(&byte);
            assert_eq!(is_in(byte, OPAQUE_HOST), !forbidden, "{byte:#x}");
            assert_eq!(is_ows(byte), byte == b' ' || byte == b'\t', "{byte:#x}");
        }
    }

    #[test]
    fn a_token_is_one_or_more_tchars() {
        for good in [&b"x"[..], b"x-api-key", b"PUT", b"!#$%&'*+-.^_`|~09azAZ"] {
            assert!(is_token(good));
        }
        for (bad, first) in [
            (&b""[..], 0),
            (b" a", 0),
            (b"a b", 1),
            (b"a,b", 1),
            (b"a:", 1),
            (b"ab\x80", 2),
            (b"a\0", 1),
            (b"a\r\n", 1),
        ] {
            assert!(!is_token(bad));
            assert_eq!(first_non_tchar(bad), first);
        }
    }

    #[test]
    fn a_start_is_compared_as_byte_by_byte() {
        // One word or two, and bytes after them.
        let starts = |text: &[u8]| starts_with_ignore_case::<11>(text, "a-zb-y-m--n");
        for at in 0..11 {
            for byte in 0..=255 {
                let mut text = *b"A-zB-y-M--N and more";
                text[at] = byte;
                let expected = text[..11].eq_ignore_ascii_case(b"a-zb-y-m--n");
                assert_eq!(starts(&text), expected, "{byte} at {at}");
            }
        }
        assert!(starts(b"A-ZB-Y-M--N"));
        assert!(!starts(b"A-ZB-Y-M--"));
    }

    #[test]
    fn texts_begin_alike_as_compared_byte_by_byte() {
        let lower = b"a-zb-y-m--n-xyz-a-b";
        for len in 0..=lower.len() {
            let lower = &lower[..len];
            for text_len in [len.saturating_sub(1), len, len + 1] {
                let text = &b"A-zB-y-M--N-xYZ-a-B and more"[..text_len];
                assert!(begin_alike(text, lower));
                for at in 0..len.min(text_len) {
                    for byte in 0..=255 {
                        let mut text = text.to_vec();
                        text[at] = byte;
                        let expected = byte.eq_ignore_ascii_case(&lower[at]);
                        assert_eq!(begin_alike(&text, lower), expected, "{byte} at {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_is_split_at_the_first_byte_only() {
        assert_eq!(split_at_first("a,b,c", b','), ("a", Some("b,c")));
        assert_eq!(split_at_first(",", b','), ("", Some("")));
        assert_eq!(split_at_first("a", b','), ("a", None));
        assert_eq!(split_at_first("", b','), ("", None));
    }

    #[test]
    fn ows_is_trimmed_at_both_ends_only() {
        for (value, trimmed) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b" a", b"a"),
            (b"\ta ", b"a"),
            (b" \t a b\t ", b"a b"),
            (b" \t ", b""),
            (b" ", b""),
            // Vertical tab, form feed, CR and LF are not white space here.
            (b" \x0ba\x0c ", b"\x0ba\x0c"),
            (b" \ra\n ", b"\ra\n"),
        ] {
            assert_eq!(trim_ows(value), trimmed);
        }
    }

    /// Compares both functions with the standard library's, for lengths around that of a vector.
    #[test]
    fn ows_is_trimmed_as_by_the_standard_library() {
        for (before, after) in [(0, 0), (1, 40), (2, 2), (15, 16), (16, 17), (17, 33), (64, 1)] {
            for middle in ["", "a", "a b"] {
                let ows = |len: usize| " \t  \t\t".repeat(len).chars().take(len).collect::<String>();
                let text = ows(before) + middle + &ows(after);
                assert_eq!(trim_ows(text.as_bytes()), text.trim().as_bytes());
                assert_eq!(trim_ows_start(text.as_bytes()), text.trim_start().as_bytes());
            }
        }
    }

    #[test]
    fn nothing_is_beyond_the_end() {
        assert_eq!((at(b"ab", 1), at(b"ab", 2)), (b'b', 0));
        assert_eq!((until(b"ab", 1), until(b"ab", 3)), (&b"a"[..], &b"ab"[..]));
        assert_eq!((from(b"ab", 1), from(b"ab", 3)), (&b"b"[..], &b""[..]));
        assert_eq!((until(b"ab", 2), from(b"ab", 2)), (&b"ab"[..], &b""[..]));
        assert_eq!((as_str(b"ab"), as_str(b"\xff")), ("ab", ""));
    }

    #[test]
    fn equality_is_that_of_the_standard_library() {
        for a in [&b""[..], b"a", b"ab", b"abc", b"aB", b"@", b"`", b"{", b"["] {
            for b in [&b""[..], b"a", b"ab", b"abc", b"aB", b"@", b"`", b"{", b"["] {
                assert_eq!(eq(a, b), a == b);
                assert_eq!(eq_ignore_case(a, b), a.eq_ignore_ascii_case(b));
            }
        }
    }
}
