//! Defects that show in what a server answers, whatever kind of server it is.

use super::expectations::{Outcome, Row, Table, Who, request_to};
use super::findings::{Finding, Severity};
use super::origins::{self, Likeness, STRANGER};
use super::request::{Request, Upstream};
use super::response::Response;
use super::source::Place;
use super::{Server, Target};
use crate::url::{Url, is_origin};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
/// The most origins whose look-alikes are tried.
const MAX_BASES: usize = 32;
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";

/// Returns the defects that show at a target.
pub fn findings(
    server: &dyn Server,
    table: &Table,
    upstream: &Upstream,
    candidates: &[String],
) -> Vec<Finding> {
    let probe = Probe {
        server,
        table,
        target: &table.target,
        upstream,
        candidates,
    };
    let mut found = Vec::new();
    found.extend(probe.values());
    found.extend(probe.longer_values());
    found.extend(probe.preflights());
    found.extend(probe.methods());
    found.extend(probe.strangers());
    found.extend(probe.look_alikes());
    found.extend(probe.vary());
    found.extend(probe.errors());
    for finding in &mut found {
        if finding.targets.is_empty() {
            finding.targets.push(table.target.name.clone());
        }
        if finding.url.is_empty() {
            finding.url = table.target.url.clone();
        }
        if finding.marks.is_empty()
            && let Some(place) = table.target.place
        {
            finding.mark(place, "here");
        }
    }
    found
}

struct Probe<'p> {
    server: &'p dyn Server,
    table: &'p Table,
    target: &'p Target,
    upstream: &'p Upstream,
    candidates: &'p [String],
}

/// Returns the line that sets a field.
fn place_of(answer: &Response, name: &str) -> Option<Place> {
    answer.named(name).find_map(|field| field.place)
}

fn mark_field(finding: &mut Finding, answer: &Response, name: &str, label: &str) {
    if let Some(place) = place_of(answer, name) {
        finding.mark(place, label);
    }
}

fn mark_decision(finding: &mut Finding, answer: &Response, label: &str) {
    if let Some(place) = answer.decided_by {
        finding.mark(place, label);
    }
}

impl Probe<'_> {
    fn row(&self, id: &str) -> Option<&Row> {
        self.table.rows.iter().find(|row| row.wish.id == id)
    }

    fn ask(&self, origin: &str) -> Response {
        let request = request_to(&self.target.url, "GET").with("Origin", origin);
        self.server.respond(&request, self.upstream)
    }

    fn ask_preflight(&self, origin: &str, method: &str) -> Response {
        let request: Request = request_to(&self.target.url, "OPTIONS")
            .with("Origin", origin)
            .with("Access-Control-Request-Method", method);
        self.server.respond(&request, self.upstream)
    }

    /// The answers that are looked at for their values: to the page's `GET` and preflight, and to
    /// those of a stranger.
    fn answers(&self) -> Vec<Response> {
        let mut answers = Vec::new();
        for id in ["get", "put", "stranger", "stranger-put"] {
            if let Some(row) = self.row(id) {
                answers.extend(row.preflight.iter().cloned());
                answers.extend(row.actual.iter().cloned());
            }
        }
        // A preflight that fails hides what the server says to the request itself.
        for method in ["PUT", "POST"] {
            answers.push(self.server.respond(
                &request_to(&self.target.url, method).with("Origin", self.page()),
                self.upstream,
            ));
        }
        answers
    }

    fn page(&self) -> &str {
        self.row("get")
            .map_or(origins::PAGE, |row| row.wish.origin.as_str())
    }

    /// Values that no browser accepts.
    fn values(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        for answer in self.answers() {
            if answer.unknown_reason(ALLOW_ORIGIN).is_some() {
                continue;
            }
            let lines: Vec<_> = answer.named(ALLOW_ORIGIN).collect();
            if lines.len() > 1 {
                let mut finding = Finding::new(
                    "allow-origin-repeated",
                    Severity::Error,
                    "responses have more than one Access-Control-Allow-Origin",
                )
                .because("browsers block a response with two of these lines, also if they are equal");
                for (index, line) in lines.iter().enumerate() {
                    match line.place {
                        Some(place) => finding.mark(
                            place,
                            if index == 0 {
                                "the first line"
                            } else {
                                "another line"
                            },
                        ),
                        None => finding.reasons.push(format!(
                            "one of the lines comes from the application: Access-Control-Allow-Origin: {}",
                            line.value.known().map_or("", String::as_str)
                        )),
                    }
                }
                found.push(finding);
                continue;
            }
            let Some(value) = answer.value(ALLOW_ORIGIN) else {
                continue;
            };
            // A colon at the start comes from the field's name, which another finding is about.
            if value != "*" && (!is_origin(value) || value.contains('*')) && !value.starts_with(':') {
                let mut finding = Finding::new(
                    "allow-origin-malformed",
                    Severity::Error,
                    format!("Access-Control-Allow-Origin has the value {value:?}, which is neither an origin nor *"),
                )
                .because("browsers compare the value with the origin of the page, byte for byte")
                .because(malformed(value));
                mark_field(&mut finding, &answer, ALLOW_ORIGIN, "no page has this origin");
                found.push(finding);
            }
            let credentials = answer.value(ALLOW_CREDENTIALS);
            if let Some(text) = credentials
                && text != "true"
                && !text.starts_with(':')
                && answer.unknown_reason(ALLOW_CREDENTIALS).is_none()
                && !text.eq_ignore_ascii_case("false")
            {
                let mut finding = Finding::new(
                    "credentials-not-true",
                    Severity::Error,
                    format!("Access-Control-Allow-Credentials has the value {text:?}"),
                )
                .because("browsers accept exactly true, in lower case");
                mark_field(&mut finding, &answer, ALLOW_CREDENTIALS, "write true");
                found.push(finding);
            }
            if value == "*" && credentials == Some("true") {
                let mut finding = Finding::new(
                    "any-origin-with-credentials",
                    Severity::Error,
                    "Access-Control-Allow-Origin is * and Access-Control-Allow-Credentials is true",
                )
                .because("browsers block every request with cookies or a login under *; the line of the credentials has no effect");
                mark_field(
                    &mut finding,
                    &answer,
                    ALLOW_ORIGIN,
                    "with credentials, browsers refuse *",
                );
                mark_field(
                    &mut finding,
                    &answer,
                    ALLOW_CREDENTIALS,
                    "this does not work with *",
                );
                found.push(finding);
            }
            if credentials == Some("true") && value != "*" {
                for name in [
                    "access-control-allow-headers",
                    "access-control-allow-methods",
                    "access-control-expose-headers",
                ] {
                    if answer
                        .value(name)
                        .is_some_and(|list| list.split(',').any(|item| item.trim() == "*"))
                    {
                        let mut finding = Finding::new(
                            "any-list-with-credentials",
                            Severity::Warning,
                            format!("{name} is * beside credentials"),
                        )
                        .because("in a response to a request with credentials, * is only a name like others; list the names");
                        mark_field(&mut finding, &answer, name, "with credentials, * means nothing");
                        found.push(finding);
                    }
                }
            }
        }
        // Each defect once for each target.
        super::findings::join(found)
    }

    /// Values that begin with the origin of the request and go on: a group too many is in them.
    fn longer_values(&self) -> Option<Finding> {
        let mut ends: Vec<(String, &String, Response)> = Vec::new();
        for origin in self.candidates.iter().take(16) {
            let answer = self.ask(origin);
            let end = answer
                .value(ALLOW_ORIGIN)
                .and_then(|value| value.strip_prefix(origin.as_str()));
            let Some(end) = end.filter(|end| !end.is_empty()).map(String::from) else {
                continue;
            };
            // A value that does not depend on the request may begin like one origin, but not two.
            let Some((_, first, answer)) = ends.iter().find(|(other, ..)| *other == end) else {
                ends.push((end, origin, answer));
                continue;
            };
            let mut finding = Finding::new(
                "allow-origin-malformed",
                Severity::Error,
                format!("Access-Control-Allow-Origin is the origin of the page with {end:?} after it"),
            )
            .because("browsers compare the value with the origin of the page, byte for byte");
            finding.witness = Some((*first).clone());
            mark_field(&mut finding, answer, ALLOW_ORIGIN, "no page has this origin");
            return Some(finding);
        }
        None
    }

    /// Preflights that fail although the server lets the page read.
    fn preflights(&self) -> Vec<Finding> {
        let asked = self.ask_preflight(self.page(), "PUT");
        let reason = asked.status.reason();
        if reason.is_some_and(|reason| reason.contains("auth_request")) {
            let finding = Finding::new(
                "preflight-needs-login",
                Severity::Warning,
                "preflights fail if auth_request refuses requests without a login",
            )
            .because("browsers send no cookies and no login with a preflight");
            return vec![finding];
        }
        let Some(page) = &self.table.page else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let actual = self.server.respond(
            &request_to(&self.target.url, "PUT").with("Origin", page),
            self.upstream,
        );
        let post = self.server.respond(
            &request_to(&self.target.url, "POST").with("Origin", page),
            self.upstream,
        );
        let get = self.ask(page);
        let preflight = self.ask_preflight(page, "PUT");
        if preflight.status.known().is_none() || preflight.unknown_reason(ALLOW_ORIGIN).is_some() {
            return found;
        }
        let status = preflight.status.known().copied().unwrap_or(0);
        let admits = |answer: &Response| {
            answer
                .value(ALLOW_ORIGIN)
                .is_some_and(|value| value == page || value == "*")
        };
        // A place that refuses every request is not one that preflights are for.
        let is_closed = !matches!(status, 200..=399 | 401 | 407)
            && [&get, &post, &actual]
                .iter()
                .all(|answer| answer.status == preflight.status);
        if is_closed {
            return found;
        }
        let mut finding = match status {
            200..=299 if admits(&preflight) => {
                let row = self.row("put-json-credentials");
                return self.lists(&preflight, row);
            }
            200..=299 if preflight.named(ALLOW_ORIGIN).next().is_none() => Finding::new(
                "preflight-without-allow-origin",
                Severity::Error,
                "the answer to preflights has no Access-Control-Allow-Origin",
            )
            .because("browsers block every request that needs a preflight: PUT, DELETE, JSON, Authorization"),
            200..=299 if preflight.value(ALLOW_ORIGIN).is_some_and(is_origin) => {
                let mut finding = Finding::new(
                    "preflight-other-origin",
                    Severity::Error,
                    "the answer to preflights has another Access-Control-Allow-Origin than the response",
                )
                .because(
                    "browsers block every request that needs a preflight: PUT, DELETE, JSON, Authorization",
                );
                if admits(&get) || admits(&actual) || admits(&post) {
                    finding.witness = Some(page.clone());
                    mark_field(
                        &mut finding,
                        &preflight,
                        ALLOW_ORIGIN,
                        "preflights are answered with this",
                    );
                    let other = [&get, &actual, &post].into_iter().find(|answer| admits(answer));
                    if let Some(answer) = other {
                        mark_field(&mut finding, answer, ALLOW_ORIGIN, "the response has this");
                    }
                    found.push(finding);
                }
                return found;
            }
            200..=299 => return found,
            300..=399 => Finding::new(
                "preflight-redirected",
                if get.status == preflight.status {
                    Severity::Warning
                } else {
                    Severity::Error
                },
                format!("preflights are redirected (status {status})"),
            )
            .because("browsers do not follow a redirect of a preflight; they block the request"),
            401 | 407 => Finding::new(
                "preflight-needs-login",
                Severity::Error,
                format!("preflights need a login (status {status})"),
            )
            .because("browsers send no cookies and no login with a preflight, so it always fails"),
            _ => Finding::new(
                "preflight-status",
                if status == 405 && !self.wants_preflights(&get) {
                    Severity::Note
                } else {
                    Severity::Error
                },
                format!("preflights are answered with status {status}"),
            )
            .because("a preflight succeeds only with a status from 200 to 299"),
        };
        if admits(&get) || admits(&actual) || admits(&post) {
            finding.witness = Some(page.clone());
            mark_decision(
                &mut finding,
                &preflight,
                &format!("this answers preflights, with status {status}"),
            );
            found.push(finding);
        }
        found
    }

    /// Returns whether the server says that it allows more than simple requests. Files that are
    /// only read need no preflight.
    fn wants_preflights(&self, get: &Response) -> bool {
        let preflight = self.ask_preflight(self.page(), "PUT");
        [get, &preflight].iter().any(|answer| {
            answer.named("access-control-allow-headers").next().is_some()
                || answer.named("access-control-allow-methods").any(|field| {
                    field.value.known().is_none_or(|list| {
                        ["PUT", "PATCH", "DELETE", "POST"]
                            .iter()
                            .any(|method| list.contains(method))
                    })
                })
        })
    }

    /// Methods that the preflight allows, and whose answers have no field.
    fn methods(&self) -> Vec<Finding> {
        let Some(page) = &self.table.page else {
            return Vec::new();
        };
        let is_admitted = |answer: &Response| {
            answer
                .value(ALLOW_ORIGIN)
                .is_some_and(|value| value == page || value == "*")
        };
        let preflight = self.ask_preflight(page, "PUT");
        let list = preflight.value("access-control-allow-methods").unwrap_or("");
        if !is_admitted(&preflight) {
            return Vec::new();
        }
        let mut lacking = Vec::new();
        let mut guilty = None;
        for method in list.split(',').map(str::trim) {
            if !matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
                continue;
            }
            let request = request_to(&self.target.url, method).with("Origin", page);
            let answer = self.server.respond(&request, self.upstream);
            let is_known = answer.unknown_reason(ALLOW_ORIGIN).is_none();
            let succeeds = answer.status.known().is_some_and(|status| *status < 400);
            if is_known && succeeds && answer.named(ALLOW_ORIGIN).next().is_none() {
                lacking.push(method.to_string());
                guilty = guilty.or(Some(answer));
            }
        }
        let Some(answer) = guilty else {
            return Vec::new();
        };
        let mut finding = Finding::new(
            "method-without-fields",
            Severity::Error,
            format!(
                "the answers to {} have no Access-Control-Allow-Origin",
                lacking.join(", ")
            ),
        )
        .because(
            "the preflight allows the method, so the browser sends the request and then withholds the answer",
        );
        mark_field(
            &mut finding,
            &preflight,
            "access-control-allow-methods",
            "allows the method",
        );
        mark_decision(&mut finding, &answer, "this answers without the field");
        finding.witness = Some(page.clone());
        vec![finding]
    }

    /// Lists in answers to preflights that lack what the server handles.
    fn lists(&self, preflight: &Response, _row: Option<&Row>) -> Vec<Finding> {
        let mut found = Vec::new();
        let methods = preflight.value("access-control-allow-methods");
        let headers = preflight.value("access-control-allow-headers");
        if preflight.unknown_reason("access-control-allow-methods").is_some()
            || preflight.unknown_reason("access-control-allow-headers").is_some()
        {
            return found;
        }
        let is_malformed = |list: &str| {
            list.split(',').any(|item| {
                let item = item.trim_matches([' ', '\t']);
                item.bytes()
                    .any(|byte| matches!(byte, b' ' | b'\t' | b';' | b':' | b'/' | b'"' | b'(' | b')'))
            })
        };
        for (name, value) in [
            ("access-control-allow-methods", methods),
            ("access-control-allow-headers", headers),
        ] {
            if let Some(value) = value.filter(|value| is_malformed(value) && !value.starts_with(':')) {
                let mut finding = Finding::new(
                    "list-malformed",
                    Severity::Error,
                    format!("{name} has the value {value:?}, which is not a list separated by commas"),
                )
                .because("browsers block every request that needs a preflight if the list cannot be read");
                mark_field(&mut finding, preflight, name, "separate the names by commas");
                found.push(finding);
            }
        }
        let changes = methods.is_some_and(|list| {
            list.split(',')
                .any(|method| matches!(method.trim(), "PUT" | "POST" | "PATCH"))
        });
        // Some servers write the field only if a preflight asks for headers.
        let asks = || {
            let request = request_to(&self.target.url, "OPTIONS")
                .with("Origin", self.page())
                .with("Access-Control-Request-Method", "PUT")
                .with("Access-Control-Request-Headers", "content-type");
            let answer = self.server.respond(&request, self.upstream);
            answer.named("access-control-allow-headers").next().is_none()
        };
        if changes
            && headers.is_none()
            && preflight.named("access-control-allow-headers").next().is_none()
            && asks()
        {
            let mut finding = Finding::new(
                "allow-headers-missing",
                Severity::Note,
                "the answer to preflights has no Access-Control-Allow-Headers",
            )
            .because("pages can send neither JSON (Content-Type) nor Authorization");
            mark_field(
                &mut finding,
                preflight,
                "access-control-allow-methods",
                "methods are allowed, headers are not",
            );
            found.push(finding);
        }
        found
    }

    /// Origins that nobody named, and `null`.
    fn strangers(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for (origin, code, words) in [
            (
                STRANGER,
                "origin-reflected",
                "every origin is admitted: the server repeats the origin of the request",
            ),
            ("null", "null-admitted", "the origin null is admitted"),
        ] {
            for answer in [self.ask(origin), self.ask_preflight(origin, "PUT")] {
                let fails = answer.status.known().is_none_or(|status| *status >= 400);
                if answer.value(ALLOW_ORIGIN) != Some(origin) || fails {
                    continue;
                }
                let with_credentials = answer.value(ALLOW_CREDENTIALS) == Some("true");
                let is_stranger = origin == STRANGER;
                if !is_stranger
                    && found
                        .iter()
                        .any(|other: &Finding| other.code.starts_with("origin-reflected"))
                {
                    break;
                }
                let mut finding = match (is_stranger, with_credentials) {
                    (true, true) => Finding::new(
                        "origin-reflected-with-credentials",
                        Severity::Error,
                        "every page of the web may act and read as the logged-in user",
                    )
                    .because(words)
                    .because("with Access-Control-Allow-Credentials: true, browsers send cookies and let the page read the answer"),
                    (true, false) => Finding::new(code, Severity::Warning, words)
                        .because("that means the same as *, but needs Vary: Origin, and becomes a hole as soon as someone adds credentials"),
                    (false, true) => Finding::new("null-admitted-with-credentials", Severity::Error, words)
                        .because("every page can open a sandboxed frame, whose origin is null, so every page may act as the logged-in user"),
                    (false, false) => Finding::new(code, Severity::Warning, words)
                        .because("every page can open a sandboxed frame, whose origin is null, so null means everyone"),
                };
                finding.witness = Some(origin.into());
                mark_field(
                    &mut finding,
                    &answer,
                    ALLOW_ORIGIN,
                    &format!("for a page of {origin} this is {origin}"),
                );
                if with_credentials {
                    mark_field(&mut finding, &answer, ALLOW_CREDENTIALS, "allows cookies");
                }
                found.push(finding);
                break;
            }
        }
        found
    }

    fn look_alikes(&self) -> Vec<Finding> {
        let admitted_exactly = |origin: &str| {
            let answer = self.ask(origin);
            let answer = match answer.value(ALLOW_ORIGIN) {
                Some(_) => answer,
                None => self.ask_preflight(origin, "PUT"),
            };
            let succeeds = answer.status.known().is_some_and(|status| *status < 400);
            (answer.value(ALLOW_ORIGIN) == Some(origin) && succeeds).then_some(answer)
        };
        if admitted_exactly(STRANGER).is_some() {
            return Vec::new();
        }
        let mut found: Vec<Finding> = Vec::new();
        let mut bases: Vec<String> = self.candidates.iter().take(MAX_BASES).cloned().collect();
        bases.extend(self.table.page.clone());
        for base in &bases {
            if admitted_exactly(base).is_none() {
                continue;
            }
            // An expression that admits every name below a public suffix.
            let host = Url::parse(base).map(|url| url.host).unwrap_or_default();
            let suffix = host.split_once('.').map_or("", |(_, suffix)| suffix);
            let scheme = base.split("://").next().unwrap_or("https");
            let stranger = format!("{scheme}://stranger.{suffix}");
            let open = Some(stranger)
                .filter(|_| origins::is_public_suffix(suffix))
                .and_then(|stranger| admitted_exactly(&stranger).map(|answer| (stranger, answer)));
            let is_open = open.is_some();
            if let Some((stranger, answer)) = open {
                let mut finding = Finding::new(
                    "public-suffix-admitted",
                    Severity::Error,
                    format!("every name below {suffix} is admitted, and anyone can register one"),
                )
                .because(format!("a page of {stranger} is admitted as well"));
                finding.witness = Some(stranger);
                mark_field(&mut finding, &answer, ALLOW_ORIGIN, "sends the origin");
                found.push(finding);
            }
            for (likeness, origin) in origins::look_alikes(base) {
                let is_known = self.candidates.contains(&origin);
                let is_local =
                    Url::parse(&origin).is_none_or(|url| url.is_loopback() || url.is_local_network());
                let is_skipped = match likeness {
                    Likeness::Prefix => is_open,
                    Likeness::Suffix => false,
                    Likeness::Scheme => {
                        is_local
                            || origin
                                .split("://")
                                .nth(1)
                                .is_none_or(|host| !host.contains(|c: char| c.is_ascii_alphabetic()))
                    }
                    Likeness::Dot | Likeness::Port => is_known,
                };
                if is_skipped {
                    continue;
                }
                let Some(answer) = admitted_exactly(&origin) else {
                    continue;
                };
                let with_credentials = answer.value(ALLOW_CREDENTIALS) == Some("true");
                let mut finding = match likeness {
                    Likeness::Prefix | Likeness::Suffix | Likeness::Dot => Finding::new(
                        "look-alike-admitted",
                        Severity::Error,
                        format!("the origin {origin} is admitted, which anyone can register"),
                    )
                    .because(format!(
                        "it imitates {base}: {}",
                        match likeness {
                            Likeness::Prefix => "the beginning of the name is not checked",
                            Likeness::Suffix => "the end of the name is not checked",
                            _ => "a dot in the expression stands for any character",
                        }
                    )),
                    // Another scheme or port is a defect only where it was not asked for and
                    // cookies are at stake.
                    Likeness::Scheme if with_credentials => Finding::new(
                        "insecure-origin-admitted",
                        Severity::Warning,
                        format!("the origin {origin} is admitted with credentials, without encryption"),
                    )
                    .because("anyone on the network path can put a script into a page of http and act as the logged-in user"),
                    Likeness::Scheme | Likeness::Port => continue,
                };
                finding.witness = Some(origin.clone());
                mark_field(&mut finding, &answer, ALLOW_ORIGIN, "sends the origin");
                found.push(finding);
            }
        }
        // The server may know more places, so that different lines are different findings.
        found
    }

    /// Answers that depend on the origin, and do not say so.
    fn vary(&self) -> Vec<Finding> {
        let with = |origin: Option<&str>| {
            let mut request = request_to(&self.target.url, "GET");
            if let Some(origin) = origin {
                request = request.with("Origin", origin);
            }
            self.server.respond(&request, self.upstream)
        };
        let page = with(Some(self.page()));
        let others = [with(Some(STRANGER)), with(None)];
        let is_known = |answer: &Response| {
            answer.unknown_reason(ALLOW_ORIGIN).is_none() && answer.unknown_reason("vary").is_none()
        };
        let varies = |answer: &Response| {
            answer.named("vary").any(|field| {
                field.value.known().is_some_and(|value| {
                    value
                        .split(',')
                        .any(|item| matches!(item.trim().to_ascii_lowercase().as_str(), "origin" | "*"))
                })
            })
        };
        let values = |answer: &Response| -> Vec<_> {
            answer
                .named(ALLOW_ORIGIN)
                .map(|field| field.value.clone())
                .collect()
        };
        let mut marked = None;
        for other in &others {
            let fails = other.status.known().is_none_or(|status| *status >= 400);
            if fails || !is_known(&page) || !is_known(other) || values(&page) == values(other) {
                continue;
            }
            if !varies(&page) || !varies(other) {
                marked = Some(if place_of(&page, ALLOW_ORIGIN).is_some() {
                    &page
                } else {
                    other
                });
                break;
            }
        }
        let Some(answer) = marked else {
            return Vec::new();
        };
        let is_method = answer.status.known().is_some_and(|status| *status >= 400);
        if is_method {
            return Vec::new();
        }
        // The answer that is admitted has it, the others lack it.
        let is_half = varies(&page) && page.named(ALLOW_ORIGIN).next().is_some();
        let mut finding = Finding::new(
            "vary-missing",
            if is_half { Severity::Note } else { Severity::Warning },
            if is_half {
                "Vary: Origin is missing in the answers to other origins and to none"
            } else {
                "Access-Control-Allow-Origin depends on the origin of the request, and Vary: Origin is missing"
            },
        )
        .because("a cache may give the answer for one origin, or for none, to a page of another, and the browser then blocks it");
        mark_field(&mut finding, answer, ALLOW_ORIGIN, "depends on the request");
        vec![finding]
    }

    /// Errors that the page cannot read.
    fn errors(&self) -> Vec<Finding> {
        let Some(get) = self.row("get") else {
            return Vec::new();
        };
        if get.outcome != Outcome::Works {
            return Vec::new();
        }
        let mut statuses = Vec::new();
        let mut guilty = None;
        for id in ["error-401", "error-404", "error-500"] {
            let Some(row) = self.row(id).filter(|row| row.wish.who == Who::Page) else {
                continue;
            };
            let Outcome::Blocked { failure, .. } = &row.outcome else {
                continue;
            };
            let Some(answer) = &row.actual else {
                continue;
            };
            if failure == "AllowOriginMissing"
                && let Some(status) = answer.status.known().filter(|status| **status >= 400)
                && !statuses.contains(status)
            {
                statuses.push(*status);
                guilty = guilty.or(Some(answer));
            }
        }
        let Some(answer) = guilty else {
            return Vec::new();
        };
        let list: Vec<String> = statuses.iter().map(u16::to_string).collect();
        let severity = if statuses.iter().any(|status| *status != 404) {
            Severity::Warning
        } else {
            Severity::Note
        };
        let mut finding = Finding::new(
            "errors-without-fields",
            severity,
            format!(
                "errors have no Access-Control-Allow-Origin (status {})",
                list.join(", ")
            ),
        )
        .because("the page sees a CORS failure instead of the status and the message of the error");
        if let Some(actual) = &get.actual {
            mark_field(&mut finding, actual, ALLOW_ORIGIN, "is not sent with errors");
        }
        mark_decision(&mut finding, answer, "this answers errors");
        vec![finding]
    }
}

/// Says what is wrong with a value of `Access-Control-Allow-Origin`.
fn malformed(value: &str) -> String {
    if value.is_empty() {
        "the value is empty; leave the line out for origins that are not admitted".into()
    } else if value.contains(',') || value.trim().contains(' ') {
        "a list of origins is not possible; choose the one that the request has".into()
    } else if value.contains('*') {
        "* stands only alone; a part of a name cannot be left open".into()
    } else if value.ends_with('/') {
        "an origin ends after its host and port, without a slash".into()
    } else if !value.contains("://") {
        "an origin begins with its scheme, such as https://".into()
    } else {
        "write scheme, host and port, such as https://app.example.com".into()
    }
}
