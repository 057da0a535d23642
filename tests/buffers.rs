//! Proves that a write is complete or absent, in a buffer of every size, and that the stated bounds hold.

mod common;

use embedded_cors::{FieldBlock, MAX_FIELDS, Policy, Request};

static POLICY: Policy = Policy::builder()
    .allow_origins(&["https://*.example.com", "http://localhost:*"])
    .allow_methods(&["PUT", "DELETE"])
    .allow_headers(&["authorization", "content-type"])
    .expose_headers(&["etag"])
    .allow_credentials()
    .allow_private_network()
    .max_age_seconds(86400)
    .build_or_panic();

const FILL: u8 = 0xa5;

const HEADS: [&str; 5] = [
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nOrigin: https://a.example.com\r\n\r\n",
    "GET / HTTP/1.1\r\nOrigin: https://evil.test\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nOrigin: http://localhost:65535\r\nAccess-Control-Request-Method: PUT\r\n\
     Access-Control-Request-Private-Network: true\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nOrigin: https://evil.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
];

/// `write` succeeds exactly from `needed` bytes on, touches nothing behind them, and nothing at all when it fails.
fn every_size(needed: usize, write: impl Fn(&mut [u8]) -> Result<Vec<u8>, usize>) {
    let mut exact = vec![FILL; needed];
    let expected = write(&mut exact).unwrap();
    assert_eq!(exact, expected);
    for size in 0..=needed + 1 {
        let mut buffer = vec![FILL; size];
        match write(&mut buffer) {
            Ok(written) => {
                assert!(size >= needed);
                assert_eq!(written, expected);
                assert_eq!(&buffer[..needed], expected);
                assert!(buffer[needed..].iter().all(|&byte| byte == FILL));
            }
            Err(said) => {
                assert!(size < needed);
                assert_eq!(said, needed);
                assert!(
                    buffer.iter().all(|&byte| byte == FILL),
                    "something was written into {size} bytes"
                );
            }
        }
    }
}

#[test]
fn fields_are_written_completely_or_not_at_all() {
    for head in HEADS {
        let request = Request::from_head(head.as_bytes()).unwrap();
        let decision = POLICY.decide(&request);
        every_size(decision.encoded_len(), |buffer| {
            let block = decision.write_fields(buffer).map_err(|error| error.needed())?;
            Ok(block.as_bytes().to_vec())
        });
    }
}

#[test]
fn preflight_responses_are_written_completely_or_not_at_all() {
    let mut preflights = 0;
    for head in HEADS {
        let request = Request::from_head(head.as_bytes()).unwrap();
        let decision = POLICY.decide(&request);
        let Some(preflight) = decision.preflight() else {
            continue;
        };
        every_size(preflight.encoded_len(), |buffer| {
            let response = preflight.write_response(buffer).map_err(|error| error.needed())?;
            Ok(response.to_vec())
        });
        preflights += 1;
    }
    assert_eq!(preflights, 2);
}

/// The longest answer there is fills the stated length to the byte.
#[test]
fn max_response_len_is_reached_and_not_passed() {
    let mut host = String::from(".example.com");
    while host.len() + 2 < 253 {
        host.insert_str(0, ".a");
    }
    let host = format!("{}{host}", "b".repeat(253 - host.len()));
    assert_eq!(host.len(), 253);
    let head = format!(
        "OPTIONS / HTTP/1.1\r\nOrigin: https://{host}\r\nAccess-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Private-Network: true\r\n\r\n"
    );
    let request = Request::from_head(head.as_bytes()).unwrap();
    let decision = POLICY.decide(&request);
    assert!(decision.is_allowed());
    let mut buffer = [0; POLICY.max_response_len()];
    let len = decision
        .preflight()
        .unwrap()
        .write_response(&mut buffer)
        .unwrap()
        .len();
    // A pattern's host may be one byte longer, for a dot that this pattern does not end with.
    assert_eq!(len + 1, POLICY.max_response_len());
    assert_eq!(decision.fields().count(), POLICY.max_fields());
    assert_eq!(POLICY.max_fields(), MAX_FIELDS);
}

#[test]
fn fields_one_by_one_are_the_block() {
    for head in HEADS {
        let request = Request::from_head(head.as_bytes()).unwrap();
        let decision = POLICY.decide(&request);
        let mut buffer = [FILL; 1024];
        let block: FieldBlock<'_> = decision.write_fields(&mut buffer).unwrap();
        let lines: String = decision.fields().map(|field| format!("{field}\r\n")).collect();
        assert_eq!(block.as_str(), lines);
        let pairs: Vec<_> = block.iter().collect();
        let fields: Vec<_> = decision.fields().collect();
        assert_eq!(pairs.len(), fields.len());
        for ((name, value), field) in pairs.into_iter().zip(fields) {
            assert_eq!(name, field.name());
            assert_eq!(value, field.value().to_string());
            assert_eq!(value.len(), field.value().len());
            assert_eq!(value, field.value().parts().collect::<String>());
            if let Some(whole) = field.value().as_str() {
                assert_eq!(value, whole);
            }
            assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()));
        }
    }
}

#[test]
fn existing_vary_is_merged() {
    let request = Request::from_head(HEADS[0].as_bytes()).unwrap();
    let preflight = Request::from_head(HEADS[3].as_bytes()).unwrap();
    let vary = |request, existing: &str| {
        let decision = POLICY.decide(request).merge_vary(existing).unwrap();
        decision
            .fields()
            .find(|field| field.name() == "vary")
            .unwrap()
            .value()
            .to_string()
    };
    assert_eq!(vary(&request, ""), "origin");
    assert_eq!(vary(&request, " \t"), "origin");
    assert_eq!(vary(&request, "accept-encoding"), "accept-encoding,origin");
    assert_eq!(
        vary(&request, " Accept , accept-language "),
        "Accept , accept-language,origin"
    );
    assert_eq!(vary(&request, "Origin"), "Origin");
    assert_eq!(vary(&request, "accept, ORIGIN"), "accept, ORIGIN");
    assert_eq!(vary(&request, "x-origin"), "x-origin,origin");
    assert_eq!(vary(&request, "*"), "*");
    assert_eq!(vary(&request, "accept, *"), "accept, *");
    assert_eq!(
        vary(&preflight, "Access-Control-Request-Headers"),
        "Access-Control-Request-Headers,origin,access-control-request-method,access-control-request-private-network"
    );
    for bad in ["a\r\nset-cookie: x", "a\0", "a:b", "b\u{fc}", "a\"b"] {
        let error = POLICY.decide(&request).merge_vary(bad).unwrap_err();
        assert_eq!(error.at(), 1, "{bad:?}");
    }
    // The bound says what to add.
    let existing = "x".repeat(100);
    let decision = POLICY.decide(&preflight).merge_vary(&existing).unwrap();
    let mut buffer = vec![0; POLICY.max_response_len() + existing.len() + 8];
    assert!(decision.preflight().unwrap().write_response(&mut buffer).is_ok());

    // A policy that needs none passes the server's own on.
    static PUBLIC: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    let decision = PUBLIC.decide(&request).merge_vary("accept").unwrap();
    assert_eq!(decision.fields().last().unwrap().to_string(), "vary: accept");
    let mut buffer = vec![0; PUBLIC.max_response_len() + "accept".len() + 8];
    assert!(decision.write_fields(&mut buffer).is_ok());
}

/// The block borrows the buffer alone: the request's memory is gone, or overwritten, when it is sent.
#[test]
fn a_block_outlives_the_request() {
    let mut buffer = [0; POLICY.max_response_len()];
    let mut head = Vec::from(HEADS[1]);
    let block = {
        let request = Request::from_head(&head).unwrap();
        POLICY.decide(&request).write_fields(&mut buffer).unwrap()
    };
    head.fill(b'!');
    drop(head);
    assert!(
        block
            .as_str()
            .starts_with("access-control-allow-origin: https://a.example.com\r\n")
    );
}
