//! What the response has already: its own `Vary`, and CORS fields that something else put there.

use core::fmt;

use crate::ascii::{is_ows, trim_ows};
use crate::decision::Decision;
use crate::members::ExistingVary;
use crate::names;

impl<'a> Decision<'a> {
    /// Takes in the `Vary` that the response has anyway, of one field line or of several: the decision's `vary` then has the members of all
    /// and replaces them. Of what the policy needs nothing is repeated; `*` stays `*`. Once merged, the field is there even if the policy needs none.
    ///
    /// Servers that send several `Vary` lines need not merge: one more line says the same. A buffer for the merged fields needs the length of
    /// each value, and 8 for each of them, more than [`Policy::max_response_len`](crate::Policy::max_response_len).
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let decision = CORS.decide(&Request::new("GET"));
    /// let merged = decision.merge_vary(&["accept-encoding"])?;
    /// assert_eq!(merged.fields().last().unwrap().to_string(), "vary: accept-encoding,origin");
    /// # Ok::<(), embedded_cors::VaryError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`VaryError`], if a value is no list of field names; a `Vary` must not smuggle in a line.
    pub fn merge_vary(&self, existing: &'a [&'a str]) -> Result<Self, VaryError> {
        let mut has_members = false;
        for (index, value) in existing.iter().enumerate() {
            let mut at = 0;
            for member in value.as_bytes().split(|&byte| byte == b',') {
                let name = trim_ows(member);
                has_members |= !name.is_empty();
                if !name.is_empty() && !names::is_token(name) {
                    let space = member.iter().take_while(|&&byte| is_ows(byte)).count();
                    let at = at + space + names::first_non_tchar(name);
                    return Err(VaryError { index, at });
                }
                at += member.len() + 1;
            }
        }
        Ok(Self {
            vary: has_members.then(|| ExistingVary::new(existing)),
            ..self.clone()
        })
    }
}

/// A `Vary` value that is no list of field names. See [`Decision::merge_vary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VaryError {
    index: usize,
    at: usize,
}

impl VaryError {
    /// The index of the value.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The index of the first byte in it that a list of field names does not have there.
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for VaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, at } = self;
        write!(
            f,
            "the existing Vary[{index}] is no list of field names: byte {at}"
        )
    }
}

impl core::error::Error for VaryError {}

/// Which fields of the CORS protocol a response has already: those that a proxy, a framework or a handler put there.
///
/// A browser refuses a response with two `Access-Control-Allow-Origin` fields (Fetch section 4.10), and one of an unconditional `*` would
/// undo a refusal, so the server has to keep one source of them.
///
/// ```
/// use embedded_cors::CorsFields;
///
/// let existing = CorsFields::find(["Content-Type", "Access-Control-Allow-Origin"]);
/// assert!(!existing.is_empty());
/// assert_eq!(existing.to_string(), "access-control-allow-origin");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CorsFields {
    found: u8,
}

const CORS_FIELDS: [&str; 7] = [
    names::ALLOW_ORIGIN,
    names::ALLOW_CREDENTIALS,
    names::ALLOW_METHODS,
    names::ALLOW_HEADERS,
    names::ALLOW_PRIVATE_NETWORK,
    names::MAX_AGE,
    names::EXPOSE_HEADERS,
];

impl CorsFields {
    /// Looks through the names of a response's fields.
    pub fn find<N: AsRef<[u8]>>(response: impl IntoIterator<Item = N>) -> Self {
        let mut found = 0;
        for name in response {
            for (index, field) in CORS_FIELDS.into_iter().enumerate() {
                if field.as_bytes().eq_ignore_ascii_case(name.as_ref()) {
                    found |= 1 << index;
                }
            }
        }
        Self { found }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.found == 0
    }

    /// The names found, in lower case.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + use<> {
        let found = self.found;
        CORS_FIELDS
            .into_iter()
            .enumerate()
            .filter(move |(index, _)| found >> index & 1 == 1)
            .map(|(_, name)| name)
    }
}

impl fmt::Display for CorsFields {
    /// The names, with a comma and a space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}
