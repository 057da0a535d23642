//! The diagnosis of each exchange, as data.

mod advice;
mod blame;
mod bounds;
mod cause;
mod engines;
mod facts;
mod judge;
mod messages;
mod predict;
mod related;
mod transfers;

pub use cause::{Cause, Place};
pub(crate) use judge::diagnose;
pub(crate) use related::family;
pub use related::{Other, cause_of_preflight_status};

use crate::exchange::Exchange;
use crate::text::Span;

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const ALLOW_METHODS: &str = "Access-Control-Allow-Methods";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";

/// Facts that the caller knows and the text does not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The origin of the page.
    pub origin: Option<String>,
    /// Whether the page sends cookies and other credentials.
    pub credentials: Option<bool>,
}

/// Whether the page gets the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It does.
    Allowed,
    /// It does not.
    Blocked,
    /// It depends on what the text does not say.
    Unknown,
}

impl Verdict {
    /// Returns the name: `allowed`, `blocked` or `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

/// The part to blame: a field, the status, or the absence of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guilty {
    /// The name of the field, or `status`.
    pub field: String,
    /// The value; `None` if the field is absent, or if its value is not known.
    pub value: Option<String>,
    /// Whether the field is absent.
    pub is_absent: bool,
    /// The place of the field. For an absent field, that of the response's first line; for a
    /// message, that of the words that say what is wrong.
    pub span: Option<Span>,
    /// Another place that belongs to it, such as the first of two lines.
    pub other_span: Option<Span>,
}

/// A cause with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// Where it lies.
    pub place: Place,
    /// The part to blame.
    pub guilty: Option<Guilty>,
    /// Says what exactly is wrong, if more can be said than the cause's title.
    pub detail: Option<String>,
    /// The status of the response, if it is known.
    pub status: Option<u16>,
    /// The place of the request that it is about.
    pub request: Option<Span>,
}

/// The result of a step of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The step succeeds.
    Passed,
    /// The step fails, and the request with it.
    Failed,
    /// An earlier step failed.
    NotReached,
    /// The text does not show it.
    Unknown,
}

impl Outcome {
    /// Returns the name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
            Self::Unknown => "unknown",
        }
    }
}

/// A step of the browser, in the order of the Fetch Standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it is taken.
    pub place: Place,
    /// The question that the step answers.
    pub question: &'static str,
    /// The algorithm of the standard.
    pub url: &'static str,
    /// The result.
    pub outcome: Outcome,
}

/// Why a preflight is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A sentence.
    pub text: String,
    /// The place that shows it.
    pub span: Option<Span>,
}

/// A fact that the text does not say, with the question that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `credentials`, `origin`, `preflight`, `response`, `redirect` or `reason`.
    pub what: &'static str,
    /// The question, or what to do to learn the answer.
    pub text: String,
}

/// The verdict for one value of what is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The origin; `None` for every origin that no field names.
    pub origin: Option<String>,
    /// Whether the request has credentials.
    pub credentials: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is blocked.
    pub finding: Option<Finding>,
}

/// The request as the page wanted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The address.
    pub url: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The names of the headers that the page sets, where they are known.
    pub headers: Vec<String>,
    /// The origin of the page.
    pub origin: Option<String>,
    /// Whether the request has credentials.
    pub credentials: Option<bool>,
    /// Whether a preflight is needed.
    pub needs_preflight: Option<bool>,
    /// Why it is.
    pub reasons: Vec<Reason>,
}

/// The texts in each engine's console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consoles {
    /// Chrome, Edge and others.
    pub chromium: Option<String>,
    /// Firefox.
    pub firefox: Option<String>,
    /// Safari.
    pub webkit: Option<String>,
}

/// A message of the text that is about an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The engine that prints it.
    pub engine: Option<&'static str>,
    /// Its place.
    pub span: Span,
}

/// The diagnosis of one exchange.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The request as the page wanted it.
    pub wanted: Wanted,
    /// Whether this concerns CORS at all: a request to another origin that a page makes.
    pub is_cors: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// The most likely cause.
    pub finding: Option<Finding>,
    /// A cause that blocks nothing yet.
    pub warnings: Vec<Finding>,
    /// The other causes that fit, the likeliest first.
    pub others: Vec<Other>,
    /// The facts that are not known.
    pub questions: Vec<Question>,
    /// The verdicts for what is not known.
    pub cases: Vec<Case>,
    /// The steps of the browser.
    pub steps: Vec<Step>,
    /// The texts in the consoles.
    pub consoles: Consoles,
    /// The messages that were given.
    pub given: Vec<Given>,
    /// Changes to make, the most useful first.
    pub fixes: Vec<String>,
    /// Other facts worth knowing.
    pub notes: Vec<String>,
    /// The first place of the exchange.
    pub start: Option<Span>,
    /// Which parts of the text belong together.
    pub exchange: Exchange,
}
