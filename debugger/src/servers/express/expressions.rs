//! Reads expressions.

use std::rc::Rc;

use super::mistakes::Mistake;
use super::syntax::{Expr, Function, MAX_DEPTH, Node, Parser, Statement};
use super::tokens::Kind;
use crate::text::shortened;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Expr {
        self.nested(Self::assignment)
    }

    /// Reads an expression inside of another, unless there are too many.
    fn nested(&mut self, read: fn(&mut Self) -> Expr) -> Expr {
        if self.depth >= MAX_DEPTH {
            let span = self.span();
            self.at += 1;
            return Expr {
                node: Node::Opaque,
                span,
            };
        }
        self.depth += 1;
        let expression = read(self);
        self.depth -= 1;
        expression
    }

    fn assignment(&mut self) -> Expr {
        if let Some(function) = self.arrow() {
            return function;
        }
        let left = self.binary(0);
        let span = left.span;
        if self.eat("?") {
            let then = self.expression();
            self.eat(":");
            let other = self.expression();
            let span = span.to(self.last_span());
            return Expr {
                node: Node::Choice(Box::new(left), Box::new(then), Box::new(other)),
                span,
            };
        }
        if self.eat("=") {
            let value = self.expression();
            let span = span.to(self.last_span());
            return Expr {
                node: Node::Assign(Box::new(left), Box::new(value)),
                span,
            };
        }
        left
    }

    /// Reads `(a, b) => ...`, `a => ...`, with `async` before it.
    fn arrow(&mut self) -> Option<Expr> {
        let start = self.at;
        let span = self.span();
        if self.is_word("async") {
            self.at += 1;
        }
        let parameters = if self.is("(") {
            // Look whether an arrow follows, before the parameters are read.
            self.skip_group();
            if self.is(":") {
                let (mark, mut steps) = (self.at, 0);
                while self.at < self.tokens.len() && !self.is("=>") && steps < 12 {
                    self.at += 1;
                    steps += 1;
                }
                if !self.is("=>") {
                    self.at = mark;
                }
            }
            let is_arrow = self.is("=>");
            let after = self.at;
            self.at =
                start + usize::from(matches!(&self.tokens[start].kind, Kind::Word(word) if word == "async"));
            if !is_arrow {
                self.at = start;
                return None;
            }
            let parameters = self.parameters();
            self.at = after;
            parameters
        } else if let Some(name) = self.word() {
            vec![name]
        } else {
            self.at = start;
            return None;
        };
        if !self.eat("=>") {
            self.at = start;
            return None;
        }
        let body = if self.eat("{") {
            let body = self.statements();
            self.eat("}");
            body
        } else {
            vec![Statement::Return(Some(self.expression()))]
        };
        let span = span.to(self.last_span());
        Some(Expr {
            node: Node::Function(Rc::new(Function { parameters, body })),
            span,
        })
    }

    fn binary(&mut self, level: usize) -> Expr {
        const LEVELS: [&[&str]; 5] = [
            &["||", "??"],
            &["&&"],
            &["===", "!==", "==", "!="],
            &["<", ">", "<=", ">="],
            &["+", "-", "*", "/", "%"],
        ];
        let Some(marks) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1);
        while let Some(mark) = marks.iter().find(|mark| self.is(mark)) {
            self.at += 1;
            let right = self.binary(level + 1);
            let span = left.span.to(right.span);
            left = Expr {
                node: Node::Binary(mark, Box::new(left), Box::new(right)),
                span,
            };
        }
        if level == 3 && self.eat_word("instanceof") {
            let span = self.span();
            let class = Expr {
                node: self.word().map_or(Node::Opaque, Node::Text),
                span,
            };
            let span = left.span.to(span);
            return Expr {
                node: Node::Binary("instanceof", Box::new(left), Box::new(class)),
                span,
            };
        }
        // Types of TypeScript: `x as const`, `x satisfies T`.
        while level == 0 && (self.is_word("as") || self.is_word("satisfies")) {
            self.at += 1;
            while matches!(
                self.kind(),
                Some(Kind::Word(_) | Kind::Punctuation("." | "<" | ">" | "[" | "]" | "|"))
            ) {
                self.at += 1;
            }
        }
        left
    }

    fn unary(&mut self) -> Expr {
        let span = self.span();
        if self.eat("!") {
            let inner = self.nested(Self::unary);
            let span = span.to(inner.span);
            return Expr {
                node: Node::Not(Box::new(inner)),
                span,
            };
        }
        if self.eat("...") {
            let inner = self.expression();
            let span = span.to(inner.span);
            return Expr {
                node: Node::Spread(Box::new(inner)),
                span,
            };
        }
        if self.eat("-") || self.eat("+") {
            let is_minus = matches!(self.tokens[self.at - 1].kind, Kind::Punctuation("-"));
            let inner = self.nested(Self::unary);
            let span = span.to(inner.span);
            let node = match inner.node {
                Node::Number(number) => Node::Number(if is_minus { -number } else { number }),
                _ => Node::Opaque,
            };
            return Expr { node, span };
        }
        if self.eat_word("await") || self.eat_word("void") {
            return self.nested(Self::unary);
        }
        if self.eat_word("typeof") || self.eat_word("delete") {
            let inner = self.nested(Self::unary);
            return Expr {
                node: Node::Opaque,
                span: span.to(inner.span),
            };
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Expr {
        let mut left = self.primary();
        loop {
            let start = left.span;
            // A parenthesis in a new line after a value is a call too, as in JavaScript.
            let node = if self.eat(".") || self.eat("?.") {
                if self.is("(") || self.is("[") {
                    continue;
                }
                match self.word() {
                    Some(name) => Node::Member(Box::new(left), name),
                    None => return left,
                }
            } else if self.eat("[") {
                let index = self.expression();
                self.eat("]");
                Node::Index(Box::new(left), Box::new(index))
            } else if self.is("(") {
                Node::Call(Box::new(left), self.arguments())
            } else if self.is("!")
                && !matches!(
                    self.tokens.get(self.at + 1).map(|token| &token.kind),
                    Some(Kind::Punctuation("="))
                )
                && !self.tokens[self.at].begins_line
            {
                // `value!` of TypeScript.
                self.at += 1;
                continue;
            } else if self.is("<") && self.is_type_arguments() {
                continue;
            } else {
                return left;
            };
            left = Expr {
                node,
                span: start.to(self.last_span()),
            };
        }
    }

    /// Skips `<Types>` before the arguments of a call.
    fn is_type_arguments(&mut self) -> bool {
        let start = self.at;
        let mut depth = 0;
        for _ in 0..24 {
            match self.kind() {
                Some(Kind::Punctuation("<")) => depth += 1,
                Some(Kind::Punctuation(">")) => depth -= 1,
                Some(Kind::Word(_) | Kind::Punctuation("," | "." | "[" | "]" | "{" | "}" | ":" | ";")) => {}
                _ => break,
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        if depth == 0 && self.is("(") {
            return true;
        }
        self.at = start;
        false
    }

    /// Reads expressions with commas between them, up to a closing mark.
    fn list(&mut self, close: &str) -> Vec<Expr> {
        let mut items = Vec::new();
        while !self.is(close) && self.at < self.tokens.len() {
            let before = self.at;
            items.push(self.expression());
            if !self.eat(",") && !self.is(close) {
                if self.at == before {
                    self.at += 1;
                } else if self.is_value_after_value() {
                    self.miss_comma("values");
                }
            }
        }
        self.eat(close);
        items
    }

    fn arguments(&mut self) -> Vec<Expr> {
        self.eat("(");
        self.list(")")
    }

    fn primary(&mut self) -> Expr {
        let span = self.span();
        let Some(kind) = self.kind() else {
            return Expr {
                node: Node::Opaque,
                span,
            };
        };
        let node = match kind {
            Kind::Text(text) => {
                self.at += 1;
                Node::Text(text.clone())
            }
            Kind::Number(number) => {
                self.at += 1;
                Node::Number(*number)
            }
            Kind::Regex(pattern, flags) => {
                self.at += 1;
                Node::Regex(pattern.clone(), flags.clone())
            }
            Kind::Template => {
                self.at += 1;
                Node::Opaque
            }
            Kind::Word(word) => {
                self.at += 1;
                match word.as_str() {
                    "true" => Node::Bool(true),
                    "false" => Node::Bool(false),
                    "null" => Node::Null,
                    "undefined" => Node::Undefined,
                    "new" => {
                        let mut class = self.primary();
                        while self.eat(".") {
                            if let Some(name) = self.word() {
                                class = Expr {
                                    span: class.span,
                                    node: Node::Member(Box::new(class), name),
                                };
                            }
                        }
                        if self.is("<") {
                            self.is_type_arguments();
                        }
                        let arguments = if self.is("(") {
                            self.arguments()
                        } else {
                            Vec::new()
                        };
                        Node::New(Box::new(class), arguments)
                    }
                    "async" if self.is_word("function") => {
                        self.at += 1;
                        self.word();
                        Node::Function(Rc::new(self.function()))
                    }
                    "function" => {
                        self.eat("*");
                        self.word();
                        Node::Function(Rc::new(self.function()))
                    }
                    _ => Node::Name(word.clone()),
                }
            }
            Kind::Punctuation("(") => {
                self.at += 1;
                let inner = self.expression();
                while self.eat(",") {
                    self.expression();
                }
                self.eat(")");
                return inner;
            }
            Kind::Punctuation("[") => {
                self.at += 1;
                Node::List(self.list("]"))
            }
            Kind::Punctuation("{") => self.object(),
            Kind::Punctuation(_) => {
                // A mark that begins no value: the caller goes on after it.
                if !self.is(")") && !self.is("]") && !self.is("}") && !self.is(",") && !self.is(";") {
                    self.at += 1;
                }
                Node::Opaque
            }
        };
        Expr {
            node,
            span: span.to(self.last_span()),
        }
    }

    /// Returns whether a text or a number follows another, or a list or an object.
    fn is_value_after_value(&self) -> bool {
        let before = self
            .tokens
            .get(self.at.saturating_sub(1))
            .map(|token| &token.kind);
        let is_value = matches!(
            before,
            Some(Kind::Text(_) | Kind::Number(_) | Kind::Regex(..) | Kind::Punctuation("]" | "}"))
        );
        is_value && matches!(self.kind(), Some(Kind::Text(_) | Kind::Number(_)))
    }

    /// Returns whether a property begins here, after the value of another one.
    fn is_property(&self) -> bool {
        let is_name = matches!(self.kind(), Some(Kind::Word(_) | Kind::Text(_)))
            && matches!(
                self.tokens.get(self.at + 1).map(|token| &token.kind),
                Some(Kind::Punctuation(":"))
            );
        // `x as { a: string; b: number }` has names that follow names.
        let before = self
            .tokens
            .get(self.at.saturating_sub(1))
            .map(|token| &token.kind);
        let is_after_value = match before {
            Some(Kind::Text(_) | Kind::Number(_) | Kind::Regex(..) | Kind::Template) => true,
            Some(Kind::Word(_) | Kind::Punctuation(")" | "]" | "}")) => !self.has_types,
            _ => false,
        };
        is_name && is_after_value
    }

    fn miss_comma(&mut self, of: &str) {
        let next = match self.kind() {
            Some(Kind::Word(word) | Kind::Text(word)) => shortened(word),
            _ => "the next value".into(),
        };
        self.mistaken(format!("a comma is expected between the {of}, before {next}"));
    }

    fn mistaken(&mut self, text: String) {
        let span = self.span();
        self.mistake.get_or_insert_with(|| Mistake::new(span, text));
    }

    fn object(&mut self) -> Node {
        self.eat("{");
        let mut members = Vec::new();
        while !self.is("}") && self.at < self.tokens.len() {
            let before = self.at;
            let span = self.span();
            if self.eat("...") {
                let inner = self.expression();
                members.push((String::from("..."), inner));
            } else {
                if self.is_word("async")
                    && !matches!(
                        self.tokens.get(self.at + 1).map(|token| &token.kind),
                        Some(Kind::Punctuation(":" | "," | "}" | "("))
                    )
                {
                    self.at += 1;
                }
                let name = match self.kind() {
                    Some(Kind::Word(word)) | Some(Kind::Text(word)) => word.clone(),
                    Some(Kind::Number(number)) => number.to_string(),
                    _ => String::new(),
                };
                if name.is_empty() && self.is("[") {
                    self.skip_group();
                } else {
                    self.at += 1;
                }
                if self.eat(":") {
                    if self.is(",") || self.is("}") {
                        self.mistaken(format!("a value is expected after {name}:"));
                    }
                    members.push((name, self.expression()));
                } else if self.is("(") {
                    let function = self.function();
                    let span = span.to(self.last_span());
                    members.push((
                        name,
                        Expr {
                            node: Node::Function(Rc::new(function)),
                            span,
                        },
                    ));
                } else if !name.is_empty() {
                    members.push((
                        name.clone(),
                        Expr {
                            node: Node::Name(name),
                            span,
                        },
                    ));
                }
            }
            if !self.eat(",") && !self.is("}") {
                if self.at == before {
                    self.at += 1;
                } else if self.is_property() {
                    self.miss_comma("properties");
                }
            }
        }
        self.eat("}");
        Node::Object(members)
    }
}
