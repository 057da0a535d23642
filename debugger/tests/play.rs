//! A story agrees with the engine's model of a browser, and holds no secret.

use cors_debugger::play::{Play, Story, play};
use embedded_cors::browser::{Failure, Fetch, would_allow_at};
use embedded_cors::{PolicyConfig, RulesConfig};
use proptest::prelude::*;

const PAGE: &str = "https://app.example.com";
const API: &str = "https://api.example.com/led";

fn base() -> Play {
    Play {
        origin: PAGE.into(),
        url: API.into(),
        method: "GET".into(),
        ..Play::default()
    }
}

fn policy(config: PolicyConfig) -> Option<RulesConfig> {
    Some(RulesConfig { rules: vec![config] })
}

fn questions(story: &Story) -> Vec<Vec<&str>> {
    let checks = story.transfers.iter().map(|transfer| &transfer.checks);
    checks
        .map(|checks| checks.iter().map(|check| check.outcome).collect())
        .collect()
}

#[test]
fn a_preflight_has_a_reason_checks_and_a_result() {
    let settings = Play {
        method: "PUT".into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        credentials: true,
        policy: policy(PolicyConfig {
            allow_origins: vec![PAGE.into()],
            allow_methods: vec!["PUT".into()],
            allow_headers: vec!["content-type".into()],
            expose_headers: vec!["etag".into()],
            allow_credentials: true,
            max_age_seconds: Some(86_400),
            ..PolicyConfig::default()
        }),
        actual: "200 OK\nETag: \"1\"\nX-Internal: 2".into(),
        ..base()
    };
    let story = play(&settings);
    assert_eq!((story.verdict, story.error.as_deref()), ("allowed", None));
    assert_eq!(story.reasons.len(), 2, "{:?}", story.reasons);
    assert_eq!(questions(&story), [vec!["passed"; 7], vec!["passed"; 3]]);
    let page = story.page.unwrap();
    assert_eq!(page.readable, [("ETag".to_string(), "\"1\"".to_string())]);
    assert!(page.hidden.iter().any(|name| name == "X-Internal"));
    let seconds: Vec<_> = story.remembered.iter().map(|cached| cached.seconds).collect();
    assert_eq!(seconds, [7200, 86_400, 600]);
    assert!(story.transcript.starts_with("> OPTIONS /led HTTP/1.1\n"));
}

#[test]
fn the_guilty_line_is_named_and_the_request_is_not_sent() {
    let settings = Play {
        headers: vec![("X-Custom".into(), "1".into())],
        preflight: "204\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Headers: x-other".into(),
        actual: "Access-Control-Allow-Origin: *".into(),
        ..base()
    };
    let story = play(&settings);
    assert_eq!((story.verdict, story.transfers.len()), ("blocked", 1));
    let finding = story.finding.unwrap();
    assert_eq!(finding.code, "header-not-allowed");
    assert_eq!((finding.transfer, finding.line), (Some(0), Some(2)));
    assert!(
        story
            .console
            .chromium
            .unwrap()
            .contains("x-custom is not allowed")
    );
    assert!(story.console.webkit.unwrap().contains("X-Custom is not allowed"));
    assert_eq!(story.page.map(|page| page.status), None);
}

#[test]
fn a_page_reads_its_own_server_and_is_checked_after_it_left_it() {
    let own = Play {
        url: "https://app.example.com/led".into(),
        ..base()
    };
    let story = play(&own);
    assert!(story.same_origin && story.verdict == "allowed");
    assert!(story.transfers[0].checks.is_empty());
    for (redirected, verdict) in [
        ("200", "blocked"),
        ("200\nAccess-Control-Allow-Origin: *", "allowed"),
    ] {
        let away = Play {
            actual: "302 Found\nLocation: https://api.example.com/led".into(),
            redirected: redirected.into(),
            ..own.clone()
        };
        let story = play(&away);
        assert_eq!((story.verdict, story.transfers.len()), (verdict, 2));
        assert_eq!(story.transfers[0].leads_to.as_deref(), Some(API));
        assert_eq!(
            (story.transfers[0].checks.len(), story.transfers[1].checks.len()),
            (0, 3)
        );
    }
}

#[test]
fn what_cannot_be_played_is_an_error_or_blocked_before_anything_is_sent() {
    let mistake = Play {
        policy: policy(PolicyConfig {
            allow_origins: vec!["https://app.example.com/".into()],
            ..PolicyConfig::default()
        }),
        ..base()
    };
    assert!(play(&mistake).error.unwrap().contains("allow_origins[0]"));
    let origin = Play {
        origin: "app.example.com".into(),
        ..base()
    };
    assert!(play(&origin).error.unwrap().contains("not an origin"));
    let url = Play {
        url: "api.example.com".into(),
        ..base()
    };
    let mixed = Play {
        url: "http://api.example.com/".into(),
        ..base()
    };
    let method = Play {
        method: "TRACE".into(),
        ..base()
    };
    let header = Play {
        headers: vec![("A b".into(), String::new())],
        ..base()
    };
    for settings in [url, mixed, method, header] {
        let story = play(&settings);
        assert_eq!(
            (story.verdict, story.transfers.len()),
            ("blocked", 0),
            "{settings:?}"
        );
        assert!(!story.finding.unwrap().title.is_empty());
    }
}

#[test]
fn settings_survive_the_way_through_json() {
    let settings = Play {
        headers: vec![("A".into(), "b: c".into()), ("X-Y".into(), "\"\\".into())],
        policy: policy(PolicyConfig {
            allow_origins: vec!["https://*.example.com".into()],
            max_age_seconds: Some(5),
            ..PolicyConfig::default()
        }),
        actual: "200 OK\nA: ü\n".into(),
        watches_upload: true,
        ..base()
    };
    assert_eq!(Play::from_json(&settings.to_json()), settings);
    assert_eq!(Play::from_json("").method, "GET");
    assert_eq!(Play::from_json("{\"url\": 7, \"policy\": []").policy, None);
}

const SECRET: &str = "s3cr3tMARKER";

#[test]
fn neither_a_story_nor_a_link_has_secrets() {
    let head = format!(
        "200 OK\nSet-Cookie: sid={SECRET}\nLocation: https://u:{SECRET}@api.example.com/\nAccess-Control-Allow-Origin: *"
    );
    let settings = Play {
        url: format!("https://u:{SECRET}@api.example.com/led?access_token={SECRET}"),
        headers: vec![
            ("Authorization".into(), format!("Bearer {SECRET}")),
            ("X-Api-Key".into(), SECRET.into()),
            ("Cookie".into(), format!("sid={SECRET}")),
        ],
        preflight: head.clone(),
        actual: head.clone(),
        redirected: head,
        ..base()
    };
    assert!(!settings.masked().to_json().contains(SECRET));
    assert!(!play(&settings).to_json().contains(SECRET));
    let settings = Play {
        url: format!("https://api.example.com/led?access_token={SECRET}"),
        headers: settings.headers[..2].to_vec(),
        preflight:
            "204\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Headers: authorization, x-api-key"
                .into(),
        ..settings
    };
    let story = play(&settings);
    assert_eq!(story.transfers.len(), 2);
    assert!(!story.to_json().contains(SECRET));
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(values).prop_map(str::to_string)
}

const ORIGINS: &[&str] = &[
    "",
    PAGE,
    "*",
    "null",
    "https://b.example",
    "https://app.example.com/",
];

prop_compose! {
    fn head(statuses: &'static [&'static str])(
        status in one_of(statuses),
        origin in one_of(ORIGINS),
        credentials in one_of(&["", "true", "True"]),
        methods in one_of(&["", "PUT", "*", "GET, POST", "put", "@x"]),
        headers in one_of(&["", "content-type", "*", "x-a, content-type", "authorization, *"]),
        location in one_of(&["", "https://api.example.com/b", "https://other.example/", "https://app.example.com/c"]),
    ) -> String {
        let mut head = format!("{status}\n");
        for (name, value) in [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", credentials),
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", headers),
            ("Location", location),
        ] {
            if !value.is_empty() {
                head += &format!("{name}: {value}\n");
            }
        }
        head
    }
}

prop_compose! {
    fn settings()(
        origin in one_of(&[PAGE, "null", "https://b.example"]),
        url in one_of(&[API, "https://app.example.com/x"]),
        method in one_of(&["GET", "POST", "PUT", "DELETE", "put", "PATCH", "patch"]),
        header in one_of(&["", "Content-Type: application/json", "Content-Type: text/plain", "X-A: 1", "Authorization: Basic x"]),
        credentials: bool,
        preflight in head(&["204", "200", "204", "404", "302"]),
        actual in head(&["200", "200", "500", "302", "307"]),
        redirected in head(&["200", "200", "303"]),
    ) -> Play {
        let headers = header.split_once(": ").map(|(name, value)| (name.to_string(), value.to_string()));
        Play {
            origin, url, method, credentials, preflight, actual, redirected,
            headers: headers.into_iter().collect(),
            ..Play::default()
        }
    }
}

proptest! {
    /// The model and the diagnosis are two readings of the same heads.
    #[test]
    fn a_story_ends_as_the_model_says(settings in settings()) {
        let story = play(&settings);
        prop_assert_eq!(story.error.as_deref(), None);
        let headers: Vec<(&str, &str)> = settings
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut fetch = Fetch::from_origin(&settings.origin)
            .method(&settings.method)
            .headers(&headers);
        if settings.credentials {
            fetch = fetch.include_credentials();
        }
        let mut transfers = story.transfers.iter();
        let server = |_: &[u8], response: &mut [u8]| {
            let head = transfers.next().map_or("HTTP/1.1 200 OK", |transfer| transfer.response.as_str());
            let head = format!("{head}\r\n\r\n");
            response[..head.len()].copy_from_slice(head.as_bytes());
            Ok(head.len())
        };
        let verdict = would_allow_at(server, &fetch, &settings.url);
        match verdict {
            // Browsers let * cover Authorization, and the standard does not.
            Err(blocked) if blocked.failure() == Failure::AuthorizationNotCovered => {
                prop_assert!(!story.warnings.is_empty() || story.verdict == "blocked");
            }
            _ => prop_assert_eq!(story.verdict, if verdict.is_ok() { "allowed" } else { "blocked" }, "{:?}\n{}", verdict, story.to_json()),
        }
        // Each check of a blocked story that was reached passed, but for the last.
        let failed = story.transfers.iter().flat_map(|transfer| &transfer.checks);
        let failed = failed.filter(|check| check.outcome == "failed").count();
        prop_assert!(failed <= usize::from(story.verdict == "blocked"), "{}", story.to_json());
    }
}

#[test]
fn a_policy_is_printed_in_every_syntax() {
    let names = cors_debugger::play::print("");
    let policy = r#"{"allow_origins": ["https://app.example.com"], "allow_methods": ["PUT"]}"#;
    for syntax in cors_debugger::policy::Syntax::ALL {
        assert!(names.contains(&format!("\"{}\"", syntax.name())));
        let printed = cors_debugger::play::print(&format!("{syntax}\n{policy}"));
        assert!(
            printed.contains("app.example.com") || printed.contains("app\\\\.example"),
            "{printed}"
        );
        assert!(printed.contains("\"error\": null"), "{printed}");
    }
    let mistake = cors_debugger::play::print("rust\n{\"allow_methods\": [\"put\"]}");
    assert!(mistake.contains("write it in upper case"), "{mistake}");
}
