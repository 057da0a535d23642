//! The command `cors explain`: its exit status, files and options.

mod program;

use program::cors;

const HEADS: &str = "\
GET /led HTTP/1.1
Host: api.example.com
Origin: https://app.example.com

HTTP/1.1 200 OK
Access-Control-Allow-Origin: *
";

#[test]
fn the_exit_status_is_the_verdict() {
    let status = |arguments: &[&str], input: &str| cors(arguments, input.as_bytes()).0;
    assert_eq!(status(&["explain", "--credentials", "omit"], HEADS), Some(0));
    assert_eq!(status(&["explain", "--credentials", "include"], HEADS), Some(1));
    assert_eq!(status(&["explain"], HEADS), Some(3));
    assert_eq!(status(&["explain"], "nothing to see here"), Some(2));
    assert_eq!(status(&["explain", "--json"], ""), Some(2));
    assert_eq!(status(&["explain", "no such file"], ""), Some(2));
    assert_eq!(
        status(&["explain", "--origin", "app.example.com/"], HEADS),
        Some(2)
    );
    assert_eq!(status(&["explain", "--no-such-option"], HEADS), Some(2));
}

#[test]
fn the_guilty_line_is_underlined() {
    let (_, text, _) = cors(&["explain", "--credentials", "include"], HEADS.as_bytes());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "error[wildcard-with-credentials]: Access-Control-Allow-Origin is *, and the request has credentials"
    );
    assert_eq!(lines[1].trim(), "--> standard input:6:1");
    let marked = lines
        .iter()
        .position(|line| line.ends_with("Access-Control-Allow-Origin: *"))
        .unwrap();
    assert!(
        lines[marked + 1].contains("^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"),
        "{text}"
    );
    let send = lines
        .iter()
        .position(|line| line.trim() == "= help: send:")
        .unwrap();
    assert_eq!(
        lines[send + 1].trim(),
        "Access-Control-Allow-Origin: https://app.example.com"
    );
    assert_eq!(lines[send + 2].trim(), "Access-Control-Allow-Credentials: true");
    assert!(!text.contains('\u{1b}'), "colours only on a terminal");
}

#[test]
fn files_have_their_names_and_line_numbers() {
    let directory = std::env::temp_dir().join(format!("cors-explain-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (first, second) = (directory.join("first.txt"), directory.join("second.txt"));
    std::fs::write(&first, "GET http://localhost:5000/ net::ERR_CONNECTION_REFUSED\n").unwrap();
    // PowerShell writes UTF-16.
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(format!("\n{HEADS}").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(&second, utf16).unwrap();
    let names = [first.to_str().unwrap(), second.to_str().unwrap()];
    let (status, text, _) = cors(&["explain", "--credentials", "include", names[0], names[1]], b"");
    assert_eq!(status, Some(1));
    assert!(text.contains(&format!("{}:1:", names[0])), "{text}");
    assert!(text.contains(&format!("{}:7:1", names[1])), "{text}");
    assert!(text.contains("2 blocked"));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn what_is_not_known_is_asked_for() {
    let (_, text, _) = cors(&["explain"], HEADS.as_bytes());
    assert!(
        text.starts_with("unsure: it depends on whether the page sends cookies or a login"),
        "{text}"
    );
    assert!(text.contains("without cookies and login: allowed"));
    assert!(text.contains("--credentials include or --credentials omit"));
    let (_, _, error) = cors(&["explain"], b"hello");
    assert!(
        error.contains("found nothing to explain") && error.contains("curl -v"),
        "{error}"
    );
}

#[test]
fn help_has_examples() {
    for command in ["explain", "check", "decide", "probe", "open"] {
        let (status, text, _) = cors(&[command, "--help"], b"");
        assert_eq!(status, Some(0));
        assert!(
            text.contains("Example") && text.contains("Exit status:"),
            "{text}"
        );
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(102), "{command}: {longest:?}");
    }
}

#[test]
fn completions_and_manual_pages_name_the_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, script, _) = cors(&["completions", shell], b"");
        assert_eq!(status, Some(0));
        assert!(script.contains("survey") && script.contains("decide"), "{shell}");
    }
    let (status, page, _) = cors(&["manual", "probe"], b"");
    assert_eq!(status, Some(0));
    assert!(
        page.contains(".TH cors-probe 1") && page.contains("preflight\\-only"),
        "{page}"
    );
    assert!(cors(&["manual"], b"").1.contains(".TH cors 1"));
    let (status, _, error) = cors(&["manual", "no-such"], b"");
    assert_eq!(status, Some(2));
    assert!(error.contains("explain"), "{error}");
}

#[test]
fn one_call_answers_many_requests() {
    let site = "location / { add_header Access-Control-Allow-Origin $http_origin; return 204; }";
    let first = "GET /one HTTP/1.1\nHost: lamp\nOrigin: https://a.example\n";
    let ask = |options: &[&str]| {
        let arguments = [&["check", "-", "--as", "nginx"][..], options].concat();
        cors(&arguments, site.as_bytes())
    };
    let (status, text, _) = ask(&["--request", first, "--request", "PUT /two HTTP/1.1\nHost: lamp"]);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "# GET /one",
            "status: 204",
            "Access-Control-Allow-Origin: https://a.example    # standard input:1",
            "# answered by standard input:1",
            "",
            "# PUT /two",
            "status: 204",
            "# answered by standard input:1",
        ]
    );
    // Several heads in one text, and a body, which is not a head.
    let both =
        format!("{first}\nbody: of GET\n\nPUT /two HTTP/1.1\nHost: lamp\nOrigin: https://b.example\n\n");
    let (_, json, _) = ask(&["--json", "--request", &both]);
    let documents = serde_json::Deserializer::from_str(&json).into_iter::<serde_json::Value>();
    let values: Vec<String> = documents
        .map(|document| {
            document.unwrap()["fields"][0]["value"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(values, ["https://a.example", "https://b.example"]);
    // One answer has no line before it.
    let (_, text, _) = ask(&["--request", first]);
    assert!(text.starts_with("status: 204\n"), "{text}");
    let (status, _, error) = ask(&["--request", first, "--request", "no slash"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("--request: the target \"slash\""), "{error}");
}
