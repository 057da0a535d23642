//! What a decision writes is complete or absent, as long as it says, within the policy's bounds, and the same however it is taken.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::browser::Response;
use embedded_cors::{BufferTooSmall, Decision, MAX_FIELDS, Policy, Request};
use embedded_cors_fuzz::{Spec, head, list, naive};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Case {
    spec: Spec,
    head: String,
    error_reply: bool,
    rendered: bool,
    vary: Vec<String>,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = Spec::arbitrary(u)?;
        Ok(Self {
            head: head(u, &spec)?,
            error_reply: u.ratio(1, 8)?,
            rendered: u.arbitrary()?,
            vary: list(u, 3, vary_value)?,
            spec,
        })
    }
}

/// The value of a server's own `Vary`.
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

/// As much as a `Vec` has here.
const ROOM: usize = 32768;

fuzz_target!(|case: Case| {
    case.spec.with(|policy| {
        // Longer than it has to be, and not empty.
        let mut memory = vec![b'Z'; policy.rendered_len() + case.vary.len() * 300];
        let rendered = policy.render(&mut memory).expect("there is room");
        let policy = if case.rendered { &rendered } else { policy };
        let request = Request::from_head(case.head.as_bytes()).expect("the head ends");
        let decision = match case.error_reply {
            true => policy.decide_error_reply(&request),
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
                    "a list of names was refused: {vary:?} {error}"
                );
            }
            Ok(merged) => {
                assert!(
                    own.iter().all(|member| naive::is_token(member)),
                    "a Vary smuggles something in: {vary:?}"
                );
                let more: usize = vary.iter().map(|value| value.len() + 8).sum();
                check(&merged, policy, policy.max_response_len() + more);
                check_merged(&decision, &merged, &own);
            }
        }
    });
});

/// Every way to take the fields.
fn check(decision: &Decision<'_>, policy: &Policy<'_>, bound: usize) {
    let fields: Vec<(&str, String)> = decision
        .fields()
        .map(|field| (field.name(), field.value().to_string()))
        .collect();
    assert!(
        fields.len() <= policy.max_fields() && policy.max_fields() <= MAX_FIELDS,
        "{} fields, and {} are the most",
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
        "{} bytes of fields, {bound} are the most",
        lines.len()
    );

    let mut buffer = vec![0xa5; lines.len()];
    let written = decision.write_fields(&mut buffer).expect("it is long enough");
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
        assert_eq!(field.value().len(), value.len(), "the length of {field}");
        assert_eq!(
            field.value().parts().collect::<String>(),
            value,
            "the parts of {field}"
        );
        if let Some(text) = field.value().as_str() {
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
    assert!(len <= bound, "{len} bytes of a response, {bound} are the most");
    let mut buffer = vec![0xa5; len];
    let written = preflight.write_response(&mut buffer).expect("it is long enough");
    let response = String::from_utf8(written.to_vec()).expect("a response is ASCII");
    every_capacity("write_response", &response, |buffer| {
        preflight.write_response(buffer)
    });
    append(&response, |vec| preflight.append_response(vec));
    let (status_line, rest) = response.split_once("\r\n").expect("a status line");
    assert!(
        rest.starts_with(&lines) && rest[lines.len()..].ends_with("\r\n\r\n"),
        "the response has other fields: {response}"
    );
    let mut expected = fields.clone();
    expected.extend(
        rest[lines.len()..]
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                (
                    if name == "content-length" {
                        "content-length"
                    } else {
                        "?"
                    },
                    value.to_string(),
                )
            }),
    );
    parses(&response, &expected);
    let status = format!("HTTP/1.1 {} ", preflight.status());
    assert!(status_line.starts_with(&status), "{status_line}");
}

/// Complete or absent, whatever the capacity.
fn every_capacity(
    what: &str,
    expected: &str,
    write: impl for<'b> Fn(&'b mut [u8]) -> std::result::Result<&'b [u8], BufferTooSmall>,
) {
    let needed = expected.len();
    let mut buffer = vec![0xa5; needed + 600];
    for capacity in 0..needed {
        let error = write(&mut buffer[..capacity]).expect_err("it was written to a buffer that is too small");
        assert_eq!(
            error.needed(),
            needed,
            "{what}: the length that is said to be needed"
        );
    }
    assert!(
        buffer.iter().all(|&byte| byte == 0xa5),
        "{what}: something was written to a buffer that is too small"
    );
    for capacity in [needed, needed + 1, needed + 600] {
        let written = write(&mut buffer[..capacity]).expect("it is long enough");
        assert_eq!(
            String::from_utf8_lossy(written),
            expected,
            "{what}: written to {capacity} bytes"
        );
        assert_eq!(
            buffer[needed], 0xa5,
            "{what}: something is written behind the end"
        );
    }
}

fn append(
    expected: &str,
    append: impl Fn(&mut heapless::VecView<u8>) -> std::result::Result<(), BufferTooSmall>,
) {
    assert!(expected.len() + 16 < ROOM, "the fuzzer's room");
    let mut vec = Box::new(heapless::Vec::<u8, ROOM>::new());
    for before in [0, 7, ROOM - expected.len()] {
        vec.clear();
        vec.resize(before, 0xa5).expect("there is room");
        append(&mut *vec).expect("there is room");
        assert_eq!(String::from_utf8_lossy(&vec[before..]), expected, "appended");
        assert!(
            vec[..before].iter().all(|&byte| byte == 0xa5),
            "what was there has changed"
        );
    }
    if expected.is_empty() {
        return;
    }
    vec.clear();
    vec.resize(ROOM - expected.len() + 1, 0xa5)
        .expect("there is room");
    let error = append(&mut *vec).expect_err("there is no room");
    assert_eq!(
        error.needed(),
        expected.len(),
        "the length that is said to be needed"
    );
    assert_eq!(vec.len(), ROOM - expected.len() + 1, "a part was appended");
}

/// A browser and `httparse` read these fields in it.
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

/// The merged `vary` has the server's own members, then those of the decision that these lack; all other fields are the same.
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
