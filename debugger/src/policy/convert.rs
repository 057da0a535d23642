//! Converts configurations: reads the policies of one syntax and prints them in another.

use std::collections::HashSet;

use embedded_cors::{PolicyConfig, PreflightRefusedStatus, PreflightSuccessStatus, RulesConfig};
use serde_json::{Value, json};

use super::read::{self, Effect, Reading, Source};
use super::{Printed, Syntax, infer, print};
use crate::servers::findings::Severity;
use crate::servers::request::Upstream;
use crate::servers::source::{Includes, Sources};
use crate::servers::{Kind, Server, express, kind_of};

/// The syntax of a configuration that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A syntax with typed policies.
    Typed(Source),
    /// A configuration whose server is simulated.
    Server(Kind),
}

impl From {
    /// Returns all names, in the order of the documentation.
    pub fn names() -> Vec<&'static str> {
        let servers = [Kind::Nginx, Kind::Apache, Kind::Express].map(Kind::name);
        servers.into_iter().chain(Source::ALL.map(Source::name)).collect()
    }

    /// Returns the syntax with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let servers = [Kind::Nginx, Kind::Apache, Kind::Express];
        let server = servers.into_iter().find(|kind| kind.name() == name);
        server
            .map(Self::Server)
            .or_else(|| Source::from_name(name).map(Self::Typed))
    }

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typed(source) => source.name(),
            Self::Server(kind) => kind.name(),
        }
    }

    /// Returns the syntax of a file by its name and its text.
    pub fn of(name: &str, text: &str) -> Option<Self> {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_program = matches!(extension, "js" | "ts" | "mjs" | "cjs" | "mts" | "cts");
        if is_program {
            return Some(Self::Server(Kind::Express));
        }
        if let Some(source) = read::source_of(text) {
            return Some(Self::Typed(source));
        }
        if text.trim_start().starts_with('{') && text.contains("\"origin\"") {
            return Some(Self::Typed(Source::ExpressOptions));
        }
        kind_of(name, text).map(Self::Server)
    }
}

/// A policy of a configuration in another syntax.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The policy that was read, and how it differs from the configuration.
    pub reading: Reading,
    /// The text, and what it cannot express. `None` if nothing but open decisions was read.
    pub printed: Option<Printed>,
}

/// Reads a configuration and prints each of its policies.
///
/// # Errors
///
/// Returns a sentence if the configuration cannot be read.
pub fn convert(
    from: From,
    sources: Sources,
    includes: Includes<'_>,
    to: Syntax,
) -> Result<Vec<Converted>, String> {
    let mut readings = match from {
        From::Typed(source) => {
            let mut readings = Vec::new();
            for file in sources.files() {
                let found =
                    read::read(&file.text, source).map_err(|error| format!("{}: {error}", file.name))?;
                readings.extend(found);
            }
            readings
        }
        From::Server(Kind::Express) => program(sources)?,
        From::Server(kind) => {
            let server = crate::servers::read(kind, sources, includes)?;
            found(infer::infer(&*server, &Upstream::default()), &*server)?
        }
    };
    if readings.is_empty() {
        return Err("no policy was found".into());
    }
    let is_without_word =
        |reading: &Reading| infer::is_empty(&reading.rules) && reading.differences.is_empty();
    for reading in readings.iter_mut().filter(|reading| is_without_word(reading)) {
        reading.differences.push(read::Difference {
            effect: Effect::Other,
            setting: "origins".into(),
            text: "the configuration admits no page of another origin, and neither does the result".into(),
            line: None,
            witnesses: Vec::new(),
        });
    }
    for reading in readings.iter_mut().filter(|reading| is_nothing_left(reading)) {
        reading.differences.push(read::Difference {
            effect: Effect::Undecided,
            setting: "origins".into(),
            text: "no origin is left, so no policy is printed. Write the origins that are meant".into(),
            line: None,
            witnesses: Vec::new(),
        });
    }
    let converted = readings.into_iter().map(|mut reading| {
        // A long list may have the same mistake in many places.
        let mut seen = HashSet::new();
        reading
            .differences
            .retain(|difference| seen.insert(format!("{difference:?}")));
        // Configurations have passwords and keys in them, which a sentence must not repeat.
        for difference in &mut reading.differences {
            difference.text = bounded(crate::secrets::hide(&difference.text), 1000);
            difference.setting = bounded(std::mem::take(&mut difference.setting), 200);
            for witness in &mut difference.witnesses {
                *witness = bounded(std::mem::take(witness), 200);
            }
        }
        let is_open = reading.is_undecided() && infer::is_empty(&reading.rules);
        let printed = (!is_open).then(|| print(&reading.rules, to));
        Converted { reading, printed }
    });
    Ok(converted.collect())
}

/// Reads a program: its calls of `cors()` if all their options are literal, and otherwise what its
/// answers show.
fn program(sources: Sources) -> Result<Vec<Reading>, String> {
    let program = express::read(sources)?;
    let mut readings = read::programs(&program);
    if readings.is_empty() || readings.iter().any(Reading::is_undecided) {
        let inferred = infer::infer(&program, &Upstream::default());
        // A function may decide about origins that are literals in the file.
        let is_better = inferred.iter().any(|reading| !infer::is_empty(&reading.rules));
        if readings.is_empty() {
            return found(inferred, &program);
        }
        if is_better && !inferred.iter().any(Reading::is_undecided) {
            return Ok(inferred);
        }
    }
    // A call that an earlier one makes useless for preflights is said to be so.
    for finding in program.own_findings() {
        if finding.code != "cors-answered-earlier" {
            continue;
        }
        let Some(mark) = finding.marks.first() else {
            continue;
        };
        let line = program.sources().locate(mark.place).1;
        for reading in readings.iter_mut().filter(|reading| reading.line == line) {
            reading.differences.push(read::Difference {
                effect: Effect::Other,
                setting: "order".into(),
                text: finding.title.clone(),
                line: Some(line),
                witnesses: Vec::new(),
            });
        }
    }
    Ok(readings)
}

/// Returns whether all origins of a configuration were left out.
fn is_nothing_left(reading: &Reading) -> bool {
    let is_less = |difference: &read::Difference| difference.effect == Effect::Less;
    infer::is_empty(&reading.rules) && !reading.is_undecided() && reading.differences.iter().any(is_less)
}

/// Returns a sentence with its beginning only, if it repeats long parts of a configuration.
fn bounded(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Returns what was inferred from a server, unless no answer says anything about CORS.
fn found(readings: Vec<Reading>, server: &dyn Server) -> Result<Vec<Reading>, String> {
    let is_found = |reading: &Reading| !infer::is_empty(&reading.rules) || !reading.differences.is_empty();
    if readings.iter().any(is_found) {
        return Ok(readings);
    }
    let sources = server.sources();
    let names: Vec<&str> = sources.files().iter().map(|file| file.name.as_str()).collect();
    let mut error = format!("there is no policy in {}", names.join(", "));
    // A mistake in the file may be why.
    for finding in server.own_findings() {
        if finding.severity == Severity::Error {
            let place = finding.marks.first().map(|mark| sources.locate(mark.place));
            let place = place.map_or(String::new(), |(name, line, _)| format!("{name}:{line}: "));
            let reasons: String = finding
                .reasons
                .iter()
                .take(1)
                .map(|reason| format!(": {reason}"))
                .collect();
            error = format!("{error}: {place}{}{reasons}", finding.title);
            break;
        }
    }
    Err(crate::secrets::hide(&error))
}

/// Writes conversions as JSON, as `docs/convert.md` describes it.
pub fn json(from: From, to: Syntax, converted: &[Converted]) -> String {
    let policies: Vec<Value> = converted.iter().map(policy).collect();
    let document = json!({
        "schema": "cors-convert/1",
        "from": from.name(),
        "to": to.name(),
        "policies": policies,
    });
    format!("{document:#}\n")
}

fn policy(converted: &Converted) -> Value {
    let reading = &converted.reading;
    let differences = reading.differences.iter().map(|difference| {
        json!({
            "effect": difference.effect.name(),
            "setting": difference.setting,
            "text": difference.text,
            "line": difference.line,
            "witnesses": difference.witnesses,
        })
    });
    json!({
        "name": reading.name,
        "line": reading.line,
        "rules": rules(&reading.rules),
        "text": converted.printed.as_ref().map(|printed| &printed.text),
        "lost": converted.printed.as_ref().map_or(&[][..], |printed| &printed.lost),
        "differences": differences.collect::<Vec<_>>(),
        "undecided": reading.is_undecided(),
    })
}

/// Writes rules with the keys of the engine's feature `serde`.
pub fn rules(rules: &RulesConfig) -> Value {
    rules.rules.iter().map(settings).collect()
}

fn settings(policy: &PolicyConfig) -> Value {
    let mut members = serde_json::Map::new();
    let mut add = |name: &str, value: Value| members.insert(name.into(), value);
    for (name, list) in [
        ("allow_origins", &policy.allow_origins),
        ("allow_methods", &policy.allow_methods),
        ("allow_headers", &policy.allow_headers),
        ("expose_headers", &policy.expose_headers),
    ] {
        add(name, json!(list));
    }
    for (name, flag) in [
        ("allow_loopback", policy.allow_loopback),
        ("allow_credentials", policy.allow_credentials),
        ("allow_timing", policy.allow_timing),
        ("hide_lists_when_refused", policy.hide_lists_when_refused),
        ("answer_only_requested", policy.answer_only_requested),
        ("strict_request_headers", policy.strict_request_headers),
        (
            "dangerously_allow_insecure_origins_with_credentials",
            policy.dangerously_allow_insecure_origins_with_credentials,
        ),
        (
            "dangerously_allow_public_suffixes_with_credentials",
            policy.dangerously_allow_public_suffixes_with_credentials,
        ),
    ] {
        add(name, json!(flag));
    }
    add("max_age_seconds", json!(policy.max_age_seconds));
    add(
        "success_status",
        match policy.success_status {
            PreflightSuccessStatus::NoContent => json!(204),
            PreflightSuccessStatus::Ok => json!(200),
            PreflightSuccessStatus::NoContentBare => json!("204-bare"),
        },
    );
    add(
        "refused_status",
        match policy.refused_status {
            PreflightRefusedStatus::Forbidden => json!(403),
            PreflightRefusedStatus::NoContent => json!(204),
            PreflightRefusedStatus::Ok => json!(200),
        },
    );
    Value::Object(members)
}
