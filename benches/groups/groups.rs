//! Times the rows of all groups.

mod run;

fn main() {
    run::run(benchmarks::rows());
}
