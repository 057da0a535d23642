//! Writes entries of a list of origins as regular expressions.
//!
//! The expressions use only what PCRE, JavaScript, RE2 and Rust's `regex` have in common. They are
//! anchored at both ends, so an origin is admitted as a whole or not at all.

use super::origins::{Entry, Host, Ports, Product, Scheme, default_port, has_domains};

/// Writes expressions that admit the same origins as the entry, each anchored at both ends. Returns
/// `None` for networks of IPv6, and for `*`.
pub(crate) fn expressions(entry: &Entry<'_>) -> Option<Vec<String>> {
    match entry {
        Entry::Everyone => None,
        Entry::Null => Some(vec!["^null$".into()]),
        // The default port, which browsers omit, depends on the scheme.
        Entry::Product(
            product @ Product {
                ports: Ports::Range(..) | Ports::One(_),
                ..
            },
        ) => {
            let each = product.per_scheme().into_iter();
            each.map(|(_, product)| expression(&product)).collect()
        }
        Entry::Product(product) => Some(vec![expression(product)?]),
    }
}

fn expression(product: &Product<'_>) -> Option<String> {
    let (scheme, is_web) = match product.scheme {
        Scheme::HttpAndHttps => ("https?".into(), true),
        Scheme::One(scheme) => (escape(scheme), has_domains(scheme)),
    };
    // A byte of a label. Hosts of the schemes of applications are compared byte for byte.
    let label = if is_web { "[a-z0-9_-]" } else { "[^/:.]" };
    let host = match product.host {
        Host::One(host) => escape(host),
        Host::Subdomains(domain) => format!("({label}+\\.)+{}", escape(domain)),
        Host::InLabel(before, after) => format!("{}{label}+{}", escape(before), escape(after)),
        Host::Every if is_web => "([a-z0-9_.-]+|\\[[0-9a-f:.]+\\])".into(),
        Host::Every => "[^/:]*".into(),
        Host::Ipv4(network, bits) => ipv4(network, bits),
        Host::Ipv6(_) => return None,
    };
    let default = match product.scheme {
        Scheme::One(scheme) => default_port(scheme),
        Scheme::HttpAndHttps => None,
    };
    let ports = match product.ports {
        Ports::Default => String::new(),
        Ports::One(port) if default == Some(port) => String::new(),
        Ports::One(port) => format!(":{port}"),
        Ports::Any => "(:[1-9][0-9]{0,4})?".into(),
        Ports::Range(first, last) => {
            let numbers = numbers(first.into(), last.into());
            let is_optional = default.is_some_and(|port| (first..=last).contains(&port));
            format!("(:{numbers}){}", if is_optional { "?" } else { "" })
        }
    };
    Some(format!("^{scheme}://{host}{ports}$"))
}

/// Escapes what has a meaning in an expression.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() && !"-_/:".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Writes an expression for the addresses of a network.
fn ipv4(network: [u8; 4], bits: u32) -> String {
    let octet = |(index, first): (u32, u8)| {
        let fixed = bits.saturating_sub(8 * index).min(8);
        let last = first | 0xffu8.checked_shr(fixed).unwrap_or(0);
        numbers(first.into(), last.into())
    };
    let octets: Vec<String> = (0..).zip(network).map(octet).collect();
    octets.join("\\.")
}

/// Writes an expression for the decimal numbers from `first` to `last`.
///
/// The range is cut where a number of digits ends, and where the digits that vary change: 3 to 125
/// is 3 to 9, 10 to 99, 100 to 119 and 120 to 125.
pub(crate) fn numbers(first: u32, last: u32) -> String {
    let mut parts = Vec::new();
    let mut start = first;
    while start <= last {
        // The largest power of ten such that all its multiples from `start` on fit.
        let mut unit = 1;
        while start.is_multiple_of(unit * 10) && start >= unit * 10 && start + unit * 10 - 1 <= last {
            unit *= 10;
        }
        // `start` is a multiple of the unit. Go on to the last number with the same digits before.
        let digit = start / unit % 10;
        let mut end_digit = digit;
        while end_digit < 9 && start + (end_digit - digit + 2) * unit - 1 <= last {
            end_digit += 1;
        }
        let before = match start / unit / 10 {
            0 => String::new(),
            before => before.to_string(),
        };
        let digits = if digit == end_digit {
            digit.to_string()
        } else {
            format!("[{digit}-{end_digit}]")
        };
        let after = "[0-9]".repeat(unit.ilog10() as usize);
        parts.push(format!("{before}{digits}{after}"));
        start += (end_digit - digit + 1) * unit;
    }
    match parts.as_slice() {
        [part] => part.clone(),
        parts => format!("({})", parts.join("|")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(entry: &str) -> Vec<String> {
        expressions(&Entry::parse(entry).unwrap()).unwrap()
    }

    #[test]
    fn expressions_are_anchored_and_escaped() {
        assert_eq!(written("https://a-b.example"), ["^https://a-b\\.example$"]);
        assert_eq!(
            written("https://*.a.example"),
            ["^https://([a-z0-9_-]+\\.)+a\\.example$"]
        );
        assert_eq!(
            written("https://p-*.a.example"),
            ["^https://p-[a-z0-9_-]+\\.a\\.example$"]
        );
        assert_eq!(
            written("*://a.example:*"),
            ["^https?://a\\.example(:[1-9][0-9]{0,4})?$"]
        );
        assert_eq!(
            written("*://a.example:80-81"),
            ["^http://a\\.example(:8[0-1])?$", "^https://a\\.example(:8[0-1])$"]
        );
        assert_eq!(written("x-app://*"), ["^x-app://[^/:]*$"]);
        assert_eq!(written("http://[::1]"), ["^http://\\[::1\\]$"]);
    }

    #[test]
    fn ranges_of_numbers_are_exact() {
        // A reader of the few forms that `numbers` writes.
        fn matches(expression: &str, text: &str) -> bool {
            let parts = expression.trim_start_matches('(').trim_end_matches(')');
            parts.split('|').any(|part| {
                let (mut pattern, mut text) = (part.as_bytes(), text.as_bytes());
                loop {
                    match (pattern, text) {
                        ([], []) => return true,
                        ([b'[', low, b'-', high, b']', rest @ ..], [digit, more @ ..])
                            if (low..=high).contains(&digit) =>
                        {
                            (pattern, text) = (rest, more);
                        }
                        ([expected, rest @ ..], [digit, more @ ..]) if expected == digit => {
                            (pattern, text) = (rest, more);
                        }
                        _ => return false,
                    }
                }
            })
        }
        for (first, last) in [
            (0, 0),
            (0, 255),
            (1, 65535),
            (3, 125),
            (16, 31),
            (3000, 3010),
            (99, 100),
            (8080, 8099),
        ] {
            let expression = numbers(first, last);
            for number in (0..=70_000)
                .step_by(if last > 1000 { 7 } else { 1 })
                .chain([first, last, last + 1])
            {
                let is_within = (first..=last).contains(&number);
                assert_eq!(
                    matches(&expression, &number.to_string()),
                    is_within,
                    "{number} {expression}"
                );
            }
        }
    }

    #[test]
    fn networks_are_octets() {
        assert_eq!(
            written("http://192.168.0.0/16"),
            [
                "^http://192\\.168\\.([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\\.\
             ([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$"
            ]
        );
        assert_eq!(
            written("http://10.16.7.8/30"),
            ["^http://10\\.16\\.7\\.([8-9]|1[0-1])$"]
        );
        assert_eq!(written("http://10.16.7.8/32"), ["^http://10\\.16\\.7\\.8$"]);
        assert_eq!(expressions(&Entry::parse("http://[fd00::]/8").unwrap()), None);
    }
}
