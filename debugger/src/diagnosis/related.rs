//! Other causes that fit the same input, and the questions that decide.

use super::{Cause, Finding, Place};
use crate::input::console::Engine;

/// A cause that fits the input too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The cause.
    pub cause: Cause,
    /// Where it would lie.
    pub place: Place,
    /// The question that decides.
    pub question: String,
}

/// Returns what it means that a preflight got this status, which is not from 200 to 299.
pub const fn cause_of_preflight_status(status: u16) -> Cause {
    match status {
        300..=399 => Cause::PreflightRedirect,
        401 | 407 => Cause::PreflightAuthentication,
        403 => Cause::PreflightRefused,
        400 | 404 | 405 | 501 => Cause::OptionsNotHandled,
        _ => Cause::PreflightStatus,
    }
}

/// Returns the other causes that fit, the likeliest first. `seen_by` is the engine whose message is
/// all that is known, if there is nothing else.
pub(super) fn others(finding: &Finding, seen_by: Option<Engine>) -> Vec<Other> {
    let at = |cause, place, question: &str| Other {
        cause,
        place,
        question: question.to_string(),
    };
    let place = finding.place;
    let same = |cause, question: &str| at(cause, place, question);
    let is_message = seen_by.is_some();
    let status = finding.status;
    let is_unknown_status = status.is_none();
    let mut others = Vec::new();
    match finding.cause {
        Cause::OptionsNotHandled | Cause::PreflightStatus | Cause::PreflightRefused
            if place == Place::Preflight =>
        {
            // Chromium complains of the status only where the fields are right, and it has another
            // text for a redirect.
            let says_status = seen_by == Some(Engine::Chromium) && finding.cause == Cause::PreflightStatus;
            if says_status && is_unknown_status {
                others.push(at(
                    Cause::PreflightAuthentication,
                    place,
                    "Does curl -i -X OPTIONS with the page's Origin and Access-Control-Request-Method print 401? Then authentication comes before CORS.",
                ));
            } else if is_message && is_unknown_status {
                others.push(at(Cause::AllowOriginMissing, place, "Does curl -i -X OPTIONS with the page's Origin and Access-Control-Request-Method print a status from 200 to 299? Then only the field is missing."));
                others.push(at(
                    Cause::PreflightAuthentication,
                    place,
                    "Does it print 401? Then authentication comes before CORS.",
                ));
                others.push(at(
                    Cause::PreflightRedirect,
                    place,
                    "Does it print a status from 301 to 308? Then the address is not the final one.",
                ));
            } else if finding.cause != Cause::OptionsNotHandled {
                others.push(same(
                    Cause::OptionsNotHandled,
                    "Does the server have a route for OPTIONS at this address?",
                ));
            }
            if finding.cause == Cause::OptionsNotHandled && !is_unknown_status {
                others.push(same(
                    Cause::AllowOriginMissing,
                    "Once OPTIONS is answered with 204: does the answer have Access-Control-Allow-Origin?",
                ));
            }
        }
        Cause::PreflightAuthentication => {
            others.push(same(
                Cause::OptionsNotHandled,
                "Does OPTIONS with a login succeed? If not, the route is missing too.",
            ));
        }
        Cause::AllowOriginMissing if place != Place::Preflight => {
            if is_unknown_status || status.is_some_and(|status| status >= 400) {
                others.push(same(Cause::ErrorWithoutFields, "Is the status 400 or more, and does a request that succeeds have the field? Then only the error responses lack it."));
            }
            if is_unknown_status {
                others.push(at(
                    Cause::ProxyError,
                    Place::NotCors,
                    "Is the status 502, 503 or 504? Then a gateway answers, and the server after it is down.",
                ));
            }
            if seen_by == Some(Engine::WebKit) {
                others.push(same(Cause::AllowOriginDiffers, "Does the response have the field with another value? Safari prints the same text for both."));
            }
            others.push(same(
                Cause::CachedForOther,
                "Does it work with the browser's cache switched off? Then Vary: Origin is missing.",
            ));
        }
        Cause::AllowOriginMissing if seen_by == Some(Engine::WebKit) => {
            others.push(same(
                Cause::AllowOriginDiffers,
                "Does the response have the field with another value? Safari prints the same text for both.",
            ));
        }
        Cause::AllowOriginDiffers => {
            others.push(same(Cause::CachedForOther, "Does the value name another page of yours, and does it work with the cache switched off? Then Vary: Origin is missing."));
        }
        Cause::AllowOriginList if is_message => {
            others.push(same(
                Cause::AllowOriginRepeated,
                "Does the response have the field twice? The message shows both forms alike.",
            ));
        }
        Cause::AllowOriginRepeated if is_message => {
            others.push(same(Cause::AllowOriginList, "Does the response have the field once, with several origins? The message shows both forms alike."));
        }
        Cause::AllowCredentialsMissing if is_message && seen_by != Some(Engine::Chromium) => {
            others.push(same(
                Cause::AllowCredentialsNotTrue,
                "Does the response have the field with another value, such as True or 1?",
            ));
        }
        Cause::MethodNotAllowed if is_message => {
            others.push(same(
                Cause::MethodCaseDiffers,
                "Is the method listed in another case, such as patch for PATCH?",
            ));
            others.push(same(
                Cause::MethodsWildcardWithCredentials,
                "Is the list *, and does the page send credentials?",
            ));
        }
        Cause::HeaderNotAllowed if is_message => {
            others.push(same(
                Cause::HeadersWildcardWithCredentials,
                "Is the list *, and does the page send credentials?",
            ));
        }
        Cause::NetworkFailure => {
            for (cause, question) in [
                (
                    Cause::TlsFailure,
                    "Does the address open in a tab without a warning about the certificate?",
                ),
                (
                    Cause::ConnectionRefused,
                    "Does anything answer at this host and port?",
                ),
                (Cause::DnsFailure, "Can the host name be found?"),
                (
                    Cause::BlockedByExtension,
                    "Does it work in a private window without extensions?",
                ),
                (
                    Cause::MixedContent,
                    "Is the page on https and the address on http?",
                ),
                (
                    Cause::LocalNetworkDenied,
                    "Is the address one of the local network, and did the browser ask for a permission?",
                ),
            ] {
                others.push(at(cause, Place::NotCors, question));
            }
        }
        Cause::NoReason => {
            others.push(at(
                Cause::AllowOriginMissing,
                Place::Actual,
                "Is there a line with \"blocked by CORS policy\" beside it? It says what is missing.",
            ));
            others.push(at(
                Cause::OptionsNotHandled,
                Place::Preflight,
                "Does the network panel show a failed OPTIONS request to the same address?",
            ));
            others.push(at(
                Cause::NetworkFailure,
                Place::NotCors,
                "Does the network panel show no status at all? Then there was no response.",
            ));
        }
        Cause::ProxyError => {
            others.push(at(
                Cause::AllowOriginMissing,
                Place::Actual,
                "Does a request that succeeds have the field? If not, it is missing in general.",
            ));
        }
        Cause::LocalNetworkDenied => {
            others.push(at(
                Cause::LocalNetworkInsecure,
                Place::NotCors,
                "Is the page on http? Then the browser does not even ask.",
            ));
        }
        Cause::NoOriginSent => {
            others.push(at(
                Cause::AllowOriginMissing,
                Place::Actual,
                "Is the field still missing if the request has an Origin?",
            ));
        }
        _ => {}
    }
    others
}

/// Names the kind of failure that two messages about one request share.
///
/// Engines call the same failure by different names: WebKit says of a missing and of a different
/// origin the same.
pub(crate) fn family(cause: Cause) -> &'static str {
    match cause {
        Cause::AllowOriginMissing
        | Cause::AllowOriginDiffers
        | Cause::AllowOriginInvalid
        | Cause::AllowOriginList
        | Cause::AllowOriginRepeated
        | Cause::OriginBecameNull
        | Cause::ProxyError => "origin",
        Cause::OptionsNotHandled
        | Cause::PreflightAuthentication
        | Cause::PreflightRefused
        | Cause::PreflightStatus
        | Cause::PreflightRedirect => "preflight",
        Cause::AllowCredentialsMissing | Cause::AllowCredentialsNotTrue => "credentials",
        Cause::MethodNotAllowed | Cause::MethodCaseDiffers | Cause::MethodsWildcardWithCredentials => {
            "method"
        }
        Cause::HeaderNotAllowed | Cause::HeadersWildcardWithCredentials => "header",
        other => other.code(),
    }
}

/// Whether a cause is one of those that only look like CORS.
pub(super) const fn is_not_cors(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::ProxyError
            | Cause::LocalNetworkDenied
            | Cause::LocalNetworkInsecure
            | Cause::LocalNetworkSpace
            | Cause::MixedContent
            | Cause::DnsFailure
            | Cause::TlsFailure
            | Cause::ConnectionRefused
            | Cause::ConnectionLost
            | Cause::NetworkFailure
            | Cause::BlockedByExtension
            | Cause::ContentSecurityPolicy
            | Cause::ResourcePolicy
            | Cause::OpaqueBlocked
            | Cause::OpaqueResponse
            | Cause::SameSiteCookie
            | Cause::MethodForbidden
            | Cause::HeaderInvalid
            | Cause::CorsDisabled
    )
}

/// Whether a status is one that gateways, proxies and content networks answer with themselves.
pub(super) const fn is_gateway_error(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=530)
}
