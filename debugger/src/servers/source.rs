//! The files of a configuration, and places in them.

use crate::text::{Lines, Span};

/// The files of a configuration: those that were given, and those that they include.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// A file of a configuration.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name, as it was given or as the configuration names it.
    pub name: String,
    /// The text.
    pub text: String,
    lines: Lines,
}

/// A place in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The index of the file in [`Sources`].
    pub file: usize,
    /// The place in its text.
    pub span: Span,
}

impl Place {
    /// Creates a place from a file and the ends of a span.
    pub const fn new(file: usize, start: usize, end: usize) -> Self {
        Self {
            file,
            span: Span::new(start, end),
        }
    }

    /// Returns the smallest place that contains both; this one if they are in different files.
    pub fn to(self, other: Self) -> Self {
        if self.file == other.file {
            Self {
                file: self.file,
                span: self.span.to(other.span),
            }
        } else {
            self
        }
    }
}

impl Sources {
    /// Adds a file, and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let text = text.into();
        self.files.push(Source {
            name: name.into(),
            lines: Lines::new(&text),
            text,
        });
        self.files.len() - 1
    }

    /// Returns the files in the order in which they were added.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// Returns the text of a place; an empty text if there is no such place.
    pub fn text(&self, place: Place) -> &str {
        self.files
            .get(place.file)
            .map_or("", |source| place.span.of(&source.text))
    }

    /// Returns the name of the file, the line and the column of a place, both counted from 1. The
    /// column counts bytes.
    pub fn locate(&self, place: Place) -> (&str, usize, usize) {
        let Some(source) = self.files.get(place.file) else {
            return ("", 0, 0);
        };
        let line = source.lines.number(place.span.start);
        let column = place.span.start - source.lines.start(line) + 1;
        (&source.name, line, column)
    }

    /// Returns the files with one place replaced by another text. The indexes stay the same.
    pub fn with_edits(&self, edits: &[Edit]) -> Self {
        let mut files = self.files.clone();
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| std::cmp::Reverse((edit.place.file, edit.place.span.start)));
        for edit in sorted {
            let Some(source) = files.get_mut(edit.place.file) else {
                continue;
            };
            let Span { start, end } = edit.place.span;
            if start <= end && source.text.is_char_boundary(start) && source.text.is_char_boundary(end) {
                source.text.replace_range(start..end, &edit.text);
            }
        }
        for source in &mut files {
            source.lines = Lines::new(&source.text);
        }
        Self { files }
    }
}

/// Finds the files that a configuration includes. It takes the name or pattern as it is written,
/// and the name of the file that includes it. It returns the names and texts of the files, in the
/// order in which the server reads them, or `None` if they cannot be had.
pub type Includes<'i> = &'i dyn Fn(&str, &str) -> Option<Vec<(String, String)>>;

/// A change of a configuration: this place gets this text. A place without bytes is an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The place that is replaced.
    pub place: Place,
    /// The new text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_lines_and_columns() {
        let mut sources = Sources::default();
        sources.add("a", "x\n");
        let file = sources.add("b", "one\ntwo three\n");
        let place = Place::new(file, 8, 13);
        assert_eq!(sources.text(place), "three");
        assert_eq!(sources.locate(place), ("b", 2, 5));
    }

    #[test]
    fn edits_are_applied_from_the_end() {
        let mut sources = Sources::default();
        let file = sources.add("a", "one two three");
        let edits = [(0, 3, "1"), (4, 4, "and "), (8, 13, "3")].map(|(start, end, text)| Edit {
            place: Place::new(file, start, end),
            text: text.into(),
        });
        assert_eq!(sources.with_edits(&edits).files()[0].text, "1 and two 3");
    }
}
