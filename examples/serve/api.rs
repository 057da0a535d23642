//! The API: its policies, and a handler that knows nothing about CORS except where the fields go.

use embedded_cors::{Policy, PolicyError};

use crate::http::{Answer, Request};
use crate::log::Log;

/// One policy for each part of the API. The server chooses a policy by the path; a policy does not
/// contain paths.
pub(crate) struct Policies<'a> {
    /// For `/api/`: the page may use it, with credentials.
    api: Policy<'a>,
    /// For `/public/`: every page may use it, without credentials.
    public: Policy<'a>,
    /// For `/elsewhere/`: only another site may use it.
    elsewhere: Policy<'a>,
}

impl<'a> Policies<'a> {
    pub(crate) fn new(page: &'a [&'a str]) -> Result<Self, PolicyError<'a>> {
        Ok(Self {
            api: Policy::builder()
                .allow_origins(page)
                .allow_methods(&["PUT", "DELETE"])
                .allow_headers(&["authorization", "content-type"])
                .expose_headers(&["etag", "x-total-count"])
                .allow_credentials()
                .max_age_seconds(600)
                .build()?,
            public: Policy::builder().allow_origins(&["*"]).build()?,
            elsewhere: Policy::builder()
                .allow_origins(&["https://another.example"])
                .build()?,
        })
    }

    fn of(&self, path: &str) -> &Policy<'a> {
        if path.starts_with("/public/") {
            &self.public
        } else if path.starts_with("/elsewhere/") {
            &self.elsewhere
        } else {
            &self.api
        }
    }
}

pub(crate) fn answer(request: &Request<'_>, answer: &mut Answer, policies: &Policies<'_>, log: &Log) {
    let policy = policies.of(request.path);
    let decision = match request.error {
        // The server has not read the whole request, and the page should see why.
        Some(_) => policy.decide_for_error_reply(&request.cors),
        None => policy.decide(&request.cors),
    };

    if let Some(preflight) = decision.preflight() {
        log.write(request, &decision, preflight.status());
        if let Ok(len) = preflight
            .write_response(answer.room())
            .map(|response| response.len())
        {
            answer.advance(len);
        }
        return;
    }

    let (status, content) = handle(request);
    log.write(request, &decision, status);
    answer.status(status);
    // Every status needs the fields, or the page sees "CORS error" instead of the status.
    if let Ok(len) = decision.write_fields(answer.room()).map(|fields| fields.len()) {
        answer.advance(len);
    }
    answer.field("etag", "\"v1\"");
    answer.field("x-total-count", 42);
    answer.field("x-internal", "not exposed");
    answer.field("cache-control", "no-store");
    answer.content(
        "application/json",
        if request.method == "HEAD" { b"" } else { content },
    );
}

fn handle(request: &Request<'_>) -> (u16, &'static [u8]) {
    if let Some(status) = request.error {
        return (
            status,
            b"{\"error\":\"rejected by the server, readable by the page\"}",
        );
    }
    match (request.method, request.path) {
        (_, "/api/private") if !request.is_authorized => {
            (401, b"{\"error\":\"send Authorization: Bearer letmein\"}")
        }
        ("GET", "/api/whoami") if request.has_cookie => (200, b"{\"cookie\":true}"),
        ("GET", "/api/whoami") => (200, b"{\"cookie\":false}"),
        (
            "GET" | "HEAD" | "POST" | "PUT" | "DELETE",
            "/api/led" | "/api/private" | "/public/time" | "/elsewhere/data",
        ) => (200, b"{\"led\":\"on\"}"),
        (_, "/api/led" | "/api/private" | "/api/whoami" | "/public/time" | "/elsewhere/data") => {
            (405, b"{\"error\":\"method not supported\"}")
        }
        _ => (404, b"{\"error\":\"not found\"}"),
    }
}
