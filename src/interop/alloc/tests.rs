//! An owned policy decides as the borrowed one with the same settings; all mistakes are found.

use super::*;
use crate::{
    Decide, Decision, Doors, DoorsErrorKind, DoorsRequest, HostRefusedStatus, Origin, Policy,
    PolicyErrorKind, PolicySource, Request, ResourcePolicy, Rules, Setting,
};

fn origins(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| match i % 9 {
            3 => format!("https://*.site-{i}.example"),
            5 => format!("http://host-{i}:*"),
            6 => format!("https://pr-*.{i}.example"),
            7 => format!("http://10.{}.0.0/16:*", i / 9),
            _ => format!("https://tenant-{i:05}.example"),
        })
        .collect()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&entry| entry.into()).collect()
}

fn written(policy: &Policy<'_>, request: &Request<'_>) -> (String, Option<u8>) {
    let decision = policy.decide(request);
    let mut buffer = vec![0; policy.max_response_len()];
    let lines = decision.write_fields(&mut buffer).unwrap().as_str().to_owned();
    (lines, decision.refusal().map(|refusal| refusal.reason().code()))
}

/// Lists without and with an index, and around the length from which they have one.
#[test]
fn an_owned_policy_answers_as_a_borrowed_one() {
    for count in [1, 8, 31, 32, 33, 34, 70, 500] {
        for timing in [false, true] {
            let config = PolicyConfig {
                allow_origins: origins(count),
                allow_methods: strings(&["PUT", "DELETE"]),
                allow_headers: strings(&["content-type", "authorization"]),
                expose_headers: strings(&["etag"]),
                allow_timing: timing,
                max_age_seconds: Some(600),
                ..Default::default()
            };
            let owned = config.build().unwrap();
            assert_eq!(owned.origins.lookup().is_some(), count > 32);
            let entries: Vec<&str> = config.allow_origins.iter().map(String::as_str).collect();
            let mut slots = vec![0; crate::OriginIndex::slots_for(count)];
            let index = crate::OriginIndex::build(&entries, &mut slots, 1).unwrap();
            let mut builder = Policy::builder()
                .allow_origins(&entries)
                .allow_methods(&["PUT", "DELETE"])
                .allow_headers(&["content-type", "authorization"])
                .expose_headers(&["etag"])
                .max_age_seconds(600);
            if count > 32 {
                builder = builder.allow_indexed_origins(&index);
            }
            if timing {
                builder = builder.allow_timing();
            }
            let borrowed = builder.build().unwrap();
            let policy = owned.policy();
            assert_eq!(policy.max_response_len(), borrowed.max_response_len());
            let near = |entry: &String| {
                [
                    entry
                        .replace("*.", "a.")
                        .replace("0.0/16:*", "1.1:1")
                        .replace(":*", ":1"),
                    format!("{entry}x"),
                ]
            };
            let asked = config.allow_origins.iter().flat_map(near);
            for origin in asked.chain(["https://evil.example".into(), "null".into(), "?".into()]) {
                let fields = [
                    ("Origin", origin.as_str()),
                    ("Access-Control-Request-Method", "PUT"),
                    ("Access-Control-Request-Headers", "authorization"),
                ];
                for method in ["GET", "OPTIONS"] {
                    let request = Request::from_fields(method, fields);
                    assert_eq!(
                        written(&policy, &request),
                        written(&borrowed, &request),
                        "{count} {origin}"
                    );
                }
            }
        }
    }
}

#[test]
fn it_is_rendered_and_every_setting_arrives() {
    let plain = PolicyConfig {
        allow_origins: strings(&["https://a.example"]),
        allow_methods: strings(&["PUT", "DELETE"]),
        allow_headers: strings(&["x-a"]),
        ..Default::default()
    };
    let shown = |config: &PolicyConfig| {
        let owned = config.build().unwrap();
        let policy = owned.policy();
        assert!(!policy.rendered.actual.is_empty());
        let fields = [
            ("Origin", "https://a.example"),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "X-A"),
        ];
        let mut refused = fields;
        refused[1].1 = "PATCH";
        let mut other = fields;
        other[0].1 = "https://b.example";
        [fields, refused, other].map(|fields| {
            let request = Request::from_fields("OPTIONS", fields);
            let decision = policy.decide(&request);
            let mut buffer = vec![0; policy.max_response_len()];
            let response = decision.preflight().unwrap().write_response(&mut buffer).unwrap();
            String::from_utf8(response.to_vec()).unwrap()
        })
    };
    let before = shown(&plain);
    type Change = fn(&mut PolicyConfig);
    let changes: [(&str, Change, [bool; 3]); 7] = [
        (
            "credentials",
            |config| config.allow_credentials = true,
            [true, true, false],
        ),
        (
            "age",
            |config| config.max_age_seconds = Some(0),
            [true, false, false],
        ),
        (
            "success",
            |config| config.success_status = crate::PreflightSuccessStatus::Ok,
            [true, true, false],
        ),
        (
            "refused",
            |config| config.refused_status = crate::PreflightRefusedStatus::Ok,
            [false, false, true],
        ),
        (
            "hidden",
            |config| config.hide_lists_when_refused = true,
            [false, true, false],
        ),
        (
            "requested",
            |config| config.answer_only_requested = true,
            [true, true, false],
        ),
        (
            "strict",
            |config| config.strict_request_headers = true,
            [true, false, false],
        ),
    ];
    for (name, change, changed) in changes {
        let mut config = plain.clone();
        change(&mut config);
        let after = shown(&config);
        assert_eq!([0, 1, 2].map(|i| before[i] != after[i]), changed, "{name}");
    }
}

#[test]
fn the_dangerous_options_arrive() {
    let config = PolicyConfig {
        allow_origins: strings(&["http://a.example", "https://*.internal"]),
        allow_credentials: true,
        ..Default::default()
    };
    let kinds = |config: &PolicyConfig| -> Vec<_> {
        let builder = config.builder().allow_origin_if(|_| true);
        match builder.build() {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(OwnedPolicyError::kind).collect(),
        }
    };
    let (insecure, suffix, predicate) = (
        PolicyErrorKind::InsecureWithCredentials,
        PolicyErrorKind::SuffixWithCredentials,
        PolicyErrorKind::PredicateWithCredentials,
    );
    assert_eq!(kinds(&config), [insecure, suffix, predicate]);
    let mut one = config.clone();
    one.dangerously_allow_insecure_origins_with_credentials = true;
    assert_eq!(kinds(&one), [suffix, predicate]);
    one.dangerously_allow_public_suffixes_with_credentials = true;
    assert_eq!(kinds(&one), [predicate]);
    one.dangerously_allow_predicate_with_credentials = true;
    assert_eq!(kinds(&one), []);
}

#[test]
fn all_mistakes_are_found_in_order() {
    let config = PolicyConfig {
        allow_origins: strings(&["https://a.example/", "https://b.example", "*", "nonsense"]),
        allow_methods: strings(&["PUT", "put", "a b", "TRACE"]),
        allow_headers: (0..70).map(|i| format!("x-{i}")).chain(["x y".into()]).collect(),
        expose_headers: strings(&["set-cookie", "etag", "*"]),
        allow_credentials: true,
        max_age_seconds: Some(86_401),
        ..Default::default()
    };
    let errors = config.check();
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.setting(), error.index(), error.kind()))
        .collect();
    assert_eq!(
        found,
        [
            (Setting::AllowOrigins, Some(0), PolicyErrorKind::Path),
            (
                Setting::AllowOrigins,
                Some(2),
                PolicyErrorKind::AnyWithCredentials
            ),
            (Setting::AllowOrigins, Some(3), PolicyErrorKind::NoScheme),
            (Setting::AllowMethods, Some(1), PolicyErrorKind::MethodCase),
            (Setting::AllowMethods, Some(2), PolicyErrorKind::NotAToken),
            (Setting::AllowMethods, Some(3), PolicyErrorKind::ForbiddenMethod),
            (Setting::AllowHeaders, Some(64), PolicyErrorKind::TooMany),
            (
                Setting::ExposeHeaders,
                Some(0),
                PolicyErrorKind::ForbiddenResponseHeader
            ),
            (
                Setting::ExposeHeaders,
                Some(2),
                PolicyErrorKind::ExposeAnyWithCredentials
            ),
            (Setting::MaxAge, None, PolicyErrorKind::MaxAgeTooLarge),
        ]
    );
    let entries: Vec<_> = errors.iter().map(OwnedPolicyError::entry).collect();
    assert_eq!(entries[0], Some("https://a.example/"));
    assert_eq!((entries[4], errors[4].at()), (Some("a b"), Some(1)));
    assert_eq!(entries[6], Some("x-64"));
    assert_eq!(entries[9], None);
    let text = config.build().unwrap_err().to_string();
    assert_eq!(text.lines().count(), 10);
    let last = "max_age_seconds: is above 86400; no browser keeps a preflight for more than a day";
    assert_eq!(text.lines().last(), Some(last));
}

/// Each mistake alone is the one that the borrowed builder returns first.
#[test]
fn a_single_mistake_is_that_of_the_borrowed_builder() {
    for origin in [
        "https://a.example/",
        "https://A.example",
        "x",
        "",
        "https://a.example:443",
    ] {
        let error = OwnedPolicy::from_origins([origin]).unwrap_err();
        let borrowed = [origin];
        let expected = Policy::builder().allow_origins(&borrowed).build().unwrap_err();
        assert_eq!(error.to_string(), expected.to_string());
        assert_eq!(error.into_vec(), [OwnedPolicyError::from(expected)]);
    }
    // The same entry in a long list, which is checked while the index is built.
    let mut long = origins(100);
    long.insert(60, "https://a.example/".into());
    let error = OwnedPolicy::from_origins(long).unwrap_err().into_vec();
    assert_eq!((error.len(), error[0].index()), (1, Some(60)));
}

#[test]
fn a_public_suffix_is_refused_with_credentials_only() {
    let is_suffix = |domain: &str| ["co.uk", "vercel.app", "com"].contains(&domain);
    let mut config = PolicyConfig {
        allow_origins: strings(&[
            "https://*.co.uk",
            "https://*.example.co.uk",
            "https://*.vercel.app:8443",
            "https://co.uk",
            "http://*.localhost:*",
            "https://*.co.uk.:*",
            "https://app-*.vercel.app",
            "https://app-*.team.vercel.app",
            "https://*.example.com",
        ]),
        allow_credentials: true,
        ..Default::default()
    };
    let indices = |config: &PolicyConfig| -> Vec<_> {
        match config.builder().public_suffixes(&is_suffix).build() {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(|error| (error.index(), error.kind())).collect(),
        }
    };
    let kind = PolicyErrorKind::SuffixWithCredentials;
    assert_eq!(
        indices(&config),
        [(Some(0), kind), (Some(2), kind), (Some(5), kind), (Some(6), kind)]
    );
    assert!(config.build().is_ok());
    config.dangerously_allow_public_suffixes_with_credentials = true;
    assert_eq!(indices(&config), []);
    config.dangerously_allow_public_suffixes_with_credentials = false;
    config.allow_credentials = false;
    assert_eq!(indices(&config), []);
}

#[test]
fn a_predicate_is_asked_and_its_policy_can_be_shared() {
    fn is_shareable<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let config = PolicyConfig {
        allow_origins: strings(&["https://a.example"]),
        allow_credentials: true,
        dangerously_allow_predicate_with_credentials: true,
        ..Default::default()
    };
    let suffix = String::from(".b.example");
    let predicate = move |origin: &Origin<'_>| origin.host().ends_with(&suffix);
    let owned = config.builder().allow_origin_if(predicate).build().unwrap();
    let owned = std::sync::Arc::new(is_shareable(owned));
    let shared = std::sync::Arc::clone(&owned);
    std::thread::spawn(move || {
        let policy = shared.policy();
        for (origin, reason) in [
            ("https://a.example", None),
            ("https://x.b.example", None),
            ("http://x.b.example", Some(crate::Reason::OriginInsecure)),
            ("https://c.example", Some(crate::Reason::OriginNotAllowed)),
        ] {
            let request = Request::from_fields("GET", [("Origin", origin)]);
            let refusal = policy.decide(&request).refusal();
            assert_eq!(refusal.map(|refusal| refusal.reason()), reason, "{origin}");
        }
    })
    .join()
    .unwrap();
    assert!(format!("{owned:?}").contains("or a predicate"));
}

/// Names without an origin are one mistake, and do not hide those that follow.
#[test]
fn names_without_an_origin_are_a_mistake() {
    let mut config = PolicyConfig {
        allow_methods: strings(&["PUT", "DELETE"]),
        max_age_seconds: Some(100_000),
        ..Default::default()
    };
    let kinds = |config: &PolicyConfig| {
        config
            .check()
            .iter()
            .map(OwnedPolicyError::kind)
            .collect::<Vec<_>>()
    };
    let too_large = PolicyErrorKind::MaxAgeTooLarge;
    assert_eq!(kinds(&config), [PolicyErrorKind::NoOrigin, too_large]);
    config.allow_loopback = true;
    assert_eq!(kinds(&config), [too_large]);
    // Of several entries none is right: that there is no origin is not one more mistake.
    config.allow_loopback = false;
    config.allow_origins = strings(&["x", "y"]);
    assert_eq!(
        kinds(&config),
        [PolicyErrorKind::NoScheme, PolicyErrorKind::NoScheme, too_large]
    );
    let request = Request::from_fields("GET", [("Origin", "http://localhost:3000")]);
    let loopback = PolicyConfig {
        allow_loopback: true,
        ..Default::default()
    };
    assert!(loopback.build().unwrap().policy().decide(&request).is_allowed());
}

#[test]
fn owned_rules_answer_as_borrowed_ones() {
    let site = PolicyConfig {
        allow_origins: strings(&["https://a.example"]),
        allow_methods: strings(&["PUT"]),
        allow_credentials: true,
        ..Default::default()
    };
    let everyone = PolicyConfig {
        allow_origins: strings(&["*"]),
        ..Default::default()
    };
    let owned = RulesConfig {
        rules: vec![site.clone(), everyone.clone()],
    };
    let owned = owned.build().unwrap();
    let [first, second] = [
        Policy::builder()
            .allow_origins(&["https://a.example"])
            .allow_methods(&["PUT"])
            .allow_credentials(),
        Policy::builder().allow_origins(&["*"]),
    ];
    let policies = [first.build().unwrap(), second.build().unwrap()];
    let rules = Rules::new(&policies).unwrap();
    let held = owned.policy_or_rules();
    for origin in ["https://a.example", "https://b.example", "null", "?"] {
        for method in ["GET", "OPTIONS"] {
            let request = Request::from_fields(
                method,
                [("Origin", origin), ("Access-Control-Request-Method", "PUT")],
            );
            assert_eq!(
                held.decide(&request).to_string(),
                rules.decide(&request).to_string()
            );
            let fields = |decision: &Decision<'_>| {
                decision
                    .fields()
                    .map(|field| field.to_string())
                    .collect::<Vec<_>>()
            };
            assert_eq!(fields(&held.decide(&request)), fields(&rules.decide(&request)));
            assert_eq!(
                fields(&held.decide_for_error_reply(&request)),
                fields(&rules.decide_for_error_reply(&request))
            );
        }
    }

    let everyone_first = RulesConfig {
        rules: vec![everyone, site],
    };
    let error = everyone_first.build().unwrap_err();
    assert!(matches!(error, OwnedRulesError::Rules(error) if error.rule() == 1));
    assert!(OwnedRules::new(Vec::new()).is_err());
}

/// Whatever owns a policy can be given to an adapter.
#[test]
fn pointers_to_a_policy_decide_as_the_policy() {
    fn is_allowed(source: &impl PolicySource) -> bool {
        let request = Request::from_fields("GET", [("Origin", "https://a.example")]);
        source.policy_or_rules().decide(&request).is_allowed()
    }
    let build = || OwnedPolicy::from_origins(["https://a.example"]).unwrap();
    let owned = build();
    assert!(is_allowed(&owned) && is_allowed(&&owned) && is_allowed(&owned.policy()));
    assert!(is_allowed(&std::sync::Arc::new(build())));
    assert!(is_allowed(&std::rc::Rc::new(build())) && is_allowed(&Box::new(build())));
    let policies = [owned.policy()];
    assert!(is_allowed(&Rules::new(&policies).unwrap()));
    let request = Request::from_fields("GET", [("Origin", "https://b.example")]);
    let decider = &owned.policy();
    assert!(Decide::decide_for_error_reply(&decider, &request).is_refused());
}

/// Doors that own their hosts decide as borrowed ones with the same settings, one setting at a
/// time.
#[test]
fn owned_doors_decide_as_borrowed_ones() {
    static CORS: Policy = Policy::builder()
        .allow_origins(&["https://app.example.com", "null"])
        .build_or_panic();
    let hosts = ["lamp.local", "*.example.net:8080", "192.168.4.1", "[fd00::1]"];
    type Set = fn(&mut DoorsConfig);
    type Borrow = for<'a> fn(crate::DoorsBuilder<'a, ()>) -> crate::DoorsBuilder<'a, ()>;
    let settings: [(Set, Borrow); 13] = [
        (|_| {}, |b| b),
        (|c| c.allow_ip_literals = true, |b| b.allow_ip_literals()),
        (|c| c.allow_localhost = true, |b| b.allow_localhost()),
        (|c| c.allow_local_names = true, |b| b.allow_local_names()),
        (|c| c.served_over_https = true, |b| b.served_over_https()),
        (|c| c.require_origin = true, |b| b.require_origin()),
        (|c| c.enforce = true, |b| b.enforce()),
        (|c| c.isolate = true, |b| b.isolate()),
        (|c| c.isolate_same_site = true, |b| b.isolate_same_site()),
        (
            |c| c.host_refused_status = HostRefusedStatus::MisdirectedRequest,
            |b| b.host_refused_status(HostRefusedStatus::MisdirectedRequest),
        ),
        (
            |c| c.cross_origin_resource_policy = Some(ResourcePolicy::SameSite),
            |b| b.cross_origin_resource_policy(ResourcePolicy::SameSite),
        ),
        (
            |c| c.dangerously_trust_every_admitted_origin = true,
            |b| b.dangerously_trust_every_admitted_origin(),
        ),
        (
            |c| c.dangerously_allow_public_suffixes = true,
            |b| b.dangerously_allow_public_suffixes(),
        ),
    ];
    let found = [
        "lamp.local",
        "a.example.net:8080",
        "192.168.4.1:80",
        "[FD00:0::1]",
    ];
    let others = [
        "a.example.net",
        "10.0.0.1",
        "localhost",
        "b.local",
        "stranger.example",
        "a@b",
    ];
    let values = [
        None,
        Some(("Origin", "https://app.example.com")),
        Some(("Origin", "http://lamp.local")),
        Some(("Origin", "https://stranger.example")),
        Some(("Origin", "null")),
        Some(("Sec-Fetch-Site", "same-site")),
        Some(("Sec-Fetch-Site", "cross-site")),
    ];
    let mut differences = 0;
    for list in [&hosts[..], &[]] {
        let mut first = Vec::new();
        for (set, borrow) in settings {
            let mut config = DoorsConfig {
                allow_hosts: strings(list),
                ..Default::default()
            };
            set(&mut config);
            let owned = config.build().unwrap();
            let owned = owned.doors().with_policy_or_rules(&CORS);
            let borrowed = borrow(Doors::builder(()).allow_hosts(list)).build().unwrap();
            let borrowed = borrowed.with_policy_or_rules(&CORS);
            let mut answers = Vec::new();
            for host in found.into_iter().chain(others) {
                for (method, field) in ["GET", "POST"]
                    .into_iter()
                    .zip([values; 2])
                    .flat_map(|(method, values)| values.into_iter().map(move |field| (method, field)))
                {
                    let fields = [Some(("Host", host)), field];
                    let request = DoorsRequest::from_fields(method, fields.into_iter().flatten());
                    let mut buffers = [[0; 512]; 2];
                    let [one, other] = &mut buffers;
                    let (of_owned, of_borrowed) = (owned.decide(&request), borrowed.decide(&request));
                    assert_eq!(of_owned.to_string(), of_borrowed.to_string());
                    assert_eq!(of_owned.response().is_some(), of_borrowed.response().is_some());
                    let status = of_owned.response().map(|response| response.status());
                    assert_eq!(status, of_borrowed.response().map(|response| response.status()));
                    let lines = of_owned.write_fields(one).unwrap().as_str().to_owned();
                    assert_eq!(lines, of_borrowed.write_fields(other).unwrap().as_str());
                    answers.push((of_owned.to_string(), status, lines));
                }
            }
            differences += usize::from(first != answers);
            if first.is_empty() {
                first = answers;
            }
        }
    }
    // Each setting but that of public suffixes changes an answer.
    assert!(differences >= 2 * 11 - 1, "{differences}");
}

#[test]
fn all_mistakes_of_doors_are_found() {
    let config = DoorsConfig {
        allow_hosts: strings(&["lamp.local", "*.lan", "lamp local", "10.0.0.1:0", "[fd00::1]"]),
        ..Default::default()
    };
    let errors = config.build().unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.kind(), error.index(), error.entry(), error.at()))
        .collect();
    assert_eq!(
        found,
        [
            (DoorsErrorKind::PublicSuffix, 1, "*.lan", 0),
            (DoorsErrorKind::SeveralInOne, 2, "lamp local", 4),
            (DoorsErrorKind::Port, 3, "10.0.0.1:0", 9),
        ]
    );
    for error in &errors {
        let list: Vec<&str> = config.allow_hosts.iter().map(String::as_str).collect();
        let from = &list[error.index()..];
        let borrowed = Doors::builder(())
            .allow_hosts(from)
            .build()
            .unwrap_err()
            .to_string();
        let (_, sentence) = borrowed.split_once(']').unwrap();
        assert_eq!(
            error.to_string(),
            format!("allow_hosts[{}]{sentence}", error.index())
        );
    }
    assert_eq!(errors.to_string().lines().count(), 3);
    assert_eq!(OwnedDoors::try_from(config).unwrap_err(), errors);
}
