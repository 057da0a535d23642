//! What a page sees of a response that it gets: the *CORS filtered response* (Fetch section 2.2.6).

use super::fetch::Fetch;
use super::response::Response;
use crate::names;

/// A response that passed the CORS check, as the page sees it.
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
/// ]);
/// let shared = fetch.check_response(&response)?;
/// assert!(shared.is_readable("ETag") && shared.is_readable("Content-Type"));
/// assert!(!shared.is_readable("X-Internal"));
/// # Ok::<(), embedded_cors::browser::Blocked>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shared<'r> {
    response: Response<'r>,
    has_credentials: bool,
}

/// The *CORS-safelisted response-header names* that need no exposing (Fetch section 2.2.2).
const SAFELISTED: &[&str] = &[
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

impl<'r> Shared<'r> {
    pub(super) const fn new(fetch: &Fetch<'_>, response: &Response<'r>) -> Self {
        Self {
            response: *response,
            has_credentials: fetch.has_credentials(),
        }
    }

    /// The status.
    pub const fn status(&self) -> u16 {
        self.response.status()
    }

    /// The headers that the page sees, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> {
        self.response.headers().filter(|(name, _)| self.exposes(name))
    }

    /// Whether the page sees this header: whether the response has it, and exposes it.
    pub fn is_readable(&self, name: &str) -> bool {
        self.headers().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Whether a header of this name is exposed (Fetch section 4.1 step 14.1, and section 2.2.2 *CORS-safelisted response-header name*).
    fn exposes(&self, name: &str) -> bool {
        if SAFELISTED.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            return true;
        }
        if names::is_forbidden_response_header(name.as_bytes()) {
            return false;
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
        let response = Response::new(404, &headers);
        let shared = fetch.check_response(&response).unwrap();
        assert_eq!(shared.status(), 404);
        shared.headers().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn what_is_exposed_is_seen() {
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
        // With credentials `*` is the header of that name.
        assert_eq!(seen(page.include_credentials(), &["*"]), ["Content-Length", "*"]);
    }
}
