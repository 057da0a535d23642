//! The policy of the form in the syntax of a server.

use serde::Serialize;

use super::input::policy_from;
use crate::json_text;
use crate::policy::{Syntax, print as print_policy, single};

#[derive(Serialize)]
struct Name {
    name: &'static str,
    title: &'static str,
}

#[derive(Default, Serialize)]
struct Answer {
    title: &'static str,
    text: String,
    lost: Vec<String>,
    error: Option<String>,
}

/// Prints a policy. The first line of the input is the name of a syntax, and the policy follows as
/// JSON, as [`Play::from_json`](super::Play::from_json) reads it. The output is JSON: an object
/// with `title`, `text`, `lost` and `error`, or for an empty input the list of the syntaxes.
pub fn print(input: &str) -> String {
    let (name, policy) = input.split_once('\n').unwrap_or((input, ""));
    let Some(syntax) = Syntax::from_name(name) else {
        let names = Syntax::ALL.iter().map(|syntax| Name {
            name: syntax.name(),
            title: syntax.title(),
        });
        return serde_json::to_string_pretty(&names.collect::<Vec<_>>()).unwrap_or_default();
    };
    let rules = single(policy_from(&json_text::read(policy, 0).value));
    let answer = match rules.build() {
        Ok(_) => {
            let printed = print_policy(&rules, syntax);
            Answer {
                title: syntax.title(),
                text: printed.text,
                lost: printed.lost,
                error: None,
            }
        }
        Err(error) => Answer {
            error: Some(error.to_string()),
            ..Answer::default()
        },
    };
    serde_json::to_string_pretty(&answer).unwrap_or_default()
}
