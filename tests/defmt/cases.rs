//! The values to log, in order. Device and host both include this file: the device logs the values,
//! and the host collects what the log has to say.
//!
//! The including crate defines `log!`.

use embedded_cors::browser::{Exchange, Fetch, Response};
use embedded_cors::{
    Decision, ExistingCorsFields, HeadError, Origin, OriginOrNull, Policy, PolicyBuilder,
    PreflightRefusedStatus, PreflightSuccessStatus, Reason, Request, RequestReader,
};

use crate::Log;

/// Allows one exact origin, with credentials.
static LISTED: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT", "DELETE"])
    .allow_headers(&["authorization", "content-type"])
    .allow_credentials()
    .max_age_seconds(600)
    .build_or_panic();

static PATTERNS: Policy = Policy::builder()
    .allow_origins(&["https://*.example.com", "http://localhost:*"])
    .allow_methods(&["PUT"])
    .success_status(PreflightSuccessStatus::Ok)
    .refused_status(PreflightRefusedStatus::NoContent)
    .build_or_panic();

static ANYONE: Policy = Policy::builder()
    .allow_origins(&["*"])
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .refused_status(PreflightRefusedStatus::Ok)
    .build_or_panic();

static ECHOES: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .allow_credentials()
    .build_or_panic();

static STRICT: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .allow_headers(&["x-a", "x-b"])
    .strict_request_headers()
    .hide_lists_when_refused()
    .build_or_panic();

static TENANTS: Policy = Policy::builder()
    .allow_origin_if(&is_tenant)
    .allow_credentials()
    .dangerously_allow_predicate_with_credentials()
    .build_or_panic();

fn is_tenant(origin: &Origin<'_>) -> bool {
    origin.host().ends_with(".tenants.example")
}

/// Makes a head of these lines.
macro_rules! head {
    ($($line:literal)+) => { concat!($($line, "\r\n",)+ "\r\n") };
}

/// Makes a preflight from the origin of `LISTED`, for `PUT`, with further lines.
macro_rules! put {
    ($($line:literal)*) => {
        head!("OPTIONS /led HTTP/1.1" "Origin: https://app.example.com" "Access-Control-Request-Method: PUT" $($line)*)
    };
}

fn decide(policy: &'static Policy<'static>, head: &'static (impl AsRef<[u8]> + ?Sized)) -> Decision<'static> {
    let request = Request::from_head(head.as_ref()).expect("the head is complete");
    policy.decide(&request)
}

/// Reads a head in pieces, with room for `N` bytes of values.
fn read<const N: usize>(head: &str) -> RequestReader<N> {
    let mut reader = RequestReader::new();
    for piece in head.as_bytes().chunks(7) {
        let _ = reader.push(piece).expect("the head is valid");
    }
    reader
}

pub fn run(log: &mut Log) {
    allowed(log);
    refused_for_the_origin(log);
    refused_for_method_or_headers(log);
    hostile(log);
    answers(log);
    reading(log);
    origins(log);
    policies(log);
    browsers(log);
}

fn allowed(log: &mut Log) {
    log!(log, "no Origin: {}", decide(&LISTED, head!("GET / HTTP/1.1")));
    let head = head!("GET /status HTTP/1.1" "Origin: https://app.example.com");
    log!(log, "actual, exact origin: {}", decide(&LISTED, head));
    log!(log, "actual, subdomain: {}", decide(&PATTERNS, head));
    log!(log, "actual, every origin: {}", decide(&ANYONE, head));
    log!(log, "preflight for PUT: {}", decide(&LISTED, put!()));
    let head = put!("Access-Control-Request-Headers: authorization,content-type");
    log!(
        log,
        "preflight for PUT with two headers: {}",
        decide(&LISTED, head)
    );
    log!(
        log,
        "kind of an actual request: {}",
        decide(&LISTED, head!("GET / HTTP/1.1" "Origin: null")).kind()
    );
    log!(log, "kind of a preflight: {}", decide(&LISTED, put!()).kind());
    log!(
        log,
        "kind of a request that is not CORS: {}",
        decide(&LISTED, head!("OPTIONS * HTTP/1.1")).kind()
    );
}

fn refused_for_the_origin(log: &mut Log) {
    let two = head!("GET / HTTP/1.1" "Origin: https://app.example.com" "Origin: https://app.example.com");
    log!(log, "two Origins: {}", decide(&LISTED, two));
    let truncated = read::<16>(head!("GET / HTTP/1.1" "Origin: https://app.example.com"));
    log!(log, "truncated Origin: {}", LISTED.decide(&truncated.request()));
    let slash = head!("GET / HTTP/1.1" "Origin: https://app.example.com/");
    log!(log, "Origin with a slash: {}", decide(&LISTED, slash));
    let folded = head!("GET / HTTP/1.1" "Origin: https://app.example.com" " .evil.test");
    log!(log, "folded Origin: {}", decide(&LISTED, folded));
    let other = head!("GET / HTTP/1.1" "Origin: https://evil.test");
    log!(log, "other origin: {}", decide(&LISTED, other));
    log!(log, "other origin, patterns: {}", decide(&PATTERNS, other));
    log!(
        log,
        "null: {}",
        decide(&LISTED, head!("GET / HTTP/1.1" "Origin: null"))
    );
    let insecure = head!("GET / HTTP/1.1" "Origin: http://a.tenants.example");
    log!(log, "insecure tenant: {}", decide(&TENANTS, insecure));
    let preflight =
        head!("OPTIONS / HTTP/1.1" "Origin: https://evil.test" "Access-Control-Request-Method: PUT");
    log!(log, "preflight of another origin: {}", decide(&LISTED, preflight));
    let refusal = decide(&LISTED, slash).refusal().expect("the request is refused");
    log!(log, "refusal with a byte: {}", refusal);
}

fn refused_for_method_or_headers(log: &mut Log) {
    log!(
        log,
        "two methods: {}",
        decide(&LISTED, put!("Access-Control-Request-Method: PUT"))
    );
    log!(
        log,
        "truncated method: {}",
        LISTED.decide(&read::<24>(put!()).request())
    );
    let no_method =
        head!("OPTIONS / HTTP/1.1" "Origin: https://app.example.com" "Access-Control-Request-Method:");
    log!(log, "no method: {}", decide(&LISTED, no_method));
    let patch =
        head!("OPTIONS / HTTP/1.1" "Origin: https://app.example.com" "Access-Control-Request-Method: PATCH");
    log!(log, "method not allowed: {}", decide(&LISTED, patch));
    let names = put!("Access-Control-Request-Headers: authorization,content-type");
    log!(
        log,
        "truncated headers: {}",
        LISTED.decide(&read::<32>(names).request())
    );
    let malformed = put!("Access-Control-Request-Headers: authorization,\"content-type\"");
    log!(log, "malformed headers: {}", decide(&LISTED, malformed));
    let many = put!(
        "Access-Control-Request-Headers: a" "Access-Control-Request-Headers: b" "Access-Control-Request-Headers: c"
        "Access-Control-Request-Headers: d" "Access-Control-Request-Headers: e" "Access-Control-Request-Headers: f"
        "Access-Control-Request-Headers: g" "Access-Control-Request-Headers: h" "Access-Control-Request-Headers: i"
    );
    log!(log, "headers on nine lines: {}", decide(&LISTED, many));
    let unsorted = put!("Access-Control-Request-Headers: x-b,x-a");
    log!(log, "unsorted headers: {}", decide(&STRICT, unsorted));
    let unlisted = put!("Access-Control-Request-Headers: authorization,content-type,x-a");
    log!(log, "header not allowed: {}", decide(&LISTED, unlisted));
    log!(log, "authorization and *: {}", decide(&ANYONE, names));
    let long = head!(
        "OPTIONS / HTTP/1.1" "Origin: https://app.example.com"
        "Access-Control-Request-Method: THE-LONGEST-METHOD-THAT-IS-REGISTERED-HAS-NOT-HALF-AS-MANY-LETTERS"
    );
    log!(log, "long method, echoed: {}", decide(&ECHOES, long));
    let refusal = decide(&LISTED, unlisted)
        .refusal()
        .expect("the request is refused");
    log!(log, "refusal with a name: {}", refusal);
    let refusal = decide(&LISTED, patch).refusal().expect("the request is refused");
    log!(log, "refusal without a position: {}", refusal);
    for reason in Reason::ALL {
        log!(log, "reason: {}", *reason);
    }
}

/// Logs values that could confuse a terminal, a log file or a person who reads it.
fn hostile(log: &mut Log) {
    let escape = b"GET / HTTP/1.1\r\nOrigin: https://a\x1b[2J\x1b]0;gone\x07.example\r\n\r\n";
    log!(log, "Origin with escape sequences: {}", decide(&LISTED, escape));
    let high = b"GET / HTTP/1.1\r\nOrigin: https://\xff\x9b2J\xc0\x80.example\r\n\r\n";
    log!(log, "Origin with bytes above 7F: {}", decide(&PATTERNS, high));
    let bidi = head!("GET / HTTP/1.1" "Origin: \u{202e}https://app.example.com");
    log!(
        log,
        "Origin with a right-to-left override: {}",
        decide(&LISTED, bidi)
    );
    let nul = b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\0{=str}\r\n\r\n";
    log!(log, "Origin with a NUL and a format: {}", decide(&LISTED, nul));
    let method = b"OPTIONS / HTTP/1.1\r\nOrigin: https://app.example.com\r\nAccess-Control-Request-Method: P\x1b[8mT\xfe\r\n\r\n";
    log!(log, "method with escape sequences: {}", decide(&LISTED, method));
    let names = put!("Access-Control-Request-Headers: authorization,\u{1b}[2J,\u{9b}1m");
    log!(log, "headers with escape sequences: {}", decide(&LISTED, names));
}

fn answers(log: &mut Log) {
    let evil = head!("OPTIONS / HTTP/1.1" "Origin: https://evil.test" "Access-Control-Request-Method: PUT");
    let patch =
        head!("OPTIONS / HTTP/1.1" "Origin: https://app.example.com" "Access-Control-Request-Method: PATCH");
    let allowed = decide(&LISTED, put!());
    let preflight = allowed.preflight().expect("the request is a preflight");
    log!(log, "answer to an allowed preflight: {}", preflight);
    log!(
        log,
        "response in 20 bytes: {}",
        preflight
            .write_response(&mut [0; 20])
            .expect_err("the response is longer")
    );
    log!(
        log,
        "fields in 20 bytes: {}",
        allowed
            .write_fields(&mut [0; 20])
            .expect_err("the fields are longer")
    );
    for decision in [
        decide(&PATTERNS, put!()),
        decide(&LISTED, patch),
        decide(&STRICT, patch),
        decide(&LISTED, evil),
        decide(&PATTERNS, evil),
        decide(&ANYONE, put!("Access-Control-Request-Headers: x y")),
    ] {
        log!(
            log,
            "answer: {}",
            decision.preflight().expect("the request is a preflight")
        );
    }
    log!(log, "success status: {}", PreflightSuccessStatus::NoContent);
    log!(log, "success status: {}", PreflightSuccessStatus::NoContentBare);
    log!(log, "success status: {}", PreflightSuccessStatus::Ok);
    log!(log, "refused status: {}", PreflightRefusedStatus::Forbidden);
    log!(log, "refused status: {}", PreflightRefusedStatus::NoContent);
    log!(log, "refused status: {}", PreflightRefusedStatus::Ok);
    let twice = ExistingCorsFields::find([
        "Content-Type",
        "Access-Control-Max-Age",
        "Access-Control-Allow-Origin",
    ]);
    log!(log, "existing CORS fields: {}", twice);
    log!(
        log,
        "existing CORS fields: {}",
        ExistingCorsFields::find(["Access-Control-Allow-Methods"])
    );
    log!(
        log,
        "existing CORS fields: {}",
        ExistingCorsFields::find(["Content-Type"])
    );
    let merged = allowed.merge_vary(&["accept-encoding", "accept,\r\nx: y"]);
    log!(
        log,
        "Vary with a line break: {}",
        merged.expect_err("the value is not a list")
    );
}

fn reading(log: &mut Log) {
    let mut reader = RequestReader::<64>::new();
    log!(
        log,
        "half a head: {}",
        reader
            .push(b"GET / HTTP/1.1\r\nOrigin: https://app.")
            .expect("the head is valid")
    );
    log!(log, "half a request: {}", LISTED.decide(&reader.request()));
    log!(
        log,
        "the other half: {}",
        reader.push(b"example.com\r\n\r\n{}").expect("the head is valid")
    );
    log!(
        log,
        "error reply: {}",
        LISTED.decide_for_error_reply(&reader.request())
    );
    let error =
        |head: &'static [u8]| -> HeadError { Request::from_head(head).expect_err("the head is invalid") };
    log!(
        log,
        "incomplete head: {}",
        error(b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\n")
    );
    log!(
        log,
        "TLS instead of a head: {}",
        error(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    );
}

fn origins(log: &mut Log) {
    log!(
        log,
        "origin: {}",
        Origin::parse(b"https://app.example.com:8443").expect("the origin is valid")
    );
    log!(
        log,
        "origin or null: {}",
        OriginOrNull::parse(b"http://[2001:db8::1]").expect("the origin is valid")
    );
    log!(
        log,
        "origin or null: {}",
        OriginOrNull::parse(b"null").expect("the value is null")
    );
    for value in [
        &b""[..],
        b"https:/app.example.com",
        b"https://app.\x1b[2J",
        b"https://[::1",
        b"https://app.example.com:65536",
    ] {
        let error = OriginOrNull::parse(value).expect_err("the origin is invalid");
        log!(log, "not an origin: {}", error);
        log!(log, "why: {}", error.kind());
    }
}

fn policies(log: &mut Log) {
    let builder = Policy::builder;
    let long =
        ["https://a-host-name-that-is-long-enough.to-be-cut-in-a-sentence.that-quotes-it.example.com/"];
    let bad: [PolicyBuilder<'_>; 19] = [
        builder().allow_origins(&["https://fine.example", "https://example.com/"]),
        builder().allow_origins(&[""]),
        builder().allow_origins(&["example.com"]),
        builder().allow_origins(&long),
        builder().allow_origins(&["*"]).allow_credentials(),
        builder().allow_origin_if(&is_tenant).allow_credentials(),
        builder().allow_methods(&["PUT", "delete"]),
        builder().allow_headers(&["x-a", "x b"]),
        builder().allow_headers(&["x-a\u{1b}[2J\r\nINFO all is well\u{202e}"]),
        builder().allow_headers(&["http://localhost:*"]),
        builder().expose_headers(&["etag", "x-a", "Set-Cookie"]),
        builder().max_age_seconds(86401),
        // What to write instead follows from these entries.
        builder().allow_origins(&["http://192.168.*.*:*"]),
        builder().allow_origins(&["http://10.1.2.3/8"]),
        builder().allow_origins(&["https://*"]).allow_credentials(),
        builder().allow_origins(&["file://"]).allow_credentials(),
        builder()
            .allow_origins(&["https://fine.example"])
            .allow_methods(&["patch"]),
        builder().allow_methods(&["PUT"]),
        builder().allow_loopback().allow_headers(&["Cookie"]),
    ];
    for builder in bad {
        let error = builder.build().expect_err("the policy is invalid");
        log!(log, "policy: {}", error);
        log!(log, "policy, without its entry: {}", error.without_entry());
        log!(log, "setting: {}", error.setting());
        log!(log, "mistake: {}", error.kind());
    }
}

fn browsers(log: &mut Log) {
    let put = Fetch::from_origin("https://app.example.com").method("PUT");
    let names = put.headers(&[("content-type", "text/html"), ("x-a", "1")]);
    let ours = ("access-control-allow-origin", "https://app.example.com");
    let response = |status, headers| Response::new(status, headers).expect("the headers are valid");
    let other_method = [ours, ("access-control-allow-methods", "DELETE")];
    let method = [ours, ("access-control-allow-methods", "PUT")];
    let redirect = [ours, ("location", "https://store.example/")];
    let mut exchange =
        Exchange::new(&put, "https://api.example.com/").expect("the page can make the request");
    exchange
        .receive(&response(307, &redirect))
        .expect("the browser follows the redirect");
    let results = [
        put.method("TRACE").check_page(),
        Fetch::from_origin("https://app.example.com/").check_page(),
        put.headers(&[("x-a", "1"), ("x b", "2")]).check_page(),
        put.check_preflight(&response(404, &[ours])),
        put.check_preflight(&response(204, &other_method)),
        names.check_preflight(&response(204, &method)),
        put.check_response(&response(200, &[])).map(|_| ()),
        put.include_credentials()
            .check_response(&response(200, &[ours]))
            .map(|_| ()),
        exchange.receive(&response(200, &[ours])).map(|_| ()),
    ];
    for result in results {
        let blocked = result.expect_err("the request is blocked");
        log!(log, "blocked: {}", blocked);
        log!(log, "stage: {}", blocked.stage());
        log!(log, "failure: {}", blocked.failure());
    }
    let error =
        Response::from_head(b"HTTP/1.1 200 OK\r\nno colon\x1b[2J\r\n\r\n").expect_err("the head is invalid");
    log!(log, "not a response: {}", error);
    let error = Response::from_head(b"HTTP/1.1 200 OK\r\n").expect_err("the head is unfinished");
    log!(log, "not a response: {}", error);
    let error = Response::new(200, &[("a", "b\r\nc: d")]).expect_err("the value is invalid");
    log!(log, "not a response: {}", error);
    log!(log, "why: {}", error.kind());
    let error = Response::new(200, &[("x-a", "1\r\nx-b: 2")]).expect_err("the value has a line end");
    log!(log, "not a response: {}", error);
    log!(log, "why: {}", error.kind());
}
