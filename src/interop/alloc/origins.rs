//! The list of origins of a policy that owns it, with an index if it is long.

use alloc::boxed::Box;
use alloc::vec;

use super::OwnedPolicyError;
use crate::policy::{Entries, Lookup};
use crate::{Origin, OriginIndex};

/// The longest list without an index. A policy finds its first 32 exact entries by their
/// fingerprints, which is as fast as an index.
const MAX_WITHOUT_INDEX: usize = 32;

/// A list of origins, and an index over them if they are many.
pub(super) struct Origins {
    entries: Box<[Box<str>]>,
    index: Option<Index>,
}

/// An index without its entries.
struct Index {
    slots: Box<[u32]>,
    /// The number of slots of the table. The rest number the entries that are not in it.
    table_len: usize,
    facts: OriginIndex<'static>,
}

impl Origins {
    pub(super) const fn new(entries: Box<[Box<str>]>) -> Self {
        Self { entries, index: None }
    }

    /// Builds an index if the list is long. Returns the mistake if an entry is not an origin
    /// pattern.
    pub(super) fn build_index(&mut self, seed: u64) -> Result<(), OwnedPolicyError> {
        if self.entries.len() <= MAX_WITHOUT_INDEX {
            return Ok(());
        }
        let mut slots = vec![0; OriginIndex::slots_for(self.entries.len())].into_boxed_slice();
        let (facts, table_len) = OriginIndex::over(self.entries(), &mut slots, seed)?.detached();
        self.index = Some(Index {
            slots,
            table_len,
            facts,
        });
        Ok(())
    }

    pub(super) const fn entries(&self) -> Entries<'_> {
        Entries::Boxed(&self.entries)
    }

    /// Returns the address of the list.
    pub(super) fn addr(&self) -> usize {
        self.entries.as_ptr().addr()
    }

    pub(super) fn lookup(&self) -> Option<&dyn Lookup> {
        self.index.as_ref().map(|_| -> &dyn Lookup { self })
    }

    fn index(&self) -> Option<OriginIndex<'_>> {
        let index = self.index.as_ref()?;
        let slots = index.slots.split_at_checked(index.table_len)?;
        Some(index.facts.attached(self.entries(), slots))
    }
}

impl Lookup for Origins {
    fn exact(&self, text: &[u8]) -> Option<usize> {
        self.index()?.exact(text)
    }

    fn has_pattern_for(&self, origin: &Origin<'_>) -> bool {
        self.index().is_some_and(|index| index.has_pattern_for(origin))
    }
}
