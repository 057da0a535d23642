//! The program for the ATmega1280, which has 128 KiB of flash and 8 KiB of RAM. Read-only data is
//! in RAM too.

use core::panic::PanicInfo;
use core::ptr;

use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestReader};

use crate::policies::{self, LONGEST_TEXT};
use crate::{ANSWER, END, MAX_HEAD_LEN, PANIC, READER, READERS, Reader, WAYS, Way, for_each_part};

/// The serial port.
mod usart0 {
    const UCSR0A: *mut u8 = 0xc0 as *mut u8;
    const UCSR0B: *mut u8 = 0xc1 as *mut u8;
    const UDR0: *mut u8 = 0xc6 as *mut u8;

    const RXC0: u8 = 1 << 7;
    const UDRE0: u8 = 1 << 5;
    const RXEN0: u8 = 1 << 4;
    const TXEN0: u8 = 1 << 3;

    pub fn start() {
        // SAFETY: this is a register of the port, which only this module uses.
        unsafe { UCSR0B.write_volatile(RXEN0 | TXEN0) }
    }

    fn wait_for(flag: u8) {
        // SAFETY: this is a register of the port, which only this module uses.
        while unsafe { UCSR0A.read_volatile() } & flag == 0 {}
    }

    pub fn read() -> u8 {
        wait_for(RXC0);
        // SAFETY: this is a register of the port, which only this module uses.
        unsafe { UDR0.read_volatile() }
    }

    pub fn write(bytes: &[u8]) {
        for &byte in bytes {
            wait_for(UDRE0);
            // SAFETY: this is a register of the port, which only this module uses.
            unsafe { UDR0.write_volatile(byte) }
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    usart0::write(&PANIC.to_le_bytes());
    if let Some(location) = info.location() {
        usart0::write(&location.line().to_le_bytes());
        usart0::write(location.file().as_bytes());
    }
    usart0::write(b"\n");
    loop {}
}

/// Fills the memory between the static variables and the stack with one value, to find out how far
/// the stack grows.
mod stack {
    use super::ptr;

    const PAINT: u8 = 0xa5;
    const RAM_END: usize = 0x21ff;
    const STACK_POINTER: *const u16 = 0x5d as *const u16;

    unsafe extern "C" {
        static mut __heap_start: u8;
    }

    fn bottom() -> *mut u8 {
        &raw mut __heap_start
    }

    #[inline(never)]
    pub fn paint() {
        // SAFETY: the memory below the stack pointer is free, except for the frames of calls in
        // this function, for which 64 bytes are left out.
        unsafe {
            let top = usize::from(STACK_POINTER.read_volatile()) - 64;
            let mut place = bottom();
            while place.addr() < top {
                place.write_volatile(PAINT);
                place = place.add(1);
            }
        }
    }

    /// Returns the bytes between the static variables and the end of RAM, and how many of them the
    /// stack used.
    #[inline(never)]
    pub fn room_and_used() -> (u16, u16) {
        let mut place = bottom().cast_const();
        let room = RAM_END + 1 - place.addr();
        // SAFETY: the addresses are in RAM, and the loop ends at the frame of this function at the
        // latest.
        while unsafe { ptr::read_volatile(place) } == PAINT {
            place = place.wrapping_add(1);
        }
        (room as u16, (RAM_END + 1 - place.addr()) as u16)
    }
}

// Each way has its own stack frame, so that only one of them occupies the stack at a time.

#[inline(never)]
fn whole(policy: &Policy<'_>, head: &[u8]) {
    let request = Request::from_head(head).ok().expect("the head is complete");
    answer(&policy.decide(&request));
}

#[inline(never)]
fn rendered(policy: &Policy<'_>, head: &[u8]) {
    if policy.rendered_len() > LONGEST_TEXT {
        return whole(policy, head);
    }
    let mut memory = [0; LONGEST_TEXT];
    whole(
        &policy
            .render(&mut memory)
            .ok()
            .expect("the memory is long enough"),
        head,
    );
}

#[inline(never)]
fn in_pieces<'p>(policy: &Policy<'_>, pieces: impl Iterator<Item = &'p [u8]>) {
    let mut reader = RequestReader::<READER>::new();
    for piece in pieces {
        reader.push(piece).ok().expect("the head is valid");
    }
    answer(&policy.decide(&reader.request()));
}

#[inline(never)]
fn in_pieces_by_policy<'p>(policy: &Policy<'_>, pieces: impl Iterator<Item = &'p [u8]>) {
    let mut reader = PolicyReader::<READER>::new(policy);
    for piece in pieces {
        reader.push(piece).ok().expect("the head is valid");
    }
    answer(&reader.decide());
}

/// Answers a head that fits into memory, in every way.
#[inline(never)]
fn in_memory(policy: &Policy<'_>, len: usize) {
    let mut head = [0; MAX_HEAD_LEN as usize];
    let head = &mut head[..len];
    head.fill_with(usart0::read);
    for way in WAYS {
        match way {
            Way::Whole => whole(policy, head),
            Way::Rendered => rendered(policy, head),
            Way::Pieces(Reader::Request, size) => in_pieces(policy, head.chunks(size)),
            Way::Pieces(Reader::Policy, size) => in_pieces_by_policy(policy, head.chunks(size)),
        }
    }
}

/// Answers a head of any length as it arrives.
#[inline(never)]
fn as_it_arrives(policy: &Policy<'_>, len: u32) {
    let mut reader = RequestReader::<READER>::new();
    let mut by_policy = PolicyReader::<READER>::new(policy);
    for _ in 0..len {
        let piece = [usart0::read()];
        reader.push(&piece).ok().expect("the head is valid");
        by_policy.push(&piece).ok().expect("the head is valid");
    }
    for way in READERS {
        match way {
            Reader::Request => answer(&policy.decide(&reader.request())),
            Reader::Policy => answer(&by_policy.decide()),
        }
    }
}

/// Sends everything that a decision says, after the length of all that.
#[inline(never)]
fn answer(decision: &Decision<'_>) {
    let mut buffer = [0; ANSWER];
    let mut len = 0;
    for_each_part(decision, &mut buffer, |bytes| len += bytes.len() as u32);
    usart0::write(&len.to_le_bytes());
    for_each_part(decision, &mut buffer, usart0::write);
}

#[unsafe(no_mangle)]
pub extern "C" fn main() -> ! {
    const { assert!(usize::BITS == 16) };
    stack::paint();
    usart0::start();
    loop {
        let policy = usart0::read();
        if policy == END {
            let (room, used) = stack::room_and_used();
            usart0::write(&room.to_le_bytes());
            usart0::write(&used.to_le_bytes());
            continue;
        }
        let len = u32::from_le_bytes([(); 4].map(|()| usart0::read()));
        policies::with(policy, |policy| {
            if len <= MAX_HEAD_LEN {
                in_memory(policy, len as usize);
            } else {
                as_it_arrives(policy, len);
            }
        });
    }
}
