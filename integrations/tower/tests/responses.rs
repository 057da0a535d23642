//! Every kind of response has the fields, on a real server.

mod common;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use common::{Answer, ask, serve};
use embedded_cors::Policy;
use embedded_cors_tower::CorsLayer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceBuilder;
use tower::timeout::TimeoutLayer;
use tower_http::catch_panic::CatchPanicLayer;

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .allow_headers(&["authorization"])
    .expose_headers(&["etag"])
    .allow_credentials()
    .max_age_seconds(600)
    .build_or_panic();

const APP: (&str, &str) = ("Origin", "https://app.example.com");
const EVIL: (&str, &str) = ("Origin", "https://evil.example");
const TOKEN: (&str, &str) = ("Authorization", "Bearer x");

const FIELDS: [&str; 4] = [
    "access-control-allow-credentials: true",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: etag",
    "vary: origin",
];

async fn authenticate(request: Request, next: Next) -> Response {
    match request.headers().get("authorization") {
        Some(token) if token == "Bearer x" => next.run(request).await,
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "late"
}

/// Switches to a protocol that sends back what it gets.
async fn upgrade(request: Request) -> Response {
    tokio::spawn(async {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let mut stream = hyper_util::rt::TokioIo::new(upgraded);
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        stream.write_all(&byte).await.unwrap();
    });
    let fields = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
    (StatusCode::SWITCHING_PROTOCOLS, fields).into_response()
}

fn app() -> Router {
    let pieces = || {
        let pieces = ["one", "two"].map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    let timeout = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_| StatusCode::SERVICE_UNAVAILABLE))
        .layer(TimeoutLayer::new(Duration::from_millis(50)));
    Router::new()
        .route("/ok", get(async || "ok").put(async || "put"))
        .route("/unchanged", get(async || StatusCode::NOT_MODIFIED))
        .route(
            "/upload",
            post(async |_: Bytes| "stored").layer(DefaultBodyLimit::max(10)),
        )
        .route("/failure", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/panic", get(async || -> &'static str { panic!("on purpose") }))
        .route("/slow", get(slow).layer(timeout))
        .route("/stream", get(async move || pieces()))
        .route("/upgrade", get(upgrade))
        .route(
            "/upstream",
            get(async || {
                let star = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
                let credentials = (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
                let timing = (header::HeaderName::from_static("timing-allow-origin"), "*");
                let vary = (header::VARY, "accept-encoding");
                [star, credentials, timing, vary]
            }),
        )
        .layer(from_fn(authenticate))
        .layer(CatchPanicLayer::new())
        .layer(CorsLayer::new(&CORS))
}

#[tokio::test]
async fn every_response_has_the_fields() {
    let address = serve(app()).await;
    for (request_line, fields, content, status) in [
        ("GET /ok", &[APP, TOKEN][..], "", 200),
        ("PUT /ok", &[APP, TOKEN], "", 200),
        ("GET /unchanged", &[APP, TOKEN], "", 304),
        ("GET /ok", &[APP], "", 401),
        ("GET /nowhere", &[APP, TOKEN], "", 404),
        ("DELETE /ok", &[APP, TOKEN], "", 405),
        ("POST /upload", &[APP, TOKEN], "more than ten bytes", 413),
        ("GET /failure", &[APP, TOKEN], "", 500),
        ("GET /panic", &[APP, TOKEN], "", 500),
        ("GET /slow", &[APP, TOKEN], "", 503),
        ("GET /stream", &[APP, TOKEN], "", 200),
    ] {
        let answer = ask(address, request_line, fields, content).await;
        assert_eq!(answer.status, status, "{request_line}");
        assert_eq!(answer.cors(), FIELDS, "{request_line}");
        let refused: Vec<_> = fields
            .iter()
            .map(|&field| if field == APP { EVIL } else { field })
            .collect();
        let answer = ask(address, request_line, &refused, content).await;
        assert_eq!(
            (answer.status, answer.cors()),
            (status, vec!["vary: origin"]),
            "{request_line}"
        );
    }
    let answer = ask(address, "GET /ok", &[TOKEN], "").await;
    assert_eq!(
        (answer.content.as_str(), answer.cors()),
        ("ok", vec!["vary: origin"])
    );
    let answer = ask(address, "GET /stream", &[APP, TOKEN], "").await;
    assert!(answer.content.contains("one") && answer.content.contains("two"));
}

/// A preflight has no credentials, so it must not reach what authenticates.
#[tokio::test]
async fn preflights_are_answered_before_the_inner_service() {
    let address = serve(app()).await;
    let put = ("Access-Control-Request-Method", "PUT");
    let delete = ("Access-Control-Request-Method", "DELETE");
    let headers = ("Access-Control-Request-Headers", "authorization");
    let vary = "vary: origin,access-control-request-method,access-control-request-headers";
    let lists = [
        FIELDS[0],
        "access-control-allow-headers: authorization",
        "access-control-allow-methods: PUT",
        FIELDS[1],
        "access-control-max-age: 600",
        vary,
    ];
    for path in ["/ok", "/panic", "/nowhere"] {
        let answer = ask(address, &format!("OPTIONS {path}"), &[APP, put, headers], "").await;
        assert_eq!(
            (answer.status, answer.cors(), answer.content.as_str()),
            (204, lists.to_vec(), "")
        );
    }
    let answer = ask(address, "OPTIONS /ok", &[EVIL, put], "").await;
    assert_eq!((answer.status, answer.cors()), (403, vec![vary]));
    assert_eq!(answer.all("content-length"), ["0"]);
    let answer = ask(address, "OPTIONS /ok", &[APP, delete], "").await;
    assert_eq!((answer.status, answer.cors().len()), (204, 5));
    // Not a preflight, so the handlers answer it.
    let answer = ask(address, "OPTIONS /ok", &[APP, TOKEN], "").await;
    assert_eq!(answer.status, 405);
    assert!(answer.cors().contains(&FIELDS[1]) && answer.cors().contains(&vary));
}

#[tokio::test]
async fn fields_of_an_upstream_are_replaced_and_its_vary_stays() {
    let address = serve(app()).await;
    let answer = ask(address, "GET /upstream", &[APP, TOKEN], "").await;
    assert_eq!(
        answer.cors(),
        [
            FIELDS[0],
            FIELDS[1],
            FIELDS[2],
            "vary: accept-encoding",
            "vary: origin"
        ]
    );
    let answer = ask(address, "GET /upstream", &[EVIL, TOKEN], "").await;
    assert_eq!(answer.cors(), ["vary: accept-encoding", "vary: origin"]);
}

#[tokio::test]
async fn an_upgraded_response_has_the_fields() {
    let mut stream = TcpStream::connect(serve(app()).await).await.unwrap();
    let head = "GET /upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: echo\r\n\
                Origin: https://app.example.com\r\nAuthorization: Bearer x\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.unwrap());
    }
    let answer = Answer::of(std::str::from_utf8(&text).unwrap());
    assert_eq!((answer.status, answer.cors()), (101, FIELDS.to_vec()));
    stream.write_u8(b'!').await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'!');
}

/// hyper sends `100 Continue` itself; the final response has the fields.
#[tokio::test]
async fn an_interim_response_has_no_fields() {
    let mut stream = TcpStream::connect(serve(app()).await).await.unwrap();
    let head = "POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n\
                Content-Length: 2\r\nOrigin: https://app.example.com\r\nAuthorization: Bearer x\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.unwrap());
    }
    assert_eq!(text, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ab").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let answer = Answer::of(&text);
    assert_eq!((answer.status, answer.cors()), (200, FIELDS.to_vec()));
}
