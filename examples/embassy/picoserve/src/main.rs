//! A lamp with an HTTP API on picoserve.

#![no_std]
#![no_main]

use board::CONNECTIONS;
use embassy_net::Stack;
use embassy_time::Instant;
#[cfg(not(feature = "without-doors"))]
use embedded_cors::Doors;
use embedded_cors::Policy;
use embedded_cors_picoserve::Cors;
use picoserve::extract::{FromRequest, FromRequestParts};
use picoserve::io::Read;
use picoserve::request::{RequestBody, RequestParts};
use picoserve::response::{IntoResponse, Response, StatusCode};
use picoserve::routing::get;
use picoserve::{Config, Router, Server};

/// The policy, in flash. Pages of the app, of its previews and of developers may use the lamp.
static CORS: Policy = Policy::builder()
    .allow_origins(&[
        "https://app.example.com",
        "https://*.preview.example.com",
        "http://localhost:*",
        "http://127.0.0.1:*",
    ])
    .allow_methods(&["PUT"])
    .allow_headers(&["authorization", "content-type"])
    .expose_headers(&["x-uptime-ms"])
    .max_age_seconds(600)
    .build_or_panic();

/// The doors, in flash. CORS decides who may read. A page of a stranger could still post a form,
/// and after DNS rebinding it could do everything.
#[cfg(not(feature = "without-doors"))]
static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp.local"])
    .allow_ip_literals()
    .allow_localhost()
    .build_or_panic();

static CONFIG: Config = Config::const_default().keep_connection_alive();

fn json(content: &'static str) -> impl IntoResponse {
    Response::ok(content)
        .with_content_type("application/json")
        .with_header("x-uptime-ms", Instant::now().as_millis())
}

async fn status() -> impl IntoResponse {
    json(if board::lamp() {
        r#"{"on":true}"#
    } else {
        r#"{"on":false}"#
    })
}

/// A request with the token.
struct Authorized;

impl<'r, State> FromRequestParts<'r, State> for Authorized {
    type Rejection = (StatusCode, (&'static str, &'static str), &'static str);

    async fn from_request_parts(_: &'r State, parts: &RequestParts<'r>) -> Result<Self, Self::Rejection> {
        match parts.headers().get("authorization") {
            Some(token) if token.as_raw() == b"Bearer lamp" => Ok(Self),
            _ => Err((StatusCode::UNAUTHORIZED, ("www-authenticate", "Bearer"), "")),
        }
    }
}

/// The state that the content of a request asks for.
struct Wanted(bool);

impl<'r, State> FromRequest<'r, State> for Wanted {
    type Rejection = (StatusCode, &'static str);

    async fn from_request<R: Read>(
        _: &'r State,
        _: RequestParts<'r>,
        body: RequestBody<'r, R>,
    ) -> Result<Self, Self::Rejection> {
        match body.read_all().await.map(|content| content.trim_ascii()) {
            Ok(br#"{"on":true}"#) => Ok(Self(true)),
            Ok(br#"{"on":false}"#) => Ok(Self(false)),
            _ => Err((StatusCode::BAD_REQUEST, "")),
        }
    }
}

async fn switch(_: Authorized, Wanted(is_on): Wanted) -> impl IntoResponse {
    board::switch(is_on);
    status().await
}

#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn serve(stack: Stack<'static>) -> ! {
    let cors = Cors::new(&CORS);
    #[cfg(not(feature = "without-doors"))]
    let cors = cors.doors(DOORS);
    let app = Router::new()
        .route("/status", get(status))
        .route("/led", get(status).put(switch))
        .layer(cors);
    let (mut receive, mut transmit, mut head) = ([0; 512], [0; 512], [0; 2048]);
    let never = Server::new(&app, &CONFIG, &mut head)
        .listen_and_serve("", stack, 80, &mut receive, &mut transmit)
        .await;
    never.into_never()
}

#[cortex_m_rt::entry]
fn main() -> ! {
    board::start(|spawner, stack| {
        for _ in 0..CONNECTIONS {
            if let Ok(task) = serve(stack) {
                spawner.spawn(task);
            }
        }
    })
}
