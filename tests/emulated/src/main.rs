//! Answers each request of `decisions.txt` with each of its policies on a microcontroller, in one
//! buffer and in pieces with both readers. Each answer has to be that of the machine on which this
//! program was built, byte for byte.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use embedded_cors::{
    Policy, PolicyReader, PreflightRefusedStatus, PreflightSuccessStatus, Progress, Request, RequestReader,
};

include!("parts.rs");
include!("digest.rs");
include!(concat!(env!("OUT_DIR"), "/table.rs"));

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

/// Pushes a head in pieces.
///
/// # Panics
///
/// Panics if the reader does not find the end of the head.
fn pieces(head: &[u8], size: usize, mut push: impl FnMut(&[u8]) -> Progress) {
    for piece in head.chunks(size) {
        if push(piece) != Progress::NeedsMore {
            return;
        }
    }
    panic!("the reader does not find the end of the head");
}

#[entry]
fn main() -> ! {
    let mut buffer = [0; 2048];
    let mut compared = 0;
    for (policy, digests) in POLICIES.iter().zip(&DIGESTS) {
        for (head, expected) in HEADS.iter().zip(digests) {
            let bytes = head.as_bytes();
            let request = Request::from_head(bytes).expect("the head is complete");
            let whole = digest(&policy.decide(&request), &mut buffer);
            assert_eq!(whole, *expected, "{head}");
            for size in [1, 7, 64] {
                let mut reader = RequestReader::<1024>::new();
                pieces(bytes, size, |piece| {
                    reader.push(piece).expect("the head is valid")
                });
                let in_pieces = digest(&policy.decide(&reader.request()), &mut buffer);
                assert_eq!(in_pieces, *expected, "in pieces of {size}: {head}");
                let mut reader = PolicyReader::<1024>::new(policy);
                pieces(bytes, size, |piece| {
                    reader.push(piece).expect("the head is valid")
                });
                let by_policy = digest(&reader.decide(), &mut buffer);
                assert_eq!(by_policy, *expected, "by the policy in pieces of {size}: {head}");
            }
            compared += 1;
        }
    }
    hprintln!("{} answers, all as on the machine that built this", compared);
    loop {
        debug::exit(debug::EXIT_SUCCESS);
    }
}
