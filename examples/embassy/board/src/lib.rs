//! A board for embassy: QEMU's `mps2-an385`, a Cortex-M3 with an Ethernet controller LAN9118. Firmware for a board that embassy supports
//! takes all of this from embassy's own crates.

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

/// As many connections at once as a browser opens, and two for those that are about to close: there is no queue behind them.
pub const CONNECTIONS: usize = 6 + 2;

/// The address that QEMU's user network gives to a guest.
const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

static LAMP: AtomicBool = AtomicBool::new(false);

/// Whether the lamp is on.
pub fn lamp() -> bool {
    LAMP.load(Ordering::Relaxed)
}

pub fn switch(is_on: bool) {
    LAMP.store(is_on, Ordering::Relaxed);
    hprintln!("the lamp is {}", if is_on { "on" } else { "off" });
}

/// Starts clock, network and executor, and serves for as long as there is power.
pub fn start(main: impl FnOnce(Spawner, Stack<'static>)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    static SOCKETS: StaticCell<StackResources<CONNECTIONS>> = StaticCell::new();
    let Some(mut peripherals) = Peripherals::take() else {
        panic!("the board is started once");
    };
    clock::start(&mut peripherals.SYST);
    let config = Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: Some(GATEWAY),
        dns_servers: Default::default(),
    });
    // Firmware takes the seed from a source of random numbers, which this board has not.
    let (stack, runner) = embassy_net::new(Ethernet::start(), config, SOCKETS.init(StackResources::new()), 1);
    let executor: &'static raw::Executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    match network(runner) {
        Ok(task) => executor.spawner().spawn(task),
        Err(_) => panic!("the network is started once"),
    }
    main(executor.spawner(), stack);
    hprintln!("listening on port 80");
    loop {
        // SAFETY: nobody else polls, and not from within a task.
        unsafe { executor.poll() };
        // What wakes a task comes after the look at `IS_PENDING` only if it ends the wait: an interrupt that is pending does.
        cortex_m::interrupt::free(|_| {
            if !IS_PENDING.swap(false, Ordering::Relaxed) {
                cortex_m::asm::wfi();
            }
        });
    }
}

/// A task was woken. Embassy's own executor waits with WFE, which QEMU does not: it would keep a core of the host busy.
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
