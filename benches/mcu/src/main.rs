//! Runs the main rows on a microcontroller. Each row prints its name to the serial port and is
//! called once between two marks, where an emulator counts instructions.

#![no_std]
#![no_main]

use core::hint::black_box;

mod board;

use board::{leave, mark_begin, mark_end, print};
use embedded_cors::{Decision, Policy, PolicyReader, Progress, Request, RequestReader, rendered};

const HIT: &str = "https://tenant-00007.customers.example.com";
const MISS: &str = "https://tenant-00007.customers.example.con";

static POLICY: Policy = rendered!(AS_BUILT);

static PLAIN: Policy = AS_BUILT;

const AS_BUILT: Policy<'static> = Policy::builder()
    .allow_origins(&[
        "https://tenant-00000.customers.example.com",
        "https://tenant-00001.customers.example.com",
        "https://tenant-00002.customers.example.com",
        "https://tenant-00003.customers.example.com",
        "https://tenant-00004.customers.example.com",
        "https://tenant-00005.customers.example.com",
        "https://tenant-00006.customers.example.com",
        HIT,
    ])
    .allow_methods(&["PUT", "DELETE", "PATCH"])
    .allow_headers(&[
        "authorization",
        "content-type",
        "if-match",
        "x-csrf-token",
        "x-request-id",
    ])
    .expose_headers(&["etag", "x-request-id"])
    .allow_credentials()
    .max_age_seconds(600)
    .build_or_panic();

const GET: &[u8] = include_bytes!("../../../tests/requests/chromium156-dev-get-credentials.http");
const PREFLIGHT: &[u8] =
    include_bytes!("../../../tests/requests/chromium156-dev-put-many-headers-preflight.http");

type Buffer = [u8; POLICY.max_response_len()];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    print("panic\n");
    leave()
}

#[inline(never)]
fn row(name: &str, mut call: impl FnMut() -> usize) {
    print(name);
    print("\n");
    mark_begin();
    let length = black_box(call());
    mark_end();
    assert_ne!(length, 0);
}

fn answer(request: &Request<'_>, buffer: &mut Buffer) -> usize {
    answer_by(&POLICY, request, buffer)
}

fn answer_by(policy: &'static Policy<'static>, request: &Request<'_>, buffer: &mut Buffer) -> usize {
    write(&black_box(policy).decide(request), buffer)
}

#[inline]
fn write(decision: &Decision<'_>, buffer: &mut Buffer) -> usize {
    match decision.preflight() {
        Some(preflight) => preflight.write_response(buffer).map_or(0, <[u8]>::len),
        None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
    }
}

fn in_pieces(head: &[u8], size: usize, buffer: &mut Buffer) -> usize {
    let mut reader = RequestReader::<256>::new();
    for piece in head.chunks(size) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    answer(&reader.request(), buffer)
}

fn by_policy(head: &[u8], size: usize, buffer: &mut Buffer) -> usize {
    let mut reader = PolicyReader::<128>::new(black_box(&POLICY));
    for piece in head.chunks(size) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    write(&reader.decide(), buffer)
}

/// Returns the head with [`HIT`] instead of the origin of the recorded page.
fn from_hit<'b>(head: &[u8], room: &'b mut [u8; 1024]) -> &'b [u8] {
    let page = b"http://localhost:3000";
    let (mut from, mut to) = (0, 0);
    while from < head.len() {
        if head[from..].starts_with(page) {
            room[to..to + HIT.len()].copy_from_slice(HIT.as_bytes());
            from += page.len();
            to += HIT.len();
        } else {
            room[to] = head[from];
            from += 1;
            to += 1;
        }
    }
    &room[..to]
}

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let (mut room_for_get, mut room_for_preflight) = ([0; 1024], [0; 1024]);
    let get = from_hit(GET, &mut room_for_get);
    let preflight = from_hit(PREFLIGHT, &mut room_for_preflight);
    let buffer: &mut Buffer = &mut [0; POLICY.max_response_len()];

    row("empty", || black_box(1));

    let asks = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            (
                "access-control-request-headers",
                "authorization,content-type,x-request-id",
            ),
        ]
    };
    let (hit, miss, none) = ([("origin", HIT)], [("origin", MISS)], [("accept", "*/*")]);
    for (name, policy, method, fields) in [
        ("decide/actual_allowed/exact_000008", &POLICY, "GET", &hit[..]),
        (
            "decide/actual_allowed/exact_000008/unrendered",
            &PLAIN,
            "GET",
            &hit[..],
        ),
        ("decide/actual_refused/exact_000008", &POLICY, "GET", &miss[..]),
        ("decide/no_origin/exact_000008", &POLICY, "GET", &none[..]),
        (
            "decide/preflight_allowed/exact_000008",
            &POLICY,
            "OPTIONS",
            &asks(HIT)[..],
        ),
        (
            "decide/preflight_allowed/exact_000008/unrendered",
            &PLAIN,
            "OPTIONS",
            &asks(HIT)[..],
        ),
        (
            "decide/preflight_refused/origin",
            &POLICY,
            "OPTIONS",
            &asks(MISS)[..],
        ),
    ] {
        row(name, || {
            let fields = black_box(fields).iter().copied();
            answer_by(
                policy,
                &Request::from_fields(black_box(method), fields),
                black_box(buffer),
            )
        });
    }

    for (name, head) in [
        ("wire/get_chromium/whole", get),
        ("wire/preflight_chromium/whole", preflight),
    ] {
        row(name, || {
            Request::from_head(black_box(head)).map_or(0, |request| answer(&request, black_box(buffer)))
        });
    }
    for (name, head, size) in [
        ("wire/get_chromium/pieces_64", get, 64),
        ("wire/get_chromium/pieces_1", get, 1),
        ("wire/preflight_chromium/pieces_64", preflight, 64),
        ("wire/preflight_chromium/pieces_1", preflight, 1),
    ] {
        row(name, || {
            in_pieces(black_box(head), black_box(size), black_box(buffer))
        });
    }
    for (name, head, size) in [
        ("wire/get_chromium/policy_reader_64", get, 64),
        ("wire/get_chromium/policy_reader_1", get, 1),
        ("wire/preflight_chromium/policy_reader_64", preflight, 64),
        ("wire/preflight_chromium/policy_reader_1", preflight, 1),
    ] {
        row(name, || {
            by_policy(black_box(head), black_box(size), black_box(buffer))
        });
    }

    let block = by_policy(get, 64, buffer);
    let mut copy: Buffer = [0; POLICY.max_response_len()];
    row("limits/compare_copy/actual", || {
        if black_box(HIT) != black_box(HIT) {
            return 0;
        }
        let block = &black_box(&*buffer)[..block];
        black_box(&mut copy)[..block.len()].copy_from_slice(block);
        block.len()
    });

    print("done\n");
    leave()
}
