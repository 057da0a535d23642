//! Calls every entry point once between two marks, and once after filling the stack with one value.

use core::arch::asm;
use core::hint::black_box;

use embedded_cors::{Decision, Policy, PolicyReader, Progress, Reason, Request, RequestKind, RequestReader};

use crate::board::{self, mark_begin, mark_end, print};

static CORS: Policy = crate::POLICY;
static RENDERED: Policy = embedded_cors::rendered!(crate::POLICY);

const GET: &[u8] = include_bytes!("../../requests/chromium156-dev-get-credentials.http");
const SAME_ORIGIN: &[u8] = include_bytes!("../../requests/chromium156-dev-same-origin-get.http");
const PREFLIGHT: &[u8] = include_bytes!("../../requests/chromium156-dev-put-many-headers-preflight.http");
const PROPFIND: &[u8] = include_bytes!("../../requests/chromium156-dev-custom-method-preflight.http");

const PIECE: usize = 64;
const BUFFER: usize = CORS.max_response_len();
type Buffer = [u8; BUFFER];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    print("panic\n");
    board::leave()
}

fn print_number(number: usize) {
    let mut digits = [0; 10];
    let (mut rest, mut at) = (number, digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 || at == 0 {
            break;
        }
    }
    print(core::str::from_utf8(&digits[at..]).unwrap_or("?"));
}

fn say(what: &str, name: &str, number: usize) {
    print(what);
    print(" ");
    print(name);
    print(" ");
    print_number(number);
    print("\n");
}

// Each entry point is a function with a fixed symbol name, so that its stack can be found from the
// binary.

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_from_head<'h>(head: &'h [u8], request: &mut Request<'h>) {
    if let Ok(read) = Request::from_head(head) {
        *request = read;
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_from_fields<'h>(fields: &[(&'h str, &'h str)], request: &mut Request<'h>) {
    *request = Request::from_fields("OPTIONS", fields.iter().copied());
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_reader_push(reader: &mut RequestReader<256>, piece: &[u8]) -> bool {
    matches!(reader.push(piece), Ok(Progress::NeedsMore))
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_policy_reader_push(reader: &mut PolicyReader<'_, 128>, piece: &[u8]) -> bool {
    matches!(reader.push(piece), Ok(Progress::NeedsMore))
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_decide<'d>(request: &Request<'d>, decision: &mut Option<Decision<'d>>) {
    *decision = Some(CORS.decide(request));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_policy_reader_decide<'d>(reader: &'d PolicyReader<'d, 128>, decision: &mut Option<Decision<'d>>) {
    *decision = Some(reader.decide());
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_write_fields(decision: &Decision<'_>, buffer: &mut Buffer) -> usize {
    decision.write_fields(buffer).map_or(0, |lines| lines.len())
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_write_response(decision: &Decision<'_>, buffer: &mut Buffer) -> usize {
    let preflight = decision.preflight();
    preflight.map_or(0, |preflight| {
        preflight.write_response(buffer).map_or(0, <[u8]>::len)
    })
}

// These functions do what a server does. Their stack includes everything except the head and the
// buffer.

fn answer(decision: &Decision<'_>, buffer: &mut Buffer) -> usize {
    match decision.preflight() {
        Some(preflight) => preflight.write_response(buffer).map_or(0, <[u8]>::len),
        None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_all_whole(head: &[u8], buffer: &mut Buffer) -> usize {
    Request::from_head(head).map_or(0, |request| answer(&CORS.decide(&request), buffer))
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_all_pieces(head: &[u8], buffer: &mut Buffer) -> usize {
    let mut reader = RequestReader::<256>::new();
    for piece in head.chunks(PIECE) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    answer(&CORS.decide(&reader.request()), buffer)
}

#[unsafe(no_mangle)]
#[inline(never)]
fn entry_all_policy_pieces(head: &[u8], buffer: &mut Buffer) -> usize {
    let mut reader = PolicyReader::<128>::new(&CORS);
    for piece in head.chunks(PIECE) {
        if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
            break;
        }
    }
    answer(&reader.decide(), buffer)
}

/// Makes a call between the marks, where the emulator counts instructions.
fn count<T>(name: &str, way: &str, call: impl FnOnce() -> T) -> T {
    print("count ");
    print(name);
    print(" ");
    print(way);
    print("\n");
    mark_begin();
    let result = black_box(call());
    mark_end();
    result
}

fn stack_pointer() -> usize {
    let pointer: usize;
    #[cfg(target_arch = "arm")]
    // SAFETY: it only reads the register.
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack))
    };
    #[cfg(target_arch = "riscv32")]
    // SAFETY: it only reads the register.
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack))
    };
    pointer
}

/// Fills the free stack with one value, makes a call, and prints how much of the stack was
/// overwritten.
#[inline(never)]
fn paint(name: &str, call: impl FnOnce()) {
    const PAINT: usize = 0xa5a5_5a5a;
    const BYTES: usize = 8192;
    let here = stack_pointer() & !7;
    for address in (here - BYTES..here).step_by(size_of::<usize>()) {
        // SAFETY: the memory below the stack pointer is free, and the machine has more than these
        // bytes.
        unsafe { (address as *mut usize).write_volatile(PAINT) };
    }
    call();
    let mut lowest = here - BYTES;
    // SAFETY: these are the bytes that were filled above.
    while lowest < here && unsafe { (lowest as *const usize).read_volatile() } == PAINT {
        lowest += size_of::<usize>();
    }
    say("painted", name, here - lowest);
}

fn copy<'m>(head: &[u8], memory: &'m mut [u8; 1024]) -> &'m mut [u8] {
    let copied = &mut memory[..head.len()];
    copied.copy_from_slice(head);
    copied
}

/// Returns the head with another port in its `Origin`.
fn stranger<'m>(head: &[u8], memory: &'m mut [u8; 1024]) -> &'m [u8] {
    const ORIGIN: &[u8] = b"Origin: http://localhost:3000";
    let head = copy(head, memory);
    let at = head.windows(ORIGIN.len()).position(|bytes| bytes == ORIGIN);
    head[at.unwrap_or(0) + ORIGIN.len() - 1] = b'1';
    head
}

/// Fills the memory with a head: `before`, repeated copies of `unit`, and an empty line.
fn hostile<'m>(before: &str, unit: &str, memory: &'m mut [u8]) -> &'m [u8] {
    let (start, rest) = memory.split_at_mut(before.len());
    start.copy_from_slice(before.as_bytes());
    let end = rest.len() - 4;
    for (place, &byte) in rest.iter_mut().zip(unit.as_bytes().iter().cycle()) {
        *place = byte;
    }
    rest[end..].copy_from_slice(b"\r\n\r\n");
    memory
}

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let buffer = &mut [0; BUFFER];
    let memory = &mut [0; 1024];
    let black = |head: &'static [u8]| black_box(head);
    let kinds = |head: &[u8]| {
        Request::from_head(head).map(|request| {
            let decision = CORS.decide(&request);
            (
                decision.kind(),
                decision.refusal().map(|refusal| refusal.reason()),
            )
        })
    };
    // Check that the requests are of the kinds that the names of the rows say.
    assert_eq!(kinds(GET), Ok((RequestKind::Actual, None)));
    assert_eq!(kinds(PREFLIGHT), Ok((RequestKind::Preflight, None)));
    assert_eq!(kinds(SAME_ORIGIN), Ok((RequestKind::NotCors, None)));
    assert_eq!(
        kinds(PROPFIND),
        Ok((RequestKind::Preflight, Some(Reason::MethodNotAllowed)))
    );
    assert_eq!(
        kinds(stranger(GET, memory)),
        Ok((RequestKind::Actual, Some(Reason::OriginNotAllowed)))
    );

    count("nothing", "", || 0);
    for (name, head) in [
        ("actual_allowed", black(GET)),
        ("preflight_allowed", black(PREFLIGHT)),
        ("preflight_refused", black(PROPFIND)),
        ("no_origin", black(SAME_ORIGIN)),
        ("actual_refused", stranger(GET, memory)),
    ] {
        assert_ne!(count(name, "whole", || entry_all_whole(head, buffer)), 0);
        assert_ne!(count(name, "pieces", || entry_all_pieces(head, buffer)), 0);
        assert_ne!(
            count(name, "policy_pieces", || entry_all_policy_pieces(head, buffer)),
            0
        );
    }
    for (name, head) in [
        ("actual_allowed", black(GET)),
        ("preflight_allowed", black(PREFLIGHT)),
    ] {
        let length = count(name, "rendered", || {
            Request::from_head(head).map_or(0, |request| answer(&RENDERED.decide(&request), buffer))
        });
        assert_ne!(length, 0);
    }
    let mut request = Request::new("GET");
    count("scan", "preflight", || {
        entry_from_head(black(PREFLIGHT), &mut request)
    });
    say("bytes", "preflight", PREFLIGHT.len());

    let kibibytes = &mut [0; 4096];
    const ASK: &str = "OPTIONS / HTTP/1.1\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers:";
    for (name, before, unit) in [
        ("list_commas", ASK, ","),
        ("list_a_comma", ASK, "a,"),
        ("list_spaces", ASK, " "),
        ("list_allowed_names", ASK, "if-match,"),
        ("cookie", "GET / HTTP/1.1\r\nCookie: ", "a=b; "),
        ("lines", "GET / HTTP/1.1\r\n", "a:\r\n"),
    ] {
        let head = hostile(before, unit, kibibytes);
        count(name, "whole", || entry_all_whole(head, buffer));
        count(name, "pieces", || entry_all_pieces(head, buffer));
        count(name, "policy_pieces", || entry_all_policy_pieces(head, buffer));
    }

    say("size", "RequestReader<256>", size_of::<RequestReader<256>>());
    say("size", "PolicyReader<128>", size_of::<PolicyReader<'_, 128>>());
    say("size", "Request", size_of::<Request<'_>>());
    say("size", "Decision", size_of::<Decision<'_>>());
    say("size", "Policy", size_of::<Policy<'_>>());

    let fields = black_box(&[
        ("origin", "https://a.example.com"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "if-match,authorization"),
    ]);
    let (mut reader, mut by_policy) = (RequestReader::<256>::new(), PolicyReader::<128>::new(&CORS));
    paint("from_fields", || entry_from_fields(fields, &mut request));
    paint("from_head", || entry_from_head(black(PREFLIGHT), &mut request));
    paint("reader_push", || {
        entry_reader_push(&mut reader, black(PREFLIGHT));
    });
    paint("policy_reader_push", || {
        entry_policy_reader_push(&mut by_policy, black(PREFLIGHT));
    });
    let mut decision = None;
    paint("policy_reader_decide", || {
        entry_policy_reader_decide(&by_policy, &mut decision)
    });
    paint("decide", || entry_decide(&request, &mut decision));
    let Some(decision) = &decision else { board::leave() };
    paint("write_fields", || {
        entry_write_fields(decision, buffer);
    });
    paint("write_response", || {
        entry_write_response(decision, buffer);
    });
    paint("all_whole", || {
        entry_all_whole(black(PREFLIGHT), buffer);
    });
    paint("all_pieces", || {
        entry_all_pieces(black(PREFLIGHT), buffer);
    });
    paint("all_policy_pieces", || {
        entry_all_policy_pieces(black(PREFLIGHT), buffer);
    });

    print("done\n");
    board::leave()
}
