//! Defects of configurations of nginx: those that a look at the blocks shows, and why nginx does
//! what a finding says.

use super::Nginx;
use super::blocks::{BlockKind, Id};
use super::parse::Directive;
use crate::servers::findings::{Finding, Severity};
use crate::servers::source::Place;

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// Returns whether an `add_header` sets this field.
pub(super) fn sets(directive: &Directive, name: &str) -> bool {
    directive.arg(0).eq_ignore_ascii_case(name)
}

fn sets_cors(directive: &Directive) -> bool {
    directive
        .arg(0)
        .to_ascii_lowercase()
        .starts_with("access-control-")
}

impl Nginx {
    /// Returns the defects that the blocks show: lines that a block would inherit, and does not.
    pub(super) fn defects(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for id in self.blocks.ids() {
            let block = self.blocks.get(id);
            let own: Vec<&Directive> = self.blocks.own(id, "add_header").collect();
            for line in own.iter().filter(|line| sets_cors(line)) {
                if let Some((name, _)) = line.arg(0).split_once(':') {
                    let mut finding = Finding::new(
                        "field-name-with-colon",
                        Severity::Error,
                        format!("the name of {name} is written with a colon"),
                    )
                    .because(
                        "nginx adds a colon itself, so the value that browsers read begins with a colon",
                    );
                    finding.mark(line.place, "write the name without a colon");
                    found.push(finding);
                }
            }
            let (Some(parent), Some(first)) = (block.parent, own.first()) else {
                continue;
            };
            let is_if = matches!(block.kind, BlockKind::If);
            // What an `if` that answers preflights loses shows in the answers.
            let answers = ["return", "rewrite"]
                .iter()
                .any(|name| self.blocks.own(id, name).next().is_some());
            if is_if && answers {
                continue;
            }
            let effective = self.add_headers(id);
            let lost: Vec<&Directive> = self
                .add_headers(parent)
                .into_iter()
                .filter(|line| !effective.iter().any(|other| sets(other, line.arg(0))))
                .collect();
            if lost.is_empty() {
                continue;
            }
            let loses_origin = lost.iter().any(|line| sets(line, ALLOW_ORIGIN));
            let has_cors = own.iter().any(|line| sets_cors(line));
            if !loses_origin && !has_cors && !lost.iter().any(|line| sets_cors(line)) {
                continue;
            }
            let names: Vec<&str> = lost.iter().map(|line| line.arg(0)).collect();
            let severity = if loses_origin && !(is_if && has_cors) {
                Severity::Warning
            } else {
                Severity::Note
            };
            let mut finding = Finding::new(
                "inherited-lines-lost",
                severity,
                format!("{} loses {}", self.blocks.name(id), names.join(", ")),
            )
            .because(
                "a block with an add_header of its own inherits none of the lines of the blocks around it",
            );
            finding.mark(first.place, "this add_header cancels the inherited ones");
            if let Some(line) = lost.iter().find(|line| sets(line, ALLOW_ORIGIN)).or(lost.first()) {
                finding.mark(line.place, "is not sent from the inner block");
            }
            finding.targets.push(self.blocks.name(id));
            found.push(finding);
        }
        found
    }

    /// Returns the block that has a directive at this place, or that is opened there.
    pub(super) fn block_at(&self, place: Place) -> Option<Id> {
        self.blocks.ids().find(|id| {
            let block = self.blocks.get(*id);
            block.place == Some(place)
                || block
                    .directives
                    .iter()
                    .any(|directive| directive.place == place && directive.block.is_none())
        })
    }

    /// Adds why nginx does it.
    pub(super) fn explain_defect(&self, finding: &mut Finding) {
        match finding.code {
            "preflight-without-allow-origin" => self.explain_preflight(finding),
            "look-alike-admitted" | "public-suffix-admitted" | "insecure-origin-admitted" => {
                self.explain_expression(finding)
            }
            "errors-without-fields" => {
                let place = finding.marks.first().map(|mark| mark.place);
                if let Some(line) = place.and_then(|place| self.line_at(place))
                    && line.name.text == "add_header"
                    && line.arg(2) != "always"
                {
                    finding.reasons.push(
                        "add_header without always applies to 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only".into(),
                    );
                }
            }
            "preflight-status" => {
                let is_file = finding
                    .marks
                    .first()
                    .and_then(|mark| self.block_at(mark.place))
                    .is_some_and(|id| {
                        matches!(
                            self.blocks.get(id).kind,
                            BlockKind::Location(_) | BlockKind::Server
                        )
                    });
                if is_file && finding.title.contains("405") {
                    finding
                        .reasons
                        .push("nginx serves files to GET and HEAD only, and answers OPTIONS with 405".into());
                }
            }
            _ => {}
        }
    }

    fn explain_preflight(&self, finding: &mut Finding) {
        let Some(id) = finding.marks.first().and_then(|mark| self.block_at(mark.place)) else {
            return;
        };
        let own: Vec<&Directive> = self.blocks.own(id, "add_header").collect();
        let Some(parent) = self.blocks.get(id).parent else {
            return;
        };
        if let Some(first) = own.first() {
            let outer = self
                .add_headers(parent)
                .into_iter()
                .find(|line| sets(line, ALLOW_ORIGIN));
            if let Some(outer) = outer {
                finding.marks.insert(
                    0,
                    crate::servers::findings::Mark {
                        place: first.place,
                        label: "cancels every add_header outside of this if".into(),
                    },
                );
                finding.mark(outer.place, "is therefore not sent with preflights");
                finding.reasons.push(
                    "a block with an add_header of its own, such as this if, inherits none of the lines of the blocks around it".into(),
                );
                return;
            }
        }
        let sibling = self
            .blocks
            .get(parent)
            .inner
            .iter()
            .filter(|(_, other)| *other != id && matches!(self.blocks.get(*other).kind, BlockKind::If))
            .find_map(|(_, other)| {
                self.blocks
                    .own(*other, "add_header")
                    .find(|line| sets(line, ALLOW_ORIGIN))
            });
        if let Some(line) = sibling {
            finding.mark(line.place, "is not sent: this if does not count any more");
            finding.reasons.push(
                "of several if that hold, only the last one decides which add_header lines count".into(),
            );
        }
    }

    fn explain_expression(&self, finding: &mut Finding) {
        let Some(witness) = finding.witness.clone() else {
            return;
        };
        if let Some((place, _)) = self.guilty_expression(&witness) {
            finding.marks.insert(
                0,
                crate::servers::findings::Mark {
                    place,
                    label: format!("matches {witness}"),
                },
            );
        }
    }

    /// Returns the word with an expression that an origin matches, and the expression.
    pub(super) fn guilty_expression(&self, origin: &str) -> Option<(Place, String)> {
        let host = origin.split("://").nth(1).unwrap_or(origin);
        let host = host.split(':').next().unwrap_or(host);
        let matches = |pattern: &str, ignores_case: bool| {
            self.expression(pattern, ignores_case).is_ok_and(|expression| {
                [origin, host]
                    .iter()
                    .any(|text| expression.find(text).is_ok_and(|found| found.is_some()))
            })
        };
        for id in self.blocks.ids() {
            for directive in &self.blocks.get(id).directives {
                let first = directive.arg(0).to_ascii_lowercase();
                match directive.name.text.as_str() {
                    "if" if first.contains("origin") && matches!(directive.arg(1), "~" | "~*") => {
                        let word = directive.args.get(2)?;
                        let pattern = if directive.args.len() == 3 {
                            word.text.strip_suffix(')').unwrap_or(&word.text)
                        } else {
                            &word.text
                        };
                        if matches(pattern, directive.arg(1) == "~*") {
                            return Some((word.place, pattern.to_string()));
                        }
                    }
                    "map" if first.contains("origin") => {
                        for entry in directive.children() {
                            let Some(pattern) = entry.name.text.strip_prefix('~') else {
                                continue;
                            };
                            let (pattern, ignores_case) = match pattern.strip_prefix('*') {
                                Some(pattern) => (pattern, true),
                                None => (pattern, false),
                            };
                            if matches(pattern, ignores_case) && !matches!(entry.arg(0), "" | "0") {
                                return Some((entry.name.place, pattern.to_string()));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        None
    }

    /// Returns the directive at a place.
    pub(super) fn line_at(&self, place: Place) -> Option<&Directive> {
        self.blocks.ids().find_map(|id| {
            self.blocks
                .get(id)
                .directives
                .iter()
                .find(|directive| directive.place == place)
        })
    }
}
