//! Runs the cases of `cases.rs` in Chromium, Firefox and WebKitGTK. Compares the outcomes with the
//! expected ones, and with the predictions of `embedded_cors::browser`. `.ci/browsers` installs
//! what is missing and runs this program.
//!
//! The program needs no WebDriver. It starts a browser with the address of a page, and the page
//! fetches one case after the other from its server, makes the requests of the case to the API, and
//! posts the results.

mod case;
// The table has one line for each case.
#[rustfmt::skip]
mod cases;
mod engine;
#[expect(dead_code, reason = "only the example uses all of it")]
#[path = "../../../examples/serve/http.rs"]
mod http;
mod outcome;
mod page;
mod policies;
mod predict;
mod report;
mod schemes;
mod servers;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use engine::Engine;
use report::Row;
use servers::World;

/// The time for the whole run.
const BOUND: Duration = Duration::from_secs(150);
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/browsers.md");
const USAGE: &str = "browsers [--write] [--schemes] [chromium] [firefox] [webkit]
  --write    writes docs/browsers.md, which needs all engines; without it, the file is compared
  --schemes  shows pages in WebKitGTK and Qt WebEngine by their bindings, too";

fn main() -> ExitCode {
    let mut engines = Vec::new();
    let (mut write, mut has_bindings) = (false, false);
    for argument in std::env::args().skip(1) {
        match Engine::ALL.iter().find(|engine| engine.name() == argument) {
            Some(engine) => engines.push(*engine),
            None if argument == "--write" => write = true,
            None if argument == "--schemes" => has_bindings = true,
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    if engines.is_empty() {
        engines = Engine::ALL.to_vec();
    }
    if write && Engine::ALL.iter().any(|engine| !engines.contains(engine)) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match run(&engines, write, has_bindings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("FAILED: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(engines: &[Engine], write: bool, has_bindings: bool) -> Result<(), String> {
    let exceptions = report::read_exceptions(include_str!("../exceptions.txt"))?;
    let cases = Arc::new(cases::all());
    let start = Instant::now();
    let mut worlds = Vec::new();
    for _ in engines {
        worlds.push(World::start(cases.clone()).map_err(|error| error.to_string())?);
    }
    let versions: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = engines
            .iter()
            .zip(&worlds)
            .map(|(engine, world)| scope.spawn(move || engine::run(*engine, world, start + BOUND)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("the thread of an engine panicked".to_string()))
            })
            .collect()
    });

    let mut rows = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let predicted = predict::predict(&worlds[0], index, embedded_cors::browser::Engine::Standard);
        let by_engine = (case.group == cases::MAX_AGE).then(|| {
            use embedded_cors::browser::Engine::{Chromium, Firefox, WebKit};
            [Chromium, Firefox, WebKit].map(|engine| predict::predict(&worlds[0], index, engine))
        });
        let seen = Engine::ALL.map(|engine| {
            let at = engines.iter().position(|other| *other == engine)?;
            let state = worlds[at].state();
            let got = state.got.get(&index).map_or(&[][..], Vec::as_slice);
            // The error of an engine that stopped early is reported once, not for each case.
            if got.is_empty() && versions[at].is_err() {
                return None;
            }
            let seen = state.seen.get(&index).map_or(&[][..], Vec::as_slice);
            Some(predict::describe(&worlds[at], case, got, seen))
        });
        rows.push(Row {
            id: case.id,
            expected: case.expected,
            predicted,
            by_engine,
            seen,
        });
    }
    let mut wrong = report::differences(&rows, &exceptions);
    println!("{}", report::table(&rows));
    println!("=: as expected; ?: not run. {} s\n", start.elapsed().as_secs());

    let mut all_versions = [const { None }; 3];
    for (engine, version) in engines.iter().zip(versions) {
        let at = Engine::ALL.iter().position(|other| other == engine).unwrap_or(0);
        let as_predicted = rows
            .iter()
            .filter(|row| row.seen[at].as_ref() == Some(&row.predicted))
            .count();
        let known = exceptions.iter().filter(|known| known.engine == engine.name());
        let known = known.filter(|known| {
            let row = rows.iter().find(|row| row.id == known.case);
            row.is_some_and(|row| row.seen[at].as_ref() == Some(&known.does))
        });
        let known = known.count();
        match version {
            Ok(version) => {
                println!(
                    "{} {version}: {} cases, {as_predicted} as predicted, {known} known divergences",
                    engine.name(),
                    rows.len(),
                );
                all_versions[at] = Some(version);
            }
            Err(message) => wrong.insert(0, message),
        }
    }
    wrong.extend(schemes::run(engines, has_bindings));
    if !wrong.is_empty() {
        return Err(format!("{} differences\n{}", wrong.len(), wrong.join("\n")));
    }

    let docs = report::docs(&cases, &rows, &exceptions, &all_versions);
    if write {
        fs::write(DOCS, docs).map_err(|error| format!("docs/browsers.md: {error}"))?;
        println!("docs/browsers.md is written");
        return Ok(());
    }
    let committed = fs::read_to_string(DOCS).map_err(|error| format!("docs/browsers.md: {error}"))?;
    match report::differs(&committed, &docs) {
        None => println!("docs/browsers.md agrees"),
        Some(difference) => {
            return Err(format!(
                "docs/browsers.md differs from this run; .ci/browsers --write updates it\n{difference}"
            ));
        }
    }
    Ok(())
}
