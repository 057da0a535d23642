//! The policies of both machines: those of `decisions.txt`, and a few longer ones.

use embedded_cors::{Policy, PreflightRefusedStatus, PreflightSuccessStatus};

#[cfg(any(feature = "index", not(target_arch = "avr")))]
mod index;
#[cfg(any(feature = "owned", not(target_arch = "avr")))]
mod owned;

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// More origins than the 32 for which a policy keeps a fingerprint. `x://n6` is the first exact
/// entry without one.
pub const ORIGINS: &[&str] = &[
    "https://a.b",
    "https://b.b",
    "https://c.b",
    "https://d.b",
    "https://e.b",
    "https://f.b",
    "https://g.b",
    "https://h.b",
    "https://i.b",
    "https://j.b",
    "https://k.b",
    "https://l.b",
    "https://m.b",
    "https://n.b",
    "https://o.b",
    "https://p.b",
    "http://q",
    "http://r",
    "http://s",
    "http://t",
    "http://u",
    "http://v",
    "http://w",
    "http://x",
    "http://y",
    "http://z",
    "x://n0",
    "x://n1",
    "x://n2",
    "x://n3",
    "x://n4",
    "x://n5",
    "x://n6",
    "https://*.a.b",
    "http://localhost:*",
    "https://*.b.b:*",
];

#[cfg(any(not(any(feature = "index", feature = "owned")), not(target_arch = "avr")))]
static LISTED: Policy = Policy::builder()
    .allow_origins(ORIGINS)
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .build_or_panic();

#[cfg(not(target_arch = "avr"))]
pub const COUNT: u8 = (POLICIES.len() + 3) as u8;

/// The policy whose longest answer has more than 65,535 bytes.
#[cfg(not(target_arch = "avr"))]
pub const OVERLAPPING: u8 = COUNT;

/// The number of the first policy with [`ORIGINS`]. These policies come last. This one allows any
/// method and header.
#[cfg(not(target_arch = "avr"))]
pub const WITH_ORIGINS: u8 = POLICIES.len() as u8;

/// The length in bytes of the longest text of a rendered policy of `decisions.txt`.
#[cfg(target_arch = "avr")]
pub const LONGEST_TEXT: usize = {
    let (mut longest, mut i) = (0, 0);
    while i < POLICIES.len() {
        if POLICIES[i].rendered_len() > longest {
            longest = POLICIES[i].rendered_len();
        }
        i += 1;
    }
    longest
};

/// Calls `test` with the policy of this number.
pub fn with<T>(number: u8, test: impl FnOnce(&Policy<'_>) -> T) -> T {
    let number = usize::from(number);
    #[cfg(any(not(any(feature = "index", feature = "owned")), not(target_arch = "avr")))]
    match POLICIES.get(number) {
        Some(policy) => return test(policy),
        None if number == POLICIES.len() => return test(&LISTED),
        None => {}
    }
    #[cfg(any(feature = "index", not(target_arch = "avr")))]
    if number == POLICIES.len() + 1 {
        return index::with_index(test);
    }
    #[cfg(any(feature = "owned", not(target_arch = "avr")))]
    match number - POLICIES.len() {
        2 => return owned::with_owned(test),
        3 => return owned::with_overlapping(test),
        _ => {}
    }
    panic!("this firmware does not have this policy")
}
