//! Policies in the syntaxes of other servers.
//!
//! The data is the engine's [`RulesConfig`]. [`print()`] writes it in a [`Syntax`], and says what
//! the syntax cannot express.
//!
//! | module | what it does |
//! |---|---|
//! | `origins` | splits an entry of a list of origins into schemes, hosts and ports |
//! | `regex` | writes an entry as a regular expression |
//! | `quote` | quotes strings as each syntax does |
//! | `print` | the printers, one file for each family of syntaxes |
//! | [`convert`] | reads one syntax and prints another, with the same feature |
//! | [`infer`] | infers the policy of a simulated server, with the same feature |
//! | [`read`] | readers of typed policies, with the feature `policy-readers` |

#[cfg(feature = "policy-readers")]
pub mod convert;
#[cfg(feature = "policy-readers")]
pub mod infer;
pub(crate) mod origins;
pub(crate) mod print;
pub(crate) mod quote;
#[cfg(feature = "policy-readers")]
pub mod read;
pub(crate) mod regex;

use std::fmt;

use embedded_cors::RulesConfig;

pub use print::print;

/// A syntax in which a policy can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// A `static` for this crate.
    Rust,
    /// A file for the C library.
    C,
    /// Directives of the nginx module.
    NginxModule,
    /// Directives of the Apache module.
    ApacheModule,
    /// nginx without the module: `map` and `add_header`.
    Nginx,
    /// Apache without the module, for a server or a virtual host: `SetEnvIf` and `Header always`.
    Apache,
    /// Express with the package `cors`.
    Express,
    /// A layer of tower-http.
    TowerHttp,
    /// Spring's `CorsConfiguration`.
    Spring,
    /// Envoy's `CorsPolicy`.
    Envoy,
    /// A filter of an `HTTPRoute` of the Kubernetes Gateway API.
    GatewayApi,
}

impl Syntax {
    /// All syntaxes.
    pub const ALL: [Self; 11] = [
        Self::Rust,
        Self::C,
        Self::NginxModule,
        Self::ApacheModule,
        Self::Nginx,
        Self::Apache,
        Self::Express,
        Self::TowerHttp,
        Self::Spring,
        Self::Envoy,
        Self::GatewayApi,
    ];

    /// Returns the name, for options of commands: `nginx-module`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::NginxModule => "nginx-module",
            Self::ApacheModule => "apache-module",
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Express => "express",
            Self::TowerHttp => "tower-http",
            Self::Spring => "spring",
            Self::Envoy => "envoy",
            Self::GatewayApi => "gateway-api",
        }
    }

    /// Returns the title, for headings: `nginx, with the module`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::NginxModule => "nginx, with the module",
            Self::ApacheModule => "Apache, with the module",
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Express => "Express",
            Self::TowerHttp => "tower-http",
            Self::Spring => "Spring",
            Self::Envoy => "Envoy",
            Self::GatewayApi => "Gateway API",
        }
    }

    /// Returns the syntax with this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|syntax| syntax.name() == name)
    }
}

impl fmt::Display for Syntax {
    /// Writes the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A policy in a syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The text. It ends with a line end.
    pub text: String,
    /// The settings that the syntax cannot express, each in a sentence that says what the text does
    /// instead: it allows less, except where the sentence says that it allows more.
    pub lost: Vec<String>,
}

/// Returns the rules of one policy.
pub fn single(policy: embedded_cors::PolicyConfig) -> RulesConfig {
    RulesConfig { rules: vec![policy] }
}
