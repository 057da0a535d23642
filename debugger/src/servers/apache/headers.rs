//! `Header` and `RequestHeader`: what they say, and what they do to a table.

use super::expr::{Expr, Text};
use super::pattern::{Pattern, group};
use super::run::Transaction;
use super::table::Table;
use super::text::words;
use super::world::is_unknown;
use crate::servers::expression::Groups;
use crate::servers::source::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Set,
    SetIfEmpty,
    Add,
    Append,
    Merge,
    Unset,
    Echo,
    Edit,
    EditAll,
    Note,
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Always,
    Early,
    /// The variable, and whether it must be missing.
    Variable(String, bool),
    Expression(Box<Expr>),
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// `%{NAME}e`
    Variable(String),
    /// `%{NAME}s`
    Tls(String),
    /// `%t`, `%D` and others that depend on the moment.
    Moment(char),
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Pieces(Vec<Piece>),
    Expression(Box<Text>),
}

/// A `Header` or `RequestHeader`.
#[derive(Clone, Debug)]
pub(super) struct HeaderRule {
    pub(super) action: Action,
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) pattern: Option<Pattern>,
    pub(super) condition: Condition,
    pub(super) is_always: bool,
    pub(super) place: Place,
    /// The values as they are written, for hints.
    pub(super) literal: String,
}

impl HeaderRule {
    /// Reads what follows `Header` or, with `is_request`, `RequestHeader`.
    pub(super) fn read(raw: &str, is_request: bool, place: Place) -> Result<Self, String> {
        let mut words = words(raw).into_iter();
        let mut action = words.next().unwrap_or_default();
        let mut is_always = false;
        if !is_request {
            is_always = action.eq_ignore_ascii_case("always");
            if is_always || action.eq_ignore_ascii_case("onsuccess") {
                action = words.next().unwrap_or_default();
            }
        }
        let action = match action.to_ascii_lowercase().as_str() {
            "set" => Action::Set,
            "setifempty" => Action::SetIfEmpty,
            "add" => Action::Add,
            "append" => Action::Append,
            "merge" => Action::Merge,
            "unset" => Action::Unset,
            "echo" if !is_request => Action::Echo,
            "edit" => Action::Edit,
            "edit*" => Action::EditAll,
            "note" => Action::Note,
            other => {
                return Err(format!(
                    "{other:?} is not an action of Header; write set, append, merge, add, unset, edit, edit*, setifempty, echo or note"
                ));
            }
        };
        let name = words.next().unwrap_or_default();
        let name = name.split(':').next().unwrap_or("").to_owned();
        let takes_value = !matches!(action, Action::Unset | Action::Echo);
        let mut value = String::new();
        if takes_value {
            value = words
                .next()
                .ok_or_else(|| format!("Header needs a value for {name}"))?;
        }
        let mut pattern = None;
        let mut literal = value.clone();
        match action {
            Action::Edit | Action::EditAll => {
                pattern = Some(Pattern::new(&value, false));
                value = words
                    .next()
                    .ok_or("Header edit needs an expression and a replacement")?;
                literal = value.clone();
            }
            Action::Echo => pattern = Some(Pattern::new(&name, false)),
            _ => {}
        }
        let condition = match words.next() {
            None => Condition::Always,
            Some(word) if word.eq_ignore_ascii_case("early") => Condition::Early,
            Some(word) => {
                let lower = word.to_ascii_lowercase();
                if let Some(rest) = lower.strip_prefix("env=").map(|_| &word[4..]) {
                    match rest.strip_prefix('!') {
                        Some(name) => Condition::Variable(name.to_owned(), true),
                        None => Condition::Variable(rest.to_owned(), false),
                    }
                } else if lower.starts_with("expr=") {
                    Condition::Expression(Box::new(Expr::read(&word[5..])?))
                } else {
                    return Err(format!(
                        "{word:?} is not a condition of Header; write env=NAME, expr=EXPRESSION or early"
                    ));
                }
            }
        };
        if words.next().is_some() {
            return Err("Header has too many arguments; a value with spaces needs quotes".to_owned());
        }
        let content = match value.strip_prefix("expr=") {
            Some(text) => Content::Expression(Box::new(Text::read(text)?)),
            None => Content::Pieces(pieces(&value)?),
        };
        Ok(Self {
            action,
            name,
            content,
            pattern,
            condition,
            is_always,
            place,
            literal,
        })
    }

    fn value(&self, transaction: &mut Transaction<'_>) -> String {
        match &self.content {
            Content::Expression(text) => text.evaluate(transaction),
            Content::Pieces(pieces) => pieces.iter().map(|piece| piece.value(transaction)).collect(),
        }
    }

    fn applies(&self, transaction: &mut Transaction<'_>, is_early: bool) -> bool {
        match &self.condition {
            Condition::Early => is_early,
            _ if is_early => false,
            Condition::Always => true,
            Condition::Variable(name, must_be_missing) => {
                transaction.variable(name).is_some() != *must_be_missing
            }
            Condition::Expression(expression) => expression.holds(transaction),
        }
    }
}

impl Piece {
    fn value(&self, transaction: &Transaction<'_>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name) => transaction.variable(name).unwrap_or_else(|| "(null)".to_owned()),
            Self::Tls(name) => transaction.tls_variable(name),
            Self::Moment(letter) => transaction
                .world
                .unknown_text(&format!("%{letter} is different in each answer")),
        }
    }
}

/// Reads a value with `%{...}e` and its like.
fn pieces(value: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = value.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some('r') => text.push('\r'),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('\\') => text.push('\\'),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            },
            '%' => {
                if matches!(rest.peek(), None | Some('%')) {
                    rest.next();
                    text.push('%');
                    continue;
                }
                let mut argument = String::new();
                if rest.peek() == Some(&'{') {
                    rest.next();
                    argument.extend(rest.by_ref().take_while(|character| *character != '}'));
                }
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(match rest.next() {
                    Some('e') => Piece::Variable(argument),
                    Some('s') => Piece::Tls(argument),
                    Some(letter @ ('t' | 'D' | 'l' | 'i' | 'b')) => Piece::Moment(letter),
                    other => {
                        return Err(format!(
                            "%{} is not a format of Header; write %%, %t or %{{NAME}}e",
                            other.map(String::from).unwrap_or_default()
                        ));
                    }
                });
            }
            other => text.push(other),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// The table that rules are applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Request,
    Always,
    Success,
}

/// Applies rules in their order.
pub(super) fn apply(transaction: &mut Transaction<'_>, rules: &[HeaderRule], which: Which, is_early: bool) {
    for rule in rules {
        if !rule.applies(transaction, is_early) {
            continue;
        }
        let value = match rule.action {
            Action::Unset | Action::Echo | Action::Edit | Action::EditAll => String::new(),
            _ => rule.value(transaction),
        };
        let place = Some(rule.place);
        let name = rule.name.as_str();
        match rule.action {
            Action::Set => transaction.table(which).set(name, value, place),
            Action::SetIfEmpty => {
                if transaction.table(which).get(name).is_none() {
                    transaction.table(which).set(name, value, place);
                }
            }
            Action::Add => transaction.table(which).add(name, value, place),
            Action::Append => transaction.table(which).merge(name, &value, place),
            Action::Merge => {
                let has = transaction
                    .table(which)
                    .get(name)
                    .is_some_and(|old| members(old).any(|member| member == value));
                if !has {
                    transaction.table(which).merge(name, &value, place);
                }
            }
            Action::Unset => transaction.table(which).unset(name),
            Action::Note => {}
            Action::Echo => {
                let Some(pattern) = &rule.pattern else { continue };
                let echoed: Vec<_> = transaction
                    .headers_in
                    .entries()
                    .iter()
                    .filter(|entry| pattern.find(&entry.name, transaction.world).is_some())
                    .cloned()
                    .collect();
                for entry in echoed {
                    transaction.out.add(&entry.name, entry.value, place);
                }
            }
            Action::Edit | Action::EditAll => {
                let mut entries = transaction.table(which).take(name);
                for entry in &mut entries {
                    entry.value = edit(rule, &entry.value, transaction);
                    entry.place = place;
                }
                transaction.table(which).extend(entries);
            }
        }
    }
}

fn members(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(|member| member.trim_start())
}

fn edit(rule: &HeaderRule, value: &str, transaction: &mut Transaction<'_>) -> String {
    let Some(pattern) = &rule.pattern else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut rest = value;
    // The expression may match the empty text; each character is passed once at most.
    for _ in 0..=value.len() {
        let Some(groups) = pattern.find(rest, transaction.world) else {
            break;
        };
        let whole = group(&groups, 0).len();
        if is_unknown(group(&groups, 0)) {
            return transaction.world.unknown_text("the edited value is not known");
        }
        let start = groups.end - whole;
        out.push_str(&rest[..start]);
        let template = rule.value(transaction);
        out.push_str(&replace(&template, &groups));
        rest = &rest[groups.end..];
        if rule.action == Action::Edit || whole == 0 {
            break;
        }
    }
    out.push_str(rest);
    out
}

fn replace(template: &str, groups: &Groups) -> String {
    super::pattern::substitute(template, groups)
}

/// Returns the lines of tables in the order of the answer.
pub(super) fn all(tables: [&Table; 2]) -> impl Iterator<Item = &super::table::Entry> {
    tables.into_iter().flat_map(|table| table.entries())
}
