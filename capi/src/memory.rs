//! The memory of a policy: what it consists of, one behind the other.

use core::ptr::NonNull;
use core::slice;

/// Memory of the caller's that is being given out, from its start.
pub(crate) struct Memory {
    at: *mut u8,
    left: usize,
}

impl Memory {
    /// # Safety
    ///
    /// `at` points to `len` bytes that nobody else uses for as long as what is put there.
    pub(crate) unsafe fn new(at: NonNull<u8>, len: usize) -> Self {
        Self {
            at: at.as_ptr(),
            left: len,
        }
    }

    /// The place of the next `count` values.
    fn take<T>(&mut self, count: usize) -> Option<*mut T> {
        let padding = self.at.align_offset(align_of::<T>());
        let len = size_of::<T>().checked_mul(count)?;
        let used = padding.checked_add(len)?;
        self.left = self.left.checked_sub(used)?;
        let place = self.at.wrapping_add(padding);
        self.at = place.wrapping_add(len);
        Some(place.cast())
    }

    /// The place of a value, to be written later.
    pub(crate) fn place<T>(&mut self) -> Option<*mut T> {
        self.take(1)
    }

    /// Puts a value there.
    pub(crate) fn put<T: 'static>(&mut self, value: T) -> Option<&'static T> {
        let place = self.take::<T>(1)?;
        // SAFETY: an aligned place of its own, within the memory.
        unsafe {
            place.write(value);
            Some(&*place)
        }
    }

    /// Puts `count` values there, up to the first error.
    pub(crate) fn put_all<T: Copy + 'static, E>(
        &mut self,
        count: usize,
        mut value: impl FnMut(usize) -> Result<T, E>,
    ) -> Option<Result<&'static mut [T], E>> {
        let place = self.take::<T>(count)?;
        for index in 0..count {
            match value(index) {
                // SAFETY: the place has `count` values.
                Ok(value) => unsafe { place.add(index).write(value) },
                Err(error) => return Some(Err(error)),
            }
        }
        // SAFETY: `count` values, all of them written, in a place of their own.
        Some(Ok(unsafe { slice::from_raw_parts_mut(place, count) }))
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'static mut [u8] {
        // SAFETY: these bytes are given to nobody else. Every bit pattern is a byte.
        unsafe { slice::from_raw_parts_mut(self.at, self.left) }
    }
}
