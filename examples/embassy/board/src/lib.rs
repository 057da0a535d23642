//! Supports a board for embassy: QEMU's `mps2-an385`, a Cortex-M3 with an Ethernet controller
//! LAN9118. For boards that embassy supports, its crates provide all of this.

#![no_std]

mod clock;
mod ethernet;

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::Peripherals;
use cortex_m_semihosting::{debug, hprintln};
use embassy_executor::{Spawner, raw};
use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use ethernet::Ethernet;
use static_cell::StaticCell;

/// The number of simultaneous connections: the six that a browser opens, and two that may be
/// closing. There is no queue for further ones.
pub const CONNECTIONS: usize = 6 + 2;

/// The address of a guest in QEMU's user network.
const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

static LAMP: AtomicBool = AtomicBool::new(false);

/// Returns whether the lamp is on.
pub fn lamp() -> bool {
    LAMP.load(Ordering::Relaxed)
}

pub fn switch(is_on: bool) {
    LAMP.store(is_on, Ordering::Relaxed);
    hprintln!("the lamp is {}", if is_on { "on" } else { "off" });
}

/// Starts clock, network and executor, calls `main`, and runs tasks forever.
pub fn start(main: impl FnOnce(Spawner, Stack<'static>)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    static SOCKETS: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    let Some(mut peripherals) = Peripherals::take() else {
        panic!("the board was started twice");
    };
    clock::start(&mut peripherals.SYST);
    let config = Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: Some(GATEWAY),
        dns_servers: Default::default(),
    });
    // Real firmware takes the seed, here 1, from a source of random numbers. This board has none.
    let (stack, runner) = embassy_net::new(Ethernet::start(), config, SOCKETS.init(StackResources::new()), 1);
    let executor: &'static raw::Executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    match network(runner) {
        Ok(task) => executor.spawner().spawn(task),
        Err(_) => panic!("the network was started twice"),
    }
    main(executor.spawner(), stack);
    hprintln!("listening on port 80");
    loop {
        // SAFETY: this is the only call of `poll`, and no task calls it.
        unsafe { executor.poll() };
        // With interrupts disabled, none can wake a task between the check and `wfi`. A pending
        // interrupt ends `wfi` nevertheless.
        cortex_m::interrupt::free(|_| {
            if !IS_PENDING.swap(false, Ordering::Relaxed) {
                cortex_m::asm::wfi();
            }
        });
    }
}

/// True if a task was woken since the last poll. Embassy's executor for Cortex-M waits with WFE,
/// which returns at once in QEMU and would keep a core of the host busy.
static IS_PENDING: AtomicBool = AtomicBool::new(false);

#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {
    IS_PENDING.store(true, Ordering::Relaxed);
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Ethernet>) -> ! {
    runner.run().await
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
