//! Builds a policy, and checks it while it does.

use core::fmt;

use crate::allowlist::{Allowlist, Lookup, Predicate, Trust};
use crate::entries::{Entries, Names};
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::index::OriginIndex;
use crate::origin::Origin;
use crate::policy::{Options, Policy, RefusedStatus, Rendered, SuccessStatus};
use crate::seconds::{MAX_MAX_AGE, Seconds};

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
            insecure: false,
            suffixes: false,
            trust_predicate: false,
            max_age: None,
            options: Options::DEFAULT,
        }
    }
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
    insecure: bool,
    suffixes: bool,
    trust_predicate: bool,
    /// In seconds, not checked yet.
    max_age: Option<u32>,
    options: Options,
}

impl fmt::Debug for PolicyBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyBuilder")
            .field("origins", &self.origins)
            .field("methods", &self.methods)
            .field("headers", &self.headers)
            .field("expose", &self.expose)
            .field("credentials", &self.options.credentials)
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
        self.options.credentials = true;
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
        self.options.private_network = true;
        self
    }

    /// The status of a preflight that succeeds.
    pub const fn success_status(mut self, status: SuccessStatus) -> Self {
        self.options.success = status;
        self
    }

    /// The status of a preflight that is refused: for anything but a method or header that is not allowed, unless the policy is
    /// [`minimal`](Self::minimal).
    pub const fn refused_status(mut self, status: RefusedStatus) -> Self {
        self.options.refused = status;
        self
    }

    /// Answers a preflight that asks for a method or a header that is not allowed as one that is refused for its origin:
    /// with the refused status and nothing but `Vary`.
    ///
    /// Unless this is called, an allowed origin then gets the lists with the success status, so that the
    /// browser's console names the method or header that is missing. What is malformed, cut, repeated or over budget is
    /// answered with the refused status in any case.
    pub const fn minimal(mut self) -> Self {
        self.options.minimal = true;
        self
    }

    /// Answers a preflight with the method and headers that it asks for, not with all that are allowed.
    ///
    /// This keeps the lists to oneself; a browser will need a preflight for each new method or header. With the origin `*` there is no
    /// `Vary` all the same: no cache stores the response to an `OPTIONS` (RFC 9110 section 9.3.7).
    pub const fn answer_only_requested(mut self) -> Self {
        self.options.only_requested = true;
        self
    }

    /// Accepts `Access-Control-Request-Headers` only as Fetch writes it: one line of lower-case names in
    /// ascending order, each once, with a comma and nothing else between them (Fetch section 4.8 step 5).
    ///
    /// Unless this is called, any order and case, white space, empty members, repeated names and several lines
    /// are accepted: proxies and clients that are no browsers send them. Firefox repeats a name that the
    /// page appended twice, which this refuses.
    pub const fn strict_request_headers(mut self) -> Self {
        self.options.strict = true;
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
            credentials: self.options.credentials,
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
        if expose.any && self.options.credentials {
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
        if self.options.private_network && origins.any {
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
            options: self.options,
            rendered: Rendered::NONE,
            max_response_len: 0,
        };
        if let Some(seconds) = self.max_age {
            policy.options.max_age = Some(Seconds::new(seconds));
        }
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
                options: policy.options,
                rendered: Rendered::NONE,
                max_response_len: policy.max_response_len,
            }),
            Err(error) => Err(error),
        }
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
