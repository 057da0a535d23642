//! Law: a head in pieces of any size gets the decision of the whole head at the doors, in a buffer
//! that is too small too, unless it is refused there. What the doors take for the host is what a
//! strict parser has in its `Host` line.
//!
//! The input is a head. The bytes after it choose the settings and where the pieces end.
#![no_main]

use arbitrary::Unstructured;
use embedded_cors::{Door, Doors, DoorsDecision, DoorsReader, DoorsRequest, Policy, Progress, Reason};
use embedded_cors_fuzz::naive::Head;
use libfuzzer_sys::fuzz_target;

static CORS: Policy = Policy::builder()
    .allow_origins(&[
        "http://localhost:3000",
        "https://*.test",
        "null",
        "chrome-extension://*",
    ])
    .build_or_panic();
static NOBODY: Policy = Policy::builder().build_or_panic();

fuzz_target!(|bytes: &[u8]| {
    let end = Head::read(bytes).as_ref().map_or(bytes.len(), |head| head.len);
    let (head, rest) = bytes.split_at(end);
    let mut u = Unstructured::new(rest);
    let flags: u8 = u.arbitrary().unwrap_or(0b1011);
    let cuts: [u16; 3] = u.arbitrary().unwrap_or_default();
    let mut builder = Doors::builder(if flags & 1 == 0 { &NOBODY } else { &CORS });
    if flags & 2 != 0 {
        builder = builder.allow_hosts(&["lamp.local", "*.test", "192.168.4.1"]);
    }
    if flags & 4 != 0 {
        builder = builder.allow_ip_literals().allow_localhost();
    }
    if flags & 8 != 0 {
        builder = builder.enforce().isolate();
    }
    let doors = builder.build().unwrap();

    let whole = DoorsRequest::from_head(head);
    let every_byte: Vec<usize> = (0..head.len()).collect();
    let mut cuts = cuts.map(|cut| usize::from(cut) % (head.len() + 1));
    cuts.sort();
    for cuts in [&cuts[..], &every_byte, &[]] {
        let mut large = DoorsReader::<8192>::new();
        let mut small = DoorsReader::<48>::new();
        let (one, other) = (push(&mut large, head, cuts), push(&mut small, head, cuts));
        assert_eq!(one, other, "the end of the head depends on the buffer");
        if head.len() > 8192 {
            continue;
        }
        let Ok(request) = &whole else {
            assert!(!one || doors.decide(&large.request()).is_refused());
            continue;
        };
        assert!(one, "the reader does not find the end");
        let decided = doors.decide(request);
        let (expected, fields) = (decided.refusal(), lines(&decided));
        let in_pieces = large.request();
        let decision = doors.decide(&in_pieces);
        assert_eq!(
            (decision.door(), decision.refusal(), lines(&decision)),
            (decided.door(), expected, fields),
            "cut at {cuts:?}"
        );
        let request = small.request();
        let decision = doors.decide(&request);
        let is_truncated = decision.refusal().is_some_and(|refusal| {
            let reason = refusal.reason();
            matches!(
                reason,
                Reason::HostTruncated
                    | Reason::OriginTruncated
                    | Reason::RequestMethodTruncated
                    | Reason::RequestHeadersTruncated
            )
        });
        // A truncated origin is not admitted, which can be the reason that another rule gives.
        assert!(
            is_truncated || decision.refusal() == expected || decision.is_refused(),
            "a small buffer allows more"
        );
    }
    if let Ok(request) = &whole {
        host_is_that_of_a_strict_parser(&doors, head, request);
    }
});

fn lines(decision: &DoorsDecision<'_>) -> Vec<String> {
    decision.fields().map(|field| field.to_string()).collect()
}

/// Returns whether the reader finds the end.
fn push<const N: usize>(reader: &mut DoorsReader<N>, head: &[u8], cuts: &[usize]) -> bool {
    let mut start = 0;
    for &end in cuts.iter().chain([&head.len()]) {
        match reader.push(&head[start..end]) {
            Ok(Progress::Done { .. }) => return true,
            Ok(Progress::NeedsMore) => {}
            Err(_) => return false,
        }
        start = end;
    }
    false
}

/// If `httparse` accepts the head, a host that is let through is that of its only `Host` line, or
/// of its target.
fn host_is_that_of_a_strict_parser(doors: &Doors, head: &[u8], request: &DoorsRequest<'_>) {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    if !parsed.parse(head).is_ok_and(|status| status.is_complete()) {
        return;
    }
    let mut pairs = DoorsRequest::new(parsed.method.unwrap_or(""));
    pairs.set_target(parsed.path.unwrap_or(""));
    if parsed.version == Some(0) {
        pairs.set_http_1_0();
    }
    for header in parsed.headers.iter() {
        pairs.push(header.name, header.value);
    }
    let (one, other) = (doors.decide(request), doors.decide(&pairs));
    assert_eq!((one.door(), one.refusal()), (other.door(), other.refusal()));
    let hosts = parsed
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("host"));
    if hosts.count() > 1 {
        assert_eq!(one.door(), Door::Host);
    }
}
