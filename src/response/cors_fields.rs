//! The CORS fields that a response already has before those of the decision are added.

use core::fmt;

use crate::response_fields::ResponseField;

/// The fields of the CORS protocol that a response already has, because a proxy, a framework or a
/// handler added them.
///
/// A browser refuses a response with two `Access-Control-Allow-Origin` fields
/// (<https://fetch.spec.whatwg.org/#cors-check>), and a `*` that is always sent undoes a refusal.
/// So only one part of a server may set these fields.
///
/// ```
/// use embedded_cors::ExistingCorsFields;
///
/// let existing = ExistingCorsFields::find(["Content-Type", "Access-Control-Allow-Origin"]);
/// assert!(!existing.is_empty());
/// assert_eq!(existing.to_string(), "access-control-allow-origin");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExistingCorsFields {
    found: u8,
}

impl ExistingCorsFields {
    /// Finds the CORS fields among the names of a response's fields.
    pub fn find<N: AsRef<[u8]>>(response: impl IntoIterator<Item = N>) -> Self {
        let mut found = 0;
        for name in response {
            for field in cors_fields() {
                if field.name().as_bytes().eq_ignore_ascii_case(name.as_ref()) {
                    found |= 1 << field as u8;
                }
            }
        }
        Self { found }
    }

    /// Returns whether the response has none of these fields.
    pub const fn is_empty(&self) -> bool {
        self.found == 0
    }

    /// Returns the names that were found, in lower case.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + use<> {
        let found = self.found;
        cors_fields()
            .filter(move |&field| found >> field as u8 & 1 == 1)
            .map(ResponseField::name)
    }
}

impl fmt::Display for ExistingCorsFields {
    /// Writes the names with a comma and a space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

// Each field needs a bit of `found`.
const _: () = assert!(ResponseField::ALL.len() <= u8::BITS as usize);

/// Returns the fields of the CORS protocol: all fields of the table but `Vary`, which other parts
/// of a server set too.
fn cors_fields() -> impl Iterator<Item = ResponseField> {
    ResponseField::ALL
        .into_iter()
        .filter(|&field| field != ResponseField::Vary)
}
