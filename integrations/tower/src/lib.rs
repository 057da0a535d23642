#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

mod future;
mod policies;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use embedded_cors::{
    CorsHeaders, Decision, Doors, DoorsDecision, DoorsHeaders, DoorsRequest, OriginOrNull, OwnedDoors,
    PolicySource, Request,
};
use http::HeaderMap;
use tower_layer::Layer;
use tower_service::Service;

pub use future::ResponseFuture;
use policies::Policies;
pub use policies::{Fixed, FromFn};

/// Is told of refusals.
type OnRefusal = dyn Fn(&Decision<'_>, Option<OriginOrNull<'_>>) + Send + Sync;

/// Is told of refusals at the doors.
type OnDoorsRefusal = dyn Fn(&DoorsDecision<'_>, Option<OriginOrNull<'_>>) + Send + Sync;

/// A layer that answers preflights and sets the CORS fields of all other responses.
///
/// It belongs outside every layer that answers requests, such as authentication, timeouts and the
/// conversion of panics. Responses that do not pass through it have no CORS fields.
///
/// Its first parameter is where the policy comes from: [`new`](Self::new) or
/// [`from_fn`](Self::from_fn).
#[derive(Clone)]
pub struct CorsLayer<P> {
    policies: P,
    doors: Option<AnyDoors>,
    on_refusal: Option<Arc<OnRefusal>>,
    on_doors_refusal: Option<Arc<OnDoorsRefusal>>,
}

impl<S: PolicySource> CorsLayer<Fixed<S>> {
    /// Creates a layer with one policy: a `&'static Policy<'static>`, an `Arc<OwnedPolicy>`, or
    /// rules.
    ///
    /// ```
    /// use embedded_cors::Policy;
    /// use embedded_cors_tower::CorsLayer;
    ///
    /// static CORS: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    ///
    /// let app: axum::Router = axum::Router::new()
    ///     .route("/", axum::routing::get(async || "Hello"))
    ///     .layer(CorsLayer::new(&CORS));
    /// ```
    pub const fn new(policy: S) -> Self {
        Self {
            policies: Fixed(policy),
            doors: None,
            on_refusal: None,
            on_doors_refusal: None,
        }
    }
}

impl<F: Fn() -> S, S: PolicySource> CorsLayer<FromFn<F>> {
    /// Creates a layer that asks for the current policy at each request, for a policy that is
    /// swapped while the server runs.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use arc_swap::ArcSwap;
    /// use embedded_cors::OwnedPolicy;
    /// use embedded_cors_tower::CorsLayer;
    ///
    /// let current = Arc::new(ArcSwap::from_pointee(OwnedPolicy::from_origins(["https://a.example"])?));
    ///
    /// let for_layer = Arc::clone(&current);
    /// let layer = CorsLayer::from_fn(move || for_layer.load_full());
    /// # let app: axum::Router = axum::Router::new().layer(layer);
    ///
    /// // When the configuration has changed:
    /// current.store(Arc::new(OwnedPolicy::from_origins(["https://b.example"])?));
    /// # Ok::<(), embedded_cors::PolicyErrors>(())
    /// ```
    pub const fn from_fn(current: F) -> Self {
        Self {
            policies: FromFn(current),
            doors: None,
            on_refusal: None,
            on_doors_refusal: None,
        }
    }
}

impl<P> CorsLayer<P> {
    /// Decides on hosts, WebSocket handshakes, unsafe methods and event streams too. A request that
    /// is refused there does not reach the inner service. The doors get the policy from the layer,
    /// so they are built without one:
    ///
    /// ```
    /// # use embedded_cors::{Doors, Policy};
    /// # use embedded_cors_tower::CorsLayer;
    /// # static CORS: Policy = Policy::builder().build_or_panic();
    /// static DOORS: Doors<()> =
    ///     Doors::builder(()).allow_hosts(&["api.example.com"]).allow_localhost().build_or_panic();
    ///
    /// let layer = CorsLayer::new(&CORS).doors(DOORS);
    /// # let app: axum::Router = axum::Router::new().layer(layer);
    /// ```
    #[must_use]
    pub fn doors(mut self, doors: Doors<'static, ()>) -> Self {
        self.doors = Some(AnyDoors::Static(doors));
        self
    }

    /// Does the same as [`doors`](Self::doors), with doors that were built at run time, such as
    /// from a configuration file.
    ///
    /// ```
    /// # use embedded_cors::{DoorsConfig, Policy};
    /// # use embedded_cors_tower::CorsLayer;
    /// # static CORS: Policy = Policy::builder().build_or_panic();
    /// # let hosts_of_file = vec!["api.example.com".to_owned()];
    /// let config = DoorsConfig { allow_hosts: hosts_of_file, ..Default::default() };
    /// let layer = CorsLayer::new(&CORS).owned_doors(config.build()?);
    /// # let app: axum::Router = axum::Router::new().layer(layer);
    /// # Ok::<(), embedded_cors::DoorsErrors>(())
    /// ```
    #[must_use]
    pub fn owned_doors(mut self, doors: impl Into<Arc<OwnedDoors>>) -> Self {
        self.doors = Some(AnyDoors::Owned(doors.into()));
        self
    }

    /// Calls `on_refusal` with each request that is refused, for a log or a counter.
    ///
    /// Both arguments are bounded. The decision contains nothing of the request that was not parsed
    /// in full, and its `Display` output has no bytes of the request. The origin is `None` if it is
    /// malformed.
    ///
    /// ```
    /// # use embedded_cors::Policy;
    /// # use embedded_cors_tower::CorsLayer;
    /// # static CORS: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    /// let layer = CorsLayer::new(&CORS).on_refusal(|decision, origin| match origin {
    ///     Some(origin) => eprintln!("{decision}: {origin}"),
    ///     None => eprintln!("{decision}"),
    /// });
    /// # let app: axum::Router = axum::Router::new().layer(layer);
    /// ```
    #[must_use]
    pub fn on_refusal(
        mut self,
        on_refusal: impl Fn(&Decision<'_>, Option<OriginOrNull<'_>>) + Send + Sync + 'static,
    ) -> Self {
        self.on_refusal = Some(Arc::new(on_refusal));
        self
    }
}

impl<P> CorsLayer<P> {
    /// Calls `on_refusal` with each request that is refused at the [doors](Self::doors), for a log
    /// or a counter. Such a request may be allowed to read, so it need not be one of those that
    /// [`on_refusal`](Self::on_refusal) is called with.
    ///
    /// Both arguments are bounded. The decision's `Display` output has no bytes of the request, and
    /// the origin is `None` if it is malformed.
    ///
    /// ```
    /// # use embedded_cors::{Doors, Policy};
    /// # use embedded_cors_tower::CorsLayer;
    /// # static CORS: Policy = Policy::builder().build_or_panic();
    /// # static DOORS: Doors<()> = Doors::builder(()).build_or_panic();
    /// let layer = CorsLayer::new(&CORS)
    ///     .doors(DOORS)
    ///     .on_doors_refusal(|decision, _origin| eprintln!("{decision}"));
    /// # let app: axum::Router = axum::Router::new().layer(layer);
    /// ```
    #[must_use]
    pub fn on_doors_refusal(
        mut self,
        on_refusal: impl Fn(&DoorsDecision<'_>, Option<OriginOrNull<'_>>) + Send + Sync + 'static,
    ) -> Self {
        self.on_doors_refusal = Some(Arc::new(on_refusal));
        self
    }

    /// Returns the answer of the doors, which have the policy's decision.
    fn answer_of_doors(
        &self,
        doors: &Doors<'_, ()>,
        request: &DoorsRequest<'_>,
        cors: &Decision<'_>,
    ) -> Answer {
        let decision = doors.decide_with(request, |_| cors.clone());
        if let Some(on_refusal) = &self.on_doors_refusal
            && decision.is_refused()
        {
            on_refusal(&decision, request.request().origin());
        }
        match decision.response() {
            Some(response) => {
                let mut headers = HeaderMap::new();
                decision.apply_to(&mut headers);
                Answer::AtOnce(response.status(), headers)
            }
            None => Answer::Fields(Headers::Doors(decision.to_headers())),
        }
    }
}

/// Doors in a `static`, or doors that were built at run time.
#[derive(Clone)]
enum AnyDoors {
    Static(Doors<'static, ()>),
    Owned(Arc<OwnedDoors>),
}

impl AnyDoors {
    fn doors(&self) -> Doors<'_, ()> {
        match self {
            Self::Static(doors) => *doors,
            Self::Owned(doors) => doors.doors(),
        }
    }
}

impl<P> fmt::Debug for CorsLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsLayer").finish_non_exhaustive()
    }
}

impl<P: Clone, I> Layer<I> for CorsLayer<P> {
    type Service = Cors<P, I>;

    fn layer(&self, inner: I) -> Cors<P, I> {
        Cors {
            layer: self.clone(),
            inner,
        }
    }
}

/// A service with CORS. [`CorsLayer`] creates it.
#[derive(Clone, Debug)]
pub struct Cors<P, I> {
    layer: CorsLayer<P>,
    inner: I,
}

/// A decision as the values that outlive the request.
#[allow(
    clippy::large_enum_variant,
    reason = "it is moved once, into a future of the same size"
)]
enum Answer {
    /// The status and head of the whole response.
    AtOnce(u16, HeaderMap),
    /// The fields for the response of the inner service.
    Fields(Headers),
}

/// The fields for the response of the inner service.
#[derive(Debug)]
pub(crate) enum Headers {
    Cors(CorsHeaders),
    Doors(DoorsHeaders),
}

impl Headers {
    pub(crate) fn apply_to(self, headers: &mut HeaderMap) {
        match self {
            Self::Cors(fields) => fields.apply_to(headers),
            Self::Doors(fields) => fields.apply_to(headers),
        }
    }
}

impl<P, I, RequestBody, ResponseBody> Service<http::Request<RequestBody>> for Cors<P, I>
where
    P: Policies,
    I: Service<http::Request<RequestBody>, Response = http::Response<ResponseBody>>,
    ResponseBody: Default,
{
    type Response = I::Response;
    type Error = I::Error;
    type Future = ResponseFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<RequestBody>) -> Self::Future {
        let asked = Request::from(&request);
        let at_doors = self
            .layer
            .doors
            .as_ref()
            .map(|doors| (doors.doors(), DoorsRequest::from(&request)));
        let answer = self.layer.policies.decide(&asked, |decision| {
            if let Some(on_refusal) = &self.layer.on_refusal
                && decision.is_refused()
            {
                on_refusal(decision, asked.origin());
            }
            if let Some((doors, request)) = &at_doors {
                return self.layer.answer_of_doors(doors, request, decision);
            }
            match decision.preflight() {
                Some(preflight) => {
                    let mut headers = HeaderMap::new();
                    decision.apply_to(&mut headers);
                    Answer::AtOnce(preflight.status(), headers)
                }
                None => Answer::Fields(Headers::Cors(decision.to_headers())),
            }
        });
        match answer {
            Answer::AtOnce(status, headers) => ResponseFuture::at_once(status, headers),
            Answer::Fields(headers) => ResponseFuture::inner(self.inner.call(request), headers),
        }
    }
}
