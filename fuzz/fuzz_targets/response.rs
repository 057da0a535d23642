//! Law: the head of a response is read as `httparse` reads it, the checks of a browser never panic
//! and agree with each other, and a page sees only headers of the response.
#![no_main]

use embedded_cors::browser::{Engine, Fetch, PreflightCache, Response, Stage, max_age};
use libfuzzer_sys::fuzz_target;

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("X-A", "1"),
    ("Authorization", "b"),
];

fuzz_target!(|bytes: &[u8]| {
    let response = match Response::from_head(bytes) {
        Ok(response) => response,
        Err(error) => {
            assert!(
                error.byte().is_some_and(|at| at <= bytes.len()),
                "the mistake is after the end"
            );
            return;
        }
    };
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Response::new(&mut headers);
    if let Ok(httparse::Status::Complete(_)) = parsed.parse(bytes) {
        assert_eq!(
            Some(response.status()),
            parsed.code,
            "the status differs from httparse"
        );
        let theirs = parsed.headers.iter().map(|header| (header.name, header.value));
        assert!(
            response.headers().eq(theirs),
            "the headers differ from httparse: {:?}, {:?}",
            response.headers().collect::<Vec<_>>(),
            parsed.headers
        );
    }

    let page = Fetch::from_origin("https://example.com");
    let pages = [
        page,
        page.include_credentials(),
        page.method("PUT").headers(HEADERS),
        page.method("PUT").headers(HEADERS).include_credentials(),
        page.method("POST").use_cors_preflight(),
        Fetch::from_origin("null").method("PATCH"),
    ];
    for fetch in &pages {
        let get = fetch.check_response(&response);
        match &get {
            Ok(shared) => {
                let allow: Vec<&[u8]> = response.values("Access-Control-Allow-Origin").collect();
                let any = !fetch.has_credentials() && allow == [b"*"];
                assert!(any || allow == [fetch.origin().as_bytes()], "shared by {allow:?}");
                assert_eq!(shared.status(), response.status());
                let mut all = response.headers();
                for header in shared.headers() {
                    assert!(
                        all.any(|other| other == header),
                        "a page sees {header:?}, which the response does not have"
                    );
                    assert!(
                        shared.is_readable(header.0),
                        "a page sees {}, but it is not readable",
                        header.0
                    );
                    let name = header.0.to_ascii_lowercase();
                    assert!(
                        name != "set-cookie" && name != "set-cookie2",
                        "a page sees {header:?}"
                    );
                }
            }
            Err(blocked) => assert_eq!(blocked.stage(), Stage::Response),
        }
        let preflight = fetch.check_preflight(&response);
        if preflight.is_ok() {
            assert!(get.is_ok(), "a preflight succeeds although the CORS check fails");
            assert!(
                (200..300).contains(&response.status()),
                "a preflight succeeds with status {}",
                response.status()
            );
        }
        for engine in [
            Engine::Standard,
            Engine::Chromium,
            Engine::Firefox,
            Engine::WebKit,
        ] {
            let age = max_age(&response, engine);
            assert!(age <= engine.max_age_limit().unwrap_or(u32::MAX));
            let mut cache = PreflightCache::<256>::new(engine);
            let stored = cache.store(fetch, "https://api.example/", &response, 100);
            assert_eq!(
                stored.is_ok(),
                preflight.is_ok(),
                "stored (left), the preflight succeeds (right)"
            );
            // At this time a stored answer has expired. An answer that does not fit is not stored.
            let asks = cache.needs_preflight(fetch, "https://api.example/", 100 + u64::from(age));
            assert_eq!(
                asks,
                fetch.needs_preflight(),
                "remembered for longer than max-age"
            );
            if preflight.is_err() {
                let asks = cache.needs_preflight(fetch, "https://api.example/", 100);
                assert_eq!(asks, fetch.needs_preflight(), "a failed preflight is remembered");
            }
        }
    }
});
