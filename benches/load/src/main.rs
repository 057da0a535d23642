//! A server of axum on one thread, without CORS or with one of two layers: `load PORT LAYER
//! ORIGINS`, where LAYER is `none`, `embedded-cors` or `tower-http`. `run.py` starts it.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::routing::get;
use embedded_cors::OwnedPolicy;
use embedded_cors_tower::CorsLayer;
use tokio::net::TcpListener;
use tower_http::cors::{AllowOrigin, CorsLayer as TowerHttpLayer};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, layer, size] = arguments.as_slice() else {
        panic!("usage: load PORT LAYER ORIGINS");
    };
    let address = format!("127.0.0.1:{port}");
    let size: usize = size.parse().expect("a number of origins");
    let origins = (0..size).map(|number| format!("https://tenant-{number:06}.customers.example.com"));
    let app = Router::new().route("/", get(async || "hello\n"));
    let app = match layer.as_str() {
        "none" => app,
        "embedded-cors" => {
            let policy = OwnedPolicy::from_origins(origins).expect("the origins are valid");
            app.layer(CorsLayer::new(Arc::new(policy)))
        }
        "tower-http" => {
            let origins = origins.map(|origin| HeaderValue::try_from(origin).expect("an origin is a value"));
            app.layer(TowerHttpLayer::new().allow_origin(AllowOrigin::list(origins)))
        }
        other => panic!("{other} is not a layer"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        axum::serve(listener, app).await.expect("the server runs");
    });
}
