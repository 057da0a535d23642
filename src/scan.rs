//! Searches for one byte, many bytes at a time.
//!
//! Most of a request head is skipped: of most lines only the end matters, and of the list in
//! `Access-Control-Request-Headers` only the commas. Looking at one byte at a time would be most of
//! the work of a decision, so the searches here look at 16 bytes at once where there are vector
//! registers, and at two machine words elsewhere.
//!
//! Compared with a loop over bytes, the search reduces the row `wire/get_chromium/whole` from 4,859
//! to 1,454 instructions (`.ci/bench.py`), and `actual_allowed whole` on a Cortex-M3 from 6,372 to
//! 3,254, for 104 bytes of flash (`.ci/certificate.py`). A Cortex-M0 does not have an instruction
//! that finds the lowest bit of a word. There the search pays off for long lines: a cookie of 4 KiB
//! takes 21,147 instructions instead of 37,395, but lines of four bytes take 107,682 instead of
//! 55,703.
//!
//! The work is linear in the bytes. A vector without the byte takes 7 instructions on x86-64, one
//! with it 30, and each of its bytes that is searched for 10 more, so no text takes more than 12
//! instructions per byte, beside the work for those that are wanted.
//!
//! There is no `unsafe` and no intrinsic: the code is arithmetic on arrays, in the shape that the
//! compiler turns into vector instructions. The tests compare both paths with a loop over bytes.

/// The number of bytes in a machine word.
pub(crate) const WORD: usize = size_of::<usize>();

/// The word with 1 in each of its bytes: `0x01010101` in 32 bits.
pub(crate) const LOW: usize = usize::MAX / 255;

/// The high bit of each byte of a word.
const HIGH: usize = LOW << 7;

/// The number of bytes that are compared per step on targets with vector registers; 0 elsewhere,
/// where words are compared.
pub(crate) const VECTOR: usize = if cfg!(any(
    target_feature = "sse2",
    target_feature = "neon",
    target_feature = "simd128"
)) {
    16
} else {
    0
};

pub(crate) const TWO_WORDS: usize = 2 * WORD;

/// Returns the high bit of each byte of `word` that equals `byte`, and no other bit.
// The exclusive or turns an equal byte into 0. Every other byte has a bit set: the high bit, or one
// of the seven below it, and in that case adding 0x7f sets the high bit, without a carry into the
// next byte. So the bytes whose high bit is clear in the end are exactly the equal ones, unlike in
// `borrows`:
//
//     word ^ 0a 0a 0a 0a                       07 00 4b c8
//     (word & 7f 7f 7f 7f) + 7f 7f 7f 7f       86 7f ca c7
//     | word | 7f 7f 7f 7f                     ff 7f ff ff
//     !                                        00 80 00 00
pub(crate) const fn equal_bytes(word: usize, byte: u8) -> usize {
    const SEVEN_BITS: usize = LOW * 0x7f;
    let word = word ^ LOW.wrapping_mul(byte as usize);
    !(((word & SEVEN_BITS) + SEVEN_BITS) | word | SEVEN_BITS)
}

/// Returns the bytes after the first `byte` whose tail satisfies `is_wanted`.
///
/// `is_wanted` gets all bytes that follow the `byte`. It may be called for a byte that is not
/// `byte`, and its result is then ignored.
// Inlined, so that `is_wanted` is part of the loop: saves 487 of 2,278 instructions in the row
// `wire/get_chromium/whole` (`.ci/bench.py`).
#[inline(always)]
pub(crate) fn after_first(bytes: &[u8], byte: u8, is_wanted: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    after_first_by::<VECTOR>(bytes, byte, is_wanted)
}

/// Does the work of [`after_first`] with `VECTOR` bytes per step, so that the tests can run both
/// paths.
#[inline(always)]
fn after_first_by<const VECTOR: usize>(
    bytes: &[u8],
    byte: u8,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Option<&[u8]> {
    if VECTOR > 0
        && let Some((_, last)) = bytes.split_last_chunk::<VECTOR>()
    {
        return after_first_in_vectors(bytes, last, byte, is_wanted);
    }
    let mut rest = bytes;
    loop {
        rest = after_next(rest, byte)?;
        if is_wanted(rest) {
            return Some(rest);
        }
    }
}

/// Returns the bytes after the first `byte`, found two words at a time.
// Of the marks of a word, only the first is needed. For the next `byte`, the search begins anew, in
// the middle of a word. Compared with looking at all marks of a word, this function, which is not
// inlined, saves 304 of 9,172 bytes of flash and 413 of 3,283 instructions in `scan preflight` on a
// Cortex-M3 (`.ci/certificate.py`).
//
// The loop does not ask whether the byte before a borrow was small, as `borrows` does. If it was
// not, the byte is not ASCII, or follows one that is equal; `borrows` is asked only then. Saves 286
// of 2,758 instructions in `scan preflight` on a Cortex-M3.
fn after_next(bytes: &[u8], byte: u8) -> Option<&[u8]> {
    let equal = LOW.wrapping_mul(byte as usize);
    let mut rest = bytes;
    while let Some((block, next)) = rest.split_first_chunk::<TWO_WORDS>() {
        if let ([one, other], _) = block.as_chunks::<WORD>() {
            let (one, other) = (usize::from_le_bytes(*one), usize::from_le_bytes(*other));
            let may_have_byte = (one ^ equal).wrapping_sub(LOW) | (other ^ equal).wrapping_sub(LOW);
            if may_have_byte & HIGH != 0 {
                let (one, other) = (borrows(one, byte) & HIGH, borrows(other, byte) & HIGH);
                let (before, marks) = if one != 0 { (0, one) } else { (WORD, other) };
                if marks != 0 {
                    let at = before + marks.trailing_zeros() as usize / 8;
                    return rest.get(at + 1..);
                }
            }
        }
        rest = next;
    }
    while let Some((&other, next)) = rest.split_first() {
        if other == byte {
            return Some(next);
        }
        rest = next;
    }
    None
}

/// Does the work of [`after_first`] for bytes that end with the vector `last`.
// Vectors that do not have the byte are skipped. This saves 411 of 2,202 instructions in the row
// `wire/get_chromium/whole`, and 720,981 of 1,311,752 in `adversarial/long_cookie/1024_kib/whole`
// (`.ci/bench.py`).
#[inline(always)]
fn after_first_in_vectors<'b, const VECTOR: usize>(
    bytes: &'b [u8],
    last: &'b [u8; VECTOR],
    byte: u8,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Option<&'b [u8]> {
    let mut rest = bytes;
    // Two vectors per step, as long as a third follows them. Then there are bytes after each `byte`
    // in the two, and the compiler removes the tests for the end of the bytes. Saves 96 of 1,550
    // instructions in the row `wire/get_chromium/whole`, and 131,065 of 590,664 in
    // `adversarial/long_cookie/1024_kib/whole` (`.ci/bench.py`).
    while rest.len() >= 3 * VECTOR {
        for _ in 0..2 {
            let (block, next) = rest.split_first_chunk::<VECTOR>()?;
            if has_byte(block, byte)
                && let Some(tail) = after_first_in(block, rest, byte, &is_wanted)
            {
                return Some(tail);
            }
            rest = next;
        }
    }
    while let Some((block, next)) = rest.split_first_chunk::<VECTOR>() {
        if has_byte(block, byte)
            && let Some(tail) = after_first_in(block, rest, byte, &is_wanted)
        {
            return Some(tail);
        }
        rest = next;
    }
    // The bytes that are left are the end of the last vector. Those before them are searched twice:
    //
    //     bytes    ...................................
    //     vectors  <--------------><-------------->
    //     last                        <-------------->
    after_first_in(last, last, byte, is_wanted)
}

/// Returns whether a byte of `block` equals `byte`.
// The fold does not have a branch, so it becomes one comparison of vectors.
#[inline(always)]
fn has_byte<const N: usize>(block: &[u8; N], byte: u8) -> bool {
    block.iter().fold(false, |found, &other| found | (other == byte))
}

/// Does the work of [`after_first`] for the bytes of `block` alone, which are whole words at the
/// start of `rest`.
#[inline(always)]
fn after_first_in<'b>(
    block: &[u8],
    rest: &'b [u8],
    byte: u8,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Option<&'b [u8]> {
    let (words, _) = block.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let mut marks = borrows(usize::from_le_bytes(*word), byte) & HIGH;
        while marks != 0 {
            let at = index * WORD + marks.trailing_zeros() as usize / 8;
            let tail = rest.get(at + 1..)?;
            // Few tails are wanted, so this is where a mark after a borrow is noticed.
            if is_wanted(tail) && rest.get(at) == Some(&byte) {
                return Some(tail);
            }
            // Clears the lowest bit that is set: the byte that was just looked at.
            marks &= marks - 1;
        }
    }
    None
}

/// Returns a word in which the high bit of each byte that equals `byte` in `word` is set.
///
/// The lowest of the high bits that are set is exact; others may be wrong.
// The exclusive or turns an equal byte into 0. Subtracting 1 from each byte then borrows, and sets
// the byte's high bit, which `& !word` shows to be new:
//
//     word, looking for 0a     0d 0a 41 42
//     word ^ 0a 0a 0a 0a       07 00 4b 48
//     - 01 01 01 01            05 ff 4a 47    (the 00 borrows from the byte after it)
//     & !word                  00 ff 00 07
//
// The borrow marks the byte after an equal byte by mistake if it is 1 after the exclusive or.
// `equal_bytes` does not make this mistake, but needs more instructions.
const fn borrows(word: usize, byte: u8) -> usize {
    let word = word ^ LOW.wrapping_mul(byte as usize);
    word.wrapping_sub(LOW) & !word
}

/// Returns the index of the first `byte`.
pub(crate) fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let tail = after_first(bytes, byte, |_| true)?;
    Some(bytes.len() - tail.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what [`after_first`] returns, found with a loop over bytes.
    fn naive(bytes: &[u8], byte: u8, is_wanted: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
        (0..bytes.len())
            .find(|&i| bytes[i] == byte && is_wanted(&bytes[i + 1..]))
            .map(|i| &bytes[i + 1..])
    }

    #[test]
    fn each_search_is_the_loop_at_every_place_and_alignment() {
        // These bytes differ from LF by one bit, or look like LF after a borrow.
        let mut background = [0x0bu8; 104];
        background[3] = 0x8a;
        background[5] = 0x0a ^ 0x80;
        // A byte that is not ASCII, in words without the searched byte.
        background[37] = 0xe9;
        for start in [0, 1, 2, 3, 5, 8, 13] {
            for end in start..=background.len() {
                for at in start..end {
                    let mut bytes = background;
                    bytes[at] = b'\n';
                    // A second one, in the same word or in another.
                    bytes[(at * 3 + 1) % 104] = b'\n';
                    bytes[103] = b'\n';
                    let text = &bytes[start..end];
                    assert_eq!(find(text, b'\n'), text.iter().position(|&byte| byte == b'\n'));
                    assert_eq!(after_next(text, b'\n'), naive(text, b'\n', |_| true));
                    assert_eq!(find(text, 0), None);
                    let is_wanted = |tail: &[u8]| tail.len() % 5 < 3;
                    let expected = naive(text, b'\n', is_wanted);
                    assert_eq!(after_first_by::<16>(text, b'\n', is_wanted), expected);
                    assert_eq!(after_first_by::<0>(text, b'\n', is_wanted), expected);
                }
            }
        }
    }

    #[test]
    fn the_words_are_compared_byte_by_byte() {
        let interesting = [0x00, 0x01, 0x09, 0x0a, 0x0b, 0x7f, 0x80, 0x8a, 0xff];
        for first in interesting {
            for second in interesting {
                for byte in interesting {
                    let mut word = [0x55; WORD];
                    (word[0], word[1]) = (first, second);
                    let marks = word.map(|other| if other == byte { 0x80 } else { 0 });
                    assert_eq!(
                        equal_bytes(usize::from_le_bytes(word), byte),
                        usize::from_le_bytes(marks)
                    );
                    let lowest = usize::from_le_bytes(marks).trailing_zeros();
                    let borrows = borrows(usize::from_le_bytes(word), byte) & HIGH;
                    assert_eq!(borrows.trailing_zeros(), lowest);
                }
            }
        }
    }
}
