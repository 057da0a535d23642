//! Integrations with foreign crates and with the allocator: one file or folder for each.
//!
//! The core does not know them: their features are named here and nowhere else, with two
//! exceptions.
//!
//! - `lib.rs` re-exports the types of `alloc`, `heapless_v0_9` and `http_v1`, and declares the
//!   crate `alloc` for the features that need it.
//! - `policy/lists.rs` compiles the storages of owned lists only for the features that own lists. A
//!   program cannot know at build time which storage a policy has, so without the gates every
//!   program would link all of them. A gate saves 192 bytes on a Cortex-M3 at opt-level `s` (row
//!   `flash response` of `.ci/certificate.py`).
//!
//! Functions of the core that only integrations call are marked `allow(dead_code)`. They cost a
//! program nothing, because the linker drops what is not called.

#[cfg(feature = "alloc")]
pub(crate) mod alloc;
#[cfg(feature = "defmt")]
mod defmt;
#[cfg(feature = "http-v1")]
pub(crate) mod doors_http_v1;
#[cfg(feature = "embedded-io-async-v0.7")]
mod embedded_io_async_v0_7;
#[cfg(feature = "embedded-io-v0.7")]
mod embedded_io_v0_7;
#[cfg(feature = "heapless-v0.9")]
pub(crate) mod heapless_v0_9;
#[cfg(feature = "http-v1")]
pub(crate) mod http_v1;
#[cfg(feature = "httparse")]
mod httparse;
#[cfg(any(
    feature = "embedded-io-v0.7",
    feature = "embedded-io-async-v0.7",
    feature = "heapless-v0.9"
))]
mod parts;
#[cfg(feature = "serde")]
mod serde;
