//! There is no panicking path; the linker proves it of the feature `panic-proof`.

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
    // SAFETY: it does not exist, so a program that calls it is not linked.
    unsafe { a_panicking_path_is_linked() }
}
