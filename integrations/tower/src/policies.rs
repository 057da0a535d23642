//! Where a layer's policy comes from.

use embedded_cors::{Decide, Decision, PolicySource, Request};

/// The policy that a request is decided by.
pub trait Policies {
    /// Decides on a request, and returns what `then` makes of the decision.
    fn decide<R>(&self, request: &Request<'_>, then: impl FnOnce(&Decision<'_>) -> R) -> R;
}

/// One policy, for [`CorsLayer::new`](crate::CorsLayer::new).
#[derive(Clone, Copy, Debug)]
pub struct Fixed<S>(pub(crate) S);

/// The policy that a function returns, for [`CorsLayer::from_fn`](crate::CorsLayer::from_fn).
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(pub(crate) F);

impl<S: PolicySource> Policies for Fixed<S> {
    fn decide<R>(&self, request: &Request<'_>, then: impl FnOnce(&Decision<'_>) -> R) -> R {
        then(&self.0.policy_or_rules().decide(request))
    }
}

impl<F: Fn() -> S, S: PolicySource> Policies for FromFn<F> {
    fn decide<R>(&self, request: &Request<'_>, then: impl FnOnce(&Decision<'_>) -> R) -> R {
        let current = (self.0)();
        let policy = current.policy_or_rules();
        then(&policy.decide(request))
    }
}
