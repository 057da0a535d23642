//! Reads what the application itself needs from a head: method, path, authorization, and where the
//! request ends.
//!
//! Where a request ends must not depend on a guess. If the device took content for the next
//! request, a page could hide a request in the content of another one. So a head whose framing is
//! not plain is answered with an error, and the connection is closed.

const TOKEN: &[u8] = b"Bearer lamp";

/// The bytes of a line that are kept, more than the longest line that the application understands.
pub const LINE: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Other,
}

/// A head that is read in pieces. It keeps the first [`LINE`] bytes of each line.
pub struct Head {
    pub method: Method,
    pub is_authorized: bool,
    /// True if the client will not send another request on this connection.
    pub is_last: bool,
    /// The status of the response if the head is not acceptable: 400, 411, 414 or 505.
    pub fault: Option<u16>,
    content_length: Option<usize>,
    has_authorization: bool,
    has_transfer_encoding: bool,
    /// The value of `Sec-WebSocket-Key`, or zeros.
    websocket_key: [u8; 24],
    path: [u8; 16],
    path_len: usize,
    is_first: bool,
    line: [u8; LINE],
    /// The length of the current line, of which `line` may lack the end.
    line_len: usize,
    /// True after a CR, which has to be the end of the line.
    has_cr: bool,
}

impl Head {
    pub const fn new() -> Self {
        Self {
            method: Method::Other,
            is_authorized: false,
            is_last: false,
            fault: None,
            content_length: None,
            has_authorization: false,
            has_transfer_encoding: false,
            websocket_key: [0; 24],
            path: [0; 16],
            path_len: 0,
            is_first: true,
            line: [0; LINE],
            line_len: 0,
            has_cr: false,
        }
    }

    /// Returns the path, or nothing if it is longer than every path of the application.
    pub fn path(&self) -> &[u8] {
        self.path.get(..self.path_len).unwrap_or(b"")
    }

    /// Returns the number of bytes of the content.
    pub fn content_length(&self) -> usize {
        self.content_length.unwrap_or(0)
    }

    /// Returns the key of a WebSocket handshake.
    pub fn websocket_key(&self) -> Option<&[u8; 24]> {
        (self.websocket_key != [0; 24]).then_some(&self.websocket_key)
    }

    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
                self.line_len = 0;
                self.has_cr = false;
                continue;
            }
            // A CR that does not end its line
            // (<https://www.rfc-editor.org/rfc/rfc9112#section-2.2>).
            if self.has_cr {
                self.fail(400);
            }
            self.has_cr = byte == b'\r';
            if self.has_cr {
                continue;
            }
            if let Some(place) = self.line.get_mut(self.line_len) {
                *place = byte;
            }
            self.line_len = self.line_len.saturating_add(1);
        }
    }

    /// The first fault counts. After it, nothing that depends on the head is certain.
    fn fail(&mut self, status: u16) {
        self.fault = self.fault.or(Some(status));
    }

    fn end_line(&mut self) {
        let is_truncated = self.line_len > LINE;
        let line = self.line;
        let line = line.get(..self.line_len).unwrap_or(&line);
        if line.is_empty() {
            return;
        }
        if self.is_first {
            self.is_first = false;
            self.request_line(line, is_truncated);
        } else {
            self.field_line(line, is_truncated);
        }
    }

    /// Reads a request line
    /// (<https://www.rfc-editor.org/rfc/rfc9112#section-3>).
    fn request_line(&mut self, line: &[u8], is_truncated: bool) {
        let mut words = line.split(|&byte| byte == b' ');
        self.method = match words.next() {
            Some(b"GET") => Method::Get,
            Some(b"HEAD") => Method::Head,
            Some(b"PUT") => Method::Put,
            Some(b"POST") => Method::Post,
            _ => Method::Other,
        };
        let target = words.next().unwrap_or(b"");
        match (words.next(), words.next()) {
            // The version may be in the part of the line that was not kept.
            _ if is_truncated => self.fail(414),
            _ if target.is_empty() => self.fail(400),
            (Some(b"HTTP/1.0"), None) => self.is_last = true,
            (Some([b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9']), None) => {}
            (Some([b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']), None) => self.fail(505),
            _ => self.fail(400),
        }
        // A target in absolute form, as proxies get it
        // (<https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2>).
        let target = match target.strip_prefix(b"http://") {
            Some(rest) => rest
                .iter()
                .position(|&byte| byte == b'/')
                .and_then(|at| rest.get(at..))
                .unwrap_or(b"/"),
            None => target,
        };
        let path = target.split(|&byte| byte == b'?').next().unwrap_or(b"");
        if let Some(place) = self.path.get_mut(..path.len()) {
            place.copy_from_slice(path);
            self.path_len = path.len();
        }
    }

    /// Reads a field line
    /// (<https://www.rfc-editor.org/rfc/rfc9112#section-5>).
    fn field_line(&mut self, line: &[u8], is_truncated: bool) {
        let Some((name, value)) = line
            .iter()
            .position(|&byte| byte == b':')
            .and_then(|colon| Some((line.get(..colon)?, line.get(colon + 1..)?)))
        else {
            // A name that is longer than `LINE` is none of those below.
            if !is_truncated {
                self.fail(400);
            }
            return;
        };
        // White space at the start of a line continues the line before, and white space before a
        // colon has made servers disagree about the name. Both have to be rejected
        // (<https://www.rfc-editor.org/rfc/rfc9112#section-5.1>).
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
            self.fail(400);
        }
        let value = trim(value);
        if name.eq_ignore_ascii_case(b"authorization") {
            // A request with several such lines is not authorized.
            self.is_authorized = value == TOKEN && !is_truncated && !self.has_authorization;
            self.has_authorization = true;
        } else if name.eq_ignore_ascii_case(b"connection") {
            let mut options = value.split(|&byte| byte == b',').map(trim);
            // The part that was not kept may say so too.
            self.is_last |= is_truncated || options.any(|option| option.eq_ignore_ascii_case(b"close"));
        } else if name.eq_ignore_ascii_case(b"content-length") {
            self.length(value, is_truncated);
        } else if name.eq_ignore_ascii_case(b"sec-websocket-key") {
            // A key of another length is not a key
            // (<https://www.rfc-editor.org/rfc/rfc6455#section-4.1>).
            self.websocket_key = value.try_into().unwrap_or([0; 24]);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_transfer_encoding = true;
        }
    }

    /// Reads a `Content-Length`, which has to be one number on one line
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-8.6>).
    fn length(&mut self, value: &[u8], is_truncated: bool) {
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        if is_truncated || !is_number || self.content_length.is_some() {
            self.fail(400);
            return;
        }
        // A number that does not fit is too long for the application anyway.
        let number = value.iter().fold(0_usize, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(usize::from(digit - b'0'))
        });
        self.content_length = Some(number);
    }

    /// Checks what only the whole head shows. The device does not read transfer codings, so it asks
    /// for a length (<https://www.rfc-editor.org/rfc/rfc9112#section-6.3>).
    pub fn finish(&mut self) {
        if self.is_first {
            self.fail(400);
        }
        if self.has_transfer_encoding {
            self.fail(if self.content_length.is_none() { 411 } else { 400 });
        }
    }
}

/// Returns the text without the white space that HTTP allows around a value.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
