//! A reader for rules.

use super::{Progress, RequestReader};
use crate::decision::Decision;
use crate::policy::Rules;
use crate::request::HeadError;

/// A reader of request heads that arrive in pieces, which decides by [`Rules`].
///
/// The `Origin` determines which rule decides, and `Access-Control-Request-Headers` can come before
/// it. So the reader stores the list of requested headers, as a [`RequestReader`] does, and `N` has
/// to hold the values of all three fields.
///
/// ```
/// use embedded_cors::{Policy, Rules, RulesReader};
///
/// static CORS: Rules = Rules::new_or_panic(&[
///     Policy::builder().allow_origins(&["https://app.example.com"]).allow_credentials().build_or_panic(),
///     Policy::builder().allow_origins(&["*"]).build_or_panic(),
/// ]);
///
/// let mut reader = RulesReader::<256>::new(CORS);
/// reader.push(b"GET / HTTP/1.1\r\nOrigin: https://app.exam")?;
/// reader.push(b"ple.com\r\n\r\n")?;
/// assert!(reader.decide().is_allowed());
/// # Ok::<(), embedded_cors::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RulesReader<'p, const N: usize> {
    rules: Rules<'p>,
    reader: RequestReader<N>,
}

impl<'p, const N: usize> RulesReader<'p, N> {
    /// Creates a reader of a head: a request line, field lines and the empty line.
    pub const fn new(rules: Rules<'p>) -> Self {
        Self {
            rules,
            reader: RequestReader::new(),
        }
    }

    /// Creates a reader of a header section, where the server has read the request line already.
    /// `method` is that of the request line.
    pub fn for_header_section(rules: Rules<'p>, method: impl AsRef<[u8]>) -> Self {
        Self {
            rules,
            reader: RequestReader::for_header_section(method),
        }
    }

    /// Reads the next piece, like [`RequestReader::push`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`RequestReader::push`].
    pub fn push(&mut self, piece: &[u8]) -> Result<Progress, HeadError> {
        self.reader.push(piece)
    }

    /// Decides on the request. Before the end of the head, the request is refused for
    /// [`HeadIncomplete`](crate::Reason::HeadIncomplete).
    pub fn decide(&self) -> Decision<'_> {
        self.rules.decide(&self.reader.request())
    }

    /// Decides which fields an error reply has. See
    /// [`Policy::decide_for_error_reply`](crate::Policy::decide_for_error_reply).
    pub fn decide_for_error_reply(&self) -> Decision<'_> {
        self.rules.decide_for_error_reply(&self.reader.request())
    }
}
