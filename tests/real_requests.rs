//! Checks that requests of three real browsers get the answer that the page needs: in one buffer,
//! in pieces of every kind, and as HTTP/2 header lists.
//!
//! `requests/` contains what Chromium 156, Firefox 153 and WebKitGTK 2.50 sent, byte for byte. The
//! files `ENGINE-dev-NAME.http` come from a page at `http://localhost:3000` that used an API at
//! `http://localhost:8080`, the files `ENGINE-h2-NAME.h2.txt` from a page at `https://app.test`
//! that used `https://api.test`. The names of preflights contain `-preflight`.

mod common;

use std::path::PathBuf;

use common::{Outcome, every_way, fields};
use embedded_cors::{HeadError, OriginOrNull, Policy, Progress, Reason, Request, RequestKind};

/// Allows everything that the page does.
static API: Policy = Policy::builder()
    .allow_origins(&["http://localhost:3000", "https://app.test"])
    .allow_methods(&["PUT", "DELETE", "PATCH", "patch", "PROPFIND", "OPTIONS"])
    .allow_headers(&[
        "authorization",
        "content-type",
        "if-match",
        "x-csrf-token",
        "x-request-id",
        "accept",
        "x-dup",
        "*",
    ])
    .max_age_seconds(600)
    .build_or_panic();

static STRANGERS: Policy = Policy::builder()
    .allow_origins(&[
        "https://another.example",
        "https://*.app.test",
        "http://localhost:300",
    ])
    .allow_methods(&["*"])
    .allow_headers(&["*", "authorization"])
    .build_or_panic();

fn requests(extension: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/requests");
    let mut requests: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .filter(|(name, _)| name.ends_with(extension))
        .collect();
    requests.sort();
    requests
}

#[track_caller]
fn check(name: &str, head: &str, outcome: &Outcome) {
    let (method, fields) = fields(head);
    let value = |wanted: &str| {
        fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| *value)
    };
    let origin = value("origin");
    let expected = match origin {
        None => RequestKind::NotCors,
        Some(_) if name.contains("-preflight.") => RequestKind::Preflight,
        Some(_) => RequestKind::Actual,
    };
    assert_eq!(outcome.kind, expected, "{name}");
    assert_eq!(
        method == "OPTIONS" && value("access-control-request-method").is_some(),
        expected == RequestKind::Preflight
    );
    let verdict = match origin {
        None => "",
        Some("null") => "refused null_not_allowed",
        Some("http://localhost:3000" | "https://app.test") => "allowed",
        // For example, a page of the API's own origin has posted a form.
        Some(_) => "refused origin_not_allowed",
    };
    assert_eq!(outcome.verdict, verdict, "{name}");
    let allow = format!("access-control-allow-origin: {}\r\n", origin.unwrap_or("-"));
    assert_eq!(outcome.bytes.contains(&allow), verdict == "allowed", "{name}");
    assert!(outcome.bytes.contains("vary: origin"), "{name}");
}

#[test]
fn http_1_heads_get_the_same_answer_in_one_buffer_and_in_pieces() {
    let requests = requests(".http");
    assert_eq!(requests.len(), 183);
    for (name, head) in &requests {
        let outcome = every_way(&API, head);
        check(name, std::str::from_utf8(head).unwrap(), &outcome);
        let outcome = every_way(&STRANGERS, head);
        assert!(!outcome.verdict.starts_with("allowed"), "{name}");
        assert!(
            !outcome.bytes.contains("access-control-allow"),
            "{name}: {}",
            outcome.bytes
        );
    }
}

#[test]
fn http_2_header_lists_get_the_answer_that_the_page_needs() {
    let requests = requests(".h2.txt");
    assert_eq!(requests.len(), 156);
    for (name, list) in &requests {
        let list = std::str::from_utf8(list).unwrap();
        let (method, fields) = fields(list);
        let request = Request::from_fields(method, fields);
        let outcome = Outcome::of(&API.decide(&request), &API);
        check(name, list, &outcome);
    }
}

/// A head without its empty line is incomplete, wherever it ends.
#[test]
fn an_incomplete_head_is_never_allowed() {
    for (name, head) in requests("-preflight.http") {
        for end in 0..head.len() {
            assert!(Request::from_head(&head[..end]).is_err(), "{name} up to {end}");
            let mut reader = embedded_cors::RequestReader::<512>::new();
            assert_eq!(reader.push(&head[..end]), Ok(Progress::NeedsMore));
            let request = reader.request();
            let decision = API.decide(&request);
            assert_eq!(decision.refusal().unwrap().reason(), Reason::HeadIncomplete);
            let partial = Request::from_incomplete_head(&head[..end]);
            // Bytes that end within the method are not a request line yet.
            if let Ok(partial) = partial {
                assert_eq!(
                    API.decide(&partial).refusal().unwrap().reason(),
                    Reason::HeadIncomplete
                );
                for (a, b) in [(&partial, &request), (&request, &partial)] {
                    let (a, b) = (API.decide_for_error_reply(a), API.decide_for_error_reply(b));
                    assert_eq!(
                        (a.kind(), a.refusal()),
                        (b.kind(), b.refusal()),
                        "{name} up to {end}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_origin_is_found_after_a_thousand_fields_and_a_cookie_of_100_kb() {
    let mut head = String::from("GET / HTTP/1.1\r\n");
    for index in 0..1000 {
        head += &format!("X-{index}: {index}\r\n");
    }
    head += &format!("Cookie: {}\r\n", "a".repeat(100_000));
    head += "Origin: https://app.test\r\n\r\n";
    let expected = common::whole(&API, head.as_bytes());
    assert_eq!(expected.verdict, "allowed");
    let cuts: Vec<usize> = (0..head.len()).step_by(64).collect();
    assert_eq!(common::pieces(&API, head.as_bytes(), &cuts), expected);
    assert_eq!(common::policy_pieces(&API, head.as_bytes(), &cuts), expected);
}

#[test]
fn a_request_contains_what_the_browsers_ask_for() {
    let mut asked = 0;
    for (name, head) in requests("put-many-headers-preflight.http") {
        let request = Request::from_head(&head).unwrap();
        let names: Vec<_> = request.requested_headers().collect();
        assert_eq!(
            names,
            [
                "authorization",
                "content-type",
                "if-match",
                "x-csrf-token",
                "x-request-id"
            ],
            "{name}"
        );
        assert_eq!(request.requested_method(), Some("PUT"));
        let Some(OriginOrNull::Origin(origin)) = request.origin() else {
            panic!("{name}")
        };
        assert_eq!(
            (origin.scheme(), origin.host(), origin.port()),
            ("http", "localhost", Some(3000))
        );
        asked += 1;
    }
    assert_eq!(asked, 3);
}

/// Only empty lines may precede the method (<https://www.rfc-editor.org/rfc/rfc9112#section-2.2>).
#[test]
fn a_head_starts_with_a_method() {
    let fine = ["\r\n\r\n\nGET / HTTP/1.1\r\n\r\n", "OPTIONS \r\n\r\n"];
    let wrong = [
        "\rGET / HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "\r\n / HTTP/1.1\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET\r\n\r\n",
    ];
    for (head, result) in fine
        .map(|head| (head, Ok(())))
        .into_iter()
        .chain(wrong.map(|head| (head, Err(HeadError::RequestLine))))
    {
        assert_eq!(
            Request::from_head(head.as_bytes()).map(|_| ()),
            result,
            "{head:?}"
        );
        let mut reader = embedded_cors::RequestReader::<16>::new();
        let pieces: Result<Vec<_>, _> = head
            .as_bytes()
            .chunks(1)
            .map(|piece| reader.push(piece))
            .collect();
        assert_eq!(pieces.map(|_| ()), result, "{head:?}");
    }
}
