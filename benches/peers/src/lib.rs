//! `peers`: the same work by other CORS middleware, through its public API, beside this crate's.
//!
//! `peers/own_type/CASE/PEER` starts with a request in the peer's own type and ends with a response in it, for those that answer bytes
//! with bytes; `peers/wire/CASE/PEER` starts with the raw head of a browser's request and ends with header bytes. The inner handler
//! answers 200 without content. `peers/frame/...` is the same without CORS.

mod actix;
mod answer;
mod core;
mod ours;
mod tower;

use benchmarks::{Call, Row, cases};

use crate::answer::Answer;

/// What is asked, of which policy.
#[derive(Clone)]
pub(crate) struct Case {
    name: &'static str,
    origins: Origins,
    method: &'static str,
    /// The CORS fields, and `Host`.
    fields: Vec<(&'static str, &'static str)>,
    /// The same request as a head, if it is one of a browser's.
    head: Option<&'static [u8]>,
    counted: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Origins {
    Exact(usize),
    /// `https://*.customers.example.com`
    Subdomain,
}

impl Origins {
    pub(crate) fn entries(self) -> &'static [&'static str] {
        match self {
            Self::Exact(size) => cases::exact(size),
            Self::Subdomain => &["https://*.customers.example.com"],
        }
    }
}

/// What a peer makes of a case.
pub(crate) struct Prepared {
    pub(crate) call: Call,
    /// Its answer, for the check.
    pub(crate) answer: Answer,
}

type Prepare = fn(&Case) -> Prepared;

const OWN_TYPE: [(&str, Prepare); 4] = [
    ("actix-cors", actix::own_type),
    ("cors-core", core::own_type),
    ("embedded-cors", ours::own_type),
    ("tower-http", tower::own_type),
];

const WIRE: [(&str, Prepare); 3] = [
    ("cors-core", core::wire),
    ("embedded-cors", ours::wire),
    ("tower-http", tower::wire),
];

/// All rows.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (peer, prepare) in [("actix-web", actix::frame as Prepare), ("tower", tower::frame)] {
        let case = cases().swap_remove(0);
        rows.push(Row::new(format!("peers/frame/get/{peer}"), move || prepare(&case).call).counted());
    }
    for case in cases() {
        for (peer, prepare) in OWN_TYPE {
            let (case, counted) = (case.clone(), case.counted);
            let row = Row::new(format!("peers/own_type/{}/{peer}", case.name), move || {
                prepare(&case).call
            });
            rows.push(if counted { row.counted() } else { row });
        }
    }
    for case in cases() {
        let Some(head) = case.head else { continue };
        for (peer, prepare) in WIRE {
            let (case, counted) = (case.clone(), case.counted);
            let row = Row::new(format!("peers/wire/{}/{peer}", case.name), move || {
                prepare(&case).call
            });
            let row = row.reads(head.len());
            rows.push(if counted { row.counted() } else { row });
        }
    }
    rows
}

/// In which rows a peer's answer differs from this crate's, and how.
pub fn differences() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (kind, peers) in [("own_type", &OWN_TYPE[..]), ("wire", &WIRE[..])] {
        for case in cases() {
            if kind == "wire" && case.head.is_none() {
                continue;
            }
            let ours = ours::own_type(&case).answer;
            for (peer, prepare) in peers {
                let differences = prepare(&case).answer.differences(&ours);
                if !differences.is_empty() {
                    found.push((
                        format!("peers/{kind}/{}/{peer}", case.name),
                        differences.join("; "),
                    ));
                }
            }
        }
    }
    found
}

/// The differences that are known.
const KNOWN: &str = include_str!("../differences.txt");

/// Checks that answers are equivalent but for what is known to differ.
///
/// # Panics
///
/// If they are not.
pub fn check() {
    let found: String = differences()
        .iter()
        .map(|(name, differences)| format!("{name}\t{differences}\n"))
        .collect();
    assert_eq!(
        found, KNOWN,
        "the answers differ otherwise than differences.txt says"
    );
}

fn cases() -> Vec<Case> {
    let hit = cases::text(cases::tenant(cases::FEW - 1));
    let miss = cases::text(hit.replace(".com", ".con"));
    let actual = |origin| vec![("host", "localhost:8080"), ("origin", origin)];
    let preflight = |origin, method, headers| {
        let mut fields = actual(origin);
        fields.push(("access-control-request-method", method));
        fields.push(("access-control-request-headers", headers));
        fields
    };
    let (method, headers) = (cases::REQUESTED_METHOD, cases::REQUESTED_HEADERS);
    let get = |name, size, counted| {
        let origin = cases::text(cases::tenant(size - 1));
        Case {
            name,
            origins: Origins::Exact(size),
            method: "GET",
            fields: actual(origin),
            head: Some(cases::get(origin)),
            counted,
        }
    };
    let few = Origins::Exact(cases::FEW);
    let options = |name, fields, counted| Case {
        name,
        origins: few,
        method: "OPTIONS",
        fields,
        head: None,
        counted,
    };
    let long = |member| cases::text(cases::list_of(member, cases::LONG));
    let with_head = |case: Case, head| Case {
        head: Some(head),
        ..case
    };
    let asking = |list| cases::text(cases::preflight_asking(hit, list)).as_bytes();
    vec![
        get("actual_allowed/exact_000001", 1, false),
        get("actual_allowed/exact_000008", cases::FEW, true),
        get("actual_allowed/exact_000064", 64, false),
        get("actual_allowed/exact_001000", 1_000, true),
        get("actual_allowed/exact_010000", 10_000, true),
        get("actual_allowed/exact_100000", 100_000, false),
        Case {
            name: "actual_allowed/subdomain",
            origins: Origins::Subdomain,
            ..get("", cases::FEW, true)
        },
        Case {
            name: "actual_refused/exact_000008",
            fields: actual(miss),
            head: Some(cases::get(miss)),
            ..get("", cases::FEW, true)
        },
        with_head(
            options("list_a_comma/016_kib", preflight(hit, method, long("a,")), true),
            asking(long("a,")),
        ),
        with_head(
            options("list_commas/016_kib", preflight(hit, method, long(",")), true),
            asking(long(",")),
        ),
        Case {
            name: "no_origin/exact_000008",
            fields: vec![("host", "localhost:8080")],
            head: None,
            ..get("", cases::FEW, true)
        },
        with_head(
            options(
                "preflight_allowed/exact_000008",
                preflight(hit, method, headers),
                true,
            ),
            cases::preflight(hit),
        ),
        options(
            "preflight_refused/header",
            preflight(hit, method, "authorization,content-type,x-other"),
            true,
        ),
        options("preflight_refused/method", preflight(hit, "PURGE", headers), true),
        with_head(
            options("preflight_refused/origin", preflight(miss, method, headers), true),
            cases::preflight(miss),
        ),
    ]
}
