//! Calls one row a number of times, for a tool that counts instructions.

fn main() {
    benchmarks::count_instructions(benchmarks::rows());
}
