//! The servers for one engine: the page's server on two ports, and the API with the HTTP of
//! `examples/serve`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use embedded_cors::{OriginOrNull, Policy, Reason, Request as CorsRequest};

use crate::case::{Case, Page, Server};
use crate::http;
use crate::outcome::{Got, Seen};
use crate::{page, policies};

/// The number of simultaneous connections to the API: six for each host of a page, and some that
/// browsers open in advance.
const WORKERS: usize = 24;

/// The ports of one engine's servers.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) page: u16,
    pub(crate) other_page: u16,
    pub(crate) api: u16,
    /// The port of another API, to which redirects lead.
    pub(crate) other_api: u16,
}

impl Ports {
    /// Replaces `{P}`, `{Q}`, `{A}`, `{B}` and `{O}` with the ports and an origin.
    pub(crate) fn fill(&self, text: &str, origin: &str) -> String {
        text.replace("{O}", origin)
            .replace("{P}", &self.page.to_string())
            .replace("{Q}", &self.other_page.to_string())
            .replace("{A}", &self.api.to_string())
            .replace("{B}", &self.other_api.to_string())
    }

    /// Replaces ports with their placeholders, since ports differ between runs.
    pub(crate) fn without(&self, text: &str) -> String {
        text.replace(&format!(":{}", self.page), ":{P}")
            .replace(&format!(":{}", self.other_page), ":{Q}")
            .replace(&format!(":{}", self.api), ":{A}")
            .replace(&format!(":{}", self.other_api), ":{B}")
    }

    pub(crate) fn origin(&self, page: Page) -> String {
        match page {
            Page::Main => format!("http://localhost:{}", self.page),
            Page::OtherPort => format!("http://localhost:{}", self.other_page),
            Page::Host(host) => format!("http://{host}:{}", self.page),
            Page::Sandboxed => "null".to_string(),
        }
    }
}

/// The servers, cases and results of one engine.
pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) cases: Arc<Vec<Case>>,
    policies: Vec<(&'static str, Policy<'static>)>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// The index in the queue of the case that the page gets next.
    pub(crate) next: usize,
    pub(crate) got: BTreeMap<usize, Vec<Got>>,
    pub(crate) seen: BTreeMap<usize, Vec<Seen>>,
}

impl World {
    /// Starts the servers. Their threads run until the program ends.
    pub(crate) fn start(cases: Arc<Vec<Case>>) -> std::io::Result<Arc<Self>> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (page, other_page) = (listen()?, listen()?);
        let (api, other_api) = (listen()?, listen()?);
        let ports = Ports {
            page: page.local_addr()?.port(),
            other_page: other_page.local_addr()?.port(),
            api: api.local_addr()?.port(),
            other_api: other_api.local_addr()?.port(),
        };
        let world = Arc::new(Self {
            ports,
            cases,
            policies: policies::build(ports),
            state: Mutex::default(),
        });
        for listener in [page, other_page] {
            let world = world.clone();
            thread::spawn(move || page::serve(&listener, &world));
        }
        for (server, api) in [('A', api), ('B', other_api)] {
            let api = Arc::new(api);
            for _ in 0..WORKERS {
                let (api, world) = (api.clone(), world.clone());
                thread::spawn(move || {
                    http::serve(&api, |request, answer| world.answer(server, request, answer));
                });
            }
        }
        Ok(world)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request and answers it.
    fn answer(&self, server: char, request: &http::Request<'_>, answer: &mut http::Answer) {
        // Requests for icons and the like have no number.
        let index = (request.case as usize).checked_sub(1);
        let Some(index) = index.filter(|index| *index < self.cases.len()) else {
            answer.push(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
            return;
        };
        let seen = Seen {
            server,
            method: request.method.to_string(),
            origin: match request.cors.origin() {
                Some(OriginOrNull::Origin(origin)) => origin.to_string(),
                Some(OriginOrNull::Null) => "null".to_string(),
                None => "(none)".to_string(),
            },
            cookie: request.has_cookie,
            preflight: request.cors.is_preflight().then(|| self.asked(&request.cors)),
        };
        let nth = {
            let mut state = self.state();
            let list = state.seen.entry(index).or_default();
            let nth = list.iter().filter(|seen| seen.preflight.is_none()).count();
            list.push(seen);
            nth
        };
        answer.push(&self.respond(index, nth, &request.cors, request.method, request.error));
    }

    /// Returns the requested method and the requested headers of a preflight.
    fn asked(&self, request: &CorsRequest<'_>) -> (String, String) {
        let names: Vec<_> = request
            .requested_headers()
            .map(|name| String::from_utf8_lossy(name.as_ref()).into_owned())
            .collect();
        let mut names = names.join(",");
        // `names` does not show the form in which the browser wrote the list. A strict policy
        // checks it.
        let strict = Policy::builder()
            .allow_origins(&["*"])
            .allow_methods(&["*"])
            .allow_headers(&["*", "authorization"])
            .strict_request_headers()
            .build();
        if let Ok(strict) = strict
            && let Some(refusal) = strict.decide(request).refusal()
            && refusal.reason() == Reason::RequestHeadersNotStrict
        {
            names.push_str(" (not in the form of Fetch)");
        }
        (request.requested_method().unwrap_or("").to_string(), names)
    }

    /// Returns the answer to a request, real or predicted. `nth` counts the requests of the case
    /// that are not preflights.
    pub(crate) fn respond(
        &self,
        index: usize,
        nth: usize,
        request: &CorsRequest<'_>,
        method: &str,
        error: Option<u16>,
    ) -> Vec<u8> {
        let case = &self.cases[index];
        match &case.server {
            Server::Policy { name, status } => {
                let Some((_, policy)) = self.policies.iter().find(|(other, _)| other == name) else {
                    panic!("case {}: there is no policy \"{name}\"", case.id);
                };
                policy_answers(policy, request, method, error.unwrap_or(*status), error.is_some())
            }
            Server::Script { .. } | Server::Hops(_) => {
                let is_preflight = request.is_preflight();
                let reply = case.server.reply(nth, is_preflight).filter(|_| error.is_none());
                let Some(reply) = reply else {
                    return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec();
                };
                let origin = self.ports.origin(case.page);
                let mut head = status_line(reply.status);
                for line in &reply.lines {
                    let line = line.replace("{N}", &(index + 1).to_string());
                    head.push_str(&self.ports.fill(&line, &origin));
                    head.push_str("\r\n");
                }
                finish(head, reply.status, method, is_preflight)
            }
        }
    }
}

/// Answers as `examples/serve/api.rs` does.
pub(crate) fn policy_answers<'a>(
    policy: &'a Policy<'a>,
    request: &CorsRequest<'a>,
    method: &str,
    status: u16,
    is_rejected: bool,
) -> Vec<u8> {
    let decision = if is_rejected {
        policy.decide_for_error_reply(request)
    } else {
        policy.decide(request)
    };
    let mut buffer = vec![0; policy.max_response_len()];
    let too_small = "max_response_len() bytes suffice";
    if let Some(preflight) = decision.preflight() {
        return preflight.write_response(&mut buffer).expect(too_small).to_vec();
    }
    let mut head = status_line(status);
    head.push_str(decision.write_fields(&mut buffer).expect(too_small).as_str());
    head.push_str("etag: \"v1\"\r\nx-total-count: 42\r\nx-internal: not exposed\r\n");
    finish(head, status, method, false)
}

fn status_line(status: u16) -> String {
    format!("HTTP/1.1 {status} As Scripted\r\n")
}

/// Adds the fields that every answer has, and the content.
fn finish(mut head: String, status: u16, method: &str, is_preflight: bool) -> Vec<u8> {
    if !is_preflight {
        head.push_str("cache-control: no-store\r\ncontent-type: text/plain\r\n");
    }
    let content = if is_preflight { "" } else { "content" };
    if !matches!(status, 204 | 304) {
        head.push_str(&format!("content-length: {}\r\n", content.len()));
    }
    head.push_str("\r\n");
    if method != "HEAD" && !matches!(status, 204 | 205 | 304) {
        head.push_str(content);
    }
    head.into_bytes()
}
