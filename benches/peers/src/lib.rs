//! The rows `peers` do the same work with this crate and with other CORS middleware, through their
//! public APIs.
//!
//! `peers/own_type/CASE/PEER` starts with a request and ends with a response in the peer's types,
//! or with bytes if the peer works on bytes. `peers/wire/CASE/PEER` starts with the raw head of a
//! browser's request and ends with the bytes of the fields. The inner handler answers 200 without
//! content. `peers/frame/...` measures the frameworks without CORS.

mod actix;
mod answer;
mod bunner;
mod core;
mod ours;
mod tower;

use benchmarks::{Call, Row, cases};

use crate::answer::Answer;

/// A request and its policy.
#[derive(Clone)]
pub(crate) struct Case {
    name: &'static str,
    origins: Origins,
    method: &'static str,
    /// The CORS fields and `Host`.
    fields: Vec<(&'static str, &'static str)>,
    /// The same request as a head that a browser sent, if there is one.
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

/// A case, prepared for a peer.
pub(crate) struct Prepared {
    pub(crate) call: Call,
    /// The peer's answer, for the check.
    pub(crate) answer: Answer,
}

type Prepare = fn(&Case) -> Prepared;

/// Copies fields as the lines of a response, and returns their length.
pub(crate) fn write_fields<'a>(
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    buffer: &mut [u8],
) -> usize {
    let mut length = 0;
    for (name, value) in fields {
        for part in [name, b": ", value, b"\r\n"] {
            buffer[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
    }
    length
}

const OWN_TYPE: [(&str, Prepare); 6] = [
    ("actix-cors", actix::own_type),
    ("bunner_cors_rs", bunner::own_type),
    ("cors-core", core::own_type),
    ("embedded-cors", ours::own_type),
    ("embedded-cors-tower", tower::own_layer),
    ("tower-http", tower::own_type),
];

const WIRE: [(&str, Prepare); 5] = [
    ("bunner_cors_rs", bunner::wire),
    ("cors-core", core::wire),
    ("embedded-cors", ours::wire),
    ("embedded-cors-tower", tower::own_wire),
    ("tower-http", tower::wire),
];

/// Returns all rows.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, case) in [
        ("get", "actual_allowed/exact_000008"),
        ("preflight", "preflight_allowed/exact_000008"),
        ("wire", "actual_allowed/exact_000008"),
    ] {
        let peers = match kind {
            "wire" => &[("tower", tower::wire_frame as Prepare)][..],
            _ => &[("actix-web", actix::frame as Prepare), ("tower", tower::frame)],
        };
        for &(peer, prepare) in peers {
            let case = cases().into_iter().find(|other| other.name == case);
            let case = case.expect("a case of this name");
            let name = format!("peers/frame/{kind}/{peer}");
            rows.push(Row::of(name, move || prepare(&case).call).counted());
        }
    }
    for case in cases() {
        for (peer, prepare) in OWN_TYPE {
            let (case, counted) = (case.clone(), case.counted);
            let row = Row::of(format!("peers/own_type/{}/{peer}", case.name), move || {
                prepare(&case).call
            });
            rows.push(if counted { row.counted() } else { row });
        }
    }
    for case in cases() {
        let Some(head) = case.head else { continue };
        for (peer, prepare) in WIRE {
            let (case, counted) = (case.clone(), case.counted);
            let row = Row::of(format!("peers/wire/{}/{peer}", case.name), move || {
                prepare(&case).call
            });
            let row = row.reads(head.len());
            rows.push(if counted { row.counted() } else { row });
        }
    }
    rows
}

/// Returns the rows in which the answer of a peer differs from that of this crate, and how.
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

/// The known differences.
const KNOWN: &str = include_str!("../differences.txt");

/// Checks that the answers are equivalent except for the known differences.
///
/// # Panics
///
/// Panics if they are not.
pub fn check() {
    let found: String = differences()
        .iter()
        .map(|(name, differences)| format!("{name}\t{differences}\n"))
        .collect();
    assert_eq!(found, KNOWN, "the differences are not those of differences.txt");
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
