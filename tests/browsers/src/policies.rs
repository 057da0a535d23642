//! The policies of the cases, by name. `{P}` and `{Q}` stand for the ports of the page's two
//! servers, which are known only at run time.

use embedded_cors::{Origin, Policy, PolicyBuilder, PreflightRefusedStatus, PreflightSuccessStatus};

use crate::servers::Ports;

/// The name, the origins, and the remaining calls of the builder.
type Row = (
    &'static str,
    &'static [&'static str],
    fn(PolicyBuilder<'static>) -> PolicyBuilder<'static>,
);

// docs/browsers.md shows the lines between these two comments.
const MAIN: &[&str] = &["http://localhost:{P}"];

const POLICIES: &[Row] = &[
    ("nothing", &[], |policy| policy),
    ("exact", MAIN, |policy| {
        policy
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["authorization", "content-type"])
            .expose_headers(&["etag", "x-total-count"])
    }),
    ("bare", MAIN, |policy| policy),
    (
        "list",
        &[
            "https://a.example",
            "http://localhost:{Q}",
            "http://localhost:{P}",
            "http://127.0.0.1",
        ],
        |policy| policy.allow_methods(&["PUT"]),
    ),
    ("another site", &["https://another.example"], |policy| {
        policy.allow_methods(&["PUT"])
    }),
    ("another scheme", &["https://localhost:{P}"], |policy| policy),
    ("any port", &["http://localhost:*"], |policy| {
        policy.allow_methods(&["PUT"])
    }),
    ("no port", &["http://localhost"], |policy| {
        policy.allow_methods(&["PUT"])
    }),
    ("ip", &["http://127.0.0.1:{P}"], |policy| {
        policy.allow_methods(&["PUT"])
    }),
    ("subdomains", &["http://*.app.localhost:*"], |policy| {
        policy.allow_methods(&["PUT"]).allow_headers(&["x-a"])
    }),
    (
        "subdomains of a port",
        &["http://*.app.localhost:{P}"],
        |policy| policy,
    ),
    (
        "subdomains of another port",
        &["http://*.app.localhost:{Q}"],
        |policy| policy,
    ),
    ("predicate", &[], |policy| {
        policy.allow_origin_if(&is_of_app).allow_methods(&["PUT"])
    }),
    ("everyone", &["*"], |policy| policy),
    ("everyone, everything", &["*"], |policy| {
        policy
            .allow_methods(&["*"])
            .allow_headers(&["*"])
            .expose_headers(&["*"])
    }),
    ("everyone, everything and authorization", &["*"], |policy| {
        policy
            .allow_methods(&["*"])
            .allow_headers(&["*", "Authorization"])
    }),
    ("null", &["null"], |policy| {
        policy.allow_methods(&["PUT"]).allow_headers(&["x-a"])
    }),
    ("null and a page", &["null", "http://localhost:{P}"], |policy| {
        policy
    }),
    ("credentials", MAIN, |policy| {
        policy
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["authorization", "content-type"])
            .expose_headers(&["etag"])
            .allow_credentials()
    }),
    ("credentials, everything", MAIN, |policy| {
        policy
            .allow_methods(&["*"])
            .allow_headers(&["*", "authorization"])
            .allow_credentials()
    }),
    ("credentials, all but authorization", MAIN, |policy| {
        policy
            .allow_methods(&["*"])
            .allow_headers(&["*"])
            .allow_credentials()
    }),
    ("patch", MAIN, |policy| policy.allow_methods(&["PATCH", "EGG"])),
    ("hidden lists", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .allow_headers(&["x-a"])
            .hide_lists_when_refused()
    }),
    ("only requested", MAIN, |policy| {
        policy
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["x-a", "x-b"])
            .max_age_seconds(600)
            .answer_only_requested()
    }),
    ("everyone, only requested", &["*"], |policy| {
        policy
            .allow_methods(&["PUT"])
            .allow_headers(&["x-a", "x-b"])
            .answer_only_requested()
    }),
    ("strict", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .allow_headers(&["X-B", "x-a", "content-type", "x-c", "X-a1"])
            .strict_request_headers()
    }),
    ("status 200", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .success_status(PreflightSuccessStatus::Ok)
    }),
    ("refused with 204", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .refused_status(PreflightRefusedStatus::NoContent)
    }),
    ("refused with 200", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .refused_status(PreflightRefusedStatus::Ok)
    }),
    ("hidden lists, refused with 204", MAIN, |policy| {
        policy
            .allow_methods(&["PUT"])
            .hide_lists_when_refused()
            .refused_status(PreflightRefusedStatus::NoContent)
    }),
    ("max-age 0", MAIN, |policy| {
        policy.allow_methods(&["PUT", "DELETE"]).max_age_seconds(0)
    }),
    ("max-age 600", MAIN, |policy| {
        policy.allow_methods(&["PUT", "DELETE"]).max_age_seconds(600)
    }),
    ("max-age 86400", MAIN, |policy| {
        policy.allow_methods(&["PUT"]).max_age_seconds(86_400)
    }),
    ("max-age 600, credentials", MAIN, |policy| {
        policy
            .allow_methods(&["*"])
            .allow_headers(&["*"])
            .allow_credentials()
            .max_age_seconds(600)
    }),
];
// docs/browsers.md shows the lines between these two comments.

fn is_of_app(origin: &Origin<'_>) -> bool {
    origin.host().ends_with(".app.localhost")
}

/// Builds all policies. They live as long as the program.
pub(crate) fn build(ports: Ports) -> Vec<(&'static str, Policy<'static>)> {
    let mut policies = Vec::new();
    for &(name, origins, rest) in POLICIES {
        let origins: Vec<&'static str> = origins
            .iter()
            .map(|origin| &*ports.fill(origin, "").leak())
            .collect();
        match rest(Policy::builder().allow_origins(origins.leak())).build() {
            Ok(policy) => policies.push((name, policy)),
            Err(error) => panic!("policy \"{name}\": {error}"),
        }
    }
    policies
}
