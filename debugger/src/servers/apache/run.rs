//! A request on its way through the server: Apache's phases in their order.

use std::rc::Rc;

use super::Apache;
use super::access;
use super::config::{EnvRule, EnvTest, Host, Settings};
use super::content;
use super::headers::{self, Which};
use super::pattern::substitute;
use super::rewrite::{self, Verdict};
use super::rules::scheme_length;
use super::table::Table;
use super::walk;
use super::world::{World, is_unknown};
use crate::servers::expression::Groups;
use crate::servers::request::{Request, Upstream};
use crate::servers::response::{Field, Response, Value};
use crate::servers::source::Place;

/// A request while it is served.
#[derive(Clone)]
pub(super) struct Transaction<'t> {
    pub(super) world: &'t World,
    pub(super) server: &'t Apache,
    pub(super) host: &'t Host,
    pub(super) request: &'t Request,
    pub(super) upstream: &'t Upstream,
    pub(super) method: String,
    /// The path, without the query, decoded.
    pub(super) uri: String,
    pub(super) query: Option<String>,
    pub(super) filename: String,
    pub(super) path_info: String,
    pub(super) env: Table,
    pub(super) headers_in: Table,
    /// The table of `Header` without `always`.
    pub(super) out: Table,
    /// The table of `Header always`.
    pub(super) err: Table,
    pub(super) settings: Rc<Settings>,
    pub(super) user: Option<String>,
    pub(super) groups: Option<Groups>,
    pub(super) is_subrequest: bool,
    pub(super) rewrite_ended: bool,
    pub(super) forced_handler: Option<String>,
    /// The address that the request is passed on to.
    pub(super) proxy: Option<(String, Place)>,
    pub(super) is_script_alias: bool,
    /// Whether a program runs with the fields of the request in its environment.
    pub(super) has_program: bool,
    /// Whether the file is one that the configuration names, such as an index, and taken to exist.
    pub(super) fallback_is_there: bool,
    /// The path of a script or page to which rules sent the request; it is taken to exist.
    pub(super) rewritten_to: Option<String>,
    /// 200, or the status of the error whose document is being served.
    pub(super) status: u16,
    pub(super) redirects: usize,
    pub(super) decided_by: Option<Place>,
    pub(super) notes: Vec<String>,
}

/// The end of the preparation of a request: a status, or a redirect inside the server.
pub(super) enum End {
    Status(u16),
    Internal(String),
}

/// The status of an answer that stands for a document of an error that failed itself.
const FAILED: u16 = 0;

/// Redirects inside the server, at most, as `LimitInternalRecursion` has it.
const MOST_REDIRECTS: usize = 10;

/// Serves a request in a world.
pub(super) fn serve(server: &Apache, world: &World, request: &Request, upstream: &Upstream) -> Response {
    let host_field = request.field("host").unwrap_or("");
    let name = match host_field.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host_field,
    };
    let named = host_field
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .filter(|port| server.has_port(*port));
    let port = request.port.or(named).or(match request.scheme.as_str() {
        "https" => Some(443),
        _ if server.has_port(80) => Some(80),
        _ => None,
    });
    let host = walk::choose(&server.hosts, &server.main, name, port);
    let mut headers_in = Table::default();
    for (name, value) in &request.fields {
        // Lines with the same name are joined.
        if headers_in.get(name).is_some() {
            headers_in.merge(name, value, None);
        } else {
            headers_in.add(name, value.clone(), None);
        }
    }
    let mut transaction = Transaction {
        world,
        server,
        host,
        request,
        upstream,
        method: request.method.clone(),
        uri: request.path().to_owned(),
        query: Some(request.query().to_owned()).filter(|query| !query.is_empty()),
        filename: String::new(),
        path_info: String::new(),
        env: Table::default(),
        headers_in,
        out: Table::default(),
        err: Table::default(),
        settings: Rc::new(host.settings.clone()),
        user: None,
        groups: None,
        is_subrequest: false,
        rewrite_ended: false,
        forced_handler: None,
        proxy: None,
        is_script_alias: false,
        has_program: false,
        fallback_is_there: false,
        rewritten_to: None,
        status: 200,
        redirects: 0,
        decided_by: host.place,
        notes: Vec::new(),
    };
    if request.version.ends_with("1.1") && request.field("host").is_none() {
        return transaction.error(400);
    }
    transaction.post_read();
    transaction.run()
}

impl<'t> Transaction<'t> {
    pub(super) fn table(&mut self, which: Which) -> &mut Table {
        match which {
            Which::Request => &mut self.headers_in,
            Which::Always => &mut self.err,
            Which::Success => &mut self.out,
        }
    }

    fn apply_headers(&mut self, which: Which, is_early: bool) {
        let settings = Rc::clone(&self.settings);
        let rules = match which {
            Which::Request => &settings.request,
            Which::Always => &settings.always,
            Which::Success => &settings.success,
        };
        headers::apply(self, rules, which, is_early);
    }

    /// Runs the phase after the head is read, and again after each redirect inside the server.
    fn post_read(&mut self) {
        for which in [Which::Request, Which::Always, Which::Success] {
            self.apply_headers(which, true);
        }
        let rules = &self.host.env_rules;
        self.set_env(rules);
    }

    fn run(mut self) -> Response {
        match self.prepare() {
            Ok(()) => content::serve(self),
            Err(End::Status(status)) => self.die(status),
            Err(End::Internal(address)) => self.internal_redirect(&address),
        }
    }

    /// Goes through the phases before the content is made.
    fn prepare(&mut self) -> Result<(), End> {
        self.decode()?;
        walk::by_location(self);
        self.translate()?;
        match self.proxy.clone() {
            Some((address, place)) => {
                self.decided_by = Some(place);
                walk::by_proxy(self, &address);
            }
            None => {
                if let Some(status) = walk::by_file(self) {
                    return Err(End::Status(status));
                }
            }
        }
        if self.method == "TRACE" && self.proxy.is_none() {
            return match self.host.trace.as_deref() {
                Some("off") => Err(End::Status(405)),
                _ => Ok(()),
            };
        }
        for doubt in &self.settings.doubts {
            self.world.doubt(doubt);
        }
        let settings = Rc::clone(&self.settings);
        self.set_env(&settings.env_rules);
        if let Some((methods, place)) = &settings.allow_methods {
            let method = if self.method == "HEAD" {
                "GET"
            } else {
                &self.method
            };
            let is_reset = methods.iter().any(|listed| listed == "RESET");
            if !is_reset && !methods.iter().any(|listed| listed == method) {
                self.decided_by = Some(*place);
                return Err(End::Status(405));
            }
        }
        if let Some(status) = access::check(self, &settings) {
            return Err(End::Status(status));
        }
        self.fixups(&settings)
    }

    fn decode(&mut self) -> Result<(), End> {
        if self.uri == "*" {
            self.world.doubt("requests for * are not simulated");
            return Ok(());
        }
        let mut bytes = Vec::new();
        let mut rest = self.uri.bytes();
        while let Some(byte) = rest.next() {
            if byte != b'%' {
                bytes.push(byte);
                continue;
            }
            let digits: Option<Vec<u8>> = (0..2)
                .map(|_| {
                    rest.next()
                        .and_then(|digit| char::from(digit).to_digit(16))
                        .map(|digit| digit as u8)
                })
                .collect();
            match digits.map(|digits| digits[0] * 16 + digits[1]) {
                None => return Err(End::Status(400)),
                Some(0) => return Err(End::Status(404)),
                Some(b'/') if self.host.settings.allow_encoded_slashes.is_none() => {
                    return Err(End::Status(404));
                }
                Some(byte) => bytes.push(byte),
            }
        }
        let decoded = String::from_utf8_lossy(&bytes).into_owned();
        let mut parts: Vec<&str> = Vec::new();
        let all: Vec<&str> = decoded.split('/').skip(1).collect();
        for (index, part) in all.iter().enumerate() {
            let is_last = index + 1 == all.len();
            match *part {
                "" if !is_last => {}
                "." if !is_last => {}
                "." => parts.push(""),
                ".." => {
                    if parts.pop().is_none() {
                        return Err(End::Status(400));
                    }
                    if is_last {
                        parts.push("");
                    }
                }
                part => parts.push(part),
            }
        }
        self.uri = format!("/{}", parts.join("/"));
        Ok(())
    }

    pub(super) fn document_root(&self) -> String {
        self.host
            .document_root
            .clone()
            .unwrap_or_else(|| self.server.document_root.clone())
    }

    pub(super) fn end(&mut self, status: u16, place: Place) -> End {
        self.decided_by = Some(place);
        End::Status(status)
    }

    pub(super) fn redirect(&mut self, status: u16, address: &str, place: Place) -> End {
        let address = self.qualify(address);
        self.out.set("Location", address, Some(place));
        self.end(status, place)
    }

    /// The last phase before the content.
    fn fixups(&mut self, settings: &Settings) -> Result<(), End> {
        let mut internal = None;
        let is_slashless = self.is_known_directory(&self.filename) && !self.filename.ends_with('/');
        if let Some(rules) = &settings.rewrite
            && rules.engine == Some(true)
            && let Some(directory) = rules.directory.as_deref()
            && !self.rewrite_ended
            && !(is_slashless && format!("{}/", self.filename) == directory)
        {
            if !settings.has_option("followsymlinks") && !rules.rules.is_empty() {
                return Err(self.end(403, rules.place.unwrap_or(Place::new(0, 0, 0))));
            }
            let before = (self.filename.clone(), self.query.clone());
            match rewrite::apply(self, rules, Some(directory)) {
                Verdict::Unchanged => self.filename.clone_from(&before.0),
                Verdict::Status(status, place) => return Err(self.end(status, place)),
                Verdict::Redirect(status, address, place) => {
                    let address = match &rules.base {
                        Some(base) => {
                            let wrong = self.qualify(directory);
                            match address.strip_prefix(wrong.as_str()) {
                                Some(rest) => self.qualify(&format!("{}/{rest}", base.trim_end_matches('/'))),
                                None => address,
                            }
                        }
                        None => address.replace(
                            &self.qualify(&self.document_root()),
                            self.qualify("").trim_end_matches('/'),
                        ),
                    };
                    return Err(self.redirect(status, &address, place));
                }
                Verdict::Proxy(address, place) => {
                    self.proxy = Some((address, place));
                    self.decided_by = Some(place);
                }
                Verdict::Changed { .. } => {
                    if self.filename != before.0 {
                        internal = Some(self.address_of(directory, rules.base.as_deref()));
                    }
                }
            }
        }
        let uri = self.uri.clone();
        if let Some(end) = self.redirected(&settings.redirects, &uri) {
            return Err(end);
        }
        for (name, value) in &settings.set_env {
            match value {
                Some(value) => self.env.set(name, value.clone(), None),
                None => self.env.unset(name),
            }
        }
        if self.request.scheme == "https" && self.server.modules.has("ssl") {
            self.env.set("HTTPS", "on".to_owned(), None);
        }
        self.apply_headers(Which::Request, false);
        match internal {
            Some(address) => Err(End::Internal(address)),
            None => Ok(()),
        }
    }

    /// Makes a path of the address that rules of a directory gave.
    fn address_of(&self, directory: &str, base: Option<&str>) -> String {
        let mut path = self.filename.clone();
        if let Some(base) = base {
            if let Some(rest) = path.strip_prefix(directory) {
                path = format!("{}/{rest}", base.trim_end_matches('/'));
            }
        } else {
            let root = self.document_root();
            if let Some(rest) = path.strip_prefix(root.as_str()) {
                path = format!("/{}", rest.trim_start_matches('/'));
            }
        }
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        }
    }

    /// Starts again with another path.
    pub(super) fn internal_redirect(mut self, address: &str) -> Response {
        self.redirects += 1;
        if self.redirects > MOST_REDIRECTS {
            return self.error(500);
        }
        let (path, query) = address
            .split_once('?')
            .map_or((address, None), |(path, query)| (path, Some(query)));
        let mut env = Table::default();
        for entry in self.env.entries() {
            env.add(
                &format!("REDIRECT_{}", entry.name),
                entry.value.clone(),
                entry.place,
            );
        }
        env.add("REDIRECT_STATUS", self.status.to_string(), None);
        let mut out = Table::default();
        if (300..400).contains(&self.status)
            && let Some(location) = self.out.get("Location")
        {
            out.add("Location", location.to_owned(), None);
        }
        // Rules keep `Vary`; an `ErrorDocument` does not.
        if self.status == 200 {
            out.extend(self.out.take("Vary"));
        }
        self.env = env;
        self.out = out;
        let is_named = [".php", ".html", ".htm", ".cgi", ".pl", ".py"]
            .iter()
            .any(|ending| path.ends_with(ending));
        self.rewritten_to = is_named.then(|| path.to_owned());
        self.uri = path.to_owned();
        self.query = query.map(str::to_owned);
        self.filename.clear();
        self.path_info.clear();
        self.proxy = None;
        self.is_script_alias = false;
        self.fallback_is_there = false;
        self.forced_handler = None;
        self.settings = Rc::new(self.host.settings.clone());
        if self.status != 200 {
            // The document of an error is named, and taken to be there.
            self.fallback_is_there = true;
        }
        self.post_read();
        self.run()
    }

    /// Ends the request with a status, through its `ErrorDocument`.
    pub(super) fn die(mut self, status: u16) -> Response {
        if self.status != 200 {
            // The document of an error failed; the caller sends the first error as it is.
            return Response::new(FAILED);
        }
        let document = self
            .settings
            .error_document(status)
            .map(|(text, place)| (text.to_owned(), place));
        match document {
            Some((text, place)) if scheme_length(&text) > 0 => {
                self.out.set("Location", text, Some(place));
                self.error(302)
            }
            Some((text, _)) if text.starts_with('/') => {
                let original = self.clone();
                self.status = status;
                self.method = "GET".to_owned();
                let mut document = self.internal_redirect(&text);
                if document.status == Value::Known(FAILED) {
                    // The document failed.
                    document = original.error(status);
                }
                document
            }
            Some((text, _)) if !text.starts_with('"') => self.error(status),
            _ => self.error(status),
        }
    }

    /// Sends an answer that Apache makes itself: only the table of `always` gets new fields.
    pub(super) fn error(mut self, status: u16) -> Response {
        if self.status != 200 {
            return Response::new(FAILED);
        }
        let location = self.out.take("Location");
        if status == 204 || status == 304 {
            self.out.extend(location);
            self.apply_headers(Which::Always, false);
        } else {
            self.out = std::mem::take(&mut self.err);
            if (300..400).contains(&status) || status == 201 {
                self.out.extend(location);
            }
            self.apply_headers(Which::Always, false);
        }
        self.finish(status)
    }

    /// Sends an answer of a file or a program: both tables get their fields.
    pub(super) fn success(mut self, status: u16) -> Response {
        self.apply_headers(Which::Always, false);
        self.apply_headers(Which::Success, false);
        self.finish(status)
    }

    /// Makes the answer.
    pub(super) fn finish(self, status: u16) -> Response {
        let mut response = Response::new(status);
        response.decided_by = self.decided_by;
        response.notes.clone_from(&self.notes);
        let mut vary: Vec<String> = Vec::new();
        let mut vary_place = None;
        let mut lines: Vec<(String, String, Option<Place>)> = Vec::new();
        for entry in headers::all([&self.err, &self.out]) {
            if entry.name.eq_ignore_ascii_case("vary") {
                if vary_place.is_none() {
                    lines.push(("Vary".to_owned(), String::new(), None));
                }
                vary_place = vary_place.or(Some(entry.place));
                for member in entry
                    .value
                    .split(',')
                    .map(str::trim)
                    .filter(|member| !member.is_empty())
                {
                    if !vary.iter().any(|known| known.eq_ignore_ascii_case(member)) {
                        vary.push(member.to_owned());
                    }
                }
            } else {
                lines.push((entry.name.clone(), entry.value.clone(), entry.place));
            }
        }
        let hides_vary = self.env.get("force-no-vary").is_some();
        for (name, mut value, mut place) in lines {
            if name == "Vary" {
                if hides_vary || vary.is_empty() {
                    continue;
                }
                value = vary.join(",");
                place = vary_place.flatten();
            }
            let value = if is_unknown(&value) {
                Value::Unknown(self.world.doubt_in(&value).unwrap_or_default())
            } else {
                Value::Known(value.trim_matches([' ', '\t']).to_owned())
            };
            response.fields.push(Field { name, value, place });
        }
        response
    }

    fn set_env(&mut self, rules: &[EnvRule]) {
        for rule in rules {
            let found = match &rule.test {
                EnvTest::Attribute(name, pattern) => pattern.find(&self.attribute(name), self.world),
                EnvTest::Fields(names, pattern) => {
                    let value = self
                        .headers_in
                        .entries()
                        .iter()
                        .rfind(|entry| names.find(&entry.name, self.world).is_some())
                        .map(|entry| entry.value.clone())
                        .unwrap_or_default();
                    pattern.find(&value, self.world)
                }
                EnvTest::Expression(expression) => {
                    self.groups = None;
                    expression
                        .holds(self)
                        .then(|| self.groups.take().unwrap_or_default())
                }
            };
            let Some(groups) = found else { continue };
            for (name, value) in &rule.variables {
                match value {
                    Some(value) => self.env.set(name, substitute(value, &groups), Some(rule.place)),
                    None => self.env.unset(name),
                }
            }
        }
    }
}
