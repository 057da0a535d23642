//! Proves the table of `decisions.txt`: each policy and request with its whole answer, byte for byte, and the same answer
//! whichever way the request is given.

mod common;

use common::{Outcome, Spec, every_way, fields};
use embedded_cors::{Kind, Request};

struct Case {
    policy: usize,
    name: String,
    head: Vec<u8>,
    kind: Kind,
    verdict: String,
    bytes: String,
}

fn table() -> (Vec<Spec>, Vec<Case>) {
    let (mut policies, mut cases) = (Vec::<Spec>::new(), Vec::new());
    let mut lines = include_str!("decisions.txt").lines().peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("policy ") {
            let mut spec = Spec::default();
            for setting in lines.by_ref().take_while(|line| !line.is_empty()) {
                let mut words = setting.split(' ').map(String::from);
                match words.next().as_deref() {
                    Some("origins") => spec.origins = words.collect(),
                    Some("methods") => spec.methods = words.collect(),
                    Some("headers") => spec.headers = words.collect(),
                    Some("expose") => spec.expose = words.collect(),
                    Some("max-age") => spec.max_age = words.next().map(|age| age.parse().unwrap()),
                    _ => spec.flags.push(setting.into()),
                }
            }
            policies.push(spec);
            continue;
        }
        let name = line
            .strip_prefix("case ")
            .unwrap_or_else(|| panic!("what is {line:?}?"));
        let mut head = Vec::new();
        let answer = loop {
            let line = lines.next().unwrap();
            match line.strip_prefix("answer ") {
                Some(answer) => break answer,
                None => push_line(&mut head, line),
            }
        };
        let (kind, verdict) = answer.split_once(' ').unwrap_or((answer, ""));
        let kind = match kind {
            "not-cors" => Kind::NotCors,
            "actual" => Kind::Actual,
            "preflight" => Kind::Preflight,
            other => panic!("no such kind: {other}"),
        };
        let mut bytes = String::new();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            bytes += line;
            bytes += "\r\n";
        }
        if kind == Kind::Preflight {
            bytes += "\r\n";
        }
        cases.push(Case {
            policy: policies.len() - 1,
            name: name.into(),
            head,
            kind,
            verdict: verdict.into(),
            bytes,
        });
    }
    (policies, cases)
}

fn push_line(head: &mut Vec<u8>, line: &str) {
    let (line, end) = match line.strip_suffix('\\') {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let line = line
        .replace("\\t", "\t")
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\0", "\0");
    head.extend_from_slice(line.as_bytes());
    head.extend_from_slice(end.as_bytes());
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
            kind: case.kind,
            verdict: case.verdict.clone(),
            bytes: case.bytes.clone(),
        };
        policies[case.policy].with(|policy| {
            assert_eq!(every_way(policy, &case.head), expected, "{}", case.name);
        });
    }
}

/// Names and values of a parser that reads well-formed heads give the same answer.
#[test]
fn fields_of_another_parser_give_the_same_answer() {
    let (policies, cases) = table();
    let mut compared = 0;
    for case in &cases {
        // Only heads on which all parsers agree.
        let head = String::from_utf8(case.head.clone()).unwrap();
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
        let (method, fields) = fields(&head);
        let request = Request::from_fields(method, fields);
        policies[case.policy].with(|policy| {
            let outcome = Outcome::of(&policy.decide(&request), policy);
            assert_eq!(outcome, common::whole(policy, &case.head), "{}", case.name);
        });
        compared += 1;
    }
    assert!(compared >= 50, "{compared}");
}

#[cfg(feature = "heapless-v0.9")]
#[test]
fn a_policy_built_at_run_time_gives_the_same_answer() {
    use embedded_cors::PolicyBuf;
    let (policies, cases) = table();
    for case in &cases {
        let spec = &policies[case.policy];
        let mut lists = PolicyBuf::<512>::new();
        // Backwards, since order does not matter; but the answers name lists in their order.
        spec.expose
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
        let owned = lists.build(|options| spec.options(options)).unwrap();
        drop(lists);
        let policy = owned.policy();
        assert_eq!(
            every_way(&policy, &case.head),
            spec.with(|policy| common::whole(policy, &case.head)),
            "{}",
            case.name
        );
    }
}
