//! The command `cors open`: its page, its probes, and who may not use them.

mod schema;
mod server;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::{Server, answer};

/// A running `cors open`.
struct Open {
    child: Child,
    host: String,
    token: String,
}

impl Open {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cors"))
            .args(["open", "--no-browser"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let host = line
            .trim()
            .strip_prefix("http://")
            .and_then(|line| line.strip_suffix('/'));
        let host = host.unwrap_or_else(|| panic!("{line}")).to_string();
        let mut open = Self {
            child,
            host,
            token: String::new(),
        };
        let (status, page) = open.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", open.host));
        assert_eq!(status, 200);
        let (_, rest) = page
            .split_once("<head>\n<meta name=\"cors-token\" content=\"")
            .unwrap();
        open.token = rest.split('"').next().unwrap().to_string();
        assert_eq!(open.token.len(), 64);
        open
    }

    /// Sends bytes, and returns the status and the rest of the response.
    fn send(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{text:?}")), text)
    }

    /// Sends a probe with these field lines, each of which may be left out or replaced.
    fn post(&self, fields: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut head = "POST /probe HTTP/1.1\r\n".to_string();
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let (status, text) = self.send(&format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, body.to_string())
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Host", self.host.clone()),
            ("Origin", format!("http://{}", self.host)),
            ("X-Cors-Token", self.token.clone()),
            ("Content-Type", "application/json".into()),
        ]
    }

    /// Sends a probe as the page does.
    fn probe(&self, body: &Value) -> (u16, String) {
        let fields = self.fields();
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.post(&fields, &body.to_string())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn allowing() -> Server {
    Server::start(|_, stream| {
        let _ = stream.write_all(answer("200 OK", "Access-Control-Allow-Origin: *\r\n").as_bytes());
    })
}

fn asked(url: &str) -> Value {
    json!({
        "url": url,
        "origin": "https://app.example.com",
        "method": "PUT",
        "headers": ["X-Api-Key: 1"],
        "credentials": false,
    })
}

#[test]
fn the_page_can_probe() {
    let (open, server) = (Open::start(), allowing());
    let (status, body) = open.probe(&asked(&server.url("/led")));
    assert_eq!(status, 200, "{body}");
    schema::check(&body, "probe");
    let value: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(value["exchanges"][0]["cause"]["code"], "method-not-allowed");
    assert!(
        value["transcript"]
            .as_str()
            .unwrap()
            .contains("> Access-Control-Request-Method: PUT")
    );
    // Mistakes in the form are told in words.
    for (body, part) in [
        (json!({"url": "led", "origin": "https://app.example.com"}), "URL"),
        (
            json!({"url": "http://localhost/", "origin": "app.example.com"}),
            "origin",
        ),
        (json!({"url": "http://localhost/"}), "origin"),
        (
            json!({"url": "http://localhost/", "origin": "null", "headers": [": 1"]}),
            "--header",
        ),
    ] {
        let (status, answer) = open.probe(&body);
        assert_eq!(status, 400, "{body} {answer}");
        let value: Value = serde_json::from_str(&answer).unwrap();
        assert!(value["error"].as_str().unwrap().contains(part), "{body} {answer}");
    }
}

#[test]
fn others_cannot_probe() {
    let (open, server) = (Open::start(), allowing());
    let body = asked(&server.url("/")).to_string();
    let port = open.host.rsplit(':').next().unwrap();
    let mut wrong: Vec<(&str, Option<String>, u16)> = vec![
        ("Host", Some(format!("rebound.example:{port}")), 421),
        ("Host", Some("127.0.0.1".into()), 421),
        ("Host", None, 421),
        ("Origin", Some("https://stranger.example".into()), 403),
        ("Origin", Some(format!("https://{}", open.host)), 403),
        ("Origin", Some(format!("http://127.0.0.1:{port}0")), 403),
        ("Origin", Some("null".into()), 403),
        ("Origin", None, 403),
        ("X-Cors-Token", Some("0".repeat(64)), 403),
        ("X-Cors-Token", Some(open.token[1..].to_string()), 403),
        ("X-Cors-Token", Some(String::new()), 403),
        ("X-Cors-Token", None, 403),
        ("Content-Type", Some("text/plain".into()), 415),
        ("Content-Type", None, 415),
    ];
    for (name, value, expected) in wrong.drain(..) {
        let mut fields = open.fields();
        fields.retain(|(other, _)| *other != name);
        if let Some(value) = &value {
            fields.push((name, value.clone()));
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (status, answer) = open.post(&fields, &body);
        assert_eq!(status, expected, "{name}: {value:?} {answer}");
        assert!(!answer.contains("transcript"), "{answer}");
    }
    // Two lines of a field are not one.
    for name in ["Host", "Origin", "X-Cors-Token"] {
        let mut fields = open.fields();
        let own = fields.iter().find(|(other, _)| *other == name).unwrap().1.clone();
        fields.push((name, own));
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert!(matches!(open.post(&fields, &body).0, 403 | 421), "{name}");
    }
    let host = &open.host;
    for (request, expected) in [
        (format!("GET /probe HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405),
        (
            format!(
                "OPTIONS /probe HTTP/1.1\r\nHost: {host}\r\nOrigin: https://stranger.example\r\nAccess-Control-Request-Method: POST\r\n\r\n"
            ),
            405,
        ),
        ("GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n".to_string(), 421),
        (format!("GET /other HTTP/1.1\r\nHost: {host}\r\n\r\n"), 404),
    ] {
        let (status, text) = open.send(&request);
        assert_eq!(status, expected, "{request}");
        assert!(!text.to_lowercase().contains("access-control-allow"), "{text}");
        assert!(!text.contains(&open.token), "{text}");
    }
}

#[test]
fn a_redirect_to_another_host_is_not_followed() {
    let target = allowing();
    let location = target.url("/secret");
    let server = Server::start(move |_, stream| {
        let fields = format!("Access-Control-Allow-Origin: *\r\nLocation: {location}\r\n");
        let _ = stream.write_all(answer("302 Found", &fields).as_bytes());
    });
    let open = Open::start();
    let (status, body) = open.probe(&json!({"url": server.url("/"), "origin": "https://app.example.com"}));
    assert_eq!(status, 200, "{body}");
    let value: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(value["requests"], 1);
    assert!(
        value["probeNotes"][0].as_str().unwrap().contains("another host"),
        "{body}"
    );
}

#[test]
fn malformed_requests_are_refused_and_slow_ones_do_not_stop_others() {
    let open = Open::start();
    let host = open.host.clone();
    // These send nothing.
    let slow: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(&host).unwrap()).collect();
    let start = Instant::now();
    let long = "a".repeat(20_000);
    for (request, expected) in [
        ("nonsense\r\n\r\n".to_string(), 400),
        (
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\n\r\n"),
            431,
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "a: b\r\n".repeat(100)),
            431,
        ),
        (
            format!("POST /probe HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999\r\n\r\n"),
            413,
        ),
        (
            format!("POST /probe HTTP/1.1\r\nHost: {host}\r\nContent-Length: +1\r\n\r\n1"),
            400,
        ),
        (
            format!("POST /probe HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\n1"),
            400,
        ),
        (
            format!("POST /probe HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            411,
        ),
    ] {
        let (status, text) = open.send(&request);
        assert_eq!(status, expected, "{text}");
    }
    assert!(start.elapsed() < Duration::from_secs(8));
    drop(slow);
}

#[test]
fn other_pages_may_not_load_the_page() {
    let open = Open::start();
    let get = |fields: &str| {
        let host = &open.host;
        open.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"))
            .0
    };
    for (fields, status) in [
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        (
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n",
            403,
        ),
        (
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
            403,
        ),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        (
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
            200,
        ),
        ("Sec-Fetch-Site: none\r\n", 200),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
    ] {
        assert_eq!(get(fields), status, "{fields}");
    }
    let own = format!("Origin: http://{}\r\n", open.host);
    assert_eq!(get(&own), 200);
}

#[test]
fn idle_connections_do_not_stop_the_page() {
    let open = Open::start();
    let idle: Vec<TcpStream> = (0..70).map(|_| TcpStream::connect(&open.host).unwrap()).collect();
    let start = Instant::now();
    let (status, _) = open.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", open.host));
    assert_eq!((status, idle.len()), (200, 70));
    assert!(start.elapsed() < Duration::from_secs(4));
}
