//! Places in the given text.

use serde::Serialize;

/// A range of bytes of the given text. Both ends are boundaries of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The index of the first byte.
    pub start: usize,
    /// The index after the last byte.
    pub end: usize,
}

impl Span {
    /// Creates a span from its ends.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that contains both.
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Returns the text of the span, or an empty text if `text` is too short.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// The most characters of a text that [`bounded`] leaves as it is.
const MAX_CHARACTERS: usize = 400;
/// How many characters are searched for names of secrets, at the start and at the end.
const WINDOW: usize = 4000;

/// Shortens a text that is too long for a sentence, because a long value is in it: the first 200
/// characters, "...", and the last 100. Secrets are hidden first, since their names may be cut.
pub fn bounded(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= MAX_CHARACTERS || text.chars().nth(MAX_CHARACTERS).is_none() {
        return text.into();
    }
    let start = text.char_indices().nth(WINDOW).map_or(text.len(), |(at, _)| at);
    let end = text.char_indices().rev().nth(WINDOW).map_or(0, |(at, _)| at);
    let start = crate::secrets::hide(&text[..start]);
    let end = crate::secrets::hide(&text[end..]);
    let start: String = start.chars().take(200).collect();
    let mut last: Vec<char> = end.chars().rev().take(100).collect();
    last.reverse();
    format!("{start}...{}", last.into_iter().collect::<String>()).into()
}

/// The starts of the lines of a text, to find lines by bytes.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Indexes the lines of a text.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at + 1),
        );
        Self { starts }
    }

    /// Returns the number of the line that contains the byte at `at`, counted from 1.
    pub fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Returns the index of the first byte of a line, counted from 1.
    pub fn start(&self, number: usize) -> usize {
        let index = number.saturating_sub(1).min(self.starts.len() - 1);
        self.starts.get(index).copied().unwrap_or(0)
    }

    /// Returns the index after the last byte of a line, without its LF. Lines count from 1.
    pub fn end(&self, number: usize, text: &str) -> usize {
        let next = self.starts.get(number).map(|start| start - 1);
        next.unwrap_or(text.len()).max(self.start(number))
    }
}

/// A line of a text: its place, without its line end.
#[derive(Clone, Copy, Debug)]
pub struct Line<'t> {
    /// The index of the first byte in the text.
    pub start: usize,
    /// The line without LF or CRLF.
    pub text: &'t str,
}

impl<'t> Line<'t> {
    /// Returns the place of the line.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    /// Returns the place of `part`, which must be a part of this line.
    pub fn span_of(&self, part: &str) -> Span {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let offset = if offset <= self.text.len() { offset } else { 0 };
        let end = (offset + part.len()).min(self.text.len());
        Span::new(self.start + offset, self.start + end)
    }

    /// Returns the line without white space at its end, and the place of what is left.
    pub fn trimmed(&self) -> Line<'t> {
        let text = self.text.trim_start();
        Line {
            start: self.start + self.text.len() - text.len(),
            text: text.trim_end(),
        }
    }
}

/// Returns a text of a configuration for a sentence: its first 200 characters at most.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

/// Returns the lines of a text.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = Line {
            start,
            text: whole.trim_end_matches(['\n', '\r']),
        };
        start += whole.len();
        line
    })
}

/// Finds an ASCII needle without regard to case, from byte `from` on.
pub fn find_ignore_case(text: &str, needle: &str, from: usize) -> Option<usize> {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let first = *needle.first()?;
    (from..(text.len() + 1).saturating_sub(needle.len())).find(|&at| {
        text.get(at).is_some_and(|byte| byte.eq_ignore_ascii_case(&first))
            && text
                .get(at..at + needle.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(needle))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_bounded() {
        assert_eq!(bounded("short"), "short");
        let long = format!("a{}z", "\u{e9}".repeat(5000));
        let text = bounded(&long);
        assert_eq!(text.chars().count(), 303);
        assert!(text.starts_with('a') && text.ends_with('z') && text.contains("..."));
    }

    #[test]
    fn bytes_have_line_numbers() {
        let lines_of = Lines::new("a\nbc\n\nd");
        let numbers: Vec<_> = (0..7).map(|at| lines_of.number(at)).collect();
        assert_eq!(numbers, [1, 1, 2, 2, 2, 3, 4]);
        assert_eq!(lines_of.start(2), 2);
        assert_eq!(lines_of.start(99), 6);
        assert_eq!(lines_of.end(2, "a\nbc\n\nd"), 4);
        assert_eq!(lines_of.end(4, "a\nbc\n\nd"), 7);
    }

    #[test]
    fn lines_know_their_places() {
        let text = "a\r\n  b c \n\nd";
        let all: Vec<_> = lines(text).collect();
        assert_eq!(
            all.iter().map(|line| line.text).collect::<Vec<_>>(),
            ["a", "  b c ", "", "d"]
        );
        assert_eq!(all[1].trimmed().span().of(text), "b c");
        assert_eq!(all[1].span_of(&all[1].text[4..5]).of(text), "c");
    }

    #[test]
    fn needles_are_found_in_any_case() {
        assert_eq!(find_ignore_case("a Bearer b", "bearer", 0), Some(2));
        assert_eq!(find_ignore_case("a Bearer b", "bearer", 3), None);
        assert_eq!(find_ignore_case("", "x", 0), None);
    }
}
