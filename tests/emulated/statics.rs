//! Writes the policies and requests of `decisions.txt` as source text, for programs that carry them
//! to emulated microcontrollers. Both of their build scripts use it.

use super::decisions::{self, Case};
use super::policy_spec::PolicySpec;

/// Reads `decisions.txt`, and has cargo run the build script again when it changes.
pub fn read_decisions() -> (Vec<PolicySpec>, Vec<Case>) {
    for file in [
        "decisions.txt",
        "common/decisions.rs",
        "common/policy_spec.rs",
        "emulated/statics.rs",
    ] {
        println!("cargo:rerun-if-changed=../{file}");
    }
    let text = std::fs::read_to_string("../decisions.txt").expect("decisions.txt can be read");
    decisions::read(&text)
}

/// Returns `static POLICIES`.
pub fn policies(policies: &[PolicySpec]) -> String {
    let mut source = format!("static POLICIES: [Policy; {}] = [\n", policies.len());
    for policy in policies {
        source += &format!("    {},\n", policy.source());
    }
    source + "];\n"
}

/// Returns `static HEADS`.
pub fn heads(cases: &[Case]) -> String {
    let heads: Vec<&str> = cases.iter().map(|case| case.head.as_str()).collect();
    format!("static HEADS: [&str; {}] = {heads:#?};\n", heads.len())
}

/// Writes a file that the program includes.
pub fn write(name: &str, source: &str) {
    let directory = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let path = std::path::Path::new(&directory).join(name);
    std::fs::write(path, source).expect("OUT_DIR is writable");
}
