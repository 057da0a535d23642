//! Measures what the engine costs on a microcontroller. Each feature links a part of the engine
//! into the program, so that sizes can be compared. With the feature `measure`, the program calls
//! every entry point, prints how much stack it used, and lets an emulator count its instructions.

#![no_std]
#![no_main]

#[cfg_attr(
    not(feature = "measure"),
    allow(dead_code, reason = "only the start code is needed")
)]
#[path = "../../../benches/mcu/src/board.rs"]
mod board;
#[cfg(feature = "measure")]
mod measure;

#[cfg(not(feature = "measure"))]
mod linked {
    use core::hint::black_box;

    use embedded_cors::{Decision, Policy, PolicyReader, Progress, Request, RequestReader};

    // A program with a panicking path cannot be linked.
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        unsafe extern "C" {
            fn a_panicking_path_is_linked() -> !;
        }
        // SAFETY: the function does not exist, so a program that contains this call cannot be
        // linked.
        unsafe { a_panicking_path_is_linked() }
    }

    #[cfg(not(feature = "rendered"))]
    static CORS: Policy = crate::POLICY;
    #[cfg(feature = "rendered")]
    static CORS: Policy = embedded_cors::rendered!(crate::POLICY);

    #[cfg(any(feature = "doors", feature = "doors-pieces"))]
    static DOORS: embedded_cors::Doors = embedded_cors::Doors::builder(&CORS)
        .allow_hosts(&["lamp.local", "lamp.example.com"])
        .allow_ip_literals()
        .build_or_panic();

    #[allow(dead_code, reason = "not every feature answers")]
    fn answer(decision: &Decision<'_>, buffer: &mut [u8]) -> usize {
        match decision.preflight() {
            Some(preflight) => preflight.write_response(buffer).map_or(0, <[u8]>::len),
            None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
        }
    }

    #[allow(unused, reason = "each feature links a part")]
    #[unsafe(no_mangle)]
    extern "C" fn main() -> ! {
        let mut buffer = [0; 512];
        loop {
            let bytes: &[u8] = black_box(&[]);
            let buffer: &mut [u8] = black_box(&mut buffer);
            if cfg!(feature = "request") {
                let _ =
                    black_box(Request::from_head(bytes).is_ok_and(|request| black_box(&request).is_cors()));
            }
            if cfg!(feature = "decision")
                && let Ok(request) = Request::from_head(bytes)
            {
                let _ = black_box(&CORS.decide(&request));
            }
            if cfg!(feature = "response")
                && let Ok(request) = Request::from_head(bytes)
            {
                black_box(answer(&CORS.decide(&request), buffer));
            }
            if cfg!(feature = "fields") {
                let fields: &[(&str, &str)] = black_box(&[]);
                let request = Request::from_fields(black_box("GET"), fields.iter().copied());
                black_box(answer(&CORS.decide(&request), buffer));
            }
            if cfg!(feature = "pieces") {
                let mut reader = RequestReader::<256>::new();
                while matches!(reader.push(black_box(bytes)), Ok(Progress::NeedsMore)) {}
                black_box(answer(&CORS.decide(&reader.request()), buffer));
            }
            if cfg!(feature = "policy-pieces") {
                let mut reader = PolicyReader::<128>::new(&CORS);
                while matches!(reader.push(black_box(bytes)), Ok(Progress::NeedsMore)) {}
                black_box(answer(&reader.decide(), buffer));
            }
            #[cfg(any(feature = "doors", feature = "doors-pieces"))]
            {
                let answer = |request: &embedded_cors::DoorsRequest<'_>, buffer: &mut [u8]| {
                    let decision = DOORS.decide(request);
                    match decision.response() {
                        Some(response) => response.write(buffer).map_or(0, <[u8]>::len),
                        None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
                    }
                };
                if cfg!(feature = "doors")
                    && let Ok(request) = embedded_cors::DoorsRequest::from_head(bytes)
                {
                    black_box(answer(&request, buffer));
                }
                if cfg!(feature = "doors-pieces") {
                    let mut reader = embedded_cors::DoorsReader::<256>::new();
                    while matches!(reader.push(black_box(bytes)), Ok(Progress::NeedsMore)) {}
                    black_box(answer(&reader.request(), buffer));
                }
            }
            #[cfg(feature = "run-time")]
            {
                let mut lists = embedded_cors::PolicyLists::<256>::new();
                let _ = lists.allow_origin(black_box(""));
                let _ = lists.allow_method(black_box(""));
                let _ = lists.allow_header(black_box(""));
                let _ = lists.expose_header(black_box(""));
                if let Ok(owned) = lists.build(|options| options.max_age_seconds(black_box(600)))
                    && let Ok(request) = Request::from_head(bytes)
                {
                    black_box(answer(&owned.policy().decide(&request), buffer));
                }
            }
            #[cfg(feature = "panicky")]
            black_box(bytes[black_box(0)]);
        }
    }
}

/// The policy of a device: four origins, one of them with subdomains, three methods, and five
/// request headers.
#[allow(dead_code, reason = "some features do not decide")]
const POLICY: embedded_cors::Policy<'static> = embedded_cors::Policy::builder()
    .allow_origins(&[
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:3000",
        "http://192.168.4.1",
    ])
    .allow_methods(&["PUT", "DELETE", "PATCH"])
    .allow_headers(&[
        "authorization",
        "content-type",
        "if-match",
        "x-csrf-token",
        "x-request-id",
    ])
    .max_age_seconds(600)
    .build_or_panic();
