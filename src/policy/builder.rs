//! The builder of a policy, which checks all settings.

use core::fmt;

use super::allowlist::{Allowlist, Lookup, Predicate, Trust};
use super::bounds;
use super::error::{PolicyError, Setting};
use super::error_kind::PolicyErrorKind;
use super::index::OriginIndex;
use super::lists::{Entries, Names};
use super::max_age::{MAX_MAX_AGE, MaxAge};
use super::timing::Timing;
use super::{Options, Policy, PreflightRefusedStatus, PreflightSuccessStatus, RenderedText, Stored};
use crate::names::Vary;
use crate::origin::Origin;

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
            loopback: false,
            timing: false,
            max_age: None,
            options: Options::DEFAULT,
        }
    }
}

/// A builder of a [`Policy`], in a `const` or at run time.
///
/// Each method sets one thing, and the order of the calls does not matter. If a method is called
/// twice, the last call counts.
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
    loopback: bool,
    timing: bool,
    /// In seconds; `build` checks it.
    max_age: Option<u32>,
    options: Options,
}

impl fmt::Debug for PolicyBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyBuilder")
            .field("origins", &self.origins)
            .field("loopback", &self.loopback)
            .field("methods", &self.methods)
            .field("headers", &self.headers)
            .field("expose", &self.expose)
            .field("credentials", &self.options.credentials)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl<'a> PolicyBuilder<'a> {
    /// Sets the origins that responses are shared with.
    ///
    /// | entry | origins that it admits | with credentials |
    /// |---|---|---|
    /// | `https://example.com`, `http://[::1]:8080`, `capacitor://localhost`, `app://.` | that origin | yes, `http:` if it is loopback (1) |
    /// | `https://*.example.com` | every subdomain, at any depth; never `https://example.com` itself | yes, but not `*.com` (2) |
    /// | `https://pr-*.example.com`, `https://*--site.example.net` | one `*` inside the first label, for one character or more, never for a dot | yes, but not `pr-*.com` (2) |
    /// | `http://localhost:*` | any port, or none | like `http://localhost` |
    /// | `http://localhost:3000-3010` | the ports of the range; also no port, if the range contains the scheme's default port | like `http://localhost` |
    /// | `*://app.example.com` | `http` and `https` | (1) |
    /// | `http://192.168.0.0/16`, `http://[fd00::]/8` | addresses with the same first bits, for `http`, `https`, `ws`, `wss` and `*` | `https`; `http` if it is loopback (1) |
    /// | `chrome-extension://*`, `https://*` | every host of the scheme | never |
    /// | `file://` | files on the visitor's machine, where a browser does not send `null` | never |
    /// | `null` | sandboxed frames of every site, pages from files | never |
    /// | `*` | every origin | never |
    ///
    /// (1) with
    /// [`dangerously_allow_insecure_origins_with_credentials`](Self::dangerously_allow_insecure_origins_with_credentials),
    /// (2) with
    /// [`dangerously_allow_public_suffixes_with_credentials`](Self::dangerously_allow_public_suffixes_with_credentials).
    ///
    /// Patterns for schemes, hosts and ports can be combined, as in `*://pr-*.example.com:*`.
    ///
    /// An entry is written as browsers write origins: in lower case, without a path, without the
    /// default port, and with `xn--` for other scripts. Everything else is an error that names the
    /// byte. The host of a scheme other than `http`, `https`, `ws`, `wss` and `ftp` is compared
    /// byte for byte and may have upper case. The order of the entries does not matter, and an
    /// entry may be repeated.
    ///
    /// A look-up compares the origin with each pattern. If each pattern has only `*.` and `:*`, the
    /// code for the other forms is not linked.
    ///
    /// Patterns for exactly one label and regular expressions are not supported. Use
    /// [`allow_origin_if`](Self::allow_origin_if) and [`Origin::host`] instead.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://pr-*.example.com", "http://192.168.0.0/16:*", "app://."])
    ///     .build_or_panic();
    ///
    /// for (origin, is_allowed) in [
    ///     ("https://pr-12.example.com", true),
    ///     ("https://pr-12.evil.example.com", false),
    ///     ("http://192.168.1.7:8080", true),
    ///     ("http://192.169.1.7:8080", false),
    ///     ("app://.", true),
    /// ] {
    ///     let request = Request::from_fields("GET", [("Origin", origin)]);
    ///     assert_eq!(CORS.decide(&request).is_allowed(), is_allowed);
    /// }
    /// ```
    pub const fn allow_origins(mut self, origins: &'a [&'a str]) -> Self {
        self.origins = Entries::Slice(origins);
        self.index = None;
        self
    }

    /// Sets the origins to the entries of an index, for lists of hundreds of entries and more. This
    /// call and [`allow_origins`](Self::allow_origins) replace each other.
    pub const fn allow_indexed_origins(mut self, index: &'a OriginIndex<'a>) -> Self {
        self.origins = index.entries();
        self.index = Some(index);
        self
    }

    /// Asks `predicate` about every origin that no entry admits, for lists that are kept elsewhere.
    ///
    /// It is called at most once per request, with an origin that was parsed in full, never with
    /// `null` or `file://`. With credentials, `http:` origins that are not loopback are refused
    /// whatever it returns, unless
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

    /// Allows pages of the visitor's own machine: `http` and `https`, with `localhost`, the names
    /// under it, `127.0.0.0/8` and `[::1]`, with any port or none. See [`Origin::is_loopback`].
    ///
    /// This setting is for servers that run on the same machine, and for development. It does not
    /// exclude credentials. On a remote server, it trusts every program that serves pages on the
    /// visitor's machine, and with credentials such a program can act as the visitor.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder().allow_loopback().build_or_panic();
    ///
    /// for (origin, is_allowed) in [
    ///     ("http://localhost:5173", true),
    ///     ("https://app.localhost", true),
    ///     ("http://127.0.0.1:8080", true),
    ///     ("http://localhost.example.com", false),
    ///     ("http://192.168.1.7", false),
    /// ] {
    ///     let request = Request::from_fields("GET", [("Origin", origin)]);
    ///     assert_eq!(CORS.decide(&request).is_allowed(), is_allowed);
    /// }
    /// ```
    pub const fn allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Sets the methods that pages may use in addition to `GET`, `HEAD` and `POST`, which need no
    /// permission (<https://fetch.spec.whatwg.org/#cors-safelisted-method>).
    ///
    /// Methods are case-sensitive. `*` stands for every method. With `*` and credentials, responses
    /// contain the requested method, because browsers then take `*` for a method of that name. The
    /// list has at most 64 entries, repeated ones included.
    ///
    /// Browsers convert `put` to `PUT`, but they do not convert `patch`. So a list that contains
    /// `patch` in another case has to contain `PATCH` too.
    pub const fn allow_methods(mut self, methods: &'a [&'a str]) -> Self {
        self.methods = Entries::Slice(methods);
        self
    }

    /// Sets the request headers that pages may send in addition to the safelisted ones
    /// (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>).
    ///
    /// Names are not case-sensitive. `*` stands for every header but `authorization`, which has to
    /// be listed beside it. With `*` and credentials, responses contain the requested names: at
    /// most 1024 bytes, or as many bytes as the names listed beside `*` have if these are longer.
    /// The list has at most 64 entries, repeated ones included.
    ///
    /// A header that no page can set is an error, such as `cookie` or `origin`
    /// (<https://fetch.spec.whatwg.org/#forbidden-request-header>).
    pub const fn allow_headers(mut self, headers: &'a [&'a str]) -> Self {
        self.headers = Entries::Slice(headers);
        self
    }

    /// Sets the response headers that pages may read in addition to the safelisted ones
    /// (<https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>).
    ///
    /// Names are not case-sensitive. `*` stands for every header, and excludes credentials. The
    /// list has at most 64 entries, repeated ones included.
    pub const fn expose_headers(mut self, headers: &'a [&'a str]) -> Self {
        self.expose = Entries::Slice(headers);
        self
    }

    /// Shares responses to requests with credentials: cookies, HTTP authentication or client
    /// certificates.
    ///
    /// This excludes the origins `*`, `null` and `file://`, and every host of a scheme, such as
    /// `https://*`. Unless a method whose name begins with `dangerously` is called, it also
    /// excludes `http:` origins that are not loopback, names under a single label, such as
    /// `https://*.com` and `https://pr-*.com`, and a predicate.
    pub const fn allow_credentials(mut self) -> Self {
        self.options.credentials = true;
        self
    }

    /// Sets for how many seconds browsers may cache the answer to a preflight: 0 to 86400.
    ///
    /// 0 means never. If this is not called, browsers cache the answer for 5 seconds. They also
    /// have upper limits: Chromium 7200, Firefox 86400, WebKit 600.
    pub const fn max_age_seconds(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Lets the pages of the allowed origins read how long a response took, by
    /// `Timing-Allow-Origin` (<https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin>).
    ///
    /// Every response to a request other than a preflight then has the field, with `*` or with all
    /// entries, because images and scripts that are loaded without CORS send no `Origin`. A policy
    /// with patterns, an index or a predicate writes the origin of the request, if the request has
    /// one and the policy admits it. Such a policy does not cover requests without `Origin`.
    pub const fn allow_timing(mut self) -> Self {
        self.timing = true;
        self
    }

    /// Sets the status of a response to a preflight that succeeds.
    pub const fn success_status(mut self, status: PreflightSuccessStatus) -> Self {
        self.options.success = status;
        self
    }

    /// Sets the status of a response to a preflight that is refused.
    ///
    /// A preflight that is refused for a method or header that is not allowed gets the success
    /// status, unless the policy [hides its lists](Self::hide_lists_when_refused).
    pub const fn refused_status(mut self, status: PreflightRefusedStatus) -> Self {
        self.options.refused = status;
        self
    }

    /// Hides the lists: a preflight with a method or header that is not allowed is answered exactly
    /// like one from an origin that is not allowed, with the refused status and nothing but `Vary`.
    ///
    /// Unless this is called, an allowed origin gets the lists with the success status, so that the
    /// browser's console names the method or header that is missing. A preflight that is malformed,
    /// truncated, repeated or over budget gets the refused status in any case.
    pub const fn hide_lists_when_refused(mut self) -> Self {
        self.options.hide_lists = true;
        self
    }

    /// Answers a preflight with the requested method and headers instead of all that are allowed.
    ///
    /// This does not disclose the lists, but a browser needs a preflight for each new method or
    /// header. If a list is `*`, the response contains the requested method or names too, for
    /// clients that take `*` for a name: at most 64 bytes of a method, and at most 1024 bytes of
    /// names, or as many bytes as the names listed beside `*` have if these are longer.
    pub const fn answer_only_requested(mut self) -> Self {
        self.options.only_requested = true;
        self
    }

    /// Accepts `Access-Control-Request-Headers` only as Fetch writes it: one line of lower-case
    /// names in ascending order, each once, separated by single commas
    /// (<https://fetch.spec.whatwg.org/#cors-preflight-fetch>).
    ///
    /// Unless this is called, any order and case, white space, empty members, repeated names and
    /// several lines are accepted, because proxies and clients that are not browsers send them. If
    /// a page appends a header twice, Firefox repeats its name; this setting refuses that list.
    pub const fn strict_request_headers(mut self) -> Self {
        self.options.strict = true;
        self
    }

    /// Lets `http:` origins that are not loopback send credentials. Everyone on the network path
    /// between the user and that site can then act as the user here.
    pub const fn dangerously_allow_insecure_origins_with_credentials(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Allows patterns for names under a single label, such as `https://*.internal` and
    /// `https://pr-*.internal`, with credentials. If anyone can register a name there, anyone can
    /// act as the user here.
    ///
    /// Suffixes of two labels and more, such as `*.co.uk` or `*.github.io`, are not detected,
    /// because the list of public suffixes is larger than a microcontroller's flash.
    pub const fn dangerously_allow_public_suffixes_with_credentials(mut self) -> Self {
        self.suffixes = true;
        self
    }

    /// Lets origins that only the predicate admits send credentials. If the predicate is wrong
    /// about an origin, that site can act as the user here.
    pub const fn dangerously_allow_predicate_with_credentials(mut self) -> Self {
        self.trust_predicate = true;
        self
    }

    /// Checks all settings and builds the policy. The work is at most the bytes of each list times
    /// its entries.
    ///
    /// # Errors
    ///
    /// Returns the first mistake: the setting, the entry, its index, and what to write instead. The
    /// settings are checked in the order predicate, origins, methods, headers, exposed headers,
    /// max-age. In the end, it is a mistake if a policy has one of these lists of names and does
    /// not admit any origin.
    pub const fn build(self) -> Result<Policy<'a>, PolicyError<'a>> {
        let trust = Trust {
            credentials: self.options.credentials,
            insecure: self.insecure,
            suffixes: self.suffixes,
            predicate: self.trust_predicate,
        };
        let origins = Allowlist::check(self.origins, self.index, self.predicate, self.loopback, trust);
        let origins = match origins {
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
            return Err(PolicyError::of_entry(
                PolicyErrorKind::ExposeAnyWithCredentials,
                Setting::ExposeHeaders,
                "*",
                index_of_any(self.expose),
                0,
            ));
        }
        if let Some(seconds) = self.max_age
            && seconds > MAX_MAX_AGE
        {
            return Err(PolicyError::of_setting(
                PolicyErrorKind::MaxAgeTooLarge,
                Setting::MaxAge,
            ));
        }
        let has_names = !methods.is_empty() || !headers.is_empty() || !expose.is_empty();
        if origins.admits_nobody && has_names {
            return Err(PolicyError::of_setting(
                PolicyErrorKind::NoOrigin,
                Setting::AllowOrigins,
            ));
        }
        let mut policy = Policy {
            origins,
            methods,
            headers,
            expose,
            options: self.options,
            rendered: RenderedText::NONE,
            max_response_len: 0,
            required_vary: [Vary::Nothing; 2],
        };
        policy.required_vary = policy.find_required_vary();
        if let Some(seconds) = self.max_age {
            policy.options.max_age = Some(MaxAge::new(seconds));
        }
        if self.timing {
            policy.options.timing = Timing::of(&policy.origins);
        }
        policy.max_response_len = bounds::max_response_len(&policy);
        Ok(policy)
    }

    /// Builds a policy in a `const` or a `static`, where a mistake fails the build with the
    /// sentence of the [`PolicyError`].
    ///
    /// The compiler stops a long evaluation with its lint `long_running_const_eval`: at some 1,200
    /// origins of 46 bytes, or at 64 header names of 200 bytes. The policy is valid all the same.
    /// Put `#[allow(long_running_const_eval)]` before the `static`.
    ///
    /// # Panics
    ///
    /// Panics on a mistake if it is called at run time. Call [`build`](Self::build) there.
    pub const fn build_or_panic(self) -> Policy<'a> {
        match self.build() {
            Ok(policy) => policy,
            Err(error) => panic!("{}", error.message().as_str()),
        }
    }

    #[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
    const fn with_stored(mut self, stored: Stored<'a>) -> Self {
        let [origins, methods, headers, expose] = stored.lists;
        self.origins = origins;
        self.index = stored.index;
        if stored.predicate.is_some() {
            self.predicate = stored.predicate;
        }
        self.methods = methods;
        self.headers = headers;
        self.expose = expose;
        self
    }
}

#[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
impl PolicyBuilder<'static> {
    /// Checks the lists together with the other settings, and returns the policy without its lists,
    /// so that both can be stored side by side. [`Policy::with_stored`] puts them together.
    pub(crate) const fn check<'l>(self, stored: Stored<'l>) -> Result<Policy<'static>, PolicyError<'l>> {
        let builder: PolicyBuilder<'l> = self;
        match builder.with_stored(stored).build() {
            Ok(policy) => Ok(Policy {
                origins: policy.origins.detached(self.predicate),
                methods: policy.methods.detached(),
                headers: policy.headers.detached(),
                expose: policy.expose.detached(),
                options: policy.options,
                rendered: RenderedText::NONE,
                max_response_len: policy.max_response_len,
                required_vary: policy.required_vary,
            }),
            Err(error) => Err(error),
        }
    }
}

/// Returns the index of the entry `*`.
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
