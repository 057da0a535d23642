//! Calls in programs: `fetch`, axios, `XMLHttpRequest`, `EventSource`, and what a browser's
//! "Copy as fetch" writes.
//!
//! Only constants are read. What depends on a variable is unknown.

use super::{Call, CallHeader, Field, Format, Found, is_in};
use crate::text::Span;
use crate::url::Url;

/// Finds all calls of a text outside of the places `taken`.
pub fn scan(text: &str, taken: &[Span], found: &mut Found) {
    let mut finder = Finder {
        text,
        calls: Vec::new(),
        xhr: None,
        instances: Vec::new(),
        axios_credentials: text.contains("axios.defaults.withCredentials = true"),
        uses_xhr: text.contains("XMLHttpRequest()") || text.contains("XMLHttpRequest;"),
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes.get(at).copied().is_some_and(is_word_byte) {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).copied().is_some_and(is_word_byte) {
            at += 1;
        }
        if !is_in(taken, start) {
            at = finder.word(start, at).max(at);
        }
    }
    finder.finish_xhr();
    if !finder.calls.is_empty() {
        found.add_format(Format::Program);
    }
    found.calls.append(&mut finder.calls);
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// An expression of a program. What is not constant is opaque.
#[derive(Clone, Debug)]
enum Expr {
    String(String),
    Bool(bool),
    Object(Vec<(String, Span, Expr)>, bool),
    Array(Vec<Expr>),
    /// A call or a constructor: its name and arguments.
    Call(String, Vec<Expr>),
    Null,
    Opaque,
}

impl Expr {
    fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Expr> {
        self.members()
            .iter()
            .find(|(key, ..)| key == name)
            .map(|(.., value)| value)
    }

    fn members(&self) -> &[(String, Span, Expr)] {
        match self {
            Self::Object(members, _) => members,
            _ => &[],
        }
    }

    /// Whether members that are not read may exist.
    fn is_open(&self) -> bool {
        match self {
            Self::Object(_, is_open) => *is_open,
            Self::Opaque | Self::Call(..) => true,
            _ => false,
        }
    }
}

const MAX_DEPTH: usize = 32;
/// The most instances of axios that are told apart, so that looking for them stays cheap.
const MAX_INSTANCES: usize = 16;

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'/') if self.text.as_bytes().get(self.at + 1) == Some(&b'/') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads expressions up to a closing bracket.
    fn list(&mut self, close: u8, depth: usize) -> Vec<Expr> {
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek().is_none() || self.takes(close) {
                return items;
            }
            let before = self.at;
            items.push(self.expr(depth));
            if !self.takes(b',') {
                self.takes(close);
                return items;
            }
            if self.at == before {
                return items;
            }
        }
    }

    /// Reads an expression, and skips what follows it up to a comma or a closing bracket.
    fn expr(&mut self, depth: usize) -> Expr {
        let mut value = self.primary(depth);
        self.skip_space();
        // Strings that are joined stay a string, with a mark for what is not constant.
        while self.peek() == Some(b'+') {
            self.at += 1;
            let next = self.primary(depth);
            value = match (value, next) {
                (Expr::String(a), Expr::String(b)) => Expr::String(a + &b),
                (Expr::String(a), _) => Expr::String(a + "${}"),
                (_, Expr::String(b)) => Expr::String("${}".to_string() + &b),
                _ => Expr::Opaque,
            };
            self.skip_space();
        }
        if !matches!(self.peek(), None | Some(b',' | b')' | b']' | b'}' | b';')) {
            self.skip_rest();
            return Expr::Opaque;
        }
        value
    }

    fn primary(&mut self, depth: usize) -> Expr {
        self.skip_space();
        if depth > MAX_DEPTH {
            self.skip_rest();
            return Expr::Opaque;
        }
        match self.peek() {
            Some(quote @ (b'"' | b'\'' | b'`')) => Expr::String(self.string(quote)),
            Some(b'{') => self.object(depth),
            Some(b'[') => {
                self.at += 1;
                Expr::Array(self.list(b']', depth + 1))
            }
            Some(byte) if is_word_byte(byte) => self.named(depth),
            _ => Expr::Opaque,
        }
    }

    fn named(&mut self, depth: usize) -> Expr {
        let name = self.path();
        match name.as_str() {
            "true" => return Expr::Bool(true),
            "false" => return Expr::Bool(false),
            "null" | "undefined" => return Expr::Null,
            "new" => {
                self.skip_space();
                return self.named_call(depth);
            }
            "await" => return self.primary(depth + 1),
            _ => {}
        }
        if self.peek() == Some(b'(') {
            self.at += 1;
            return Expr::Call(name, self.list(b')', depth + 1));
        }
        Expr::Opaque
    }

    fn named_call(&mut self, depth: usize) -> Expr {
        let name = self.path();
        let arguments = if self.takes(b'(') {
            self.list(b')', depth + 1)
        } else {
            Vec::new()
        };
        Expr::Call(name, arguments)
    }

    fn path(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|byte| is_word_byte(byte) || byte == b'.') {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("").to_string()
    }

    fn string(&mut self, quote: u8) -> String {
        self.at += 1;
        let mut text = String::new();
        let mut plain = self.at;
        while let Some(byte) = self.peek() {
            if byte == quote || (byte == b'\n' && quote != b'`') {
                text.push_str(self.text.get(plain..self.at).unwrap_or(""));
                self.at += 1;
                return text;
            }
            if byte == b'\\' {
                text.push_str(self.text.get(plain..self.at).unwrap_or(""));
                self.at += 1;
                plain = self.at;
                let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
                self.at += next.map_or(0, char::len_utf8);
                continue;
            }
            self.at += 1;
        }
        text.push_str(self.text.get(plain..self.at).unwrap_or(""));
        text
    }

    fn object(&mut self, depth: usize) -> Expr {
        self.at += 1;
        let mut members = Vec::new();
        let mut is_open = false;
        loop {
            self.skip_space();
            let Some(byte) = self.peek() else {
                return Expr::Object(members, true);
            };
            if self.takes(b'}') {
                return Expr::Object(members, is_open);
            }
            let start = self.at;
            let (key, span) = match byte {
                b'"' | b'\'' => {
                    let key = self.string(byte);
                    (
                        key,
                        Span::new(start + 1, self.at.saturating_sub(1).max(start + 1)),
                    )
                }
                byte if is_word_byte(byte) => {
                    let key = self.path();
                    (key, Span::new(start, self.at))
                }
                // A spread or a computed name.
                _ => {
                    is_open = true;
                    self.skip_rest();
                    self.at += usize::from(matches!(self.peek(), Some(b',' | b')' | b']' | b';')));
                    continue;
                }
            };
            let value = if self.takes(b':') {
                self.expr(depth + 1)
            } else {
                // `{ headers }`, or a method.
                self.skip_rest();
                Expr::Opaque
            };
            members.push((key, span, value));
            if !self.takes(b',') && self.peek() != Some(b'}') {
                if self.peek().is_none() {
                    return Expr::Object(members, true);
                }
                self.at += 1;
            }
        }
    }

    /// Skips to the next comma or closing bracket on this level.
    fn skip_rest(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\'' | b'`' => {
                    self.string(byte);
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return,
                b')' | b']' | b'}' => depth -= 1,
                b',' | b';' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

struct Finder<'t> {
    text: &'t str,
    calls: Vec<Call>,
    /// The request of an `XMLHttpRequest` that is open.
    xhr: Option<Call>,
    /// The names of instances of axios, with their settings.
    instances: Vec<(String, Expr)>,
    axios_credentials: bool,
    uses_xhr: bool,
}

impl Finder<'_> {
    /// Looks at a word, and returns where the call that it begins ends.
    fn word(&mut self, start: usize, end: usize) -> usize {
        let word = self.text.get(start..end).unwrap_or("");
        let before = start.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        let is_member = before == Some(&b'.');
        match word {
            "fetch" => self.fetch(start, end),
            "axios" if !is_member => self.axios(start, end, None),
            "EventSource" => self.event_source(start, end),
            "open" if is_member && self.uses_xhr => self.open(start, end),
            "setRequestHeader" if is_member => self.set_header(end),
            "withCredentials" if is_member => {
                let rest = self.text.get(end..).unwrap_or("").trim_start();
                let is_true = rest
                    .strip_prefix('=')
                    .is_some_and(|rest| rest.trim_start().starts_with("true"));
                if let Some(xhr) = &mut self.xhr {
                    xhr.credentials = Some(is_true);
                }
                end
            }
            "upload" if is_member => {
                let rest = self.text.get(end..).unwrap_or("");
                if let Some(xhr) = &mut self.xhr {
                    xhr.is_upload_watched |= rest.starts_with(".addEventListener") || rest.starts_with(".on");
                }
                end
            }
            "send" if is_member => self.send(end),
            _ => match self.instances.iter().position(|(name, _)| name == word) {
                Some(index) if !is_member => {
                    let settings = self.instances.get(index).map(|(_, settings)| settings.clone());
                    self.axios(start, end, settings)
                }
                _ => end,
            },
        }
    }

    /// Reads the arguments of a call, and returns them with the index after them.
    fn arguments(&self, at: usize) -> Option<(Vec<Expr>, usize)> {
        let mut parser = Parser { text: self.text, at };
        // A call has its bracket next to its name.
        if parser.peek() != Some(b'(') {
            return None;
        }
        parser.at += 1;
        let arguments = parser.list(b')', 0);
        Some((arguments, parser.at.min(self.text.len())))
    }

    fn fetch(&mut self, start: usize, end: usize) -> usize {
        let Some((arguments, after)) = self.arguments(end) else {
            return end;
        };
        let Some(first) = arguments.first() else {
            return after;
        };
        // `fetch(new Request(url, options))` is the same as `fetch(url, options)`.
        let (first, options) = match first {
            Expr::Call(name, inner) if name == "Request" => (inner.first(), inner.get(1)),
            first => (Some(first), arguments.get(1)),
        };
        let span = Span::new(start, after);
        let mut call = self.call("fetch", span);
        call.url = first.and_then(Expr::text).and_then(Url::parse);
        let none = Expr::Object(Vec::new(), false);
        let options = options.unwrap_or(&none);
        let text = |name: &str| options.get(name).and_then(Expr::text);
        if let Some(method) = text("method") {
            call.method = method.to_string();
        }
        call.credentials = match options.get("credentials") {
            Some(Expr::String(mode)) => Some(mode == "include"),
            Some(_) => None,
            None => (!options.is_open()).then_some(false),
        };
        call.mode = text("mode").map(str::to_string);
        call.mode_span = options
            .members()
            .iter()
            .find(|(key, ..)| key == "mode")
            .map(|(_, span, _)| *span);
        call.headers = options.get("headers").map(headers).unwrap_or_default();
        call.origin = text("referrer").and_then(Url::parse).and_then(|url| url.origin());
        let body = options.get("body");
        if let Some(kind) = body.and_then(body_type) {
            add_content_type(&mut call.headers, kind);
        }
        call.is_upload_watched = options.get("duplex").is_some()
            || matches!(body, Some(Expr::Call(name, _)) if name == "ReadableStream");
        drop_added_by_browser(&mut call.headers);
        self.calls.push(call);
        after
    }

    fn axios(&mut self, start: usize, end: usize, settings: Option<Expr>) -> usize {
        let mut parser = Parser {
            text: self.text,
            at: end,
        };
        let path = parser.path();
        let member = path.trim_start_matches('.');
        let Some((arguments, after)) = self.arguments(parser.at) else {
            return end;
        };
        let argument = |index: usize| arguments.get(index).cloned().unwrap_or(Expr::Null);
        if member == "create" {
            if self.instances.len() < MAX_INSTANCES
                && let Some(name) = assigned_name(self.text, start)
            {
                self.instances.push((name, argument(0)));
            }
            return after;
        }
        let (url, data, config) = match member {
            "get" | "delete" | "head" | "options" => (argument(0), Expr::Null, argument(1)),
            "post" | "put" | "patch" => (argument(0), argument(1), argument(2)),
            "" | "request" => match argument(0) {
                Expr::String(url) => (Expr::String(url), Expr::Null, argument(1)),
                config => {
                    let get = |name| config.get(name).cloned().unwrap_or(Expr::Null);
                    (get("url"), get("data"), config)
                }
            },
            _ => return after,
        };
        let mut call = self.call("axios", Span::new(start, after));
        let method = config.get("method").and_then(Expr::text).unwrap_or(member);
        // axios sends the names of methods in upper case.
        call.method = match method {
            "" | "request" => "GET".into(),
            method => method.to_ascii_uppercase(),
        };
        let settings = settings.unwrap_or(Expr::Null);
        let setting = |name: &str| config.get(name).or_else(|| settings.get(name));
        let base = setting("baseURL").and_then(Expr::text).and_then(Url::parse);
        call.url = url.text().and_then(|url| match base {
            Some(base) if !url.contains("://") => {
                let mut joined = base.clone();
                joined.path = format!(
                    "{}/{}",
                    base.path.trim_end_matches('/'),
                    url.trim_start_matches('/')
                );
                Some(joined)
            }
            _ => Url::parse(url),
        });
        call.credentials = match setting("withCredentials") {
            Some(Expr::Bool(value)) => Some(*value),
            Some(_) => None,
            None if self.axios_credentials => Some(true),
            None => (!config.is_open()).then_some(false),
        };
        call.headers = setting("headers").map(headers).unwrap_or_default();
        if setting("auth").is_some() {
            call.headers.push(header("Authorization", "Basic"));
        }
        if let Some(kind) = match &data {
            Expr::Object(..) | Expr::Array(_) => Some("application/json"),
            Expr::Call(name, _) if name == "JSON.stringify" => Some("application/x-www-form-urlencoded"),
            Expr::String(_) => Some("application/x-www-form-urlencoded"),
            // A variable is an object more often than not.
            Expr::Opaque => Some("application/json"),
            other => body_type(other),
        } {
            add_content_type(&mut call.headers, kind);
        }
        call.is_upload_watched = setting("onUploadProgress").is_some();
        self.calls.push(call);
        after
    }

    fn event_source(&mut self, start: usize, end: usize) -> usize {
        let Some((arguments, after)) = self.arguments(end) else {
            return end;
        };
        let mut call = self.call("EventSource", Span::new(start, after));
        call.url = arguments.first().and_then(Expr::text).and_then(Url::parse);
        let credentials = arguments
            .get(1)
            .and_then(|options| options.get("withCredentials"));
        call.credentials = Some(matches!(credentials, Some(Expr::Bool(true))));
        if call.url.is_some() {
            self.calls.push(call);
        }
        after
    }

    fn open(&mut self, start: usize, end: usize) -> usize {
        let Some((arguments, after)) = self.arguments(end) else {
            return end;
        };
        let (Some(method), Some(url)) = (arguments.first().and_then(Expr::text), arguments.get(1)) else {
            return after;
        };
        self.finish_xhr();
        let mut call = self.call("XMLHttpRequest", Span::new(start, after));
        call.method = method.to_string();
        call.url = url.text().and_then(Url::parse);
        call.credentials = Some(false);
        self.xhr = Some(call);
        after
    }

    fn set_header(&mut self, end: usize) -> usize {
        let Some((arguments, after)) = self.arguments(end) else {
            return end;
        };
        if let (Some(xhr), Some(name)) = (&mut self.xhr, arguments.first().and_then(Expr::text)) {
            let mut set = header(name, arguments.get(1).and_then(Expr::text).unwrap_or("("));
            set.span = Some(Span::new(end, after));
            xhr.headers.push(set);
            xhr.span.end = after;
        }
        after
    }

    fn send(&mut self, end: usize) -> usize {
        let Some((arguments, after)) = self.arguments(end) else {
            return end;
        };
        if let Some(xhr) = &mut self.xhr {
            if let Some(kind) = arguments.first().and_then(body_type) {
                add_content_type(&mut xhr.headers, kind);
            }
            xhr.span.end = after;
        }
        self.finish_xhr();
        after
    }

    fn finish_xhr(&mut self) {
        if let Some(mut call) = self.xhr.take() {
            drop_added_by_browser(&mut call.headers);
            self.calls.push(call);
        }
    }

    fn call(&self, api: &'static str, span: Span) -> Call {
        Call {
            api,
            url: None,
            method: "GET".into(),
            headers: Vec::new(),
            credentials: None,
            mode: None,
            origin: None,
            is_upload_watched: false,
            is_command: false,
            span,
            mode_span: None,
        }
    }
}

fn header(name: &str, value: &str) -> CallHeader {
    CallHeader {
        name: name.to_string(),
        value: value.to_string(),
        span: None,
    }
}

/// The headers of an object, of a list of pairs, or of `new Headers(...)`.
fn headers(expr: &Expr) -> Vec<CallHeader> {
    match expr {
        Expr::Object(members, _) => members
            .iter()
            // A value that is not constant counts as one that needs a preflight, except where the
            // name alone decides.
            .map(|(name, span, value)| CallHeader {
                name: name.clone(),
                value: value.text().unwrap_or("(").to_string(),
                span: Some(*span),
            })
            .collect(),
        Expr::Array(pairs) => pairs
            .iter()
            .filter_map(|pair| match pair {
                Expr::Array(pair) => Some(header(
                    pair.first()?.text()?,
                    pair.get(1).and_then(Expr::text).unwrap_or("("),
                )),
                _ => None,
            })
            .collect(),
        Expr::Call(name, arguments) if name == "Headers" => {
            arguments.first().map(headers).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The type that a body brings, <https://fetch.spec.whatwg.org/#concept-bodyinit-extract>.
fn body_type(body: &Expr) -> Option<&'static str> {
    match body {
        Expr::String(_) => Some("text/plain;charset=UTF-8"),
        Expr::Call(name, _) => match name.as_str() {
            "JSON.stringify" | "String" => Some("text/plain;charset=UTF-8"),
            "URLSearchParams" => Some("application/x-www-form-urlencoded;charset=UTF-8"),
            "FormData" => Some("multipart/form-data; boundary=x"),
            _ => None,
        },
        _ => None,
    }
}

fn add_content_type(headers: &mut Vec<CallHeader>, kind: &str) {
    if !headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("content-type"))
    {
        headers.push(header("Content-Type", kind));
    }
}

/// Drops what "Copy as fetch" copies beside the headers of the page.
fn drop_added_by_browser(headers: &mut Vec<CallHeader>) {
    let is_copied = headers
        .iter()
        .any(|header| header.name.to_ascii_lowercase().starts_with("sec-"));
    headers.retain(|header| {
        let none = Span::new(0, 0);
        let field = Field {
            name: header.name.clone(),
            value: header.value.clone(),
            span: none,
            value_span: none,
        };
        !is_copied || !super::is_set_by_browser(&field, true)
    });
}

/// Returns the name that a value is assigned to, in `const name = axios.create(...)`.
fn assigned_name(text: &str, start: usize) -> Option<String> {
    let lead = text.get(start.saturating_sub(80)..start)?.trim_end();
    let lead = lead.strip_suffix('=')?.trim_end();
    let name = lead
        .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$')
        .next()?;
    (!name.is_empty()).then(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Vec<Call> {
        let mut found = Found::default();
        scan(text, &[], &mut found);
        found.calls
    }

    fn names(call: &Call) -> Vec<&str> {
        call.headers.iter().map(|header| header.name.as_str()).collect()
    }

    #[test]
    fn fetch_is_read() {
        let calls = calls(
            "const r = await fetch(\"https://api.example/led\", {\n  method: 'PUT', // on\n  headers: { 'X-A': '1', Authorization: `Bearer ${t}` },\n  body: JSON.stringify({ on: true }),\n  credentials: 'include',\n});\nfetch(url)",
        );
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].method, "PUT");
        assert_eq!(names(&calls[0]), ["X-A", "Authorization", "Content-Type"]);
        assert_eq!(calls[0].headers[2].value, "text/plain;charset=UTF-8");
        assert_eq!(calls[0].credentials, Some(true));
        assert!(calls[1].url.is_none());
        assert_eq!(calls[1].credentials, Some(false));
    }

    #[test]
    fn copy_as_fetch_loses_what_the_browser_added() {
        let calls = calls(
            "fetch(\"https://api.example/x\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"content-type\": \"application/json\",\n    \"sec-ch-ua\": \"x\",\n    \"priority\": \"u=1, i\"\n  },\n  \"referrer\": \"https://app.example/\",\n  \"body\": \"{}\",\n  \"method\": \"POST\",\n  \"mode\": \"cors\",\n  \"credentials\": \"omit\"\n});",
        );
        assert_eq!(names(&calls[0]), ["content-type"]);
        assert_eq!(calls[0].origin.as_deref(), Some("https://app.example"));
    }

    #[test]
    fn axios_is_read() {
        let calls = calls(
            "const api = axios.create({ baseURL: 'https://api.example/v1', withCredentials: true });\napi.post('/led', { on: true });\naxios.delete('https://b.example/x', { headers: { 'X-A': 1 } });\naxios({ method: 'put', url: 'https://c.example/', data: x })",
        );
        assert_eq!(
            calls[0].url.as_ref().unwrap().to_string(),
            "https://api.example/v1/led"
        );
        assert_eq!(
            (calls[0].credentials, calls[0].method.as_str()),
            (Some(true), "POST")
        );
        assert_eq!(names(&calls[0]), ["Content-Type"]);
        assert_eq!(
            (calls[1].credentials, calls[1].method.as_str()),
            (Some(false), "DELETE")
        );
        assert_eq!(calls[2].method, "PUT");
    }

    #[test]
    fn xml_http_request_is_read() {
        let calls = calls(
            "const x = new XMLHttpRequest();\nx.open('PATCH', 'https://api.example/led');\nx.setRequestHeader('X-A', '1');\nx.withCredentials = true;\nx.upload.onprogress = f;\nx.send('a');",
        );
        assert_eq!(calls.len(), 1);
        assert_eq!(names(&calls[0]), ["X-A", "Content-Type"]);
        assert!(calls[0].is_upload_watched);
        assert_eq!(calls[0].credentials, Some(true));
    }

    #[test]
    fn unfinished_programs_end() {
        for text in [
            "fetch(",
            "fetch('",
            "fetch('a', {",
            "fetch('a', { headers: {",
            "fetch(a => {",
            "axios({x",
            "fetch('a', {,,;)",
        ] {
            calls(text);
        }
        calls(&"fetch(".repeat(1000));
        calls(&format!("fetch({})", "[".repeat(1000)));
    }
}
