//! A lamp with an HTTP API on edge-http.

#![no_std]
#![no_main]

use core::fmt::{Debug, Display, Write as _};

use board::CONNECTIONS;
use edge_http::Method;
use edge_http::io::Error;
use edge_http::io::server::{Connection, Handler, Server};
use edge_nal::{TcpBind, TcpSplit, WithTimeout};
use edge_nal_embassy::{Tcp, TcpBuffers};
use embassy_net::Stack;
use embassy_time::Instant;
use embedded_cors::{Doors, Policy, rendered};
use embedded_cors_edge_http::Cors;
use embedded_io_async::{Read, Write};
use static_cell::StaticCell;

/// The policy, in flash. Pages of the app, of its previews and of developers may use the lamp.
static CORS: Policy = rendered!(
    Policy::builder()
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
        .build_or_panic()
);

/// The doors, in flash. CORS decides who may read. A page of a stranger could still post a form,
/// and after DNS rebinding it could do everything.
#[cfg(not(feature = "without-doors"))]
static DOORS: Doors<()> = Doors::builder(())
    .allow_hosts(&["lamp.local"])
    .allow_ip_literals()
    .allow_localhost()
    .build_or_panic();

struct Lamp;

impl Handler for Lamp {
    type Error<E>
        = Error<E>
    where
        E: Debug;

    async fn handle<T: Read + Write + TcpSplit, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Error<T::Error>> {
        let mut memory = [0; CORS.max_response_len() + Doors::<()>::MORE_LEN];
        // A preflight is answered, and a stranger is refused, before routing and before
        // authentication.
        #[cfg(feature = "without-doors")]
        let begun = Cors::begin(&CORS, connection, &mut memory);
        #[cfg(not(feature = "without-doors"))]
        let begun = Cors::begin_at_doors(&CORS, &DOORS, connection, &mut memory, |_, _| {});
        let Some(cors) = begun.await? else {
            return Ok(());
        };
        let head = connection.headers()?;
        let is_authorized = head.headers.get_raw("authorization") == Some(b"Bearer lamp");
        let path = head.path.split('?').next().unwrap_or("");
        let status = match (path, head.method) {
            ("/status" | "/led", Method::Get) => 200,
            ("/led", Method::Put) if !is_authorized => 401,
            ("/led", Method::Put) => switch(connection).await?,
            ("/status" | "/led", _) => 405,
            _ => 404,
        };
        let mut uptime = heapless::String::<20>::new();
        let _ = write!(uptime, "{}", Instant::now().as_millis());
        let none = ("content-length", "0");
        let own: &[_] = match (status, path) {
            (200, _) => &[("content-type", "application/json"), ("x-uptime-ms", &uptime)],
            (401, _) => &[none, ("www-authenticate", "Bearer")],
            (405, "/status") => &[none, ("allow", "GET")],
            (405, _) => &[none, ("allow", "GET, PUT")],
            _ => &[none],
        };
        cors.initiate_response(connection, status, own).await?;
        match (status, board::lamp()) {
            (200, true) => connection.write_all(br#"{"on":true}"#).await,
            (200, false) => connection.write_all(br#"{"on":false}"#).await,
            _ => Ok(()),
        }
    }
}

/// Reads the wanted state, switches the lamp, and returns the status of the response.
async fn switch<T: Read + Write, const N: usize>(
    connection: &mut Connection<'_, T, N>,
) -> Result<u16, Error<T::Error>> {
    let mut content = [0; 32];
    let mut len = 0;
    while let Some(rest) = content.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match connection.read(rest).await? {
            0 => break,
            n => len += n,
        }
    }
    let is_on = match content.get(..len).unwrap_or(b"").trim_ascii() {
        br#"{"on":true}"# => true,
        br#"{"on":false}"# => false,
        _ => return Ok(400),
    };
    board::switch(is_on);
    Ok(200)
}

#[embassy_executor::task]
async fn serve(stack: Stack<'static>) -> ! {
    static BUFFERS: StaticCell<TcpBuffers<CONNECTIONS, 512, 512>> = StaticCell::new();
    static SERVER: StaticCell<Server<CONNECTIONS, 2048, 32>> = StaticCell::new();
    let tcp = Tcp::new(stack, BUFFERS.init(TcpBuffers::new()));
    let server = SERVER.init(Server::new());
    loop {
        if let Ok(acceptor) = tcp.bind(([0, 0, 0, 0], 80).into()).await {
            let acceptor = WithTimeout::new(10_000, acceptor);
            // The server ends only with an error, and is started again.
            let _ = server
                .run_with_socket_queue::<_, _, CONNECTIONS>(Some(5_000), acceptor, Lamp)
                .await;
        }
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    board::start(|spawner, stack| {
        if let Ok(task) = serve(stack) {
            spawner.spawn(task);
        }
    })
}
