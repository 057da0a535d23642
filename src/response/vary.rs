//! Merges the `Vary` that a response already has with the one that a policy needs.

use core::fmt;

use crate::ascii::{self, is_ows, trim_ows};
use crate::decision::Decision;
use crate::decision::deferred::{ExistingVary, VaryValue, VaryValues};

impl<'a> Decision<'a> {
    /// Merges the response's own `Vary` values, `&str` or `&[u8]`, from one field line or several.
    /// The decision's `vary` then replaces them: it contains all their members, and those that the
    /// policy needs and they lack. `*` stays `*`. The decision has the merged field even if its
    /// policy does not need a `Vary`.
    ///
    /// A server that can send several `Vary` lines does not need this, because a separate line has
    /// the same meaning. A buffer for the merged fields needs the length of each value and 8 bytes
    /// for each of them, in addition to
    /// [`Policy::max_response_len`](crate::Policy::max_response_len).
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
    /// Returns [`VaryError`] if a value is not a list of field names, so that it cannot inject a
    /// field line.
    pub fn merge_vary<V: VaryValue>(&self, existing: &'a [V]) -> Result<Self, VaryError> {
        let has_members = check(VaryValue::values(existing))?;
        Ok(Self {
            existing_vary: has_members.then(|| ExistingVary::new(VaryValue::values(existing))),
            ..self.clone()
        })
    }
}

/// Checks that the values are lists of field names, and returns whether they have members.
fn check(existing: VaryValues<'_>) -> Result<bool, VaryError> {
    let mut has_members = false;
    for (index, value) in existing.iter().enumerate() {
        let mut at = 0;
        for member in value.split(|&byte| byte == b',') {
            let name = trim_ows(member);
            has_members |= !name.is_empty();
            if !name.is_empty() && !ascii::is_token(name) {
                let space = member.iter().take_while(|&&byte| is_ows(byte)).count();
                let at = at + space + ascii::first_non_tchar(name);
                return Err(VaryError { index, at });
            }
            at += member.len() + 1;
        }
    }
    Ok(has_members)
}

/// A `Vary` value that is not a list of field names. See [`Decision::merge_vary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VaryError {
    index: usize,
    at: usize,
}

impl VaryError {
    /// Returns the index of the value.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns the index of the first invalid byte of the value.
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for VaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, at } = self;
        write!(
            f,
            "the existing Vary[{index}] is not a list of field names: byte {at}"
        )
    }
}

impl core::error::Error for VaryError {}
