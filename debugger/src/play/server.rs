//! The answers: of a policy, or as someone wrote them.

use embedded_cors::browser::{Response, Server as _};
use embedded_cors::{OwnedRules, Request};

use super::Play;

/// The most bytes of an answer to a preflight.
const MAX_ANSWER_LEN: usize = 64 * 1024;

pub(super) struct Server {
    rules: Option<OwnedRules>,
    preflight: String,
    actual: String,
    redirected: String,
}

impl Server {
    /// Checks what the server is made of.
    pub(super) fn new(play: &Play) -> Result<Self, String> {
        let rules = match &play.policy {
            Some(config) => Some(config.build().map_err(|error| error.to_string())?),
            None => None,
        };
        let preflight = match &rules {
            Some(_) => String::new(),
            None => head("answer to the preflight", &play.preflight)?,
        };
        Ok(Self {
            rules,
            preflight,
            actual: head("response", &play.actual)?,
            redirected: head("response after the redirect", &play.redirected)?,
        })
    }

    /// Answers a preflight.
    pub(super) fn preflight(&self, request: &[u8]) -> String {
        let Some(rules) = &self.rules else {
            return self.preflight.clone();
        };
        let borrowed = rules.borrowed();
        let mut answer = vec![0; MAX_ANSWER_LEN];
        let len = (&mut &borrowed.rules())
            .respond(request, &mut answer)
            .unwrap_or(0);
        String::from_utf8_lossy(answer.get(..len).unwrap_or(&[])).into_owned()
    }

    /// Answers a request: what the handler wrote, and the policy's fields after it.
    pub(super) fn actual(&self, request: &[u8], is_redirected: bool) -> String {
        let own = if is_redirected {
            &self.redirected
        } else {
            &self.actual
        };
        let Some(rules) = &self.rules else {
            return own.clone();
        };
        let mut answer = own.trim_end().to_string();
        answer.push_str("\r\n");
        if let Ok(request) = Request::from_head(request) {
            let borrowed = rules.borrowed();
            let rules = borrowed.rules();
            for field in rules.decide(&request).fields() {
                answer.push_str(&format!("{field}\r\n"));
            }
        }
        answer.push_str("\r\n");
        answer
    }
}

/// Reads a head as people write it: with any line ends, and with or without a status line.
fn head(what: &str, text: &str) -> Result<String, String> {
    let mut head = String::new();
    for (index, line) in text.trim_start().lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if index == 0 && !line.starts_with("HTTP/") {
            match line.starts_with(|c: char| c.is_ascii_digit()) {
                true => head.push_str("HTTP/1.1 "),
                false => head.push_str("HTTP/1.1 200 OK\r\n"),
            }
        }
        head.push_str(line);
        if index == 0 && head.ends_with(|c: char| c.is_ascii_digit()) && !line.contains(':') {
            // A status line without a reason still has the space before it.
            head.push(' ');
        }
        head.push_str("\r\n");
    }
    if head.is_empty() {
        head.push_str("HTTP/1.1 200 OK\r\n");
    }
    head.push_str("\r\n");
    // The tools of browsers show `HTTP/2`, which is not the beginning of a head of HTTP/1.1.
    let (version, rest) = head.split_at(head.find(' ').unwrap_or(0));
    let checked = match version {
        "HTTP/2" | "HTTP/3" => format!("HTTP/1.1{rest}"),
        _ => head.clone(),
    };
    match Response::from_head(checked.as_bytes()) {
        Ok(_) => Ok(head),
        Err(error) => {
            let line = error.byte().and_then(|byte| checked.get(..byte));
            let line = line.map_or(1, |before| before.matches('\n').count() + 1);
            let shown = head.lines().nth(line - 1).unwrap_or("");
            let sentence = error.kind().sentence();
            Err(format!("The {what}, line {line} {shown:?}: {sentence}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn heads_are_read_as_people_write_them() {
        for (text, expected) in [
            ("", "HTTP/1.1 200 OK\r\n\r\n"),
            ("204", "HTTP/1.1 204 \r\n\r\n"),
            ("404 Not Found\nA: b\n", "HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n"),
            ("A: b", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"),
            (
                "HTTP/1.1 200 OK\r\nA: b  \r\n\r\nbody",
                "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
            ),
            ("HTTP/2 200\na: 1", "HTTP/2 200 \r\na: 1\r\n\r\n"),
        ] {
            assert_eq!(head("response", text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_a_field_is_named() {
        let error = head("response", "200 OK\nA: b\nno colon\n").unwrap_err();
        assert!(
            error.starts_with("The response, line 3 \"no colon\": "),
            "{error}"
        );
    }
}
