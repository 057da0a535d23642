//! Decodes the log of the device, writes it as text, and compares it with what the library says on
//! this machine: `host ELF LOG TEXT`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use defmt_decoder::{DecodeError, Table};
use embedded_cors::Reason;
use words::Words;

mod words;

/// A line that the log has to contain.
struct Line {
    type_name: &'static str,
    text: String,
}

#[derive(Default)]
pub struct Log {
    lines: Vec<Line>,
}

impl Log {
    fn expect<W: Words>(&mut self, format: &str, value: &W) {
        self.lines.push(Line {
            type_name: W::TYPE,
            text: format.replace("{}", &value.words()),
        });
    }
}

macro_rules! log {
    ($log:expr, $format:literal, $value:expr) => {
        $log.expect($format, &$value)
    };
}

#[path = "../../cases.rs"]
mod cases;

/// A decoded line, and the number of its bytes on the wire.
type Decoded = (String, usize);

fn decoded(table: &Table, log: &[u8]) -> Result<Vec<Decoded>, String> {
    let mut decoder = table.new_stream_decoder();
    let (mut lines, mut wire) = (Vec::new(), 0);
    // Each frame ends with a NUL.
    for frame in log.split_inclusive(|&byte| byte == 0) {
        decoder.received(frame);
        wire += frame.len();
        match decoder.decode() {
            Ok(line) => lines.push((line.display_message().to_string(), std::mem::take(&mut wire))),
            Err(DecodeError::UnexpectedEof) => {}
            Err(DecodeError::Malformed) => return Err(format!("line {} is malformed", lines.len() + 1)),
        }
    }
    if wire == 0 {
        Ok(lines)
    } else {
        Err(format!("the last {wire} bytes are not a line"))
    }
}

/// Returns the names of the types that the crate can log, from its source.
fn loggable() -> Vec<&'static str> {
    include_str!("../../../../src/interop/defmt.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("impl Format for "))
        .map(|rest| rest.trim_end_matches(" {").trim_end_matches("<'_>"))
        .collect()
}

fn check(expected: &[Line], decoded: &[Decoded]) -> Result<(), String> {
    for (line, (text, _)) in expected.iter().zip(decoded) {
        if line.text != *text {
            return Err(format!(
                "{}\n  logged   {text}\n  expected {}",
                line.type_name, line.text
            ));
        }
        if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(format!("not printable: {text:?}"));
        }
    }
    if expected.len() != decoded.len() {
        return Err(format!("{} lines instead of {}", decoded.len(), expected.len()));
    }
    let is_refused_for = |reason: &Reason| {
        let is_one = |line: &Line| line.type_name == "Decision" && line.text.contains(reason.name());
        expected.iter().any(is_one)
    };
    // From this one on, the reasons are those of doors.
    let mut reasons = Reason::ALL
        .iter()
        .take_while(|reason| **reason != Reason::HostMissing);
    if let Some(reason) = reasons.find(|reason| !is_refused_for(reason)) {
        return Err(format!("no decision is refused for {}", reason.name()));
    }
    let types = loggable();
    if types.is_empty() {
        return Err("src/interop/defmt.rs contains no type".into());
    }
    match types
        .iter()
        .find(|name| !expected.iter().any(|line| line.type_name == **name))
    {
        Some(name) => Err(format!("no {name} is logged")),
        None => Ok(()),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [elf, log, text] = arguments.as_slice() else {
        return Err("usage: host ELF LOG TEXT".into());
    };
    let table = Table::parse(&std::fs::read(elf)?)?.ok_or("the ELF has no .defmt")?;
    let log = std::fs::read(log)?;
    let decoded = decoded(&table, &log)?;
    std::fs::write(
        text,
        decoded
            .iter()
            .map(|(line, _)| format!("{line}\n"))
            .collect::<String>(),
    )?;

    let mut expected = Log::default();
    cases::run(&mut expected);
    check(&expected.lines, &decoded)?;

    println!(
        "{} lines of {} types, {} bytes on the wire",
        decoded.len(),
        loggable().len(),
        log.len()
    );
    let mut by_type: BTreeMap<&str, (Vec<usize>, usize)> = BTreeMap::new();
    for (line, (text, wire)) in expected.lines.iter().zip(&decoded) {
        let (wires, chars) = by_type.entry(line.type_name).or_default();
        wires.push(*wire);
        *chars += text.len();
    }
    for (name, (wires, chars)) in by_type {
        let (count, sum) = (wires.len(), wires.iter().sum::<usize>());
        let (least, most) = (wires.iter().min().unwrap_or(&0), wires.iter().max().unwrap_or(&0));
        println!(
            "  {name:<16} {count:>3} lines: {least} to {most} bytes, on average {} for {} characters",
            sum / count,
            chars / count
        );
    }
    Ok(())
}
