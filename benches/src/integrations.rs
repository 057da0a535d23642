//! The rows `integrations` need features of the crate. The rows `exact_000008` are the calls of the
//! rows `decide` in this program, for comparison.

use std::hint::black_box;

use embedded_cors::{Decision, OriginIndex, OwnedPolicy, PolicyBuilder, PolicyConfig, PolicyLists, Request};

use crate::Row;
use crate::cases::{self, FEW};
use crate::decide::answer;
use crate::entry::{Fields, decided, few, get, hit, put, row};
use crate::growth::ORIGINS;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = of_policies();
    let written = |decision: &Decision<'_>, mut writer: &mut [u8]| {
        let free = writer.len();
        let Ok(()) = (match decision.preflight() {
            Some(preflight) => preflight.write_response_to(&mut writer),
            None => decision.write_fields_to(&mut writer),
        }) else {
            return 0;
        };
        free - writer.len()
    };
    rows.extend([
        decided("exact_000008/actual", few, "GET", get(), crate::decide::write),
        decided(
            "exact_000008/preflight",
            few,
            "OPTIONS",
            put(),
            crate::decide::write,
        ),
        decided("embedded_io/actual", few, "GET", get(), written),
        decided("embedded_io/preflight", few, "OPTIONS", put(), written),
    ]);
    let named = |row: Row| row.within("integrations").counted();
    rows.into_iter().map(named).collect()
}

/// Policies that are built at run time, and requests that another parser has read.
fn of_policies() -> Vec<Row> {
    let owned = |method: &'static str, fields: Fields| {
        move || {
            let policy = owned();
            move |buffer: &mut [u8]| {
                let fields = black_box(fields.as_slice());
                let request = Request::from_fields(black_box(method), fields.iter().copied());
                answer(&black_box(&policy).policy(), &request, buffer)
            }
        }
    };
    vec![
        row("owned_policy/actual", owned("GET", get())),
        row("owned_policy/preflight", owned("OPTIONS", put())),
        row("policy_lists/actual", || {
            let policy = lists().build(of_lists).expect("the policy is valid");
            let fields = get();
            move |buffer| {
                let fields = black_box(fields.as_slice());
                let request = Request::from_fields(black_box("GET"), fields.iter().copied());
                answer(&black_box(&policy).policy(), &request, buffer)
            }
        }),
        row("policy_lists/build", || {
            let lists = lists();
            move |_| {
                let policy = black_box(&lists).build(of_lists);
                black_box(policy).is_ok() as usize
            }
        }),
        row("httparse/get_chromium", || parsed(cases::get(hit()))),
        row("httparse/preflight_chromium", || parsed(cases::preflight(hit()))),
    ]
}

fn owned() -> OwnedPolicy {
    let owned = |list: &[&str]| list.iter().copied().map(String::from).collect();
    let config = PolicyConfig {
        allow_origins: owned(cases::exact(FEW)),
        allow_methods: owned(&cases::METHODS),
        allow_headers: owned(&cases::HEADERS),
        expose_headers: owned(&cases::EXPOSED),
        allow_credentials: true,
        max_age_seconds: Some(cases::MAX_AGE),
        ..PolicyConfig::default()
    };
    config.build().expect("the policy is valid")
}

fn lists() -> PolicyLists<512> {
    let mut lists = PolicyLists::new();
    for origin in cases::exact(FEW) {
        lists.allow_origin(origin).expect("the origin fits");
    }
    for method in cases::METHODS {
        lists.allow_method(method).expect("the method fits");
    }
    for name in cases::HEADERS {
        lists.allow_header(name).expect("the name fits");
    }
    for name in cases::EXPOSED {
        lists.expose_header(name).expect("the name fits");
    }
    lists
}

fn of_lists(options: PolicyBuilder<'static>) -> PolicyBuilder<'static> {
    options.allow_credentials().max_age_seconds(cases::MAX_AGE)
}

/// Makes a decision on a head that httparse has parsed before.
fn parsed(head: &'static [u8]) -> impl FnMut(&mut [u8]) -> usize {
    let fields = vec![httparse::EMPTY_HEADER; 32].leak();
    let mut parsed = httparse::Request::new(fields);
    assert!(parsed.parse(head).is_ok_and(|status| status.is_complete()));
    let policy = few();
    move |buffer| answer(black_box(policy), &Request::from(black_box(&parsed)), buffer)
}

/// Returns the bytes that lists of each length take: the list, its texts, the index, and the heap
/// of an `OwnedPolicy`.
pub fn memory(heap: impl Fn(&mut dyn FnMut()) -> usize) -> Vec<(usize, [usize; 4])> {
    let of = |size| {
        let texts = (0..size).map(|number| cases::tenant(number).len()).sum();
        let list = size * size_of::<&str>();
        let index = OriginIndex::slots_for(size) * size_of::<u32>();
        let mut owned = None;
        let heap = heap(&mut || {
            let origins = (0..size).map(cases::tenant);
            owned = OwnedPolicy::from_origins(origins).ok();
        });
        assert!(owned.is_some());
        (size, [texts, list, index, heap])
    };
    ORIGINS.into_iter().map(of).collect()
}
