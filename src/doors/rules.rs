//! The rules, in the order in which they are asked.

use super::authority::Authority;
use super::decision::{Door, DoorsDecision, MoreVary};
use super::facts::{FetchSite, Method};
use super::settings::Isolate;
use super::{Doors, DoorsRequest};
use crate::decision::{Decide, Decision, RequestKind};
use crate::names::Vary;
use crate::origin::{Origin, OriginOrNull};
use crate::reason::{Reason, Refusal};
use crate::request::Request;
use crate::request::head::FieldState;

/// A request with its host, and with the policy's decision on its origin.
struct Asked<'d, 'a> {
    request: &'d DoorsRequest<'a>,
    host: Option<Authority<'a>>,
    cors: &'d Decision<'a>,
}

impl<'d, C: Decide> Doors<'d, C> {
    /// Decides on a request. See [the rules](Self#the-rules).
    ///
    /// The work is that of the policy's decision, and grows with the bytes of the host times the
    /// list of hosts. If the policy has every host of a scheme among its entries, an unsafe method
    /// costs a second look at each entry.
    pub fn decide<'a>(&'a self, request: &DoorsRequest<'a>) -> DoorsDecision<'a> {
        self.decide_with(request, |request| self.cors.decide(request))
    }
}

impl<C> Doors<'_, C> {
    /// Decides on a request by the decision that `cors` returns for its CORS fields, which is not
    /// called if the host is refused.
    ///
    /// It is for servers that choose the policy for each request, and for adapters. Their doors
    /// need no policy: `Doors::builder(())`.
    pub fn decide_with<'a>(
        &self,
        request: &DoorsRequest<'a>,
        cors: impl FnOnce(&Request<'a>) -> Decision<'a>,
    ) -> DoorsDecision<'a> {
        let host = match self.decide_host(request) {
            Ok(host) => host,
            Err(refusal) => return self.decision(Door::Host, Some(refusal), None, MoreVary::NOTHING),
        };
        let cors = cors(&request.request);
        let asked = Asked {
            request,
            host,
            cors: &cors,
        };
        let (door, refusal) = self.decide_after_host(&asked);
        let lacks_origin = matches!(cors.required_vary, Vary::Nothing | Vary::Requested);
        let vary = MoreVary {
            origin: lacks_origin
                && door != Door::Preflight
                && (self.settings.enforce || refusal.is_some() || door == Door::EventStream),
            accept: door == Door::EventStream && !request.facts.is_event_stream,
            sec_fetch: !matches!(self.settings.isolate, Isolate::No),
        };
        self.decision(door, refusal, Some(cors), vary)
    }

    const fn decision<'a>(
        &self,
        door: Door,
        refusal: Option<Refusal>,
        cors: Option<Decision<'a>>,
        vary: MoreVary,
    ) -> DoorsDecision<'a> {
        DoorsDecision {
            door,
            refusal,
            cors,
            vary,
            resource_policy: self.settings.resource_policy,
            host_refused: self.settings.host_refused,
        }
    }

    /// Decides on the host, and returns it if there is one
    /// (<https://www.rfc-editor.org/rfc/rfc9112#section-3.2>,
    /// <https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1>).
    fn decide_host<'a>(&self, request: &DoorsRequest<'a>) -> Result<Option<Authority<'a>>, Refusal> {
        if !request.request.head.is_complete {
            return Err(Refusal::new(Reason::HeadIncomplete));
        }
        let target = authority(&request.target)?;
        let line = match (&target, &request.host) {
            // The `Host` line is ignored beside a target in absolute form. Two lines are refused
            // nevertheless: proxies disagree about which of them counts.
            (Some(_), FieldState::Repeated) => return Err(Refusal::new(Reason::HostRepeated)),
            (Some(_), _) => None,
            (None, line) => authority(line)?,
        };
        let pseudo = authority(&request.authority)?;
        if let (Some(pseudo), Some(line)) = (&pseudo, &line)
            && !pseudo.is_same(line, request.facts.default_port)
        {
            return Err(Refusal::new(Reason::HostDiffers));
        }
        let host = target.or(pseudo).or(line);
        if !self.settings.checks_hosts() {
            return Ok(host);
        }
        match host {
            None if !request.facts.is_http_1_0 => Err(Refusal::new(Reason::HostMissing)),
            Some(host) if !self.settings.admit(&host) => Err(Refusal::new(Reason::HostNotAllowed)),
            host => Ok(host),
        }
    }

    fn decide_after_host(&self, asked: &Asked<'_, '_>) -> (Door, Option<Refusal>) {
        let facts = &asked.request.facts;
        if asked.cors.kind() == RequestKind::Preflight {
            return (Door::Preflight, asked.cors.refusal());
        }
        if facts.method == Method::Get && facts.upgrades
            || facts.method == Method::Connect && facts.is_websocket_protocol
        {
            return (Door::WebSocket, self.decide_handshake(asked));
        }
        if !facts.method.is_safe() {
            return (Door::UnsafeMethod, self.decide_unsafe(asked));
        }
        let is_event_stream = facts.is_event_stream || facts.method == Method::Get && facts.accepts_events;
        let door = if is_event_stream {
            Door::EventStream
        } else {
            Door::SafeMethod
        };
        let refusal = if is_event_stream || self.settings.enforce {
            self.decide_reader(asked)
        } else {
            None
        };
        (door, refusal.or_else(|| self.decide_isolated(asked)))
    }

    /// Decides on a WebSocket handshake, after which there is no CORS check
    /// (<https://www.rfc-editor.org/rfc/rfc6455#section-10.2>).
    ///
    /// `Sec-Fetch-Site` is not asked, because some browsers do not send it with a handshake.
    fn decide_handshake(&self, asked: &Asked<'_, '_>) -> Option<Refusal> {
        if asked.request.request.head.origin.is_absent() {
            return self.missing_origin();
        }
        match asked.origin() {
            // The origins `*` admit each value, but no browser sends these with a handshake.
            Err(refusal) => Some(refusal),
            Ok(_) => self.decide_reader(asked),
        }
    }

    /// Decides on a request with an unsafe method.
    fn decide_unsafe(&self, asked: &Asked<'_, '_>) -> Option<Refusal> {
        let is_absent = asked.request.request.head.origin.is_absent();
        if !is_absent {
            if let Err(refusal) = asked.origin() {
                return Some(refusal);
            }
            if self.trusts(asked) {
                return None;
            }
        }
        match asked.request.facts.site {
            FetchSite::SameOrigin | FetchSite::None => self.decide_enforced(asked),
            FetchSite::Absent if is_absent => self.missing_origin(),
            FetchSite::Absent if self.is_own(asked) => None,
            _ if asked.is_admitted() => Some(Refusal::new(Reason::OriginNotTrusted)),
            FetchSite::Absent => asked.cors.refusal(),
            FetchSite::SameSite | FetchSite::CrossSite => Some(Refusal::new(Reason::CrossSite)),
        }
    }

    /// Decides as [`enforce`](super::DoorsBuilder::enforce) says, if it is set.
    fn decide_enforced(&self, asked: &Asked<'_, '_>) -> Option<Refusal> {
        if self.settings.enforce {
            self.decide_reader(asked)
        } else {
            None
        }
    }

    /// Refuses an `Origin` that the policy does not admit, and that is not the server's own.
    fn decide_reader(&self, asked: &Asked<'_, '_>) -> Option<Refusal> {
        if self.is_own(asked) {
            return None;
        }
        asked.cors.refusal()
    }

    /// Decides as [`isolate`](super::DoorsBuilder::isolate) says
    /// (<https://www.w3.org/TR/fetch-metadata/>).
    fn decide_isolated(&self, asked: &Asked<'_, '_>) -> Option<Refusal> {
        let facts = &asked.request.facts;
        let is_foreign = match (self.settings.isolate, facts.site) {
            (Isolate::No, _) => false,
            (Isolate::CrossSite, site) => site == FetchSite::CrossSite,
            (Isolate::CrossSiteAndSameSite, site) => {
                matches!(site, FetchSite::CrossSite | FetchSite::SameSite)
            }
        };
        let is_navigation = facts.is_navigation == Some(true)
            && facts.is_plugin != Some(true)
            && matches!(facts.method, Method::Get | Method::Head);
        let is_refused = is_foreign && !asked.is_admitted() && !is_navigation;
        is_refused.then_some(Refusal::new(Reason::CrossSite))
    }

    fn missing_origin(&self) -> Option<Refusal> {
        let refusal = Refusal::new(Reason::OriginMissing);
        self.settings.require_origin.then_some(refusal)
    }

    /// Returns whether the request is one of the server's own page.
    fn is_own(&self, asked: &Asked<'_, '_>) -> bool {
        match (asked.host, asked.origin()) {
            (Some(host), Ok(Some(origin))) => host.is_of(&origin, self.settings.https),
            _ => false,
        }
    }

    /// Returns whether the policy gives trust to the origin. See [trust](Doors#trust).
    fn trusts(&self, asked: &Asked<'_, '_>) -> bool {
        if !asked.is_admitted() {
            return false;
        }
        match asked.origin() {
            _ if self.settings.trust_every_origin => true,
            Ok(Some(origin)) => asked.cors.policy.origins.trusts(&origin),
            _ => false,
        }
    }
}

impl<'a> Asked<'_, 'a> {
    /// Returns whether the policy admits the origin of the request, which has one.
    const fn is_admitted(&self) -> bool {
        self.cors.is_allowed()
    }

    /// Returns the origin, or `None` for `null`; or why there is not one valid origin.
    fn origin(&self) -> Result<Option<Origin<'a>>, Refusal> {
        let reason = match self.request.request.head.origin {
            FieldState::Value(value) => {
                return match OriginOrNull::parse(value) {
                    Ok(OriginOrNull::Origin(origin)) => Ok(Some(origin)),
                    Ok(OriginOrNull::Null) => Ok(None),
                    Err(error) => Err(Refusal::at(Reason::OriginMalformed, error.at() as u16)),
                };
            }
            FieldState::Absent => Reason::OriginMissing,
            FieldState::Repeated => Reason::OriginRepeated,
            FieldState::Truncated => Reason::OriginTruncated,
            FieldState::Malformed => Reason::OriginMalformed,
        };
        Err(Refusal::new(reason))
    }
}

/// Returns the authority that a field has, if there is the field.
fn authority<'a>(field: &FieldState<&'a [u8]>) -> Result<Option<Authority<'a>>, Refusal> {
    let reason = match *field {
        FieldState::Absent => return Ok(None),
        FieldState::Value(value) => {
            return match Authority::parse(value) {
                Ok(authority) => Ok(Some(authority)),
                Err(index) => Err(Refusal::at(
                    Reason::HostMalformed,
                    u16::try_from(index).unwrap_or(u16::MAX),
                )),
            };
        }
        FieldState::Repeated => Reason::HostRepeated,
        FieldState::Truncated => Reason::HostTruncated,
        FieldState::Malformed => Reason::HostMalformed,
    };
    Err(Refusal::new(reason))
}
