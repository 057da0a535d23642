//! Policy and request in, decision out, in the order of Fetch's own steps.

use core::fmt;

use crate::allowlist::{Admitted, Spurned};
use crate::head::{Flaw, Found, Head};
use crate::list::{Lines, ListCheck, MAX_LINES, check_strict};
use crate::names;
use crate::origin::OriginOrNull;
use crate::policy::{MAX_METHOD_LEN, Policy};
use crate::reason::{Reason, Refusal};
use crate::request::{Request, is_preflight};

/// What kind of request a [`Decision`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No `Origin`: not a CORS request. The response still carries `Vary`, and `*` if that is the policy.
    NotCors,
    /// A CORS request that is no preflight: the handler answers it, with the decision's fields.
    Actual,
    /// A CORS-preflight request: the server answers it by itself.
    Preflight,
}

/// What a policy says to a request, and the fields that the response then carries.
///
/// ```
/// use embedded_cors::{Kind, Policy, Reason, Request};
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
/// assert_eq!(decision.kind(), Kind::Preflight);
/// assert_eq!(decision.refusal().unwrap().reason(), Reason::MethodNotAllowed);
/// ```
///
/// It borrows the policy and the bytes of the request, not the [`Request`]. What outlives both is what
/// [`write_fields`](Self::write_fields) leaves in the caller's buffer; [`kind`](Self::kind) and [`refusal`](Self::refusal) are copies.
///
/// Displayed, it is a line for the log, with nothing of the request in it: `preflight refused: the policy does not allow the requested
/// method`.
#[derive(Clone, Debug)]
#[must_use = "a decision does nothing until its fields are sent"]
pub struct Decision<'a> {
    pub(crate) policy: &'a Policy<'a>,
    pub(crate) kind: Kind,
    pub(crate) is_options: bool,
    pub(crate) verdict: Verdict<'a>,
    /// What admitted the origin, if something did.
    pub(crate) admitted: Option<Admitted<'a>>,
    /// The requested method, once it was parsed; empty before.
    pub(crate) requested_method: &'a str,
    /// The requested headers, to be echoed.
    pub(crate) requested_headers: Option<Lines<'a>>,
    /// The bits of the policy's headers that were asked for.
    pub(crate) asked: u64,
    pub(crate) private_network: bool,
    /// The values of the server's own `Vary`.
    pub(crate) vary: &'a [&'a str],
}

/// What a decision comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict<'a> {
    /// Nothing is refused.
    Allowed,
    Refused(Refusal),
    /// The policy has a list of exact origins, which this value of `Origin` is not in. Why not, is found out for who asks.
    NotExact(&'a [u8]),
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.refusal(), self.kind) {
            (Some(refusal), kind) => write!(f, "{kind} refused: {refusal}"),
            (None, Kind::NotCors) => self.kind.fmt(f),
            (None, kind) => write!(f, "{kind} allowed"),
        }
    }
}

impl fmt::Display for Kind {
    /// `not CORS`, `actual`, `preflight`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCors => "not CORS",
            Self::Actual => "actual",
            Self::Preflight => "preflight",
        })
    }
}

/// What is known of the requested headers when a decision is made.
pub(crate) enum Requested<'b, 'a> {
    /// Their lines.
    Lines(&'b Lines<'a>),
    /// What a check said that saw them go by.
    Checked(&'b ListCheck),
}

impl<'a> Policy<'a> {
    /// Decides on a request: a preflight and the actual request that follows it alike.
    ///
    /// The work is linear in the bytes of the CORS fields times the entries of the policy's list, and bounded for what no browser writes. A
    /// preflight that is refused for its method and for its headers has the method's reason.
    pub fn decide(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.judge(&request.head, Requested::Lines(&request.lines))
    }

    /// Decides which fields an error reply of the server's own carries, when it did not read or did not understand the whole
    /// request: 400, 408, 413, 414, 431.
    ///
    /// Only the origin counts, and the head need not be complete; a preflight is no [`Kind::Preflight`] here. With the fields the page sees
    /// the status; without them it sees "CORS error". An error reply to a request that was read, such as 401, 404 or 500, takes the fields of
    /// [`decide`](Self::decide) as every other response does.
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
    /// let fields = CORS.decide_error_reply(&request).write_fields(&mut buffer)?;
    /// assert_eq!(
    ///     fields.as_str(),
    ///     "access-control-allow-origin: https://app.example.com\r\nvary: origin\r\n"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide_error_reply(&'a self, request: &Request<'a>) -> Decision<'a> {
        self.judge_error_reply(&request.head)
    }

    pub(crate) fn judge_error_reply(&'a self, head: &Head<&'a [u8]>) -> Decision<'a> {
        let head = Head {
            is_complete: true,
            ..*head
        };
        self.judge_actual(&head)
    }

    pub(crate) fn judge(&'a self, head: &Head<&'a [u8]>, requested: Requested<'_, 'a>) -> Decision<'a> {
        // Fetch section 3.3.2 *CORS-preflight request*: every other OPTIONS is an ordinary request.
        if is_preflight(head) {
            self.judge_preflight(head, requested)
        } else {
            self.judge_actual(head)
        }
    }

    fn judge_actual(&'a self, head: &Head<&'a [u8]>) -> Decision<'a> {
        let (verdict, admitted) = self.judge_origin(head);
        let kind = if head.origin.is_absent() {
            Kind::NotCors
        } else {
            Kind::Actual
        };
        Decision {
            policy: self,
            kind,
            is_options: head.is_options,
            verdict,
            admitted,
            requested_method: "",
            requested_headers: None,
            asked: 0,
            private_network: false,
            vary: &[],
        }
    }

    // Not inlined, so that other requests do not pay for its frame.
    #[inline(never)]
    fn judge_preflight(&'a self, head: &Head<&'a [u8]>, requested: Requested<'_, 'a>) -> Decision<'a> {
        let mut decision = Decision {
            kind: Kind::Preflight,
            ..self.judge_actual(head)
        };
        // Whoever is refused for its origin learns nothing else.
        if !decision.is_refused() {
            let method = decision.judge_method(head);
            let headers = decision.judge_headers(head, requested);
            if let Some(refusal) = method.err().or(headers.err()) {
                decision.verdict = Verdict::Refused(refusal);
            }
            decision.private_network =
                self.options.private_network && head.private_network == Found::Value(true);
        }
        decision
    }

    /// What the origin makes of a request, and what admits it.
    fn judge_origin(&'a self, head: &Head<&'a [u8]>) -> (Verdict<'a>, Option<Admitted<'a>>) {
        let refusal = match head.origin {
            // What is missing may be an `Origin`, or a second one.
            _ if !head.is_complete => Refusal::new(Reason::HeadIncomplete),
            Found::Absent => return (Verdict::Allowed, None),
            Found::Repeated => Refusal::new(Reason::OriginRepeated),
            Found::Cut => Refusal::new(Reason::OriginCut),
            Found::Malformed => Refusal::new(Reason::OriginMalformed),
            // Fetch section 4.10 *CORS check* compares bytes, and so does this.
            Found::Value(value) => match self.origins.admit(value) {
                Ok(admitted) => return (Verdict::Allowed, Some(admitted)),
                Err(Spurned::NotExact) => return (Verdict::NotExact(value), None),
                Err(Spurned::Malformed(error)) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
                Err(Spurned::Null) => Refusal::new(Reason::NullNotAllowed),
                Err(Spurned::NotListed) => Refusal::new(Reason::OriginNotAllowed),
                Err(Spurned::Insecure) => Refusal::new(Reason::OriginInsecure),
            },
        };
        (Verdict::Refused(refusal), None)
    }
}

impl<'a> Decision<'a> {
    /// Fetch section 4.8 step 7.5.
    fn judge_method(&mut self, head: &Head<&'a [u8]>) -> Result<(), Refusal> {
        let value = match head.method {
            Found::Value(value) => value,
            Found::Repeated => return Err(Refusal::new(Reason::RequestMethodRepeated)),
            Found::Cut => return Err(Refusal::new(Reason::RequestMethodCut)),
            Found::Malformed | Found::Absent => {
                return Err(Refusal::new(Reason::RequestMethodMalformed));
            }
        };
        let methods = &self.policy.methods;
        // A safelisted method needs no permission.
        let listed = names::safelisted_method(value)
            .or_else(|| methods.entries.iter().find(|entry| entry.as_bytes() == value));
        if let Some(method) = listed {
            self.requested_method = method;
            return Ok(());
        }
        let method = match core::str::from_utf8(value) {
            Ok(method) if names::is_token(value) => method,
            _ => return Err(Refusal::new(Reason::RequestMethodMalformed)),
        };
        if !methods.any || names::is_forbidden_method(value) {
            return Err(Refusal::new(Reason::MethodNotAllowed));
        }
        if self.policy.options.credentials && value.len() > MAX_METHOD_LEN {
            return Err(Refusal::new(Reason::EchoTooLong));
        }
        self.requested_method = method;
        Ok(())
    }

    /// Fetch section 4.8 steps 7.6 and 7.7.
    fn judge_headers(&mut self, head: &Head<&'a [u8]>, requested: Requested<'_, 'a>) -> Result<(), Refusal> {
        match head.list_flaw {
            Some(Flaw::Cut) => return Err(Refusal::new(Reason::RequestHeadersCut)),
            Some(Flaw::Malformed) => return Err(Refusal::new(Reason::RequestHeadersMalformed)),
            None => {}
        }
        if head.list_lines > MAX_LINES {
            return Err(Refusal::new(Reason::RequestHeadersOverBudget));
        }
        let policy = self.policy;
        let check = match requested {
            Requested::Checked(check) => *check,
            Requested::Lines(lines) => {
                let names = lines.names();
                if policy.options.strict && head.list_lines > 1 {
                    return Err(Refusal::new(Reason::RequestHeadersNotStrict));
                }
                if policy.options.strict
                    && let Err(index) = check_strict(names.clone())
                {
                    return Err(Refusal::at(Reason::RequestHeadersNotStrict, index));
                }
                let check = ListCheck::of(names, &policy.headers);
                if policy.echoes_headers() && check.refused().is_none() {
                    if check.joined_len() > policy.max_echoed_len() {
                        return Err(Refusal::new(Reason::EchoTooLong));
                    }
                    self.requested_headers = Some(*lines);
                }
                check
            }
        };
        self.asked = check.asked();
        match check.refused() {
            Some((reason, index)) => Err(Refusal::at(reason, index)),
            None => Ok(()),
        }
    }

    /// What kind of request this is about.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is a CORS request, and the policy allows it.
    pub const fn is_allowed(&self) -> bool {
        !self.is_refused() && !matches!(self.kind, Kind::NotCors)
    }

    /// Whether the policy refuses it: a CORS request, or one whose head is incomplete, so that nobody knows yet.
    pub const fn is_refused(&self) -> bool {
        !matches!(self.verdict, Verdict::Allowed)
    }

    /// Why it is refused, if it is.
    pub const fn refusal(&self) -> Option<Refusal> {
        match self.verdict {
            Verdict::Allowed => None,
            Verdict::Refused(refusal) => Some(refusal),
            Verdict::NotExact(value) => Some(match OriginOrNull::parse(value) {
                Ok(OriginOrNull::Origin(_)) => Refusal::new(Reason::OriginNotAllowed),
                Ok(OriginOrNull::Null) => Refusal::new(Reason::NullNotAllowed),
                Err(error) => Refusal::at(Reason::OriginMalformed, error.at() as u16),
            }),
        }
    }
}
