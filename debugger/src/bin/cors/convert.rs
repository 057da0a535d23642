//! `cors convert`: reads the policy of one server, and prints it for another.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use cors_debugger::policy::Syntax;
use cors_debugger::policy::convert::{Converted, From, convert, json};
use cors_debugger::servers::source::Sources;

use super::check::{includes, read_file};

/// Convert the policy of a configuration into the syntax of another server.
///
/// The command reads configurations of nginx and Apache, programs with Express, Fastify and Hono,
/// annotations of ingress-nginx, HTTPRoute, Envoy, Traefik, Spring and S3. The policy is printed on
/// standard output. What differs, and what the other syntax cannot express, is listed on standard
/// error.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The files of one configuration; `-` means standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The syntax to print: rust, c, nginx-module, apache-module, nginx, apache, express,
    /// tower-http, spring, envoy or gateway-api
    #[arg(long, value_name = "SYNTAX", value_parser = syntax)]
    to: Syntax,
    /// The syntax of the files, if it is not to be found by their names and contents
    #[arg(long, value_name = "SYNTAX", value_parser = from)]
    from: Option<From>,
    /// Print JSON, as docs/convert.md describes it
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Exit status: 0 if the policy is printed, 2 if a file or an option cannot be read, 3 if a part is left
to you: a regular expression without a known shape, or a value that is computed.

Examples:
  cors convert nginx.conf --to nginx-module
  cors convert server.js --to rust
  kubectl get ingress -o yaml | cors convert - --from ingress-nginx --to gateway-api";

fn syntax(name: &str) -> Result<Syntax, String> {
    let names = || Syntax::ALL.map(Syntax::name).join(", ");
    Syntax::from_name(name).ok_or_else(|| format!("write one of {}", names()))
}

fn from(name: &str) -> Result<From, String> {
    From::from_name(name).ok_or_else(|| format!("write one of {}", From::names().join(", ")))
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Arguments) -> Result<u8, String> {
    let mut sources = Sources::default();
    let mut from = arguments.from;
    for path in &arguments.files {
        let (name, text) = read_file(path)?;
        from = from.or_else(|| From::of(&name, &text));
        sources.add(name, text);
    }
    let from = from.ok_or_else(|| {
        format!(
            "cannot tell what kind of configuration this is; say --from with one of {}",
            From::names().join(", ")
        )
    })?;
    let file = sources
        .files()
        .first()
        .map_or(String::new(), |file| file.name.clone());
    let converted = convert(from, sources, &includes, arguments.to)?;
    let (output, remarks) = if arguments.json {
        (json(from, arguments.to, &converted), String::new())
    } else {
        (
            texts(&converted, arguments.to),
            remarks(&converted, &file, arguments.to),
        )
    };
    // The reader may have closed the pipe, as `head` does.
    let _ = io::stdout().lock().write_all(output.as_bytes());
    let _ = io::stderr().lock().write_all(remarks.as_bytes());
    let is_undecided = converted.iter().any(|converted| converted.reading.is_undecided());
    Ok(if is_undecided { 3 } else { 0 })
}

/// Returns the texts, with the names of the policies if there are several.
fn texts(converted: &[Converted], to: Syntax) -> String {
    let comment = match to {
        Syntax::Rust | Syntax::C | Syntax::Express | Syntax::TowerHttp | Syntax::Spring => "//",
        _ => "#",
    };
    let mut output = String::new();
    for (index, one) in converted.iter().enumerate() {
        let Some(printed) = &one.printed else {
            continue;
        };
        if converted.len() > 1 {
            let separator = if index > 0 { "\n" } else { "" };
            let _ = writeln!(
                output,
                "{separator}{comment} {}",
                one.reading.name.replace(['\n', '\r'], " ")
            );
        }
        output.push_str(&printed.text);
    }
    output
}

/// Returns the differences, a line for each.
fn remarks(converted: &[Converted], file: &str, to: Syntax) -> String {
    let mut output = String::new();
    let printed: Vec<&Converted> = converted.iter().filter(|one| one.printed.is_some()).collect();
    if printed.len() > 1 {
        let names = printed.iter().enumerate().map(|(index, one)| {
            let number = index + 1;
            format!("policy {number} is from line {}", one.reading.line)
        });
        let _ = writeln!(
            output,
            "{file}: there are {} policies, and each is printed as a whole, with a comment before it: {}. \
             Take one of them, or rename what both define",
            printed.len(),
            names.collect::<Vec<_>>().join(", "),
        );
    }
    for one in converted {
        if one.printed.is_none() {
            let _ = writeln!(
                output,
                "{file}:{}: {}: nothing is printed",
                one.reading.line, one.reading.name
            );
        }
        for difference in &one.reading.differences {
            let line = difference.line.unwrap_or(one.reading.line);
            let effect = difference.effect.name();
            let _ = writeln!(
                output,
                "{file}:{line}: {effect}: {}: {}",
                difference.setting, difference.text
            );
            for witness in &difference.witnesses {
                let _ = writeln!(output, "    {witness}");
            }
        }
        for sentence in one.printed.iter().flat_map(|printed| &printed.lost) {
            let _ = writeln!(output, "{to}: cannot express: {sentence}");
        }
    }
    output
}
