// What a decision says, for the machine that makes the table or asks, and for the target, which is compared with it.

/// Gives all that a decision says to `take`, in parts.
fn say(decision: &embedded_cors::Decision<'_>, buffer: &mut [u8], mut take: impl FnMut(&[u8])) {
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
}
