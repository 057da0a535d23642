//! Law: every reader of a head finds the same end, values and decision as `httparse`, and as a
//! reader that follows RFC 9112 line by line.
#![no_main]

use embedded_cors::{HeadError, OriginOrNull, Policy, Progress, Reason, Request, RequestReader};
use embedded_cors_fuzz::Outcome;
use embedded_cors_fuzz::naive::{self, Head};
use libfuzzer_sys::fuzz_target;

const ORIGIN: &str = "origin";
const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

static POLICIES: [Policy; 4] = [
    Policy::builder()
        .allow_origins(&["http://localhost:*", "https://*.test", "https://example.com"])
        .allow_methods(&["PUT", "DELETE"])
        .allow_headers(&["content-type", "x-a", "authorization"])
        .allow_timing()
        .build_or_panic(),
    Policy::builder()
        .allow_origins(&["http://localhost:3000", "https://app.test"])
        .allow_methods(&["*"])
        .allow_headers(&["*", "authorization"])
        .allow_credentials()
        .build_or_panic(),
    Policy::builder()
        .allow_origins(&["*"])
        .allow_headers(&["*"])
        .build_or_panic(),
    Policy::builder()
        .allow_origin_if(&|_| true)
        .allow_methods(&["*"])
        .allow_headers(&["content-type", "x-a"])
        .strict_request_headers()
        .build_or_panic(),
];

fuzz_target!(|bytes: &[u8]| {
    let naive = Head::read(bytes);
    let read = Request::from_head(bytes);
    let mut reader = RequestReader::<8192>::new();
    match (&naive, &read, reader.push(bytes)) {
        (Ok(head), Ok(_), Ok(Progress::Done { used })) => {
            assert_eq!(used, head.len, "RequestReader ends the head elsewhere")
        }
        (Err(HeadError::Incomplete), Err(HeadError::Incomplete), Ok(Progress::NeedsMore)) => {}
        (Err(HeadError::RequestLine), Err(HeadError::RequestLine), Err(HeadError::RequestLine)) => {}
        (naive, read, pushed) => panic!(
            "line by line: {:?}, from_head: {:?}, RequestReader: {pushed:?}",
            naive.as_ref().map(|head| head.len),
            read.as_ref().map(|_| ())
        ),
    }
    if let (Ok(head), Ok(request)) = (&naive, &read) {
        line_by_line(head, request);
    }

    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Request::new(&mut headers);
    if let Ok(httparse::Status::Complete(len)) = parsed.parse(bytes) {
        assert_eq!(
            naive.as_ref().map(|head| head.len),
            Ok(len),
            "httparse ends the head elsewhere"
        );
        let theirs = Request::from(&parsed);
        let ours = read.as_ref().expect("httparse reads this head");
        assert_eq!(ours.is_cors(), theirs.is_cors(), "is_cors differs from httparse");
        assert_eq!(
            ours.is_preflight(),
            theirs.is_preflight(),
            "is_preflight differs from httparse"
        );
        assert_eq!(ours.origin(), theirs.origin(), "Origin differs from httparse");
        assert_eq!(
            ours.requested_method(),
            theirs.requested_method(),
            "the requested method differs from httparse"
        );
        assert!(
            ours.requested_headers().eq(theirs.requested_headers()),
            "the requested headers differ from httparse: {:?}, {:?}",
            ours.requested_headers(),
            theirs.requested_headers()
        );
        for policy in &POLICIES {
            assert_eq!(
                Outcome::of(&policy.decide(ours), policy),
                Outcome::of(&policy.decide(&theirs), policy),
                "the decision differs from the one on httparse's request"
            );
        }
    }

    // httparse can skip malformed lines. The crate must not take a value from one.
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Request::new(&mut headers);
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_requests(true);
    if let (Ok(httparse::Status::Complete(_)), Ok(request)) =
        (config.parse_request(&mut parsed, bytes), &read)
    {
        let seen = |name: &str| -> Vec<&[u8]> {
            parsed
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value)
                .collect()
        };
        if let Some(origin) = request.origin() {
            assert_eq!(
                seen(ORIGIN),
                [text(&origin).as_bytes()],
                "the crate found an Origin that httparse does not see"
            );
        }
        if let Some(method) = request.requested_method() {
            assert_eq!(
                seen(METHOD),
                [method.as_bytes()],
                "the crate found a requested method that httparse does not see"
            );
        }
    }
});

fn text<'r>(origin: &OriginOrNull<'r>) -> &'r str {
    match origin {
        OriginOrNull::Origin(origin) => origin.as_str(),
        OriginOrNull::Null => "null",
    }
}

/// Compares the request with the lines of the head.
fn line_by_line(head: &Head<'_>, request: &Request<'_>) {
    let count = |name| head.lines(name).count();
    let is_preflight = head.method == b"OPTIONS" && count(ORIGIN) > 0 && count(METHOD) > 0;
    assert_eq!(request.is_cors(), count(ORIGIN) > 0, "is_cors: {head:?}");
    assert_eq!(request.is_preflight(), is_preflight, "is_preflight: {head:?}");
    let origin = head
        .only(ORIGIN)
        .filter(|value| *value == b"null" || naive::origin(value).is_some());
    assert_eq!(
        request.origin().as_ref().map(|origin| text(origin).as_bytes()),
        origin,
        "Origin: {head:?}"
    );
    let method = head.only(METHOD).filter(|method| naive::is_token(method));
    assert_eq!(
        request.requested_method().map(str::as_bytes),
        method,
        "requested method: {head:?}"
    );
    for (policy, is_public) in POLICIES.iter().zip([false, false, true, false]) {
        let reason = policy.decide(request).refusal().map(|refusal| refusal.reason());
        if is_public {
            // A policy `*` refuses no `Origin`.
            let by_origin = reason.is_some_and(|reason| reason.name().contains("origin"));
            assert!(!by_origin, "{reason:?} under `*`: {head:?}");
            continue;
        }
        let malformed = |name| head.lines(name).any(|line| line.malformed);
        let expected = match count(ORIGIN) {
            0 => None,
            1 if malformed(ORIGIN) => Some(Reason::OriginMalformed),
            1 => continue,
            _ => Some(Reason::OriginRepeated),
        };
        assert_eq!(reason, expected, "{head:?}");
    }
    // The same fields as a list of names and values give the same decision.
    let of_cors = [ORIGIN, METHOD, HEADERS];
    if of_cors
        .into_iter()
        .all(|name| head.lines(name).all(|line| !line.malformed))
    {
        let fields = head.fields.iter().map(|field| (field.name, field.value));
        let plain = Request::from_fields(head.method, fields);
        for policy in &POLICIES {
            assert_eq!(
                Outcome::of(&policy.decide(request), policy),
                Outcome::of(&policy.decide(&plain), policy),
                "from_fields differs: {head:?}"
            );
        }
    }
}
