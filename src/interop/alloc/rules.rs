//! Rules that own their policies, and their configuration.

use alloc::vec::Vec;
use core::fmt;

use super::{OwnedPolicy, OwnedPolicyError, PolicyConfig};
use crate::{Decide, Decision, Policy, PolicySource, Request, Rules, RulesError};

/// The settings of [`OwnedRules`] as plain data: an ordered list of policies.
///
/// ```
/// use embedded_cors::{PolicyConfig, RulesConfig};
///
/// let site = PolicyConfig {
///     allow_origins: vec!["https://app.example.com".into()],
///     allow_credentials: true,
///     ..Default::default()
/// };
/// let everyone = PolicyConfig { allow_origins: vec!["*".into()], ..Default::default() };
/// let rules = RulesConfig { rules: vec![site, everyone] }.build()?;
/// assert_eq!(rules.policies().len(), 2);
/// # Ok::<(), embedded_cors::OwnedRulesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct RulesConfig {
    /// The policies, in order. The first whose origins admit the origin of a request decides.
    pub rules: Vec<PolicyConfig>,
}

impl RulesConfig {
    /// Checks all settings and builds rules that own a copy of them.
    ///
    /// # Errors
    ///
    /// Returns all mistakes in the policies, or the mistake in their order.
    ///
    /// ```
    /// use embedded_cors::{PolicyConfig, RulesConfig};
    ///
    /// let everyone = PolicyConfig { allow_origins: vec!["*".into()], ..Default::default() };
    /// let site = PolicyConfig { allow_origins: vec!["https://a.example/".into()], ..Default::default() };
    /// let mut config = RulesConfig { rules: vec![everyone, site] };
    /// assert_eq!(
    ///     config.build().unwrap_err().to_string(),
    ///     "rules[1].allow_origins[0] \"https://a.example/\": has a path or a slash at byte 17; \
    ///      an origin ends after its host and port"
    /// );
    /// config.rules[1].allow_origins[0] = "https://a.example".into();
    /// assert_eq!(
    ///     config.build().unwrap_err().to_string(),
    ///     "rules[1]: never decides, because earlier rules admit all of its origins; \
    ///      move it before them or remove it"
    /// );
    /// ```
    pub fn build(&self) -> Result<OwnedRules, OwnedRulesError> {
        let (mut policies, mut mistakes) = (Vec::new(), Vec::new());
        for (rule, config) in self.rules.iter().enumerate() {
            match config.build() {
                Ok(policy) => policies.push(policy),
                Err(errors) => mistakes.extend(errors.into_iter().map(|error| (rule, error))),
            }
        }
        if mistakes.is_empty() {
            OwnedRules::new(policies).map_err(OwnedRulesError::Rules)
        } else {
            Err(OwnedRulesError::Policies(mistakes))
        }
    }
}

/// The mistakes of [`RulesConfig`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedRulesError {
    /// All mistakes in the policies, each with the index of its rule. There is at least one.
    Policies(Vec<(usize, OwnedPolicyError)>),
    /// The mistake in the list of rules, whose policies are right.
    Rules(RulesError),
}

impl fmt::Display for OwnedRulesError {
    /// Writes one sentence per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(error) => error.fmt(f),
            Self::Policies(errors) => errors.iter().enumerate().try_for_each(|(index, (rule, error))| {
                f.write_str(if index == 0 { "" } else { "\n" })?;
                write!(f, "rules[{rule}].{error}")
            }),
        }
    }
}

impl core::error::Error for OwnedRulesError {}

/// Rules that own their policies on the heap. It can be stored, sent to other threads, and kept in
/// an `Arc` that is swapped while the server runs.
///
/// ```
/// use embedded_cors::{OwnedPolicy, OwnedRules, PolicyConfig, Request};
///
/// let site = PolicyConfig {
///     allow_origins: vec!["https://app.example.com".into()],
///     allow_credentials: true,
///     ..Default::default()
/// };
/// let everyone = OwnedPolicy::from_origins(["*"])?;
/// let current = OwnedRules::new(vec![site.build()?, everyone])?;
///
/// let request = Request::from_fields("GET", [("Origin", "https://other.example")]);
/// let borrowed = current.borrowed();
/// let rules = borrowed.rules();
/// let field = rules.decide(&request).fields().next().unwrap().to_string();
/// assert_eq!(field, "access-control-allow-origin: *");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OwnedRules {
    policies: Vec<OwnedPolicy>,
}

impl OwnedRules {
    /// Creates the list from 1 to [`MAX_RULES`](crate::MAX_RULES) policies.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Rules::new`].
    pub fn new(policies: Vec<OwnedPolicy>) -> Result<Self, RulesError> {
        let this = Self { policies };
        Rules::new(&this.borrowed().policies)?;
        Ok(this)
    }

    /// Returns the rules, as a value from which [`Rules`] are borrowed. Keep both as long as their
    /// decisions.
    ///
    /// The call allocates about 300 bytes for each rule.
    pub fn borrowed(&self) -> BorrowedRules<'_> {
        BorrowedRules {
            policies: self.policies.iter().map(OwnedPolicy::policy).collect(),
        }
    }

    /// Returns the policies, in order.
    pub fn policies(&self) -> &[OwnedPolicy] {
        &self.policies
    }
}

/// The policies of [`OwnedRules`], borrowed. See [`OwnedRules::borrowed`].
#[derive(Clone, Debug)]
pub struct BorrowedRules<'a> {
    policies: Vec<Policy<'a>>,
}

impl BorrowedRules<'_> {
    /// Returns the rules.
    pub fn rules(&self) -> Rules<'_> {
        Rules::checked(&self.policies)
    }
}

impl Decide for BorrowedRules<'_> {
    fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.rules().decide(request)
    }

    fn decide_for_error_reply<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.rules().decide_for_error_reply(request)
    }
}

impl PolicySource for OwnedRules {
    type PolicyOrRules<'s> = BorrowedRules<'s>;

    fn policy_or_rules(&self) -> BorrowedRules<'_> {
        self.borrowed()
    }
}
