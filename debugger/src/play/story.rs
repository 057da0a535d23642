//! The result as data. Its form as JSON has the same names in camel case.

use embedded_cors::browser::{Blocked, FilteredResponse, Response};
use serde::Serialize;

use super::record::Place;
use crate::diagnosis::{self, Consoles, Step};
use crate::secrets::Shown;

/// The course of a request of a page.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// Why the settings cannot be played: a mistake in a policy, or a head that is not one.
    pub error: Option<String>,
    /// `allowed` or `blocked`; empty if there is an error.
    pub verdict: &'static str,
    /// Whether page and address have the same origin, so that CORS does not apply.
    pub same_origin: bool,
    /// Whether the browser sends a preflight first.
    pub needs_preflight: bool,
    /// Why it does: a sentence for each rule.
    pub reasons: Vec<String>,
    /// The requests and their answers, in order.
    pub transfers: Vec<Transfer>,
    /// Why the request is blocked.
    pub finding: Option<Finding>,
    /// Causes that block nothing yet.
    pub warnings: Vec<Finding>,
    /// The changes to make, the most useful first.
    pub fixes: Vec<String>,
    /// Other facts worth knowing.
    pub notes: Vec<String>,
    /// The response as the page gets it; `None` if it gets nothing but an error.
    pub page: Option<Page>,
    /// The texts in the consoles.
    pub console: Console,
    /// For how long each engine remembers the answer to the preflight.
    pub remembered: Vec<Cached>,
    /// The requests and answers as text, in the form of `curl -v`.
    pub transcript: String,
}

impl Story {
    pub(super) fn fail(&mut self, error: &str) {
        self.error = Some(error.to_string());
    }

    /// Writes the story as JSON.
    pub fn to_json(&self) -> String {
        Shown::new(&serde_json::to_string_pretty(self).unwrap_or_default()).text
    }
}

/// A request and its answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// Whether this is a preflight.
    pub is_preflight: bool,
    /// Whether the browser checks the answer for CORS.
    pub is_cors: bool,
    /// The address.
    pub url: String,
    /// The head of the request.
    pub request: String,
    /// The head of the answer.
    pub response: String,
    /// The status of the answer.
    pub status: u16,
    /// The checks of the browser, in order.
    pub checks: Vec<Check>,
    /// The address to which the answer redirects the request.
    pub leads_to: Option<String>,
}

/// A check of the browser.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The question that it answers.
    pub question: &'static str,
    /// The algorithm of the standard.
    pub rule: &'static str,
    /// `passed`, `failed`, `not-reached` or `unknown`.
    pub outcome: &'static str,
}

impl From<&Step> for Check {
    fn from(step: &Step) -> Self {
        Self {
            question: step.question,
            rule: step.url,
            outcome: step.outcome.name(),
        }
    }
}

/// A cause, and where it lies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The stable code of the cause.
    pub code: &'static str,
    /// `preflight`, `actual`, `redirect` or `not-cors`.
    pub place: &'static str,
    /// A sentence that says what is wrong.
    pub title: String,
    /// More about what is wrong.
    pub detail: Option<String>,
    /// The rule that is broken.
    pub rule: &'static str,
    /// The address of the rule.
    pub rule_url: &'static str,
    /// The field to blame.
    pub field: Option<String>,
    /// Whether this field is absent.
    pub absent: bool,
    /// The transfer whose answer is to blame, counted from 0.
    pub transfer: Option<usize>,
    /// The line of that answer, counted from 0.
    pub line: Option<usize>,
}

impl Finding {
    pub(super) fn new(finding: &diagnosis::Finding, place: Option<Place>) -> Self {
        let guilty = finding.guilty.as_ref();
        Self {
            code: finding.cause.code(),
            place: finding.place.name(),
            title: finding.cause.title().to_string(),
            detail: finding.detail.clone(),
            rule: finding.cause.rule(),
            rule_url: finding.cause.rule_url(),
            field: guilty.map(|guilty| guilty.field.clone()),
            absent: guilty.is_some_and(|guilty| guilty.is_absent),
            transfer: place.map(|place| place.transfer),
            line: place.map(|place| place.line),
        }
    }
}

impl From<Blocked> for Finding {
    /// A failure for which the diagnosis has no cause, such as an address that is not a URL.
    fn from(blocked: Blocked) -> Self {
        Self {
            code: "request",
            place: "not-cors",
            title: blocked.failure().sentence().to_string(),
            detail: blocked.header().map(|name| format!("the header {name}")),
            rule: blocked.failure().algorithm(),
            rule_url: blocked
                .failure()
                .url()
                .unwrap_or("https://fetch.spec.whatwg.org/"),
            field: None,
            absent: false,
            transfer: None,
            line: None,
        }
    }
}

/// The response as the page sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The headers that the page can read.
    pub readable: Vec<(String, String)>,
    /// The names of the headers that the page cannot read.
    pub hidden: Vec<String>,
}

impl Page {
    pub(super) fn new(response: &Response<'_>, filtered: &FilteredResponse<'_>) -> Self {
        let readable = filtered
            .headers()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value).into_owned()));
        let hidden = response
            .headers()
            .filter(|(name, _)| !filtered.is_readable(name))
            .map(|(name, _)| name.to_string());
        Self {
            status: filtered.status(),
            readable: readable.collect(),
            hidden: hidden.collect(),
        }
    }
}

/// The text in each engine's console.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Console {
    /// Chrome, Edge and others.
    pub chromium: Option<String>,
    /// Firefox.
    pub firefox: Option<String>,
    /// Safari.
    pub webkit: Option<String>,
}

impl From<Consoles> for Console {
    fn from(consoles: Consoles) -> Self {
        Self {
            chromium: consoles.chromium,
            firefox: consoles.firefox,
            webkit: consoles.webkit,
        }
    }
}

/// For how long an engine remembers the answer to the preflight.
#[derive(Clone, Debug, Serialize)]
pub struct Cached {
    /// `chromium`, `firefox` or `webkit`.
    pub engine: &'static str,
    /// The seconds; 0 if it remembers nothing.
    pub seconds: u32,
}
