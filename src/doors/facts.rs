//! The facts that the doors need of a request besides its CORS fields and its host.
//!
//! Each of these fields is compared with a few values, so nothing of them is stored but the result
//! of the comparison. A field that is repeated or malformed counts as the value that is refused.

use crate::ascii::{eq, eq_ignore_case, is_ows, until};

/// A request field that the doors read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DoorField {
    /// `Host`.
    Host,
    /// `Sec-Fetch-Site`.
    Site,
    /// `Sec-Fetch-Mode`.
    Mode,
    /// `Sec-Fetch-Dest`.
    Dest,
    /// `Upgrade`.
    Upgrade,
    /// `Accept`.
    Accept,
}

impl DoorField {
    /// The length of the longest name.
    pub(super) const MAX_LEN: usize = "sec-fetch-site".len();

    /// Returns the field with this name, in any case.
    pub(super) const fn from_name(name: &[u8]) -> Option<Self> {
        match name.len() {
            4 if eq_ignore_case(name, b"host") => Some(Self::Host),
            6 if eq_ignore_case(name, b"accept") => Some(Self::Accept),
            7 if eq_ignore_case(name, b"upgrade") => Some(Self::Upgrade),
            14 if eq_ignore_case(name, b"sec-fetch-site") => Some(Self::Site),
            14 if eq_ignore_case(name, b"sec-fetch-mode") => Some(Self::Mode),
            14 if eq_ignore_case(name, b"sec-fetch-dest") => Some(Self::Dest),
            _ => None,
        }
    }
}

/// The methods that the doors tell apart. They are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    /// `OPTIONS` or `TRACE`: safe, and not a navigation.
    OtherSafe,
    Connect,
    Unsafe,
}

impl Method {
    pub(super) const fn of(method: &[u8]) -> Self {
        match method {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"OPTIONS" | b"TRACE" => Self::OtherSafe,
            b"CONNECT" => Self::Connect,
            _ => Self::Unsafe,
        }
    }

    /// Returns whether the method is safe (<https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1>).
    pub(super) const fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::OtherSafe)
    }
}

/// The value of `Sec-Fetch-Site` (<https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchSite {
    Absent,
    SameOrigin,
    SameSite,
    /// The user started the request, for example from the address bar.
    None,
    /// `cross-site`, or any value that the standard does not have.
    CrossSite,
}

/// The facts about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) method: Method,
    /// Whether the version of the request line is HTTP/1.0.
    pub(super) is_http_1_0: bool,
    pub(super) site: FetchSite,
    /// Whether `Sec-Fetch-Mode` is `navigate`; `None` if there was no line.
    pub(super) is_navigation: Option<bool>,
    /// Whether `Sec-Fetch-Dest` is `object` or `embed`; `None` if there was no line.
    pub(super) is_plugin: Option<bool>,
    /// Whether `Upgrade` contains `websocket`.
    pub(super) upgrades: bool,
    /// Whether `:protocol` is `websocket`.
    pub(super) is_websocket_protocol: bool,
    /// Whether `Accept` contains `text/event-stream`.
    pub(super) accepts_events: bool,
    /// Whether the server says that the response is an event stream.
    pub(super) is_event_stream: bool,
    /// The port that `:scheme` stands for.
    pub(super) default_port: Option<u16>,
}

impl Facts {
    pub(super) const fn new(method: Method) -> Self {
        Self {
            method,
            is_http_1_0: false,
            site: FetchSite::Absent,
            is_navigation: None,
            is_plugin: None,
            upgrades: false,
            is_websocket_protocol: false,
            accepts_events: false,
            is_event_stream: false,
            default_port: None,
        }
    }

    /// Takes the result of a line of any field but `Host`.
    fn take(&mut self, field: DoorField, found: Found) {
        match field {
            DoorField::Host => {}
            DoorField::Site => {
                self.site = match found {
                    // An empty value is not a token, and is ignored as the standard says.
                    Found::Empty => return,
                    _ if self.site != FetchSite::Absent => FetchSite::CrossSite,
                    Found::SameOrigin => FetchSite::SameOrigin,
                    Found::SameSite => FetchSite::SameSite,
                    Found::None => FetchSite::None,
                    _ => FetchSite::CrossSite,
                }
            }
            DoorField::Mode => {
                self.is_navigation = Some(self.is_navigation.is_none() && found == Found::Navigate);
            }
            DoorField::Dest => {
                let is_plugin = matches!(found, Found::Plugin | Found::Malformed);
                self.is_plugin = Some(self.is_plugin.is_some() || is_plugin);
            }
            DoorField::Upgrade => self.upgrades |= matches!(found, Found::Listed | Found::Malformed),
            DoorField::Accept => self.accepts_events |= matches!(found, Found::Listed | Found::Malformed),
        }
    }

    /// Takes a line whose value is not known.
    pub(super) fn malformed(&mut self, field: DoorField) {
        // Whatever the lines before said, the field is no longer one with a good value.
        match field {
            DoorField::Site => self.site = FetchSite::CrossSite,
            DoorField::Mode => self.is_navigation = Some(false),
            field => self.take(field, Found::Malformed),
        }
    }

    /// Takes a whole value.
    pub(super) fn value(&mut self, field: DoorField, value: &[u8]) {
        let mut reading = Reading::new();
        reading.feed(field, value);
        self.end(field, &reading);
    }

    /// Takes a value that was read in pieces.
    pub(super) fn end(&mut self, field: DoorField, reading: &Reading) {
        self.take(field, reading.found(field));
    }
}

/// The result of comparing a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    SameOrigin,
    SameSite,
    None,
    Navigate,
    Plugin,
    Empty,
    /// The list contains the member that matters.
    Listed,
    Other,
    Malformed,
}

/// A value that is read in pieces, or a name: of each member, the first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    bytes: [u8; Self::LEN],
    /// The number of bytes read, up to one more than there is room for.
    len: u8,
    /// Whether white space or a delimiter came after the bytes.
    is_closed: bool,
    /// Whether a member of a list before this one was the one that matters.
    is_listed: bool,
}

impl Reading {
    /// The length of the longest text that is looked for: `text/event-stream`.
    const LEN: usize = EVENT_STREAM.len();

    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::LEN],
            len: 0,
            is_closed: false,
            is_listed: false,
        }
    }

    /// Forgets the bytes.
    pub(super) const fn clear(&mut self) {
        self.len = 0;
        self.is_closed = false;
    }

    /// Appends a byte, or notes that there are too many.
    pub(super) fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(self.len as usize) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.len = Self::LEN as u8 + 1,
        }
    }

    /// Returns the bytes; an empty slice if there were too many.
    pub(super) fn text(&self) -> &[u8] {
        if self.len as usize > Self::LEN {
            return b"";
        }
        until(&self.bytes, self.len as usize)
    }

    /// Reads the next bytes of a value.
    pub(super) fn feed(&mut self, field: DoorField, bytes: &[u8]) {
        let is_list = matches!(field, DoorField::Upgrade | DoorField::Accept);
        for &byte in bytes {
            match byte {
                b',' if is_list => {
                    self.is_listed |= self.is_wanted(field);
                    self.clear();
                }
                // Parameters of a media range, and the version of a protocol.
                b';' if is_list => self.is_closed = true,
                b'/' if field == DoorField::Upgrade => self.is_closed = true,
                byte if is_ows(byte) => self.is_closed |= self.len > 0,
                _ if is_list && self.is_closed => {}
                // A value with white space in it is none of those that are looked for.
                _ if self.is_closed => self.len = Self::LEN as u8 + 1,
                byte => self.push(byte),
            }
        }
    }

    /// Returns whether the member is the one that matters. Names of protocols and media types
    /// ignore case.
    fn is_wanted(&self, field: DoorField) -> bool {
        let wanted = match field {
            DoorField::Upgrade => WEBSOCKET,
            _ => EVENT_STREAM,
        };
        eq_ignore_case(self.text(), wanted)
    }

    fn found(&self, field: DoorField) -> Found {
        let text = self.text();
        match field {
            DoorField::Upgrade | DoorField::Accept if self.is_listed || self.is_wanted(field) => {
                Found::Listed
            }
            DoorField::Site if self.len == 0 => Found::Empty,
            DoorField::Site if eq(text, b"same-origin") => Found::SameOrigin,
            DoorField::Site if eq(text, b"same-site") => Found::SameSite,
            DoorField::Site if eq(text, b"none") => Found::None,
            DoorField::Mode if eq(text, b"navigate") => Found::Navigate,
            DoorField::Dest if eq(text, b"object") || eq(text, b"embed") => Found::Plugin,
            _ => Found::Other,
        }
    }
}

/// The protocol of RFC 6455 and RFC 8441.
pub(super) const WEBSOCKET: &[u8] = b"websocket";

/// The media type of <https://html.spec.whatwg.org/#text/event-stream>.
const EVENT_STREAM: &[u8] = b"text/event-stream";

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: &[(DoorField, &str)]) -> Facts {
        let mut facts = Facts::new(Method::Get);
        for (field, value) in lines {
            facts.value(*field, value.as_bytes());
            // A value in pieces gives the same.
            for at in 0..=value.len() {
                let mut reading = Reading::new();
                let mut other = Facts::new(Method::Get);
                reading.feed(*field, &value.as_bytes()[..at]);
                reading.feed(*field, &value.as_bytes()[at..]);
                other.end(*field, &reading);
                let mut whole = Facts::new(Method::Get);
                whole.value(*field, value.as_bytes());
                assert_eq!(other, whole, "{value}");
            }
        }
        facts
    }

    #[test]
    fn sites_are_exact() {
        for (value, site) in [
            ("same-origin", FetchSite::SameOrigin),
            (" same-origin \t", FetchSite::SameOrigin),
            ("same-site", FetchSite::SameSite),
            ("none", FetchSite::None),
            ("cross-site", FetchSite::CrossSite),
            ("", FetchSite::Absent),
            (" ", FetchSite::Absent),
            ("Same-Origin", FetchSite::CrossSite),
            ("same-origin, none", FetchSite::CrossSite),
            ("same origin", FetchSite::CrossSite),
            ("none;a", FetchSite::CrossSite),
            ("same-origin-same-origin", FetchSite::CrossSite),
        ] {
            assert_eq!(facts(&[(DoorField::Site, value)]).site, site, "{value}");
        }
        assert_eq!(
            facts(&[(DoorField::Site, "none"), (DoorField::Site, "none")]).site,
            FetchSite::CrossSite
        );
    }

    #[test]
    fn lists_contain_a_member() {
        for (value, is_listed) in [
            ("websocket", true),
            ("WebSocket", true),
            ("h2c, websocket", true),
            ("websocket/13", true),
            ("websocket ,h2c", true),
            ("websockets", false),
            ("xwebsocket", false),
            ("h2c", false),
            ("web socket", false),
            ("", false),
        ] {
            assert_eq!(
                facts(&[(DoorField::Upgrade, value)]).upgrades,
                is_listed,
                "{value}"
            );
        }
        for (value, is_listed) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream", true),
            ("text/event-stream;q=0.9, */*", true),
            ("*/*", false),
            ("text/*", false),
            ("text/event-streams", false),
            ("application/json, text/html", false),
        ] {
            assert_eq!(
                facts(&[(DoorField::Accept, value)]).accepts_events,
                is_listed,
                "{value}"
            );
        }
    }

    #[test]
    fn a_repeated_mode_is_no_navigation_and_a_repeated_destination_is_a_plugin() {
        use DoorField::{Dest, Mode};
        assert_eq!(facts(&[(Mode, "navigate")]).is_navigation, Some(true));
        assert_eq!(
            facts(&[(Mode, "navigate"), (Mode, "navigate")]).is_navigation,
            Some(false)
        );
        assert_eq!(facts(&[(Dest, "document")]).is_plugin, Some(false));
        assert_eq!(facts(&[(Dest, "embed")]).is_plugin, Some(true));
        assert_eq!(
            facts(&[(Dest, "document"), (Dest, "document")]).is_plugin,
            Some(true)
        );
    }
}
