//! Reads a head that arrives in pieces of any size.
//!
//! A piece may end anywhere: in a name, between CR and LF, in the white space before a value. So
//! the scanner is a state machine that can take one byte at a time, and needs 4 bytes to remember
//! where it is. It keeps no byte of the head.
//!
//! Pieces are usually much longer than a line. So each step takes all the bytes of a piece that
//! belong to one part of a line: a method, a name, the white space before a value, a value, or all
//! lines up to the next one that may be one of the three fields:
//!
//! ```text
//! piece 1   GET / HTTP/1.1 | Host: 192.168.4.1 | Ori
//!           ~~~ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ ~~~
//! piece 2   gin: https://app.example.com | Accept: */* | ...
//!           ~~~~ ~~~~~~~~~~~~~~~~~~~~~~~~~ ~~~~~~~~~~~~~~~~~
//! ```

use super::field::{HeadError, RequestField, SHARED_LEN, Sink};
use super::whole::{skip_lines, split_line};
use crate::ascii::{begin_alike, first_non_tchar, from, is_ows, trim_ows_start, until};
use crate::names::OPTIONS;

/// Where in the head the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Before the request line, where empty lines are skipped
    /// (<https://www.rfc-editor.org/rfc/rfc9112#section-2.2>).
    Leading,
    /// After a CR before the request line.
    LeadingCr,
    /// In the method, of which `matched` bytes were read.
    Method,
    /// At the start of a field line.
    LineStart,
    /// After a CR at the start of a line. An LF ends the head.
    LineStartCr,
    /// In a name whose first `matched` bytes are those of the name of `field`.
    Name,
    /// In white space between the name of `field` and its colon.
    NameSpace,
    /// In white space before the value of `field`.
    ValueStart,
    /// In the value of `field`.
    Value,
    /// After a CR in the value. An LF ends the value.
    ValueCr,
    /// In a line of which only the end matters.
    SkipLine,
    /// After the empty line that ends the head.
    Done,
    /// After a byte that cannot be in a request line.
    Failed,
}

/// A state machine that reads one head. It takes 4 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    position: Position,
    /// How many bytes of the method or of a name were read. It stops at 255, which is longer than
    /// any name here.
    matched: u8,
    /// Whether `OPTIONS` begins with the bytes of the method that were read.
    is_options: bool,
    /// The field of the current line; at the start of a line, the field of the line before. Within
    /// a name it is a guess: `Method` stands for both names that begin alike, see [`SHARED_LEN`].
    field: Option<RequestField>,
}

impl Scanner {
    /// Returns a scanner for a head: a request line, field lines, and the empty line.
    pub(crate) const fn head() -> Self {
        Self {
            position: Position::Leading,
            matched: 0,
            is_options: true,
            field: None,
        }
    }

    /// Returns a scanner for a header section: field lines, and the empty line.
    pub(crate) const fn section() -> Self {
        Self {
            position: Position::LineStart,
            ..Self::head()
        }
    }

    /// Returns whether the empty line was read.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.position, Position::Done)
    }

    /// Returns whether `piece` is one byte that the scanner passes over without a change. A caller
    /// may ask this before each `push`.
    // A head may arrive byte by byte, and most of these bytes are in lines that are skipped. This
    // saves 41,436 of 62,977 instructions in the row `wire/get_chromium/pieces_1` (`.ci/bench.py`).
    // On a Cortex-M3, it would add 96 bytes of flash and 2 % of the instructions of
    // `preflight_allowed pieces` (`.ci/certificate.py`).
    #[inline(always)]
    pub(crate) const fn passes_over(&self, piece: &[u8]) -> bool {
        cfg!(target_pointer_width = "64")
            && matches!((self.position, piece), (Position::SkipLine, [byte]) if *byte != b'\n')
    }

    /// Reads `byte` if it is in the middle of a name or of a value, or begins or ends a line that
    /// is skipped, and returns whether it did. [`push`](Self::push) reads any byte, in the same
    /// way. `take` gets a byte of a value and returns whether it took it.
    #[inline(always)]
    pub(crate) fn takes_byte(&mut self, byte: u8, take: impl FnOnce(u8) -> bool) -> bool {
        match self.position {
            Position::SkipLine => {
                if byte == b'\n' {
                    self.position = Position::LineStart;
                }
                true
            }
            Position::LineStart if !matches!(byte, b'\r' | b'\n') && !is_ows(byte) => {
                self.field = RequestField::with_initial(byte);
                self.matched = 1;
                self.position = match self.field {
                    Some(_) => Position::Name,
                    None => Position::SkipLine,
                };
                true
            }
            Position::Name => self.takes_byte_of_name(byte),
            Position::Value => !matches!(byte, b'\r' | b'\n') && take(byte),
            _ => false,
        }
    }

    /// Reads `byte` if it is the next one of the name, and returns whether it did.
    // At the first byte that the two long names do not share, `field` is `Method`. The byte of the
    // other name is left to `take_name`, which selects it.
    #[inline(always)]
    fn takes_byte_of_name(&mut self, byte: u8) -> bool {
        let Some(field) = self.field else { return false };
        let next = field.name().as_bytes().get(self.matched as usize);
        let is_next = next.is_some_and(|next| byte == *next || byte.eq_ignore_ascii_case(next));
        self.matched += u8::from(is_next);
        is_next
    }

    /// Reads `piece`, up to the end of the head at most, and returns how many bytes it read.
    pub(crate) fn push<'c>(&mut self, piece: &'c [u8], sink: &mut impl Sink<'c>) -> Result<usize, HeadError> {
        let mut rest = piece;
        while let Some((&byte, next)) = rest.split_first() {
            rest = match self.position {
                Position::Leading => match byte {
                    b'\n' => next,
                    b'\r' => self.go_to(Position::LeadingCr, next),
                    _ => self.go_to(Position::Method, rest),
                },
                Position::LeadingCr if byte == b'\n' => self.go_to(Position::Leading, next),
                Position::LeadingCr => self.go_to(Position::Failed, rest),
                Position::Method => self.take_method(rest, sink),
                Position::LineStart => match byte {
                    b'\n' => self.go_to(Position::Done, next),
                    b'\r' => self.go_to(Position::LineStartCr, next),
                    _ if is_ows(byte) => {
                        if let Some(field) = self.field {
                            sink.folded(field);
                        }
                        self.go_to(Position::SkipLine, next)
                    }
                    _ => {
                        self.field = RequestField::with_initial(byte);
                        self.matched = 0;
                        match self.field {
                            Some(_) => self.go_to(Position::Name, rest),
                            None => self.go_to(Position::SkipLine, rest),
                        }
                    }
                },
                Position::LineStartCr if byte == b'\n' => self.go_to(Position::Done, next),
                // No name begins with a CR.
                Position::LineStartCr => self.skip_other_line(rest),
                Position::Name => self.take_name(rest, sink),
                Position::NameSpace => match byte {
                    _ if is_ows(byte) => next,
                    b':' => {
                        if let Some(field) = self.field {
                            sink.space_before_colon(field);
                        }
                        self.go_to(Position::SkipLine, next)
                    }
                    _ => self.skip_other_line(rest),
                },
                Position::ValueStart => match trim_ows_start(rest) {
                    [] => &[],
                    value => self.go_to(Position::Value, value),
                },
                // A single byte. Saves 7,103 of 46,224 instructions in the row
                // `wire/preflight_chromium/pieces_1` (`.ci/bench.py`).
                Position::Value if next.is_empty() && !matches!(byte, b'\r' | b'\n') => {
                    sink.value(rest);
                    next
                }
                Position::Value => self.take_value(rest, sink),
                Position::ValueCr if byte == b'\n' => {
                    sink.end();
                    self.go_to(Position::LineStart, next)
                }
                Position::ValueCr => {
                    sink.value(b"\r");
                    self.go_to(Position::Value, rest)
                }
                // This can skip more lines than the current one, and a fold after them is then
                // reported as a fold of `field`. That does not matter: if there is a `field` here,
                // it is malformed already.
                Position::SkipLine => match skip_lines(rest) {
                    Some(next) => self.go_to(Position::LineStart, next),
                    None => &[],
                },
                Position::Done | Position::Failed => break,
            };
        }
        match self.position {
            Position::Failed => Err(HeadError::RequestLine),
            _ => Ok(piece.len() - rest.len()),
        }
    }

    /// Sets the position, which is that of `rest`, and returns `rest`.
    const fn go_to<'c>(&mut self, position: Position, rest: &'c [u8]) -> &'c [u8] {
        self.position = position;
        rest
    }

    /// Skips the line, which is not one of the three fields. The LF that ends it may be in `rest`.
    const fn skip_other_line<'c>(&mut self, rest: &'c [u8]) -> &'c [u8] {
        self.field = None;
        self.go_to(Position::SkipLine, rest)
    }

    // Each of the next functions takes as many bytes of a piece as belong to one part of a line. It
    // returns the bytes after them. As separate functions, they save 959 of 16,602 instructions in
    // `cookie pieces` and 192 of 10,332 bytes in `flash pieces` on a Cortex-M3
    // (`.ci/certificate.py`), because `push` has fewer registers to save.

    /// Takes the bytes of a method and the space after it.
    #[inline(never)]
    fn take_method<'c>(&mut self, piece: &'c [u8], sink: &mut impl Sink<'c>) -> &'c [u8] {
        let end = first_non_tchar(piece);
        let (part, rest) = (until(piece, end), from(piece, end));
        self.is_options &= from(OPTIONS, self.matched as usize).starts_with(part);
        self.matched = self.matched.saturating_add(u8::try_from(end).unwrap_or(u8::MAX));
        match rest {
            [] => rest,
            [b' ', next @ ..] if self.matched > 0 => {
                sink.method(self.is_options && self.matched as usize == OPTIONS.len());
                self.go_to(Position::SkipLine, next)
            }
            _ => self.go_to(Position::Failed, rest),
        }
    }

    /// Takes the bytes of a name and the byte after it.
    // Two of the three names begin with the same 23 bytes. So one name is compared at a time, in
    // one step for all its bytes in the piece: first the shared bytes, then the rest of the name
    // that the 24th byte selects. Compared with checking each byte against each name, this saves
    // 2,959 of 11,450 instructions in the row `wire/preflight_chromium/pieces_64` (`.ci/bench.py`).
    #[inline(never)]
    fn take_name<'c>(&mut self, piece: &'c [u8], sink: &mut impl Sink<'c>) -> &'c [u8] {
        let mut rest = piece;
        while let Some((&byte, next)) = rest.split_first() {
            let matched = self.matched as usize;
            if matched == SHARED_LEN && self.field == Some(RequestField::Method) {
                self.field = RequestField::with_byte_after_shared(byte);
            }
            let Some(field) = self.field else {
                return self.skip_other_line(rest);
            };
            let end = field.compared_at_once(matched);
            let name = from(until(field.name().as_bytes(), end), matched);
            if name.is_empty() {
                return match byte {
                    b':' => {
                        sink.begin(field);
                        self.go_to(Position::ValueStart, next)
                    }
                    _ if is_ows(byte) => self.go_to(Position::NameSpace, next),
                    // A name that is longer.
                    _ => self.skip_other_line(rest),
                };
            }
            if !begin_alike(rest, name) {
                return self.skip_other_line(rest);
            }
            let len = name.len().min(rest.len());
            self.matched += len as u8;
            rest = from(rest, len);
        }
        rest
    }

    /// Takes the bytes of a value, and the end of its line.
    // A CR at the end of a piece may be half of the line end, so it waits for the next byte.
    #[inline(never)]
    fn take_value<'c>(&mut self, piece: &'c [u8], sink: &mut impl Sink<'c>) -> &'c [u8] {
        let (line, next) = match split_line(piece) {
            Some((line, next)) => (line, Some(next)),
            None => (piece, None),
        };
        let (value, cr) = match line {
            [value @ .., b'\r'] => (value, true),
            value => (value, false),
        };
        if !value.is_empty() {
            sink.value(value);
        }
        match next {
            Some(next) => {
                sink.end();
                self.go_to(Position::LineStart, next)
            }
            None if cr => self.go_to(Position::ValueCr, &[]),
            None => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::field::Transcript;
    use crate::request::whole::{read_head, read_section};

    type Read = (Result<(), HeadError>, Vec<String>);

    fn whole(head: &[u8]) -> Read {
        let mut sink = Transcript::default();
        (read_head(head, &mut sink), sink.events)
    }

    fn whole_section(section: &[u8]) -> Read {
        let mut sink = Transcript::default();
        (read_section(section, &mut sink), sink.events)
    }

    /// Reads pieces, and checks that nothing after the head is taken.
    fn pieces<'p>(mut scanner: Scanner, pieces: impl IntoIterator<Item = &'p [u8]>) -> Read {
        let mut sink = Transcript::default();
        for piece in pieces {
            let was_done = scanner.is_done();
            match scanner.push(piece, &mut sink) {
                Ok(used) if was_done => assert_eq!(used, 0),
                Ok(used) => assert!(used == piece.len() || scanner.is_done() && used < piece.len()),
                Err(error) => {
                    assert_eq!(scanner.push(b"GET / HTTP/1.1\r\n", &mut sink), Err(error));
                    return (Err(error), sink.events);
                }
            }
        }
        let result = if scanner.is_done() {
            Ok(())
        } else {
            Err(HeadError::Incomplete)
        };
        (result, sink.events)
    }

    /// Heads with every kind of line and of line end.
    const HEADS: &[&str] = &[
        "GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n\r\n",
        "OPTIONS * HTTP/1.1\nORIGIN:null\naccess-control-request-method: PUT\n\n",
        "\r\n\n\r\nOPTIONS / HTTP/1.1\r\nOrigin: a\r\n\r\nOrigin: b\r\n\r\n",
        "GET /\r\nOrigin: a\r\n b\r\n\tc\r\nOrigin : d\r\n e\r\nHost: x\r\n y\r\n\r\n",
        "GET /\r\nOrigin \t:a\r\nOrigin x: a\r\nOrigin\r\nOrigin \r\nOrigi: a\r\nOriginal: a\r\n\r\n",
        "GET /\r\nOrigin: a\rb\r\r\nOrigin: \r\nOrigin:\t \r\nOrigin:\r\n\rOrigin: c\r\n\r\r\n\r\n",
        "GET /\r\nAccess-Control-Request-Headers: a,b\r\naccess-control-request-method: PUT\n\n",
        "GET /\r\nAccess-Control-Request-Header: a\r\nAccess-Control-Request-Headers-X: b\r\nAcc\r\n\r\n",
        "GET /\r\nAxcess-Control-Request-Method: PUT\r\nAccess-Contxol-Request-Headers: a\r\n\r\n",
        "GET /\r\nAccept: a\r\nAuthorization: b\r\nX-Origin: c\r\n: d\r\n:\r\n\r\n",
        "options / HTTP/1.1\r\n\r\n",
        "OPTIONSX / HTTP/1.1\r\n\r\n",
        "OPTION / HTTP/1.1\r\n\r\n",
        // These do not begin with a method and a space.
        " GET / HTTP/1.1\r\n\r\n",
        "GET\t/ HTTP/1.1\r\n\r\n",
        "OPTIONS\r\n\r\n",
        "\rGET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01",
    ];

    #[test]
    fn pieces_give_what_the_whole_gives_in_every_split() {
        for head in HEADS {
            let head = head.as_bytes();
            let expected = whole(head);
            for size in 1..=head.len() {
                let shown = pieces(Scanner::head(), head.chunks(size));
                assert_eq!(shown, expected, "{size} {}", head.escape_ascii());
            }
            for first in 0..=head.len() {
                for second in first..=head.len() {
                    let split = [&head[..first], &head[first..second], &head[second..]];
                    let shown = pieces(Scanner::head(), split);
                    assert_eq!(shown, expected, "{first} {second} {}", head.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_section_gives_what_the_whole_gives_in_every_split() {
        for head in HEADS.iter().filter(|head| head.starts_with("GET /\r\n")) {
            let section = head.trim_start_matches("GET /\r\n").as_bytes();
            let expected = whole_section(section);
            assert_eq!(expected.0, Ok(()));
            for size in 1..=section.len() {
                let shown = pieces(Scanner::section(), section.chunks(size));
                assert_eq!(shown, expected, "{size} {}", section.escape_ascii());
            }
        }
    }

    #[test]
    fn a_head_that_is_cut_anywhere_is_not_done() {
        let head = HEADS[0].as_bytes();
        for end in 0..head.len() {
            for size in [1, 7, 1000] {
                let (result, _) = pieces(Scanner::head(), head[..end].chunks(size));
                assert_eq!(result, Err(HeadError::Incomplete), "{end} {size}");
            }
        }
    }

    #[test]
    fn the_content_is_not_taken() {
        let mut scanner = Scanner::head();
        let mut sink = Transcript::default();
        assert_eq!(scanner.push(b"GET / HTTP/1.1\r\n\r", &mut sink), Ok(17));
        assert_eq!(scanner.push(b"\nOrigin: a\r\n", &mut sink), Ok(1));
        assert_eq!(scanner.push(b"Origin: a\r\n", &mut sink), Ok(0));
        assert_eq!(sink.events, ["other method"]);
    }

    #[test]
    fn a_method_or_name_of_any_length_is_read() {
        for len in [254, 255, 256, 257, 262, 300, 600] {
            let method = "O".repeat(len);
            let head = format!("{method} / HTTP/1.1\r\n{method}: a\r\nOrigin: b\r\n\r\n");
            let (result, events) = pieces(Scanner::head(), head.as_bytes().chunks(1));
            assert_eq!(result, Ok(()));
            assert_eq!(events, ["other method", "Origin: b"]);
        }
    }

    #[test]
    fn a_scanner_has_4_bytes() {
        assert_eq!(size_of::<Scanner>(), 4);
    }
}
