//! Reads `decisions.txt`, the table of policies, requests and answers.

#![allow(dead_code, reason = "each program uses a part")]

use super::policy_spec::PolicySpec;

/// A request, the policy that decides it, and the answer.
pub struct Case {
    /// The index of the policy.
    pub policy: usize,
    pub name: String,
    pub head: String,
    /// `not-cors`, `actual` or `preflight`.
    pub kind: String,
    /// `allowed`, or `refused` with the reason and the position; empty if the request is not CORS.
    pub verdict: String,
    /// The whole response to a preflight, the field lines for any other response.
    pub answer: String,
}

/// Reads the table.
///
/// # Panics
///
/// Panics if the text is not such a table.
pub fn read(text: &str) -> (Vec<PolicySpec>, Vec<Case>) {
    let (mut policies, mut cases) = (Vec::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("policy ") {
            let settings = lines.by_ref().take_while(|line| !line.is_empty());
            policies.push(PolicySpec::from_settings(settings));
            continue;
        }
        let name = line
            .strip_prefix("case ")
            .unwrap_or_else(|| panic!("{line:?} starts neither a policy nor a case"));
        let mut head = String::new();
        let answer = loop {
            let line = lines.next().expect("a case has an answer");
            match line.strip_prefix("answer ") {
                Some(answer) => break answer,
                None => head += &request_line(line),
            }
        };
        let (kind, verdict) = answer.split_once(' ').unwrap_or((answer, ""));
        let mut answer = String::new();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            answer += line;
            answer += "\r\n";
        }
        if kind == "preflight" {
            answer += "\r\n";
        }
        cases.push(Case {
            policy: policies.len() - 1,
            name: name.into(),
            head,
            kind: kind.into(),
            verdict: verdict.into(),
            answer,
        });
    }
    (policies, cases)
}

/// Replaces the escapes in a line of a request, and ends it with CRLF unless a backslash forbids
/// that.
fn request_line(line: &str) -> String {
    let (line, end) = match line.strip_suffix('\\') {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let line = line.replace("\\t", "\t").replace("\\r", "\r");
    line.replace("\\n", "\n").replace("\\0", "\0") + end
}
