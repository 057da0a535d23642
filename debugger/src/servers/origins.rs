//! Origins to try on a server: those that the configuration mentions, strangers and look-alikes.

use super::expression::Expression;
use super::source::Place;
use crate::url::{Url, is_origin};

/// A text or an expression of a configuration that tells of origins.
#[derive(Clone, Debug)]
pub enum Hint {
    /// A text that may be an origin.
    Literal(String),
    /// An expression that is compared with an origin or a part of it.
    Expression(Expression, Place),
}

/// An origin that nobody allows by name.
pub const STRANGER: &str = "https://stranger.example";

/// The origin of a page that is tried first, if an expression admits it.
pub const PAGE: &str = "https://app.example.com";

/// How a look-alike differs from the origin that it imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Something stands before the registered name: `https://evilexample.com`.
    Prefix,
    /// The name goes on: `https://example.com.evil.example`.
    Suffix,
    /// Another character stands where a dot should be: `https://appxexample.com`.
    Dot,
    /// The scheme is `http`.
    Scheme,
    /// The port is another.
    Port,
}

impl Likeness {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Dot => "dot",
            Self::Scheme => "scheme",
            Self::Port => "port",
        }
    }
}

/// Returns the origins that hints mention or that their expressions match, each once, in the order
/// of the hints.
pub fn candidates(hints: &[Hint]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim_end_matches('/');
        if is_origin(text)
            && text != "null"
            && !text.contains('*')
            && found.len() < 64
            && !found.iter().any(|known| known == text)
        {
            found.push(text.to_string());
        }
    };
    for hint in hints {
        match hint {
            Hint::Literal(text) => {
                for part in text.split([' ', ',', '|']) {
                    add(part);
                }
            }
            Hint::Expression(expression, _) => {
                if expression.find(PAGE).is_ok_and(|found| found.is_some()) {
                    add(PAGE);
                }
                for sample in expression.samples() {
                    let sample = sample.replace("//*.", "//a.");
                    add(&sample);
                    let host = sample.trim_start_matches(['.', '/', ':']);
                    let is_host = !host.contains("//") && host.contains('.') && !host.contains('/');
                    if is_host {
                        add(&format!("https://{host}"));
                        add(&format!("http://{host}"));
                        if sample.starts_with('.') {
                            add(&format!("https://a.{host}"));
                        }
                    }
                    if !host.contains(['.', ':', '/']) && !host.is_empty() {
                        add(&format!("https://{host}.com"));
                        add(&format!("http://{host}"));
                    }
                    if let Some(rest) = sample.strip_prefix("//") {
                        add(&format!("https://{rest}"));
                    }
                    if sample.ends_with("://") {
                        add(&format!("{sample}app.example.com"));
                    }
                }
            }
        }
    }
    // Origins with https and without a port are the likeliest to be those of pages.
    found.retain(|origin| !origin.contains("//.") && !origin.contains(".."));
    found.sort_by_key(|origin| (!origin.starts_with("https://"), origin.matches(':').count()));
    found
}

/// Returns look-alikes of an origin. Each has a registered name that someone else can own, or
/// another scheme or port.
pub fn look_alikes(origin: &str) -> Vec<(Likeness, String)> {
    let Some(url) = Url::parse(origin) else {
        return Vec::new();
    };
    let scheme = url.scheme.as_deref().unwrap_or("https");
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let is_address = url.host.starts_with('[') || url.host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let mut found = Vec::new();
    let labels: Vec<&str> = url.host.split('.').collect();
    if !is_address && labels.len() >= 2 {
        let registered = registered(&url.host);
        found.push((Likeness::Prefix, format!("{scheme}://evil{}{port}", url.host)));
        if registered != url.host {
            found.push((Likeness::Prefix, format!("{scheme}://evil{registered}{port}")));
            let before = &url.host[..url.host.len() - registered.len() - 1];
            // Any dot before the registered name may be another character.
            found.push((Likeness::Dot, format!("{scheme}://{before}x{registered}{port}")));
        }
        // A prefix makes a look-alike only if it changes the registered name.
        found.retain(|(likeness, text)| {
            *likeness != Likeness::Prefix
                || Url::parse(text).is_some_and(|other| self::registered(&other.host) != registered)
        });
    }
    if !is_address {
        found.push((
            Likeness::Suffix,
            format!("{scheme}://{}.evil.example{port}", url.host),
        ));
        if !port.is_empty() {
            found.push((Likeness::Suffix, format!("{origin}.evil.example")));
        }
    }
    if scheme == "https" {
        found.push((Likeness::Scheme, format!("http://{}{port}", url.host)));
    }
    found.push((
        Likeness::Port,
        format!(
            "{scheme}://{}:{}",
            url.host,
            if url.port == Some(8443) { 9443 } else { 8443 }
        ),
    ));
    found.retain(|(_, text)| text != origin && is_origin(text));
    found
}

/// Names under which anyone can register a name, besides those with a single label. Kept short:
/// those that are seen in configurations.
const PUBLIC_SUFFIXES: [&str; 56] = [
    "vercel.app",
    "now.sh",
    "netlify.app",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "pages.dev",
    "workers.dev",
    "web.app",
    "firebaseapp.com",
    "azurewebsites.net",
    "azurestaticapps.net",
    "cloudfront.net",
    "amazonaws.com",
    "amplifyapp.com",
    "ngrok.io",
    "ngrok-free.app",
    "ngrok.app",
    "appspot.com",
    "run.app",
    "surge.sh",
    "onrender.com",
    "fly.dev",
    "glitch.me",
    "repl.co",
    "replit.app",
    "replit.dev",
    "railway.app",
    "up.railway.app",
    "loca.lt",
    "trycloudflare.com",
    "lovable.app",
    "lovableproject.com",
    "stackblitz.io",
    "webcontainer.io",
    "csb.app",
    "codesandbox.io",
    "myshopify.com",
    "blogspot.com",
    "wordpress.com",
    "wixsite.com",
    "webflow.io",
    "co.uk",
    "org.uk",
    "com.au",
    "com.br",
    "com.cn",
    "co.jp",
    "co.in",
    "co.nz",
    "co.za",
    "com.tr",
    "com.mx",
    "co.kr",
    "com.sg",
    "com.tw",
];

/// Returns whether anyone can register a name under this one.
pub fn is_public_suffix(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (!name.contains('.') && name != "localhost" && !name.is_empty())
        || PUBLIC_SUFFIXES.contains(&name.as_str())
}

/// Returns the registered name of a host: one label more than its public suffix.
pub fn registered(host: &str) -> &str {
    let mut rest = host;
    let mut previous = host;
    loop {
        if is_public_suffix(rest) {
            return previous;
        }
        match rest.split_once('.') {
            Some((_, after)) => {
                previous = rest;
                rest = after;
            }
            None => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_names_are_found() {
        for (host, name) in [
            ("app.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("x.vercel.app", "x.vercel.app"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(registered(host), name);
        }
    }

    #[test]
    fn look_alikes_belong_to_someone_else() {
        let all = look_alikes("https://app.example.com");
        let texts: Vec<&str> = all.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "https://evilexample.com",
                "https://appxexample.com",
                "https://app.example.com.evil.example",
                "http://app.example.com",
                "https://app.example.com:8443",
            ]
        );
        assert!(
            look_alikes("https://example.com")
                .iter()
                .any(|(_, text)| text == "https://evilexample.com")
        );
        assert!(
            look_alikes("http://127.0.0.1:3000")
                .iter()
                .all(|(likeness, _)| *likeness == Likeness::Port)
        );
    }

    #[test]
    fn candidates_come_from_literals_and_expressions() {
        let place = Place::new(0, 0, 0);
        let expression = Expression::new(r"\.example\.com$", false).unwrap();
        let hints = [
            Hint::Literal("https://a.example".into()),
            Hint::Expression(expression, place),
        ];
        assert_eq!(
            candidates(&hints),
            [
                "https://a.example",
                "https://app.example.com",
                "https://example.com",
                "https://a.example.com",
                "http://example.com"
            ]
        );
        for pattern in [
            "^(https?://.*)$",
            "^https?://",
            ".+",
            r"^https://[a-z]+\.example\.com$",
        ] {
            let hint = Hint::Expression(Expression::new(pattern, false).unwrap(), place);
            assert_eq!(candidates(&[hint])[0], PAGE, "{pattern}");
        }
    }
}
