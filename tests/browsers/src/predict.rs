//! Predicts with the `browser` module what a browser does.

use embedded_cors::browser::{Engine, Exchange, Fetch, PreflightCache, Received, Response, would_allow_at};
use embedded_cors::{BufferTooSmall, Request as CorsRequest};

use crate::case::{Ask, Case, Credentials, Page, Server, Via};
use crate::outcome::{Got, Outcome, Seen};
use crate::servers::World;

/// Predicts a case, from its first request to the last. `engine` says what a browser makes of
/// max-age.
pub(crate) fn predict(world: &World, index: usize, engine: Engine) -> String {
    let case = &world.cases[index];
    let origin = world.ports.origin(case.page);
    let mut browser = Browser {
        world,
        index,
        cache: PreflightCache::new(engine),
        now: 0,
        seen: Vec::new(),
    };
    let mut got = Vec::new();
    for ask in &case.asks {
        browser.now += ask.after;
        let headers = ask.all_headers();
        let fetch = ask.fetch(&origin, &headers);
        let result = browser.fetch(&fetch, ask);
        if case.asks.len() == 1 {
            browser.agrees_with_would_allow(&fetch, ask, &result);
        }
        // The content is not a font, so it does not load.
        got.push(if ask.via == Via::Font {
            Got::Nothing
        } else {
            result
        });
    }
    describe(world, case, &got, &browser.seen)
}

/// The state of a browser within one case.
struct Browser<'w> {
    world: &'w World,
    index: usize,
    cache: PreflightCache<16384>,
    now: u64,
    seen: Vec<Seen>,
}

impl Browser<'_> {
    fn url(&self, ask: &Ask) -> String {
        format!(
            "http://localhost:{}{}?case={}",
            self.world.ports.api,
            ask.path,
            self.index + 1
        )
    }

    /// Makes one request of a page.
    fn fetch(&mut self, fetch: &Fetch<'_>, ask: &Ask) -> Got {
        let Ok(mut exchange) = Exchange::new(fetch, &self.url(ask)) else {
            return Got::Nothing;
        };
        loop {
            match self.hop(&mut exchange) {
                Some(Got::Nothing) => {
                    // HTTP fetch clears the cache entries of a request with the CORS preflight flag
                    // if it fails (<https://fetch.spec.whatwg.org/#http-fetch>).
                    if exchange.needs_preflight() {
                        self.cache.clear(&exchange.fetch(), exchange.url());
                    }
                    return Got::Nothing;
                }
                Some(got) => return got,
                None => {}
            }
        }
    }

    /// Makes the request to one address. Returns `None` after a redirect.
    fn hop(&mut self, exchange: &mut Exchange<'_>) -> Option<Got> {
        let fetch = exchange.fetch();
        if self.cache.needs_preflight(&fetch, exchange.url(), self.now) {
            let head = head(|buffer| exchange.write_preflight(buffer));
            let asked = Some((
                fetch.normalized_method().to_string(),
                fetch.unsafe_names().to_string(),
            ));
            let answer = self.answer(exchange, &head, asked);
            let Ok(response) = Response::from_head(&answer) else {
                return Some(Got::Nothing);
            };
            // `store` checks the answer too.
            let stored = self.cache.store(&fetch, exchange.url(), &response, self.now);
            assert_eq!(
                stored,
                fetch.check_preflight(&response),
                "case {}",
                self.case().id
            );
            if stored.is_err() {
                return Some(Got::Nothing);
            }
        }
        let head = head(|buffer| exchange.write_request(buffer));
        let answer = self.answer(exchange, &head, None);
        let Ok(response) = Response::from_head(&answer) else {
            return Some(Got::Nothing);
        };
        match exchange.receive(&response) {
            Ok(Received::Redirect) => None,
            Ok(Received::Response(shared)) => Some(Got::Response {
                status: shared.status(),
                names: shared
                    .headers()
                    .map(|(name, _)| name.to_ascii_lowercase())
                    .collect(),
            }),
            Err(_) => Some(Got::Nothing),
        }
    }

    /// Records a request and returns the server's answer.
    fn answer(
        &mut self,
        exchange: &Exchange<'_>,
        head: &[u8],
        preflight: Option<(String, String)>,
    ) -> Vec<u8> {
        let is_other = exchange
            .url()
            .contains(&format!("localhost:{}/", self.world.ports.other_api));
        let nth = self.seen.iter().filter(|seen| seen.preflight.is_none()).count();
        let method = head.split(|&byte| byte == b' ').next().unwrap_or(b"");
        self.seen.push(Seen {
            server: if is_other { 'B' } else { 'A' },
            method: String::from_utf8_lossy(method).into_owned(),
            origin: exchange.fetch().origin().to_string(),
            cookie: preflight.is_none() && exchange.fetch().has_credentials(),
            preflight,
        });
        answer(self.world, self.index, nth, head)
    }

    fn case(&self) -> &Case {
        &self.world.cases[self.index]
    }

    /// Checks that `would_allow_at`, which most users call, gives the same result.
    fn agrees_with_would_allow(&self, fetch: &Fetch<'_>, ask: &Ask, result: &Got) {
        let mut nth = 0;
        let server = |head: &[u8], response: &mut [u8]| {
            let answer = answer(self.world, self.index, nth, head);
            nth += usize::from(!head.starts_with(b"OPTIONS ") || ask.method.eq_ignore_ascii_case("OPTIONS"));
            response[..answer.len()].copy_from_slice(&answer);
            Ok(answer.len())
        };
        // It has no room for a head that is too long for the server.
        if !matches!(self.case().server, Server::Policy { status: 431, .. }) {
            let allows = would_allow_at(server, fetch, &self.url(ask)).is_ok();
            assert_eq!(
                allows,
                matches!(result, Got::Response { .. }),
                "case {}",
                self.case().id
            );
        }
    }
}

/// Returns the head of a request that the `browser` module writes.
fn head(write: impl Fn(&mut [u8]) -> Result<&[u8], BufferTooSmall>) -> Vec<u8> {
    write(&mut [0; 16384])
        .expect("a head has less than 16 KiB")
        .to_vec()
}

/// Returns the server's answer.
fn answer(world: &World, index: usize, nth: usize, head: &[u8]) -> Vec<u8> {
    let method = head.split(|&byte| byte == b' ').next().unwrap_or(b"");
    let request = CorsRequest::from_head(head).expect("the browser module writes valid heads");
    // The server does not read these requests to their end.
    let error = match world.cases[index].server {
        Server::Policy {
            status: status @ (413 | 431),
            ..
        } if !request.is_preflight() => Some(status),
        _ => None,
    };
    world.respond(index, nth, &request, &String::from_utf8_lossy(method), error)
}

/// Returns the outcome of a case, predicted or real, as text.
pub(crate) fn describe(world: &World, case: &Case, got: &[Got], seen: &[Seen]) -> String {
    let methods: Vec<_> = case
        .asks
        .iter()
        .map(|ask| ask.fetch("null", &[]).normalized_method().to_string())
        .collect();
    let outcome = Outcome {
        got,
        seen,
        origin: &world.ports.origin(case.page),
        methods: &methods,
        // Pages of other hosts do not have the cookie.
        cookies: case.page == Page::Main
            || case
                .asks
                .iter()
                .all(|ask| ask.credentials != Credentials::Include),
        has_redirects: matches!(case.server, Server::Hops(_)),
    };
    world.ports.without(&outcome.to_string())
}
