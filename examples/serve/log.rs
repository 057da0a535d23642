//! Keeps the last decisions, so that the page can show the server's reasons beside the browser's
//! messages.

use std::fmt::Write;
use std::sync::Mutex;

use embedded_cors::{Decision, Reason, RequestKind};

use crate::http::Request;

/// The number of decisions that are kept. A new one replaces the oldest.
const KEPT: usize = 128;

#[derive(Clone, Copy)]
struct Entry {
    case: u32,
    kind: RequestKind,
    /// The first eight bytes of the method, padded with spaces.
    method: [u8; 8],
    status: u16,
    reason: Option<Reason>,
    heads: Heads,
}

/// The lines of a request and its response that CORS is about: `> ` stands before what the browser
/// sent, `< ` before what the server answers. What does not fit is left out.
#[derive(Clone, Copy)]
struct Heads {
    bytes: [u8; 1024],
    len: usize,
}

impl Heads {
    fn new(request: &Request<'_>, decision: &Decision<'_>, status: u16) -> Self {
        let mut heads = Self {
            bytes: [0; 1024],
            len: 0,
        };
        heads.line(format_args!(
            "> {} {}",
            request.method.escape_debug(),
            request.path.escape_debug()
        ));
        if let Some(origin) = request.cors.origin() {
            heads.line(format_args!("> Origin: {origin}"));
        }
        if let Some(method) = request
            .cors
            .requested_method()
            .filter(|_| request.cors.is_preflight())
        {
            heads.line(format_args!("> Access-Control-Request-Method: {method}"));
            let mut names = request.cors.requested_headers().peekable();
            if names.peek().is_some() {
                heads.line(format_args!(
                    "> Access-Control-Request-Headers: {}",
                    Names(request)
                ));
            }
        }
        if request.has_cookie {
            heads.line(format_args!("> Cookie: (not shown)"));
        }
        heads.line(format_args!("< {status}"));
        for field in decision.fields() {
            heads.line(format_args!("< {field}"));
        }
        heads
    }

    /// Adds a line, or nothing if there is not enough room for all of it.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let start = self.len;
        if writeln!(self, "{line}").is_err() {
            self.len = start;
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl Write for Heads {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len());
        place.ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// The names of the headers that a preflight asks for.
struct Names<'r, 'c>(&'r Request<'c>);

impl std::fmt::Display for Names<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, name) in self.0.cors.requested_headers().enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

pub(crate) struct Log {
    entries: Mutex<([Option<Entry>; KEPT], usize)>,
}

impl Log {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Mutex::new(([None; KEPT], 0)),
        }
    }

    /// Stores a decision and prints it.
    pub(crate) fn write(&self, request: &Request<'_>, decision: &Decision<'_>, status: u16) {
        let mut method = [b' '; 8];
        for (place, byte) in method.iter_mut().zip(request.method.bytes()) {
            *place = byte;
        }
        let entry = Entry {
            case: request.case,
            kind: decision.kind(),
            method,
            status,
            reason: decision.refusal().map(|refusal| refusal.reason()),
            heads: Heads::new(request, decision, status),
        };
        if let Ok(mut entries) = self.entries.lock() {
            let (entries, next) = &mut *entries;
            entries[*next % KEPT] = Some(entry);
            *next += 1;
        }
        println!(
            "{} {} -> {}",
            request.method.escape_debug(),
            request.path.escape_debug(),
            Line(&entry)
        );
    }

    /// Writes the decisions of one case, oldest first: a line for each, and its heads.
    pub(crate) fn read(&self, case: u32, answer: &mut impl Write) {
        if let Ok(entries) = self.entries.lock() {
            let (entries, next) = &*entries;
            for index in *next..*next + KEPT {
                if let Some(entry) = entries[index % KEPT].filter(|entry| entry.case == case) {
                    let method = std::str::from_utf8(&entry.method).unwrap_or("").trim_end();
                    let _ = write!(answer, "{method}: {}\n{}", Line(&entry), entry.heads.as_str());
                }
            }
        }
    }
}

struct Line<'e>(&'e Entry);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.0.kind {
            RequestKind::NotCors => "not CORS",
            RequestKind::Actual => "actual request",
            RequestKind::Preflight => "preflight",
        };
        match self.0.reason {
            Some(reason) => write!(f, "{kind} refused ({reason}), {}", self.0.status),
            None if self.0.kind == RequestKind::NotCors => write!(f, "{kind}, {}", self.0.status),
            None => write!(f, "{kind} allowed, {}", self.0.status),
        }
    }
}
