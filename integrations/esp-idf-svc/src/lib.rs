#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

use embedded_cors::{
    Decide, Decision, Doors, DoorsDecision, DoorsRequest, FieldLines, MAX_FIELDS, OriginOrNull, PolicySource,
    Request as CorsRequest,
};
use embedded_svc::http::Method;
use embedded_svc::http::server::{Connection, Request};

/// The bytes of the stack for the CORS fields. `max_response_len` of the policy must not be more.
pub const BUFFER_LEN: usize = 1024;

/// Answers a preflight. For every other request, calls `handler` with the fields that its response
/// needs besides its own. Takes about 1 KiB of stack.
///
/// If the fields have more than [`BUFFER_LEN`] bytes there are none, and the browser blocks the
/// response.
///
/// # Errors
///
/// Returns the error of the connection.
pub fn cors<C: Connection>(
    policy: &impl PolicySource,
    request: Request<C>,
    handler: impl FnOnce(Request<C>, &[(&str, &str)]) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    cors_with(policy, request, |_, _| {}, handler)
}

/// Does the same as [`cors`], and calls `on_refusal` if the request is refused, for a log or a
/// counter.
///
/// Both arguments are bounded. The decision contains nothing of the request that was not parsed in
/// full, and its `Display` output has no bytes of the request. The origin is `None` if it is
/// malformed.
///
/// # Errors
///
/// Returns the error of the connection.
pub fn cors_with<C: Connection>(
    policy: &impl PolicySource,
    request: Request<C>,
    on_refusal: impl FnOnce(&Decision<'_>, Option<OriginOrNull<'_>>),
    handler: impl FnOnce(Request<C>, &[(&str, &str)]) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    let mut buffer = [0; BUFFER_LEN];
    let (preflight, lines) = {
        let is_options = matches!(request.method(), Method::Options);
        let mut asked = CorsRequest::new(if is_options { "OPTIONS" } else { "GET" });
        for name in CORS_FIELDS {
            if let Some(value) = request.header(name) {
                asked.push(name, value);
            }
        }
        let policy = policy.policy_or_rules();
        let decision = policy.decide(&asked);
        if decision.is_refused() {
            on_refusal(&decision, asked.origin());
        }
        let status = decision.preflight().map(|preflight| preflight.status());
        (status, decision.write_fields(&mut buffer).ok())
    };
    answer::<C, MAX_FIELDS>(request, preflight, lines, handler)
}

/// Decides on hosts, unsafe methods and event streams too. Answers a preflight, and a request that
/// is refused at the doors. For every other request, calls `handler` with the fields that its
/// response needs besides its own. `on_refusal` is called with each request that is refused, for a
/// log or a counter; `|_, _| {}` does nothing.
///
/// The doors get the policy from the first argument, so they are built without one. With doors, the
/// fields take [`Doors::MORE_LEN`] bytes more of [`BUFFER_LEN`].
///
/// A server on the ESP-IDF upgrades a connection to a WebSocket before it calls a handler, so
/// handshakes are not refused here: see the README.
///
/// # Errors
///
/// Returns the error of the connection.
pub fn cors_at_doors<C: Connection>(
    policy: &impl PolicySource,
    doors: &Doors<'_, ()>,
    request: Request<C>,
    on_refusal: impl FnOnce(&DoorsDecision<'_>, Option<OriginOrNull<'_>>),
    handler: impl FnOnce(Request<C>, &[(&str, &str)]) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    let mut buffer = [0; BUFFER_LEN];
    let (at_once, lines) = {
        // The doors tell apart the methods that change nothing, and `CONNECT`.
        let mut asked = DoorsRequest::new(match request.method() {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Connect => "CONNECT",
            _ => "POST",
        });
        asked.set_target(request.uri());
        for name in CORS_FIELDS.into_iter().chain(DOORS_FIELDS) {
            if let Some(value) = request.header(name) {
                asked.push(name, value);
            }
        }
        let policy = policy.policy_or_rules();
        let decision = doors.decide_with(&asked, |asked| policy.decide(asked));
        if decision.is_refused() {
            on_refusal(&decision, asked.request().origin());
        }
        let status = decision.response().map(|response| response.status());
        (status, decision.write_fields(&mut buffer).ok())
    };
    answer::<C, MAX_FIELDS_AT_DOORS>(request, at_once, lines, handler)
}

const CORS_FIELDS: [&str; 3] = [
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
];

const DOORS_FIELDS: [&str; 6] = [
    "Host",
    "Sec-Fetch-Site",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Dest",
    "Upgrade",
    "Accept",
];

/// The doors add a `Vary` and a `Cross-Origin-Resource-Policy` to the fields of CORS.
const MAX_FIELDS_AT_DOORS: usize = MAX_FIELDS + 2;

/// Sends the response with the status `at_once`, or calls the handler if that is `None`.
fn answer<C: Connection, const N: usize>(
    request: Request<C>,
    at_once: Option<u16>,
    lines: Option<FieldLines<'_>>,
    handler: impl FnOnce(Request<C>, &[(&str, &str)]) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    let mut fields = [("", ""); N];
    let mut count = 0;
    for (place, pair) in fields
        .iter_mut()
        .zip(lines.iter().flat_map(|lines| lines.pairs()))
    {
        *place = pair;
        count += 1;
    }
    let fields = fields.get(..count).unwrap_or(&[]);
    match at_once {
        Some(status) => request.into_response(status, None, fields).map(drop),
        None => handler(request, fields),
    }
}
