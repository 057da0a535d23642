//! Heads of requests and responses: the output of `curl -v`, `-i` and `-D -`, of HTTPie and wget,
//! heads as they are sent, lists of HTTP/2 fields, and the headers panel of a browser's tools.

use super::panel::is_panel_start;
use super::prefixes::{trace_line, trace_section, without_prefix, without_progress};
use super::shell::Command;
use super::{Field, Format, Found, RequestHead, ResponseHead, Transfer, is_in};
use crate::text::{Line, Span, lines};
use crate::url::Url;

/// Reads all heads outside of the places `taken`, and pairs requests with responses. A command
/// without output becomes a call.
pub fn scan(text: &str, taken: &[Span], commands: Vec<Command>, found: &mut Found) {
    let mut reader = Reader {
        found,
        open: None,
        items: Vec::new(),
        url_hint: None,
        command: None,
        is_trace: None,
    };
    let mut commands = commands.into_iter().peekable();
    let all: Vec<Line<'_>> = lines(text).collect();
    let mut index = 0;
    while let Some(line) = all.get(index) {
        index += 1;
        if let Some(command) =
            commands.next_if(|command| command.call.span.start < line.start + line.text.len().max(1))
        {
            let end = command.call.span.end;
            reader.finish_segment();
            reader.command = Some(command);
            while all.get(index).is_some_and(|line| line.start < end) {
                index += 1;
            }
            continue;
        }
        if is_in(taken, line.start) {
            reader.close();
            continue;
        }
        if is_panel_start(line.text) {
            reader.finish_segment();
            index = reader.panel(&all, index - 1);
            continue;
        }
        reader.line(line);
    }
    reader.finish_segment();
}

enum Item {
    Request(RequestHead),
    Response(ResponseHead, bool),
}

/// How the lines of a head are marked.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    /// `> ` or `< ` of `curl -v`.
    Angle,
    /// Nothing; the number of blanks before the first line.
    Plain(usize),
}

struct Open {
    mark: Mark,
    item: Item,
    /// Whether the head is a list of HTTP/2 fields, which has pseudo-fields.
    is_list: bool,
}

pub(super) struct Reader<'f> {
    pub(super) found: &'f mut Found,
    open: Option<Open>,
    items: Vec<Item>,
    /// The address that a note of curl or wget says, or the scheme alone.
    url_hint: Option<Url>,
    command: Option<Command>,
    /// Inside of a part of `curl --trace-ascii`: whether the part is a head.
    is_trace: Option<bool>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>) {
        let line = without_prefix(&without_progress(line));
        if let Some(is_head) = trace_section(line.text) {
            // Each line of a response is another part.
            if !is_head {
                self.close();
            }
            self.is_trace = Some(is_head);
            return;
        }
        if let Some(is_head) = self.is_trace {
            match trace_line(&line) {
                Some(content) if is_head => self.head_line(content, Mark::Angle),
                Some(_) => {}
                None if line.text.starts_with("== Info: ") => {
                    self.note(line.text.get("== Info: ".len()..).unwrap_or("").trim());
                }
                None => self.is_trace = None,
            }
            if self.is_trace.is_some() {
                return;
            }
        }
        let text = line.text.trim_end();
        // A mail or a forum quotes the lines of curl with one more mark.
        let quoted = text.strip_prefix("> ").filter(|rest| {
            matches!(rest, &">" | &"<")
                || rest.starts_with("> ")
                || rest.starts_with("< ")
                || rest.starts_with("* ")
        });
        let text = quoted.unwrap_or(text);
        let (mark, content) = match text.as_bytes() {
            [b'>' | b'<'] => (Mark::Angle, ""),
            [b'>' | b'<', b' ', ..] => (Mark::Angle, text.get(2..).unwrap_or("")),
            [b'*', b' ', ..] => {
                self.note(text.get(2..).unwrap_or("").trim());
                return;
            }
            _ => {
                let content = text.trim_start();
                (Mark::Plain(text.len() - content.len()), content)
            }
        };
        let start = line.span_of(content).start;
        self.head_line(Line { start, text: content }, mark);
    }

    /// Reads a line of a head, or one that ends it.
    fn head_line(&mut self, line: Line<'_>, mark: Mark) {
        let content = line.text;
        if content.is_empty() {
            self.close();
            return;
        }
        if let Some(rest) = content.strip_prefix("--20") {
            // `--2026-11-25 10:00:00--  https://api.example/x`, a line of wget.
            let url = rest.split("--  ").nth(1).and_then(Url::parse);
            // The first address is that of the command.
            let command = self
                .command
                .take_if(|command| self.items.is_empty() && command.request.url == url);
            self.finish_segment();
            self.command = command;
            self.url_hint = url;
            return;
        }
        let span = line.span_of(content);
        if let Some(method_and_target) = request_line(content) {
            self.close();
            let (method, target) = method_and_target;
            self.found.add_format(if mark == Mark::Angle {
                Format::CurlVerbose
            } else {
                Format::Heads
            });
            self.open = Some(Open {
                mark,
                item: Item::Request(RequestHead {
                    method: method.to_string(),
                    url: Url::parse(target).or_else(|| target_only(target)),
                    span: Some(span),
                    ..RequestHead::default()
                }),
                is_list: false,
            });
            return;
        }
        if let Some((status, is_proxy)) = status_line(content) {
            self.close();
            self.found.add_format(if mark == Mark::Angle {
                Format::CurlVerbose
            } else {
                Format::Heads
            });
            self.open_response(mark, status, span, is_proxy, false);
            return;
        }
        if let Some((name, value)) = pseudo_field(content) {
            self.pseudo(mark, name, value, span);
            return;
        }
        let is_outdented = match (self.open.as_ref().map(|open| open.mark), mark) {
            (Some(Mark::Plain(before)), Mark::Plain(now)) => before > 0 && now == 0,
            (Some(before), now) => before != now && before == Mark::Angle,
            (None, _) => return,
        };
        match field(&line, content).filter(|_| !is_outdented) {
            Some(field) => {
                if let Some(open) = &mut self.open {
                    match &mut open.item {
                        Item::Request(request) => request.fields.push(field),
                        Item::Response(response, _) => response.fields.push(field),
                    }
                }
            }
            None => self.close(),
        }
    }

    fn open_response(&mut self, mark: Mark, status: u16, span: Span, is_proxy: bool, is_list: bool) {
        self.open = Some(Open {
            mark,
            item: Item::Response(
                ResponseHead {
                    status,
                    fields: Vec::new(),
                    span,
                },
                is_proxy,
            ),
            is_list,
        });
    }

    /// Reads a pseudo-field of HTTP/2, which may be the first of its head.
    fn pseudo(&mut self, mark: Mark, name: &str, value: &str, span: Span) {
        self.found.add_format(Format::Heads);
        if name == "status" {
            self.close();
            if let Ok(status) = value.parse() {
                self.open_response(mark, status, span, false, true);
            }
            return;
        }
        let is_request = matches!(&self.open, Some(Open { item: Item::Request(request), is_list: true, .. })
            if name != "method" || request.method.is_empty());
        if !is_request {
            self.close();
            self.open = Some(Open {
                mark,
                item: Item::Request(RequestHead {
                    span: Some(span),
                    ..RequestHead::default()
                }),
                is_list: true,
            });
        }
        if let Some(Open {
            item: Item::Request(request),
            ..
        }) = &mut self.open
        {
            if name == "method" {
                request.method = value.to_string();
                request.span = Some(span);
            }
            request.fields.push(Field {
                name: format!(":{name}"),
                value: value.to_string(),
                span,
                value_span: span,
            });
        }
    }

    fn note(&mut self, note: &str) {
        let after = |lead: &str| note.split_once(lead).map(|(_, rest)| rest);
        if let Some(rest) = after("Issue another request to this URL: '") {
            self.finish_segment();
            self.url_hint = rest.split('\'').next().and_then(Url::parse);
        } else if let Some(rest) = after("Request to ") {
            // `cors probe` writes this line.
            self.url_hint = Url::parse(rest);
        } else if let Some(rest) = after("OPENED stream for ") {
            self.url_hint = Url::parse(rest);
        } else if note.contains("port 443") || note.contains("SSL connection using") {
            self.scheme_hint("https");
        } else if note.contains("port 80 ") || note.ends_with("port 80") {
            self.scheme_hint("http");
        } else if note.starts_with("Closing connection") || note.starts_with("shutting down connection") {
            self.finish_pairs();
        }
    }

    fn scheme_hint(&mut self, scheme: &str) {
        if self.url_hint.is_none() {
            self.url_hint = Url::parse(&format!("{scheme}:///"));
        }
    }

    /// Ends the open head.
    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        match open.item {
            Item::Request(mut request) => {
                self.complete(&mut request);
                self.items.push(Item::Request(request));
            }
            Item::Response(response, is_proxy) => {
                let is_interim = (100..200).contains(&response.status) && response.status != 101;
                if !is_interim {
                    self.items.push(Item::Response(response, is_proxy));
                }
            }
        }
    }

    /// Gives a request its address, from its fields and from what was said before it.
    fn complete(&self, request: &mut RequestHead) {
        request.is_of_browser = super::is_of_browser(&request.fields);
        let pseudo = |name: &str| super::value(&request.fields, name).map(str::to_string);
        let host = super::value(&request.fields, "host")
            .map(str::to_string)
            .or_else(|| pseudo(":authority"));
        let path = match &request.url {
            Some(url) if url.scheme.is_some() => return,
            Some(url) => url.path.clone(),
            None => pseudo(":path").unwrap_or_else(|| "/".into()),
        };
        let Some(mut url) = host.and_then(|host| Url::without_scheme(&host)) else {
            request.url = None;
            return;
        };
        url.path = path;
        url.scheme = pseudo(":scheme");
        let command = self
            .command
            .as_ref()
            .and_then(|command| command.request.url.as_ref());
        let hints = [self.url_hint.as_ref(), command];
        for hint in hints.into_iter().flatten() {
            if url.scheme.is_none() && (hint.host.is_empty() || hint.same_host(&url)) {
                url.scheme.clone_from(&hint.scheme);
            }
        }
        request.url = Some(url);
    }

    /// Ends what belongs to one command.
    fn finish_segment(&mut self) {
        self.finish_pairs();
        self.url_hint = None;
        if let Some(command) = self.command.take() {
            self.found.add_format(Format::Command);
            self.found.calls.push(command.call);
        }
    }

    /// Pairs requests with responses: of a run of requests that a run of responses follows, the
    /// last with the last, so that a request without an answer comes before the others.
    fn finish_pairs(&mut self) {
        self.close();
        let mut items = std::mem::take(&mut self.items).into_iter().peekable();
        while items.peek().is_some() {
            let mut requests = Vec::new();
            while let Some(Item::Request(request)) = items.next_if(|item| matches!(item, Item::Request(_))) {
                requests.push(request);
            }
            let mut responses = Vec::new();
            while let Some(Item::Response(response, is_proxy)) =
                items.next_if(|item| matches!(item, Item::Response(..)))
            {
                // The answer of a proxy to CONNECT.
                if !is_proxy
                    || responses.is_empty()
                        && requests.last().is_some_and(|request| request.method != "CONNECT")
                {
                    responses.push(response);
                }
            }
            requests.retain(|request| request.method != "CONNECT");
            self.pair(requests, responses);
        }
    }

    fn pair(&mut self, requests: Vec<RequestHead>, responses: Vec<ResponseHead>) {
        let unanswered = requests.len().saturating_sub(responses.len());
        let mut responses = responses.into_iter();
        let mut last: Option<RequestHead> = None;
        let is_empty = requests.is_empty();
        for (index, request) in requests.into_iter().enumerate() {
            let response = if index < unanswered {
                None
            } else {
                responses.next()
            };
            last = Some(request.clone());
            let location = response
                .as_ref()
                .and_then(|response| redirect(&request, response));
            self.push(Some(request), response);
            if location.is_some() {
                last = location;
            }
        }
        if is_empty {
            let hint = self.url_hint.clone().filter(|url| !url.host.is_empty());
            last = match self.command.take() {
                Some(command) => {
                    self.found.add_format(Format::Command);
                    Some(command.request)
                }
                // A redirect comes first: later addresses are those of `Location`.
                None if hint.is_some() || responses.as_slice().first().is_some_and(begins_redirects) => {
                    Some(RequestHead {
                        method: "GET".into(),
                        url: hint,
                        ..RequestHead::default()
                    })
                }
                None => None,
            };
        } else {
            self.command = None;
        }
        let mut is_first = is_empty;
        for response in responses {
            let request = last
                .take()
                .filter(|_| is_first || !is_empty || last_is_redirect(&self.found.transfers));
            last = request.as_ref().and_then(|request| redirect(request, &response));
            is_first = false;
            self.push(request, Some(response));
        }
    }

    pub(super) fn push(&mut self, request: Option<RequestHead>, response: Option<ResponseHead>) {
        let is_of_browser = request.as_ref().is_some_and(|request| request.is_of_browser);
        self.found.transfers.push(Transfer {
            request,
            response,
            is_of_browser,
            ..Transfer::default()
        });
    }
}

fn begins_redirects(response: &ResponseHead) -> bool {
    (300..400).contains(&response.status)
        && super::value(&response.fields, "access-control-allow-methods").is_none()
}

/// Whether the transfer that was found last is a redirect, so that the next response follows it.
fn last_is_redirect(transfers: &[Transfer]) -> bool {
    let response = transfers.last().and_then(|transfer| transfer.response.as_ref());
    response.is_some_and(|response| (300..400).contains(&response.status))
}

/// The request that follows a redirect, as a tool or a browser makes it.
fn redirect(request: &RequestHead, response: &ResponseHead) -> Option<RequestHead> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = super::value(&response.fields, "location")?;
    let mut next = request.clone();
    next.url = match &request.url {
        Some(url) => url.join(location),
        None => Url::parse(location),
    };
    next.span = None;
    if response.status == 303 || (request.method == "POST" && matches!(response.status, 301 | 302)) {
        next.method = "GET".into();
    }
    Some(next)
}

/// Returns method and target of a request line, `PUT /led HTTP/1.1`.
pub(super) fn request_line(content: &str) -> Option<(&str, &str)> {
    let mut words = content.split(' ').filter(|word| !word.is_empty());
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = method
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && !method.is_empty();
    let is_version = version.starts_with("HTTP/") && words.next().is_none();
    (is_method
        && is_version
        && (target.starts_with('/') || target.contains("://") || target.contains(':') || target == "*"))
        .then_some((method, target))
}

/// Returns the path of a target until the host is known.
fn target_only(target: &str) -> Option<Url> {
    target.starts_with('/').then(|| Url {
        scheme: None,
        host: String::new(),
        port: None,
        path: target.split('#').next().unwrap_or("/").to_string(),
        has_user: false,
    })
}

/// Returns the status of a status line, and whether it is a proxy's answer to `CONNECT`.
pub(super) fn status_line(content: &str) -> Option<(u16, bool)> {
    let rest = content.strip_prefix("HTTP/")?;
    let (version, rest) = rest.split_once(' ')?;
    if !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || version.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    let digits = rest.get(..3)?;
    let is_end = rest
        .as_bytes()
        .get(3)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let status = digits
        .parse()
        .ok()
        .filter(|_| is_end && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((
        status,
        rest.to_ascii_lowercase().contains("connection established"),
    ))
}

/// Returns name and value of a pseudo-field of a request or response, `:status: 204`.
fn pseudo_field(content: &str) -> Option<(&str, &str)> {
    let (name, value) = content.strip_prefix(':')?.split_once(':')?;
    matches!(
        name,
        "method" | "path" | "authority" | "scheme" | "status" | "protocol"
    )
    .then(|| (name, value.trim()))
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Reads a field line, whose content is a part of `line`.
pub(super) fn field(line: &Line<'_>, content: &str) -> Option<Field> {
    let (name, rest) = content.split_once(':')?;
    let value = rest.trim();
    // White space before a colon is a fault that servers do make.
    is_name(name.trim_end()).then(|| Field {
        name: name.trim_end().to_string(),
        value: value.to_string(),
        span: line.span_of(content.trim_end()),
        value_span: line.span_of(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfers(text: &str) -> Vec<(String, Option<String>, u16)> {
        let mut found = Found::default();
        let commands = super::super::shell::scan(text, &[]);
        scan(text, &[], commands, &mut found);
        let one = |transfer: &Transfer| {
            let request = transfer.request.as_ref();
            (
                request.map_or(String::new(), |request| request.method.clone()),
                request
                    .and_then(|request| request.url.as_ref())
                    .map(Url::to_string),
                transfer.response.as_ref().map_or(0, |response| response.status),
            )
        };
        found.transfers.iter().map(one).collect()
    }

    fn of(method: &str, url: &str, status: u16) -> (String, Option<String>, u16) {
        (method.into(), (!url.is_empty()).then(|| url.to_string()), status)
    }

    #[test]
    fn curl_verbose_is_read() {
        let text = "$ curl -v https://api.example/led\n*   Trying 1.2.3.4:443...\n> GET /led HTTP/2\n> Host: api.example\n> \n< HTTP/2 200 \n< vary: origin\n< \n{ [5 bytes data]\nhello\n* Connection #0 to host api.example left intact\n";
        assert_eq!(transfers(text), [of("GET", "https://api.example/led", 200)]);
        let text = "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0> GET /a HTTP/1.1\r\n> Host: h:8080\r\n>\r\n< HTTP/1.1 100 Continue\r\n<\r\n< HTTP/1.1 204 No Content\r\n<\r\n";
        assert_eq!(transfers(text), [of("GET", "h:8080/a", 204)]);
    }

    #[test]
    fn a_quoted_mail_is_read() {
        let text = "> > GET /a HTTP/1.1\n> > Host: h\n> >\n> < HTTP/1.1 200 OK\n> <\n";
        assert_eq!(transfers(text), [of("GET", "h/a", 200)]);
    }

    #[test]
    fn a_proxy_is_left_out() {
        let text = "> CONNECT api.example:443 HTTP/1.1\n> Host: api.example:443\n>\n< HTTP/1.1 200 Connection established\n<\n> GET /led HTTP/1.1\n> Host: api.example\n>\n< HTTP/1.1 404 Not Found\n<\n";
        assert_eq!(transfers(text), [of("GET", "api.example/led", 404)]);
    }

    #[test]
    fn redirects_of_one_command_follow_each_other() {
        let text = "$ curl -sL -D - https://a.example/x -o /dev/null\nHTTP/1.1 302 Found\nLocation: /y\n\nHTTP/1.1 200 OK\nVary: a\n\n";
        assert_eq!(
            transfers(text),
            [
                of("GET", "https://a.example/x", 302),
                of("GET", "https://a.example/y", 200)
            ]
        );
    }

    #[test]
    fn requests_without_an_answer_come_first() {
        let (options, put) = ("OPTIONS /x HTTP/1.1\nHost: h\n\n", "PUT /x HTTP/1.1\nHost: h\n\n");
        let answer = "HTTP/1.1 200 OK\n\n";
        assert_eq!(
            transfers(&format!("{options}{put}{answer}{answer}")),
            [of("OPTIONS", "h/x", 200), of("PUT", "h/x", 200)]
        );
        assert_eq!(
            transfers(&format!("{options}{put}{answer}")),
            [of("OPTIONS", "h/x", 0), of("PUT", "h/x", 200)]
        );
    }

    #[test]
    fn lists_of_http2_fields_are_heads() {
        let text = ":method: OPTIONS\n:authority: api.test\n:scheme: https\n:path: /a\norigin: https://app.test\n\n:status: 204\nvary: origin\n";
        assert_eq!(transfers(text), [of("OPTIONS", "https://api.test/a", 204)]);
    }

    #[test]
    fn wget_indents_its_heads() {
        let text = "--2026-11-25 10:00:00--  https://api.example/x\nResolving api.example... 1.2.3.4\nHTTP request sent, awaiting response... \n  HTTP/1.1 200 OK\n  Vary: Origin\nLength: unspecified [text/html]\n";
        assert_eq!(transfers(text), [of("GET", "https://api.example/x", 200)]);
    }

    #[test]
    fn the_panel_of_a_browser_is_read() {
        let text = "Request URL: https://api.example/x\nRequest Method: OPTIONS\nStatus Code: 405 Method Not Allowed\nallow: GET\norigin: https://app.example\n";
        assert_eq!(transfers(text), [of("OPTIONS", "https://api.example/x", 405)]);
        let text = "Request URL\nhttps://api.example/x\nRequest Method\nPUT\nStatus Code\n200 OK\naccess-control-allow-origin\n*\norigin\nhttps://app.example\n";
        assert_eq!(transfers(text), [of("PUT", "https://api.example/x", 200)]);
    }
}
