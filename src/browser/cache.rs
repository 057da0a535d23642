//! The CORS-preflight cache (Fetch section 4.9), in memory of a fixed size.

use super::fetch::Fetch;
use super::response::Response;
use super::verdict::Blocked;
use crate::names::{AUTHORIZATION, is_safelisted_method};

/// Whose limit on `Access-Control-Max-Age` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// None: what the standard says to those that impose no limit.
    #[default]
    Standard,
    /// Chrome, Edge and others: two hours.
    Chromium,
    /// Firefox: a day.
    Firefox,
    /// Safari and others: ten minutes.
    WebKit,
}

impl Engine {
    /// The limit in seconds, if there is one.
    pub const fn max_age_limit(self) -> Option<u32> {
        match self {
            Self::Standard => None,
            Self::Chromium => Some(7200),
            Self::Firefox => Some(86_400),
            Self::WebKit => Some(600),
        }
    }
}

/// For how many seconds a preflight's answer is remembered (Fetch section 4.8 steps 7.8 to 7.10): 5, if the response does not say it
/// in one field line of digits. A number that does not fit is 4294967295.
///
/// ```
/// use embedded_cors::browser::{Engine, Response, max_age};
///
/// let hours = Response::new(204, &[("Access-Control-Max-Age", "86400")]);
/// assert_eq!(max_age(&hours, Engine::Chromium), 7200);
/// assert_eq!(max_age(&hours, Engine::Firefox), 86_400);
/// assert_eq!(max_age(&Response::new(204, &[("Access-Control-Max-Age", "1 h")]), Engine::Chromium), 5);
/// ```
pub fn max_age(response: &Response<'_>, engine: Engine) -> u32 {
    let mut values = response.values("access-control-max-age");
    let max_age = match (values.next(), values.next()) {
        (Some(value), None) => delta_seconds(value),
        _ => None,
    };
    let max_age = max_age.unwrap_or(5);
    match engine.max_age_limit() {
        Some(limit) => max_age.min(limit),
        None => max_age,
    }
}

/// `delta-seconds` (RFC 9111 section 1.2.2): `1*DIGIT`, what is too large as large as can be.
fn delta_seconds(value: &[u8]) -> Option<u32> {
    let mut seconds: u32 = 0;
    for &byte in value {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        seconds = seconds.saturating_mul(10).saturating_add(digit.into());
    }
    (!value.is_empty()).then_some(seconds)
}

/// A browser's memory of preflights: at most `N` methods and header names, of all origins and URLs together.
///
/// It borrows origins, URLs and responses. When it is full, what is new is forgotten, as a browser may: then there is one more preflight.
/// Time is seconds since whenever, given by the caller.
///
/// ```
/// use embedded_cors::browser::{Engine, Fetch, PreflightCache, Response};
///
/// let fetch = Fetch::from_origin("https://app.example.com").method("PUT");
/// let response = Response::new(204, &[
///     ("Access-Control-Allow-Origin", "https://app.example.com"),
///     ("Access-Control-Allow-Methods", "PUT, DELETE"),
///     ("Access-Control-Max-Age", "600"),
/// ]);
/// let mut cache = PreflightCache::<8>::new(Engine::Chromium);
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/led", 0));
/// cache.store(&fetch, "https://api.example.com/led", &response, 0)?;
/// assert!(!cache.needs_preflight(&fetch, "https://api.example.com/led", 599));
/// assert!(!cache.needs_preflight(&fetch.method("DELETE"), "https://api.example.com/led", 599));
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/led", 600));
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/fan", 1));
/// # Ok::<(), embedded_cors::browser::Blocked>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreflightCache<'c, const N: usize> {
    engine: Engine,
    entries: [Option<Entry<'c>>; N],
}

/// A *cache entry*. Network partition keys are the caller's: one cache for each.
#[derive(Clone, Copy, Debug)]
struct Entry<'c> {
    origin: &'c str,
    url: &'c str,
    /// When it ends.
    until: u64,
    credentials: bool,
    what: What<'c>,
}

#[derive(Clone, Copy, Debug)]
enum What<'c> {
    Method(&'c [u8]),
    HeaderName(&'c [u8]),
}

impl<'c> Entry<'c> {
    /// A *cache entry match*.
    fn matches(&self, fetch: &Fetch<'_>, url: &str, now: u64) -> bool {
        now < self.until
            && self.origin == fetch.origin()
            && self.url == url
            && (self.credentials || !fetch.has_credentials())
    }

    /// A *method cache entry match* or a *header-name cache entry match*.
    fn covers(&self, what: What<'_>) -> bool {
        match (self.what, what) {
            (What::Method(own), What::Method(method)) => own == method || own == b"*",
            (What::HeaderName(own), What::HeaderName(name)) => {
                own.eq_ignore_ascii_case(name)
                    || (own == b"*" && !name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()))
            }
            _ => false,
        }
    }
}

impl<'c, const N: usize> PreflightCache<'c, N> {
    /// An empty cache.
    pub const fn new(engine: Engine) -> Self {
        Self {
            engine,
            entries: [None; N],
        }
    }

    /// Whether a browser asks first, in view of what it remembers (Fetch section 4.4 step 4.1).
    pub fn needs_preflight(&self, fetch: &Fetch<'_>, url: &str, now: u64) -> bool {
        let has_match = |what| {
            let mut entries = self.entries.iter().flatten();
            entries.any(|entry| entry.matches(fetch, url, now) && entry.covers(what))
        };
        if !fetch.needs_preflight() {
            return false;
        }
        let method = fetch.normalized_method().as_bytes();
        let asks_for_method = !is_safelisted_method(method) || fetch.has_use_cors_preflight_flag();
        (asks_for_method && !has_match(What::Method(method)))
            || fetch
                .unsafe_names()
                .any(|name| !has_match(What::HeaderName(name.as_written().as_bytes())))
    }

    /// Stores what the response to a preflight allows; the cache then borrows the response, so each needs memory of its own (Fetch section 4.8 steps 7.8 to 7.15).
    ///
    /// # Errors
    ///
    /// As [`Fetch::check_preflight`]; then nothing is stored.
    pub fn store(
        &mut self,
        fetch: &Fetch<'c>,
        url: &'c str,
        response: &Response<'c>,
        now: u64,
    ) -> Result<(), Blocked> {
        let lists = fetch.preflight_lists(response)?;
        let until = now.saturating_add(max_age(response, self.engine).into());
        if lists.only_own_method {
            self.remember(
                fetch,
                url,
                until,
                now,
                What::Method(fetch.normalized_method().as_bytes()),
            );
        }
        for method in lists.methods.into_iter().flat_map(|methods| methods.iter()) {
            self.remember(fetch, url, until, now, What::Method(method));
        }
        for name in lists.header_names.into_iter().flat_map(|names| names.iter()) {
            self.remember(fetch, url, until, now, What::HeaderName(name));
        }
        Ok(())
    }

    /// *Clear cache entries* (Fetch section 4.9): what a browser does when a request that needed a preflight fails.
    pub fn clear(&mut self, fetch: &Fetch<'_>, url: &str) {
        for entry in &mut self.entries {
            if entry.is_some_and(|entry| entry.origin == fetch.origin() && entry.url == url) {
                *entry = None;
            }
        }
    }

    /// Steps 7.12 to 7.15, for one method or name: sets the max-age of matching entries, or makes a new one.
    fn remember(&mut self, fetch: &Fetch<'c>, url: &'c str, until: u64, now: u64, what: What<'c>) {
        let mut found = false;
        for entry in self.entries.iter_mut().flatten() {
            if entry.matches(fetch, url, now) && entry.covers(what) {
                entry.until = until;
                found = true;
            }
        }
        let free = |entry: &&mut Option<Entry<'c>>| entry.is_none_or(|entry| entry.until <= now);
        if !found && let Some(place) = self.entries.iter_mut().find(free) {
            *place = Some(Entry {
                origin: fetch.origin(),
                url,
                until,
                credentials: fetch.has_credentials(),
                what,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Fetch<'_> = Fetch::from_origin("https://app.example.com");
    const URL: &str = "https://api.example.com/";

    #[test]
    fn max_age_is_one_line_of_digits() {
        let age = |values: &[&'static str]| {
            let headers: Vec<_> = values
                .iter()
                .map(|value| ("access-control-max-age", *value))
                .collect();
            max_age(&Response::new(204, &headers), Engine::Standard)
        };
        assert_eq!(age(&[]), 5);
        for (value, seconds) in [
            ("0", 0),
            ("600", 600),
            ("007", 7),
            ("4294967296", u32::MAX),
            ("99999999999999999999", u32::MAX),
        ] {
            assert_eq!(age(&[value]), seconds, "{value}");
        }
        for value in ["", "-1", "abc", "600s", "600, 600", "600.5", "+600", "6 00"] {
            assert_eq!(age(&[value]), 5, "{value}");
        }
        assert_eq!(age(&["600", "600"]), 5);
        let day = [("Access-Control-Max-Age", "90000")];
        let limits = [
            Engine::Standard,
            Engine::Chromium,
            Engine::Firefox,
            Engine::WebKit,
        ];
        assert_eq!(
            limits.map(|engine| max_age(&Response::new(204, &day), engine)),
            [90_000, 7200, 86_400, 600]
        );
    }

    fn response<'a>(fields: &'a mut Vec<(&'a str, &'a str)>) -> Response<'a> {
        fields.push(("Access-Control-Allow-Origin", "https://app.example.com"));
        fields.push(("Access-Control-Allow-Credentials", "true"));
        fields.push(("Access-Control-Max-Age", "600"));
        Response::new(204, fields)
    }

    #[test]
    fn entries_are_of_an_origin_a_url_and_credentials() {
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT")];
        let response = response(&mut fields);
        let put = PAGE.method("PUT");
        let mut cache = PreflightCache::<4>::new(Engine::Standard);
        cache.store(&put, URL, &response, 100).unwrap();
        assert!(!cache.needs_preflight(&put, URL, 699));
        assert!(cache.needs_preflight(&put, URL, 700));
        assert!(cache.needs_preflight(&put, "https://api.example.com/other", 100));
        assert!(cache.needs_preflight(
            &Fetch::from_origin("https://other.example").method("PUT"),
            URL,
            100
        ));
        assert!(cache.needs_preflight(&put.include_credentials(), URL, 100));
        assert!(cache.needs_preflight(&put.headers(&[("x-a", "1")]), URL, 100));
        cache
            .store(&put.include_credentials(), URL, &response, 100)
            .unwrap();
        assert!(!cache.needs_preflight(&put.include_credentials(), URL, 100));
        cache.clear(&put, URL);
        assert!(
            cache.needs_preflight(&put, URL, 100)
                && cache.needs_preflight(&put.include_credentials(), URL, 100)
        );
    }

    #[test]
    fn a_wildcard_covers_all_but_authorization() {
        let mut fields = vec![
            ("Access-Control-Allow-Methods", "*"),
            ("Access-Control-Allow-Headers", "*"),
        ];
        let response = response(&mut fields);
        let mut cache = PreflightCache::<4>::new(Engine::Standard);
        cache
            .store(&PAGE.headers(&[("x-a", "1")]), URL, &response, 0)
            .unwrap();
        let delete = PAGE.method("DELETE");
        assert!(!cache.needs_preflight(&delete.headers(&[("x-b", "1")]), URL, 1));
        assert!(cache.needs_preflight(&delete.headers(&[("Authorization", "1")]), URL, 1));
    }

    #[test]
    fn an_upload_is_remembered_by_its_own_method() {
        let mut fields = vec![];
        let response = response(&mut fields);
        let upload = PAGE.method("POST").use_cors_preflight();
        let mut cache = PreflightCache::<1>::new(Engine::Standard);
        assert!(cache.needs_preflight(&upload, URL, 0));
        cache.store(&upload, URL, &response, 0).unwrap();
        assert!(!cache.needs_preflight(&upload, URL, 1));
    }

    #[test]
    fn a_full_cache_forgets_what_is_new_and_what_is_blocked_is_not_stored() {
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT, DELETE")];
        let response = response(&mut fields);
        let mut cache = PreflightCache::<1>::new(Engine::Standard);
        assert!(cache.store(&PAGE.method("PATCH"), URL, &response, 0).is_err());
        assert!(cache.needs_preflight(&PAGE.method("PUT"), URL, 0));
        cache.store(&PAGE.method("PUT"), URL, &response, 0).unwrap();
        assert!(!cache.needs_preflight(&PAGE.method("PUT"), URL, 1));
        assert!(cache.needs_preflight(&PAGE.method("DELETE"), URL, 1));
        // Its time over, it makes room.
        cache
            .store(
                &PAGE.method("DELETE"),
                "https://api.example.com/b",
                &response,
                600,
            )
            .unwrap();
        assert!(cache.needs_preflight(&PAGE.method("PUT"), URL, 600));
    }
}
