//! The value of a field of the response, in parts that lie where they are.

use core::ffi::CStr;
use core::fmt;

use crate::ascii::as_str;
use crate::entries::Names;
use crate::error::BufferTooSmall;
use crate::members::{Echo, ExistingVary, Members, Source};
use crate::out::Out;

/// The value of a [`Field`](crate::Field): ASCII, in parts that lie in the policy, in the request, or in the program.
///
/// It implements [`Display`](fmt::Display), for servers that take that; [`as_str`](Self::as_str) gives it whole if it lies in one place.
#[derive(Clone)]
pub struct FieldValue<'a>(Source<'a>);

impl<'a> FieldValue<'a> {
    pub(crate) const fn text(text: &'a str) -> Self {
        Self::ascii(text.as_bytes())
    }

    /// Bytes that are known to be ASCII.
    pub(crate) const fn ascii(ascii: &'a [u8]) -> Self {
        Self(Source::Ascii(ascii))
    }

    /// The names of a policy's list whose bits are set.
    pub(crate) const fn names(names: &'a Names<'a>, bits: u64) -> Self {
        Self(Source::Names(names, bits))
    }

    /// Requested names.
    pub(crate) const fn echo(echo: &'a Echo<'a>) -> Self {
        Self(Source::Echo(echo))
    }

    /// The members of the `Vary` that the response has, then those of `needed` that it lacks.
    pub(crate) const fn vary(existing: &'a ExistingVary<'a>, needed: &'static [&'static str]) -> Self {
        Self(Source::Vary(existing, needed))
    }

    /// The same text as [`parts`](Self::parts).
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        self.0.emit(out);
    }

    /// Writes a value that has nothing of a request in it.
    pub(crate) const fn emit_fixed(&self, out: &mut Out<'_>) {
        self.0.emit_fixed(out);
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Whether there are no bytes in it. There always are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts, which make up the value when one follows the other.
    pub fn parts(&self) -> Parts<'a> {
        Parts {
            members: self.0.members(),
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
