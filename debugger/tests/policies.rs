//! A policy that is printed in a syntax and read back decides like before.

use cors_debugger::policy::read::{self, Reading, Source};
use cors_debugger::policy::{Syntax, convert, print};
use cors_debugger::servers::Kind;
use cors_debugger::servers::source::Sources;
use embedded_cors::{OwnedRules, PolicyConfig, Request, RulesConfig};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

const ORIGINS: [&str; 16] = [
    "https://app.example.com",
    "https://admin.example.com:8443",
    "https://*.example.com",
    "https://*.partner.example:8443",
    "https://pr-*.preview.example",
    "http://localhost:*",
    "http://localhost:3000-3010",
    "*://both.example",
    "*://*.both.example:*",
    "http://192.168.0.0/16:*",
    "https://[2001:db8::1]:8443",
    "capacitor://localhost",
    "app://Foo",
    "null",
    "http://legacy.example:80-90",
    "https://*.sub.example.com",
];

/// Origins that the entries admit, and others that look like them.
const REQUESTS: [&str; 40] = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "http://app.example.com",
    "https://appxexample.com",
    "https://evilapp.example.com",
    "https://app.example.com.evil.test",
    "https://admin.example.com",
    "https://admin.example.com:8443",
    "https://a.example.com",
    "https://a.b.example.com",
    "https://example.com",
    "https://evilexample.com",
    "https://a.partner.example:8443",
    "https://a.partner.example",
    "https://pr-1.preview.example",
    "https://pr-.preview.example",
    "https://pr-1.evil.preview.example",
    "https://xpr-1.preview.example",
    "http://localhost",
    "http://localhost:3000",
    "http://localhost:3010",
    "http://localhost:3011",
    "https://localhost:3000",
    "http://127.0.0.1:8080",
    "https://a.localhost",
    "http://both.example",
    "https://both.example",
    "ws://both.example",
    "https://x.both.example:99",
    "http://192.168.7.1",
    "http://192.168.7.1:8080",
    "http://192.169.7.1",
    "http://192.168.7.1.evil.test",
    "https://[2001:db8::1]:8443",
    "capacitor://localhost",
    "app://Foo",
    "app://foo",
    "null",
    "http://legacy.example",
    "https://a.sub.example.com",
];

const METHODS: [&str; 5] = ["PUT", "DELETE", "PATCH", "PURGE", "*"];
const HEADERS: [&str; 5] = ["content-type", "authorization", "x-a", "x-b-c", "*"];
const EXPOSED: [&str; 3] = ["x-total-count", "etag", "*"];

fn strings(list: Vec<&'static str>) -> Vec<String> {
    list.into_iter().map(String::from).collect()
}

prop_compose! {
    fn policy()(
        origins in prop_oneof![
            6 => subsequence(&ORIGINS[..], 1..5),
            1 => Just(vec!["*"]),
        ],
        loopback in prop::bool::weighted(0.15),
        methods in subsequence(&METHODS[..], 0..4),
        headers in subsequence(&HEADERS[..], 0..4),
        expose in subsequence(&EXPOSED[..], 0..3),
        credentials in any::<bool>(),
        max_age in prop_oneof![Just(None), Just(Some(0)), Just(Some(600)), Just(Some(86_400))],
        dangerous in any::<bool>(),
    ) -> PolicyConfig {
        PolicyConfig {
            allow_origins: strings(origins),
            allow_loopback: loopback,
            allow_methods: strings(methods),
            allow_headers: strings(headers),
            expose_headers: strings(expose),
            allow_credentials: credentials,
            max_age_seconds: max_age,
            dangerously_allow_insecure_origins_with_credentials: dangerous && credentials,
            ..Default::default()
        }
    }
}

fn rules() -> impl Strategy<Value = RulesConfig> {
    let rules = prop_oneof![
        4 => proptest::collection::vec(policy(), 1),
        1 => proptest::collection::vec(policy(), 2..4),
    ];
    rules
        .prop_map(|rules| RulesConfig { rules })
        .prop_filter("the rules build", |rules| rules.build().is_ok())
}

/// A request, by its origin, its method, and what it asks for.
#[derive(Clone, Debug)]
struct Asked {
    origin: &'static str,
    is_preflight: bool,
    method: &'static str,
    headers: Vec<&'static str>,
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        select(&REQUESTS[..]),
        any::<bool>(),
        select(&["GET", "POST", "PUT", "DELETE", "PATCH", "PURGE", "OTHER"][..]),
        subsequence(
            &["authorization", "content-type", "x-a", "x-b-c", "x-other"][..],
            0..3,
        ),
        any::<Index>(),
    )
        .prop_map(|(origin, is_preflight, method, headers, _)| Asked {
            origin,
            is_preflight,
            method,
            headers,
        })
}

/// The parts of an answer that a browser uses if the request is allowed: whether it may send
/// credentials, what scripts may read, and for how long the answer is kept.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    credentials: bool,
    exposed: Vec<String>,
    max_age: Option<String>,
}

fn verdict(rules: &OwnedRules, asked: &Asked) -> Option<Verdict> {
    let list = asked.headers.join(",");
    let mut fields = vec![("Origin", asked.origin)];
    let mut method = asked.method;
    if asked.is_preflight {
        fields.push(("Access-Control-Request-Method", asked.method));
        if !list.is_empty() {
            fields.push(("Access-Control-Request-Headers", &list));
        }
        method = "OPTIONS";
    }
    let request = Request::from_fields(method, fields);
    let borrowed = rules.borrowed();
    let rules = borrowed.rules();
    let decision = rules.decide(&request);
    decision.is_allowed().then(|| {
        let fields: Vec<String> = decision.fields().map(|field| field.to_string()).collect();
        let value = |name: &str| {
            fields
                .iter()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let exposed = value("access-control-expose-headers").unwrap_or("");
        let mut exposed: Vec<String> = exposed.split(',').map(str::to_ascii_lowercase).collect();
        exposed.sort();
        Verdict {
            credentials: value("access-control-allow-credentials").is_some(),
            exposed,
            max_age: value("access-control-max-age").map(String::from),
        }
    })
}

type Reader = fn(&str) -> Result<Vec<Reading>, String>;

/// The syntaxes that have a reader.
const READERS: [(Syntax, Reader); 5] = [
    (Syntax::NginxModule, |text| read::read(text, Source::NginxModule)),
    (Syntax::ApacheModule, |text| {
        read::read(text, Source::ApacheModule)
    }),
    (Syntax::Envoy, |text| read::read(text, Source::Envoy)),
    (Syntax::GatewayApi, |text| read::read(text, Source::GatewayApi)),
    (Syntax::Spring, |text| read::read(text, Source::Spring)),
];

fn convert(text: &str, kind: Kind) -> Result<Vec<Reading>, String> {
    let mut sources = Sources::default();
    sources.add("file", text);
    let converted = convert::convert(convert::From::Server(kind), sources, &|_, _| None, Syntax::Rust)?;
    Ok(converted.into_iter().map(|converted| converted.reading).collect())
}

/// The syntaxes whose servers are simulated.
const SIMULATED: [(Syntax, Reader); 3] = [
    (Syntax::Nginx, |text| convert(text, Kind::Nginx)),
    (Syntax::Apache, |text| convert(text, Kind::Apache)),
    (Syntax::Express, |text| {
        convert(
            &format!("const app = require('express')();\n{text}"),
            Kind::Express,
        )
    }),
];

fn read_back(rules: &RulesConfig, syntax: Syntax, reader: Reader, requests: &[Asked]) {
    let printed = print(rules, syntax);
    if printed.text.starts_with("# No origin is allowed") {
        return;
    }
    let readings =
        reader(&printed.text).unwrap_or_else(|error| panic!("{syntax}: {error}\n{}", printed.text));
    assert_eq!(readings.len(), 1, "{}", printed.text);
    let reading = &readings[0];
    let nothing = reading.rules.rules == [PolicyConfig::default()];
    let before = rules.build().unwrap();
    let after = (!nothing).then(|| {
        reading
            .rules
            .build()
            .unwrap_or_else(|error| panic!("{syntax}: {error}\n{}", printed.text))
    });
    let allows_more = printed
        .lost
        .iter()
        .any(|sentence| sentence.contains("allows more"));
    for asked in requests {
        let (first, second) = (
            verdict(&before, asked),
            after.as_ref().and_then(|after| verdict(after, asked)),
        );
        let context = || {
            format!(
                "{syntax} {asked:?}\n{rules:?}\n{}\n{:?}\n{reading:?}",
                printed.text, printed.lost
            )
        };
        if printed.lost.is_empty() {
            assert_eq!(first, second, "{}", context());
        } else if !allows_more && second.is_some() && rules.rules.len() == 1 {
            assert!(first.is_some(), "{}", context());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(rules in rules(), requests in proptest::collection::vec(asked(), 200)) {
        for (syntax, reader) in READERS {
            read_back(&rules, syntax, reader, &requests);
        }
    }

    #[test]
    fn nothing_that_is_read_panics(text in "\\PC{0,300}") {
        for source in Source::ALL {
            let _ = read::read(&text, source);
        }
    }
}

/// The seeds are fixed. The variables `SEEDS` and `CASES` of the environment ask for more of them,
/// and for more policies of each.
#[test]
fn what_is_printed_is_read_back_by_simulation() {
    let number = |name: &str, default: u32| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    for seed in 1..=number("SEEDS", 5) {
        let config = ProptestConfig {
            cases: number("CASES", 4),
            max_shrink_iters: 0,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(seed.into()),
            ..ProptestConfig::default()
        };
        let policies = (rules(), proptest::collection::vec(asked(), 200));
        let result = proptest::test_runner::TestRunner::new(config).run(&policies, |(rules, requests)| {
            for (syntax, reader) in SIMULATED {
                read_back(&rules, syntax, reader, &requests);
            }
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

#[test]
fn rules_that_do_not_build_are_printed_with_their_mistakes() {
    let rules = RulesConfig {
        rules: vec![PolicyConfig {
            allow_origins: vec!["https://app.example.com/\"\\ ".into()],
            ..Default::default()
        }],
    };
    for syntax in Syntax::ALL {
        let printed = print(&rules, syntax);
        assert!(
            printed.lost[0].contains("allow_origins[0]"),
            "{syntax}: {:?}",
            printed.lost
        );
    }
    let nothing = print(&RulesConfig::default(), Syntax::NginxModule);
    assert_eq!(
        (nothing.text.as_str(), nothing.lost.len()),
        ("cors on;\ncors_origin \"\";\n", 0)
    );
}

#[test]
fn names_are_names() {
    for syntax in Syntax::ALL {
        assert_eq!(Syntax::from_name(syntax.name()), Some(syntax));
    }
    for source in Source::ALL {
        assert_eq!(Source::from_name(source.name()), Some(source));
    }
    assert_eq!(Syntax::from_name("iis"), None);
}
