//! As much HTTP/1.1 as the example needs, in fixed buffers.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use embedded_cors::{Progress, Request as CorsRequest, RequestReader};

/// A piece of a head, as it would come out of a small receive buffer.
const PIECE: usize = 128;

/// The most of a line that the server itself looks at: the request line, `Content-Length`, `Cookie`, `Authorization`.
const LINE: usize = 160;

/// The most bytes of a head: above it the answer is 431.
const MAX_HEAD: usize = 8192;

/// How far a head above [`MAX_HEAD`] is read all the same. It costs no memory, and the `Origin` is often in its last
/// lines: without it the page could not see the 431.
const MAX_SKIPPED: usize = 65536;

/// The most bytes of content: above it the answer is 413.
const MAX_CONTENT: u64 = 1024;

/// What the server has read of a request, besides what [`RequestReader`] has.
pub(crate) struct Request<'c> {
    pub(crate) method: &'c str,
    /// The path, without the query.
    pub(crate) path: &'c str,
    /// The number behind `?case=`, which tells the page's cases apart.
    pub(crate) case: u32,
    pub(crate) has_cookie: bool,
    pub(crate) is_authorized: bool,
    /// The status if the server will not go on: 400, 413, 414, 431.
    pub(crate) error: Option<u16>,
    pub(crate) cors: CorsRequest<'c>,
}

/// A response, composed in a fixed buffer and sent in one write.
pub(crate) struct Answer {
    bytes: [u8; 16384],
    len: usize,
}

impl Answer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    /// The room that is left, for what writes into slices; [`Answer::advance`] then tells how much was written.
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
            413 => "Content Too Large",
            414 => "URI Too Long",
            _ => "Request Header Fields Too Large",
        };
        let _ = fmt::Write::write_fmt(self, format_args!("HTTP/1.1 {status} {reason}\r\n"));
    }

    pub(crate) fn field(&mut self, name: &str, value: impl fmt::Display) {
        let _ = fmt::Write::write_fmt(self, format_args!("{name}: {value}\r\n"));
    }

    /// The end of the head, and the content.
    pub(crate) fn content(&mut self, content_type: &str, content: &[u8]) {
        self.field("content-type", content_type);
        self.field("content-length", content.len());
        self.push(b"\r\n");
        self.push(content);
    }
}

impl fmt::Write for Answer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// Serves connections one after the other, for ever.
pub(crate) fn serve(listener: &TcpListener, answer: impl Fn(&Request<'_>, &mut Answer)) {
    let mut response = Answer {
        bytes: [0; 16384],
        len: 0,
    };
    loop {
        if let Ok((stream, _)) = listener.accept() {
            // A client that goes away in the middle is no concern of the next one.
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
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut piece = [0; PIECE];
    // What is left in `piece` of the request after the one before.
    let mut filled = 0;
    loop {
        let mut reader = RequestReader::<512>::new();
        let mut own = Own::new();
        let mut head_len = 0;
        let mut content_start = 0;
        let mut error = None;
        loop {
            if filled == 0 {
                filled = stream.read(&mut piece)?;
                if filled == 0 {
                    return Ok(());
                }
            }
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
                    break;
                }
                Ok(Progress::NeedsMore) if head_len <= MAX_SKIPPED => filled = 0,
                Ok(Progress::NeedsMore) => break,
                Err(_) => {
                    error = Some(400);
                    break;
                }
            }
        }
        if head_len > MAX_HEAD {
            error = error.or(Some(431));
        }
        if own.content_length > MAX_CONTENT {
            error = error.or(Some(413));
        }
        let line = std::str::from_utf8(&own.request_line[..own.request_line_len]).unwrap_or("");
        let mut words = line.trim_end().split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if own.request_line_len == LINE {
            error = error.or(Some(414));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let case = query
            .strip_prefix("case=")
            .and_then(|case| case.parse().ok())
            .unwrap_or(0);
        response.len = 0;
        answer(
            &Request {
                method,
                path,
                case,
                has_cookie: own.has_cookie,
                is_authorized: own.is_authorized,
                error,
                cors: reader.request(),
            },
            response,
        );
        if error.is_some() {
            // The rest of this request is not read, so the connection ends.
            stream.write_all(&response.bytes[..response.len])?;
            let _ = stream.shutdown(std::net::Shutdown::Write);
            for _ in 0..256 {
                if stream.read(&mut piece)? == 0 {
                    break;
                }
            }
            return Ok(());
        }
        // The content is read and dropped.
        let mut missing = own.content_length;
        let in_piece = (filled - content_start).min(missing as usize);
        piece.copy_within(content_start + in_piece..filled, 0);
        filled -= content_start + in_piece;
        missing -= in_piece as u64;
        while missing > 0 {
            let end = piece.len().min(missing as usize);
            let read = stream.read(&mut piece[..end])?;
            if read == 0 {
                return Ok(());
            }
            missing -= read as u64;
        }
        stream.write_all(&response.bytes[..response.len])?;
    }
}

/// What the server itself wants to know of a head, from the first bytes of each line.
struct Own {
    line: [u8; LINE],
    line_len: usize,
    request_line: [u8; LINE],
    request_line_len: usize,
    content_length: u64,
    has_cookie: bool,
    is_authorized: bool,
}

impl Own {
    const fn new() -> Self {
        Self {
            line: [0; LINE],
            line_len: 0,
            request_line: [0; LINE],
            request_line_len: 0,
            content_length: 0,
            has_cookie: false,
            is_authorized: false,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
            } else if self.line_len < LINE {
                self.line[self.line_len] = byte;
                self.line_len += 1;
            }
        }
    }

    fn end_line(&mut self) {
        let line = &self.line[..self.line_len];
        if self.request_line_len == 0 {
            self.request_line[..line.len()].copy_from_slice(line);
            self.request_line_len = line.len();
        } else if let Some((name, value)) = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once(':'))
        {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                self.content_length = value.parse().unwrap_or(u64::MAX);
            } else if name.eq_ignore_ascii_case("cookie") {
                self.has_cookie = value.contains("sid=");
            } else if name.eq_ignore_ascii_case("authorization") {
                self.is_authorized = value == "Bearer letmein";
            }
        }
        self.line_len = 0;
    }
}
