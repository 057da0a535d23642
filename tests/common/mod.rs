//! Gives a request to a policy in every way, for the tests.

#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub mod agreement;
pub mod decisions;
pub mod doors;
pub mod naive;
pub mod naive_doors;
mod outcome;
mod policy_spec;

use embedded_cors::{Policy, PolicyReader, Progress, Request, RequestReader, Rules};

pub use outcome::Outcome;
pub use policy_spec::{PolicyOption, PolicySpec};

/// Decides on a head in one buffer.
pub fn whole(policy: &Policy<'_>, head: &[u8]) -> Outcome {
    let request = Request::from_head(head).unwrap();
    Outcome::of(&policy.decide(&request), policy)
}

/// Calls `test` with the same policy, rendered into memory that is longer than necessary and not
/// zero.
pub fn rendered<T>(policy: &Policy<'_>, test: impl FnOnce(&Policy<'_>) -> T) -> T {
    let mut memory = vec![b'Z'; policy.rendered_len() + 300];
    test(&policy.render(&mut memory).unwrap())
}

/// Decides on a head in pieces that end at `cuts`.
pub fn pieces(policy: &Policy<'_>, head: &[u8], cuts: &[usize]) -> Outcome {
    let mut reader = RequestReader::<2048>::new();
    push_pieces(head, cuts, |piece| reader.push(piece).unwrap());
    let request = reader.request();
    Outcome::of(&policy.decide(&request), policy)
}

/// Decides on a head in pieces that end at `cuts`, with a reader that knows the policy.
pub fn policy_pieces(policy: &Policy<'_>, head: &[u8], cuts: &[usize]) -> Outcome {
    let mut reader = PolicyReader::<2048>::new(policy);
    push_pieces(head, cuts, |piece| reader.push(piece).unwrap());
    Outcome::of(&reader.decide(), policy)
}

/// Pushes the pieces. Checks that the reader finds the end of the head and reads nothing after it.
fn push_pieces(head: &[u8], cuts: &[usize], mut push: impl FnMut(&[u8]) -> Progress) {
    let mut start = 0;
    for &end in cuts.iter().chain([&head.len()]) {
        if let Progress::Done { used } = push(&head[start..end]) {
            let rest = &head[start + used..];
            assert!(head[..start + used].ends_with(b"\n"));
            for after in [rest, b"more"] {
                assert_eq!(
                    push(after),
                    Progress::Done { used: 0 },
                    "the reader reads on after the end of the head"
                );
            }
            return;
        }
        start = end;
    }
    panic!("the reader does not find the end of the head");
}

/// Calls `test` with the policies of a list of rules.
///
/// # Panics
///
/// Panics if a policy cannot be built.
pub fn with_policies<T>(specs: &[PolicySpec], test: impl FnOnce(&[Policy<'_>]) -> T) -> T {
    // The box gives the closure the same type in every call. Otherwise each call would be another
    // instance of `with_rest`, without end.
    type Test<'t, T> = Box<dyn FnOnce(&[Policy<'_>]) -> T + 't>;

    fn with_rest<T>(specs: &[PolicySpec], built: &[Policy<'_>], test: Test<'_, T>) -> T {
        let Some((first, rest)) = specs.split_first() else {
            return test(built);
        };
        first.with(|policy| with_rest(rest, &[built, &[*policy]].concat(), test))
    }
    with_rest(specs, &[], Box::new(test))
}

/// Returns the outcome of rules, written into a buffer of the length that they state.
pub fn of_rules(rules: &Rules<'_>, request: &Request<'_>) -> Outcome {
    Outcome::within(
        &rules.decide(request),
        rules.max_response_len(),
        rules.max_fields(),
    )
}

/// Decides on a head in one buffer, with the rendered policy, and in pieces of every kind with both
/// readers. Checks that all outcomes are equal, and returns the outcome.
#[track_caller]
pub fn every_way(policy: &Policy<'_>, head: &[u8]) -> Outcome {
    let expected = whole(policy, head);
    assert_eq!(
        rendered(policy, |policy| whole(policy, head)),
        expected,
        "rendered"
    );
    let every_byte: Vec<usize> = (0..head.len()).collect();
    assert_eq!(pieces(policy, head, &every_byte), expected, "byte by byte");
    assert_eq!(
        policy_pieces(policy, head, &every_byte),
        expected,
        "byte by byte, with the policy"
    );
    for cut in 0..=head.len() {
        assert_eq!(pieces(policy, head, &[cut]), expected, "cut at {cut}");
        assert_eq!(
            policy_pieces(policy, head, &[cut]),
            expected,
            "cut at {cut}, with the policy"
        );
    }
    expected
}

/// Returns the method, names and values of a well-formed head or of an HTTP/2 header list.
pub fn fields(head: &str) -> (&str, Vec<(&str, &str)>) {
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let method = first
        .strip_prefix(":method: ")
        .unwrap_or_else(|| first.split(' ').next().unwrap());
    let fields = lines
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with(':'))
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name, value.trim())
        })
        .collect();
    (method, fields)
}
