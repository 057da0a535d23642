//! Measures the time of the rows of other implementations, after checking that all answers are as
//! expected.

#[path = "../../groups/run.rs"]
mod run;

fn main() {
    peers::check();
    run::run(peers::rows());
}
