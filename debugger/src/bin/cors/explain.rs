//! `cors explain`: explains a text that shows a failure.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use cors_debugger::{Options, Verdict, explain, json, secrets};

use crate::render;
use crate::terminal::{Color, decode, width};

/// Explain a text: which line is to blame, which rule it breaks, and what to change.
///
/// The text may be anything that shows the failure, alone or mixed: messages of a browser's
/// console, the output of `curl -v` or `curl -i`, HTTPie or wget, heads of requests and responses,
/// a HAR file, the headers panel of a browser's tools, or the fetch, axios or XMLHttpRequest call
/// of the page. The command sends nothing, and prints no passwords, cookies, keys or tokens.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Explain {
    /// The files with the text; `-`, or no file, means standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The origin of the page, such as https://app.example.com, if the text does not say it
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Whether the page sends cookies or a login, if the text does not say it
    #[arg(long, value_name = "MODE")]
    credentials: Option<Credentials>,
    /// Print JSON, as docs/debugger.md describes it
    #[arg(long)]
    json: bool,
    /// Print each step of the browser and the text of each browser's console too
    #[arg(long, short)]
    verbose: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

const AFTER_HELP: &str = "\
Exit status: 0 if the browser lets the page read the response, 1 if it blocks the request, 2 if the
text has nothing to explain or cannot be read, 3 if it depends on what the text does not say.

Examples:
  cors explain              paste a console message, and end it with Ctrl-D
  cors explain network.har
  curl -v https://api.example.com/led -H 'Origin: https://app.example.com' 2>&1 | cors explain
  cors explain --credentials include --json heads.txt";

#[derive(Clone, Copy, ValueEnum)]
enum Credentials {
    /// credentials: "include", or withCredentials
    Include,
    /// neither
    Omit,
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Explain) -> Result<u8, String> {
    if let Some(origin) = &arguments.origin
        && !cors_debugger::url::is_origin(origin)
    {
        return Err(format!(
            "--origin {:?} is not an origin: write scheme, host and port only, such as https://app.example.com",
            secrets::hide(origin)
        ));
    }
    let input = Input::read(&arguments.files)?;
    let options = Options {
        origin: arguments.origin.clone(),
        credentials: arguments
            .credentials
            .map(|mode| matches!(mode, Credentials::Include)),
    };
    let report = explain(&input.text, &options);
    let output = if arguments.json {
        json::write(&report)
    } else {
        let is_terminal = io::stdout().is_terminal();
        let is_coloured = arguments.color.is_on(is_terminal);
        if report.diagnoses.is_empty() {
            return Err(NOTHING_FOUND.to_string());
        }
        render::render(
            &report,
            &input.files,
            &render::Style {
                is_coloured,
                width: width(is_terminal),
                is_verbose: arguments.verbose,
            },
        )
    };
    // The reader may have closed the pipe, as `head` does.
    let _ = io::stdout().lock().write_all(output.as_bytes());
    Ok(match report.verdict() {
        _ if report.diagnoses.is_empty() => 2,
        Verdict::Allowed => 0,
        Verdict::Blocked => 1,
        Verdict::Unknown => 3,
    })
}

const NOTHING_FOUND: &str = "\
found nothing to explain in this text
It reads: console messages of Chrome, Firefox and Safari; curl -v, curl -i, HTTPie and wget; heads of
requests and responses; HAR files; the headers panel of a browser's tools; fetch, axios and
XMLHttpRequest calls; curl commands.
Copy the whole line of the console, or the output of: curl -v URL -H 'Origin: https://the.page'";

/// The text of all files, and where each begins.
struct Input {
    text: String,
    files: render::Files,
}

impl Input {
    fn read(paths: &[PathBuf]) -> Result<Self, String> {
        let mut input = Self {
            text: String::new(),
            files: render::Files::default(),
        };
        let standard = [PathBuf::from("-")];
        for path in if paths.is_empty() { &standard } else { paths } {
            let (name, bytes) = if path.as_os_str() == "-" {
                if io::stdin().is_terminal() {
                    eprintln!("Paste the text, then press Ctrl-D (Ctrl-Z and Enter on Windows).");
                }
                let mut bytes = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                ("standard input".to_string(), read.map(|_| bytes))
            } else {
                (path.display().to_string(), std::fs::read(path))
            };
            let bytes = bytes.map_err(|error| format!("cannot read {name}: {error}"))?;
            input.files.add(input.text.len(), name);
            input.text.push_str(&decode(&bytes));
            if !input.text.ends_with('\n') {
                input.text.push('\n');
            }
        }
        Ok(input)
    }
}
