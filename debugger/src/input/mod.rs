//! Finds what the text contains: one file for each format, and any mixture of them.
//!
//! A reader of another format adds a file here and a call in [`scan`]. Readers of server
//! configurations have another result, a policy, so they belong beside this module.

pub mod calls;
pub mod console;
pub mod har;
pub mod heads;
mod panel;
mod prefixes;
pub mod shell;

use crate::text::Span;
use crate::url::Url;

/// Everything that was found in a text, each kind in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Requests and responses.
    pub transfers: Vec<Transfer>,
    /// Messages of browser consoles, and of programs that failed to connect.
    pub messages: Vec<console::Message>,
    /// Requests that a program or a command would make.
    pub calls: Vec<Call>,
    /// The names of the formats, each once.
    pub formats: Vec<Format>,
}

impl Found {
    fn add_format(&mut self, format: Format) {
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
    }
}

/// A format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Messages of a browser's console.
    Console,
    /// The output of `curl -v`.
    CurlVerbose,
    /// Heads as they are sent, as `curl -i`, `curl -D -`, HTTPie and wget print them.
    Heads,
    /// The headers panel of a browser's tools.
    Panel,
    /// HAR 1.2.
    Har,
    /// Calls of `fetch`, axios or `XMLHttpRequest`.
    Program,
    /// A command of curl, HTTPie or wget.
    Command,
}

impl Format {
    /// Returns the name of the format, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console messages",
            Self::CurlVerbose => "curl -v",
            Self::Heads => "raw heads",
            Self::Panel => "headers panel",
            Self::Har => "HAR",
            Self::Program => "program",
            Self::Command => "command line",
        }
    }
}

/// A field line of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name as it is written.
    pub name: String,
    /// The value without white space around it.
    pub value: String,
    /// The place of the field: of the name and the value, if they stand in one line.
    pub span: Span,
    /// The place of the value.
    pub value_span: Span,
}

impl Field {
    /// Returns whether this is the field's name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The head of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestHead {
    /// The method as it is written.
    pub method: String,
    /// The address, if it is known.
    pub url: Option<Url>,
    /// The field lines.
    pub fields: Vec<Field>,
    /// The place of the request line.
    pub span: Option<Span>,
    /// Whether a browser sent it, and not a tool.
    pub is_of_browser: bool,
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// The status. 0 if the browser hides it, as HAR files do.
    pub status: u16,
    /// The field lines.
    pub fields: Vec<Field>,
    /// The place of the status line.
    pub span: Span,
}

/// Returns the values of the fields of a name.
pub fn values<'f>(fields: &'f [Field], name: &'f str) -> impl Iterator<Item = &'f Field> {
    fields.iter().filter(move |field| field.is(name))
}

/// Returns the value of the first field of a name.
pub fn value<'f>(fields: &'f [Field], name: &str) -> Option<&'f str> {
    fields
        .iter()
        .find(|field| field.is(name))
        .map(|field| field.value.as_str())
}

/// A request, its response, or both.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    /// The request, if it is known.
    pub request: Option<RequestHead>,
    /// The response, if there is one.
    pub response: Option<ResponseHead>,
    /// The error with which the transfer ended, such as `net::ERR_FAILED`, and its place.
    pub error: Option<(String, Span)>,
    /// The origin of the page, where the format says it besides the field `Origin`.
    pub page_origin: Option<String>,
    /// Whether the format says that this is a preflight.
    pub is_marked_preflight: bool,
    /// The start in milliseconds, where the format has it.
    pub started: Option<f64>,
    /// Whether a browser recorded the transfer.
    pub is_of_browser: bool,
    /// Whether the page got the response, where the browser recorded it.
    pub has_passed: Option<bool>,
    /// The credentials mode, where a call says it.
    pub call: Option<usize>,
}

impl Transfer {
    /// Returns the place where the transfer begins in the text.
    pub fn start(&self) -> usize {
        let request = self.request.as_ref().and_then(|request| request.span);
        let response = self.response.as_ref().map(|response| response.span);
        let error = self.error.as_ref().map(|(_, span)| *span);
        [request, response, error]
            .into_iter()
            .flatten()
            .map(|span| span.start)
            .min()
            .unwrap_or(0)
    }
}

/// A request that a program makes: what a browser needs to know of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which function or command makes it.
    pub api: &'static str,
    /// The address, if it is a constant.
    pub url: Option<Url>,
    /// The method as it is written.
    pub method: String,
    /// The headers that the page sets, the `Content-Type` of the body included.
    pub headers: Vec<CallHeader>,
    /// The credentials mode `include`; `None` if it is not a constant.
    pub credentials: Option<bool>,
    /// The `mode` of `fetch`, such as `no-cors`.
    pub mode: Option<String>,
    /// The origin of the page, where the call shows it.
    pub origin: Option<String>,
    /// Whether the page listens for the progress of the upload, or streams the body.
    pub is_upload_watched: bool,
    /// Whether this is a command such as curl, which is not subject to CORS.
    pub is_command: bool,
    /// The place of the call.
    pub span: Span,
    /// The place of the mode, where it is written.
    pub mode_span: Option<Span>,
}

/// A header that a page sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallHeader {
    /// The name as it is written.
    pub name: String,
    /// The value, if it is a constant, else a value that stands for any.
    pub value: String,
    /// The place of the name.
    pub span: Option<Span>,
}

/// Finds everything in a text.
pub fn scan(text: &str) -> Found {
    let mut found = Found::default();
    let taken = har::scan(text, &mut found);
    let commands = shell::scan(text, &taken);
    calls::scan(text, &taken, &mut found);
    heads::scan(text, &taken, commands, &mut found);
    console::scan(text, &taken, &mut found);
    found.transfers.sort_by_key(Transfer::start);
    found.calls.sort_by_key(|call| call.span.start);
    found
}

/// Returns whether a place is in one of these places, which are in order.
fn is_in(taken: &[Span], at: usize) -> bool {
    let after = taken.partition_point(|span| span.start <= at);
    after
        .checked_sub(1)
        .and_then(|index| taken.get(index))
        .is_some_and(|span| at < span.end)
}

/// Returns whether a head was sent by a browser: tools do not send these fields.
fn is_of_browser(fields: &[Field]) -> bool {
    fields.iter().any(|field| {
        (field.is("user-agent") && field.value.starts_with("Mozilla/"))
            || field.is("sec-fetch-mode")
            || field.is("sec-fetch-site")
    })
}

/// Fields that tools and browsers add themselves to every request.
const ADDED: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "cookie",
    "dnt",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "priority",
    "proxy-connection",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
];
/// Fields that a browser adds besides, with its cache and its tools.
const ADDED_BY_BROWSERS: &[&str] = &[
    "cache-control",
    "content-length",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "last-event-id",
    "pragma",
    "purpose",
    "save-data",
];

/// Returns whether a field of a request is not from the page, but from the browser or tool.
fn is_set_by_browser(field: &Field, is_of_browser: bool) -> bool {
    let name = field.name.to_ascii_lowercase();
    ADDED.contains(&name.as_str())
        || name.starts_with("sec-")
        || name.starts_with(':')
        || name.starts_with("access-control-request-")
        || (is_of_browser && ADDED_BY_BROWSERS.contains(&name.as_str()))
}

/// The call that a page would make for a request; for a preflight, the request that it asks for.
fn call_of_request(request: &RequestHead, api: &'static str, span: Span) -> Call {
    let fields = &request.fields;
    let asked = value(fields, "access-control-request-method");
    let headers = match asked {
        Some(_) => asked_headers(fields),
        None => shell::page_headers(request),
    };
    let referer = value(fields, "referer")
        .and_then(Url::parse)
        .and_then(|url| url.origin());
    Call {
        api,
        url: request.url.clone(),
        method: asked.unwrap_or(&request.method).to_string(),
        headers,
        credentials: value(fields, "cookie").map(|_| true),
        mode: value(fields, "sec-fetch-mode")
            .filter(|mode| matches!(*mode, "no-cors" | "same-origin"))
            .map(str::to_string),
        origin: value(fields, "origin").map(str::to_string).or(referer),
        is_upload_watched: false,
        is_command: !request.is_of_browser,
        span,
        mode_span: None,
    }
}

/// The headers that a preflight asks for, with values that need a preflight.
pub(crate) fn asked_headers(fields: &[Field]) -> Vec<CallHeader> {
    let mut headers = Vec::new();
    for field in values(fields, "access-control-request-headers") {
        for name in field
            .value
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            headers.push(CallHeader {
                name: name.to_string(),
                // No safelisted header has this value.
                value: "(".to_string(),
                span: Some(field.span),
            });
        }
    }
    headers
}
