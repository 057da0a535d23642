//! Serves the page and the next case for it, and receives the results.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::case::{Ask, Body, Case, Credentials, Page, Via};
use crate::outcome::Got;
use crate::servers::World;

pub(crate) fn serve(listener: &TcpListener, world: &Arc<World>) {
    for stream in listener.incoming().flatten() {
        let world = world.clone();
        // A browser that disconnects early ends only its connection.
        thread::spawn(move || connection(&stream, &world));
    }
}

fn connection(stream: &TcpStream, world: &World) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or("").to_string();
        let mut length = 0;
        loop {
            let mut field = String::new();
            reader.read_line(&mut field)?;
            let Some((name, value)) = field.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut content = String::new();
        (&mut reader).take(length).read_to_string(&mut content)?;
        let (status, kind, answer) = match target.as_str() {
            "/" => (200, "text/html", include_str!("../page/page.html").to_string()),
            "/frame" => (200, "text/html", include_str!("../page/frame.html").to_string()),
            "/run.js" => (200, "text/javascript", include_str!("../page/run.js").to_string()),
            "/next" => (200, "application/json", world.next()),
            "/result" => (200, "text/plain", world.result(&content)),
            _ => (404, "text/plain", String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status} OK\r\ncontent-type: {kind}; charset=utf-8\r\ncache-control: no-store\r\n\
             content-length: {}\r\n\r\n",
            answer.len()
        );
        (&mut &*stream).write_all((head + &answer).as_bytes())?;
    }
}

impl World {
    /// Returns the next case in JSON, `null` if there is none left, or `true` if the page has to
    /// wait.
    ///
    /// Firefox keeps the preflights of only a hundred URLs. So cases with several requests, which
    /// depend on the preflight cache, come first, and the others start after their end. Cases in
    /// which the page waits come first of all.
    fn next(&self) -> String {
        let mut queue: Vec<_> = (0..self.cases.len()).collect();
        queue.sort_by_key(|index| {
            let case = &self.cases[*index];
            (case.asks.len() == 1, case.waits() == 0)
        });
        let mut state = self.state();
        let Some(&index) = queue.get(state.next) else {
            return "null".to_string();
        };
        let is_unfinished =
            |index: &usize| self.cases[*index].asks.len() > 1 && !state.got.contains_key(index);
        if self.cases[index].asks.len() == 1 && queue.iter().any(is_unfinished) {
            return "true".to_string();
        }
        state.next += 1;
        self.json(index, &self.cases[index])
    }

    fn json(&self, index: usize, case: &Case) -> String {
        let asks: Vec<_> = case.asks.iter().map(json_ask).collect();
        let frame = match case.page {
            Page::Main => String::new(),
            Page::Sandboxed => "sandbox".to_string(),
            page => self.ports.origin(page),
        };
        format!(
            "{{\"id\":{},\"frame\":{},\"api\":\"http://localhost:{}\",\"asks\":[{}]}}",
            index + 1,
            string(&frame),
            self.ports.api,
            asks.join(",")
        )
    }

    /// Stores what the page posts: the number of the case, and one line for each request.
    fn result(&self, content: &str) -> String {
        let mut lines = content.lines();
        let number = lines.next().and_then(|number| number.parse::<usize>().ok());
        if let Some(index) = number.and_then(|number| number.checked_sub(1)) {
            let got = lines.map(read_got).collect();
            self.state().got.insert(index, got);
        }
        String::new()
    }
}

/// Parses `got 200 etag,x-a`, `timeout`, or an exception.
fn read_got(line: &str) -> Got {
    let mut words = line.split(' ');
    match (words.next(), words.next().map(str::parse), words.next()) {
        (Some("got"), Some(Ok(status)), names) => Got::Response {
            status,
            names: names
                .unwrap_or("")
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        },
        (Some("timeout"), ..) => Got::TimedOut,
        _ => Got::Nothing,
    }
}

fn json_ask(ask: &Ask) -> String {
    let headers: Vec<_> = ask
        .headers
        .iter()
        .map(|(name, value)| format!("[{},{}]", string(name), string(value)))
        .collect();
    let (body, kind) = match ask.body {
        Body::None => ("none", ""),
        Body::Text => ("text", ""),
        Body::Long => ("long", ""),
        Body::Form => ("form", ""),
        Body::Multipart => ("multipart", ""),
        Body::Blob(kind) => ("blob", kind),
    };
    let credentials = match ask.credentials {
        Credentials::SameOrigin => "same-origin",
        Credentials::Omit => "omit",
        Credentials::Include => "include",
    };
    let via = match ask.via {
        Via::Fetch => "fetch",
        Via::Xhr => "xhr",
        Via::XhrUpload => "upload",
        Via::Font => "font",
    };
    format!(
        "{{\"method\":{},\"headers\":[{}],\"credentials\":\"{credentials}\",\"body\":\"{body}\",\"kind\":{},\
         \"via\":\"{via}\",\"cache\":\"{}\",\"path\":\"{}\",\"after\":{}}}",
        string(ask.method),
        headers.join(","),
        string(kind),
        ask.cache,
        ask.path,
        ask.after
    )
}

/// Returns a text as a string of JSON.
fn string(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json + "\""
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_browser_can_cache_the_preflights_of_cases_with_several_requests() {
        let cases = crate::cases::all();
        let several = cases.iter().filter(|case| case.asks.len() > 1);
        assert!(several.count() < 98);
    }
}
