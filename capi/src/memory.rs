//! The memory of a policy, handed out piece by piece from its start.

use core::ptr::NonNull;
use core::slice;

/// The part of the caller's memory that nothing lies in yet.
pub(crate) struct Memory {
    at: *mut u8,
    left: usize,
}

impl Memory {
    /// Takes over memory of the caller's.
    ///
    /// # Safety
    ///
    /// `at` points to `len` bytes that nothing else uses while the values in them are used.
    pub(crate) unsafe fn new(at: NonNull<u8>, len: usize) -> Self {
        Self {
            at: at.as_ptr(),
            left: len,
        }
    }

    /// Returns the place of the next `count` values, which the caller has to write, or `None` if
    /// they do not fit.
    pub(crate) fn take<T>(&mut self, count: usize) -> Option<*mut T> {
        let padding = self.at.align_offset(align_of::<T>());
        let len = size_of::<T>().checked_mul(count)?;
        let used = padding.checked_add(len)?;
        self.left = self.left.checked_sub(used)?;
        let place = self.at.wrapping_add(padding);
        self.at = place.wrapping_add(len);
        Some(place.cast())
    }

    /// Stores a value.
    pub(crate) fn put<T: 'static>(&mut self, value: T) -> Option<&'static T> {
        let place = self.take::<T>(1)?;
        // SAFETY: `take` returns an aligned place inside the memory, and hands it out only once.
        unsafe {
            place.write(value);
            Some(&*place)
        }
    }

    /// Stores the values that `value` returns for the indices below `count`, up to its first error.
    pub(crate) fn put_all<T: Copy + 'static, E>(
        &mut self,
        count: usize,
        mut value: impl FnMut(usize) -> Result<T, E>,
    ) -> Option<Result<&'static mut [T], E>> {
        let place = self.take::<T>(count)?;
        for index in 0..count {
            match value(index) {
                // SAFETY: the place has room for `count` values.
                Ok(value) => unsafe { place.add(index).write(value) },
                Err(error) => return Some(Err(error)),
            }
        }
        // SAFETY: all `count` values are written, and `take` hands a place out only once.
        Some(Ok(unsafe { slice::from_raw_parts_mut(place, count) }))
    }

    #[cfg(feature = "render")]
    /// Returns the next bytes, or `None` if there are not as many.
    pub(crate) fn bytes(&mut self, len: usize) -> Option<&'static mut [u8]> {
        let place = self.take::<u8>(len)?;
        // SAFETY: `take` hands these bytes out only once. Every bit pattern is a byte.
        Some(unsafe { slice::from_raw_parts_mut(place, len) })
    }
}
