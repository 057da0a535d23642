//! A request, with the fields that only the doors need.

use core::fmt;

use super::facts::{DoorField, Facts, Method, WEBSOCKET};
use super::scanner::{Keep, Kept, Scanner};
use crate::ascii::{eq_ignore_case, trim_ows, until};
use crate::request::head::FieldState;
use crate::request::{Escaped, HeadError, Request};

/// A [`Request`], with the fields that [`Doors`](super::Doors) need besides those of CORS: the
/// method, the version, the target in absolute form, `Host` or `:authority`, `Sec-Fetch-Site`,
/// `Sec-Fetch-Mode`, `Sec-Fetch-Dest`, `Upgrade` or `:protocol`, and `Accept`.
///
/// ```
/// use embedded_cors::DoorsRequest;
///
/// let request = DoorsRequest::from_head(b"GET /ws HTTP/1.1\r\nHost: lamp.local\r\n\r\n")?;
/// assert!(!request.request().is_cors());
/// # Ok::<(), embedded_cors::HeadError>(())
/// ```
///
/// | the server has | call |
/// |---|---|
/// | names and values, from its own parser or from HTTP/2 | [`from_fields`](Self::from_fields) |
/// | names and values, one by one | [`new`](Self::new) and [`push`](Self::push) |
/// | the whole head with its request line | [`from_head`](Self::from_head) |
/// | the head without its request line | [`from_header_section`](Self::from_header_section) |
/// | pieces of the head, as they arrive | [`DoorsReader`](super::DoorsReader) |
///
/// Names and values do not say what the request line does. If the server has parsed it, call
/// [`set_target`](Self::set_target) with the target, and [`set_http_1_0`](Self::set_http_1_0) if
/// that is the version.
#[derive(Clone, PartialEq, Eq)]
pub struct DoorsRequest<'r> {
    pub(super) request: Request<'r>,
    pub(super) facts: Facts,
    pub(super) host: FieldState<&'r [u8]>,
    /// `:authority`.
    pub(super) authority: FieldState<&'r [u8]>,
    /// The authority of a target in absolute form.
    pub(super) target: FieldState<&'r [u8]>,
}

impl<'r> DoorsRequest<'r> {
    /// Returns a request with this method and without any field. See [`Request::new`].
    pub fn new(method: impl AsRef<[u8]>) -> Self {
        let method = method.as_ref();
        Self::with_request(Request::new(method), Facts::new(Method::of(method)))
    }

    pub(super) const fn with_request(request: Request<'r>, facts: Facts) -> Self {
        Self {
            request,
            facts,
            host: FieldState::Absent,
            authority: FieldState::Absent,
            target: FieldState::Absent,
        }
    }

    /// Reads a whole head. See [`Request::from_head`].
    ///
    /// # Errors
    ///
    /// Returns a [`HeadError`] if the head does not begin with a request line, or does not end.
    pub fn from_head(head: &'r [u8]) -> Result<Self, HeadError> {
        let request = Request::from_head(head)?;
        Ok(Self::read(request, Method::Unsafe, Scanner::head(), head))
    }

    /// Reads a header section: field lines, and the empty line that ends them. See
    /// [`Request::from_header_section`].
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::Incomplete`] if there is no empty line.
    pub fn from_header_section(method: impl AsRef<[u8]>, section: &'r [u8]) -> Result<Self, HeadError> {
        let method = method.as_ref();
        let request = Request::from_header_section(method, section)?;
        Ok(Self::read(
            request,
            Method::of(method),
            Scanner::section(),
            section,
        ))
    }

    fn read(request: Request<'r>, method: Method, mut scanner: Scanner, bytes: &'r [u8]) -> Self {
        let mut read = Self::with_request(request, Facts::new(method));
        let mut facts = read.facts;
        let mut keep = Borrow {
            request: &mut read,
            value: b"",
        };
        scanner.push(bytes, &mut facts, &mut keep);
        read.facts = facts;
        read
    }

    /// Returns a request with these names and values. See [`Request::from_fields`]. The
    /// pseudo-header fields of HTTP/2 and HTTP/3 are read if they are among them.
    ///
    /// ```
    /// use embedded_cors::DoorsRequest;
    ///
    /// let request = DoorsRequest::from_fields(
    ///     "GET",
    ///     [(":scheme", "https"), (":authority", "lamp.local"), (":path", "/"), ("accept", "*/*")],
    /// );
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

    /// Adds a field line; fields that are not needed are ignored. See [`Request::push`].
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: &'r (impl AsRef<[u8]> + ?Sized)) {
        let (name, value) = (name.as_ref(), trim_ows(value.as_ref()));
        self.request.push(name, value);
        match DoorField::from_name(name) {
            Some(DoorField::Host) => {
                self.host.line();
                self.host.value(value);
            }
            Some(field) => self.facts.value(field, value),
            None => self.push_pseudo(name, value),
        }
    }

    /// Adds a pseudo-header field of HTTP/2, which has no upper case
    /// (<https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1>).
    fn push_pseudo(&mut self, name: &[u8], value: &'r [u8]) {
        match name {
            b":authority" => {
                self.authority.line();
                self.authority.value(value);
            }
            b":protocol" => self.facts.is_websocket_protocol |= eq_ignore_case(value, WEBSOCKET),
            b":scheme" if eq_ignore_case(value, b"https") => self.facts.default_port = Some(443),
            b":scheme" if eq_ignore_case(value, b"http") => self.facts.default_port = Some(80),
            _ => {}
        }
    }

    /// Adds a field line whose value the server has kept only in part or not at all. See
    /// [`Request::push_truncated`].
    pub fn push_truncated(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.request.push_truncated(name);
        match DoorField::from_name(name) {
            Some(DoorField::Host) => self.host.line(),
            Some(field) => self.facts.malformed(field),
            None if name == b":authority" => self.authority.line(),
            None => {}
        }
    }

    /// Sets the target of the request line. If it is in absolute form, such as
    /// `http://lamp.local/led`, its authority counts, and the host of the `Host` line does not
    /// (<https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2>).
    pub fn set_target(&mut self, target: &'r (impl AsRef<[u8]> + ?Sized)) {
        let mut facts = self.facts;
        self.target = FieldState::Absent;
        let mut keep = Borrow {
            request: self,
            value: b"",
        };
        let mut scanner = Scanner::target();
        let target = target.as_ref();
        let end = target.iter().position(|&byte| byte <= b' ');
        scanner.push(until(target, end.unwrap_or(target.len())), &mut facts, &mut keep);
        scanner.push(b" \n", &mut facts, &mut keep);
    }

    /// Sets the authority of a target in absolute form.
    #[allow(dead_code, reason = "integrations have parsed the target")]
    pub(crate) fn set_target_authority(&mut self, authority: &'r str) {
        self.target = FieldState::Value(authority.as_bytes());
    }

    /// Says that the request line has the version HTTP/1.0, whose requests may lack a `Host`.
    pub fn set_http_1_0(&mut self) {
        self.facts.is_http_1_0 = true;
    }

    /// Says that the response is an event stream. Without this call, a request for one is known by
    /// `text/event-stream` in `Accept`, which each `EventSource` of a browser sends.
    pub fn set_event_stream(&mut self) {
        self.facts.is_event_stream = true;
    }

    /// Records that the server has dropped field lines of this request. See
    /// [`Request::mark_incomplete`].
    pub fn mark_incomplete(&mut self) {
        self.request.mark_incomplete();
    }

    /// Returns the CORS fields.
    pub const fn request(&self) -> &Request<'r> {
        &self.request
    }
}

impl fmt::Debug for DoorsRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorsRequest")
            .field("request", &self.request)
            .field("facts", &self.facts)
            .field("host", &self.host.map(Escaped))
            .field("authority", &self.authority.map(Escaped))
            .field("target", &self.target.map(Escaped))
            .finish()
    }
}

/// Keeps values as slices of a head in memory.
struct Borrow<'k, 'r> {
    request: &'k mut DoorsRequest<'r>,
    value: &'r [u8],
}

impl<'r> Borrow<'_, 'r> {
    const fn field(&mut self, kept: Kept) -> &mut FieldState<&'r [u8]> {
        match kept {
            Kept::Host => &mut self.request.host,
            Kept::Target => &mut self.request.target,
        }
    }
}

impl<'r> Keep<'r> for Borrow<'_, 'r> {
    fn begin(&mut self, kept: Kept) {
        self.field(kept).line();
        self.value = b"";
    }

    fn bytes(&mut self, bytes: &'r [u8]) {
        // The whole value is in one piece, so there is one call with bytes for each value.
        if !bytes.is_empty() {
            self.value = bytes;
        }
    }

    fn end(&mut self, kept: Kept) {
        let value = trim_ows(self.value);
        self.field(kept).value(value);
    }

    fn malformed_host(&mut self) {
        self.request.host.malformed();
    }

    fn host_without_value(&mut self) {
        self.request.host.line();
    }
}
