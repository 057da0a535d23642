//! The CORS check and the CORS-preflight fetch, step by step as in the standard.

use super::expose::FilteredResponse;
use super::fetch::Fetch;
use super::response::{HeaderValue, Malformed, Response, Tokens};
use super::verdict::{Blocked, Failure, Stage};
use crate::names;

impl Fetch<'_> {
    /// Checks whether the response to the preflight lets the browser send the request, as
    /// [*CORS-preflight fetch*](https://fetch.spec.whatwg.org/#cors-preflight-fetch) does.
    ///
    /// ```
    /// use embedded_cors::browser::{Failure, Fetch, Response};
    ///
    /// let fetch = Fetch::from_origin("https://app.example.com").method("PATCH");
    /// let response = Response::new(204, &[
    ///     ("Access-Control-Allow-Origin", "https://app.example.com"),
    ///     ("Access-Control-Allow-Methods", "patch"),
    /// ])?;
    /// let blocked = fetch.check_preflight(&response).unwrap_err();
    /// assert_eq!(blocked.failure(), Failure::MethodNotAllowed);
    /// # Ok::<(), embedded_cors::browser::ResponseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`Blocked`] of [`Stage::Preflight`] for the first step that fails, or of
    /// [`Stage::Page`] if a step fails and the page cannot make the request at all.
    pub fn check_preflight(&self, response: &Response<'_>) -> Result<(), Blocked> {
        self.preflight_lists(response).map(|_| ())
    }

    /// Checks whether the page gets the response, and returns what the page sees of it.
    ///
    /// The status does not matter. The check is the
    /// [*CORS check*](https://fetch.spec.whatwg.org/#cors-check).
    ///
    /// # Errors
    ///
    /// Returns a [`Blocked`] of [`Stage::Response`] for the first step that fails, or of
    /// [`Stage::Page`] if a step fails and the page cannot make the request at all.
    pub fn check_response<'r>(&self, response: &Response<'r>) -> Result<FilteredResponse<'r>, Blocked> {
        match self.cors_check(response) {
            Ok(()) => Ok(FilteredResponse::new(self, response)),
            Err(failure) => Err(self.blame(Blocked::new(Stage::Response, failure))),
        }
    }

    /// Returns the verdict on the page if it cannot make this request, and `blocked` otherwise.
    // Without this a mistake in a test, such as a slash after the origin, would be taken for one of
    // the server. Only a check that fails is looked at again: under `*` the CORS check compares
    // nothing, whatever the origin is.
    fn blame(&self, blocked: Blocked) -> Blocked {
        self.check_page().err().unwrap_or(blocked)
    }

    /// Performs a *CORS check*: <https://fetch.spec.whatwg.org/#cors-check>.
    pub(super) fn cors_check(&self, response: &Response<'_>) -> Result<(), Failure> {
        let origin = match response.get("access-control-allow-origin") {
            HeaderValue::One(origin) => origin,
            // A response without the field fails.
            HeaderValue::Null => return Err(Failure::AllowOriginMissing),
            // The standard fails one step later, where the joined values are not an origin. To
            // fail here gives the mistake its name.
            HeaderValue::Several => return Err(Failure::AllowOriginRepeated),
        };
        // Without credentials `*` is enough.
        if !self.has_credentials() && origin == b"*" {
            return Ok(());
        }
        // Otherwise the value has to be the request's origin, byte for byte.
        if self.origin().as_bytes() != origin {
            return Err(if origin == b"*" {
                Failure::AllowOriginAnyWithCredentials
            } else {
                Failure::AllowOriginDiffers
            });
        }
        // Without credentials nothing else counts.
        if !self.has_credentials() {
            return Ok(());
        }
        match response.get("access-control-allow-credentials") {
            // With credentials the response has to say `true` as well, in exactly these bytes.
            HeaderValue::One(b"true") => Ok(()),
            // Everything else fails.
            HeaderValue::Null => Err(Failure::AllowCredentialsMissing),
            HeaderValue::One(_) | HeaderValue::Several => Err(Failure::AllowCredentialsNotTrue),
        }
    }

    /// Performs the part of a *CORS-preflight fetch* between the response's arrival and the cache:
    /// <https://fetch.spec.whatwg.org/#cors-preflight-fetch>. Returns the lists that the cache
    /// stores.
    pub(super) fn preflight_lists<'r>(&self, response: &Response<'r>) -> Result<Lists<'r>, Blocked> {
        self.read_preflight(response)
            .map_err(|blocked| self.blame(blocked))
    }

    fn read_preflight<'r>(&self, response: &Response<'r>) -> Result<Lists<'r>, Blocked> {
        let blocked = |failure| Blocked::new(Stage::Preflight, failure);
        // The response has to pass the CORS check, with the credentials mode of the request and
        // not of the preflight, and to have an ok status.
        self.cors_check(response).map_err(blocked)?;
        if !(200..=299).contains(&response.status()) {
            return Err(blocked(Failure::PreflightStatus));
        }
        // Both lists are extracted; one that does not parse blocks the request.
        let methods = response
            .extract_tokens("access-control-allow-methods")
            .map_err(|Malformed| blocked(Failure::AllowMethodsMalformed))?;
        let header_names = response
            .extract_tokens("access-control-allow-headers")
            .map_err(|Malformed| blocked(Failure::AllowHeadersMalformed))?;
        // Where there is no list of methods and the use-CORS-preflight flag is set, the request's
        // own method is the list.
        let only_own_method = methods.is_none() && self.has_use_cors_preflight_flag();

        // The method has to be listed or safelisted; without credentials `*` lists every method.
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
        // A CORS non-wildcard request-header name, of which there is one, has to be listed itself:
        // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name.
        for (name, _) in self.header_list() {
            if name.eq_ignore_ascii_case(names::AUTHORIZATION) && !has_name(name) {
                return Err(blocked(if any_name {
                    Failure::AuthorizationNotCovered
                } else {
                    Failure::HeaderNotAllowed
                })
                .about_header(name));
            }
        }
        // Each CORS-unsafe request-header name has to be listed; without credentials `*` lists
        // every other name.
        for name in self.unsafe_names() {
            if !has_name(name.as_written()) && (self.has_credentials() || !any_name) {
                return Err(blocked(if any_name {
                    Failure::AnyHeaderWithCredentials
                } else {
                    Failure::HeaderNotAllowed
                })
                .about_header(name.as_written()));
            }
        }
        Ok(Lists {
            methods,
            header_names,
            only_own_method,
        })
    }
}

/// The lists of a preflight response that allows the request.
pub(super) struct Lists<'r> {
    pub(super) methods: Option<Tokens<'r>>,
    pub(super) header_names: Option<Tokens<'r>>,
    /// Whether the request's own method stands for the missing list of methods.
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
        let blocked = fetch
            .check_response(&Response::new(500, headers).unwrap())
            .err()?;
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
            .check_preflight(&Response::new(status, &fields).unwrap())
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
        let blocked = PAGE
            .check_preflight(&Response::new(403, &[]).unwrap())
            .unwrap_err();
        assert_eq!(
            (blocked.stage(), blocked.failure()),
            (Stage::Preflight, Failure::AllowOriginMissing)
        );
    }

    #[test]
    fn methods_are_case_sensitive_and_safelisted_ones_need_not_be_listed() {
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

    #[test]
    fn without_a_list_of_methods_an_upload_may_use_its_own() {
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
    fn each_unsafe_header_has_to_be_listed() {
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
        let name = |allowed| {
            let fields = [(ACAO, APP), ("access-control-allow-headers", allowed)];
            let response = Response::new(204, &fields).unwrap();
            let blocked = fetch.check_preflight(&response).unwrap_err();
            blocked.header().map(str::to_string)
        };
        assert_eq!(name("x-a").as_deref(), Some("Authorization"));
        assert_eq!(name("authorization").as_deref(), Some("X-A"));
    }

    #[test]
    fn a_mistake_of_the_page_is_not_blamed_on_the_server() {
        let response = [(ACAO, "https://other.example")];
        let response = Response::new(204, &response).unwrap();
        for (fetch, failure) in [
            (
                Fetch::from_origin("https://app.example.com/"),
                Failure::OriginMalformed,
            ),
            (Fetch::from_origin(""), Failure::OriginMalformed),
            (PAGE.method("TRACE"), Failure::ForbiddenMethod),
            (PAGE.headers(&[("x-a", "a\nb")]), Failure::HeaderValueMalformed),
        ] {
            let page = Blocked::new(Stage::Page, failure);
            for blocked in [
                fetch.check_preflight(&response).err(),
                fetch.check_response(&response).err(),
            ] {
                let blocked = blocked.map(|blocked| (blocked.stage(), blocked.failure()));
                assert_eq!(blocked, Some((page.stage(), page.failure())));
            }
        }
    }
}
