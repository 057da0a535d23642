//! Structs that the caller allocates, each a mark and a Rust value.
//!
//! A function that initialises a struct writes the mark last. Every other function looks for the
//! mark first, so a struct of zeros, of another type, or whose initialisation failed is refused
//! instead of read.

use core::ffi::c_int;
use core::mem::MaybeUninit;

use crate::code;

/// A type of the header's that C sees as `WORDS` pointers.
#[repr(C)]
pub struct Opaque<const WORDS: usize>([usize; WORDS]);

/// Chooses the number of words by the size of a pointer, as the header does.
pub(crate) const fn words(with_64_bits: usize, with_32_bits: usize) -> usize {
    if size_of::<*const ()>() > 4 {
        with_64_bits
    } else {
        with_32_bits
    }
}

/// A Rust value that can lie in a struct of the caller's.
pub(crate) trait Marked {
    /// The number that says that the value is there. It is not zero, and each type has another one.
    const MARK: u32;
}

/// The layout of a struct of the caller's that holds a `T`.
#[repr(C)]
pub struct Slot<T> {
    mark: u32,
    value: MaybeUninit<T>,
}

impl<T> Slot<T> {
    /// Returns whether the slot fits into `Struct`, which is what the header declares.
    pub(crate) const fn fits<Struct>() -> bool {
        size_of::<Self>() <= size_of::<Struct>() && align_of::<Self>() <= align_of::<Struct>()
    }
}

/// Checks what can be checked of a pointer to a slot.
fn check<T>(slot: *const Slot<T>) -> Result<(), c_int> {
    if slot.is_null() || !slot.is_aligned() {
        return Err(code::ARG);
    }
    Ok(())
}

/// Empties a slot, so that every function refuses it until it is filled.
///
/// # Safety
///
/// `slot` is NULL or points to a struct that nothing else uses.
pub(crate) unsafe fn clear<T>(slot: *mut Slot<T>) -> Result<(), c_int> {
    check(slot)?;
    // SAFETY: the pointer is neither NULL nor misaligned; the caller vouches for the struct.
    unsafe { (&raw mut (*slot).mark).write(0) };
    Ok(())
}

/// Stores a value in a slot.
///
/// # Safety
///
/// `slot` is NULL or points to a struct that nothing else uses.
pub(crate) unsafe fn fill<T: Marked>(slot: *mut Slot<T>, value: T) -> Result<(), c_int> {
    check(slot)?;
    // SAFETY: the pointer is neither NULL nor misaligned; the caller vouches for the struct. No
    // value that is stored has a destructor, so a former one can be overwritten.
    unsafe {
        (&raw mut (*slot).value).cast::<T>().write(value);
        (&raw mut (*slot).mark).write(T::MARK);
    }
    Ok(())
}

/// Returns the place of the value of a slot that was cleared, for a value that is too large to be
/// moved. When it is written, [`set_mark`] fills the slot.
///
/// # Safety
///
/// `slot` points to a struct that nothing else uses.
pub(crate) unsafe fn place<T>(slot: *mut Slot<T>) -> *mut T {
    // SAFETY: the caller vouches for the struct.
    unsafe { (&raw mut (*slot).value).cast() }
}

/// Marks a slot as filled.
///
/// # Safety
///
/// `slot` points to a struct that nothing else uses, and the value at its [`place`] is written.
pub(crate) unsafe fn set_mark<T: Marked>(slot: *mut Slot<T>) {
    // SAFETY: the caller vouches for the struct.
    unsafe { (&raw mut (*slot).mark).write(T::MARK) }
}

/// Empties a slot, then stores the value that `make` returns, unless that is an error.
///
/// # Safety
///
/// `slot` is NULL or points to a struct that nothing else uses.
pub(crate) unsafe fn init<T: Marked>(
    slot: *mut Slot<T>,
    make: impl FnOnce() -> Result<T, c_int>,
) -> Result<(), c_int> {
    // SAFETY: the caller vouches for the struct.
    unsafe {
        clear(slot)?;
        fill(slot, make()?)
    }
}

/// Returns the value of a slot.
///
/// # Safety
///
/// `slot` is NULL or points to a struct that nothing writes to while the result is used.
pub(crate) unsafe fn get<T: Marked>(slot: *const Slot<T>) -> Result<&'static T, c_int> {
    check(slot)?;
    // SAFETY: the pointer is neither NULL nor misaligned; the caller vouches for the struct. The
    // mark is written after the value, so the value is there if the mark is.
    unsafe {
        if (&raw const (*slot).mark).read() != T::MARK {
            return Err(code::STATE);
        }
        Ok(&*(&raw const (*slot).value).cast::<T>())
    }
}

/// Returns the value of a slot for changing it.
///
/// # Safety
///
/// `slot` is NULL or points to a struct that nothing else uses while the result is used.
pub(crate) unsafe fn get_mut<T: Marked>(slot: *mut Slot<T>) -> Result<&'static mut T, c_int> {
    // SAFETY: the caller vouches for the struct.
    unsafe { get(slot.cast_const()) }?;
    // SAFETY: the value is there, as `get` found, and nothing else uses it.
    Ok(unsafe { &mut *(&raw mut (*slot).value).cast::<T>() })
}
