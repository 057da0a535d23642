//! Reads the parts of a head that only the doors need: the request line, `Host`, and the fields of
//! [`DoorField`].
//!
//! It runs beside the scanner of the CORS fields, over the same bytes, and follows the same rules:
//! the table in [`request::field`](crate::request::field) says what ends a line, what folds one,
//! and what makes a field malformed. A second scanner costs a second pass, but leaves the first as
//! it is, for programs without doors. It reads a head in memory and a head in pieces alike, because
//! a piece may end anywhere.

use super::facts::{DoorField, Facts, Method, Reading};
use crate::ascii::{from, is_ows, is_scheme_byte, trim_ows_start};
use crate::scan::after_first;

/// A value that is kept, not only compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The value of `Host`.
    Host,
    /// The authority of a target in absolute form.
    Target,
}

/// Receives the values that are kept.
pub(super) trait Keep<'c> {
    /// Starts a value. Until it ends, it counts as truncated.
    fn begin(&mut self, kept: Kept);

    /// Takes the next bytes of the value. White space before the value has been removed; white
    /// space after it has not.
    fn bytes(&mut self, bytes: &'c [u8]);

    /// Ends the value.
    fn end(&mut self, kept: Kept);

    /// Marks the last value of `Host`, or a line of it without a value, as malformed.
    fn malformed_host(&mut self);

    /// Starts a line of `Host` that has no value, because it has white space before its colon.
    fn host_without_value(&mut self);
}

/// Where in the head the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Before the request line, where empty lines are skipped.
    Leading,
    Method,
    /// At the first byte of the target.
    TargetStart,
    /// In the scheme of a target, or in one that is not in absolute form.
    TargetScheme,
    /// After the colon of the scheme and this many slashes.
    TargetSlashes(u8),
    TargetAuthority,
    /// In the target after its authority, or in a target of another form.
    Target,
    Version,
    LineStart,
    /// After a CR at the start of a line.
    LineStartCr,
    Name,
    /// In white space between the name of a field and its colon.
    NameSpace,
    ValueStart,
    Value,
    /// After a CR in a value. An LF ends the value.
    ValueCr,
    SkipLine,
    Done,
}

/// A state machine that reads one head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    position: Position,
    /// The field of the current line; at the start of a line, the field of the line before.
    field: Option<DoorField>,
    /// The bytes of the method, of the version, of a name or of a value.
    reading: Reading,
}

impl Scanner {
    /// Returns a scanner for a head: a request line, field lines, and the empty line.
    pub(super) const fn head() -> Self {
        Self {
            position: Position::Leading,
            field: None,
            reading: Reading::new(),
        }
    }

    /// Returns a scanner for a header section: field lines, and the empty line.
    pub(super) const fn section() -> Self {
        Self {
            position: Position::LineStart,
            ..Self::head()
        }
    }

    /// Returns a scanner for the target of a request line.
    pub(super) const fn target() -> Self {
        Self {
            position: Position::TargetStart,
            ..Self::head()
        }
    }

    /// Reads `piece`, up to the end of the head at most.
    pub(super) fn push<'c>(&mut self, piece: &'c [u8], facts: &mut Facts, keep: &mut impl Keep<'c>) {
        let mut rest = piece;
        loop {
            match self.position {
                Position::Done => return,
                Position::SkipLine => match after_first(rest, b'\n', |_| true) {
                    Some(next) => {
                        self.position = Position::LineStart;
                        rest = next;
                        continue;
                    }
                    None => return,
                },
                Position::ValueStart => {
                    rest = trim_ows_start(rest);
                    if matches!(rest.first(), Some(byte) if !is_line_end(*byte)) {
                        self.position = Position::Value;
                        continue;
                    }
                }
                // A CR within a value does not end it. No value that is looked for has one.
                Position::ValueCr if matches!(rest.first(), Some(byte) if *byte != b'\n') => {
                    match self.field {
                        Some(DoorField::Host) => keep.malformed_host(),
                        _ => self.value(b"\r", keep),
                    }
                    self.position = Position::Value;
                    continue;
                }
                Position::Value => {
                    let end = rest.iter().position(|&byte| is_line_end(byte));
                    if let Some((bytes, next)) = rest.split_at_checked(end.unwrap_or(rest.len())) {
                        self.value(bytes, keep);
                        rest = next;
                    }
                }
                Position::Target => {
                    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\n'));
                    rest = from(rest, end.unwrap_or(rest.len()));
                }
                Position::TargetAuthority => {
                    let end = rest.iter().position(|&byte| !is_in_authority(byte));
                    if let Some((bytes, next)) = rest.split_at_checked(end.unwrap_or(rest.len())) {
                        keep.bytes(bytes);
                        rest = next;
                    }
                }
                _ => {}
            }
            let Some((&byte, next)) = rest.split_first() else {
                return;
            };
            rest = next;
            self.take_byte(byte, facts, keep);
        }
    }

    /// Takes bytes of a value.
    fn value<'c>(&mut self, bytes: &'c [u8], keep: &mut impl Keep<'c>) {
        match self.field {
            Some(DoorField::Host) => keep.bytes(bytes),
            Some(field) => self.reading.feed(field, bytes),
            None => {}
        }
    }

    fn take_byte<'c>(&mut self, byte: u8, facts: &mut Facts, keep: &mut impl Keep<'c>) {
        self.position = match (self.position, byte) {
            // The other scanner has refused a head that does not begin with a method.
            (Position::Leading, b'\r' | b'\n') => Position::Leading,
            (Position::Leading | Position::Method, b' ') => {
                facts.method = Method::of(self.reading.text());
                self.reading.clear();
                Position::TargetStart
            }
            (Position::Leading | Position::Method, byte) => {
                self.reading.push(byte);
                Position::Method
            }

            (Position::TargetAuthority, _) if !is_in_authority(byte) => {
                keep.end(Kept::Target);
                self.target_or_version(byte, facts)
            }
            (Position::TargetStart, b'a'..=b'z' | b'A'..=b'Z') => Position::TargetScheme,
            (Position::TargetScheme, b':') => Position::TargetSlashes(0),
            (Position::TargetScheme, _) if is_scheme_byte(byte.to_ascii_lowercase()) => {
                Position::TargetScheme
            }
            (Position::TargetSlashes(0), b'/') => Position::TargetSlashes(1),
            (Position::TargetSlashes(_), b'/') => {
                keep.begin(Kept::Target);
                Position::TargetAuthority
            }
            (
                Position::TargetStart
                | Position::TargetScheme
                | Position::TargetSlashes(_)
                | Position::TargetAuthority
                | Position::Target
                | Position::Version,
                byte,
            ) => self.target_or_version(byte, facts),

            (Position::LineStart, b'\n') | (Position::LineStartCr, b'\n') => Position::Done,
            (Position::LineStart, b'\r') => Position::LineStartCr,
            (Position::LineStart, byte) if is_ows(byte) => {
                self.malformed(facts, keep);
                Position::SkipLine
            }
            (Position::LineStart, byte) => {
                self.field = None;
                self.reading = Reading::new();
                self.reading.push(byte);
                match byte.to_ascii_lowercase() {
                    b'h' | b's' | b'u' | b'a' => Position::Name,
                    _ => Position::SkipLine,
                }
            }
            // A CR that does not end the line begins a name that is not one of these.
            (Position::LineStartCr, _) => {
                self.field = None;
                Position::SkipLine
            }

            (Position::Name | Position::NameSpace, b'\n') => {
                self.field = None;
                Position::LineStart
            }
            (Position::Name, b':') => match DoorField::from_name(self.reading.text()) {
                None => Position::SkipLine,
                Some(field) => {
                    self.begin(field, keep);
                    Position::ValueStart
                }
            },
            (Position::Name, byte) if is_ows(byte) => match DoorField::from_name(self.reading.text()) {
                None => Position::SkipLine,
                field => {
                    self.field = field;
                    Position::NameSpace
                }
            },
            (Position::Name, byte) => {
                self.reading.push(byte);
                if self.reading.text().len() > DoorField::MAX_LEN {
                    Position::SkipLine
                } else {
                    Position::Name
                }
            }
            (Position::NameSpace, byte) if is_ows(byte) => Position::NameSpace,
            (Position::NameSpace, b':') => {
                if self.field == Some(DoorField::Host) {
                    keep.host_without_value();
                }
                self.malformed(facts, keep);
                Position::SkipLine
            }
            (Position::NameSpace, _) => {
                self.field = None;
                Position::SkipLine
            }

            (Position::ValueStart | Position::Value | Position::ValueCr, b'\n') => {
                self.end(facts, keep);
                Position::LineStart
            }
            (Position::ValueStart | Position::Value | Position::ValueCr, _) => Position::ValueCr,

            (Position::SkipLine | Position::Done, _) => self.position,
        };
    }

    /// Takes a byte of the target or of the version, and returns the next position. The last word
    /// of the request line is the version.
    fn target_or_version(&mut self, byte: u8, facts: &mut Facts) -> Position {
        let in_version = self.position == Position::Version;
        match byte {
            b'\n' => {
                facts.is_http_1_0 = in_version && self.reading.text() == b"HTTP/1.0";
                Position::LineStart
            }
            b' ' => {
                self.reading = Reading::new();
                Position::Version
            }
            b'\r' if in_version => Position::Version,
            byte if in_version => {
                self.reading.push(byte);
                Position::Version
            }
            _ => Position::Target,
        }
    }

    /// Starts the value of a field.
    fn begin<'c>(&mut self, field: DoorField, keep: &mut impl Keep<'c>) {
        self.field = Some(field);
        self.reading = Reading::new();
        if field == DoorField::Host {
            keep.begin(Kept::Host);
        }
    }

    /// Ends the value of a field.
    fn end<'c>(&mut self, facts: &mut Facts, keep: &mut impl Keep<'c>) {
        match self.field {
            Some(DoorField::Host) => keep.end(Kept::Host),
            Some(field) => facts.end(field, &self.reading),
            None => {}
        }
    }

    /// Marks the field of the last line as malformed.
    fn malformed<'c>(&mut self, facts: &mut Facts, keep: &mut impl Keep<'c>) {
        match self.field {
            Some(DoorField::Host) => keep.malformed_host(),
            Some(field) => facts.malformed(field),
            None => {}
        }
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Returns whether the byte does not end the authority of a target
/// (<https://www.rfc-editor.org/rfc/rfc3986#section-3.2>).
const fn is_in_authority(byte: u8) -> bool {
    !matches!(byte, b'/' | b'?' | b'#' | b' ' | b'\r' | b'\n')
}
