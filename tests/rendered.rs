//! Checks `rendered!` around every kind of constant expression, whatever names occur in it.

use embedded_cors::{Policy, Request, rendered};

const ORIGINS: &[&str] = &["https://app.example.com"];

// The macro may use this name itself.
static TEXT: [&str; 2] = ["PUT", "DELETE"];
const POLICY: Policy<'static> = embedded_cors::Policy::builder()
    .allow_origins(ORIGINS)
    .allow_methods(&TEXT)
    .build_or_panic();
static OTHER: Policy = POLICY;

static OF_A_CONST: Policy = rendered!(POLICY);
static OF_A_STATIC: Policy = rendered!(OTHER);
static OF_LISTS: Policy = rendered!(
    Policy::builder()
        .allow_origins(ORIGINS)
        .allow_methods(&TEXT)
        .build_or_panic()
);
static OF_RENDERED: Policy = rendered!(OF_LISTS);
const IN_A_CONST: Policy<'static> = rendered!(POLICY);

fn in_a_function() -> Policy<'static> {
    rendered!(POLICY)
}

#[test]
fn a_rendered_policy_gives_the_answer_of_the_policy() {
    let request = Request::from_fields(
        "OPTIONS",
        [
            ("origin", "https://app.example.com"),
            ("access-control-request-method", "PUT"),
        ],
    );
    let answer = |policy: &Policy<'_>| {
        let mut buffer = vec![0; policy.max_response_len()];
        let decision = policy.decide(&request);
        let response = decision.preflight().unwrap().write_response(&mut buffer);
        String::from_utf8(response.unwrap().to_vec()).unwrap()
    };
    let expected = answer(&POLICY);
    assert!(expected.contains("\r\naccess-control-allow-methods: PUT,DELETE\r\n"));
    for policy in [
        &OF_A_CONST,
        &OF_A_STATIC,
        &OF_LISTS,
        &OF_RENDERED,
        &IN_A_CONST,
        &in_a_function(),
    ] {
        assert_eq!(answer(policy), expected);
    }
}
