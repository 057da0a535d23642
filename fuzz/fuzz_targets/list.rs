//! Law: requested headers get the verdict of a naive reader, with the same reason at the same name.
//!
//! The first line of the input contains the policy's names, after `credentials` or `strict` and a
//! `;`. Each further line is a field line.
#![no_main]

use embedded_cors::{Decision, Policy, PolicyReader, Reason, Request, RequestReader};
use embedded_cors_fuzz::{PolicyOption, PolicySpec, naive, on};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or(b""));
    let (options, allowed) = first.split_once(';').unwrap_or(("", &first));
    let spec = PolicySpec {
        origins: vec!["https://example.com".into()],
        headers: allowed.split(',').map(String::from).collect(),
        options: on(&[
            (PolicyOption::Credentials, options.contains("credentials")),
            (PolicyOption::Strict, options.contains("strict")),
        ]),
        ..PolicySpec::default()
    }
    .repaired();
    // A CR at the end of a line would belong to its line break.
    let lines: Vec<&[u8]> = lines.filter(|line| !line.ends_with(b"\r")).collect();
    spec.with(|policy| check(&spec, policy, &lines));
});

fn check(spec: &PolicySpec, policy: &Policy<'_>, lines: &[&[u8]]) {
    let rules = spec.header_rules();
    let expected = rules.refusal(lines);

    let mut request = Request::new("OPTIONS");
    request.push("origin", "https://example.com");
    request.push("access-control-request-method", "GET");
    for line in lines {
        request.push("access-control-request-headers", *line);
    }
    agree("push", &policy.decide(&request), expected);
    let kept: Vec<&[u8]> = lines.iter().take(4).copied().collect();
    let names = naive::members(&kept);
    let given = names.iter().map(|name| {
        if naive::is_token(name) {
            std::str::from_utf8(name).unwrap()
        } else {
            ""
        }
    });
    assert!(
        request.requested_headers().eq(given.clone()),
        "requested_headers gives {:?} instead of {:?}",
        request.requested_headers().collect::<Vec<_>>(),
        given.collect::<Vec<_>>()
    );

    let mut head =
        b"OPTIONS / HTTP/1.1\r\norigin: https://example.com\r\naccess-control-request-method: GET\r\n"
            .to_vec();
    for line in lines {
        head.extend_from_slice(b"Access-Control-Request-Headers:");
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let request = Request::from_head(&head).expect("the head is complete");
    agree("from_head", &policy.decide(&request), expected);
    let mut reader = PolicyReader::<8192>::new(policy);
    reader.push(&head).expect("the head is valid");
    agree("PolicyReader", &reader.decide(), expected);
    let mut reader = RequestReader::<8192>::new();
    reader.push(&head).expect("the head is valid");
    agree("RequestReader", &policy.decide(&reader.request()), expected);

    // The simplest reader knows neither budgets nor the strict form.
    let by_budget = [
        Reason::RequestHeadersOverBudget,
        Reason::RequestHeadersNotStrict,
        Reason::EchoTooLong,
    ];
    if !expected.is_some_and(|(reason, _)| by_budget.contains(&reason)) {
        assert_eq!(
            policy.decide(&Request::clone(&request)).is_allowed(),
            rules.allows(lines),
            "the simplest reader disagrees"
        );
    }
}

fn agree(way: &str, decision: &Decision<'_>, expected: Option<(Reason, Option<usize>)>) {
    let refusal = decision.refusal().map(|refusal| {
        (
            refusal.reason(),
            refusal.position().map(|position| position.index()),
        )
    });
    assert_eq!(
        refusal, expected,
        "{way} (left) differs from the naive reader (right)"
    );
}
