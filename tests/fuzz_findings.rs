//! What fuzzing has found, each a test with the input in readable form.

use embedded_cors::{Policy, Reason, Request};

/// Target `allowlist`. The byte that stands for an exact entry was 1, the entry behind it is no exact one and has none, and a look at a whole
/// word took it for one: the text of a pattern was admitted as an origin.
#[test]
fn the_text_of_a_pattern_is_no_origin_whatever_stands_before_it() {
    for first in ["https://ak.example", "https://a.example"] {
        let origins = [first, "https://*.ri.example"];
        let policy = Policy::builder().allow_origins(&origins).build().unwrap();
        let request = Request::from_fields("GET", [("origin", "https://*.ri.example")]);
        let refusal = policy.decide(&request).refusal().unwrap();
        assert_eq!(
            (refusal.reason(), refusal.index()),
            (Reason::OriginMalformed, Some(8))
        );
    }
}
