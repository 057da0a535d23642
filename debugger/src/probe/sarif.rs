//! The findings of a survey as SARIF. They have no place in a file, so each has the address that
//! was asked.

use serde_json::{Value, json};

use super::Code;
use super::survey::Survey;
use crate::{sarif, secrets};

/// Writes the findings of a survey as SARIF 2.1.0, with a line end.
pub fn write(survey: &Survey) -> String {
    let mut codes: Vec<Code> = survey.findings.iter().map(|finding| finding.code).collect();
    codes.sort_by_key(|code| code.name());
    codes.dedup();
    let rules = codes
        .iter()
        .map(|code| {
            json!({
                "id": code.name(),
                "shortDescription": { "text": sentence(code.title()) },
                "help": { "text": sentence(code.fix()) },
            })
        })
        .collect();
    let results: Vec<Value> = survey
        .findings
        .iter()
        .map(|finding| {
            let message = format!("{}: {}", finding.code.title(), finding.detail);
            json!({
                "ruleId": finding.code.name(),
                "ruleIndex": codes.iter().position(|code| *code == finding.code),
                "level": finding.severity.name(),
                "message": { "text": sentence(&message) },
                "locations": [{
                    "physicalLocation": { "artifactLocation": { "uri": secrets::hide(&survey.url) } },
                }],
            })
        })
        .collect();
    sarif::document(rules, results, "unicodeCodePoints")
}

/// Begins a text with a capital letter and ends it with a full stop, as SARIF asks.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}
