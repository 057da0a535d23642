//! Turns what another server's configuration says into a policy that builds, and keeps a list of
//! what differs.

use embedded_cors::{OriginPattern, PolicyConfig, PreflightSuccessStatus};

use super::{Difference, Effect};
use crate::text::shortened;

/// The parts of a policy as they stand in a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// Entries for the engine.
    pub(crate) origins: Vec<String>,
    pub(crate) everyone: bool,
    /// Whether the server repeats the request's origin where everyone is allowed, so that
    /// credentials work.
    pub(crate) reflects: bool,
    pub(crate) methods: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) expose: Vec<String>,
    pub(crate) credentials: bool,
    pub(crate) max_age: Option<i64>,
    pub(crate) success_status: Option<u16>,
    pub(crate) timing: bool,
    pub(crate) differences: Vec<Difference>,
    /// The line where the policy stands.
    pub(crate) line: usize,
}

impl Draft {
    pub(crate) fn at(line: usize) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    pub(crate) fn differs(&mut self, effect: Effect, setting: &str, sentence: impl Into<String>) {
        self.differs_at(self.line, effect, setting, sentence);
    }

    pub(crate) fn differs_at(
        &mut self,
        line: usize,
        effect: Effect,
        setting: &str,
        sentence: impl Into<String>,
    ) {
        self.differences.push(Difference {
            effect,
            setting: setting.into(),
            text: sentence.into(),
            line: (line > 0).then_some(line),
            witnesses: Vec::new(),
        });
    }

    /// Adds an origin that is compared as a whole.
    pub(crate) fn exact(&mut self, origin: &str, setting: &str, line: usize) {
        if origin == "*" {
            self.everyone = true;
            return;
        }
        if origin.contains('*') {
            self.differs_at(
                line,
                Effect::Less,
                setting,
                format!(
                    "{:?} is compared as a whole, and no browser sends a `*`; it is left out",
                    shortened(origin)
                ),
            );
            return;
        }
        self.entry(origin, setting, line);
    }

    /// Adds an entry, repaired if it has a mistake that can be repaired.
    pub(crate) fn entry(&mut self, entry: &str, setting: &str, line: usize) {
        if OriginPattern::parse(entry).is_ok() {
            self.origins.push(entry.into());
            return;
        }
        let repaired = repaired(entry);
        match OriginPattern::parse(&repaired) {
            Ok(_) => {
                self.differs_at(
                    line,
                    Effect::More,
                    setting,
                    format!(
                        "no browser sends {:?}, so it admits no page today; it is written as {:?}, which admits \
                         the page that was meant",
                        shortened(entry),
                        shortened(&repaired),
                    ),
                );
                self.origins.push(repaired);
            }
            Err(error) => self.differs_at(
                line,
                Effect::Less,
                setting,
                format!(
                    "{:?} is left out: {}",
                    shortened(entry),
                    shortened(&error.to_string().replace("allow_origins: ", ""))
                ),
            ),
        }
    }

    /// Builds the policy.
    pub(crate) fn finish(mut self) -> (PolicyConfig, Vec<Difference>) {
        let mut policy = PolicyConfig {
            allow_credentials: self.credentials,
            allow_timing: self.timing,
            ..PolicyConfig::default()
        };
        if self.everyone {
            policy.allow_origins = vec!["*".into()];
            if self.credentials {
                policy.allow_credentials = false;
                let (effect, sentence) = if self.reflects {
                    (
                        Effect::Less,
                        "every page of the web may send credentials and read the answers as the user; \
                         the engine has no such policy, so the result allows everyone without \
                         credentials: list the origins that may send them",
                    )
                } else {
                    (
                        Effect::Less,
                        "browsers refuse `*` for requests with credentials, so these never worked; the \
                         result allows everyone without credentials",
                    )
                };
                self.differs(effect, "allow_credentials", sentence);
            }
        } else {
            policy.allow_origins = super::super::print::unique(std::mem::take(&mut self.origins));
        }
        if policy.allow_origins.is_empty() {
            // Without origins, the other settings have no meaning, and are mistakes.
            return (PolicyConfig::default(), self.differences);
        }
        policy.allow_methods = self.names("allow_methods");
        policy.allow_headers = self.names("allow_headers");
        policy.expose_headers = self.names("expose_headers");
        if policy.allow_credentials && policy.expose_headers.iter().any(|name| name == "*") {
            policy.expose_headers.retain(|name| name != "*");
            self.differs(
                Effect::Less,
                "expose_headers",
                "browsers take `*` for a name with credentials; it is left out",
            );
        }
        policy.max_age_seconds = self.seconds();
        if self.success_status == Some(200) {
            policy.success_status = PreflightSuccessStatus::Ok;
        }
        self.make_it_build(&mut policy);
        (policy, self.differences)
    }

    fn seconds(&mut self) -> Option<u32> {
        let seconds = self.max_age?;
        if seconds < 0 {
            self.differs(
                Effect::Other,
                "max_age_seconds",
                format!("{seconds} makes browsers keep no answer; it is written as 0"),
            );
        } else if seconds > 86_400 {
            self.differs(
                Effect::Other,
                "max_age_seconds",
                format!("{seconds} is more than any browser keeps; it is written as 86400"),
            );
        }
        u32::try_from(seconds.clamp(0, 86_400)).ok()
    }

    /// Returns the names of a list without those that need no permission.
    fn names(&mut self, setting: &str) -> Vec<String> {
        let (list, is_methods) = match setting {
            "allow_methods" => (std::mem::take(&mut self.methods), true),
            "allow_headers" => (std::mem::take(&mut self.headers), false),
            _ => (std::mem::take(&mut self.expose), false),
        };
        let mut names: Vec<String> = Vec::new();
        for name in list {
            let name = name.trim();
            // `OPTIONS` is in most lists because people take the list for what the server handles.
            if name.is_empty() || is_methods && matches!(name, "GET" | "HEAD" | "POST" | "OPTIONS") {
                continue;
            }
            if !names.iter().any(|other| {
                if is_methods {
                    other == name
                } else {
                    other.eq_ignore_ascii_case(name)
                }
            }) {
                names.push(name.into());
            }
        }
        names
    }

    /// Removes what the engine refuses, until the policy builds.
    fn make_it_build(&mut self, policy: &mut PolicyConfig) {
        for _ in 0..3 {
            let Err(errors) = policy.build() else {
                return;
            };
            let mut removed: Vec<(String, usize)> = Vec::new();
            let mut sentences = Vec::new();
            for error in errors {
                let sentence = error.to_string();
                if sentence.contains("dangerously_allow_insecure") {
                    policy.dangerously_allow_insecure_origins_with_credentials = true;
                } else if sentence.contains("dangerously_allow_public_suffixes") {
                    policy.dangerously_allow_public_suffixes_with_credentials = true;
                } else if let Some((setting, index)) = place_of(&sentence) {
                    removed.push((setting.into(), index));
                    sentences.push(sentence);
                } else {
                    sentences.push(sentence);
                }
            }
            // From the end, so that the indices stay right.
            removed.sort();
            for (setting, index) in removed.into_iter().rev() {
                let list = match setting.as_str() {
                    "allow_origins" => &mut policy.allow_origins,
                    "allow_methods" => &mut policy.allow_methods,
                    "allow_headers" => &mut policy.allow_headers,
                    _ => &mut policy.expose_headers,
                };
                if index < list.len() {
                    list.remove(index);
                }
            }
            if policy.allow_origins.is_empty() {
                *policy = PolicyConfig::default();
            }
            for sentence in sentences {
                let setting = sentence.split(['[', ':']).next().unwrap_or("").to_owned();
                // A name that a page cannot send is not missed.
                let is_loss = !sentence.contains("no page can") && !sentence.contains("no script can");
                let effect = if is_loss { Effect::Less } else { Effect::Other };
                self.differs(effect, &setting, format!("left out: {sentence}"));
            }
        }
    }
}

/// Reads `allow_origins[3] ...`.
fn place_of(sentence: &str) -> Option<(&str, usize)> {
    let (setting, rest) = sentence.split_once('[')?;
    let (index, _) = rest.split_once(']')?;
    Some((setting, index.parse().ok()?))
}

/// Writes an entry as browsers write origins: in lower case, without a path and the default port.
fn repaired(entry: &str) -> String {
    let entry = entry.trim();
    let Some((scheme, rest)) = entry.split_once("://") else {
        return entry.into();
    };
    let scheme = scheme.to_ascii_lowercase();
    let mut rest = rest.trim_end_matches('/').to_owned();
    if crate::policy::origins::has_domains(&scheme) {
        rest.make_ascii_lowercase();
    }
    if let Some(port) = crate::policy::origins::default_port(&scheme)
        && let Some(host) = rest.strip_suffix(&format!(":{port}"))
    {
        rest = host.into();
    }
    format!("{scheme}://{rest}")
}
