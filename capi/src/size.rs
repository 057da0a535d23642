//! The sizes of the structs that the caller allocates, for languages that cannot read the header.

use core::ffi::c_int;

use crate::config::Config;
use crate::decision::{Fields, OpaqueDecision};
#[cfg(feature = "doors")]
use crate::doors;
use crate::error::Error;
#[cfg(feature = "readers")]
use crate::reader::OpaqueReader;
use crate::request::OpaqueRequest;

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_size(which: c_int) -> usize {
    // In the order of `ECORS_SIZE_CONFIG` and the following constants, which begin with 1.
    const SIZES: &[usize] = &[
        0,
        size_of::<Config>(),
        size_of::<Error>(),
        size_of::<OpaqueRequest>(),
        #[cfg(feature = "readers")]
        size_of::<OpaqueReader>(),
        #[cfg(not(feature = "readers"))]
        0,
        size_of::<OpaqueDecision>(),
        size_of::<Fields>(),
        #[cfg(feature = "doors")]
        size_of::<doors::Config>(),
        #[cfg(feature = "doors")]
        size_of::<doors::OpaqueRequest>(),
        #[cfg(feature = "doors")]
        size_of::<doors::OpaqueReader>(),
        #[cfg(feature = "doors")]
        size_of::<doors::OpaqueDecision>(),
    ];
    // The tests build the library with this defect, and want the linker to find the panic.
    #[cfg(feature = "panicky")]
    return SIZES[which as usize];
    #[cfg(not(feature = "panicky"))]
    usize::try_from(which)
        .ok()
        .and_then(|which| SIZES.get(which))
        .copied()
        .unwrap_or(0)
}
