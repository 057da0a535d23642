//! `cors check`: reads the configuration of a server, and says what pages can do with it.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use clap::ValueEnum;
use cors_debugger::servers::check::{Check, check};
use cors_debugger::servers::expectations::{Outcome, Who};
use cors_debugger::servers::findings::{Finding, Severity};
use cors_debugger::servers::request::{Request, Upstream, read_field};
use cors_debugger::servers::response::{REPORTED, Response};
use cors_debugger::servers::source::{Edit, Sources};
use cors_debugger::servers::{Kind, Server, apache, json, kind_of, read};
use cors_debugger::text::bounded;
use cors_debugger::{sarif, secrets};

use crate::terminal::{Color, decode, width};

/// Check the configuration of a server: what pages can do with it, and which lines are defects.
///
/// The command reads configurations of nginx and Apache, .htaccess files, and programs for Express.
/// It simulates the server, and judges the answers as a browser does. It starts no server and sends
/// nothing. What it cannot know, it calls unknown.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The files of one configuration; `-` means standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The kind of the files, if it is not to be found by their names and contents
    #[arg(long = "as", value_name = "SERVER")]
    kind: Option<KindArgument>,
    /// A field line that the application behind the server sends with every answer
    #[arg(long, value_name = "HEADER: VALUE")]
    server: Vec<String>,
    /// The head of the application's answer, or a file with it. A status of 404 also means that
    /// files do not exist
    #[arg(long, value_name = "HEAD")]
    upstream: Option<String>,
    /// Print the answer of the server to this request: its head, or a file with it. May be
    /// repeated; a file may have several heads, with an empty line after each
    #[arg(long, value_name = "HEAD")]
    request: Vec<String>,
    /// Print JSON, as docs/check.md describes it
    #[arg(long)]
    json: bool,
    /// Print the findings as SARIF 2.1.0
    #[arg(long, conflicts_with_all = ["json", "request"])]
    sarif: bool,
    /// The loaded modules of Apache, separated by commas; `debian` stands for Debian's. Without it,
    /// LoadModule lines say it, or else they are Debian's and those that the configuration needs
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    modules: Vec<String>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

const AFTER_HELP: &str = "\
Exit status: 0 if there is no finding that is more than a note, 1 if there is one, 2 if a file or an
option cannot be read, 3 if there is none but something is unknown. A file without CORS settings has
a note only. With --request: 0 if the answers
are known, 3 if a part of one is unknown.

Examples:
  cors check /etc/nginx/nginx.conf
  cors check site.conf --server 'Access-Control-Allow-Origin: *'
  cors check .htaccess --sarif >findings.sarif
  cors check site.conf --request 'OPTIONS /api/led HTTP/1.1
  Host: api.example.com
  Origin: https://app.example.com
  Access-Control-Request-Method: PUT'";

#[derive(Clone, Copy, ValueEnum)]
enum KindArgument {
    Nginx,
    Apache,
    Express,
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Arguments) -> Result<u8, String> {
    run_unbounded(arguments).map_err(|error| bounded(&error).into_owned())
}

fn run_unbounded(arguments: &Arguments) -> Result<u8, String> {
    let mut sources = Sources::default();
    let mut kind = arguments.kind.map(|kind| match kind {
        KindArgument::Nginx => Kind::Nginx,
        KindArgument::Apache => Kind::Apache,
        KindArgument::Express => Kind::Express,
    });
    for path in &arguments.files {
        let (name, text) = read_file(path)?;
        kind = kind.or_else(|| kind_of(&name, &text));
        sources.add(name, text);
    }
    // A file without a line is valid for each server.
    if kind.is_none() && sources.files().iter().all(|source| source.text.trim().is_empty()) {
        kind = Some(Kind::Nginx);
    }
    let kind = kind.ok_or(
        "cannot tell what kind of configuration this is; say --as nginx, --as apache or --as express",
    )?;
    let mut upstream = match &arguments.upstream {
        Some(text) => Upstream::from_head(&text_of(text)?).map_err(|error| format!("--upstream: {error}"))?,
        None => Upstream::default(),
    };
    for line in &arguments.server {
        upstream
            .fields
            .push(read_field(line).map_err(|error| format!("--server: {error}"))?);
    }
    let server: Box<dyn Server> = if kind == Kind::Apache && !arguments.modules.is_empty() {
        let options = apache::Options {
            modules: Some(arguments.modules.clone()),
            ..apache::Options::default()
        };
        Box::new(apache::Apache::read(sources, options, Some(&includes))?)
    } else {
        read(kind, sources, &includes)?
    };
    let (output, status) = if arguments.request.is_empty() {
        let result = check(&*server, &upstream);
        let text = if arguments.json {
            json::write_check(&result)
        } else if arguments.sarif {
            sarif::write(&result)
        } else {
            report(&result, arguments.color)
        };
        let status = match () {
            () if result.has_defects() => 1,
            () if result.has_unknowns() => 3,
            () => 0,
        };
        (text, status)
    } else {
        let requests = requests(&arguments.request).map_err(|error| format!("--request: {error}"))?;
        let is_one = requests.len() == 1;
        let (mut output, mut status) = (String::new(), 0);
        for request in requests {
            let response = server.respond(&request, &upstream);
            if response.any_unknown().is_some() {
                status = 3;
            }
            if arguments.json {
                output.push_str(&json::write_response(kind, server.sources(), &response));
                continue;
            }
            if !is_one {
                let before = if output.is_empty() { "" } else { "\n" };
                output.push_str(&format!("{before}# {} {}\n", request.method, request.target));
            }
            output.push_str(&answer(&*server, &response));
        }
        (output, status)
    };
    // The reader may have closed the pipe, as `head` does. Configurations have passwords and keys
    // in them, which lines that are shown must not repeat.
    let output = if arguments.json || arguments.sarif {
        output
    } else {
        secrets::hide(&output)
    };
    let _ = io::stdout().lock().write_all(output.as_bytes());
    Ok(status)
}

/// Reads a file, or standard input if it is `-`.
pub(super) fn read_file(path: &Path) -> Result<(String, String), String> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| format!("cannot read standard input: {error}"))?;
        return Ok(("standard input".into(), decode(&bytes)));
    }
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    Ok((name, decode(&bytes)))
}

/// Returns the text of an option that is a head or the name of a file with one.
fn text_of(option: &str) -> Result<String, String> {
    let is_head = option.contains(['\n', ' ']) || option.parse::<u16>().is_ok();
    if is_head {
        // A shell does not make a line end of \n in quotes.
        Ok(option.replace("\\r\\n", "\n").replace("\\n", "\n"))
    } else {
        read_file(Path::new(option)).map(|(_, text)| text)
    }
}

/// Reads the requests of options. Each is a head, or a file of heads with empty lines between.
fn requests(options: &[String]) -> Result<Vec<Request>, String> {
    let mut requests = Vec::new();
    for option in options {
        let text = text_of(option)?.replace("\r\n", "\n");
        let mut lines = text.trim_start_matches('\n').split('\n').peekable();
        let mut is_first = true;
        while lines.peek().is_some() {
            let head: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.trim().is_empty())
                .collect();
            // Anything else after an empty line is the body of the request before it.
            let is_head = |line: &&str| {
                line.rsplit(' ')
                    .next()
                    .is_some_and(|word| word.starts_with("HTTP/"))
            };
            if is_first || head.first().is_some_and(is_head) {
                requests.push(Request::from_head(&head.join("\n"))?);
            }
            is_first = false;
        }
    }
    Ok(requests)
}

/// Finds included files: relative to the directory of the file that includes them, then to that of
/// nginx and Apache.
pub(super) fn includes(pattern: &str, from: &str) -> Option<Vec<(String, String)>> {
    let beside = Path::new(from).parent().unwrap_or(Path::new("")).to_path_buf();
    let mut bases = vec![beside.clone()];
    bases.extend(beside.parent().map(Path::to_path_buf));
    bases.extend(["/etc/nginx", "/etc/apache2"].map(PathBuf::from));
    let has_stars = pattern.contains(['*', '?', '[']);
    for base in bases {
        let path = base.join(pattern);
        if !has_stars {
            if let Ok(file) = read_file(&path) {
                return Some(vec![file]);
            }
            continue;
        }
        let Some((directory, name)) = path.parent().zip(path.file_name()) else {
            continue;
        };
        let Ok(entries) = std::fs::read_dir(directory) else {
            continue;
        };
        let name = name.to_string_lossy();
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                path.file_name()
                    .is_some_and(|other| matches_stars(&name, &other.to_string_lossy()))
            })
            .collect();
        paths.sort();
        let files = paths.iter().filter_map(|path| read_file(path).ok()).collect();
        return Some(files);
    }
    None
}

/// Compares a file name with a pattern of `*` and `?`. `*` does not match a dot at the start.
fn matches_stars(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((star_p, star_n)) = star {
            p = star_p + 1;
            n = star_n + 1;
            star = Some((star_p, star_n + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Prints an answer: the status, every CORS field and `Vary`.
fn answer(server: &dyn Server, response: &Response) -> String {
    let mut text = match response.status.known() {
        Some(status) => format!("status: {status}\n"),
        None => format!("status: unknown ({})\n", response.status.reason().unwrap_or("")),
    };
    for field in &response.fields {
        let value = match field.value.known() {
            Some(value) => value.clone(),
            None => format!("unknown ({})", field.value.reason().unwrap_or("")),
        };
        let place = field.place.map(|place| {
            let (file, line, _) = server.sources().locate(place);
            format!("    # {file}:{line}")
        });
        text.push_str(&format!("{}: {value}{}\n", field.name, place.unwrap_or_default()));
    }
    for name in REPORTED {
        if response.named(name).next().is_none()
            && let Some(reason) = response.unknown_reason(name)
        {
            text.push_str(&format!("{name}: unknown ({reason})\n"));
        }
    }
    if let Some(place) = response.decided_by {
        let (file, line, _) = server.sources().locate(place);
        text.push_str(&format!("# answered by {file}:{line}\n"));
    }
    for note in &response.notes {
        text.push_str(&format!("# {note}\n"));
    }
    text
}

/// Prints the tables and the findings.
fn report(check: &Check, color: Color) -> String {
    let is_terminal = io::stdout().is_terminal();
    let width = width(is_terminal);
    let renderer = if color.is_on(is_terminal) {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(width);
    let mut text = String::new();
    for finding in &check.findings {
        text.push_str(&renderer.render(&[group(check, finding, width)]));
        text.push_str("\n\n");
    }
    for unknown in &check.unknowns {
        let place = unknown.place.map(|place| {
            let (file, line, _) = check.sources.locate(place);
            format!("{file}:{line}: ")
        });
        text.push_str(&format!(
            "unknown: {}{}: {}\n",
            place.unwrap_or_default(),
            unknown.what,
            unknown.reason
        ));
    }
    if !check.unknowns.is_empty() {
        text.push('\n');
    }
    // Without CORS settings every row is the same: other origins are blocked.
    let tables = if check.has_no_settings() {
        &[]
    } else {
        check.tables.as_slice()
    };
    for table in tables {
        text.push_str(&format!("{} ({})\n", table.target.name, table.target.url));
        match &table.page {
            Some(page) => text.push_str(&format!("  page: {page}\n")),
            None => text.push_str("  no origin that was tried is admitted\n"),
        }
        for row in &table.rows {
            let origin = match row.wish.who {
                Who::Page | Who::Stranger | Who::Null => String::new(),
                Who::LookAlike(_) => format!(", {}", row.wish.origin),
            };
            let what = format!("{}{origin}", row.wish.title);
            let outcome = match &row.outcome {
                Outcome::Works => "works".to_string(),
                Outcome::Unknown(reason) => format!("unknown: {reason}"),
                Outcome::Blocked {
                    stage, reason, place, ..
                } => {
                    let place = place.map(|place| {
                        let (file, line, _) = check.sources.locate(place);
                        if check.sources.files().len() == 1 {
                            format!(" (line {line})")
                        } else {
                            format!(" ({file}:{line})")
                        }
                    });
                    format!("blocked, {}: {reason}{}", stage.name(), place.unwrap_or_default())
                }
            };
            text.push_str(&format!("  {what:<38} {outcome}\n"));
        }
        text.push('\n');
    }
    let number = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let findings = |severity, what| {
        let of_severity = check
            .findings
            .iter()
            .filter(|finding| finding.severity == severity);
        number(of_severity.count(), what)
    };
    text.push_str(&format!(
        "{}, {}, {}, {}\n",
        findings(Severity::Error, "error"),
        findings(Severity::Warning, "warning"),
        findings(Severity::Note, "note"),
        number(check.unknowns.len(), "unknown part")
    ));
    text
}

fn group<'c>(check: &'c Check, finding: &'c Finding, width: usize) -> annotate_snippets::Group<'c> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let wrap = |text: &str, less: usize| super::render::wrap(text, width.saturating_sub(less).max(30));
    let title = level.primary_title(wrap(&finding.title, 20)).id(finding.code);
    let mut elements: Vec<Element<'c>> = Vec::new();
    // A snippet for each file, in the order of the marks.
    let mut files: Vec<usize> = finding.marks.iter().map(|mark| mark.place.file).collect();
    files.dedup();
    for file in files {
        let Some(source) = check.sources.files().get(file) else {
            continue;
        };
        let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
        for (index, mark) in finding
            .marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| mark.place.file == file)
        {
            let kind = if index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            snippet = snippet.annotation(
                kind.span(mark.place.span.start..mark.place.span.end)
                    .label(mark.label.clone()),
            );
        }
        elements.push(snippet.into());
    }
    for reason in &finding.reasons {
        elements.push(Level::NOTE.message(wrap(reason, 14)).into());
    }
    if let Some(witness) = &finding.witness {
        let text = wrap(&witnesses(witness, &finding.more_witnesses), 14);
        elements.push(Level::NOTE.message(text).into());
    }
    if !finding.targets.is_empty() {
        elements.push(
            Level::NOTE
                .message(wrap(&format!("seen in {}", finding.targets.join(", ")), 14))
                .into(),
        );
    }
    if let Some(repair) = &finding.repair {
        let mut text = repair.text.clone();
        if repair.is_verified {
            text.push_str(" (simulated: the finding is gone)");
        }
        let mut text = wrap(&text, 14);
        for edit in &repair.edits {
            let (name, line, _) = check.sources.locate(edit.place);
            let (old, new) = changed_lines(check, edit);
            text.push_str(&format!("\n{name}:{line}:"));
            for (sign, lines) in [('-', old), ('+', new)] {
                for line in lines.lines().filter(|line| !line.trim().is_empty()) {
                    text.push_str(&format!("\n{sign} {}", bounded(line.trim())));
                }
            }
        }
        elements.push(Level::HELP.message(text).into());
    }
    title.elements(elements)
}

/// Names the origins that show a finding, at most four of them.
fn witnesses(first: &str, more: &[String]) -> String {
    let mut text = format!("witness: Origin: {first}");
    for (index, witness) in more.iter().take(3).enumerate() {
        text.push_str(if index == 0 { "; also " } else { ", " });
        text.push_str(witness);
    }
    text
}

/// Returns the lines that an edit changes, before and after it. Lines that are only added have
/// nothing before.
fn changed_lines(check: &Check, edit: &Edit) -> (String, String) {
    let text = check
        .sources
        .files()
        .get(edit.place.file)
        .map_or("", |source| &source.text);
    let (start, end) = (edit.place.span.start, edit.place.span.end);
    let (before, after) = (text.get(..start).unwrap_or(""), text.get(end..).unwrap_or(""));
    let old = text.get(start..end).unwrap_or("");
    if edit.text.starts_with('\n') || edit.text.is_empty() {
        return (old.to_string(), edit.text.clone());
    }
    let head = before.rsplit('\n').next().unwrap_or("");
    let tail = after.split('\n').next().unwrap_or("");
    (format!("{head}{old}{tail}"), format!("{head}{}{tail}", edit.text))
}

#[cfg(test)]
mod tests {
    use super::matches_stars;

    #[test]
    fn stars_match_as_in_a_shell() {
        assert!(matches_stars("*.conf", "a.conf"));
        assert!(!matches_stars("*.conf", ".a.conf"));
        assert!(!matches_stars("*.conf", "a.conf.bak"));
        assert!(matches_stars("a?c*", "abcd"));
    }
}
