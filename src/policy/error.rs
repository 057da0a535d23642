//! Errors of policies: what is wrong, with which setting and entry, and at which byte.

use core::fmt;

use super::error_kind::PolicyErrorKind;
use super::message::Message;
use super::pattern::fix;

/// A mistake in a policy: which setting and entry it is in, at which byte, and what to write
/// instead.
///
/// ```
/// use embedded_cors::{Policy, PolicyErrorKind, Setting};
///
/// let error = Policy::builder()
///     .allow_origins(&["https://app.example.com", "https://example.com/"])
///     .build()
///     .unwrap_err();
/// assert_eq!(error.kind(), PolicyErrorKind::Path);
/// assert_eq!(error.setting(), Setting::AllowOrigins);
/// assert_eq!(error.index(), Some(1));
/// assert_eq!(error.entry(), Some("https://example.com/"));
/// assert_eq!(error.at(), Some(19));
/// assert_eq!(
///     error.to_string(),
///     "allow_origins[1] \"https://example.com/\": has a path or a slash at byte 19; \
///      an origin ends after its host and port"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyError<'a> {
    kind: PolicyErrorKind,
    setting: Setting,
    entry: Option<&'a str>,
    index: Option<usize>,
    at: Option<usize>,
}

impl<'a> PolicyError<'a> {
    /// Creates an error about an entry of a list. `at` is kept if errors of this kind are about a
    /// byte of the entry.
    pub(crate) const fn of_entry(
        kind: PolicyErrorKind,
        setting: Setting,
        entry: &'a str,
        index: usize,
        at: usize,
    ) -> Self {
        Self {
            kind,
            setting,
            entry: Some(entry),
            index: Some(index),
            at: if kind.is_about_a_byte() { Some(at) } else { None },
        }
    }

    /// Creates an error about an entry that is not in a list.
    pub(crate) const fn of_lone_entry(
        kind: PolicyErrorKind,
        setting: Setting,
        entry: &'a str,
        at: usize,
    ) -> Self {
        let mut error = Self::of_entry(kind, setting, entry, 0, at);
        error.index = None;
        error
    }

    /// Creates an error about a setting that has no entries.
    pub(crate) const fn of_setting(kind: PolicyErrorKind, setting: Setting) -> Self {
        Self {
            kind,
            setting,
            entry: None,
            index: None,
            at: None,
        }
    }

    /// Returns what is wrong.
    pub const fn kind(&self) -> PolicyErrorKind {
        self.kind
    }

    /// Returns the setting that the mistake is in.
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// Returns the index of the entry in its list. It is `None` if the setting has no entries, or
    /// if the entry was parsed alone, as an [`OriginPattern`](crate::OriginPattern).
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// Returns the entry as it was given. It is `None` if the setting has no entries, and after
    /// [`without_entry`](Self::without_entry).
    pub const fn entry(&self) -> Option<&'a str> {
        self.entry
    }

    /// Returns the index of the first wrong byte of the entry. It is `None` if the entry is wrong
    /// as a whole, or the setting has no entries.
    pub const fn at(&self) -> Option<usize> {
        self.at
    }

    /// Returns the error without the text of the entry, so that it borrows nothing and can be kept
    /// or returned as a `Box<dyn Error>`. Its sentence then has an [example](PolicyErrorKind::fix)
    /// where it would have been computed from the entry.
    ///
    /// ```
    /// use embedded_cors::Policy;
    ///
    /// fn check(line: String) -> Result<(), Box<dyn std::error::Error>> {
    ///     let origins = [line.as_str()];
    ///     Policy::builder().allow_origins(&origins).build().map_err(|error| error.without_entry())?;
    ///     Ok(())
    /// }
    /// assert_eq!(
    ///     check("https://example.com/".into()).unwrap_err().to_string(),
    ///     "allow_origins[0]: has a path or a slash at byte 19; an origin ends after its host and port"
    /// );
    /// ```
    pub const fn without_entry(self) -> PolicyError<'static> {
        PolicyError {
            kind: self.kind,
            setting: self.setting,
            entry: None,
            index: self.index,
            at: self.at,
        }
    }

    /// Returns the error with the text of its entry, after [`without_entry`](Self::without_entry).
    #[allow(dead_code, reason = "integrations keep the entry beside the error")]
    pub(crate) const fn with_entry<'e>(&self, entry: Option<&'e str>) -> PolicyError<'e> {
        PolicyError {
            kind: self.kind,
            setting: self.setting,
            entry,
            index: self.index,
            at: self.at,
        }
    }

    /// Returns the error with another index of its entry.
    #[allow(dead_code, reason = "integrations check entries one by one")]
    pub(crate) const fn with_index(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    /// Composes the sentence. It is `const`, because it is also what a build fails with.
    pub(crate) const fn message(&self) -> Message {
        let mut message = Message::new().text(self.setting.name());
        if let Some(index) = self.index {
            message = message.text("[").number(index).text("]");
        }
        if let Some(entry) = self.entry {
            message = message.text(" ").quoted(entry);
        }
        message = message.text(": ").text(self.kind.what());
        if let Some(at) = self.at {
            message = message.text(" at byte ").number(at);
        }
        message = message.text("; ");
        match self.entry {
            Some(entry) => fix::append(message, self.kind, entry),
            None => message.text(self.kind.fix()),
        }
    }

    /// Returns the entry between quotation marks, on one line.
    #[allow(dead_code, reason = "integrations that do not use `Display` need it")]
    pub(crate) fn quoted_entry(&self) -> Option<Message> {
        self.entry.map(|entry| Message::new().quoted(entry))
    }
}

impl fmt::Display for PolicyError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl core::error::Error for PolicyError<'_> {}

/// A setting of a policy, named as the method of [`PolicyBuilder`](crate::PolicyBuilder) that sets
/// it.
///
/// It is `#[non_exhaustive]`, because policies can get more settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// The list of origins.
    AllowOrigins,
    /// The predicate over origins.
    AllowOriginIf,
    /// The list of methods.
    AllowMethods,
    /// The list of request-header names.
    AllowHeaders,
    /// The list of response-header names.
    ExposeHeaders,
    /// The number of seconds for which a browser may cache a preflight.
    MaxAge,
}

impl Setting {
    /// Returns the name of the method, such as `allow_origins`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowOrigins => "allow_origins",
            Self::AllowOriginIf => "allow_origin_if",
            Self::AllowMethods => "allow_methods",
            Self::AllowHeaders => "allow_headers",
            Self::ExposeHeaders => "expose_headers",
            Self::MaxAge => "max_age_seconds",
        }
    }
}

impl fmt::Display for Setting {
    /// Writes the [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_with_the_longest_entry() {
        let entry = "x".repeat(400);
        for &kind in PolicyErrorKind::ALL {
            let error = PolicyError::of_entry(kind, Setting::AllowOrigins, &entry, 99_999, 9_999);
            let message = error.message();
            assert!(message.as_str().ends_with(kind.fix()), "{kind:?}: {message}");
        }
    }
}
