//! Reads `tests/cases.txt`. The tests of the library and of the command `cors decide` use it.

use embedded_cors::RequestKind;

/// A policy and a request.
pub struct Case {
    pub name: String,
    /// The words of the command line after `decide`.
    pub options: Vec<String>,
    pub expected: Expected,
}

/// The expectation of a case.
pub enum Expected {
    Answer {
        head: String,
        kind: RequestKind,
        verdict: String,
        bytes: String,
    },
    /// A policy that does not build, with the sentence that `cors decide` prints.
    Mistake(String),
}

/// Returns all cases.
pub fn cases() -> Vec<Case> {
    let text = include_str!("../cases.txt");
    let mut lines = text.lines();
    let mut cases = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line
            .strip_prefix("case ")
            .unwrap_or_else(|| panic!("{line:?} does not start a case"));
        let options = lines.next().and_then(|line| line.strip_prefix("$ decide "));
        let options = options.expect("a case has options");
        let mut head = String::new();
        let expected = loop {
            let line = lines.next().expect("a case has an answer or a mistake");
            if let Some(mistake) = line.strip_prefix("mistake ") {
                break Expected::Mistake(mistake.into());
            }
            if let Some(answer) = line.strip_prefix("answer ") {
                let (kind, verdict) = answer.split_once(' ').unwrap_or((answer, ""));
                let mut bytes: String = lines
                    .by_ref()
                    .take_while(|line| !line.is_empty())
                    .map(|line| format!("{line}\r\n"))
                    .collect();
                let kind = match kind {
                    "not-cors" => RequestKind::NotCors,
                    "actual" => RequestKind::Actual,
                    "preflight" => RequestKind::Preflight,
                    _ => panic!("unknown kind of request {kind:?}"),
                };
                if kind == RequestKind::Preflight {
                    bytes += "\r\n";
                }
                let verdict = verdict.into();
                break Expected::Answer {
                    head,
                    kind,
                    verdict,
                    bytes,
                };
            }
            head += line;
            head += "\r\n";
        };
        cases.push(Case {
            name: name.into(),
            options: options.split(' ').map(String::from).collect(),
            expected,
        });
    }
    assert!(cases.len() >= 20, "cases.txt was not read");
    cases
}
