//! One course of a request through nginx's phases. Where it depends on something unknown, there
//! are several courses.

use std::collections::{BTreeSet, HashMap};

use super::Nginx;
use super::blocks::{BlockKind, Id, Match};
use super::rewrite::Flow;
use super::variables::Text;
use crate::servers::expression::Groups;
use crate::servers::request::{Request, Upstream};
use crate::servers::response::{Response, Value, merge};
use crate::servers::source::Place;

/// The most courses that are followed for a request.
const MAX_COURSES: usize = 64;
/// The most changes of the location, as in nginx.
const MAX_CHANGES: u8 = 10;

/// Follows all courses of a request, and merges their answers.
pub fn respond(nginx: &Nginx, request: &Request, upstream: &Upstream) -> Response {
    let mut answers = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut choices: Vec<bool> = Vec::new();
    loop {
        let mut course = Course::new(nginx, request, upstream, choices.clone());
        let answer = course.run();
        if answers.last() != Some(&answer) {
            answers.push(answer);
        }
        choices = course.choices;
        for reason in course.reasons {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        while choices.last() == Some(&false) {
            choices.pop();
        }
        match choices.last_mut() {
            Some(last) => *last = false,
            None => break,
        }
        if answers.len() >= MAX_COURSES {
            return Response::unknown(reasons.join("; "));
        }
    }
    merge(answers, &reasons.join("; "))
}

/// The state of a request.
pub struct Course<'s> {
    pub(super) nginx: &'s Nginx,
    pub(super) request: &'s Request,
    pub(super) upstream: &'s Upstream,
    /// The server that was chosen.
    pub(super) server: Id,
    /// The block whose settings count: a location, an `if`, a `limit_except` or the server.
    pub(super) block: Id,
    pub(super) method: String,
    /// `$request_method`: in a subrequest, the method of the request itself.
    pub(super) asked_method: Option<String>,
    pub(super) uri: String,
    pub(super) args: String,
    pub(super) uri_changed: bool,
    pub(super) variables: HashMap<String, Text>,
    pub(super) captures: Vec<Option<String>>,
    /// Whether the answer is that of an application.
    pub(super) is_upstream: bool,
    /// How many maps are being evaluated.
    pub(super) depth: usize,
    /// The status that replaces that of the answer, after `error_page`.
    error_status: Option<u16>,
    has_error_page: bool,
    is_internal: bool,
    /// The address that the configuration names literally as a fallback or a page of errors. Its
    /// file exists even if others do not.
    named_file: Option<String>,
    changes: u8,
    content: Option<Content>,
    choices: Vec<bool>,
    chosen: usize,
    reasons: Vec<String>,
    notes: Vec<String>,
    /// The first block on the way that has our module's `cors on`.
    pub(super) cors_block: Option<Id>,
}

/// The kinds of content that a location has besides files.
#[derive(Clone, Debug)]
enum Content {
    /// The answer of an application, by the prefix of the directives, such as `proxy`.
    Upstream(&'static str, Place),
    /// A fixed answer of nginx.
    Fixed(Place),
    /// A program.
    Program(String),
}

/// An answer before the filters of fields.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    pub(super) unknown_fields: Vec<(String, String)>,
    pub(super) place: Option<Place>,
    /// Whether the body is one of nginx's own pages for errors.
    pub(super) is_page: bool,
    /// Whether the body may have any type and length.
    pub(super) is_content: bool,
    /// Why the status is not known.
    pub(super) unknown: Option<String>,
}

impl Answer {
    pub(super) fn new(status: u16, place: Option<Place>) -> Self {
        Self {
            status,
            fields: Vec::new(),
            unknown_fields: Vec::new(),
            place,
            is_page: false,
            is_content: false,
            unknown: None,
        }
    }
}

enum Found {
    Location(Id),
    Slash(Id, String),
    Unknown(String),
}

impl<'s> Course<'s> {
    fn new(nginx: &'s Nginx, request: &'s Request, upstream: &'s Upstream, choices: Vec<bool>) -> Self {
        Self {
            nginx,
            request,
            upstream,
            server: 0,
            block: 0,
            method: request.method.clone(),
            asked_method: None,
            uri: normalized(request.path()),
            args: request.query().to_string(),
            uri_changed: false,
            variables: HashMap::new(),
            captures: Vec::new(),
            is_upstream: false,
            depth: 0,
            error_status: None,
            has_error_page: false,
            is_internal: false,
            named_file: None,
            changes: MAX_CHANGES + 1,
            content: None,
            choices,
            chosen: 0,
            reasons: Vec::new(),
            notes: Vec::new(),
            cors_block: None,
        }
    }

    /// Decides something that is not known. The other decision is another course.
    pub(super) fn choose(&mut self, reason: &str) -> bool {
        if !self.reasons.iter().any(|known| known == reason) {
            self.reasons.push(reason.to_string());
        }
        let at = self.chosen;
        self.chosen += 1;
        match self.choices.get(at) {
            Some(choice) => *choice,
            None => {
                self.choices.push(true);
                true
            }
        }
    }

    /// Searches a text with an expression, which is compiled once.
    pub(super) fn matches(
        &self,
        pattern: &str,
        ignores_case: bool,
        text: &str,
    ) -> Result<Option<Groups>, String> {
        self.nginx.expression(pattern, ignores_case)?.find(text)
    }

    fn run(&mut self) -> Response {
        let chosen = self.nginx.choose_server(self.request);
        let (server, groups) = match chosen {
            Ok(chosen) => chosen,
            Err(reason) => return Response::unknown(reason),
        };
        self.server = server;
        self.block = server;
        if let Some(groups) = groups {
            self.capture(groups);
        }
        let is_token = |method: &str| {
            !method.is_empty()
                && method
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b"_-".contains(&b))
        };
        if !is_token(&self.request.method)
            || (self.request.version == "HTTP/1.1" && self.request.field("host").is_none())
        {
            return self.special(400, None);
        }
        let mut response = if matches!(self.request.method.as_str(), "TRACE" | "CONNECT") {
            self.special(405, None)
        } else {
            self.all_phases()
        };
        response.notes.append(&mut self.notes);
        response
    }

    /// Runs all phases for the current address, as at the start and after an internal redirect.
    fn all_phases(&mut self) -> Response {
        if self.changes == 0 {
            return self.special(500, None);
        }
        self.changes -= 1;
        self.block = self.server;
        self.content = None;
        if let Flow::Done(response) = self.rewrite(self.server) {
            return *response;
        }
        self.location_phases()
    }

    fn location_phases(&mut self) -> Response {
        loop {
            self.uri_changed = false;
            match self.find(self.server) {
                Some(Found::Location(id)) => {
                    self.content = None;
                    self.enter(id);
                    if !self.is_internal && self.nginx.blocks.own(id, "internal").next().is_some() {
                        return self.special(404, None);
                    }
                }
                Some(Found::Slash(id, path)) => {
                    self.content = None;
                    self.block = id;
                    let mut location = self.absolute(&path);
                    if !self.args.is_empty() {
                        location = format!("{location}?{}", self.args);
                    }
                    let mut answer = Answer::new(301, self.nginx.blocks.get(id).place);
                    answer.fields.push(("Location".into(), location));
                    return self.special_with(answer);
                }
                Some(Found::Unknown(reason)) => return Response::unknown(reason),
                None => {
                    self.content = None;
                    self.block = self.server;
                    self.content = self.handler(self.server);
                    self.note_cors();
                }
            }
            match self.rewrite_location() {
                Some(response) => return response,
                None if self.uri_changed => {}
                None => return self.after_rewrite(),
            }
        }
    }

    /// Runs the rewrite phase of a location. A changed address needs another search.
    fn rewrite_location(&mut self) -> Option<Response> {
        let block = self.block;
        // The directives of a server are not those of a location.
        if !matches!(
            self.nginx.blocks.get(block).kind,
            BlockKind::Server | BlockKind::Http
        ) && let Flow::Done(response) = self.rewrite(block)
        {
            return Some(*response);
        }
        if self.uri_changed {
            if self.changes == 0 {
                return Some(self.special(500, None));
            }
            self.changes -= 1;
        }
        None
    }

    fn after_rewrite(&mut self) -> Response {
        if let Some(response) = self.cors_preflight() {
            return response;
        }
        if let Some(response) = self.access() {
            return response;
        }
        if let Some(response) = self.try_files() {
            return response;
        }
        self.serve()
    }

    /// Makes a location's settings count, or those of its `limit_except`.
    fn enter(&mut self, id: Id) {
        self.block = id;
        self.content = self.handler(id);
        let blocks = &self.nginx.blocks;
        for (_, inner) in &blocks.get(id).inner {
            if let BlockKind::LimitExcept(methods) = &blocks.get(*inner).kind {
                let allows = |method: &str| methods.iter().any(|other| other.eq_ignore_ascii_case(method));
                let is_allowed = allows(&self.method) || (self.method == "HEAD" && allows("GET"));
                if !is_allowed {
                    self.block = *inner;
                    if let Some(content) = self.handler(*inner) {
                        self.content = Some(content);
                    }
                }
            }
        }
        self.note_cors();
    }

    /// Makes the settings of an `if` count. Its content is that of the location, unless it has its
    /// own.
    pub(super) fn enter_if(&mut self, id: Id) {
        self.block = id;
        if let Some(content) = self.handler(id) {
            self.content = Some(content);
        }
        self.note_cors();
    }

    fn note_cors(&mut self) {
        if self.cors_block.is_none() && self.nginx.blocks.is_on(self.block, "cors") {
            self.cors_block = Some(self.block);
        }
    }

    /// Returns the content that a block itself names; the last directive wins.
    fn handler(&self, id: Id) -> Option<Content> {
        self.nginx
            .blocks
            .get(id)
            .directives
            .iter()
            .filter_map(|directive| {
                let place = directive.place;
                Some(match directive.name.text.as_str() {
                    "proxy_pass" => Content::Upstream("proxy", place),
                    "fastcgi_pass" => Content::Upstream("fastcgi", place),
                    "uwsgi_pass" => Content::Upstream("uwsgi", place),
                    "scgi_pass" => Content::Upstream("scgi", place),
                    "grpc_pass" => Content::Upstream("grpc", place),
                    "memcached_pass" => Content::Upstream("memcached", place),
                    "passenger_enabled" if directive.arg(0) == "on" => Content::Upstream("passenger", place),
                    "empty_gif" | "stub_status" => Content::Fixed(place),
                    "echo" | "echo_exec" => Content::Fixed(place),
                    name if name.starts_with("content_by_lua") => {
                        Content::Program(format!("{name} runs a program"))
                    }
                    name @ ("js_content" | "perl" | "api" | "status" | "upstream_conf" | "hls"
                    | "tunnel_pass" | "dav_methods") => Content::Program(format!("{name} is not simulated")),
                    _ => return None,
                })
            })
            .next_back()
    }

    /// Finds the location for the current address.
    fn find(&mut self, block: Id) -> Option<Found> {
        let blocks = &self.nginx.blocks;
        let mut longest: Option<(Id, usize, bool)> = None;
        let mut slash = None;
        for (id, matching) in blocks.locations(block) {
            match matching {
                Match::Exact(path) if *path == self.uri => return Some(Found::Location(id)),
                Match::Prefix(path, stops) => {
                    if self.uri.starts_with(path.as_str()) {
                        if longest.is_none_or(|(_, len, _)| path.len() > len) {
                            longest = Some((id, path.len(), *stops));
                        }
                    } else if path.len() == self.uri.len() + 1
                        && path.ends_with('/')
                        && path.starts_with(self.uri.as_str())
                        && matches!(self.handler(id), Some(Content::Upstream(..)))
                    {
                        slash = Some((id, path.clone()));
                    }
                }
                _ => {}
            }
        }
        // A location `/api/` with an application answers `/api` with a redirect.
        if let Some((id, path)) = slash
            && longest.is_none_or(|(_, len, _)| len != self.uri.len())
        {
            return Some(Found::Slash(id, path));
        }
        let mut best = None;
        let mut searches_expressions = true;
        if let Some((id, _, stops)) = longest {
            searches_expressions = !stops;
            match self.find(id) {
                None => best = Some(Found::Location(id)),
                Some(Found::Location(inner)) if self.is_weak(inner, id) => {
                    best = Some(Found::Location(inner))
                }
                Some(found) => return Some(found),
            }
        }
        if searches_expressions {
            let locations: Vec<(Id, Match)> = self
                .nginx
                .blocks
                .locations(block)
                .map(|(id, matching)| (id, matching.clone()))
                .collect();
            for (id, matching) in locations {
                let Match::Regex(expression) = matching else {
                    continue;
                };
                let uri = self.uri.clone();
                match expression.and_then(|expression| expression.find(&uri)) {
                    Ok(Some(groups)) => {
                        self.capture(groups);
                        return Some(self.find(id).unwrap_or(Found::Location(id)));
                    }
                    Ok(None) => {}
                    Err(reason) => return Some(Found::Unknown(reason)),
                }
            }
        }
        best
    }

    /// Returns whether a location below another was found by prefixes alone, so that expressions
    /// beside the outer one still count.
    fn is_weak(&self, inner: Id, outer: Id) -> bool {
        self.nginx
            .blocks
            .chain(inner)
            .take_while(|id| *id != outer)
            .all(|id| {
                matches!(
                    &self.nginx.blocks.get(id).kind,
                    BlockKind::Location(Match::Prefix(..))
                )
            })
    }

    /// The access phase: `allow` and `deny`, `auth_basic`, `auth_request`, and others.
    fn access(&mut self) -> Option<Response> {
        let blocks = &self.nginx.blocks;
        let satisfies_any = blocks
            .setting(self.block, "satisfy")
            .is_some_and(|directive| directive.arg(0) == "any");
        let mut checks: Vec<Result<(), (u16, Option<Place>)>> = Vec::new();
        if let Some(check) = self.addresses() {
            checks.push(check);
        }
        let auth = blocks.setting(self.block, "auth_basic");
        let auth = auth.filter(|directive| match self.expand(directive.arg(0)) {
            Value::Known(realm) => realm != "off",
            Value::Unknown(_) => true,
        });
        let mut realm = None;
        if let Some(directive) = auth {
            realm = Some(directive.arg(0).to_string());
            let is_basic = self.request.field("authorization").is_some_and(|value| {
                value
                    .get(..6)
                    .is_some_and(|start| start.eq_ignore_ascii_case("basic "))
            });
            let passes = is_basic && self.choose("it depends on whether the password is right");
            checks.push(if passes {
                Ok(())
            } else {
                Err((401, Some(directive.place)))
            });
        }
        let auth = blocks
            .setting(self.block, "auth_request")
            .filter(|directive| directive.arg(0) != "off");
        if let Some(directive) = auth {
            let uri = directive.arg(0).to_string();
            checks.push(match self.subrequest(&uri) {
                Some(200..=299) => Ok(()),
                Some(status @ (401 | 403)) => Err((status, Some(directive.place))),
                Some(_) => Err((500, Some(directive.place))),
                None => {
                    if self.choose("it depends on the answer to auth_request") {
                        Ok(())
                    } else {
                        Err((401, Some(directive.place)))
                    }
                }
            });
        }
        for name in [
            "auth_jwt",
            "auth_oidc",
            "auth_ldap",
            "auth_pam",
            "access_by_lua",
            "access_by_lua_block",
            "access_by_lua_file",
            "js_access",
        ] {
            let directive = blocks
                .setting(self.block, name)
                .filter(|directive| directive.arg(0) != "off");
            if let Some(directive) = directive {
                checks.push(if self.choose(&format!("it depends on {name}")) {
                    Ok(())
                } else {
                    Err((401, Some(directive.place)))
                });
            }
        }
        let failure = if satisfies_any && checks.iter().any(Result::is_ok) {
            None
        } else if satisfies_any {
            checks.iter().rev().find_map(|check| check.err())
        } else {
            checks.iter().find_map(|check| check.err())
        };
        let (status, place) = failure?;
        let mut answer = Answer::new(status, place);
        if status == 401
            && let Some(realm) = realm
        {
            answer
                .fields
                .push(("WWW-Authenticate".into(), format!("Basic realm=\"{realm}\"")));
        }
        Some(self.special_with(answer))
    }

    fn addresses(&mut self) -> Option<Result<(), (u16, Option<Place>)>> {
        let blocks = &self.nginx.blocks;
        let rules = blocks
            .chain(self.block)
            .map(|id| {
                let own = blocks.get(id).directives.iter();
                own.filter(|directive| matches!(directive.name.text.as_str(), "allow" | "deny"))
                    .collect::<Vec<_>>()
            })
            .find(|rules| !rules.is_empty())?;
        for rule in rules {
            if contains(rule.arg(0), &self.request.remote) {
                let is_allow = rule.name.text == "allow";
                let note = format!("the client is taken to be at {}", self.request.remote);
                if rule.arg(0) != "all" && !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                return Some(if is_allow {
                    Ok(())
                } else {
                    Err((403, Some(rule.place)))
                });
            }
        }
        Some(Ok(()))
    }

    /// Returns the status of a subrequest for authentication, if it is known.
    fn subrequest(&self, uri: &str) -> Option<u16> {
        let mut request = self.request.clone();
        request.method = "GET".into();
        request.target = uri.to_string();
        let mut course = Course::new(self.nginx, &request, self.upstream, Vec::new());
        course.is_internal = true;
        course.asked_method = Some(self.request.method.clone());
        course.server = self.server;
        // A subrequest of a subrequest would not end.
        course.changes = 4;
        if self.depth > 2 || self.changes < 4 {
            return None;
        }
        let response = course.all_phases();
        if !course.reasons.is_empty() || course.is_upstream {
            return None;
        }
        response.status.known().copied()
    }

    fn try_files(&mut self) -> Option<Response> {
        let nginx = self.nginx;
        let directive = nginx.blocks.own(self.block, "try_files").next()?;
        let (last, files) = directive.args.split_last()?;
        let is_directory = self.uri.ends_with('/');
        let candidate = files
            .iter()
            .find(|word| !is_directory || word.text.ends_with('/') || !word.text.contains("$uri"));
        let exists = match (self.files(), candidate) {
            (_, None) => false,
            (Some(exists), _) => exists,
            // The page of a fallback, such as /index.html, is taken to exist.
            (None, _) if self.is_internal => true,
            (None, _) if last.text.starts_with('=') => {
                self.note_files();
                true
            }
            (None, _) => {
                let is_application = last.text.starts_with('@')
                    || last.text.contains(['?', '$'])
                    || last.text.contains(".php");
                if is_application && self.upstream.is_given {
                    false
                } else {
                    self.choose("it depends on whether a file of try_files exists")
                }
            }
        };
        if exists {
            if let Some(candidate) = candidate
                && let Value::Known(path) = self.expand(&candidate.text)
            {
                let path = if is_directory && candidate.text.ends_with('/') {
                    self.uri.clone()
                } else {
                    path
                };
                self.uri = if path.starts_with('/') {
                    path
                } else {
                    format!("/{path}")
                };
            }
            return None;
        }
        let last = last.text.clone();
        if let Some(status) = last.strip_prefix('=') {
            let status = status.parse().unwrap_or(404);
            return Some(self.special(status, Some(directive.place)));
        }
        if last.starts_with('@') {
            return Some(self.named(&last));
        }
        if !last.contains(['$', '?']) {
            self.named_file = Some(last.clone());
        }
        match self.expand(&last) {
            Value::Known(target) => Some(self.internal(&target)),
            Value::Unknown(reason) => Some(Response::unknown(reason)),
        }
    }

    /// Redirects to another address inside nginx.
    fn internal(&mut self, target: &str) -> Response {
        let (path, args) = target.split_once('?').unwrap_or((target, ""));
        self.uri = path.to_string();
        self.args = args.to_string();
        self.is_internal = true;
        self.all_phases()
    }

    /// Goes on in a location with a name.
    fn named(&mut self, name: &str) -> Response {
        let found = self
            .nginx
            .blocks
            .locations(self.server)
            .find(|(_, matching)| matches!(matching, Match::Named(other) if other == name))
            .map(|(id, _)| id);
        let Some(id) = found else {
            return Response::unknown(format!("there is no location {name} in the given files"));
        };
        if self.changes == 0 {
            return self.special(500, None);
        }
        self.changes -= 1;
        self.is_internal = true;
        self.content = None;
        self.uri_changed = false;
        self.enter(id);
        match self.rewrite_location() {
            Some(response) => response,
            None if self.uri_changed => self.location_phases(),
            None => self.after_rewrite(),
        }
    }

    /// The content phase.
    fn serve(&mut self) -> Response {
        match self.content.clone() {
            Some(Content::Upstream(kind, place)) => self.pass(kind, place),
            Some(Content::Fixed(place)) => {
                if self.method == "GET" || self.method == "HEAD" {
                    self.send(Answer::new(200, Some(place)))
                } else {
                    self.special(405, Some(place))
                }
            }
            Some(Content::Program(reason)) => {
                let mut answer = Answer::new(200, None);
                answer.unknown = Some(reason);
                self.send(answer)
            }
            None => self.file(),
        }
    }

    /// Passes the request on to an application.
    fn pass(&mut self, kind: &'static str, place: Place) -> Response {
        self.is_upstream = true;
        let status = self.upstream.status;
        let hides = format!("{kind}_hide_header");
        let hidden: Vec<String> = self
            .nginx
            .blocks
            .inherited(self.block, &hides)
            .iter()
            .map(|directive| directive.arg(0).to_ascii_lowercase())
            .collect();
        // The application cannot be reached: nginx answers itself.
        if matches!(status, 502 | 504) && self.upstream.fields.is_empty() {
            self.is_upstream = false;
            return self.special(status, Some(place));
        }
        let intercepts = self
            .nginx
            .blocks
            .is_on(self.block, &format!("{kind}_intercept_errors"));
        if intercepts && status >= 300 && self.error_page(status).is_some() {
            return self.special(status, Some(place));
        }
        let mut answer = Answer::new(status, Some(place));
        answer.is_content = true;
        for (name, value) in &self.upstream.fields {
            let lower = name.to_ascii_lowercase();
            let is_dropped = matches!(
                lower.as_str(),
                "connection"
                    | "keep-alive"
                    | "transfer-encoding"
                    | "date"
                    | "server"
                    | "x-pad"
                    | "content-length"
                    | "status"
            ) || lower.starts_with("x-accel-")
                || hidden.contains(&lower);
            if !is_dropped {
                answer.fields.push((name.clone(), value.clone()));
            }
        }
        self.send(answer)
    }

    /// Returns whether the files at the address exist; `None` if it is not known.
    fn files(&self) -> Option<bool> {
        let is_named = self.named_file.as_ref() == Some(&self.uri);
        if is_named { Some(true) } else { self.upstream.files }
    }

    /// Serves a file.
    fn file(&mut self) -> Response {
        let place = self
            .nginx
            .blocks
            .get(self.nginx.blocks.location_of(self.block))
            .place;
        if !matches!(self.method.as_str(), "GET" | "HEAD" | "POST") {
            return self.special(405, place);
        }
        let exists = self.files().unwrap_or(true);
        if self.uri.ends_with('/') {
            if !exists {
                return self.special(404, place);
            }
            let index = self
                .nginx
                .blocks
                .setting(self.block, "index")
                .map(|directive| directive.arg(0).to_string());
            let index = index.unwrap_or_else(|| "index.html".into());
            self.note_files();
            return match self.expand(&index) {
                Value::Known(index) => {
                    let target = if index.starts_with('/') {
                        index
                    } else {
                        format!("{}{index}", self.uri)
                    };
                    let target = if self.args.is_empty() {
                        target
                    } else {
                        format!("{target}?{}", self.args)
                    };
                    self.internal(&target)
                }
                Value::Unknown(reason) => Response::unknown(reason),
            };
        }
        if !exists {
            return self.special(404, place);
        }
        self.note_files();
        if self.method == "POST" {
            return self.special(405, place);
        }
        let mut answer = Answer::new(200, place);
        answer.is_content = true;
        let conditional = [
            "range",
            "if-none-match",
            "if-modified-since",
            "if-match",
            "if-unmodified-since",
        ];
        if let Some(name) = conditional.iter().find(|name| self.request.field(name).is_some()) {
            answer.unknown = Some(format!("it depends on the file and on {name} of the request"));
        }
        self.send(answer)
    }

    fn note_files(&mut self) {
        let note = "files are taken to exist; --upstream 404 shows the answer where they do not".to_string();
        if self.upstream.files.is_none() && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Answers with a status that has its own page: an error or a redirect.
    pub(super) fn special(&mut self, status: u16, place: Option<Place>) -> Response {
        self.special_with(Answer::new(status, place))
    }

    /// Answers as [`special`](Self::special) does, with fields.
    pub(super) fn special_with(&mut self, mut answer: Answer) -> Response {
        answer.is_page = true;
        let status = answer.status;
        self.error_status = Some(status);
        if status == 444 {
            let mut response = self.send(answer);
            response
                .notes
                .push("nginx closes the connection without an answer".into());
            return response;
        }
        let Some((target, code)) = self
            .error_page(status)
            .filter(|_| !self.has_error_page && self.changes > 0)
        else {
            return self.send(answer);
        };
        let is_recursive = self.nginx.blocks.is_on(self.block, "recursive_error_pages");
        self.has_error_page = !is_recursive;
        match code {
            Some(0) => self.error_status = None,
            Some(code) => self.error_status = Some(code),
            None => {}
        }
        if target.starts_with('@') {
            return self.named(&target);
        }
        if !target.contains(['$', '?']) {
            self.named_file = Some(target.clone());
        }
        let target = match self.expand(&target) {
            Value::Known(target) => target,
            Value::Unknown(reason) => return Response::unknown(reason),
        };
        if target.starts_with('/') {
            if self.method != "HEAD" {
                self.method = "GET".into();
            }
            return self.internal(&target);
        }
        let code = code
            .filter(|code| matches!(code, 301 | 302 | 303 | 307 | 308))
            .unwrap_or(302);
        self.error_status = Some(code);
        let mut redirect = Answer::new(code, answer.place);
        redirect.fields.push(("Location".into(), target));
        self.send(redirect)
    }

    /// Returns the target of `error_page` for a status, and the status that replaces it: `0` means
    /// that of the target.
    fn error_page(&self, status: u16) -> Option<(String, Option<u16>)> {
        for directive in self.nginx.blocks.inherited(self.block, "error_page") {
            let (target, codes) = directive.args.split_last()?;
            let mut replaced = None;
            let mut holds = false;
            for word in codes {
                match word.text.strip_prefix('=') {
                    Some("") => replaced = Some(0),
                    Some(code) => replaced = code.parse().ok(),
                    None => holds |= word.text.parse() == Ok(status),
                }
            }
            if holds {
                return Some((target.text.clone(), replaced));
            }
        }
        None
    }

    /// Sends an answer through the filters of fields.
    pub(super) fn send(&mut self, answer: Answer) -> Response {
        self.note_cors();
        let status = self.error_status.unwrap_or(answer.status);
        let mut response = Response::new(status);
        response.decided_by = answer.place;
        self.filter(&answer, status, &mut response);
        if let Some(reason) = &answer.unknown {
            response.status = Value::Unknown(reason.clone());
            response.open.insert(reason.clone());
        }
        let unknown: BTreeSet<&String> = self
            .nginx
            .blocks
            .chain(self.block)
            .filter_map(|id| self.nginx.unknown_blocks.get(&id))
            .flatten()
            .collect();
        for reason in unknown {
            response.status = Value::Unknown(reason.clone());
            response.open.insert(reason.clone());
        }
        response
    }
}

/// Returns whether an address is in a range such as `10.0.0.0/8`.
fn contains(range: &str, address: &str) -> bool {
    use std::net::IpAddr;
    if range == "all" {
        return true;
    }
    let (base, bits) = match range.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (range, None),
    };
    match (base.parse(), address.parse()) {
        (Ok(IpAddr::V4(base)), Ok(IpAddr::V4(address))) => {
            let shift = 32 - bits.unwrap_or(32).min(32);
            let part = |ip: std::net::Ipv4Addr| u64::from(ip.to_bits()) >> shift;
            part(base) == part(address)
        }
        (Ok(IpAddr::V6(base)), Ok(IpAddr::V6(address))) => {
            let shift = 128 - bits.unwrap_or(128).min(128);
            let part = |ip: std::net::Ipv6Addr| ip.to_bits().checked_shr(shift).unwrap_or(0);
            part(base) == part(address)
        }
        _ => false,
    }
}

/// Decodes `%`, joins slashes, and resolves dots, as nginx does before it looks for a location.
fn normalized(path: &str) -> String {
    let mut bytes = Vec::new();
    let raw = path.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let hex = raw
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if raw[at] == b'%' => {
                bytes.push(byte);
                at += 3;
            }
            _ => {
                bytes.push(raw[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let ends_with_slash = text.ends_with('/') || text.ends_with("/.") || text.ends_with("/..");
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let mut out = format!("/{}", parts.join("/"));
    if ends_with_slash && !out.ends_with('/') {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized() {
        for (path, normal) in [
            ("/a//b/../c%20d", "/a/c d"),
            ("/", "/"),
            ("/a/", "/a/"),
            ("/a/..", "/"),
            ("/%zz", "/%zz"),
        ] {
            assert_eq!(normalized(path), normal);
        }
    }

    #[test]
    fn ranges_contain_addresses() {
        assert!(contains("10.0.0.0/8", "10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "11.1.2.3"));
        assert!(contains("::1", "::1"));
        assert!(contains("0.0.0.0/0", "1.2.3.4"));
        assert!(!contains("unix:", "1.2.3.4"));
    }
}
