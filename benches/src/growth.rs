//! The rows `growth` show how the cost grows with the number of origins, of requested and of
//! allowed header names, and with the bytes of a head. All start with fields or with a head, and
//! end with response bytes.

use std::hint::black_box;

use embedded_cors::{Policy, Request};

use crate::Row;
use crate::cases::{self, FEW};
use crate::decide::{actual, answer, preflight};
use crate::wire::{Way, pieces, policy_reader, whole};

/// The numbers of origins.
pub(crate) const ORIGINS: [usize; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The numbers of requested names. The engine refuses longer lists.
const REQUESTED: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The most names that a policy can have.
const MOST_NAMES: usize = 64;

/// The bytes of heads.
const BYTES: [usize; 9] = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1 << 20];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for size in ORIGINS {
        let hit = cases::tenant(size - 1);
        let miss = hit.replace(".com", ".con");
        for (case, origin) in [("hit", hit), ("miss", miss)] {
            // A list of this length takes long to prepare, so there is one.
            if size == 1_000_000 && case == "miss" {
                continue;
            }
            let origin = cases::text(origin);
            let name = format!("growth/origins/{size:07}/{case}");
            rows.push(Row::new(name, move || {
                answering(cases::policy_of(cases::exact(size)), "GET", actual(origin))
            }));
        }
    }
    for count in REQUESTED {
        rows.push(of_names("requested", count, MOST_NAMES, count));
        if count <= MOST_NAMES {
            rows.push(of_names("allowed", count, count, 1));
        }
    }
    for bytes in BYTES {
        let head = head(bytes);
        for (way, call) in [
            ("whole", whole as Way),
            ("pieces_64", pieces::<64>),
            ("policy_reader_64", policy_reader::<64>),
        ] {
            let row = Row::new(format!("growth/bytes/{bytes:07}/{way}"), move || {
                let policy = cases::policy_of(cases::exact(FEW));
                let mut buffer = vec![0; policy.max_response_len()].into_boxed_slice();
                assert_ne!(call(policy, head, &mut buffer), 0);
                move || call(black_box(policy), black_box(head), black_box(&mut buffer))
            });
            rows.push(row.reads(head.len()));
        }
    }
    rows.into_iter().map(Row::counted_briefly).collect()
}

/// Answers requests from fields to bytes.
fn answering(
    policy: &'static Policy<'static>,
    method: &'static str,
    fields: Vec<(&'static str, &'static [u8])>,
) -> impl FnMut() -> usize {
    let mut buffer = vec![0; policy.max_response_len()].into_boxed_slice();
    move || {
        let fields = black_box(fields.as_slice());
        let request = Request::from_fields(black_box(method), fields.iter().copied());
        answer(black_box(policy), &request, black_box(&mut buffer))
    }
}

/// A preflight for `requested` names with a policy of `allowed` names. If there are more requested
/// names than allowed ones, they repeat. The only one is the last of the policy.
fn of_names(series: &str, count: usize, allowed: usize, requested: usize) -> Row {
    let is_last = series == "allowed";
    Row::new(format!("growth/names/{count:03}/{series}"), move || {
        let names: Vec<&str> = (0..allowed)
            .map(|number| cases::text(format!("x-custom-header-{number:02}")))
            .collect();
        let asked: Vec<&str> = match is_last {
            true => vec![names[allowed - 1]],
            false => names.iter().copied().cycle().take(requested).collect(),
        };
        let origin = cases::text(cases::tenant(FEW - 1));
        let fields = preflight(origin, cases::REQUESTED_METHOD, cases::text(asked.join(",")));
        let policy = Policy::builder()
            .allow_origins(cases::exact(FEW))
            .allow_methods(&cases::METHODS)
            .allow_headers(names.leak())
            .build()
            .expect("the policy is valid");
        let memory = vec![0; policy.rendered_len()].leak();
        let policy = cases::leak(Box::new(
            policy.render(memory).expect("the memory is long enough"),
        ));
        let request = Request::from_fields("OPTIONS", fields.iter().copied());
        assert!(policy.decide(&request).is_allowed());
        answering(policy, "OPTIONS", fields)
    })
}

/// Returns the head of a `GET` with this many bytes, most of them in a cookie.
fn head(bytes: usize) -> &'static [u8] {
    let origin = cases::tenant(FEW - 1);
    let (start, end) = (
        format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\nCookie: "),
        "\r\n\r\n",
    );
    let cookie = cases::list_of("name=value; ", bytes - start.len() - end.len());
    cases::text(format!("{start}{cookie}{end}")).as_bytes()
}
