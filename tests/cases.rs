//! Runs the cases of `cases.txt` through the library. The tests of the debugger run them through
//! the command `cors decide`.

#[path = "common/cases.rs"]
mod case_file;
mod common;

use case_file::{Expected, cases};
use common::{Outcome, PolicyOption, PolicySpec, every_way, of_rules, with_policies};
use embedded_cors::{Request, Rules};

/// Returns the policies that these options of `cors decide` describe.
fn policies(options: &[String]) -> Vec<PolicySpec> {
    let mut rules: Vec<PolicySpec> = Vec::new();
    let mut words = options.iter();
    while let Some(word) = words.next() {
        if rules.is_empty() || word == "--rule" {
            rules.push(PolicySpec::default());
        }
        let rule = rules.last_mut().unwrap();
        let mut value = || {
            words
                .next()
                .unwrap_or_else(|| panic!("{word} has a value"))
                .clone()
        };
        match word.as_str() {
            "--rule" => {}
            "--origin" => rule.origins.push(value()),
            "--any-origin" => rule.origins.push("*".into()),
            "--method" => rule.methods.push(value()),
            "--header" => rule.headers.push(value()),
            "--expose" => rule.exposed.push(value()),
            "--max-age" => rule.max_age = Some(value().parse().unwrap()),
            "--loopback" => rule.options.push(PolicyOption::Loopback),
            "--credentials" => rule.options.push(PolicyOption::Credentials),
            "--timing" => rule.options.push(PolicyOption::Timing),
            "--minimal" | "--hide-lists-when-refused" => rule.options.push(PolicyOption::HideLists),
            "--only-requested" => rule.options.push(PolicyOption::OnlyRequested),
            "--strict" => rule.options.push(PolicyOption::Strict),
            "--success-status" => match value().as_str() {
                "200" => rule.options.push(PolicyOption::Success200),
                "204-bare" => rule.options.push(PolicyOption::Success204Bare),
                status => assert_eq!(status, "204"),
            },
            "--dangerously-allow-insecure-origins-with-credentials" => {
                rule.options.push(PolicyOption::InsecureOrigins);
            }
            "--dangerously-allow-public-suffixes-with-credentials" => {
                rule.options.push(PolicyOption::PublicSuffixes);
            }
            _ => panic!("unknown option {word}"),
        }
    }
    rules
}

#[test]
fn the_library_gives_the_right_answers() {
    for case in cases() {
        let specs = policies(&case.options);
        match &case.expected {
            Expected::Answer {
                head,
                kind,
                verdict,
                bytes,
            } => with_policies(&specs, |policies| {
                let request = Request::from_head(head.as_bytes()).unwrap();
                let found = match policies {
                    [policy] => every_way(policy, head.as_bytes()),
                    policies => of_rules(&Rules::new(policies).unwrap(), &request),
                };
                let outcome = Outcome {
                    kind: *kind,
                    verdict: verdict.clone(),
                    bytes: bytes.clone(),
                };
                assert_eq!(found, outcome, "{}", case.name);
            }),
            Expected::Mistake(expected) => {
                // The sentence of the library without the name of the setting, since the command
                // names an option instead.
                let mistake = specs.iter().find_map(|spec| {
                    spec.build(|policy| policy.err().map(|error| error.kind().what().to_string()))
                });
                let mistake = mistake.unwrap_or_else(|| {
                    with_policies(&specs, |policies| Rules::new(policies).unwrap_err().to_string())
                });
                assert!(expected.contains(&mistake), "{}: {mistake}", case.name);
            }
        }
    }
}
