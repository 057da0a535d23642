//! Answers one request as firmware would: `cargo run --example const_policy`. The lines are meant
//! to be copied.

use std::io::{self, Read};

use embedded_cors::{Policy, Progress, RequestReader};

/// Placed in flash. The compiler checks it.
static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com", "http://localhost:*"])
    .allow_methods(&["PUT"])
    .allow_headers(&["content-type"])
    .max_age_seconds(7200)
    .build_or_panic();

/// Reads a head in pieces and writes the answer: a whole response to a preflight, or else the CORS
/// fields for the handler's own response. Returns the number of bytes written.
fn cors(socket: &mut impl Read, answer: &mut [u8]) -> Result<usize, Box<dyn std::error::Error>> {
    let mut head = RequestReader::<256>::new();
    let mut piece = [0; 32];
    loop {
        let n = socket.read(&mut piece)?;
        if n == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        // The content starts `used` bytes into this piece.
        if let Progress::Done { used: _ } = head.push(&piece[..n])? {
            break;
        }
    }
    let request = head.request();
    let decision = CORS.decide(&request);
    Ok(match decision.preflight() {
        // A preflight is answered before routing and before authentication.
        Some(preflight) => preflight.write_response(answer)?.len(),
        None => decision.write_fields(answer)?.len(),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut socket = &b"OPTIONS /led HTTP/1.1\r\nHost: 192.168.4.1\r\n\
        Origin: http://localhost:3000\r\nAccess-Control-Request-Method: PUT\r\n\r\n"[..];
    let mut answer = [0; CORS.max_response_len()];
    let len = cors(&mut socket, &mut answer)?;

    print!("{}", String::from_utf8_lossy(&answer[..len]));
    println!(
        "(buffer: {} bytes, reader: {} bytes)",
        answer.len(),
        size_of::<RequestReader<256>>()
    );
    Ok(())
}
