//! A survey: many questions to one server, to learn its policy from its answers.
//!
//! A survey sends `GET` and `OPTIONS` only, and one request with a method that does not exist, so
//! it changes nothing on a server that follows RFC 9110.

use embedded_cors::RulesConfig;
use embedded_cors::browser::{Fetch, Response};

use super::answer::{Answer, Caching};
use super::exchange::{USER_AGENT, printable, written};
use super::findings::{self, Finding};
use super::plan::{self, HEADERS, METHODS, ODD_HEADER, ODD_METHOD, Relation};
use super::{Network, Trouble, TroubleKind, infer};
use crate::url::Url;

/// The questions to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address.
    pub url: String,
    /// The origin of the page.
    pub origin: String,
    /// More methods to ask for.
    pub methods: Vec<String>,
    /// More names of request headers to ask for.
    pub headers: Vec<String>,
    /// The most requests.
    pub max_requests: usize,
}

/// The result for one origin.
#[derive(Clone, Debug)]
pub struct OriginRow {
    /// Why it was asked about.
    pub relation: Relation,
    /// The origin.
    pub origin: String,
    /// Whether a page of it may read the response; `None` if it was not asked.
    pub is_admitted: Option<bool>,
    /// Whether it may do so with cookies or a login.
    pub has_credentials: bool,
    pub(super) actual: Option<Answer>,
    pub(super) profile: Option<usize>,
}

/// The answers to the preflights of one origin.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub origin: String,
    /// The answer to a preflight that asks for nothing special.
    pub base: Option<Answer>,
    /// Whether a browser accepts that answer.
    pub is_answered: bool,
    pub has_credentials: bool,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub any_method: bool,
    pub any_header: bool,
    /// Names that work only without credentials, although credentials are allowed.
    pub only_without_credentials: Vec<String>,
    /// Whether `Access-Control-Allow-Headers` is `*`, and `Authorization` is not listed.
    pub authorization_under_wildcard: bool,
}

/// The result of a survey.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The address.
    pub url: String,
    /// The origin of the page.
    pub page: String,
    /// The origins that were asked about.
    pub origins: Vec<OriginRow>,
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The policy that the answers fit; `None` if no answer admits an origin.
    pub policy: Option<RulesConfig>,
    /// In which points the server differs from that policy.
    pub differences: Vec<String>,
    /// For how long browsers remember preflights of the page.
    pub caching: Option<Caching>,
    /// The number of requests.
    pub requests: usize,
    /// The questions that were not asked, because a limit was reached or a request failed.
    pub unasked: Vec<String>,
    /// All requests and responses, in the form of `curl -v`.
    pub transcript: String,
    pub(super) profiles: Vec<Profile>,
    pub(super) errors: Vec<(&'static str, Answer)>,
    pub(super) without_origin: Option<Answer>,
    pub(super) slash: Option<Answer>,
}

/// Asks a server for its policy.
///
/// # Errors
///
/// Returns a sentence if the address is invalid, and a [`Trouble`] in words if the server does not
/// answer the first request.
pub fn run(options: &Options, network: &mut impl Network) -> Result<Survey, Failed> {
    let fetch = Fetch::from_origin(&options.origin);
    let exchange = embedded_cors::browser::Exchange::new(&fetch, &options.url)
        .map_err(|blocked| Failed::Input(blocked.to_string()))?;
    let url = Url::parse(exchange.url()).ok_or_else(|| Failed::Input("the URL is invalid".into()))?;
    if !exchange.is_cors() {
        return Err(Failed::Input(format!(
            "a page of {} needs no CORS for this address, which has the same origin; \
             --origin is the origin of a page elsewhere",
            options.origin
        )));
    }
    let mut asker = Asker {
        network,
        limit: options.max_requests,
        requests: 0,
        transcript: String::new(),
        unasked: Vec::new(),
        trouble: None,
    };
    let mut survey = Survey {
        url: exchange.url().to_string(),
        page: options.origin.clone(),
        origins: Vec::new(),
        findings: Vec::new(),
        policy: None,
        differences: Vec::new(),
        caching: None,
        requests: 0,
        unasked: Vec::new(),
        transcript: String::new(),
        profiles: Vec::new(),
        errors: Vec::new(),
        without_origin: None,
        slash: None,
    };
    ask_origins(&mut asker, &url, &mut survey);
    if survey.origins.iter().all(|row| row.actual.is_none())
        && let Some(trouble) = asker.trouble.take_if(|trouble| trouble.is_of_server())
    {
        return Err(Failed::Trouble(trouble));
    }
    survey.without_origin = asker.get(&url, None, "GET");
    ask_errors(&mut asker, &url, &mut survey);
    ask_preflights(&mut asker, &url, options, &mut survey);

    let page = survey.profile_of(Relation::Page);
    survey.caching = page
        .filter(|profile| profile.is_answered)
        .and_then(|profile| profile.base.as_ref()?.caching.clone());
    (survey.policy, survey.differences) = infer::policy(&survey);
    survey.requests = asker.requests;
    survey.unasked = asker.unasked;
    survey.transcript = asker.transcript;
    survey.findings = findings::find(&survey);
    Ok(survey)
}

/// Why there is no survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The address or the origin is invalid.
    Input(String),
    /// The server did not answer.
    Trouble(Trouble),
}

impl OriginRow {
    /// Whether there is an answer, although it may not decide.
    pub fn was_asked(&self) -> bool {
        self.actual.is_some()
    }
}

impl Survey {
    /// Returns the result for the origin of a relation.
    pub fn row(&self, relation: Relation) -> Option<&OriginRow> {
        self.origins.iter().find(|row| row.relation == relation)
    }

    pub(super) fn profile_of(&self, relation: Relation) -> Option<&Profile> {
        self.profiles.get(self.row(relation)?.profile?)
    }
}

fn ask_origins(asker: &mut Asker<'_, impl Network>, url: &Url, survey: &mut Survey) {
    for (relation, origin) in plan::origins(&survey.page) {
        let actual = asker.get(url, Some(&origin), "GET");
        survey.origins.push(OriginRow {
            is_admitted: actual
                .as_ref()
                .filter(|answer| !answer.is_redirect())
                .map(|answer| answer.admits(&origin)),
            has_credentials: actual.as_ref().is_some_and(|answer| {
                !answer.is_redirect() && answer.origin() == Some(&origin) && answer.allows_credentials()
            }),
            relation,
            origin,
            actual,
            profile: None,
        });
        // A server that does not answer at all is not asked again.
        if asker.trouble.as_ref().is_some_and(Trouble::is_of_server)
            && survey.origins.iter().all(|row| row.actual.is_none())
        {
            return;
        }
    }
}

/// Asks for answers that are not a success.
fn ask_errors(asker: &mut Asker<'_, impl Network>, url: &Url, survey: &mut Survey) {
    let page = survey.page.clone();
    let path = url.path.split('?').next().unwrap_or("/").trim_end_matches('/');
    for (what, method, path) in [
        (
            "a page that does not exist",
            "GET",
            format!("{path}/cors-survey-404"),
        ),
        ("a method that does not exist", ODD_METHOD, url.path.clone()),
        ("an invalid path", "GET", "/%zz".to_string()),
    ] {
        let target = Url { path, ..url.clone() };
        if let Some(answer) = asker.get(&target, Some(&page), method)
            && answer.status >= 400
        {
            survey.errors.push((what, answer));
        }
    }
    let other = match url.path.strip_suffix('/') {
        Some("") => None,
        Some(path) => Some(path.to_string()),
        None if url.path.contains('?') => None,
        None => Some(format!("{}/", url.path)),
    };
    if let Some(path) = other {
        let target = Url { path, ..url.clone() };
        let head = asker.preflight(&target, &page, "GET", &[]);
        survey.slash = head.and_then(|head| Answer::read(&target.to_string(), &head));
    }
}

/// Asks what the page's origin may send, and what those may send that are answered otherwise.
fn ask_preflights(asker: &mut Asker<'_, impl Network>, url: &Url, options: &Options, survey: &mut Survey) {
    let mut signatures: Vec<Signature> = Vec::new();
    for index in 0..survey.origins.len() {
        let Some(row) = survey.origins.get(index) else {
            return;
        };
        let (relation, origin) = (row.relation, row.origin.clone());
        if row.is_admitted != Some(true) && relation != Relation::Page {
            continue;
        }
        // Look-alikes are findings, not a part of a policy.
        if relation.is_look_alike() {
            continue;
        }
        let actual = row.actual.clone();
        let base = asker.preflight(url, &origin, "GET", &[]);
        let answer = base
            .as_ref()
            .and_then(|head| Answer::read(&url.to_string(), head));
        let signature = Signature::new(actual.as_ref(), answer.as_ref(), &origin);
        let known = signatures.iter().position(|other| *other == signature);
        let is_certain = relation != Relation::Page && (signature.shows_lists() || asker.is_short());
        let profile = match known.filter(|_| is_certain) {
            Some(known) => known,
            None => {
                let is_admitted = row.is_admitted == Some(true);
                let profile = profile(asker, url, options, &origin, answer, base.as_deref(), is_admitted);
                survey.profiles.push(profile);
                signatures.push(signature);
                survey.profiles.len() - 1
            }
        };
        if let Some(row) = survey.origins.get_mut(index) {
            row.profile = Some(profile);
        }
    }
}

/// The answers by which the rules of a policy are told apart.
#[derive(PartialEq)]
struct Signature {
    credentials: bool,
    exposed: Vec<String>,
    lists: Option<Lists>,
}

/// The answer to a preflight that asks for nothing special.
#[derive(PartialEq)]
struct Lists {
    status: u16,
    methods: Vec<String>,
    headers: Vec<String>,
    max_age: Option<String>,
}

impl Signature {
    fn new(actual: Option<&Answer>, base: Option<&Answer>, origin: &str) -> Self {
        Self {
            credentials: actual.is_some_and(|answer| answer.allows_credentials() && answer.admits(origin)),
            exposed: actual.map(|answer| answer.exposed.clone()).unwrap_or_default(),
            lists: base.map(|base| Lists {
                status: base.status,
                methods: base.methods.clone(),
                headers: base.headers.clone(),
                max_age: base.max_age.clone(),
            }),
        }
    }

    fn shows_lists(&self) -> bool {
        let lists = self.lists.as_ref();
        lists.is_some_and(|lists| !lists.methods.is_empty() && !lists.headers.is_empty())
    }
}

fn profile(
    asker: &mut Asker<'_, impl Network>,
    url: &Url,
    options: &Options,
    origin: &str,
    base: Option<Answer>,
    base_head: Option<&[u8]>,
    is_admitted: bool,
) -> Profile {
    let fetch = Fetch::from_origin(origin);
    let is_answered = base_head.is_some_and(|head| accepts(fetch, head));
    let mut profile = Profile {
        origin: origin.into(),
        has_credentials: base.as_ref().is_some_and(Answer::allows_credentials)
            && base.as_ref().and_then(Answer::origin) == Some(origin),
        is_answered,
        base,
        ..Profile::default()
    };
    if !is_answered || !is_admitted {
        return profile;
    }
    let listed = |list: fn(&Answer) -> &Vec<String>| {
        let names = profile.base.as_ref().map(list).into_iter().flatten();
        let names = names.filter(|name| name.as_str() != "*").take(12);
        names.cloned().collect::<Vec<String>>()
    };
    let (mut methods, mut headers) = (listed(|answer| &answer.methods), listed(|answer| &answer.headers));
    let more = METHODS.iter().map(ToString::to_string);
    for method in more.chain(options.methods.iter().cloned()) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods.retain(|method| !matches!(method.as_str(), "GET" | "HEAD" | "POST"));
    let more = HEADERS.iter().map(ToString::to_string);
    for header in more.chain(options.headers.iter().cloned()) {
        if !headers.iter().any(|other| other.eq_ignore_ascii_case(&header)) {
            headers.push(header);
        }
    }
    let mut asked = |method: &str, header: Option<&str>, profile: &mut Profile| {
        let names: Vec<(&str, &str)> = header.map(|name| (name, value_of(name))).into_iter().collect();
        let fetch = fetch.method(method).headers(&names);
        if fetch.check_page().is_err() {
            return false;
        }
        let Some(head) = asker.preflight(url, origin, method, &names) else {
            return false;
        };
        let plain = accepts(fetch, &head);
        if !profile.has_credentials {
            return plain;
        }
        let with_credentials = accepts(fetch.include_credentials(), &head);
        if plain && !with_credentials {
            let name = header.unwrap_or(method).to_string();
            profile.only_without_credentials.push(name);
        }
        if header == Some(ODD_HEADER) && plain {
            profile.authorization_under_wildcard = false;
        }
        with_credentials
    };
    profile.any_method = asked(ODD_METHOD, None, &mut profile);
    if !profile.any_method {
        for method in methods {
            if asked(&method, None, &mut profile) {
                profile.methods.push(method);
            }
        }
    }
    profile.any_header = asked("GET", Some(ODD_HEADER), &mut profile);
    if profile.any_header {
        headers.retain(|name| name.eq_ignore_ascii_case("authorization"));
    }
    for header in headers {
        let is_authorization = header.eq_ignore_ascii_case("authorization");
        if asked("GET", Some(&header), &mut profile) {
            profile.headers.push(header.to_ascii_lowercase());
        } else if is_authorization && profile.any_header {
            profile.authorization_under_wildcard = true;
        }
    }
    profile
}

/// Returns a value with which a header needs a preflight.
fn value_of(name: &str) -> &'static str {
    match () {
        () if name.eq_ignore_ascii_case("content-type") => "application/json",
        // A byte that is not safelisted in the values of `Accept` and `Accept-Language`.
        () if name.eq_ignore_ascii_case("accept") || name.eq_ignore_ascii_case("accept-language") => "\"",
        () if name.eq_ignore_ascii_case("range") => "bytes=-1",
        () => "1",
    }
}

fn accepts(fetch: Fetch<'_>, head: &[u8]) -> bool {
    Response::from_head(head).is_ok_and(|response| fetch.check_preflight(&response).is_ok())
}

/// Sends requests and counts them.
struct Asker<'n, N> {
    network: &'n mut N,
    limit: usize,
    requests: usize,
    transcript: String,
    unasked: Vec<String>,
    trouble: Option<Trouble>,
}

impl<N: Network> Asker<'_, N> {
    /// Whether few requests are left.
    fn is_short(&self) -> bool {
        self.limit.saturating_sub(self.requests) < 12
    }

    fn get(&mut self, url: &Url, origin: Option<&str>, method: &str) -> Option<Answer> {
        let host = host_of(url);
        let head = match origin {
            Some(origin) => {
                let fetch = Fetch::from_origin(origin)
                    .method(method)
                    .headers(&[("Accept", "*/*")]);
                written(|buffer| fetch.write_request(&host, &url.path, buffer))
            }
            None => format!(
                "{method} {} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n",
                url.path
            )
            .into_bytes(),
        };
        let head = self.send(url, &head)?;
        Answer::read(&url.to_string(), &head)
    }

    fn preflight(
        &mut self,
        url: &Url,
        origin: &str,
        method: &str,
        headers: &[(&str, &str)],
    ) -> Option<Vec<u8>> {
        let fetch = Fetch::from_origin(origin).method(method).headers(headers);
        let head = written(|buffer| fetch.write_preflight(&host_of(url), &url.path, buffer));
        self.send(url, &head)
    }

    fn send(&mut self, url: &Url, head: &[u8]) -> Option<Vec<u8>> {
        let lines = format!("User-Agent: {USER_AGENT}\r\nConnection: keep-alive\r\n");
        let head = super::exchange::with_lines(head, &lines);
        let trouble = if self.requests < self.limit {
            match self.network.send(&url.to_string(), &head) {
                Ok(answer) => {
                    self.requests += 1;
                    super::exchange::write_pair(&mut self.transcript, &url.to_string(), &head, &answer);
                    return Some(answer);
                }
                Err(trouble) => {
                    if trouble.kind != TroubleKind::NotSent {
                        self.requests += 1;
                    }
                    trouble
                }
            }
        } else {
            let words = format!("the limit of {} requests was reached", self.limit);
            Trouble::new(TroubleKind::NotSent, words)
        };
        let head = String::from_utf8_lossy(&head);
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::trim).unwrap_or_default().to_string()
        };
        let mut what = head.split(' ').next().unwrap_or("").to_string();
        for (lead, name) in [
            (" from ", "Origin:"),
            (" for ", "Access-Control-Request-Method:"),
            (" with ", "Access-Control-Request-Headers:"),
        ] {
            let value = field(name);
            if !value.is_empty() {
                what.push_str(lead);
                what.push_str(&value);
            }
        }
        self.unasked.push(crate::secrets::hide(&printable(&format!(
            "{what} to {}: {trouble}",
            url.path
        ))));
        self.trouble = Some(trouble);
        None
    }
}

fn host_of(url: &Url) -> String {
    match url.port {
        Some(port) => format!("{}:{port}", url.host),
        None => url.host.clone(),
    }
}
