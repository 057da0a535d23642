//! Proves that a policy with a long list can be built in a `static`, if the lint
//! `long_running_const_eval` is allowed.

use embedded_cors::Policy;

const ORIGIN: &str = "https://tenant-0000-with-a-long-name.example.com";

#[allow(long_running_const_eval)]
static LONG: Policy = Policy::builder().allow_origins(&[ORIGIN; 1500]).build_or_panic();

#[test]
fn a_long_list_is_a_policy() {
    let short = Policy::builder().allow_origins(&[ORIGIN]).build_or_panic();
    assert_eq!(LONG.max_response_len(), short.max_response_len());
}
