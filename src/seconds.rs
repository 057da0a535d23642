//! `Access-Control-Max-Age`, written once.

use core::fmt;

use crate::ascii::{as_str, until};

/// The longest `Access-Control-Max-Age`: a day, which is Firefox's cap and the highest of any browser's
/// (Chromium's is 7200, WebKit's 600).
pub(crate) const MAX_MAX_AGE: u32 = 86_400;

/// `delta-seconds` (RFC 9111 section 1.2.2), written once.
#[derive(Clone, Copy)]
pub(crate) struct Seconds {
    digits: [u8; 5],
    len: u8,
}

impl Seconds {
    /// `seconds` is at most [`MAX_MAX_AGE`].
    pub(crate) const fn new(seconds: u32) -> Self {
        let mut digits = [0; 5];
        let mut len = 0;
        let mut power = 10_000;
        while power > 0 {
            let digit = (seconds / power % 10) as u8;
            if (len > 0 || digit > 0 || power == 1) && len < digits.len() {
                digits[len] = b'0' + digit;
                len += 1;
            }
            power /= 10;
        }
        Self {
            digits,
            len: len as u8,
        }
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        until(&self.digits, self.len as usize)
    }
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_str(self.as_bytes()))
    }
}
