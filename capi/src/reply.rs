//! The reply that a decision is about.

/// The reply that a decision is about.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// That to a request which was read in full.
    Answer,
    /// An error reply to a request which was not.
    Error,
}
