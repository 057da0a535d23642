//! Why a request is refused: a number for the wire, a name for the log, a sentence for the screen.

use core::fmt;

/// A refusal: the reason, and where in the request it is, if it is somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    reason: Reason,
    index: Option<u16>,
}

impl Refusal {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self { reason, index: None }
    }

    pub(crate) const fn at(reason: Reason, index: u16) -> Self {
        Self {
            reason,
            index: Some(index),
        }
    }

    /// The reason.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Where in the request: for [`OriginMalformed`](Reason::OriginMalformed) the index of the byte in the value, for
    /// reasons about requested headers the index of the name in the list, counted over all its lines.
    pub const fn index(&self) -> Option<usize> {
        match self.index {
            Some(index) => Some(index as usize),
            None => None,
        }
    }
}

impl fmt::Display for Refusal {
    /// The sentence, with the index. Nothing of the request is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        match self.index {
            Some(index) if self.reason == Reason::OriginMalformed => {
                write!(f, " (at byte {index})")
            }
            Some(index) => write!(f, " (name {index}, counted from 0)"),
            None => Ok(()),
        }
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $name:literal, $sentence:literal;)*) => {
        /// Why a request is refused. The numbers and names are stable.
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

            /// The reason of this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The name, such as `origin_not_allowed`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The sentence, without what an error reply should not say.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

/// Gives every reason, with its texts, to a macro.
macro_rules! all_reasons {
    ($then:ident) => {
        $then! {
            /// More than one `Origin` field line.
            OriginRepeated = 1, "origin_repeated", "the request has more than one Origin";
            /// The value of `Origin` was cut, by the server or by the reader's buffer.
            OriginCut = 2, "origin_cut", "the Origin was cut short before it reached the policy";
            /// The value of `Origin` is neither a serialized origin nor `null`, or its line is folded or has white space
            /// before its colon.
            OriginMalformed = 3, "origin_malformed", "the Origin is not a serialized origin";
            /// No entry of the policy admits the origin.
            OriginNotAllowed = 4, "origin_not_allowed", "no entry of the policy admits the origin";
            /// The origin is `null`, and the policy does not list `null`.
            NullNotAllowed = 5, "null_not_allowed", "the origin is null, as of a sandboxed frame or a file, and the policy does not list null";
            /// The predicate admits an `http:` origin, and the policy allows credentials.
            OriginInsecure = 6, "origin_insecure", "the origin is http:, and the policy allows credentials";
            /// More than one `Access-Control-Request-Method` field line.
            RequestMethodRepeated = 7, "request_method_repeated", "the preflight has more than one Access-Control-Request-Method";
            /// The value of `Access-Control-Request-Method` was cut.
            RequestMethodCut = 8, "request_method_cut", "the Access-Control-Request-Method was cut short before it reached the policy";
            /// The value of `Access-Control-Request-Method` is no token, or its line is folded or has white space before
            /// its colon.
            RequestMethodMalformed = 9, "request_method_malformed", "the Access-Control-Request-Method is not a method";
            /// The policy does not allow the requested method.
            MethodNotAllowed = 10, "method_not_allowed", "the policy does not allow the requested method";
            /// A value of `Access-Control-Request-Headers` was cut.
            RequestHeadersCut = 11, "request_headers_cut", "the Access-Control-Request-Headers were cut short before they reached the policy";
            /// `Access-Control-Request-Headers` is no list of field names, or a line of it is folded or has white space
            /// before its colon.
            RequestHeadersMalformed = 12, "request_headers_malformed", "the Access-Control-Request-Headers are not a list of header names";
            /// More in `Access-Control-Request-Headers` than the budget has: 4 field lines, 256 names, 16 empty members, 256 bytes of white space
            /// between names. No browser and no proxy writes that much.
            RequestHeadersOverBudget = 13, "request_headers_over_budget", "the Access-Control-Request-Headers are longer than any browser writes them";
            /// The policy is strict, and `Access-Control-Request-Headers` is not as Fetch writes it.
            RequestHeadersNotStrict = 14, "request_headers_not_strict", "the Access-Control-Request-Headers are not sorted, lower-case and unique as Fetch writes them";
            /// The policy does not allow a requested header.
            HeaderNotAllowed = 15, "header_not_allowed", "the policy does not allow a requested header";
            /// The policy allows `*` headers, which does not cover the requested `authorization`.
            AuthorizationNotCovered = 16, "authorization_not_covered", "the policy allows * headers, which does not cover authorization; list it too";
            /// The requested headers would have to be echoed, and are longer than 1024 bytes and than all names listed beside `*`; or the
            /// method, and it is longer than 64.
            EchoTooLong = 17, "echo_too_long", "the requested method or headers are longer than a policy with * and credentials echoes";
            /// The request head did not end.
            HeadIncomplete = 18, "head_incomplete", "the request head was not read to its end";
        }
    };
}
#[cfg_attr(not(feature = "defmt"), allow(unused_imports, reason = "for guests"))]
pub(crate) use all_reasons;

all_reasons!(reasons);

impl Reason {
    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Reason {
    /// The [`sentence`](Self::sentence).
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
