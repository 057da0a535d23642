//! Proves that the first rule whose origins admit the origin of a request decides alone, and that
//! `Vary` names the origin in every answer that depends on it.

use embedded_cors::{Policy, Reason, Request, RequestKind, RequestReader, Rules, RulesReader, rendered};

const APP: &str = "https://app.example.com";
const READER: &str = "https://read.example.com";

static PRIVATE_AND_PUBLIC: Rules = Rules::new_or_panic(&[
    rendered!(
        Policy::builder()
            .allow_origins(&[APP])
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["authorization"])
            .expose_headers(&["etag"])
            .allow_credentials()
            .max_age_seconds(600)
            .build_or_panic()
    ),
    rendered!(
        Policy::builder()
            .allow_origins(&["*"])
            .allow_methods(&["PUT"])
            .build_or_panic()
    ),
]);

static PER_ORIGIN: Rules = Rules::new_or_panic(&[
    Policy::builder()
        .allow_origins(&["https://admin.example.com"])
        .allow_methods(&["DELETE"])
        .build_or_panic(),
    Policy::builder().allow_origins(&[READER]).build_or_panic(),
]);

fn head(method: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("{method} / HTTP/1.1\r\n");
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "\r\n").into_bytes()
}

/// Returns the verdict and the bytes of the answer. Checks that the head in pieces gets the same
/// ones.
fn answer(rules: &Rules<'_>, method: &str, fields: &[(&str, &str)]) -> (Result<(), Option<Reason>>, String) {
    let head = head(method, fields);
    let request = Request::from_head(&head).unwrap();
    let whole = outcome(rules, &rules.decide(&request));
    let mut reader = RulesReader::<256>::new(*rules);
    for piece in head.chunks(7) {
        reader.push(piece).unwrap();
    }
    assert_eq!(outcome(rules, &reader.decide()), whole);
    whole
}

fn outcome(
    rules: &Rules<'_>,
    decision: &embedded_cors::Decision<'_>,
) -> (Result<(), Option<Reason>>, String) {
    // A buffer of the stated length is enough, and there are at most as many fields as stated.
    let mut buffer = vec![0xa5; rules.max_response_len()];
    let bytes = match decision.preflight() {
        Some(preflight) => preflight.write_response(&mut buffer).unwrap(),
        None => decision.write_fields(&mut buffer).unwrap().as_bytes(),
    };
    assert!(decision.fields().count() <= rules.max_fields());
    let lines: String = decision.fields().map(|field| format!("{field}\r\n")).collect();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(&lines), "{text} has other fields than {lines}");
    let verdict = match decision.refusal() {
        _ if decision.is_allowed() => Ok(()),
        refusal => Err(refusal.map(|refusal| refusal.reason())),
    };
    (verdict, text)
}

#[test]
fn everyone_may_read_and_listed_sites_with_credentials() {
    let (verdict, text) = answer(&PRIVATE_AND_PUBLIC, "GET", &[("Origin", APP)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(
        text,
        "access-control-allow-origin: https://app.example.com\r\n\
         access-control-allow-credentials: true\r\n\
         access-control-expose-headers: etag\r\n\
         vary: origin\r\n"
    );
    for origin in [
        "https://other.example",
        "null",
        "file://",
        "not an origin",
        "https://a.example/",
    ] {
        let (verdict, text) = answer(&PRIVATE_AND_PUBLIC, "GET", &[("Origin", origin)]);
        assert_eq!(verdict, Ok(()), "{origin}");
        assert_eq!(
            text, "access-control-allow-origin: *\r\nvary: origin\r\n",
            "{origin}"
        );
    }
    let twice = [("Origin", APP), ("Origin", APP)];
    let (verdict, text) = answer(&PRIVATE_AND_PUBLIC, "GET", &twice);
    assert_eq!(
        (verdict, &*text),
        (Ok(()), "access-control-allow-origin: *\r\nvary: origin\r\n")
    );
}

#[test]
fn a_request_without_origin_gets_nothing_but_vary() {
    for rules in [&PRIVATE_AND_PUBLIC, &PER_ORIGIN] {
        let (verdict, text) = answer(rules, "GET", &[("Host", "api.example.com")]);
        assert_eq!((verdict, &*text), (Err(None), "vary: origin\r\n"));
        let (_, text) = answer(rules, "OPTIONS", &[]);
        assert_eq!(
            text,
            "vary: origin,access-control-request-method,access-control-request-headers\r\n"
        );
    }
}

#[test]
fn each_rule_has_its_own_methods() {
    let asks = |origin| [("Origin", origin), ("Access-Control-Request-Method", "DELETE")];
    let (verdict, _) = answer(&PER_ORIGIN, "OPTIONS", &asks("https://admin.example.com"));
    assert_eq!(verdict, Ok(()));
    let (verdict, text) = answer(&PER_ORIGIN, "OPTIONS", &asks(READER));
    assert_eq!(verdict, Err(Some(Reason::MethodNotAllowed)));
    assert!(
        text.contains("access-control-allow-methods: GET,HEAD,POST\r\n"),
        "{text}"
    );
    let (verdict, text) = answer(&PRIVATE_AND_PUBLIC, "OPTIONS", &asks("https://other.example"));
    assert_eq!(verdict, Err(Some(Reason::MethodNotAllowed)));
    assert!(
        text.contains("vary: origin,access-control-request-method,access-control-request-headers\r\n"),
        "{text}"
    );
}

#[test]
fn an_origin_that_no_rule_admits_is_refused() {
    for (origin, reason) in [
        ("https://evil.example", Reason::OriginNotAllowed),
        ("null", Reason::NullNotAllowed),
        ("https://read.example.com/", Reason::OriginMalformed),
    ] {
        let (verdict, text) = answer(&PER_ORIGIN, "GET", &[("Origin", origin)]);
        assert_eq!((verdict, &*text), (Err(Some(reason)), "vary: origin\r\n"));
        let asks = [("Origin", origin), ("Access-Control-Request-Method", "PUT")];
        let (verdict, text) = answer(&PER_ORIGIN, "OPTIONS", &asks);
        assert_eq!(verdict, Err(Some(reason)));
        assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
    }
}

#[test]
fn one_rule_is_its_policy() {
    for policy in PRIVATE_AND_PUBLIC.policies() {
        let list = [*policy];
        let rules = Rules::new(&list).unwrap();
        assert_eq!(rules.max_response_len(), policy.max_response_len());
        assert_eq!(rules.max_fields(), policy.max_fields());
        for origin in [Some(APP), Some("https://other.example"), None] {
            for method in ["GET", "OPTIONS"] {
                let mut request = Request::new(method);
                if let Some(origin) = origin {
                    request.push("Origin", origin);
                }
                request.push("Access-Control-Request-Method", "DELETE");
                assert_eq!(
                    outcome(&rules, &rules.decide(&request)),
                    outcome(&rules, &policy.decide(&request))
                );
                assert_eq!(
                    outcome(&rules, &rules.decide_for_error_reply(&request)),
                    outcome(&rules, &policy.decide_for_error_reply(&request))
                );
            }
        }
    }
}

#[test]
fn an_incomplete_head_is_refused_and_an_error_reply_is_not() {
    let mut reader = RequestReader::<128>::new();
    reader
        .push(b"GET / HTTP/1.1\r\nOrigin: https://other.example\r\nCookie: ")
        .unwrap();
    let request = reader.request();
    let decision = PRIVATE_AND_PUBLIC.decide(&request);
    assert_eq!(decision.refusal().unwrap().reason(), Reason::HeadIncomplete);
    let (_, text) = outcome(&PRIVATE_AND_PUBLIC, &decision);
    assert_eq!(text, "vary: origin\r\n");
    let decision = PRIVATE_AND_PUBLIC.decide_for_error_reply(&request);
    assert_eq!(decision.kind(), RequestKind::Actual);
    let (_, text) = outcome(&PRIVATE_AND_PUBLIC, &decision);
    assert_eq!(text, "access-control-allow-origin: *\r\nvary: origin\r\n");
}
