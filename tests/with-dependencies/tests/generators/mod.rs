//! Generates policies that can be built, and says in a simple way which origins they admit.

#![allow(dead_code, reason = "each test file uses a part")]

use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::common::{PolicyOption, PolicySpec, naive};

/// The number of entries at the start of [`ORIGINS`] that are origins or have only `*.` and `:*`.
const PLAIN: usize = 14;

pub const ORIGINS: &[&str] = &[
    "https://app.example.com",
    "https://example.com",
    "https://*.example.com",
    "https://a.b.example.com",
    "https://*.b.example.com:*",
    "http://localhost:*",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "https://[2001:db8::1]",
    "http://[::1]:*",
    "capacitor://localhost",
    "https://foo.com",
    "https://bar.com",
    "https://app.example.com.",
    "https://pr-*.example.com",
    "https://*--site.example.net:*",
    "https://example.com:443-8443",
    "http://localhost:3000-3010",
    "https://192.168.0.0/16:*",
    "https://[2001:db8::]/32",
    "app://.",
    "myapp://",
];

/// Entries that credentials exclude.
pub const ORIGINS_WITHOUT_CREDENTIALS: &[&str] = &[
    "*://example.com",
    "http://192.168.0.0/16",
    "chrome-extension://*",
    "https://*:8443",
    "file://",
];

pub const REQUEST_ORIGINS: &[&str] = &[
    "https://app.example.com",
    "https://example.com",
    "https://x.example.com",
    "https://a.b.example.com",
    "https://a.b.example.com:8443",
    "https://evilexample.com",
    "https://app.example.com.evil.test",
    "https://barfoo.com",
    "https://foo.com",
    "http://localhost",
    "http://localhost:3000",
    "http://localhost.evil.test:3000",
    "http://127.0.0.1:8080",
    "https://[2001:db8::1]",
    "http://[::1]:1",
    "capacitor://localhost",
    "null",
    "",
    "*",
    "https://*.example.com",
    "https://app.example.com/",
    "https://APP.example.com",
    "https://pr-12.example.com",
    "https://pr-.example.com",
    "https://pr-1.x.example.com",
    "https://a--site.example.net:8443",
    "https://evil.a--site.example.net",
    "https://example.com:444",
    "https://example.com:8444",
    "http://localhost:3010",
    "http://localhost:3011",
    "http://example.com",
    "https://192.168.1.7:80",
    "http://192.168.255.255",
    "https://192.169.0.1",
    "https://192.168.0.1.example.com",
    "https://[2001:db8:ffff::1]",
    "https://[2001:db9::]",
    "https://any.test:8443",
    "chrome-extension://abcdef",
    "http://127.0.0.2:1",
    "https://a.localhost",
    "app://.",
    "app://..",
    "myapp://",
    "file://",
];

pub const METHODS: &[&str] = &["PUT", "DELETE", "PATCH", "patch", "GET", "*"];
pub const REQUEST_METHODS: &[&str] = &[
    "PUT", "DELETE", "patch", "GET", "POST", "PROPFIND", "TRACE", "put", "", "P UT",
];
pub const HEADERS: &[&str] = &["authorization", "Content-Type", "x-a", "x-ab", "x-abc", "x-a"];
pub const EXPOSE: &[&str] = &["etag", "X-Total-Count", "ETag"];

const OPTIONS: [PolicyOption; 9] = [
    PolicyOption::Credentials,
    PolicyOption::HideLists,
    PolicyOption::Strict,
    PolicyOption::OnlyRequested,
    PolicyOption::Loopback,
    PolicyOption::Timing,
    PolicyOption::Success200,
    PolicyOption::Success204Bare,
    PolicyOption::Refused204,
];

pub fn strings(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(pool, 0..=pool.len())
        .prop_shuffle()
        .prop_map(|entries| entries.into_iter().map(String::from).collect())
}

/// Generates entries of one kind: origins, whose answers come near their bound; or those with `*.`
/// and `:*` too, which other code compares than other patterns; or all.
pub fn origins() -> impl Strategy<Value = Vec<String>> {
    let pool = |is_of_kind: fn(&str) -> bool| {
        let pool: Vec<&'static str> = ORIGINS
            .iter()
            .copied()
            .filter(|entry| is_of_kind(entry))
            .collect();
        subsequence(pool.clone(), 0..=pool.len()).prop_shuffle()
    };
    let exact = pool(|entry| naive::example(entry, "a") == entry);
    let plain = pool(|entry| ORIGINS.iter().position(|other| *other == entry) < Some(PLAIN));
    prop_oneof![exact, plain, pool(|_| true)]
        .prop_map(|entries| entries.into_iter().map(String::from).collect())
}

prop_compose! {
    /// Generates a policy that can be built.
    pub fn policy()(
        mut spec in (
            origins(), strings(METHODS), strings(HEADERS), strings(EXPOSE), proptest::option::of(0..=86_400u32),
            subsequence(&OPTIONS[..], 0..=OPTIONS.len()),
        ).prop_map(|(origins, methods, headers, exposed, max_age, options)| PolicySpec {
            origins, methods, headers, exposed, max_age, options, has_predicate: false,
        }),
        null in any::<bool>(),
        wide in strings(ORIGINS_WITHOUT_CREDENTIALS),
        is_wide in prop::bool::weighted(0.3),
        any_origin in prop::bool::weighted(0.2),
        any_header in prop::bool::weighted(0.3),
        any_exposed in prop::bool::weighted(0.2),
    ) -> PolicySpec {
        if !spec.has(PolicyOption::Credentials) {
            if null { spec.origins.push("null".into()); }
            if is_wide { spec.origins.extend(wide); }
            if any_origin { spec.origins.insert(0, "*".into()); }
            if any_exposed { spec.exposed.push("*".into()); }
        }
        if any_header { spec.headers.push("*".into()); }
        // Methods and headers without an origin are a mistake, and so is `patch` without `PATCH`.
        let has_names = !(spec.methods.is_empty() && spec.headers.is_empty() && spec.exposed.is_empty());
        if has_names && spec.origins.is_empty() && !spec.has(PolicyOption::Loopback) {
            spec.origins.push("https://app.example.com".into());
        }
        if spec.methods.iter().any(|method| method == "patch") {
            spec.methods.push("PATCH".into());
        }
        spec
    }
}

/// Returns whether a list admits an origin, by the oracle of the fuzz targets.
pub fn naive_admits(entries: &[String], origin: &str) -> bool {
    entries
        .iter()
        .any(|entry| naive::entry_admits(entry, origin.as_bytes()))
}

/// Returns whether a policy with these origins and options admits an origin.
pub fn policy_admits(spec: &PolicySpec, origin: &str) -> bool {
    let by_loopback = || {
        naive::origin(origin.as_bytes()).is_some_and(|origin| {
            ["http", "https"].contains(&origin.scheme) && naive::is_loopback(origin.host)
        })
    };
    naive_admits(&spec.origins, origin) || (spec.has(PolicyOption::Loopback) && by_loopback())
}
