//! Readers for rules.

use core::ffi::c_int;

use cors::{Decision, HeadError, Progress};

use crate::reply::Reply;
use crate::slot::{self, Marked, Slot};
use crate::stored_rules::{RulesReader, StoredRules};

/// A reader for rules, and the rules.
pub(crate) struct ReaderForRules {
    reader: RulesReader,
    stored: &'static StoredRules,
}

impl Marked for ReaderForRules {
    const MARK: u32 = 0xec05_0006;
}

/// `ecors_reader` for rules.
pub(crate) type RulesReaderSlot = Slot<ReaderForRules>;

/// Starts a reader of a header section after a request line with this method, or of a head.
///
/// # Safety
///
/// `reader` is as the header demands.
// It needs a reader's size of stack, and programs without rules must not pay for that.
#[inline(never)]
pub(crate) unsafe fn init(
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

impl ReaderForRules {
    /// Reads the next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        (self.stored.code.push)(&mut self.reader, piece)
    }

    /// Decides on the request that was read.
    pub(crate) fn decide(&'static self, reply: Reply) -> Decision<'static> {
        (self.stored.code.decide_read)(&self.stored.rules, &self.reader, reply)
    }
}
