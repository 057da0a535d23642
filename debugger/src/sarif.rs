//! Findings as SARIF 2.1.0, which services that show the results of code analysis read.

use serde_json::{Value, json};

use crate::secrets::hide;
use crate::servers::check::Check;
use crate::servers::findings::Severity;
use crate::servers::source::{Place, Sources};

/// Writes the findings of a check, with a line end.
pub fn write(check: &Check) -> String {
    let mut rules: Vec<&str> = check.findings.iter().map(|finding| finding.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Value> = check
        .findings
        .iter()
        .map(|finding| {
            let mut message = finding.title.clone();
            for reason in &finding.reasons {
                message.push_str(". ");
                message.push_str(reason);
            }
            if let Some(witness) = &finding.witness {
                message.push_str(&format!(". Witness: Origin: {witness}"));
            }
            if let Some(repair) = &finding.repair {
                message.push_str(&format!(". Repair: {}", repair.text));
            }
            let locations: Vec<Value> = finding
                .marks
                .iter()
                .map(|mark| location(&check.sources, mark.place, &mark.label))
                .collect();
            json!({
                "ruleId": finding.code,
                "level": match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "note",
                },
                "message": { "text": hide(&message) },
                "locations": locations.first().map(|first| vec![first.clone()]).unwrap_or_default(),
                "relatedLocations": locations.get(1..).unwrap_or_default(),
            })
        })
        .collect();
    let rules = rules.iter().map(|rule| json!({ "id": rule })).collect();
    document(rules, results, "utf16CodeUnits")
}

/// Writes a document with one run of the command.
pub(crate) fn document(rules: Vec<Value>, results: Vec<Value>, column_kind: &str) -> String {
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cors",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": column_kind,
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn location(sources: &Sources, place: Place, label: &str) -> Value {
    let (file, line, column) = sources.locate(place);
    let end = Place::new(place.file, place.span.end, place.span.end);
    let (_, end_line, end_column) = sources.locate(end);
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file },
            "region": {
                "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
            },
        },
        "message": { "text": hide(label) },
    })
}
