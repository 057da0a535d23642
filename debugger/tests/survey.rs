//! A survey of a server that answers by a policy infers that policy: for every origin, method and
//! header that was asked about, a browser gets the same verdict from both.

mod schema;

use cors_debugger::probe::json;
use cors_debugger::probe::survey::{Failed, Options, Survey, run};
use cors_debugger::probe::{Code, Trouble, TroubleKind};
use embedded_cors::browser::{Fetch, Server, would_allow};
use embedded_cors::{PolicyConfig, RulesConfig};
use proptest::prelude::*;
use proptest::sample::subsequence;

const PAGE: &str = "https://app.example.com";

fn options(max_requests: usize) -> Options {
    Options {
        url: "https://api.example.net/led".into(),
        origin: PAGE.into(),
        methods: Vec::new(),
        headers: Vec::new(),
        max_requests,
    }
}

/// Surveys a server that answers by these rules.
fn survey_of(config: &RulesConfig, max_requests: usize) -> Survey {
    let owned = config.build().unwrap();
    let borrowed = owned.borrowed();
    let rules = borrowed.rules();
    let mut network = |_: &str, head: &[u8]| {
        let mut buffer = vec![0; 16_384];
        let len = (&rules).respond(head, &mut buffer).unwrap();
        buffer.truncate(len);
        Ok(buffer)
    };
    run(&options(max_requests), &mut network).unwrap()
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn codes(survey: &Survey) -> Vec<Code> {
    survey.findings.iter().map(|finding| finding.code).collect()
}

/// Compares both for all that was asked.
fn assert_same(real: &RulesConfig, survey: &Survey) {
    let inferred = survey.policy.clone().unwrap_or_default();
    let (real_owned, inferred_owned) = (real.build().unwrap(), inferred.build().unwrap());
    let (real_rules, inferred_rules) = (real_owned.borrowed(), inferred_owned.borrowed());
    let (real_rules, inferred_rules) = (real_rules.rules(), inferred_rules.rules());
    for row in &survey.origins {
        let page = Fetch::from_origin(&row.origin);
        if page.check_page().is_err() {
            continue;
        }
        let methods = ["GET", "PUT", "DELETE", "PATCH", "CORS-SURVEY"].map(|method| (method, "accept"));
        let headers = [
            "content-type",
            "authorization",
            "x-requested-with",
            "x-cors-survey",
        ];
        for (method, header) in methods.into_iter().chain(headers.map(|header| ("GET", header))) {
            let headers = [(header, "application/json")];
            let fetch = page.method(method).headers(&headers);
            for fetch in [fetch, fetch.include_credentials()] {
                assert_eq!(
                    would_allow(&inferred_rules, &fetch).is_ok(),
                    would_allow(&real_rules, &fetch).is_ok(),
                    "{method} with {header} of {}\n{real:#?}\n{inferred:#?}\n{:?}",
                    row.origin,
                    survey.differences
                );
            }
        }
    }
}

prop_compose! {
    fn policies()(
        origins in subsequence(vec![
            PAGE, "https://*.example.com", "https://*.app.example.com", "null", "http://localhost:*",
            "https://app.example.com:*", "http://app.example.com", "*", "https://127.0.0.1:*",
        ], 1..4),
        loopback in any::<bool>(),
        methods in subsequence(vec!["PUT", "DELETE", "PATCH"], 0..=3),
        any_method in prop::bool::weighted(0.2),
        headers in subsequence(vec!["content-type", "authorization", "x-requested-with"], 0..=3),
        any_header in prop::bool::weighted(0.2),
        exposed in subsequence(vec!["etag", "x-total"], 0..=2),
        credentials in any::<bool>(),
        age in prop::option::of(0_u32..86_401),
        flags in prop::collection::vec(prop::bool::weighted(0.3), 4),
    ) -> PolicyConfig {
        let mut config = PolicyConfig {
            allow_origins: strings(&origins),
            allow_loopback: loopback,
            allow_methods: strings(&methods),
            allow_headers: strings(&headers),
            expose_headers: strings(&exposed),
            allow_credentials: credentials,
            max_age_seconds: age,
            hide_lists_when_refused: flags[0],
            answer_only_requested: flags[1],
            allow_timing: flags[2],
            strict_request_headers: flags[3],
            dangerously_allow_insecure_origins_with_credentials: true,
            ..PolicyConfig::default()
        };
        if config.allow_origins.iter().any(|origin| origin == "*") {
            config.allow_origins = strings(&["*"]);
            config.allow_loopback = false;
        }
        if config.allow_origins.iter().any(|origin| origin == "*" || origin == "null") {
            config.allow_credentials = false;
        }
        if any_method {
            config.allow_methods = strings(&["*"]);
        }
        if any_header {
            config.allow_headers.retain(|name| name == "authorization");
            config.allow_headers.push("*".into());
        }
        config
    }
}

/// A survey of a policy is some hundred decisions, so fewer policies are tried than in other tests.
fn cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: config.cases / 8,
        failure_persistence: None,
        ..config
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_policy_is_inferred(config in policies()) {
        let real = RulesConfig { rules: vec![config] };
        prop_assume!(real.build().is_ok());
        let survey = survey_of(&real, 1000);
        prop_assert!(survey.differences.is_empty(), "{:?}", survey.differences);
        assert_same(&real, &survey);
        schema::check(&json::survey(&survey, Some("the policy")), "survey");
        let found = codes(&survey);
        for code in [Code::VaryMissing, Code::FieldRepeated, Code::AllowOriginInvalid, Code::WildcardWithCredentials, Code::LookAlikeAdmitted, Code::PreflightFails] {
            prop_assert!(!found.contains(&code), "{code:?} {:?}", survey.findings);
        }
    }

    #[test]
    fn rules_are_inferred(one in policies(), other in policies()) {
        let real = RulesConfig { rules: vec![one, other] };
        prop_assume!(real.build().is_ok());
        let survey = survey_of(&real, 1000);
        assert_same(&real, &survey);
    }

    #[test]
    fn the_limit_is_kept(config in policies(), limit in 1_usize..80) {
        let real = RulesConfig { rules: vec![config] };
        prop_assume!(real.build().is_ok());
        let survey = survey_of(&real, limit);
        prop_assert!(survey.requests <= limit);
        prop_assert_eq!(survey.transcript.matches("* Request to ").count(), survey.requests);
        prop_assert_eq!(survey.unasked.is_empty(), !codes(&survey).contains(&Code::NotAsked));
    }

    #[test]
    fn hostile_answers_do_not_panic(answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5)) {
        let mut next = 0;
        let mut network = |_: &str, _: &[u8]| {
            next += 1;
            Ok(answers[next % answers.len()].clone())
        };
        let survey = run(&options(60), &mut network);
        if let Ok(survey) = survey {
            schema::check(&json::survey(&survey, None), "survey");
            let has_escape = survey.transcript.contains('\u{1b}');
            prop_assert!(!has_escape);
        }
    }
}

#[test]
fn a_usual_policy_needs_no_more_than_the_default_limit() {
    let config = PolicyConfig {
        allow_origins: strings(&[PAGE]),
        allow_methods: strings(&["PUT", "DELETE"]),
        allow_headers: strings(&["content-type"]),
        allow_credentials: true,
        max_age_seconds: Some(600),
        ..PolicyConfig::default()
    };
    let real = RulesConfig {
        rules: vec![config.clone()],
    };
    let survey = survey_of(&real, 60);
    assert_eq!(survey.unasked, [""; 0]);
    assert!(survey.requests < 40, "{}", survey.requests);
    assert_eq!(survey.policy, Some(real));
    assert_eq!(survey.findings, []);
    let caching = survey.caching.unwrap();
    assert_eq!(
        (caching.chromium, caching.firefox, caching.webkit),
        (600, 600, 600)
    );
}

/// Surveys a server that answers with these field lines, which may use the origin and the path of
/// the request.
fn survey_by(fields: impl Fn(&str, &str, bool) -> (u16, String)) -> Survey {
    let mut network = |_: &str, head: &[u8]| {
        let head = String::from_utf8(head.to_vec()).unwrap();
        let origin = head.lines().find_map(|line| line.strip_prefix("Origin: "));
        let path = head.split(' ').nth(1).unwrap_or("");
        let (status, fields) = fields(origin.unwrap_or(""), path, head.starts_with("OPTIONS"));
        Ok(format!("HTTP/1.1 {status} X\r\n{fields}\r\n").into_bytes())
    };
    run(&options(60), &mut network).unwrap()
}

#[test]
fn mistakes_of_servers_are_found() {
    let reflect = |origin: &str| {
        format!("Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n")
    };
    let survey = survey_by(|origin, _, _| (200, reflect(origin)));
    let found = codes(&survey);
    assert!(found.contains(&Code::AnyOriginWithCredentials), "{found:?}");
    assert!(found.contains(&Code::NullWithCredentials) && found.contains(&Code::VaryMissing));
    assert!(
        survey
            .differences
            .iter()
            .any(|text| text.contains("every origin with credentials")),
        "{:?}",
        survey.differences
    );
    let origins = &survey.policy.as_ref().unwrap().rules[0].allow_origins;
    assert!(
        !origins.iter().any(|origin| origin == "*" || origin == "null"),
        "{origins:?}"
    );

    // An unescaped regular expression without an end, and OPTIONS that needs a login.
    let survey = survey_by(
        |origin, _, is_preflight| match origin.starts_with("https://app.example.com") {
            _ if is_preflight => (401, String::new()),
            true => (
                200,
                format!("Access-Control-Allow-Origin: {origin}\r\nVary: Origin\r\n"),
            ),
            false => (200, String::new()),
        },
    );
    let found = codes(&survey);
    assert!(
        found.contains(&Code::LookAlikeAdmitted) && found.contains(&Code::PreflightNeedsLogin),
        "{found:?}"
    );
    assert!(found.contains(&Code::VaryMissing), "only some answers have Vary");

    // Rules with the same settings are one, also where the answers do not show the lists.
    let survey = survey_by(
        |origin, _, _| match origin.ends_with(".example.com") || origin == PAGE {
            true => (
                204,
                format!("Access-Control-Allow-Origin: {origin}\r\nVary: Origin\r\n"),
            ),
            false => (204, "Vary: Origin\r\n".into()),
        },
    );
    let rules = survey.policy.unwrap().rules;
    assert_eq!(
        (rules.len(), &rules[0].allow_origins[0]),
        (1, &"http://app.example.com".to_string()),
        "{rules:?}"
    );
    assert_eq!(rules[0].allow_origins[1..], ["https://*.example.com"]);

    // Two writers, and errors without fields.
    let survey = survey_by(|_, path, _| match path {
        "/led" => (
            200,
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Origin: *\r\n".into(),
        ),
        _ => (404, String::new()),
    });
    assert!(codes(&survey).contains(&Code::FieldRepeated));
    let survey = survey_by(|_, path, _| match path {
        "/led" => (200, "Access-Control-Allow-Origin: *\r\n".into()),
        "/led/" => (301, "Location: /led\r\n".into()),
        _ => (404, String::new()),
    });
    let found = codes(&survey);
    for code in [
        Code::FieldsMissingOnErrors,
        Code::AnyOrigin,
        Code::MaxAgeMissing,
        Code::SlashRedirected,
    ] {
        assert!(found.contains(&code), "{code:?} {found:?}");
    }
    let survey = survey_by(|_, _, _| (401, String::new()));
    let found = codes(&survey);
    assert!(
        found.contains(&Code::AnswerIsError) && found.contains(&Code::PageNotAdmitted),
        "{found:?}"
    );
    // `*` beside credentials.
    let survey = survey_by(|_, _, _| (200, reflect("*")));
    assert!(codes(&survey).contains(&Code::WildcardWithCredentials));
    let lists = "Access-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\nVary: origin\r\n";
    let survey = survey_by(|origin, _, _| match origin {
        PAGE => (200, reflect(origin) + lists),
        _ => (200, "Vary: origin\r\n".into()),
    });
    assert!(
        codes(&survey).contains(&Code::ListWildcardWithCredentials),
        "{:?}",
        survey.findings
    );
}

#[test]
fn an_address_of_the_page_itself_needs_no_survey() {
    let mut network = |_: &str, _: &[u8]| Ok(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let mut own = options(60);
    own.url = format!("{PAGE}/led");
    let failed = run(&own, &mut network).unwrap_err();
    assert!(matches!(failed, Failed::Input(sentence) if sentence.contains("same origin")));
}

#[test]
fn a_server_that_does_not_answer_is_asked_once() {
    let mut count = 0;
    let mut network = |_: &str, _: &[u8]| {
        count += 1;
        Err(Trouble::new(TroubleKind::Refused, "127.0.0.1 port 1"))
    };
    let failed = run(&options(60), &mut network).unwrap_err();
    assert!(matches!(failed, Failed::Trouble(trouble) if trouble.kind == TroubleKind::Refused));
    assert_eq!(count, 1);
}

#[test]
fn the_page_of_the_docs_has_all_findings() {
    let page = include_str!("../../docs/probe.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for code in Code::ALL {
        let name = format!("| `{}` | ", code.name());
        let row = rows.iter().find(|row| row.starts_with(&name));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/probe.md", code.name()));
        assert!(row.contains(code.title()) && row.contains(code.fix()), "{row}");
    }
}
