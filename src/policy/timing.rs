//! `Timing-Allow-Origin`: which pages may read how long a response took
//! (<https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin>).
//!
//! A browser also checks the field for images and scripts that it loads without CORS, and such a
//! request does not have an `Origin` that could be echoed. So a list of exact origins is written in
//! full, on every actual response. Patterns, an index and a predicate do not give a list that could
//! be written; a policy with them writes the origin of the request if the policy admits it.

use super::allowlist::Allowlist;
use super::lists::{Entries, Iter};
use crate::buffer::Out;

/// The value of the field.
#[derive(Clone, Copy)]
pub(crate) enum Timing {
    /// `*`.
    Everything,
    /// All entries of the list of origins. The pointers are taken when a policy is built with this
    /// setting, so other programs do not link the code that they point to.
    Entries(&'static EntriesFunctions),
    /// The origin of the request, if the policy admits it.
    Admitted,
}

/// The functions of a list of all entries.
pub(crate) struct EntriesFunctions {
    /// Returns the next entry.
    pub(crate) next: for<'e> fn(&mut Iter<'e>) -> Option<&'e str>,
    /// Writes the entries with commas between them.
    pub(crate) emit: fn(&Entries<'_>, &mut Out<'_>),
}

impl Timing {
    const FUNCTIONS: &'static EntriesFunctions = &EntriesFunctions {
        next: |entries| entries.next(),
        emit: |entries, out| entries.emit(out),
    };

    /// Returns the value that a policy with these origins writes, if it admits any.
    pub(super) const fn of(origins: &Allowlist<'_>) -> Option<Self> {
        if origins.any {
            Some(Self::Everything)
        } else if !origins.depends_on_origin() {
            None
        } else if origins.is_exact() {
            Some(Self::Entries(Self::FUNCTIONS))
        } else {
            Some(Self::Admitted)
        }
    }
}
