//! Bytes, buffers and places for results, as C passes them.

use core::ffi::{c_char, c_int};
use core::slice;

use crate::code;

/// Returns the bytes of a pointer and a length, by the header's rules for strings.
///
/// # Safety
///
/// `ptr` is NULL or points to `len` bytes, which do not change while the result is used.
pub(crate) unsafe fn bytes(ptr: *const c_char, len: usize) -> Result<&'static [u8], c_int> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() || len > isize::MAX as usize {
        return Err(code::ARG);
    }
    // SAFETY: the pointer is not NULL and the length is possible; the caller vouches for the rest.
    Ok(unsafe { slice::from_raw_parts(ptr.cast(), len) })
}

/// Returns a buffer for text, and makes its first byte NUL if it has one: what fails from here on
/// leaves the empty string.
///
/// # Safety
///
/// `ptr` is NULL or points to `size` bytes that nothing else uses.
pub(crate) unsafe fn buffer(ptr: *mut c_char, size: usize) -> Result<&'static mut [u8], c_int> {
    if size == 0 {
        return Ok(&mut []);
    }
    if ptr.is_null() || size > isize::MAX as usize {
        return Err(code::ARG);
    }
    // SAFETY: the pointer is not NULL and the length is possible; the caller vouches for the rest.
    // Every bit pattern is a byte.
    let buffer: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(ptr.cast(), size) };
    if let Some(first) = buffer.first_mut() {
        *first = 0;
    }
    Ok(buffer)
}

/// Stores a result at `place`, unless the caller does not want it and passes NULL.
///
/// # Safety
///
/// `place` is NULL or points to a `T` that nothing else uses.
pub(crate) unsafe fn store<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: the pointer is not NULL; the caller vouches for the rest.
        unsafe { place.write(value) }
    }
}
