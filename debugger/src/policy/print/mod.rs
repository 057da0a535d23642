//! The printers.
//!
//! | file | syntaxes |
//! |---|---|
//! | `engine` | Rust, C, and the modules for nginx and Apache: they express everything |
//! | `nginx`, `apache` | the servers without the modules |
//! | `applications` | Express, tower-http, Spring |
//! | `gateways` | Envoy, Gateway API |

mod apache;
mod applications;
mod engine;
mod gateways;
mod nginx;

use embedded_cors::{PolicyConfig, PreflightRefusedStatus, PreflightSuccessStatus, RulesConfig};

use super::origins::{self, Entry};
use super::regex;
use super::{Printed, Syntax};

/// Prints rules in a syntax.
///
/// The result decides like the engine for everything that a browser sends, except where `lost` says
/// otherwise: it allows less there, unless the sentence says that it allows more. Rules that do not
/// [build](RulesConfig::build) are printed as they are, and `lost` has their mistakes.
///
/// ```
/// use cors_debugger::policy::{Syntax, print, single};
/// use embedded_cors::PolicyConfig;
///
/// let policy = PolicyConfig {
///     allow_origins: vec!["https://app.example.com".into()],
///     allow_timing: true,
///     ..Default::default()
/// };
/// let printed = print(&single(policy), Syntax::Envoy);
/// assert!(printed.text.contains("exact: \"https://app.example.com\""));
/// assert!(printed.lost[0].starts_with("allow_timing"));
/// ```
pub fn print(rules: &RulesConfig, syntax: Syntax) -> Printed {
    let mut lost = Vec::new();
    // A list without rules allows nothing, like a policy of the default.
    let allows_nothing = rules.rules.is_empty()
        || matches!(rules.rules.as_slice(), [only] if *only == PolicyConfig::default());
    if !allows_nothing && let Err(mistakes) = rules.build() {
        let mistakes = mistakes.to_string();
        lost.extend(
            mistakes
                .lines()
                .map(|line| format!("the policy has a mistake: {line}")),
        );
    }
    let nothing = [PolicyConfig::default()];
    let policies = if rules.rules.is_empty() {
        &nothing
    } else {
        rules.rules.as_slice()
    };
    let mut text = match syntax {
        Syntax::Rust => engine::rust(policies),
        Syntax::C => engine::c(policies),
        Syntax::NginxModule => engine::nginx_module(policies),
        Syntax::ApacheModule => engine::apache_module(policies),
        Syntax::Nginx => nginx::print(policies, &mut lost),
        Syntax::Apache => apache::print(policies, &mut lost),
        Syntax::Express => applications::express(policies, &mut lost),
        Syntax::TowerHttp => applications::tower_http(policies, &mut lost),
        Syntax::Spring => applications::spring(policies, &mut lost),
        Syntax::Envoy => gateways::envoy(policies, &mut lost),
        Syntax::GatewayApi => gateways::gateway_api(policies, &mut lost),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Printed { text, lost }
}

/// The name of a setting in a list of rules, such as `rules[1].allow_timing`.
fn setting(policies: &[PolicyConfig], rule: usize, name: &str) -> String {
    if policies.len() > 1 {
        format!("rules[{rule}].{name}")
    } else {
        name.into()
    }
}

/// The settings that a syntax without the engine may have.
#[derive(Clone, Copy, Default)]
struct Can {
    timing: bool,
    /// The success status and the refused status.
    statuses: bool,
    success_status: Option<u16>,
}

impl Can {
    /// A server whose configuration chooses the status and any field.
    const WITH_TIMING_AND_STATUSES: Self = Self {
        timing: true,
        statuses: true,
        success_status: None,
    };
}

/// Adds sentences about the settings that no syntax without the engine has.
fn lose_settings(policies: &[PolicyConfig], can: Can, lost: &mut Vec<String>) {
    for (rule, policy) in policies.iter().enumerate() {
        let mut lose = |name, sentence: &str| {
            lost.push(format!("{}: {sentence}", setting(policies, rule, name)));
        };
        if policy.allow_timing && !can.timing {
            lose("allow_timing", "responses have no Timing-Allow-Origin");
        }
        if policy.hide_lists_when_refused {
            lose("hide_lists_when_refused", "a refused preflight shows the lists");
        }
        if policy.answer_only_requested {
            lose(
                "answer_only_requested",
                "a preflight is answered with the whole lists, or with `*`",
            );
        }
        if policy.strict_request_headers {
            lose(
                "strict_request_headers",
                "the text does not check how the requested headers are written; it allows more",
            );
        }
        let status = success_status(policy);
        if !can.statuses
            && policy.success_status != PreflightSuccessStatus::default()
            && can.success_status != Some(status)
        {
            let instead = can.success_status.map_or_else(
                || "the server chooses the status".into(),
                |status| format!("it is {status}"),
            );
            lose("success_status", &instead);
        }
        if !can.statuses && policy.refused_status != PreflightRefusedStatus::default() {
            lose("refused_status", "the server chooses the status");
        }
    }
}

/// Returns the first rule, for syntaxes that have one policy only, and adds sentences about the
/// other rules and about what the syntax lacks. `status` is what it answers preflights with.
fn only<'a>(policies: &'a [PolicyConfig], status: Option<u16>, lost: &mut Vec<String>) -> &'a [PolicyConfig] {
    for (rule, policy) in policies.iter().enumerate().skip(1) {
        let origins: Vec<&str> = origins::entries(policy).take(3).collect();
        lost.push(format!(
            "rules[{rule}]: the syntax has one policy for each resource, so this rule for {}{} is not \
             printed",
            origins.join(", "),
            if origins::entries(policy).count() > 3 {
                " and more"
            } else {
                ""
            },
        ));
    }
    let can = Can {
        success_status: status,
        ..Can::default()
    };
    lose_settings(&policies[..1], can, lost);
    &policies[..1]
}

/// Returns the statuses of preflights that succeed and that are refused, for servers where all
/// rules have the same.
fn statuses(policies: &[PolicyConfig], lost: &mut Vec<String>) -> (u16, u16) {
    let status = success_status(&policies[0]);
    for (rule, policy) in policies.iter().enumerate() {
        if success_status(policy) != status {
            let setting = setting(policies, rule, "success_status");
            lost.push(format!("{setting}: it is {status}, as in the first rule"));
        }
    }
    (status, refused_status(&policies[0]))
}

fn success_status(policy: &PolicyConfig) -> u16 {
    match policy.success_status {
        PreflightSuccessStatus::Ok => 200,
        PreflightSuccessStatus::NoContent | PreflightSuccessStatus::NoContentBare => 204,
    }
}

fn refused_status(policy: &PolicyConfig) -> u16 {
    match policy.refused_status {
        PreflightRefusedStatus::Forbidden => 403,
        PreflightRefusedStatus::NoContent => 204,
        PreflightRefusedStatus::Ok => 200,
    }
}

/// Returns whether the policy allows all origins.
fn allows_everyone(policy: &PolicyConfig) -> bool {
    policy.allow_origins.iter().any(|entry| entry == "*")
}

/// Returns whether the policy allows no origin.
fn allows_nobody(policy: &PolicyConfig) -> bool {
    origins::entries(policy).next().is_none()
}

/// The names that a list allows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Names {
    /// These, and no others.
    Listed(Vec<String>),
    /// All. The list has the others that stand beside the `*`.
    All(Vec<String>),
}

fn names(list: &[String]) -> Names {
    let mut names: Vec<String> = Vec::new();
    for name in list {
        if name != "*" && !names.contains(name) {
            names.push(name.clone());
        }
    }
    if list.iter().any(|name| name == "*") {
        Names::All(names)
    } else {
        Names::Listed(names)
    }
}

/// Returns the methods, with those that need no permission first: browsers look for `POST` in the
/// list if a script watches the progress of an upload.
fn methods(policy: &PolicyConfig) -> Names {
    let listed = |others: Vec<String>| {
        let safelisted = ["GET", "HEAD", "POST"].map(String::from);
        let is_other = |name: &String| !safelisted.contains(name);
        let others: Vec<String> = others.into_iter().filter(is_other).collect();
        safelisted.iter().cloned().chain(others).collect()
    };
    match names(&policy.allow_methods) {
        Names::Listed(others) => Names::Listed(listed(others)),
        Names::All(others) => Names::All(listed(others)),
    }
}

/// Returns whether `authorization` is listed. `*` does not stand for it.
fn lists_authorization(policy: &PolicyConfig) -> bool {
    policy
        .allow_headers
        .iter()
        .any(|name| name.eq_ignore_ascii_case("authorization"))
}

/// The origins of a policy, as exact strings and anchored expressions.
#[derive(Default)]
struct Origins {
    exact: Vec<String>,
    expressions: Vec<String>,
}

/// Writes the origins of a policy that does not allow everyone, and adds sentences about those that
/// an expression cannot be written for.
fn split_origins(policies: &[PolicyConfig], rule: usize, lost: &mut Vec<String>) -> Origins {
    let mut split = Origins::default();
    for text in origins::entries(&policies[rule]) {
        let Some(entry) = Entry::parse(text) else {
            lost.push(format!(
                "{} {text:?}: it is not an origin",
                setting(policies, rule, "allow_origins")
            ));
            continue;
        };
        if let Some(exact) = entry.exact() {
            split.exact.extend(exact);
        } else if let Some(expressions) = regex::expressions(&entry) {
            split.expressions.extend(expressions);
        } else if entry != Entry::Everyone {
            lost.push(format!(
                "{} {text:?}: a network of IPv6 is not written as an expression, so its addresses are \
                 refused",
                setting(policies, rule, "allow_origins"),
            ));
        }
    }
    split.exact = unique(split.exact);
    split.expressions = unique(split.expressions);
    split
}

/// Returns the quoted entries, separated by commas.
fn joined(list: &[String], quote: impl Fn(&str) -> String) -> String {
    let quoted: Vec<String> = list.iter().map(|entry| quote(entry)).collect();
    quoted.join(", ")
}

/// Returns the strings in their order, each once.
pub(crate) fn unique(strings: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    strings
        .into_iter()
        .filter(|string| seen.insert(string.clone()))
        .collect()
}

/// The sentence about headers that are reflected, where `authorization` is not listed.
fn lose_authorization(policies: &[PolicyConfig], rule: usize, lost: &mut Vec<String>) {
    lost.push(format!(
        "{}: the server allows every header that is requested, also authorization, which `*` does not \
         stand for; it allows more",
        setting(policies, rule, "allow_headers"),
    ));
}
