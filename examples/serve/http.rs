//! The part of HTTP/1.1 that the example needs, in fixed buffers.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use embedded_cors::{Progress, Request as CorsRequest, RequestReader};

/// Bytes read from the socket at once. A small receive buffer would deliver a head in pieces like
/// these.
const PIECE: usize = 128;

/// The longest line that the server itself reads: the request line, `Content-Length`, `Cookie` or
/// `Authorization`.
const LINE: usize = 160;

/// The longest head in bytes. The answer to a longer one is 431.
const MAX_HEAD: usize = 8192;

/// A head longer than [`MAX_HEAD`] is read up to this length. To keep reading does not take memory,
/// and finds the `Origin`, which is often in the last lines. Without the `Origin` the page could
/// not see the 431.
const MAX_SKIPPED: usize = 65536;

/// The longest content in bytes. The answer to longer content is 413.
const MAX_CONTENT: u64 = 1024;

/// A connection without a request for this long is closed.
const IDLE: Duration = Duration::from_secs(5);

/// A request has to arrive within this time, and its response has to be taken within it. Otherwise
/// a client that sends a byte now and then could keep a worker as long as it likes.
const DEADLINE: Duration = Duration::from_secs(10);

/// A request whose head the server has read, or has stopped reading.
pub(crate) struct Request<'c> {
    pub(crate) method: &'c str,
    /// The path, without the query.
    pub(crate) path: &'c str,
    /// The number after `?case=`, by which the page finds the log of one of its cases.
    pub(crate) case: u32,
    pub(crate) has_cookie: bool,
    pub(crate) is_authorized: bool,
    /// The status if the server rejects the request itself: 400, 408, 411, 413, 414, 431 or 505.
    pub(crate) error: Option<u16>,
    pub(crate) cors: CorsRequest<'c>,
}

/// A response that is composed in a fixed buffer and sent with one write.
pub(crate) struct Answer {
    bytes: [u8; 16384],
    len: usize,
    /// Content that stands elsewhere, and is sent after the buffer.
    rest: &'static [u8],
    /// True if the server closes the connection after this response.
    is_last: bool,
}

impl Answer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    /// Returns the free part of the buffer. After writing into it, call [`Answer::advance`] with
    /// the number of bytes written.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.len..]
    }

    pub(crate) fn advance(&mut self, len: usize) {
        self.len += len;
    }

    pub(crate) fn status(&mut self, status: u16) {
        let reason = match status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            411 => "Length Required",
            413 => "Content Too Large",
            414 => "URI Too Long",
            505 => "HTTP Version Not Supported",
            _ => "Request Header Fields Too Large",
        };
        let _ = fmt::Write::write_fmt(self, format_args!("HTTP/1.1 {status} {reason}\r\n"));
        if self.is_last {
            self.field("connection", "close");
        }
    }

    pub(crate) fn field(&mut self, name: &str, value: impl fmt::Display) {
        let _ = fmt::Write::write_fmt(self, format_args!("{name}: {value}\r\n"));
    }

    /// Writes the rest of the head and the content.
    pub(crate) fn content(&mut self, content_type: &str, content: &[u8]) {
        self.field("content-type", content_type);
        self.field("content-length", content.len());
        self.push(b"\r\n");
        self.push(content);
    }
}

impl Answer {
    /// Writes the rest of the head, for content that does not fit into the buffer.
    pub(crate) fn long_content(&mut self, content_type: &str, content: &'static [u8]) {
        self.field("content-type", content_type);
        self.field("content-length", content.len());
        self.push(b"\r\n");
        self.rest = content;
    }
}

impl fmt::Write for Answer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// Serves one connection after the other, forever.
pub(crate) fn serve(listener: &TcpListener, answer: impl Fn(&Request<'_>, &mut Answer)) {
    let mut response = Answer {
        bytes: [0; 16384],
        len: 0,
        rest: &[],
        is_last: false,
    };
    loop {
        if let Ok((stream, _)) = listener.accept() {
            // A client that disconnects early must not affect the next one.
            let _ = connection(stream, &mut response, &answer);
        }
    }
}

fn connection(
    mut stream: TcpStream,
    response: &mut Answer,
    answer: &impl Fn(&Request<'_>, &mut Answer),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(DEADLINE))?;
    let mut piece = [0; PIECE];
    // The number of bytes in `piece` that belong to the next request.
    let mut filled = 0;
    loop {
        let mut reader = RequestReader::<512>::new();
        let mut own = Own::new();
        let mut head_len = 0;
        let mut content_start = 0;
        // This time starts with the first byte of the request.
        let mut deadline = None;
        loop {
            if filled == 0 {
                filled = match receive(&mut stream, &mut piece, deadline) {
                    Ok(0) => return Ok(()),
                    Ok(len) => len,
                    // The page should see why a part of a request is not enough.
                    Err(error) if is_late(&error) && head_len > 0 => {
                        own.fail(408);
                        break;
                    }
                    Err(error) => return Err(error),
                };
            }
            deadline = deadline.or_else(|| Instant::now().checked_add(DEADLINE));
            let progress = reader.push(&piece[..filled]);
            let used = match progress {
                Ok(Progress::Done { used }) => used,
                _ => filled,
            };
            own.push(&piece[..used]);
            head_len += used;
            match progress {
                Ok(Progress::Done { .. }) => {
                    content_start = used;
                    own.finish();
                    break;
                }
                Ok(Progress::NeedsMore) if head_len <= MAX_SKIPPED => filled = 0,
                Ok(Progress::NeedsMore) => break,
                Err(_) => {
                    own.fail(400);
                    break;
                }
            }
        }
        if head_len > MAX_HEAD {
            own.fault = Some(431);
        }
        // The handler has no use for the content, but the next request starts after it. This
        // includes the content of a preflight.
        let content_length = own.content_length.unwrap_or(0);
        if content_length > MAX_CONTENT {
            own.fail(413);
        }
        if own.fault.is_none() {
            let mut missing = content_length;
            let in_piece = (filled - content_start).min(missing as usize);
            piece.copy_within(content_start + in_piece..filled, 0);
            filled -= content_start + in_piece;
            missing -= in_piece as u64;
            while missing > 0 {
                let end = piece.len().min(missing as usize);
                match receive(&mut stream, &mut piece[..end], deadline) {
                    Ok(0) => return Ok(()),
                    Ok(len) => missing -= len as u64,
                    Err(error) if is_late(&error) => {
                        own.fail(408);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let line = std::str::from_utf8(&own.request_line[..own.request_line_len]).unwrap_or("");
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let case = query
            .strip_prefix("case=")
            .and_then(|case| case.parse().ok())
            .unwrap_or(0);
        response.len = 0;
        response.rest = &[];
        response.is_last = own.is_last || own.fault.is_some();
        answer(
            &Request {
                method,
                path,
                case,
                has_cookie: own.has_cookie,
                is_authorized: own.is_authorized,
                error: own.fault,
                cors: reader.request(),
            },
            response,
        );
        stream.write_all(&response.bytes[..response.len])?;
        stream.write_all(response.rest)?;
        if response.is_last {
            return close(stream);
        }
    }
}

/// Closes a connection after the last response. What the client still sends is read first, up to a
/// limit: closing a connection with unread bytes would reset it, and the client could lose the
/// response.
fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let deadline = Instant::now().checked_add(DEADLINE);
    let mut ignored = [0; 4096];
    for _ in 0..64 {
        if receive(&mut stream, &mut ignored, deadline)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Reads some bytes. Fails if none arrive in time.
fn receive(stream: &mut TcpStream, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
    let left = match deadline {
        Some(deadline) => deadline.saturating_duration_since(Instant::now()).min(IDLE),
        None => IDLE,
    };
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    stream.read(buffer)
}

/// Returns whether a read has failed because nothing arrived in time. Systems report it in two
/// ways.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// The parts of a head that the server itself needs. It keeps the first [`LINE`] bytes of each
/// line.
///
/// Where a request ends must not depend on a guess: a page could hide a request in the content of
/// another one. A head that does not say it plainly gets an error, and the connection is closed.
struct Own {
    line: [u8; LINE],
    /// The length of the current line, of which `line` may lack the end.
    line_len: usize,
    /// True after a CR, which has to be the end of the line.
    has_cr: bool,
    request_line: [u8; LINE],
    request_line_len: usize,
    content_length: Option<u64>,
    has_transfer_encoding: bool,
    has_cookie: bool,
    is_authorized: bool,
    /// True if the client will not send another request on this connection.
    is_last: bool,
    /// The status of the response if the request is not acceptable.
    fault: Option<u16>,
}

impl Own {
    const fn new() -> Self {
        Self {
            line: [0; LINE],
            line_len: 0,
            has_cr: false,
            request_line: [0; LINE],
            request_line_len: 0,
            content_length: None,
            has_transfer_encoding: false,
            has_cookie: false,
            is_authorized: false,
            is_last: false,
            fault: None,
        }
    }

    /// Notes a fault. The first one counts.
    fn fail(&mut self, status: u16) {
        self.fault = self.fault.or(Some(status));
    }

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
                (self.line_len, self.has_cr) = (0, false);
                continue;
            }
            // <https://www.rfc-editor.org/rfc/rfc9112#section-2.2>
            if self.has_cr {
                self.fail(400);
            }
            self.has_cr = byte == b'\r';
            if !self.has_cr {
                if let Some(place) = self.line.get_mut(self.line_len) {
                    *place = byte;
                }
                self.line_len += 1;
            }
        }
    }

    fn end_line(&mut self) {
        let is_truncated = self.line_len > LINE;
        let line = self.line;
        let line = &line[..self.line_len.min(LINE)];
        if line.is_empty() {
        } else if self.request_line_len == 0 {
            self.request_line[..line.len()].copy_from_slice(line);
            self.request_line_len = line.len();
            let mut words = line.split(|&byte| byte == b' ').skip(2);
            match (words.next(), words.next()) {
                _ if is_truncated => self.fail(414),
                (Some(b"HTTP/1.1"), None) => {}
                (Some(b"HTTP/1.0"), None) => self.is_last = true,
                (Some(version), None) if version.starts_with(b"HTTP/") => self.fail(505),
                _ => self.fail(400),
            }
        } else if let Some(colon) = line.iter().position(|&byte| byte == b':') {
            self.field(&line[..colon], line[colon + 1..].trim_ascii(), is_truncated);
        } else if !is_truncated {
            self.fail(400);
        }
    }

    fn field(&mut self, name: &[u8], value: &[u8], is_truncated: bool) {
        // A folded line, or white space before the colon
        // (<https://www.rfc-editor.org/rfc/rfc9112#section-5.1>).
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            self.fail(400);
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // <https://www.rfc-editor.org/rfc/rfc9110#section-8.6>
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if is_truncated || !is_number || self.content_length.is_some() {
                self.fail(400);
            } else {
                let number = std::str::from_utf8(value)
                    .ok()
                    .and_then(|number| number.parse().ok());
                self.content_length = Some(number.unwrap_or(u64::MAX));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_transfer_encoding = true;
        } else if name.eq_ignore_ascii_case(b"connection") {
            let mut options = value.split(|&byte| byte == b',');
            self.is_last |=
                is_truncated || options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else if name.eq_ignore_ascii_case(b"cookie") {
            self.has_cookie = value.windows(4).any(|text| text == b"sid=");
        } else if name.eq_ignore_ascii_case(b"authorization") {
            self.is_authorized = value == b"Bearer letmein" && !is_truncated;
        }
    }

    /// Checks what only the whole head shows. The server does not read transfer codings, so it asks
    /// for a length (<https://www.rfc-editor.org/rfc/rfc9112#section-6.3>).
    fn finish(&mut self) {
        if self.has_transfer_encoding {
            self.fail(if self.content_length.is_none() { 411 } else { 400 });
        }
    }
}
