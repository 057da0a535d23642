//! Mistakes that no JavaScript engine accepts: brackets that do not fit, a file that is cut off,
//! and properties without a comma between them.
//!
//! Other syntax that is not understood is not a mistake, since TypeScript and JSX have more than is
//! read.

use super::tokens::{Kind, Token};
use crate::text::Span;

/// Words before parentheses that call nothing.
const KEYWORDS: [&str; 8] = [
    "if", "for", "while", "switch", "catch", "function", "return", "async",
];

/// A mistake and its place.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    pub(super) span: Span,
    pub(super) text: String,
    /// The mark that is still open there.
    pub(super) opened: Option<Span>,
}

impl Mistake {
    pub(super) fn new(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
            opened: None,
        }
    }
}

/// Finds the first text or bracket that does not end as it has to.
pub(super) fn of_tokens(text: &str, tokens: &[Token]) -> Option<Mistake> {
    if has_elements(tokens) {
        return None;
    }
    // The open marks, with what each begins.
    let mut open: Vec<(&'static str, Span, &'static str)> = Vec::new();
    let mut before: Option<&Kind> = None;
    for token in tokens {
        let source = &text[token.span.start..token.span.end];
        match &token.kind {
            // The apostrophe of a word is in the text of an element: `<p>Don't</p>`.
            Kind::Text(_)
                if !is_closed(source) && text[..token.span.start].ends_with(char::is_alphabetic) =>
            {
                return None;
            }
            Kind::Text(_) | Kind::Template if !is_closed(source) => {
                let quote = source.chars().next().unwrap_or('"');
                return Some(Mistake::new(
                    token.span,
                    format!("the text that begins here does not end; {quote} is expected"),
                ));
            }
            Kind::Punctuation(mark @ ("(" | "[" | "{")) => {
                let is_call = match before {
                    Some(Kind::Word(word)) => !KEYWORDS.contains(&word.as_str()),
                    Some(Kind::Punctuation(mark)) => matches!(*mark, ")" | "]"),
                    _ => false,
                };
                let what = match *mark {
                    "(" if is_call => "a call",
                    "(" => "parentheses",
                    "[" => "a list",
                    _ => "braces",
                };
                open.push((mark, token.span, what));
            }
            Kind::Punctuation(mark @ (")" | "]" | "}")) => match open.pop() {
                Some((opening, _, _)) if closing(opening) == *mark => {}
                Some((opening, span, _)) => {
                    let mut mistake = Mistake::new(
                        token.span,
                        format!("{} is expected, and {mark} is written", closing(opening)),
                    );
                    mistake.opened = Some(span);
                    return Some(mistake);
                }
                None => {
                    return Some(Mistake::new(token.span, format!("{mark} closes nothing")));
                }
            },
            _ => {}
        }
        before = Some(&token.kind);
    }
    // The call is what a reader looks for, and not the braces of its options.
    let innermost = *open.last()?;
    let call = open.iter().rev().find(|(_, _, what)| *what == "a call");
    let (_, span, what) = *call.unwrap_or(&innermost);
    let end = tokens.last().map_or(span, |token| token.span);
    let mut mistake = Mistake::new(
        end,
        format!(
            "the file ends inside {what}; {} is expected",
            closing(innermost.0)
        ),
    );
    mistake.opened = Some(span);
    Some(mistake)
}

fn closing(opening: &str) -> &'static str {
    match opening {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

fn is_closed(source: &str) -> bool {
    let mut chars = source.chars();
    let quote = chars.next();
    source.len() > 1 && chars.next_back() == quote
}

/// Returns whether a file has elements of JSX, whose texts are not JavaScript.
fn has_elements(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        matches!(pair[0].kind, Kind::Punctuation("<"))
            && matches!(pair[1].kind, Kind::Punctuation("/" | "/=") | Kind::Regex(..))
            || matches!(pair[0].kind, Kind::Punctuation("/"))
                && matches!(pair[1].kind, Kind::Punctuation(">"))
    })
}
