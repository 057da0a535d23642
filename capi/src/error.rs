//! Mistakes in a configuration, in the words of the header.
//!
//! The engine's errors name the methods of its Rust builder. A C programmer reads the member of
//! `ecors_config` and the flag instead, so this module translates both.

use core::ffi::{CStr, c_char, c_int};

use cors::{DoorsErrorKind, PolicyError, PolicyErrorKind, RulesError, RulesErrorKind, Setting};

use crate::code::{self, NO_POSITION};
use crate::pointer;
use crate::text::{Str, Writer};

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
    IndexSeed,
    NoRules,
    TooManyRules,
    UnreachableRule,
    /// The engine found it in the hosts of doors.
    Host(DoorsErrorKind),
    DoorsStructSize,
    TwoResourcePolicies,
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
            Cause::StructSize | Cause::DoorsStructSize => code::ABI,
            _ => code::CONFIG,
        }
    }

    const fn in_words(&self) -> Error {
        let (what, fix) = words_of(self.cause);
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
    pub(crate) const ALL: [Self; 3] = [Self::InsecureOrigins, Self::PublicSuffixes, Self::Predicate];

    pub(crate) const fn bit(self) -> u32 {
        match self {
            Self::InsecureOrigins => 0x1_0000,
            Self::PublicSuffixes => 0x2_0000,
            Self::Predicate => 0x4_0000,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::InsecureOrigins => "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS",
            Self::PublicSuffixes => "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS",
            Self::Predicate => "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS",
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

/// Returns what is wrong and what to write instead.
///
/// The texts about the engine's errors are the engine's, except where those name a method of the
/// Rust builder.
const fn words_of(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Engine(kind) => match kind {
            PolicyErrorKind::InsecureWithCredentials => (kind.what(), "write https://"),
            PolicyErrorKind::SuffixWithCredentials => (kind.what(), "write a registered domain"),
            PolicyErrorKind::PredicateWithCredentials => (kind.what(), "list the origins"),
            _ => (kind.what(), kind.fix()),
        },
        Cause::Argument => ("is NULL or too long", "pass a pointer and its length"),
        Cause::Memory => ("is too small", "pass as many bytes as ecors_policy_size returns"),
        Cause::StructSize => (
            "is not the size of this library's ecors_config",
            "write sizeof(ecors_config) and compile with the header of the library",
        ),
        Cause::UnknownFlag => (
            "has a bit that is not a flag of this library",
            "use the constants of the library's header",
        ),
        Cause::TwoSuccessStatuses => (
            "has both ECORS_SUCCESS_STATUS_200 and ECORS_SUCCESS_STATUS_204_BARE",
            "set at most one of them",
        ),
        Cause::TwoRefusedStatuses => (
            "has both ECORS_REFUSED_STATUS_204 and ECORS_REFUSED_STATUS_200",
            "set at most one of them",
        ),
        Cause::NegativeMaxAge => (
            "is negative",
            "write 0 to 86400, or -1 for no Access-Control-Max-Age",
        ),
        Cause::IndexSeed => ("makes too many origins collide in the index", "write other bytes"),
        Cause::NoRules => ("is 0", "pass at least one rule"),
        Cause::TooManyRules => ("is above ECORS_MAX_RULES", "pass at most 16 rules"),
        Cause::Host(kind) => match kind {
            DoorsErrorKind::Path => (
                kind.what(),
                "write the host alone; for every address, set ECORS_DOORS_IP_LITERALS",
            ),
            _ => (kind.what(), kind.fix()),
        },
        Cause::DoorsStructSize => (
            "is not the size of this library's ecors_doors_config",
            "write sizeof(ecors_doors_config) and compile with the header of the library",
        ),
        Cause::TwoResourcePolicies => (
            "has more than one of the flags ECORS_DOORS_RESOURCES_...",
            "set at most one of them",
        ),
        Cause::UnreachableRule => (
            "earlier rules allow all of them, so this rule never decides",
            "move it before them or remove it",
        ),
    }
}

/// The most bytes of an entry that a message quotes, as the header says.
const QUOTED: usize = 80;

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_error_message(
    error: *const Error,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header asks for a buffer and for a place for the length.
    let buffer = unsafe {
        pointer::store(len, 0);
        match pointer::buffer(buffer, size) {
            Ok(buffer) => buffer,
            Err(code) => return code,
        }
    };
    // SAFETY: the header asks for an error.
    let Some(parts) = (unsafe { Parts::of(error) }) else {
        return code::ARG;
    };
    let mut measured = Writer::new(&mut []);
    parts.write(&mut measured);
    let needed = measured.len();
    // SAFETY: the header asks for a place for the length.
    unsafe { pointer::store(len, needed) };
    if buffer.len() <= needed {
        return code::MEMORY;
    }
    let mut out = Writer::new(buffer);
    parts.write(&mut out);
    out.bytes(b"\0");
    code::OK
}

/// The parts of a message. The caller may have changed some members of the error.
struct Parts {
    setting: &'static [u8],
    what: &'static [u8],
    fix: &'static [u8],
    entry: Option<&'static [u8]>,
    index: usize,
    byte: usize,
    rule: usize,
    permitted_by: u32,
}

impl Parts {
    /// Reads an error. Returns `None` if a pointer in it is not valid, as in a struct of zeros.
    ///
    /// # Safety
    ///
    /// `error` is NULL or points to an `ecors_error` whose texts and entry can be read.
    unsafe fn of(error: *const Error) -> Option<Self> {
        if error.is_null() || !error.is_aligned() {
            return None;
        }
        // SAFETY: the pointer is neither NULL nor misaligned; the caller vouches for the rest.
        unsafe {
            let error = error.read();
            let text = |text: Str| pointer::bytes(text.ptr, text.len).ok();
            Some(Self {
                setting: c_string(error.setting)?,
                what: text(error.what).filter(|what| !what.is_empty())?,
                fix: text(error.fix)?,
                entry: if error.entry.ptr.is_null() {
                    None
                } else {
                    Some(text(error.entry)?)
                },
                index: error.index,
                byte: error.byte,
                rule: error.rule,
                permitted_by: error.permitted_by,
            })
        }
    }

    fn write(&self, out: &mut Writer<'_>) {
        if self.rule != NO_POSITION {
            out.bytes(b"rules[");
            out.number(self.rule);
            out.bytes(b"].");
        }
        out.bytes(self.setting);
        if self.index != NO_POSITION {
            out.bytes(b"[");
            out.number(self.index);
            out.bytes(b"]");
        }
        if let Some(entry) = self.entry {
            out.bytes(b" \"");
            for &byte in entry.iter().take(QUOTED) {
                out.bytes(&[if matches!(byte, b' '..=b'~') { byte } else { b'?' }]);
            }
            if entry.len() > QUOTED {
                out.bytes(b"...");
            }
            out.bytes(b"\"");
        }
        out.bytes(b": ");
        out.bytes(self.what);
        if self.byte != NO_POSITION {
            out.bytes(b" at byte ");
            out.number(self.byte);
        }
        out.bytes(b"; ");
        out.bytes(self.fix);
        for flag in Permission::ALL {
            if flag.bit() == self.permitted_by {
                out.bytes(b", or set ");
                out.bytes(flag.name().as_bytes());
            }
        }
    }
}

/// Returns the bytes of a C string, or `None` for NULL.
///
/// # Safety
///
/// `text` is NULL or a C string that does not change while the result is used.
unsafe fn c_string(text: *const c_char) -> Option<&'static [u8]> {
    if text.is_null() {
        return None;
    }
    let mut len: usize = 0;
    // A volatile read, or the compiler would make a call of `strlen` of this loop, and the library
    // promises to need no more of a C library than the functions on memory.
    // SAFETY: the bytes up to the NUL can be read.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len = len.checked_add(1)?;
    }
    // SAFETY: these bytes were just read.
    unsafe { pointer::bytes(text, len) }.ok()
}
