//! Decides and logs on a microcontroller, through semihosting.

#![no_std]
#![no_main]

use cortex_m as _;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug;
#[cfg(feature = "log")]
use defmt_semihosting as _;

pub struct Log;

#[cfg(feature = "log")]
macro_rules! log {
    ($log:expr, $format:literal, $value:expr) => {
        let _: &mut crate::Log = $log;
        defmt::println!($format, $value)
    };
}

#[cfg(not(feature = "log"))]
macro_rules! log {
    ($log:expr, $format:literal, $value:expr) => {
        let _: &mut crate::Log = $log;
        core::hint::black_box(&$value);
    };
}

#[path = "../../cases.rs"]
mod cases;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

#[entry]
fn main() -> ! {
    cases::run(&mut Log);
    loop {
        debug::exit(debug::EXIT_SUCCESS);
    }
}
