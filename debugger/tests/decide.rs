//! The command `cors decide`: the cases of `tests/cases.txt`, its exit status and its bytes.

#[path = "../../tests/common/cases.rs"]
mod case_file;
mod program;

use case_file::{Expected, cases};
use embedded_cors::RequestKind;
use program::cors;

const HEADS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/requests/");
const POLICY: &[&str] = &[
    "decide",
    "--origin",
    "http://localhost:3000",
    "--method",
    "PUT",
    "--method=DELETE",
    "--header",
    "content-type",
    "--max-age",
    "600",
];

#[test]
fn the_cases_have_the_right_answers() {
    for case in cases() {
        let (head, status, bytes, text) = match &case.expected {
            Expected::Answer {
                head,
                kind,
                verdict,
                bytes,
            } => {
                let is_refused = verdict.starts_with("refused");
                let mut words = verdict.split(' ');
                let text = match (kind, words.next(), words.next()) {
                    (_, Some("refused"), Some(reason)) => format!(" {reason}]"),
                    (RequestKind::NotCors, ..) => "not CORS".into(),
                    _ => ", allowed".into(),
                };
                (head.as_str(), i32::from(is_refused), bytes.as_str(), text)
            }
            Expected::Mistake(mistake) => ("", 2, "", format!("decide: {mistake}")),
        };
        let options = case.options.iter().map(String::as_str);
        let words: Vec<&str> = ["decide", "--raw"].into_iter().chain(options).collect();
        let (found, out, error) = cors(&words, head.as_bytes());
        assert_eq!(out, bytes, "{}: {error}", case.name);
        assert!(
            error.contains(&text),
            "{}: {text:?} is not in {error:?}",
            case.name
        );
        assert_eq!(found, Some(status), "{}: {error}", case.name);
    }
}

/// Runs `cors decide` with [`POLICY`] and these files of `tests/requests`.
fn decide(files: &[&str]) -> (Option<i32>, String, String) {
    let paths: Vec<String> = files.iter().map(|file| format!("{HEADS}{file}")).collect();
    let words: Vec<&str> = POLICY
        .iter()
        .copied()
        .chain(paths.iter().map(String::as_str))
        .collect();
    cors(&words, b"")
}

#[test]
fn each_file_has_an_answer() {
    let files = [
        "chromium156-dev-delete-preflight.http",
        "firefox153-dev-simple-get.http",
    ];
    let (status, out, _) = decide(&files);
    assert_eq!(status, Some(0));
    assert!(
        out.contains("preflight, allowed") && out.contains("actual request, allowed"),
        "{out}"
    );
    let (status, out, _) = decide(&["webkitgtk2.50-dev-put-many-headers-preflight.http"]);
    assert_eq!(status, Some(1));
    assert!(out.contains("15 header_not_allowed]: authorization"), "{out}");
    let (status, _, error) = decide(&["no-such-file.http"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("no-such-file.http: "), "{error}");
    // An empty input is not a head.
    assert_eq!(cors(POLICY, b"").0, Some(2));
}

#[test]
fn mistakes_are_named_in_the_words_of_the_options() {
    for (words, part) in [
        (
            &["--origin", "https://example.com/"][..],
            "decide: the policy: --origin[0] \"https://example.com/\": has a path",
        ),
        (&["--max-age", "-1"], "--max-age \"-1\": use a number of seconds"),
        (
            &["--success-status", "404"],
            "--success-status \"404\": use 204, 204-bare or 200",
        ),
        (&["--origin"], "a value is required for '--origin <ORIGIN>'"),
        (&["--no-such-option"], "unexpected argument '--no-such-option'"),
        (&["--any-origin", "--rule", "--origin", "null"], "never decides"),
    ] {
        let words: Vec<&str> = ["decide"].iter().chain(words).copied().collect();
        let (status, _, error) = cors(&words, b"");
        assert_eq!(status, Some(2), "{words:?}: {error}");
        assert!(error.contains(part), "{words:?}: {error}");
    }
    let (status, help, _) = cors(&["decide", "--help"], b"");
    assert_eq!(status, Some(0));
    assert!(help.contains("--dangerously-allow-insecure") && help.contains("--minimal"));
}
