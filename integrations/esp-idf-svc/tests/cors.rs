//! Tests the handler with a connection that records the response.

use std::convert::Infallible;

use embedded_cors::{Door, Doors, OwnedPolicy, Policy, PolicySource, ResourcePolicy};
use embedded_cors_esp_idf_svc::{cors, cors_at_doors, cors_with};
use embedded_svc::http::server::{Connection, Request};
use embedded_svc::http::{Headers, Method, Query};
use embedded_svc::io::{ErrorType, Read, Write};

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .allow_headers(&["authorization"])
    .expose_headers(&["etag"])
    .max_age_seconds(600)
    .build_or_panic();

struct RequestHead {
    method: Method,
    headers: Vec<(&'static str, String)>,
}

/// The content of a request, which is empty.
struct Content;

struct Recorder {
    head: RequestHead,
    content: Content,
    response: Option<(u16, Vec<(String, String)>)>,
}

impl ErrorType for Recorder {
    type Error = Infallible;
}

impl ErrorType for Content {
    type Error = Infallible;
}

impl Read for Content {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(0)
    }
}

impl Read for Recorder {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.content.read(buffer)
    }
}

impl Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Query for RequestHead {
    fn uri(&self) -> &str {
        "/led"
    }

    fn method(&self) -> Method {
        self.method
    }
}

impl Headers for RequestHead {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

impl Query for Recorder {
    fn uri(&self) -> &str {
        self.head.uri()
    }

    fn method(&self) -> Method {
        self.head.method()
    }
}

impl Headers for Recorder {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }
}

impl Connection for Recorder {
    type Headers = RequestHead;
    type Read = Content;
    type RawConnectionError = Infallible;
    type RawConnection = Self;

    fn split(&mut self) -> (&RequestHead, &mut Content) {
        (&self.head, &mut self.content)
    }

    fn initiate_response<'a>(
        &'a mut self,
        status: u16,
        _: Option<&'a str>,
        headers: &'a [(&'a str, &'a str)],
    ) -> Result<(), Infallible> {
        let owned = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        self.response = Some((status, headers.iter().map(owned).collect()));
        Ok(())
    }

    fn is_response_initiated(&self) -> bool {
        self.response.is_some()
    }

    fn raw_connection(&mut self) -> Result<&mut Self, Infallible> {
        Ok(self)
    }
}

/// Sends a request. Returns the status, the fields, and whether the handler was called. The handler
/// answers 401.
fn ask_by(
    policy: &impl PolicySource,
    method: Method,
    headers: &[(&'static str, &str)],
) -> (u16, Vec<String>, bool) {
    let mut recorder = recorder(method, headers);
    let mut handled = false;
    cors(policy, Request::wrap(&mut recorder), |request, fields| {
        handled = true;
        request.into_response(401, None, fields).map(drop)
    })
    .unwrap();
    let (status, fields) = recorder.response.unwrap();
    let lines = fields.iter().map(|(name, value)| format!("{name}: {value}"));
    (status, lines.collect(), handled)
}

fn recorder(method: Method, headers: &[(&'static str, &str)]) -> Recorder {
    let headers = headers.iter().map(|&(name, value)| (name, value.to_owned()));
    Recorder {
        head: RequestHead {
            method,
            headers: headers.collect(),
        },
        content: Content,
        response: None,
    }
}

fn ask(method: Method, headers: &[(&'static str, &str)]) -> (u16, Vec<String>, bool) {
    ask_by(&CORS, method, headers)
}

const APP: (&str, &str) = ("Origin", "https://app.example.com");
const ALLOWED: &str = "access-control-allow-origin: https://app.example.com";
const VARY: &str = "vary: origin,access-control-request-method,access-control-request-headers";

#[test]
fn a_handler_gets_the_fields_for_every_status() {
    let (status, fields, handled) = ask(Method::Put, &[APP]);
    assert_eq!((status, handled), (401, true));
    assert_eq!(
        fields,
        [ALLOWED, "access-control-expose-headers: etag", "vary: origin"]
    );
    assert_eq!(
        ask(Method::Get, &[("Origin", "https://evil.example")]).1,
        ["vary: origin"]
    );
    assert_eq!(ask(Method::Get, &[]).1, ["vary: origin"]);
}

#[test]
fn a_preflight_is_answered_before_any_handler() {
    let put = ("Access-Control-Request-Method", "PUT");
    let (status, fields, handled) = ask(
        Method::Options,
        &[APP, put, ("Access-Control-Request-Headers", "authorization")],
    );
    assert_eq!((status, handled), (204, false));
    let lists = [
        "access-control-allow-methods: PUT",
        "access-control-allow-headers: authorization",
    ];
    assert_eq!(
        fields,
        [ALLOWED, lists[0], lists[1], "access-control-max-age: 600", VARY]
    );
    let evil = ask(Method::Options, &[("Origin", "https://evil.example"), put]);
    assert_eq!(evil, (403, vec![VARY.to_owned()], false));
}

#[test]
fn an_options_request_that_is_not_a_preflight_goes_to_the_handler() {
    assert_eq!(ask(Method::Options, &[APP]).0, 401);
}

/// An origin of more than 5,000 bytes is malformed, so nothing of it is written.
#[test]
fn an_origin_that_does_not_fit_is_refused() {
    let long = format!("https://{}.example", "a".repeat(5000));
    assert_eq!(ask(Method::Get, &[("Origin", &long)]).1, ["vary: origin"]);
}

#[test]
fn an_owned_policy_is_a_policy_too() {
    let policy = std::sync::Arc::new(OwnedPolicy::from_origins(["https://app.example.com"]).unwrap());
    assert_eq!(ask_by(&policy, Method::Get, &[APP]).1, [ALLOWED, "vary: origin"]);
    assert_eq!(
        ask_by(&policy, Method::Get, &[("Origin", "null")]).1,
        ["vary: origin"]
    );
}

#[test]
fn refusals_are_told_with_parsed_values() {
    let told = |origin: &str| {
        let mut told = None;
        let mut recorder = recorder(Method::Get, &[("Origin", origin)]);
        cors_with(
            &CORS,
            Request::wrap(&mut recorder),
            |decision, origin| told = Some((decision.to_string(), origin.map(|origin| origin.to_string()))),
            |request, fields| request.into_response(200, None, fields).map(drop),
        )
        .unwrap();
        told
    };
    assert_eq!(told("https://app.example.com"), None);
    let other = told("https://other.example").unwrap();
    assert_eq!(other.1.as_deref(), Some("https://other.example"));
    assert!(other.0.starts_with("actual refused: "), "{}", other.0);
    assert_eq!(told("<script>").unwrap().1, None);
}

static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp.local"])
    .allow_ip_literals()
    .isolate()
    .cross_origin_resource_policy(ResourcePolicy::SameOrigin)
    .build_or_panic();

#[test]
fn what_the_doors_refuse_does_not_reach_the_handler() {
    let own = ("Host", "lamp.local");
    let stranger = ("Origin", "https://stranger.example");
    let sec_fetch = "vary: sec-fetch-site,sec-fetch-mode,sec-fetch-dest";
    let resources = "cross-origin-resource-policy: same-origin";
    let public = ["vary: origin", sec_fetch, resources];
    let allowed = [
        ALLOWED,
        "access-control-expose-headers: etag",
        "vary: origin",
        sec_fetch,
        resources,
    ];
    let stream = [
        "vary: origin",
        "vary: accept,sec-fetch-site,sec-fetch-mode,sec-fetch-dest",
        resources,
    ];
    let preflight = [
        ALLOWED,
        "access-control-allow-methods: PUT",
        "access-control-allow-headers: authorization",
        "access-control-max-age: 600",
        VARY,
        sec_fetch,
    ];
    for (method, headers, status, expected, told) in [
        (Method::Get, &[own][..], 200, &public[..], None),
        (Method::Post, &[("Host", "192.168.4.1")], 200, &public, None),
        (Method::Post, &[own, APP], 200, &allowed, None),
        (
            Method::Post,
            &[own, ("Origin", "http://lamp.local")],
            200,
            &public,
            None,
        ),
        (Method::Get, &[own, stranger], 200, &public, None),
        (Method::Head, &[own, stranger], 200, &public, None),
        (
            Method::Post,
            &[own, stranger],
            403,
            &public,
            Some(Door::UnsafeMethod),
        ),
        (
            Method::Patch,
            &[own, ("Origin", "null")],
            403,
            &public,
            Some(Door::UnsafeMethod),
        ),
        (
            Method::Get,
            &[own, stranger, ("Accept", "text/event-stream")],
            403,
            &stream,
            Some(Door::EventStream),
        ),
        (
            Method::Get,
            &[own, stranger, ("Upgrade", "websocket")],
            403,
            &public,
            Some(Door::WebSocket),
        ),
        (
            Method::Get,
            &[own, ("Sec-Fetch-Site", "cross-site")],
            403,
            &public,
            Some(Door::SafeMethod),
        ),
        (
            Method::Get,
            &[
                own,
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Mode", "navigate"),
            ],
            200,
            &public,
            None,
        ),
        (
            Method::Get,
            &[("Host", "stranger.example")],
            403,
            &[],
            Some(Door::Host),
        ),
        (Method::Get, &[], 400, &[], Some(Door::Host)),
        (
            Method::Options,
            &[own, APP, ("Access-Control-Request-Method", "PUT")],
            204,
            &preflight,
            None,
        ),
    ] {
        let mut recorder = recorder(method, headers);
        let (mut handled, mut door) = (false, None);
        cors_at_doors(
            &CORS,
            &DOORS,
            Request::wrap(&mut recorder),
            |decision, _| door = Some(decision.door()),
            |request, fields| {
                handled = true;
                request.into_response(200, None, fields).map(drop)
            },
        )
        .unwrap();
        let (answered, fields) = recorder.response.unwrap();
        let lines: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(
            (answered, handled),
            (status, status == 200),
            "{method:?} {headers:?}"
        );
        assert_eq!(lines, expected, "{method:?} {headers:?}");
        assert_eq!(door, told, "{method:?} {headers:?}");
    }
}
