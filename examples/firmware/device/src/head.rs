//! What the application itself wants of a head: method, path, the length of the content, and whether it is authorized.

const TOKEN: &[u8] = b"Bearer lamp";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Put,
    Other,
}

/// A head that is read in pieces. Of each line as much is kept as the longest line that matters has.
pub struct Head {
    pub method: Method,
    pub content_length: usize,
    pub is_authorized: bool,
    /// The client will not send another request on this connection.
    pub is_last: bool,
    path: [u8; 16],
    path_len: usize,
    is_first: bool,
    line: [u8; 64],
    line_len: usize,
}

impl Head {
    pub const fn new() -> Self {
        Self {
            method: Method::Other,
            content_length: 0,
            is_authorized: false,
            is_last: false,
            path: [0; 16],
            path_len: 0,
            is_first: true,
            line: [0; 64],
            line_len: 0,
        }
    }

    /// The path; empty if it is longer than any there is.
    pub fn path(&self) -> &[u8] {
        self.path.get(..self.path_len).unwrap_or(b"")
    }

    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
                self.line_len = 0;
            } else if let Some(place) = self.line.get_mut(self.line_len) {
                *place = byte;
                self.line_len += 1;
            }
        }
    }

    fn end_line(&mut self) {
        // What is behind it was not kept.
        let is_cut = self.line_len == self.line.len();
        let line = self.line;
        let line = line.get(..self.line_len).unwrap_or(b"").trim_ascii_end();
        if self.is_first {
            self.is_first = line.is_empty();
            self.request_line(line);
            return;
        }
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return;
        };
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"authorization") {
            self.is_authorized = value == TOKEN && !is_cut;
        } else if name.eq_ignore_ascii_case(b"connection") {
            self.is_last |= value.eq_ignore_ascii_case(b"close");
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // What is no number is too long.
            let number = core::str::from_utf8(value)
                .ok()
                .and_then(|value| value.parse().ok())
                .filter(|_| !is_cut);
            self.content_length = number.unwrap_or(usize::MAX);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.content_length = usize::MAX;
        }
    }

    fn request_line(&mut self, line: &[u8]) {
        let mut words = line.split(|&byte| byte == b' ');
        self.method = match words.next() {
            Some(b"GET") => Method::Get,
            Some(b"PUT") => Method::Put,
            _ => Method::Other,
        };
        let target = words.next().unwrap_or(b"");
        self.is_last = words.next() == Some(b"HTTP/1.0");
        let path = target.split(|&byte| byte == b'?').next().unwrap_or(b"");
        if let Some(place) = self.path.get_mut(..path.len()) {
            place.copy_from_slice(path);
            self.path_len = path.len();
        }
    }
}
