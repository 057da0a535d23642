//! Serves the page, and the log of the API for the page to read.

use crate::http::{Answer, Request};
use crate::log::Log;

const PAGE: &str = include_str!("page.html");

/// The API's port and log, and the debugger: facts that do not depend on the request.
pub(crate) struct Site<'s> {
    pub(crate) api_port: u16,
    pub(crate) log: &'s Log,
    /// The page of the debugger, where the repository has it.
    pub(crate) debugger: Option<&'static [u8]>,
}

pub(crate) fn answer(request: &Request<'_>, answer: &mut Answer, site: &Site<'_>) {
    match (request.error, request.method, request.path) {
        (Some(status), ..) => {
            answer.status(status);
            answer.content("text/plain", b"");
        }
        (None, "GET", "/") => {
            answer.status(200);
            // The case with credentials sends this cookie to the API: cookies ignore ports.
            answer.field("set-cookie", "sid=1; SameSite=Lax; Path=/");
            answer.field("cache-control", "no-store");
            answer.long_content("text/html; charset=utf-8", PAGE.as_bytes());
        }
        (None, "GET", "/debugger") if site.debugger.is_some() => {
            answer.status(200);
            answer.long_content("text/html; charset=utf-8", site.debugger.unwrap_or_default());
        }
        // The port of the API, and whether there is a debugger to link to.
        (None, "GET", "/site") => {
            let mut text = Small::new();
            let debugger = if site.debugger.is_some() { "debugger" } else { "" };
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{} {debugger}", site.api_port));
            answer.status(200);
            answer.content("text/plain", text.as_bytes());
        }
        (None, "GET", "/same-origin") => {
            answer.status(200);
            answer.content("text/plain", b"same origin");
        }
        (None, "GET", "/log") => {
            let mut text = Small::new();
            site.log.read(request.case, &mut text);
            answer.status(200);
            answer.field("cache-control", "no-store");
            answer.content("text/plain; charset=utf-8", text.as_bytes());
        }
        _ => {
            answer.status(404);
            answer.content("text/plain", b"not found\n");
        }
    }
}

/// A text of at most 8 KiB.
struct Small {
    bytes: [u8; 8192],
    len: usize,
}

impl Small {
    const fn new() -> Self {
        Self {
            bytes: [0; 8192],
            len: 0,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl std::fmt::Write for Small {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let place = self
            .bytes
            .get_mut(self.len..self.len + text.len())
            .ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
