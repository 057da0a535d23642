//! Every size, offset and number of the header, as this library has it. The tests compare them with
//! the header's for each machine, and look for numbers of the header that are missing here.
//!
//! [`ecors_layout`] has the numbers in the order of [`NAMES`], which are C expressions for the same
//! numbers. `ALIGNMENT` is a macro of `tests/layout.c`, since C99 has none.

use core::mem::offset_of;

use crate::config::{self, Config, List};
use crate::decision::{self, Field, Fields};
use crate::error::{Error, Permission};
use crate::text::Str;
use crate::{code, doors, policy, reader, request};

macro_rules! layout {
    ($($name:literal = $value:expr;)*) => {
        /// The C expressions.
        pub const NAMES: &[&str] = &[$($name),*];

        /// The numbers. Wide and negative ones are truncated to 32 bits.
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, reason = "it is a name in C")]
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
    "offsetof(ecors_config, origin_predicate)" = offset_of!(Config, origin_predicate);
    "offsetof(ecors_config, predicate_user)" = offset_of!(Config, predicate_user);
    "offsetof(ecors_config, index_seed)" = offset_of!(Config, index_seed);
    "sizeof(ecors_error)" = size_of::<Error>();
    "offsetof(ecors_error, setting)" = offset_of!(Error, setting);
    "offsetof(ecors_error, what)" = offset_of!(Error, what);
    "offsetof(ecors_error, fix)" = offset_of!(Error, fix);
    "offsetof(ecors_error, entry)" = offset_of!(Error, entry);
    "offsetof(ecors_error, index)" = offset_of!(Error, index);
    "offsetof(ecors_error, byte)" = offset_of!(Error, byte);
    "offsetof(ecors_error, rule)" = offset_of!(Error, rule);
    "offsetof(ecors_error, permitted_by)" = offset_of!(Error, permitted_by);
    "offsetof(ecors_error, reserved)" = offset_of!(Error, reserved);
    "sizeof(ecors_request)" = size_of::<request::OpaqueRequest>();
    "offsetof(ecors_request, opaque)" = 0;
    "sizeof(ecors_reader)" = size_of::<reader::OpaqueReader>();
    "offsetof(ecors_reader, opaque)" = 0;
    "sizeof(ecors_decision)" = size_of::<decision::OpaqueDecision>();
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
    "offsetof(ecors_fields, reserved)" = offset_of!(Fields, reserved);
    "sizeof(ecors_doors_config)" = size_of::<doors::Config>();
    "offsetof(ecors_doors_config, struct_size)" = offset_of!(doors::Config, struct_size);
    "offsetof(ecors_doors_config, flags)" = offset_of!(doors::Config, flags);
    "offsetof(ecors_doors_config, reserved)" = offset_of!(doors::Config, reserved);
    "offsetof(ecors_doors_config, hosts)" = offset_of!(doors::Config, hosts);
    "sizeof(ecors_doors_request)" = size_of::<doors::OpaqueRequest>();
    "offsetof(ecors_doors_request, opaque)" = 0;
    "sizeof(ecors_doors_reader)" = size_of::<doors::OpaqueReader>();
    "offsetof(ecors_doors_reader, opaque)" = 0;
    "sizeof(ecors_doors_decision)" = size_of::<doors::OpaqueDecision>();
    "offsetof(ecors_doors_decision, opaque)" = 0;
    "ALIGNMENT(ecors_str)" = align_of::<Str>();
    "ALIGNMENT(ecors_list)" = align_of::<List>();
    "ALIGNMENT(ecors_config)" = align_of::<Config>();
    "ALIGNMENT(ecors_error)" = align_of::<Error>();
    "ALIGNMENT(ecors_request)" = align_of::<request::OpaqueRequest>();
    "ALIGNMENT(ecors_reader)" = align_of::<reader::OpaqueReader>();
    "ALIGNMENT(ecors_decision)" = align_of::<decision::OpaqueDecision>();
    "ALIGNMENT(ecors_field)" = align_of::<Field>();
    "ALIGNMENT(ecors_fields)" = align_of::<Fields>();
    "ALIGNMENT(ecors_doors_config)" = align_of::<doors::Config>();
    "ALIGNMENT(ecors_doors_request)" = align_of::<doors::OpaqueRequest>();
    "ALIGNMENT(ecors_doors_reader)" = align_of::<doors::OpaqueReader>();
    "ALIGNMENT(ecors_doors_decision)" = align_of::<doors::OpaqueDecision>();
    "ECORS_VERSION_MAJOR" = number(env!("CARGO_PKG_VERSION_MAJOR"));
    "ECORS_VERSION_MINOR" = number(env!("CARGO_PKG_VERSION_MINOR"));
    "ECORS_VERSION_PATCH" = number(env!("CARGO_PKG_VERSION_PATCH"));
    "ECORS_ABI_VERSION" = code::ABI_VERSION;
    "ECORS_OK" = code::OK;
    "ECORS_E_ARG" = code::ARG;
    "ECORS_E_STATE" = code::STATE;
    "ECORS_E_CONFIG" = code::CONFIG;
    "ECORS_E_MEMORY" = code::MEMORY;
    "ECORS_E_ABI" = code::ABI;
    "ECORS_E_HEAD" = code::HEAD;
    "ECORS_E_INCOMPLETE" = code::INCOMPLETE;
    "ECORS_NO_POSITION" = code::NO_POSITION;
    "ECORS_CREDENTIALS" = config::CREDENTIALS;
    "ECORS_TIMING" = config::TIMING;
    "ECORS_LOOPBACK" = config::LOOPBACK;
    "ECORS_HIDE_LISTS_WHEN_REFUSED" = config::HIDE_LISTS_WHEN_REFUSED;
    "ECORS_ANSWER_ONLY_REQUESTED" = config::ANSWER_ONLY_REQUESTED;
    "ECORS_STRICT_REQUEST_HEADERS" = config::STRICT_REQUEST_HEADERS;
    "ECORS_SUCCESS_STATUS_200" = config::SUCCESS_STATUS_200;
    "ECORS_SUCCESS_STATUS_204_BARE" = config::SUCCESS_STATUS_204_BARE;
    "ECORS_REFUSED_STATUS_204" = config::REFUSED_STATUS_204;
    "ECORS_REFUSED_STATUS_200" = config::REFUSED_STATUS_200;
    "ECORS_RENDER" = config::RENDER;
    "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS" = Permission::InsecureOrigins.bit();
    "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS" = Permission::PublicSuffixes.bit();
    "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS" = Permission::Predicate.bit();
    "ECORS_MAX_RULES" = cors::MAX_RULES;
    "ECORS_INDEX_MIN_ORIGINS" = Config::INDEX_MIN_ORIGINS;
    "ECORS_POLICY_SIZE(0, 0, 0, 0)" = policy::FIXED;
    "ECORS_RENDERED_SIZE(0)" = policy::RENDERED;
    "ECORS_MAX_FIELDS" = decision::MAX_FIELDS;
    "ECORS_MAX_ORIGIN_LEN" = cors::MAX_ORIGIN_LEN;
    "ECORS_READER_BYTES" = code::READER_BYTES;
    "ECORS_NEEDS_MORE" = code::NEEDS_MORE;
    "ECORS_DONE" = code::DONE;
    "ECORS_NOT_CORS" = decision::NOT_CORS;
    "ECORS_ACTUAL" = decision::ACTUAL;
    "ECORS_PREFLIGHT" = decision::PREFLIGHT;
    "ECORS_DOORS_IP_LITERALS" = doors::IP_LITERALS;
    "ECORS_DOORS_LOCALHOST" = doors::LOCALHOST;
    "ECORS_DOORS_LOCAL_NAMES" = doors::LOCAL_NAMES;
    "ECORS_DOORS_OVER_HTTPS" = doors::OVER_HTTPS;
    "ECORS_DOORS_REQUIRE_ORIGIN" = doors::REQUIRE_ORIGIN;
    "ECORS_DOORS_ENFORCE" = doors::ENFORCE;
    "ECORS_DOORS_ISOLATE" = doors::ISOLATE;
    "ECORS_DOORS_ISOLATE_SAME_SITE" = doors::ISOLATE_SAME_SITE;
    "ECORS_DOORS_HOST_STATUS_421" = doors::HOST_STATUS_421;
    "ECORS_DOORS_RESOURCES_SAME_ORIGIN" = doors::RESOURCES_SAME_ORIGIN;
    "ECORS_DOORS_RESOURCES_SAME_SITE" = doors::RESOURCES_SAME_SITE;
    "ECORS_DOORS_RESOURCES_CROSS_ORIGIN" = doors::RESOURCES_CROSS_ORIGIN;
    "ECORS_DOORS_DANGEROUSLY_TRUST_EVERY_ALLOWED_ORIGIN" = doors::TRUST_EVERY_ORIGIN;
    "ECORS_DOORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES" = doors::PUBLIC_SUFFIXES;
    "ECORS_DOORS_SIZE(0)" = doors::FIXED;
    "ECORS_DOORS_READER_BYTES" = doors::DOORS_READER_BYTES;
    "ECORS_DOORS_PASS" = doors::PASS;
    "ECORS_DOORS_ANSWER" = doors::ANSWER;
    "ECORS_DOOR_HOST" = doors::HOST;
    "ECORS_DOOR_PREFLIGHT" = doors::PREFLIGHT;
    "ECORS_DOOR_WEBSOCKET" = doors::WEBSOCKET;
    "ECORS_DOOR_UNSAFE_METHOD" = doors::UNSAFE_METHOD;
    "ECORS_DOOR_SAFE_METHOD" = doors::SAFE_METHOD;
    "ECORS_DOOR_EVENT_STREAM" = doors::EVENT_STREAM;
    "ECORS_SIZE_DOORS_CONFIG" = 7;
    "ECORS_SIZE_DOORS_REQUEST" = 8;
    "ECORS_SIZE_DOORS_READER" = 9;
    "ECORS_SIZE_DOORS_DECISION" = 10;
    "ECORS_SIZE_CONFIG" = 1;
    "ECORS_SIZE_ERROR" = 2;
    "ECORS_SIZE_REQUEST" = 3;
    "ECORS_SIZE_READER" = 4;
    "ECORS_SIZE_DECISION" = 5;
    "ECORS_SIZE_FIELDS" = 6;
}

// Some allocators of 32-bit machines, such as the `malloc` of ESP-IDF, align to 4 bytes only.
const _: () = {
    let mut i = 0;
    while i < NAMES.len() {
        let is_alignment = matches!(NAMES[i].as_bytes(), [b'A', b'L', b'I', b'G', b'N', ..]);
        assert!(!is_alignment || ecors_layout[i] as usize <= align_of::<*const ()>());
        i += 1;
    }
};

/// Returns the number of a part of the version.
const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("the parts of a version are numbers"),
    }
}
