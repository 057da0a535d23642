//! Conversions of configurations: each sample of `tests/configurations/convert` gives what
//! `expected.txt` says, and the recipes of a public guide behave as their author meant.

mod program;

use std::fmt::Write as _;
use std::path::PathBuf;

use cors_debugger::policy::Syntax;
use cors_debugger::policy::convert::{self, Converted, From};
use cors_debugger::servers::check::{Check, check};
use cors_debugger::servers::expectations::{Outcome, Who};
use cors_debugger::servers::request::Upstream;
use cors_debugger::servers::source::Sources;
use cors_debugger::servers::{Kind, read};
use embedded_cors::Request;
use program::cors;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/configurations")
}

fn sample(name: &str) -> (From, Sources) {
    let text = std::fs::read_to_string(directory().join(name)).unwrap();
    let from = From::of(name, &text).unwrap_or_else(|| panic!("{name} has no known syntax"));
    let mut sources = Sources::default();
    sources.add(name, text);
    (from, sources)
}

fn converted(name: &str, to: Syntax) -> Vec<Converted> {
    let (from, sources) = sample(name);
    convert::convert(from, sources, &|_, _| None, to).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes conversions like the command, with all differences.
fn written(from: From, converted: &[Converted]) -> String {
    let mut text = String::new();
    for one in converted {
        // The simulators name their targets.
        let name = match from {
            From::Typed(_) => one.reading.name.as_str(),
            From::Server(kind) => kind.name(),
        };
        let _ = writeln!(text, "# {name}, line {}", one.reading.line);
        match &one.printed {
            Some(printed) => text.push_str(&printed.text),
            None => text.push_str("nothing\n"),
        }
        for difference in &one.reading.differences {
            let line = difference.line.unwrap_or(0);
            let effect = difference.effect.name();
            let _ = writeln!(
                text,
                "{line} {effect} {}: {}",
                difference.setting, difference.text
            );
            for witness in &difference.witnesses {
                let _ = writeln!(text, "    {witness}");
            }
        }
    }
    text
}

#[test]
fn samples_give_what_is_expected() {
    let expected = std::fs::read_to_string(directory().join("convert/expected.txt")).unwrap();
    let (mut samples, mut wrong) = (0, Vec::new());
    for part in expected.split("== ").skip(1) {
        let (name, expected) = part.split_once('\n').unwrap();
        let name_of_file = format!("convert/{name}");
        let (from, _) = sample(&name_of_file);
        let found = written(from, &converted(&name_of_file, Syntax::NginxModule));
        samples += 1;
        if found != expected {
            wrong.push(format!("== {name}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join(""));
    assert!(samples >= 14, "{samples}");
}

/// The verdict of the engine on a preflight and on the request after it.
fn allows(converted: &Converted, origin: &str, method: &str, headers: &str) -> (bool, bool) {
    let rules = converted.reading.rules.build().unwrap();
    let rules = rules.borrowed();
    let rules = rules.rules();
    let mut fields = vec![("Origin", origin), ("Access-Control-Request-Method", method)];
    if !headers.is_empty() {
        fields.push(("Access-Control-Request-Headers", headers));
    }
    let preflight = Request::from_fields("OPTIONS", fields);
    let request = Request::from_fields(method, [("Origin", origin)]);
    let has_credentials = rules
        .decide(&request)
        .fields()
        .any(|field| field.to_string() == "access-control-allow-credentials: true");
    (rules.decide(&preflight).is_allowed(), has_credentials)
}

#[test]
fn recipes_of_a_guide_become_what_their_author_meant() {
    for name in [
        "convert/guide.conf",
        "convert/guide.htaccess",
        "express/guide_second.js",
    ] {
        let found = converted(name, Syntax::Rust);
        assert_eq!(found.len(), 1, "{name}");
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let page = allows(
                &found[0],
                "https://app.example.com",
                method,
                "authorization,content-type",
            );
            assert_eq!(page, (true, true), "{name} {method}");
            let stranger = allows(&found[0], "https://stranger.example", method, "");
            assert_eq!(stranger, (false, false), "{name} {method}");
        }
        assert!(
            !allows(&found[0], "https://app.example.com", "PATCH", "").0,
            "{name}"
        );
        assert!(
            !allows(&found[0], "https://app.example.com", "GET", "x-custom").0,
            "{name}"
        );
    }
}

fn judged(name: &str, kind: Kind) -> Check {
    let (_, sources) = sample(name);
    let server = read(kind, sources, &|_, _| None).unwrap();
    check(&*server, &Upstream::default())
}

/// Returns the rows of pages that are blocked: the names of their wishes.
fn blocked(check: &Check) -> Vec<&str> {
    let rows = check.tables.iter().flat_map(|table| &table.rows);
    let blocked =
        rows.filter(|row| row.wish.who == Who::Page && matches!(row.outcome, Outcome::Blocked { .. }));
    blocked.map(|row| row.wish.id.as_str()).collect()
}

#[test]
fn recipes_of_a_guide_are_judged() {
    let nginx = judged("convert/guide.conf", Kind::Nginx);
    for wish in ["post-json", "put", "delete", "authorization"] {
        assert!(blocked(&nginx).contains(&wish), "{:?}", blocked(&nginx));
    }
    let both = judged("express/guide_both.js", Kind::Express);
    assert!(
        blocked(&both).contains(&"put-json-credentials"),
        "{:?}",
        blocked(&both)
    );
    assert!(!blocked(&both).contains(&"patch"), "{:?}", blocked(&both));
    let second = judged("express/guide_second.js", Kind::Express);
    assert_eq!(blocked(&second), ["patch"]);
}

#[test]
fn json_has_what_the_text_has() {
    let (from, _) = sample("convert/map.conf");
    let found = converted("convert/map.conf", Syntax::GatewayApi);
    let json: serde_json::Value =
        serde_json::from_str(&convert::json(from, Syntax::GatewayApi, &found)).unwrap();
    assert_eq!(
        (&json["schema"], &json["from"]),
        (&"cors-convert/1".into(), &"nginx".into())
    );
    let policy = &json["policies"][0];
    assert_eq!(policy["undecided"], true);
    assert_eq!(
        policy["rules"][0]["allow_methods"],
        serde_json::json!(["PUT", "DELETE"])
    );
    assert!(policy["text"].as_str().unwrap().contains("type: CORS"));
    // The Gateway API has no patterns of ports.
    assert!(policy["lost"][0].as_str().unwrap().contains("partner.example:*"));
    let undecided = policy["differences"].as_array().unwrap();
    assert!(undecided.iter().any(|difference| {
        difference["effect"] == "undecided" && difference["witnesses"].to_string().contains("evilexample.org")
    }));
}

fn text_converted(name: &str, text: &str, to: Syntax) -> Result<Vec<Converted>, String> {
    let from = From::of(name, text).unwrap_or(From::Server(Kind::Nginx));
    let mut sources = Sources::default();
    sources.add(name, text);
    convert::convert(from, sources, &|_, _| None, to)
}

fn options(origin: &str) -> String {
    format!(
        "const app = require('express')();\nconst {{ ORIGIN }} = require('./config');\n\
         app.use(require('cors')({{ origin: {origin} }}));\napp.get('/', (q, r) => r.send(''));\n"
    )
}

#[test]
fn a_computed_origin_is_left_to_a_person() {
    for (origin, kept) in [
        ("process.env.ORIGIN", None),
        ("ORIGIN", None),
        ("[ORIGIN]", None),
        (
            "['https://a.example', process.env.ADMIN]",
            Some("https://a.example"),
        ),
        ("[['https://a.example'], ORIGIN]", Some("https://a.example")),
    ] {
        let found = text_converted("app.js", &options(origin), Syntax::NginxModule).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].reading.is_undecided(), "{origin}");
        let difference = &found[0].reading.differences[0];
        assert_eq!(
            (difference.setting.as_str(), difference.line),
            ("origin", Some(3))
        );
        let origins: Vec<&str> = found[0]
            .reading
            .rules
            .rules
            .iter()
            .flat_map(|policy| &policy.allow_origins)
            .map(String::as_str)
            .collect();
        assert_eq!(origins, kept.into_iter().collect::<Vec<_>>(), "{origin}");
        assert_eq!(found[0].printed.is_some(), kept.is_some(), "{origin}");
    }
}

#[test]
fn nothing_is_left_out_in_silence() {
    let nginx = |value: &str| {
        format!(
            "server {{\n  location / {{\n    add_header Access-Control-Allow-Origin {value:?};\n  }}\n}}\n"
        )
    };
    for (name, text, line, advice) in [
        (
            "slash.conf",
            nginx("https://a.example/"),
            3,
            "write \"https://a.example\", without the slash at the end",
        ),
        (
            "two.conf",
            nginx("https://a.example, https://b.example"),
            3,
            "answer with the one origin that the request has",
        ),
        (
            ".htaccess",
            "\nHeader set Access-Control-Allow-Origin \"https://a.example/\"\n".into(),
            2,
            "write \"https://a.example\", without the slash at the end",
        ),
        (
            "list.js",
            options("'https://a.example, https://b.example'"),
            3,
            "write one origin per entry",
        ),
        ("star.js", options("['*']"), 3, "it is left out"),
    ] {
        let found = text_converted(name, &text, Syntax::Rust).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].printed.is_none(), "{name}");
        assert!(found[0].reading.is_undecided(), "{name}");
        let difference = &found[0].reading.differences[0];
        assert_eq!(difference.line, Some(line), "{name}");
        assert!(difference.text.ends_with(advice), "{name}: {}", difference.text);
    }
    for (name, text, expected) in [
        ("empty.conf", "", "what the server answers is not known"),
        (
            "none.conf",
            "server { listen 80; }\n",
            "there is no policy in none.conf",
        ),
        (".htaccess", "", "there is no policy in .htaccess"),
        (
            ".htaccess",
            "<IfModule mod_headers.c>\nHeader set Access-Control-Allow-Origin \"*\"\n",
            "there is no policy in .htaccess: .htaccess:1: because of this line, Apache answers every \
             request with 500: <IfModule> has no </IfModule>",
        ),
        (
            "none.js",
            "require('express')().get('/', (q, r) => r.send(''));",
            "there is no policy in none.js",
        ),
    ] {
        match text_converted(name, text, Syntax::Rust) {
            Err(error) => assert_eq!(error, expected, "{name}"),
            Ok(found) => {
                assert!(found.iter().all(|one| one.printed.is_none()), "{name}");
                assert!(found[0].reading.differences[0].text.contains(expected), "{name}");
            }
        }
    }
}

#[test]
fn differences_are_short_sentences() {
    let long = "x".repeat(100_000);
    for origin in [
        format!("'{long}'"),
        format!("'https://{long}.example'"),
        format!("{}1{}", "[".repeat(50), "]".repeat(50)),
        format!("{}1{}", "[".repeat(2000), "]".repeat(2000)),
    ] {
        let found = text_converted("app.js", &options(&origin), Syntax::Rust).unwrap();
        let differences: Vec<_> = found.iter().flat_map(|one| &one.reading.differences).collect();
        assert!(differences.len() < 10, "{differences:?}");
        for difference in differences {
            assert!(difference.text.chars().count() < 1010, "{}", difference.text);
            assert!(!difference.text.contains("List("), "{}", difference.text);
        }
    }
    let star = "const app = require('express')();\n\
                app.use(require('cors')({ origin: [true], credentials: true }));\n\
                app.get('/', (q, r) => r.send(''));\n";
    let found = text_converted("app.js", star, Syntax::Rust).unwrap();
    let texts: Vec<&str> = found[0]
        .reading
        .differences
        .iter()
        .map(|difference| difference.text.as_str())
        .collect();
    assert!(
        texts.contains(
            &"the configuration allows requests with GET, POST, PUT, also with credentials, and the result \
              allows them, but without credentials"
        ),
        "{texts:#?}"
    );
}

#[test]
fn two_policies_are_said_to_be_two() {
    let file = directory().join("express/guide_both.js");
    let (status, output, remarks) = cors(&["convert", "--to", "nginx", file.to_str().unwrap()], b"");
    assert_eq!(status, Some(0));
    assert!(output.contains("# cors in line 7\n") && output.contains("# cors in line 9\n"));
    assert!(
        remarks.contains("there are 2 policies") && remarks.contains("policy 2 is from line 9"),
        "{remarks}"
    );
}

#[test]
fn findings_say_what_to_do() {
    let both = judged("express/guide_both.js", Kind::Express);
    let help = |check: &Check, code: &str| {
        let finding = check
            .findings
            .iter()
            .find(|finding| finding.code == code)
            .unwrap();
        finding.repair.clone().unwrap()
    };
    let advice = help(&both, "cors-answered-earlier").text;
    assert!(advice.starts_with("remove the cors() of line 7 if"), "{advice}");
    for (name, kind, text) in [
        ("app.js", Kind::Express, options("'https://a.example/'")),
        (
            ".htaccess",
            Kind::Apache,
            "Header set Access-Control-Allow-Origin \"https://a.example/\"\n".into(),
        ),
    ] {
        let mut sources = Sources::default();
        sources.add(name, text);
        let server = read(kind, sources.clone(), &|_, _| None).unwrap();
        let repair = help(&check(&*server, &Upstream::default()), "allow-origin-malformed");
        assert!(repair.is_verified);
        let repaired = sources.with_edits(&repair.edits);
        let (before, after) = (&sources.files()[0].text, &repaired.files()[0].text);
        assert_eq!(before.replace("example/", "example"), *after);
    }
}

/// The origins of each rule, and how long its preflights are kept.
fn rules_of(name: &str, text: &str) -> (Vec<(String, Option<u32>)>, usize) {
    let converted = text_converted(name, text, Syntax::Rust).unwrap();
    assert_eq!(converted.len(), 1);
    let reading = &converted[0].reading;
    let rules = reading.rules.rules.iter();
    let rules = rules.map(|rule| (rule.allow_origins.join(" "), rule.max_age_seconds));
    (rules.collect(), reading.differences.len())
}

#[test]
fn rules_that_overlap_keep_their_order() {
    // The string wins over the expression, and the last line that matches over those before it.
    let nginx = r#"
map $http_origin $age {
    default "";
    https://app.example.com 60;
    "~^https://([a-z0-9-]+\.)+example\.com$" 600;
}
map $http_origin $allowed { default ""; "~^https://([a-z0-9-]+\.)+example\.com$" $http_origin; }
server {
    add_header Access-Control-Allow-Origin $allowed always;
    add_header Access-Control-Max-Age $age always;
    if ($request_method = OPTIONS) { return 204; }
}
"#;
    let apache = r#"
SetEnvIf Origin "^https://([a-z0-9_-]+\.)+example\.com$" AGE=600 ALLOWED=$0
SetEnvIf Origin "^https://app\.example\.com$" AGE=60 ALLOWED=$0
Header always set Access-Control-Allow-Origin "%{ALLOWED}e" env=ALLOWED
Header always set Access-Control-Max-Age "%{AGE}e" env=AGE
RewriteEngine On
RewriteCond %{REQUEST_METHOD} OPTIONS
RewriteRule ^ - [R=204,L]
"#;
    let expected = [
        ("https://app.example.com".to_owned(), Some(60)),
        ("https://*.example.com".to_owned(), Some(600)),
    ];
    for (name, text) in [("site.conf", nginx), ("httpd.conf", apache)] {
        assert_eq!(rules_of(name, text), (expected.to_vec(), 0), "{name}");
    }
    // In the other order the first line has no effect, so there is one rule.
    let mut lines: Vec<&str> = apache.lines().collect();
    lines.swap(1, 2);
    let (rules, _) = rules_of("httpd.conf", &lines.join("\n"));
    assert_eq!(
        rules,
        [("https://app.example.com https://*.example.com".into(), Some(600))]
    );
}

#[test]
fn what_no_policy_says_is_a_difference() {
    // The time depends on the method, which it cannot do in a policy.
    let nginx = r#"
map $http_access_control_request_method $age { default 60; DELETE 600; }
server {
    add_header Access-Control-Allow-Origin https://app.example.com always;
    add_header Access-Control-Allow-Methods "PUT, DELETE" always;
    add_header Access-Control-Max-Age $age always;
    if ($request_method = OPTIONS) { return 204; }
}
"#;
    let converted = text_converted("site.conf", nginx, Syntax::Rust).unwrap();
    let texts: Vec<&str> = converted[0]
        .reading
        .differences
        .iter()
        .map(|difference| difference.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "the configuration answers preflights for DELETE that ask for no header with \
          Access-Control-Max-Age: 600, and the result with Access-Control-Max-Age: 60"
        ]
    );
}
