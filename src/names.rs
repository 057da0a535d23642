//! Header and method names that the standards give a meaning.

use crate::ascii::{eq_ignore_case, is_tchar};

// Response fields of the CORS protocol, Fetch section 3.3.3 *HTTP responses*; lower-case, as HTTP/2
// and HTTP/3 demand and HTTP/1.1 allows.
macro_rules! response_fields {
    ($($(#[$doc:meta])* $name:ident, $start:ident = $text:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)*
        $(
            #[doc = concat!("What a line of `", $text, "` begins with.")]
            pub(crate) const $start: &str = concat!($text, ": ");
        )*
    };
}

response_fields! {
    ALLOW_ORIGIN, ALLOW_ORIGIN_IS = "access-control-allow-origin";
    ALLOW_CREDENTIALS, ALLOW_CREDENTIALS_IS = "access-control-allow-credentials";
    ALLOW_METHODS, ALLOW_METHODS_IS = "access-control-allow-methods";
    ALLOW_HEADERS, ALLOW_HEADERS_IS = "access-control-allow-headers";
    ALLOW_PRIVATE_NETWORK, ALLOW_PRIVATE_NETWORK_IS = "access-control-allow-private-network";
    MAX_AGE, MAX_AGE_IS = "access-control-max-age";
    EXPOSE_HEADERS, EXPOSE_HEADERS_IS = "access-control-expose-headers";
    /// RFC 9110 section 12.5.5.
    VARY, VARY_IS = "vary";
}

/// What a response depends on besides its URL.
pub(crate) struct Vary {
    /// The whole line.
    pub(crate) line: &'static str,
    /// The value's members.
    pub(crate) members: &'static [&'static str],
}

impl Vary {
    /// The value, without the name before it and the CRLF behind it.
    pub(crate) fn value(&self) -> &'static str {
        let value = self.line.strip_prefix(VARY_IS);
        value.and_then(|value| value.strip_suffix("\r\n")).unwrap_or("")
    }
}

macro_rules! vary {
    ($value:literal, $members:expr) => {
        Vary {
            line: concat!("vary: ", $value, "\r\n"),
            members: $members,
        }
    };
}

pub(crate) const VARY_ACTUAL: &Vary = &vary!("origin", &[ORIGIN]);
pub(crate) const VARY_OPTIONS: &Vary = &vary!(
    "origin,access-control-request-method,access-control-request-headers",
    &[ORIGIN, REQUEST_METHOD, REQUEST_HEADERS]
);
pub(crate) const VARY_PRIVATE_NETWORK: &Vary = &vary!(
    "origin,access-control-request-method,access-control-request-headers,access-control-request-private-network",
    &[ORIGIN, REQUEST_METHOD, REQUEST_HEADERS, REQUEST_PRIVATE_NETWORK]
);

// Request fields of the CORS protocol, Fetch section 3.3.2 *HTTP requests*.
pub(crate) const ORIGIN: &str = "origin";
pub(crate) const REQUEST_METHOD: &str = "access-control-request-method";
pub(crate) const REQUEST_HEADERS: &str = "access-control-request-headers";
/// Private Network Access, superseded; sent by older Chromium only.
pub(crate) const REQUEST_PRIVATE_NETWORK: &str = "access-control-request-private-network";

/// The one CORS non-wildcard request-header name (Fetch section 2.2.2): `*` does not cover it.
pub(crate) const AUTHORIZATION: &str = "authorization";

/// A `token`, RFC 9110 section 5.6.2: what a method and a field name are.
pub(crate) const fn is_token(name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    first_non_tchar(name) == name.len()
}

/// The index of the first byte that is no `tchar`, or the length.
pub(crate) const fn first_non_tchar(name: &[u8]) -> usize {
    let mut i = 0;
    while i < name.len() && is_tchar(name[i]) {
        i += 1;
    }
    i
}

/// The CORS-safelisted methods (Fetch section 2.2.1), as a list.
pub(crate) const SAFELISTED_METHODS: &str = "GET,HEAD,POST";

/// The CORS-safelisted method (Fetch section 2.2.1) of this name: `GET`, `HEAD`, `POST`; case-sensitive.
pub(crate) const fn safelisted_method(method: &[u8]) -> Option<&'static str> {
    match method {
        b"GET" => Some("GET"),
        b"HEAD" => Some("HEAD"),
        b"POST" => Some("POST"),
        _ => None,
    }
}

/// Whether this is a CORS-safelisted method.
pub(crate) const fn is_safelisted_method(method: &[u8]) -> bool {
    safelisted_method(method).is_some()
}

/// A forbidden method (Fetch section 2.2.1): `CONNECT`, `TRACE`, `TRACK`, in any case.
pub(crate) const fn is_forbidden_method(method: &[u8]) -> bool {
    eq_ignore_case(method, b"CONNECT") || eq_ignore_case(method, b"TRACE") || eq_ignore_case(method, b"TRACK")
}

/// Methods that a browser writes in upper case whatever the page wrote (Fetch section 2.2.1, *normalize*).
pub(crate) const NORMALIZED_METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// Whether a method is one of those, in any case.
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

/// A forbidden response-header name (Fetch section 2.2.2): no script can read it.
pub(crate) const fn is_forbidden_response_header(name: &[u8]) -> bool {
    eq_ignore_case(name, b"set-cookie") || eq_ignore_case(name, b"set-cookie2")
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
    }

    #[test]
    fn tokens() {
        assert!(is_token(b"x-api-key") && is_token(b"!#$%&'*+-.^_`|~09azAZ"));
        for bad in [&b""[..], b"a b", b"a,b", b"a:", b"\x80", b"a\0"] {
            assert!(!is_token(bad));
        }
        assert_eq!(first_non_tchar(b"abc d"), 3);
    }
}
