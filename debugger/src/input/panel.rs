//! The headers panel of a browser's tools, with each value in the line of its name or in the next.

use super::heads::{Reader, field, is_name, request_line, status_line};
use super::{Field, Format, RequestHead, ResponseHead};
use crate::text::Line;
use crate::url::Url;

impl Reader<'_> {
    /// Reads the headers panel of a browser's tools, and returns the index of the line after it.
    pub(super) fn panel(&mut self, all: &[Line<'_>], start: usize) -> usize {
        self.found.add_format(Format::Panel);
        let mut request = RequestHead {
            is_of_browser: true,
            ..RequestHead::default()
        };
        let mut response: Option<ResponseHead> = None;
        let mut response_fields = Vec::new();
        let mut section = None;
        let mut index = start;
        while let Some(line) = all.get(index) {
            let line = line.trimmed();
            if index > start && is_panel_start(line.text) || request_line(line.text).is_some() {
                break;
            }
            index += 1;
            let lower = line.text.to_ascii_lowercase();
            if lower.starts_with("response headers") {
                section = Some(true);
                continue;
            }
            if lower.starts_with("request headers") {
                section = Some(false);
                continue;
            }
            if line.text.is_empty()
                || lower == "general"
                || lower == "headers"
                || status_line(line.text).is_some()
            {
                continue;
            }
            if let Some(rest) = line.text.strip_prefix(':') {
                // A pseudo-field of HTTP/2, which repeats what the panel says. Its value may be in
                // the next line.
                if !rest.is_empty() && !rest.contains(':') {
                    index = value_line(all, index) + 1;
                }
                continue;
            }
            // A name and a value in one line, or in two.
            let field = match field(&line, line.text) {
                Some(field) if !field.value.is_empty() || !is_name(line.text.trim_end_matches(':')) => field,
                _ if is_panel_name(line.text.trim_end_matches(':')) => {
                    index = value_line(all, index);
                    let Some(next) = all.get(index).map(Line::trimmed) else {
                        break;
                    };
                    index += 1;
                    Field {
                        name: line.text.trim_end_matches(':').to_string(),
                        value: next.text.to_string(),
                        span: next.span(),
                        value_span: next.span(),
                    }
                }
                _ => {
                    let general = line.text.split_once(':').filter(|(name, _)| is_panel_name(name));
                    let Some((name, value)) = general else {
                        index -= 1;
                        break;
                    };
                    Field {
                        name: name.to_string(),
                        value: value.trim().to_string(),
                        span: line.span(),
                        value_span: line.span(),
                    }
                }
            };
            match field.name.to_ascii_lowercase().as_str() {
                "request url" => {
                    request.url = Url::parse(&field.value);
                    request.span = Some(field.span);
                }
                "request method" => request.method = field.value,
                "status code" | "status" => {
                    let digits = field.value.trim_start_matches(|c: char| !c.is_ascii_digit());
                    if let Some(status) = digits.get(..3).and_then(|digits| digits.parse().ok()) {
                        response = Some(ResponseHead {
                            status,
                            fields: Vec::new(),
                            span: field.span,
                        });
                    }
                }
                "remote address" | "referrer policy" | "address" | "version" | "transferred" => {}
                name => {
                    let is_response = section.unwrap_or_else(|| !is_request_name(name));
                    if is_response {
                        response_fields.push(field);
                    } else {
                        request.fields.push(field);
                    }
                }
            }
        }
        if request.method.is_empty() {
            request.method = if super::value(&request.fields, "access-control-request-method").is_some() {
                "OPTIONS".into()
            } else {
                "GET".into()
            };
        }
        // The general part alone has the status, and does not say which fields there were.
        if response_fields.is_empty() && section != Some(true) {
            response = response.filter(|response| !(200..300).contains(&response.status));
        }
        // Nor does it say what the browser sent.
        request.is_of_browser = !request.fields.is_empty();
        if let Some(response) = &mut response {
            response.fields = response_fields;
        }
        self.push(Some(request), response);
        index.max(start + 1)
    }
}

/// Returns the index of the line with the value of a name, whose colon may have a line by itself.
fn value_line(all: &[Line<'_>], after_name: usize) -> usize {
    let is_colon = all.get(after_name).is_some_and(|line| line.trimmed().text == ":");
    after_name + usize::from(is_colon)
}

pub(super) fn is_panel_start(text: &str) -> bool {
    let lower = text.trim_start().get(..11).map(str::to_ascii_lowercase);
    lower.as_deref() == Some("request url")
}

/// Whether a line of the panel is a name: a field's, or one of the panel's own.
fn is_panel_name(text: &str) -> bool {
    const OWN: &[&str] = &[
        "request url",
        "request method",
        "status code",
        "remote address",
        "referrer policy",
    ];
    OWN.iter().any(|own| text.eq_ignore_ascii_case(own))
        || is_name(text) && text.len() < 60 && text.contains('-')
        || [
            "origin",
            "vary",
            "server",
            "date",
            "host",
            "accept",
            "referer",
            "allow",
            "location",
            "cookie",
            "authorization",
            "connection",
            "pragma",
            "expires",
            "etag",
            "priority",
            "dnt",
            "te",
            "via",
            "age",
            "range",
            "link",
        ]
        .iter()
        .any(|name| text.eq_ignore_ascii_case(name))
}

/// Whether a name is one of request fields, for a panel without sections.
fn is_request_name(name: &str) -> bool {
    name.starts_with("sec-")
        || name.starts_with("access-control-request-")
        || name.starts_with("accept") && name != "accept-ranges"
        || matches!(
            name,
            "origin" | "referer" | "user-agent" | "host" | "cookie" | "authorization" | "priority"
        )
}
