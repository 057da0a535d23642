//! Programs with Express, Fastify or Hono: their `cors()` calls, hand-written fields, routes and
//! order, as the source shows them.
//!
//! | module | what it does |
//! |---|---|
//! | `tokens`, `syntax`, `expressions` | read JavaScript and TypeScript |
//! | `mistakes` | find what no JavaScript engine accepts |
//! | `value`, `run`, `calls` | run the program, and the handlers of a request, on known values |
//! | `program` | the apps, their layers in order, and what matches a request |
//! | `repairs` | changes that remove defects |
//! | `cors` | what the packages' `cors()` answer |
//!
//! A value that is computed from something outside of the file is unknown, and so is what depends
//! on it. A middleware that is not in the file is taken to pass requests on.

mod calls;
mod cors;
mod expressions;
mod mistakes;
mod program;
mod repairs;
mod run;
mod syntax;
mod tokens;
mod value;

use program::{Allowed, App};
use run::{Flow, Run};
use value::{Dialect, Scope, Value};

use super::expression::Expression;
use super::findings::{Finding, Repair, Severity};
use super::origins::Hint;
use super::request::{Request, Upstream};
use super::response::{self, Response};
use super::source::{Place, Sources};
use super::{Kind, Server, Target, Unknown};
use crate::text::Span;

/// A program that was read.
pub struct Program {
    sources: Sources,
    apps: Vec<App>,
    /// The app that serves, and the index of its file.
    main: Option<usize>,
    file: usize,
    scope: Scope,
    hints: Vec<Hint>,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.scope.clear();
    }
}

/// A call of a `cors()` with its options.
#[derive(Clone, Debug)]
pub struct CorsCall {
    /// The package.
    pub package: &'static str,
    /// Where the call is.
    pub place: Place,
    /// The options that are literal: their names and values.
    pub options: Vec<(String, Literal)>,
    /// Why the options as a whole are not known.
    pub computed: Option<String>,
}

/// Why an option with a function is not a literal.
const FUNCTION: &str = "a function decides";

/// A literal value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A regular expression and its flags.
    Regex(String, String),
    /// A list.
    List(Vec<Literal>),
    /// `null` and `undefined`.
    Nothing,
    /// A value that is computed, and why.
    Computed(String),
}

impl Literal {
    /// Returns why the value, or a part of it, is computed.
    fn computed(&self) -> Option<String> {
        match self {
            Self::Computed(reason) => Some(reason.clone()),
            Self::List(items) => items.iter().find_map(Self::computed),
            _ => None,
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(*number),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Regex(pattern, flags) => Self::Regex(pattern.clone(), flags.clone()),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Undefined | Value::Null => Self::Nothing,
            Value::Unknown(reason) | Value::Something(reason) => Self::Computed(reason.clone()),
            Value::Function(..) => Self::Computed(FUNCTION.into()),
            other => Self::Computed(other.reason().unwrap_or("the value is computed").into()),
        }
    }
}

/// Reads a program.
///
/// # Errors
///
/// Returns a sentence if a file has a mistake, or if no file has an app or a `cors()`.
pub fn read(sources: Sources) -> Result<Program, String> {
    let mut best: Option<Program> = None;
    for file in 0..sources.files().len() {
        let program = read_file(&sources, file)?;
        let weight = |program: &Program| program.apps.iter().map(|app| app.layers.len()).sum::<usize>();
        if best.as_ref().is_none_or(|other| weight(&program) > weight(other)) {
            best = Some(program);
        }
    }
    match best {
        Some(program) if program.apps.iter().any(|app| !app.layers.is_empty()) => Ok(program),
        _ => Err("the program makes no app with Express, Fastify or Hono, and calls no app.use".into()),
    }
}

fn read_file(sources: &Sources, file: usize) -> Result<Program, String> {
    let text = &sources.files()[file].text;
    let tokens = tokens::tokens(text);
    let mut parser = syntax::Parser::new(&tokens);
    let name = &sources.files()[file].name;
    parser.has_types = [".ts", ".mts", ".cts", ".tsx"]
        .iter()
        .any(|end| name.ends_with(end));
    let statements = parser.program();
    if let Some(mistake) = mistakes::of_tokens(text, &tokens).or(parser.mistake) {
        return Err(sentence(sources, file, &mistake));
    }
    let scope = Scope::default();
    let mut run = Run::new(file);
    run.statements(&statements, &scope);
    run.functions(&statements, &scope);
    let apps = run.apps;
    let by = |wanted: &dyn Fn(&App) -> bool| apps.iter().position(wanted);
    let main = by(&|app| app.listens && !app.layers.is_empty())
        .or_else(|| by(&|app| !app.is_mounted && !app.layers.is_empty()))
        .or_else(|| by(&|app| !app.layers.is_empty()));
    let mut hints = Vec::new();
    for token in &tokens {
        match &token.kind {
            tokens::Kind::Text(text) => hints.push(Hint::Literal(text.clone())),
            tokens::Kind::Regex(pattern, flags) => {
                if let Ok(expression) = Expression::new(pattern, flags.contains('i')) {
                    hints.push(Hint::Expression(
                        expression,
                        Place {
                            file,
                            span: token.span,
                        },
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(Program {
        sources: sources.clone(),
        apps,
        main,
        file,
        scope,
        hints,
    })
}

/// Writes a mistake with its line, and with the line of the mark that is still open.
fn sentence(sources: &Sources, file: usize, mistake: &mistakes::Mistake) -> String {
    let line = |span| sources.locate(Place { file, span }).1;
    let at = line(mistake.span);
    let begins = mistake.opened.map_or(String::new(), |span| {
        format!(", for what begins in line {}", line(span))
    });
    format!("{}:{at}: {}{begins}", sources.files()[file].name, mistake.text)
}

impl Program {
    /// Returns the calls of `cors()` that apps have, each once, in the order of the text.
    pub fn cors_calls(&self) -> Vec<CorsCall> {
        let mut calls: Vec<CorsCall> = Vec::new();
        for (dialect, options, span, _) in self.cors_layers() {
            let place = Place {
                file: self.file,
                span,
            };
            if calls.iter().any(|call| call.place == place) {
                continue;
            }
            calls.push(CorsCall {
                package: dialect.package(),
                place,
                options: options
                    .members()
                    .iter()
                    .map(|(name, value)| (name.clone(), Literal::of(value)))
                    .collect(),
                computed: match &options {
                    Value::Object(members) if members.iter().any(|(name, _)| name == "...") => {
                        Some("a part of the options is computed".into())
                    }
                    Value::Object(_) | Value::Undefined | Value::Null => None,
                    Value::Unknown(reason) => Some(reason.clone()),
                    Value::Function(..) => Some("a function decides for each request".into()),
                    _ => Some("they come from another place".into()),
                },
            });
        }
        calls.sort_by_key(|call| call.place);
        calls
    }

    /// Returns the `cors()` of all layers: the options, the call, and the layer.
    fn cors_layers(&self) -> Vec<(Dialect, Value, Span, &program::Layer)> {
        let mut found = Vec::new();
        for app in &self.apps {
            for layer in &app.layers {
                for handler in layer.handlers.all() {
                    if let Value::Cors(dialect, options, span) = handler {
                        found.push((*dialect, (**options).clone(), *span, layer));
                    }
                }
            }
        }
        found
    }

    fn run(&self, request: &Request, upstream: &Upstream, with_conditional: bool) -> Response {
        let Some(main) = self.main else {
            return Response::unknown("the program has no app");
        };
        let dialect = self.apps[main].dialect;
        let mut run = Run::of_request(self.file, &self.apps, request, upstream);
        let mut allowed = Allowed::default();
        let path = request.path().to_owned();
        let flow = run.app(main, &path, &mut allowed, with_conditional, 0);
        let has_routes = self.apps.iter().flat_map(|app| &app.layers).any(|layer| {
            layer.method.as_deref().is_some_and(|method| method != "OPTIONS")
                || layer.handlers.0.iter().any(|handler| {
                    matches!(
                        handler,
                        Value::Unknown(_) | Value::Middleware(_) | Value::Module(..)
                    ) && layer.path.is_some()
                })
        });
        match flow {
            Flow::Unknown(reason) => return Response::unknown(reason),
            Flow::Failed => run.finish_with(500),
            Flow::Ended => {
                run.finish(200);
                if allowed.by_route {
                    answer_of_application(&mut run.response, upstream);
                }
            }
            _ if !has_routes && request.method != "OPTIONS" => {
                run.finish(200);
                run.response
                    .notes
                    .push("the program has no route; one is taken to answer".into());
                answer_of_application(&mut run.response, upstream);
            }
            _ if request.method == "OPTIONS"
                && dialect == Dialect::Express
                && !allowed.methods.is_empty() =>
            {
                run.finish(200);
                let mut methods = allowed.methods;
                if let Some(get) = methods.iter().position(|method| method == "GET") {
                    methods.insert(get + 1, "HEAD".into());
                }
                run.response.push("Allow", &methods.join(", "), None);
            }
            _ => run.finish(404),
        }
        run.response
    }
}

/// Gives a response the status and the fields of the application's answer.
fn answer_of_application(response: &mut Response, upstream: &Upstream) {
    if upstream.status != 200 {
        response.status = response::Value::Known(upstream.status);
    }
    for (name, value) in &upstream.fields {
        response
            .fields
            .retain(|field| !field.name.eq_ignore_ascii_case(name));
        response.push(name, value, None);
    }
}

impl Server for Program {
    fn kind(&self) -> Kind {
        Kind::Express
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn respond(&self, request: &Request, upstream: &Upstream) -> Response {
        let answer = self.run(request, upstream, true);
        let is_conditional = self
            .apps
            .iter()
            .flat_map(|app| &app.layers)
            .any(|layer| layer.is_conditional);
        if !is_conditional {
            return answer;
        }
        let other = self.run(request, upstream, false);
        response::merge(vec![answer, other], "a condition of the program is not known")
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        let Some(main) = self.main else {
            return targets;
        };
        self.add_targets(main, "", &mut targets, 0);
        if targets.is_empty() {
            targets.push(Target {
                name: "every path".into(),
                url: "http://localhost:3000/".into(),
                place: Some(Place {
                    file: self.file,
                    span: self.apps[main].span,
                }),
            });
        }
        targets.truncate(24);
        targets
    }

    fn hints(&self) -> Vec<Hint> {
        self.hints.clone()
    }

    fn unknowns(&self) -> Vec<Unknown> {
        let mut unknowns = Vec::new();
        for call in self.cors_calls() {
            let place = Some(call.place);
            if let Some(reason) = call.computed {
                unknowns.push(Unknown {
                    what: format!("the options of {}", call.package),
                    reason,
                    place,
                });
            }
            for (name, value) in call.options {
                // A function that is in the file is run.
                if let Some(reason) = value.computed().filter(|reason| reason != FUNCTION) {
                    unknowns.push(Unknown {
                        what: format!("the option {name} of {}", call.package),
                        reason,
                        place,
                    });
                }
            }
        }
        unknowns
    }

    fn own_findings(&self) -> Vec<Finding> {
        let mut findings = self.repeated_cors();
        findings.extend(self.late_cors());
        findings
    }

    fn repairs(&self, finding: &Finding) -> Vec<Repair> {
        repairs::of(self, finding)
    }

    fn reread(&self, sources: Sources) -> Option<Box<dyn Server>> {
        read(sources)
            .ok()
            .map(|program| Box::new(program) as Box<dyn Server>)
    }
}

impl Program {
    fn add_targets(&self, app: usize, base: &str, targets: &mut Vec<Target>, depth: usize) {
        if depth > 8 {
            return;
        }
        let base = format!("{base}{}", self.apps[app].base);
        for layer in &self.apps[app].layers {
            let paths = layer.paths();
            for handler in layer.handlers.0.iter() {
                if let Value::App(inner) = handler {
                    for path in paths.iter().cloned().chain(paths.is_empty().then(String::new)) {
                        self.add_targets(*inner, &format!("{base}{path}"), targets, depth + 1);
                    }
                }
            }
            let is_route = layer.method.as_deref().is_some_and(|method| method != "OPTIONS");
            for path in paths.iter().filter(|_| is_route) {
                let path = example(&format!("{base}/{path}"));
                if !targets.iter().any(|target| target.name == path) {
                    targets.push(Target {
                        url: format!("http://localhost:3000{path}"),
                        name: path,
                        place: Some(Place {
                            file: self.file,
                            span: layer.span,
                        }),
                    });
                }
            }
        }
    }

    /// Two calls of `cors()` for every request: the first answers all preflights.
    fn repeated_cors(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for app in &self.apps {
            let mut first: Option<(Span, String)> = None;
            for layer in &app.layers {
                let for_all = layer.method.is_none() && layer.path.is_none() && !layer.is_conditional;
                for handler in layer.handlers.all() {
                    let Value::Cors(_, options, span) = handler else {
                        continue;
                    };
                    if let Some((earlier, _)) =
                        first.as_ref().filter(|(_, same)| *same != format!("{options:?}"))
                    {
                        let mut finding = Finding::new(
                            "cors-answered-earlier",
                            Severity::Error,
                            "an earlier cors() answers every preflight, so this one has no effect on preflights",
                        )
                        .because("cors() ends the response to OPTIONS, and later middleware is not reached")
                        .because("for other requests, the fields of the later call replace those of the earlier one");
                        finding.mark(
                            Place {
                                file: self.file,
                                span: *span,
                            },
                            "preflights do not reach this call",
                        );
                        finding.mark(
                            Place {
                                file: self.file,
                                span: *earlier,
                            },
                            "this call answers them",
                        );
                        findings.push(finding);
                    }
                    if for_all && first.is_none() && options.member("preflightContinue").truth() != Some(true)
                    {
                        first = Some((*span, format!("{options:?}")));
                    }
                }
            }
        }
        findings
    }

    /// Middleware before `cors()` that may answer: its answers have no fields.
    fn late_cors(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for app in self.apps.iter().filter(|app| app.dialect == Dialect::Express) {
            let mut earlier: Option<(Span, String)> = None;
            for layer in &app.layers {
                let for_all = layer.method.is_none() && layer.path.is_none();
                for handler in layer.handlers.all() {
                    match handler {
                        Value::Cors(_, _, span) if for_all => {
                            if let Some((place, name)) = &earlier {
                                let mut finding = Finding::new(
                                    "cors-after-middleware",
                                    Severity::Warning,
                                    format!("{name} comes before cors(), so its answers have no CORS fields"),
                                )
                                .because("a page then sees a CORS error instead of the status, such as 400, 401 or 429");
                                finding.mark(
                                    Place {
                                        file: self.file,
                                        span: *place,
                                    },
                                    "this may answer first",
                                );
                                finding.mark(
                                    Place {
                                        file: self.file,
                                        span: *span,
                                    },
                                    "move this before it",
                                );
                                findings.push(finding);
                            }
                            return findings;
                        }
                        Value::Middleware(name) if for_all && earlier.is_none() && may_answer(name) => {
                            earlier = Some((layer.span, name.clone()));
                        }
                        _ => {}
                    }
                }
            }
        }
        findings
    }
}

/// Returns whether a middleware of a package may answer a request with an error.
fn may_answer(name: &str) -> bool {
    [
        "json",
        "urlencoded",
        "raw",
        "limit",
        "auth",
        "passport",
        "csrf",
        "jwt",
        "multer",
        "slow",
    ]
    .iter()
    .any(|word| name.to_ascii_lowercase().contains(word))
}

/// Returns a path that matches a pattern.
fn example(pattern: &str) -> String {
    let segment = |segment: &str| match segment {
        segment if segment.starts_with(':') => "1".to_owned(),
        segment if segment.contains('*') => "any".to_owned(),
        segment => segment.to_owned(),
    };
    let segments: Vec<String> = pattern
        .split('/')
        .filter(|text| !text.is_empty())
        .map(segment)
        .collect();
    format!("/{}", segments.join("/"))
}
