//! The handler with a connection of this machine's, which keeps what it was told.

use std::convert::Infallible;

use embedded_cors::Policy;
use embedded_svc::http::server::{Connection, Request};
use embedded_svc::http::{Headers, Method, Query};
use embedded_svc::io::{ErrorType, Read, Write};
use esp_idf_cors::cors;

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .allow_headers(&["authorization"])
    .expose_headers(&["etag"])
    .max_age_seconds(600)
    .build_or_panic();

struct Asked {
    method: Method,
    headers: Vec<(&'static str, String)>,
}

/// There is none.
struct Content;

struct Told {
    asked: Asked,
    content: Content,
    response: Option<(u16, Vec<(String, String)>)>,
}

impl ErrorType for Told {
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

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.content.read(buffer)
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Query for Asked {
    fn uri(&self) -> &str {
        "/led"
    }

    fn method(&self) -> Method {
        self.method
    }
}

impl Headers for Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

impl Query for Told {
    fn uri(&self) -> &str {
        self.asked.uri()
    }

    fn method(&self) -> Method {
        self.asked.method()
    }
}

impl Headers for Told {
    fn header(&self, name: &str) -> Option<&str> {
        self.asked.header(name)
    }
}

impl Connection for Told {
    type Headers = Asked;
    type Read = Content;
    type RawConnectionError = Infallible;
    type RawConnection = Self;

    fn split(&mut self) -> (&Asked, &mut Content) {
        (&self.asked, &mut self.content)
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

/// Status and fields, and whether the handler was asked: it answers 401.
fn ask(method: Method, headers: &[(&'static str, &str)]) -> (u16, Vec<String>, bool) {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let mut told = Told {
        asked: Asked { method, headers },
        content: Content,
        response: None,
    };
    let mut asked = false;
    cors(&CORS, Request::wrap(&mut told), |request, fields| {
        asked = true;
        request.into_response(401, None, fields).map(drop)
    })
    .unwrap();
    let (status, fields) = told.response.unwrap();
    (
        status,
        fields
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect(),
        asked,
    )
}

const APP: (&str, &str) = ("Origin", "https://app.example.com");
const ALLOWED: &str = "access-control-allow-origin: https://app.example.com";
const VARY: &str = "vary: origin,access-control-request-method,access-control-request-headers";

#[test]
fn a_handler_gets_the_fields_for_every_status() {
    let (status, fields, asked) = ask(Method::Put, &[APP]);
    assert_eq!((status, asked), (401, true));
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
    let (status, fields, asked) = ask(
        Method::Options,
        &[APP, put, ("Access-Control-Request-Headers", "authorization")],
    );
    assert_eq!((status, asked), (204, false));
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
fn another_options_goes_to_its_handler() {
    assert_eq!(ask(Method::Options, &[APP]).0, 401);
}

/// An origin longer than there is room for is one that the policy would have to list.
#[test]
fn what_does_not_fit_is_refused() {
    let long = format!("https://{}.example", "a".repeat(5000));
    assert_eq!(ask(Method::Get, &[("Origin", &long)]).1, ["vary: origin"]);
}
