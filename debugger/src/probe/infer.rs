//! The policy that the answers of a survey fit.

use embedded_cors::browser::{Fetch, would_allow};
use embedded_cors::{PolicyConfig, PreflightSuccessStatus, RulesConfig};

use super::plan::{self, Relation};
use super::survey::{OriginRow, Profile, Survey};

/// Returns the policy, and the points in which the server differs from it.
pub(super) fn policy(survey: &Survey) -> (Option<RulesConfig>, Vec<String>) {
    let mut differences = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    for (index, profile) in survey.profiles.iter().enumerate() {
        let is_of_rule = |row: &&OriginRow| row.profile == Some(index) && row.is_admitted == Some(true);
        let rows: Vec<&OriginRow> = survey.origins.iter().filter(is_of_rule).collect();
        if let Some(config) = rule(&survey.page, profile, &rows, &mut differences) {
            let witnesses = rows.iter().map(|row| row.origin.clone()).collect();
            merge(&mut rules, Rule { config, witnesses });
        }
    }
    let mut config = RulesConfig::default();
    for rule in in_order(rules) {
        config.rules.push(rule);
        if config.build().is_err() {
            config.rules.pop();
        }
    }
    if config.rules.is_empty() {
        return (None, differences);
    }
    compare(survey, &config, &mut differences);
    (Some(config), differences)
}

struct Rule {
    config: PolicyConfig,
    /// The origins for which it decides.
    witnesses: Vec<String>,
}

impl Rule {
    fn admits(&self, origin: &str) -> bool {
        // Only the origins matter here.
        let config = PolicyConfig {
            allow_origins: self.config.allow_origins.clone(),
            allow_loopback: self.config.allow_loopback,
            ..PolicyConfig::default()
        };
        let fetch = Fetch::from_origin(origin);
        config
            .build()
            .is_ok_and(|owned| would_allow(&owned.policy(), &fetch).is_ok())
    }
}

/// Adds a rule, or its origins to a rule with the same settings.
fn merge(rules: &mut Vec<Rule>, rule: Rule) {
    let settings = |config: &PolicyConfig| PolicyConfig {
        allow_origins: Vec::new(),
        allow_loopback: false,
        dangerously_allow_insecure_origins_with_credentials: false,
        dangerously_allow_public_suffixes_with_credentials: false,
        ..config.clone()
    };
    let own = settings(&rule.config);
    for other in rules.iter_mut().filter(|other| settings(&other.config) == own) {
        let mut both = own.clone();
        both.allow_loopback = rule.config.allow_loopback || other.config.allow_loopback;
        both.allow_origins.clone_from(&other.config.allow_origins);
        for origin in &rule.config.allow_origins {
            if !both.allow_origins.contains(origin) {
                both.allow_origins.push(origin.clone());
            }
        }
        // `*` says all that the others say.
        if both.allow_origins.iter().any(|origin| origin == "*") {
            both.allow_origins = vec!["*".into()];
            both.allow_loopback = false;
        }
        let mut unbuildable = Vec::new();
        if let Some(mut both) = buildable(both, &mut unbuildable)
            && unbuildable.is_empty()
        {
            remove_covered(&mut both);
            other.config = both;
            other.witnesses.extend(rule.witnesses);
            return;
        }
    }
    rules.push(rule);
}

/// Orders rules so that each decides for its witnesses: before every other rule that admits one of
/// them.
fn in_order(mut rules: Vec<Rule>) -> Vec<PolicyConfig> {
    let mut ordered = Vec::new();
    while !rules.is_empty() {
        let is_first = |rule: &Rule| {
            let others = rules.iter().filter(|other| !std::ptr::eq(*other, rule));
            let mut witnesses = others.flat_map(|other| &other.witnesses);
            !witnesses.any(|origin| rule.admits(origin))
        };
        let first = rules.iter().position(is_first).unwrap_or(0);
        ordered.push(rules.remove(first).config);
    }
    ordered
}

fn rule(
    page: &str,
    profile: &Profile,
    rows: &[&OriginRow],
    differences: &mut Vec<String>,
) -> Option<PolicyConfig> {
    let actual = rows.iter().find_map(|row| row.actual.as_ref())?;
    let credentials = rows.iter().any(|row| row.has_credentials);
    let has = |relation| rows.iter().any(|row| row.relation == relation);
    let mut config = PolicyConfig {
        expose_headers: actual.exposed.clone(),
        allow_credentials: credentials,
        allow_timing: actual.timing,
        ..PolicyConfig::default()
    };
    if has(Relation::Stranger) && !credentials {
        config.allow_origins = vec!["*".into()];
    } else {
        // Where everyone is admitted, the others say nothing about what is meant.
        let is_meant = |row: &&&OriginRow| !has(Relation::Stranger) || row.relation == Relation::Page;
        let rows: Vec<&OriginRow> = rows.iter().filter(is_meant).copied().collect();
        let has = |relation| rows.iter().any(|row| row.relation == relation);
        config.allow_loopback = has(Relation::Localhost) && has(Relation::LoopbackAddress);
        config.allow_origins = entries(page, &rows, config.allow_loopback);
    }
    if profile.is_answered {
        config.allow_methods = match profile.any_method {
            true => vec!["*".into()],
            false => profile.methods.clone(),
        };
        config.allow_headers.clone_from(&profile.headers);
        if profile.any_header {
            config.allow_headers.insert(0, "*".into());
        }
        if let Some(base) = &profile.base {
            let seconds = base.max_age.as_ref().and_then(|value| value.parse::<u32>().ok());
            config.max_age_seconds = seconds.map(|seconds| seconds.min(86_400));
            if base.status == 200 {
                config.success_status = PreflightSuccessStatus::Ok;
            }
        }
    }
    let mut config = buildable(config, differences)?;
    if has(Relation::Stranger) && credentials {
        differences.push(format!(
            "the server admits every origin with credentials, which no policy here can say; this one lists {} only",
            config.allow_origins.join(", ")
        ));
    }
    remove_covered(&mut config);
    Some(config)
}

/// Returns an entry for each origin. Those of which an origin is only a witness are patterns.
fn entries(page: &str, rows: &[&OriginRow], has_loopback: bool) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for row in rows {
        let is_left_out = row.relation == Relation::Stranger
            || row.relation.is_look_alike()
            || (has_loopback && matches!(row.relation, Relation::Localhost | Relation::LoopbackAddress));
        if is_left_out {
            continue;
        }
        let entry = plan::pattern(row.relation, &row.origin, page).unwrap_or_else(|| row.origin.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

/// Removes what makes the policy fail to build, and says so.
fn buildable(mut config: PolicyConfig, differences: &mut Vec<String>) -> Option<PolicyConfig> {
    let flags = [(false, false), (true, false), (false, true), (true, true)];
    let with = |config: &PolicyConfig, (insecure, suffixes): (bool, bool)| PolicyConfig {
        dangerously_allow_insecure_origins_with_credentials: insecure,
        dangerously_allow_public_suffixes_with_credentials: suffixes,
        ..config.clone()
    };
    let build = |config: &PolicyConfig| {
        let mut variants = flags.into_iter().map(|flags| with(config, flags));
        variants.find(|config| config.build().is_ok())
    };
    if let Some(config) = build(&config) {
        return Some(config);
    }
    let empty = PolicyConfig {
        allow_credentials: config.allow_credentials,
        ..PolicyConfig::default()
    };
    let mut keep = |list: &mut Vec<String>, only: fn(&PolicyConfig, String) -> PolicyConfig| {
        list.retain(|entry| {
            let is_kept = build(&only(&empty, entry.clone())).is_some();
            if !is_kept {
                differences.push(format!(
                    "the server also allows {entry}{}, which no policy here can say",
                    if empty.allow_credentials {
                        " with credentials"
                    } else {
                        ""
                    }
                ));
            }
            is_kept
        });
    };
    keep(&mut config.allow_origins, |empty, entry| PolicyConfig {
        allow_origins: vec![entry],
        ..empty.clone()
    });
    keep(&mut config.allow_methods, |empty, entry| PolicyConfig {
        allow_origins: vec!["https://a.example".into()],
        allow_methods: vec![entry],
        ..empty.clone()
    });
    keep(&mut config.allow_headers, |empty, entry| PolicyConfig {
        allow_origins: vec!["https://a.example".into()],
        allow_headers: vec![entry],
        ..empty.clone()
    });
    keep(&mut config.expose_headers, |empty, entry| PolicyConfig {
        allow_origins: vec!["https://a.example".into()],
        expose_headers: vec![entry],
        ..empty.clone()
    });
    if config.allow_origins.is_empty() && !config.allow_loopback {
        return None;
    }
    build(&config)
}

/// Removes entries that a pattern of the same policy admits.
fn remove_covered(config: &mut PolicyConfig) {
    let patterns: Vec<String> = config
        .allow_origins
        .iter()
        .filter(|entry| entry.contains('*'))
        .cloned()
        .collect();
    let wide = PolicyConfig {
        allow_origins: patterns.clone(),
        allow_loopback: config.allow_loopback,
        ..PolicyConfig::default()
    };
    let Ok(wide) = wide.build() else {
        return;
    };
    config.allow_origins.retain(|entry| {
        let is_narrower = patterns.iter().any(|other| {
            let suffix = other.split_once("://*.").map(|(_, suffix)| suffix);
            other != entry
                && suffix.is_some_and(|suffix| entry.ends_with(&format!(".{suffix}")))
                && entry.split_once("://").map(|(scheme, _)| scheme)
                    == other.split_once("://").map(|(scheme, _)| scheme)
        });
        let is_admitted =
            !entry.contains('*') && would_allow(&wide.policy(), &Fetch::from_origin(entry)).is_ok();
        !is_narrower && !is_admitted
    });
}

/// Compares the policy with each answer.
fn compare(survey: &Survey, config: &RulesConfig, differences: &mut Vec<String>) {
    let Ok(owned) = config.build() else {
        return;
    };
    let borrowed = owned.borrowed();
    let rules = borrowed.rules();
    // That every origin is admitted with credentials has been said.
    let stranger = survey.row(Relation::Stranger);
    if stranger.is_some_and(|row| row.is_admitted == Some(true) && row.has_credentials) {
        return;
    }
    for row in &survey.origins {
        let Some(is_admitted) = row.is_admitted else {
            continue;
        };
        let fetch = Fetch::from_origin(&row.origin);
        // No browser sends some of the look-alikes, and `*` admits them too.
        if fetch.check_page().is_err() {
            continue;
        }
        let admits = would_allow(&rules, &fetch).is_ok();
        let admits_credentials = would_allow(&rules, &fetch.include_credentials()).is_ok();
        if admits && is_admitted && admits_credentials != row.has_credentials {
            let verb = if row.has_credentials { "allows" } else { "refuses" };
            differences.push(format!(
                "the server {verb} credentials of {}, and this policy does not",
                row.origin
            ));
        }
        if admits != is_admitted {
            differences.push(match is_admitted {
                true => format!("the server admits {}, which this policy refuses", row.origin),
                false => format!("the server refuses {}, which this policy admits", row.origin),
            });
        }
    }
}
