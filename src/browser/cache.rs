//! The [CORS-preflight cache](https://fetch.spec.whatwg.org/#cors-preflight-cache), in memory of a
//! fixed size.

use core::fmt;

use super::fetch::Fetch;
use super::max_age::{Engine, max_age};
use super::response::Response;
use super::verdict::Blocked;
use crate::ascii::as_str;
use crate::names::{AUTHORIZATION, is_safelisted_method};

/// A browser's memory of preflights, over all origins and URLs. It has `BYTES` bytes for entries,
/// and borrows nothing.
///
/// An entry is a method or a header name. It takes 15 bytes, and the bytes of its origin, its URL
/// and its method or name: 80 to 120 bytes in most cases. When the memory is full, the cache does
/// not store new entries, as browsers may; the browser then sends one more preflight. A time is a
/// number of seconds since a moment that the caller chooses.
///
/// ```
/// use embedded_cors::browser::{Engine, Fetch, PreflightCache, Response};
///
/// let fetch = Fetch::from_origin("https://app.example.com").method("PUT");
/// let response = Response::new(204, &[
///     ("Access-Control-Allow-Origin", "https://app.example.com"),
///     ("Access-Control-Allow-Methods", "PUT, DELETE"),
///     ("Access-Control-Max-Age", "600"),
/// ])?;
/// let mut cache = PreflightCache::<1024>::new(Engine::Chromium);
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/led", 0));
/// cache.store(&fetch, "https://api.example.com/led", &response, 0)?;
/// assert!(!cache.needs_preflight(&fetch, "https://api.example.com/led", 599));
/// assert!(!cache.needs_preflight(&fetch.method("DELETE"), "https://api.example.com/led", 599));
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/led", 600));
/// assert!(cache.needs_preflight(&fetch, "https://api.example.com/fan", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PreflightCache<const BYTES: usize> {
    engine: Engine,
    /// The entries, one after the other. See [`Entry`] for their layout.
    memory: [u8; BYTES],
    len: usize,
}

/// A *cache entry*. It has no network partition key: callers use one cache per key.
///
/// In memory it is:
///
/// ```text
/// | until: 8 | flags: 1 | length of origin: 2 | of URL: 2 | of subject: 2 | origin | URL | subject |
/// ```
#[derive(Clone, Copy)]
struct Entry<'m> {
    /// The time at which the entry expires.
    until: u64,
    credentials: bool,
    origin: &'m [u8],
    url: &'m [u8],
    subject: Subject<'m>,
}

/// The bytes of an entry before its texts.
const ENTRY_HEAD: usize = 15;
const CREDENTIALS: u8 = 1;
const HEADER_NAME: u8 = 2;

/// The method or header name that a cache entry allows, or `*`.
#[derive(Clone, Copy, Debug)]
enum Subject<'m> {
    Method(&'m [u8]),
    HeaderName(&'m [u8]),
}

impl<'m> Subject<'m> {
    const fn text(self) -> &'m [u8] {
        match self {
            Self::Method(text) | Self::HeaderName(text) => text,
        }
    }
}

impl<'m> Entry<'m> {
    /// Reads the first entry of `memory`, and returns it with its length.
    fn read(memory: &'m [u8]) -> Option<(Self, usize)> {
        let (until, rest) = memory.split_first_chunk()?;
        let (&[flags, a, b, c, d, e, f], rest) = rest.split_first_chunk()?;
        let len = |bytes| usize::from(u16::from_le_bytes(bytes));
        let (origin_len, url_len, subject_len) = (len([a, b]), len([c, d]), len([e, f]));
        let (origin, rest) = rest.split_at_checked(origin_len)?;
        let (url, rest) = rest.split_at_checked(url_len)?;
        let (subject, _) = rest.split_at_checked(subject_len)?;
        let entry = Self {
            until: u64::from_le_bytes(*until),
            credentials: flags & CREDENTIALS != 0,
            origin,
            url,
            subject: if flags & HEADER_NAME != 0 {
                Subject::HeaderName(subject)
            } else {
                Subject::Method(subject)
            },
        };
        Some((entry, ENTRY_HEAD + origin_len + url_len + subject_len))
    }

    /// Writes the entry to the start of `memory`, and returns its length, or `None` if it does not
    /// fit.
    fn write(&self, memory: &mut [u8]) -> Option<usize> {
        let texts = [self.origin, self.url, self.subject.text()];
        let mut flags = if self.credentials { CREDENTIALS } else { 0 };
        if let Subject::HeaderName(_) = self.subject {
            flags |= HEADER_NAME;
        }
        let len = texts
            .iter()
            .fold(ENTRY_HEAD, |len, text| len.saturating_add(text.len()));
        let mut rest = memory.get_mut(..len)?;
        let mut push = |bytes: &[u8]| {
            let (place, after) = core::mem::take(&mut rest).split_at_mut_checked(bytes.len())?;
            place.copy_from_slice(bytes);
            rest = after;
            Some(())
        };
        push(&self.until.to_le_bytes())?;
        push(&[flags])?;
        for text in texts {
            push(&u16::try_from(text.len()).ok()?.to_le_bytes())?;
        }
        for text in texts {
            push(text)?;
        }
        Some(len)
    }

    /// Returns whether there is a
    /// [*cache entry match*](https://fetch.spec.whatwg.org/#concept-cache-match).
    fn matches(&self, fetch: &Fetch<'_>, url: &str, now: u64) -> bool {
        now < self.until
            && self.origin == fetch.origin().as_bytes()
            && self.url == url.as_bytes()
            && (self.credentials || !fetch.has_credentials())
    }

    /// Returns whether an entry that matches the request is a *method cache entry match*,
    /// <https://fetch.spec.whatwg.org/#concept-cache-match-method>, or a *header-name cache entry
    /// match*, <https://fetch.spec.whatwg.org/#concept-cache-match-header>.
    fn covers(&self, subject: Subject<'_>) -> bool {
        match (self.subject, subject) {
            (Subject::Method(own), Subject::Method(method)) => own == method || own == b"*",
            (Subject::HeaderName(own), Subject::HeaderName(name)) => {
                own.eq_ignore_ascii_case(name)
                    || (own == b"*" && !name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()))
            }
            _ => false,
        }
    }
}

impl<const BYTES: usize> PreflightCache<BYTES> {
    /// Creates an empty cache.
    ///
    /// A program with fewer than 128 `BYTES` does not compile, since such a cache has no room for
    /// an entry.
    pub const fn new(engine: Engine) -> Self {
        const {
            assert!(
                BYTES >= 128,
                "a PreflightCache has at least 128 bytes for its entries"
            )
        };
        Self {
            engine,
            memory: [0; BYTES],
            len: 0,
        }
    }

    /// Returns the entries, each with the index of its first byte and its length.
    fn entries(&self) -> impl Iterator<Item = (Entry<'_>, usize, usize)> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let (entry, len) = Entry::read(self.memory.get(at..self.len)?)?;
            let start = at;
            at += len;
            Some((entry, start, len))
        })
    }

    /// Returns whether a browser with this cache sends a preflight before the request, as
    /// [*HTTP fetch*](https://fetch.spec.whatwg.org/#http-fetch) decides.
    pub fn needs_preflight(&self, fetch: &Fetch<'_>, url: &str, now: u64) -> bool {
        let has_match = |subject| {
            let mut entries = self.entries();
            entries.any(|(entry, ..)| entry.matches(fetch, url, now) && entry.covers(subject))
        };
        if !fetch.needs_preflight() {
            return false;
        }
        let method = fetch.normalized_method().as_bytes();
        let needs_method = !is_safelisted_method(method) || fetch.has_use_cors_preflight_flag();
        (needs_method && !has_match(Subject::Method(method)))
            || fetch
                .unsafe_names()
                .any(|name| !has_match(Subject::HeaderName(name.as_written().as_bytes())))
    }

    /// Stores what the response to a preflight allows.
    ///
    /// This is the last part of
    /// [*CORS-preflight fetch*](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    ///
    /// # Errors
    ///
    /// Returns the error of [`Fetch::check_preflight`], and stores nothing.
    pub fn store(
        &mut self,
        fetch: &Fetch<'_>,
        url: &str,
        response: &Response<'_>,
        now: u64,
    ) -> Result<(), Blocked> {
        let lists = fetch.preflight_lists(response)?;
        // Expired entries make room.
        self.remove_if(|entry| entry.until <= now);
        let until = now.saturating_add(max_age(response, self.engine).into());
        if lists.only_own_method {
            let method = fetch.normalized_method().as_bytes();
            self.remember(fetch, url, until, now, Subject::Method(method));
        }
        for method in lists.methods.into_iter().flat_map(|methods| methods.iter()) {
            self.remember(fetch, url, until, now, Subject::Method(method));
        }
        for name in lists.header_names.into_iter().flat_map(|names| names.iter()) {
            self.remember(fetch, url, until, now, Subject::HeaderName(name));
        }
        Ok(())
    }

    /// Removes the entries of the request's origin and this URL, as a browser does when a request
    /// that needed a preflight fails:
    /// [*clear cache entries*](https://fetch.spec.whatwg.org/#concept-cache-clear).
    pub fn clear(&mut self, fetch: &Fetch<'_>, url: &str) {
        self.remove_if(|entry| entry.origin == fetch.origin().as_bytes() && entry.url == url.as_bytes());
    }

    /// Sets the expiry of the entries that match and cover `subject`, or creates an entry if there
    /// is none.
    fn remember(&mut self, fetch: &Fetch<'_>, url: &str, until: u64, now: u64, subject: Subject<'_>) {
        let mut has_match = false;
        let mut at = 0;
        while let Some((entry, len)) = self.memory.get(at..self.len).and_then(Entry::read) {
            if entry.matches(fetch, url, now) && entry.covers(subject) {
                has_match = true;
                if let Some(place) = self.memory.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                    *place = until.to_le_bytes();
                }
            }
            at += len;
        }
        // An entry that has expired already would only take room.
        if has_match || until <= now {
            return;
        }
        let entry = Entry {
            until,
            credentials: fetch.has_credentials(),
            origin: fetch.origin().as_bytes(),
            url: url.as_bytes(),
            subject,
        };
        let free = self.memory.get_mut(self.len..).unwrap_or(&mut []);
        self.len += entry.write(free).unwrap_or(0);
    }

    /// Removes entries, and moves those after them to the front.
    fn remove_if(&mut self, is_removed: impl Fn(&Entry<'_>) -> bool) {
        let (mut at, mut kept) = (0, 0);
        while let Some((entry, len)) = self.memory.get(at..self.len).and_then(Entry::read) {
            if !is_removed(&entry) {
                // `kept` is not after `at`. Bytes are moved one by one, since `copy_within` can
                // panic.
                for offset in 0..len {
                    if let Some(&byte) = self.memory.get(at + offset)
                        && let Some(place) = self.memory.get_mut(kept + offset)
                    {
                        *place = byte;
                    }
                }
                kept += len;
            }
            at += len;
        }
        self.len = kept;
    }
}

impl<const BYTES: usize> fmt::Debug for PreflightCache<BYTES> {
    /// Writes the engine and the entries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreflightCache({:?}) ", self.engine)?;
        f.debug_list()
            .entries(self.entries().map(|(entry, ..)| entry))
            .finish()
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = if self.credentials { " with credentials" } else { "" };
        let (origin, url) = (as_str(self.origin), as_str(self.url));
        write!(
            f,
            "{origin}{credentials} at {url}: {} until {}",
            as_str(self.subject.text()),
            self.until
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Fetch<'_> = Fetch::from_origin("https://app.example.com");
    const URL: &str = "https://api.example.com/";

    fn response<'a>(fields: &'a mut Vec<(&'a str, &'a str)>) -> Response<'a> {
        fields.push(("Access-Control-Allow-Origin", "https://app.example.com"));
        fields.push(("Access-Control-Allow-Credentials", "true"));
        fields.push(("Access-Control-Max-Age", "600"));
        Response::new(204, fields).unwrap()
    }

    #[test]
    fn entries_match_by_origin_url_and_credentials() {
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT")];
        let response = response(&mut fields);
        let put = PAGE.method("PUT");
        let mut cache = PreflightCache::<512>::new(Engine::Standard);
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
        let mut cache = PreflightCache::<512>::new(Engine::Standard);
        cache
            .store(&PAGE.headers(&[("x-a", "1")]), URL, &response, 0)
            .unwrap();
        let delete = PAGE.method("DELETE");
        assert!(!cache.needs_preflight(&delete.headers(&[("x-b", "1")]), URL, 1));
        assert!(cache.needs_preflight(&delete.headers(&[("Authorization", "1")]), URL, 1));
    }

    #[test]
    fn an_upload_without_a_list_is_remembered_by_its_own_method() {
        let mut fields = vec![];
        let response = response(&mut fields);
        let upload = PAGE.method("POST").use_cors_preflight();
        let mut cache = PreflightCache::<128>::new(Engine::Standard);
        assert!(cache.needs_preflight(&upload, URL, 0));
        cache.store(&upload, URL, &response, 0).unwrap();
        assert!(!cache.needs_preflight(&upload, URL, 1));
    }

    #[test]
    fn a_full_cache_stores_nothing_new_and_a_blocked_response_is_not_stored() {
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT, DELETE")];
        let response = response(&mut fields);
        let mut cache = PreflightCache::<128>::new(Engine::Standard);
        assert!(cache.store(&PAGE.method("PATCH"), URL, &response, 0).is_err());
        assert!(cache.needs_preflight(&PAGE.method("PUT"), URL, 0));
        cache.store(&PAGE.method("PUT"), URL, &response, 0).unwrap();
        assert!(!cache.needs_preflight(&PAGE.method("PUT"), URL, 1));
        assert!(cache.needs_preflight(&PAGE.method("DELETE"), URL, 1));
        // An expired entry makes room.
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

    #[test]
    fn entries_are_copied_and_moved_whole() {
        let put = PAGE.method("PUT");
        let urls: Vec<_> = (0..9).map(|n| format!("https://api.example.com/{n}")).collect();
        let mut cache = PreflightCache::<2048>::new(Engine::Standard);
        for url in &urls {
            // The response ends before the cache does.
            let mut fields = vec![("Access-Control-Allow-Methods", "PUT, *")];
            cache.store(&put, url, &response(&mut fields), 0).unwrap();
        }
        let stored = |cache: &PreflightCache<2048>| {
            urls.iter()
                .map(|url| !cache.needs_preflight(&put, url, 1))
                .collect::<Vec<_>>()
        };
        assert_eq!(stored(&cache), [true; 9]);
        cache.clear(&put, &urls[0]);
        cache.clear(&put, &urls[4]);
        cache.clear(&put, &urls[8]);
        let expected: Vec<_> = (0..9).map(|n| ![0, 4, 8].contains(&n)).collect();
        assert_eq!(stored(&cache), expected);
        assert!(
            format!("{cache:?}")
                .contains("https://app.example.com at https://api.example.com/1: PUT until 600")
        );
        // What has expired makes room.
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT")];
        cache.store(&put, &urls[0], &response(&mut fields), 600).unwrap();
        assert_eq!(cache.entries().count(), 1);
    }

    #[test]
    fn an_entry_that_does_not_fit_is_not_stored() {
        let put = PAGE.method("PUT");
        let mut fields = vec![("Access-Control-Allow-Methods", "PUT")];
        let response = response(&mut fields);
        for len in 0..200 {
            let url = "u".repeat(len);
            let mut cache = PreflightCache::<128>::new(Engine::Standard);
            cache.store(&put, &url, &response, 0).unwrap();
            let fits = 15 + "https://app.example.com".len() + len + 3 <= 128;
            assert_eq!(!cache.needs_preflight(&put, &url, 0), fits, "{len}");
        }
        let url = "u".repeat(70_000);
        let mut cache = PreflightCache::<100_000>::new(Engine::Standard);
        cache.store(&put, &url, &response, 0).unwrap();
        assert!(cache.needs_preflight(&put, &url, 0));
    }
}
