//! Law: the lamp of `examples/firmware` finds the same ends of requests in the bytes of a
//! connection as a reader that follows RFC 9112, in pieces of any size. It closes the connection
//! where that reader finds a fault.
#![no_main]

use device::{Exchange, LINE, Lamp, MAX_CONTENT, MAX_HEAD, MAX_RESPONSE, Then};
use libfuzzer_sys::fuzz_target;

/// The requests of a connection.
#[derive(Debug, Default, PartialEq)]
struct Framing {
    /// Where each request ends after which the connection stays open.
    ends: Vec<usize>,
    /// True if the connection is closed after the request that follows, because the client wishes
    /// so or because the head is not acceptable.
    is_closed: bool,
    /// True if the lamp has made an event stream or a WebSocket of the connection.
    is_stream: bool,
    /// True if a part of a head is left.
    is_in_head: bool,
}

/// Reads a connection as RFC 9112 says, with the limits of the lamp.
fn naive(bytes: &[u8]) -> Framing {
    let mut framing = Framing::default();
    let mut start = 0;
    while let Some((head_len, lines)) = whole_head(&bytes[start..]) {
        let Some((content_length, is_last)) = request(head_len, &lines) else {
            framing.is_closed = true;
            return framing;
        };
        start += head_len + content_length;
        if start > bytes.len() {
            return framing;
        }
        if is_last {
            framing.is_closed = true;
            return framing;
        }
        framing.ends.push(start);
    }
    framing.is_in_head = true;
    framing
}

/// Returns the length of the head at the start of `bytes`, and its lines without their ends.
/// Returns `None` if the head has no end.
fn whole_head(bytes: &[u8]) -> Option<(usize, Vec<&[u8]>)> {
    let (mut lines, mut at) = (Vec::new(), 0);
    loop {
        let len = bytes[at..].iter().position(|&byte| byte == b'\n')?;
        let line = &bytes[at..at + len];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += len + 1;
        match (line.is_empty(), lines.is_empty()) {
            // Empty lines before the request line.
            (true, true) => {}
            (true, false) => return Some((at, lines)),
            (false, _) => lines.push(line),
        }
    }
}

/// Returns the length of the content, and whether the connection ends with this request. Returns
/// `None` if the head is not acceptable.
fn request(head_len: usize, lines: &[&[u8]]) -> Option<(usize, bool)> {
    let (request_line, fields) = lines.split_first()?;
    if head_len > MAX_HEAD || lines.iter().any(|line| line.contains(&b'\r')) || request_line.len() > LINE {
        return None;
    }
    let words: Vec<_> = request_line.split(|&byte| byte == b' ').collect();
    let &[method, target, version] = &words[..] else {
        return None;
    };
    let is_tchar = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let minor = version.strip_prefix(b"HTTP/1.")?;
    if method.is_empty() || !method.iter().all(is_tchar) || target.is_empty() {
        return None;
    }
    let &[b'0'..=b'9'] = minor else { return None };
    let (mut length, mut is_last) = (None, minor == b"0");
    for line in fields {
        // The lamp looks at the start of a line only.
        let kept = &line[..line.len().min(LINE)];
        let Some(colon) = kept.iter().position(|&byte| byte == b':') else {
            if line.len() > LINE {
                continue;
            }
            return None;
        };
        let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
        if name.is_empty() || name.contains(&b' ') || name.contains(&b'\t') {
            return None;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => {
                let number: Option<usize> = std::str::from_utf8(value).ok()?.parse().ok();
                let is_number = value.iter().all(u8::is_ascii_digit) && line.len() <= LINE;
                if length.is_some() || !is_number {
                    return None;
                }
                length = Some(number?);
            }
            b"transfer-encoding" => return None,
            b"connection" => {
                let mut options = value.split(|&byte| byte == b',');
                is_last |=
                    line.len() > LINE || options.any(|option| trim(option).eq_ignore_ascii_case(b"close"));
            }
            _ => {}
        }
    }
    let length = length.unwrap_or(0);
    (length <= MAX_CONTENT).then_some((length, is_last))
}

fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !is_space(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// Reads a connection with the lamp, in pieces whose sizes `sizes` gives.
fn lamp(bytes: &[u8], sizes: &[u8]) -> Framing {
    let (mut lamp, mut buffer) = (Lamp::new(), [0; MAX_RESPONSE]);
    let (mut exchange, mut framing) = (Exchange::new(), Framing::default());
    let (mut at, mut sizes) = (0, sizes.iter().cycle());
    while at < bytes.len() {
        let size = sizes.next().map_or(bytes.len(), |&size| usize::from(size) + 1);
        let piece = &bytes[at..bytes.len().min(at + size)];
        let step = exchange.push(&mut lamp, piece, &mut buffer);
        at += step.used;
        let Some(response) = step.response else {
            assert_eq!(step.used, piece.len(), "bytes are left over without a response");
            continue;
        };
        assert!(response.bytes.starts_with(b"HTTP/1.1 "), "there is no response");
        match response.then {
            Then::NextRequest => framing.ends.push(at),
            Then::Close => framing.is_closed = true,
            Then::EventStream | Then::WebSocket => framing.is_stream = true,
        }
        if response.then != Then::NextRequest {
            break;
        }
        exchange = Exchange::new();
    }
    framing
}

fuzz_target!(|bytes: &[u8]| {
    let (sizes, connection) = bytes.split_at(bytes.len().min(4));
    let expected = naive(connection);
    for sizes in [&[], &[0][..], sizes] {
        let found = lamp(connection, sizes);
        if found.is_stream {
            assert!(expected.ends.starts_with(&found.ends), "in pieces of {sizes:?}");
            continue;
        }
        assert_eq!(found.ends, expected.ends, "in pieces of {sizes:?}");
        // The lamp may reject a head before its end: an invalid method, a head that is too long.
        assert!(
            found.is_closed == expected.is_closed || found.is_closed && expected.is_in_head,
            "in pieces of {sizes:?}: closed: {}, expected: {}",
            found.is_closed,
            expected.is_closed
        );
    }
});
