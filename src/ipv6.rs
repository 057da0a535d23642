//! IPv6 addresses in brackets: `"[" serialized-ipv6 "]"` of Fetch *Origin header*, and the one way in which browsers write each.

use crate::ascii::{at, is_lower_hex};

/// The end of `"[" serialized-ipv6 "]"`, which begins at `start`; or the index of the first byte that the grammar does not admit.
///
/// Without `::` the grammar has exactly eight groups. With it, whichever of its seven alternatives is
/// taken, there are at most six groups in all, since `::` stands for two or more.
pub(crate) const fn end(text: &[u8], start: usize) -> Result<usize, usize> {
    let mut i = start + 1;
    let mut groups = 0;
    let mut compressed = false;
    // What the last thing read was: a group, "::", or neither.
    let mut after_group = false;
    let mut after_pair = false;
    while i < text.len() {
        let byte = text[i];
        if byte == b']' {
            let complete = if compressed { groups <= 6 } else { groups == 8 };
            if complete && (after_group || after_pair) {
                return Ok(i + 1);
            }
            break;
        }
        if byte == b':' {
            let pair = i + 1 < text.len() && text[i + 1] == b':';
            // A pair stands between groups or at an end, once; a single colon between groups.
            if (pair && compressed) || (!pair && !after_group) || after_pair {
                break;
            }
            compressed |= pair;
            after_pair = pair;
            after_group = false;
            i += 1 + pair as usize;
            continue;
        }
        // h16 = "0" / ( non-zero-hex 0*3hex )
        let group = i;
        while i < text.len() && i < group + 4 && is_lower_hex(text[i]) {
            i += 1;
        }
        if i == group || (byte == b'0' && i > group + 1) || groups == 8 || after_group {
            return Err(group);
        }
        groups += 1;
        after_group = true;
        after_pair = false;
    }
    Err(i)
}

/// Whether a `serialized-ipv6` in brackets is what the URL standard's IPv6 serializer (section 3.6) writes:
/// the first longest run of two or more zero groups compressed, and no other.
pub(crate) const fn is_shortest(host: &[u8]) -> bool {
    let groups = groups(host);
    let (run_start, run_len) = longest_zero_run(&groups);

    // Where in `host` the next byte has to stand.
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
    at(host, next) == b']' && next + 1 == host.len()
}

/// The start and length of the first longest run of zero groups.
const fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
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

/// The eight groups of a bracketed address that [`end`] accepted.
const fn groups(host: &[u8]) -> [u16; 8] {
    let mut groups = [0u16; 8];
    let mut count = 0;
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
    // Move what stands after "::" to the end.
    let mut place = 8;
    while count > pair && place > count {
        place -= 1;
        count -= 1;
        // Both are below 8; the mask shows it to the compiler.
        groups[place & 7] = groups[count & 7];
        groups[count & 7] = 0;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
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
        for (cut, at) in [("[::1", 4), ("[", 1), ("[:", 1)] {
            assert_eq!(end(cut.as_bytes(), 0), Err(at), "{cut}");
        }
    }

    #[test]
    fn shortest_is_what_the_url_standard_writes() {
        for good in [
            "[::]",
            "[::1]",
            "[1::]",
            "[1:2:3:4:5:6:7:8]",
            "[1:0:2:0:3:0:4:0]",
            "[0:0:1::]",
            "[1::2:0:0:3]",
            "[1:0:0:2::3]",
            "[2001:db8::abcd:0:0:1]",
        ] {
            assert_eq!(end(good.as_bytes(), 0), Ok(good.len()), "{good}");
        }
        for good in [
            "[::]",
            "[::1]",
            "[1::]",
            "[1:2:3:4:5:6:7:8]",
            "[1:0:2:0:3:0:4:0]",
            "[1:0:0:2::]",
            "[::1:0:0:2:3:4]",
        ] {
            let expected = std::net::Ipv6Addr::from(groups(good.as_bytes()));
            assert!(good.parse_bracketed() == Some(expected), "{good}");
            assert!(is_shortest(good.as_bytes()), "{good}");
        }
        for bad in [
            "[0::]",
            "[::0]",
            "[0:0:0:0:0:0:0:0]",
            "[1:0:0:0:2::3]",
            "[1:0:0:2:0:0:3:4]",
            "[::1:2:0:0:0:3]",
        ] {
            assert!(!is_shortest(bad.as_bytes()), "{bad}");
        }
    }

    trait Bracketed {
        fn parse_bracketed(&self) -> Option<std::net::Ipv6Addr>;
    }
    impl Bracketed for str {
        fn parse_bracketed(&self) -> Option<std::net::Ipv6Addr> {
            self.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
        }
    }
}
