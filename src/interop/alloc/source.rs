//! Owned policies as what adapters of servers take.

use alloc::boxed::Box;
use alloc::rc::Rc;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;

use super::OwnedPolicy;
use crate::decision::policy_source_by_pointer;
use crate::{Policy, PolicySource};

impl PolicySource for OwnedPolicy {
    type PolicyOrRules<'s> = Policy<'s>;

    fn policy_or_rules(&self) -> Policy<'_> {
        self.policy()
    }
}

policy_source_by_pointer!(Box<S>);
policy_source_by_pointer!(Rc<S>);
#[cfg(target_has_atomic = "ptr")]
policy_source_by_pointer!(Arc<S>);
