//! `defmt`: a few bytes on the wire for each decision, reason and error. Nothing unparsed of a request is logged.

use defmt::{Format, Formatter, write};

use crate::browser::{Blocked, Failure, ResponseError, Stage};
use crate::{
    BufferTooSmall, CorsFields, Decision, HeadError, Kind, Origin, OriginError, OriginErrorKind,
    OriginOrNull, PolicyError, PolicyErrorKind, Preflight, Progress, Reason, Refusal, RefusedStatus, Setting,
    SuccessStatus, VaryError,
};

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
        write!(f, "{=u8} {=str}", self.code(), self.name());
    }
}

impl Format for Preflight<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "preflight response {=u16}", self.status());
    }
}

impl Format for PolicyError<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "{}[{=usize}] {=str}: {} at byte {=usize}",
            self.setting(),
            self.index(),
            self.entry(),
            self.kind(),
            self.at()
        );
    }
}

impl Format for PolicyErrorKind {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}; {=str}", self.what(), self.fix());
    }
}

impl Format for Setting {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.name());
    }
}

impl Format for BufferTooSmall {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "buffer too small, {=usize} bytes needed", self.needed());
    }
}

impl Format for HeadError {
    fn format(&self, f: Formatter<'_>) {
        match self {
            Self::Incomplete => write!(f, "head incomplete"),
            Self::RequestLine => write!(f, "no request line"),
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
        write!(f, "{=str}", self.sentence());
    }
}

impl Format for VaryError {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "vary is no list of names at byte {=usize}", self.at());
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
        for name in self.iter() {
            write!(f, "{=str} ", name);
        }
    }
}

impl Format for Blocked {
    fn format(&self, f: Formatter<'_>) {
        match self.header() {
            Some(index) => write!(f, "{}: {} [{=usize}]", self.stage(), self.failure(), index),
            None => write!(f, "{}: {}", self.stage(), self.failure()),
        }
    }
}

impl Format for Stage {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str}", self.name());
    }
}

impl Format for Failure {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "{=str} ({=str}); {=str}",
            self.sentence(),
            self.section(),
            self.fix()
        );
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
