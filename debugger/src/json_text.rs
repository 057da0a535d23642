//! A reader of JSON that knows where each value stands, and keeps what it has read of a text that
//! ends too early.

use crate::text::Span;

/// A value and its place. The place of a string is between its quotation marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The value.
    pub node: Node,
    /// Its place in the text.
    pub span: Span,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`, `true` or `false`.
    Word(&'static str),
    /// A number.
    Number(f64),
    /// A string, without escapes.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object: its members in order.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name, without escapes.
    pub name: String,
    /// The place of the name, between its quotation marks.
    pub name_span: Span,
    /// The value.
    pub value: Value,
}

impl Value {
    /// Returns the member of this name; the first, if there are several.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members()
            .iter()
            .find(|member| member.name == name)
            .map(|member| &member.value)
    }

    /// Returns the members of an object; of another value, none.
    pub fn members(&self) -> &[Member] {
        match &self.node {
            Node::Object(members) => members,
            _ => &[],
        }
    }

    /// Returns the values of a list; of another value, none.
    pub fn items(&self) -> &[Value] {
        match &self.node {
            Node::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns a string's text.
    pub fn text(&self) -> Option<&str> {
        match &self.node {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a number.
    pub fn number(&self) -> Option<f64> {
        match self.node {
            Node::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// The result of [`read`].
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The value; if the text ended too early or has a fault, the part before that.
    pub value: Value,
    /// The index after the last byte that was read.
    pub end: usize,
    /// Whether the value is complete.
    pub is_complete: bool,
}

/// The deepest nesting that is read. HAR files need seven.
const MAX_DEPTH: usize = 64;

/// Reads the value that starts at byte `start`. Takes time in proportion to the bytes read.
pub fn read(text: &str, start: usize) -> Read {
    let mut reader = Reader { text, at: start };
    let (value, is_complete) = reader.value(0);
    Read {
        value,
        end: reader.at,
        is_complete,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads a value, and says whether it is complete.
    fn value(&mut self, depth: usize) -> (Value, bool) {
        self.skip_space();
        let start = self.at;
        let (node, is_complete) = match self.peek() {
            Some(b'{') if depth < MAX_DEPTH => self.object(depth),
            Some(b'[') if depth < MAX_DEPTH => self.array(depth),
            Some(b'"') => {
                let (text, span, is_complete) = self.string();
                return (
                    Value {
                        node: Node::String(text),
                        span,
                    },
                    is_complete,
                );
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        };
        let span = Span::new(start, self.at);
        (Value { node, span }, is_complete)
    }

    fn object(&mut self, depth: usize) -> (Node, bool) {
        self.at += 1;
        let mut members = Vec::new();
        if self.takes(b'}') {
            return (Node::Object(members), true);
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return (Node::Object(members), false);
            }
            let (name, name_span, has_name) = self.string();
            if !has_name || !self.takes(b':') {
                return (Node::Object(members), false);
            }
            let (value, is_complete) = self.value(depth + 1);
            members.push(Member {
                name,
                name_span,
                value,
            });
            if !is_complete {
                return (Node::Object(members), false);
            }
            if !self.takes(b',') {
                let is_closed = self.takes(b'}');
                return (Node::Object(members), is_closed);
            }
        }
    }

    fn array(&mut self, depth: usize) -> (Node, bool) {
        self.at += 1;
        let mut items = Vec::new();
        if self.takes(b']') {
            return (Node::Array(items), true);
        }
        loop {
            let (value, is_complete) = self.value(depth + 1);
            items.push(value);
            if !is_complete {
                return (Node::Array(items), false);
            }
            if !self.takes(b',') {
                let is_closed = self.takes(b']');
                return (Node::Array(items), is_closed);
            }
        }
    }

    fn string(&mut self) -> (String, Span, bool) {
        self.at += 1;
        let start = self.at;
        let mut text = String::new();
        let mut plain = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    text.push_str(self.text.get(plain..self.at).unwrap_or(""));
                    let span = Span::new(start, self.at);
                    self.at += 1;
                    return (text, span, true);
                }
                Some(b'\\') => {
                    text.push_str(self.text.get(plain..self.at).unwrap_or(""));
                    self.at += 1;
                    self.escape(&mut text);
                    plain = self.at;
                }
                Some(_) => self.at += 1,
                None => {
                    text.push_str(self.text.get(plain..).unwrap_or(""));
                    return (text, Span::new(start, self.text.len()), false);
                }
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, text: &mut String) {
        let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return;
        };
        self.at += c.len_utf8();
        text.push(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits = self.text.get(self.at..self.at + 4);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if code.is_some() {
                    self.at += 4;
                }
                // Halves of a surrogate pair become replacement characters: no field has them.
                code.and_then(char::from_u32).unwrap_or('\u{fffd}')
            }
            other => other,
        });
    }

    fn number(&mut self) -> (Node, bool) {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        {
            self.at += 1;
        }
        let number = self
            .text
            .get(start..self.at)
            .and_then(|digits| digits.parse().ok());
        (Node::Number(number.unwrap_or(0.0)), number.is_some())
    }

    fn word(&mut self) -> (Node, bool) {
        let rest = self.text.get(self.at..).unwrap_or("");
        for word in ["null", "true", "false"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return (Node::Word(word), true);
            }
        }
        (Node::Word("null"), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_places() {
        let text = r#"x {"a": [1, true, "b\n\u00e9"], "c": {"d": null}} y"#;
        let read = read(text, 2);
        assert!(read.is_complete);
        assert_eq!(&text[read.end..], " y");
        let items = read.value.get("a").unwrap().items();
        assert_eq!(items[0].number(), Some(1.0));
        assert_eq!(items[2].text(), Some("b\n\u{e9}"));
        assert_eq!(items[2].span.of(text), r"b\n\u00e9");
        assert_eq!(
            read.value.get("c").unwrap().get("d").unwrap().node,
            Node::Word("null")
        );
    }

    #[test]
    fn a_text_that_ends_too_early_keeps_what_is_complete() {
        let text = r#"{"a": [{"b": 1}, {"b": 2}, {"b"#;
        let read = read(text, 0);
        assert!(!read.is_complete);
        let items = read.value.get("a").unwrap().items();
        assert_eq!(items[1].get("b").unwrap().number(), Some(2.0));
    }

    #[test]
    fn deep_nesting_is_an_end_and_not_a_crash() {
        let text = "[".repeat(100_000);
        assert!(!read(&text, 0).is_complete);
    }
}
