//! Runs the lamp on a Cortex-M3: an LM3S6965 with 256 KiB of flash and 64 KiB of RAM.

#![no_std]
#![no_main]

mod ethernet;

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::{debug, hprintln};
use ethernet::Ethernet;
use network::Board;

/// The clock's frequency after a reset, 12.5 MHz.
const CLOCK: u32 = 12_500_000;

static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    // A load and a store suffice, since there is one core and only this handler writes.
    MILLISECONDS.store(
        MILLISECONDS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

struct Evaluation {
    is_on: bool,
}

impl Board for Evaluation {
    fn milliseconds(&mut self) -> u32 {
        MILLISECONDS.load(Ordering::Relaxed)
    }

    fn wait(&mut self) {
        cortex_m::asm::wfi();
    }

    fn show(&mut self, is_on: bool) {
        if self.is_on != is_on {
            self.is_on = is_on;
            hprintln!("the lamp is {}", if is_on { "on" } else { "off" });
        }
    }
}

#[entry]
fn main() -> ! {
    if let Some(mut peripherals) = Peripherals::take() {
        let clock = &mut peripherals.SYST;
        clock.set_clock_source(SystClkSource::Core);
        clock.set_reload(CLOCK / 1000 - 1);
        clock.clear_current();
        clock.enable_counter();
        clock.enable_interrupt();
    }
    hprintln!("listening on port 80");
    network::serve(
        &mut Ethernet::new(),
        [0x02, 0, 0, 0, 0, 1],
        &mut Evaluation { is_on: false },
    )
}
