//! The value of a field of the response, in parts that lie where they are.

use core::ffi::CStr;
use core::fmt;

use crate::ascii::as_str;
use crate::entries::{self, Names};
use crate::error::BufferTooSmall;
use crate::existing::{ExistingVary, NextMember, VaryMembers};
use crate::list::{Echo, NextName, RequestedHeaders};
use crate::out::Out;

/// The value of a [`Field`](crate::Field): ASCII, in parts that lie in the policy, in the request, or in the program.
///
/// It implements [`Display`](fmt::Display), for servers that take that; [`as_str`](Self::as_str) gives it whole if it lies in one place.
#[derive(Clone)]
pub struct FieldValue<'a> {
    members: Members<'a>,
}

impl<'a> FieldValue<'a> {
    pub(crate) const fn text(text: &'a str) -> Self {
        Self::ascii(text.as_bytes())
    }

    /// Bytes that are known to be ASCII.
    pub(crate) const fn ascii(ascii: &'a [u8]) -> Self {
        Self {
            members: Members::Ascii(ascii),
        }
    }

    /// The names of a policy's list whose bits are set.
    pub(crate) const fn names(names: &Names<'a>, bits: u64) -> Self {
        Self {
            members: Members::Names(names.entries.iter(), bits),
        }
    }

    /// Requested names that have been parsed.
    pub(crate) const fn requested(echo: &'a Echo<'_>) -> Self {
        Self {
            members: Members::Requested(echo.names(), echo.next),
        }
    }

    /// The members of the server's own `Vary`, then those of `needed` that it lacks.
    pub(crate) fn vary(existing: &ExistingVary<'a>, needed: &'static [&'static str]) -> Self {
        let (members, next) = existing.and(needed);
        Self {
            members: Members::Vary(members, next),
        }
    }

    /// The same text as [`parts`](Self::parts), which are not linked if nothing but this is called.
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        match &self.members {
            Members::Requested(names, next) => emit_members(names.clone(), *next, out),
            Members::Vary(members, next) => emit_members(members.clone(), *next, out),
            _ => {
                self.emit_fixed(out);
            }
        }
    }

    /// Writes a value that has nothing of a request in it. Of any other it writes nothing, and says so.
    pub(crate) const fn emit_fixed(&self, out: &mut Out<'_>) -> bool {
        match &self.members {
            Members::Ascii(ascii) => out.bytes(ascii),
            Members::Names(names, bits) => names.emit(*bits, out),
            Members::Requested(..) | Members::Vary(..) | Members::End => return false,
        }
        true
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    /// Whether there are no bytes in it. There always are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts, which make up the value when one follows the other.
    pub fn parts(&self) -> Parts<'a> {
        Parts {
            members: self.members.clone(),
            held: None,
            started: false,
        }
    }

    /// Writes the value, for servers that want it in one piece.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, BufferTooSmall> {
        let written = Out::write(buffer, usize::MAX, |out| self.emit(out))?;
        Ok(as_str(written))
    }

    /// Writes the value with a NUL behind it, for servers that keep pointers to C strings.
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
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_c_str<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b CStr, BufferTooSmall> {
        let written = Out::write(buffer, usize::MAX, |out| {
            self.emit(out);
            out.text("\0");
        })?;
        // No value has a NUL in it.
        Ok(CStr::from_bytes_until_nul(written).unwrap_or(c""))
    }

    /// The value as one string, if it is in one part.
    pub fn as_str(&self) -> Option<&'a str> {
        let mut parts = self.parts();
        let first = parts.next()?;
        match parts.next() {
            None => Some(first),
            Some(_) => None,
        }
    }
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

/// The parts of a [`FieldValue`]: an iterator over `&str`.
#[derive(Clone)]
pub struct Parts<'a> {
    members: Members<'a>,
    /// A member whose comma was just given.
    held: Option<&'a str>,
    started: bool,
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
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

/// What a value is made of, before commas come between.
#[derive(Clone)]
enum Members<'a> {
    Ascii(&'a [u8]),
    /// Entries of the policy, those whose bit is set.
    Names(entries::Iter<'a>, u64),
    /// What was requested and has been parsed.
    Requested(RequestedHeaders<'a>, NextName),
    Vary(VaryMembers<'a>, NextMember),
    End,
}

impl<'a> Members<'a> {
    fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Ascii(ascii) => {
                let text = as_str(ascii);
                *self = Self::End;
                Some(text)
            }
            Self::Names(entries, bits) => loop {
                if *bits == 0 {
                    return None;
                }
                let entry = entries.next()?;
                let selected = *bits & 1 == 1;
                *bits >>= 1;
                if selected {
                    return Some(entry);
                }
            },
            Self::Requested(names, next) => next(names),
            Self::Vary(members, next) => next(members),
            Self::End => None,
        }
    }
}

fn emit_members<'a, M>(mut members: M, next: fn(&mut M) -> Option<&'a str>, out: &mut Out<'_>) {
    let mut comma = "";
    while let Some(member) = next(&mut members) {
        out.text(comma);
        out.text(member);
        comma = ",";
    }
}
