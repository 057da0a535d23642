//! `defmt`: a few bytes on the wire for each decision, reason and error. Nothing unparsed of a request is logged.

use defmt::{Format, Formatter, Str, intern, write};

use crate::browser::verdict::all_failures;
use crate::browser::{Blocked, Failure, ResponseError, Stage};
use crate::error::all_policy_error_kinds;
use crate::reason::all_reasons;
use crate::{
    BufferTooSmall, CorsFields, Decision, HeadError, Kind, Origin, OriginError, OriginErrorKind,
    OriginOrNull, PolicyError, PolicyErrorKind, Preflight, Progress, Reason, Refusal, RefusedStatus, Setting,
    SuccessStatus, VaryError,
};

// Texts stay in the ELF file: two bytes of each are sent, and none is in flash.

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
    ($($(#[doc = $doc:literal])* $variant:ident: $sentence:literal, $section:literal, $fix:literal;)*) => {
        fn texts_of(failure: Failure) -> (Str, Str, Str) {
            match failure { $(Failure::$variant => (intern!($sentence), intern!($section), intern!($fix)),)* }
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

impl Format for Kind {
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
        match self.index() {
            Some(index) => write!(f, "{} [{=usize}]", self.reason(), index),
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
    /// As `Display`.
    fn format(&self, f: Formatter<'_>) {
        let (what, fix) = what_and_fix_of(self.kind());
        write!(f, "{}", self.setting());
        if self.setting().has_entries() {
            write!(f, "[{=usize}]", self.index());
            if let Some(entry) = self.quoted_entry() {
                write!(f, " {=str}", entry.as_str());
            }
        }
        if self.kind().has_position() {
            write!(f, ": {=istr} at byte {=usize}; {=istr}", what, self.at(), fix);
        } else {
            write!(f, ": {=istr}; {=istr}", what, fix);
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
            Self::AllowPrivateNetwork => write!(f, "allow_private_network"),
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
            Self::Scheme => write!(f, "not a lower-case scheme"),
            Self::Separator => write!(f, "no `://` after the scheme"),
            Self::Host => write!(f, "not a lower-case host"),
            Self::Ipv6 => write!(f, "not an IPv6 address in brackets"),
            Self::Port => write!(f, "not a port"),
        }
    }
}

impl Format for VaryError {
    fn format(&self, f: Formatter<'_>) {
        let (index, at) = (self.index(), self.at());
        write!(
            f,
            "the existing Vary[{=usize}] is no list of field names: byte {=usize}",
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

impl Format for CorsFields {
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
    /// As `Display`.
    fn format(&self, f: Formatter<'_>) {
        let (sentence, section, fix) = texts_of(self.failure());
        match self.header() {
            Some(index) => write!(
                f,
                "{}: {=istr} (header {=usize}, counted from 0) ({=istr}); {=istr}",
                self.stage(),
                sentence,
                index,
                section,
                fix
            ),
            None => write!(
                f,
                "{}: {=istr} ({=istr}); {=istr}",
                self.stage(),
                sentence,
                section,
                fix
            ),
        }
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
        let (sentence, section, fix) = texts_of(*self);
        write!(f, "{=istr} ({=istr}); {=istr}", sentence, section, fix);
    }
}

impl Format for ResponseError {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "no head of a response: the line at byte {=usize}", self.at());
    }
}

impl Format for SuccessStatus {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::NoContent => write!(f, "204"),
            Self::Ok => write!(f, "200"),
        }
    }
}

impl Format for RefusedStatus {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Forbidden => write!(f, "403"),
            Self::NoContent => write!(f, "204"),
            Self::Ok => write!(f, "200"),
        }
    }
}
