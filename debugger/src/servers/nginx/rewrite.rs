//! The rewrite phase: `if`, `set`, `return`, `rewrite` and `break`, in their order.

use super::blocks::{BlockKind, Id};
use super::course::{Answer, Course};
use super::parse::Directive;
use crate::servers::response::{Response, Value};

/// The end of a sequence of directives.
pub(super) enum Flow {
    /// The next directive follows.
    Next,
    /// The phase ends.
    Stop,
    /// The request is answered.
    Done(Box<Response>),
}

impl Course<'_> {
    /// Runs the directives of a block. Sets `uri_changed` if another location has to be looked for.
    pub(super) fn rewrite(&mut self, block: Id) -> Flow {
        let nginx = self.nginx;
        for (index, directive) in nginx.blocks.get(block).directives.iter().enumerate() {
            let flow = match directive.name.text.as_str() {
                "if" => self.branch(block, index, directive),
                "set" => {
                    let value = self.expand(directive.arg(1));
                    let name = directive.arg(0).trim_start_matches('$').to_string();
                    self.variables.insert(name, value);
                    Flow::Next
                }
                "return" => Flow::Done(Box::new(self.give(directive))),
                "rewrite" => self.replace(directive),
                "break" => {
                    self.uri_changed = false;
                    Flow::Stop
                }
                name @ ("rewrite_by_lua" | "rewrite_by_lua_block" | "rewrite_by_lua_file") => {
                    let reason = format!("{name} runs a program, which may answer the request");
                    if self.choose(&reason) {
                        Flow::Done(Box::new(Response::unknown(reason)))
                    } else {
                        Flow::Next
                    }
                }
                _ => Flow::Next,
            };
            if !matches!(flow, Flow::Next) {
                return flow;
            }
        }
        Flow::Next
    }

    fn branch(&mut self, block: Id, index: usize, directive: &Directive) -> Flow {
        let holds = match self.condition(directive) {
            Ok(holds) => holds,
            Err(reason) => self.choose(&reason),
        };
        let Some(inner) = self.nginx.blocks.opened(block, index) else {
            return Flow::Next;
        };
        if !holds {
            return Flow::Next;
        }
        let is_in_location = self
            .nginx
            .blocks
            .chain(inner)
            .any(|id| matches!(self.nginx.blocks.get(id).kind, BlockKind::Location(_)));
        if is_in_location {
            // The settings are those of this block from now on, until another `if` holds.
            self.enter_if(inner);
        }
        self.rewrite(inner)
    }

    /// Returns whether a condition holds, or why that is not known.
    fn condition(&mut self, directive: &Directive) -> Result<bool, String> {
        let mut words: Vec<&str> = directive.args.iter().map(|word| word.text.as_str()).collect();
        if words.last() == Some(&")") {
            words.pop();
        } else if let Some(last) = words.last_mut() {
            *last = last.strip_suffix(')').unwrap_or(last);
        }
        if words.first() == Some(&"(") {
            words.remove(0);
        } else if let Some(first) = words.first_mut() {
            *first = first.strip_prefix('(').unwrap_or(first);
        }
        let value = |text: Value<String>| match text {
            Value::Known(text) => Ok(text),
            Value::Unknown(reason) => Err(reason),
        };
        match words.as_slice() {
            [variable] => {
                let text = value(self.expand(variable))?;
                Ok(!text.is_empty() && text != "0")
            }
            [
                operator @ ("-f" | "!-f" | "-d" | "!-d" | "-e" | "!-e" | "-x" | "!-x"),
                _,
            ] => {
                let exists = match (operator.trim_start_matches('!'), self.upstream.files) {
                    ("-f" | "-e", Some(exists)) => exists,
                    ("-d", Some(_)) => self.uri.ends_with('/'),
                    ("-x", _) => return Err("it depends on whether a file can be run".into()),
                    _ => return Err("it depends on whether a file exists".into()),
                };
                Ok(exists != operator.starts_with('!'))
            }
            [left, operator @ ("=" | "!="), right] => {
                let left = value(self.expand(left))?;
                let right = value(self.expand(right))?;
                Ok((left == right) == (*operator == "="))
            }
            [left, operator @ ("~" | "~*" | "!~" | "!~*"), pattern] => {
                let left = value(self.expand(left))?;
                let found = self.matches(pattern, operator.ends_with('*'), &left)?;
                let is_match = found.is_some();
                if let Some(groups) = found {
                    self.capture(groups);
                }
                Ok(is_match != operator.starts_with('!'))
            }
            _ => Err(format!(
                "the condition ({}) is not one that nginx accepts",
                words.join(" ")
            )),
        }
    }

    fn give(&mut self, directive: &Directive) -> Response {
        let first = directive.arg(0);
        let place = Some(directive.place);
        let Ok(status) = first.parse::<u16>() else {
            // `return URL` is a temporary redirect.
            return self.redirect(302, first, place);
        };
        match directive.args.get(1) {
            Some(text) if matches!(status, 301 | 302 | 303 | 307 | 308) => {
                self.redirect(status, &text.text, place)
            }
            None if status >= 400 => self.special(status, place),
            Some(text) => {
                // The text is evaluated before the fields are, and may match expressions.
                let _ = self.expand(&text.text);
                self.send(Answer::new(status, place))
            }
            None => self.send(Answer::new(status, place)),
        }
    }

    fn redirect(
        &mut self,
        status: u16,
        target: &str,
        place: Option<crate::servers::source::Place>,
    ) -> Response {
        let location = self.expand(target);
        let location = match location {
            Value::Known(location) => self.absolute(&location),
            Value::Unknown(reason) => {
                let mut answer = Answer::new(status, place);
                answer.unknown_fields.push(("Location".into(), reason));
                return self.special_with(answer);
            }
        };
        let mut answer = Answer::new(status, place);
        answer.fields.push(("Location".into(), location));
        self.special_with(answer)
    }

    /// Makes a redirect's target absolute, as nginx does unless `absolute_redirect` is off.
    pub(super) fn absolute(&self, location: &str) -> String {
        let is_absolute = self
            .nginx
            .blocks
            .setting(self.block, "absolute_redirect")
            .is_none_or(|directive| directive.arg(0) != "off");
        if !location.starts_with('/') || !is_absolute {
            return location.to_string();
        }
        let host = self.request.field("host").unwrap_or("");
        format!("{}://{host}{location}", self.request.scheme)
    }

    fn replace(&mut self, directive: &Directive) -> Flow {
        let uri = self.uri.clone();
        let groups = match self.matches(directive.arg(0), false, &uri) {
            Ok(Some(groups)) => groups,
            Ok(None) => return Flow::Next,
            Err(reason) => {
                if self.choose(&reason) {
                    return Flow::Done(Box::new(Response::unknown(reason)));
                }
                return Flow::Next;
            }
        };
        self.capture(groups);
        let replacement = directive.arg(1).to_string();
        let flag = directive.arg(2);
        let is_redirect = ["http://", "https://", "$scheme"]
            .iter()
            .any(|start| replacement.starts_with(start))
            || matches!(flag, "redirect" | "permanent");
        let keeps_args = !replacement.ends_with('?');
        let text = match self.expand(replacement.trim_end_matches('?')) {
            Value::Known(text) => text,
            Value::Unknown(reason) => {
                if is_redirect {
                    let status = if flag == "permanent" { 301 } else { 302 };
                    let mut answer = Answer::new(status, Some(directive.place));
                    answer.unknown_fields.push(("Location".into(), reason));
                    return Flow::Done(Box::new(self.special_with(answer)));
                }
                return Flow::Done(Box::new(Response::unknown(reason)));
            }
        };
        let (path, args) = text.split_once('?').unwrap_or((&text, ""));
        let mut args = args.to_string();
        if keeps_args && !self.args.is_empty() {
            if !args.is_empty() {
                args.push('&');
            }
            args.push_str(&self.args);
        }
        if is_redirect {
            let status = if flag == "permanent" { 301 } else { 302 };
            let mut location = self.absolute(path);
            if !args.is_empty() {
                location = format!("{location}?{args}");
            }
            let mut answer = Answer::new(status, Some(directive.place));
            answer.fields.push(("Location".into(), location));
            return Flow::Done(Box::new(self.special_with(answer)));
        }
        self.uri = path.to_string();
        self.args = args;
        self.uri_changed = true;
        match flag {
            "last" => Flow::Stop,
            "break" => {
                self.uri_changed = false;
                Flow::Stop
            }
            _ => Flow::Next,
        }
    }
}
