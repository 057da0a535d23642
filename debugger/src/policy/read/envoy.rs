//! Envoy's `CorsPolicy`.

use super::draft::Draft;
use super::value::{Kind, Value};
use super::{Effect, Reading, patterns};

pub(super) fn read(documents: &[Value]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            let is_policy = map.get("allow_origin_string_match").is_some();
            // Older versions had a list of exact origins.
            if is_policy || map.get("allow_origin").is_some() && map.get("allow_methods").is_some() {
                readings.push(policy(map));
            }
        });
    }
    readings
}

fn policy(map: &Value) -> Reading {
    let mut draft = Draft::at(map.line);
    draft.reflects = true;
    for matcher in map
        .get("allow_origin_string_match")
        .map(Value::items)
        .unwrap_or_default()
    {
        let ignores_case = matcher.get("ignore_case").and_then(Value::bool) == Some(true);
        for (name, value) in matcher.members() {
            let text = value.text().unwrap_or("");
            match name.replace('_', "").to_ascii_lowercase().as_str() {
                "exact" => draft.exact(text, "exact", value.line),
                "prefix" | "suffix" | "contains" => {
                    patterns::affix(&mut draft, name, text, value.line);
                }
                "saferegex" => {
                    let regex = value.get("regex").and_then(Value::text).unwrap_or("");
                    patterns::add(
                        &mut draft,
                        regex,
                        patterns::Match::Whole,
                        "safe_regex",
                        value.line,
                    );
                }
                "ignorecase" => {}
                other => draft.differs_at(
                    value.line,
                    Effect::Undecided,
                    other,
                    format!("the matcher {other} is not read"),
                ),
            }
        }
        let _ = ignores_case;
    }
    for origin in map.get("allow_origin").map(Value::items).unwrap_or_default() {
        draft.exact(origin.text().unwrap_or(""), "allow_origin", origin.line);
    }
    let list = |name| list(map.get(name));
    draft.methods = list("allow_methods");
    draft.headers = list("allow_headers");
    draft.expose = list("expose_headers");
    draft.max_age = map
        .get("max_age")
        .and_then(Value::some_text)
        .and_then(|text| text.trim().parse().ok());
    draft.credentials = map.get("allow_credentials").is_some_and(|value| {
        let inner = value.get("value").unwrap_or(value);
        inner.bool() == Some(true)
    });
    star_with_credentials(&mut draft, &["allow_methods", "allow_headers"]);
    draft.differs(
        Effect::Other,
        "CorsPolicy",
        "Envoy adds no fields to its own answers, such as 404 and direct responses; the engine adds them \
         to every response",
    );
    for (name, sentence) in [
        (
            "filter_enabled",
            "the policy applies to a share of the requests only; the result applies to all",
        ),
        (
            "shadow_enabled",
            "the policy is only tried, not applied, for a share of the requests",
        ),
        (
            "forward_not_matching_preflights",
            "preflights that do not match go to the upstream; the engine answers them",
        ),
        (
            "allow_private_network_access",
            "browsers do not ask for it any more; the engine has no such setting",
        ),
    ] {
        if let Some(value) = map.get(name)
            && value.bool() != Some(false)
        {
            draft.differs_at(value.line, Effect::Other, name, sentence);
        }
    }
    Reading::of(format!("CorsPolicy in line {}", map.line), vec![draft])
}

/// Reads a list, or a text with commas.
pub(super) fn list(value: Option<&Value>) -> Vec<String> {
    let split = |text: &str| -> Vec<String> {
        let members = text.split(',').map(str::trim);
        members
            .filter(|name| !name.is_empty())
            .map(String::from)
            .collect()
    };
    match value.map(|value| &value.kind) {
        Some(Kind::Scalar(..)) => value.and_then(Value::some_text).map(split).unwrap_or_default(),
        Some(Kind::List(items)) => items.iter().filter_map(Value::text).flat_map(split).collect(),
        _ => Vec::new(),
    }
}

/// Removes a `*` that the server writes as it is, which browsers take for a name with credentials.
pub(crate) fn star_with_credentials(draft: &mut Draft, settings: &[&str]) {
    if !draft.credentials || draft.everyone && !draft.reflects {
        return;
    }
    for (setting, list) in [
        ("allow_methods", &mut draft.methods),
        ("allow_headers", &mut draft.headers),
    ] {
        if !settings.contains(&setting) {
            continue;
        }
        let before = list.len();
        list.retain(|name| name != "*");
        if list.len() < before {
            draft.differences.push(super::Difference {
                effect: Effect::Less,
                setting: setting.into(),
                text: "browsers take `*` for a name with credentials; it is left out. Requests without \
                       credentials, for which it worked, need the names"
                    .into(),
                line: (draft.line > 0).then_some(draft.line),
                witnesses: Vec::new(),
            });
        }
    }
}
