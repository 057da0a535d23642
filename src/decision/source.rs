//! The traits by which adapters of servers take a policy or rules, borrowed or owned.

use super::Decision;
use crate::policy::{Policy, Rules};
use crate::request::Request;

/// A [`Policy`] or [`Rules`], which decide on requests.
///
/// The trait is for adapters of servers. Programs call [`Policy::decide`] and [`Rules::decide`].
pub trait Decide {
    /// Decides on a request. See [`Policy::decide`].
    fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a>;

    /// Decides which fields an error reply has. See [`Policy::decide_for_error_reply`].
    fn decide_for_error_reply<'a>(&'a self, request: &Request<'a>) -> Decision<'a>;
}

impl Decide for Policy<'_> {
    fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        Policy::decide(self, request)
    }

    fn decide_for_error_reply<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        Policy::decide_for_error_reply(self, request)
    }
}

impl Decide for Rules<'_> {
    fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        Rules::decide(self, request)
    }

    fn decide_for_error_reply<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        Rules::decide_for_error_reply(self, request)
    }
}

impl<D: Decide + ?Sized> Decide for &D {
    fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        (**self).decide(request)
    }

    fn decide_for_error_reply<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        (**self).decide_for_error_reply(request)
    }
}

/// A policy or rules, borrowed or owned.
///
/// Adapters of servers are generic over this trait, so that a program can give them a policy in a
/// `static`, rules, or a policy that owns its lists (`FixedCapacityPolicy`, `OwnedPolicy`), alone
/// or in an `Arc`.
///
/// ```
/// use embedded_cors::{Decide, Policy, PolicySource, Request};
///
/// fn is_refused(cors: &impl PolicySource, request: &Request<'_>) -> bool {
///     cors.policy_or_rules().decide(request).is_refused()
/// }
///
/// static CORS: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
/// assert!(!is_refused(&CORS, &Request::new("GET")));
/// ```
pub trait PolicySource {
    /// The policy or the rules that [`policy_or_rules`](Self::policy_or_rules) returns.
    type PolicyOrRules<'s>: Decide
    where
        Self: 's;

    /// Returns the policy or the rules. Adapters call this once per request, so it should be cheap.
    fn policy_or_rules(&self) -> Self::PolicyOrRules<'_>;
}

impl<'p> PolicySource for Policy<'p> {
    type PolicyOrRules<'s>
        = &'s Self
    where
        Self: 's;

    fn policy_or_rules(&self) -> &Self {
        self
    }
}

impl<'p> PolicySource for Rules<'p> {
    type PolicyOrRules<'s>
        = Self
    where
        Self: 's;

    fn policy_or_rules(&self) -> Self {
        *self
    }
}

/// Implements [`PolicySource`] for a type of pointer to another source.
macro_rules! policy_source_by_pointer {
    ($pointer:ty) => {
        impl<S: $crate::PolicySource + ?Sized> $crate::PolicySource for $pointer {
            type PolicyOrRules<'s>
                = S::PolicyOrRules<'s>
            where
                Self: 's;

            fn policy_or_rules(&self) -> S::PolicyOrRules<'_> {
                (**self).policy_or_rules()
            }
        }
    };
}
#[allow(unused_imports, reason = "guests have more pointers")]
pub(crate) use policy_source_by_pointer;

policy_source_by_pointer!(&S);
