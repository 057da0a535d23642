//! The lamp: on or off, a name, and how long it has been running.

/// Text in a fixed buffer. What would not fit is left out.
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

/// A body of at most so many bytes.
type Body = Text<96>;

pub struct Lamp {
    is_on: bool,
    name: Text<24>,
    uptime_ms: u32,
}

impl Lamp {
    pub fn new() -> Self {
        let mut name = Text::new();
        name.put(b"lamp");
        Self {
            is_on: false,
            name,
            uptime_ms: 0,
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// What time it is.
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

    /// `{"on":true}`
    pub(crate) fn status(&self) -> Body {
        let mut body = Body::new();
        body.put(b"{\"on\":");
        body.put(if self.is_on { b"true" } else { b"false" });
        body.put(b"}\n");
        body
    }

    /// `{"name":"lamp"}`
    pub(crate) fn config(&self) -> Body {
        let mut body = Body::new();
        body.put(b"{\"name\":\"");
        body.put(self.name.as_bytes());
        body.put(b"\"}\n");
        body
    }

    pub(crate) fn switch(&mut self, json: &[u8]) -> Result<(), ()> {
        self.is_on = match member(json, b"on").ok_or(())? {
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

/// The value of the one member of an object, `{"name": value}`.
fn member<'j>(json: &'j [u8], name: &[u8]) -> Option<&'j [u8]> {
    let inside = json.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let (quoted, value) = inside.split_at_checked(inside.iter().position(|&byte| byte == b':')?)?;
    let own = quoted.trim_ascii().strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (own == name).then_some(value.get(1..)?.trim_ascii())
}
