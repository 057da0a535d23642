//! Runs rows as criterion benchmarks, with one criterion group for each group of rows.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benchmarks::Row;
use criterion::{Criterion, Throughput};

/// The calls between two readings of the clock, which take some 50 ns.
const BATCH: u64 = 4096;

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
                // The row is prepared before its first measurement, so that rows that a filter
                // excludes are not prepared.
                if let Some(row) = row.take() {
                    call = Some(row.prepare());
                }
                let Some(call) = &mut call else { return };
                // The inputs of a batch are made before its time is taken.
                bencher.iter_custom(|mut calls| {
                    let mut time = Duration::ZERO;
                    while calls > 0 {
                        let batch = calls.min(BATCH);
                        call.refill(batch as usize);
                        let start = Instant::now();
                        for _ in 0..batch {
                            black_box(call.call());
                        }
                        time += start.elapsed();
                        calls -= batch;
                    }
                    time
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
