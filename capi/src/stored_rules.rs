//! Rules as the contents of an `ecors_policy`, and the functions that programs with rules link.

use cors::{Decision, Request, Rules};
#[cfg(feature = "readers")]
use cors::{HeadError, Progress, RequestReader};

#[cfg(feature = "readers")]
use crate::code::READER_BYTES;
use crate::reply::Reply;
use crate::slot::{Marked, Slot};

/// `ecors_policy` if rules decide.
pub(crate) type RulesSlot = Slot<StoredRules>;

impl Marked for StoredRules {
    const MARK: u32 = 0xec05_0005;
}

/// Rules, and what every function needs of them. It is aligned like a policy.
pub(crate) struct StoredRules {
    pub(crate) rules: Rules<'static>,
    pub(crate) max_response_len: usize,
    pub(crate) max_fields: usize,
    pub(crate) code: &'static RulesCode,
}

/// A reader for rules. It keeps the requested headers: which rule checks them depends on the
/// origin, which may arrive after them.
#[cfg(feature = "readers")]
pub(crate) type RulesReader = RequestReader<READER_BYTES>;

/// The functions for rules.
///
/// Programs without rules must not link them. So they are called through these pointers, and only
/// `ecors_rules_init` names the constant that holds them: `--gc-sections` drops both from a program
/// that does not call it. `make check` prints what that saves: 6,000 bytes on x86-64.
pub(crate) struct RulesCode {
    pub(crate) decide: fn(&Rules<'static>, &Request<'static>, Reply) -> Decision<'static>,
    #[cfg(feature = "readers")]
    /// Starts a reader: of a header section after a request line with this method, or of a head.
    pub(crate) reader: fn(method: Option<&[u8]>) -> RulesReader,
    #[cfg(feature = "readers")]
    pub(crate) push: fn(&mut RulesReader, piece: &[u8]) -> Result<Progress, HeadError>,
    #[cfg(feature = "readers")]
    pub(crate) decide_read: fn(&Rules<'static>, &'static RulesReader, Reply) -> Decision<'static>,
}
