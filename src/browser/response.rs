//! A response as a browser sees it: a status and a header list (Fetch sections 2.2.2 and 2.2.6).

use core::fmt;

use crate::ascii::{is_tchar, trim_ows};

/// A response: a status, and its header list.
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
    /// Field lines that were checked, without the empty line.
    Block(&'r [u8]),
}

impl<'r> Response<'r> {
    /// A response of this status with these headers.
    pub const fn new(status: u16, headers: &'r [(&'r str, &'r str)]) -> Self {
        Self {
            status,
            headers: Headers::Pairs(headers),
        }
    }

    /// Reads the head of an HTTP/1.1 response: status line, field lines, empty line. What follows is not looked at.
    ///
    /// # Errors
    ///
    /// [`ResponseError`], if it is no such head: folded lines, white space before a colon and control bytes are errors. LF alone ends a line too.
    pub fn from_head(head: &'r [u8]) -> Result<Self, ResponseError> {
        let mut lines = Lines { rest: head, at: 0 };
        let (at, line) = lines.line()?;
        let status = status(line).ok_or(ResponseError { at })?;
        let start = lines.at;
        loop {
            let (at, line) = lines.line()?;
            if line.is_empty() {
                let block = head.get(start..at).unwrap_or(b"");
                return Ok(Self {
                    status,
                    headers: Headers::Block(block),
                });
            }
            if field(line).is_none() {
                return Err(ResponseError { at });
            }
        }
    }

    /// The status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header list, in order, names as the server wrote them.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + use<'r> {
        let (pairs, block) = match self.headers {
            Headers::Pairs(pairs) => (pairs, &b""[..]),
            Headers::Block(block) => (&[][..], block),
        };
        let mut lines = Lines { rest: block, at: 0 };
        let pairs = pairs
            .iter()
            .map(|(name, value)| (*name, trim_ows(value.as_bytes())));
        pairs.chain(core::iter::from_fn(move || field(lines.line().ok()?.1)))
    }

    /// The values of all headers of a name, in order. Names are not case-sensitive.
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'r [u8]> + use<'r, 'n> {
        self.headers()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// *Get* (Fetch section 2.2.2): the value of a header, or, if there are several, which joined by `, ` are equal to
    /// nothing that the CORS protocol knows, `Several`.
    pub(super) fn get(&self, name: &str) -> Got<'r> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Got::Null,
            (Some(value), None) => Got::Value(value),
            (Some(_), Some(_)) => Got::Several,
        }
    }

    /// *Extract header list values* (Fetch section 2.2.2) of a header whose ABNF is `#token`: null, or failure, or the tokens.
    pub(super) fn extract_tokens(&self, name: &'static str) -> Result<Option<Tokens<'r>>, Malformed> {
        let mut found = false;
        for value in self.values(name) {
            found = true;
            if !members(value).all(|member| member.is_empty() || member.iter().all(|&byte| is_tchar(byte))) {
                return Err(Malformed);
            }
        }
        Ok(found.then_some(Tokens {
            response: *self,
            name,
        }))
    }
}

/// The value of a header by name.
pub(super) enum Got<'r> {
    Null,
    Value(&'r [u8]),
    Several,
}

/// Extraction failed.
pub(super) struct Malformed;

/// Tokens of all headers of one name.
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

/// The members of a list, empty ones included (RFC 9110 section 5.6.1).
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim_ows)
}

/// Lines, and where each begins.
struct Lines<'r> {
    rest: &'r [u8],
    at: usize,
}

impl<'r> Lines<'r> {
    /// The next line and the index of its first byte.
    fn line(&mut self) -> Result<(usize, &'r [u8]), ResponseError> {
        let at = self.at;
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let cut = end.and_then(|end| self.rest.split_at_checked(end));
        let Some((line, rest)) = cut else {
            return Err(ResponseError {
                at: at + self.rest.len(),
            });
        };
        self.at = at + line.len() + 1;
        self.rest = rest.get(1..).unwrap_or(b"");
        Ok((at, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// `HTTP/1.1 204 No Content` (RFC 9112 section 4).
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

/// `name: value` (RFC 9112 section 5).
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = trim_ows(value.get(1..)?);
    let is_field = !name.is_empty()
        && name.iter().all(|&byte| is_tchar(byte))
        && !value.iter().any(|&byte| matches!(byte, 0..=8 | 10..=31 | 127));
    Some((core::str::from_utf8(name).ok().filter(|_| is_field)?, value))
}

/// Bytes that are no head of a response. See [`Response::from_head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseError {
    at: usize,
}

impl ResponseError {
    /// The index of the first byte of the line that is wrong; the length if the head does not end.
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no head of a response: the line at byte {}", self.at)
    }
}

impl core::error::Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_blocks_read_alike() {
        let pairs = [("Vary", " origin "), ("X-A", "1"), ("vary", "accept")];
        let block = b"HTTP/1.1 200 OK\r\nVary:  origin \r\nX-A: 1\nvary:accept\r\n\r\nVary: content";
        let one = Response::new(200, &pairs);
        let other = Response::from_head(block).unwrap();
        assert!(one.headers().eq(other.headers()));
        assert_eq!(one.status(), other.status());
        assert!(other.values("VARY").eq([&b"origin"[..], b"accept"]));
    }

    #[test]
    fn what_is_no_head_says_where() {
        for (head, at) in [
            (&b""[..], 0),
            (b"HTTP/1.1 200 OK", 15),
            (b"HTTP/1.1 200 OK\r\n", 17),
            (b"HTTP/2 200\r\n\r\n", 0),
            (b"HTTP/1.1 20\r\n\r\n", 0),
            (b"HTTP/1.1 2000\r\n\r\n", 0),
            (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 17),
            (b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", 23),
            (b"HTTP/1.1 200 OK\r\na : b\r\n\r\n", 17),
            (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", 17),
            (b"HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n", 17),
            (b"HTTP/1.1 200 OK\r\na: \0\r\n\r\n", 17),
        ] {
            let error = Response::from_head(head).unwrap_err();
            assert_eq!(error.at(), at, "{}", head.escape_ascii());
        }
        assert_eq!(
            Response::from_head(b"HTTP/1.1 200\r\n\r\n").unwrap().status(),
            200
        );
    }

    #[test]
    fn lists_have_empty_members_and_no_malformed_ones() {
        let tokens = |value| {
            let pairs = [("a", value)];
            let response = Response::new(200, &pairs);
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
                .extract_tokens("a")
                .is_ok_and(|tokens| tokens.is_none())
        );
    }
}
