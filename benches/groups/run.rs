//! Rows as criterion benchmarks, one criterion group for each group of rows.

use benchmarks::Row;
use criterion::{Criterion, Throughput};

pub fn run(rows: Vec<Row>) {
    let mut criterion = Criterion::default().configure_from_args();
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.peek() {
        let name = first.group().to_owned();
        let mut group = criterion.benchmark_group(&name);
        while let Some(row) = rows.next_if(|row| row.group() == name) {
            let id = row.name[name.len() + 1..].to_owned();
            if let Some(bytes) = row.bytes {
                group.throughput(Throughput::Bytes(bytes));
            }
            let mut row = Some(row);
            let mut call = None;
            group.bench_function(id, |bencher| {
                // Prepared when it is first timed, so that a filter on names saves the preparation too.
                if let Some(row) = row.take() {
                    call = Some(row.prepare());
                }
                if let Some(call) = &mut call {
                    bencher.iter(call);
                }
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
