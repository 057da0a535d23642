//! Runs the lamp on RISC-V 32: QEMU's machine `virt`.

#![no_std]
#![no_main]

mod ethernet;

use core::fmt::{self, Write};

use ethernet::Ethernet;
use network::Board;
use riscv::register::mie;
use riscv_rt::entry;

/// The registers of the machine's clock, which runs at 10 MHz, and of the time of its next
/// interrupt.
const CLOCK: *mut u32 = 0x0200_bff8 as *mut u32;
const ALARM: *mut u32 = 0x0200_4000 as *mut u32;
const TICKS: u64 = 10_000;

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: this is the machine's serial port, which is always ready in an emulator.
            unsafe { (0x1000_0000 as *mut u8).write_volatile(byte) };
        }
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Serial, "{info}");
    loop {
        riscv::asm::wfi();
    }
}

/// Returns the time in ticks of the clock.
fn now() -> u64 {
    // SAFETY: these are two registers of the machine. If the upper half has changed, the lower one
    // has overflowed in between, and both are read again.
    let half = |index| unsafe { CLOCK.add(index).read_volatile() };
    loop {
        let (high, low) = (half(1), half(0));
        if half(1) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

struct Virt {
    is_on: bool,
}

impl Board for Virt {
    fn milliseconds(&mut self) -> u32 {
        (now() / TICKS) as u32
    }

    /// Waits for a pending interrupt, which ends `wfi` although interrupts are disabled.
    fn wait(&mut self) {
        let alarm = now() + TICKS;
        // SAFETY: these are two registers of the machine. The upper half is set to the maximum
        // first, so that no intermediate value causes an early interrupt.
        unsafe {
            ALARM.add(1).write_volatile(u32::MAX);
            ALARM.write_volatile(alarm as u32);
            ALARM.add(1).write_volatile((alarm >> 32) as u32);
        }
        riscv::asm::wfi();
    }

    fn show(&mut self, is_on: bool) {
        if self.is_on != is_on {
            self.is_on = is_on;
            let _ = writeln!(Serial, "the lamp is {}", if is_on { "on" } else { "off" });
        }
    }
}

#[entry]
fn main() -> ! {
    // SAFETY: interrupts stay disabled globally, so this one only ends `wfi` and calls no handler.
    unsafe { mie::set_mtimer() };
    let mut ethernet = Ethernet::find().expect("the machine has a virtio network device");
    let mac = ethernet.mac();
    let _ = writeln!(Serial, "listening on port 80");
    network::serve(&mut ethernet, mac, &mut Virt { is_on: false })
}
