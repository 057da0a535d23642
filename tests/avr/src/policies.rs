//! The policies, which both machines have: those of `decisions.txt`, and a few that are longer.

use embedded_cors::{OriginIndex, OwnedPolicy, Policy, PolicyBuf, RefusedStatus, SuccessStatus};

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// More than a policy keeps a byte of, to look at them in words. The last but the wildcards is behind those.
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

/// The bytes of all of them, with commas.
const OWNED_LEN: usize = {
    let (mut len, mut i) = (0, 0);
    while i < ORIGINS.len() {
        len += ORIGINS[i].len() + 1;
        i += 1;
    }
    len
};

static LISTED: Policy = Policy::builder()
    .allow_origins(ORIGINS)
    .allow_methods(&["*"])
    .allow_headers(&["*"])
    .build_or_panic();

#[cfg(not(target_arch = "avr"))]
pub const COUNT: u8 = (POLICIES.len() + 3) as u8;

/// The one whose longest answer has more than 65,535 bytes.
#[cfg(not(target_arch = "avr"))]
pub const OVERLAPPING: u8 = COUNT;

/// The first that has [`ORIGINS`], as those behind it have. It allows any method and header.
#[cfg(not(target_arch = "avr"))]
pub const WITH_ORIGINS: u8 = POLICIES.len() as u8;

/// The bytes of the longest text of a rendered policy of the table.
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
    match POLICIES.get(number) {
        Some(policy) => test(policy),
        None if number == POLICIES.len() => test(&LISTED),
        None if number == POLICIES.len() + 1 => with_index(test),
        None if number == POLICIES.len() + 2 => with_owned(test),
        None => with_overlapping(test),
    }
}

// Each has a frame of its own: the stack is short.

#[inline(never)]
fn with_index<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    let mut slots = [0; OriginIndex::slots_for(ORIGINS.len())];
    let index = OriginIndex::build(ORIGINS, &mut slots, 7).expect("there are enough slots");
    let built = Policy::builder().allow_indexed_origins(&index).build();
    test(&built.expect("it is valid"))
}

#[inline(never)]
fn with_owned<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    test(&owned().policy())
}

#[inline(never)]
fn owned() -> OwnedPolicy<OWNED_LEN> {
    let mut lists = PolicyBuf::new();
    for origin in ORIGINS {
        lists.allow_origin(origin).expect("there is room");
    }
    lists.build(|options| options).expect("it is valid")
}

/// Names that lie over one another, so that they fit into memory: with each written out, an answer has more bytes than 16 bits count.
#[inline(never)]
fn with_overlapping<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    const COUNT: usize = 64;
    const LEN: usize = 512;
    let mut text = [b'n'; LEN + COUNT - 1];
    text[LEN / 2] = b'o';
    let text = core::str::from_utf8(&text).expect("it is ASCII");
    let names: [&str; COUNT] = core::array::from_fn(|start| &text[start..start + LEN]);
    let builder = Policy::builder().allow_origins(&["https://a.b"]);
    let built = builder.allow_methods(&names).allow_headers(&names).build();
    test(&built.expect("it is valid"))
}
