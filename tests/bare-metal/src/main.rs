//! The whole engine, linked for a target without an operating system, with a panic handler that does not exist:
//! if one panicking path were left, the link would fail.

#![no_std]
#![no_main]

use core::hint::black_box;

use embedded_cors::{CorsFields, Origin, Policy, PolicyReader, Request, RequestReader};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panicking_path_is_linked() -> !;
    }
    // SAFETY: there is no such function, so nothing that reaches this can be linked.
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

/// Every entry point, with bytes that the compiler knows nothing of.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut buffer = [0u8; 2048];
    loop {
        let bytes: &[u8] = black_box(&[]);
        for policy in [black_box(&CORS), black_box(&ECHO)] {
            let mut reader = RequestReader::<256>::new();
            let _ = black_box(reader.push(bytes));
            answer(policy, &reader.request(), &mut buffer);

            let mut reader = PolicyReader::<128>::new(policy);
            let _ = black_box(reader.push(bytes));
            let decision = reader.decide();
            let _ = black_box(decision.write_fields(black_box(&mut buffer)));
            let _ = black_box(reader.decide_error_reply().is_allowed());

            if let Ok(request) = Request::from_head(bytes) {
                answer(policy, &request, &mut buffer);
            }
            if let Ok(request) = Request::from_header_section(bytes, bytes) {
                answer(policy, &request, &mut buffer);
            }
            let mut request = Request::from_fields(bytes, [(bytes, bytes)]);
            request.push_cut(bytes);
            answer(policy, &request, &mut buffer);
            let error = policy.decide_error_reply(&request);
            let _ = black_box(error.write_fields(black_box(&mut buffer)));
        }
        black_box(CorsFields::find([bytes]).is_empty());
        #[cfg(feature = "panicky")]
        black_box(bytes[black_box(7)]);
    }
}

fn answer(policy: &Policy<'_>, request: &Request<'_>, buffer: &mut [u8]) {
    let decision = policy.decide(request);
    if let Some(preflight) = decision.preflight() {
        let _ = black_box(preflight.write_response(black_box(&mut *buffer)));
    }
    black_box(decision.refusal());
    for name in request.requested_headers() {
        black_box(name);
    }
    if let Ok(decision) = decision.merge_vary(black_box(&["accept"])) {
        if let Ok(block) = decision.write_fields(black_box(buffer)) {
            for pair in block.pairs() {
                black_box(pair);
            }
        }
    }
}
