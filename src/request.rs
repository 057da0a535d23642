//! A request, as far as CORS looks at it: borrowed from wherever the server keeps its bytes.

use crate::ascii::{as_str, trim_ows};
use crate::field::{HeadError, RequestField, Scanner, Sink, read_head, read_section};
use crate::head::{Flaw, Found, Head};
use crate::list::{Lines, RequestedHeaders};
use crate::names::is_token;
use crate::origin::OriginOrNull;

/// The CORS fields of a request, borrowed: whether it is `OPTIONS`, its `Origin` and its
/// `Access-Control-Request-*` fields.
///
/// | the server has | call |
/// |---|---|
/// | the whole head, with its request line | [`from_head`](Self::from_head) |
/// | the head as far as its buffer goes | [`from_incomplete_head`](Self::from_incomplete_head) |
/// | the header section alone | [`from_header_section`](Self::from_header_section) |
/// | names and values, as of HTTP/2 or of its own parser | [`from_fields`](Self::from_fields), or [`new`](Self::new) and [`push`](Self::push) |
/// | pieces, as they arrive | [`RequestReader`](crate::RequestReader) |
///
/// There is no limit to the number of field lines, nor to their length; only `Access-Control-Request-Headers` has a budget, see
/// [`RequestHeadersOverBudget`](crate::Reason::RequestHeadersOverBudget).
#[derive(Clone, Debug)]
pub struct Request<'r> {
    pub(crate) head: Head<&'r [u8]>,
    pub(crate) lines: Lines<'r>,
}

impl<'r> Request<'r> {
    /// A request of this method, without any field yet.
    ///
    /// Methods are case-sensitive (RFC 9110 section 9.1): `options` is not `OPTIONS`.
    pub fn new(method: impl AsRef<[u8]>) -> Self {
        Self::with_head(Head::new(method.as_ref() == b"OPTIONS", true))
    }

    pub(crate) const fn with_head(head: Head<&'r [u8]>) -> Self {
        Self {
            head,
            lines: Lines::NONE,
        }
    }

    /// Reads a whole head: a request line, field lines, and the empty line that ends it. What follows is not looked
    /// at. Lines end with CRLF or LF (RFC 9112 section 2.2).
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
    /// [`HeadError`], if the head does not end or does not begin with a request line. What is wrong with the fields that
    /// CORS looks at is no error here, but a reason to refuse.
    pub fn from_head(head: &'r [u8]) -> Result<Self, HeadError> {
        Self::read(false, |slices| read_head(head, slices))
    }

    /// Reads a header section without its request line: field lines, and the empty line that ends them.
    ///
    /// # Errors
    ///
    /// [`HeadError::Incomplete`], if there is no such empty line.
    pub fn from_header_section(method: impl AsRef<[u8]>, section: &'r [u8]) -> Result<Self, HeadError> {
        let is_options = method.as_ref() == b"OPTIONS";
        Self::read(is_options, |slices| read_section(section, slices))
    }

    /// Reads what there is of a head that was too long for the server's buffer, or that it gave up on: for its error reply.
    ///
    /// [`Policy::decide_error_reply`](crate::Policy::decide_error_reply) takes it; [`Policy::decide`](crate::Policy::decide) refuses it, unless
    /// the head is whole after all. A value that is cut at the end of the bytes does not count.
    ///
    /// ```
    /// use embedded_cors::{Policy, Reason, Request};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let request = Request::from_incomplete_head(b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nCookie: a=")?;
    /// assert_eq!(CORS.decide(&request).refusal().unwrap().reason(), Reason::HeadIncomplete);
    /// assert!(CORS.decide_error_reply(&request).is_allowed());
    /// # Ok::<(), embedded_cors::HeadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HeadError::RequestLine`], if it does not begin with a request line.
    pub fn from_incomplete_head(head: &'r [u8]) -> Result<Self, HeadError> {
        let mut scanner = Scanner::head();
        let mut request = Self::read(false, |slices| scanner.push(head, slices).map(|_| ()))?;
        request.head.is_complete = scanner.is_done();
        Ok(request)
    }

    fn read(
        is_options: bool,
        read: impl FnOnce(&mut Slices<'_, 'r>) -> Result<(), HeadError>,
    ) -> Result<Self, HeadError> {
        let mut request = Self::with_head(Head::new(is_options, true));
        read(&mut Slices {
            request: &mut request,
            field: None,
            value: b"",
        })?;
        Ok(request)
    }

    /// Takes names and values from a parser of the server's own, such as `httparse` or HTTP/2. Other fields, pseudo-header
    /// fields included, are passed over.
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
    pub fn from_fields<N, V>(method: impl AsRef<[u8]>, fields: impl IntoIterator<Item = (N, &'r V)>) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]> + ?Sized + 'r,
    {
        let mut request = Self::new(method);
        for (name, value) in fields {
            request.push(name, value.as_ref());
        }
        request
    }

    /// Adds a field line. White space around the value is dropped (RFC 9110 section 5.5).
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: &'r (impl AsRef<[u8]> + ?Sized)) {
        if let Some(field) = RequestField::from_name(name.as_ref()) {
            self.head.line(field);
            self.push_value(field, value.as_ref());
        }
    }

    /// Adds a field line whose value the server had to cut. If CORS needs it, the request is refused.
    ///
    /// ```
    /// use embedded_cors::{Policy, Reason, Request};
    ///
    /// let mut request = Request::new("GET");
    /// request.push_cut("Origin");
    ///
    /// let decision = Policy::builder().build_or_panic().decide(&request).refusal();
    /// assert_eq!(decision.unwrap().reason(), Reason::OriginCut);
    /// ```
    pub fn push_cut(&mut self, name: impl AsRef<[u8]>) {
        if let Some(field) = RequestField::from_name(name.as_ref()) {
            self.head.line(field);
            self.head.flaw(field, Flaw::Cut);
        }
    }

    /// Says that the server dropped field lines, so that nobody knows what they were. The request is then refused, for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete); [`Policy::decide_error_reply`](crate::Policy::decide_error_reply) takes it nevertheless.
    pub fn mark_incomplete(&mut self) {
        self.head.is_complete = false;
    }

    fn push_value(&mut self, field: RequestField, value: &'r [u8]) {
        let value = trim_ows(value);
        match field {
            RequestField::Headers => self.lines.keep(value),
            RequestField::PrivateNetwork => self.head.private_network(value == b"true"),
            RequestField::Origin | RequestField::Method => self.head.value(field, value),
        }
    }

    /// A *CORS request* (Fetch section 3.3.2): it has an `Origin` field line, be it a valid one or not.
    pub fn is_cors(&self) -> bool {
        !self.head.origin.is_absent()
    }

    /// A *CORS-preflight request* (Fetch section 3.3.2): `OPTIONS` with an `Origin` and an
    /// `Access-Control-Request-Method` field line, be they valid or not. The server answers it by itself, before
    /// routing and before authentication.
    pub fn is_preflight(&self) -> bool {
        is_preflight(&self.head)
    }

    /// The origin, if there is exactly one and it is valid.
    pub fn origin(&self) -> Option<OriginOrNull<'r>> {
        match self.head.origin {
            Found::Value(value) => OriginOrNull::parse(value).ok(),
            _ => None,
        }
    }

    /// The method that a preflight asks for, if there is exactly one and it is a token.
    pub fn requested_method(&self) -> Option<&'r str> {
        match self.head.method {
            Found::Value(value) if is_token(value) => Some(as_str(value)),
            _ => None,
        }
    }

    /// The names of headers that a preflight asks for, over all lines up to the budget of 4.
    pub fn requested_headers(&self) -> RequestedHeaders<'_> {
        self.lines.names()
    }
}

pub(crate) fn is_preflight(head: &Head<&[u8]>) -> bool {
    head.is_options && !head.origin.is_absent() && !head.method.is_absent()
}

/// Collects what the scanner finds in one chunk, as slices of it.
struct Slices<'s, 'r> {
    request: &'s mut Request<'r>,
    field: Option<RequestField>,
    value: &'r [u8],
}

impl<'r> Sink<'r> for Slices<'_, 'r> {
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
        self.request.head.flaw(field, Flaw::Malformed);
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.request.head.line(field);
        self.request.head.flaw(field, Flaw::Malformed);
    }
}
