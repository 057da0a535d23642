//! A request that a page makes, and the bytes that a browser sends for it.

use core::fmt;

use super::safelist::{byte_len, is_http_whitespace, is_safelisted};
use super::verdict::{Blocked, Failure, Stage};
use crate::ascii::trim_ows;
use crate::error::BufferTooSmall;
use crate::names;
use crate::out::Out;

/// A request that a page makes to another origin: `fetch(url, { method, headers, credentials })` with mode `cors`, which is
/// what `fetch`, `XMLHttpRequest`, `EventSource` and elements with `crossorigin` make.
///
/// Its headers are those that the page sets. What a browser adds by itself, such as `Last-Event-ID`, never needs a preflight.
///
/// Strings are a page's strings: each character of a header's value is one byte, up to U+00FF.
///
/// ```
/// use embedded_cors::browser::Fetch;
///
/// let fetch = Fetch::from_origin("https://app.example.com")
///     .method("put")
///     .headers(&[("X-B", "1"), ("Content-Type", "application/json"), ("Accept", "*/*"), ("x-a", "2")]);
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
}

impl<'a> Fetch<'a> {
    /// A `GET` without headers and without credentials from a page of this origin, as browsers serialize it: `null` for an opaque one.
    pub const fn from_origin(origin: &'a str) -> Self {
        Self {
            origin,
            method: "GET",
            headers: &[],
            include_credentials: false,
            use_cors_preflight: false,
        }
    }

    /// The method, as the page writes it.
    pub const fn method(mut self, method: &'a str) -> Self {
        self.method = method;
        self
    }

    /// The headers that the page sets, and `Content-Type` if its body brings one.
    pub const fn headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Credentials mode `include`. In the two other modes a request to another origin has no credentials.
    pub const fn include_credentials(mut self) -> Self {
        self.include_credentials = true;
        self
    }

    /// The *use-CORS-preflight flag*: the page listens for the upload's progress, or streams the body.
    pub const fn use_cors_preflight(mut self) -> Self {
        self.use_cors_preflight = true;
        self
    }

    /// The origin.
    pub const fn origin(&self) -> &'a str {
        self.origin
    }

    /// Whether the credentials mode is `include`.
    pub const fn has_credentials(&self) -> bool {
        self.include_credentials
    }

    pub(super) const fn has_use_cors_preflight_flag(&self) -> bool {
        self.use_cors_preflight
    }

    /// The method as it is sent: `DELETE`, `GET`, `HEAD`, `OPTIONS`, `POST` and `PUT` in upper case, every other one as it was written
    /// (Fetch section 2.2.1, *normalize*).
    pub fn normalized_method(&self) -> &'a str {
        names::NORMALIZED_METHODS
            .iter()
            .find(|method| method.eq_ignore_ascii_case(self.method))
            .copied()
            .unwrap_or(self.method)
    }

    /// The header list: what the page set, values normalized, without *forbidden request-headers*, which are ignored.
    pub fn header_list(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.numbered_headers().map(|(_, name, value)| (name, value))
    }

    /// The header list, and the index of each among the page's headers.
    pub(super) fn numbered_headers(&self) -> impl Iterator<Item = (usize, &'a str, &'a str)> + use<'a> {
        self.headers
            .iter()
            .enumerate()
            .map(|(index, (name, value))| (index, *name, value.trim_matches(is_http_whitespace)))
            .filter(|(_, name, value)| !is_forbidden(name, value))
    }

    /// What the page cannot ask for at all: an exception, and nothing is sent (Fetch sections 5.1 and 5.4).
    ///
    /// # Errors
    ///
    /// [`Blocked`] at [`Stage::Page`], for the first of method and headers that is none.
    pub fn check_page(&self) -> Result<(), Blocked> {
        let page = |failure| Blocked::new(Stage::Page, failure);
        if !names::is_token(self.method.as_bytes()) {
            return Err(page(Failure::MethodNotAToken));
        }
        if names::is_forbidden_method(self.method.as_bytes()) {
            return Err(page(Failure::ForbiddenMethod));
        }
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let value = value.trim_matches(is_http_whitespace);
            if !names::is_token(name.as_bytes()) {
                return Err(page(Failure::HeaderNameNotAToken).of_header(index));
            }
            if value
                .chars()
                .any(|c| matches!(c, '\0' | '\r' | '\n') || c > '\u{ff}')
            {
                return Err(page(Failure::HeaderValueMalformed).of_header(index));
            }
        }
        Ok(())
    }

    /// Whether a browser asks first, if it remembers no preflight (Fetch section 4.1 step 12, and section 4.4 step 4.1).
    pub fn needs_preflight(&self) -> bool {
        self.use_cors_preflight
            || !names::is_safelisted_method(self.normalized_method().as_bytes())
            || self.unsafe_names().next().is_some()
    }

    /// The *CORS-unsafe request-header names* (Fetch section 2.2.2): lower-case, in ascending order, each once. Displayed, it is the value
    /// of `Access-Control-Request-Headers`.
    pub fn unsafe_names(&self) -> UnsafeNames<'a> {
        // 3. and 4.: the size of all safelisted values.
        let safelisted = self
            .header_list()
            .filter(|(name, value)| is_safelisted(name, value));
        let sizes = safelisted.map(|(_, value)| byte_len(value));
        let safelist_value_size = sizes.fold(0, usize::saturating_add);
        UnsafeNames {
            fetch: *self,
            // 5. If safelistValueSize is greater than 1024, all names are unsafe.
            all: safelist_value_size > 1024,
            before: None,
        }
    }

    /// Writes the head of the preflight request (Fetch section 4.8 steps 1 to 5). `host` is the server's.
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
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_preflight<'b>(
        &self,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], BufferTooSmall> {
        self.write_head("OPTIONS", host, target, buffer, |out| {
            out.text("Accept: */*\r\nAccess-Control-Request-Method: ");
            out.text(self.normalized_method());
            out.text("\r\n");
            let mut start = "Access-Control-Request-Headers: ";
            for name in self.unsafe_names() {
                out.text(start);
                lower_case(name.name).for_each(|byte| out.bytes(&[byte]));
                start = ",";
            }
            if start == "," {
                out.text("\r\n");
            }
        })
    }

    /// Writes the head of the request itself, with its `Origin`. `host` is the server's.
    ///
    /// What no page can send is not looked for again: ask [`check_page`](Self::check_page) first.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_request<'b>(
        &self,
        host: &str,
        target: &str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], BufferTooSmall> {
        self.write_head(self.normalized_method(), host, target, buffer, |out| {
            for (name, value) in self.header_list() {
                out.text(name);
                out.text(": ");
                // Isomorphic encoding (Infra section 4.6). A character that has none was found by `check_page`.
                for c in value.chars() {
                    out.bytes(&[u8::try_from(c).unwrap_or(b'?')]);
                }
                out.text("\r\n");
            }
        })
    }

    /// A request line, `Host`, the field lines of `fields`, `Origin`, and the empty line.
    fn write_head<'b>(
        &self,
        method: &str,
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
            for text in ["Origin: ", self.origin, "\r\n\r\n"] {
                out.text(text);
            }
        })
    }
}

/// A *forbidden request-header* (Fetch section 2.2.2).
fn is_forbidden(name: &str, value: &str) -> bool {
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    let starts_with = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if FORBIDDEN.iter().any(is) || starts_with("proxy-") || starts_with("sec-") {
        return true;
    }
    ["x-http-method", "x-http-method-override", "x-method-override"]
        .iter()
        .any(is)
        && split(value).any(|method| names::is_forbidden_method(trim_ows(method)))
}

/// *Get, decode, and split* (Fetch section 2.2.2): at commas, but for those between quotation marks.
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

/// A name of [`UnsafeNames`]. Displayed, it is lower-case; it equals the page's spelling of it.
#[derive(Clone, Copy, Debug)]
pub struct UnsafeName<'a> {
    name: &'a str,
    index: usize,
}

impl<'a> UnsafeName<'a> {
    /// The name as the page wrote it.
    pub const fn as_written(&self) -> &'a str {
        self.name
    }

    /// The index of the first of the page's headers that make it unsafe.
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl PartialEq<str> for UnsafeName<'_> {
    /// Not case-sensitive.
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

/// The *CORS-unsafe request-header names* of a request: an iterator, in ascending order.
///
/// Each step looks through all headers once, so nothing is stored, and a page's headers are few.
#[derive(Clone, Debug)]
pub struct UnsafeNames<'a> {
    fetch: Fetch<'a>,
    all: bool,
    before: Option<&'a str>,
}

impl<'a> Iterator for UnsafeNames<'a> {
    type Item = UnsafeName<'a>;

    fn next(&mut self) -> Option<UnsafeName<'a>> {
        let unsafe_names = self
            .fetch
            .numbered_headers()
            .filter(|(_, name, value)| self.all || !is_safelisted(name, value))
            .map(|(index, name, _)| UnsafeName { name, index })
            .filter(|next| {
                self.before
                    .is_none_or(|before| lower_case(before).lt(lower_case(next.name)))
            });
        // The first of several that are equal.
        let next = unsafe_names.min_by(|a, b| lower_case(a.name).cmp(lower_case(b.name)))?;
        self.before = Some(next.name);
        Some(next)
    }
}

impl fmt::Display for UnsafeNames<'_> {
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
    fn methods_are_normalized_as_fetch_says_and_no_further() {
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
    fn a_page_cannot_send_everything() {
        let failure = |fetch: Fetch<'_>| {
            fetch
                .check_page()
                .err()
                .map(|blocked| (blocked.failure(), blocked.header()))
        };
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
            Some((Failure::HeaderNameNotAToken, Some(1)))
        );
        assert_eq!(
            failure(PAGE.headers(&[("a", "1\r\nb: 2")])),
            Some((Failure::HeaderValueMalformed, Some(0)))
        );
        assert_eq!(
            failure(PAGE.headers(&[("a", "\u{20ac}")])),
            Some((Failure::HeaderValueMalformed, Some(0)))
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
    fn a_comma_between_quotation_marks_separates_nothing() {
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
    fn all_safelisted_values_together_have_1024_bytes_and_no_more() {
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
