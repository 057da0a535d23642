//! Supports the emulated machines on which instructions are counted: the start and end of a
//! program, the marks between which instructions are counted, and the serial port.

use core::arch::global_asm;

#[cfg(target_arch = "arm")]
global_asm!(
    ".section .vectors, \"a\"",
    ".word stack_top",
    ".word _start",
    ".text",
    ".syntax unified",
    ".thumb_func",
    ".globl mark_begin",
    "mark_begin: bx lr",
    ".thumb_func",
    ".globl mark_end",
    "mark_end: bx lr",
    ".thumb_func",
    ".globl leave",
    "leave: movs r0, #0x18",
    "ldr r1, =0x20026",
    "bkpt 0xab",
    "b leave",
    ".ltorg",
    ".thumb_func",
    ".globl _start",
    "_start: bl main",
);

#[cfg(target_arch = "riscv32")]
global_asm!(
    ".section .vectors, \"ax\"",
    ".globl _start",
    "_start: la sp, stack_top",
    "call main",
    ".text",
    ".globl mark_begin",
    "mark_begin: ret",
    ".globl mark_end",
    "mark_end: ret",
    ".globl leave",
    "leave: li a0, 0x100000",
    "li a1, 0x5555",
    "sw a1, 0(a0)",
    "j leave",
);

unsafe extern "C" {
    pub(crate) safe fn mark_begin();
    pub(crate) safe fn mark_end();
    pub(crate) safe fn leave() -> !;
}

pub(crate) fn print(text: &str) {
    #[cfg(target_arch = "arm")]
    let (control, data) = (Some(0x4000_4008 as *mut u32), 0x4000_4000 as *mut u8);
    #[cfg(target_arch = "riscv32")]
    let (control, data) = (None::<*mut u32>, 0x1000_0000 as *mut u8);
    if let Some(control) = control {
        // SAFETY: this is the serial port of the machine for which the program is linked; 1 enables
        // its transmitter.
        unsafe { control.write_volatile(1) };
    }
    for byte in text.bytes() {
        // SAFETY: this is the serial port of the machine for which the program is linked.
        unsafe { data.write_volatile(byte) };
    }
}
