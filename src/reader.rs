//! A request read in pieces, as a socket delivers it, in a fixed state.

use crate::ascii::is_ows;
use crate::decision::{Decision, Requested};
use crate::field::{HeadError, RequestField, Scanner, Sink};
use crate::head::{Flaw, Head};
use crate::list::{Lines, ListCheck};
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
/// Every other field line is skipped, however long it is and wherever it is cut. The state is `N` bytes and at most 56 more. `N` has to
/// hold the values of `Origin`, `Access-Control-Request-Method` and all of `Access-Control-Request-Headers`, with a comma between its
/// lines, together: 256 is ample for what browsers send to a device, and [`MAX_ORIGIN_LEN`](crate::MAX_ORIGIN_LEN)
/// is the most that an `Origin` takes of it. A value that does not fit is marked as cut, and the request is then refused with that reason.
///
/// A reader is for one request; the next one on the connection takes a new reader. If the policy is known before the request,
/// [`PolicyReader`] needs less, whatever the request asks for.
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

    /// A reader for a header section whose request line was read by someone else.
    ///
    /// ```
    /// use embedded_cors::{Progress, RequestReader};
    ///
    /// let mut reader = RequestReader::<256>::for_header_section("OPTIONS");
    /// reader.push(b"Origin: https://app.example.com\r\nAccess-Control-Request-")?;
    /// assert_eq!(reader.push(b"Method: PUT\r\n\r\n")?, Progress::Done { used: 15 });
    /// assert!(reader.request().is_preflight());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    pub fn for_header_section(method: impl AsRef<[u8]>) -> Self {
        Self {
            scanner: Scanner::section(),
            store: Store::new(method.as_ref() == b"OPTIONS"),
        }
    }

    /// Takes the next piece, of any length, 0 included. After the head's end nothing more is taken.
    ///
    /// A connection that ends before the head does gives no more pieces: it is for the caller to notice that a read gave 0 bytes.
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
    /// Before the head's end, a decision on it is a refusal, for [`HeadIncomplete`](crate::Reason::HeadIncomplete), whether an `Origin` was
    /// read already or not; [`Policy::decide_error_reply`] takes it nevertheless.
    pub fn request(&self) -> Request<'_> {
        let mut request = Request::with_head(self.store.head());
        request.lines = self.store.lines();
        request
    }
}

impl<const N: usize> Default for RequestReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads a request head in pieces, and checks `Access-Control-Request-Headers` against its policy as they arrive, without storing them:
/// names of any length, up to the budget of [`RequestHeadersOverBudget`](crate::Reason::RequestHeadersOverBudget).
///
/// The state is `N` bytes and at most 104 more; `N` has to hold the values of `Origin` and `Access-Control-Request-Method`. 128 is enough for what browsers send from hosts of up to 90 bytes;
/// [`MAX_ORIGIN_LEN`](crate::MAX_ORIGIN_LEN) ` + 64` for every origin and every registered method. Two kinds of policy need the names
/// themselves, and then `N` has to hold them too: a strict one, and one with `*` headers and credentials.
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

    /// A reader for a header section whose request line was read by someone else.
    pub fn for_header_section(policy: &'p Policy<'p>, method: impl AsRef<[u8]>) -> Self {
        Self {
            scanner: Scanner::section(),
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

    /// What the policy says to the request. As [`Policy::decide`], before the head's end too: then it is a refusal, for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    pub fn decide(&self) -> Decision<'_> {
        let head = self.store.head();
        if self.policy.needs_requested_names() {
            self.policy.judge(&head, Requested::Lines(&self.store.lines()))
        } else {
            self.policy.judge(&head, Requested::Checked(&self.check))
        }
    }

    /// As [`Policy::decide_error_reply`], before the head's end too.
    ///
    /// ```
    /// use embedded_cors::{Policy, PolicyReader};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let mut reader = PolicyReader::<128>::new(&CORS);
    /// reader.push(b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nCookie: a=b; c=")?;
    /// // The cookie is too long for this server: 431.
    /// assert!(reader.decide().is_refused());
    /// assert!(reader.decide_error_reply().is_allowed());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    pub fn decide_error_reply(&self) -> Decision<'_> {
        self.policy.judge_error_reply(&self.store.head())
    }
}

const TRUE: &[u8] = b"true";
const NOT_TRUE: u8 = u8::MAX;

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
    /// How much of `true` the value of `Access-Control-Request-Private-Network` has been so far; [`NOT_TRUE`] if it is something else.
    matched: u8,
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
            matched: 0,
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

    /// All lines of the list as one.
    fn lines(&self) -> Lines<'_> {
        let mut lines = Lines::NONE;
        if self.head.list_lines > 0 {
            lines.keep(self.bytes.get(..self.list as usize).unwrap_or(b""));
        }
        lines
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
        self.matched = 0;
        // What is repeated is refused, so only its first value takes room.
        self.cut = self.head.is_repeated(field);
        if field == RequestField::Headers && self.head.list_lines > 1 {
            self.put(b',');
        }
    }

    fn value(&mut self, bytes: &'c [u8]) {
        if self.field == Some(RequestField::PrivateNetwork) {
            // It is compared and not stored, so that it takes no room from the others.
            for &byte in bytes {
                let goes_on = self.space == 0 && TRUE.get(self.matched as usize) == Some(&byte);
                match (is_ows(byte), goes_on) {
                    (true, _) => self.space = 1,
                    (false, true) => self.matched += 1,
                    (false, false) => self.matched = NOT_TRUE,
                }
            }
            return;
        }
        for &byte in bytes {
            if is_ows(byte) {
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
        if field == RequestField::PrivateNetwork {
            self.head.private_network(self.matched as usize == TRUE.len());
        } else if self.cut {
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
