//! What is measured: rows, each a name and a call. `groups/groups.rs` times them with criterion, `bin/instructions.rs` repeats one of them
//! so that its instructions can be counted.

mod adversarial;
pub mod cases;
mod decide;
pub mod floors;
mod origin_match;
mod wire;

use std::hint::black_box;

/// One call of what a row measures. What it returns depends on all of the work.
pub type Call = Box<dyn FnMut() -> usize>;

/// A row of the report.
pub struct Row {
    /// `group/name`; names sort as they should be read.
    pub name: String,
    /// The bytes that a call reads, where the cost of a byte matters.
    pub bytes: Option<u64>,
    /// Between which two numbers of calls instructions are counted, if they are.
    pub counted: Option<(u32, u32)>,
    make: Box<dyn FnOnce() -> Call>,
}

impl Row {
    pub fn new<C: FnMut() -> usize + 'static>(
        name: impl Into<String>,
        make: impl FnOnce() -> C + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            bytes: None,
            counted: None,
            make: Box::new(move || Box::new(make())),
        }
    }

    /// The call reads so many bytes.
    #[must_use]
    pub fn reads(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes as u64);
        self
    }

    /// Instructions are counted.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.counted = Some((10, 110));
        self
    }

    /// Instructions are counted, over few calls, since one takes many.
    #[must_use]
    pub fn counted_briefly(mut self) -> Self {
        self.counted = Some((2, 12));
        self
    }

    /// The part before the first slash.
    pub fn group(&self) -> &str {
        self.name.split('/').next().unwrap_or("")
    }

    /// Does all that comes before the first call.
    pub fn prepare(self) -> Call {
        (self.make)()
    }
}

/// All rows but those of the peers.
pub fn rows() -> Vec<Row> {
    let mut rows = origin_match::rows();
    rows.extend(decide::rows());
    rows.extend(wire::rows());
    rows.extend(adversarial::rows());
    rows.extend(floors::rows());
    rows
}

/// The program that counts instructions: `--list`, or a row's name and how many times to call it.
pub fn count_instructions(rows: Vec<Row>) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [list] if list == "--list" => {
            for row in &rows {
                if let Some((few, many)) = row.counted {
                    println!("{} {} {} {}", row.name, row.bytes.unwrap_or(0), few, many);
                }
            }
        }
        [name, times] => {
            let times = times.parse().expect("a number of calls");
            let row = rows
                .into_iter()
                .find(|row| row.name == *name)
                .expect("a row of this name");
            counted_calls(&mut row.prepare(), times);
        }
        _ => panic!("--list, or the name of a row and a number of calls"),
    }
}

/// Instructions are counted in here alone, so it needs its name.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_calls(call: &mut Call, times: u32) {
    for _ in 0..times {
        black_box(call());
    }
}
