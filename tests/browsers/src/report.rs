//! What is compared, what is printed, and `docs/browsers.md`.

use std::fmt::Write as _;

use crate::case::{Ask, Body, Case, Credentials, Page, Reply, Server, Via};
use crate::cases;
use crate::engine::Engine;

/// A line of `exceptions.txt`: what an engine does otherwise than the standard says, and why that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) engine: &'static str,
    pub(crate) case: String,
    pub(crate) does: String,
    pub(crate) reason: String,
}

/// `engine | case | what it does | reason`, `#` for comments.
pub(crate) fn read_exceptions(text: &str) -> Result<Vec<Exception>, String> {
    let mut exceptions: Vec<Exception> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| format!("exceptions.txt, line {}: {what}", number + 1);
        let parts: Vec<_> = line.splitn(4, " | ").map(str::trim).collect();
        let [engine, case, does, reason] = parts[..] else {
            return Err(wrong("it is not `engine | case | what it does | reason`"));
        };
        let engine = Engine::ALL.iter().find(|known| known.name() == engine);
        let exception = Exception {
            engine: engine.ok_or_else(|| wrong("there is no such engine"))?.name(),
            case: case.to_string(),
            does: does.to_string(),
            reason: reason.to_string(),
        };
        if reason.is_empty() {
            return Err(wrong("there is no reason"));
        }
        if exceptions
            .iter()
            .any(|other| (other.engine, &other.case) == (exception.engine, &exception.case))
        {
            return Err(wrong("there is another one for the same engine and case"));
        }
        exceptions.push(exception);
    }
    Ok(exceptions)
}

/// A case, and what was expected of it, predicted, and seen.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) expected: &'static str,
    /// What `browser/` says; it knows no ports but those of an engine's own servers, and leaves them out.
    pub(crate) predicted: String,
    /// In the order of [`Engine::ALL`]; none of engines that did not run.
    pub(crate) seen: [Option<String>; 3],
}

/// All that is wrong.
pub(crate) fn judge(rows: &[Row], exceptions: &[Exception]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        if row.predicted != row.expected {
            wrong.push(format!(
                "{}: expected `{}`, and browser/ predicts `{}`",
                row.id, row.expected, row.predicted
            ));
        }
        for (engine, seen) in Engine::ALL.iter().zip(&row.seen) {
            let Some(seen) = seen else { continue };
            let known = exceptions
                .iter()
                .find(|known| known.engine == engine.name() && known.case == row.id);
            match known {
                Some(known) if known.does == *seen => {}
                Some(known) if seen == row.expected => wrong.push(format!(
                    "{}: {} does as expected, `{seen}`; the exception `{}` is no longer true",
                    row.id,
                    engine.title(),
                    known.does
                )),
                Some(known) => wrong.push(format!(
                    "{}: {} did `{seen}`, and the exception says `{}`",
                    row.id,
                    engine.title(),
                    known.does
                )),
                None if seen == row.expected => {}
                None => wrong.push(format!(
                    "{}: expected `{}`, and {} did `{seen}`",
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
            None => wrong.push(format!("exceptions.txt: there is no case {}", known.case)),
            Some(row) if row.expected == known.does => {
                wrong.push(format!("exceptions.txt: {} is what is expected", known.case));
            }
            Some(_) => {}
        }
    }
    wrong
}

/// The table for the terminal: `=` is what was expected, `?` an engine that did not run.
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

/// `docs/browsers.md`. A cell of an engine that did not run is [`UNKNOWN`].
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
            shorten(expected, 56),
            known.does,
            known.reason
        );
    }
    let policies = include_str!("policies.rs")
        .split("// For docs/browsers.md.\n")
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
            plain(&shorten(row.expected, 56)),
            cell(&row.predicted),
            seen.join(" | ")
        );
    }
    text
}

const UNKNOWN: &str = "?";
const VERSIONS: &str = "The last run was with ";

/// The first difference between what the docs say and what a run gives. Versions may differ, and engines that did not run.
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

Each line is a case that ran in three browsers, with their `fetch` and `XMLHttpRequest`, against the HTTP of `examples/serve`. It compares what was
expected, which stands in `tests/browsers/src/cases.rs` by hand (what the policy means, or what the Fetch Standard says), what the client side
of this crate, `browser/`, predicts, and what each browser did.

- `allow 1+2` or `block 1+2`: whether the page got the response, and how many preflights and other requests the server saw. Two requests of a
  page: `allow block 1+2`.
- `asks x-a`: the preflight's `Access-Control-Request-Headers`; with a slash, those of several.
- `reads etag`: the headers that the page could read, besides `Cache-Control`, `Content-Length` and `Content-Type`.
- `status 404`: other than 200. `cookie`: it was sent.
- `=`: as expected. In bold: not so, a known divergence.
- `lists`: what the answer to the preflight has besides `ACAO: {O}` and `ACAC: true`, which all answers then have.
- `ACAO` is `Access-Control-Allow-Origin`, `ACAC` `-Credentials`, `ACAM` `-Methods`, `ACAH` `-Headers`, `ACEH` `Access-Control-Expose-Headers`,
  `ACMA` `Access-Control-Max-Age`.
- `{O}` is the page's origin; `{P}` and `{Q}` are the ports of the page's servers, `{A}` is that of the API, `http://localhost:{A}`. Where nothing is
  said, the page is `http://localhost:{P}`.

Origin and method of every request are compared too, no preflight has a cookie, and `Access-Control-Request-Headers` is written as the standard
writes it, byte for byte, unless it says otherwise.

Not here: redirects, streamed uploads, elements with `crossorigin`, fonts, `EventSource`, WebSocket, `sendBeacon`, the HTTP cache, https.

";
const DIVERGENCES: &str = "\
They stand in `tests/browsers/exceptions.txt`. One that is no longer true fails the run, as does one that is missing.\n";

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let start: String = text.chars().take(most - 3).collect();
    format!("{start}...")
}

/// Text as text in a table.
fn plain(text: &str) -> String {
    text.replace('`', "\\`").replace('|', "\\|").replace('*', "\\*")
}

/// Text as code in a table.
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
    }
    words.join(" ")
}

fn the_server(case: &Case) -> String {
    match &case.server {
        Server::Policy { name, status: 200 } => format!("policy \"{name}\""),
        Server::Policy { name, status } => format!("policy \"{name}\", status {status}"),
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
            // A server that refuses every preflight is for cases that ought to have none.
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

/// The field names are long, and everyone knows them.
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
            seen: [Some("allow 0+1".to_string()), firefox.map(str::to_string), None],
        }
    }

    fn exceptions(text: &str) -> Vec<Exception> {
        read_exceptions(text).unwrap()
    }

    #[test]
    fn every_difference_is_found() {
        let good = row("allow 0+1", Some("allow 0+1"));
        assert_eq!(judge(&[good], &[]), [""; 0]);
        let wrong = judge(&[row("block 0+1", Some("allow 0+1"))], &[]);
        assert_eq!(
            wrong,
            ["a-case: expected `allow 0+1`, and browser/ predicts `block 0+1`"]
        );
        let wrong = judge(&[row("allow 0+1", Some("block 0+1"))], &[]);
        assert_eq!(
            wrong,
            ["a-case: expected `allow 0+1`, and Firefox ESR did `block 0+1`"]
        );
    }

    #[test]
    fn an_exception_is_exact_and_has_to_be_true() {
        let known = exceptions("# comment\n\nfirefox | a-case | block 0+1 | because\n");
        let judge = |seen| judge(&[row("allow 0+1", Some(seen))], &known);
        assert_eq!(judge("block 0+1"), [""; 0]);
        assert!(judge("allow 0+1")[0].ends_with("the exception `block 0+1` is no longer true"));
        assert!(judge("block 1+1")[0].ends_with("the exception says `block 0+1`"));
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
            judge(&[row("allow 0+1", None)], &other),
            ["exceptions.txt: there is no case no-case"]
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
