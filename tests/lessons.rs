//! Checks that this crate has none of the defects that advisories, bug reports and other CORS
//! implementations describe. Each test is named after its source.
//!
//! `allocates_nothing.rs` checks that no entry point allocates. The end of this file lists the
//! sources without a test.

mod common;

use common::{every_way, whole};
use embedded_cors::{
    ExistingCorsFields, MAX_FIELDS, Origin, OriginOrNull, Policy, PolicyBuilder, PolicyErrorKind,
    PolicyReader, PreflightRefusedStatus, PreflightSuccessStatus, Reason, RefusalPosition, Request,
    RequestKind, RequestReader,
};

/// Allows one app and the subdomains of another domain, and uses every list.
static APP: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com", "https://*.example.org"])
    .allow_methods(&["PUT", "DELETE"])
    .allow_headers(&["authorization", "content-type", "x-a"])
    .expose_headers(&["etag"])
    .allow_credentials()
    .max_age_seconds(600)
    .build_or_panic();

/// Allows every origin.
static PUBLIC: Policy = Policy::builder()
    .allow_origins(&["*"])
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .expose_headers(&["*"])
    .build_or_panic();

static NOBODY: Policy = Policy::builder().build_or_panic();

/// Allows one app everything that it asks for, with credentials.
static ECHO: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["*"])
    .allow_headers(&["*", "authorization"])
    .allow_credentials()
    .build_or_panic();

const ORIGIN: &str = "https://app.example.com";

/// Origins that none of the policies lists, and that other implementations allowed by mistake.
const STRANGERS: [&str; 7] = [
    "https://evil.test",
    "https://app.example.com.evil.test",
    "null",
    "http://localhost",
    "http://127.0.0.1:5173",
    "http://192.168.4.1",
    "http://app.example.com",
];

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
const ALLOW_METHODS: &str = "access-control-allow-methods";
const ALLOW_HEADERS: &str = "access-control-allow-headers";
const MAX_AGE: &str = "access-control-max-age";
const TIMING_ALLOW_ORIGIN: &str = "timing-allow-origin";
const EXPOSE_HEADERS: &str = "access-control-expose-headers";
const REQUEST_METHOD: &str = "access-control-request-method";
const REQUEST_HEADERS: &str = "access-control-request-headers";

/// A decision, without what it borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    kind: RequestKind,
    reason: Option<Reason>,
    position: Option<RefusalPosition>,
    /// The status, if this is the answer to a preflight.
    status: Option<u16>,
    fields: Vec<(&'static str, String)>,
}

impl Answer {
    fn is_allowed(&self) -> bool {
        self.kind != RequestKind::NotCors && self.reason.is_none()
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|field| field.0 == name);
        let value = values.next().map(|field| field.1.as_str());
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    #[track_caller]
    fn is_refused(&self, reason: Reason, index: impl Into<Option<usize>>) {
        assert_eq!(
            (self.reason, self.position.map(RefusalPosition::index)),
            (Some(reason), index.into())
        );
    }

    #[track_caller]
    fn is_of(&self, kind: RequestKind, status: impl Into<Option<u16>>) {
        assert_eq!((self.kind, self.status), (kind, status.into()));
    }

    fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.0).collect()
    }
}

fn answer(policy: &Policy<'_>, request: &Request<'_>) -> Answer {
    let decision = policy.decide(request);
    Answer {
        kind: decision.kind(),
        reason: decision.refusal().map(|refusal| refusal.reason()),
        position: decision.refusal().and_then(|refusal| refusal.position()),
        status: decision.preflight().map(|preflight| preflight.status()),
        fields: decision
            .fields()
            .map(|field| (field.name(), field.value().to_string()))
            .collect(),
    }
}

fn send(policy: &Policy<'_>, method: &str, fields: &[(&str, &str)]) -> Answer {
    answer(policy, &Request::from_fields(method, fields.iter().copied()))
}

fn get(policy: &Policy<'_>, origin: &str) -> Answer {
    send(policy, "GET", &[("origin", origin)])
}

/// Decides on a preflight. Each of `headers` is a field line.
fn preflight(policy: &Policy<'_>, origin: &str, method: &str, headers: &[&str]) -> Answer {
    let lines = headers.iter().map(|line| (REQUEST_HEADERS, *line));
    let fields: Vec<_> = [("origin", origin), (REQUEST_METHOD, method)]
        .into_iter()
        .chain(lines)
        .collect();
    send(policy, "OPTIONS", &fields)
}

/// Decides on a preflight with one line of requested headers. `APP` allows the headers in its list.
fn asks_for(list: &str) -> Answer {
    preflight(&APP, ORIGIN, "PUT", &[list])
}

/// Returns whether the policy shares its responses with this origin. Checks that verdict and fields
/// agree.
fn allowed(policy: &Policy<'_>, origin: impl AsRef<[u8]>) -> bool {
    let origin = origin.as_ref();
    let answer = answer(policy, &Request::from_fields("GET", [("origin", origin)]));
    let shared = answer.value(ALLOW_ORIGIN);
    assert_eq!(answer.is_allowed(), shared.is_some());
    shared.is_some_and(|shared| shared.as_bytes() == origin)
}

fn admits(origins: &[&str], origin: impl AsRef<[u8]>) -> bool {
    allowed(&Policy::builder().allow_origins(origins).build().unwrap(), origin)
}

/// Checks that `origins` admit each of `fine` and none of `wrong`.
#[track_caller]
fn admits_only(origins: &[&str], fine: &[&str], wrong: &[&str]) {
    for origin in fine {
        assert!(admits(origins, origin), "{origin} is refused");
    }
    for origin in wrong {
        assert!(!admits(origins, origin), "{origin} is admitted");
    }
}

fn mistake<'a>(origins: &'a [&'a str]) -> Option<PolicyErrorKind> {
    let policy = Policy::builder().allow_origins(origins).build();
    policy.err().map(|error| error.kind())
}

/// Returns the entries in every order.
fn orders<'a>(entries: &[&'a str]) -> Vec<Vec<&'a str>> {
    if entries.is_empty() {
        return vec![Vec::new()];
    }
    let begin_with = |first: usize| {
        let mut rest = entries.to_vec();
        let first = rest.remove(first);
        orders(&rest)
            .into_iter()
            .map(move |order| [vec![first], order].concat())
    };
    (0..entries.len()).flat_map(begin_with).collect()
}

/// The options of a policy besides its origins.
const OPTIONS: [fn(PolicyBuilder<'static>) -> PolicyBuilder<'static>; 12] = [
    |policy| policy.allow_credentials(),
    |policy| policy.allow_methods(&["*"]),
    |policy| policy.allow_headers(&["*", "authorization"]),
    |policy| policy.expose_headers(&["etag"]),
    |policy| policy.max_age_seconds(0),
    |policy| policy.allow_timing(),
    |policy| policy.success_status(PreflightSuccessStatus::Ok),
    |policy| policy.refused_status(PreflightRefusedStatus::Ok),
    |policy| policy.hide_lists_when_refused(),
    |policy| policy.answer_only_requested(),
    |policy| policy.strict_request_headers(),
    |policy| {
        policy
            .dangerously_allow_insecure_origins_with_credentials()
            .dangerously_allow_public_suffixes_with_credentials()
            .dangerously_allow_predicate_with_credentials()
    },
];

/// Returns every policy with these origins that can be built.
fn every_policy(origins: &'static [&'static str]) -> impl Iterator<Item = Policy<'static>> {
    (0..1 << OPTIONS.len()).filter_map(move |chosen: u32| {
        let options = OPTIONS
            .iter()
            .enumerate()
            .filter(|(index, _)| chosen >> index & 1 == 1);
        let builder = Policy::builder().allow_origins(origins);
        options
            .fold(builder, |builder, (_, option)| option(builder))
            .build()
            .ok()
    })
}

// --- Origins that match by mistake.

/// rack-cors: the regular expression had no end anchor.
#[test]
fn cve_2017_11173_an_origin_with_more_after_the_host_is_another_origin() {
    let wrong = ["https://example.com.evil.net", "https://example.com-evil.net"];
    admits_only(&["https://example.com"], &["https://example.com"], &wrong);
}

/// go-restful: domains were used as regular expressions and found anywhere in the origin.
#[test]
fn cve_2022_1996_a_host_matches_only_as_a_whole() {
    let wrong = [
        "https://notexample.com",
        "https://example.com.evil.net",
        "https://examplexcom",
    ];
    admits_only(&["https://example.com"], &["https://example.com"], &wrong);
    assert_eq!(mistake(&["example.com"]), Some(PolicyErrorKind::NoScheme));
}

/// sanic-cors: the expression was anchored at the start only.
#[test]
fn cve_2026_37737_a_common_beginning_is_not_a_match() {
    let wrong = [
        "https://trusted.com.attacker.io",
        "https://trusted.com:8080",
        "https://trusted.co",
    ];
    admits_only(&["https://trusted.com"], &["https://trusted.com"], &wrong);
}

/// Litestar: the origins were joined into one expression without escaping the dots.
#[test]
fn cve_2026_25478_ghsa_2p2x_hpg8_cqp2_another_byte_makes_another_origin() {
    assert!(!admits(&["https://good.example"], "https://goodxexample"));
    let is_subdomain = |origin: &[u8]| {
        let parsed = Origin::parse(origin).is_ok();
        parsed && origin.starts_with(b"https://") && origin.ends_with(b".example.org")
    };
    for original in [ORIGIN, "https://a.example.org"] {
        for at in 0..original.len() {
            for byte in 0..=u8::MAX {
                let mut origin = original.as_bytes().to_vec();
                origin[at] = byte;
                let fine = origin == ORIGIN.as_bytes() || is_subdomain(&origin);
                assert_eq!(allowed(&APP, &origin), fine, "{byte} at {at} of {original}");
            }
        }
    }
}

/// Elysia: a common substring was enough.
#[test]
fn cve_2025_50864_ghsa_f9qj_4c5x_cpcw_a_substring_is_not_a_match() {
    let wrong = ["https://notexample.com", "https://example.common.net"];
    admits_only(&["https://example.com"], &["https://example.com"], &wrong);
}

/// go-zero: a common suffix was enough, without the dot before it.
#[test]
fn cve_2024_27302_a_subdomain_ends_with_a_dot_and_the_domain() {
    admits_only(
        &["https://*.victim.com"],
        &["https://a.victim.com"],
        &["https://evil-victim.com", "https://victim.com"],
    );
}

/// gin-contrib/cors: an entry that ended with `/*` lost both characters.
#[test]
fn cve_2019_25211_a_path_with_a_wildcard_is_a_mistake() {
    assert_eq!(mistake(&["https://example.com/*"]), Some(PolicyErrorKind::Path));
    assert_eq!(
        mistake(&["https://example.com*"]),
        Some(PolicyErrorKind::Wildcard)
    );
    assert!(!admits(&["https://example.com"], "https://example.community"));
}

/// Bokeh: labels of two hosts were compared only up to the end of the shorter host.
#[test]
fn cve_2026_21883_equal_hosts_have_the_same_length() {
    let fine = ["http://dashboard.corp:5006"];
    let wrong = ["http://dashboard.corp.attacker.com:5006", "http://dashboard:5006"];
    admits_only(&fine, &fine, &wrong);
}

/// autobahn-python, Starlette: globs and expressions without anchors matched past the port and into
/// a path.
#[test]
fn autobahn_691_starlette_801_nothing_may_precede_or_follow_an_origin() {
    for origin in ["https://example.com", "https://example.com:8443"] {
        for rest in [
            "0",
            ":80",
            ".",
            "/",
            "/path",
            "?",
            "#",
            "@evil.test",
            " evil",
            "\n",
            "\0",
        ] {
            assert!(!admits(&[origin], format!("{origin}{rest}")), "{rest:?}");
        }
        assert!(!admits(&[origin], format!("x{origin}")));
        assert!(!admits(&[origin], format!("https://evil.test/{origin}")));
    }
}

/// jub0bs/cors: for some orders of two hosts with a common ending, the tree admitted the beginning
/// of one host followed by the other host.
#[test]
fn ghsa_vhxv_fg4m_p2w8_the_order_of_entries_does_not_matter() {
    let entries = [
        "https://foo.com",
        "https://bar.com",
        "https://o.com",
        "https://*.r.com",
    ];
    let fine = [
        "https://foo.com",
        "https://bar.com",
        "https://o.com",
        "https://a.r.com",
    ];
    let wrong = [
        "https://barfoo.com",
        "https://foobar.com",
        "https://ar.com",
        "https://r.com",
    ];
    for order in orders(&entries) {
        admits_only(&order, &fine, &wrong);
    }
}

/// fcors, which has the same tree: a list admits what its entries admit one by one, in every order
/// and whatever parts the entries share.
#[test]
fn ghsa_v84h_653v_4pq9_a_list_is_the_union_of_its_entries() {
    let entries = [
        "https://foo.com",
        "https://*.foo.com",
        "https://*.a.foo.com:*",
        "http://foo.com",
        "https://foo.com:8443",
    ];
    let hosts = [
        "foo.com",
        "a.foo.com",
        "b.a.foo.com",
        "afoo.com",
        "foo.com.a",
        "oo.com",
        "com",
    ];
    for order in orders(&entries) {
        let policy = Policy::builder().allow_origins(&order).build().unwrap();
        for host in hosts {
            for origin in [
                format!("https://{host}"),
                format!("http://{host}"),
                format!("https://{host}:8443"),
            ] {
                let one_by_one = entries.iter().any(|entry| admits(&[entry], &origin));
                assert_eq!(allowed(&policy, &origin), one_by_one, "{origin} of {order:?}");
            }
        }
    }
}

/// The same for lists built at run time, whose entries are stored one after the other.
#[cfg(feature = "heapless-v0.9")]
#[test]
fn ghsa_vhxv_fg4m_p2w8_the_order_does_not_matter_at_run_time() {
    for order in orders(&["https://foo.com", "https://bar.com", "https://*.r.com"]) {
        let mut lists = embedded_cors::PolicyLists::<64>::new();
        order.iter().for_each(|entry| lists.allow_origin(entry).unwrap());
        let owned = lists.build(|options| options).unwrap();
        let policy = owned.policy();
        for (origin, fine) in [
            ("https://foo.com", true),
            ("https://bar.com", true),
            ("https://a.r.com", true),
            ("https://barfoo.com", false),
            ("https://foo.com,https://bar.com", false),
        ] {
            assert_eq!(allowed(&policy, origin), fine, "{origin} of {order:?}");
        }
    }
}

/// jub0bs/cors: optimisations refused origins and headers that the lists allow.
#[test]
fn jub0bs_cors_12_15_everything_that_an_entry_stands_for_is_admitted() {
    for order in orders(&[
        "https://*.example.com",
        "http://localhost:*",
        "https://a.example.com:1",
    ]) {
        for depth in 1..=60 {
            assert!(admits(
                &order,
                format!("https://{}example.com", "a.".repeat(depth))
            ));
        }
        for port in [1, 79, 81, 443, 3000, 65_535] {
            assert!(admits(&order, format!("http://localhost:{port}")));
        }
        assert!(admits(&order, "https://a.example.com:1"));
    }
    for order in orders(&["authorization", "content-type", "x-a"]) {
        assert!(asks_for(&order.join(",")).is_allowed());
    }
}

/// coder: a name that only looked like a trusted subdomain was admitted.
#[test]
fn cve_2026_55438_wildcards_stand_for_whole_labels() {
    let wrong = [
        "https://apps.example.com",
        "https://4f9d0a36.apps.example.com.evil.test",
        "https://4f9d0a36--apps.example.com",
        "https://.apps.example.com",
    ];
    admits_only(
        &["https://*.apps.example.com"],
        &["https://4f9d0a36.apps.example.com"],
        &wrong,
    );
    // A `*` inside the first label never stands for a dot, and stands in no other label.
    admits_only(
        &["https://app-*.example.com", "https://*-app.example.com"],
        &["https://app-1.example.com", "https://1-app.example.com"],
        &[
            "https://app-.example.com",
            "https://app-1.evil.example.com",
            "https://evil.1-app.example.com",
            "https://app-1.example.com.evil.test",
        ],
    );
    assert_eq!(
        mistake(&["https://a.*.example.com"]),
        Some(PolicyErrorKind::Wildcard)
    );
    // A star inside a label stands for a part of that label, and for no other label.
    admits_only(
        &["https://*--apps.example.com"],
        &["https://4f9d0a36--apps.example.com"],
        &[
            "https://--apps.example.com",
            "https://evil.x--apps.example.com",
            "https://4f9d0a36--apps.example.com.evil.test",
        ],
    );
    for part in ["https://a.*.example.com", "https://a.b*.example.com"] {
        assert_eq!(mistake(&[part]), Some(PolicyErrorKind::Wildcard), "{part}");
    }
}

/// gorilla/csrf: the schemes of trusted origins were not compared.
#[test]
fn cve_2025_47909_another_scheme_makes_another_origin() {
    let fine = [
        "https://example.com",
        "https://a.example.org",
        "https://localhost:1",
    ];
    let wrong = [
        "http://example.com",
        "http://a.example.org",
        "http://localhost:1",
        "httpsx://example.com",
        "httpx://a.example.org",
    ];
    admits_only(
        &[
            "https://example.com",
            "https://*.example.org",
            "https://localhost:*",
        ],
        &fine,
        &wrong,
    );
}

/// Users ask for any port of `localhost` more often than for any other pattern.
#[test]
fn users_can_allow_any_port_of_localhost() {
    let wrong = [
        "http://localhost.evil.test:3000",
        "http://evil.localhost:3000",
        "https://localhost:3000",
        "http://localhost:65536",
        "http://localhost:",
        "http://localhost:*",
    ];
    admits_only(
        &["http://localhost:*"],
        &[
            "http://localhost",
            "http://localhost:3000",
            "http://localhost:65535",
        ],
        &wrong,
    );
}

/// Users write regular expressions, which are not supported. They learn this from the builder, and
/// not from requests that fail.
#[test]
fn users_are_told_that_a_pattern_is_not_supported() {
    for entry in [
        "^https://.*\\.example\\.com$",
        "https://.example.com",
        "https://(a|b).example.com",
        "https://example.com:[0-9]+",
        "*.example.com",
        "https://Example.com",
        "https://example.com:443",
        "https://example.com/",
    ] {
        assert!(mistake(&[entry]).is_some(), "{entry}");
    }
}

// --- Reflected origins and defaults.

/// rs/cors: `*` was answered with the origin of the request.
#[test]
fn cve_2018_20744_the_answer_for_a_wildcard_is_a_wildcard() {
    for origin in STRANGERS {
        let answers = [get(&PUBLIC, origin), preflight(&PUBLIC, origin, "PUT", &["x-b"])];
        for answer in answers {
            assert!(answer.is_allowed());
            assert_eq!(answer.value(ALLOW_ORIGIN), Some("*"));
        }
    }
}

/// gorilla/handlers: `*` was answered with the origin of the request and with credentials.
#[test]
fn cve_2017_20146_a_wildcard_never_allows_credentials() {
    let sent = [
        ("origin", "https://evil.test"),
        ("cookie", "a=b"),
        ("authorization", "Basic x"),
    ];
    let answer = send(&PUBLIC, "GET", &sent);
    assert_eq!(answer.value(ALLOW_ORIGIN), Some("*"));
    assert_eq!(answer.value(ALLOW_CREDENTIALS), None);
}

/// @koa/cors: a configuration without origins allowed every origin.
#[test]
fn cve_2023_49803_an_empty_policy_allows_nothing() {
    for origin in STRANGERS.iter().chain([&ORIGIN]) {
        for answer in [get(&NOBODY, origin), preflight(&NOBODY, origin, "GET", &[])] {
            assert!(!answer.is_allowed());
            assert_eq!(answer.fields, [], "{origin}");
        }
    }
}

/// Sails: enabling CORS reflected every origin.
#[test]
fn cve_2016_10549_options_without_origins_admit_nobody() {
    for policy in every_policy(&[]) {
        for origin in STRANGERS {
            assert!(!allowed(&policy, origin), "{policy:?}");
            assert_eq!(preflight(&policy, origin, "GET", &[]).fields, []);
        }
    }
}

/// Tomcat: credentials were allowed for all origins by default.
#[test]
fn cve_2018_8014_credentials_are_off_by_default() {
    let policy = Policy::builder().allow_origins(&[ORIGIN]).build().unwrap();
    for answer in [get(&policy, ORIGIN), preflight(&policy, ORIGIN, "GET", &[])] {
        assert_eq!(answer.value(ALLOW_ORIGIN), Some(ORIGIN));
        assert_eq!(answer.value(ALLOW_CREDENTIALS), None);
    }
}

/// http4s: the default allowed every origin, with credentials.
#[test]
fn cve_2021_39185_ghsa_52cf_226f_rhr6_any_origin_excludes_credentials() {
    for policy in every_policy(&["*"]) {
        let answer = get(&policy, "https://adversary.example.net");
        assert_eq!(answer.value(ALLOW_ORIGIN), Some("*"));
        assert_eq!(answer.value(ALLOW_CREDENTIALS), None);
    }
}

/// http4s: `null` was reflected.
#[test]
fn cve_2021_39185_null_is_not_reflected() {
    assert_eq!(get(&APP, "null").names(), ["vary"]);
    assert_eq!(get(&PUBLIC, "null").value(ALLOW_ORIGIN), Some("*"));
}

/// http4s, the first of seven further defects: every method was accepted, and the answer could not
/// name it.
#[test]
fn cve_2021_39185_every_method_that_is_allowed_is_named() {
    for (policy, named) in [(&PUBLIC, "*"), (&ECHO, "PROPFIND")] {
        let answer = preflight(policy, ORIGIN, "PROPFIND", &[]);
        assert!(answer.is_allowed());
        assert_eq!(answer.value(ALLOW_METHODS), Some(named));
    }
}

/// http4s, the second: a refused request was answered with 403, although the handler has to answer
/// it.
#[test]
fn cve_2021_39185_the_handler_answers_a_refused_request() {
    let answer = get(&APP, "https://evil.test");
    answer.is_of(RequestKind::Actual, None);
}

/// http4s, the third: `Vary` lacked the requested headers.
#[test]
fn cve_2021_39185_a_preflight_varies_by_what_it_asks_for() {
    for origin in [ORIGIN, "https://evil.test"] {
        let answer = preflight(&APP, origin, "PUT", &["x-a"]);
        assert_eq!(
            answer.value("vary"),
            Some("origin,access-control-request-method,access-control-request-headers")
        );
    }
}

/// http4s, the fourth: the requested headers were not checked.
#[test]
fn cve_2021_39185_requested_headers_are_checked() {
    let answer = asks_for("x-a,x-b");
    answer.is_refused(Reason::HeaderNotAllowed, 1);
    assert_eq!(
        answer.value(ALLOW_HEADERS),
        Some("authorization,content-type,x-a")
    );
}

/// http4s, the fifth: `Vary` named the requested method in answers to actual requests.
#[test]
fn cve_2021_39185_an_actual_request_varies_by_its_origin_alone() {
    assert_eq!(get(&APP, ORIGIN).value("vary"), Some("origin"));
}

/// http4s, the sixth: `Access-Control-Max-Age` was sent outside preflights.
#[test]
fn cve_2021_39185_only_a_preflight_has_a_max_age() {
    assert_eq!(get(&APP, ORIGIN).value(MAX_AGE), None);
    assert_eq!(preflight(&APP, ORIGIN, "PUT", &[]).value(MAX_AGE), Some("600"));
}

/// http4s, the seventh: `Access-Control-Allow-Credentials: false` was sent.
#[test]
fn cve_2021_39185_credentials_are_true_or_absent() {
    for policy in every_policy(&["https://app.example.com"]) {
        for origin in [ORIGIN, "https://evil.test"] {
            for answer in [get(&policy, origin), preflight(&policy, origin, "PUT", &[])] {
                assert!(matches!(answer.value(ALLOW_CREDENTIALS), None | Some("true")));
            }
        }
    }
}

/// Fiber: `*` with credentials was accepted, and the origin was reflected.
#[test]
fn cve_2024_25124_a_wildcard_with_credentials_is_a_mistake() {
    for origins in orders(&["*", "https://a.example"]) {
        let policy = Policy::builder().allow_origins(&origins).allow_credentials();
        let error = policy.build().unwrap_err();
        assert_eq!(error.kind(), PolicyErrorKind::AnyWithCredentials);
        assert_eq!(error.entry(), Some("*"));
    }
}

/// Hono: `*` with credentials reflected every origin, `null` included. Here no option makes a
/// policy admit another origin.
#[test]
fn cve_2026_54290_ghsa_88fw_hqm2_52qc_no_option_admits_another_origin() {
    for policy in every_policy(&["https://app.example.com"]) {
        assert!(allowed(&policy, ORIGIN));
        for origin in STRANGERS {
            assert!(!allowed(&policy, origin), "{origin}: {policy:?}");
            assert_eq!(preflight(&policy, origin, "GET", &[]).names(), ["vary"]);
        }
    }
}

/// Netty: `Origin: null` was never refused.
#[test]
fn cve_2026_56746_ghsa_6cqp_g7gg_8hr5_null_is_an_origin_like_any_other() {
    for (answer, kind, status) in [
        (get(&APP, "null"), RequestKind::Actual, None),
        (
            preflight(&APP, "null", "PUT", &[]),
            RequestKind::Preflight,
            Some(403),
        ),
    ] {
        answer.is_of(kind, status);
        assert_eq!(answer.reason, Some(Reason::NullNotAllowed));
        assert_eq!(answer.value(ALLOW_ORIGIN), None);
    }
}

/// Users allow `null` for local files and sandboxed frames: by its exact name, and without
/// credentials.
#[test]
fn users_can_allow_null_by_its_name() {
    assert!(admits(&["null"], "null"));
    for other in [
        "NULL",
        "Null",
        "nul",
        "nulll",
        "\"null\"",
        "null,null",
        "null null",
        "https://null",
    ] {
        assert!(!admits(&["null"], other), "{other}");
    }
    let policy = Policy::builder().allow_origins(&["null"]).allow_credentials();
    assert_eq!(
        policy.build().unwrap_err().kind(),
        PolicyErrorKind::NullWithCredentials
    );
}

/// Apps have origins with other schemes than `https`, and some clients send an empty `Origin`.
#[test]
fn gin_contrib_cors_135_tauri_2327_apps_have_schemes_and_an_empty_origin_is_malformed() {
    for origin in [
        "tauri://localhost",
        "capacitor://localhost",
        "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
        "moz-extension://0f1e2d3c-0000-4000-8000-000000000000",
    ] {
        admits_only(&[origin], &[origin], &["https://localhost", "null", ""]);
    }
    let answer = get(&APP, "");
    assert_eq!(
        (answer.kind, answer.reason),
        (RequestKind::Actual, Some(Reason::OriginMalformed))
    );
}

/// Micronaut, Vite, Cilium Hubble, kuma, Caddy, Sliver: local services were open to every page, or
/// to every local page.
#[test]
fn cve_2024_23639_2025_24010_2025_23047_2026_45021_2026_27589_2026_34227_local_origins_are_not_special() {
    for policy in [&NOBODY, &APP] {
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "http://127.0.0.1",
            "http://[::1]",
            "http://192.168.4.1",
            "http://device.local",
            "null",
        ] {
            let answer = get(policy, origin);
            assert!(
                !answer.is_allowed() && answer.value(ALLOW_ORIGIN).is_none(),
                "{origin}"
            );
        }
    }
}

/// gradio: a rule trusted the `Host` of the request.
#[test]
fn cve_2024_47084_ghsa_3c67_5hwx_f6wx_gradio_13594_host_changes_nothing() {
    for origin in ["http://localhost:7860", "https://evil.test", ORIGIN] {
        for host in ["localhost:7860", "127.0.0.1", "evil.test", "app.example.com", ""] {
            let fields = [("host", host), ("x-forwarded-host", host), ("origin", origin)];
            assert_eq!(send(&APP, "GET", &fields), get(&APP, origin), "{host}");
        }
    }
}

// --- Resource exhaustion. The lists end with a byte that would be refused for another reason, so
// the reason shows that reading ended before it.

/// Decides on a preflight of `APP` with this list, and checks that a reader too small for the list
/// says the same.
fn long_list(list: &str) -> Answer {
    let expected = asks_for(list);
    let head = format!(
        "OPTIONS / HTTP/1.1\r\norigin: {ORIGIN}\r\n{REQUEST_METHOD}: PUT\r\n{REQUEST_HEADERS}: {list}\r\n\r\n"
    );
    let mut reader = PolicyReader::<64>::new(&APP);
    for piece in head.as_bytes().chunks(1000) {
        reader.push(piece).unwrap();
    }
    let refusal = reader.decide().refusal();
    assert_eq!(refusal.map(|refusal| refusal.reason()), expected.reason);
    assert_eq!(refusal.and_then(|refusal| refusal.position()), expected.position);
    expected
}

/// rs/cors, from issue 170 on: each comma cost memory.
#[test]
fn cve_2025_47908_ghsa_mh55_gqvf_xfwm_commas_have_a_budget() {
    let answer = long_list(&format!("{}@", ",".repeat(8 << 10)));
    answer.is_refused(Reason::RequestHeadersOverBudget, 0);
    assert_eq!(answer.status, Some(403));
}

/// Hono: the time for white space was quadratic.
#[test]
fn cve_2026_69207_ghsa_8j4g_w8fx_2239_white_space_has_a_budget() {
    for space in [" ", "\t"] {
        let space = space.repeat(64 << 10);
        for list in [
            format!("x-a{space},@"),
            format!("x-a,{space}@"),
            format!("x-a{space}@"),
        ] {
            let answer = long_list(&list);
            answer.is_refused(Reason::RequestHeadersOverBudget, 1);
        }
        // White space around the value does not belong to the value.
        assert!(long_list(&format!("{space}x-a{space}")).is_allowed());
    }
}

/// hapi: the expression was the same. Here white space never separates names.
#[test]
fn hapi_white_space_does_not_separate_names() {
    for space in [" ", "\t", " \t "] {
        let answer = long_list(&format!("x-a{space}x-a"));
        assert_eq!(answer.reason, Some(Reason::RequestHeadersMalformed), "{space:?}");
    }
    let alternating = long_list(&format!("x-a{}@", " \t".repeat(32 << 10)));
    assert_eq!(alternating.reason, Some(Reason::RequestHeadersOverBudget));
}

/// Other implementations store every name of the list. Here reading ends after 256 names, or at the
/// first name that is not allowed.
#[test]
fn tolerant_peers_a_mebibyte_of_names_is_not_read_to_the_end() {
    let answer = long_list(&format!("{}@", "x-a,".repeat(1 << 18)));
    answer.is_refused(Reason::RequestHeadersOverBudget, 256);
    let answer = long_list(&format!("x-a,x-evil,{}@", "x-a,".repeat(1 << 18)));
    answer.is_refused(Reason::HeaderNotAllowed, 1);
}

/// Long single values: an origin is not read past the length of the longest valid one, and long
/// values are not echoed.
#[test]
fn tolerant_peers_a_mebibyte_of_one_value_is_refused() {
    let long = "a".repeat(1 << 20);
    let answer = get(&APP, &format!("https://{long}"));
    assert_eq!(answer.reason, Some(Reason::OriginMalformed));
    assert!(answer.position.unwrap().index() < 8 + 255);
    assert_eq!(asks_for(&long).reason, Some(Reason::HeaderNotAllowed));
    for answer in [
        preflight(&ECHO, ORIGIN, &long, &[]),
        preflight(&ECHO, ORIGIN, "PUT", &[&long]),
    ] {
        assert_eq!(answer.reason, Some(Reason::EchoTooLong));
        assert_eq!(answer.names(), ["vary"]);
    }
}

/// Many field lines: counters do not overflow.
#[test]
fn tolerant_peers_the_count_of_field_lines_does_not_overflow() {
    for lines in [2, 255, 256, 257, 65_537] {
        assert_eq!(
            send(&APP, "GET", &vec![("origin", ORIGIN); lines]).reason,
            Some(Reason::OriginRepeated)
        );
        let mut fields = vec![(REQUEST_METHOD, "PUT"); lines];
        fields.push(("origin", ORIGIN));
        let answer = send(&APP, "OPTIONS", &fields);
        assert_eq!(
            (answer.kind, answer.reason),
            (RequestKind::Preflight, Some(Reason::RequestMethodRepeated))
        );
        let over = preflight(&APP, ORIGIN, "PUT", &vec!["x-a"; lines]).reason;
        assert_eq!(over, (lines > 4).then_some(Reason::RequestHeadersOverBudget));
    }
}

// --- Lifetimes.

/// Envoy: the `Origin` was freed between request and response. Here the lines are in the caller's
/// buffer.
#[test]
fn cve_2023_35943_the_lines_outlive_the_request() {
    let mut buffer = [0; APP.max_response_len()];
    let mut memory = Vec::from("GET / HTTP/1.1\r\nOrigin: https://a.example.org\r\n\r\n");
    let lines = {
        let request = Request::from_head(&memory).unwrap();
        APP.decide(&request).write_fields(&mut buffer).unwrap()
    };
    memory.fill(b'!');
    drop(memory);
    let mut pairs = lines.pairs();
    assert_eq!(pairs.next(), Some((ALLOW_ORIGIN, "https://a.example.org")));
}

/// ESP-IDF keeps pointers to names and values until it sends them. Names are static, and values are
/// in the caller's buffer.
#[test]
fn esp_idf_13430_names_and_values_outlive_the_decision() {
    let mut values = [[0; 128]; MAX_FIELDS];
    let mut kept = Vec::new();
    {
        let memory = String::from("https://a.example.org");
        let request = Request::from_fields("GET", [("origin", memory.as_str())]);
        let decision = APP.decide(&request);
        for (field, value) in decision.fields().zip(&mut values) {
            kept.push((field.name(), field.value().write_c_str(value).unwrap()));
        }
    }
    assert_eq!(kept[0], (ALLOW_ORIGIN, c"https://a.example.org"));
    assert_eq!(kept.last(), Some(&("vary", c"origin")));
}

// --- `Vary` and injection.

/// Hono: the request's `Vary` was copied into the response. Here only parsed values of the
/// request's CORS fields are.
#[test]
fn ghsa_q7jf_gf43_6x6p_cve_2025_71381_response_fields_in_a_request_change_nothing() {
    let injected = [
        ("vary", "x-evil"),
        (ALLOW_ORIGIN, "*"),
        (ALLOW_CREDENTIALS, "true"),
        (ALLOW_HEADERS, "x-evil"),
        (MAX_AGE, "1"),
        (EXPOSE_HEADERS, "*"),
    ];
    for (origin, method) in [(ORIGIN, "GET"), (ORIGIN, "OPTIONS"), ("https://evil.test", "GET")] {
        let plain = [("origin", origin), (REQUEST_METHOD, "PUT")];
        let fields = [&injected[..], &plain].concat();
        assert_eq!(send(&APP, method, &fields), send(&APP, method, &plain));
    }
}

/// Flask-CORS: bytes of the request were logged, line breaks included. Here `Display` of a decision
/// shows none of them.
#[test]
fn cve_2024_1681_a_log_line_contains_nothing_from_the_request() {
    for origin in [
        "https://evil.test",
        "https://evil.test\r\nINFO fine",
        "\u{1b}[2Jevil",
    ] {
        for method in ["PUT", "evil", "evil\r\nevil"] {
            let fields = [
                ("origin", origin),
                (REQUEST_METHOD, method),
                (REQUEST_HEADERS, "x-evil\n"),
            ];
            for policy in [&APP, &ECHO] {
                let request = Request::from_fields("OPTIONS", fields);
                let line = policy.decide(&request).to_string();
                assert!(
                    !line.contains("evil") && !line.contains(char::is_control),
                    "{line}"
                );
            }
        }
    }
}

/// SignalK: the log contained what was refused. Here a reason is a number, a name and a sentence
/// that do not depend on the request.
#[test]
fn signalk_1576_a_reason_contains_nothing_from_the_request() {
    for &reason in Reason::ALL {
        assert_eq!(Reason::from_code(reason.code()), Some(reason));
        assert!(
            reason
                .name()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        );
        assert!(!reason.sentence().contains(char::is_control));
    }
}

/// A value with a line break would begin another field in the response.
#[test]
fn flask_cors_a_line_break_is_never_written() {
    for end in ["\r\n", "\n", "\r", "\0"] {
        let inject = |value: &str| format!("{value}{end}set-cookie: a=b");
        let everyone = Policy::builder().allow_origin_if(&|_| true).build().unwrap();
        let origin = inject(ORIGIN);
        assert_eq!(get(&everyone, &origin).reason, Some(Reason::OriginMalformed));
        assert_eq!(get(&everyone, &origin).names(), ["vary"]);
        let method = preflight(&ECHO, ORIGIN, &inject("PUT"), &[]);
        assert_eq!(method.reason, Some(Reason::RequestMethodMalformed));
        assert_eq!(method.names(), ["vary"]);
        let headers = preflight(&ECHO, ORIGIN, "PUT", &[&inject("x-a")]);
        assert_eq!(headers.reason, Some(Reason::RequestHeadersMalformed));
        assert_eq!(headers.names(), ["vary"]);
    }
}

/// rs/cors: `Vary` was sent only if the request had an `Origin`.
#[test]
fn rs_cors_10_an_answer_without_an_origin_has_vary() {
    assert_eq!(send(&APP, "GET", &[]).fields, [("vary", String::from("origin"))]);
}

/// gorilla/handlers: `Vary` was sent only for admitted origins, and neither for a list of one
/// origin nor for a function.
#[test]
fn gorilla_handlers_244_248_refused_origins_and_lists_of_one_have_vary() {
    let one = Policy::builder().allow_origins(&[ORIGIN]).build().unwrap();
    let rule = Policy::builder().allow_origin_if(&|_| false).build().unwrap();
    for policy in [&APP, &one, &rule] {
        for origin in [ORIGIN, "https://evil.test", "null", "", "@"] {
            assert_eq!(get(policy, origin).value("vary"), Some("origin"), "{origin}");
        }
    }
}

/// express, Hono: `Vary` was sent although every origin got the same response.
#[test]
fn expressjs_cors_39_a_response_that_does_not_vary_has_no_vary() {
    for policy in every_policy(&["*"]) {
        for answer in [send(&policy, "GET", &[]), get(&policy, ORIGIN)] {
            assert_eq!(answer.value("vary"), None);
        }
    }
}

/// fastify-cors, rs/cors: caches that keep preflights confused the answers for two methods.
#[test]
fn fastify_cors_251_rs_cors_113_a_preflight_varies_by_what_it_asks_for() {
    for policy in every_policy(&["*"]) {
        for answer in [
            preflight(&policy, ORIGIN, "PUT", &[]),
            preflight(&policy, "@", "PUT", &["x-a"]),
            send(&policy, "OPTIONS", &[]),
        ] {
            let requested = "access-control-request-method,access-control-request-headers";
            assert_eq!(answer.value("vary"), Some(requested));
        }
    }
}

/// Vert.x Web, tower-http: answers to preflights lacked `Vary`.
#[test]
fn vertx_web_2880_tower_http_216_a_preflight_varies_by_its_origin() {
    for origin in [ORIGIN, "https://evil.test", "@"] {
        let vary = preflight(&APP, origin, "GET", &[]);
        assert_eq!(vary.value("vary").unwrap().split(',').next(), Some("origin"));
    }
}

/// Vert.x Web: `*` was sent only to requests with an `Origin`, so the response varied.
#[test]
fn vertx_web_1657_requests_without_an_origin_get_the_wildcard_too() {
    for fields in [&[][..], &[("origin", "@")]] {
        assert_eq!(send(&PUBLIC, "GET", fields).value(ALLOW_ORIGIN), Some("*"));
    }
}

/// Hono, tuupola: the server's `Vary` was overwritten.
#[test]
fn hono_2932_4471_tuupola_93_the_servers_vary_is_kept() {
    let decision = APP.decide(&Request::new("GET"));
    let own = ["Accept, x-language", "accept-encoding"];
    let merged = decision.merge_vary(&own).unwrap();
    let vary = merged.fields().last().unwrap().to_string();
    assert_eq!(vary, "vary: Accept,x-language,accept-encoding,origin");
}

/// tower-http, geolens: `Vary` contained a member twice.
#[test]
fn tower_http_598_geolens_1603_vary_contains_each_member_once() {
    for own in ["Origin", "accept, ORIGIN", "*"] {
        let decision = APP.decide(&Request::new("GET"));
        let vary = [own];
        let merged = decision.merge_vary(&vary).unwrap();
        let vary = merged.fields().last().unwrap().value().to_string();
        assert_eq!(vary, own.replace(' ', ""));
        assert_eq!(merged.fields().count(), 1);
    }
}

/// rack-cors, HTTP-Proxy-Servlet, akka-http-cors: both proxy and application sent the fields. Here
/// the caller can find fields that exist already.
#[test]
fn rack_cors_55_http_proxy_servlet_80_akka_http_cors_27_existing_fields_are_found() {
    let found = ExistingCorsFields::find(["Server", "Access-Control-Allow-Origin", "ACCESS-CONTROL-MAX-AGE"]);
    assert_eq!(found.iter().collect::<Vec<_>>(), [ALLOW_ORIGIN, MAX_AGE]);
    assert!(ExistingCorsFields::find(["vary", "access-control-allow-originx"]).is_empty());
    // It finds every field that this crate writes, except `vary`, which may be repeated.
    for answer in [get(&APP, ORIGIN), asks_for("x-a")] {
        for name in answer.names().into_iter().filter(|name| *name != "vary") {
            assert!(!ExistingCorsFields::find([name]).is_empty(), "{name}");
        }
    }
}

// --- Error responses.

/// Starlette, FastAPI, ASP.NET: error responses lacked the fields, so pages saw "CORS error"
/// instead of the status.
#[test]
fn starlette_1116_fastapi_775_aspnetcore_2378_an_error_reply_has_the_same_fields() {
    let request = Request::from_fields("GET", [("origin", ORIGIN)]);
    let reply = APP.decide_for_error_reply(&request);
    let fields = |decision: &embedded_cors::Decision<'_>| -> Vec<String> {
        decision.fields().map(|field| field.to_string()).collect()
    };
    assert_eq!(fields(&reply), fields(&APP.decide(&request)));
    assert!(fields(&reply)[0].ends_with(ORIGIN));
}

/// ESP-IDF, AI-on-the-edge: no page could read the 431 that answered a long cookie.
#[test]
fn esp_idf_6758_ai_on_the_edge_432_a_431_has_the_fields() {
    let head = format!(
        "GET / HTTP/1.1\r\nOrigin: {ORIGIN}\r\nCookie: {}",
        "a".repeat(1000)
    );
    let request = Request::from_incomplete_head(head.as_bytes()).unwrap();
    let mut reader = PolicyReader::<32>::new(&APP);
    reader.push(head.as_bytes()).unwrap();
    for reply in [
        APP.decide_for_error_reply(&request),
        reader.decide_for_error_reply(),
    ] {
        let first = reply.fields().next().unwrap();
        assert_eq!(
            (first.name(), first.value().to_str()),
            (ALLOW_ORIGIN, Some(ORIGIN))
        );
    }
    // The request itself is refused as incomplete.
    for decision in [APP.decide(&request), reader.decide()] {
        assert_eq!(decision.refusal().unwrap().reason(), Reason::HeadIncomplete);
        assert!(decision.fields().all(|field| field.name() != ALLOW_ORIGIN));
    }
}

/// An error reply says nothing to an origin that is not admitted, or whose line is incomplete.
#[test]
fn esp_idf_6758_a_431_tells_strangers_nothing() {
    for head in [
        "GET / HTTP/1.1\r\nOrigin: https://evil.test\r\nCookie: a",
        "GET / HTTP/1.1\r\nOrigin: https://app.example.com",
        "GET / HTTP/1.1\r\nOrigin: https://app.example.com\r",
    ] {
        let request = Request::from_incomplete_head(head.as_bytes()).unwrap();
        let reply = APP.decide_for_error_reply(&request);
        assert_eq!(
            reply.fields().map(|field| field.name()).collect::<Vec<_>>(),
            ["vary"]
        );
    }
}

// --- Microcontrollers: pieces and truncated values.

/// Servers that copy values into a small buffer truncate them. A truncated value must not count as
/// the whole value.
#[test]
fn esp_idf_a_value_that_does_not_fit_is_refused() {
    let head = format!("GET / HTTP/1.1\r\nOrigin: {ORIGIN}.evil.test\r\n\r\n");
    let mut reader = RequestReader::<{ ORIGIN.len() }>::new();
    reader.push(head.as_bytes()).unwrap();
    let truncated = answer(&APP, &reader.request());
    assert_eq!(truncated.reason, Some(Reason::OriginTruncated));
    assert_eq!(truncated.names(), ["vary"]);
    let mut request = Request::new("GET");
    request.push_truncated("Origin");
    assert_eq!(answer(&APP, &request), truncated);
}

/// The same for requested headers, where the truncated list would be allowed.
#[test]
fn esp_idf_a_list_that_does_not_fit_is_refused() {
    let head = format!(
        "OPTIONS / HTTP/1.1\r\nOrigin: {ORIGIN}\r\n{REQUEST_METHOD}: PUT\r\n{REQUEST_HEADERS}: x-a,x-evil\r\n\r\n"
    );
    let mut reader = RequestReader::<{ ORIGIN.len() + "PUT".len() + "x-a,".len() }>::new();
    reader.push(head.as_bytes()).unwrap();
    let truncated = answer(&APP, &reader.request());
    assert_eq!(truncated.reason, Some(Reason::RequestHeadersTruncated));
    assert_eq!(truncated.names(), ["vary"]);
}

/// `httpd_req_get_hdr_value_str` returns the first of several lines, and a proxy may have checked
/// the last.
#[test]
fn esp_idf_a_repeated_origin_is_refused() {
    let origins = [("origin", ORIGIN), ("origin", "https://evil.test")];
    for fields in [origins, [origins[1], origins[0]], [origins[0]; 2]] {
        let answer = send(&APP, "GET", &fields);
        assert_eq!(answer.reason, Some(Reason::OriginRepeated));
        assert_eq!(answer.names(), ["vary"]);
    }
    assert_eq!(
        get(&APP, &format!("{ORIGIN}, {ORIGIN}")).reason,
        Some(Reason::OriginMalformed)
    );
}

/// Zephyr reports that it dropped header fields. One of them may have been an `Origin`.
#[test]
fn zephyr_a_request_with_dropped_fields_is_refused() {
    for fields in [&[][..], &[("origin", ORIGIN)]] {
        let mut request = Request::from_fields("GET", fields.iter().copied());
        request.mark_incomplete();
        let answer = answer(&APP, &request);
        assert_eq!(answer.reason, Some(Reason::HeadIncomplete));
        assert_eq!(answer.value(ALLOW_ORIGIN), None);
    }
}

/// arduino-esp32, esp32_https_server: long unrelated fields exhausted the memory for all fields.
#[test]
fn arduino_esp32_2983_esp32_https_server_80_other_fields_take_no_memory() {
    let mut head = format!("GET / HTTP/1.1\r\nCookie: {}\r\n", "a".repeat(100_000));
    (0..500).for_each(|index| head += &format!("X-{index}: x\r\n"));
    head += &format!("Origin: {ORIGIN}\r\n\r\n");
    let mut reader = RequestReader::<{ ORIGIN.len() }>::new();
    for piece in head.as_bytes().chunks(61) {
        reader.push(piece).unwrap();
    }
    assert!(answer(&APP, &reader.request()).is_allowed());
}

/// arduino-esp32: a head was longer than the buffer. Read in pieces, it gets the same answer as in
/// one buffer.
#[test]
fn arduino_esp32_5969_a_head_in_pieces_gets_the_answer_of_the_whole_head() {
    let head = format!(
        "OPTIONS /led HTTP/1.1\r\nHost: 192.168.4.1\r\nCookie: Origin: https://evil.test\r\n\
         Origin: {ORIGIN}\r\n{REQUEST_METHOD}: PUT\r\n{REQUEST_HEADERS}: x-a, content-type\r\n\r\n"
    );
    assert_eq!(every_way(&APP, head.as_bytes()).verdict, "allowed");
}

/// ESP-IDF sends at most eight fields of an application.
#[test]
fn esp_idf_eight_response_headers_are_enough() {
    const { assert!(MAX_FIELDS < 8) };
    let fields = [("origin", ORIGIN), (REQUEST_METHOD, "PUT")];
    for policy in every_policy(&["https://app.example.com"]) {
        for method in ["GET", "OPTIONS"] {
            assert!(send(&policy, method, &fields).fields.len() <= policy.max_fields());
        }
        assert!(policy.max_fields() <= MAX_FIELDS);
    }
}

/// ESPAsyncWebServer: credentials were combined with reflected origins.
#[test]
fn esp32async_294_foss42_96_credentials_need_a_list() {
    assert!(every_policy(&["*"]).all(|policy| get(&policy, ORIGIN).value(ALLOW_CREDENTIALS).is_none()));
    assert_eq!(get(&APP, ORIGIN).value(ALLOW_CREDENTIALS), Some("true"));
}

/// ESPAsyncWebServer: every response had the fields of a preflight.
#[test]
fn espasyncwebserver_actual_responses_lack_the_fields_of_preflights() {
    assert_eq!(
        get(&APP, ORIGIN).names(),
        [ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS, "vary"]
    );
    assert_eq!(
        asks_for("x-a").names(),
        [
            ALLOW_ORIGIN,
            ALLOW_CREDENTIALS,
            ALLOW_METHODS,
            ALLOW_HEADERS,
            MAX_AGE,
            "vary"
        ]
    );
}

/// ESPAsyncWebServer: the event stream lacked the fields.
#[test]
fn espasyncwebserver_726_event_streams_have_the_fields() {
    let fields = [("accept", "text/event-stream"), ("origin", ORIGIN)];
    assert_eq!(send(&APP, "GET", &fields), get(&APP, ORIGIN));
}

/// awtrix3, PsychicHttp, microdot, Rocky: preflights were answered with 404 and 405. Here the
/// answer is complete and needs no route.
#[test]
fn awtrix3_459_psychichttp_102_microdot_45_rocky_5_a_preflight_is_answered_without_a_route() {
    for target in ["/led", "/no/such/route", "*"] {
        let head =
            format!("OPTIONS {target} HTTP/1.1\r\nOrigin: {ORIGIN}\r\n{REQUEST_METHOD}: DELETE\r\n\r\n");
        let response = whole(&APP, head.as_bytes()).bytes;
        assert!(response.starts_with("HTTP/1.1 204 No Content\r\n"));
        assert!(response.contains("access-control-allow-methods: PUT,DELETE\r\n"));
        assert!(response.ends_with("content-length: 0\r\n\r\n"));
    }
}

/// Tasmota, esp8266: authentication came before CORS and refused preflights, which never have
/// credentials.
#[test]
fn tasmota_5847_fadushin_18_a_preflight_needs_no_credentials() {
    let answer = asks_for("authorization");
    assert!(answer.is_allowed());
    assert_eq!(answer.status, Some(204));
    assert_eq!(answer.value(ALLOW_CREDENTIALS), Some("true"));
}

// --- Preflights and actual requests.

/// Spring: preflights reached endpoints. Here every preflight is answered, whether it is allowed,
/// refused or malformed.
#[test]
fn cve_2020_5397_a_preflight_never_reaches_a_handler() {
    for origin in [ORIGIN, "https://evil.test", "null", "", "@"] {
        for method in ["PUT", "GET", "PATCH", "", "P UT"] {
            for headers in [&[][..], &["x-a"], &["x-evil"], &["@"], &[""; 9]] {
                let answer = preflight(&APP, origin, method, headers);
                assert_eq!(answer.kind, RequestKind::Preflight);
                assert!(matches!(answer.status, Some(204 | 403)));
                if origin != ORIGIN {
                    assert_eq!((answer.status, answer.names()), (Some(403), vec!["vary"]));
                }
            }
        }
    }
    for lines in [
        "Origin: https://a.example.org\r\nOrigin: https://a.example.org\r\nAccess-Control-Request-Method: PUT",
        "Origin : https://a.example.org\r\nAccess-Control-Request-Method: PUT",
        "Origin: https://a.example.org\r\n x\r\nAccess-Control-Request-Method: PUT",
        "Origin: https://a.example.org\r\nAccess-Control-Request-Method : PUT",
        "Origin: https://a.example.org\r\nAccess-Control-Request-Method: PUT\r\n\tx",
    ] {
        let head = format!("OPTIONS / HTTP/1.1\r\n{lines}\r\n\r\n");
        let answer = answer(&APP, &Request::from_head(head.as_bytes()).unwrap());
        assert!(answer.reason.is_some(), "{lines}");
        answer.is_of(RequestKind::Preflight, 403);
    }
}

/// Quarkus: simple requests of refused origins got no verdict.
#[test]
fn cve_2022_4147_expressjs_cors_109_simple_requests_have_a_verdict() {
    for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "anything"] {
        let answer = send(&APP, method, &[("origin", "https://evil.test")]);
        assert_eq!(
            (answer.kind, answer.reason),
            (RequestKind::Actual, Some(Reason::OriginNotAllowed))
        );
    }
}

/// hapi: the defaults answered preflights, and the route's configuration answered requests. Here
/// one policy decides both.
#[test]
fn cve_2015_9236_preflight_and_actual_request_have_the_same_verdict_on_an_origin() {
    for policy in [&APP, &PUBLIC, &NOBODY, &ECHO] {
        for origin in STRANGERS.iter().chain(&[ORIGIN, "https://a.example.org", "@"]) {
            let (actual, asked) = (get(policy, origin), preflight(policy, origin, "GET", &[]));
            assert_eq!((actual.reason, actual.position), (asked.reason, asked.position));
            if actual.is_allowed() {
                assert_eq!(actual.value(ALLOW_ORIGIN), asked.value(ALLOW_ORIGIN));
                assert_eq!(actual.value(ALLOW_CREDENTIALS), asked.value(ALLOW_CREDENTIALS));
            }
        }
    }
}

/// ASP.NET Core: a disabled policy could be bypassed. Here an empty policy refuses preflights too.
#[test]
fn cve_2017_8700_an_empty_policy_refuses_preflights() {
    for method in ["GET", "PUT", "DELETE"] {
        let answer = preflight(&NOBODY, ORIGIN, method, &["content-type"]);
        assert_eq!((answer.status, answer.fields), (Some(403), Vec::new()));
    }
}

/// rack-cors, Flask-CORS: they read paths differently than the router. Here the target is not read.
#[test]
fn cve_2019_18978_2020_25032_2024_6839_2024_6844_2024_6866_the_path_is_not_read() {
    let of = |target: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nOrigin: {ORIGIN}\r\n\r\n");
        whole(&APP, head.as_bytes())
    };
    for target in [
        "/admin",
        "/ADMIN",
        "/a/../admin",
        "/a+b",
        "/%2e%2e/admin",
        "http://evil.test/",
        "a b",
        "",
    ] {
        assert_eq!(of(target), of("/"), "{target}");
    }
}

/// echo, express, middy: every `OPTIONS` request was treated as a preflight.
#[test]
fn echo_2534_expressjs_cors_40_options_without_a_requested_method_is_not_a_preflight() {
    for (fields, kind) in [
        (&[][..], RequestKind::NotCors),
        (&[("origin", ORIGIN)], RequestKind::Actual),
        (&[(REQUEST_METHOD, "PUT")], RequestKind::NotCors),
        (
            &[(REQUEST_METHOD, "PUT"), (REQUEST_HEADERS, "x-a")],
            RequestKind::NotCors,
        ),
        (
            &[("origin", ORIGIN), (REQUEST_HEADERS, "x-a")],
            RequestKind::Actual,
        ),
    ] {
        let answer = send(&APP, "OPTIONS", fields);
        answer.is_of(kind, None);
    }
    for method in ["GET", "options", "OPTIONSX", "OPTION"] {
        let answer = send(&APP, method, &[("origin", ORIGIN), (REQUEST_METHOD, "PUT")]);
        answer.is_of(RequestKind::Actual, None);
    }
}

/// rs/cors: `OPTIONS` was always allowed.
#[test]
fn rs_cors_196_options_has_to_be_allowed() {
    let answer = preflight(&APP, ORIGIN, "OPTIONS", &[]);
    assert_eq!(answer.reason, Some(Reason::MethodNotAllowed));
    assert_eq!(answer.value(ALLOW_METHODS), Some("PUT,DELETE"));
}

/// rs/cors after a gateway, repose: only the first of several lines was read.
#[test]
fn rs_cors_184_repose_1626_lines_of_request_headers_are_one_list() {
    let lines = ["authorization", "content-type", "x-a"];
    assert_eq!(
        preflight(&APP, ORIGIN, "PUT", &lines),
        asks_for("authorization,content-type,x-a")
    );
    let answer = preflight(&APP, ORIGIN, "PUT", &["x-a", "content-type", "x-evil"]);
    answer.is_refused(Reason::HeaderNotAllowed, 2);
    let answer = preflight(&ECHO, ORIGIN, "PUT", &["x-b, x-c", "x-d"]);
    assert_eq!(answer.value(ALLOW_HEADERS), Some("x-b,x-c,x-d"));
}

/// rs/cors: lists that were not sorted, lower-case and unique were refused, so tests and other
/// clients failed.
#[test]
fn rs_cors_174_176_183_requested_headers_may_have_any_order_and_case() {
    let fine = asks_for("authorization,content-type,x-a");
    assert!(fine.is_allowed());
    for order in orders(&["Authorization", "CONTENT-TYPE", "x-A"]) {
        assert_eq!(asks_for(&order.join(",")), fine);
        assert_eq!(asks_for(&order.join(" ,\t")), fine);
        assert_eq!(asks_for(&order.join(",,")), fine);
        assert_eq!(asks_for(&[&order[..], &order].concat().join(",")), fine);
    }
}

/// mdn/content: browsers write the list more strictly than servers have to read it. A policy can
/// require the strict form.
#[test]
fn mdn_content_33313_a_policy_can_require_the_strict_form() {
    let strict = Policy::builder()
        .allow_origins(&[ORIGIN])
        .allow_headers(&["content-type", "x-a"])
        .strict_request_headers()
        .build()
        .unwrap();
    assert!(preflight(&strict, ORIGIN, "GET", &["content-type,x-a"]).is_allowed());
    for list in ["x-a,content-type", "x-A", "x-a,x-a", "content-type, x-a", "x-a,"] {
        let answer = preflight(&strict, ORIGIN, "GET", &[list]);
        assert_eq!(answer.reason, Some(Reason::RequestHeadersNotStrict), "{list}");
    }
}

/// Corser: Chrome once sent an empty list.
#[test]
fn corser_18_an_empty_list_asks_for_nothing() {
    for empty in ["", " ", ","] {
        assert!(asks_for(empty).is_allowed(), "{empty:?}");
    }
}

/// rs/cors, trieve: the answer claimed that `*` covers `Authorization`, which it does not.
#[test]
fn rs_cors_179_trieve_2489_a_wildcard_does_not_cover_authorization() {
    let answer = preflight(&PUBLIC, ORIGIN, "PUT", &["Authorization"]);
    assert_eq!(answer.reason, Some(Reason::AuthorizationNotCovered));
    assert_eq!(answer.value(ALLOW_HEADERS), None);
    let both = Policy::builder()
        .allow_origins(&["*"])
        .allow_headers(&["*", "authorization"])
        .build()
        .unwrap();
    let answer = preflight(&both, ORIGIN, "GET", &["authorization,x-b"]);
    assert!(answer.is_allowed());
    assert_eq!(answer.value(ALLOW_HEADERS), Some("*,authorization"));
}

/// Users write prefixes of names. A name matches only as a whole, and `*` inside a name is a
/// mistake.
#[test]
fn users_who_write_a_prefix_of_a_header_name_allow_no_other_name() {
    for list in ["x-", "x", "x-ab", "ax-a", "content-typ", "content-type-x", "*"] {
        assert_eq!(asks_for(list).reason, Some(Reason::HeaderNotAllowed), "{list}");
    }
    let error = Policy::builder()
        .allow_origins(&[ORIGIN])
        .allow_headers(&["x-*"])
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), PolicyErrorKind::NameWildcard);
}

/// With credentials, browsers read `*` as a name. So the answer contains what was requested.
#[test]
fn tower_http_194_with_credentials_a_wildcard_is_answered_with_what_was_requested() {
    let answer = preflight(&ECHO, ORIGIN, "PATCH", &["x-b", "Authorization"]);
    assert!(answer.is_allowed());
    assert_eq!(answer.value(ALLOW_METHODS), Some("PATCH"));
    assert_eq!(answer.value(ALLOW_HEADERS), Some("x-b,Authorization"));
}

/// Users could not see why a request was refused. Here each cause has a reason, with the position
/// in the list.
#[test]
fn tuupola_62_rs_cors_54_corsica_31_every_refusal_says_why() {
    for (answer, reason, index) in [
        (get(&APP, "https://evil.test"), Reason::OriginNotAllowed, None),
        (get(&APP, "null"), Reason::NullNotAllowed, None),
        (get(&APP, "https://A"), Reason::OriginMalformed, Some(8)),
        (
            preflight(&APP, ORIGIN, "PATCH", &[]),
            Reason::MethodNotAllowed,
            None,
        ),
        (
            preflight(&APP, ORIGIN, "put", &[]),
            Reason::MethodNotAllowed,
            None,
        ),
        (asks_for("x-a,x-b"), Reason::HeaderNotAllowed, Some(1)),
        (asks_for("x-a,x b"), Reason::HeaderNotAllowed, Some(1)),
        (asks_for("x-a,@"), Reason::RequestHeadersMalformed, Some(1)),
    ] {
        answer.is_refused(reason, index);
    }
}

/// The answer to an admitted page shows which method or header is missing, unless the policy hides
/// its lists.
#[test]
fn users_see_in_the_console_what_is_missing() {
    let shown = asks_for("x-b");
    assert_eq!(shown.status, Some(204));
    assert_eq!(shown.value(ALLOW_HEADERS), Some("authorization,content-type,x-a"));
    // Browsers must not cache the answer to a refused preflight.
    assert_eq!(shown.value(MAX_AGE), None);
    let hiding = Policy::builder()
        .allow_origins(&[ORIGIN])
        .hide_lists_when_refused()
        .build()
        .unwrap();
    let bare = preflight(&hiding, ORIGIN, "PUT", &[]);
    assert_eq!((bare.status, bare.names()), (Some(403), vec!["vary"]));
}

/// Spring Boot, Quarkus, copyparty: after a proxy, a page's POST to its own server was refused.
/// Here the handler gets it.
#[test]
fn spring_boot_10965_quarkus_30698_copyparty_538_the_handler_gets_a_refused_post() {
    let fields = [("host", "10.0.0.1:8080"), ("origin", "https://device.example")];
    let answer = send(&APP, "POST", &fields);
    assert_eq!((answer.status, answer.names()), (None, vec!["vary"]));
}

/// Users change lists without a restart. A policy is a value, and the new one is checked before it
/// replaces the old one.
#[cfg(feature = "heapless-v0.9")]
#[test]
fn rack_cors_50_moleculer_web_359_a_list_can_change_while_the_server_runs() {
    let mut lists = embedded_cors::PolicyLists::<64>::new();
    lists.allow_origin("https://a.example").unwrap();
    let mut current = lists.build(|options| options).unwrap();
    assert!(!allowed(&current.policy(), "https://b.example"));
    let mut next = current.lists().clone();
    next.allow_origin("https://b.example").unwrap();
    assert!(next.allow_origin("https://c.example/").is_err());
    assert!(next.build(|options| options.max_age_seconds(90_000)).is_err());
    assert!(!allowed(&current.policy(), "https://b.example"));
    current = next.build(|options| options).unwrap();
    for origin in ["https://a.example", "https://b.example"] {
        assert!(allowed(&current.policy(), origin));
    }
    assert!(!allowed(&current.policy(), "https://c.example"));
}

// --- Removed and unfinished protocols.

/// Flask-CORS: access to private networks was on by default. No policy answers that request field.
#[test]
fn cve_2024_6221_no_policy_allows_private_networks() {
    let asks = [
        ("origin", ORIGIN),
        (REQUEST_METHOD, "PUT"),
        ("access-control-request-private-network", "true"),
    ];
    for policy in [&APP, &PUBLIC, &ECHO] {
        assert_eq!(
            send(policy, "OPTIONS", &asks),
            send(policy, "OPTIONS", &asks[..2])
        );
    }
}

/// ESPHome sends fields that browsers no longer read, and a draft had one that browsers never read.
#[test]
fn esphome_private_network_access_91_every_field_is_one_that_browsers_read() {
    let known = [
        ALLOW_ORIGIN,
        ALLOW_CREDENTIALS,
        ALLOW_METHODS,
        ALLOW_HEADERS,
        MAX_AGE,
        EXPOSE_HEADERS,
        TIMING_ALLOW_ORIGIN,
        "vary",
    ];
    let asks = [
        ("origin", ORIGIN),
        (REQUEST_METHOD, "PUT"),
        ("access-control-request-private-network", "true"),
        ("access-control-request-local-network", "true"),
    ];
    for policy in every_policy(&["https://app.example.com"]) {
        for method in ["GET", "OPTIONS"] {
            let answer = send(&policy, method, &asks);
            assert!(answer.names().iter().all(|name| known.contains(name)));
        }
    }
}

// --- Defects of other implementations.

/// poem: an origin was treated as text, and a byte above ASCII ended the task.
#[test]
fn poem_bytes_above_ascii_in_an_origin_do_not_panic() {
    for origin in [
        &b"https://b\xfccher.example.org"[..],
        "https://b\u{fc}cher.example.org".as_bytes(),
        b"\xff",
        b"https://\x80",
        b"https://a.example.org\xff",
    ] {
        let fields = [
            ("origin", origin),
            (REQUEST_METHOD, b"P\xffT"),
            (REQUEST_HEADERS, b"x\xff"),
        ];
        for method in ["GET", "OPTIONS"] {
            let reason = |policy| answer(policy, &Request::from_fields(method, fields)).reason;
            for policy in [&APP, &ECHO, &NOBODY] {
                assert_eq!(reason(policy), Some(Reason::OriginMalformed));
            }
            let malformed_method = (method == "OPTIONS").then_some(Reason::RequestMethodMalformed);
            assert_eq!(reason(&PUBLIC), malformed_method);
        }
        assert!(OriginOrNull::parse(origin).is_err());
    }
}

/// poem, uWestJS: one allowed header among the requested headers was enough.
#[test]
fn poem_uwestjs_76_every_requested_header_has_to_be_allowed() {
    for order in orders(&["x-a", "content-type", "x-evil"]) {
        let answer = asks_for(&order.join(","));
        let index = order.iter().position(|name| *name == "x-evil");
        answer.is_refused(Reason::HeaderNotAllowed, index);
        assert!(!answer.value(ALLOW_HEADERS).unwrap().contains("evil"));
    }
}

/// Spring allows a preflight if some of its headers are allowed, and answers with those. Here the
/// verdict is a refusal.
#[test]
fn spring_a_preflight_with_one_header_that_is_not_allowed_is_refused() {
    let policy = Policy::builder()
        .allow_origins(&[ORIGIN])
        .allow_headers(&["x-a", "x-b"])
        .answer_only_requested()
        .build()
        .unwrap();
    let answer = preflight(&policy, ORIGIN, "GET", &["x-a,x-evil"]);
    assert_eq!(answer.reason, Some(Reason::HeaderNotAllowed));
    assert_eq!(answer.value(ALLOW_HEADERS), Some("x-a"));
}

/// koa: with credentials and the default origin, every origin was reflected.
#[test]
fn koa_credentials_without_origins_admit_nobody() {
    let policy = Policy::builder().allow_credentials().build().unwrap();
    for origin in STRANGERS.iter().chain([&ORIGIN]) {
        for answer in [get(&policy, origin), preflight(&policy, origin, "GET", &[])] {
            assert!(!answer.is_allowed() && answer.fields.is_empty());
        }
    }
}

/// actix: answers to refused or absent origins had credentials and exposed headers.
#[test]
fn actix_without_an_admitted_origin_vary_is_the_only_field() {
    for answer in [
        send(&APP, "GET", &[]),
        get(&APP, "https://evil.test"),
        get(&APP, "@"),
        preflight(&APP, "https://evil.test", "PUT", &["x-a"]),
    ] {
        assert_eq!(answer.names(), ["vary"]);
    }
}

/// warp, Envoy, Crow, oatpp: no answer had `Vary`. ASP.NET: only answers to admitted origins had
/// it.
#[test]
fn warp_envoy_crow_oatpp_aspnet_every_answer_has_vary() {
    for policy in every_policy(&["https://app.example.com"]) {
        for origin in [ORIGIN, "https://evil.test", "null"] {
            for answer in [
                send(&policy, "GET", &[]),
                send(&policy, "OPTIONS", &[]),
                get(&policy, origin),
                preflight(&policy, origin, "PUT", &["x-b"]),
            ] {
                let vary = answer.value("vary").unwrap();
                assert!(vary.split(',').any(|member| member == "origin"));
            }
        }
    }
}

/// express, fastify: a regular expression with state gave every second request another answer.
#[test]
fn expressjs_cors_220_medusa_16417_fastify_cors_151_the_same_request_gets_the_same_answer() {
    for origin in [ORIGIN, "https://a.example.org", "https://evil.test"] {
        let first = get(&APP, origin);
        for other in [ORIGIN, "https://b.example.org", "null"] {
            let _ = get(&APP, other);
            assert_eq!(get(&APP, origin), first);
        }
    }
}

/// Django, Flask: the expressions had no end anchor, or one that matches before a line break.
#[test]
fn django_flask_chromium_dashboard_6590_an_origin_with_a_rest_is_refused() {
    for origin in [
        "https://app.example.com.evil.test",
        "https://a.example.org.evil.test",
        "https://app.example.com\n",
        "https://a.example.org\n",
        "https://app.example.com\r",
    ] {
        assert!(!allowed(&APP, origin), "{origin:?}");
    }
}

/// gin: in a short origin, the parts before and after `*` overlapped.
#[test]
fn gin_the_parts_before_and_after_a_wildcard_do_not_overlap() {
    let wrong = [
        "https://.a.a",
        "https://a.a",
        "https://a",
        "https://.a",
        "https://",
    ];
    admits_only(&["https://*.a.a"], &["https://b.a.a", "https://a.a.a"], &wrong);
    admits_only(
        &["https://*.a.a:*"],
        &["https://b.a.a:1"],
        &["https://.a.a:1", "https://a.a:1", "https://:1"],
    );
}

/// drogon: every origin was reflected in actual responses, and an error field contained text of the
/// request.
#[test]
fn drogon_the_answer_contains_nothing_from_a_refused_request() {
    let marked = "x-7f3a";
    let origin = format!("https://{marked}.test");
    for answer in [
        get(&APP, &origin),
        preflight(&APP, &origin, marked, &[marked]),
        preflight(&APP, ORIGIN, marked, &["x-a"]),
        preflight(&APP, ORIGIN, "PUT", &[marked]),
    ] {
        assert!(!answer.is_allowed());
        assert!(answer.fields.iter().all(|field| !field.1.contains(marked)));
    }
}

/// salvo: origins that a function admits bypassed the checks of listed origins.
#[test]
fn salvo_a_predicate_does_not_bypass_the_checks() {
    let policy = Policy::builder().allow_origin_if(&|_| true).allow_credentials();
    assert_eq!(
        policy.build().unwrap_err().kind(),
        PolicyErrorKind::PredicateWithCredentials
    );
    let policy = policy
        .dangerously_allow_predicate_with_credentials()
        .build()
        .unwrap();
    assert!(allowed(&policy, "https://a.example"));
    assert_eq!(
        get(&policy, "http://a.example").reason,
        Some(Reason::OriginInsecure)
    );
    assert_eq!(get(&policy, "null").reason, Some(Reason::NullNotAllowed));
    assert_eq!(
        get(&policy, "https://a.example/").reason,
        Some(Reason::OriginMalformed)
    );
}

/// Users write functions that check only the end of an origin. Such a function gets completely
/// parsed origins.
#[test]
fn users_can_write_predicates_which_get_only_parsed_origins() {
    fn is_tenant(origin: &Origin<'_>) -> bool {
        let text = origin.as_str();
        assert_eq!(Origin::parse(text.as_bytes()), Ok(*origin));
        text.ends_with(".tenants.example")
    }
    let policy = Policy::builder().allow_origin_if(&is_tenant).build().unwrap();
    assert!(allowed(&policy, "https://a.tenants.example"));
    for origin in [
        "https://evil.test/.tenants.example",
        "https://evil.test#.tenants.example",
        "evil.tenants.example",
        "null",
    ] {
        assert!(!allowed(&policy, origin), "{origin}");
    }
}

/// rack-cors, Crow: `Access-Control-Max-Age` and the lists of a preflight were sent in other
/// responses.
#[test]
fn rack_cors_crow_other_responses_have_no_field_of_preflights() {
    for policy in every_policy(&["https://app.example.com"]) {
        let answer = send(&policy, "OPTIONS", &[("origin", ORIGIN)]);
        for name in [ALLOW_METHODS, ALLOW_HEADERS, MAX_AGE] {
            assert_eq!(answer.value(name), None);
        }
    }
}

// --- Sources without a test.
//
// Impossible by construction:
// - CVE-2026-41135 (free5GC registered a middleware for each request): `decide` takes `&self`, and
//   this crate registers nothing.
// - starlette#1116 and others (a 304 or an error lacked the fields): a decision does not depend on
//   the status, so every status gets the same fields.
// - esp-idf#3373 (`OPTIONS` routes doubled the slots of `esp_http_server`): this crate needs no
//   routes.
//
// Outside this crate:
// - CVE-2024-27456 (rack-cors installed world-writable files): a defect of the package, not of the
//   code.
// - CVE-2025-59956 (coder/agentapi), webthing-rust PR15 and others (DNS rebinding): the server has
//   to check `Host`.
// - hasura#6345, dozzle PR4254 and others (WebSocket handshakes): the server has to refuse them,
//   since browsers do not check the response. The verdict is that of
//   `cve_2022_4147_expressjs_cors_109_simple_requests_have_a_verdict`.
// - CVE-2021-32677 (FastAPI accepted JSON in text/plain): the handler parses the content, and
//   browsers send such a request without a preflight.
// - expressjs/cors#109, laravel-cors#354 and others (whether to stop refused requests): the server
//   chooses, and has the verdict in both cases.
// - httpie/cli#275 and others (testing a policy as a browser would): `exchanges.rs` does so with
//   the `browser` module.
// - WICG/local-network-access#47 and others (a permission prompt mistaken for CORS): no request
//   arrives that a server could answer.
