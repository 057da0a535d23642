//! The CORS check and the verdict on a preflight, in the standard's own steps.

use super::expose::Shared;
use super::fetch::Fetch;
use super::response::{Got, Malformed, Response, Tokens};
use super::verdict::{Blocked, Failure, Stage};
use crate::names;

impl Fetch<'_> {
    /// Whether the response to the preflight lets the request be sent (Fetch section 4.8 step 7).
    ///
    /// ```
    /// use embedded_cors::browser::{Failure, Fetch, Response};
    ///
    /// let fetch = Fetch::from_origin("https://app.example.com").method("PATCH");
    /// let response = Response::new(204, &[
    ///     ("Access-Control-Allow-Origin", "https://app.example.com"),
    ///     ("Access-Control-Allow-Methods", "patch"),
    /// ]);
    /// let blocked = fetch.check_preflight(&response).unwrap_err();
    /// assert_eq!(blocked.failure(), Failure::MethodNotAllowed);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Blocked`] at [`Stage::Preflight`], for the first step that fails.
    pub fn check_preflight(&self, response: &Response<'_>) -> Result<(), Blocked> {
        self.preflight_lists(response).map(|_| ())
    }

    /// Whether the page gets the response, whatever its status (Fetch section 4.10 *CORS check*), and what it sees of it.
    ///
    /// # Errors
    ///
    /// [`Blocked`] at [`Stage::Response`], for the first step that fails.
    pub fn check_response<'r>(&self, response: &Response<'r>) -> Result<Shared<'r>, Blocked> {
        match self.cors_check(response) {
            Ok(()) => Ok(Shared::new(self, response)),
            Err(failure) => Err(Blocked::new(Stage::Response, failure)),
        }
    }

    /// Fetch section 4.10 *CORS check*.
    fn cors_check(&self, response: &Response<'_>) -> Result<(), Failure> {
        // 1. Let origin be the result of getting `Access-Control-Allow-Origin` from response's header list.
        let origin = match response.get("access-control-allow-origin") {
            Got::Value(origin) => origin,
            // 2. If origin is null, then return failure.
            Got::Null => return Err(Failure::AllowOriginMissing),
            Got::Several => return Err(Failure::AllowOriginRepeated),
        };
        // 3. If request's credentials mode is not "include" and origin is `*`, then return success.
        if !self.has_credentials() && origin == b"*" {
            return Ok(());
        }
        // 4. If the result of byte-serializing a request origin with request is not origin, then return failure.
        if self.origin().as_bytes() != origin {
            return Err(if origin == b"*" {
                Failure::AllowOriginAnyWithCredentials
            } else {
                Failure::AllowOriginDiffers
            });
        }
        // 5. If request's credentials mode is not "include", then return success.
        if !self.has_credentials() {
            return Ok(());
        }
        // 6. Let credentials be the result of getting `Access-Control-Allow-Credentials` from response's header list.
        match response.get("access-control-allow-credentials") {
            // 7. If credentials is `true`, then return success.
            Got::Value(b"true") => Ok(()),
            // 8. Return failure.
            Got::Null => Err(Failure::AllowCredentialsMissing),
            Got::Value(_) | Got::Several => Err(Failure::AllowCredentialsNotTrue),
        }
    }

    /// Fetch section 4.8 step 7, up to 7.7; what the preflight cache stores after it.
    pub(super) fn preflight_lists<'r>(&self, response: &Response<'r>) -> Result<Lists<'r>, Blocked> {
        let blocked = |failure| Blocked::new(Stage::Preflight, failure);
        // 7. If a CORS check for request and response returns success and response's status is an ok status, then:
        self.cors_check(response).map_err(blocked)?;
        if !(200..=299).contains(&response.status()) {
            return Err(blocked(Failure::PreflightStatus));
        }
        // 7.1. to 7.3. Extract both lists; if either is failure, return a network error.
        let methods = response
            .extract_tokens("access-control-allow-methods")
            .map_err(|Malformed| blocked(Failure::AllowMethodsMalformed))?;
        let header_names = response
            .extract_tokens("access-control-allow-headers")
            .map_err(|Malformed| blocked(Failure::AllowHeadersMalformed))?;
        // 7.4. If methods is null and request's use-CORS-preflight flag is set, then set methods to request's method.
        let only_own_method = methods.is_none() && self.has_use_cors_preflight_flag();

        // 7.5. If request's method is not in methods, is not a CORS-safelisted method, and request's credentials mode is "include" or
        // methods does not contain `*`, then return a network error.
        let method = self.normalized_method().as_bytes();
        let has_method = |token: &[u8]| methods.is_some_and(|methods| methods.contains(token));
        let any_method = has_method(b"*");
        if !has_method(method)
            && !only_own_method
            && !names::is_safelisted_method(method)
            && (self.has_credentials() || !any_method)
        {
            return Err(blocked(if any_method {
                Failure::AnyMethodWithCredentials
            } else {
                Failure::MethodNotAllowed
            }));
        }

        let has_name =
            |name: &str| header_names.is_some_and(|names| names.contains_ignore_case(name.as_bytes()));
        let any_name = has_name("*");
        // 7.6. If one of request's header list's names is a CORS non-wildcard request-header name and is not in headerNames, then
        // return a network error.
        for (index, name, _) in self.numbered_headers() {
            if name.eq_ignore_ascii_case(names::AUTHORIZATION) && !has_name(name) {
                return Err(blocked(if any_name {
                    Failure::AuthorizationNotCovered
                } else {
                    Failure::HeaderNotAllowed
                })
                .of_header(index));
            }
        }
        // 7.7. For each unsafeName of the CORS-unsafe request-header names, if unsafeName is not in headerNames, and request's
        // credentials mode is "include" or headerNames does not contain `*`, return a network error.
        for name in self.unsafe_names() {
            if !has_name(name.as_written()) && (self.has_credentials() || !any_name) {
                return Err(blocked(if any_name {
                    Failure::AnyHeaderWithCredentials
                } else {
                    Failure::HeaderNotAllowed
                })
                .of_header(name.index()));
            }
        }
        Ok(Lists {
            methods,
            header_names,
            only_own_method,
        })
    }
}

/// The lists of a preflight that succeeded.
pub(super) struct Lists<'r> {
    pub(super) methods: Option<Tokens<'r>>,
    pub(super) header_names: Option<Tokens<'r>>,
    /// There is no list of methods, and the request's own stands for it.
    pub(super) only_own_method: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.example.com";
    const PAGE: Fetch<'_> = Fetch::from_origin(APP);
    const ACAO: &str = "Access-Control-Allow-Origin";
    const ACAC: &str = "access-control-allow-credentials";

    fn check(fetch: Fetch<'_>, headers: &[(&str, &str)]) -> Option<Failure> {
        let blocked = fetch.check_response(&Response::new(500, headers)).err()?;
        assert_eq!(blocked.stage(), Stage::Response);
        Some(blocked.failure())
    }

    #[test]
    fn the_cors_check_compares_bytes() {
        assert_eq!(check(PAGE, &[(ACAO, APP)]), None);
        assert_eq!(check(PAGE, &[(ACAO, "\t https://app.example.com ")]), None);
        assert_eq!(check(PAGE, &[(ACAO, "*")]), None);
        assert_eq!(check(PAGE, &[]), Some(Failure::AllowOriginMissing));
        for (value, origin) in [
            ("https://app.example.com/", APP),
            ("https://APP.example.com", APP),
            ("http://app.example.com", APP),
            ("https://app.example.com:443", APP),
            ("\"https://app.example.com\"", APP),
            ("https://app.example.com, *", APP),
            ("https://*.example.com", APP),
            ("null", APP),
            ("", APP),
            ("NULL", "null"),
        ] {
            assert_eq!(
                check(Fetch::from_origin(origin), &[(ACAO, value)]),
                Some(Failure::AllowOriginDiffers),
                "{value}"
            );
        }
        assert_eq!(check(Fetch::from_origin("null"), &[(ACAO, "null")]), None);
        assert_eq!(
            check(PAGE, &[(ACAO, APP), (ACAO, APP)]),
            Some(Failure::AllowOriginRepeated)
        );
    }

    #[test]
    fn credentials_need_exactly_true_and_no_wildcard() {
        let fetch = PAGE.include_credentials();
        assert_eq!(check(fetch, &[(ACAO, APP), (ACAC, "true")]), None);
        assert_eq!(
            check(fetch, &[(ACAO, APP)]),
            Some(Failure::AllowCredentialsMissing)
        );
        assert_eq!(
            check(fetch, &[(ACAO, "*"), (ACAC, "true")]),
            Some(Failure::AllowOriginAnyWithCredentials)
        );
        for value in ["True", "TRUE", "1", "\"true\"", "true, true", ""] {
            assert_eq!(
                check(fetch, &[(ACAO, APP), (ACAC, value)]),
                Some(Failure::AllowCredentialsNotTrue),
                "{value}"
            );
        }
        assert_eq!(
            check(fetch, &[(ACAO, APP), (ACAC, "true"), (ACAC, "true")]),
            Some(Failure::AllowCredentialsNotTrue)
        );
        assert_eq!(check(PAGE, &[(ACAO, APP), (ACAC, "no")]), None);
    }

    fn preflight(fetch: Fetch<'_>, status: u16, methods: &[&str], headers: &[&str]) -> Option<Failure> {
        let mut fields = vec![(ACAO, APP), (ACAC, "true")];
        fields.extend(
            methods
                .iter()
                .map(|value| ("Access-Control-Allow-Methods", *value)),
        );
        fields.extend(
            headers
                .iter()
                .map(|value| ("Access-Control-Allow-Headers", *value)),
        );
        fetch
            .check_preflight(&Response::new(status, &fields))
            .err()
            .map(|blocked| blocked.failure())
    }

    #[test]
    fn a_preflight_needs_an_ok_status() {
        for status in [200, 204, 205, 299] {
            assert_eq!(preflight(PAGE.method("PUT"), status, &["PUT"], &[]), None);
        }
        for status in [100, 199, 300, 301, 304, 403, 500] {
            assert_eq!(
                preflight(PAGE.method("PUT"), status, &["PUT"], &[]),
                Some(Failure::PreflightStatus)
            );
        }
        let blocked = PAGE.check_preflight(&Response::new(403, &[])).unwrap_err();
        assert_eq!(
            (blocked.stage(), blocked.failure()),
            (Stage::Preflight, Failure::AllowOriginMissing)
        );
    }

    #[test]
    fn methods_are_case_sensitive_and_safelisted_ones_need_no_mention() {
        let put = PAGE.method("put");
        assert_eq!(preflight(put, 204, &["GET, PUT"], &[]), None);
        assert_eq!(preflight(put, 204, &["GET", "DELETE,PUT"], &[]), None);
        assert_eq!(preflight(put, 204, &["*"], &[]), None);
        assert_eq!(
            preflight(put, 204, &["put"], &[]),
            Some(Failure::MethodNotAllowed)
        );
        assert_eq!(preflight(put, 204, &[], &[]), Some(Failure::MethodNotAllowed));
        assert_eq!(
            preflight(put, 204, &["PUT, @x"], &[]),
            Some(Failure::AllowMethodsMalformed)
        );
        assert_eq!(
            preflight(put.include_credentials(), 204, &["*"], &[]),
            Some(Failure::AnyMethodWithCredentials)
        );
        assert_eq!(
            preflight(PAGE.method("patch"), 204, &["PATCH"], &[]),
            Some(Failure::MethodNotAllowed)
        );
        assert_eq!(preflight(PAGE.method("POST"), 204, &["PUT"], &[]), None);
        assert_eq!(
            preflight(PAGE.method("*").include_credentials(), 204, &["*"], &[]),
            None
        );
    }

    /// Fetch section 4.8 step 7.4.
    #[test]
    fn without_a_list_an_upload_has_its_own_method() {
        let upload = PAGE.method("PUT").use_cors_preflight();
        assert_eq!(preflight(upload, 204, &[], &[]), None);
        assert_eq!(
            preflight(upload, 204, &[""], &[]),
            Some(Failure::MethodNotAllowed)
        );
        assert_eq!(
            preflight(upload, 204, &["GET"], &[]),
            Some(Failure::MethodNotAllowed)
        );
    }

    #[test]
    fn every_unsafe_header_has_to_be_listed() {
        let fetch = PAGE.headers(&[("X-A", "1"), ("Authorization", "1"), ("Accept", "*/*")]);
        assert_eq!(preflight(fetch, 204, &[], &["authorization, x-a"]), None);
        assert_eq!(preflight(fetch, 204, &[], &["AUTHORIZATION", "X-A"]), None);
        assert_eq!(preflight(fetch, 204, &[], &["*, authorization"]), None);
        assert_eq!(
            preflight(fetch, 204, &[], &["*"]),
            Some(Failure::AuthorizationNotCovered)
        );
        assert_eq!(
            preflight(fetch, 204, &[], &["x-a"]),
            Some(Failure::HeaderNotAllowed)
        );
        assert_eq!(
            preflight(fetch, 204, &[], &["authorization"]),
            Some(Failure::HeaderNotAllowed)
        );
        assert_eq!(
            preflight(fetch, 204, &[], &["authorization x-a"]),
            Some(Failure::AllowHeadersMalformed)
        );
        let with = fetch.include_credentials();
        assert_eq!(
            preflight(with, 204, &[], &["*, authorization"]),
            Some(Failure::AnyHeaderWithCredentials)
        );
        let index = |allowed| {
            let fields = [(ACAO, APP), ("access-control-allow-headers", allowed)];
            fetch
                .check_preflight(&Response::new(204, &fields))
                .unwrap_err()
                .header()
        };
        assert_eq!((index("x-a"), index("authorization")), (Some(1), Some(0)));
        // Of several headers of a name, the one that is unsafe; and none that is not sent.
        for (headers, index) in [
            (&[("Accept", "ok"), ("Accept", "b(ad")], 1),
            (&[("x-http-method", "TRACE"), ("x-http-method", "PUT")], 1),
        ] {
            let fields = [(ACAO, APP)];
            let blocked = PAGE
                .headers(headers)
                .check_preflight(&Response::new(204, &fields));
            assert_eq!(blocked.unwrap_err().header(), Some(index));
        }
    }
}
