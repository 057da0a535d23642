//! Mistakes in a configuration, as C has them.

use core::ffi::{CStr, c_char, c_int};

use cors::{Policy, PolicyBuilder, PolicyError, PolicyErrorKind, Setting};

use crate::config::{Str, max_age, text};
use crate::text::{Writer, c_text};
use crate::{NOWHERE, code, pointer};

/// `ecors_error`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Error {
    pub(crate) setting: *const c_char,
    pub(crate) what: *const c_char,
    pub(crate) fix: *const c_char,
    pub(crate) entry: Str,
    pub(crate) index: usize,
    pub(crate) byte: usize,
}

impl Error {
    /// About a setting without entries.
    pub(crate) const fn setting(setting: &'static CStr, what: &'static CStr, fix: &'static CStr) -> Self {
        Self {
            setting: setting.as_ptr(),
            what: what.as_ptr(),
            fix: fix.as_ptr(),
            entry: Str::NONE,
            index: NOWHERE,
            byte: NOWHERE,
        }
    }

    /// About an entry that is in no list, or none yet.
    pub(crate) fn of(setting: Setting, kind: PolicyErrorKind, entry: Str, at: usize) -> Self {
        let Texts { what, fix, has_byte } = texts(kind);
        let mut error = Self::setting(name(setting), what, fix);
        if has_entries(setting) {
            error.entry = entry;
        }
        if has_byte {
            error.byte = at;
        }
        error
    }

    /// The same, of the entry of this index.
    pub(crate) const fn in_list(mut self, index: usize) -> Self {
        self.index = index;
        self
    }

    /// The same, of an entry that is in no list.
    const fn alone(mut self) -> Self {
        self.index = NOWHERE;
        self
    }
}

impl From<PolicyError<'_>> for Error {
    fn from(error: PolicyError<'_>) -> Self {
        let of = Self::of(error.setting(), error.kind(), Str::of(error.entry()), error.at());
        if has_entries(error.setting()) {
            of.in_list(error.index())
        } else {
            of
        }
    }
}

/// A result that is no success, and what is to be said of it.
pub(crate) struct Mistake {
    pub(crate) code: c_int,
    pub(crate) error: Error,
}

impl Mistake {
    pub(crate) const NO_MEMORY: Self = Self {
        code: code::MEMORY,
        error: Error::setting(
            c"memory",
            c"is too small",
            c"give as many bytes as ecors_policy_size says",
        ),
    };

    pub(crate) const ABI: Self = Self {
        code: code::ABI,
        error: Error::setting(
            c"struct_size",
            c"is not that of this library",
            c"write sizeof(ecors_config), and compile with the header of the library",
        ),
    };

    pub(crate) const fn argument(name: &'static CStr) -> Self {
        Self {
            code: code::ARG,
            error: Error::setting(name, c"is NULL or too large", c"write a pointer and its length"),
        }
    }

    pub(crate) const fn config(error: Error) -> Self {
        Self {
            code: code::CONFIG,
            error,
        }
    }

    /// A list, or an entry of it, that is NULL.
    pub(crate) const fn null(setting: Setting, index: Option<usize>) -> Self {
        let mut mistake = Self::argument(name(setting));
        if let Some(index) = index {
            mistake.error.index = index;
        }
        mistake
    }
}

const fn has_entries(setting: Setting) -> bool {
    matches!(
        setting,
        Setting::AllowOrigins | Setting::AllowMethods | Setting::AllowHeaders | Setting::ExposeHeaders
    )
}

const fn name(setting: Setting) -> &'static CStr {
    macro_rules! names {
        ($($setting:ident)*) => {
            match setting {
                $(Setting::$setting => c_text!(Setting::$setting.name()),)*
                _ => c"policy",
            }
        };
    }
    names!(AllowOrigins AllowOriginIf AllowMethods AllowHeaders ExposeHeaders MaxAge AllowPrivateNetwork)
}

struct Texts {
    what: &'static CStr,
    fix: &'static CStr,
    /// Whether the error is about a byte of the entry.
    has_byte: bool,
}

const fn texts(kind: PolicyErrorKind) -> Texts {
    macro_rules! kinds {
        ($($kind:ident $($at:ident)?;)*) => {
            match kind {
                $(PolicyErrorKind::$kind => Texts {
                    what: c_text!(PolicyErrorKind::$kind.what()),
                    fix: c_text!(PolicyErrorKind::$kind.fix()),
                    has_byte: kinds!(@ $($at)?),
                },)*
                _ => Texts {
                    what: c"is not valid",
                    fix: c"see the documentation of the setting",
                    has_byte: false,
                },
            }
        };
        (@) => { false };
        (@ byte) => { true };
    }
    kinds! {
        Empty; NoScheme; Scheme byte; OpaqueScheme; UpperCase byte; NonAscii byte; SeveralInOne byte; Path byte; Host byte; Ipv4 byte;
        Ipv6 byte; Port byte; DefaultPort byte; Wildcard byte; WildcardAddress byte; AnyWithCredentials; NullWithCredentials;
        InsecureWithCredentials; SuffixWithCredentials; PredicateWithCredentials; NotAToken byte; NameTooLong; ForbiddenMethod;
        MethodCase; ForbiddenResponseHeader; ExposeAnyWithCredentials; TooMany; MaxAgeTooLarge; PrivateNetworkWithAny; Full;
    }
}

/// The most bytes of an entry that a message quotes.
const QUOTED: usize = 80;

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_error_message(
    error: *const Error,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header asks for a buffer, and for a place for the length.
    let buffer = unsafe {
        pointer::store(len, 0);
        match pointer::buffer(buffer, size) {
            Ok(buffer) => buffer,
            Err(code) => return code,
        }
    };
    if error.is_null() || !error.is_aligned() {
        return code::ARG;
    }
    // SAFETY: not NULL; the header asks for an error.
    let error = unsafe { error.read() };
    // SAFETY: an error's texts are static C strings, and its entry is borrowed.
    let texts = unsafe {
        (
            c_bytes(error.setting),
            c_bytes(error.what),
            c_bytes(error.fix),
            pointer::bytes(error.entry.ptr, error.entry.len),
        )
    };
    let (Some(setting), Some(what), Some(fix), Ok(entry)) = texts else {
        return code::ARG;
    };
    let emit = |out: &mut Writer<'_>| {
        out.bytes(setting);
        if error.index != NOWHERE {
            out.bytes(b"[");
            out.number(error.index);
            out.bytes(b"]");
        }
        if !error.entry.ptr.is_null() {
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
        out.bytes(what);
        if error.byte != NOWHERE {
            out.bytes(b" at byte ");
            out.number(error.byte);
        }
        out.bytes(b"; ");
        out.bytes(fix);
    };
    let mut measured = Writer::new(&mut []);
    emit(&mut measured);
    let needed = measured.len();
    // SAFETY: as above.
    unsafe { pointer::store(len, needed) };
    if buffer.len() <= needed {
        return code::MEMORY;
    }
    let mut out = Writer::new(buffer);
    emit(&mut out);
    out.bytes(b"\0");
    code::OK
}

/// The bytes of a C string.
///
/// # Safety
///
/// Unless it is NULL, `text` is a C string that does not change while the result is used.
unsafe fn c_bytes(text: *const c_char) -> Option<&'static [u8]> {
    if text.is_null() {
        return None;
    }
    let mut len: usize = 0;
    // SAFETY: bytes up to the NUL are there.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len = len.checked_add(1)?;
    }
    // SAFETY: these bytes were just read.
    unsafe { pointer::bytes(text, len) }.ok()
}

/// Checks one value, as the one entry of its list.
///
/// # Safety
///
/// As the header says.
unsafe fn check(
    setting: Setting,
    value: *const c_char,
    len: usize,
    error: *mut Error,
    builder: for<'e> fn(&'e [&'e str]) -> PolicyBuilder<'e>,
) -> c_int {
    // SAFETY: as the caller says.
    let Ok(value) = (unsafe { pointer::bytes(value, len) }) else {
        // SAFETY: as the caller says.
        return unsafe { report(Mistake::null(setting, None), error) };
    };
    let checked = text(value, setting).and_then(|text| {
        let entries = [text];
        match builder(&entries).build() {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::from(error).alone()),
        }
    });
    match checked {
        Ok(()) => code::OK,
        // SAFETY: as the caller says.
        Err(mistake) => unsafe { report(Mistake::config(mistake), error) },
    }
}

/// Stores what is to be said of a mistake, and returns its code.
///
/// # Safety
///
/// Unless it is NULL, `error` is a place for it.
pub(crate) unsafe fn report(mistake: Mistake, error: *mut Error) -> c_int {
    // SAFETY: as the caller says.
    unsafe { pointer::store(error, mistake.error) };
    mistake.code
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_origin(value: *const c_char, len: usize, error: *mut Error) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        check(Setting::AllowOrigins, value, len, error, |entries| {
            Policy::builder().allow_origins(entries)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_method(value: *const c_char, len: usize, error: *mut Error) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        check(Setting::AllowMethods, value, len, error, |entries| {
            Policy::builder().allow_methods(entries)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_header(value: *const c_char, len: usize, error: *mut Error) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        check(Setting::AllowHeaders, value, len, error, |entries| {
            Policy::builder().allow_headers(entries)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_exposed_header(
    value: *const c_char,
    len: usize,
    error: *mut Error,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        check(Setting::ExposeHeaders, value, len, error, |entries| {
            Policy::builder().expose_headers(entries)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_check_max_age(seconds: i32, error: *mut Error) -> c_int {
    let checked = max_age(seconds).and_then(|seconds| {
        let builder = Policy::builder();
        let builder = match seconds {
            Some(seconds) => builder.max_age_seconds(seconds),
            None => builder,
        };
        builder.build().map(|_| ()).map_err(Error::from)
    });
    match checked {
        Ok(()) => code::OK,
        // SAFETY: as the header says.
        Err(mistake) => unsafe { report(Mistake::config(mistake), error) },
    }
}
