//! The corpus: texts as people paste them, each with the verdict, cause, place, line and field that
//! are right, for each exchange.
//!
//! An entry of `tests/corpus/*.txt`:
//!
//! ```text
//! ==== name
//! source: where the text is from
//! options: credentials=include origin=https://app.example.com
//! expect: VERDICT CODE PLACE LINE FIELD      (one for each exchange; a field that is absent has !)
//! ----
//! the text
//! ```
//!
//! An entry of `mixtures.txt` may have `parts: file/entry ...` instead of a text: these texts, one
//! after the other, with what they expect.

mod kinds;
#[path = "../schema/mod.rs"]
mod schema;

use std::collections::HashMap;
use std::fmt::Write as _;

use cors_debugger::text::Lines;
use cors_debugger::{Diagnosis, Options, Report, Verdict, explain, json};

#[derive(Clone, Default)]
struct Entry {
    name: String,
    options: Options,
    expected: Vec<String>,
    text: String,
    parts: Vec<String>,
    has_source: bool,
    is_captured: bool,
}

const FILES: &[(&str, &str)] = &[
    ("captured-chromium", include_str!("captured-chromium.txt")),
    ("captured-firefox", include_str!("captured-firefox.txt")),
    ("captured-har", include_str!("captured-har.txt")),
    ("captured-tools", include_str!("captured-tools.txt")),
    ("captured-webkit", include_str!("captured-webkit.txt")),
    ("calls", include_str!("calls.txt")),
    ("chromium", include_str!("chromium.txt")),
    ("curl", include_str!("curl.txt")),
    ("firefox", include_str!("firefox.txt")),
    ("har", include_str!("har.txt")),
    ("heads", include_str!("heads.txt")),
    ("mixtures", include_str!("mixtures.txt")),
    ("other", include_str!("other.txt")),
    ("pasted", include_str!("pasted.txt")),
    ("strangers", include_str!("strangers.txt")),
    ("webkit", include_str!("webkit.txt")),
];

/// Reads all entries, with those of parts put together.
fn entries() -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for (file, content) in FILES {
        for part in content.split("==== ").skip(1) {
            let (head, text) = part.split_once("\n----\n").unwrap_or((part.trim_end(), ""));
            let mut lines = head.lines();
            let mut entry = Entry {
                name: format!("{file}/{}", lines.next().unwrap()),
                text: text.to_string(),
                ..Entry::default()
            };
            for line in lines {
                let (key, value) = line
                    .split_once(": ")
                    .unwrap_or_else(|| panic!("{}: {line}", entry.name));
                match key {
                    "source" => {
                        entry.has_source = true;
                        entry.is_captured = value.starts_with("captured");
                    }
                    "expect" => entry.expected.push(value.to_string()),
                    "parts" => entry.parts = value.split(' ').map(str::to_string).collect(),
                    "options" => {
                        for option in value.split(' ') {
                            match option.split_once('=').unwrap() {
                                ("credentials", mode) => entry.options.credentials = Some(mode == "include"),
                                ("origin", origin) => entry.options.origin = Some(origin.to_string()),
                                other => panic!("{other:?}"),
                            }
                        }
                    }
                    _ => panic!("{}: {key}", entry.name),
                }
            }
            all.push(entry);
        }
    }
    let by_name: HashMap<String, Entry> = all
        .iter()
        .map(|entry| (entry.name.clone(), entry.clone()))
        .collect();
    for entry in &mut all {
        for part in &entry.parts {
            let part = by_name
                .get(part)
                .unwrap_or_else(|| panic!("{}: no entry {part}", entry.name));
            let before = entry.text.matches('\n').count();
            for expected in &part.expected {
                let mut words: Vec<String> = expected.split(' ').map(str::to_string).collect();
                if let Ok(line) = words[3].parse::<usize>() {
                    words[3] = (line + before).to_string();
                }
                entry.expected.push(words.join(" "));
            }
            entry.text.push_str(&part.text);
            entry.text.push('\n');
        }
    }
    all
}

/// Writes what a diagnosis says, in the form of `expect:`.
fn actual(report: &Report, diagnosis: &Diagnosis) -> String {
    let mut text = diagnosis.verdict.name().to_string();
    let Some(finding) = &diagnosis.finding else {
        return text + " - - - -";
    };
    let _ = write!(text, " {} {}", finding.cause.code(), finding.place.name());
    match &finding.guilty {
        Some(guilty) => {
            let line = guilty
                .span
                .map(|span| Lines::new(&report.text).number(span.start));
            let line = line.map_or("-".to_string(), |line| line.to_string());
            let absent = if guilty.is_absent { "!" } else { "" };
            let _ = write!(text, " {line} {absent}{}", guilty.field);
        }
        None => text.push_str(" - -"),
    }
    text
}

#[test]
fn the_json_of_each_text_has_its_schema() {
    for entry in entries() {
        schema::check(&json::write(&explain(&entry.text, &entry.options)), "explain");
    }
}

#[test]
fn each_text_gets_the_right_cause_line_and_exchange() {
    let mut faults = String::new();
    for entry in entries() {
        let report = explain(&entry.text, &entry.options);
        let found: Vec<String> = report
            .diagnoses
            .iter()
            .map(|diagnosis| actual(&report, diagnosis))
            .collect();
        let fits =
            |(expected, found): (&String, &String)| expected == found || expected.eq_ignore_ascii_case(found);
        if found.len() != entry.expected.len() || !entry.expected.iter().zip(&found).all(fits) {
            let _ = writeln!(
                faults,
                "{}\n  expected {:#?}\n  found    {found:#?}",
                entry.name, entry.expected
            );
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn the_corpus_is_large_and_says_where_it_comes_from() {
    let all = entries();
    assert!(all.len() >= 500, "{}", all.len());
    let is_mixture = |entry: &&Entry| entry.name.starts_with("mixtures/") && entry.expected.len() >= 3;
    assert!(all.iter().filter(is_mixture).count() >= 30);
    for entry in &all {
        assert!(entry.has_source || !entry.parts.is_empty(), "{}", entry.name);
    }
}

#[test]
fn json_says_the_same_and_its_places_are_in_the_text() {
    for entry in entries() {
        let report = explain(&entry.text, &entry.options);
        let document: serde_json::Value = serde_json::from_str(&json::write(&report)).unwrap();
        assert_eq!(document["schema"], json::SCHEMA);
        assert_eq!(document["verdict"], report.verdict().name());
        let exchanges = document["exchanges"].as_array().unwrap();
        assert_eq!(exchanges.len(), report.diagnoses.len());
        for (exchange, diagnosis) in exchanges.iter().zip(&report.diagnoses) {
            assert_eq!(exchange["verdict"], diagnosis.verdict.name());
            let code = diagnosis.finding.as_ref().map(|finding| finding.cause.code());
            assert_eq!(exchange["cause"]["code"].as_str(), code);
            if let Some(span) = exchange["guilty"]["span"].as_object() {
                let (start, end) = (span["start"].as_u64().unwrap(), span["end"].as_u64().unwrap());
                assert!(
                    report.text.get(start as usize..end as usize).is_some(),
                    "{}",
                    entry.name
                );
            }
            if diagnosis.verdict == Verdict::Blocked {
                assert!(
                    diagnosis.finding.is_some() && !diagnosis.fixes.is_empty(),
                    "{}",
                    entry.name
                );
            }
        }
    }
}

/// Line ends of Windows, and blanks at the ends of lines, change nothing.
#[test]
fn line_ends_do_not_matter() {
    for entry in entries() {
        let text = entry.text.replace("\r\n", "\n").replace('\n', "\r\n");
        let report = explain(&text, &entry.options);
        let found: Vec<String> = report
            .diagnoses
            .iter()
            .map(|diagnosis| actual(&report, diagnosis))
            .collect();
        let expected = explain(&entry.text, &entry.options);
        let expected: Vec<String> = expected
            .diagnoses
            .iter()
            .map(|diagnosis| actual(&expected, diagnosis))
            .collect();
        assert_eq!(found, expected, "{}", entry.name);
    }
}
