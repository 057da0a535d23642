//! Infers the policy of a simulated server: from what it answers to origins, methods and headers
//! that the configuration mentions, and to look-alikes of these.
//!
//! The policy is then compared with the server on many requests. What differs is listed.

mod arrange;
mod compare;

use std::collections::BTreeSet;

use embedded_cors::{OriginPattern, PolicyConfig, RulesConfig};

use super::read::patterns::{self, Match};
use super::read::{Difference, Effect, Reading, draft::Draft};
use crate::servers::expression::Expression;
use crate::servers::origins::{self, Hint, STRANGER};
use crate::servers::request::{Request, Upstream};
use crate::servers::response::{Field, Response};
use crate::servers::{Server, Target};
use crate::text::shortened;

/// The methods that are tried besides those that the server lists.
const METHODS: [&str; 4] = ["PUT", "PATCH", "DELETE", "OTHER"];
/// A header that no configuration lists.
const ODD_HEADER: &str = "x-other-header";

/// Infers the policy at each target of a server. Targets with the same policy are one reading.
pub fn infer(server: &dyn Server, upstream: &Upstream) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut targets = server.targets();
    if targets.is_empty() {
        targets.push(Target {
            name: "every path".into(),
            url: "http://localhost/".into(),
            place: None,
        });
    }
    for target in targets {
        let line = target.place.map_or(1, |place| server.sources().locate(place).1);
        let probe = Probe {
            server,
            target: &target,
            upstream,
        };
        let reading = probe.reading(line);
        let same = readings
            .iter_mut()
            .find(|other| other.rules == reading.rules && other.differences == reading.differences);
        match same {
            Some(other) => other.name = format!("{}, {}", other.name, target.name),
            None => readings.push(reading),
        }
    }
    // Where another place has a policy, one without CORS fields is left out.
    if readings
        .iter()
        .any(|reading| reading.rules.rules != [PolicyConfig::default()])
    {
        readings.retain(|reading| reading.rules.rules != [PolicyConfig::default()] || reading.is_undecided());
    }
    readings
}

struct Probe<'p> {
    server: &'p dyn Server,
    target: &'p Target,
    upstream: &'p Upstream,
}

/// A preflight or another request, as a browser sends it.
#[derive(Clone, Debug)]
struct Asked {
    origin: String,
    method: String,
    /// The requested headers, if it is a preflight.
    preflight: Option<Vec<String>>,
}

impl Probe<'_> {
    fn ask(&self, asked: &Asked) -> Response {
        let method = if asked.preflight.is_some() {
            "OPTIONS"
        } else {
            &asked.method
        };
        let head = format!("{method} {} HTTP/1.1", self.target.url);
        let mut request =
            Request::from_head(&head).unwrap_or_else(|_| Request::new(method, "localhost", "/"));
        request = request.with("Origin", &asked.origin);
        if let Some(headers) = &asked.preflight {
            request = request.with("Access-Control-Request-Method", &asked.method);
            if !headers.is_empty() {
                request = request.with("Access-Control-Request-Headers", &headers.join(","));
            }
        }
        self.server.respond(&request, self.upstream)
    }

    fn get(&self, origin: &str) -> Response {
        self.ask(&Asked {
            origin: origin.into(),
            method: "GET".into(),
            preflight: None,
        })
    }

    fn preflight(&self, origin: &str, method: &str, headers: &[&str]) -> Response {
        self.ask(&Asked {
            origin: origin.into(),
            method: method.into(),
            preflight: Some(headers.iter().map(|&name| name.into()).collect()),
        })
    }

    fn admits(&self, origin: &str) -> bool {
        allows_origin(&self.get(origin), origin) || allows_origin(&self.preflight(origin, "PUT", &[]), origin)
    }

    fn reading(&self, line: usize) -> Reading {
        let mut hints = self.server.hints();
        if hints.is_empty() {
            hints = text_hints(self.server);
        }
        let mut candidates = origins::candidates(&hints);
        candidates.extend(literal_origins(&hints));
        let domains = literal_domains(&hints);
        for domain in &domains {
            let starts = ["https://", "https://www.", "http://", "https://evil"];
            candidates.extend(starts.map(|start| format!("{start}{domain}")));
        }
        let candidates: BTreeSet<String> = candidates.into_iter().collect();
        let candidates: Vec<String> = candidates.into_iter().take(200).collect();
        let mut differences = Vec::new();
        if let Some(reason) = self.unknown(candidates.first().map_or(STRANGER, String::as_str)) {
            let mut draft = Draft::at(line);
            draft.differs(
                Effect::Undecided,
                "answers",
                format!("what the server answers is not known: {reason}"),
            );
            differences.append(&mut draft.differences);
        }
        self.unusable_origins(&candidates, line, &mut differences);
        let entries = self.entries(&hints, &domains, &candidates, &mut differences);
        let drafts = self.drafts(entries, &candidates, line, &mut differences);
        let mut reading = Reading::of(self.target.name.clone(), drafts);
        reading.line = line;
        reading.differences.extend(differences);
        self.compare(&mut reading, &candidates, line);
        reading
    }

    fn unknown(&self, origin: &str) -> Option<String> {
        let reason = |response: &Response| {
            let name = "access-control-allow-origin";
            response
                .status
                .reason()
                .or_else(|| response.unknown_reason(name))
                .map(String::from)
        };
        reason(&self.get(origin)).or_else(|| reason(&self.preflight(origin, "PUT", &[])))
    }

    /// Names values of Access-Control-Allow-Origin that no browser compares as equal.
    fn unusable_origins(&self, candidates: &[String], line: usize, differences: &mut Vec<Difference>) {
        const NAME: &str = "Access-Control-Allow-Origin";
        let pages = candidates.iter().take(24).map(String::as_str);
        for page in pages.chain([STRANGER]) {
            for answer in [self.get(page), self.preflight(page, "PUT", &[])] {
                let fields: Vec<&Field> = answer.named(NAME).collect();
                let mut draft = Draft::at(line);
                let place = fields.iter().find_map(|field| field.place);
                if let Some(place) = place {
                    draft.line = self.server.sources().locate(place).1;
                }
                if fields.len() > 1 {
                    draft.differs(
                        Effect::Undecided,
                        NAME,
                        "an answer has the field in two lines, which browsers refuse; write one line only",
                    );
                } else if let Some(value) = answer.value(NAME).filter(|value| *value != page)
                    && let Some(advice) = unusable(value)
                {
                    let value = shortened(value);
                    draft.differs(
                        Effect::Undecided,
                        NAME,
                        format!("the value {value:?} is not an origin, so no page is admitted; {advice}"),
                    );
                }
                for difference in draft.differences {
                    if !differences.contains(&difference) && differences.len() < 20 {
                        differences.push(difference);
                    }
                }
            }
        }
    }

    /// Finds the entries of all origins that are admitted.
    fn entries(
        &self,
        hints: &[Hint],
        domains: &[String],
        candidates: &[String],
        differences: &mut Vec<Difference>,
    ) -> Vec<String> {
        let is_for_all = self.admits(STRANGER);
        let mut entries: Vec<String> = Vec::new();
        let mut undecided: Vec<&Expression> = Vec::new();
        for hint in hints {
            let Hint::Expression(expression, place) = hint else {
                continue;
            };
            let line = self.server.sources().locate(*place).1;
            let text = expression.pattern();
            let samples = origins::candidates(std::slice::from_ref(hint));
            let found = patterns::entries(text, Match::Part);
            let members = found
                .iter()
                .flat_map(|found| found.entries.iter().flat_map(|entry| compare::members(entry)));
            let samples: Vec<String> = samples.into_iter().chain(members).collect();
            if !samples.iter().any(|sample| self.admits(sample)) {
                continue;
            }
            match found {
                Some(found) => {
                    // An expression may stand in a condition that admits a part of it only.
                    let is_admitted = |entry: &String| {
                        let mut all = samples.iter().filter(|sample| entry_admits(entry, sample));
                        all.all(|sample| self.admits(sample))
                    };
                    entries.extend(found.entries.into_iter().filter(is_admitted));
                    for sentence in found.wider {
                        let mut draft = Draft::at(line);
                        draft.differs(Effect::More, text, sentence);
                        differences.append(&mut draft.differences);
                    }
                }
                None if is_for_all => {}
                None => {
                    let mut difference = patterns::undecided(text, Match::Part, "origins", line);
                    difference.witnesses.retain(|origin| self.admits(origin));
                    if !difference.witnesses.is_empty() {
                        undecided.push(expression);
                        differences.push(difference);
                    }
                }
            }
        }
        if !is_for_all {
            for domain in domains {
                entries.extend(self.subdomains(domain));
            }
        }
        let loopback = [
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1",
            "null",
        ];
        let loopback = loopback.map(String::from);
        let literals = literal_origins(hints);
        for origin in candidates.iter().chain(&loopback) {
            let is_covered = entries.iter().any(|entry| entry_admits(entry, origin));
            // What such an expression admits is left to a person, unless the text names it.
            let is_left = !literals.contains(origin)
                && undecided
                    .iter()
                    .any(|expression| expression.find(origin).is_ok_and(|found| found.is_some()));
            if !is_covered && !is_left && OriginPattern::parse(origin).is_ok() && self.admits(origin) {
                entries.push(origin.clone());
            }
        }
        crate::policy::print::unique(entries)
    }

    /// Returns the pattern of the subdomains of a domain that the configuration mentions, if all
    /// that were tried are admitted.
    fn subdomains(&self, domain: &str) -> Option<String> {
        let admits = |scheme: &str, port: &str| {
            let hosts = ["a", "b.c", "x-1"].map(|label| format!("{scheme}://{label}.{domain}{port}"));
            hosts.iter().all(|origin| self.admits(origin))
        };
        let has_ports = admits("https", ":8443") && admits("https", ":1");
        let ports = if has_ports { ":*" } else { "" };
        let pattern = match (admits("https", ""), admits("http", "")) {
            (true, true) => format!("*://*.{domain}{ports}"),
            (true, false) => format!("https://*.{domain}{ports}"),
            (false, true) => format!("http://*.{domain}{ports}"),
            (false, false) => return None,
        };
        OriginPattern::parse(&pattern).is_ok().then_some(pattern)
    }

    /// Reads the lists from the answers to a page that is admitted.
    fn lists(&self, draft: &mut Draft, page: &str) {
        let get = self.get(page);
        let preflight = self.preflight(page, "PUT", &["content-type"]);
        // Two preflights, since a server may except authorization from what it repeats.
        let odd = list(
            &self.preflight(page, "OTHER", &[ODD_HEADER]),
            "access-control-allow-headers",
        );
        let login = list(
            &self.preflight(page, "PUT", &["authorization"]),
            "access-control-allow-headers",
        );
        let methods = list(
            &self.preflight(page, "OTHER", &[]),
            "access-control-allow-methods",
        );
        let is_true =
            |response: &Response| response.value("access-control-allow-credentials") == Some("true");
        draft.credentials = is_true(&get) || is_true(&preflight);
        if is_true(&get) != is_true(&preflight)
            && allows_origin(&preflight, page)
            && allows_origin(&get, page)
        {
            draft.differs(
                Effect::More,
                "credentials",
                "only some of the answers have Access-Control-Allow-Credentials, so requests with credentials \
                 fail in part; the result allows them",
            );
        }
        if !allows_origin(&preflight, page)
            || preflight
                .status
                .known()
                .is_some_and(|status| !(200..300).contains(status))
        {
            draft.differs(
                Effect::More,
                "preflights",
                "preflights fail, so that only GET, HEAD and POST work; the result has the methods and headers \
                 that the answers list",
            );
        }
        for (response, name) in [
            (&preflight, "access-control-allow-methods"),
            (&preflight, "access-control-allow-headers"),
            (&get, "access-control-allow-credentials"),
        ] {
            if let Some(reason) = response.unknown_reason(name) {
                draft.differs(
                    Effect::Undecided,
                    name,
                    format!("the value is not known: {reason}"),
                );
            }
        }
        draft.methods = list(&preflight, "access-control-allow-methods");
        if draft.methods.is_empty() {
            draft.methods = list(&get, "access-control-allow-methods");
        }
        draft.headers = list(&preflight, "access-control-allow-headers");
        if draft.headers.is_empty() {
            draft.headers = list(&get, "access-control-allow-headers");
        }
        let has = |names: &[String], name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        // A `*` that the server writes as it is has no meaning with credentials.
        if has(&odd, ODD_HEADER) {
            draft.headers = vec!["*".into()];
            if has(&login, "authorization") {
                draft.headers.push("authorization".into());
            }
        } else {
            super::read::star_with_credentials(draft, &["allow_headers"]);
        }
        if methods.iter().any(|name| name == "OTHER") {
            draft.methods = vec!["*".into()];
        } else {
            super::read::star_with_credentials(draft, &["allow_methods"]);
        }
        draft.expose = list(&get, "access-control-expose-headers");
        draft.max_age = preflight
            .value("access-control-max-age")
            .and_then(|text| text.trim().parse().ok());
        draft.timing = get.value("timing-allow-origin").is_some();
        draft.success_status = preflight.status.known().copied();
    }
}

fn allows_origin(response: &Response, origin: &str) -> bool {
    let mut lines = response.named("access-control-allow-origin");
    let value = lines.next().and_then(|field| field.value.known());
    lines.next().is_none() && value.is_some_and(|value| value == origin || value == "*")
}

/// Returns what to write instead of a value that is not an origin.
fn unusable(value: &str) -> Option<String> {
    if value == "*" || value == "null" || value.is_empty() {
        return None;
    }
    let is_origin = !value.contains('*') && OriginPattern::parse(value).is_ok();
    if is_origin {
        return None;
    }
    let without_slash = value.trim_end_matches('/');
    Some(if value.contains([',', ' ']) {
        "answer with the one origin that the request has".into()
    } else if without_slash != value && OriginPattern::parse(without_slash).is_ok() {
        format!(
            "write {:?}, without the slash at the end",
            shortened(without_slash)
        )
    } else {
        "write a scheme, a host and a port, such as https://app.example.com".into()
    })
}

fn entry_admits(entry: &str, origin: &str) -> bool {
    let (Ok(entry), Ok(origin)) = (OriginPattern::parse(entry), OriginPattern::parse(origin)) else {
        return false;
    };
    entry.contains(&origin)
}

/// Returns the origins among the literals that other readers do not take for candidates.
fn literal_origins(hints: &[Hint]) -> Vec<String> {
    let texts = hints.iter().filter_map(|hint| match hint {
        Hint::Literal(text) => Some(text.trim()),
        Hint::Expression(..) => None,
    });
    texts
        .filter(|text| text.contains("://") && !text.contains('*') && OriginPattern::parse(text).is_ok())
        .map(String::from)
        .collect()
}

/// Returns the domains among the literals: `example.com`, `.example.com`, `*.example.com`.
fn literal_domains(hints: &[Hint]) -> Vec<String> {
    let mut domains: Vec<String> = Vec::new();
    for hint in hints {
        let Hint::Literal(text) = hint else {
            continue;
        };
        let text = text.split_once("://").map_or(text.as_str(), |(_, host)| host);
        let domain = text.trim().trim_start_matches("*.").trim_start_matches('.');
        let is_domain = domain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let is_name = domain.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_domain && is_name && (domain.contains('.') || domain == "localhost") && domains.len() < 40 {
            let domain = domain.to_owned();
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
    }
    domains
}

/// Returns whether a policy was found.
pub fn is_empty(rules: &RulesConfig) -> bool {
    rules
        .rules
        .iter()
        .all(|policy| *policy == PolicyConfig::default())
}

/// Returns the members of a list that may have several lines.
fn list(response: &Response, name: &str) -> Vec<String> {
    let values = response.named(name).filter_map(|field| field.value.known());
    let members = values.flat_map(|value| value.split(','));
    members
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns what the words of a configuration may tell of origins.
fn text_hints(server: &dyn Server) -> Vec<Hint> {
    let mut hints = Vec::new();
    for (file, source) in server.sources().files().iter().enumerate() {
        let words = source
            .text
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ';'));
        for word in
            words.filter(|word| word.contains('.') || word.contains("://") || word.contains("localhost"))
        {
            let start = word.as_ptr() as usize - source.text.as_ptr() as usize;
            let place = crate::servers::source::Place::new(file, start, start + word.len());
            if word.contains(['^', '$', '\\', '(', '*'])
                && let Ok(expression) =
                    crate::servers::expression::Expression::new(word.trim_start_matches('!'), false)
            {
                hints.push(Hint::Expression(expression, place));
            } else {
                hints.push(Hint::Literal(word.into()));
            }
        }
    }
    hints
}
