//! `http` 1: requests from its types, and the fields of a decision to a `HeaderMap`.

use alloc::vec;
use core::fmt;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

use crate::ascii::as_str;
use crate::buffer::Out;
use crate::decision::deferred::varies_by;
use crate::names::Vary;
use crate::response_fields::ResponseField;
use crate::{Decision, FieldValue, MAX_FIELDS, Request};

impl<'r, B> From<&'r http::Request<B>> for Request<'r> {
    /// Takes the method and the CORS fields.
    fn from(request: &'r http::Request<B>) -> Self {
        read(request.method(), request.headers())
    }
}

impl<'r> From<&'r Parts> for Request<'r> {
    /// Takes the method and the CORS fields.
    fn from(parts: &'r Parts) -> Self {
        read(&parts.method, &parts.headers)
    }
}

fn read<'r>(method: &http::Method, headers: &'r HeaderMap) -> Request<'r> {
    let mut request = Request::new(method.as_str());
    for name in [
        header::ORIGIN,
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::ACCESS_CONTROL_REQUEST_HEADERS,
    ] {
        for value in headers.get_all(&name) {
            request.push(&name, value);
        }
    }
    request
}

/// The fields of a decision as values of the crate `http`. They borrow neither the policy nor the
/// request, so they can be kept until the response is ready.
///
/// It is for middleware. If the response is at hand, call [`Decision::apply_to`].
#[derive(Clone)]
pub struct CorsHeaders {
    /// The values in the order of [`ResponseField::ALL`]. `vary` has one only if it was merged.
    values: [Option<HeaderValue>; ResponseField::ALL.len()],
    required_vary: Vary,
}

impl Decision<'_> {
    /// Sets the fields of the decision in the head of a response, whatever its status.
    ///
    /// Fields of the CORS protocol that an upstream or a handler has set are removed, since a
    /// browser refuses a response with two of them, and an upstream's `*` would undo a refusal.
    /// Members of `vary` that the head lacks are appended. After [`merge_vary`](Self::merge_vary)
    /// the merged `vary` replaces the one in the head.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .expose_headers(&["etag"])
    ///     .build_or_panic();
    ///
    /// let request = http::Request::get("/").header("Origin", "https://app.example.com").body(()).unwrap();
    /// let mut response = http::Response::builder()
    ///     .status(404)
    ///     .header("Access-Control-Allow-Origin", "*")
    ///     .header("Vary", "accept-encoding")
    ///     .body(())
    ///     .unwrap();
    ///
    /// CORS.decide(&Request::from(&request)).apply_to(response.headers_mut());
    ///
    /// let headers = response.headers();
    /// assert_eq!(headers["access-control-allow-origin"], "https://app.example.com");
    /// assert_eq!(headers["access-control-expose-headers"], "etag");
    /// assert!(headers.get_all("vary").iter().eq(["accept-encoding", "origin"]));
    /// assert_eq!(headers.len(), 4);
    /// ```
    pub fn apply_to(&self, headers: &mut HeaderMap) {
        let values = ResponseField::ALL
            .into_iter()
            .map(|field| (field, self.header_value(field)));
        apply(values, self.required_vary, headers);
    }

    /// Returns the fields, to be [applied](CorsHeaders::apply_to) later.
    pub fn to_headers(&self) -> CorsHeaders {
        CorsHeaders {
            values: ResponseField::ALL.map(|field| self.header_value(field)),
            required_vary: self.required_vary,
        }
    }

    /// Returns the value of a field, and that of `vary` only if it was merged.
    fn header_value(&self, field: ResponseField) -> Option<HeaderValue> {
        match field {
            ResponseField::Vary if self.existing_vary.is_none() => None,
            field => self.value(field).and_then(|value| owned(&value)),
        }
    }
}

impl CorsHeaders {
    /// Sets the fields in the head of a response. See [`Decision::apply_to`].
    pub fn apply_to(self, headers: &mut HeaderMap) {
        apply(
            ResponseField::ALL.into_iter().zip(self.values),
            self.required_vary,
            headers,
        );
    }
}

fn apply(
    values: impl Iterator<Item = (ResponseField, Option<HeaderValue>)>,
    required_vary: Vary,
    headers: &mut HeaderMap,
) {
    let was_empty = headers.is_empty();
    let mut merged_vary = false;
    for (field, value) in values {
        match value {
            Some(value) => {
                merged_vary |= field == ResponseField::Vary;
                // A map without memory gets room for all fields at once.
                if headers.capacity() == 0 {
                    headers.reserve(MAX_FIELDS);
                }
                headers.insert(name(field), value);
            }
            None if field == ResponseField::Vary || was_empty => {}
            None => {
                headers.remove(name(field));
            }
        }
    }
    if !merged_vary {
        append_vary(headers, required_vary);
    }
}

impl fmt::Debug for CorsHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (field, value) in ResponseField::ALL.iter().zip(&self.values) {
            if let Some(value) = value {
                map.entry(&field.name(), value);
            }
        }
        map.entry(&"required_vary", &self.required_vary).finish()
    }
}

/// Appends the members that the head lacks.
fn append_vary(headers: &mut HeaderMap, required: Vary) {
    // A value that is made at build time is not checked byte by byte for each response. For a
    // preflight through the layer for tower, this saves 832 of 7,317 instructions (`.ci/bench.py
    // --peers`).
    let value = match required {
        Vary::Nothing => return,
        Vary::Origin => const { vary_value(Vary::Origin) },
        Vary::Requested => const { vary_value(Vary::Requested) },
        Vary::OriginAndRequested => const { vary_value(Vary::OriginAndRequested) },
    };
    append_members(headers, required.members().iter().copied(), value);
}

const fn vary_value(vary: Vary) -> HeaderValue {
    HeaderValue::from_static(as_str(vary.value()))
}

/// Appends the members that the head lacks. `value` has all of them.
pub(super) fn append_members(
    headers: &mut HeaderMap,
    members: impl Iterator<Item = &'static str> + Clone,
    value: HeaderValue,
) {
    let is_missing = |headers: &HeaderMap, member| {
        let existing = headers.get_all(header::VARY).iter();
        !varies_by(existing.map(HeaderValue::as_bytes), member)
    };
    if !headers.contains_key(header::VARY) || members.clone().all(|member| is_missing(headers, member)) {
        headers.append(header::VARY, value);
        return;
    }
    for member in members {
        if is_missing(headers, member) {
            headers.append(header::VARY, HeaderValue::from_static(member));
        }
    }
}

/// Returns the name of a field as a type of `http`.
fn name(field: ResponseField) -> HeaderName {
    match field {
        ResponseField::AllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        ResponseField::AllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ResponseField::AllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        ResponseField::AllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        ResponseField::MaxAge => header::ACCESS_CONTROL_MAX_AGE,
        ResponseField::ExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ResponseField::Vary => header::VARY,
        ResponseField::TimingAllowOrigin => const { HeaderName::from_static("timing-allow-origin") },
    }
}

/// Copies a value. It is always `Some`, because values are ASCII without control characters.
fn owned(value: &FieldValue<'_>) -> Option<HeaderValue> {
    match value.as_ascii() {
        Some(b"*") => Some(const { HeaderValue::from_static("*") }),
        Some(b"true") => Some(const { HeaderValue::from_static("true") }),
        Some(ascii) => HeaderValue::from_bytes(ascii).ok(),
        None => {
            let mut bytes = vec![0; value.encoded_len()];
            value.emit(&mut Out::new(&mut bytes));
            HeaderValue::try_from(bytes).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;
    use crate::interop_tests::POLICY;

    fn request(method: &str, fields: &[(&str, &str)]) -> http::Request<()> {
        let mut request = http::Request::builder().method(method);
        for &(name, value) in fields {
            request = request.header(name, value);
        }
        request.body(()).unwrap()
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let line =
            |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        headers.iter().map(line).collect()
    }

    const APP: (&str, &str) = ("Origin", "https://app.example.com");
    const PUT: (&str, &str) = ("Access-Control-Request-Method", "PUT");
    const TYPE: (&str, &str) = ("Access-Control-Request-Headers", "content-type");

    #[test]
    fn a_request_is_the_one_of_its_fields() {
        for fields in [
            &[][..],
            &[APP],
            &[APP, APP],
            &[APP, PUT, TYPE, ("accept", "*/*"), TYPE],
        ] {
            for method in ["GET", "OPTIONS"] {
                let request = request(method, fields);
                let expected = Request::from_fields(method, request.headers());
                assert_eq!(Request::from(&request), expected);
                let parts = request.clone().into_parts().0;
                assert_eq!(Request::from(&parts), expected);
            }
        }
    }

    /// For each kind of request, the head has the fields that are written as lines, and no others.
    #[test]
    fn the_head_has_the_fields_of_the_decision() {
        let timing = Policy::builder()
            .allow_origins(&["https://app.example.com", "https://b.example"])
            .allow_timing()
            .build_or_panic();
        let any = Policy::builder().allow_origins(&["*"]).build_or_panic();
        for policy in [POLICY, timing, any] {
            for fields in [
                &[][..],
                &[APP],
                &[("Origin", "null")],
                &[APP, PUT, TYPE],
                &[APP, PUT, ("Origin", "?")],
            ] {
                for method in ["GET", "OPTIONS"] {
                    let request = request(method, fields);
                    let request = Request::from(&request);
                    let decision = policy.decide(&request);
                    let expected: Vec<_> = decision.fields().map(|field| field.to_string()).collect();
                    let mut headers = HeaderMap::new();
                    decision.apply_to(&mut headers);
                    let mut written = lines(&headers);
                    written.sort_unstable();
                    let mut sorted = expected.clone();
                    sorted.sort_unstable();
                    assert_eq!(written, sorted);

                    // An upstream has set all of them, each twice.
                    let mut headers = HeaderMap::new();
                    for field in crate::FIELD_NAMES {
                        for value in ["accept", "upstream"] {
                            headers.append(field, HeaderValue::from_static(value));
                        }
                    }
                    headers.append("x-own", HeaderValue::from_static("1"));
                    decision.to_headers().apply_to(&mut headers);
                    let mut written = lines(&headers);
                    for own in ["vary: accept", "vary: upstream", "x-own: 1"] {
                        let at = written.iter().position(|line| line == own).expect(own);
                        written.remove(at);
                    }
                    written.sort_unstable();
                    assert_eq!(written, sorted);
                }
            }
        }
    }

    #[test]
    fn vary_gets_the_members_that_it_lacks() {
        let preflight = request("OPTIONS", &[APP, PUT]);
        let get = request("GET", &[APP]);
        let (method, headers) = ("access-control-request-method", "access-control-request-headers");
        for (request, existing, expected) in [
            (&get, &[][..], &["origin"][..]),
            (&get, &["accept"], &["accept", "origin"]),
            (&get, &["accept, Origin"], &["accept, Origin"]),
            (&get, &["*"], &["*"]),
            (&get, &["origin-agent"], &["origin-agent", "origin"]),
            (
                &preflight,
                &["ORIGIN", "dnt"],
                &["ORIGIN", "dnt", method, headers],
            ),
            (&preflight, &[method], &[method, "origin", headers]),
        ] {
            let request = Request::from(request);
            let decision = POLICY.decide(&request);
            let mut map = HeaderMap::new();
            for value in existing {
                map.append("vary", HeaderValue::from_static(value));
            }
            decision.apply_to(&mut map);
            assert!(map.get_all("vary").iter().eq(expected), "{existing:?}: {map:?}");
        }
    }

    #[test]
    fn a_merged_vary_replaces_that_of_the_head() {
        let get = request("GET", &[APP]);
        let request = Request::from(&get);
        let decision = POLICY.decide(&request);
        let mut headers = HeaderMap::new();
        headers.append("vary", HeaderValue::from_static("accept"));
        headers.append("vary", HeaderValue::from_static("dnt"));
        let merged = {
            let own: Vec<&[u8]> = headers
                .get_all("vary")
                .iter()
                .map(HeaderValue::as_bytes)
                .collect();
            decision.merge_vary(&own).unwrap().to_headers()
        };
        assert!(format!("{merged:?}").contains("\"vary\": \"accept,dnt,origin\""));
        merged.apply_to(&mut headers);
        assert!(headers.get_all("vary").iter().eq(["accept,dnt,origin"]));
    }
}
