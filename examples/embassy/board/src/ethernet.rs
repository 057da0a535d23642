//! Drives the Ethernet controller LAN9118 for embassy-net, one frame at a time, with an interrupt
//! for each received frame.

use core::cell::RefCell;
use core::task::{Context, Waker};

use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;
use critical_section::Mutex;
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};

const BASE: usize = 0x4020_0000;
const RECEIVE_DATA: usize = 0x00;
const TRANSMIT_DATA: usize = 0x20;
const RECEIVE_STATUS: usize = 0x40;
const INTERRUPT_CONFIGURATION: usize = 0x54;
const INTERRUPT_STATUS: usize = 0x58;
const INTERRUPT_ENABLE: usize = 0x5c;
const TRANSMIT_CONFIGURATION: usize = 0x70;
const RECEIVE_FIFO: usize = 0x7c;
const MAC_COMMAND: usize = 0xa4;
const MAC_DATA: usize = 0xa8;

/// The bit of the interrupt for a frame in the receive FIFO.
const HAS_FRAME: u32 = 1 << 3;

/// The longest frame in bytes.
const MTU: usize = 1514;
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

fn read(register: usize) -> u32 {
    // SAFETY: this is a register of the controller, at its address on this board.
    unsafe { ((BASE + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: this is a register of the controller, and only this module writes it.
    unsafe { ((BASE + register) as *mut u32).write_volatile(value) }
}

fn write_mac(register: u32, value: u32) {
    write(MAC_DATA, value);
    write(MAC_COMMAND, 1 << 31 | register);
    while read(MAC_COMMAND) & 1 << 31 != 0 {}
}

/// The controller's interrupt line.
#[derive(Clone, Copy)]
struct Line;

// SAFETY: this is the number of the controller's interrupt on this board.
unsafe impl cortex_m::interrupt::InterruptNumber for Line {
    fn number(self) -> u16 {
        13
    }
}

/// The task that waits for frames.
static WAITING: Mutex<RefCell<Option<Waker>>> = Mutex::new(RefCell::new(None));

/// Disables the interrupt until the task has read all frames, and wakes the task.
#[exception]
unsafe fn DefaultHandler(_: i16) {
    NVIC::mask(Line);
    critical_section::with(|token| {
        if let Some(task) = WAITING.borrow_ref_mut(token).take() {
            task.wake();
        }
    });
}

pub struct Ethernet {
    received: [u8; MTU],
    to_send: [u8; MTU],
}

impl Ethernet {
    pub fn start() -> Self {
        let [a, b, c, d, e, f] = ADDRESS;
        write_mac(2, u32::from_le_bytes([e, f, 0, 0]));
        write_mac(3, u32::from_le_bytes([a, b, c, d]));
        // Enable transmitter and receiver, with full duplex.
        write_mac(1, 1 << 20 | 1 << 3 | 1 << 2);
        // Enable the transmitter's FIFO, and let it discard the status of frames, which the driver
        // does not read.
        write(TRANSMIT_CONFIGURATION, 1 << 2 | 1 << 1);
        // Enable the interrupt line, active high and push-pull.
        write(INTERRUPT_CONFIGURATION, 1 << 8 | 1 << 4 | 1);
        write(INTERRUPT_ENABLE, HAS_FRAME);
        Self {
            received: [0; MTU],
            to_send: [0; MTU],
        }
    }
}

impl Driver for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Received<'_>, Sending<'_>)> {
        write(INTERRUPT_STATUS, HAS_FRAME);
        if read(RECEIVE_FIFO) >> 16 & 0xff == 0 {
            critical_section::with(|token| *WAITING.borrow_ref_mut(token) = Some(context.waker().clone()));
            // SAFETY: the handler and this function share only `WAITING`, in critical sections. A
            // frame that arrived after the check causes an interrupt now.
            unsafe { NVIC::unmask(Line) };
            return None;
        }
        let len = (read(RECEIVE_STATUS) >> 16 & 0x3fff) as usize;
        for index in 0..len.div_ceil(4) {
            let word = read(RECEIVE_DATA).to_le_bytes();
            // Bytes beyond the longest frame have to be read from the FIFO too, and are discarded.
            for (place, byte) in self.received.iter_mut().skip(4 * index).zip(word) {
                *place = byte;
            }
        }
        // The last four bytes are the checksum.
        let frame = self.received.get_mut(..len.saturating_sub(4).min(MTU))?;
        Some((Received(frame), Sending(&mut self.to_send)))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Sending<'_>> {
        Some(Sending(&mut self.to_send))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MTU;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(ADDRESS)
    }
}

pub struct Received<'a>(&'a mut [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}

pub struct Sending<'a>(&'a mut [u8; MTU]);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let frame = self.0.get_mut(..len.min(MTU)).unwrap_or(&mut []);
        let result = fill(frame);
        let len = frame.len() as u32;
        // Two command words say that this is a whole frame and how long it is. The frame follows in
        // words.
        write(TRANSMIT_DATA, 1 << 13 | 1 << 12 | len);
        write(TRANSMIT_DATA, len);
        for bytes in frame.chunks(4) {
            let mut word = [0; 4];
            word.iter_mut()
                .zip(bytes)
                .for_each(|(place, byte)| *place = *byte);
            write(TRANSMIT_DATA, u32::from_le_bytes(word));
        }
        result
    }
}
