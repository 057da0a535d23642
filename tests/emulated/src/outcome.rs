// What a decision comes to, as one number: the same text for the host, which writes the table, and for the target, which checks it.

/// FNV-1a over all that a decision says.
fn outcome(decision: &embedded_cors::Decision<'_>, buffer: &mut [u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    say(decision, buffer, |bytes| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    });
    hash
}
