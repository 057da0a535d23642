//! Compares the decision on each request of `doors.txt` and `doors/peers.txt` with the one written
//! there, in every way to give a request to doors.

mod common;

use std::collections::BTreeMap;

use common::doors::{DoorsOutcome, DoorsSpec, Row, pairs, pieces, read, whole};
use embedded_cors::Reason;

fn table() -> Vec<Row> {
    read(include_str!("doors.txt"))
}

fn peers() -> Vec<Row> {
    read(include_str!("doors/peers.txt"))
}

/// Decides in every way, and checks that all ways agree.
fn every_way(row: &Row) -> (DoorsOutcome, bool) {
    row.doors.with(|doors| {
        let outcome = whole(&doors, &row.head);
        let len = row.head.len();
        for size in [1, 2, 7, 64] {
            let cuts: Vec<usize> = (1..len).filter(|at| at % size == 0).collect();
            assert_eq!(
                pieces(&doors, &row.head, &cuts),
                outcome,
                "{}, by {size}",
                row.text
            );
        }
        for cut in 1..len {
            assert_eq!(
                pieces(&doors, &row.head, &[cut]),
                outcome,
                "{}, at {cut}",
                row.text
            );
        }
        let by_pairs = pairs(&doors, &row.head);
        if let Some(by_pairs) = &by_pairs {
            assert_eq!(*by_pairs, outcome, "{}, in pairs", row.text);
        }
        (outcome, by_pairs.is_some())
    })
}

#[test]
fn every_row_has_its_outcome_in_every_way() {
    let rows = table();
    assert!(rows.len() >= 150, "{} rows", rows.len());
    let mut in_pairs = 0;
    let mut wrong = Vec::new();
    for row in &rows {
        let (outcome, is_in_pairs) = every_way(row);
        in_pairs += usize::from(is_in_pairs);
        if outcome.verdict != row.expected {
            wrong.push(format!("{}\n    but: {}", row.text, outcome.verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(in_pairs >= 130, "{in_pairs}");
}

#[test]
fn every_door_reason_is_in_the_table() {
    let rows = table();
    for reason in Reason::ALL.iter().filter(|reason| reason.code() >= 19) {
        // These two need a reader's buffer, or pseudo-header fields.
        if matches!(reason, Reason::HostTruncated | Reason::HostDiffers) {
            continue;
        }
        let is_there = |row: &Row| row.expected.contains(reason.name());
        assert!(rows.iter().any(is_there), "{}", reason.name());
    }
}

/// The tests of other projects, as requests and outcomes. A row whose outcome differs says why.
#[test]
fn peers_agree_or_the_difference_has_a_reason() {
    let rows = peers();
    let mut peers: Vec<&str> = rows.iter().map(|row| row.peer.as_str()).collect();
    peers.dedup();
    let mut wrong = Vec::new();
    for row in &rows {
        let (outcome, _) = every_way(row);
        if outcome.verdict != row.expected {
            wrong.push(format!("{}\n    but: {}", row.text, outcome.verdict));
        }
        let is_allowed = !row.expected.contains(" refused ");
        if let Some(difference) = &row.difference {
            let (peer, why) = difference.split_once(": ").expect("a difference has a reason");
            assert_eq!(peer == "allowed", !is_allowed, "{}", row.text);
            assert!(peer == "allowed" || peer == "refused", "{}", row.text);
            assert!(why.len() > 20, "{}", row.text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let differences = rows.iter().filter(|row| row.difference.is_some()).count();
    println!(
        "{} rows of {} peers, {differences} differences",
        rows.len(),
        peers.len()
    );
    assert_eq!((peers.len(), rows.len(), differences), (37, 632, 36));
}

/// Three browsers sent these requests to an API at `localhost:8080` for a page at `localhost:3000`.
/// The page is a stranger's, or one that the policy lists.
#[test]
fn requests_of_browsers_are_stopped_at_the_right_door() {
    let strangers = DoorsSpec::read("localhost origins=https://app.example.com");
    let listed = DoorsSpec::read("localhost origins=http://localhost:3000");
    let enforcing = DoorsSpec::read("localhost enforce origins=https://app.example.com");
    let elsewhere = DoorsSpec::read("hosts=lamp.local origins=http://localhost:3000");
    let mut counts = BTreeMap::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requests");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if !name.ends_with(".http") {
            continue;
        }
        let head = std::fs::read(path).unwrap();
        let decide = |spec: &DoorsSpec| {
            spec.with(|doors| {
                let outcome = whole(&doors, &head);
                let every: Vec<usize> = (1..head.len()).collect();
                assert_eq!(pieces(&doors, &head, &every), outcome, "{name}");
                outcome.verdict
            })
        };
        // Whatever it is, it is not for this server.
        assert_eq!(decide(&elsewhere), "host refused host_not_allowed 403", "{name}");
        let verdict = decide(&strangers);
        *counts.entry(verdict.clone()).or_insert(0) += 1;
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let is_own = text.contains("host: localhost:3000");
        let is_cross = text.contains("\r\norigin: http://localhost:3000") && !is_own;
        if is_own {
            assert!(verdict.ends_with(" allowed"), "{name}: {verdict}");
            assert!(decide(&enforcing).ends_with(" allowed"), "{name}");
        }
        if is_cross {
            assert!(decide(&enforcing).contains(" refused "), "{name}");
            let listed = decide(&listed);
            assert!(
                listed.ends_with(" allowed") || listed.starts_with("preflight "),
                "{name}: {listed}"
            );
        }
        let door = verdict.split(' ').next().unwrap();
        if name.contains("-websocket") {
            assert_eq!(verdict, "websocket refused origin_not_allowed 403", "{name}");
        } else if name.contains("-events") {
            assert_eq!(verdict, "event_stream refused origin_not_allowed 403", "{name}");
        } else if name.contains("-form-post") || name.contains("-post-text") || name.contains("-beacon.") {
            assert_eq!(verdict, "unsafe_method refused cross_site 403", "{name}");
        } else if name.contains("-preflight") {
            assert_eq!(door, "preflight", "{name}");
        }
    }
    assert!(
        counts["websocket refused origin_not_allowed 403"] >= 3,
        "{counts:?}"
    );
    assert!(
        counts["event_stream refused origin_not_allowed 403"] >= 3,
        "{counts:?}"
    );
    assert!(counts["unsafe_method refused cross_site 403"] >= 12, "{counts:?}");
}
