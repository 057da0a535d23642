//! Links the whole engine for a target without an operating system, with a panic handler that calls
//! a function that does not exist. If one panicking path were left, linking would fail.

#![no_std]
#![no_main]

use core::hint::black_box;

#[cfg(feature = "browser")]
use embedded_cors::browser::{
    Engine, Exchange, Fetch, PreflightCache, Response, would_allow, would_allow_at,
};
use embedded_cors::{
    Decision, ExistingCorsFields, Origin, Policy, PolicyReader, PreflightSuccessStatus, Request,
    RequestReader, Rules, RulesReader,
};
#[cfg(feature = "run-time")]
use embedded_cors::{OriginIndex, OriginPattern, PolicyLists};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panicking_path_is_linked() -> !;
    }
    // SAFETY: the function does not exist, so a program that contains this call cannot be linked.
    unsafe { a_panicking_path_is_linked() }
}

fn is_tenant(origin: &Origin<'_>) -> bool {
    origin.scheme() == "https" && origin.host().ends_with(".tenants.example") && origin.port().is_none()
}

static CORS: Policy = Policy::builder()
    .allow_origins(&[
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
    ])
    .allow_origin_if(&is_tenant)
    .allow_methods(&["PUT", "DELETE"])
    .allow_headers(&["authorization", "content-type"])
    .expose_headers(&["etag"])
    .max_age_seconds(7200)
    .build_or_panic();

static ECHO: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .allow_credentials()
    .strict_request_headers()
    .answer_only_requested()
    .build_or_panic();

/// Patterns of every form, and the settings that the other policies lack.
static FORMS: Policy = Policy::builder()
    .allow_origins(&[
        "https://pr-*.example.com",
        "http://192.168.0.0/16:*",
        "http://[fd00::]/8",
        "chrome-extension://*",
        "*://example.org:1-80",
        "app://.",
        "file://",
    ])
    .allow_loopback()
    .allow_timing()
    .success_status(PreflightSuccessStatus::NoContentBare)
    .hide_lists_when_refused()
    .build_or_panic();

static LISTED: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com", "https://app.example.org"])
    .allow_timing()
    .build_or_panic();

static RULES: Rules = Rules::new_or_panic(&[
    Policy::builder()
        .allow_origins(&["https://app.example.com"])
        .allow_credentials()
        .build_or_panic(),
    Policy::builder().allow_origins(&["*"]).build_or_panic(),
]);

/// Calls every entry point with bytes that the compiler cannot know.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut buffer = [0u8; 2048];
    loop {
        let bytes: &[u8] = black_box(&[]);
        for policy in [&CORS, &ECHO, &FORMS, &LISTED].map(black_box) {
            let mut reader = RequestReader::<256>::new();
            let _ = black_box(reader.push(bytes));
            answer(policy, &reader.request(), &mut buffer);

            let mut reader = RequestReader::<256>::for_header_section(bytes);
            let _ = black_box(reader.push(bytes));
            answer(policy, &reader.request(), &mut buffer);

            let mut reader = PolicyReader::<128>::for_header_section(policy, bytes);
            let _ = black_box(reader.push(bytes));
            black_box(reader.decide().is_allowed());

            let mut reader = PolicyReader::<128>::new(policy);
            let _ = black_box(reader.push(bytes));
            let decision = reader.decide();
            let _ = black_box(decision.write_fields(black_box(&mut buffer)));
            let _ = black_box(reader.decide_for_error_reply().is_allowed());

            if let Ok(request) = Request::from_head(bytes) {
                answer(policy, &request, &mut buffer);
            }
            if let Ok(request) = Request::from_header_section(bytes, bytes) {
                answer(policy, &request, &mut buffer);
            }
            if let Ok(request) = Request::from_incomplete_head(bytes) {
                answer(policy, &request, &mut buffer);
            }
            let mut request = Request::from_fields(bytes, [(bytes, bytes)]);
            request.push_truncated(bytes);
            request.mark_incomplete();
            answer(policy, &request, &mut buffer);
            let error = policy.decide_for_error_reply(&request);
            let _ = black_box(error.write_fields(black_box(&mut buffer)));
        }
        let rules = black_box(&RULES);
        let mut reader = RulesReader::<128>::new(*rules);
        let _ = black_box(reader.push(bytes));
        write(&reader.decide(), &mut buffer);
        write(&reader.decide_for_error_reply(), &mut buffer);
        if let Ok(request) = Request::from_head(bytes) {
            write(&rules.decide(&request), &mut buffer);
            write(&rules.decide_for_error_reply(&request), &mut buffer);
        }
        black_box(ExistingCorsFields::find([bytes]).is_empty());
        #[cfg(feature = "browser")]
        browser(black_box(""), bytes, &mut buffer);
        #[cfg(feature = "run-time")]
        at_run_time(black_box(""), bytes, &mut buffer);
        #[cfg(feature = "panicky")]
        black_box(bytes[black_box(7)]);
    }
}

#[cfg(feature = "browser")]
fn browser(text: &str, bytes: &[u8], buffer: &mut [u8]) {
    let headers = [(text, text); 2];
    let fetch = Fetch::from_origin(text).method(text).headers(&headers);
    let fetch = fetch.include_credentials().use_cors_preflight();
    let _ = black_box(would_allow(black_box(&CORS), &fetch));
    let _ = black_box(would_allow_at(black_box(&CORS), &fetch, text));
    let _ = black_box(Response::new(black_box(200), &headers));
    let _ = black_box(fetch.write_preflight(text, text, black_box(buffer)));
    black_box(fetch.unsafe_names().any(|name| name == *text));
    if let Ok(response) = Response::from_head(bytes) {
        black_box(response.headers().count());
        if let Ok(shared) = fetch.check_response(&response) {
            black_box(shared.is_readable(text));
        }
        let mut cache = PreflightCache::<512>::new(Engine::Chromium);
        let _ = black_box(cache.store(&fetch, text, &response, black_box(1)));
        black_box(cache.needs_preflight(&fetch, text, black_box(1)));
        cache.clear(&fetch, text);
        black_box(&cache);
        if let Ok(mut exchange) = Exchange::new(&fetch, text) {
            let _ = black_box(exchange.receive(&response));
            let _ = black_box(exchange.write_request(buffer));
            black_box(exchange.url());
        }
    }
}

/// Builds policies at run time, of each kind.
#[cfg(feature = "run-time")]
fn at_run_time(entry: &str, bytes: &[u8], buffer: &mut [u8]) {
    let list = [entry; 3];
    let built = Policy::builder()
        .allow_origins(&list)
        .allow_methods(&list)
        .allow_headers(&list)
        .expose_headers(&list)
        .max_age_seconds(black_box(5))
        .success_status(PreflightSuccessStatus::Ok)
        .build();
    match built {
        Ok(policy) => {
            black_box(policy.max_response_len() + policy.max_fields());
            let policies = [policy; 2];
            match Rules::new(black_box(&policies)) {
                Ok(rules) => {
                    black_box(rules.max_response_len() + rules.max_fields());
                }
                Err(error) => {
                    black_box((error.kind(), error.rule()));
                }
            }
            if let Ok(request) = Request::from_head(bytes) {
                answer(&policy, &request, buffer);
                let mut memory = [0; 512];
                if let Ok(policy) = policy.render(black_box(&mut memory)) {
                    answer(&policy, &request, buffer);
                }
            }
        }
        Err(error) => {
            let _ = black_box((error.entry(), error.index(), error.at(), error.kind().fix()));
        }
    }
    if let (Ok(pattern), Ok(origin)) = (OriginPattern::parse(entry), Origin::parse(bytes)) {
        black_box(pattern.matches(&origin) || pattern.contains(&pattern));
    }
    let mut slots = [0; OriginIndex::slots_for(3)];
    if let Ok(index) = OriginIndex::build(&list, &mut slots, black_box(7)) {
        let indexed = Policy::builder().allow_indexed_origins(&index).build();
        if let (Ok(policy), Ok(request)) = (indexed, Request::from_head(bytes)) {
            answer(&policy, &request, buffer);
        }
    }
    let mut lists = PolicyLists::<64>::new();
    let _ = black_box(lists.allow_origin(entry));
    let _ = black_box(lists.allow_method(entry));
    let _ = black_box(lists.allow_header(entry));
    let _ = black_box(lists.expose_header(entry));
    if let Ok(owned) = lists.build(|options| options.allow_credentials()) {
        if let Ok(request) = Request::from_head(bytes) {
            answer(&owned.policy(), &request, buffer);
        }
    }
}

/// Checks that a decision can outlive the request from which it was made.
fn decide<'a>(policy: &'a Policy<'a>, request: &Request<'a>) -> Decision<'a> {
    policy.decide(request)
}

fn answer(policy: &Policy<'_>, request: &Request<'_>, buffer: &mut [u8]) {
    write(&decide(policy, request), buffer);
    for name in request.requested_headers() {
        black_box(name);
    }
}

fn write(decision: &Decision<'_>, buffer: &mut [u8]) {
    for field in decision.fields() {
        let _ = black_box(field.value().write_c_str(black_box(&mut *buffer)));
    }
    if let Some(preflight) = decision.preflight() {
        let _ = black_box(preflight.write_response(black_box(&mut *buffer)));
        black_box(preflight.status());
    }
    black_box(decision.refusal());
    if let Ok(decision) = decision.merge_vary(black_box(&["accept"])) {
        if let Ok(block) = decision.write_fields(black_box(buffer)) {
            for pair in block.pairs() {
                black_box(pair);
            }
        }
    }
}
