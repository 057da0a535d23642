//! `cors completions` and `cors manual`, which are generated from the options.

use std::io::{self, Write as _};

use clap::Command;
use clap_complete::Shell;

/// Print a script that completes this command's words in a shell
#[derive(clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  cors completions bash >~/.local/share/bash-completion/completions/cors
  cors completions zsh >~/.zfunc/_cors
  cors completions fish >~/.config/fish/completions/cors.fish
  cors completions powershell >>$PROFILE";

/// Print the manual page of this command, or of a subcommand
#[derive(clap::Args)]
#[command(after_help = MANUAL_HELP)]
pub struct Manual {
    /// The subcommand
    command: Option<String>,
}

const MANUAL_HELP: &str = "\
Examples:
  cors manual >~/.local/share/man/man1/cors.1
  cors manual probe >~/.local/share/man/man1/cors-probe.1
  cors manual probe | man -l -";

/// Prints the completions.
pub fn complete(arguments: &Completions, mut command: Command) -> Result<u8, String> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "cors", &mut script);
    Ok(print(&script))
}

/// Prints a manual page.
pub fn run(arguments: &Manual, mut command: Command) -> Result<u8, String> {
    // Gives the subcommands their whole names.
    command.build();
    let page = match &arguments.command {
        None => command,
        Some(name) => {
            let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            let unknown = format!("there is no subcommand {name:?}; there are {}", names.join(", "));
            let found = command.find_subcommand(name).ok_or(unknown)?;
            found.clone()
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| format!("cannot write the page: {error}"))?;
    Ok(print(&text))
}

fn print(bytes: &[u8]) -> u8 {
    // The reader may have closed the pipe, as `head` does.
    let _ = io::stdout().lock().write_all(bytes);
    0
}
