//! Commands of curl, HTTPie and wget, such as a browser's "Copy as cURL" writes.

use super::{Call, CallHeader, Field, RequestHead, is_in};
use crate::text::{Line, Span, lines};
use crate::url::Url;

/// A command, as a call that a page could make, and as the request that the tool sends.
#[derive(Clone, Debug)]
pub struct Command {
    /// The request as a page would make it.
    pub call: Call,
    /// The request that the tool sends.
    pub request: RequestHead,
}

/// The most bytes of one command. A quotation mark without its other half ends there.
const MAX_LEN: usize = 64 * 1024;

/// Finds all commands of a text outside of the places `taken`.
pub fn scan(text: &str, taken: &[Span]) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut done = 0;
    for line in lines(text) {
        if line.start < done || is_in(taken, line.start) {
            continue;
        }
        let Some((tool, start)) = tool(&line) else {
            continue;
        };
        let (words, end) = words(text, start);
        let span = Span::new(start, end);
        let command = match tool {
            Tool::Curl => curl(&words, span),
            Tool::Wget => wget(&words, span),
            Tool::HttPie(scheme) => httpie(&words, scheme, span),
        };
        if let Some(command) = command {
            done = end;
            commands.push(command);
        }
    }
    commands
}

#[derive(Clone, Copy)]
enum Tool {
    Curl,
    Wget,
    HttPie(&'static str),
}

/// Returns which tool a line calls, and where its name begins: at the start of the line or after a
/// prompt.
fn tool(line: &Line<'_>) -> Option<(Tool, usize)> {
    let line = line.trimmed();
    let after_prompt = ["$ ", "% ", "# ", "> "].into_iter().find_map(|prompt| {
        let (lead, rest) = line.text.split_once(prompt)?;
        (lead.len() < 60 && !lead.contains(['"', '\''])).then_some(rest)
    });
    for rest in [Some(line.text), after_prompt].into_iter().flatten() {
        let rest = rest.trim_start();
        let (name, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
        let tool = match name.rsplit('/').next().unwrap_or(name) {
            "curl" | "curl.exe" => Tool::Curl,
            "wget" => Tool::Wget,
            "http" if looks_like_httpie(arguments) => Tool::HttPie("http"),
            "https" if looks_like_httpie(arguments) => Tool::HttPie("https"),
            _ => continue,
        };
        // `curl failed to verify the legitimacy of the server` is a sentence.
        let is_command =
            |word: &str| word.starts_with(['-', '\'', '"', '$']) || word.contains(['.', ':', '/']);
        let mut first = arguments.split_whitespace().take(2);
        if !first.any(|word| is_command(word) || word.starts_with("localhost")) {
            continue;
        }
        return Some((tool, line.span_of(rest).start));
    }
    None
}

/// Tells the command `http` from a sentence that begins with this word.
fn looks_like_httpie(arguments: &str) -> bool {
    let first = arguments.split_whitespace().next().unwrap_or("");
    let is_method = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_uppercase());
    first.starts_with('-') || is_method || first.contains(['.', ':', '/']) || first == "localhost"
}

/// A word of a command line, without its quotation marks.
struct Word {
    text: String,
    span: Span,
}

/// Splits the command that starts at a place into words, as a shell does, and returns where it
/// ends: at a line end that is neither escaped nor quoted.
fn words(text: &str, start: usize) -> (Vec<Word>, usize) {
    let limit = text.len().min(start + MAX_LEN);
    let limit = (limit..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let rest = text.get(start..limit).unwrap_or("");
    let mut splitter = Splitter::default();
    let mut quote = None;
    let mut characters = rest.char_indices().peekable();
    let mut end = limit;
    while let Some((at, c)) = characters.next() {
        let at = start + at;
        let next = characters.peek().map(|(_, next)| *next);
        match (quote, c) {
            (Some(open), c) if c == open => {
                quote = None;
                splitter.add(at, None);
            }
            (Some('\''), c) => splitter.add(at, Some(c)),
            // `^` is the backslash of Windows.
            (None, '\\' | '^') if matches!(next, None | Some('\n' | '\r')) => {
                characters.next();
                characters.next_if(|(_, next)| *next == '\n');
            }
            (None, '^') if next == Some('"') => {
                characters.next();
                quote = Some('"');
                splitter.add(at, None);
            }
            (Some(_), '^') if next == Some('"') => {}
            (_, '\\') => {
                characters.next();
                splitter.add(at, next);
            }
            (Some(_), c) => splitter.add(at, Some(c)),
            (None, '"' | '\'') => {
                quote = Some(c);
                splitter.add(at, None);
            }
            (None, '\n' | '\r') => {
                end = at;
                break;
            }
            (None, '|' | ';' | '>') if splitter.word.is_none() => {
                // Another command or a redirection: the rest of the line is skipped.
                let rest = text.get(at..limit).unwrap_or("");
                end = at + rest.find('\n').unwrap_or(rest.len());
                break;
            }
            (None, ' ' | '\t') => splitter.finish(at),
            (None, c) => splitter.add(at, Some(c)),
        }
    }
    splitter.finish(end);
    (splitter.words, end)
}

/// The words that were split off, and the one that is being read.
#[derive(Default)]
struct Splitter {
    words: Vec<Word>,
    word: Option<Word>,
}

impl Splitter {
    /// Adds a character to the word, or only begins one, as an empty pair of quotation marks does.
    fn add(&mut self, at: usize, c: Option<char>) {
        let word = self.word.get_or_insert_with(|| Word {
            text: String::new(),
            span: Span::new(at, at),
        });
        word.text.extend(c);
    }

    fn finish(&mut self, at: usize) {
        if let Some(mut word) = self.word.take() {
            word.span.end = at;
            self.words.push(word);
        }
    }
}

/// Short options of curl that take a value.
const CURL_SHORT: &str = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";
/// Long options of curl that take none; all others that are not known take one.
const CURL_FLAGS: &[&str] = &[
    "compressed",
    "insecure",
    "location",
    "verbose",
    "silent",
    "show-error",
    "include",
    "head",
    "get",
    "fail",
    "fail-with-body",
    "http1.1",
    "http1.0",
    "http2",
    "http3",
    "http2-prior-knowledge",
    "globoff",
    "path-as-is",
    "no-buffer",
    "progress-bar",
    "ipv4",
    "ipv6",
    "tlsv1.2",
    "tlsv1.3",
    "remote-name",
    "remote-header-name",
    "raw",
    "location-trusted",
    "no-progress-meter",
    "no-keepalive",
    "ssl-reqd",
    "anyauth",
    "basic",
    "digest",
    "ntlm",
    "negotiate",
    "parallel",
    "disable",
    "junk-session-cookies",
    "post301",
    "post302",
    "post303",
    "tcp-nodelay",
];

fn curl(words: &[Word], span: Span) -> Option<Command> {
    let mut parts = Parts::default();
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if let Some(long) = text.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (long, None),
            };
            let is_flag = CURL_FLAGS.contains(&name) || name.starts_with("no-");
            if is_flag {
                parts.curl_option(name, "", word);
            } else if let Some(value) = attached {
                parts.curl_option(name, &value, word);
            } else if let Some(value) = words.next() {
                parts.curl_option(name, &value.text, value);
            }
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                if !CURL_SHORT.contains(letter) {
                    parts.curl_option(short(letter), "", word);
                    continue;
                }
                let attached = letters.get(at + letter.len_utf8()..).unwrap_or("");
                if !attached.is_empty() {
                    parts.curl_option(short(letter), attached, word);
                } else if let Some(value) = words.next() {
                    parts.curl_option(short(letter), &value.text, value);
                }
                break;
            }
        } else if parts.url.is_none() {
            parts.url = Some(text.to_string());
        }
    }
    if parts.is_get {
        parts.data_type = None;
    }
    parts.finish("curl", span)
}

const fn short(letter: char) -> &'static str {
    match letter {
        'X' => "request",
        'H' => "header",
        'd' => "data",
        'F' => "form",
        'b' => "cookie",
        'u' => "user",
        'A' => "user-agent",
        'e' => "referer",
        'I' => "head",
        'G' => "get",
        'T' => "upload-file",
        'r' => "range",
        _ => "",
    }
}

#[derive(Default)]
struct Parts {
    method: Option<String>,
    url: Option<String>,
    fields: Vec<Field>,
    data_type: Option<&'static str>,
    is_head: bool,
    is_get: bool,
    is_upload: bool,
}

impl Parts {
    fn add(&mut self, name: &str, value: &str, span: Span) {
        self.fields.push(Field {
            name: name.trim().to_string(),
            value: value.trim().to_string(),
            span,
            value_span: span,
        });
    }

    fn curl_option(&mut self, name: &str, value: &str, word: &Word) {
        match name {
            "request" => self.method = Some(value.to_string()),
            "header" => {
                if let Some((name, value)) = value.split_once(':') {
                    self.add(name, value, word.span);
                }
            }
            "data" | "data-raw" | "data-binary" | "data-ascii" | "data-urlencode" => {
                self.data_type = Some("application/x-www-form-urlencoded");
            }
            "json" => self.data_type = Some("application/json"),
            "form" | "form-string" => self.data_type = Some("multipart/form-data; boundary=x"),
            "cookie" => self.add("Cookie", value, word.span),
            "user" | "oauth2-bearer" => self.add("Authorization", value, word.span),
            "user-agent" => self.add("User-Agent", value, word.span),
            "referer" => self.add("Referer", value, word.span),
            "range" => self.add("Range", &format!("bytes={value}"), word.span),
            "head" => self.is_head = true,
            "get" => self.is_get = true,
            "upload-file" => self.is_upload = true,
            "url" => self.url = Some(value.to_string()),
            _ => {}
        }
    }

    fn finish(mut self, api: &'static str, span: Span) -> Option<Command> {
        let url = self.url.as_deref()?;
        let url = Url::parse(url).or_else(|| Url::parse(&format!("http://{url}")))?;
        let implied = match self.data_type {
            _ if self.is_head => "HEAD",
            _ if self.is_upload => "PUT",
            Some(_) => "POST",
            None => "GET",
        };
        if let Some(content_type) = self.data_type
            && super::value(&self.fields, "content-type").is_none()
        {
            self.add("Content-Type", content_type, span);
        }
        let request = RequestHead {
            method: self.method.unwrap_or_else(|| implied.to_string()),
            url: Some(url),
            is_of_browser: super::is_of_browser(&self.fields),
            fields: self.fields,
            span: Some(span),
        };
        Some(Command {
            call: super::call_of_request(&request, api, span),
            request,
        })
    }
}

/// Options of wget that take a value after a space.
const WGET_VALUES: &[&str] = &[
    "-O",
    "-o",
    "-U",
    "-T",
    "-t",
    "-P",
    "--header",
    "--method",
    "--post-data",
    "--body-data",
];

fn wget(words: &[Word], span: Span) -> Option<Command> {
    let mut parts = Parts::default();
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, value.to_string()),
            _ if WGET_VALUES.contains(&word.text.as_str()) => {
                let value = words.next().map_or("", |value| value.text.as_str());
                (word.text.as_str(), value.to_string())
            }
            _ => (word.text.as_str(), String::new()),
        };
        match name {
            "--header" => {
                if let Some((name, value)) = value.split_once(':') {
                    parts.add(name, value, word.span);
                }
            }
            "--method" => parts.method = Some(value),
            "--post-data" | "--body-data" | "--post-file" => {
                parts.data_type = Some("application/x-www-form-urlencoded");
            }
            _ if !name.starts_with('-') && parts.url.is_none() => parts.url = Some(name.to_string()),
            _ => {}
        }
    }
    parts.finish("wget", span)
}

fn httpie(words: &[Word], scheme: &str, span: Span) -> Option<Command> {
    let mut parts = Parts::default();
    let mut is_form = false;
    let mut has_data = false;
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text.starts_with('-') {
            is_form |= matches!(text, "-f" | "--form");
            let takes = matches!(
                text,
                "-a" | "--auth" | "-A" | "--auth-type" | "-o" | "-p" | "--print" | "-s" | "--session"
            );
            if takes
                && let Some(value) = words.next()
                && matches!(text, "-a" | "--auth")
            {
                parts.add("Authorization", &value.text, value.span);
            }
        } else if parts.url.is_none() {
            let is_method = text.bytes().all(|byte| byte.is_ascii_uppercase());
            if is_method && parts.method.is_none() {
                parts.method = Some(text.to_string());
                continue;
            }
            let url = match text.strip_prefix(':') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("localhost:{rest}"),
                Some(rest) => format!("localhost{rest}"),
                None => text.to_string(),
            };
            parts.url = Some(if url.contains("://") {
                url
            } else {
                format!("{scheme}://{url}")
            });
        } else {
            // An item: the first separator decides what it is.
            let separator = text.find([':', '=']);
            match separator.and_then(|at| Some((text.get(..at)?, text.get(at..)?))) {
                Some((name, rest)) if rest.starts_with(':') && !rest.starts_with(":=") => {
                    parts.add(name, rest.trim_start_matches(':'), word.span);
                }
                Some((_, rest)) if !rest.starts_with("==") => has_data = true,
                _ => {}
            }
        }
    }
    if has_data {
        parts.data_type = Some(if is_form {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        });
    }
    parts.finish("HTTPie", span)
}

/// The headers that a page would set, of those that a request has: not those of the browser or of
/// the tool.
pub fn page_headers(request: &RequestHead) -> Vec<CallHeader> {
    let is_set_by_page = |field: &&Field| !super::is_set_by_browser(field, request.is_of_browser);
    let fields = request.fields.iter().filter(is_set_by_page);
    fields
        .map(|field| CallHeader {
            name: field.name.clone(),
            value: field.value.clone(),
            span: Some(field.span),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Command {
        let commands = scan(text, &[]);
        assert_eq!(commands.len(), 1, "{text}");
        commands.into_iter().next().unwrap()
    }

    #[test]
    fn commands_of_curl_are_requests() {
        let command = only(
            "$ curl -sSvX PUT \\\n  'https://api.example/led' -H \"Content-Type: application/json\" \\\n -d '{}'\nx",
        );
        assert_eq!(command.call.method, "PUT");
        assert_eq!(command.call.url.unwrap().to_string(), "https://api.example/led");
        assert_eq!(command.call.headers[0].name, "Content-Type");
        let command = only("curl localhost:8080/a -d x=1 -H 'Origin: http://localhost:3000'");
        assert_eq!(command.call.method, "POST");
        assert_eq!(command.call.origin.as_deref(), Some("http://localhost:3000"));
        assert_eq!(command.call.headers[0].value, "application/x-www-form-urlencoded");
        let command =
            only("user@host:~$ curl -iXOPTIONS https://a/ -H 'Access-Control-Request-Method: PATCH'");
        assert_eq!(command.request.method, "OPTIONS");
        assert_eq!(command.call.method, "PATCH");
        assert_eq!(only("curl -I https://a/").call.method, "HEAD");
    }

    #[test]
    fn a_command_of_windows_is_read() {
        let command = only("curl ^\"https://a.example/x^\" ^\r\n  -X ^\"PUT^\" ^\r\n  -H ^\"x-a: 1^\"\r\n");
        assert_eq!(command.call.method, "PUT");
        assert_eq!(command.call.headers[0].name, "x-a");
    }

    #[test]
    fn commands_of_httpie_and_wget_are_requests() {
        let command = only("http PUT :8080/led Origin:https://a.example X-A:1 on:=true");
        assert_eq!(command.call.url.unwrap().to_string(), "http://localhost:8080/led");
        assert_eq!(command.call.headers.len(), 2);
        let command = only("wget -S --method=DELETE --header='Origin: https://a' -O - https://api.example/x");
        assert_eq!(command.call.method, "DELETE");
        assert!(scan("https is needed here", &[]).is_empty());
    }
}
