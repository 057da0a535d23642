//! Why a browser does not give a page a response: the step of the standard, and what would change it.

use core::fmt;

/// A request that a browser blocks: at which stage, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Blocked {
    stage: Stage,
    failure: Failure,
    header: Option<usize>,
}

impl Blocked {
    pub(super) const fn new(stage: Stage, failure: Failure) -> Self {
        Self {
            stage,
            failure,
            header: None,
        }
    }

    pub(super) const fn of_header(mut self, index: usize) -> Self {
        self.header = Some(index);
        self
    }

    /// How far the request came.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Why it came no further.
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// For failures about a header of the page's, its index among the [`headers`](super::Fetch::headers).
    pub const fn header(&self) -> Option<usize> {
        self.header
    }
}

impl fmt::Display for Blocked {
    /// The stage, the sentence, the step of the standard, the fix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.failure;
        write!(f, "{}: {}", self.stage.name(), failure.sentence())?;
        if let Some(index) = self.header {
            write!(f, " (header {index}, counted from 0)")?;
        }
        write!(f, " ({}); {}", failure.section(), failure.fix())
    }
}

impl core::error::Error for Blocked {}

/// How far a blocked request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing was sent: the page gets an exception.
    Page,
    /// The preflight was answered, and the request itself not sent.
    Preflight,
    /// The server has answered the request, and the page does not see the response.
    Response,
}

impl Stage {
    /// The name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Preflight => "preflight",
            Self::Response => "response",
        }
    }
}

macro_rules! failures {
    ($($(#[doc = $doc:literal])* $variant:ident: $sentence:literal, $section:literal, $fix:literal;)*) => {
        /// Why a browser blocks a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Failure {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Failure {
            /// What is wrong.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// The step of the standard that says so.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$variant => $section,)* }
            }

            /// What would change it, mostly at the server.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

/// Gives every failure, with its texts, to a macro.
macro_rules! all_failures {
    ($then:ident) => {
        $then! {
            /// The method is no token.
            MethodNotAToken: "the method is not a token", "Fetch section 5.4 step 25", "write a method";
            /// `CONNECT`, `TRACE`, `TRACK`.
            ForbiddenMethod: "no page can send this method", "Fetch section 5.4 step 25", "use another method";
            /// A header's name is no token.
            HeaderNameNotAToken: "a header's name is not a token", "Fetch section 5.1, validate", "write a name without spaces and separators";
            /// A header's value has a NUL, CR or LF, or a character above U+00FF.
            HeaderValueMalformed: "a header's value has a NUL, CR or LF, or a character above U+00FF", "Fetch section 5.1, validate, and Web IDL section 3.2.11, ByteString", "encode the value";
            /// No `Access-Control-Allow-Origin`.
            AllowOriginMissing: "the response has no Access-Control-Allow-Origin", "Fetch section 4.10 step 2", "add the page's origin to the policy, and send its fields on this response and status";
            /// More than one `Access-Control-Allow-Origin`.
            AllowOriginRepeated: "the response has more than one Access-Control-Allow-Origin", "Fetch section 4.10 steps 1 and 4", "keep one source of it: the server, the framework or the proxy";
            /// `Access-Control-Allow-Origin: *` for a request with credentials.
            AllowOriginAnyWithCredentials: "Access-Control-Allow-Origin is *, and the request has credentials", "Fetch section 4.10 steps 3 and 4", "list the origins and allow credentials, or send none from the page";
            /// `Access-Control-Allow-Origin` is another origin, or none.
            AllowOriginDiffers: "Access-Control-Allow-Origin is not the page's origin, byte for byte", "Fetch section 4.10 step 4", "add the page's origin to the policy, as the browser writes it; and Vary: Origin, if a cache answered";
            /// No `Access-Control-Allow-Credentials`, for a request with credentials.
            AllowCredentialsMissing: "the response has no Access-Control-Allow-Credentials, and the request has credentials", "Fetch section 4.10 step 7", "allow credentials, or send none from the page";
            /// `Access-Control-Allow-Credentials` is not `true`.
            AllowCredentialsNotTrue: "Access-Control-Allow-Credentials is not exactly true", "Fetch section 4.10 step 7", "write true, once, in lower case";
            /// The preflight's status is not one from 200 to 299.
            PreflightStatus: "the preflight's status is not from 200 to 299", "Fetch section 4.8 step 7", "answer OPTIONS by the policy, before redirects, routing and authentication";
            /// `Access-Control-Allow-Methods` is no list of tokens.
            AllowMethodsMalformed: "Access-Control-Allow-Methods is not a list of methods", "Fetch section 4.8 step 7.3", "write methods with a comma between them and nothing else";
            /// `Access-Control-Allow-Headers` is no list of tokens.
            AllowHeadersMalformed: "Access-Control-Allow-Headers is not a list of header names", "Fetch section 4.8 step 7.3", "write names with a comma between them and nothing else";
            /// The method is not among `Access-Control-Allow-Methods`.
            MethodNotAllowed: "the method is not among Access-Control-Allow-Methods", "Fetch section 4.8 step 7.5", "allow the method, in this case";
            /// `Access-Control-Allow-Methods: *` for a request with credentials.
            AnyMethodWithCredentials: "Access-Control-Allow-Methods is *, which with credentials is a method of that name", "Fetch section 4.8 step 7.5", "list the methods";
            /// `Authorization` is covered by `*` only.
            AuthorizationNotCovered: "* among Access-Control-Allow-Headers does not cover authorization", "Fetch section 4.8 step 7.6", "list authorization beside *";
            /// A header is not among `Access-Control-Allow-Headers`.
            HeaderNotAllowed: "a header is not among Access-Control-Allow-Headers", "Fetch section 4.8 steps 7.6 and 7.7", "allow the header";
            /// `Access-Control-Allow-Headers: *` for a request with credentials.
            AnyHeaderWithCredentials: "Access-Control-Allow-Headers is *, which with credentials is a header of that name", "Fetch section 4.8 step 7.7", "list the headers";
            /// What the server answered is no head of a response.
            ResponseMalformed: "the answer is not the head of a response", "RFC 9112 section 4", "see Response::from_head";
            /// The request or the response is longer than what [`would_allow`](super::would_allow) has room for.
            TooLong: "a head has more than 8192 bytes", "a limit of this check", "take the steps of the exchange one by one";
        }
    };
}
#[cfg_attr(not(feature = "defmt"), allow(unused_imports, reason = "for guests"))]
pub(crate) use all_failures;

all_failures!(failures);

impl fmt::Display for Failure {
    /// The [`sentence`](Self::sentence).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_something_of_its_own() {
        for (index, failure) in Failure::ALL.iter().enumerate() {
            assert!(!failure.section().is_empty() && !failure.fix().is_empty());
            for other in &Failure::ALL[index + 1..] {
                assert_ne!(failure.sentence(), other.sentence());
            }
        }
    }
}
