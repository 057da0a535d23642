//! Compares the answer to each request of `decisions.txt` with the one written there, byte for
//! byte, in every way to give a request to a policy.

mod common;

use common::decisions::{Case, read};
use common::{Outcome, PolicySpec, every_way, fields};
use embedded_cors::{Request, RequestKind};

fn table() -> (Vec<PolicySpec>, Vec<Case>) {
    read(include_str!("decisions.txt"))
}

fn kind(name: &str) -> RequestKind {
    match name {
        "not-cors" => RequestKind::NotCors,
        "actual" => RequestKind::Actual,
        "preflight" => RequestKind::Preflight,
        _ => panic!("unknown kind of request {name:?}"),
    }
}

#[test]
fn every_case_has_its_answer_in_every_way() {
    let (policies, cases) = table();
    assert!(
        policies.len() >= 14 && cases.len() >= 80,
        "the table was not read"
    );
    for case in &cases {
        let expected = Outcome {
            kind: kind(&case.kind),
            verdict: case.verdict.clone(),
            bytes: case.answer.clone(),
        };
        policies[case.policy].with(|policy| {
            assert_eq!(every_way(policy, case.head.as_bytes()), expected, "{}", case.name);
        });
    }
}

#[test]
fn the_fields_of_another_parser_give_the_same_answer() {
    let (policies, cases) = table();
    let mut compared = 0;
    for case in &cases {
        // Other parsers read some heads differently, or not at all.
        let head = &case.head;
        let odd =
            |line: &str| line.starts_with([' ', '\r', '\n']) || !line.contains(':') || line.contains(" :");
        let block = head
            .split_once("\r\n")
            .unwrap()
            .1
            .split_once("\r\n\r\n")
            .map_or("", |(block, _)| block);
        if head.starts_with(['\r', '\n']) || head.contains(['\0', '\t']) || block.split("\r\n").any(odd) {
            continue;
        }
        if head.replace("\r\n", "").contains(['\r', '\n']) {
            continue;
        }
        let (method, fields) = fields(head);
        let request = Request::from_fields(method, fields);
        policies[case.policy].with(|policy| {
            let outcome = Outcome::of(&policy.decide(&request), policy);
            assert_eq!(
                outcome,
                common::whole(policy, case.head.as_bytes()),
                "{}",
                case.name
            );
        });
        compared += 1;
    }
    assert!(compared >= 50, "{compared}");
}

#[cfg(feature = "heapless-v0.9")]
#[test]
fn a_policy_built_at_run_time_gives_the_same_answer() {
    use embedded_cors::PolicyLists;
    let (policies, cases) = table();
    for case in &cases {
        let spec = &policies[case.policy];
        let mut lists = PolicyLists::<512>::new();
        // The order in which the lists are filled does not matter, so it is reversed here. Within a
        // list the order is kept, since answers name the entries in that order.
        spec.exposed
            .iter()
            .for_each(|name| lists.expose_header(name).unwrap());
        spec.headers
            .iter()
            .for_each(|name| lists.allow_header(name).unwrap());
        spec.methods
            .iter()
            .for_each(|name| lists.allow_method(name).unwrap());
        spec.origins
            .iter()
            .for_each(|origin| lists.allow_origin(origin).unwrap());
        let owned = lists.build(|options| spec.apply_options(options)).unwrap();
        drop(lists);
        let policy = owned.policy();
        assert_eq!(
            every_way(&policy, case.head.as_bytes()),
            spec.with(|policy| common::whole(policy, case.head.as_bytes())),
            "{}",
            case.name
        );
    }
}
