//! A response as a browser reads it: a status and a header list.

use core::fmt;

use crate::ascii::{is_tchar, is_token, trim_ows};

/// A response: a status and a [header list](https://fetch.spec.whatwg.org/#concept-header-list).
///
/// ```
/// use embedded_cors::browser::Response;
///
/// let response = Response::from_head(b"HTTP/1.1 204 No Content\r\nVary: origin\r\n\r\n")?;
/// assert_eq!(response.status(), 204);
/// assert_eq!(response.values("vary").next(), Some(&b"origin"[..]));
/// # Ok::<(), embedded_cors::browser::ResponseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Response<'r> {
    status: u16,
    headers: Headers<'r>,
}

#[derive(Clone, Copy, Debug)]
enum Headers<'r> {
    Pairs(&'r [(&'r str, &'r str)]),
    /// Field lines that `from_head` has checked, without the empty line.
    FieldLines(&'r [u8]),
}

impl<'r> Response<'r> {
    /// Creates a response of this status with these names and values.
    ///
    /// A name or value that an HTTP/1.1 head cannot have is an error, so a test that builds a
    /// response from pairs sees a header injection:
    ///
    /// ```
    /// use embedded_cors::browser::{Response, ResponseErrorKind};
    ///
    /// let error = Response::new(200, &[("Location", "/\r\nSet-Cookie: a=b")]).unwrap_err();
    /// assert_eq!(error.kind(), ResponseErrorKind::HeaderValue);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the value of a header has a NUL, CR or LF (header 0, counted from 0)"
    /// );
    /// ```
    ///
    /// Values are ASCII here. Read a response with other bytes by [`from_head`](Self::from_head).
    ///
    /// # Errors
    ///
    /// Returns [`ResponseError`] for a status above 999, and for the first name or value that is
    /// invalid.
    pub const fn new(status: u16, headers: &'r [(&'r str, &'r str)]) -> Result<Self, ResponseError> {
        if status > 999 {
            return Err(ResponseError::new(ResponseErrorKind::Status, Place::Status));
        }
        let mut i = 0;
        while i < headers.len() {
            let (name, value) = headers[i];
            let wrong = if is_token(name.as_bytes()) {
                wrong_value(value.as_bytes(), true)
            } else {
                Some(ResponseErrorKind::HeaderName)
            };
            if let Some(kind) = wrong {
                return Err(ResponseError::new(kind, Place::Header(i)));
            }
            i += 1;
        }
        Ok(Self {
            status,
            headers: Headers::Pairs(headers),
        })
    }

    /// Reads the head of an HTTP/1.1 response: status line, field lines, empty line.
    ///
    /// The bytes after the empty line are ignored. A line may end with LF alone.
    ///
    /// # Errors
    ///
    /// Returns [`ResponseError`] if the bytes are not such a head. Folded lines, white space before
    /// a colon, and NUL and CR in a value are errors. A head that ends before its empty line is an
    /// error of the kind [`Unfinished`](ResponseErrorKind::Unfinished), here and wherever this
    /// module reads a response: a browser does not show a page a part of a head.
    pub fn from_head(head: &'r [u8]) -> Result<Self, ResponseError> {
        let mut lines = HeadLines { rest: head, at: 0 };
        let (at, line) = lines.line()?;
        let status =
            status(line).ok_or(ResponseError::new(ResponseErrorKind::StatusLine, Place::Byte(at)))?;
        let start = lines.at;
        loop {
            let (at, line) = lines.line()?;
            if line.is_empty() {
                let field_lines = head.get(start..at).unwrap_or(b"");
                return Ok(Self {
                    status,
                    headers: Headers::FieldLines(field_lines),
                });
            }
            if let Err(kind) = field(line) {
                return Err(ResponseError::new(kind, Place::Byte(at)));
            }
        }
    }

    /// Returns the status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the names and values in order. Names are as the server wrote them, values without
    /// the white space around them.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + use<'r> {
        let (pairs, field_lines) = match self.headers {
            Headers::Pairs(pairs) => (pairs, &b""[..]),
            Headers::FieldLines(field_lines) => (&[][..], field_lines),
        };
        let mut lines = HeadLines {
            rest: field_lines,
            at: 0,
        };
        let pairs = pairs
            .iter()
            .map(|(name, value)| (*name, trim_ows(value.as_bytes())));
        pairs.chain(core::iter::from_fn(move || field(lines.line().ok()?.1).ok()))
    }

    /// Returns the values of all headers of this name, in order. The name is compared without
    /// regard to case.
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'r [u8]> + use<'r, 'n> {
        self.headers()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the value of a header, as
    /// [*get*](https://fetch.spec.whatwg.org/#concept-header-list-get) does.
    ///
    /// The standard joins the values of several headers with `, `. None of the values that the CORS
    /// protocol knows has a comma, so the joined value is not built.
    pub(super) fn get(&self, name: &str) -> HeaderValue<'r> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => HeaderValue::Null,
            (Some(value), None) => HeaderValue::One(value),
            (Some(_), Some(_)) => HeaderValue::Several,
        }
    }

    /// Returns the tokens of a header whose ABNF is `#token`, or `None` if the response has no such
    /// header, as
    /// [*extract header list values*](https://fetch.spec.whatwg.org/#extract-header-list-values)
    /// does.
    pub(super) fn extract_tokens(&self, name: &'static str) -> Result<Option<Tokens<'r>>, Malformed> {
        let mut has_header = false;
        for value in self.values(name) {
            has_header = true;
            if !members(value).all(|member| member.is_empty() || member.iter().all(|&byte| is_tchar(byte))) {
                return Err(Malformed);
            }
        }
        Ok(has_header.then_some(Tokens {
            response: *self,
            name,
        }))
    }
}

/// The result of [`Response::get`].
pub(super) enum HeaderValue<'r> {
    /// The response has no header of the name.
    Null,
    One(&'r [u8]),
    /// The response has several headers of the name.
    Several,
}

/// The error of [`Response::extract_tokens`]: a value is not a list of tokens.
pub(super) struct Malformed;

/// The tokens of all headers of one name.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'r> {
    response: Response<'r>,
    name: &'static str,
}

impl<'r> Tokens<'r> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'r [u8]> {
        self.response
            .values(self.name)
            .flat_map(members)
            .filter(|member| !member.is_empty())
    }

    pub(super) fn contains(self, token: &[u8]) -> bool {
        self.iter().any(|member| member == token)
    }

    pub(super) fn contains_ignore_case(self, token: &[u8]) -> bool {
        self.iter().any(|member| member.eq_ignore_ascii_case(token))
    }
}

/// Splits a list into its members, empty ones included:
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1>.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim_ows)
}

/// The lines of a head that are still to be read.
struct HeadLines<'r> {
    rest: &'r [u8],
    /// The index of the first byte of `rest` in the head.
    at: usize,
}

impl<'r> HeadLines<'r> {
    /// Returns the index of the next line's first byte, and the line without its CRLF or LF.
    fn line(&mut self) -> Result<(usize, &'r [u8]), ResponseError> {
        let at = self.at;
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let Some((line, rest)) = end.and_then(|end| self.rest.split_at_checked(end)) else {
            let end = Place::Byte(at + self.rest.len());
            return Err(ResponseError::new(ResponseErrorKind::Unfinished, end));
        };
        self.at = at + line.len() + 1;
        self.rest = rest.get(1..).unwrap_or(b"");
        Ok((at, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// Parses a status line such as `HTTP/1.1 204 No Content`:
/// <https://www.rfc-editor.org/rfc/rfc9112#section-4>.
fn status(line: &[u8]) -> Option<u16> {
    let (version, rest) = line.split_at_checked("HTTP/1.1 ".len())?;
    if !matches!(version, b"HTTP/1.1 " | b"HTTP/1.0 ") {
        return None;
    }
    let (digits, rest) = rest.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(rest, [] | [b' ', ..]) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// Parses a field line, `name: value`: <https://www.rfc-editor.org/rfc/rfc9112#section-5>.
fn field(line: &[u8]) -> Result<(&str, &[u8]), ResponseErrorKind> {
    let colon = line.iter().position(|&byte| byte == b':');
    let Some((name, value)) = colon.and_then(|colon| line.split_at_checked(colon)) else {
        return Err(ResponseErrorKind::Colon);
    };
    let value = trim_ows(value.get(1..).unwrap_or(b""));
    match core::str::from_utf8(name) {
        Ok(text) if is_token(name) => match wrong_value(value, false) {
            Some(kind) => Err(kind),
            None => Ok((text, value)),
        },
        _ => Err(ResponseErrorKind::HeaderName),
    }
}

/// Returns what is wrong with a value. A *header value* has no NUL, CR and LF; the other control
/// characters pass, in browsers too: <https://fetch.spec.whatwg.org/#header-value>.
const fn wrong_value(value: &[u8], is_ascii: bool) -> Option<ResponseErrorKind> {
    let mut i = 0;
    while i < value.len() {
        match value[i] {
            b'\0' | b'\r' | b'\n' => return Some(ResponseErrorKind::HeaderValue),
            128.. if is_ascii => return Some(ResponseErrorKind::NotAscii),
            _ => {}
        }
        i += 1;
    }
    None
}

/// The error of [`Response::new`] and [`Response::from_head`]: what is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseError {
    kind: ResponseErrorKind,
    place: Place,
}

/// Where a response is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Status,
    /// The index of a header.
    Header(usize),
    /// The index of a byte of the head.
    Byte(usize),
}

impl ResponseError {
    const fn new(kind: ResponseErrorKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// Returns what is wrong.
    pub const fn kind(&self) -> ResponseErrorKind {
        self.kind
    }

    /// Returns the index of the first byte of the line that is wrong, or the length of the input if
    /// the empty line is missing; `None` for an error of [`Response::new`].
    pub const fn byte(&self) -> Option<usize> {
        match self.place {
            Place::Byte(at) => Some(at),
            Place::Status | Place::Header(_) => None,
        }
    }

    /// Returns the index of the header that is wrong, counted from 0, if it is an error of
    /// [`Response::new`].
    pub const fn header(&self) -> Option<usize> {
        match self.place {
            Place::Header(index) => Some(index),
            Place::Status | Place::Byte(_) => None,
        }
    }
}

impl fmt::Display for ResponseError {
    /// Writes the [sentence](ResponseErrorKind::sentence) and the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())?;
        match self.place {
            Place::Status => Ok(()),
            Place::Header(index) => write!(f, " (header {index}, counted from 0)"),
            Place::Byte(at) => write!(f, " (line at byte {at})"),
        }
    }
}

/// A kind of mistake in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseErrorKind {
    /// The head ends before its empty line.
    Unfinished,
    /// The head does not begin with a status line.
    StatusLine,
    /// The status has more than three digits.
    Status,
    /// A line has no colon. It may be a folded line, which HTTP/1.1 no longer has.
    Colon,
    /// The name of a header is not a token. White space before the colon makes it invalid.
    HeaderName,
    /// The value of a header has a NUL, CR or LF.
    HeaderValue,
    /// A value given to [`Response::new`] is not ASCII.
    NotAscii,
}

impl ResponseErrorKind {
    /// Returns a sentence that says what is wrong.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unfinished => "the response head ends before its empty line",
            Self::StatusLine => "the response head does not begin with a status line such as HTTP/1.1 200 OK",
            Self::Status => "the status has more than three digits",
            Self::Colon => "a line of the response head has no colon",
            Self::HeaderName => "the name of a header is not a token",
            Self::HeaderValue => "the value of a header has a NUL, CR or LF",
            Self::NotAscii => {
                "the value of a header is not ASCII; write the head as bytes and read it with from_head"
            }
        }
    }
}

impl fmt::Display for ResponseErrorKind {
    /// Writes the [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl core::error::Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_field_lines_read_alike() {
        let pairs = [("Vary", " origin "), ("X-A", "1"), ("vary", "accept")];
        let head = b"HTTP/1.1 200 OK\r\nVary:  origin \r\nX-A: 1\nvary:accept\r\n\r\nVary: content";
        let one = Response::new(200, &pairs).unwrap();
        let other = Response::from_head(head).unwrap();
        assert!(one.headers().eq(other.headers()));
        assert_eq!(one.status(), other.status());
        assert!(other.values("VARY").eq([&b"origin"[..], b"accept"]));
    }

    #[test]
    fn an_error_says_which_line_is_wrong() {
        use ResponseErrorKind as Kind;
        for (head, kind, at) in [
            (&b""[..], Kind::Unfinished, 0),
            (b"HTTP/1.1 200 OK", Kind::Unfinished, 15),
            (b"HTTP/1.1 200 OK\r\n", Kind::Unfinished, 17),
            (b"HTTP/1.1 200 OK\r\na: b\r\n\r", Kind::Unfinished, 24),
            (b"HTTP/2 200\r\n\r\n", Kind::StatusLine, 0),
            (b"HTTP/1.1 20\r\n\r\n", Kind::StatusLine, 0),
            (b"HTTP/1.1 2000\r\n\r\n", Kind::StatusLine, 0),
            (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Kind::Colon, 17),
            (b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", Kind::Colon, 23),
            (b"HTTP/1.1 200 OK\r\na : b\r\n\r\n", Kind::HeaderName, 17),
            (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", Kind::HeaderName, 17),
            (b"HTTP/1.1 200 OK\r\n\xff: b\r\n\r\n", Kind::HeaderName, 17),
            (b"HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n", Kind::HeaderValue, 17),
            (b"HTTP/1.1 200 OK\r\na: \0\r\n\r\n", Kind::HeaderValue, 17),
        ] {
            let error = Response::from_head(head).unwrap_err();
            assert_eq!(
                (error.kind(), error.byte()),
                (kind, Some(at)),
                "{}",
                head.escape_ascii()
            );
            assert_eq!(error.header(), None);
        }
        assert_eq!(
            Response::from_head(b"HTTP/1.1 200\r\n\r\n").unwrap().status(),
            200
        );
    }

    #[test]
    fn lists_may_have_empty_members_but_no_malformed_ones() {
        let tokens = |value| {
            let pairs = [("a", value)];
            let response = Response::new(200, &pairs).unwrap();
            response.extract_tokens("A").map(|tokens| {
                tokens.map(|tokens| {
                    tokens
                        .iter()
                        .map(|token| String::from_utf8_lossy(token).into_owned())
                        .collect::<Vec<_>>()
                })
            })
        };
        assert_eq!(tokens(", PUT,,\tx-a ,").ok().flatten().unwrap(), ["PUT", "x-a"]);
        assert_eq!(tokens("").ok().flatten().unwrap(), [""; 0]);
        for malformed in ["PUT, @x", "PUT, a b", "X-A:", "PUT;DELETE", "PUT DELETE"] {
            assert!(tokens(malformed).is_err(), "{malformed}");
        }
        assert!(
            Response::new(200, &[])
                .unwrap()
                .extract_tokens("a")
                .is_ok_and(|tokens| tokens.is_none())
        );
    }

    #[test]
    fn pairs_that_are_not_headers_are_refused() {
        use ResponseErrorKind as Kind;
        let error = |pairs: &[(&str, &str)]| {
            let error = Response::new(200, pairs).err()?;
            Some((error.kind(), error.header()))
        };
        assert_eq!(error(&[("a", "1"), ("B", " \t ")]), None);
        for value in ["\0", "a\r", "a\nb: c", "a\r\nb: c"] {
            assert_eq!(
                error(&[("a", "1"), ("b", value)]),
                Some((Kind::HeaderValue, Some(1))),
                "{value:?}"
            );
        }
        for name in ["", "a b", "a:", "a\r\nb", "\u{e9}", "a "] {
            assert_eq!(
                error(&[(name, "1")]),
                Some((Kind::HeaderName, Some(0))),
                "{name:?}"
            );
        }
        assert_eq!(error(&[("a", "\u{e9}")]), Some((Kind::NotAscii, Some(0))));
        let status = Response::new(1000, &[]).unwrap_err();
        assert_eq!((status.kind(), status.header()), (Kind::Status, None));
        assert_eq!(status.to_string(), "the status has more than three digits");
        assert!(Response::new(999, &[]).is_ok());
    }

    /// `new` accepts a pair exactly if `from_head` accepts the line that it makes.
    #[test]
    fn pairs_and_lines_are_refused_alike() {
        for byte in 0..128u8 {
            let text = format!("a{}b", char::from(byte));
            for (name, value) in [(text.as_str(), "1"), ("x", text.as_str())] {
                // These end the line, or the name.
                if byte == b'\n' || (byte == b':' && value == "1") {
                    continue;
                }
                let head = format!("HTTP/1.1 200 OK\r\n{name}: {value}\r\n\r\n");
                let pairs = [(name, value)];
                let new = Response::new(200, &pairs).map_err(|error| error.kind());
                let read = Response::from_head(head.as_bytes()).map_err(|error| error.kind());
                assert_eq!(new.is_ok(), read.is_ok(), "{text:?}");
                if let (Ok(new), Ok(read)) = (new, read) {
                    assert!(new.headers().eq(read.headers()));
                }
            }
        }
    }
}
