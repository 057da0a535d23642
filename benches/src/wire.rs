//! The rows `wire` start with the raw head of a browser's request, in one buffer or in pieces, and
//! end with finished response bytes.

use std::hint::black_box;

use embedded_cors::{Policy, PolicyReader, Progress, Request, RequestReader};

use crate::Row;
use crate::cases::{self, FEW};
use crate::decide::{answer, write};

pub(crate) fn rows() -> Vec<Row> {
    let origin = cases::tenant(FEW - 1);
    let mut rows = Vec::new();
    for (name, head) in cases::heads(&origin) {
        let ways: [(&str, Way); 5] = [
            ("whole", whole),
            ("pieces_64", pieces::<64>),
            ("pieces_1", pieces::<1>),
            ("policy_reader_64", policy_reader::<64>),
            ("policy_reader_1", policy_reader::<1>),
        ];
        for (way, call) in ways {
            let mut row = row(&format!("wire/{name}/{way}"), head, call);
            if name.ends_with("chromium") {
                row = row.counted();
            }
            rows.push(row);
        }
    }
    let miss = origin.replace(".com", ".con");
    rows.push(row("wire/get_chromium_refused/whole", cases::get(&miss), whole).counted());
    rows
}

/// A function that answers a head and returns the length of the answer.
pub(crate) type Way = fn(&'static Policy<'static>, &'static [u8], &mut [u8]) -> usize;

#[inline]
pub(crate) fn whole(policy: &'static Policy<'static>, head: &'static [u8], buffer: &mut [u8]) -> usize {
    Request::from_head(head).map_or(0, |request| answer(policy, &request, buffer))
}

#[inline]
pub(crate) fn pieces<const SIZE: usize>(
    policy: &'static Policy<'static>,
    head: &'static [u8],
    buffer: &mut [u8],
) -> usize {
    let mut reader = RequestReader::<256>::new();
    for piece in head.chunks(SIZE) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    answer(policy, &reader.request(), buffer)
}

#[inline]
pub(crate) fn policy_reader<const SIZE: usize>(
    policy: &'static Policy<'static>,
    head: &'static [u8],
    buffer: &mut [u8],
) -> usize {
    let mut reader = PolicyReader::<128>::new(policy);
    for piece in head.chunks(SIZE) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    write(&reader.decide(), buffer)
}

fn row(name: &str, head: &'static [u8], way: Way) -> Row {
    let row = Row::new(name, move || {
        let policy = cases::policy_of(cases::exact(FEW));
        let mut expected = vec![0; policy.max_response_len()];
        let mut buffer = expected.clone().into_boxed_slice();
        assert_ne!(whole(policy, head, &mut expected), 0);
        assert_ne!(way(policy, head, &mut buffer), 0);
        assert_eq!(expected[..], buffer[..]);
        move || way(black_box(policy), black_box(head), black_box(&mut buffer))
    });
    row.reads(head.len())
}
