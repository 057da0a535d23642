//! Calls: of functions, of what modules export, and of methods of apps, responses and values.

use std::rc::Rc;

use super::program::{App, Handlers, Layer};
use super::run::{Flow, MAX_ITEMS, Run, same, truth_of};
use super::syntax::{Expr, Node};
use super::value::{Dialect, Scope, Value};
use crate::text::Span;

impl Run<'_> {
    pub(super) fn new_app(&mut self, dialect: Dialect, span: Span) -> Value {
        self.apps.push(App {
            dialect,
            layers: Vec::new(),
            span,
            is_mounted: false,
            listens: false,
            base: String::new(),
        });
        Value::App(self.apps.len() - 1)
    }

    pub(super) fn call_expression(
        &mut self,
        function: &Expr,
        arguments: &[Expr],
        span: Span,
        scope: &Scope,
    ) -> Value {
        let callee = self.value(function, scope);
        // An app that the file does not make is a parameter, or comes from another file.
        if let (Value::Method(..) | Value::Undefined, Node::Member(inner, method)) = (&callee, &function.node)
            && let Node::Name(name) = &inner.node
            && self.request.is_none()
            && scope
                .get(name)
                .is_none_or(|value| matches!(value, Value::Unknown(_) | Value::Undefined))
            && matches!(method.as_str(), "use" | "options" | "register")
        {
            let values: Vec<Value> = arguments
                .iter()
                .map(|argument| self.value(argument, scope))
                .collect();
            let is_cors = values
                .iter()
                .any(|value| matches!(value, Value::Cors(..) | Value::Module(..)));
            if is_cors || matches!(name.as_str(), "app" | "server" | "router" | "fastify") {
                let dialect = if method == "register" {
                    Dialect::Fastify
                } else {
                    Dialect::Express
                };
                let app = self.new_app(dialect, span);
                scope.set(name, app.clone());
                return self.call_method(&app, method, values, span);
            }
        }
        let mut values = Vec::new();
        for argument in arguments {
            match &argument.node {
                Node::Spread(inner) => match self.value(inner, scope) {
                    Value::List(items) => values.extend(items),
                    other => values.push(other),
                },
                _ => values.push(self.value(argument, scope)),
            }
        }
        if let (Value::Method(inner, method), Node::Member(target, _)) = (&callee, &function.node)
            && let (Value::List(items), Node::Name(name)) = (&**inner, &target.node)
            && matches!(method.as_str(), "push" | "unshift")
            && self.request.is_none()
        {
            let mut items = items.clone();
            if items.len() >= MAX_ITEMS {
                return Value::unknown("a list is too long");
            }
            items.extend(values.into_iter().map(|value| self.under_condition(value)));
            let length = items.len() as f64;
            scope.assign(name, Value::List(items));
            return Value::Number(length);
        }
        match callee {
            Value::Method(inner, name) => self.call_method(&inner, &name, values, span),
            Value::Module(module, name) => self.call_module(&module, &name, values, span),
            Value::Function(function, scope) => match self.call(&function, scope, &values) {
                Flow::Return(value) => value,
                Flow::Unknown(reason) => Value::Unknown(reason),
                _ => Value::Undefined,
            },
            Value::Next => {
                match values.first() {
                    None | Some(Value::Undefined | Value::Null) => self.is_next = true,
                    Some(_) => self.is_failed = true,
                }
                Value::Undefined
            }
            Value::Callback => {
                let error = values.first().cloned().unwrap_or(Value::Undefined);
                let value = values.get(1).cloned().unwrap_or(Value::Undefined);
                if self.called_back.is_none() {
                    self.called_back = Some(match error.truth() {
                        Some(false) => Ok(value),
                        Some(true) => Err(Flow::Failed),
                        None => Err(Flow::Unknown("a callback gets a computed value".into())),
                    });
                }
                Value::Undefined
            }
            Value::Unknown(reason) => {
                Value::unknown(format!("a function is called that is not known: {reason}"))
            }
            _ => Value::unknown("a call is computed"),
        }
    }

    fn call_module(&mut self, module: &str, name: &str, values: Vec<Value>, span: Span) -> Value {
        let options = || values.first().cloned().unwrap_or(Value::Object(Vec::new()));
        match (module, name) {
            ("require", _) => match values.first() {
                Some(Value::Text(module)) => Value::Module(module.clone(), "default".into()),
                _ => Value::unknown("a module is computed"),
            },
            ("Error", _) => Value::Error,
            ("Boolean", _) => values
                .first()
                .and_then(Value::truth)
                .map_or(Value::unknown("computed"), Value::Bool),
            ("express", "default" | "Router") => self.new_app(Dialect::Express, span),
            ("fastify", _) => self.new_app(Dialect::Fastify, span),
            ("cors", _) => Value::Cors(Dialect::Express, Box::new(options()), span),
            ("hono/cors", _) => Value::Cors(Dialect::Hono, Box::new(options()), span),
            (module, _) => Value::Middleware(module.into()),
        }
    }

    fn call_method(&mut self, inner: &Value, name: &str, values: Vec<Value>, span: Span) -> Value {
        match inner {
            Value::App(app) => self.register(*app, name, values, span),
            Value::Route(app, path) => {
                let mut all = vec![(**path).clone()];
                all.extend(values);
                self.register(*app, name, all, span);
                inner.clone()
            }
            Value::Module(module, _) if module == "express" && name == "Router" => {
                self.new_app(Dialect::Express, span)
            }
            Value::Module(module, _) if module == "Array" && name == "isArray" => {
                Value::Bool(matches!(values.first(), Some(Value::List(_))))
            }
            Value::Module(module, _) if name == "Hono" => {
                let _ = module;
                self.new_app(Dialect::Hono, span)
            }
            Value::Module(module, _) => Value::Middleware(format!("{module}.{name}")),
            Value::Request => match (name, values.first()) {
                ("get" | "header", Some(Value::Text(field))) => {
                    self.field(field).map_or(Value::Undefined, Value::Text)
                }
                // Hono's context answers.
                ("json" | "text" | "html" | "body", _) => {
                    if let Some(Value::Number(status)) = values.get(1) {
                        self.status = Some(*status as u16);
                    }
                    self.end(self.status.unwrap_or(200), span);
                    Value::Undefined
                }
                ("header" | "status", _) => self.respond(name, &values, span),
                _ => Value::unknown(format!("req.{name} is computed")),
            },
            Value::Response => self.respond(name, &values, span),
            Value::Text(_) | Value::List(_) | Value::Regex(..) => self.call_of_value(inner, name, &values),
            // What these return is an array.
            Value::Unknown(reason)
                if matches!(name, "split" | "map" | "filter" | "concat") || name.ends_with(".split") =>
            {
                Value::List(vec![Value::unknown(reason.clone())])
            }
            Value::Unknown(reason) => Value::unknown(if reason.contains(name) {
                reason.clone()
            } else {
                format!("{reason} ({name})")
            }),
            _ => Value::unknown(format!("{name} is computed")),
        }
    }

    /// Calls a method of the response.
    fn respond(&mut self, name: &str, values: &[Value], span: Span) -> Value {
        match (name, values) {
            ("header" | "set" | "setHeader" | "append" | "appendHeader", [Value::Text(field), value]) => {
                match value.as_field(", ") {
                    Some(text) if name.starts_with("append") => {
                        let place = self.place(span);
                        self.response.push(field, &text, Some(place));
                    }
                    Some(text) => self.set(field, &text, span),
                    None if matches!(value, Value::Undefined | Value::Null) => {}
                    None => self.open(
                        &field.to_ascii_lowercase(),
                        value.reason().unwrap_or("the value is computed"),
                    ),
                }
            }
            ("header" | "set", [Value::Object(members)]) => {
                for (field, value) in members {
                    match value.as_field(", ") {
                        Some(text) => self.set(field, &text, span),
                        None => self.open(&field.to_ascii_lowercase(), "the value is computed"),
                    }
                }
            }
            ("removeHeader", [Value::Text(field)]) => {
                self.response
                    .fields
                    .retain(|other| !other.name.eq_ignore_ascii_case(field));
            }
            ("vary", [value]) => {
                for member in value.as_field(",").unwrap_or_default().split(',') {
                    self.vary(member.trim(), span);
                }
            }
            ("status" | "code", [Value::Number(status)]) => self.status = Some(*status as u16),
            ("writeHead", [Value::Number(status), rest @ ..]) => {
                self.status = Some(*status as u16);
                if let Some(Value::Object(members)) = rest.last() {
                    for (field, value) in members {
                        if let Some(text) = value.as_field(", ") {
                            self.set(field, &text, span);
                        }
                    }
                }
            }
            ("sendStatus", [Value::Number(status)]) => {
                self.end(*status as u16, span);
            }
            ("redirect", _) => {
                self.vary("Accept", span);
                let status = match values.first() {
                    Some(Value::Number(status)) => *status as u16,
                    _ => 302,
                };
                self.end(status, span);
            }
            ("send" | "json" | "jsonp" | "end" | "render" | "sendFile" | "download" | "pipe", _) => {
                self.end(self.status.unwrap_or(200), span);
            }
            _ => {}
        }
        Value::Response
    }

    fn call_of_value(&mut self, inner: &Value, name: &str, values: &[Value]) -> Value {
        if let Some(reason) = values.iter().find_map(Value::reason) {
            return Value::unknown(reason);
        }
        match (inner, name, values) {
            (Value::List(items), "includes" | "indexOf", [value]) => {
                let mut found = None;
                for (index, item) in items.iter().enumerate() {
                    match same(item, value) {
                        Value::Bool(true) => {
                            found = Some(index);
                            break;
                        }
                        Value::Bool(false) => {}
                        other => return other,
                    }
                }
                match name {
                    "includes" => Value::Bool(found.is_some()),
                    _ => Value::Number(found.map_or(-1.0, |index| index as f64)),
                }
            }
            (
                Value::List(items),
                "some" | "every" | "find" | "filter" | "map",
                [Value::Function(function, scope)],
            ) => {
                let mut results = Vec::new();
                for item in items {
                    let result = match self.call(function, scope.clone(), std::slice::from_ref(item)) {
                        Flow::Return(value) => value,
                        _ => Value::Undefined,
                    };
                    results.push((item.clone(), result));
                }
                if name == "map" {
                    return Value::List(results.into_iter().map(|(_, result)| result).collect());
                }
                let truths: Option<Vec<bool>> = results.iter().map(|(_, result)| result.truth()).collect();
                let Some(truths) = truths else {
                    return Value::unknown("a condition is computed");
                };
                match name {
                    "some" => Value::Bool(truths.contains(&true)),
                    "every" => Value::Bool(!truths.contains(&false)),
                    "find" => {
                        let found = truths.iter().position(|truth| *truth);
                        found.map_or(Value::Undefined, |index| items[index].clone())
                    }
                    _ => Value::List(
                        items
                            .iter()
                            .zip(truths)
                            .filter(|(_, truth)| *truth)
                            .map(|(item, _)| item.clone())
                            .collect(),
                    ),
                }
            }
            (Value::List(items), "filter", [Value::Module(module, _)]) if module == "Boolean" => {
                let is_kept = |item: &&Value| item.truth() != Some(false);
                Value::List(items.iter().filter(is_kept).cloned().collect())
            }
            (Value::List(items), "flat", []) => {
                let inner = items.iter().flat_map(|item| match item {
                    Value::List(items) => items.clone(),
                    other => vec![other.clone()],
                });
                Value::List(inner.collect())
            }
            (Value::List(items), "concat", [Value::List(more)]) => {
                Value::List([items.as_slice(), more].concat())
            }
            (Value::List(_), "join", _) => {
                let separator = values.first().and_then(Value::text).unwrap_or(",");
                inner
                    .as_field(separator)
                    .map_or(Value::unknown("a list is computed"), Value::Text)
            }
            (Value::Text(text), "startsWith", [Value::Text(part)]) => {
                Value::Bool(text.starts_with(part.as_str()))
            }
            (Value::Text(text), "endsWith", [Value::Text(part)]) => {
                Value::Bool(text.ends_with(part.as_str()))
            }
            (Value::Text(text), "includes", [Value::Text(part)]) => Value::Bool(text.contains(part.as_str())),
            (Value::Text(text), "indexOf", [Value::Text(part)]) => {
                Value::Number(text.find(part.as_str()).map_or(-1.0, |at| at as f64))
            }
            (Value::Text(text), "split", [Value::Text(part)]) => Value::List(
                text.split(part.as_str())
                    .map(|part| Value::Text(part.into()))
                    .collect(),
            ),
            (Value::Text(text), "trim", []) => Value::Text(text.trim().into()),
            (Value::Text(text), "toLowerCase", []) => Value::Text(text.to_lowercase()),
            (Value::Text(text), "toUpperCase", []) => Value::Text(text.to_uppercase()),
            (Value::Regex(..), "test", [Value::Undefined]) => truth_of(super::cors::admits(inner, None)),
            (Value::Regex(..), "test" | "exec", [Value::Text(text)]) => {
                truth_of(super::cors::admits(inner, Some(text)))
            }
            (Value::Text(text), "match" | "search", [regex @ Value::Regex(..)]) => {
                truth_of(super::cors::admits(regex, Some(text)))
            }
            _ => Value::unknown(format!("{name} is computed")),
        }
    }

    fn register(&mut self, app: usize, name: &str, mut values: Vec<Value>, span: Span) -> Value {
        match name {
            "listen" | "ready" | "fire" => self.apps[app].listens = true,
            "set" | "disable" | "enable" | "engine" | "addHook" | "decorate" | "setErrorHandler"
            | "onError" | "notFound" => {}
            "basePath" => {
                if let Some(Value::Text(base)) = values.first() {
                    self.apps[app].base = base.clone();
                }
                return Value::App(app);
            }
            "route" if self.apps[app].dialect == Dialect::Express => {
                let path = values.into_iter().next().unwrap_or(Value::Undefined);
                return Value::Route(app, Box::new(path));
            }
            "register" => {
                let options = values.get(1).cloned().unwrap_or(Value::Object(Vec::new()));
                match values.first() {
                    Some(Value::Module(module, _))
                        if matches!(module.as_str(), "@fastify/cors" | "fastify-cors") =>
                    {
                        let cors = Value::Cors(Dialect::Fastify, Box::new(options), span);
                        self.add(app, Layer::every(Handlers::of(vec![cors]), span), true);
                    }
                    Some(Value::Function(function, scope)) => {
                        // A plugin that is a function gets the app.
                        let prefix = options.member("prefix");
                        let _ = prefix;
                        let function = Rc::clone(function);
                        let scope = scope.clone();
                        self.call(&function, scope, &[Value::App(app), options, Value::Next]);
                    }
                    _ => {}
                }
                return Value::App(app);
            }
            "use" | "all" | "get" | "post" | "put" | "delete" | "patch" | "options" | "head" | "del"
            | "route" | "on" => {
                if name == "get" && values.len() == 1 && matches!(values[0], Value::Text(_)) {
                    return Value::unknown("a setting of the app");
                }
                let is_path = |value: &Value| match value {
                    Value::Text(_) | Value::Regex(..) => true,
                    Value::List(items) => {
                        items
                            .iter()
                            .all(|item| matches!(item, Value::Text(_) | Value::Regex(..)))
                            && !items.is_empty()
                    }
                    _ => false,
                };
                let has_path = values.first().is_some_and(is_path);
                let path = if has_path { Some(values.remove(0)) } else { None };
                for value in &values {
                    if let Value::App(inner) = value {
                        self.apps[*inner].is_mounted = true;
                    }
                }
                // Fastify's routes may have options before the handler.
                if self.apps[app].dialect == Dialect::Fastify {
                    values.retain(|value| !matches!(value, Value::Object(_)));
                }
                let layer = Layer {
                    path,
                    method: match name {
                        "use" | "route" => None,
                        "all" | "on" => Some("*".into()),
                        "del" => Some("DELETE".into()),
                        method => Some(method.to_ascii_uppercase()),
                    },
                    handlers: Handlers::of(values),
                    span,
                    is_conditional: self.is_conditional,
                };
                self.add(app, layer, false);
                return Value::App(app);
            }
            _ => return Value::unknown(format!("{name} is computed")),
        }
        Value::App(app)
    }

    fn add(&mut self, app: usize, mut layer: Layer, is_first: bool) {
        layer.is_conditional = self.is_conditional;
        let layers = &mut self.apps[app].layers;
        if is_first {
            layers.insert(0, layer)
        } else {
            layers.push(layer)
        }
    }
}
