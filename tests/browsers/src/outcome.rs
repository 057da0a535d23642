//! Writes the outcome of a case as one line of text, so that expectation, prediction and three
//! browsers can be compared.
//!
//! For example, `allow 1+2 asks x-a reads etag status 404 cookie` means that the page got the
//! response, that the server saw one preflight and two other requests, that the preflight asked for
//! `x-a`, that the page could read `etag` besides the headers that every page can read, that the
//! status was 404, and that a request had a cookie. With two requests of the page, a line starts
//! like `allow block 1+2`. A case with redirects also lists each request, with its server, method
//! and origin: `via A OPTIONS page, A PUT page, B OPTIONS null, B PUT null`.

use std::collections::BTreeSet;
use std::fmt;

/// The result of one request, as the page saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Response {
        status: u16,
        /// The names of the headers that the page could read, in lower case.
        names: BTreeSet<String>,
    },
    /// The request failed with an exception.
    Nothing,
    TimedOut,
}

/// One request, as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The server: `A`, or `B` after a redirect.
    pub(crate) server: char,
    pub(crate) method: String,
    pub(crate) origin: String,
    pub(crate) cookie: bool,
    /// `Access-Control-Request-Method` and `-Headers`, if it is a preflight.
    pub(crate) preflight: Option<(String, String)>,
}

pub(crate) struct Outcome<'o> {
    pub(crate) got: &'o [Got],
    pub(crate) seen: &'o [Seen],
    /// The origin that every request should have.
    pub(crate) origin: &'o str,
    /// The methods that the page's requests should have, as browsers send them.
    pub(crate) methods: &'o [String],
    /// True if cookies are compared.
    pub(crate) cookies: bool,
    /// True if the outcome lists each request: redirects change server, method and origin.
    pub(crate) has_redirects: bool,
}

/// The headers that every answer has and every page can read.
const ALWAYS: [&str; 3] = ["cache-control", "content-length", "content-type"];

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.got.is_empty() {
            f.write_str("no result ")?;
        }
        for got in self.got {
            f.write_str(match got {
                Got::Response { .. } => "allow ",
                Got::Nothing => "block ",
                Got::TimedOut => "timed out ",
            })?;
        }
        let preflights = self.seen.iter().filter(|seen| seen.preflight.is_some());
        let others = self.seen.iter().filter(|seen| seen.preflight.is_none());
        write!(f, "{}+{}", preflights.clone().count(), others.clone().count())?;

        let asked: Vec<_> = preflights
            .clone()
            .filter_map(|seen| seen.preflight.as_ref())
            .map(|(_, headers)| headers.as_str())
            .collect();
        if asked.iter().any(|headers| !headers.is_empty()) {
            let names: Vec<_> = asked
                .iter()
                .map(|headers| if headers.is_empty() { "nothing" } else { headers })
                .collect();
            write!(f, " asks {}", names.join(" / "))?;
        }
        let last = self.got.iter().rev().find_map(|got| match got {
            Got::Response { status, names } => Some((status, names)),
            _ => None,
        });
        if let Some((status, names)) = last {
            let of = |other: bool| {
                let names = names.iter().map(String::as_str);
                names
                    .filter(|name| other != ALWAYS.contains(name))
                    .collect::<Vec<_>>()
            };
            if !of(true).is_empty() {
                write!(f, " reads {}", of(true).join(","))?;
            }
            if of(false).len() < ALWAYS.len() {
                let hidden = ALWAYS.into_iter().filter(|name| !names.contains(*name));
                write!(f, " without {}", hidden.collect::<Vec<_>>().join(","))?;
            }
            if *status != 200 {
                write!(f, " status {status}")?;
            }
        }
        if self.cookies && others.clone().any(|seen| seen.cookie) {
            f.write_str(" cookie")?;
        }

        if self.has_redirects {
            let mut separator = " via ";
            for seen in self.seen {
                let origin = if seen.origin == self.origin && seen.origin != "null" {
                    "page"
                } else {
                    &seen.origin
                };
                write!(f, "{separator}{} {} {origin}", seen.server, seen.method)?;
                separator = ", ";
            }
        }

        // The rest of the line reports what must never happen.
        if preflights.clone().any(|seen| seen.cookie) {
            f.write_str(" PREFLIGHT WITH COOKIE")?;
        }
        if self.has_redirects {
            return Ok(());
        }
        let strange = self.seen.iter().find(|seen| seen.origin != self.origin);
        if let Some(seen) = strange {
            write!(f, " ORIGIN {}", seen.origin)?;
        }
        let methods = self.seen.iter().map(|seen| match &seen.preflight {
            Some((method, _)) => method,
            None => &seen.method,
        });
        for method in methods {
            if !self.methods.contains(method) {
                write!(f, " METHOD {method}")?;
            }
        }
        Ok(())
    }
}
