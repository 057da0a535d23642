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
    // Most names have 8 to 16 bytes, and most methods 3 to 7.
    match a.len() {
        8..=16 => ends_are_equal::<8>(a, b),
        4..=7 => ends_are_equal::<4>(a, b),
        2..=3 => ends_are_equal::<2>(a, b),
        17..=32 => ends_are_equal::<16>(a, b),
        _ => a == b,
    }
}

/// Returns whether `a` and `b` are the same bytes. Origins often have 32 to 64 bytes, and the names
/// that [`equal`] compares do not. Saves 19 of 138 instructions in the row
/// `origin_match/exact_000008/hit_last` (`.ci/bench.py`), where `==` calls `memcmp`.
#[inline(always)]
pub(crate) fn equal_origins(entry: &[u8], text: &[u8]) -> bool {
    if !cfg!(target_pointer_width = "64") {
        return equal_in_words(entry, text);
    }
    // The length of the entry is tested, because a search for several entries would test that of
    // the text before its loop, and most texts are compared with no entry.
    match entry.len() {
        32..=64 => entry.len() == text.len() && ends_are_equal::<32>(entry, text),
        17..32 => entry.len() == text.len() && ends_are_equal::<16>(entry, text),
        _ => entry == text,
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

/// Copies the parts to the start of `buffer`, one after the other, and returns their length; or
/// `None` if the buffer is too small, and then copies nothing.
///
/// `start` and `end` should be constants.
// The buffer is split before anything is copied, and the rest after the last part gives the length.
// So there is one check per part and no sum that could overflow. Compared with a check of the sum
// and then of each part, this saves 8 of 243 instructions in the row
// `decide/actual_allowed/exact_000008/ready` (`.ci/bench.py`).
#[inline(always)]
pub(crate) fn put_all(
    buffer: &mut [u8],
    start: &[u8],
    origin: &[u8],
    [text, more]: [&[u8]; 2],
    end: &[u8],
) -> Option<usize> {
    let whole = buffer.len();
    let (start_place, rest) = buffer.split_at_mut_checked(start.len())?;
    let (origin_place, rest) = rest.split_at_mut_checked(origin.len())?;
    let (text_place, rest) = rest.split_at_mut_checked(text.len())?;
    let (more_place, rest) = rest.split_at_mut_checked(more.len())?;
    let (end_place, rest) = rest.split_at_mut_checked(end.len())?;
    let len = whole - rest.len();
    put(start, start_place);
    put(origin, origin_place);
    text_place.copy_from_slice(text);
    more_place.copy_from_slice(more);
    put(end, end_place);
    Some(len)
}

/// Copies `text` to `place`, which has its length.
#[inline(always)]
fn put(text: &[u8], place: &mut [u8]) {
    match text.len() {
        32..=64 => copy_ends::<32>(text, place),
        16..32 => copy_ends::<16>(text, place),
        8..16 => copy_ends::<8>(text, place),
        _ => place.copy_from_slice(text),
    }
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
            let are_equal = [equal, equal_origins, equal_in_words];
            assert!(are_equal.iter().all(|are| are(&a, &a.clone())), "{len}");
            for at in 0..len {
                let mut b = a.clone();
                b[at] ^= 0x20;
                assert!(!are_equal.iter().any(|are| are(&a, &b)), "{len} {at}");
            }
            let longer = text(len + 1);
            assert!(
                !are_equal.iter().any(|are| are(&a, &longer) || are(&longer, &a)),
                "{len}"
            );
        }
    }

    #[test]
    fn texts_are_copied_whole_or_not_at_all() {
        for len in 0..140 {
            let text = text(len);
            for size in [0, len / 2, len.saturating_sub(1), len, len + 1, 150] {
                for cut in [0, len / 2, len] {
                    let mut buffer = vec![b'.'; size];
                    let (start, rest) = text.split_at(cut);
                    let (origin, rest) = rest.split_at(rest.len() / 2);
                    let written = put_all(&mut buffer, start, origin, [rest, b""], b"");
                    assert_eq!(written, (size >= len).then_some(len));
                    let mut expected = vec![b'.'; size];
                    if size >= len {
                        expected[..len].copy_from_slice(&text);
                    }
                    assert_eq!(buffer, expected, "{len} {size} {cut}");
                }
            }
        }
    }
}
