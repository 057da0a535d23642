//! The client side of Fetch: what a browser sends for a page, and what it makes of the answer.
//!
//! Use it in tests, fuzzers and debuggers to ask whether a browser lets a page do something, be the
//! server a [`Policy`](crate::Policy) or any other. The module follows the algorithms of the
//! [Fetch Standard] and allocates nothing. It shares no decision with the server side of this
//! crate, so a mistake on one side shows as a disagreement of both.
//!
//! ```
//! use embedded_cors::Policy;
//! use embedded_cors::browser::{Failure, Fetch, would_allow};
//!
//! static CORS: Policy = Policy::builder()
//!     .allow_origins(&["https://app.example.com"])
//!     .allow_methods(&["PUT"])
//!     .allow_headers(&["authorization"])
//!     .build_or_panic();
//!
//! // A page of https://app.example.com may send PUT with Authorization.
//! let fetch = Fetch::from_origin("https://app.example.com")
//!     .method("PUT")
//!     .headers(&[("Authorization", "Bearer 1")]);
//! assert_eq!(would_allow(&CORS, &fetch), Ok(()));
//!
//! // It may not send cookies, and pages of other origins may not send anything.
//! let blocked = would_allow(&CORS, &fetch.include_credentials()).unwrap_err();
//! assert_eq!(blocked.failure(), Failure::AllowCredentialsMissing);
//! assert_eq!(
//!     blocked.to_string(),
//!     "preflight: the response has no Access-Control-Allow-Credentials, \
//!      and the request has credentials; \
//!      allow credentials, or send the request without them \
//!      (CORS check, https://fetch.spec.whatwg.org/#cors-check)"
//! );
//! assert!(would_allow(&CORS, &Fetch::from_origin("https://evil.test")).is_err());
//! ```
//!
//! | question | answer |
//! |---|---|
//! | Does a browser let the page make this request? | [`would_allow`], [`would_allow_at`] |
//! | How is that written in a test? | [`assert_allowed!`](crate::assert_allowed), [`assert_blocked!`](crate::assert_blocked) |
//! | Does the request need a preflight? | [`Fetch::needs_preflight`] |
//! | Which header names does the preflight ask for? | [`Fetch::unsafe_names`] |
//! | Which bytes does the browser send? | [`Fetch::write_preflight`], [`Fetch::write_request`] |
//! | Does the preflight succeed? | [`Fetch::check_preflight`] |
//! | Does the page get the response? | [`Fetch::check_response`] |
//! | Which headers does the page see? | [`FilteredResponse`] |
//! | How does a redirect change the request? | [`Exchange`] |
//! | For how long is the preflight remembered? | [`max_age`] |
//! | Does it spare the next request one? | [`PreflightCache::needs_preflight`] |
//!
//! # Where browsers differ
//!
//! [`Engine`] models what browsers make of `Access-Control-Max-Age`. In three other points
//! Chromium, Firefox and WebKit all differ from the standard, which this module follows:
//!
//! - `Access-Control-Allow-Headers: *` covers `Authorization` in the browsers; in the standard it
//!   does not.
//! - A response without `Access-Control-Allow-Methods` blocks an upload whose progress a page
//!   listens to, if its method is not safelisted; in the standard it does not.
//! - A `Range` that ends above 2^64 needs a preflight in the browsers, and none in the standard.
//!
//! Browsers also read heads that HTTP/1.1 forbids: folded lines, names that are not tokens, a CR in
//! a value. This module refuses them, so that a test notices.
//!
//! The project's table of real browsers, `docs/browsers.md`, lists the points in which one engine
//! differs.
//!
//! [Fetch Standard]: https://fetch.spec.whatwg.org/

// Rustdoc shows the methods of `Fetch` in the order of the modules: those that build a request come
// first, those that check a response after them.
mod fetch;

mod cache;
mod check;
mod exchange;
mod expose;
mod max_age;
mod origin;
mod response;
mod safelist;
mod url;
pub(crate) mod verdict;

pub use cache::PreflightCache;
pub use exchange::{Exchange, Received, Server, would_allow, would_allow_at};
pub use expose::FilteredResponse;
pub use fetch::{Fetch, UnsafeName, UnsafeNames};
pub use max_age::{Engine, max_age};
pub use response::{Response, ResponseError, ResponseErrorKind};
pub use verdict::{Blocked, Failure, Stage};
