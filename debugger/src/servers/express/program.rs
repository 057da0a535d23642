//! The apps of a program: their layers in order, and what matches a request.

use std::rc::Rc;

use super::run::{Flow, Run};
use super::value::{Dialect, Value};
use crate::text::Span;

/// An app or a router.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) dialect: Dialect,
    pub(super) layers: Vec<Layer>,
    pub(super) span: Span,
    /// Whether another app has it as a layer.
    pub(super) is_mounted: bool,
    pub(super) listens: bool,
    /// The path before all of its paths.
    pub(super) base: String,
}

/// A call such as `app.use(path, handler)`.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) path: Option<Value>,
    /// The method of a route, `*` for all; `None` for a middleware.
    pub(super) method: Option<String>,
    pub(super) handlers: Handlers,
    pub(super) span: Span,
    /// Whether it depends on a condition that is not known.
    pub(super) is_conditional: bool,
}

/// The handlers of a layer, shared by copies.
#[derive(Clone, Debug)]
pub(super) struct Handlers(pub(super) Rc<Vec<Value>>);

impl Handlers {
    pub(super) fn of(values: Vec<Value>) -> Self {
        Self(Rc::new(values))
    }

    /// Returns the handlers, those in lists too.
    pub(super) fn all(&self) -> Vec<&Value> {
        fn add<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
            match value {
                Value::List(items) => items.iter().for_each(|item| add(item, found)),
                other => found.push(other),
            }
        }
        let mut found = Vec::new();
        self.0.iter().for_each(|value| add(value, &mut found));
        found
    }
}

impl Layer {
    /// Creates a layer of every request.
    pub(super) fn every(handlers: Handlers, span: Span) -> Self {
        Self {
            path: None,
            method: None,
            handlers,
            span,
            is_conditional: false,
        }
    }

    /// Returns the paths as texts.
    pub(super) fn paths(&self) -> Vec<String> {
        match &self.path {
            Some(Value::Text(path)) => vec![path.clone()],
            Some(Value::List(items)) => items
                .iter()
                .filter_map(|item| item.text().map(String::from))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns what remains of a path that the layer matches; `None` if it does not match.
    fn rest(&self, dialect: Dialect, base: &str, path: &str) -> Option<String> {
        let is_prefix = self.method.is_none() && dialect == Dialect::Express;
        match &self.path {
            None if base.is_empty() => Some(path.into()),
            None => matches(base, path, true),
            Some(Value::Regex(pattern, flags)) => {
                let expression =
                    crate::servers::expression::Expression::new(pattern, flags.contains('i')).ok()?;
                expression.find(path).ok()?.map(|_| path.to_owned())
            }
            Some(Value::List(items)) => items.iter().find_map(|item| match item {
                Value::Text(text) => matches(&format!("{base}{text}"), path, is_prefix),
                _ => None,
            }),
            Some(Value::Text(text)) => {
                // A router is mounted at a prefix in each framework.
                let mounts = self
                    .handlers
                    .0
                    .iter()
                    .any(|handler| matches!(handler, Value::App(_)));
                matches(&format!("{base}{text}"), path, is_prefix || mounts)
            }
            Some(_) => Some(path.into()),
        }
    }
}

/// Compares a path with a pattern: `:name` is a segment, `*` is the rest.
fn matches(pattern: &str, path: &str, is_prefix: bool) -> Option<String> {
    let segments = |text: &str| -> Vec<String> {
        text.split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_ascii_lowercase)
            .collect()
    };
    let (pattern, given) = (segments(pattern), segments(path));
    for (index, segment) in pattern.iter().enumerate() {
        // `*`, `*splat`, `{*splat}`, `(.*)`
        if segment.contains('*') {
            return Some("/".into());
        }
        let is_optional = segment.ends_with('?');
        match given.get(index) {
            Some(other) if segment.starts_with(':') || segment == other => {}
            None if is_optional => {}
            _ => return None,
        }
    }
    if !is_prefix && given.len() > pattern.len() {
        return None;
    }
    let rest: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .skip(pattern.len())
        .collect();
    Some(format!("/{}", rest.join("/")))
}

/// The methods of the routes that match a path, for the answer to `OPTIONS`.
#[derive(Default)]
pub(super) struct Allowed {
    pub(super) methods: Vec<String>,
    /// Whether a route answered, and not a middleware.
    pub(super) by_route: bool,
}

impl Run<'_> {
    /// Runs the layers of an app for a path.
    pub(super) fn app(
        &mut self,
        index: usize,
        path: &str,
        allowed: &mut Allowed,
        with_conditional: bool,
        depth: usize,
    ) -> Flow {
        if depth > 16 {
            return Flow::Unknown("routers are mounted in each other too deep".into());
        }
        let app = self.apps[index].clone();
        let method = self.method();
        for layer in &app.layers {
            if layer.is_conditional && !with_conditional {
                continue;
            }
            let Some(rest) = layer.rest(app.dialect, &app.base, path) else {
                continue;
            };
            let is_route = layer.method.is_some();
            if let Some(of_layer) = &layer.method {
                if of_layer != "*" && !allowed.methods.contains(of_layer) {
                    allowed.methods.push(of_layer.clone());
                }
                let is_head = method == "HEAD" && of_layer == "GET";
                if of_layer != "*" && *of_layer != method && !is_head {
                    continue;
                }
            }
            let handlers = &layer.handlers.0;
            for (position, handler) in handlers.iter().enumerate() {
                let is_last = is_route && position + 1 == handlers.len();
                let flow = match handler {
                    // A router of another file: its routes answer, and are not known.
                    Value::Module(module, _) if module.starts_with('.') && !is_route => {
                        if method == "OPTIONS" {
                            return Flow::Unknown(format!("the router {module} is not in this file"));
                        }
                        allowed.by_route = true;
                        self.end(200, layer.span)
                    }
                    Value::App(inner) => self.app(*inner, &rest, allowed, with_conditional, depth + 1),
                    handler => {
                        let flow = self.handler(handler, is_last, layer.span);
                        if is_route && matches!(flow, Flow::Ended) && !matches!(handler, Value::Cors(..)) {
                            allowed.by_route = true;
                        }
                        flow
                    }
                };
                match flow {
                    Flow::Next | Flow::Go => {}
                    flow => return flow,
                }
            }
        }
        Flow::Next
    }
}
