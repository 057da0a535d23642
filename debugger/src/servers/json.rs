//! A check, and one answer, as JSON. `docs/check.md` describes both schemas.

use serde::{Serialize, Serializer};

use super::check::Check;
use super::expectations::{Outcome, Row};
use super::findings::Finding;
use super::response::Response;
use super::source::{Place, Sources};
use super::{Kind, Unknown};
use crate::secrets::hide;
use crate::text::bounded;

/// The name and version of the schema of a check.
pub const CHECK_SCHEMA: &str = "cors-check/1";

/// The name and version of the schema of an answer.
pub const RESPONSE_SCHEMA: &str = "cors-response/1";

/// Writes a check as JSON, with a line end.
pub fn write_check(check: &Check) -> String {
    let sources = &check.sources;
    pretty(&CheckJson {
        schema: CHECK_SCHEMA,
        server: check.kind.name(),
        files: sources
            .files()
            .iter()
            .map(|source| source.name.as_str())
            .collect(),
        targets: check
            .tables
            .iter()
            .map(|table| TargetJson {
                name: &table.target.name,
                url: &table.target.url,
                place: table.target.place.map(|place| place_of(sources, place)),
                origin: table.page.as_deref(),
                rows: table.rows.iter().map(|row| row_of(sources, row)).collect(),
            })
            .collect(),
        findings: check
            .findings
            .iter()
            .map(|finding| finding_of(sources, finding))
            .collect(),
        unknown: check
            .unknowns
            .iter()
            .map(|unknown| unknown_of(sources, unknown))
            .collect(),
    })
}

/// Writes an answer as JSON, with a line end.
pub fn write_response(kind: Kind, sources: &Sources, response: &Response) -> String {
    pretty(&ResponseJson {
        schema: RESPONSE_SCHEMA,
        server: kind.name(),
        status: response.status.known().copied(),
        status_unknown: response.status.reason(),
        fields: response
            .fields
            .iter()
            .map(|field| FieldJson {
                name: &field.name,
                value: field.value.known().map(|value| shown_value(&field.name, value)),
                unknown: field.value.reason(),
                place: field.place.map(|place| place_of(sources, place)),
            })
            .collect(),
        unknown: response
            .open
            .iter()
            .map(|reason| ("*", reason.as_str()))
            .chain(
                response
                    .open_names
                    .iter()
                    .map(|(name, reason)| (name.as_str(), reason.as_str())),
            )
            .map(|(name, reason)| OpenJson { name, reason })
            .collect(),
        decided_by: response.decided_by.map(|place| place_of(sources, place)),
        notes: &response.notes,
    })
}

fn pretty(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct CheckJson<'c> {
    schema: &'static str,
    server: &'static str,
    files: Vec<&'c str>,
    targets: Vec<TargetJson<'c>>,
    findings: Vec<FindingJson<'c>>,
    unknown: Vec<UnknownJson<'c>>,
}

#[derive(Serialize)]
struct TargetJson<'c> {
    name: &'c str,
    url: &'c str,
    place: Option<PlaceJson<'c>>,
    origin: Option<&'c str>,
    rows: Vec<RowJson<'c>>,
}

#[derive(Serialize)]
struct RowJson<'c> {
    id: &'c str,
    title: &'c str,
    origin: &'c str,
    method: &'static str,
    headers: Vec<&'static str>,
    credentials: bool,
    outcome: &'static str,
    stage: Option<&'static str>,
    #[serde(serialize_with = "hidden_if_any")]
    failure: Option<&'c str>,
    #[serde(serialize_with = "hidden_if_any")]
    reason: Option<&'c str>,
    place: Option<PlaceJson<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingJson<'c> {
    code: &'static str,
    severity: &'static str,
    #[serde(serialize_with = "hidden")]
    title: &'c str,
    #[serde(serialize_with = "all_hidden")]
    reasons: &'c [String],
    places: Vec<MarkJson<'c>>,
    witness: Option<&'c str>,
    more_witnesses: &'c [String],
    targets: &'c [String],
    url: &'c str,
    repair: Option<RepairJson<'c>>,
}

#[derive(Serialize)]
struct MarkJson<'c> {
    #[serde(flatten)]
    place: PlaceJson<'c>,
    #[serde(serialize_with = "hidden")]
    label: &'c str,
}

#[derive(Serialize)]
struct RepairJson<'c> {
    #[serde(serialize_with = "hidden")]
    text: &'c str,
    verified: bool,
    edits: Vec<EditJson<'c>>,
}

#[derive(Serialize)]
struct EditJson<'c> {
    #[serde(flatten)]
    place: PlaceJson<'c>,
    #[serde(serialize_with = "hidden")]
    replacement: &'c str,
}

#[derive(Serialize)]
struct UnknownJson<'c> {
    #[serde(serialize_with = "hidden")]
    what: &'c str,
    #[serde(serialize_with = "hidden")]
    reason: &'c str,
    place: Option<PlaceJson<'c>>,
}

#[derive(Serialize)]
struct PlaceJson<'c> {
    file: &'c str,
    line: usize,
    column: usize,
    start: usize,
    end: usize,
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseJson<'c> {
    schema: &'static str,
    server: &'static str,
    status: Option<u16>,
    #[serde(serialize_with = "hidden_if_any")]
    status_unknown: Option<&'c str>,
    fields: Vec<FieldJson<'c>>,
    unknown: Vec<OpenJson<'c>>,
    decided_by: Option<PlaceJson<'c>>,
    #[serde(serialize_with = "all_hidden")]
    notes: &'c [String],
}

#[derive(Serialize)]
struct FieldJson<'c> {
    name: &'c str,
    value: Option<String>,
    #[serde(serialize_with = "hidden_if_any")]
    unknown: Option<&'c str>,
    place: Option<PlaceJson<'c>>,
}

#[derive(Serialize)]
struct OpenJson<'c> {
    name: &'c str,
    #[serde(serialize_with = "hidden")]
    reason: &'c str,
}

/// Writes a text of the configuration, or one that quotes it, without its secrets. In the whole
/// JSON text, a mask would cover quotation marks too.
fn hidden<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hide(text))
}

fn hidden_if_any<S: Serializer>(text: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    text.map(hide).serialize(serializer)
}

fn all_hidden<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| hide(text)))
}

/// Returns the value of a field without secrets, which the name may announce.
fn shown_value(name: &str, value: &str) -> String {
    let line = hide(&format!("{name}: {value}"));
    line.split_once(": ").map_or("", |(_, value)| value).to_string()
}

fn place_of(sources: &Sources, place: Place) -> PlaceJson<'_> {
    let (file, line, column) = sources.locate(place);
    PlaceJson {
        file,
        line,
        column,
        start: place.span.start,
        end: place.span.end,
        text: hide(&bounded(sources.text(place))),
    }
}

fn row_of<'c>(sources: &'c Sources, row: &'c Row) -> RowJson<'c> {
    let mut json = RowJson {
        id: &row.wish.id,
        title: &row.wish.title,
        origin: &row.wish.origin,
        method: row.wish.method,
        headers: row.wish.headers.iter().map(|(name, _)| *name).collect(),
        credentials: row.wish.credentials,
        outcome: row.outcome.name(),
        stage: None,
        failure: None,
        reason: None,
        place: None,
    };
    match &row.outcome {
        Outcome::Works => {}
        Outcome::Unknown(reason) => json.reason = Some(reason),
        Outcome::Blocked {
            stage,
            failure,
            reason,
            place,
        } => {
            json.stage = Some(stage.name());
            json.failure = Some(failure);
            json.reason = Some(reason);
            json.place = place.map(|place| place_of(sources, place));
        }
    }
    json
}

fn finding_of<'c>(sources: &'c Sources, finding: &'c Finding) -> FindingJson<'c> {
    FindingJson {
        code: finding.code,
        severity: finding.severity.name(),
        title: &finding.title,
        reasons: &finding.reasons,
        places: finding
            .marks
            .iter()
            .map(|mark| MarkJson {
                place: place_of(sources, mark.place),
                label: &mark.label,
            })
            .collect(),
        witness: finding.witness.as_deref(),
        more_witnesses: &finding.more_witnesses,
        targets: &finding.targets,
        url: &finding.url,
        repair: finding.repair.as_ref().map(|repair| RepairJson {
            text: &repair.text,
            verified: repair.is_verified,
            edits: repair
                .edits
                .iter()
                .map(|edit| EditJson {
                    place: place_of(sources, edit.place),
                    replacement: &edit.text,
                })
                .collect(),
        }),
    }
}

fn unknown_of<'c>(sources: &'c Sources, unknown: &'c Unknown) -> UnknownJson<'c> {
    UnknownJson {
        what: &unknown.what,
        reason: &unknown.reason,
        place: unknown.place.map(|place| place_of(sources, place)),
    }
}
