//! Says what the log has to contain for a value: its `Display`, or a shortened form of it.

use embedded_cors::browser::{Blocked, Failure, ResponseError, ResponseErrorKind, Stage};
use embedded_cors::{
    BufferTooSmall, Decision, ExistingCorsFields, HeadError, Origin, OriginError, OriginErrorKind,
    OriginOrNull, PolicyError, PolicyErrorKind, Preflight, PreflightRefusedStatus, PreflightSuccessStatus,
    Progress, Reason, Refusal, RequestKind, Setting, VaryError,
};

pub trait Words {
    /// The name of the type in `src/interop/defmt.rs`.
    const TYPE: &'static str;

    fn words(&self) -> String;
}

/// The types whose `Display` the log repeats.
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
    "RequestKind" RequestKind,
    "Setting" Setting,
    "BufferTooSmall" BufferTooSmall,
    "HeadError" HeadError,
    "VaryError" VaryError,
    "OriginError" OriginError,
    "OriginErrorKind" OriginErrorKind,
    "Origin" Origin<'_>,
    "ExistingCorsFields" ExistingCorsFields,
    "Blocked" Blocked,
    "ResponseError" ResponseError,
    "ResponseErrorKind" ResponseErrorKind,
}

/// Replaces the sentence of the reason with its number and name, as the log does.
fn shortened(sentence: &str, refusal: Refusal) -> String {
    let reason = refusal.reason();
    let number_and_name = format!("{} {}", reason.code(), reason.name());
    let short = sentence.replace(reason.sentence(), &number_and_name);
    match refusal.position().map(|position| position.index()) {
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

    fn words(&self) -> String {
        let mut buffer = [0; 1024];
        let response = self
            .write_response(&mut buffer)
            .expect("the buffer is long enough");
        let status = std::str::from_utf8(&response[9..12]).expect("the status is a number");
        format!("preflight response {status}")
    }
}

impl Words for PolicyError<'_> {
    const TYPE: &'static str = "PolicyError";

    /// Writes the text of `Display`, but the fix of the kind where `Display` computes one from the
    /// entry: the device sends the number of a text.
    fn words(&self) -> String {
        let displayed = self.to_string();
        let (start, _) = displayed.rsplit_once("; ").expect("a sentence has a fix");
        match self.kind().fix() {
            fix if displayed.ends_with(fix) => displayed,
            fix => format!("{start}; {fix}"),
        }
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
        let address = self.url().map_or(String::new(), |url| format!(", {url}"));
        format!("{self}; {} ({}{address})", self.fix(), self.algorithm())
    }
}

impl Words for PreflightSuccessStatus {
    const TYPE: &'static str = "PreflightSuccessStatus";

    fn words(&self) -> String {
        match self {
            Self::NoContent => "204".into(),
            Self::Ok => "200".into(),
            Self::NoContentBare => "204 without content-length".into(),
        }
    }
}

impl Words for PreflightRefusedStatus {
    const TYPE: &'static str = "PreflightRefusedStatus";

    fn words(&self) -> String {
        match self {
            Self::Forbidden => "403".into(),
            Self::NoContent => "204".into(),
            Self::Ok => "200".into(),
        }
    }
}
