//! Policies with and without credentials, and the list of public suffixes.

use embedded_cors::{PolicyConfig, PolicyErrorKind};
use embedded_cors_public_suffix::is_public_suffix;

fn kinds(origin: &str, credentials: bool) -> Vec<PolicyErrorKind> {
    let config = PolicyConfig {
        allow_origins: vec![origin.into()],
        allow_credentials: credentials,
        ..Default::default()
    };
    match config.builder().public_suffixes(&is_public_suffix).build() {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.kind()).collect(),
    }
}

#[test]
fn a_pattern_before_a_public_suffix_is_refused_with_credentials() {
    for origin in [
        "https://*.com",
        "https://*.co.uk",
        "https://*.github.io",
        "https://*.github.io:8443",
        "https://pr-*.vercel.app",
        "https://*.s3.amazonaws.com",
        // By the rule `*.ck` of the list.
        "https://*.something.ck",
    ] {
        assert_eq!(
            kinds(origin, true),
            [PolicyErrorKind::SuffixWithCredentials],
            "{origin}"
        );
        assert_eq!(kinds(origin, false), [], "{origin}");
    }
}

#[test]
fn other_patterns_and_exact_entries_are_not() {
    for origin in [
        "https://*.example.com",
        "https://*.example.co.uk",
        "https://*.me.github.io",
        "https://pr-*.team.vercel.app",
        "https://github.io",
        "https://me.github.io",
        // By the exception `!www.ck` of the list.
        "https://*.www.ck",
        "http://*.localhost:*",
        "http://localhost:*",
    ] {
        assert_eq!(kinds(origin, true), [], "{origin}");
    }
}

#[test]
fn a_domain_is_compared_as_a_whole() {
    for domain in ["com", "co.uk", "github.io", "internal"] {
        assert!(is_public_suffix(domain), "{domain}");
    }
    for domain in ["", "example.com", "a.github.io", "uk.co.example"] {
        assert!(!is_public_suffix(domain), "{domain}");
    }
}
