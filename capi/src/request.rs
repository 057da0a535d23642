//! Requests, field by field or as bytes.

use core::ffi::{c_char, c_int};

use cors::{HeadError, Request};

use crate::slot::{self, Marked, Slot};
use crate::{Opaque, code, pointer, words};

impl Marked for Request<'static> {
    const MARK: u32 = 0xec05_0002;
}

/// `ecors_request`.
pub(crate) type Struct = Opaque<{ words(32, 18) }>;
pub(crate) type Stored = Slot<Request<'static>>;

const _: () = assert!(Stored::fits::<Struct>());

/// A head that is none.
pub(crate) const fn head_error(error: HeadError) -> c_int {
    match error {
        HeadError::Incomplete => code::INCOMPLETE,
        _ => code::HEAD,
    }
}

/// Fills a struct with the request that `read` gives.
///
/// # Safety
///
/// Unless it is NULL, `request` is a struct that nobody else uses.
unsafe fn init(request: *mut Struct, read: impl FnOnce() -> Result<Request<'static>, c_int>) -> c_int {
    let request: *mut Stored = request.cast();
    // SAFETY: as the caller says.
    unsafe {
        match slot::clear(request).and_then(|()| read()) {
            Ok(read) => slot::fill(request, read),
            Err(code) => code,
        }
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_init(
    request: *mut Struct,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe { init(request, || pointer::bytes(method, len).map(Request::new)) }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_head(
    request: *mut Struct,
    head: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(request, || {
            Request::from_head(pointer::bytes(head, len)?).map_err(head_error)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_header_section(
    request: *mut Struct,
    method: *const c_char,
    method_len: usize,
    section: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(request, || {
            let method = pointer::bytes(method, method_len)?;
            Request::from_header_section(method, pointer::bytes(section, len)?).map_err(head_error)
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_from_incomplete_head(
    request: *mut Struct,
    head: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        init(request, || {
            Request::from_incomplete_head(pointer::bytes(head, len)?).map_err(head_error)
        })
    }
}

/// Changes a request. One that cannot be changed as it should is incomplete.
///
/// # Safety
///
/// Unless it is NULL, `request` is a struct that nobody else uses.
unsafe fn change(
    request: *mut Struct,
    change: impl FnOnce(&mut Request<'static>) -> Result<(), c_int>,
) -> c_int {
    // SAFETY: as the caller says.
    let request = match unsafe { slot::get_mut::<Request<'static>>(request.cast()) } {
        Ok(request) => request,
        Err(code) => return code,
    };
    match change(request) {
        Ok(()) => code::OK,
        Err(code) => {
            request.mark_incomplete();
            code
        }
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_field(
    request: *mut Struct,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        change(request, |request| {
            let name = pointer::bytes(name, name_len)?;
            request.push(name, pointer::bytes(value, value_len)?);
            Ok(())
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_cut_field(
    request: *mut Struct,
    name: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        change(request, |request| {
            request.push_cut(pointer::bytes(name, len)?);
            Ok(())
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_mark_incomplete(request: *mut Struct) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        change(request, |request| {
            request.mark_incomplete();
            Ok(())
        })
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_is_cors(request: *const Struct) -> c_int {
    // SAFETY: as the header says.
    match unsafe { slot::get::<Request<'static>>(request.cast()) } {
        Ok(request) => request.is_cors().into(),
        Err(_) => 0,
    }
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_request_is_preflight(request: *const Struct) -> c_int {
    // SAFETY: as the header says.
    match unsafe { slot::get::<Request<'static>>(request.cast()) } {
        Ok(request) => request.is_preflight().into(),
        Err(_) => 0,
    }
}
