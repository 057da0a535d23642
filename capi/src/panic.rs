//! The panic handler. No function of the library reaches it, and the feature `panic-proof` lets the
//! linker prove that: it makes the handler call a function that does not exist.

use core::panic::PanicInfo;

#[cfg(not(feature = "panic-proof"))]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

#[cfg(feature = "panic-proof")]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panicking_path_is_linked() -> !;
    }
    // SAFETY: the function does not exist, so no program that calls it can be linked.
    unsafe { a_panicking_path_is_linked() }
}
