//! A connection: requests and responses, until it becomes an event stream or a WebSocket.

use edge_ws::FrameType;

use crate::MAX_RESPONSE;
use crate::exchange::{Exchange, Response, Step, Then};
use crate::lamp::Lamp;
use crate::socket::{Socket, frame};

/// The use of a connection. It begins with requests, so the memory for them is needed anyway.
#[allow(clippy::large_enum_variant)]
enum Use {
    Requests(Exchange),
    /// An event stream. `Some` is the state that was sent last.
    Events(Option<bool>),
    /// A WebSocket, with the state that was sent last.
    WebSocket(Socket, Option<bool>),
    /// The connection ends when the client has taken what was sent.
    Over,
}

/// A connection of a client.
pub struct Connection(Use);

impl Connection {
    pub const fn new() -> Self {
        Self(Use::Requests(Exchange::new()))
    }

    /// Returns whether nothing more is read or sent.
    pub const fn is_over(&self) -> bool {
        matches!(self.0, Use::Over)
    }

    /// Returns whether a part of a request has arrived.
    pub const fn is_in_request(&self) -> bool {
        matches!(&self.0, Use::Requests(exchange) if exchange.has_started())
    }

    /// Returns whether the connection waits for a request.
    pub const fn awaits_request(&self) -> bool {
        matches!(&self.0, Use::Requests(exchange) if !exchange.has_started())
    }

    /// Returns whether the connection is an event stream or a WebSocket, which may be silent for
    /// as long as it likes.
    pub const fn is_stream(&self) -> bool {
        matches!(self.0, Use::Events(_) | Use::WebSocket(..))
    }

    /// Takes the next bytes. Returns how many belong to the current request or frame, and what to
    /// send.
    pub fn push<'b>(
        &mut self,
        lamp: &mut Lamp,
        bytes: &[u8],
        buffer: &'b mut [u8; MAX_RESPONSE],
    ) -> Step<'b> {
        match &mut self.0 {
            Use::Requests(exchange) => {
                let step = exchange.push(lamp, bytes, buffer);
                if let Some(response) = &step.response {
                    self.go_on(response.then, lamp);
                }
                step
            }
            Use::WebSocket(socket, _) => {
                let (used, reply) = socket.push(lamp, bytes, buffer);
                let response = reply.map(|reply| {
                    if reply.is_last {
                        self.end(lamp);
                    }
                    let then = if reply.is_last {
                        Then::Close
                    } else {
                        Then::WebSocket
                    };
                    let bytes = reply.bytes;
                    Response { bytes, then }
                });
                Step { used, response }
            }
            // Closing a connection with unread bytes would reset it, and the client could lose the
            // response.
            Use::Events(_) | Use::Over => Step {
                used: bytes.len(),
                response: None,
            },
        }
    }

    /// Returns what the lamp sends without being asked: its state, when it has changed.
    pub fn update<'b>(&mut self, lamp: &Lamp, buffer: &'b mut [u8; MAX_RESPONSE]) -> Option<&'b [u8]> {
        let sent = match &mut self.0 {
            Use::Events(sent) | Use::WebSocket(_, sent) => sent,
            Use::Requests(_) | Use::Over => return None,
        };
        if sent.replace(lamp.is_on()) == Some(lamp.is_on()) {
            return None;
        }
        let state: &[u8] = if lamp.is_on() {
            b"{\"on\":true}"
        } else {
            b"{\"on\":false}"
        };
        if matches!(self.0, Use::WebSocket(..)) {
            return Some(frame(FrameType::Text(false), state, buffer));
        }
        let mut len = 0;
        for part in [b"data: ", state, b"\n\n"] {
            if let Some(place) = buffer.get_mut(len..len + part.len()) {
                place.copy_from_slice(part);
                len += part.len();
            }
        }
        buffer.get(..len)
    }

    /// Answers a request that did not arrive in time.
    pub fn time_out<'b>(&mut self, lamp: &mut Lamp, buffer: &'b mut [u8; MAX_RESPONSE]) -> Option<&'b [u8]> {
        let bytes = match &self.0 {
            Use::Requests(exchange) => Some(exchange.time_out(buffer).bytes),
            _ => None,
        };
        self.end(lamp);
        bytes
    }

    /// Ends the connection: the client has closed it, or it is about to be closed.
    pub fn end(&mut self, lamp: &mut Lamp) {
        if self.is_stream() {
            lamp.end_stream();
        }
        self.0 = Use::Over;
    }

    fn go_on(&mut self, then: Then, lamp: &mut Lamp) {
        self.0 = match then {
            Then::NextRequest => Use::Requests(Exchange::new()),
            Then::Close => Use::Over,
            Then::EventStream => Use::Events(None),
            Then::WebSocket => Use::WebSocket(Socket::new(), None),
        };
        if self.is_stream() {
            lamp.begin_stream();
        }
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::new()
    }
}
