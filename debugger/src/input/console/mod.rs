//! Messages of browser consoles, and of programs that could not connect.
//!
//! A message is recognised by the shortest words that tell it from all others. What varies with
//! versions, such as Chromium's hints at the end, is never looked at. Quotation marks may be
//! typographic, a message may go over several lines, and several may stand in one line.

mod chromium;
mod firefox;
mod other;
mod status;
mod webkit;

use std::collections::HashMap;

use crate::diagnosis::Cause;
use crate::input::{Format, Found, is_in};
use crate::text::{Line, Span, lines};
use crate::url::Url;

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Chrome, Edge, Opera, Android.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, and every browser on an iPhone.
    WebKit,
}

impl Engine {
    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The engine that prints it; `None` for tools and for texts that several engines print.
    pub engine: Option<Engine>,
    /// The cause that it names.
    pub cause: Cause,
    /// Whether it says that it is about the preflight; `None` if the engine does not tell.
    pub is_preflight: Option<bool>,
    /// The address of the request.
    pub url: Option<Url>,
    /// The address before redirects, if the message names one.
    pub first_url: Option<Url>,
    /// The origin of the page.
    pub origin: Option<String>,
    /// The value, method or header that the message quotes.
    pub detail: Option<String>,
    /// The method, where it is known.
    pub method: Option<String>,
    /// The status of the response.
    pub status: Option<u16>,
    /// The place of the message.
    pub span: Span,
    /// The place of the words that say what is wrong.
    pub anchor: Span,
    /// A sentence about what the words tell, where they do not name a cause.
    pub remark: Option<&'static str>,
    /// Whether a more specific message about the same request replaces it.
    pub is_vague: bool,
}

impl Message {
    fn new(engine: Option<Engine>, cause: Cause, anchor: Span) -> Self {
        Self {
            engine,
            cause,
            is_preflight: None,
            url: None,
            first_url: None,
            origin: None,
            detail: None,
            method: None,
            status: None,
            span: anchor,
            anchor,
            remark: None,
            is_vague: false,
        }
    }
}

/// Finds all messages outside of the places `taken`.
pub fn scan(text: &str, taken: &[Span], found: &mut Found) {
    let mut messages = Vec::new();
    let all: Vec<Line<'_>> = lines(text).collect();
    let mut index = 0;
    while let Some(line) = all.get(index) {
        index += 1;
        if is_in(taken, line.start) || line.text.trim().is_empty() {
            continue;
        }
        let mut part = Part::default();
        part.push(line);
        // A message that was wrapped goes on in the next lines.
        let mut following = index;
        while part.is_unfinished() && following < index + MAX_WRAPPED {
            let Some(next) = all.get(following) else {
                break;
            };
            if next.text.trim().is_empty() || is_in(taken, next.start) || starts_message(next.text) {
                break;
            }
            part.push(next);
            following += 1;
        }
        if part.is_unfinished() {
            // It never ended: only its first line counts.
            part = Part::default();
            part.push(line);
        } else {
            index = following;
        }
        for piece in part.pieces() {
            read(&piece, &mut messages);
        }
    }
    join_webkit(&mut messages);
    join_firefox(&mut messages);
    if messages.iter().any(|message| message.engine.is_some()) {
        found.add_format(Format::Console);
    }
    found.messages = messages;
}

/// The most lines that a wrapped message takes after its first.
const MAX_WRAPPED: usize = 6;

fn starts_message(line: &str) -> bool {
    [
        "Access to ",
        "Cross-Origin Request Blocked",
        "Origin ",
        "[Error]",
        "    at ",
        "http",
        "curl",
        "> ",
        "< ",
    ]
    .iter()
    .any(|start| line.trim_start().starts_with(start))
}

/// A line, or several that belong together, with plain quotation marks and single blanks. It knows
/// where each byte stands in the text.
#[derive(Default)]
struct Part {
    text: String,
    /// The place of each byte of `text`, and of the end.
    places: Vec<usize>,
    end: usize,
}

impl Part {
    fn push(&mut self, line: &Line<'_>) {
        let line = line.trimmed();
        if !self.text.is_empty() {
            self.push_char(' ', self.end);
        }
        for (at, c) in line.text.char_indices() {
            let c = match c {
                '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2039}' | '\u{203a}' | '\u{b4}' => {
                    '\''
                }
                '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
                '\u{a0}' | '\u{202f}' | '\t' => ' ',
                c => c,
            };
            self.push_char(c, line.start + at);
        }
        self.end = line.start + line.text.len();
    }

    fn push_char(&mut self, c: char, place: usize) {
        self.text.push(c);
        self.places.extend(std::iter::repeat_n(place, c.len_utf8()));
    }

    /// Whether the text begins a message of an engine and lacks its end.
    fn is_unfinished(&self) -> bool {
        let text = &self.text;
        if let Some(at) = text
            .find("Access to ")
            .filter(|_| text.contains(" at '") || text.len() < 60)
        {
            let rest = text.get(at..).unwrap_or("");
            let reason = rest.split_once("CORS policy:").map(|(_, reason)| reason.trim());
            return reason.is_none_or(|reason| reason.is_empty() || chromium::reason(reason).is_none())
                && (rest.contains("from origin") || rest.contains(" at '"));
        }
        if let Some(at) = text.find("Cross-Origin Request Blocked") {
            let rest = text.get(at..).unwrap_or("");
            return !rest.contains("(Reason:") || !rest.contains(')');
        }
        false
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let place = |at: usize| self.places.get(at).copied().unwrap_or(self.end);
        Span::new(place(start), place(end).max(place(start)))
    }

    /// Splits the part before each message that begins in it.
    fn pieces(&self) -> Vec<Piece<'_>> {
        const STARTS: &[&str] = &[
            "Access to ",
            "Cross-Origin Request Blocked",
            "Failed to load resource:",
        ];
        let mut starts: Vec<usize> = STARTS
            .iter()
            .flat_map(|start| self.text.match_indices(start).map(|(at, _)| at))
            .collect();
        starts.sort_unstable();
        // What stands before the first message belongs to it.
        if let Some(first) = starts.first_mut() {
            *first = 0;
        } else {
            starts.push(0);
        }
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        let bounds = starts.iter().copied().zip(ends);
        bounds
            .filter_map(|(start, end)| {
                Some(Piece {
                    part: self,
                    start,
                    text: self.text.get(start..end)?,
                })
            })
            .collect()
    }
}

/// The part of a line that holds one message.
struct Piece<'p> {
    part: &'p Part,
    start: usize,
    text: &'p str,
}

impl<'p> Piece<'p> {
    /// Returns the place of a part of this piece.
    fn place(&self, part: &str) -> Span {
        let offset = (part.as_ptr() as usize)
            .wrapping_sub(self.text.as_ptr() as usize)
            .min(self.text.len());
        let start = self.start + offset;
        self.part.span(start, start + part.len())
    }

    fn span(&self) -> Span {
        self.place(self.text.trim())
    }

    /// Returns what follows a text, if the piece contains it.
    fn after(&self, lead: &str) -> Option<&'p str> {
        self.text.split_once(lead).map(|(_, rest)| rest)
    }

    /// Returns the words, as a part of the piece, if it contains them.
    fn words(&self, words: &str) -> Option<&'p str> {
        let at = self.text.find(words)?;
        self.text.get(at..at + words.len())
    }
}

/// Returns what stands between a text and a quotation mark.
fn until_quote(text: &str) -> Option<&str> {
    text.split(['\'', '"']).next()
}

/// Returns the text between the next two quotation marks.
fn quoted(text: &str) -> Option<&str> {
    text.split(['\'', '"']).nth(1)
}

/// Returns the first address in a text.
fn first_url(text: &str) -> Option<Url> {
    let of_web = ["https://", "http://", "wss://", "ws://", "file://"]
        .iter()
        .filter_map(|scheme| text.find(scheme))
        .min();
    let at = of_web.or_else(|| {
        let end = text.find("://")?;
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let before = text.as_bytes().get(..end)?;
        Some(
            before
                .iter()
                .rposition(|byte| !is_scheme(*byte))
                .map_or(0, |at| at + 1),
        )
    })?;
    let rest = text.get(at..)?;
    let end = rest
        .find(|c: char| c.is_whitespace() || "'\"`<>()".contains(c))
        .unwrap_or(rest.len());
    Url::parse(rest.get(..end)?.trim_end_matches(['.', ',', ';', ':']))
}

/// Returns the number after `Status code: `.
fn status(text: &str) -> Option<u16> {
    let at = crate::text::find_ignore_case(text, "status code: ", 0)?;
    let rest = text.get(at + "status code: ".len()..)?;
    rest.get(..3)?.parse().ok()
}

fn read(piece: &Piece<'_>, messages: &mut Vec<Message>) {
    let readers: [fn(&Piece<'_>) -> Option<Message>; 6] = [
        other::read_first,
        chromium::read,
        firefox::read,
        webkit::read,
        status::read,
        other::read,
    ];
    if let Some(mut message) = readers.into_iter().find_map(|reader| reader(piece)) {
        message.span = piece.span();
        messages.push(message);
    }
}

/// Joins WebKit's line with the reason and its line with the address: the first reason without an
/// address belongs to the first address without a reason.
fn join_webkit(messages: &mut Vec<Message>) {
    let mut waiting: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
    let mut joined = vec![false; messages.len()];
    for index in 0..messages.len() {
        let Some(message) = messages.get(index).cloned() else {
            return;
        };
        // `Could not connect to the server` stands before the line with the address, without an
        // engine, since tools say the same.
        if message.engine.is_none()
            && message.url.is_none()
            && message.is_preflight.is_none()
            && messages.get(index + 1).is_some_and(|next| {
                next.engine == Some(Engine::WebKit) && next.is_vague && next.url.is_some()
            })
        {
            waiting.push_front(index);
        }
        if message.engine != Some(Engine::WebKit) {
            continue;
        }
        if !message.is_vague {
            if message.url.is_none() {
                waiting.push_back(index);
            }
            continue;
        }
        if let Some(reason) = waiting.pop_front()
            && let Some(reason) = messages.get_mut(reason)
        {
            reason.url = message.url;
            if let Some(joined) = joined.get_mut(index) {
                *joined = true;
            }
        }
    }
    let mut index = 0;
    messages.retain(|_| {
        index += 1;
        !joined.get(index - 1).copied().unwrap_or(false)
    });
}

/// Learns from Firefox's summary, `CORS request did not succeed`, which request failed.
///
/// Firefox adds it to the reason where a preflight failed, and not where the request itself did.
/// It adds it once where a redirect failed, and twice where a preflight was redirected.
fn join_firefox(messages: &mut Vec<Message>) {
    let mut reason_at: HashMap<String, usize> = HashMap::new();
    let mut summaries = vec![0_u32; messages.len()];
    let mut not_http: Option<usize> = None;
    let mut is_dropped = vec![false; messages.len()];
    for index in 0..messages.len() {
        let Some(message) = messages.get(index) else {
            break;
        };
        if message.engine != Some(Engine::Firefox) {
            continue;
        }
        let Some(url) = message.url.clone() else {
            continue;
        };
        if message.cause != Cause::NetworkFailure {
            not_http = (message.cause == Cause::SchemeNotSupported).then_some(index);
            reason_at.insert(url.to_string(), index);
            continue;
        }
        if let Some(count) = reason_at
            .get(&url.to_string())
            .and_then(|reason| summaries.get_mut(*reason))
        {
            *count += 1;
        } else if let Some(reason) = not_http.take().and_then(|reason| messages.get_mut(reason)) {
            // The request was redirected to an address that is not of http.
            reason.cause = Cause::RedirectScheme;
            reason.first_url = Some(url);
            if let Some(flag) = is_dropped.get_mut(index) {
                *flag = true;
            }
        }
    }
    for (message, count) in messages.iter_mut().zip(&summaries) {
        let is_redirect = message.status.is_some_and(|status| (300..400).contains(&status));
        if *count > 1 && is_redirect && message.cause == Cause::AllowOriginMissing {
            message.cause = Cause::PreflightRedirect;
        }
        if *count > u32::from(is_redirect) && message.is_preflight.is_none() {
            message.is_preflight = Some(true);
        }
    }
    let mut index = 0;
    messages.retain(|_| {
        index += 1;
        !is_dropped.get(index - 1).copied().unwrap_or(false)
    });
}
