//! Variables of requests: those of the environment, of expressions and of rewriting.

use super::run::Transaction;
use super::world::is_unknown;

impl Transaction<'_> {
    /// Returns a variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.env.get(name) {
            return Some(value.to_owned());
        }
        if self.has_program {
            if let Some(field) = name.strip_prefix("HTTP_") {
                return self.headers_in.get(&field.replace('_', "-")).map(str::to_owned);
            }
            let value = match name {
                "REQUEST_METHOD" => self.method.clone(),
                "QUERY_STRING" => self.query.clone().unwrap_or_default(),
                "REQUEST_URI" => self.request.target.clone(),
                "SERVER_NAME" | "REMOTE_ADDR" | "SERVER_PORT" | "SERVER_PROTOCOL" | "SCRIPT_NAME"
                | "DOCUMENT_ROOT" => self.common(name),
                _ => return None,
            };
            return Some(value);
        }
        None
    }

    /// `%{NAME}s`: a variable of mod_ssl.
    pub(super) fn tls_variable(&self, name: &str) -> String {
        match name {
            "HTTPS" if self.request.scheme == "https" => "on".to_owned(),
            "HTTPS" => "off".to_owned(),
            _ if self.request.scheme != "https" => "(null)".to_owned(),
            _ => self
                .world
                .unknown_text(&format!("the variable {name} of mod_ssl is not known")),
        }
    }

    /// Adds fields on which an expression depended to `Vary`.
    pub(super) fn depend(&mut self, fields: &[String]) {
        let fields: Vec<&str> = fields
            .iter()
            .map(String::as_str)
            .filter(|field| !field.eq_ignore_ascii_case("host"))
            .collect();
        if !fields.is_empty() {
            self.out.merge("Vary", &fields.join(", "), None);
        }
    }

    fn host_name(&self) -> String {
        let host = self.headers_in.get("Host").unwrap_or("");
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
            _ => host.to_owned(),
        }
    }

    /// Returns the port in the address of the server, with its colon, or nothing.
    fn port(&self) -> String {
        let host = self.headers_in.get("Host").unwrap_or("");
        match host.rsplit_once(':') {
            Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!(":{port}"),
            _ => String::new(),
        }
    }

    /// Variables that expressions and rewriting have in common.
    fn common(&self, name: &str) -> String {
        let unknown = |reason: &str| self.world.unknown_text(reason);
        match name {
            "REQUEST_METHOD" => self.method.clone(),
            "REQUEST_URI" => self.uri.clone(),
            "THE_REQUEST" => format!("{} {} {}", self.method, self.request.target, self.request.version),
            "SERVER_PROTOCOL" => self.request.version.clone(),
            "QUERY_STRING" => self.query.clone().unwrap_or_default(),
            "REQUEST_FILENAME" | "SCRIPT_FILENAME" => self.filename.clone(),
            "PATH_INFO" => self.path_info.clone(),
            "DOCUMENT_ROOT" | "CONTEXT_DOCUMENT_ROOT" => self.document_root(),
            "CONTEXT_PREFIX" => String::new(),
            "REQUEST_SCHEME" => self.request.scheme.clone(),
            "HTTPS" => if self.request.scheme == "https" {
                "on"
            } else {
                "off"
            }
            .to_owned(),
            "SERVER_NAME" => self
                .host
                .names
                .first()
                .cloned()
                .unwrap_or_else(|| self.host_name()),
            "SERVER_PORT" => match (self.request.port, self.port().strip_prefix(':')) {
                (Some(port), _) => port.to_string(),
                (None, Some(port)) => port.to_owned(),
                (None, None) if self.request.scheme == "https" => "443".to_owned(),
                (None, None) => "80".to_owned(),
            },
            "REMOTE_ADDR" | "CONN_REMOTE_ADDR" => self.request.remote.clone(),
            "REMOTE_USER" => self.user.clone().unwrap_or_default(),
            "IS_SUBREQ" => self.is_subrequest.to_string(),
            "IPV6" => if self.request.remote.contains(':') {
                "on"
            } else {
                "off"
            }
            .to_owned(),
            "AUTH_TYPE" => match self.user {
                Some(_) => self.settings.auth_type.clone().unwrap_or_default(),
                None => String::new(),
            },
            "HANDLER" | "REMOTE_HOST" | "REMOTE_PORT" | "REMOTE_IDENT" | "SERVER_ADDR" | "SERVER_ADMIN"
            | "SERVER_SOFTWARE" | "SCRIPT_USER" | "SCRIPT_GROUP" | "API_VERSION" => {
                unknown(&format!("the variable {name} is not known"))
            }
            _ if name.starts_with("TIME") => unknown("the time is not known"),
            _ => String::new(),
        }
    }

    fn field(&self, name: &str) -> String {
        self.headers_in.get(name).unwrap_or("").to_owned()
    }

    /// `%{NAME}` in an expression.
    pub(super) fn expression_variable(&self, name: &str, vary: &mut Vec<String>) -> String {
        let upper = name.to_ascii_uppercase();
        if let Some(field) = named_field(&upper) {
            if field != "Host" {
                vary.push(field.to_owned());
            }
            return self.field(field);
        }
        match upper.as_str() {
            "REQUEST_STATUS" => self.status.to_string(),
            "CONTENT_TYPE" => self.world.unknown_text("the type of the content is not known"),
            other => self.common(other),
        }
    }

    /// `%{NAME}` in `RewriteCond` and `RewriteRule`.
    pub(super) fn rewrite_variable(&self, name: &str, vary: &mut Vec<String>) -> String {
        let mut read = |field: &str| {
            let value = self.field(field);
            if self.headers_in.get(field).is_some() && !field.eq_ignore_ascii_case("host") {
                vary.push(field.to_owned());
            }
            value
        };
        if let Some((kind, rest)) = name.split_once(':') {
            return match kind.to_ascii_uppercase().as_str() {
                "HTTP" => read(rest),
                "ENV" => self.variable(rest).unwrap_or_default(),
                "SSL" if rest == "HTTPS" => self.common("HTTPS"),
                "SSL" => self
                    .world
                    .unknown_text(&format!("the variable {rest} of mod_ssl is not known")),
                "LA-U" | "LA-F" => self
                    .world
                    .unknown_text(&format!("the look-ahead {name} is not simulated")),
                _ => String::new(),
            };
        }
        let upper = name.to_ascii_uppercase();
        match named_field(&upper) {
            Some(field) => read(field),
            None => self.common(&upper),
        }
    }

    /// The value of a `RewriteMap`.
    pub(super) fn map_value(&self, map: &str, key: &str) -> String {
        self.world
            .unknown_text(&format!("the value of the map {map} for {key:?} is not known"))
    }

    /// Makes a whole address of a path.
    pub(super) fn qualify(&self, path: &str) -> String {
        if super::rules::scheme_length(path) > 0 {
            return path.to_owned();
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let name = self.host_name();
        format!("{}://{name}{}{slash}{path}", self.request.scheme, self.port())
    }

    /// Returns the path of an address of this server.
    pub(super) fn own_path(&self, address: &str) -> Option<String> {
        let start = format!("{}://{}{}", self.request.scheme, self.host_name(), self.port());
        let rest = address.strip_prefix(&start)?;
        match rest {
            "" => Some("/".to_owned()),
            _ if rest.starts_with('/') => Some(rest.to_owned()),
            _ => None,
        }
    }

    /// Says whether the client's address is in a range, such as `10.0.0.0/8`, `10.1` or `::1`.
    pub(super) fn is_remote_in(&self, range: &str) -> bool {
        let Ok(remote) = self.request.remote.parse::<std::net::IpAddr>() else {
            return self.world.decide(&format!("the client is in {range}"));
        };
        let (address, bits) = range.split_once('/').map_or((range, None), |(a, b)| (a, Some(b)));
        if let Ok(address) = address.parse::<std::net::IpAddr>() {
            let (left, right): (Vec<u8>, Vec<u8>) = match (remote, address) {
                (std::net::IpAddr::V4(left), std::net::IpAddr::V4(right)) => {
                    (left.octets().to_vec(), right.octets().to_vec())
                }
                (std::net::IpAddr::V6(left), std::net::IpAddr::V6(right)) => {
                    (left.octets().to_vec(), right.octets().to_vec())
                }
                _ => return false,
            };
            let whole = left.len() * 8;
            let bits = match bits {
                None => whole,
                Some(text) => match text.parse::<std::net::Ipv4Addr>() {
                    Ok(mask) => u32::from(mask).count_ones() as usize,
                    Err(_) => text.parse().unwrap_or(whole),
                },
            };
            return (0..bits.min(whole)).all(|bit| {
                let mask = 0x80 >> (bit % 8);
                left[bit / 8] & mask == right[bit / 8] & mask
            });
        }
        let is_partial = range.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_partial {
            let range = format!("{}.", range.trim_end_matches('.'));
            return self.request.remote.starts_with(&range);
        }
        self.world
            .decide(&format!("the name of the client is {range}, which is not known"))
    }

    /// `Require local`.
    pub(super) fn is_local(&self) -> bool {
        let remote = &self.request.remote;
        remote.starts_with("127.") || remote == "::1"
    }

    /// Attributes of `SetEnvIf`.
    pub(super) fn attribute(&self, name: &str) -> String {
        match name.to_ascii_lowercase().as_str() {
            "remote_addr" => self.request.remote.clone(),
            "remote_host" => self.common("REMOTE_HOST"),
            "server_addr" => self.common("SERVER_ADDR"),
            "request_method" => self.method.clone(),
            "request_protocol" => self.request.version.clone(),
            "request_uri" => self.uri.clone(),
            _ => self
                .headers_in
                .get(name)
                .or_else(|| self.env.get(name))
                .unwrap_or("")
                .to_owned(),
        }
    }

    /// Adds a sentence about what was assumed or done.
    pub(super) fn note(&mut self, note: String) {
        if !is_unknown(&note) && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Returns the field of a variable that stands for one.
fn named_field(name: &str) -> Option<&'static str> {
    Some(match name {
        "HTTP_HOST" => "Host",
        "HTTP_USER_AGENT" => "User-Agent",
        "HTTP_REFERER" => "Referer",
        "HTTP_COOKIE" => "Cookie",
        "HTTP_FORWARDED" => "Forwarded",
        "HTTP_PROXY_CONNECTION" => "Proxy-Connection",
        "HTTP_ACCEPT" => "Accept",
        _ => return None,
    })
}
