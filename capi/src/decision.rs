//! Decisions, and how their response fields are written.

use core::ffi::{c_char, c_int};

use cors::{
    BufferTooSmall, Decision, ExistingCorsFields, FIELD_NAMES, FieldLines, RefusalPosition, RequestKind,
};

use crate::code::{self, NO_POSITION};
use crate::pointer;
use crate::reply::Reply;
use crate::request::RequestSlot;
use crate::slot::{self, Marked, Opaque, Slot, words};
use crate::stored::{PolicySlot, Stored};
use crate::text::Table;

/// A decision, and the `Vary` that is merged with its own when it is written.
pub struct StoredDecision {
    decision: Decision<'static>,
    #[cfg(feature = "merge-vary")]
    vary: Option<ExistingVary>,
}

/// The value of a response's own `Vary`, and the function that merges a decision with it.
///
/// Programs that merge nothing must not link that function, but they link the functions that write
/// decisions. So those call it through this pointer, which only `ecors_decision_merge_vary` sets.
/// That saves 776 bytes in such a firmware (`.ci/c` prints the size).
#[cfg(feature = "merge-vary")]
#[derive(Clone, Copy)]
struct ExistingVary {
    value: &'static [u8],
    merge: for<'d> fn(&'d Decision<'d>, &'d [&'d [u8]]) -> Option<Decision<'d>>,
}

/// Merges a decision with values of `Vary`, unless one of them is not a list of field names.
#[cfg(feature = "merge-vary")]
fn merge<'d>(decision: &'d Decision<'d>, values: &'d [&'d [u8]]) -> Option<Decision<'d>> {
    decision.merge_vary(values).ok()
}

impl Marked for StoredDecision {
    const MARK: u32 = 0xec05_0004;
}

/// `ecors_decision`, as the header declares it.
pub(crate) type OpaqueDecision = Opaque<{ words(40, 48) }>;
/// `ecors_decision`, as this library uses it.
pub(crate) type DecisionSlot = Slot<StoredDecision>;

const _: () = assert!(DecisionSlot::fits::<OpaqueDecision>());

// `ECORS_NOT_CORS` and so on.
pub(crate) const NOT_CORS: c_int = 0;
pub(crate) const ACTUAL: c_int = 1;
pub(crate) const PREFLIGHT: c_int = 2;

const fn kind(decision: &Decision<'_>) -> c_int {
    match decision.kind() {
        RequestKind::NotCors => NOT_CORS,
        RequestKind::Actual => ACTUAL,
        RequestKind::Preflight => PREFLIGHT,
    }
}

/// Stores the decision that `decide` returns, and returns its kind.
///
/// # Safety
///
/// `place` is NULL or points to a struct that nothing else uses.
pub(crate) unsafe fn init(
    place: *mut DecisionSlot,
    decide: impl FnOnce() -> Result<Decision<'static>, c_int>,
) -> c_int {
    let mut decided = NOT_CORS;
    // SAFETY: the caller vouches for the struct.
    let stored = unsafe {
        slot::init(place, || {
            let decision = decide()?;
            decided = kind(&decision);
            Ok(StoredDecision {
                decision,
                #[cfg(feature = "merge-vary")]
                vary: None,
            })
        })
    };
    code::of(stored.map(|()| decided))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decide(
    policy: *const PolicySlot,
    request: *const RequestSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        init(decision, || {
            Ok(Stored::get(policy)?.decide(slot::get(request)?, Reply::Answer))
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decide_for_error_reply(
    policy: *const PolicySlot,
    request: *const RequestSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        init(decision, || {
            Ok(Stored::get(policy)?.decide(slot::get(request)?, Reply::Error))
        })
    }
}

/// Returns the number that `number` reads from a decision, or why there is no decision.
///
/// # Safety
///
/// `decision` is as the header demands.
unsafe fn read(decision: *const DecisionSlot, number: impl FnOnce(&Decision<'static>) -> c_int) -> c_int {
    // SAFETY: the caller vouches for the struct.
    code::of(unsafe { slot::get(decision) }.map(|stored| number(&stored.decision)))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_kind(decision: *const DecisionSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, kind) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_is_allowed(decision: *const DecisionSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, |decision| decision.is_allowed().into()) }.max(0)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_reason(decision: *const DecisionSlot) -> c_int {
    let reason = |decision: &Decision<'_>| match decision.refusal() {
        Some(refusal) => refusal.reason().code().into(),
        None => 0,
    };
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, reason) }
}

/// Returns the position of the reason in the request, or `None` if it has none, or if there is no
/// decision.
///
/// # Safety
///
/// `decision` is as the header demands.
unsafe fn position(decision: *const DecisionSlot) -> Option<RefusalPosition> {
    // SAFETY: the caller vouches for the struct.
    unsafe { slot::get(decision) }
        .ok()?
        .decision
        .refusal()?
        .position()
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_reason_byte(decision: *const DecisionSlot) -> usize {
    // SAFETY: the header makes the same demands.
    match unsafe { position(decision) } {
        Some(RefusalPosition::Byte(byte)) => byte,
        _ => NO_POSITION,
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_reason_header(decision: *const DecisionSlot) -> usize {
    // SAFETY: the header makes the same demands.
    match unsafe { position(decision) } {
        Some(RefusalPosition::Name(index)) => index,
        _ => NO_POSITION,
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_status(decision: *const DecisionSlot) -> c_int {
    let status = |decision: &Decision<'_>| match decision.preflight() {
        Some(preflight) => preflight.status().cast_signed().into(),
        None => 0,
    };
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, status) }
}

/// Documented in the header.
#[cfg(feature = "merge-vary")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_merge_vary(
    decision: *mut DecisionSlot,
    value: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let (stored, value) = unsafe {
        match (slot::get_mut(decision), pointer::bytes(value, len)) {
            (Ok(stored), Ok(value)) => (stored, value),
            (Err(code), _) | (_, Err(code)) => return code,
        }
    };
    if merge(shortened(&stored.decision), &[value]).is_none() {
        return code::ARG;
    }
    stored.vary = Some(ExistingVary { value, merge });
    code::OK
}

/// Returns the decision with the lifetime of the reference, so that it can be merged with a `Vary`
/// whose list lies on the stack.
const fn shortened<'d>(decision: &'d Decision<'static>) -> &'d Decision<'d> {
    decision
}

/// Calls `write` with a decision that has the merged `Vary`, and with whether there was one to
/// merge.
///
/// The merged decision borrows a list of values, which no struct of the caller's can hold beside
/// it. So only the value is stored, and the decision is merged each time that it is written.
///
/// # Safety
///
/// `decision` is as the header demands.
unsafe fn with_merged<T>(
    decision: *const DecisionSlot,
    write: impl FnOnce(&Decision<'_>, bool) -> Result<T, c_int>,
) -> Result<T, c_int> {
    // SAFETY: the caller vouches for the struct.
    let stored = unsafe { slot::get(decision) }?;
    let decision = shortened(&stored.decision);
    #[cfg(feature = "merge-vary")]
    if let Some(vary) = stored.vary {
        let values = [vary.value];
        // The value was valid when it was given. If it is not any more, it has changed.
        let merged = (vary.merge)(decision, &values).ok_or(code::ARG)?;
        return write(&merged, true);
    }
    write(decision, false)
}

/// Writes text and a NUL into a buffer of the caller's. `write` returns the length of its text, or
/// the length that it needs.
///
/// # Safety
///
/// The pointers are as the header demands.
pub(crate) unsafe fn write_text(
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
    write: impl FnOnce(&mut [u8]) -> Result<Result<usize, usize>, c_int>,
) -> c_int {
    // SAFETY: the caller vouches for the pointers.
    let written = unsafe {
        pointer::store(len, 0);
        pointer::buffer(buffer, size).and_then(|buffer| {
            // The last byte is for the NUL.
            let room = buffer.len().saturating_sub(1);
            let written = write(buffer.get_mut(..room).unwrap_or_default())?;
            let (Ok(needed) | Err(needed)) = written;
            pointer::store(len, needed);
            match (written, buffer.get_mut(needed)) {
                (Ok(_), Some(end)) => {
                    *end = 0;
                    Ok(code::OK)
                }
                _ => Err(code::MEMORY),
            }
        })
    };
    code::of(written)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_field_lines(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        write_text(buffer, size, len, |room| {
            with_merged(decision, |decision, _| {
                let written = decision.write_fields(room);
                Ok(written.map(|lines| lines.len()).map_err(|error| error.needed()))
            })
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_response(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        write_text(buffer, size, len, |room| {
            with_merged(decision, |decision, _| {
                let written = decision.preflight().ok_or(code::STATE)?.write_response(room);
                Ok(written.map(<[u8]>::len).map_err(|error| error.needed()))
            })
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

/// `ECORS_MAX_FIELDS`: the places of an `ecors_fields`. There are more than any decision needs, so
/// that a later version can have another field without another ABI.
pub(crate) const MAX_FIELDS: usize = 10;

const _: () = assert!(cors::MAX_FIELDS <= MAX_FIELDS);

/// `ecors_fields`.
#[repr(C)]
pub struct Fields {
    pub(crate) len: usize,
    pub(crate) items: [Field; MAX_FIELDS],
    pub(crate) reserved: [usize; 2],
}

/// The names of all fields as C strings.
static NAMES: Table<{ Table::len_of(&FIELD_NAMES) }, { FIELD_NAMES.len() }> = Table::new(&FIELD_NAMES);

/// Returns the name of a field of decisions as a C string.
pub(crate) fn c_name(name: &str) -> Option<*const c_char> {
    NAMES.find(name.as_bytes())
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_decision_fields(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    fields: *mut Fields,
    needed: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        write_fields(buffer, size, fields, needed, |bytes, place| {
            with_merged(decision, |decision, is_merged| {
                place.store(decision.write_fields(bytes), c_name, is_merged)
            })
        })
    }
}

/// Where pairs of names and values are stored: an `ecors_fields`, whose values lie in a buffer.
pub(crate) struct FieldsPlace<'p> {
    buffer: *mut c_char,
    fields: &'p mut Fields,
    needed: *mut usize,
    /// The indices of the bytes after the values, which become NUL.
    ends: [usize; MAX_FIELDS],
}

impl FieldsPlace<'_> {
    /// Stores the pairs of lines that were written into the buffer. `c_name` returns a name as a C
    /// string.
    // A value stays where its field line has it, and its NUL replaces the CR after it:
    //
    //     access-control-max-age: 600\r\nvary: ...
    //                             ^  ^
    //                         value  end
    //
    // `lines` borrows the buffer, so the ends are kept until all lines are read.
    #[inline(never)]
    pub(crate) fn store(
        &mut self,
        written: Result<FieldLines<'_>, BufferTooSmall>,
        c_name: fn(&str) -> Option<*const c_char>,
        is_merged: bool,
    ) -> Result<c_int, c_int> {
        let size = written.map_or_else(|error| error.needed(), |lines| lines.len());
        // SAFETY: the header asks for this place.
        unsafe { pointer::store(self.needed, size) };
        let Ok(lines) = written else {
            return Err(code::MEMORY);
        };
        let (mut count, mut start) = (0, 0);
        let places = self.fields.items.iter_mut().zip(&mut self.ends);
        for ((name, value), (item, end)) in lines.pairs().zip(places) {
            start += name.len() + ": ".len();
            *end = start + value.len();
            *item = Field {
                name: c_name(name).unwrap_or(c"".as_ptr()),
                name_len: name.len(),
                value: self.buffer.wrapping_add(start),
                value_len: value.len(),
                append: (name == "vary" && !is_merged).into(),
            };
            start = *end + "\r\n".len();
            count += 1;
        }
        self.fields.len = count;
        Ok(code::OK)
    }
}

/// Writes pairs of names and values. `write` writes field lines into the bytes, and stores the
/// pairs.
///
/// # Safety
///
/// The pointers are as the header demands.
pub(crate) unsafe fn write_fields(
    buffer: *mut c_char,
    size: usize,
    fields: *mut Fields,
    needed: *mut usize,
    write: impl FnOnce(&mut [u8], &mut FieldsPlace<'_>) -> Result<c_int, c_int>,
) -> c_int {
    // SAFETY: the header asks for these places. Every bit pattern is an `ecors_fields`.
    let (bytes, fields) = unsafe {
        pointer::store(needed, 0);
        if fields.is_null() || !fields.is_aligned() {
            return code::ARG;
        }
        (&raw mut (*fields).len).write(0);
        (&raw mut (*fields).reserved).write([0; 2]);
        match pointer::buffer(buffer, size) {
            Ok(bytes) => (bytes, &mut *fields),
            Err(code) => return code,
        }
    };
    let mut place = FieldsPlace {
        buffer,
        fields,
        needed,
        ends: [0; MAX_FIELDS],
    };
    let result = write(bytes, &mut place);
    for end in place.ends.iter().take(place.fields.len) {
        if let Some(end) = bytes.get_mut(*end) {
            *end = 0;
        }
    }
    code::of(result)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_is_cors_response_field(name: *const c_char, len: usize) -> c_int {
    // SAFETY: the header makes the same demands.
    let name = unsafe { pointer::bytes(name, len) };
    name.is_ok_and(|name| !ExistingCorsFields::find([name]).is_empty())
        .into()
}
