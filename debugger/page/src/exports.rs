//! The exports: the page writes a text into memory that it asks for, calls a function, and reads
//! the text that this returns.
//!
//! This is the only file with unsafe code. Memory has one owner at each time: `allocate` gives a
//! block to the page, `call` takes it back and gives the block of its output, and `release` takes
//! that back. A page that passes other numbers than it got can only destroy its own memory, which
//! WebAssembly keeps apart from everything else.

#![allow(unsafe_code)]

use crate::{Function, answer};

/// The bytes before an output that hold its length.
const PREFIX: usize = 4;

/// Allocates a block of `len` bytes for an input.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(len: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; len].into_boxed_slice()).cast()
}

/// Calls a function with the input in a block of [`allocate`], which it frees. Returns a block with
/// the length of the output as a little-endian number of 4 bytes, and the output.
///
/// # Safety
///
/// `input` is a block of [`allocate`] of `len` bytes, and is not used afterwards.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn call(function: u32, input: *mut u8, len: usize) -> *mut u8 {
    // SAFETY: the caller passes a block of `allocate`, which made it from a box of `len` bytes.
    let input = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(input, len)) };
    let input = String::from_utf8_lossy(&input);
    let output = match Function::from_number(function) {
        Some(function) => answer(function, &input),
        None => String::new(),
    };
    let mut block = Vec::with_capacity(PREFIX + output.len());
    // An output of 4 GiB does not fit into the memory of the page.
    block.extend(u32::try_from(output.len()).unwrap_or(0).to_le_bytes());
    block.extend(output.as_bytes());
    Box::into_raw(block.into_boxed_slice()).cast()
}

/// Frees the block of an output of `len` bytes, the 4 bytes of the length not counted.
///
/// # Safety
///
/// `output` is a block that [`call`] returned, with an output of `len` bytes, and is not used
/// afterwards.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn release(output: *mut u8, len: usize) {
    // SAFETY: the caller passes a block of `call`, which made it from a box of this length.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(output, PREFIX + len)) });
}
