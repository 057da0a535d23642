//! One buffer for all values of a head that is read in pieces.
//!
//! The lines of `Access-Control-Request-Headers` grow from the front of the buffer, joined by
//! commas. Every other value is written after them and moved to the back once it is complete:
//!
//! ```text
//! 0           list_end    value_end            back               N
//! | x-a,x-b   | PU        | free               | https://app.ex.. |
//!   the list    the value                        complete values
//!               being read
//! ```
//!
//! The list is thus one span, even if it has several lines with other fields between them. If there
//! were a span for each of up to four lines, values could stay where they are written, which would
//! save 3 % of the instructions (`actual_allowed pieces` of `.ci/certificate.py`). But each reader
//! would take 14 bytes more, 5 % of a `RequestReader<256>`, and the program 80 bytes more of flash.

use crate::ascii::{is_ows, trim_ows_end, until};
use crate::buffer::copy;
use crate::decision::headers::ListCheck;
use crate::policy::Names;
use crate::request::field::{RequestField, Sink};
use crate::request::head::{Defect, Head};
use crate::request::header_list::{ListLines, MAX_LINES};
use crate::scan::WORD;

/// A part of the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// Returns the bytes in the buffer.
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        let value = bytes.get(self.start as usize..);
        value
            .and_then(|value| value.get(..self.len as usize))
            .unwrap_or(b"")
    }
}

/// The part of a head that has been read, with values that are spans of a buffer. The buffer is a
/// separate value.
#[derive(Clone, Debug)]
pub(crate) struct BufferedHead {
    fields: Head<Span>,
    /// The field whose value is being read, unless the value is skipped.
    field: Option<RequestField>,
    list_end: u16,
    value_end: u16,
    back: u16,
    /// The white space after the last byte that is not white space. It belongs to the value if
    /// another such byte follows.
    space: u16,
    is_truncated: bool,
}

impl BufferedHead {
    /// Creates the state for a buffer of `len` bytes.
    pub(crate) const fn new(is_options: bool, len: u16) -> Self {
        Self {
            fields: Head::new(is_options, false),
            field: None,
            list_end: 0,
            value_end: 0,
            back: len,
            space: 0,
            is_truncated: false,
        }
    }

    /// Marks the head as read to its end.
    pub(crate) const fn complete(&mut self) {
        self.fields.is_complete = true;
    }

    /// Returns the head with its values, which are in `bytes`.
    pub(crate) fn head<'s>(&self, bytes: &'s [u8]) -> Head<&'s [u8]> {
        self.fields.map(|span| span.of(bytes))
    }

    /// Returns whether a line of the list of requested headers is being read, and is not skipped.
    pub(crate) fn is_in_list(&self) -> bool {
        self.field == Some(RequestField::Headers)
    }

    /// Appends a byte to the value in `bytes`, or drops it if the value is not kept, and returns
    /// `true`; or returns `false` if white space or a full buffer makes it a case for
    /// [`ValueBuffer::append`].
    #[inline(always)]
    pub(crate) fn keep_byte(&mut self, bytes: &mut [u8], byte: u8) -> bool {
        if self.field.is_none() || self.is_truncated {
            return true;
        }
        if self.space > 0 || is_ows(byte) || self.value_end >= self.back {
            return false;
        }
        let Some(place) = bytes.get_mut(self.value_end as usize) else {
            return false;
        };
        *place = byte;
        self.value_end += 1;
        true
    }

    /// Returns the list of requested headers, all its lines as one.
    pub(crate) fn lines<'s>(&self, bytes: &'s [u8]) -> ListLines<'s> {
        let mut lines = ListLines::NONE;
        if self.fields.list_lines > 0 {
            lines.keep(bytes.get(..self.list_end as usize).unwrap_or(b""));
        }
        lines
    }
}

/// Receives from a scanner what it finds in a head, and puts the values into a buffer.
///
/// The buffer is a slice, so readers with buffers of different lengths share this code.
pub(crate) struct ValueBuffer<'s> {
    pub(crate) head: &'s mut BufferedHead,
    pub(crate) bytes: &'s mut [u8],
    /// The check that takes the list instead of the buffer, if the policy does not need the names.
    pub(crate) check: Option<(&'s Names<'s>, &'s mut ListCheck)>,
}

impl ValueBuffer<'_> {
    /// Moves the value that was read to the back, and returns its place there.
    // Moving a word at a time saves 262 of 11,106 instructions in `preflight_allowed pieces` on a
    // Cortex-M3 (`.ci/certificate.py`).
    fn move_to_back(&mut self) -> Span {
        let len = self.head.value_end.saturating_sub(self.head.list_end);
        let mut from = self.head.value_end as usize;
        let mut to = self.head.back as usize;
        let mut left = len as usize;
        // The old place and the new one may overlap. The new one is not before the old one, so the
        // end is moved first. `copy_within` would do this, but it has a path that panics.
        while left >= WORD {
            (from, to, left) = (from - WORD, to - WORD, left - WORD);
            let word = self
                .bytes
                .get(from..)
                .and_then(|rest| rest.first_chunk::<WORD>())
                .copied();
            let place = self
                .bytes
                .get_mut(to..)
                .and_then(|rest| rest.first_chunk_mut::<WORD>());
            if let (Some(word), Some(place)) = (word, place) {
                *place = word;
            }
        }
        while left > 0 {
            (from, to, left) = (from - 1, to - 1, left - 1);
            let byte = self.bytes.get(from).copied().unwrap_or(0);
            if let Some(place) = self.bytes.get_mut(to) {
                *place = byte;
            }
        }
        self.head.back = to as u16;
        Span {
            start: self.head.back,
            len,
        }
    }

    /// Returns the check, if it takes the value that is being read.
    fn list_check(&mut self) -> Option<(&Names<'_>, &mut ListCheck)> {
        let (allowed, check) = self.check.as_mut()?;
        self.head.is_in_list().then_some((allowed, check))
    }

    /// Appends bytes to the value.
    // The white space at the end of a value does not belong to it, but only the next piece shows
    // whether the value has ended. So white space is copied together with the rest of the piece if
    // there is room, and the value ends before it until another byte follows:
    //
    //     pieces       |x-a, |     |  |          |x-b |
    //     buffer       |x-a, |     |x-a,   |     |x-a,   x-b |
    //     value_end         ^           ^                   ^
    //
    // Compared with a loop that takes one byte at a time, this saves 2,359 of 7,994 instructions in
    // the row `wire/preflight_chromium/pieces_64` (`.ci/bench.py`), together with `move_to_back`.
    fn append(&mut self, bytes: &[u8]) {
        let start = (self.head.value_end as usize).saturating_add(self.head.space as usize);
        let back = self.head.back as usize;
        if let Some(free) = self.bytes.get_mut(start..back) {
            copy(free, until(bytes, free.len()));
        }
        let content = trim_ows_end(bytes).len();
        let end = start.saturating_add(content);
        let space = u16::try_from(bytes.len() - content).unwrap_or(u16::MAX);
        if content == 0 {
            self.head.space = self.head.space.saturating_add(space);
        } else if end <= back {
            self.head.value_end = end as u16;
            self.head.space = space;
        } else {
            self.head.is_truncated = true;
        }
    }
}

/// Values of other fields, which the doors keep. Such a value is read while no value of a CORS
/// field is, and it is kept in the same way: written after the list, then moved to the back.
impl ValueBuffer<'_> {
    /// Starts a value, which may be one that is not kept.
    pub(crate) const fn begin_other(&mut self, is_kept: bool) {
        self.head.value_end = self.head.list_end;
        self.head.space = 0;
        self.head.is_truncated = !is_kept;
    }

    /// Appends bytes to the value, unless it is truncated already.
    pub(crate) fn append_other(&mut self, bytes: &[u8]) {
        if !self.head.is_truncated {
            self.append(bytes);
        }
    }

    /// Ends the value, and returns its place if there was room for it.
    pub(crate) fn end_other(&mut self) -> Option<Span> {
        if self.head.is_truncated {
            None
        } else {
            Some(self.move_to_back())
        }
    }
}

impl<'c> Sink<'c> for ValueBuffer<'_> {
    fn method(&mut self, is_options: bool) {
        self.head.fields.is_options = is_options;
    }

    fn begin(&mut self, field: RequestField) {
        self.head.fields.line(field);
        // Lines beyond the budget are counted and not kept.
        let is_kept = field != RequestField::Headers || self.head.fields.list_lines <= MAX_LINES;
        self.head.field = is_kept.then_some(field);
        if self.list_check().is_some() {
            return;
        }
        self.head.value_end = self.head.list_end;
        self.head.space = 0;
        // A repeated field is refused, so only its first value is kept.
        self.head.is_truncated = self.head.fields.is_repeated(field);
        if is_kept && field == RequestField::Headers && self.head.fields.list_lines > 1 {
            self.append(b",");
        }
    }

    fn value(&mut self, bytes: &'c [u8]) {
        if let Some((allowed, check)) = self.list_check() {
            return check.feed_piece(allowed, bytes);
        }
        if self.head.field.is_some() && !self.head.is_truncated {
            self.append(bytes);
        }
    }

    fn end(&mut self) {
        if let Some((allowed, check)) = self.list_check() {
            return check.end_line(allowed);
        }
        let Some(field) = self.head.field else { return };
        if self.head.is_truncated {
            self.head.fields.defect(field, Defect::Truncated);
        } else if field == RequestField::Headers {
            self.head.list_end = self.head.value_end;
        } else {
            let span = self.move_to_back();
            self.head.fields.value(field, span);
        }
    }

    fn folded(&mut self, field: RequestField) {
        self.head.fields.defect(field, Defect::Malformed);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.head.fields.line(field);
        self.head.fields.defect(field, Defect::Malformed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::head::FieldState;

    /// A field and the pieces of its value.
    type Field<'f> = (RequestField, &'f [&'f str]);

    /// The state and the buffer after these fields.
    fn read(len: usize, fields: &[Field<'_>]) -> (BufferedHead, Vec<u8>) {
        let mut head = BufferedHead::new(true, len as u16);
        let mut bytes = vec![0xa5; len];
        let mut sink = ValueBuffer {
            head: &mut head,
            bytes: &mut bytes,
            check: None,
        };
        for (field, pieces) in fields {
            sink.begin(*field);
            for piece in *pieces {
                sink.value(piece.as_bytes());
            }
            sink.end();
        }
        (head, bytes)
    }

    fn list(head: &BufferedHead, bytes: &[u8]) -> Option<String> {
        let lines = head.lines(bytes);
        let mut lines = lines.names().lines();
        let line = lines.next()?;
        assert!(lines.next().is_none());
        Some(String::from_utf8(line.into()).unwrap())
    }

    #[test]
    fn the_list_is_in_front_and_other_values_are_at_the_back() {
        use RequestField::{Headers, Method, Origin};
        let fields: &[Field<'_>] = &[
            (Headers, &["x-", "a"]),
            (Origin, &["https", "://a.test"]),
            (Headers, &["x-b , x-c"]),
            (Method, &["P", "UT", " "]),
            (Headers, &[""]),
        ];
        let expected = b"x-a,x-b , x-c,";
        let needed = expected.len() + "https://a.test".len() + "PUT".len();
        for spare in [0, 1, 40] {
            let (head, bytes) = read(needed + spare, fields);
            assert_eq!(
                list(&head, &bytes).unwrap().as_bytes(),
                expected,
                "{spare} bytes to spare"
            );
            assert_eq!(
                head.head(&bytes).origin,
                FieldState::Value(&b"https://a.test"[..])
            );
            assert_eq!(head.head(&bytes).method, FieldState::Value(&b"PUT"[..]));
            assert_eq!(head.head(&bytes).list_defect, None);
        }
        for len in 0..needed {
            let (head, bytes) = read(len, fields);
            let values = head.head(&bytes);
            let is_truncated = values.list_defect == Some(Defect::Truncated)
                || values.origin == FieldState::Truncated
                || values.method == FieldState::Truncated;
            assert!(is_truncated, "{len} of {needed} bytes");
        }
    }

    #[test]
    fn a_value_that_overlaps_its_new_place_is_moved_whole() {
        for len in 1..=50 {
            let value = "abcdefghijklmnopqrstuvw";
            let (head, bytes) = read(len, &[(RequestField::Origin, &[value])]);
            let expected = if len < value.len() {
                FieldState::Truncated
            } else {
                FieldState::Value(value.as_bytes())
            };
            assert_eq!(head.head(&bytes).origin, expected, "{len}");
        }
    }

    #[test]
    fn white_space_around_a_value_is_dropped() {
        for (pieces, expected) in [
            (&["a "][..], "a"),
            (&["a", " ", "\t"], "a"),
            (&["a ", " b"], "a  b"),
            (&["a\tb"], "a\tb"),
            (&["a \t", "\t b"], "a \t\t b"),
            (&[""], ""),
        ] {
            let (head, bytes) = read(16, &[(RequestField::Origin, pieces)]);
            assert_eq!(head.head(&bytes).origin, FieldState::Value(expected.as_bytes()));
        }
    }

    /// Compares the buffer with a naive one that gets the whole value.
    #[test]
    fn a_value_in_pieces_is_the_whole_value() {
        let value = "ab \tcd  \t ";
        for len in 0..12 {
            for first in 0..=value.len() {
                for second in first..=value.len() {
                    let pieces = [&value[..first], &value[first..second], &value[second..]];
                    let (head, bytes) = read(len, &[(RequestField::Origin, &pieces)]);
                    let content = value.trim_end().as_bytes();
                    let expected = if content.len() <= len {
                        FieldState::Value(content)
                    } else {
                        FieldState::Truncated
                    };
                    assert_eq!(head.head(&bytes).origin, expected, "{len} {pieces:?}");
                }
            }
        }
    }

    #[test]
    fn a_repeated_field_takes_no_room_and_lines_beyond_the_budget_are_counted() {
        use RequestField::{Headers, Origin};
        let (head, bytes) = read(3, &[(Origin, &["abc"]), (Origin, &["def"])]);
        assert_eq!(head.head(&bytes).origin, FieldState::Repeated);
        assert_eq!(bytes, b"abc");
        let lines = [(Headers, &["a"][..]); MAX_LINES as usize + 1];
        let (head, bytes) = read(16, &lines);
        assert_eq!(list(&head, &bytes).unwrap(), "a,a,a,a");
        assert_eq!(head.head(&bytes).list_lines, MAX_LINES + 1);
    }
}
