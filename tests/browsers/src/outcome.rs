//! What came of a case, as one line of text, so that a hand, a prediction and three browsers can be compared.
//!
//! `allow 1+2 asks x-a reads etag status 404 cookie`: the page got the response; the server saw one preflight and two other
//! requests; the preflight asked for `x-a`; the page could read `etag` besides what everyone may read; the status; the
//! requests had a cookie. Several requests: `allow block 1+2`.

use std::collections::BTreeSet;
use std::fmt;

/// What a page got of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Response {
        status: u16,
        /// The names of the headers that it could read, lower-case.
        names: BTreeSet<String>,
    },
    /// An exception.
    Nothing,
    TimedOut,
}

/// What the server saw of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) origin: String,
    pub(crate) cookie: bool,
    /// `Access-Control-Request-Method` and `-Headers`, if it is a preflight.
    pub(crate) preflight: Option<(String, String)>,
}

pub(crate) struct Outcome<'o> {
    pub(crate) got: &'o [Got],
    pub(crate) seen: &'o [Seen],
    /// The origin that every request ought to have.
    pub(crate) origin: &'o str,
    /// The methods that the page's requests ought to have, as they are sent.
    pub(crate) methods: &'o [String],
    /// Whether cookies are looked at.
    pub(crate) cookies: bool,
}

/// Every answer has these, and every page may read them.
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
            write!(f, " asks {}", asked.join(" / "))?;
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

        // What ought never to be.
        if preflights.clone().any(|seen| seen.cookie) {
            f.write_str(" PREFLIGHT WITH COOKIE")?;
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
