//! `ecors_error_message`: an error as one sentence.

use core::ffi::{c_char, c_int};

use crate::code::{self, NO_POSITION};
use crate::error::{Error, Permission};
use crate::pointer;
use crate::text::Str;

/// The most bytes of an entry that a message quotes, as the header says.
const QUOTED: usize = 80;

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_error_message(
    error: *const Error,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header asks for a buffer and for a place for the length.
    let buffer = unsafe {
        pointer::store(len, 0);
        match pointer::buffer(buffer, size) {
            Ok(buffer) => buffer,
            Err(code) => return code,
        }
    };
    // SAFETY: the header asks for an error.
    let Some(parts) = (unsafe { Parts::of(error) }) else {
        return code::ARG;
    };
    let mut measured = Writer::new(&mut []);
    parts.write(&mut measured);
    let needed = measured.len();
    // SAFETY: the header asks for a place for the length.
    unsafe { pointer::store(len, needed) };
    if buffer.len() <= needed {
        return code::MEMORY;
    }
    let mut out = Writer::new(buffer);
    parts.write(&mut out);
    out.bytes(b"\0");
    code::OK
}

/// Returns the name of a flag in the header.
const fn name_of(flag: Permission) -> &'static str {
    match flag {
        Permission::InsecureOrigins => "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS",
        Permission::PublicSuffixes => "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS",
        Permission::Predicate => "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS",
    }
}

/// The parts of a message. The caller may have changed some members of the error.
struct Parts {
    setting: &'static [u8],
    what: &'static [u8],
    fix: &'static [u8],
    entry: Option<&'static [u8]>,
    index: usize,
    byte: usize,
    rule: usize,
    permitted_by: u32,
}

impl Parts {
    /// Reads an error. Returns `None` if a pointer in it is not valid, as in a struct of zeros.
    ///
    /// # Safety
    ///
    /// `error` is NULL or points to an `ecors_error` whose texts and entry can be read.
    unsafe fn of(error: *const Error) -> Option<Self> {
        if error.is_null() || !error.is_aligned() {
            return None;
        }
        // SAFETY: the pointer is neither NULL nor misaligned; the caller vouches for the rest.
        unsafe {
            let error = error.read();
            let text = |text: Str| pointer::bytes(text.ptr, text.len).ok();
            Some(Self {
                setting: c_string(error.setting)?,
                what: text(error.what).filter(|what| !what.is_empty())?,
                fix: text(error.fix)?,
                entry: if error.entry.ptr.is_null() {
                    None
                } else {
                    Some(text(error.entry)?)
                },
                index: error.index,
                byte: error.byte,
                rule: error.rule,
                permitted_by: error.permitted_by,
            })
        }
    }

    fn write(&self, out: &mut Writer<'_>) {
        if self.rule != NO_POSITION {
            out.bytes(b"rules[");
            out.number(self.rule);
            out.bytes(b"].");
        }
        out.bytes(self.setting);
        if self.index != NO_POSITION {
            out.bytes(b"[");
            out.number(self.index);
            out.bytes(b"]");
        }
        if let Some(entry) = self.entry {
            out.bytes(b" \"");
            for &byte in entry.iter().take(QUOTED) {
                out.bytes(&[if matches!(byte, b' '..=b'~') { byte } else { b'?' }]);
            }
            if entry.len() > QUOTED {
                out.bytes(b"...");
            }
            out.bytes(b"\"");
        }
        out.bytes(b": ");
        out.bytes(self.what);
        if self.byte != NO_POSITION {
            out.bytes(b" at byte ");
            out.number(self.byte);
        }
        out.bytes(b"; ");
        out.bytes(self.fix);
        for flag in Permission::ALL {
            if flag.bit() == self.permitted_by {
                out.bytes(b", or set ");
                out.bytes(name_of(flag).as_bytes());
            }
        }
    }
}

/// Returns the bytes of a C string, or `None` for NULL.
///
/// # Safety
///
/// `text` is NULL or a C string that does not change while the result is used.
unsafe fn c_string(text: *const c_char) -> Option<&'static [u8]> {
    if text.is_null() {
        return None;
    }
    let mut len: usize = 0;
    // A volatile read, or the compiler would make a call of `strlen` of this loop, and the library
    // promises to need no more of a C library than the functions on memory.
    // SAFETY: the bytes up to the NUL can be read.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len = len.checked_add(1)?;
    }
    // SAFETY: these bytes were just read.
    unsafe { pointer::bytes(text, len) }.ok()
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

    // A message calls it 15 times. Inlined, it takes 700 bytes more on x86-64.
    #[inline(never)]
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
