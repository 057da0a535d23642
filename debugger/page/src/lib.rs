//! The debugger's library as WebAssembly.
//!
//! The page gives a function a JSON text and gets a JSON text: [`answer`] has the functions, and
//! `exports.rs` passes the texts through the memory. There is nothing else, so no generator of
//! bindings is needed.

#![deny(unsafe_code)]

mod exports;

use cors_debugger::play::{self, Play};
use cors_debugger::{Options, explain, json};

/// A function of the page, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Explains a text: the first line of the input is the page's origin, or empty; the second is
    /// `include`, `omit` or empty; the text follows. The output is the masked text's length in
    /// bytes, a line end, the masked text, and what `cors explain --json` prints.
    Explain,
    /// Plays a request: [`Play::from_json`], and [`play::Story`] as JSON.
    Play,
    /// Returns settings without secrets, for a link.
    Share,
    /// Prints a policy: the first line of the input is the name of a syntax, a policy as JSON
    /// follows. The output is an object with `title`, `text` and `lost`, or with `error`. Without
    /// input, the output is the list of the syntaxes.
    Print,
}

impl Function {
    const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Explain),
            1 => Some(Self::Play),
            2 => Some(Self::Share),
            3 => Some(Self::Print),
            _ => None,
        }
    }
}

/// Calls a function.
pub fn answer(function: Function, input: &str) -> String {
    match function {
        Function::Explain => explained(input),
        Function::Play => play::play(&Play::from_json(input)).to_json(),
        Function::Share => Play::from_json(input).masked().to_json(),
        Function::Print => play::print(input),
    }
}

fn explained(input: &str) -> String {
    let mut parts = input.splitn(3, '\n');
    let origin = parts.next().unwrap_or("").trim();
    let credentials = match parts.next() {
        Some("include") => Some(true),
        Some("omit") => Some(false),
        _ => None,
    };
    let options = Options {
        origin: (!origin.is_empty()).then(|| origin.to_string()),
        credentials,
    };
    let report = explain(parts.next().unwrap_or(""), &options);
    format!("{}\n{}{}", report.text.len(), report.text, json::write(&report))
}
