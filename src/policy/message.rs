//! A sentence that is composed without allocation, at compile time or at run time.
//!
//! A mistake in a policy that is a `const` or a `static` fails the build. The compiler then shows
//! the message of a panic, so a `const fn` has to compose the message.

use core::fmt;

use crate::origin::ipv6;

/// The maximum length of a message, in bytes. Longer ones are cut off.
const CAPACITY: usize = 320;

/// The maximum number of bytes of an entry that a message quotes.
const QUOTED: usize = 80;

/// A text in a buffer of fixed length, which `const` functions append to.
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    /// Returns an empty message.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    /// Appends `text`.
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

    /// Appends printable ASCII.
    pub(crate) const fn bytes(mut self, ascii: &[u8]) -> Self {
        let mut i = 0;
        while i < ascii.len() {
            self = self.byte(ascii[i]);
            i += 1;
        }
        self
    }

    /// Appends ASCII text in lower case.
    pub(crate) const fn lower_case(mut self, ascii: &[u8]) -> Self {
        let mut i = 0;
        while i < ascii.len() {
            self = self.byte(ascii[i].to_ascii_lowercase());
            i += 1;
        }
        self
    }

    /// Appends a byte. A byte that is not printable ASCII becomes `?`, so that a line of a log
    /// stays one line.
    const fn byte(mut self, byte: u8) -> Self {
        if self.len < CAPACITY {
            self.bytes[self.len] = if matches!(byte, b' '..=b'~') { byte } else { b'?' };
            self.len += 1;
        }
        self
    }

    /// Appends an address in brackets, as the [IPv6 serializer] writes it.
    ///
    /// [IPv6 serializer]: https://url.spec.whatwg.org/#concept-ipv6-serializer
    pub(crate) const fn ipv6(self, address: u128) -> Self {
        let groups = ipv6::groups_of(address);
        let (run_start, run_len) = ipv6::longest_zero_run(&groups);
        let mut message = self.text("[");
        let mut i = 0;
        while i < 8 {
            if run_len >= 2 && i == run_start {
                message = message.text("::");
                i += run_len;
                continue;
            }
            if i > 0 && !(run_len >= 2 && i == run_start + run_len) {
                message = message.text(":");
            }
            message = message.hex(groups[i]);
            i += 1;
        }
        message.text("]")
    }

    /// Appends the hexadecimal digits of `number`.
    const fn hex(mut self, number: u16) -> Self {
        let mut shift = 16;
        while shift > 0 {
            shift -= 4;
            let digit = (number >> shift) & 0xf;
            if number >> shift != 0 || shift == 0 {
                self = self.byte(b"0123456789abcdef"[digit as usize]);
            }
        }
        self
    }

    /// Appends the decimal digits of `number`.
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

    /// Appends `entry` between quotation marks, up to its 80th byte.
    ///
    /// Bytes other than printable ASCII are shown as `?`, so that a line of a log stays one line.
    pub(crate) const fn quoted(mut self, entry: &str) -> Self {
        self = self.text("\"");
        let entry = entry.as_bytes();
        let mut i = 0;
        while i < entry.len() && i < QUOTED {
            self = self.byte(entry[i]);
            i += 1;
        }
        if i < entry.len() {
            self = self.text("...");
        }
        self.text("\"")
    }

    /// Returns the message as text.
    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match core::str::from_utf8(text) {
            Ok(text) => text,
            // This cannot happen: every text is ASCII, so no character is cut in two.
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
    fn parts_are_appended() {
        const MESSAGE: Message = Message::new()
            .text("a[")
            .number(10)
            .text("] ")
            .quoted("x\n\u{e9}y");
        assert_eq!(MESSAGE.as_str(), "a[10] \"x???y\"");
        const PARTS: Message = Message::new()
            .bytes(b"a\nB")
            .lower_case(b"aBC-1")
            .hex(0x10f)
            .hex(0);
        assert_eq!(PARTS.as_str(), "a?Babc-110f0");
        assert_eq!(Message::new().number(0).as_str(), "0");
        assert_eq!(Message::new().number(usize::MAX).as_str(), usize::MAX.to_string());
    }

    #[test]
    fn an_address_is_written_in_its_shortest_form() {
        for address in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:0:0:2::3",
            "0:1:2:3:4:5:6:7",
            "fd00::a0:0:f000",
        ] {
            let parsed: std::net::Ipv6Addr = address.parse().unwrap();
            assert_eq!(
                Message::new().ipv6(parsed.to_bits()).as_str(),
                format!("[{parsed}]")
            );
        }
    }

    #[test]
    fn long_texts_are_cut_off() {
        let long = "x".repeat(1000);
        assert_eq!(Message::new().quoted(&long).as_str().len(), QUOTED + 5);
        let mut message = Message::new();
        for _ in 0..10 {
            message = message.text(&long).quoted(&long);
        }
        assert_eq!(message.as_str().len(), CAPACITY);
    }
}
