//! The policies and requests of the rows, including those of other implementations.

use embedded_cors::{OriginIndex, Policy};

/// The methods of every policy, besides the safelisted ones.
pub const METHODS: [&str; 3] = ["PUT", "DELETE", "PATCH"];
/// The request headers of every policy.
pub const HEADERS: [&str; 5] = [
    "authorization",
    "content-type",
    "if-match",
    "x-csrf-token",
    "x-request-id",
];
/// The response headers of every policy.
pub const EXPOSED: [&str; 2] = ["etag", "x-request-id"];
pub const MAX_AGE: u32 = 600;

/// The method that preflights request, together with three headers.
pub const REQUESTED_METHOD: &str = "PUT";
pub const REQUESTED_HEADERS: &str = "authorization,content-type,x-request-id";

/// The lengths of lists.
pub const SIZES: [usize; 6] = [1, 8, 64, 1_000, 10_000, 100_000];

/// The length of the list in most rows.
pub const FEW: usize = 8;

/// A `GET` with a cookie and 15 field lines, as Chromium sent it.
const GET: &[u8] = include_bytes!("../../tests/requests/chromium156-dev-get-credentials.http");
/// The preflight of a `PUT` with five headers, as Chromium sent it.
const PREFLIGHT: &[u8] =
    include_bytes!("../../tests/requests/chromium156-dev-put-many-headers-preflight.http");
const FIREFOX_GET: &[u8] = include_bytes!("../../tests/requests/firefox153-dev-get-credentials.http");
const FIREFOX_PREFLIGHT: &[u8] =
    include_bytes!("../../tests/requests/firefox153-dev-put-many-headers-preflight.http");
const WEBKIT_GET: &[u8] = include_bytes!("../../tests/requests/webkitgtk2.50-dev-get-credentials.http");
const WEBKIT_PREFLIGHT: &[u8] =
    include_bytes!("../../tests/requests/webkitgtk2.50-dev-put-many-headers-preflight.http");

/// Keeps a value for as long as the program runs.
pub fn leak<T: ?Sized>(boxed: Box<T>) -> &'static T {
    Box::leak(boxed)
}

/// Keeps a text for as long as the program runs.
pub fn text(text: impl Into<String>) -> &'static str {
    leak(text.into().into_boxed_str())
}

/// Returns the origin of a tenant. All of them have a long common prefix.
pub fn tenant(number: usize) -> String {
    format!("https://tenant-{number:05}.customers.example.com")
}

/// Returns `size` exact origins.
pub fn exact(size: usize) -> &'static [&'static str] {
    leak((0..size).map(|number| text(tenant(number))).collect())
}

/// Returns `size` entries, of which every tenth admits the subdomains of one domain.
pub fn mixed(size: usize) -> &'static [&'static str] {
    let entry = |number| match number % 10 {
        5 => format!("https://*.team-{number:05}.example.net"),
        _ => tenant(number),
    };
    leak((0..size).map(|number| text(entry(number))).collect())
}

/// Returns an origin that entry `number` of [`mixed`] admits.
pub fn mixed_origin(number: usize) -> String {
    match number % 10 {
        5 => format!("https://app.team-{number:05}.example.net"),
        _ => tenant(number),
    }
}

/// Returns the rendered policy with these origins. All rows use it, except those of unrendered
/// policies.
pub fn policy_of(origins: &'static [&'static str]) -> &'static Policy<'static> {
    rendered(unrendered_policy_of(origins))
}

fn rendered(policy: &Policy<'static>) -> &'static Policy<'static> {
    let memory = vec![0; policy.rendered_len()].leak();
    leak(Box::new(
        policy.render(memory).expect("the memory is long enough"),
    ))
}

/// Returns the policy with these origins without rendering it.
pub fn unrendered_policy_of(origins: &'static [&'static str]) -> &'static Policy<'static> {
    let options = Policy::builder()
        .allow_methods(&METHODS)
        .allow_headers(&HEADERS)
        .expose_headers(&EXPOSED)
        .allow_credentials()
        .max_age_seconds(MAX_AGE);
    let builder = if origins.len() > UNINDEXED {
        let slots = vec![0; OriginIndex::slots_for(origins.len())].leak();
        let index = OriginIndex::build(origins, slots, SEED).expect("the entries are valid");
        options.allow_indexed_origins(leak(Box::new(index)))
    } else {
        options.allow_origins(origins)
    };
    leak(Box::new(builder.build().expect("the entries are valid")))
}

/// The longest list without an index.
const UNINDEXED: usize = 32;
const SEED: u64 = 0x2f6b_11d3_9c02_7ae5;

/// Returns a policy that allows every origin.
pub fn policy_of_any() -> &'static Policy<'static> {
    let policy = Policy::builder()
        .allow_origins(&["*"])
        .allow_methods(&METHODS)
        .allow_headers(&HEADERS)
        .expose_headers(&EXPOSED)
        .max_age_seconds(MAX_AGE)
        .build()
        .expect("the entries are valid");
    rendered(&policy)
}

/// Returns an index for each turn, so that consecutive turns use distant places in memory.
pub fn scattered(turn: usize, size: usize) -> usize {
    turn.wrapping_mul(7_919) % size
}

/// Replaces the origin in the recorded head of a browser.
fn from_origin(head: &[u8], origin: &str) -> &'static [u8] {
    let head = std::str::from_utf8(head).expect("heads are ASCII");
    let line = |start: &str, end: &str| format!("{start}http://localhost:3000{end}\r\n");
    let changed = head
        .replace(&line("Origin: ", ""), &format!("Origin: {origin}\r\n"))
        .replace(&line("Referer: ", "/"), &format!("Referer: {origin}/\r\n"));
    assert_ne!(head, changed);
    text(changed).as_bytes()
}

pub fn get(origin: &str) -> &'static [u8] {
    from_origin(GET, origin)
}

pub fn preflight(origin: &str) -> &'static [u8] {
    from_origin(PREFLIGHT, origin)
}

/// Returns heads of three browsers.
pub fn heads(origin: &str) -> [(&'static str, &'static [u8]); 6] {
    [
        ("get_chromium", from_origin(GET, origin)),
        ("get_firefox", from_origin(FIREFOX_GET, origin)),
        ("get_webkit", from_origin(WEBKIT_GET, origin)),
        ("preflight_chromium", from_origin(PREFLIGHT, origin)),
        ("preflight_firefox", from_origin(FIREFOX_PREFLIGHT, origin)),
        ("preflight_webkit", from_origin(WEBKIT_PREFLIGHT, origin)),
    ]
}

/// Returns the fields of a head, as a server's parser provides them.
pub fn fields(head: &'static [u8]) -> Vec<(&'static str, &'static [u8])> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    assert!(request.parse(head).is_ok_and(|status| status.is_complete()));
    request
        .headers
        .iter()
        .map(|field| (field.name, field.value))
        .collect()
}

/// The length in bytes of long lists of requested headers, which no browser sends.
pub const LONG: usize = 16 * 1024;

/// Returns a list of requested headers that repeats `member`.
pub fn list_of(member: &str, length: usize) -> String {
    let mut list = member.repeat(length.div_ceil(member.len()));
    list.truncate(length);
    list
}

/// Returns a preflight with this list of requested headers.
pub fn preflight_asking(origin: &str, list: &str) -> String {
    format!(
        "OPTIONS /api HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: {list}\r\n\r\n"
    )
}
