//! The last decisions, so that the page can show the server's reasons beside what the browser says.

use std::fmt::Write;
use std::sync::Mutex;

use embedded_cors::{Decision, Kind, Reason};

use crate::http::Request;

/// Decisions kept; the oldest makes room for the newest.
const KEPT: usize = 128;

#[derive(Clone, Copy)]
struct Entry {
    case: u32,
    kind: Kind,
    /// The method, cut to its first bytes.
    method: [u8; 8],
    status: u16,
    reason: Option<Reason>,
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

    /// Keeps a decision and prints it.
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

    /// The decisions of one case, oldest first, a line each.
    pub(crate) fn read(&self, case: u32, answer: &mut impl Write) {
        if let Ok(entries) = self.entries.lock() {
            let (entries, next) = &*entries;
            for index in *next..*next + KEPT {
                if let Some(entry) = entries[index % KEPT].filter(|entry| entry.case == case) {
                    let method = std::str::from_utf8(&entry.method).unwrap_or("").trim_end();
                    let _ = writeln!(answer, "{method}: {}", Line(&entry));
                }
            }
        }
    }
}

struct Line<'e>(&'e Entry);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.0.kind {
            Kind::NotCors => "not CORS",
            Kind::Actual => "actual request",
            Kind::Preflight => "preflight",
        };
        match self.0.reason {
            Some(reason) => write!(f, "{kind} refused ({reason}), {}", self.0.status),
            None if self.0.kind == Kind::NotCors => write!(f, "{kind}, {}", self.0.status),
            None => write!(f, "{kind} allowed, {}", self.0.status),
        }
    }
}
