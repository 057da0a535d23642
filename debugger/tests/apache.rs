//! Configurations of Apache: defects that are found, and repairs that are verified. What Apache
//! answers is compared with the real server by `.ci/configurations`.

use cors_debugger::servers::Server;
use cors_debugger::servers::apache::{Apache, Options};
use cors_debugger::servers::check::{Check, check};
use cors_debugger::servers::expectations::Outcome;
use cors_debugger::servers::findings::{Finding, Severity};
use cors_debugger::servers::request::{Request, Upstream};
use cors_debugger::servers::response::{Response, Value};
use cors_debugger::servers::source::Sources;

fn read(files: &[(&str, &str)], modules: Option<&str>) -> Apache {
    let mut sources = Sources::default();
    for (name, text) in files {
        sources.add(*name, *text);
    }
    let options = Options {
        modules: modules.map(|names| names.split(',').map(str::to_owned).collect()),
        ..Options::default()
    };
    Apache::read(sources, options, None).unwrap()
}

fn htaccess(text: &str) -> Check {
    check(&read(&[(".htaccess", text)], None), &Upstream::default())
}

fn finding<'c>(check: &'c Check, code: &str) -> &'c Finding {
    let codes: Vec<_> = check.findings.iter().map(|finding| finding.code).collect();
    check
        .findings
        .iter()
        .find(|finding| finding.code == code)
        .unwrap_or_else(|| panic!("{code} is not among {codes:?}"))
}

fn line_of(check: &Check, finding: &Finding) -> usize {
    check.sources.locate(finding.marks[0].place).1
}

fn is_repaired(finding: &Finding) -> bool {
    finding.repair.as_ref().is_some_and(|repair| repair.is_verified)
}

fn get(server: &Apache, head: &str) -> Response {
    server.respond(&Request::from_head(head).unwrap(), &Upstream::default())
}

const ORIGIN: &str = "GET /x HTTP/1.1\nHost: a.example\nOrigin: https://app.example.com\n";
const RECIPE: &str = "Header always set Access-Control-Allow-Origin \"https://app.example.com\"\n\
    Header always set Access-Control-Allow-Methods \"GET, PUT\"\n\
    RewriteEngine On\nRewriteCond %{REQUEST_METHOD} OPTIONS\nRewriteRule ^(.*)$ $1 [R=204,L]\n";

#[test]
fn a_sound_file_has_only_notes() {
    let result = htaccess(RECIPE);
    let worst = result.findings.iter().map(|finding| finding.severity).max();
    assert_eq!(worst, Some(Severity::Note), "{:?}", result.findings);
    assert!(!result.has_unknowns());
}

#[test]
fn a_login_stops_preflights() {
    let result = htaccess(&format!(
        "AuthType Basic\nAuthName x\nRequire valid-user\n{RECIPE}"
    ));
    let found = finding(&result, "preflight-needs-login");
    assert_eq!(found.severity, Severity::Error);
    assert!(is_repaired(found), "{found:?}");
}

#[test]
fn an_ignored_file_is_an_error_in_its_first_line() {
    let site =
        "Listen 80\nDocumentRoot /srv/www\n<Directory /srv/www>\n    AllowOverride None\n</Directory>\n";
    let server = read(&[("site.conf", site), ("www/.htaccess", RECIPE)], None);
    let result = check(&server, &Upstream::default());
    let found = finding(&result, "htaccess-ignored");
    assert_eq!((found.severity, line_of(&result, found)), (Severity::Error, 1));
    assert!(is_repaired(found), "{found:?}");
    assert_eq!(get(&server, ORIGIN).value("access-control-allow-origin"), None);
}

#[test]
fn without_any_allow_override_every_request_is_500() {
    let site = "Listen 80\nDocumentRoot /srv/www\n";
    let server = read(&[("site.conf", site), ("www/.htaccess", RECIPE)], None);
    assert_eq!(get(&server, ORIGIN).status, Value::Known(500));
    // Around a part of a configuration there may be an AllowOverride None.
    let server = read(
        &[
            ("site.conf", "DocumentRoot /srv/www\n"),
            ("www/.htaccess", RECIPE),
        ],
        None,
    );
    assert!(get(&server, ORIGIN).status.reason().is_some());
}

#[test]
fn a_missing_module_is_500_in_htaccess_and_stops_the_start_elsewhere() {
    let server = read(&[(".htaccess", RECIPE)], Some("debian"));
    assert_eq!(get(&server, ORIGIN).status, Value::Known(500));
    let result = check(&server, &Upstream::default());
    assert_eq!(finding(&result, "htaccess-answers-500").severity, Severity::Error);
    let server = read(
        &[(
            "site.conf",
            "Listen 80\nHeader set Access-Control-Allow-Origin *\n",
        )],
        Some("debian"),
    );
    let answer = get(&server, ORIGIN);
    assert!(
        answer.status.reason().unwrap().contains("mod_headers"),
        "{answer:?}"
    );
    let server = read(&[(".htaccess", RECIPE)], Some("debian,headers,rewrite"));
    assert_eq!(get(&server, ORIGIN).status, Value::Known(200));
}

#[test]
fn the_rules_of_a_directory_replace_those_above() {
    let below = "RewriteEngine On\nRewriteRule ^never$ index.php [L]\n";
    let server = read(&[("www/.htaccess", RECIPE), ("www/blog/.htaccess", below)], None);
    let result = check(&server, &Upstream::default());
    let found = finding(&result, "rewrite-rules-replaced");
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(
        result.sources.locate(found.marks[0].place),
        ("www/blog/.htaccess", 1, 1)
    );
    assert!(is_repaired(found), "{found:?}");
}

#[test]
fn two_tables_make_two_lines() {
    let result = htaccess(
        "Header set Access-Control-Allow-Origin \"*\"\nHeader always set Access-Control-Allow-Origin \"*\"\n",
    );
    let found = finding(&result, "allow-origin-repeated");
    assert!(
        found.severity == Severity::Error && is_repaired(found),
        "{found:?}"
    );
}

#[test]
fn an_upstream_makes_two_lines() {
    let server = read(
        &[(
            "site.conf",
            "ProxyPass / http://127.0.0.1:9000/\nHeader always set Access-Control-Allow-Origin https://app.example.com\n",
        )],
        None,
    );
    let upstream = Upstream {
        fields: vec![("Access-Control-Allow-Origin".into(), "*".into())],
        ..Upstream::default()
    };
    let result = check(&server, &upstream);
    let found = finding(&result, "allow-origin-repeated");
    assert!(is_repaired(found), "{found:?}");
    assert!(
        found.repair.as_ref().unwrap().edits[0]
            .text
            .starts_with("Header unset")
    );
}

#[test]
fn an_expression_without_anchors_has_a_witness() {
    let result = htaccess(
        "SetEnvIf Origin \"https://app\\.example\\.com\" O=$0\n\
         SetEnvIf Origin \"^(https://app.example.com.*)$\" O=$1\n\
         Header always set Access-Control-Allow-Origin %{O}e env=O\nHeader always merge Vary Origin\n",
    );
    let found = finding(&result, "look-alike-admitted");
    let witness = found.witness.as_deref().unwrap();
    assert!(witness.contains("evil") || witness.contains("appx"), "{witness}");
    assert_eq!(found.severity, Severity::Error);
}

#[test]
fn anchors_and_escaped_dots_repair_an_expression() {
    let result = htaccess(
        "SetEnvIf Origin \"^https://(.+\\.)?example.com\" O=$0\n\
         SetEnvIf Origin \"(.*)\" ASKED=$1\n\
         Header always set Access-Control-Allow-Origin %{ASKED}e env=O\nHeader always merge Vary Origin\n",
    );
    let found = finding(&result, "look-alike-admitted");
    assert!(is_repaired(found), "{found:?}");
}

#[test]
fn a_reflected_origin_with_credentials_is_an_error() {
    let result = htaccess(
        "SetEnvIf Origin \"^(.*)$\" O=$1\nHeader always set Access-Control-Allow-Origin %{O}e\n\
         Header always set Access-Control-Allow-Credentials true\n",
    );
    let found = finding(&result, "origin-reflected-with-credentials");
    assert_eq!((found.severity, line_of(&result, found)), (Severity::Error, 2));
    assert!(is_repaired(finding(&result, "vary-missing")));
}

#[test]
fn fields_without_always_are_missing_on_errors() {
    let result = htaccess("Header set Access-Control-Allow-Origin \"*\"\n");
    let found = finding(&result, "errors-without-fields");
    assert!(is_repaired(found), "{found:?}");
    assert!(found.reasons.iter().any(|reason| reason.contains("always")));
}

#[test]
fn http_origin_is_not_a_variable_of_apache() {
    let text = "RewriteEngine On\nRewriteCond %{HTTP_ORIGIN} ^(https://app\\.example\\.com)$\n\
        RewriteRule .* - [E=O:%1]\nHeader always set Access-Control-Allow-Origin %{O}e env=O\n";
    let result = htaccess(text);
    let found = finding(&result, "origin-variable-empty");
    assert_eq!((found.severity, line_of(&result, found)), (Severity::Error, 3));
    assert!(is_repaired(found), "{found:?}");
}

#[test]
fn proxied_paths_do_not_read_htaccess() {
    let site = "DocumentRoot /srv/www\n<Directory /srv/www>\nAllowOverride All\n</Directory>\n\
        ProxyPass /app http://127.0.0.1:9000/\n";
    let server = read(&[("site.conf", site), ("www/.htaccess", RECIPE)], None);
    let result = check(&server, &Upstream::default());
    let found = finding(&result, "htaccess-not-read-for-proxy");
    assert_eq!(result.sources.locate(found.marks[0].place), ("site.conf", 5, 1));
}

#[test]
fn what_is_not_simulated_makes_answers_unknown() {
    for line in [
        "LuaHookFixups /x.lua f\n",
        "SecRuleEngine On\n",
        "Include other.conf\n",
        "VirtualDocumentRoot /srv/%0\n",
    ] {
        let text = format!("Listen 80\nHeader set Access-Control-Allow-Origin *\n{line}");
        let server = read(&[("site.conf", &text)], None);
        let answer = get(&server, ORIGIN);
        assert!(answer.any_unknown().is_some(), "{line}{answer:?}");
    }
    let server = read(&[(".htaccess", "Header set Access-Control-Max-Age %t\n")], None);
    let answer = get(&server, ORIGIN);
    assert_eq!(answer.status, Value::Known(200));
    assert!(answer.unknown_reason("access-control-max-age").is_some());
}

#[test]
fn a_file_that_may_exist_gives_both_outcomes() {
    let text = "Header set Access-Control-Allow-Origin *\nHeader always set Vary Origin\nRewriteEngine On\n\
        RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ - [F]\n";
    let server = read(&[(".htaccess", text)], None);
    let answer = get(&server, ORIGIN);
    let reason = answer.status.reason().unwrap();
    assert!(reason.contains("the file /var/www/html/x exists"), "{reason}");
    assert!(answer.unknown_reason("access-control-allow-origin").is_some());
    assert_eq!(answer.value("vary"), Some("Origin"));
}

#[test]
fn mistakes_do_not_panic() {
    for text in [
        "<If",
        "<If \"(((\">\n</If>",
        "RewriteRule",
        "RewriteRule ( x [",
        "Header",
        "Header set",
        "Header set X %",
        "Header edit X [ y",
        "SetEnvIf",
        "SetEnvIf Origin",
        "BrowserMatch",
        "SetEnvIfExpr",
        "Require",
        "Redirect",
        "Options",
        "ErrorDocument",
        "<Files>\n</Files>",
        "\\",
        "\u{1}0\u{1} x",
        "Header set X \"\u{1}0\u{1}\"",
    ] {
        for name in [".htaccess", "site.conf"] {
            let server = read(&[(name, text)], None);
            for method in ["GET", "OPTIONS", "TRACE", "FOO"] {
                for target in ["/", "/%2f", "/%", "/../x", "/a/b/?c", "*"] {
                    get(&server, &format!("{method} {target} HTTP/1.1\nHost: x\n"));
                }
            }
            check(&server, &Upstream::default());
        }
    }
}

#[test]
fn repaired_expressions_admit_the_pages_that_worked() {
    for pattern in [
        "(example.com)",
        "example.com",
        "(www.)?example\\.com$",
        "(example.com|example.org)",
    ] {
        let text = format!(
            "SetEnvIfNoCase Origin \"{pattern}\" ALLOWED=$0\n\
             Header always set Access-Control-Allow-Origin \"expr=%{{req:Origin}}\" env=ALLOWED\n\
             Header always merge Vary Origin\n"
        );
        let admits = |text: &str, origin: &str| {
            let server = read(&[(".htaccess", text)], None);
            let answer = get(
                &server,
                &format!("GET /x HTTP/1.1\nHost: a.example\nOrigin: {origin}\n"),
            );
            answer.value("access-control-allow-origin") == Some(origin)
        };
        assert!(admits(&text, "https://example.com"), "{pattern}");
        let result = htaccess(&text);
        let found = finding(&result, "look-alike-admitted");
        assert!(is_repaired(found), "{pattern}: {:?}", found.repair);
        let edits = found.repair.as_ref().map(|repair| repair.edits.clone()).unwrap();
        let edited = result.sources.with_edits(&edits);
        let edited = &edited.files()[0].text;
        // A repair that locks the page out is not a repair.
        assert!(admits(edited, "https://example.com"), "{pattern}: {edited}");
        assert!(!admits(edited, "https://evilexample.com"), "{pattern}: {edited}");
    }
}

fn site(text: &str) -> Check {
    check(&read(&[("site.conf", text)], None), &Upstream::default())
}

fn defects(check: &Check) -> Vec<&'static str> {
    let defects = check
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note);
    defects.map(|finding| finding.code).collect()
}

#[test]
fn values_that_are_texts_add_no_vary() {
    let text = "Header always set Access-Control-Allow-Origin \"expr=%{HTTP:Origin}\"\n";
    assert_eq!(defects(&site(text)), ["origin-reflected", "vary-missing"]);
    let condition = text.replace('\n', " \"expr=-n %{HTTP:Origin}\"\n");
    assert_eq!(defects(&site(&condition)), ["origin-reflected"]);
}

#[test]
fn a_group_too_many_is_found() {
    let text = "SetEnvIf Origin \"^http(s)?://(www\\.)?example\\.(com|org)$\" CORS=$0$1\n\
                Header always set Access-Control-Allow-Origin %{CORS}e env=CORS\n\
                Header always merge Vary Origin\n";
    let found = site(text);
    let finding = finding(&found, "allow-origin-malformed");
    assert!(finding.title.contains("with \"s\" after it"), "{}", finding.title);
    assert_eq!(defects(&site(&text.replace("$0$1", "$0"))), [""; 0]);
}

#[test]
fn a_part_of_a_configuration_is_about_its_directory() {
    let text = "<Directory /srv/api>\nHeader always set Access-Control-Allow-Origin \"*\"\n</Directory>\n\
                <Location /closed>\nRequire all denied\n</Location>\n";
    let found = site(text);
    assert_eq!(found.tables[0].rows[0].outcome, Outcome::Works);
    // Preflights are not the reason why nothing works in the second place.
    assert_eq!(defects(&found), [""; 0]);
}
