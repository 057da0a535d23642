//! Runs the parts of a program: the whole file, which makes apps and layers, and the handlers of a
//! request.

use std::rc::Rc;

use super::program::App;
use super::syntax::{Expr, Function, Node, Statement};
use super::value::{Dialect, Scope, Value};
use crate::servers::request::{Request, Upstream};
use crate::servers::response::Response;
use crate::servers::source::Place;
use crate::text::Span;

/// The way on after a statement or a handler.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    /// The next statement.
    Go,
    /// `next()` was called.
    Next,
    /// The response is complete.
    Ended,
    /// `next(error)`, or an exception.
    Failed,
    /// The function returns.
    Return(Value),
    /// It is not known, for this reason.
    Unknown(String),
}

/// Steps that a program may take, so that a check ends.
const MAX_STEPS: usize = 20_000;
/// Items that statements add to a list or an object one by one, so that the time stays linear.
pub(super) const MAX_ITEMS: usize = 500;
const MAX_CALLS: usize = 12;

/// The state of a run.
pub(super) struct Run<'r> {
    pub(super) apps: Vec<App>,
    pub(super) request: Option<&'r Request>,
    pub(super) upstream: Upstream,
    pub(super) file: usize,
    pub(super) response: Response,
    pub(super) vary_at_the_end: Vec<(String, Span)>,
    /// The value or the failure that a callback was called with.
    pub(super) called_back: Option<Result<Value, Flow>>,
    /// Whether `next` was called.
    pub(super) is_next: bool,
    pub(super) is_ended: bool,
    pub(super) is_failed: bool,
    pub(super) status: Option<u16>,
    steps: usize,
    calls: usize,
    /// Whether statements run that depend on a condition that is not known.
    pub(super) is_conditional: bool,
    /// The members of `this`, of all classes of the file.
    pub(super) this: Scope,
}

impl<'r> Run<'r> {
    pub(super) fn new(file: usize) -> Self {
        Self {
            apps: Vec::new(),
            request: None,
            upstream: Upstream::default(),
            file,
            response: Response::new(200),
            vary_at_the_end: Vec::new(),
            called_back: None,
            is_next: false,
            is_ended: false,
            is_failed: false,
            status: None,
            steps: 0,
            calls: 0,
            is_conditional: false,
            this: Scope::default(),
        }
    }

    /// Starts the run of a request on apps that exist.
    pub(super) fn of_request(file: usize, apps: &[App], request: &'r Request, upstream: &Upstream) -> Self {
        Self {
            apps: apps.to_vec(),
            request: Some(request),
            upstream: upstream.clone(),
            ..Self::new(file)
        }
    }

    pub(super) fn method(&self) -> String {
        self.request
            .map_or(String::new(), |request| request.method.clone())
    }

    pub(super) fn field(&self, name: &str) -> Option<String> {
        self.request?.field(name).map(String::from)
    }

    pub(super) fn origin(&self) -> Option<String> {
        self.field("origin")
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place {
            file: self.file,
            span,
        }
    }

    /// Sets a field, and removes other lines of its name.
    pub(super) fn set(&mut self, name: &str, value: &str, span: Span) {
        self.response
            .fields
            .retain(|field| !field.name.eq_ignore_ascii_case(name));
        let place = self.place(span);
        self.response.push(name, value, Some(place));
    }

    /// Adds a name to `Vary`, unless it is there.
    pub(super) fn vary(&mut self, name: &str, span: Span) {
        let current = self.response.value("vary").unwrap_or("").to_owned();
        if current
            .split(',')
            .any(|member| member.trim().eq_ignore_ascii_case(name) || member.trim() == "*")
        {
            return;
        }
        let joined = if current.is_empty() {
            name.into()
        } else {
            format!("{current}, {name}")
        };
        self.set("Vary", &joined, span);
    }

    /// Records that a field is not known.
    pub(super) fn open(&mut self, name: &str, reason: &str) {
        if !self.response.open_names.iter().any(|(other, _)| other == name) {
            self.response.open_names.push((name.into(), reason.into()));
        }
    }

    pub(super) fn end(&mut self, status: u16, span: Span) -> Flow {
        self.status = Some(status);
        self.is_ended = true;
        self.response.decided_by = Some(self.place(span));
        Flow::Ended
    }

    pub(super) fn finish(&mut self, default: u16) {
        let status = self.status.unwrap_or(default);
        self.response.status = crate::servers::response::Value::Known(status);
        for (name, span) in std::mem::take(&mut self.vary_at_the_end) {
            self.vary(&name, span);
        }
    }

    /// Ends with a status whatever was set before.
    pub(super) fn finish_with(&mut self, status: u16) {
        self.status = Some(status);
        self.finish(status);
    }

    /// Runs the functions of a file that no statement calls but that make layers: a function that
    /// gets the app, or makes it and is called by another file.
    pub(super) fn functions(&mut self, statements: &[Statement], scope: &Scope) {
        if self.apps.iter().any(|app| !app.layers.is_empty()) {
            return;
        }
        for statement in statements {
            let function = match statement {
                Statement::Function(_, function) => Some(Rc::clone(function)),
                Statement::Declare(_, value) | Statement::Expression(value) => function_of(value),
                _ => None,
            };
            if let Some(function) = function {
                self.is_ended = false;
                self.call(&function, scope.clone(), &[]);
            }
        }
    }

    pub(super) fn statements(&mut self, statements: &[Statement], scope: &Scope) -> Flow {
        // Functions can be called before they are declared.
        for statement in statements {
            if let Statement::Function(name, function) = statement {
                scope.set(name, Value::Function(Rc::clone(function), scope.clone()));
            }
        }
        for statement in statements {
            match self.statement(statement, scope) {
                Flow::Go => {}
                flow => return flow,
            }
        }
        Flow::Go
    }

    fn statement(&mut self, statement: &Statement, scope: &Scope) -> Flow {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Flow::Unknown("the program takes too many steps".into());
        }
        match statement {
            Statement::Declare(names, value) => {
                let value = self.value(value, scope);
                for (name, member) in names {
                    let value = match (member, &value) {
                        (None, value) => value.clone(),
                        (Some(member), Value::Module(module, _)) => {
                            Value::Module(module.clone(), member.clone())
                        }
                        (Some(member), Value::Object(_)) => value.member(member),
                        (Some(member), Value::Request | Value::RequestHeaders) => self.member(&value, member),
                        _ => Value::unknown(format!("{name} is computed")),
                    };
                    scope.set(name, value);
                }
                self.flow()
            }
            Statement::Import(names, module) => {
                for (name, member) in names {
                    let member = if member == name
                        && !module.contains("hono")
                        && member != "Router"
                        && member != "fastifyCors"
                    {
                        "default"
                    } else {
                        member
                    };
                    scope.set(name, Value::Module(module.clone(), member.into()));
                }
                Flow::Go
            }
            Statement::Expression(expression) => {
                self.value(expression, scope);
                self.flow()
            }
            Statement::Block(statements) => self.statements(statements, scope),
            Statement::If(condition, then, other) => {
                let condition = self.value(condition, scope);
                match condition.truth() {
                    Some(true) => self.statements(then, scope),
                    Some(false) => self.statements(other, scope),
                    None if self.request.is_none() => {
                        // At the start, both happen: layers remember that they are conditional.
                        let before = std::mem::replace(&mut self.is_conditional, true);
                        self.statements(then, scope);
                        self.statements(other, scope);
                        self.is_conditional = before;
                        Flow::Go
                    }
                    None => {
                        let reason = condition
                            .reason()
                            .unwrap_or("a condition is not known")
                            .to_owned();
                        let touches = |branch: &[Statement]| {
                            format!("{branch:?}")
                                .to_ascii_lowercase()
                                .contains("access-control")
                        };
                        if touches(then)
                            || touches(other)
                            || self.called_back.is_none() && self.is_in_callback(scope)
                        {
                            return Flow::Unknown(reason);
                        }
                        let note = format!("a condition is taken to be false: {reason}");
                        if !self.response.notes.contains(&note) {
                            self.response.notes.push(note);
                        }
                        self.statements(other, scope)
                    }
                }
            }
            Statement::Return(value) => {
                let value = value
                    .as_ref()
                    .map_or(Value::Undefined, |value| self.value(value, scope));
                match self.flow() {
                    Flow::Go => Flow::Return(value),
                    flow => flow,
                }
            }
            Statement::Function(..) | Statement::Opaque => Flow::Go,
        }
    }

    /// Returns the value that is given under a condition: it is unknown if the condition is.
    pub(super) fn under_condition(&self, value: Value) -> Value {
        let is_data = matches!(
            value,
            Value::Undefined
                | Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::Regex(..)
                | Value::List(_)
                | Value::Object(_)
        );
        if self.is_conditional && is_data {
            Value::unknown("a value depends on a condition that is computed")
        } else {
            value
        }
    }

    fn is_in_callback(&self, scope: &Scope) -> bool {
        scope.get("\u{0}callback").is_some()
    }

    fn flow(&self) -> Flow {
        if self.request.is_none() {
            // At the start, a handler that is called answers nothing.
            Flow::Go
        } else if self.is_failed {
            Flow::Failed
        } else if self.is_ended {
            Flow::Ended
        } else {
            Flow::Go
        }
    }

    /// Calls a function of options, and returns what it calls back with or returns.
    pub(super) fn call_with_callback(
        &mut self,
        function: &Value,
        arguments: &[Value],
    ) -> Result<Value, Flow> {
        let Value::Function(function, scope) = function else {
            return Err(Flow::Unknown(
                "a function that is not in this file decides".into(),
            ));
        };
        let before = self.called_back.take();
        let scope = scope.inner();
        scope.set("\u{0}callback", Value::Undefined);
        let flow = self.call(function, scope, arguments);
        let called_back = std::mem::replace(&mut self.called_back, before);
        match (called_back, flow) {
            (Some(outcome), _) => outcome,
            (None, Flow::Return(value)) => Ok(value),
            (None, Flow::Unknown(reason)) => Err(Flow::Unknown(reason)),
            (None, _) => Err(Flow::Unknown("a function does not call back".into())),
        }
    }

    pub(super) fn call(&mut self, function: &Rc<Function>, scope: Scope, arguments: &[Value]) -> Flow {
        if self.calls >= MAX_CALLS {
            return Flow::Unknown("functions call each other too often".into());
        }
        self.calls += 1;
        let scope = scope.inner();
        for (index, name) in function.parameters.iter().enumerate() {
            scope.set(name, arguments.get(index).cloned().unwrap_or(Value::Undefined));
        }
        let flow = self.statements(&function.body, &scope);
        self.calls -= 1;
        flow
    }

    /// Runs a handler of a request.
    pub(super) fn handler(&mut self, handler: &Value, is_last: bool, span: Span) -> Flow {
        match handler {
            Value::Cors(dialect, options, span) => self.cors(*dialect, options, *span),
            Value::Function(function, scope) => {
                let is_hono = self.apps.iter().any(|app| app.dialect == Dialect::Hono);
                let arguments = if is_hono && function.parameters.len() <= 2 {
                    vec![Value::Request, Value::Next]
                } else if function.parameters.len() >= 4 {
                    // An error handler has four parameters, and is not called otherwise.
                    return Flow::Next;
                } else {
                    vec![Value::Request, Value::Response, Value::Next]
                };
                self.is_next = false;
                let flow = self.call(function, scope.clone(), &arguments);
                match flow {
                    Flow::Ended | Flow::Failed | Flow::Unknown(_) => flow,
                    _ if self.is_next => Flow::Next,
                    // A value that is returned is a response in Fastify and Hono.
                    _ if is_last => self.end(self.status.unwrap_or(200), span),
                    _ => Flow::Next,
                }
            }
            Value::List(handlers) => {
                for (index, handler) in handlers.iter().enumerate() {
                    match self.handler(handler, is_last && index + 1 == handlers.len(), span) {
                        Flow::Next => {}
                        flow => return flow,
                    }
                }
                Flow::Next
            }
            Value::Middleware(name) => {
                if name.contains("compression") {
                    self.open("vary", "compression adds Vary: Accept-Encoding to some responses");
                }
                if name.ends_with("static")
                    && matches!(self.method().as_str(), "GET" | "HEAD")
                    && self.upstream.files == Some(true)
                {
                    return self.end(200, span);
                }
                if is_last {
                    return self.end(200, span);
                }
                Flow::Next
            }
            _ if is_last => self.end(200, span),
            Value::Unknown(reason) => {
                let note = format!("it is taken to pass requests on: {reason}");
                if !self.response.notes.contains(&note) {
                    self.response.notes.push(note);
                }
                Flow::Next
            }
            _ => Flow::Next,
        }
    }

    /// Returns the value of an expression.
    pub(super) fn value(&mut self, expression: &Expr, scope: &Scope) -> Value {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Value::unknown("the program takes too many steps");
        }
        match &expression.node {
            Node::Text(text) => Value::Text(text.clone()),
            Node::Number(number) => Value::Number(*number),
            Node::Bool(bool) => Value::Bool(*bool),
            Node::Null => Value::Null,
            Node::Undefined => Value::Undefined,
            Node::Regex(pattern, flags) => Value::Regex(pattern.clone(), flags.clone()),
            Node::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    match &item.node {
                        Node::Spread(inner) => match self.value(inner, scope) {
                            Value::List(items) => list.extend(items),
                            other => list.push(Value::unknown(
                                other.reason().unwrap_or("a part of a list is computed"),
                            )),
                        },
                        _ => list.push(self.value(item, scope)),
                    }
                }
                Value::List(list)
            }
            Node::Object(members) => {
                let mut object: Vec<(String, Value)> = Vec::new();
                for (name, value) in members {
                    match (name.as_str(), self.value(value, scope)) {
                        ("...", Value::Object(members)) => object.extend(members),
                        (_, value) => object.push((name.clone(), value)),
                    }
                }
                Value::Object(object)
            }
            Node::Name(name) => match scope.get(name) {
                Some(value) => value,
                None if matches!(name.as_str(), "Error" | "require" | "Boolean" | "Array") => {
                    Value::Module(name.clone(), "default".into())
                }
                None => Value::unknown(format!("{name} is not in this file")),
            },
            Node::Function(function) => Value::Function(Rc::clone(function), scope.clone()),
            Node::Not(inner) => match self.value(inner, scope).truth() {
                Some(truth) => Value::Bool(!truth),
                None => Value::unknown("a condition is computed"),
            },
            Node::Choice(condition, then, other) => match self.value(condition, scope).truth() {
                Some(true) => self.value(then, scope),
                Some(false) => self.value(other, scope),
                None => Value::unknown("a value depends on a condition that is computed"),
            },
            Node::Binary(mark, left, right) => self.binary(mark, left, right, scope),
            Node::Assign(target, value) => {
                let value = self.value(value, scope);
                match &target.node {
                    // The names of the file keep their values while requests are answered.
                    Node::Name(name) if self.request.is_none() => {
                        scope.assign(name, self.under_condition(value.clone()));
                    }
                    Node::Name(name) => scope.set(name, value.clone()),
                    Node::Member(inner, name) if matches!(&inner.node, Node::Name(this) if this == "this") => {
                        self.this.set(name, value.clone());
                    }
                    Node::Member(inner, member) => {
                        if let Node::Name(name) = &inner.node
                            && self.request.is_none()
                            && let Some(Value::Object(mut members)) = scope.get(name)
                            && members.len() < MAX_ITEMS
                        {
                            members.retain(|(other, _)| other != member);
                            members.push((member.clone(), self.under_condition(value.clone())));
                            scope.assign(name, Value::Object(members));
                        }
                    }
                    _ => {}
                }
                value
            }
            Node::Member(inner, name) if matches!(&inner.node, Node::Name(this) if this == "this") => {
                let value = self.this.get(name);
                value.unwrap_or_else(|| Value::unknown(format!("this.{name} is not in this file")))
            }
            Node::Member(inner, name) => {
                let inner = self.value(inner, scope);
                self.member(&inner, name)
            }
            Node::Index(inner, index) => {
                let inner = self.value(inner, scope);
                match (self.value(index, scope), &inner) {
                    (Value::Text(name), _) => self.member(&inner, &name),
                    (Value::Number(number), Value::List(items)) => {
                        items.get(number as usize).cloned().unwrap_or(Value::Undefined)
                    }
                    _ => Value::unknown("an index is computed"),
                }
            }
            Node::New(class, arguments) => {
                let class = self.value(class, scope);
                match class {
                    Value::Module(module, _) if module == "Error" => Value::Error,
                    Value::Module(module, name)
                        if module.starts_with("hono") || name == "Hono" || name == "OpenAPIHono" =>
                    {
                        self.new_app(Dialect::Hono, expression.span)
                    }
                    _ => {
                        for argument in arguments {
                            self.value(argument, scope);
                        }
                        Value::unknown("an object is computed")
                    }
                }
            }
            Node::Call(function, arguments) => {
                self.call_expression(function, arguments, expression.span, scope)
            }
            Node::Spread(inner) => self.value(inner, scope),
            Node::Opaque => Value::unknown("a value is computed"),
        }
    }

    fn binary(&mut self, mark: &str, left: &Expr, right: &Expr, scope: &Scope) -> Value {
        let first = self.value(left, scope);
        match (mark, first.truth()) {
            ("||", Some(true)) | ("&&", Some(false)) => return first,
            ("||", Some(false)) | ("&&", Some(true)) => return self.value(right, scope),
            ("??", _) => match first {
                Value::Undefined | Value::Null => return self.value(right, scope),
                Value::Unknown(reason) => return Value::Unknown(reason),
                first => return first,
            },
            ("||", None) => {
                // `unknown || true` is true.
                let second = self.value(right, scope);
                return match (&second, second.truth()) {
                    (Value::Bool(true), _) => second,
                    (_, Some(true)) => {
                        Value::Something(first.reason().unwrap_or("a value is computed").into())
                    }
                    _ => first,
                };
            }
            ("&&", None) => {
                let second = self.value(right, scope);
                return if second.truth() == Some(false) {
                    second
                } else {
                    first
                };
            }
            _ => {}
        }
        let second = self.value(right, scope);
        if let Some(reason) = first.reason().or(second.reason()) {
            return Value::unknown(reason);
        }
        match (mark, &first, &second) {
            ("===" | "==", ..) => same(&first, &second),
            ("instanceof", value, Value::Text(class)) => match class.as_str() {
                "RegExp" => Value::Bool(matches!(value, Value::Regex(..))),
                "Array" => Value::Bool(matches!(value, Value::List(_))),
                // A text is not an object.
                "String" => Value::Bool(false),
                "Error" => Value::Bool(matches!(value, Value::Error)),
                class => Value::unknown(format!("instanceof {class} is computed")),
            },
            ("!==" | "!=", ..) => match same(&first, &second) {
                Value::Bool(bool) => Value::Bool(!bool),
                other => other,
            },
            ("+", Value::Text(_), _) | ("+", _, Value::Text(_)) => {
                match (first.as_field(","), second.as_field(",")) {
                    (Some(first), Some(second)) => Value::Text(first + &second),
                    _ => Value::unknown("a text is computed"),
                }
            }
            (_, Value::Number(first), Value::Number(second)) => match mark {
                "+" => Value::Number(first + second),
                "-" => Value::Number(first - second),
                "*" => Value::Number(first * second),
                "/" => Value::Number(first / second),
                "<" => Value::Bool(first < second),
                ">" => Value::Bool(first > second),
                "<=" => Value::Bool(first <= second),
                ">=" => Value::Bool(first >= second),
                _ => Value::unknown("a number is computed"),
            },
            _ => Value::unknown("a value is computed"),
        }
    }

    pub(super) fn member(&mut self, inner: &Value, name: &str) -> Value {
        match (inner, name) {
            (Value::Request, "headers") => Value::RequestHeaders,
            (Value::Request, "method") => Value::Text(self.method()),
            (Value::Request, "path" | "url" | "originalUrl") => self
                .request
                .map_or(Value::Undefined, |request| Value::Text(request.path().into())),
            // Hono's context has the request in `req`, Fastify's has `raw`.
            (Value::Request, "req" | "raw") => Value::Request,
            (Value::Request, "res") | (Value::Response, "raw") => Value::Response,
            (Value::RequestHeaders, name) => self.field(name).map_or(Value::Undefined, Value::Text),
            (Value::Object(_), _) if inner.members().iter().any(|(other, _)| other == name) => {
                inner.member(name)
            }
            (Value::List(items), "length") => Value::Number(items.len() as f64),
            (Value::Text(text), "length") => Value::Number(text.len() as f64),
            (Value::Module(module, _), "default") => Value::Module(module.clone(), "default".into()),
            (Value::Unknown(reason), _) => {
                // `process.env.ORIGIN` and the like; a method of it is not known either.
                Value::Method(Box::new(Value::Unknown(reason.clone())), name.into())
            }
            (Value::Method(inner, outer), name) if matches!(**inner, Value::Unknown(_)) => {
                Value::Method(inner.clone(), format!("{outer}.{name}"))
            }
            (Value::Undefined | Value::Null, _) => Value::Undefined,
            _ => Value::Method(Box::new(inner.clone()), name.into()),
        }
    }
}

/// Returns the function of a declaration or of `module.exports = function`.
fn function_of(value: &Expr) -> Option<Rc<Function>> {
    match &value.node {
        Node::Function(function) => Some(Rc::clone(function)),
        Node::Assign(_, value) => function_of(value),
        _ => None,
    }
}

pub(super) fn truth_of(result: Result<bool, String>) -> Value {
    result.map_or_else(Value::Unknown, Value::Bool)
}

/// Returns whether two values are the same.
pub(super) fn same(first: &Value, second: &Value) -> Value {
    Value::Bool(match (first, second) {
        (Value::Unknown(reason), _) | (_, Value::Unknown(reason)) => return Value::Unknown(reason.clone()),
        (Value::Text(first), Value::Text(second)) => first == second,
        (Value::Number(first), Value::Number(second)) => first == second,
        (Value::Bool(first), Value::Bool(second)) => first == second,
        (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
        (Value::Method(..), _) | (_, Value::Method(..)) => return Value::unknown("a value is computed"),
        _ => false,
    })
}
