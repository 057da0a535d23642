//! Values of expressions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use super::syntax::Function;
use crate::text::Span;

/// A value, or why it is not known.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Regex(String, String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Function(Rc<Function>, Scope),
    /// A module, or a member of one: `hono/cors` and `cors`.
    Module(String, String),
    /// A middleware of a `cors()`, with its options and its call.
    Cors(Dialect, Box<Value>, Span),
    /// A middleware or function of a package, by its name.
    Middleware(String),
    /// An app or a router, by its number.
    App(usize),
    /// `app.route(path)`.
    Route(usize, Box<Value>),
    Request,
    RequestHeaders,
    Response,
    /// `next`, and the callback of an `origin` function.
    Next,
    Callback,
    Error,
    /// The method of a value, before it is called.
    Method(Box<Value>, String),
    Unknown(String),
    /// A value that is not known, but that JavaScript takes for true.
    Something(String),
}

/// The packages that have a `cors()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `cors`, for Express.
    Express,
    /// `@fastify/cors`.
    Fastify,
    /// `hono/cors`.
    Hono,
}

impl Dialect {
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Express => "cors",
            Self::Fastify => "@fastify/cors",
            Self::Hono => "hono/cors",
        }
    }
}

/// The names that a function sees: its own, and those of the scopes outside, which may get more
/// names after the function was made.
#[derive(Clone, Default)]
pub(super) struct Scope(Rc<Names>);

#[derive(Default)]
struct Names {
    own: RefCell<HashMap<String, Value>>,
    outer: Option<Scope>,
}

impl Scope {
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(Self(names)) = scope {
            if let Some(value) = names.own.borrow().get(name) {
                return Some(value.clone());
            }
            scope = names.outer.as_ref();
        }
        None
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        self.0.own.borrow_mut().insert(name.into(), value);
    }

    /// Gives a name a new value in the scope that has it.
    pub(super) fn assign(&self, name: &str, value: Value) {
        let mut scope = Some(self);
        while let Some(Self(names)) = scope {
            if let Some(own) = names.own.borrow_mut().get_mut(name) {
                *own = value;
                return;
            }
            scope = names.outer.as_ref();
        }
        self.set(name, value);
    }

    /// Returns a scope inside this one.
    pub(super) fn inner(&self) -> Self {
        Self(Rc::new(Names {
            own: RefCell::default(),
            outer: Some(self.clone()),
        }))
    }

    /// Forgets all names. Functions and the scope that has their names refer to each other, so that
    /// neither is freed otherwise.
    pub(super) fn clear(&self) {
        self.0.own.borrow_mut().clear();
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}

impl Value {
    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }

    /// Returns whether JavaScript takes it for true; `None` if it is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(bool) => *bool,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            // What other files and packages export is not known.
            Self::Unknown(_) | Self::Module(..) | Self::Middleware(_) => return None,
            // A member that is not in the file: `process.env.ORIGIN`, or one that something else
            // gives to an object.
            Self::Method(..) => return None,
            _ => true,
        })
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a member of an object; undefined if there is none.
    pub(super) fn member(&self, name: &str) -> Self {
        match self {
            Self::Object(members) => {
                let found = members.iter().rev().find(|(other, _)| other == name);
                found.map_or(Self::Undefined, |(_, value)| value.clone())
            }
            _ => Self::Undefined,
        }
    }

    pub(super) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// Returns why the value, or a part of it, is not known.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unknown(reason) | Self::Something(reason) => Some(reason),
            Self::Method(inner, _) => inner.reason(),
            Self::List(items) => items.iter().find_map(Self::reason),
            _ => None,
        }
    }

    /// Writes a text, a number or a list as JavaScript does in a field.
    pub(super) fn as_field(&self, separator: &str) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(bool) => Some(bool.to_string()),
            Self::List(items) => {
                let texts: Option<Vec<String>> = items.iter().map(|item| item.as_field(separator)).collect();
                Some(texts?.join(separator))
            }
            _ => None,
        }
    }
}
