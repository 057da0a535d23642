//! Readers of heads that arrive in pieces.

use core::ffi::{c_char, c_int};

use cors::{Decision, MAX_ORIGIN_LEN, Policy, PolicyReader, Progress};

use crate::code::{DONE, NEEDS_MORE, READER_BYTES};
use crate::decision::DecisionSlot;
use crate::reply::Reply;
use crate::request::head_error;
#[cfg(feature = "rules")]
use crate::rules_reader::{self, RulesReaderSlot};
use crate::slot::{self, Marked, Opaque, Slot, words};
use crate::stored::{PolicySlot, Stored};
use crate::{code, decision, pointer};

const _: () = assert!(READER_BYTES >= MAX_ORIGIN_LEN + 64);

/// A reader for a policy. It checks the requested headers against the policy while they arrive.
type Reader = PolicyReader<'static, READER_BYTES>;

impl Marked for Reader {
    const MARK: u32 = 0xec05_0003;
}

/// `ecors_reader`, as the header declares it.
pub(crate) type OpaqueReader = Opaque<{ words(68, 124) }>;
/// `ecors_reader` for a policy, as this library uses it.
type ReaderSlot = Slot<Reader>;

const _: () = assert!(ReaderSlot::fits::<OpaqueReader>());
#[cfg(feature = "rules")]
const _: () = assert!(RulesReaderSlot::fits::<OpaqueReader>());

/// Starts a reader: for a policy the one that `reader_of` returns, for rules that of a header
/// section after a request line with this method, or of a head.
///
/// # Safety
///
/// `reader` and `policy` are as the header demands.
unsafe fn init(
    reader: *mut ReaderSlot,
    policy: *const PolicySlot,
    method: Option<Result<&'static [u8], c_int>>,
    reader_of: impl FnOnce(&'static Policy<'static>, &'static [u8]) -> Reader,
) -> Result<(), c_int> {
    // SAFETY: the caller vouches for both.
    unsafe {
        slot::clear(reader)?;
        let method = method.transpose()?;
        match Stored::get(policy)? {
            Stored::Policy(policy) => slot::fill(reader, reader_of(policy, method.unwrap_or_default())),
            #[cfg(feature = "rules")]
            Stored::Rules(stored) => rules_reader::init(reader.cast(), stored, method),
        }
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_init(reader: *mut ReaderSlot, policy: *const PolicySlot) -> c_int {
    // SAFETY: the header makes the same demands.
    let started = unsafe { init(reader, policy, None, |policy, _| PolicyReader::new(policy)) };
    code::of(started.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_init_for_header_section(
    reader: *mut ReaderSlot,
    policy: *const PolicySlot,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let started = unsafe {
        let method = Some(pointer::bytes(method, len));
        init(reader, policy, method, PolicyReader::for_header_section)
    };
    code::of(started.map(|()| code::OK))
}

/// Reads the next piece.
///
/// # Safety
///
/// `reader` is as the header demands.
unsafe fn push(reader: *mut ReaderSlot, piece: &[u8]) -> Result<Progress, c_int> {
    // SAFETY: the caller vouches for the struct. Both types of slots begin with the mark.
    let progress = unsafe {
        match slot::get_mut(reader) {
            Ok(reader) => reader.push(piece),
            #[cfg(feature = "rules")]
            Err(_) => slot::get_mut(reader.cast::<RulesReaderSlot>())?.push(piece),
            #[cfg(not(feature = "rules"))]
            Err(code) => return Err(code),
        }
    };
    progress.map_err(head_error)
}

/// Decides on the request that was read.
///
/// # Safety
///
/// `reader` is as the header demands.
unsafe fn decide(reader: *const ReaderSlot, reply: Reply) -> Result<Decision<'static>, c_int> {
    // SAFETY: the caller vouches for the struct. Both types of slots begin with the mark.
    unsafe {
        match (slot::get(reader), reply) {
            (Ok(reader), Reply::Answer) => Ok(reader.decide()),
            (Ok(reader), Reply::Error) => Ok(reader.decide_for_error_reply()),
            #[cfg(feature = "rules")]
            (Err(_), _) => Ok(slot::get(reader.cast::<RulesReaderSlot>())?.decide(reply)),
            #[cfg(not(feature = "rules"))]
            (Err(code), _) => Err(code),
        }
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_push(
    reader: *mut ReaderSlot,
    piece: *const c_char,
    len: usize,
    used: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        pointer::store(used, 0);
        let progress = pointer::bytes(piece, len).and_then(|piece| push(reader, piece));
        let (taken, result) = match progress {
            Ok(Progress::NeedsMore) => (len, NEEDS_MORE),
            Ok(Progress::Done { used }) => (used, DONE),
            Err(code) => (0, code),
        };
        pointer::store(used, taken);
        result
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_decide(
    reader: *const ReaderSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { decision::init(decision, || decide(reader, Reply::Answer)) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_decide_for_error_reply(
    reader: *const ReaderSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { decision::init(decision, || decide(reader, Reply::Error)) }
}
