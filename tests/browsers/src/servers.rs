//! The servers of one engine: the page's, on two ports, and the API, which runs on the HTTP of `examples/serve`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use embedded_cors::{OriginOrNull, Policy, Reason, Request as CorsRequest};

use crate::case::{Case, Page, Server};
use crate::http;
use crate::outcome::{Got, Seen};
use crate::{page, policies};

/// Connections at once to the API: six for each host that a browser opens pages of, and some that it opens in advance.
const WORKERS: usize = 24;

/// The ports of one engine's servers.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) page: u16,
    pub(crate) other_page: u16,
    pub(crate) api: u16,
}

impl Ports {
    /// Puts ports and an origin in the place of `{P}`, `{Q}`, `{A}`, `{O}`.
    pub(crate) fn fill(&self, text: &str, origin: &str) -> String {
        text.replace("{O}", origin)
            .replace("{P}", &self.page.to_string())
            .replace("{Q}", &self.other_page.to_string())
            .replace("{A}", &self.api.to_string())
    }

    /// The other way round, for what is printed: ports differ from run to run.
    pub(crate) fn without(&self, text: &str) -> String {
        text.replace(&format!(":{}", self.page), ":{P}")
            .replace(&format!(":{}", self.other_page), ":{Q}")
            .replace(&format!(":{}", self.api), ":{A}")
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

/// What one engine is asked, and what is known of its answers.
pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) cases: Arc<Vec<Case>>,
    policies: Vec<(&'static str, Policy<'static>)>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// The place in the queue of the case that the page gets next.
    pub(crate) next: usize,
    pub(crate) got: BTreeMap<usize, Vec<Got>>,
    pub(crate) seen: BTreeMap<usize, Vec<Seen>>,
}

impl World {
    /// Starts the servers. Their threads run until the program ends.
    pub(crate) fn start(cases: Arc<Vec<Case>>) -> std::io::Result<Arc<Self>> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (page, other_page, api) = (listen()?, listen()?, listen()?);
        let ports = Ports {
            page: page.local_addr()?.port(),
            other_page: other_page.local_addr()?.port(),
            api: api.local_addr()?.port(),
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
        let api = Arc::new(api);
        for _ in 0..WORKERS {
            let (api, world) = (api.clone(), world.clone());
            thread::spawn(move || http::serve(&api, |request, answer| world.answer(request, answer)));
        }
        Ok(world)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what the request is, and answers it.
    fn answer(&self, request: &http::Request<'_>, answer: &mut http::Answer) {
        let number = request.case as usize;
        // Icons and the like have no number.
        let Some(case) = number.checked_sub(1).and_then(|index| self.cases.get(index)) else {
            answer.push(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
            return;
        };
        let seen = Seen {
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
            let list = state.seen.entry(number - 1).or_default();
            let nth = list.iter().filter(|seen| seen.preflight.is_none()).count();
            list.push(seen);
            nth
        };
        answer.push(&self.respond(case, nth, &request.cors, request.method, request.error));
    }

    /// What a preflight asks for.
    fn asked(&self, request: &CorsRequest<'_>) -> (String, String) {
        let names: Vec<_> = request
            .requested_headers()
            .map(|name| String::from_utf8_lossy(name.as_ref()).into_owned())
            .collect();
        let mut names = names.join(",");
        // `names` does not tell how they are written; a policy that is strict about it does.
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
            names.push_str(" (not as Fetch writes them)");
        }
        (request.requested_method().unwrap_or("").to_string(), names)
    }

    /// The answer to a request that is the `nth` of those that are no preflights. For real requests and predicted ones alike.
    pub(crate) fn respond(
        &self,
        case: &Case,
        nth: usize,
        request: &CorsRequest<'_>,
        method: &str,
        error: Option<u16>,
    ) -> Vec<u8> {
        match &case.server {
            Server::Policy { name, status } => {
                let Some((_, policy)) = self.policies.iter().find(|(other, _)| other == name) else {
                    panic!("case {}: there is no policy \"{name}\"", case.id);
                };
                policy_answers(policy, request, method, error.unwrap_or(*status), error.is_some())
            }
            Server::Script { preflight, others } => {
                let is_preflight = request.is_preflight();
                let reply = match (is_preflight, error) {
                    (_, Some(_)) => return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec(),
                    (true, None) => preflight,
                    (false, None) => &others[nth.min(others.len() - 1)],
                };
                let origin = self.ports.origin(case.page);
                let mut head = status_line(reply.status);
                for line in &reply.lines {
                    head.push_str(&self.ports.fill(line, &origin));
                    head.push_str("\r\n");
                }
                finish(head, reply.status, method, is_preflight)
            }
        }
    }
}

/// As `examples/serve/api.rs` does it.
fn policy_answers<'a>(
    policy: &'a Policy<'a>,
    request: &CorsRequest<'a>,
    method: &str,
    status: u16,
    gave_up: bool,
) -> Vec<u8> {
    let decision = if gave_up {
        policy.decide_error_reply(request)
    } else {
        policy.decide(request)
    };
    let mut buffer = vec![0; policy.max_response_len()];
    let too_small = "a buffer of max_response_len() is too small";
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

/// The fields that every answer has, and the content.
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
