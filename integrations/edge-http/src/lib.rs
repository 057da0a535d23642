#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(unreachable_pub)]

use edge_http::io::Error;
use edge_http::io::server::Connection;
use edge_http::{Method, RequestHeaders};
use embedded_cors::{
    Decide, Decision, Doors, DoorsDecision, DoorsRequest, FieldLines, MAX_FIELDS, OriginOrNull, PolicySource,
    Request,
};
use embedded_io_async::{Read, Write};

/// The largest number of fields in a response: those of CORS and nine of the handler, or seven with
/// doors. With more, [`Cors::initiate_response`] returns [`Error::TooManyHeaders`].
pub const MAX_RESPONSE_FIELDS: usize = MAX_FIELDS + 9;

/// The CORS fields for the response to a request.
#[derive(Clone, Copy, Debug)]
pub struct Cors<'m>(FieldLines<'m>);

impl<'m> Cors<'m> {
    /// Decides on a request by a policy or rules. Answers a preflight, and then returns `None`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TooLongHeaders`] if `memory` is too small. `max_response_len` bytes of the
    /// policy suffice. Otherwise returns the errors of the connection.
    // Not `async`: a future around a future takes more memory, and the compiler limits their depth.
    pub fn begin<T: Read + Write, const N: usize>(
        policy: &impl PolicySource,
        connection: &mut Connection<'_, T, N>,
        memory: &'m mut [u8],
    ) -> impl Future<Output = Result<Option<Self>, Error<T::Error>>> {
        Self::begin_with(policy, connection, memory, |_, _| {})
    }

    /// Does the same as [`begin`](Self::begin), and calls `on_refusal` if the request is refused,
    /// for a log or a counter.
    ///
    /// Both arguments are bounded. The decision contains nothing of the request that was not parsed
    /// in full, and its `Display` output has no bytes of the request. The origin is `None` if it is
    /// malformed.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`begin`](Self::begin).
    pub async fn begin_with<T: Read + Write, const N: usize>(
        policy: &impl PolicySource,
        connection: &mut Connection<'_, T, N>,
        memory: &'m mut [u8],
        on_refusal: impl FnOnce(&Decision<'_>, Option<OriginOrNull<'_>>),
    ) -> Result<Option<Self>, Error<T::Error>> {
        let (preflight, fields) = decide(policy, connection.headers()?, memory, on_refusal)?;
        let cors = Self(fields);
        let Some(status) = preflight else {
            return Ok(Some(cors));
        };
        cors.initiate_response(connection, status, &[("content-length", "0")])
            .await?;
        Ok(None)
    }

    /// Decides on hosts, WebSocket handshakes, unsafe methods and event streams too. Answers a
    /// preflight, and a request that is refused at the doors, and then returns `None`. The doors
    /// get the policy from the first argument, so they are built without one. `on_refusal` is
    /// called with each request that is refused, for a log or a counter; `|_, _| {}` does nothing.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TooLongHeaders`] if `memory` is too small. `max_response_len` bytes of the
    /// policy and [`Doors::MORE_LEN`] more suffice. Otherwise returns the errors of the connection.
    pub async fn begin_at_doors<T: Read + Write, const N: usize>(
        policy: &impl PolicySource,
        doors: &Doors<'_, ()>,
        connection: &mut Connection<'_, T, N>,
        memory: &'m mut [u8],
        on_refusal: impl FnOnce(&DoorsDecision<'_>, Option<OriginOrNull<'_>>),
    ) -> Result<Option<Self>, Error<T::Error>> {
        let (at_once, fields) = decide_at_doors(policy, doors, connection.headers()?, memory, on_refusal)?;
        let cors = Self(fields);
        let Some(status) = at_once else {
            return Ok(Some(cors));
        };
        cors.initiate_response(connection, status, &[("content-length", "0")])
            .await?;
        Ok(None)
    }

    /// Calls `Connection::initiate_response` with the handler's fields and the CORS fields.
    ///
    /// # Errors
    ///
    /// Returns [`Error::TooManyHeaders`] for more than nine fields of the handler. Otherwise
    /// returns the errors of the connection.
    pub async fn initiate_response<T: Read + Write, const N: usize>(
        &self,
        connection: &mut Connection<'_, T, N>,
        status: u16,
        own: &[(&str, &str)],
    ) -> Result<(), Error<T::Error>> {
        let mut fields = [("", ""); MAX_RESPONSE_FIELDS];
        let mut len = 0;
        for field in own.iter().copied().chain(self.0.pairs()) {
            *fields.get_mut(len).ok_or(Error::TooManyHeaders)? = field;
            len += 1;
        }
        connection
            .initiate_response(status, None, fields.get(..len).unwrap_or(&[]))
            .await
    }
}

/// Returns the CORS fields, and the status if the request is a preflight. This function is not
/// `async`, since otherwise request and decision would be a part of the handler's future and take
/// 450 bytes of each connection's memory.
fn decide<'m, E, const N: usize>(
    policy: &impl PolicySource,
    head: &RequestHeaders<'_, N>,
    memory: &'m mut [u8],
    on_refusal: impl FnOnce(&Decision<'_>, Option<OriginOrNull<'_>>),
) -> Result<(Option<u16>, FieldLines<'m>), Error<E>> {
    // Only `OPTIONS` matters, and edge-http does not publish the text of the method.
    let method = if head.method == Method::Options {
        "OPTIONS"
    } else {
        ""
    };
    // `iter` would leave out values that are not UTF-8, and a request with such an `Origin` would
    // look like one without.
    let request = Request::from_fields(method, head.headers.iter_raw());
    let policy = policy.policy_or_rules();
    let decision = policy.decide(&request);
    if decision.is_refused() {
        on_refusal(&decision, request.origin());
    }
    let fields = decision.write_fields(memory).map_err(|_| Error::TooLongHeaders)?;
    Ok((decision.preflight().map(|preflight| preflight.status()), fields))
}

/// Returns the fields, and the status if the request is refused or is a preflight. See [`decide`].
fn decide_at_doors<'m, E, const N: usize>(
    policy: &impl PolicySource,
    doors: &Doors<'_, ()>,
    head: &RequestHeaders<'_, N>,
    memory: &'m mut [u8],
    on_refusal: impl FnOnce(&DoorsDecision<'_>, Option<OriginOrNull<'_>>),
) -> Result<(Option<u16>, FieldLines<'m>), Error<E>> {
    // The doors tell apart the methods that change nothing, and `CONNECT`. The empty method is one
    // that changes something.
    let method = match head.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Connect => "CONNECT",
        _ => "",
    };
    let mut request = DoorsRequest::from_fields(method, head.headers.iter_raw());
    request.set_target(head.path);
    if !head.http11 {
        request.set_http_1_0();
    }
    let policy = policy.policy_or_rules();
    let decision = doors.decide_with(&request, |request| policy.decide(request));
    if decision.is_refused() {
        on_refusal(&decision, request.request().origin());
    }
    let fields = decision.write_fields(memory).map_err(|_| Error::TooLongHeaders)?;
    Ok((decision.response().map(|response| response.status()), fields))
}
