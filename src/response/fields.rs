//! The fields that a decision puts into the response, and the value of each.
//!
//! The table [`all_response_fields`] says which fields there are, in which order, and on which
//! responses. The functions here return the value of each field.

use core::fmt;

use super::lines::FieldLines;
use super::value::FieldValue;
use crate::buffer::{BufferTooSmall, Out};
use crate::decision::deferred::ExistingVary;
use crate::decision::{Admitted, Decision, RequestKind, Verdict};
use crate::names::{self, Vary};
use crate::policy::timing::Timing;
use crate::reason::Reason;
use crate::response_fields::{On, ResponseField, all_response_fields};
use crate::texts::put_all;

/// One field of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'static str,
    value: FieldValue<'a>,
}

impl<'a> Field<'a> {
    pub(crate) const fn new(name: &'static str, value: FieldValue<'a>) -> Self {
        Self { name, value }
    }

    /// Returns the name, in lower case.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the value.
    pub const fn value(&self) -> &FieldValue<'a> {
        &self.value
    }

    /// Returns whether a server has to add the field to the fields of the same name that the
    /// response already has. This is the case for `vary`, because other parts of a server set it
    /// too.
    ///
    /// Every other field replaces the fields of the same name, because a browser refuses a response
    /// with two of them (<https://fetch.spec.whatwg.org/#cors-check>). A server that can send only
    /// one line for each name uses [`Decision::merge_vary`].
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let mut response = vec![("vary", "accept-encoding".to_owned())];
    /// let request = Request::from_fields("GET", [("Origin", "https://app.example.com")]);
    /// for field in CORS.decide(&request).fields() {
    ///     if !field.is_added() {
    ///         response.retain(|(name, _)| *name != field.name());
    ///     }
    ///     response.push((field.name(), field.value().to_string()));
    /// }
    /// assert_eq!(response.len(), 3);
    /// ```
    pub fn is_added(&self) -> bool {
        self.name == ResponseField::Vary.name()
    }

    /// Returns the length of the field line in bytes: name, colon, space, value, CRLF.
    pub fn encoded_len(&self) -> usize {
        let value = self.value.encoded_len();
        value.saturating_add(self.name.len() + ": ".len() + "\r\n".len())
    }
}

impl fmt::Display for Field<'_> {
    /// Writes `name: value`, without CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

/// An iterator over the fields of a [`Decision`]. `access-control-allow-origin` is the first,
/// `vary` the last.
#[derive(Clone, Debug)]
pub struct Fields<'d> {
    decision: &'d Decision<'d>,
    /// The index of the next field in [`ResponseField::ALL`].
    next: u8,
}

impl<'d> Iterator for Fields<'d> {
    type Item = Field<'d>;

    fn next(&mut self) -> Option<Field<'d>> {
        loop {
            let field = *ResponseField::ALL.get(self.next as usize)?;
            self.next += 1;
            if let Some(value) = self.decision.value(field) {
                return Some(Field {
                    name: field.name(),
                    value,
                });
            }
        }
    }
}

/// The bytes of the fields of a response, if they are already in memory.
#[derive(Clone, Copy)]
pub(super) enum Ready<'d> {
    /// The value of the first field, and all bytes after it.
    WithOrigin(&'d [u8], &'d [u8]),
    /// All bytes.
    WithoutOrigin(&'d [u8]),
    No,
}

/// Writes a field line, if there is a value.
fn emit_line(out: &mut Out<'_>, start: &str, value: Option<FieldValue<'_>>) {
    if let Some(value) = value {
        out.text(start);
        value.emit(out);
        out.text("\r\n");
    }
}

macro_rules! values {
    (first $first:ident $first_name:literal
        on Both, value $first_value:ident, longest $first_longest:ident;
     $(beside $field:ident $name:literal
        on $on:ident, value $value:ident, fixed $fixed:ident, longest $longest:ident;)*
     $(apart $apart:ident $apart_name:literal
        on $apart_on:ident, value $apart_value:ident, fixed $apart_fixed:ident,
        longest $apart_longest:ident;)*
     last $last:ident $last_name:literal
        on Both, value $last_value:ident, longest $last_longest:ident;) => {
        impl Decision<'_> {
            /// Returns the value of a field, if the response carries the field.
            pub(crate) fn value(&self, field: ResponseField) -> Option<FieldValue<'_>> {
                match field {
                    ResponseField::$first => self.$first_value(),
                    ResponseField::$last => self.$last_value(),
                    _ if !field.on().includes(self.is_preflight()) => None,
                    $(ResponseField::$apart => self.$apart_value(),)*
                    // The other fields mean nothing without an allowed origin: a browser reads them
                    // only after the CORS check has compared the origin.
                    _ if self.allow_origin_bytes().is_none() => None,
                    $(ResponseField::$field => self.$value(),)*
                }
            }

            /// Writes the end of the first line and the lines of the fields beside it.
            #[inline(never)]
            fn emit_beside_origin(&self, out: &mut Out<'_>) {
                out.text("\r\n");
                let is_preflight = self.is_preflight();
                $(if On::$on.includes(is_preflight) {
                    emit_line(out, ResponseField::$field.line_start(), self.$value());
                })*
            }

            /// Writes the lines of the fields that do not need an allowed origin.
            fn emit_apart(&self, out: &mut Out<'_>) {
                let is_preflight = self.is_preflight();
                $(if On::$apart_on.includes(is_preflight) {
                    emit_line(out, ResponseField::$apart.line_start(), self.$apart_value());
                })*
            }
        }
    };
}
all_response_fields!(values);

impl<'a> Decision<'a> {
    /// Returns the fields of the response, one by one. They do not depend on its status.
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
            next: 0,
        }
    }

    /// Returns the number of bytes that [`write_fields`](Self::write_fields) writes.
    pub fn encoded_len(&self) -> usize {
        Out::measure(|out| self.emit(out))
    }

    /// Writes the fields as lines that end with CRLF. The server sends them together with its own
    /// fields, whatever the status.
    ///
    /// The result borrows only the buffer, so it outlives the request.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed, and then has written nothing. A buffer of
    /// [`Policy::max_response_len`](crate::Policy::max_response_len) bytes is never too small.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn write_fields<'b>(&self, buffer: &'b mut [u8]) -> Result<FieldLines<'b>, BufferTooSmall> {
        let name = ResponseField::AllowOrigin.line_start().as_bytes();
        let put = match self.ready_text() {
            Ready::WithOrigin(origin, text) => put_all(buffer, name, origin, [text, b""], b""),
            Ready::WithoutOrigin(text) => put_all(buffer, b"", b"", [text, b""], b""),
            Ready::No => None,
        };
        self.written(put, buffer, Self::emit).map(FieldLines)
    }

    /// Returns the first bytes of `buffer`, of which `put` says how many have been written. If none
    /// have, writes what `emit` writes.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn written<'b>(
        &self,
        put: Option<usize>,
        buffer: &'b mut [u8],
        emit: impl Fn(&Self, &mut Out<'_>),
    ) -> Result<&'b [u8], BufferTooSmall> {
        match put {
            Some(len) => match buffer.split_at_checked(len) {
                Some((written, _)) => Ok(written),
                None => Err(BufferTooSmall::new(len)),
            },
            None => self.write_emitted(buffer, emit),
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn write_emitted<'b>(
        &self,
        buffer: &'b mut [u8],
        emit: impl Fn(&Self, &mut Out<'_>),
    ) -> Result<&'b [u8], BufferTooSmall> {
        Out::write(buffer, self.bound(), |out| emit(self, out))
    }

    /// Returns the bytes of the fields, if they are the origin and a text that is in memory.
    // A rendered answer is a constant, the origin, and the text of the policy. The general way,
    // `emit`, writes it as up to five texts and checks before each whether it fits. These bytes are
    // checked once, and the origin is copied without a call. Saves 52 of 411 instructions in the
    // row `decide/actual_allowed/exact_000008`, and 118 of 1,192 in
    // `decide/preflight_allowed/exact_000008` (`.ci/bench.py`). It is left out elsewhere than on
    // 64-bit targets, since it takes more flash.
    #[inline(always)]
    pub(super) fn ready_text(&self) -> Ready<'_> {
        if !cfg!(target_pointer_width = "64") || self.existing_vary.is_some() {
            return Ready::No;
        }
        match self.allow_origin_bytes() {
            None if self.policy.options.timing.is_none() => {
                Ready::WithoutOrigin(self.required_vary.line().as_bytes())
            }
            Some(origin) => match self.rendered_text() {
                [] => Ready::No,
                text => Ready::WithOrigin(origin, text),
            },
            None => Ready::No,
        }
    }

    /// Returns the bytes of the fields that refuse this preflight with the lists of the policy, if
    /// they were rendered: the value of the first field, the lists, and `vary`.
    // This response is that to an allowed preflight without `access-control-max-age`, which is the
    // line before `vary`. Copying the two parts saves 793 of
    // 1,940 instructions in the row `decide/preflight_refused/header` (`.ci/bench.py`).
    pub(super) fn ready_refusal(&self) -> Option<(&[u8], &[u8], &[u8])> {
        let text = self.policy.rendered.preflight;
        let vary = self.policy.required_vary(true);
        // These lists are not those of an allowed preflight, see `allow_methods` and
        // `allow_headers`.
        let has_other_lists = self.is_refused_for(Reason::AuthorizationNotCovered)
            || self.is_refused_for(Reason::MethodNotAllowed) && self.policy.names_safelisted_methods();
        if has_other_lists || self.required_vary != vary || self.existing_vary.is_some() {
            return None;
        }
        let max_age = self.policy.options.max_age.map_or(0, |max_age| {
            ResponseField::MaxAge.line_start().len() + max_age.as_bytes().len() + "\r\n".len()
        });
        let lists = text.get(..text.len().checked_sub(max_age + vary.line().len())?)?;
        Some((self.allow_origin_bytes()?, lists, vary.line().as_bytes()))
    }

    /// Writes the fields: the allowed origin, the fields beside it, those apart from it, and
    /// `vary`.
    ///
    /// If the text after the origin was rendered with the policy, it is copied.
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        if let Some(origin) = self.allow_origin_bytes() {
            out.text(ResponseField::AllowOrigin.line_start());
            out.bytes(origin);
            let text = self.rendered_text();
            if !text.is_empty() {
                return out.bytes(text);
            }
            self.emit_beside_origin(out);
        }
        self.emit_apart(out);
        match &self.existing_vary {
            Some(existing) => self.emit_merged_vary(existing, out),
            None => out.text(self.required_vary.line()),
        }
    }

    #[inline(never)]
    fn emit_merged_vary(&self, existing: &ExistingVary<'_>, out: &mut Out<'_>) {
        out.text(ResponseField::Vary.line_start());
        existing.emit_and(self.required_vary, out);
        out.text("\r\n");
    }

    /// Returns the bytes after the origin, if they were rendered with the policy and no property of
    /// this request changes them; otherwise an empty slice.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    const fn rendered_text(&self) -> &[u8] {
        let text = &self.policy.rendered;
        let is_preflight = self.is_preflight();
        // An actual request can be an `OPTIONS` too, and its response then has a longer `vary`.
        let has_its_vary = self.required_vary as u8 == self.policy.required_vary(is_preflight) as u8;
        match self.kind {
            _ if !has_its_vary || self.existing_vary.is_some() => &[],
            RequestKind::Preflight if self.is_refused() => &[],
            RequestKind::Preflight => text.preflight,
            RequestKind::Actual | RequestKind::NotCors => text.actual,
        }
    }

    /// Returns a bound on the length of the whole response, or `usize::MAX` if a `Vary` is merged.
    pub(crate) const fn bound(&self) -> usize {
        if self.existing_vary.is_none() {
            self.policy.max_response_len()
        } else {
            usize::MAX
        }
    }

    const fn is_preflight(&self) -> bool {
        matches!(self.kind, RequestKind::Preflight)
    }

    fn allow_credentials(&self) -> Option<FieldValue<'_>> {
        self.policy.fixed_credentials()
    }

    fn max_age(&self) -> Option<FieldValue<'_>> {
        self.policy.fixed_max_age().filter(|_| !self.is_refused())
    }

    fn allow_origin(&self) -> Option<FieldValue<'_>> {
        self.allow_origin_bytes().map(FieldValue::ascii)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn allow_origin_bytes(&self) -> Option<&[u8]> {
        // A field that is the same for every origin is sent to every request, even without an
        // `Origin`, so that no cache keeps a response without it
        // (<https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>).
        if self.kind == RequestKind::NotCors && self.policy.origins.any && !self.is_refused() {
            return Some(b"*");
        }
        if self.kind == RequestKind::Preflight && !self.shares_lists() {
            return None;
        }
        match self.admitted {
            Admitted::Nothing => None,
            Admitted::Any => Some(b"*"),
            Admitted::Origin => Some(self.origin),
        }
    }

    /// Returns whether a preflight is answered with the lists.
    ///
    /// An allowed preflight is. Unless the policy hides its lists, a preflight that is refused for
    /// a method or a header is too, because the browser then finds that the name is missing in the
    /// lists, and shows it. After any other refusal, a browser might find everything that it needs
    /// in the lists, and send the actual request.
    pub(crate) const fn shares_lists(&self) -> bool {
        !matches!(self.admitted, Admitted::Nothing)
            && match self.verdict {
                Verdict::Allowed => true,
                Verdict::NotExact => false,
                Verdict::Refused(refusal) => {
                    !self.policy.options.hide_lists
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
        if self.is_refused_for(Reason::MethodNotAllowed) && self.policy.names_safelisted_methods() {
            // If a preflight is sent only because an upload is streamed or has listeners, a browser
            // allows the request's method when the response does not list methods
            // (<https://fetch.spec.whatwg.org/#cors-preflight-fetch>). So this response has a list.
            return Some(FieldValue::text(names::SAFELISTED_METHODS));
        }
        if self.policy.methods.is_empty() || self.policy.has_fixed_methods() {
            return self.policy.fixed_methods();
        }
        // A safelisted method needs no permission, so it is not written.
        let requested = self.requested_method;
        let mention = !requested.is_empty() && !names::is_safelisted_method(requested);
        mention.then_some(FieldValue::ascii(requested))
    }

    fn allow_headers(&self) -> Option<FieldValue<'_>> {
        let headers = &self.policy.headers;
        if headers.is_empty() {
            return None;
        }
        if self.is_refused_for(Reason::AuthorizationNotCovered) {
            // The standard says that `*` does not cover `authorization`, but browsers let it
            // through. Without the field, they refuse the request, as the policy does.
            return None;
        }
        if self.policy.has_fixed_headers() {
            return self.policy.fixed_headers();
        }
        if headers.any {
            return self.requested_headers.as_ref().map(FieldValue::echo);
        }
        let requested = self.requested_entries.0 & headers.distinct.0;
        (requested != 0).then_some(FieldValue::names(headers, requested))
    }

    fn expose_headers(&self) -> Option<FieldValue<'_>> {
        self.policy.fixed_expose_headers()
    }

    fn timing_allow_origin(&self) -> Option<FieldValue<'_>> {
        match (self.policy.options.timing?, self.admitted) {
            (Timing::Admitted, Admitted::Origin) => Some(FieldValue::ascii(self.origin)),
            _ => self.policy.fixed_timing(),
        }
    }

    fn vary(&self) -> Option<FieldValue<'_>> {
        match &self.existing_vary {
            Some(existing) => Some(FieldValue::vary(existing, self.required_vary)),
            None if self.required_vary == Vary::Nothing => None,
            None => Some(FieldValue::ascii(self.required_vary.value())),
        }
    }
}
