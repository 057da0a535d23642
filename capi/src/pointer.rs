//! What C hands over: bytes, buffers, and places for results.

use core::ffi::{c_char, c_int};
use core::slice;

use crate::code;

/// The bytes of a pointer and a length, under the rules of the header.
///
/// # Safety
///
/// Unless it is NULL, `ptr` points to `len` bytes, which do not change while the result is used.
pub(crate) unsafe fn bytes(ptr: *const c_char, len: usize) -> Result<&'static [u8], c_int> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() || len > isize::MAX as usize {
        return Err(code::ARG);
    }
    // SAFETY: not NULL and not too long; the rest is the caller's.
    Ok(unsafe { slice::from_raw_parts(ptr.cast(), len) })
}

/// A buffer for text. If it has a first byte, that is NUL now.
///
/// # Safety
///
/// Unless it is NULL, `ptr` points to `size` bytes that nobody else uses.
pub(crate) unsafe fn buffer(ptr: *mut c_char, size: usize) -> Result<&'static mut [u8], c_int> {
    if size == 0 {
        return Ok(&mut []);
    }
    if ptr.is_null() || size > isize::MAX as usize {
        return Err(code::ARG);
    }
    // SAFETY: not NULL and not too long; the rest is the caller's. Every bit pattern is a byte.
    let buffer: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(ptr.cast(), size) };
    if let Some(first) = buffer.first_mut() {
        *first = 0;
    }
    Ok(buffer)
}

/// Stores a result that the caller may not want.
///
/// # Safety
///
/// Unless it is NULL, `place` is a `T` that nobody else uses.
pub(crate) unsafe fn store<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not NULL; the rest is the caller's.
        unsafe { place.write(value) }
    }
}
