//! Turns the text of the configuration into directives: variables, `<IfModule>` and its like, and
//! included files are resolved here.

use std::collections::BTreeMap;

use super::directives;
use super::modules::{self, Modules};
use super::text::{self, Node};
use crate::servers::source::{Place, Sources};
use crate::servers::{Includes, Unknown};

/// A directive, or a section with directives.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The name in lower case; that of a section starts with `<`.
    pub(super) name: String,
    pub(super) args: Vec<String>,
    /// The text after the name.
    pub(super) raw: String,
    pub(super) place: Place,
    pub(super) children: Vec<Item>,
}

impl Item {
    pub(super) fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("", String::as_str)
    }
}

/// The name of the item that stands for a part of the configuration that is not known.
pub(super) const UNKNOWN: &str = "?";

/// A configuration while it is loaded, and the mistakes that loading finds.
pub(super) struct Loader<'r> {
    pub(super) sources: Sources,
    pub(super) modules: Modules,
    pub(super) defines: BTreeMap<String, String>,
    pub(super) resolver: Option<Includes<'r>>,
    /// The files of each pattern of `Include`, by their indexes.
    pub(super) includes: BTreeMap<String, Vec<usize>>,
    pub(super) unknowns: Vec<Unknown>,
    /// Mistakes because of which Apache does not start, or answers 500 below `.htaccess`.
    pub(super) errors: Vec<(Place, String)>,
    /// Modules that the configuration needs, and where.
    pub(super) used: Vec<(&'static str, Place)>,
    pub(super) depth: usize,
}

/// The version of Apache that is simulated.
const VERSION: &str = "2.4.67";

/// Files that include each other, at most.
const DEEPEST: usize = 16;

/// Included files, at most.
const MOST_FILES: usize = 512;

impl Loader<'_> {
    /// Loads a file of the sources.
    pub(super) fn file(&mut self, index: usize) -> Vec<Item> {
        let text = self.sources.files()[index].text.clone();
        match text::read(&text, index) {
            Ok(nodes) => self.nodes(&nodes),
            Err(error) => {
                self.errors.push((error.place, error.message));
                Vec::new()
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node]) -> Vec<Item> {
        let mut items = Vec::new();
        for node in nodes {
            self.node(node, &mut items);
        }
        items
    }

    fn node(&mut self, node: &Node, items: &mut Vec<Item>) {
        let raw = self.resolve(&node.rest);
        let args = text::words(&raw);
        let name = node.name.to_ascii_lowercase();
        let first = args.first().map_or("", String::as_str);
        let (is_negated, subject) = match first.strip_prefix('!') {
            Some(subject) => (true, subject),
            None => (false, first),
        };
        let holds = match name.as_str() {
            "<ifmodule" => Some(self.modules.has(subject) != is_negated),
            "<ifdefine" => Some(self.defines.contains_key(subject) != is_negated),
            "<ifversion" => Some(compare_version(&args)),
            "<ifdirective" => {
                let known = directives::find(subject).is_some_and(|found| self.modules.has(found.module));
                Some(known != is_negated)
            }
            "<ifsection" => {
                let section = format!("<{}", subject.trim_matches(['<', '>']));
                let known = directives::find(&section).is_some_and(|found| self.modules.has(found.module));
                Some(known != is_negated)
            }
            _ => None,
        };
        match (holds, name.as_str()) {
            (Some(true), _) => {
                for child in &node.children {
                    self.node(child, items);
                }
            }
            (Some(false), _) => {}
            (None, "<iffile") => self.unknown(
                node,
                &format!("whether the file {subject:?} exists is not known"),
                items,
            ),
            (None, "define") => {
                let value = args.get(1).cloned().unwrap_or_default();
                self.defines.insert(first.to_owned(), value);
            }
            (None, "undefine") => {
                self.defines.remove(first);
            }
            (None, "include" | "includeoptional") => {
                for pattern in &args {
                    self.include(node, pattern, name == "includeoptional", items);
                }
            }
            (None, "error") => self
                .errors
                .push((node.place, format!("the directive Error stops the start: {raw}"))),
            _ => {
                if let Some(directive) = directives::find(&name)
                    && !self.used.iter().any(|(module, _)| *module == directive.module)
                {
                    self.used.push((directive.module, node.place));
                }
                let children = self.nodes(&node.children);
                items.push(Item {
                    name,
                    args,
                    raw,
                    place: node.place,
                    children,
                });
            }
        }
    }

    fn unknown(&mut self, node: &Node, reason: &str, items: &mut Vec<Item>) {
        self.unknowns.push(Unknown {
            what: node.name.trim_start_matches('<').to_owned(),
            reason: reason.to_owned(),
            place: Some(node.place),
        });
        items.push(Item {
            name: UNKNOWN.to_owned(),
            args: Vec::new(),
            raw: reason.to_owned(),
            place: node.place,
            children: Vec::new(),
        });
    }

    fn include(&mut self, node: &Node, pattern: &str, is_optional: bool, items: &mut Vec<Item>) {
        let from = self.sources.locate(node.place).0.to_owned();
        let files = match self.includes.get(pattern) {
            Some(files) => Some(files.clone()),
            None => self
                .resolver
                .and_then(|resolve| resolve(pattern, &from))
                .map(|found| {
                    let files: Vec<usize> = found
                        .into_iter()
                        .take(MOST_FILES)
                        .map(|(name, text)| self.sources.add(name, text))
                        .collect();
                    self.includes.insert(pattern.to_owned(), files.clone());
                    files
                }),
        };
        match files {
            Some(files) if self.depth < DEEPEST && self.sources.files().len() < MOST_FILES => {
                self.depth += 1;
                for file in files {
                    let mut loaded = self.file(file);
                    items.append(&mut loaded);
                }
                self.depth -= 1;
            }
            Some(_) => self.unknown(node, "too many files include each other", items),
            None if is_optional => {}
            None => self.unknown(
                node,
                &format!("the file {pattern:?} was not given, and may contain anything"),
                items,
            ),
        }
    }

    /// Puts in the values of `${NAME}`.
    fn resolve(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else {
                break;
            };
            let name = &rest[start + 2..start + length];
            out.push_str(&rest[..start]);
            match self.defines.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[start..=start + length]),
            }
            rest = &rest[start + length + 1..];
        }
        out.push_str(rest);
        out
    }

    /// Returns the modules that the configuration needs and Debian does not enable.
    pub(super) fn not_in_debian(&self) -> Vec<(&'static str, Place)> {
        self.used
            .iter()
            .filter(|(module, _)| !modules::is_default(module))
            .copied()
            .collect()
    }
}

fn compare_version(args: &[String]) -> bool {
    let (operator, version) = match args {
        [version] => ("=", version.as_str()),
        [operator, version, ..] => (operator.as_str(), version.as_str()),
        [] => return false,
    };
    let (is_negated, operator) = match operator.strip_prefix('!') {
        Some(operator) => (true, operator),
        None => (false, operator),
    };
    if operator == "~" || version.starts_with('/') {
        let pattern = super::pattern::Pattern::new(version.trim_matches('/'), false);
        let found = pattern
            .expression()
            .is_some_and(|expression| expression.find(VERSION).is_ok_and(|found| found.is_some()));
        return found != is_negated;
    }
    let parts = |text: &str| -> Vec<u32> {
        let mut parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        parts.resize(3, 0);
        parts
    };
    let order = parts(VERSION).cmp(&parts(version));
    let holds = match operator {
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        _ => order.is_eq(),
    };
    holds != is_negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, resolver: Option<Includes<'_>>) -> (Vec<String>, Vec<Unknown>) {
        let mut sources = Sources::default();
        sources.add("a", text);
        let mut loader = Loader {
            sources,
            modules: Modules::exactly(["headers"].into_iter()),
            defines: BTreeMap::new(),
            resolver,
            includes: BTreeMap::new(),
            unknowns: Vec::new(),
            errors: Vec::new(),
            used: Vec::new(),
            depth: 0,
        };
        let items = loader.file(0);
        (
            items
                .iter()
                .map(|item| format!("{} {}", item.name, item.raw))
                .collect(),
            loader.unknowns,
        )
    }

    #[test]
    fn conditions_and_variables_are_resolved() {
        let (items, _) = load(
            "Define H x.example\n<IfModule mod_headers.c>\nServerName ${H}\n</IfModule>\n\
             <IfModule !headers_module>\nServerName no\n</IfModule>\n<IfVersion >= 2.4>\nListen 1\n</IfVersion>\n\
             <IfVersion < 2.3>\nListen 2\n</IfVersion>\n<IfDefine H>\nListen 3\n</IfDefine>\n",
            None,
        );
        assert_eq!(items, ["servername x.example", "listen 1", "listen 3"]);
    }

    #[test]
    fn a_file_that_is_not_given_is_unknown() {
        let (items, unknowns) = load("Include x\nIncludeOptional y\n", None);
        assert_eq!((items.len(), unknowns.len()), (1, 1));
        let files = |pattern: &str, _: &str| {
            (pattern == "x").then(|| vec![("x".to_owned(), "Listen 4\nInclude x\n".to_owned())])
        };
        let (items, unknowns) = load("Include x\n", Some(&files));
        assert_eq!(items[0], "listen 4");
        assert!(!unknowns.is_empty());
    }
}
