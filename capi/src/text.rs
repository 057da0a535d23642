//! Texts for C: strings of the caller's, NUL-terminated constants, and a writer of messages.

use core::ffi::{CStr, c_char, c_int};

use cors::Reason;

use crate::code;

/// `ecors_str`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub(crate) ptr: *const c_char,
    pub(crate) len: usize,
}

impl Str {
    /// The header's `(NULL, 0)`, which stands for "there is none".
    pub(crate) const NONE: Self = Self {
        ptr: core::ptr::null(),
        len: 0,
    };

    /// Refers to bytes of the caller's or to a constant. The pointer is never NULL, so an empty
    /// string differs from [`NONE`](Self::NONE).
    pub(crate) const fn of(bytes: &'static [u8]) -> Self {
        Self {
            ptr: if bytes.is_empty() {
                c"".as_ptr()
            } else {
                bytes.as_ptr().cast()
            },
            len: bytes.len(),
        }
    }
}

/// A list of texts, each with a NUL after it, so that C gets them as C strings.
///
/// `LEN` is [`Table::len_of`] these texts. One array of bytes and a 16-bit offset for each text
/// take less memory than an array of pointers, and need no relocation in the shared library.
pub(crate) struct Table<const LEN: usize, const COUNT: usize> {
    bytes: [u8; LEN],
    starts: [u16; COUNT],
}

impl<const COUNT: usize> Table<0, COUNT> {
    /// Returns the bytes of all these texts with their NULs.
    pub(crate) const fn len_of(texts: &[&str; COUNT]) -> usize {
        let (mut len, mut i) = (0, 0);
        while i < COUNT {
            len += texts[i].len() + 1;
            i += 1;
        }
        len
    }
}

impl<const LEN: usize, const COUNT: usize> Table<LEN, COUNT> {
    /// Makes the table. It is called in constants only, where a mistake fails the build.
    pub(crate) const fn new(texts: &[&str; COUNT]) -> Self {
        let mut table = Self {
            bytes: [0; LEN],
            starts: [0; COUNT],
        };
        let (mut at, mut i) = (0, 0);
        while i < COUNT {
            assert!(at <= u16::MAX as usize);
            table.starts[i] = at as u16;
            let text = texts[i].as_bytes();
            let mut j = 0;
            while j < text.len() {
                assert!(text[j] != 0);
                table.bytes[at] = text[j];
                (at, j) = (at + 1, j + 1);
            }
            at += 1;
            i += 1;
        }
        assert!(at == LEN);
        table
    }

    /// Returns the text with this index, or the empty string if there is none.
    pub(crate) fn get(&'static self, index: usize) -> &'static CStr {
        self.starts
            .get(index)
            .and_then(|&start| self.bytes.get(usize::from(start)..))
            .and_then(|text| CStr::from_bytes_until_nul(text).ok())
            .unwrap_or(c"")
    }
}

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
    NAMES.get(reason_index(reason)).as_ptr()
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_reason_sentence(reason: c_int) -> *const c_char {
    SENTENCES.get(reason_index(reason)).as_ptr()
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

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_abi_version() -> c_int {
    code::ABI_VERSION
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Writes text into a buffer for as long as there is room, and counts all of it.
pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Returns the length of the text so far, including what had no room.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(rest) = self.buffer.get_mut(self.len..)
            && let Some(place) = rest.get_mut(..bytes.len())
        {
            place.copy_from_slice(bytes);
        }
        self.len = self.len.saturating_add(bytes.len());
    }

    /// Writes a number in decimal.
    pub(crate) fn number(&mut self, number: usize) {
        let mut digits = [b'0'; 20];
        let mut rest = number;
        let mut len = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            len += 1;
            if rest == 0 {
                break;
            }
        }
        self.bytes(digits.get(digits.len() - len..).unwrap_or_default());
    }
}
