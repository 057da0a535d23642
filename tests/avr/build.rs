//! Writes the policies and the requests of `decisions.txt` as statics of the program.

#[path = "../common/decisions.rs"]
mod decisions;
#[path = "../common/policy_spec.rs"]
mod policy_spec;
#[path = "../emulated/statics.rs"]
mod statics;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let (policies, cases) = statics::read_decisions();
    statics::write("policies.rs", &statics::policies(&policies));
    // The policy of each head.
    let owners: Vec<usize> = cases.iter().map(|case| case.policy).collect();
    let owners = format!("static OWNERS: [usize; {}] = {owners:?};\n", owners.len());
    statics::write("heads.rs", &(statics::heads(&cases) + &owners));
}
