//! Writes into the caller's buffer: all bytes of an output or none.
//!
//! A function describes an output once: it passes the parts to an [`Out`]. With an `Out` that does
//! not have a buffer, the same function measures the output. So the measured length is always the
//! length that is written.

use core::fmt;

use crate::scan::{TWO_WORDS, WORD};

/// A destination that counts all bytes it receives, and keeps those that fit.
pub(crate) struct Out<'b> {
    /// The part of the buffer that is still free.
    rest: &'b mut [u8],
    len: usize,
}

impl<'b> Out<'b> {
    /// Returns an `Out` that writes to the start of `buffer`.
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { rest: buffer, len: 0 }
    }

    /// Returns the number of bytes received so far, whether they fitted or not.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the number of bytes that `emit` writes.
    pub(crate) fn measure(emit: impl FnOnce(&mut Out<'_>)) -> usize {
        let mut out = Out::new(&mut []);
        emit(&mut out);
        out.len
    }

    /// Writes the output of `emit` to the start of `buffer` and returns that part; if the output
    /// does not fit, writes nothing.
    ///
    /// `emit` writes at most `bound` bytes, and the same bytes each time it is called.
    // Writing all or nothing takes two passes: one that measures and one that writes. A buffer of
    // `bound` bytes, which `Policy::max_response_len` gives, is large enough for any output, and so
    // needs no measuring. Saves 802 of 3,257 instructions in the row
    // `decide/preflight_allowed/exact_000008/unrendered` (`.ci/bench.py`), and 1,058 of 9,578 in
    // `preflight_allowed whole` on a Cortex-M3, for 48 bytes of flash (`.ci/certificate.py`).
    pub(crate) fn write(
        buffer: &'b mut [u8],
        bound: usize,
        emit: impl Fn(&mut Out<'_>),
    ) -> Result<&'b [u8], BufferTooSmall> {
        if buffer.len() < bound {
            let needed = Out::measure(&emit);
            if buffer.len() < needed {
                return Err(BufferTooSmall::new(needed));
            }
        }
        let mut out = Out::new(&mut *buffer);
        emit(&mut out);
        let len = out.len;
        match buffer.split_at_checked(len) {
            Some((written, _)) => Ok(written),
            None => Err(BufferTooSmall::new(len)),
        }
    }

    /// Writes `text`, see [`bytes`](Self::bytes).
    pub(crate) const fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Appends `bytes` to the output, or only counts them if they do not fit. After bytes that did
    /// not fit, nothing more is written.
    // An answer takes dozens of calls of this function. Inlining it makes the length of a constant
    // text known where the text is copied, which saves instructions but takes flash. Compilers for
    // 64-bit machines inline it. Elsewhere it stays one function, because microcontrollers have
    // little flash: that saves 708 of 9,973 bytes on a Cortex-M3, and costs 584 of the 8,520
    // instructions of `preflight_allowed whole` (`.ci/certificate.py`).
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) const fn bytes(&mut self, bytes: &[u8]) {
        #[expect(clippy::mem_replace_with_default, reason = "`take` is not `const`")]
        let rest = core::mem::replace(&mut self.rest, &mut []);
        if bytes.len() <= rest.len() {
            self.rest = copy(rest, bytes);
            self.len += bytes.len();
        } else {
            // Lists may share their texts, so an output can have more bytes than memory has.
            self.len = self.len.saturating_add(bytes.len());
        }
    }
}

/// Copies `bytes` to the start of `place`, and returns the rest of `place`. If `bytes` do not fit,
/// the result is empty, and the bytes in `place` are unspecified.
pub(crate) const fn copy<'p>(place: &'p mut [u8], bytes: &[u8]) -> &'p mut [u8] {
    if cfg!(target_pointer_width = "64") {
        return match place.split_at_mut_checked(bytes.len()) {
            Some((start, rest)) => {
                start.copy_from_slice(bytes);
                rest
            }
            None => &mut [],
        };
    }
    copy_in_words(place, bytes)
}

/// Does the work of [`copy`] two machine words at a time.
// Problem: an answer is put together from dozens of short texts. `copy_from_slice` calls `memcpy`,
// whose version for microcontrollers aligns both texts first, and that takes longer than copying.
//
// Trick: copy two words per step. A Cortex-M3 loads and stores a word at any address. The last step
// may overlap the one before it:
//
//     text 0123456789ab
//          <------>            steps
//              <------>        last two words
//
// The compiler replaces a loop that copies one word or one byte per step, and ends where the bytes
// end, by a call of `memcpy`. So a step copies two words apart, and the loop over bytes, of which
// there are fewer than in two words, has a second end.
//
// Compared with `copy_from_slice`, copying a word per step saves 702 of 7,869 instructions in
// `preflight_allowed whole` on a Cortex-M3, and 296 of 8,052 bytes in `flash fields`, which then
// does not link `memcpy` (`.ci/certificate.py`). Two words per step save 383 of 4,801 instructions
// in `preflight_allowed rendered`, for 28 bytes.
const fn copy_in_words<'p>(place: &'p mut [u8], bytes: &[u8]) -> &'p mut [u8] {
    let Some((place, rest)) = place.split_at_mut_checked(bytes.len()) else {
        return &mut [];
    };
    if let (Some(last), Some(to_last)) = (bytes.last_chunk(), place.last_chunk_mut()) {
        copy_two_words(to_last, last);
        let (blocks, _) = bytes.as_chunks();
        let (places, _) = place.as_chunks_mut();
        let mut i = 0;
        while i < blocks.len() && i < places.len() {
            copy_two_words(&mut places[i], &blocks[i]);
            i += 1;
        }
    } else {
        let mut i = 0;
        while i < bytes.len() && i < place.len() {
            place[i] = bytes[i];
            i += 1;
            if i == TWO_WORDS {
                break;
            }
        }
    }
    rest
}

const fn copy_two_words(place: &mut [u8; TWO_WORDS], bytes: &[u8; TWO_WORDS]) {
    if let ([one, other], _) = bytes.as_chunks::<WORD>()
        && let ([to_one, to_other], _) = place.as_chunks_mut::<WORD>()
    {
        *to_one = *one;
        *to_other = *other;
    }
}

/// The error of a write into a buffer that is too small. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferTooSmall {
    needed: usize,
}

impl BufferTooSmall {
    /// Returns the error for an output of `needed` bytes, for your own
    /// [`Server`](crate::browser::Server).
    pub const fn new(needed: usize) -> Self {
        Self { needed }
    }

    /// Returns the length of a buffer that is large enough, in bytes.
    pub const fn needed(&self) -> usize {
        self.needed
    }
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the buffer is too small: {} bytes are needed", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    fn emit(out: &mut Out<'_>) {
        ["ab", "", "cde"].into_iter().for_each(|text| out.text(text));
    }

    #[test]
    fn all_or_nothing_is_written_for_every_size_and_bound() {
        assert_eq!(Out::measure(emit), 5);
        for size in 0..8 {
            for bound in 5..8 {
                let mut buffer = vec![0xa5; size];
                let written = Out::write(&mut buffer, bound, emit).map(<[u8]>::to_vec);
                let expected = if size < 5 {
                    Err(BufferTooSmall::new(5))
                } else {
                    Ok(b"abcde".to_vec())
                };
                assert_eq!(written, expected);
                let written_len = if size < 5 { 0 } else { 5 };
                assert!(buffer[written_len..].iter().all(|&byte| byte == 0xa5));
            }
        }
    }

    /// The pass that measures is skipped if and only if the buffer holds `bound` bytes.
    #[test]
    fn a_buffer_of_the_bound_is_not_measured_first() {
        for (size, bound, passes) in [(5, 5, 1), (6, 5, 1), (5, 6, 2), (7, 8, 2), (8, 8, 1), (4, 5, 1)] {
            let calls = Cell::new(0);
            let counting = |out: &mut Out<'_>| {
                calls.set(calls.get() + 1);
                emit(out);
            };
            let mut buffer = vec![0; size];
            assert_eq!(Out::write(&mut buffer, bound, counting).is_ok(), size >= 5);
            assert_eq!(calls.get(), passes, "{size} {bound}");
        }
    }

    #[test]
    fn both_copies_are_the_loop_at_every_length() {
        let bytes: Vec<u8> = (1..40).collect();
        for len in 0..bytes.len() {
            let bytes = &bytes[..len];
            for room in 0..45 {
                for copy in [copy, copy_in_words] {
                    let mut place = vec![0; room];
                    let rest = copy(&mut place, bytes).len();
                    assert_eq!(rest, room.saturating_sub(len));
                    if len <= room {
                        let expected = (0..room).map(|i| bytes.get(i).copied().unwrap_or(0));
                        assert!(place.iter().copied().eq(expected), "{len} {room}");
                    }
                }
            }
        }
    }

    #[test]
    fn after_bytes_that_did_not_fit_nothing_is_written() {
        let mut buffer = *b"....";
        let mut out = Out::new(&mut buffer);
        for text in ["abc", "de", "f"] {
            out.text(text);
        }
        assert_eq!(out.len(), 6);
        assert_eq!(&buffer, b"abc.");
    }

    #[test]
    fn the_length_does_not_overflow() {
        let mut out = Out::new(&mut []);
        out.len = usize::MAX - 1;
        out.text("abc");
        assert_eq!(out.len(), usize::MAX);
    }

    #[test]
    fn the_error_says_how_much_is_needed() {
        let error = Out::write(&mut [], 5, emit).unwrap_err();
        assert_eq!(error.needed(), 5);
        assert_eq!(error.to_string(), "the buffer is too small: 5 bytes are needed");
    }
}
