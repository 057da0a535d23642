//! Tests of origin patterns through the public API: which entries build, which origins they admit,
//! and which patterns contain which.

use embedded_cors::{
    Origin, OriginIndex, OriginOrNull, OriginPattern, Policy, PolicyErrorKind, Request, Rules, RulesErrorKind,
};

/// The options that a policy with credentials needs for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credentials {
    Fine,
    /// `dangerously_allow_insecure_origins_with_credentials`.
    Insecure,
    /// `dangerously_allow_public_suffixes_with_credentials`.
    Suffix,
    /// Both.
    Both,
    Never(PolicyErrorKind),
}

use Credentials::{Both, Fine, Insecure, Never, Suffix};

const SCHEME_WIDE: Credentials = Never(PolicyErrorKind::SchemeWithCredentials);

/// An entry, what it needs with credentials, origins that it admits, and near misses.
type Cell = (
    &'static str,
    Credentials,
    &'static [&'static str],
    &'static [&'static str],
);

/// Each form of hosts and schemes with each form of ports.
const MATRIX: &[Cell] = &[
    // An exact host.
    (
        "https://app.example.com",
        Fine,
        &["https://app.example.com"],
        &[
            "http://app.example.com",
            "https://app.example.com.",
            "https://app.example.com:8443",
            "https://app.example.com:443",
            "https://xapp.example.com",
            "https://a.app.example.com",
            "https://app.example.com.evil.test",
            "null",
        ],
    ),
    (
        "https://app.example.com:8443",
        Fine,
        &["https://app.example.com:8443"],
        &[
            "https://app.example.com",
            "https://app.example.com:844",
            "https://app.example.com:18443",
            "https://app.example.com:08443",
        ],
    ),
    (
        "http://app.example.com:3000-3010",
        Insecure,
        &[
            "http://app.example.com:3000",
            "http://app.example.com:3005",
            "http://app.example.com:3010",
        ],
        &[
            "http://app.example.com",
            "http://app.example.com:2999",
            "http://app.example.com:3011",
            "http://app.example.com:03005",
            "https://app.example.com:3005",
            "http://app.example.com:3000-3010",
        ],
    ),
    (
        "https://app.example.com:*",
        Fine,
        &[
            "https://app.example.com",
            "https://app.example.com:1",
            "https://app.example.com:65535",
        ],
        &[
            "https://app.example.com.",
            "https://app.example.com.evil.test:1",
            "https://app.example.com:*",
            "http://app.example.com:1",
        ],
    ),
    // Subdomains.
    (
        "https://*.example.com",
        Fine,
        &["https://a.example.com", "https://a.b.example.com"],
        &[
            "https://example.com",
            "https://aexample.com",
            "https://a.example.com:8443",
            "https://a.example.com.",
            "http://a.example.com",
            "https://a.example.com.evil.test",
        ],
    ),
    (
        "https://*.com:8443",
        Suffix,
        &["https://a.com:8443", "https://a.b.com:8443"],
        &["https://a.com", "https://com:8443", "https://a.com:443"],
    ),
    (
        "http://*.example.com:80-90",
        Insecure,
        &["http://a.example.com", "http://a.example.com:90"],
        &[
            "http://example.com:85",
            "http://a.example.com:91",
            "https://a.example.com:85",
        ],
    ),
    (
        "http://*.internal:*",
        Both,
        &["http://a.internal", "http://a.b.internal:9"],
        &[
            "http://internal",
            "http://a.internal.test:9",
            "https://a.internal",
        ],
    ),
    // A `*` inside the first label.
    (
        "https://pr-*.example.com",
        Fine,
        &["https://pr-1.example.com", "https://pr-a-b.example.com"],
        &[
            "https://pr-.example.com",
            "https://pr-1.evil.example.com",
            "https://a.pr-1.example.com",
            "https://xpr-1.example.com",
            "https://pr-1.example.com:8443",
            "http://pr-1.example.com",
        ],
    ),
    (
        "https://*--site.com:8443",
        Suffix,
        &["https://a--site.com:8443", "https://a-b--site.com:8443"],
        &[
            "https://--site.com:8443",
            "https://evil.a--site.com:8443",
            "https://a--site.com",
        ],
    ),
    (
        "http://a*b.example.com:3000-3010",
        Insecure,
        &["http://axb.example.com:3000", "http://a--b.example.com:3010"],
        &["http://ab.example.com:3000", "http://axb.example.com"],
    ),
    (
        "http://dev-*:*",
        Both,
        &["http://dev-1", "http://dev-box:9"],
        &["http://dev-", "http://dev-1.test", "https://dev-1"],
    ),
    // Every host of a scheme.
    (
        "chrome-extension://*",
        SCHEME_WIDE,
        &["chrome-extension://abcdef", "chrome-extension://A"],
        &[
            "moz-extension://abcdef",
            "chrome-extension://abcdef:80",
            "chrome-extensions://abcdef",
        ],
    ),
    (
        "https://*:8443",
        SCHEME_WIDE,
        &["https://a.example:8443", "https://[::1]:8443"],
        &["https://a.example", "http://a.example:8443"],
    ),
    (
        "http://*:80-90",
        SCHEME_WIDE,
        &["http://a.example", "http://10.0.0.1:81"],
        &["http://a.example:91", "https://a.example:81"],
    ),
    (
        "app://*:*",
        SCHEME_WIDE,
        &["app://", "app://.", "app://a:9"],
        &["apps://a", "https://a"],
    ),
    // A range of IPv4 addresses.
    (
        "https://192.168.0.0/16",
        Fine,
        &["https://192.168.0.0", "https://192.168.255.255"],
        &[
            "https://192.167.255.255",
            "https://192.169.0.0",
            "https://192.168.1.7:8443",
            "https://192.168.1.7.evil.test",
            "https://192.168.1",
            "http://192.168.1.7",
            "https://192.168.0.0/16",
        ],
    ),
    (
        "http://10.0.0.0/8:8080",
        Insecure,
        &["http://10.1.2.3:8080"],
        &["http://10.1.2.3", "http://11.1.2.3:8080"],
    ),
    (
        "http://127.0.0.0/8:80-90",
        Fine,
        &["http://127.9.9.9", "http://127.0.0.1:90"],
        &["http://127.0.0.1:91", "http://128.0.0.1", "http://localhost"],
    ),
    (
        "http://192.168.4.0/24:*",
        Insecure,
        &["http://192.168.4.255", "http://192.168.4.1:9"],
        &["http://192.168.5.1", "https://192.168.4.1"],
    ),
    // A range of IPv6 addresses.
    (
        "http://[fd00::]/8",
        Insecure,
        &["http://[fd00::]", "http://[fdff::1]"],
        &[
            "http://[fe00::]",
            "http://[fc00::1]",
            "http://[fd00::1]:80",
            "http://[fd00:0::1]",
            "http://fd00",
        ],
    ),
    (
        "https://[2001:db8::]/32:8443",
        Fine,
        &["https://[2001:db8::1]:8443", "https://[2001:db8:ffff::]:8443"],
        &["https://[2001:db8::1]", "https://[2001:db9::1]:8443"],
    ),
    (
        "http://[::1]/128:80-90",
        Fine,
        &["http://[::1]", "http://[::1]:81"],
        &["http://[::2]", "http://[::1]:91"],
    ),
    (
        "http://[fe80::]/10:*",
        Insecure,
        &["http://[fe80::1]", "http://[febf::1]:9"],
        &["http://[fec0::1]", "https://[fe80::1]"],
    ),
    // `*://`.
    (
        "*://app.example.com",
        Insecure,
        &["http://app.example.com", "https://app.example.com"],
        &[
            "ws://app.example.com",
            "app://app.example.com",
            "https://app.example.com:8443",
        ],
    ),
    (
        "*://*.example.com:8443",
        Insecure,
        &["http://a.example.com:8443", "https://a.example.com:8443"],
        &["https://a.example.com", "https://example.com:8443"],
    ),
    (
        "*://localhost:80-443",
        Fine,
        &[
            "http://localhost",
            "https://localhost",
            "http://localhost:443",
            "https://localhost:81",
        ],
        &["http://localhost:444", "ws://localhost:81"],
    ),
    (
        "*://pr-*.com:*",
        Both,
        &["http://pr-1.com", "https://pr-1.com:9"],
        &["http://pr-.com", "wss://pr-1.com:9"],
    ),
    (
        "*://10.0.0.0/8",
        Insecure,
        &["http://10.0.0.1", "https://10.0.0.1"],
        &["http://10.0.0.1:8080", "wss://10.0.0.1"],
    ),
    (
        "*://*",
        SCHEME_WIDE,
        &["http://a", "https://a.example"],
        &["app://a", "http://a:8080"],
    ),
    // Loopback with each form of ports; `allow_loopback` is below.
    (
        "http://localhost",
        Fine,
        &["http://localhost"],
        &["http://localhost.", "http://localhost:3000", "http://a.localhost"],
    ),
    (
        "http://*.localhost:3000",
        Fine,
        &["http://a.localhost:3000"],
        &["http://localhost:3000", "http://a.localhost"],
    ),
    (
        "http://localhost:3000-3010",
        Fine,
        &["http://localhost:3000", "http://localhost:3010"],
        &["http://localhost", "http://localhost.test:3000"],
    ),
    (
        "http://127.0.0.1:*",
        Fine,
        &["http://127.0.0.1", "http://127.0.0.1:9"],
        &["http://127.0.0.2", "http://127.0.0.1.test:9"],
    ),
    // Exact entries of other schemes, and those that are not patterns.
    ("app://.", Fine, &["app://."], &["app://", "app://-", "app://.."]),
    ("myapp://", Fine, &["myapp://"], &["myapp://a", "app://"]),
    (
        "capacitor-electron://-",
        Fine,
        &["capacitor-electron://-"],
        &["capacitor://-"],
    ),
    ("app://My.App", Fine, &["app://My.App"], &["app://my.app"]),
    (
        "https://-a.example",
        Fine,
        &["https://-a.example"],
        &["https://a.example"],
    ),
    (
        "file://",
        Never(PolicyErrorKind::FileWithCredentials),
        &["file://"],
        &["null", "file:///", "file://a"],
    ),
    (
        "null",
        Never(PolicyErrorKind::NullWithCredentials),
        &["null"],
        &["file://", "https://null", "NULL"],
    ),
];

fn allows(policy: &Policy<'_>, origin: &str) -> bool {
    let request = Request::from_fields("GET", [("Origin", origin)]);
    policy.decide(&request).is_allowed()
}

#[test]
fn each_pattern_admits_its_origins_and_no_near_miss() {
    for &(entry, _, matching, others) in MATRIX {
        let pattern = OriginPattern::parse(entry).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pattern.as_str(), pattern.to_string().as_str()), (entry, entry));
        // 40 entries before it, so that it has no fingerprint.
        let many: Vec<String> = (0..40).map(|i| format!("https://{i}.test.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain([entry]).collect();
        let mut slots = [0; 100];
        let index = OriginIndex::build(&many, &mut slots, 1).unwrap();
        let lone = [entry];
        let policies = [
            ("alone", Policy::builder().allow_origins(&lone).build().unwrap()),
            ("last", Policy::builder().allow_origins(&many).build().unwrap()),
            (
                "indexed",
                Policy::builder().allow_indexed_origins(&index).build().unwrap(),
            ),
        ];
        let origins = matching.iter().map(|origin| (origin, true));
        for (origin, expected) in origins.chain(others.iter().map(|origin| (origin, false))) {
            for (name, policy) in &policies {
                assert_eq!(allows(policy, origin), expected, "{entry} {name}: {origin}");
                let request = Request::from_fields("GET", [("Origin", *origin)]);
                let longest = policy.decide(&request).len_of_fields();
                assert!(longest <= policy.max_response_len(), "{entry} {name}: {origin}");
            }
            let admits = OriginOrNull::parse(origin.as_bytes()).is_ok_and(|value| pattern.admits(value));
            assert_eq!(admits, expected, "{entry} as a pattern: {origin}");
        }
    }
}

/// The length of the field lines of a decision.
trait LenOfFields {
    fn len_of_fields(&self) -> usize;
}

impl LenOfFields for embedded_cors::Decision<'_> {
    fn len_of_fields(&self) -> usize {
        self.fields().map(|field| field.to_string().len() + 2).sum()
    }
}

#[test]
fn each_pattern_builds_with_credentials_or_says_what_it_needs() {
    for &(entry, credentials, _, _) in MATRIX {
        let entries = ["https://fine.example", entry];
        for (insecure, suffix) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut builder = Policy::builder().allow_origins(&entries).allow_credentials();
            if insecure {
                builder = builder.dangerously_allow_insecure_origins_with_credentials();
            }
            if suffix {
                builder = builder.dangerously_allow_public_suffixes_with_credentials();
            }
            let expected = match credentials {
                Never(kind) => Some(kind),
                Insecure | Both if !insecure => Some(PolicyErrorKind::InsecureWithCredentials),
                Suffix | Both if !suffix => Some(PolicyErrorKind::SuffixWithCredentials),
                _ => None,
            };
            let kind = builder.build().err().map(|error| {
                assert_eq!((error.entry(), error.index()), (Some(entry), Some(1)));
                error.kind()
            });
            assert_eq!(kind, expected, "{entry}, insecure {insecure}, suffix {suffix}");
        }
    }
}

#[test]
fn loopback_is_http_and_https_with_any_port() {
    let matching = [
        "http://localhost",
        "https://localhost",
        "http://localhost.",
        "http://localhost:3000",
        "https://a.b.localhost:1",
        "http://127.0.0.1",
        "http://127.255.255.254:65535",
        "https://[::1]:8443",
    ];
    let others = [
        "http://localhost.test",
        "http://xlocalhost",
        "http://128.0.0.1",
        "http://127.0.0.1.",
        "http://127.0.0.1.test",
        "http://[::2]",
        "http://0.0.0.0",
        "ws://localhost",
        "app://localhost",
        "capacitor://localhost",
        "https://example.com",
        "file://",
        "null",
    ];
    let plain = Policy::builder().allow_loopback().allow_credentials();
    let lists: [&[&str]; 4] = [
        &[],
        &["https://app.example.com"],
        &["https://*.example.com", "https://fine.example"],
        &["https://pr-*.example.com", "https://fine.example"],
    ];
    for list in lists {
        let policy = plain.allow_origins(list).build().unwrap();
        let mut slots = [0; 8];
        let index = OriginIndex::build(list, &mut slots, 1).unwrap();
        let indexed = plain.allow_indexed_origins(&index).build().unwrap();
        for policy in [policy, indexed] {
            for origin in matching {
                assert!(allows(&policy, origin), "{list:?} {origin}");
            }
            for origin in others {
                assert!(!allows(&policy, origin), "{list:?} {origin}");
            }
            if let Some(last) = list.last().filter(|last| !last.contains('*')) {
                assert!(allows(&policy, last));
            }
        }
    }
    let without = Policy::builder().allow_origins(lists[2]).build().unwrap();
    assert!(!allows(&without, matching[0]));
    // It is an origin for the other lists.
    assert!(plain.allow_methods(&["PUT"]).build().is_ok());
}

#[test]
fn a_rule_of_loopback_is_reached_unless_an_earlier_one_has_all_of_it() {
    let loopback = Policy::builder().allow_loopback().build().unwrap();
    let parts = [
        "*://localhost:*",
        "*://localhost.:*",
        "*://*.localhost:*",
        "*://*.localhost.:*",
        "*://127.0.0.0/8:*",
        "*://[::1]:*",
    ];
    let exact = ["http://localhost:3000", "http://127.0.0.1", "https://a.localhost"];
    let policy = |entries| Policy::builder().allow_origins(entries).build().unwrap();
    let unreachable = |rules: &[Policy<'_>]| Rules::new(rules).err().map(|error| error.kind());
    let never = Some(RulesErrorKind::Unreachable);
    assert_eq!(unreachable(&[policy(&["https://a.example"]), loopback]), None);
    assert_eq!(unreachable(&[policy(&exact), loopback]), None);
    assert_eq!(unreachable(&[loopback, policy(&exact)]), never);
    assert_eq!(unreachable(&[loopback, policy(&["*://localhost.test"])]), None);
    assert_eq!(unreachable(&[loopback, loopback]), never);
    assert_eq!(unreachable(&[policy(&parts), loopback]), never);
    assert_eq!(unreachable(&[policy(&parts[1..]), loopback]), None);
    assert_eq!(unreachable(&[policy(&["*"]), loopback]), never);
}

#[test]
fn a_predicate_is_not_asked_about_files() {
    let policy = Policy::builder().allow_origin_if(&|_| true).build().unwrap();
    assert!(allows(&policy, "https://a.example") && allows(&policy, "app://."));
    assert!(!allows(&policy, "file://") && !allows(&policy, "null"));
    let policy = Policy::builder()
        .allow_origin_if(&|_| true)
        .allow_origins(&["file://"])
        .build()
        .unwrap();
    assert!(allows(&policy, "file://"));
}

#[test]
fn the_order_of_entries_does_not_matter() {
    let entries: Vec<&str> = MATRIX.iter().map(|cell| cell.0).collect();
    let origins = MATRIX.iter().flat_map(|cell| cell.2.iter().chain(cell.3));
    let decide = |entries: &[&str]| -> Vec<bool> {
        let policy = Policy::builder().allow_origins(entries).build().unwrap();
        origins.clone().map(|origin| allows(&policy, origin)).collect()
    };
    let expected = decide(&entries);
    let naive: Vec<bool> = origins
        .clone()
        .map(|origin| {
            OriginOrNull::parse(origin.as_bytes()).is_ok_and(|value| {
                entries
                    .iter()
                    .any(|entry| OriginPattern::parse(entry).unwrap().admits(value))
            })
        })
        .collect();
    assert_eq!(expected, naive);
    let mut shuffled = entries.clone();
    for _ in 0..20 {
        // A deal into seven piles, and a turn.
        shuffled = (0..7)
            .flat_map(|pile| {
                shuffled
                    .iter()
                    .skip(pile)
                    .step_by(7)
                    .rev()
                    .copied()
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(shuffled.len(), entries.len());
        assert_eq!(decide(&shuffled), expected);
    }
}

/// The text of a pattern is not an origin, although some origins look like one.
#[test]
fn the_text_of_a_pattern_is_not_admitted_by_itself() {
    for entry in [
        "https://*.example.com",
        "https://pr-*.example.com",
        "https://*",
        "http://localhost:*",
        "http://localhost:3000-3010",
        "http://192.168.0.0/16",
        "http://[fd00::]/8",
        "*://example.com",
    ] {
        let many: Vec<String> = (0..40).map(|i| format!("https://{i}.test.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain([entry]).collect();
        for list in [&[entry][..], &many] {
            let policy = Policy::builder().allow_origins(list).build().unwrap();
            assert!(!allows(&policy, entry), "{entry}");
        }
    }
    // `*` is a byte of opaque hosts.
    let policy = Policy::builder().allow_origins(&["app://*"]).build().unwrap();
    assert!(allows(&policy, "app://*"));
}

#[test]
fn patterns_are_compared_in_a_const() {
    const ALL: OriginPattern<'_> = match OriginPattern::parse("https://*.example.com:*") {
        Ok(pattern) => pattern,
        Err(_) => panic!(),
    };
    const SOME: OriginPattern<'_> = match OriginPattern::parse("https://pr-*.example.com") {
        Ok(pattern) => pattern,
        Err(_) => panic!(),
    };
    const CONTAINED: (bool, bool) = (ALL.contains(&SOME), SOME.contains(&ALL));
    assert_eq!(CONTAINED, (true, false));
    assert_eq!(format!("{SOME:?}"), "OriginPattern(\"https://pr-*.example.com\")");
    assert_eq!(OriginPattern::try_from("https://pr-*.example.com"), Ok(SOME));
    let error = OriginPattern::parse("https://example.com/").unwrap_err();
    assert_eq!((error.index(), error.at()), (None, Some(19)));
    assert_eq!(
        error.to_string(),
        "allow_origins \"https://example.com/\": has a path or a slash at byte 19; \
         an origin ends after its host and port"
    );
}

/// All origins over a small alphabet, and the bits of those that a pattern matches.
struct Enumeration {
    origins: Vec<String>,
}

impl Enumeration {
    fn new() -> Self {
        let labels = ["a", "b", "aa", "ab", "ba", "bb", "aab", "abb", "bab", "aba"];
        let short = ["a", "b", "ab"];
        let mut hosts: Vec<String> = labels.map(String::from).into();
        for first in labels {
            for second in labels {
                hosts.push(format!("{first}.{second}"));
            }
        }
        for first in short {
            for second in short {
                for third in short {
                    hosts.push(format!("{first}.{second}.{third}"));
                }
            }
        }
        hosts.extend((0..9).map(|last| format!("10.0.0.{last}")));
        hosts.extend((0..5).map(|last| format!("[fd00::{last:x}]").replace("::0]", "::]")));
        hosts.extend(["10.9.0.0", "11.0.0.0", "[fd00:0::1]", "[fe00::]", "a.a.", "b.a."].map(String::from));
        let opaque = ["", ".", ".a", "..a", "b..a", "A", "a.", "10.0.0.256"];
        let ports = [
            "", ":0", ":080", ":80", ":443", ":3000", ":3001", ":3003", ":65535",
        ];
        let mut origins = vec![String::from("file://")];
        for scheme in ["http", "https", "app"] {
            let opaque = opaque.iter().filter(|_| scheme == "app");
            for host in hosts.iter().map(String::as_str).chain(opaque.copied()) {
                origins.extend(ports.map(|port| format!("{scheme}://{host}{port}")));
            }
        }
        origins.retain(|origin| Origin::parse(origin.as_bytes()).is_ok());
        Self { origins }
    }

    /// One bit for each origin and one for `null`.
    fn matches(&self, pattern: &OriginPattern<'_>) -> Vec<u64> {
        let origins = self
            .origins
            .iter()
            .map(|origin| OriginOrNull::parse(origin.as_bytes()).unwrap())
            .chain([OriginOrNull::Null]);
        let mut bits = vec![0; self.origins.len() / 64 + 1];
        for (number, origin) in origins.enumerate() {
            bits[number / 64] |= u64::from(pattern.admits(origin)) << (number % 64);
        }
        bits
    }
}

#[test]
fn one_pattern_contains_another_if_and_only_if_every_origin_says_so() {
    let hosts = [
        "a",
        "b",
        "ab",
        "a.b",
        "ab.a",
        "a.b.ab",
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.5",
        "[fd00::]",
        "[fd00::1]",
        "*.a",
        "*.b",
        "*.ab",
        "*.a.b",
        "*.b.b",
        "a*",
        "*a",
        "*b",
        "a*b",
        "ab*",
        "*ab",
        "a*.a",
        "*b.a",
        "a*b.a",
        "a*.a.b",
        "*ab.b",
        "*",
        "10.0.0.0/29",
        "10.0.0.0/30",
        "10.0.0.4/30",
        "10.0.0.0/31",
        "10.0.0.0/32",
        "10.0.0.1/32",
        "10.0.0.0/8",
        "[fd00::]/8",
        "[fd00::]/126",
        "[fd00::]/127",
        "[fd00::]/128",
        "[fd00::1]/128",
        "",
        ".",
        "..a",
        "*..a",
        "*.a.",
        "A",
    ];
    let ports = [
        "",
        ":80",
        ":443",
        ":3000",
        ":3000-3000",
        ":3000-3001",
        ":3001-3003",
        ":80-80",
        ":80-443",
        ":443-3000",
        ":1-65535",
        ":*",
    ];
    let mut entries: Vec<String> = ["*", "null", "file://"].map(String::from).into();
    for scheme in ["http", "https", "app", "*"] {
        for host in hosts {
            entries.extend(ports.map(|port| format!("{scheme}://{host}{port}")));
        }
    }
    let patterns: Vec<_> = entries
        .iter()
        .filter_map(|entry| OriginPattern::parse(entry).ok())
        .collect();
    assert!(patterns.len() > 1400, "{}", patterns.len());

    let enumeration = Enumeration::new();
    let matches: Vec<_> = patterns
        .iter()
        .map(|pattern| enumeration.matches(pattern))
        .collect();
    let mut contained = 0;
    for (all, all_bits) in patterns.iter().zip(&matches) {
        assert!(
            all_bits.iter().any(|bits| *bits != 0) || all.as_str().contains("*-a"),
            "{all}"
        );
        for (some, some_bits) in patterns.iter().zip(&matches) {
            let expected = all_bits.iter().zip(some_bits).all(|(all, some)| some & !all == 0);
            assert_eq!(all.contains(some), expected, "{all} and {some}");
            contained += usize::from(expected);
        }
    }
    assert!(contained > 10_000, "{contained}");
}

#[test]
fn an_index_takes_every_form_in_any_number() {
    let mut entries: Vec<String> = (0..300).map(|i| format!("https://t{i}.example.com")).collect();
    entries.extend((0..100).map(|i| format!("https://*.s{i}.example.com")));
    entries.extend((0..100).map(|i| format!("http://p{i}.example.com:*")));
    entries.extend((0..100).map(|i| format!("https://pr-*.r{i}.example.com")));
    entries.extend((1..100).map(|i| format!("http://10.{i}.0.0/16:3000-{}", 3000 + i)));
    entries.extend(["null", "file://", "app://.", "chrome-extension://*"].map(String::from));
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let mut slots = vec![u32::MAX; OriginIndex::slots_for(entries.len())];
    let index = OriginIndex::build(&entries, &mut slots, 7).unwrap();
    let policy = Policy::builder().allow_indexed_origins(&index).build().unwrap();
    for origin in [
        "https://t299.example.com",
        "https://a.s99.example.com",
        "http://p0.example.com:9",
        "https://pr-1.r0.example.com",
        "https://pr-1.r99.example.com",
        "http://10.1.2.3:3001",
        "http://10.99.2.3:3099",
        "null",
        "file://",
        "app://.",
        "chrome-extension://a",
    ] {
        assert!(allows(&policy, origin), "{origin}");
    }
    for origin in [
        "https://t300.example.com",
        "https://s99.example.com",
        "https://pr-.r0.example.com",
        "https://pr-1.r100.example.com",
        "http://10.1.2.3:3002",
        "http://10.0.2.3:3000",
        "app://-",
        "moz-extension://a",
    ] {
        assert!(!allows(&policy, origin), "{origin}");
    }
    // One slot for each of the others is enough, and one less is not.
    let others = &entries[500..500 + 199];
    let mut slots = [0; 199];
    assert!(OriginIndex::build(others, &mut slots, 7).is_ok());
    let error = OriginIndex::build(others, &mut slots[1..], 7).unwrap_err();
    assert_eq!((error.kind(), error.index()), (PolicyErrorKind::Full, Some(198)));
    assert!(
        error
            .to_string()
            .ends_with("does not fit; give an index more slots, or lists more bytes")
    );
}

/// The longest list, half of it patterns, with two seeds of which a single try was found to fail.
#[test]
fn an_index_of_the_longest_list_is_built_with_any_seed() {
    let owned: Vec<String> = (0..1_048_575)
        .map(|i| match i % 4 {
            0 => format!("https://*.t{i}.example"),
            1 => format!("http://t{i}.example:*"),
            _ => format!("https://t{i}.example"),
        })
        .collect();
    let entries: Vec<&str> = owned.iter().map(String::as_str).collect();
    let mut slots = vec![0; OriginIndex::slots_for(entries.len())];
    for seed in [1_206_773_307_554_999_458, 6_740_290_569_499_930_157] {
        let index = OriginIndex::build(&entries, &mut slots, seed).unwrap();
        assert!(format!("{index:?}").starts_with("[\"https://*.t0.example\""));
    }
}
