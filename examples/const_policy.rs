//! The lines a firmware engineer copies: `cargo run --example const_policy`.

use embedded_cors::{BufferTooSmall, Policy, RequestReader};

/// In flash, checked by the compiler.
static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com", "http://localhost:*"])
    .allow_methods(&["PUT"])
    .allow_headers(&["content-type"])
    .max_age_seconds(7200)
    .build_or_panic();

/// Writes what goes on the wire into `answer`: a whole response to a preflight, the CORS fields otherwise.
fn cors<'b>(head: &RequestReader<256>, answer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
    let request = head.request();
    let decision = CORS.decide(&request);
    match decision.preflight() {
        Some(preflight) => preflight.write_response(answer),
        None => decision.write_fields(answer).map(|block| block.as_bytes()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut head = RequestReader::<256>::new();
    let mut answer = [0; CORS.max_response_len()];
    let mut pieces = [
        "OPTIONS /led HTTP/1.1\r\nOrigin: http://loc",
        "alhost:3000\r\nAccess-Control-Request-Meth",
        "od: PUT\r\n\r\n",
    ]
    .into_iter();
    while head.push(pieces.next().unwrap_or("").as_bytes())?.needs_more() {}

    print!("{}", String::from_utf8_lossy(cors(&head, &mut answer)?));
    println!(
        "(the buffer has {} bytes, the reader {})",
        answer.len(),
        size_of_val(&head)
    );
    Ok(())
}
