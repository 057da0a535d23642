//! Tests exchanges of a page with the lamp, with requests in pieces of every size.

use super::*;

/// Returns what the lamp sends for the bytes of a connection that arrive in pieces of `size` bytes,
/// and the lamp afterwards. After the last response, the bytes are ignored.
fn connect(bytes: &[u8], size: usize) -> (Vec<String>, Lamp) {
    let mut lamp = Lamp::new();
    let mut connection = Connection::new();
    let mut buffer = [0; MAX_RESPONSE];
    let mut sent = Vec::new();
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() {
            let step = connection.push(&mut lamp, piece, &mut buffer);
            piece = &piece[step.used..];
            if let Some(response) = step.response {
                let text = String::from_utf8_lossy(response.bytes).into_owned();
                assert!(text.len() <= MAX_RESPONSE);
                assert!(response.then == Then::Close || !text.contains("connection: close"));
                sent.push(text);
                if response.then == Then::Close {
                    assert!(connection.is_over());
                    return (sent, lamp);
                }
            } else {
                assert!(
                    piece.is_empty() || connection.is_stream(),
                    "bytes are left over without a response"
                );
            }
            if let Some(bytes) = connection.update(&lamp, &mut buffer) {
                sent.push(String::from_utf8_lossy(bytes).into_owned());
            }
        }
    }
    (sent, lamp)
}

/// Adds the host to a request that has none.
fn with_host(request: &str) -> String {
    match request.split_once("\r\n") {
        Some((line, rest)) if !request.contains("Host: ") => format!("{line}\r\nHost: lamp.local\r\n{rest}"),
        _ => request.into(),
    }
}

/// Returns the only response to a request that arrives in pieces of `size` bytes, and the lamp
/// afterwards.
fn ask(request: &str, size: usize) -> (String, Lamp) {
    let (responses, lamp) = connect(request.as_bytes(), size);
    let [response] = responses.try_into().expect("there is one response");
    (response, lamp)
}

#[track_caller]
fn expect(request: &str, status: &str, has: &[&str], has_not: &[&str]) -> Lamp {
    let request = &with_host(request);
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
        &[SHARED, "allow: GET, HEAD, PUT\r\n"],
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
fn a_cookie_of_16_kib_is_accepted() {
    let request = format!(
        "GET /status HTTP/1.1\r\nCookie: a={}\r\n{ORIGIN}\r\n",
        "x".repeat(16 * 1024)
    );
    expect(&request, "200", &[SHARED], &[]);
}

#[test]
fn a_page_of_another_origin_learns_nothing() {
    let other = "Origin: https://preview.example.com\r\n";
    let get = format!("GET /status HTTP/1.1\r\n{other}\r\n");
    expect(&get, "200", &["vary: origin\r\n"], &["access-control"]);
    let preflight = format!("OPTIONS /led HTTP/1.1\r\n{other}Access-Control-Request-Method: PUT\r\n\r\n");
    expect(&preflight, "403", &["vary: origin,"], &["access-control-allow"]);
}

#[test]
fn the_name_can_be_configured() {
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

/// The application keeps only the start of a long line, and a wrong token may start with the right
/// one.
#[test]
fn a_truncated_token_is_not_accepted() {
    let spaces = " ".repeat(64);
    let request = format!(
        "PUT /led HTTP/1.1\r\n{ORIGIN}Authorization: Bearer lamp{spaces}x\r\nContent-Length: 0\r\n\r\n"
    );
    expect(&request, "401", &[SHARED], &[]);
}

/// A head has to say plainly where its request ends, or the connection is closed: content must not
/// become a request.
#[test]
fn content_never_becomes_a_request() {
    let hidden = format!("PUT /led HTTP/1.1\r\n{TOKEN}Content-Length: 11\r\n\r\n{{\"on\":true}}");
    let length = hidden.len();
    let post = |fields: &str| format!("POST /led HTTP/1.1\r\n{ORIGIN}{fields}\r\n{hidden}");
    for (fields, status) in [
        (format!("Content-Length: {length}\r\n"), "413"),
        ("Transfer-Encoding: chunked\r\n".into(), "411"),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".into(),
            "400",
        ),
        (
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n".into(),
            "400",
        ),
        ("Transfer-Encoding:\r\n".into(), "411"),
        (
            format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
            "400",
        ),
        ("Content-Length: 0\r\nContent-Length: 0\r\n".into(), "400"),
        ("Content-Length: 0, 0\r\n".into(), "400"),
        (format!("Content-Length : {length}\r\n"), "400"),
        (format!(" Content-Length: {length}\r\n"), "400"),
        ("Content-Length: +0\r\n".into(), "400"),
        ("Content-Length: -1\r\n".into(), "400"),
        ("Content-Length: 0x0\r\n".into(), "400"),
        ("Content-Length:\r\n".into(), "400"),
        ("Content-Length: 1 1\r\n".into(), "400"),
        (format!("Content-Length: {}0\r\n", " ".repeat(64)), "400"),
        ("Content-Length: 99999999999999999999999\r\n".into(), "413"),
        ("Content-Length: 0\rX: y\r\n".into(), "400"),
        ("A line without a colon\r\n".into(), "400"),
        (": empty name\r\n".into(), "400"),
    ] {
        let lamp = expect(&post(&fields), status, &["connection: close\r\n"], &[]);
        assert!(!lamp.is_on(), "{fields:?}");
    }
    for (line, status) in [
        ("GET /status", "400"),
        ("GET  /status HTTP/1.1", "400"),
        ("GET /status HTTP/1.1 ", "400"),
        ("GET /status http/1.1", "400"),
        ("GET /status HTTP/2.0", "505"),
        (
            "GET /status?a-query-that-is-longer-than-what-the-lamp-keeps-of-a-line HTTP/1.1",
            "414",
        ),
    ] {
        expect(
            &format!("{line}\r\n{ORIGIN}\r\n"),
            status,
            &[SHARED, "connection: close\r\n"],
            &[],
        );
    }
}

#[test]
fn the_content_of_a_preflight_is_not_a_request() {
    let hidden = format!("PUT /led HTTP/1.1\r\n{TOKEN}Content-Length: 11\r\n\r\n{{\"on\":true}}");
    let preflight = |content: &str| {
        format!(
            "OPTIONS /led HTTP/1.1\r\n{ORIGIN}Access-Control-Request-Method: PUT\r\nContent-Length: {}\r\n\r\n{content}",
            content.len()
        )
    };
    let lamp = expect(&preflight(&hidden), "413", &["connection: close\r\n"], &[]);
    assert!(!lamp.is_on());
    let short = "GET / HTTP/1.1\r\n\r\n";
    expect(&preflight(short), "204", &[SHARED], &[]);
}

#[test]
fn requests_that_are_sent_without_waiting_are_answered_in_order() {
    let host = "Host: lamp.local\r\n";
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{host}{ORIGIN}\r\n");
    let put = format!("PUT /led HTTP/1.1\r\n{host}{TOKEN}Content-Length: 11\r\n\r\n{{\"on\":true}}");
    let preflight =
        format!("OPTIONS /led HTTP/1.1\r\n{host}{ORIGIN}Access-Control-Request-Method: PUT\r\n\r\n");
    let last = "GET /config HTTP/1.1\r\nHost: 192.168.4.1\r\nConnection: keep-alive, Close\r\n\r\n";
    let requests =
        get("/status") + &put + &preflight + &get("/status") + &get("/lamp") + last + &get("/status");
    for size in 1..=requests.len() {
        let (responses, lamp) = connect(requests.as_bytes(), size);
        let ends: Vec<_> = responses
            .iter()
            .map(|response| (&response[9..12], response.lines().last()))
            .collect();
        let expected = [
            ("200", Some("{\"on\":false}")),
            ("200", Some("{\"on\":true}")),
            ("204", Some("")),
            ("200", Some("{\"on\":true}")),
            ("404", Some("")),
            ("200", Some("{\"name\":\"lamp\"}")),
        ];
        assert_eq!(ends, expected, "in pieces of {size}");
        assert!(lamp.is_on());
    }
}

/// A client of HTTP/1.0, or one that says so, sends one request on a connection.
#[test]
fn the_last_request_of_a_client_closes_the_connection() {
    for head in [
        "GET /status HTTP/1.0\r\n\r\n",
        "GET /status HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /status HTTP/1.1\r\nconnection: foo ,\tCLOSE\r\n\r\n",
    ] {
        expect(head, "200", &["connection: close\r\n"], &[]);
    }
    expect(
        "GET /status HTTP/1.1\r\nConnection: closed\r\n\r\n",
        "200",
        &[],
        &["connection: close"],
    );
}

#[test]
fn a_head_request_is_answered_like_get_without_content() {
    for path in ["/", "/status", "/config", "/lamp", "/led"] {
        let (get, _) = ask(
            &with_host(&format!("GET {path} HTTP/1.1\r\n{ORIGIN}\r\n")),
            usize::MAX,
        );
        let head = with_host(&format!("HEAD {path} HTTP/1.1\r\n{ORIGIN}\r\n"));
        let (head, _) = ask(&head, usize::MAX);
        assert_eq!(
            get.split_once("\r\n\r\n").unwrap().0,
            head.strip_suffix("\r\n\r\n").unwrap()
        );
    }
}

#[test]
fn a_page_sees_that_its_request_came_too_late() {
    let late = |bytes: &str| {
        let (mut lamp, mut connection, mut buffer) = (Lamp::new(), Connection::new(), [0; MAX_RESPONSE]);
        assert!(connection.awaits_request() && !connection.is_in_request());
        let step = connection.push(&mut lamp, bytes.as_bytes(), &mut buffer);
        assert!(step.response.is_none());
        assert!(connection.is_in_request() && !connection.awaits_request());
        let response = connection.time_out(&mut lamp, &mut buffer).map(<[u8]>::to_vec);
        assert!(connection.is_over());
        String::from_utf8(response.unwrap()).unwrap()
    };
    let in_content = late(&format!(
        "PUT /led HTTP/1.1\r\n{ORIGIN}{TOKEN}Content-Length: 11\r\n\r\n{{"
    ));
    let in_head = late(&format!("PUT /led HTTP/1.1\r\n{ORIGIN}{TOKEN}Content-"));
    for response in [&in_content, &in_head] {
        assert!(
            response.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{response}"
        );
        assert!(response.contains(SHARED), "{response}");
    }
    // The page is not known yet.
    let before_origin = late("PUT /led HTTP/1.1\r\nOrigin: http://localhost:3");
    assert!(
        before_origin.contains("408") && !before_origin.contains("access-control"),
        "{before_origin}"
    );
}

const STRANGER: &str = "Origin: http://stranger.example\r\n";

/// Each request changes the lamp or holds a connection, and CORS alone would let it through.
#[test]
#[cfg(not(feature = "without-doors"))]
fn strangers_find_the_doors_closed() {
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\non=true";
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for request in [
        format!("POST /led HTTP/1.1\r\n{STRANGER}{form}"),
        format!("POST /led HTTP/1.1\r\nOrigin: null\r\n{form}"),
        format!("POST /led HTTP/1.1\r\n{STRANGER}{ORIGIN}{form}"),
        format!("GET /socket HTTP/1.1\r\n{STRANGER}{handshake}"),
        format!("GET /events HTTP/1.1\r\n{STRANGER}Accept: text/event-stream\r\n\r\n"),
        format!("GET /events HTTP/1.1\r\n{STRANGER}\r\n"),
        "GET /status HTTP/1.1\r\nHost: rebound.stranger.example\r\n\r\n".into(),
        format!("POST /led HTTP/1.1\r\nHost: rebound.stranger.example\r\n{form}"),
    ] {
        let lamp = expect(&request, "403", &[], &["access-control-"]);
        assert!(!lamp.is_on(), "{request}");
    }
    expect(
        "GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "400",
        &[],
        &[],
    );
    // The lamp's own page, and pages that the policy lists.
    for (host, origin) in [
        ("lamp.local", "http://lamp.local"),
        ("192.168.4.1:8080", "http://192.168.4.1:8080"),
        ("lamp.local", "http://localhost:3000"),
    ] {
        let lamp = expect(
            &format!("POST /led HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n{form}"),
            "200",
            &[],
            &[],
        );
        assert!(lamp.is_on());
    }
}

#[test]
fn an_event_stream_tells_the_state() {
    let request = with_host(&format!("GET /events HTTP/1.1\r\n{ORIGIN}\r\n"));
    let (mut lamp, mut connection, mut buffer) = (Lamp::new(), Connection::new(), [0; MAX_RESPONSE]);
    let response = connection
        .push(&mut lamp, request.as_bytes(), &mut buffer)
        .response
        .unwrap();
    let head = String::from_utf8(response.bytes.to_vec()).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains(SHARED) && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    assert!(!head.contains("content-length") && connection.is_stream());
    let update = |connection: &mut Connection, lamp: &Lamp| {
        let bytes = connection
            .update(lamp, &mut [0; MAX_RESPONSE])
            .map(<[u8]>::to_vec);
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    assert_eq!(
        update(&mut connection, &lamp).as_deref(),
        Some("data: {\"on\":false}\n\n")
    );
    assert_eq!(update(&mut connection, &lamp), None);
    lamp.switch(b"on=true").unwrap();
    assert_eq!(
        update(&mut connection, &lamp).as_deref(),
        Some("data: {\"on\":true}\n\n")
    );

    // There are four streams at most, and one that ends makes room.
    let mut others: Vec<_> = (0..4).map(|_| Connection::new()).collect();
    let statuses: Vec<_> = others
        .iter_mut()
        .map(|other| {
            other
                .push(&mut lamp, request.as_bytes(), &mut [0; MAX_RESPONSE])
                .response
                .unwrap()
                .bytes[9..12]
                .to_vec()
        })
        .collect();
    assert_eq!(statuses, [b"200", b"200", b"200", b"503"]);
    connection.end(&mut lamp);
    let again = Connection::new()
        .push(&mut lamp, request.as_bytes(), &mut buffer)
        .response
        .unwrap()
        .then;
    assert_eq!(again, Then::EventStream);
}

#[test]
fn a_socket_takes_and_tells_the_state() {
    // The key and the answer are those of the example in RFC 6455.
    let handshake = with_host(&format!(
        "GET /socket HTTP/1.1\r\n{ORIGIN}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    let masked = |first: u8, payload: &[u8]| {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let masked = payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask);
        [&[first, 0x80 | payload.len() as u8], &mask[..]]
            .concat()
            .into_iter()
            .chain(masked)
            .collect::<Vec<u8>>()
    };
    let (on, ping, close) = (
        masked(0x81, b"{\"on\":true}"),
        masked(0x89, b"hi"),
        masked(0x88, b"\x03\xe8"),
    );
    let connection = [handshake.as_bytes(), &on, &ping, &close, b"more"].concat();
    for size in [1, 2, 3, 7, 1000] {
        let (sent, lamp) = connect(&connection, size);
        assert!(lamp.is_on());
        assert!(
            sent[0].starts_with("HTTP/1.1 101 ")
                && sent[0].contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
        );
        let frames: Vec<_> = sent.iter().skip(1).map(String::as_str).collect();
        assert_eq!(
            frames,
            [
                "\u{fffd}\u{c}{\"on\":false}",
                "\u{fffd}\u{b}{\"on\":true}",
                "\u{fffd}\u{2}hi",
                "\u{fffd}\u{2}\u{3}\u{fffd}"
            ][..]
                .to_vec(),
            "in pieces of {size}"
        );
    }
    // A frame without a mask, one that is too long, and one with another content close the socket.
    for (frame, code) in [
        (b"\x81\x00".to_vec(), 1002_u16),
        (b"\xf1\x80".to_vec(), 1002),
        (masked(0x81, &[b'x'; 100]), 1009),
        (masked(0x82, b"x"), 1003),
        (masked(0x01, b"x"), 1003),
        (masked(0x81, b"x"), 1007),
    ] {
        let (mut lamp, mut socket, mut buffer) = (Lamp::new(), socket::Socket::new(), [0; 64]);
        let (_, reply) = socket.push(&mut lamp, &frame, &mut buffer);
        let reply = reply.unwrap();
        assert!(reply.is_last);
        assert_eq!(reply.bytes, [&[0x88, 2][..], &code.to_be_bytes()].concat());
    }
}
