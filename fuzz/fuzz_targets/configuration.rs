//! Law: every reader of configurations takes any text without a panic and in bounded time, and so
//! do the simulated servers and the printers. A text that is refused is refused with a reason.
#![no_main]

use std::time::{Duration, Instant};

use cors_debugger::policy::Syntax;
use cors_debugger::policy::convert::{From, convert};
use cors_debugger::policy::read::Source;
use cors_debugger::servers::request::{Request, Upstream};
use cors_debugger::servers::source::Sources;
use cors_debugger::servers::{Kind, read};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "file.conf";
const SERVERS: [Kind; 3] = [Kind::Nginx, Kind::Apache, Kind::Express];

/// Returns the longest time that a text of this length may take.
fn bound(length: usize) -> Duration {
    Duration::from_millis(1000 + length as u64)
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.add(NAME, text);
    sources
}

/// Asks a simulated server about a page and a preflight.
fn ask(kind: Kind, text: &str) -> Result<(), String> {
    let server = read(kind, sources(text), &|_, _| None)?;
    let page = |method| Request::new(method, "localhost", "/api/x").with("Origin", "https://app.example.com");
    let preflight = page("OPTIONS").with("Access-Control-Request-Method", "PUT");
    for request in [page("GET"), preflight] {
        server.respond(&request, &Upstream::default());
    }
    for finding in server.own_findings() {
        for mark in &finding.marks {
            server.sources().locate(mark.place);
        }
    }
    Ok(())
}

// The first byte of the text chooses the reader; the rest is the configuration.
fuzz_target!(|input: &str| {
    let Some(first) = input.chars().next() else {
        return;
    };
    let text = &input[first.len_utf8()..];
    let choice = (first as usize).wrapping_sub('a' as usize) % (SERVERS.len() + Source::ALL.len());
    let start = Instant::now();
    let result = match SERVERS.get(choice) {
        Some(kind) => ask(*kind, text),
        None => {
            let source = Source::ALL[choice - SERVERS.len()];
            let syntax = Syntax::ALL[text.len() % Syntax::ALL.len()];
            convert(From::Typed(source), sources(text), &|_, _| None, syntax).map(drop)
        }
    };
    if let Err(error) = result {
        assert!(!error.trim().is_empty(), "a text is refused without a reason");
    }
    assert!(
        start.elapsed() < bound(text.len()),
        "{} bytes take {:?}",
        text.len(),
        start.elapsed()
    );
});
