//! Reads the cause from a message, and decides how it goes together with what the heads show.

use super::facts::{Facts, is_case_kept};
use super::related::{cause_of_preflight_status, family, is_gateway_error, is_not_cors, others};
use super::{
    ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, Cause, Diagnosis, Finding, Guilty, Place,
    Question, Verdict,
};
use crate::input::console::{Engine, Message};
use crate::url::Url;

impl Facts<'_> {
    pub(super) fn finding_of_message(&self, message: &Message) -> Option<Finding> {
        let status = self.messages.iter().find_map(|message| message.status);
        let says_preflight = self
            .messages
            .iter()
            .any(|message| message.is_preflight == Some(true));
        let is_redirected = message.first_url.is_some();
        let mut cause = message.cause;
        let mut is_preflight = says_preflight || message.is_preflight == Some(true);
        if cause == Cause::AllowOriginMissing && message.is_preflight.is_none() && !is_preflight {
            // Firefox and WebKit do not say which of the two requests failed. An answer without
            // content, and one that refuses the method, are answers to OPTIONS. WebKit has another
            // text for a preflight with a bad status.
            is_preflight = status == Some(204)
                || (message.engine == Some(Engine::Firefox) && matches!(status, Some(405 | 501)));
        }
        match cause {
            Cause::AllowOriginMissing if is_preflight => {
                cause = match status {
                    None => Cause::OptionsNotHandled,
                    Some(200..=299) => Cause::AllowOriginMissing,
                    Some(status) => cause_of_preflight_status(status),
                };
            }
            Cause::PreflightStatus => {
                cause = status.map_or(Cause::PreflightStatus, cause_of_preflight_status);
            }
            Cause::AllowOriginMissing if status.is_some_and(is_gateway_error) => cause = Cause::ProxyError,
            // Firefox does not name the method, but the call or the heads may.
            Cause::MethodNotAllowed
                if message
                    .detail
                    .as_deref()
                    .or(self.method.as_deref())
                    .is_some_and(is_case_kept) =>
            {
                cause = Cause::MethodCaseDiffers;
            }
            Cause::SchemeNotSupported if is_redirected => cause = Cause::RedirectScheme,
            // The value is the page's origin and still differs from the request's: it is null.
            Cause::AllowOriginDiffers
                if is_redirected && (message.detail == message.origin || message.detail == self.origin) =>
            {
                cause = Cause::OriginBecameNull;
            }
            _ => {}
        }
        // The answer that lacks the field is itself a redirect.
        let is_redirect_status = message.engine == Some(Engine::Firefox)
            && cause == Cause::AllowOriginMissing
            && status.is_some_and(|status| (300..400).contains(&status));
        let place = match () {
            () if is_not_cors(cause) => Place::NotCors,
            () if is_preflight => Place::Preflight,
            () if is_redirected
                || is_redirect_status
                || self.has_lost_origin(message)
                || matches!(cause, Cause::RedirectWithUser | Cause::RedirectScheme) =>
            {
                Place::Redirect
            }
            () => Place::Actual,
        };
        Some(Finding {
            cause,
            place,
            guilty: Some(self.guilty_of_message(message, cause, status)),
            detail: message.remark.map(str::to_string),
            status,
            request: None,
        })
    }

    /// Returns whether the request had the origin `null` and the page has another one, which
    /// redirects cause.
    pub(super) fn has_lost_origin(&self, message: &Message) -> bool {
        let Some(page) = self.origin.as_deref().filter(|page| *page != "null") else {
            return false;
        };
        let leaves_host = match (&message.first_url, &message.url) {
            (Some(first), Some(last)) => {
                !first.same_host(last) && !Url::parse(page).is_some_and(|page| page.same_host(first))
            }
            _ => false,
        };
        leaves_host || message.origin.as_deref() == Some("null")
    }

    pub(super) fn guilty_of_message(&self, message: &Message, cause: Cause, status: Option<u16>) -> Guilty {
        let (field, is_absent) = match cause {
            Cause::AllowOriginMissing | Cause::ProxyError => (ALLOW_ORIGIN, true),
            // The message may name the missing field, and the status is the likely reason.
            Cause::OptionsNotHandled if message.cause == Cause::AllowOriginMissing && status.is_none() => {
                (ALLOW_ORIGIN, true)
            }
            Cause::OptionsNotHandled
            | Cause::PreflightAuthentication
            | Cause::PreflightRefused
            | Cause::PreflightStatus
            | Cause::PreflightRedirect => ("status", false),
            Cause::AllowOriginRepeated
            | Cause::AllowOriginList
            | Cause::AllowOriginInvalid
            | Cause::AllowOriginDiffers
            | Cause::OriginBecameNull
            | Cause::WildcardWithCredentials => (ALLOW_ORIGIN, false),
            Cause::AllowCredentialsMissing => (ALLOW_CREDENTIALS, true),
            Cause::AllowCredentialsNotTrue => (ALLOW_CREDENTIALS, false),
            Cause::AllowMethodsMalformed | Cause::MethodNotAllowed | Cause::MethodCaseDiffers => {
                (ALLOW_METHODS, false)
            }
            Cause::AllowHeadersMalformed | Cause::HeaderNotAllowed | Cause::AuthorizationUnderWildcard => {
                (ALLOW_HEADERS, false)
            }
            Cause::HeaderNotExposed => ("Access-Control-Expose-Headers", true),
            Cause::RedirectWithUser | Cause::RedirectScheme => ("Location", false),
            _ => ("message", false),
        };
        let value = match cause {
            Cause::AllowOriginList
            | Cause::AllowOriginRepeated
            | Cause::AllowOriginInvalid
            | Cause::AllowOriginDiffers
            | Cause::OriginBecameNull
            | Cause::WildcardWithCredentials
            | Cause::AllowCredentialsNotTrue => message.detail.clone(),
            _ if field == "status" => status.map(|status| status.to_string()),
            _ => None,
        };
        Guilty {
            field: field.into(),
            value,
            is_absent,
            span: Some(message.anchor),
            other_span: None,
        }
    }

    pub(super) fn take_message(&self, diagnosis: &mut Diagnosis, finding: Finding) {
        diagnosis.verdict = match finding.cause {
            Cause::AuthorizationUnderWildcard | Cause::HeaderNotExposed => Verdict::Allowed,
            Cause::NoReason | Cause::SameSiteCookie => Verdict::Unknown,
            _ => Verdict::Blocked,
        };
        diagnosis.is_cors = finding.place != Place::NotCors;
        if finding.cause == Cause::AuthorizationUnderWildcard {
            diagnosis.warnings.push(finding);
            return;
        }
        if finding.cause == Cause::NoReason {
            diagnosis.questions.push(Question {
                what: "reason",
                text: "Which line of the console begins with \"Access to\" or \"Cross-Origin Request Blocked\", or names the address?".into(),
            });
        }
        let engine = self.message.and_then(|message| message.engine);
        let seen_by = engine.or(Some(Engine::Chromium));
        diagnosis.others.extend(others(&finding, seen_by));
        if self
            .message
            .is_some_and(|message| message.origin.as_deref() == Some("null"))
            && finding.place != Place::NotCors
        {
            diagnosis.others.push(super::Other {
                cause: Cause::OriginBecameNull,
                place: Place::Redirect,
                question: "Was the request redirected from one other origin to another? Or is the page a file or a sandboxed frame?".into(),
            });
        }
        if finding.cause == Cause::AllowOriginMissing
            && finding.place == Place::Actual
            && finding.status.is_some_and(|status| !(200..300).contains(&status))
            && engine == Some(Engine::Firefox)
        {
            diagnosis.others.insert(0, super::Other {
                cause: finding.status.map_or(Cause::OptionsNotHandled, cause_of_preflight_status),
                place: Place::Preflight,
                question: "Does the request need a preflight (PUT, DELETE, JSON, Authorization)? Then this is the status of OPTIONS; Firefox does not tell the two apart.".into(),
            });
        }
        diagnosis.finding = Some(finding);
    }

    /// Combines what the transfers show with what the browser said.
    pub(super) fn combine(&self, diagnosis: &mut Diagnosis, finding: Finding) {
        if matches!(finding.cause, Cause::NoReason | Cause::NetworkFailure)
            && diagnosis.verdict == Verdict::Blocked
        {
            return;
        }
        let is_about_either = self.message.is_some_and(|message| message.is_preflight.is_none());
        let agrees = |own: &Finding| {
            let places = (own.place, finding.place);
            match (family(own.cause), family(finding.cause)) {
                (a, b) if a == b => {
                    places.0 == places.1 || places.1 == Place::Actual || places.0 == Place::Redirect
                }
                // A preflight with a bad status and without the field has both.
                ("preflight", "origin") | ("origin", "preflight") => {
                    places == (Place::Preflight, Place::Preflight) || is_about_either
                }
                _ => false,
            }
        };
        if diagnosis.verdict == Verdict::Blocked && diagnosis.finding.as_ref().is_some_and(agrees) {
            return;
        }
        // Of several cases, the browser's message names the one that happened.
        let case = diagnosis
            .cases
            .iter()
            .find(|case| case.finding.as_ref().is_some_and(agrees));
        if let Some(case) = case.cloned() {
            diagnosis.wanted.credentials = Some(case.credentials);
            diagnosis.verdict = Verdict::Blocked;
            diagnosis.finding = case.finding;
            diagnosis.questions.retain(|question| question.what == "response");
            diagnosis.cases.clear();
            diagnosis.others.clear();
            return;
        }
        if finding.cause == Cause::NoReason {
            // Where the heads have no response, that it failed is all that is known.
            if diagnosis.verdict == Verdict::Unknown
                && diagnosis.finding.is_none()
                && diagnosis.cases.is_empty()
                && diagnosis
                    .questions
                    .iter()
                    .any(|question| question.what == "response")
            {
                self.take_message(diagnosis, finding);
            }
            return;
        }
        if finding.cause == Cause::AuthorizationUnderWildcard {
            if !diagnosis
                .warnings
                .iter()
                .any(|warning| warning.cause == finding.cause)
            {
                diagnosis.warnings.push(finding);
            }
            return;
        }
        if diagnosis.verdict == Verdict::Allowed && finding.place != Place::NotCors {
            diagnosis.notes.push("the response in the text passes, so it is not the one that the browser saw: compare status, time and cache".into());
        }
        if let Some(own) = diagnosis.finding.take() {
            diagnosis.others.insert(
                0,
                super::Other {
                    cause: own.cause,
                    place: own.place,
                    question:
                        "The heads in the text show this; do they belong to the request of the message?"
                            .into(),
                },
            );
        }
        diagnosis.questions.clear();
        diagnosis.cases.clear();
        self.take_message(diagnosis, finding);
    }
}
