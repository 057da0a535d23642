//! Answers each request of `decisions.txt` with each of its policies on a microcontroller where
//! `usize` has 16 bits.
//!
//! Built for AVR, this program answers the requests that arrive at the serial port. Built for any
//! other machine, it runs the AVR program in an emulator, sends it the requests, and compares each
//! answer with its own, byte for byte.

#![cfg_attr(target_arch = "avr", no_std, no_main)]

#[cfg(target_arch = "avr")]
mod firmware;
#[cfg(not(target_arch = "avr"))]
mod host;
mod policies;

include!("../../emulated/src/parts.rs");

/// How a request is given to the engine.
#[cfg_attr(
    not(target_arch = "avr"),
    allow(dead_code, reason = "the firmware cuts the pieces")
)]
#[derive(Clone, Copy, Debug)]
enum Way {
    /// In one buffer.
    Whole,
    /// In one buffer, with the rendered policy.
    Rendered,
    /// In pieces of this size.
    Pieces(Reader, usize),
}

#[derive(Clone, Copy, Debug)]
enum Reader {
    Request,
    Policy,
}

/// The ways for a head that fits into the firmware's memory, in the order of its answers.
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

/// The readers for a longer head, which get it byte by byte as it arrives.
const READERS: [Reader; 2] = [Reader::Request, Reader::Policy];

/// The longest head that the firmware stores.
const MAX_HEAD_LEN: u32 = 256;

/// The bytes of each reader's buffer.
const READER: usize = 256;

/// The bytes of the buffer for an answer. For some policies it is shorter than the longest answer,
/// so that the engine measures an answer before it writes it.
const ANSWER: usize = 640;

/// Sent by the host instead of a policy's number after the last request.
const END: u8 = u8::MAX;

/// Sent by the firmware instead of an answer's length if it panics. The number of a line follows,
/// and the name of its file.
const PANIC: u32 = u32::MAX;

#[cfg(not(target_arch = "avr"))]
fn main() -> std::process::ExitCode {
    host::main()
}
