//! Plays a request of a page against a server that exists only as data: what is sent, what is
//! answered, what the browser checks, and what the page gets.
//!
//! The requests and redirects are those of [`embedded_cors::browser`], the answers those of a
//! policy or of heads that someone writes, and the verdict is that of [`diagnosis`] on the
//! transcript. So nothing here decides by itself, and a story never differs from what `explain`
//! says of the same heads.
//!
//! | file | what it holds |
//! |---|---|
//! | `input` | the settings of the page, and their form as JSON |
//! | `server` | the answers |
//! | `print` | the policy in the syntax of a server |
//! | `record` | the transcript, and its parts as the diagnosis reads them |
//! | `story` | the result as data, which is also its form as JSON |

mod input;
mod print;
mod record;
mod server;
mod story;

pub use input::Play;
pub use print::print;
pub use story::{Cached, Check, Finding, Page, Story, Transfer};

use embedded_cors::browser::{self, Blocked, Engine, Fetch, Received, Response};

use crate::diagnosis::{self, Diagnosis, Options, Verdict};
use crate::exchange::{Exchange, Leg};
use crate::input::{Call, CallHeader, Found};
use crate::text::Span;
use crate::url::Url;
use record::Record;
use server::Server;

/// The engines whose caches are shown, with the names that the page uses.
const ENGINES: [(&str, Engine); 3] = [
    ("chromium", Engine::Chromium),
    ("firefox", Engine::Firefox),
    ("webkit", Engine::WebKit),
];

/// The size of the buffers for heads. A request that does not fit is reported.
const MAX_HEAD_LEN: usize = 64 * 1024;

/// Plays a request. Secrets in the settings are replaced with asterisks first, so that they stand
/// nowhere in the story.
pub fn play(play: &Play) -> Story {
    let play = play.masked();
    let mut story = Story::default();
    let server = match Server::new(&play) {
        Ok(server) => server,
        Err(error) => {
            story.error = Some(error);
            return story;
        }
    };
    if !crate::url::is_origin(&play.origin) {
        story.error = Some(format!(
            "The page's origin {:?} is not an origin: write scheme, host and port only, such as https://app.example.com, or null.",
            play.origin
        ));
        return story;
    }
    let headers: Vec<(&str, &str)> = play
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut fetch = Fetch::from_origin(&play.origin)
        .method(&play.method)
        .headers(&headers);
    if play.credentials {
        fetch = fetch.include_credentials();
    }
    if play.watches_upload {
        fetch = fetch.use_cors_preflight();
    }
    Player::new(&play).run(&fetch, &play, &server, &mut story);
    story
}

struct Player {
    found: Found,
    exchange: Exchange,
    options: Options,
    record: Record,
}

impl Player {
    fn new(play: &Play) -> Self {
        let call = Call {
            api: "fetch",
            url: Url::parse(&play.url),
            method: play.method.clone(),
            headers: play
                .headers
                .iter()
                .map(|(name, value)| CallHeader {
                    name: name.clone(),
                    value: value.clone(),
                    span: None,
                })
                .collect(),
            credentials: Some(play.credentials),
            mode: None,
            origin: Some(play.origin.clone()),
            is_upload_watched: play.watches_upload,
            is_command: false,
            span: Span::new(0, 0),
            mode_span: None,
        };
        Self {
            found: Found {
                calls: vec![call],
                ..Found::default()
            },
            exchange: Exchange {
                call: Some(0),
                ..Exchange::default()
            },
            options: Options {
                origin: Some(play.origin.clone()),
                credentials: Some(play.credentials),
            },
            record: Record::default(),
        }
    }

    fn diagnose(&self) -> Diagnosis {
        diagnosis::diagnose(&self.found, &self.exchange, &self.options)
    }

    fn run(mut self, fetch: &Fetch<'_>, play: &Play, server: &Server, story: &mut Story) {
        let first = self.diagnose();
        let started = browser::Exchange::new(fetch, &play.url);
        let mut exchange = match (first.verdict, started) {
            (Verdict::Blocked, _) => return self.tell(story, first, None),
            (_, Err(blocked)) => return self.tell(story, first, Some(&blocked)),
            (_, Ok(exchange)) => exchange,
        };
        story.same_origin = !exchange.is_cors();
        story.needs_preflight = exchange.needs_preflight();
        let mut buffer = vec![0; MAX_HEAD_LEN];
        loop {
            let is_redirected = exchange.redirects() > 0;
            self.exchange.legs.push(Leg::default());
            if exchange.needs_preflight() {
                let Ok(request) = exchange.write_preflight(&mut buffer) else {
                    return story.fail("The request is too long.");
                };
                let answer = server.preflight(request);
                let Ok(response) = Response::from_head(answer.as_bytes()) else {
                    return story.fail("The answer to the preflight is not a head.");
                };
                self.transfer(&exchange, true, request, &answer, story);
                if !is_redirected {
                    story.remembered = remembered(&response);
                }
                let diagnosis = self.diagnose();
                if diagnosis.verdict == Verdict::Blocked {
                    return self.tell(story, diagnosis, None);
                }
            }
            let Ok(request) = exchange.write_request(&mut buffer) else {
                return story.fail("The request is too long.");
            };
            let answer = server.actual(request, is_redirected);
            let Ok(response) = Response::from_head(answer.as_bytes()) else {
                return story.fail("The response is not a head.");
            };
            self.transfer(&exchange, false, request, &answer, story);
            let diagnosis = self.diagnose();
            if diagnosis.verdict == Verdict::Blocked {
                return self.tell(story, diagnosis, None);
            }
            match exchange.receive(&response) {
                Ok(Received::Redirect) => {
                    if let Some(transfer) = story.transfers.last_mut() {
                        transfer.leads_to = Some(exchange.url().to_string());
                    }
                }
                Ok(Received::Response(filtered)) => {
                    story.page = Some(Page::new(&response, &filtered));
                    return self.tell(story, diagnosis, None);
                }
                Err(blocked) => return self.tell(story, diagnosis, Some(&blocked)),
            }
        }
    }

    /// Records a request and its answer.
    fn transfer(
        &mut self,
        exchange: &browser::Exchange<'_>,
        is_preflight: bool,
        request: &[u8],
        answer: &str,
        story: &mut Story,
    ) {
        let request = String::from_utf8_lossy(request);
        let index = self.found.transfers.len();
        let transfer = self.record.transfer(exchange.url(), &request, answer);
        let status = transfer.response.as_ref().map_or(0, |response| response.status);
        self.found.transfers.push(transfer);
        if let Some(leg) = self.exchange.legs.last_mut() {
            let slot = if is_preflight {
                &mut leg.preflight
            } else {
                &mut leg.actual
            };
            *slot = Some(index);
        }
        story.transfers.push(Transfer {
            is_preflight,
            is_cors: exchange.is_cors(),
            url: exchange.url().to_string(),
            request: request.trim_end().to_string(),
            response: answer.trim_end().to_string(),
            status,
            checks: Vec::new(),
            leads_to: None,
        });
    }

    /// Ends the story with a diagnosis, or with what only the engine's model knows.
    fn tell(self, story: &mut Story, diagnosis: Diagnosis, blocked: Option<&Blocked>) {
        let reasons = diagnosis.wanted.reasons.iter();
        story.reasons = reasons.map(|reason| reason.text.clone()).collect();
        let mut steps = diagnosis.steps.iter();
        for transfer in story.transfers.iter_mut().filter(|transfer| transfer.is_cors) {
            let count = if transfer.is_preflight { 7 } else { 3 };
            transfer.checks = steps.by_ref().take(count).map(Check::from).collect();
        }
        story.finding = diagnosis
            .finding
            .as_ref()
            .map(|finding| self.finding(finding))
            .or(blocked.map(|blocked| Finding::from(*blocked)));
        let is_blocked = diagnosis.verdict == Verdict::Blocked || blocked.is_some();
        story.verdict = if is_blocked { "blocked" } else { "allowed" };
        story.warnings = diagnosis
            .warnings
            .iter()
            .map(|warning| self.finding(warning))
            .collect();
        story.fixes = match blocked {
            Some(blocked) => vec![blocked.failure().fix().to_string()],
            None => diagnosis.fixes,
        };
        story.notes = diagnosis.notes;
        story.console = diagnosis.consoles.into();
        story.transcript = self.record.into_text();
    }

    fn finding(&self, finding: &diagnosis::Finding) -> Finding {
        let at = finding.guilty.as_ref().and_then(|guilty| guilty.span);
        let place = at.and_then(|span| self.record.place(span.start));
        Finding::new(finding, place)
    }
}

/// Returns for how many seconds each engine remembers an answer to a preflight.
fn remembered(response: &Response<'_>) -> Vec<Cached> {
    ENGINES
        .iter()
        .map(|(engine, model)| Cached {
            engine,
            seconds: browser::max_age(response, *model),
        })
        .collect()
}
