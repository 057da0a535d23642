//! Field lines in the caller's buffer.

use core::fmt;

use crate::ascii::{as_str, cut};

/// Fields as they go on the wire, in the caller's buffer: what [`Decision::write_fields`](crate::Decision::write_fields) wrote.
///
/// It is the bytes, and gives the pairs of names and values for servers that want those. It borrows the buffer only: neither the
/// request nor the policy.
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
    /// The bytes: field lines, each with its CRLF, without the empty line that ends a header section.
    pub const fn as_bytes(&self) -> &'b [u8] {
        self.0
    }

    /// The bytes as text: they are ASCII.
    pub fn as_str(&self) -> &'b str {
        as_str(self.0)
    }

    /// The length in bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values, in order.
    pub fn pairs(&self) -> Pairs<'b> {
        Pairs { rest: self.as_str() }
    }
}

/// The names and values of [`FieldLines`]: an iterator.
#[derive(Clone, Debug)]
pub struct Pairs<'b> {
    rest: &'b str,
}

impl<'b> Iterator for Pairs<'b> {
    type Item = (&'b str, &'b str);

    fn next(&mut self) -> Option<(&'b str, &'b str)> {
        let (line, rest) = cut(self.rest, b'\r');
        self.rest = rest?.strip_prefix('\n')?;
        let (name, value) = cut(line, b':');
        Some((name, value?.strip_prefix(' ')?))
    }
}

impl<'b> IntoIterator for FieldLines<'b> {
    type Item = (&'b str, &'b str);
    type IntoIter = Pairs<'b>;

    fn into_iter(self) -> Pairs<'b> {
        self.pairs()
    }
}

impl fmt::Display for FieldLines<'_> {
    /// The lines, with their CRLF.
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
