//! Repairs of configurations of nginx. Each is a change of the text, which the check simulates.

use super::Nginx;
use super::blocks::{BlockKind, Id};
use super::defects::sets;
use super::parse::{Directive, Word};
use crate::servers::findings::{Finding, Repair};
use crate::servers::source::{Edit, Place};
use crate::servers::stricter::stricter;

impl Nginx {
    /// Returns repairs of a finding, the smallest first.
    pub(super) fn repairs_of(&self, finding: &Finding) -> Vec<Repair> {
        let first = finding.marks.first().map(|mark| mark.place);
        let mut repairs = Vec::new();
        let mut add = |text: &str, edits: Vec<Edit>| {
            repairs.push(Repair {
                text: text.into(),
                edits,
                is_verified: false,
            });
        };
        match finding.code {
            "preflight-without-allow-origin" => {
                let block = finding.marks.iter().find_map(|mark| {
                    self.block_at(mark.place)
                        .filter(|id| matches!(self.blocks.get(*id).kind, BlockKind::If))
                });
                if let Some(edits) = block.and_then(|id| self.move_lines_out(id)) {
                    add(
                        "move the add_header lines out of the if, so that nothing but the return is left in it",
                        edits,
                    );
                }
                if let Some(edits) = block.and_then(|id| self.copy_lines(id, "access-control-")) {
                    add("repeat the CORS lines inside the if", edits);
                }
                add(
                    "choose the origin with a map outside of the location, and write every add_header in the location, none in an if",
                    Vec::new(),
                );
            }
            "inherited-lines-lost" => {
                let edits = first
                    .and_then(|place| self.block_at(place))
                    .and_then(|id| self.copy_lines(id, ""));
                if let Some(edits) = edits {
                    add(
                        "repeat the lines that are lost; nginx 1.29.3 and newer have add_header_inherit merge",
                        edits,
                    );
                }
            }
            "errors-without-fields" => {
                if let Some(block) = first.and_then(|place| self.block_at(place)) {
                    let edits: Vec<Edit> = self
                        .blocks
                        .own(block, "add_header")
                        .filter(|line| is_cors_line(line) && line.arg(2).is_empty())
                        .map(|line| insert_at(line.place.file, line.place.span.end - 1, " always"))
                        .collect();
                    if !edits.is_empty() {
                        add("write always at the end of the CORS lines", edits);
                    }
                }
                add(
                    "set the fields in the location of error_page too, with always",
                    Vec::new(),
                );
            }
            "field-name-with-colon" => {
                if let Some(line) = first.and_then(|place| self.line_at(place)) {
                    let edits = vec![replace(&line.args[0], line.arg(0).trim_end_matches(':'))];
                    add("write the name without a colon", edits);
                }
            }
            "vary-missing" => {
                if let Some(line) = first.and_then(|place| self.line_at(place)) {
                    add(
                        "add Vary: Origin beside Access-Control-Allow-Origin",
                        vec![self.insert_after(line.whole, "add_header Vary Origin always;")],
                    );
                }
                add(
                    "write add_header Vary Origin always outside of every if, so that all answers have it",
                    Vec::new(),
                );
            }
            "allow-origin-repeated" => {
                let lines: Vec<&Directive> = finding
                    .marks
                    .iter()
                    .filter_map(|mark| self.line_at(mark.place))
                    .collect();
                if let [one, two, ..] = lines.as_slice() {
                    if one.arg(1) == two.arg(1) {
                        add("leave one of the lines out", vec![self.delete(two.whole)]);
                    }
                    add(
                        "choose one origin with a map of $http_origin, and write a single line",
                        Vec::new(),
                    );
                } else if let Some(line) = lines.first() {
                    for kind in ["proxy", "fastcgi", "uwsgi", "grpc", "scgi"] {
                        if self.uses(&format!("{kind}_pass")) {
                            let hide = format!("{kind}_hide_header Access-Control-Allow-Origin;");
                            add(
                                "hide the line of the application",
                                vec![self.insert_after(line.whole, &hide)],
                            );
                        }
                    }
                }
            }
            "preflight-status" | "preflight-needs-login" => {
                let location = first
                    .and_then(|place| self.block_at(place))
                    .map(|id| self.blocks.location_of(id))
                    .into_iter()
                    .chain(self.blocks.ids().filter(|id| {
                        matches!(
                            self.blocks.get(*id).kind,
                            BlockKind::Location(_) | BlockKind::Server
                        ) && finding
                            .targets
                            .iter()
                            .any(|target| target.starts_with(&self.blocks.name(*id)))
                    }))
                    .find_map(|id| self.blocks.get(id).place);
                if let Some(place) = location {
                    let at = Place::new(place.file, place.span.start, place.span.end);
                    add(
                        "answer preflights in the location, before files and access are looked at",
                        vec![self.insert_inside(at, "if ($request_method = OPTIONS) { return 204; }")],
                    );
                }
                add(
                    "let a location answer OPTIONS with 204 and the CORS fields",
                    Vec::new(),
                );
            }
            "preflight-redirected" => add("let pages use the address that the redirect leads to", Vec::new()),
            "any-origin-with-credentials" => {
                let line = finding
                    .marks
                    .iter()
                    .filter_map(|mark| self.line_at(mark.place))
                    .find(|line| sets(line, "access-control-allow-credentials"));
                if let Some(line) = line {
                    add(
                        "leave Access-Control-Allow-Credentials out; or list the origins with a map, if pages send cookies",
                        vec![self.delete(line.whole)],
                    );
                }
            }
            "credentials-not-true" => {
                let word = first
                    .and_then(|place| self.line_at(place))
                    .and_then(|line| line.args.get(1));
                if let Some(word) = word {
                    add("write true", vec![replace(word, "true")]);
                }
            }
            "allow-origin-malformed" => {
                let word = first
                    .and_then(|place| self.line_at(place))
                    .and_then(|line| line.args.get(1));
                if let Some(word) = word.filter(|word| word.text.ends_with('/') && word.text.contains("://"))
                {
                    add(
                        "leave the slash out",
                        vec![replace(word, word.text.trim_end_matches('/'))],
                    );
                }
                add(
                    "choose one origin with a map of $http_origin, and send it alone",
                    Vec::new(),
                );
            }
            "list-malformed" => {
                let word = first
                    .and_then(|place| self.line_at(place))
                    .and_then(|line| line.args.get(1));
                if let Some(word) = word.filter(|word| !word.text.contains('$')) {
                    let names: Vec<&str> = word
                        .text
                        .split([' ', ',', ';', '\t'])
                        .filter(|name| !name.is_empty())
                        .collect();
                    add(
                        "separate the names by commas",
                        vec![replace(word, &format!("\"{}\"", names.join(", ")))],
                    );
                }
            }
            "look-alike-admitted" => {
                let guilty = finding
                    .witness
                    .as_deref()
                    .and_then(|witness| self.guilty_expression(witness));
                if let Some((place, pattern)) = guilty {
                    for stricter in stricter(&pattern) {
                        let old = self.sources.text(place);
                        let text = format!("write the expression with ^, $ and \\. as {stricter}");
                        add(
                            &text,
                            vec![Edit {
                                place,
                                text: requoted(old, &pattern, &stricter),
                            }],
                        );
                    }
                }
                add(
                    "compare whole origins: begin the expression with ^, end it with $, and write \\. for a dot",
                    Vec::new(),
                );
            }
            "origin-reflected-with-credentials" | "origin-reflected" => {
                add(
                    "name the origins in a map, such as map $http_origin $cors_origin { https://app.example.com $http_origin; }, and send $cors_origin",
                    Vec::new(),
                );
            }
            "null-admitted" | "null-admitted-with-credentials" => add("do not admit null", Vec::new()),
            "public-suffix-admitted" => add(
                "name the hosts, or a part of the name that only you can register",
                Vec::new(),
            ),
            "insecure-origin-admitted" => add("admit https only", Vec::new()),
            "any-list-with-credentials" => add("list the names instead of *", Vec::new()),
            "method-without-fields" => add(
                "send the CORS fields with the answers to the requests themselves too",
                Vec::new(),
            ),
            "allow-headers-missing" => add(
                "add Access-Control-Allow-Headers with the names that pages send, such as Content-Type",
                Vec::new(),
            ),
            _ => {}
        }
        repairs
    }

    fn uses(&self, name: &str) -> bool {
        self.blocks
            .ids()
            .any(|id| self.blocks.own(id, name).next().is_some())
    }

    /// Moves the `add_header` lines of an `if` to the location around it.
    fn move_lines_out(&self, id: Id) -> Option<Vec<Edit>> {
        let parent = self.blocks.get(id).parent?;
        let anchor = self.add_headers(parent).into_iter().next_back()?;
        let outer = self.add_headers(parent);
        let mut edits = Vec::new();
        let mut moved = Vec::new();
        for line in self.blocks.own(id, "add_header") {
            edits.push(self.delete(line.whole));
            if !outer.iter().any(|other| sets(other, line.arg(0))) && is_cors_line(line) {
                moved.push(self.sources.text(line.whole).to_string());
            }
        }
        if !moved.is_empty() {
            // Lines of an outer block would be cancelled by new ones in the location.
            if self.block_at(anchor.place) != Some(parent) {
                return None;
            }
            edits.push(self.insert_after(anchor.whole, &moved.join("\n")));
        }
        (!edits.is_empty()).then_some(edits)
    }

    /// Copies the inherited lines whose names begin like this and that the block lacks into it.
    fn copy_lines(&self, id: Id, start: &str) -> Option<Vec<Edit>> {
        let parent = self.blocks.get(id).parent?;
        let own: Vec<&Directive> = self.blocks.own(id, "add_header").collect();
        let anchor = own.last()?;
        let lines: Vec<String> = self
            .add_headers(parent)
            .into_iter()
            .filter(|line| line.arg(0).to_ascii_lowercase().starts_with(start))
            .filter(|line| !own.iter().any(|other| sets(other, line.arg(0))))
            .map(|line| self.sources.text(line.whole).to_string())
            .collect();
        (!lines.is_empty()).then(|| vec![self.insert_after(anchor.whole, &lines.join("\n"))])
    }

    fn indent(&self, place: Place) -> String {
        let text = self
            .sources
            .files()
            .get(place.file)
            .map_or("", |source| source.text.as_str());
        let before = text.get(..place.span.start).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("");
        line.chars().take_while(|c| c.is_whitespace()).collect()
    }

    fn insert_after(&self, place: Place, lines: &str) -> Edit {
        let indent = self.indent(place);
        let text: String = lines
            .lines()
            .map(|line| format!("\n{indent}{}", line.trim()))
            .collect();
        insert_at(place.file, place.span.end, &text)
    }

    fn insert_inside(&self, place: Place, line: &str) -> Edit {
        let indent = self.indent(place);
        insert_at(place.file, place.span.end, &format!("\n{indent}    {line}"))
    }

    /// Deletes a directive, and its line if nothing else is on it.
    fn delete(&self, place: Place) -> Edit {
        let text = self
            .sources
            .files()
            .get(place.file)
            .map_or("", |source| source.text.as_str());
        let (mut start, mut end) = (place.span.start, place.span.end);
        let before = text.get(..start).unwrap_or("");
        let blank = before.len() - before.trim_end_matches([' ', '\t']).len();
        let after = text.get(end..).unwrap_or("");
        let is_alone = before[..before.len() - blank].ends_with('\n')
            && (after.is_empty() || after.trim_start_matches([' ', '\t', '\r']).starts_with('\n'));
        if is_alone {
            start -= blank;
            end += after.find('\n').map_or(after.len(), |at| at + 1);
        }
        Edit {
            place: Place::new(place.file, start, end),
            text: String::new(),
        }
    }
}

fn is_cors_line(line: &Directive) -> bool {
    let name = line.arg(0).to_ascii_lowercase();
    name.starts_with("access-control-") || name == "vary"
}

fn insert_at(file: usize, at: usize, text: &str) -> Edit {
    Edit {
        place: Place::new(file, at, at),
        text: text.into(),
    }
}

fn replace(word: &Word, text: &str) -> Edit {
    Edit {
        place: word.place,
        text: text.into(),
    }
}

/// Writes an expression in place of another, with the quotes and marks around it.
fn requoted(old: &str, pattern: &str, new: &str) -> String {
    if old.contains(pattern) {
        let text = old.replacen(pattern, new, 1);
        let is_quoted = text.starts_with(['"', '\'']);
        let needs_quotes = new.contains(['{', '}', ';', ' ']);
        return if needs_quotes && !is_quoted {
            format!("\"{text}\"")
        } else {
            text
        };
    }
    format!("\"{new}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stay() {
        assert_eq!(requoted("\"~^a\"", "^a", "^a$"), "\"~^a$\"");
        assert_eq!(requoted("~^a", "^a", "^a{2}$"), "\"~^a{2}$\"");
    }
}
