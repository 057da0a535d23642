//! Names a failure, and finds the field that is to blame for it.

use embedded_cors::browser::{Failure, Fetch};

use super::related::cause_of_preflight_status;
use super::{ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, Cause, Finding, Guilty, Place};
use crate::input::{Field, ResponseHead, value, values};
use crate::url::Url;

/// Names the failure of a check.
pub(super) fn cause_of(failure: Failure, response: &ResponseHead, fetch: &Fetch<'_>) -> Cause {
    let first = |name: &str| value(&response.fields, name).unwrap_or("");
    match failure {
        Failure::AllowOriginMissing => Cause::AllowOriginMissing,
        Failure::AllowOriginRepeated => Cause::AllowOriginRepeated,
        Failure::AllowOriginAnyWithCredentials => Cause::WildcardWithCredentials,
        Failure::AllowOriginDiffers => {
            let allow = first(ALLOW_ORIGIN);
            if allow.contains([',', ' ']) {
                Cause::AllowOriginList
            } else if allow.is_empty() || (allow != "null" && Url::parse(allow).is_none()) {
                Cause::AllowOriginInvalid
            } else {
                Cause::AllowOriginDiffers
            }
        }
        Failure::AllowCredentialsMissing => Cause::AllowCredentialsMissing,
        Failure::AllowCredentialsNotTrue => Cause::AllowCredentialsNotTrue,
        Failure::PreflightStatus => cause_of_preflight_status(response.status),
        Failure::AllowMethodsMalformed => Cause::AllowMethodsMalformed,
        Failure::AllowHeadersMalformed => Cause::AllowHeadersMalformed,
        Failure::MethodNotAllowed => {
            let method = fetch.normalized_method();
            let is_listed = values(&response.fields, ALLOW_METHODS)
                .flat_map(|field| field.value.split(','))
                .any(|member| member.trim().eq_ignore_ascii_case(method));
            if is_listed {
                Cause::MethodCaseDiffers
            } else {
                Cause::MethodNotAllowed
            }
        }
        Failure::AnyMethodWithCredentials => Cause::MethodsWildcardWithCredentials,
        Failure::AuthorizationNotCovered | Failure::HeaderNotAllowed => Cause::HeaderNotAllowed,
        Failure::AnyHeaderWithCredentials => Cause::HeadersWildcardWithCredentials,
        Failure::MethodNotAToken | Failure::ForbiddenMethod => Cause::MethodForbidden,
        Failure::HeaderNameNotAToken | Failure::HeaderValueMalformed => Cause::HeaderInvalid,
        _ => Cause::InvalidResponse,
    }
}

/// Names an error of a HAR file.
pub(super) fn cause_of_error(error: &str) -> Option<Cause> {
    [
        ("LOCAL_NETWORK_ACCESS", Cause::LocalNetworkDenied),
        ("BLOCKED_BY_CLIENT", Cause::BlockedByExtension),
        ("BLOCKED_BY_RESPONSE", Cause::ResourcePolicy),
        ("BLOCKED_BY_ORB", Cause::OpaqueBlocked),
        ("BLOCKED_BY_CSP", Cause::ContentSecurityPolicy),
        ("NAME_NOT_RESOLVED", Cause::DnsFailure),
        ("UNKNOWN_HOST", Cause::DnsFailure),
        ("CONNECTION_REFUSED", Cause::ConnectionRefused),
        ("ERR_CERT", Cause::TlsFailure),
        ("ERR_SSL", Cause::TlsFailure),
        ("CONNECTION_", Cause::ConnectionLost),
        ("EMPTY_RESPONSE", Cause::ConnectionLost),
        ("TIMED_OUT", Cause::ConnectionLost),
    ]
    .into_iter()
    .find(|(words, _)| error.contains(words))
    .map(|(_, cause)| cause)
}

/// Makes the finding of a response, with the field to blame.
pub(super) fn finding_in(
    cause: Cause,
    place: Place,
    response: &ResponseHead,
    detail: Option<String>,
) -> Finding {
    let absent = |name: &str| Guilty {
        field: name.into(),
        value: None,
        is_absent: true,
        span: Some(response.span),
        other_span: None,
    };
    let nth = |name: &'static str, index: usize| values(&response.fields, name).nth(index);
    let field = |name: &'static str| nth(name, 0).map_or_else(|| absent(name), guilty_field);
    let is_malformed = |field: &&Field| {
        !field.value.split(',').all(|member| {
            member
                .trim()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        })
    };
    let malformed = |name: &'static str| {
        let wrong = values(&response.fields, name).find(is_malformed);
        wrong.map_or_else(|| absent(name), guilty_field)
    };
    let guilty = match cause {
        Cause::AllowOriginRepeated => {
            let first = nth(ALLOW_ORIGIN, 0);
            let mut guilty = nth(ALLOW_ORIGIN, 1).map_or_else(|| absent(ALLOW_ORIGIN), guilty_field);
            guilty.other_span = first.map(|field| field.span);
            let all: Vec<&str> = values(&response.fields, ALLOW_ORIGIN)
                .map(|field| field.value.as_str())
                .collect();
            guilty.value = Some(all.join(", "));
            guilty
        }
        Cause::AllowOriginMissing
        | Cause::AllowOriginList
        | Cause::AllowOriginInvalid
        | Cause::AllowOriginDiffers
        | Cause::OriginBecameNull
        | Cause::NoOriginSent
        | Cause::ProxyError
        | Cause::WildcardWithCredentials => field(ALLOW_ORIGIN),
        Cause::AllowCredentialsMissing | Cause::AllowCredentialsNotTrue => field(ALLOW_CREDENTIALS),
        Cause::AllowMethodsMalformed => malformed(ALLOW_METHODS),
        Cause::AllowHeadersMalformed => malformed(ALLOW_HEADERS),
        Cause::MethodNotAllowed | Cause::MethodCaseDiffers | Cause::MethodsWildcardWithCredentials => {
            field(ALLOW_METHODS)
        }
        Cause::HeaderNotAllowed
        | Cause::HeadersWildcardWithCredentials
        | Cause::AuthorizationUnderWildcard => field(ALLOW_HEADERS),
        Cause::RedirectScheme | Cause::RedirectWithUser => field("Location"),
        _ => Guilty {
            field: "status".into(),
            value: Some(response.status.to_string()),
            is_absent: false,
            span: Some(response.span),
            // Whether the field is there decides what the consoles say.
            other_span: nth(ALLOW_ORIGIN, 0).map(|field| field.span),
        },
    };
    Finding {
        cause,
        place,
        guilty: Some(guilty),
        detail,
        status: Some(response.status),
        request: None,
    }
}

pub(super) fn guilty_field(field: &Field) -> Guilty {
    Guilty {
        field: field.name.clone(),
        value: Some(field.value.clone()),
        is_absent: false,
        span: Some(field.span),
        other_span: None,
    }
}

/// Says how two origins differ.
pub(super) fn difference(allow: &str, origin: &str) -> Option<String> {
    let text = match (Url::parse(allow), Url::parse(origin)) {
        _ if allow.is_empty() => "the value is empty".into(),
        _ if allow.contains([',', ' ']) => return None,
        _ if allow == "null" => format!("the value is null, and the page's origin is {origin}"),
        _ if origin == "null" => format!("the origin of the request is null, and the value is {allow}"),
        // Several asterisks hide a secret of the text.
        _ if allow.contains("**") && allow.contains('@') => {
            "the value has a user name, and an origin is only a scheme, a host and a port".into()
        }
        _ if allow.contains("**") => "the value is not an origin: it looks like a secret".into(),
        _ if allow.contains('*') => {
            format!("a pattern such as {allow} is not understood by browsers; only * alone is")
        }
        _ if allow.starts_with(['"', '\'']) => "the value has quotation marks around it".into(),
        _ if allow.strip_suffix('/') == Some(origin) => "the value has a slash at its end".into(),
        _ if allow.eq_ignore_ascii_case(origin) => "the value differs in upper and lower case".into(),
        (Some(a), Some(b)) if a.host == b.host && a.scheme != b.scheme && a.port == b.port => {
            format!(
                "the value begins with {}:, and the page's origin with {}:",
                a.scheme.unwrap_or_default(),
                b.scheme.unwrap_or_default()
            )
        }
        (Some(a), Some(b)) if a.host == b.host && a.path == "/" && a.scheme == b.scheme => {
            format!("the port differs from that of {origin}")
        }
        (Some(a), Some(b)) if a.host == b.host => format!("the value has a path; an origin is only {origin}"),
        (None, _) => format!("the value has no scheme; the page's origin is {origin}"),
        _ => format!("the value is {allow}, and the page's origin is {origin}"),
    };
    Some(text)
}
