//! Provides the time for embassy, in ticks of a millisecond.

use core::cell::RefCell;
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

/// The clock's frequency, 25 MHz.
const CLOCK: u32 = 25_000_000;

struct Clock(Mutex<RefCell<State>>);

struct State {
    now: u64,
    next: u64,
    queue: Queue,
}

embassy_time_driver::time_driver_impl!(static TIME: Clock = Clock(Mutex::new(RefCell::new(State {
    now: 0,
    next: u64::MAX,
    queue: Queue::new(),
}))));

impl Driver for Clock {
    fn now(&self) -> u64 {
        critical_section::with(|token| self.0.borrow_ref(token).now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            let mut state = self.0.borrow_ref_mut(token);
            if state.queue.schedule_wake(at, waker) {
                state.next = state.next.min(at);
            }
        });
    }
}

pub fn start(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CLOCK / 1000 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

#[exception]
fn SysTick() {
    critical_section::with(|token| {
        let mut state = TIME.0.borrow_ref_mut(token);
        state.now += 1;
        if state.now >= state.next {
            let now = state.now;
            state.next = state.queue.next_expiration(now);
        }
    });
}
