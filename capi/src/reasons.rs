//! The texts about reasons, and those of the numbers that functions return.

use core::ffi::{c_char, c_int};

use cors::Reason;

use crate::code;
use crate::text::Table;

const REASONS: usize = Reason::ALL.len();

const REASON_NAMES: [&str; REASONS] = {
    let (mut names, mut i) = ([""; REASONS], 0);
    while i < REASONS {
        // The code of a reason is its index here and one more.
        assert!(Reason::ALL[i].code() as usize == i + 1);
        names[i] = Reason::ALL[i].name();
        i += 1;
    }
    names
};

const REASON_SENTENCES: [&str; REASONS] = {
    let (mut sentences, mut i) = ([""; REASONS], 0);
    while i < REASONS {
        sentences[i] = Reason::ALL[i].sentence();
        i += 1;
    }
    sentences
};

static NAMES: Table<{ Table::len_of(&REASON_NAMES) }, REASONS> = Table::new(&REASON_NAMES);
static SENTENCES: Table<{ Table::len_of(&REASON_SENTENCES) }, REASONS> = Table::new(&REASON_SENTENCES);

/// Returns the index of a reason in the tables; one past their end for a number that is not a code.
fn reason_index(code: c_int) -> usize {
    usize::try_from(code)
        .ok()
        .and_then(|code| code.checked_sub(1))
        .unwrap_or(REASONS)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_reason_name(reason: c_int) -> *const c_char {
    NAMES.get(reason_index(reason)).unwrap_or(c"".as_ptr())
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_reason_sentence(reason: c_int) -> *const c_char {
    SENTENCES.get(reason_index(reason)).unwrap_or(c"".as_ptr())
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_strerror(error: c_int) -> *const c_char {
    match error {
        code::ARG => c"an argument is NULL, misaligned, too long or not valid",
        code::STATE => c"a struct is not initialised, or the function does not apply to it",
        code::CONFIG => c"the configuration has a mistake",
        code::MEMORY => c"the memory or the buffer is too small",
        code::ABI => c"the program was compiled with the header of another version of the library",
        code::HEAD => c"the request head does not begin with a method and a space",
        code::INCOMPLETE => c"the request head ends before its empty line",
        _ => c"",
    }
    .as_ptr()
}
