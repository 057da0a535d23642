//! The decision on a request, by a policy alone or at doors.

use embedded_cors::{Decide, Decision, Doors, DoorsDecision, DoorsRequest, Field, OriginOrNull, Request};
use picoserve::request::RequestParts;

/// The place of doors in a layer without them.
#[derive(Clone, Copy, Debug)]
pub struct WithoutDoors;

/// Doors, or [`WithoutDoors`]. `R` is called with each request that is refused.
pub trait DoorsOrNone<R> {
    /// The decision.
    type Decision<'r>: Answer;

    /// Decides on a request. This function is not `async`, since otherwise the request would be a
    /// part of the layer's future.
    fn decide<'r>(
        &self,
        policy: &'r impl Decide,
        parts: &RequestParts<'r>,
        on_refusal: &R,
    ) -> Self::Decision<'r>;
}

/// A decision, as the layer uses it.
pub trait Answer {
    /// Returns the status of the response, if the layer has to send it itself.
    fn status_at_once(&self) -> Option<u16>;

    /// Returns the fields of each response.
    fn fields(&self) -> impl Iterator<Item = Field<'_>>;
}

impl Answer for Decision<'_> {
    fn status_at_once(&self) -> Option<u16> {
        self.preflight().map(|preflight| preflight.status())
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        Decision::fields(self)
    }
}

impl Answer for DoorsDecision<'_> {
    fn status_at_once(&self) -> Option<u16> {
        self.response().map(|response| response.status())
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        DoorsDecision::fields(self)
    }
}

impl<R: Fn(&Decision<'_>, Option<OriginOrNull<'_>>)> DoorsOrNone<R> for WithoutDoors {
    type Decision<'r> = Decision<'r>;

    fn decide<'r>(&self, policy: &'r impl Decide, parts: &RequestParts<'r>, on_refusal: &R) -> Decision<'r> {
        let mut request = Request::new(parts.method());
        for (name, value) in parts.headers() {
            request.push(name.as_raw(), value.as_raw());
        }
        let decision = policy.decide(&request);
        if decision.is_refused() {
            on_refusal(&decision, request.origin());
        }
        decision
    }
}

impl<R: Fn(&DoorsDecision<'_>, Option<OriginOrNull<'_>>)> DoorsOrNone<R> for Doors<'_, ()> {
    type Decision<'r> = DoorsDecision<'r>;

    fn decide<'r>(
        &self,
        policy: &'r impl Decide,
        parts: &RequestParts<'r>,
        on_refusal: &R,
    ) -> DoorsDecision<'r> {
        let mut request = DoorsRequest::new(parts.method());
        // A target in absolute form is a path to picoserve. What it has cut off at a `#` would be a
        // part of the authority.
        let target = parts.path().encoded();
        request.set_target(target);
        if parts.fragments().is_some() && !target.starts_with('/') {
            request.mark_incomplete();
        }
        if parts.http_version() == "HTTP/1.0" {
            request.set_http_1_0();
        }
        for (name, value) in parts.headers() {
            request.push(name.as_raw(), value.as_raw());
        }
        let decision = self.decide_with(&request, |request| policy.decide(request));
        if decision.is_refused() {
            on_refusal(&decision, request.request().origin());
        }
        decision
    }
}
