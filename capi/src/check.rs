//! Checks of one value each, for servers that read their configuration line by line.
//!
//! Each builds a policy whose only entry is the value, so the rules are those of a whole policy,
//! except for what depends on other entries.

use core::ffi::{c_char, c_int};

use cors::{Policy, PolicyErrorKind, Setting};

use crate::cause::Cause;
use crate::code;
use crate::config::{max_age, not_utf8};
use crate::error::{Error, Mistake, member, report};
use crate::pointer;

/// Checks one value as the only entry of its list.
///
/// # Safety
///
/// `value` and `error` are as the header demands.
// Inlining it four times adds 800 bytes on a Cortex-M3 (`.ci/c` prints the size).
#[inline(never)]
unsafe fn check(setting: Setting, value: *const c_char, len: usize, error: *mut Error) -> c_int {
    // SAFETY: the caller vouches for the value.
    let checked = unsafe { pointer::bytes(value, len) }
        .map_err(|_| Mistake::new(Cause::Argument, member(setting)))
        .and_then(|value| {
            core::str::from_utf8(value).map_err(|error| not_utf8(setting, value, error.valid_up_to()))
        })
        .and_then(|text| {
            // Names without an origin are a mistake.
            let (builder, entries) = (Policy::builder().allow_loopback(), &[text]);
            let builder = match setting {
                Setting::AllowOrigins => builder.allow_origins(entries),
                Setting::AllowMethods => builder.allow_methods(entries),
                Setting::AllowHeaders => builder.allow_headers(entries),
                _ => builder.expose_headers(entries),
            };
            match builder.build() {
                Ok(_) => Ok(()),
                // It is a mistake only if `PATCH` is not in the list too.
                Err(error) if error.kind() == PolicyErrorKind::PatchCase => Ok(()),
                Err(error) => Err(Mistake::of_entry(
                    Cause::Engine(error.kind()),
                    setting,
                    text.as_bytes(),
                    error.at(),
                )),
            }
        });
    match checked {
        Ok(()) => code::OK,
        // SAFETY: the caller vouches for the place of the error.
        Err(mistake) => unsafe { report(mistake, error) },
    }
}

macro_rules! checks_of_entries {
    ($($function:ident: $setting:ident;)*) => {$(
        /// Documented in the header.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $function(value: *const c_char, len: usize, error: *mut Error) -> c_int {
            // SAFETY: the header makes the same demands.
            unsafe { check(Setting::$setting, value, len, error) }
        }
    )*};
}

checks_of_entries! {
    ecors_check_origin: AllowOrigins;
    ecors_check_method: AllowMethods;
    ecors_check_header: AllowHeaders;
    ecors_check_exposed_header: ExposeHeaders;
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_max_age(seconds: i32, error: *mut Error) -> c_int {
    let checked = max_age(seconds).and_then(|seconds| {
        let builder = Policy::builder();
        let builder = match seconds {
            Some(seconds) => builder.max_age_seconds(seconds),
            None => builder,
        };
        builder.build().map(|_| ()).map_err(Mistake::from)
    });
    match checked {
        Ok(()) => code::OK,
        // SAFETY: the header asks for a place for the error.
        Err(mistake) => unsafe { report(mistake, error) },
    }
}
