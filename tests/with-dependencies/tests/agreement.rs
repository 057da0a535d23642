//! Checks that a verdict agrees with the bytes that are written, and that `Vary` names the fields
//! on which they depend: for every policy that can be built, for lists of rules, and for any bytes
//! in the CORS fields.

#[path = "../../common/mod.rs"]
mod common;
mod generators;

use common::agreement::{Asked, ORIGIN, REQUEST_HEADERS, REQUEST_METHOD, check_agreement};
use common::{
    Outcome, PolicyOption, PolicySpec, naive, of_rules, pieces, policy_pieces, rendered, whole, with_policies,
};
use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestKind, RequestReader, Rules};
use generators::{REQUEST_METHODS, REQUEST_ORIGINS, policy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Origins that browsers send for pages without a host that DNS knows.
const ODD_ORIGINS: &[&str] = &[
    "file://",
    "app://.",
    "app://-",
    "capacitor-electron://-",
    "myapp://",
    "content://com.example.app",
    "http://_a.example",
    "https://a-.example",
    "https://example.com.",
];

/// Generates any bytes, or text that is nearly what a browser sends.
fn value(browser: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Vec<u8>> {
    let browser = browser.prop_map(String::into_bytes).boxed();
    let changed =
        (browser.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut value, at, byte)| {
            value.insert(at.index(value.len() + 1), byte);
            value
        });
    prop_oneof![
        8 => browser,
        2 => changed,
        1 => vec(any::<u8>(), 0..12),
        1 => vec(select(b" \t,*\r\0a-A:/\x80".as_slice()), 0..8),
    ]
    .boxed()
}

fn origin() -> BoxedStrategy<Vec<u8>> {
    value(prop_oneof![3 => select(REQUEST_ORIGINS), 1 => select(ODD_ORIGINS)].prop_map(String::from))
}

fn method() -> BoxedStrategy<Vec<u8>> {
    value(prop_oneof![
        8 => select(REQUEST_METHODS).prop_map(String::from),
        1 => Just("*".to_string()),
        1 => (60..68usize).prop_map(|len| "M".repeat(len)),
    ])
}

fn names() -> BoxedStrategy<Vec<u8>> {
    let name = select(
        &[
            "authorization",
            "content-type",
            "x-a",
            "x-ab",
            "X-ABC",
            "x-abcd",
            "accept",
            "cookie",
            "*",
            "",
        ][..],
    );
    let list =
        (vec(name, 0..5), select(&[",", ", ", ",,", "\t,"][..])).prop_map(|(names, comma)| names.join(comma));
    let long = (500..530usize).prop_map(|len| format!("{},{}", "y".repeat(len), "z".repeat(len)));
    value(prop_oneof![12 => list, 1 => long])
}

/// Most requests have one line of a field.
fn lines(value: BoxedStrategy<Vec<u8>>, most: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop_oneof![8 => vec(value.clone(), 1), 1 => vec(value, 0..most + 1)]
}

prop_compose! {
    fn asked()(
        method in select(&["GET", "PUT", "OPTIONS", "OPTIONS", "OPTIONS", "options"][..]).prop_map(String::from),
        origins in lines(origin(), 2),
        methods in lines(method(), 2),
        lists in lines(names(), 5),
    ) -> Asked {
        Asked { method, origins, methods, lists }
    }
}

prop_compose! {
    /// Generates a policy that can be built, some with a predicate.
    fn policy_or_predicate()(mut spec in policy(), has_predicate in prop::bool::weighted(0.2)) -> PolicySpec {
        spec.has_predicate = has_predicate;
        if has_predicate {
            spec.options.push(PolicyOption::TrustPredicate);
        }
        spec
    }
}

/// The entries of a policy that a request asks for, if it does not ask for anything.
#[derive(Clone, Debug)]
struct Fit {
    origin: prop::sample::Index,
    method: prop::sample::Index,
    names: Vec<prop::sample::Index>,
}

fn fit() -> impl Strategy<Value = Option<Fit>> {
    let index = any::<prop::sample::Index>;
    let fit = (index(), index(), vec(index(), 0..4));
    prop::option::of(fit.prop_map(|(origin, method, names)| Fit {
        origin,
        method,
        names,
    }))
}

/// Returns a request that the policy probably allows, or `asked`.
fn fitted(mut asked: Asked, spec: &PolicySpec, fit: &Option<Fit>) -> Asked {
    let Some(fit) = fit else { return asked };
    if !spec.origins.is_empty() {
        let entry = fit.origin.get(&spec.origins);
        asked.origins = vec![naive::example(entry, "a").into_bytes()];
    }
    if !spec.methods.is_empty() {
        asked.methods = vec![fit.method.get(&spec.methods).clone().into_bytes()];
    }
    if !spec.headers.is_empty() {
        let names = fit.names.iter().map(|index| index.get(&spec.headers).as_str());
        asked.lists = vec![names.collect::<Vec<_>>().join(",").into_bytes()];
    }
    asked
}

fn request(asked: &Asked) -> Request<'_> {
    let mut request = Request::new(&asked.method);
    asked.fields().for_each(|(name, value)| request.push(name, value));
    request
}

fn in_small_readers<const N: usize>(policy: &Policy<'_>, head: &[u8]) -> [Outcome; 2] {
    let mut reader = RequestReader::<N>::new();
    let mut with_policy = PolicyReader::<N>::new(policy);
    for piece in head.chunks(7) {
        reader.push(piece).unwrap();
        with_policy.push(piece).unwrap();
    }
    let request = reader.request();
    [
        Outcome::of(&policy.decide(&request), policy),
        Outcome::of(&with_policy.decide(), policy),
    ]
}

proptest! {
    /// The law of this file: a request is allowed if and only if a browser accepts the answer.
    #[test]
    fn a_verdict_is_what_a_browser_makes_of_the_bytes(spec in policy_or_predicate(), asked in asked(), fit in fit()) {
        let mut asked = fitted(asked, &spec, &fit);
        let credentials = spec.has(PolicyOption::Credentials);
        spec.with(|policy| {
            let request = request(&asked);
            check_agreement(&asked, &Outcome::of(&policy.decide(&request), policy), credentials);
            let error_reply = Outcome::of(&policy.decide_for_error_reply(&request), policy);
            check_agreement(&asked, &error_reply, credentials);
            rendered(policy, |policy| {
                check_agreement(&asked, &Outcome::of(&policy.decide(&request), policy), credentials);
            });
        });
        let head = asked.head();
        spec.with(|policy| {
            let every: Vec<usize> = (0..head.len()).collect();
            check_agreement(&asked, &whole(policy, &head), credentials);
            check_agreement(&asked, &pieces(policy, &head, &every), credentials);
            check_agreement(&asked, &policy_pieces(policy, &head, &every), credentials);
            // A value that does not fit into the buffer of a reader is truncated.
            for outcome in in_small_readers::<0>(policy, &head)
                .into_iter()
                .chain(in_small_readers::<24>(policy, &head))
                .chain(in_small_readers::<60>(policy, &head))
            {
                check_agreement(&asked, &outcome, credentials);
            }
        });
    }

    /// Tests requests with lines that the server truncated, and heads that did not end.
    #[test]
    fn a_verdict_on_a_part_of_a_request_is_what_a_browser_makes_of_the_bytes(
        spec in policy_or_predicate(),
        asked in asked(),
        truncated in vec(select(&[ORIGIN, REQUEST_METHOD, REQUEST_HEADERS][..]), 0..3),
        is_incomplete in any::<bool>(),
    ) {
        spec.with(|policy| {
            let mut request = request(&asked);
            truncated.iter().for_each(|name| request.push_truncated(*name));
            if is_incomplete {
                request.mark_incomplete();
            }
            let outcome = Outcome::of(&policy.decide(&request), policy);
            if is_incomplete {
                prop_assert!(!outcome.bytes.contains("access-control-allow-origin"), "{:?}", outcome);
            }
            check_agreement(&asked, &outcome, spec.has(PolicyOption::Credentials));
            Ok(())
        })?;
    }

    /// The CORS check of a browser does not compare origins if the answer is `*`, so a policy `*`
    /// refuses none.
    #[test]
    fn the_origin_star_admits_every_request_with_an_origin(spec in policy(), asked in asked(), truncated in any::<bool>()) {
        if !spec.origins.iter().any(|origin| origin == "*") {
            return Ok(());
        }
        spec.with(|policy| {
            let mut request = request(&asked);
            if truncated {
                request.push_truncated(ORIGIN);
            }
            let decision = policy.decide(&request);
            let by_origin = decision.refusal().is_some_and(|refusal| {
                ["origin", "null"].iter().any(|word| refusal.reason().name().starts_with(word))
            });
            prop_assert!(!by_origin, "{}", decision);
            if decision.kind() != RequestKind::Preflight {
                let first = decision.fields().next().map(|field| field.to_string());
                prop_assert_eq!(first.as_deref(), Some("access-control-allow-origin: *"));
            }
            Ok(())
        })?;
    }

    /// If two requests differ in one CORS field only and get different fields, both answers have
    /// that field in `Vary`.
    #[test]
    fn an_answer_that_depends_on_a_field_says_so_in_vary(
        specs in prop_oneof![3 => vec(policy_or_predicate(), 1), 1 => vec(policy_or_predicate(), 2..4)],
        asked in asked(),
        fit in fit(),
        other in asked(),
        field in select(&[ORIGIN, REQUEST_METHOD, REQUEST_HEADERS][..]),
        error_reply in prop::bool::weighted(0.1),
        is_rendered in any::<bool>(),
    ) {
        let asked = fitted(asked, &specs[0], &fit);
        let mut changed = asked.clone();
        match field {
            ORIGIN => changed.origins = other.origins,
            REQUEST_METHOD => changed.methods = other.methods,
            _ => changed.lists = other.lists,
        }
        let is_public = specs.len() == 1 && specs[0].origins.iter().any(|origin| origin == "*");
        // There is one exception: the answer of a policy `*` to an `OPTIONS` with a requested
        // method depends on whether there is an `Origin`, but its `Vary` does not name it. No
        // browser sends a requested method without an `Origin`.
        let is_exception = is_public
            && field == ORIGIN
            && asked.origins.is_empty() != changed.origins.is_empty()
            && asked.method == "OPTIONS"
            && !asked.methods.is_empty();
        with_policies(&specs, |policies| {
            // A rule that never decides is a mistake.
            let rules = match policies {
                [_] => None,
                policies => match Rules::new(policies) {
                    Ok(rules) => Some(rules),
                    Err(_) => return Ok(()),
                },
            };
            let (asked, changed) = (request(&asked), request(&changed));
            let answer = |request: &Request<'_>| match (&rules, error_reply) {
                (Some(rules), false) => fields(&rules.decide(request)),
                (Some(rules), true) => fields(&rules.decide_for_error_reply(request)),
                (None, false) if is_rendered => {
                    rendered(&policies[0], |policy| fields(&policy.decide(request)))
                }
                (None, false) => fields(&policies[0].decide(request)),
                (None, true) => fields(&policies[0].decide_for_error_reply(request)),
            };
            let answers = [answer(&asked), answer(&changed)];
            if answers[0] != answers[1] && !is_exception {
                for answer in &answers {
                    let vary = answer.iter().find_map(|line| line.strip_prefix("vary: ")).unwrap_or("");
                    prop_assert!(vary.split(',').any(|member| member == field), "{field} is not in {:?}", answers);
                }
            }
            Ok(())
        })?;
    }

    /// Rules decide like the first policy that admits the origin, and their answers agree with a
    /// browser.
    #[test]
    fn rules_decide_like_the_first_policy_that_admits_the_origin(
        specs in vec(policy_or_predicate(), 1..4),
        asked in asked(),
        fit in fit(),
        is_incomplete in prop::bool::weighted(0.05),
    ) {
        let asked = fitted(asked, &specs[specs.len() - 1], &fit);
        with_policies(&specs, |policies| {
            let Ok(rules) = Rules::new(policies) else { return Ok(()) };
            let mut request = request(&asked);
            if is_incomplete {
                request.mark_incomplete();
            }
            let outcome = of_rules(&rules, &request);
            let by_policies: Vec<Outcome> =
                policies.iter().map(|policy| Outcome::of(&policy.decide(&request), policy)).collect();
            if let [only] = &by_policies[..] {
                prop_assert_eq!(&outcome, only);
            }
            // The origin alone determines which policy decides.
            let admits = |policy: &Policy<'_>| policy.decide_for_error_reply(&request).is_allowed();
            let first = policies.iter().position(admits).filter(|_| !is_incomplete);
            match first {
                Some(first) => {
                    prop_assert_eq!(&outcome.verdict, &by_policies[first].verdict);
                    prop_assert_eq!(without_vary(&outcome), without_vary(&by_policies[first]));
                }
                None => prop_assert_ne!(&outcome.verdict, "allowed"),
            }
            if policies.len() > 1 {
                let vary = if asked.method == "OPTIONS" {
                    "vary: origin,access-control-request-method,access-control-request-headers\r\n"
                } else {
                    "vary: origin\r\n"
                };
                prop_assert!(outcome.bytes.contains(vary), "{:?}", outcome);
                if asked.origins.is_empty() {
                    prop_assert_eq!(&outcome.bytes, vary);
                }
            }
            let credentials = first.is_some_and(|first| specs[first].has(PolicyOption::Credentials));
            check_agreement(&asked, &outcome, credentials);
            let error_reply = rules.decide_for_error_reply(&request);
            let error_reply = Outcome::within(&error_reply, rules.max_response_len(), rules.max_fields());
            check_agreement(&asked, &error_reply, credentials);
            Ok(())
        })?;
    }
}

fn fields(decision: &Decision<'_>) -> Vec<String> {
    let mut buffer = vec![0; decision.encoded_len()];
    let lines = decision.write_fields(&mut buffer).unwrap();
    lines
        .as_str()
        .split_terminator("\r\n")
        .map(String::from)
        .collect()
}

fn without_vary(outcome: &Outcome) -> Vec<&str> {
    outcome
        .bytes
        .split("\r\n")
        .filter(|line| !line.starts_with("vary: "))
        .collect()
}
