//! Repairs that are the same for all servers.

use super::findings::{Finding, Repair};
use super::source::{Edit, Place, Sources};

/// Removes the slash at the end of an origin in the places of a finding.
pub(super) fn without_slash(sources: &Sources, finding: &Finding) -> Option<Repair> {
    let mut edits = Vec::new();
    for mark in &finding.marks {
        let Some(source) = sources.files().get(mark.place.file) else {
            continue;
        };
        let text = mark.place.span.of(&source.text);
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';' | ',');
        let mut at = 0;
        while let Some(found) = text[at..].find("://") {
            let start = at + found + 3;
            let end = text[start..].find(is_end).map_or(text.len(), |end| start + end);
            let host = text[start..end].trim_end_matches('/');
            if start + host.len() < end && !host.is_empty() && !host.contains('/') {
                let first = mark.place.span.start;
                edits.push(Edit {
                    place: Place::new(mark.place.file, first + start + host.len(), first + end),
                    text: String::new(),
                });
            }
            at = end;
        }
    }
    edits.sort_by_key(|edit| edit.place);
    edits.dedup_by_key(|edit| edit.place);
    (!edits.is_empty()).then(|| Repair {
        text: "leave the slash out".into(),
        edits,
        is_verified: false,
    })
}
