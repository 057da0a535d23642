//! The contents of an `ecors_policy`: one policy, or rules. The mark of its slot says which.

use core::ffi::c_int;

use cors::{Decision, Policy, Request};

use crate::reply::Reply;
use crate::slot::{self, Marked, Slot};
#[cfg(feature = "rules")]
use crate::stored_rules::{RulesSlot, StoredRules};

/// `ecors_policy` if one policy decides. It lies at the first aligned address of its memory.
pub type PolicySlot = Slot<Policy<'static>>;

// Where one of them was, the other one lies at the same address, so that what was there is cleared.
#[cfg(feature = "rules")]
const _: () = assert!(align_of::<PolicySlot>() == align_of::<RulesSlot>());

impl Marked for Policy<'static> {
    const MARK: u32 = 0xec05_0001;
}

/// An `ecors_policy`: every function that takes a policy takes rules.
#[derive(Clone, Copy)]
pub(crate) enum Stored {
    Policy(&'static Policy<'static>),
    #[cfg(feature = "rules")]
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
            let found = slot::get(policy).map(Self::Policy);
            #[cfg(feature = "rules")]
            let found = found.or_else(|_| slot::get(policy.cast::<RulesSlot>()).map(Self::Rules));
            found
        }
    }

    pub(crate) fn decide(self, request: &Request<'static>, reply: Reply) -> Decision<'static> {
        match (self, reply) {
            (Self::Policy(policy), Reply::Answer) => policy.decide(request),
            (Self::Policy(policy), Reply::Error) => policy.decide_for_error_reply(request),
            #[cfg(feature = "rules")]
            (Self::Rules(stored), _) => (stored.code.decide)(&stored.rules, request, reply),
        }
    }

    pub(crate) fn max_response_len(self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_response_len(),
            #[cfg(feature = "rules")]
            Self::Rules(stored) => stored.max_response_len,
        }
    }

    pub(crate) fn max_fields(self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_fields(),
            #[cfg(feature = "rules")]
            Self::Rules(stored) => stored.max_fields,
        }
    }
}
