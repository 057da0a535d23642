// What a decision comes to, as one number: the same text for the host, which writes the table, and for the target, which checks it.

/// FNV-1a over all that a decision says.
fn outcome(decision: &embedded_cors::Decision<'_>, buffer: &mut [u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    take(&[decision.kind() as u8]);
    if let Some(refusal) = decision.refusal() {
        take(&[refusal.reason().code()]);
        take(&(refusal.index().map_or(u32::MAX, |index| index as u32)).to_le_bytes());
    }
    let written = match decision.preflight() {
        Some(preflight) => preflight.write_response(buffer).ok(),
        None => decision.write_fields(buffer).ok().map(|lines| lines.as_bytes()),
    };
    take(written.unwrap_or(b"too small"));
    for field in decision.fields() {
        take(field.name().as_bytes());
        field.value().parts().for_each(|part| take(part.as_bytes()));
    }
    hash
}
