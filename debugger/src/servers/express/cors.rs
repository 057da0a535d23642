//! The packages' `cors()`: what they answer for given options.
//!
//! This follows `cors` 2.8.6, `@fastify/cors` 11.4 and `hono` 4.

use super::run::{Flow, Run};
use super::value::{Dialect, Value};
use crate::servers::expression::Expression;
use crate::text::Span;

/// Returns whether an option of `origin` admits an origin. An error says why it is not known.
pub(super) fn admits(option: &Value, origin: Option<&str>) -> Result<bool, String> {
    match option {
        Value::List(items) => {
            let mut unknown = None;
            for item in items {
                match admits(item, origin) {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(reason) => unknown = Some(reason),
                }
            }
            unknown.map_or(Ok(false), Err)
        }
        Value::Text(text) => Ok(origin == Some(text)),
        Value::Regex(pattern, flags) => {
            let expression = Expression::new(pattern, flags.contains('i'))?;
            // JavaScript writes what is missing as a text.
            Ok(expression.find(origin.unwrap_or("undefined"))?.is_some())
        }
        Value::Unknown(reason) | Value::Something(reason) => Err(reason.clone()),
        other => other
            .truth()
            .ok_or_else(|| other.reason().unwrap_or("a value is computed").into()),
    }
}

impl Run<'_> {
    /// Runs a middleware of a `cors()`.
    pub(super) fn cors(&mut self, dialect: Dialect, options: &Value, span: Span) -> Flow {
        // A function as options is a delegate: it is called with the request.
        let options = match options {
            Value::Function(..) => match self.delegate(options) {
                Ok(options) => options,
                Err(flow) => return flow,
            },
            options => options.clone(),
        };
        let computed = || format!("the options of {} come from another place", dialect.package());
        match &options {
            Value::Object(members) => {
                // `...name` with something that is not in the file.
                if members.iter().any(|(name, _)| name == "...") {
                    return Flow::Unknown(computed());
                }
            }
            Value::Undefined | Value::Null => {}
            other => return Flow::Unknown(other.reason().map_or_else(computed, String::from)),
        }
        match dialect {
            Dialect::Express => self.express_cors(&options, span),
            Dialect::Fastify => self.fastify_cors(&options, span),
            Dialect::Hono => self.hono_cors(&options, span),
        }
    }

    /// Returns the value that the callback of an options delegate or an origin function gets.
    fn delegate(&mut self, function: &Value) -> Result<Value, Flow> {
        let outcome = self.call_with_callback(function, &[Value::Request, Value::Callback]);
        match outcome {
            Ok(value) => Ok(value),
            Err(flow) => Err(flow),
        }
    }

    /// Returns `origin` with a function replaced by what it calls back with.
    fn resolved(&mut self, origin: Value) -> Result<Value, Flow> {
        if !matches!(origin, Value::Function(..)) {
            return Ok(origin);
        }
        let requested = self.origin().map_or(Value::Undefined, Value::Text);
        self.call_with_callback(&origin, &[requested, Value::Callback])
    }

    fn express_cors(&mut self, options: &Value, span: Span) -> Flow {
        let origin = match options.member("origin") {
            // An option that is undefined stays so: `Object.assign` copies it.
            Value::Undefined if options.members().iter().any(|(name, _)| name == "origin") => {
                return Flow::Next;
            }
            Value::Undefined => Value::Text("*".into()),
            origin => origin,
        };
        let origin = match self.resolved(origin) {
            Ok(origin) => origin,
            Err(flow) => return flow,
        };
        match origin.truth() {
            Some(false) => return Flow::Next,
            Some(true) => {}
            None if self.method() == "OPTIONS" => {
                return Flow::Unknown(origin.reason().unwrap_or("the value is computed").into());
            }
            None => {
                // If it is nothing, the package adds no field.
                for name in ["origin", "credentials"] {
                    self.open(
                        &format!("access-control-allow-{name}"),
                        origin.reason().unwrap_or("the value is computed"),
                    );
                }
                self.open(
                    "access-control-expose-headers",
                    origin.reason().unwrap_or("the value is computed"),
                );
                self.open("vary", origin.reason().unwrap_or("the value is computed"));
                return Flow::Next;
            }
        }
        let requested = self.origin();
        match &origin {
            Value::Text(text) if text == "*" => self.set("Access-Control-Allow-Origin", "*", span),
            Value::Text(text) => {
                self.set("Access-Control-Allow-Origin", text, span);
                self.vary("Origin", span);
            }
            Value::Something(reason) => {
                // `*` has no Vary.
                self.open("access-control-allow-origin", reason);
                self.open("vary", reason);
            }
            other => {
                self.reflect(other, requested.as_deref(), span);
                self.vary("Origin", span);
            }
        }
        match options.member("credentials") {
            Value::Bool(true) => self.set("Access-Control-Allow-Credentials", "true", span),
            Value::Unknown(reason) => self.open("access-control-allow-credentials", &reason),
            _ => {}
        }
        let is_preflight = self.method() == "OPTIONS";
        if is_preflight {
            let methods = match options.member("methods") {
                Value::Undefined => Value::Text("GET,HEAD,PUT,PATCH,POST,DELETE".into()),
                methods => methods,
            };
            self.list("Access-Control-Allow-Methods", &methods, ",", span);
            let headers = match options.member("allowedHeaders") {
                falsy if falsy.truth() == Some(false) => options.member("headers"),
                headers => headers,
            };
            if headers.truth() == Some(false) {
                self.vary("Access-Control-Request-Headers", span);
                if let Some(requested) = self
                    .field("access-control-request-headers")
                    .filter(|text| !text.is_empty())
                {
                    self.set("Access-Control-Allow-Headers", &requested, span);
                }
            } else {
                self.list("Access-Control-Allow-Headers", &headers, ",", span);
            }
            match options.member("maxAge") {
                Value::Undefined | Value::Null | Value::Bool(false) => {}
                value => self.list("Access-Control-Max-Age", &value, ",", span),
            }
        }
        let exposed = options.member("exposedHeaders");
        if exposed.truth() != Some(false) {
            self.list("Access-Control-Expose-Headers", &exposed, ",", span);
        }
        if !is_preflight || options.member("preflightContinue").truth() == Some(true) {
            return Flow::Next;
        }
        self.end(status(options), span)
    }

    /// Repeats the origin of the request if an option admits it.
    fn reflect(&mut self, option: &Value, requested: Option<&str>, span: Span) {
        match (admits(option, requested), requested) {
            (Ok(true), Some(requested)) => self.set("Access-Control-Allow-Origin", requested, span),
            (Ok(_), _) => {}
            (Err(reason), _) => self.open("access-control-allow-origin", &reason),
        }
    }

    /// Sets a field to a list, unless it is empty.
    fn list(&mut self, name: &str, value: &Value, separator: &str, span: Span) {
        match value.as_field(separator) {
            Some(text) if text.is_empty() => {}
            Some(text) => self.set(name, &text, span),
            None => self.open(
                &name.to_ascii_lowercase(),
                value.reason().unwrap_or("the value is computed"),
            ),
        }
    }

    fn fastify_cors(&mut self, options: &Value, span: Span) -> Flow {
        let mut origin = match options.member("origin") {
            Value::Undefined => Value::Text("*".into()),
            origin => origin,
        };
        if let Value::List(items) = &origin
            && items.iter().any(|item| item.text() == Some("*"))
        {
            origin = Value::Text("*".into());
        }
        if !matches!(origin, Value::Text(_) | Value::Bool(false)) {
            self.vary("Origin", span);
        }
        let origin = match self.resolved(origin) {
            Ok(origin) => origin,
            Err(flow) => return flow,
        };
        match &origin {
            Value::Bool(false) => return Flow::Next,
            Value::Unknown(reason) => return Flow::Unknown(reason.clone()),
            _ => {}
        }
        let requested = self.origin();
        match &origin {
            Value::Text(text) => self.set("Access-Control-Allow-Origin", text, span),
            other => self.reflect(other, requested.as_deref(), span),
        }
        match options.member("credentials").truth() {
            Some(true) => self.set("Access-Control-Allow-Credentials", "true", span),
            Some(false) => {}
            None => self.open("access-control-allow-credentials", "the option is computed"),
        }
        match options.member("exposedHeaders") {
            Value::Undefined | Value::Null => {}
            exposed => self.list("Access-Control-Expose-Headers", &exposed, ", ", span),
        }
        if self.method() != "OPTIONS"
            || options.member("preflight").truth() == Some(false)
                && !matches!(options.member("preflight"), Value::Undefined)
        {
            return Flow::Next;
        }
        let is_strict = !matches!(options.member("strictPreflight"), Value::Bool(false));
        if is_strict && (requested.is_none() || self.field("access-control-request-method").is_none()) {
            return self.end(400, span);
        }
        match options.member("methods") {
            Value::Undefined => self.set("Access-Control-Allow-Methods", "GET,HEAD,POST", span),
            methods => self.list("Access-Control-Allow-Methods", &methods, ", ", span),
        }
        match options.member("allowedHeaders") {
            Value::Undefined | Value::Null => {
                self.vary("Access-Control-Request-Headers", span);
                if let Some(requested) = self.field("access-control-request-headers") {
                    self.set("Access-Control-Allow-Headers", &requested, span);
                }
            }
            headers => self.list("Access-Control-Allow-Headers", &headers, ", ", span),
        }
        match options.member("maxAge") {
            Value::Undefined | Value::Null => {}
            value => self.list("Access-Control-Max-Age", &value, ",", span),
        }
        if options.member("preflightContinue").truth() == Some(true) {
            return Flow::Next;
        }
        self.end(status(options), span)
    }

    fn hono_cors(&mut self, options: &Value, span: Span) -> Flow {
        let origin = match options.member("origin") {
            Value::Undefined => Value::Text("*".into()),
            origin => origin,
        };
        let requested = self.origin().unwrap_or_default();
        let is_any = origin.text() == Some("*");
        let allowed = match &origin {
            Value::Text(text) if text == "*" => Ok(Some("*".to_owned())),
            Value::Function(..) => {
                match self.call_with_callback(&origin, &[Value::Text(requested.clone()), Value::Request]) {
                    Ok(Value::Text(text)) => Ok(Some(text)),
                    Ok(Value::Unknown(reason)) => Err(reason),
                    Ok(_) => Ok(None),
                    Err(Flow::Unknown(reason)) => Err(reason),
                    Err(_) => Ok(None),
                }
            }
            // A text is compared; a list has to have the origin.
            other => admits(other, Some(&requested)).map(|is_allowed| is_allowed.then(|| requested.clone())),
        };
        match allowed {
            Ok(Some(text)) if !text.is_empty() => self.set("Access-Control-Allow-Origin", &text, span),
            Ok(_) => {}
            Err(reason) => self.open("access-control-allow-origin", &reason),
        }
        if options.member("credentials").truth() == Some(true) {
            self.set("Access-Control-Allow-Credentials", "true", span);
        }
        let exposed = options.member("exposeHeaders");
        if exposed.truth() != Some(false) {
            self.list("Access-Control-Expose-Headers", &exposed, ",", span);
        }
        if self.method() != "OPTIONS" {
            if !is_any {
                self.vary_at_the_end.push(("Origin".into(), span));
            }
            return Flow::Next;
        }
        if !is_any {
            self.vary("Origin", span);
        }
        match options.member("maxAge") {
            Value::Undefined | Value::Null => {}
            value => self.list("Access-Control-Max-Age", &value, ",", span),
        }
        match options.member("allowMethods") {
            Value::Undefined => self.set(
                "Access-Control-Allow-Methods",
                "GET,HEAD,PUT,POST,DELETE,PATCH,QUERY",
                span,
            ),
            methods => self.list("Access-Control-Allow-Methods", &methods, ",", span),
        }
        let headers = options.member("allowHeaders");
        let listed = headers.as_field(",").filter(|text| !text.is_empty());
        let requested = self
            .field("access-control-request-headers")
            .filter(|text| !text.is_empty());
        let requested = requested.map(|text| text.split(',').map(str::trim).collect::<Vec<_>>().join(","));
        if headers.reason().is_some() {
            self.open("access-control-allow-headers", "the list is computed");
        } else if let Some(list) = listed.or(requested) {
            self.set("Access-Control-Allow-Headers", &list, span);
            self.vary("Access-Control-Request-Headers", span);
        }
        self.end(204, span)
    }
}

fn status(options: &Value) -> u16 {
    match options.member("optionsSuccessStatus") {
        Value::Number(number) if (100.0..=599.0).contains(&number) => number as u16,
        _ => 204,
    }
}
