//! Other policies that are built at run time.

use embedded_cors::{FixedCapacityPolicy, Policy, PolicyLists};

use super::ORIGINS;

/// The bytes of all origins, with separators.
const OWNED_LEN: usize = {
    let (mut len, mut i) = (0, 0);
    while i < ORIGINS.len() {
        len += ORIGINS[i].len() + 1;
        i += 1;
    }
    len
};

// Each function has its own stack frame, since the stack is short.

#[inline(never)]
pub fn with_owned<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    test(&owned().policy())
}

#[inline(never)]
fn owned() -> FixedCapacityPolicy<OWNED_LEN> {
    let mut lists = PolicyLists::new();
    for origin in ORIGINS {
        lists.allow_origin(origin).ok().expect("the list has room for it");
    }
    lists.build(|options| options).ok().expect("the policy is valid")
}

/// Calls `test` with a policy whose names overlap in memory. An answer that contains them all has
/// more bytes than 16 bits can count.
#[inline(never)]
pub fn with_overlapping<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    const COUNT: usize = 64;
    const LEN: usize = 512;
    let mut text = [b'n'; LEN + COUNT - 1];
    text[LEN / 2] = b'o';
    let text = core::str::from_utf8(&text).ok().expect("the text is ASCII");
    let names: [&str; COUNT] = core::array::from_fn(|start| &text[start..start + LEN]);
    let builder = Policy::builder().allow_origins(&["https://a.b"]);
    let built = builder.allow_methods(&names).allow_headers(&names).build();
    test(&built.ok().expect("the policy is valid"))
}
