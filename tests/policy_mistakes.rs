//! Proves that a mistake in a policy is an error that names setting, entry, index and byte, and says what to write; and
//! that in a `static` it fails the build with the same sentence.

use std::path::Path;
use std::process::Command;

use embedded_cors::{Policy, PolicyBuilder, PolicyError, PolicyErrorKind as Kind, Setting};

#[track_caller]
fn mistake<'a>(
    builder: PolicyBuilder<'a>,
    kind: Kind,
    setting: Setting,
    index: usize,
    at: usize,
) -> PolicyError<'a> {
    let error = builder.build().expect_err("the policy was built");
    assert_eq!(
        (error.kind(), error.setting(), error.index(), error.at()),
        (kind, setting, index, at),
        "{error}"
    );
    error
}

#[track_caller]
fn origin(entry: &str, kind: Kind, at: usize) {
    let entries = ["https://fine.example", entry];
    let error = mistake(
        Policy::builder().allow_origins(&entries),
        kind,
        Setting::AllowOrigins,
        1,
        at,
    );
    assert_eq!(error.entry(), entry);
}

#[test]
fn origins() {
    origin("", Kind::Empty, 0);
    origin("example.com", Kind::NoScheme, 0);
    origin("localhost:3000", Kind::NoScheme, 0);
    origin("https://example.com/", Kind::Path, 19);
    origin("https://example.com/*", Kind::Path, 19);
    origin("https://Example.com", Kind::UpperCase, 8);
    origin("HTTPS://example.com", Kind::UpperCase, 0);
    origin("https://bücher.example", Kind::NonAscii, 9);
    origin("https://example.com:443", Kind::DefaultPort, 19);
    origin("https://example.com:99999", Kind::Port, 20);
    origin("https://a.example, https://b.example", Kind::SeveralInOne, 17);
    origin("https://*", Kind::Wildcard, 8);
    origin("https://*example.com", Kind::Wildcard, 8);
    origin("https://www.*.com", Kind::Wildcard, 12);
    origin("https://*.10.0.0.1", Kind::WildcardAddress, 8);
    origin("http://10.0.0.01", Kind::Ipv4, 7);
    origin("http://[0:0::1]", Kind::Ipv6, 7);
    origin("file:///", Kind::OpaqueScheme, 0);
    origin("^https://.*\\.example\\.com$", Kind::Scheme, 0);
    origin("https://user:pass@example.com", Kind::Host, 17);
    origin("https://-a.example", Kind::Host, 8);
}

#[test]
fn names() {
    fn methods<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_methods(entries)
    }
    fn headers<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_headers(entries)
    }
    fn expose<'a>(entries: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().expose_headers(entries)
    }
    for forbidden in ["CONNECT", "TRACE", "track"] {
        mistake(
            methods(&["PUT", forbidden]),
            Kind::ForbiddenMethod,
            Setting::AllowMethods,
            1,
            0,
        );
    }
    for lower in ["put", "Get", "delete", "options", "post", "head"] {
        mistake(methods(&[lower]), Kind::MethodCase, Setting::AllowMethods, 0, 0);
    }
    // Browsers leave the case of other methods as the page wrote it.
    assert!(
        methods(&["patch", "Patch", "PATCH", "PROPFIND", "query"])
            .build()
            .is_ok()
    );
    mistake(
        methods(&["PUT,DELETE"]),
        Kind::NotAToken,
        Setting::AllowMethods,
        0,
        3,
    );
    mistake(methods(&[""]), Kind::Empty, Setting::AllowMethods, 0, 0);
    mistake(
        headers(&["x-a", "x b"]),
        Kind::NotAToken,
        Setting::AllowHeaders,
        1,
        1,
    );
    let long = "x".repeat(1025);
    mistake(
        headers(&["x-a", &long]),
        Kind::NameTooLong,
        Setting::AllowHeaders,
        1,
        0,
    );
    assert!(Policy::builder().allow_headers(&[&long[1..]]).build().is_ok());
    mistake(headers(&["x-a:"]), Kind::NotAToken, Setting::AllowHeaders, 0, 3);
    mistake(
        headers(&["x-a\r\n"]),
        Kind::NotAToken,
        Setting::AllowHeaders,
        0,
        3,
    );
    mistake(
        expose(&["etag", "Set-Cookie"]),
        Kind::ForbiddenResponseHeader,
        Setting::ExposeHeaders,
        1,
        0,
    );
    let many: Vec<String> = (0..65).map(|index| format!("x-{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    mistake(headers(&many), Kind::TooMany, Setting::AllowHeaders, 64, 0);
    assert!(headers(&many[..64]).build().is_ok());
}

#[test]
fn credentials() {
    fn with<'a>(origins: &'a [&'a str]) -> PolicyBuilder<'a> {
        Policy::builder().allow_origins(origins).allow_credentials()
    }
    let fine = "https://fine.example";
    mistake(
        with(&[fine, "*"]),
        Kind::AnyWithCredentials,
        Setting::AllowOrigins,
        1,
        0,
    );
    mistake(
        with(&[fine, "null"]),
        Kind::NullWithCredentials,
        Setting::AllowOrigins,
        1,
        0,
    );
    for insecure in [
        "http://example.com",
        "http://*.example.com",
        "http://192.168.4.1",
        "http://localhost.example",
    ] {
        let entries = [fine, insecure];
        mistake(
            with(&entries),
            Kind::InsecureWithCredentials,
            Setting::AllowOrigins,
            1,
            0,
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
    for suffix in ["https://*.com", "https://*.com.", "https://*.internal:8443"] {
        let entries = [fine, suffix];
        mistake(
            with(&entries),
            Kind::SuffixWithCredentials,
            Setting::AllowOrigins,
            1,
            0,
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
        Kind::PredicateWithCredentials,
        Setting::AllowOriginIf,
        0,
        0,
    );
    assert!(
        predicate
            .dangerously_allow_predicate_with_credentials()
            .build()
            .is_ok()
    );
    mistake(
        with(&[fine]).expose_headers(&["etag", "*"]),
        Kind::ExposeAnyWithCredentials,
        Setting::ExposeHeaders,
        1,
        0,
    );
    // Both of these are answered with what is requested.
    assert!(
        with(&[fine])
            .allow_methods(&["*"])
            .allow_headers(&["*"])
            .build()
            .is_ok()
    );
}

#[test]
fn settings_without_entries() {
    let error = mistake(
        Policy::builder().max_age_seconds(86_401),
        Kind::MaxAgeTooLarge,
        Setting::MaxAge,
        0,
        0,
    );
    assert_eq!(
        error.to_string(),
        "max_age_seconds: is above 86400; no browser keeps a preflight for more than a day"
    );
    assert!(Policy::builder().max_age_seconds(86_400).build().is_ok());
    mistake(
        Policy::builder().allow_origins(&["*"]).allow_private_network(),
        Kind::PrivateNetworkWithAny,
        Setting::AllowPrivateNetwork,
        0,
        0,
    );
}

#[test]
fn sentences() {
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
    assert_eq!(
        sentence(&["example.com"]),
        "allow_origins[0] \"example.com\": has no scheme; write one, such as https://example.com"
    );
    // What an error quotes cannot break a log into lines.
    assert_eq!(
        sentence(&["a\r\nb"]),
        "allow_origins[0] \"a??b\": has no scheme; write one, such as https://example.com"
    );
    let long = format!("https://example.com/{}", "x".repeat(1000));
    let said = sentence(&[&long]);
    assert!(
        said.len() < 320 && said.ends_with("an origin ends after its host and port"),
        "{said}"
    );
}

/// The sentence is what the compiler prints.
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
