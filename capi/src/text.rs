//! Texts for C: strings of the caller's, and NUL-terminated constants.

use core::ffi::{c_char, c_int};

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

    /// Returns the text with this index as a C string, or `None` if there is none.
    #[cfg(feature = "texts")]
    pub(crate) fn get(&'static self, index: usize) -> Option<*const c_char> {
        let start = *self.starts.get(index)?;
        let text = self.bytes.get(usize::from(start)..)?;
        Some(text.as_ptr().cast())
    }

    /// Returns this text as a C string, or `None` if it is not in the table.
    pub(crate) fn find(&'static self, text: &[u8]) -> Option<*const c_char> {
        for start in self.starts {
            let found = self.bytes.get(usize::from(start)..)?;
            if found.starts_with(text) && found.get(text.len()) == Some(&0) {
                return Some(found.as_ptr().cast());
            }
        }
        None
    }
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
