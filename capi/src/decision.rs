//! Decisions, and what is written of them.

use core::ffi::{CStr, c_char, c_int};

use cors::{CorsFields, Decision, Kind, MAX_FIELDS, Request};

use crate::config::Config;
use crate::error::Error;
use crate::slot::{self, Marked, Slot};
use crate::{NOWHERE, Opaque, code, pointer, policy, reader, request, words};

/// A decision, and the `Vary` that it takes in when it is written.
pub(crate) struct Made {
    decision: Decision<'static>,
    vary: Option<&'static str>,
}

impl Marked for Made {
    const MARK: u32 = 0xec05_0004;
}

/// `ecors_decision`.
pub(crate) type Struct = Opaque<{ words(40, 24) }>;
pub(crate) type Stored = Slot<Made>;

const _: () = assert!(Stored::fits::<Struct>());

// `ECORS_NOT_CORS` and so on.
pub(crate) const NOT_CORS: c_int = 0;
pub(crate) const ACTUAL: c_int = 1;
pub(crate) const PREFLIGHT: c_int = 2;

const fn kind(decision: &Decision<'_>) -> c_int {
    match decision.kind() {
        Kind::NotCors => NOT_CORS,
        Kind::Actual => ACTUAL,
        Kind::Preflight => PREFLIGHT,
    }
}

/// Fills a struct with the decision that `decide` gives, and returns its kind.
///
/// # Safety
///
/// Unless it is NULL, `decision` is a struct that nobody else uses.
pub(crate) unsafe fn init(
    decision: *mut Struct,
    decide: impl FnOnce() -> Result<Decision<'static>, c_int>,
) -> c_int {
    let place: *mut Stored = decision.cast();
    // SAFETY: as the caller says.
    unsafe {
        match slot::clear(place).and_then(|()| decide()) {
            Ok(decision) => {
                let kind = kind(&decision);
                let made = Made { decision, vary: None };
                match slot::fill(place, made) {
                    code::OK => kind,
                    code => code,
                }
            }
            Err(code) => code,
        }
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decide(
    policy: *const policy::Stored,
    request: *const request::Struct,
    decision: *mut Struct,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(decision, || {
            Ok(slot::get(policy)?.decide(slot::get::<Request<'static>>(request.cast())?))
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decide_error_reply(
    policy: *const policy::Stored,
    request: *const request::Struct,
    decision: *mut Struct,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(decision, || {
            Ok(slot::get(policy)?.decide_error_reply(slot::get::<Request<'static>>(request.cast())?))
        })
    }
}

/// What is in a struct.
///
/// # Safety
///
/// As the header says.
unsafe fn made(decision: *const Struct) -> Result<&'static Made, c_int> {
    // SAFETY: as the caller says.
    unsafe { slot::get(decision.cast()) }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_kind(decision: *const Struct) -> c_int {
    // SAFETY: as the header says.
    match unsafe { made(decision) } {
        Ok(made) => kind(&made.decision),
        Err(code) => code,
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_is_allowed(decision: *const Struct) -> c_int {
    // SAFETY: as the header says.
    unsafe { made(decision) }
        .is_ok_and(|made| made.decision.is_allowed())
        .into()
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_reason(decision: *const Struct) -> c_int {
    // SAFETY: as the header says.
    match unsafe { made(decision) } {
        Ok(made) => made
            .decision
            .refusal()
            .map_or(0, |refusal| refusal.reason().code().into()),
        Err(code) => code,
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_reason_index(decision: *const Struct) -> usize {
    // SAFETY: as the header says.
    let made = unsafe { made(decision) };
    made.ok()
        .and_then(|made| made.decision.refusal()?.index())
        .unwrap_or(NOWHERE)
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_status(decision: *const Struct) -> c_int {
    // SAFETY: as the header says.
    match unsafe { made(decision) } {
        Ok(made) => made
            .decision
            .preflight()
            .map_or(0, |preflight| preflight.status().cast_signed().into()),
        Err(code) => code,
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_merge_vary(
    decision: *mut Struct,
    value: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    let (made, value) = unsafe {
        match (slot::get_mut::<Made>(decision.cast()), pointer::bytes(value, len)) {
            (Ok(made), Ok(value)) => (made, value),
            (Err(code), _) | (_, Err(code)) => return code,
        }
    };
    let Ok(value) = core::str::from_utf8(value) else {
        return code::ARG;
    };
    match shortened(&made.decision).merge_vary(&[value]) {
        Ok(_) => made.vary = Some(value),
        Err(_) => return code::ARG,
    }
    code::OK
}

/// The decision with a lifetime that something on the stack can have.
const fn shortened<'d>(decision: &'d Decision<'static>) -> &'d Decision<'d> {
    decision
}

/// Calls `write` with the decision that is in a struct, its `Vary` merged if there is one to merge.
///
/// # Safety
///
/// As the header says.
unsafe fn write(decision: *const Struct, write: impl FnOnce(&Decision<'_>, bool) -> c_int) -> c_int {
    // SAFETY: as the caller says.
    let made = match unsafe { made(decision) } {
        Ok(made) => made,
        Err(code) => return code,
    };
    let (vary, merged);
    let decision = match made.vary {
        None => shortened(&made.decision),
        Some(value) => {
            vary = [value];
            match shortened(&made.decision).merge_vary(&vary) {
                Ok(decision) => {
                    merged = decision;
                    &merged
                }
                // It was changed meanwhile.
                Err(_) => return code::ARG,
            }
        }
    };
    write(decision, made.vary.is_some())
}

/// Writes text and a NUL into a buffer.
///
/// # Safety
///
/// As the header says.
unsafe fn write_text(
    decision: *const Struct,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
    text: impl FnOnce(&Decision<'_>, &mut [u8]) -> Result<Result<usize, usize>, c_int>,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        pointer::store(len, 0);
        let buffer = match pointer::buffer(buffer, size) {
            Ok(buffer) => buffer,
            Err(code) => return code,
        };
        write(decision, |decision, _| {
            // One byte is for the NUL.
            let room = buffer.len().checked_sub(1);
            let text_room = buffer.get_mut(..room.unwrap_or(0)).unwrap_or_default();
            let written = match text(decision, text_room) {
                Ok(written) => written,
                Err(code) => return code,
            };
            let (Ok(needed) | Err(needed)) = written;
            pointer::store(len, needed);
            match (written, buffer.get_mut(needed)) {
                (Ok(_), Some(end)) => {
                    *end = 0;
                    code::OK
                }
                _ => code::MEMORY,
            }
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_lines(
    decision: *const Struct,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        write_text(decision, buffer, size, len, |decision, room| {
            let written = decision.write_fields(room);
            Ok(written.map(|lines| lines.len()).map_err(|error| error.needed()))
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_response(
    decision: *const Struct,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        write_text(decision, buffer, size, len, |decision, room| {
            let written = decision.preflight().ok_or(code::STATE)?.write_response(room);
            Ok(written.map(<[u8]>::len).map_err(|error| error.needed()))
        })
    }
}

/// `ecors_field`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Field {
    pub(crate) name: *const c_char,
    pub(crate) name_len: usize,
    pub(crate) value: *const c_char,
    pub(crate) value_len: usize,
    pub(crate) append: c_int,
}

/// `ecors_fields`.
#[repr(C)]
pub struct Fields {
    pub(crate) len: usize,
    pub(crate) items: [Field; MAX_FIELDS],
}

/// The names of all fields, as C strings.
static NAMES: [&CStr; 8] = [
    c"access-control-allow-origin",
    c"access-control-allow-credentials",
    c"access-control-allow-methods",
    c"access-control-allow-headers",
    c"access-control-allow-private-network",
    c"access-control-max-age",
    c"access-control-expose-headers",
    VARY,
];
const VARY: &CStr = c"vary";

/// The same name as a C string.
fn c_name(name: &str) -> &'static CStr {
    let is_same = |known: &&&CStr| known.to_bytes() == name.as_bytes();
    NAMES.iter().find(is_same).copied().unwrap_or(c"")
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_fields(
    decision: *const Struct,
    buffer: *mut c_char,
    size: usize,
    fields: *mut Fields,
    needed: *mut usize,
) -> c_int {
    // SAFETY: as the header says. Every bit pattern is a field.
    let (bytes, fields) = unsafe {
        pointer::store(needed, 0);
        if fields.is_null() || !fields.is_aligned() {
            return code::ARG;
        }
        (&raw mut (*fields).len).write(0);
        match pointer::buffer(buffer, size) {
            Ok(bytes) => (bytes, &mut *fields),
            Err(code) => return code,
        }
    };
    let place = |decision: &Decision<'_>, is_merged: bool| {
        let written = decision.write_fields(bytes);
        let size = written.map_or_else(|error| error.needed(), |lines| lines.len());
        // SAFETY: as the header says.
        unsafe { pointer::store(needed, size) };
        let Ok(lines) = written else {
            return code::MEMORY;
        };
        // Each value lies in its line, and its NUL where the CRLF is.
        let mut ends = [0; MAX_FIELDS];
        let (mut count, mut start) = (0, 0);
        let places = fields.items.iter_mut().zip(&mut ends);
        for ((name, value), (item, end)) in lines.pairs().zip(places) {
            start += name.len() + ": ".len();
            *end = start + value.len();
            let name = c_name(name);
            *item = Field {
                name: name.as_ptr(),
                name_len: name.count_bytes(),
                value: buffer.wrapping_add(start),
                value_len: value.len(),
                append: (name == VARY && !is_merged).into(),
            };
            start = *end + "\r\n".len();
            count += 1;
        }
        for end in ends.into_iter().take(count) {
            if let Some(end) = bytes.get_mut(end) {
                *end = 0;
            }
        }
        fields.len = count;
        code::OK
    };
    // SAFETY: as the header says.
    unsafe { write(decision, place) }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_is_cors_field(name: *const c_char, len: usize) -> c_int {
    // SAFETY: as the header says.
    let name = unsafe { pointer::bytes(name, len) };
    name.is_ok_and(|name| !CorsFields::find([name]).is_empty()).into()
}

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_size(which: c_int) -> usize {
    // In the order of `ECORS_SIZE_CONFIG` and so on.
    const SIZES: [usize; 7] = [
        0,
        size_of::<Config>(),
        size_of::<Error>(),
        size_of::<request::Struct>(),
        size_of::<reader::Struct>(),
        size_of::<Struct>(),
        size_of::<Fields>(),
    ];
    #[cfg(feature = "panicky")]
    return SIZES[which as usize];
    #[cfg(not(feature = "panicky"))]
    usize::try_from(which)
        .ok()
        .and_then(|which| SIZES.get(which))
        .copied()
        .unwrap_or(0)
}
