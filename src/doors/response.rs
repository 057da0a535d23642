//! The fields and the whole responses of a decision.

use super::Doors;
use super::decision::{Door, DoorsDecision, MoreVary};
use crate::buffer::{BufferTooSmall, Out};
use crate::policy::{Policy, Rules};
use crate::response::{Field, FieldLines, FieldValue, Fields};

/// The name of the field that [`DoorsBuilder::cross_origin_resource_policy`] adds.
///
/// [`DoorsBuilder::cross_origin_resource_policy`]: super::DoorsBuilder::cross_origin_resource_policy
const RESOURCE_POLICY: &str = "cross-origin-resource-policy";

/// The length that a response can have in addition to the text of the policy: the longest status
/// line and the end of a refusal, and the longest lines of the doors.
const MORE_LEN: usize = "HTTP/1.1 421 Misdirected Request\r\n".len()
    + END.len()
    + MoreVary::MAX_LEN
    + RESOURCE_POLICY.len()
    + ": cross-origin\r\n".len();

const END: &str = "content-length: 0\r\n\r\n";

impl Doors<'_, &Policy<'_>> {
    /// Returns the length in bytes of the longest text that any decision of these doors writes. See
    /// [`Policy::max_response_len`].
    pub const fn max_response_len(&self) -> usize {
        self.cors.max_response_len().saturating_add(MORE_LEN)
    }
}

impl Doors<'_, Rules<'_>> {
    /// Returns the length in bytes of the longest text that any decision of these doors writes. See
    /// [`Policy::max_response_len`].
    pub const fn max_response_len(&self) -> usize {
        self.cors.max_response_len().saturating_add(MORE_LEN)
    }
}

impl<C> Doors<'_, C> {
    /// The number of bytes that a decision of doors writes at most in addition to
    /// [`Policy::max_response_len`] of its policy.
    pub const MORE_LEN: usize = MORE_LEN;
}

/// The whole response to a refused request, or to a preflight. The server sends it at once.
///
/// The content of a refused request is still to be read, or the connection to be closed, as after
/// every response that is sent before the content was read
/// (<https://www.rfc-editor.org/rfc/rfc9112#section-9.3>).
#[derive(Clone, Copy, Debug)]
#[must_use = "only the caller can send a response"]
pub struct DoorsResponse<'d> {
    decision: &'d DoorsDecision<'d>,
}

impl DoorsDecision<'_> {
    /// Returns the response, if the server has to send one itself: if the request is refused, or is
    /// a preflight.
    pub const fn response(&self) -> Option<DoorsResponse<'_>> {
        if self.is_refused() || matches!(self.door, Door::Preflight) {
            Some(DoorsResponse { decision: self })
        } else {
            None
        }
    }

    /// Returns the fields of the response, one by one: those of the policy's decision, and those of
    /// the doors. There are none if the host is refused.
    ///
    /// There can be two `vary` fields, which mean the same as one with the members of both.
    pub fn fields(&self) -> DoorsFields<'_> {
        DoorsFields {
            cors: self.cors.as_ref().map(|cors| cors.fields()),
            vary: self.more_vary(),
            resource_policy: self.resource_policy_value(),
        }
    }

    /// Writes the fields as lines that end with CRLF. The server sends them together with its own
    /// fields, whatever the status.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing.
    pub fn write_fields<'b>(&self, buffer: &'b mut [u8]) -> Result<FieldLines<'b>, BufferTooSmall> {
        Out::write(buffer, self.bound(), |out| self.emit(out)).map(FieldLines)
    }

    /// Returns the number of bytes that [`write_fields`](Self::write_fields) writes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Returns the members that the doors add to `Vary`, with commas between them.
    pub(crate) const fn more_vary(&self) -> &'static str {
        self.vary.value()
    }

    fn bound(&self) -> usize {
        let cors = self.cors.as_ref().map_or(0, |cors| cors.bound());
        cors.saturating_add(MORE_LEN)
    }

    /// Returns the value of the field; empty if the response does not have it.
    pub(crate) const fn resource_policy_value(&self) -> &'static str {
        match self.resource_policy {
            Some(policy) if !matches!(self.door, Door::Host | Door::Preflight) => policy.value(),
            _ => "",
        }
    }

    fn emit(&self, out: &mut Out<'_>) {
        if let Some(cors) = &self.cors {
            cors.emit(out);
        }
        emit_line(out, VARY, self.more_vary());
        emit_line(out, RESOURCE_POLICY, self.resource_policy_value());
    }
}

const VARY: &str = "vary";

fn emit_line(out: &mut Out<'_>, name: &str, value: &str) {
    if !value.is_empty() {
        for text in [name, ": ", value, "\r\n"] {
            out.text(text);
        }
    }
}

impl DoorsResponse<'_> {
    /// Returns the status: 400, 403 or 421 for a refusal, or that of the preflight.
    pub const fn status(&self) -> u16 {
        match self.preflight() {
            Some(preflight) => preflight.status(),
            None => self.decision.refused_status(),
        }
    }

    /// Returns the policy's response, if the request is a preflight.
    const fn preflight(&self) -> Option<crate::response::Preflight<'_>> {
        match &self.decision.cors {
            Some(cors) if matches!(self.decision.door, Door::Preflight) => cors.preflight(),
            _ => None,
        }
    }

    /// Returns the number of bytes that [`write`](Self::write) writes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Writes the whole response: status line, fields, `content-length: 0`, and the empty line.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing. A buffer of
    /// [`Doors::max_response_len`] bytes is never too small.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        Out::write(buffer, self.decision.bound(), |out| self.emit(out))
    }

    fn emit(&self, out: &mut Out<'_>) {
        let (line, end) = match self.preflight() {
            Some(preflight) => (preflight.status_and_line().1, preflight.end()),
            None => {
                let line = match self.decision.refused_status() {
                    400 => "HTTP/1.1 400 Bad Request\r\n",
                    421 => "HTTP/1.1 421 Misdirected Request\r\n",
                    _ => "HTTP/1.1 403 Forbidden\r\n",
                };
                (line, END)
            }
        };
        out.text(line);
        self.decision.emit(out);
        out.text(end);
    }
}

/// An iterator over the fields of a [`DoorsDecision`].
#[derive(Clone, Debug)]
pub struct DoorsFields<'d> {
    cors: Option<Fields<'d>>,
    vary: &'static str,
    resource_policy: &'static str,
}

impl<'d> Iterator for DoorsFields<'d> {
    type Item = Field<'d>;

    fn next(&mut self) -> Option<Field<'d>> {
        if let Some(field) = self.cors.as_mut().and_then(Iterator::next) {
            return Some(field);
        }
        let (name, value) = if !self.vary.is_empty() {
            (VARY, core::mem::take(&mut self.vary))
        } else if !self.resource_policy.is_empty() {
            (RESOURCE_POLICY, core::mem::take(&mut self.resource_policy))
        } else {
            return None;
        };
        Some(Field::new(name, FieldValue::text(value)))
    }
}
