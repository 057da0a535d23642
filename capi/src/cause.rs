//! The kinds of mistakes in a configuration.

#[cfg(feature = "doors")]
use cors::DoorsErrorKind;
use cors::PolicyErrorKind;

/// A kind of mistake.
#[derive(Clone, Copy)]
pub(crate) enum Cause {
    /// The engine found it.
    Engine(PolicyErrorKind),
    /// A pointer and a length that are not valid.
    Argument,
    Memory,
    StructSize,
    UnknownFlag,
    TwoSuccessStatuses,
    TwoRefusedStatuses,
    NegativeMaxAge,
    #[cfg(feature = "index")]
    IndexSeed,
    /// The list of origins needs an index, and the library has no code for it.
    #[cfg(not(feature = "index"))]
    NoIndex,
    #[cfg(feature = "rules")]
    NoRules,
    #[cfg(feature = "rules")]
    TooManyRules,
    #[cfg(feature = "rules")]
    UnreachableRule,
    /// The engine found it in the hosts of doors.
    #[cfg(feature = "doors")]
    #[cfg_attr(
        not(feature = "texts"),
        allow(dead_code, reason = "only the texts read the kind")
    )]
    Host(DoorsErrorKind),
    #[cfg(feature = "doors")]
    DoorsStructSize,
    #[cfg(feature = "doors")]
    TwoResourcePolicies,
}
