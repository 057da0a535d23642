//! The page's own server: the page, and the log of the API for it to read.

use crate::http::{Answer, Request};
use crate::log::Log;

const PAGE: &str = include_str!("page.html");

pub(crate) fn answer(request: &Request<'_>, answer: &mut Answer, api_port: u16, log: &Log) {
    match (request.error, request.method, request.path) {
        (Some(status), ..) => {
            answer.status(status);
            answer.content("text/plain", b"");
        }
        (None, "GET", "/") => {
            answer.status(200);
            // For the case with credentials: cookies do not know ports.
            answer.field("set-cookie", "sid=1; SameSite=Lax; Path=/");
            answer.field("cache-control", "no-store");
            answer.content("text/html; charset=utf-8", PAGE.as_bytes());
        }
        (None, "GET", "/api-port") => {
            let mut text = Small::new();
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{api_port}"));
            answer.status(200);
            answer.content("text/plain", text.as_bytes());
        }
        (None, "GET", "/same-origin") => {
            answer.status(200);
            answer.content("text/plain", b"same origin");
        }
        (None, "GET", "/log") => {
            let mut text = Small::new();
            log.read(request.case, &mut text);
            answer.status(200);
            answer.field("cache-control", "no-store");
            answer.content("text/plain; charset=utf-8", text.as_bytes());
        }
        _ => {
            answer.status(404);
            answer.content("text/plain", b"not here\n");
        }
    }
}

/// Text of at most 2 KiB.
struct Small {
    bytes: [u8; 2048],
    len: usize,
}

impl Small {
    const fn new() -> Self {
        Self {
            bytes: [0; 2048],
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
