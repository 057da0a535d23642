//! Why a browser blocks a request: the stage, the algorithm of the standard, and a remedy.

use core::fmt;

use crate::ascii::{as_str, is_tchar, until};

/// A verdict: the browser blocks the request. It says at which stage and for what failure.
///
/// Its `Display` output is one line for a console, and so is its `Debug` output, which `unwrap`
/// prints:
///
/// ```text
/// preflight: a header is not among Access-Control-Allow-Headers (header X-Api-Key); \
/// allow the header (CORS-preflight fetch, https://fetch.spec.whatwg.org/#cors-preflight-fetch)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blocked {
    stage: Stage,
    failure: Failure,
    redirects: u8,
    header: Option<HeaderName>,
}

impl Blocked {
    pub(super) const fn new(stage: Stage, failure: Failure) -> Self {
        Self {
            stage,
            failure,
            redirects: 0,
            header: None,
        }
    }

    /// Returns the same verdict about the page's header of this name.
    pub(super) fn about_header(mut self, name: &str) -> Self {
        self.header = Some(HeaderName::new(name));
        self
    }

    /// Returns the same verdict about the request after this number of redirects.
    pub(super) const fn after_redirects(mut self, redirects: u8) -> Self {
        self.redirects = redirects;
        self
    }

    /// Returns how far the request got.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns why the request got no further.
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// Returns the name of the header that the failure is about, as the page wrote it; `None` if
    /// the failure is not about a header.
    ///
    /// A name of more than 40 bytes is cut, and ends with `...`. A byte that a name cannot have is
    /// replaced with `?`.
    pub const fn header(&self) -> Option<&str> {
        match &self.header {
            Some(name) => Some(name.as_str()),
            None => None,
        }
    }

    /// Returns how many redirects the browser had followed.
    pub const fn redirects(&self) -> u8 {
        self.redirects
    }
}

impl fmt::Display for Blocked {
    /// Writes the stage, the failure's sentence, its remedy and the algorithm that it failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.failure;
        f.write_str(self.stage.name())?;
        if self.redirects > 0 {
            write!(f, " after redirect {}", self.redirects)?;
        }
        write!(f, ": {}", failure.sentence())?;
        if let Some(name) = self.header() {
            write!(f, " (header {name})")?;
        }
        write!(f, "; {} ({}", failure.fix(), failure.algorithm())?;
        if let Some(url) = failure.url() {
            write!(f, ", {url}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Blocked {
    /// Writes the same text as `Display`, so that `unwrap` and `assert_eq!` print the sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Blocked {}

/// A copy of a header's name. So a verdict borrows nothing, and can be the error of any function.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct HeaderName {
    /// ASCII.
    bytes: [u8; MAX_NAME_LEN],
    len: u8,
}

/// The most bytes of a name that are copied. The longest name that is in use has 38:
/// `access-control-request-private-network`.
const MAX_NAME_LEN: usize = 40;

impl HeaderName {
    fn new(name: &str) -> Self {
        let mut bytes = [0; MAX_NAME_LEN];
        for (place, byte) in bytes.iter_mut().zip(name.bytes()) {
            *place = if is_tchar(byte) { byte } else { b'?' };
        }
        if name.len() > MAX_NAME_LEN
            && let Some(end) = bytes.last_chunk_mut()
        {
            *end = *b"...";
        }
        Self {
            bytes,
            len: name.len().min(MAX_NAME_LEN) as u8,
        }
    }

    const fn as_str(&self) -> &str {
        as_str(until(&self.bytes, self.len as usize))
    }
}

/// The stage at which a request is blocked.
///
/// The enum is exhaustive: a CORS request has these three stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The browser throws an exception and sends nothing.
    Page,
    /// The server answered the preflight, and the browser does not send the request itself.
    Preflight,
    /// The server answered the request. The browser withholds the response from the page, or does
    /// not follow the redirect.
    Response,
}

impl Stage {
    /// Returns the name in lower case: `page`, `preflight` or `response`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Preflight => "preflight",
            Self::Response => "response",
        }
    }
}

macro_rules! failures {
    ($(in $algorithm:literal at $url:literal {
        $($(#[doc = $doc:literal])* $variant:ident: $sentence:literal, $fix:literal;)*
    })*) => {
        /// Why a browser blocks a request.
        ///
        /// The enum is non-exhaustive: a later version may tell more failures apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Failure {
            $($($(#[doc = $doc])* $variant,)*)*
        }

        impl Failure {
            /// Returns a sentence that says what is wrong.
            pub const fn sentence(self) -> &'static str {
                match self { $($(Self::$variant => $sentence,)*)* }
            }

            /// Returns what to change, in most cases at the server.
            pub const fn fix(self) -> &'static str {
                match self { $($(Self::$variant => $fix,)*)* }
            }

            /// Returns the name of the algorithm that fails, such as `CORS check`.
            ///
            /// For [`TooLong`](Self::TooLong) and [`UrlNotUnderstood`](Self::UrlNotUnderstood) it
            /// is `limit of this check`: no standard has that limit.
            pub const fn algorithm(self) -> &'static str {
                match self { $($(Self::$variant => $algorithm,)*)* }
            }

            /// Returns the address of the [`algorithm`](Self::algorithm) in its standard, such as
            /// `https://fetch.spec.whatwg.org/#cors-check`; `None` for a limit of this check.
            pub const fn url(self) -> Option<&'static str> {
                let url = match self { $($(Self::$variant => $url,)*)* };
                if url.is_empty() { None } else { Some(url) }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$($(Self::$variant,)*)*];
        }
    };
}

/// Passes every failure with its texts to the macro `$then`, grouped by the algorithm that fails.
macro_rules! all_failures {
    ($then:ident) => {
        $then! {
            in "serialize an origin" at "https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin" {
                /// The origin of the page is not one that a browser could send.
                OriginMalformed: "the page's origin is not an origin as browsers write it", "write scheme, host and port, such as https://app.example.com, without a path or a slash at the end, or null";
            }
            in "Request constructor" at "https://fetch.spec.whatwg.org/#dom-request" {
                /// The address of the request is not an `http` or `https` URL.
                UrlMalformed: "the address of the request is not an http or https URL", "write the whole address, such as https://api.example.com/led";
                /// The address of the request has a user name or a password.
                UrlIncludesCredentials: "the address of the request has a user name or a password", "send an Authorization header";
                /// The method is not a token.
                MethodNotAToken: "the method is not a token", "write a method";
                /// The method is `CONNECT`, `TRACE` or `TRACK`.
                ForbiddenMethod: "pages cannot send this method", "use another method";
            }
            in "validate a header" at "https://fetch.spec.whatwg.org/#headers-validate" {
                /// The name of a header is not a token.
                HeaderNameNotAToken: "the name of a header is not a token", "write a name without spaces and separators";
                /// The value of a header has a NUL, CR or LF, or a character above U+00FF, which a
                /// `ByteString` of Web IDL cannot hold.
                HeaderValueMalformed: "the value of a header has a NUL, CR or LF, or a character above U+00FF", "encode the value";
            }
            in "CORS check" at "https://fetch.spec.whatwg.org/#cors-check" {
                /// The response has no `Access-Control-Allow-Origin`.
                AllowOriginMissing: "the response has no Access-Control-Allow-Origin", "add the page's origin to the policy, and send the policy's fields on this response and status";
                /// The response has more than one `Access-Control-Allow-Origin`.
                AllowOriginRepeated: "the response has more than one Access-Control-Allow-Origin", "let only one of server, framework and proxy send it";
                /// `Access-Control-Allow-Origin` is `*`, and the request has credentials.
                AllowOriginAnyWithCredentials: "Access-Control-Allow-Origin is *, and the request has credentials", "list the origins and allow credentials, or send the request without credentials";
                /// `Access-Control-Allow-Origin` has a value that is not the origin of the page.
                AllowOriginDiffers: "Access-Control-Allow-Origin is not the page's origin, byte for byte", "add the page's origin to the policy as the browser writes it, and send Vary: Origin if a cache answered";
                /// The response has no `Access-Control-Allow-Credentials`, and the request has
                /// credentials.
                AllowCredentialsMissing: "the response has no Access-Control-Allow-Credentials, and the request has credentials", "allow credentials, or send the request without them";
                /// `Access-Control-Allow-Credentials` is not `true`, and the request has
                /// credentials.
                AllowCredentialsNotTrue: "Access-Control-Allow-Credentials is not exactly true", "write true, once and in lower case";
            }
            in "CORS-preflight fetch" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch" {
                /// The status of the preflight response is not from 200 to 299.
                PreflightStatus: "the status of the preflight response is not from 200 to 299", "let the policy answer OPTIONS, before redirects, routing and authentication";
                /// `Access-Control-Allow-Methods` is not a list of tokens.
                AllowMethodsMalformed: "Access-Control-Allow-Methods is not a list of methods", "write methods separated by commas, and nothing else";
                /// `Access-Control-Allow-Headers` is not a list of tokens.
                AllowHeadersMalformed: "Access-Control-Allow-Headers is not a list of header names", "write names separated by commas, and nothing else";
                /// The method is not among `Access-Control-Allow-Methods`.
                MethodNotAllowed: "the method is not among Access-Control-Allow-Methods", "allow the method, in the same case";
                /// `Access-Control-Allow-Methods` is `*`, and the request has credentials.
                AnyMethodWithCredentials: "Access-Control-Allow-Methods is *, which with credentials means a method of that name", "list the methods";
                /// Only `*` could cover `Authorization`, and it does not.
                AuthorizationNotCovered: "* among Access-Control-Allow-Headers does not cover authorization", "list authorization beside *";
                /// A header is not among `Access-Control-Allow-Headers`.
                HeaderNotAllowed: "a header is not among Access-Control-Allow-Headers", "allow the header";
                /// `Access-Control-Allow-Headers` is `*`, and the request has credentials.
                AnyHeaderWithCredentials: "Access-Control-Allow-Headers is *, which with credentials means a header of that name", "list the headers";
            }
            in "HTTP-redirect fetch" at "https://fetch.spec.whatwg.org/#http-redirect-fetch" {
                /// The `Location` of a redirect is not a URL, or there are several.
                LocationMalformed: "the Location of the redirect is not one URL", "write one Location, with the whole address";
                /// The `Location` of a redirect has another scheme than `http` and `https`.
                LocationNotHttp: "the redirect leads to a scheme other than http and https", "redirect to an http or https URL";
                /// The `Location` of a redirect has a user name or a password, and the request is
                /// one to another origin.
                LocationIncludesCredentials: "the Location of the redirect has a user name or a password", "redirect to a URL without them";
                /// The request was redirected more than 20 times.
                TooManyRedirects: "the request was redirected more than 20 times", "end the loop of redirects";
            }
            in "HTTP/1.1 message format" at "https://www.rfc-editor.org/rfc/rfc9112#section-2.1" {
                /// The server's answer ends before the empty line of its head.
                ResponseUnfinished: "the answer ends before the empty line of its head", "send the whole head";
                /// The server's answer is not the head of a response.
                ResponseMalformed: "the answer is not the head of a response", "send a status line, field lines and an empty line";
            }
            in "limit of this check" at "" {
                /// The head of the request or of the response is longer than the buffers of
                /// [`would_allow`](super::would_allow).
                TooLong: "a head has more than 8192 bytes", "take the steps of the exchange one by one";
                /// An address has more than 2048 bytes, or a part that the URL Standard converts
                /// and this module does not: other characters than ASCII, `%` in its host, or an
                /// IPv4 address in another form than four decimal numbers.
                UrlNotUnderstood: "an address has more than 2048 bytes or is not plain ASCII with a plain host", "write the address as a browser shows it after it was converted";
            }
        }
    };
}
#[cfg_attr(
    not(feature = "defmt"),
    allow(unused_imports, reason = "integrations need it")
)]
pub(crate) use all_failures;

all_failures!(failures);

impl fmt::Display for Failure {
    /// Writes the [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_own_sentence() {
        for (index, failure) in Failure::ALL.iter().enumerate() {
            assert!(!failure.algorithm().is_empty() && !failure.fix().is_empty());
            for other in &Failure::ALL[index + 1..] {
                assert_ne!(failure.sentence(), other.sentence());
            }
        }
    }

    #[test]
    fn each_failure_of_a_standard_has_an_address_with_an_anchor() {
        for failure in Failure::ALL {
            match failure.url() {
                Some(url) => assert!(url.starts_with("https://") && url.contains('#'), "{url}"),
                None => assert_eq!(failure.algorithm(), "limit of this check"),
            }
        }
    }

    #[test]
    fn a_verdict_is_one_line() {
        let blocked = Blocked::new(Stage::Preflight, Failure::HeaderNotAllowed).about_header("X-Api-Key");
        let line = "preflight: a header is not among Access-Control-Allow-Headers (header X-Api-Key); \
             allow the header (CORS-preflight fetch, https://fetch.spec.whatwg.org/#cors-preflight-fetch)";
        assert_eq!(blocked.to_string(), line);
        assert_eq!(format!("{blocked:?}"), line);
        let blocked = Blocked::new(Stage::Response, Failure::TooLong);
        assert_eq!(
            blocked.to_string(),
            "response: a head has more than 8192 bytes; take the steps of the exchange one by one \
             (limit of this check)"
        );
    }

    #[test]
    fn a_verdict_has_a_short_readable_copy_of_the_name() {
        let blocked = Blocked::new(Stage::Page, Failure::HeaderNameNotAToken);
        assert_eq!(blocked.header(), None);
        let name = |name: &str| blocked.about_header(name).header().map(str::to_string);
        assert_eq!(name("").as_deref(), Some(""));
        assert_eq!(name("a b\x1b\u{e9}").as_deref(), Some("a?b???"));
        let long = "abcdefghij".repeat(5);
        assert_eq!(name(&long[..40]).as_deref(), Some(&long[..40]));
        assert_eq!(name(&long[..41]), Some(format!("{}...", &long[..37])));
        assert_eq!(
            Blocked::new(Stage::Response, Failure::AllowOriginMissing)
                .after_redirects(2)
                .to_string()
                .split(';')
                .next(),
            Some("response after redirect 2: the response has no Access-Control-Allow-Origin")
        );
    }
}
