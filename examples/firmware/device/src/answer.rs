//! Writes a response from front to back.

use crate::MAX_RESPONSE;
use crate::head::Method;
use crate::lamp::Text;

/// A response that is being written. Bytes that do not fit are left out. The longest response of
/// this application fits, which the tests check.
pub struct Answer<'b> {
    buffer: &'b mut [u8; MAX_RESPONSE],
    len: usize,
    /// True if the client wants to know everything but the content.
    is_head: bool,
}

impl<'b> Answer<'b> {
    pub fn new(status: u16, method: Method, buffer: &'b mut [u8; MAX_RESPONSE]) -> Self {
        let mut answer = Self {
            buffer,
            len: 0,
            is_head: method == Method::Head,
        };
        answer.put(match status {
            101 => b"HTTP/1.1 101 Switching Protocols\r\n",
            200 => b"HTTP/1.1 200 OK\r\n",
            400 => b"HTTP/1.1 400 Bad Request\r\n",
            401 => b"HTTP/1.1 401 Unauthorized\r\n",
            404 => b"HTTP/1.1 404 Not Found\r\n",
            405 => b"HTTP/1.1 405 Method Not Allowed\r\n",
            408 => b"HTTP/1.1 408 Request Timeout\r\n",
            411 => b"HTTP/1.1 411 Length Required\r\n",
            413 => b"HTTP/1.1 413 Content Too Large\r\n",
            414 => b"HTTP/1.1 414 URI Too Long\r\n",
            426 => b"HTTP/1.1 426 Upgrade Required\r\n",
            431 => b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
            503 => b"HTTP/1.1 503 Service Unavailable\r\n",
            505 => b"HTTP/1.1 505 HTTP Version Not Supported\r\n",
            _ => b"HTTP/1.1 500 Internal Server Error\r\n",
        });
        answer
    }

    pub fn field(&mut self, name: &str, value: &[u8]) {
        self.put(name.as_bytes());
        self.put(b": ");
        self.put(value);
        self.put(b"\r\n");
    }

    /// Adds the CORS fields, which every status needs. `write` writes them and returns their
    /// length.
    pub fn fields(&mut self, write: impl FnOnce(&mut [u8]) -> usize) {
        if let Some(rest) = self.buffer.get_mut(self.len..) {
            self.len += write(rest);
        }
    }

    /// Ends the head, and adds the content.
    pub fn finish(mut self, content: &[u8]) -> &'b [u8] {
        let mut length = Text::<10>::new();
        length.number(content.len() as u32);
        self.field("content-length", length.as_bytes());
        self.put(b"\r\n");
        if !self.is_head {
            self.put(content);
        }
        self.bytes()
    }

    /// Ends the head of a response without a length.
    pub fn finish_head(mut self) -> &'b [u8] {
        self.put(b"\r\n");
        self.bytes()
    }

    fn bytes(self) -> &'b [u8] {
        self.buffer.get(..self.len).unwrap_or(b"")
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.buffer.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }
}
