//! Checks that no entry point allocates, with an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use embedded_cors::{ExistingCorsFields, OriginIndex, Policy, PolicyReader, Request, RequestReader};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static POLICY: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com", "https://*.example.com"])
    .allow_methods(&["PUT"])
    .allow_headers(&["authorization", "content-type"])
    .expose_headers(&["etag"])
    .allow_credentials()
    .max_age_seconds(600)
    .build_or_panic();

static ECHO: Policy = Policy::builder()
    .allow_origins(&["https://*.example.com"])
    .allow_methods(&["*"])
    .allow_headers(&["*", "authorization"])
    .allow_credentials()
    .build_or_panic();

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
}

#[test]
fn reading_deciding_and_writing_allocate_nothing() {
    let long_list = format!(
        "OPTIONS / HTTP/1.1\r\nOrigin: https://a.example.com\r\nAccess-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Headers: {}\r\n\r\n",
        "content-type,".repeat(200)
    );
    let commas = long_list.replace("content-type", "");
    let cookie = format!(
        "GET / HTTP/1.1\r\nCookie: {}\r\nOrigin: https://app.example.com\r\n\r\n",
        "a".repeat(1 << 20)
    );
    let heads = [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nOrigin: https://evil.test\r\n\r\n",
        &long_list,
        &commas,
        &cookie,
    ];
    let mut buffer = [0; 2048];
    for policy in [&POLICY, &ECHO] {
        for head in heads {
            let count = allocations(|| {
                let request = Request::from_head(head.as_bytes()).unwrap();
                let decision = policy.decide(&request).merge_vary(&["accept"]).unwrap();
                black_box(decision.write_fields(&mut buffer).is_ok());
                if let Some(preflight) = decision.preflight() {
                    black_box(preflight.write_response(&mut buffer).is_ok());
                }
                black_box(policy.decide_for_error_reply(&request).fields().count());
                black_box(request.requested_headers().count());
                black_box(ExistingCorsFields::find(["vary", "access-control-allow-origin"]));

                let mut reader = RequestReader::<512>::new();
                let mut with_policy = PolicyReader::<512>::new(policy);
                for piece in head.as_bytes().chunks(7) {
                    let _ = reader.push(piece);
                    let _ = with_policy.push(piece);
                }
                black_box(policy.decide(&reader.request()).write_fields(&mut buffer).is_ok());
                black_box(with_policy.decide().write_fields(&mut buffer).is_ok());
            });
            assert_eq!(count, 0, "{:.60}", head);
        }
    }
}

#[test]
fn building_a_policy_allocates_nothing() {
    let origins = ["https://a.example", "https://*.b.example", "http://localhost:*"];
    let mut slots = [0; OriginIndex::slots_for(3)];
    let count = allocations(|| {
        let index = OriginIndex::build(&origins, &mut slots, 1).unwrap();
        black_box(Policy::builder().allow_indexed_origins(&index).build().is_ok());
        black_box(Policy::builder().allow_origins(&origins).build().is_ok());
        black_box(
            Policy::builder()
                .allow_origins(&["https://a.example/"])
                .build()
                .is_err(),
        );
    });
    assert_eq!(count, 0);
}
