//! Checks that the error about a mistake in a policy names the setting, the entry, its index and
//! the byte, and says what to write instead; and that a mistake in a `static` fails the build with
//! the same sentence.

use std::path::Path;
use std::process::Command;

use embedded_cors::{Policy, PolicyBuilder, PolicyError, PolicyErrorKind, Setting};

#[track_caller]
fn mistake<'a>(
    builder: PolicyBuilder<'a>,
    kind: PolicyErrorKind,
    setting: Setting,
    index: impl Into<Option<usize>>,
    at: impl Into<Option<usize>>,
) -> PolicyError<'a> {
    let error = builder.build().expect_err("the policy was built");
    assert_eq!(
        (error.kind(), error.setting(), error.index(), error.at()),
        (kind, setting, index.into(), at.into()),
        "{error}"
    );
    error
}

#[track_caller]
fn origin(entry: &str, kind: PolicyErrorKind, at: impl Into<Option<usize>>) {
    let entries = ["https://fine.example", entry];
    let error = mistake(
        Policy::builder().allow_origins(&entries),
        kind,
        Setting::AllowOrigins,
        1,
        at,
    );
    assert_eq!(error.entry(), Some(entry));
}

#[test]
fn a_mistake_in_an_origin_is_found_at_its_byte() {
    origin("", PolicyErrorKind::Empty, None);
    origin("example.com", PolicyErrorKind::NoScheme, None);
    origin("localhost:3000", PolicyErrorKind::NoScheme, None);
    origin("https://example.com/", PolicyErrorKind::Path, 19);
    origin("https://example.com/*", PolicyErrorKind::Path, 19);
    origin("https://Example.com", PolicyErrorKind::UpperCase, 8);
    origin("HTTPS://example.com", PolicyErrorKind::UpperCase, 0);
    origin("https://bücher.example", PolicyErrorKind::NonAscii, 9);
    origin("https://example.com:443", PolicyErrorKind::DefaultPort, 19);
    origin("https://example.com:99999", PolicyErrorKind::Port, 20);
    origin(
        "https://a.example, https://b.example",
        PolicyErrorKind::SeveralInOne,
        17,
    );
    origin("https://a*b*.example.com", PolicyErrorKind::Wildcard, 11);
    origin("https://www.*.com", PolicyErrorKind::Wildcard, 12);
    origin("https://*.10.0.0.1", PolicyErrorKind::WildcardAddress, 8);
    origin("http://192.168.*.*:8080", PolicyErrorKind::WildcardInAddress, 15);
    origin("http://192.168.1.7/16", PolicyErrorKind::HostBits, 7);
    origin("http://10.0.0.0/33", PolicyErrorKind::Prefix, 16);
    origin("http://0.0.0.0/0", PolicyErrorKind::AllAddresses, 15);
    origin("http://[::ffff:c0a8:0]/112", PolicyErrorKind::MappedAddress, 7);
    origin("https://example.com/24", PolicyErrorKind::Path, 19);
    origin("http://localhost:3010-3000", PolicyErrorKind::PortRange, 17);
    origin("http://localhost:0-3000", PolicyErrorKind::Port, 17);
    origin("*://example.com:443", PolicyErrorKind::DefaultPort, 15);
    origin("http://10.0.0.01", PolicyErrorKind::Ipv4, 7);
    origin("http://[0:0::1]", PolicyErrorKind::Ipv6, 7);
    origin("file:///", PolicyErrorKind::File, 7);
    origin("data:text/html", PolicyErrorKind::OpaqueScheme, None);
    origin("^https://.*\\.example\\.com$", PolicyErrorKind::Regex, 0);
    origin("https://(a|b).example", PolicyErrorKind::Regex, 8);
    origin("https://.*\\.example.com", PolicyErrorKind::Regex, 8);
    origin("~https://a.example", PolicyErrorKind::Regex, 0);
    origin("$http_origin", PolicyErrorKind::Variable, 0);
    origin("$scheme://$host", PolicyErrorKind::Variable, 0);
    origin("https://a.example\r", PolicyErrorKind::LineEnd, 17);
    origin("https://a.example\n", PolicyErrorKind::LineEnd, 17);
    origin("https://user:pass@example.com", PolicyErrorKind::Host, 17);
    origin("https://a..example", PolicyErrorKind::Host, 10);
}

#[test]
fn a_mistake_in_a_method_or_header_is_found_at_its_byte() {
    fn methods<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_origins(&["*"]).allow_methods(entries)
    }
    fn headers<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_origins(&["*"]).allow_headers(entries)
    }
    fn expose<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_origins(&["*"]).expose_headers(entries)
    }
    for forbidden in ["CONNECT", "TRACE", "track"] {
        mistake(
            methods(&["PUT", forbidden]),
            PolicyErrorKind::ForbiddenMethod,
            Setting::AllowMethods,
            1,
            None,
        );
    }
    for lower in ["put", "Get", "delete", "options", "post", "head"] {
        mistake(
            methods(&[lower]),
            PolicyErrorKind::MethodCase,
            Setting::AllowMethods,
            0,
            None,
        );
    }
    for any in ["ANY", "any", "All"] {
        mistake(
            methods(&["PUT", any]),
            PolicyErrorKind::AnyMethod,
            Setting::AllowMethods,
            1,
            None,
        );
    }
    for patch in ["patch", "Patch", "pATCH"] {
        mistake(
            methods(&["PUT", patch, "x"]),
            PolicyErrorKind::PatchCase,
            Setting::AllowMethods,
            1,
            None,
        );
        assert!(methods(&[patch, "PATCH"]).build().is_ok());
        assert!(methods(&[patch, "*"]).build().is_ok());
        assert!(headers(&[patch]).build().is_ok());
    }
    // Browsers send other methods in the case in which the page wrote them.
    assert!(
        methods(&["patch", "Patch", "PATCH", "PROPFIND", "query"])
            .build()
            .is_ok()
    );
    mistake(
        methods(&["PUT,DELETE"]),
        PolicyErrorKind::NotAToken,
        Setting::AllowMethods,
        0,
        3,
    );
    mistake(
        methods(&[""]),
        PolicyErrorKind::Empty,
        Setting::AllowMethods,
        0,
        None,
    );
    mistake(
        headers(&["x-a", "x b"]),
        PolicyErrorKind::NotAToken,
        Setting::AllowHeaders,
        1,
        1,
    );
    let long = "x".repeat(1025);
    mistake(
        headers(&["x-a", &long]),
        PolicyErrorKind::NameTooLong,
        Setting::AllowHeaders,
        1,
        None,
    );
    assert!(headers(&[&long[1..]]).build().is_ok());
    mistake(
        headers(&["x-a:"]),
        PolicyErrorKind::NotAToken,
        Setting::AllowHeaders,
        0,
        3,
    );
    mistake(
        headers(&["x-a\r\n"]),
        PolicyErrorKind::LineEnd,
        Setting::AllowHeaders,
        0,
        3,
    );
    mistake(
        expose(&["etag", "Set-Cookie"]),
        PolicyErrorKind::ForbiddenResponseHeader,
        Setting::ExposeHeaders,
        1,
        None,
    );
    for (builder, setting, star) in [
        (headers(&["etag", "x-ratelimit-*"]), Setting::AllowHeaders, 12),
        (expose(&["etag", "*-id"]), Setting::ExposeHeaders, 0),
        (methods(&["PUT", "P*"]), Setting::AllowMethods, 1),
    ] {
        mistake(builder, PolicyErrorKind::NameWildcard, setting, 1, star);
    }
    assert!(
        headers(&["*"])
            .allow_methods(&["*"])
            .expose_headers(&["*"])
            .build()
            .is_ok()
    );
    for forbidden in [
        "Cookie",
        "host",
        "origin",
        "sec-fetch-mode",
        "Proxy-Authorization",
        "te",
    ] {
        mistake(
            headers(&["x-a", forbidden]),
            PolicyErrorKind::ForbiddenRequestHeader,
            Setting::AllowHeaders,
            1,
            None,
        );
        assert!(expose(&[forbidden]).build().is_ok());
    }
    assert!(headers(&["user-agent", "x-http-method-override"]).build().is_ok());
    let many: Vec<String> = (0..65).map(|index| format!("x-{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    mistake(
        headers(&many),
        PolicyErrorKind::TooMany,
        Setting::AllowHeaders,
        64,
        None,
    );
    assert!(headers(&many[..64]).build().is_ok());
}

#[test]
fn entries_that_are_dangerous_with_credentials_are_mistakes() {
    fn with<'a>(origins: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_origins(origins).allow_credentials()
    }
    let fine = "https://fine.example";
    mistake(
        with(&[fine, "*"]),
        PolicyErrorKind::AnyWithCredentials,
        Setting::AllowOrigins,
        1,
        None,
    );
    mistake(
        with(&[fine, "null"]),
        PolicyErrorKind::NullWithCredentials,
        Setting::AllowOrigins,
        1,
        None,
    );
    mistake(
        with(&[fine, "file://"]),
        PolicyErrorKind::FileWithCredentials,
        Setting::AllowOrigins,
        1,
        None,
    );
    for wide in ["https://*", "chrome-extension://*", "*://*:*"] {
        mistake(
            with(&[fine, wide])
                .dangerously_allow_insecure_origins_with_credentials()
                .dangerously_allow_public_suffixes_with_credentials(),
            PolicyErrorKind::SchemeWithCredentials,
            Setting::AllowOrigins,
            1,
            None,
        );
    }
    for insecure in [
        "http://example.com",
        "http://*.example.com",
        "http://192.168.4.1",
        "http://localhost.example",
        "*://example.com",
        "http://192.168.0.0/16",
    ] {
        let entries = [fine, insecure];
        mistake(
            with(&entries),
            PolicyErrorKind::InsecureWithCredentials,
            Setting::AllowOrigins,
            1,
            None,
        );
        assert!(
            with(&entries)
                .dangerously_allow_insecure_origins_with_credentials()
                .build()
                .is_ok()
        );
        assert!(Policy::builder().allow_origins(&entries).build().is_ok());
    }
    for loopback in [
        "http://localhost:*",
        "http://127.0.0.1:3000",
        "http://[::1]",
        "http://*.localhost",
    ] {
        assert!(with(&[loopback]).build().is_ok(), "{loopback}");
    }
    for suffix in [
        "https://*.com",
        "https://*.com.",
        "https://*.internal:8443",
        "https://pr-*.com",
        "https://dev-*",
    ] {
        let entries = [fine, suffix];
        mistake(
            with(&entries),
            PolicyErrorKind::SuffixWithCredentials,
            Setting::AllowOrigins,
            1,
            None,
        );
        assert!(
            with(&entries)
                .dangerously_allow_public_suffixes_with_credentials()
                .build()
                .is_ok()
        );
        assert!(Policy::builder().allow_origins(&entries).build().is_ok());
    }
    let predicate = Policy::builder().allow_origin_if(&|_| true).allow_credentials();
    mistake(
        predicate,
        PolicyErrorKind::PredicateWithCredentials,
        Setting::AllowOriginIf,
        None,
        None,
    );
    assert!(
        predicate
            .dangerously_allow_predicate_with_credentials()
            .build()
            .is_ok()
    );
    mistake(
        with(&[fine]).expose_headers(&["etag", "*"]),
        PolicyErrorKind::ExposeAnyWithCredentials,
        Setting::ExposeHeaders,
        1,
        None,
    );
    // These wildcards are valid with credentials: answers contain what was requested instead of
    // `*`.
    assert!(
        with(&[fine])
            .allow_methods(&["*"])
            .allow_headers(&["*"])
            .build()
            .is_ok()
    );
}

#[test]
fn a_mistake_in_an_option_has_no_entry() {
    let error = mistake(
        Policy::builder().max_age_seconds(86_401),
        PolicyErrorKind::MaxAgeTooLarge,
        Setting::MaxAge,
        None,
        None,
    );
    assert_eq!(
        error.to_string(),
        "max_age_seconds: is above 86400; no browser keeps a preflight for more than a day"
    );
    assert!(Policy::builder().max_age_seconds(86_400).build().is_ok());
}

#[test]
fn lists_of_names_without_an_origin_are_a_mistake() {
    for builder in [
        Policy::builder().allow_methods(&["PUT"]),
        Policy::builder().allow_headers(&["x-a"]),
        Policy::builder().expose_headers(&["etag"]),
        Policy::builder().allow_methods(&["*"]),
    ] {
        let error = mistake(
            builder,
            PolicyErrorKind::NoOrigin,
            Setting::AllowOrigins,
            None,
            None,
        );
        assert_eq!(
            error.to_string(),
            "allow_origins: admits no origin, so the other lists have no effect; \
             list an origin, or remove the methods and headers"
        );
        assert!(builder.allow_origins(&["https://a.example"]).build().is_ok());
        assert!(builder.allow_origin_if(&|_| false).build().is_ok());
        assert!(builder.allow_loopback().build().is_ok());
    }
    // The mistake in an entry comes first.
    mistake(
        Policy::builder().allow_methods(&["put"]),
        PolicyErrorKind::MethodCase,
        Setting::AllowMethods,
        0,
        None,
    );
    assert!(
        Policy::builder()
            .allow_credentials()
            .max_age_seconds(1)
            .build()
            .is_ok()
    );
}

#[test]
fn an_error_is_a_sentence_that_says_what_to_write() {
    let sentence = |origins: &[&str]| {
        Policy::builder()
            .allow_origins(origins)
            .build()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        sentence(&["https://a.example", "https://*.Example.com"]),
        "allow_origins[1] \"https://*.Example.com\": has upper case at byte 10; browsers send origins in lower case"
    );
    for (entry, what_and_fix) in [
        ("example.com", "has no scheme; write https://example.com"),
        ("localhost:3000", "has no scheme; write https://localhost:3000"),
        (
            "example..com",
            "has no scheme; write one, such as https://example.com",
        ),
        (
            "http://192.168.*.*:8080",
            "has a `*` in an address at byte 15; write http://192.168.0.0/16:8080",
        ),
        (
            "http://10.*",
            "has a `*` in an address at byte 10; write http://10.0.0.0/8",
        ),
        (
            "http://192.168.1.7/16",
            "has an address with bits after the prefix at byte 7; write http://192.168.0.0/16",
        ),
        (
            "http://[::ffff:c0a8:0]/112",
            "has IPv4 addresses in the form of IPv6 at byte 7; write http://192.168.0.0/16",
        ),
        (
            "http://0.0.0.0/0",
            "is a range of all addresses at byte 15; write http://*",
        ),
        (
            "http://localhost:3010-3000",
            "has a range of ports that ends before it starts at byte 17; write http://localhost:3000-3010",
        ),
    ] {
        assert_eq!(
            sentence(&[entry]),
            format!("allow_origins[0] \"{entry}\": {what_and_fix}")
        );
    }
    // A quoted entry must not break a line of a log.
    assert_eq!(
        sentence(&["a\r\nb"]),
        "allow_origins[0] \"a??b\": has a line end at byte 1; trim the entry"
    );
    let entries = ["example.com"];
    let error = Policy::builder().allow_origins(&entries).build().unwrap_err();
    assert_eq!(
        error.without_entry().to_string(),
        "allow_origins[0]: has no scheme; write one, such as https://example.com"
    );
    let long = format!("https://example.com/{}", "x".repeat(1000));
    let said = sentence(&[&long]);
    assert!(
        said.len() < 320 && said.ends_with("an origin ends after its host and port"),
        "{said}"
    );
}

#[test]
fn a_mistake_in_a_static_fails_the_build_with_the_sentence() {
    let mistakes = [
        (
            ".allow_origins(&[\"https://a.example\", \"https://b.example/\"])",
            "allow_origins[1] \"https://b.example/\": has a path or a slash at byte 17; an origin ends after its host and port",
        ),
        (
            ".allow_origins(&[\"*\"]).allow_credentials()",
            "allow_origins[0] \"*\": `*` and credentials exclude each other; list the origins that may send credentials",
        ),
        (
            ".allow_origins(&[\"http://192.168.*\"])",
            "allow_origins[0] \"http://192.168.*\": has a `*` in an address at byte 15; write http://192.168.0.0/16",
        ),
        (
            ".allow_methods(&[\"DELETE\", \"put\"])",
            "allow_methods[1] \"put\": browsers send this method in upper case",
        ),
        (".max_age_seconds(90000)", "max_age_seconds: is above 86400"),
    ];
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes");
    let sources = package.join("src/bin");
    std::fs::create_dir_all(&sources).unwrap();
    let manifest = format!(
        "[package]\nname = \"mistakes\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nembedded-cors = {{ path = {:?} }}\n\n[workspace]\n",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    let source = |calls: &str| {
        format!(
            "static CORS: embedded_cors::Policy = embedded_cors::Policy::builder(){calls}.build_or_panic();\n\
             fn main() {{ println!(\"{{}}\", CORS.max_response_len()); }}\n"
        )
    };
    std::fs::write(
        sources.join("fine.rs"),
        source(".allow_origins(&[\"https://a.example\"])"),
    )
    .unwrap();
    for (index, (calls, _)) in mistakes.iter().enumerate() {
        std::fs::write(sources.join(format!("mistake{index}.rs")), source(calls)).unwrap();
    }
    let build = |binary: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--quiet", "--bin", binary])
            .current_dir(&package)
            .env("CARGO_TARGET_DIR", package.join("target"))
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (built, said) = build("fine");
    assert!(built, "{said}");
    for (index, (calls, sentence)) in mistakes.iter().enumerate() {
        let (built, said) = build(&format!("mistake{index}"));
        assert!(!built, "{calls} was built");
        assert!(said.contains(sentence), "{calls}: {said}");
    }
}
