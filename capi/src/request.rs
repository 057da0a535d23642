//! Requests, read from bytes or added field by field.

use core::ffi::{c_char, c_int};

use cors::{HeadError, Request};

use crate::slot::{self, Marked, Opaque, Slot, words};
use crate::{code, pointer};

impl Marked for Request<'static> {
    const MARK: u32 = 0xec05_0002;
}

/// `ecors_request`, as the header declares it.
pub(crate) type OpaqueRequest = Opaque<{ words(32, 36) }>;
/// `ecors_request`, as this library uses it.
pub(crate) type RequestSlot = Slot<Request<'static>>;

const _: () = assert!(RequestSlot::fits::<OpaqueRequest>());

/// Returns the number of an error in a head.
pub(crate) const fn head_error(error: HeadError) -> c_int {
    match error {
        HeadError::Incomplete => code::INCOMPLETE,
        _ => code::HEAD,
    }
}

/// Stores the request that `read` returns.
///
/// # Safety
///
/// `request` is NULL or points to a struct that nothing else uses.
unsafe fn init(request: *mut RequestSlot, read: impl FnOnce() -> Result<Request<'static>, c_int>) -> c_int {
    // SAFETY: the caller vouches for the struct.
    code::of(unsafe { slot::init(request, read) }.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_init(
    request: *mut RequestSlot,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { init(request, || pointer::bytes(method, len).map(Request::new)) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_head(
    request: *mut RequestSlot,
    head: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        init(request, || {
            Request::from_head(pointer::bytes(head, len)?).map_err(head_error)
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_header_section(
    request: *mut RequestSlot,
    method: *const c_char,
    method_len: usize,
    section: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        init(request, || {
            let method = pointer::bytes(method, method_len)?;
            Request::from_header_section(method, pointer::bytes(section, len)?).map_err(head_error)
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_incomplete_head(
    request: *mut RequestSlot,
    head: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        init(request, || {
            Request::from_incomplete_head(pointer::bytes(head, len)?).map_err(head_error)
        })
    }
}

/// Changes a request. If `change` fails the request counts as incomplete, so a caller that ignores
/// the error gets a refusal.
///
/// # Safety
///
/// `request` is NULL or points to a struct that nothing else uses.
unsafe fn change(
    request: *mut RequestSlot,
    change: impl FnOnce(&mut Request<'static>) -> Result<(), c_int>,
) -> c_int {
    // SAFETY: the caller vouches for the struct.
    let changed = unsafe { slot::get_mut(request) }.and_then(|request| {
        change(request).inspect_err(|_| {
            request.mark_incomplete();
        })
    });
    code::of(changed.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_add_field(
    request: *mut RequestSlot,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            let name = pointer::bytes(name, name_len)?;
            request.push(name, pointer::bytes(value, value_len)?);
            Ok(())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_add_truncated_field(
    request: *mut RequestSlot,
    name: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            request.push_truncated(pointer::bytes(name, len)?);
            Ok(())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_mark_incomplete(request: *mut RequestSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            request.mark_incomplete();
            Ok(())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_is_cors(request: *const RequestSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { slot::get(request) }.is_ok_and(Request::is_cors).into()
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_is_preflight(request: *const RequestSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { slot::get(request) }
        .is_ok_and(Request::is_preflight)
        .into()
}
