//! A response, written from its front.

use embedded_cors::Decision;

use crate::MAX_RESPONSE;
use crate::lamp::Text;

/// A response that is being written. What would not fit is left out; the longest of this application does fit, as its tests show.
pub struct Answer<'b> {
    buffer: &'b mut [u8; MAX_RESPONSE],
    len: usize,
}

impl<'b> Answer<'b> {
    pub fn new(status: u16, buffer: &'b mut [u8; MAX_RESPONSE]) -> Self {
        let mut answer = Self { buffer, len: 0 };
        answer.put(match status {
            200 => b"HTTP/1.1 200 OK\r\n",
            400 => b"HTTP/1.1 400 Bad Request\r\n",
            401 => b"HTTP/1.1 401 Unauthorized\r\n",
            404 => b"HTTP/1.1 404 Not Found\r\n",
            405 => b"HTTP/1.1 405 Method Not Allowed\r\n",
            413 => b"HTTP/1.1 413 Content Too Large\r\n",
            431 => b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
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

    /// The CORS fields, on every status, and the content.
    pub fn finish(mut self, cors: &Decision<'_>, content: &[u8]) -> &'b [u8] {
        if let Some(rest) = self.buffer.get_mut(self.len..) {
            self.len += cors.write_fields(rest).map_or(0, |lines| lines.len());
        }
        let mut length = Text::<10>::new();
        length.number(content.len() as u32);
        self.field("content-length", length.as_bytes());
        self.put(b"\r\n");
        self.put(content);
        let Self { buffer, len } = self;
        buffer.get(..len).unwrap_or(b"")
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.buffer.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }
}
