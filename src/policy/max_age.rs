//! The value of `Access-Control-Max-Age`: how long a browser may cache a preflight, in seconds.

use core::fmt;

use crate::ascii::{as_str, until};

/// The maximum of `Access-Control-Max-Age`: 86,400 seconds, which is a day.
///
/// This is Firefox's limit, the highest of any browser. Chromium's is 7200, and WebKit's is 600.
pub(crate) const MAX_MAX_AGE: u32 = 86_400;

/// A number of seconds from 0 to [`MAX_MAX_AGE`], kept as decimal digits, so that writing it is a
/// copy ([RFC 9111 section 1.2.2]).
///
/// ```text
/// delta-seconds = 1*DIGIT
/// ```
///
/// [RFC 9111 section 1.2.2]: https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2
#[derive(Clone, Copy)]
pub(crate) struct MaxAge {
    digits: [u8; 5],
    len: u8,
}

impl MaxAge {
    /// Returns the digits of `seconds`, which is at most [`MAX_MAX_AGE`].
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

    /// Returns the digits, without leading zeros.
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        until(&self.digits, self.len as usize)
    }
}

impl fmt::Debug for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_str(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_the_number() {
        for seconds in (0..=1_001).chain([7_200, 9_999, 10_000, 10_001, 70_000, MAX_MAX_AGE]) {
            let max_age = MaxAge::new(seconds);
            assert_eq!(max_age.as_bytes(), seconds.to_string().as_bytes());
            assert_eq!(format!("{max_age:?}"), seconds.to_string());
        }
    }
}
