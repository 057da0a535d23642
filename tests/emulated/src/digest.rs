// The build script includes this file to compute the table of digests, and the program includes it
// to compare its digests with the table.

/// Returns the FNV-1a hash of everything that a decision says. The answers themselves would not fit
/// into flash.
fn digest(decision: &embedded_cors::Decision<'_>, buffer: &mut [u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for_each_part(decision, buffer, |bytes| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    });
    hash
}
