//! Measures the time of the rows of all groups.

mod run;

fn main() {
    run::run(benchmarks::rows());
}
