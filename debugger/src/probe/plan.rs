//! The origins that a survey asks about.

use crate::url::Url;

/// A label that nobody lists by name. A server that admits an origin with it has a pattern, or
/// admits everyone.
const LABEL: &str = "cors-survey";
/// A port that nobody lists by number.
const PORT: u16 = 49217;

/// Why an origin is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The page's own origin.
    Page,
    /// An origin that has nothing to do with the page's.
    Stranger,
    /// Another domain that ends with the page's.
    Prefix,
    /// Another domain that begins with the page's host.
    Suffix,
    /// Another domain, with a letter in place of a dot.
    Dot,
    /// The page's host, an underscore, and another domain.
    Underscore,
    /// The page's host, a backtick, and another domain.
    Backtick,
    /// The opaque origin, which every sandboxed frame has.
    Null,
    /// The page's host with the other of http and https.
    OtherScheme,
    /// The page's host with another port.
    OtherPort,
    /// A host below the page's.
    Subdomain,
    /// A host beside the page's.
    Sibling,
    /// A page of the visitor's machine, by name.
    Localhost,
    /// A page of the visitor's machine, by address.
    LoopbackAddress,
}

impl Relation {
    /// Returns the name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Stranger => "stranger",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Dot => "dot",
            Self::Underscore => "underscore",
            Self::Backtick => "backtick",
            Self::Null => "null",
            Self::OtherScheme => "other-scheme",
            Self::OtherPort => "other-port",
            Self::Subdomain => "subdomain",
            Self::Sibling => "sibling",
            Self::Localhost => "localhost",
            Self::LoopbackAddress => "loopback-address",
        }
    }

    /// Returns what the origin is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Page => "the page",
            Self::Stranger => "a stranger",
            Self::Prefix => "another domain that ends like the page's",
            Self::Suffix => "another domain that begins like the page's host",
            Self::Dot => "another domain, with a letter in place of a dot",
            Self::Underscore => "another domain, after an underscore",
            Self::Backtick => "another domain, after a backtick",
            Self::Null => "the opaque origin",
            Self::OtherScheme => "the page's host with the other scheme",
            Self::OtherPort => "the page's host with another port",
            Self::Subdomain => "a host below the page's",
            Self::Sibling => "a host beside the page's",
            Self::Localhost => "localhost",
            Self::LoopbackAddress => "127.0.0.1",
        }
    }

    /// Returns whether anyone can register a host that looks like this one.
    pub const fn is_look_alike(self) -> bool {
        matches!(
            self,
            Self::Prefix | Self::Suffix | Self::Dot | Self::Underscore | Self::Backtick
        )
    }
}

/// Returns the origins to ask about, the page's first.
pub(super) fn origins(page: &str) -> Vec<(Relation, String)> {
    let stranger = format!("https://{LABEL}.example");
    let mut origins = vec![(Relation::Page, page.to_string()), (Relation::Stranger, stranger)];
    let mut add = |relation, origin: String| origins.push((relation, origin));
    if let Some(url) = Url::parse(page).filter(|url| !url.host.is_empty()) {
        let scheme = url.scheme.as_deref().unwrap_or("https");
        let host = url.host.as_str();
        let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
        let is_name = !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err();
        let labels: Vec<&str> = host.split('.').collect();
        if is_name {
            if let [.., second, top] = labels.as_slice() {
                add(
                    Relation::Prefix,
                    format!("{scheme}://{LABEL}{second}.{top}{port}"),
                );
            }
            add(
                Relation::Suffix,
                format!("{scheme}://{host}.{LABEL}.example{port}"),
            );
            if labels.len() > 2 {
                add(
                    Relation::Dot,
                    format!("{scheme}://{}{port}", host.replacen('.', "x", 1)),
                );
            }
            add(
                Relation::Underscore,
                format!("{scheme}://{host}_.{LABEL}.example{port}"),
            );
            add(
                Relation::Backtick,
                format!("{scheme}://{host}`.{LABEL}.example{port}"),
            );
        }
        if page != "null" {
            add(Relation::Null, "null".into());
        }
        match scheme {
            "https" => add(Relation::OtherScheme, format!("http://{host}{port}")),
            "http" => add(Relation::OtherScheme, format!("https://{host}{port}")),
            _ => {}
        }
        add(Relation::OtherPort, format!("{scheme}://{host}:{PORT}"));
        if is_name && host != "localhost" {
            add(Relation::Subdomain, format!("{scheme}://{LABEL}.{host}{port}"));
            if let [_, parent @ ..] = labels.as_slice()
                && parent.len() > 1
            {
                add(
                    Relation::Sibling,
                    format!("{scheme}://{LABEL}.{}{port}", parent.join(".")),
                );
            }
        }
    }
    let mut add = |relation, origin: &str| {
        if !origins.iter().any(|(_, other)| other == origin) {
            origins.push((relation, origin.to_string()));
        }
    };
    add(Relation::Localhost, &format!("http://localhost:{PORT}"));
    add(Relation::LoopbackAddress, &format!("https://127.0.0.1:{PORT}"));
    origins
}

/// Returns the pattern of which an origin is a witness, if its relation has one.
pub(super) fn pattern(relation: Relation, origin: &str, page: &str) -> Option<String> {
    match relation {
        Relation::Subdomain | Relation::Sibling => Some(origin.replacen(&format!("{LABEL}."), "*.", 1)),
        Relation::OtherPort => {
            let url = Url::parse(page)?;
            Some(format!("{}://{}:*", url.scheme?, url.host))
        }
        Relation::Localhost => Some("http://localhost:*".into()),
        Relation::LoopbackAddress => Some("https://127.0.0.1:*".into()),
        _ => None,
    }
}

/// The methods that a survey asks for.
pub(super) const METHODS: &[&str] = &["PUT", "DELETE", "PATCH"];
/// A method that no server lists by name.
pub(super) const ODD_METHOD: &str = "CORS-SURVEY";
/// The headers that a survey asks for.
pub(super) const HEADERS: &[&str] = &["content-type", "authorization", "x-requested-with"];
/// A header that no server lists by name.
pub(super) const ODD_HEADER: &str = "x-cors-survey";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_other_domains() {
        let origins = origins("https://app.example.com");
        let of = |relation| {
            let found = origins.iter().find(|(other, _)| *other == relation);
            found.map(|(_, origin)| origin.as_str())
        };
        assert_eq!(of(Relation::Prefix), Some("https://cors-surveyexample.com"));
        assert_eq!(
            of(Relation::Suffix),
            Some("https://app.example.com.cors-survey.example")
        );
        assert_eq!(of(Relation::Dot), Some("https://appxexample.com"));
        assert_eq!(of(Relation::OtherScheme), Some("http://app.example.com"));
        assert_eq!(of(Relation::Sibling), Some("https://cors-survey.example.com"));
        let sibling = pattern(Relation::Sibling, of(Relation::Sibling).unwrap(), "");
        assert_eq!(sibling.as_deref(), Some("https://*.example.com"));
    }

    #[test]
    fn addresses_and_opaque_origins_have_few_relatives() {
        for (page, count) in [
            ("http://192.168.0.7:8080", 7),
            ("http://[::1]:3000", 7),
            ("null", 4),
        ] {
            let origins = origins(page);
            assert_eq!(origins.len(), count, "{origins:?}");
        }
    }
}
