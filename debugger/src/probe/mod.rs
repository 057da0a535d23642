//! Probing without input and output: what to send to a server, and what its answers mean.
//!
//! A [`Network`] sends the requests. The command `cors probe` has one with sockets, and the tests
//! have one in which a policy answers.
//!
//! | module | what it does |
//! |---|---|
//! | [`exchange`] | sends what a browser sends for one request of a page |
//! | [`survey`] | asks a server many questions, to learn its policy |
//! | `plan` | the origins that a survey asks about |
//! | `answer` | reads the CORS fields of an answer |
//! | `infer` | the policy that the answers fit |
//! | `findings` | what is wrong with the answers |

mod answer;
pub mod exchange;
mod findings;
mod infer;
pub mod json;
mod plan;
pub mod sarif;
pub mod survey;

use std::fmt;

pub use answer::Caching;
pub use findings::{Code, Finding, Severity};

/// Sends requests.
pub trait Network {
    /// Sends the head of a request to the server of this address, and returns the head of the final
    /// response, up to and with its empty line.
    ///
    /// # Errors
    ///
    /// Returns why there is no response.
    fn send(&mut self, url: &str, head: &[u8]) -> Result<Vec<u8>, Trouble>;
}

impl<F: FnMut(&str, &[u8]) -> Result<Vec<u8>, Trouble>> Network for F {
    fn send(&mut self, url: &str, head: &[u8]) -> Result<Vec<u8>, Trouble> {
        self(url, head)
    }
}

/// Why a request got no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The kind.
    pub kind: TroubleKind,
    /// The details, such as an address and the words of the operating system.
    pub detail: String,
}

/// The kind of a [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The host name has no address.
    Dns,
    /// Nothing listens at the port.
    Refused,
    /// The network has no way to the address.
    Unreachable,
    /// The server took too long to connect or to answer.
    TimedOut,
    /// The server closed the connection before its head was complete.
    Closed,
    /// The certificate is not trusted.
    Certificate,
    /// TLS failed for another reason.
    Tls,
    /// The answer is not HTTP/1.1.
    NotHttp,
    /// The head of the answer is too long.
    TooLong,
    /// The request was not sent, because a limit was reached or something forbids it.
    NotSent,
    /// The time for all requests ended before the answer came.
    Ended,
}

impl TroubleKind {
    /// Returns the name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::Closed => "closed",
            Self::Certificate => "certificate",
            Self::Tls => "tls",
            Self::NotHttp => "not-http",
            Self::TooLong => "too-long",
            Self::NotSent => "not-sent",
            Self::Ended => "ended",
        }
    }

    /// Returns the beginning of a message. `explain` knows these words from other tools.
    const fn words(self) -> &'static str {
        match self {
            Self::Dns => "Could not resolve host",
            Self::Refused => "Connection refused",
            Self::Unreachable => "Couldn't connect to server",
            Self::TimedOut => "Operation timed out",
            Self::Closed => "Empty reply from server",
            Self::Certificate => "SSL certificate problem",
            Self::Tls => "TLS connect error",
            Self::NotHttp => "Not an HTTP/1.1 response",
            Self::TooLong => "The head of the response is too long",
            Self::NotSent => "Not sent",
            Self::Ended => "Ended without an answer",
        }
    }
}

impl Trouble {
    /// Whether the server is the reason, and not a limit of this command.
    pub(crate) fn is_of_server(&self) -> bool {
        !matches!(self.kind, TroubleKind::NotSent | TroubleKind::Ended)
    }

    /// Creates a trouble.
    pub fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}
