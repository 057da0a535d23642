//! Guests: one file per foreign crate, with nothing but impls and tests. The core does not know of them.

#[cfg(feature = "defmt")]
mod defmt;
#[cfg(feature = "embedded-io-async-v0.7")]
mod embedded_io_async_v0_7;
#[cfg(feature = "embedded-io-v0.7")]
mod embedded_io_v0_7;
#[cfg(feature = "heapless-v0.9")]
pub(crate) mod heapless_v0_9;
#[cfg(feature = "httparse")]
mod httparse;
