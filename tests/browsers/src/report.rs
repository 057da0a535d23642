//! Compares the outcomes, and writes the table for the terminal and `docs/browsers.md`.

use std::fmt::Write as _;

use crate::case::{Ask, Body, Case, Credentials, Page, Reply, Server, Via};
use crate::cases;
use crate::engine::Engine;
use crate::schemes;

/// A line of `exceptions.txt`: a case in which an engine differs from the expected outcome, and the
/// reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) engine: &'static str,
    pub(crate) case: String,
    pub(crate) does: String,
    pub(crate) reason: String,
}

/// Parses lines of the form `engine | case | what it does | reason`. Lines with `#` are comments.
pub(crate) fn read_exceptions(text: &str) -> Result<Vec<Exception>, String> {
    let mut exceptions: Vec<Exception> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| format!("exceptions.txt, line {}: {what}", number + 1);
        let parts: Vec<_> = line.splitn(4, " | ").map(str::trim).collect();
        let [engine, case, does, reason] = parts[..] else {
            return Err(wrong("write `engine | case | what it does | reason`"));
        };
        let engine = Engine::ALL.iter().find(|known| known.name() == engine);
        let exception = Exception {
            engine: engine.ok_or_else(|| wrong("unknown engine"))?.name(),
            case: case.to_string(),
            does: does.to_string(),
            reason: reason.to_string(),
        };
        if reason.is_empty() {
            return Err(wrong("the reason is missing"));
        }
        if exceptions
            .iter()
            .any(|other| (other.engine, &other.case) == (exception.engine, &exception.case))
        {
            return Err(wrong("the engine and case already have a line"));
        }
        exceptions.push(exception);
    }
    Ok(exceptions)
}

/// A case with its expected, predicted and real outcomes.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) expected: &'static str,
    /// The prediction of the `browser` module, with placeholders for ports.
    pub(crate) predicted: String,
    /// For cases about max-age: the predictions of the `browser` module for the engines, in the
    /// order of [`Engine::ALL`].
    pub(crate) by_engine: Option<[String; 3]>,
    /// The outcomes in the engines, in the order of [`Engine::ALL`]; `None` for an engine that did
    /// not run.
    pub(crate) seen: [Option<String>; 3],
}

/// Returns every difference that `exceptions.txt` does not explain, and every exception that is not
/// true.
pub(crate) fn differences(rows: &[Row], exceptions: &[Exception]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        if row.predicted != row.expected {
            wrong.push(format!(
                "{}: expected `{}`, but browser/ predicts `{}`",
                row.id, row.expected, row.predicted
            ));
        }
        for (index, (engine, seen)) in Engine::ALL.iter().zip(&row.seen).enumerate() {
            let Some(seen) = seen else { continue };
            if let Some(predicted) = row.by_engine.as_ref().map(|by_engine| &by_engine[index])
                && predicted != seen
            {
                wrong.push(format!(
                    "{}: {} did `{seen}`, but browser/ predicts `{predicted}` for this engine",
                    row.id,
                    engine.title()
                ));
            }
            let known = exceptions
                .iter()
                .find(|known| known.engine == engine.name() && known.case == row.id);
            match known {
                Some(known) if known.does == *seen => {}
                Some(known) if seen == row.expected => wrong.push(format!(
                    "{}: {} did `{seen}` as expected; the exception `{}` is no longer true",
                    row.id,
                    engine.title(),
                    known.does
                )),
                Some(known) => wrong.push(format!(
                    "{}: {} did `{seen}`, but the exception says `{}`",
                    row.id,
                    engine.title(),
                    known.does
                )),
                None if seen == row.expected => {}
                None => wrong.push(format!(
                    "{}: expected `{}`, but {} did `{seen}`",
                    row.id,
                    row.expected,
                    engine.title()
                )),
            }
        }
    }
    for known in exceptions {
        let row = rows.iter().find(|row| row.id == known.case);
        match row {
            None => wrong.push(format!("exceptions.txt: unknown case {}", known.case)),
            Some(row) if row.expected == known.does => {
                wrong.push(format!(
                    "exceptions.txt: {} states the expected outcome",
                    known.case
                ));
            }
            Some(_) => {}
        }
    }
    wrong
}

/// Returns the table for the terminal. `=` stands for the expected outcome, `?` for an engine that
/// did not run.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut lines =
        vec![["case", "expected", "browser/", "Chromium", "Firefox", "WebKit"].map(str::to_string)];
    for row in rows {
        let cell = |text: &str| {
            if text == row.expected {
                "=".to_string()
            } else {
                text.to_string()
            }
        };
        let seen = |index: usize| row.seen[index].as_deref().map_or("?".to_string(), cell);
        lines.push([
            row.id.to_string(),
            shorten(row.expected, 56),
            cell(&row.predicted),
            seen(0),
            seen(1),
            seen(2),
        ]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let mut text = String::new();
    for line in lines {
        let cells: Vec<_> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

/// Returns `docs/browsers.md`. A cell of an engine that did not run is [`UNKNOWN`].
pub(crate) fn docs(
    cases: &[Case],
    rows: &[Row],
    exceptions: &[Exception],
    versions: &[Option<String>; 3],
) -> String {
    let mut text = String::from(HEAD);
    let versions: Vec<_> = Engine::ALL
        .iter()
        .zip(versions)
        .map(|(engine, version)| format!("{} {}", engine.title(), version.as_deref().unwrap_or(UNKNOWN)))
        .collect();
    let _ = writeln!(text, "{VERSIONS}{}.\n", versions.join(", "));
    let _ = writeln!(text, "## Known divergences\n\n{DIVERGENCES}");
    let _ = writeln!(
        text,
        "| engine | case | the standard | the engine | why |\n|---|---|---|---|---|"
    );
    for known in exceptions {
        let expected = rows
            .iter()
            .find(|row| row.id == known.case)
            .map_or("", |row| row.expected);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            known.engine,
            code(&known.case),
            shorten_names(expected),
            known.does,
            known.reason
        );
    }
    let policies = include_str!("policies.rs")
        .split("// docs/browsers.md shows the lines between these two comments.\n")
        .nth(1)
        .unwrap_or("");
    let _ = writeln!(text, "\n## The policies\n\n```rust\n{}\n```", policies.trim_end());
    let mut group = "";
    for (case, row) in cases.iter().zip(rows) {
        if case.group != group {
            group = case.group;
            let _ = writeln!(
                text,
                "\n## {group}\n\n| case | the page | the server | expected | `browser/` | Chromium | Firefox | WebKit |\n|---|---|---|---|---|---|---|---|"
            );
        }
        let cell = |seen: &str| {
            if seen == row.expected {
                "=".to_string()
            } else {
                format!("**{}**", plain(seen))
            }
        };
        let seen = row
            .seen
            .iter()
            .map(|seen| seen.as_deref().map_or(UNKNOWN.to_string(), cell))
            .collect::<Vec<_>>();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.id,
            the_page(case),
            the_server(case),
            plain(&shorten_names(row.expected)),
            cell(&row.predicted),
            seen.join(" | ")
        );
    }
    text + &schemes::docs()
}

const UNKNOWN: &str = "?";
const VERSIONS: &str = "The last run was with ";

/// Returns the first difference between the docs and a run. Versions and the cells of engines that
/// did not run may differ.
pub(crate) fn differs(docs: &str, run: &str) -> Option<String> {
    let same = |(docs, run): (&str, &str)| {
        let (docs, run): (Vec<_>, Vec<_>) = (docs.split(" | ").collect(), run.split(" | ").collect());
        docs.len() == run.len()
            && docs
                .iter()
                .zip(&run)
                .all(|(docs, run)| docs == run || run.trim_end_matches(" |") == UNKNOWN)
    };
    let mut docs_lines = docs.lines().filter(|line| !line.starts_with(VERSIONS));
    let mut run_lines = run.lines().filter(|line| !line.starts_with(VERSIONS));
    loop {
        match (docs_lines.next(), run_lines.next()) {
            (None, None) => return None,
            (Some(docs), Some(run)) if same((docs, run)) => {}
            (docs, run) => {
                let end = "(the end)";
                return Some(format!(
                    "  is:        {}\n  should be: {}",
                    docs.unwrap_or(end),
                    run.unwrap_or(end)
                ));
            }
        }
    }
}

const HEAD: &str = "\
<!-- Written by `.ci/browsers --write`. -->

# What real browsers do

Each row of the tables is a case that ran in three browsers, with their `fetch` and
`XMLHttpRequest`, against the HTTP server of `examples/serve`. A row compares three things:

- the expected outcome, which `tests/browsers/src/cases.rs` states by hand. It is what the policy is
  meant to do, or what the Fetch Standard requires.
- the prediction of the `browser` module of this crate.
- what each browser did.

The tables use these abbreviations:

- `allow 1+2` or `block 1+2` says whether the page got the response, and how many preflights and
  other requests the server saw. `allow block 1+2` describes two requests of a page.
- `asks x-a` is the `Access-Control-Request-Headers` of the preflight, or `nothing`. A slash
  separates those of several preflights.
- `reads etag` lists the headers that the page could read, besides `Cache-Control`, `Content-Length`
  and `Content-Type`.
- `status 404` is a status other than 200. `cookie` says that the browser sent the cookie.
- `via A PUT page, B PUT null` lists each request of a case with redirects: its server, its method,
  and its `Origin`, which is that of the page or `null`.
- `=` stands for the expected outcome. Another outcome is printed in bold. It is a known divergence.
- `lists` introduces the fields in the answer to the preflight, besides `ACAO: {O}` and
  `ACAC: true`, which all answers of such a case have.
- `ACAO` is `Access-Control-Allow-Origin`, `ACAC` is `Access-Control-Allow-Credentials`, `ACAM` is
  `Access-Control-Allow-Methods`, `ACAH` is `Access-Control-Allow-Headers`, `ACEH` is
  `Access-Control-Expose-Headers`, and `ACMA` is `Access-Control-Max-Age`.
- `{O}` is the origin of the page. `{P}` and `{Q}` are the ports of the page's servers. `{A}` is the
  port of the API, which is `http://localhost:{A}`, and `{B}` that of another API, to which some
  redirects lead. `{N}` is the number of the case. Unless a row says otherwise, the page is
  `http://localhost:{P}`.

The run also compares origin and method of every request, and checks that no preflight has a cookie.
`Access-Control-Request-Headers` has exactly the form of the standard, unless a row says otherwise.

The cases do not cover streamed uploads, elements with `crossorigin`, `EventSource`, WebSocket,
`sendBeacon`, the HTTP cache, and https.

";
const DIVERGENCES: &str = "\
`tests/browsers/exceptions.txt` lists the known divergences. A run fails if one of them is missing
or no longer true.\n";

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let start: String = text.chars().take(most - 3).collect();
    format!("{start}...")
}

/// Shortens an outcome, except for its list of requests.
fn shorten_names(outcome: &str) -> String {
    match outcome.split_once(" via ") {
        Some((start, requests)) => format!("{} via {requests}", shorten(start, 56)),
        None => shorten(outcome, 56),
    }
}

/// Escapes a text for a cell of a table.
fn plain(text: &str) -> String {
    text.replace('`', "\\`").replace('|', "\\|").replace('*', "\\*")
}

/// Formats a text as code in a cell of a table, with visible control characters.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '\0'..' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(' '),
            '\u{7f}' => '\u{2421}',
            c => c,
        })
        .collect();
    let text = text.replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

fn the_page(case: &Case) -> String {
    let page = match case.page {
        Page::Main => String::new(),
        Page::OtherPort => "`http://localhost:{Q}`: ".to_string(),
        Page::Host(host) => format!("`http://{host}:{{P}}`: "),
        Page::Sandboxed => "`null`: ".to_string(),
    };
    let asks: Vec<_> = case.asks.iter().map(the_ask).collect();
    page + &asks.join(", then ")
}

fn the_ask(ask: &Ask) -> String {
    let mut words = Vec::new();
    if ask.after > 0 {
        words.push(format!("{} s later", ask.after));
    }
    words.push(if ask.method.is_empty() {
        "an empty method".to_string()
    } else {
        code(&shorten(ask.method, 24))
    });
    if ask.path != "/" {
        words.push(format!("of {}", code(ask.path)));
    }
    match ask.body {
        Body::None => {}
        Body::Text => words.push("text".to_string()),
        Body::Long => words.push("2000 bytes".to_string()),
        Body::Form => words.push("`URLSearchParams`".to_string()),
        Body::Multipart => words.push("`FormData`".to_string()),
        Body::Blob("") => words.push("`Blob`".to_string()),
        Body::Blob(kind) => words.push(format!("`Blob` of `{kind}`")),
    }
    match ask.credentials {
        Credentials::SameOrigin => {}
        Credentials::Omit => words.push("`omit`".to_string()),
        Credentials::Include => words.push("`include`".to_string()),
    }
    if ask.cache != "default" {
        words.push(format!("`{}`", ask.cache));
    }
    for headers in ask.headers.chunk_by(|one, other| one == other) {
        let (name, value) = headers[0];
        let mut line = code(&shorten(&format!("{}: {value}", shorten(name, 40)), 44));
        if value.len() > 40 {
            let _ = write!(line, " ({} bytes)", value.chars().count());
        }
        if headers.len() > 1 {
            let _ = write!(line, ", {} times,", headers.len());
        }
        words.push(line);
    }
    match ask.via {
        Via::Fetch => {}
        Via::Xhr => words.push("by XHR".to_string()),
        Via::XhrUpload => words.push("by XHR with an upload listener".to_string()),
        Via::Font => words.push("by `FontFace`".to_string()),
    }
    words.join(" ")
}

fn the_server(case: &Case) -> String {
    match &case.server {
        Server::Policy { name, status: 200 } => format!("policy \"{name}\""),
        Server::Policy { name, status } => format!("policy \"{name}\", status {status}"),
        Server::Hops(hops) => {
            let hops: Vec<_> = hops
                .iter()
                .map(|(preflight, other)| match &preflight.lines[..] {
                    [] => the_reply(other),
                    _ => format!("preflight {}; {}", the_reply(preflight), the_reply(other)),
                })
                .collect();
            hops.join(", then ")
        }
        Server::Script { preflight, others } => {
            if let [other] = &others[..]
                && (other.status, &other.lines[..]) == (200, cases::SHARED)
                && preflight.lines.starts_with(cases::SHARED)
            {
                let lists = Reply {
                    status: preflight.status,
                    lines: preflight.lines[cases::SHARED.len()..].to_vec(),
                };
                return format!("`lists`: {}", the_reply(&lists));
            }
            let others: Vec<_> = others.iter().map(the_reply).collect();
            let others = others.join(", then ");
            // A server that refuses every preflight belongs to a case that should have none.
            if preflight.status == 403 && preflight.lines.is_empty() {
                return others;
            }
            format!("preflight {}; {others}", the_reply(preflight))
        }
    }
}

fn the_reply(reply: &Reply) -> String {
    let mut lines: Vec<_> = reply.lines.iter().map(|line| code(&abbreviate(line))).collect();
    if lines.is_empty() {
        lines.push("nothing".to_string());
    }
    match reply.status {
        200 | 204 => lines.join(" "),
        status => format!("{status} {}", lines.join(" ")),
    }
}

/// Abbreviates the long names of CORS fields.
fn abbreviate(line: &str) -> String {
    let mut line = line.to_string();
    for (name, short) in [
        ("access-control-allow-origin", "ACAO"),
        ("access-control-allow-credentials", "ACAC"),
        ("access-control-allow-methods", "ACAM"),
        ("access-control-allow-headers", "ACAH"),
        ("access-control-expose-headers", "ACEH"),
        ("access-control-max-age", "ACMA"),
    ] {
        if line.starts_with(name) {
            line.replace_range(..name.len(), short);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(predicted: &str, firefox: Option<&str>) -> Row {
        Row {
            id: "a-case",
            expected: "allow 0+1",
            predicted: predicted.to_string(),
            by_engine: None,
            seen: [Some("allow 0+1".to_string()), firefox.map(str::to_string), None],
        }
    }

    fn exceptions(text: &str) -> Vec<Exception> {
        read_exceptions(text).unwrap()
    }

    #[test]
    fn every_difference_is_found() {
        let good = row("allow 0+1", Some("allow 0+1"));
        assert_eq!(differences(&[good], &[]), [""; 0]);
        let wrong = differences(&[row("block 0+1", Some("allow 0+1"))], &[]);
        assert_eq!(
            wrong,
            ["a-case: expected `allow 0+1`, but browser/ predicts `block 0+1`"]
        );
        let wrong = differences(&[row("allow 0+1", Some("block 0+1"))], &[]);
        assert_eq!(
            wrong,
            ["a-case: expected `allow 0+1`, but Firefox ESR did `block 0+1`"]
        );
    }

    #[test]
    fn the_prediction_for_an_engine_has_to_be_true() {
        let mut row = row("allow 0+1", Some("block 0+1"));
        row.by_engine = Some(["allow 0+1", "allow 1+1", "allow 2+1"].map(str::to_string));
        let known = exceptions("firefox | a-case | block 0+1 | because\n");
        assert_eq!(
            differences(&[row], &known),
            ["a-case: Firefox ESR did `block 0+1`, but browser/ predicts `allow 1+1` for this engine"]
        );
    }

    #[test]
    fn an_exception_is_exact_and_has_to_be_true() {
        let known = exceptions("# comment\n\nfirefox | a-case | block 0+1 | because\n");
        let differences = |seen| differences(&[row("allow 0+1", Some(seen))], &known);
        assert_eq!(differences("block 0+1"), [""; 0]);
        assert!(differences("allow 0+1")[0].ends_with("the exception `block 0+1` is no longer true"));
        assert!(differences("block 1+1")[0].ends_with("the exception says `block 0+1`"));
    }

    #[test]
    fn exceptions_have_an_engine_a_case_and_a_reason() {
        for bad in [
            "opera | a-case | block 0+1 | because",
            "firefox | a-case | block 0+1",
            "firefox | a-case | block 0+1 | ",
            "firefox | a | b | c\nfirefox | a | d | e",
        ] {
            assert!(read_exceptions(bad).is_err(), "{bad}");
        }
        let other = exceptions("firefox | no-case | block 0+1 | because");
        assert_eq!(
            differences(&[row("allow 0+1", None)], &other),
            ["exceptions.txt: unknown case no-case"]
        );
    }

    #[test]
    fn docs_may_differ_in_versions_and_in_engines_that_did_not_run() {
        let docs = "a\nThe last run was with X 1.\n| a | = | **b** |\n";
        assert_eq!(differs(docs, docs), None);
        assert_eq!(
            differs(docs, "a\nThe last run was with X 2.\n| a | = | ? |\n"),
            None
        );
        for run in [
            "a\nThe last run was with X 2.\n| a | = | = |\n",
            "a\nThe last run was with X 2.\n| a | = |\n",
            "a\nThe last run was with X 2.\n",
            "b\nThe last run was with X 2.\n| a | = | **b** |\n",
        ] {
            assert!(differs(docs, run).is_some(), "{run}");
        }
    }
}
