//! A request read in pieces, as a socket delivers it, in a fixed state.

use crate::decision::{Decision, Requested};
use crate::field::{HeadError, RequestField, Scanner, Sink};
use crate::head::{Flaw, Head};
use crate::list::{ListCheck, RequestedHeaders};
use crate::policy::Policy;
use crate::request::Request;

/// What a reader says after a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The head goes on: push the next piece.
    NeedsMore,
    /// The head has ended. `used` is how many bytes of this piece belong to it; the content begins behind them.
    Done {
        /// Bytes of this piece that belong to the head.
        used: usize,
    },
}

impl Progress {
    /// Whether the head goes on.
    pub const fn needs_more(self) -> bool {
        matches!(self, Self::NeedsMore)
    }
}

/// Reads a request head in pieces of any size, keeping the values of the CORS fields in a buffer of `N` bytes.
///
/// Every other field line is skipped, however long it is and wherever it is cut. The state is `N` bytes and
/// some 50 more. `N` has to hold the values of `Origin`, `Access-Control-Request-Method` and all of
/// `Access-Control-Request-Headers` together: 256 is ample for what browsers send to a device. A value that does not fit is
/// marked as cut, and the request is then refused with that reason.
///
/// If the policy is known before the request, [`PolicyReader`] needs less, whatever the request asks for.
///
/// ```
/// use embedded_cors::{Progress, RequestReader};
///
/// let mut reader = RequestReader::<256>::new();
/// for piece in ["GET / HT", "TP/1.1\r\nOri", "gin: https://app.exam", "ple.com\r", "\n\r"] {
///     assert_eq!(reader.push(piece.as_bytes())?, Progress::NeedsMore);
/// }
/// assert_eq!(reader.push(b"\nthe content")?, Progress::Done { used: 1 });
/// assert!(reader.request().is_cors());
/// # Ok::<(), embedded_cors::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RequestReader<const N: usize> {
    scanner: Scanner,
    store: Store<N>,
}

impl<const N: usize> RequestReader<N> {
    /// A reader for a head: a request line, field lines, the empty line.
    pub const fn new() -> Self {
        Self {
            scanner: Scanner::head(),
            store: Store::new(false),
        }
    }

    /// A reader for a header block whose request line was read by someone else.
    pub fn for_block(method: impl AsRef<[u8]>) -> Self {
        Self {
            scanner: Scanner::block(),
            store: Store::new(method.as_ref() == b"OPTIONS"),
        }
    }

    /// Takes the next piece, of any length. After the head's end nothing more is taken.
    ///
    /// # Errors
    ///
    /// [`HeadError::RequestLine`], for this piece and every later one, if the first line is no request line.
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        let used = self.scanner.push(piece, &mut self.store)?;
        Ok(self.store.progress(&self.scanner, used))
    }

    /// The request, as far as it was read.
    ///
    /// Before the head's end, a decision on it is a refusal, for [`HeadIncomplete`](crate::Reason::HeadIncomplete);
    /// [`Policy::decide_error_reply`] takes it nevertheless.
    pub fn request(&self) -> Request<'_> {
        let mut request = Request::with_head(self.store.head());
        if request.head.list_lines > 0 {
            request.keep_line(self.store.list());
        }
        request
    }

    /// Forgets the request, for the next one on the connection.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl<const N: usize> Default for RequestReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads a request head in pieces, and checks `Access-Control-Request-Headers` against its policy as they arrive: a list of any
/// length, none of it stored.
///
/// The state is `N` bytes and some 100 more; `N` has to hold the values of `Origin` and
/// `Access-Control-Request-Method`, so 128 is ample. Two kinds of policy need the names themselves, and then `N` has to hold
/// them too: a strict one, and one with `*` headers and credentials.
///
/// ```
/// use embedded_cors::{Policy, PolicyReader};
///
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com"])
///     .allow_methods(&["PUT"])
///     .build_or_panic();
///
/// let mut reader = PolicyReader::<128>::new(&CORS);
/// reader.push(b"OPTIONS /led HTTP/1.1\r\nOrigin: https://app.example.com\r\n")?;
/// reader.push(b"Access-Control-Request-Method: PUT\r\n\r\n")?;
/// assert!(reader.decide().is_allowed());
/// # Ok::<(), embedded_cors::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyReader<'p, const N: usize> {
    policy: &'p Policy<'p>,
    scanner: Scanner,
    store: Store<N>,
    check: ListCheck,
}

impl<'p, const N: usize> PolicyReader<'p, N> {
    /// A reader for a head: a request line, field lines, the empty line.
    pub const fn new(policy: &'p Policy<'p>) -> Self {
        Self {
            policy,
            scanner: Scanner::head(),
            store: Store::new(false),
            check: ListCheck::new(),
        }
    }

    /// A reader for a header block whose request line was read by someone else.
    pub fn for_block(policy: &'p Policy<'p>, method: impl AsRef<[u8]>) -> Self {
        Self {
            scanner: Scanner::block(),
            store: Store::new(method.as_ref() == b"OPTIONS"),
            ..Self::new(policy)
        }
    }

    /// As [`RequestReader::push`].
    ///
    /// # Errors
    ///
    /// As [`RequestReader::push`].
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        let used = if self.policy.needs_requested_names() {
            self.scanner.push(piece, &mut self.store)?
        } else {
            let mut checked = Checked {
                policy: self.policy,
                store: &mut self.store,
                check: &mut self.check,
            };
            self.scanner.push(piece, &mut checked)?
        };
        Ok(self.store.progress(&self.scanner, used))
    }

    /// What the policy says to the request. As [`Policy::decide`].
    pub fn decide(&self) -> Decision<'_> {
        let requested = if !self.policy.needs_requested_names() {
            Requested::Checked(self.check)
        } else if self.store.head.list_lines > 0 {
            Requested::Names(RequestedHeaders::one(self.store.list()))
        } else {
            Requested::Names(RequestedHeaders::NONE)
        };
        self.policy.judge(&self.store.head(), requested)
    }

    /// As [`Policy::decide_error_reply`], before the head's end too.
    pub fn decide_error_reply(&self) -> Decision<'_> {
        self.policy.judge_error_reply(&self.store.head())
    }

    /// Forgets the request, for the next one on the connection.
    pub fn reset(&mut self) {
        *self = Self::new(self.policy);
    }
}

/// A part of the buffer.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u16,
    len: u16,
}

/// The values of the CORS fields in one buffer: `Access-Control-Request-Headers` grow from its front, all their lines joined by
/// commas, and each other value is moved to its back once it is complete.
#[derive(Clone, Debug)]
struct Store<const N: usize> {
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
    cut: bool,
    bytes: [u8; N],
}

impl<const N: usize> Store<N> {
    const fn new(is_options: bool) -> Self {
        const {
            assert!(
                N <= u16::MAX as usize,
                "a reader's buffer has at most 65535 bytes"
            )
        };
        Self {
            head: Head::new(is_options, false),
            field: None,
            list: 0,
            end: 0,
            back: N as u16,
            space: 0,
            cut: false,
            bytes: [0; N],
        }
    }

    fn progress(&mut self, scanner: &Scanner, used: usize) -> Progress {
        if scanner.is_done() {
            self.head.is_complete = true;
            Progress::Done { used }
        } else {
            Progress::NeedsMore
        }
    }

    fn head(&self) -> Head<&[u8]> {
        self.head.map(|span| {
            let value = self.bytes.get(span.start as usize..);
            value
                .and_then(|value| value.get(..span.len as usize))
                .unwrap_or(b"")
        })
    }

    fn list(&self) -> &[u8] {
        self.bytes.get(..self.list as usize).unwrap_or(b"")
    }

    /// Moves the value that was read to the back. Its new place is not before its old one, so it is moved from its end.
    fn move_to_back(&mut self) -> Span {
        let len = self.end.saturating_sub(self.list);
        let mut from = self.end;
        for _ in 0..len {
            from -= 1;
            self.back -= 1;
            let byte = self.bytes.get(from as usize).copied().unwrap_or(0);
            if let Some(place) = self.bytes.get_mut(self.back as usize) {
                *place = byte;
            }
        }
        Span {
            start: self.back,
            len,
        }
    }

    fn put(&mut self, byte: u8) {
        match self.bytes.get_mut(self.end as usize) {
            Some(place) if self.end < self.back => {
                *place = byte;
                self.end += 1;
            }
            _ => self.cut = true,
        }
    }
}

impl<'c, const N: usize> Sink<'c> for Store<N> {
    fn method(&mut self, is_options: bool) {
        self.head.is_options = is_options;
    }

    fn begin(&mut self, field: RequestField) {
        self.head.line(field);
        self.field = Some(field);
        self.end = self.list;
        self.space = 0;
        // What is repeated is refused, so only its first value takes room.
        self.cut = self.head.is_repeated(field);
        if field == RequestField::Headers && self.head.list_lines > 1 {
            self.put(b',');
        }
    }

    fn value(&mut self, bytes: &'c [u8]) {
        for &byte in bytes {
            if crate::ascii::is_ows(byte) {
                self.space = self.space.saturating_add(1);
                continue;
            }
            // White space at the value's end is never stored. Within it, all kinds are alike.
            while self.space > 0 && !self.cut {
                self.put(b' ');
                self.space -= 1;
            }
            self.put(byte);
            if self.cut {
                return;
            }
        }
    }

    fn end(&mut self) {
        let Some(field) = self.field else { return };
        if self.cut {
            self.head.flaw(field, Flaw::Cut);
        } else if field == RequestField::Headers {
            self.list = self.end;
        } else {
            let span = self.move_to_back();
            self.head.value(field, span);
        }
    }

    fn folded(&mut self, field: RequestField) {
        self.head.flaw(field, Flaw::Malformed);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.head.line(field);
        self.head.flaw(field, Flaw::Malformed);
    }
}

/// Stores the values of single fields and checks those of the list.
struct Checked<'a, const N: usize> {
    policy: &'a Policy<'a>,
    store: &'a mut Store<N>,
    check: &'a mut ListCheck,
}

impl<const N: usize> Checked<'_, N> {
    fn in_list(&self) -> bool {
        self.store.field == Some(RequestField::Headers)
    }
}

impl<'c, const N: usize> Sink<'c> for Checked<'_, N> {
    fn method(&mut self, is_options: bool) {
        self.store.method(is_options);
    }

    fn begin(&mut self, field: RequestField) {
        if field == RequestField::Headers {
            self.store.head.line(field);
            self.store.field = Some(field);
        } else {
            self.store.begin(field);
        }
    }

    fn value(&mut self, bytes: &'c [u8]) {
        if self.in_list() {
            self.check.feed(&self.policy.headers, bytes);
        } else {
            self.store.value(bytes);
        }
    }

    fn end(&mut self) {
        if self.in_list() {
            self.check.end_line(&self.policy.headers);
        } else {
            self.store.end();
        }
    }

    fn folded(&mut self, field: RequestField) {
        self.store.folded(field);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.store.space_before_colon(field);
    }
}
