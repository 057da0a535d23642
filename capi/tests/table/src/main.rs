//! Writes what the C tests expect, computed by the Rust library: `table DIRECTORY` writes three
//! files.
//!
//! - `table`: policies and rules, requests, and the answer of each policy to each request; then
//!   configurations with a mistake, and the message. A number is decimal and ends with a space;
//!   bytes begin with their number and a colon. The C tests read the file in this order.
//! - `doors`: doors, requests, and what the doors decide, in the same format.
//! - `layout.inc`: every size, offset and number of the header as a C expression, beside the number
//!   that the library has.

#[path = "../../../../tests/common/decisions.rs"]
mod decisions;
#[path = "../../../../tests/common/doors.rs"]
mod doors;
mod doors_table;
#[path = "../../../../tests/common/policy_spec.rs"]
mod policy_spec;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use embedded_cors::{
    Decision, Policy, PolicyError, PolicyErrorKind, PolicyReader, Refusal, RefusalPosition, Request, Rules,
    RulesError, RulesReader, Setting,
};
use policy_spec::{PolicyOption, PolicySpec};

const HEADER: &str = include_str!("../../../include/embedded_cors.h");
const DECISIONS: &str = include_str!("../../../../tests/decisions.txt");

fn main() {
    let directory = std::env::args().nth(1).expect("table DIRECTORY");
    let directory = Path::new(&directory);
    let write = |name, content: &[u8]| std::fs::write(directory.join(name), content).expect(name);
    write("table", &table());
    write("doors", &doors_table::table());
    write("layout.inc", layout().as_bytes());
}

/// Returns the number of a constant of the header.
fn constant(name: &str) -> u32 {
    let at = capi::layout::NAMES.iter().position(|known| *known == name);
    capi::layout::ecors_layout[at.unwrap_or_else(|| panic!("the library has no {name}"))]
}

/// Returns the flag of `ecors_config` for an option.
fn flag(option: PolicyOption) -> &'static str {
    match option.name() {
        "credentials" => "ECORS_CREDENTIALS",
        "timing" => "ECORS_TIMING",
        "loopback" => "ECORS_LOOPBACK",
        "hide-lists" => "ECORS_HIDE_LISTS_WHEN_REFUSED",
        "only-requested" => "ECORS_ANSWER_ONLY_REQUESTED",
        "strict" => "ECORS_STRICT_REQUEST_HEADERS",
        "success-200" => "ECORS_SUCCESS_STATUS_200",
        "success-204-bare" => "ECORS_SUCCESS_STATUS_204_BARE",
        "refused-204" => "ECORS_REFUSED_STATUS_204",
        "refused-200" => "ECORS_REFUSED_STATUS_200",
        "insecure-origins" => "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS",
        "public-suffixes" => "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS",
        "trust-predicate" => "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS",
        other => panic!("ecors_config has no flag for the option {other}"),
    }
}

/// Returns the heads that browsers sent.
fn browsers() -> Vec<Vec<u8>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/requests");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("tests/requests can be read")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "http"))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Returns the method, names and values of a head, or `None` if parsers disagree about them.
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
        let number = number.try_into().ok().expect("the number fits");
        self.0.extend_from_slice(format!("{number} ").as_bytes());
    }

    fn bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.extend_from_slice(format!("{}:", bytes.len()).as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.push(b'\n');
    }

    fn spec(&mut self, spec: &PolicySpec) {
        self.number(
            spec.options
                .iter()
                .fold(0, |flags, option| flags | constant(flag(*option))),
        );
        self.number(spec.max_age.map_or(-1, i64::from));
        self.number(u8::from(spec.has_predicate));
        for list in [&spec.origins, &spec.methods, &spec.headers, &spec.exposed] {
            self.number(list.len());
            list.iter().for_each(|entry| self.bytes(entry));
        }
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        let refusal = decision.refusal();
        self.number(decision.kind() as u8);
        self.number(refusal.map_or(0, |refusal| refusal.reason().code()));
        let (byte, header) = position(refusal);
        self.number(byte);
        self.number(header);
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

/// Returns a position as a number, -1 for none.
fn position_of(position: Option<usize>) -> i64 {
    position.map_or(-1, |position| position.try_into().expect("the position fits"))
}

/// Returns the byte and the name's number of a refusal, each -1 for none.
fn position(refusal: Option<Refusal>) -> (i64, i64) {
    match refusal.and_then(|refusal| refusal.position()) {
        Some(RefusalPosition::Byte(byte)) => (byte as i64, -1),
        Some(RefusalPosition::Name(name)) => (-1, name as i64),
        None => (-1, -1),
    }
}

/// The bytes of values that a reader of the C library keeps.
const READER_BYTES: usize = 392;

fn table() -> Vec<u8> {
    assert_eq!(constant("ECORS_READER_BYTES") as usize, READER_BYTES);
    let (mut policies, cases) = decisions::read(DECISIONS);
    let mut heads: Vec<Vec<u8>> = cases.into_iter().map(|case| case.head.into_bytes()).collect();
    heads.extend(browsers());
    // No policy of `decisions.txt` has an index or a predicate.
    let listed = policies.iter().flat_map(|policy| policy.origins.clone());
    let many = (0..200)
        .map(|i| format!("https://{i}.example"))
        .chain(listed.filter(|entry| entry != "*" && entry != "null"));
    policies.push(PolicySpec {
        origins: many.collect(),
        methods: vec!["PUT".into()],
        headers: vec!["*".into()],
        ..PolicySpec::default()
    });
    policies.push(PolicySpec {
        methods: vec!["*".into()],
        exposed: vec!["*".into()],
        has_predicate: true,
        ..PolicySpec::default()
    });
    heads.push(b"GET / HTTP/1.1\r\nOrigin: https://a.tenants.example\r\n\r\n".into());
    let rules = lists_of_rules();
    assert!(
        policies.len() >= 16 && heads.len() >= 250,
        "decisions.txt or the requests were not read"
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
    table.number(policies.len() + rules.len());
    for spec in &policies {
        // No rules: a policy by itself.
        table.number(0);
        table.spec(spec);
        spec.with(|policy| {
            table.number(policy.max_response_len());
            table.number(policy.max_fields());
            for head in &heads {
                table.decision(&policy.decide(&Request::from_head(head).unwrap()));
                let mut reader = PolicyReader::<READER_BYTES>::new(policy);
                reader.push(head).unwrap();
                table.decision(&reader.decide());
                let part = &head[..head.len() * 2 / 3];
                table.decision(&policy.decide_for_error_reply(&Request::from_incomplete_head(part).unwrap()));
            }
        });
    }
    for specs in &rules {
        table.number(specs.len());
        specs.iter().for_each(|spec| table.spec(spec));
        with_rules(specs, &[], &mut |rules| {
            let rules = rules.unwrap();
            table.number(rules.max_response_len());
            table.number(rules.max_fields());
            for head in &heads {
                table.decision(&rules.decide(&Request::from_head(head).unwrap()));
                let mut reader = RulesReader::<READER_BYTES>::new(rules);
                reader.push(head).unwrap();
                table.decision(&reader.decide());
                let part = &head[..head.len() * 2 / 3];
                table.decision(&rules.decide_for_error_reply(&Request::from_incomplete_head(part).unwrap()));
            }
        });
    }
    table_of_mistakes(&mut table);
    table_of_reasons(&mut table);
    table.0
}

/// Returns rules. The requests that browsers sent are from `https://app.example.com` and others.
fn lists_of_rules() -> Vec<Vec<PolicySpec>> {
    let owned = |entries: &[&str]| entries.iter().map(|entry| entry.to_string()).collect();
    let spec = |origins: &[&str], methods: &[&str], options: &[PolicyOption]| PolicySpec {
        origins: owned(origins),
        methods: owned(methods),
        options: options.to_vec(),
        ..PolicySpec::default()
    };
    let everyone = spec(&["*"], &[], &[]);
    let app = PolicySpec {
        headers: owned(&["content-type", "x-csrf-token"]),
        max_age: Some(600),
        ..spec(
            &["https://app.example.com"],
            &["PUT", "DELETE"],
            &[PolicyOption::Credentials],
        )
    };
    let tenants = PolicySpec {
        has_predicate: true,
        exposed: owned(&["etag"]),
        ..spec(&[], &["*"], &[PolicyOption::Timing, PolicyOption::HideLists])
    };
    let echo = PolicySpec {
        headers: owned(&["*"]),
        ..spec(
            &["*"],
            &["*"],
            &[PolicyOption::OnlyRequested, PolicyOption::Success204Bare],
        )
    };
    let local = spec(&["https://pr-*.example.com"], &["PUT"], &[PolicyOption::Loopback]);
    let strict = PolicySpec {
        headers: owned(&["*", "authorization"]),
        ..spec(
            &["https://*.example.com", "http://localhost:*"],
            &["PATCH"],
            &[PolicyOption::Strict, PolicyOption::Refused200],
        )
    };
    let long = PolicySpec {
        origins: (0..100).map(|i| format!("https://{i}.example")).collect(),
        ..PolicySpec::default()
    };
    vec![
        vec![app.clone()],
        vec![app.clone(), everyone],
        vec![tenants.clone(), app, strict.clone(), long, echo],
        vec![strict, tenants, local],
    ]
}

/// Calls `test` with the rules of `specs`, after those that are `built`.
fn with_rules(
    specs: &[PolicySpec],
    built: &[Policy<'_>],
    test: &mut dyn FnMut(Result<Rules<'_>, RulesError>),
) {
    match specs {
        [] => test(Rules::new(built)),
        [first, others @ ..] => first.with(|policy| {
            let built: Vec<Policy<'_>> = built.iter().copied().chain([*policy]).collect();
            with_rules(others, &built, test);
        }),
    }
}

fn table_of_reasons(table: &mut Table) {
    table.number(embedded_cors::Reason::ALL.len());
    for reason in embedded_cors::Reason::ALL {
        table.number(reason.code());
        table.bytes(reason.name());
        table.bytes(reason.sentence());
    }
}

/// Returns the C member and texts of an error, and the flag that permits the mistake. They are
/// written down here a second time, so that the test does not compare the library with itself.
fn in_words_of_c(error: &PolicyError<'_>) -> (&'static str, &'static str, &'static str, &'static str) {
    let setting = match error.setting() {
        Setting::AllowOrigins => "origins",
        Setting::AllowOriginIf => "origin_predicate",
        Setting::AllowMethods => "methods",
        Setting::AllowHeaders => "headers",
        Setting::ExposeHeaders => "expose",
        Setting::MaxAge => "max_age_seconds",
        other => panic!("no member of ecors_config for {other}"),
    };
    let kind = error.kind();
    match kind {
        PolicyErrorKind::InsecureWithCredentials => (
            setting,
            kind.what(),
            "write https://",
            "ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS",
        ),
        PolicyErrorKind::SuffixWithCredentials => (
            setting,
            kind.what(),
            "write a registered domain",
            "ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS",
        ),
        PolicyErrorKind::PredicateWithCredentials => (
            setting,
            kind.what(),
            "list the origins",
            "ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS",
        ),
        _ => (setting, kind.what(), kind.fix(), ""),
    }
}

/// Writes what `ecors_error` and `ecors_error_message` have to say.
fn table_of_mistake(table: &mut Table, error: PolicyError<'_>) {
    let (setting, what, fix, flag) = in_words_of_c(&error);
    let mut message = setting.to_string();
    if let Some(index) = error.index() {
        message += &format!("[{index}]");
    }
    if let Some(entry) = error.entry() {
        // Bytes that are not printable ASCII are shown as `?`.
        let shown = entry.bytes().take(80).map(|byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '?',
        });
        let end = if entry.len() > 80 { "..." } else { "" };
        message += &format!(" \"{}{end}\"", shown.collect::<String>());
    }
    message += &format!(": {what}");
    if let Some(at) = error.at() {
        message += &format!(" at byte {at}");
    }
    message += &format!("; {fix}");
    if !flag.is_empty() {
        message += &format!(", or set {flag}");
    }
    assert!(
        !message.contains("allow_") && !message.contains("call "),
        "{message}"
    );
    table.bytes(setting);
    table.bytes(what);
    table.bytes(fix);
    table.number(if flag.is_empty() { 0 } else { constant(flag) });
    table.number(position_of(error.index()));
    table.number(position_of(error.at()));
    table.bytes(message);
}

fn table_of_mistakes(table: &mut Table) {
    let owned = |entries: &[&str]| entries.iter().map(|entry| entry.to_string()).collect();
    let origins = |entries: &[&str]| PolicySpec {
        origins: owned(entries),
        ..PolicySpec::default()
    };
    let methods = |entries: &[&str]| PolicySpec {
        methods: owned(entries),
        ..origins(&["https://a.example"])
    };
    let headers = |entries: &[&str]| PolicySpec {
        headers: owned(entries),
        ..origins(&["https://a.example"])
    };
    let exposed = |entries: &[&str]| PolicySpec {
        exposed: owned(entries),
        ..origins(&["https://a.example"])
    };
    let with_credentials = |spec: PolicySpec| PolicySpec {
        options: vec![PolicyOption::Credentials],
        ..spec
    };
    let long = "x".repeat(1025);
    let names: Vec<String> = (0..65).map(|i| format!("x-{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // A long list gets an index, which is built by other code.
    let mut many: Vec<String> = (0..100).map(|i| format!("https://{i}.example")).collect();
    many[77] = "https://x.example?".into();
    let mistakes = [
        origins(&[""]),
        origins(&["example.com"]),
        origins(&["HTTPS://example.com"]),
        origins(&["1https://example.com"]),
        origins(&["data://x"]),
        origins(&["file:///x"]),
        origins(&["https://a.example\r"]),
        origins(&["^https://a"]),
        origins(&["$http_origin"]),
        origins(&["https://Example.com"]),
        origins(&["https://ex\u{e4}mple.com"]),
        origins(&["https://a.example, https://b.example"]),
        origins(&["https://example.com/"]),
        origins(&["https://"]),
        origins(&[&format!("https://{}.example", "a".repeat(300))]),
        origins(&["http://1.2.3"]),
        origins(&["http://[2001:DB8::1]"]),
        origins(&["http://[::0]"]),
        origins(&["http://localhost:0"]),
        origins(&["https://example.com:443"]),
        origins(&["http://localhost:3010-3000"]),
        origins(&["https://a.*.example.com"]),
        origins(&["http://*.1.2.3.4"]),
        origins(&["http://192.168.*.*"]),
        origins(&["http://192.168.0.0/33"]),
        origins(&["http://0.0.0.0/0"]),
        origins(&["http://192.168.0.1/16"]),
        origins(&["http://[::ffff:c0a8:0]/112"]),
        origins(&["https://a.example", "https://b.example", "https://c.example/"]),
        with_credentials(origins(&["*"])),
        with_credentials(origins(&["null"])),
        with_credentials(origins(&["file://"])),
        with_credentials(origins(&["https://*"])),
        with_credentials(origins(&["http://example.com"])),
        with_credentials(origins(&["https://*.com"])),
        PolicySpec {
            has_predicate: true,
            ..with_credentials(origins(&["https://a.example"]))
        },
        methods(&[&long]),
        methods(&["TRACE"]),
        methods(&["put"]),
        methods(&["ANY"]),
        methods(&["patch"]),
        headers(&["x y"]),
        headers(&["x-\u{e4}"]),
        headers(&["x-foo-*"]),
        headers(&["cookie"]),
        headers(&names),
        exposed(&["set-cookie"]),
        with_credentials(exposed(&["*"])),
        PolicySpec {
            max_age: Some(86401),
            ..PolicySpec::default()
        },
        PolicySpec {
            methods: owned(&["PUT"]),
            ..PolicySpec::default()
        },
        PolicySpec {
            origins: many,
            ..PolicySpec::default()
        },
    ];

    let mut met = BTreeSet::new();
    table.number(mistakes.len());
    for spec in &mistakes {
        table.spec(spec);
        spec.build(|policy| {
            let error = policy.expect_err("a mistake");
            met.insert(format!("{:?}", error.kind()));
            table_of_mistake(table, error);
        });
    }
    // `Full` cannot be made: the memory is checked before, and the index tries several seeds.
    let kinds = PolicyErrorKind::ALL
        .iter()
        .filter(|kind| **kind != PolicyErrorKind::Full);
    let kinds: BTreeSet<String> = kinds.map(|kind| format!("{kind:?}")).collect();
    assert_eq!(met, kinds, "each kind of mistake is made");
}

fn layout() -> String {
    let names = capi::layout::NAMES;
    let mut rows = String::new();
    for (name, number) in names.iter().zip(capi::layout::ecors_layout) {
        writeln!(rows, "ROW(\"{name}\", {name}, {number}u)").unwrap();
    }
    // Numbers and members of the header that the library does not list.
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
            ["typedef", "struct", name, "{"] => {
                within = Some(name);
                let alignment = format!("ALIGNMENT({name})");
                if !names.contains(&alignment.as_str()) {
                    missing.push(alignment);
                }
            }
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
    assert!(missing.is_empty(), "capi/src/layout.rs lacks {missing:?}");
    rows
}
