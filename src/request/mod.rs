//! The parts of a request that CORS needs: whether it is `OPTIONS`, and the values of three fields.
//!
//! A [`Request`] borrows the values from where the server keeps them: a head in memory, or the
//! names and values of another parser. Reading never fails because of a bad value. Instead, the
//! defect becomes the state of the field, and the policy refuses the request because of it.
//!
//! ```text
//! head in memory   --whole----+
//!                             +--Sink--+
//! head in pieces   --scanner--+        +--> Head (states and values), ListLines
//!                                      |
//! names and values --------------------+
//! ```

pub(crate) mod field;
pub(crate) mod head;
pub(crate) mod header_list;
pub(crate) mod scanner;
mod whole;

pub use field::HeadError;
pub use header_list::RequestedHeaders;

use core::fmt;

use self::field::{RequestField, Sink};
use self::head::{Defect, FieldState, Head};
use self::header_list::ListLines;
use self::scanner::Scanner;
use self::whole::{read_head, read_section};
use crate::ascii::{as_str, is_token, trim_ows};
use crate::names::is_options;
use crate::origin::OriginOrNull;

/// A request's CORS fields, borrowed from the request: whether it is `OPTIONS`, and the values of
/// `Origin` and of the `Access-Control-Request-*` fields.
///
/// ```
/// use embedded_cors::Request;
///
/// let request = Request::from_fields("GET", [("origin", "https://app.example.com")]);
/// assert!(request.is_cors() && !request.is_preflight());
/// ```
///
/// | the server has | call |
/// |---|---|
/// | names and values, from its own parser or from HTTP/2 | [`from_fields`](Self::from_fields) |
/// | names and values, one by one | [`new`](Self::new) and [`push`](Self::push) |
/// | the whole head with its request line | [`from_head`](Self::from_head) |
/// | the head without its request line | [`from_header_section`](Self::from_header_section) |
/// | pieces of the head, as they arrive | [`RequestReader`](crate::RequestReader) |
/// | a part of the head, for an error | [`from_incomplete_head`](Self::from_incomplete_head) |
///
/// There may be any number of field lines, of any length. Only `Access-Control-Request-Headers` has
/// a budget, see [`RequestHeadersOverBudget`](crate::Reason::RequestHeadersOverBudget).
///
/// Two requests are equal if both or neither of them are `OPTIONS`, both or neither are complete,
/// and their CORS fields have the same values.
#[derive(Clone, PartialEq, Eq)]
pub struct Request<'r> {
    pub(crate) head: Head<&'r [u8]>,
    pub(crate) lines: ListLines<'r>,
}

impl<'r> Request<'r> {
    /// Returns a request with this method and without any field.
    ///
    /// Methods are case-sensitive ([RFC 9110 section 9.1]): `options` is not `OPTIONS`.
    ///
    /// ```
    /// use embedded_cors::Request;
    ///
    /// let mut request = Request::new("OPTIONS");
    /// request.push("Origin", "https://app.example.com");
    /// request.push("Access-Control-Request-Method", "PUT");
    /// assert!(request.is_preflight());
    /// ```
    ///
    /// [RFC 9110 section 9.1]: https://www.rfc-editor.org/rfc/rfc9110#section-9.1
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn new(method: impl AsRef<[u8]>) -> Self {
        Self::with_head(Head::new(is_options(method.as_ref()), true))
    }

    pub(crate) const fn with_head(head: Head<&'r [u8]>) -> Self {
        Self {
            head,
            lines: ListLines::NONE,
        }
    }

    /// Reads a whole head: a request line, field lines, and the empty line that ends them.
    ///
    /// Lines end with CRLF or with LF alone ([RFC 9112 section 2.2]). Bytes after the empty line
    /// are not read.
    ///
    /// ```
    /// use embedded_cors::{HeadError, Request};
    ///
    /// let request = Request::from_head(
    ///     b"OPTIONS /led HTTP/1.1\r\n\
    ///       Host: 192.168.4.1\r\n\
    ///       Origin: https://app.example.com\r\n\
    ///       Access-Control-Request-Method: PUT\r\n\
    ///       \r\n",
    /// )?;
    /// assert!(request.is_preflight());
    ///
    /// let cut = Request::from_head(b"GET / HTTP/1.1\r\nOrigin: https://app.example.co");
    /// assert_eq!(cut.unwrap_err(), HeadError::Incomplete);
    /// # Ok::<(), HeadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`HeadError`] if the head does not begin with a request line, or does not end. A
    /// CORS field with a bad value is not an error here; the policy refuses such a request.
    ///
    /// [RFC 9112 section 2.2]: https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    pub fn from_head(head: &'r [u8]) -> Result<Self, HeadError> {
        Self::read(false, |sink| read_head(head, sink))
    }

    /// Reads a header section: field lines, and the empty line that ends them. The server has
    /// already read the request line.
    ///
    /// ```
    /// use embedded_cors::Request;
    ///
    /// let section = b"Host: 192.168.4.1\r\nOrigin: https://app.example.com\r\n\r\n";
    /// let request = Request::from_header_section("GET", section)?;
    /// assert!(request.is_cors());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::Incomplete`] if there is no empty line.
    pub fn from_header_section(method: impl AsRef<[u8]>, section: &'r [u8]) -> Result<Self, HeadError> {
        let is_options = is_options(method.as_ref());
        Self::read(is_options, |sink| read_section(section, sink))
    }

    /// Reads the first part of a head, for the error reply of a server that could not read the
    /// rest: because the head was too long, or too slow to arrive.
    ///
    /// [`Policy::decide_for_error_reply`](crate::Policy::decide_for_error_reply) takes such a
    /// request. [`Policy::decide`](crate::Policy::decide) refuses it, unless the head turns out to
    /// be whole. A value whose line does not end counts as truncated.
    ///
    /// ```
    /// use embedded_cors::{Policy, Reason, Request};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let head = b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nCookie: a=";
    /// let request = Request::from_incomplete_head(head)?;
    /// assert_eq!(CORS.decide(&request).refusal().unwrap().reason(), Reason::HeadIncomplete);
    /// assert!(CORS.decide_for_error_reply(&request).is_allowed());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::RequestLine`] if the head does not begin with a request line.
    pub fn from_incomplete_head(head: &'r [u8]) -> Result<Self, HeadError> {
        let mut scanner = Scanner::head();
        let mut request = Self::read(false, |sink| scanner.push(head, sink).map(|_| ()))?;
        request.head.is_complete = scanner.is_done();
        Ok(request)
    }

    /// Returns the request that `read` finds.
    // The request is read into the result that is returned. If it were moved into an `Ok` at the
    // end, a program for a Cortex-M3 would link `memcpy`, and `flash response` would be 304 bytes
    // more (`.ci/certificate.py`).
    fn read(
        is_options: bool,
        read: impl FnOnce(&mut BorrowedHead<'_, 'r>) -> Result<(), HeadError>,
    ) -> Result<Self, HeadError> {
        let mut result = Ok(Self::with_head(Head::new(is_options, true)));
        if let Ok(request) = &mut result
            && let Err(error) = read(&mut BorrowedHead {
                request,
                field: None,
                value: b"",
            })
        {
            result = Err(error);
        }
        result
    }

    /// Returns a request with these names and values, which come from the server's own parser, such
    /// as `httparse` or an HTTP/2 stack.
    ///
    /// Names are compared without regard to case, and fields that CORS does not need, such as the
    /// pseudo-header fields of HTTP/2, are ignored. White space around values is removed.
    ///
    /// ```
    /// use embedded_cors::Request;
    ///
    /// let request = Request::from_fields(
    ///     "GET",
    ///     [(":path", "/"), ("origin", "https://app.example.com"), ("accept", "*/*")],
    /// );
    /// assert!(request.is_cors() && !request.is_preflight());
    /// ```
    // Nearly all requests have one line of requested headers, or none. On 64-bit targets, such a
    // request is put together after the loop, from values that are in registers, and the compiler
    // removes the parts that the decision does not read. The array of lines would keep the request
    // in memory, and so would a call that gets its address: see `Policy::decide_head`, which has
    // the figures. `push` does the same for a line at a time.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn from_fields<N, V>(method: impl AsRef<[u8]>, fields: impl IntoIterator<Item = (N, &'r V)>) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]> + ?Sized + 'r,
    {
        if !cfg!(target_pointer_width = "64") {
            let mut request = Self::new(method);
            for (name, value) in fields {
                request.push(name, value.as_ref());
            }
            return request;
        }
        let mut fields = fields.into_iter();
        let mut head = Head::new(is_options(method.as_ref()), true);
        let mut list = None;
        while let Some((name, value)) = fields.next() {
            let Some(field) = RequestField::from_name(name.as_ref()) else {
                continue;
            };
            head.line(field);
            let value = trim_value(value.as_ref());
            if field != RequestField::Headers {
                head.value(field, value);
            } else if let Some(first) = list {
                let lines = ListLines::of([Some(first), Some(value), None, None]);
                let request = Self { head, lines }.with_fields(fields);
                // The parts of the result are put together anew for the reason above.
                return Self {
                    head: Head {
                        is_complete: true,
                        ..request.head
                    },
                    lines: request.lines,
                };
            } else {
                list = Some(value);
            }
        }
        let lines = ListLines::of([list, None, None, None]);
        Self { head, lines }
    }

    /// Returns the request with these further fields.
    #[inline(never)]
    fn with_fields<N, V>(mut self, fields: impl Iterator<Item = (N, &'r V)>) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]> + ?Sized + 'r,
    {
        fields.for_each(|(name, value)| self.push(name, value));
        self
    }

    /// Adds a field line; fields that CORS does not need are ignored. White space around the value
    /// is removed ([RFC 9110 section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: &'r (impl AsRef<[u8]> + ?Sized)) {
        if let Some(field) = RequestField::from_name(name.as_ref()) {
            self.head.line(field);
            self.push_value(field, value.as_ref());
        }
    }

    /// Adds a field line whose value the server has kept only in part or not at all. The request is
    /// refused if the decision needs that value.
    ///
    /// ```
    /// use embedded_cors::{Policy, Reason, Request};
    ///
    /// let mut request = Request::new("GET");
    /// request.push_truncated("Origin");
    ///
    /// let refusal = Policy::builder().build_or_panic().decide(&request).refusal();
    /// assert_eq!(refusal.unwrap().reason(), Reason::OriginTruncated);
    /// ```
    pub fn push_truncated(&mut self, name: impl AsRef<[u8]>) {
        if let Some(field) = RequestField::from_name(name.as_ref()) {
            self.head.line(field);
            self.head.defect(field, Defect::Truncated);
        }
    }

    /// Records that the server has dropped field lines of this request.
    ///
    /// Any of them may have been a CORS field, so [`Policy::decide`](crate::Policy::decide) refuses
    /// the request for [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    /// [`Policy::decide_for_error_reply`](crate::Policy::decide_for_error_reply) still takes it.
    pub fn mark_incomplete(&mut self) {
        self.head.is_complete = false;
    }

    /// Ends the field line that was started last, and sets its value.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn push_value(&mut self, field: RequestField, value: &'r [u8]) {
        let value = trim_value(value);
        match field {
            RequestField::Headers => self.lines.keep(value),
            RequestField::Origin | RequestField::Method => self.head.value(field, value),
        }
    }

    /// Returns whether this is a [CORS request]: one with an `Origin` field, valid or not.
    ///
    /// [CORS request]: https://fetch.spec.whatwg.org/#cors-request
    pub fn is_cors(&self) -> bool {
        !self.head.origin.is_absent()
    }

    /// Returns whether this is a [CORS-preflight request]: `OPTIONS` with an `Origin` and an
    /// `Access-Control-Request-Method` field, valid or not.
    ///
    /// The server answers a preflight itself, before routing and before authentication. Any other
    /// `OPTIONS` is an ordinary request.
    ///
    /// [CORS-preflight request]: https://fetch.spec.whatwg.org/#cors-preflight-request
    pub fn is_preflight(&self) -> bool {
        is_preflight(&self.head)
    }

    /// Returns the origin if there is exactly one and it is valid.
    pub fn origin(&self) -> Option<OriginOrNull<'r>> {
        match self.head.origin {
            FieldState::Value(value) => OriginOrNull::parse(value).ok(),
            _ => None,
        }
    }

    /// Returns the method that a preflight asks for, if there is exactly one and it is a token.
    pub fn requested_method(&self) -> Option<&'r str> {
        match self.head.method {
            FieldState::Value(value) if is_token(value) => Some(as_str(value)),
            _ => None,
        }
    }

    /// Returns the names of the headers that a preflight asks for, in all lines up to the fourth.
    pub fn requested_headers(&self) -> RequestedHeaders<'_> {
        self.lines.names()
    }
}

/// Returns a value without the white space around it.
// Most values have no white space around them, so the first test spares two calls. Saves 28 of
// 1,102 instructions in the row `decide/preflight_allowed/exact_000008` (`.ci/bench.py`).
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn trim_value(value: &[u8]) -> &[u8] {
    match value {
        [first, .., last] if cfg!(target_pointer_width = "64") && *first > b' ' && *last > b' ' => value,
        _ => trim_ows(value),
    }
}

impl fmt::Debug for Request<'_> {
    /// Writes the values as text. Bytes other than printable ASCII are escaped, as in `\xe9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.head.map(Escaped);
        f.debug_struct("Request")
            .field("is_options", &head.is_options)
            .field("is_complete", &head.is_complete)
            .field("origin", &head.origin)
            .field("requested_method", &head.method)
            .field("requested_headers", &EscapedLines(self.lines.names()))
            .finish()
    }
}

/// A value, shown as text.
#[derive(Clone, Copy)]
pub(crate) struct Escaped<'r>(pub(crate) &'r [u8]);

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The lines of `Access-Control-Request-Headers`, each shown as text.
struct EscapedLines<'r>(RequestedHeaders<'r>);

impl fmt::Debug for EscapedLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lines().map(Escaped)).finish()
    }
}

/// Returns whether a request with this head is a preflight, see [`Request::is_preflight`].
pub(crate) fn is_preflight(head: &Head<&[u8]>) -> bool {
    head.is_options && !head.origin.is_absent() && !head.method.is_absent()
}

/// A [`Sink`] for a head that is in one piece: keeps the values in the request, as slices of it.
struct BorrowedHead<'s, 'r> {
    request: &'s mut Request<'r>,
    /// The field of the line that was started last, and what was read of its value.
    field: Option<RequestField>,
    value: &'r [u8],
}

impl<'r> Sink<'r> for BorrowedHead<'_, 'r> {
    fn method(&mut self, is_options: bool) {
        self.request.head.is_options = is_options;
    }

    fn begin(&mut self, field: RequestField) {
        self.request.head.line(field);
        self.field = Some(field);
        self.value = b"";
    }

    fn value(&mut self, bytes: &'r [u8]) {
        self.value = bytes;
    }

    fn end(&mut self) {
        if let Some(field) = self.field {
            self.request.push_value(field, self.value);
        }
    }

    fn folded(&mut self, field: RequestField) {
        self.request.head.defect(field, Defect::Malformed);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.request.head.line(field);
        self.request.head.defect(field, Defect::Malformed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"OPTIONS / HTTP/1.1\r\n\
        Origin: https://app.example.com \r\n\
        Access-Control-Request-Method: PUT\r\n\
        Access-Control-Request-Headers: a,b\r\n\
        access-control-request-headers: \xff\r\n\r\n";

    #[test]
    fn a_request_is_the_same_in_whatever_way_it_is_read() {
        let request = Request::from_head(HEAD).unwrap();
        assert!(request.is_cors() && request.is_preflight());
        assert_eq!(request.requested_method(), Some("PUT"));
        assert!(request.requested_headers().eq(["a", "b", ""]));
        assert!(
            matches!(request.origin(), Some(OriginOrNull::Origin(origin)) if origin.host() == "app.example.com")
        );

        let section = crate::ascii::from(HEAD, b"OPTIONS / HTTP/1.1\r\n".len());
        assert_eq!(
            Request::from_header_section("OPTIONS", section),
            Ok(request.clone())
        );
        assert_eq!(Request::from_incomplete_head(HEAD), Ok(request.clone()));
        let fields: [(&str, &[u8]); 5] = [
            (":path", b"/"),
            ("origin", b"\thttps://app.example.com"),
            ("ACCESS-CONTROL-REQUEST-METHOD", b"PUT"),
            ("access-control-request-headers", b"a,b"),
            ("access-control-request-headers", b"\xff"),
        ];
        assert_eq!(Request::from_fields("OPTIONS", fields), request);
        // All lists of these fields, some of them repeated.
        for picks in 0..6_usize.pow(6) {
            let picked = (0..6).filter_map(|at| fields.get(picks / 6_usize.pow(at) % 6));
            let mut pushed = Request::new("OPTIONS");
            picked.clone().for_each(|(name, value)| pushed.push(name, *value));
            assert_eq!(Request::from_fields("OPTIONS", picked.copied()), pushed);
        }
        assert_ne!(Request::from_fields("options", fields), request);
        assert_ne!(
            Request::from_fields("OPTIONS", fields.split_at(4).0.to_vec()),
            request
        );
    }

    #[test]
    fn a_request_is_incomplete_if_it_is_marked_so_or_ends_early() {
        let mut marked = Request::from_head(HEAD).unwrap();
        marked.mark_incomplete();
        assert_ne!(Ok(marked.clone()), Request::from_head(HEAD));
        let without_end = HEAD.strip_suffix(b"\r\n").unwrap();
        assert_eq!(Request::from_incomplete_head(without_end), Ok(marked));
        assert_eq!(Request::from_head(without_end), Err(HeadError::Incomplete));
        assert_eq!(
            Request::from_incomplete_head(b"\x16\x03"),
            Err(HeadError::RequestLine)
        );
    }

    #[test]
    fn a_value_that_is_missing_or_repeated_is_none() {
        let mut request = Request::new("OPTIONS");
        assert_eq!((request.origin(), request.requested_method()), (None, None));
        request.push_truncated("Origin");
        request.push("Access-Control-Request-Method", "PUT");
        request.push("Access-Control-Request-Method", "PUT");
        assert!(request.is_preflight());
        assert_eq!((request.origin(), request.requested_method()), (None, None));
        request.push_truncated("Cookie");
        request.push("Cookie", "a=b");
        assert!(request.requested_headers().next().is_none());
    }

    #[test]
    fn debug_shows_texts() {
        let request = Request::from_head(HEAD).unwrap();
        assert_eq!(
            format!("{request:?}"),
            "Request { is_options: true, is_complete: true, \
             origin: Value(\"https://app.example.com\"), requested_method: Value(\"PUT\"), \
             requested_headers: [\"a,b\", \"\\xff\"] }"
        );
        assert_eq!(
            format!("{:?}", Request::new("GET")),
            "Request { is_options: false, is_complete: true, origin: Absent, \
             requested_method: Absent, requested_headers: [] }"
        );
    }
}
