//! The texts that the three engines print for a failure.
//!
//! The texts were read in the consoles of Chromium 156, Firefox 153 and WebKitGTK 2.50; those of
//! the kinds that were not met there follow the engines' sources. Hints that vary with versions are
//! left out.

use super::{Cause, Consoles, Finding, Place};

/// The names and values in a text.
pub(super) struct Names<'n> {
    pub url: &'n str,
    /// The address to which a redirect led, if the failure lies there.
    pub redirected_to: Option<&'n str>,
    pub origin: &'n str,
    pub method: &'n str,
    /// The header that is not allowed, as the page wrote it.
    pub header: &'n str,
    /// The value of the field.
    pub value: &'n str,
    pub status: u16,
    /// How the page asks, such as `fetch`.
    pub api: &'n str,
}

pub(super) fn print(finding: &Finding, names: &Names<'_>) -> Consoles {
    use Cause as C;
    let Names {
        url,
        redirected_to,
        origin,
        method,
        header,
        value,
        status,
        api,
    } = names;
    let is_preflight = finding.place == Place::Preflight;
    let kind = if *api == "XMLHttpRequest" {
        "XMLHttpRequest"
    } else {
        "fetch"
    };
    let frame = |reason: String| {
        let marker = if is_preflight && !reason.ends_with("in preflight response.") {
            "Response to preflight request doesn't pass access control check: "
        } else {
            ""
        };
        let address = match redirected_to {
            Some(target) => format!("'{target}' (redirected from '{url}')"),
            None => format!("'{url}'"),
        };
        Some(format!(
            "Access to {kind} at {address} from origin '{origin}' has been blocked by CORS policy: {marker}{reason}"
        ))
    };
    let at = redirected_to.unwrap_or(url);
    let blocked = |reason: &str, with_status: bool| {
        let tail = if with_status && *status != 0 {
            format!(" Status code: {status}.")
        } else {
            String::new()
        };
        Some(format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {at}. (Reason: {reason}).{tail}"
        ))
    };
    let with_status = |text: String| {
        Some(if *status == 0 {
            text
        } else {
            format!("{text} Status code: {status}")
        })
    };
    let not_allowed = || {
        with_status(format!(
            "Origin {origin} is not allowed by Access-Control-Allow-Origin."
        ))
    };
    let not_successful = || with_status("Preflight response is not successful.".to_string());
    let missing = |webkit| Consoles {
        chromium: frame(
            "No 'Access-Control-Allow-Origin' header is present on the requested resource.".into(),
        ),
        firefox: blocked(
            "CORS header \u{2018}Access-Control-Allow-Origin\u{2019} missing",
            true,
        ),
        webkit,
    };
    let space = if *header == "NAME" { "local" } else { header };
    let ok = |status: &u16| (200..300).contains(status);
    match finding.cause {
        // A bad status and no field: Chromium and Firefox look at the field first.
        C::OptionsNotHandled | C::PreflightAuthentication | C::PreflightRefused | C::PreflightStatus
            if finding.guilty.as_ref().is_some_and(|guilty| guilty.other_span.is_none()) =>
        {
            missing(not_successful())
        }
        C::OptionsNotHandled | C::PreflightAuthentication | C::PreflightRefused | C::PreflightStatus => Consoles {
            chromium: frame("It does not have HTTP ok status.".into()),
            firefox: blocked("CORS preflight response did not succeed", true),
            webkit: not_successful(),
        },
        C::PreflightRedirect => Consoles {
            chromium: frame("Redirect is not allowed for a preflight request.".into()),
            firefox: blocked("CORS request external redirect not allowed", false),
            webkit: not_successful(),
        },
        C::AllowOriginMissing | C::ProxyError | C::ErrorWithoutFields => {
            missing(if is_preflight && !ok(status) && *status != 0 { not_successful() } else { not_allowed() })
        }
        C::AllowOriginRepeated => Consoles {
            chromium: frame(format!("The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed.")),
            firefox: blocked("Multiple CORS header \u{2018}Access-Control-Allow-Origin\u{2019} not allowed", false),
            webkit: Some("Access-Control-Allow-Origin cannot contain more than one origin.".into()),
        },
        C::AllowOriginList => Consoles {
            chromium: frame(format!("The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed.")),
            firefox: blocked(&format!("CORS header \u{2018}Access-Control-Allow-Origin\u{2019} does not match \u{2018}{value}\u{2019}"), false),
            webkit: Some("Access-Control-Allow-Origin cannot contain more than one origin.".into()),
        },
        C::AllowOriginInvalid => Consoles {
            chromium: frame(format!("The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.")),
            firefox: blocked(&format!("CORS header \u{2018}Access-Control-Allow-Origin\u{2019} does not match \u{2018}{value}\u{2019}"), false),
            webkit: not_allowed(),
        },
        C::AllowOriginDiffers | C::OriginBecameNull => Consoles {
            chromium: frame(format!("The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin.")),
            firefox: blocked(&format!("CORS header \u{2018}Access-Control-Allow-Origin\u{2019} does not match \u{2018}{value}\u{2019}"), false),
            webkit: not_allowed(),
        },
        C::WildcardWithCredentials => Consoles {
            chromium: frame("The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.".into()),
            firefox: blocked("Credential is not supported if the CORS header \u{2018}Access-Control-Allow-Origin\u{2019} is \u{2018}*\u{2019}", false),
            webkit: Some("Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.".into()),
        },
        C::AllowCredentialsMissing | C::AllowCredentialsNotTrue => Consoles {
            chromium: frame(format!("The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true' when the request's credentials mode is 'include'.")),
            firefox: blocked("expected \u{2018}true\u{2019} in CORS header \u{2018}Access-Control-Allow-Credentials\u{2019}", false),
            webkit: Some("Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".into()),
        },
        C::AllowMethodsMalformed => Consoles {
            chromium: frame("Cannot parse Access-Control-Allow-Methods response header field in preflight response.".into()),
            firefox: blocked(&format!("invalid token \u{2018}{}\u{2019} in CORS header \u{2018}Access-Control-Allow-Methods\u{2019}", invalid_member(value)), false),
            webkit: Some(format!("Header Access-Control-Allow-Methods has an invalid value: {value}")),
        },
        C::AllowHeadersMalformed => Consoles {
            chromium: frame("Cannot parse Access-Control-Allow-Headers response header field in preflight response.".into()),
            firefox: blocked(&format!("invalid token \u{2018}{}\u{2019} in CORS header \u{2018}Access-Control-Allow-Headers\u{2019}", invalid_member(value)), false),
            webkit: Some(format!("Header Access-Control-Allow-Headers has an invalid value: {value}")),
        },
        C::MethodNotAllowed | C::MethodCaseDiffers | C::MethodsWildcardWithCredentials => Consoles {
            chromium: frame(format!("Method {method} is not allowed by Access-Control-Allow-Methods in preflight response.")),
            firefox: blocked("Did not find method in CORS header \u{2018}Access-Control-Allow-Methods\u{2019}", false),
            webkit: Some(format!("Method {method} is not allowed by Access-Control-Allow-Methods.")),
        },
        C::HeaderNotAllowed | C::HeadersWildcardWithCredentials => {
            let lower = header.to_ascii_lowercase();
            Consoles {
                chromium: frame(format!("Request header field {lower} is not allowed by Access-Control-Allow-Headers in preflight response.")),
                firefox: blocked(&format!("header \u{2018}{lower}\u{2019} is not allowed according to header \u{2018}Access-Control-Allow-Headers\u{2019} from CORS preflight response"), false),
                webkit: Some(format!("Request header field {header} is not allowed by Access-Control-Allow-Headers.")),
            }
        }
        C::AuthorizationUnderWildcard => Consoles {
            firefox: blocked("When the `Access-Control-Allow-Headers` is `*`, the `Authorization` header is not covered", false),
            ..Consoles::default()
        },
        C::LocalNetworkDenied => Consoles {
            chromium: frame(format!("Permission was denied for this request to access the `{}` address space.", space)),
            ..Consoles::default()
        },
        C::LocalNetworkInsecure => Consoles {
            chromium: frame(format!("The request client is not a secure context and the resource is in more-private address space `{}`.", space)),
            ..Consoles::default()
        },
        C::NetworkFailure | C::ConnectionRefused | C::ConnectionLost | C::DnsFailure | C::TlsFailure => Consoles {
            firefox: blocked("CORS request did not succeed", false).map(|text| text + " Status code: (null)."),
            ..Consoles::default()
        },
        C::SchemeNotSupported => Consoles {
            chromium: frame("Cross origin requests are only supported for protocol schemes: http, https and some others.".into()),
            firefox: blocked("CORS request not http", false),
            webkit: None,
        },
        _ => Consoles::default(),
    }
}

/// Returns the first member of a list that is not a token.
fn invalid_member(value: &str) -> &str {
    let mut members = value.split(',').map(str::trim);
    members
        .find(|member| {
            member
                .bytes()
                .any(|byte| byte.is_ascii_whitespace() || b"@()<>;:\\\"/[]?={}".contains(&byte))
        })
        .unwrap_or("")
}
