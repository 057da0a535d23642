//! Errors: a kind, the entry it is about, and where in it.

use core::fmt;

use crate::message::Message;

/// A policy that cannot be built: which setting, which entry of it, where in the entry, and why.
///
/// The sentence says what to write instead:
///
/// ```
/// use embedded_cors::{Policy, PolicyErrorKind, Setting};
///
/// let error = Policy::builder()
///     .allow_origins(&["https://app.example.com", "https://example.com/"])
///     .build()
///     .unwrap_err();
/// assert_eq!(error.setting(), Setting::AllowOrigins);
/// assert_eq!((error.index(), error.entry(), error.at()), (1, "https://example.com/", 19));
/// assert_eq!(error.kind(), PolicyErrorKind::Path);
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
    index: usize,
    at: usize,
}

impl<'a> PolicyError<'a> {
    pub(crate) const fn entry_error(
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
            index,
            at,
        }
    }

    pub(crate) const fn setting_error(kind: PolicyErrorKind, setting: Setting) -> Self {
        Self::entry_error(kind, setting, "", 0, 0)
    }

    /// What is wrong.
    pub const fn kind(&self) -> PolicyErrorKind {
        self.kind
    }

    /// Which setting of the policy it is about.
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// The entry as it was given; empty if the setting has no entries, or the error is [`without_entry`](Self::without_entry).
    pub const fn entry(&self) -> &'a str {
        match self.entry {
            Some(entry) => entry,
            None => "",
        }
    }

    /// The entry between quotation marks, as one line; none if the error is [`without_entry`](Self::without_entry).
    #[cfg_attr(not(feature = "defmt"), allow(dead_code, reason = "for guests"))]
    pub(crate) fn quoted_entry(&self) -> Option<Message> {
        self.entry.map(|entry| Message::new().quoted(entry))
    }

    /// The index of the entry in its list; 0 if the setting has no entries.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The index of the first wrong byte in the entry; 0 if the entry is wrong as a whole.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The error without the entry's text: it borrows nothing, so it can be kept, or returned as a `Box<dyn Error>`.
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

    /// The sentence, composed where a build can fail with it.
    pub(crate) const fn message(&self) -> Message {
        let mut message = Message::new().text(self.setting.name());
        if self.setting.has_entries() {
            message = message.text("[").number(self.index).text("]");
            if let Some(entry) = self.entry {
                message = message.text(" ").quoted(entry);
            }
        }
        message = message.text(": ").text(self.kind.what());
        if self.kind.has_position() {
            message = message.text(" at byte ").number(self.at);
        }
        message.text("; ").text(self.kind.fix())
    }
}

impl fmt::Display for PolicyError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl core::error::Error for PolicyError<'_> {}

/// A setting of a policy, named as the method of [`PolicyBuilder`](crate::PolicyBuilder) that sets it.
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
    /// The seconds a preflight may be cached.
    MaxAge,
    /// The legacy private-network flag.
    AllowPrivateNetwork,
}

impl Setting {
    /// The method's name, such as `allow_origins`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowOrigins => "allow_origins",
            Self::AllowOriginIf => "allow_origin_if",
            Self::AllowMethods => "allow_methods",
            Self::AllowHeaders => "allow_headers",
            Self::ExposeHeaders => "expose_headers",
            Self::MaxAge => "max_age_seconds",
            Self::AllowPrivateNetwork => "allow_private_network",
        }
    }

    /// Whether it is a list of entries.
    pub(crate) const fn has_entries(self) -> bool {
        matches!(
            self,
            Self::AllowOrigins | Self::AllowMethods | Self::AllowHeaders | Self::ExposeHeaders
        )
    }
}

impl fmt::Display for Setting {
    /// The [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for PolicyErrorKind {
    /// [`what`](Self::what) is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}

macro_rules! policy_error_kinds {
    ($($(#[doc = $doc:literal])* $name:ident $(at $at:ident)? : $what:literal, $fix:literal;)*) => {
        /// What is wrong with a policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PolicyErrorKind {
            $($(#[doc = $doc])* $name,)*
        }

        impl PolicyErrorKind {
            /// What is wrong, in a few words.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// What to write instead.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }

            /// Whether [`PolicyError::at`] points to a byte.
            pub(crate) const fn has_position(self) -> bool {
                match self { $(Self::$name => policy_error_kinds!(@ $($at)?),)* }
            }

            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
    (@) => { false };
    (@ byte) => { true };
}

/// Gives every kind of mistake, with its texts, to a macro.
macro_rules! all_policy_error_kinds {
    ($then:ident) => {
        $then! {
            /// An empty entry.
            Empty: "is empty", "remove it";
            /// An origin without `scheme://`.
            NoScheme: "has no scheme", "write one, such as https://example.com";
            /// A scheme that no browser serializes.
            Scheme at byte: "has no valid scheme", "write a lower-case scheme, such as https://";
            /// `file:`, `data:`, `blob:`, `about:`, `javascript:`, whose pages have an opaque origin or another page's.
            OpaqueScheme: "no browser sends an origin of this scheme", "pages from file: and data: send `null`";
            /// Upper case in an origin.
            UpperCase at byte: "has upper case", "browsers send origins in lower case";
            /// A byte outside ASCII in an origin.
            NonAscii at byte: "is not ASCII", "write the host as browsers send it, in its xn-- form";
            /// White space, a comma or a semicolon in an origin.
            SeveralInOne at byte: "has a space, comma or semicolon", "write one origin per entry";
            /// A path, a query, a fragment or a trailing slash.
            Path at byte: "has a path or a slash", "an origin ends after its host and port";
            /// A host that no browser sends, or none, or one longer than 253 bytes.
            Host at byte: "has no valid host", "write a domain or an address and nothing else";
            /// A host that ends in a number but is no dotted quad.
            Ipv4 at byte: "has no IPv4 address as browsers write it", "write four numbers from 0 to 255 without leading zeros";
            /// An IPv6 address that is not in its shortest form.
            Ipv6 at byte: "has no IPv6 address as browsers write it", "write the shortest form in brackets, such as [2001:db8::1]";
            /// A port that is none.
            Port at byte: "has no valid port", "write 1 to 65535 without leading zeros, or *";
            /// The default port of the scheme, which browsers leave out.
            DefaultPort at byte: "names the scheme's default port", "leave it out as browsers do";
            /// `*` where it may not stand.
            Wildcard at byte: "has a misplaced `*`", "it stands for leading labels as in https://*.example.com, for the port as in http://localhost:*, or alone";
            /// `*.` before an address.
            WildcardAddress at byte: "has `*.` before an address", "addresses have no subdomains";
            /// `*` together with credentials.
            AnyWithCredentials: "`*` and credentials exclude each other", "list the origins that may send credentials";
            /// `null` together with credentials.
            NullWithCredentials: "`null` and credentials exclude each other", "sandboxed frames of every site send `null`";
            /// An `http:` origin, not loopback, together with credentials.
            InsecureWithCredentials: "an http: origin with credentials trusts whoever is on the wire", "write https:// or call dangerously_allow_insecure_origins_with_credentials";
            /// `*.` and a single label together with credentials.
            SuffixWithCredentials: "this admits every site under a public suffix, with credentials", "write a registered domain or call dangerously_allow_public_suffixes_with_credentials";
            /// A predicate together with credentials.
            PredicateWithCredentials: "a predicate with credentials may trust any site", "list the origins or call dangerously_allow_predicate_with_credentials";
            /// A name that is no token.
            NotAToken at byte: "is not a token", "write one name, of letters, digits and !#$%&'*+-.^_`|~";
            /// A name of more than 1024 bytes.
            NameTooLong: "is longer than 1024 bytes", "no server takes such a name";
            /// `CONNECT`, `TRACE`, `TRACK`.
            ForbiddenMethod: "no page can send this method", "remove it";
            /// A method that browsers put into upper case.
            MethodCase: "browsers send this method in upper case, and methods are case-sensitive", "write it in upper case";
            /// `Set-Cookie`, `Set-Cookie2`.
            ForbiddenResponseHeader: "no page can read this header", "remove it";
            /// `*` among the exposed headers together with credentials, where it is an ordinary name.
            ExposeAnyWithCredentials: "`*` does not expose headers to requests with credentials", "list the headers";
            /// More entries than a list of names may have.
            TooMany: "is one more than a list may have", "a list has at most 64 names";
            /// An age above a day.
            MaxAgeTooLarge: "is above 86400", "no browser keeps a preflight for more than a day";
            /// The private-network flag together with `*`.
            PrivateNetworkWithAny: "excludes the origin `*`", "list the origins that may reach a private network";
            /// No room in the storage that a policy is built in at run time.
            Full: "does not fit", "give the policy more bytes";
        }
    };
}
#[cfg_attr(not(feature = "defmt"), allow(unused_imports, reason = "for guests"))]
pub(crate) use all_policy_error_kinds;

all_policy_error_kinds!(policy_error_kinds);

/// The buffer is too small for what was to be written; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferTooSmall {
    needed: usize,
}

impl BufferTooSmall {
    /// So many bytes are needed: for a [`Server`](crate::browser::Server) of one's own.
    pub const fn new(needed: usize) -> Self {
        Self { needed }
    }

    /// The length that is enough, in bytes.
    pub const fn needed(&self) -> usize {
        self.needed
    }
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the buffer is too small: {} bytes are needed", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_with_the_longest_entry() {
        let entry = "x".repeat(400);
        for &kind in PolicyErrorKind::ALL {
            let error = PolicyError::entry_error(kind, Setting::AllowOrigins, &entry, 99_999, 9_999);
            let message = error.message();
            assert!(message.as_str().ends_with(kind.fix()), "{kind:?}: {message}");
        }
    }
}
