//! Splits JavaScript and TypeScript into tokens.

use crate::text::Span;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word(String),
    Text(String),
    /// A template with `${...}`, whose value is computed.
    Template,
    Number(f64),
    Regex(String, String),
    Punctuation(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// Whether it is the first of its line.
    pub(super) begins_line: bool,
}

/// Templates inside templates, at most.
const MAX_LEVELS: usize = 20;
/// The longest come first, so that each is found before its beginning.
const PUNCTUATION: [&str; 48] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=",
    "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "{", "}", "(", ")", "[", "]", ";", ",",
    "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "!", "~", "?", ":",
];

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut begins_line) = (0, true);
    while at < bytes.len() {
        let rest = &text[at..];
        let c = rest.chars().next().unwrap_or(' ');
        if c == '\n' {
            begins_line = true;
        }
        if c.is_whitespace() || at == 0 && c == '\u{feff}' {
            at += c.len_utf8();
            continue;
        }
        if rest.starts_with("//") || at == 0 && rest.starts_with("#!") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            begins_line |= rest[..end].contains('\n');
            at += end;
            continue;
        }
        let (kind, len) = if c == '"' || c == '\'' {
            string(rest, c)
        } else if c == '`' {
            template(rest)
        } else if c.is_ascii_digit() {
            number(rest)
        } else if is_word(c) {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            (Kind::Word(rest[..end].into()), end)
        } else if c == '/' && !ends_value(tokens.last()) {
            regex(rest).unwrap_or((Kind::Punctuation("/"), 1))
        } else {
            match PUNCTUATION.iter().find(|mark| rest.starts_with(**mark)) {
                Some(mark) => (Kind::Punctuation(mark), mark.len()),
                None if c == '.' => (Kind::Punctuation("."), 1),
                None if c == '=' => (Kind::Punctuation("="), 1),
                None if c == '@' => (Kind::Punctuation("@"), 1),
                None => {
                    at += c.len_utf8();
                    continue;
                }
            }
        };
        tokens.push(Token {
            kind,
            span: Span::new(at, at + len),
            begins_line: std::mem::take(&mut begins_line),
        });
        at += len;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '#'
}

/// Returns whether a slash after this token divides.
fn ends_value(token: Option<&Token>) -> bool {
    match token.map(|token| &token.kind) {
        Some(Kind::Word(word)) => !matches!(
            word.as_str(),
            "return"
                | "typeof"
                | "case"
                | "in"
                | "of"
                | "await"
                | "else"
                | "do"
                | "void"
                | "delete"
                | "throw"
                | "yield"
        ),
        Some(Kind::Punctuation(mark)) => matches!(*mark, ")" | "]" | "}"),
        Some(_) => true,
        None => false,
    }
}

fn string(text: &str, quote: char) -> (Kind, usize) {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return (Kind::Text(value), at),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, '\n')) | None => {}
                Some((_, other)) => value.push(other),
            },
            c if c == quote => return (Kind::Text(value), at + 1),
            c => value.push(c),
        }
    }
    (Kind::Text(value), text.len())
}

fn template(text: &str) -> (Kind, usize) {
    template_within(text, 0)
}

/// Reads a template, whose parts may have templates and texts inside.
fn template_within(text: &str, level: usize) -> (Kind, usize) {
    let (mut value, mut is_computed, mut depth) = (String::new(), false, 0_usize);
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match c {
            '\\' => {
                let escaped = rest[1..].chars().next();
                value.extend(escaped);
                at += 1 + escaped.map_or(0, char::len_utf8);
                continue;
            }
            '`' if depth == 0 => {
                let kind = if is_computed {
                    Kind::Template
                } else {
                    Kind::Text(value)
                };
                return (kind, at + 1);
            }
            '$' if depth == 0 && rest.starts_with("${") => {
                (is_computed, depth) = (true, 1);
                at += 2;
                continue;
            }
            '"' | '\'' if depth > 0 => {
                at += string(rest, c).1;
                continue;
            }
            '`' if level < MAX_LEVELS => {
                at += template_within(rest, level + 1).1;
                continue;
            }
            '{' if depth > 0 => depth += 1,
            '}' if depth > 0 => depth -= 1,
            c if depth == 0 => value.push(c),
            _ => {}
        }
        at += c.len_utf8();
    }
    (Kind::Template, text.len())
}

fn number(text: &str) -> (Kind, usize) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let digits = text[..end].replace('_', "");
    (
        Kind::Number(digits.trim_end_matches('n').parse().unwrap_or(f64::NAN)),
        end,
    )
}

fn regex(text: &str) -> Option<(Kind, usize)> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let flags = &text[at + 1..];
                let end = flags
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(flags.len());
                return Some((Kind::Regex(text[1..at].into(), flags[..end].into()), at + 1 + end));
            }
            _ => {}
        }
    }
    None
}
