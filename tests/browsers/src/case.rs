//! Defines a case: the requests of a page, a server, and the expected outcome.

use embedded_cors::browser::Fetch;

/// One row of the table.
pub(crate) struct Case {
    /// A short unique name, which `exceptions.txt` uses too.
    pub(crate) id: &'static str,
    pub(crate) group: &'static str,
    pub(crate) page: Page,
    /// The requests that the page makes, one after the other, to one server.
    pub(crate) asks: Vec<Ask>,
    pub(crate) server: Server,
    /// The outcome that the policy is meant to have, or that the standard requires. It is written
    /// by hand, in the form of [`crate::outcome::Outcome`].
    pub(crate) expected: &'static str,
}

impl Case {
    /// Returns the seconds that the page waits between its requests.
    pub(crate) fn waits(&self) -> u64 {
        self.asks.iter().map(|ask| ask.after).sum()
    }
}

/// The origin of the page. The server is `http://localhost:{A}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    /// `http://localhost:{P}`.
    Main,
    /// `http://localhost:{Q}`.
    OtherPort,
    /// `http://HOST:{P}`.
    Host(&'static str),
    /// `null`, in a sandboxed frame.
    Sandboxed,
}

pub(crate) enum Server {
    /// A named policy and the handler's status. For 413 and 431 the server itself rejects the
    /// request.
    Policy { name: &'static str, status: u16 },
    /// The answer to every preflight, and the answers to the other requests in order. The last one
    /// is repeated.
    Script { preflight: Reply, others: Vec<Reply> },
    /// The answers of each server on a way of redirects: to the preflight, and to the request.
    Hops(Vec<(Reply, Reply)>),
}

impl Server {
    /// Returns the answer to a request that comes after `nth` others that are not preflights;
    /// `None` if a policy answers.
    pub(crate) fn reply(&self, nth: usize, is_preflight: bool) -> Option<&Reply> {
        match self {
            Self::Policy { .. } => None,
            Self::Script { preflight, .. } if is_preflight => Some(preflight),
            Self::Script { others, .. } => others.get(nth.min(others.len() - 1)),
            Self::Hops(hops) => {
                let (preflight, other) = &hops[nth.min(hops.len() - 1)];
                Some(if is_preflight { preflight } else { other })
            }
        }
    }
}

/// A scripted answer. `{O}` in its lines stands for the page's origin, `{N}` for the number of the
/// case.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) lines: Vec<&'static str>,
}

/// A request of the page.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) credentials: Credentials,
    pub(crate) body: Body,
    pub(crate) via: Via,
    /// The cache mode of `fetch`.
    pub(crate) cache: &'static str,
    pub(crate) path: &'static str,
    /// Seconds to wait before the request.
    pub(crate) after: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    SameOrigin,
    Omit,
    Include,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Fetch,
    Xhr,
    /// `XMLHttpRequest` with a listener on its upload.
    XhrUpload,
    /// `FontFace`. No content here is a font, so it never loads.
    Font,
}

#[derive(Clone, Copy)]
pub(crate) enum Body {
    None,
    /// A string.
    Text,
    /// A string of 2000 bytes, more than the server accepts.
    Long,
    /// `URLSearchParams`.
    Form,
    /// `FormData`.
    Multipart,
    /// A `Blob` of this type.
    Blob(&'static str),
}

impl Ask {
    pub(crate) const fn new(method: &'static str) -> Self {
        Self {
            method,
            headers: &[],
            credentials: Credentials::SameOrigin,
            body: Body::None,
            via: Via::Fetch,
            cache: "default",
            path: "/",
            after: 0,
        }
    }

    pub(crate) const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    pub(crate) const fn include(mut self) -> Self {
        self.credentials = Credentials::Include;
        self
    }

    pub(crate) const fn omit(mut self) -> Self {
        self.credentials = Credentials::Omit;
        self
    }

    pub(crate) const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub(crate) const fn via(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    pub(crate) const fn cache(mut self, mode: &'static str) -> Self {
        self.cache = mode;
        self
    }

    pub(crate) const fn path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    pub(crate) const fn after(mut self, seconds: u64) -> Self {
        self.after = seconds;
        self
    }

    /// Returns the headers, and the `Content-Type` that the browser adds for the body.
    pub(crate) fn all_headers(&self) -> Vec<(&'static str, &'static str)> {
        let mut headers = self.headers.to_vec();
        let added = match self.body {
            Body::None | Body::Blob("") => None,
            Body::Text | Body::Long => Some("text/plain;charset=UTF-8"),
            Body::Form => Some("application/x-www-form-urlencoded;charset=UTF-8"),
            Body::Multipart => Some("multipart/form-data; boundary=x"),
            Body::Blob(kind) => Some(kind),
        };
        let has_own = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(kind) = added.filter(|_| !has_own) {
            headers.push(("content-type", kind));
        }
        headers
    }

    /// Returns the request for the `browser` module.
    pub(crate) fn fetch<'a>(&self, origin: &'a str, headers: &'a [(&'a str, &'a str)]) -> Fetch<'a> {
        let mut fetch = Fetch::from_origin(origin).method(self.method).headers(headers);
        if self.credentials == Credentials::Include {
            fetch = fetch.include_credentials();
        }
        if self.via == Via::XhrUpload {
            fetch = fetch.use_cors_preflight();
        }
        fetch
    }
}
