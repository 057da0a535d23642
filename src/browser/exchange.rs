//! A whole exchange with a server: the preflight if the request needs one, the request, and the
//! requests to which redirects lead.

use super::expose::FilteredResponse;
use super::fetch::{Fetch, OriginField};
use super::response::{HeaderValue, Response, ResponseErrorKind};
use super::url::{Url, UrlError};
use super::verdict::{Blocked, Failure, Stage};
use crate::buffer::BufferTooSmall;

/// A server that answers requests: a [`Policy`](crate::Policy), [`Rules`](crate::Rules), or a
/// closure around another server.
pub trait Server {
    /// Writes the head of the response to the head `request`, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] if the head does not fit into `response`.
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall>;
}

impl<F: FnMut(&[u8], &mut [u8]) -> Result<usize, BufferTooSmall>> Server for F {
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self(request, response)
    }
}

/// The most bytes of a request head or a response head. [`Failure::TooLong`] names the number.
const MAX_HEAD_LEN: usize = 8192;

/// The most redirects that a browser follows: <https://fetch.spec.whatwg.org/#http-redirect-fetch>.
const MAX_REDIRECTS: u8 = 20;

/// Checks whether a browser lets a page make a request, by the whole exchange with the server: the
/// preflight if the request needs one, and the request itself.
///
/// The browser remembers no earlier preflight. The request goes to `https://api.invalid/`, which is
/// another origin than that of any page; use [`would_allow_at`] for another address, and for what
/// redirects do. The server is a policy, which answers as
/// [`Policy::decide`](crate::Policy::decide) says, or a closure:
///
/// ```
/// use embedded_cors::browser::{Failure, Fetch, Stage, would_allow};
///
/// // A server that answers OPTIONS like every other method.
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
/// In a test, [`assert_allowed!`](crate::assert_allowed) and
/// [`assert_blocked!`](crate::assert_blocked) print the verdict. The function has two buffers of
/// 8 KiB and one of 2 KiB on the stack.
///
/// # Errors
///
/// Returns [`Blocked`], which says at which stage the browser blocks the request, why, and what
/// would change it.
pub fn would_allow(server: impl Server, fetch: &Fetch<'_>) -> Result<(), Blocked> {
    would_allow_at(server, fetch, "https://api.invalid/")
}

/// Checks as [`would_allow`] does whether a browser lets a page make a request to this address, and
/// follows redirects.
///
/// `server` answers for every origin on the way: the request head has its `Host` and its path.
///
/// ```
/// use embedded_cors::browser::{Failure, Fetch, would_allow_at};
///
/// // The API sends every request on to the store, which allows the app only.
/// let server = |request: &[u8], response: &mut [u8]| {
///     let is_api = request.windows(15).any(|bytes| bytes == b"api.example.com");
///     let head = match is_api {
///         true => &b"HTTP/1.1 302 Found\r\n\
///             Location: https://store.example/led\r\n\
///             Access-Control-Allow-Origin: https://app.example.com\r\n\r\n"[..],
///         false => b"HTTP/1.1 200 OK\r\n\
///             Access-Control-Allow-Origin: https://app.example.com\r\n\r\n",
///     };
///     response[..head.len()].copy_from_slice(head);
///     Ok(head.len())
/// };
/// let get = Fetch::from_origin("https://app.example.com");
/// // The store sees `Origin: null`, since a third origin was on the way.
/// let blocked = would_allow_at(server, &get, "https://api.example.com/led").unwrap_err();
/// assert_eq!((blocked.redirects(), blocked.failure()), (1, Failure::AllowOriginDiffers));
/// assert_eq!(would_allow_at(server, &get, "https://store.example/led"), Ok(()));
/// ```
///
/// # Errors
///
/// Returns [`Blocked`] as [`would_allow`] does. Its [`redirects`](Blocked::redirects) say after
/// which redirect.
pub fn would_allow_at(mut server: impl Server, fetch: &Fetch<'_>, url: &str) -> Result<(), Blocked> {
    let mut exchange = Exchange::new(fetch, url)?;
    let mut request = [0; MAX_HEAD_LEN];
    let mut response = [0; MAX_HEAD_LEN];
    loop {
        if exchange.needs_preflight() {
            let head = exchange.write_preflight(&mut request);
            let answer = exchange.ask(&mut server, Stage::Preflight, head, &mut response)?;
            exchange.check_preflight(&answer)?;
        }
        let head = exchange.write_request(&mut request);
        let answer = exchange.ask(&mut server, Stage::Response, head, &mut response)?;
        if let Received::Response(_) = exchange.receive(&answer)? {
            return Ok(());
        }
    }
}

/// A request of a page on its way through redirects, step by step.
///
/// Use it where the answers are already there, such as in a debugger, or where a cache remembers
/// preflights: [`fetch`](Self::fetch) and [`url`](Self::url) are what a
/// [`PreflightCache`](super::PreflightCache) takes. After each redirect the request is the one that
/// [*HTTP-redirect fetch*](https://fetch.spec.whatwg.org/#http-redirect-fetch) makes:
///
/// - Its origin is `null` if a server of another origin than the page's redirected it to a third
///   origin, or back: <https://fetch.spec.whatwg.org/#concept-request-tainted-origin>.
/// - After 303, and after 301 or 302 to a `POST`, it is a `GET` without a body, and without the
///   headers that describe a body, such as `Content-Type`.
/// - `Authorization` is removed when the origin changes.
/// - It needs a preflight if it would need one without the redirect.
///
/// Firefox and WebKit differ from that: see the project's `docs/browsers.md`. The worst case is a
/// `PUT` that a 307 takes to another origin. Firefox sends the preflight with the origin of the
/// page, and then the `PUT` with `Origin: null`. So a server that allows the page and not `null`
/// gets a `PUT` that it refuses.
///
/// An address of the page's own origin needs no CORS, until a redirect leads away from it.
///
/// ```
/// use embedded_cors::browser::{Exchange, Fetch, Received, Response};
///
/// let put = Fetch::from_origin("https://app.example.com").method("PUT");
/// let mut exchange = Exchange::new(&put, "https://api.example.com/led")?;
/// assert!(exchange.needs_preflight());
/// exchange.check_preflight(&Response::new(204, &[
///     ("Access-Control-Allow-Origin", "https://app.example.com"),
///     ("Access-Control-Allow-Methods", "PUT"),
/// ])?)?;
/// let received = exchange.receive(&Response::new(307, &[
///     ("Access-Control-Allow-Origin", "https://app.example.com"),
///     ("Location", "https://store.example/led"),
/// ])?)?;
/// assert!(matches!(received, Received::Redirect));
/// assert_eq!(exchange.url(), "https://store.example/led");
/// assert_eq!(exchange.fetch().origin(), "null");
/// assert!(exchange.needs_preflight());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// The request as it is at this address.
    fetch: Fetch<'a>,
    page: &'a str,
    url: Url,
    /// Whether the *response tainting* is `cors`. It never becomes `basic` again.
    is_cors: bool,
    redirects: u8,
}

/// The meaning of an answer, returned by [`Exchange::receive`].
#[derive(Clone, Copy, Debug)]
pub enum Received<'r> {
    /// A redirect that the browser follows. The exchange now is at its `Location`.
    Redirect,
    /// The response that the page gets.
    Response(FilteredResponse<'r>),
}

impl<'a> Exchange<'a> {
    /// Starts the request of a page to an absolute `http` or `https` URL.
    ///
    /// # Errors
    ///
    /// Returns a [`Blocked`] of [`Stage::Page`] if the page cannot make the request.
    pub fn new(fetch: &Fetch<'a>, url: &str) -> Result<Self, Blocked> {
        fetch.check_page()?;
        let page = |failure| Blocked::new(Stage::Page, failure);
        let mut exchange = Self {
            fetch: *fetch,
            page: fetch.origin(),
            url: Url::empty(),
            is_cors: true,
            redirects: 0,
        };
        exchange.url.resolve(url.as_bytes()).map_err(|error| {
            page(match error {
                UrlError::Malformed | UrlError::NotHttp => Failure::UrlMalformed,
                UrlError::NotUnderstood => Failure::UrlNotUnderstood,
            })
        })?;
        if exchange.url.includes_credentials {
            return Err(page(Failure::UrlIncludesCredentials));
        }
        exchange.is_cors = exchange.url.origin() != exchange.page;
        Ok(exchange)
    }

    /// Returns the request as the browser makes it at this address.
    pub const fn fetch(&self) -> Fetch<'a> {
        self.fetch
    }

    /// Returns the address, as the URL Standard serializes it, without a fragment.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Returns how many redirects the browser has followed.
    pub const fn redirects(&self) -> u8 {
        self.redirects
    }

    /// Returns whether the request is subject to CORS: it goes to another origin than that of the
    /// page, or has been there.
    pub const fn is_cors(&self) -> bool {
        self.is_cors
    }

    /// Returns whether a browser that remembers no preflight sends one to this address.
    pub fn needs_preflight(&self) -> bool {
        self.is_cors && self.fetch.needs_preflight()
    }

    /// Writes the head of the preflight, as [`Fetch::write_preflight`] does.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length that is needed, and writes nothing.
    pub fn write_preflight<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        self.fetch
            .write_preflight(self.url.host(), self.url.target(), buffer)
    }

    /// Writes the head of the request. A `GET` or `HEAD` to the page's own origin has no `Origin`.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length that is needed, and writes nothing.
    pub fn write_request<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        // https://fetch.spec.whatwg.org/#append-a-request-origin-header
        let origin = if self.is_cors || !matches!(self.fetch.normalized_method(), "GET" | "HEAD") {
            OriginField::Sent
        } else {
            OriginField::Omitted
        };
        self.fetch
            .write_request_with(origin, self.url.host(), self.url.target(), buffer)
    }

    /// Checks whether the response to the preflight lets the browser send the request.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Fetch::check_preflight`]. A redirect is one: a preflight does not
    /// follow it.
    pub fn check_preflight(&self, response: &Response<'_>) -> Result<(), Blocked> {
        self.fetch
            .check_preflight(response)
            .map_err(|blocked| self.located(blocked))
    }

    /// Takes the response to the request: the page gets it, or it leads to another address.
    ///
    /// # Errors
    ///
    /// Returns a [`Blocked`] of [`Stage::Response`] if the CORS check fails, which a redirect needs
    /// to pass too, or if the browser does not follow the redirect. The exchange is then over.
    pub fn receive<'r>(&mut self, response: &Response<'r>) -> Result<Received<'r>, Blocked> {
        if self.is_cors {
            let check = self.fetch.cors_check(response);
            check.map_err(|failure| self.blocked(failure))?;
        }
        if is_redirect_status(response.status()) {
            match response.get("location") {
                // Without a `Location` it is an ordinary response.
                HeaderValue::Null => {}
                HeaderValue::One(location) => {
                    self.follow(response.status(), location)
                        .map_err(|failure| self.blocked(failure))?;
                    return Ok(Received::Redirect);
                }
                HeaderValue::Several => return Err(self.blocked(Failure::LocationMalformed)),
            }
        }
        Ok(Received::Response(if self.is_cors {
            FilteredResponse::new(&self.fetch, response)
        } else {
            FilteredResponse::basic(&self.fetch, response)
        }))
    }

    /// Performs an *HTTP-redirect fetch*: <https://fetch.spec.whatwg.org/#http-redirect-fetch>.
    fn follow(&mut self, status: u16, location: &[u8]) -> Result<(), Failure> {
        let mut next = self.url.clone();
        next.resolve(location).map_err(|error| match error {
            UrlError::Malformed => Failure::LocationMalformed,
            UrlError::NotHttp => Failure::LocationNotHttp,
            UrlError::NotUnderstood => Failure::UrlNotUnderstood,
        })?;
        if self.redirects >= MAX_REDIRECTS {
            return Err(Failure::TooManyRedirects);
        }
        // Only a request that stays at the page's own origin may be sent to a URL with a user name.
        if next.includes_credentials && (self.is_cors || next.origin() != self.page) {
            return Err(Failure::LocationIncludesCredentials);
        }
        let method = self.fetch.normalized_method();
        if (matches!(status, 301 | 302) && method == "POST")
            || (status == 303 && !matches!(method, "GET" | "HEAD"))
        {
            self.fetch.lose_body();
        }
        if next.origin() != self.url.origin() {
            self.fetch.lose_authorization();
            // The redirect-tainted origin: the server that redirects is not the page's.
            if self.url.origin() != self.page {
                self.fetch.taint_origin();
            }
        }
        // *Main fetch* of the next address: https://fetch.spec.whatwg.org/#main-fetch.
        self.is_cors |= next.origin() != self.page;
        self.url = next;
        self.redirects += 1;
        Ok(())
    }

    /// Sends a request head to the server, and reads the head of its response.
    fn ask<'r>(
        &self,
        server: &mut impl Server,
        stage: Stage,
        request: Result<&[u8], BufferTooSmall>,
        response: &'r mut [u8],
    ) -> Result<Response<'r>, Blocked> {
        let blocked = |failure| self.located(Blocked::new(stage, failure));
        let too_long = |_| blocked(Failure::TooLong);
        let len = server
            .respond(request.map_err(too_long)?, response)
            .map_err(too_long)?;
        let head = response.get(..len).unwrap_or(b"");
        Response::from_head(head).map_err(|error| {
            blocked(match error.kind() {
                ResponseErrorKind::Unfinished => Failure::ResponseUnfinished,
                _ => Failure::ResponseMalformed,
            })
        })
    }

    const fn blocked(&self, failure: Failure) -> Blocked {
        self.located(Blocked::new(Stage::Response, failure))
    }

    const fn located(&self, blocked: Blocked) -> Blocked {
        blocked.after_redirects(self.redirects)
    }
}

/// Returns whether a status is a *redirect status*:
/// <https://fetch.spec.whatwg.org/#redirect-status>.
const fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Asserts that a browser lets a page make a request, and prints the verdict if it does not.
///
/// The arguments are those of [`would_allow`](crate::browser::would_allow), the request by value or
/// by reference.
///
/// ```
/// use embedded_cors::browser::Fetch;
/// use embedded_cors::{Policy, assert_allowed, assert_blocked};
///
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com"])
///     .allow_methods(&["PUT"])
///     .build_or_panic();
///
/// let app = Fetch::from_origin("https://app.example.com");
/// assert_allowed!(&CORS, app.method("PUT"));
/// assert_blocked!(&CORS, app.method("DELETE"), MethodNotAllowed);
/// assert_blocked!(&CORS, Fetch::from_origin("https://evil.test"));
/// ```
#[macro_export]
macro_rules! assert_allowed {
    ($server:expr, $fetch:expr $(,)?) => {{
        let fetch: &$crate::browser::Fetch<'_> = &$fetch;
        if let ::core::result::Result::Err(blocked) = $crate::browser::would_allow($server, fetch) {
            ::core::panic!(
                "the browser blocks {} from {}\n{}",
                fetch.normalized_method(),
                fetch.origin(),
                blocked
            );
        }
    }};
}

/// Asserts that a browser blocks a request of a page because of the server's answers, for the
/// [`Failure`](crate::browser::Failure) if one is named.
///
/// A request that a page cannot make at all fails the assertion, since then the server was not
/// asked: an origin with a slash at its end, for example, or the method `TRACE`. To expect such a
/// failure, name it. See [`assert_allowed!`](crate::assert_allowed) for an example.
#[macro_export]
macro_rules! assert_blocked {
    ($server:expr, $fetch:expr $(,)?) => {{
        let fetch: &$crate::browser::Fetch<'_> = &$fetch;
        match $crate::browser::would_allow($server, fetch) {
            ::core::result::Result::Err(blocked) if blocked.stage() != $crate::browser::Stage::Page => {}
            ::core::result::Result::Err(blocked) => ::core::panic!(
                "the page cannot make the request, so the server was not asked\n{}",
                blocked
            ),
            ::core::result::Result::Ok(()) => ::core::panic!(
                "the browser allows {} from {}",
                fetch.normalized_method(),
                fetch.origin()
            ),
        }
    }};
    ($server:expr, $fetch:expr, $failure:ident $(,)?) => {{
        let fetch: &$crate::browser::Fetch<'_> = &$fetch;
        match $crate::browser::would_allow($server, fetch) {
            ::core::result::Result::Err(blocked)
                if blocked.failure() == $crate::browser::Failure::$failure => {}
            ::core::result::Result::Err(blocked) => ::core::panic!(
                "the browser blocks {} from {} for another reason than {}\n{}",
                fetch.normalized_method(),
                fetch.origin(),
                ::core::stringify!($failure),
                blocked
            ),
            ::core::result::Result::Ok(()) => ::core::panic!(
                "the browser allows {} from {}",
                fetch.normalized_method(),
                fetch.origin()
            ),
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.example.com";
    const API: &str = "https://api.example.com/a";
    const GET: Fetch<'_> = Fetch::from_origin(APP);

    #[test]
    fn an_answer_that_is_not_a_response_blocks_at_its_stage() {
        let broken = |_: &[u8], _: &mut [u8]| Ok(9000);
        let put = would_allow(broken, &GET.method("PUT")).unwrap_err();
        let get = would_allow(broken, &GET).unwrap_err();
        assert_eq!(
            (put.stage(), put.failure()),
            (Stage::Preflight, Failure::ResponseUnfinished)
        );
        assert_eq!(
            (get.stage(), get.failure()),
            (Stage::Response, Failure::ResponseUnfinished)
        );
        let other = |_: &[u8], response: &mut [u8]| {
            response[..9].copy_from_slice(b"ICY 200\n\n");
            Ok(9)
        };
        assert_eq!(
            would_allow(other, &GET).unwrap_err().failure(),
            Failure::ResponseMalformed
        );
        let small = |_: &[u8], _: &mut [u8]| Err(BufferTooSmall::new(9000));
        assert_eq!(would_allow(small, &GET).unwrap_err().failure(), Failure::TooLong);
    }

    #[test]
    fn requests_that_are_forbidden_or_too_long_are_not_sent() {
        let unreachable = |_: &[u8], _: &mut [u8]| panic!("the server was asked");
        let failure = |fetch: &Fetch<'_>, url| {
            let blocked = would_allow_at(unreachable, fetch, url).unwrap_err();
            (blocked.stage(), blocked.failure())
        };
        assert_eq!(
            failure(&GET.method("TRACE"), API),
            (Stage::Page, Failure::ForbiddenMethod)
        );
        for (url, expected) in [
            ("/a", Failure::UrlMalformed),
            ("data:,a", Failure::UrlMalformed),
            ("https://u@api.example.com", Failure::UrlIncludesCredentials),
            ("https://b\u{fc}cher.example", Failure::UrlNotUnderstood),
        ] {
            assert_eq!(failure(&GET, url), (Stage::Page, expected), "{url}");
        }
        let long = "x".repeat(MAX_HEAD_LEN);
        let headers = [(long.as_str(), "1")];
        assert_eq!(
            failure(&GET.headers(&headers), API),
            (Stage::Preflight, Failure::TooLong)
        );
    }

    /// Takes redirects of these statuses to these addresses, and returns the exchange.
    fn redirected<'a>(fetch: &Fetch<'a>, start: &str, hops: &[(u16, &str)]) -> Result<Exchange<'a>, Blocked> {
        let mut exchange = Exchange::new(fetch, start).unwrap();
        for (status, location) in hops {
            let fields = [
                ("access-control-allow-origin", exchange.fetch().origin()),
                ("access-control-allow-credentials", "true"),
                ("location", location),
            ];
            let answer = Response::new(*status, &fields).unwrap();
            assert!(matches!(exchange.receive(&answer)?, Received::Redirect));
        }
        Ok(exchange)
    }

    #[test]
    fn the_origin_is_null_after_a_redirect_from_a_server_of_another_origin_to_a_third() {
        let own = "https://app.example.com/b";
        let other = "https://store.example/c";
        for (start, hops, origin) in [
            (API, &[][..], APP),
            (API, &["/b"], APP),
            (API, &[other], "null"),
            // Back to the page, and on from there.
            (API, &[own], "null"),
            (API, &[own, other], "null"),
            (own, &[API], APP),
            (own, &["x", API], APP),
            (own, &[API, other], "null"),
            (API, &["https://api.example.com:8443/"], "null"),
            (API, &["http://api.example.com/"], "null"),
            (API, &["https://API.example.com:443/x"], APP),
        ] {
            let hops: Vec<_> = hops.iter().map(|location| (302, *location)).collect();
            let exchange = redirected(&GET, start, &hops).unwrap();
            assert_eq!(exchange.fetch().origin(), origin, "{start} {hops:?}");
            assert_eq!(usize::from(exchange.redirects()), hops.len());
        }
    }

    #[test]
    fn a_request_to_the_own_origin_needs_no_cors_until_it_leaves_it() {
        let put = GET.method("PUT");
        let exchange = redirected(&put, "https://app.example.com", &[(307, "/b")]).unwrap();
        assert!(!exchange.is_cors() && !exchange.needs_preflight());
        assert!(
            redirected(&put, "https://app.example.com", &[(307, API)])
                .unwrap()
                .needs_preflight()
        );
        assert!(
            redirected(&put, API, &[(307, "https://app.example.com/")])
                .unwrap()
                .needs_preflight()
        );

        // The own origin shows the page everything but cookies, whatever its CORS fields.
        let mut exchange = Exchange::new(&GET, "https://app.example.com/").unwrap();
        let answer = Response::new(200, &[("x-a", "1"), ("set-cookie", "a=b")]).unwrap();
        let Ok(Received::Response(seen)) = exchange.receive(&answer) else {
            panic!("the page gets the response");
        };
        assert!(seen.is_readable("x-a") && !seen.is_readable("set-cookie"));
        let mut buffer = [0; 256];
        let origin = |exchange: &Exchange<'_>, buffer: &mut [u8; 256]| {
            let head = exchange.write_request(buffer).unwrap();
            head.windows(8).any(|bytes| bytes == b"Origin: ")
        };
        assert!(!origin(&exchange, &mut buffer));
        assert!(origin(
            &Exchange::new(&put, "https://app.example.com/").unwrap(),
            &mut buffer
        ));
        assert!(origin(&Exchange::new(&GET, API).unwrap(), &mut buffer));
    }

    #[test]
    fn a_redirect_changes_method_and_headers() {
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", "1"),
            ("x-a", "1"),
            ("Content-Language", "\""),
        ];
        let page = GET.headers(&headers);
        let other = "https://store.example/";
        for (method, status, location, sent, names) in [
            ("POST", 302, "/b", "GET", "authorization,x-a"),
            ("POST", 301, "/b", "GET", "authorization,x-a"),
            ("POST", 303, "/b", "GET", "authorization,x-a"),
            (
                "POST",
                307,
                "/b",
                "POST",
                "authorization,content-language,content-type,x-a",
            ),
            ("POST", 308, other, "POST", "content-language,content-type,x-a"),
            ("PUT", 302, other, "PUT", "content-language,content-type,x-a"),
            ("PUT", 303, other, "GET", "x-a"),
            ("patch", 303, "/b", "GET", "authorization,x-a"),
            (
                "HEAD",
                303,
                "/b",
                "HEAD",
                "authorization,content-language,content-type,x-a",
            ),
            ("GET", 303, other, "GET", "content-language,content-type,x-a"),
        ] {
            let exchange = redirected(&page.method(method), API, &[(status, location)]).unwrap();
            let fetch = exchange.fetch();
            assert_eq!(fetch.normalized_method(), sent, "{method} {status} {location}");
            assert_eq!(
                fetch.unsafe_names().to_string(),
                names,
                "{method} {status} {location}"
            );
        }
    }

    #[test]
    fn some_redirects_are_not_followed() {
        let failure = |start, hops: &[(u16, &str)]| {
            redirected(&GET, start, hops)
                .err()
                .map(|blocked| (blocked.redirects(), blocked.failure()))
        };
        let own = "https://app.example.com/";
        assert_eq!(
            failure(API, &[(302, "https://")]),
            Some((0, Failure::LocationMalformed))
        );
        assert_eq!(
            failure(API, &[(302, "ftp://a.example")]),
            Some((0, Failure::LocationNotHttp))
        );
        assert_eq!(
            failure(API, &[(302, "x"), (302, "app:x")]),
            Some((1, Failure::LocationNotHttp))
        );
        assert_eq!(
            failure(API, &[(302, "https://a.example/\tb")]),
            Some((0, Failure::UrlNotUnderstood))
        );
        let with_user = "https://u:p@app.example.com/";
        assert_eq!(failure(own, &[(302, with_user)]), None);
        assert_eq!(
            failure(API, &[(302, with_user)]),
            Some((0, Failure::LocationIncludesCredentials))
        );
        assert_eq!(
            failure(own, &[(302, "https://u@api.example.com")]),
            Some((0, Failure::LocationIncludesCredentials))
        );
        assert_eq!(
            failure(own, &[(302, API), (302, "https://u@api.example.com")]),
            Some((1, Failure::LocationIncludesCredentials))
        );
        assert_eq!(failure(API, &[(302, "x"); 20]), None);
        assert_eq!(
            failure(API, &[(302, "x"); 21]),
            Some((20, Failure::TooManyRedirects))
        );
        let mut exchange = Exchange::new(&GET, API).unwrap();
        let fields = [
            ("access-control-allow-origin", "*"),
            ("location", "/a"),
            ("location", "/a"),
        ];
        let twice = Response::new(302, &fields).unwrap();
        assert_eq!(
            exchange.receive(&twice).unwrap_err().failure(),
            Failure::LocationMalformed
        );
        // The CORS check comes first.
        let refused = Response::new(302, &[("location", "/a")]).unwrap();
        assert_eq!(
            exchange.receive(&refused).unwrap_err().failure(),
            Failure::AllowOriginMissing
        );
        // Without a place to go, or with another status, it is a response like others.
        for (status, location) in [
            (302, None),
            (300, Some("/a")),
            (304, Some("/a")),
            (200, Some("/a")),
        ] {
            let mut fields = vec![("access-control-allow-origin", "*")];
            fields.extend(location.map(|location| ("location", location)));
            let answer = Response::new(status, &fields).unwrap();
            assert!(
                matches!(exchange.receive(&answer), Ok(Received::Response(_))),
                "{status}"
            );
        }
    }

    #[test]
    fn a_redirected_preflight_blocks_the_request() {
        let exchange = Exchange::new(&GET.method("PUT"), API).unwrap();
        let fields = [("access-control-allow-origin", "*"), ("location", "/a")];
        let blocked = exchange
            .check_preflight(&Response::new(307, &fields).unwrap())
            .unwrap_err();
        assert_eq!(
            (blocked.stage(), blocked.failure()),
            (Stage::Preflight, Failure::PreflightStatus)
        );
    }

    #[test]
    fn each_server_on_the_way_is_asked() {
        let mut heads = Vec::new();
        let server = |request: &[u8], response: &mut [u8]| {
            let request = String::from_utf8(request.to_vec()).unwrap();
            let (status, location) =
                match request.contains("Host: api.example.com\r\n") && !request.starts_with("OPTIONS") {
                    true => ("307 A", "Location: //store.example:8443/b?c\r\n"),
                    false => ("200 A", ""),
                };
            heads.push(
                request
                    .split("\r\nAccept")
                    .next()
                    .unwrap()
                    .lines()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(" "),
            );
            let head = format!(
                "HTTP/1.1 {status}\r\n{location}Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: PUT\r\n\r\n"
            );
            response[..head.len()].copy_from_slice(head.as_bytes());
            Ok(head.len())
        };
        assert_eq!(would_allow_at(server, &GET.method("PUT"), API), Ok(()));
        assert_eq!(
            heads,
            [
                "OPTIONS /a HTTP/1.1 Host: api.example.com",
                "PUT /a HTTP/1.1 Host: api.example.com",
                "OPTIONS /b?c HTTP/1.1 Host: store.example:8443",
                "PUT /b?c HTTP/1.1 Host: store.example:8443",
            ]
        );
    }

    fn message(test: impl FnOnce() + std::panic::UnwindSafe) -> Option<String> {
        let payload = std::panic::catch_unwind(test).err()?;
        Some(*payload.downcast::<String>().unwrap())
    }

    #[test]
    fn assertions_print_the_verdict() {
        let star = |_: &[u8], response: &mut [u8]| {
            let head = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n";
            response[..head.len()].copy_from_slice(head);
            Ok(head.len())
        };
        let put = GET.method("PUT");
        assert_eq!(message(|| assert_allowed!(star, GET)), None);
        assert_eq!(message(|| assert_allowed!(star, &GET)), None);
        assert_eq!(message(|| assert_blocked!(star, put)), None);
        assert_eq!(message(|| assert_blocked!(star, &put, MethodNotAllowed)), None);
        assert_eq!(
            message(|| assert_blocked!(star, GET.method("TRACE"), ForbiddenMethod)),
            None
        );
        let starts = |message: Option<String>, start: &str| {
            let message = message.unwrap();
            assert!(message.starts_with(start), "{message}");
        };
        starts(
            message(|| assert_allowed!(star, put)),
            "the browser blocks PUT from https://app.example.com\npreflight: the method is not among",
        );
        starts(
            message(|| assert_blocked!(star, GET)),
            "the browser allows GET from https://app.example.com",
        );
        starts(
            message(|| assert_blocked!(star, GET, TooLong)),
            "the browser allows GET",
        );
        starts(
            message(|| assert_blocked!(star, Fetch::from_origin("https://app.example.com/"))),
            "the page cannot make the request, so the server was not asked\npage: the page's origin is not",
        );
        starts(
            message(|| assert_blocked!(star, put, HeaderNotAllowed)),
            "the browser blocks PUT from https://app.example.com for another reason than HeaderNotAllowed\npreflight: the method",
        );
    }
}
