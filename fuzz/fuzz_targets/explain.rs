//! Law: every reader of the debugger takes any text without a panic, keeps all places inside of
//! it, and shows no secret of the text in what it prints.
#![no_main]

use std::time::{Duration, Instant};

use cors_debugger::{Options, explain, json, secrets};
use embedded_cors_fuzz::paste::check_places;
use libfuzzer_sys::fuzz_target;

/// A value that no text contains by chance.
const MARKER: &str = "q7Zx9mKp2vLw4TbN";

/// The places of a secret: what stands before it and after it.
const PLACES: &[(&str, &str)] = &[
    ("\n> Authorization: Bearer ", "\n"),
    ("\n< Set-Cookie: sid=", "; Path=/\n"),
    ("\nCookie: sid=", "\n"),
    ("\nX-Api-Key: ", "\n"),
    ("\nhttps://user:", "@api.example.com/x\n"),
    ("\nGET https://api.example.com/x?token=", " net::ERR_FAILED\n"),
    ("\ncurl -u user:", " https://api.example.com/\n"),
    (
        "\ncurl -H 'Authorization: Bearer ",
        "' https://api.example.com/\n",
    ),
    (
        "\nfetch('https://api.example.com/', {headers: {authorization: 'Bearer ",
        "'}})\n",
    ),
    ("\n{\"name\": \"Cookie\", \"value\": \"", "\"}\n"),
];

/// Returns the longest time that a text of this length may take. It is far above what is usual,
/// and far below what a quadratic reader takes.
fn bound(length: usize) -> Duration {
    Duration::from_millis(500 + length as u64 / 8)
}

fuzz_target!(|input: (&str, u8, u8)| {
    let (base, place, at) = input;
    // A planted secret, somewhere in the text, at the start of a line.
    let (before, after) = PLACES[usize::from(place) % PLACES.len()];
    let mut cut = base.len() * usize::from(at) / 255;
    while !base.is_char_boundary(cut) {
        cut -= 1;
    }
    let (head, tail) = base.split_at(cut);
    if base.contains(MARKER) {
        return;
    }
    // An open quotation mark or backslash of the text may join the planted line with another.
    let is_plain = !head.contains(['"', '\'', '`', '\\', '{', '[']);
    let text = format!("{head}{before}{MARKER}{after}{tail}");
    let start = Instant::now();
    let report = explain(&text, &Options::default());
    let written = json::write(&report);
    assert!(
        start.elapsed() < bound(text.len()),
        "{} bytes take {:?}",
        text.len(),
        start.elapsed()
    );
    assert_eq!(
        report.text.len(),
        text.len(),
        "places differ from those of the text"
    );
    if is_plain {
        assert!(!report.text.contains(MARKER), "the text shows a secret: {text:?}");
        assert!(!written.contains(MARKER), "the JSON shows a secret: {text:?}");
    }
    assert!(!secrets::mask(&report.text).contains(MARKER) || !is_plain);
    check_places(&report);
});
