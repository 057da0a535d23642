//! Predicts what a browser does with a call, before any server was asked.

use embedded_cors::browser::Failure;

use super::facts::{Facts, STRANGER};
use super::{Cause, Diagnosis, Finding, Guilty, Place, Question, Verdict};
use crate::input::Call;
use crate::text::Span;
use crate::url::{Url, is_origin};

impl Facts<'_> {
    pub(super) fn predict(&self, diagnosis: &mut Diagnosis, call: &Call) {
        let finding = |cause, place, span: Option<Span>, detail: String| Finding {
            cause,
            place,
            guilty: span.map(|span| Guilty {
                field: "request".into(),
                value: None,
                is_absent: false,
                span: Some(span),
                other_span: None,
            }),
            detail: Some(detail),
            status: None,
            request: None,
        };
        if self.is_same_origin() {
            diagnosis.is_cors = false;
            diagnosis.verdict = Verdict::Allowed;
            diagnosis
                .notes
                .push("page and address have the same origin, so CORS does not apply".into());
            return;
        }
        let pairs = self.pairs();
        let origin = self.origin.as_deref().filter(|origin| is_origin(origin));
        let fetch = self.fetch(&pairs, origin.unwrap_or(STRANGER), false);
        let blocked = if let Err(blocked) = fetch.check_page() {
            let header = blocked.header().and_then(|name| self.header(name));
            let cause = match blocked.failure() {
                Failure::MethodNotAToken | Failure::ForbiddenMethod => Cause::MethodForbidden,
                _ => Cause::HeaderInvalid,
            };
            let span = header.and_then(|header| header.span).unwrap_or(call.span);
            Some(finding(
                cause,
                Place::NotCors,
                Some(span),
                blocked.failure().sentence().to_string(),
            ))
        } else if let Some(scheme) = self
            .url
            .as_ref()
            .and_then(|url| url.scheme.as_deref())
            .filter(|scheme| !matches!(*scheme, "http" | "https"))
        {
            Some(finding(
                Cause::SchemeNotSupported,
                Place::Actual,
                Some(call.span),
                format!("the address begins with {scheme}:"),
            ))
        } else {
            let span = call.mode_span.or(Some(call.span));
            match call.mode.as_deref() {
                Some("no-cors") => Some(finding(
                    Cause::OpaqueResponse,
                    Place::NotCors,
                    span,
                    "the page asks with mode no-cors".into(),
                )),
                Some("same-origin") => Some(finding(
                    Cause::ModeSameOrigin,
                    Place::Actual,
                    span,
                    "the page asks with mode same-origin".into(),
                )),
                _ => self.mixed_content().then(|| {
                    finding(
                        Cause::MixedContent,
                        Place::NotCors,
                        Some(call.span),
                        "the page is on https and the address on http".into(),
                    )
                }),
            }
        };
        if let Some(finding) = blocked {
            diagnosis.verdict = Verdict::Blocked;
            diagnosis.finding = Some(finding);
            return;
        }
        self.ask_for_response(diagnosis, fetch.needs_preflight());
        if call.is_command {
            diagnosis.notes.push(format!(
                "{} itself is not subject to CORS; this is what a browser would do with such a request",
                call.api
            ));
        }
        self.note_local_network(diagnosis);
    }

    /// Whether the page's https does not allow the address.
    pub(super) fn mixed_content(&self) -> bool {
        let is_secure = self
            .origin
            .as_deref()
            .is_some_and(|origin| origin.starts_with("https://"));
        let url = self.url.as_ref();
        is_secure && url.is_some_and(|url| url.scheme.as_deref() == Some("http") && !url.is_loopback())
    }

    pub(super) fn note_local_network(&self, diagnosis: &mut Diagnosis) {
        let Some(url) = self
            .url
            .as_ref()
            .filter(|url| url.is_local_network() || url.is_loopback())
        else {
            return;
        };
        let page = self.origin.as_deref().and_then(Url::parse);
        if page.is_none_or(|page| page.is_local_network() || page.is_loopback()) {
            return;
        }
        let has_response = self
            .legs
            .iter()
            .flat_map(|(preflight, actual)| [preflight, actual])
            .flatten()
            .any(|transfer| transfer.response.is_some());
        if diagnosis.verdict == super::Verdict::Allowed {
            diagnosis.notes.push(format!("{} is in the local network and the page is not: Chromium and Firefox ask the user for a permission first", url.host));
        } else if !has_response {
            diagnosis.others.push(super::Other {
                cause: Cause::LocalNetworkDenied,
                place: Place::NotCors,
                question: format!("{} is in the local network and the page is not: did the browser ask for a permission, and did the user grant it?", url.host),
            });
        }
    }

    /// Says what the server has to answer, and how to see what it does.
    pub(super) fn ask_for_response(&self, diagnosis: &mut Diagnosis, needs_preflight: bool) {
        let origin = self.origin.as_deref().unwrap_or("ORIGIN");
        let url = self.url.as_ref().map_or("URL".to_string(), Url::to_string);
        let method = self.method.as_deref().unwrap_or("GET");
        if needs_preflight {
            let pairs = self.pairs();
            let names = self.fetch(&pairs, origin, false).unsafe_names().to_string();
            let headers = match names.as_str() {
                "" => String::new(),
                names => format!(" -H 'Access-Control-Request-Headers: {names}'"),
            };
            diagnosis.questions.push(Question {
                what: "preflight",
                text: format!("What does the server answer to the preflight? Run: curl -i -X OPTIONS '{url}' -H 'Origin: {origin}' -H 'Access-Control-Request-Method: {method}'{headers}"),
            });
        }
        let option = if method == "GET" {
            String::new()
        } else {
            format!(" -X {method}")
        };
        diagnosis.questions.push(Question {
            what: "response",
            text: format!("What does it answer to the request itself? Run: curl -i{option} '{url}' -H 'Origin: {origin}'"),
        });
    }
}
