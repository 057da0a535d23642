//! All sizes, offsets and numbers of the header, as this side has them: `ecors_layout` in the order of [`NAMES`], each of which is a C
//! expression for the same number. The tests compare both for each machine, and that no number of the header is missing.

use core::mem::offset_of;

use crate::config::{self, Config, List, Str};
use crate::decision::{self, Field, Fields};
use crate::error::Error;
use crate::{ABI_VERSION, NOWHERE, code, policy, reader, request};

macro_rules! layout {
    ($($name:literal = $value:expr;)*) => {
        /// The expressions.
        pub const NAMES: &[&str] = &[$($name),*];

        /// The numbers; what is wider or negative is cut to 32 bits.
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, reason = "a name in C")]
        pub static ecors_layout: [u32; NAMES.len()] = [$($value as u32),*];
    };
}

layout! {
    "sizeof(ecors_str)" = size_of::<Str>();
    "offsetof(ecors_str, ptr)" = offset_of!(Str, ptr);
    "offsetof(ecors_str, len)" = offset_of!(Str, len);
    "sizeof(ecors_list)" = size_of::<List>();
    "offsetof(ecors_list, items)" = offset_of!(List, items);
    "offsetof(ecors_list, len)" = offset_of!(List, len);
    "sizeof(ecors_config)" = size_of::<Config>();
    "offsetof(ecors_config, struct_size)" = offset_of!(Config, struct_size);
    "offsetof(ecors_config, flags)" = offset_of!(Config, flags);
    "offsetof(ecors_config, max_age_seconds)" = offset_of!(Config, max_age_seconds);
    "offsetof(ecors_config, origins)" = offset_of!(Config, origins);
    "offsetof(ecors_config, methods)" = offset_of!(Config, methods);
    "offsetof(ecors_config, headers)" = offset_of!(Config, headers);
    "offsetof(ecors_config, expose)" = offset_of!(Config, expose);
    "offsetof(ecors_config, origin_predicate)" = offset_of!(Config, predicate);
    "offsetof(ecors_config, predicate_user)" = offset_of!(Config, predicate_user);
    "offsetof(ecors_config, seed)" = offset_of!(Config, seed);
    "sizeof(ecors_error)" = size_of::<Error>();
    "offsetof(ecors_error, setting)" = offset_of!(Error, setting);
    "offsetof(ecors_error, what)" = offset_of!(Error, what);
    "offsetof(ecors_error, fix)" = offset_of!(Error, fix);
    "offsetof(ecors_error, entry)" = offset_of!(Error, entry);
    "offsetof(ecors_error, index)" = offset_of!(Error, index);
    "offsetof(ecors_error, byte)" = offset_of!(Error, byte);
    "sizeof(ecors_request)" = size_of::<request::Struct>();
    "offsetof(ecors_request, opaque)" = 0;
    "sizeof(ecors_reader)" = size_of::<reader::Struct>();
    "offsetof(ecors_reader, opaque)" = 0;
    "sizeof(ecors_decision)" = size_of::<decision::Struct>();
    "offsetof(ecors_decision, opaque)" = 0;
    "sizeof(ecors_field)" = size_of::<Field>();
    "offsetof(ecors_field, name)" = offset_of!(Field, name);
    "offsetof(ecors_field, name_len)" = offset_of!(Field, name_len);
    "offsetof(ecors_field, value)" = offset_of!(Field, value);
    "offsetof(ecors_field, value_len)" = offset_of!(Field, value_len);
    "offsetof(ecors_field, append)" = offset_of!(Field, append);
    "sizeof(ecors_fields)" = size_of::<Fields>();
    "offsetof(ecors_fields, len)" = offset_of!(Fields, len);
    "offsetof(ecors_fields, items)" = offset_of!(Fields, items);
    "ECORS_VERSION_MAJOR" = number(env!("CARGO_PKG_VERSION_MAJOR"));
    "ECORS_VERSION_MINOR" = number(env!("CARGO_PKG_VERSION_MINOR"));
    "ECORS_VERSION_PATCH" = number(env!("CARGO_PKG_VERSION_PATCH"));
    "ECORS_ABI_VERSION" = ABI_VERSION;
    "ECORS_OK" = code::OK;
    "ECORS_E_ARG" = code::ARG;
    "ECORS_E_STATE" = code::STATE;
    "ECORS_E_CONFIG" = code::CONFIG;
    "ECORS_E_MEMORY" = code::MEMORY;
    "ECORS_E_ABI" = code::ABI;
    "ECORS_E_HEAD" = code::HEAD;
    "ECORS_E_INCOMPLETE" = code::INCOMPLETE;
    "ECORS_NOWHERE" = NOWHERE;
    "ECORS_CREDENTIALS" = config::CREDENTIALS;
    "ECORS_PRIVATE_NETWORK" = config::PRIVATE_NETWORK;
    "ECORS_MINIMAL" = config::MINIMAL;
    "ECORS_ANSWER_ONLY_REQUESTED" = config::ANSWER_ONLY_REQUESTED;
    "ECORS_STRICT_REQUEST_HEADERS" = config::STRICT_REQUEST_HEADERS;
    "ECORS_SUCCESS_STATUS_200" = config::SUCCESS_STATUS_200;
    "ECORS_REFUSED_STATUS_204" = config::REFUSED_STATUS_204;
    "ECORS_REFUSED_STATUS_200" = config::REFUSED_STATUS_200;
    "ECORS_RENDER" = config::RENDER;
    "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS" = config::INSECURE_ORIGINS;
    "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS" = config::PUBLIC_SUFFIXES;
    "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS" = config::PREDICATE;
    "ECORS_INDEXED_FROM" = Config::INDEXED_FROM;
    "ECORS_POLICY_SIZE(0, 0, 0, 0)" = policy::FIXED;
    "ECORS_RENDERED_SIZE(0)" = policy::RENDERED;
    "ECORS_MAX_FIELDS" = cors::MAX_FIELDS;
    "ECORS_MAX_ORIGIN_LEN" = cors::MAX_ORIGIN_LEN;
    "ECORS_READER_BYTES" = reader::BYTES;
    "ECORS_MORE" = reader::MORE;
    "ECORS_DONE" = reader::DONE;
    "ECORS_NOT_CORS" = decision::NOT_CORS;
    "ECORS_ACTUAL" = decision::ACTUAL;
    "ECORS_PREFLIGHT" = decision::PREFLIGHT;
    "ECORS_SIZE_CONFIG" = 1;
    "ECORS_SIZE_ERROR" = 2;
    "ECORS_SIZE_REQUEST" = 3;
    "ECORS_SIZE_READER" = 4;
    "ECORS_SIZE_DECISION" = 5;
    "ECORS_SIZE_FIELDS" = 6;
}

const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("a version is made of numbers"),
    }
}
