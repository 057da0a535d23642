//! Probes and surveys as JSON. `docs/probe.md` describes it.

use serde_json::{Value, json};

use super::answer::Caching;
use super::exchange::Transcript;
use super::survey::Survey;
use crate::{Report, secrets};

/// Writes a probe as JSON, with a line end: the diagnosis of [`crate::json`], and what was sent and
/// received.
pub fn exchange(report: &Report, transcript: &Transcript) -> String {
    let caching = |entry: &Caching| {
        let mut object = seconds(entry);
        object["url"] = json!(secrets::hide(&entry.url));
        object
    };
    let trouble = transcript.trouble.as_ref().map(|trouble| {
        json!({
            "kind": trouble.kind.name(),
            "message": secrets::hide(&trouble.to_string()),
        })
    });
    let outcome = transcript.outcome.as_ref().map(|outcome| match outcome {
        Ok(()) => json!({ "verdict": "allowed", "message": null }),
        Err(message) => json!({ "verdict": "blocked", "message": secrets::hide(message) }),
    });
    let notes = transcript.notes.iter().map(|note| secrets::hide(note));
    let members = [
        ("transcript", json!(report.text)),
        ("requests", json!(transcript.requests)),
        ("caching", transcript.caching.iter().map(caching).collect()),
        ("outcome", json!(outcome)),
        ("trouble", json!(trouble)),
        ("probeNotes", notes.collect()),
    ];
    // The members are added to the text, so that those of the diagnosis keep their order.
    let mut text = crate::json::write(report);
    text.truncate(text.trim_end().trim_end_matches('}').trim_end().len());
    for (name, value) in members {
        let value = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push_str(&format!(",\n  \"{name}\": {}", value.replace('\n', "\n  ")));
    }
    text.push_str("\n}\n");
    text
}

fn seconds(caching: &Caching) -> Value {
    json!({
        "value": caching.value,
        "chromium": caching.chromium,
        "firefox": caching.firefox,
        "webkit": caching.webkit,
    })
}

/// The name and version of the schema.
pub const SCHEMA: &str = "cors-survey/1";

/// Writes a survey as JSON, with a line end. `policy` is the policy in some syntax.
pub fn survey(survey: &Survey, policy: Option<&str>) -> String {
    let caching = survey.caching.as_ref().map(seconds);
    let document = json!({
        "schema": SCHEMA,
        "url": secrets::hide(&survey.url),
        "origin": survey.page,
        "requests": survey.requests,
        "origins": survey.origins.iter().map(|row| json!({
            "relation": row.relation.name(),
            "origin": row.origin,
            "admitted": row.is_admitted,
            "credentials": row.has_credentials,
        })).collect::<Vec<Value>>(),
        "findings": survey.findings.iter().map(|finding| json!({
            "code": finding.code.name(),
            "severity": finding.severity.name(),
            "title": finding.code.title(),
            "detail": finding.detail,
            "fix": finding.code.fix(),
        })).collect::<Vec<Value>>(),
        "rules": survey.policy.as_ref().map(|config| config.rules.iter().map(|rule| json!({
            "origins": rule.allow_origins,
            "loopback": rule.allow_loopback,
            "methods": rule.allow_methods,
            "headers": rule.allow_headers,
            "exposed": rule.expose_headers,
            "credentials": rule.allow_credentials,
            "maxAge": rule.max_age_seconds,
        })).collect::<Vec<Value>>()),
        "policy": policy,
        "differences": survey.differences,
        "caching": caching,
        "unasked": survey.unasked,
        "transcript": secrets::hide(&survey.transcript),
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
