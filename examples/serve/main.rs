//! Runs two HTTP/1.1 servers: one for a page, and one for an API with CORS. Their ports differ, so
//! the page and the API have different origins.
//!
//! Run `cargo run --example serve`, and open the address that it prints.
//!
//! The servers are written as firmware would be: each connection has fixed buffers, the head of a
//! request is read in pieces of 128 bytes, and no request allocates memory. Only the threads and
//! sockets are those of an operating system.

mod api;
mod http;
mod log;
mod page;

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

/// The number of simultaneous connections to each of the two servers. Browsers open six to a host.
const WORKERS: usize = 8;

const HELP: &str = "\
Serves a page that sends all kinds of CORS requests to an API of another origin. The page shows
for each request what was expected, what the browser did, and what the server decided.

Usage: serve [--port <PORT>]

      --port <PORT>  The port of the page; the API uses the next one. With 0, the operating system
                     chooses both [default: 3000]
";

/// Returns the port on the command line, or `None` if it asks for help.
fn port() -> Result<Option<u16>, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let port = match arguments[..] {
        [] => return Ok(Some(3000)),
        ["-h" | "--help"] => return Ok(None),
        ["--port", port] => port,
        [argument] if argument.starts_with("--port=") => &argument["--port=".len()..],
        _ => return Err("the only option is --port <PORT>".into()),
    };
    let port = port
        .parse()
        .map_err(|_| format!("--port {port}: use a number from 0 to 65535"))?;
    Ok(Some(port))
}

fn main() -> ExitCode {
    let port = match port() {
        Ok(Some(port)) => port,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("serve: {message}");
            return ExitCode::FAILURE;
        }
    };
    let api_port = match port {
        0 => 0,
        u16::MAX => {
            eprintln!("serve: the API needs the port after this one; choose a smaller one with --port");
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
    println!("API   http://localhost:{api_port}/api/led");
    println!();
    println!("try   curl -i -X OPTIONS http://localhost:{api_port}/api/led \\");
    println!("        -H 'Origin: http://localhost:{port}' -H 'Access-Control-Request-Method: PUT'");
    println!();
    println!("Ctrl-C stops the servers. Each request to the API prints one line.");

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
    // It is read once, and kept as long as the program runs.
    let debugger = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/debugger/page/cors.html"));
    let site = page::Site {
        api_port,
        log: &log,
        debugger: debugger.ok().map(|page| &*page.leak()),
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| http::serve(&page, |request, answer| page::answer(request, answer, &site)));
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
