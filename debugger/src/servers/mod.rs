//! Reads configurations of servers, says what the servers answer, and judges it as a browser would.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the files of a configuration, places in them, changes of them |
//! | [`request`], [`response`] | what a simulated server is asked, and what it answers |
//! | [`expression`] | regular expressions: what they match, and samples of it |
//! | [`origins`] | origins to try: admitted ones, strangers, look-alikes |
//! | [`expectations`] | what pages want to do, and what browsers let them do |
//! | [`findings`] | what a defect is: code, severity, places, witness, repair |
//! | [`behaviour`] | the defects that show in the answers, for every kind of server |
//! | [`check`] | puts a check together |
//! | [`json`] | writes a check, or one answer, as JSON |
//! | `stricter` | stricter forms of expressions for origins |
//! | [`nginx`] | the simulator of nginx |
//!
//! A server is a type that implements [`Server`]. What it cannot know it says: an answer that
//! depends on an unknown module is unknown, and never "ok".

pub mod apache;
pub mod behaviour;
pub mod check;
pub mod expectations;
pub mod express;
pub mod expression;
pub mod findings;
pub mod json;
pub mod nginx;
pub mod origins;
mod repairs;
pub mod request;
pub mod response;
pub mod source;
mod stricter;

use findings::{Finding, Repair};
use origins::Hint;
use request::{Request, Upstream};
use response::Response;
use source::{Includes, Place, Sources};

/// The kinds of configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// nginx: a whole configuration, or a part of one.
    Nginx,
    /// Apache: a configuration, a part of one, or `.htaccess`.
    Apache,
    /// JavaScript or TypeScript with Express, or another framework that has a `cors()`.
    Express,
}

impl Kind {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Express => "express",
        }
    }
}

/// A simulated server.
pub trait Server {
    /// Returns the kind of the configuration.
    fn kind(&self) -> Kind;

    /// Returns the files of the configuration, with those that were included.
    fn sources(&self) -> &Sources;

    /// Returns the answer to a request. What depends on something unknown is unknown in it.
    fn respond(&self, request: &Request, upstream: &Upstream) -> Response;

    /// Returns the places that are worth a check, one for each part of the configuration that
    /// answers differently.
    fn targets(&self) -> Vec<Target>;

    /// Returns what the configuration says about origins, for choosing origins to try.
    fn hints(&self) -> Vec<Hint>;

    /// Returns what cannot be simulated: directives and files, with their places.
    fn unknowns(&self) -> Vec<Unknown>;

    /// Returns the defects that only a look at the configuration shows. Those that show in the
    /// answers are found by [`behaviour`].
    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// Adds places and reasons to a finding of [`behaviour`]: why this server does it.
    fn explain(&self, _finding: &mut Finding) {}

    /// Returns repairs of a finding, the smallest first. The caller tries each on the changed text
    /// and keeps the first that works.
    fn repairs(&self, _finding: &Finding) -> Vec<Repair> {
        Vec::new()
    }

    /// Reads changed files as this server; `None` if they cannot be read.
    fn reread(&self, sources: Sources) -> Option<Box<dyn Server>>;
}

/// Reads a configuration of a kind. The files of `sources` belong together, in their order.
///
/// # Errors
///
/// Returns a sentence that says which file cannot be read, where, and why.
pub fn read(kind: Kind, sources: Sources, includes: Includes<'_>) -> Result<Box<dyn Server>, String> {
    match kind {
        Kind::Nginx => Ok(Box::new(nginx::Nginx::new(sources, includes)?)),
        Kind::Apache => {
            let server = apache::Apache::read(sources, apache::Options::default(), Some(includes))?;
            Ok(Box::new(server))
        }
        Kind::Express => Ok(Box::new(express::read(sources)?)),
    }
}

/// A place of a server that is worth a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name in the configuration, such as `location /api/`.
    pub name: String,
    /// The address to try.
    pub url: String,
    /// The line of the configuration that defines it.
    pub place: Option<Place>,
}

/// A part of a configuration that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The unknown part, such as the name of a directive.
    pub what: String,
    /// Why, and what would help.
    pub reason: String,
    /// Where it is.
    pub place: Option<Place>,
}

/// Returns the kind of a configuration by the name and the text of its file.
pub fn kind_of(name: &str, text: &str) -> Option<Kind> {
    let base = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(name)
        .to_ascii_lowercase();
    let extension = base.rsplit_once('.').map_or("", |(_, extension)| extension);
    if matches!(
        extension,
        "js" | "ts" | "mjs" | "cjs" | "mts" | "cts" | "jsx" | "tsx"
    ) {
        return Some(Kind::Express);
    }
    if base == ".htaccess" || base.contains("htaccess") || base.contains("apache") || base.contains("httpd") {
        return Some(Kind::Apache);
    }
    let (mut nginx, mut apache, mut express) = (0, 0, 0);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let first = line.split([' ', '\t', '(', '{']).next().unwrap_or("");
        let is_statement = line.ends_with(';') || line.ends_with('{') || line.ends_with('}');
        match first.to_ascii_lowercase().as_str() {
            "add_header" | "location" | "server" | "map" | "proxy_pass" | "listen" | "if"
            | "more_set_headers" | "http" | "upstream" | "events"
                if line.contains(';') || line.ends_with('{') || line.ends_with('}') =>
            {
                nginx += 1;
            }
            "header" | "rewriteengine" | "rewriterule" | "rewritecond" | "setenvif" | "setenvifnocase"
            | "loadmodule" | "options" | "require" | "proxypass" | "documentroot"
                if !is_statement =>
            {
                apache += 1;
            }
            "<virtualhost" | "<directory" | "<location" | "<ifmodule" | "<filesmatch" | "<files"
            | "<limit" | "<locationmatch" => {
                apache += 1;
            }
            "const" | "import" | "let" | "var" | "app.use" | "export" | "require" | "function" | "async" => {
                express += 1;
            }
            _ => {}
        }
    }
    let most = nginx.max(apache).max(express);
    if most == 0 {
        None
    } else if most == express && !text.contains("add_header") {
        Some(Kind::Express)
    } else if most == nginx {
        Some(Kind::Nginx)
    } else {
        Some(Kind::Apache)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found() {
        let nginx = "server {\n  listen 80;\n  add_header X y;\n}\n";
        let apache = "<IfModule mod_headers.c>\n  Header set X y\n</IfModule>\n";
        let express = "const cors = require('cors');\napp.use(cors());\n";
        for (name, text, kind) in [
            ("site.conf", nginx, Some(Kind::Nginx)),
            ("site.conf", apache, Some(Kind::Apache)),
            ("stdin", express, Some(Kind::Express)),
            ("server.ts", "", Some(Kind::Express)),
            ("/var/www/.htaccess", "", Some(Kind::Apache)),
            ("empty.conf", "", None),
        ] {
            assert_eq!(kind_of(name, text), kind, "{name} {text}");
        }
    }
}
