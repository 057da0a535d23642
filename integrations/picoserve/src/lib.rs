#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

mod doors;
mod policies;

use embedded_cors::{Decision, Doors, DoorsDecision, OriginOrNull, PolicySource};
use picoserve::ResponseSent;
use picoserve::io::Read;
use picoserve::request::RequestParts;
use picoserve::response::{
    Body, Connection, ForEachHeader, HeadersIter, Response, ResponseWriter, StatusCode,
};
use picoserve::routing::{Layer, Next};

pub use doors::WithoutDoors;
use doors::{Answer, DoorsOrNone};
use policies::Policies;
pub use policies::{Fixed, FromFn};

/// A layer that answers preflights and adds the CORS fields to all other responses.
///
/// `P` is where the policy comes from: [`new`](Self::new) or [`from_fn`](Self::from_fn). `R` is
/// called with each request that is refused. `D` are the [`doors`](Self::doors), if there are any;
/// they are a parameter, so that programs without doors link nothing of them.
#[derive(Clone, Copy, Debug)]
pub struct Cors<P, R = fn(&Decision<'_>, Option<OriginOrNull<'_>>), D = WithoutDoors> {
    policies: P,
    doors: D,
    on_refusal: R,
}

/// A layer with [`doors`](Cors::doors). `R` is called with each request that is refused there.
pub type CorsAtDoors<'d, P, R = fn(&DoorsDecision<'_>, Option<OriginOrNull<'_>>)> = Cors<P, R, Doors<'d, ()>>;

impl<S: PolicySource> Cors<Fixed<S>> {
    /// Creates a layer with one policy: a `&'static Policy<'static>`, rules, a
    /// `FixedCapacityPolicy`, or an `OwnedPolicy`.
    pub const fn new(policy: S) -> Self {
        Self {
            policies: Fixed(policy),
            doors: WithoutDoors,
            on_refusal: |_, _| {},
        }
    }
}

impl<F: Fn() -> S, S: PolicySource> Cors<FromFn<F>> {
    /// Creates a layer that asks for the current policy at each request, such as an
    /// `Rc<OwnedPolicy>`, for a policy that is swapped while the server runs.
    pub const fn from_fn(current: F) -> Self {
        Self {
            policies: FromFn(current),
            doors: WithoutDoors,
            on_refusal: |_, _| {},
        }
    }
}

impl<P, R> Cors<P, R> {
    /// Decides on hosts, WebSocket handshakes, unsafe methods and event streams too. A request that
    /// is refused there does not reach a handler. The doors get the policy from the layer, so they
    /// are built without one:
    ///
    /// ```
    /// # use embedded_cors::{Doors, Policy};
    /// # use embedded_cors_picoserve::Cors;
    /// # static CORS: Policy = Policy::builder().build_or_panic();
    /// static DOORS: Doors<()> =
    ///     Doors::builder(()).allow_hosts(&["lamp.local"]).allow_ip_literals().build_or_panic();
    ///
    /// let cors = Cors::new(&CORS).doors(DOORS);
    /// # let _ = cors;
    /// ```
    ///
    /// With doors, `on_refusal` gets the decision of the doors, so it is called after this method.
    pub fn doors<'d>(self, doors: Doors<'d, ()>) -> CorsAtDoors<'d, P> {
        Cors {
            policies: self.policies,
            doors,
            on_refusal: |_, _| {},
        }
    }

    /// Calls `on_refusal` with each request that is refused, for a log or a counter.
    ///
    /// Both arguments are bounded. The decision contains nothing of the request that was not parsed
    /// in full, and its `Display` output has no bytes of the request. The origin is `None` if it is
    /// malformed.
    pub fn on_refusal<O: Fn(&Decision<'_>, Option<OriginOrNull<'_>>)>(self, on_refusal: O) -> Cors<P, O> {
        Cors {
            policies: self.policies,
            doors: self.doors,
            on_refusal,
        }
    }
}

impl<'d, P, R> CorsAtDoors<'d, P, R> {
    /// Calls `on_refusal` with each request that is refused at the doors, for a log or a counter.
    ///
    /// Both arguments are bounded. The decision's `Display` output has no bytes of the request, and
    /// the origin is `None` if it is malformed.
    pub fn on_refusal<O: Fn(&DoorsDecision<'_>, Option<OriginOrNull<'_>>)>(
        self,
        on_refusal: O,
    ) -> CorsAtDoors<'d, P, O> {
        Cors {
            policies: self.policies,
            doors: self.doors,
            on_refusal,
        }
    }
}

impl<P, R, D, State, PathParameters> Layer<State, PathParameters> for Cors<P, R, D>
where
    P: Policies,
    D: DoorsOrNone<R>,
{
    type NextState = State;
    type NextPathParameters = PathParameters;

    async fn call_layer<'a, Reader, N, W>(
        &self,
        next: N,
        state: &State,
        path_parameters: PathParameters,
        parts: RequestParts<'_>,
        writer: W,
    ) -> Result<ResponseSent, W::Error>
    where
        Reader: Read + 'a,
        N: Next<'a, Reader, State, PathParameters>,
        W: ResponseWriter<Error = Reader::Error>,
    {
        let current = self.policies.current();
        let policy = current.policy_or_rules();
        let decision = self.doors.decide(&policy, &parts, &self.on_refusal);
        let writer = WithFields {
            writer,
            decision: &decision,
        };
        let Some(status) = decision.status_at_once() else {
            return next.run(state, path_parameters, writer).await;
        };
        let response = Response::empty(StatusCode::new(status));
        writer
            .write_response(
                next.into_connection().await?,
                response.with_header("content-length", 0),
            )
            .await
    }
}

/// A writer of responses that adds the fields of the decision to each.
struct WithFields<'d, W, D> {
    writer: W,
    decision: &'d D,
}

impl<W: ResponseWriter, D: Answer> ResponseWriter for WithFields<'_, W, D> {
    type Error = W::Error;

    async fn write_response<R: Read<Error = W::Error>, H: HeadersIter, B: Body>(
        self,
        connection: Connection<'_, R>,
        response: Response<H, B>,
    ) -> Result<ResponseSent, W::Error> {
        let response = response.with_headers(Fields(self.decision));
        self.writer.write_response(connection, response).await
    }
}

/// The fields of the decision, written one by one with `ForEachHeader`, which picoserve does not
/// document. An array of names and values would work too, but takes 1.6 KiB more of each
/// connection's memory.
struct Fields<'d, D>(&'d D);

impl<D: Answer> HeadersIter for Fields<'_, D> {
    async fn for_each_header<F: ForEachHeader>(self, mut f: F) -> Result<F::Output, F::Error> {
        for field in self.0.fields() {
            f.call(field.name(), field.value()).await?;
        }
        f.finalize().await
    }
}
