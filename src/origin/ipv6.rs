//! IPv6 addresses in brackets: their grammar, and the one form in which browsers write each.
//!
//! Most addresses have several forms that the grammar of [Fetch] admits: `[::1]`, `[0::1]` and
//! `[0:0:0:0:0:0:0:1]` are the same one. In a request each of them is valid. An entry of a policy
//! must have the form that browsers send, since origins are compared as text.
//!
//! [Fetch]: https://fetch.spec.whatwg.org/#origin-header

use crate::ascii::{at, is_lower_hex};

/// Returns the end of `"[" serialized-ipv6 "]"`, which begins at `start`, or as an error the index
/// of the first byte that the grammar does not admit.
///
/// ```text
/// serialized-ipv6 =                             7( h16 ":" ) h16
///                 /                        "::" 5( h16 ":" ) h16
///                 / [             h16 ]    "::" 4( h16 ":" ) h16
///                 / [ *1( h16 ":" ) h16 ]  "::" 3( h16 ":" ) h16
///                 / [ *2( h16 ":" ) h16 ]  "::" 2( h16 ":" ) h16
///                 / [ *3( h16 ":" ) h16 ]  "::"    h16 ":"   h16
///                 / [ *4( h16 ":" ) h16 ]  "::"              h16
///                 / [ *5( h16 ":" ) h16 ]  "::"
/// h16             = "0" / ( non-zero-hex 0*3hex )
/// ```
///
/// In short: without `::` there are eight groups. With it there are at most six, in any number on
/// either side, since `::` stands for two or more.
pub(crate) const fn end(text: &[u8], start: usize) -> Result<usize, usize> {
    let mut i = start + 1;
    let mut groups = 0;
    let mut compressed = false;
    loop {
        if at(text, i) == b':' && at(text, i + 1) == b':' {
            // It may stand once, between groups or at an end.
            if compressed {
                break;
            }
            compressed = true;
            i += 2;
            if at(text, i) == b']' {
                break;
            }
        } else if groups > 0 {
            if at(text, i) != b':' {
                break;
            }
            i += 1;
        }
        // h16
        let group = i;
        while i < group + 4 && is_lower_hex(at(text, i)) {
            i += 1;
        }
        if i == group || (at(text, group) == b'0' && i > group + 1) || groups == 8 {
            return Err(group);
        }
        groups += 1;
    }
    let is_complete = if compressed { groups <= 6 } else { groups == 8 };
    if is_complete && at(text, i) == b']' {
        return Ok(i + 1);
    }
    Err(i)
}

/// Returns whether `host`, which [`end`] accepted, has the form that browsers write: that of the
/// [IPv6 serializer].
///
/// It writes `::` for the first of the longest runs of two or more zero groups, and for no other.
///
/// [IPv6 serializer]: https://url.spec.whatwg.org/#concept-ipv6-serializer
// Walks through the text that the serializer would write, and compares each byte on the way, so
// that no memory is needed for that text.
pub(crate) const fn is_shortest(host: &[u8]) -> bool {
    let groups = groups(host);
    let (run_start, run_len) = longest_zero_run(&groups);

    // The index in `host` of the byte that is compared next.
    let mut next = 1;
    let mut i = 0;
    while i < 8 {
        if run_len >= 2 && i == run_start {
            if at(host, next) != b':' || at(host, next + 1) != b':' {
                return false;
            }
            next += 2;
            i += run_len;
            continue;
        }
        if i > 0 && !(run_len >= 2 && i == run_start + run_len) {
            if at(host, next) != b':' {
                return false;
            }
            next += 1;
        }
        let mut shift = 12;
        let mut started = false;
        loop {
            let digit = ((groups[i] >> shift) & 0xf) as usize;
            if digit != 0 || started || shift == 0 {
                if at(host, next) != b"0123456789abcdef"[digit] {
                    return false;
                }
                next += 1;
                started = true;
            }
            if shift == 0 {
                break;
            }
            shift -= 4;
        }
        i += 1;
    }
    // Only the bracket is left.
    next + 1 == host.len()
}

/// Returns the address if `host` is one in brackets, in the form that browsers write.
pub(crate) const fn address(host: &[u8]) -> Option<u128> {
    if at(host, 0) != b'[' {
        return None;
    }
    match end(host, 0) {
        Ok(end) if end == host.len() && is_shortest(host) => {}
        _ => return None,
    }
    let groups = groups(host);
    let mut address = 0;
    let mut i = 0;
    while i < 8 {
        address = address << 16 | groups[i] as u128;
        i += 1;
    }
    Some(address)
}

/// Returns the eight groups of an address.
pub(crate) const fn groups_of(address: u128) -> [u16; 8] {
    let mut groups = [0; 8];
    let mut i = 0;
    while i < 8 {
        groups[i] = (address >> (112 - 16 * i)) as u16;
        i += 1;
    }
    groups
}

/// Returns the start and the length of the first of the longest runs of zero groups.
pub(crate) const fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut best_len) = (0, 0);
    let (mut start, mut len) = (0, 0);
    let mut i = 0;
    while i < 8 {
        if groups[i] == 0 {
            if len == 0 {
                start = i;
            }
            len += 1;
            if len > best_len {
                (best, best_len) = (start, len);
            }
        } else {
            len = 0;
        }
        i += 1;
    }
    (best, best_len)
}

/// Returns the eight groups of a bracketed address that [`end`] accepted.
const fn groups(host: &[u8]) -> [u16; 8] {
    let mut groups = [0u16; 8];
    let mut count = 0;
    // How many groups are before "::".
    let mut pair = 8;
    let mut value: u16 = 0;
    let mut digits = 0;
    let mut i = 1;
    while i < host.len() {
        let byte = host[i];
        match byte {
            b':' | b']' => {
                if digits > 0 && count < 8 {
                    groups[count] = value;
                    count += 1;
                }
                if byte == b':' && at(host, i - 1) == b':' {
                    pair = count;
                }
                value = 0;
                digits = 0;
            }
            b'0'..=b'9' => {
                value = value << 4 | (byte - b'0') as u16;
                digits += 1;
            }
            _ => {
                value = value << 4 | (byte - b'a' + 10) as u16;
                digits += 1;
            }
        }
        i += 1;
    }
    // Moves the groups after "::" to the end.
    let mut place = 8;
    while count > pair && place > count {
        place -= 1;
        count -= 1;
        // Both are below 8. Without the mask the compiler does not know it, and keeps a panicking
        // path.
        groups[place & 7] = groups[count & 7];
        groups[count & 7] = 0;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_has_eight_groups_or_fewer_with_a_pair() {
        for good in [
            "::",
            "::1",
            "1::",
            "1::2",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5::6",
            "::1:2:3:4:5:6",
            "1:2:3:4:5:6::",
            "fe80::abcd",
            "0::",
            "0:0:0:0:0:0:0:0",
        ] {
            let text = ["x[", good, "]y"].concat();
            assert_eq!(end(text.as_bytes(), 1), Ok(text.len() - 1), "{text}");
        }
        for bad in [
            "",
            ":",
            ":::",
            "1",
            "1:2",
            "::1::",
            "1:::2",
            "01::",
            "::G",
            "::A",
            "12345::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7::",
            "::1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "::1.2.3.4",
            "1:2:3:4:5:6:7:",
            ":1::",
            "::%251",
            "1::2:",
        ] {
            let text = ["[", bad, "]"].concat();
            assert!(end(text.as_bytes(), 0).is_err(), "{text}");
        }
        for (bad, at) in [
            ("[::1", 4),
            ("[", 1),
            ("[:", 1),
            ("[]", 1),
            ("[1:2]", 4),
            ("[1:::2]", 4),
            ("[1::2::3]", 5),
            ("[1::G]", 4),
            ("[1::02]", 4),
            ("[12345::]", 5),
            ("[1:2:3:4:5:6:7:8:9]", 17),
        ] {
            assert_eq!(end(bad.as_bytes(), 0), Err(at), "{bad}");
        }
    }

    /// Compares with the standard library, whose `Display` writes the same form, except for
    /// addresses that it writes in part as IPv4.
    #[test]
    fn the_shortest_form_is_the_only_one() {
        for address in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:0:2:0:3:0:4:0",
            "0:0:1::",
            "1::2:0:0:3",
            "1:0:0:2::3",
            "1:0:0:2::",
            "1:0:0:2:0:0:3:4",
            "::1:0:0:2:3:4",
            "::1:2:0:0:0:3",
            "1:0:0:0:2::3",
            "2001:db8::abcd:0:0:1",
            "0:1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:0",
            "1:2:3:4:5:6::",
            "0::",
            "::0",
            "0:0:0:0:0:0:0:0",
            "1:0:0:2:3:4:5:6",
            "fedc:ba98:7654:3210:f:10:100:1000",
        ] {
            let host = format!("[{address}]");
            assert_eq!(end(host.as_bytes(), 0), Ok(host.len()), "{host}");
            let parsed: std::net::Ipv6Addr = address.parse().unwrap();
            assert_eq!(std::net::Ipv6Addr::from(groups(host.as_bytes())), parsed);
            let is_written = parsed.to_string() == address;
            assert_eq!(is_shortest(host.as_bytes()), is_written, "{host}");
            let expected = is_written.then_some(u128::from(parsed));
            assert_eq!(super::address(host.as_bytes()), expected, "{host}");
        }
    }
}
