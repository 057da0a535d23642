//! All mistakes of a configuration, in values that own their texts.

use alloc::boxed::Box;
use alloc::vec::{self, Vec};
use core::{fmt, slice};

use crate::{PolicyError, PolicyErrorKind, Setting};

/// A mistake in a policy, as [`PolicyError`] describes it, with its own copy of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedPolicyError {
    error: PolicyError<'static>,
    entry: Option<Box<str>>,
}

impl OwnedPolicyError {
    /// Returns what is wrong.
    pub const fn kind(&self) -> PolicyErrorKind {
        self.error.kind()
    }

    /// Returns the setting that the mistake is in.
    pub const fn setting(&self) -> Setting {
        self.error.setting()
    }

    /// Returns the index of the entry in its list, if the setting has entries.
    pub const fn index(&self) -> Option<usize> {
        self.error.index()
    }

    /// Returns the entry as it was given, if the setting has entries.
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// Returns the index of the first wrong byte of the entry. It is `None` if the entry is wrong
    /// as a whole, or the setting has no entries.
    pub const fn at(&self) -> Option<usize> {
        self.error.at()
    }

    /// Returns the mistake in the entry that has this index in its list.
    pub(super) fn at_index(error: &PolicyError<'_>, index: usize) -> Self {
        Self {
            error: error.without_entry().with_index(index),
            ..Self::from(*error)
        }
    }
}

impl From<PolicyError<'_>> for OwnedPolicyError {
    fn from(error: PolicyError<'_>) -> Self {
        Self {
            error: error.without_entry(),
            entry: error.entry().map(Box::from),
        }
    }
}

impl fmt::Display for OwnedPolicyError {
    /// Writes the same sentence as [`PolicyError`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.with_entry(self.entry()).fmt(f)
    }
}

impl core::error::Error for OwnedPolicyError {}

/// All mistakes of a policy that was to be built at run time. There is at least one.
///
/// They are in the order of the settings: origins, methods, headers, exposed headers, age; and in
/// the order of the entries within a list. Of a list of names with more than 64 entries, the
/// entries from the 65th on are one mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(Vec<OwnedPolicyError>);

impl PolicyErrors {
    /// Sorts the mistakes.
    pub(super) fn new(mut errors: Vec<OwnedPolicyError>) -> Self {
        errors.sort_by_key(|error| (error.setting() as u8, error.index()));
        Self(errors)
    }

    /// Returns the mistakes, one by one.
    pub fn iter(&self) -> slice::Iter<'_, OwnedPolicyError> {
        self.0.iter()
    }

    /// Returns the mistakes.
    pub fn into_vec(self) -> Vec<OwnedPolicyError> {
        self.0
    }
}

impl<'e> IntoIterator for &'e PolicyErrors {
    type Item = &'e OwnedPolicyError;
    type IntoIter = slice::Iter<'e, OwnedPolicyError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for PolicyErrors {
    type Item = OwnedPolicyError;
    type IntoIter = vec::IntoIter<OwnedPolicyError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for PolicyErrors {
    /// Writes one sentence per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(self.iter(), f)
    }
}

impl core::error::Error for PolicyErrors {}

/// Writes each value in a line.
pub(super) fn write_lines(
    values: impl IntoIterator<Item = impl fmt::Display>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, value) in values.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { "\n" })?;
        value.fmt(f)?;
    }
    Ok(())
}
