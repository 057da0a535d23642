//! The tests of `embedded-cors` that need other crates: the laws in `tests/`, with `proptest`, and
//! the examples in the README and the pages of `docs`, with `http`, `toml` and others.
//!
//! They are in a separate package, so that `embedded-cors` does not have dependencies, not even for
//! its examples and tests. `cargo test` in the root of the repository runs both. The pages that
//! need features are tested with `--all-features`.

/// Compiles and runs the examples in the README and in the pages of `docs`.
#[cfg(doctest)]
mod pages {
    #[cfg(feature = "http-v1")]
    #[doc = include_str!("../../../README.md")]
    struct Readme;

    #[doc = include_str!("../../../docs/proofs.md")]
    struct Proofs;

    #[doc = include_str!("../../../docs/doors.md")]
    struct Doors;

    #[cfg(all(feature = "alloc", feature = "http-v1", feature = "serde"))]
    #[doc = include_str!("../../../docs/servers.md")]
    struct Servers;
}
