//! Law: output is complete or absent, has the stated length, is within the policy's bounds, and is
//! the same through every method that gives it.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::browser::Response;
use embedded_cors::{BufferTooSmall, Decision, MAX_FIELDS, Policy, Request};
use embedded_cors_fuzz::{PolicySpec, head, list, naive};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Case {
    spec: PolicySpec,
    head: String,
    error_reply: bool,
    rendered: bool,
    vary: Vec<String>,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = PolicySpec::arbitrary(u)?;
        Ok(Self {
            head: head(u, &spec)?,
            error_reply: u.ratio(1, 8)?,
            rendered: u.arbitrary()?,
            vary: list(u, 3, vary_value)?,
            spec,
        })
    }
}

/// Makes a value of the server's own `Vary`.
fn vary_value(u: &mut Unstructured<'_>) -> Result<String> {
    let members = list(u, 4, |u| {
        if u.ratio(1, 16)? {
            return u.arbitrary().map(|text: &str| text.to_string());
        }
        u.choose(&[
            "origin",
            "Origin",
            "accept-encoding",
            "*",
            "",
            "access-control-request-method",
            "a b",
            "x\r\ny",
        ])
        .map(|member| member.to_string())
    })?;
    let comma = u.choose(&[",", ", ", " , "])?;
    Ok(members.join(comma))
}

/// The capacity of a `Vec` in bytes.
const ROOM: usize = 32768;

fuzz_target!(|case: Case| {
    case.spec.with(|policy| {
        // The memory is longer than necessary, and not zero.
        let mut memory = vec![b'Z'; policy.rendered_len() + case.vary.len() * 300];
        let rendered = policy.render(&mut memory).expect("the memory is long enough");
        let policy = if case.rendered { &rendered } else { policy };
        let request = Request::from_head(case.head.as_bytes()).expect("the head is complete");
        let decision = match case.error_reply {
            true => policy.decide_for_error_reply(&request),
            false => policy.decide(&request),
        };
        check(&decision, policy, policy.max_response_len());

        let vary: Vec<&str> = case.vary.iter().map(String::as_str).collect();
        let values: Vec<&[u8]> = vary.iter().map(|value| value.as_bytes()).collect();
        let own = naive::members(&values);
        match decision.merge_vary(&vary) {
            Err(error) => {
                assert!(
                    !own.iter().all(|member| naive::is_token(member)),
                    "a list of valid names is refused: {vary:?} {error}"
                );
            }
            Ok(merged) => {
                assert!(
                    own.iter().all(|member| naive::is_token(member)),
                    "an invalid Vary is accepted: {vary:?}"
                );
                let more: usize = vary.iter().map(|value| value.len() + 8).sum();
                check(&merged, policy, policy.max_response_len() + more);
                check_merged(&decision, &merged, &own);
            }
        }
    });
});

/// Compares every method that gives the fields.
fn check(decision: &Decision<'_>, policy: &Policy<'_>, bound: usize) {
    let fields: Vec<(&str, String)> = decision
        .fields()
        .map(|field| (field.name(), field.value().to_string()))
        .collect();
    assert!(
        fields.len() <= policy.max_fields() && policy.max_fields() <= MAX_FIELDS,
        "{} fields, but max_fields is {}",
        fields.len(),
        policy.max_fields()
    );
    for (index, (name, _)) in fields.iter().enumerate() {
        assert!(
            fields[..index].iter().all(|(other, _)| other != name),
            "{name} is repeated"
        );
    }
    let lines: String = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    every_capacity("write_fields", &lines, |buffer| {
        decision.write_fields(buffer).map(|lines| lines.as_bytes())
    });
    assert_eq!(decision.encoded_len(), lines.len(), "encoded_len");
    assert!(
        lines.len() <= bound,
        "{} bytes of fields, but the bound is {bound}",
        lines.len()
    );

    let mut buffer = vec![0xa5; lines.len()];
    let written = decision
        .write_fields(&mut buffer)
        .expect("the buffer is long enough");
    assert!(
        written
            .pairs()
            .eq(fields.iter().map(|(name, value)| (*name, value.as_str()))),
        "pairs differ from fields: {written}"
    );
    append(&lines, |vec| decision.append_fields(vec));

    for field in decision.fields() {
        let value = field.value().to_string();
        let printable = |byte: u8| (b'!'..=b'~').contains(&byte);
        assert!(!value.is_empty() && value.bytes().all(printable), "{field}");
        assert_eq!(field.value().encoded_len(), value.len(), "the length of {field}");
        assert_eq!(
            field.value().parts().collect::<String>(),
            value,
            "the parts of {field}"
        );
        if let Some(text) = field.value().to_str() {
            assert_eq!(text, value, "as_str of {field}");
        }
        let line = format!("{}: {value}\r\n", field.name());
        assert_eq!(field.encoded_len(), line.len(), "encoded_len of {field}");
        every_capacity("the value", &value, |buffer| {
            field.value().write(buffer).map(str::as_bytes)
        });
        every_capacity("the C string", &format!("{value}\0"), |buffer| {
            field
                .value()
                .write_c_str(buffer)
                .map(|text| text.to_bytes_with_nul())
        });
    }

    let Some(preflight) = decision.preflight() else {
        parses(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"), &fields);
        return;
    };
    let len = preflight.encoded_len();
    assert!(
        len <= bound,
        "{len} bytes of a response, but the bound is {bound}"
    );
    let mut buffer = vec![0xa5; len];
    let written = preflight
        .write_response(&mut buffer)
        .expect("the buffer is long enough");
    let response = String::from_utf8(written.to_vec()).expect("a response is ASCII");
    every_capacity("write_response", &response, |buffer| {
        preflight.write_response(buffer)
    });
    append(&response, |vec| preflight.append_response(vec));
    let (status_line, rest) = response.split_once("\r\n").expect("a status line");
    let is_bare = preflight.status() == 204 && rest == format!("{lines}\r\n");
    let end = if is_bare {
        "\r\n"
    } else {
        "content-length: 0\r\n\r\n"
    };
    assert_eq!(rest, format!("{lines}{end}"), "the response has other fields");
    let mut expected = fields.clone();
    if !is_bare {
        expected.push(("content-length", "0".into()));
    }
    parses(&response, &expected);
    let status = format!("HTTP/1.1 {} ", preflight.status());
    assert!(status_line.starts_with(&status), "{status_line}");
}

/// Checks that output is complete or absent, in a buffer of every capacity.
fn every_capacity(
    what: &str,
    expected: &str,
    write: impl for<'b> Fn(&'b mut [u8]) -> std::result::Result<&'b [u8], BufferTooSmall>,
) {
    let needed = expected.len();
    let mut buffer = vec![0xa5; needed + 600];
    for capacity in 0..needed {
        let error = write(&mut buffer[..capacity]).expect_err("the buffer is too small");
        assert_eq!(error.needed(), needed, "{what}: the length that the error states");
    }
    assert!(
        buffer.iter().all(|&byte| byte == 0xa5),
        "{what}: a buffer that is too small has changed"
    );
    for capacity in [needed, needed + 1, needed + 600] {
        let written = write(&mut buffer[..capacity]).expect("the buffer is long enough");
        assert_eq!(
            String::from_utf8_lossy(written),
            expected,
            "{what}: written to {capacity} bytes"
        );
        assert_eq!(buffer[needed], 0xa5, "{what}: a byte after the end has changed");
    }
}

fn append(
    expected: &str,
    append: impl Fn(&mut heapless::VecView<u8>) -> std::result::Result<(), BufferTooSmall>,
) {
    assert!(expected.len() + 16 < ROOM, "ROOM is too small for this input");
    let mut vec = Box::new(heapless::Vec::<u8, ROOM>::new());
    for before in [0, 7, ROOM - expected.len()] {
        vec.clear();
        vec.resize(before, 0xa5).expect("the capacity suffices");
        append(&mut *vec).expect("the capacity suffices");
        assert_eq!(String::from_utf8_lossy(&vec[before..]), expected, "appended");
        assert!(
            vec[..before].iter().all(|&byte| byte == 0xa5),
            "the bytes before have changed"
        );
    }
    if expected.is_empty() {
        return;
    }
    vec.clear();
    vec.resize(ROOM - expected.len() + 1, 0xa5)
        .expect("the capacity suffices");
    let error = append(&mut *vec).expect_err("the capacity is too small");
    assert_eq!(error.needed(), expected.len(), "the length that the error states");
    assert_eq!(vec.len(), ROOM - expected.len() + 1, "a part is appended");
}

/// Checks that a browser and `httparse` read these fields from a head.
fn parses(head: &str, fields: &[(&str, String)]) {
    let fields = || fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    let response = Response::from_head(head.as_bytes()).expect("a browser reads it");
    assert!(
        response.headers().eq(fields()),
        "a browser reads other fields: {head}"
    );
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut headers);
    assert_eq!(
        parsed.parse(head.as_bytes()),
        Ok(httparse::Status::Complete(head.len())),
        "httparse: {head}"
    );
    assert_eq!(parsed.code, Some(response.status()));
    let theirs = parsed.headers.iter().map(|header| (header.name, header.value));
    assert!(theirs.eq(fields()), "httparse reads other fields: {head}");
}

/// Checks that the merged `vary` contains the server's members, then the missing ones of the
/// decision, and that all other fields are unchanged.
fn check_merged(decision: &Decision<'_>, merged: &Decision<'_>, own: &[&[u8]]) {
    let strings = |decision: &Decision<'_>| -> Vec<String> {
        decision
            .fields()
            .filter(|field| field.name() != "vary")
            .map(|field| field.to_string())
            .collect()
    };
    assert_eq!(strings(merged), strings(decision), "fields that are not vary");
    let vary = |decision: &Decision<'_>| {
        let field = decision.fields().find(|field| field.name() == "vary");
        field.map_or(String::new(), |field| field.value().to_string())
    };
    let mut expected: Vec<String> = own
        .iter()
        .map(|member| String::from_utf8_lossy(member).into_owned())
        .collect();
    let before = vary(decision);
    for needed in before.split(',').filter(|member| !member.is_empty()) {
        let has = |member: &[u8]| member == b"*" || member.eq_ignore_ascii_case(needed.as_bytes());
        if !own.iter().any(|member| has(member)) {
            expected.push(needed.into());
        }
    }
    assert_eq!(vary(merged), expected.join(","), "the merged vary");
}
