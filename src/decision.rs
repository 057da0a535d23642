//! Policy and request in, decision out, in the order of Fetch's own steps.

use core::fmt;

use crate::allowlist::{Admitted, Spurned};
use crate::ascii::as_str;
use crate::head::{Flaw, Found, Head};
use crate::list::{Lines, ListCheck, MAX_LINES, check_strict};
use crate::members::{Echo, EchoMembers, ExistingVary};
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
#[derive(Clone)]
#[must_use = "a decision does nothing until its fields are sent"]
pub struct Decision<'a> {
    pub(crate) policy: &'a Policy<'a>,
    pub(crate) kind: Kind,
    pub(crate) is_options: bool,
    pub(crate) verdict: Verdict<'a>,
    /// What admitted the origin, if something did.
    pub(crate) admitted: Option<Admitted<'a>>,
    /// The requested method, once it was parsed; empty before.
    pub(crate) requested_method: &'a [u8],
    /// The requested headers, to be echoed.
    pub(crate) requested_headers: Option<Echo<'a>>,
    /// The bits of the policy's headers that were asked for.
    pub(crate) asked: u64,
    pub(crate) private_network: bool,
    /// The server's own `Vary`.
    pub(crate) vary: Option<ExistingVary<'a>>,
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("kind", &self.kind)
            .field("refusal", &self.refusal())
            .field("admitted", &self.admitted)
            .field("requested_method", &as_str(self.requested_method))
            .field("requested_headers", &self.requested_headers)
            .field("private_network", &self.private_network)
            .field("vary", &self.vary)
            .field("policy", self.policy)
            .finish()
    }
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
            requested_method: b"",
            requested_headers: None,
            asked: 0,
            private_network: false,
            vary: None,
        }
    }

    // Not inlined, so that other requests do not pay for its frame.
    #[inline(never)]
    fn judge_preflight(&'a self, head: &Head<&'a [u8]>, requested: Requested<'_, 'a>) -> Decision<'a> {
        let (mut verdict, admitted) = self.judge_origin(head);
        let is_shared = matches!(verdict, Verdict::Allowed);
        let (mut requested_method, mut asked) = (&b""[..], Asked::NOTHING);
        // Whoever is refused for its origin learns nothing else.
        if is_shared {
            let method = self.judge_method(head);
            asked = self.judge_headers(head, &requested);
            requested_method = method.unwrap_or(b"");
            if let Some(refusal) = method.err().or(asked.refusal) {
                verdict = Verdict::Refused(refusal);
            }
        }
        Decision {
            policy: self,
            kind: Kind::Preflight,
            is_options: head.is_options,
            verdict,
            admitted,
            requested_method,
            requested_headers: match (asked.echo, requested) {
                (Some(members), Requested::Lines(lines)) => Some(Echo::new(lines, members)),
                _ => None,
            },
            asked: asked.headers,
            private_network: is_shared
                && self.options.private_network
                && head.private_network == Found::Value(true),
            vary: None,
        }
    }

    /// What the origin makes of a request, and what admits it.
    // Not inlined, so that its frame is not there while fields are written.
    #[inline(never)]
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

    /// The requested method, if it is allowed: Fetch section 4.8 step 7.5.
    fn judge_method(&'a self, head: &Head<&'a [u8]>) -> Result<&'a [u8], Refusal> {
        let value = match head.method {
            Found::Value(value) => value,
            Found::Repeated => return Err(Refusal::new(Reason::RequestMethodRepeated)),
            Found::Cut => return Err(Refusal::new(Reason::RequestMethodCut)),
            Found::Malformed | Found::Absent => {
                return Err(Refusal::new(Reason::RequestMethodMalformed));
            }
        };
        let mut entries = self.methods.entries.iter();
        let is_listed = |entry: &&str| entry.as_bytes() == value;
        // A safelisted method needs no permission.
        let listed = names::safelisted_method(value).or_else(|| entries.find(is_listed));
        if let Some(method) = listed {
            return Ok(method.as_bytes());
        }
        if !names::is_token(value) {
            return Err(Refusal::new(Reason::RequestMethodMalformed));
        }
        if !self.methods.any || names::is_forbidden_method(value) {
            return Err(Refusal::new(Reason::MethodNotAllowed));
        }
        if self.options.credentials && value.len() > MAX_METHOD_LEN {
            return Err(Refusal::new(Reason::EchoTooLong));
        }
        Ok(value)
    }

    /// Fetch section 4.8 steps 7.6 and 7.7.
    // Not inlined, so that its frame is not there while the origin is judged.
    #[inline(never)]
    fn judge_headers(&self, head: &Head<&[u8]>, requested: &Requested<'_, '_>) -> Asked {
        match head.list_flaw {
            Some(Flaw::Cut) => return Asked::refused(Reason::RequestHeadersCut),
            Some(Flaw::Malformed) => return Asked::refused(Reason::RequestHeadersMalformed),
            None => {}
        }
        if head.list_lines > MAX_LINES {
            return Asked::refused(Reason::RequestHeadersOverBudget);
        }
        let lines = match requested {
            Requested::Checked(check) => return Asked::by(check),
            Requested::Lines(lines) => lines,
        };
        if self.options.strict {
            if head.list_lines > 1 {
                return Asked::refused(Reason::RequestHeadersNotStrict);
            }
            if let Err(index) = check_strict(lines.names()) {
                return Asked {
                    refusal: Some(Refusal::at(Reason::RequestHeadersNotStrict, index)),
                    ..Asked::NOTHING
                };
            }
        }
        let check = ListCheck::of(lines.names(), &self.headers);
        let asked = Asked::by(&check);
        if !self.echoes_headers() || asked.refusal.is_some() || check.is_empty() {
            return asked;
        }
        if check.joined_len() > self.max_echoed_len() {
            return Asked::refused(Reason::EchoTooLong);
        }
        Asked {
            echo: Some(Echo::MEMBERS),
            ..asked
        }
    }
}

/// What the requested headers come to.
#[derive(Clone, Copy)]
struct Asked {
    /// The bits of the policy's headers that were asked for.
    headers: u64,
    /// If they are to be echoed.
    echo: Option<EchoMembers>,
    refusal: Option<Refusal>,
}

impl Asked {
    const NOTHING: Self = Self {
        headers: 0,
        echo: None,
        refusal: None,
    };

    const fn refused(reason: Reason) -> Self {
        Self {
            refusal: Some(Refusal::new(reason)),
            ..Self::NOTHING
        }
    }

    fn by(check: &ListCheck) -> Self {
        Self {
            headers: check.asked(),
            refusal: check.refused().map(|(reason, index)| Refusal::at(reason, index)),
            ..Self::NOTHING
        }
    }
}

impl<'a> Decision<'a> {
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

#[cfg(test)]
mod tests {
    use crate::Request;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    #[test]
    fn a_decision_is_shown_with_its_texts() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let shown = format!("{:?}", POLICY.decide(&request));
        for text in [
            "kind: Preflight",
            "admitted: Some(\"https://app.example.com\")",
            "requested_method: \"PUT\"",
        ] {
            assert!(shown.contains(text), "{text} is not in {shown}");
        }
    }
}
