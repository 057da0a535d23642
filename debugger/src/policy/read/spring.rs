//! Spring's policies: `application.yml`, and calls in Java or Kotlin.

use super::draft::Draft;
use super::envoy::list;
use super::patterns::{self, Match};
use super::value::Value;
use super::{Effect, Reading};

/// The methods that Spring allows if none are listed.
const DEFAULT_METHODS: [&str; 2] = ["GET", "HEAD"];
/// The methods of a mapping of `CorsRegistry` and of `@CrossOrigin`.
const DEFAULT_OF_MAPPINGS: [&str; 3] = ["GET", "HEAD", "POST"];

pub(super) fn is_code(text: &str) -> bool {
    [
        "CorsConfiguration",
        "CorsRegistry",
        "@CrossOrigin",
        "addMapping(",
        "import ",
    ]
    .iter()
    .any(|word| text.contains(word))
        && text.contains('(')
}

/// A policy as its settings stand in the text.
#[derive(Clone, Debug, Default)]
struct Settings {
    name: String,
    line: usize,
    origins: Vec<(String, usize)>,
    patterns: Vec<(String, usize)>,
    methods: Option<Vec<String>>,
    headers: Option<Vec<String>>,
    expose: Vec<String>,
    credentials: bool,
    max_age: Option<i64>,
    /// Whether what is not set has the values that permit most.
    permits_by_default: bool,
    private_network: bool,
    /// Whether a call sets something.
    has_calls: bool,
    /// The settings whose values are computed, and their lines.
    computed: Vec<(String, usize)>,
}

pub(super) fn yaml(documents: &[Value]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            // The keys of `cors-configurations` are paths.
            for (path, value) in map.members() {
                if has_origins(value) {
                    let name = path.trim_matches(['[', ']']);
                    readings.push(reading(of_yaml(value, name)));
                }
            }
        });
        if has_origins(document) {
            readings.push(reading(of_yaml(document, "the document")));
        }
    }
    readings
}

fn has_origins(value: &Value) -> bool {
    value.get("allowedOrigins").is_some() || value.get("allowedOriginPatterns").is_some()
}

fn of_yaml(map: &Value, name: &str) -> Settings {
    let with_lines = |name: &str| -> Vec<(String, usize)> {
        let Some(value) = map.get(name) else {
            return Vec::new();
        };
        if value.items().is_empty() {
            return split(value.some_text().unwrap_or(""))
                .into_iter()
                .map(|text| (text, value.line))
                .collect();
        }
        let items = value.items().iter();
        items
            .filter_map(|item| Some((item.text()?.to_owned(), item.line)))
            .collect()
    };
    let names = |name: &str| map.get(name).map(|value| list(Some(value)));
    let max_age = map.get("maxAge").and_then(Value::some_text);
    Settings {
        name: name.into(),
        line: map.line,
        origins: with_lines("allowedOrigins"),
        patterns: with_lines("allowedOriginPatterns"),
        methods: names("allowedMethods"),
        headers: names("allowedHeaders"),
        expose: names("exposedHeaders").unwrap_or_default(),
        credentials: map.get("allowCredentials").and_then(Value::bool) == Some(true),
        max_age: max_age.and_then(duration),
        permits_by_default: false,
        private_network: map.get("allowPrivateNetwork").and_then(Value::bool) == Some(true),
        has_calls: true,
        computed: Vec::new(),
    }
}

/// Splits at commas, except within the brackets of a list of ports.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Reads seconds, `30m`, `1h`, `PT1H`.
fn duration(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches("PT").to_ascii_lowercase();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '-')
        .unwrap_or(text.len());
    let number: i64 = text[..end].parse().ok()?;
    let factor = match text[end..].trim() {
        "" | "s" => 1,
        "ms" => return Some(number / 1000),
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn reading(settings: Settings) -> Reading {
    let mut draft = Draft::at(settings.line);
    draft.reflects = !settings.patterns.is_empty();
    for (origin, line) in &settings.origins {
        draft.exact(origin, "allowedOrigins", *line);
    }
    for (pattern, line) in &settings.patterns {
        add_pattern(&mut draft, pattern, *line);
    }
    for (setting, line) in &settings.computed {
        draft.differs_at(
            *line,
            Effect::Undecided,
            setting,
            "the value is computed, and not in this text: write the origins and names that it has",
        );
    }
    let has_computed_origins = settings
        .computed
        .iter()
        .any(|(setting, _)| setting.contains("rigin"));
    if settings.permits_by_default
        && settings.origins.is_empty()
        && settings.patterns.is_empty()
        && !has_computed_origins
    {
        draft.everyone = true;
    }
    let defaults = if settings.permits_by_default {
        DEFAULT_OF_MAPPINGS.as_slice()
    } else {
        &DEFAULT_METHODS
    };
    draft.methods = settings
        .methods
        .unwrap_or_else(|| defaults.iter().map(|&name| name.into()).collect());
    let lists = |name: &str| draft.methods.iter().any(|listed| listed == name || listed == "*");
    let missing: Vec<&str> = ["GET", "HEAD", "POST"]
        .into_iter()
        .filter(|name| !lists(name))
        .collect();
    if !missing.is_empty() {
        draft.differs(
            Effect::More,
            "allowedMethods",
            format!(
                "Spring answers {} of another origin with 403, also without a preflight; these methods need no \
                 permission of a policy",
                missing.join(", "),
            ),
        );
    }
    draft.headers = match settings.headers {
        None if settings.permits_by_default => vec!["*".into()],
        headers => headers.unwrap_or_default(),
    };
    // Spring repeats the requested names, so that `*` stands for authorization too.
    if draft.headers.iter().any(|name| name == "*") {
        draft.headers.push("authorization".into());
    }
    draft.expose = settings.expose;
    draft.credentials = settings.credentials;
    draft.max_age = settings.max_age.or(settings.permits_by_default.then_some(1800));
    draft.success_status = Some(200);
    if settings.private_network {
        draft.differs(
            Effect::Other,
            "allowPrivateNetwork",
            "browsers do not ask for it any more; the engine has no such setting",
        );
    }
    Reading::of(settings.name, vec![draft])
}

/// Adds a pattern of Spring: `*` stands for any bytes, `:[*]` and `:[8080,8081]` for ports.
fn add_pattern(draft: &mut Draft, pattern: &str, line: usize) {
    let setting = "allowedOriginPatterns";
    if pattern == "*" {
        draft.everyone = true;
        return;
    }
    if let Some((scheme, rest)) = pattern.split_once("://")
        && matches!(rest, "*" | "*:[*]" | "*:*")
    {
        return draft.entry(&format!("{scheme}://*:*"), setting, line);
    }
    let (host, ports) = match pattern.strip_suffix(']').and_then(|text| text.rsplit_once(":[")) {
        Some((host, "*")) => (host, "(:\\d+)?".into()),
        Some((host, ports)) => (host, format!(":({})", ports.replace(' ', "").replace(',', "|"))),
        None => match pattern.strip_suffix(":*") {
            Some(host) => (host, ":\\d+".into()),
            None => (pattern, String::new()),
        },
    };
    let host = match host.strip_prefix("*://") {
        Some(host) => format!("https?://{}", crate::policy::regex::escape(host)),
        None => crate::policy::regex::escape(host),
    };
    let expression = host.replace("\\*", ".*") + &ports;
    patterns::add(draft, &expression, Match::Whole, setting, line);
}

/// Reads the calls of a source text.
pub(super) fn code(text: &str) -> Vec<Reading> {
    let mut found: Vec<Settings> = Vec::new();
    let mut at = 0;
    while let Some((name, start, arguments)) = next_call(text, at) {
        at = start;
        let line = text[..start].matches('\n').count() + 1;
        let arguments = &text[arguments.0..arguments.1];
        let values = Values::of(arguments);
        match name {
            "CorsConfiguration" => found.push(Settings {
                name: format!("CorsConfiguration in line {line}"),
                line,
                ..Settings::default()
            }),
            "addMapping" => found.push(Settings {
                name: format!("the mapping {}", values.texts.first().map_or("", String::as_str)),
                line,
                permits_by_default: true,
                ..Settings::default()
            }),
            "applyPermitDefaultValues" => {
                if let Some(settings) = found.last_mut() {
                    settings.permits_by_default = true;
                }
            }
            "CrossOrigin" => found.push(annotation(arguments, line)),
            _ => {
                if let Some(settings) = found.last_mut() {
                    settings.set(name, &values, line);
                }
            }
        }
    }
    found.retain(|settings| {
        // A configuration that is only mentioned, as a type or an argument, has no settings.
        settings.permits_by_default || settings.has_calls
    });
    found.into_iter().map(reading).collect()
}

const CALLS: [&str; 24] = [
    "CorsConfiguration",
    "CrossOrigin",
    "addMapping",
    "applyPermitDefaultValues",
    "allowedOrigins",
    "setAllowedOrigins",
    "addAllowedOrigin",
    "allowedOriginPatterns",
    "setAllowedOriginPatterns",
    "addAllowedOriginPattern",
    "allowedMethods",
    "setAllowedMethods",
    "addAllowedMethod",
    "allowedHeaders",
    "setAllowedHeaders",
    "addAllowedHeader",
    "exposedHeaders",
    "setExposedHeaders",
    "addExposedHeader",
    "allowCredentials",
    "setAllowCredentials",
    "maxAge",
    "setMaxAge",
    "setAllowPrivateNetwork",
];

/// Returns the next call of one of [`CALLS`]: its name, where its arguments begin, and their ends.
fn next_call(text: &str, mut at: usize) -> Option<(&'static str, usize, (usize, usize))> {
    while let Some(found) = text.get(at..)?.find('(') {
        let open = at + found;
        at = open + 1;
        let before = text[..open].trim_end();
        let start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        let line_start = text[..open].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..open].trim_start();
        if line.starts_with("//")
            || line.starts_with('*')
            || line.starts_with("public ") && line.contains("source(")
        {
            continue;
        }
        if let Some(name) = CALLS.into_iter().find(|name| *name == &before[start..]) {
            return Some((name, at, (at, close(text, at))));
        }
    }
    None
}

/// Returns where the parenthesis closes that is open at `at`.
fn close(text: &str, at: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (1, false, false);
    for (index, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The values that arguments have.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    /// Whether there is something that is neither a text nor a known name.
    is_computed: bool,
    number: Option<i64>,
    is_true: bool,
}

impl Values {
    fn of(arguments: &str) -> Self {
        let mut values = Self::default();
        let mut rest = arguments;
        let mut factor = 1;
        while let Some(c) = rest.chars().next() {
            if c == '"' {
                let (text, after) = string(&rest[1..]);
                values.texts.push(text);
                rest = after;
            } else if c.is_ascii_digit() {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '_')
                    .unwrap_or(rest.len());
                let number: i64 = rest[..end].replace('_', "").parse().unwrap_or(i64::MAX);
                // `24 * 60 * 60`
                values.number = Some(
                    values
                        .number
                        .unwrap_or(1)
                        .saturating_mul(number)
                        .saturating_mul(factor),
                );
                factor = 1;
                rest = &rest[end..];
                rest = rest.strip_prefix(['L', 'l']).unwrap_or(rest);
            } else if c.is_ascii_alphabetic() || c == '_' {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
                    .unwrap_or(rest.len());
                values.word(&rest[..end], &mut factor);
                rest = &rest[end..];
            } else {
                rest = &rest[c.len_utf8()..];
            }
        }
        values
    }

    fn word(&mut self, word: &str, factor: &mut i64) {
        let last = word.rsplit('.').next().unwrap_or(word);
        match word {
            "true" | "Boolean.TRUE" => self.is_true = true,
            "false" | "Boolean.FALSE" | "new" | "String" | "ArrayList" => {}
            "CorsConfiguration.ALL" => self.texts.push("*".into()),
            "HttpHeaders.AUTHORIZATION" => self.texts.push("authorization".into()),
            "HttpHeaders.CONTENT_TYPE" => self.texts.push("content-type".into()),
            "Duration.ofSeconds" => {}
            "Duration.ofMinutes" => *factor = 60,
            "Duration.ofHours" => *factor = 3600,
            "Duration.ofDays" => *factor = 86_400,
            _ if matches!(
                last,
                "of" | "asList" | "listOf" | "arrayOf" | "singletonList" | "name" | "toList"
            ) =>
            {
                // `HttpMethod.PUT.name`
                if let Some(method) = word
                    .strip_prefix("HttpMethod.")
                    .and_then(|rest| rest.strip_suffix(".name"))
                {
                    self.texts.push(method.into());
                }
            }
            _ => match word
                .strip_prefix("HttpMethod.")
                .or_else(|| word.strip_prefix("RequestMethod."))
            {
                Some(method) => self.texts.push(method.split('.').next().unwrap_or(method).into()),
                None => self.is_computed = true,
            },
        }
    }
}

/// Reads a string after its quote, and returns what follows it.
fn string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => {
                if let Some((_, escaped)) = chars.next() {
                    value.push(escaped);
                }
            }
            c => value.push(c),
        }
    }
    (value, "")
}

impl Settings {
    fn set(&mut self, name: &str, values: &Values, line: usize) {
        self.has_calls = true;
        let texts = || values.texts.clone();
        let with_lines = || values.texts.iter().map(|text| (text.clone(), line));
        // A number and a truth value are never computed from names that are not known here.
        if values.is_computed {
            self.computed.push((name.into(), line));
        }
        match name {
            "allowedOrigins" | "setAllowedOrigins" | "addAllowedOrigin" => self.origins.extend(with_lines()),
            "allowedOriginPatterns" | "setAllowedOriginPatterns" | "addAllowedOriginPattern" => {
                self.patterns.extend(with_lines());
            }
            "allowedMethods" | "setAllowedMethods" | "addAllowedMethod" => {
                self.methods.get_or_insert_default().extend(texts());
            }
            "allowedHeaders" | "setAllowedHeaders" | "addAllowedHeader" => {
                self.headers.get_or_insert_default().extend(texts());
            }
            "exposedHeaders" | "setExposedHeaders" | "addExposedHeader" => self.expose.extend(texts()),
            "allowCredentials" | "setAllowCredentials" => self.credentials = values.is_true,
            "maxAge" | "setMaxAge" => self.max_age = values.number,
            "setAllowPrivateNetwork" => self.private_network = values.is_true,
            _ => {}
        }
    }
}

/// Reads the members of `@CrossOrigin`.
fn annotation(arguments: &str, line: usize) -> Settings {
    let mut settings = Settings {
        name: format!("@CrossOrigin in line {line}"),
        line,
        permits_by_default: true,
        ..Settings::default()
    };
    if !arguments.contains('=') {
        settings.set("allowedOrigins", &Values::of(arguments), line);
        return settings;
    }
    for (member, name) in [
        ("origins", "allowedOrigins"),
        ("value", "allowedOrigins"),
        ("originPatterns", "allowedOriginPatterns"),
        ("methods", "allowedMethods"),
        ("allowedHeaders", "allowedHeaders"),
        ("exposedHeaders", "exposedHeaders"),
        ("maxAge", "maxAge"),
    ] {
        if let Some(value) = member_of(arguments, member) {
            settings.set(name, &Values::of(value), line);
        }
    }
    settings.credentials =
        member_of(arguments, "allowCredentials").is_some_and(|value| value.contains("true"));
    settings
}

/// Returns the value of a member: up to the next comma outside of braces and quotes.
fn member_of<'a>(arguments: &'a str, member: &str) -> Option<&'a str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let at = arguments.match_indices(member).map(|(at, _)| at).find(|&at| {
        let after = arguments[at + member.len()..].trim_start();
        !arguments[..at].ends_with(is_name) && after.starts_with('=')
    })?;
    let value = &arguments[at + member.len()..];
    let value = &value[value.find('=')? + 1..];
    let (mut depth, mut quoted) = (0, false);
    for (index, c) in value.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' | '[' | '(' if !quoted => depth += 1,
            '}' | ']' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => return Some(&value[..index]),
            _ => {}
        }
    }
    Some(value)
}
