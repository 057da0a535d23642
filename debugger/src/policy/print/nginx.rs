//! Prints policies for nginx without the module.
//!
//! An `add_header` in an `if` cancels those outside, so no field stands in an `if`: `map`s compute
//! the values, and an empty value writes no field.

use std::collections::HashSet;
use std::fmt::Write as _;

use embedded_cors::{OriginPattern, PolicyConfig};

use super::{
    Can, Names, allows_everyone, allows_nobody, lists_authorization, lose_settings, methods, names,
    split_origins, statuses,
};
use crate::policy::quote::{nginx_quoted, nginx_regex, nginx_value};
use crate::policy::regex;

/// The longest string that is looked up in a hash table of the default size.
const MAX_KEY: usize = 40;

pub(super) fn print(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    lose_settings(policies, Can::WITH_TIMING_AND_STATUSES, lost);
    let mut maps = Maps::default();
    maps.rule_of_origin(policies, lost);
    maps.fields(policies);
    let (status, refused) = statuses(policies, lost);
    let mut text = maps.finish();
    text.push_str("\nserver {\n    # Beside what your server block has. A block inside that has an add_header needs\n    # all of these add_headers again.\n");
    if refused != status && !allows_everyone(&policies[0]) {
        let _ = writeln!(
            text,
            "    if ($cors_refused) {{\n        return {refused};\n    }}"
        );
    }
    let _ = writeln!(
        text,
        "    if ($cors_preflight) {{\n        return {status};\n    }}"
    );
    for (name, value) in &maps.headers {
        let _ = writeln!(text, "    add_header {name} {value} always;");
    }
    for (name, _) in &maps.headers {
        if *name != "Vary" {
            // A browser refuses two fields, so those of an upstream have to go.
            let _ = writeln!(text, "    proxy_hide_header {name};");
        }
    }
    text.push_str("}\n");
    text
}

#[derive(Default)]
struct Maps {
    text: String,
    headers: Vec<(&'static str, String)>,
}

impl Maps {
    fn map(&mut self, source: &str, variable: &str, lines: &[(String, String)]) {
        let _ = writeln!(self.text, "map {source} ${variable} {{");
        for (key, value) in lines {
            let _ = writeln!(self.text, "    {key} {value};");
        }
        self.text.push_str("}\n");
    }

    /// The number of the rule that admits the origin, from 1; empty if there is none.
    fn rule_of_origin(&mut self, policies: &[PolicyConfig], lost: &mut Vec<String>) {
        let mut lines = Vec::new();
        let mut default = None;
        // nginx looks for a string before it tries the expressions, and compares strings without
        // regard to case. So a string belongs to the first rule that admits it.
        let mut seen = HashSet::new();
        for (rule, policy) in policies.iter().enumerate() {
            let number = (rule + 1).to_string();
            if allows_everyone(policy) {
                default = Some(number);
                break;
            }
            let origins = split_origins(policies, rule, lost);
            for origin in origins.exact {
                if admitted_by_pattern(&origin, &policies[..rule]) {
                    continue;
                }
                let has_upper_case = origin.bytes().any(|byte| byte.is_ascii_uppercase());
                if has_upper_case || origin.len() > MAX_KEY || origin.starts_with('~') {
                    let expression = format!("^{}$", regex::escape(&origin));
                    lines.push((nginx_regex(&expression), number.clone()));
                } else if seen.insert(origin.clone()) {
                    lines.push((nginx_quoted(&origin), number.clone()));
                }
            }
            for expression in origins.expressions {
                lines.push((nginx_regex(&expression), number.clone()));
            }
        }
        let mut head = Vec::new();
        match default {
            // `*` alone admits a request without an origin, so that caches keep one answer.
            Some(number) if policies.len() == 1 => head.push(("default".into(), number)),
            Some(number) => {
                head.push(("default".into(), number));
                head.push(("\"\"".into(), "\"\"".into()));
            }
            None => head.push(("default".into(), "\"\"".into())),
        }
        head.append(&mut lines);
        self.text
            .push_str("# In the block `http`: the rule that admits the origin.\n");
        self.map("$http_origin", "cors_rule", &head);
    }

    fn fields(&mut self, policies: &[PolicyConfig]) {
        let is_for_everyone = policies.len() == 1 && allows_everyone(&policies[0]);
        let is_nobody = policies.iter().all(allows_nobody);
        self.text
            .push_str("# Whether this is a preflight, and whether it is refused.\n");
        self.map(
            "\"$request_method:$http_access_control_request_method:$http_origin\"",
            "cors_preflight",
            &[
                ("default".into(), "\"\"".into()),
                ("\"~^OPTIONS:[^:]+:.\"".into(), "1".into()),
            ],
        );
        if !is_for_everyone {
            self.map(
                "$cors_rule",
                "cors_refused",
                &[
                    ("default".into(), "\"\"".into()),
                    ("\"\"".into(), "$cors_preflight".into()),
                ],
            );
        }
        self.text
            .push_str("# The values of the fields. An empty value writes no field.\n");
        let value = |value: &str| nginx_value(value);
        self.field(
            policies,
            "Access-Control-Allow-Origin",
            "cors_allow_origin",
            "",
            |_, policy| {
                let origin = if allows_everyone(policy) {
                    "\"*\""
                } else {
                    "$http_origin"
                };
                Some(origin.into())
            },
        );
        self.field(
            policies,
            "Access-Control-Allow-Credentials",
            "cors_allow_credentials",
            "",
            |_, policy| policy.allow_credentials.then(|| "true".into()),
        );
        self.field(
            policies,
            "Access-Control-Allow-Methods",
            "cors_allow_methods",
            "1:",
            |_, policy| {
                Some(match methods(policy) {
                    Names::Listed(list) => value(&list.join(", ")),
                    Names::All(_) if !policy.allow_credentials => value("*"),
                    Names::All(_) => "$http_access_control_request_method".into(),
                })
            },
        );
        self.requested_headers(policies);
        self.field(
            policies,
            "Access-Control-Allow-Headers",
            "cors_allow_headers",
            "1:",
            |_, policy| match names(&policy.allow_headers) {
                Names::Listed(list) if list.is_empty() => None,
                Names::Listed(list) => Some(value(&list.join(", "))),
                Names::All(_) if policy.allow_credentials && lists_authorization(policy) => {
                    Some("$http_access_control_request_headers".into())
                }
                Names::All(_) if policy.allow_credentials => Some("$cors_requested_headers".into()),
                Names::All(_) if lists_authorization(policy) => Some(value("*, authorization")),
                Names::All(_) => Some("$cors_any_header".into()),
            },
        );
        self.field(
            policies,
            "Access-Control-Max-Age",
            "cors_max_age",
            "1:",
            |_, policy| policy.max_age_seconds.map(|seconds| seconds.to_string()),
        );
        self.field(
            policies,
            "Access-Control-Expose-Headers",
            "cors_expose_headers",
            ":",
            |_, policy| {
                let list = &policy.expose_headers;
                (!list.is_empty()).then(|| value(&list.join(", ")))
            },
        );
        self.timing(policies);
        if is_nobody {
            return;
        }
        let origin = if is_for_everyone { "" } else { "Origin" };
        let requested = "Access-Control-Request-Method, Access-Control-Request-Headers";
        let options = if is_for_everyone {
            requested.into()
        } else {
            format!("{origin}, {requested}")
        };
        self.map(
            "$request_method",
            "cors_vary",
            &[
                ("default".into(), nginx_quoted(origin)),
                ("OPTIONS".into(), nginx_quoted(&options)),
            ],
        );
        self.headers.push(("Vary", "$cors_vary".into()));
    }

    /// The requested headers for which a `*` stands: all but `authorization`.
    fn requested_headers(&mut self, policies: &[PolicyConfig]) {
        let all = policies.iter().filter(|policy| {
            matches!(names(&policy.allow_headers), Names::All(_)) && !lists_authorization(policy)
        });
        let authorization = "\"~*(^|,) *authorization *(,|$)\"";
        let mut with_credentials: Vec<bool> = all.map(|policy| policy.allow_credentials).collect();
        with_credentials.sort_unstable();
        with_credentials.dedup();
        for with_credentials in with_credentials {
            let (variable, value) = if with_credentials {
                ("cors_requested_headers", "$http_access_control_request_headers")
            } else {
                ("cors_any_header", "\"*\"")
            };
            self.map(
                "$http_access_control_request_headers",
                variable,
                &[
                    ("default".into(), value.into()),
                    (authorization.into(), "\"\"".into()),
                ],
            );
        }
    }

    /// Adds a field whose value depends on the rule. `before` is what precedes the number of the
    /// rule in the key: `1:` for preflights, `:` for other requests, nothing for both.
    fn field(
        &mut self,
        policies: &[PolicyConfig],
        name: &'static str,
        variable: &str,
        before: &str,
        value: impl Fn(usize, &PolicyConfig) -> Option<String>,
    ) {
        let mut lines = vec![("default".to_owned(), "\"\"".to_owned())];
        for (rule, policy) in policies.iter().enumerate() {
            if !allows_nobody(policy)
                && let Some(value) = value(rule, policy)
            {
                lines.push((format!("\"{before}{}\"", rule + 1), value));
            }
        }
        if lines.len() == 1 {
            return;
        }
        let source = if before.is_empty() {
            "$cors_rule"
        } else {
            "\"$cors_preflight:$cors_rule\""
        };
        self.map(source, variable, &lines);
        self.headers.push((name, format!("${variable}")));
    }

    /// `Timing-Allow-Origin`, which a policy of exact origins sends without an `Origin` too.
    fn timing(&mut self, policies: &[PolicyConfig]) {
        if let [policy] = policies
            && policy.allow_timing
            && !allows_everyone(policy)
            && !policy.allow_loopback
            && policy
                .allow_origins
                .iter()
                .all(|entry| !entry.contains('*') && !is_pattern(entry))
        {
            let list = nginx_value(&policy.allow_origins.join(", "));
            self.map(
                "$cors_preflight",
                "cors_timing",
                &[("default".into(), "\"\"".into()), ("\"\"".into(), list)],
            );
            self.headers.push(("Timing-Allow-Origin", "$cors_timing".into()));
            return;
        }
        self.field(
            policies,
            "Timing-Allow-Origin",
            "cors_timing",
            ":",
            |_, policy| {
                let everyone = allows_everyone(policy);
                policy.allow_timing.then(|| {
                    if everyone {
                        "\"*\"".into()
                    } else {
                        "$http_origin".into()
                    }
                })
            },
        );
    }

    /// Returns the maps, with what their values need.
    fn finish(&self) -> String {
        if self.text.contains("${cors_dollar}") {
            let dollar = "# nginx has no escape for a dollar sign in a value.\n\
                          geo $cors_dollar {\n    default \"$\";\n}\n";
            return format!("{dollar}{}", self.text);
        }
        self.text.clone()
    }
}

fn is_pattern(entry: &str) -> bool {
    crate::policy::origins::Entry::parse(entry).is_none_or(|entry| entry.exact().is_none())
}

/// Returns whether a rule admits the origin.
fn admitted_by_pattern(origin: &str, earlier: &[PolicyConfig]) -> bool {
    let Ok(origin) = OriginPattern::parse(origin) else {
        return false;
    };
    earlier
        .iter()
        .flat_map(crate::policy::origins::entries)
        .filter_map(|entry| OriginPattern::parse(entry).ok())
        .any(|entry| entry.contains(&origin))
}
