//! The rows of this crate, which do the same work as those of the peers.

use std::hint::black_box;

use benchmarks::cases;
use embedded_cors::{Policy, Request};

use crate::answer::Answer;
use crate::{Case, Prepared};

fn answer(policy: &Policy<'_>, request: &Request<'_>, buffer: &mut [u8]) -> usize {
    let decision = policy.decide(request);
    match decision.preflight() {
        Some(preflight) => preflight.write_response(buffer).map_or(0, <[u8]>::len),
        None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
    }
}

/// Prepares a row from names and values to bytes.
pub(crate) fn own_type(case: &Case) -> Prepared {
    let (method, fields) = (case.method, case.fields.clone());
    prepared(case, move |policy, buffer| {
        let fields = black_box(fields.as_slice());
        let request = Request::from_fields(black_box(method), fields.iter().copied());
        answer(policy, &request, buffer)
    })
}

pub(crate) fn wire(case: &Case) -> Prepared {
    let head = case.head.expect("the case has a head");
    prepared(case, move |policy, buffer| {
        let request = Request::from_head(black_box(head)).expect("the head is complete");
        answer(policy, &request, buffer)
    })
}

fn prepared(case: &Case, work: impl Fn(&Policy<'_>, &mut [u8]) -> usize + 'static) -> Prepared {
    let policy = cases::policy_of(case.origins.entries());
    let mut buffer = vec![0; policy.max_response_len()];
    let length = work(policy, &mut buffer);
    Prepared {
        answer: Answer::of_bytes(&buffer[..length]),
        call: Box::new(move || work(black_box(policy), black_box(&mut buffer))),
    }
}
