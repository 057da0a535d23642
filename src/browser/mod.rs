//! The other end of the wire: the client side of Fetch, so that tests can ask what a browser makes of a server.
//!
//! It follows the [Fetch Standard]'s own steps, allocates nothing, and shares no decision with the server's side of this crate: that both
//! agree means something. It is for tests, fuzzing and debuggers, of a [`Policy`](crate::Policy) or of any other server:
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
//! // https://app.example.com may PUT with authorization.
//! let fetch = Fetch::from_origin("https://app.example.com")
//!     .method("PUT")
//!     .headers(&[("Authorization", "Bearer 1")]);
//! assert_eq!(would_allow(&CORS, &fetch), Ok(()));
//!
//! // It may not send cookies, nor may others do anything.
//! let blocked = would_allow(&CORS, &fetch.include_credentials()).unwrap_err();
//! assert_eq!(blocked.failure(), Failure::AllowCredentialsMissing);
//! assert_eq!(
//!     blocked.to_string(),
//!     "preflight: the response has no Access-Control-Allow-Credentials, and the request has credentials \
//!      (Fetch section 4.10 step 7); allow credentials, or send none from the page"
//! );
//! assert!(would_allow(&CORS, &Fetch::from_origin("https://evil.test")).is_err());
//! ```
//!
//! | question | answer |
//! |---|---|
//! | does this request need a preflight? | [`Fetch::needs_preflight`], [`PreflightCache::needs_preflight`] |
//! | which names does the preflight ask for? | [`Fetch::unsafe_names`] |
//! | what does it look like? | [`Fetch::write_preflight`], [`Fetch::write_request`] |
//! | does the preflight succeed? | [`Fetch::check_preflight`] |
//! | does the page get the response? | [`Fetch::check_response`] |
//! | which of its headers? | [`Shared`] |
//! | how long is the preflight remembered? | [`max_age`], [`PreflightCache`] |
//! | all of it | [`would_allow`] |
//!
//! What real browsers do otherwise is in [`Engine`] as far as it is a number. Three exceptions are common to Chromium, Firefox and WebKit:
//!
//! - To them `Access-Control-Allow-Headers: *` covers `Authorization`, which to the standard it does not.
//! - Without `Access-Control-Allow-Methods` they block an upload that is listened to, if its method is not safelisted; section 4.8 step 7.4 has
//!   it pass.
//! - `Access-Control-Max-Age: -1` is 0 to them, and 5 to the standard.
//!
//! The others are in the project's table of real browsers, `docs/browsers.md`.
//!
//! [Fetch Standard]: https://fetch.spec.whatwg.org/

mod cache;
mod check;
mod exchange;
mod expose;
mod fetch;
mod response;
mod safelist;
pub(crate) mod verdict;

pub use cache::{Engine, PreflightCache, max_age};
pub use exchange::{Server, would_allow};
pub use expose::Shared;
pub use fetch::{Fetch, UnsafeName, UnsafeNames};
pub use response::{Response, ResponseError};
pub use verdict::{Blocked, Failure, Stage};
