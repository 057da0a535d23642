//! The transcript of a story in the form of `curl -v`, and its parts as the diagnosis reads them.

use crate::input::{Field, RequestHead, ResponseHead, Transfer};
use crate::text::{Span, lines};
use crate::url::Url;

/// The requests and answers so far.
#[derive(Default)]
pub(super) struct Record {
    text: String,
    /// Where the answer of each transfer begins, in bytes of the text.
    answers: Vec<usize>,
}

/// A place in an answer: which transfer, and which line of its head, counted from 0.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) transfer: usize,
    pub(super) line: usize,
}

impl Record {
    /// Adds a request and its answer.
    pub(super) fn transfer(&mut self, url: &str, request: &str, answer: &str) -> Transfer {
        let (line, fields) = self.head("> ", request);
        let request = RequestHead {
            method: request.split(' ').next().unwrap_or("").to_string(),
            url: Url::parse(url),
            fields,
            span: Some(line),
            is_of_browser: true,
        };
        self.answers.push(self.text.len());
        let (line, fields) = self.head("< ", answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        Transfer {
            request: Some(request),
            response: Some(ResponseHead {
                status: status.unwrap_or(0),
                fields,
                span: line,
            }),
            is_of_browser: true,
            ..Transfer::default()
        }
    }

    /// Adds a head. Returns the place of its first line, and its fields.
    fn head(&mut self, mark: &str, head: &str) -> (Span, Vec<Field>) {
        let mut first = None;
        let mut fields = Vec::new();
        for line in lines(head) {
            self.text.push_str(mark);
            let start = self.text.len();
            self.text.push_str(line.text);
            let span = Span::new(start, self.text.len());
            self.text.push('\n');
            if first.is_none() {
                first = Some(span);
            } else if let Some((name, value)) = line.text.split_once(':') {
                let value = value.trim();
                fields.push(Field {
                    name: name.to_string(),
                    value: value.to_string(),
                    span,
                    value_span: Span::new(span.end - value.len(), span.end),
                });
            }
        }
        (first.unwrap_or(Span::new(0, 0)), fields)
    }

    /// Returns where a byte of the text stands, if it is in an answer.
    pub(super) fn place(&self, at: usize) -> Option<Place> {
        let transfer = self
            .answers
            .partition_point(|start| *start <= at)
            .checked_sub(1)?;
        let start = self.answers.get(transfer).copied()?;
        let line = self.text.get(start..at)?.matches('\n').count();
        Some(Place { transfer, line })
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}
