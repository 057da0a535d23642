//! Reads expressions and statements, as many as the programs of servers need. What is not
//! understood is [`Node::Opaque`], and the reading goes on after it.

use std::rc::Rc;

use super::mistakes::Mistake;
use super::tokens::{Kind, Token};
use crate::text::Span;

#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
    Undefined,
    Regex(String, String),
    List(Vec<Expr>),
    Object(Vec<(String, Expr)>),
    Name(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    New(Box<Expr>, Vec<Expr>),
    Function(Rc<Function>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Spread(Box<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    Opaque,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// A name and its value. Several names come from one object: `const { cors } = require(...)`.
    Declare(Vec<(String, Option<String>)>, Expr),
    Import(Vec<(String, String)>, String),
    Expression(Expr),
    If(Expr, Vec<Statement>, Vec<Statement>),
    Return(Option<Expr>),
    Function(String, Rc<Function>),
    Block(Vec<Statement>),
    Opaque,
}

/// Values inside values, at most.
pub(super) const MAX_DEPTH: usize = 60;

pub(super) struct Parser<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    pub(super) depth: usize,
    /// The first mistake that no engine accepts.
    pub(super) mistake: Option<Mistake>,
    /// Whether the file has TypeScript, where types stand between values.
    pub(super) has_types: bool,
}

impl<'t> Parser<'t> {
    pub(super) fn new(tokens: &'t [Token]) -> Self {
        Self {
            tokens,
            at: 0,
            depth: 0,
            mistake: None,
            has_types: false,
        }
    }

    pub(super) fn kind(&self) -> Option<&'t Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn span(&self) -> Span {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or(Span::new(0, 0), |token| token.span)
    }

    pub(super) fn last_span(&self) -> Span {
        let token = self.tokens.get(self.at.saturating_sub(1));
        token.map_or(Span::new(0, 0), |token| token.span)
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.kind(), Some(Kind::Punctuation(other)) if *other == mark)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.kind(), Some(Kind::Word(other)) if other == word)
    }

    pub(super) fn eat(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn word(&mut self) -> Option<String> {
        match self.kind() {
            Some(Kind::Word(word)) => {
                self.at += 1;
                Some(word.clone())
            }
            _ => None,
        }
    }

    /// Reads statements up to a closing brace or the end.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while self.at < self.tokens.len() && !self.is("}") {
            let before = self.at;
            if let Some(statement) = self.statement() {
                statements.push(statement);
            }
            if self.at == before {
                self.at += 1;
            }
        }
        statements
    }

    /// Reads all statements of a file. A brace that closes nothing is skipped.
    pub(super) fn program(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while self.at < self.tokens.len() {
            statements.append(&mut self.statements());
            self.at += 1;
        }
        statements
    }

    fn statement(&mut self) -> Option<Statement> {
        if self.depth >= MAX_DEPTH {
            self.skip_statement();
            return Some(Statement::Opaque);
        }
        self.depth += 1;
        let statement = self.statement_within();
        self.depth -= 1;
        statement
    }

    fn statement_within(&mut self) -> Option<Statement> {
        if self.eat(";") {
            return None;
        }
        if self.eat("{") {
            let statements = self.statements();
            self.eat("}");
            return Some(Statement::Block(statements));
        }
        if self.is_word("export") {
            self.at += 1;
            self.eat_word("default");
            return self.statement();
        }
        if self.is_word("import")
            && !matches!(
                self.tokens.get(self.at + 1).map(|token| &token.kind),
                Some(Kind::Punctuation("(" | "."))
            )
        {
            return self.import();
        }
        if self.is_word("const") || self.is_word("let") || self.is_word("var") {
            self.at += 1;
            return Some(self.declaration());
        }
        if self.eat_word("if") {
            self.eat("(");
            let condition = self.expression();
            self.eat(")");
            let then = self.branch();
            let other = if self.eat_word("else") {
                self.branch()
            } else {
                Vec::new()
            };
            return Some(Statement::If(condition, then, other));
        }
        if self.eat_word("return") {
            let ends = self.is(";")
                || self.is("}")
                || self.tokens.get(self.at).is_none_or(|token| token.begins_line);
            let value = if ends { None } else { Some(self.expression()) };
            self.eat(";");
            return Some(Statement::Return(value));
        }
        let is_async = self.is_word("async")
            && matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Word(word)) if word == "function");
        if self.is_word("function") || is_async {
            self.at += 1 + usize::from(is_async);
            self.eat("*");
            let name = self.word().unwrap_or_default();
            let function = self.function();
            return Some(Statement::Function(name, Rc::new(function)));
        }
        if self.eat_word("class") {
            return Some(self.class());
        }
        // What is tried is taken to succeed.
        if self.eat_word("try") {
            let body = self.branch();
            if self.eat_word("catch") {
                if self.is("(") {
                    self.skip_group();
                }
                self.branch();
            }
            if self.eat_word("finally") {
                self.branch();
            }
            return Some(Statement::Block(body));
        }
        if [
            "for",
            "while",
            "switch",
            "do",
            "throw",
            "interface",
            "type",
            "enum",
            "namespace",
            "declare",
            "abstract",
        ]
        .iter()
        .any(|word| self.is_word(word))
        {
            self.skip_statement();
            return Some(Statement::Opaque);
        }
        let expression = self.expression();
        self.eat(";");
        Some(Statement::Expression(expression))
    }

    /// Reads a class as a block: its properties, and calls of its methods, the constructor first.
    /// So an app that a class makes has the layers that its methods add.
    fn class(&mut self) -> Statement {
        while self.at < self.tokens.len() && !self.is("{") {
            self.at += 1;
        }
        self.eat("{");
        let (mut properties, mut methods) = (Vec::new(), Vec::new());
        while !self.is("}") && self.at < self.tokens.len() {
            let span = self.span();
            let Some(name) = self.word() else {
                self.at += 1;
                continue;
            };
            if self.is("(") {
                let function = Rc::new(self.function());
                let node = Node::Function(function);
                let callee = Box::new(Expr { node, span });
                let call = Expr {
                    node: Node::Call(callee, Vec::new()),
                    span,
                };
                let index = if name == "constructor" { 0 } else { methods.len() };
                methods.insert(index, Statement::Expression(call));
                continue;
            }
            self.eat("?");
            self.eat("!");
            if self.eat(":") {
                self.skip_type();
            }
            if self.eat("=") {
                let this = |node| Box::new(Expr { node, span });
                let target = this(Node::Member(this(Node::Name("this".into())), name));
                let value = Box::new(self.expression());
                properties.push(Statement::Expression(Expr {
                    node: Node::Assign(target, value),
                    span,
                }));
            }
        }
        self.eat("}");
        properties.append(&mut methods);
        Statement::Block(properties)
    }

    /// Skips to the end of a statement: a semicolon, or a block.
    fn skip_statement(&mut self) {
        while self.at < self.tokens.len() {
            if self.eat(";") {
                return;
            }
            if self.is("{") {
                self.skip_group();
                return;
            }
            if self.is("}") {
                return;
            }
            if self.is("(") || self.is("[") {
                self.skip_group();
            } else {
                self.at += 1;
            }
        }
    }

    /// Skips a group from its opening mark to its closing one.
    pub(super) fn skip_group(&mut self) {
        let mut depth = 0;
        while let Some(kind) = self.kind() {
            self.at += 1;
            if let Kind::Punctuation(mark) = kind {
                match *mark {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" => depth -= 1,
                    _ => {}
                }
            }
            if depth <= 0 {
                return;
            }
        }
    }

    fn branch(&mut self) -> Vec<Statement> {
        match self.statement() {
            Some(Statement::Block(statements)) => statements,
            Some(statement) => vec![statement],
            None => Vec::new(),
        }
    }

    /// `import cors, { x as y } from 'cors'`
    fn import(&mut self) -> Option<Statement> {
        self.at += 1;
        let mut names = Vec::new();
        let mut is_type = false;
        while self.at < self.tokens.len() {
            match self.kind()? {
                Kind::Text(module) => {
                    let module = module.clone();
                    self.at += 1;
                    self.eat(";");
                    return (!is_type).then_some(Statement::Import(names, module));
                }
                Kind::Word(word) => {
                    let word = word.clone();
                    self.at += 1;
                    match word.as_str() {
                        "from" | "as" | "require" => {}
                        "type" if names.is_empty() => {
                            is_type = matches!(self.kind(), Some(Kind::Word(_) | Kind::Punctuation("{")))
                                && !self.is_word("from")
                        }
                        _ => {
                            // `x as y`: the name in the module, and the name here.
                            let here = if self.eat_word("as") {
                                self.word().unwrap_or_default()
                            } else {
                                word.clone()
                            };
                            names.push((here, word));
                        }
                    }
                }
                Kind::Punctuation(mark) => {
                    if *mark == "*" {
                        self.at += 1;
                        self.eat_word("as");
                        let here = self.word()?;
                        names.push((here, "default".into()));
                    } else {
                        // `import cors = require('cors')`
                        if *mark == ";" {
                            return None;
                        }
                        self.at += 1;
                    }
                }
                _ => return None,
            }
        }
        None
    }

    fn declaration(&mut self) -> Statement {
        let mut names = Vec::new();
        if self.eat("{") {
            while !self.is("}") && self.at < self.tokens.len() {
                if let Some(member) = self.word() {
                    let name = if self.eat(":") {
                        self.word().unwrap_or_default()
                    } else {
                        member.clone()
                    };
                    names.push((name, Some(member)));
                } else {
                    self.at += 1;
                }
            }
            self.eat("}");
        } else if let Some(name) = self.word() {
            names.push((name, None));
        } else if self.is("[") {
            self.skip_group();
        }
        if self.eat(":") {
            self.skip_type();
        }
        let value = if self.eat("=") {
            self.expression()
        } else {
            Expr {
                node: Node::Undefined,
                span: self.last_span(),
            }
        };
        // `const a = 1, b = 2`
        if self.eat(",") {
            let first = Statement::Declare(names, value);
            let second = self.declaration();
            return Statement::Block(vec![first, second]);
        }
        self.eat(";");
        Statement::Declare(names, value)
    }

    /// Skips a type of TypeScript, up to what can follow it.
    pub(super) fn skip_type(&mut self) {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Punctuation("=" | ")" | "," | ";" | "=>") => return,
                Kind::Punctuation("{" | "(" | "[") => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// Reads the parameters and the body of a function.
    pub(super) fn function(&mut self) -> Function {
        let parameters = self.parameters();
        if self.eat(":") {
            // The type of the result, up to the body.
            while self.at < self.tokens.len() && !self.is("{") && !self.is("=>") {
                self.at += 1;
            }
        }
        let body = if self.eat("{") {
            self.statements()
        } else {
            Vec::new()
        };
        self.eat("}");
        Function { parameters, body }
    }

    pub(super) fn parameters(&mut self) -> Vec<String> {
        let mut parameters = Vec::new();
        if !self.eat("(") {
            return parameters;
        }
        while !self.is(")") && self.at < self.tokens.len() {
            match self.word() {
                Some(name) => {
                    parameters.push(name);
                    self.eat("?");
                    if self.eat(":") {
                        self.skip_type();
                    }
                    if self.eat("=") {
                        self.expression();
                    }
                }
                None if self.is("{") || self.is("[") => {
                    self.skip_group();
                    parameters.push(String::new());
                    if self.eat(":") {
                        self.skip_type();
                    }
                }
                None => self.at += 1,
            }
            self.eat(",");
        }
        self.eat(")");
        parameters
    }
}
