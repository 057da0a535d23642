//! Rules: an ordered list of policies. The first whose origins admit the origin of a request
//! decides.

use core::fmt;

use super::bounds::max;
use super::message::Message;
use super::{Policy, pattern};

/// The maximum number of rules in a list.
///
/// A request costs one look-up of its origin in each rule that does not admit it, and two in the
/// one that does.
pub const MAX_RULES: usize = 16;

/// An ordered list of policies for one resource: the first policy whose origins admit the origin of
/// a request decides, and refuses or allows it. If no policy admits the origin, the request is
/// refused.
///
/// This allows everyone without credentials, and listed sites with credentials:
///
/// ```
/// use embedded_cors::{Policy, Request, Rules};
///
/// static CORS: Rules = Rules::new_or_panic(&[
///     Policy::builder()
///         .allow_origins(&["https://app.example.com"])
///         .allow_methods(&["PUT", "DELETE"])
///         .allow_credentials()
///         .build_or_panic(),
///     Policy::builder().allow_origins(&["*"]).build_or_panic(),
/// ]);
///
/// let fields = |origin| {
///     let request = Request::from_fields("GET", [("Origin", origin)]);
///     CORS.decide(&request).fields().map(|field| field.to_string()).collect::<Vec<_>>()
/// };
/// assert_eq!(
///     fields("https://app.example.com"),
///     [
///         "access-control-allow-origin: https://app.example.com",
///         "access-control-allow-credentials: true",
///         "vary: origin"
///     ]
/// );
/// assert_eq!(fields("https://other.example"), ["access-control-allow-origin: *", "vary: origin"]);
/// ```
///
/// A rule decides alone: its methods, headers and other settings are not combined with those of
/// other rules. An `Origin` that is malformed or repeated is admitted by the first rule whose
/// origins are `*`, if there is one. If there is more than one rule, every response has `Vary:
/// Origin`, and the response to a request without `Origin` has no other CORS field. A list with one
/// rule answers exactly like its policy.
///
/// A predicate is called at most twice for a request.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    policies: &'a [Policy<'a>],
}

impl<'a> Rules<'a> {
    /// Creates the list from 1 to [`MAX_RULES`] policies.
    ///
    /// Each entry is compared with each entry of each earlier rule, so the work grows with the
    /// square of the number of entries. Create a long list once, and not for each request.
    ///
    /// The policies keep their [rendered](Policy::render) text. It is used where it contains `Vary:
    /// Origin`, so it is not used for a policy whose origins are `*`.
    ///
    /// # Errors
    ///
    /// Returns [`RulesError`] if the list is empty or too long, or if a rule is never reached
    /// because each of its entries is contained in an entry of an earlier rule.
    pub const fn new(policies: &'a [Policy<'a>]) -> Result<Self, RulesError> {
        if policies.is_empty() {
            return Err(RulesError::new(RulesErrorKind::Empty, 0));
        }
        if policies.len() > MAX_RULES {
            return Err(RulesError::new(RulesErrorKind::TooMany, MAX_RULES));
        }
        let mut rule = 0;
        while rule < policies.len() {
            let (earlier, _) = policies.split_at(rule);
            if !is_reached(&policies[rule], earlier) {
                return Err(RulesError::new(RulesErrorKind::Unreachable, rule));
            }
            rule += 1;
        }
        Ok(Self { policies })
    }

    /// Creates the list in a `const` or a `static`, where a mistake fails the build with the
    /// sentence of the [`RulesError`].
    ///
    /// # Panics
    ///
    /// Panics on a mistake if it is called at run time. Call [`new`](Self::new) there.
    pub const fn new_or_panic(policies: &'a [Policy<'a>]) -> Self {
        match Self::new(policies) {
            Ok(rules) => rules,
            Err(error) => panic!("{}", error.message().as_str()),
        }
    }

    /// Creates the list from policies that [`new`](Self::new) has checked, in this order.
    #[allow(dead_code, reason = "integrations store the policies of rules")]
    pub(crate) const fn checked(policies: &'a [Policy<'a>]) -> Self {
        Self { policies }
    }

    /// Returns the policies, in order.
    pub const fn policies(&self) -> &'a [Policy<'a>] {
        self.policies
    }

    /// Returns the length in bytes of the longest text that any decision of these rules writes. See
    /// [`Policy::max_response_len`].
    pub const fn max_response_len(&self) -> usize {
        let (mut len, mut rule) = (0, 0);
        while rule < self.policies.len() {
            len = max(len, self.policies[rule].max_response_len);
            rule += 1;
        }
        len
    }

    /// Returns the largest number of fields that any decision of these rules has. See
    /// [`Policy::max_fields`].
    pub const fn max_fields(&self) -> usize {
        let (mut count, mut rule) = (0, 0);
        while rule < self.policies.len() {
            count = max(count, self.policies[rule].max_field_count());
            rule += 1;
        }
        count
    }
}

/// Returns whether the policy admits an origin that no earlier policy is proved to admit.
const fn is_reached(policy: &Policy<'_>, earlier: &[Policy<'_>]) -> bool {
    if policy.origins.has_more_than_entries() {
        // It may admit any origin, so it is reached unless an earlier rule admits all of them.
        return !any_contains(earlier, b"*");
    }
    let mut part = 0;
    while policy.origins.has_loopback() && part < pattern::LOOPBACK.len() {
        if !any_contains(earlier, pattern::LOOPBACK[part].as_bytes()) {
            return true;
        }
        part += 1;
    }
    let mut cursor = 0;
    while let Some(entry) = policy.origins.entries.next(&mut cursor) {
        if !any_contains(earlier, entry.as_bytes()) {
            return true;
        }
    }
    false
}

/// Returns whether an entry of these policies contains all origins of `entry`.
const fn any_contains(policies: &[Policy<'_>], entry: &[u8]) -> bool {
    let mut i = 0;
    while i < policies.len() {
        if policies[i].origins.has_loopback() && pattern::is_loopback(entry) {
            return true;
        }
        let mut cursor = 0;
        while let Some(other) = policies[i].origins.entries.next(&mut cursor) {
            if pattern::contains(other.as_bytes(), entry) {
                return true;
            }
        }
        i += 1;
    }
    false
}

/// A mistake in a list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesError {
    kind: RulesErrorKind,
    rule: usize,
}

/// A kind of mistake in a list of rules.
///
/// It is `#[non_exhaustive]`, because later versions may find more mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RulesErrorKind {
    /// The list has no rule.
    Empty,
    /// The list has more than [`MAX_RULES`] rules.
    TooMany,
    /// Earlier rules admit every origin of this one, so it never decides.
    Unreachable,
}

impl RulesError {
    const fn new(kind: RulesErrorKind, rule: usize) -> Self {
        Self { kind, rule }
    }

    /// Returns what is wrong.
    pub const fn kind(&self) -> RulesErrorKind {
        self.kind
    }

    /// Returns the index of the rule.
    pub const fn rule(&self) -> usize {
        self.rule
    }

    const fn message(&self) -> Message {
        let message = Message::new().text("rules[").number(self.rule).text("]: ");
        message.text(match self.kind {
            RulesErrorKind::Empty => "the list has no rule; add one",
            RulesErrorKind::TooMany => "is one more than a list may have; a list has at most 16 rules",
            RulesErrorKind::Unreachable => {
                "never decides, because earlier rules admit all of its origins; move it before them or remove it"
            }
        })
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl core::error::Error for RulesError {}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: Policy = Policy::builder()
        .allow_origins(&["https://app.example.com"])
        .build_or_panic();
    const EVERYONE: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    const NOBODY: Policy = Policy::builder().build_or_panic();

    fn kind_and_rule(policies: &[Policy<'_>]) -> Option<(RulesErrorKind, usize)> {
        Rules::new(policies)
            .err()
            .map(|error| (error.kind(), error.rule()))
    }

    #[test]
    fn a_rule_that_is_never_reached_is_a_mistake() {
        let unreachable = |rule| Some((RulesErrorKind::Unreachable, rule));
        assert_eq!(kind_and_rule(&[APP, EVERYONE]), None);
        assert_eq!(kind_and_rule(&[EVERYONE, APP]), unreachable(1));
        assert_eq!(kind_and_rule(&[APP, APP]), unreachable(1));
        assert_eq!(kind_and_rule(&[NOBODY]), unreachable(0));
        assert_eq!(kind_and_rule(&[APP, NOBODY, EVERYONE]), unreachable(1));
        let subdomains = Policy::builder()
            .allow_origins(&["https://*.example.com"])
            .build_or_panic();
        assert_eq!(kind_and_rule(&[APP, subdomains]), None);
        assert_eq!(kind_and_rule(&[subdomains, APP]), unreachable(1));
        let predicate = Policy::builder().allow_origin_if(&|_| true).build_or_panic();
        assert_eq!(kind_and_rule(&[predicate, APP, predicate]), None);
        assert_eq!(kind_and_rule(&[EVERYONE, predicate]), unreachable(1));
    }

    #[test]
    fn a_list_has_1_to_16_rules() {
        assert_eq!(kind_and_rule(&[]), Some((RulesErrorKind::Empty, 0)));
        let names: Vec<String> = (0..17).map(|i| format!("https://{i}.example.com")).collect();
        let lists: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
        let policies: Vec<Policy<'_>> = lists
            .iter()
            .map(|list| Policy::builder().allow_origins(list).build().unwrap())
            .collect();
        assert!(Rules::new(&policies[..16]).is_ok());
        let error = Rules::new(&policies).unwrap_err();
        assert_eq!((error.kind(), error.rule()), (RulesErrorKind::TooMany, 16));
        assert_eq!(
            error.to_string(),
            "rules[16]: is one more than a list may have; a list has at most 16 rules"
        );
    }
}
