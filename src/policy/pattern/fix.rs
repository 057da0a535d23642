//! Proposals: the entry to write instead of a mistake, where it follows from the entry.
//!
//! The proposal is composed first, and shown only if it is a valid entry. Otherwise the text of the
//! kind is shown, which names an example.

use super::check;
use super::set::{index_of, number, separator};
use crate::ascii::{at, eq_ignore_case, from, is_digit, until};
use crate::origin::{self, ipv6};
use crate::policy::error_kind::PolicyErrorKind;
use crate::policy::message::Message;

/// The most bytes of a proposal, so that a message has room for it.
const MAX_LEN: usize = 100;

/// Appends what to write instead of `entry`, an entry of a list of origins.
pub(crate) const fn append(message: Message, kind: PolicyErrorKind, entry: &str) -> Message {
    let entry = entry.as_bytes();
    let proposal = match kind {
        PolicyErrorKind::NoScheme => {
            let whole = with_scheme(entry, entry.len());
            match is_valid(&whole) {
                true => whole,
                // In `example.com/page`, the host is right. In `192.168.1.7/16`, a range is meant.
                false if !is_digit(at(entry, path_start(entry) + 1)) => with_scheme(entry, path_start(entry)),
                false => whole,
            }
        }
        PolicyErrorKind::WildcardInAddress => range_of_stars(entry),
        PolicyErrorKind::HostBits => range(entry, false),
        PolicyErrorKind::MappedAddress => range(entry, true),
        PolicyErrorKind::AllAddresses => every_host(entry),
        PolicyErrorKind::PortRange => swapped_ports(entry),
        _ => Message::new(),
    };
    if is_valid(&proposal) {
        message.text("write ").text(proposal.as_str())
    } else {
        message.text(kind.fix())
    }
}

const fn is_valid(proposal: &Message) -> bool {
    let text = proposal.as_str();
    text.len() <= MAX_LEN && check(text.as_bytes()).is_ok()
}

/// Returns the entry up to `end` with a scheme. One that is there already is kept: in
/// `http:/example.com` a slash is missing.
const fn with_scheme(entry: &[u8], end: usize) -> Message {
    let scheme_end = index_of(entry, 0, b':');
    let is_http = eq_ignore_case(until(entry, scheme_end), b"http");
    let is_https = eq_ignore_case(until(entry, scheme_end), b"https");
    let mut start = if is_http || is_https { scheme_end } else { 0 };
    while matches!(at(entry, start), b':' | b'/' | b'\\') {
        start += 1;
    }
    let scheme = if is_http { "http://" } else { "https://" };
    Message::new()
        .text(scheme)
        .lower_case(from(until(entry, end), start))
}

/// Returns the index of the first byte of a path, after the slashes at the start.
const fn path_start(entry: &[u8]) -> usize {
    let mut i = 0;
    let mut after_host = false;
    while i < entry.len() {
        match entry[i] {
            b'/' | b'?' | b'#' | b'\\' if after_host => return i,
            b'/' | b':' | b'\\' => {
                // `https:/example.com`
                after_host = after_host && entry[i] != b':';
            }
            _ => after_host = true,
        }
        i += 1;
    }
    i
}

/// Returns the index of the first byte after `scheme://`.
const fn host_start(entry: &[u8]) -> usize {
    separator(entry) + "://".len()
}

/// Returns the range that `192.168.*`, `192.168.*.*` or the like stands for.
const fn range_of_stars(entry: &[u8]) -> Message {
    let start = host_start(entry);
    let end = index_of(entry, start, b':');
    let host = from(until(entry, end), start);
    let mut octets = 0;
    let mut i = 0;
    while octets < 3 && is_digit(at(host, i)) {
        i = index_of(host, i, b'.') + 1;
        octets += 1;
    }
    // Only `*` and dots follow, and at most as many as an address has.
    let stars = from(host, i);
    let is_right = matches!(stars, b"*" | b"*.*" | b"*.*.*") && octets + stars.len() / 2 < 4;
    if octets == 0 || !is_right {
        return Message::new();
    }
    let mut message = Message::new()
        .bytes(until(entry, start))
        .bytes(until(host, i.saturating_sub(1)));
    let mut missing = octets;
    while missing < 4 {
        message = message.text(".0");
        missing += 1;
    }
    message.text("/").number(octets * 8).bytes(from(entry, end))
}

/// Returns the range of addresses of `entry` with zeros after its prefix; for an `is_mapped` one,
/// the range of IPv4 addresses.
const fn range(entry: &[u8], is_mapped: bool) -> Message {
    let start = host_start(entry);
    let slash = index_of(entry, start, b'/');
    let end = index_of(entry, slash, b':');
    let host = from(until(entry, slash), start);
    let prefix = number(from(until(entry, end), slash + 1));
    let message = Message::new().bytes(until(entry, start));
    let message = match (origin::ipv4(host), ipv6::address(host)) {
        (Some(octets), _) => ipv4_range(message, u32::from_be_bytes(octets), prefix),
        (_, Some(address)) if is_mapped => ipv4_range(message, address as u32, prefix.saturating_sub(96)),
        (_, Some(address)) if prefix <= 128 => {
            let network = address & !super::host_bits(128 - prefix);
            message.ipv6(network).text("/").number(prefix as usize)
        }
        _ => return Message::new(),
    };
    message.bytes(from(entry, end))
}

const fn ipv4_range(message: Message, address: u32, prefix: u32) -> Message {
    let host_bits = super::host_bits(32u32.saturating_sub(prefix)) as u32;
    let [a, b, c, d] = (address & !host_bits).to_be_bytes();
    message
        .number(a as usize)
        .text(".")
        .number(b as usize)
        .text(".")
        .number(c as usize)
        .text(".")
        .number(d as usize)
        .text("/")
        .number(prefix as usize)
}

/// Returns the pattern for every host of the entry's scheme.
const fn every_host(entry: &[u8]) -> Message {
    let start = host_start(entry);
    let slash = index_of(entry, start, b'/');
    let port = from(entry, index_of(entry, slash, b':'));
    Message::new().bytes(until(entry, start)).text("*").bytes(port)
}

/// Returns the entry with the ports of its range in the other order.
const fn swapped_ports(entry: &[u8]) -> Message {
    let mut colon = entry.len();
    while colon > 0 && at(entry, colon) != b':' {
        colon -= 1;
    }
    let dash = index_of(entry, colon, b'-');
    Message::new()
        .bytes(until(entry, colon + 1))
        .bytes(from(entry, dash + 1))
        .text("-")
        .bytes(from(until(entry, dash), colon + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn proposes(entry: &str, proposal: &str) {
        let (kind, _) = check(entry.as_bytes())
            .err()
            .unwrap_or_else(|| panic!("{entry} is right"));
        let message = append(Message::new(), kind, entry);
        assert_eq!(message.as_str(), proposal, "{entry}");
    }

    #[test]
    fn a_missing_scheme_is_proposed_with_the_entry() {
        for (entry, proposal) in [
            ("example.com", "write https://example.com"),
            ("localhost:3000", "write https://localhost:3000"),
            ("*.example.com", "write https://*.example.com"),
            ("pr-*.example.com:*", "write https://pr-*.example.com:*"),
            ("Example.com", "write https://example.com"),
            ("//example.com", "write https://example.com"),
            ("://example.com", "write https://example.com"),
            ("https:/example.com", "write https://example.com"),
            ("http:example.com", "write http://example.com"),
            ("HTTP:\\\\example.com", "write http://example.com"),
            ("example.com/", "write https://example.com"),
            ("example.com/page?x", "write https://example.com"),
            ("//example.com:8443/page", "write https://example.com:8443"),
            ("192.168.0.0/16", "write https://192.168.0.0/16"),
            ("[::1]:3000", "write https://[::1]:3000"),
        ] {
            proposes(entry, proposal);
        }
        let fallback = ["write ", PolicyErrorKind::NoScheme.fix()].concat();
        for entry in [
            "a..b",
            "**",
            "example.com:443",
            "192.168.1.1/16",
            &"x".repeat(101),
        ] {
            let message = append(Message::new(), PolicyErrorKind::NoScheme, entry);
            assert!(fallback.ends_with(message.as_str()), "{entry}: {message}");
        }
    }

    #[test]
    fn ranges_are_computed() {
        for (entry, proposal) in [
            ("http://192.168.*.*", "write http://192.168.0.0/16"),
            ("http://192.168.*", "write http://192.168.0.0/16"),
            ("http://192.168.*:8080", "write http://192.168.0.0/16:8080"),
            ("http://192.168.*.*:*", "write http://192.168.0.0/16:*"),
            ("http://10.*", "write http://10.0.0.0/8"),
            ("http://10.*.*", "write http://10.0.0.0/8"),
            ("*://10.*.*.*", "write *://10.0.0.0/8"),
            ("https://192.168.4.*", "write https://192.168.4.0/24"),
            ("http://192.168.1.7/16", "write http://192.168.0.0/16"),
            ("http://192.168.1.7/31:*", "write http://192.168.1.6/31:*"),
            ("http://255.255.255.255/1", "write http://128.0.0.0/1"),
            ("http://[fd12:3456::1]/8", "write http://[fd00::]/8"),
            ("http://[fd12:3456::1]/9:3000", "write http://[fd00::]/9:3000"),
            ("http://[2001:db8:0:1::1]/63", "write http://[2001:db8::]/63"),
            (
                "http://[1:0:2:0:3:0:4:5]/113",
                "write http://[1:0:2:0:3:0:4:0]/113",
            ),
            ("http://[::1]/1", "write http://[::]/1"),
            ("http://[::ffff:c0a8:0]/112", "write http://192.168.0.0/16"),
            ("http://[::ffff:c0a8:107]/112:*", "write http://192.168.0.0/16:*"),
            ("http://[::ffff:c0a8:107]/128", "write http://192.168.1.7/32"),
            ("http://0.0.0.0/0", "write http://*"),
            ("https://[::]/0:8443", "write https://*:8443"),
            ("http://a.example:3010-3000", "write http://a.example:3000-3010"),
            ("http://[::1]:3010-3000", "write http://[::1]:3000-3010"),
        ] {
            proposes(entry, proposal);
        }
        let fallback = PolicyErrorKind::WildcardInAddress.fix();
        for entry in [
            "http://192.168.1*",
            "http://192.*.1.1",
            "http://192.168.1.1.*",
            "http://300.*",
            "http://01.*",
            "ftp://10.*",
            "http://[fd00::*]",
            "http://pr-*.1",
        ] {
            proposes(entry, fallback);
        }
    }
}
