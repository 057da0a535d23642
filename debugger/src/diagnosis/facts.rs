//! The facts about an exchange: what the page wanted, from whatever part of the text says it.

use embedded_cors::browser::Fetch;

use super::{Cause, Given, Options, Reason, Wanted};
use crate::exchange::Exchange;
use crate::input::console::{Engine, Message};
use crate::input::{Call, CallHeader, Found, Transfer, asked_headers, value};
use crate::text::Span;
use crate::url::Url;

/// An origin that no field names, to ask what every other page gets.
pub(super) const STRANGER: &str = "https://another-page.example";

/// The facts about an exchange.
pub(super) struct Facts<'f> {
    pub(super) legs: Vec<(Option<&'f Transfer>, Option<&'f Transfer>)>,
    pub(super) call: Option<&'f Call>,
    /// The message that says most.
    pub(super) message: Option<&'f Message>,
    pub(super) messages: Vec<&'f Message>,
    pub(super) url: Option<Url>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<CallHeader>,
    pub(super) origin: Option<String>,
    pub(super) credentials: Option<bool>,
    /// Whether a browser made the request, so that a request that was sent needs no preflight that
    /// is shown.
    pub(super) is_of_browser: bool,
}

impl<'f> Facts<'f> {
    pub(super) fn new(found: &'f Found, exchange: &Exchange, options: &Options) -> Self {
        let transfer = |index: Option<usize>| index.and_then(|index| found.transfers.get(index));
        let legs: Vec<_> = exchange
            .legs
            .iter()
            .map(|leg| (transfer(leg.preflight), transfer(leg.actual)))
            .collect();
        let messages: Vec<_> = exchange
            .messages
            .iter()
            .filter_map(|index| found.messages.get(*index))
            .collect();
        let call = exchange.call.and_then(|index| found.calls.get(index));
        let rank = |message: &&&Message| match message.cause {
            Cause::NoReason => 3,
            _ if message.is_vague => 2,
            Cause::NetworkFailure | Cause::PreflightStatus => 1,
            _ => 0,
        };
        let message = messages.iter().min_by_key(rank).copied();

        let (preflight, actual) = legs.first().copied().unwrap_or((None, None));
        let preflight_request = preflight.and_then(|transfer| transfer.request.as_ref());
        let actual_request = actual.and_then(|transfer| transfer.request.as_ref());
        let requests = || [actual_request, preflight_request].into_iter().flatten();

        let named =
            |message: &&&Message| matches!(message.cause, Cause::MethodNotAllowed | Cause::MethodCaseDiffers);
        let asked =
            preflight_request.and_then(|request| value(&request.fields, "access-control-request-method"));
        let method = asked
            .map(str::to_string)
            .or_else(|| call.map(|call| call.method.clone()))
            .or_else(|| actual_request.map(|request| request.method.clone()))
            .or_else(|| messages.iter().find_map(|message| message.method.clone()))
            .or_else(|| {
                messages
                    .iter()
                    .find(named)
                    .and_then(|message| message.detail.clone())
            });
        let own_headers = actual_request.map(crate::input::shell::page_headers);
        let headers = match (preflight_request, call) {
            (Some(request), _) if asked.is_some() => as_written(asked_headers(&request.fields), call),
            (_, Some(call)) => call.headers.clone(),
            _ => own_headers.unwrap_or_default(),
        };
        let origin = options
            .origin
            .clone()
            .or_else(|| requests().find_map(|request| value(&request.fields, "origin").map(str::to_string)))
            .or_else(|| call.and_then(|call| call.origin.clone()))
            .or_else(|| messages.iter().find_map(|message| message.origin.clone()))
            .or_else(|| {
                actual
                    .or(preflight)
                    .and_then(|transfer| transfer.page_origin.clone())
            })
            .or_else(|| {
                requests()
                    .filter(|request| request.is_of_browser)
                    .find_map(|request| Url::parse(value(&request.fields, "referer")?)?.origin())
            });
        let needs_credentials = messages.iter().any(|message| {
            matches!(
                message.cause,
                Cause::WildcardWithCredentials
                    | Cause::AllowCredentialsMissing
                    | Cause::AllowCredentialsNotTrue
            )
        });
        let has_cookie = actual_request.is_some_and(|request| value(&request.fields, "cookie").is_some());
        let credentials = options
            .credentials
            .or_else(|| call.and_then(|call| call.credentials))
            .or((needs_credentials || has_cookie).then_some(true));
        let url = requests()
            .find_map(|request| request.url.clone())
            .or_else(|| call.and_then(|call| call.url.clone()))
            .or_else(|| {
                messages
                    .iter()
                    .find_map(|message| message.first_url.clone().or(message.url.clone()))
            });
        Self {
            is_of_browser: actual.is_some_and(|transfer| transfer.is_of_browser),
            legs,
            call,
            message,
            messages,
            url,
            method,
            headers,
            origin,
            credentials,
        }
    }

    /// The request as the engine's model sees it.
    pub(super) fn fetch<'a>(
        &'a self,
        headers: &'a [(&'a str, &'a str)],
        origin: &'a str,
        credentials: bool,
    ) -> Fetch<'a> {
        let mut fetch = Fetch::from_origin(origin)
            .method(self.method.as_deref().unwrap_or("GET"))
            .headers(headers);
        if credentials {
            fetch = fetch.include_credentials();
        }
        if self.is_upload_watched() {
            fetch = fetch.use_cors_preflight();
        }
        fetch
    }

    pub(super) fn is_upload_watched(&self) -> bool {
        self.call.is_some_and(|call| call.is_upload_watched)
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        self.headers
            .iter()
            .map(|header| (header.name.as_str(), header.value.as_str()))
            .collect()
    }

    pub(super) fn wanted(&self) -> Wanted {
        let has_preflight = self.legs.iter().any(|(preflight, _)| preflight.is_some());
        let pairs = self.pairs();
        let fetch = self.fetch(&pairs, self.origin.as_deref().unwrap_or(STRANGER), false);
        let is_request_known = self.call.is_some()
            || self
                .legs
                .iter()
                .any(|(_, actual)| actual.is_some_and(|actual| actual.request.is_some()));
        let says_preflight = self
            .messages
            .iter()
            .any(|message| message.is_preflight == Some(true));
        let needs_preflight = match () {
            () if has_preflight || says_preflight => Some(true),
            () if is_request_known => Some(fetch.needs_preflight()),
            () => None,
        };
        let mut reasons = Vec::new();
        if needs_preflight == Some(true) {
            let method = fetch.normalized_method();
            if !matches!(method, "GET" | "HEAD" | "POST") && self.method.is_some() {
                reasons.push(Reason {
                    text: format!("the method {method} is not GET, HEAD or POST"),
                    span: None,
                });
            }
            for name in fetch.unsafe_names() {
                let header = self.header(name.as_written());
                let text = if name == *"content-type" {
                    let kind = header
                        .map(|header| header.value.as_str())
                        .filter(|kind| *kind != "(");
                    let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
                    format!("the Content-Type{kind} is not one that a form can send")
                } else {
                    format!("the header {} is not safelisted", name.as_written())
                };
                reasons.push(Reason {
                    text,
                    span: header.and_then(|header| header.span),
                });
            }
            if self.is_upload_watched() {
                reasons.push(Reason {
                    text: "the page listens for the progress of the upload, or streams the body".into(),
                    span: None,
                });
            }
        }
        Wanted {
            url: self.url.as_ref().map(Url::to_string),
            method: self.method.clone(),
            headers: self.headers.iter().map(|header| header.name.clone()).collect(),
            origin: self.origin.clone(),
            credentials: self.credentials,
            needs_preflight,
            reasons,
        }
    }

    /// Returns the header of a name. The engine cuts long names, and replaces bytes that a name
    /// cannot have.
    pub(super) fn header(&self, shown: &str) -> Option<&CallHeader> {
        let start = shown.strip_suffix("...");
        let is_shown = |header: &&CallHeader| {
            let name = header.name.as_str();
            let name = match start {
                Some(start) => name.get(..start.len()).unwrap_or(name),
                None => name,
            };
            let shown = start.unwrap_or(shown);
            name == shown
                || (name.chars().count() == shown.chars().count()
                    && name.chars().zip(shown.chars()).all(|(a, b)| a == b || b == '?'))
        };
        self.headers.iter().find(is_shown)
    }

    /// The first line of the exchange.
    pub(super) fn start(&self) -> Option<Span> {
        let transfers = self
            .legs
            .iter()
            .flat_map(|(preflight, actual)| [*preflight, *actual])
            .flatten();
        let heads = transfers.filter_map(|transfer| {
            let request = transfer.request.as_ref().and_then(|request| request.span);
            request.or(transfer.response.as_ref().map(|response| response.span))
        });
        let call = self.call.map(|call| call.span);
        let messages = self.messages.iter().map(|message| message.anchor);
        heads.min().or(call).or_else(|| messages.min())
    }

    pub(super) fn given(&self) -> Vec<Given> {
        self.messages
            .iter()
            .map(|message| Given {
                engine: message.engine.map(Engine::name),
                span: message.span,
            })
            .collect()
    }

    /// Whether the request stays on the page's own origin.
    pub(super) fn is_same_origin(&self) -> bool {
        let (Some(origin), Some(url)) = (self.origin.as_deref().and_then(Url::parse), &self.url) else {
            return false;
        };
        origin.same_host(url)
    }
}

/// Gives headers that a preflight asks for the names with which the page writes them.
fn as_written(mut headers: Vec<CallHeader>, call: Option<&Call>) -> Vec<CallHeader> {
    for header in &mut headers {
        let written = call.and_then(|call| {
            let is_same = |other: &&CallHeader| other.name.eq_ignore_ascii_case(&header.name);
            call.headers.iter().find(is_same)
        });
        if let Some(written) = written {
            header.name.clone_from(&written.name);
        }
    }
    headers
}

/// Whether browsers send a method in the case in which the page writes it, and not in upper case.
pub(super) fn is_case_kept(method: &str) -> bool {
    let is_normalized = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]
        .iter()
        .any(|name| method.eq_ignore_ascii_case(name));
    !is_normalized && method.bytes().any(|byte| byte.is_ascii_lowercase())
}
