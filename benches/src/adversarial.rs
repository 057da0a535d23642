//! The rows `adversarial` start with heads that no browser sends, and end with finished response
//! bytes. Each head exists in several lengths, since the cost of a byte must not grow with the
//! length.

use std::fmt::Write;
use std::hint::black_box;

use crate::Row;
use crate::cases::{self, FEW, HEADERS, LONG};
use crate::wire::{Way, pieces, policy_reader, whole};

pub(crate) fn rows() -> Vec<Row> {
    let origin = cases::tenant(FEW - 1);
    let mut rows = Vec::new();
    let allowed = format!("{},", HEADERS.join(","));
    for (name, member) in [
        ("a_comma", "a,"),
        ("allowed_names", allowed.as_str()),
        ("commas", ","),
        ("spaces", " "),
    ] {
        for length in [1024, LONG, 16 * LONG] {
            let head = cases::preflight_asking(&origin, &cases::list_of(member, length));
            add(
                &mut rows,
                &format!("list_{name}/{:03}_kib", length / 1024),
                head,
                length == LONG,
            );
        }
    }
    // No member of these lists ends the work early.
    for length in [1024, LONG, 16 * LONG] {
        let head = cases::preflight_asking(&origin, &cases::list_of("a", length));
        add(
            &mut rows,
            &format!("list_one_name/{:03}_kib", length / 1024),
            head,
            false,
        );
    }
    for count in [40, 400, 4_000] {
        let mut head = format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\n");
        for number in 0..count {
            let _ = write!(head, "X-Field-{number}: {number}\r\n");
        }
        head.push_str("\r\n");
        add(&mut rows, &format!("lines/{count:04}"), head, count == 4_000);
    }
    for length in [1024, 64 * 1024, 1024 * 1024] {
        let cookie = cases::list_of("name=value; ", length);
        let head = format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\r\n");
        add(
            &mut rows,
            &format!("long_cookie/{:04}_kib", length / 1024),
            head,
            length == 1024 * 1024,
        );
    }
    for length in [1024, 64 * 1024] {
        let origin = cases::list_of("https://tenant-00007.customers.example.com.", length);
        let head = format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\n\r\n");
        add(
            &mut rows,
            &format!("long_origin/{:04}_kib", length / 1024),
            head,
            length == 64 * 1024,
        );
    }
    rows
}

fn add(rows: &mut Vec<Row>, name: &str, head: String, counted: bool) {
    let head = cases::text(head).as_bytes();
    let ways: [(&str, Way); 3] = [
        ("whole", whole),
        ("pieces_64", pieces::<64>),
        ("policy_reader_64", policy_reader::<64>),
    ];
    for (way, call) in ways {
        let row = Row::new(format!("adversarial/{name}/{way}"), move || {
            let policy = cases::policy_of(cases::exact(FEW));
            let mut buffer = vec![0; policy.max_response_len()].into_boxed_slice();
            assert_ne!(call(policy, head, &mut buffer), 0);
            move || call(black_box(policy), black_box(head), black_box(&mut buffer))
        });
        let row = row.reads(head.len());
        rows.push(if counted && way == "whole" {
            row.counted_briefly()
        } else {
            row
        });
    }
}
