//! What a policy says to raw request heads: `cargo run --example decide -- --help`.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use embedded_cors::{Decision, Kind, Policy, Reason, RefusedStatus, Request, SuccessStatus};

/// Decides on raw HTTP request heads as a server with this policy would, and prints the decision, the
/// reason, and the bytes of the response.
///
/// A head is a request line, field lines and an empty line, with CRLF or LF; what follows is not looked at.
#[derive(Parser)]
#[command(
    name = "decide",
    after_help = "Exit status: 0 if every request is allowed or is no CORS request, 1 if one is refused, \
                  2 if the policy or a head is bad.\n\n\
                  Example:\n  printf 'PUT /led HTTP/1.1\\r\\nOrigin: https://app.example.com\\r\\n\\r\\n' |\n    \
                  cargo run --example decide -- --origin https://app.example.com --method PUT"
)]
struct Arguments {
    /// Files with a request head each; `-` or none is standard input
    files: Vec<String>,

    /// Allow this origin: https://example.com, https://*.example.com, http://localhost:*, null (repeatable)
    #[arg(long, value_name = "ORIGIN", help_heading = "Policy")]
    origin: Vec<String>,

    /// Allow every origin
    #[arg(long, help_heading = "Policy")]
    any_origin: bool,

    /// Allow this method besides GET, HEAD and POST, or `*` (repeatable)
    #[arg(long, value_name = "METHOD", help_heading = "Policy")]
    method: Vec<String>,

    /// Allow this request header, or `*` (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Policy")]
    header: Vec<String>,

    /// Expose this response header, or `*` (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Policy")]
    expose: Vec<String>,

    /// Allow credentials
    #[arg(long, help_heading = "Policy")]
    credentials: bool,

    /// How long browsers may keep a preflight's answer
    #[arg(long, value_name = "SECONDS", help_heading = "Policy")]
    max_age: Option<u32>,

    /// Answer the legacy private-network preflight
    #[arg(long, help_heading = "Policy")]
    private_network: bool,

    /// Answer a preflight that is refused for its method or headers with the bare refused status
    #[arg(long, help_heading = "Policy")]
    minimal: bool,

    /// Accept requested headers only as Fetch writes them
    #[arg(long, help_heading = "Policy")]
    strict: bool,

    /// Answer a preflight with what it asks for, not with all that is allowed
    #[arg(long, help_heading = "Policy")]
    only_requested: bool,

    /// The status of a preflight that succeeds
    #[arg(long, value_name = "STATUS", default_value = "204", help_heading = "Policy")]
    success_status: Success,

    /// The status of a preflight that is refused for its origin
    #[arg(long, value_name = "STATUS", default_value = "403", help_heading = "Policy")]
    refused_status: Refused,

    /// Let http: origins other than loopback send credentials
    #[arg(long, help_heading = "Policy")]
    dangerously_allow_insecure_origins_with_credentials: bool,

    /// Let `*.` before a single label, such as https://*.internal, send credentials
    #[arg(long, help_heading = "Policy")]
    dangerously_allow_public_suffixes_with_credentials: bool,

    /// Print the bytes of the response on standard output and nothing else; the rest goes to standard error
    #[arg(long)]
    raw: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Success {
    #[value(name = "204")]
    NoContent,
    #[value(name = "200")]
    Ok,
}

#[derive(Clone, Copy, ValueEnum)]
enum Refused {
    #[value(name = "403")]
    Forbidden,
    #[value(name = "204")]
    NoContent,
    #[value(name = "200")]
    Ok,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.any_origin {
        arguments.origin.push("*".into());
    }
    if arguments.files.is_empty() {
        arguments.files.push("-".into());
    }
    let origins: Vec<&str> = arguments.origin.iter().map(String::as_str).collect();
    let methods: Vec<&str> = arguments.method.iter().map(String::as_str).collect();
    let headers: Vec<&str> = arguments.header.iter().map(String::as_str).collect();
    let expose: Vec<&str> = arguments.expose.iter().map(String::as_str).collect();

    let mut builder = Policy::builder()
        .allow_origins(&origins)
        .allow_methods(&methods)
        .allow_headers(&headers)
        .expose_headers(&expose)
        .success_status(match arguments.success_status {
            Success::NoContent => SuccessStatus::NoContent,
            Success::Ok => SuccessStatus::Ok,
        })
        .refused_status(match arguments.refused_status {
            Refused::Forbidden => RefusedStatus::Forbidden,
            Refused::NoContent => RefusedStatus::NoContent,
            Refused::Ok => RefusedStatus::Ok,
        });
    if arguments.credentials {
        builder = builder.allow_credentials();
    }
    if let Some(seconds) = arguments.max_age {
        builder = builder.max_age_seconds(seconds);
    }
    if arguments.private_network {
        builder = builder.allow_private_network();
    }
    if arguments.minimal {
        builder = builder.minimal();
    }
    if arguments.strict {
        builder = builder.strict_request_headers();
    }
    if arguments.only_requested {
        builder = builder.answer_only_requested();
    }
    if arguments.dangerously_allow_insecure_origins_with_credentials {
        builder = builder.dangerously_allow_insecure_origins_with_credentials();
    }
    if arguments.dangerously_allow_public_suffixes_with_credentials {
        builder = builder.dangerously_allow_public_suffixes_with_credentials();
    }
    let policy = match builder.build() {
        Ok(policy) => policy,
        Err(error) => {
            eprintln!("decide: the policy: {error}");
            return ExitCode::from(2);
        }
    };

    let mut status = 0;
    for file in &arguments.files {
        let outcome = read(file)
            .map_err(|error| error.to_string())
            .and_then(|head| decide(&policy, file, &head, arguments.raw).map_err(|error| error.to_string()));
        match outcome {
            Ok(true) => {}
            Ok(false) => status = status.max(1),
            Err(error) => {
                eprintln!("decide: {}: {error}", name(file));
                status = 2;
            }
        }
    }
    ExitCode::from(status)
}

fn name(file: &str) -> &str {
    if file == "-" { "standard input" } else { file }
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut head = Vec::new();
        io::stdin().lock().read_to_end(&mut head)?;
        Ok(head)
    } else {
        std::fs::read(file)
    }
}

/// Prints what the policy says to one head, and returns whether it was not refused.
fn decide(
    policy: &Policy<'_>,
    file: &str,
    head: &[u8],
    raw: bool,
) -> Result<bool, Box<dyn std::error::Error>> {
    let request = Request::from_head(head)?;
    let decision = policy.decide(&request);

    let mut buffer = vec![0; policy.max_response_len()];
    let (response, what) = match decision.preflight() {
        Some(preflight) => (preflight.write_response(&mut buffer)?, "response"),
        None => (
            decision.write_fields(&mut buffer)?.as_bytes(),
            "fields of the response",
        ),
    };

    let summary = summary(&decision, &request);
    let mut out = io::stdout().lock();
    if raw {
        eprintln!("{}: {summary}", name(file));
        out.write_all(response)?;
    } else {
        writeln!(out, "{}: {summary}", name(file))?;
        writeln!(out, "{what}, {} bytes:", response.len())?;
        for line in String::from_utf8_lossy(response).split_terminator("\r\n") {
            writeln!(out, "    {line}")?;
        }
        writeln!(out)?;
    }
    Ok(!decision.is_refused())
}

fn summary(decision: &Decision<'_>, request: &Request<'_>) -> String {
    let kind = match decision.kind() {
        Kind::NotCors => return "not CORS".into(),
        Kind::Actual => "actual request",
        Kind::Preflight => "preflight",
    };
    let Some(refusal) = decision.refusal() else {
        return format!("{kind}, allowed");
    };
    let reason = refusal.reason();
    let mut text = format!("{kind}, refused: {refusal} [{} {}]", reason.code(), reason.name());
    let about = match (reason, refusal.index()) {
        (Reason::HeaderNotAllowed, Some(index)) => request.requested_headers().nth(index),
        (Reason::MethodNotAllowed, _) => request.requested_method(),
        _ => None,
    };
    if let Some(about) = about {
        let _ = write!(text, ": {about}");
    }
    text
}
