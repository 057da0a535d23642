//! The decision of doors on a request.

use core::fmt;

use super::settings::{HostRefusedStatus, ResourcePolicy};
use crate::decision::Decision;
use crate::reason::{Reason, Refusal};

/// The way into the server that a request takes. See [the rules](super::Doors#the-rules).
///
/// It is `#[non_exhaustive]`, because later versions may know more ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Door {
    /// The host is refused, so nothing else was decided.
    Host,
    /// A CORS-preflight request.
    Preflight,
    /// A WebSocket handshake.
    WebSocket,
    /// A method that changes something: any but `GET`, `HEAD`, `OPTIONS` and `TRACE`.
    UnsafeMethod,
    /// A method that changes nothing.
    SafeMethod,
    /// A request with a safe method for an event stream.
    EventStream,
}

impl Door {
    /// Returns the name, such as `unsafe_method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Preflight => "preflight",
            Self::WebSocket => "websocket",
            Self::UnsafeMethod => "unsafe_method",
            Self::SafeMethod => "safe_method",
            Self::EventStream => "event_stream",
        }
    }
}

impl fmt::Display for Door {
    /// Writes the [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The decision of [`Doors`](super::Doors) on a request: which door, whether it is open, and the
/// response.
///
/// The `Display` output is a line for a log that has no bytes of the request, such as
/// `websocket refused: no entry of the policy admits the origin`.
#[derive(Clone, Debug)]
#[must_use = "a decision does nothing until the server acts on it"]
pub struct DoorsDecision<'a> {
    pub(super) door: Door,
    /// The refusal of the door. That of a preflight is in `cors`.
    pub(super) refusal: Option<Refusal>,
    /// `None` if the host is refused.
    pub(super) cors: Option<Decision<'a>>,
    pub(super) vary: MoreVary,
    pub(super) resource_policy: Option<ResourcePolicy>,
    pub(super) host_refused: HostRefusedStatus,
}

impl<'a> DoorsDecision<'a> {
    /// Returns the door.
    pub const fn door(&self) -> Door {
        self.door
    }

    /// Returns whether the request is refused. The server then sends the
    /// [response](Self::response), and neither routes the request nor upgrades the connection.
    ///
    /// That a page may not read a response is not a refusal here: [`cors`](Self::cors) says so.
    pub const fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Returns why the request is refused, or `None` if it is not.
    pub const fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Returns the decision of the policy. It is `None` if the host is refused.
    pub const fn cors(&self) -> Option<&Decision<'a>> {
        self.cors.as_ref()
    }

    /// Returns the status of the response to a refused request.
    pub(super) const fn refused_status(&self) -> u16 {
        match (self.door, self.refusal, self.host_refused) {
            (Door::Host, Some(refusal), HostRefusedStatus::Forbidden)
                if matches!(refusal.reason(), Reason::HostNotAllowed) =>
            {
                403
            }
            (Door::Host, Some(refusal), HostRefusedStatus::MisdirectedRequest)
                if matches!(refusal.reason(), Reason::HostNotAllowed) =>
            {
                421
            }
            (Door::Host, ..) => 400,
            _ => 403,
        }
    }
}

impl fmt::Display for DoorsDecision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal {
            Some(refusal) => write!(f, "{} refused: {refusal}", self.door),
            None => write!(f, "{} allowed", self.door),
        }
    }
}

/// The request fields that the response depends on, besides those of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MoreVary {
    pub(super) origin: bool,
    pub(super) accept: bool,
    pub(super) sec_fetch: bool,
}

impl MoreVary {
    pub(super) const NOTHING: Self = Self {
        origin: false,
        accept: false,
        sec_fetch: false,
    };

    /// The longest line.
    pub(super) const MAX_LEN: usize = "vary: \r\n".len() + Self::ALL.len();

    const ALL: &'static str = "origin,accept,sec-fetch-site,sec-fetch-mode,sec-fetch-dest";

    /// Returns the value of the field; empty if the response depends on nothing more.
    pub(super) const fn value(self) -> &'static str {
        match (self.origin, self.accept, self.sec_fetch) {
            (false, false, false) => "",
            (true, false, false) => "origin",
            (false, true, false) => "accept",
            (true, true, false) => "origin,accept",
            (false, false, true) => "sec-fetch-site,sec-fetch-mode,sec-fetch-dest",
            (true, false, true) => "origin,sec-fetch-site,sec-fetch-mode,sec-fetch-dest",
            (false, true, true) => "accept,sec-fetch-site,sec-fetch-mode,sec-fetch-dest",
            (true, true, true) => Self::ALL,
        }
    }
}
