//! Decides by an ordered list of policies.

use super::{Decision, RequestedList, Verdict};
use crate::names::Vary;
use crate::policy::{Policy, Rules};
use crate::request::Request;
use crate::request::head::Head;

impl<'a> Rules<'a> {
    /// Decides on a request by the first policy whose origins admit its origin. See
    /// [`Policy::decide`].
    pub fn decide(&self, request: &Request<'a>) -> Decision<'a> {
        let head = &request.head;
        let (policy, required_vary) = self.select(head);
        Decision {
            required_vary: required_vary.unwrap_or(policy.required_vary(head.is_options)),
            ..policy.decide_head(head, RequestedList::Lines(&request.lines))
        }
    }

    /// Decides which fields an error reply has if the server did not read or understand the whole
    /// request. See [`Policy::decide_for_error_reply`].
    pub fn decide_for_error_reply(&self, request: &Request<'a>) -> Decision<'a> {
        let head = Head {
            is_complete: true,
            ..request.head
        };
        let (policy, required_vary) = self.select(&head);
        Decision {
            required_vary: required_vary.unwrap_or(policy.required_vary(head.is_options)),
            ..policy.decide_head_for_error_reply(&head)
        }
    }

    /// Returns the policy that decides, and the `Vary` of the response unless it is the policy's.
    fn select(&self, head: &Head<&'a [u8]>) -> (&'a Policy<'a>, Option<Vary>) {
        let [first, _, ..] = self.policies() else {
            return (self.policies().first().unwrap_or(&NOTHING), None);
        };
        // The origin determines which rule decides, so every response depends on the origin.
        let required_vary = if head.is_options {
            Vary::OriginAndRequested
        } else {
            Vary::Origin
        };
        if head.origin.is_absent() {
            return (&NOTHING, Some(required_vary));
        }
        let admits = |policy: &&'a Policy<'a>| matches!(policy.decide_origin(head).verdict, Verdict::Allowed);
        // If no rule admits the origin, the first one refuses it.
        let policy = self.policies().iter().find(admits).unwrap_or(first);
        (policy, Some(required_vary))
    }
}

/// The policy for requests without `Origin`: their responses have nothing but `Vary`.
static NOTHING: Policy<'static> = Policy::nothing_but_vary();
