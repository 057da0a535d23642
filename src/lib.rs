//! A CORS engine for any HTTP server: `no_std`, without allocation, without dependencies.
//!
//! It takes the header bytes of a request and a policy, decides as the [Fetch Standard] says, and
//! writes the header bytes of the response into a buffer that the caller supplies.
//!
//! - An **origin** is a scheme, a host and a port: `https://app.example.com`,
//!   `http://localhost:3000`.
//! - A page may read a response from another origin only if the response allows the page's origin.
//! - To a **simple request** to another origin, such as a `GET`, a browser only adds an `Origin`
//!   field.
//! - Before any other, such as a `PUT`, it sends a **preflight**: an `OPTIONS` request that asks
//!   first.
//! - **CORS** is the set of header fields in which browsers ask and servers answer.
//!
//! ```
//! use embedded_cors::{Policy, Request};
//!
//! /// Placed in flash. A mistake in it fails the build.
//! static CORS: Policy = Policy::builder()
//!     .allow_origins(&["https://app.example.com", "http://localhost:*"])
//!     .allow_methods(&["PUT"])
//!     .build_or_panic();
//!
//! let request = Request::from_fields("GET", [("Host", "lamp"), ("Origin", "http://localhost:3000")]);
//! let decision = CORS.decide(&request);
//! let fields: Vec<String> = decision.fields().map(|field| field.to_string()).collect();
//! assert_eq!(fields, ["access-control-allow-origin: http://localhost:3000", "vary: origin"]);
//! ```
//!
//! # A whole server, in pieces
//!
//! A [`RequestReader`] takes a head in pieces of any size, as a socket delivers them. A preflight
//! is answered before routing and before authentication. The fields go to every other response,
//! whatever its status.
//!
//! ```
//! use embedded_cors::{Policy, Progress, RequestReader};
//!
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
//! // The memory of one connection. Its size is known at build time.
//! let mut reader = RequestReader::<256>::new();
//! let mut buffer = [0; CORS.max_response_len()];
//!
//! let mut piece = [0; 64];
//! let content = loop {
//!     let n = socket.read(&mut piece)?;
//!     if n == 0 {
//!         return Ok(()); // The client has closed the connection.
//!     }
//!     if let Progress::Done { used } = reader.push(&piece[..n])? {
//!         break &piece[used..n]; // The content begins here.
//!     }
//! };
//!
//! let request = reader.request();
//! let decision = CORS.decide(&request);
//! if let Some(preflight) = decision.preflight() {
//!     sent.extend_from_slice(preflight.write_response(&mut buffer)?);
//! } else {
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
//! # From request to response
//!
//! ```text
//! header bytes --> Request, RequestReader --+
//!                                           +--> Policy::decide --> Decision --> Fields, &mut [u8]
//! settings --> PolicyBuilder --> Policy ----+                          |
//!                                                                      +--> Preflight --> &mut [u8]
//!
//! PolicyReader: header bytes --> Decision, for a policy that is known before the request
//! browser:      response bytes --> what a browser lets a page read
//! ```
//!
//! - A [`Request`] borrows the CORS fields of a head in memory, of names and values from another
//!   parser, or of a [`RequestReader`]. A [`PolicyReader`] decides without storing the list of
//!   requested headers.
//! - A [`Policy`] borrows its lists and is valid by construction: in a `static` by
//!   [`PolicyBuilder::build_or_panic`], at run time by [`PolicyBuilder::build`]. Other types own
//!   the lists of a policy (features `heapless-v0.9` and `alloc`). An [`OriginIndex`] makes
//!   look-ups in lists of hundreds of origins fast. [`rendered!`] trades flash for speed.
//! - [`Policy::decide`] returns a [`Decision`]: its [`RequestKind`], the [`Refusal`] if the request
//!   is refused, and the fields of the response. They are available one by one
//!   ([`Decision::fields`]), as lines ([`Decision::write_fields`]), and for a preflight as a whole
//!   response ([`Preflight::write_response`]).
//! - [`Doors`] decide on requests that CORS lets through: forms, WebSocket handshakes and event
//!   streams of strangers, and requests after DNS rebinding. They read a [`DoorsRequest`] or, in
//!   pieces, a [`DoorsReader`].
//! - [`browser`] is the client side of Fetch: what a browser sends for a page, and what it makes of
//!   the answer. It shares no decision with the server side. In tests,
//!   [`would_allow`](browser::would_allow) asks whether a page may do what it has to do.
//!
//! The module `semantics` of this documentation lists what is allowed, what is refused, and what
//! the response then contains.
//!
//! # Promises
//!
//! - **No allocation and no dependency.** Integrations are optional features.
//! - **No `unsafe`**: the crate forbids it.
//! - **No panic**, except in [`PolicyBuilder::build_or_panic`], [`Rules::new_or_panic`] and
//!   [`DoorsBuilder::build_or_panic`]. The
//!   linker proves for optimised builds that reading, deciding, writing and building policies at
//!   run time have no panicking path.
//! - **Bounded output.** [`Policy::max_response_len`] and [`Policy::max_fields`] are known at build
//!   time. A write is complete or absent.
//! - **Bounded work.** The work of a decision is linear in the bytes of the request; the bytes of
//!   the CORS fields count once for each entry of a list. There may be any number of field lines,
//!   of any length, and a long `Cookie` does not take memory.
//! - **Pieces give the same answer as the whole**, if the buffer of the reader has room for the
//!   values. Otherwise the request is refused, and the [`Reason`] says which value was truncated.
//! - **Only what was parsed in full is echoed.**
//! - **It fails closed.** A request that is truncated, repeated, malformed or incomplete is refused
//!   with a [`Reason`]. A refused request gets a response that a browser refuses too.
//!
//! # Standards
//!
//! The crate follows the Fetch Standard of 2 July 2026, RFC 9110, RFC 9112 and RFC 6454. Links to
//! Fetch point to the named algorithm in the current text.
//!
//! # Features
//!
//! No feature is on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `alloc` | `PolicyConfig`, `OwnedPolicy`, `RulesConfig`, `OwnedRules`, `DoorsConfig`, `OwnedDoors`: policies, rules and doors on the heap |
//! | `serde` | reads these six from TOML, JSON, YAML and other formats |
//! | `http-v1` | `Request::from(&http::Request)`, `Decision::apply_to(&mut http::HeaderMap)` |
//! | `httparse` | `Request::from(&httparse::Request)` |
//! | `embedded-io-v0.7` | `write_fields_to`, `write_response_to`: responses to a `Write` |
//! | `embedded-io-async-v0.7` | `write_fields_async`, `write_response_async`: responses to an asynchronous `Write` |
//! | `heapless-v0.9` | `PolicyLists` and `FixedCapacityPolicy`, a policy that owns its lists; `append_fields`, `append_response` |
//! | `defmt` | `defmt::Format` for decisions, reasons and errors |
//!
//! [Fetch Standard]: https://fetch.spec.whatwg.org/

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

#[cfg(any(test, feature = "alloc", feature = "http-v1"))]
extern crate alloc;

// The ground: facts that every room uses.
mod ascii;
mod buffer;
mod names;
mod reason;
mod response_fields;
mod scan;
mod texts;

// Grammar and meaning.
mod origin;
mod policy;
mod request;

// The answer.
mod decision;
mod reader;
mod response;

// Decisions beside CORS.
mod doors;

// The client side.
pub mod browser;
mod policy_server;

// Foreign crates.
mod interop;

pub use buffer::BufferTooSmall;
pub use decision::{Decide, Decision, PolicySource, RequestKind, VaryValue};
pub use doors::{
    Door, Doors, DoorsBuilder, DoorsDecision, DoorsError, DoorsErrorKind, DoorsFields, DoorsReader,
    DoorsRequest, DoorsResponse, HostRefusedStatus, ResourcePolicy,
};
#[cfg(feature = "alloc")]
pub use interop::alloc::{
    BorrowedRules, DoorsConfig, DoorsErrors, OwnedDoors, OwnedDoorsError, OwnedPolicy, OwnedPolicyBuilder,
    OwnedPolicyError, OwnedRules, OwnedRulesError, PolicyConfig, PolicyErrors, RulesConfig,
};
#[cfg(feature = "heapless-v0.9")]
pub use interop::heapless_v0_9::{FixedCapacityPolicy, PolicyLists};
#[cfg(feature = "http-v1")]
pub use interop::{doors_http_v1::DoorsHeaders, http_v1::CorsHeaders};
pub use origin::{MAX_ORIGIN_LEN, Origin, OriginError, OriginErrorKind, OriginOrNull};
pub use policy::{
    MAX_RULES, OriginIndex, OriginPattern, Policy, PolicyBuilder, PolicyError, PolicyErrorKind,
    PreflightRefusedStatus, PreflightSuccessStatus, Rules, RulesError, RulesErrorKind, Setting,
};
pub use reader::{PolicyReader, Progress, RequestReader, RulesReader};
pub use reason::{Reason, Refusal, RefusalPosition};
pub use request::{HeadError, Request, RequestedHeaders};
pub use response::{ExistingCorsFields, Field, FieldLines, FieldValue, Fields, Preflight, VaryError};
pub use response_fields::{FIELD_NAMES, MAX_FIELDS};

/// A policy and a preflight for the tests of the integrations.
#[cfg(test)]
mod interop_tests {
    #![allow(dead_code, reason = "each feature has its own tests")]

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

#[cfg(doc)]
#[doc = include_str!("../docs/semantics.md")]
pub mod semantics {}
