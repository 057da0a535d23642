//! `http` 1 at the doors: requests from its types, and the fields of a decision to a `HeaderMap`.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Uri, Version};

use super::http_v1::{CorsHeaders, append_members};
use crate::{DoorsDecision, DoorsRequest};

impl<'r, B> From<&'r http::Request<B>> for DoorsRequest<'r> {
    /// Takes the method, the version, the target and the fields.
    ///
    /// The `:protocol` of HTTP/2 is not among them: servers put it into the extensions of the
    /// request. Where WebSockets over HTTP/2 are served, add it by [`push`](DoorsRequest::push).
    fn from(request: &'r http::Request<B>) -> Self {
        read(
            request.method(),
            request.version(),
            request.uri(),
            request.headers(),
        )
    }
}

impl<'r> From<&'r Parts> for DoorsRequest<'r> {
    /// Takes the method, the version, the target and the fields.
    fn from(parts: &'r Parts) -> Self {
        read(&parts.method, parts.version, &parts.uri, &parts.headers)
    }
}

fn read<'r>(method: &Method, version: Version, uri: &'r Uri, headers: &'r HeaderMap) -> DoorsRequest<'r> {
    let mut request = DoorsRequest::new(method.as_str());
    if version == Version::HTTP_10 {
        request.set_http_1_0();
    }
    match (uri.authority(), uri.scheme_str()) {
        (Some(authority), scheme) if version >= Version::HTTP_2 => {
            request.push(":authority", authority.as_str());
            if let Some(scheme) = scheme {
                request.push(":scheme", scheme);
            }
        }
        // Without a scheme the target is that of `CONNECT`.
        (Some(authority), Some(_)) => request.set_target_authority(authority.as_str()),
        _ => {}
    }
    for (name, value) in headers {
        request.push(name, value);
    }
    request
}

/// The fields of a decision at the doors as values of the crate `http`. They borrow nothing.
///
/// It is for middleware. If the response is at hand, call [`DoorsDecision::apply_to`].
#[derive(Clone, Debug)]
pub struct DoorsHeaders {
    /// `None` if the host is refused.
    cors: Option<CorsHeaders>,
    vary: &'static str,
    resource_policy: &'static str,
}

impl DoorsDecision<'_> {
    /// Sets the fields of the decision in the head of a response, whatever its status. See
    /// [`Decision::apply_to`](crate::Decision::apply_to).
    pub fn apply_to(&self, headers: &mut HeaderMap) {
        self.to_headers().apply_to(headers);
    }

    /// Returns the fields, to be [applied](DoorsHeaders::apply_to) later.
    pub fn to_headers(&self) -> DoorsHeaders {
        DoorsHeaders {
            cors: self.cors().map(|cors| cors.to_headers()),
            vary: self.more_vary(),
            resource_policy: self.resource_policy_value(),
        }
    }
}

impl DoorsHeaders {
    /// Sets the fields in the head of a response. See [`DoorsDecision::apply_to`].
    pub fn apply_to(self, headers: &mut HeaderMap) {
        if let Some(cors) = self.cors {
            cors.apply_to(headers);
        }
        if !self.vary.is_empty() {
            append_members(headers, self.vary.split(','), HeaderValue::from_static(self.vary));
        }
        if !self.resource_policy.is_empty() {
            const NAME: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
            headers.insert(NAME, HeaderValue::from_static(self.resource_policy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Door, Doors, Policy, Reason, ResourcePolicy};

    static CORS: Policy = Policy::builder()
        .allow_origins(&["https://app.example.com"])
        .build_or_panic();
    static DOORS: Doors = Doors::builder(&CORS)
        .allow_hosts(&["lamp.local"])
        .isolate()
        .cross_origin_resource_policy(ResourcePolicy::SameOrigin)
        .build_or_panic();

    #[test]
    fn the_parts_of_a_request_are_read() {
        for (version, uri, host, reason) in [
            (Version::HTTP_11, "/", Some("lamp.local"), None),
            (
                Version::HTTP_11,
                "/",
                Some("stranger.example"),
                Some(Reason::HostNotAllowed),
            ),
            (Version::HTTP_11, "/", None, Some(Reason::HostMissing)),
            (Version::HTTP_10, "/", None, None),
            (
                Version::HTTP_11,
                "http://lamp.local/",
                Some("stranger.example"),
                None,
            ),
            (
                Version::HTTP_11,
                "http://stranger.example/",
                Some("lamp.local"),
                Some(Reason::HostNotAllowed),
            ),
            (Version::HTTP_2, "https://lamp.local/", None, None),
            (
                Version::HTTP_2,
                "https://lamp.local/",
                Some("lamp.local:443"),
                None,
            ),
            (
                Version::HTTP_2,
                "https://lamp.local/",
                Some("stranger.example"),
                Some(Reason::HostDiffers),
            ),
            (
                Version::HTTP_3,
                "https://stranger.example/",
                None,
                Some(Reason::HostNotAllowed),
            ),
        ] {
            let mut request = http::Request::builder().version(version).uri(uri);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let request = request.body(()).unwrap();
            let asked = DoorsRequest::from(&request);
            let decision = DOORS.decide(&asked);
            let refusal = decision.refusal().map(|refusal| refusal.reason());
            assert_eq!(refusal, reason, "{version:?} {uri} {host:?}");
            let (parts, ()) = request.clone().into_parts();
            assert_eq!(DoorsRequest::from(&parts), asked);
        }
    }

    #[test]
    fn the_head_has_the_fields_of_policy_and_doors() {
        let request = http::Request::get("/")
            .header("host", "lamp.local")
            .header("origin", "https://app.example.com")
            .body(())
            .unwrap();
        let request = DoorsRequest::from(&request);
        let decision = DOORS.decide(&request);
        assert_eq!(decision.door(), Door::SafeMethod);
        let mut headers = HeaderMap::new();
        headers.insert(http::header::VARY, HeaderValue::from_static("Sec-Fetch-Mode"));
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        decision.apply_to(&mut headers);
        assert_eq!(headers["access-control-allow-origin"], "https://app.example.com");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        let vary = headers.get_all("vary").iter();
        assert!(vary.eq(["Sec-Fetch-Mode", "origin", "sec-fetch-site", "sec-fetch-dest"]));

        let refused = DoorsRequest::from_fields("GET", [("host", "stranger.example")]);
        let mut headers = HeaderMap::new();
        DOORS.decide(&refused).apply_to(&mut headers);
        assert!(!headers.contains_key("cross-origin-resource-policy"));
    }
}
