//! A policy: which responses are shared with which origins. A policy is valid by construction.
//!
//! | file | what it holds |
//! |---|---|
//! | `builder` | settings, and the checks that make a policy valid |
//! | `lists` | lists of entries as the caller stores them, and checked lists of names |
//! | `pattern` | the forms of an origin entry, which origins each matches, and which contain which |
//! | `allowlist` | a checked list of origins, and whether it admits an origin |
//! | `fingerprints`, `index` | faster look-ups in short and in long lists |
//! | `rules` | an ordered list of policies |
//! | `max_age`, `timing` | values of two response fields |
//! | `bounds` | the longest response, and the largest number of fields |
//! | `error`, `error_kind`, `message` | mistakes, and the sentences about them |

mod allowlist;
mod bounds;
mod builder;
mod error;
mod error_kind;
mod fingerprints;
mod index;
mod lists;
mod max_age;
pub(crate) mod message;
pub(crate) mod pattern;
mod rules;
pub(crate) mod timing;

pub(crate) use allowlist::{Lookup, NotAdmitted, Predicate, Way};
pub(crate) use bounds::MAX_METHOD_LEN;
pub use builder::PolicyBuilder;
pub use error::{PolicyError, Setting};
pub use error_kind::PolicyErrorKind;
#[allow(unused_imports, reason = "integrations invoke it too")]
pub(crate) use error_kind::all_policy_error_kinds;
pub use index::OriginIndex;
pub(crate) use lists::{Entries, EntrySet, Iter as NameEntries, Names, Selected};
#[allow(unused_imports, reason = "integrations check entries one by one")]
pub(crate) use lists::{MAX_NAMES, check_name};
pub use pattern::OriginPattern;
pub use rules::{MAX_RULES, Rules, RulesError, RulesErrorKind};

use core::fmt;

use self::allowlist::Allowlist;
use self::max_age::MaxAge;
use self::timing::Timing;
use crate::names::Vary;
use crate::origin::Origin;

/// A policy of a resource or of a whole server: which responses are shared with which origins.
///
/// A `Policy` borrows its lists. It is valid by construction, because [`PolicyBuilder::build`] is
/// the only way to create one. A policy in a `const` or a `static` is placed in read-only memory,
/// and a mistake in it fails the build:
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
/// A trailing slash does not compile, nor does `*` with credentials or a method in lower case:
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
/// A policy decides on preflights and on actual requests: see [`decide`](Self::decide).
///
/// `Policy` does not implement `PartialEq`, because a predicate cannot be compared.
#[derive(Clone, Copy)]
pub struct Policy<'a> {
    pub(crate) origins: Allowlist<'a>,
    pub(crate) methods: Names<'a>,
    pub(crate) headers: Names<'a>,
    pub(crate) expose: Names<'a>,
    pub(crate) options: Options,
    pub(crate) rendered: RenderedText<'a>,
    pub(crate) max_response_len: usize,
    /// The `Vary` of responses to requests other than `OPTIONS`, and to `OPTIONS`. It is computed
    /// when the policy is built, which saves 9 instructions per decision.
    required_vary: [Vary; 2],
}

/// The settings of a policy that are not lists.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) credentials: bool,
    /// See [`PolicyBuilder::hide_lists_when_refused`].
    pub(crate) hide_lists: bool,
    /// See [`PolicyBuilder::strict_request_headers`].
    pub(crate) strict: bool,
    /// See [`PolicyBuilder::answer_only_requested`].
    pub(crate) only_requested: bool,
    pub(crate) max_age: Option<MaxAge>,
    pub(crate) timing: Option<Timing>,
    pub(crate) success: PreflightSuccessStatus,
    pub(crate) refused: PreflightRefusedStatus,
}

impl Options {
    pub(crate) const DEFAULT: Self = Self {
        credentials: false,
        hide_lists: false,
        strict: false,
        only_requested: false,
        max_age: None,
        timing: None,
        success: PreflightSuccessStatus::NoContent,
        refused: PreflightRefusedStatus::Forbidden,
    };
}

/// The bytes that follow the origin in responses to allowed requests, starting with the CRLF of its
/// line. A text is empty if it depends on the request, or if the policy was not rendered.
#[derive(Clone, Copy)]
pub(crate) struct RenderedText<'a> {
    pub(crate) actual: &'a [u8],
    pub(crate) preflight: &'a [u8],
}

impl RenderedText<'_> {
    pub(crate) const NONE: Self = Self {
        actual: &[],
        preflight: &[],
    };
}

impl<'a> Policy<'a> {
    /// Returns the policy with another predicate in place of the one with which it was built, for
    /// decisions that depend on more of a request than its origin. See
    /// [`PolicyBuilder::allow_origin_if`].
    ///
    /// If the policy was built without a predicate, the new one is never called. So the result of
    /// the build stays valid, for example that a predicate may not admit origins with credentials.
    /// The call copies the policy, about 300 bytes, and does not check it again.
    ///
    /// ```
    /// use embedded_cors::{Origin, Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .allow_origin_if(&|_| false)
    ///     .build_or_panic();
    ///
    /// let host = "192.168.4.1"; // From the request's `Host`.
    /// let own_host = |origin: &Origin<'_>| origin.host() == host;
    /// let policy = CORS.with_predicate(&own_host);
    /// let request = Request::from_fields("GET", [("Origin", "http://192.168.4.1:8080")]);
    /// assert!(policy.decide(&request).is_allowed());
    /// assert!(CORS.decide(&request).is_refused());
    /// ```
    pub const fn with_predicate<'p>(&self, predicate: &'p (dyn Fn(&Origin<'_>) -> bool + Sync)) -> Policy<'p>
    where
        'a: 'p,
    {
        let mut policy: Policy<'p> = *self;
        policy.origins.replace_predicate(predicate);
        policy
    }
}

impl Policy<'_> {
    /// Returns whether a decision needs the names of the requested headers, rather than only the
    /// result of the check that was made while they arrived.
    pub(crate) const fn needs_requested_names(&self) -> bool {
        self.options.strict || self.echoes_headers()
    }

    /// Returns the `Vary` that responses of this policy need.
    ///
    /// If a policy depends on the origin, so does each of its responses, including those to refused
    /// requests and to requests without `Origin`
    /// (<https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>). A response to an `OPTIONS`
    /// request also depends on the other two fields of a preflight, even if every origin is
    /// allowed.
    pub(crate) const fn required_vary(&self, is_options: bool) -> Vary {
        self.required_vary[is_options as usize]
    }

    /// Returns the `Vary` of responses to requests other than `OPTIONS`, and to `OPTIONS`.
    const fn find_required_vary(&self) -> [Vary; 2] {
        if self.origins.depends_on_origin() {
            [Vary::Origin, Vary::OriginAndRequested]
        } else if self.origins.any {
            [Vary::Nothing, Vary::Requested]
        } else {
            [Vary::Nothing; 2]
        }
    }

    /// Returns whether a preflight that is refused for its method is answered with the safelisted
    /// methods, because the policy has no list of methods that it could show.
    pub(crate) const fn names_safelisted_methods(&self) -> bool {
        self.methods.is_empty() || self.methods.any || self.options.only_requested
    }

    /// Returns whether responses contain what was requested instead of `*`.
    ///
    /// With credentials, browsers take `*` for an ordinary name
    /// (<https://fetch.spec.whatwg.org/#cors-preflight-fetch>). A policy may also be set to answer
    /// with nothing but what was requested. The requested method and names are parsed before they
    /// are written.
    const fn echoes(&self) -> bool {
        self.options.credentials || self.options.only_requested
    }

    /// Returns whether responses contain the requested method instead of `*`.
    pub(crate) const fn echoes_method(&self) -> bool {
        self.methods.any && self.echoes()
    }

    /// Returns whether responses contain the requested header names instead of `*`.
    pub(crate) const fn echoes_headers(&self) -> bool {
        self.headers.any && self.echoes()
    }
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

/// The status of a response to a preflight that succeeds.
///
/// Browsers accept every status from 200 to 299
/// (<https://fetch.spec.whatwg.org/#cors-preflight-fetch>). The enum is exhaustive, so that a
/// configuration format can map all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PreflightSuccessStatus {
    /// 204, the default.
    #[default]
    NoContent,
    /// 200, for clients and proxies that wait for content after a 204.
    Ok,
    /// 204 without `content-length`, as <https://www.rfc-editor.org/rfc/rfc9110#section-8.6>
    /// requires. The other two are written with `content-length: 0`.
    NoContentBare,
}

/// The status of a response to a preflight that is refused.
///
/// A preflight that is refused for a method or header that is not allowed gets the
/// [success status](PreflightSuccessStatus), unless the policy
/// [hides its lists](PolicyBuilder::hide_lists_when_refused). The enum is exhaustive, so that a
/// configuration format can map all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PreflightRefusedStatus {
    /// 403, the default, as <https://fetch.spec.whatwg.org/#http-responses> suggests.
    #[default]
    Forbidden,
    /// 204.
    NoContent,
    /// 200.
    Ok,
}

/// The data that a type that owns a policy stores beside the results of the check.
#[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
#[derive(Clone, Copy)]
pub(crate) struct Stored<'l> {
    /// Origins, methods, headers, and exposed headers.
    pub(crate) lists: [Entries<'l>; 4],
    /// An index over the origins.
    pub(crate) index: Option<&'l dyn Lookup>,
    /// A predicate that replaces that of the builder.
    pub(crate) predicate: Option<Predicate<'l>>,
}

#[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
impl<'l> Stored<'l> {
    /// Returns these lists alone.
    pub(crate) const fn lists(lists: [Entries<'l>; 4]) -> Self {
        Self {
            lists,
            index: None,
            predicate: None,
        }
    }
}

#[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
impl Policy<'static> {
    /// Returns the policy with the lists that it was checked with.
    pub(crate) const fn with_stored<'l>(&self, stored: Stored<'l>) -> Policy<'l> {
        let [origins, methods, headers, expose] = stored.lists;
        let mut policy: Policy<'l> = *self;
        policy.origins.attach(origins, stored.index, stored.predicate);
        policy.methods.entries = methods;
        policy.headers.entries = headers;
        policy.expose.entries = expose;
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn a_policy_without_a_predicate_never_asks_one() {
        let plain = Policy::builder()
            .allow_origins(&["https://a.example", "https://*.b.example"])
            .build_or_panic();
        let with_predicate = Policy::builder().allow_origin_if(&|_| false).build_or_panic();
        let request = Request::from_fields("GET", [("Origin", "https://c.example")]);
        assert!(plain.with_predicate(&|_| true).decide(&request).is_refused());
        assert!(with_predicate.decide(&request).is_refused());
        assert!(
            with_predicate
                .with_predicate(&|_| true)
                .decide(&request)
                .is_allowed()
        );
    }
}
