//! A whole exchange with a server: preflight if need be, request, verdict.

use super::fetch::Fetch;
use super::response::Response;
use super::verdict::{Blocked, Failure, Stage};
use crate::error::BufferTooSmall;

/// What answers a request: a [`Policy`](crate::Policy), or a closure around any other server.
pub trait Server {
    /// Writes the head of the response to a request head, and returns its length.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], if it does not fit.
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall>;
}

impl<F: FnMut(&[u8], &mut [u8]) -> Result<usize, BufferTooSmall>> Server for F {
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self(request, response)
    }
}

/// The most bytes of a head here.
const ROOM: usize = 8192;

/// Whether a browser that remembers nothing lets a page do this: the preflight, if it needs one, and the request itself, whose response the
/// page then gets. Redirects are not followed.
///
/// The server is a policy, which answers as [`Policy::decide`](crate::Policy::decide) says, or a closure:
///
/// ```
/// use embedded_cors::browser::{Failure, Fetch, Stage, would_allow};
///
/// // A server that answers an OPTIONS as it answers everything else.
/// let server = |_: &[u8], response: &mut [u8]| {
///     let head = b"HTTP/1.1 404 Not Found\r\nAccess-Control-Allow-Origin: *\r\n\r\n";
///     response[..head.len()].copy_from_slice(head);
///     Ok(head.len())
/// };
/// let get = Fetch::from_origin("https://app.example.com");
/// assert_eq!(would_allow(server, &get), Ok(()));
/// let blocked = would_allow(server, &get.method("PUT")).unwrap_err();
/// assert_eq!((blocked.stage(), blocked.failure()), (Stage::Preflight, Failure::PreflightStatus));
/// ```
///
/// It takes 16 KiB of stack.
///
/// # Errors
///
/// [`Blocked`]: at which stage, why, and what would change it.
pub fn would_allow(mut server: impl Server, fetch: &Fetch<'_>) -> Result<(), Blocked> {
    fetch.check_page()?;
    let mut request = [0; ROOM];
    let mut response = [0; ROOM];
    if fetch.needs_preflight() {
        let stage = Stage::Preflight;
        let head = fetch.write_preflight("api.example", "/", &mut request);
        let preflight = exchange(&mut server, stage, head, &mut response)?;
        fetch.check_preflight(&preflight)?;
    }
    let head = fetch.write_request("api.example", "/", &mut request);
    let answer = exchange(&mut server, Stage::Response, head, &mut response)?;
    fetch.check_response(&answer).map(|_| ())
}

fn exchange<'r>(
    server: &mut impl Server,
    stage: Stage,
    request: Result<&[u8], BufferTooSmall>,
    response: &'r mut [u8],
) -> Result<Response<'r>, Blocked> {
    let too_long = |_| Blocked::new(stage, Failure::TooLong);
    let len = server
        .respond(request.map_err(too_long)?, response)
        .map_err(too_long)?;
    let head = response.get(..len).unwrap_or(b"");
    Response::from_head(head).map_err(|_| Blocked::new(stage, Failure::ResponseMalformed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Fetch<'_> = Fetch::from_origin("https://app.example.com");

    #[test]
    fn what_is_no_response_blocks_at_its_stage() {
        let broken = |_: &[u8], _: &mut [u8]| Ok(9000);
        let put = would_allow(broken, &GET.method("PUT")).unwrap_err();
        let get = would_allow(broken, &GET).unwrap_err();
        assert_eq!(
            (put.stage(), put.failure()),
            (Stage::Preflight, Failure::ResponseMalformed)
        );
        assert_eq!(
            (get.stage(), get.failure()),
            (Stage::Response, Failure::ResponseMalformed)
        );
        let small = |_: &[u8], _: &mut [u8]| Err(BufferTooSmall::new(9000));
        assert_eq!(would_allow(small, &GET).unwrap_err().failure(), Failure::TooLong);
    }

    #[test]
    fn nothing_is_sent_that_a_page_cannot_ask_for_or_that_is_too_long() {
        let nobody = |_: &[u8], _: &mut [u8]| panic!("the server was asked");
        assert_eq!(
            would_allow(nobody, &GET.method("TRACE")).unwrap_err().stage(),
            Stage::Page
        );
        let long = "x".repeat(ROOM);
        let headers = [(long.as_str(), "1")];
        assert_eq!(
            would_allow(nobody, &GET.headers(&headers)).unwrap_err().failure(),
            Failure::TooLong
        );
    }
}
