//! Defects of configurations: what a finding consists of. `docs/findings.md` lists the codes.

use super::source::{Edit, Place};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does no harm today, and is worth knowing.
    Note,
    /// It fails for some pages, or it may become a hole.
    Warning,
    /// Pages that should work are blocked, or pages that should be blocked get through.
    Error,
}

impl Severity {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A marked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place.
    pub place: Place,
    /// A hint for the reader about this place; it may be empty.
    pub label: String,
}

/// A change that removes a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The change in a sentence.
    pub text: String,
    /// The changes; none if only a person can decide them.
    pub edits: Vec<Edit>,
    /// Whether the changed configuration was simulated, and does not have the finding any more.
    pub is_verified: bool,
}

/// A defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the defect, such as `origin-reflected-with-credentials`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The defect in a sentence.
    pub title: String,
    /// Why it is one: what the server does, and what browsers make of it. One sentence each.
    pub reasons: Vec<String>,
    /// The places, the guilty one first.
    pub marks: Vec<Mark>,
    /// An origin that shows the defect.
    pub witness: Option<String>,
    /// More origins that show it.
    pub more_witnesses: Vec<String>,
    /// Where the defect shows: the names of targets.
    pub targets: Vec<String>,
    /// The address at which it shows; empty if no request shows it.
    pub url: String,
    /// The smallest repair.
    pub repair: Option<Repair>,
}

impl Finding {
    /// Creates a finding without places.
    pub fn new(code: &'static str, severity: Severity, title: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            title: title.into(),
            reasons: Vec::new(),
            marks: Vec::new(),
            witness: None,
            more_witnesses: Vec::new(),
            targets: Vec::new(),
            url: String::new(),
            repair: None,
        }
    }

    /// Adds a reason.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }

    /// Marks a place, unless it is marked already.
    pub fn mark(&mut self, place: Place, label: impl Into<String>) {
        if !self.marks.iter().any(|mark| mark.place == place) {
            self.marks.push(Mark {
                place,
                label: label.into(),
            });
        }
    }
}

/// Joins findings that are the same defect at several targets, and sorts: the worst first, then in
/// the order of the text.
pub fn join(findings: Vec<Finding>) -> Vec<Finding> {
    let mut joined: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = joined.iter_mut().find(|other| {
            other.code == finding.code
                && other.marks.first().map(|mark| mark.place) == finding.marks.first().map(|mark| mark.place)
                && (!finding.marks.is_empty() || other.url == finding.url)
        });
        match same {
            Some(other) => {
                other.severity = other.severity.max(finding.severity);
                for witness in finding.witness.into_iter().chain(finding.more_witnesses) {
                    if other.witness.as_ref() != Some(&witness) && !other.more_witnesses.contains(&witness) {
                        other.more_witnesses.push(witness);
                    }
                }
                for target in finding.targets {
                    if !other.targets.contains(&target) {
                        other.targets.push(target);
                    }
                }
            }
            None => joined.push(finding),
        }
    }
    joined.sort_by_key(|finding| {
        (
            std::cmp::Reverse(finding.severity),
            finding.marks.first().map(|mark| mark.place),
        )
    });
    joined
}
