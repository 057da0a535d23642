//! The rows to measure. A row is a name and a call. `groups/groups.rs` measures the time of all
//! rows with criterion, and `bin/instructions.rs` repeats one of them so that its instructions can
//! be counted.

mod adversarial;
pub mod cases;
mod decide;
#[cfg(feature = "entry-points")]
mod entry;
pub mod floors;
mod growth;
#[cfg(feature = "entry-points")]
pub mod integrations;
mod origin_match;
mod wire;

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The work of a row. A closure is one that needs no input.
pub trait Work {
    /// Makes the inputs of this many calls. It is not measured.
    fn refill(&mut self, _calls: usize) {}

    /// Makes one call. The result depends on all of the work, so that the compiler cannot remove
    /// any.
    fn call(&mut self) -> usize;
}

impl<F: FnMut() -> usize> Work for F {
    #[inline]
    fn call(&mut self) -> usize {
        self()
    }
}

/// Work that is ready to be done.
pub type Call = Box<dyn Work>;

/// Work whose calls consume their input, such as the request of a service.
pub struct Consuming<I, M, F> {
    inputs: Vec<I>,
    make: M,
    work: F,
}

impl<I, M: FnMut() -> I, F: FnMut(I) -> usize> Consuming<I, M, F> {
    pub fn new(make: M, work: F) -> Self {
        Self {
            inputs: Vec::new(),
            make,
            work,
        }
    }
}

impl<I, M: FnMut() -> I, F: FnMut(I) -> usize> Work for Consuming<I, M, F> {
    fn refill(&mut self, calls: usize) {
        while self.inputs.len() < calls {
            self.inputs.push((self.make)());
        }
    }

    #[inline]
    fn call(&mut self) -> usize {
        match self.inputs.pop() {
            Some(input) => (self.work)(input),
            None => unreachable!("the inputs are refilled before the calls"),
        }
    }
}

/// A row of the report.
pub struct Row {
    /// `group/name`. The names are sorted in reports.
    pub name: String,
    /// The bytes that a call reads, if the cost per byte matters.
    pub bytes: Option<u64>,
    /// Two numbers of calls, if instructions are counted: of those that precede the counted ones,
    /// and of the counted ones.
    pub counted: Option<(usize, usize)>,
    make: Box<dyn FnOnce() -> Call>,
}

impl Row {
    pub fn new<W: Work + 'static>(name: impl Into<String>, make: impl FnOnce() -> W + 'static) -> Self {
        Self::of(name, || Box::new(make()))
    }

    /// Creates a row of work that is in a box already.
    pub fn of(name: impl Into<String>, make: impl FnOnce() -> Call + 'static) -> Self {
        Self {
            name: name.into(),
            bytes: None,
            counted: None,
            make: Box::new(make),
        }
    }

    /// Puts the row into a group.
    #[cfg(feature = "entry-points")]
    fn within(mut self, group: &str) -> Self {
        self.name = format!("{group}/{}", self.name);
        self
    }

    /// Sets the number of bytes that a call reads.
    #[must_use]
    pub fn reads(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes as u64);
        self
    }

    /// Counts the instructions of this row.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.counted = Some((10, 100));
        self
    }

    /// Counts the instructions of this row over few calls, since one call takes long.
    #[must_use]
    pub fn counted_briefly(mut self) -> Self {
        self.counted = Some((2, 10));
        self
    }

    /// Returns the part of the name before the first slash.
    pub fn group(&self) -> &str {
        self.name.split('/').next().unwrap_or("")
    }

    /// Does everything that precedes the first call.
    pub fn prepare(self) -> Call {
        (self.make)()
    }
}

/// Returns the rows of the entry points that most servers do not use. They are not among the other
/// rows, because in one program with them the compiler optimises the engine less: a request with
/// eight origins takes 538 instructions instead of 511.
#[cfg(feature = "entry-points")]
pub fn rows_of_entry_points() -> Vec<Row> {
    let mut rows = entry::rows();
    rows.extend(integrations::rows());
    rows
}

/// Returns all rows except those of other entry points and of other implementations.
pub fn rows() -> Vec<Row> {
    let mut rows = origin_match::rows();
    rows.extend(decide::rows());
    rows.extend(wire::rows());
    rows.extend(growth::rows());
    rows.extend(adversarial::rows());
    rows.extend(floors::rows());
    rows
}

/// Runs the program for counting instructions. The arguments are `--list`, the name of a row and a
/// number of calls, or `--time` and the names of rows, whose times it prints.
pub fn count_instructions(mut rows: Vec<Row>) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [list] if list == "--list" => {
            for row in &rows {
                if let Some((before, counted)) = row.counted {
                    println!("{} {} {before} {counted}", row.name, row.bytes.unwrap_or(0));
                }
            }
        }
        [time, names @ ..] if time == "--time" => {
            for name in names {
                let row = named(&rows, name);
                println!("{name} {:.2}", nanoseconds(&mut rows.swap_remove(row).prepare()));
            }
        }
        [name, times] => {
            let times = times.parse().expect("a number of calls");
            let row = named(&rows, name);
            let row = rows.swap_remove(row);
            let (before, _) = row.counted.expect("the row is counted");
            let mut call = row.prepare();
            // The first calls have work that later ones do not have, such as finding the functions
            // of the C library.
            call.refill(before);
            for _ in 0..before {
                black_box(call.call());
            }
            call.refill(times);
            start_callgrind();
            counted_calls(&mut call, times);
        }
        _ => panic!("usage: --list, --time ROW..., or the name of a row and a number of calls"),
    }
}

/// Tells callgrind to start, if the program runs in it with `--instr-atstart=no`. The preparation
/// of a list of a million origins then takes 5 seconds instead of 30.
///
/// Valgrind recognises these instructions, which have no effect elsewhere:
/// <https://valgrind.org/docs/manual/manual-core-adv.html#manual-core-adv.clientreq>.
fn start_callgrind() {
    #[cfg(target_arch = "x86_64")]
    {
        // `CALLGRIND_START_INSTRUMENTATION`, the fifth request of the tool "CT".
        let request = [0x4354_0004_usize, 0, 0, 0, 0, 0];
        // SAFETY: the rotations add up to 128 bits, so they and the exchange change nothing.
        // Valgrind reads the array and writes its answer to `rdx`.
        unsafe {
            std::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") &request,
                inout("rdx") 0_usize => _,
            );
        }
    }
}

fn named(rows: &[Row], name: &str) -> usize {
    let row = rows.iter().position(|row| row.name == name);
    row.unwrap_or_else(|| panic!("no row has the name {name}"))
}

/// Returns the lowest time of a call in 20 samples of 2 ms or more.
fn nanoseconds(call: &mut Call) -> f64 {
    let mut lowest = f64::INFINITY;
    let mut calls = 1_000;
    for _ in 0..20 {
        loop {
            call.refill(calls);
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call.call());
            }
            let time = start.elapsed();
            if time > Duration::from_millis(2) {
                lowest = lowest.min(time.as_secs_f64() * 1e9 / calls as f64);
                break;
            }
            calls *= 2;
        }
    }
    lowest
}

/// Makes the calls. The tool counts only the instructions in this function, and finds it by its
/// symbol name.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_calls(call: &mut Call, times: usize) {
    for _ in 0..times {
        black_box(call.call());
    }
}
