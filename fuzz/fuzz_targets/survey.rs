//! Law: a survey shows none of the secrets that a server answers with.
#![no_main]

use embedded_cors_fuzz::paste::check_survey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = check_survey(data);
});
