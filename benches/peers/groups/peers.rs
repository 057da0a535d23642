//! Times the rows of the peers, once all answers are as expected.

#[path = "../../groups/run.rs"]
mod run;

fn main() {
    peers::check();
    run::run(peers::rows());
}
