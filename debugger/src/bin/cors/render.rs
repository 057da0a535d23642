//! Prints diagnoses as rustc prints errors: the text with the guilty line marked, notes and help.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};
use cors_debugger::diagnosis::{Consoles, Diagnosis, Finding, Outcome};
use cors_debugger::secrets::Shown;
use cors_debugger::text::{Lines, Span};
use cors_debugger::{Cause, Place, Report, Verdict};

/// How to print.
pub struct Style {
    /// Whether to use colours.
    pub is_coloured: bool,
    /// The width in columns.
    pub width: usize,
    /// Whether to print steps and consoles too.
    pub is_verbose: bool,
}

/// The files of the text: where each begins, and its name.
#[derive(Default)]
pub struct Files {
    starts: Vec<(usize, String)>,
}

impl Files {
    /// Adds a file that begins at this byte.
    pub fn add(&mut self, start: usize, name: String) {
        self.starts.push((start, name));
    }

    fn at(&self, place: usize) -> (usize, &str) {
        let after = self.starts.partition_point(|(start, _)| *start <= place);
        let file = after.checked_sub(1).and_then(|index| self.starts.get(index));
        file.map_or((0, ""), |(start, name)| (*start, name))
    }
}

/// Returns the whole output.
pub fn render(report: &Report, files: &Files, style: &Style) -> String {
    let renderer = if style.is_coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(style.width);
    let printer = Printer {
        report,
        files,
        lines: Lines::new(&report.text),
        style,
    };
    let mut output = String::new();
    let shown: Vec<&Diagnosis> = report
        .diagnoses
        .iter()
        .filter(|diagnosis| is_shown(diagnosis))
        .collect();
    for diagnosis in &shown {
        let group = printer.group(diagnosis);
        output.push_str(&renderer.render(&[group]));
        output.push_str("\n\n");
    }
    let hidden = report.diagnoses.len() - shown.len();
    let count = |verdict| {
        shown
            .iter()
            .filter(|diagnosis| diagnosis.verdict == verdict)
            .count()
    };
    let mut summary = Vec::new();
    for (verdict, word) in [
        (Verdict::Blocked, "blocked"),
        (Verdict::Unknown, "unsure"),
        (Verdict::Allowed, "allowed"),
    ] {
        match count(verdict) {
            0 => {}
            number => summary.push(format!("{number} {word}")),
        }
    }
    if hidden > 0 {
        summary.push(format!("{hidden} not a CORS request"));
    }
    if shown.len() != 1 || hidden > 0 {
        output.push_str(&summary.join(", "));
        output.push('\n');
    } else {
        output.pop();
    }
    output
}

/// Requests that CORS does not concern are only counted, unless they are why the text was given.
fn is_shown(diagnosis: &Diagnosis) -> bool {
    diagnosis.is_cors || diagnosis.verdict != Verdict::Allowed || diagnosis.finding.is_some()
}

struct Printer<'r> {
    report: &'r Report,
    files: &'r Files,
    lines: Lines,
    style: &'r Style,
}

impl<'r> Printer<'r> {
    fn group(&self, diagnosis: &'r Diagnosis) -> Group<'r> {
        let finding = diagnosis.finding.as_ref();
        let (level, title) = match (diagnosis.verdict, finding) {
            (Verdict::Blocked, Some(finding)) => (Level::ERROR, finding.cause.title().to_string()),
            (Verdict::Unknown, Some(finding)) => (
                Level::WARNING.with_name("unsure"),
                finding.cause.title().to_string(),
            ),
            (Verdict::Allowed, Some(finding)) => (Level::WARNING, finding.cause.title().to_string()),
            (Verdict::Blocked, None) => (Level::ERROR, "the browser blocks this request".into()),
            (Verdict::Unknown, None) => (Level::WARNING.with_name("unsure"), unsure_title(diagnosis)),
            (Verdict::Allowed, None) => (
                Level::NOTE.with_name("allowed"),
                "the browser lets the page read the response".into(),
            ),
        };
        let mut title = level.primary_title(wrap(&title, self.style.width - 20));
        if let Some(finding) = finding {
            title = title.id(finding.cause.code());
        }
        let mut elements: Vec<Element<'r>> = Vec::new();
        if let Some(snippet) = finding.and_then(|finding| self.snippet(diagnosis, finding)) {
            elements.push(snippet.into());
        } else if let Some(snippet) = self.place(diagnosis) {
            elements.push(snippet.into());
        }
        let mut note =
            |text: String| elements.push(Level::NOTE.message(wrap(&text, self.style.width - 14)).into());
        if let Some(text) = wanted(diagnosis) {
            note(text);
        }
        if let Some(text) = preflight(diagnosis) {
            note(text);
        }
        if let Some(finding) = finding {
            let lead = match finding.place {
                _ if finding.cause == Cause::NoReason => String::new(),
                Place::NotCors => "this is not a CORS failure: ".into(),
                place => format!("the failure lies {}: ", place.words()),
            };
            note(format!(
                "{lead}{}\n{}",
                finding.cause.rule(),
                finding.cause.rule_url()
            ));
        }
        for text in &diagnosis.notes {
            note(text.clone());
        }
        for warning in &diagnosis.warnings {
            let detail = warning
                .detail
                .as_deref()
                .map(|detail| format!(": {detail}"))
                .unwrap_or_default();
            note(format!(
                "warning[{}]: {}{detail}; {}",
                warning.cause.code(),
                warning.cause.title(),
                warning.cause.fix()
            ));
        }
        for case in &diagnosis.cases {
            let origin = match (&case.origin, &diagnosis.wanted.origin) {
                (_, Some(_)) => String::new(),
                (Some(origin), None) => format!(" from {origin}"),
                (None, None) => " from any other origin".into(),
            };
            let mode = if case.credentials {
                "with cookies or a login"
            } else {
                "without cookies and login"
            };
            let why = case.finding.as_ref().filter(|_| case.verdict == Verdict::Blocked);
            let why = why
                .map(|finding| format!(", {}: {}", finding.cause.code(), finding.cause.title()))
                .unwrap_or_default();
            note(format!("{mode}{origin}: {}{why}", case.verdict.name()));
        }
        if self.style.is_verbose {
            for text in steps(diagnosis) {
                note(text);
            }
            for text in consoles(&diagnosis.consoles) {
                note(text);
            }
        }
        let mut help =
            |text: String| elements.push(Level::HELP.message(wrap(&text, self.style.width - 14)).into());
        for fix in diagnosis
            .fixes
            .iter()
            .filter(|_| diagnosis.verdict != Verdict::Allowed || finding.is_some())
        {
            help(fix.replace("such as: curl", "such as:\ncurl"));
        }
        for question in &diagnosis.questions {
            help(question.text.replace("Run: ", "Run:\n"));
        }
        let is_case = |other: &cors_debugger::diagnosis::Other| {
            diagnosis.cases.iter().any(|case| {
                case.finding
                    .as_ref()
                    .is_some_and(|finding| finding.cause == other.cause)
            })
        };
        for other in diagnosis.others.iter().filter(|other| !is_case(other)).take(3) {
            help(format!(
                "it may also be {}: {}. {}",
                other.cause.code(),
                other.cause.title(),
                other.question
            ));
        }
        title.elements(elements)
    }

    /// The marked lines of a finding.
    fn snippet(
        &self,
        diagnosis: &Diagnosis,
        finding: &'r Finding,
    ) -> Option<Snippet<'r, annotate_snippets::Annotation<'r>>> {
        let guilty = finding.guilty.as_ref()?;
        let span = guilty.span?;
        let label = if guilty.is_absent && guilty.field != "message" {
            match finding.request {
                Some(_) => format!("this response has no {}", guilty.field),
                None => format!("no {}", guilty.field),
            }
        } else {
            finding
                .detail
                .clone()
                .unwrap_or_else(|| match guilty.field.as_str() {
                    "message" | "error" => "this says what failed".into(),
                    _ if diagnosis.exchange.legs.is_empty() => "this says what is wrong".into(),
                    "request" => "this asks for it".into(),
                    _ => "this is to blame".into(),
                })
        };
        let mut marks = vec![(span, true, label)];
        if let Some(other) = guilty.other_span {
            let label = if guilty.field == "status" {
                "this field is right"
            } else {
                "the first of them"
            };
            marks.push((other, false, label.into()));
        }
        if let Some(request) = finding.request {
            marks.push((request, false, "the answer to this request".into()));
        }
        self.marked(marks)
    }

    /// The line at which an exchange without a finding begins.
    fn place(&self, diagnosis: &Diagnosis) -> Option<Snippet<'r, annotate_snippets::Annotation<'r>>> {
        let span = diagnosis.start?;
        self.marked(vec![(span, true, String::new())])
    }

    /// Marks places in the text. Those far from the first, and those in very long lines, are left
    /// out.
    fn marked(
        &self,
        marks: Vec<(Span, bool, String)>,
    ) -> Option<Snippet<'r, annotate_snippets::Annotation<'r>>> {
        const NEAR: usize = 60;
        const LONGEST: usize = 400;
        let text = self.report.text.as_str();
        let primary = marks.first()?.0;
        let line = self.lines.number(primary.start);
        let near = marks
            .iter()
            .filter(|(span, ..)| self.lines.number(span.start).abs_diff(line) < NEAR);
        let near: Vec<&(Span, bool, String)> = near.collect();
        let first = near
            .iter()
            .map(|(span, ..)| self.lines.number(span.start))
            .min()?;
        let last = near
            .iter()
            .map(|(span, ..)| self.lines.number(span.end.saturating_sub(1).max(span.start)))
            .max()?;
        let (file_start, name) = self.files.at(primary.start);
        let mut start = self.lines.start(first).max(file_start);
        let mut end = self.lines.end(last, text);
        let mut kept = near;
        let is_long = self.lines_are_longer(first, last, LONGEST);
        if is_long {
            // A file of one line: only what is around the place.
            start = boundary(text, primary.start.saturating_sub(100).max(start));
            end = boundary(text, (primary.end.min(primary.start + 200) + 40).min(end));
            kept.retain(|(span, ..)| *span == primary);
        }
        let source = Shown::new(text.get(start..end)?);
        let number = if is_long { line } else { first };
        let mut snippet = Snippet::source(source.text.clone())
            .line_start(number + 1 - self.lines.number(file_start))
            .fold(true);
        snippet = snippet.path(name.to_string());
        for (span, is_primary, label) in kept {
            let kind = if *is_primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let from = boundary(text, span.start.clamp(start, end)) - start;
            let to = boundary(text, self.first_line_end(*span).clamp(start, end)) - start;
            let mut annotation = kind.span(source.place(from)..source.place(to.max(from)));
            if !label.is_empty() {
                annotation = annotation.label(wrap(label, self.style.width.saturating_sub(30).max(30)));
            }
            snippet = snippet.annotation(annotation);
        }
        Some(snippet)
    }

    /// The end of the part of a span that stands in its first line.
    fn first_line_end(&self, span: Span) -> usize {
        let text = span.of(&self.report.text);
        span.start + text.find(['\n', '\r']).unwrap_or(text.len())
    }

    fn lines_are_longer(&self, first: usize, last: usize, limit: usize) -> bool {
        let text = &self.report.text;
        (first..=last).any(|line| self.lines.end(line, text) - self.lines.start(line) > limit)
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn unsure_title(diagnosis: &Diagnosis) -> String {
    let what: Vec<&str> = diagnosis.questions.iter().map(|question| question.what).collect();
    match () {
        () if what.contains(&"credentials") && what.contains(&"origin") => {
            "it depends on the page's origin, and on whether it sends cookies or a login"
        }
        () if what.contains(&"credentials") => "it depends on whether the page sends cookies or a login",
        () if what.contains(&"origin") => "it depends on the page's origin",
        () if diagnosis.steps.is_empty() && diagnosis.wanted.needs_preflight == Some(true) => {
            "the browser will send a preflight first; the server's answer decides"
        }
        () if diagnosis.steps.is_empty() => {
            "the browser will send this request without a preflight; the server's answer decides"
        }
        () if what.contains(&"preflight") => "this response passes, and the answer to the preflight decides",
        () if what.contains(&"redirect") => "this response passes, and the target of the redirect decides",
        () => "the response that decides is not in the text",
    }
    .into()
}

/// Returns a sentence about what the page wanted; `None` if nothing of it is known.
fn wanted(diagnosis: &Diagnosis) -> Option<String> {
    let wanted = &diagnosis.wanted;
    if wanted.origin.is_none() && wanted.url.is_none() {
        return None;
    }
    let page = match &wanted.origin {
        Some(origin) if origin == "null" => {
            "a page with the origin null (a file, a sandboxed frame, or after a redirect)".to_string()
        }
        Some(origin) => format!("the page {origin}"),
        None => "a page".into(),
    };
    let method = wanted.method.as_deref().unwrap_or("a request");
    let url = wanted
        .url
        .as_deref()
        .unwrap_or("an address that the text does not name");
    let credentials = match wanted.credentials {
        Some(true) => ", with cookies or a login",
        _ => "",
    };
    Some(format!("{page} sends {method} to {url}{credentials}"))
}

fn preflight(diagnosis: &Diagnosis) -> Option<String> {
    let reasons: Vec<&str> = diagnosis
        .wanted
        .reasons
        .iter()
        .map(|reason| reason.text.as_str())
        .collect();
    (diagnosis.wanted.needs_preflight == Some(true) && !reasons.is_empty()).then(|| {
        format!(
            "the browser sends OPTIONS first, the preflight, because {}",
            reasons.join(", and ")
        )
    })
}

fn steps(diagnosis: &Diagnosis) -> Vec<String> {
    diagnosis
        .steps
        .iter()
        .map(|step| {
            let outcome = match step.outcome {
                Outcome::Passed => "yes",
                Outcome::Failed => "NO",
                Outcome::NotReached => "not reached",
                Outcome::Unknown => "not known",
            };
            format!("{}: {} {outcome}", step.place.name(), step.question)
        })
        .collect()
}

fn consoles(consoles: &Consoles) -> Vec<String> {
    [
        ("Chrome", &consoles.chromium),
        ("Firefox", &consoles.firefox),
        ("Safari", &consoles.webkit),
    ]
    .into_iter()
    .filter_map(|(name, text)| Some(format!("{name} prints: {}", text.as_ref()?)))
    .collect()
}

/// Breaks a text into lines of a width.
pub fn wrap(text: &str, width: usize) -> String {
    let text = Shown::new(text).text;
    let mut wrapped = String::new();
    for (index, paragraph) in text.split('\n').enumerate() {
        if index > 0 {
            wrapped.push('\n');
        }
        if paragraph.starts_with("curl ") || paragraph.starts_with("Access-Control-") {
            // Commands and fields stay in one line, so that they can be copied.
            wrapped.push_str(paragraph);
            continue;
        }
        let mut column = 0;
        for word in paragraph.split(' ') {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > width {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += len;
        }
    }
    wrapped
}
