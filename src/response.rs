//! The fields that a decision puts into the response.
//!
//! Everything here is bounded by [`Policy::max_response_len`](crate::Policy::max_response_len) and
//! [`Policy::max_fields`](crate::Policy::max_fields). What is written into a buffer is written completely or not at all. Nothing of the
//! request is written that was not parsed in full: an origin that the policy admits, and, of a policy with `*` and credentials, a
//! requested method and header names.

use core::fmt;

use crate::allowlist::Admitted;
use crate::decision::{Decision, Kind, Verdict};
use crate::error::BufferTooSmall;
use crate::lines::FieldLines;
use crate::members::ExistingVary;
use crate::names::{self, Vary};
use crate::out::Out;
use crate::reason::Reason;
use crate::value::FieldValue;

/// The most fields that any decision of any policy has. See [`Policy::max_fields`](crate::Policy::max_fields).
pub const MAX_FIELDS: usize = 7;

/// One field of the response.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    name: &'static str,
    value: FieldValue<'a>,
}

impl<'a> Field<'a> {
    /// The name, in lower case.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The value.
    pub const fn value(&self) -> &FieldValue<'a> {
        &self.value
    }

    /// The bytes of the field line: name, colon, space, value, CRLF.
    pub fn encoded_len(&self) -> usize {
        let value = self.value.len();
        value.saturating_add(self.name.len() + ": ".len() + "\r\n".len())
    }

    /// The field line in parts, from its name to its CRLF.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        [self.name, ": "]
            .into_iter()
            .chain(self.value.parts())
            .chain(["\r\n"])
    }
}

impl fmt::Display for Field<'_> {
    /// `name: value`, without CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

/// The fields of a decision: an iterator. The allow-origin field comes first, `vary` last.
#[derive(Clone, Debug)]
pub struct Fields<'d> {
    decision: &'d Decision<'d>,
    slot: u8,
}

impl<'d> Iterator for Fields<'d> {
    type Item = Field<'d>;

    fn next(&mut self) -> Option<Field<'d>> {
        while self.slot < SLOTS {
            let field = self.decision.field(self.slot);
            self.slot += 1;
            if field.is_some() {
                return field;
            }
        }
        None
    }
}

/// A line, if it has a value.
fn emit_line(out: &mut Out<'_>, start: &str, value: Option<FieldValue<'_>>) {
    if let Some(value) = value {
        out.text(start);
        value.emit(out);
        out.text("\r\n");
    }
}

const SLOTS: u8 = 8;

impl<'a> Decision<'a> {
    /// The fields of the response, whatever its status: one by one.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    ///
    /// let request = Request::new("GET");
    /// let decision = CORS.decide(&request);
    /// let mut fields = decision.fields();
    /// assert_eq!(fields.next().unwrap().to_string(), "access-control-allow-origin: *");
    /// assert!(fields.next().is_none());
    /// ```
    pub fn fields(&self) -> Fields<'_> {
        Fields {
            decision: self,
            slot: 0,
        }
    }

    /// The length of what [`write_fields`](Self::write_fields) writes, in bytes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Writes the fields, each a line that ends with CRLF: to be sent among the server's own, on every status.
    ///
    /// They borrow the buffer only, so they outlive the request.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written. A buffer of
    /// [`Policy::max_response_len`](crate::Policy::max_response_len) is never too small.
    pub fn write_fields<'b>(&self, buffer: &'b mut [u8]) -> Result<FieldLines<'b>, BufferTooSmall> {
        Out::write(buffer, self.bound(), |out| self.emit(out)).map(FieldLines)
    }

    /// All fields, from the first name to the last CRLF, in parts.
    #[cfg_attr(not(feature = "heapless-v0.9"), allow(dead_code, reason = "for guests"))]
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.fields().flat_map(|field| field.parts())
    }

    /// The same text as [`parts`](Self::parts), without an iterator's state.
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        if let Some(origin) = self.allow_origin_bytes() {
            out.text(names::ALLOW_ORIGIN_IS);
            out.bytes(origin);
            let rendered = self.rendered();
            if !rendered.is_empty() {
                return out.bytes(rendered);
            }
            self.emit_behind_origin(out);
        }
        match self.needed_vary() {
            _ if let Some(existing) = &self.vary => self.emit_merged_vary(existing, out),
            Some(vary) => out.text(vary.line),
            None => {}
        }
    }

    #[inline(never)]
    fn emit_merged_vary(&self, existing: &ExistingVary<'_>, out: &mut Out<'_>) {
        out.text(names::VARY_IS);
        existing.and(self.needed_members()).emit(out);
        out.text("\r\n");
    }

    /// What follows the origin, if it was rendered with the policy.
    const fn rendered(&self) -> &[u8] {
        let rendered = &self.policy.rendered;
        let is_fixed = match self.kind {
            Kind::Preflight => !self.is_refused() && !self.private_network,
            // An actual request can be an OPTIONS too, and varies by more then.
            Kind::Actual | Kind::NotCors => !self.is_options,
        };
        match self.kind {
            _ if !is_fixed || self.vary.is_some() => &[],
            Kind::Preflight => rendered.preflight,
            Kind::Actual | Kind::NotCors => rendered.actual,
        }
    }

    #[inline(never)]
    fn emit_behind_origin(&self, out: &mut Out<'_>) {
        out.text("\r\n");
        emit_line(out, names::ALLOW_CREDENTIALS_IS, self.allow_credentials());
        if self.kind == Kind::Preflight {
            emit_line(out, names::ALLOW_METHODS_IS, self.allow_methods());
            emit_line(out, names::ALLOW_HEADERS_IS, self.allow_headers());
            emit_line(out, names::ALLOW_PRIVATE_NETWORK_IS, self.allow_private_network());
            emit_line(out, names::MAX_AGE_IS, self.max_age());
        } else {
            emit_line(out, names::EXPOSE_HEADERS_IS, self.policy.fixed_expose());
        }
    }

    /// At most how many bytes a whole response has; unknown if it has a `Vary` of the server's own.
    pub(crate) const fn bound(&self) -> usize {
        if self.vary.is_none() {
            self.policy.max_response_len
        } else {
            usize::MAX
        }
    }

    fn field(&self, slot: u8) -> Option<Field<'_>> {
        let (name, value) = match slot {
            0 => (names::ALLOW_ORIGIN, self.allow_origin()),
            // Only beside an allow-origin, and exactly `true` (Fetch section 4.10 steps 6 and 7).
            1 => (
                names::ALLOW_CREDENTIALS,
                self.allow_origin_bytes().and_then(|_| self.allow_credentials()),
            ),
            2 => (names::ALLOW_METHODS, self.allow_methods()),
            3 => (names::ALLOW_HEADERS, self.allow_headers()),
            4 => (names::ALLOW_PRIVATE_NETWORK, self.allow_private_network()),
            5 => (names::MAX_AGE, self.max_age()),
            6 => (names::EXPOSE_HEADERS, self.expose_headers()),
            _ => (names::VARY, self.vary()),
        };
        Some(Field { name, value: value? })
    }

    fn allow_credentials(&self) -> Option<FieldValue<'_>> {
        self.policy.fixed_credentials()
    }

    fn allow_private_network(&self) -> Option<FieldValue<'_>> {
        (self.private_network && self.shares_lists()).then_some(FieldValue::text("true"))
    }

    fn max_age(&self) -> Option<FieldValue<'_>> {
        let answers = self.kind == Kind::Preflight && !self.is_refused();
        self.policy.fixed_max_age().filter(|_| answers)
    }

    fn allow_origin(&self) -> Option<FieldValue<'_>> {
        self.allow_origin_bytes().map(FieldValue::ascii)
    }

    fn allow_origin_bytes(&self) -> Option<&[u8]> {
        // Fetch *CORS protocol and HTTP caches*: what is the same for everyone is sent to everyone, also without an
        // `Origin` and with one that does not parse, so that no cache keeps a response that lacks it.
        if self.policy.origins.any && self.kind != Kind::Preflight {
            return Some(b"*");
        }
        if self.kind == Kind::Preflight && !self.shares_lists() {
            return None;
        }
        match self.admitted? {
            Admitted::Any => Some(b"*"),
            Admitted::Origin(origin) => Some(origin),
        }
    }

    /// Whether a preflight is answered with the lists: if it is allowed, and, unless the policy is minimal, also if it is refused
    /// for a method or a header that the lists then lack, so that the browser can say which. After any other refusal a browser might find
    /// in the lists all that it needs, and go on.
    pub(crate) const fn shares_lists(&self) -> bool {
        self.admitted.is_some()
            && match self.verdict {
                Verdict::Allowed => true,
                Verdict::NotExact(_) => false,
                Verdict::Refused(refusal) => {
                    !self.policy.options.minimal
                        && matches!(
                            refusal.reason(),
                            Reason::MethodNotAllowed
                                | Reason::HeaderNotAllowed
                                | Reason::AuthorizationNotCovered
                        )
                }
            }
    }

    fn is_refused_for(&self, reason: Reason) -> bool {
        matches!(self.verdict, Verdict::Refused(refusal) if refusal.reason() == reason)
    }

    fn allow_methods(&self) -> Option<FieldValue<'_>> {
        if self.kind != Kind::Preflight || !self.shares_lists() {
            return None;
        }
        if self.is_refused_for(Reason::MethodNotAllowed) && self.policy.names_safelisted_methods() {
            // Without the field a browser allows whatever method it has, if the preflight is for an upload that is listened to or
            // streamed (Fetch section 4.8 step 7.4).
            return Some(FieldValue::text(names::SAFELISTED_METHODS));
        }
        if self.policy.methods.is_empty() || self.policy.has_fixed_methods() {
            return self.policy.fixed_methods();
        }
        // Fetch section 4.8 step 7.5: with credentials `*` is a method of that name. A safelisted method needs no mention.
        let requested = self.requested_method;
        let mention = !requested.is_empty() && !names::is_safelisted_method(requested);
        mention.then_some(FieldValue::ascii(requested))
    }

    fn allow_headers(&self) -> Option<FieldValue<'_>> {
        let headers = &self.policy.headers;
        if self.kind != Kind::Preflight || !self.shares_lists() || headers.is_empty() {
            return None;
        }
        if self.is_refused_for(Reason::AuthorizationNotCovered) {
            // Browsers take `*` for it all the same, against Fetch section 4.8 step 7.6.
            return None;
        }
        if self.policy.has_fixed_headers() {
            return self.policy.fixed_headers();
        }
        if headers.any {
            return self.requested_headers.as_ref().map(FieldValue::echo);
        }
        let asked = self.asked & headers.distinct;
        (asked != 0).then_some(FieldValue::names(headers, asked))
    }

    fn expose_headers(&self) -> Option<FieldValue<'_>> {
        if self.kind == Kind::Preflight || self.allow_origin_bytes().is_none() {
            return None;
        }
        self.policy.fixed_expose()
    }

    fn vary(&self) -> Option<FieldValue<'_>> {
        match &self.vary {
            Some(existing) => Some(FieldValue::vary(existing, self.needed_members())),
            None => {
                let vary = self.needed_vary()?;
                Some(FieldValue::text(vary.value()))
            }
        }
    }

    const fn needed_vary(&self) -> Option<&'static Vary> {
        self.policy.vary(self.is_options)
    }

    fn needed_members(&self) -> &'static [&'static str] {
        match self.needed_vary() {
            Some(vary) => vary.members,
            None => &[],
        }
    }
}
