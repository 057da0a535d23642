//! The contents of a decision, in a form that tests and fuzz targets can compare.

use embedded_cors::{Decision, Policy, RequestKind};

/// Everything that a decision says, as owned values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub kind: RequestKind,
    /// `allowed`, `refused REASON` or `refused REASON POSITION`; empty if the request is not CORS.
    pub verdict: String,
    /// The whole response to a preflight, or the field lines of any other response.
    pub bytes: String,
}

impl Outcome {
    pub fn of(decision: &Decision<'_>, policy: &Policy<'_>) -> Self {
        Self::within(decision, policy.max_response_len(), policy.max_fields())
    }

    /// Writes the response into a buffer of `len` bytes. It has at most `fields` fields.
    pub fn within(decision: &Decision<'_>, len: usize, fields: usize) -> Self {
        let mut buffer = vec![0xa5; len];
        let bytes = match decision.preflight() {
            Some(preflight) => preflight.write_response(&mut buffer).unwrap(),
            None => decision.write_fields(&mut buffer).unwrap().as_bytes(),
        };
        assert!(decision.fields().count() <= fields);
        let verdict = match decision.refusal() {
            Some(refusal) => match refusal.position() {
                Some(position) => format!("refused {} {}", refusal.reason().name(), position.index()),
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
