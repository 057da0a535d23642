//! The program of the ATmega1280: 128 KiB of flash, and 8 KiB of RAM, in which read-only data lies too.

use core::panic::PanicInfo;
use core::ptr;

use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestReader};

use crate::policies::{self, LONGEST_TEXT};
use crate::{ANSWER, END, MAX_HEAD_LEN, PANIC, READER, READERS, Reader, WAYS, Way, say};

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
        // SAFETY: it is a register of the port, which nothing else uses.
        unsafe { UCSR0B.write_volatile(RXEN0 | TXEN0) }
    }

    fn wait_for(flag: u8) {
        // SAFETY: as above.
        while unsafe { UCSR0A.read_volatile() } & flag == 0 {}
    }

    pub fn read() -> u8 {
        wait_for(RXC0);
        // SAFETY: as above.
        unsafe { UDR0.read_volatile() }
    }

    pub fn write(bytes: &[u8]) {
        for &byte in bytes {
            wait_for(UDRE0);
            // SAFETY: as above.
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

/// The memory between the static variables and the stack, painted to see how far the stack comes.
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
        // SAFETY: it is the stack pointer. What is below is free, but for the frames that this call may still make.
        unsafe {
            let top = usize::from(STACK_POINTER.read_volatile()) - 64;
            let mut place = bottom();
            while place.addr() < top {
                place.write_volatile(PAINT);
                place = place.add(1);
            }
        }
    }

    /// The bytes of it that there are, and those that were used.
    #[inline(never)]
    pub fn room_and_used() -> (u16, u16) {
        let mut place = bottom().cast_const();
        let room = RAM_END + 1 - place.addr();
        // SAFETY: it is memory, and the loop ends at this function's own frame at the latest.
        while unsafe { ptr::read_volatile(place) } == PAINT {
            place = place.wrapping_add(1);
        }
        (room as u16, (RAM_END + 1 - place.addr()) as u16)
    }
}

// Each way has a frame of its own, so that they do not lie on the stack together.

#[inline(never)]
fn whole(policy: &Policy<'_>, head: &[u8]) {
    let request = Request::from_head(head).expect("the head ends");
    answer(&policy.decide(&request));
}

#[inline(never)]
fn rendered(policy: &Policy<'_>, head: &[u8]) {
    if policy.rendered_len() > LONGEST_TEXT {
        return whole(policy, head);
    }
    let mut memory = [0; LONGEST_TEXT];
    whole(&policy.render(&mut memory).expect("there is room"), head);
}

#[inline(never)]
fn in_pieces<'p>(policy: &Policy<'_>, pieces: impl Iterator<Item = &'p [u8]>) {
    let mut reader = RequestReader::<READER>::new();
    for piece in pieces {
        reader.push(piece).expect("it is a head");
    }
    answer(&policy.decide(&reader.request()));
}

#[inline(never)]
fn in_pieces_by_policy<'p>(policy: &Policy<'_>, pieces: impl Iterator<Item = &'p [u8]>) {
    let mut reader = PolicyReader::<READER>::new(policy);
    for piece in pieces {
        reader.push(piece).expect("it is a head");
    }
    answer(&reader.decide());
}

/// Answers a head that there is room for.
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

/// Answers a head of any length, while it arrives.
#[inline(never)]
fn as_it_arrives(policy: &Policy<'_>, len: u32) {
    let mut reader = RequestReader::<READER>::new();
    let mut by_policy = PolicyReader::<READER>::new(policy);
    for _ in 0..len {
        let piece = [usart0::read()];
        reader.push(&piece).expect("it is a head");
        by_policy.push(&piece).expect("it is a head");
    }
    for way in READERS {
        match way {
            Reader::Request => answer(&policy.decide(&reader.request())),
            Reader::Policy => answer(&by_policy.decide()),
        }
    }
}

/// Sends the length of all that a decision says, and then that.
#[inline(never)]
fn answer(decision: &Decision<'_>) {
    let mut buffer = [0; ANSWER];
    let mut len = 0;
    say(decision, &mut buffer, |bytes| len += bytes.len() as u32);
    usart0::write(&len.to_le_bytes());
    say(decision, &mut buffer, usart0::write);
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
