//! Calls one row of another entry point a number of times, for a tool that counts instructions.

fn main() {
    benchmarks::count_instructions(benchmarks::rows_of_entry_points());
}
