//! Drives the Ethernet controller of the LM3S6965 for smoltcp, one frame at a time and without
//! interrupts.

use network::frame::{self, MTU, Received};
use smoltcp::phy::{Device, DeviceCapabilities, TxToken};
use smoltcp::time::Instant;

const BASE: usize = 0x4004_8000;
const RECEIVE_CONTROL: usize = 0x08;
const TRANSMIT_CONTROL: usize = 0x0c;
const DATA: usize = 0x10;
const THRESHOLD: usize = 0x1c;
const PACKETS: usize = 0x34;
const TRANSMIT: usize = 0x38;

const HEADER: usize = 14;

fn read(register: usize) -> u32 {
    // SAFETY: this is a register of the controller, at its address on this chip.
    unsafe { ((BASE + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: this is a register of the controller. Only this module writes it, and `Ethernet` is
    // not shared.
    unsafe { ((BASE + register) as *mut u32).write_volatile(value) }
}

pub struct Ethernet {
    received: [u8; MTU],
    to_send: [u8; MTU],
}

impl Ethernet {
    pub fn new() -> Self {
        // Start sending a frame on request, not after a number of its bytes.
        write(THRESHOLD, 0x3f);
        // Enable the transmitter, with full duplex, checksums and padding.
        write(TRANSMIT_CONTROL, 0b1_0111);
        // Enable the receiver, with multicast and broadcast frames, which address requests use.
        write(RECEIVE_CONTROL, 0b0_0111);
        Self {
            received: [0; MTU],
            to_send: [0; MTU],
        }
    }

    pub fn has_frame(&self) -> bool {
        read(PACKETS) != 0
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_>)> {
        if !self.has_frame() {
            return None;
        }
        // The FIFO holds two bytes of length and then the frame. The length includes these two
        // bytes and the four of the checksum. Each read gives four bytes.
        let first = read(DATA).to_le_bytes();
        let [low, high, start @ ..] = first;
        let len = usize::from(u16::from_le_bytes([low, high]));
        let later = (1..len.div_ceil(4)).flat_map(|_| read(DATA).to_le_bytes());
        // Bytes beyond the longest frame have to be read from the FIFO too, and are discarded.
        let mut place = self.received.iter_mut();
        start.into_iter().chain(later).for_each(|byte| {
            if let Some(place) = place.next() {
                *place = byte;
            }
        });
        let len = len.saturating_sub(6).min(MTU);
        Some((Received(self.received.get(..len)?), Sending(&mut self.to_send)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.to_send))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        frame::capabilities()
    }
}

pub struct Sending<'a>(&'a mut [u8; MTU]);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let len = len.min(MTU);
        let frame = self.0.get_mut(..len).unwrap_or(&mut []);
        let result = fill(frame);
        // The FIFO takes two bytes with the length, which does not include the header of 14 bytes,
        // and then the frame.
        let length = (len.saturating_sub(HEADER) as u16).to_le_bytes();
        let mut bytes = length.iter().chain(frame.iter());
        while let Some(first) = bytes.next() {
            let mut next = || bytes.next().copied().unwrap_or(0);
            write(DATA, u32::from_le_bytes([*first, next(), next(), next()]));
        }
        write(TRANSMIT, 1);
        result
    }
}
