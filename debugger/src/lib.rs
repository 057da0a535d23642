//! Explains why a browser blocks a request to another origin, from whatever text there is: console
//! messages, `curl -v`, HAR files, heads, calls of `fetch`, in any mixture.
//!
//! ```
//! use cors_debugger::{Options, Verdict, explain};
//!
//! let text = "\
//! > OPTIONS /led HTTP/1.1
//! > Host: api.example.com
//! > Origin: https://app.example.com
//! > Access-Control-Request-Method: PUT
//! >
//! < HTTP/1.1 204 No Content
//! < Access-Control-Allow-Origin: https://app.example.com
//! < Access-Control-Allow-Methods: GET, POST
//! <
//! ";
//! let report = explain(text, &Options { credentials: Some(false), ..Options::default() });
//! let diagnosis = &report.diagnoses[0];
//! assert_eq!(diagnosis.verdict, Verdict::Blocked);
//! let finding = diagnosis.finding.as_ref().unwrap();
//! assert_eq!(finding.cause.code(), "method-not-allowed");
//! let guilty = finding.guilty.as_ref().unwrap().span.unwrap();
//! assert_eq!(guilty.of(&report.text), "Access-Control-Allow-Methods: GET, POST");
//! ```
//!
//! The library does no input or output. Each step is a module:
//!
//! | module | what it does |
//! |---|---|
//! | [`secrets`] | hides secrets in the text, before anything else sees it |
//! | [`input`] | finds requests, responses, messages and calls; one file for each format |
//! | [`exchange`] | puts together what belongs together |
//! | [`diagnosis`] | judges each exchange with [`embedded_cors::browser`] |
//! | [`json`] | writes the diagnosis as JSON |
//! | [`play`] | plays a request of a page against a policy, or against heads that someone writes |
//! | [`probe`] | asks a server what a browser would ask it, or for its whole policy |
//! | [`sarif`] | writes findings as SARIF |
//! | [`policy`] | prints policies in the syntaxes of servers |
//!
//! [`servers`] reads configurations of servers and says what they answer; the page
//! is built on this library.

pub mod diagnosis;
pub mod exchange;
pub mod input;
pub mod json;
mod json_text;
pub mod play;
pub mod policy;
pub mod probe;
pub mod sarif;
pub mod secrets;
pub mod servers;
pub mod text;
pub mod url;

pub use diagnosis::{Cause, Diagnosis, Options, Place, Verdict};

/// The diagnoses of a text.
#[derive(Clone, Debug)]
pub struct Report {
    /// The text, without secrets. Spans are places in it, and in the given text.
    pub text: String,
    /// The formats that were found.
    pub formats: Vec<input::Format>,
    /// A diagnosis for each exchange, in the order of the text.
    pub diagnoses: Vec<Diagnosis>,
}

impl Report {
    /// Returns the verdict on the whole text: blocked if an exchange is, else unknown if one is.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| {
            self.diagnoses
                .iter()
                .any(|diagnosis| diagnosis.verdict == verdict)
        };
        if any(Verdict::Blocked) {
            Verdict::Blocked
        } else if any(Verdict::Unknown) || self.diagnoses.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Allowed
        }
    }
}

/// Explains a text.
///
/// The time grows in proportion to the length of the text. No text makes it panic.
pub fn explain(text: &str, options: &Options) -> Report {
    let text = secrets::mask(text);
    let found = input::scan(&text);
    let exchanges = exchange::group(&found);
    let diagnoses = exchanges
        .iter()
        .map(|exchange| diagnosis::diagnose(&found, exchange, options))
        .collect();
    Report {
        text,
        formats: found.formats,
        diagnoses,
    }
}
