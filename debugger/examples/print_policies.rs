//! Prints policies in every syntax into a directory, for the check that compilers and servers
//! accept them: `cargo run --example print_policies DIRECTORY`.

use cors_debugger::policy::{Syntax, print};
use embedded_cors::{PolicyConfig, PreflightRefusedStatus, PreflightSuccessStatus, RulesConfig};

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&entry| entry.into()).collect()
}

/// Policies with everything that has to be quoted.
fn policies() -> Vec<(&'static str, RulesConfig)> {
    let plain = PolicyConfig {
        allow_origins: strings(&["https://app.example.com"]),
        ..Default::default()
    };
    let full = PolicyConfig {
        allow_origins: strings(&[
            "https://app.example.com",
            "https://*.partner.example:8443",
            "https://pr-*.example.com",
            "http://localhost:3000-3010",
            "*://both.example",
            "https://[2001:db8::1]:8443",
        ]),
        allow_loopback: true,
        allow_methods: strings(&["PUT", "DELETE"]),
        allow_headers: strings(&["content-type", "authorization"]),
        expose_headers: strings(&["x-total-count"]),
        allow_credentials: true,
        max_age_seconds: Some(3600),
        allow_timing: true,
        success_status: PreflightSuccessStatus::Ok,
        refused_status: PreflightRefusedStatus::NoContent,
        hide_lists_when_refused: true,
        answer_only_requested: true,
        dangerously_allow_insecure_origins_with_credentials: true,
        ..Default::default()
    };
    let odd = PolicyConfig {
        allow_origins: strings(&[
            "x-app://a\"b'c${d}{e}%f(h)$i`k~l&m+!",
            "x-app://*.${HOME}",
            "app://Foo",
            "app://foo",
            "x-app://~a",
            "file://",
            "null",
            "http://192.168.0.0/16:*",
            "http://10.1.2.8/29",
            "chrome-extension://*",
            "https://a-host-name-that-is-longer-than-the-tables-of-nginx-are-by-default.example.com",
        ]),
        allow_methods: strings(&["A$B", "it's", "`x`", "50%", "a%b", "a|b", "#c", "PATCH", "patch"]),
        allow_headers: strings(&["x-$a", "x-'b", "x-%c", "#d"]),
        expose_headers: strings(&["x-$e", "x-'f", "x-%g"]),
        ..Default::default()
    };
    let everyone = PolicyConfig {
        allow_origins: strings(&["*"]),
        allow_methods: strings(&["*"]),
        allow_headers: strings(&["*", "authorization"]),
        expose_headers: strings(&["*"]),
        ..Default::default()
    };
    let any_names = PolicyConfig {
        allow_methods: strings(&["*", "PURGE"]),
        allow_headers: strings(&["*"]),
        allow_credentials: true,
        ..plain.clone()
    };
    let many = PolicyConfig {
        allow_origins: (0..400).map(|i| format!("https://s{i}.example.com")).collect(),
        ..Default::default()
    };
    let one = |policy: &PolicyConfig| RulesConfig {
        rules: vec![policy.clone()],
    };
    vec![
        ("plain", one(&plain)),
        ("full", one(&full)),
        ("odd", one(&odd)),
        ("everyone", one(&everyone)),
        ("any_names", one(&any_names)),
        ("many", one(&many)),
        ("nobody", one(&PolicyConfig::default())),
        (
            "rules",
            RulesConfig {
                rules: vec![any_names, full, odd, everyone],
            },
        ),
    ]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: print_policies DIRECTORY")?;
    for (name, rules) in policies() {
        if name != "nobody" {
            rules.build()?;
        }
        for syntax in Syntax::ALL {
            let printed = print(&rules, syntax);
            std::fs::write(format!("{directory}/{name}.{syntax}"), &printed.text)?;
            std::fs::write(
                format!("{directory}/{name}.{syntax}.lost"),
                printed.lost.join("\n"),
            )?;
        }
    }
    Ok(())
}
