//! Field lines in the caller's buffer.

use core::fmt;

use crate::ascii::{as_str, split_at_first};

/// Field lines in the caller's buffer, as [`Decision::write_fields`](crate::Decision::write_fields)
/// writes them.
///
/// The value borrows only the buffer, neither the request nor the policy. It gives the bytes of the
/// lines, or pairs of names and values.
///
/// ```
/// use embedded_cors::{Policy, Request};
///
/// static CORS: Policy =
///     Policy::builder().allow_origins(&["https://*.example.com"]).build_or_panic();
///
/// let mut buffer = [0; CORS.max_response_len()];
/// let lines = {
///     let head = String::from("GET / HTTP/1.1\r\nOrigin: https://a.example.com\r\n\r\n");
///     let request = Request::from_head(head.as_bytes())?;
///     CORS.decide(&request).write_fields(&mut buffer)?
/// };
/// assert_eq!(
///     lines.pairs().collect::<Vec<_>>(),
///     [("access-control-allow-origin", "https://a.example.com"), ("vary", "origin")]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FieldLines<'b>(pub(crate) &'b [u8]);

impl<'b> FieldLines<'b> {
    /// Returns the bytes of the lines, each with its CRLF, without the empty line that ends a
    /// header section.
    pub const fn as_bytes(&self) -> &'b [u8] {
        self.0
    }

    /// Returns the lines as text, which is ASCII.
    pub fn as_str(&self) -> &'b str {
        as_str(self.0)
    }

    /// Returns the length in bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no field.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&'b str, &'b str)> + use<'b> {
        let mut rest = self.as_str();
        core::iter::from_fn(move || {
            let (line, after) = split_at_first(rest, b'\r');
            rest = after?.strip_prefix('\n')?;
            let (name, value) = split_at_first(line, b':');
            Some((name, value?.strip_prefix(' ')?))
        })
    }
}

impl fmt::Display for FieldLines<'_> {
    /// Writes the lines with their CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<[u8]> for FieldLines<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl fmt::Debug for FieldLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldLines").field(&self.as_str()).finish()
    }
}
