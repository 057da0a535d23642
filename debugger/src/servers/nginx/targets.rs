//! The addresses that are worth a check, and what the configuration says of origins.

use super::Nginx;
use super::blocks::{BlockKind, Id, Match};
use super::parse::Directive;
use crate::servers::expectations::request_to;
use crate::servers::origins::{self, Hint};
use crate::servers::request::Upstream;
use crate::servers::response::REPORTED;
use crate::servers::{Server as _, Target};

/// The most targets of a check.
const MAX_TARGETS: usize = 24;
/// The most locations that are looked at, so that the time of a check has a bound.
const MAX_LOCATIONS: usize = 256;

impl Nginx {
    /// Returns a target for each location that sets a CORS field for some request, or for the
    /// first locations if none does.
    pub(super) fn all_targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        let candidates = origins::candidates(&self.all_hints());
        for server in self.blocks.servers() {
            let base = self.base(server);
            let mut found: Vec<(Id, String)> = vec![(server, "/x".into())];
            self.paths(server, &mut found);
            for (id, path) in found.into_iter().take(MAX_LOCATIONS) {
                if targets.len() >= MAX_LOCATIONS {
                    break;
                }
                let url = format!("{base}{path}");
                let name = match self.blocks.get(id).kind {
                    BlockKind::Server if self.blocks.locations(server).next().is_some() => continue,
                    _ => self.blocks.name(id),
                };
                let name = if self.blocks.servers().count() > 1 {
                    format!("{name} of {}", base.split("://").nth(1).unwrap_or(&base))
                } else {
                    name
                };
                let target = Target {
                    name,
                    url,
                    place: self.blocks.get(id).place,
                };
                if !targets.iter().any(|other: &Target| other.url == target.url) {
                    targets.push(target);
                }
            }
        }
        let mut pages: Vec<&str> = candidates.iter().take(4).map(String::as_str).collect();
        pages.push("https://app.example.com");
        let concerns = |target: &Target| {
            ["GET", "OPTIONS", "POST"].iter().any(|method| {
                pages.iter().any(|page| {
                    let request = request_to(&target.url, method)
                        .with("Origin", page)
                        .with("Access-Control-Request-Method", "PUT");
                    let answer = self.respond(&request, &Upstream::default());
                    let mut names = REPORTED.iter().filter(|name| **name != "vary");
                    names.any(|name| answer.named(name).next().is_some()) || !answer.open.is_empty()
                })
            })
        };
        let (mut with, without): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(concerns);
        if with.is_empty() {
            with.extend(without.into_iter().take(1));
        }
        with.truncate(MAX_TARGETS);
        with
    }

    /// Returns scheme, host and port of a server.
    fn base(&self, server: Id) -> String {
        let names = self.names_of(server);
        let name = names
            .iter()
            .find_map(|name| {
                if let Some(pattern) = name.strip_prefix('~') {
                    let samples = self.expression(pattern, true).ok()?.samples();
                    return samples
                        .into_iter()
                        .find(|sample| !sample.is_empty() && !sample.contains(['/', ' ']));
                }
                let is_name = !name.contains('$') && !name.is_empty() && name != "_";
                is_name.then(|| {
                    let name = name.replace("*.", "www.").replace(".*", ".example");
                    name.trim_start_matches('.').to_string()
                })
            })
            .unwrap_or_else(|| "localhost".into());
        let listens = self.listens(server);
        let listen = listens
            .iter()
            .find(|listen| listen.is_encrypted)
            .or(listens.first());
        let (scheme, port) = match listen {
            Some(listen) if listen.is_encrypted || listen.port == 443 => ("https", listen.port),
            Some(listen) => ("http", listen.port),
            None => ("http", 80),
        };
        match (scheme, port) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{name}"),
            _ => format!("{scheme}://{name}:{port}"),
        }
    }

    fn paths(&self, block: Id, found: &mut Vec<(Id, String)>) {
        for (id, matching) in self.blocks.locations(block) {
            let path = match matching {
                Match::Exact(path) => Some(path.clone()),
                Match::Prefix(path, _) if path.ends_with('/') => Some(format!("{path}x")),
                Match::Prefix(path, _) => Some(path.clone()),
                Match::Regex(Ok(expression)) => {
                    let samples = expression.samples();
                    samples
                        .iter()
                        .flat_map(|sample| [sample.clone(), format!("/{sample}"), format!("/x{sample}")])
                        .find(|path| {
                            path.starts_with('/')
                                && !path.contains(char::is_whitespace)
                                && expression.find(path).is_ok_and(|found| found.is_some())
                        })
                }
                _ => None,
            };
            if let Some(path) = path
                && self.blocks.own(id, "internal").next().is_none()
            {
                found.push((id, path));
            }
            self.paths(id, found);
        }
    }

    /// Returns every word that looks like an origin, and every expression for origins.
    pub(super) fn all_hints(&self) -> Vec<Hint> {
        let mut hints = Vec::new();
        for id in self.blocks.ids() {
            for directive in &self.blocks.get(id).directives {
                self.hints_of(directive, &mut hints);
            }
        }
        hints
    }

    fn hints_of(&self, directive: &Directive, hints: &mut Vec<Hint>) {
        let expression = |pattern: &str, ignores_case: bool| {
            let compiled = self.expression(pattern, ignores_case).ok();
            compiled.map(|expression| Hint::Expression((*expression).clone(), directive.place))
        };
        match directive.name.text.as_str() {
            "if" => {
                let first = directive.arg(0).to_ascii_lowercase();
                let operator = directive.arg(1);
                if first.contains("origin") && operator.contains('~') {
                    let pattern = directive.arg(2);
                    let pattern = if directive.args.len() == 3 {
                        pattern.strip_suffix(')').unwrap_or(pattern)
                    } else {
                        pattern
                    };
                    hints.extend(expression(pattern, operator.ends_with('*')));
                } else if first.contains("origin") {
                    hints.push(Hint::Literal(directive.arg(2).trim_end_matches(')').into()));
                }
            }
            "map" if directive.arg(0).to_ascii_lowercase().contains("origin") => {
                let source = directive.arg(0);
                for entry in directive.children() {
                    let name = entry.name.text.as_str();
                    if let Some(pattern) = name.strip_prefix('~') {
                        hints.extend(match pattern.strip_prefix('*') {
                            Some(pattern) => expression(pattern, true),
                            None => expression(pattern, false),
                        });
                    } else if name.starts_with("*.") || name.starts_with('.') {
                        let host = name.trim_start_matches(['*', '.']);
                        hints.push(Hint::Literal(format!("https://a.{host}")));
                    } else if !matches!(name, "default" | "hostnames" | "include" | "volatile") {
                        if source == "$http_origin" {
                            hints.push(Hint::Literal(name.into()));
                        } else {
                            hints.push(Hint::Literal(format!("https://{name}")));
                        }
                    }
                    hints.push(Hint::Literal(entry.arg(0).into()));
                }
            }
            "cors_origin" => {
                for word in &directive.args {
                    hints.push(Hint::Literal(
                        word.text
                            .replace("*.", "a.")
                            .replace(":*", ":3000")
                            .replace("://*", "://app.example.com"),
                    ));
                }
            }
            "cors_rule" => {
                for child in directive.children() {
                    self.hints_of(child, hints);
                }
            }
            "add_header" | "more_set_headers" | "set" => {
                for word in &directive.args {
                    let text = match word.text.split_once(": ") {
                        Some((_, value)) => value,
                        None => &word.text,
                    };
                    if text.contains("://") {
                        hints.push(Hint::Literal(text.trim_matches(['\'', '"', ' ']).into()));
                    }
                }
            }
            _ => {}
        }
    }
}
