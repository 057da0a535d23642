//! Reads a head in pieces, with the fields that only the doors need.

use super::facts::{Facts, Method};
use super::request::DoorsRequest;
use super::scanner::{Keep, Kept, Scanner};
use crate::names::is_options;
use crate::reader::value_buffer::{BufferedHead, Span, ValueBuffer};
use crate::reader::{Progress, buffer_len};
use crate::request::head::FieldState;
use crate::request::scanner::Scanner as CorsScanner;
use crate::request::{HeadError, Request};
use crate::scan::find;

/// A reader of request heads that arrive in pieces, for [`Doors`](super::Doors). It keeps the
/// values of the CORS fields and the host in a buffer of `N` bytes.
///
/// ```
/// use embedded_cors::{DoorsReader, Progress};
///
/// let mut reader = DoorsReader::<256>::new();
/// for piece in ["GET /ws HT", "TP/1.1\r\nHo", "st: lamp.lo", "cal\r\nUpgrade: websocket\r", "\n\r"] {
///     assert_eq!(reader.push(piece.as_bytes())?, Progress::NeedsMore);
/// }
/// assert_eq!(reader.push(b"\nthe content")?, Progress::Done { used: 1 });
/// assert!(!reader.request().request().is_cors());
/// # Ok::<(), embedded_cors::HeadError>(())
/// ```
///
/// # Size
///
/// A reader takes `N` bytes and at most 112 more. `N` has to hold what a
/// [`RequestReader`](crate::RequestReader) needs, and the value of `Host`: at most 260 bytes, and
/// for a device in its own network mostly below 40. A target in absolute form needs the length of
/// its host too. A host that does not fit is refused for
/// [`HostTruncated`](crate::Reason::HostTruncated).
#[derive(Clone, Debug)]
pub struct DoorsReader<const N: usize> {
    cors: CorsScanner,
    doors: Scanner,
    head: BufferedHead,
    facts: Facts,
    host: FieldState<Span>,
    target: FieldState<Span>,
    bytes: [u8; N],
}

impl<const N: usize> DoorsReader<N> {
    /// Creates a reader of a head: a request line, field lines and the empty line.
    pub const fn new() -> Self {
        Self {
            cors: CorsScanner::head(),
            doors: Scanner::head(),
            head: BufferedHead::new(false, buffer_len::<N>()),
            facts: Facts::new(Method::Unsafe),
            host: FieldState::Absent,
            target: FieldState::Absent,
            bytes: [0; N],
        }
    }

    /// Creates a reader of a header section, where the server has read the request line already.
    /// `method` is that of the request line.
    pub fn for_header_section(method: impl AsRef<[u8]>) -> Self {
        let method = method.as_ref();
        Self {
            cors: CorsScanner::section(),
            doors: Scanner::section(),
            head: BufferedHead::new(is_options(method), buffer_len::<N>()),
            facts: Facts::new(Method::of(method)),
            host: FieldState::Absent,
            target: FieldState::Absent,
            bytes: [0; N],
        }
    }

    /// Reads the next piece. See [`RequestReader::push`](crate::RequestReader::push).
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::RequestLine`] if the first line is not a request line, for this piece
    /// and for every later one.
    // Both scanners keep values in one buffer. At most one of them is within a value at the end of
    // a line, so each line goes to both before the next one does.
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        let mut used = 0;
        loop {
            let rest = piece.get(used..).unwrap_or_default();
            let line = find(rest, b'\n').and_then(|end| rest.get(..=end));
            let line = line.unwrap_or(rest);
            let mut sink = ValueBuffer {
                head: &mut self.head,
                bytes: &mut self.bytes,
                check: None,
            };
            used += self.cors.push(line, &mut sink)?;
            if self.cors.is_done() {
                sink.head.complete();
                return Ok(Progress::Done { used });
            }
            let mut keep = Buffered {
                buffer: sink,
                host: &mut self.host,
                target: &mut self.target,
            };
            self.doors.push(line, &mut self.facts, &mut keep);
            if line.len() == rest.len() {
                return Ok(Progress::NeedsMore);
            }
        }
    }

    /// Returns the request, with the fields that were read so far. Before the end of the head,
    /// [`Doors::decide`](super::Doors::decide) refuses it for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    pub fn request(&self) -> DoorsRequest<'_> {
        let mut request = Request::with_head(self.head.head(&self.bytes));
        request.lines = self.head.lines(&self.bytes);
        let mut request = DoorsRequest::with_request(request, self.facts);
        request.host = self.host.map(|span| span.of(&self.bytes));
        request.target = self.target.map(|span| span.of(&self.bytes));
        request
    }
}

impl<const N: usize> Default for DoorsReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps values in the buffer of a reader.
struct Buffered<'k> {
    buffer: ValueBuffer<'k>,
    host: &'k mut FieldState<Span>,
    target: &'k mut FieldState<Span>,
}

impl Buffered<'_> {
    const fn field(&mut self, kept: Kept) -> &mut FieldState<Span> {
        match kept {
            Kept::Host => self.host,
            Kept::Target => self.target,
        }
    }
}

impl<'c> Keep<'c> for Buffered<'_> {
    fn begin(&mut self, kept: Kept) {
        let field = self.field(kept);
        field.line();
        // A repeated field is refused, so only its first value is kept.
        let is_kept = !matches!(field, FieldState::Repeated);
        self.buffer.begin_other(is_kept);
    }

    fn bytes(&mut self, bytes: &'c [u8]) {
        self.buffer.append_other(bytes);
    }

    fn end(&mut self, kept: Kept) {
        if let Some(span) = self.buffer.end_other() {
            self.field(kept).value(span);
        }
    }

    fn malformed_host(&mut self) {
        self.host.malformed();
    }

    fn host_without_value(&mut self) {
        self.host.line();
    }
}
