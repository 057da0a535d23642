//! The contents of an `ecors_policy`: one policy, or rules. The mark of its slot says which.

use core::ffi::c_int;

use cors::{Decision, HeadError, Policy, Progress, Request, RequestReader, Rules};

use crate::slot::{self, Marked, Slot};

/// `ecors_policy` if one policy decides. It lies at the first aligned address of its memory.
pub type PolicySlot = Slot<Policy<'static>>;

/// `ecors_policy` if rules decide.
pub(crate) type RulesSlot = Slot<StoredRules>;

// Where one of them was, the other one lies at the same address, so that what was there is cleared.
const _: () = assert!(align_of::<PolicySlot>() == align_of::<RulesSlot>());

impl Marked for Policy<'static> {
    const MARK: u32 = 0xec05_0001;
}

impl Marked for StoredRules {
    const MARK: u32 = 0xec05_0005;
}

/// Rules, and what every function needs of them. It is aligned like a policy.
pub struct StoredRules {
    pub(crate) rules: Rules<'static>,
    pub(crate) max_response_len: usize,
    pub(crate) max_fields: usize,
    pub(crate) code: &'static RulesCode,
}

/// The bytes of values that a reader keeps: `ECORS_READER_BYTES`. Every origin fits, together with
/// every method that can be echoed.
pub(crate) const READER_BYTES: usize = 392;

/// A reader for rules. It keeps the requested headers: which rule checks them depends on the
/// origin, which may arrive after them.
pub(crate) type RulesReader = RequestReader<READER_BYTES>;

/// The functions for rules.
///
/// Programs without rules must not link them. So they are called through these pointers, and only
/// `ecors_rules_init` names the constant that holds them: `--gc-sections` drops both from a program
/// that does not call it. `make check` prints what that saves: 6,000 bytes on x86-64.
pub(crate) struct RulesCode {
    pub(crate) decide: fn(&Rules<'static>, &Request<'static>, Reply) -> Decision<'static>,
    /// Starts a reader: of a header section after a request line with this method, or of a head.
    pub(crate) reader: fn(method: Option<&[u8]>) -> RulesReader,
    pub(crate) push: fn(&mut RulesReader, piece: &[u8]) -> Result<Progress, HeadError>,
    pub(crate) decide_read: fn(&Rules<'static>, &'static RulesReader, Reply) -> Decision<'static>,
}

/// The reply that a decision is about.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// That to a request which was read in full.
    Answer,
    /// An error reply to a request which was not.
    Error,
}

/// An `ecors_policy`: every function that takes a policy takes rules.
#[derive(Clone, Copy)]
pub(crate) enum Stored {
    Policy(&'static Policy<'static>),
    Rules(&'static StoredRules),
}

impl Stored {
    /// Returns what a policy of the caller's is.
    ///
    /// # Safety
    ///
    /// `policy` is as the header demands.
    pub(crate) unsafe fn get(policy: *const PolicySlot) -> Result<Self, c_int> {
        // SAFETY: the caller vouches for the policy. Both types of slots begin with the mark.
        unsafe {
            match slot::get(policy) {
                Ok(policy) => Ok(Self::Policy(policy)),
                Err(_) => slot::get(policy.cast::<RulesSlot>()).map(Self::Rules),
            }
        }
    }

    pub(crate) fn decide(self, request: &Request<'static>, reply: Reply) -> Decision<'static> {
        match (self, reply) {
            (Self::Rules(stored), _) => (stored.code.decide)(&stored.rules, request, reply),
            (Self::Policy(policy), Reply::Answer) => policy.decide(request),
            (Self::Policy(policy), Reply::Error) => policy.decide_for_error_reply(request),
        }
    }

    pub(crate) fn max_response_len(self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_response_len(),
            Self::Rules(stored) => stored.max_response_len,
        }
    }

    pub(crate) fn max_fields(self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_fields(),
            Self::Rules(stored) => stored.max_fields,
        }
    }
}
