//! `cors probe`: asks a server what a browser would ask it.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use cors_debugger::policy::{Syntax, print};
use cors_debugger::probe::exchange::{self, Probe as Request, Transcript};
use cors_debugger::probe::survey::{self, Failed, Survey};
use cors_debugger::probe::{Caching, Network, Severity, Trouble, TroubleKind};
use cors_debugger::{Options, Report, Verdict, explain, probe, secrets};

use crate::network::{Resolve, Settings, Sockets};
use crate::render;
use crate::terminal::{Color, width};

/// Ask a server what a browser would ask it, and explain its answers
///
/// The command sends what a browser sends for a page: the preflight, if one is needed, and then the
/// request itself, and it follows redirects as a browser does. With --preflight-only it stops
/// before the request. It reaches what this machine reaches, also devices in the local network.
///
/// With --survey it asks many questions, to learn the whole policy: who is admitted, what they may
/// send, and what is wrong with the answers. A survey sends GET, OPTIONS and one method that does
/// not exist.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Probe {
    /// The address, such as https://api.example.com/led
    url: String,
    /// The origin of the page, such as https://app.example.com
    #[arg(long, value_name = "ORIGIN")]
    origin: String,
    /// The method that the page uses; with --survey, another method to ask for (repeatable)
    #[arg(long, short = 'X', value_name = "METHOD")]
    method: Vec<String>,
    /// A header that the page sets, as "Name: value"; the value may be left out (repeatable)
    #[arg(long, short = 'H', value_name = "HEADER")]
    header: Vec<String>,
    /// The page uses credentials: "include". No cookies are sent, since the command has none
    #[arg(long)]
    credentials: bool,
    /// Send the preflight, and not the request itself
    #[arg(long)]
    preflight_only: bool,
    /// Accept certificates that are not trusted, such as self-signed ones
    #[arg(long, short = 'k')]
    insecure: bool,
    /// Connect to this address in place of the host's, as curl does (repeatable)
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    resolve: Vec<Resolve>,
    /// How many seconds a request may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Infer the server's policy from its answers to many questions
    #[arg(long)]
    survey: bool,
    /// With --survey: the most requests
    #[arg(long, value_name = "COUNT", default_value = "60", requires = "survey")]
    max_requests: usize,
    /// With --survey: the most seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, requires = "survey")]
    max_time: Duration,
    /// With --survey: print the policy in this syntax (nginx, apache, express, rust and others)
    #[arg(long = "as", value_name = "SYNTAX", value_parser = syntax, requires = "survey")]
    syntax: Option<Syntax>,
    /// Print JSON, as docs/probe.md describes it
    #[arg(long)]
    json: bool,
    /// With --survey: print the findings as SARIF 2.1.0
    #[arg(long, conflicts_with = "json", requires = "survey")]
    sarif: bool,
    /// Print all that was sent and received, each step of the browser, and each browser's console
    #[arg(long, short)]
    verbose: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

const AFTER_HELP: &str = "\
Exit status: 0 if a browser lets the page read the response, 1 if it does not or if the server cannot
be reached or sends no response of HTTP/1.1, 2 if an option is invalid, 3 if the answers do not decide. With --survey: 0 if there is
no error among the findings and the page is admitted, 1 otherwise, 2 if an option is invalid, 3 if
some questions were not asked.

Examples:
  cors probe https://api.example.com/led --origin https://app.example.com
  cors probe http://192.168.0.7/led --origin http://localhost:3000 --method PUT \\
    --header 'Content-Type: application/json' --preflight-only
  cors probe https://lamp.local/ --origin https://app.example.com --insecure --credentials
  cors probe https://api.example.com/ --origin https://app.example.com --survey --as nginx";

/// The most questions without an answer that are listed.
const MOST_UNASKED: usize = 20;

/// Reads a number of seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "write a number of seconds, such as 10".to_string())?;
    match seconds {
        0.001..=86_400.0 => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write a number of seconds between 0.001 and 86400".into()),
    }
}

/// Reads the name of a syntax.
fn syntax(text: &str) -> Result<Syntax, String> {
    let names: Vec<&str> = Syntax::ALL.iter().map(|syntax| syntax.name()).collect();
    let found = Syntax::from_name(text);
    found.ok_or_else(|| format!("write one of {}", names.join(", ")))
}

/// Splits a header at its colon. A header without a value gets one that needs a preflight.
pub fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, value.trim()),
        None if text.eq_ignore_ascii_case("content-type") => (text, "application/json"),
        None => (text, "1"),
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(format!(
            "--header {:?}: write the name, a colon and the value, such as \"X-Api-Key: 1\"",
            secrets::hide(text)
        ));
    }
    Ok((name.into(), value.into()))
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Probe) -> Result<u8, String> {
    if !cors_debugger::url::is_origin(&arguments.origin) {
        return Err(format!(
            "--origin {:?} is not an origin: write scheme, host and port only, such as https://app.example.com",
            secrets::hide(&arguments.origin)
        ));
    }
    let network = Sockets::new(Settings {
        timeout: arguments.timeout,
        deadline: arguments.survey.then(|| Instant::now() + arguments.max_time),
        insecure: arguments.insecure,
        resolve: arguments.resolve.clone(),
    });
    match arguments.survey {
        true => run_survey(arguments, network),
        false => run_probe(arguments, network),
    }
}

fn run_probe(arguments: &Probe, mut network: Sockets) -> Result<u8, String> {
    let method = match arguments.method.as_slice() {
        [] => "GET",
        [method] => method,
        _ => return Err("--method may be given once, except with --survey".into()),
    };
    let request = Request {
        url: arguments.url.clone(),
        origin: arguments.origin.clone(),
        method: method.into(),
        headers: arguments
            .header
            .iter()
            .map(|text| header(text))
            .collect::<Result<_, _>>()?,
        credentials: arguments.credentials,
        preflight_only: arguments.preflight_only,
        stay_at_host: false,
    };
    let transcript = exchange::run(&request, &mut network)?;
    let report = report(&request, &transcript);
    let output = if arguments.json {
        probe::json::exchange(&report, &transcript)
    } else {
        page(arguments, &report, &transcript)
    };
    write(&output);
    Ok(
        match (&transcript.trouble, &transcript.outcome, report.verdict()) {
            (Some(_), ..) | (_, _, Verdict::Blocked) => 1,
            (_, _, Verdict::Allowed) | (_, Some(Ok(())), _) => 0,
            // Such as too many redirects, which no single answer shows.
            (_, Some(Err(_)), _) => 1,
            (_, None, Verdict::Unknown) => 3,
        },
    )
}

/// Explains what was sent and received.
pub fn report(request: &Request, transcript: &Transcript) -> Report {
    let options = Options {
        origin: Some(request.origin.clone()),
        credentials: Some(request.credentials),
    };
    // Nothing was sent for mixed content, so the request itself is explained.
    let text = match transcript.is_mixed && transcript.requests == 0 {
        true => &format!("fetch({:?})", request.url),
        false => &transcript.text,
    };
    let mut report = explain(&secrets::hide(text), &options);
    exchange::settle(&mut report, transcript);
    report
}

fn write(output: &str) {
    // The reader may have closed the pipe, as `head` does.
    let _ = io::stdout().lock().write_all(output.as_bytes());
}

/// Returns the code, the title and the help of a failure that no answer of the server shows.
fn headline(transcript: &Transcript, report: &Report) -> Option<(&'static str, String, &'static str)> {
    if let Some(trouble) = &transcript.trouble {
        let finding = report.diagnoses.iter().rev().find_map(|one| one.finding.as_ref());
        let (code, help) = match (trouble.kind, finding) {
            (TroubleKind::NotHttp, _) => (
                trouble.kind.name(),
                "ask for a port at which the server speaks HTTP/1.1, and use https where it speaks TLS",
            ),
            (TroubleKind::TooLong, _) => (
                trouble.kind.name(),
                "let the server send a shorter head; browsers have limits too",
            ),
            (TroubleKind::NotSent | TroubleKind::Ended, _) => {
                (trouble.kind.name(), "allow more, or ask less")
            }
            (TroubleKind::Tls, _) if trouble.detail.contains("http") => {
                (trouble.kind.name(), "try http in place of https at this port")
            }
            (_, Some(finding)) => (finding.cause.code(), finding.cause.fix()),
            (_, None) => (trouble.kind.name(), "look into the server's log"),
        };
        return Some((code, trouble.to_string(), help));
    }
    let is_shown = transcript.is_mixed || report.diagnoses.iter().any(|one| one.finding.is_some());
    match &transcript.outcome {
        Some(Err(message)) if !is_shown => Some((
            "blocked",
            format!("the browser blocks it: {message}"),
            "see every answer with --verbose",
        )),
        _ => None,
    }
}

/// Prints a probe for people.
fn page(arguments: &Probe, report: &Report, transcript: &Transcript) -> String {
    let is_terminal = io::stdout().is_terminal();
    let mut files = render::Files::default();
    files.add(0, "the exchange that --verbose prints".into());
    let style = render::Style {
        is_coloured: arguments.color.is_on(is_terminal),
        width: width(is_terminal),
        is_verbose: arguments.verbose,
    };
    let mut output = String::new();
    if arguments.verbose {
        output.push_str(&report.text);
        output.push('\n');
    }
    match headline(transcript, report) {
        Some((code, title, help)) => {
            use annotate_snippets::{Level, Renderer};

            let renderer = match style.is_coloured {
                true => Renderer::styled(),
                false => Renderer::plain(),
            };
            let wrap = |text: &str| render::wrap(text, style.width.saturating_sub(20).max(30));
            let title = Level::ERROR.primary_title(wrap(&secrets::hide(&title))).id(code);
            let group = title.element(Level::HELP.message(wrap(help)));
            output.push_str(&renderer.term_width(style.width).render(&[group]));
            output.push('\n');
        }
        None => output.push_str(&render::render(report, &files, &style)),
    }
    for note in &transcript.notes {
        output.push_str(&format!("\nnote: {}\n", secrets::hide(note)));
    }
    for caching in &transcript.caching {
        output.push_str(&format!("\n{}\n", remembered(caching)));
    }
    output
}

/// Says for how long browsers remember a preflight.
fn remembered(caching: &Caching) -> String {
    let time = |seconds: u32| match seconds {
        0 => "not at all".to_string(),
        1..120 => format!("{seconds} s"),
        _ => format!("{seconds} s ({} min)", seconds / 60),
    };
    let value = match &caching.value {
        Some(value) => format!("Access-Control-Max-Age is {value}"),
        None => "there is no Access-Control-Max-Age".into(),
    };
    format!(
        "Browsers remember the answer to the preflight, since {value}:\n  Chrome {}, Firefox {}, Safari {}",
        time(caching.chromium),
        time(caching.firefox),
        time(caching.webkit)
    )
}

fn run_survey(arguments: &Probe, mut network: Sockets) -> Result<u8, String> {
    let names = arguments.header.iter().map(|text| header(text));
    let options = survey::Options {
        url: arguments.url.clone(),
        origin: arguments.origin.clone(),
        methods: arguments.method.clone(),
        headers: names
            .map(|header| header.map(|(name, _)| name))
            .collect::<Result<_, _>>()?,
        max_requests: arguments.max_requests,
    };
    let start = Instant::now();
    let shows_progress = io::stderr().is_terminal();
    let mut count = 0;
    let mut counted = |url: &str, head: &[u8]| -> Result<Vec<u8>, Trouble> {
        count += 1;
        if shows_progress {
            eprint!(
                "\rrequest {count} of at most {}, {:.1} s",
                arguments.max_requests,
                start.elapsed().as_secs_f32()
            );
        }
        network.send(url, head)
    };
    let result = survey::run(&options, &mut counted);
    if shows_progress {
        eprint!("\r{:60}\r", "");
    }
    let survey = match result {
        Ok(survey) => survey,
        Err(Failed::Input(error)) => return Err(error),
        Err(Failed::Trouble(trouble)) => {
            eprintln!("cors: {}", secrets::hide(&trouble.to_string()));
            return Ok(1);
        }
    };
    let policy = survey
        .policy
        .as_ref()
        .map(|config| print(config, arguments.syntax.unwrap_or(Syntax::Rust)));
    let output = if arguments.json {
        probe::json::survey(&survey, policy.as_ref().map(|printed| printed.text.as_str()))
    } else if arguments.sarif {
        probe::sarif::write(&survey)
    } else {
        survey_page(arguments, &survey, start.elapsed(), policy.as_ref())
    };
    write(&output);
    let page = survey.origins.first();
    let is_admitted = page.and_then(|row| row.is_admitted);
    let has_error = survey
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(match is_admitted {
        _ if has_error => 1,
        Some(false) => 1,
        None => 3,
        Some(true) if !survey.unasked.is_empty() => 3,
        Some(true) => 0,
    })
}

/// Prints a survey for people.
fn survey_page(
    arguments: &Probe,
    survey: &Survey,
    time: Duration,
    policy: Option<&cors_debugger::policy::Printed>,
) -> String {
    use annotate_snippets::{Element, Level, Renderer};

    let is_terminal = io::stdout().is_terminal();
    let columns = width(is_terminal);
    let renderer = match arguments.color.is_on(is_terminal) {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let renderer = renderer.term_width(columns);
    let wrap = |text: &str, less: usize| render::wrap(text, columns.saturating_sub(less).max(30));
    let mut output = format!(
        "{} for pages of {}\n{} requests in {:.1} s (at most {} requests, {} s)\n\n",
        secrets::hide(&survey.url),
        survey.page,
        survey.requests,
        time.as_secs_f32(),
        arguments.max_requests,
        arguments.max_time.as_secs_f32(),
    );
    for finding in &survey.findings {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let elements: [Element<'_>; 2] = [
            Level::NOTE.message(wrap(&finding.detail, 14)).into(),
            Level::HELP.message(wrap(finding.code.fix(), 14)).into(),
        ];
        let title = level
            .primary_title(wrap(finding.code.title(), 20))
            .id(finding.code.name());
        output.push_str(&renderer.render(&[title.elements(elements)]));
        output.push_str("\n\n");
    }
    output.push_str("Who may read the response\n");
    let longest = survey
        .origins
        .iter()
        .map(|row| row.origin.len())
        .max()
        .unwrap_or(0);
    for row in &survey.origins {
        let verdict = match (row.is_admitted, row.has_credentials) {
            (None, _) if row.was_asked() => "a redirect",
            (None, _) => "not asked",
            (Some(false), _) => "no",
            (Some(true), false) => "yes",
            (Some(true), true) => "yes, with credentials",
        };
        let words = row.relation.words();
        output.push_str(&format!("  {verdict:<23}{:<longest$}  {words}\n", row.origin));
    }
    if let Some(caching) = &survey.caching {
        output.push_str(&format!("\n{}\n", remembered(caching)));
    }
    match policy {
        Some(printed) => {
            let name = arguments.syntax.unwrap_or(Syntax::Rust).name();
            output.push_str(&format!(
                "\nThe policy that these answers fit ({name}):\n\n{}\n",
                printed.text.trim_end()
            ));
            for lost in &printed.lost {
                output.push_str(&format!("note: {lost}\n"));
            }
        }
        None => {
            output.push_str("\nNo answer admits an origin for certain, so there is no policy to print.\n");
        }
    }
    for difference in &survey.differences {
        output.push_str(&format!("note: {difference}\n"));
    }
    if !survey.unasked.is_empty() {
        output.push_str("\nNot asked, or without an answer\n");
        for question in survey.unasked.iter().take(MOST_UNASKED) {
            output.push_str(&format!("  {question}\n"));
        }
        if survey.unasked.len() > MOST_UNASKED {
            output.push_str(&format!("  and {} more\n", survey.unasked.len() - MOST_UNASKED));
        }
    }
    if arguments.verbose {
        output.push_str(&format!("\n{}", secrets::hide(&survey.transcript)));
    }
    output
}
