//! Prints policies for the engine: in Rust, in C, and as directives of the modules.

use std::fmt::Write as _;

use embedded_cors::{PolicyConfig, PreflightRefusedStatus, PreflightSuccessStatus};

use super::joined;
use crate::policy::quote;

/// Lists longer than this are built at run time, because a compiler takes long to check them.
const MAX_CONST_ORIGINS: usize = 256;

pub(super) fn rust(policies: &[PolicyConfig]) -> String {
    if policies
        .iter()
        .any(|policy| policy.allow_origins.len() > MAX_CONST_ORIGINS)
    {
        return rust_on_the_heap(policies);
    }
    let statuses = statuses_in_use(policies);
    if let [policy] = policies {
        let builder = rust_builder(policy, "    ");
        return format!("use embedded_cors::{{Policy{statuses}}};\n\nstatic CORS: Policy = {builder};\n")
            .replace("{Policy}", "Policy");
    }
    let mut text = format!("use embedded_cors::{{Policy{statuses}, Rules}};\n\n");
    text.push_str("/// The first rule that admits the origin of a request decides.\n");
    text.push_str("static CORS: Rules = Rules::new_or_panic(&[\n");
    for policy in policies {
        let _ = writeln!(text, "    {},", rust_builder(policy, "        "));
    }
    text.push_str("]);\n");
    text
}

/// Returns what has to be imported for the statuses.
fn statuses_in_use(policies: &[PolicyConfig]) -> String {
    let mut names = String::new();
    if policies
        .iter()
        .any(|policy| policy.refused_status != PreflightRefusedStatus::default())
    {
        names.push_str(", PreflightRefusedStatus");
    }
    if policies
        .iter()
        .any(|policy| policy.success_status != PreflightSuccessStatus::default())
    {
        names.push_str(", PreflightSuccessStatus");
    }
    names
}

/// The names of the settings that are on or off.
fn flags(policy: &PolicyConfig) -> impl Iterator<Item = &'static str> {
    [
        (policy.allow_loopback, "allow_loopback"),
        (policy.allow_credentials, "allow_credentials"),
        (policy.allow_timing, "allow_timing"),
        (policy.hide_lists_when_refused, "hide_lists_when_refused"),
        (policy.answer_only_requested, "answer_only_requested"),
        (policy.strict_request_headers, "strict_request_headers"),
        (
            policy.dangerously_allow_insecure_origins_with_credentials,
            "dangerously_allow_insecure_origins_with_credentials",
        ),
        (
            policy.dangerously_allow_public_suffixes_with_credentials,
            "dangerously_allow_public_suffixes_with_credentials",
        ),
        (
            policy.dangerously_allow_predicate_with_credentials,
            "dangerously_allow_predicate_with_credentials",
        ),
    ]
    .into_iter()
    .filter_map(|(is_on, name)| is_on.then_some(name))
}

/// The lists of a policy, with the names of the settings in Rust.
fn lists(policy: &PolicyConfig) -> impl Iterator<Item = (&'static str, &[String])> {
    [
        ("allow_origins", &policy.allow_origins),
        ("allow_methods", &policy.allow_methods),
        ("allow_headers", &policy.allow_headers),
        ("expose_headers", &policy.expose_headers),
    ]
    .into_iter()
    .filter(|(_, list)| !list.is_empty())
    .map(|(name, list)| (name, list.as_slice()))
}

fn rust_success_status(policy: &PolicyConfig) -> Option<&'static str> {
    match policy.success_status {
        PreflightSuccessStatus::NoContent => None,
        PreflightSuccessStatus::Ok => Some("PreflightSuccessStatus::Ok"),
        PreflightSuccessStatus::NoContentBare => Some("PreflightSuccessStatus::NoContentBare"),
    }
}

fn rust_refused_status(policy: &PolicyConfig) -> Option<&'static str> {
    match policy.refused_status {
        PreflightRefusedStatus::Forbidden => None,
        PreflightRefusedStatus::NoContent => Some("PreflightRefusedStatus::NoContent"),
        PreflightRefusedStatus::Ok => Some("PreflightRefusedStatus::Ok"),
    }
}

fn rust_builder(policy: &PolicyConfig, indent: &str) -> String {
    let mut calls = vec!["Policy::builder()".to_owned()];
    for (name, list) in lists(policy) {
        calls.push(format!(".{name}(&[{}])", joined(list, quote::rust)));
    }
    calls.extend(flags(policy).map(|name| format!(".{name}()")));
    if let Some(seconds) = policy.max_age_seconds {
        calls.push(format!(".max_age_seconds({seconds})"));
    }
    if let Some(status) = rust_success_status(policy) {
        calls.push(format!(".success_status({status})"));
    }
    if let Some(status) = rust_refused_status(policy) {
        calls.push(format!(".refused_status({status})"));
    }
    calls.push(".build_or_panic()".into());
    calls.join(&format!("\n{indent}"))
}

/// Prints a function that builds rules on the heap.
fn rust_on_the_heap(policies: &[PolicyConfig]) -> String {
    let statuses = statuses_in_use(policies);
    let mut text = format!(
        "// With feature `alloc` of embedded-cors: a list of this length is checked at run time.\n\
         use embedded_cors::{{OwnedRules, OwnedRulesError, PolicyConfig{statuses}, RulesConfig}};\n\n\
         pub fn cors() -> Result<OwnedRules, OwnedRulesError> {{\n    let rules = vec![\n",
    );
    for policy in policies {
        text.push_str("        PolicyConfig {\n");
        for (name, list) in lists(policy) {
            let _ = writeln!(text, "            {name}: [");
            for entry in list {
                let _ = writeln!(text, "                {},", quote::rust(entry));
            }
            text.push_str("            ]\n            .map(String::from)\n            .to_vec(),\n");
        }
        for name in flags(policy) {
            let _ = writeln!(text, "            {name}: true,");
        }
        if let Some(seconds) = policy.max_age_seconds {
            let _ = writeln!(text, "            max_age_seconds: Some({seconds}),");
        }
        if let Some(status) = rust_success_status(policy) {
            let _ = writeln!(text, "            success_status: {status},");
        }
        if let Some(status) = rust_refused_status(policy) {
            let _ = writeln!(text, "            refused_status: {status},");
        }
        text.push_str("            ..Default::default()\n        },\n");
    }
    text.push_str("    ];\n    RulesConfig { rules }.build()\n}\n");
    text
}

pub(super) fn c(policies: &[PolicyConfig]) -> String {
    let mut text = String::from("#include \"embedded_cors.h\"\n\n");
    let is_alone = policies.len() == 1;
    let mut configs = Vec::new();
    let mut sizes = Vec::new();
    for (rule, policy) in policies.iter().enumerate() {
        let suffix = if is_alone {
            String::new()
        } else {
            format!("_{rule}")
        };
        let mut members = Vec::new();
        for (name, list) in [
            ("origins", &policy.allow_origins),
            ("methods", &policy.allow_methods),
            ("headers", &policy.allow_headers),
            ("expose", &policy.expose_headers),
        ] {
            if list.is_empty() {
                members.push(format!("ECORS_NO_LIST, /* {name} */"));
                continue;
            }
            let _ = writeln!(text, "static const ecors_str {name}{suffix}[] = {{");
            for entry in list {
                let _ = writeln!(text, "  ECORS_STR({}),", quote::c(entry));
            }
            text.push_str("};\n");
            members.push(format!("ECORS_LIST({name}{suffix}),"));
        }
        sizes.push(format!(
            "ECORS_POLICY_SIZE({}, {}, {}, {})",
            policy.allow_origins.len(),
            policy.allow_methods.len(),
            policy.allow_headers.len(),
            policy.expose_headers.len(),
        ));
        configs.push(format!(
            "{{\n  sizeof(ecors_config),\n  {}, /* flags */\n  {}, /* max_age_seconds */\n  {}\n  \
             NULL, NULL, /* no predicate */\n  {{ 0 }} /* index_seed: fill it at random if other people \
             choose the origins */\n}}",
            c_flags(policy),
            policy.max_age_seconds.map_or(-1, i64::from),
            members.join("\n  "),
        ));
    }
    let (size, config) = (sizes.join("\n  + "), configs.join(", "));
    let (declaration, call) = if is_alone {
        (
            format!("config = {config}"),
            "ecors_policy_init(memory, sizeof memory, &config, policy, error)".into(),
        )
    } else {
        (
            format!("rules[] = {{ {config} }}"),
            format!(
                "ecors_rules_init(memory, sizeof memory, rules, {}, policy, error)",
                policies.len()
            ),
        )
    };
    let _ = write!(
        text,
        "static const ecors_config {declaration};\n\
         static unsigned char memory[{size}];\n\n\
         /* Makes the policy. Call it once, before the first request. Returns ECORS_OK, or an error that\n\
         \u{20}* *error describes. */\n\
         int cors_init(const ecors_policy **policy, ecors_error *error) {{\n  return {call};\n}}\n",
    );
    text
}

fn c_flags(policy: &PolicyConfig) -> String {
    let mut names: Vec<String> = flags(policy)
        .map(|name| match name {
            "allow_loopback" => "ECORS_LOOPBACK".into(),
            "allow_credentials" => "ECORS_CREDENTIALS".into(),
            "allow_timing" => "ECORS_TIMING".into(),
            name => format!("ECORS_{}", name.to_uppercase()),
        })
        .collect();
    match policy.success_status {
        PreflightSuccessStatus::NoContent => {}
        PreflightSuccessStatus::Ok => names.push("ECORS_SUCCESS_STATUS_200".into()),
        PreflightSuccessStatus::NoContentBare => names.push("ECORS_SUCCESS_STATUS_204_BARE".into()),
    }
    match policy.refused_status {
        PreflightRefusedStatus::Forbidden => {}
        PreflightRefusedStatus::NoContent => names.push("ECORS_REFUSED_STATUS_204".into()),
        PreflightRefusedStatus::Ok => names.push("ECORS_REFUSED_STATUS_200".into()),
    }
    if names.is_empty() {
        "0".into()
    } else {
        names.join(" | ")
    }
}

/// A directive of the modules, with its arguments in lines of a readable length.
struct Directive {
    name: &'static str,
    arguments: Vec<String>,
}

/// Returns the directives of a policy, with the names that they have in nginx.
fn directives(policy: &PolicyConfig, quote: fn(&str) -> String) -> Vec<Directive> {
    let mut directives = Vec::new();
    let mut add = |name, arguments| directives.push(Directive { name, arguments });
    for (setting, list) in lists(policy) {
        let name = match setting {
            "allow_origins" => "cors_origin",
            "allow_methods" => "cors_methods",
            "allow_headers" => "cors_headers",
            _ => "cors_expose",
        };
        // nginx reads at most 4096 bytes as one directive's word, and people read short lines.
        let mut line = Vec::new();
        let mut len = 0;
        for entry in list {
            let word = quote(entry);
            if !line.is_empty() && len + word.len() > 80 {
                add(name, std::mem::take(&mut line));
                len = 0;
            }
            len += word.len() + 1;
            line.push(word);
        }
        add(name, line);
    }
    let on = || vec!["on".to_owned()];
    for flag in flags(policy) {
        let name = match flag {
            "allow_loopback" => "cors_loopback",
            "allow_credentials" => "cors_credentials",
            "allow_timing" => "cors_timing",
            "hide_lists_when_refused" => "cors_hide_lists",
            "answer_only_requested" => "cors_only_requested",
            "strict_request_headers" => "cors_strict_headers",
            "dangerously_allow_insecure_origins_with_credentials" => {
                "cors_dangerously_allow_insecure_origins"
            }
            "dangerously_allow_public_suffixes_with_credentials" => "cors_dangerously_allow_public_suffixes",
            _ => continue,
        };
        add(name, on());
    }
    if let Some(seconds) = policy.max_age_seconds {
        add("cors_max_age", vec![seconds.to_string()]);
    }
    if policy.success_status == PreflightSuccessStatus::Ok {
        add("cors_success_status", vec!["200".into()]);
    }
    match policy.refused_status {
        PreflightRefusedStatus::Forbidden => {}
        PreflightRefusedStatus::NoContent => add("cors_refused_status", vec!["204".into()]),
        PreflightRefusedStatus::Ok => add("cors_refused_status", vec!["200".into()]),
    }
    if policy.allow_origins.is_empty() && !policy.allow_loopback {
        add("cors_origin", vec!["\"\"".into()]);
    }
    directives
}

pub(super) fn nginx_module(policies: &[PolicyConfig]) -> String {
    let mut text = String::from("cors on;\n");
    let write = |text: &mut String, policy: &PolicyConfig, indent: &str| {
        for directive in directives(policy, quote::nginx) {
            let _ = writeln!(
                text,
                "{indent}{} {};",
                directive.name,
                directive.arguments.join(" ")
            );
        }
    };
    if let [policy] = policies {
        write(&mut text, policy, "");
        return text;
    }
    for policy in policies {
        text.push_str("cors_rule {\n");
        write(&mut text, policy, "    ");
        text.push_str("}\n");
    }
    text
}

/// Prints the directives of the Apache module: the words of the nginx module in Apache's case.
pub(super) fn apache_module(policies: &[PolicyConfig]) -> String {
    let mut text = String::from("Cors on\n");
    let write = |text: &mut String, policy: &PolicyConfig, indent: &str| {
        for directive in directives(policy, quote::apache) {
            let name = camel_case(directive.name);
            let _ = writeln!(text, "{indent}{name} {}", directive.arguments.join(" "));
        }
    };
    if let [policy] = policies {
        write(&mut text, policy, "");
        return text;
    }
    for policy in policies {
        text.push_str("<CorsRule>\n");
        write(&mut text, policy, "    ");
        text.push_str("</CorsRule>\n");
    }
    text
}

/// Writes `cors_max_age` as `CorsMaxAge`.
fn camel_case(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(word).collect()
}
