//! For how long browsers remember preflights: `Access-Control-Max-Age`.

use super::response::{HeaderValue, Response};

/// A browser engine, by what it makes of `Access-Control-Max-Age`: [`max_age`].
///
/// The enum is exhaustive, so that a `match` can cover all engines. Browsers on phones and desktops
/// have used these three for years. In everything else this module follows the standard, not an
/// engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// No engine and no limit: the standard leaves the limit to the browser.
    #[default]
    Standard,
    /// Chromium, the engine of Chrome and Edge: at most two hours.
    Chromium,
    /// Firefox: at most a day.
    Firefox,
    /// WebKit, the engine of Safari: at most ten minutes.
    WebKit,
}

impl Engine {
    /// Returns the limit in seconds, or `None` if there is no limit.
    pub const fn max_age_limit(self) -> Option<u32> {
        match self {
            Self::Standard => None,
            Self::Chromium => Some(7200),
            Self::Firefox => Some(86_400),
            Self::WebKit => Some(600),
        }
    }
}

const MAX_AGE: &str = "access-control-max-age";

/// The seconds for which a response without a usable max-age is remembered:
/// <https://fetch.spec.whatwg.org/#cors-preflight-fetch>.
const DEFAULT: u32 = 5;

/// Returns for how many seconds a browser remembers the response to a preflight; 0 if it does not.
///
/// A response is remembered for the number of seconds in the field, up to the engine's limit, and
/// for 5 seconds if there is no field. By
/// [*CORS-preflight fetch*](https://fetch.spec.whatwg.org/#cors-preflight-fetch), a value that is
/// not a number means 5 seconds too. Engines differ:
///
/// | `Access-Control-Max-Age` | standard | Chromium | Firefox | WebKit |
/// |---|---|---|---|---|
/// | `-1` | 5 | 0 | 0 | 0 |
/// | `+600` | 5 | 600 | 0 | 600 |
/// | `abc`, `600s`, `600.5`, `600, 600`, two fields | 5 | 5 | 0 | 5 |
/// | a number of 20 nines | 4294967295 | 5 | 86400 | 5 |
///
/// The project's table of real browsers, `docs/browsers.md`, has these values and more.
///
/// ```
/// use embedded_cors::browser::{Engine, Response, max_age};
///
/// let day = Response::new(204, &[("Access-Control-Max-Age", "86400")])?;
/// assert_eq!(max_age(&day, Engine::Chromium), 7200);
/// assert_eq!(max_age(&day, Engine::Firefox), 86_400);
/// let hour = Response::new(204, &[("Access-Control-Max-Age", "1 h")])?;
/// assert_eq!(max_age(&hour, Engine::Chromium), 5);
/// assert_eq!(max_age(&hour, Engine::Firefox), 0);
/// # Ok::<(), embedded_cors::browser::ResponseError>(())
/// ```
pub fn max_age(response: &Response<'_>, engine: Engine) -> u32 {
    let seconds = match engine {
        Engine::Standard => one(response).and_then(delta_seconds).unwrap_or(DEFAULT),
        Engine::Chromium | Engine::WebKit => one(response).and_then(signed_seconds).unwrap_or(DEFAULT),
        Engine::Firefox => firefox_seconds(response),
    };
    engine.max_age_limit().map_or(seconds, |limit| seconds.min(limit))
}

/// Returns the value if the response has the field once.
fn one<'r>(response: &Response<'r>) -> Option<&'r [u8]> {
    match response.get(MAX_AGE) {
        HeaderValue::One(value) => Some(value),
        HeaderValue::Null | HeaderValue::Several => None,
    }
}

/// Returns what Firefox makes of the field: it passes over empty values, and does not store an
/// answer whose value has anything but digits.
fn firefox_seconds(response: &Response<'_>) -> u32 {
    let mut values = response.values(MAX_AGE).filter(|value| !value.is_empty());
    match (values.next(), values.next()) {
        (None, _) => DEFAULT,
        (Some(value), None) => delta_seconds(value).unwrap_or(0),
        (Some(_), Some(_)) => 0,
    }
}

/// Parses `delta-seconds`, `1*DIGIT`; a number that is too large becomes the largest `u32`:
/// <https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2>.
fn delta_seconds(value: &[u8]) -> Option<u32> {
    let mut seconds: u32 = 0;
    for &byte in value {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        seconds = seconds.saturating_mul(10).saturating_add(digit.into());
    }
    (!value.is_empty()).then_some(seconds)
}

/// Parses a number of 64 bits with an optional sign. A negative one is 0 seconds.
fn signed_seconds(value: &[u8]) -> Option<u32> {
    let (is_negative, digits) = match value {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let mut seconds: i64 = 0;
    for &byte in digits {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        let next = seconds.checked_mul(10)?;
        seconds = if is_negative {
            next.checked_sub(digit)?
        } else {
            next.checked_add(digit)?
        };
    }
    let seconds = u32::try_from(seconds.clamp(0, u32::MAX.into())).ok()?;
    (!digits.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINES: [Engine; 4] = [
        Engine::Standard,
        Engine::Chromium,
        Engine::Firefox,
        Engine::WebKit,
    ];

    fn ages(values: &[&str]) -> [u32; 4] {
        let headers: Vec<_> = values
            .iter()
            .map(|value| ("access-control-max-age", *value))
            .collect();
        let response = Response::new(204, &headers).unwrap();
        ENGINES.map(|engine| max_age(&response, engine))
    }

    #[test]
    fn a_number_is_a_number_of_seconds_up_to_the_limit() {
        assert_eq!(ages(&[]), [5; 4]);
        assert_eq!(ages(&["0"]), [0; 4]);
        assert_eq!(ages(&["007"]), [7; 4]);
        assert_eq!(ages(&["600"]), [600; 4]);
        assert_eq!(ages(&["90000"]), [90_000, 7200, 86_400, 600]);
        assert_eq!(ages(&["4294967296"]), [u32::MAX, 7200, 86_400, 600]);
    }

    #[test]
    fn engines_differ_in_what_is_not_a_number_of_seconds() {
        for value in [
            "abc", "600s", "600, 600", "600.5", "6 00", "0x258", "\"600\"", "--1",
        ] {
            assert_eq!(ages(&[value]), [5, 5, 0, 5], "{value}");
        }
        assert_eq!(ages(&["600", "600"]), [5, 5, 0, 5]);
        assert_eq!(ages(&[""]), [5; 4]);
        assert_eq!(ages(&["", ""]), [5; 4]);
        assert_eq!(ages(&["", "600"]), [5, 5, 600, 5]);
        assert_eq!(ages(&["-0"]), [5, 0, 0, 0]);
        for value in ["-", "+", "+-600", "-99999999999999999999", "9223372036854775808x"] {
            assert_eq!(ages(&[value]), [5, 5, 0, 5], "{value}");
        }
        assert_eq!(ages(&["9223372036854775807"]), [u32::MAX, 7200, 86_400, 600]);
        assert_eq!(ages(&["9223372036854775808"]), [u32::MAX, 5, 86_400, 5]);
        assert_eq!(ages(&["-1"]), [5, 0, 0, 0]);
        assert_eq!(ages(&["+600"]), [5, 600, 0, 600]);
        assert_eq!(ages(&["99999999999999999999"]), [u32::MAX, 5, 86_400, 5]);
    }
}
