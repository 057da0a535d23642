//! Two HTTP/1.1 servers in one program, so that there are two origins: a page, and an API with CORS.
//! `cargo run --example serve`, and open what it prints.
//!
//! It is written as firmware would be: each connection has fixed buffers, a head is taken in pieces of 128 bytes as
//! they arrive, nothing is allocated for a request. Threads and sockets are the host's.

mod api;
mod http;
mod log;
mod page;

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use clap::Parser;

/// Connections at once, for each of the two servers. Browsers open six to a host.
const WORKERS: usize = 8;

/// A page on one port that runs the cases of a guide to CORS against an API on the next port, and tells for each what
/// was expected, what the browser did, and the server's reason.
#[derive(Parser)]
#[command(name = "serve")]
struct Arguments {
    /// The page's port; the API takes the next one. With 0 both are any free ports
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

fn main() -> ExitCode {
    let port = Arguments::parse().port;
    let api_port = match port {
        0 => 0,
        u16::MAX => {
            eprintln!("serve: there is no port after 65535 for the API; choose another with --port");
            return ExitCode::FAILURE;
        }
        port => port + 1,
    };
    let (page, api) = match (listen(port), listen(api_port)) {
        (Ok(page), Ok(api)) => (page, api),
        (Err(message), _) | (_, Err(message)) => {
            eprintln!("serve: {message}");
            return ExitCode::FAILURE;
        }
    };
    let (port, api_port) = (port_of(&page), port_of(&api));

    println!("page  http://localhost:{port}/   <- open this in a browser");
    println!("API   http://localhost:{api_port}/");
    println!();
    println!("try   curl -i -X OPTIONS http://localhost:{api_port}/api/led \\");
    println!("        -H 'Origin: http://localhost:{port}' -H 'Access-Control-Request-Method: PUT'");
    println!();
    println!("Ctrl-C stops it. What follows is one line for each request to the API.");

    let log = log::Log::new();
    let origins = [
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
    ];
    let origins = [origins[0].as_str(), origins[1].as_str()];
    let policies = match api::Policies::new(&origins) {
        Ok(policies) => policies,
        Err(error) => {
            eprintln!("serve: {error}");
            return ExitCode::FAILURE;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                http::serve(&page, |request, answer| {
                    page::answer(request, answer, api_port, &log)
                })
            });
            scope.spawn(|| {
                http::serve(&api, |request, answer| {
                    api::answer(request, answer, &policies, &log)
                })
            });
        }
    });
    ExitCode::SUCCESS
}

fn listen(port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} is taken; choose another with --port"),
        _ => format!("port {port}: {error}"),
    })
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}
