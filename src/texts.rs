//! Compares and copies texts of the length that names and origins have, without a call.
//!
//! Problem: the compiler calls `memcmp` and `memcpy` for texts whose length it does not know. The
//! call and the choice of a way take longer than comparing a name or copying an origin.
//!
//! Trick: two chunks of 32 bytes, one at the start and one at the end, cover every text of 32 to 64
//! bytes. They overlap unless the text has 64 bytes, and then some bytes are read or written twice.
//! The length of a chunk is constant, so the compiler compares or copies it in place, in vector
//! registers where there are some. Shorter texts have shorter chunks.
//!
//! ```text
//! https://tenant-00007.customers.example.com     42 bytes
//! [ first 32 bytes               ]
//!           [ last 32 bytes                ]
//! ```
//!
//! [`equal`] saves 78 of 929 instructions in the row `decide/preflight_allowed/exact_000008`
//! (`.ci/bench.py`); [`put_all`] is part of what a ready answer saves. Elsewhere than on 64-bit
//! targets the chunks would take more flash, so texts are compared a word at a time there. This
//! saves 184 of 5,799 instructions in `preflight_allowed whole` on a Cortex-M3
//! (`.ci/certificate.py`), where `memcmp` compares a byte at a time.

use crate::scan::WORD;

/// Returns whether `a` and `b` are the same bytes.
#[inline(always)]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if !cfg!(target_pointer_width = "64") {
        return equal_in_words(a, b);
    }
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..2 | 33.. => a == b,
        16.. => ends_are_equal::<16>(a, b),
        8.. => ends_are_equal::<8>(a, b),
        4.. => ends_are_equal::<4>(a, b),
        2.. => ends_are_equal::<2>(a, b),
    }
}

/// Does the work of [`equal`] out of line: with `memcmp` on 64-bit targets, and one machine word at
/// a time elsewhere.
#[inline(always)]
pub(crate) fn equal_out_of_line(a: &[u8], b: &[u8]) -> bool {
    if cfg!(target_pointer_width = "64") {
        a == b
    } else {
        equal_in_words(a, b)
    }
}

#[inline(never)]
fn equal_in_words(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (mut a, mut b) = (a, b);
    while let (Some((a_word, a_rest)), Some((b_word, b_rest))) =
        (a.split_first_chunk::<WORD>(), b.split_first_chunk::<WORD>())
    {
        if a_word != b_word {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Returns whether the first `N` bytes of two texts are equal, and the last `N` bytes too.
#[inline(always)]
fn ends_are_equal<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    (a.first_chunk::<N>() == b.first_chunk()) & (a.last_chunk::<N>() == b.last_chunk())
}

/// Copies `start`, `origin`, the texts and `end` to the start of `buffer`, one after the other, and
/// returns their length; or `None` if the buffer is too small, and then copies nothing.
///
/// `start` and `end` should be constants.
#[inline(always)]
pub(crate) fn put_all<const N: usize>(
    buffer: &mut [u8],
    start: &[u8],
    origin: &[u8],
    texts: [&[u8]; N],
    end: &[u8],
) -> Option<usize> {
    let mut len = (start.len() + end.len()).checked_add(origin.len())?;
    for text in texts {
        len = len.checked_add(text.len())?;
    }
    if buffer.len() < len {
        return None;
    }
    let rest = put(start, buffer)?;
    let mut rest = put(origin, rest)?;
    for text in texts {
        let (place, after) = rest.split_at_mut_checked(text.len())?;
        place.copy_from_slice(text);
        rest = after;
    }
    put(end, rest)?;
    Some(len)
}

/// Copies `text` to the start of `buffer`, and returns the rest of the buffer; or `None` if the
/// buffer is too small, and then copies nothing.
#[inline(always)]
fn put<'b>(text: &[u8], buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
    let (place, rest) = buffer.split_at_mut_checked(text.len())?;
    match text.len() {
        0..8 | 65.. => place.copy_from_slice(text),
        32.. => copy_ends::<32>(text, place),
        16.. => copy_ends::<16>(text, place),
        8.. => copy_ends::<8>(text, place),
    }
    Some(rest)
}

/// Copies the first `N` bytes of `text` and the last `N` bytes to the same places.
#[inline(always)]
fn copy_ends<const N: usize>(text: &[u8], place: &mut [u8]) {
    if let (Some(text), Some(place)) = (text.first_chunk::<N>(), place.first_chunk_mut()) {
        *place = *text;
    }
    if let (Some(text), Some(place)) = (text.last_chunk::<N>(), place.last_chunk_mut()) {
        *place = *text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Vec<u8> {
        (0..len).map(|at| b'a' + at as u8 % 26).collect()
    }

    #[test]
    fn texts_are_compared_as_by_the_operator() {
        for len in 0..70 {
            let a = text(len);
            assert!(equal(&a, &a.clone()) && equal_in_words(&a, &a.clone()), "{len}");
            for at in 0..len {
                let mut b = a.clone();
                b[at] ^= 0x20;
                assert!(!equal(&a, &b) && !equal_in_words(&a, &b), "{len} {at}");
            }
            let longer = text(len + 1);
            assert!(!equal(&a, &longer) && !equal(&longer, &a), "{len}");
            assert!(!equal_in_words(&a, &longer) && !equal_in_words(&longer, &a));
        }
    }

    #[test]
    fn texts_are_copied_whole_or_not_at_all() {
        for len in 0..70 {
            let text = text(len);
            for size in 0..80 {
                let mut buffer = vec![b'.'; size];
                let rest = put(&text, &mut buffer).map(|rest| rest.len());
                assert_eq!(rest, size.checked_sub(len));
                let mut expected = vec![b'.'; size];
                if size >= len {
                    expected[..len].copy_from_slice(&text);
                }
                assert_eq!(buffer, expected, "{len} {size}");
            }
        }
    }
}
