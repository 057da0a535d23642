//! Law: `Origin::parse` accepts what the ABNF of the *Origin header* accepts
//! (<https://fetch.spec.whatwg.org/#origin-header>), with three relaxations and three bounds, and
//! returns its parts.
#![no_main]

use embedded_cors::{MAX_ORIGIN_LEN, Origin, OriginErrorKind, OriginOrNull, Policy, Reason, Request};
use embedded_cors_fuzz::naive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let expected = naive::origin(value);
    let parsed = Origin::parse(value);
    match (expected, &parsed) {
        (Some(expected), Ok(origin)) => {
            assert_eq!(origin.scheme(), expected.scheme, "the scheme differs");
            assert_eq!(origin.host(), expected.host, "the host differs");
            let port = expected.port.map(|port| port.parse().expect("a port"));
            assert_eq!(origin.port(), port, "the port differs");
            assert_eq!(origin.as_str().as_bytes(), value, "the text differs");
            assert_eq!(
                origin.to_string(),
                origin.as_str(),
                "Display differs from the text"
            );
            assert_eq!(
                origin.is_loopback(),
                naive::is_loopback(expected.host),
                "is_loopback differs"
            );
            let port = expected.port.map_or(String::new(), |port| format!(":{port}"));
            let whole = format!("{}://{}{port}", origin.scheme(), origin.host());
            assert_eq!(whole, origin.as_str(), "the parts do not make up the whole");
            assert!(value.len() <= MAX_ORIGIN_LEN, "longer than MAX_ORIGIN_LEN");
        }
        (None, Err(error)) => {
            assert!(error.at() <= value.len(), "the mistake is after the end");
            // A mistake does not depend on the bytes after it, except if a port is too large: then
            // its first digits alone are a valid port.
            let too_large = error.kind() == OriginErrorKind::Port
                && value.get(error.at()).is_some_and(u8::is_ascii_digit);
            if error.at() < value.len() && !too_large {
                assert!(
                    Origin::parse(&value[..=error.at()]).is_err(),
                    "the text up to the mistake is an origin"
                );
            }
        }
        (expected, parsed) => panic!("the ABNF says {expected:?}, the parser {parsed:?}"),
    }
    let or_null = match (value, parsed) {
        (b"null", _) => Ok(OriginOrNull::Null),
        (_, parsed) => parsed.map(OriginOrNull::Origin),
    };
    assert_eq!(OriginOrNull::parse(value), or_null, "OriginOrNull differs");

    // The decision agrees. White space around a value does not belong to it, so values with it are
    // left out.
    static ALL: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    static NOBODY: Policy = Policy::builder().build_or_panic();
    if naive::trim(value) == value {
        let request = Request::from_fields("GET", [("origin", value)]);
        assert!(
            ALL.decide(&request).is_allowed(),
            "`*` does not admit every value"
        );
        let reason = match or_null {
            Ok(OriginOrNull::Origin(_)) => Reason::OriginNotAllowed,
            Ok(OriginOrNull::Null) => Reason::NullNotAllowed,
            Err(_) => Reason::OriginMalformed,
        };
        let refusal = NOBODY.decide(&request).refusal().expect("nobody is allowed");
        assert_eq!(refusal.reason(), reason, "the reason differs");
    }
});
