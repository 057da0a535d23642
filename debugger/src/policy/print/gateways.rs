//! Prints policies for Envoy and the Gateway API.

use std::fmt::Write as _;

use embedded_cors::PolicyConfig;

use super::{
    Names, Origins, allows_everyone, lists_authorization, methods, names, only, setting, split_origins,
};
use crate::policy::origins::{self, Entry, Host, Ports};
use crate::policy::quote::yaml;

/// The most entries of each list of the Gateway API.
const MAX_ENTRIES: usize = 64;

pub(super) fn envoy(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    let one = only(policies, Some(200), lost);
    let policy = &one[0];
    let mut text = String::from(
        "# Under `typed_per_filter_config` of a route or a virtual host. The listener needs the filter\n\
         # envoy.filters.http.cors, before filters that authenticate.\n\
         envoy.filters.http.cors:\n  \
           \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n",
    );
    if allows_everyone(policy) {
        text.push_str("  allow_origin_string_match:\n    - exact: \"*\"\n");
    } else {
        let Origins { exact, expressions } = split_origins(one, 0, lost);
        if exact.is_empty() && expressions.is_empty() {
            text.push_str("  allow_origin_string_match: []\n");
        } else {
            text.push_str("  allow_origin_string_match:\n");
        }
        for origin in exact {
            let _ = writeln!(text, "    - exact: {}", yaml(&origin));
        }
        for expression in expressions {
            let _ = writeln!(text, "    - safe_regex:\n        regex: {}", yaml(&expression));
        }
    }
    let methods = match methods(policy) {
        Names::Listed(list) => list.join(","),
        Names::All(_) if !policy.allow_credentials => "*".into(),
        Names::All(others) => {
            lose_any(one, "allow_methods", lost);
            let common = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
            let others = others
                .iter()
                .map(String::as_str)
                .filter(|name| !common.contains(name));
            common.into_iter().chain(others).collect::<Vec<_>>().join(",")
        }
    };
    let _ = writeln!(text, "  allow_methods: {}", yaml(&methods));
    let headers = match names(&policy.allow_headers) {
        Names::Listed(list) => list.join(","),
        Names::All(others) if policy.allow_credentials => {
            lose_any(one, "allow_headers", lost);
            others.join(",")
        }
        Names::All(_) if lists_authorization(policy) => "*,authorization".into(),
        Names::All(_) => "*".into(),
    };
    if !headers.is_empty() {
        let _ = writeln!(text, "  allow_headers: {}", yaml(&headers));
    }
    if !policy.expose_headers.is_empty() {
        let _ = writeln!(
            text,
            "  expose_headers: {}",
            yaml(&policy.expose_headers.join(","))
        );
    }
    if let Some(seconds) = policy.max_age_seconds {
        let _ = writeln!(text, "  max_age: \"{seconds}\"");
    }
    if policy.allow_credentials {
        text.push_str("  allow_credentials: true\n");
    }
    text
}

/// The sentence about a `*` that the server would write as it is.
fn lose_any(one: &[PolicyConfig], name: &str, lost: &mut Vec<String>) {
    lost.push(format!(
        "{}: browsers take `*` for a name with credentials, so the text lists names, and others are \
         refused",
        setting(one, 0, name),
    ));
}

pub(super) fn gateway_api(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    let one = only(policies, None, lost);
    let policy = &one[0];
    let mut text = String::from(
        "# Under `filters` of a rule of an HTTPRoute, version 1.5 of the Gateway API or newer.\n\
         - type: CORS\n  cors:\n",
    );
    let mut list = |name: &str, mut entries: Vec<String>, lost: &mut Vec<String>| {
        if entries.len() > MAX_ENTRIES {
            let more = entries.len() - MAX_ENTRIES;
            lost.push(format!(
                "{name}: the Gateway API has {MAX_ENTRIES} entries at most, so {more} are left out"
            ));
            entries.truncate(MAX_ENTRIES);
        }
        if entries.is_empty() {
            return;
        }
        let _ = writeln!(text, "    {name}:");
        for entry in entries {
            let _ = writeln!(text, "      - {}", yaml(&entry));
        }
    };
    let allowed = if allows_everyone(policy) {
        vec!["*".into()]
    } else {
        gateway_origins(policy, lost)
    };
    if allowed.is_empty() {
        lost.push("allow_origins: a list without entries is not defined, so the filter is left out".into());
        return "# No origin is allowed: no filter.\n".into();
    }
    list("allowOrigins", super::unique(allowed), lost);
    let methods = match methods(policy) {
        Names::Listed(list) => list,
        Names::All(_) => vec!["*".into()],
    };
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "*"];
    let (methods, others): (Vec<String>, Vec<String>) = methods
        .into_iter()
        .partition(|name| known.contains(&name.as_str()));
    for name in others {
        lost.push(format!(
            "allow_methods {name:?}: the Gateway API has a list of methods without it"
        ));
    }
    list("allowMethods", methods, lost);
    let headers = match names(&policy.allow_headers) {
        Names::Listed(list) => list,
        Names::All(_) => {
            if policy.allow_credentials && !lists_authorization(policy) {
                super::lose_authorization(one, 0, lost);
            } else if lists_authorization(policy) && !policy.allow_credentials {
                lost.push(
                    "allow_headers: `*` stands alone in the Gateway API, and browsers that follow the \
                     standard do not take it for authorization"
                        .into(),
                );
            }
            vec!["*".into()]
        }
    };
    list("allowHeaders", headers, lost);
    list("exposeHeaders", policy.expose_headers.clone(), lost);
    if policy.allow_credentials {
        text.push_str("    allowCredentials: true\n");
    }
    match policy.max_age_seconds {
        Some(0) => lost.push(
            "max_age_seconds: the Gateway API has no 0; without it browsers keep the answer for 5 seconds"
                .into(),
        ),
        Some(seconds) => {
            let _ = writeln!(text, "    maxAge: {seconds}");
        }
        None => {}
    }
    text
}

/// Returns the origins that the Gateway API has a form for.
fn gateway_origins(policy: &PolicyConfig, lost: &mut Vec<String>) -> Vec<String> {
    let mut origins = Vec::new();
    for text in origins::entries(policy) {
        let mut lose = |why: &str| {
            lost.push(format!(
                "allow_origins {text:?}: the Gateway API has no {why}, so these origins are refused"
            ))
        };
        match Entry::parse(text) {
            None => lose("such origin"),
            Some(Entry::Everyone) => origins.push("*".into()),
            Some(Entry::Null) => lose("form for `null`"),
            Some(Entry::Product(product)) => match (product.host, product.ports) {
                (Host::One(""), _) => lose("origin without a host"),
                (Host::One(host), _) if host.starts_with('[') => lose("addresses of IPv6"),
                (Host::One(_), Ports::Default | Ports::One(_)) => {
                    origins.extend(Entry::Product(product).exact().unwrap_or_default());
                }
                (Host::Subdomains(domain), Ports::Default) => {
                    let each = product.per_scheme().into_iter();
                    origins.extend(each.map(|(scheme, _)| format!("{scheme}://*.{domain}")));
                }
                (Host::Subdomains(domain), Ports::One(port)) => {
                    let each = product.per_scheme().into_iter();
                    origins.extend(each.map(|(scheme, _)| format!("{scheme}://*.{domain}:{port}")));
                }
                (_, Ports::Any | Ports::Range(..)) => lose("patterns of ports"),
                (Host::Ipv4(..) | Host::Ipv6(_), _) => lose("networks"),
                (Host::InLabel(..) | Host::Every, _) => lose("`*` at this place"),
            },
        }
    }
    origins
}
