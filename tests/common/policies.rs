//! What the properties share: policies that can be built, and what they mean in the plainest way.

#![allow(dead_code, reason = "each test file uses a part")]

use embedded_cors::Origin;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::Spec;

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
];

pub const METHODS: &[&str] = &["PUT", "DELETE", "PATCH", "patch", "GET", "*"];
pub const REQUEST_METHODS: &[&str] = &[
    "PUT", "DELETE", "patch", "GET", "POST", "PROPFIND", "TRACE", "put", "", "P UT",
];
pub const HEADERS: &[&str] = &["authorization", "Content-Type", "x-a", "x-ab", "x-abc", "x-a"];
pub const EXPOSE: &[&str] = &["etag", "X-Total-Count", "ETag"];

pub fn strings(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(pool, 0..=pool.len())
        .prop_shuffle()
        .prop_map(|entries| entries.into_iter().map(String::from).collect())
}

prop_compose! {
    /// A policy that can be built.
    pub fn policy()(
        mut spec in (
            strings(ORIGINS), strings(METHODS), strings(HEADERS), strings(EXPOSE), proptest::option::of(0..=86_400u32),
            subsequence(&["credentials", "minimal", "strict", "only-requested", "private-network", "success-200", "refused-204"][..], 0..=7),
        ).prop_map(|(origins, methods, headers, expose, max_age, flags)| Spec {
            origins, methods, headers, expose, max_age, flags: flags.into_iter().map(String::from).collect(),
        }),
        null in any::<bool>(),
        any_origin in prop::bool::weighted(0.2),
        any_header in prop::bool::weighted(0.3),
        any_exposed in prop::bool::weighted(0.2),
    ) -> Spec {
        let credentials = spec.flags.iter().any(|flag| flag == "credentials");
        if !credentials {
            if null { spec.origins.push("null".into()); }
            if any_origin {
                spec.origins.insert(0, "*".into());
                spec.flags.retain(|flag| flag != "private-network");
            }
            if any_exposed { spec.expose.push("*".into()); }
        }
        if any_header { spec.headers.push("*".into()); }
        spec
    }
}

/// Which origins a list admits, in the plainest way: labels and ports compared one by one.
pub fn naive_admits(entries: &[String], origin: &str) -> bool {
    let Ok(origin) = Origin::parse(origin.as_bytes()) else {
        return false;
    };
    entries.iter().any(|entry| {
        let (scheme, rest) = entry.split_once("://").unwrap();
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port_matches = match port {
            Some("*") => true,
            Some(port) => origin.port() == Some(port.parse().unwrap()),
            None => origin.port().is_none(),
        };
        let host_matches = match host.strip_prefix("*.") {
            Some(suffix) => {
                let wanted: Vec<_> = suffix.split('.').rev().collect();
                let labels: Vec<_> = origin.host().split('.').rev().collect();
                labels.len() > wanted.len() && labels.starts_with(&wanted)
            }
            None => origin.host() == host,
        };
        scheme == origin.scheme() && host_matches && port_matches
    })
}
