//! CORS for picoserve 0.20, as a layer. Take this file into your firmware, and put the layer around all routes:
//!
//! ```text
//! let app = Router::new().route("/status", get(status)).layer(Cors(&CORS));
//! ```
//!
//! - Around all routes, and behind no layer that answers by itself: what the layer does not see has no CORS fields. It sees 404 and
//!   405, which picoserve answers inside of it, and 401 of an extractor. A layer on a method router alone sees no 404.
//! - No route for `OPTIONS` is needed. A preflight is answered here, before routing and before any extractor that authenticates.
//! - A handler writes no `Access-Control-*` field of its own: a browser refuses two of them.
//! - Nothing is copied: the fields go from the policy and from the head in picoserve's buffer into the socket's.
//! - There is nothing to say to `Request::mark_incomplete`: picoserve keeps every field of a head, or answers 400 by itself if its
//!   buffer is too short. That 400 is no concern of any layer and has no CORS fields, so a page sees "CORS error". A browser's head
//!   without cookies has less than 1 KiB; give the buffer 2 KiB.

use embedded_cors::{Decision, Policy, Request};
use picoserve::ResponseSent;
use picoserve::io::Read;
use picoserve::request::RequestParts;
use picoserve::response::{
    Body, Connection, ForEachHeader, HeadersIter, Response, ResponseWriter, StatusCode,
};
use picoserve::routing::{Layer, Next};

/// The layer.
pub struct Cors(pub &'static Policy<'static>);

impl<State, PathParameters> Layer<State, PathParameters> for Cors {
    type NextState = State;
    type NextPathParameters = PathParameters;

    async fn call_layer<'a, R, N, W>(
        &self,
        next: N,
        state: &State,
        path_parameters: PathParameters,
        parts: RequestParts<'_>,
        writer: W,
    ) -> Result<ResponseSent, W::Error>
    where
        R: Read + 'a,
        N: Next<'a, R, State, PathParameters>,
        W: ResponseWriter<Error = R::Error>,
    {
        let decision = decide(self.0, &parts);
        let writer = WithFields {
            writer,
            decision: &decision,
        };
        let Some(preflight) = decision.preflight() else {
            return next.run(state, path_parameters, writer).await;
        };
        let response = Response::empty(StatusCode::new(preflight.status()));
        writer
            .write_response(
                next.into_connection().await?,
                response.with_header("content-length", 0),
            )
            .await
    }
}

/// No `async`: else the request would be part of the layer's future.
fn decide<'r>(policy: &'r Policy<'r>, parts: &RequestParts<'r>) -> Decision<'r> {
    let mut request = Request::new(parts.method());
    for (name, value) in parts.headers() {
        request.push(name.as_raw(), value.as_raw());
    }
    policy.decide(&request)
}

/// A writer of responses that adds the decision's fields to each.
struct WithFields<'d, W> {
    writer: W,
    decision: &'d Decision<'d>,
}

impl<W: ResponseWriter> ResponseWriter for WithFields<'_, W> {
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

/// An array of names and values would do too, without `ForEachHeader`, which picoserve does not document; but it takes 1.6 KiB more of each
/// connection's memory.
struct Fields<'d>(&'d Decision<'d>);

impl HeadersIter for Fields<'_> {
    async fn for_each_header<F: ForEachHeader>(self, mut f: F) -> Result<F::Output, F::Error> {
        for field in self.0.fields() {
            f.call(field.name(), field.value()).await?;
        }
        f.finalize().await
    }
}
