//! The diagnosis as JSON. `docs/debugger.md` describes the schema; its version is [`SCHEMA`].

use serde::Serialize;

use crate::Report;
use crate::diagnosis::{Case, Diagnosis, Finding, Guilty, Other};
use crate::secrets::Shown;
use crate::text::{Lines, Span};

/// The name and version of the schema. Members may be added to it; a change of another kind gets
/// another version.
pub const SCHEMA: &str = "cors-debugger/1";

/// Writes a report as JSON, with a line end.
pub fn write(report: &Report) -> String {
    let lines = Lines::new(&report.text);
    let exchanges = report
        .diagnoses
        .iter()
        .map(|diagnosis| exchange(&lines, diagnosis))
        .collect();
    let document = Document {
        schema: SCHEMA,
        verdict: report.verdict().name(),
        formats: report.formats.iter().map(|format| format.name()).collect(),
        exchanges,
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    // No name of a member has asterisks, and spans are numbers.
    Shown::new(&text).text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    schema: &'static str,
    verdict: &'static str,
    formats: Vec<&'static str>,
    exchanges: Vec<ExchangeJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeJson<'r> {
    request: RequestJson<'r>,
    is_cors: bool,
    verdict: &'static str,
    cause: Option<CauseJson<'r>>,
    guilty: Option<GuiltyJson<'r>>,
    other_causes: Vec<OtherJson<'r>>,
    warnings: Vec<FindingJson<'r>>,
    questions: Vec<QuestionJson<'r>>,
    cases: Vec<CaseJson<'r>>,
    steps: Vec<StepJson>,
    console: ConsoleJson<'r>,
    messages: Vec<MessageJson>,
    fixes: &'r [String],
    notes: &'r [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestJson<'r> {
    url: Option<&'r str>,
    method: Option<&'r str>,
    headers: &'r [String],
    origin: Option<&'r str>,
    credentials: Option<bool>,
    needs_preflight: Option<bool>,
    preflight_reasons: Vec<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseJson<'r> {
    code: &'static str,
    place: &'static str,
    title: &'static str,
    detail: Option<&'r str>,
    rule: &'static str,
    rule_url: &'static str,
}

#[derive(Serialize)]
struct FindingJson<'r> {
    cause: CauseJson<'r>,
    guilty: Option<GuiltyJson<'r>>,
}

#[derive(Serialize)]
struct GuiltyJson<'r> {
    field: &'r str,
    value: Option<&'r str>,
    absent: bool,
    span: Option<SpanJson>,
}

#[derive(Serialize)]
struct SpanJson {
    start: usize,
    end: usize,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct OtherJson<'r> {
    code: &'static str,
    place: &'static str,
    question: &'r str,
}

#[derive(Serialize)]
struct QuestionJson<'r> {
    what: &'static str,
    question: &'r str,
}

#[derive(Serialize)]
struct CaseJson<'r> {
    origin: Option<&'r str>,
    credentials: bool,
    verdict: &'static str,
    cause: Option<&'static str>,
    place: Option<&'static str>,
}

#[derive(Serialize)]
struct StepJson {
    place: &'static str,
    question: &'static str,
    rule: &'static str,
    outcome: &'static str,
}

#[derive(Serialize)]
struct ConsoleJson<'r> {
    chromium: Option<&'r str>,
    firefox: Option<&'r str>,
    webkit: Option<&'r str>,
}

#[derive(Serialize)]
struct MessageJson {
    engine: Option<&'static str>,
    span: SpanJson,
}

fn exchange<'r>(lines: &Lines, diagnosis: &'r Diagnosis) -> ExchangeJson<'r> {
    let wanted = &diagnosis.wanted;
    let place = |span: Span| span_json(lines, span);
    let guilty = |guilty: &'r Guilty| GuiltyJson {
        field: &guilty.field,
        value: guilty.value.as_deref(),
        absent: guilty.is_absent,
        span: guilty.span.map(place),
    };
    ExchangeJson {
        request: RequestJson {
            url: wanted.url.as_deref(),
            method: wanted.method.as_deref(),
            headers: &wanted.headers,
            origin: wanted.origin.as_deref(),
            credentials: wanted.credentials,
            needs_preflight: wanted.needs_preflight,
            preflight_reasons: wanted.reasons.iter().map(|reason| reason.text.as_str()).collect(),
        },
        is_cors: diagnosis.is_cors,
        verdict: diagnosis.verdict.name(),
        cause: diagnosis.finding.as_ref().map(cause),
        guilty: diagnosis
            .finding
            .as_ref()
            .and_then(|finding| finding.guilty.as_ref())
            .map(guilty),
        other_causes: diagnosis.others.iter().map(other).collect(),
        warnings: diagnosis
            .warnings
            .iter()
            .map(|warning| FindingJson {
                cause: cause(warning),
                guilty: warning.guilty.as_ref().map(guilty),
            })
            .collect(),
        questions: diagnosis
            .questions
            .iter()
            .map(|question| QuestionJson {
                what: question.what,
                question: &question.text,
            })
            .collect(),
        cases: diagnosis.cases.iter().map(case).collect(),
        steps: diagnosis
            .steps
            .iter()
            .map(|step| StepJson {
                place: step.place.name(),
                question: step.question,
                rule: step.url,
                outcome: step.outcome.name(),
            })
            .collect(),
        console: ConsoleJson {
            chromium: diagnosis.consoles.chromium.as_deref(),
            firefox: diagnosis.consoles.firefox.as_deref(),
            webkit: diagnosis.consoles.webkit.as_deref(),
        },
        messages: diagnosis
            .given
            .iter()
            .map(|given| MessageJson {
                engine: given.engine,
                span: place(given.span),
            })
            .collect(),
        fixes: &diagnosis.fixes,
        notes: &diagnosis.notes,
    }
}

fn cause(finding: &Finding) -> CauseJson<'_> {
    CauseJson {
        code: finding.cause.code(),
        place: finding.place.name(),
        title: finding.cause.title(),
        detail: finding.detail.as_deref(),
        rule: finding.cause.rule(),
        rule_url: finding.cause.rule_url(),
    }
}

fn other(other: &Other) -> OtherJson<'_> {
    OtherJson {
        code: other.cause.code(),
        place: other.place.name(),
        question: &other.question,
    }
}

fn case(case: &Case) -> CaseJson<'_> {
    CaseJson {
        origin: case.origin.as_deref(),
        credentials: case.credentials,
        verdict: case.verdict.name(),
        cause: case.finding.as_ref().map(|finding| finding.cause.code()),
        place: case.finding.as_ref().map(|finding| finding.place.name()),
    }
}

fn span_json(lines: &Lines, span: Span) -> SpanJson {
    let line = lines.number(span.start);
    SpanJson {
        start: span.start,
        end: span.end,
        line,
        column: span.start.saturating_sub(lines.start(line)) + 1,
    }
}
