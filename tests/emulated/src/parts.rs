// The build script includes this file to compute the expected answers, and the program includes it
// to compare its answers with them.

/// Calls `take` with everything that a decision says, in parts.
fn for_each_part(decision: &embedded_cors::Decision<'_>, buffer: &mut [u8], mut take: impl FnMut(&[u8])) {
    take(&[decision.kind() as u8]);
    if let Some(refusal) = decision.refusal() {
        take(&[refusal.reason().code()]);
        let position = refusal.position().map(|position| position.index() as u32);
        take(&position.unwrap_or(u32::MAX).to_le_bytes());
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
