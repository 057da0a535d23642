//! The values of nginx's variables, and texts with variables in them.

use std::collections::HashMap;

use super::course::Course;
use crate::servers::expression::Groups;
use crate::servers::response::Value;

/// A text that is known or not.
pub type Text = Value<String>;

fn known(text: impl Into<String>) -> Text {
    Value::Known(text.into())
}

/// The entries of a `map` by what they compare, so that a map of many thousand lines is looked up
/// as fast as a short one.
pub(super) struct MapIndex {
    /// The first entry with each string, in lower case.
    exact: HashMap<String, usize>,
    expressions: Vec<usize>,
    default: Option<usize>,
    has_hostnames: bool,
    has_include: bool,
    is_volatile: bool,
}

impl MapIndex {
    pub(super) fn new(map: &super::parse::Directive) -> Self {
        let entries = map.children();
        let has = |name: &str| entries.iter().any(|entry| entry.name.text == name);
        let has_hostnames = entries
            .iter()
            .any(|entry| entry.name.text == "hostnames" && entry.args.is_empty());
        let mut index = Self {
            exact: HashMap::new(),
            expressions: Vec::new(),
            default: entries.iter().position(|entry| entry.name.text == "default"),
            has_hostnames,
            has_include: has("include"),
            is_volatile: has("volatile"),
        };
        for (place, entry) in entries.iter().enumerate() {
            let name = entry.name.text.as_str();
            if name.starts_with('~') {
                index.expressions.push(place);
            }
            let is_special = entry.args.is_empty() && matches!(name, "hostnames" | "volatile")
                || matches!(name, "default" | "include")
                || name.starts_with('~');
            let name = name.strip_prefix('\\').unwrap_or(name);
            if is_special || has_hostnames && (name.starts_with("*.") || name.ends_with(".*")) {
                continue;
            }
            let name = if has_hostnames {
                name.strip_prefix('.').unwrap_or(name)
            } else {
                name
            };
            index.exact.entry(name.to_ascii_lowercase()).or_insert(place);
        }
        index
    }
}

impl Course<'_> {
    /// Replaces the variables in a text by their values.
    pub(super) fn expand(&mut self, text: &str) -> Text {
        let mut out = String::new();
        let mut unknown = None;
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let after = &after[1..];
            let (name, tail) = match after.strip_prefix('{') {
                Some(inside) => match inside.split_once('}') {
                    Some((name, tail)) => (name, tail),
                    None => (inside, ""),
                },
                None => {
                    let is_digit = after.starts_with(|c: char| c.is_ascii_digit());
                    let end = if is_digit {
                        1
                    } else {
                        after
                            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                            .unwrap_or(after.len())
                    };
                    after.split_at(end)
                }
            };
            rest = tail;
            if name.is_empty() {
                out.push('$');
                continue;
            }
            match self.variable(name) {
                Value::Known(value) => out.push_str(&value),
                Value::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        out.push_str(rest);
        match unknown {
            Some(reason) => Value::Unknown(reason),
            None => Value::Known(out),
        }
    }

    /// Keeps the groups of a match, for `$1` and for names.
    pub(super) fn capture(&mut self, groups: Groups) {
        for (name, value) in &groups.named {
            self.variables
                .insert(name.clone(), known(value.clone().unwrap_or_default()));
        }
        self.captures = groups.numbered;
    }

    /// Returns the value of a variable.
    pub(super) fn variable(&mut self, name: &str) -> Text {
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            let group = name
                .parse::<usize>()
                .ok()
                .and_then(|index| self.captures.get(index));
            return known(group.cloned().flatten().unwrap_or_default());
        }
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        if let Some(map) = self.nginx.maps.get(name) {
            if self.depth > 8 {
                return Value::Unknown(format!("the map of ${name} leads to itself"));
            }
            self.depth += 1;
            let value = self.mapped(map);
            self.depth -= 1;
            if !self.nginx.map_index(map).is_volatile {
                self.variables.insert(name.into(), value.clone());
            }
            return value;
        }
        if let Some(reason) = self.nginx.opaque.get(name) {
            return Value::Unknown(reason.clone());
        }
        // A name of these kinds keeps its value until a `set` of it is run.
        let has_value = [
            "http_",
            "sent_http_",
            "upstream_http_",
            "upstream_cookie_",
            "cookie_",
            "arg_",
        ]
        .iter()
        .any(|kind| name.starts_with(kind));
        if !has_value && self.nginx.settable.contains(name) {
            return known("");
        }
        if name == "invalid_referer" {
            return self.invalid_referer();
        }
        self.builtin(name)
    }

    /// Returns `$invalid_referer`: 1, or empty if `valid_referers` has the value of Referer.
    fn invalid_referer(&self) -> Text {
        let nginx = self.nginx;
        let lists = nginx.blocks.inherited(self.block, "valid_referers");
        let words: Vec<&str> = lists
            .iter()
            .flat_map(|list| &list.args)
            .map(|word| word.text.as_str())
            .collect();
        let Some(referer) = self.request.field("referer").filter(|text| !text.is_empty()) else {
            let is_valid = words.is_empty() || words.contains(&"none");
            return known(if is_valid { "" } else { "1" });
        };
        let lower = referer.to_ascii_lowercase();
        let Some(rest) = ["http://", "https://"]
            .iter()
            .find_map(|scheme| lower.strip_prefix(scheme))
        else {
            let is_valid = words.is_empty() || words.contains(&"blocked");
            return known(if is_valid { "" } else { "1" });
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.split(':').next().unwrap_or(host);
        let names = words
            .iter()
            .filter(|word| !matches!(**word, "none" | "blocked" | "server_names"));
        let servers = nginx.blocks.own(self.server, "server_name");
        let servers: Vec<&str> = servers
            .flat_map(|line| &line.args)
            .map(|word| word.text.as_str())
            .filter(|_| words.contains(&"server_names"))
            .collect();
        for name in names.chain(&servers) {
            if let Some(pattern) = name.strip_prefix('~') {
                let found = nginx
                    .expression(pattern, true)
                    .and_then(|expression| expression.find(rest).map(|found| found.is_some()));
                match found {
                    Ok(true) => return known(""),
                    Ok(false) => {}
                    Err(reason) => return Value::Unknown(reason.to_string()),
                }
                continue;
            }
            let name = name.to_ascii_lowercase();
            let (name, start) = name.split_at(name.find('/').unwrap_or(name.len()));
            let matches = if let Some(end) = name.strip_prefix('*') {
                host.ends_with(end) && host.len() > end.len()
            } else if let Some(begin) = name.strip_suffix('*') {
                host.starts_with(begin)
            } else if let Some(domain) = name.strip_prefix('.') {
                host == domain || host.ends_with(name)
            } else {
                host == name
            };
            if matches && path.starts_with(start) {
                return known("");
            }
        }
        known(if words.is_empty() { "" } else { "1" })
    }

    fn builtin(&mut self, name: &str) -> Text {
        let request = self.request;
        if let Some(header) = name.strip_prefix("http_") {
            let header = header.replace('_', "-");
            // Cookies and a few other fields are joined; of other fields the first counts.
            return known(request.field(&header).unwrap_or(""));
        }
        if let Some(parameter) = name.strip_prefix("arg_") {
            let value = self.args.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                key.eq_ignore_ascii_case(parameter).then(|| value.to_string())
            });
            return known(value.unwrap_or_default());
        }
        if let Some(cookie) = name.strip_prefix("cookie_") {
            let value = request
                .fields
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
                .flat_map(|(_, value)| value.split(';'))
                .find_map(|pair| {
                    let (key, value) = pair.trim().split_once('=')?;
                    key.eq_ignore_ascii_case(cookie).then(|| value.to_string())
                });
            return known(value.unwrap_or_default());
        }
        if let Some(header) = name.strip_prefix("upstream_http_") {
            let header = header.replace('_', "-");
            return known(if self.is_upstream {
                self.upstream.values(&header).next().unwrap_or("")
            } else {
                ""
            });
        }
        let host = self.host();
        known(match name {
            "request_method" => self.asked_method.clone().unwrap_or_else(|| self.method.clone()),
            "host" => host,
            "hostname" => return Value::Unknown("$hostname is the name of the machine".into()),
            "scheme" => request.scheme.clone(),
            "https" => if request.scheme == "https" { "on" } else { "" }.into(),
            "uri" | "document_uri" => self.uri.clone(),
            "request_uri" => request.target.clone(),
            "args" | "query_string" => self.args.clone(),
            "is_args" => if self.args.is_empty() { "" } else { "?" }.into(),
            "server_name" => self.nginx.first_name(self.server),
            "server_port" | "proxy_port" => match request.port {
                Some(port) => port.to_string(),
                None => self.nginx.first_port(self.server).to_string(),
            },
            "remote_addr" | "realip_remote_addr" => request.remote.clone(),
            "server_protocol" => request.version.clone(),
            "request" => format!("{} {} {}", request.method, request.target, request.version),
            "content_type" => request.field("content-type").unwrap_or("").into(),
            "content_length" => request.field("content-length").unwrap_or("").into(),
            "remote_user" => String::new(),
            "upstream_status" if self.is_upstream => self.upstream.status.to_string(),
            "upstream_status" | "upstream_cache_status" | "http2" | "http3" => String::new(),
            "nginx_version"
            | "pid"
            | "msec"
            | "time_local"
            | "time_iso8601"
            | "request_id"
            | "connection"
            | "connection_requests"
            | "request_time"
            | "request_length"
            | "bytes_sent"
            | "body_bytes_sent"
            | "remote_port"
            | "server_addr"
            | "document_root"
            | "realpath_root"
            | "request_filename"
            | "request_body"
            | "status"
            | "request_completion"
            | "binary_remote_addr" => {
                return Value::Unknown(format!("the value of ${name} is not simulated"));
            }
            _ => {
                return Value::Unknown(
                    if name.starts_with("ssl_") || name.starts_with("geoip") || name.starts_with("sent_") {
                        format!("the value of ${name} is not simulated")
                    } else {
                        format!("the variable ${name} is not defined in the given files")
                    },
                );
            }
        })
    }

    /// Returns `$host`: the name in the request, or else the first name of the server.
    pub(super) fn host(&self) -> String {
        let host = self.request.field("host").unwrap_or("");
        let name = if host.starts_with('[') {
            host.split_inclusive(']').next().unwrap_or("")
        } else {
            host.split(':').next().unwrap_or("")
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() {
            self.nginx.first_name(self.server)
        } else {
            name
        }
    }

    /// Looks a value up in a `map`: names first, then names with a star where `hostnames` is
    /// given, then expressions in their order, then `default`.
    fn mapped(&mut self, map: &super::parse::Directive) -> Text {
        let source = match self.expand(map.arg(0)) {
            Value::Known(source) => source,
            unknown => return unknown,
        };
        let entries = map.children();
        let index = self.nginx.map_index(map);
        let has_hostnames = index.has_hostnames;
        let lower = source.to_ascii_lowercase();
        let lower = if has_hostnames {
            lower.trim_end_matches('.').to_string()
        } else {
            lower
        };
        let exact = index.exact.get(&lower).map(|&entry| &entries[entry]);
        let mut found = exact;
        if found.is_none() && has_hostnames {
            // Of the names with a star at the start, and then at the end, the longest wins.
            let longest = |matches: &dyn Fn(&str) -> bool| {
                entries
                    .iter()
                    .filter(|entry| matches(&entry.name.text.to_ascii_lowercase()))
                    .max_by_key(|entry| entry.name.text.len())
            };
            found = longest(&|name| {
                let suffix = name.strip_prefix('*').or(name.starts_with('.').then_some(name));
                suffix.is_some_and(|suffix| {
                    suffix.starts_with('.') && lower.len() > suffix.len() && lower.ends_with(suffix)
                })
            })
            .or_else(|| {
                longest(&|name| {
                    name.strip_suffix('*').is_some_and(|prefix| {
                        prefix.ends_with('.') && lower.len() > prefix.len() && lower.starts_with(prefix)
                    })
                })
            });
        }
        if found.is_none() {
            if index.has_include {
                return Value::Unknown("the map includes a file that was not given".into());
            }
            for &entry in &index.expressions {
                let entry = &entries[entry];
                let pattern = entry.name.text.strip_prefix('~').unwrap_or_default();
                let (pattern, ignores_case) = match pattern.strip_prefix('*') {
                    Some(pattern) => (pattern, true),
                    None => (pattern, false),
                };
                match self.matches(pattern, ignores_case, &source) {
                    Ok(Some(groups)) => {
                        self.capture(groups);
                        found = Some(entry);
                        break;
                    }
                    Ok(None) => {}
                    Err(reason) => return Value::Unknown(reason),
                }
            }
        }
        let found = found.or_else(|| index.default.map(|entry| &entries[entry]));
        match found {
            Some(entry) => {
                let value = entry.arg(0).to_string();
                self.expand(&value)
            }
            None => known(""),
        }
    }
}
