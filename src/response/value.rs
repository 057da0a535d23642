//! The value of a response field, in parts that are borrowed from the policy, the request or the
//! program.
//!
//! Nothing is copied before the value is written.

use core::ffi::CStr;

use core::fmt;

use crate::ascii::as_str;
use crate::buffer::{BufferTooSmall, Out};
use crate::decision::deferred::{Deferred, Echo, ExistingVary};
use crate::names::Vary;
use crate::policy::timing::EntriesFunctions;
use crate::policy::{Entries, Names, Selected};

/// The value of a [`Field`](crate::Field): ASCII text in one or more parts.
///
/// It implements [`Display`](fmt::Display). [`to_str`](Self::to_str) returns it as one string if it
/// has one part, and [`write`](Self::write) copies it into a buffer.
#[derive(Clone)]
pub struct FieldValue<'a>(Source<'a>);

impl<'a> FieldValue<'a> {
    pub(crate) const fn text(text: &'a str) -> Self {
        Self::ascii(text.as_bytes())
    }

    /// Creates a value from bytes that are known to be ASCII.
    pub(crate) const fn ascii(ascii: &'a [u8]) -> Self {
        Self(Source::Ascii(ascii))
    }

    /// Returns the bytes, if they are in one place.
    #[allow(dead_code, reason = "integrations copy values")]
    pub(crate) const fn as_ascii(&self) -> Option<&'a [u8]> {
        match self.0 {
            Source::Ascii(ascii) => Some(ascii),
            _ => None,
        }
    }

    /// Creates a value from the names of a policy's list whose bits are set in `bits`.
    pub(crate) const fn names(names: &'a Names<'a>, bits: u64) -> Self {
        Self(Source::Names(names, bits))
    }

    /// Creates a value from requested names.
    pub(crate) const fn echo(echo: &'a Echo<'a>) -> Self {
        Self(Source::Echo(echo))
    }

    /// Creates a value from all entries of a list.
    pub(crate) const fn entries(entries: Entries<'a>, functions: &'static EntriesFunctions) -> Self {
        Self(Source::Entries(entries, functions))
    }

    /// Creates a value from the members of the response's own `Vary`, and those of `needed` that it
    /// lacks.
    pub(crate) const fn vary(existing: &'a ExistingVary<'a>, needed: Vary) -> Self {
        Self(Source::Vary(existing, needed))
    }

    /// Writes the value: the same bytes as those of [`parts`](Self::parts).
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        self.0.emit(out);
    }

    /// Writes a value that does not depend on a request.
    pub(crate) const fn emit_fixed(&self, out: &mut Out<'_>) {
        self.0.emit_fixed(out);
    }

    /// Returns the length of the value in bytes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Returns the parts of the value, in order.
    pub fn parts(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        Parts {
            members: self.0.members(),
            held: None,
            started: false,
        }
    }

    /// Writes the value into a buffer, for servers that need it in one piece.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, BufferTooSmall> {
        let written = Out::write(buffer, usize::MAX, |out| self.emit(out))?;
        Ok(as_str(written))
    }

    /// Writes the value and a NUL, for servers that keep pointers to C strings.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["*"])
    ///     .expose_headers(&["etag", "x-total-count"])
    ///     .build_or_panic();
    ///
    /// let decision = CORS.decide(&Request::new("GET"));
    /// let field = decision.fields().last().unwrap();
    /// let mut value = [0; 64];
    /// assert_eq!(field.name(), "access-control-expose-headers");
    /// assert_eq!(field.value().write_c_str(&mut value)?, c"etag,x-total-count");
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing.
    pub fn write_c_str<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b CStr, BufferTooSmall> {
        let written = Out::write(buffer, usize::MAX, |out| {
            self.emit(out);
            out.text("\0");
        })?;
        // No value contains a NUL.
        Ok(CStr::from_bytes_until_nul(written).unwrap_or(c""))
    }

    /// Returns the value as one string, if it has one part.
    pub fn to_str(&self) -> Option<&'a str> {
        let mut parts = self.parts();
        let first = parts.next()?;
        match parts.next() {
            None => Some(first),
            Some(_) => None,
        }
    }
}

impl PartialEq for FieldValue<'_> {
    /// Compares the bytes of the values, whatever parts they are in.
    fn eq(&self, other: &Self) -> bool {
        bytes(self.parts()).eq(bytes(other.parts()))
    }
}

impl Eq for FieldValue<'_> {}

impl PartialEq<str> for FieldValue<'_> {
    fn eq(&self, other: &str) -> bool {
        bytes(self.parts()).eq(other.bytes())
    }
}

impl PartialEq<&str> for FieldValue<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

fn bytes<'a>(parts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = u8> {
    parts.flat_map(str::bytes)
}

impl fmt::Display for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|part| f.write_str(part))
    }
}

impl fmt::Debug for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

/// An iterator over the parts of a value: members, and the commas between them.
#[derive(Clone)]
struct Parts<'a> {
    members: Members<'a>,
    /// The member after the comma that was returned last.
    held: Option<&'a str>,
    started: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(member) = self.held.take() {
            return Some(member);
        }
        let member = self.members.next()?;
        if self.started {
            self.held = Some(member);
            return Some(",");
        }
        self.started = true;
        Some(member)
    }
}

/// Where the members of a value come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Ascii(&'a [u8]),
    /// The entries of a policy's list whose bits are set.
    Names(&'a Names<'a>, u64),
    /// All entries of a list.
    Entries(Entries<'a>, &'static EntriesFunctions),
    Echo(&'a Echo<'a>),
    /// The response's own `Vary`, and the members that the policy needs.
    Vary(&'a ExistingVary<'a>, Vary),
}

impl<'a> Source<'a> {
    pub(crate) fn members(self) -> Members<'a> {
        match self {
            Self::Ascii(ascii) => Members::Ascii(ascii),
            Self::Names(names, bits) => Members::Names(names.selected(bits)),
            Self::Entries(entries, functions) => {
                Members::Deferred(Deferred::Entries(functions, entries.iter()))
            }
            Self::Echo(echo) => Members::Deferred(echo.members()),
            Self::Vary(existing, needed) => Members::Deferred(existing.and(needed)),
        }
    }

    /// Writes the members with commas between them. A program that calls only this function does
    /// not link [`members`](Self::members).
    pub(crate) fn emit(self, out: &mut Out<'_>) {
        match self {
            Self::Ascii(ascii) => out.bytes(ascii),
            Self::Names(names, bits) => names.selected(bits).emit(out),
            Self::Entries(entries, functions) => (functions.emit)(&entries, out),
            Self::Echo(echo) => echo.emit(out),
            Self::Vary(existing, needed) => existing.emit_and(needed, out),
        }
    }

    /// Writes the members if they do not depend on a request; otherwise nothing.
    pub(crate) const fn emit_fixed(self, out: &mut Out<'_>) {
        match self {
            Self::Ascii(ascii) => out.bytes(ascii),
            Self::Names(names, bits) => names.selected(bits).emit(out),
            Self::Entries(entries, _) => entries.emit(out),
            Self::Echo(_) | Self::Vary(..) => {}
        }
    }
}

#[derive(Clone)]
pub(crate) enum Members<'a> {
    Ascii(&'a [u8]),
    /// The entries of a policy's list whose bits are set.
    Names(Selected<'a>),
    Deferred(Deferred<'a>),
    End,
}

impl<'a> Members<'a> {
    pub(crate) fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Ascii(ascii) => {
                let text = as_str(ascii);
                *self = Self::End;
                Some(text)
            }
            Self::Names(names) => names.next().map(|(_, name)| name),
            Self::Deferred(later) => later.next(),
            Self::End => None,
        }
    }
}
