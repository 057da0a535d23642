//! Addresses: their origins, and whether two name the same resource.

/// An address with a scheme, or one of which only the host is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The scheme in lower case; `None` if only the `Host` field is known.
    pub scheme: Option<String>,
    /// The host in lower case.
    pub host: String,
    /// The port, where it is written.
    pub port: Option<u16>,
    /// The path with the query, without the fragment.
    pub path: String,
    /// Whether a user name or a password stands before the host.
    pub has_user: bool,
}

impl Url {
    /// Parses an address such as `https://api.example.com/led?x=1`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        let rest = rest.strip_prefix("//").filter(|_| is_scheme)?;
        Self::with_authority(Some(scheme), rest)
    }

    /// Parses a host with an optional port and path, such as `localhost:8080/led`.
    pub fn without_scheme(text: &str) -> Option<Self> {
        Self::with_authority(None, text.trim())
    }

    fn with_authority(scheme: Option<&str>, rest: &str) -> Option<Self> {
        let rest = rest.split('#').next().unwrap_or("");
        let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((_, host)) => (true, host),
            None => (false, authority),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((name, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                (name, Some(digits.parse().ok()?))
            }
            Some((name, "")) => (name, None),
            _ => (host, None),
        };
        if host.contains(char::is_whitespace) {
            return None;
        }
        Some(Self {
            scheme: scheme.map(str::to_ascii_lowercase),
            host: host.to_ascii_lowercase(),
            port,
            path: match path {
                "" => "/".into(),
                path if path.starts_with('?') => format!("/{path}"),
                path => path.into(),
            },
            has_user: user,
        })
    }

    /// Returns the port that a connection uses, where it can be known.
    pub fn effective_port(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_deref() {
            Some("http" | "ws") => Some(80),
            Some("https" | "wss") => Some(443),
            _ => None,
        })
    }

    /// Returns the origin as a browser writes it, if the scheme is known.
    pub fn origin(&self) -> Option<String> {
        let scheme = self.scheme.as_deref()?;
        if !matches!(scheme, "http" | "https" | "ws" | "wss") && self.host.is_empty() {
            return Some("null".into());
        }
        Some(match self.port {
            Some(port) if Some(port) != default_port(scheme) => format!("{scheme}://{}:{port}", self.host),
            _ => format!("{scheme}://{}", self.host),
        })
    }

    /// Returns whether both have the same host and port, where those are known.
    pub fn same_host(&self, other: &Self) -> bool {
        if self.host != other.host {
            return false;
        }
        match (&self.scheme, &other.scheme) {
            (Some(_), Some(_)) => {
                self.scheme == other.scheme && self.effective_port() == other.effective_port()
            }
            _ => {
                let known = [self.scheme.as_deref(), other.scheme.as_deref()];
                let default = known.into_iter().flatten().find_map(default_port);
                let port = |url: &Self| url.port.or(default);
                port(self) == port(other)
            }
        }
    }

    /// Returns whether both name the same resource, where what is missing counts as equal.
    pub fn same_target(&self, other: &Self) -> bool {
        self.same_host(other) && self.path == other.path
    }

    /// Resolves the value of `Location` against this address.
    pub fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        if let Some(url) = Self::parse(location) {
            return Some(url);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::with_authority(self.scheme.as_deref(), rest);
        }
        let path = location.split('#').next().unwrap_or("");
        let mut url = self.clone();
        url.path = if path.starts_with('/') {
            path.into()
        } else {
            let own = self.path.split('?').next().unwrap_or("/");
            let directory = own.rsplit_once('/').map_or("", |(directory, _)| directory);
            format!("{directory}/{path}")
        };
        Some(url)
    }

    /// Returns whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.starts_with("127.") && self.host.parse::<std::net::Ipv4Addr>().is_ok()
            || self.host == "[::1]"
    }

    /// Returns whether the host is an address of a local network, or a name of one.
    pub fn is_local_network(&self) -> bool {
        let numbers: Vec<u8> = self
            .host
            .split('.')
            .filter_map(|part| part.parse().ok())
            .collect();
        let is_private = self.host.split('.').count() == 4
            && matches!(
                numbers.as_slice(),
                [10, _, _, _] | [192, 168, _, _] | [172, 16..=31, _, _] | [169, 254, _, _]
            );
        is_private
            || self.host.ends_with(".local")
            || self.host.starts_with("[fe80:")
            || self.host.starts_with("[fd")
            || self.host.starts_with("[fc")
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

/// Returns the default port of a scheme.
pub fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Returns whether a text is an origin as browsers write it.
pub fn is_origin(text: &str) -> bool {
    text == "null"
        || Url::parse(text).is_some_and(|url| {
            !text.contains(char::is_whitespace)
                && !text.contains(',')
                && url.path == "/"
                && !text.ends_with('/')
                && !url.has_user
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn addresses_have_origins() {
        for (text, origin) in [
            ("https://API.example.com:443/a?b#c", "https://api.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://u:p@[::1]:80/", "http://[::1]"),
            ("file:///tmp/a.html", "null"),
        ] {
            assert_eq!(url(text).origin().as_deref(), Some(origin), "{text}");
        }
        assert!(url("http://u:p@h/").has_user);
        assert!(Url::parse("no address").is_none());
    }

    #[test]
    fn a_missing_scheme_matches_either() {
        let bare = Url::without_scheme("api.example.com/led").unwrap();
        assert!(bare.same_target(&url("https://api.example.com/led")));
        assert!(!bare.same_target(&url("https://api.example.com:444/led")));
        assert!(!bare.same_target(&url("https://api.example.com/fan")));
        assert!(!url("http://a/").same_target(&url("https://a/")));
    }

    #[test]
    fn locations_are_resolved() {
        let base = url("https://a.example/x/y?z");
        assert_eq!(base.join("/api/").unwrap().to_string(), "https://a.example/api/");
        assert_eq!(base.join("w").unwrap().to_string(), "https://a.example/x/w");
        assert_eq!(
            base.join("//b.example/").unwrap().to_string(),
            "https://b.example/"
        );
        assert_eq!(base.join("http://c/").unwrap().to_string(), "http://c/");
    }

    #[test]
    fn local_addresses_are_known() {
        assert!(url("http://192.168.0.7/").is_local_network());
        assert!(url("http://lamp.local/").is_local_network());
        assert!(!url("http://192.169.0.7/").is_local_network());
        assert!(url("http://127.0.0.1/").is_loopback());
    }

    #[test]
    fn origins_are_told_from_other_values() {
        for origin in [
            "https://a.example",
            "http://localhost:3000",
            "null",
            "capacitor://localhost",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in ["*", "", "a.example", "https://a.example/", "https://a, https://b"] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
