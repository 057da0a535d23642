//! Calls one row of the peers a number of times, under a tool that counts instructions. `--differences` prints which answers differ from
//! this crate's, and how.

fn main() {
    if std::env::args().nth(1).as_deref() == Some("--differences") {
        for (name, differences) in peers::differences() {
            println!("{name}\t{differences}");
        }
    } else {
        benchmarks::count_instructions(peers::rows());
    }
}
