//! A request that a page makes, and the bytes that a browser sends for it.

use core::fmt;

use super::origin::is_origin_or_null;
use super::safelist::{byte_len, is_http_whitespace, is_safelisted};
use super::verdict::{Blocked, Failure, Stage};
use crate::ascii::{is_token, trim_ows};
use crate::buffer::{BufferTooSmall, Out};
use crate::names;

/// A request that a page makes to another origin in CORS mode.
///
/// `fetch(url, { method, headers, credentials })` makes such requests, and so do `XMLHttpRequest`,
/// `EventSource` and elements with `crossorigin`. The headers here are those that the page sets;
/// a header that a browser adds, such as `Last-Event-ID`, never needs a preflight.
///
/// Strings are those of a page: each character of a header's value is sent as one byte, up to
/// U+00FF (a [`ByteString`](https://webidl.spec.whatwg.org/#idl-ByteString) of Web IDL).
///
/// ```
/// use embedded_cors::browser::Fetch;
///
/// let fetch = Fetch::from_origin("https://app.example.com")
///     .method("put")
///     .headers(&[("X-B", "1"), ("Content-Type", "text/xml"), ("Accept", "*/*"), ("x-a", "2")]);
/// assert_eq!(fetch.normalized_method(), "PUT");
/// assert!(fetch.needs_preflight());
/// assert_eq!(fetch.unsafe_names().to_string(), "content-type,x-a,x-b");
///
/// let form = Fetch::from_origin("https://app.example.com")
///     .method("POST")
///     .headers(&[("Content-Type", "text/plain;charset=UTF-8")]);
/// assert!(!form.needs_preflight());
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a request does nothing until it is checked"]
pub struct Fetch<'a> {
    origin: &'a str,
    method: &'a str,
    headers: &'a [(&'a str, &'a str)],
    include_credentials: bool,
    use_cors_preflight: bool,
    /// Whether a redirect removed the headers about the body, and the body.
    lost_body: bool,
    /// Whether a redirect removed `Authorization`.
    lost_authorization: bool,
}

impl<'a> Fetch<'a> {
    /// Creates a `GET` without headers and without credentials, from a page of this origin.
    ///
    /// The origin is written as browsers serialize it; an opaque origin is `null`. Anything else,
    /// such as `https://app.example.com/`, makes [`check_page`](Self::check_page) and
    /// [`would_allow`](super::would_allow) fail with [`Failure::OriginMalformed`]. So a mistake in
    /// a test is not taken for one of the server.
    pub const fn from_origin(origin: &'a str) -> Self {
        Self {
            origin,
            method: "GET",
            headers: &[],
            include_credentials: false,
            use_cors_preflight: false,
            lost_body: false,
            lost_authorization: false,
        }
    }

    /// Sets the method, as the page writes it.
    pub const fn method(mut self, method: &'a str) -> Self {
        self.method = method;
        self
    }

    /// Sets the headers of the page, including the `Content-Type` that its body brings.
    pub const fn headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the credentials mode to `include`.
    ///
    /// In the other modes, `omit` and `same-origin`, a request to another origin has no
    /// credentials.
    pub const fn include_credentials(mut self) -> Self {
        self.include_credentials = true;
        self
    }

    /// Sets the *use-CORS-preflight flag*: the page listens for the progress of the upload, or
    /// streams the body.
    ///
    /// See <https://fetch.spec.whatwg.org/#use-cors-preflight-flag>.
    pub const fn use_cors_preflight(mut self) -> Self {
        self.use_cors_preflight = true;
        self
    }

    /// Checks whether a page can make this request at all.
    ///
    /// If it cannot, the browser throws an exception and sends nothing. The rules are those of the
    /// [`Request` constructor](https://fetch.spec.whatwg.org/#dom-request) and of
    /// [*validate a header*](https://fetch.spec.whatwg.org/#headers-validate).
    ///
    /// # Errors
    ///
    /// Returns a [`Blocked`] of [`Stage::Page`] for the origin, the method or the first header that
    /// is invalid.
    pub fn check_page(&self) -> Result<(), Blocked> {
        let page = |failure| Blocked::new(Stage::Page, failure);
        if !is_origin_or_null(self.origin) {
            return Err(page(Failure::OriginMalformed));
        }
        if !is_token(self.method.as_bytes()) {
            return Err(page(Failure::MethodNotAToken));
        }
        if names::is_forbidden_method(self.method.as_bytes()) {
            return Err(page(Failure::ForbiddenMethod));
        }
        for (name, value) in self.headers {
            let value = value.trim_matches(is_http_whitespace);
            if !is_token(name.as_bytes()) {
                return Err(page(Failure::HeaderNameNotAToken).about_header(name));
            }
            if value
                .chars()
                .any(|c| matches!(c, '\0' | '\r' | '\n') || c > '\u{ff}')
            {
                return Err(page(Failure::HeaderValueMalformed).about_header(name));
            }
        }
        Ok(())
    }

    /// Returns whether a browser that remembers no preflight sends one before this request.
    ///
    /// It does for a method or a header that is not safelisted, and where the use-CORS-preflight
    /// flag is set: [*main fetch*](https://fetch.spec.whatwg.org/#main-fetch) and
    /// [*HTTP fetch*](https://fetch.spec.whatwg.org/#http-fetch). A browser that remembers
    /// preflights is a [`PreflightCache`](super::PreflightCache).
    pub fn needs_preflight(&self) -> bool {
        self.use_cors_preflight
            || !names::is_safelisted_method(self.normalized_method().as_bytes())
            || self.unsafe_names().next().is_some()
    }

    /// Returns the names of the headers that need a preflight: lower-case, sorted, each once.
    ///
    /// The `Display` output is the value of `Access-Control-Request-Headers`. In the standard these
    /// are the *CORS-unsafe request-header names*:
    /// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>.
    pub fn unsafe_names(&self) -> UnsafeNames<'a> {
        let safelisted = self
            .header_list()
            .filter(|(name, value)| is_safelisted(name, value));
        let lengths = safelisted.map(|(_, value)| byte_len(value));
        let safelisted_len = lengths.fold(0, usize::saturating_add);
        UnsafeNames {
            fetch: *self,
            // If the safelisted values have more than 1024 bytes together, their names are unsafe
            // too.
            includes_safelisted: safelisted_len > 1024,
            previous: None,
        }
    }

    /// Writes the head of the preflight request, as
    /// [*CORS-preflight fetch*](https://fetch.spec.whatwg.org/#cors-preflight-fetch) makes it.
    ///
    /// `host` is the value of `Host`, `target` the path and query.
    ///
    /// ```
    /// use embedded_cors::browser::Fetch;
    ///
    /// let mut buffer = [0; 256];
    /// let head = Fetch::from_origin("https://app.example.com")
    ///     .headers(&[("X-Api-Key", "1")])
    ///     .write_preflight("api.example.com", "/led", &mut buffer)?;
    /// assert_eq!(
    ///     head,
    ///     b"OPTIONS /led HTTP/1.1\r\n\
    ///       Host: api.example.com\r\n\
    ///       Accept: */*\r\n\
    ///       Access-Control-Request-Method: GET\r\n\
    ///       Access-Control-Request-Headers: x-api-key\r\n\
    ///       Origin: https://app.example.com\r\n\
    ///       \r\n"
    /// );
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length that is needed, and writes nothing.
    pub fn write_preflight<'b>(
        &self,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], BufferTooSmall> {
        self.write_head("OPTIONS", OriginField::Sent, host, target, buffer, |out| {
            out.text("Accept: */*\r\nAccess-Control-Request-Method: ");
            out.text(self.normalized_method());
            out.text("\r\n");
            let mut separator = "Access-Control-Request-Headers: ";
            for name in self.unsafe_names() {
                out.text(separator);
                lower_case(name.name).for_each(|byte| out.bytes(&[byte]));
                separator = ",";
            }
            if separator == "," {
                out.text("\r\n");
            }
        })
    }

    /// Writes the head of the request itself, with its `Origin`.
    ///
    /// `host` is the value of `Host`, `target` the path and query. The method assumes that
    /// [`check_page`](Self::check_page) succeeds.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length that is needed, and writes nothing.
    pub fn write_request<'b>(
        &self,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], BufferTooSmall> {
        self.write_request_with(OriginField::Sent, host, target, buffer)
    }

    /// Writes the head of the request itself, with or without its `Origin`.
    pub(super) fn write_request_with<'b>(
        &self,
        origin: OriginField,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], BufferTooSmall> {
        self.write_head(self.normalized_method(), origin, host, target, buffer, |out| {
            for (name, value) in self.header_list() {
                out.text(name);
                out.text(": ");
                // Isomorphic encode, https://infra.spec.whatwg.org/#isomorphic-encode. `check_page`
                // refuses the characters that become a question mark here.
                for c in value.chars() {
                    out.bytes(&[u8::try_from(c).unwrap_or(b'?')]);
                }
                out.text("\r\n");
            }
        })
    }

    /// Writes a request line, `Host`, the field lines of `fields`, `Origin` and the empty line.
    fn write_head<'b>(
        &self,
        method: &str,
        origin: OriginField,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
        fields: impl Fn(&mut Out<'_>),
    ) -> Result<&'b [u8], BufferTooSmall> {
        Out::write(buffer, usize::MAX, |out| {
            for text in [method, " ", target, " HTTP/1.1\r\nHost: ", host, "\r\n"] {
                out.text(text);
            }
            fields(out);
            if origin == OriginField::Sent {
                for text in ["Origin: ", self.origin, "\r\n"] {
                    out.text(text);
                }
            }
            out.text("\r\n");
        })
    }

    /// Returns the origin of the page.
    pub const fn origin(&self) -> &'a str {
        self.origin
    }

    /// Returns the method as the browser sends it.
    ///
    /// `DELETE`, `GET`, `HEAD`, `OPTIONS`, `POST` and `PUT` are sent in upper case, every other
    /// method as the page wrote it:
    /// [*normalize a method*](https://fetch.spec.whatwg.org/#concept-method-normalize).
    pub fn normalized_method(&self) -> &'a str {
        if self.lost_body {
            return "GET";
        }
        names::NORMALIZED_METHODS
            .iter()
            .find(|method| method.eq_ignore_ascii_case(self.method))
            .copied()
            .unwrap_or(self.method)
    }

    /// Returns the page's headers as the browser sends them.
    ///
    /// HTTP whitespace around values is removed, and
    /// [*forbidden request-headers*](https://fetch.spec.whatwg.org/#forbidden-request-header) are
    /// left out, since browsers ignore them.
    pub fn header_list(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let (lost_body, lost_authorization) = (self.lost_body, self.lost_authorization);
        self.headers
            .iter()
            .map(|(name, value)| (*name, value.trim_matches(is_http_whitespace)))
            .filter(|(name, value)| !is_forbidden(name, value))
            .filter(move |(name, _)| {
                let is_lost = (lost_body && is_request_body_header(name))
                    || (lost_authorization && name.eq_ignore_ascii_case(names::AUTHORIZATION));
                !is_lost
            })
    }

    /// Returns whether the credentials mode is `include`.
    pub const fn has_credentials(&self) -> bool {
        self.include_credentials
    }

    pub(super) const fn has_use_cors_preflight_flag(&self) -> bool {
        self.use_cors_preflight
    }

    /// Sets the origin that requests have after a redirect.
    pub(super) const fn taint_origin(&mut self) {
        self.origin = "null";
    }

    /// Turns the request into a `GET` without a body.
    pub(super) const fn lose_body(&mut self) {
        self.lost_body = true;
    }

    pub(super) const fn lose_authorization(&mut self) {
        self.lost_authorization = true;
    }
}

/// Whether the head of a request has an `Origin`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OriginField {
    Sent,
    Omitted,
}

/// Returns whether a name is a
/// [*request-body-header name*](https://fetch.spec.whatwg.org/#request-body-header-name).
fn is_request_body_header(name: &str) -> bool {
    [
        "content-encoding",
        "content-language",
        "content-location",
        "content-type",
    ]
    .iter()
    .any(|other| name.eq_ignore_ascii_case(other))
}

/// Returns whether a header is a
/// [*forbidden request-header*](https://fetch.spec.whatwg.org/#forbidden-request-header).
fn is_forbidden(name: &str, value: &str) -> bool {
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    let starts_with = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if FORBIDDEN.iter().any(is) || starts_with("proxy-") || starts_with("sec-") {
        return true;
    }
    // Some servers let these headers override the method, so they may not name a forbidden one.
    ["x-http-method", "x-http-method-override", "x-method-override"]
        .iter()
        .any(is)
        && split(value).any(|method| names::is_forbidden_method(trim_ows(method)))
}

/// Splits a value at its commas, except those between quotation marks, as
/// [*get, decode, and split*](https://fetch.spec.whatwg.org/#concept-header-list-get-decode-split)
/// does.
fn split(value: &str) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    value.as_bytes().split(move |&byte| {
        let was_escaped = is_escaped;
        is_escaped = is_quoted && !was_escaped && byte == b'\\';
        if byte == b'"' && !was_escaped {
            is_quoted = !is_quoted;
        }
        byte == b',' && !is_quoted
    })
}

/// The names of forbidden request-headers, in lower case.
const FORBIDDEN: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// A name of [`UnsafeNames`].
///
/// Its `Display` output is in lower case. It equals a string that differs from it in case only.
#[derive(Clone, Copy, Debug)]
pub struct UnsafeName<'a> {
    name: &'a str,
}

impl<'a> UnsafeName<'a> {
    /// Returns the name as the page wrote it.
    pub const fn as_written(&self) -> &'a str {
        self.name
    }
}

impl PartialEq<str> for UnsafeName<'_> {
    /// Compares without regard to case.
    fn eq(&self, other: &str) -> bool {
        self.name.eq_ignore_ascii_case(other)
    }
}

impl fmt::Display for UnsafeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lower_case(self.name).try_for_each(|byte| fmt::Write::write_char(f, char::from(byte)))
    }
}

fn lower_case(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// An iterator over the names of a request that need a preflight, in ascending order.
///
/// It stores none of them: each step searches all headers of the page for the smallest name that is
/// greater than the previous one. Pages set few headers.
#[derive(Clone, Debug)]
pub struct UnsafeNames<'a> {
    fetch: Fetch<'a>,
    includes_safelisted: bool,
    previous: Option<&'a str>,
}

impl<'a> Iterator for UnsafeNames<'a> {
    type Item = UnsafeName<'a>;

    fn next(&mut self) -> Option<UnsafeName<'a>> {
        let names = self
            .fetch
            .header_list()
            .filter(|(name, value)| self.includes_safelisted || !is_safelisted(name, value))
            .map(|(name, _)| UnsafeName { name })
            .filter(|next| {
                self.previous
                    .is_none_or(|previous| lower_case(previous).lt(lower_case(next.name)))
            });
        // Of equal names `min_by` returns the first.
        let next = names.min_by(|a, b| lower_case(a.name).cmp(lower_case(b.name)))?;
        self.previous = Some(next.name);
        Some(next)
    }
}

impl fmt::Display for UnsafeNames<'_> {
    /// Writes the names with commas between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.clone().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            name.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Fetch<'_> = Fetch::from_origin("https://app.example.com");

    #[test]
    fn only_six_methods_are_normalized() {
        for (written, sent) in [
            ("put", "PUT"),
            ("Delete", "DELETE"),
            ("patch", "patch"),
            ("PATCH", "PATCH"),
            ("options", "OPTIONS"),
            ("Egg", "Egg"),
        ] {
            assert_eq!(PAGE.method(written).normalized_method(), sent);
        }
        assert!(!PAGE.method("post").needs_preflight());
        assert!(PAGE.method("options").needs_preflight());
    }

    #[test]
    fn a_page_cannot_send_invalid_methods_and_headers() {
        let failure = |fetch: Fetch<'_>| {
            fetch
                .check_page()
                .err()
                .map(|blocked| (blocked.failure(), blocked.header().map(str::to_string)))
        };
        let about = |name: &str| Some(name.to_string());
        for origin in ["", "https://app.example.com/", "app.example.com", "*"] {
            assert_eq!(
                failure(Fetch::from_origin(origin)),
                Some((Failure::OriginMalformed, None))
            );
        }
        assert_eq!(
            failure(PAGE.method("trace")),
            Some((Failure::ForbiddenMethod, None))
        );
        assert_eq!(
            failure(PAGE.method("P UT")),
            Some((Failure::MethodNotAToken, None))
        );
        assert_eq!(
            failure(PAGE.headers(&[("a", "1"), ("a b", "1")])),
            Some((Failure::HeaderNameNotAToken, about("a?b")))
        );
        assert_eq!(
            failure(PAGE.headers(&[("a", "1\r\nb: 2")])),
            Some((Failure::HeaderValueMalformed, about("a")))
        );
        assert_eq!(
            failure(PAGE.headers(&[("a", "\u{20ac}")])),
            Some((Failure::HeaderValueMalformed, about("a")))
        );
        assert_eq!(failure(PAGE.headers(&[("a", " \n\u{e9} ")])), None);
    }

    #[test]
    fn forbidden_request_headers_are_ignored() {
        let fetch = PAGE.headers(&[
            ("Cookie", "a"),
            ("Origin", "https://evil.test"),
            ("Sec-Fetch-Site", "same-origin"),
            ("proxy-authorization", "a"),
            ("Access-Control-Request-Method", "GET"),
            ("X-HTTP-Method-Override", "PUT, Trace"),
            ("X-Method-Override", "PUT"),
            ("DNT", "1"),
        ]);
        assert_eq!(fetch.unsafe_names().to_string(), "x-method-override");
        let mut buffer = [0; 256];
        let head = fetch.write_request("b", "/", &mut buffer).unwrap();
        assert_eq!(
            head,
            b"GET / HTTP/1.1\r\nHost: b\r\nX-Method-Override: PUT\r\nOrigin: https://app.example.com\r\n\r\n"
        );
    }

    #[test]
    fn a_comma_between_quotation_marks_does_not_separate() {
        for (value, is_sent) in [
            ("\"a,TRACE,b\"", true),
            ("\"a\\\",TRACE,b\"", true),
            ("x, \"y\", TRACE", false),
            ("\"x\",track", false),
            ("TRACE\"", true),
            ("", true),
        ] {
            let headers = [("X-HTTP-Method", value)];
            assert_eq!(
                PAGE.headers(&headers).header_list().count() == 1,
                is_sent,
                "{value}"
            );
        }
    }

    #[test]
    fn names_are_sorted_unique_and_lower_case() {
        let fetch = PAGE.headers(&[
            ("X-B", "1"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("X-A", "2"),
            ("X-_", "1"),
            ("Accept", "ok"),
        ]);
        assert_eq!(fetch.unsafe_names().to_string(), "x-_,x-a,x-b");
        assert!(fetch.unsafe_names().all(|name| name == *name.as_written()));
    }

    #[test]
    fn safelisted_values_are_safe_up_to_1024_bytes_together() {
        let long = "a".repeat(128);
        let mut headers = vec![("Accept", long.as_str()); 8];
        assert!(!PAGE.headers(&headers).needs_preflight());
        headers.push(("Accept-Language", "a"));
        assert_eq!(
            PAGE.headers(&headers).unsafe_names().to_string(),
            "accept,accept-language"
        );
        headers.push(("x-a", ""));
        assert_eq!(
            PAGE.headers(&headers).unsafe_names().to_string(),
            "accept,accept-language,x-a"
        );
    }

    #[test]
    fn a_head_is_written_whole_or_not_at_all() {
        let fetch = PAGE
            .method("PUT")
            .headers(&[("X-A", "\u{e9}"), ("Authorization", "1")]);
        let mut whole = [0; 512];
        let preflight = fetch.write_preflight("b", "/", &mut whole).unwrap().to_vec();
        let request = fetch.write_request("b", "/", &mut whole).unwrap().to_vec();
        assert!(request.windows(7).any(|bytes| bytes == b"X-A: \xe9\r"));
        for size in 0..=preflight.len() + 1 {
            let mut buffer = vec![0xa5; size];
            match fetch.write_preflight("b", "/", &mut buffer) {
                Ok(head) => assert_eq!(head, preflight),
                Err(error) => {
                    assert_eq!(error.needed(), preflight.len());
                    assert!(size < preflight.len() && buffer.iter().all(|&byte| byte == 0xa5));
                }
            }
        }
        for size in 0..request.len() {
            let mut buffer = vec![0xa5; size];
            assert_eq!(
                fetch.write_request("b", "/", &mut buffer).unwrap_err().needed(),
                request.len()
            );
            assert!(buffer.iter().all(|&byte| byte == 0xa5));
        }
    }
}
