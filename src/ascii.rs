//! Byte classes of the grammars, each one ABNF rule.
//!
//! One table holds them all; a byte with the high bit set is in no class.

/// `tchar`, RFC 9110 section 5.6.2: what a `token` is made of.
const TCHAR: u8 = 1 << 0;
/// `lower-alpha`, Fetch *Origin header*: `%x61-7A`.
const LOWER_ALPHA: u8 = 1 << 1;
/// `DIGIT`, RFC 5234: `%x30-39`.
const DIGIT: u8 = 1 << 2;
/// `hex`, Fetch *Origin header*: `%x30-39 / %x61-66`.
const LOWER_HEX: u8 = 1 << 3;
/// What may follow the first letter of a `serialized-scheme`, besides `lower-alphanum`.
const SCHEME_MARK: u8 = 1 << 4;

/// `_`.
const UNDERSCORE: u8 = 1 << 5;

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
        if b == b'_' {
            class |= UNDERSCORE;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
};

const fn has(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// `tchar`.
pub(crate) const fn is_tchar(byte: u8) -> bool {
    has(byte, TCHAR)
}

/// `lower-alpha`.
pub(crate) const fn is_lower_alpha(byte: u8) -> bool {
    has(byte, LOWER_ALPHA)
}

/// `DIGIT`.
pub(crate) const fn is_digit(byte: u8) -> bool {
    has(byte, DIGIT)
}

/// `hex`: lower case only.
pub(crate) const fn is_lower_hex(byte: u8) -> bool {
    has(byte, LOWER_HEX)
}

/// `lower-alphanum`, and `_`, which browsers send in hosts too: what may stand anywhere in a label.
pub(crate) const fn is_label_byte(byte: u8) -> bool {
    has(byte, LOWER_ALPHA | DIGIT | UNDERSCORE)
}

/// `lower-alphanum / "+" / "-" / "."`.
pub(crate) const fn is_scheme_byte(byte: u8) -> bool {
    has(byte, LOWER_ALPHA | DIGIT | SCHEME_MARK)
}

/// One byte of `OWS`, RFC 9110 section 5.6.3: `SP / HTAB`.
pub(crate) const fn is_ows(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a text begins with these `N` letters and hyphens, in any case of the letters. `lower` is in lower case.
///
/// No branch for each byte: where `lower` is known this is a few compares of words.
#[inline]
pub(crate) const fn starts_with_ignore_case<const N: usize>(text: &[u8], lower: &str) -> bool {
    let (Some(start), Some(lower)) = (text.first_chunk::<N>(), lower.as_bytes().first_chunk::<N>()) else {
        return false;
    };
    let (words, tail) = start.as_chunks::<WORD>();
    let (lower_words, lower_tail) = lower.as_chunks::<WORD>();
    let mut different = 0;
    let mut i = 0;
    while i < words.len() && i < lower_words.len() {
        let lower = usize::from_le_bytes(lower_words[i]);
        different |= (usize::from_le_bytes(words[i]) | case_of(lower)) ^ lower;
        i += 1;
    }
    let mut i = 0;
    while i < tail.len() && i < lower_tail.len() {
        let lower = lower_tail[i] as usize;
        different |= (tail[i] as usize | case_of(lower)) ^ lower;
        i += 1;
    }
    different == 0
}

/// The bit in which the cases of a letter differ, in each byte that is a letter; the others are marks below them.
const fn case_of(lower: usize) -> usize {
    (lower & (LOW << 6)) >> 1
}

/// The bytes of a machine word.
pub(crate) const WORD: usize = size_of::<usize>();

/// 1 in each byte.
const LOW: usize = usize::MAX / 255;

/// Whether a byte of two words equals `byte`: fewer steps than to say which.
const fn has_byte(one: usize, other: usize, byte: u8) -> bool {
    let (one, other) = (
        one ^ LOW.wrapping_mul(byte as usize),
        other ^ LOW.wrapping_mul(byte as usize),
    );
    // A byte that equals is 0 now. The lowest byte that borrows is one; without one, none does.
    let borrows = (one.wrapping_sub(LOW) & !one) | (other.wrapping_sub(LOW) & !other);
    borrows & (LOW << 7) != 0
}

/// The upper bit of each byte of `word` that equals `byte`.
pub(crate) const fn equal_bytes(word: usize, byte: u8) -> usize {
    const SEVEN_BITS: usize = LOW * 0x7f;
    // A byte that equals is 0 now, and the only kind whose upper bit neither is set nor becomes so.
    let word = word ^ LOW.wrapping_mul(byte as usize);
    !(((word & SEVEN_BITS) + SEVEN_BITS) | word | SEVEN_BITS)
}

const TWO_WORDS: usize = 2 * WORD;

/// So many bytes are compared at once where there are vector registers. Elsewhere it would be one by one.
const VECTOR: usize = if cfg!(any(
    target_feature = "sse2",
    target_feature = "neon",
    target_feature = "simd128"
)) {
    16
} else {
    0
};

/// What follows the first `byte` that `is_wanted` says so of, given what follows; many bytes at a time.
#[inline(always)]
pub(crate) fn behind(bytes: &[u8], byte: u8, is_wanted: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    behind_by::<VECTOR>(bytes, byte, is_wanted)
}

#[inline(always)]
fn behind_by<const VECTOR: usize>(
    bytes: &[u8],
    byte: u8,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Option<&[u8]> {
    let mut rest = bytes;
    if VECTOR > 0 {
        while let Some((block, next)) = rest.split_first_chunk::<VECTOR>() {
            let has_byte = block.iter().fold(false, |found, &other| found | (other == byte));
            if has_byte && let Some(behind) = behind_in_words(rest, block, byte, &is_wanted) {
                return Some(behind);
            }
            rest = next;
        }
    }
    while VECTOR > 0
        && let Some((word, next)) = rest.split_first_chunk::<WORD>()
    {
        if let Some(behind) = behind_in_words(rest, word, byte, &is_wanted) {
            return Some(behind);
        }
        rest = next;
    }
    while VECTOR == 0
        && let Some((block, next)) = rest.split_first_chunk::<TWO_WORDS>()
    {
        if let ([one, other], _) = block.as_chunks::<WORD>()
            && has_byte(usize::from_le_bytes(*one), usize::from_le_bytes(*other), byte)
            && let Some(behind) = behind_in_words(rest, block, byte, &is_wanted)
        {
            return Some(behind);
        }
        rest = next;
    }
    while let Some((&other, next)) = rest.split_first() {
        if other == byte && is_wanted(next) {
            return Some(next);
        }
        rest = next;
    }
    None
}

/// The same, as far as the `byte` is in `block`, which is what `rest` begins with.
#[inline(always)]
fn behind_in_words<'b>(
    rest: &'b [u8],
    block: &[u8],
    byte: u8,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Option<&'b [u8]> {
    let (words, _) = block.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let mut equal = equal_bytes(usize::from_le_bytes(*word), byte);
        while equal != 0 {
            let behind = from(rest, index * WORD + equal.trailing_zeros() as usize / 8 + 1);
            if is_wanted(behind) {
                return Some(behind);
            }
            equal &= equal - 1;
        }
    }
    None
}

/// The index of the first `byte`, many bytes at a time.
pub(crate) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let behind = behind(bytes, byte, |_| true)?;
    Some(bytes.len() - behind.len() - 1)
}

/// What is before the first `byte`, and what is after it; all and `None` if there is none.
pub(crate) fn cut(text: &str, byte: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|other| other == byte);
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((before, rest)) => (before, rest.get(1..)),
        None => (text, None),
    }
}

/// Whether each byte is `OWS`, without a branch for each.
fn is_all_ows<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(true, |all, &byte| all & is_ows(byte))
}

/// `value` without the `OWS` before it.
pub(crate) fn trim_ows_start(value: &[u8]) -> &[u8] {
    // None is usual, or one.
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

/// `value` without the `OWS` at both its ends.
pub(crate) fn trim_ows(value: &[u8]) -> &[u8] {
    let value = trim_ows_start(value);
    match value {
        [.., last] if is_ows(*last) => trim_more_ows_end(value),
        _ => value,
    }
}

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

/// Bytes that are known to be ASCII, as text.
pub(crate) const fn as_str(ascii: &[u8]) -> &str {
    match core::str::from_utf8(ascii) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// The byte at `index`, or NUL, which no grammar here admits, where there is none.
pub(crate) const fn at(text: &[u8], index: usize) -> u8 {
    if index < text.len() { text[index] } else { 0 }
}

/// The bytes before `end`; all of them if there are fewer.
pub(crate) const fn until(text: &[u8], end: usize) -> &[u8] {
    match text.split_at_checked(end) {
        Some((before, _)) => before,
        None => text,
    }
}

/// The bytes from `start` on; none if there are fewer.
pub(crate) const fn from(text: &[u8], start: usize) -> &[u8] {
    match text.split_at_checked(start) {
        Some((_, after)) => after,
        None => &[],
    }
}

/// Byte equality, usable where `==` is not: in a `const fn`.
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

/// A byte-case-insensitive match (Infra): `A-Z` equal `a-z`, nothing else folds.
pub(crate) const fn eq_ignore_case(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule as RFC 9110 prints it, byte by byte.
    #[test]
    fn tchar_is_rfc_9110() {
        let marks = b"!#$%&'*+-.^_`|~";
        for byte in 0..=255u8 {
            let expected = byte.is_ascii_alphanumeric() || marks.contains(&byte);
            assert_eq!(is_tchar(byte), expected, "byte {byte:#x}");
        }
    }

    #[test]
    fn lower_case_classes_have_no_upper_case_and_no_high_bytes() {
        for byte in 0..=255u8 {
            let alphanum = byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert_eq!(is_lower_alpha(byte), byte.is_ascii_lowercase());
            assert_eq!(is_digit(byte), byte.is_ascii_digit());
            assert_eq!(
                is_lower_hex(byte),
                byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
            );
            assert_eq!(is_scheme_byte(byte), alphanum || b"+-.".contains(&byte));
            assert_eq!(is_label_byte(byte), alphanum || byte == b'_');
        }
    }

    #[test]
    fn ows_is_trimmed_at_both_ends_only() {
        assert_eq!(trim_ows(b" \t a b\t "), b"a b");
        assert_eq!(trim_ows(b"a"), b"a");
        assert_eq!(trim_ows(b" \t "), b"");
        assert_eq!(trim_ows(b"\x0ba\x0c"), b"\x0ba\x0c");
        for (before, behind) in [(0, 0), (1, 40), (15, 16), (17, 33), (64, 1)] {
            for middle in ["", "a", "a b"] {
                let ows = |len: usize| " \t  \t\t".repeat(len).chars().take(len).collect::<String>();
                let text = ows(before) + middle + &ows(behind);
                assert_eq!(trim_ows(text.as_bytes()), middle.as_bytes());
                assert_eq!(trim_ows_start(text.as_bytes()).len(), text.trim_start().len());
            }
        }
    }

    /// `find` against the loop that it stands for, at every place and alignment.
    #[test]
    fn find_is_position() {
        let mut bytes = [0x0bu8; 40];
        bytes[3] = 0x8a;
        bytes[5] = 0x0a ^ 0x80;
        for start in 0..16 {
            for end in start..40 {
                for at in start..=end.min(39) {
                    let mut bytes = bytes;
                    bytes[at] = b'\n';
                    // A second one, in the same word or in another.
                    bytes[(at * 3 + 1) % 40] = b'\n';
                    bytes[39] = b'\n';
                    let text = &bytes[start..end];
                    assert_eq!(find(text, b'\n'), text.iter().position(|&byte| byte == b'\n'));
                    assert_eq!(find(text, 0), None);
                    let second = |bytes: &[u8]| bytes.len() % 5 < 3;
                    let plain = (0..text.len()).find(|&i| text[i] == b'\n' && second(&text[i + 1..]));
                    let plain = plain.map(|i| &text[i + 1..]);
                    assert_eq!(behind_by::<16>(text, b'\n', second), plain);
                    assert_eq!(behind_by::<0>(text, b'\n', second), plain);
                }
            }
        }
    }

    #[test]
    fn parts_beyond_the_end_are_empty() {
        assert_eq!((at(b"ab", 1), at(b"ab", 2)), (b'b', 0));
        assert_eq!((until(b"ab", 1), until(b"ab", 3)), (&b"a"[..], &b"ab"[..]));
        assert_eq!((from(b"ab", 1), from(b"ab", 3)), (&b"b"[..], &b""[..]));
    }

    #[test]
    fn starts_as_by_the_byte() {
        // Words, and bytes behind them.
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
    fn const_equality_is_equality() {
        for a in [&b""[..], b"a", b"ab", b"abc", b"aB"] {
            for b in [&b""[..], b"a", b"ab", b"abc", b"aB"] {
                assert_eq!(eq(a, b), a == b);
                assert_eq!(eq_ignore_case(a, b), a.eq_ignore_ascii_case(b));
            }
        }
    }
}
