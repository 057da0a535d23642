//! A policy: what may be shared with which origins. Valid by construction.

use core::fmt;

use crate::allowlist::{Allowlist, Lookup, Predicate, Trust};
use crate::entries::{Entries, Names};
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::index::OriginIndex;
use crate::names;
use crate::origin::Origin;

/// The longest `Access-Control-Max-Age`: a day, which is Firefox's cap and the highest of any browser's
/// (Chromium's is 7200, WebKit's 600).
pub(crate) const MAX_MAX_AGE: u32 = 86_400;

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
/// A `Policy` borrows its lists and is valid by construction: [`PolicyBuilder::build`] is the only way to
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
    pub(crate) credentials: bool,
    pub(crate) private_network: bool,
    pub(crate) minimal: bool,
    pub(crate) strict: bool,
    pub(crate) only_requested: bool,
    pub(crate) max_age: Option<Seconds>,
    pub(crate) success: SuccessStatus,
    pub(crate) refused: RefusedStatus,
    pub(crate) max_response_len: usize,
}

impl<'a> Policy<'a> {
    /// Starts a policy that allows nothing.
    pub const fn builder() -> PolicyBuilder<'a> {
        PolicyBuilder {
            origins: Entries::EMPTY,
            index: None,
            predicate: None,
            methods: Entries::EMPTY,
            headers: Entries::EMPTY,
            expose: Entries::EMPTY,
            credentials: false,
            private_network: false,
            minimal: false,
            strict: false,
            only_requested: false,
            insecure: false,
            suffixes: false,
            trust_predicate: false,
            max_age: None,
            success: SuccessStatus::NoContent,
            refused: RefusedStatus::Forbidden,
        }
    }

    /// The most bytes that any decision of this policy writes, a whole preflight response included.
    ///
    /// A buffer of this length is never too small. If a `Vary` of the server's own is merged, add its length and 8.
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

    const fn find_max_response_len(&self) -> usize {
        // The longest status line, and what ends a response without content.
        let framing = "HTTP/1.1 204 No Content\r\n".len() + "content-length: 0\r\n".len() + "\r\n".len();
        max(framing + self.max_preflight_len(), self.max_actual_len())
    }

    /// The most fields that any decision of this policy has; at most [`MAX_FIELDS`](crate::MAX_FIELDS).
    ///
    /// For servers that keep a table of response fields, such as the eight of ESP-IDF.
    pub const fn max_fields(&self) -> usize {
        let both = 2 + self.credentials as usize;
        let preflight = (self.max_methods_len() > 0) as usize
            + !self.headers.is_empty() as usize
            + self.private_network as usize
            + self.max_age.is_some() as usize;
        let actual = !self.expose.is_empty() as usize;
        both + max(preflight, actual)
    }

    const fn max_preflight_len(&self) -> usize {
        let mut len = self.max_common_len();
        let methods = self.max_methods_len();
        if methods > 0 {
            len += line_len(names::ALLOW_METHODS, methods);
        }
        if !self.headers.is_empty() {
            let value = match (self.headers.any, self.credentials) {
                (true, true) => self.max_echoed_len(),
                (true, false) => "*,authorization".len(),
                (false, _) => self.headers.joined_len(),
            };
            len += line_len(names::ALLOW_HEADERS, value);
        }
        if self.private_network {
            len += line_len(names::ALLOW_PRIVATE_NETWORK, "true".len());
        }
        if self.max_age.is_some() {
            len += line_len(names::MAX_AGE, "86400".len());
        }
        len
    }

    /// The most bytes in the list of methods; 0 if there never is one.
    const fn max_methods_len(&self) -> usize {
        let allowed = match (self.methods.any, self.credentials) {
            (true, true) => max(MAX_METHOD_LEN, self.methods.longest()),
            (true, false) => 1,
            (false, _) => self.methods.joined_len(),
        };
        let refused = if self.minimal || !self.names_safelisted_methods() {
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
            len += line_len(names::EXPOSE_HEADERS, value);
        }
        len
    }

    const fn max_common_len(&self) -> usize {
        let origin = if self.origins.any { 1 } else { self.origins.max_len };
        let mut len = if origin == 0 {
            0
        } else {
            line_len(names::ALLOW_ORIGIN, origin)
        };
        if self.credentials {
            len += line_len(names::ALLOW_CREDENTIALS, "true".len());
        }
        // An actual request can be an OPTIONS too, so both have the long form.
        if let Some((vary, _)) = self.vary(true) {
            len += line_len(names::VARY, vary.len());
        }
        len
    }
}

impl Policy<'_> {
    /// Whether a decision needs the names of the requested headers, and not only what the list check says of them.
    pub(crate) const fn needs_requested_names(&self) -> bool {
        self.strict || self.echoes_headers()
    }

    /// What a response depends on besides its URL, if it does: on every response of a policy that depends on the origin,
    /// refused and non-CORS ones too (Fetch *CORS protocol and HTTP caches*); `OPTIONS` also on the fields that make it a
    /// preflight and that the answer depends on.
    ///
    /// The value, and its members.
    pub(crate) const fn vary(&self, is_options: bool) -> Option<(&'static str, &'static [&'static str])> {
        let (members, _) = VARY_MEMBERS.split_at(match (is_options, self.private_network) {
            (false, _) => 1,
            (true, false) => 3,
            (true, true) => 4,
        });
        if !self.origins.depends_on_origin() {
            return None;
        }
        let value = match members.len() {
            1 => names::ORIGIN,
            3 => "origin,access-control-request-method,access-control-request-headers",
            _ => {
                "origin,access-control-request-method,access-control-request-headers,\
                 access-control-request-private-network"
            }
        };
        Some((value, members))
    }

    /// Whether a preflight that is refused for its method is told the safelisted methods: if the policy has no list that it could be told.
    pub(crate) const fn names_safelisted_methods(&self) -> bool {
        self.methods.is_empty() || self.methods.any || self.only_requested
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
        self.headers.any && self.credentials
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// `name ": " value CRLF`.
const fn line_len(name: &str, value_len: usize) -> usize {
    name.len() + 2 + value_len + 2
}

/// What the answer to an `OPTIONS` request depends on; the first of them is what every other answer depends on.
const VARY_MEMBERS: &[&str] = &[
    names::ORIGIN,
    names::REQUEST_METHOD,
    names::REQUEST_HEADERS,
    names::REQUEST_PRIVATE_NETWORK,
];

/// `delta-seconds` (RFC 9111 section 1.2.2), written once.
#[derive(Clone, Copy)]
pub(crate) struct Seconds {
    digits: [u8; 5],
    len: u8,
}

impl Seconds {
    /// `seconds` is at most [`MAX_MAX_AGE`].
    const fn new(seconds: u32) -> Self {
        let mut digits = [0; 5];
        let mut len = 0;
        let mut power = 10_000;
        while power > 0 {
            let digit = (seconds / power % 10) as u8;
            if (len > 0 || digit > 0 || power == 1) && len < digits.len() {
                digits[len] = b'0' + digit;
                len += 1;
            }
            power /= 10;
        }
        Self {
            digits,
            len: len as u8,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        let digits = self.digits.get(..self.len as usize).unwrap_or(b"");
        core::str::from_utf8(digits).unwrap_or("")
    }
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Policy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("origins", &self.origins)
            .field("methods", &self.methods)
            .field("headers", &self.headers)
            .field("expose", &self.expose)
            .field("credentials", &self.credentials)
            .field("max_age", &self.max_age)
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
/// [`minimal`](PolicyBuilder::minimal).
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

/// Builds a [`Policy`], in a `const` or at run time. Each method says what the policy then does; the order of
/// the calls does not matter, and the last call of a method counts.
#[derive(Clone, Copy)]
#[must_use = "a builder does nothing until `build` or `build_or_panic`"]
pub struct PolicyBuilder<'a> {
    origins: Entries<'a>,
    index: Option<&'a dyn Lookup>,
    predicate: Option<Predicate<'a>>,
    methods: Entries<'a>,
    headers: Entries<'a>,
    expose: Entries<'a>,
    credentials: bool,
    private_network: bool,
    minimal: bool,
    strict: bool,
    only_requested: bool,
    insecure: bool,
    suffixes: bool,
    trust_predicate: bool,
    max_age: Option<u32>,
    success: SuccessStatus,
    refused: RefusedStatus,
}

impl fmt::Debug for PolicyBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyBuilder")
            .field("origins", &self.origins)
            .field("methods", &self.methods)
            .field("headers", &self.headers)
            .field("expose", &self.expose)
            .field("credentials", &self.credentials)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl<'a> PolicyBuilder<'a> {
    /// The origins that responses are shared with. The order does not matter, nor do repeated entries.
    ///
    /// | entry | who |
    /// |---|---|
    /// | `https://example.com`, `http://192.168.4.1`, `http://[::1]:8080`, `capacitor://localhost` | that origin |
    /// | `https://*.example.com` | every subdomain, at any depth; never `https://example.com` itself |
    /// | `http://localhost:*` | any port, or none |
    /// | `null` | sandboxed frames of every site, pages from files; never with credentials |
    /// | `*` | everyone; never with credentials |
    ///
    /// Entries are written as browsers write origins: lower case, no path, no default port, `xn--` for
    /// other scripts. Everything else is an error that names the byte.
    pub const fn allow_origins(mut self, origins: &'a [&'a str]) -> Self {
        self.origins = Entries::Slice(origins);
        self.index = None;
        self
    }

    /// The origins of an index, for lists of hundreds and more: as [`allow_origins`](Self::allow_origins), which this call replaces.
    pub const fn allow_indexed_origins(mut self, index: &'a OriginIndex<'a>) -> Self {
        self.origins = Entries::Slice(index.entries());
        self.index = Some(index);
        self
    }

    /// Asks `predicate` about an origin that no entry admits: for lists kept elsewhere.
    ///
    /// It is called at most once a request, with an origin that was parsed in full, never with `null`.
    /// With credentials, `http:` origins other than loopback are refused whatever it says, unless
    /// [`dangerously_allow_insecure_origins_with_credentials`](Self::dangerously_allow_insecure_origins_with_credentials)
    /// was called.
    ///
    /// ```
    /// use embedded_cors::{Origin, Policy, Request};
    ///
    /// fn is_tenant(origin: &Origin<'_>) -> bool {
    ///     origin.scheme() == "https" && origin.host().ends_with(".tenants.example")
    /// }
    ///
    /// static CORS: Policy = Policy::builder().allow_origin_if(&is_tenant).build_or_panic();
    ///
    /// let request = Request::from_fields("GET", [("Origin", "https://a.tenants.example")]);
    /// assert!(CORS.decide(&request).is_allowed());
    /// ```
    pub const fn allow_origin_if(mut self, predicate: &'a (dyn Fn(&Origin<'_>) -> bool + Sync)) -> Self {
        self.predicate = Some(predicate);
        self
    }

    /// The methods that pages may use besides `GET`, `HEAD` and `POST`, which need no permission (Fetch
    /// section 2.2.1, *CORS-safelisted method*). Case-sensitive. `*` is every method.
    ///
    /// With `*` and credentials the requested method is written instead of `*`, which would be taken for a
    /// method of that name. At most 64 entries, repeated ones included.
    pub const fn allow_methods(mut self, methods: &'a [&'a str]) -> Self {
        self.methods = Entries::Slice(methods);
        self
    }

    /// The request headers that pages may set besides the safelisted ones (Fetch section 2.2.2).
    ///
    /// Not case-sensitive. `*` is every header but `authorization`, which has to be listed beside it. With
    /// `*` and credentials the requested names are written instead, 1024 bytes of them at most, or as many as the names listed beside
    /// `*` have. At most 64 entries, repeated ones included.
    pub const fn allow_headers(mut self, headers: &'a [&'a str]) -> Self {
        self.headers = Entries::Slice(headers);
        self
    }

    /// The response headers that pages may read besides the safelisted ones (Fetch section 2.2.2,
    /// *CORS-safelisted response-header name*). Not case-sensitive. `*` is every header, and excludes
    /// credentials. At most 64 entries, repeated ones included.
    pub const fn expose_headers(mut self, headers: &'a [&'a str]) -> Self {
        self.expose = Entries::Slice(headers);
        self
    }

    /// Shares responses to requests with cookies, HTTP authentication or client certificates.
    ///
    /// This excludes the origins `*` and `null`, and by default `http:` origins other than loopback, `*.`
    /// before a single label, and a predicate.
    pub const fn allow_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// How long browsers may keep the answer to a preflight, in seconds, 86400 at most.
    ///
    /// 0 is never. If this is not called, browsers keep it for 5. They have limits of their own: Chromium
    /// 7200, Firefox 86400, WebKit 600.
    pub const fn max_age_seconds(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Answers `Access-Control-Request-Private-Network`, which Chromium sent before it asked the user instead.
    ///
    /// Off unless this is called; excludes the origin `*`. No browser released since 2025 needs it.
    pub const fn allow_private_network(mut self) -> Self {
        self.private_network = true;
        self
    }

    /// The status of a preflight that succeeds.
    pub const fn success_status(mut self, status: SuccessStatus) -> Self {
        self.success = status;
        self
    }

    /// The status of a preflight that is refused: for anything but a method or header that is not allowed, unless the policy is
    /// [`minimal`](Self::minimal).
    pub const fn refused_status(mut self, status: RefusedStatus) -> Self {
        self.refused = status;
        self
    }

    /// Answers a preflight that asks for a method or a header that is not allowed as one that is refused for its origin:
    /// with the refused status and nothing but `Vary`.
    ///
    /// Unless this is called, an allowed origin then gets the lists with the success status, so that the
    /// browser's console names the method or header that is missing. What is malformed, cut, repeated or over budget is
    /// answered with the refused status in any case.
    pub const fn minimal(mut self) -> Self {
        self.minimal = true;
        self
    }

    /// Answers a preflight with the method and headers that it asks for, not with all that are allowed.
    ///
    /// This keeps the lists to oneself; a browser will need a preflight for each new method or header. With the origin `*` there is no
    /// `Vary` all the same: no cache stores the response to an `OPTIONS` (RFC 9110 section 9.3.7).
    pub const fn answer_only_requested(mut self) -> Self {
        self.only_requested = true;
        self
    }

    /// Accepts `Access-Control-Request-Headers` only as Fetch writes it: one line of lower-case names in
    /// ascending order, each once, with a comma and nothing else between them (Fetch section 4.8 step 5).
    ///
    /// Unless this is called, any order and case, white space, empty members, repeated names and several lines
    /// are accepted: proxies and clients that are no browsers send them. Firefox repeats a name that the
    /// page appended twice, which this refuses.
    pub const fn strict_request_headers(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Lets `http:` origins that are not loopback send credentials. Whoever is on the wire between the user and
    /// that site can then act as the user here.
    pub const fn dangerously_allow_insecure_origins_with_credentials(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Lets `*.` stand before a single label, such as `https://*.internal`, with credentials. If anyone can
    /// register a name there, anyone can act as the user here.
    ///
    /// Suffixes of two and more labels, such as `*.co.uk` or `*.github.io`, are not detected: the list of
    /// public suffixes is larger than a microcontroller's flash.
    pub const fn dangerously_allow_public_suffixes_with_credentials(mut self) -> Self {
        self.suffixes = true;
        self
    }

    /// Lets origins that only the predicate admits send credentials. If it is wrong about one, that site can
    /// act as the user here.
    pub const fn dangerously_allow_predicate_with_credentials(mut self) -> Self {
        self.trust_predicate = true;
        self
    }

    /// Checks everything and builds the policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`]: the first mistake, with setting, entry, index, and what to write instead. Mistakes are
    /// looked for in the order predicate, origins, methods, headers, exposed headers, max-age, private network.
    pub const fn build(self) -> Result<Policy<'a>, PolicyError<'a>> {
        let trust = Trust {
            credentials: self.credentials,
            insecure: self.insecure,
            suffixes: self.suffixes,
            predicate: self.trust_predicate,
        };
        let origins = match Allowlist::check(self.origins, self.index, self.predicate, trust) {
            Ok(origins) => origins,
            Err(error) => return Err(error),
        };
        let methods = match Names::check(self.methods, Setting::AllowMethods) {
            Ok(methods) => methods,
            Err(error) => return Err(error),
        };
        let headers = match Names::check(self.headers, Setting::AllowHeaders) {
            Ok(headers) => headers,
            Err(error) => return Err(error),
        };
        let expose = match Names::check(self.expose, Setting::ExposeHeaders) {
            Ok(expose) => expose,
            Err(error) => return Err(error),
        };
        if expose.any && self.credentials {
            return Err(PolicyError::entry_error(
                Kind::ExposeAnyWithCredentials,
                Setting::ExposeHeaders,
                "*",
                index_of_any(self.expose),
                0,
            ));
        }
        if let Some(seconds) = self.max_age
            && seconds > MAX_MAX_AGE
        {
            return Err(PolicyError::setting_error(Kind::MaxAgeTooLarge, Setting::MaxAge));
        }
        if self.private_network && origins.any {
            return Err(PolicyError::setting_error(
                Kind::PrivateNetworkWithAny,
                Setting::AllowPrivateNetwork,
            ));
        }
        let mut policy = Policy {
            origins,
            methods,
            headers,
            expose,
            credentials: self.credentials,
            private_network: self.private_network,
            minimal: self.minimal,
            strict: self.strict,
            only_requested: self.only_requested,
            max_age: match self.max_age {
                Some(seconds) => Some(Seconds::new(seconds)),
                None => None,
            },
            success: self.success,
            refused: self.refused,
            max_response_len: 0,
        };
        policy.max_response_len = policy.find_max_response_len();
        Ok(policy)
    }

    /// [`build`](Self::build) for a `const` or a `static`, where a panic is a build that fails with the sentence of
    /// the [`PolicyError`].
    ///
    /// # Panics
    ///
    /// On a mistake, if called at run time. Call [`build`](Self::build) there.
    pub const fn build_or_panic(self) -> Policy<'a> {
        match self.build() {
            Ok(policy) => policy,
            Err(error) => panic!("{}", error.message().as_str()),
        }
    }

    /// Replaces the lists by text that run-time storage holds.
    #[cfg(feature = "heapless-v0.9")]
    pub(crate) const fn with_lists(mut self, lists: [&'a str; 4]) -> Self {
        let [origins, methods, headers, expose] = lists;
        self.origins = Entries::Joined(origins);
        self.index = None;
        self.methods = Entries::Joined(methods);
        self.headers = Entries::Joined(headers);
        self.expose = Entries::Joined(expose);
        self
    }
}

/// A policy apart from its lists, so that both can be stored side by side.
#[cfg(feature = "heapless-v0.9")]
impl PolicyBuilder<'static> {
    /// Checks the lists, and returns the policy without them.
    pub(crate) const fn check<'l>(self, lists: [&'l str; 4]) -> Result<Policy<'static>, PolicyError<'l>> {
        let builder: PolicyBuilder<'l> = self;
        match builder.with_lists(lists).build() {
            Ok(policy) => Ok(Policy {
                origins: policy.origins.detached(self.predicate),
                methods: policy.methods.detached(),
                headers: policy.headers.detached(),
                expose: policy.expose.detached(),
                credentials: policy.credentials,
                private_network: policy.private_network,
                minimal: policy.minimal,
                strict: policy.strict,
                only_requested: policy.only_requested,
                max_age: policy.max_age,
                success: policy.success,
                refused: policy.refused,
                max_response_len: policy.max_response_len,
            }),
            Err(error) => Err(error),
        }
    }
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

const fn index_of_any(entries: Entries<'_>) -> usize {
    let mut cursor = 0;
    let mut index = 0;
    while let Some(entry) = entries.next(&mut cursor) {
        if entry.len() == 1 && entry.as_bytes()[0] == b'*' {
            return index;
        }
        index += 1;
    }
    0
}
