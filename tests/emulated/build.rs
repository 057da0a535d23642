//! Makes the table of each policy with each request out of `decisions.txt`, with what the engine says of it on this machine.

use std::fmt::Write;
use std::path::Path;

use embedded_cors::{Policy, Request};

include!("src/outcome.rs");

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-changed=src/outcome.rs");
    println!("cargo:rerun-if-changed=../decisions.txt");
    let table = std::fs::read_to_string("../decisions.txt").expect("the table is there");

    let (mut policies, mut heads) = (Vec::new(), Vec::new());
    let mut lines = table.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("policy ") {
            policies.push(
                lines
                    .by_ref()
                    .take_while(|line| !line.is_empty())
                    .collect::<Vec<_>>(),
            );
        } else if line.starts_with("case ") {
            let head = lines.by_ref().take_while(|line| !line.starts_with("answer "));
            heads.push(head.map(bytes_of).collect::<String>());
        }
    }

    let mut source = format!("static POLICIES: [Policy; {}] = [\n", policies.len());
    for settings in &policies {
        let mut builder = String::from("Policy::builder()");
        for (name, value) in settings.iter().map(|line| setting(line)) {
            let _ = match value {
                Value::Words(words) => write!(builder, ".{name}(&{words:?})"),
                Value::Other(text) => write!(builder, ".{name}({text})"),
            };
        }
        let _ = writeln!(source, "    {builder}.build_or_panic(),");
    }
    let _ = writeln!(source, "];\nstatic HEADS: [&str; {}] = {heads:#?};", heads.len());
    let _ = writeln!(
        source,
        "static OUTCOMES: [[u64; {}]; {}] = [",
        heads.len(),
        policies.len()
    );
    for settings in &policies {
        let _ = writeln!(source, "    {:?},", outcomes(settings, &heads));
    }
    source.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo says where");
    std::fs::write(Path::new(&out).join("table.rs"), source).expect("the table can be written");
}

/// A line of a request: its escapes, and its CRLF if it has one.
fn bytes_of(line: &str) -> String {
    let (line, end) = match line.strip_suffix('\\') {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let line = line.replace("\\t", "\t").replace("\\r", "\r");
    line.replace("\\n", "\n").replace("\\0", "\0") + end
}

enum Value<'l> {
    Words(Vec<&'l str>),
    Other(&'static str),
}

/// A line of a policy, as a call of the builder.
fn setting(line: &str) -> (&'static str, Value<'_>) {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words = || Value::Words(rest.split(' ').collect());
    match name {
        "origins" => ("allow_origins", words()),
        "methods" => ("allow_methods", words()),
        "headers" => ("allow_headers", words()),
        "expose" => ("expose_headers", words()),
        "max-age" => ("max_age_seconds", Value::Other(String::from(rest).leak())),
        "credentials" => ("allow_credentials", Value::Other("")),
        "minimal" => ("minimal", Value::Other("")),
        "strict" => ("strict_request_headers", Value::Other("")),
        "only-requested" => ("answer_only_requested", Value::Other("")),
        "private-network" => ("allow_private_network", Value::Other("")),
        "success-200" => ("success_status", Value::Other("SuccessStatus::Ok")),
        "refused-204" => ("refused_status", Value::Other("RefusedStatus::NoContent")),
        "refused-200" => ("refused_status", Value::Other("RefusedStatus::Ok")),
        other => panic!("no such setting: {other}"),
    }
}

fn outcomes(settings: &[&str], heads: &[String]) -> Vec<u64> {
    use embedded_cors::{RefusedStatus, SuccessStatus};

    let settings: Vec<_> = settings.iter().map(|line| setting(line)).collect();
    let mut builder = Policy::builder();
    for (name, value) in &settings {
        builder = match (*name, value) {
            ("allow_origins", Value::Words(words)) => builder.allow_origins(words),
            ("allow_methods", Value::Words(words)) => builder.allow_methods(words),
            ("allow_headers", Value::Words(words)) => builder.allow_headers(words),
            ("expose_headers", Value::Words(words)) => builder.expose_headers(words),
            ("max_age_seconds", Value::Other(text)) => {
                builder.max_age_seconds(text.parse().expect("a number"))
            }
            ("allow_credentials", _) => builder.allow_credentials(),
            ("minimal", _) => builder.minimal(),
            ("strict_request_headers", _) => builder.strict_request_headers(),
            ("answer_only_requested", _) => builder.answer_only_requested(),
            ("allow_private_network", _) => builder.allow_private_network(),
            ("success_status", _) => builder.success_status(SuccessStatus::Ok),
            ("refused_status", Value::Other("RefusedStatus::Ok")) => {
                builder.refused_status(RefusedStatus::Ok)
            }
            ("refused_status", _) => builder.refused_status(RefusedStatus::NoContent),
            (other, _) => panic!("no such setting: {other}"),
        };
    }
    let policy = builder.build().expect("the table's policies are valid");
    let mut buffer = [0; 2048];
    let mut of_head = |head: &String| {
        let request = Request::from_head(head.as_bytes()).expect("the table's heads end");
        outcome(&policy.decide(&request), &mut buffer)
    };
    heads.iter().map(&mut of_head).collect()
}
