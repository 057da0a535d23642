//! Calls one row of another implementation a number of times, for a tool that counts instructions.
//! `--differences` prints which answers differ from those of this crate, and how.

fn main() {
    if std::env::args().nth(1).as_deref() == Some("--differences") {
        for (name, differences) in peers::differences() {
            println!("{name}\t{differences}");
        }
    } else {
        benchmarks::count_instructions(peers::rows());
    }
}
