//! Readers of heads that arrive in pieces.

use core::ffi::{c_char, c_int};

use cors::{Decision, MAX_ORIGIN_LEN, Policy, PolicyReader, Progress};

use crate::decision::DecisionSlot;
use crate::request::head_error;
use crate::slot::{self, Marked, Opaque, Slot, words};
use crate::stored::{PolicySlot, READER_BYTES, Reply, RulesReader, Stored, StoredRules};
use crate::{code, decision, pointer};

const _: () = assert!(READER_BYTES >= MAX_ORIGIN_LEN + 64);

/// A reader for a policy. It checks the requested headers against the policy while they arrive.
type Reader = PolicyReader<'static, READER_BYTES>;

/// A reader for rules.
struct ReaderForRules {
    reader: RulesReader,
    stored: &'static StoredRules,
}

impl Marked for Reader {
    const MARK: u32 = 0xec05_0003;
}

impl Marked for ReaderForRules {
    const MARK: u32 = 0xec05_0006;
}

/// `ecors_reader`, as the header declares it.
pub(crate) type OpaqueReader = Opaque<{ words(68, 124) }>;
/// `ecors_reader` for a policy, as this library uses it.
type ReaderSlot = Slot<Reader>;
/// `ecors_reader` for rules.
type RulesReaderSlot = Slot<ReaderForRules>;

const _: () = assert!(ReaderSlot::fits::<OpaqueReader>() && RulesReaderSlot::fits::<OpaqueReader>());

// `ecors_reader_push` returns these two, and negative numbers for errors.
pub(crate) const NEEDS_MORE: c_int = 0;
pub(crate) const DONE: c_int = 1;

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
            Stored::Rules(stored) => init_for_rules(reader.cast(), stored, method),
        }
    }
}

/// Starts a reader for rules.
///
/// # Safety
///
/// `reader` is as the header demands.
// It needs a reader's size of stack, and programs without rules must not pay for that.
#[inline(never)]
unsafe fn init_for_rules(
    reader: *mut RulesReaderSlot,
    stored: &'static StoredRules,
    method: Option<&[u8]>,
) -> Result<(), c_int> {
    let value = ReaderForRules {
        reader: (stored.code.reader)(method),
        stored,
    };
    // SAFETY: the caller vouches for the struct.
    unsafe { slot::fill(reader, value) }
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
            Err(_) => {
                let for_rules = slot::get_mut(reader.cast::<RulesReaderSlot>())?;
                (for_rules.stored.code.push)(&mut for_rules.reader, piece)
            }
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
            (Err(_), _) => {
                let for_rules = slot::get(reader.cast::<RulesReaderSlot>())?;
                let stored = for_rules.stored;
                Ok((stored.code.decide_read)(&stored.rules, &for_rules.reader, reply))
            }
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
