//! Prints policies for Express, tower-http and Spring.

use std::fmt::Write as _;

use embedded_cors::PolicyConfig;

use super::{
    Can, Names, Origins, allows_everyone, joined, lists_authorization, lose_authorization, lose_settings,
    methods, names, only, setting, split_origins, success_status,
};
use crate::policy::origins::{self, Entry, Host, Ports, default_port};
use crate::policy::quote;

/// The methods that pages use, for servers that cannot answer with the requested one.
const COMMON_METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

fn lose_methods(policies: &[PolicyConfig], rule: usize, lost: &mut Vec<String>) {
    lost.push(format!(
        "{}: browsers take `*` for a name with credentials, so the text lists {}",
        setting(policies, rule, "allow_methods"),
        COMMON_METHODS.join(", "),
    ));
}

/// Returns the methods, where `*` has no meaning with credentials.
fn listed_methods(policies: &[PolicyConfig], rule: usize, lost: &mut Vec<String>) -> Vec<String> {
    let policy = &policies[rule];
    match methods(policy) {
        Names::Listed(list) => list,
        Names::All(_) if !policy.allow_credentials => vec!["*".into()],
        Names::All(others) => {
            lose_methods(policies, rule, lost);
            let others = others
                .into_iter()
                .filter(|name| !COMMON_METHODS.contains(&name.as_str()));
            COMMON_METHODS
                .into_iter()
                .map(String::from)
                .chain(others)
                .collect()
        }
    }
}

pub(super) fn express(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    lose_settings(
        policies,
        Can {
            success_status: None,
            ..Can::default()
        },
        lost,
    );
    // Express has the status as an option, so what was said about it does not hold.
    lost.retain(|sentence| !sentence.contains("success_status"));
    let mut text = String::from(
        "const cors = require('cors');\n\n\
         // Before every other middleware and route: what answers before it has no CORS fields.\n",
    );
    if let [_] = policies {
        let options = express_options(policies, 0, "  ", lost);
        let _ = writeln!(text, "app.use(cors({options}));");
        return text;
    }
    text.push_str("const rules = [\n");
    for rule in 0..policies.len() {
        let _ = writeln!(text, "  {},", express_options(policies, rule, "    ", lost));
    }
    text.push_str(
        "];\n\n\
         app.use((req, res, next) => {\n  res.vary('Origin');\n  next();\n});\n\
         // The first rule that admits the origin decides.\n\
         app.use(cors((req, callback) => {\n  \
           const origin = req.headers.origin;\n  \
           const admits = (entry) =>\n    \
             entry === '*' || (entry instanceof RegExp ? entry.test(origin) : entry === origin);\n  \
           const rule = rules.find((rule) => origin !== undefined && [rule.origin].flat().some(admits));\n  \
           callback(null, rule ?? { origin: false });\n\
         }));\n",
    );
    text
}

/// Writes the options of a call of `cors`.
fn express_options(policies: &[PolicyConfig], rule: usize, indent: &str, lost: &mut Vec<String>) -> String {
    let policy = &policies[rule];
    let mut lines = Vec::new();
    if allows_everyone(policy) {
        lines.push("origin: '*'".into());
    } else {
        let Origins { exact, expressions } = split_origins(policies, rule, lost);
        let exact = exact.iter().map(|origin| quote::javascript(origin));
        let expressions = expressions
            .iter()
            .map(|expression| quote::javascript_regex(expression));
        let list: Vec<String> = exact.chain(expressions).collect();
        if list.is_empty() {
            // Without this the package allows everyone.
            return "{ origin: false }".into();
        }
        let separator = format!(",\n{indent}  ");
        lines.push(format!(
            "origin: [\n{indent}  {},\n{indent}]",
            list.join(&separator)
        ));
    }
    let methods = listed_methods(policies, rule, lost);
    lines.push(format!("methods: [{}]", joined(&methods, quote::javascript)));
    match names(&policy.allow_headers) {
        // An empty list allows none; without the option the package allows what is requested.
        Names::Listed(list) => lines.push(format!("allowedHeaders: [{}]", joined(&list, quote::javascript))),
        Names::All(_) if policy.allow_credentials => {
            if !lists_authorization(policy) {
                lose_authorization(policies, rule, lost);
            }
        }
        Names::All(_) if lists_authorization(policy) => {
            lines.push("allowedHeaders: ['*', 'authorization']".into());
        }
        Names::All(_) => lines.push("allowedHeaders: ['*']".into()),
    }
    if !policy.expose_headers.is_empty() {
        lines.push(format!(
            "exposedHeaders: [{}]",
            joined(&policy.expose_headers, quote::javascript)
        ));
    }
    if policy.allow_credentials {
        lines.push("credentials: true".into());
    }
    if let Some(seconds) = policy.max_age_seconds {
        lines.push(format!("maxAge: {seconds}"));
    }
    let status = success_status(policy);
    if status != 204 {
        lines.push(format!("optionsSuccessStatus: {status}"));
    }
    let outer = &indent[..indent.len() - 2];
    format!("{{\n{indent}{},\n{outer}}}", lines.join(&format!(",\n{indent}")))
}

pub(super) fn tower_http(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    let one = only(policies, Some(200), lost);
    let policy = &one[0];
    let mut text = String::new();
    let (origin, before) = tower_origin(one, lost);
    text.push_str(&before);
    text.push_str(
        "/// Add the layer last: what answers outside of it has no CORS fields.\n\
         pub fn cors() -> CorsLayer {\n    CorsLayer::new()\n",
    );
    let _ = writeln!(text, "        .allow_origin({origin})");
    let methods = match methods(policy) {
        Names::Listed(list) => {
            let method = |name: &str| format!("Method::from_bytes(b{}).unwrap()", quote::rust(name));
            format!("AllowMethods::list([{}])", joined(&list, method))
        }
        Names::All(_) if policy.allow_credentials => "AllowMethods::mirror_request()".into(),
        Names::All(_) => "AllowMethods::any()".into(),
    };
    let _ = writeln!(text, "        .allow_methods({methods})");
    let header = |name: &str| {
        format!(
            "HeaderName::from_static({})",
            quote::rust(&name.to_ascii_lowercase())
        )
    };
    match names(&policy.allow_headers) {
        Names::Listed(list) if list.is_empty() => {}
        Names::Listed(list) => {
            let _ = writeln!(
                text,
                "        .allow_headers(AllowHeaders::list([{}]))",
                joined(&list, header)
            );
        }
        Names::All(_) if policy.allow_credentials => {
            if !lists_authorization(policy) {
                lose_authorization(one, 0, lost);
            }
            text.push_str("        .allow_headers(AllowHeaders::mirror_request())\n");
        }
        Names::All(_) if lists_authorization(policy) => {
            let _ = writeln!(
                text,
                "        .allow_headers(AllowHeaders::list([HeaderName::from_static(\"*\"), {}]))",
                header("authorization"),
            );
        }
        Names::All(_) => text.push_str("        .allow_headers(AllowHeaders::any())\n"),
    }
    match names(&policy.expose_headers) {
        Names::Listed(list) if list.is_empty() => {}
        Names::Listed(list) => {
            let _ = writeln!(
                text,
                "        .expose_headers(ExposeHeaders::list([{}]))",
                joined(&list, header)
            );
        }
        Names::All(_) => text.push_str("        .expose_headers(ExposeHeaders::any())\n"),
    }
    if policy.allow_credentials {
        text.push_str("        .allow_credentials(true)\n");
    }
    if let Some(seconds) = policy.max_age_seconds {
        let _ = writeln!(
            text,
            "        .max_age(std::time::Duration::from_secs({seconds}))"
        );
    }
    text.push_str("}\n");
    tower_imports(&text) + &text
}

/// Returns the imports of the names that the text has.
fn tower_imports(text: &str) -> String {
    let mut imports = String::new();
    for (path, names) in [
        ("http", ["HeaderName", "HeaderValue", "Method"].as_slice()),
        (
            "tower_http::cors",
            &[
                "AllowHeaders",
                "AllowMethods",
                "AllowOrigin",
                "CorsLayer",
                "ExposeHeaders",
            ],
        ),
    ] {
        let is_used = |name: &&str| {
            let mut places = text.match_indices(*name);
            places.any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric()))
        };
        let used: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| is_used(name) && (*name != "Method" || text.contains("Method::from_bytes")))
            .collect();
        match used.as_slice() {
            [] => {}
            [name] => {
                let _ = writeln!(imports, "use {path}::{name};");
            }
            names => {
                let _ = writeln!(imports, "use {path}::{{{}}};", names.join(", "));
            }
        }
    }
    imports + "\n"
}

/// Returns the expression for the origins, and the items that it needs.
fn tower_origin(one: &[PolicyConfig], lost: &mut Vec<String>) -> (String, String) {
    if allows_everyone(&one[0]) {
        return ("AllowOrigin::any()".into(), String::new());
    }
    let Origins { exact, expressions } = split_origins(one, 0, lost);
    if expressions.is_empty() {
        let value =
            |origin: &str| format!("            HeaderValue::from_static({}),\n", quote::rust(origin));
        let list: String = exact.iter().map(|origin| value(origin)).collect();
        // The type of an empty list is not known to the compiler.
        let list = if list.is_empty() {
            "<[HeaderValue; 0]>::default()".into()
        } else {
            format!("[\n{list}        ]")
        };
        return (format!("AllowOrigin::list({list})"), String::new());
    }
    let exact = exact
        .iter()
        .map(|origin| format!("^{}$", crate::policy::regex::escape(origin)));
    let lines: String = exact
        .chain(expressions)
        .map(|expression| format!("        r#\"{}\"#,\n", expression.replace("\\\"", "\\x22")))
        .collect();
    let before = format!(
        "/// The origins that are allowed; with the crate `regex`. Each expression is anchored.\n\
         static ORIGINS: std::sync::LazyLock<regex::bytes::RegexSet> = std::sync::LazyLock::new(|| {{\n    \
         regex::bytes::RegexSet::new([\n{lines}    ])\n    .unwrap()\n}});\n\n",
    );
    let origin = "AllowOrigin::predicate(|origin: &HeaderValue, _| ORIGINS.is_match(origin.as_bytes()))";
    (origin.into(), before)
}

pub(super) fn spring(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    let one = only(policies, Some(200), lost);
    let policy = &one[0];
    let mut calls = Vec::new();
    let (mut exact, mut patterns) = (Vec::new(), Vec::new());
    if allows_everyone(policy) {
        exact.push("*".to_owned());
    } else {
        for text in origins::entries(policy) {
            spring_origin(text, &mut exact, &mut patterns, lost);
        }
    }
    let list = |list: &[String]| format!("List.of({})", joined(list, quote::java));
    if !exact.is_empty() {
        calls.push(format!("setAllowedOrigins({})", list(&super::unique(exact))));
    }
    if !patterns.is_empty() {
        calls.push(format!(
            "setAllowedOriginPatterns({})",
            list(&super::unique(patterns))
        ));
    }
    let methods = match methods(policy) {
        Names::Listed(list) => list,
        // Spring answers with the method that is requested.
        Names::All(_) => vec!["*".into()],
    };
    calls.push(format!("setAllowedMethods({})", list(&methods)));
    match names(&policy.allow_headers) {
        Names::Listed(names) if names.is_empty() => {}
        Names::Listed(names) => calls.push(format!("setAllowedHeaders({})", list(&names))),
        Names::All(_) => {
            if !lists_authorization(policy) {
                lose_authorization(one, 0, lost);
            }
            calls.push("setAllowedHeaders(List.of(\"*\"))".into());
        }
    }
    if !policy.expose_headers.is_empty() {
        calls.push(format!("setExposedHeaders({})", list(&policy.expose_headers)));
    }
    if policy.allow_credentials {
        calls.push("setAllowCredentials(true)".into());
    }
    if let Some(seconds) = policy.max_age_seconds {
        calls.push(format!("setMaxAge({seconds}L)"));
    }
    let calls: String = calls
        .iter()
        .map(|call| format!("        cors.{call};\n"))
        .collect();
    format!(
        "import java.util.List;\n\
         import org.springframework.boot.web.servlet.FilterRegistrationBean;\n\
         import org.springframework.context.annotation.Bean;\n\
         import org.springframework.context.annotation.Configuration;\n\
         import org.springframework.core.Ordered;\n\
         import org.springframework.web.cors.CorsConfiguration;\n\
         import org.springframework.web.cors.UrlBasedCorsConfigurationSource;\n\
         import org.springframework.web.filter.CorsFilter;\n\n\
         @Configuration\n\
         public class CorsSettings {{\n    \
             // The filter comes before Spring Security, which would refuse preflights.\n    \
             @Bean\n    \
             FilterRegistrationBean<CorsFilter> corsFilter() {{\n        \
                 CorsConfiguration cors = new CorsConfiguration();\n{calls}        \
                 UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();\n        \
                 source.registerCorsConfiguration(\"/**\", cors);\n        \
                 FilterRegistrationBean<CorsFilter> filter = new FilterRegistrationBean<>(new CorsFilter(source));\n        \
                 filter.setOrder(Ordered.HIGHEST_PRECEDENCE);\n        \
                 return filter;\n    \
             }}\n\
         }}\n",
    )
}

/// Adds an entry to Spring's two lists. A `*` of Spring's patterns stands for any bytes.
fn spring_origin(text: &str, exact: &mut Vec<String>, patterns: &mut Vec<String>, lost: &mut Vec<String>) {
    let mut lose = |why: &str| {
        lost.push(format!(
            "allow_origins {text:?}: {why}, so these origins are refused"
        ))
    };
    let Some(entry) = Entry::parse(text) else {
        return lose("it is not an origin");
    };
    if let Some(origins) = entry.exact() {
        return exact.extend(origins);
    }
    let Entry::Product(product) = entry else {
        return;
    };
    let host = match product.host {
        Host::One(host) => host.to_owned(),
        Host::Subdomains(domain) => format!("*.{domain}"),
        Host::Every => "*".into(),
        Host::InLabel(..) => return lose("a `*` of Spring's patterns would stand for dots too"),
        Host::Ipv4(..) | Host::Ipv6(_) => return lose("Spring's patterns have no networks"),
    };
    for (scheme, product) in product.per_scheme() {
        let origin = format!("{scheme}://{host}");
        match product.ports {
            // Without a list of ports, `*` for the host would stand for ports too.
            Ports::Default if product.host == Host::Every => {
                return lose("a `*` of Spring's patterns would stand for ports too");
            }
            Ports::Default => patterns.push(origin),
            Ports::One(port) if default_port(scheme) == Some(port) => patterns.push(origin),
            Ports::One(port) => patterns.push(format!("{origin}:{port}")),
            Ports::Any => patterns.push(format!("{origin}:[*]")),
            Ports::Range(low, high) if high - low >= 100 => return lose("the range of ports is long"),
            Ports::Range(low, high) => {
                let ports: Vec<String> = (low..=high).map(|port| port.to_string()).collect();
                patterns.push(format!("{origin}:[{}]", ports.join(",")));
                if default_port(scheme).is_some_and(|port| (low..=high).contains(&port)) {
                    patterns.push(origin);
                }
            }
        }
    }
}
