//! Puts entries with the same settings together, in rules whose order is that of the server.
//!
//! The first rule that admits an origin decides, so the order matters where entries of different
//! rules admit the same origins. For each pair of such entries, the server is asked about an origin
//! that both admit: its answer has the settings of the entry that comes first.

use std::collections::HashMap;

use super::{Probe, STRANGER, compare, entry_admits};
use crate::policy::origins::{Entry, Host, Ports, Product, Scheme};
use crate::policy::read::draft::Draft;
use crate::policy::read::{Difference, Effect};

/// The most pairs of entries that are compared. An attacker can write a configuration with more.
const MAX_PAIRS: usize = 20_000;

/// The server's settings for pages, each asked about once.
struct Answers<'a> {
    probe: &'a Probe<'a>,
    line: usize,
    known: HashMap<String, Option<(Draft, String)>>,
}

impl Answers<'_> {
    /// Returns the settings that the server has for a page, and a text that is equal for equal
    /// settings. Returns `None` if the page is not admitted.
    fn settings(&mut self, page: &str) -> Option<&(Draft, String)> {
        let (probe, line) = (self.probe, self.line);
        let known = self.known.entry(page.to_owned()).or_insert_with(|| {
            probe.admits(page).then(|| {
                let mut draft = Draft::at(line);
                probe.lists(&mut draft, page);
                let key = key(&draft);
                (draft, key)
            })
        });
        known.as_ref()
    }

    fn key(&mut self, page: &str) -> Option<String> {
        self.settings(page).map(|(_, key)| key.clone())
    }
}

fn key(draft: &Draft) -> String {
    let mut methods = draft.methods.clone();
    methods.retain(|name| !matches!(name.as_str(), "GET" | "HEAD" | "POST" | "OPTIONS"));
    let sorted = |list: &[String]| {
        let mut list: Vec<String> = list.iter().map(|name| name.to_ascii_lowercase()).collect();
        list.sort();
        list
    };
    methods.sort();
    format!(
        "{methods:?} {:?} {:?} {} {:?} {} {:?}",
        sorted(&draft.headers),
        sorted(&draft.expose),
        draft.credentials,
        draft.max_age,
        draft.timing,
        draft.success_status,
    )
}

/// An entry, and what the server answers to a page that it admits.
struct Part {
    entry: String,
    key: String,
    draft: Draft,
}

impl<'a> Probe<'a> {
    /// Puts entries with the same settings together. Each group is a rule, and that of everyone is
    /// the last. `pages` are origins that the configuration mentions: one that an entry covers has
    /// a separate rule if the server has other settings for it.
    pub(super) fn drafts(
        &'a self,
        entries: Vec<String>,
        pages: &[String],
        line: usize,
        differences: &mut Vec<Difference>,
    ) -> Vec<Draft> {
        let mut answers = Answers {
            probe: self,
            line,
            known: HashMap::new(),
        };
        let everyone = answers.settings(STRANGER).cloned();
        let mut parts = self.parts(entries, &mut answers);
        let everyone_key = everyone.as_ref().map(|(_, key)| key.as_str());
        let mut drafts = arranged(&parts, everyone_key, &mut answers);
        // Each of these pages may belong to an earlier rule than the entries that admit it.
        let decides = |drafts: &[(Draft, String)], page: &str| {
            let admits = |draft: &Draft| draft.origins.iter().any(|entry| entry_admits(entry, page));
            let first = drafts.iter().find(|(draft, _)| admits(draft));
            first
                .map(|(_, key)| key.clone())
                .or_else(|| everyone_key.map(String::from))
        };
        let mut is_complete = true;
        for page in pages {
            let settings = answers.settings(page).cloned();
            if let Some((draft, key)) = settings
                && decides(&drafts, page).is_some_and(|decided| decided != key)
                && !parts.iter().any(|part| part.entry == *page)
            {
                parts.push(Part {
                    entry: page.clone(),
                    key,
                    draft,
                });
                is_complete = false;
            }
        }
        if !is_complete {
            drafts = arranged(&parts, everyone_key, &mut answers);
        }
        let mut drafts: Vec<Draft> = drafts.into_iter().map(|(draft, _)| draft).collect();
        let most = embedded_cors::MAX_RULES - usize::from(everyone.is_some());
        for draft in drafts.drain(most.min(drafts.len())..) {
            let mut lost = Draft::at(line);
            lost.differs(
                Effect::Less,
                "rules",
                format!(
                    "the engine has at most {} rules, so these origins have none",
                    embedded_cors::MAX_RULES
                ),
            );
            for difference in &mut lost.differences {
                difference.witnesses = draft.origins.iter().take(3).cloned().collect();
            }
            differences.append(&mut lost.differences);
        }
        if let Some((mut draft, _)) = everyone {
            draft.everyone = true;
            draft.reflects = self.get(STRANGER).value("access-control-allow-origin") == Some(STRANGER);
            drafts.push(draft);
        }
        if drafts.is_empty() {
            drafts.push(Draft::at(line));
        }
        drafts
    }

    /// Asks the server about a page of each entry. A page that no narrower entry admits shows the
    /// settings of the entry itself.
    fn parts(&self, entries: Vec<String>, answers: &mut Answers<'_>) -> Vec<Part> {
        let is_pattern = |entry: &&String| is_pattern(entry);
        let patterns: Vec<String> = entries.iter().filter(is_pattern).cloned().collect();
        let mut parts = Vec::new();
        for entry in &entries {
            let members = compare::members(entry);
            let is_own = |page: &&String| {
                let mut others = patterns.iter().chain(&entries).take(400);
                !others
                    .any(|other| other != entry && entry_admits(other, page) && !entry_admits(other, entry))
            };
            let own = members.iter().filter(is_own);
            let page = own.chain(&members).find(|page| self.admits(page));
            if let Some((draft, key)) = page.and_then(|page| answers.settings(page)) {
                parts.push(Part {
                    entry: entry.clone(),
                    key: key.clone(),
                    draft: draft.clone(),
                });
            }
        }
        parts
    }
}

fn is_pattern(entry: &str) -> bool {
    match Entry::parse(entry) {
        Some(entry) => entry.exact().is_none_or(|exact| exact.len() > 1),
        None => true,
    }
}

/// Returns the rules, in an order in which the first that admits an origin has the settings that
/// the server has for it.
fn arranged(parts: &[Part], everyone: Option<&str>, answers: &mut Answers<'_>) -> Vec<(Draft, String)> {
    let before = orders(parts, answers);
    let mut placed: Vec<Option<usize>> = vec![None; parts.len()];
    let mut drafts: Vec<(Draft, String)> = Vec::new();
    for _ in 0..parts.len() {
        // The first part whose predecessors are placed; in a cycle, which no order satisfies, the
        // first part. The comparison with the server then lists what differs.
        let is_open = |index: &usize| placed[*index].is_none();
        let is_ready = |index: &usize| before[*index].iter().all(|&other| placed[other].is_some());
        let mut open = (0..parts.len()).filter(is_open);
        let Some(index) = open.clone().find(is_ready).or_else(|| open.next()) else {
            break;
        };
        let part = &parts[index];
        let earliest = before[index].iter().filter_map(|&other| placed[other]).max();
        let earliest = earliest.map_or(0, |rule| rule + 1);
        let found = (earliest..drafts.len()).find(|&rule| drafts[rule].1 == part.key);
        let rule = found.unwrap_or_else(|| {
            drafts.push((part.draft.clone(), part.key.clone()));
            drafts.len() - 1
        });
        drafts[rule].0.origins.push(part.entry.clone());
        placed[index] = Some(rule);
    }
    // What everyone may do needs no entry, and neither does a part of another entry with the same
    // settings, unless a later rule would decide otherwise.
    let mut is_needed = vec![false; parts.len()];
    for earlier in before.iter().flatten() {
        is_needed[*earlier] = true;
    }
    for (index, part) in parts.iter().enumerate() {
        let is_part = |(other_index, other): (usize, &Part)| {
            // Of two that admit the same origins, the first stays.
            let is_same = entry_admits(&part.entry, &other.entry);
            other.key == part.key
                && entry_admits(&other.entry, &part.entry)
                && (!is_same || other_index < index)
        };
        let is_covered = everyone == Some(part.key.as_str())
            || is_pattern(&part.entry) && parts.iter().enumerate().any(is_part);
        if is_covered
            && !is_needed[index]
            && let Some(rule) = placed[index]
        {
            drafts[rule].0.origins.retain(|entry| *entry != part.entry);
        }
    }
    drafts.retain(|(draft, _)| !draft.origins.is_empty());
    drafts
}

/// Returns, for each part, the parts that have to stand in an earlier rule.
fn orders(parts: &[Part], answers: &mut Answers<'_>) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); parts.len()];
    let mut pairs = 0;
    for (first, part) in parts.iter().enumerate() {
        if !is_pattern(&part.entry) {
            continue;
        }
        for (second, other) in parts.iter().enumerate() {
            let is_counted_already = second <= first && is_pattern(&other.entry);
            if is_counted_already || part.key == other.key {
                continue;
            }
            pairs += 1;
            if pairs > MAX_PAIRS {
                return before;
            }
            for page in common(&part.entry, &other.entry) {
                let key = answers.key(&page);
                if key.as_ref() == Some(&part.key) {
                    before[second].push(first);
                    break;
                } else if key.as_ref() == Some(&other.key) {
                    before[first].push(second);
                    break;
                }
            }
        }
    }
    before
}

/// Returns origins that both entries admit.
pub(super) fn common(first: &str, second: &str) -> Vec<String> {
    let (Some(Entry::Product(one)), Some(Entry::Product(two))) = (Entry::parse(first), Entry::parse(second))
    else {
        return Vec::new();
    };
    let mut hosts: Vec<String> = [one, two]
        .iter()
        .flat_map(|product| hosts(product.host))
        .collect();
    if let (Host::InLabel(before, after), Host::InLabel(other_before, other_after)) = (one.host, two.host) {
        let longer = |a: &'_ str, b: &'_ str| {
            if a.len() > b.len() {
                a.to_owned()
            } else {
                b.to_owned()
            }
        };
        hosts.push(format!(
            "{}b{}",
            longer(before, other_before),
            longer(after, other_after)
        ));
    }
    let mut ports = vec![String::new()];
    for product in [&one, &two] {
        match product.ports {
            Ports::One(port) => ports.push(format!(":{port}")),
            Ports::Range(first, last) => ports.extend([format!(":{first}"), format!(":{last}")]),
            Ports::Any => ports.push(":8080".into()),
            Ports::Default => {}
        }
    }
    let mut found = Vec::new();
    for scheme in [&one, &two].into_iter().flat_map(schemes) {
        for host in &hosts {
            let origins = ports.iter().map(|port| format!("{scheme}://{host}{port}"));
            found
                .extend(origins.filter(|origin| entry_admits(first, origin) && entry_admits(second, origin)));
        }
    }
    crate::policy::print::unique(found)
}

fn schemes<'a>(product: &Product<'a>) -> Vec<&'a str> {
    match product.scheme {
        Scheme::One(scheme) => vec![scheme],
        Scheme::HttpAndHttps => vec!["https", "http"],
    }
}

fn hosts(host: Host<'_>) -> Vec<String> {
    match host {
        Host::One(host) => vec![host.into()],
        Host::Subdomains(domain) => vec![format!("a.{domain}"), format!("a.b.{domain}")],
        Host::InLabel(before, after) => vec![format!("{before}b{after}")],
        Host::Every => vec!["a.example".into()],
        Host::Ipv4([a, b, c, d], _) => vec![format!("{a}.{b}.{c}.{d}")],
        Host::Ipv6(network) => {
            let address = network.split('/').next().unwrap_or_default();
            vec![address.into()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_origins_in_common() {
        for (first, second, origin) in [
            (
                "https://*.example.com",
                "https://app.example.com",
                Some("https://app.example.com"),
            ),
            (
                "https://pr-*.a.example",
                "https://*-dev.a.example",
                Some("https://pr-b-dev.a.example"),
            ),
            (
                "*://*.a.example",
                "https://*.a.example:*",
                Some("https://a.a.example"),
            ),
            (
                "http://localhost:3000-3010",
                "http://localhost:3005-4000",
                Some("http://localhost:3010"),
            ),
            (
                "http://10.0.0.0/8",
                "http://10.1.0.0/16:*",
                Some("http://10.1.0.0"),
            ),
            (
                "https://*",
                "https://*.b.a.example",
                Some("https://a.b.a.example"),
            ),
            ("https://*.a.example", "https://*.b.example", None),
            ("https://a.example", "null", None),
        ] {
            for (first, second) in [(first, second), (second, first)] {
                let found = common(first, second);
                match origin {
                    Some(origin) => assert!(
                        found.iter().any(|other| other == origin),
                        "{first} {second} {found:?}"
                    ),
                    None => assert!(found.is_empty(), "{first} {second} {found:?}"),
                }
            }
        }
    }
}
