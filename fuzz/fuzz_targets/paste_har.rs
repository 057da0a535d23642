//! Law: HAR files cause no panic, take linear time,
//! and show none of the secrets in them.
#![no_main]

use embedded_cors_fuzz::paste::{HAR, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = check(&HAR, data);
});
