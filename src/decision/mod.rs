//! Decides on a request by a policy.
//!
//! The checks have the same order as in the [*CORS
//! check*](https://fetch.spec.whatwg.org/#cors-check) and the [*CORS-preflight
//! fetch*](https://fetch.spec.whatwg.org/#cors-preflight-fetch) with which a browser reads the
//! response: first the origin, then the method, then the headers.

pub(crate) mod deferred;
pub(crate) mod headers;
mod rules;
mod source;

pub use deferred::VaryValue;
#[allow(unused_imports, reason = "guests invoke it too")]
pub(crate) use source::policy_source_by_pointer;
pub use source::{Decide, PolicySource};

use core::fmt;

use self::deferred::{Echo, ExistingVary, NextName};
use self::headers::{ListCheck, PlainNames};
use crate::ascii::{as_str, is_token};
use crate::names::{self, Vary};
use crate::origin::OriginOrNull;
use crate::policy::{EntrySet, MAX_METHOD_LEN, NotAdmitted, Policy};
use crate::reason::{Reason, Refusal};
use crate::request::head::{Defect, FieldState, Head};
use crate::request::header_list::{ListLines, MAX_LINES, MAX_MEMBERS, check_strict};
use crate::request::{Request, is_preflight};
use crate::texts::equal;

/// The kind of request that a [`Decision`] is about.
///
/// The enum is exhaustive: Fetch knows these three kinds, and a server has to handle each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A request without `Origin`, which is not a CORS request. Its response still has the fields
    /// that every response has: `Vary`, and `Access-Control-Allow-Origin` if it is `*`.
    NotCors,
    /// A CORS request other than a preflight. The handler answers it, with the decision's fields.
    Actual,
    /// A CORS-preflight request. The server answers it without calling a handler.
    Preflight,
}

/// The decision of a policy on a request: allowed or refused, and the fields of the response.
///
/// ```
/// use embedded_cors::{Policy, Reason, Request, RequestKind};
///
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com"])
///     .allow_methods(&["PUT"])
///     .build_or_panic();
///
/// let request = Request::from_fields(
///     "OPTIONS",
///     [("Origin", "https://app.example.com"), ("Access-Control-Request-Method", "DELETE")],
/// );
/// let decision = CORS.decide(&request);
/// assert_eq!(decision.kind(), RequestKind::Preflight);
/// assert_eq!(decision.refusal().unwrap().reason(), Reason::MethodNotAllowed);
/// ```
///
/// A decision borrows the policy and the bytes of the request, but not the [`Request`]. The field
/// lines that [`write_fields`](Self::write_fields) returns borrow only the caller's buffer, and
/// [`kind`](Self::kind) and [`refusal`](Self::refusal) return copies.
///
/// The `Display` output is a line for a log that has no bytes of the request, such as
/// `preflight refused: the policy does not allow the requested method`.
#[derive(Clone)]
#[must_use = "a decision does nothing until its fields are sent"]
pub struct Decision<'a> {
    pub(crate) policy: &'a Policy<'a>,
    pub(crate) kind: RequestKind,
    /// The `Vary` that the response needs.
    pub(crate) required_vary: Vary,
    pub(crate) verdict: Verdict,
    pub(crate) admitted: Admitted,
    /// The origin if it is [`Admitted::Origin`]. If the verdict is [`Verdict::NotExact`], the value
    /// of `Origin`. Otherwise empty.
    pub(crate) origin: &'a [u8],
    /// The requested method if the policy allows it; empty otherwise.
    pub(crate) requested_method: &'a [u8],
    /// The requested headers if the response echoes them.
    pub(crate) requested_headers: Option<Echo<'a>>,
    /// The entries of the policy's list of headers that were requested, one bit each.
    pub(crate) requested_entries: EntrySet,
    /// The `Vary` that the server adds to the response itself.
    pub(crate) existing_vary: Option<ExistingVary<'a>>,
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("kind", &self.kind)
            .field("refusal", &self.refusal())
            .field("admitted", &self.admitted)
            .field("origin", &as_str(self.origin))
            .field("requested_method", &as_str(self.requested_method))
            .field("requested_headers", &self.requested_headers)
            .field("existing_vary", &self.existing_vary)
            .field("policy", self.policy)
            .finish()
    }
}

/// The result of a decision.
// The text of the origin is not part of this type, so that a verdict is returned in a register.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    /// Nothing is refused.
    Allowed,
    Refused(Refusal),
    /// Refused: the value of `Origin` is not in the policy's list of exact origins.
    ///
    /// Whether the value is malformed, `null` or an origin that is not listed makes no difference
    /// to the response, so [`Decision::refusal`] parses it on demand. That halves the instructions
    /// of `decide/actual_refused/exact_000008`, from 903 to 420 (`.ci/bench.py`).
    NotExact,
}

/// The kind of thing that admits the origin of a request, which determines the value of
/// `Access-Control-Allow-Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// Nothing, or there is no origin.
    Nothing,
    /// `*`.
    Any,
    /// An exact entry, whose text is then [`Decision::origin`]; or a pattern or the predicate, and
    /// then it is the origin of the request, parsed in full.
    Origin,
}

/// The decision on the origin: the fields of a [`Decision`] with these names.
#[derive(Clone, Copy)]
pub(crate) struct OriginOutcome<'a> {
    pub(crate) verdict: Verdict,
    admitted: Admitted,
    origin: &'a [u8],
}

impl<'a> OriginOutcome<'a> {
    const NO_ORIGIN: Self = Self {
        verdict: Verdict::Allowed,
        admitted: Admitted::Nothing,
        origin: b"",
    };

    const ANY: Self = Self {
        admitted: Admitted::Any,
        ..Self::NO_ORIGIN
    };

    const fn admitted(origin: &'a [u8]) -> Self {
        Self {
            verdict: Verdict::Allowed,
            admitted: Admitted::Origin,
            origin,
        }
    }

    const fn not_exact(value: &'a [u8]) -> Self {
        Self {
            verdict: Verdict::NotExact,
            admitted: Admitted::Nothing,
            origin: value,
        }
    }

    const fn refused(refusal: Refusal) -> Self {
        Self {
            verdict: Verdict::Refused(refusal),
            ..Self::NO_ORIGIN
        }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.refusal(), self.kind) {
            (Some(refusal), kind) => write!(f, "{kind} refused: {refusal}"),
            (None, RequestKind::NotCors) => self.kind.fmt(f),
            (None, kind) => write!(f, "{kind} allowed"),
        }
    }
}

impl fmt::Display for RequestKind {
    /// Writes `not CORS`, `actual` or `preflight`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCors => "not CORS",
            Self::Actual => "actual",
            Self::Preflight => "preflight",
        })
    }
}

/// The value of `Access-Control-Request-Headers` when a decision is made.
pub(crate) enum RequestedList<'b, 'a> {
    /// The lines are in memory and not yet checked.
    Lines(&'b ListLines<'a>),
    /// The list was checked while it arrived.
    Checked(&'b ListCheck),
}

impl<'a> Policy<'a> {
    /// Decides on a request, whether it is a preflight or an actual request.
    ///
    /// If a preflight asks for a method and for headers that are not allowed, the reason is the one
    /// about the method.
    ///
    /// The work grows with the bytes of the CORS fields times the entries of the policy's lists. If
    /// the list of requested headers is longer than the lists that browsers write, the request is
    /// refused early, for [`RequestHeadersOverBudget`](crate::Reason::RequestHeadersOverBudget).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn decide(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.decide_head(&request.head, RequestedList::Lines(&request.lines))
    }

    /// Decides which fields an error reply has if the server did not read or understand the whole
    /// request, as for the statuses 400, 408, 413, 414 and 431.
    ///
    /// Only the origin counts, and the head need not be complete. A preflight is treated as an
    /// actual request here. With the fields, the page sees the status of the reply; without them,
    /// it sees a network error. An error reply to a request that was read, such as 401, 404 or 500,
    /// has the fields of [`decide`](Self::decide) like every other response.
    ///
    /// ```
    /// use embedded_cors::{Policy, RequestReader};
    ///
    /// static CORS: Policy =
    ///     Policy::builder().allow_origins(&["https://app.example.com"]).build_or_panic();
    ///
    /// let mut reader = RequestReader::<128>::new();
    /// reader.push(b"GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nCookie: a=b; c=")?;
    /// // The cookie is too long for this server: 431.
    /// let mut buffer = [0; CORS.max_response_len()];
    /// let request = reader.request();
    /// let fields = CORS.decide_for_error_reply(&request).write_fields(&mut buffer)?;
    /// assert_eq!(
    ///     fields.as_str(),
    ///     "access-control-allow-origin: https://app.example.com\r\nvary: origin\r\n"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide_for_error_reply(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.decide_head_for_error_reply(&request.head)
    }

    pub(crate) fn decide_head_for_error_reply(&'a self, head: &Head<&'a [u8]>) -> Decision<'a> {
        let head = Head {
            is_complete: true,
            ..*head
        };
        self.decide_actual(&head, self.decide_origin(&head))
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn decide_head(
        &'a self,
        head: &Head<&'a [u8]>,
        requested: RequestedList<'_, 'a>,
    ) -> Decision<'a> {
        let origin = self.decide_origin(head);
        // Every OPTIONS that is not a preflight is an actual request:
        // https://fetch.spec.whatwg.org/#cors-preflight-request.
        if !is_preflight(head) {
            return self.decide_actual(head, origin);
        }
        self.decide_preflight(head, origin, requested)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn decide_actual(&'a self, head: &Head<&'a [u8]>, origin: OriginOutcome<'a>) -> Decision<'a> {
        let kind = if head.origin.is_absent() {
            RequestKind::NotCors
        } else {
            RequestKind::Actual
        };
        Decision {
            policy: self,
            kind,
            required_vary: self.required_vary(head.is_options),
            verdict: origin.verdict,
            admitted: origin.admitted,
            origin: origin.origin,
            requested_method: b"",
            requested_headers: None,
            requested_entries: EntrySet(0),
            existing_vary: None,
        }
    }

    /// Decides on a preflight for an allowed method, with a list of headers as browsers write it:
    /// see [`PlainNames`]. Returns `None` for others, on which
    /// [`decide_any_preflight`](Self::decide_any_preflight) decides; its decision on these is the
    /// same.
    // The code that reads lists which no browser writes, and finds out what is wrong with them,
    // needs many registers. The names of a plain list are compared apart from it, with all values
    // in registers. Saves 165 of 1,018 instructions in the row
    // `decide/preflight_allowed/exact_000008`, and 680 of 1,836 in
    // `decide/preflight_refused/header` (`.ci/bench.py`). Elsewhere than on 64-bit targets it is
    // left out, since it takes more flash.
    #[inline(always)]
    fn find_plain_preflight(
        &'a self,
        head: &Head<&'a [u8]>,
        origin: &OriginOutcome<'a>,
        requested: &RequestedList<'_, 'a>,
    ) -> Option<PlainPreflight<'a>> {
        let (RequestedList::Lines(lines), FieldState::Value(method)) = (requested, head.method) else {
            return None;
        };
        let line = lines.first()?;
        let is_plain = cfg!(target_pointer_width = "64")
            && matches!(origin.verdict, Verdict::Allowed)
            && head.list_lines == 1
            && head.list_defect.is_none()
            // A longer list may exceed the budget, and would be read twice.
            && line.len() < 1024
            && !self.options.strict
            && !self.headers.any;
        if !is_plain {
            return None;
        }
        let method = self.find_method(method)?;
        let names = PlainNames::at_start_of(line, &self.headers, MAX_MEMBERS, true);
        let verdict = if names.rest.is_none() {
            Verdict::Allowed
        } else {
            let index = names.index_of_other(&self.headers)?;
            Verdict::Refused(Refusal::at(Reason::HeaderNotAllowed, index))
        };
        Some(PlainPreflight {
            verdict,
            method,
            entries: EntrySet(names.entries),
        })
    }

    // On 64-bit targets, inlining this function into `decide_head` adds 11 instructions to requests
    // that are not preflights, 6 % of the row `decide/no_origin/exact_000008` (`.ci/bench.py`). On
    // thumbv6m, inlining it saves 80 bytes of stack, 12 % of `stack decide` (`.ci/certificate.py`).
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn decide_preflight(
        &'a self,
        head: &Head<&'a [u8]>,
        origin: OriginOutcome<'a>,
        requested: RequestedList<'_, 'a>,
    ) -> Decision<'a> {
        if let Some(asked) = self.find_plain_preflight(head, &origin, &requested) {
            return Decision {
                kind: RequestKind::Preflight,
                verdict: asked.verdict,
                requested_method: asked.method,
                requested_entries: asked.entries,
                ..self.decide_actual(head, origin)
            };
        }
        self.decide_any_preflight(head, origin, requested)
    }

    /// Does the work of [`decide_preflight`](Self::decide_preflight) for every preflight.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn decide_any_preflight(
        &'a self,
        head: &Head<&'a [u8]>,
        origin: OriginOutcome<'a>,
        requested: RequestedList<'_, 'a>,
    ) -> Decision<'a> {
        let mut verdict = origin.verdict;
        let is_shared = matches!(verdict, Verdict::Allowed);
        let (mut requested_method, mut headers) = (&b""[..], HeadersOutcome::NOTHING);
        // The response to a refused origin says nothing about methods and headers.
        if is_shared {
            let method = self.decide_method(head);
            headers = self.decide_headers(head, &requested);
            requested_method = method.unwrap_or(b"");
            if let Some(refusal) = method.err().or(headers.refusal) {
                verdict = Verdict::Refused(refusal);
            }
        }
        Decision {
            policy: self,
            kind: RequestKind::Preflight,
            required_vary: self.required_vary(head.is_options),
            verdict,
            admitted: origin.admitted,
            origin: origin.origin,
            requested_method,
            requested_headers: match (headers.echo, requested) {
                (Some(next_name), RequestedList::Lines(lines)) => Some(Echo::new(lines, next_name)),
                _ => None,
            },
            requested_entries: headers.requested_entries,
            existing_vary: None,
        }
    }

    /// Decides on the origin alone.
    // Most requests have one origin or none, and most policies have some exact origins. Their
    // decision is made here, and any other by `decide_any_origin`, which gives the same answers to
    // these requests too. Saves 11 of 370 instructions in the row
    // `decide/actual_allowed/exact_000008` (`.ci/bench.py`).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn decide_origin(&'a self, head: &Head<&'a [u8]>) -> OriginOutcome<'a> {
        if cfg!(target_pointer_width = "64") && head.is_complete {
            match head.origin {
                FieldState::Absent => return OriginOutcome::NO_ORIGIN,
                FieldState::Value(value) if self.origins.is_short_and_exact() => {
                    return match self.origins.find_in_short(value) {
                        Some(entry) => OriginOutcome::admitted(entry),
                        None => OriginOutcome::not_exact(value),
                    };
                }
                _ => {}
            }
        }
        self.decide_any_origin(head)
    }

    /// Does the work of [`decide_origin`](Self::decide_origin) for every request and policy.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn decide_any_origin(&'a self, head: &Head<&'a [u8]>) -> OriginOutcome<'a> {
        OriginOutcome::refused(match head.origin {
            // The missing lines may contain an `Origin`, or a second one.
            _ if !head.is_complete => Refusal::new(Reason::HeadIncomplete),
            FieldState::Absent => return OriginOutcome::NO_ORIGIN,
            // With `*` in the response, the CORS check of a browser does not compare origins, and
            // no part of the value is echoed. So every value is allowed, even an invalid one.
            _ if self.origins.any => return OriginOutcome::ANY,
            FieldState::Repeated => Refusal::new(Reason::OriginRepeated),
            FieldState::Truncated => Refusal::new(Reason::OriginTruncated),
            FieldState::Malformed => Refusal::new(Reason::OriginMalformed),
            // The CORS check of a browser compares bytes, and so does this look-up.
            FieldState::Value(value) => match self.origins.admit(value) {
                Ok(origin) => return OriginOutcome::admitted(origin),
                Err(NotAdmitted::NotExact) => return OriginOutcome::not_exact(value),
                Err(NotAdmitted::Malformed(error)) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
                Err(NotAdmitted::Null) => Refusal::new(Reason::NullNotAllowed),
                Err(NotAdmitted::NotListed) => Refusal::new(Reason::OriginNotAllowed),
                Err(NotAdmitted::Insecure) => Refusal::new(Reason::OriginInsecure),
            },
        })
    }

    /// Returns the method if it is safelisted or an entry of the policy's list.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn find_method(&'a self, value: &[u8]) -> Option<&'a [u8]> {
        // A CORS-safelisted method is always allowed:
        // https://fetch.spec.whatwg.org/#cors-safelisted-method.
        if let Some(method) = names::safelisted_method(value) {
            return Some(method.as_bytes());
        }
        let mut entries = self.methods.entries.iter().map(str::as_bytes);
        entries.find(|entry| equal(entry, value))
    }

    /// Decides on the requested method, and returns it if the policy allows it.
    fn decide_method(&'a self, head: &Head<&'a [u8]>) -> Result<&'a [u8], Refusal> {
        let value = match head.method {
            FieldState::Value(value) => value,
            FieldState::Repeated => return Err(Refusal::new(Reason::RequestMethodRepeated)),
            FieldState::Truncated => return Err(Refusal::new(Reason::RequestMethodTruncated)),
            FieldState::Malformed | FieldState::Absent => {
                return Err(Refusal::new(Reason::RequestMethodMalformed));
            }
        };
        if let Some(method) = self.find_method(value) {
            return Ok(method);
        }
        if !is_token(value) {
            return Err(Refusal::new(Reason::RequestMethodMalformed));
        }
        if !self.methods.any || names::is_forbidden_method(value) {
            return Err(Refusal::new(Reason::MethodNotAllowed));
        }
        if self.echoes_method() && value.len() > MAX_METHOD_LEN {
            return Err(Refusal::new(Reason::EchoTooLong));
        }
        Ok(value)
    }

    /// Decides on the requested headers.
    fn decide_headers(&self, head: &Head<&[u8]>, requested: &RequestedList<'_, '_>) -> HeadersOutcome {
        match head.list_defect {
            Some(Defect::Truncated) => return HeadersOutcome::refused(Reason::RequestHeadersTruncated),
            Some(Defect::Malformed) => return HeadersOutcome::refused(Reason::RequestHeadersMalformed),
            None => {}
        }
        if head.list_lines > MAX_LINES {
            return HeadersOutcome::refused(Reason::RequestHeadersOverBudget);
        }
        let lines = match requested {
            RequestedList::Checked(check) => return HeadersOutcome::of(check),
            RequestedList::Lines(lines) => lines,
        };
        if self.options.strict {
            if head.list_lines > 1 {
                return HeadersOutcome::refused(Reason::RequestHeadersNotStrict);
            }
            if let Err(index) = check_strict(lines.names()) {
                return HeadersOutcome {
                    refusal: Some(Refusal::at(Reason::RequestHeadersNotStrict, index)),
                    ..HeadersOutcome::NOTHING
                };
            }
        }
        let check = ListCheck::of(lines.names(), &self.headers);
        let outcome = HeadersOutcome::of(&check);
        if !self.echoes_headers() || outcome.refusal.is_some() || check.is_empty() {
            return outcome;
        }
        if check.joined_len() > self.max_echoed_len() {
            return HeadersOutcome::refused(Reason::EchoTooLong);
        }
        HeadersOutcome {
            echo: Some(Echo::NEXT_NAME),
            ..outcome
        }
    }
}

/// The decision on a preflight whose method and origin are allowed: the fields of a [`Decision`]
/// with these names, in short.
struct PlainPreflight<'a> {
    verdict: Verdict,
    method: &'a [u8],
    entries: EntrySet,
}

/// The decision on the requested headers.
#[derive(Clone, Copy)]
struct HeadersOutcome {
    /// The entries of the policy's list that were requested, one bit each.
    requested_entries: EntrySet,
    /// Present if the response echoes the names.
    echo: Option<NextName>,
    refusal: Option<Refusal>,
}

impl HeadersOutcome {
    const NOTHING: Self = Self {
        requested_entries: EntrySet(0),
        echo: None,
        refusal: None,
    };

    const fn refused(reason: Reason) -> Self {
        Self {
            refusal: Some(Refusal::new(reason)),
            ..Self::NOTHING
        }
    }

    fn of(check: &ListCheck) -> Self {
        Self {
            requested_entries: check.requested(),
            refusal: check.refused().map(|(reason, index)| Refusal::at(reason, index)),
            ..Self::NOTHING
        }
    }
}

impl<'a> Decision<'a> {
    /// Returns the kind of the request.
    pub const fn kind(&self) -> RequestKind {
        self.kind
    }

    /// Returns whether the request is a CORS request that the policy allows.
    pub const fn is_allowed(&self) -> bool {
        !self.is_refused() && !matches!(self.kind, RequestKind::NotCors)
    }

    /// Returns whether the policy refuses the request.
    ///
    /// A request whose head is incomplete is refused too, whether an `Origin` was read or not.
    pub const fn is_refused(&self) -> bool {
        !matches!(self.verdict, Verdict::Allowed)
    }

    /// Returns why the policy refuses the request, or `None` if it is not refused.
    pub const fn refusal(&self) -> Option<Refusal> {
        match self.verdict {
            Verdict::Allowed => None,
            Verdict::Refused(refusal) => Some(refusal),
            Verdict::NotExact => Some(match OriginOrNull::parse(self.origin) {
                Ok(OriginOrNull::Origin(_)) => Refusal::new(Reason::OriginNotAllowed),
                Ok(OriginOrNull::Null) => Refusal::new(Reason::NullNotAllowed),
                Err(error) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    /// Compares each decision with that of `decide_any_origin` and `decide_any_preflight`, which
    /// decide on every request.
    #[test]
    fn the_short_ways_decide_as_the_long_ones() {
        let strict = Policy::builder()
            .allow_origins(&["https://a.example", "https://b.example"])
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["x-a", "X-App", "x-b"])
            .strict_request_headers();
        let list = Policy::builder()
            .allow_origins(&["https://a.example", "https://b.example"])
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["x-a", "X-App", "x-b"]);
        let star = list.allow_headers(&["x-a", "*"]);
        let patterns = list.allow_origins(&["https://a.example", "https://*.b.example"]);
        for builder in [strict, list, star, patterns] {
            let policy = builder.build().unwrap();
            for origin in [
                "https://a.example",
                "https://c.b.example",
                "null",
                "https://a.exampl",
            ] {
                for method in ["PUT", "put", "GET", "PATCH", ""] {
                    for lines in [
                        &[][..],
                        &["x-a"],
                        &["x-b,x-a,X-App"],
                        &["x-a", "x-b"],
                        &["x-a", "y"],
                        &["x-a,y,x-b"],
                        &["x-a,X-B"],
                        &["x-app"],
                        &["x-a, x-b"],
                        &["x-a,y z"],
                        &["x-a,y;z"],
                        &["x-a,"],
                        &["x-a,x-a,,x-b"],
                        &["y"],
                        &["\u{e9}"],
                        &[""],
                    ] {
                        let mut request = Request::new("OPTIONS");
                        request.push("origin", origin);
                        request.push("access-control-request-method", method);
                        for line in lines {
                            request.push("access-control-request-headers", *line);
                        }
                        let mut incomplete = request.clone();
                        incomplete.mark_incomplete();
                        for request in [request, incomplete] {
                            let long = policy.decide_any_preflight(
                                &request.head,
                                policy.decide_any_origin(&request.head),
                                RequestedList::Lines(&request.lines),
                            );
                            let short = policy.decide(&request);
                            assert_eq!(format!("{short:?}"), format!("{long:?}"), "{request:?}");
                            assert_eq!(short.requested_entries, long.requested_entries, "{request:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_decision_is_shown_with_its_texts() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let shown = format!("{:?}", POLICY.decide(&request));
        for text in [
            "kind: Preflight",
            "admitted: Origin",
            "origin: \"https://app.example.com\"",
            "requested_method: \"PUT\"",
        ] {
            assert!(shown.contains(text), "{text} is not in {shown}");
        }
    }
}
