//! Structs that the caller allocates: a mark, and what is there if the mark is.

use core::ffi::c_int;
use core::mem::MaybeUninit;

use crate::code;

/// What can lie in a struct of the caller's.
pub(crate) trait Marked {
    /// The number that says it is there, which neither zeros nor another type have.
    const MARK: u32;
}

/// Memory of the caller's for a `T`.
#[repr(C)]
pub struct Slot<T> {
    mark: u32,
    value: MaybeUninit<T>,
}

impl<T> Slot<T> {
    /// Whether it fits into an opaque struct.
    pub(crate) const fn fits<Opaque>() -> bool {
        size_of::<Self>() <= size_of::<Opaque>() && align_of::<Self>() <= align_of::<Opaque>()
    }
}

/// Whether there can be a slot.
fn is_usable<T>(slot: *const Slot<T>) -> bool {
    !slot.is_null() && slot.is_aligned()
}

/// Empties a slot.
///
/// # Safety
///
/// Unless it is NULL, `slot` is a struct that nobody else uses.
pub(crate) unsafe fn clear<T>(slot: *mut Slot<T>) -> Result<(), c_int> {
    if !is_usable(slot) {
        return Err(code::ARG);
    }
    // SAFETY: not NULL and aligned; the rest is the caller's.
    unsafe { (&raw mut (*slot).mark).write(0) };
    Ok(())
}

/// Fills a slot.
///
/// # Safety
///
/// Unless it is NULL, `slot` is a struct that nobody else uses.
pub(crate) unsafe fn fill<T: Marked>(slot: *mut Slot<T>, value: T) -> c_int {
    if !is_usable(slot) {
        return code::ARG;
    }
    // SAFETY: not NULL and aligned; the rest is the caller's. Nothing that is there has to be dropped.
    unsafe {
        (&raw mut (*slot).value).cast::<T>().write(value);
        (&raw mut (*slot).mark).write(T::MARK);
    }
    code::OK
}

/// What is in a slot.
///
/// # Safety
///
/// Unless it is NULL, `slot` is a struct, of which nobody writes while the result is used.
pub(crate) unsafe fn get<T: Marked>(slot: *const Slot<T>) -> Result<&'static T, c_int> {
    if !is_usable(slot) {
        return Err(code::ARG);
    }
    // SAFETY: not NULL and aligned; the rest is the caller's. The mark is written after the value.
    unsafe {
        if (&raw const (*slot).mark).read() != T::MARK {
            return Err(code::STATE);
        }
        Ok(&*(&raw const (*slot).value).cast::<T>())
    }
}

/// What is in a slot, to be changed.
///
/// # Safety
///
/// Unless it is NULL, `slot` is a struct that nobody else uses while the result is used.
pub(crate) unsafe fn get_mut<T: Marked>(slot: *mut Slot<T>) -> Result<&'static mut T, c_int> {
    // SAFETY: as the caller says.
    unsafe { get(slot.cast_const()) }?;
    // SAFETY: it is there, and nobody else uses it.
    Ok(unsafe { &mut *(&raw mut (*slot).value).cast::<T>() })
}
