//! Bytes into the caller's buffer: all of them or none.

use crate::error::BufferTooSmall;

/// Where text goes, and how much of it there has been.
pub(crate) struct Out<'b> {
    /// What of the buffer is left.
    rest: &'b mut [u8],
    len: usize,
}

impl<'b> Out<'b> {
    /// What does not fit into the buffer is only counted.
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { rest: buffer, len: 0 }
    }

    /// The length of all that was given.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Counts and writes nothing.
    pub(crate) fn measure(emit: impl FnOnce(&mut Out<'_>)) -> usize {
        let mut out = Out::new(&mut []);
        emit(&mut out);
        out.len
    }

    /// Writes all that `emit` gives, or nothing. What has at most `bound` bytes is not measured first, if the buffer has room for as many.
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

    /// The next text.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) const fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The next bytes. Once some do not fit, none that follow do.
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))] // Where flash is dear.
    pub(crate) const fn bytes(&mut self, bytes: &[u8]) {
        #[expect(clippy::mem_replace_with_default, reason = "`take` is not `const`")]
        let rest = core::mem::replace(&mut self.rest, &mut []);
        if let Some((place, rest)) = rest.split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.rest = rest;
            self.len += bytes.len();
        } else {
            // Of texts that overlap, more can be given than there is memory.
            self.len = self.len.saturating_add(bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_none_in_every_size_and_with_every_bound() {
        let emit = |out: &mut Out<'_>| ["ab", "", "cde"].into_iter().for_each(|text| out.text(text));
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
                let untouched = if size < 5 { 0 } else { 5 };
                assert!(buffer[untouched..].iter().all(|&byte| byte == 0xa5));
            }
        }
    }
}
