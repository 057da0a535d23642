//! What the log has to say of a thing: the library's own words for it, or what is left of them where the log is to be short.

use embedded_cors::browser::{Blocked, Failure, ResponseError, Stage};
use embedded_cors::{
    BufferTooSmall, CorsFields, Decision, HeadError, Kind, Origin, OriginError, OriginErrorKind,
    OriginOrNull, PolicyError, PolicyErrorKind, Preflight, Progress, Reason, Refusal, RefusedStatus, Setting,
    SuccessStatus, VaryError,
};

pub trait Words {
    /// The name that `src/interop/defmt.rs` has for the type.
    const TYPE: &'static str;

    fn words(&self) -> String;
}

/// Types whose `Display` the log repeats.
macro_rules! displayed {
    ($($name:literal $type:ty),* $(,)?) => {
        $(impl Words for $type {
            const TYPE: &'static str = $name;

            fn words(&self) -> String {
                self.to_string()
            }
        })*
    };
}

displayed! {
    "Kind" Kind,
    "PolicyError" PolicyError<'_>,
    "Setting" Setting,
    "BufferTooSmall" BufferTooSmall,
    "HeadError" HeadError,
    "VaryError" VaryError,
    "OriginError" OriginError,
    "OriginErrorKind" OriginErrorKind,
    "Origin" Origin<'_>,
    "CorsFields" CorsFields,
    "Blocked" Blocked,
    "ResponseError" ResponseError,
}

/// A sentence of `Display`'s, with the number and the name of the reason for the reason's sentence.
fn shortened(sentence: &str, refusal: Refusal) -> String {
    let reason = refusal.reason();
    let number_and_name = format!("{} {}", reason.code(), reason.name());
    let short = sentence.replace(reason.sentence(), &number_and_name);
    match refusal.index() {
        Some(index) => short
            .replace(&format!(" (at byte {index})"), &format!(" [{index}]"))
            .replace(
                &format!(" (name {index}, counted from 0)"),
                &format!(" [{index}]"),
            ),
        None => short,
    }
}

impl Words for Decision<'_> {
    const TYPE: &'static str = "Decision";

    fn words(&self) -> String {
        match self.refusal() {
            Some(refusal) => shortened(&self.to_string(), refusal),
            None => self.to_string(),
        }
    }
}

impl Words for Refusal {
    const TYPE: &'static str = "Refusal";

    fn words(&self) -> String {
        shortened(&self.to_string(), *self)
    }
}

impl Words for Reason {
    const TYPE: &'static str = "Reason";

    fn words(&self) -> String {
        format!("{} {}", self.code(), self.name())
    }
}

impl Words for Preflight<'_> {
    const TYPE: &'static str = "Preflight";

    /// The status on the wire.
    fn words(&self) -> String {
        let mut buffer = [0; 1024];
        let response = self.write_response(&mut buffer).expect("it is not that long");
        let status = std::str::from_utf8(&response[9..12]).expect("digits");
        format!("preflight response {status}")
    }
}

impl Words for PolicyErrorKind {
    const TYPE: &'static str = "PolicyErrorKind";

    fn words(&self) -> String {
        format!("{self}; {}", self.fix())
    }
}

impl Words for OriginOrNull<'_> {
    const TYPE: &'static str = "OriginOrNull";

    fn words(&self) -> String {
        match self {
            Self::Origin(origin) => origin.to_string(),
            Self::Null => "null".into(),
        }
    }
}

impl Words for Progress {
    const TYPE: &'static str = "Progress";

    fn words(&self) -> String {
        match self {
            Self::NeedsMore => "needs more".into(),
            Self::Done { used } => format!("done after {used} bytes"),
        }
    }
}

impl Words for Stage {
    const TYPE: &'static str = "Stage";

    fn words(&self) -> String {
        self.name().into()
    }
}

impl Words for Failure {
    const TYPE: &'static str = "Failure";

    fn words(&self) -> String {
        format!("{self} ({}); {}", self.section(), self.fix())
    }
}

impl Words for SuccessStatus {
    const TYPE: &'static str = "SuccessStatus";

    fn words(&self) -> String {
        match self {
            Self::NoContent => "204".into(),
            Self::Ok => "200".into(),
        }
    }
}

impl Words for RefusedStatus {
    const TYPE: &'static str = "RefusedStatus";

    fn words(&self) -> String {
        match self {
            Self::Forbidden => "403".into(),
            Self::NoContent => "204".into(),
            Self::Ok => "200".into(),
        }
    }
}
