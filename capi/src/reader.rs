//! Heads in pieces.

use core::ffi::{c_char, c_int};

use cors::{MAX_ORIGIN_LEN, PolicyReader, Progress};

use crate::request::head_error;
use crate::slot::{self, Marked, Slot};
use crate::{Opaque, code, decision, pointer, policy, words};

/// `ECORS_READER_BYTES`: every origin, and every method that is echoed.
pub(crate) const BYTES: usize = 392;

const _: () = assert!(BYTES >= MAX_ORIGIN_LEN + 64);

pub(crate) type Reader = PolicyReader<'static, BYTES>;

impl Marked for Reader {
    const MARK: u32 = 0xec05_0003;
}

/// `ecors_reader`.
pub(crate) type Struct = Opaque<{ words(68, 62) }>;
pub(crate) type Stored = Slot<Reader>;

const _: () = assert!(Stored::fits::<Struct>());

pub(crate) const MORE: c_int = 0;
pub(crate) const DONE: c_int = 1;

/// Fills a struct with a reader for this policy.
///
/// # Safety
///
/// As the header says.
unsafe fn init(
    reader: *mut Struct,
    policy: *const policy::Stored,
    make: impl FnOnce(&'static cors::Policy<'static>) -> Result<Reader, c_int>,
) -> c_int {
    let reader: *mut Stored = reader.cast();
    // SAFETY: as the caller says.
    unsafe {
        let made = slot::clear(reader)
            .and_then(|()| slot::get(policy))
            .and_then(make);
        match made {
            Ok(made) => slot::fill(reader, made),
            Err(code) => code,
        }
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_init(reader: *mut Struct, policy: *const policy::Stored) -> c_int {
    // SAFETY: as the header says.
    unsafe { init(reader, policy, |policy| Ok(PolicyReader::new(policy))) }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_init_header_section(
    reader: *mut Struct,
    policy: *const policy::Stored,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(reader, policy, |policy| {
            Ok(PolicyReader::for_header_section(
                policy,
                pointer::bytes(method, len)?,
            ))
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_push(
    reader: *mut Struct,
    piece: *const c_char,
    len: usize,
    used: *mut usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        pointer::store(used, 0);
        let (reader, piece) = match (slot::get_mut::<Reader>(reader.cast()), pointer::bytes(piece, len)) {
            (Ok(reader), Ok(piece)) => (reader, piece),
            (Err(code), _) | (_, Err(code)) => return code,
        };
        let (taken, result) = match reader.push(piece) {
            Ok(Progress::NeedsMore) => (len, MORE),
            Ok(Progress::Done { used }) => (used, DONE),
            Err(error) => (0, head_error(error)),
        };
        pointer::store(used, taken);
        result
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_decide(
    reader: *const Struct,
    decision: *mut decision::Struct,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        decision::init(decision, || {
            slot::get::<Reader>(reader.cast()).map(Reader::decide)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_reader_decide_error_reply(
    reader: *const Struct,
    decision: *mut decision::Struct,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        decision::init(decision, || {
            slot::get::<Reader>(reader.cast()).map(Reader::decide_error_reply)
        })
    }
}

const _: () = assert!(code::OK == MORE);
