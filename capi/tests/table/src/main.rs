//! Writes what the C tests expect, as the Rust library has it: `table DIRECTORY`.
//!
//! - `table`: policies, requests, and the answer of each policy to each request; configurations with a mistake, and the sentence. Numbers are
//!   decimal, with a space behind each, and bytes have their number and a colon before them. The C tests read it in this order.
//! - `layout.inc`: every size, offset and number of the header as C writes it, beside the library's number.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use embedded_cors::{
    Decision, Origin, Policy, PolicyBuilder, PolicyError, PolicyReader, RefusedStatus, Request, SuccessStatus,
};

const HEADER: &str = include_str!("../../../include/embedded_cors.h");
const DECISIONS: &str = include_str!("../../../../tests/decisions.txt");
const KINDS: &str = include_str!("../../../../src/error.rs");

fn main() {
    let directory = std::env::args().nth(1).expect("table DIRECTORY");
    let directory = Path::new(&directory);
    let write = |name, content: &[u8]| std::fs::write(directory.join(name), content).expect(name);
    write("table", &table());
    write("layout.inc", layout().as_bytes());
}

/// A policy, as a configuration has it.
#[derive(Clone, Default)]
struct Spec {
    flags: u32,
    max_age: i32,
    lists: [Vec<String>; 4],
    has_predicate: bool,
}

/// The number of a constant of the header.
fn constant(name: &str) -> u32 {
    let at = capi::layout::NAMES.iter().position(|known| *known == name);
    capi::layout::ecors_layout[at.unwrap_or_else(|| panic!("the library has no {name}"))]
}

/// A method of the builder.
type Setter<'a> = fn(PolicyBuilder<'a>) -> PolicyBuilder<'a>;

impl Spec {
    fn new() -> Self {
        Self {
            max_age: -1,
            ..Self::default()
        }
    }

    fn has(&self, name: &str) -> bool {
        self.flags & constant(name) != 0
    }

    fn flag(mut self, name: &str) -> Self {
        self.flags |= constant(name);
        self
    }

    fn list(mut self, list: usize, entries: &[&str]) -> Self {
        self.lists[list] = entries.iter().map(|entry| entry.to_string()).collect();
        self
    }

    fn with<T>(&self, test: impl FnOnce(Result<&Policy<'_>, PolicyError<'_>>) -> T) -> T {
        let lists: Vec<Vec<&str>> = self
            .lists
            .iter()
            .map(|list| list.iter().map(String::as_str).collect())
            .collect();
        let mut builder = Policy::builder()
            .allow_origins(&lists[0])
            .allow_methods(&lists[1])
            .allow_headers(&lists[2])
            .expose_headers(&lists[3]);
        if let Ok(seconds) = self.max_age.try_into() {
            builder = builder.max_age_seconds(seconds);
        }
        if self.has_predicate {
            builder = builder.allow_origin_if(&is_tenant);
        }
        builder = self.options(builder);
        match builder.build() {
            Ok(policy) => test(Ok(&policy)),
            Err(error) => test(Err(error)),
        }
    }

    fn options<'a>(&self, mut builder: PolicyBuilder<'a>) -> PolicyBuilder<'a> {
        let options: [(&str, Setter<'a>); 11] = [
            ("ECORS_CREDENTIALS", PolicyBuilder::allow_credentials),
            ("ECORS_PRIVATE_NETWORK", PolicyBuilder::allow_private_network),
            ("ECORS_MINIMAL", PolicyBuilder::minimal),
            (
                "ECORS_ANSWER_ONLY_REQUESTED",
                PolicyBuilder::answer_only_requested,
            ),
            (
                "ECORS_STRICT_REQUEST_HEADERS",
                PolicyBuilder::strict_request_headers,
            ),
            ("ECORS_SUCCESS_STATUS_200", |builder| {
                builder.success_status(SuccessStatus::Ok)
            }),
            ("ECORS_REFUSED_STATUS_204", |builder| {
                builder.refused_status(RefusedStatus::NoContent)
            }),
            ("ECORS_REFUSED_STATUS_200", |builder| {
                builder.refused_status(RefusedStatus::Ok)
            }),
            (
                "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS",
                PolicyBuilder::dangerously_allow_insecure_origins_with_credentials,
            ),
            (
                "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS",
                PolicyBuilder::dangerously_allow_public_suffixes_with_credentials,
            ),
            (
                "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS",
                PolicyBuilder::dangerously_allow_predicate_with_credentials,
            ),
        ];
        for (name, option) in options {
            if self.has(name) {
                builder = option(builder);
            }
        }
        builder
    }
}

/// What the C tests' predicate says, too.
fn is_tenant(origin: &Origin<'_>) -> bool {
    origin.as_str().ends_with(".tenants.example")
}

/// The policies of `decisions.txt`, and the heads.
fn decisions() -> (Vec<Spec>, Vec<Vec<u8>>) {
    let (mut policies, mut heads) = (Vec::new(), Vec::new());
    let mut lines = DECISIONS.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("policy ") {
            let mut spec = Spec::new();
            for setting in lines.by_ref().take_while(|line| !line.is_empty()) {
                let mut words = setting.split(' ');
                let list = match words.next().unwrap() {
                    "origins" => 0,
                    "methods" => 1,
                    "headers" => 2,
                    "expose" => 3,
                    "max-age" => {
                        spec.max_age = words.next().unwrap().parse().unwrap();
                        continue;
                    }
                    flag => {
                        spec = spec.flag(match flag {
                            "credentials" => "ECORS_CREDENTIALS",
                            "minimal" => "ECORS_MINIMAL",
                            "strict" => "ECORS_STRICT_REQUEST_HEADERS",
                            "only-requested" => "ECORS_ANSWER_ONLY_REQUESTED",
                            "private-network" => "ECORS_PRIVATE_NETWORK",
                            "success-200" => "ECORS_SUCCESS_STATUS_200",
                            "refused-204" => "ECORS_REFUSED_STATUS_204",
                            "refused-200" => "ECORS_REFUSED_STATUS_200",
                            other => panic!("no such setting: {other}"),
                        });
                        continue;
                    }
                };
                spec.lists[list] = words.map(String::from).collect();
            }
            policies.push(spec);
        } else if line.starts_with("case ") {
            let mut head = Vec::new();
            for line in lines.by_ref().take_while(|line| !line.starts_with("answer ")) {
                let (line, end) = line.strip_suffix('\\').map_or((line, "\r\n"), |line| (line, ""));
                let line = line.replace("\\t", "\t").replace("\\r", "\r");
                head.extend_from_slice(line.replace("\\n", "\n").replace("\\0", "\0").as_bytes());
                head.extend_from_slice(end.as_bytes());
            }
            heads.push(head);
        }
    }
    (policies, heads)
}

/// The heads that browsers sent.
fn browsers() -> Vec<Vec<u8>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/requests");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the requests are there")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "http"))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Names and values of a head, if all parsers agree on them.
fn fields(head: &[u8]) -> Option<(&str, Vec<(&str, &str)>)> {
    let head = std::str::from_utf8(head).ok()?;
    let (head, _) = head.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let (method, _) = lines.next()?.split_once(' ')?;
    let odd = |text: &str| text.contains(['\r', '\n', '\0', '\t']);
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(':')?;
        let plain = !name.is_empty() && !name.contains(' ') && !odd(line);
        plain.then_some((name, value))
    });
    Some((method, fields.collect::<Option<_>>()?)).filter(|_| !odd(method))
}

struct Table(Vec<u8>);

impl Table {
    fn number(&mut self, number: impl TryInto<i64>) {
        let number = number.try_into().ok().expect("it fits");
        self.0.extend_from_slice(format!("{number} ").as_bytes());
    }

    fn bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.extend_from_slice(format!("{}:", bytes.len()).as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.push(b'\n');
    }

    fn spec(&mut self, spec: &Spec) {
        self.number(spec.flags);
        self.number(spec.max_age);
        self.number(u8::from(spec.has_predicate));
        for list in &spec.lists {
            self.number(list.len());
            list.iter().for_each(|entry| self.bytes(entry));
        }
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        let refusal = decision.refusal();
        self.number(decision.kind() as u8);
        self.number(refusal.map_or(0, |refusal| refusal.reason().code()));
        self.number(
            refusal
                .and_then(|refusal| refusal.index())
                .map_or(-1, |index| index as i64),
        );
        self.number(u8::from(decision.is_allowed()));
        let preflight = decision.preflight();
        self.number(preflight.map_or(0, |preflight| preflight.status()));
        let mut buffer = [0; 8192];
        self.bytes(decision.write_fields(&mut buffer).unwrap());
        if let Some(preflight) = preflight {
            self.bytes(preflight.write_response(&mut buffer).unwrap());
        }
        let merged = decision.merge_vary(&["accept-encoding, Origin"]).unwrap();
        self.bytes(merged.write_fields(&mut buffer).unwrap());
    }
}

/// How much a reader of the C library keeps.
const READER_BYTES: usize = 392;

fn table() -> Vec<u8> {
    assert_eq!(constant("ECORS_READER_BYTES") as usize, READER_BYTES);
    let (mut policies, mut heads) = decisions();
    heads.extend(browsers());
    // What the table has not: an index, and a predicate.
    let many: Vec<String> = (0..200)
        .map(|i| format!("https://{i}.example"))
        .chain(
            policies
                .iter()
                .flat_map(|policy| policy.lists[0].clone())
                .filter(|entry| entry != "*" && entry != "null"),
        )
        .collect();
    policies.push(Spec {
        lists: [many, vec!["PUT".into()], vec!["*".into()], vec![]],
        ..Spec::new()
    });
    policies.push(Spec {
        has_predicate: true,
        ..Spec::new().list(1, &["*"]).list(3, &["*"])
    });
    heads.push(b"GET / HTTP/1.1\r\nOrigin: https://a.tenants.example\r\n\r\n".into());
    assert!(
        policies.len() >= 16 && heads.len() >= 250,
        "the tables were not read"
    );

    let mut table = Table(Vec::new());
    table.number(heads.len());
    for head in &heads {
        table.bytes(head);
        match fields(head) {
            Some((method, fields)) => {
                table.number(fields.len());
                table.bytes(method);
                for (name, value) in fields {
                    table.bytes(name);
                    table.bytes(value);
                }
            }
            None => table.number(-1),
        }
    }
    table.number(policies.len());
    for spec in &policies {
        table.spec(spec);
        spec.with(|policy| {
            let policy = policy.unwrap_or_else(|error| panic!("{error}"));
            table.number(policy.max_response_len());
            table.number(policy.max_fields());
            for head in &heads {
                table.decision(&policy.decide(&Request::from_head(head).unwrap()));
                let mut reader = PolicyReader::<READER_BYTES>::new(policy);
                reader.push(head).unwrap();
                table.decision(&reader.decide());
                let cut = &head[..head.len() * 2 / 3];
                table.decision(&policy.decide_error_reply(&Request::from_incomplete_head(cut).unwrap()));
            }
        });
    }
    table_of_mistakes(&mut table);
    table_of_reasons(&mut table);
    table.0
}

fn table_of_reasons(table: &mut Table) {
    table.number(embedded_cors::Reason::ALL.len());
    for reason in embedded_cors::Reason::ALL {
        table.number(reason.code());
        table.bytes(reason.name());
        table.bytes(reason.sentence());
    }
}

fn table_of_mistakes(table: &mut Table) {
    let long = "x".repeat(1025);
    let names: Vec<String> = (0..65).map(|i| format!("x-{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let one = |list, entry: &str| Spec::new().list(list, &[entry]);
    let origin = |entry: &str| one(0, entry);
    let credentials = |entry: &str| origin(entry).flag("ECORS_CREDENTIALS");
    let mut mistakes = vec![
        origin(""),
        origin("example.com"),
        origin("HTTPS://example.com"),
        origin("1https://example.com"),
        origin("file:///x"),
        origin("https://Example.com"),
        origin("https://ex\u{e4}mple.com"),
        origin("https://a.example, https://b.example"),
        origin("https://example.com/"),
        origin("https://"),
        origin(&format!("https://{}.example", "a".repeat(300))),
        origin("http://1.2.3"),
        origin("http://[2001:DB8::1]"),
        origin("http://[::0]"),
        origin("http://localhost:0"),
        origin("https://example.com:443"),
        origin("https://exam*ple.com"),
        origin("http://*.1.2.3.4"),
        credentials("*"),
        credentials("null"),
        credentials("http://example.com"),
        credentials("https://*.com"),
        Spec::new().list(
            0,
            &["https://a.example", "https://b.example", "https://c.example/"],
        ),
        Spec {
            has_predicate: true,
            ..credentials("https://a.example")
        },
        one(2, "x y"),
        one(2, "x-\u{e4}"),
        one(1, &long),
        one(1, "TRACE"),
        one(1, "put"),
        one(3, "set-cookie"),
        one(3, "*").flag("ECORS_CREDENTIALS"),
        Spec::new().list(2, &names),
        origin("*").flag("ECORS_PRIVATE_NETWORK"),
    ];
    mistakes.push(Spec {
        max_age: 86401,
        ..Spec::new()
    });
    // Long lists have an index, and its own way to the same sentence.
    let mut many: Vec<String> = (0..100).map(|i| format!("https://{i}.example")).collect();
    many[77] = "https://x.example?".into();
    mistakes.push(Spec {
        lists: [many, vec![], vec![], vec![]],
        ..Spec::new()
    });

    let mut met = BTreeSet::new();
    table.number(mistakes.len());
    for spec in &mistakes {
        table.spec(spec);
        spec.with(|policy| {
            let error = policy.expect_err("a mistake");
            met.insert(format!("{:?}", error.kind()));
            table.bytes(error.setting().name());
            table.bytes(error.kind().what());
            table.bytes(error.kind().fix());
            table.number(error.index());
            table.number(error.at());
            table.bytes(error.to_string());
        });
    }
    // That the memory is full is found out by other means.
    let kinds: BTreeSet<String> = KINDS
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()) && line.ends_with("\";"))
        .filter_map(|line| line.split_once(": \""))
        .filter_map(|(kind, _)| kind.split(' ').next())
        .filter(|kind| *kind != "Full")
        .map(String::from)
        .collect();
    assert!(kinds.len() > 25, "the list of kinds was not read");
    assert_eq!(met, kinds, "each kind of mistake is made");
}

fn layout() -> String {
    let names = capi::layout::NAMES;
    let mut rows = String::new();
    for (name, number) in names.iter().zip(capi::layout::ecors_layout) {
        writeln!(rows, "ROW(\"{name}\", {name}, {number}u)").unwrap();
    }
    // What the header has and the library has not said.
    let mut missing = Vec::new();
    let mut within = None;
    for line in HEADER.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["#define", name, ..] => {
                let is_number = !words[2..].iter().any(|word| word.starts_with(['"', '{']));
                let is_known = |known: &&str| known.split('(').next() == name.split('(').next();
                if name.starts_with("ECORS_") && is_number && !names.iter().any(is_known) {
                    missing.push(name.to_string());
                }
            }
            ["typedef", "struct", name, "{"] => within = Some(name),
            ["}", ..] => within = None,
            // A comment.
            [first, ..] if first.starts_with(['/', '*']) => {}
            _ => {
                let code = line.split("/*").next().unwrap();
                let member = code
                    .split(['[', ';'])
                    .next()
                    .unwrap()
                    .split([' ', '*'])
                    .next_back()
                    .unwrap();
                if let Some(name) = within
                    && code.contains(';')
                    && !names.contains(&format!("offsetof({name}, {member})").as_str())
                {
                    missing.push(format!("{name}.{member}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "the library does not say {missing:?}");
    rows
}
