//! The findings of the fuzzer, one test for each, with the input in readable form.

use embedded_cors::{Policy, Reason, RefusalPosition, Request};

/// Found by `allowlist`. The fingerprint of an exact entry was 1, and the entry after it is a
/// pattern, which has none. The comparison of a whole word of fingerprints mistook the pattern for
/// an exact entry and admitted its text as an origin.
// The two texts have the same length and the same end, and so the same fingerprint. Of the 676
// ends, some give 1, whatever the hash is.
#[test]
fn the_text_of_a_pattern_is_not_an_origin_whatever_entry_precedes_it() {
    let letters = 'a'..='z';
    for end in letters.clone().flat_map(|a| letters.clone().map(move |b| [a, b])) {
        let end = String::from_iter(end);
        let (exact, pattern) = (
            format!("https://a.example.tl{end}"),
            format!("https://*.example.tl{end}"),
        );
        let origins = [exact.as_str(), pattern.as_str()];
        let policy = Policy::builder().allow_origins(&origins).build().unwrap();
        let request = Request::from_fields("GET", [("origin", pattern.as_str())]);
        let refusal = policy.decide(&request).refusal().unwrap();
        assert_eq!(
            (refusal.reason(), refusal.position()),
            (Reason::OriginMalformed, Some(RefusalPosition::Byte(8))),
            "{pattern}"
        );
    }
}

/// Found by `policy`. The number that stands for a scheme of up to five bytes overflowed for bytes
/// that no scheme has. That is a panic in builds with overflow checks, and in a `static` an error
/// of the build that does not name the entry.
#[test]
fn an_entry_whose_scheme_has_odd_bytes_is_a_mistake() {
    for entry in [
        "(ttps://a.example",
        "(http://a.example",
        "!!!!!://a.example",
        "*****://a.example",
    ] {
        let origins = [entry];
        let error = Policy::builder().allow_origins(&origins).build().unwrap_err();
        assert_eq!(error.entry(), Some(entry));
    }
}
