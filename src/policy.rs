//! A policy: what may be shared with which origins. Valid by construction.

use core::fmt;

use crate::allowlist::Allowlist;
#[cfg(feature = "heapless-v0.9")]
use crate::entries::Entries;
use crate::entries::Names;
use crate::names::{self, Vary};
use crate::seconds::Seconds;

/// The most bytes of requested header names that a policy echoes: 1024, or as many as it lists beside `*`, see `max_echoed_len`.
///
/// Only a policy with credentials and `*` among its headers echoes at all. Fetch bounds the *values* of
/// safelisted headers to 1024 bytes in all and their names not at all; a hundred names of ten bytes fit.
const MAX_ECHOED_LEN: usize = 1024;

/// The most bytes of a requested method that is echoed: 64. The longest registered one,
/// `UPDATEREDIRECTREF`, has 17.
pub(crate) const MAX_METHOD_LEN: usize = 64;

/// What may be shared with which origins: the policy of a resource, or of a whole server.
///
/// A `Policy` borrows its lists and is valid by construction: [`PolicyBuilder::build`](crate::PolicyBuilder::build) is the only way to
/// one. Built in a `const` or a `static`, it lies in read-only memory, and a mistake in it fails the build:
///
/// ```
/// use embedded_cors::Policy;
///
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com", "https://*.example.com", "http://localhost:*"])
///     .allow_methods(&["PUT", "DELETE"])
///     .allow_headers(&["authorization", "content-type"])
///     .expose_headers(&["etag"])
///     .allow_credentials()
///     .max_age_seconds(7200)
///     .build_or_panic();
/// ```
///
/// A trailing slash, an upper-case letter, `*` with credentials do not compile:
///
/// ```compile_fail
/// use embedded_cors::Policy;
///
/// // allow_origins[0] "https://app.example.com/": has a path or a slash at byte 23;
/// // an origin ends after its host and port
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com/"])
///     .build_or_panic();
/// ```
///
/// ```compile_fail
/// use embedded_cors::Policy;
///
/// // allow_origins[0] "*": `*` and credentials exclude each other;
/// // list the origins that may send credentials
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["*"])
///     .allow_credentials()
///     .build_or_panic();
/// ```
///
/// ```compile_fail
/// use embedded_cors::Policy;
///
/// // allow_methods[1] "put": browsers send this method in upper case, and methods are case-sensitive;
/// // write it in upper case
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com"])
///     .allow_methods(&["DELETE", "put"])
///     .build_or_panic();
/// ```
///
/// The same policy decides preflights and actual requests: [`decide`](Self::decide).
#[derive(Clone, Copy)]
pub struct Policy<'a> {
    pub(crate) origins: Allowlist<'a>,
    pub(crate) methods: Names<'a>,
    pub(crate) headers: Names<'a>,
    pub(crate) expose: Names<'a>,
    pub(crate) options: Options,
    pub(crate) rendered: Rendered<'a>,
    pub(crate) max_response_len: usize,
}

/// What a policy has besides its lists.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) credentials: bool,
    pub(crate) private_network: bool,
    pub(crate) minimal: bool,
    pub(crate) strict: bool,
    pub(crate) only_requested: bool,
    pub(crate) max_age: Option<Seconds>,
    pub(crate) success: SuccessStatus,
    pub(crate) refused: RefusedStatus,
}

impl Options {
    pub(crate) const DEFAULT: Self = Self {
        credentials: false,
        private_network: false,
        minimal: false,
        strict: false,
        only_requested: false,
        max_age: None,
        success: SuccessStatus::NoContent,
        refused: RefusedStatus::Forbidden,
    };
}

/// What follows the origin in the answers to allowed requests, with the CRLF of its line; nothing where that depends on the request, or was
/// not rendered.
#[derive(Clone, Copy)]
pub(crate) struct Rendered<'a> {
    pub(crate) actual: &'a [u8],
    pub(crate) preflight: &'a [u8],
}

impl Rendered<'_> {
    pub(crate) const NONE: Self = Self {
        actual: &[],
        preflight: &[],
    };
}

impl Policy<'_> {
    /// The most bytes that any decision of this policy writes, a whole preflight response included.
    ///
    /// A buffer of this length is never too small. If a `Vary` of the server's own is merged, add its length and 8, for each of its values.
    /// `const`, so it can be the length of an array:
    ///
    /// ```
    /// use embedded_cors::Policy;
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .build_or_panic();
    ///
    /// let buffer = [0u8; CORS.max_response_len()];
    /// assert_eq!(buffer.len(), 220);
    /// ```
    pub const fn max_response_len(&self) -> usize {
        self.max_response_len
    }

    pub(crate) const fn find_max_response_len(&self) -> usize {
        // The longest status line, and what ends a response without content.
        let framing = "HTTP/1.1 204 No Content\r\n".len() + "content-length: 0\r\n".len() + "\r\n".len();
        max(
            self.max_preflight_len().saturating_add(framing),
            self.max_actual_len(),
        )
    }

    /// The most fields that any decision of this policy has; at most [`MAX_FIELDS`](crate::MAX_FIELDS).
    ///
    /// For servers that keep a table of response fields, such as the eight of ESP-IDF.
    pub const fn max_fields(&self) -> usize {
        let both = 2 + self.options.credentials as usize;
        let preflight = (self.max_methods_len() > 0) as usize
            + !self.headers.is_empty() as usize
            + self.options.private_network as usize
            + self.options.max_age.is_some() as usize;
        let actual = !self.expose.is_empty() as usize;
        both + max(preflight, actual)
    }

    const fn max_preflight_len(&self) -> usize {
        let mut len = self.max_common_len();
        let methods = self.max_methods_len();
        if methods > 0 {
            len = len.saturating_add(line_len(names::ALLOW_METHODS, methods));
        }
        if !self.headers.is_empty() {
            let value = match (self.headers.any, self.options.credentials) {
                (true, true) => self.max_echoed_len(),
                (true, false) => "*,authorization".len(),
                (false, _) => self.headers.joined_len(),
            };
            len = len.saturating_add(line_len(names::ALLOW_HEADERS, value));
        }
        if self.options.private_network {
            len = len.saturating_add(line_len(names::ALLOW_PRIVATE_NETWORK, "true".len()));
        }
        if self.options.max_age.is_some() {
            len = len.saturating_add(line_len(names::MAX_AGE, "86400".len()));
        }
        len
    }

    /// The most bytes in the list of methods; 0 if there never is one.
    const fn max_methods_len(&self) -> usize {
        let allowed = match (self.methods.any, self.options.credentials) {
            (true, true) => max(MAX_METHOD_LEN, self.methods.longest()),
            (true, false) => 1,
            (false, _) => self.methods.joined_len(),
        };
        let refused = if self.options.minimal || !self.names_safelisted_methods() {
            0
        } else {
            names::SAFELISTED_METHODS.len()
        };
        max(allowed, refused)
    }

    const fn max_actual_len(&self) -> usize {
        let mut len = self.max_common_len();
        if !self.expose.is_empty() {
            let value = if self.expose.any {
                1
            } else {
                self.expose.joined_len()
            };
            len = len.saturating_add(line_len(names::EXPOSE_HEADERS, value));
        }
        len
    }

    const fn max_common_len(&self) -> usize {
        let origin = if self.origins.any { 1 } else { self.origins.max_len };
        let mut len: usize = if origin == 0 {
            0
        } else {
            line_len(names::ALLOW_ORIGIN, origin)
        };
        if self.options.credentials {
            len = len.saturating_add(line_len(names::ALLOW_CREDENTIALS, "true".len()));
        }
        // An actual request can be an OPTIONS too, so both have the long form.
        if let Some(vary) = self.vary(true) {
            len = len.saturating_add(vary.line.len());
        }
        len
    }
}

impl Policy<'_> {
    /// Whether a decision needs the names of the requested headers, and not only what the list check says of them.
    pub(crate) const fn needs_requested_names(&self) -> bool {
        self.options.strict || self.echoes_headers()
    }

    /// What a response depends on besides its URL, if it does: on every response of a policy that depends on the origin,
    /// refused and non-CORS ones too (Fetch *CORS protocol and HTTP caches*); `OPTIONS` also on the fields that make it a
    /// preflight and that the answer depends on.
    pub(crate) const fn vary(&self, is_options: bool) -> Option<&'static Vary> {
        if !self.origins.depends_on_origin() {
            return None;
        }
        Some(match (is_options, self.options.private_network) {
            (false, _) => names::VARY_ACTUAL,
            (true, false) => names::VARY_OPTIONS,
            (true, true) => names::VARY_PRIVATE_NETWORK,
        })
    }

    /// Whether a preflight that is refused for its method is told the safelisted methods: if the policy has no list that it could be told.
    pub(crate) const fn names_safelisted_methods(&self) -> bool {
        self.methods.is_empty() || self.methods.any || self.options.only_requested
    }

    /// The most bytes of names that are echoed: what is listed beside `*` is allowed in any case.
    pub(crate) const fn max_echoed_len(&self) -> usize {
        let listed = self.headers.joined_len();
        // A request's names are counted up to 65535 bytes.
        if listed >= u16::MAX as usize {
            return u16::MAX as usize - 1;
        }
        max(MAX_ECHOED_LEN, listed)
    }

    /// With credentials `*` would be a header of that name (Fetch section 4.8 step 7.7), so what is requested is
    /// written instead.
    pub(crate) const fn echoes_headers(&self) -> bool {
        self.headers.any && self.options.credentials
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// `name ": " value CRLF`.
const fn line_len(name: &str, value_len: usize) -> usize {
    value_len.saturating_add(name.len() + ": ".len() + "\r\n".len())
}

impl fmt::Debug for Policy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("origins", &self.origins)
            .field("methods", &self.methods)
            .field("headers", &self.headers)
            .field("expose", &self.expose)
            .field("credentials", &self.options.credentials)
            .field("max_age", &self.options.max_age)
            .finish_non_exhaustive()
    }
}

/// The status of a preflight that succeeds. Browsers take any status from 200 to 299 (Fetch section 4.8
/// step 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SuccessStatus {
    /// 204, the default.
    #[default]
    NoContent,
    /// 200, for clients and proxies that wait for content after a 204.
    Ok,
}

/// The status of a preflight that is refused: for anything but a method or header that is not allowed, unless the policy is
/// [`minimal`](crate::PolicyBuilder::minimal).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RefusedStatus {
    /// 403, the default (Fetch section 3.3.3).
    #[default]
    Forbidden,
    /// 204.
    NoContent,
    /// 200.
    Ok,
}

#[cfg(feature = "heapless-v0.9")]
impl Policy<'static> {
    /// The policy with the lists that it was checked with.
    pub(crate) const fn with_lists<'l>(&self, lists: [&'l str; 4]) -> Policy<'l> {
        let [origins, methods, headers, expose] = lists;
        let mut policy: Policy<'l> = *self;
        policy.origins.entries = Entries::Joined(origins);
        policy.methods.entries = Entries::Joined(methods);
        policy.headers.entries = Entries::Joined(headers);
        policy.expose.entries = Entries::Joined(expose);
        policy
    }
}
