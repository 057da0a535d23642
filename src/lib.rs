//! The CORS engine that every HTTP server can carry: `no_std`, without allocation, without dependencies.
//!
//! It takes the header bytes of a request and a policy, decides as the [Fetch Standard] says, and writes the header
//! bytes of the response into a buffer of the caller's.
//!
//! ```
//! use embedded_cors::{Policy, Progress, RequestReader};
//!
//! /// In flash. A mistake in it does not compile.
//! static CORS: Policy = Policy::builder()
//!     .allow_origins(&["https://app.example.com", "https://*.example.com", "http://localhost:*"])
//!     .allow_methods(&["PUT", "DELETE"])
//!     .allow_headers(&["authorization", "content-type"])
//!     .expose_headers(&["etag"])
//!     .allow_credentials()
//!     .max_age_seconds(7200)
//!     .build_or_panic();
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::io::Read;
//! # let mut socket = &b"PUT /led HTTP/1.1\r\nHost: 192.168.4.1\r\nOrigin: http://localhost:3000\r\n\r\n{}"[..];
//! # let mut sent = Vec::new();
//! // The memory of one connection, known at build time.
//! let mut reader = RequestReader::<256>::new();
//! let mut buffer = [0; CORS.max_response_len()];
//!
//! let mut piece = [0; 64];
//! let content = loop {
//!     let n = socket.read(&mut piece)?;
//!     if n == 0 {
//!         return Ok(()); // the client has gone
//!     }
//!     if let Progress::Done { used } = reader.push(&piece[..n])? {
//!         break &piece[used..n]; // the content begins here
//!     }
//! };
//!
//! let request = reader.request();
//! let decision = CORS.decide(&request);
//! if let Some(preflight) = decision.preflight() {
//!     // Before routing and before authentication.
//!     sent.extend_from_slice(preflight.write_response(&mut buffer)?);
//! } else {
//!     // The handler's own status line and fields, and these with them, on every status.
//!     sent.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
//!     sent.extend_from_slice(decision.write_fields(&mut buffer)?.as_bytes());
//!     sent.extend_from_slice(b"content-length: 0\r\n\r\n");
//! }
//! # assert_eq!(content, b"{}");
//! # assert!(sent.starts_with(b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: http://localhost:3000\r\n"));
//! # Ok(())
//! # }
//! ```
//!
//! # The way of the data
//!
//! ```text
//! header bytes --field--> names and values --request, reader--> Request --+
//!                                                                         |
//! const builder, PolicyBuf --pattern, entries--> Policy ------------------+
//!                                                                         |
//! &mut [u8] <--response, rendered-- Decision <--decision------------------+
//!     |
//!     +--browser--> verdict
//! ```
//!
//! - A [`Request`] borrows the CORS fields from a head in memory, from another parser's names and values, or from a
//!   [`RequestReader`] that took the head in pieces. A [`PolicyReader`] takes pieces and decides without storing the list
//!   of requested headers.
//! - A [`Policy`] borrows its lists and is valid by construction: in a `static` by [`PolicyBuilder::build_or_panic`], at run time by
//!   [`PolicyBuilder::build`] or with the lists of a `PolicyBuf` (feature `heapless-v0.9`); with an [`OriginIndex`] if there are hundreds of
//!   origins and more. Where memory is cheaper than time, it is [`rendered!`]: responses are then an origin and copies.
//! - [`Policy::decide`] gives a [`Decision`]: its [`Kind`], why it is refused if it is ([`Refusal`], [`Reason`]), and the fields of the
//!   response, one by one ([`Decision::fields`]), as lines ([`Decision::write_fields`]), or, for a preflight, as a whole response
//!   ([`Preflight::write_response`]).
//! - [`browser`] is the client's side: what a browser sends for a page, and what it makes of the answer. It shares no decision with the
//!   server's side; in tests, [`would_allow`](browser::would_allow) asks whether a page may do what it has to.
//!
//! # Promises
//!
//! - **No allocation, no dependency.** What others bring is an optional feature.
//! - **No `unsafe`**: `forbid(unsafe_code)`.
//! - **No panic** but [`PolicyBuilder::build_or_panic`]'s: the linker proves for optimised builds that reading, deciding, writing and
//!   building policies at run time leave no panicking path.
//! - **Bounded output**: [`Policy::max_response_len`] and [`Policy::max_fields`] are known at build time. A write is complete or
//!   absent.
//! - **Bounded work**: linear in the bytes of the request, those of the CORS fields times the entries of a list. There is no limit on the
//!   length or number of field lines, and a long `Cookie` costs no memory.
//! - **Pieces give the same answer as the whole**, if the reader's buffer holds the values, and otherwise a refusal that says so.
//! - **Nothing is echoed that was not parsed in full.**
//! - **It fails closed**: what is cut, repeated, malformed or incomplete is refused with a [`Reason`] of its own, and what is refused is
//!   answered so that a browser refuses it too.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `httparse` | `Request::from(&httparse::Request)` |
//! | `embedded-io-v0.7` | `write_fields_to`, `write_response_to`: responses to a `Write` |
//! | `embedded-io-async-v0.7` | `write_fields_to_async`, `write_response_to_async` |
//! | `heapless-v0.9` | `PolicyBuf`, `OwnedPolicy`, `append_fields`, `append_response` |
//! | `defmt` | `defmt::Format` for decisions, reasons and errors |
//!
//! [Fetch Standard]: https://fetch.spec.whatwg.org/

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

// Facts.
mod ascii;
mod error;
mod message;
mod names;
mod out;
mod reason;

// Grammar.
mod field;
mod ipv6;
mod origin;
mod pattern;

// Meaning.
mod allowlist;
mod builder;
mod entries;
mod head;
mod index;
mod list;
mod policy;
mod request;
mod seconds;
mod store;

// Answer.
mod decision;
mod existing;
mod fixed;
mod lines;
mod members;
mod preflight;
mod reader;
mod rendered;
mod response;
mod value;

// The other end of the wire.
pub mod browser;
mod trial;

// Edge.
mod interop;

pub use builder::PolicyBuilder;
pub use decision::{Decision, Kind};
pub use error::{BufferTooSmall, PolicyError, PolicyErrorKind, Setting};
pub use existing::{CorsFields, VaryError};
pub use field::HeadError;
pub use index::OriginIndex;
#[cfg(feature = "heapless-v0.9")]
pub use interop::heapless_v0_9::{OwnedPolicy, PolicyBuf};
pub use lines::{FieldLines, Pairs};
pub use list::RequestedHeaders;
pub use origin::{MAX_ORIGIN_LEN, Origin, OriginError, OriginErrorKind, OriginOrNull};
pub use policy::{Policy, RefusedStatus, SuccessStatus};
pub use preflight::Preflight;
pub use reader::{PolicyReader, Progress, RequestReader};
pub use reason::{Reason, Refusal};
pub use request::Request;
pub use response::{Field, Fields, MAX_FIELDS};
pub use value::{FieldValue, Parts};

/// What the tests of the guests share.
#[cfg(test)]
mod interop_tests {
    #![allow(dead_code, reason = "a guest's tests come with its feature")]

    pub(crate) static POLICY: crate::Policy = crate::Policy::builder()
        .allow_origins(&["https://app.example.com"])
        .allow_methods(&["PUT", "DELETE"])
        .allow_headers(&["content-type"])
        .allow_credentials()
        .max_age_seconds(600)
        .build_or_panic();

    pub(crate) const PREFLIGHT: &[u8] = b"OPTIONS / HTTP/1.1\r\n\
        Origin: https://app.example.com\r\n\
        Access-Control-Request-Method: PUT\r\n\r\n";
}

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
