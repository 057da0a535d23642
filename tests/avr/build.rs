//! Makes the policies and the requests of `decisions.txt` a part of the program.

include!("../emulated/table.rs");

fn main() {
    println!("cargo:rerun-if-changed=../emulated/table.rs");
    let table = Table::read();
    write("policies.rs", &table.policies());
    write("heads.rs", &table.heads());
}
