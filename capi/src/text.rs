//! Texts with a NUL behind them, and numbers for them.

use core::ffi::{CStr, c_char, c_int};

use cors::Reason;

use crate::{ABI_VERSION, code};

/// A constant text as a C string.
macro_rules! c_text {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const BYTES: [u8; TEXT.len() + 1] = $crate::text::terminated(TEXT);
        const C: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("a text has a NUL in it"),
        };
        C
    }};
}
pub(crate) use c_text;

/// The text with zeros behind it.
pub(crate) const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut i = 0;
    while i < text.len() {
        bytes[i] = text.as_bytes()[i];
        i += 1;
    }
    bytes
}

/// All names or all sentences of the reasons, with a NUL behind each, in the order of the codes, which begin with 1.
struct Table<const N: usize> {
    bytes: [u8; N],
    starts: [u16; Reason::ALL.len()],
}

impl<const N: usize> Table<N> {
    const fn new(is_name: bool) -> Self {
        let mut table = Self {
            bytes: [0; N],
            starts: [0; Reason::ALL.len()],
        };
        let (mut at, mut i) = (0, 0);
        while i < Reason::ALL.len() {
            assert!(Reason::ALL[i].code() as usize == i + 1);
            table.starts[i] = at as u16;
            let text = text_of(Reason::ALL[i], is_name).as_bytes();
            let mut j = 0;
            while j < text.len() {
                table.bytes[at] = text[j];
                (at, j) = (at + 1, j + 1);
            }
            at += 1;
            i += 1;
        }
        table
    }

    fn get(&'static self, reason: c_int) -> &'static CStr {
        usize::try_from(reason)
            .ok()
            .and_then(|code| self.starts.get(code.checked_sub(1)?))
            .and_then(|&start| self.bytes.get(usize::from(start)..))
            .and_then(|text| CStr::from_bytes_until_nul(text).ok())
            .unwrap_or(c"")
    }
}

const fn text_of(reason: Reason, is_name: bool) -> &'static str {
    if is_name { reason.name() } else { reason.sentence() }
}

const fn table_len(is_name: bool) -> usize {
    let (mut len, mut i) = (0, 0);
    while i < Reason::ALL.len() {
        len += text_of(Reason::ALL[i], is_name).len() + 1;
        i += 1;
    }
    len
}

static NAMES: Table<{ table_len(true) }> = Table::new(true);
static SENTENCES: Table<{ table_len(false) }> = Table::new(false);

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_reason_name(reason: c_int) -> *const c_char {
    NAMES.get(reason).as_ptr()
}

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_reason_sentence(reason: c_int) -> *const c_char {
    SENTENCES.get(reason).as_ptr()
}

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_strerror(error: c_int) -> *const c_char {
    match error {
        code::ARG => c"an argument is NULL, too long, or not what it has to be",
        code::STATE => c"a struct was not initialised, or is not for this",
        code::CONFIG => c"there is a mistake in the configuration",
        code::MEMORY => c"the memory is too small",
        code::ABI => c"the program was compiled for another version of the library",
        code::HEAD => c"the request head does not begin with a method and a space",
        code::INCOMPLETE => c"the request head ends before its empty line",
        _ => c"",
    }
    .as_ptr()
}

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_abi_version() -> c_int {
    ABI_VERSION
}

/// See the header.
#[unsafe(no_mangle)]
pub extern "C" fn ecors_version() -> *const c_char {
    c_text!(env!("CARGO_PKG_VERSION")).as_ptr()
}

/// Text into a buffer, as far as there is room; and how long it is.
pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

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
