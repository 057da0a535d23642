//! The exchanges of a page with the lamp, in pieces of every size.

use super::*;

/// The response to a request that arrives in pieces of `size`, and the lamp after it.
fn ask(request: &str, size: usize) -> (String, Lamp) {
    let mut lamp = Lamp::new();
    let mut exchange = Exchange::new();
    let mut response = [0; MAX_RESPONSE];
    for piece in request.as_bytes().chunks(size) {
        if let Some(response) = exchange.push(&mut lamp, piece, &mut response) {
            let bytes = String::from_utf8(response.bytes.to_vec()).unwrap();
            assert!(bytes.len() <= MAX_RESPONSE);
            assert!(response.is_last || !bytes.contains("connection: close"));
            return (bytes, lamp);
        }
    }
    panic!("no response");
}

#[track_caller]
fn expect(request: &str, status: &str, has: &[&str], has_not: &[&str]) -> Lamp {
    let (whole, lamp) = ask(request, usize::MAX);
    assert!(whole.starts_with(&format!("HTTP/1.1 {status} ")), "{whole}");
    for text in has {
        assert!(whole.contains(text), "{text} is not in {whole}");
    }
    for text in has_not {
        assert!(!whole.contains(text), "{text} is in {whole}");
    }
    let largest = if request.len() < 1000 { request.len() } else { 3 };
    for size in 1..=largest {
        assert_eq!(ask(request, size).0, whole, "in pieces of {size}");
    }
    lamp
}

const ORIGIN: &str = "Origin: http://localhost:3000\r\n";
const SHARED: &str = "\r\naccess-control-allow-origin: http://localhost:3000\r\n";
const TOKEN: &str = "Authorization: Bearer lamp\r\n";

#[test]
fn a_page_reads_the_status() {
    let request = format!("GET /status HTTP/1.1\r\n{ORIGIN}\r\n");
    let exposed = "\r\naccess-control-expose-headers: x-uptime-ms\r\n";
    expect(
        &request,
        "200",
        &[SHARED, exposed, "\r\n\r\n{\"on\":false}\n"],
        &[],
    );
}

#[test]
fn a_page_switches_the_lamp_on_after_a_preflight() {
    let preflight = format!(
        "OPTIONS /led HTTP/1.1\r\n{ORIGIN}Access-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Headers: authorization,content-type\r\n\r\n"
    );
    expect(
        &preflight,
        "204",
        &[SHARED, "access-control-allow-methods: PUT\r\n"],
        &[],
    );
    let json = r#"{"on": true}"#;
    let put = format!(
        "PUT /led HTTP/1.1\r\n{ORIGIN}{TOKEN}Content-Length: {}\r\n\r\n{json}",
        json.len()
    );
    let lamp = expect(&put, "200", &[SHARED, "{\"on\":true}\n"], &[]);
    assert!(lamp.is_on());
}

#[test]
fn a_page_sees_every_error() {
    let put = |line: &str, fields: &str, content: &str| {
        format!(
            "{line} HTTP/1.1\r\n{ORIGIN}{fields}Content-Length: {}\r\n\r\n{content}",
            content.len()
        )
    };
    expect(
        &put("PUT /led", "", ""),
        "401",
        &[SHARED, "www-authenticate: Bearer\r\n"],
        &[],
    );
    expect(&put("PUT /led", TOKEN, "{}"), "400", &[SHARED], &[]);
    expect(&put("PUT /lamp", TOKEN, "{}"), "404", &[SHARED], &[]);
    expect(
        &put("PUT /a-path-that-is-longer-than-any", TOKEN, "{}"),
        "404",
        &[SHARED],
        &[],
    );
    expect(
        &put("DELETE /config", TOKEN, ""),
        "405",
        &[SHARED, "allow: GET, PUT\r\n"],
        &[],
    );
    expect(&put("PUT /config", TOKEN, &"x".repeat(65)), "413", &[SHARED], &[]);
    let long = format!(
        "GET /status HTTP/1.1\r\n{ORIGIN}Authorization: Bearer {}\r\n\r\n",
        "x".repeat(MAX_HEAD)
    );
    expect(&long, "431", &[SHARED], &["x-uptime-ms: "]);
    expect("\0", "400", &["vary: origin\r\n"], &["access-control"]);
}

#[test]
fn a_cookie_of_16_kib_is_passed_over() {
    let request = format!(
        "GET /status HTTP/1.1\r\nCookie: a={}\r\n{ORIGIN}\r\n",
        "x".repeat(16 * 1024)
    );
    expect(&request, "200", &[SHARED], &[]);
}

#[test]
fn another_page_learns_nothing() {
    let other = "Origin: https://preview.example.com\r\n";
    let get = format!("GET /status HTTP/1.1\r\n{other}\r\n");
    expect(&get, "200", &["vary: origin\r\n"], &["access-control"]);
    let preflight = format!("OPTIONS /led HTTP/1.1\r\n{other}Access-Control-Request-Method: PUT\r\n\r\n");
    expect(&preflight, "403", &["vary: origin,"], &["access-control-allow"]);
}

#[test]
fn the_name_is_configured() {
    let json = r#"{"name":"Desk lamp-2"}"#;
    let put = format!(
        "PUT /config HTTP/1.1\r\n{TOKEN}Content-Length: {}\r\n\r\n{json}",
        json.len()
    );
    expect(&put, "200", &["{\"name\":\"Desk lamp-2\"}\n"], &[]);
    let json = r#"{"name":"<script>"}"#;
    let put = format!(
        "PUT /config HTTP/1.1\r\n{TOKEN}Content-Length: {}\r\n\r\n{json}",
        json.len()
    );
    expect(&put, "400", &[], &[]);
}

/// Of a long line only the start is kept, and the start of a wrong token may be the right one.
#[test]
fn what_was_cut_is_no_token() {
    let spaces = " ".repeat(64);
    let request = format!(
        "PUT /led HTTP/1.1\r\n{ORIGIN}Authorization: Bearer lamp{spaces}x\r\nContent-Length: 0\r\n\r\n"
    );
    expect(&request, "401", &[SHARED], &[]);
}
