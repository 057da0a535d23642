//! CORS for the HTTP server of `esp-idf-svc`, which is ESP-IDF's `esp_http_server`. Take [`cors`] into your firmware:
//!
//! ```text
//! let mut server = EspHttpServer::new(&Configuration { uri_match_wildcard: true, ..Default::default() })?;
//! // Preflights of every URI: this server has a handler for each method.
//! server.fn_handler("/*", Method::Options, |request| {
//!     cors(&CORS, request, |request, fields| request.into_response(405, None, fields).map(drop))
//! })?;
//! server.fn_handler("/led", Method::Put, |request| {
//!     cors(&CORS, request, |request, fields| {
//!         if request.header("Authorization") != Some("Bearer lamp") {
//!             return request.into_response(401, None, fields).map(drop);
//!         }
//!         ...
//!     })
//! })?;
//! ```
//!
//! - Every response of a handler needs the fields: 401 and 500 too. ESP-IDF's own 404, 405 and 431 have none, and no handler sees them; a last
//!   handler for `/*` of each method answers 404 with them.
//! - Of several lines of a name ESP-IDF shows the first. Nobody but an attacker sends a second `Origin`, and browsers don't let one.
//! - A head of more than `CONFIG_HTTPD_MAX_REQ_HDR_LEN` bytes is answered with 431 before any handler.
//! - ESP-IDF has room for 8 fields of the handler's own and these together; these are at most `CORS.max_fields()`.

#![no_std]

use embedded_cors::{MAX_FIELDS, Policy, Request as CorsRequest};
use embedded_svc::http::Method;
use embedded_svc::http::server::{Connection, Request};

/// The most bytes of a response's CORS fields: `CORS.max_response_len()` of your policy, if it is known here.
const BUFFER: usize = 1024;

/// Answers a preflight; calls `handler` for every other request, with the fields that its response has to have besides its own. It takes
/// about a KiB of the stack.
///
/// # Errors
///
/// The connection's.
pub fn cors<C: Connection>(
    policy: &Policy<'_>,
    request: Request<C>,
    handler: impl FnOnce(Request<C>, &[(&str, &str)]) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    let mut buffer = [0; BUFFER];
    let (preflight, lines) = {
        let is_options = matches!(request.method(), Method::Options);
        let mut asks = CorsRequest::new(if is_options { "OPTIONS" } else { "GET" });
        for name in [
            "Origin",
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
            "Access-Control-Request-Private-Network",
        ] {
            if let Some(value) = request.header(name) {
                asks.push(name, value);
            }
        }
        let decision = policy.decide(&asks);
        let status = decision.preflight().map(|preflight| preflight.status());
        (status, decision.write_fields(&mut buffer))
    };
    // Without room there are no fields, and a browser refuses.
    let mut fields = [("", ""); MAX_FIELDS];
    let mut count = 0;
    for (place, pair) in fields
        .iter_mut()
        .zip(lines.iter().flat_map(|lines| lines.pairs()))
    {
        *place = pair;
        count += 1;
    }
    let fields = &fields[..count];
    match preflight {
        Some(status) => request.into_response(status, None, fields).map(drop),
        None => handler(request, fields),
    }
}
