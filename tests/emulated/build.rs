//! Writes the policies and requests of `decisions.txt`, and a digest of this machine's answer of
//! each policy to each request, into a table for the program.

#[path = "../common/decisions.rs"]
mod decisions;
#[path = "../common/policy_spec.rs"]
mod policy_spec;
mod statics;

use embedded_cors::Request;
use policy_spec::PolicySpec;

include!("src/parts.rs");
include!("src/digest.rs");

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for file in ["memory.x", "build.rs", "src/parts.rs", "src/digest.rs"] {
        println!("cargo:rerun-if-changed={file}");
    }
    let (policies, cases) = statics::read_decisions();
    let mut source = statics::policies(&policies) + &statics::heads(&cases);
    source += &format!(
        "static DIGESTS: [[u64; {}]; {}] = [\n",
        cases.len(),
        policies.len()
    );
    for policy in &policies {
        source += &format!("    {:?},\n", digests(policy, &cases));
    }
    statics::write("table.rs", &(source + "];\n"));
}

fn digests(policy: &PolicySpec, cases: &[decisions::Case]) -> Vec<u64> {
    policy.with(|policy| {
        let mut buffer = [0; 2048];
        let digest_of = |case: &decisions::Case| {
            let request = Request::from_head(case.head.as_bytes()).expect("the head is complete");
            digest(&policy.decide(&request), &mut buffer)
        };
        cases.iter().map(digest_of).collect()
    })
}
