//! Each policy of `decisions.txt` with each of its requests, on a microcontroller: whole, and in pieces with both readers. Every answer has to
//! be the one of the machine that this was built on, byte for byte.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use embedded_cors::{Policy, PolicyReader, Progress, RefusedStatus, Request, RequestReader, SuccessStatus};

include!("said.rs");
include!("outcome.rs");
include!(concat!(env!("OUT_DIR"), "/table.rs"));

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

/// Pushes a head in pieces.
fn pieces(head: &[u8], size: usize, mut push: impl FnMut(&[u8]) -> Progress) {
    for piece in head.chunks(size) {
        if !push(piece).needs_more() {
            return;
        }
    }
    panic!("the head did not end");
}

#[entry]
fn main() -> ! {
    let mut buffer = [0; 2048];
    let mut compared = 0;
    for (policy, outcomes) in POLICIES.iter().zip(&OUTCOMES) {
        for (head, expected) in HEADS.iter().zip(outcomes) {
            let bytes = head.as_bytes();
            let request = Request::from_head(bytes).expect("the table's heads end");
            let whole = outcome(&policy.decide(&request), &mut buffer);
            assert_eq!(whole, *expected, "{head}");
            for size in [1, 7, 64] {
                let mut reader = RequestReader::<1024>::new();
                pieces(bytes, size, |piece| reader.push(piece).expect("it is a head"));
                let in_pieces = outcome(&policy.decide(&reader.request()), &mut buffer);
                assert_eq!(in_pieces, *expected, "in pieces of {size}: {head}");
                let mut reader = PolicyReader::<1024>::new(policy);
                pieces(bytes, size, |piece| reader.push(piece).expect("it is a head"));
                let by_policy = outcome(&reader.decide(), &mut buffer);
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
