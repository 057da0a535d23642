//! Another Rust library in the same program. It contains the standard library.

use std::collections::BTreeMap;
use std::ffi::c_int;

/// Returns how many words occur more than once in a text of this many words, or -1 if that panics,
/// which it does for 0.
#[unsafe(no_mangle)]
pub extern "C" fn beside_repeated(words: c_int) -> c_int {
    let count = move || {
        let text: String = (0..words).map(|i| format!("{} ", i % (words / 2))).collect();
        let mut counts = BTreeMap::<&str, c_int>::new();
        text.split(' ')
            .for_each(|word| *counts.entry(word).or_default() += 1);
        counts.values().filter(|count| **count > 1).count() as c_int
    };
    let result = std::panic::catch_unwind(|| if words == 0 { panic!("no words") } else { count() });
    result.unwrap_or(-1)
}
