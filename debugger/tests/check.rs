//! Findings of `cors check`: configurations of nginx with the defects that they have, and no
//! others. The answers of the simulation are compared with the real nginx by `.ci/configurations`.

use cors_debugger::servers::check::{Check, check};
use cors_debugger::servers::findings::Severity;
use cors_debugger::servers::request::{Request, Upstream};
use cors_debugger::servers::response::Value;
use cors_debugger::servers::source::Sources;
use cors_debugger::servers::{Kind, Server, json, read};

fn server(text: &str) -> Box<dyn Server> {
    let mut sources = Sources::default();
    sources.add("site.conf", text);
    read(Kind::Nginx, sources, &|_, _| None).unwrap()
}

fn checked(text: &str) -> Check {
    check(&*server(text), &Upstream::default())
}

/// Returns the codes of all findings that are more than a note.
fn defects(text: &str) -> Vec<&'static str> {
    let found = checked(text);
    let defects = found
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note);
    let mut codes: Vec<&str> = defects.map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes
}

/// Checks the codes, and that the repair of the first code was simulated if it changes something.
fn repaired(text: &str, code: &str) {
    let found = checked(text);
    let finding = found.findings.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("{code} is not found in {text}"));
    let repair = finding
        .repair
        .as_ref()
        .unwrap_or_else(|| panic!("{code} has no repair"));
    assert!(repair.is_verified, "{code}: {repair:?}");
    let edited = found.sources.with_edits(&repair.edits);
    let again = checked(&edited.files()[0].text);
    assert!(
        again.findings.iter().all(|other| other.code != code),
        "{code} is still there"
    );
}

const PROXY: &str = "proxy_pass http://127.0.0.1:9000;";

#[test]
fn the_guides_recipe_breaks_preflights() {
    let text = include_str!("configurations/nginx/guide-recipe.conf");
    assert_eq!(defects(text), ["preflight-without-allow-origin"]);
    repaired(text, "preflight-without-allow-origin");
    let found = checked(text);
    let finding = &found.findings[0];
    assert_eq!(
        found.sources.text(finding.marks[0].place),
        "add_header 'Access-Control-Max-Age' 86400;"
    );
    assert_eq!(
        defects(include_str!("configurations/nginx/guide-repaired.conf")),
        [""; 0]
    );
}

#[test]
fn good_configurations_have_no_defects() {
    for text in [
        include_str!("configurations/nginx/map-origin.conf"),
        include_str!("configurations/nginx/hidden-upstream-fields.conf"),
        include_str!("configurations/nginx/map-hostnames.conf"),
        include_str!("configurations/nginx/wide-open-three-ifs.conf"),
        include_str!("configurations/nginx/combined-flags.conf"),
        include_str!("../../capi/examples/nginx/example.conf"),
        "server { listen 80; location / { root /srv; } }",
    ] {
        assert_eq!(defects(text), [""; 0], "{text}");
    }
}

#[test]
fn reflected_origins_are_found() {
    let text = format!(
        "location / {{ add_header Access-Control-Allow-Origin $http_origin always;\n add_header Vary Origin always;\n \
         add_header Access-Control-Allow-Credentials true always; {PROXY} }}"
    );
    let found = checked(&text);
    assert_eq!(found.findings[0].code, "origin-reflected-with-credentials");
    assert_eq!(
        found.findings[0].witness.as_deref(),
        Some("https://stranger.example")
    );
    assert_eq!(found.findings[0].severity, Severity::Error);
}

#[test]
fn look_alikes_have_a_witness_and_a_repair() {
    for (pattern, witness) in [
        (
            r"^https://app\.example\.com",
            "https://app.example.com.evil.example",
        ),
        (r"example\.com$", "https://evilexample.com"),
        (r"^https://app.example\.com$", "https://appxexample.com"),
        (r"^https://.*example\.com$", "https://evilaexample.com"),
        (
            r"^https?://(www\.)?example\.com",
            "https://example.com.evil.example",
        ),
        (r"^https://.*.example.com$", "https://evilexample.com"),
    ] {
        let text = format!(
            "map $http_origin $cors {{\n \"~{pattern}\" $http_origin;\n}}\nserver {{\n location / {{\n \
             add_header Access-Control-Allow-Origin $cors always;\n add_header Vary Origin always;\n {PROXY}\n }}\n}}\n"
        );
        let found = checked(&text);
        let finding = found
            .findings
            .iter()
            .find(|finding| finding.code == "look-alike-admitted");
        let finding = finding.unwrap_or_else(|| panic!("{pattern} is not found: {:?}", found.findings));
        let origin = finding.witness.clone().unwrap();
        let request = Request::new("GET", "localhost", "/x").with("Origin", &origin);
        let answer = server(&text).respond(&request, &Upstream::default());
        assert_eq!(answer.value("access-control-allow-origin"), Some(origin.as_str()));
        assert!(found.sources.text(finding.marks[0].place).contains(pattern));
        let witnesses: Vec<&str> = found
            .findings
            .iter()
            .flat_map(|finding| finding.witness.iter().chain(&finding.more_witnesses))
            .map(String::as_str)
            .collect();
        assert!(
            finding.repair.as_ref().is_some_and(|repair| repair.is_verified),
            "{pattern}"
        );
        assert!(witnesses.contains(&witness), "{pattern}: {witnesses:?}");
    }
    repaired(
        &format!(
            "location / {{\n set $c \"\";\n if ($http_origin ~* ^https://app\\.example\\.com) {{ set $c $http_origin; }}\n \
                  add_header Access-Control-Allow-Origin $c always;\n add_header Vary Origin always;\n {PROXY}\n}}"
        ),
        "look-alike-admitted",
    );
}

/// Returns what a repaired configuration says to a page.
fn admits(text: &str, origin: &str) -> bool {
    let request = Request::new("GET", "localhost", "/api/x").with("Origin", origin);
    let answer = server(text).respond(&request, &Upstream::default());
    answer.value("access-control-allow-origin") == Some(origin)
}

#[test]
fn repaired_expressions_admit_the_pages_that_worked() {
    for pattern in [
        "(example.com)",
        "example.com",
        "example\\.com$",
        "(www.)?example.com",
        "(example.com|example.org)",
        "^.*example.com",
        "https?://(www.)?example.com",
    ] {
        let text = format!(
            "server {{ listen 80; location /api {{ if ($http_origin ~* \"{pattern}\") {{ \
             add_header Access-Control-Allow-Origin $http_origin always; }} return 200; }} }}"
        );
        assert!(admits(&text, "https://example.com"), "{pattern}");
        let found = checked(&text);
        let finding = found
            .findings
            .iter()
            .find(|finding| finding.code == "look-alike-admitted")
            .unwrap_or_else(|| panic!("{pattern}: {:?}", found.findings));
        let repair = finding.repair.as_ref().unwrap();
        assert!(repair.is_verified, "{pattern}: {}", repair.text);
        let edited = found.sources.with_edits(&repair.edits);
        let edited = &edited.files()[0].text;
        assert!(
            admits(edited, "https://example.com"),
            "{pattern}: {}",
            repair.text
        );
        for stranger in ["https://evilexample.com", "https://example.com.evil.example"] {
            assert!(!admits(edited, stranger), "{pattern}: {}", repair.text);
        }
    }
}

#[test]
fn a_page_of_a_usual_name_is_tried_first() {
    for pattern in ["^(https?://.*)$", ".+", "^https://[a-z]+\\.example\\.com$"] {
        let text = format!(
            "location / {{ if ($http_origin ~ {pattern}) {{ add_header Access-Control-Allow-Origin $http_origin always; }} }}"
        );
        let found = checked(&text);
        assert_eq!(
            found.tables[0].page.as_deref(),
            Some("https://app.example.com"),
            "{pattern}"
        );
    }
}

#[test]
fn strict_expressions_have_no_look_alikes() {
    for pattern in [
        r"^https://app\.example\.com$",
        r"^https://([a-z0-9-]+\.)*example\.com$",
        r"^https://(app|admin)\.example\.com(:[0-9]+)?$",
        r"^http://localhost(:\d+)?$",
    ] {
        let text = format!(
            "map $http_origin $cors {{ \"~{pattern}\" $http_origin; }}\nserver {{ location / {{ \
             add_header Access-Control-Allow-Origin $cors always; add_header Vary Origin always; {PROXY} }} }}"
        );
        let codes = defects(&text);
        assert!(!codes.contains(&"look-alike-admitted"), "{pattern}: {codes:?}");
    }
}

#[test]
fn public_suffixes_are_found() {
    let text = format!(
        "map $http_origin $cors {{ \"~^https://[a-z0-9-]+\\.vercel\\.app$\" $http_origin; }}\nserver {{ location / {{ \
         add_header Access-Control-Allow-Origin $cors always; add_header Vary Origin always; {PROXY} }} }}"
    );
    assert_eq!(defects(&text), ["public-suffix-admitted"]);
}

#[test]
fn defects_of_single_lines_are_found_and_repaired() {
    for (lines, code) in [
        (
            "add_header Access-Control-Allow-Origin * always;\nadd_header Access-Control-Allow-Credentials true always;",
            "any-origin-with-credentials",
        ),
        (
            "add_header Access-Control-Allow-Origin https://app.example.com always;\nadd_header Access-Control-Allow-Credentials True always;",
            "credentials-not-true",
        ),
        (
            "add_header Access-Control-Allow-Origin https://app.example.com/ always;",
            "allow-origin-malformed",
        ),
        (
            "add_header Access-Control-Allow-Origin https://app.example.com;",
            "errors-without-fields",
        ),
        (
            "add_header Access-Control-Allow-Origin: * always;",
            "field-name-with-colon",
        ),
        (
            "add_header Access-Control-Allow-Origin * always;\nadd_header Access-Control-Allow-Origin * always;",
            "allow-origin-repeated",
        ),
        (
            "add_header Access-Control-Allow-Origin * always;\nadd_header Access-Control-Allow-Methods 'GET PUT' always;",
            "list-malformed",
        ),
        (
            "add_header Access-Control-Allow-Origin https://app.example.com always;\nauth_basic x;",
            "preflight-needs-login",
        ),
        (
            "set $o ''; if ($http_origin = https://app.example.com) { set $o $http_origin; }\nadd_header Access-Control-Allow-Origin $o always;",
            "vary-missing",
        ),
    ] {
        let text = format!("location /api/ {{\n{lines}\n{PROXY}\n}}\n");
        assert_eq!(defects(&text), [code], "{text}");
        repaired(&text, code);
    }
}

#[test]
fn defects_of_values_without_a_repair_are_found() {
    for (lines, code) in [
        (
            "add_header Access-Control-Allow-Origin 'https://a.example, https://b.example' always;",
            "allow-origin-malformed",
        ),
        (
            "add_header Access-Control-Allow-Origin https://*.example.com always;",
            "allow-origin-malformed",
        ),
        (
            "add_header Access-Control-Allow-Origin null always;",
            "null-admitted",
        ),
        (
            "add_header Access-Control-Allow-Origin https://a.example always;\nadd_header Access-Control-Allow-Origin https://b.example always;",
            "allow-origin-repeated",
        ),
    ] {
        assert_eq!(
            defects(&format!("location / {{\n{lines}\n{PROXY}\n}}")),
            [code],
            "{lines}"
        );
    }
}

#[test]
fn an_application_that_sends_fields_too_is_found() {
    let text = format!(
        "location / {{\nadd_header Access-Control-Allow-Origin https://app.example.com always;\n{PROXY}\n}}\n"
    );
    let upstream = Upstream::from_head("HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *").unwrap();
    let found = check(&*server(&text), &upstream);
    let finding = &found.findings[0];
    assert_eq!(finding.code, "allow-origin-repeated");
    let repair = finding.repair.as_ref().unwrap();
    assert!(repair.is_verified && repair.edits[0].text.contains("proxy_hide_header"));
    assert_eq!(defects(&text), [""; 0]);
}

#[test]
fn what_is_unknown_is_never_ok() {
    for lines in [
        "some_new_directive on;",
        "content_by_lua_block { ngx.say('x') }",
        "header_filter_by_lua_block { x = 1 }",
        "include other.conf;",
        "js_header_filter m.f;",
    ] {
        let text = format!("location / {{ add_header Access-Control-Allow-Origin * always; {lines} }}");
        let answer = server(&text).respond(&Request::new("GET", "h", "/x"), &Upstream::default());
        assert!(answer.any_unknown().is_some(), "{lines}");
        assert!(checked(&text).has_unknowns(), "{lines}");
    }
    let text = "location / { add_header Access-Control-Allow-Origin $nowhere always; return 200; }";
    let answer = server(text).respond(&Request::new("GET", "h", "/x"), &Upstream::default());
    assert_eq!(answer.status, Value::Known(200));
    assert!(
        answer
            .unknown_reason("access-control-allow-origin")
            .unwrap()
            .contains("$nowhere")
    );
}

#[test]
fn inheritance_can_be_merged() {
    let text = "add_header Access-Control-Allow-Origin * always; add_header_inherit merge;\nlocation / { add_header Cache-Control no-store; return 200; }";
    let answer = server(text).respond(&Request::new("GET", "h", "/x"), &Upstream::default());
    assert_eq!(answer.value("access-control-allow-origin"), Some("*"));
    let answer =
        server(&text.replace("merge", "on")).respond(&Request::new("GET", "h", "/x"), &Upstream::default());
    assert_eq!(answer.value("access-control-allow-origin"), None);
}

#[test]
fn our_module_decides_by_the_engine() {
    let text = include_str!("../../capi/examples/nginx/example.conf");
    let server = server(text);
    let preflight = Request::new("OPTIONS", "localhost:8082", "/x")
        .with("Origin", "https://app.example.com")
        .with("Access-Control-Request-Method", "PUT");
    let answer = server.respond(&preflight, &Upstream::default());
    assert_eq!(answer.status, Value::Known(204));
    assert_eq!(answer.value("access-control-allow-methods"), Some("PUT,DELETE"));
    assert_eq!(answer.value("access-control-max-age"), Some("3600"));
    let get = Request::new("GET", "localhost:8082", "/x").with("Origin", "https://app.example.com");
    let answer = server.respond(&get, &Upstream::default());
    assert_eq!(answer.status, Value::Known(401));
    assert_eq!(
        answer.value("access-control-allow-origin"),
        Some("https://app.example.com")
    );
    let stranger = Request::new("GET", "localhost:8083", "/x").with("Origin", "https://stranger.example");
    let answer = server.respond(&stranger, &Upstream::default());
    assert_eq!(answer.value("access-control-allow-origin"), None);
    assert!(answer.named("vary").next().is_some());
}

#[test]
fn json_has_the_documented_members() {
    let text = include_str!("configurations/nginx/guide-recipe.conf");
    let found: serde_json::Value = serde_json::from_str(&json::write_check(&checked(text))).unwrap();
    assert_eq!(found["schema"], "cors-check/1");
    assert_eq!(found["findings"][0]["places"][0]["line"], 13);
    assert_eq!(found["findings"][0]["repair"]["verified"], true);
    let rows = found["targets"][0]["rows"].as_array().unwrap();
    let put = rows.iter().find(|row| row["id"] == "put").unwrap();
    assert_eq!(
        (&put["outcome"], &put["stage"]),
        (&"blocked".into(), &"preflight".into())
    );
    let sarif: serde_json::Value =
        serde_json::from_str(&cors_debugger::sarif::write(&checked(text))).unwrap();
    assert_eq!(
        sarif["runs"][0]["results"][0]["ruleId"],
        "preflight-without-allow-origin"
    );
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["region"]["startLine"], 13);
}

#[test]
fn odd_configurations_end() {
    for text in [
        "location / { rewrite ^ / last; }",
        "map $a $b { default $b; } map $b $a { default $a; } server { location / { add_header Access-Control-Allow-Origin $a; } }",
        "location / { error_page 404 /x; return 404; }",
        "location / { try_files /a /b; }",
        "location /a { auth_request /a; }",
        "}",
        "{",
        "a",
        "server",
        "if",
        "location ~ ( { return 200; }",
        "location / { if ($http_origin ~ () { return 200; } }",
    ] {
        let mut sources = Sources::default();
        sources.add("odd.conf", text);
        if let Ok(server) = read(Kind::Nginx, sources, &|_, _| None) {
            check(&*server, &Upstream::default());
        }
    }
}

#[test]
fn directives_with_other_parameters_are_refused() {
    let refusal = |text: &str| {
        let mut sources = Sources::default();
        sources.add("site.conf", text);
        match read(Kind::Nginx, sources, &|_, _| None) {
            Ok(_) => panic!("nginx does not start with {text}"),
            Err(error) => error,
        }
    };
    for (lines, message) in [
        (
            "add_header 'A' 'https://app.example.com' always\nadd_header Vary Origin;",
            ":2: the directive \"add_header\" has no ;",
        ),
        (
            "add_header A b\nreturn 204;",
            ":2: the directive \"add_header\" has no ;",
        ),
        (
            "proxy_pass http://a\nproxy_set_header Host $host;",
            ":2: the directive \"proxy_pass\" has no ;",
        ),
        (
            "gzip_types text/css\nadd_header A b;",
            ":2: the directive \"gzip_types\" has no ;",
        ),
        ("add_header A b", ":2: the directive \"add_header\" has no ;"),
        (
            "add_header A b\n# the end",
            ":2: the directive \"add_header\" has no ;",
        ),
        (
            "add_header A b always add_header C d;",
            ":2: the directive \"add_header\" has 6 parameters",
        ),
        ("add_header A GET, PUT;", "accepts always only"),
        ("add_header A b Always;", "accepts always only"),
        ("add_header A;", "1 parameter, and nginx accepts 2 to 3"),
        ("return;", "0 parameters, and nginx accepts 1 to 2"),
        ("return 200 a b;", "3 parameters"),
        ("set $a;", "accepts 2"),
        ("set $a b c;", "accepts 2"),
        ("proxy_hide_header A B;", "accepts 1"),
        ("rewrite ^ /a last x;", "accepts 2 to 3"),
        ("internal on;", "accepts none"),
        ("try_files /a;", "accepts 2 or more"),
        ("add_header A b { return 200; }", "has no block"),
        ("if ($a);", "needs a block"),
        ("proxy_pass;", "accepts 1"),
        ("if ($request_method = OPTIONS) { return 204; ", "inside a block"),
        ("return 204; }", "without a {"),
    ] {
        let error = refusal(&format!("location / {{\n{lines}\n}}\n"));
        assert!(
            error.starts_with("site.conf:") && error.contains(message),
            "{lines}: {error}"
        );
    }
    for text in [
        "server { server_name a\n b\n server; listen 80; return 204; }",
        "map $http_origin $a { default ''; a b; return 1; }",
        "stream { server { listen 1; allow publish all; } }",
        "location / { add_header A 'b c' always; try_files $uri\n $uri/\n =404; }",
        "location / { more_set_headers 'A: b'\n 'C: d'; }",
        "log_format main '$a'\n '$b'; gzip_types text/css\n text/plain;",
    ] {
        assert!(!server(text).sources().files().is_empty());
    }
}

#[test]
fn configurations_without_cors_settings_have_a_note() {
    for (kind, text) in [
        (Kind::Nginx, ""),
        (Kind::Nginx, "# add_header Access-Control-Allow-Origin *;\n"),
        (Kind::Nginx, "server { listen 80; location / { root /srv; } }"),
        (Kind::Nginx, "location / { proxy_pass http://127.0.0.1:9000; }"),
        (Kind::Apache, ""),
        (Kind::Apache, "RewriteEngine On\nRewriteRule ^a$ /b [L]\n"),
    ] {
        let mut sources = Sources::default();
        sources.add("file", text);
        let server = read(kind, sources, &|_, _| None).unwrap();
        let found = check(&*server, &Upstream::default());
        assert!(found.has_no_settings(), "{text}: {:?}", found.unknowns);
        assert!(!found.has_defects() && !found.has_unknowns(), "{text}");
        let titles: Vec<&str> = found
            .findings
            .iter()
            .map(|finding| finding.title.as_str())
            .collect();
        assert!(
            titles.contains(&"there are no CORS settings in this file"),
            "{titles:?}"
        );
    }
    for text in [
        "location / { add_header Access-Control-Allow-Origin *; }",
        "location / { include other.conf; }",
        "location / { some_new_directive on; }",
    ] {
        assert!(!checked(text).has_no_settings(), "{text}");
    }
    let text = format!("location / {{ {PROXY} }}");
    let upstream = Upstream::from_head("HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *").unwrap();
    assert!(!check(&*server(&text), &upstream).has_no_settings());
}

#[test]
fn long_values_are_not_printed_whole() {
    let long = "x".repeat(100_000);
    for line in [
        format!("add_header Access-Control-Allow-Origin \"{long}\" always; return 200;"),
        format!("add_header Access-Control-Allow-Origin https://{long}.example always; return 200;"),
        format!(
            "add_header Access-Control-Allow-Origin * always; add_header Access-Control-Allow-Methods \"{long} b\" always; {PROXY}"
        ),
        format!("unknown_{long} on; add_header Access-Control-Allow-Origin * always;"),
        format!("return 301 https://example.com/{long}; add_header Access-Control-Allow-Origin * always;"),
    ] {
        let text = format!("location / {{ {line} }}");
        let found = checked(&text);
        let start = &line[..line.len().min(60)];
        // The text of a repair's edit is whole, so that it can be applied.
        let mut written: serde_json::Value = serde_json::from_str(&json::write_check(&found)).unwrap();
        for finding in written["findings"].as_array_mut().unwrap() {
            for edit in finding["repair"]["edits"].as_array_mut().into_iter().flatten() {
                edit["replacement"] = "".into();
            }
        }
        for (what, output) in [
            ("JSON", written.to_string()),
            ("SARIF", cors_debugger::sarif::write(&found)),
        ] {
            assert!(!output.contains(&"x".repeat(1000)), "{what} of {start}");
        }
    }
    let found = checked(&format!(
        "location / {{ add_header Access-Control-Allow-Origin \"{long}\" always; return 200; }}"
    ));
    let title = &found.findings[0].title;
    assert!(
        title.contains("xxx...xxx") && title.ends_with("which is neither an origin nor *"),
        "{title}"
    );
}

#[test]
fn a_preflight_with_another_origin_is_found() {
    let text = "location / {\nif ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin \
                https://old.example.com always; return 204; }\nadd_header Access-Control-Allow-Origin \
                https://app.example.com always;\nproxy_pass http://127.0.0.1:9000;\n}";
    assert_eq!(defects(text), ["preflight-other-origin"]);
    let same = text.replace("old", "app");
    assert_eq!(defects(&same), [""; 0]);
}

#[test]
fn the_page_of_a_fallback_exists() {
    let text = "location / { try_files $uri $uri/ /index.html;\nadd_header Access-Control-Allow-Origin \
                https://app.example.com; }";
    assert_eq!(defects(text), [""; 0]);
    let upstream = Upstream::from_head("404").unwrap();
    let answer = server(text).respond(&Request::new("GET", "localhost", "/deep"), &upstream);
    assert_eq!(answer.status, Value::Known(200));
}

#[test]
fn a_preflight_that_auth_request_decides_about_is_found() {
    let text = "location = /check { internal; proxy_pass http://127.0.0.1:9000; }\nlocation /api/ {\n\
                auth_request /check;\nadd_header Access-Control-Allow-Origin https://app.example.com always;\n\
                proxy_pass http://127.0.0.1:9000;\n}";
    assert_eq!(defects(text), ["preflight-needs-login"]);
    repaired(text, "preflight-needs-login");
}

#[test]
fn a_long_map_is_looked_up_fast() {
    let mut text = String::from("map $http_origin $allowed {\ndefault '';\n");
    for number in 0..100_000 {
        text.push_str(&format!("https://A{number}.example.com $http_origin;\n"));
    }
    text.push_str("https://a7.example.com never;\n~^https://b[0-9]$ $http_origin;\n}\n");
    text.push_str("server { add_header Access-Control-Allow-Origin $allowed always; return 204; }\n");
    let server = server(&text);
    let allowed = |origin: &str| {
        let request = Request::new("GET", "localhost", "/").with("Origin", origin);
        let answer = server.respond(&request, &Upstream::default());
        answer.value("access-control-allow-origin").map(String::from)
    };
    let start = std::time::Instant::now();
    for number in (0..3000).map(|number| number * 33) {
        let origin = format!("https://a{number}.example.com");
        assert_eq!(allowed(&origin), Some(origin));
    }
    assert_eq!(allowed("https://b1").as_deref(), Some("https://b1"));
    assert_eq!(allowed("https://a100000.example.com"), None);
    // Line by line, this takes minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Returns all texts of a JSON value, without its numbers.
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        serde_json::Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[test]
fn json_and_sarif_do_not_tell_the_length_of_a_secret() {
    let shown = |secret: &str| {
        let text = format!(
            "location / {{\n  if ($arg_token = \"{secret}\") {{ return 403; }}\n  \
             add_header Access-Control-Allow-Origin \"https://u:{secret}@app.example\" always;\n  \
             add_header Set-Cookie \"sid={secret}\" always;\n  \
             proxy_pass http://u:{secret}@127.0.0.1:9000;\n}}\n"
        );
        let server = server(&text);
        let found = check(&*server, &Upstream::default());
        let head = "GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n\r\n";
        let request = Request::from_head(head).unwrap();
        let response = server.respond(&request, &Upstream::default());
        let documents = [
            json::write_check(&found),
            json::write_response(Kind::Nginx, server.sources(), &response),
            cors_debugger::sarif::write(&found),
        ];
        documents.map(|document| {
            assert!(!document.contains('\u{7f}'), "{document}");
            let mut all = Vec::new();
            texts(&serde_json::from_str(&document).unwrap(), &mut all);
            assert!(all.iter().any(|text| text.contains("***")), "{document}");
            assert!(!all.iter().any(|text| text.contains(secret)), "{document}");
            all
        })
    };
    let first = shown("~");
    for secret in ["~~", "S3CRET", &"S3CRET".repeat(20)] {
        assert_eq!(shown(secret), first, "{secret}");
    }
}
