//! Where a layer's policy comes from.

use embedded_cors::PolicySource;

/// The policy that a request is decided by. It is kept until the response was written.
pub trait Policies {
    /// The value that keeps the policy.
    type Current<'s>: PolicySource
    where
        Self: 's;

    /// Returns the policy.
    fn current(&self) -> Self::Current<'_>;
}

/// One policy, for [`Cors::new`](crate::Cors::new).
#[derive(Clone, Copy, Debug)]
pub struct Fixed<S>(pub(crate) S);

/// The policy that a function returns, for [`Cors::from_fn`](crate::Cors::from_fn).
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(pub(crate) F);

impl<S: PolicySource> Policies for Fixed<S> {
    type Current<'s>
        = &'s S
    where
        Self: 's;

    fn current(&self) -> &S {
        &self.0
    }
}

impl<F: Fn() -> S, S: PolicySource> Policies for FromFn<F> {
    type Current<'s>
        = S
    where
        Self: 's;

    fn current(&self) -> S {
        (self.0)()
    }
}
