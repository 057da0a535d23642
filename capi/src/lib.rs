//! The C library of embedded-cors. Its documentation for C programmers is
//! `include/embedded_cors.h`.
//!
//! The engine itself has no `unsafe` code; everything that a C interface needs is here.
//! [`pointer`], [`slot`] and [`memory`] turn what C passes into Rust values, and each exported
//! function then calls the engine. C has no lifetimes, so borrowed values are `'static` in this
//! crate, and the header says how long the caller has to keep them.
//!
//! ```text
//! config, check --> memory --> policy, rules --> stored --+
//!                                                         +--> decision --> text of the caller's
//! request, reader ----------------------------------------+
//! ```

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]
#![warn(clippy::undocumented_unsafe_blocks)]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header states the safety contract, where C programmers read it"
)]

mod cause;
#[cfg(feature = "checks")]
pub mod check;
mod code;
pub mod config;
pub mod decision;
#[cfg(feature = "doors")]
pub mod doors;
pub mod error;
#[cfg(feature = "layout")]
pub mod layout;
mod memory;
#[cfg(feature = "texts")]
pub mod message;
#[cfg(not(feature = "hosted"))]
mod panic;
mod pointer;
pub mod policy;
#[cfg(feature = "readers")]
pub mod reader;
#[cfg(feature = "texts")]
pub mod reasons;
mod reply;
pub mod request;
#[cfg(feature = "rules")]
pub mod rules;
#[cfg(all(feature = "readers", feature = "rules"))]
mod rules_reader;
pub mod size;
pub mod slot;
pub mod stored;
#[cfg(feature = "rules")]
mod stored_rules;
pub mod text;
#[cfg(feature = "texts")]
mod words;
