//! Law: a browser lets a page do exactly what the policy is meant to allow, the server's decision
//! says the same, and a page whose origin is refused learns nothing.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::browser::{Failure, Server, would_allow};
use embedded_cors::{Request, RequestKind};
use embedded_cors_fuzz::{Page, PolicyOption, PolicySpec, naive};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Case {
    spec: PolicySpec,
    page: Page,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = PolicySpec::arbitrary(u)?;
        let page = Page::arbitrary(u, &spec)?;
        Ok(Self { spec, page })
    }
}

fuzz_target!(|case: Case| {
    let Case { spec, page } = &case;
    let unsafe_names = naive::unsafe_names(&page.headers);
    let mut answers = Vec::new();
    let mut allowed = Vec::new();
    let verdict = spec.with(|policy| {
        page.with(|fetch| {
            if page.can_be_sent() {
                assert_eq!(
                    fetch.unsafe_names().to_string(),
                    unsafe_names.join(","),
                    "the unsafe names (left) differ from the naive ones (right)"
                );
                let safelisted = ["GET", "HEAD", "POST"].contains(&page.normalized_method().as_str());
                assert_eq!(
                    fetch.needs_preflight(),
                    page.upload || !safelisted || !unsafe_names.is_empty(),
                    "needs_preflight"
                );
            }
            let server = |request: &[u8], response: &mut [u8]| {
                let len = (&*policy).respond(request, response)?;
                let asked = Request::from_head(request).expect("a browser sends a head");
                let decision = policy.decide(&asked);
                allowed.push((decision.kind(), decision.is_allowed()));
                answers.push(String::from_utf8_lossy(&response[..len]).into_owned());
                Ok(len)
            };
            would_allow(server, fetch)
        })
    });
    if verdict.is_err_and(|blocked| blocked.failure() == Failure::TooLong) {
        return;
    }
    let expected = means_to_allow(spec, page, &unsafe_names);
    assert_eq!(
        verdict.is_ok(),
        expected,
        "the browser (left: {verdict:?}), what the policy is meant to allow (right): {case:?} {answers:?}"
    );
    // The server decides the same, except that it cannot see whether the page asks for credentials.
    for (kind, allowed) in allowed {
        let without_credentials = Page {
            credentials: false,
            ..page.clone()
        };
        let expected = match kind {
            RequestKind::Preflight => means_to_allow(spec, &without_credentials, &unsafe_names),
            RequestKind::Actual => spec.admits(page.origin.as_bytes()),
            RequestKind::NotCors => panic!("a browser sends an Origin"),
        };
        assert_eq!(
            allowed, expected,
            "the server's verdict on {kind} (left), what the policy is meant to allow (right): {case:?}"
        );
    }
    assert_eq!(
        answers.is_empty(),
        !page.can_be_sent(),
        "no request to the server (left), none is expected (right): {case:?}"
    );
    // The answers of a public policy contain nothing secret.
    if !spec.admits(page.origin.as_bytes()) && !spec.is_public() {
        for answer in &answers {
            assert!(
                !answer.to_ascii_lowercase().contains("\naccess-control-"),
                "the answer to a refused origin has CORS fields: {answer:?} {case:?}"
            );
        }
    }
    let admits_somebody = spec.has_predicate || spec.has(PolicyOption::Loopback) || !spec.origins.is_empty();
    let varies = !spec.is_public() && admits_somebody;
    for answer in &answers {
        assert_eq!(
            answer.contains("\nvary: origin"),
            varies,
            "Vary: Origin (left), answers depend on the origin (right): {answer:?} {case:?}"
        );
    }
});

/// Returns whether the policy is meant to allow the request, from its lists.
fn means_to_allow(spec: &PolicySpec, page: &Page, unsafe_names: &[String]) -> bool {
    let credentials = spec.has(PolicyOption::Credentials);
    let method = page.normalized_method();
    let has = |list: &[String], name: &str| list.iter().any(|entry| entry == name);
    // If the answer echoes a method or names instead of `*`, their length is limited.
    let method_is_allowed = ["GET", "HEAD", "POST"].contains(&method.as_str())
        || has(&spec.methods, &method)
        || (has(&spec.methods, "*") && (!spec.echoes() || method.len() <= 64));
    let any_name = has(&spec.headers, "*");
    let names_are_allowed = unsafe_names.iter().all(|name| {
        let is_listed = spec.headers.iter().any(|entry| entry.eq_ignore_ascii_case(name));
        is_listed || (any_name && name != "authorization")
    });
    let names_are_within_budget = unsafe_names.len() <= 256
        && (!any_name || !spec.echoes() || unsafe_names.join(",").len() <= spec.header_rules().most_echoed());
    page.can_be_sent()
        && spec.admits(page.origin.as_bytes())
        && (credentials || !page.credentials)
        && method_is_allowed
        && names_are_allowed
        && names_are_within_budget
}
