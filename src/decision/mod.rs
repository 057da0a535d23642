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

use self::deferred::{Echo, EchoFunctions, ExistingVary};
use self::headers::{ListCheck, PlainNames};
use crate::ascii::{as_str, is_token};
use crate::names::{self, Vary};
use crate::origin::OriginOrNull;
use crate::policy::{EntrySet, MAX_METHOD_LEN, NotAdmitted, Policy, Way};
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
#[derive(Clone, Copy)]
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

    // A decision on a usual request is made in place, on values that are in registers: see
    // `decide_usual_origin` and `decide_usual_preflight`. Functions that are not inlined decide on
    // the others, and would give the same answers to usual requests too.
    //
    // These functions get copies of the request. If they got its address, the compiler would have
    // to keep every request in memory, also the usual ones. The copies are put together from parts,
    // since the compiler would remove a copy of the whole and pass the address of the original.
    // Together with `Request::from_fields`, this saves 28 of 172 instructions in the row
    // `decide/no_origin/exact_000008`, and 17 of 336 in `decide/actual_allowed/exact_000008`
    // (`.ci/bench.py`).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn decide_head(
        &'a self,
        head: &Head<&'a [u8]>,
        requested: RequestedList<'_, 'a>,
    ) -> Decision<'a> {
        let (true, RequestedList::Lines(lines)) = (cfg!(target_pointer_width = "64"), requested) else {
            return self.decide_any_head(head, requested);
        };
        let Some(origin) = self.decide_usual_origin(head) else {
            return self.decide_unusual_head(Request {
                head: *head,
                lines: *lines,
            });
        };
        if !is_preflight(head) {
            return self.decide_actual(head, origin);
        }
        if let Some(decision) = self.decide_usual_preflight(head, origin, lines) {
            return decision;
        }
        let request = Request {
            head: Head {
                origin: FieldState::Absent,
                ..*head
            },
            lines: *lines,
        };
        self.decide_unusual_preflight(request, origin.origin, origin.admitted)
    }

    /// Calls [`decide_any_head`](Self::decide_any_head).
    #[inline(never)]
    fn decide_unusual_head(&'a self, request: Request<'a>) -> Decision<'a> {
        self.decide_any_head(&request.head, RequestedList::Lines(&request.lines))
    }

    /// Calls [`decide_any_preflight`](Self::decide_any_preflight) for an origin that is allowed.
    #[inline(never)]
    fn decide_unusual_preflight(
        &'a self,
        request: Request<'a>,
        origin: &'a [u8],
        admitted: Admitted,
    ) -> Decision<'a> {
        let origin = OriginOutcome {
            verdict: Verdict::Allowed,
            admitted,
            origin,
        };
        self.decide_any_preflight(&request.head, origin, RequestedList::Lines(&request.lines))
    }

    /// Does the work of [`decide_head`](Self::decide_head) for every request.
    fn decide_any_head(&'a self, head: &Head<&'a [u8]>, requested: RequestedList<'_, 'a>) -> Decision<'a> {
        let origin = self.decide_origin(head);
        // Every OPTIONS that is not a preflight is an actual request:
        // https://fetch.spec.whatwg.org/#cors-preflight-request.
        if !is_preflight(head) {
            return self.decide_actual(head, origin);
        }
        self.decide_any_preflight(head, origin, requested)
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

    /// Decides on a preflight, if its origin is refused, or if [`find_plain`](Self::find_plain)
    /// decides on its method and headers.
    #[inline(always)]
    fn decide_usual_preflight(
        &'a self,
        head: &Head<&'a [u8]>,
        origin: OriginOutcome<'a>,
        lines: &ListLines<'a>,
    ) -> Option<Decision<'a>> {
        let decision = Decision {
            kind: RequestKind::Preflight,
            ..self.decide_actual(head, origin)
        };
        if !matches!(origin.verdict, Verdict::Allowed) {
            return Some(decision);
        }
        let (FieldState::Value(method), 0..=1, None) = (head.method, head.list_lines, head.list_defect)
        else {
            return None;
        };
        let plain = self.find_plain(method, lines.first());
        let (requested_method, verdict) = match plain.outcome {
            PlainOutcome::Allowed => (method, Verdict::Allowed),
            PlainOutcome::MethodNotAllowed => {
                (&b""[..], Verdict::Refused(Refusal::new(Reason::MethodNotAllowed)))
            }
            PlainOutcome::HeaderNotAllowed(index) => {
                let refusal = Refusal::at(Reason::HeaderNotAllowed, index);
                (method, Verdict::Refused(refusal))
            }
            PlainOutcome::NotPlain => return None,
        };
        Some(Decision {
            verdict,
            requested_method,
            requested_entries: plain.entries,
            ..decision
        })
    }

    /// Decides on a requested method, and on the only line of requested headers, if the method is
    /// allowed and the line is a list as browsers write it: see [`PlainNames`].
    // The code that reads lists which no browser writes, and finds out what is wrong with them,
    // needs many registers. The names of a plain list are compared apart from it, with all values
    // in registers. Saves 165 of 1,018 instructions in the row
    // `decide/preflight_allowed/exact_000008`, and 680 of 1,836 in
    // `decide/preflight_refused/header` (`.ci/bench.py`). Elsewhere than on 64-bit targets it is
    // left out, since it takes more flash.
    //
    // The result has 16 bytes, so that it is returned in registers.
    #[inline(never)]
    fn find_plain(&self, method: &[u8], line: Option<&[u8]>) -> Plain {
        if self.options.strict || self.headers.any {
            return Plain::NOT;
        }
        let is_allowed = self.find_method(method).is_some();
        if !is_allowed && (self.methods.any || !is_token(method)) {
            return Plain::NOT;
        }
        let (mut entries, mut refused) = (0, None);
        if let Some(line) = line {
            // A longer list may exceed the budget, and would be read twice.
            if line.len() >= 1024 {
                return Plain::NOT;
            }
            let names = PlainNames::at_start_of(line, &self.headers, MAX_MEMBERS, true);
            entries = names.entries;
            if names.rest.is_some() {
                refused = names.index_of_other(&self.headers);
                if refused.is_none() {
                    return Plain::NOT;
                }
            }
        }
        Plain {
            entries: EntrySet(entries),
            outcome: match refused {
                _ if !is_allowed => PlainOutcome::MethodNotAllowed,
                None => PlainOutcome::Allowed,
                Some(index) => PlainOutcome::HeaderNotAllowed(index),
            },
        }
    }

    /// Decides on a preflight.
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
                (Some(functions), RequestedList::Lines(lines)) => Some(Echo::new(lines, functions)),
                _ => None,
            },
            requested_entries: headers.requested_entries,
            existing_vary: None,
        }
    }

    /// Decides on the origin, if the request has one or none and its head is complete.
    #[inline(always)]
    fn decide_usual_origin(&'a self, head: &Head<&'a [u8]>) -> Option<OriginOutcome<'a>> {
        let value = match head.origin {
            _ if !head.is_complete => return None,
            FieldState::Absent => return Some(OriginOutcome::NO_ORIGIN),
            FieldState::Value(value) => value,
            _ => return None,
        };
        let entry = if self.origins.is_short_and_exact() {
            self.origins.find_in_short(value)
        } else {
            match self.origins.way {
                Way::Exact => self.origins.find_exact(value),
                Way::Any => return Some(OriginOutcome::ANY),
                Way::Other => {
                    return Some(match self.decide_value(value) {
                        Ok(origin) => OriginOutcome::admitted(origin),
                        Err(refusal) => OriginOutcome::refused(refusal),
                    });
                }
            }
        };
        Some(match entry {
            Some(entry) => OriginOutcome::admitted(entry),
            None => OriginOutcome::not_exact(value),
        })
    }

    /// Decides on the value of `Origin`, for a policy without `*`.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn decide_value(&'a self, value: &'a [u8]) -> Result<&'a [u8], Refusal> {
        self.origins.admit(value).map_err(|why| match why {
            NotAdmitted::NotExact => refusal_of_not_exact(value),
            NotAdmitted::Malformed(error) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
            NotAdmitted::Null => Refusal::new(Reason::NullNotAllowed),
            NotAdmitted::NotListed => Refusal::new(Reason::OriginNotAllowed),
            NotAdmitted::Insecure => Refusal::new(Reason::OriginInsecure),
        })
    }

    /// Decides on the origin alone.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn decide_origin(&'a self, head: &Head<&'a [u8]>) -> OriginOutcome<'a> {
        if cfg!(target_pointer_width = "64")
            && let Some(origin) = self.decide_usual_origin(head)
        {
            return origin;
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
            echo: Some(Echo::FUNCTIONS),
            ..outcome
        }
    }
}

/// The decision on the method and the headers of a preflight.
struct Plain {
    /// The entries of the policy's list of headers that were requested, one bit each.
    entries: EntrySet,
    outcome: PlainOutcome,
}

/// The result of [`Policy::find_plain`].
enum PlainOutcome {
    Allowed,
    MethodNotAllowed,
    /// The name of this index is not allowed.
    HeaderNotAllowed(u16),
    /// The method is not a token, or the list is not as browsers write it, or the policy has a rare
    /// setting.
    NotPlain,
}

impl Plain {
    const NOT: Self = Self {
        entries: EntrySet(0),
        outcome: PlainOutcome::NotPlain,
    };
}

/// The decision on the requested headers.
#[derive(Clone, Copy)]
struct HeadersOutcome {
    /// The entries of the policy's list that were requested, one bit each.
    requested_entries: EntrySet,
    /// Present if the response echoes the names.
    echo: Option<&'static EchoFunctions>,
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
            Verdict::NotExact => Some(refusal_of_not_exact(self.origin)),
        }
    }
}

/// Returns why a value that is not an exact entry is refused, if nothing else is admitted.
const fn refusal_of_not_exact(value: &[u8]) -> Refusal {
    match OriginOrNull::parse(value) {
        Ok(OriginOrNull::Origin(_)) => Refusal::new(Reason::OriginNotAllowed),
        Ok(OriginOrNull::Null) => Refusal::new(Reason::NullNotAllowed),
        Err(error) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OriginIndex;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    /// Compares each decision with that of `decide_any_origin` and `decide_any_preflight`, which
    /// decide on every request.
    #[test]
    fn the_short_ways_decide_as_the_long_ones() {
        let list = Policy::builder()
            .allow_origins(&["https://a.example", "https://b.example"])
            .allow_methods(&["PUT", "DELETE"])
            .allow_headers(&["x-a", "X-App", "x-b", "X-A"]);
        let patterns = ["https://a.example", "https://*.b.example"];
        let texts: Vec<String> = (0..40).map(|i| format!("https://{i}.example")).collect();
        let mut many: Vec<&str> = texts.iter().map(String::as_str).collect();
        many.push("https://a.example");
        let (mut slots, mut more_slots) = ([0; 82], [0; 4]);
        let indexed = OriginIndex::build(&many, &mut slots, 1).unwrap();
        let indexed_patterns = OriginIndex::build(&patterns, &mut more_slots, 1).unwrap();
        for builder in [
            list,
            list.strict_request_headers(),
            list.allow_headers(&["x-a", "*"]),
            list.allow_methods(&["*"]).allow_headers(&[]),
            list.allow_origins(&["*"]),
            list.allow_origins(&patterns),
            Policy::builder(),
            list.allow_origins(&many),
            list.allow_origins(&["null", "https://a.example"]),
            list.allow_origin_if(&|origin| origin.host() == "c.b.example"),
            list.allow_loopback(),
            list.allow_indexed_origins(&indexed),
            list.allow_indexed_origins(&indexed_patterns),
        ] {
            let policy = builder.build().unwrap();
            for request in requests() {
                let origin = policy.decide_any_origin(&request.head);
                let lines = RequestedList::Lines(&request.lines);
                let long = if is_preflight(&request.head) {
                    policy.decide_any_preflight(&request.head, origin, lines)
                } else {
                    policy.decide_actual(&request.head, origin)
                };
                let short = policy.decide(&request);
                assert_eq!(format!("{short:?}"), format!("{long:?}"), "{request:?}");
                assert_eq!(short.requested_entries, long.requested_entries, "{request:?}");
                assert_eq!(short.required_vary, long.required_vary, "{request:?}");
            }
        }
    }

    fn requests() -> Vec<Request<'static>> {
        let origins: [&[&str]; 9] = [
            &["https://a.example"],
            &["https://c.b.example"],
            &["https://*.b.example"],
            &["http://localhost"],
            &["null"],
            &["https://a.exampl"],
            &["a"],
            &[],
            &["https://a.example", "https://a.example"],
        ];
        let lists: [&[&str]; 19] = [
            &[],
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
            &["x-a,X-A,x-a"],
            &["y"],
            &["y", "x-a"],
            &["\u{e9}"],
            &[""],
            &["x-a", "x-a", "x-a", "x-a", "x-a"],
        ];
        let methods: [&[&str]; 8] = [
            &["PUT"],
            &["put"],
            &["GET"],
            &["PATCH"],
            &["TRACE"],
            &[""],
            &[],
            &["PUT", "PUT"],
        ];
        let mut requests = Vec::new();
        for origin in origins {
            for requested in methods {
                for list in lists {
                    for method in ["OPTIONS", "GET"] {
                        let mut request = Request::new(method);
                        origin.iter().for_each(|value| request.push("origin", *value));
                        for value in requested {
                            request.push("access-control-request-method", *value);
                        }
                        for line in list {
                            request.push("access-control-request-headers", *line);
                        }
                        requests.push(request);
                    }
                }
            }
        }
        let mut incomplete = requests.clone();
        incomplete.iter_mut().for_each(Request::mark_incomplete);
        requests.extend(incomplete);
        for name in [
            "origin",
            "access-control-request-method",
            "access-control-request-headers",
        ] {
            let mut request = Request::new("OPTIONS");
            request.push_truncated(name);
            request.push("origin", "https://a.example");
            request.push("access-control-request-method", "PUT");
            requests.push(request);
        }
        requests
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
