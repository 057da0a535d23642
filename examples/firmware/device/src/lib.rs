//! The application: the HTTP API of a lamp. It takes a request in pieces of any size and gives the response, and knows nothing of the network.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod answer;
mod head;
mod lamp;

pub use lamp::Lamp;

use answer::Answer;
use embedded_cors::{Decision, Policy, PolicyReader, Progress, rendered};
use head::{Head, Method};

/// In flash. Whoever may use the lamp from a page: the app, its previews, and developers.
pub static CORS: Policy = rendered!(
    Policy::builder()
        .allow_origins(&[
            "https://app.example.com",
            "https://*.preview.example.com",
            "http://localhost:*",
            "http://127.0.0.1:*",
        ])
        .allow_methods(&["PUT"])
        .allow_headers(&["authorization", "content-type"])
        .expose_headers(&["x-uptime-ms"])
        .max_age_seconds(600)
        .build_or_panic()
);

/// The longest head that is answered as it asks: a cookie of 16 KiB is passed over, since none of it is kept.
const MAX_HEAD: usize = 24 * 1024;

/// A head that is longer is read on for the `Origin` that may stand behind what is long, and answered 431. At this length nobody waits for it.
const MAX_READ: usize = 4 * MAX_HEAD;

/// The longest content.
const MAX_CONTENT: usize = 64;

/// The longest response: what the CORS policy writes, and what the application does.
pub const MAX_RESPONSE: usize = CORS.max_response_len() + 256;

/// One request and its response.
pub struct Exchange {
    cors: PolicyReader<'static, 128>,
    head: Head,
    head_len: usize,
    /// The end of the head was read.
    has_head: bool,
    content: [u8; MAX_CONTENT],
    content_len: usize,
}

/// What goes out.
pub struct Response<'b> {
    pub bytes: &'b [u8],
    /// The connection is of no more use.
    pub is_last: bool,
}

impl Exchange {
    pub const fn new() -> Self {
        Self {
            cors: PolicyReader::new(&CORS),
            head: Head::new(),
            head_len: 0,
            has_head: false,
            content: [0; MAX_CONTENT],
            content_len: 0,
        }
    }

    /// Takes the next bytes of the connection. Once the request is whole, or will not be, writes the response; what these bytes have behind
    /// the request is of no interest, since a client waits for the response.
    pub fn push<'b>(
        &mut self,
        lamp: &mut Lamp,
        bytes: &[u8],
        buffer: &'b mut [u8; MAX_RESPONSE],
    ) -> Option<Response<'b>> {
        let mut content = bytes;
        if !self.has_head {
            let used = match self.cors.push(bytes) {
                Err(_) => return Some(self.give_up(400, buffer)),
                Ok(Progress::NeedsMore) => bytes.len(),
                Ok(Progress::Done { used }) => {
                    self.has_head = true;
                    used
                }
            };
            let (head, behind) = bytes.split_at_checked(used).unwrap_or((bytes, &[]));
            self.head.push(head);
            self.head_len += used;
            content = behind;
            if self.head_len > MAX_READ || self.has_head && self.head_len > MAX_HEAD {
                return Some(self.give_up(431, buffer));
            }
            if !self.has_head {
                return None;
            }
        }
        let is_last = self.head.is_last;
        // Before routing and before authentication.
        if let Some(preflight) = self.cors.decide().preflight() {
            let bytes = preflight.write_response(buffer).unwrap_or(b"");
            return Some(Response { bytes, is_last });
        }
        if self.head.content_length > MAX_CONTENT {
            return Some(self.give_up(413, buffer));
        }
        for &byte in content {
            if let Some(place) = self.content.get_mut(self.content_len) {
                *place = byte;
                self.content_len += 1;
            }
        }
        if self.content_len < self.head.content_length {
            return None;
        }
        let content = self.content.get(..self.head.content_length).unwrap_or(b"");
        let bytes = respond(lamp, &self.head, content, &self.cors.decide(), buffer);
        Some(Response { bytes, is_last })
    }

    /// An error reply to a request that was not read to its end. It too has the CORS fields, so that the page sees the status.
    fn give_up<'b>(&self, status: u16, buffer: &'b mut [u8; MAX_RESPONSE]) -> Response<'b> {
        let mut answer = Answer::new(status, buffer);
        answer.field("connection", b"close");
        Response {
            bytes: answer.finish(&self.cors.decide_error_reply(), b""),
            is_last: true,
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

/// Routes, and asks who it is where something is to be changed.
fn respond<'b>(
    lamp: &mut Lamp,
    head: &Head,
    content: &[u8],
    cors: &Decision<'_>,
    response: &'b mut [u8; MAX_RESPONSE],
) -> &'b [u8] {
    let (status, body) = match (head.path(), head.method) {
        (b"/status", Method::Get) => (200, lamp.status()),
        (b"/config", Method::Get) => (200, lamp.config()),
        (b"/led" | b"/config", Method::Put) if !head.is_authorized => (401, lamp.nothing()),
        (b"/led", Method::Put) => match lamp.switch(content) {
            Ok(()) => (200, lamp.status()),
            Err(()) => (400, lamp.nothing()),
        },
        (b"/config", Method::Put) => match lamp.configure(content) {
            Ok(()) => (200, lamp.config()),
            Err(()) => (400, lamp.nothing()),
        },
        (b"/status" | b"/led" | b"/config", _) => (405, lamp.nothing()),
        _ => (404, lamp.nothing()),
    };
    let mut answer = Answer::new(status, response);
    if head.is_last {
        answer.field("connection", b"close");
    }
    match (status, head.path()) {
        (200, _) => {
            answer.field("content-type", b"application/json");
            answer.field("x-uptime-ms", lamp.uptime().as_bytes());
        }
        (401, _) => answer.field("www-authenticate", b"Bearer"),
        (405, b"/status") => answer.field("allow", b"GET"),
        (405, b"/led") => answer.field("allow", b"PUT"),
        (405, _) => answer.field("allow", b"GET, PUT"),
        _ => {}
    }
    answer.finish(cors, body.as_bytes())
}

#[cfg(test)]
mod tests;
