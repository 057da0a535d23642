//! The response to a preflight, whole.

use crate::decision::{Decision, Kind};
use crate::error::BufferTooSmall;
use crate::out::Out;
use crate::policy::{RefusedStatus, SuccessStatus};

/// The response to a preflight. The server sends it at once and does not route the request.
///
/// A server that writes status lines itself takes [`status`](Self::status) and the fields of the decision, and sends no content; one
/// that writes to a socket takes [`write_response`](Self::write_response).
#[derive(Clone, Copy, Debug)]
#[must_use = "a preflight is answered by nobody else"]
pub struct Preflight<'d> {
    decision: &'d Decision<'d>,
}

impl Decision<'_> {
    /// The response, if this is a preflight: to be sent at once, before routing and before authentication, since a preflight
    /// never carries credentials.
    pub const fn preflight(&self) -> Option<Preflight<'_>> {
        match self.kind {
            Kind::Preflight => Some(Preflight { decision: self }),
            Kind::NotCors | Kind::Actual => None,
        }
    }
}

impl<'d> Preflight<'d> {
    /// The status: 204, 200 or 403.
    pub const fn status(&self) -> u16 {
        self.status_and_line().0
    }

    const fn status_and_line(&self) -> (u16, &'static str) {
        let decision = self.decision;
        let success = decision.shares_lists();
        let refused = decision.policy.options.refused;
        let no_content = if success {
            matches!(decision.policy.options.success, SuccessStatus::NoContent)
        } else {
            matches!(refused, RefusedStatus::NoContent)
        };
        if !success && matches!(refused, RefusedStatus::Forbidden) {
            (403, "HTTP/1.1 403 Forbidden\r\n")
        } else if no_content {
            (204, "HTTP/1.1 204 No Content\r\n")
        } else {
            (200, "HTTP/1.1 200 OK\r\n")
        }
    }

    /// The length of what [`write_response`](Self::write_response) writes, in bytes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Writes the whole response: status line, fields, `content-length: 0`, empty line.
    ///
    /// The `Content-Length` in a 204 is against RFC 9110 section 8.6, which says that a server must not send one. It is there all the same,
    /// because clients and proxies exist that wait for content without it; with [`SuccessStatus::Ok`] it is in order.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .allow_methods(&["PUT"])
    ///     .build_or_panic();
    ///
    /// let request = Request::from_fields(
    ///     "OPTIONS",
    ///     [("Origin", "https://app.example.com"), ("Access-Control-Request-Method", "PUT")],
    /// );
    /// let mut buffer = [0; CORS.max_response_len()];
    /// let decision = CORS.decide(&request);
    /// let response = decision.preflight().unwrap().write_response(&mut buffer)?;
    /// assert_eq!(
    ///     response,
    ///     b"HTTP/1.1 204 No Content\r\n\
    ///       access-control-allow-origin: https://app.example.com\r\n\
    ///       access-control-allow-methods: PUT\r\n\
    ///       vary: origin,access-control-request-method,access-control-request-headers\r\n\
    ///       content-length: 0\r\n\
    ///       \r\n"
    /// );
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_response<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        Out::write(buffer, self.decision.bound(), |out| self.emit(out))
    }

    fn emit(&self, out: &mut Out<'_>) {
        let (_, status_line) = self.status_and_line();
        out.text(status_line);
        self.decision.emit(out);
        out.text("content-length: 0\r\n\r\n");
    }

    /// The response, from its status line to its empty line, in parts.
    #[cfg_attr(not(feature = "heapless-v0.9"), allow(dead_code, reason = "for guests"))]
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let (_, status_line) = self.status_and_line();
        [status_line]
            .into_iter()
            .chain(self.decision.parts())
            .chain(["content-length: 0\r\n", "\r\n"])
    }
}
