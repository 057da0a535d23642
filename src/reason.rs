//! Reasons for refusals: a number for the wire, a name for the log, a sentence for the screen.

use core::fmt;

/// A refusal: the reason, and the position in the request that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    reason: Reason,
    /// The index in the position. The reason says whether it counts bytes or names.
    index: Option<u16>,
}

/// The position in a request that a [`Refusal`] is about.
///
/// It is exhaustive, because a refusal is about the value of `Origin` or `Host`, or about a
/// requested header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalPosition {
    /// The index of the first wrong byte in the value of `Origin`, or in that of `Host`,
    /// `:authority` or the authority of the target.
    Byte(usize),
    /// The index of a name in `Access-Control-Request-Headers`, counted over all lines of the
    /// field.
    Name(usize),
}

impl RefusalPosition {
    /// Returns the index, whatever it counts.
    pub const fn index(self) -> usize {
        match self {
            Self::Byte(index) | Self::Name(index) => index,
        }
    }
}

impl Refusal {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self { reason, index: None }
    }

    /// Creates a refusal about the byte or the name with this index.
    pub(crate) const fn at(reason: Reason, index: u16) -> Self {
        Self {
            reason,
            index: Some(index),
        }
    }

    /// Returns the reason.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the position in the request, if the refusal is about one byte or one name.
    ///
    /// It is a byte for [`OriginMalformed`](Reason::OriginMalformed) and
    /// [`HostMalformed`](Reason::HostMalformed), and a name for reasons about requested headers.
    ///
    /// ```
    /// use embedded_cors::{Policy, RefusalPosition, Request};
    ///
    /// static CORS: Policy = Policy::builder().allow_origins(&["https://a.example"]).build_or_panic();
    ///
    /// let request = Request::from_fields("GET", [("Origin", "https://a.example/")]);
    /// let refusal = CORS.decide(&request).refusal().unwrap();
    /// assert_eq!(refusal.position(), Some(RefusalPosition::Byte(17)));
    /// ```
    pub const fn position(&self) -> Option<RefusalPosition> {
        match (self.index, self.reason) {
            (None, _) => None,
            (Some(byte), Reason::OriginMalformed | Reason::HostMalformed) => {
                Some(RefusalPosition::Byte(byte as usize))
            }
            (Some(name), _) => Some(RefusalPosition::Name(name as usize)),
        }
    }
}

impl fmt::Display for Refusal {
    /// Writes the sentence and the position, but nothing from the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        match self.position() {
            Some(RefusalPosition::Byte(byte)) => write!(f, " (at byte {byte})"),
            Some(RefusalPosition::Name(name)) => write!(f, " (name {name}, counted from 0)"),
            None => Ok(()),
        }
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $name:literal, $sentence:literal;)*) => {
        /// Why a request is refused. The numbers and names are stable.
        ///
        /// It is `#[non_exhaustive]`, because later versions may distinguish more reasons.
        ///
        /// ```
        /// use embedded_cors::Reason;
        ///
        /// assert_eq!(Reason::OriginNotAllowed.code(), 4);
        /// assert_eq!(Reason::from_code(4), Some(Reason::OriginNotAllowed));
        /// assert_eq!(Reason::OriginNotAllowed.name(), "origin_not_allowed");
        /// assert_eq!(Reason::OriginNotAllowed.to_string(), "no entry of the policy admits the origin");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Reason {
            $($(#[doc = $doc])* $variant = $code,)*
        }

        impl Reason {
            /// Every reason, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the reason with this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Returns the name, such as `origin_not_allowed`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the sentence. It contains nothing from the policy or the request, so an
            /// error reply can show it.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

/// Passes every reason, with its texts, to the macro `then`.
macro_rules! all_reasons {
    ($then:ident) => {
        $then! {
            /// The request has more than one `Origin` field line.
            OriginRepeated = 1, "origin_repeated", "the request has more than one Origin";
            /// The value of `Origin` was truncated, by the server or because the reader's buffer
            /// was full.
            OriginTruncated = 2, "origin_truncated", "the Origin was truncated before it reached the policy";
            /// The value of `Origin` is neither a serialized origin nor `null`, or its line is
            /// folded or has white space before its colon.
            OriginMalformed = 3, "origin_malformed", "the Origin is not a serialized origin";
            /// No entry of the policy admits the origin.
            OriginNotAllowed = 4, "origin_not_allowed", "no entry of the policy admits the origin";
            /// The origin is `null`, and the policy does not list `null`.
            NullNotAllowed = 5, "null_not_allowed", "the origin is null, as of a sandboxed frame or a file, and the policy does not list null";
            /// The predicate admits an `http:` origin, and the policy allows credentials.
            OriginInsecure = 6, "origin_insecure", "the origin is http:, and the policy allows credentials";
            /// The request has more than one `Access-Control-Request-Method` field line.
            RequestMethodRepeated = 7, "request_method_repeated", "the preflight has more than one Access-Control-Request-Method";
            /// The value of `Access-Control-Request-Method` was truncated.
            RequestMethodTruncated = 8, "request_method_truncated", "the Access-Control-Request-Method was truncated before it reached the policy";
            /// The value of `Access-Control-Request-Method` is not a token, or its line is folded
            /// or has white space before its colon.
            RequestMethodMalformed = 9, "request_method_malformed", "the Access-Control-Request-Method is not a method";
            /// The policy does not allow the requested method.
            MethodNotAllowed = 10, "method_not_allowed", "the policy does not allow the requested method";
            /// A value of `Access-Control-Request-Headers` was truncated.
            RequestHeadersTruncated = 11, "request_headers_truncated", "the Access-Control-Request-Headers were truncated before they reached the policy";
            /// `Access-Control-Request-Headers` is not a list of field names, or a line of it is
            /// folded or has white space before its colon.
            RequestHeadersMalformed = 12, "request_headers_malformed", "the Access-Control-Request-Headers are not a list of header names";
            /// `Access-Control-Request-Headers` exceeds its budget: 4 field lines, 256 names, 16
            /// empty members, 256 bytes of white space between names. No browser or proxy writes a
            /// list that exceeds it.
            RequestHeadersOverBudget = 13, "request_headers_over_budget", "the Access-Control-Request-Headers are longer than any browser writes them";
            /// The policy has
            /// [`strict_request_headers`](crate::PolicyBuilder::strict_request_headers), and
            /// `Access-Control-Request-Headers` is not as Fetch writes it.
            RequestHeadersNotStrict = 14, "request_headers_not_strict", "the Access-Control-Request-Headers are not sorted, lower-case and unique as Fetch writes them";
            /// The policy does not allow a requested header.
            HeaderNotAllowed = 15, "header_not_allowed", "the policy does not allow a requested header";
            /// The policy allows the headers `*`, which does not cover the requested
            /// `authorization`.
            AuthorizationNotCovered = 16, "authorization_not_covered", "the policy allows * headers, which does not cover authorization; list it too";
            /// The response would echo the requested headers or the requested method, but they are
            /// too long. Headers are echoed up to 1024 bytes, or up to the length of all names that
            /// the policy lists beside `*` if that is longer; a method is echoed up to 64 bytes.
            EchoTooLong = 17, "echo_too_long", "the requested method or headers are longer than a policy with * echoes";
            /// The request head was not read to its end.
            HeadIncomplete = 18, "head_incomplete", "the request head was not read to its end";
            /// The request has no `Host` and no `:authority`, and its version is not HTTP/1.0.
            HostMissing = 19, "host_missing", "the request has no Host";
            /// The request has more than one `Host` field line, or more than one `:authority`.
            HostRepeated = 20, "host_repeated", "the request has more than one Host";
            /// The value of `Host` was truncated, by the server or because the reader's buffer was
            /// full.
            HostTruncated = 21, "host_truncated", "the Host was truncated before it reached the doors";
            /// The value of `Host`, `:authority` or the authority of the target is not a host with
            /// or without a port, or the line of `Host` is folded or has white space before its
            /// colon.
            HostMalformed = 22, "host_malformed", "the Host is not a host with or without a port";
            /// The request has an `:authority` and a `Host` that is another one.
            HostDiffers = 23, "host_differs", "the request has an :authority and another Host";
            /// The host is valid, and the server does not answer to it. A page that reached the
            /// server by DNS rebinding sends the name of the page's site.
            HostNotAllowed = 24, "host_not_allowed", "the server does not answer to this host";
            /// The request has no `Origin`, and the doors
            /// [require one](crate::DoorsBuilder::require_origin).
            OriginMissing = 25, "origin_missing", "the request has no Origin, and the server requires one";
            /// The policy lets pages of this origin read, but the entry that admits the origin does
            /// not name it, as `*` and `null` do not. So it is not trusted to change anything.
            OriginNotTrusted = 26, "origin_not_trusted", "the policy lets this origin read, but does not name it, so it may not change anything";
            /// `Sec-Fetch-Site` says that another site makes the request.
            CrossSite = 27, "cross_site", "Sec-Fetch-Site says that a page of another site makes the request";
        }
    };
}
#[allow(unused_imports, reason = "integrations invoke it too")]
pub(crate) use all_reasons;

all_reasons!(reasons);

impl Reason {
    /// Returns the number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Reason {
    /// Writes the [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_names_unique() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(reason.code() as usize, index + 1);
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            let same = Reason::ALL.iter().filter(|other| other.name() == reason.name());
            assert_eq!(same.count(), 1);
        }
        assert_eq!(Reason::from_code(0), None);
        assert_eq!(Reason::from_code(Reason::ALL.len() as u8 + 1), None);
    }
}
