//! Tests configurations in TOML, JSON and YAML.

#![cfg(feature = "serde")]

use embedded_cors::{
    DoorsConfig, DoorsRequest, HostRefusedStatus, OwnedDoors, OwnedPolicy, OwnedRules, PolicyConfig,
    PreflightRefusedStatus, PreflightSuccessStatus, Request, ResourcePolicy, RulesConfig,
};
use serde_json::json;

const TOML: &str = r#"
allow_origins = ["https://app.example.com", "http://localhost:*"]
allow_methods = ["PUT"]
allow_headers = ["content-type"]
expose_headers = ["etag"]
allow_credentials = true
max_age_seconds = 600
success_status = "204-bare"
refused_status = 204
allow_timing = false
"#;

const YAML: &str = r#"
allow_origins:
  - https://app.example.com
  - "http://localhost:*"
allow_methods: [PUT]
allow_headers: [content-type]
expose_headers: [etag]
allow_credentials: true
max_age_seconds: 600
success_status: 204-bare
refused_status: 204
"#;

fn expected() -> PolicyConfig {
    PolicyConfig {
        allow_origins: vec!["https://app.example.com".into(), "http://localhost:*".into()],
        allow_methods: vec!["PUT".into()],
        allow_headers: vec!["content-type".into()],
        expose_headers: vec!["etag".into()],
        allow_credentials: true,
        max_age_seconds: Some(600),
        success_status: PreflightSuccessStatus::NoContentBare,
        refused_status: PreflightRefusedStatus::NoContent,
        ..Default::default()
    }
}

#[test]
fn three_formats_give_the_same_configuration() {
    assert_eq!(toml::from_str::<PolicyConfig>(TOML).unwrap(), expected());
    assert_eq!(yaml_serde::from_str::<PolicyConfig>(YAML).unwrap(), expected());
    let json = serde_json::to_string(&expected()).unwrap();
    assert_eq!(serde_json::from_str::<PolicyConfig>(&json).unwrap(), expected());
    let yaml = yaml_serde::to_string(&expected()).unwrap();
    assert_eq!(yaml_serde::from_str::<PolicyConfig>(&yaml).unwrap(), expected());
    assert_eq!(
        toml::from_str::<PolicyConfig>("").unwrap(),
        PolicyConfig::default()
    );
}

/// The keys are the names of the builder's methods.
#[test]
fn the_keys_are_those_of_the_documentation() {
    let written = serde_json::to_value(PolicyConfig::default()).unwrap();
    let keys: Vec<&String> = written.as_object().unwrap().keys().collect();
    let page = include_str!("../../../docs/servers.md");
    for key in &keys {
        assert!(
            page.contains(&format!("| `{key}` |")),
            "{key} is not in docs/servers.md"
        );
    }
    assert_eq!(page.matches("\n| `").count(), keys.len());
}

#[test]
fn a_status_is_a_number_or_its_name() {
    use PreflightSuccessStatus::{NoContent, NoContentBare, Ok as Two00};
    for (value, status) in [
        (json!(200), Two00),
        (json!(204), NoContent),
        (json!("204"), NoContent),
        (json!("204-bare"), NoContentBare),
    ] {
        assert_eq!(
            serde_json::from_value::<PreflightSuccessStatus>(value).unwrap(),
            status
        );
    }
    let error = serde_json::from_value::<PreflightSuccessStatus>(json!(403)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid value: integer `403`, expected 200, 204 or \"204-bare\""
    );
    let error = serde_json::from_value::<PreflightRefusedStatus>(json!(-1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid value: integer `-1`, expected 200, 204 or 403"
    );
    assert!(serde_json::from_value::<PreflightRefusedStatus>(json!("204-bare")).is_err());
    assert_eq!(serde_json::to_value(NoContentBare).unwrap(), json!("204-bare"));
    assert_eq!(
        serde_json::to_value(PreflightRefusedStatus::Forbidden).unwrap(),
        json!(403)
    );
}

/// An unknown key, a value of a wrong type, and a mistake in the syntax of the file are errors that
/// name the line.
#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    let error = toml::from_str::<PolicyConfig>("allow_origins = []\nallow_origin = \"x\"\n").unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("line 2, column 1") && text.contains("unknown field `allow_origin`"),
        "{text}"
    );
    let error = serde_json::from_str::<PolicyConfig>("{\n\"credentials\": true}").unwrap_err();
    assert_eq!(
        (
            error.line(),
            error.to_string().contains("unknown field `credentials`")
        ),
        (2, true)
    );
    let error = yaml_serde::from_str::<PolicyConfig>("allow_methods: []\nmax_age: 5\n").unwrap_err();
    assert_eq!(error.location().map(|place| place.line()), Some(2), "{error}");

    let error = toml::from_str::<PolicyConfig>("\n\nallow_credentials = \"yes\"").unwrap_err();
    assert!(error.to_string().contains("line 3, column 21"), "{error}");
    let error =
        toml::from_str::<RulesConfig>("[[rules]]\nallow_origins = [\"*\"]\n[[rules]]\nx = 1").unwrap_err();
    assert!(error.to_string().contains("line 4, column 1"), "{error}");
    assert!(toml::from_str::<RulesConfig>("rule = []").is_err());
}

/// The error about a mistake in a policy names the entry, and the parser of the file adds the place
/// of the policy.
#[test]
fn a_policy_is_read_and_built_in_one_step() {
    #[derive(serde::Deserialize)]
    struct Server {
        cors: OwnedPolicy,
    }
    let file = "port = 80\n[cors]\nallow_origins = [\"https://a.example\"]\n";
    let server: Server = toml::from_str(file).unwrap();
    let request = Request::from_fields("GET", [("Origin", "https://a.example")]);
    assert!(server.cors.policy().decide(&request).is_allowed());

    let wrong = file.replace("a.example", "a.example/") + "allow_methods = [\"put\"]\n";
    let text = toml::from_str::<Server>(&wrong).err().unwrap().to_string();
    assert!(text.contains("line 2, column 1"), "{text}");
    assert!(
        text.contains("allow_origins[0] \"https://a.example/\": has a path"),
        "{text}"
    );
    assert!(text.contains("allow_methods[0] \"put\": browsers send"), "{text}");
}

#[test]
fn rules_are_read_in_order() {
    let file = "[[rules]]\nallow_origins = [\"https://a.example\"]\nallow_credentials = true\n\
                [[rules]]\nallow_origins = [\"*\"]\n";
    let rules: OwnedRules = toml::from_str(file).unwrap();
    let borrowed = rules.borrowed();
    for (origin, fields) in [("https://a.example", 3), ("https://b.example", 2)] {
        let request = Request::from_fields("GET", [("Origin", origin)]);
        assert_eq!(borrowed.rules().decide(&request).fields().count(), fields);
    }
    let wrong = file
        .replace("https://a.example", "*")
        .replace("allow_credentials = true", "");
    let text = toml::from_str::<OwnedRules>(&wrong).unwrap_err().to_string();
    assert!(text.contains("rules[1]: never decides"), "{text}");
}

#[test]
fn doors_are_read_in_three_formats() {
    let expected = DoorsConfig {
        allow_hosts: vec!["lamp.local".into(), "192.168.4.1".into()],
        allow_localhost: true,
        host_refused_status: HostRefusedStatus::MisdirectedRequest,
        cross_origin_resource_policy: Some(ResourcePolicy::SameOrigin),
        ..Default::default()
    };
    let toml = r#"
allow_hosts = ["lamp.local", "192.168.4.1"]
allow_localhost = true
host_refused_status = 421
cross_origin_resource_policy = "same-origin"
"#;
    assert_eq!(toml::from_str::<DoorsConfig>(toml).unwrap(), expected);
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(serde_json::from_str::<DoorsConfig>(&json).unwrap(), expected);
    let yaml = yaml_serde::to_string(&expected).unwrap();
    assert_eq!(yaml_serde::from_str::<DoorsConfig>(&yaml).unwrap(), expected);
    assert_eq!(toml::from_str::<DoorsConfig>("").unwrap(), DoorsConfig::default());

    let doors: OwnedDoors = toml::from_str(toml).unwrap();
    let policy = OwnedPolicy::from_origins(["https://app.example.com"]).unwrap();
    let policy = policy.policy();
    let doors = doors.doors().with_policy_or_rules(&policy);
    let status = |host: &str| {
        let request = DoorsRequest::from_fields("GET", [("Host", host)]);
        doors
            .decide(&request)
            .response()
            .map(|response| response.status())
    };
    assert_eq!(status("lamp.local:8080"), None);
    assert_eq!(status("localhost"), None);
    assert_eq!(status("stranger.example"), Some(421));
}

#[test]
fn mistakes_in_doors_are_errors() {
    for (json, expected) in [
        (json!({"allow_host": []}), "unknown field `allow_host`"),
        (json!({"host_refused_status": 404}), "expected 403 or 421"),
        (json!({"host_refused_status": "teapot"}), "expected 403 or 421"),
        (
            json!({"cross_origin_resource_policy": "same"}),
            "expected \"same-origin\", \"same-site\" or \"cross-origin\"",
        ),
        (
            json!({"allow_hosts": ["a.example", "https://b.example", "*"]}),
            "allow_hosts[1] \"https://b.example\": has a scheme at byte 5; write the host alone, such as lamp.local\nallow_hosts[2] \"*\": is every host; ",
        ),
    ] {
        let error = serde_json::from_value::<OwnedDoors>(json.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{json}: {error}");
    }
}
