//! Makes the table of each policy with each request out of `decisions.txt`, with what the engine says of it on this machine.

use embedded_cors::{Policy, Request};

include!("table.rs");
include!("src/said.rs");
include!("src/outcome.rs");

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for file in ["memory.x", "table.rs", "src/said.rs", "src/outcome.rs"] {
        println!("cargo:rerun-if-changed={file}");
    }
    let table = Table::read();
    let mut source = table.policies() + &table.heads();
    source += &format!(
        "static OUTCOMES: [[u64; {}]; {}] = [\n",
        table.heads.len(),
        table.policies.len()
    );
    for settings in &table.policies {
        source += &format!("    {:?},\n", outcomes(settings, &table.heads));
    }
    write("table.rs", &(source + "];\n"));
}

fn outcomes(settings: &[String], heads: &[String]) -> Vec<u64> {
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
