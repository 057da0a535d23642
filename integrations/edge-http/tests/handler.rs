//! Requests and responses as bytes, through a connection of edge-http.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use edge_http::io::Error;
use edge_http::io::server::Connection;
use embedded_cors::{Door, Doors, OwnedPolicy, Policy, PolicySource, RequestKind, Rules};
use embedded_cors_edge_http::{Cors, MAX_RESPONSE_FIELDS};
use embedded_io_async::{ErrorType, Read, Write};

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .expose_headers(&["etag"])
    .build_or_panic();

/// The two directions of a connection, in memory.
struct Memory<'a> {
    input: &'a [u8],
    output: Vec<u8>,
}

impl ErrorType for Memory<'_> {
    type Error = Infallible;
}

impl Read for Memory<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let n = buffer.len().min(self.input.len());
        let (first, rest) = self.input.split_at(n);
        buffer[..n].copy_from_slice(first);
        self.input = rest;
        Ok(n)
    }
}

impl Write for Memory<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

type Refusals = Vec<(RequestKind, Option<String>)>;

/// A handler that answers 401 with `own_fields` fields besides those of CORS.
async fn handle(
    policy: &impl PolicySource,
    memory: &mut Memory<'_>,
    buffer_len: usize,
    own_fields: usize,
    refusals: &mut Refusals,
) -> Result<(), Error<Infallible>> {
    let mut head = [0; 2048];
    let mut connection = Connection::<_, 16>::new(&mut head, memory).await?;
    let mut buffer = vec![0; buffer_len];
    let told = |decision: &embedded_cors::Decision<'_>, origin: Option<embedded_cors::OriginOrNull<'_>>| {
        refusals.push((decision.kind(), origin.map(|origin| origin.to_string())));
    };
    if let Some(cors) = Cors::begin_with(policy, &mut connection, &mut buffer, told).await? {
        let own = vec![("content-length", "0"); own_fields];
        cors.initiate_response(&mut connection, 401, &own).await?;
    }
    connection.complete().await
}

fn ask_with(
    policy: &impl PolicySource,
    request_line: &str,
    fields: &str,
    buffer_len: usize,
    own_fields: usize,
) -> (Result<(), Error<Infallible>>, String, Refusals) {
    let input = format!("{request_line} HTTP/1.1\r\nHost: lamp\r\n{fields}\r\n");
    let mut memory = Memory {
        input: input.as_bytes(),
        output: Vec::new(),
    };
    let mut refusals = Vec::new();
    let result = {
        let future = pin!(handle(policy, &mut memory, buffer_len, own_fields, &mut refusals));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("memory is always ready"),
        }
    };
    (result, String::from_utf8(memory.output).unwrap(), refusals)
}

/// Returns the status and the CORS fields.
fn ask(policy: &impl PolicySource, request_line: &str, fields: &str) -> (u16, Vec<String>) {
    let (result, output, _) = ask_with(policy, request_line, fields, 512, 1);
    result.unwrap();
    parse(&output)
}

fn parse(output: &str) -> (u16, Vec<String>) {
    let (head, _) = output.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_cors = |line: &&str| line.starts_with("access-control-") || line.starts_with("vary");
    (status, head.lines().filter(is_cors).map(String::from).collect())
}

const APP: &str = "Origin: https://app.example.com\r\n";
const OTHER: &str = "Origin: https://other.example\r\n";
const PUT: &str = "Access-Control-Request-Method: PUT\r\n";
const ALLOWED: &str = "access-control-allow-origin: https://app.example.com";
const VARY: &str = "vary: origin";
const VARY_PREFLIGHT: &str = "vary: origin,access-control-request-method,access-control-request-headers";

#[test]
fn a_handler_gets_the_fields_for_every_status() {
    let exposed = "access-control-expose-headers: etag";
    let (status, fields) = ask(&CORS, "PUT /led", APP);
    assert_eq!(
        (status, fields),
        (401, [ALLOWED, exposed, VARY].map(String::from).to_vec())
    );
    assert_eq!(ask(&CORS, "GET /", OTHER).1, [VARY]);
    assert_eq!(ask(&CORS, "GET /", "").1, [VARY]);
    assert_eq!(
        ask(&CORS, "OPTIONS /", APP),
        (401, vec![ALLOWED.into(), exposed.into(), VARY_PREFLIGHT.into()])
    );
}

#[test]
fn a_preflight_is_answered_before_the_handler() {
    let (status, fields) = ask(&CORS, "OPTIONS /led", &format!("{APP}{PUT}"));
    assert_eq!(status, 204);
    assert_eq!(
        fields,
        [ALLOWED, "access-control-allow-methods: PUT", VARY_PREFLIGHT]
    );
    let refused = ask(&CORS, "OPTIONS /led", &format!("{OTHER}{PUT}"));
    assert_eq!(refused, (403, vec![VARY_PREFLIGHT.into()]));
}

#[test]
fn owned_policies_and_rules_are_policies_too() {
    let owned = std::rc::Rc::new(OwnedPolicy::from_origins(["https://app.example.com"]).unwrap());
    assert_eq!(ask(&owned, "GET /", APP).1, [ALLOWED, VARY]);
    let policies = [
        owned.policy(),
        Policy::builder().allow_origins(&["*"]).build_or_panic(),
    ];
    let rules = Rules::new(&policies).unwrap();
    assert_eq!(
        ask(&rules, "GET /", OTHER).1,
        ["access-control-allow-origin: *", VARY]
    );
}

#[test]
fn refusals_are_told_with_parsed_values() {
    let told = |request_line, fields| ask_with(&CORS, request_line, fields, 512, 1).2;
    let other = Some(String::from("https://other.example"));
    assert_eq!(told("GET /", APP), []);
    assert_eq!(told("GET /", OTHER), [(RequestKind::Actual, other.clone())]);
    assert_eq!(
        told("GET /", "Origin: <script>\r\n"),
        [(RequestKind::Actual, None)]
    );
    let preflight = format!("{OTHER}{PUT}");
    assert_eq!(told("OPTIONS /", &preflight), [(RequestKind::Preflight, other)]);
}

#[test]
fn a_memory_that_is_too_small_and_too_many_fields_are_errors() {
    let (result, output, _) = ask_with(&CORS, "GET /", APP, 50, 1);
    assert!(matches!(result, Err(Error::TooLongHeaders)));
    assert_eq!(output, "");
    assert!(
        ask_with(&CORS, "GET /", "", 512, MAX_RESPONSE_FIELDS - 1)
            .0
            .is_ok()
    );
    let result = ask_with(&CORS, "GET /", "", 512, MAX_RESPONSE_FIELDS).0;
    assert!(matches!(result, Err(Error::TooManyHeaders)));
}

static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp"])
    .isolate()
    .build_or_panic();

/// The door that refused a request, and its origin.
type Told = Option<(Door, Option<String>)>;

/// Returns the status, the CORS fields, and what the function was told. The status of the handler
/// is 200.
fn ask_at_doors(head: &str) -> (u16, Vec<String>, Told) {
    async fn handle(memory: &mut Memory<'_>, told: &mut Told) {
        let mut head = [0; 2048];
        let mut connection = Connection::<_, 16>::new(&mut head, memory).await.unwrap();
        let mut buffer = [0; CORS.max_response_len() + Doors::<()>::MORE_LEN];
        let tell = |decision: &embedded_cors::DoorsDecision<'_>,
                    origin: Option<embedded_cors::OriginOrNull<'_>>| {
            *told = Some((decision.door(), origin.map(|origin| origin.to_string())));
        };
        let begun = Cors::begin_at_doors(&CORS, &DOORS, &mut connection, &mut buffer, tell).await;
        if let Some(cors) = begun.unwrap() {
            let own = [("content-length", "0")];
            cors.initiate_response(&mut connection, 200, &own).await.unwrap();
        }
        connection.complete().await.unwrap();
    }
    let input = format!("{head}\r\n");
    let mut memory = Memory {
        input: input.as_bytes(),
        output: Vec::new(),
    };
    let mut told = None;
    {
        let future = pin!(handle(&mut memory, &mut told));
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
    let output = String::from_utf8(memory.output).unwrap();
    let (status, fields) = parse(&output);
    (status, fields, told)
}

#[test]
fn what_the_doors_refuse_is_answered_before_the_handler() {
    let sec_fetch = "vary: sec-fetch-site,sec-fetch-mode,sec-fetch-dest";
    let allowed = [ALLOWED, "access-control-expose-headers: etag", VARY, sec_fetch];
    let refused = [VARY, sec_fetch];
    let other = Some("https://other.example");
    let own = "Host: lamp\r\n";
    for (request_line, fields, status, cors, told) in [
        ("GET / HTTP/1.1", String::from(own), 200, &refused[..], None),
        ("POST / HTTP/1.1", own.into(), 200, &refused, None),
        ("POST / HTTP/1.1", format!("{own}{APP}"), 200, &allowed, None),
        (
            "POST / HTTP/1.1",
            format!("{own}{OTHER}Content-Length: 0\r\n"),
            403,
            &refused,
            Some((Door::UnsafeMethod, other)),
        ),
        (
            "PATCH / HTTP/1.1",
            format!("{own}Origin: null\r\n"),
            403,
            &refused,
            Some((Door::UnsafeMethod, Some("null"))),
        ),
        ("GET / HTTP/1.1", format!("{own}{OTHER}"), 200, &refused, None),
        ("HEAD / HTTP/1.1", format!("{own}{OTHER}"), 200, &refused, None),
        (
            "GET / HTTP/1.1",
            format!("{own}{OTHER}Accept: text/event-stream\r\n"),
            403,
            &[
                "vary: origin",
                "vary: accept,sec-fetch-site,sec-fetch-mode,sec-fetch-dest",
            ],
            Some((Door::EventStream, other)),
        ),
        (
            "GET / HTTP/1.1",
            format!("{own}Sec-Fetch-Site: cross-site\r\n"),
            403,
            &refused,
            Some((Door::SafeMethod, None)),
        ),
        (
            "GET / HTTP/1.1",
            String::from("Host: stranger.example\r\n"),
            403,
            &[],
            Some((Door::Host, None)),
        ),
        (
            "GET / HTTP/1.1",
            String::new(),
            400,
            &[],
            Some((Door::Host, None)),
        ),
        ("GET / HTTP/1.0", String::new(), 200, &refused, None),
        (
            "GET http://stranger.example/ HTTP/1.1",
            own.into(),
            403,
            &[],
            Some((Door::Host, None)),
        ),
        (
            "OPTIONS / HTTP/1.1",
            format!("{own}{APP}{PUT}"),
            204,
            &[
                ALLOWED,
                "access-control-allow-methods: PUT",
                VARY_PREFLIGHT,
                sec_fetch,
            ],
            None,
        ),
    ] {
        let head = format!("{request_line}\r\n{fields}");
        let told = told.map(|(door, origin)| (door, origin.map(String::from)));
        let cors = cors.iter().copied().map(String::from).collect();
        assert_eq!(ask_at_doors(&head), (status, cors, told), "{head:?}");
    }
}
