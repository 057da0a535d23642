#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

/// Returns whether anyone can register a name directly under `domain`, by the public suffix list
/// (<https://publicsuffix.org/>) that the crate `psl` contains.
///
/// `domain` is in lower case and without a trailing dot, as
/// `OwnedPolicyBuilder::public_suffixes` gives it. A label that is not in the list, such as
/// `internal`, is a public suffix too, by the list's rule `*`.
///
/// ```
/// use embedded_cors_public_suffix::is_public_suffix;
///
/// assert!(is_public_suffix("co.uk") && is_public_suffix("github.io"));
/// assert!(!is_public_suffix("example.co.uk"));
/// ```
pub fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}
