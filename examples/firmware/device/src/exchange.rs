//! One request and its response.

use embedded_cors::{Door, DoorsReader, Progress};

use crate::answer::Answer;
use crate::head::{Head, Method};
use crate::lamp::Lamp;
use crate::{CORS, DOORS, MAX_CONTENT, MAX_HEAD, MAX_READ, MAX_RESPONSE, PAGE, socket};

/// One request and its response.
pub struct Exchange {
    reader: DoorsReader<192>,
    head: Head,
    head_len: usize,
    /// True if the end of the head has been read.
    has_head: bool,
    content: [u8; MAX_CONTENT],
    content_len: usize,
}

/// The outcome for some bytes of a connection.
pub struct Step<'b> {
    /// How many of the bytes belong to this request. The rest belongs to the next one.
    pub used: usize,
    /// The response, once the request is complete or has to be rejected.
    pub response: Option<Response<'b>>,
}

/// The bytes to send, and what becomes of the connection after them.
pub struct Response<'b> {
    pub bytes: &'b [u8],
    pub then: Then,
}

/// The use of a connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    NextRequest,
    Close,
    /// The response is the beginning of an event stream.
    EventStream,
    /// The response has turned the connection into a WebSocket.
    WebSocket,
}

impl Exchange {
    pub const fn new() -> Self {
        Self {
            reader: DoorsReader::new(),
            head: Head::new(),
            head_len: 0,
            has_head: false,
            content: [0; MAX_CONTENT],
            content_len: 0,
        }
    }

    /// Returns whether a part of the request has arrived.
    pub const fn has_started(&self) -> bool {
        self.head_len > 0
    }

    /// Takes the next bytes of the connection, up to the end of the request at most. After the
    /// response, a new exchange takes the rest.
    pub fn push<'b>(
        &mut self,
        lamp: &mut Lamp,
        bytes: &[u8],
        buffer: &'b mut [u8; MAX_RESPONSE],
    ) -> Step<'b> {
        let mut used = 0;
        if !self.has_head {
            used = match self.reader.push(bytes) {
                Err(_) => return self.reject(400, bytes.len(), buffer),
                Ok(Progress::NeedsMore) => bytes.len(),
                Ok(Progress::Done { used }) => {
                    self.has_head = true;
                    used
                }
            };
            self.head.push(bytes.get(..used).unwrap_or(bytes));
            self.head_len += used;
            if self.head_len > MAX_READ || self.has_head && self.head_len > MAX_HEAD {
                return self.reject(431, used, buffer);
            }
            if !self.has_head {
                return Step { used, response: None };
            }
            self.head.finish();
        }
        if let Some(status) = self.head.fault {
            return self.reject(status, used, buffer);
        }
        let content_length = self.head.content_length();
        if content_length > MAX_CONTENT {
            return self.reject(413, used, buffer);
        }
        // A preflight may have content too, and it must not become the next request.
        let missing = self
            .content
            .get_mut(self.content_len..content_length)
            .unwrap_or(&mut []);
        for (place, &byte) in missing.iter_mut().zip(bytes.get(used..).unwrap_or(b"")) {
            *place = byte;
            self.content_len += 1;
            used += 1;
        }
        if self.content_len < content_length {
            return Step { used, response: None };
        }
        let content = self.content.get(..content_length).unwrap_or(b"");
        let mut request = self.reader.request();
        if self.head.path() == b"/events" {
            request.set_event_stream();
        }
        // The doors decide before routing and before authentication.
        let decision = DOORS.decide(&request);
        let mut then = if self.head.is_last {
            Then::Close
        } else {
            Then::NextRequest
        };
        let bytes = if cfg!(feature = "without-doors") && decision.door() != Door::Preflight {
            let cors = CORS.decide(request.request());
            let fields = |rest: &mut [u8]| cors.write_fields(rest).map_or(0, |lines| lines.len());
            respond(lamp, &self.head, content, fields, &mut then, buffer)
        } else if let Some(response) = decision.response() {
            response.write(buffer).unwrap_or(b"")
        } else {
            let fields = |rest: &mut [u8]| decision.write_fields(rest).map_or(0, |lines| lines.len());
            respond(lamp, &self.head, content, fields, &mut then, buffer)
        };
        Step {
            used,
            response: Some(Response { bytes, then }),
        }
    }

    /// Answers a request that did not arrive in time.
    pub fn time_out<'b>(&self, buffer: &'b mut [u8; MAX_RESPONSE]) -> Response<'b> {
        self.rejection(408, buffer)
    }

    fn reject<'b>(&self, status: u16, used: usize, buffer: &'b mut [u8; MAX_RESPONSE]) -> Step<'b> {
        Step {
            used,
            response: Some(self.rejection(status, buffer)),
        }
    }

    /// Answers a request that was not read to its end. The answer needs the CORS fields too, or the
    /// page cannot see the status.
    fn rejection<'b>(&self, status: u16, buffer: &'b mut [u8; MAX_RESPONSE]) -> Response<'b> {
        let request = self.reader.request();
        let cors = CORS.decide_for_error_reply(request.request());
        let mut answer = Answer::new(status, self.head.method, buffer);
        answer.field("connection", b"close");
        answer.fields(|rest| cors.write_fields(rest).map_or(0, |lines| lines.len()));
        Response {
            bytes: answer.finish(b""),
            then: Then::Close,
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

/// Routes a request. `fields` writes the CORS fields, and `then` becomes the use of the connection.
///
/// Requests that set up the lamp need authorization. Everybody in the network may switch it, as
/// with most lamps, and the doors keep out the pages of strangers.
fn respond<'b>(
    lamp: &mut Lamp,
    head: &Head,
    content: &[u8],
    fields: impl FnOnce(&mut [u8]) -> usize,
    then: &mut Then,
    response: &'b mut [u8; MAX_RESPONSE],
) -> &'b [u8] {
    let is_get = matches!(head.method, Method::Get | Method::Head);
    let (status, body) = match (head.path(), head.method) {
        (b"/status", _) if is_get => (200, lamp.status()),
        (b"/config", _) if is_get => (200, lamp.config()),
        (b"/", _) if is_get => (200, lamp.nothing()),
        (b"/events" | b"/socket", Method::Get) if !lamp.has_room_for_a_stream() => (503, lamp.nothing()),
        (b"/events", Method::Get) => (200, lamp.nothing()),
        (b"/socket", Method::Get) if head.websocket_key().is_some() => (101, lamp.nothing()),
        (b"/socket", Method::Get) => (426, lamp.nothing()),
        (b"/led" | b"/config", Method::Put) if !head.is_authorized => (401, lamp.nothing()),
        (b"/led", Method::Put | Method::Post) => match lamp.switch(content) {
            Ok(()) => (200, lamp.status()),
            Err(()) => (400, lamp.nothing()),
        },
        (b"/config", Method::Put) => match lamp.configure(content) {
            Ok(()) => (200, lamp.config()),
            Err(()) => (400, lamp.nothing()),
        },
        (b"/" | b"/status" | b"/led" | b"/config" | b"/events" | b"/socket", _) => (405, lamp.nothing()),
        _ => (404, lamp.nothing()),
    };
    let mut answer = Answer::new(status, head.method, response);
    if status == 101 {
        *then = Then::WebSocket;
    } else if *then == Then::Close {
        answer.field("connection", b"close");
    }
    match (status, head.path()) {
        (101, _) => {
            answer.field("connection", b"upgrade");
            answer.field("upgrade", b"websocket");
            let accept = socket::accept(head.websocket_key().unwrap_or(&[0; 24]));
            answer.field("sec-websocket-accept", &accept);
        }
        (426, _) => answer.field("upgrade", b"websocket"),
        (200, b"/") => answer.field("content-type", b"text/html;charset=utf-8"),
        (200, b"/events") => {
            *then = Then::EventStream;
            answer.field("content-type", b"text/event-stream");
            answer.field("cache-control", b"no-store");
        }
        (200, _) => {
            answer.field("content-type", b"application/json");
            answer.field("x-uptime-ms", lamp.uptime().as_bytes());
        }
        (401, _) => answer.field("www-authenticate", b"Bearer"),
        (405, b"/events" | b"/socket") => answer.field("allow", b"GET"),
        (405, b"/" | b"/status") => answer.field("allow", b"GET, HEAD"),
        (405, b"/led") => answer.field("allow", b"PUT, POST"),
        (405, _) => answer.field("allow", b"GET, HEAD, PUT"),
        _ => {}
    }
    answer.fields(fields);
    match (*then, head.path()) {
        (Then::EventStream | Then::WebSocket, _) => answer.finish_head(),
        (_, b"/") if status == 200 => answer.finish(PAGE),
        _ => answer.finish(body.as_bytes()),
    }
}
