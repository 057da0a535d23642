//! The words about a mistake: what is wrong and what to write instead.

#[cfg(feature = "doors")]
use cors::DoorsErrorKind;
use cors::PolicyErrorKind;

use crate::cause::Cause;

/// Returns what is wrong and what to write instead.
///
/// The texts about the engine's errors are the engine's, except where those name a method of the
/// Rust builder.
pub(crate) const fn words_of(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Engine(kind) => (kind.what(), fix_of(kind)),
        #[cfg(feature = "doors")]
        Cause::Host(kind) => (kind.what(), fix_of_host(kind)),
        _ => *own_words_of(cause),
    }
}

const fn fix_of(kind: PolicyErrorKind) -> &'static str {
    match kind {
        PolicyErrorKind::InsecureWithCredentials => "write https://",
        PolicyErrorKind::SuffixWithCredentials => "write a registered domain",
        PolicyErrorKind::PredicateWithCredentials => "list the origins",
        _ => kind.fix(),
    }
}

#[cfg(feature = "doors")]
const fn fix_of_host(kind: DoorsErrorKind) -> &'static str {
    match kind {
        DoorsErrorKind::Path => "write the host alone; for every address, set ECORS_DOORS_IP_LITERALS",
        _ => kind.fix(),
    }
}

/// Returns the words about a mistake that the engine does not know.
// The match becomes a table of references. With the words in the match of `words_of` it becomes a
// jump for each cause, which takes 500 bytes more on a Cortex-M3.
#[inline(never)]
const fn own_words_of(cause: Cause) -> &'static (&'static str, &'static str) {
    match cause {
        Cause::Argument => &("is NULL or too long", "pass a pointer and its length"),
        Cause::Memory => &("is too small", "pass as many bytes as ecors_policy_size returns"),
        Cause::StructSize => &(
            "is not the size of this library's ecors_config",
            "write sizeof(ecors_config) and compile with the header of the library",
        ),
        Cause::UnknownFlag => &(
            "has a bit that is not a flag of this library",
            "use the constants of the library's header",
        ),
        Cause::TwoSuccessStatuses => &(
            "has both ECORS_SUCCESS_STATUS_200 and ECORS_SUCCESS_STATUS_204_BARE",
            "set at most one of them",
        ),
        Cause::TwoRefusedStatuses => &(
            "has both ECORS_REFUSED_STATUS_204 and ECORS_REFUSED_STATUS_200",
            "set at most one of them",
        ),
        Cause::NegativeMaxAge => &(
            "is negative",
            "write 0 to 86400, or -1 for no Access-Control-Max-Age",
        ),
        #[cfg(feature = "index")]
        Cause::IndexSeed => &("makes too many origins collide in the index", "write other bytes"),
        #[cfg(not(feature = "index"))]
        Cause::NoIndex => &(
            "has more than 32 entries, and the library has no code for an index",
            "build it with the feature index",
        ),
        #[cfg(feature = "rules")]
        Cause::NoRules => &("is 0", "pass at least one rule"),
        #[cfg(feature = "rules")]
        Cause::TooManyRules => &("is above ECORS_MAX_RULES", "pass at most 16 rules"),
        #[cfg(feature = "doors")]
        Cause::DoorsStructSize => &(
            "is not the size of this library's ecors_doors_config",
            "write sizeof(ecors_doors_config) and compile with the header of the library",
        ),
        #[cfg(feature = "doors")]
        Cause::TwoResourcePolicies => &(
            "has more than one of the flags ECORS_DOORS_RESOURCES_...",
            "set at most one of them",
        ),
        #[cfg(feature = "rules")]
        Cause::UnreachableRule => &(
            "earlier rules allow all of them, so this rule never decides",
            "move it before them or remove it",
        ),
        Cause::Engine(_) => &("", ""),
        #[cfg(feature = "doors")]
        Cause::Host(_) => &("", ""),
    }
}
