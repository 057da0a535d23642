//! The command `cors`. Each subcommand is a file with its arguments and a function `run`, which
//! returns the exit status, or a sentence about what is wrong with the input.

mod check;
mod convert;
mod decide;
mod explain;
mod manual;
mod network;
mod open;
mod probe;
mod render;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Explains CORS: why a browser blocks a cross-origin request, and what a policy decides.
#[derive(Parser)]
#[command(name = "cors", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit status: 0 allowed, 1 blocked or refused, 2 invalid input, 3 unsure. `cors COMMAND --help` says
what it means for each command, and has examples.";

#[derive(Subcommand)]
enum Command {
    Explain(explain::Explain),
    Check(check::Arguments),
    Convert(convert::Arguments),
    Decide(decide::Decide),
    Probe(probe::Probe),
    Open(open::Open),
    Completions(manual::Completions),
    Manual(manual::Manual),
}

fn main() -> ExitCode {
    let status = match Cli::parse().command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Decide(arguments) => decide::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments),
        Command::Open(arguments) => open::run(&arguments),
        Command::Completions(arguments) => manual::complete(&arguments, Cli::command()),
        Command::Manual(arguments) => manual::run(&arguments, Cli::command()),
    };
    match status {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("cors: {error}");
            ExitCode::from(2)
        }
    }
}
