//! Every kind of message of the three engines has a real capture in the corpus, or a row in
//! `not-captured.md`.

use super::{Entry, entries};

/// An engine, the name of a kind in its sources, and words that only this kind has together.
const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "Chromium",
        "DisallowedByMode",
        &["Request mode is \"same-origin\""],
    ),
    (
        "Chromium",
        "InvalidResponse",
        &["blocked by CORS policy", "esponse is invalid"],
    ),
    (
        "Chromium",
        "WildcardOriginNotAllowed",
        &["policy: The value", "must not be the wildcard"],
    ),
    (
        "Chromium",
        "MissingAllowOriginHeader",
        &["policy: No 'Access", "header is present"],
    ),
    (
        "Chromium",
        "MultipleAllowOriginValues",
        &["policy: The 'Access", "contains multiple values"],
    ),
    (
        "Chromium",
        "InvalidAllowOriginValue",
        &["policy: The 'Access", "contains the invalid value"],
    ),
    (
        "Chromium",
        "AllowOriginMismatch",
        &["policy: The 'Access", "not equal to the supplied origin"],
    ),
    (
        "Chromium",
        "InvalidAllowCredentials",
        &["policy: The value", "which must be 'true'"],
    ),
    (
        "Chromium",
        "CorsDisabledScheme",
        &["supported for protocol schemes"],
    ),
    ("Chromium", "PreflightInvalidStatus", &["HTTP ok status"]),
    (
        "Chromium",
        "PreflightDisallowedRedirect",
        &["Redirect is not allowed for a preflight"],
    ),
    (
        "Chromium",
        "PreflightWildcardOriginNotAllowed",
        &["preflight request", "must not be the wildcard"],
    ),
    (
        "Chromium",
        "PreflightMissingAllowOriginHeader",
        &["preflight request", "header is present"],
    ),
    (
        "Chromium",
        "PreflightMultipleAllowOriginValues",
        &["preflight request", "contains multiple values"],
    ),
    (
        "Chromium",
        "PreflightInvalidAllowOriginValue",
        &["preflight request", "contains the invalid value"],
    ),
    (
        "Chromium",
        "PreflightAllowOriginMismatch",
        &["preflight request", "not equal to the supplied origin"],
    ),
    (
        "Chromium",
        "PreflightInvalidAllowCredentials",
        &["preflight request", "which must be 'true'"],
    ),
    (
        "Chromium",
        "InvalidAllowMethodsPreflightResponse",
        &["Cannot parse Access-Control-Allow-Methods"],
    ),
    (
        "Chromium",
        "InvalidAllowHeadersPreflightResponse",
        &["Cannot parse Access-Control-Allow-Headers"],
    ),
    (
        "Chromium",
        "MethodDisallowedByPreflightResponse",
        &["is not allowed by Access-Control-Allow-Methods in"],
    ),
    (
        "Chromium",
        "HeaderDisallowedByPreflightResponse",
        &["is not allowed by Access-Control-Allow-Headers in"],
    ),
    (
        "Chromium",
        "RedirectContainsCredentials",
        &["username and password"],
    ),
    ("Chromium", "InsecureLocalNetwork", &["not a secure context"]),
    (
        "Chromium",
        "InvalidLocalNetworkAccess",
        &["target IP address space"],
    ),
    (
        "Chromium",
        "LocalNetworkAccessPermissionDenied",
        &["Permission was denied", "address space"],
    ),
    ("Firefox", "CORSDisabled", &["Reason: CORS disabled"]),
    ("Firefox", "CORSDidNotSucceed2", &["CORS request did not succeed"]),
    ("Firefox", "CORSOriginHeaderNotAdded", &["cannot be added"]),
    (
        "Firefox",
        "CORSExternalRedirectNotAllowed",
        &["external redirect not allowed"],
    ),
    ("Firefox", "CORSRequestNotHttp", &["CORS request not http"]),
    ("Firefox", "CORSMissingAllowOrigin2", &["Allow-Origin' missing"]),
    (
        "Firefox",
        "CORSMultipleAllowOriginNotAllowed",
        &["Multiple CORS header"],
    ),
    (
        "Firefox",
        "CORSAllowOriginNotMatchingOrigin",
        &["Allow-Origin' does not match"],
    ),
    (
        "Firefox",
        "CORSNotSupportingCredentials",
        &["Credential is not supported"],
    ),
    (
        "Firefox",
        "CORSMethodNotFound",
        &["Did not find method in CORS header"],
    ),
    (
        "Firefox",
        "CORSMissingAllowCredentials",
        &["expected 'true' in CORS header"],
    ),
    (
        "Firefox",
        "CORSPreflightDidNotSucceed3",
        &["preflight response did not succeed"],
    ),
    (
        "Firefox",
        "CORSInvalidAllowMethod",
        &["invalid token", "Allow-Methods"],
    ),
    (
        "Firefox",
        "CORSInvalidAllowHeader",
        &["invalid token", "Allow-Headers"],
    ),
    (
        "Firefox",
        "CORSMissingAllowHeaderFromPreflight2",
        &["is not allowed according to header"],
    ),
    (
        "Firefox",
        "CORSAllowHeaderFromPreflightDeprecation",
        &["header is not covered"],
    ),
    (
        "WebKit",
        "origin not allowed",
        &["is not allowed by Access-Control-Allow-Origin."],
    ),
    (
        "WebKit",
        "wildcard with credentials",
        &["Cannot use wildcard in Access-Control-Allow-Origin"],
    ),
    (
        "WebKit",
        "more than one origin",
        &["cannot contain more than one origin"],
    ),
    (
        "WebKit",
        "credentials not true",
        &["Access-Control-Allow-Credentials is not \"true\""],
    ),
    (
        "WebKit",
        "preflight not successful",
        &["Preflight response is not successful"],
    ),
    (
        "WebKit",
        "method",
        &["is not allowed by Access-Control-Allow-Methods."],
    ),
    (
        "WebKit",
        "header",
        &["is not allowed by Access-Control-Allow-Headers."],
    ),
    (
        "WebKit",
        "invalid list",
        &["Access-Control-Allow-Methods has an invalid value"],
    ),
    ("WebKit", "scheme without CORS", &["URLs are disabled"]),
    (
        "WebKit",
        "redirect with credentials",
        &["redirection URL", "has credentials"],
    ),
    (
        "WebKit",
        "redirect denied",
        &["redirection to", "denied by Cross-Origin Resource Sharing policy"],
    ),
];

#[test]
fn each_kind_of_message_is_captured_or_listed() {
    let list = include_str!("not-captured.md");
    let captured: Vec<(Entry, String)> = entries()
        .into_iter()
        .filter(|entry| entry.is_captured)
        .map(|entry| {
            let text = entry.text.replace(['\u{2018}', '\u{2019}'], "'");
            (entry, text)
        })
        .collect();
    let mut faults = Vec::new();
    for (engine, kind, words) in KINDS {
        let file = format!("captured-{}/", engine.to_ascii_lowercase());
        let is_captured = captured.iter().any(|(entry, text)| {
            entry.name.starts_with(&file)
                && text
                    .lines()
                    .any(|line| words.iter().all(|words| line.contains(words)))
        });
        let is_listed = list.contains(&format!("| {engine} | {kind} |"));
        if is_captured == is_listed {
            faults.push(format!(
                "{engine}, {kind}: captured {is_captured}, listed {is_listed}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
