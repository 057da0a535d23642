//! Law: a request is allowed if and only if a browser accepts the bytes that are written for it,
//! and an answer says in `Vary` which request fields it depends on.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestReader, Rules, RulesReader};
use embedded_cors_fuzz::{Asked, Outcome, PolicyOption, PolicySpec, asked_fields, check_agreement};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Case {
    spec: PolicySpec,
    /// The second rule of a list.
    other: PolicySpec,
    asked: Asked,
    /// Another value for one of the fields.
    changed: Asked,
    field: u8,
    truncated: u8,
    piece: usize,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = PolicySpec::arbitrary(u)?;
        let asked = asked_fields(u, &spec)?;
        let changed = asked_fields(u, &spec)?;
        Ok(Self {
            asked,
            changed,
            field: u.int_in_range(0..=2)?,
            // One bit for each field; most requests are not truncated.
            truncated: u.int_in_range(0..=31u8)?.saturating_sub(24),
            piece: u.int_in_range(1..=80)?,
            other: PolicySpec::arbitrary(u)?,
            spec,
        })
    }
}

const FIELDS: [&str; 3] = [
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
];

fuzz_target!(|case: Case| {
    case.spec.with(|policy| {
        check(&case, policy);
        let mut memory = vec![b'Z'; policy.rendered_len()];
        check(
            &case,
            &policy.render(&mut memory).expect("the memory is long enough"),
        );
        case.other.with(|other| {
            let policies = [*policy, *other];
            let is_public = case.spec.is_public();
            check_vary(&case, is_public, |request| lines(&policy.decide(request)));
            check_vary(&case, false, |request| {
                lines(&policy.decide_for_error_reply(request))
            });
            // A rule that never decides is a mistake.
            if let Ok(rules) = Rules::new(&policies) {
                check_rules(&case, &rules);
                check_vary(&case, false, |request| lines(&rules.decide(request)));
            }
        });
    });
});

fn request(asked: &Asked) -> Request<'_> {
    let mut request = Request::new(&asked.method);
    asked.fields().for_each(|(name, value)| request.push(name, value));
    request
}

fn truncate(request: &mut Request<'_>, case: &Case) {
    for (index, field) in FIELDS.iter().enumerate() {
        if case.truncated >> index & 1 == 1 {
            request.push_truncated(field);
        }
    }
}

fn check(case: &Case, policy: &Policy<'_>) {
    let agree = |asked: &Asked, decision: &Decision<'_>| {
        check_agreement(
            asked,
            &Outcome::of(decision, policy),
            case.spec.has(PolicyOption::Credentials),
        );
    };
    let mut plain = request(&case.asked);
    agree(&case.asked, &policy.decide(&plain));
    agree(&case.asked, &policy.decide_for_error_reply(&plain));
    truncate(&mut plain, case);
    agree(&case.asked, &policy.decide(&plain));
    plain.mark_incomplete();
    agree(&case.asked, &policy.decide(&plain));

    let mut asked = case.asked.clone();
    let head = asked.head();
    let whole = Request::from_head(&head).expect("the head is complete");
    agree(&asked, &policy.decide(&whole));
    fn readers<const N: usize>(
        policy: &Policy<'_>,
        head: &[u8],
        piece: usize,
        agree: impl Fn(&Decision<'_>),
    ) {
        let mut plain = RequestReader::<N>::new();
        let mut with_policy = PolicyReader::<N>::new(policy);
        for piece in head.chunks(piece) {
            plain.push(piece).expect("the head is valid");
            with_policy.push(piece).expect("the head is valid");
        }
        agree(&policy.decide(&plain.request()));
        agree(&with_policy.decide());
    }
    readers::<8192>(policy, &head, case.piece, |decision| agree(&asked, decision));
    // A value that does not fit is truncated.
    readers::<24>(policy, &head, case.piece, |decision| agree(&asked, decision));
    readers::<0>(policy, &head, case.piece, |decision| agree(&asked, decision));
}

fn check_rules(case: &Case, rules: &Rules<'_>) {
    let mut request = request(&case.asked);
    truncate(&mut request, case);
    let decide = |policy: &Policy<'_>| policy.decide_for_error_reply(&request).is_allowed();
    let first = rules.policies().iter().position(decide);
    let credentials =
        first.is_some_and(|first| [&case.spec, &case.other][first].has(PolicyOption::Credentials));
    let decision = rules.decide(&request);
    let outcome = Outcome::within(&decision, rules.max_response_len(), rules.max_fields());
    check_agreement(&case.asked, &outcome, credentials);
    let mut asked = case.asked.clone();
    let head = asked.head();
    fn reader<const N: usize>(rules: &Rules<'_>, head: &[u8], piece: usize) -> Outcome {
        let mut reader = RulesReader::<N>::new(*rules);
        for piece in head.chunks(piece) {
            reader.push(piece).expect("the head is valid");
        }
        Outcome::within(&reader.decide(), rules.max_response_len(), rules.max_fields())
    }
    // If no line is truncated, another rule may decide.
    let whole = Request::from_head(&head).expect("the head is complete");
    let decide = |policy: &Policy<'_>| policy.decide_for_error_reply(&whole).is_allowed();
    let of_whole = rules.policies().iter().position(decide);
    let of_whole =
        of_whole.is_some_and(|first| [&case.spec, &case.other][first].has(PolicyOption::Credentials));
    check_agreement(&asked, &reader::<8192>(rules, &head, case.piece), of_whole);
    // Only `*`, which excludes credentials, admits a truncated `Origin`.
    check_agreement(&asked, &reader::<24>(rules, &head, case.piece), false);
    match first {
        Some(first) => {
            let policy = &rules.policies()[first];
            let alone = Outcome::of(&policy.decide(&request), policy);
            assert_eq!(
                outcome.verdict, alone.verdict,
                "the rules (left), their first policy that admits the origin (right)"
            );
        }
        None => assert_ne!(outcome.verdict, "allowed", "no rule admits the origin"),
    }
}

fn lines(decision: &Decision<'_>) -> Vec<String> {
    decision.fields().map(|field| field.to_string()).collect()
}

/// Changes one field. If the answers differ, both have the field in `Vary`.
fn check_vary(case: &Case, is_public: bool, answer: impl Fn(&Request<'_>) -> Vec<String>) {
    let mut changed = case.asked.clone();
    let field = FIELDS[usize::from(case.field)];
    match case.field {
        0 => changed.origins = case.changed.origins.clone(),
        1 => changed.methods = case.changed.methods.clone(),
        _ => changed.lists = case.changed.lists.clone(),
    }
    // There is one exception: the answer of a policy `*` to an `OPTIONS` with a requested method
    // depends on whether there is an `Origin`, but its `Vary` does not name it.
    let is_exception = is_public
        && field == "origin"
        && changed.origins.is_empty() != case.asked.origins.is_empty()
        && changed.method == "OPTIONS"
        && !changed.methods.is_empty();
    let answers = [answer(&request(&case.asked)), answer(&request(&changed))];
    if answers[0] == answers[1] || is_exception {
        return;
    }
    for answer in &answers {
        let vary = answer.iter().find_map(|line| line.strip_prefix("vary: "));
        let has_field = vary.is_some_and(|vary| vary.split(',').any(|member| member == field));
        assert!(has_field, "{field} is not in Vary of {answers:?}: {case:?}");
    }
}
