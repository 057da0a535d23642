//! A header section, read once: which of its field lines this crate needs, and their values.
//!
//! A section that is in memory is read line by line; one that comes in pieces of any size by a scanner, to the same end. Both look for
//! four names and skip every other line to its end, however long, without keeping any of it. What they take for a
//! field line is RFC 9112 section 5, and no more:
//!
//! - A line ends with CRLF, or with LF alone (section 2.2). A CR elsewhere ends nothing.
//! - White space between the name and the colon (section 5.1) makes the field *malformed*, if the name is one of
//!   the four; the line gives no value.
//! - A line that begins with white space (`obs-fold`, section 5.2) makes the field before it malformed, if that
//!   is one of the four.
//! - Names are not case-sensitive. `X-Origin` and `Origin-X` are other names.
//! - The empty line ends the section. What follows is content, and is not looked at.

use core::fmt;

use crate::ascii::{behind, from, is_ows, is_tchar, starts_with_ignore_case, trim_ows_start, until};
use crate::names;

/// The request fields of the CORS protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestField {
    Origin,
    Method,
    Headers,
    PrivateNetwork,
}

impl RequestField {
    pub(crate) const ALL: [Self; 4] = [Self::Origin, Self::Method, Self::Headers, Self::PrivateNetwork];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Origin => names::ORIGIN,
            Self::Method => names::REQUEST_METHOD,
            Self::Headers => names::REQUEST_HEADERS,
            Self::PrivateNetwork => names::REQUEST_PRIVATE_NETWORK,
        }
    }

    /// The field of this name, if it is one of the four. Their lengths differ.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        let field = match name.len() {
            ORIGIN => Self::Origin,
            METHOD => Self::Method,
            HEADERS => Self::Headers,
            PRIVATE_NETWORK => Self::PrivateNetwork,
            _ => return None,
        };
        field.starts(name).then_some(field)
    }

    /// The field whose name a line begins with, in any case, whatever follows it. No name is the start of another.
    fn at_start_of(line: &[u8]) -> Option<Self> {
        match line {
            [b'o' | b'O', ..] => Some(Self::Origin).filter(|field| field.starts(line)),
            [b'a' | b'A', ..] => {
                // The first letter in which they differ.
                let field = match line.get(REQUEST_PREFIX)? {
                    b'm' | b'M' => Self::Method,
                    b'h' | b'H' => Self::Headers,
                    b'p' | b'P' => Self::PrivateNetwork,
                    _ => return None,
                };
                field.starts(line).then_some(field)
            }
            _ => None,
        }
    }

    /// Whether a line begins with this name, in any case.
    #[inline]
    fn starts(self, line: &[u8]) -> bool {
        match self {
            Self::Origin => starts_with_ignore_case::<ORIGIN>(line, names::ORIGIN),
            Self::Method => starts_with_ignore_case::<METHOD>(line, names::REQUEST_METHOD),
            Self::Headers => starts_with_ignore_case::<HEADERS>(line, names::REQUEST_HEADERS),
            Self::PrivateNetwork => {
                starts_with_ignore_case::<PRIVATE_NETWORK>(line, names::REQUEST_PRIVATE_NETWORK)
            }
        }
    }
}

const REQUEST_PREFIX: usize = "access-control-request-".len();

// The lengths of the four names.
const ORIGIN: usize = names::ORIGIN.len();
const METHOD: usize = names::REQUEST_METHOD.len();
const HEADERS: usize = names::REQUEST_HEADERS.len();
const PRIVATE_NETWORK: usize = names::REQUEST_PRIVATE_NETWORK.len();

/// Receives what is found. `'c` is the lifetime of the chunks.
pub(crate) trait Sink<'c> {
    /// The method of the request line.
    fn method(&mut self, is_options: bool);

    /// A value of `field` begins.
    fn begin(&mut self, field: RequestField);

    /// The next bytes of the value. White space before the value is gone, white space after it is not. If the
    /// whole section is one chunk, this is called at most once a value.
    fn value(&mut self, bytes: &'c [u8]);

    /// The value ends.
    fn end(&mut self);

    /// The field line that was read last is folded.
    fn folded(&mut self, field: RequestField);

    /// A line of `field` has white space before its colon, and no value.
    fn space_before_colon(&mut self, field: RequestField);
}

/// Why bytes are no request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes end before the empty line that ends the head: it was cut, or more is to come.
    Incomplete,
    /// The first line does not begin with a method and a space (RFC 9112 section 3).
    RequestLine,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "the request head ends before its empty line",
            Self::RequestLine => "the request head does not begin with a method and a space",
        })
    }
}

impl core::error::Error for HeadError {}

/// Reads a head that is in memory, without a scanner's states, and to the same end as it.
pub(crate) fn read_head<'h>(head: &'h [u8], sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    let mut rest = head;
    // RFC 9112 section 2.2: empty lines before the request line.
    let (method, rest) = loop {
        rest = match rest {
            [b'\n', next @ ..] | [b'\r', b'\n', next @ ..] => next,
            [b'\r'] => return Err(HeadError::Incomplete),
            _ => match rest.split_at_checked(names::first_non_tchar(rest)) {
                None | Some((_, [])) => return Err(HeadError::Incomplete),
                Some((method, [b' ', next @ ..])) if !method.is_empty() => break (method, next),
                Some(_) => return Err(HeadError::RequestLine),
            },
        };
    };
    sink.method(method == OPTIONS);
    read_lines(skip_lines(rest), sink)
}

/// Reads a header section that is in memory. See [`read_head`].
pub(crate) fn read_section<'h>(section: &'h [u8], sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    read_lines(Some(section), sink)
}

fn read_lines<'h>(lines: Option<&'h [u8]>, sink: &mut impl Sink<'h>) -> Result<(), HeadError> {
    let mut lines = lines;
    let mut field = None;
    while let Some(rest) = lines {
        if !matters(rest) {
            field = None;
            lines = skip_lines(rest);
            continue;
        }
        let Some((line, next)) = split_line(rest) else {
            break;
        };
        if read_line(line, &mut field, sink) {
            return Ok(());
        }
        lines = Some(next);
    }
    Err(HeadError::Incomplete)
}

/// Takes a whole line, without its LF. `field` is that of the line before and becomes that of this one, which may be folded. Whether it is the
/// empty line that ends the section.
fn read_line<'c>(line: &'c [u8], field: &mut Option<RequestField>, sink: &mut impl Sink<'c>) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.first() {
        None => return true,
        Some(&byte) if is_ows(byte) => {
            if let Some(field) = *field {
                sink.folded(field);
            }
            return false;
        }
        Some(_) => *field = RequestField::at_start_of(line),
    }
    let Some(found) = *field else { return false };
    let behind = from(line, found.name().len());
    match behind {
        [b':', value @ ..] => {
            sink.begin(found);
            let value = trim_ows_start(value);
            if !value.is_empty() {
                sink.value(value);
            }
            sink.end();
        }
        _ => match trim_ows_start(behind) {
            [b':', ..] => sink.space_before_colon(found),
            _ => *field = None,
        },
    }
    false
}

/// Where in the section the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the request line, where empty lines are skipped (RFC 9112 section 2.2).
    Leading,
    /// After a CR there.
    LeadingCr,
    /// In the method, of which `matched` bytes were read.
    Method,
    LineStart,
    /// After a CR at a line's start: the section's end if LF follows.
    LineStartCr,
    /// In a name whose first `matched` bytes are those of the fields in `candidates`.
    Name,
    /// In white space after the name of `field`.
    NameSpace,
    /// In white space before the value of `field`.
    ValueStart,
    Value,
    /// After a CR in a value: its end if LF follows.
    ValueCr,
    SkipLine,
    Done,
    Failed,
}

/// Reads a section in chunks of any size. 6 bytes of state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    state: State,
    matched: u8,
    /// One bit for each of [`RequestField::ALL`].
    candidates: u8,
    is_options: bool,
    field: Option<RequestField>,
}

const OPTIONS: &[u8] = b"OPTIONS";

impl Scanner {
    /// A scanner for a head: a request line, and a header section.
    pub(crate) const fn head() -> Self {
        Self {
            state: State::Leading,
            matched: 0,
            candidates: 0,
            is_options: true,
            field: None,
        }
    }

    /// A scanner for a header section alone.
    pub(crate) const fn section() -> Self {
        Self {
            state: State::LineStart,
            ..Self::head()
        }
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Reads `chunk` up to the end of the section at most. Returns how many bytes were read.
    pub(crate) fn push<'c>(&mut self, chunk: &'c [u8], sink: &mut impl Sink<'c>) -> Result<usize, HeadError> {
        let mut rest = chunk;
        loop {
            match self.state {
                State::Done => return Ok(chunk.len() - rest.len()),
                State::Failed => return Err(HeadError::RequestLine),
                _ => {}
            }
            // What takes many bytes at once.
            match self.state {
                State::SkipLine => match skip_lines(rest) {
                    Some(next) => {
                        self.state = State::LineStart;
                        rest = next;
                        continue;
                    }
                    None => return Ok(chunk.len()),
                },
                // A method that is all there, too.
                State::Leading => {
                    let end = names::first_non_tchar(rest);
                    if let Some((method, [b' ', next @ ..])) = rest.split_at_checked(end)
                        && !method.is_empty()
                    {
                        sink.method(method == OPTIONS);
                        self.state = State::SkipLine;
                        rest = next;
                        continue;
                    }
                }
                State::LineStart => {
                    if !matters(rest) {
                        self.field = None;
                        self.state = State::SkipLine;
                        continue;
                    }
                    // A line that is all there needs no states.
                    if let Some((line, next)) = split_line(rest) {
                        if read_line(line, &mut self.field, sink) {
                            self.state = State::Done;
                        }
                        rest = next;
                        continue;
                    }
                }
                State::Value => {
                    rest = match self.value(rest, sink) {
                        Some(next) => next,
                        None => return Ok(chunk.len()),
                    };
                    continue;
                }
                _ => {}
            }
            let Some((&byte, next)) = rest.split_first() else {
                return Ok(chunk.len());
            };
            if self.byte(byte, sink) {
                rest = next;
            }
        }
    }

    /// Takes one byte, or leaves it for the next state: then it returns false.
    fn byte<'c>(&mut self, byte: u8, sink: &mut impl Sink<'c>) -> bool {
        match self.state {
            State::Leading => match byte {
                b'\n' => {}
                b'\r' => self.state = State::LeadingCr,
                _ => {
                    self.state = State::Method;
                    return false;
                }
            },
            State::LeadingCr => {
                self.state = if byte == b'\n' {
                    State::Leading
                } else {
                    State::Failed
                };
            }
            State::Method => self.method_byte(byte, sink),
            State::LineStart => match byte {
                b'\n' => self.state = State::Done,
                b'\r' => self.state = State::LineStartCr,
                _ if is_ows(byte) => {
                    if let Some(field) = self.field {
                        sink.folded(field);
                    }
                    self.state = State::SkipLine;
                }
                _ => {
                    self.field = None;
                    self.matched = 0;
                    self.candidates = 0b1111;
                    self.state = State::Name;
                    return false;
                }
            },
            State::LineStartCr => {
                if byte == b'\n' {
                    self.state = State::Done;
                } else {
                    // A bare CR begins no field line.
                    self.field = None;
                    self.state = State::SkipLine;
                    return false;
                }
            }
            State::Name => return self.name_byte(byte, sink),
            State::NameSpace => match byte {
                _ if is_ows(byte) => {}
                b':' => {
                    if let Some(field) = self.field {
                        sink.space_before_colon(field);
                    }
                    self.state = State::SkipLine;
                }
                _ => {
                    self.field = None;
                    self.state = State::SkipLine;
                    return false;
                }
            },
            State::ValueStart => {
                if !is_ows(byte) {
                    self.state = State::Value;
                    return false;
                }
            }
            State::ValueCr => {
                if byte == b'\n' {
                    sink.end();
                    self.state = State::LineStart;
                } else {
                    sink.value(b"\r");
                    self.state = State::Value;
                    return false;
                }
            }
            State::Value | State::SkipLine | State::Done | State::Failed => return false,
        }
        true
    }

    fn method_byte<'c>(&mut self, byte: u8, sink: &mut impl Sink<'c>) {
        if byte == b' ' && self.matched > 0 {
            sink.method(self.is_options && self.matched as usize == OPTIONS.len());
            self.state = State::SkipLine;
        } else if is_tchar(byte) {
            self.is_options &= OPTIONS.get(self.matched as usize) == Some(&byte);
            self.matched = self.matched.saturating_add(1);
        } else {
            self.state = State::Failed;
        }
    }

    fn name_byte<'c>(&mut self, byte: u8, sink: &mut impl Sink<'c>) -> bool {
        match byte {
            b':' => match self.named() {
                Some(field) => {
                    sink.begin(field);
                    self.field = Some(field);
                    self.state = State::ValueStart;
                }
                None => self.state = State::SkipLine,
            },
            _ if is_ows(byte) => {
                self.field = self.named();
                self.state = match self.field {
                    Some(_) => State::NameSpace,
                    None => State::SkipLine,
                };
            }
            _ => {
                let lower = byte.to_ascii_lowercase();
                for (index, field) in RequestField::ALL.into_iter().enumerate() {
                    if field.name().as_bytes().get(self.matched as usize) != Some(&lower) {
                        self.candidates &= !(1 << index);
                    }
                }
                self.matched = self.matched.saturating_add(1);
                if self.candidates == 0 {
                    self.state = State::SkipLine;
                    // The byte may be the line's LF.
                    return false;
                }
            }
        }
        true
    }

    /// The candidate whose whole name was read.
    fn named(&self) -> Option<RequestField> {
        RequestField::ALL
            .into_iter()
            .enumerate()
            .find(|(index, field)| {
                self.candidates >> index & 1 == 1 && field.name().len() == self.matched as usize
            })
            .map(|(_, field)| field)
    }

    /// Takes the rest of a value, up to its line's end, and returns what follows it.
    fn value<'c>(&mut self, rest: &'c [u8], sink: &mut impl Sink<'c>) -> Option<&'c [u8]> {
        let (line, next) = match split_line(rest) {
            Some((line, next)) => (line, Some(next)),
            None => (rest, None),
        };
        let (value, cr) = match line {
            [value @ .., b'\r'] => (value, true),
            value => (value, false),
        };
        if !value.is_empty() {
            sink.value(value);
        }
        if next.is_some() {
            sink.end();
            self.state = State::LineStart;
        } else if cr {
            self.state = State::ValueCr;
        }
        next
    }
}

/// Whether a line that begins with these bytes, or with these and more, may be one of the four, the section's end, or a fold.
fn matters(line: &[u8]) -> bool {
    match line {
        [b'o' | b'O', ..] => true,
        // Not `Accept` and its kin, by their fifth letter.
        [b'a' | b'A', _, _, _, fifth, ..] => matches!(fifth, b's' | b'S'),
        [b'a' | b'A' | b'\r' | b'\n' | b' ' | b'\t', ..] | [] => true,
        _ => false,
    }
}

/// Passes over the line that has begun, and over those behind it that do not matter.
fn skip_lines(bytes: &[u8]) -> Option<&[u8]> {
    behind(bytes, b'\n', matters)
}

/// What is before the first LF, and what follows it.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = behind(bytes, b'\n', |_| true)?;
    Some((until(bytes, bytes.len() - rest.len() - 1), rest))
}
