//! A policy as the server at the other end of a browser's wire.

use crate::browser::Server;
use crate::error::BufferTooSmall;
use crate::policy::Policy;
use crate::request::Request;

impl Server for &Policy<'_> {
    /// Answers a preflight itself, and everything else with 200 and the policy's fields; what is no request head with 400.
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let Ok(request) = Request::from_head(request) else {
            let head = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            let Some(place) = response.get_mut(..head.len()) else {
                return Err(BufferTooSmall::new(head.len()));
            };
            place.copy_from_slice(head);
            return Ok(head.len());
        };
        let decision = self.decide(&request);
        if let Some(preflight) = decision.preflight() {
            return preflight.write_response(response).map(<[u8]>::len);
        }
        let status_line = b"HTTP/1.1 200 OK\r\n";
        let needed = status_line.len() + decision.encoded_len() + b"\r\n".len();
        let Some((place, rest)) = response.split_at_mut_checked(status_line.len()) else {
            return Err(BufferTooSmall::new(needed));
        };
        let fields = decision
            .write_fields(rest)
            .map_err(|_| BufferTooSmall::new(needed))?
            .len();
        let Some(end) = rest.get_mut(fields..fields + 2) else {
            return Err(BufferTooSmall::new(needed));
        };
        end.copy_from_slice(b"\r\n");
        place.copy_from_slice(status_line);
        Ok(needed)
    }
}
