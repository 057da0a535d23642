//! Each policy of `decisions.txt` with each of its requests, on a microcontroller where `usize` has 16 bits.
//!
//! Built for AVR, this answers the requests that come through the serial port. Built for any other machine, it starts that program in an
//! emulator, asks it, and compares every answer with the one that it gives itself, byte for byte.

#![cfg_attr(target_arch = "avr", no_std, no_main)]

#[cfg(target_arch = "avr")]
mod firmware;
#[cfg(not(target_arch = "avr"))]
mod host;
mod policies;

include!("../../emulated/src/said.rs");

/// How a request is given to the engine.
#[cfg_attr(
    not(target_arch = "avr"),
    allow(dead_code, reason = "the firmware cuts the pieces")
)]
#[derive(Clone, Copy, Debug)]
enum Way {
    Whole,
    /// To a policy in which is written once what no request changes.
    Rendered,
    Pieces(Reader, usize),
}

#[derive(Clone, Copy, Debug)]
enum Reader {
    Request,
    Policy,
}

/// The ways of a head that the firmware has room for: it answers in all of them, in this order.
const WAYS: [Way; 8] = [
    Way::Whole,
    Way::Rendered,
    Way::Pieces(Reader::Request, 1),
    Way::Pieces(Reader::Request, 7),
    Way::Pieces(Reader::Request, 64),
    Way::Pieces(Reader::Policy, 1),
    Way::Pieces(Reader::Policy, 7),
    Way::Pieces(Reader::Policy, 64),
];

/// The ways of any longer head, byte by byte as it arrives.
const READERS: [Reader; 2] = [Reader::Request, Reader::Policy];

/// The longest head that the firmware has room for. Of a longer one it stores nothing but what the readers do.
const MAX_HEAD_LEN: u32 = 256;

/// Bytes of both readers' buffers.
const READER: usize = 256;

/// Bytes of the buffer for an answer. Of most policies it is never too small; of some it might be, so that the answer is measured first.
const ANSWER: usize = 640;

/// What the host sends instead of a policy's number: that it has no more requests.
const END: u8 = u8::MAX;

/// What the firmware sends instead of an answer's length: that it panics. A line of a file follows, and the file's name.
const PANIC: u32 = u32::MAX;

#[cfg(not(target_arch = "avr"))]
fn main() -> std::process::ExitCode {
    host::main()
}
