//! Compares an inferred policy with the server.

use std::collections::BTreeSet;

use embedded_cors::{OriginPattern, PolicyConfig, Request as EngineRequest};

use super::arrange::common;
use super::{Asked, METHODS, ODD_HEADER, Probe, allows_origin, list};
use crate::policy::read::{Difference, Effect, Reading};
use crate::servers::origins::{STRANGER, look_alikes};
use crate::servers::response::Response;
use crate::text::shortened;

/// The most origins that are asked about.
const MAX_ORIGINS: usize = 160;

impl Probe<'_> {
    /// Compares the policy with the server, and lists what differs.
    pub(super) fn compare(&self, reading: &mut Reading, candidates: &[String], line: usize) {
        let allows_nothing = reading.rules.rules == [PolicyConfig::default()];
        let built = if allows_nothing {
            None
        } else {
            reading.rules.build().ok()
        };
        let mut all: BTreeSet<String> = candidates.iter().cloned().collect();
        for entry in reading
            .rules
            .rules
            .iter()
            .flat_map(|policy| &policy.allow_origins)
        {
            all.extend(members(entry));
        }
        all.extend([STRANGER.to_owned(), "null".to_owned()]);
        for (index, policy) in reading.rules.rules.iter().enumerate() {
            let others = reading.rules.rules[index + 1..].iter();
            for (entry, other) in policy.allow_origins.iter().take(40).flat_map(|entry| {
                let others = others.clone().flat_map(|other| &other.allow_origins).take(40);
                others.map(move |other| (entry, other))
            }) {
                all.extend(common(entry, other).into_iter().take(4));
            }
        }
        let mut all: Vec<String> = all.into_iter().take(MAX_ORIGINS).collect();
        // Those that imitate others come last, since they are the first that are left out.
        for origin in all.clone() {
            all.extend(look_alikes(&origin).into_iter().map(|(_, imitation)| imitation));
        }
        let mut all = crate::policy::print::unique(all);
        all.truncate(MAX_ORIGINS);
        let headers: Vec<Vec<String>> = [&[][..], &["content-type"], &["authorization"], &[ODD_HEADER]]
            .iter()
            .map(|names| names.iter().map(|&name| name.into()).collect())
            .collect();
        let mut methods: Vec<String> = METHODS.iter().map(|&name| name.into()).collect();
        methods.extend(["GET".into(), "POST".into()]);
        for policy in &reading.rules.rules {
            methods.extend(policy.allow_methods.iter().filter(|name| *name != "*").cloned());
        }
        methods.sort();
        methods.dedup();
        let mut listed: Vec<String> = Vec::new();
        for policy in &reading.rules.rules {
            listed.extend(policy.allow_headers.iter().filter(|name| *name != "*").cloned());
        }
        listed.retain(|name| {
            !headers
                .iter()
                .flatten()
                .any(|other| other.eq_ignore_ascii_case(name))
        });
        listed.sort();
        listed.dedup();
        let mut groups: Vec<Group> = Vec::new();
        let mut open: Option<(String, String)> = None;
        for origin in &all {
            let asked = |method: &str, preflight: Option<Vec<String>>| Asked {
                origin: origin.clone(),
                method: method.into(),
                preflight,
            };
            let mut requests: Vec<Asked> = Vec::new();
            for method in ["GET", "POST", "PUT"] {
                requests.push(asked(method, None));
            }
            for method in &methods {
                for names in &headers {
                    requests.push(asked(method, Some(names.clone())));
                }
            }
            // `GET` needs no permission, so these show whether the header has it.
            requests.extend(
                listed
                    .iter()
                    .take(40)
                    .map(|name| asked("GET", Some(vec![name.clone()]))),
            );
            for asked in requests {
                let answer = self.ask(&asked);
                let name = "access-control-allow-origin";
                if let Some(reason) = answer.status.reason().or_else(|| answer.unknown_reason(name)) {
                    open.get_or_insert_with(|| (origin.clone(), reason.to_owned()));
                    continue;
                }
                let server = of_server(&answer, &asked);
                let engine = built
                    .as_ref()
                    .map_or_else(Verdict::default, |rules| of_engine(rules, &asked));
                if server != engine {
                    note(&mut groups, &asked, server, engine);
                }
            }
        }
        let found = joined(groups).into_iter().map(|group| group.difference(line));
        reading.differences.extend(found);
        let is_said = |difference: &Difference| {
            difference.effect == Effect::Undecided && difference.setting == "answers"
        };
        if let Some((origin, reason)) = open
            && !reading.differences.iter().any(is_said)
        {
            reading.differences.push(Difference {
                effect: Effect::Undecided,
                setting: "answers".into(),
                text: format!("what the server answers to some requests is not known: {reason}"),
                line: Some(line),
                witnesses: vec![origin],
            });
        }
    }
}

/// The verdict of a browser on an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Verdict {
    /// Whether a page may read the answer, or send the request, without credentials.
    is_allowed: bool,
    /// Whether it may with credentials.
    with_credentials: bool,
    /// The other fields of an answer that allows something: names and values.
    details: Vec<(&'static str, String)>,
}

/// Returns the parts of an answer that matter if it allows something: for how long a preflight is
/// kept, and otherwise what scripts may read.
fn details(value: impl Fn(&str) -> Option<String>, asked: &Asked) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if asked.preflight.is_some() {
        let seconds = value("access-control-max-age").and_then(|text| text.trim().parse::<i64>().ok());
        // A policy has no other values, and another difference says so.
        found.extend(seconds.map(|seconds| ("Access-Control-Max-Age", seconds.clamp(0, 86_400).to_string())));
        return found;
    }
    let is_true = value("access-control-allow-credentials").is_some();
    let exposed = value("access-control-expose-headers").unwrap_or_default();
    let exposed = exposed.split(',').map(|name| name.trim().to_ascii_lowercase());
    // With credentials, a `*` is a name, which another difference says too.
    let exposed: BTreeSet<String> = exposed
        .filter(|name| !name.is_empty() && (name != "*" || !is_true))
        .collect();
    if !exposed.is_empty() {
        let names: Vec<String> = exposed.into_iter().collect();
        found.push(("Access-Control-Expose-Headers", names.join(", ")));
    }
    let timing = value("timing-allow-origin").unwrap_or_default();
    if timing
        .split(',')
        .any(|part| part.trim() == "*" || part.trim() == asked.origin)
    {
        found.push(("Timing-Allow-Origin", "the page's origin".into()));
    }
    found
}

/// Returns origins that an entry admits.
pub(super) fn members(entry: &str) -> Vec<String> {
    // The address of a network is one of its addresses.
    let network = entry
        .rfind('/')
        .filter(|at| entry[..*at].len() > entry.find("://").map_or(0, |at| at + 2));
    let entry = match network {
        Some(at) => {
            let ports = entry[at..].find(':').map_or("", |colon| &entry[at + colon..]);
            format!("{}{ports}", &entry[..at])
        }
        None => entry.to_owned(),
    };
    let (host, ports) = match entry.rsplit_once(':') {
        Some((host, ports)) if !ports.starts_with("//") && !ports.ends_with(']') => (host, ports),
        _ => (entry.as_str(), ""),
    };
    let ports: Vec<String> = match (ports, ports.split_once('-')) {
        ("", _) => vec![String::new()],
        ("*", _) => vec![":8080".into(), String::new()],
        (_, Some((first, last))) => vec![format!(":{first}"), format!(":{last}")],
        (port, None) => vec![format!(":{port}")],
    };
    let mut found = Vec::new();
    for scheme in ["https", "http"] {
        let host = match host.strip_prefix("*://") {
            Some(host) => format!("{scheme}://{host}"),
            None => host.to_owned(),
        };
        for labels in ["a.", "a.b."] {
            let host = host.replacen("*.", labels, 1).replacen('*', "b", 1);
            found.extend(ports.iter().map(|port| format!("{host}{port}")));
        }
    }
    let is_origin = |origin: &String| origin.as_str() != "b" && OriginPattern::parse(origin).is_ok();
    crate::policy::print::unique(found.into_iter().filter(is_origin).collect())
}

/// Returns the verdict of a browser on an answer of a server.
fn of_server(answer: &Response, asked: &Asked) -> Verdict {
    let origin = allows_origin(answer, &asked.origin);
    let is_any = answer.value("access-control-allow-origin") == Some("*");
    let credentials = answer.value("access-control-allow-credentials") == Some("true") && !is_any;
    let details = |is_allowed: bool| {
        let value = |name: &str| {
            let list = list(answer, name);
            (!list.is_empty()).then(|| list.join(", "))
        };
        if is_allowed {
            details(value, asked)
        } else {
            Vec::new()
        }
    };
    let Some(headers) = &asked.preflight else {
        return Verdict {
            is_allowed: origin,
            with_credentials: origin && credentials,
            details: details(origin),
        };
    };
    let is_success = answer
        .status
        .known()
        .is_some_and(|status| (200..300).contains(status));
    let (methods, names) = (
        list(answer, "access-control-allow-methods"),
        list(answer, "access-control-allow-headers"),
    );
    let lists = |with_credentials: bool| {
        let is_star = |names: &[String]| !with_credentials && names.iter().any(|name| name == "*");
        let method = matches!(asked.method.as_str(), "GET" | "HEAD" | "POST")
            || methods.contains(&asked.method)
            || is_star(&methods);
        let headers = headers.iter().all(|header| {
            names.iter().any(|name| name.eq_ignore_ascii_case(header))
                || is_star(&names) && header != "authorization"
        });
        method && headers
    };
    let is_allowed = origin && is_success && lists(false);
    let with_credentials = origin && credentials && is_success && lists(true);
    Verdict {
        is_allowed,
        with_credentials,
        details: details(is_allowed || with_credentials),
    }
}

fn of_engine(rules: &embedded_cors::OwnedRules, asked: &Asked) -> Verdict {
    let list = asked.preflight.as_ref().map(|names| names.join(","));
    let mut fields = vec![("Origin", asked.origin.as_str())];
    let mut method = asked.method.as_str();
    if let Some(list) = &list {
        fields.push(("Access-Control-Request-Method", &asked.method));
        if !list.is_empty() {
            fields.push(("Access-Control-Request-Headers", list));
        }
        method = "OPTIONS";
    }
    let request = EngineRequest::from_fields(method, fields);
    let borrowed = rules.borrowed();
    let rules = borrowed.rules();
    let decision = rules.decide(&request);
    if !decision.is_allowed() {
        return Verdict::default();
    }
    let fields: Vec<String> = decision.fields().map(|field| field.to_string()).collect();
    let value = |name: &str| {
        let mut values = fields
            .iter()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        values.next().map(String::from)
    };
    Verdict {
        is_allowed: true,
        with_credentials: value("access-control-allow-credentials").is_some(),
        details: details(value, asked),
    }
}

/// Requests on which the configuration and the result differ in the same way.
struct Group {
    server: Verdict,
    engine: Verdict,
    /// The requested headers of preflights, a list for each.
    preflight: Option<Vec<Vec<String>>>,
    methods: Vec<String>,
    witnesses: Vec<String>,
}

impl Group {
    fn difference(self, line: usize) -> Difference {
        let words = |verdict: &Verdict| match (verdict.is_allowed, verdict.with_credentials) {
            (false, false) => ("refuses", ""),
            (true, false) => ("allows", ", but without credentials"),
            (false, true) => ("allows", ", but only with credentials"),
            (true, true) => ("allows", ", also with credentials"),
        };
        let ((by_server, how_server), (by_engine, how_engine)) = (words(&self.server), words(&self.engine));
        let methods = shortened(&self.methods.join(", "));
        let what = match &self.preflight {
            None => format!("requests with {methods}"),
            Some(headers) => {
                let headers = headers.iter().map(|names| match names.as_slice() {
                    [] => "no header".to_owned(),
                    names => names.join(" and "),
                });
                let headers: Vec<String> = headers.collect();
                format!(
                    "preflights for {methods} that ask for {}",
                    headers.join(" or for ")
                )
            }
        };
        let access = |verdict: &Verdict| (verdict.is_allowed, verdict.with_credentials);
        if access(&self.server) == access(&self.engine) {
            let said = |verdict: &Verdict| match verdict.details.as_slice() {
                [] => "nothing".to_owned(),
                details => {
                    let lines = details
                        .iter()
                        .map(|(name, value)| format!("{name}: {}", shortened(value)));
                    lines.collect::<Vec<_>>().join(" and ")
                }
            };
            let (by_server, by_engine) = (said(&self.server), said(&self.engine));
            return Difference {
                effect: Effect::Other,
                setting: "answers".into(),
                text: format!(
                    "the configuration answers {what} with {by_server}, and the result with {by_engine}"
                ),
                line: Some(line),
                witnesses: self.witnesses,
            };
        }
        let rank = |verdict: &Verdict| u8::from(verdict.is_allowed) + u8::from(verdict.with_credentials);
        let is_more = rank(&self.engine) > rank(&self.server);
        Difference {
            effect: if is_more { Effect::More } else { Effect::Less },
            setting: "answers".into(),
            text: format!(
                "the configuration {by_server} {what}{how_server}, and the result {by_engine} them{how_engine}",
            ),
            line: Some(line),
            witnesses: self.witnesses,
        }
    }

    /// Returns whether the other group differs in the requested headers only.
    fn is_like(&self, other: &Self) -> bool {
        self.server == other.server
            && self.engine == other.engine
            && self.preflight.is_some() == other.preflight.is_some()
            && self.methods == other.methods
            && self.witnesses == other.witnesses
    }
}

/// Joins groups that differ in the requested headers only.
fn joined(groups: Vec<Group>) -> Vec<Group> {
    let mut joined: Vec<Group> = Vec::new();
    for group in groups {
        match joined.iter_mut().find(|other| other.is_like(&group)) {
            Some(other) => {
                if let (Some(headers), Some(more)) = (&mut other.preflight, group.preflight) {
                    headers.extend(more);
                }
            }
            None => joined.push(group),
        }
    }
    joined
}

/// Adds a request to the group of those that differ in the same way.
fn note(groups: &mut Vec<Group>, asked: &Asked, server: Verdict, engine: Verdict) {
    let found = groups.iter().position(|group| {
        let same = match (&group.preflight, &asked.preflight) {
            (Some(lists), Some(names)) => lists.contains(names),
            (None, None) => true,
            _ => false,
        };
        same && group.server == server && group.engine == engine
    });
    let index = found.unwrap_or_else(|| {
        groups.push(Group {
            server,
            engine,
            preflight: asked.preflight.clone().map(|names| vec![names]),
            methods: Vec::new(),
            witnesses: Vec::new(),
        });
        groups.len() - 1
    });
    let group = &mut groups[index];
    if !group.methods.contains(&asked.method) {
        group.methods.push(asked.method.clone());
    }
    if group.witnesses.len() < 3 && !group.witnesses.contains(&asked.origin) {
        group.witnesses.push(asked.origin.clone());
    }
}
