//! CORS for edge-http 0.8, for a `Handler`. Take this file into your firmware, and begin every request with it:
//!
//! ```text
//! let mut memory = [0; CORS.max_response_len()];
//! let Some(cors) = Cors::begin(&CORS, connection, &mut memory).await? else {
//!     return Ok(()); // a preflight, and answered: before routing and before authentication
//! };
//! // … route, authenticate, act …
//! cors.initiate_response(connection, 200, &[("content-type", "application/json")]).await?;
//! connection.write_all(content).await
//! ```
//!
//! - Answer with `Cors::initiate_response` on every status, and not with the connection's own: without the fields the page sees "CORS
//!   error" instead of a 401. A handler that fails is answered 500 by edge-http, without them.
//! - `initiate_response` borrows the connection that the request's fields are borrowed from, so what is sent cannot be borrowed from
//!   them. Therefore the fields are written into `memory` first; it is the one copy.
//! - Give every response without content `content-length: 0`. Otherwise edge-http sends `Transfer-Encoding: Chunked`, with a 204 too,
//!   where RFC 9112 section 6.1 forbids it.
//! - There is nothing to say to `Request::mark_incomplete`: edge-http keeps every field of a head, or closes the connection without an
//!   answer if there are more fields or bytes than the server has room for. Fetch does not limit the number of fields; a browser sends
//!   12 to 20, and `Server` keeps 64 unless told otherwise.

use edge_http::io::Error;
use edge_http::io::server::Connection;
use edge_http::{Method, RequestHeaders};
use embedded_cors::{FieldLines, MAX_FIELDS, Policy, Request};
use embedded_io_async::{Read, Write};

/// The most fields of a response: those of CORS, and nine of the handler's. More are an error.
const MAX_RESPONSE_FIELDS: usize = MAX_FIELDS + 9;

/// What CORS has to say in the response to a request.
pub struct Cors<'m>(FieldLines<'m>);

impl<'m> Cors<'m> {
    /// Decides. A preflight is answered at once, and then this is `None`. `memory` is of `Policy::max_response_len` bytes.
    pub async fn begin<T: Read + Write, const N: usize>(
        policy: &Policy<'_>,
        connection: &mut Connection<'_, T, N>,
        memory: &'m mut [u8],
    ) -> Result<Option<Self>, Error<T::Error>> {
        let (preflight, fields) = decide(policy, connection.headers()?, memory)?;
        let cors = Self(fields);
        let Some(status) = preflight else {
            return Ok(Some(cors));
        };
        cors.initiate_response(connection, status, &[("content-length", "0")])
            .await?;
        Ok(None)
    }

    /// `Connection::initiate_response`, with the CORS fields behind the handler's own.
    pub async fn initiate_response<T: Read + Write, const N: usize>(
        &self,
        connection: &mut Connection<'_, T, N>,
        status: u16,
        own: &[(&str, &str)],
    ) -> Result<(), Error<T::Error>> {
        let mut fields = [("", ""); MAX_RESPONSE_FIELDS];
        let mut len = 0;
        for field in own.iter().copied().chain(self.0) {
            *fields.get_mut(len).ok_or(Error::TooManyHeaders)? = field;
            len += 1;
        }
        connection
            .initiate_response(status, None, fields.get(..len).unwrap_or(&[]))
            .await
    }
}

/// The status of the answer if it is a preflight, and the CORS fields. No `async`: else the request and the decision would be part of
/// the handler's future, and take 450 bytes of each connection's memory.
fn decide<'m, E, const N: usize>(
    policy: &Policy<'_>,
    head: &RequestHeaders<'_, N>,
    memory: &'m mut [u8],
) -> Result<(Option<u16>, FieldLines<'m>), Error<E>> {
    // All that matters of the method, whose text is private.
    let method = if head.method == Method::Options {
        "OPTIONS"
    } else {
        ""
    };
    // Not `iter`, which leaves out what is not UTF-8: an origin that is not would be no origin.
    let request = Request::from_fields(method, head.headers.iter_raw());
    let decision = policy.decide(&request);
    let fields = decision.write_fields(memory).map_err(|_| Error::TooLongHeaders)?;
    Ok((decision.preflight().map(|preflight| preflight.status()), fields))
}
