//! Bounds the texts of a diagnosis: a value of the given text may have megabytes, and stands in
//! several sentences.

use super::{Diagnosis, Finding};

/// The longest text, in bytes. Addresses of this length are rare.
const LONGEST: usize = 4000;
/// The bytes at the start and at the end that are kept of a longer one.
const KEPT: (usize, usize) = (3000, 500);
/// The most names of headers, and the most reasons, notes and fixes.
const MOST: usize = 100;

impl Diagnosis {
    /// Shortens all texts, and leaves out names after the first hundred.
    pub(super) fn bound(&mut self) {
        let wanted = &mut self.wanted;
        wanted.headers.truncate(MOST);
        wanted.reasons.truncate(MOST);
        self.notes.truncate(MOST);
        self.fixes.truncate(MOST);
        let consoles = &mut self.consoles;
        let cases = self.cases.iter_mut();
        let (mut origins, mut findings) = (Vec::new(), Vec::new());
        for case in cases {
            origins.extend(&mut case.origin);
            findings.extend(&mut case.finding);
        }
        findings.extend(self.finding.iter_mut().chain(&mut self.warnings));
        let optional = [&mut wanted.url, &mut wanted.method, &mut wanted.origin];
        optional.into_iter().flatten().for_each(shorten);
        let printed = [
            &mut consoles.chromium,
            &mut consoles.firefox,
            &mut consoles.webkit,
        ];
        printed.into_iter().flatten().chain(origins).for_each(shorten);
        wanted.headers.iter_mut().for_each(shorten);
        let reasons = wanted.reasons.iter_mut().map(|reason| &mut reason.text);
        let questions = self.questions.iter_mut().map(|question| &mut question.text);
        let others = self.others.iter_mut().map(|other| &mut other.question);
        reasons.chain(questions).chain(others).for_each(shorten);
        self.notes.iter_mut().chain(&mut self.fixes).for_each(shorten);
        findings.into_iter().for_each(bound_finding);
    }
}

fn bound_finding(finding: &mut Finding) {
    finding.detail.iter_mut().for_each(shorten);
    if let Some(guilty) = &mut finding.guilty {
        shorten(&mut guilty.field);
        guilty.value.iter_mut().for_each(shorten);
    }
}

fn shorten(text: &mut String) {
    if text.len() <= LONGEST {
        return;
    }
    let end = (0..=KEPT.0)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let start = (text.len() - KEPT.1..text.len()).find(|at| text.is_char_boundary(*at));
    let last = start.and_then(|at| text.get(at..)).unwrap_or("").to_string();
    text.truncate(end);
    text.push_str("...");
    text.push_str(&last);
}
