//! The command `cors probe` over real sockets, against servers of this test.

mod program;
mod schema;
mod server;

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use program::cors;
use serde_json::Value;
use server::{Server, answer};

const PAGE: &str = "https://app.example.com";

/// Runs `cors probe` with `--json` and these words after the address.
fn probe(url: &str, words: &[&str]) -> (Option<i32>, Value) {
    let mut all = vec!["probe", url, "--origin", PAGE, "--json"];
    all.extend(words);
    let (status, out, error) = cors(&all, b"");
    let value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}\n{error}"));
    schema::check(&out, "probe");
    (status, value)
}

fn cause(value: &Value) -> &str {
    value["exchanges"][0]["cause"]["code"].as_str().unwrap_or("")
}

/// A server that answers everything with these fields, and notes the heads of the requests.
fn server_with(status: &'static str, fields: &'static str) -> (Server, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heads);
    let server = Server::start(move |head, stream| {
        noted.lock().unwrap().push(head.to_string());
        let _ = stream.write_all(answer(status, fields).as_bytes());
    });
    (server, heads)
}

#[test]
fn it_sends_what_a_browser_sends() {
    let fields = "Access-Control-Allow-Origin: https://app.example.com\r\n\
                  Access-Control-Allow-Methods: PUT\r\n\
                  Access-Control-Allow-Headers: content-type,x-api-key\r\n\
                  Access-Control-Max-Age: 86400\r\n";
    let (server, heads) = server_with("200 OK", fields);
    let url = server.url("/led?x=1");
    let words = [
        "-X",
        "put",
        "-H",
        "Host: other",
        "-H",
        "X-Api-Key: 1",
        "-H",
        "Content-Type: application/json",
    ];
    let (status, value) = probe(&url, &words);
    assert_eq!(status, Some(0), "{value:#}");
    assert_eq!(value["verdict"], "allowed");
    let heads = heads.lock().unwrap();
    let [preflight, request] = heads.as_slice() else {
        panic!("{heads:?}");
    };
    assert!(
        preflight.starts_with("OPTIONS /led?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{preflight}"
    );
    for line in [
        "Accept: */*",
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: content-type,x-api-key",
        "Origin: https://app.example.com",
    ] {
        assert!(preflight.lines().any(|other| other == line), "{line} {preflight}");
    }
    assert!(
        !preflight.to_lowercase().contains("\r\nx-api-key:"),
        "{preflight}"
    );
    assert!(request.starts_with("PUT /led?x=1 HTTP/1.1\r\n"), "{request}");
    for line in [
        "X-Api-Key: 1",
        "Content-Type: application/json",
        "Content-Length: 0",
    ] {
        assert!(request.lines().any(|other| other == line), "{line} {request}");
    }
    let caching = &value["caching"][0];
    assert_eq!(caching["value"], "86400");
    assert_eq!(
        (&caching["chromium"], &caching["firefox"], &caching["webkit"]),
        (&7200.into(), &86_400.into(), &600.into())
    );
    assert_eq!(value["requests"], 2);
    assert!(
        value["probeNotes"][0]
            .as_str()
            .unwrap()
            .contains("Host was not sent"),
        "{value:#}"
    );
}

#[test]
fn a_page_of_the_same_origin_needs_no_cors() {
    let (server, heads) = server_with("200 OK", "");
    let url = server.url("/");
    let own = url.trim_end_matches('/');
    let (status, out, _) = cors(&["probe", &url, "--origin", own, "-X", "PUT"], b"");
    assert_eq!(status, Some(0), "{out}");
    assert!(out.contains("the page has the same origin"), "{out}");
    let heads = heads.lock().unwrap();
    assert!(
        heads.len() == 1 && heads[0].contains("Sec-Fetch-Site: same-origin"),
        "{heads:?}"
    );
    let (status, _, error) = cors(&["probe", &url, "--origin", own, "--survey"], b"");
    assert_eq!(status, Some(2));
    assert!(error.contains("same origin"), "{error}");
}

#[test]
fn the_request_is_not_sent_after_a_failed_preflight() {
    let (server, heads) = server_with("404 Not Found", "");
    let (status, value) = probe(&server.url("/"), &["-X", "DELETE"]);
    assert_eq!(status, Some(1));
    assert_eq!(heads.lock().unwrap().len(), 1);
    assert_eq!(value["exchanges"][0]["cause"]["place"], "preflight", "{value:#}");
    let (server, heads) = server_with(
        "204 No Content",
        "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: *\r\n",
    );
    let (_, value) = probe(&server.url("/"), &["-X", "DELETE", "--preflight-only"]);
    assert_eq!((heads.lock().unwrap().len(), &value["requests"]), (1, &1.into()));
}

#[test]
fn repeated_lines_are_kept_and_shown() {
    let fields =
        "Access-Control-Allow-Origin: *\r\naccess-control-allow-origin: *\r\nSet-Cookie: id=PLANTED\r\n";
    let (server, _) = server_with("200 OK", fields);
    let (status, value) = probe(&server.url("/"), &[]);
    assert_eq!(
        (status, cause(&value)),
        (Some(1), "allow-origin-repeated"),
        "{value:#}"
    );
    let transcript = value["transcript"].as_str().unwrap();
    assert!(
        transcript.contains("< Access-Control-Allow-Origin: *\n< access-control-allow-origin: *\n"),
        "{transcript}"
    );
    assert!(!value.to_string().contains("PLANTED"));
    let guilty = &value["exchanges"][0]["guilty"]["span"];
    let (start, end) = (guilty["start"].as_u64().unwrap(), guilty["end"].as_u64().unwrap());
    let marked = &transcript[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    assert!(
        marked.eq_ignore_ascii_case("access-control-allow-origin: *"),
        "{marked}"
    );
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    let (target, heads) = server_with("200 OK", "Access-Control-Allow-Origin: *\r\n");
    let location = target.url("/there");
    let server = Server::start(move |_, stream| {
        let fields = format!("Access-Control-Allow-Origin: *\r\nLocation: {location}\r\n");
        let _ = stream.write_all(answer("302 Found", &fields).as_bytes());
    });
    let (status, value) = probe(&server.url("/"), &[]);
    assert_eq!(status, Some(0), "{value:#}");
    // Another origin was on the way, so the origin is opaque.
    let heads = heads.lock().unwrap();
    assert!(
        heads[0].starts_with("GET /there ") && heads[0].contains("\r\nOrigin: null\r\n"),
        "{}",
        heads[0]
    );
    assert_eq!(value["requests"], 2);
    // Without an end, at the limit of Fetch.
    let (status, value) = {
        let server = Server::start(|_, stream| {
            let _ = stream.write_all(
                answer(
                    "302 Found",
                    "Access-Control-Allow-Origin: *\r\nLocation: /again\r\n",
                )
                .as_bytes(),
            );
        });
        probe(&server.url("/"), &[])
    };
    assert_eq!((status, &value["requests"]), (Some(1), &21.into()), "{value:#}");
}

#[test]
fn hostile_servers_give_clear_errors() {
    type Behaviour = fn(&mut std::net::TcpStream);
    let cases: [(&str, Behaviour); 6] = [
        ("closed", |_| {}),
        ("not-http", |stream| {
            drop(stream.write_all(b"SSH-2.0-OpenSSH\r\n"))
        }),
        ("closed", |stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nA: b\r\n"))
        }),
        ("too-long", |stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(&[b'a'; 4096]).is_ok() {}
        }),
        ("not-http", |stream| {
            for _ in 0..20 {
                let _ = stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n");
            }
        }),
        ("timed-out", |stream| {
            // A byte at a time, for ever.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nA: ");
            while stream.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }),
    ];
    for (kind, behaviour) in cases {
        let server = Server::start(move |_, stream| behaviour(stream));
        let start = Instant::now();
        let (status, value) = probe(&server.url("/"), &["--timeout", "1"]);
        assert_eq!(
            (status, &value["trouble"]["kind"]),
            (Some(1), &kind.into()),
            "{value:#}"
        );
        assert!(start.elapsed() < Duration::from_secs(5), "{kind}");
    }
    // Control characters do not reach the terminal.
    let (server, _) = server_with("200 \u{1b}[31mOK", "X: \u{1b}]0;title\u{7}\r\n");
    let (_, out, _) = cors(&["probe", &server.url("/"), "--origin", PAGE, "--verbose"], b"");
    assert!(
        !out.contains('\u{1b}') && out.contains("200 \u{fffd}[31mOK"),
        "{out}"
    );
}

#[test]
fn failures_of_the_connection_are_told_apart() {
    let refused = {
        let server = Server::start(|_, _| {});
        server.url("/")
    };
    for (url, kind, code) in [
        (refused.as_str(), "refused", "connection-refused"),
        ("https://no-such-host.invalid/", "dns", "dns-failure"),
    ] {
        let (status, value) = probe(url, &[]);
        assert_eq!(
            (status, &value["trouble"]["kind"]),
            (Some(1), &kind.into()),
            "{value:#}"
        );
        assert_eq!(cause(&value), code);
    }
    let server = Server::listen("http", |mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(answer("400 Bad Request", "").as_bytes());
    });
    let (_, value) = probe(&server.url("/").replace("http:", "https:"), &["--timeout", "5"]);
    assert_eq!(value["trouble"]["kind"], "tls", "{value:#}");
    assert!(value["trouble"]["message"].as_str().unwrap().contains("use http"));
}

#[test]
fn addresses_are_replaced_as_told() {
    let (server, heads) = server_with("200 OK", "Access-Control-Allow-Origin: *\r\n");
    let resolve = format!("api.example.com:{}:127.0.0.1", server.port());
    let url = format!("http://api.example.com:{}/led", server.port());
    let words = [
        "probe",
        &url,
        "--origin",
        "http://a.example",
        "--json",
        "--resolve",
        &resolve,
    ];
    let (status, value, _) = cors(&words, b"");
    assert_eq!(status, Some(0), "{value:#}");
    let host = format!("\r\nHost: api.example.com:{}\r\n", server.port());
    assert!(heads.lock().unwrap()[0].contains(&host));
}

#[test]
fn mistakes_of_the_command_line_are_named() {
    for (words, part) in [
        (
            &["http://localhost/", "--origin", "app.example.com"][..],
            "--origin",
        ),
        (&["localhost", "--origin", PAGE], "URL"),
        (&["http://u:p@localhost/", "--origin", PAGE], "user name"),
        (&["http://localhost/", "--origin", PAGE, "-H", ": 1"], "--header"),
        (&["http://localhost/", "--origin", PAGE, "-X", "TRACE"], "method"),
        (
            &["http://localhost/", "--origin", PAGE, "--resolve", "x"],
            "HOST:PORT:ADDRESS",
        ),
        (
            &["http://localhost/", "--origin", PAGE, "--timeout", "soon"],
            "number of seconds",
        ),
        (
            &["http://localhost/", "--origin", PAGE, "--survey", "--as", "iis"],
            "nginx",
        ),
        (
            &["http://localhost/", "--origin", PAGE, "--as", "nginx"],
            "--survey",
        ),
    ] {
        let words: Vec<&str> = ["probe"].iter().chain(words).copied().collect();
        let (status, _, error) = cors(&words, b"");
        assert_eq!(status, Some(2), "{words:?} {error}");
        assert!(error.contains(part), "{words:?} {error}");
    }
}

#[test]
fn a_survey_prints_findings_and_a_policy() {
    let server = Server::start(|head, stream| {
        let origin = head.lines().find_map(|line| line.strip_prefix("Origin: "));
        let fields = match origin {
            Some(PAGE) => {
                "Access-Control-Allow-Origin: https://app.example.com\r\n\
                           Access-Control-Allow-Methods: PUT\r\n\
                           Access-Control-Max-Age: 600\r\n"
            }
            _ => "",
        };
        let status = if head.starts_with("CORS-SURVEY") {
            "405 X"
        } else {
            "200 OK"
        };
        let _ = stream.write_all(answer(status, fields).as_bytes());
    });
    let url = server.url("/led");
    let words = [
        "probe",
        &url,
        "--origin",
        PAGE,
        "--survey",
        "--as",
        "nginx-module",
    ];
    let (status, out, error) = cors(&words, b"");
    assert_eq!(status, Some(0), "{out}{error}");
    for part in [
        "warning[vary-missing]",
        "(at most 60 requests, 30 s)",
        "cors_origin https://app.example.com;",
        "cors_methods PUT;",
        "Chrome 600 s (10 min)",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    assert!(error.is_empty(), "progress is for terminals: {error}");

    let (_, out, _) = cors(&[&words[..5], &["--json", "--max-requests", "5"]].concat(), b"");
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&value["requests"], &value["schema"]),
        (&5.into(), &"cors-survey/1".into())
    );
    assert!(!value["unasked"].as_array().unwrap().is_empty());

    let (_, out, _) = cors(&[&words[..5], &["--sarif"]].concat(), b"");
    let value: Value = serde_json::from_str(&out).unwrap();
    let results = value["runs"][0]["results"].as_array().unwrap();
    let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "vary-missing"));
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn a_survey_ends_in_time() {
    let server = Server::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        let _ = stream.write_all(answer("200 OK", "Access-Control-Allow-Origin: *\r\n").as_bytes());
    });
    let start = Instant::now();
    let url = server.url("/");
    let words = ["probe", &url, "--origin", PAGE, "--survey", "--max-time", "1"];
    let (status, out, _) = cors(&words, b"");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(status, Some(3), "{out}");
    assert!(out.contains("--max-time"), "{out}");
}

#[cfg(feature = "tls")]
#[test]
fn certificates_that_are_not_trusted_are_named_and_can_be_accepted() {
    let server = Server::start_tls(&["lamp.local", "localhost"], |head, stream| {
        assert!(head.contains("\r\nOrigin: https://app.example.com\r\n"), "{head}");
        let _ = stream.write_all(answer("200 OK", "Access-Control-Allow-Origin: *\r\n").as_bytes());
    });
    let url = server.url("/");
    let (status, value) = probe(&url, &[]);
    assert_eq!((status, cause(&value)), (Some(1), "tls-failure"), "{value:#}");
    assert_eq!(value["trouble"]["kind"], "certificate");
    assert!(
        value["trouble"]["message"]
            .as_str()
            .unwrap()
            .contains("--insecure")
    );
    let (status, value) = probe(&url, &["--insecure"]);
    assert_eq!(
        (status, &value["verdict"]),
        (Some(0), &"allowed".into()),
        "{value:#}"
    );
}

#[cfg(feature = "tls")]
#[test]
fn certificates_that_the_system_trusts_are_accepted_for_their_names() {
    let server = Server::start_tls(&["lamp.local"], |_, stream| {
        let _ = stream.write_all(answer("200 OK", "Access-Control-Allow-Origin: *\r\n").as_bytes());
    });
    let file = std::env::temp_dir().join(format!("cors-probe-{}.pem", std::process::id()));
    std::fs::write(&file, &server.certificate).unwrap();
    let ask = |host: &str| {
        let url = format!("https://{host}:{}/", server.port());
        let resolve = format!("{host}:{}:127.0.0.1", server.port());
        let words = ["probe", &url, "--origin", PAGE, "--json", "--resolve", &resolve];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cors"));
        let (status, out, _) = program::run(command.args(words).env("SSL_CERT_FILE", &file), b"");
        (status, serde_json::from_str::<Value>(&out).unwrap())
    };
    let (status, value) = ask("lamp.local");
    assert_eq!(status, Some(0), "{value:#}");
    let (status, value) = ask("other.local");
    assert_eq!(
        (status, &value["trouble"]["kind"]),
        (Some(1), &"certificate".into())
    );
    let message = value["trouble"]["message"].as_str().unwrap();
    assert!(message.contains("another name"), "{message}");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_head_that_comes_with_its_body_is_enough() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        // The stream does not end until the client has gone.
        let _ = stream.read(&mut [0]);
    });
    let (status, value) = probe(&server.url("/events"), &[]);
    assert_eq!(status, Some(0), "{value:#}");
}

#[test]
fn secrets_are_sent_and_not_printed() {
    let fields = "Access-Control-Allow-Origin: https://app.example.com\r\n\
                  Access-Control-Allow-Headers: authorization,x-api-key\r\n\
                  Set-Cookie: session=PLANTED\r\n\
                  X-Auth-Token: PLANTED\r\n\
                  Location: /next?access_token=PLANTED\r\n";
    let (server, heads) = server_with("200 OK", fields);
    let url = server.url("/led?token=PLANTED");
    let headers = ["-H", "Authorization: Bearer PLANTED", "-H", "X-Api-Key: PLANTED"];
    for options in [
        &["--verbose"][..],
        &["--json"],
        &["--survey", "--verbose"],
        &["--survey", "--json"],
        &["--survey", "--sarif"],
        &["--survey", "--max-requests", "3"],
    ] {
        let mut words = vec!["probe", &url, "--origin", PAGE];
        words.extend(headers);
        words.extend(options);
        let (_, out, error) = cors(&words, b"");
        assert!(
            !out.contains("PLANTED") && !error.contains("PLANTED"),
            "{options:?}\n{out}{error}"
        );
    }
    let sent = heads.lock().unwrap().join("");
    assert!(
        sent.contains("?token=PLANTED ")
            && sent.contains("Bearer PLANTED")
            && sent.contains("X-Api-Key: PLANTED")
    );
    // Addresses with a password are refused before anything is sent.
    let (status, out, error) = cors(
        &["probe", "http://user:PLANTED@127.0.0.1:1/", "--origin", PAGE],
        b"",
    );
    assert_eq!(status, Some(2));
    assert!(!out.contains("PLANTED") && !error.contains("PLANTED"), "{error}");
    let closed = "http://127.0.0.1:1/?token=PLANTED";
    for options in [&[][..], &["--survey"]] {
        let (status, out, error) = cors(&[&["probe", closed, "--origin", PAGE], options].concat(), b"");
        assert_eq!(status, Some(1));
        assert!(
            !out.contains("PLANTED") && !error.contains("PLANTED"),
            "{out}{error}"
        );
    }
}

/// Surveys a server that answers with these, for OPTIONS and for the others.
fn survey_of(options: &'static str, others: &'static str, fields: &'static str) -> (Option<i32>, String) {
    let server = Server::start(move |head, stream| {
        let status = if head.starts_with("OPTIONS") {
            options
        } else {
            others
        };
        let _ = stream.write_all(answer(status, fields).as_bytes());
    });
    let (status, out, _) = cors(&["probe", &server.url("/a"), "--origin", PAGE, "--survey"], b"");
    (status, out)
}

#[test]
fn a_survey_invents_nothing_about_a_redirect() {
    let fields = "Access-Control-Allow-Origin: *\r\nLocation: /b\r\n";
    let (status, out) = survey_of("302 Found", "302 Found", fields);
    assert!(out.contains("answer-is-redirect"), "{out}");
    assert!(!out.contains("  yes") && !out.contains("*.example.com"), "{out}");
    assert_eq!(status, Some(1));
}

#[test]
fn a_survey_names_what_the_server_lacks() {
    let (_, out) = survey_of("405 Method Not Allowed", "200 OK", "");
    assert!(out.contains("options-not-handled"), "{out}");
    let (_, out) = survey_of("503 Service Unavailable", "503 Service Unavailable", "");
    assert!(out.contains("server-fails") && !out.contains("login"), "{out}");
}

#[test]
fn a_survey_says_that_its_time_ended() {
    let server = Server::start(|_, _| std::thread::sleep(Duration::from_secs(4)));
    let words = [
        "probe",
        &server.url("/"),
        "--origin",
        PAGE,
        "--survey",
        "--max-time",
        "1",
    ];
    let (status, out, _) = cors(&words, b"");
    assert_eq!(status, Some(3), "{out}");
    assert!(out.contains("--max-time") && !out.contains("--timeout"), "{out}");
    assert!(out.contains("Who may read") && out.contains("Not asked"), "{out}");
}

/// Runs `cors probe` for people.
fn printed(url: &str) -> (Option<i32>, String) {
    let (status, out, _) = cors(&["probe", url, "--origin", PAGE], b"");
    (status, out)
}

#[test]
fn mixed_content_is_blocked() {
    for (url, is_local) in [
        ("http://api.other.com:7901/", false),
        ("http://192.168.0.7/", true),
    ] {
        let (status, value) = probe(url, &[]);
        assert_eq!((status, cause(&value)), (Some(1), "mixed-content"), "{value:#}");
        assert_eq!(value["requests"], 0);
        let (status, out) = printed(url);
        assert!(out.starts_with("error[mixed-content]"), "{out}");
        assert_eq!((status, out.contains("permission")), (Some(1), is_local), "{out}");
    }
}

#[test]
fn a_failure_has_one_verdict_at_the_top() {
    let server = Server::start(|_, stream| {
        let fields = "Access-Control-Allow-Origin: *\r\nLocation: /again\r\n";
        let _ = stream.write_all(answer("302 Found", fields).as_bytes());
    });
    let (status, out) = printed(&server.url("/"));
    assert_eq!(status, Some(1));
    assert!(
        out.starts_with("error[blocked]: the browser blocks it: "),
        "{out}"
    );
    assert!(
        out.contains("more than 20 times") && !out.contains("unsure") && !out.contains("curl"),
        "{out}"
    );
    let server = Server::start(|_, stream| drop(stream.write_all(b"SSH-2.0-OpenSSH\r\n")));
    let (status, out) = printed(&server.url("/"));
    assert_eq!(status, Some(1));
    assert!(
        out.starts_with("error[not-http]: Not an HTTP/1.1 response"),
        "{out}"
    );
    assert!(!out.contains("unsure") && !out.contains("console"), "{out}");
}

#[cfg(feature = "tls")]
#[test]
fn a_server_that_does_not_speak_tls_is_named_soon() {
    let server = Server::listen("https", |_stream| std::thread::sleep(Duration::from_secs(9)));
    let start = Instant::now();
    let (status, out) = printed(&server.url("/"));
    // The thread keeps the connection open all the time.
    assert_eq!(status, Some(1));
    assert!(start.elapsed() < Duration::from_secs(8));
    assert!(
        out.starts_with("error[tls]") && out.contains("try http") && !out.contains("log"),
        "{out}"
    );
}
