//! Simulated programs answer like real ones. `tests/configurations/express/answers.txt` has the
//! answers of Express, Fastify and Hono, which `observe.mjs` wrote and `.ci/configurations` checks.

use std::path::PathBuf;

use cors_debugger::servers::request::{Request, Upstream};
use cors_debugger::servers::response::REPORTED;
use cors_debugger::servers::source::Sources;
use cors_debugger::servers::{Kind, Server, check, read};

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/configurations/express")
}

fn program(name: &str, text: &str) -> Box<dyn Server> {
    let mut sources = Sources::default();
    sources.add(name, text);
    read(Kind::Express, sources, &|_, _| None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn named(name: &str) -> Box<dyn Server> {
    program(name, &std::fs::read_to_string(directory().join(name)).unwrap())
}

fn answer(server: &dyn Server, line: &str) -> String {
    let mut parts = line.split(" | ");
    let head = format!("{} HTTP/1.1\nHost: localhost\n", parts.next().unwrap());
    let head = parts.fold(head, |head, field| head + field + "\n");
    let request = Request::from_head(&head).unwrap();
    let response = server.respond(&request, &Upstream::default());
    let status = response.status.known().map_or("unknown".into(), u16::to_string);
    let mut fields: Vec<String> = Vec::new();
    for name in REPORTED {
        if let Some(reason) = response.unknown_reason(name) {
            fields.push(format!("{name}: unknown, {reason}"));
            continue;
        }
        fields.extend(
            response
                .named(name)
                .map(|field| format!("{name}: {}", field.value.known().unwrap())),
        );
    }
    fields.sort();
    let lines = fields.iter().map(|field| format!("{field}\n"));
    format!("< {status}\n{}", lines.collect::<String>())
}

#[test]
fn programs_answer_like_real_ones() {
    let recorded = std::fs::read_to_string(directory().join("answers.txt")).unwrap();
    let (mut programs, mut answers, mut wrong) = (0, 0, Vec::new());
    for part in recorded.split("== ").skip(1) {
        let (name, exchanges) = part.split_once('\n').unwrap();
        let server = named(name);
        programs += 1;
        for exchange in exchanges.split("> ").skip(1) {
            let (request, real) = exchange.split_once('\n').unwrap();
            let simulated = answer(&*server, request);
            answers += 1;
            if simulated != real {
                wrong.push(format!("{name}: {request}\nreal\n{real}simulated\n{simulated}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {answers} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        programs >= 24 && answers >= 15 * programs,
        "{programs} programs, {answers} answers"
    );
}

fn codes(server: &dyn Server) -> Vec<&'static str> {
    let check = check::check(server, &Upstream::default());
    check.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn defects_are_found() {
    for (name, code) in [
        ("guide_both.js", "cors-answered-earlier"),
        ("unanchored.js", "look-alike-admitted"),
        ("reflect.js", "origin-reflected-with-credentials"),
        ("star_credentials.js", "any-origin-with-credentials"),
        ("mixed_list.js", "cors-after-middleware"),
        ("per_route.js", "preflight-without-allow-origin"),
    ] {
        let found = codes(&*named(name));
        assert!(found.contains(&code), "{name}: {found:?}");
    }
}

#[test]
fn nothing_is_invented() {
    for name in [
        "guide_second.js",
        "per_route_options.js",
        "hono.mjs",
        "default.js",
    ] {
        let found = codes(&*named(name));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn what_is_computed_is_unknown() {
    let text = "\
import express, { type Request } from 'express';
import cors from 'cors';
const app = express();
app.use(cors({ origin: process.env.ORIGINS!.split(','), credentials: true }));
app.get('/api/led', async (req: Request, res): Promise<void> => { res.json({}); });
export default app;
";
    let server = program("app.ts", text);
    let simulated = answer(&*server, "GET /api/led | Origin: https://app.example.com");
    assert!(
        simulated.contains("access-control-allow-origin: unknown"),
        "{simulated}"
    );
    assert!(
        simulated.contains("access-control-allow-credentials: true"),
        "{simulated}"
    );
    assert_eq!(server.unknowns().len(), 1);
}

#[test]
fn what_other_files_export_is_unknown() {
    for options in [
        "{ origin: config.origin }",
        "{ origin: origins }",
        "{ origin: config.list() }",
        "config.cors",
        "config",
        "{ ...config, credentials: true }",
        "{ origin: process.env.ORIGIN }",
        "{ origin: [process.env.ORIGIN] }",
    ] {
        let text = format!(
            "const express = require('express');\nconst config = require('./config');\n\
             const {{ origins }} = require('./origins');\nconst app = express();\n\
             app.use(require('cors')({options}));\napp.get('/', (req, res) => res.send(''));\n"
        );
        let simulated = answer(
            &*program("app.js", &text),
            "GET / | Origin: https://stranger.example",
        );
        assert!(
            simulated.contains("access-control-allow-origin: unknown"),
            "{options}: {simulated}"
        );
    }
}

#[test]
fn classes_make_apps_too() {
    let text = "\
import express, { Application } from 'express';
import cors from 'cors';
export class Server {
  private app: Application = express();
  constructor(private port: number) { this.middlewares(); }
  private middlewares(): void {
    this.app.use(cors({ origin: [process.env.PAGE, 'https://app.example.com'].filter(Boolean) }));
    this.app.options('/api/led', cors({ origin: 'https://other.example' }));
    this.app.get('/api/led', this.led);
  }
  led(req, res) { return res.json({}); }
}
";
    let server = program("server.ts", text);
    let page = answer(&*server, "GET /api/led | Origin: https://app.example.com");
    assert!(
        page.contains("access-control-allow-origin: https://app.example.com"),
        "{page}"
    );
    let stranger = answer(&*server, "GET /api/led | Origin: https://stranger.example");
    assert!(
        stranger.contains("access-control-allow-origin: unknown"),
        "{stranger}"
    );
    assert!(codes(&*server).contains(&"cors-answered-earlier"));
    // The same options twice do no harm.
    let twice = program(
        "server.ts",
        &text.replace(
            "cors({ origin: 'https://other.example' })",
            "cors({ origin: [process.env.PAGE, 'https://app.example.com'].filter(Boolean) })",
        ),
    );
    assert!(!codes(&*twice).contains(&"cors-answered-earlier"));
}

#[test]
fn no_text_panics() {
    for text in [
        "",
        "((((",
        "app.use(cors({",
        "`${",
        "/[/",
        "app.use(cors({origin: /(/}))",
        "const {a, b: c} = require('x')",
        "\u{feff}#!/x\n",
    ] {
        let mut sources = Sources::default();
        sources.add("x.js", text);
        if let Ok(server) = read(Kind::Express, sources, &|_, _| None) {
            let _ = check::check(&*server, &Upstream::default());
        }
    }
    let deep = format!("app.use({}", "(".repeat(20_000));
    let mut sources = Sources::default();
    sources.add("x.js", deep);
    let _ = read(Kind::Express, sources, &|_, _| None);
}

/// A program whose `cors()` has these options, with statements before it.
fn with_options(before: &str, options: &str) -> String {
    format!(
        "const express = require('express');\nconst cors = require('cors');\n\
         const {{ ORIGIN, extra }} = require('./config');\nconst app = express();\n{before}\n\
         app.use(cors({options}));\napp.get('/', (req, res) => res.send(''));\n"
    )
}

#[test]
fn a_computed_origin_is_not_every_origin() {
    for (before, origin) in [
        ("", "process.env.ORIGIN"),
        ("", "ORIGIN"),
        ("", "['https://a.example', process.env.ADMIN]"),
        ("", "[extra]"),
        ("", "`https://${process.env.HOST}`"),
        ("const config = { a: 1 };", "config.origin"),
        ("const config = { ...extra };", "config.origin"),
        ("const process = require('process');", "process.env.ORIGIN"),
        (
            "const config = require('dotenv').config();",
            "config.parsed.ORIGIN",
        ),
        (
            "let origin = '*';\nif (extra) { origin = 'https://a.example'; }",
            "origin",
        ),
        (
            "let origin = 'https://a.example';\nif (extra) origin = '*';",
            "origin",
        ),
        (
            "const origins = ['https://a.example'];\norigins.push(ORIGIN);",
            "origins",
        ),
        (
            "const origins = [];\nif (extra) origins.push('https://a.example');",
            "origins",
        ),
    ] {
        for credentials in ["", ", credentials: true"] {
            let text = with_options(before, &format!("{{ origin: {origin}{credentials} }}"));
            let server = program("app.js", &text);
            assert_eq!(codes(&*server), [""; 0], "{text}");
            assert_eq!(server.unknowns().len(), 1, "{text}");
            let answer = answer(&*server, "GET / | Origin: https://stranger.example");
            assert!(
                answer.contains("access-control-allow-origin: unknown, "),
                "{answer}"
            );
            assert!(!answer.contains("unknown, \n"), "a reason is missing: {answer}");
        }
    }
    // The options may get the origin after they are made.
    let text = with_options(
        "const options = { credentials: true };\noptions.origin = process.env.ORIGIN;",
        "options",
    );
    let server = program("app.js", &text);
    assert_eq!(codes(&*server), [""; 0]);
    assert_eq!(server.unknowns().len(), 1);
}

#[test]
fn added_origins_are_admitted() {
    let text = with_options(
        "const origins = ['https://a.example'];\norigins.push('https://b.example');",
        "{ origin: origins }",
    );
    let answer = answer(&*program("app.js", &text), "GET / | Origin: https://b.example");
    assert!(
        answer.contains("access-control-allow-origin: https://b.example"),
        "{answer}"
    );
}

fn refusal(name: &str, text: &str) -> String {
    let mut sources = Sources::default();
    sources.add(name, text);
    match read(Kind::Express, sources, &|_, _| None) {
        Ok(_) => panic!("{text} is taken as good"),
        Err(error) => error,
    }
}

#[test]
fn mistakes_of_the_program_are_named() {
    let whole = with_options("", "{\n  origin: 'https://a.example',\n  credentials: true\n}");
    program("app.js", &whole);
    for (from, to, expected) in [
        (
            "example',",
            "example'",
            "app.js:8: a comma is expected between the properties, before credentials",
        ),
        (
            "true\n}",
            "true\n",
            "app.js:9: } is expected, and ) is written, for what begins in line 6",
        ),
        (
            "'https://a.example'",
            "",
            "app.js:7: a value is expected after origin:",
        ),
        (
            "example',",
            "example,",
            "app.js:7: the text that begins here does not end; ' is expected",
        ),
        (
            "'https://a.example'",
            "['a' 'b']",
            "app.js:7: a comma is expected between the values, before b",
        ),
        ("app.use", "} app.use", "app.js:6: } closes nothing"),
    ] {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole);
        assert_eq!(refusal("app.js", &text), expected, "{text}");
    }
    let cut = &whole[..whole.find("credentials").unwrap()];
    assert_eq!(
        refusal("app.js", cut),
        "app.js:7: the file ends inside a call; } is expected, for what begins in line 6"
    );
}

#[test]
fn unusual_syntax_is_not_a_mistake() {
    for before in [
        "const a = `x ${b ? `it's {` : '}'} { y`;",
        "const page = <p>Don't</p>;",
        "const a = { b: c in d ? e : f, get g() { return 1 }, async h() {}, [i]: j, 'k': 1 };",
        "if (a) throw /[(]'/;",
        "const a = { b: x | y, c: x ** 2, d: typeof x === 'y' ? 1 : 2 };",
        "class A { static b = 1; #c = 'x'; d() { return this.#c } }",
        "const a = [1, , 2], b = (1, 2), f = function* () { yield /'/ };",
    ] {
        let text = with_options(before, "{ origin: 'https://a.example' }");
        program("app.js", &text);
    }
    let typed = with_options(
        "const a = x as {\n  b: string\n  c: number };\nconst d: Map<string, { e: 'x' }> = new Map<string, { e: 'x' }>();",
        "{ origin: 'https://a.example' } as CorsOptions",
    );
    program("app.ts", &typed);
}
