//! `defmt`: a few bytes on the wire for each decision, reason and error. Nothing of a request is
//! logged unless it was parsed in full.

use defmt::{Format, Formatter, Str, intern, write};

use crate::browser::verdict::all_failures;
use crate::browser::{Blocked, Failure, ResponseError, ResponseErrorKind, Stage};
use crate::policy::all_policy_error_kinds;
use crate::reason::all_reasons;
use crate::{
    BufferTooSmall, Decision, ExistingCorsFields, HeadError, Origin, OriginError, OriginErrorKind,
    OriginOrNull, PolicyError, PolicyErrorKind, Preflight, PreflightRefusedStatus, PreflightSuccessStatus,
    Progress, Reason, Refusal, RequestKind, Setting, VaryError,
};

// Interned texts stay in the ELF file. Two bytes of each are sent, and none takes flash.

macro_rules! reason_names {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $name:literal, $sentence:literal;)*) => {
        fn name_of(reason: Reason) -> Str {
            match reason { $(Reason::$variant => intern!($name),)* }
        }
    };
}
all_reasons!(reason_names);

macro_rules! policy_error_texts {
    ($($(#[doc = $doc:literal])* $variant:ident $(at $at:ident)? : $what:literal, $fix:literal;)*) => {
        fn what_and_fix_of(kind: PolicyErrorKind) -> (Str, Str) {
            match kind { $(PolicyErrorKind::$variant => (intern!($what), intern!($fix)),)* }
        }
    };
}
all_policy_error_kinds!(policy_error_texts);

macro_rules! failure_texts {
    ($(in $algorithm:literal at $url:literal {
        $($(#[doc = $doc:literal])* $variant:ident: $sentence:literal, $fix:literal;)*
    })*) => {
        fn sentence_and_fix_of(failure: Failure) -> (Str, Str) {
            match failure { $($(Failure::$variant => (intern!($sentence), intern!($fix)),)*)* }
        }

        fn algorithm_and_url_of(failure: Failure) -> (Str, Str) {
            match failure { $($(Failure::$variant => (intern!($algorithm), intern!($url)),)*)* }
        }
    };
}
all_failures!(failure_texts);

impl Format for Decision<'_> {
    fn format(&self, f: Formatter<'_>) {
        match self.refusal() {
            Some(refusal) => write!(f, "{} refused: {}", self.kind(), refusal),
            None if self.is_allowed() => write!(f, "{} allowed", self.kind()),
            None => write!(f, "{}", self.kind()),
        }
    }
}

impl Format for RequestKind {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::NotCors => write!(f, "not CORS"),
            Self::Actual => write!(f, "actual"),
            Self::Preflight => write!(f, "preflight"),
        }
    }
}

impl Format for Refusal {
    fn format(&self, f: Formatter<'_>) {
        match self.position() {
            Some(position) => write!(f, "{} [{=usize}]", self.reason(), position.index()),
            None => write!(f, "{}", self.reason()),
        }
    }
}

impl Format for Reason {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=u8} {=istr}", self.code(), name_of(*self));
    }
}

impl Format for Preflight<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "preflight response {=u16}", self.status());
    }
}

impl Format for PolicyError<'_> {
    /// Writes the same text as `Display`.
    fn format(&self, f: Formatter<'_>) {
        let (what, fix) = what_and_fix_of(self.kind());
        write!(f, "{}", self.setting());
        if let Some(index) = self.index() {
            write!(f, "[{=usize}]", index);
        }
        if let Some(entry) = self.quoted_entry() {
            write!(f, " {=str}", entry.as_str());
        }
        match self.at() {
            Some(at) => write!(f, ": {=istr} at byte {=usize}; {=istr}", what, at, fix),
            None => write!(f, ": {=istr}; {=istr}", what, fix),
        }
    }
}

impl Format for PolicyErrorKind {
    fn format(&self, f: Formatter<'_>) {
        let (what, fix) = what_and_fix_of(*self);
        write!(f, "{=istr}; {=istr}", what, fix);
    }
}

impl Format for Setting {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::AllowOrigins => write!(f, "allow_origins"),
            Self::AllowOriginIf => write!(f, "allow_origin_if"),
            Self::AllowMethods => write!(f, "allow_methods"),
            Self::AllowHeaders => write!(f, "allow_headers"),
            Self::ExposeHeaders => write!(f, "expose_headers"),
            Self::MaxAge => write!(f, "max_age_seconds"),
        }
    }
}

impl Format for BufferTooSmall {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "the buffer is too small: {=usize} bytes are needed",
            self.needed()
        );
    }
}

impl Format for HeadError {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Incomplete => write!(f, "the request head ends before its empty line"),
            Self::RequestLine => write!(f, "the request head does not begin with a method and a space"),
        }
    }
}

impl Format for OriginError {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{} at byte {=usize}", self.kind(), self.at());
    }
}

impl Format for OriginErrorKind {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Scheme => write!(f, "expected a lower-case scheme"),
            Self::Separator => write!(f, "expected `//` after the scheme and its colon"),
            Self::Host => write!(f, "expected a host as browsers write it"),
            Self::Ipv6 => write!(f, "expected an IPv6 address in brackets"),
            Self::Port => write!(f, "expected a port or the end"),
        }
    }
}

impl Format for VaryError {
    fn format(&self, f: Formatter<'_>) {
        let (index, at) = (self.index(), self.at());
        write!(
            f,
            "the existing Vary[{=usize}] is not a list of field names: byte {=usize}",
            index, at
        );
    }
}

impl Format for Origin<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.as_str());
    }
}

impl Format for OriginOrNull<'_> {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Origin(origin) => write!(f, "{}", origin),
            Self::Null => write!(f, "null"),
        }
    }
}

impl Format for Progress {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::NeedsMore => write!(f, "needs more"),
            Self::Done { used } => write!(f, "done after {=usize} bytes", used),
        }
    }
}

impl Format for ExistingCorsFields {
    fn format(&self, f: Formatter<'_>) {
        for (index, name) in self.iter().enumerate() {
            match index {
                0 => write!(f, "{=str}", name),
                _ => write!(f, ", {=str}", name),
            }
        }
    }
}

impl Format for Blocked {
    /// Writes the same text as `Display`.
    fn format(&self, f: Formatter<'_>) {
        let (sentence, fix) = sentence_and_fix_of(self.failure());
        write!(f, "{}", self.stage());
        if self.redirects() > 0 {
            write!(f, " after redirect {=u8}", self.redirects());
        }
        write!(f, ": {=istr}", sentence);
        if let Some(name) = self.header() {
            write!(f, " (header {=str})", name);
        }
        write!(f, "; {=istr}", fix);
        write_algorithm(self.failure(), f);
    }
}

/// Writes the algorithm and its address, in parentheses.
fn write_algorithm(failure: Failure, f: Formatter<'_>) {
    let (algorithm, url) = algorithm_and_url_of(failure);
    match failure.url() {
        Some(_) => write!(f, " ({=istr}, {=istr})", algorithm, url),
        None => write!(f, " ({=istr})", algorithm),
    }
}

impl Format for Stage {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Page => write!(f, "page"),
            Self::Preflight => write!(f, "preflight"),
            Self::Response => write!(f, "response"),
        }
    }
}

impl Format for Failure {
    fn format(&self, f: Formatter<'_>) {
        let (sentence, fix) = sentence_and_fix_of(*self);
        write!(f, "{=istr}; {=istr}", sentence, fix);
        write_algorithm(*self, f);
    }
}

impl Format for ResponseError {
    /// Writes the same text as `Display`.
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{}", self.kind());
        if let Some(index) = self.header() {
            write!(f, " (header {=usize}, counted from 0)", index);
        }
        if let Some(at) = self.byte() {
            write!(f, " (line at byte {=usize})", at);
        }
    }
}

impl Format for ResponseErrorKind {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Unfinished => write!(f, "the response head ends before its empty line"),
            Self::StatusLine => write!(
                f,
                "the response head does not begin with a status line such as HTTP/1.1 200 OK"
            ),
            Self::Status => write!(f, "the status has more than three digits"),
            Self::Colon => write!(f, "a line of the response head has no colon"),
            Self::HeaderName => write!(f, "the name of a header is not a token"),
            Self::HeaderValue => write!(f, "the value of a header has a NUL, CR or LF"),
            Self::NotAscii => write!(
                f,
                "the value of a header is not ASCII; write the head as bytes and read it with from_head"
            ),
        }
    }
}

impl Format for PreflightSuccessStatus {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::NoContent => write!(f, "204"),
            Self::Ok => write!(f, "200"),
            Self::NoContentBare => write!(f, "204 without content-length"),
        }
    }
}

impl Format for PreflightRefusedStatus {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Forbidden => write!(f, "403"),
            Self::NoContent => write!(f, "204"),
            Self::Ok => write!(f, "200"),
        }
    }
}
