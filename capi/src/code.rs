//! The numbers that functions return, as the header defines them.

use core::ffi::c_int;

pub(crate) const OK: c_int = 0;
pub(crate) const ARG: c_int = -1;
pub(crate) const STATE: c_int = -2;
pub(crate) const CONFIG: c_int = -3;
pub(crate) const MEMORY: c_int = -4;
pub(crate) const ABI: c_int = -5;
pub(crate) const HEAD: c_int = -6;
pub(crate) const INCOMPLETE: c_int = -7;

// `ecors_reader_push` returns these two, and negative numbers for errors.
#[cfg(any(feature = "readers", feature = "doors"))]
pub(crate) const NEEDS_MORE: c_int = 0;
#[cfg(any(feature = "readers", feature = "doors"))]
pub(crate) const DONE: c_int = 1;

/// `ECORS_ABI_VERSION`.
pub(crate) const ABI_VERSION: c_int = 0;

/// `ECORS_READER_BYTES`: the bytes of values that a reader keeps. Every origin fits, together with
/// every method that can be echoed.
#[cfg(any(feature = "readers", feature = "doors"))]
pub(crate) const READER_BYTES: usize = 392;

/// `ECORS_NO_POSITION`.
pub(crate) const NO_POSITION: usize = usize::MAX;

/// Returns the number of either outcome, for functions of C that return one `int`.
pub(crate) fn of(result: Result<c_int, c_int>) -> c_int {
    match result {
        Ok(code) | Err(code) => code,
    }
}
