//! Drives a virtio network device for smoltcp, with four buffers for received frames and one for a
//! frame to send.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use network::frame::{self, MTU, Received};
use smoltcp::phy::{Device, DeviceCapabilities, TxToken};
use smoltcp::time::Instant;
use virtio_drivers::device::net::VirtIONetRaw;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};
use virtio_drivers::transport::{DeviceType, Transport};
use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};

const BUFFERS: usize = 4;

/// A frame after the header that virtio adds.
type Buffer = [u8; 1600];

/// The memory that the device reads and writes. It is handed out in pages and never returned.
struct Pages;

const PAGES: usize = 8;

#[repr(C, align(4096))]
struct Memory([u8; PAGES * PAGE_SIZE]);

static mut MEMORY: Memory = Memory([0; PAGES * PAGE_SIZE]);
static USED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: physical and virtual addresses are the same, and no page is handed out twice.
unsafe impl Hal for Pages {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let first = USED.fetch_add(pages, Ordering::Relaxed);
        assert!(first + pages <= PAGES, "too few pages");
        // SAFETY: the pages are within `MEMORY` and are handed out only once.
        let address = unsafe { (&raw mut MEMORY).cast::<u8>().add(first * PAGE_SIZE) };
        let pointer = NonNull::new(address).expect("a static is not at 0");
        (address as PhysAddr, pointer)
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(address: PhysAddr, _: usize) -> NonNull<u8> {
        NonNull::new(address as *mut u8).expect("no device is at 0")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.as_ptr().cast::<u8>() as PhysAddr
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}

pub struct Ethernet {
    net: VirtIONetRaw<Pages, MmioTransport<'static>, BUFFERS>,
    /// The buffers for received frames. They belong to the device except while a frame is read.
    buffers: &'static mut [Buffer; BUFFERS],
    /// The index of the buffer for each token.
    of_token: [usize; BUFFERS],
    received: [u8; MTU],
    to_send: [u8; MTU],
}

impl Ethernet {
    /// Returns the first network device of the machine. Call it only once: the buffers are static.
    pub fn find() -> Option<Self> {
        static mut ALL: [Buffer; BUFFERS] = [[0; 1600]; BUFFERS];
        // SAFETY: the function is called once, so this is the only reference.
        let buffers = unsafe { &mut *(&raw mut ALL) };
        let transport = (0..8).find_map(|slot| {
            let header = NonNull::new((0x1000_1000 + slot * 0x1000) as *mut VirtIOHeader)?;
            // SAFETY: the machine has eight virtio devices at these addresses, each with a page of
            // registers.
            let transport = unsafe { MmioTransport::new(header, 0x1000) }.ok()?;
            (transport.device_type() == DeviceType::Network).then_some(transport)
        })?;
        let mut ethernet = Self {
            net: VirtIONetRaw::new(transport).ok()?,
            buffers,
            of_token: [0; BUFFERS],
            received: [0; MTU],
            to_send: [0; MTU],
        };
        (0..BUFFERS).for_each(|index| ethernet.give(index));
        Some(ethernet)
    }

    pub fn mac(&self) -> [u8; 6] {
        self.net.mac_address()
    }

    /// Gives a buffer to the device, for the next frame.
    fn give(&mut self, index: usize) {
        let Some(buffer) = self.buffers.get_mut(index) else {
            return;
        };
        // SAFETY: the buffer is static and is not accessed until the device returns it.
        let token = unsafe { self.net.receive_begin(buffer) };
        if let Ok(token) = token
            && let Some(place) = self.of_token.get_mut(usize::from(token))
        {
            *place = index;
        }
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_>)> {
        let token = self.net.poll_receive()?;
        let index = *self.of_token.get(usize::from(token))?;
        let buffer = self.buffers.get_mut(index)?;
        // SAFETY: the device got this buffer with this token.
        let (header, len) = unsafe { self.net.receive_complete(token, buffer) }.ok()?;
        let frame = buffer.get(header..)?.get(..len.min(MTU))?;
        let place = self.received.get_mut(..frame.len())?;
        place.copy_from_slice(frame);
        let len = frame.len();
        self.give(index);
        Some((
            Received(self.received.get(..len)?),
            Sending {
                net: &mut self.net,
                frame: &mut self.to_send,
            },
        ))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending {
            net: &mut self.net,
            frame: &mut self.to_send,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        frame::capabilities()
    }
}

pub struct Sending<'a> {
    net: &'a mut VirtIONetRaw<Pages, MmioTransport<'static>, BUFFERS>,
    frame: &'a mut [u8; MTU],
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let frame = self.frame.get_mut(..len.min(MTU)).unwrap_or(&mut []);
        let result = fill(frame);
        // TCP sends lost frames again.
        let _ = self.net.send(frame);
        result
    }
}
