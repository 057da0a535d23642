//! The values of a head that is read in pieces, kept in a buffer.

use crate::ascii::is_ows;
use crate::entries::Names;
use crate::field::{RequestField, Sink};
use crate::head::{Flaw, Head};
use crate::list::{Lines, ListCheck, MAX_LINES};

const TRUE: &[u8] = b"true";
const NOT_TRUE: u8 = u8::MAX;

/// A part of the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: u16,
    len: u16,
}

/// What is known of a head whose values are in a buffer: `Access-Control-Request-Headers` grow from its front, all their lines joined by
/// commas, and each other value is moved to its back once it is complete.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    head: Head<Span>,
    field: Option<RequestField>,
    /// The end of the list.
    list: u16,
    /// The end of the value that is being read.
    end: u16,
    /// The start of the values at the back.
    back: u16,
    /// White space that belongs to the value if more follows it.
    space: u16,
    /// How much of `true` the value of `Access-Control-Request-Private-Network` has been so far; [`NOT_TRUE`] if it is something else.
    matched: u8,
    cut: bool,
}

impl Spans {
    /// For a buffer of `room` bytes.
    pub(crate) const fn new(is_options: bool, room: u16) -> Self {
        Self {
            head: Head::new(is_options, false),
            field: None,
            list: 0,
            end: 0,
            back: room,
            space: 0,
            matched: 0,
            cut: false,
        }
    }

    /// The empty line that ends the head was read.
    pub(crate) const fn complete(&mut self) {
        self.head.is_complete = true;
    }

    pub(crate) fn head<'s>(&self, bytes: &'s [u8]) -> Head<&'s [u8]> {
        self.head.map(|span| {
            let value = bytes.get(span.start as usize..);
            value
                .and_then(|value| value.get(..span.len as usize))
                .unwrap_or(b"")
        })
    }

    /// All lines of the list as one.
    pub(crate) fn lines<'s>(&self, bytes: &'s [u8]) -> Lines<'s> {
        let mut lines = Lines::NONE;
        if self.head.list_lines > 0 {
            lines.keep(bytes.get(..self.list as usize).unwrap_or(b""));
        }
        lines
    }
}

/// Receives what a scanner finds, into a buffer of any size: the length of a reader's own buffer is forgotten here, so that all readers
/// share this code.
pub(crate) struct Store<'s> {
    pub(crate) spans: &'s mut Spans,
    pub(crate) bytes: &'s mut [u8],
    /// Where the list goes instead of the buffer, if the policy need not see its names again.
    pub(crate) check: Option<(&'s Names<'s>, &'s mut ListCheck)>,
}

impl Store<'_> {
    /// Moves the value that was read to the back. Its new place is not before its old one, so it is moved from its end.
    fn move_to_back(&mut self) -> Span {
        let len = self.spans.end.saturating_sub(self.spans.list);
        let mut from = self.spans.end;
        for _ in 0..len {
            from -= 1;
            self.spans.back -= 1;
            let byte = self.bytes.get(from as usize).copied().unwrap_or(0);
            if let Some(place) = self.bytes.get_mut(self.spans.back as usize) {
                *place = byte;
            }
        }
        Span {
            start: self.spans.back,
            len,
        }
    }

    /// What checks the value that is being read, if something does.
    fn checked(&mut self) -> Option<(&Names<'_>, &mut ListCheck)> {
        let (allowed, check) = self.check.as_mut()?;
        (self.spans.field == Some(RequestField::Headers)).then_some((allowed, check))
    }

    fn put(&mut self, byte: u8) {
        match self.bytes.get_mut(self.spans.end as usize) {
            Some(place) if self.spans.end < self.spans.back => {
                *place = byte;
                self.spans.end += 1;
            }
            _ => self.spans.cut = true,
        }
    }
}

impl<'c> Sink<'c> for Store<'_> {
    fn method(&mut self, is_options: bool) {
        self.spans.head.is_options = is_options;
    }

    fn begin(&mut self, field: RequestField) {
        self.spans.head.line(field);
        // Lines beyond the budget are counted, and not kept.
        let is_kept = field != RequestField::Headers || self.spans.head.list_lines <= MAX_LINES;
        self.spans.field = is_kept.then_some(field);
        if self.checked().is_some() {
            return;
        }
        self.spans.end = self.spans.list;
        self.spans.space = 0;
        self.spans.matched = 0;
        // What is repeated is refused, so only its first value takes room.
        self.spans.cut = self.spans.head.is_repeated(field);
        if is_kept && field == RequestField::Headers && self.spans.head.list_lines > 1 {
            self.put(b',');
        }
    }

    fn value(&mut self, bytes: &'c [u8]) {
        if let Some((allowed, check)) = self.checked() {
            return check.feed(allowed, bytes);
        }
        if self.spans.field.is_none() {
            return;
        }
        if self.spans.field == Some(RequestField::PrivateNetwork) {
            // It is compared and not stored, so that it takes no room from the others.
            for &byte in bytes {
                let goes_on = self.spans.space == 0 && TRUE.get(self.spans.matched as usize) == Some(&byte);
                match (is_ows(byte), goes_on) {
                    (true, _) => self.spans.space = 1,
                    (false, true) => self.spans.matched += 1,
                    (false, false) => self.spans.matched = NOT_TRUE,
                }
            }
            return;
        }
        for &byte in bytes {
            if is_ows(byte) {
                self.spans.space = self.spans.space.saturating_add(1);
                continue;
            }
            // White space at the value's end is never stored. Within it, all kinds are alike.
            while self.spans.space > 0 && !self.spans.cut {
                self.put(b' ');
                self.spans.space -= 1;
            }
            self.put(byte);
            if self.spans.cut {
                return;
            }
        }
    }

    fn end(&mut self) {
        if let Some((allowed, check)) = self.checked() {
            return check.end_line(allowed);
        }
        let Some(field) = self.spans.field else { return };
        if field == RequestField::PrivateNetwork {
            self.spans
                .head
                .private_network(self.spans.matched as usize == TRUE.len());
        } else if self.spans.cut {
            self.spans.head.flaw(field, Flaw::Cut);
        } else if field == RequestField::Headers {
            self.spans.list = self.spans.end;
        } else {
            let span = self.move_to_back();
            self.spans.head.value(field, span);
        }
    }

    fn folded(&mut self, field: RequestField) {
        self.spans.head.flaw(field, Flaw::Malformed);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.spans.head.line(field);
        self.spans.head.flaw(field, Flaw::Malformed);
    }
}
