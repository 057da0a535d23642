//! Policies and requests that rows share, those of the peers too.

use embedded_cors::{OriginIndex, Policy};

/// The methods of every policy, besides those that need no permission.
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

/// What a preflight asks for: a method and three headers.
pub const REQUESTED_METHOD: &str = "PUT";
pub const REQUESTED_HEADERS: &str = "authorization,content-type,x-request-id";

/// How many entries lists have.
pub const SIZES: [usize; 6] = [1, 8, 64, 1_000, 10_000, 100_000];

/// The one list that most rows have.
pub const FEW: usize = 8;

/// `GET` with a cookie, 15 field lines, as Chromium sent it.
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

/// For as long as the program runs.
pub fn leak<T: ?Sized>(boxed: Box<T>) -> &'static T {
    Box::leak(boxed)
}

/// A text for as long as the program runs.
pub fn text(text: impl Into<String>) -> &'static str {
    leak(text.into().into_boxed_str())
}

/// The origin of a tenant: a long prefix that all share.
pub fn tenant(number: usize) -> String {
    format!("https://tenant-{number:05}.customers.example.com")
}

/// So many exact origins.
pub fn exact(size: usize) -> &'static [&'static str] {
    leak((0..size).map(|number| text(tenant(number))).collect())
}

/// So many entries, of which every tenth admits the subdomains of one domain.
pub fn mixed(size: usize) -> &'static [&'static str] {
    let entry = |number| match number % 10 {
        5 => format!("https://*.team-{number:05}.example.net"),
        _ => tenant(number),
    };
    leak((0..size).map(|number| text(entry(number))).collect())
}

/// The origin of a request that entry `number` of [`mixed`] admits.
pub fn mixed_origin(number: usize) -> String {
    match number % 10 {
        5 => format!("https://app.team-{number:05}.example.net"),
        _ => tenant(number),
    }
}

/// The policy of these origins. Every row has its policy from here, whatever the length of the list.
pub fn policy_of(origins: &'static [&'static str]) -> &'static Policy<'static> {
    rendered(unrendered_policy_of(origins))
}

fn rendered(policy: &Policy<'static>) -> &'static Policy<'static> {
    let memory = vec![0; policy.rendered_len()].leak();
    leak(Box::new(policy.render(memory).expect("there is room")))
}

/// The same, not rendered.
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

/// A list that is longer has an index.
const UNINDEXED: usize = 32;
const SEED: u64 = 0x2f6b_11d3_9c02_7ae5;

/// The policy that shares with everyone.
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

/// An order in which neighbours in memory are not neighbours in time: an index for each turn.
pub fn scattered(turn: usize, size: usize) -> usize {
    turn.wrapping_mul(7_919) % size
}

/// A head as a browser sent it, from another origin.
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

/// The heads of three browsers.
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

/// The fields of a head, as a server's own parser has them.
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

/// How long the lists of requested headers are that no browser sends.
pub const LONG: usize = 16 * 1024;

/// A list of requested headers that is made of `member` again and again.
pub fn list_of(member: &str, length: usize) -> String {
    let mut list = member.repeat(length.div_ceil(member.len()));
    list.truncate(length);
    list
}

/// The preflight with this list of requested headers.
pub fn preflight_asking(origin: &str, list: &str) -> String {
    format!(
        "OPTIONS /api HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: {list}\r\n\r\n"
    )
}
