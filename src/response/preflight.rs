//! The whole response to a preflight.

use super::fields::Ready;
use crate::buffer::{BufferTooSmall, Out};
use crate::decision::{Decision, RequestKind};
use crate::policy::{PreflightRefusedStatus, PreflightSuccessStatus};
use crate::texts::put_all;

/// The response to a preflight. The server sends it at once and does not route the request.
///
/// A server that writes to a socket calls [`write_response`](Self::write_response). A server that
/// writes status lines itself uses [`status`](Self::status) and the fields of the decision, and
/// sends no content.
#[derive(Clone, Copy, Debug)]
#[must_use = "only the caller can answer a preflight"]
pub struct Preflight<'d> {
    decision: &'d Decision<'d>,
}

/// The start and the end of the response if the status is [`PreflightSuccessStatus::NoContent`] and
/// the origin is written.
const SUCCESS: &[u8] = b"HTTP/1.1 204 No Content\r\naccess-control-allow-origin: ";
const END: &[u8] = b"content-length: 0\r\n\r\n";

impl Decision<'_> {
    /// Returns the response, if the request is a preflight. The server sends it before routing and
    /// before authentication, because a preflight never carries credentials.
    pub const fn preflight(&self) -> Option<Preflight<'_>> {
        match self.kind {
            RequestKind::Preflight => Some(Preflight { decision: self }),
            RequestKind::NotCors | RequestKind::Actual => None,
        }
    }
}

impl<'d> Preflight<'d> {
    #[allow(dead_code, reason = "integrations write responses in parts")]
    pub(crate) const fn decision(&self) -> &'d Decision<'d> {
        self.decision
    }

    /// Returns the status: 204, 200 or 403.
    pub const fn status(&self) -> u16 {
        self.status_and_line().0
    }

    pub(crate) const fn status_and_line(&self) -> (u16, &'static str) {
        let options = &self.decision.policy.options;
        let no_content = match (self.succeeds(), options.success, options.refused) {
            (false, _, PreflightRefusedStatus::Forbidden) => return (403, "HTTP/1.1 403 Forbidden\r\n"),
            (true, PreflightSuccessStatus::Ok, _) | (false, _, PreflightRefusedStatus::Ok) => false,
            _ => true,
        };
        if no_content {
            (204, "HTTP/1.1 204 No Content\r\n")
        } else {
            (200, "HTTP/1.1 200 OK\r\n")
        }
    }

    /// Returns whether the response has the success status.
    const fn succeeds(&self) -> bool {
        self.decision.shares_lists()
    }

    /// Returns the end of the response, after the fields of the decision.
    pub(crate) const fn end(&self) -> &'static str {
        let is_bare = matches!(
            self.decision.policy.options.success,
            PreflightSuccessStatus::NoContentBare
        );
        if is_bare && self.succeeds() {
            "\r\n"
        } else {
            "content-length: 0\r\n\r\n"
        }
    }

    /// Returns the number of bytes that [`write_response`](Self::write_response) writes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Writes the whole response: status line, fields, `content-length: 0`, and the
    /// empty line.
    ///
    /// RFC 9110 section 8.6 does not allow `Content-Length` in a 204
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-8.6>). It is written nevertheless, because
    /// without it some clients and proxies wait for content. [`PreflightSuccessStatus`] has two
    /// choices that avoid the conflict: 200, and 204 without the field.
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
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn write_response<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let options = &self.decision.policy.options;
        let put = match (self.decision.ready_text(), options.success, options.refused) {
            (Ready::WithOrigin(origin, text), PreflightSuccessStatus::NoContent, _) => {
                put_all(buffer, SUCCESS, origin, [text, b""], END)
            }
            (Ready::WithoutOrigin(text), _, PreflightRefusedStatus::Forbidden) => {
                put_all(buffer, b"HTTP/1.1 403 Forbidden\r\n", b"", [text, b""], END)
            }
            (Ready::No, PreflightSuccessStatus::NoContent, _)
                if cfg!(target_pointer_width = "64") && self.decision.is_refused() =>
            {
                self.put_refusal(buffer)
            }
            _ => None,
        };
        let emit = |decision: &Decision<'_>, out: &mut Out<'_>| Preflight { decision }.emit(out);
        self.decision.written(put, buffer, emit)
    }

    /// Writes a refusal whose fields were rendered, and returns its length. Otherwise, or if
    /// `buffer` is too small, writes nothing.
    #[inline(never)]
    fn put_refusal(&self, buffer: &mut [u8]) -> Option<usize> {
        let (origin, lists, vary) = self.decision.ready_refusal()?;
        put_all(buffer, SUCCESS, origin, [lists, vary], END)
    }

    fn emit(&self, out: &mut Out<'_>) {
        let (_, status_line) = self.status_and_line();
        out.text(status_line);
        self.decision.emit(out);
        out.text(self.end());
    }
}

#[cfg(test)]
mod tests {
    use crate::{Policy, Request};

    #[test]
    fn a_merged_vary_is_in_a_rendered_refusal() {
        static CORS: Policy = crate::rendered!(
            Policy::builder()
                .allow_origins(&["https://a.example"])
                .allow_headers(&["x-a"])
                .build_or_panic()
        );
        let mut request = Request::new("OPTIONS");
        request.push("origin", "https://a.example");
        request.push("access-control-request-method", "GET");
        request.push("access-control-request-headers", "x-b");
        let decision = CORS.decide(&request).merge_vary(&["accept"]).unwrap();
        let mut buffer = [0; 400];
        let response = decision.preflight().unwrap().write_response(&mut buffer);
        let response = core::str::from_utf8(response.unwrap()).unwrap();
        assert!(response.contains("\r\nvary: accept,origin,"), "{response}");
    }
}
