//! A WebSocket of the lamp: it sends the state, and takes it as text
//! (<https://www.rfc-editor.org/rfc/rfc6455>).

use base64ct::{Base64, Encoding as _};
use edge_ws::{Error, FrameHeader, FrameType};

use crate::lamp::Lamp;

/// The longest frame that the lamp takes, with its header.
const MAX_FRAME: usize = 64;

/// Returns the value of `Sec-WebSocket-Accept` for a key
/// (<https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>).
pub fn accept(key: &[u8]) -> [u8; 28] {
    let mut hash = sha1_smol::Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let mut accept = [0; 28];
    // The base64 of 20 bytes has 28.
    let _ = Base64::encode(&hash.digest().bytes(), &mut accept);
    accept
}

/// The bytes of a frame that has not arrived in full.
pub struct Socket {
    frame: [u8; MAX_FRAME],
    len: usize,
}

/// An answer to a frame.
pub struct Reply<'b> {
    pub bytes: &'b [u8],
    /// True if the connection ends with this answer.
    pub is_last: bool,
}

impl Socket {
    pub const fn new() -> Self {
        Self {
            frame: [0; MAX_FRAME],
            len: 0,
        }
    }

    /// Takes some bytes, up to the end of a frame at most. Returns how many, and the answer to the
    /// frame, if it needs one.
    pub fn push<'b>(
        &mut self,
        lamp: &mut Lamp,
        bytes: &[u8],
        buffer: &'b mut [u8],
    ) -> (usize, Option<Reply<'b>>) {
        let mut used = 0;
        loop {
            let frame = self.frame.get(..self.len).unwrap_or(&[]);
            let missing = match FrameHeader::deserialize(frame) {
                Err(Error::Incomplete(missing)) => missing,
                Err(_) => return (used, Some(close(1002, buffer))),
                // Browsers mask every frame, so that a proxy cannot take it for a request.
                Ok((header, _)) if header.mask_key.is_none() => return (used, Some(close(1002, buffer))),
                Ok((header, start)) => match usize::try_from(header.payload_len) {
                    Ok(len) if start + len <= MAX_FRAME => {
                        let missing = start + len - self.len;
                        if missing == 0 {
                            self.len = 0;
                            let payload = self.frame.get_mut(start..start + len).unwrap_or(&mut []);
                            header.mask(payload, 0);
                            return (used, reply(lamp, header.frame_type, payload, buffer));
                        }
                        missing
                    }
                    _ => return (used, Some(close(1009, buffer))),
                },
            };
            let rest = bytes.get(used..).unwrap_or(&[]);
            let free = self.frame.get_mut(self.len..).unwrap_or(&mut []);
            let count = missing.min(rest.len()).min(free.len());
            if count == 0 {
                return (used, None);
            }
            for (place, byte) in free.iter_mut().zip(rest.iter().take(count)) {
                *place = *byte;
            }
            self.len += count;
            used += count;
        }
    }
}

/// Handles a frame. The lamp does not take messages in several frames.
fn reply<'b>(lamp: &mut Lamp, kind: FrameType, payload: &[u8], buffer: &'b mut [u8]) -> Option<Reply<'b>> {
    let (kind, is_last) = match kind {
        FrameType::Text(false) => match lamp.switch(payload) {
            Ok(()) => return None,
            Err(()) => return Some(close(1007, buffer)),
        },
        FrameType::Ping => (FrameType::Pong, false),
        FrameType::Pong => return None,
        FrameType::Close => (FrameType::Close, true),
        _ => return Some(close(1003, buffer)),
    };
    let bytes = frame(kind, payload, buffer);
    Some(Reply { bytes, is_last })
}

fn close(code: u16, buffer: &mut [u8]) -> Reply<'_> {
    Reply {
        bytes: frame(FrameType::Close, &code.to_be_bytes(), buffer),
        is_last: true,
    }
}

/// Writes a frame, which fits into each buffer of the lamp.
pub fn frame<'b>(kind: FrameType, payload: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let header = FrameHeader {
        frame_type: kind,
        payload_len: payload.len() as u64,
        mask_key: None,
    };
    let start = header.serialize(buffer).unwrap_or(0);
    match buffer.get_mut(start..start + payload.len()) {
        Some(place) => {
            place.copy_from_slice(payload);
            buffer.get(..start + payload.len()).unwrap_or(b"")
        }
        None => b"",
    }
}
