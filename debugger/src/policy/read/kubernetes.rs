//! Policies of gateways on Kubernetes: ingress-nginx, the Gateway API, Traefik.

use super::draft::Draft;
use super::envoy::{list, star_with_credentials};
use super::patterns::{self, Match};
use super::value::{Kind, Value};
use super::{Effect, Reading};

const INGRESS: &str = "nginx.ingress.kubernetes.io/";

pub(super) fn ingress_nginx(documents: &[Value]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            if map
                .members()
                .any(|(name, _)| name == format!("{INGRESS}enable-cors"))
            {
                readings.extend(annotations(map, document));
            }
        });
    }
    readings
}

fn annotations(map: &Value, document: &Value) -> Option<Reading> {
    let annotation = |name: &str| {
        let name = format!("{INGRESS}{name}");
        map.members()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    };
    let text = |name: &str, default: &str| {
        annotation(name)
            .and_then(Value::some_text)
            .unwrap_or(default)
            .to_owned()
    };
    let enabled = annotation("enable-cors")?;
    if enabled.bool() != Some(true) {
        return None;
    }
    let mut draft = Draft::at(enabled.line);
    let split = |text: String| -> Vec<String> {
        text.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(String::from)
            .collect()
    };
    let line = annotation("cors-allow-origin").map_or(enabled.line, |value| value.line);
    for origin in split(text("cors-allow-origin", "*")) {
        if origin == "*" {
            draft.everyone = true;
        } else if origin.contains('*') {
            // The controller writes an expression for one label.
            let expression = crate::policy::regex::escape(&origin).replacen("\\*", "[a-z0-9-]+", 1);
            patterns::add(&mut draft, &expression, Match::Whole, "cors-allow-origin", line);
        } else {
            draft.exact(&origin, "cors-allow-origin", line);
        }
    }
    if annotation("cors-allow-origin").is_none() {
        draft.differs(
            Effect::Other,
            "cors-allow-origin",
            "it is not set, so ingress-nginx allows everyone",
        );
    }
    draft.methods = split(text(
        "cors-allow-methods",
        "GET, PUT, POST, DELETE, PATCH, OPTIONS",
    ));
    draft.headers = split(text(
        "cors-allow-headers",
        "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,\
         Authorization",
    ));
    // Browsers decide about these, so scripts cannot send them.
    draft
        .headers
        .retain(|name| !name.eq_ignore_ascii_case("dnt") && !name.eq_ignore_ascii_case("keep-alive"));
    draft.expose = split(text("cors-expose-headers", ""));
    draft.credentials = annotation("cors-allow-credentials")
        .and_then(Value::bool)
        .unwrap_or(true);
    if annotation("cors-allow-credentials").is_none() {
        draft.differs(
            Effect::Other,
            "cors-allow-credentials",
            "it is not set, so ingress-nginx allows credentials",
        );
    }
    draft.max_age = text("cors-max-age", "1728000").trim().parse().ok();
    star_with_credentials(&mut draft, &["allow_methods", "allow_headers"]);
    Some(Reading::of(resource(document, "Ingress"), vec![draft]))
}

/// Returns the kind and the name of a resource.
fn resource(document: &Value, kind: &str) -> String {
    let kind = document.get("kind").and_then(Value::text).unwrap_or(kind);
    match document.path(&["metadata", "name"]).and_then(Value::text) {
        Some(name) => format!("{kind} {name}"),
        None => format!("{kind} in line {}", document.line),
    }
}

pub(super) fn gateway_api(documents: &[Value]) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            if let Some(filter) = map.get("cors")
                && matches!(filter.kind, Kind::Map(_))
                && filter.get("allowOrigins").is_some()
            {
                let name = format!(
                    "{}, filter in line {}",
                    resource(document, "HTTPRoute"),
                    filter.line
                );
                readings.push(Reading::of(name, vec![filter_of_route(filter)]));
            }
        });
    }
    readings
}

fn filter_of_route(filter: &Value) -> Draft {
    let mut draft = Draft::at(filter.line);
    draft.reflects = true;
    for origin in filter.get("allowOrigins").map(Value::items).unwrap_or_default() {
        match origin.text().unwrap_or("") {
            "*" => draft.everyone = true,
            text => draft.entry(text, "allowOrigins", origin.line),
        }
    }
    draft.methods = list(filter.get("allowMethods"));
    draft.headers = list(filter.get("allowHeaders"));
    draft.expose = list(filter.get("exposeHeaders"));
    draft.credentials = filter.get("allowCredentials").and_then(Value::bool) == Some(true);
    draft.max_age = filter.get("maxAge").and_then(Value::some_text).and_then(seconds);
    if draft.headers.iter().any(|name| name == "*") && draft.credentials {
        // The gateway repeats the requested names.
        draft.headers.push("authorization".into());
    }
    draft
}

/// Reads seconds, or a duration such as `1h30m`.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let mut total = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let factor = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[digits + 1..];
    }
    Some(total)
}

pub(super) fn traefik(documents: &[Value]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            let is_policy = map
                .members()
                .any(|(name, _)| name.to_ascii_lowercase().starts_with("accesscontrolallow"));
            if is_policy {
                readings.push(middleware(map, format!("headers in line {}", map.line)));
            }
        });
        readings.extend(labels(document));
    }
    readings
}

fn middleware(map: &Value, name: String) -> Reading {
    let mut draft = Draft::at(map.line);
    let items = |name: &str| -> Vec<(String, usize)> {
        let value = map.get(name);
        let line = value.map_or(map.line, |value| value.line);
        list(value).into_iter().map(|text| (text, line)).collect()
    };
    for (origin, line) in items("accessControlAllowOriginList") {
        draft.exact(&origin, "accessControlAllowOriginList", line);
    }
    // An expression may have commas, so only a list is split.
    let expressions = map.get("accessControlAllowOriginListRegex");
    let texts: Vec<(&str, usize)> = match expressions.map(|value| &value.kind) {
        Some(Kind::Scalar(text, _)) => vec![(text, map.line)],
        Some(Kind::List(items)) => items
            .iter()
            .filter_map(|item| Some((item.text()?, item.line)))
            .collect(),
        _ => Vec::new(),
    };
    for (text, line) in texts {
        draft.reflects = true;
        patterns::add(
            &mut draft,
            text,
            Match::Part,
            "accessControlAllowOriginListRegex",
            line,
        );
    }
    let names = |name: &str| items(name).into_iter().map(|(text, _)| text).collect();
    draft.methods = names("accessControlAllowMethods");
    draft.headers = names("accessControlAllowHeaders");
    draft.expose = names("accessControlExposeHeaders");
    draft.credentials = map.get("accessControlAllowCredentials").and_then(Value::bool) == Some(true);
    draft.max_age = map
        .get("accessControlMaxAge")
        .and_then(Value::some_text)
        .and_then(|text| text.parse().ok());
    star_with_credentials(&mut draft, &["allow_methods", "allow_headers"]);
    if map.get("addVaryHeader").and_then(Value::bool) != Some(true) && !draft.everyone {
        draft.differs(
            Effect::Other,
            "addVaryHeader",
            "Traefik adds no Vary: Origin unless it is true, so caches may mix answers up; the engine adds it",
        );
    }
    Reading::of(name, vec![draft])
}

/// Reads labels of containers, such as
/// `traefik.http.middlewares.api.headers.accesscontrolallowmethods=GET,PUT`.
fn labels(document: &Value) -> Vec<Reading> {
    let mut found: Vec<Middleware> = Vec::new();
    let mut add = |label: &str, value: &str, line: usize| {
        let Some((before, option)) = label.rsplit_once(".headers.") else {
            return;
        };
        let Some(middleware) = before.strip_prefix("traefik.http.middlewares.") else {
            return;
        };
        let member = (
            option.to_ascii_lowercase(),
            Value {
                line,
                kind: Kind::Scalar(value.replace("$$", "$"), true),
            },
        );
        match found.iter_mut().find(|(name, ..)| name == middleware) {
            Some((.., members)) => members.push(member),
            None => found.push((middleware.into(), line, vec![member])),
        }
    };
    document.each_map(&mut |map| {
        for (name, value) in map.members() {
            match &value.kind {
                Kind::Scalar(text, _) => add(name, text, value.line),
                Kind::List(items) => {
                    for item in items {
                        if let Some((label, value)) = item.text().and_then(|text| text.split_once('=')) {
                            add(label, value, item.line);
                        }
                    }
                }
                Kind::Map(_) => {}
            }
        }
    });
    let is_policy = |members: &[(String, Value)]| {
        members
            .iter()
            .any(|(name, _)| name.starts_with("accesscontrolallow"))
    };
    let mut readings = Vec::new();
    for (name, line, members) in found {
        if is_policy(&members) {
            let map = Value {
                line,
                kind: Kind::Map(members),
            };
            readings.push(middleware(&map, format!("middleware {name}")));
        }
    }
    readings
}

/// The labels of a middleware: its name, a line, and the members of its headers.
type Middleware = (String, usize, Vec<(String, Value)>);
