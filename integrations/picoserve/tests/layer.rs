//! The layer on a real socket.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embedded_cors::{Door, Doors, OwnedPolicy, Policy, Rules};
use embedded_cors_picoserve::Cors;
use picoserve::response::StatusCode;
use picoserve::routing::{PathRouter, get};
use picoserve::{Config, Router, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .expose_headers(&["etag"])
    .max_age_seconds(600)
    .build_or_panic();

const APP: &str = "Origin: https://app.example.com\r\n";
const OTHER: &str = "Origin: https://other.example\r\n";
const PUT: &str = "Access-Control-Request-Method: PUT\r\n";
const ALLOWED: &str = "access-control-allow-origin: https://app.example.com";
const EXPOSED: &str = "access-control-expose-headers: etag";
const VARY: &str = "vary: origin";
const VARY_PREFLIGHT: &str = "vary: origin,access-control-request-method,access-control-request-headers";

/// Sends a request for the host `lamp` to a server with this app, and returns the status and the
/// CORS fields.
async fn ask(app: &Router<impl PathRouter>, request_line: &str, fields: &str) -> (u16, Vec<String>) {
    let fields = format!("Host: lamp\r\n{fields}");
    send(app, &format!("{request_line} HTTP/1.1"), &fields).await
}

async fn send(app: &Router<impl PathRouter>, request_line: &str, fields: &str) -> (u16, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let config = Config::const_default();
        let mut buffer = [0; 2048];
        Server::new_tokio(app, &config, &mut buffer)
            .serve(stream)
            .await
            .unwrap();
    };
    let request = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("{request_line}\r\nConnection: close\r\n{fields}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    };
    let ((), text) = tokio::join!(serve, request);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_cors = |line: &&str| line.starts_with("access-control-") || line.starts_with("vary");
    (status, head.lines().filter(is_cors).map(String::from).collect())
}

fn app() -> Router<impl PathRouter> {
    Router::new()
        .route("/status", get(async || "on"))
        .route("/failure", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(Cors::new(&CORS))
}

#[tokio::test]
async fn every_response_has_the_fields() {
    let app = app();
    for (request_line, status) in [
        ("GET /status", 200),
        ("GET /failure", 500),
        ("GET /nowhere", 404),
        ("PUT /status", 405),
    ] {
        let (answered, fields) = ask(&app, request_line, APP).await;
        assert_eq!(answered, status, "{request_line}");
        assert_eq!(fields, [ALLOWED, EXPOSED, VARY], "{request_line}");
        assert_eq!(ask(&app, request_line, OTHER).await, (status, vec![VARY.into()]));
    }
    assert_eq!(ask(&app, "GET /status", "").await, (200, vec![VARY.into()]));
}

#[tokio::test]
async fn preflights_are_answered_before_routing() {
    let app = app();
    for path in ["/status", "/nowhere"] {
        let (status, fields) = ask(&app, &format!("OPTIONS {path}"), &format!("{APP}{PUT}")).await;
        let methods = "access-control-allow-methods: PUT";
        assert_eq!(status, 204);
        assert_eq!(
            fields,
            [ALLOWED, methods, "access-control-max-age: 600", VARY_PREFLIGHT]
        );
    }
    let refused = ask(&app, "OPTIONS /status", &format!("{OTHER}{PUT}")).await;
    assert_eq!(refused, (403, vec![VARY_PREFLIGHT.into()]));
}

#[tokio::test]
async fn an_owned_policy_is_swapped() {
    let build = |origin| Rc::new(OwnedPolicy::from_origins([origin]).unwrap());
    let current = Rc::new(RefCell::new(build("https://app.example.com")));
    let for_layer = Rc::clone(&current);
    let app = Router::new()
        .route("/", get(async || ""))
        .layer(Cors::from_fn(move || Rc::clone(&for_layer.borrow())));
    assert_eq!(ask(&app, "GET /", APP).await.1, [ALLOWED, VARY]);
    *current.borrow_mut() = build("https://other.example");
    assert_eq!(ask(&app, "GET /", APP).await.1, [VARY]);
    let allowed = "access-control-allow-origin: https://other.example";
    assert_eq!(ask(&app, "GET /", OTHER).await.1, [allowed, VARY]);
}

#[tokio::test]
async fn rules_are_policies_too() {
    static EVERYONE: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    let policies = [CORS, EVERYONE];
    let rules = Rules::new(&policies).unwrap();
    let app = Router::new().route("/", get(async || "")).layer(Cors::new(rules));
    assert_eq!(ask(&app, "GET /", APP).await.1, [ALLOWED, EXPOSED, VARY]);
    assert_eq!(
        ask(&app, "GET /", OTHER).await.1,
        ["access-control-allow-origin: *", VARY]
    );
}

#[tokio::test]
async fn refusals_are_told_with_parsed_values() {
    let told = RefCell::new(Vec::new());
    let layer = Cors::new(&CORS).on_refusal(|decision, origin| {
        let origin = origin.map(|origin| origin.to_string());
        told.borrow_mut().push((decision.kind(), origin));
    });
    let app = Router::new().route("/", get(async || "")).layer(layer);
    for (request_line, fields) in [
        ("GET /", APP),
        ("GET /", ""),
        ("GET /", OTHER),
        ("GET /", "Origin: <script>\r\n"),
        (
            "OPTIONS /",
            "Origin: https://other.example\r\nAccess-Control-Request-Method: PUT\r\n",
        ),
    ] {
        ask(&app, request_line, fields).await;
    }
    use embedded_cors::RequestKind::{Actual, Preflight};
    let other = || Some(String::from("https://other.example"));
    assert_eq!(
        *told.borrow(),
        [(Actual, other()), (Actual, None), (Preflight, other())]
    );
}

static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp"])
    .enforce()
    .build_or_panic();

#[tokio::test]
async fn what_the_doors_refuse_does_not_reach_a_handler() {
    let calls = Cell::new(0);
    let told = RefCell::new(Vec::new());
    let layer = Cors::new(&CORS).doors(DOORS).on_refusal(|decision, origin| {
        let origin = origin.map_or(String::new(), |origin| origin.to_string());
        told.borrow_mut().push((decision.door(), origin));
    });
    let handler = async || {
        calls.set(calls.get() + 1);
        "switched"
    };
    let app = Router::new()
        .route("/led", get(handler).post(handler))
        .layer(layer);
    let own = "Host: lamp\r\n";
    let app_page = format!("{own}{APP}");
    let stranger = format!("{own}{OTHER}");
    let both = "Host: lamp\r\nHost: lamp\r\n";
    let handshake = "Host: lamp\r\nUpgrade: websocket\r\n";
    for (request_line, fields, status, is_called) in [
        ("GET /led HTTP/1.1", own, 200, true),
        ("POST /led HTTP/1.1", own, 200, true),
        ("POST /led HTTP/1.1", &app_page, 200, true),
        (
            "POST /led HTTP/1.1",
            "Host: lamp\r\nOrigin: http://lamp\r\n",
            200,
            true,
        ),
        ("POST /led HTTP/1.1", &stranger, 403, false),
        ("GET /led HTTP/1.1", &stranger, 403, false),
        ("GET /nowhere HTTP/1.1", &stranger, 403, false),
        ("POST /led HTTP/1.1", "Host: lamp\r\nOrigin: null\r\n", 403, false),
        ("GET /led HTTP/1.1", &format!("{handshake}{OTHER}"), 403, false),
        ("GET /led HTTP/1.1", handshake, 200, true),
        ("GET /led HTTP/1.1", "Host: stranger.example\r\n", 403, false),
        ("GET /led HTTP/1.1", both, 400, false),
        ("GET /led HTTP/1.1", "", 400, false),
        ("GET /led HTTP/1.0", "", 200, true),
        ("GET http://stranger.example/led HTTP/1.1", own, 403, false),
        ("GET http://lamp/led HTTP/1.1", own, 404, false),
        ("GET http://lamp#.stranger.example/led HTTP/1.1", own, 400, false),
        ("OPTIONS /led HTTP/1.1", &format!("{app_page}{PUT}"), 204, false),
    ] {
        calls.set(0);
        let (answered, cors) = send(&app, request_line, fields).await;
        assert_eq!(
            (answered, calls.get() == 1),
            (status, is_called),
            "{request_line} {fields:?}"
        );
        let is_allowed = fields.contains("app.example.com");
        assert_eq!(
            cors.iter().any(|line| line == ALLOWED),
            is_allowed,
            "{request_line} {fields:?}"
        );
    }
    let other = || String::from("https://other.example");
    let none = String::new;
    assert_eq!(
        *told.borrow(),
        [
            (Door::UnsafeMethod, other()),
            (Door::SafeMethod, other()),
            (Door::SafeMethod, other()),
            (Door::UnsafeMethod, String::from("null")),
            (Door::WebSocket, other()),
            (Door::Host, none()),
            (Door::Host, none()),
            (Door::Host, none()),
            (Door::Host, none()),
            (Door::Host, none()),
        ]
    );
}
