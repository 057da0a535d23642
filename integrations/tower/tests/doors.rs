//! The doors, on a real server: what is refused does not reach a handler.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::any;
use common::{Answer, serve};
use embedded_cors::{Door, Doors, DoorsConfig, Policy};
use embedded_cors_tower::CorsLayer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .allow_methods(&["PUT"])
    .build_or_panic();
static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp.local"])
    .isolate()
    .build_or_panic();

const APP: (&str, &str) = ("Origin", "https://app.example.com");
const STRANGER: (&str, &str) = ("Origin", "https://stranger.example");
const HOST: (&str, &str) = ("Host", "lamp.local");

#[tokio::test]
async fn refused_requests_do_not_reach_the_handler() {
    let calls = Arc::new(AtomicUsize::new(0));
    let in_handler = Arc::clone(&calls);
    let handler = async move || {
        in_handler.fetch_add(1, Ordering::Relaxed);
        "switched"
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let by_layer = Arc::clone(&told);
    let layer = CorsLayer::new(&CORS)
        .doors(DOORS)
        .on_doors_refusal(move |decision, origin| {
            let origin = origin.map_or(String::new(), |origin| origin.to_string());
            by_layer.lock().unwrap().push((decision.door(), origin));
        });
    let app = Router::new().route("/lamp", any(handler)).layer(layer);
    let address = serve(app).await;
    let origin = "access-control-allow-origin: https://app.example.com";
    let sec_fetch = "vary: sec-fetch-site,sec-fetch-mode,sec-fetch-dest";
    let requested = "vary: origin,access-control-request-method,access-control-request-headers";
    for (method, fields, status, is_called, cors) in [
        ("GET", &[HOST][..], 200, true, &["vary: origin", sec_fetch][..]),
        ("POST", &[HOST], 200, true, &["vary: origin", sec_fetch]),
        (
            "POST",
            &[HOST, APP],
            200,
            true,
            &[origin, "vary: origin", sec_fetch],
        ),
        (
            "POST",
            &[HOST, STRANGER],
            403,
            false,
            &["vary: origin", sec_fetch],
        ),
        (
            "POST",
            &[HOST, ("Origin", "null")],
            403,
            false,
            &["vary: origin", sec_fetch],
        ),
        ("GET", &[HOST, STRANGER], 200, true, &["vary: origin", sec_fetch]),
        (
            "GET",
            &[
                HOST,
                STRANGER,
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
            ],
            403,
            false,
            &["vary: origin", sec_fetch],
        ),
        ("GET", &[("Host", "stranger.example")], 403, false, &[]),
        ("GET", &[("Host", "a@lamp.local")], 400, false, &[]),
        (
            "OPTIONS",
            &[HOST, APP, ("Access-Control-Request-Method", "PUT")],
            204,
            false,
            &["access-control-allow-methods: PUT", origin, requested, sec_fetch],
        ),
    ] {
        let before = calls.load(Ordering::Relaxed);
        let mut head = format!("{method} /lamp HTTP/1.1\r\nContent-Length: 0\r\n");
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
        if !head.contains("Connection: ") {
            head += "Connection: close\r\n";
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let answer = Answer::of(&text);
        assert_eq!(answer.status, status, "{method} {fields:?}: {answer:?}");
        assert_eq!(answer.cors(), cors, "{method} {fields:?}");
        let is_now_called = calls.load(Ordering::Relaxed) > before;
        assert_eq!(is_now_called, is_called, "{method} {fields:?}");
    }
    let stranger = || String::from("https://stranger.example");
    assert_eq!(
        *told.lock().unwrap(),
        [
            (Door::UnsafeMethod, stranger()),
            (Door::UnsafeMethod, String::from("null")),
            (Door::WebSocket, stranger()),
            (Door::Host, String::new()),
            (Door::Host, String::new()),
        ]
    );
}

#[tokio::test]
async fn doors_that_are_built_at_run_time_refuse_too() {
    let config = DoorsConfig {
        allow_hosts: vec!["lamp.local".into()],
        ..Default::default()
    };
    let layer = CorsLayer::new(&CORS).owned_doors(config.build().unwrap());
    let app = Router::new().route("/lamp", any(async || "on")).layer(layer);
    let address = serve(app).await;
    for (host, status) in [("lamp.local", 200), ("stranger.example", 403)] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET /lamp HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(Answer::of(&text).status, status, "{host}");
    }
}
