//! `cors open`: serves the page on loopback, with probing through it.
//!
//! A page that is served here can send requests anywhere, and read the answers. So that no other
//! page and no other program can use it:
//!
//! - it listens on loopback only;
//! - `Host` has to be the address that was printed, so DNS rebinding does not help;
//! - a probe has to be a `POST` with the page's own `Origin` and with the token of this run, which
//!   stands in the page, and pages of other origins cannot read it;
//! - it follows no redirect to another host.

mod http;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cors_debugger::probe::{self, exchange};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use crate::network::{Settings, Sockets};
use http::{Reply, Request};

/// Serve the debugger's page on this machine, and open it in the browser
///
/// The page explains pasted text, as `cors explain` does, and its form for probes sends requests
/// as `cors probe` does: they come from this command, so they reach what this machine reaches. Only
/// the page that is opened can do so. It follows no redirect to another host.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Open {
    /// The port; 0 takes one that is free
    #[arg(long, value_name = "PORT", default_value = "0")]
    port: u16,
    /// Print the address, and open no browser
    #[arg(long)]
    no_browser: bool,
    /// Accept certificates that are not trusted, such as self-signed ones
    #[arg(long, short = 'k')]
    insecure: bool,
}

const AFTER_HELP: &str = "\
Exit status: 2 if the port cannot be used. The command runs until it is stopped, as by Ctrl-C.

Examples:
  cors open
  cors open --port 8480 --no-browser";

/// The page as it was built.
const PAGE: &str = include_str!("../../../../page/cors.html");
/// The most connections at a time.
const MAX_CONNECTIONS: usize = 256;
/// With more connections than this, each has to send its request sooner, so that idle ones make
/// way.
const MANY_CONNECTIONS: usize = 16;
/// How long one of many connections may take to send its request.
const SHORT_DEADLINE: Duration = Duration::from_secs(2);
/// How long a connection may take to send its request and to take the answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a request of a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long all requests of a probe may take.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// The data that all connections share.
struct Site {
    /// The values of `Host` that name this server: its address, and `localhost`.
    hosts: [String; 2],
    token: String,
    page: String,
    insecure: bool,
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Open) -> Result<u8, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).map_err(|error| {
        format!(
            "cannot listen on 127.0.0.1:{}: {error}; choose another port with --port",
            arguments.port
        )
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("cannot read the port: {error}"))?;
    let site = Arc::new(Site::new(address, arguments.insecure)?);
    let url = format!("http://{address}/");
    println!("{url}\nCtrl-C stops it.");
    let _ = io::stdout().flush();
    if !arguments.no_browser && !open_browser(&url) {
        println!("No browser was found; open the address yourself.");
    }
    let connections = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Such as too many open files; the next connection may work.
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let open = connections.fetch_add(1, Ordering::SeqCst);
        if open >= MAX_CONNECTIONS {
            connections.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let patience = match open >= MANY_CONNECTIONS {
            true => SHORT_DEADLINE,
            false => DEADLINE,
        };
        let (site, counter) = (Arc::clone(&site), Arc::clone(&connections));
        let spawned = std::thread::Builder::new().spawn(move || {
            serve(&site, stream, patience);
            counter.fetch_sub(1, Ordering::SeqCst);
        });
        if spawned.is_err() {
            connections.fetch_sub(1, Ordering::SeqCst);
        }
    }
    Ok(0)
}

fn serve(site: &Site, stream: TcpStream, patience: Duration) {
    let deadline = Instant::now() + patience;
    let Ok(mut stream) = http::accept(stream, deadline) else {
        return;
    };
    let reply = match http::read(&mut stream) {
        Ok(request) => site.answer(&request),
        Err(reply) => reply,
    };
    // A probe takes longer than a request may.
    stream.set_deadline(Instant::now() + DEADLINE);
    // The client may have gone.
    let _ = http::write(&mut stream, &reply);
}

impl Site {
    fn new(address: SocketAddr, insecure: bool) -> Result<Self, String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| format!("cannot make a token: {error}"))?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let meta = format!("<head>\n<meta name=\"cors-token\" content=\"{token}\">");
        Ok(Self {
            hosts: [address.to_string(), format!("localhost:{}", address.port())],
            page: PAGE.replacen("<head>", &meta, 1),
            token,
            insecure,
        })
    }

    fn answer(&self, request: &Request) -> Reply {
        let host = request.only("host");
        if !host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))) {
            return Reply::error(421, "this server answers only to the address that it printed");
        }
        match (request.method.as_str(), request.path()) {
            ("GET", "/") if self.is_foreign(request) => {
                Reply::error(403, "only this address itself and navigation may load the page")
            }
            ("GET", "/") => Reply::page(&self.page),
            (_, "/") => Reply::error(405, "use GET"),
            ("POST", "/probe") => self.probe(request),
            (_, "/probe") => Reply::error(405, "use POST"),
            _ => Reply::error(404, "there is only one page here: /"),
        }
    }

    /// Whether the origin is that of the page.
    fn is_own(&self, origin: &str) -> bool {
        self.hosts
            .iter()
            .any(|host| origin.strip_prefix("http://") == Some(host.as_str()))
    }

    /// Whether another page asks for the page, other than by a navigation of a whole tab.
    fn is_foreign(&self, request: &Request) -> bool {
        if request.has("origin") && !request.only("origin").is_some_and(|origin| self.is_own(origin)) {
            return true;
        }
        let is_navigation = request.only("sec-fetch-mode") == Some("navigate")
            && request.only("sec-fetch-dest") == Some("document");
        let site = request.only("sec-fetch-site");
        request.has("sec-fetch-site") && !matches!(site, Some("same-origin" | "none")) && !is_navigation
    }

    fn probe(&self, request: &Request) -> Reply {
        // A browser sends Origin with every POST, and the host has been checked.
        if !request.only("origin").is_some_and(|origin| self.is_own(origin)) {
            return Reply::error(403, "only the page of this server may send probes");
        }
        let is_same = request
            .only("x-cors-token")
            .is_some_and(|token| token.as_bytes().ct_eq(self.token.as_bytes()).into());
        if !is_same {
            return Reply::error(
                403,
                "the token is missing or not that of this run; load the page again",
            );
        }
        let is_json = request
            .only("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Reply::error(415, "the body has to be application/json");
        }
        match self.send(&request.body) {
            Ok(json) => Reply::json(200, json),
            Err(error) => Reply::error(400, &error),
        }
    }

    fn send(&self, body: &[u8]) -> Result<String, String> {
        let asked: Asked = serde_json::from_slice(body).map_err(|error| format!("the body: {error}"))?;
        if !cors_debugger::url::is_origin(&asked.origin) {
            return Err(format!(
                "{:?} is not an origin: write scheme, host and port only, such as https://app.example.com",
                asked.origin
            ));
        }
        let headers = asked
            .headers
            .iter()
            .map(|text| crate::probe::header(text))
            .collect::<Result<_, _>>()?;
        let request = exchange::Probe {
            url: asked.url,
            origin: asked.origin,
            method: asked.method.unwrap_or_else(|| "GET".into()),
            headers,
            credentials: asked.credentials,
            preflight_only: asked.preflight_only,
            stay_at_host: true,
        };
        let mut network = Sockets::new(Settings {
            timeout: PROBE_TIMEOUT,
            deadline: Some(Instant::now() + PROBE_TIME),
            insecure: self.insecure,
            resolve: Vec::new(),
        });
        let transcript = exchange::run(&request, &mut network)?;
        let report = crate::probe::report(&request, &transcript);
        Ok(probe::json::exchange(&report, &transcript))
    }
}

/// The body of a probe.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    url: String,
    origin: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default)]
    credentials: bool,
    #[serde(default)]
    preflight_only: bool,
}

/// Opens an address with the program that the desktop uses for it.
fn open_browser(url: &str) -> bool {
    let candidates: &[&[&str]] = if cfg!(windows) {
        &[&["rundll32", "url.dll,FileProtocolHandler"]]
    } else if cfg!(target_os = "macos") {
        &[&["open"]]
    } else {
        &[&["xdg-open"], &["gio", "open"], &["wslview"]]
    };
    candidates.iter().any(|words| {
        let Some((program, rest)) = words.split_first() else {
            return false;
        };
        Command::new(program)
            .args(rest)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .is_ok()
    })
}
