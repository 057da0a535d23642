//! Reads a request head in pieces, as a socket delivers it, in memory of a fixed size.

mod rules;
pub(crate) mod value_buffer;

pub use rules::RulesReader;

use self::value_buffer::{BufferedHead, ValueBuffer};
use crate::decision::headers::ListCheck;
use crate::decision::{Decision, RequestedList};
use crate::names::is_options;
use crate::policy::Policy;
use crate::request::scanner::Scanner;
use crate::request::{HeadError, Request};

/// The state of a reader after a piece.
///
/// The enum is exhaustive: a head has ended or has not, and a read loop has to handle both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The head has not ended: push the next piece.
    NeedsMore,
    /// The head has ended. The content starts after the first `used` bytes of this piece.
    Done {
        /// The number of bytes of this piece that belong to the head.
        used: usize,
    },
}

/// A reader of request heads that arrive in pieces of any length. It keeps the values of the CORS
/// fields in a buffer of `N` bytes.
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
///
/// Other field lines are skipped, however long they are and wherever a piece ends. A reader reads
/// one head; the next request on the connection needs a new reader.
///
/// # Size
///
/// A reader takes `N` bytes and at most 48 more. `N` has to hold the values of `Origin`,
/// `Access-Control-Request-Method` and `Access-Control-Request-Headers` together, with a comma
/// between the values if there are several lines of the last. 256 is ample for what browsers send
/// to a device. An `Origin` has at most [`MAX_ORIGIN_LEN`](crate::MAX_ORIGIN_LEN) bytes. A request
/// with a value that does not fit is refused, for
/// [`OriginTruncated`](crate::Reason::OriginTruncated),
/// [`RequestMethodTruncated`](crate::Reason::RequestMethodTruncated) or
/// [`RequestHeadersTruncated`](crate::Reason::RequestHeadersTruncated).
///
/// A [`PolicyReader`] needs a smaller buffer, however many headers the request asks for, but has to
/// know the policy before it reads the request.
#[derive(Clone, Debug)]
pub struct RequestReader<const N: usize> {
    scanner: Scanner,
    head: BufferedHead,
    bytes: [u8; N],
}

impl<const N: usize> RequestReader<N> {
    /// Creates a reader of a head: a request line, field lines and the empty line.
    pub const fn new() -> Self {
        Self {
            scanner: Scanner::head(),
            head: BufferedHead::new(false, buffer_len::<N>()),
            bytes: [0; N],
        }
    }

    /// Creates a reader of a header section, where the server has read the request line already.
    /// `method` is that of the request line.
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
            head: BufferedHead::new(is_options(method.as_ref()), buffer_len::<N>()),
            bytes: [0; N],
        }
    }

    /// Reads the next piece. It may have any length, including 0.
    ///
    /// After the end of the head, this method reads nothing and returns [`Progress::Done`] with
    /// `used: 0`. The reader cannot know that a connection ends before the head does: a caller
    /// stops when its socket returns 0 bytes.
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::RequestLine`] if the first line is not a request line, for this piece
    /// and for every later one.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        if self.scanner.passes_over(piece) {
            return Ok(Progress::NeedsMore);
        }
        if let Some(byte) = single_byte(piece)
            && takes_byte(&mut self.scanner, &mut self.head, &mut self.bytes, byte)
        {
            return Ok(Progress::NeedsMore);
        }
        let sink = ValueBuffer {
            head: &mut self.head,
            bytes: &mut self.bytes,
            check: None,
        };
        push(&mut self.scanner, sink, piece)
    }

    /// Returns the request, with the fields that were read so far.
    ///
    /// Before the end of the head, [`Policy::decide`] refuses the request for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete), whether an `Origin` was read or not.
    /// [`Policy::decide_for_error_reply`] accepts an incomplete request.
    pub fn request(&self) -> Request<'_> {
        let mut request = Request::with_head(self.head.head(&self.bytes));
        request.lines = self.head.lines(&self.bytes);
        request
    }
}

impl<const N: usize> Default for RequestReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A reader of request heads that arrive in pieces, for one policy. It checks the requested headers
/// while they arrive and does not store them.
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
///
/// A list of requested headers may have any length within the budget of
/// [`RequestHeadersOverBudget`](crate::Reason::RequestHeadersOverBudget).
///
/// # Size
///
/// A reader takes `N` bytes and at most 96 more. `N` has to hold the values of `Origin` and
/// `Access-Control-Request-Method`. 128 is enough for what browsers send from hosts of up to
/// 90 bytes; 64 more than [`MAX_ORIGIN_LEN`](crate::MAX_ORIGIN_LEN) is enough for every origin and
/// every registered method.
///
/// Two kinds of policy need the requested names themselves, so `N` has to hold them too: a
/// [strict](crate::PolicyBuilder::strict_request_headers) policy, and one that allows the headers
/// `*` and either [allows credentials](crate::PolicyBuilder::allow_credentials) or [answers only
/// what was requested](crate::PolicyBuilder::answer_only_requested).
#[derive(Clone, Debug)]
pub struct PolicyReader<'p, const N: usize> {
    policy: &'p Policy<'p>,
    scanner: Scanner,
    head: BufferedHead,
    check: ListCheck,
    bytes: [u8; N],
}

impl<'p, const N: usize> PolicyReader<'p, N> {
    /// Creates a reader of a head: a request line, field lines and the empty line.
    pub const fn new(policy: &'p Policy<'p>) -> Self {
        Self {
            policy,
            scanner: Scanner::head(),
            head: BufferedHead::new(false, buffer_len::<N>()),
            check: ListCheck::new(),
            bytes: [0; N],
        }
    }

    /// Creates a reader of a header section, where the server has read the request line already.
    /// `method` is that of the request line.
    pub fn for_header_section(policy: &'p Policy<'p>, method: impl AsRef<[u8]>) -> Self {
        // Not `..Self::new(policy)`, which puts a second reader on the stack: 400 bytes on a
        // Cortex-M3.
        Self {
            policy,
            scanner: Scanner::section(),
            head: BufferedHead::new(is_options(method.as_ref()), buffer_len::<N>()),
            check: ListCheck::new(),
            bytes: [0; N],
        }
    }

    /// Reads the next piece, like [`RequestReader::push`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`RequestReader::push`].
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        if self.scanner.passes_over(piece) {
            return Ok(Progress::NeedsMore);
        }
        let PolicyReader {
            policy,
            scanner,
            head,
            check,
            bytes,
        } = self;
        if let Some(byte) = single_byte(piece)
            && takes_byte_for_policy(scanner, head, bytes, check, policy, byte)
        {
            return Ok(Progress::NeedsMore);
        }
        let checks_names = !policy.needs_requested_names();
        let sink = ValueBuffer {
            head,
            bytes,
            check: checks_names.then_some((&policy.headers, check)),
        };
        push(scanner, sink, piece)
    }

    /// Decides on the request, like [`Policy::decide`].
    ///
    /// Before the end of the head the request is refused for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    pub fn decide(&self) -> Decision<'_> {
        let head = self.head.head(&self.bytes);
        if self.policy.needs_requested_names() {
            self.policy
                .decide_head(&head, RequestedList::Lines(&self.head.lines(&self.bytes)))
        } else {
            self.policy
                .decide_head(&head, RequestedList::Checked(&self.check))
        }
    }

    /// Decides which fields an error reply has, like [`Policy::decide_for_error_reply`]. The head
    /// need not have ended.
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
    /// assert!(reader.decide_for_error_reply().is_allowed());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    pub fn decide_for_error_reply(&self) -> Decision<'_> {
        self.policy
            .decide_head_for_error_reply(&self.head.head(&self.bytes))
    }
}

/// Returns the length of a reader's buffer. If `N` is too large, the build fails.
pub(crate) const fn buffer_len<const N: usize>() -> u16 {
    const {
        assert!(
            N <= u16::MAX as usize,
            "a reader's buffer has at most 65535 bytes"
        )
    };
    N as u16
}

/// Returns the byte of a piece of one byte, on targets where such pieces are read in a short way.
// `push` enters a loop, chooses a part of a line, and searches for the end of that part, for each
// piece. In a head that arrives byte by byte, nearly every byte leaves the reader in the same part,
// or begins or ends a line that is skipped. The functions below take these bytes, and the tests
// compare them with the reader of whole heads. This saves 17,537 of 38,495 instructions in the row
// `wire/preflight_chromium/pieces_1`, and 20,241 of 47,875 in
// `wire/preflight_chromium/policy_reader_1` (`.ci/bench.py`).
#[inline(always)]
const fn single_byte(piece: &[u8]) -> Option<u8> {
    match piece {
        [byte] if cfg!(target_pointer_width = "64") => Some(*byte),
        _ => None,
    }
}

/// Reads `byte` if that is simple, and returns whether it did. Otherwise, `push` has to read it.
// Not inlined, so that `push` of a reader is small, and does not save registers for a byte of a
// line that is skipped.
#[inline(never)]
fn takes_byte(scanner: &mut Scanner, head: &mut BufferedHead, bytes: &mut [u8], byte: u8) -> bool {
    scanner.takes_byte(byte, |byte| head.keep_byte(bytes, byte))
}

/// Does the work of [`takes_byte`] for a [`PolicyReader`].
#[inline(never)]
fn takes_byte_for_policy(
    scanner: &mut Scanner,
    head: &mut BufferedHead,
    bytes: &mut [u8],
    check: &mut ListCheck,
    policy: &Policy<'_>,
    byte: u8,
) -> bool {
    scanner.takes_byte(byte, |byte| {
        if head.is_in_list() && !policy.needs_requested_names() {
            check.takes_byte_of_name(&policy.headers, byte)
        } else {
            head.keep_byte(bytes, byte)
        }
    })
}

fn push(scanner: &mut Scanner, mut sink: ValueBuffer<'_>, piece: &[u8]) -> Result<Progress, HeadError> {
    let used = scanner.push(piece, &mut sink)?;
    if scanner.is_done() {
        sink.head.complete();
        Ok(Progress::Done { used })
    } else {
        Ok(Progress::NeedsMore)
    }
}
