//! What `browser/` says that a browser does.

use embedded_cors::browser::{Engine, Fetch, PreflightCache, Response, would_allow};
use embedded_cors::{BufferTooSmall, Request as CorsRequest};

use crate::case::{Case, Credentials, Page, Server};
use crate::outcome::{Got, Outcome, Seen};
use crate::servers::World;

/// Predicts a case, from its first request to the last.
pub(crate) fn predict(world: &World, case: &Case) -> String {
    let origin = world.ports.origin(case.page);
    let headers: Vec<_> = case.asks.iter().map(|ask| ask.all_headers()).collect();
    let fetches: Vec<_> = case
        .asks
        .iter()
        .zip(&headers)
        .map(|(ask, headers)| ask.fetch(&origin, headers))
        .collect();
    // The server's answers to the preflights, should there be any.
    let preflights: Vec<_> = fetches
        .iter()
        .map(|fetch| head(|buffer| fetch.write_preflight("api.example", "/", buffer)))
        .map(|head| answer(world, case, 0, &head))
        .collect();

    let mut browser = Browser {
        world,
        case,
        cache: PreflightCache::new(Engine::Standard),
        now: 0,
        seen: Vec::new(),
    };
    let mut got = Vec::new();
    for ((ask, fetch), preflight) in case.asks.iter().zip(&fetches).zip(&preflights) {
        browser.now += ask.after;
        let result = browser.fetch(fetch, ask.path, preflight);
        // Fetch section 4.1 step 12: if a request that may have asked first fails, what is remembered of it is cleared.
        if result == Got::Nothing && fetch.needs_preflight() {
            browser.cache.clear(fetch, ask.path);
        }
        got.push(result);
    }
    if let ([fetch], [result]) = (&*fetches, &*got) {
        agrees_with_would_allow(world, case, fetch, result);
    }
    describe(world, case, &got, &browser.seen)
}

/// A browser, as far as one case knows it.
struct Browser<'c> {
    world: &'c World,
    case: &'c Case,
    cache: PreflightCache<'c, 64>,
    now: u64,
    seen: Vec<Seen>,
}

impl<'c> Browser<'c> {
    /// One request of a page; `preflight` is what the server answers if it is asked first.
    fn fetch(&mut self, fetch: &Fetch<'c>, url: &'c str, preflight: &'c [u8]) -> Got {
        const HEAD: &str = "the server's answer is a head";
        if fetch.check_page().is_err() {
            return Got::Nothing;
        }
        let method = fetch.normalized_method().to_string();
        if self.cache.needs_preflight(fetch, url, self.now) {
            self.seen.push(Seen {
                method: "OPTIONS".to_string(),
                origin: fetch.origin().to_string(),
                cookie: false,
                preflight: Some((method.clone(), fetch.unsafe_names().to_string())),
            });
            let response = Response::from_head(preflight).expect(HEAD);
            // It is checked and stored at once.
            let stored = self.cache.store(fetch, url, &response, self.now);
            assert_eq!(stored, fetch.check_preflight(&response), "case {}", self.case.id);
            if stored.is_err() {
                return Got::Nothing;
            }
        }
        let nth = self.seen.iter().filter(|seen| seen.preflight.is_none()).count();
        self.seen.push(Seen {
            method,
            origin: fetch.origin().to_string(),
            cookie: fetch.has_credentials(),
            preflight: None,
        });
        let request = head(|buffer| fetch.write_request("api.example", "/", buffer));
        let answer = answer(self.world, self.case, nth, &request);
        match fetch.check_response(&Response::from_head(&answer).expect(HEAD)) {
            Ok(shared) => Got::Response {
                status: shared.status(),
                names: shared
                    .headers()
                    .map(|(name, _)| name.to_ascii_lowercase())
                    .collect(),
            },
            Err(_) => Got::Nothing,
        }
    }
}

/// The head of a request that `browser/` writes.
fn head(write: impl Fn(&mut [u8]) -> Result<&[u8], BufferTooSmall>) -> Vec<u8> {
    write(&mut [0; 16384])
        .expect("a head has less than 16 KiB")
        .to_vec()
}

/// What the server answers to it.
fn answer(world: &World, case: &Case, nth: usize, head: &[u8]) -> Vec<u8> {
    let method = head.split(|&byte| byte == b' ').next().unwrap_or(b"");
    let request = CorsRequest::from_head(head).expect("browser/ writes heads of requests");
    // The server does not read all of these.
    let error = match case.server {
        Server::Policy {
            status: status @ (413 | 431),
            ..
        } if !request.is_preflight() => Some(status),
        _ => None,
    };
    world.respond(case, nth, &request, &String::from_utf8_lossy(method), error)
}

/// The way that most users take has to come to the same end.
fn agrees_with_would_allow(world: &World, case: &Case, fetch: &Fetch<'_>, result: &Got) {
    let server = |head: &[u8], response: &mut [u8]| {
        let answer = answer(world, case, 0, head);
        response[..answer.len()].copy_from_slice(&answer);
        Ok(answer.len())
    };
    // It has no room for the head that no server reads.
    if !matches!(case.server, Server::Policy { status: 431, .. }) {
        let allows = would_allow(server, fetch).is_ok();
        assert_eq!(allows, matches!(result, Got::Response { .. }), "case {}", case.id);
    }
}

/// What came of a case, predicted or real, as text.
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
        // Pages of other hosts have other cookies.
        cookies: case.page == Page::Main
            || case
                .asks
                .iter()
                .all(|ask| ask.credentials != Credentials::Include),
    };
    world.ports.without(&outcome.to_string())
}
