//! Checks laws that hold for all doors and for every request.

#[path = "../../common/mod.rs"]
mod common;

use common::doors::{DoorsOutcome, DoorsSpec, FLAGS, pairs, pieces, whole};
use common::naive_doors::{self, NaivePolicy};
use embedded_cors::{Door, DoorsRequest, OriginOrNull, Policy, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const HOSTS: &[&str] = &[
    "lamp.local",
    "LAMP.local.",
    "lamp.local:8080",
    "lamp.local:",
    "lamp.local:443",
    "a.example.com",
    "example.com",
    "evilexample.com",
    "a.b.example.com:80",
    "192.168.4.1",
    "192.168.4.1:8080",
    "10.0.0.1",
    "[fd00::1]",
    "[FD00::1]:443",
    "[::ffff:192.168.4.1]",
    "[::1]",
    "localhost:3000",
    "app.localhost",
    "stranger.example",
    "lamp.local.stranger.example",
    "lamp.local@stranger.example",
    "lamp.local#.stranger.example",
    "lamp.local:port",
    "lamp.local:99999",
    "[fd00::1",
    "a..example.com",
    ".example.com",
    "lamp%2elocal",
    "",
];

const ENTRIES: &[&str] = &[
    "lamp.local",
    "lamp.local:8080",
    "*.example.com",
    "example.com:443",
    "192.168.4.1",
    "[fd00::1]",
    "[fd00::1]:443",
    "localhost",
    "*.local",
];

const ORIGINS: &[&str] = &[
    "*",
    "null",
    "file://",
    "https://*",
    "http://lamp.local:*",
    "https://app.example.com",
    "https://*.example.com",
    "http://localhost:*",
    "http://192.168.0.0/16",
    "chrome-extension://*",
];

const REQUEST_ORIGINS: &[&str] = &[
    "http://lamp.local",
    "https://lamp.local",
    "http://lamp.local:8080",
    "http://lamp.local.",
    "https://app.example.com",
    "https://a.example.com",
    "http://a.b.example.com",
    "http://192.168.4.1",
    "http://192.168.4.1:8080",
    "https://[fd00::1]",
    "http://localhost:3000",
    "https://stranger.example",
    "http://stranger.example",
    "chrome-extension://abcdef",
    "ftp://lamp.local",
    "null",
    "file://",
    "lamp.local",
    "http://lamp.local/",
    "",
];

fn strings(all: &'static [&'static str], max: usize) -> impl Strategy<Value = Vec<String>> {
    subsequence(all.to_vec(), 0..=max).prop_map(|list| list.into_iter().map(String::from).collect())
}

prop_compose! {
    fn doors()(
        origins in strings(ORIGINS, 4),
        hosts in strings(ENTRIES, 4),
        flags in strings(FLAGS, 5),
        addresses in prop_oneof![3 => Just(None), 1 => Just(Some(vec!["192.168.4.1".parse().unwrap(), "::1".parse().unwrap()]))],
    ) -> DoorsSpec {
        DoorsSpec { origins, hosts, addresses, flags }
    }
}

/// The settings that refuse more.
const NARROWING: &[&str] = &[
    "https",
    "require-origin",
    "enforce",
    "isolate",
    "isolate-same-site",
];

/// Generates a field line.
fn line() -> impl Strategy<Value = String> {
    let any_case = |name: &'static str| prop_oneof![3 => Just(name.to_string()), 1 => Just(name.to_lowercase()), 1 => Just(name.to_uppercase())];
    let field = |name: &'static str, values: &'static [&'static str]| {
        (any_case(name), "[ \t]{0,2}", select(values), "[ \t]{0,2}")
            .prop_map(|(name, before, value, after)| format!("{name}:{before}{value}{after}"))
    };
    prop_oneof![
        4 => field("Origin", REQUEST_ORIGINS),
        1 => field("Host", HOSTS),
        3 => field("Sec-Fetch-Site", &["same-origin", "same-site", "none", "cross-site", "Same-Origin", "", "none, none"]),
        2 => field("Sec-Fetch-Mode", &["navigate", "cors", "no-cors", "websocket", ""]),
        2 => field("Sec-Fetch-Dest", &["document", "object", "embed", "image", ""]),
        2 => field("Upgrade", &["websocket", "WebSocket", "h2c", "h2c, websocket", "websocket/13", "websockets", ""]),
        2 => field("Accept", &["text/event-stream", "*/*", "a/b, Text/Event-Stream;q=1", "text/event-streams", ""]),
        1 => field("Access-Control-Request-Method", &["PUT", "GET"]),
        1 => field("X-Host", HOSTS),
        1 => field("Cookie", &["a=b", "Host: lamp.local"]),
        1 => Just("Sec-Fetch-Sites: none".to_string()),
    ]
}

prop_compose! {
    /// Generates a head that every parser reads alike.
    fn head()(
        method in select(&["GET", "GET", "GET", "HEAD", "OPTIONS", "TRACE", "POST", "POST", "PUT", "CONNECT", "get"][..]),
        target in prop_oneof![
            6 => Just("/led?x=http://a".to_string()),
            1 => Just("*".to_string()),
            1 => select(HOSTS).prop_map(|host| format!("http://{host}/led")),
            1 => select(HOSTS).prop_map(|host| format!("HTTPS://{host}")),
        ],
        version in prop_oneof![8 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0")],
        host in prop_oneof![8 => select(HOSTS).prop_map(|host| Some(format!("Host: {host}"))), 1 => Just(None)],
        lines in vec(line(), 0..6),
        at in any::<prop::sample::Index>(),
    ) -> String {
        let mut lines = lines;
        if let Some(host) = host {
            lines.insert(at.index(lines.len() + 1), host);
        }
        lines.iter().fold(format!("{method} {target} {version}\r\n"), |head, line| head + line + "\r\n") + "\r\n"
    }
}

fn is_any(spec: &DoorsSpec) -> bool {
    spec.origins.iter().any(|entry| entry == "*")
}

/// Returns the verdict of the second implementation. What a policy says of an origin is asked from
/// a policy, and trust from a policy with the trusted entries alone.
fn naive(spec: &DoorsSpec, head: &str) -> String {
    let origins: Vec<&str> = spec.origins.iter().map(String::as_str).collect();
    let trusted: Vec<&str> = origins
        .iter()
        .copied()
        .filter(|entry| !["*", "null", "file://"].contains(entry) && !entry.ends_with("://*"))
        .collect();
    let policy = Policy::builder().allow_origins(&origins).build().unwrap();
    let trusted = Policy::builder().allow_origins(&trusted).build().unwrap();
    let reason = |policy: &Policy<'_>, origin: &str| {
        let request = Request::from_fields("GET", [("Origin", origin)]);
        policy
            .decide(&request)
            .refusal()
            .map(|refusal| refusal.reason().name())
    };
    naive_doors::decide(
        spec,
        head,
        &NaivePolicy {
            is_any: is_any(spec),
            is_valid: &|origin| OriginOrNull::parse(origin.as_bytes()).is_ok_and(|_| true),
            not_admitted: &|origin| reason(&policy, origin),
            trusts: &|origin| origin != "null" && reason(&trusted, origin).is_none(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_naive_reader_decides_alike(spec in doors(), head in head()) {
        let expected = naive(&spec, &head);
        let outcome = spec.with(|doors| whole(&doors, head.as_bytes()));
        if expected == "preflight" {
            prop_assert!(outcome.verdict.starts_with("preflight "), "{}", outcome.verdict);
        } else {
            prop_assert_eq!(outcome.verdict, expected);
        }
    }

    #[test]
    fn pieces_and_pairs_decide_as_the_whole(
        spec in doors(),
        head in head(),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
        breaks in vec((any::<prop::sample::Index>(), select(&[" ", "\r", "\n", "\n ", "\r\n\t", ":"][..])), 0..3),
    ) {
        // Some heads are damaged, which must not make a difference either.
        let mut head = head;
        for (at, text) in &breaks {
            head.insert_str(at.index(head.len()), text);
        }
        prop_assume!(DoorsRequest::from_head(head.as_bytes()).is_ok());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(head.len())).collect();
        cuts.sort();
        let every: Vec<usize> = (1..head.len()).collect();
        spec.with(|doors| {
            let outcome = whole(&doors, head.as_bytes());
            for cuts in [&cuts, &every] {
                assert_eq!(pieces(&doors, head.as_bytes(), cuts), outcome, "{head:?}");
            }
            if breaks.is_empty()
                && let Some(by_pairs) = pairs(&doors, head.as_bytes())
            {
                assert_eq!(by_pairs, outcome, "{head:?}");
            }
        });
    }

    /// A refused request gets a whole response, which has no CORS field of an origin that the
    /// policy does not admit, and none at all if the host is refused. A handshake is never answered
    /// 101.
    #[test]
    fn refusals_are_whole_responses(spec in doors(), head in head()) {
        spec.with(|doors| {
            let request = DoorsRequest::from_head(head.as_bytes()).unwrap();
            let decision = doors.decide(&request);
            let outcome = DoorsOutcome::of(&decision, doors.max_response_len());
            if !decision.is_refused() {
                assert_eq!(decision.response().is_some(), decision.door() == Door::Preflight);
                return;
            }
            let response = decision.response().unwrap();
            assert!(matches!(response.status(), 400 | 403 | 421) || decision.door() == Door::Preflight);
            assert!(outcome.bytes.ends_with("content-length: 0\r\n\r\n"), "{}", outcome.bytes);
            let has_origin = outcome.bytes.contains("access-control-allow-origin");
            match decision.cors() {
                _ if decision.door() == Door::Host => {
                    assert!(decision.cors().is_none() && !has_origin && !outcome.bytes.contains("vary"));
                }
                None => panic!("only a refused host has no decision of the policy"),
                Some(cors) if decision.door() != Door::Preflight => {
                    assert!(has_origin == cors.is_allowed() || is_any(&spec));
                }
                Some(_) => {}
            }
        });
    }

    /// No setting but those that say so lets a request pass that was refused without it.
    #[test]
    fn switches_only_refuse_more(spec in doors(), head in head(), flag in select(NARROWING)) {
        let mut more = spec.clone();
        more.flags.push(flag.into());
        let is_refused = |spec: &DoorsSpec| {
            spec.with(|doors| {
                let request = DoorsRequest::from_head(head.as_bytes()).unwrap();
                doors.decide(&request).is_refused()
            })
        };
        prop_assert!(!is_refused(&spec) || is_refused(&more));
    }
}
