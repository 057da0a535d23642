//! Checks that server and browser agree. For every policy that can be built and every request of a
//! page, the browser accepts the server's answers if and only if the policy is meant to allow the
//! request. Whole exchanges and caches are included.

#[path = "../../common/mod.rs"]
mod common;
mod generators;

use common::{PolicyOption, PolicySpec, whole};
use embedded_cors::browser::{
    Blocked, Engine, Failure, Fetch, PreflightCache, Response, Server, Stage, would_allow,
};
use embedded_cors::{OriginOrNull, Policy, Request, RequestKind};
use generators::{EXPOSE, HEADERS, METHODS, ORIGINS, policy, policy_admits};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Origins of pages, as browsers serialize them.
const PAGES: &[&str] = &[
    "https://app.example.com",
    "https://example.com",
    "https://x.example.com",
    "https://a.b.example.com",
    "https://a.b.example.com:8443",
    "https://evilexample.com",
    "https://app.example.com.evil.test",
    "https://app.example.com.",
    "https://foo.com",
    "https://barfoo.com",
    "http://localhost",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "https://[2001:db8::1]",
    "http://[::1]:1",
    "capacitor://localhost",
    "null",
    "https://pr-12.example.com",
    "https://pr-1.x.example.com",
    "https://a--site.example.net:8443",
    "https://example.com:444",
    "http://localhost:3010",
    "http://example.com",
    "https://192.168.1.7:80",
    "http://192.168.1.7",
    "https://192.169.0.1",
    "https://[2001:db8:ffff::1]",
    "chrome-extension://abcdef",
    "https://a.localhost",
    "app://.",
    "myapp://",
    "file://",
];

/// A request that a page makes, as data.
#[derive(Clone, Debug)]
struct Page {
    origin: &'static str,
    method: &'static str,
    headers: Vec<(&'static str, String)>,
    credentials: bool,
    upload: bool,
}

impl Page {
    fn with<T>(&self, test: impl FnOnce(Fetch<'_>) -> T) -> T {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut fetch = Fetch::from_origin(self.origin)
            .method(self.method)
            .headers(&headers);
        if self.credentials {
            fetch = fetch.include_credentials();
        }
        if self.upload {
            fetch = fetch.use_cors_preflight();
        }
        test(fetch)
    }
}

prop_compose! {
    fn header()(
        name in select(&[
            "authorization", "Content-Type", "x-a", "X-AB", "x-abc", "x-abcd", "Accept", "accept-language", "range", "Cookie", "*",
        ][..]),
        value in prop_oneof![
            4 => select(&["", "1", "text/plain", "application/json", "bytes=0-9", "bytes=-9", "de, en;q=0.5"][..]).prop_map(String::from),
            1 => Just("a".repeat(128)),
            1 => Just("a".repeat(129)),
        ],
    ) -> (&'static str, String) {
        (name, value)
    }
}

prop_compose! {
    fn page()(
        origin in select(PAGES),
        method in select(&["GET", "get", "HEAD", "POST", "PUT", "put", "DELETE", "PATCH", "patch", "OPTIONS", "*", "TRACE"][..]),
        headers in vec(header(), 0..4),
        many in prop::bool::weighted(0.1),
        credentials in any::<bool>(),
        upload in prop::bool::weighted(0.3),
    ) -> Page {
        let mut headers = headers;
        if many {
            // Each value is safelisted, but together they have more than 1024 bytes.
            headers.extend(vec![("Accept", "a".repeat(128)); 9]);
        }
        Page { origin, method, headers, credentials, upload }
    }
}

/// Returns whether a policy is meant to allow a request, from the text of its lists.
fn means_to_allow(spec: &PolicySpec, fetch: &Fetch<'_>) -> bool {
    let has = |list: &[String], entry: &str| list.iter().any(|other| other == entry);
    let has_name = |name: &str| spec.headers.iter().any(|other| other.eq_ignore_ascii_case(name));
    let origin = policy_admits(spec, fetch.origin());
    let method = fetch.normalized_method();
    let method = ["GET", "HEAD", "POST"].contains(&method)
        || has(&spec.methods, method)
        || (has(&spec.methods, "*") && method != "TRACE");
    let headers = fetch.unsafe_names().all(|name| {
        let name = name.to_string();
        has_name(&name) || (has_name("*") && name != "authorization")
    });
    let credentials = !fetch.has_credentials() || spec.has(PolicyOption::Credentials);
    origin && method && headers && credentials
}

/// Returns the answer of a policy to the actual request.
fn answer<'r>(policy: &Policy<'_>, fetch: &Fetch<'_>, response: &'r mut [u8]) -> Response<'r> {
    let mut request = [0; 8192];
    let head = fetch.write_request("api.example", "/", &mut request).unwrap();
    let mut server = policy;
    let len = server.respond(head, response).unwrap();
    Response::from_head(&response[..len]).unwrap()
}

/// A shared cache (<https://www.rfc-editor.org/rfc/rfc9111#section-4.1>) of one URL. It selects
/// responses by their `Vary`.
#[derive(Default)]
struct SharedCache {
    stored: Vec<Stored>,
}

struct Stored {
    /// The names in `Vary`, and the values that the request had.
    vary: Vec<(String, Option<String>)>,
    head: Vec<u8>,
}

impl SharedCache {
    /// Returns the head of a stored response and false. If none fits, asks the server, stores its
    /// response, and returns its head and true.
    fn get(&mut self, policy: &Policy<'_>, fields: &[(&str, &str)]) -> (Vec<u8>, bool) {
        let value = |name: &str| {
            let field = fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            field.map(|(_, value)| value.to_string())
        };
        for stored in &self.stored {
            if stored.vary.iter().all(|(name, stored)| value(name) == *stored) {
                return (stored.head.clone(), false);
            }
        }
        let request = Request::from_fields("GET", fields.iter().copied());
        let mut buffer = vec![0; policy.max_response_len()];
        let decision = policy.decide(&request);
        let lines = decision.write_fields(&mut buffer).unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\ncache-control: public, max-age=600\r\n{lines}\r\n").into_bytes();
        let response = Response::from_head(&head).unwrap();
        let vary = response
            .values("vary")
            .flat_map(|value| std::str::from_utf8(value).unwrap().split(','))
            .map(|name| (name.trim().to_string(), value(name.trim())))
            .collect();
        self.stored.push(Stored {
            vary,
            head: head.clone(),
        });
        (head, true)
    }
}

proptest! {
    /// The module `browser` has a separate parser for the origins of pages.
    #[test]
    fn browser_and_server_know_the_same_origins(
        parts in vec(select(&[
            "https", "http", "ws", "file", "app", "capacitor-electron", "x+1.", "://", ":", "/", ".", "-", "_", "a", "A", "example.com",
            "localhost", "127.0.0.1", "[", "]", "::", "1", "0", "ffff", "65535", "65536", "%", "~", "!", "*", "null", " ", "\u{7f}", "\u{e9}",
        ][..]), 0..3),
        start in select(&["", "https://", "http://", "app://", "ftp://", "https://[", "app://[::1]", "https://a.example:", "null"][..]),
        end in select(&["", ".", ":1", "]", "/"][..]),
    ) {
        let text = format!("{start}{}{end}", parts.concat());
        let page = Fetch::from_origin(&text).check_page();
        prop_assert_eq!(page.is_ok(), OriginOrNull::parse(text.as_bytes()).is_ok(), "{}", text);
    }

    #[test]
    fn a_browser_accepts_exactly_what_the_policy_means(spec in policy(), page in page()) {
        spec.with(|policy| page.with(|fetch| {
            let verdict = would_allow(policy, &fetch);
            if page.method == "TRACE" {
                prop_assert_eq!(verdict.map_err(|blocked| blocked.failure()), Err(Failure::ForbiddenMethod));
            } else {
                prop_assert_eq!(verdict.is_ok(), means_to_allow(&spec, &fetch), "{:?}", verdict);
            }
            Ok(())
        }))?;
    }

    /// At each stage, the server's decision is a refusal if and only if the browser blocks the
    /// request.
    #[test]
    fn the_decision_is_the_browsers_verdict(spec in policy(), page in page()) {
        // No page can send `TRACE`.
        if page.method == "TRACE" { return Ok(()); }
        spec.with(|policy| page.with(|fetch| {
            let mut head = [0; 8192];
            let verdict = would_allow(policy, &fetch);
            // The server cannot see whether a page asks for credentials, so only the browser blocks
            // it.
            let by_browser = fetch.has_credentials() && !spec.has(PolicyOption::Credentials);
            if fetch.needs_preflight() {
                let head = fetch.write_preflight("api.example", "/", &mut head).unwrap();
                let request = Request::from_head(head).unwrap();
                let decision = policy.decide(&request);
                prop_assert_eq!(decision.kind(), RequestKind::Preflight);
                let blocked = verdict.is_err_and(|blocked| blocked.stage() == Stage::Preflight);
                prop_assert_eq!(decision.is_refused() || by_browser, blocked, "{} {:?}", decision, verdict);
            }
            let head = fetch.write_request("api.example", "/", &mut head).unwrap();
            let request = Request::from_head(head).unwrap();
            let decision = policy.decide(&request);
            prop_assert_eq!(decision.kind(), RequestKind::Actual);
            let mut response = [0; 8192];
            let shared = fetch.check_response(&answer(policy, &fetch, &mut response));
            prop_assert_eq!(decision.is_refused() || by_browser, shared.is_err(), "{} {:?}", decision, shared);
            Ok(())
        }))?;
    }

    /// This holds even for lists that browsers do not write, but a proxy between browser and server
    /// may.
    #[test]
    fn a_browser_rejects_the_answer_to_a_refused_preflight(
        spec in policy(),
        origin in select(PAGES),
        method in select(&["PUT", "DELETE", "patch", "GET", "POST"][..]),
        names in vec(select(&["authorization", "content-type", "x-a", "x-ab", "X-ABC", "x-abcd"][..]), 0..5),
        comma in select(&[",", ", ", ",,", " ,\t"][..]),
        times in prop_oneof![8 => Just(1usize), 1 => Just(20)],
        method_lines in 1..3usize,
    ) {
        spec.with(|policy| {
            let list = vec![names.join(comma); times].join(comma);
            let mut head = format!("OPTIONS / HTTP/1.1\r\nOrigin: {origin}\r\n");
            head += &format!("Access-Control-Request-Method: {method}\r\n").repeat(method_lines);
            if !names.is_empty() {
                head += &format!("Access-Control-Request-Headers: {list}\r\n");
            }
            head += "\r\n";
            let outcome = whole(policy, head.as_bytes());
            prop_assert_eq!(outcome.kind, RequestKind::Preflight);
            let response = Response::from_head(outcome.bytes.as_bytes()).unwrap();
            let headers: Vec<_> = names.iter().map(|name| (*name, "1")).collect();
            let fetch = Fetch::from_origin(origin).method(method).headers(&headers);
            for fetch in [fetch, fetch.include_credentials(), fetch.use_cors_preflight()] {
                let verdict = fetch.check_preflight(&response);
                prop_assert!(verdict.is_err() || outcome.verdict == "allowed", "{:?}", outcome);
            }
            Ok(())
        })?;
    }

    /// A preflight is refused for its origin if and only if the actual request is, and for the same
    /// reason.
    #[test]
    fn a_preflight_and_its_request_get_the_same_origin_verdict(spec in policy(), page in page()) {
        spec.with(|policy| page.with(|fetch| {
            let mut head = [0; 8192];
            let head = fetch.write_preflight("api.example", "/", &mut head).unwrap();
            let preflight = Request::from_head(head).unwrap();
            let preflight = policy.decide(&preflight);
            let request = Request::from_fields("GET", [("origin", page.origin)]);
            let request = policy.decide(&request);
            match request.refusal() {
                Some(refusal) => prop_assert_eq!(preflight.refusal(), Some(refusal)),
                None => prop_assert!(!preflight.refusal().is_some_and(|refusal| refusal.reason().name().contains("origin"))),
            }
            Ok(())
        }))?;
    }

    /// Adding an entry never removes a permission, and removing an entry never adds one.
    #[test]
    fn an_entry_more_takes_nothing_away(
        spec in policy(),
        page in page(),
        list in 0..4usize,
        origin in prop_oneof![select(ORIGINS), select(&["*", "null"][..])],
        method in select(METHODS),
        name in prop_oneof![select(HEADERS), Just("*")],
        exposed in prop_oneof![select(EXPOSE), Just("*")],
        at in any::<prop::sample::Index>(),
    ) {
        let mut larger = spec.clone();
        let (entries, entry) = match list {
            0 => (&mut larger.origins, origin),
            1 => (&mut larger.methods, method),
            2 => (&mut larger.headers, name),
            _ => (&mut larger.exposed, exposed),
        };
        entries.insert(at.index(entries.len() + 1), entry.into());
        page.with(|fetch| {
            // Returns which of these headers the page can read, in a response that has them besides
            // the policy's fields.
            let own = [("etag", "1"), ("x-total-count", "1"), ("x-internal", "1")];
            let readable = |policy: &Policy<'_>| {
                let mut response = [0; 8192];
                let mut headers = shared_headers(&answer(policy, &fetch, &mut response));
                headers.extend(own);
                let response = Response::new(200, &headers).expect("they are headers");
                let shared = fetch.check_response(&response).ok();
                own.map(|(name, _)| shared.is_some_and(|shared| shared.is_readable(name)))
            };
            let before = spec.with(|policy| (would_allow(policy, &fetch), readable(policy)));
            // Some entries exclude others, so the larger policy may be invalid.
            let after = larger.build(|policy| policy.ok().map(|policy| (would_allow(policy, &fetch), readable(policy))));
            if let Some(after) = after {
                prop_assert!(after.0.is_ok() || before.0.is_err(), "{:?} {:?}", before, after);
                prop_assert!(before.1.iter().zip(after.1).all(|(before, after)| after || !before), "{:?} {:?}", before, after);
            }
            Ok(())
        })?;
    }

    #[test]
    fn strict_mode_allows_a_part_of_what_tolerant_mode_allows(spec in policy(), page in page(), lists in vec("[a-cA-C, -]{0,12}", 0..3)) {
        let mut tolerant = spec.clone();
        tolerant.remove(PolicyOption::Strict);
        let mut strict = tolerant.clone();
        strict.options.push(PolicyOption::Strict);
        // Browsers write the strict form, so both policies answer them alike.
        page.with(|fetch| {
            let verdict = |spec: &PolicySpec| spec.with(|policy| would_allow(policy, &fetch));
            prop_assert_eq!(verdict(&strict), verdict(&tolerant));
            Ok(())
        })?;
        let mut head = format!("OPTIONS / HTTP/1.1\r\nOrigin: {}\r\nAccess-Control-Request-Method: PUT\r\n", page.origin);
        for list in lists {
            head += &format!("Access-Control-Request-Headers: {list}\r\n");
        }
        head += "\r\n";
        let verdict = |spec: &PolicySpec| spec.with(|policy| whole(policy, head.as_bytes()).verdict);
        prop_assert!(verdict(&strict) != "allowed" || verdict(&tolerant) == "allowed");
    }

    /// A cache that obeys `Vary` never gives a page a response that the server would give only to
    /// another page.
    #[test]
    fn a_shared_cache_changes_nothing(spec in policy(), pages in vec((prop::option::of(select(PAGES)), any::<bool>()), 1..8)) {
        spec.with(|policy| {
            let mut cache = SharedCache::default();
            for (origin, credentials) in &pages {
                let fields: Vec<_> = origin.iter().map(|origin| ("origin", *origin)).collect();
                let (cached, _) = cache.get(policy, &fields);
                let (fresh, asked) = SharedCache::default().get(policy, &fields);
                prop_assert!(asked);
                // A navigation, or an image without `crossorigin`, has neither an `Origin` nor a
                // check.
                let Some(origin) = origin else { continue };
                let mut fetch = Fetch::from_origin(origin);
                if *credentials {
                    fetch = fetch.include_credentials();
                }
                let verdict = |head: &[u8]| {
                    let response = Response::from_head(head).unwrap();
                    fetch.check_response(&response).map(|shared| shared.headers().count())
                };
                prop_assert_eq!(verdict(&cached), verdict(&fresh));
            }
            Ok(())
        })?;
    }

    /// If the preflight cache lets a request pass without a preflight, the preflight would have
    /// succeeded.
    #[test]
    fn a_preflight_cache_permits_nothing_new(spec in policy(), pages in vec(page(), 1..6), now in vec(0..700u64, 6)) {
        spec.with(|policy| {
            let mut responses = Vec::new();
            let mut head = [0; 8192];
            for page in &pages {
                let mut response = vec![0; policy.max_response_len()];
                let len = page.with(|fetch| {
                    let head = fetch.write_preflight("api.example", "/", &mut head).unwrap();
                    (&mut { policy }).respond(head, &mut response).unwrap()
                });
                response.truncate(len);
                responses.push(response);
            }
            let headers: Vec<Vec<_>> =
                pages.iter().map(|page| page.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()).collect();
            let mut cache = PreflightCache::<4096>::new(Engine::Chromium);
            let mut time = 0;
            for ((page, headers), (response, pause)) in pages.iter().zip(&headers).zip(responses.iter().zip(&now)) {
                if page.method == "TRACE" { continue; }
                time += pause;
                let mut fetch = Fetch::from_origin(page.origin).method(page.method).headers(headers);
                if page.credentials { fetch = fetch.include_credentials(); }
                if page.upload { fetch = fetch.use_cors_preflight(); }
                let response = Response::from_head(response).unwrap();
                if cache.needs_preflight(&fetch, "/", time) {
                    let _ = cache.store(&fetch, "/", &response, time);
                } else if fetch.needs_preflight() {
                    let verdict: Result<(), Blocked> = fetch.check_preflight(&response);
                    prop_assert!(verdict.is_ok(), "{:?} {:?}", fetch, verdict);
                }
            }
            Ok(())
        })?;
    }
}

fn shared_headers<'r>(response: &Response<'r>) -> Vec<(&'r str, &'r str)> {
    response
        .headers()
        .map(|(name, value)| (name, std::str::from_utf8(value).unwrap()))
        .collect()
}
