//! Checks that every write is complete or absent, in a buffer of every size, and that the stated
//! bounds hold.

mod common;

use embedded_cors::{FieldLines, MAX_FIELDS, Policy, PolicyReader, Request, RequestReader};

static POLICY: Policy = Policy::builder()
    .allow_origins(&["https://*.example.com", "http://localhost:*"])
    .allow_methods(&["PUT", "DELETE"])
    .allow_headers(&["authorization", "content-type"])
    .expose_headers(&["etag"])
    .allow_credentials()
    .max_age_seconds(86400)
    .build_or_panic();

/// The same origins, with `Timing-Allow-Origin`, so that a response can contain an origin twice.
static TIMING: Policy = Policy::builder()
    .allow_origins(&["https://*.example.com", "http://localhost:*"])
    .allow_credentials()
    .allow_timing()
    .build_or_panic();

const FILL: u8 = 0xa5;

const HEADS: [&str; 5] = [
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nOrigin: https://a.example.com\r\n\r\n",
    "GET / HTTP/1.1\r\nOrigin: https://evil.test\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nOrigin: http://localhost:65535\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nOrigin: https://evil.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
];

/// Checks that `write` succeeds in every buffer of at least `needed` bytes, changes nothing after
/// them, and changes nothing at all if it fails.
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
    for (policy, head) in [&POLICY, &TIMING]
        .into_iter()
        .flat_map(|policy| HEADS.map(|head| (policy, head)))
    {
        let request = Request::from_head(head.as_bytes()).unwrap();
        let decision = policy.decide(&request);
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

/// The longest possible answer fills the stated length to the byte.
#[test]
fn the_longest_response_has_max_response_len_bytes() {
    let mut host = String::from(".example.com");
    while host.len() + 2 < 253 {
        host.insert_str(0, ".a");
    }
    let host = format!("{}{host}", "b".repeat(253 - host.len()));
    assert_eq!(host.len(), 253);
    let origin = format!("https://{host}");
    let request = Request::from_fields(
        "OPTIONS",
        [
            ("origin", origin.as_str()),
            ("access-control-request-method", "PUT"),
        ],
    );
    let decision = POLICY.decide(&request);
    assert!(decision.is_allowed());
    let mut buffer = [0; POLICY.max_response_len()];
    let len = decision
        .preflight()
        .unwrap()
        .write_response(&mut buffer)
        .unwrap()
        .len();
    // The bound has one more byte, for a trailing dot that this pattern does not have.
    assert_eq!(len + 1, POLICY.max_response_len());
    assert_eq!(decision.fields().count(), POLICY.max_fields());
    assert_eq!(POLICY.max_fields(), MAX_FIELDS);

    // An `OPTIONS` that is not a preflight has the longest `Vary`, and the origin twice, so this
    // response is longer than that to a preflight.
    let request = Request::from_fields("OPTIONS", [("origin", origin.as_str())]);
    let decision = TIMING.decide(&request);
    assert!(decision.is_allowed());
    let mut buffer = [0; TIMING.max_response_len()];
    let len = decision.write_fields(&mut buffer).unwrap().len();
    assert_eq!(len + 2, TIMING.max_response_len());
    assert_eq!(decision.fields().count(), TIMING.max_fields());
}

#[test]
fn fields_one_by_one_equal_the_block() {
    for head in HEADS {
        let request = Request::from_head(head.as_bytes()).unwrap();
        let decision = POLICY.decide(&request);
        let mut buffer = [FILL; 1024];
        let block: FieldLines<'_> = decision.write_fields(&mut buffer).unwrap();
        let lines: String = decision.fields().map(|field| format!("{field}\r\n")).collect();
        assert_eq!(block.as_str(), lines);
        let pairs: Vec<_> = block.pairs().collect();
        let fields: Vec<_> = decision.fields().collect();
        assert_eq!(pairs.len(), fields.len());
        for ((name, value), field) in pairs.into_iter().zip(fields) {
            assert_eq!(name, field.name());
            assert_eq!(value, field.value().to_string());
            assert_eq!(value.len(), field.value().encoded_len());
            assert_eq!(value, field.value().parts().collect::<String>());
            if let Some(whole) = field.value().to_str() {
                assert_eq!(value, whole);
            }
            assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()));
        }
    }
}

#[test]
fn an_existing_vary_is_merged() {
    let request = Request::from_head(HEADS[0].as_bytes()).unwrap();
    let preflight = Request::from_head(HEADS[3].as_bytes()).unwrap();
    let vary = |request: &Request<'_>, existing: &[&str]| {
        let decision = POLICY.decide(request);
        let merged = decision.merge_vary(existing).unwrap();
        let vary = merged.fields().find(|field| field.name() == "vary").unwrap();
        vary.value().to_string()
    };
    for (existing, merged) in [
        (&[][..], "origin"),
        (&[""], "origin"),
        (&[" \t", ",,"], "origin"),
        (&["accept-encoding"], "accept-encoding,origin"),
        (&[" Accept , accept-language "], "Accept,accept-language,origin"),
        (
            &["accept", "accept-encoding,\tx"],
            "accept,accept-encoding,x,origin",
        ),
        (&["Origin"], "Origin"),
        (&["accept, ORIGIN"], "accept,ORIGIN"),
        (&["accept", "", ",origin,"], "accept,origin"),
        (&["x-origin"], "x-origin,origin"),
        (&["*"], "*"),
        (&["accept, *"], "accept,*"),
    ] {
        assert_eq!(vary(&request, existing), merged, "{existing:?}");
    }
    assert_eq!(
        vary(&preflight, &["Access-Control-Request-Headers"]),
        "Access-Control-Request-Headers,origin,access-control-request-method"
    );
    for bad in [
        "a\r\nset-cookie: x",
        "a\0",
        "a:b",
        "b\u{fc}",
        "a\"b",
        ",\"",
        "\t@",
        "a b",
    ] {
        let existing = ["x, y", bad];
        let error = POLICY.decide(&request).merge_vary(&existing).unwrap_err();
        assert_eq!((error.index(), error.at()), (1, 1), "{bad:?}");
    }
    // The documentation states how much longer the buffer has to be.
    for existing in [&["x"; 1][..], &["x,y,z", "x"], &["x"; 9]] {
        let decision = POLICY.decide(&preflight);
        let merged = decision.merge_vary(existing).unwrap();
        let more: usize = existing.iter().map(|value| value.len() + 8).sum();
        let mut buffer = vec![0; POLICY.max_response_len() + more];
        assert!(merged.preflight().unwrap().write_response(&mut buffer).is_ok());
        // A policy that needs no `Vary` keeps the server's.
        let decision = PUBLIC.decide(&request);
        let merged = decision.merge_vary(existing).unwrap();
        let vary = merged.fields().last().unwrap().to_string();
        assert_eq!(vary, format!("vary: {}", existing.join(",")));
        let mut buffer = vec![0; PUBLIC.max_response_len() + more];
        assert!(merged.write_fields(&mut buffer).is_ok());
    }
    // Without any member there is no field.
    assert_eq!(
        PUBLIC
            .decide(&request)
            .merge_vary(&[" ,"])
            .unwrap()
            .fields()
            .count(),
        1
    );
}

static PUBLIC: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();

#[test]
fn values_are_written_completely_or_not_at_all() {
    for head in HEADS {
        let request = Request::from_head(head.as_bytes()).unwrap();
        for field in POLICY.decide(&request).fields() {
            let expected = field.value().to_string();
            for size in 0..expected.len() + 3 {
                let mut buffer = vec![FILL; size];
                match field.value().write(&mut buffer) {
                    Ok(value) => assert_eq!(value, expected),
                    Err(error) => assert!(error.needed() == expected.len() && size < expected.len()),
                }
                assert!(buffer.iter().skip(expected.len()).all(|&byte| byte == FILL));
                let mut buffer = vec![FILL; size];
                match field.value().write_c_str(&mut buffer) {
                    Ok(value) => assert_eq!(value.to_bytes(), expected.as_bytes()),
                    Err(error) => {
                        assert!(error.needed() == expected.len() + 1 && size <= expected.len());
                        assert!(buffer.iter().all(|&byte| byte == FILL));
                    }
                }
            }
        }
    }
}

/// The documentation states these sizes for a 64-bit machine. On a microcontroller pointers have
/// half the size.
#[test]
fn the_state_of_a_reader_is_as_small_as_stated() {
    assert!(size_of::<RequestReader<256>>() <= 256 + 48);
    assert!(size_of::<PolicyReader<'static, 128>>() <= 128 + 96);
}

/// The lines borrow only the buffer, so the server may reuse the request's memory before it sends
/// them.
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
