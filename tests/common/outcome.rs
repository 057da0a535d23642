//! What tests and fuzz targets compare of a decision.

use embedded_cors::{Decision, Kind, Policy};

/// All that a decision says, detached from what it borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub kind: Kind,
    /// `allowed`, `refused REASON` or `refused REASON INDEX`; empty if not CORS.
    pub verdict: String,
    /// The whole response to a preflight, the fields otherwise.
    pub bytes: String,
}

impl Outcome {
    pub fn of(decision: &Decision<'_>, policy: &Policy<'_>) -> Self {
        let mut buffer = vec![0xa5; policy.max_response_len()];
        let bytes = match decision.preflight() {
            Some(preflight) => preflight.write_response(&mut buffer).unwrap(),
            None => decision.write_fields(&mut buffer).unwrap().as_bytes(),
        };
        assert!(decision.fields().count() <= policy.max_fields());
        let verdict = match decision.refusal() {
            Some(refusal) => match refusal.index() {
                Some(index) => format!("refused {} {index}", refusal.reason().name()),
                None => format!("refused {}", refusal.reason().name()),
            },
            None if decision.is_allowed() => "allowed".into(),
            None => String::new(),
        };
        Self {
            kind: decision.kind(),
            verdict,
            bytes: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}
