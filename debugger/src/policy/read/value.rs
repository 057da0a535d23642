//! A tree of values with lines, of YAML and of JSON, which is YAML too.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value and the line where it begins, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text, and whether it has no quotes.
    Scalar(String, bool),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Values inside values, at most. Configurations have about ten.
const MAX_DEPTH: usize = 64;
/// The most values that aliases may copy, so that aliases of aliases do not grow without bound.
const MAX_COPIES: usize = 10_000;

/// Reads all documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            format!("line {}: {}", marker.line(), error.info())
        })?;
        tree.take(event, span.start.line())?;
    }
    Ok(tree.documents)
}

#[derive(Default)]
struct Tree {
    documents: Vec<Value>,
    open: Vec<Open>,
    anchors: std::collections::HashMap<usize, Value>,
    copies: usize,
}

struct Open {
    value: Value,
    /// The key of a map whose value comes next.
    key: Option<String>,
    anchor: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                let kind = Kind::Scalar(text.into_owned(), is_plain);
                self.put(Value { line, kind }, anchor);
            }
            Event::SequenceStart(anchor, _) => self.open(line, Kind::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => self.open(line, Kind::Map(Vec::new()), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.put(open.value, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let value = value.ok_or_else(|| format!("line {line}: an alias of itself"))?;
                self.copies += value.size();
                if self.copies > MAX_COPIES {
                    return Err(format!("line {line}: aliases stand for too many values"));
                }
                self.put(value, 0);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, line: usize, kind: Kind, anchor: usize) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!(
                "line {line}: more than {MAX_DEPTH} values inside each other"
            ));
        }
        self.open.push(Open {
            value: Value { line, kind },
            key: None,
            anchor,
        });
        Ok(())
    }

    fn put(&mut self, value: Value, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(value);
            return;
        };
        match &mut open.value.kind {
            Kind::List(list) => list.push(value),
            Kind::Map(map) => match open.key.take() {
                // `<<: *defaults` adds the members of another map.
                Some(key) if key == "<<" => {
                    if let Kind::Map(members) = value.kind {
                        map.extend(members);
                    }
                }
                Some(key) => map.push((key, value)),
                None => {
                    open.key = Some(match value.kind {
                        Kind::Scalar(text, _) => text,
                        _ => String::new(),
                    });
                }
            },
            Kind::Scalar(..) => {}
        }
    }
}

impl Value {
    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar(..) => 0,
            Kind::List(list) => list.iter().map(Self::size).sum(),
            Kind::Map(map) => map.iter().map(|(_, value)| value.size()).sum(),
        }
    }

    /// Returns the member with this key. Keys are compared without hyphens, underscores and case,
    /// since Spring, Traefik and Envoy accept several spellings.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let key = folded(key);
        self.members()
            .find(|(name, _)| folded(name) == key)
            .map(|(_, value)| value)
    }

    /// Returns the value at a path of keys.
    pub(super) fn path(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let map = match &self.kind {
            Kind::Map(map) => map.as_slice(),
            _ => &[],
        };
        map.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(list) => list,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns the text, unless it is `null`.
    pub(super) fn some_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, true) if matches!(text.as_str(), "" | "~" | "null") => None,
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// Calls `visit` with each map in the tree.
    pub(super) fn each_map<'v>(&'v self, visit: &mut dyn FnMut(&'v Self)) {
        match &self.kind {
            Kind::Scalar(..) => {}
            Kind::List(list) => list.iter().for_each(|value| value.each_map(visit)),
            Kind::Map(map) => {
                visit(self);
                map.iter().for_each(|(_, value)| value.each_map(visit));
            }
        }
    }
}

fn folded(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_have_lines() {
        let documents = documents("a: 1\nb:\n  - c-d: 'x'\n---\n{\"e\": [true]}\n").unwrap();
        assert_eq!(documents.len(), 2);
        let item = &documents[0].get("b").unwrap().items()[0];
        assert_eq!((item.line, item.get("cD").unwrap().text()), (3, Some("x")));
        assert_eq!(documents[1].get("e").unwrap().items()[0].bool(), Some(true));
    }

    #[test]
    fn aliases_and_depth_are_bounded() {
        let shared = documents("a: &x {o: 1}\nb: *x\nc: {<<: *x, p: 2}\n").unwrap();
        assert_eq!(shared[0].path(&["b", "o"]).unwrap().text(), Some("1"));
        assert_eq!(shared[0].path(&["c", "o"]).unwrap().text(), Some("1"));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "));
        }
        assert!(documents(&bomb).unwrap_err().contains("too many"));
        assert!(documents(&"[".repeat(5000)).is_err());
        assert!(documents("a: [\n").unwrap_err().starts_with("line "));
    }
}
