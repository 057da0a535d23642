//! The settings of a story: a page, a request and a server.

use embedded_cors::{PolicyConfig, PreflightSuccessStatus, RulesConfig};

use serde::Serialize;

use crate::json_text::{self, Node, Value};
use crate::secrets;

/// The settings of a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Play {
    /// The origin of the page.
    pub origin: String,
    /// The address that the page asks.
    pub url: String,
    /// The method, as the page writes it.
    pub method: String,
    /// The headers that the page sets, the `Content-Type` of the body included.
    pub headers: Vec<(String, String)>,
    /// Whether the page asks with `credentials: "include"`.
    pub credentials: bool,
    /// Whether the page listens for the progress of the upload, or streams the body.
    pub watches_upload: bool,
    /// The policy of the server. Without one, the heads are the answers as they are.
    pub policy: Option<RulesConfig>,
    /// The head of the answer to a preflight, if there is no policy.
    pub preflight: String,
    /// The head of the response; with a policy, without the fields that the policy adds.
    pub actual: String,
    /// The head of the response at the address to which `actual` redirects the request.
    pub redirected: String,
}

impl Play {
    /// Reads settings from JSON: an object with the names of the fields in camel case. Headers are
    /// one text with a header on each line, and a policy is an object with the names of
    /// [`PolicyConfig`]. What is missing has its default.
    pub fn from_json(text: &str) -> Self {
        let read = json_text::read(text, 0);
        let text_of = |name| member(&read.value, name).unwrap_or_default();
        Self {
            origin: text_of("origin").trim().to_string(),
            url: text_of("url").trim().to_string(),
            method: match text_of("method").trim() {
                "" => "GET".to_string(),
                method => method.to_string(),
            },
            headers: headers(&text_of("headers")),
            credentials: is_true(&read.value, "credentials"),
            watches_upload: is_true(&read.value, "watchesUpload"),
            policy: read
                .value
                .get("policy")
                .filter(|policy| !policy.members().is_empty())
                .map(|policy| RulesConfig {
                    rules: vec![policy_from(policy)],
                }),
            preflight: text_of("preflight"),
            actual: text_of("actual"),
            redirected: text_of("redirected"),
        }
    }

    /// Writes the settings as JSON that [`from_json`](Self::from_json) reads.
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let document = Document {
            origin: &self.origin,
            url: &self.url,
            method: &self.method,
            headers: lines.join("\n"),
            credentials: self.credentials,
            watches_upload: self.watches_upload,
            policy: self
                .policy
                .as_ref()
                .and_then(|config| config.rules.first())
                .map(|rule| PolicyDocument {
                    allow_origins: &rule.allow_origins,
                    allow_loopback: rule.allow_loopback,
                    allow_methods: &rule.allow_methods,
                    allow_headers: &rule.allow_headers,
                    expose_headers: &rule.expose_headers,
                    allow_credentials: rule.allow_credentials,
                    max_age_seconds: rule.max_age_seconds,
                    hide_lists_when_refused: rule.hide_lists_when_refused,
                    answer_only_requested: rule.answer_only_requested,
                    dangerously_allow_insecure_origins_with_credentials: rule
                        .dangerously_allow_insecure_origins_with_credentials,
                }),
            preflight: &self.preflight,
            actual: &self.actual,
            redirected: &self.redirected,
        };
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }

    /// Returns the settings with three asterisks in place of each secret, for a link.
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        for text in [
            &mut masked.origin,
            &mut masked.url,
            &mut masked.preflight,
            &mut masked.actual,
            &mut masked.redirected,
        ] {
            *text = secrets::hide(text);
        }
        for (name, value) in &mut masked.headers {
            let line = secrets::hide(&format!("{name}: {value}"));
            if let Some((_, hidden)) = line.split_once(": ") {
                *value = hidden.to_string();
            }
        }
        if let Some(config) = &mut masked.policy {
            let lists = config.rules.iter_mut().flat_map(|rule| {
                let names = rule.allow_headers.iter_mut().chain(&mut rule.expose_headers);
                rule.allow_origins
                    .iter_mut()
                    .chain(&mut rule.allow_methods)
                    .chain(names)
            });
            lists.for_each(|entry| *entry = secrets::hide(entry));
        }
        masked
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'p> {
    origin: &'p str,
    url: &'p str,
    method: &'p str,
    headers: String,
    credentials: bool,
    watches_upload: bool,
    policy: Option<PolicyDocument<'p>>,
    preflight: &'p str,
    actual: &'p str,
    redirected: &'p str,
}

#[derive(Serialize)]
struct PolicyDocument<'p> {
    allow_origins: &'p [String],
    allow_loopback: bool,
    allow_methods: &'p [String],
    allow_headers: &'p [String],
    expose_headers: &'p [String],
    allow_credentials: bool,
    max_age_seconds: Option<u32>,
    hide_lists_when_refused: bool,
    answer_only_requested: bool,
    dangerously_allow_insecure_origins_with_credentials: bool,
}

/// Reads a policy from a JSON object with the names of [`PolicyConfig`].
pub(crate) fn policy_from(value: &Value) -> PolicyConfig {
    let list = |name: &str| {
        let items = value.get(name).map(Value::items).unwrap_or_default();
        let texts = items.iter().filter_map(Value::text);
        texts.map(str::to_string).collect::<Vec<_>>()
    };
    let seconds = value.get("max_age_seconds").and_then(Value::number);
    PolicyConfig {
        allow_origins: list("allow_origins"),
        allow_loopback: is_true(value, "allow_loopback"),
        allow_methods: list("allow_methods"),
        allow_headers: list("allow_headers"),
        expose_headers: list("expose_headers"),
        allow_credentials: is_true(value, "allow_credentials"),
        // A number that is too large or not whole stays too large, and the policy says so.
        max_age_seconds: seconds.map(|seconds| seconds as u32),
        success_status: match value.get("success_status").and_then(Value::number) {
            Some(200.0) => PreflightSuccessStatus::Ok,
            _ => PreflightSuccessStatus::default(),
        },
        hide_lists_when_refused: is_true(value, "hide_lists_when_refused"),
        answer_only_requested: is_true(value, "answer_only_requested"),
        dangerously_allow_insecure_origins_with_credentials: is_true(
            value,
            "dangerously_allow_insecure_origins_with_credentials",
        ),
        dangerously_allow_public_suffixes_with_credentials: is_true(
            value,
            "dangerously_allow_public_suffixes_with_credentials",
        ),
        ..PolicyConfig::default()
    }
}

fn member(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.text().map(str::to_string)
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name).map(|value| &value.node) == Some(&Node::Word("true"))
}

/// Reads the headers of a page, one on each line.
fn headers(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once(':') {
            Some((name, value)) => (name.trim().to_string(), value.trim().to_string()),
            None => (line.to_string(), String::new()),
        })
        .collect()
}
