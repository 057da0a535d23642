//! The three request fields of the CORS protocol, and the trait that receives them while a head is
//! read.
//!
//! A head in memory is read line by line (`whole`); a head that arrives in pieces of any size is
//! read by a state machine (`scanner`). Both look for the same three names, skip every other line,
//! and report what they find to a [`Sink`]. Both follow [RFC 9112 section 5]:
//!
//! | in the head | meaning |
//! |---|---|
//! | CRLF, or LF alone ([section 2.2]) | the end of a line; a CR elsewhere ends nothing |
//! | white space before the colon ([section 5.1]) | the field is *malformed*, without a value |
//! | white space at the start (`obs-fold`, [section 5.2]) | the field before is *malformed* |
//! | `Origin`, `ORIGIN`, `origin` | one name: case is ignored |
//! | `X-Origin`, `Origin-X` | other names |
//! | an empty line | the end of the head; the content after it is not read |
//!
//! A malformed field among the three is a reason to refuse the request; in other fields it does not
//! matter.
//!
//! [RFC 9112 section 5]: https://www.rfc-editor.org/rfc/rfc9112#section-5
//! [section 2.2]: https://www.rfc-editor.org/rfc/rfc9112#section-2.2
//! [section 5.1]: https://www.rfc-editor.org/rfc/rfc9112#section-5.1
//! [section 5.2]: https://www.rfc-editor.org/rfc/rfc9112#section-5.2

use core::fmt;

use crate::ascii::starts_with_ignore_case;
use crate::names;

/// A request field of the [CORS protocol].
///
/// [CORS protocol]: https://fetch.spec.whatwg.org/#http-requests
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestField {
    /// `Origin`.
    Origin,
    /// `Access-Control-Request-Method`.
    Method,
    /// `Access-Control-Request-Headers`.
    Headers,
}

impl RequestField {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [Self::Origin, Self::Method, Self::Headers];

    /// Returns the field's name, in lower case.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Origin => names::ORIGIN,
            Self::Method => names::REQUEST_METHOD,
            Self::Headers => names::REQUEST_HEADERS,
        }
    }

    /// Returns the field that `name` names, in any case, if it is one of the three.
    // The three names differ in length, so at most one is compared.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        let field = match name.len() {
            ORIGIN_LEN => Self::Origin,
            METHOD_LEN => Self::Method,
            HEADERS_LEN => Self::Headers,
            _ => return None,
        };
        field.starts(name).then_some(field)
    }

    /// Returns the field whose name `line` begins with, in any case, whatever follows the name.
    /// None of the three names is the start of another.
    // Two bytes are enough to choose the name to compare: the first byte, and the byte after the 23
    // that two of the names share.
    //
    //     origin
    //     access-control-request-method
    //     access-control-request-headers
    //     ^                      ^
    //
    // Compared with trying each name in turn, this saves 88 bytes of flash on a Cortex-M3, and 149
    // of 3,654 instructions in `scan preflight` there (`.ci/certificate.py`).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn at_start_of(line: &[u8]) -> Option<Self> {
        let field = match Self::with_initial(*line.first()?)? {
            Self::Origin => Self::Origin,
            Self::Method | Self::Headers => Self::with_byte_after_shared(*line.get(SHARED_LEN)?)?,
        };
        field.starts(line).then_some(field)
    }

    /// Returns the field whose name begins with this byte. Two of the names begin alike; for these
    /// it returns `Method`.
    pub(super) const fn with_initial(byte: u8) -> Option<Self> {
        match byte | CASE {
            b'o' => Some(Self::Origin),
            b'a' => Some(Self::Method),
            _ => None,
        }
    }

    /// Returns the field whose name has this byte after the [`SHARED_LEN`] bytes that two names
    /// share.
    pub(super) const fn with_byte_after_shared(byte: u8) -> Option<Self> {
        match byte | CASE {
            b'm' => Some(Self::Method),
            b'h' => Some(Self::Headers),
            _ => None,
        }
    }

    /// Returns the end of the part of the name that can be compared next, if `matched` bytes of it
    /// are known to match.
    pub(super) const fn compared_at_once(self, matched: usize) -> usize {
        match self {
            Self::Method | Self::Headers if matched < SHARED_LEN => SHARED_LEN,
            _ => self.name().len(),
        }
    }

    /// Returns whether `line` begins with this field's name, in any case.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn starts(self, line: &[u8]) -> bool {
        match self {
            Self::Origin => starts_with_ignore_case::<ORIGIN_LEN>(line, names::ORIGIN),
            Self::Method => starts_with_ignore_case::<METHOD_LEN>(line, names::REQUEST_METHOD),
            Self::Headers => starts_with_ignore_case::<HEADERS_LEN>(line, names::REQUEST_HEADERS),
        }
    }
}

/// The bit by which the two cases of a letter differ. A byte that becomes a lower-case letter when
/// this bit is set is a letter.
pub(super) const CASE: u8 = 0x20;

/// The length of the start that two of the names share: `access-control-request-`.
pub(super) const SHARED_LEN: usize = "access-control-request-".len();

const ORIGIN_LEN: usize = names::ORIGIN.len();
const METHOD_LEN: usize = names::REQUEST_METHOD.len();
const HEADERS_LEN: usize = names::REQUEST_HEADERS.len();

/// Receives what is found in a head, in the order of the head.
///
/// A line of one of the three fields is reported by a call of `begin`, any number of calls of
/// `value`, and a call of `end`; or by a call of `space_before_colon` alone. `'c` is the lifetime
/// of the bytes that are read.
pub(crate) trait Sink<'c> {
    /// Takes the request line: whether its method is `OPTIONS`.
    fn method(&mut self, is_options: bool);

    /// Starts a line of `field`.
    fn begin(&mut self, field: RequestField);

    /// Takes the next bytes of the value.
    ///
    /// White space before the value has been removed; white space after it has not. If the whole
    /// head is in one piece, there is at most one call for each line.
    fn value(&mut self, bytes: &'c [u8]);

    /// Ends the line.
    fn end(&mut self);

    /// Marks the last line, which was one of `field`, as folded: its value continues on further
    /// lines.
    ///
    /// If the field is malformed already, further calls do not matter.
    fn folded(&mut self, field: RequestField);

    /// Takes a whole line of `field` that has white space before its colon and therefore does not
    /// count as having a value.
    fn space_before_colon(&mut self, field: RequestField);
}

/// The error of reading bytes that are not a whole request head.
///
/// It is `#[non_exhaustive]`, because later versions may distinguish more errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes end before the empty line that ends the head: the rest may still arrive, or it is
    /// lost.
    Incomplete,
    /// The first line does not begin with a method and a space
    /// ([RFC 9112 section 3](https://www.rfc-editor.org/rfc/rfc9112#section-3)).
    RequestLine,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "the request head ends before its empty line",
            Self::RequestLine => "the request head does not begin with a method and a space",
        })
    }
}

impl core::error::Error for HeadError {}

/// A [`Sink`] that records each call, for the tests of `whole` and of `scanner`.
#[cfg(test)]
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Transcript {
    /// One text for each call, in which a value is joined from its pieces:
    /// `["OPTIONS", "Origin: null", "Origin folded"]`.
    pub(super) events: Vec<String>,
    line: String,
}

#[cfg(test)]
impl<'c> Sink<'c> for Transcript {
    fn method(&mut self, is_options: bool) {
        self.events
            .push(if is_options { "OPTIONS" } else { "other method" }.into());
    }

    fn begin(&mut self, field: RequestField) {
        assert_eq!(self.line, "", "the line before has ended");
        self.line = format!("{field:?}: ");
    }

    fn value(&mut self, bytes: &'c [u8]) {
        assert_ne!(self.line, "", "a line has begun");
        self.line += &String::from_utf8_lossy(bytes);
    }

    fn end(&mut self) {
        self.events.push(core::mem::take(&mut self.line));
    }

    fn folded(&mut self, field: RequestField) {
        // A field that is malformed already does not change.
        let name = format!("{field:?}");
        let is_malformed =
            |event: &String| event.starts_with(&name) && !event.starts_with(&(name.clone() + ":"));
        if !self.events.last().is_some_and(is_malformed) {
            self.events.push(name + " folded");
        }
    }

    fn space_before_colon(&mut self, field: RequestField) {
        self.events.push(format!("{field:?} with space before its colon"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_names_are_found_in_any_case() {
        for field in RequestField::ALL {
            let lower = field.name();
            for name in [String::from(lower), lower.to_uppercase(), title_case(lower)] {
                assert_eq!(RequestField::from_name(name.as_bytes()), Some(field), "{name}");
                for rest in ["", ":", ": x", " : x", "-more"] {
                    let line = name.clone() + rest;
                    assert_eq!(RequestField::at_start_of(line.as_bytes()), Some(field), "{line}");
                }
            }
        }
    }

    fn title_case(name: &str) -> String {
        let word = |word: &str| word[..1].to_uppercase() + &word[1..];
        name.split('-').map(word).collect::<Vec<_>>().join("-")
    }

    #[test]
    fn near_names_are_other_names() {
        for name in [
            "",
            "o",
            "a",
            "origi",
            "origin ",
            "origin-x",
            "x-origin",
            "0rigin",
            "orig\u{131}n",
            "access-control-request-",
            "access-control-request-head",
            "access-control-request-header",
            "access-control-request-headers-x",
            "access-control-request-metho",
            "access-control-request-mathod",
            "access_control_request_method",
            "access-control-allow-methods",
            "access-control-request-private-network",
            "accept",
            "authorization",
        ] {
            assert_eq!(RequestField::from_name(name.as_bytes()), None, "{name}");
        }
    }

    /// Compares both look-ups with a comparison of each name in turn, for every name with one byte
    /// changed.
    #[test]
    fn the_names_are_found_as_by_comparing_each() {
        for field in RequestField::ALL {
            for at in 0..field.name().len() {
                for byte in 0..=255 {
                    let mut name = field.name().as_bytes().to_vec();
                    name[at] = byte;
                    let whole = RequestField::ALL
                        .into_iter()
                        .find(|field| name.eq_ignore_ascii_case(field.name().as_bytes()));
                    assert_eq!(RequestField::from_name(&name), whole);
                    name.extend(b": x");
                    assert_eq!(RequestField::at_start_of(&name), whole);
                }
            }
        }
    }

    #[test]
    fn errors_are_displayed() {
        assert_eq!(
            HeadError::Incomplete.to_string(),
            "the request head ends before its empty line"
        );
        assert_eq!(
            HeadError::RequestLine.to_string(),
            "the request head does not begin with a method and a space"
        );
    }
}
