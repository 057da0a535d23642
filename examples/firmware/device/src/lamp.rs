//! The state of the lamp: on or off, its name, and its uptime.

/// A text in a fixed buffer. Bytes that do not fit are left out.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    pub const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    pub fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        }
    }

    pub fn number(&mut self, number: u32) {
        let mut power = 1_000_000_000;
        let mut started = false;
        while power > 0 {
            let digit = (number / power % 10) as u8;
            if digit > 0 || started || power == 1 {
                self.put(&[b'0' + digit]);
                started = true;
            }
            power /= 10;
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(b"")
    }
}

/// The largest number of event streams and WebSockets. They last, and other clients need
/// connections too.
const MAX_STREAMS: usize = 4;

/// The content of a response.
type Body = Text<96>;

pub struct Lamp {
    is_on: bool,
    /// The number of event streams and WebSockets.
    streams: usize,
    name: Text<24>,
    uptime_ms: u32,
}

impl Lamp {
    pub fn new() -> Self {
        let mut name = Text::new();
        name.put(b"lamp");
        Self {
            is_on: false,
            streams: 0,
            name,
            uptime_ms: 0,
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Sets the uptime.
    pub fn tick(&mut self, uptime_ms: u32) {
        self.uptime_ms = uptime_ms;
    }

    pub(crate) fn uptime(&self) -> Text<10> {
        let mut text = Text::new();
        text.number(self.uptime_ms);
        text
    }

    pub(crate) fn nothing(&self) -> Body {
        Body::new()
    }

    /// Returns the state, such as `{"on":true}`.
    pub(crate) fn status(&self) -> Body {
        let mut body = Body::new();
        body.put(b"{\"on\":");
        body.put(if self.is_on { b"true" } else { b"false" });
        body.put(b"}\n");
        body
    }

    /// Returns the configuration, such as `{"name":"lamp"}`.
    pub(crate) fn config(&self) -> Body {
        let mut body = Body::new();
        body.put(b"{\"name\":\"");
        body.put(self.name.as_bytes());
        body.put(b"\"}\n");
        body
    }

    pub(crate) fn has_room_for_a_stream(&self) -> bool {
        self.streams < MAX_STREAMS
    }

    pub(crate) fn begin_stream(&mut self) {
        self.streams += 1;
    }

    pub(crate) fn end_stream(&mut self) {
        self.streams = self.streams.saturating_sub(1);
    }

    /// Takes JSON, such as `{"on":true}`, or what a form sends, such as `on=true`.
    pub(crate) fn switch(&mut self, content: &[u8]) -> Result<(), ()> {
        let of_form = content.trim_ascii().strip_prefix(b"on=");
        self.is_on = match of_form.or(member(content, b"on")).ok_or(())? {
            b"true" => true,
            b"false" => false,
            _ => return Err(()),
        };
        Ok(())
    }

    pub(crate) fn configure(&mut self, json: &[u8]) -> Result<(), ()> {
        let name = member(json, b"name").ok_or(())?;
        let name = name
            .strip_prefix(b"\"")
            .and_then(|name| name.strip_suffix(b"\""))
            .ok_or(())?;
        let is_plain = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'-';
        if name.is_empty() || name.len() > 24 || !name.iter().all(is_plain) {
            return Err(());
        }
        self.name = Text::new();
        self.name.put(name);
        Ok(())
    }
}

impl Default for Lamp {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the value of an object with one member, `{"name": value}`.
fn member<'j>(json: &'j [u8], name: &[u8]) -> Option<&'j [u8]> {
    let inside = json.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let (quoted, value) = inside.split_at_checked(inside.iter().position(|&byte| byte == b':')?)?;
    let own = quoted.trim_ascii().strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (own == name).then_some(value.get(1..)?.trim_ascii())
}
