//! A sentence composed at compile time or at run time, without allocation.

use core::fmt;

/// The most bytes of a message; what is longer is cut.
const CAPACITY: usize = 320;

/// The most bytes of an entry that a message quotes.
const QUOTED: usize = 80;

/// Text in a fixed buffer, written by `const` functions, so that a build can fail with it.
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    pub(crate) const fn text(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut i = 0;
        while i < text.len() && self.len < CAPACITY {
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    pub(crate) const fn number(self, number: usize) -> Self {
        let mut digits = [0u8; 20];
        let mut start = digits.len();
        let mut rest = number;
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(start);
        match core::str::from_utf8(digits) {
            Ok(digits) => self.text(digits),
            Err(_) => self,
        }
    }

    /// An entry between quotation marks: printable ASCII as it is, every other byte as `?`, so that a
    /// log line stays one line.
    pub(crate) const fn quoted(mut self, entry: &str) -> Self {
        self = self.text("\"");
        let entry = entry.as_bytes();
        let mut i = 0;
        while i < entry.len() && i < QUOTED && self.len < CAPACITY {
            self.bytes[self.len] = if entry[i] >= b' ' && entry[i] <= b'~' {
                entry[i]
            } else {
                b'?'
            };
            self.len += 1;
            i += 1;
        }
        if i < entry.len() {
            self = self.text("...");
        }
        self.text("\"")
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match core::str::from_utf8(text) {
            Ok(text) => text,
            // A multi-byte character cut at the end; no text of ours has one.
            Err(_) => "",
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes() {
        const MESSAGE: Message = Message::new()
            .text("a[")
            .number(10)
            .text("] ")
            .quoted("x\n\u{e9}y");
        assert_eq!(MESSAGE.as_str(), "a[10] \"x???y\"");
        assert_eq!(Message::new().number(0).as_str(), "0");
        assert_eq!(Message::new().number(usize::MAX).as_str(), usize::MAX.to_string());
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = "x".repeat(1000);
        assert_eq!(Message::new().quoted(&long).as_str().len(), QUOTED + 5);
        let mut message = Message::new();
        for _ in 0..10 {
            message = message.text(&long).quoted(&long);
        }
        assert_eq!(message.as_str().len(), CAPACITY);
    }
}
