//! One request of a page: the preflight if a browser sends one, the request, and what redirects
//! lead to. [`embedded_cors::browser`] writes the heads and follows the redirects; the head of each
//! response is kept as text, so that repeated lines and their order are not lost.

use embedded_cors::BufferTooSmall;
use embedded_cors::browser::{Exchange, Failure, Fetch, Received, Response};

use super::answer::Caching;
use super::{Network, Trouble, TroubleKind};
use crate::diagnosis::Finding;
use crate::url::Url;
use crate::{Cause, Place, Report, Verdict};

/// A request of a page.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// The address.
    pub url: String,
    /// The origin of the page.
    pub origin: String,
    /// The method, as the page writes it.
    pub method: String,
    /// The headers that the page sets.
    pub headers: Vec<(String, String)>,
    /// Whether the credentials mode is `include`.
    pub credentials: bool,
    /// Whether only the preflight is sent, and not the request.
    pub preflight_only: bool,
    /// Whether a redirect to another host is not followed.
    pub stay_at_host: bool,
}

/// Everything that was sent and received.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// The heads in the form of `curl -v`. It has the bytes as they came, except that bytes that
    /// are not UTF-8 and control characters are U+FFFD, so that a terminal can show it.
    pub text: String,
    /// For how long browsers remember each preflight that passed.
    pub caching: Vec<Caching>,
    /// The number of requests.
    pub requests: usize,
    /// Why the last request got no response.
    pub trouble: Option<Trouble>,
    /// The verdict of the browser's model, which has seen every step. `None` if it was not reached.
    pub outcome: Option<Result<(), String>>,
    /// Whether a browser refused to send a request over http for a page on https.
    pub is_mixed: bool,
    /// Other facts worth knowing.
    pub notes: Vec<String>,
}

/// Sends what a browser sends, step by step.
///
/// # Errors
///
/// Returns a sentence if no page can make the request.
pub fn run(probe: &Probe, network: &mut impl Network) -> Result<Transcript, String> {
    let headers: Vec<(&str, &str)> = probe
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut fetch = Fetch::from_origin(&probe.origin)
        .method(&probe.method)
        .headers(&headers);
    if probe.credentials {
        fetch = fetch.include_credentials();
    }
    let mut exchange = Exchange::new(&fetch, &probe.url).map_err(|blocked| blocked.to_string())?;
    let mut transcript = Transcript::default();
    for (name, _) in &headers {
        if !fetch.header_list().any(|(sent, _)| sent == *name) {
            let note = format!("the header {name} was not sent, since no page can set it");
            transcript.notes.push(note);
        }
    }
    if !exchange.is_cors() {
        transcript
            .notes
            .push("the page has the same origin, so it needs no CORS".into());
    }
    let first = Url::parse(exchange.url());
    loop {
        let url = exchange.url().to_string();
        let target = Url::parse(&url);
        if probe.stay_at_host
            && let (Some(first), Some(target)) = (&first, &target)
            && !first.same_host(target)
        {
            transcript.notes.push(format!(
                "the redirect to {target} was not followed, since it leads to another host"
            ));
            return Ok(transcript);
        }
        if let Some(target) = target.as_ref().filter(|target| is_mixed(&probe.origin, target)) {
            transcript.is_mixed = true;
            transcript.outcome = Some(Err(format!(
                "the page is on https, and {target} is on http and not on this computer"
            )));
            if target.is_local_network() {
                let note = "the address is in the local network: Chromium may allow the request, \
                            if the user grants a permission for the local network";
                transcript.notes.push(note.into());
            }
            return Ok(transcript);
        }
        if exchange.needs_preflight() {
            let head = written(|buffer| exchange.write_preflight(buffer));
            let head = complete(&head, &exchange, target.as_ref(), true);
            let Some(answer) = send(network, &url, &head, &mut transcript) else {
                return Ok(transcript);
            };
            let Ok(response) = Response::from_head(&answer) else {
                return Ok(transcript);
            };
            match exchange.check_preflight(&response) {
                Ok(()) => {}
                // Without credentials, browsers let `*` cover Authorization, which the Fetch
                // Standard does not.
                Err(blocked)
                    if blocked.failure() == Failure::AuthorizationNotCovered && !probe.credentials => {}
                Err(blocked) => {
                    transcript.outcome = Some(Err(blocked.to_string()));
                    return Ok(transcript);
                }
            }
            transcript.caching.push(Caching::of(&url, &response));
        }
        if probe.preflight_only {
            if transcript.requests == 0 {
                let note = "a browser sends no preflight before this request";
                transcript.notes.push(note.into());
            }
            transcript.outcome = Some(Ok(()));
            return Ok(transcript);
        }
        let head = written(|buffer| exchange.write_request(buffer));
        let head = complete(&head, &exchange, target.as_ref(), false);
        let Some(answer) = send(network, &url, &head, &mut transcript) else {
            return Ok(transcript);
        };
        let Ok(response) = Response::from_head(&answer) else {
            return Ok(transcript);
        };
        match exchange.receive(&response) {
            Ok(Received::Redirect) => {}
            result => {
                transcript.outcome = Some(result.map(|_| ()).map_err(|blocked| blocked.to_string()));
                return Ok(transcript);
            }
        }
    }
}

/// Whether the address is mixed content for the page:
/// https://w3c.github.io/webappsec-mixed-content/.
fn is_mixed(origin: &str, target: &Url) -> bool {
    let page = Url::parse(origin).and_then(|page| page.scheme);
    page.as_deref() == Some("https") && target.scheme.as_deref() == Some("http") && !target.is_loopback()
}

/// Makes a report agree with what the probe saw, which is more than its text shows.
pub fn settle(report: &mut Report, transcript: &Transcript) {
    let is_blocked = matches!(transcript.outcome, Some(Err(_))) || transcript.trouble.is_some();
    if !is_blocked || report.verdict() == Verdict::Blocked {
        return;
    }
    for diagnosis in &mut report.diagnoses {
        diagnosis.questions.clear();
    }
    if let Some(last) = report.diagnoses.last_mut() {
        last.verdict = Verdict::Blocked;
        last.cases.clear();
        if transcript.is_mixed {
            last.finding = Some(Finding {
                cause: Cause::MixedContent,
                place: Place::NotCors,
                guilty: None,
                detail: None,
                status: None,
                request: None,
            });
            last.fixes = vec![Cause::MixedContent.fix().into()];
        }
    }
}

/// Calls a function that writes into a buffer, with a buffer that is large enough.
pub(super) fn written(write: impl Fn(&mut [u8]) -> Result<&[u8], BufferTooSmall>) -> Vec<u8> {
    let mut buffer = vec![0; 1024];
    loop {
        match write(&mut buffer) {
            Ok(bytes) => return bytes.to_vec(),
            Err(error) => buffer.resize(error.needed().max(buffer.len() + 1), 0),
        }
    }
}

/// Adds the fields that a browser adds and that Fetch leaves to it.
fn complete(head: &[u8], exchange: &Exchange<'_>, target: Option<&Url>, is_preflight: bool) -> Vec<u8> {
    let fetch = exchange.fetch();
    let has = |name: &str| {
        fetch
            .header_list()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let mut lines = String::new();
    let mut line = |name: &str, value: &str| lines.push_str(&format!("{name}: {value}\r\n"));
    line("User-Agent", USER_AGENT);
    if !is_preflight {
        if !has("accept") {
            line("Accept", "*/*");
        }
        // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch: the body is empty.
        if matches!(fetch.normalized_method(), "POST" | "PUT") {
            line("Content-Length", "0");
        }
    }
    if let Some(target) = target.filter(|url| url.is_loopback() || url.scheme.as_deref() == Some("https")) {
        line("Sec-Fetch-Mode", "cors");
        line("Sec-Fetch-Site", site(fetch.origin(), target));
        line("Sec-Fetch-Dest", "empty");
    }
    line("Connection", "keep-alive");
    with_lines(head, &lines)
}

/// Puts field lines before the empty line that ends a head.
pub(super) fn with_lines(head: &[u8], lines: &str) -> Vec<u8> {
    let mut bytes = head.strip_suffix(b"\r\n").unwrap_or(head).to_vec();
    bytes.extend_from_slice(lines.as_bytes());
    bytes.extend_from_slice(b"\r\n");
    bytes
}

pub(super) const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; cors-probe/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Returns the value of `Sec-Fetch-Site`. Without a list of public suffixes, only pages of the same
/// host are known to be of the same site.
fn site(origin: &str, target: &Url) -> &'static str {
    let Some(page) = Url::parse(origin) else {
        return "cross-site";
    };
    match () {
        () if page.same_host(target) => "same-origin",
        () if page.host == target.host && page.scheme == target.scheme => "same-site",
        () => "cross-site",
    }
}

/// Sends a request, and writes down the heads of request and response.
fn send(network: &mut impl Network, url: &str, head: &[u8], transcript: &mut Transcript) -> Option<Vec<u8>> {
    transcript.requests += 1;
    transcript.text.push_str(&format!("* Request to {url}\n"));
    write_head(&mut transcript.text, '>', head);
    match network.send(url, head) {
        Ok(answer) => {
            write_head(&mut transcript.text, '<', &answer);
            if Response::from_head(&answer).is_err() {
                transcript.notes.push(
                    "the head of the response is malformed; browsers may refuse it for that alone".into(),
                );
            }
            Some(answer)
        }
        Err(trouble) => {
            let trouble = Trouble {
                detail: printable(&trouble.detail),
                kind: trouble.kind,
            };
            if trouble.kind != TroubleKind::NotSent {
                transcript.text.push_str(&format!("cors: {trouble}\n"));
            }
            transcript.trouble = Some(trouble);
            None
        }
    }
}

/// Writes down a request and its response.
pub(super) fn write_pair(text: &mut String, url: &str, request: &[u8], response: &[u8]) {
    text.push_str(&format!("* Request to {url}\n"));
    write_head(text, '>', request);
    write_head(text, '<', response);
}

/// Writes a head with a mark before each line.
fn write_head(text: &mut String, mark: char, head: &[u8]) {
    let head = String::from_utf8_lossy(head);
    for line in head.split_terminator('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        text.push(mark);
        if !line.is_empty() {
            text.push(' ');
            text.push_str(&printable(line));
        }
        text.push('\n');
    }
}

/// Replaces control characters, which could change what a terminal shows.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => '\t',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
