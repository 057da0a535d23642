//! Laws that hold for every text: no panic, linear time, no secret in any output; and the verdict
//! is that of the model of a browser in the engine.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cors_debugger::diagnosis::Finding;
use cors_debugger::text::Span;
use cors_debugger::{Options, Place, Verdict, explain, json};
use embedded_cors::browser::{Blocked, Failure, Fetch, Response, Stage};
use proptest::prelude::*;

/// Pieces from which texts are made, so that they come close to every format.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    " ",
    "> ",
    "< ",
    "* ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    "`",
    ":",
    ",",
    "=",
    "(",
    ")",
    "\u{2018}",
    "\u{e9}",
    "GET /a HTTP/1.1\n",
    "OPTIONS /a HTTP/1.1\n",
    "HTTP/1.1 204 No Content\n",
    "HTTP/2 302\n",
    ":status: 200\n",
    ":method: PUT\n",
    "Host: a.example\n",
    "Origin: https://b.example\n",
    "Access-Control-Request-Method: PUT\n",
    "Access-Control-Allow-Origin: *\n",
    "Access-Control-Allow-Origin: ",
    "Location: https://c.example/a\n",
    "Location: //\n",
    "Cookie: a=b\n",
    "Set-Cookie: a=b; SameSite=Lax\n",
    "Access to fetch at '",
    "https://a.example/a",
    "' from origin '",
    "' has been blocked by CORS policy: ",
    "No 'Access-Control-Allow-Origin' header is present",
    "Cross-Origin Request Blocked: ",
    "(Reason: ",
    "CORS header",
    " missing). Status code: 204",
    "Origin null is not allowed by Access-Control-Allow-Origin. Status code: 2",
    "Fetch API cannot load ",
    " due to access control checks.",
    "net::ERR_FAILED 4",
    "ERR_CERT_",
    "curl -v -X PUT ",
    "curl: (7) Failed to connect to a port 1",
    "http PUT a.example ",
    "wget --header=",
    "--2026-11-25 10:00:00--  http://a.example/",
    "--:--:-- --:--:-- --:--:--     0",
    "fetch('",
    "axios.post(",
    ".open('PUT', '",
    "new XMLHttpRequest()",
    "{\"log\": {\"entries\": [",
    "{\"request\": {\"method\": \"PUT\", \"url\": \"https://a.example/\", \"headers\": []}, \"response\": {\"status\": 0, \"headers\": []}}",
    "Request URL: https://a.example/\n",
    "Request Method\n",
    "Status Code: 405\n",
    "authorization: Bearer x\n",
    "token=",
    "@",
    "%20",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            8 => prop::sample::select(PIECES).prop_map(str::to_string),
            1 => any::<char>().prop_map(String::from),
            1 => "[a-z:/'\" ]{1,12}",
        ],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

fn is_span(text: &str, span: Span) -> bool {
    text.get(span.start..span.end).is_some()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in texts(), credentials in any::<Option<bool>>(), has_origin in any::<bool>()) {
        let options = Options { credentials, origin: has_origin.then(|| "https://b.example".to_string()) };
        let report = explain(&text, &options);
        prop_assert_eq!(report.text.len(), text.len());
        for diagnosis in &report.diagnoses {
            for finding in diagnosis.finding.iter().chain(&diagnosis.warnings) {
                for span in finding.guilty.iter().flat_map(|guilty| [guilty.span, guilty.other_span]).flatten() {
                    prop_assert!(is_span(&report.text, span), "{:?}", span);
                }
                prop_assert!(finding.request.is_none_or(|span| is_span(&report.text, span)));
            }
            prop_assert!(diagnosis.start.is_none_or(|span| is_span(&report.text, span)));
        }
        let document: serde_json::Value = serde_json::from_str(&json::write(&report)).unwrap();
        prop_assert!(document["exchanges"].is_array());
    }

    #[test]
    fn masking_is_stable_and_keeps_places(text in texts()) {
        let masked = cors_debugger::secrets::mask(&text);
        prop_assert_eq!(masked.len(), text.len());
        prop_assert!(masked.matches('\n').count() == text.matches('\n').count());
    }
}

/// A request of a page, and the answers to its preflight and to itself, as `curl -v` prints them.
#[derive(Clone, Debug)]
struct Story {
    method: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    credentials: bool,
    preflight: (u16, Vec<(&'static str, &'static str)>),
    response: (u16, Vec<(&'static str, &'static str)>),
}

fn stories() -> impl Strategy<Value = Story> {
    let fields = || {
        prop::collection::vec(
            prop_oneof![
                4 => prop::sample::select(&["https://app.example.com", "*", "https://app.example.com/", "null", "", "https://a, https://b"][..])
                    .prop_map(|value| ("Access-Control-Allow-Origin", value)),
                3 => prop::sample::select(&["true", "True", "true, true"][..]).prop_map(|value| ("Access-Control-Allow-Credentials", value)),
                3 => prop::sample::select(&["PUT, PATCH", "*", "put", "PUT, @x", "", "PATCH,"][..])
                    .prop_map(|value| ("access-control-allow-methods", value)),
                3 => prop::sample::select(&["x-a, Content-Type", "*", "X-A", "x-a b", "*, authorization, x-a"][..])
                    .prop_map(|value| ("Access-Control-Allow-Headers", value)),
                1 => Just(("Vary", "Origin")),
            ],
            0..6,
        )
    };
    let status = || prop_oneof![4 => Just(204), 2 => Just(200), 1 => Just(404), 1 => Just(405), 1 => Just(500), 1 => Just(502)];
    let headers = prop::sample::subsequence(
        vec![
            ("X-A", "1"),
            ("Content-Type", "application/json"),
            ("Authorization", "Bearer x"),
            ("Accept", "*/*"),
        ],
        0..4,
    );
    let methods = prop::sample::select(&["GET", "PUT", "PATCH", "patch", "POST", "DELETE"][..]);
    (
        methods,
        headers,
        any::<bool>(),
        (status(), fields()),
        (status(), fields()),
    )
        .prop_map(|(method, headers, credentials, preflight, response)| Story {
            method,
            headers,
            credentials,
            preflight,
            response,
        })
}

fn fetch(story: &Story) -> Fetch<'_> {
    let fetch = Fetch::from_origin("https://app.example.com")
        .method(story.method)
        .headers(&story.headers);
    if story.credentials {
        fetch.include_credentials()
    } else {
        fetch
    }
}

fn print(story: &Story) -> String {
    let fetch = fetch(story);
    let mut text = String::new();
    let mut exchange = |head: &[u8], (status, fields): &(u16, Vec<(&str, &str)>)| {
        for line in String::from_utf8_lossy(head).lines() {
            text += &format!("> {line}\n");
        }
        text += &format!("< HTTP/1.1 {status} Reason\n");
        for (name, value) in fields {
            text += &format!("< {name}: {value}\n");
        }
        text += "< \n";
    };
    let mut buffer = [0; 2048];
    if fetch.needs_preflight() {
        exchange(
            fetch
                .write_preflight("api.example.com", "/led", &mut buffer)
                .unwrap(),
            &story.preflight,
        );
    }
    exchange(
        fetch
            .write_request("api.example.com", "/led", &mut buffer)
            .unwrap(),
        &story.response,
    );
    text
}

/// Asks the model of a browser in the engine; browsers differ from it in one point.
fn blocked(story: &Story) -> Option<(Stage, Failure)> {
    let fetch = fetch(story);
    let response = |(status, fields): &'_ (u16, Vec<(&'static str, &'static str)>)| (*status, fields.clone());
    let result = |blocked: Blocked| Some((blocked.stage(), blocked.failure()));
    if fetch.needs_preflight() {
        let (status, fields) = response(&story.preflight);
        let others: Vec<_> = story
            .headers
            .iter()
            .copied()
            .filter(|(name, _)| *name != "Authorization")
            .collect();
        let checked = match fetch.check_preflight(&Response::new(status, &fields).unwrap()) {
            Err(blocked) if blocked.failure() == Failure::AuthorizationNotCovered => fetch
                .headers(&others)
                .check_preflight(&Response::new(status, &fields).unwrap()),
            checked => checked,
        };
        if let Err(blocked) = checked {
            return result(blocked);
        }
    }
    let (status, fields) = response(&story.response);
    fetch
        .check_response(&Response::new(status, &fields).unwrap())
        .err()
        .and_then(result)
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_the_model_of_a_browser(story in stories()) {
        let text = print(&story);
        let options = Options { credentials: Some(story.credentials), ..Options::default() };
        let report = explain(&text, &options);
        prop_assert_eq!(report.diagnoses.len(), 1, "{}", text);
        let diagnosis = &report.diagnoses[0];
        let place = |finding: &Finding| match finding.place {
            Place::Preflight => Stage::Preflight,
            _ => Stage::Response,
        };
        match blocked(&story) {
            None => prop_assert_eq!(diagnosis.verdict, Verdict::Allowed, "{}", text),
            Some((stage, _)) => {
                prop_assert_eq!(diagnosis.verdict, Verdict::Blocked, "{}", text);
                prop_assert_eq!(diagnosis.finding.as_ref().map(place), Some(stage), "{}", text);
            }
        }
    }
}

fn time(text: &str) -> Duration {
    let fastest = |_| {
        let start = Instant::now();
        let report = explain(text, &Options::default());
        json::write(&report);
        start.elapsed()
    };
    (0..2).map(fastest).min().unwrap_or_default()
}

/// Four times the text takes about four times as long. A quadratic step would take sixteen times.
#[test]
fn time_is_linear() {
    let mut repeated: Vec<String> = PIECES.iter().map(|piece| piece.to_string()).collect();
    repeated.extend(
        [
            "Access to fetch at 'https://a.example/a' from origin 'https://b.example' has been blocked by CORS policy: \n",
            "> OPTIONS /a HTTP/1.1\n> Host: a.example\n> Origin: https://b.example\n> Access-Control-Request-Method: PUT\n>\n< HTTP/1.1 204\n<\n",
            "> PUT /a HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 302 Found\n< Location: /a\n<\n",
            "Origin https://b.example is not allowed by Access-Control-Allow-Origin.\n",
            "curl: (7) Failed to connect to a port 1\n",
            "x.open(", "axios.foo(", "fetch('https://a.example/', {headers: {a: ", "const a = axios.create({}); a.get('https://a.example/');\n",
            "a-key=1&", "\"cookie\": \"", "Cross-Origin Request Blocked: x\n", "curl 'a\n",
            "{\"request\": {\"method\": \"PUT\", \"url\": \"https://a.example/\", \"headers\": []}, \"response\": {\"status\": 0, \"headers\": []}}\n",
            "fetch('https://a.example/', {method: 'PUT'})\n",
        ]
        .map(str::to_string),
    );
    for piece in repeated {
        let text = |bytes: usize| piece.repeat(bytes / piece.len());
        // Another program may take the processor for a while, so a bad figure is measured again.
        let is_linear = (0..3).any(|_| {
            let (small, large) = (time(&text(10_000)), time(&text(40_000)));
            large < small.max(Duration::from_millis(20)) * 10
        });
        assert!(is_linear, "{piece:?}");
    }
}

/// A value of a megabyte in each place: what is said of it is short.
#[test]
fn long_values_do_not_make_the_output_long() {
    let long = "x".repeat(1 << 20);
    for text in [
        "> PUT /{} HTTP/1.1\n> Host: api.example.com\n> Origin: https://a.example\n>\n< HTTP/1.1 200 OK\n<\n",
        "> GET / HTTP/1.1\n> Host: {}\n> Origin: https://a.example\n>\n< HTTP/1.1 302 Found\n< Location: https://{}/\n<\n",
        "> OPTIONS / HTTP/1.1\n> Host: h\n> Origin: https://a.example\n> Access-Control-Request-Method: {}\n> Access-Control-Request-Headers: {}\n>\n< HTTP/1.1 204 No Content\n< Access-Control-Allow-Origin: https://a.example\n< Access-Control-Allow-Methods: PUT\n<\n",
        "> GET / HTTP/1.1\n> Host: h\n> Origin: https://{}\n>\n< HTTP/1.1 200 OK\n< Access-Control-Allow-Origin: {}\n< Set-Cookie: a={}; SameSite=Lax\n<\n",
        "Access to fetch at 'https://h/{}' from origin 'https://{}' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header has a value '{}' that is not equal to the supplied origin.\n",
        "Access to fetch at 'https://h/' from origin 'https://a' has been blocked by CORS policy: Request header field {} is not allowed by Access-Control-Allow-Headers in preflight response.\n",
        "fetch('https://h/{}', {method: '{}', headers: {'{}': '1'}})\n",
        "curl -X {} -H '{}: 1' https://h/{}\n",
        "{\"request\": {\"method\": \"{}\", \"url\": \"https://h/{}\", \"headers\": [{\"name\": \"Origin\", \"value\": \"https://{}\"}]}, \"response\": {\"status\": 200, \"headers\": [{\"name\": \"Access-Control-Allow-Origin\", \"value\": \"{}\"}]}}\n",
    ] {
        let report = explain(&text.replace("{}", &long), &Options::default());
        let written = json::write(&report).len();
        assert!(written < 100_000, "{written} bytes: {text}");
    }
}

const MARKER: &str = "S3CRETmarker";

/// A text of each format with the marker in every place of a secret.
const SECRETS: &[&str] = &[
    "> PUT /x?access_token=S3CRETmarker HTTP/1.1\n> Host: api.example.com\n> Origin: https://app.example.com\n> Authorization: Bearer S3CRETmarker\n> Cookie: sid=S3CRETmarker\n> X-Api-Key: S3CRETmarker\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: sid=S3CRETmarker; SameSite=Lax\n< X-Csrf-Token: S3CRETmarker\n<\n",
    "$ curl -i -u bob:S3CRETmarker -b 'sid=S3CRETmarker' -H 'Authorization: Bearer S3CRETmarker' 'https://bob:S3CRETmarker@api.example.com/x?key=S3CRETmarker' -H 'Origin: https://app.example.com'\nHTTP/1.1 302 Found\nAccess-Control-Allow-Origin: *\nLocation: https://u:S3CRETmarker@b.example/?token=S3CRETmarker\n",
    "{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\", \"url\": \"https://u:S3CRETmarker@api.example.com/x?api_key=S3CRETmarker\", \"headers\": [{\"name\": \"Origin\", \"value\": \"https://app.example.com\"}, {\"name\": \"Cookie\", \"value\": \"S3CRETmarker\"}], \"cookies\": [{\"name\": \"a\", \"value\": \"S3CRETmarker\"}], \"queryString\": [{\"name\": \"api_key\", \"value\": \"S3CRETmarker\"}], \"postData\": {\"text\": \"S3CRETmarker\"}}, \"response\": {\"status\": 200, \"headers\": [{\"name\": \"Set-Cookie\", \"value\": \"S3CRETmarker\"}], \"content\": {\"text\": \"S3CRETmarker\"}}}]}}",
    "fetch('https://api.example.com/x?token=S3CRETmarker', { method: 'PUT', headers: { Authorization: 'Bearer S3CRETmarker', 'X-Api-Key': 'S3CRETmarker' }, body: '{\"password\":\"S3CRETmarker\"}' })",
    "const x = new XMLHttpRequest();\nx.open('PUT', 'https://u:S3CRETmarker@api.example.com/');\nx.setRequestHeader('Authorization', 'S3CRETmarker');\nx.send('token=S3CRETmarker');",
    "Access to fetch at 'https://u:S3CRETmarker@api.example.com/x?sig=S3CRETmarker' from origin 'https://app.example.com' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example.com/?session=S3CRETmarker. (Reason: CORS header \u{2018}Access-Control-Allow-Origin\u{2019} missing). Status code: 200.",
    "Cross-origin redirection to https://b.example/ denied by Cross-Origin Resource Sharing policy: redirection URL http://u:S3CRETmarker@b.example/ok has credentials",
    "http -a bob:S3CRETmarker PUT api.example.com/x Authorization:S3CRETmarker\n\nHTTP/1.1 200 OK\nAccess-Control-Allow-Origin: https://u:S3CRETmarker@x\nCookie: S3CRETmarker",
    "Request URL\nhttps://u:S3CRETmarker@api.example.com/x\nRequest Method\nGET\nStatus Code\n200 OK\nset-cookie\nsid=S3CRETmarker\ncookie\nsid=S3CRETmarker\norigin\nhttps://app.example.com",
    ":method: PUT\n:path: /x?key=S3CRETmarker\n:authority: api.test\nauthorization: S3CRETmarker\norigin: https://app.test\n\n:status: 200\nset-cookie: S3CRETmarker\n",
];

#[test]
fn a_secret_is_in_no_output() {
    for text in SECRETS {
        for credentials in ["include", "omit"] {
            for options in [&["--json"][..], &["--verbose"], &["--color", "always"]] {
                let mut child = Command::new(env!("CARGO_BIN_EXE_cors"))
                    .args(["explain", "--credentials", credentials])
                    .args(options)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
                let output = child.wait_with_output().unwrap();
                let printed =
                    String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
                assert!(!printed.contains(MARKER), "{text}\n{printed}");
                assert_ne!(output.status.code(), Some(2), "{text}\n{printed}");
            }
        }
    }
}
