//! A policy that owns its lists on the heap.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::origins::Origins;
use super::{PolicyConfig, PolicyErrors};
use crate::policy::{Entries, RenderedText, Stored};
use crate::{Origin, Policy};

/// A predicate over origins.
pub(super) type BoxedPredicate = Box<dyn Fn(&Origin<'_>) -> bool + Send + Sync>;

/// A policy that owns its lists on the heap, in as many bytes as they have.
///
/// It can be stored, sent to other threads, and kept in an `Arc` that is swapped while the server
/// runs. [`policy`](Self::policy) borrows it as a [`Policy`], which decides. Lists of more than 32
/// origins have an index, and the text that no request changes is rendered, so a decision costs as
/// much as that of a [`rendered!`](crate::rendered!) policy in a `static`.
///
/// ```
/// use embedded_cors::{OwnedPolicy, PolicyErrors, Request};
///
/// fn load(list: &[String]) -> Result<OwnedPolicy, PolicyErrors> {
///     OwnedPolicy::from_origins(list)
/// }
///
/// let current = load(&["https://app.example.com".into(), "http://localhost:*".into()])?;
///
/// let request = Request::from_fields("GET", [("Origin", "http://localhost:3000")]);
/// let policy = current.policy();
/// assert!(policy.decide(&request).is_allowed());
/// # Ok::<(), embedded_cors::PolicyErrors>(())
/// ```
///
/// A [`PolicyConfig`] has the other settings. Without an allocator, feature `heapless-v0.9` has
/// `FixedCapacityPolicy`, a policy that owns its lists in a number of bytes that the program
/// chooses.
pub struct OwnedPolicy {
    /// The results of the check, without the lists.
    pub(super) checked: Policy<'static>,
    pub(super) origins: Origins,
    /// Methods, headers, and exposed headers.
    pub(super) names: [Box<[Box<str>]>; 3],
    pub(super) predicate: Option<BoxedPredicate>,
    /// The text that no request changes: that of actual responses, then that of preflights.
    pub(super) rendered: Box<[u8]>,
    pub(super) rendered_actual_len: usize,
}

impl OwnedPolicy {
    /// Builds a policy that shares responses with these origins, without credentials, and has no
    /// other settings.
    ///
    /// # Errors
    ///
    /// Returns all mistakes in the origins.
    pub fn from_origins(origins: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, PolicyErrors> {
        let config = PolicyConfig {
            allow_origins: origins.into_iter().map(Into::into).collect(),
            ..PolicyConfig::default()
        };
        config.build()
    }

    /// Returns the policy. Keep the value as long as its decisions.
    ///
    /// The call copies about 300 bytes, and nothing else.
    pub fn policy(&self) -> Policy<'_> {
        let mut policy = self.checked.with_stored(self.stored());
        if let Some((actual, preflight)) = self.rendered.split_at_checked(self.rendered_actual_len) {
            policy.rendered = RenderedText { actual, preflight };
        }
        policy
    }

    pub(super) fn stored(&self) -> Stored<'_> {
        let [methods, headers, expose] = &self.names;
        Stored {
            lists: [
                self.origins.entries(),
                Entries::Boxed(methods),
                Entries::Boxed(headers),
                Entries::Boxed(expose),
            ],
            index: self.origins.lookup(),
            predicate: self
                .predicate
                .as_ref()
                .map(|predicate| -> crate::policy::Predicate<'_> { predicate }),
        }
    }
}

impl fmt::Debug for OwnedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy().fmt(f)
    }
}

impl TryFrom<PolicyConfig> for OwnedPolicy {
    type Error = PolicyErrors;

    fn try_from(config: PolicyConfig) -> Result<Self, PolicyErrors> {
        config.build()
    }
}
