//! Apache's expressions (`ap_expr`): `expr=`, `<If>`, `Require expr`, `SetEnvIfExpr`.

use super::pattern::{Pattern, group, shell_match};
use super::run::Transaction;
use super::world::is_unknown;

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Constant(bool),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Text, String, Text),
    Match(Text, Pattern, bool),
    In(Text, Vec<Text>),
    Unary(char, Text),
    /// A condition that is not simulated, as it is written.
    Unknown(String),
}

/// A text with variables and functions in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Text(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    Variable(String),
    Function(String, Text),
    Group(usize),
}

/// Parentheses inside each other, at most.
const DEEPEST: usize = 40;

impl Expr {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            text: text.chars().collect(),
            at: 0,
            depth: 0,
        };
        let expr = reader.or()?;
        reader.space();
        if reader.at < reader.text.len() {
            return Err(reader.error());
        }
        Ok(expr)
    }

    pub(super) fn holds(&self, transaction: &mut Transaction<'_>) -> bool {
        let mut vary = Vec::new();
        let holds = self.evaluate(transaction, &mut vary);
        transaction.depend(&vary);
        holds
    }

    fn evaluate(&self, transaction: &mut Transaction<'_>, vary: &mut Vec<String>) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Not(inner) => !inner.evaluate(transaction, vary),
            Self::And(parts) => parts.iter().all(|part| part.evaluate(transaction, vary)),
            Self::Or(parts) => parts.iter().any(|part| part.evaluate(transaction, vary)),
            Self::Unknown(text) => transaction
                .world
                .decide(&format!("the expression {text:?} holds, which is not simulated")),
            Self::Compare(left, operator, right) => {
                let left = left.text(transaction, vary);
                let right = right.text(transaction, vary);
                compare(transaction, &left, operator, &right)
            }
            Self::Match(text, pattern, is_negated) => {
                let text = text.text(transaction, vary);
                match pattern.find(&text, transaction.world) {
                    Some(groups) => {
                        if !is_negated {
                            transaction.groups = Some(groups);
                        }
                        !is_negated
                    }
                    None => *is_negated,
                }
            }
            Self::In(text, list) => {
                let text = text.text(transaction, vary);
                list.iter().any(|item| {
                    let item = item.text(transaction, vary);
                    compare(transaction, &text, "==", &item)
                })
            }
            Self::Unary(operator, text) => {
                let text = text.text(transaction, vary);
                match operator {
                    'z' | 'n' if is_unknown(&text) => {
                        let reason = transaction.world.doubt_in(&text).unwrap_or_default();
                        transaction.world.decide(&format!("the text is empty ({reason})"))
                            == (*operator == 'z')
                    }
                    'z' => text.is_empty(),
                    'n' => !text.is_empty(),
                    'T' => !matches!(
                        text.to_ascii_lowercase().as_str(),
                        "" | "0" | "off" | "false" | "no"
                    ),
                    'e' => transaction.is_file(&text) || transaction.is_directory(&text),
                    'f' | 's' | 'F' => transaction.is_file(&text),
                    'd' => transaction.is_directory(&text),
                    'h' | 'L' => false,
                    'R' => transaction.is_remote_in(&text),
                    other => transaction
                        .world
                        .decide(&format!("-{other} {text} holds, which is not simulated")),
                }
            }
        }
    }

    /// Calls `visit` with each expression and text that is compared.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(Option<&Pattern>, Option<&str>)) {
        match self {
            Self::Not(inner) => inner.visit(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Match(_, pattern, _) => visit(Some(pattern), None),
            Self::Compare(left, _, right) => {
                for text in [left, right] {
                    visit(None, text.literal());
                }
            }
            Self::In(_, list) => list.iter().for_each(|text| visit(None, text.literal())),
            Self::Constant(_) | Self::Unary(..) | Self::Unknown(_) => {}
        }
    }
}

fn compare(transaction: &Transaction<'_>, left: &str, operator: &str, right: &str) -> bool {
    if (is_unknown(left) || is_unknown(right)) && left != right {
        let reason = transaction
            .world
            .doubt_in(left)
            .or_else(|| transaction.world.doubt_in(right))
            .unwrap_or_default();
        return transaction
            .world
            .decide(&format!("the comparison {operator} holds ({reason})"));
    }
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
    match operator {
        "==" | "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        "-eq" | "eq" => number(left) == number(right),
        "-ne" | "ne" => number(left) != number(right),
        "-lt" | "lt" => number(left) < number(right),
        "-le" | "le" => number(left) <= number(right),
        "-gt" | "gt" => number(left) > number(right),
        "-ge" | "ge" => number(left) >= number(right),
        "-strmatch" => shell_match(right, left, false),
        "-strcmatch" => shell_match(&right.to_ascii_lowercase(), &left.to_ascii_lowercase(), false),
        "-fnmatch" => shell_match(right, left, true),
        _ => transaction.world.decide(&format!(
            "{left} {operator} {right} holds, which is not simulated"
        )),
    }
}

impl Text {
    /// Reads a text such as `https://%{HTTP_HOST}`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            text: text.chars().collect(),
            at: 0,
            depth: 0,
        };
        reader.template(None)
    }

    /// Returns the text. Unlike a condition, an expression that is a text adds no `Vary`.
    pub(super) fn evaluate(&self, transaction: &mut Transaction<'_>) -> String {
        self.text(transaction, &mut Vec::new())
    }

    fn text(&self, transaction: &mut Transaction<'_>, vary: &mut Vec<String>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Group(index) => {
                    out.push_str(
                        transaction
                            .groups
                            .as_ref()
                            .map_or("", |groups| group(groups, *index)),
                    );
                }
                Part::Variable(name) => out.push_str(&transaction.expression_variable(name, vary)),
                Part::Function(name, argument) => {
                    let argument = argument.text(transaction, vary);
                    out.push_str(&function(transaction, name, &argument, vary));
                }
            }
        }
        out
    }

    fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

fn function(transaction: &Transaction<'_>, name: &str, argument: &str, vary: &mut Vec<String>) -> String {
    match name.to_ascii_lowercase().as_str() {
        "req" | "http" => {
            vary.push(argument.to_owned());
            transaction.headers_in.get(argument).unwrap_or("").to_owned()
        }
        "req_novary" => transaction.headers_in.get(argument).unwrap_or("").to_owned(),
        "resp" => transaction
            .out
            .get(argument)
            .or_else(|| transaction.err.get(argument))
            .unwrap_or("")
            .to_owned(),
        "reqenv" | "env" | "v" => transaction.variable(argument).unwrap_or_default(),
        "note" => String::new(),
        "osenv" => transaction
            .world
            .unknown_text("variables of the operating system are not known"),
        "tolower" => argument.to_ascii_lowercase(),
        "toupper" => argument.to_ascii_uppercase(),
        other => transaction
            .world
            .unknown_text(&format!("the function {other} of expressions is not simulated")),
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn error(&self) -> String {
        let text: String = self.text.iter().collect();
        format!(
            "the expression {text:?} is not understood from byte {} on",
            self.at
        )
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, wanted: &str) -> bool {
        self.space();
        let is_there = self.starts(wanted);
        if is_there {
            self.at += wanted.chars().count();
        }
        is_there
    }

    fn starts(&self, wanted: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        wanted
            .chars()
            .enumerate()
            .all(|(index, character)| rest.get(index) == Some(&character))
    }

    fn or(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the expression has too many parentheses".to_owned());
        }
        let mut parts = vec![self.and()?];
        while self.eat("||") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::Or(parts)
        })
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.not()?];
        while self.eat("&&") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::And(parts)
        })
    }

    fn not(&mut self) -> Result<Expr, String> {
        let mut is_negated = false;
        self.space();
        while self.peek() == Some('!') {
            self.at += 1;
            self.space();
            is_negated = !is_negated;
        }
        let inner = self.primary()?;
        Ok(if is_negated {
            Expr::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn primary(&mut self) -> Result<Expr, String> {
        self.space();
        if self.eat("(") {
            let inner = self.or()?;
            if !self.eat(")") {
                return Err(self.error());
            }
            return Ok(inner);
        }
        for (word, value) in [("true", true), ("false", false)] {
            let after = self.text.get(self.at + word.len());
            if self.starts(word) && !after.is_some_and(|c| c.is_alphanumeric() || *c == '(') {
                self.at += word.len();
                return Ok(Expr::Constant(value));
            }
        }
        if self.peek() == Some('-')
            && let Some(letter) = self.text.get(self.at + 1).copied()
            && letter.is_ascii_alphabetic()
            && self
                .text
                .get(self.at + 2)
                .is_some_and(|c| c.is_whitespace() || matches!(c, '\'' | '"' | '%'))
        {
            self.at += 2;
            let text = self.word()?;
            return Ok(Expr::Unary(letter, text));
        }
        let left = self.word()?;
        self.space();
        for operator in ["=~", "!~"] {
            if self.eat(operator) {
                let pattern = self.regex()?;
                return Ok(Expr::Match(left, pattern, operator == "!~"));
            }
        }
        if self.starts("-in") || self.starts("in ") {
            self.at += if self.starts("-in") { 3 } else { 2 };
            if !self.eat("{") {
                return Ok(Expr::Unknown("-in".to_owned()));
            }
            let mut list = vec![self.word()?];
            while self.eat(",") {
                list.push(self.word()?);
            }
            return if self.eat("}") {
                Ok(Expr::In(left, list))
            } else {
                Err(self.error())
            };
        }
        for operator in [
            "==",
            "!=",
            "<=",
            ">=",
            "<",
            ">",
            "=",
            "-strcmatch",
            "-strmatch",
            "-fnmatch",
            "-ipmatch",
            "-eq",
            "-ne",
            "-lt",
            "-le",
            "-gt",
            "-ge",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
        ] {
            if self.eat(operator) {
                let right = self.word()?;
                return Ok(Expr::Compare(left, operator.to_owned(), right));
            }
        }
        Err(self.error())
    }

    fn regex(&mut self) -> Result<Pattern, String> {
        self.space();
        if self.peek() == Some('m') {
            self.at += 1;
        }
        let close = self.peek().ok_or_else(|| self.error())?;
        self.at += 1;
        let mut text = String::new();
        loop {
            let character = self.peek().ok_or_else(|| self.error())?;
            self.at += 1;
            match character {
                '\\' if self.peek() == Some(close) => {
                    text.push(close);
                    self.at += 1;
                }
                '\\' => {
                    text.push('\\');
                    text.extend(self.peek());
                    self.at += 1;
                }
                _ if character == close => break,
                _ => text.push(character),
            }
        }
        let mut ignores_case = false;
        while let Some(flag @ ('i' | 's' | 'm' | 'g')) = self.peek() {
            ignores_case |= flag == 'i';
            self.at += 1;
        }
        Ok(Pattern::new(&text, ignores_case))
    }

    /// Reads texts that are joined by dots.
    fn word(&mut self) -> Result<Text, String> {
        let mut text = self.single()?;
        loop {
            let before = self.at;
            self.space();
            if self.peek() != Some('.') {
                self.at = before;
                return Ok(text);
            }
            self.at += 1;
            self.space();
            text.0.append(&mut self.single()?.0);
        }
    }

    fn single(&mut self) -> Result<Text, String> {
        self.space();
        match self.peek() {
            Some(quote @ ('\'' | '"')) => {
                self.at += 1;
                let text = self.template(Some(quote))?;
                if self.peek() != Some(quote) {
                    return Err(self.error());
                }
                self.at += 1;
                Ok(text)
            }
            Some('%') if self.starts("%{") => Ok(Text(vec![self.variable()?])),
            Some('$') => {
                self.at += 1;
                let digit = self
                    .peek()
                    .and_then(|c| c.to_digit(10))
                    .ok_or_else(|| self.error())?;
                self.at += 1;
                Ok(Text(vec![Part::Group(digit as usize)]))
            }
            Some(character) if character.is_alphanumeric() || character == '_' || character == '-' => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
                {
                    self.at += 1;
                }
                let name: String = self.text[start..self.at].iter().collect();
                if self.peek() == Some('(') {
                    self.at += 1;
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err("the expression has too many parentheses".to_owned());
                    }
                    let argument = self.word()?;
                    self.depth -= 1;
                    if !self.eat(")") {
                        return Err(self.error());
                    }
                    return Ok(Text(vec![Part::Function(name, argument)]));
                }
                Ok(Text(vec![Part::Literal(name)]))
            }
            _ => Err(self.error()),
        }
    }

    /// Reads a text with variables up to a quote, or up to the end.
    fn template(&mut self, close: Option<char>) -> Result<Text, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        while let Some(character) = self.peek() {
            if Some(character) == close {
                break;
            }
            let is_group = character == '$' && self.text.get(self.at + 1).is_some_and(char::is_ascii_digit);
            if self.starts("%{") || is_group {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                if is_group {
                    let digit = self.text[self.at + 1].to_digit(10).unwrap_or(0);
                    parts.push(Part::Group(digit as usize));
                    self.at += 2;
                } else {
                    parts.push(self.variable()?);
                }
                continue;
            }
            self.at += 1;
            if character == '\\' {
                match self.peek() {
                    Some(next) => {
                        literal.push(match next {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            other => other,
                        });
                        self.at += 1;
                    }
                    None => literal.push('\\'),
                }
            } else {
                literal.push(character);
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Text(parts))
    }

    fn variable(&mut self) -> Result<Part, String> {
        self.at += 2;
        let start = self.at;
        while self.peek().is_some_and(|c| c != '}') {
            self.at += 1;
        }
        if self.peek().is_none() {
            return Err(self.error());
        }
        let inside: String = self.text[start..self.at].iter().collect();
        self.at += 1;
        Ok(match inside.split_once(':') {
            Some((name, argument)) => {
                Part::Function(name.to_owned(), Text(vec![Part::Literal(argument.to_owned())]))
            }
            None => Part::Variable(inside),
        })
    }
}
