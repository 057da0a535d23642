//! Policies per route, swapped policies, refusals, and the servers hyper and tonic.

mod common;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use axum::Router;
use axum::routing::get;
use common::{ask, serve};
use embedded_cors::{OwnedPolicy, Policy, PolicyConfig, Rules, RulesConfig};
use embedded_cors_tower::CorsLayer;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

static PUBLIC: Policy = Policy::builder()
    .allow_origins(&["*"])
    .allow_methods(&["PUT"])
    .build_or_panic();

static ADMIN: Policy = Policy::builder()
    .allow_origins(&["https://admin.example.com"])
    .allow_methods(&["DELETE"])
    .allow_credentials()
    .build_or_panic();

const ADMIN_PAGE: (&str, &str) = ("Origin", "https://admin.example.com");
const OTHER_PAGE: (&str, &str) = ("Origin", "https://other.example");
const DELETE: (&str, &str) = ("Access-Control-Request-Method", "DELETE");

/// Preflights of a route are decided by the layer of that route, without a handler for `OPTIONS`.
#[tokio::test]
async fn each_route_has_its_policy_for_preflights_too() {
    let app = Router::new()
        .route("/news", get(async || "news").layer(CorsLayer::new(&PUBLIC)))
        .route(
            "/users",
            get(async || "users")
                .delete(async || "deleted")
                .layer(CorsLayer::new(&ADMIN)),
        )
        .route("/internal", get(async || "internal"));
    let address = serve(app).await;
    let allow_origin = async |request_line: &str, fields: &[(&str, &str)]| {
        let answer = ask(address, request_line, fields, "").await;
        let values = answer.all("access-control-allow-origin");
        (
            answer.status,
            values.first().map_or(String::new(), |value| (*value).into()),
        )
    };
    let star = String::from("*");
    let admin = String::from(ADMIN_PAGE.1);
    let none = String::new();
    assert_eq!(
        allow_origin("GET /news", &[OTHER_PAGE]).await,
        (200, star.clone())
    );
    let put = ("Access-Control-Request-Method", "PUT");
    assert_eq!(
        allow_origin("OPTIONS /news", &[OTHER_PAGE, put]).await,
        (204, star.clone())
    );
    assert_eq!(
        allow_origin("GET /users", &[ADMIN_PAGE]).await,
        (200, admin.clone())
    );
    assert_eq!(
        allow_origin("DELETE /users", &[ADMIN_PAGE]).await,
        (200, admin.clone())
    );
    assert_eq!(
        allow_origin("OPTIONS /users", &[ADMIN_PAGE, DELETE]).await,
        (204, admin.clone())
    );
    assert_eq!(
        allow_origin("OPTIONS /users", &[OTHER_PAGE, DELETE]).await,
        (403, none.clone())
    );
    assert_eq!(
        allow_origin("GET /users", &[OTHER_PAGE]).await,
        (200, none.clone())
    );
    assert_eq!(allow_origin("POST /users", &[ADMIN_PAGE]).await, (405, admin));
    assert_eq!(
        allow_origin("OPTIONS /internal", &[ADMIN_PAGE, DELETE]).await,
        (405, none.clone())
    );
    assert_eq!(allow_origin("GET /internal", &[ADMIN_PAGE]).await, (200, none));
}

#[tokio::test]
async fn a_policy_is_swapped_while_the_server_runs() {
    let first = OwnedPolicy::from_origins(["https://a.example"]).unwrap();
    let current = Arc::new(ArcSwap::from_pointee(first));
    let for_layer = Arc::clone(&current);
    let layer = CorsLayer::from_fn(move || for_layer.load_full());
    let address = serve(Router::new().route("/", get(async || "")).layer(layer)).await;
    let is_allowed = async |origin| {
        let answer = ask(address, "GET /", &[("Origin", origin)], "").await;
        answer.all("access-control-allow-origin") == [origin]
    };
    assert!(is_allowed("https://a.example").await && !is_allowed("https://b.example").await);
    current.store(Arc::new(
        OwnedPolicy::from_origins(["https://b.example"]).unwrap(),
    ));
    assert!(!is_allowed("https://a.example").await && is_allowed("https://b.example").await);
}

/// Rules in a `static` and on the heap, and an owned policy in an `Arc`.
#[tokio::test]
async fn rules_and_owned_policies_are_policies_too() {
    static RULES: Rules = Rules::new_or_panic(&[ADMIN, PUBLIC]);
    let admin = PolicyConfig {
        allow_origins: vec![ADMIN_PAGE.1.into()],
        allow_credentials: true,
        ..Default::default()
    };
    let everyone = PolicyConfig {
        allow_origins: vec!["*".into()],
        ..Default::default()
    };
    let owned = Arc::new(everyone.build().unwrap());
    let rules = RulesConfig {
        rules: vec![admin, everyone],
    };
    let rules = Arc::new(rules.build().unwrap());
    let handler = || get(async || "");
    let app = Router::new()
        .route("/static", handler().layer(CorsLayer::new(RULES)))
        .route("/rules", handler().layer(CorsLayer::new(rules)))
        .route("/owned", handler().layer(CorsLayer::new(owned)));
    let address = serve(app).await;
    for (path, page, expected) in [
        ("/static", ADMIN_PAGE, ADMIN_PAGE.1),
        ("/static", OTHER_PAGE, "*"),
        ("/rules", ADMIN_PAGE, ADMIN_PAGE.1),
        ("/rules", OTHER_PAGE, "*"),
        ("/owned", ADMIN_PAGE, "*"),
    ] {
        let answer = ask(address, &format!("GET {path}"), &[page], "").await;
        assert_eq!(answer.all("access-control-allow-origin"), [expected], "{path}");
    }
}

/// The callback gets the origin only if it was parsed, and is not called for what is allowed.
#[tokio::test]
async fn refusals_are_told_with_parsed_values() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let for_layer = Arc::clone(&told);
    let layer = CorsLayer::new(&ADMIN).on_refusal(move |decision, origin| {
        let origin = origin.map(|origin| origin.to_string());
        for_layer.lock().unwrap().push((decision.to_string(), origin));
    });
    let address = serve(Router::new().route("/", get(async || "")).layer(layer)).await;
    let long = format!("https://{}.example", "a".repeat(5000));
    for (request_line, fields) in [
        ("GET /", &[ADMIN_PAGE][..]),
        ("GET /", &[]),
        ("GET /", &[OTHER_PAGE]),
        ("OPTIONS /", &[OTHER_PAGE, DELETE]),
        ("GET /", &[("Origin", "https://a.example<script>")]),
        ("GET /", &[("Origin", &long)]),
        ("OPTIONS /", &[ADMIN_PAGE, DELETE]),
        (
            "OPTIONS /",
            &[ADMIN_PAGE, ("Access-Control-Request-Method", "PUT")],
        ),
    ] {
        let _ = ask(address, request_line, fields, "").await;
    }
    let told = told.lock().unwrap();
    let origins: Vec<_> = told.iter().map(|(_, origin)| origin.as_deref()).collect();
    let other = Some(OTHER_PAGE.1);
    assert_eq!(origins, [other, other, None, None, Some(ADMIN_PAGE.1)]);
    assert!(told[0].0.starts_with("actual refused: "), "{told:?}");
    assert!(told[1].0.starts_with("preflight refused: "), "{told:?}");
    assert!(
        told.iter()
            .all(|(text, _)| text.is_ascii() && !text.contains('<') && text.len() < 200)
    );
}

#[tokio::test]
async fn hyper_serves_it_without_a_framework() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = async |_: http::Request<Incoming>| -> Result<_, Infallible> {
        Ok(http::Response::new(Full::new(Bytes::from("hyper"))))
    };
    let service = ServiceBuilder::new()
        .layer(CorsLayer::new(&ADMIN))
        .service(tower::service_fn(handler));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(async move {
                let _ = connection.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let answer = ask(address, "GET /", &[ADMIN_PAGE], "").await;
    assert_eq!((answer.status, answer.content.as_str()), (200, "hyper"));
    assert_eq!(answer.all("access-control-allow-origin"), [ADMIN_PAGE.1]);
    let answer = ask(address, "OPTIONS /", &[ADMIN_PAGE, DELETE], "").await;
    assert_eq!((answer.status, answer.content.as_str()), (204, ""));
}

/// The status of gRPC is a field that a page can read only if it is exposed.
#[tokio::test]
async fn tonic_serves_it_around_its_routes() {
    static GRPC: Policy = Policy::builder()
        .allow_origins(&["https://admin.example.com"])
        .allow_headers(&["x-grpc-web", "content-type"])
        .expose_headers(&["grpc-status", "grpc-message"])
        .build_or_panic();
    let router = tonic::service::Routes::default().prepare().into_axum_router();
    let address = serve(router.layer(CorsLayer::new(&GRPC))).await;
    let grpc = ("Content-Type", "application/grpc-web");
    let answer = ask(address, "POST /lamp.Lamp/Switch", &[ADMIN_PAGE, grpc], "").await;
    assert_eq!(answer.all("grpc-status"), ["12"], "{answer:?}");
    assert_eq!(answer.all("access-control-allow-origin"), [ADMIN_PAGE.1]);
    assert_eq!(
        answer.all("access-control-expose-headers"),
        ["grpc-status,grpc-message"]
    );
    let post = ("Access-Control-Request-Method", "POST");
    let asked = ("Access-Control-Request-Headers", "content-type,x-grpc-web");
    let answer = ask(
        address,
        "OPTIONS /lamp.Lamp/Switch",
        &[ADMIN_PAGE, post, asked],
        "",
    )
    .await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.all("access-control-allow-headers"),
        ["x-grpc-web,content-type"]
    );
}
