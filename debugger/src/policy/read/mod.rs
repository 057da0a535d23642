//! Reads the policies of other servers.
//!
//! | file | what it reads |
//! |---|---|
//! | `value` | YAML and JSON, as a tree with lines |
//! | `draft` | what a configuration says, made into a policy that builds |
//! | `kubernetes` | annotations of ingress-nginx, `HTTPRoute` of the Gateway API, Traefik |
//! | `envoy` | `CorsPolicy` |
//! | `express` | the options of `cors()` |
//! | `spring` | `application.yml`, and calls in Java |
//! | `s3` | rules of a bucket, in JSON and XML |
//! | `directives` | the modules for nginx and Apache |
//! | `patterns`, `shapes` | regular expressions that have a known shape |

mod directives;
pub(crate) mod draft;
mod envoy;
pub(crate) mod express;
mod kubernetes;
pub(crate) mod patterns;
mod s3;
mod shapes;
mod spring;
mod value;

use embedded_cors::RulesConfig;

pub(crate) use envoy::star_with_credentials;

/// The kinds of configurations that have typed policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Directives of the nginx module.
    NginxModule,
    /// Directives of the Apache module.
    ApacheModule,
    /// Annotations of an Ingress, for ingress-nginx.
    IngressNginx,
    /// An `HTTPRoute` of the Gateway API.
    GatewayApi,
    /// Envoy's `CorsPolicy`, in YAML or JSON.
    Envoy,
    /// Traefik's headers middleware, in YAML or as labels.
    Traefik,
    /// Spring: `application.yml`, or calls in Java or Kotlin.
    Spring,
    /// The rules of an S3 bucket, in JSON or XML.
    S3,
    /// The options of `cors()` as JSON. Programs are read by [`programs`].
    ExpressOptions,
}

impl Source {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::NginxModule,
        Self::ApacheModule,
        Self::IngressNginx,
        Self::GatewayApi,
        Self::Envoy,
        Self::Traefik,
        Self::Spring,
        Self::S3,
        Self::ExpressOptions,
    ];

    /// Returns the name, for options of commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NginxModule => "nginx-module",
            Self::ApacheModule => "apache-module",
            Self::IngressNginx => "ingress-nginx",
            Self::GatewayApi => "gateway-api",
            Self::Envoy => "envoy",
            Self::Traefik => "traefik",
            Self::Spring => "spring",
            Self::S3 => "s3",
            Self::ExpressOptions => "express-options",
        }
    }

    /// Returns the kind with this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// How the result differs from the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The result allows less.
    Less,
    /// The result allows more.
    More,
    /// Browsers decide the same, but something else differs.
    Other,
    /// Nothing was written for it: a person has to decide.
    Undecided,
}

impl Effect {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Less => "allows-less",
            Self::More => "allows-more",
            Self::Other => "differs",
            Self::Undecided => "undecided",
        }
    }
}

/// A difference between a configuration and the policy that was read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How the result differs.
    pub effect: Effect,
    /// The setting, by its name in the configuration or in the policy.
    pub setting: String,
    /// The difference in a sentence.
    pub text: String,
    /// The line of the configuration, counted from 1.
    pub line: Option<usize>,
    /// Origins that show it.
    pub witnesses: Vec<String>,
}

/// A policy that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where it stands, such as `HTTPRoute api, rule 1`.
    pub name: String,
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// The policy. It builds, or allows nothing.
    pub rules: RulesConfig,
    /// The differences.
    pub differences: Vec<Difference>,
}

impl Reading {
    /// Returns whether a person has to decide something.
    pub fn is_undecided(&self) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.effect == Effect::Undecided)
    }

    pub(crate) fn of(name: impl Into<String>, drafts: Vec<draft::Draft>) -> Self {
        let line = drafts.first().map_or(1, |draft| draft.line);
        let (mut rules, mut differences) = (Vec::new(), Vec::new());
        let is_alone = drafts.len() == 1;
        for draft in drafts {
            let (policy, mut found) = draft.finish();
            differences.append(&mut found);
            if is_alone || policy != embedded_cors::PolicyConfig::default() {
                rules.push(policy);
            }
        }
        let mut reading = Self {
            name: name.into(),
            line,
            rules: RulesConfig { rules },
            differences,
        };
        reading.make_the_order_build();
        reading
    }

    /// Removes rules that are never reached: they have no effect in the configuration either.
    fn make_the_order_build(&mut self) {
        while self.rules.rules.len() > 1
            && let Err(embedded_cors::OwnedRulesError::Rules(error)) = self.rules.build()
        {
            let rule = error.rule().min(self.rules.rules.len() - 1);
            self.rules.rules.remove(rule);
            self.differences.push(Difference {
                effect: Effect::Other,
                setting: format!("rules[{rule}]"),
                text: format!("left out: {error}"),
                line: None,
                witnesses: Vec::new(),
            });
        }
    }
}

/// Reads the policies of a configuration.
///
/// # Errors
///
/// Returns a sentence if the text cannot be read, or has no policy of this kind.
pub fn read(text: &str, source: Source) -> Result<Vec<Reading>, String> {
    let readings = match source {
        Source::NginxModule => directives::nginx(text)?,
        Source::ApacheModule => directives::apache(text)?,
        Source::IngressNginx => kubernetes::ingress_nginx(&value::documents(text)?),
        Source::GatewayApi => kubernetes::gateway_api(&value::documents(text)?),
        Source::Envoy => envoy::read(&value::documents(text)?),
        Source::Traefik => kubernetes::traefik(&value::documents(text)?),
        Source::Spring if spring::is_code(text) => spring::code(text),
        Source::Spring => spring::yaml(&value::documents(text)?),
        Source::S3 if text.trim_start().starts_with('<') => s3::xml(text)?,
        Source::S3 => s3::json(&value::documents(text)?),
        Source::ExpressOptions => express::json(&value::documents(text)?),
    };
    if readings.is_empty() {
        return Err(format!("the text has no policy of {}", source.name()));
    }
    Ok(readings)
}

/// Reads the `cors()` calls of a program with Express, Fastify or Hono.
pub fn programs(program: &crate::servers::express::Program) -> Vec<Reading> {
    express::calls(program)
}

/// Returns the kind of a configuration by its text.
pub fn source_of(text: &str) -> Option<Source> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["nginx.ingress.kubernetes.io/"]) {
        Some(Source::IngressNginx)
    } else if has(&["allow_origin_string_match", "allowOriginStringMatch"]) {
        Some(Source::Envoy)
    } else if has(&["accessControlAllow", "accesscontrolallow"]) {
        Some(Source::Traefik)
    } else if has(&["<CORSRule", "\"AllowedOrigins\"", "AllowedOrigins:"]) {
        Some(Source::S3)
    } else if has(&["setAllowedOrigin", "addAllowedOrigin", ".allowedOrigin"])
        || has(&[
            "allowedOrigins",
            "allowed-origins",
            "allowedOriginPatterns",
            "allowed-origin-patterns",
        ])
    {
        Some(Source::Spring)
    } else if has(&["HTTPRoute", "type: CORS", "allowOrigins:"]) {
        Some(Source::GatewayApi)
    } else {
        directives::source_of(text)
    }
}
