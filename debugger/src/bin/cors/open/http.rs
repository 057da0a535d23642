//! The little HTTP/1.1 that the page needs: one request on a connection, with bounded sizes and a
//! deadline.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::network::Timed;

/// The most bytes of a head and of a body.
const MAX_HEAD: usize = 16_384;
const MAX_BODY: usize = 65_536;
/// The most field lines.
const MAX_FIELDS: usize = 64;

/// A request.
pub struct Request {
    pub method: String,
    target: String,
    fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// Returns the value of a field, if there is exactly one line of it.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self
            .fields
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Returns whether there is a line of a field.
    pub fn has(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

/// A response.
pub struct Reply {
    status: u16,
    content_type: &'static str,
    body: String,
}

impl Reply {
    pub fn page(body: &str) -> Self {
        Self {
            status: 200,
            content_type: "text/html; charset=utf-8",
            body: body.into(),
        }
    }

    pub fn json(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "application/json",
            body,
        }
    }

    pub fn error(status: u16, message: &str) -> Self {
        Self::json(status, format!("{}\n", serde_json::json!({ "error": message })))
    }
}

/// Gives a connection its deadline.
pub fn accept(stream: TcpStream, deadline: Instant) -> io::Result<Timed> {
    stream.set_nodelay(true)?;
    Ok(Timed::new(stream, deadline))
}

/// Reads a request, or returns the reply to one that is malformed, too long or too slow.
pub fn read(stream: &mut Timed) -> Result<Request, Reply> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let (mut request, head_len) = loop {
        let n = stream.read(&mut piece).map_err(|_| too_slow())?;
        if n == 0 {
            return Err(Reply::error(400, "the request is not whole"));
        }
        bytes.extend_from_slice(piece.get(..n).unwrap_or(&[]));
        // The head is parsed again only if it may have ended in this piece.
        let recent = bytes.get(bytes.len().saturating_sub(n + 3)..).unwrap_or(&bytes);
        let may_end = recent.windows(2).any(|pair| pair == b"\n\r" || pair == b"\n\n");
        if may_end
            && let Some(found) = parse(&bytes)?
            && found.1 <= MAX_HEAD
        {
            break found;
        }
        if bytes.len() > MAX_HEAD {
            return Err(Reply::error(431, "the head of the request is too long"));
        }
    };
    if request.has("transfer-encoding") {
        return Err(Reply::error(411, "send Content-Length"));
    }
    let len = match (request.has("content-length"), request.only("content-length")) {
        (false, _) => 0,
        (true, Some(value)) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            value.parse().unwrap_or(usize::MAX)
        }
        _ => return Err(Reply::error(400, "Content-Length is malformed")),
    };
    if len > MAX_BODY {
        return Err(Reply::error(413, "the body is too long"));
    }
    let mut body = bytes.split_off(head_len);
    while body.len() < len {
        let n = stream.read(&mut piece).map_err(|_| too_slow())?;
        if n == 0 {
            return Err(Reply::error(400, "the body is not whole"));
        }
        body.extend_from_slice(piece.get(..n).unwrap_or(&[]));
    }
    body.truncate(len);
    request.body = body;
    Ok(request)
}

fn too_slow() -> Reply {
    Reply::error(408, "the request took too long")
}

fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Reply> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Reply::error(431, "the request has too many fields"));
        }
        Err(error) => return Err(Reply::error(400, &format!("the head is malformed: {error}"))),
    };
    let fields = head
        .headers
        .iter()
        .map(|field| {
            (
                field.name.to_string(),
                String::from_utf8_lossy(field.value).trim().to_string(),
            )
        })
        .collect();
    let request = Request {
        method: head.method.unwrap_or("").into(),
        target: head.path.unwrap_or("").into(),
        fields,
        body: Vec::new(),
    };
    Ok(Some((request, len)))
}

/// Writes a response. The connection ends after it.
pub fn write(stream: &mut Timed, reply: &Reply) -> io::Result<()> {
    let reason = match reply.status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        _ => "Error",
    };
    // The page has its token in it, so nothing may keep it, frame it or embed it.
    let head = format!(
        "HTTP/1.1 {} {reason}\r\n\
         Content-Type: {}\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\n\
         Content-Security-Policy: frame-ancestors 'none'\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\n\
         Referrer-Policy: same-origin\r\n\
         \r\n",
        reply.status,
        reply.content_type,
        reply.body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(reply.body.as_bytes())?;
    stream.flush()?;
    stream.finish()
}
