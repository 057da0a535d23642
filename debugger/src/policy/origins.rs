//! Splits the entries of a list of origins.

use embedded_cors::PolicyConfig;

/// The entries that `allow_loopback` stands for.
pub(crate) const LOOPBACK: [&str; 4] = [
    "*://localhost:*",
    "*://*.localhost:*",
    "*://127.0.0.0/8:*",
    "*://[::1]:*",
];

/// An entry that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// `*`.
    Everyone,
    /// `null`.
    Null,
    /// Each scheme with each host and each port.
    Product(Product<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product<'a> {
    pub(crate) scheme: Scheme<'a>,
    pub(crate) host: Host<'a>,
    pub(crate) ports: Ports,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme<'a> {
    One(&'a str),
    /// `*`: http and https.
    HttpAndHttps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    One(&'a str),
    /// `*.` before this domain.
    Subdomains(&'a str),
    /// A `*` inside the first label.
    InLabel(&'a str, &'a str),
    /// `*`.
    Every,
    /// A network of IPv4: its address and the number of its bits.
    Ipv4([u8; 4], u32),
    /// A network of IPv6, as it is written.
    Ipv6(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    /// None is written.
    Default,
    One(u16),
    Range(u16, u16),
    /// Any port, and none.
    Any,
}

impl<'a> Entry<'a> {
    /// Splits an entry, or returns `None` if it is not one that the engine accepts.
    pub(crate) fn parse(entry: &'a str) -> Option<Self> {
        embedded_cors::OriginPattern::parse(entry).ok()?;
        Some(match entry {
            "*" => Self::Everyone,
            "null" => Self::Null,
            _ => Self::Product(Product::split(entry)?),
        })
    }

    /// Returns the origins, if these are at most two, written out.
    pub(crate) fn exact(&self) -> Option<Vec<String>> {
        match self {
            Self::Everyone => None,
            Self::Null => Some(vec!["null".into()]),
            Self::Product(product) => product.exact(),
        }
    }
}

impl<'a> Product<'a> {
    fn split(entry: &'a str) -> Option<Self> {
        let (scheme, rest) = entry.split_once("://")?;
        let host_end = match rest.strip_prefix('[') {
            Some(address) => address.find(']')? + 2,
            None => rest.find([':', '/']).unwrap_or(rest.len()),
        };
        let (host, rest) = rest.split_at(host_end);
        let (prefix, ports) = rest.split_once(':').unwrap_or((rest, ""));
        let host = if let Some(prefix) = prefix.strip_prefix('/') {
            match host.parse::<std::net::Ipv4Addr>() {
                Ok(address) => Host::Ipv4(address.octets(), prefix.parse().ok()?),
                Err(_) => Host::Ipv6(&entry[scheme.len() + 3..entry.len() - rest.len() + prefix.len() + 1]),
            }
        } else if host == "*" {
            Host::Every
        } else if let Some(domain) = host.strip_prefix("*.") {
            Host::Subdomains(domain)
        } else if let Some((before, after)) = host.split_once('*') {
            Host::InLabel(before, after)
        } else {
            Host::One(host)
        };
        Some(Self {
            scheme: match scheme {
                "*" => Scheme::HttpAndHttps,
                scheme => Scheme::One(scheme),
            },
            host,
            ports: match (ports, ports.split_once('-')) {
                ("", _) => Ports::Default,
                ("*", _) => Ports::Any,
                (_, Some((first, last))) => Ports::Range(first.parse().ok()?, last.parse().ok()?),
                (port, None) => Ports::One(port.parse().ok()?),
            },
        })
    }

    /// Returns this product for each of its schemes.
    pub(crate) fn per_scheme(&self) -> Vec<(&'a str, Self)> {
        let one = |scheme| {
            let product = Self {
                scheme: Scheme::One(scheme),
                ..*self
            };
            (scheme, product)
        };
        match self.scheme {
            Scheme::One(scheme) => vec![one(scheme)],
            Scheme::HttpAndHttps => vec![one("http"), one("https")],
        }
    }

    fn exact(&self) -> Option<Vec<String>> {
        let (Host::One(host), Ports::Default | Ports::One(_)) = (self.host, self.ports) else {
            return None;
        };
        let origin = |(scheme, product): (&str, Self)| match product.ports {
            // With both schemes, a port may be the default of one of them, which browsers omit.
            Ports::One(port) if default_port(scheme) != Some(port) => {
                format!("{scheme}://{host}:{port}")
            }
            _ => format!("{scheme}://{host}"),
        };
        Some(self.per_scheme().into_iter().map(origin).collect())
    }
}

/// Returns the port that browsers omit after this scheme.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// Returns whether hosts of this scheme are domains and addresses, and not opaque.
pub(crate) fn has_domains(scheme: &str) -> bool {
    default_port(scheme).is_some()
}

/// Returns the entries of a policy, those of loopback too.
pub(crate) fn entries(policy: &PolicyConfig) -> impl Iterator<Item = &str> {
    let loopback = policy.allow_loopback.then_some(LOOPBACK);
    let listed = policy.allow_origins.iter().map(String::as_str);
    listed.chain(loopback.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_split() {
        let split = |entry| match Entry::parse(entry) {
            Some(Entry::Product(product)) => (product.scheme, product.host, product.ports),
            other => panic!("{entry}: {other:?}"),
        };
        let https = Scheme::One("https");
        assert_eq!(
            split("https://a.example"),
            (https, Host::One("a.example"), Ports::Default)
        );
        assert_eq!(
            split("https://a.example:81"),
            (https, Host::One("a.example"), Ports::One(81))
        );
        assert_eq!(
            split("https://*.a.example"),
            (https, Host::Subdomains("a.example"), Ports::Default)
        );
        assert_eq!(
            split("https://p-*.a.example"),
            (https, Host::InLabel("p-", ".a.example"), Ports::Default)
        );
        assert_eq!(
            split("x-app://*"),
            (Scheme::One("x-app"), Host::Every, Ports::Default)
        );
        assert_eq!(
            split("*://127.0.0.0/8:*"),
            (Scheme::HttpAndHttps, Host::Ipv4([127, 0, 0, 0], 8), Ports::Any)
        );
        assert_eq!(
            split("http://[fd00::]/8:80-90"),
            (
                Scheme::One("http"),
                Host::Ipv6("[fd00::]/8"),
                Ports::Range(80, 90)
            )
        );
        assert_eq!(
            split("http://[::1]:*"),
            (Scheme::One("http"), Host::One("[::1]"), Ports::Any)
        );
        assert_eq!(
            split("file://"),
            (Scheme::One("file"), Host::One(""), Ports::Default)
        );
        assert_eq!(Entry::parse("https://a.example/"), None);
    }

    #[test]
    fn exact_entries_are_written_out() {
        let exact = |entry| Entry::parse(entry).unwrap().exact();
        assert_eq!(exact("https://a.example").unwrap(), ["https://a.example"]);
        assert_eq!(
            exact("*://a.example:81").unwrap(),
            ["http://a.example:81", "https://a.example:81"]
        );
        assert_eq!(exact("file://").unwrap(), ["file://"]);
        assert_eq!(exact("null").unwrap(), ["null"]);
        assert_eq!(exact("https://*.a.example"), None);
        assert_eq!(exact("*"), None);
    }
}
