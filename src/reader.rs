//! A request read in pieces, as a socket delivers it, in a fixed state.

use crate::decision::{Decision, Requested};
use crate::field::{HeadError, Scanner};
use crate::list::ListCheck;
use crate::policy::Policy;
use crate::request::Request;
use crate::store::{Spans, Store};

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
/// Every other field line is skipped, however long it is and wherever it is cut. The state is `N` bytes and at most 48 more. `N` has to
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
    spans: Spans,
    bytes: [u8; N],
}

impl<const N: usize> RequestReader<N> {
    /// A reader for a head: a request line, field lines, the empty line.
    pub const fn new() -> Self {
        Self {
            scanner: Scanner::head(),
            spans: Spans::new(false, room::<N>()),
            bytes: [0; N],
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
            spans: Spans::new(method.as_ref() == b"OPTIONS", room::<N>()),
            bytes: [0; N],
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
        let store = Store {
            spans: &mut self.spans,
            bytes: &mut self.bytes,
            check: None,
        };
        push(&mut self.scanner, store, piece)
    }

    /// The request, as far as it was read.
    ///
    /// Before the head's end, a decision on it is a refusal, for [`HeadIncomplete`](crate::Reason::HeadIncomplete), whether an `Origin` was
    /// read already or not; [`Policy::decide_error_reply`] takes it nevertheless.
    pub fn request(&self) -> Request<'_> {
        let mut request = Request::with_head(self.spans.head(&self.bytes));
        request.lines = self.spans.lines(&self.bytes);
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
/// The state is `N` bytes and at most 96 more; `N` has to hold the values of `Origin` and `Access-Control-Request-Method`. 128 is enough
/// for what browsers send from hosts of up to 90 bytes; [`MAX_ORIGIN_LEN`](crate::MAX_ORIGIN_LEN) and 64 more for every origin and every
/// registered method. Two kinds of policy need the names themselves, and then `N` has to hold them too: a strict one, and one with `*`
/// headers and credentials.
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
    spans: Spans,
    check: ListCheck,
    bytes: [u8; N],
}

impl<'p, const N: usize> PolicyReader<'p, N> {
    /// A reader for a head: a request line, field lines, the empty line.
    pub const fn new(policy: &'p Policy<'p>) -> Self {
        Self {
            policy,
            scanner: Scanner::head(),
            spans: Spans::new(false, room::<N>()),
            check: ListCheck::new(),
            bytes: [0; N],
        }
    }

    /// A reader for a header section whose request line was read by someone else.
    pub fn for_header_section(policy: &'p Policy<'p>, method: impl AsRef<[u8]>) -> Self {
        Self {
            scanner: Scanner::section(),
            spans: Spans::new(method.as_ref() == b"OPTIONS", room::<N>()),
            ..Self::new(policy)
        }
    }

    /// As [`RequestReader::push`].
    ///
    /// # Errors
    ///
    /// As [`RequestReader::push`].
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        let streams = !self.policy.needs_requested_names();
        let store = Store {
            spans: &mut self.spans,
            bytes: &mut self.bytes,
            check: streams.then_some((&self.policy.headers, &mut self.check)),
        };
        push(&mut self.scanner, store, piece)
    }

    /// What the policy says to the request. As [`Policy::decide`], before the head's end too: then it is a refusal, for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    pub fn decide(&self) -> Decision<'_> {
        let head = self.spans.head(&self.bytes);
        if self.policy.needs_requested_names() {
            self.policy
                .judge(&head, Requested::Lines(&self.spans.lines(&self.bytes)))
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
        self.policy.judge_error_reply(&self.spans.head(&self.bytes))
    }
}

/// The length of a buffer, checked when the program is built.
const fn room<const N: usize>() -> u16 {
    const {
        assert!(
            N <= u16::MAX as usize,
            "a reader's buffer has at most 65535 bytes"
        )
    };
    N as u16
}

fn push(scanner: &mut Scanner, mut store: Store<'_>, piece: &[u8]) -> Result<Progress, HeadError> {
    let used = scanner.push(piece, &mut store)?;
    if scanner.is_done() {
        store.spans.complete();
        Ok(Progress::Done { used })
    } else {
        Ok(Progress::NeedsMore)
    }
}
