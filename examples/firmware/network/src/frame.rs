//! The parts that the drivers of both boards share.

use smoltcp::phy::{DeviceCapabilities, Medium, RxToken};

/// The longest Ethernet frame in bytes, without its checksum.
pub const MTU: usize = 1514;

/// Returns the capabilities of a driver that handles one Ethernet frame at a time.
pub fn capabilities() -> DeviceCapabilities {
    let mut capabilities = DeviceCapabilities::default();
    capabilities.medium = Medium::Ethernet;
    capabilities.max_transmission_unit = MTU;
    capabilities.max_burst_size = Some(1);
    capabilities
}

/// A received frame in the driver's memory.
pub struct Received<'a>(pub &'a [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}
