//! A pattern as a public type.

use core::fmt;

use super::{check, contains, matches};
use crate::ascii::eq;
use crate::origin::{Origin, OriginOrNull};
use crate::policy::error::{PolicyError, Setting};

/// A set of origins, written as an entry of
/// [`allow_origins`](crate::PolicyBuilder::allow_origins).
///
/// This type is for tools that compare policies, and for servers that match origins themselves. A
/// [`Policy`](crate::Policy) takes the entries as text.
///
/// ```
/// use embedded_cors::{Origin, OriginPattern};
///
/// const PREVIEWS: &str = "https://pr-*.example.com";
///
/// let previews = OriginPattern::parse(PREVIEWS)?;
/// assert!(previews.matches(&Origin::parse(b"https://pr-12.example.com").unwrap()));
/// assert!(!previews.matches(&Origin::parse(b"https://pr-12.evil.example.com").unwrap()));
///
/// let all = OriginPattern::parse("https://*.example.com")?;
/// assert!(all.contains(&previews) && !previews.contains(&all));
/// # Ok::<(), embedded_cors::PolicyError>(())
/// ```
///
/// Two patterns are equal if their texts are. Different texts can stand for the same set, such as
/// `http://a.example:8080` and `http://a.example:8080-8080`; then each
/// [contains](Self::contains) the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OriginPattern<'a> {
    /// A checked entry.
    entry: &'a str,
}

impl<'a> OriginPattern<'a> {
    /// Parses an entry of a policy's list of origins.
    ///
    /// # Errors
    ///
    /// Returns the mistake in the entry: its [kind](PolicyError::kind), the
    /// [byte](PolicyError::at), and what to write instead. It has no
    /// [index](PolicyError::index).
    pub const fn parse(entry: &'a str) -> Result<Self, PolicyError<'a>> {
        match check(entry.as_bytes()) {
            Ok(_) => Ok(Self { entry }),
            Err((kind, at)) => Err(PolicyError::of_lone_entry(kind, Setting::AllowOrigins, entry, at)),
        }
    }

    /// Returns the entry as it was given.
    pub const fn as_str(&self) -> &'a str {
        self.entry
    }

    /// Returns whether the origin is in the set.
    pub fn matches(&self, origin: &Origin<'_>) -> bool {
        matches::any_form(self.entry, origin)
    }

    /// Returns whether the value of an `Origin` field is in the set. Only `*` and `null` admit
    /// `null`.
    pub fn admits(&self, value: OriginOrNull<'_>) -> bool {
        match value {
            OriginOrNull::Origin(origin) => self.matches(&origin),
            OriginOrNull::Null => matches!(self.entry, "*" | "null"),
        }
    }

    /// Returns whether every origin in the set of `other` is in this set.
    ///
    /// The answer is exact: if it is `false`, there is an origin that only `other` admits.
    pub const fn contains(&self, other: &OriginPattern<'_>) -> bool {
        eq(self.entry.as_bytes(), other.entry.as_bytes())
            || contains(self.entry.as_bytes(), other.entry.as_bytes())
    }
}

impl fmt::Debug for OriginPattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OriginPattern").field(&self.entry).finish()
    }
}

impl fmt::Display for OriginPattern<'_> {
    /// Writes the entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry)
    }
}

impl AsRef<str> for OriginPattern<'_> {
    fn as_ref(&self) -> &str {
        self.entry
    }
}

impl<'a> TryFrom<&'a str> for OriginPattern<'a> {
    type Error = PolicyError<'a>;

    /// Parses an entry, as [`OriginPattern::parse`] does.
    fn try_from(entry: &'a str) -> Result<Self, PolicyError<'a>> {
        Self::parse(entry)
    }
}
