//! The options of `cors()` calls, in programs and as JSON.

use super::draft::Draft;
use super::envoy::star_with_credentials;
use super::patterns::{self, Match};
use super::value::{Kind, Value};
use super::{Effect, Reading};
use crate::servers::express::{CorsCall, Literal, Program};

/// Reads the `cors()` calls of a program.
pub(crate) fn calls(program: &Program) -> Vec<Reading> {
    use crate::servers::Server as _;
    let sources = program.sources();
    let calls = program.cors_calls();
    let located = calls.iter().map(|call| (call, sources.locate(call.place).1));
    let readings = located.map(|(call, line)| call_reading(call, line));
    readings.collect()
}

/// Reads options that stand alone, as JSON.
pub(super) fn json(documents: &[Value]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            if map.get("origin").is_some() {
                let options = map
                    .members()
                    .map(|(name, value)| (name.to_owned(), literal(value)));
                readings.push(reading(
                    "cors",
                    options.collect(),
                    format!("options in line {}", map.line),
                    map.line,
                ));
            }
        });
    }
    readings
}

fn literal(value: &Value) -> Literal {
    match &value.kind {
        Kind::List(items) => Literal::List(items.iter().map(literal).collect()),
        Kind::Map(_) => Literal::Computed("an object is no option".into()),
        Kind::Scalar(text, true) => match text.as_str() {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "null" => Literal::Nothing,
            text => text
                .parse()
                .map_or_else(|_| Literal::Text(text.into()), Literal::Number),
        },
        Kind::Scalar(text, false) => Literal::Text(text.clone()),
    }
}

fn call_reading(call: &CorsCall, line: usize) -> Reading {
    let name = format!("{} in line {line}", call.package);
    if let Some(reason) = &call.computed {
        let mut draft = Draft::at(line);
        draft.differs(
            Effect::Undecided,
            "options",
            format!("the options are not known: {reason}"),
        );
        return Reading::of(name, vec![draft]);
    }
    reading(call.package, call.options.clone(), name, line)
}

fn reading(package: &str, options: Vec<(String, Literal)>, name: String, line: usize) -> Reading {
    let option = |names: &[&str]| {
        let found = options
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, value)| value)
    };
    let mut draft = Draft::at(line);
    for (name, value) in &options {
        if let Literal::Computed(reason) = value
            && name != "origin"
        {
            draft.differs(
                Effect::Undecided,
                name,
                format!("the value is not known: {reason}"),
            );
        }
    }
    origin(&mut draft, package, option(&["origin"]));
    let default_methods = match package {
        "cors" => "GET,HEAD,PUT,PATCH,POST,DELETE",
        "@fastify/cors" => "GET,HEAD,POST",
        _ => "GET,HEAD,PUT,POST,DELETE,PATCH,QUERY",
    };
    draft.methods = option(&["methods", "allowMethods"])
        .and_then(names)
        .unwrap_or_else(|| default_methods.split(',').map(String::from).collect());
    let headers = option(&["allowedHeaders", "headers", "allowHeaders"]);
    draft.headers = match headers.and_then(names) {
        // In Hono, an empty list means what is requested.
        Some(list) if !(list.is_empty() && package == "hono/cors") => list,
        // Without a list, the requested names are repeated, authorization too.
        _ => vec!["*".into(), "authorization".into()],
    };
    let reflects_headers = headers
        .and_then(names)
        .is_none_or(|list| list.is_empty() && package == "hono/cors");
    draft.expose = option(&["exposedHeaders", "exposeHeaders"])
        .and_then(names)
        .unwrap_or_default();
    draft.credentials = option(&["credentials"]) == Some(&Literal::Bool(true));
    draft.max_age = match option(&["maxAge"]) {
        Some(Literal::Number(number)) => Some(*number as i64),
        Some(Literal::Text(text)) => text.parse().ok(),
        _ => None,
    };
    draft.success_status = match option(&["optionsSuccessStatus"]) {
        Some(Literal::Number(number)) => Some(*number as u16),
        _ => None,
    };
    // Where requested headers are repeated, no `*` is written.
    let settings = ["allow_methods", "allow_headers"];
    star_with_credentials(
        &mut draft,
        if reflects_headers {
            &settings[..1]
        } else {
            &settings
        },
    );
    if option(&["preflightContinue"]) == Some(&Literal::Bool(true)) {
        draft.differs(
            Effect::Other,
            "preflightContinue",
            "the program answers preflights itself, after the fields are set; the engine answers them",
        );
    }
    Reading::of(name, vec![draft])
}

fn origin(draft: &mut Draft, package: &str, option: Option<&Literal>) {
    let line = draft.line;
    match option {
        None => draft.everyone = true,
        Some(Literal::Bool(true)) => {
            draft.everyone = true;
            draft.reflects = true;
        }
        // `origin: ''` is taken for `*`, as is nothing in Fastify and Hono.
        Some(Literal::Nothing) if package == "cors" => {}
        Some(Literal::Bool(false)) => {}
        Some(Literal::Nothing) => draft.everyone = true,
        Some(Literal::Text(text)) => {
            draft.exact(text, "origin", line);
            // The field is the same for everyone, so browsers refuse other pages.
        }
        Some(Literal::List(items)) => {
            for item in items {
                list_item(draft, package, item);
            }
        }
        Some(other) => list_item(draft, package, other),
    }
}

/// Reads an item of a list, or an option that is neither a text nor a list.
fn list_item(draft: &mut Draft, package: &str, item: &Literal) {
    let line = draft.line;
    match item {
        Literal::Text(text) if text == "*" && package == "cors" => draft.differs(
            Effect::Less,
            "origin",
            "in a list, \"*\" is compared with the origin, and no browser sends it; it is left out",
        ),
        Literal::Text(text) => draft.exact(text, "origin", line),
        // The package looks into lists inside lists.
        Literal::List(items) => items.iter().for_each(|item| list_item(draft, package, item)),
        Literal::Regex(pattern, _) => {
            draft.reflects = true;
            patterns::add(draft, pattern, Match::Part, "origin", line);
        }
        Literal::Computed(reason) => draft.differs(
            Effect::Undecided,
            "origin",
            format!("the origins are not known: {reason}. Write the origins that are meant"),
        ),
        other => draft.differs(
            Effect::Undecided,
            "origin",
            format!(
                "{} is not an origin. Write the origins that are meant",
                match other {
                    Literal::Bool(bool) => bool.to_string(),
                    Literal::Number(number) => format!("the number {number}"),
                    _ => "a value that is null or undefined".into(),
                }
            ),
        ),
    }
}

/// Returns the names of a list, or of a text with commas.
fn names(value: &Literal) -> Option<Vec<String>> {
    let split = |text: &str| -> Vec<String> {
        let parts = text.split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(String::from).collect()
    };
    match value {
        Literal::Text(text) if text.is_empty() => None,
        Literal::Text(text) => Some(split(text)),
        Literal::List(items) => Some(
            items
                .iter()
                .filter_map(|item| match item {
                    Literal::Text(text) => Some(split(text)),
                    _ => None,
                })
                .flatten()
                .collect(),
        ),
        _ => None,
    }
}
