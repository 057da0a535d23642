//! A whole check: tables of all targets, and findings with repairs that were tried.

use super::expectations::{self, Outcome, Table};
use super::findings::{self, Finding, Severity};
use super::origins;
use super::request::Upstream;
use super::source::Sources;
use super::{Kind, Server, Target, Unknown, behaviour};
use crate::text::bounded;

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Check {
    /// The kind of the configuration.
    pub kind: Kind,
    /// Its files.
    pub sources: Sources,
    /// A table for each target.
    pub tables: Vec<Table>,
    /// The defects, the worst first.
    pub findings: Vec<Finding>,
    /// The parts that cannot be simulated.
    pub unknowns: Vec<Unknown>,
}

impl Check {
    /// Returns whether there is a finding that is more than a note.
    pub fn has_defects(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity > Severity::Note)
    }

    /// Returns whether something is unknown: a row of a table, or a part of the configuration that
    /// matters for one.
    pub fn has_unknowns(&self) -> bool {
        if self.has_no_settings() {
            return false;
        }
        self.tables.is_empty()
            || self
                .tables
                .iter()
                .flat_map(|table| &table.rows)
                .any(|row| matches!(row.outcome, Outcome::Unknown(_)))
    }

    /// Returns whether the configuration has no CORS settings.
    pub fn has_no_settings(&self) -> bool {
        self.findings.iter().any(|finding| finding.code == NO_SETTINGS)
    }
}

/// The code of the note about a configuration without CORS settings.
const NO_SETTINGS: &str = "no-cors-settings";

/// Returns a note if nothing in the configuration is about CORS, and all of it is known.
fn no_settings(
    sources: &Sources,
    unknowns: &[Unknown],
    upstream: &Upstream,
    tables: &[Table],
) -> Option<Finding> {
    let is_cors = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("access-control-") || text.contains("cors")
    };
    let mut lines = sources
        .files()
        .iter()
        .flat_map(|source| source.text.lines().map(str::trim))
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
        .peekable();
    let is_blank = lines.peek().is_none();
    if lines.any(is_cors) || !unknowns.is_empty() || upstream.fields.iter().any(|(name, _)| is_cors(name)) {
        return None;
    }
    let name = "access-control-allow-origin";
    let mut answers = tables
        .iter()
        .flat_map(|table| &table.rows)
        .flat_map(|row| row.preflight.iter().chain(&row.actual));
    if !is_blank
        && answers.any(|answer| answer.named(name).next().is_some() || answer.unknown_reason(name).is_some())
    {
        return None;
    }
    let title = match sources.files() {
        [_] => "there are no CORS settings in this file",
        _ => "there are no CORS settings in these files",
    };
    let finding = Finding::new(NO_SETTINGS, Severity::Note, title)
        .because("browsers keep the answers from the pages of every other origin, unless the application behind the server sends CORS fields; give those with --server");
    Some(finding)
}

/// The most repairs that are tried for a finding, so that a check ends soon.
const MAX_REPAIRS: usize = 6;
/// The most findings that are repaired.
const MAX_REPAIRED: usize = 32;

/// Checks a server.
pub fn check(server: &dyn Server, upstream: &Upstream) -> Check {
    let (tables, mut findings) = look(server, upstream, &server.targets());
    for finding in &mut findings {
        server.explain(finding);
    }
    let mut findings = findings::join(findings);
    let unknowns = server.unknowns();
    findings.extend(no_settings(server.sources(), &unknowns, upstream, &tables));
    for finding in findings.iter_mut().take(MAX_REPAIRED) {
        for mut repair in server.repairs(finding).into_iter().take(MAX_REPAIRS) {
            if !repair.edits.is_empty() {
                repair.is_verified = removes(server, upstream, finding, &repair, &tables);
                if !repair.is_verified {
                    continue;
                }
            }
            finding.repair = Some(repair);
            break;
        }
    }
    let mut check = Check {
        kind: server.kind(),
        sources: server.sources().clone(),
        tables,
        findings,
        unknowns,
    };
    bound(&mut check);
    check
}

/// Shortens the texts of a check in which long values of the configuration are.
fn bound(check: &mut Check) {
    let shorten = |text: &mut String| {
        if let std::borrow::Cow::Owned(shorter) = bounded(text) {
            *text = shorter;
        }
    };
    for finding in &mut check.findings {
        shorten(&mut finding.title);
        shorten(&mut finding.url);
        finding.reasons.iter_mut().for_each(shorten);
        finding.more_witnesses.iter_mut().for_each(shorten);
        finding.witness.iter_mut().for_each(shorten);
        finding.targets.iter_mut().for_each(shorten);
        finding.marks.iter_mut().for_each(|mark| shorten(&mut mark.label));
        finding
            .repair
            .iter_mut()
            .for_each(|repair| shorten(&mut repair.text));
    }
    for table in &mut check.tables {
        shorten(&mut table.target.name);
        shorten(&mut table.target.url);
        table.page.iter_mut().for_each(shorten);
        for row in &mut table.rows {
            shorten(&mut row.wish.title);
            shorten(&mut row.wish.origin);
            match &mut row.outcome {
                Outcome::Unknown(reason) | Outcome::Blocked { reason, .. } => shorten(reason),
                Outcome::Works => {}
            }
        }
    }
    for unknown in &mut check.unknowns {
        shorten(&mut unknown.what);
        shorten(&mut unknown.reason);
    }
}

fn look(server: &dyn Server, upstream: &Upstream, targets: &[Target]) -> (Vec<Table>, Vec<Finding>) {
    let candidates = origins::candidates(&server.hints());
    let mut tables = Vec::new();
    let mut all = server.own_findings();
    for target in targets {
        let table = expectations::table(server, target, upstream, &candidates);
        all.extend(behaviour::findings(server, &table, upstream, &candidates));
        tables.push(table);
    }
    (tables, all)
}

/// Returns whether a repair removes a finding, and that pages which worked before still work.
fn removes(
    server: &dyn Server,
    upstream: &Upstream,
    finding: &Finding,
    repair: &findings::Repair,
    before: &[Table],
) -> bool {
    let Some(repaired) = server.reread(server.sources().with_edits(&repair.edits)) else {
        return false;
    };
    let targets: Vec<Target> = before
        .iter()
        .map(|table| table.target.clone())
        .filter(|target| finding.targets.contains(&target.name))
        .take(4)
        .collect();
    let (after, found) = look(&*repaired, upstream, &targets);
    let witnesses: Vec<&String> = finding.witness.iter().chain(&finding.more_witnesses).collect();
    let is_same = |other: &Finding| {
        other.code == finding.code
            && other.targets.iter().any(|name| finding.targets.contains(name))
            && (witnesses.is_empty()
                || other
                    .witness
                    .as_ref()
                    .is_some_and(|witness| witnesses.contains(&witness)))
    };
    let is_gone = !found.iter().any(is_same);
    let works = |table: &Table| -> Vec<(String, bool)> {
        table
            .rows
            .iter()
            .filter(|row| row.wish.who == expectations::Who::Page)
            .map(|row| (row.wish.id.clone(), row.outcome == Outcome::Works))
            .collect()
    };
    // A page of another origin may be the one that is tried after the repair. It must be one that
    // worked before, or else the repair only locks all pages out.
    let is_as_good = before
        .iter()
        .filter(|table| targets.contains(&table.target))
        .all(|table| {
            let Some(new) = after.iter().find(|new| new.target.name == table.target.name) else {
                return false;
            };
            let Some(page) = &table.page else {
                return true;
            };
            let is_known_page = new.page.as_ref().is_some_and(|new_page| {
                new_page == page || admits(server, upstream, std::slice::from_ref(&table.target), new_page)
            });
            is_known_page
                && works(table)
                    .iter()
                    .filter(|(_, worked)| *worked)
                    .all(|row| works(new).contains(row))
        });
    is_gone && is_as_good && keeps_pages(server, &*repaired, upstream, &targets, &witnesses)
}

/// The most hints and origins of a hint that are tried after a repair.
const MAX_HINTS: usize = 16;

/// Returns whether each expression and text that admitted a page still admits one.
fn keeps_pages(
    server: &dyn Server,
    repaired: &dyn Server,
    upstream: &Upstream,
    targets: &[Target],
    witnesses: &[&String],
) -> bool {
    let (before, after) = (server.hints(), repaired.hints());
    if before.len() != after.len() {
        return true;
    }
    before.iter().zip(&after).take(MAX_HINTS).all(|(old, new)| {
        let mut origins = origins::candidates(std::slice::from_ref(old));
        origins.truncate(MAX_HINTS);
        origins.extend(
            origins::candidates(std::slice::from_ref(new))
                .into_iter()
                .take(MAX_HINTS),
        );
        let mut worked = false;
        for origin in origins.iter().filter(|origin| !witnesses.contains(origin)) {
            if admits(server, upstream, targets, origin) {
                worked = true;
                if admits(repaired, upstream, targets, origin) {
                    return true;
                }
            }
        }
        !worked
    })
}

/// Returns whether a server admits an origin at one of the targets.
fn admits(server: &dyn Server, upstream: &Upstream, targets: &[Target], origin: &str) -> bool {
    let origins = [origin.to_string()];
    targets
        .iter()
        .any(|target| expectations::admitted(server, target, upstream, &origins).as_deref() == Some(origin))
}
