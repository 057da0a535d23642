//! The verdict on an exchange. Every check is one of the engine's model of a browser,
//! [`embedded_cors::browser`]; this module decides what to ask it, and names what it answers.

use super::facts::Facts;
use super::{Diagnosis, Options, Verdict};
use crate::exchange::Exchange;
use crate::input::Found;

/// Diagnoses an exchange.
pub(crate) fn diagnose(found: &Found, exchange: &Exchange, options: &Options) -> Diagnosis {
    let facts = Facts::new(found, exchange, options);
    let mut diagnosis = Diagnosis {
        wanted: facts.wanted(),
        is_cors: true,
        verdict: Verdict::Unknown,
        finding: None,
        warnings: Vec::new(),
        others: Vec::new(),
        questions: Vec::new(),
        cases: Vec::new(),
        steps: Vec::new(),
        consoles: super::Consoles::default(),
        given: facts.given(),
        fixes: Vec::new(),
        notes: Vec::new(),
        start: facts.start(),
        exchange: exchange.clone(),
    };
    let by_message = facts
        .message
        .and_then(|message| facts.finding_of_message(message));
    if exchange.legs.is_empty() {
        match (&by_message, facts.call) {
            (Some(finding), _) => facts.take_message(&mut diagnosis, finding.clone()),
            (None, Some(call)) => facts.predict(&mut diagnosis, call),
            (None, None) => {}
        }
    } else {
        facts.judge_transfers(&mut diagnosis);
        if let Some(finding) = by_message {
            facts.combine(&mut diagnosis, finding);
        }
    }
    facts.finish(&mut diagnosis);
    diagnosis.bound();
    diagnosis
}
