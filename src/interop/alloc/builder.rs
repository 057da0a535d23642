//! Checks a configuration and builds the policy, or finds all mistakes.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::origins::Origins;
use super::policy::BoxedPredicate;
use super::{OwnedPolicy, OwnedPolicyError, PolicyConfig, PolicyErrors};
use crate::policy::{Entries, MAX_NAMES, Stored, pattern};
use crate::{Origin, Policy, PolicyBuilder, PolicyError, PolicyErrorKind, Setting};

/// The lists of names of a configuration.
const NAMES: [Setting; 3] = [
    Setting::AllowMethods,
    Setting::AllowHeaders,
    Setting::ExposeHeaders,
];

/// A builder of an [`OwnedPolicy`] from a [`PolicyConfig`], with what is not data.
///
/// ```
/// use embedded_cors::PolicyConfig;
///
/// let config = PolicyConfig {
///     allow_origins: vec!["https://*.github.io".into()],
///     allow_credentials: true,
///     ..Default::default()
/// };
/// // A real list is in the package `embedded-cors-public-suffix`.
/// let is_public_suffix = |domain: &str| domain == "github.io";
/// let errors = config.builder().public_suffixes(&is_public_suffix).build().unwrap_err();
/// assert_eq!(
///     errors.to_string(),
///     "allow_origins[0] \"https://*.github.io\": this admits every site under a public suffix, with \
///      credentials; write a registered domain or call \
///      dangerously_allow_public_suffixes_with_credentials"
/// );
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct OwnedPolicyBuilder<'c> {
    config: &'c PolicyConfig,
    predicate: Option<BoxedPredicate>,
    is_public_suffix: Option<&'c dyn Fn(&str) -> bool>,
    seed: Option<u64>,
}

impl PolicyConfig {
    /// Checks all settings and builds a policy that owns a copy of them.
    ///
    /// # Errors
    ///
    /// Returns all mistakes.
    ///
    /// ```
    /// use embedded_cors::PolicyConfig;
    ///
    /// let config = PolicyConfig {
    ///     allow_origins: vec!["https://example.com/".into()],
    ///     allow_methods: vec!["put".into()],
    ///     ..Default::default()
    /// };
    /// assert_eq!(
    ///     config.build().unwrap_err().to_string(),
    ///     "allow_origins[0] \"https://example.com/\": has a path or a slash at byte 19; \
    ///      an origin ends after its host and port\n\
    ///      allow_methods[0] \"put\": browsers send this method in upper case, and methods are \
    ///      case-sensitive; write it in upper case"
    /// );
    /// ```
    pub fn build(&self) -> Result<OwnedPolicy, PolicyErrors> {
        self.builder().build()
    }

    /// Starts a policy with these settings, to which a predicate or a list of public suffixes can
    /// be added.
    pub const fn builder(&self) -> OwnedPolicyBuilder<'_> {
        OwnedPolicyBuilder::new(self)
    }

    /// Returns all mistakes, in the order of the fields and of their entries. It is empty if
    /// [`build`](Self::build) succeeds.
    pub fn check(&self) -> Vec<OwnedPolicyError> {
        match self.build() {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_vec(),
        }
    }
}

impl fmt::Debug for OwnedPolicyBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPolicyBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<'c> OwnedPolicyBuilder<'c> {
    pub(super) const fn new(config: &'c PolicyConfig) -> Self {
        Self {
            config,
            predicate: None,
            is_public_suffix: None,
            seed: None,
        }
    }

    /// Asks `predicate` about every origin that no entry admits. See
    /// [`PolicyBuilder::allow_origin_if`].
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::{Arc, RwLock};
    ///
    /// use embedded_cors::{PolicyConfig, Request};
    ///
    /// let tenants = Arc::new(RwLock::new(HashSet::from(["https://a.example".to_owned()])));
    /// let known = Arc::clone(&tenants);
    /// let policy = PolicyConfig::default()
    ///     .builder()
    ///     .allow_origin_if(move |origin| known.read().unwrap().contains(origin.as_str()))
    ///     .build()?;
    ///
    /// let request = Request::from_fields("GET", [("Origin", "https://b.example")]);
    /// assert!(policy.policy().decide(&request).is_refused());
    /// tenants.write().unwrap().insert("https://b.example".into());
    /// assert!(policy.policy().decide(&request).is_allowed());
    /// # Ok::<(), embedded_cors::PolicyErrors>(())
    /// ```
    pub fn allow_origin_if(
        mut self,
        predicate: impl Fn(&Origin<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.predicate = Some(Box::new(predicate));
        self
    }

    /// Refuses patterns for all domains under a public suffix, such as `https://*.co.uk` or
    /// `https://app-*.vercel.app`, in a policy with credentials.
    ///
    /// `is_public_suffix` gets the domain after the label with the `*`, such as `co.uk`, in lower
    /// case and without a trailing dot. It is asked when the policy is built and never later. A
    /// single label, such as `com`, is refused without it.
    /// [`dangerously_allow_public_suffixes_with_credentials`] switches both off.
    ///
    /// [`dangerously_allow_public_suffixes_with_credentials`]:
    ///     PolicyBuilder::dangerously_allow_public_suffixes_with_credentials
    pub const fn public_suffixes(mut self, is_public_suffix: &'c dyn Fn(&str) -> bool) -> Self {
        self.is_public_suffix = Some(is_public_suffix);
        self
    }

    /// Sets the seed of the index over a long list of origins. See
    /// [`OriginIndex::build`](crate::OriginIndex::build).
    ///
    /// Without this call the seed is derived from an address on the heap, which most operating
    /// systems make random. Set a random number if others choose the origins and addresses are not
    /// random, as on a microcontroller.
    pub const fn index_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Checks all settings and builds a policy that owns a copy of them.
    ///
    /// # Errors
    ///
    /// Returns all mistakes.
    pub fn build(self) -> Result<OwnedPolicy, PolicyErrors> {
        let mut policy = self.unchecked();
        let first = match self.check(&mut policy) {
            Ok(()) => {
                policy.predicate = self.predicate;
                return Ok(policy);
            }
            Err(error) => error,
        };
        let mut mistakes = self.mistakes();
        // An index that cannot be built is a mistake of no entry alone.
        if mistakes.is_empty() {
            mistakes = vec![first];
        }
        Err(PolicyErrors::new(mistakes))
    }

    /// Returns a policy with copies of the lists.
    fn unchecked(&self) -> OwnedPolicy {
        OwnedPolicy {
            checked: NOTHING,
            origins: Origins::new(boxed(&self.config.allow_origins)),
            names: self.names().map(boxed),
            predicate: None,
            rendered: Box::default(),
            rendered_actual_len: 0,
        }
    }

    /// Checks the lists in `policy` together with the other settings, and writes into it what was
    /// found. Returns the first mistake.
    fn check(&self, policy: &mut OwnedPolicy) -> Result<(), OwnedPolicyError> {
        let seed = self.seed.unwrap_or_else(|| policy.origins.addr() as u64);
        policy.origins.build_index(seed)?;
        let stored = Stored {
            predicate: self.predicate(),
            ..policy.stored()
        };
        let checked = self.options(self.config.max_age_seconds).check(stored)?;
        for (index, origin) in self.config.allow_origins.iter().enumerate() {
            if let Some(error) = self.public_suffix(index, origin) {
                return Err(error);
            }
        }
        // The predicate does not change what is rendered.
        let whole = checked.with_stored(stored);
        let mut rendered = vec![0; whole.rendered_len()].into_boxed_slice();
        let actual_len = whole
            .render(&mut rendered)
            .map_or(0, |policy| policy.rendered.actual.len());
        policy.checked = checked;
        policy.rendered = rendered;
        policy.rendered_actual_len = actual_len;
        Ok(())
    }

    fn names(&self) -> [&'c [String]; 3] {
        [
            &self.config.allow_methods,
            &self.config.allow_headers,
            &self.config.expose_headers,
        ]
    }

    fn predicate(&self) -> Option<crate::policy::Predicate<'_>> {
        self.predicate
            .as_ref()
            .map(|predicate| -> crate::policy::Predicate<'_> { predicate })
    }

    fn options(&self, max_age: Option<u32>) -> PolicyBuilder<'static> {
        match max_age {
            Some(seconds) => self.config.options().max_age_seconds(seconds),
            None => self.config.options(),
        }
    }

    /// Returns the mistake if a checked entry is for all domains under a public suffix.
    fn public_suffix(&self, index: usize, origin: &str) -> Option<OwnedPolicyError> {
        let config = self.config;
        if !config.allow_credentials || config.dangerously_allow_public_suffixes_with_credentials {
            return None;
        }
        let is_public_suffix = self.is_public_suffix?;
        let kind = PolicyErrorKind::SuffixWithCredentials;
        let domain = pattern::parent_domain(origin)?;
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        // The check of every policy judges single labels, such as `com` and `localhost`.
        (domain.contains('.') && is_public_suffix(domain))
            .then(|| PolicyError::of_entry(kind, Setting::AllowOrigins, origin, index, 0).into())
    }

    /// Returns all mistakes: of each origin alone, and of the other settings together.
    ///
    /// An origin is right or wrong whatever the others are, so one check per origin finds all
    /// mistakes in linear time. Names depend on other names, so the policy is checked again and
    /// again, each time without the mistake that was found last: at most three times 64 times.
    fn mistakes(&self) -> Vec<OwnedPolicyError> {
        let mut found = Vec::new();
        let mut right_origin = None;
        for (index, origin) in self.config.allow_origins.iter().enumerate() {
            let list = [origin.as_str()];
            match self
                .options(None)
                .check(Stored::lists([Entries::Slice(&list), NONE, NONE, NONE]))
            {
                Err(error) => found.push(OwnedPolicyError::at_index(&error, index)),
                Ok(_) => match self.public_suffix(index, origin) {
                    Some(error) => found.push(error),
                    None => right_origin = Some(origin.as_str()),
                },
            }
        }
        // Stands for all origins if there are origins but none is right, so that no other mistake
        // is found for want of one.
        let instead = (!self.config.allow_origins.is_empty()).then_some(SOME_ORIGIN);
        let mut origin: Vec<&str> = right_origin.or(instead).into_iter().collect();

        // The names that are still to be checked, each with its index.
        let mut names = self.names().map(|list| {
            let names = list.iter().map(String::as_str).enumerate();
            names.take(MAX_NAMES).collect::<Vec<_>>()
        });
        for (list, setting) in self.names().into_iter().zip(NAMES) {
            if let Some(entry) = list.get(MAX_NAMES) {
                let kind = PolicyErrorKind::TooMany;
                found.push(PolicyError::of_entry(kind, setting, entry, MAX_NAMES, 0).into());
            }
        }
        let mut max_age = self.config.max_age_seconds;
        let mut predicate = self.predicate();
        loop {
            let texts = names
                .each_ref()
                .map(|list| list.iter().map(|&(_, name)| name).collect::<Vec<_>>());
            let [methods, headers, expose] = texts.each_ref().map(|list| Entries::Slice(list));
            let stored = Stored {
                predicate,
                ..Stored::lists([Entries::Slice(&origin), methods, headers, expose])
            };
            let Err(error) = self.options(max_age).check(stored) else {
                return found;
            };
            let list = names
                .iter_mut()
                .zip(NAMES)
                .find_map(|(list, setting)| (setting == error.setting()).then_some(list));
            match (list, error.index()) {
                (Some(list), Some(index)) if index < list.len() => {
                    let (index, _) = list.remove(index);
                    found.push(OwnedPolicyError::at_index(&error, index));
                }
                _ => {
                    found.push(error.into());
                    match error.setting() {
                        Setting::AllowOrigins if origin.is_empty() => origin.push(SOME_ORIGIN),
                        Setting::MaxAge if max_age.is_some() => max_age = None,
                        Setting::AllowOriginIf if predicate.is_some() => predicate = None,
                        _ => return found,
                    }
                }
            }
        }
    }
}

const NOTHING: Policy<'static> = Policy::builder().build_or_panic();

/// An origin that every policy can have.
const SOME_ORIGIN: &str = "https://localhost";

const NONE: Entries<'static> = Entries::EMPTY;

fn boxed(list: &[String]) -> Box<[Box<str>]> {
    list.iter().map(|entry| Box::from(entry.as_str())).collect()
}
