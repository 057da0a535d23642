//! The filters of fields: `gzip_vary`, `more_set_headers`, `add_header`, and our module.

use super::blocks::Id;
use super::course::{Answer, Course};
use super::parse::Directive;
use crate::servers::response::{Field, Response, Value};

/// The statuses to which `add_header` without `always` applies.
const SAFE: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

impl Course<'_> {
    /// Adds all fields to a response.
    pub(super) fn filter(&mut self, answer: &Answer, status: u16, response: &mut Response) {
        self.vary_of_gzip(answer, status, response);
        for (name, value) in &answer.fields {
            response.push(name, value, None);
        }
        for (name, reason) in &answer.unknown_fields {
            response.fields.push(Field {
                name: name.clone(),
                value: Value::Unknown(reason.clone()),
                place: answer.place,
            });
        }
        self.more_headers(status, response);
        self.add_headers(status, response);
        self.module_fields(response);
    }

    fn vary_of_gzip(&mut self, answer: &Answer, status: u16, response: &mut Response) {
        let blocks = &self.nginx.blocks;
        let is_static = blocks
            .setting(self.block, "gzip_static")
            .is_some_and(|directive| directive.arg(0) != "off");
        if !blocks.is_on(self.block, "gzip_vary") || !(blocks.is_on(self.block, "gzip") || is_static) {
            return;
        }
        if !matches!(status, 200 | 403 | 404) {
            return;
        }
        if answer.is_page {
            // A page of nginx's own is HTML and long enough, unless the settings say otherwise.
            let place = blocks
                .setting(self.block, "gzip_vary")
                .map(|directive| directive.place);
            let is_plain = ["gzip_min_length", "gzip_disable"]
                .iter()
                .all(|name| blocks.setting(self.block, name).is_none());
            if is_plain && blocks.is_on(self.block, "gzip") {
                response.push("Vary", "Accept-Encoding", place);
                return;
            }
        }
        response.open_names.push((
            "vary".into(),
            "gzip_vary adds Accept-Encoding if the content has a type and a length that gzip takes".into(),
        ));
    }

    /// Applies `more_set_headers` and `more_clear_headers`, those of the outer blocks first.
    fn more_headers(&mut self, status: u16, response: &mut Response) {
        let nginx = self.nginx;
        let mut chain: Vec<Id> = nginx.blocks.chain(self.block).collect();
        chain.reverse();
        for id in chain {
            for directive in &nginx.blocks.get(id).directives {
                let clears = match directive.name.text.as_str() {
                    "more_set_headers" => false,
                    "more_clear_headers" => true,
                    _ => continue,
                };
                self.more(directive, clears, status, response);
            }
        }
    }

    fn more(&mut self, directive: &Directive, clears: bool, status: u16, response: &mut Response) {
        let mut words = directive.args.iter();
        let mut appends = false;
        let mut headers = Vec::new();
        let mut applies = true;
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "-s" => {
                    let list = words.next().map_or("", |word| word.text.as_str());
                    applies &= list.split_whitespace().any(|code| code.parse() == Ok(status));
                }
                "-t" => {
                    words.next();
                    response
                        .open_names
                        .extend(directive.args.iter().filter_map(|word| {
                            let (name, _) = word.text.split_once(':')?;
                            Some((
                                name.trim().to_ascii_lowercase(),
                                "more_set_headers with -t depends on the type of the content".to_string(),
                            ))
                        }));
                }
                "-a" => appends = true,
                "-r" => {}
                header => headers.push(header.to_string()),
            }
        }
        if !applies {
            return;
        }
        for header in headers {
            let (name, value) = match header.split_once(':') {
                Some((name, value)) => (name.trim().to_string(), value.trim().to_string()),
                None => (header.trim().to_string(), String::new()),
            };
            if clears || value.is_empty() {
                let prefix = name.strip_suffix('*').map(str::to_ascii_lowercase);
                response.fields.retain(|field| match &prefix {
                    Some(prefix) => !field.name.to_ascii_lowercase().starts_with(prefix),
                    None => !field.name.eq_ignore_ascii_case(&name),
                });
                continue;
            }
            if !appends {
                response
                    .fields
                    .retain(|field| !field.name.eq_ignore_ascii_case(&name));
            }
            let value = self.expand(&value);
            self.add(response, &name, value, directive);
        }
    }

    fn add_headers(&mut self, status: u16, response: &mut Response) {
        let nginx = self.nginx;
        for directive in nginx.add_headers(self.block) {
            let is_always = directive.arg(2) == "always";
            if !is_always && !SAFE.contains(&status) {
                continue;
            }
            let value = self.expand(directive.arg(1));
            let name = directive.arg(0).to_string();
            self.add(response, &name, value, directive);
        }
    }

    /// Adds a line, unless its value is empty. A value that is unknown may be empty.
    fn add(&mut self, response: &mut Response, name: &str, value: Value<String>, directive: &Directive) {
        // nginx writes the name as it stands, and a colon more. Readers end the name at the first.
        let (name, rest) = match name.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (name, None),
        };
        let value = match value {
            Value::Known(text) if text.is_empty() => return,
            Value::Known(text) => Value::Known(match rest {
                Some(rest) => format!("{rest}: {text}"),
                None => text,
            }),
            Value::Unknown(reason) => {
                response
                    .open_names
                    .push((name.to_ascii_lowercase(), reason.clone()));
                Value::Unknown(reason)
            }
        };
        response.fields.push(Field {
            name: name.into(),
            value,
            place: Some(directive.place),
        });
    }
}
