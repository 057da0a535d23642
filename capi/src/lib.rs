//! The C library of embedded-cors: `include/embedded_cors.h`, which says what each function does and asks of its caller.
//!
//! This is the only home of `unsafe`. What comes from C is made into what Rust knows in [`pointer`], [`slot`] and [`memory`]; each function
//! here then calls the engine. Lifetimes end at this border, so what is borrowed is called `'static`, and the header says until when.
//!
//! ```text
//! config --memory--> policy --+
//!                             +--> decision --> text
//! request, reader ------------+
//! ```

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]
#![warn(clippy::undocumented_unsafe_blocks)]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header is where C programmers read it"
)]

pub mod config;
pub mod decision;
pub mod error;
#[cfg(feature = "layout")]
pub mod layout;
mod memory;
#[cfg(not(feature = "hosted"))]
mod panic;
mod pointer;
pub mod policy;
pub mod reader;
pub mod request;
pub mod slot;
pub mod text;

use core::ffi::c_int;

/// A struct of C's that holds something of ours, in as many 64-bit words as the header has.
#[repr(C)]
pub struct Opaque<const WORDS: usize>([u64; WORDS]);

/// So many words, by the size of a pointer.
const fn words(wide: usize, narrow: usize) -> usize {
    if size_of::<*const ()>() > 4 { wide } else { narrow }
}

/// Results, as the header has them.
pub(crate) mod code {
    use super::c_int;

    pub(crate) const OK: c_int = 0;
    pub(crate) const ARG: c_int = -1;
    pub(crate) const STATE: c_int = -2;
    pub(crate) const CONFIG: c_int = -3;
    pub(crate) const MEMORY: c_int = -4;
    pub(crate) const ABI: c_int = -5;
    pub(crate) const HEAD: c_int = -6;
    pub(crate) const INCOMPLETE: c_int = -7;
}

/// `ECORS_ABI_VERSION`.
pub(crate) const ABI_VERSION: c_int = 0;

/// `ECORS_NOWHERE`.
pub(crate) const NOWHERE: usize = usize::MAX;
