//! The fields that a decision puts into the response.
//!
//! Everything here is bounded by [`Policy::max_response_len`](crate::Policy::max_response_len) and [`Policy::max_fields`](crate::Policy::max_fields). What is written into a buffer is
//! written completely or not at all. Nothing of the request is written that was not parsed in full: an origin that
//! the policy admits, and, of a policy with `*` and credentials, a requested method and header names.

use core::ffi::CStr;
use core::fmt;

use crate::allowlist::Admitted;
use crate::ascii::{cut, is_ows, trim_ows};
use crate::decision::{Decision, Kind};
use crate::entries;
use crate::error::BufferTooSmall;
use crate::list::RequestedHeaders;
use crate::names;
use crate::policy::{RefusedStatus, SuccessStatus};
use crate::reason::Reason;

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
        self.name.len() + 2 + self.value.len() + 2
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

/// The value of a [`Field`]: ASCII, in parts that lie in the policy, in the request, or in the program.
///
/// It implements [`Display`](fmt::Display), for servers that take that; [`as_str`](Self::as_str) gives it whole if it lies in one place.
#[derive(Clone, Debug)]
pub struct FieldValue<'a> {
    members: Members<'a>,
}

impl<'a> FieldValue<'a> {
    const fn text(text: &'a str) -> Self {
        Self {
            members: Members::Text(text),
        }
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    /// Whether there are no bytes in it. There always are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts, which make up the value when one follows the other.
    pub fn parts(&self) -> Parts<'a> {
        Parts {
            members: self.members.clone(),
            held: None,
            started: false,
        }
    }

    /// Writes the value, for servers that want it in one piece.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, BufferTooSmall> {
        let written = write(buffer, self.len(), self.parts())?;
        Ok(core::str::from_utf8(written).unwrap_or(""))
    }

    /// Writes the value with a NUL behind it, for servers that keep pointers to C strings.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["*"])
    ///     .expose_headers(&["etag", "x-total-count"])
    ///     .build_or_panic();
    ///
    /// let decision = CORS.decide(&Request::new("GET"));
    /// let field = decision.fields().last().unwrap();
    /// let mut value = [0; 64];
    /// assert_eq!(field.name(), "access-control-expose-headers");
    /// assert_eq!(field.value().write_c_str(&mut value)?, c"etag,x-total-count");
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_c_str<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b CStr, BufferTooSmall> {
        let written = write(buffer, self.len() + 1, self.parts().chain(["\0"]))?;
        // No value has a NUL in it.
        Ok(CStr::from_bytes_until_nul(written).unwrap_or(c""))
    }

    /// The value as one string, if it is in one part.
    pub fn as_str(&self) -> Option<&'a str> {
        let mut parts = self.parts();
        let first = parts.next()?;
        match parts.next() {
            None => Some(first),
            Some(_) => None,
        }
    }
}

impl fmt::Display for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|part| f.write_str(part))
    }
}

/// The parts of a [`FieldValue`]: an iterator over `&str`.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    members: Members<'a>,
    /// A member whose comma was just given.
    held: Option<&'a str>,
    started: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(member) = self.held.take() {
            return Some(member);
        }
        let member = self.members.next()?;
        if self.started {
            self.held = Some(member);
            return Some(",");
        }
        self.started = true;
        Some(member)
    }
}

/// What a value is made of, before commas come between.
#[derive(Clone, Debug)]
enum Members<'a> {
    Text(&'a str),
    /// Entries of the policy, those whose bit is set.
    Names(entries::Iter<'a>, u64),
    /// What was requested and has been parsed.
    Requested(RequestedHeaders<'a>),
    /// The members of the server's own `Vary`, then those of `needed` that it lacks.
    Vary {
        values: &'a [&'a str],
        /// What is left of the value that is being read.
        rest: &'a str,
        /// The values after it.
        later: &'a [&'a str],
        needed: core::slice::Iter<'static, &'static str>,
    },
    End,
}

impl<'a> Members<'a> {
    fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Text(text) => {
                let text = *text;
                *self = Self::End;
                Some(text)
            }
            Self::Names(entries, bits) => loop {
                if *bits == 0 {
                    return None;
                }
                let entry = entries.next()?;
                let selected = *bits & 1 == 1;
                *bits >>= 1;
                if selected {
                    return Some(entry);
                }
            },
            Self::Requested(names) => names.next(),
            Self::Vary {
                values,
                rest,
                later,
                needed,
            } => {
                while !rest.is_empty() || !later.is_empty() {
                    if rest.is_empty() {
                        let (first, others) = later.split_first()?;
                        (*rest, *later) = (first, others);
                    }
                    let (member, behind) = cut(rest, b',');
                    *rest = behind.unwrap_or("");
                    // A member is a token, and so is text.
                    let member = core::str::from_utf8(trim_ows(member.as_bytes())).unwrap_or("");
                    if !member.is_empty() {
                        return Some(member);
                    }
                }
                let values = *values;
                needed.copied().find(|member| !varies_by(values, member))
            }
            Self::End => None,
        }
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
        self.fields().map(|field| field.encoded_len()).sum()
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
        write(buffer, self.encoded_len(), self.parts()).map(FieldLines)
    }

    /// Takes in the `Vary` that the response has anyway, of one field line or of several: the decision's `vary` then has the members of all
    /// and replaces them. Nothing is repeated; `*` stays `*`. Once merged, the field is there even if the policy needs none.
    ///
    /// Servers that send several `Vary` lines need not merge: one more line says the same. A buffer for the merged fields needs the length of
    /// each value and 8 more than [`Policy::max_response_len`](crate::Policy::max_response_len).
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let decision = CORS.decide(&Request::new("GET"));
    /// let merged = decision.merge_vary(&["accept-encoding"])?;
    /// assert_eq!(merged.fields().last().unwrap().to_string(), "vary: accept-encoding,origin");
    /// # Ok::<(), embedded_cors::VaryError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`VaryError`], if a value is no list of field names; a `Vary` must not smuggle in a line.
    pub fn merge_vary(&self, existing: &'a [&'a str]) -> Result<Self, VaryError> {
        for (index, value) in existing.iter().enumerate() {
            let mut at = 0;
            for member in value.as_bytes().split(|&byte| byte == b',') {
                let name = trim_ows(member);
                if !name.is_empty() && !names::is_token(name) {
                    let space = member.iter().take_while(|&&byte| is_ows(byte)).count();
                    let at = at + space + names::first_non_tchar(name);
                    return Err(VaryError { index, at });
                }
                at += member.len() + 1;
            }
        }
        Ok(Self {
            vary: existing,
            ..self.clone()
        })
    }

    /// All fields, from the first name to the last CRLF, in parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.fields().flat_map(|field| field.parts())
    }

    fn field(&self, slot: u8) -> Option<Field<'_>> {
        let preflight = self.kind == Kind::Preflight;
        let policy = self.policy;
        let (name, value) = match slot {
            0 => (names::ALLOW_ORIGIN, self.allow_origin()?),
            1 => {
                // Only beside an allow-origin, and exactly `true` (Fetch section 4.10 steps 6 and 7).
                let with_origin = policy.credentials && self.allow_origin().is_some();
                (
                    names::ALLOW_CREDENTIALS,
                    with_origin.then_some(FieldValue::text("true"))?,
                )
            }
            2 if preflight => (names::ALLOW_METHODS, self.allow_methods()?),
            3 if preflight => (names::ALLOW_HEADERS, self.allow_headers()?),
            4 if self.private_network && self.shares_lists() => {
                (names::ALLOW_PRIVATE_NETWORK, FieldValue::text("true"))
            }
            5 if preflight && self.refusal.is_none() => (
                names::MAX_AGE,
                FieldValue::text(policy.max_age.as_ref()?.as_str()),
            ),
            6 if !preflight && self.allow_origin().is_some() => {
                (names::EXPOSE_HEADERS, self.expose_headers()?)
            }
            7 => (names::VARY, self.vary()?),
            _ => return None,
        };
        Some(Field { name, value })
    }

    fn allow_origin(&self) -> Option<FieldValue<'_>> {
        // Fetch *CORS protocol and HTTP caches*: what is the same for everyone is sent to everyone, also without an
        // `Origin` and with one that does not parse, so that no cache keeps a response that lacks it.
        if self.policy.origins.any && self.kind != Kind::Preflight {
            return Some(FieldValue::text("*"));
        }
        if self.kind == Kind::Preflight && !self.shares_lists() {
            return None;
        }
        match self.admitted? {
            Admitted::Any => Some(FieldValue::text("*")),
            Admitted::Entry(origin) | Admitted::Request(origin) => Some(FieldValue::text(origin)),
        }
    }

    /// Whether a preflight is answered with the lists: if it is allowed, and, unless the policy is minimal, also if it is refused
    /// for a method or a header that the lists then lack, so that the browser can say which. After any other refusal a browser might find
    /// in the lists all that it needs, and go on.
    const fn shares_lists(&self) -> bool {
        self.admitted.is_some()
            && match self.refusal {
                None => true,
                Some(refusal) => {
                    !self.policy.minimal
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
        self.refusal.is_some_and(|refusal| refusal.reason() == reason)
    }

    fn allow_methods(&self) -> Option<FieldValue<'_>> {
        let methods = &self.policy.methods;
        if !self.shares_lists() {
            return None;
        }
        if self.is_refused_for(Reason::MethodNotAllowed) && self.policy.names_safelisted_methods() {
            // Without the field a browser allows whatever method it has, if the preflight is for an upload that is listened to or
            // streamed (Fetch section 4.8 step 7.4).
            return Some(FieldValue::text(names::SAFELISTED_METHODS));
        }
        if methods.is_empty() {
            return None;
        }
        let requested = self.requested_method;
        // A safelisted method needs no mention.
        let mention = !requested.is_empty() && !names::is_safelisted_method(requested.as_bytes());
        if methods.any && !self.policy.credentials {
            Some(FieldValue::text("*"))
        } else if methods.any || self.policy.only_requested {
            // Fetch section 4.8 step 7.5: with credentials `*` is a method of that name.
            mention.then_some(FieldValue::text(requested))
        } else {
            Some(FieldValue {
                members: Members::Names(methods.entries.iter(), methods.distinct),
            })
        }
    }

    fn allow_headers(&self) -> Option<FieldValue<'_>> {
        let headers = &self.policy.headers;
        if !self.shares_lists() || headers.is_empty() {
            return None;
        }
        if self.is_refused_for(Reason::AuthorizationNotCovered) {
            // Browsers take `*` for it all the same, against Fetch section 4.8 step 7.6.
            return None;
        }
        if headers.any && !self.policy.credentials {
            let covered = if headers.authorization {
                "*,authorization"
            } else {
                "*"
            };
            return Some(FieldValue::text(covered));
        }
        let members = if headers.any {
            Members::Requested(self.requested_headers.names())
        } else if self.policy.only_requested {
            Members::Names(headers.entries.iter(), self.asked & headers.distinct)
        } else {
            Members::Names(headers.entries.iter(), headers.distinct)
        };
        members.clone().next()?;
        Some(FieldValue { members })
    }

    fn expose_headers(&self) -> Option<FieldValue<'_>> {
        let expose = &self.policy.expose;
        if expose.is_empty() {
            return None;
        }
        if expose.any {
            return Some(FieldValue::text("*"));
        }
        Some(FieldValue {
            members: Members::Names(expose.entries.iter(), expose.distinct),
        })
    }

    fn vary(&self) -> Option<FieldValue<'_>> {
        let needed = self.policy.vary(self.is_options);
        if self.vary.is_empty() {
            return Some(FieldValue::text(needed?.0));
        }
        let members = Members::Vary {
            values: self.vary,
            rest: "",
            later: self.vary,
            needed: needed.map_or(&[][..], |(_, members)| members).iter(),
        };
        members.clone().next()?;
        Some(FieldValue { members })
    }
}

/// Whether `Vary` values have this member, or `*`, which has all (RFC 9110 section 12.5.5).
fn varies_by(values: &[&str], member: &str) -> bool {
    values
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(trim_ows)
        .any(|own| own == b"*" || own.eq_ignore_ascii_case(member.as_bytes()))
}

/// Writes parts of a known total length, or nothing.
fn write<'b, 'p>(
    buffer: &'b mut [u8],
    needed: usize,
    parts: impl Iterator<Item = &'p str>,
) -> Result<&'b [u8], BufferTooSmall> {
    let Some((target, _)) = buffer.split_at_mut_checked(needed) else {
        return Err(BufferTooSmall::new(needed));
    };
    let mut rest = &mut *target;
    for part in parts {
        let Some((place, behind)) = rest.split_at_mut_checked(part.len()) else {
            return Err(BufferTooSmall::new(needed));
        };
        place.copy_from_slice(part.as_bytes());
        rest = behind;
    }
    Ok(target)
}

/// Fields as they go on the wire, in the caller's buffer: what [`Decision::write_fields`] wrote.
///
/// It is the bytes, and gives the pairs of names and values for servers that want those. It borrows the buffer only: neither the
/// request nor the policy.
///
/// ```
/// use embedded_cors::{Policy, Request};
///
/// static CORS: Policy =
///     Policy::builder().allow_origins(&["https://*.example.com"]).build_or_panic();
///
/// let mut buffer = [0; CORS.max_response_len()];
/// let lines = {
///     let head = String::from("GET / HTTP/1.1\r\nOrigin: https://a.example.com\r\n\r\n");
///     let request = Request::from_head(head.as_bytes())?;
///     CORS.decide(&request).write_fields(&mut buffer)?
/// };
/// assert_eq!(
///     lines.pairs().collect::<Vec<_>>(),
///     [("access-control-allow-origin", "https://a.example.com"), ("vary", "origin")]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FieldLines<'b>(&'b [u8]);

impl<'b> FieldLines<'b> {
    /// The bytes: field lines, each with its CRLF, without the empty line that ends a header section.
    pub const fn as_bytes(&self) -> &'b [u8] {
        self.0
    }

    /// The bytes as text: they are ASCII.
    pub fn as_str(&self) -> &'b str {
        core::str::from_utf8(self.0).unwrap_or("")
    }

    /// The length in bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values, in order.
    pub fn pairs(&self) -> Pairs<'b> {
        Pairs { rest: self.as_str() }
    }
}

/// The names and values of [`FieldLines`]: an iterator.
#[derive(Clone, Debug)]
pub struct Pairs<'b> {
    rest: &'b str,
}

impl<'b> Iterator for Pairs<'b> {
    type Item = (&'b str, &'b str);

    fn next(&mut self) -> Option<(&'b str, &'b str)> {
        let (line, rest) = cut(self.rest, b'\r');
        self.rest = rest?.strip_prefix('\n')?;
        let (name, value) = cut(line, b':');
        Some((name, value?.strip_prefix(' ')?))
    }
}

impl<'b> IntoIterator for FieldLines<'b> {
    type Item = (&'b str, &'b str);
    type IntoIter = Pairs<'b>;

    fn into_iter(self) -> Pairs<'b> {
        self.pairs()
    }
}

impl fmt::Display for FieldLines<'_> {
    /// The lines, with their CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<[u8]> for FieldLines<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl fmt::Debug for FieldLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldLines").field(&self.as_str()).finish()
    }
}

/// The response to a preflight. The server sends it at once and does not route the request.
///
/// A server that writes status lines itself takes [`status`](Self::status) and the fields of the decision, and sends no content; one
/// that writes to a socket takes [`write_response`](Self::write_response).
#[derive(Clone, Copy, Debug)]
#[must_use = "a preflight is answered by nobody else"]
pub struct Preflight<'d> {
    decision: &'d Decision<'d>,
}

impl<'d> Preflight<'d> {
    pub(crate) const fn new(decision: &'d Decision<'d>) -> Self {
        Self { decision }
    }

    /// The status: 204, 200 or 403.
    pub const fn status(&self) -> u16 {
        self.status_and_line().0
    }

    const fn status_and_line(&self) -> (u16, &'static str) {
        let decision = self.decision;
        let success = decision.shares_lists();
        let refused = decision.policy.refused;
        let no_content = if success {
            matches!(decision.policy.success, SuccessStatus::NoContent)
        } else {
            matches!(refused, RefusedStatus::NoContent)
        };
        if !success && matches!(refused, RefusedStatus::Forbidden) {
            (403, "HTTP/1.1 403 Forbidden\r\n")
        } else if no_content {
            (204, "HTTP/1.1 204 No Content\r\n")
        } else {
            (200, "HTTP/1.1 200 OK\r\n")
        }
    }

    /// The length of what [`write_response`](Self::write_response) writes, in bytes.
    pub fn encoded_len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    /// Writes the whole response: status line, fields, `content-length: 0`, empty line.
    ///
    /// The `Content-Length` in a 204 is against RFC 9110 section 8.6, which says that a server must not send one. It is there all the same,
    /// because clients and proxies exist that wait for content without it; with [`SuccessStatus::Ok`] it is in order.
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .allow_methods(&["PUT"])
    ///     .build_or_panic();
    ///
    /// let request = Request::from_fields(
    ///     "OPTIONS",
    ///     [("Origin", "https://app.example.com"), ("Access-Control-Request-Method", "PUT")],
    /// );
    /// let mut buffer = [0; CORS.max_response_len()];
    /// let decision = CORS.decide(&request);
    /// let response = decision.preflight().unwrap().write_response(&mut buffer)?;
    /// assert_eq!(
    ///     response,
    ///     b"HTTP/1.1 204 No Content\r\n\
    ///       access-control-allow-origin: https://app.example.com\r\n\
    ///       access-control-allow-methods: PUT\r\n\
    ///       vary: origin,access-control-request-method,access-control-request-headers\r\n\
    ///       content-length: 0\r\n\
    ///       \r\n"
    /// );
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], with the length needed; then nothing was written.
    pub fn write_response<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        write(buffer, self.encoded_len(), self.parts())
    }

    /// The response, from its status line to its empty line, in parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let (_, status_line) = self.status_and_line();
        [status_line]
            .into_iter()
            .chain(self.decision.parts())
            .chain(["content-length: 0\r\n", "\r\n"])
    }
}

/// A `Vary` value that is no list of field names. See [`Decision::merge_vary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VaryError {
    index: usize,
    at: usize,
}

impl VaryError {
    /// The index of the value.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The index of the first byte in it that a list of field names does not have there.
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for VaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, at } = self;
        write!(
            f,
            "the existing Vary[{index}] is no list of field names: byte {at}"
        )
    }
}

impl core::error::Error for VaryError {}

/// Which fields of the CORS protocol a response has already: those that a proxy, a framework or a handler put there.
///
/// A browser refuses a response with two `Access-Control-Allow-Origin` fields (Fetch section 4.10), and one of an unconditional `*` would
/// undo a refusal, so the server has to keep one source of them.
///
/// ```
/// use embedded_cors::CorsFields;
///
/// let existing = CorsFields::find(["Content-Type", "Access-Control-Allow-Origin"]);
/// assert!(!existing.is_empty());
/// assert_eq!(existing.to_string(), "access-control-allow-origin");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CorsFields {
    found: u8,
}

const CORS_FIELDS: [&str; 7] = [
    names::ALLOW_ORIGIN,
    names::ALLOW_CREDENTIALS,
    names::ALLOW_METHODS,
    names::ALLOW_HEADERS,
    names::ALLOW_PRIVATE_NETWORK,
    names::MAX_AGE,
    names::EXPOSE_HEADERS,
];

impl CorsFields {
    /// Looks through the names of a response's fields.
    pub fn find<N: AsRef<[u8]>>(response: impl IntoIterator<Item = N>) -> Self {
        let mut found = 0;
        for name in response {
            for (index, field) in CORS_FIELDS.into_iter().enumerate() {
                if field.as_bytes().eq_ignore_ascii_case(name.as_ref()) {
                    found |= 1 << index;
                }
            }
        }
        Self { found }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.found == 0
    }

    /// The names found, in lower case.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + use<> {
        let found = self.found;
        CORS_FIELDS
            .into_iter()
            .enumerate()
            .filter(move |(index, _)| found >> index & 1 == 1)
            .map(|(_, name)| name)
    }
}

impl fmt::Display for CorsFields {
    /// The names, with a comma and a space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}
