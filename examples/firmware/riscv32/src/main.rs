//! The lamp on RISC-V 32: QEMU's machine "virt".

#![no_std]
#![no_main]

mod ethernet;

use core::fmt::{self, Write};

use ethernet::Ethernet;
use network::Board;
use riscv::register::mie;
use riscv_rt::entry;

/// The machine's clock, 10 MHz, and the time of its next interrupt.
const CLOCK: *mut u32 = 0x0200_bff8 as *mut u32;
const ALARM: *mut u32 = 0x0200_4000 as *mut u32;
const TICKS: u64 = 10_000;

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: the machine's serial port, which is always ready in an emulator.
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

/// In ticks of the clock.
fn now() -> u64 {
    // SAFETY: two registers of the machine; read again if the lower one has overflowed between.
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

    /// An interrupt that is pending ends the wait, though none is taken.
    fn wait(&mut self) {
        let alarm = now() + TICKS;
        // SAFETY: two registers of the machine; the upper one first out of reach, so that no alarm is there too early.
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
    // SAFETY: interrupts stay off as a whole, so this wakes and calls nobody.
    unsafe { mie::set_mtimer() };
    let mut ethernet = Ethernet::find().expect("the machine has a virtio network device");
    let mac = ethernet.mac();
    let _ = writeln!(Serial, "listening on port 80");
    network::serve(&mut ethernet, mac, &mut Virt { is_on: false })
}
