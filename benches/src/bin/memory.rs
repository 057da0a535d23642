//! Prints the bytes that lists of origins take: their number, the texts, the list of texts, the
//! index, and everything that an `OwnedPolicy` keeps on the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes that are allocated.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all calls go to the allocator of the system unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the memory comes from this allocator, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let live = |work: &mut dyn FnMut()| {
        let before = LIVE.load(Ordering::Relaxed);
        work();
        LIVE.load(Ordering::Relaxed) - before
    };
    for (size, bytes) in benchmarks::integrations::memory(live) {
        println!("{size} {}", bytes.map(|bytes| bytes.to_string()).join(" "));
    }
}
