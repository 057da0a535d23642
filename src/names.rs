//! Field names and methods to which the standards give a meaning.

use crate::ascii::{eq_ignore_case, from, until};
use crate::texts::equal_out_of_line;

/// A `Vary` that a policy needs: the request fields that a response depends on
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vary {
    /// The response is the same for every request.
    Nothing,
    /// `Origin`.
    Origin,
    /// `Access-Control-Request-Method` and `Access-Control-Request-Headers`.
    Requested,
    /// `Origin` and these two.
    OriginAndRequested,
}

impl Vary {
    /// Returns the whole field line; empty if the response depends on nothing.
    pub(crate) const fn line(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Origin => "vary: origin\r\n",
            Self::Requested => "vary: access-control-request-method,access-control-request-headers\r\n",
            Self::OriginAndRequested => {
                "vary: origin,access-control-request-method,access-control-request-headers\r\n"
            }
        }
    }

    /// Returns the value, without the name before it and the CRLF after it.
    pub(crate) const fn value(self) -> &'static [u8] {
        let value_and_crlf = from(self.line().as_bytes(), "vary: ".len());
        until(value_and_crlf, value_and_crlf.len().saturating_sub("\r\n".len()))
    }

    /// Returns the members of the value.
    pub(crate) const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Origin => &[ORIGIN],
            Self::Requested => &[REQUEST_METHOD, REQUEST_HEADERS],
            Self::OriginAndRequested => &[ORIGIN, REQUEST_METHOD, REQUEST_HEADERS],
        }
    }
}

// The request fields of the CORS protocol, <https://fetch.spec.whatwg.org/#http-requests>.
pub(crate) const ORIGIN: &str = "origin";

pub(crate) const REQUEST_METHOD: &str = "access-control-request-method";

pub(crate) const REQUEST_HEADERS: &str = "access-control-request-headers";

/// The only CORS non-wildcard request-header name, which `*` does not cover
/// (<https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name>).
pub(crate) const AUTHORIZATION: &str = "authorization";

/// The method of a CORS-preflight request.
pub(crate) const OPTIONS: &[u8] = b"OPTIONS";

/// Returns whether `method` is `OPTIONS`. Methods are case-sensitive
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-9.1>).
pub(crate) fn is_options(method: &[u8]) -> bool {
    equal_out_of_line(method, OPTIONS)
}

/// The list of the CORS-safelisted methods
/// (<https://fetch.spec.whatwg.org/#cors-safelisted-method>).
pub(crate) const SAFELISTED_METHODS: &str = "GET,HEAD,POST";

/// Returns `method` if it is a CORS-safelisted method: `GET`, `HEAD` or `POST`
/// (<https://fetch.spec.whatwg.org/#cors-safelisted-method>).
pub(crate) const fn safelisted_method(method: &[u8]) -> Option<&'static str> {
    match method {
        b"GET" => Some("GET"),
        b"HEAD" => Some("HEAD"),
        b"POST" => Some("POST"),
        _ => None,
    }
}

/// Returns whether `method` is a CORS-safelisted method.
pub(crate) const fn is_safelisted_method(method: &[u8]) -> bool {
    safelisted_method(method).is_some()
}

/// Returns whether `method` is a forbidden method: `CONNECT`, `TRACE` or `TRACK`, in any case
/// (<https://fetch.spec.whatwg.org/#forbidden-method>).
pub(crate) const fn is_forbidden_method(method: &[u8]) -> bool {
    eq_ignore_case(method, b"CONNECT") || eq_ignore_case(method, b"TRACE") || eq_ignore_case(method, b"TRACK")
}

/// The methods that a browser converts to upper case
/// (<https://fetch.spec.whatwg.org/#concept-method-normalize>).
pub(crate) const NORMALIZED_METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// Returns whether `method` is one of [`NORMALIZED_METHODS`], in any case.
pub(crate) const fn is_normalized_method(method: &[u8]) -> bool {
    let mut i = 0;
    while i < NORMALIZED_METHODS.len() {
        if eq_ignore_case(method, NORMALIZED_METHODS[i].as_bytes()) {
            return true;
        }
        i += 1;
    }
    false
}

/// Returns whether `name` is a forbidden response-header name, which no script can read
/// (<https://fetch.spec.whatwg.org/#forbidden-response-header-name>).
pub(crate) const fn is_forbidden_response_header(name: &[u8]) -> bool {
    eq_ignore_case(name, b"set-cookie") || eq_ignore_case(name, b"set-cookie2")
}

/// Returns whether `name` is a forbidden request-header, which no script can set
/// (<https://fetch.spec.whatwg.org/#forbidden-request-header>).
///
/// The three names by which a request overrides its method are not among them, because they are
/// forbidden with some values only.
pub(crate) const fn is_forbidden_request_header(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "accept-charset",
        "accept-encoding",
        REQUEST_HEADERS,
        REQUEST_METHOD,
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        ORIGIN,
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    let mut i = 0;
    while i < NAMES.len() {
        if eq_ignore_case(name, NAMES[i].as_bytes()) {
            return true;
        }
        i += 1;
    }
    eq_ignore_case(until(name, "sec-".len()), b"sec-")
        || eq_ignore_case(until(name, "proxy-".len()), b"proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safelisted_methods_are_case_sensitive() {
        assert!(is_safelisted_method(b"GET") && is_safelisted_method(b"HEAD"));
        assert!(is_safelisted_method(b"POST"));
        for other in [&b"get"[..], b"Post", b"PUT", b"", b"GETS", b"OPTIONS"] {
            assert!(!is_safelisted_method(other));
        }
    }

    #[test]
    fn forbidden_names_are_not_case_sensitive() {
        assert!(is_forbidden_method(b"trace") && is_forbidden_method(b"Track"));
        assert!(is_forbidden_method(b"CONNECT") && !is_forbidden_method(b"TRACES"));
        assert!(is_forbidden_response_header(b"Set-Cookie"));
        assert!(!is_forbidden_response_header(b"cookie"));
        for name in [
            "Cookie",
            "host",
            "ORIGIN",
            "sec-",
            "Sec-Fetch-Mode",
            "proxy-authorization",
            "via",
        ] {
            assert!(is_forbidden_request_header(name.as_bytes()), "{name}");
        }
        for name in [
            "user-agent",
            "x-http-method-override",
            "authorization",
            "sec",
            "proxy",
            "x-sec-a",
            "cookies",
        ] {
            assert!(!is_forbidden_request_header(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_vary_is_its_members_joined() {
        for vary in [
            Vary::Nothing,
            Vary::Origin,
            Vary::Requested,
            Vary::OriginAndRequested,
        ] {
            let value = vary.members().join(",");
            assert_eq!(vary.value(), value.as_bytes());
            let line = if value.is_empty() {
                value
            } else {
                format!("vary: {value}\r\n")
            };
            assert_eq!(vary.line(), line);
        }
    }
}
