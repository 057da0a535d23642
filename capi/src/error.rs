//! Mistakes in a configuration, as `ecors_error` describes them.
//!
//! The engine's errors name the methods of its Rust builder. A C programmer reads the member of
//! `ecors_config` and the flag instead, so this module translates both.

use core::ffi::{CStr, c_char, c_int};

#[cfg(feature = "doors")]
use cors::DoorsErrorKind;
use cors::{PolicyError, PolicyErrorKind, Setting};
#[cfg(feature = "rules")]
use cors::{RulesError, RulesErrorKind};

use crate::cause::Cause;
use crate::code::{self, NO_POSITION};
use crate::text::Str;
#[cfg(feature = "texts")]
use crate::words::words_of;

/// `ecors_error`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Error {
    pub(crate) setting: *const c_char,
    pub(crate) what: Str,
    pub(crate) fix: Str,
    pub(crate) entry: Str,
    pub(crate) index: usize,
    pub(crate) byte: usize,
    pub(crate) rule: usize,
    pub(crate) permitted_by: u32,
    pub(crate) reserved: [u32; 5],
}

/// A mistake before it is put in words: it is passed through several functions, so it is small.
pub(crate) struct Mistake {
    cause: Cause,
    /// The member of `ecors_config`, or the argument.
    setting: &'static CStr,
    entry: Option<&'static [u8]>,
    // Positions are as in the header: `NO_POSITION` for none.
    index: usize,
    byte: usize,
    rule: usize,
}

impl Mistake {
    pub(crate) const NO_MEMORY: Self = Self::new(Cause::Memory, c"memory");

    /// Describes a mistake without an entry.
    pub(crate) const fn new(cause: Cause, setting: &'static CStr) -> Self {
        Self {
            cause,
            setting,
            entry: None,
            index: NO_POSITION,
            byte: NO_POSITION,
            rule: NO_POSITION,
        }
    }

    /// Describes a mistake in an entry, and the byte of it that is wrong.
    pub(crate) const fn of_entry(
        cause: Cause,
        setting: Setting,
        entry: &'static [u8],
        byte: Option<usize>,
    ) -> Self {
        Self {
            entry: Some(entry),
            byte: position(byte),
            ..Self::new(cause, member(setting))
        }
    }

    /// Describes a mistake in a host of doors.
    #[cfg(feature = "doors")]
    pub(crate) const fn of_host(kind: DoorsErrorKind, entry: &'static [u8], byte: usize) -> Self {
        Self {
            entry: Some(entry),
            // Byte 0 is that of an entry that is wrong as a whole.
            byte: if byte == 0 { NO_POSITION } else { byte },
            ..Self::new(Cause::Host(kind), c"hosts")
        }
    }

    /// Adds the index of the entry in its list.
    pub(crate) const fn at_index(self, index: usize) -> Self {
        Self { index, ..self }
    }

    #[cfg(feature = "rules")]
    /// Adds the index of the rule, unless it is there already or `rule` is `NO_POSITION`.
    pub(crate) fn in_rule(self, rule: usize) -> Self {
        Self {
            rule: self.rule.min(rule),
            ..self
        }
    }

    const fn code(&self) -> c_int {
        match self.cause {
            Cause::Argument => code::ARG,
            Cause::Memory => code::MEMORY,
            Cause::StructSize => code::ABI,
            #[cfg(feature = "doors")]
            Cause::DoorsStructSize => code::ABI,
            _ => code::CONFIG,
        }
    }

    const fn in_words(&self) -> Error {
        #[cfg(feature = "texts")]
        let (what, fix) = words_of(self.cause);
        #[cfg(not(feature = "texts"))]
        let (what, fix) = ("is not valid", "see embedded_cors.h");
        Error {
            setting: self.setting.as_ptr(),
            what: Str::of(what.as_bytes()),
            fix: Str::of(fix.as_bytes()),
            entry: match self.entry {
                Some(entry) => Str::of(entry),
                None => Str::NONE,
            },
            index: self.index,
            byte: self.byte,
            rule: self.rule,
            permitted_by: match permission(self.cause) {
                Some(flag) => flag.bit(),
                None => 0,
            },
            reserved: [0; 5],
        }
    }
}

#[cfg(feature = "rules")]
impl From<RulesError> for Mistake {
    fn from(error: RulesError) -> Self {
        let cause = match error.kind() {
            RulesErrorKind::Empty => Cause::NoRules,
            RulesErrorKind::TooMany => Cause::TooManyRules,
            _ => return Self::new(Cause::UnreachableRule, c"origins").in_rule(error.rule()),
        };
        Self::new(cause, c"count")
    }
}

impl From<PolicyError<'static>> for Mistake {
    fn from(error: PolicyError<'static>) -> Self {
        Self {
            entry: error.entry().map(str::as_bytes),
            index: position(error.index()),
            byte: position(error.at()),
            ..Self::new(Cause::Engine(error.kind()), member(error.setting()))
        }
    }
}

/// Returns a position as the header has it.
const fn position(position: Option<usize>) -> usize {
    match position {
        Some(position) => position,
        None => NO_POSITION,
    }
}

/// Describes a mistake for the caller, and returns its code.
///
/// # Safety
///
/// `error` is NULL or points to an `ecors_error` that nothing else uses.
pub(crate) unsafe fn report(mistake: Mistake, error: *mut Error) -> c_int {
    if !error.is_null() {
        // SAFETY: the pointer is not NULL; the caller vouches for the place.
        unsafe { error.write(mistake.in_words()) };
    }
    mistake.code()
}

/// Returns the member of `ecors_config` that a setting of the engine comes from.
pub(crate) const fn member(setting: Setting) -> &'static CStr {
    match setting {
        Setting::AllowOrigins => c"origins",
        Setting::AllowOriginIf => c"origin_predicate",
        Setting::AllowMethods => c"methods",
        Setting::AllowHeaders => c"headers",
        Setting::ExposeHeaders => c"expose",
        Setting::MaxAge => c"max_age_seconds",
        // `Setting` may get variants; the tests make every mistake and compare the member.
        _ => c"config",
    }
}

/// A flag of `ecors_config` that permits what is a mistake without it.
#[derive(Clone, Copy)]
pub(crate) enum Permission {
    InsecureOrigins,
    PublicSuffixes,
    Predicate,
}

impl Permission {
    #[cfg(feature = "texts")]
    pub(crate) const ALL: [Self; 3] = [Self::InsecureOrigins, Self::PublicSuffixes, Self::Predicate];

    pub(crate) const fn bit(self) -> u32 {
        match self {
            Self::InsecureOrigins => 0x1_0000,
            Self::PublicSuffixes => 0x2_0000,
            Self::Predicate => 0x4_0000,
        }
    }
}

/// Returns the flag that permits what is a mistake without it.
const fn permission(cause: Cause) -> Option<Permission> {
    match cause {
        Cause::Engine(PolicyErrorKind::InsecureWithCredentials) => Some(Permission::InsecureOrigins),
        Cause::Engine(PolicyErrorKind::SuffixWithCredentials) => Some(Permission::PublicSuffixes),
        Cause::Engine(PolicyErrorKind::PredicateWithCredentials) => Some(Permission::Predicate),
        _ => None,
    }
}
