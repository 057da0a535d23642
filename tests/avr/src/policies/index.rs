//! A policy with an index.

use embedded_cors::{OriginIndex, Policy};

use super::ORIGINS;

#[inline(never)]
pub fn with_index<T>(test: impl FnOnce(&Policy<'_>) -> T) -> T {
    let mut slots = [0; OriginIndex::slots_for(ORIGINS.len())];
    let index = OriginIndex::build(ORIGINS, &mut slots, 7)
        .ok()
        .expect("slots_for gives enough slots");
    let built = Policy::builder().allow_indexed_origins(&index).build();
    test(&built.ok().expect("the policy is valid"))
}
