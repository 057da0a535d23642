//! The part of a response that a page can read.

use super::fetch::Fetch;
use super::response::Response;
use crate::names;

/// A response as the page sees it: a
/// [*CORS filtered response*](https://fetch.spec.whatwg.org/#concept-filtered-response-cors), which
/// passed the CORS check, or after a request to the page's own origin a
/// [*basic filtered response*](https://fetch.spec.whatwg.org/#concept-filtered-response-basic).
///
/// ```
/// use embedded_cors::browser::{Fetch, Response};
///
/// let fetch = Fetch::from_origin("https://app.example.com");
/// let response = Response::new(200, &[
///     ("Access-Control-Allow-Origin", "*"),
///     ("Access-Control-Expose-Headers", "etag"),
///     ("ETag", "\"1\""),
///     ("X-Internal", "hidden"),
///     ("Content-Type", "text/plain"),
/// ])?;
/// let filtered = fetch.check_response(&response)?;
/// assert!(filtered.is_readable("ETag") && filtered.is_readable("Content-Type"));
/// assert!(!filtered.is_readable("X-Internal"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FilteredResponse<'r> {
    response: Response<'r>,
    has_credentials: bool,
    /// Whether the response is one of the page's own origin.
    is_basic: bool,
}

/// The names that a page can read without `Access-Control-Expose-Headers`:
/// <https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>.
const SAFELISTED: &[&str] = &[
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

impl<'r> FilteredResponse<'r> {
    pub(super) const fn new(fetch: &Fetch<'_>, response: &Response<'r>) -> Self {
        Self {
            response: *response,
            has_credentials: fetch.has_credentials(),
            is_basic: false,
        }
    }

    /// Returns the response to a request to the page's own origin.
    pub(super) const fn basic(fetch: &Fetch<'_>, response: &Response<'r>) -> Self {
        let mut filtered = Self::new(fetch, response);
        filtered.is_basic = true;
        filtered
    }

    /// Returns the status.
    pub const fn status(&self) -> u16 {
        self.response.status()
    }

    /// Returns the names and values of the headers that the page can read, in the response's order.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> {
        self.response.headers().filter(|(name, _)| self.exposes(name))
    }

    /// Returns whether the page can read this header: the response has it and exposes it.
    ///
    /// The name is compared without regard to case.
    pub fn is_readable(&self, name: &str) -> bool {
        self.headers().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Returns whether the response exposes headers of this name, as
    /// [*main fetch*](https://fetch.spec.whatwg.org/#main-fetch) collects the exposed names and
    /// *CORS-safelisted response-header name* uses them.
    fn exposes(&self, name: &str) -> bool {
        if SAFELISTED.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            return true;
        }
        if names::is_forbidden_response_header(name.as_bytes()) {
            return false;
        }
        if self.is_basic {
            return true;
        }
        // A list that does not parse exposes nothing.
        let Ok(Some(list)) = self.response.extract_tokens("access-control-expose-headers") else {
            return false;
        };
        list.contains_ignore_case(name.as_bytes()) || (!self.has_credentials && list.contains(b"*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(fetch: Fetch<'_>, expose: &[&str]) -> Vec<String> {
        let mut headers = vec![
            ("access-control-allow-origin", "https://app.example.com"),
            ("access-control-allow-credentials", "true"),
            ("Content-Length", "1"),
            ("ETag", "1"),
            ("X-A", "1"),
            ("*", "1"),
            ("Set-Cookie", "a=b"),
        ];
        headers.extend(
            expose
                .iter()
                .map(|value| ("Access-Control-Expose-Headers", *value)),
        );
        let response = Response::new(404, &headers).unwrap();
        let filtered = fetch.check_response(&response).unwrap();
        assert_eq!(filtered.status(), 404);
        filtered.headers().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn a_page_sees_safelisted_and_exposed_headers() {
        let page = Fetch::from_origin("https://app.example.com");
        assert_eq!(seen(page, &[]), ["Content-Length"]);
        assert_eq!(
            seen(page, &["etag", "x-b, X-a"]),
            ["Content-Length", "ETag", "X-A"]
        );
        assert_eq!(seen(page, &["etag, @x"]), ["Content-Length"]);
        assert_eq!(seen(page, &["Set-Cookie"]), ["Content-Length"]);
        let all = seen(page, &["*"]);
        assert!(all.contains(&"X-A".into()) && !all.contains(&"Set-Cookie".into()));
        // With credentials `*` exposes only a header of that name.
        assert_eq!(seen(page.include_credentials(), &["*"]), ["Content-Length", "*"]);
    }
}
