//! Tests of the grammar of entries, and of the facts about them.

use super::*;
use crate::origin::Origin;

#[track_caller]
fn mistake(entry: &str, kind: PolicyErrorKind, at: usize) {
    match check(entry.as_bytes()) {
        Ok(_) => panic!("{entry:?} was accepted"),
        Err(mistake) => assert_eq!(mistake, (kind, at), "{entry:?}"),
    }
}

#[track_caller]
fn form(entry: &str, form: Form) -> Pattern {
    match check(entry.as_bytes()) {
        Ok(pattern) => {
            assert!(pattern.form == form, "{entry:?}");
            pattern
        }
        Err(mistake) => panic!("{entry:?}: {mistake:?}"),
    }
}

#[test]
fn forms() {
    form("*", Form::Any);
    form("null", Form::Null);
    assert_eq!(form("file://", Form::File).max_len, 7);
    for exact in [
        "https://example.com",
        "https://example.com.",
        "http://localhost:3000",
        "http://192.168.4.1",
        "http://[::1]",
        "http://[2001:db8::1:0:0:1]:8080",
        "capacitor://localhost",
        "chrome-extension://abcdefgh",
        "https://a_b.example",
        "ftp://example.com:80",
        "http://4.example",
        "https://-a.example",
        "app://.",
        "app://-",
        "capacitor-electron://-",
        "myapp://",
        "content://com.example.app",
        "app://My.App:8080",
        "app://1.2.3",
        "app://a%20b",
        "app://[::1]",
    ] {
        assert_eq!(form(exact, Form::Exact).max_len, exact.len());
    }
    for wildcard in [
        "https://*.example.com",
        "http://localhost:*",
        "https://*.example.com:8443",
        "https://*.example.com:*",
        "http://[::1]:*",
        "http://192.168.4.1:*",
    ] {
        form(wildcard, Form::Wildcard);
    }
    for wide in [
        "https://*",
        "*://*",
        "https://*:8080",
        "chrome-extension://*",
        "app://*:*",
        "ftp://*:1-2",
    ] {
        form(wide, Form::SchemeWide);
    }
    for other in [
        "https://pr-*.example.com",
        "https://*--site.example.net",
        "https://*example.com",
        "https://*-dev.example.com:*",
        "http://dev-*",
        "http://a*b",
        "http://1*.example",
        "app://a*",
        "app://My*.x:3000",
        "http://localhost:3000-3010",
        "http://localhost:80-80",
        "https://*.example.com:1-65535",
        "http://192.168.0.0/16",
        "ws://10.0.0.0/8",
        "http://192.168.0.0/16:*",
        "https://192.168.1.7/32:8443",
        "http://[fd00::]/8",
        "*://[fd00::]/8:3000-3010",
        "*://example.com",
        "*://*.example.com:*",
        "*://example.com:8080",
        "*://localhost:80-443",
    ] {
        form(other, Form::Other);
    }
}

#[test]
fn mistakes_name_the_byte() {
    mistake("", PolicyErrorKind::Empty, 0);
    mistake("example.com", PolicyErrorKind::NoScheme, 0);
    mistake("localhost:3000", PolicyErrorKind::NoScheme, 0);
    mistake("*.example.com", PolicyErrorKind::NoScheme, 0);
    mistake("//example.com", PolicyErrorKind::NoScheme, 0);
    mistake("://example.com", PolicyErrorKind::NoScheme, 0);
    mistake("https:/example.com", PolicyErrorKind::NoScheme, 0);
    mistake("1a://example.com", PolicyErrorKind::Scheme, 0);
    for file in ["file:///index.html", "file://*", "file://a", "file://:80"] {
        mistake(file, PolicyErrorKind::File, 7);
    }
    mistake("https://Example.com", PolicyErrorKind::UpperCase, 8);
    mistake("NULL", PolicyErrorKind::UpperCase, 0);
    mistake("https://bücher.example", PolicyErrorKind::NonAscii, 9);
    mistake("https://example.com/", PolicyErrorKind::Path, 19);
    mistake("https://example.com/api", PolicyErrorKind::Path, 19);
    mistake("https://example.com?x", PolicyErrorKind::Path, 19);
    mistake("https://example.com#x", PolicyErrorKind::Path, 19);
    mistake("https://example.com:8443/", PolicyErrorKind::Path, 24);
    mistake("https://example.com:443", PolicyErrorKind::DefaultPort, 19);
    mistake("http://example.com:80", PolicyErrorKind::DefaultPort, 18);
    mistake("http://[::1]:80", PolicyErrorKind::DefaultPort, 12);
    mistake("https://example.com:", PolicyErrorKind::Port, 20);
    mistake("https://example.com:0", PolicyErrorKind::Port, 20);
    mistake("https://example.com:08", PolicyErrorKind::Port, 20);
    mistake("https://example.com:65536", PolicyErrorKind::Port, 20);
    mistake("https://example.com:x", PolicyErrorKind::Port, 20);
    mistake(
        "https://a.example https://b.example",
        PolicyErrorKind::SeveralInOne,
        17,
    );
    mistake(
        "https://a.example,https://b.example",
        PolicyErrorKind::SeveralInOne,
        17,
    );
    mistake("https://user@example.com", PolicyErrorKind::Host, 12);
    mistake("https://", PolicyErrorKind::Host, 8);
    mistake("https://:8080", PolicyErrorKind::Host, 8);
    mistake("app://:8080", PolicyErrorKind::Host, 6);
    mistake("app://a<b", PolicyErrorKind::Host, 7);
    mistake("app://a/", PolicyErrorKind::Path, 7);
    mistake("app:///a", PolicyErrorKind::Path, 6);
    mistake("app://[0::1]", PolicyErrorKind::Ipv6, 6);
    mistake("https://a..b", PolicyErrorKind::Host, 10);
    mistake("https://exam%70le.com", PolicyErrorKind::Host, 12);
    mistake("http://1.2.3", PolicyErrorKind::Ipv4, 7);
    mistake("http://1.2.3.4.", PolicyErrorKind::Ipv4, 7);
    mistake("http://256.1.1.1", PolicyErrorKind::Ipv4, 7);
    mistake("http://0x7f.1", PolicyErrorKind::Ipv4, 7);
    mistake("http://0x7f", PolicyErrorKind::Ipv4, 7);
    mistake("http://2130706433", PolicyErrorKind::Ipv4, 7);
    mistake("http://[::0]", PolicyErrorKind::Ipv6, 7);
    mistake("http://[0:0:0:0:0:0:0:1]", PolicyErrorKind::Ipv6, 7);
    mistake("http://[1::2:0:0:0:3]", PolicyErrorKind::Ipv6, 7);
    mistake("http://[::1", PolicyErrorKind::Ipv6, 7);
    mistake("https://example.com/API", PolicyErrorKind::Path, 19);
    mistake("https://example.com?\u{e9}", PolicyErrorKind::Path, 19);
    mistake("https://a..b/\u{e9}", PolicyErrorKind::Host, 10);
    mistake("http://localhost:*/", PolicyErrorKind::Path, 18);
    mistake("http://localhost:*?x", PolicyErrorKind::Path, 18);
    mistake("https://example.com:/", PolicyErrorKind::Path, 20);
    mistake("data://x", PolicyErrorKind::OpaqueScheme, 0);
    mistake("blob://a", PolicyErrorKind::OpaqueScheme, 0);
    // After `*.` a name of 251 bytes fits into the longest host, and one of 252 bytes if the
    // last of them is a dot.
    let name = |len: usize| "a.".repeat(len / 2) + if len % 2 == 1 { "a" } else { "" };
    assert!(check(format!("https://*.{}", name(252)).as_bytes()).is_ok());
    mistake(&format!("https://*.{}a", name(252)), PolicyErrorKind::Host, 10);
    assert!(check(format!("https://*.{}", name(251)).as_bytes()).is_ok());
    mistake("http://[1::2:0:3]x", PolicyErrorKind::Port, 17);
}

#[test]
fn a_star_stands_inside_the_first_label_or_for_the_port() {
    mistake("https://**", PolicyErrorKind::Wildcard, 9);
    mistake("https://a*b*.example.com", PolicyErrorKind::Wildcard, 11);
    mistake("https://*.*.example.com", PolicyErrorKind::Wildcard, 10);
    mistake("https://*.b*.example.com", PolicyErrorKind::Wildcard, 11);
    mistake("https://a.*.example.com", PolicyErrorKind::Wildcard, 10);
    mistake("https://a.b*.example.com", PolicyErrorKind::Wildcard, 11);
    mistake("https://example.*", PolicyErrorKind::Wildcard, 16);
    mistake("https://example.com*", PolicyErrorKind::Wildcard, 19);
    mistake("https://example.com:80*", PolicyErrorKind::Wildcard, 22);
    mistake("https://example.com:80*/", PolicyErrorKind::Wildcard, 22);
    mistake("https://example.com:**", PolicyErrorKind::Wildcard, 20);
    mistake("app://a*b*", PolicyErrorKind::Wildcard, 9);
    mistake("app://a.*", PolicyErrorKind::Wildcard, 8);
    mistake("**", PolicyErrorKind::NoScheme, 0);
    mistake("**://a", PolicyErrorKind::Scheme, 0);
    mistake("http*://a", PolicyErrorKind::Scheme, 4);
    mistake("https://*.192.168.4.1", PolicyErrorKind::WildcardAddress, 8);
    mistake("https://*.[::1]", PolicyErrorKind::WildcardAddress, 8);
    mistake("https://*.", PolicyErrorKind::Host, 10);
    mistake("https://*.:80", PolicyErrorKind::Host, 10);
    mistake("app://*.", PolicyErrorKind::Host, 8);
    mistake("app://*.:80", PolicyErrorKind::Host, 8);
    mistake("https://*a..b", PolicyErrorKind::Host, 11);
    mistake("https://a~*.example", PolicyErrorKind::Regex, 9);
    mistake("https://a'*.example", PolicyErrorKind::Host, 9);
    mistake("https://*/", PolicyErrorKind::Path, 9);
    mistake("https://pr-*.example.com/", PolicyErrorKind::Path, 24);
    mistake("https://pr-*/", PolicyErrorKind::Path, 12);
    for (address, star) in [
        ("http://192.168.*", 15),
        ("http://192.168.*.*:80", 15),
        ("http://1*", 8),
        ("http://1*.2.3.4", 8),
        ("http://192.168.1.1*", 18),
        ("http://pr-*.1", 10),
        ("http://*-a.0x7f", 7),
        ("http://pr-*.1.:80", 10),
        ("http://0x*", 9),
        ("http://[fd00::*]", 14),
    ] {
        mistake(address, PolicyErrorKind::WildcardInAddress, star);
    }
    // The star is one byte of the longest host.
    let name = |len: usize| "a.".repeat(len / 2) + if len % 2 == 1 { "a" } else { "" };
    form(&format!("https://b*.{}", name(250)), Form::Other);
    mistake(
        &format!("https://b*.{}", name(251)),
        PolicyErrorKind::Host,
        8 + 254,
    );
    form(&format!("app://{}*", "a".repeat(253)), Form::Other);
    mistake(
        &format!("app://{}*", "a".repeat(254)),
        PolicyErrorKind::Host,
        6 + 254,
    );
}

#[test]
fn ranges_of_addresses_have_no_bits_after_the_prefix() {
    for (entry, kind, at) in [
        ("http://192.168.0.1/16", PolicyErrorKind::HostBits, 7),
        ("http://[fd12::]/8", PolicyErrorKind::HostBits, 7),
        ("*://10.0.0.1/31", PolicyErrorKind::HostBits, 4),
        ("http://0.0.0.0/0", PolicyErrorKind::AllAddresses, 15),
        ("http://10.0.0.0/0:80", PolicyErrorKind::AllAddresses, 16),
        ("http://[::]/0", PolicyErrorKind::AllAddresses, 12),
        ("http://10.0.0.0/33", PolicyErrorKind::Prefix, 16),
        ("http://10.0.0.0/08", PolicyErrorKind::Prefix, 16),
        ("http://10.0.0.0/00", PolicyErrorKind::Prefix, 16),
        ("http://10.0.0.0/1000", PolicyErrorKind::Prefix, 16),
        ("http://[fd00::]/129", PolicyErrorKind::Prefix, 16),
        ("http://[::ffff:c0a8:0]/112", PolicyErrorKind::MappedAddress, 7),
        ("http://[::ffff:0:0]/96", PolicyErrorKind::MappedAddress, 7),
        ("http://[::ffff:0:0]/95", PolicyErrorKind::HostBits, 7),
        ("http://10.0.0.0/", PolicyErrorKind::Path, 15),
        ("http://10.0.0.0/8/", PolicyErrorKind::Path, 17),
        ("http://10.0.0.0/8x", PolicyErrorKind::Path, 15),
        ("http://10.0.0.0/x", PolicyErrorKind::Path, 15),
        ("http://10.0.0.0?8", PolicyErrorKind::Path, 15),
        ("http://10.0.0.0:80/8", PolicyErrorKind::Path, 18),
        ("https://example.com/24", PolicyErrorKind::Path, 19),
        ("https://pr-*.example.com/24", PolicyErrorKind::Path, 24),
        ("ftp://10.0.0.0/8", PolicyErrorKind::Path, 14),
        ("app://10.0.0.0/8", PolicyErrorKind::Path, 14),
        ("app://[fd00::]/8", PolicyErrorKind::Path, 14),
        ("http://10.0.0/8", PolicyErrorKind::Ipv4, 7),
        ("http://[fd00:0::]/8", PolicyErrorKind::Ipv6, 7),
        ("http://*.10.0.0.0/8", PolicyErrorKind::WildcardAddress, 7),
        ("http://10.0.0.0/8:80", PolicyErrorKind::DefaultPort, 17),
    ] {
        mistake(entry, kind, at);
    }
}

#[test]
fn ranges_of_ports_go_up() {
    for (ports, kind, at) in [
        ("3010-3000", PolicyErrorKind::PortRange, 9),
        ("0-3000", PolicyErrorKind::Port, 9),
        ("03-3000", PolicyErrorKind::Port, 9),
        ("3000-03010", PolicyErrorKind::Port, 14),
        ("3000-0", PolicyErrorKind::Port, 14),
        ("3000-", PolicyErrorKind::Port, 14),
        ("-3000", PolicyErrorKind::Port, 9),
        ("3000-65536", PolicyErrorKind::Port, 14),
        ("65536-65537", PolicyErrorKind::Port, 9),
        ("3000-3010-3020", PolicyErrorKind::Port, 18),
        ("3000-*", PolicyErrorKind::Wildcard, 14),
        ("3000-3010/", PolicyErrorKind::Path, 18),
        ("3000-x", PolicyErrorKind::Port, 14),
    ] {
        mistake(&format!("http://a:{ports}"), kind, at);
    }
    for (entry, at) in [
        ("*://a.example:80", 13),
        ("*://a.example:443", 13),
        ("*://*:443", 5),
        ("wss://a.example:443", 15),
        ("ftp://*:21", 7),
        ("https://pr-*.a.example:443", 22),
    ] {
        mistake(entry, PolicyErrorKind::DefaultPort, at);
    }
}

#[test]
fn facts_for_credentials() {
    assert!(form("http://example.com", Form::Exact).insecure);
    assert!(form("http://*.example.com:*", Form::Wildcard).insecure);
    assert!(form("http://192.168.4.1", Form::Exact).insecure);
    for safe in [
        "https://example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]",
        "http://a.localhost",
        "capacitor://localhost",
    ] {
        assert!(!form(safe, Form::Exact).insecure, "{safe}");
    }
    for insecure in [
        "*://example.com",
        "http://192.168.0.0/16",
        "*://10.0.0.0/8",
        "http://126.0.0.0/7",
        "http://[::]/127",
        "http://pr-*.example.com",
        "*://localhost.example:1-2",
    ] {
        assert!(form(insecure, Form::Other).insecure);
    }
    for loopback in [
        "http://127.0.0.0/8",
        "*://127.0.0.1",
        "http://[::1]/128",
        "*://localhost",
        "*://*.localhost",
        "http://a*.localhost:*",
        "http://pr-*.a.localhost",
        "https://192.168.0.0/16",
        "http://localhost:1-2",
    ] {
        let pattern = check(loopback.as_bytes()).ok().unwrap();
        assert!(!pattern.insecure && !pattern.under_registry, "{loopback}");
    }
    for wide in [
        "https://pr-*.com",
        "https://*com",
        "https://dev-*",
        "https://dev-*.",
        "https://pr-*.com.",
        "https://*example.com:8443",
        "app://a*",
    ] {
        assert!(form(wide, Form::Other).under_registry, "{wide}");
    }
    assert!(!form("https://pr-*.example.com", Form::Other).under_registry);
    for wide in ["https://*.com", "https://*.com.", "https://*.local:*"] {
        assert!(form(wide, Form::Wildcard).under_registry, "{wide}");
    }
    for narrow in [
        "https://*.example.com",
        "http://*.localhost",
        "http://localhost:*",
    ] {
        assert!(!form(narrow, Form::Wildcard).under_registry, "{narrow}");
    }
}

/// The table in the module's documentation, and more.
#[test]
fn near_misses_do_not_match() {
    for (entry, matching, others) in [
        (
            "https://example.com",
            &["https://example.com"][..],
            &[
                "http://example.com",
                "https://example.com:8443",
                "https://www.example.com",
                "https://example.com.",
                "https://evilexample.com",
                "https://example.com.evil.test",
            ][..],
        ),
        (
            "https://*.example.com",
            &[
                "https://a.example.com",
                "https://a.b.example.com",
                "https://xn--bcher-kva.example.com",
                "https://_.example.com",
            ],
            &[
                "https://example.com",
                "http://a.example.com",
                "https://evilexample.com",
                "https://aexample.com",
                "https://a.example.com.",
                "https://a.example.com:8443",
                "https://a.example.com.evil.test",
                "https://a.example.common.test",
                "https://a.examplexcom",
                "x-https://a.example.com",
                "httpss://a.example.com",
            ],
        ),
        (
            "http://localhost:*",
            &[
                "http://localhost",
                "http://localhost:1",
                "http://localhost:3000",
                "http://localhost:65535",
            ],
            &[
                "https://localhost:3000",
                "http://localhost.:3000",
                "http://a.localhost:3000",
                "http://localhost.evil.test:3000",
                "http://localhos:1",
                "http://localhosts",
            ],
        ),
        (
            "https://*.example.com:8443",
            &["https://a.example.com:8443"],
            &[
                "https://a.example.com",
                "https://a.example.com:443",
                "https://a.example.com:18443",
            ],
        ),
        (
            "https://*.example.com:*",
            &["https://a.example.com", "https://a.b.example.com:8443"],
            &[
                "https://example.com",
                "https://example.com:8443",
                "https://aexample.com:1",
            ],
        ),
        (
            "http://[::1]:*",
            &["http://[::1]", "http://[::1]:80"],
            &["http://[::11]:80", "http://[1::1]"],
        ),
        (
            "https://pr-*.example.com",
            &[
                "https://pr-1.example.com",
                "https://pr-a-b.example.com",
                "https://pr--.example.com",
            ],
            &[
                "https://pr-.example.com",
                "https://pr-1.a.example.com",
                "https://a.pr-1.example.com",
                "https://xpr-1.example.com",
                "https://pr-1.example.com.",
                "https://pr-1.example.com:8443",
                "http://pr-1.example.com",
                "https://pr-1xexample.com",
            ],
        ),
        (
            "https://a*b.example",
            &["https://axb.example", "https://aabb.example"],
            &["https://ab.example", "https://a.b.example", "https://axc.example"],
        ),
        (
            "http://dev-*",
            &["http://dev-1", "http://dev-box"],
            &["http://dev-", "http://dev-1.example", "http://dev-1."],
        ),
        (
            "https://*",
            &[
                "https://a",
                "https://a.example",
                "https://10.0.0.1",
                "https://[::1]",
            ],
            &["http://a", "https://a:8443", "wss://a"],
        ),
        (
            "app://*",
            &["app://", "app://.", "app://A", "app://*", "app://a"],
            &["app://a:80", "apps://a", "xapp://a"],
        ),
        (
            "app://*.example",
            &["app://a.example", "app://..example", "app://A.b.example"],
            &["app://example", "app://.example", "app://a.Example"],
        ),
        (
            "http://192.168.0.0/16",
            &["http://192.168.0.0", "http://192.168.255.255"],
            &[
                "http://192.169.0.0",
                "http://192.167.255.255",
                "http://192.168.1.7:80",
                "https://192.168.1.7",
                "http://192.168.1.7.",
                "http://192.168.1",
                "http://192.168.1.7.evil.test",
                "http://[::ffff:c0a8:107]",
            ],
        ),
        (
            "http://[fd00::]/9",
            &["http://[fd00::]", "http://[fd7f:ffff::1]"],
            &[
                "http://[fd80::]",
                "http://[fc00::]",
                "http://[fd00:0::1]",
                "http://fd00",
            ],
        ),
        (
            "*://a.example:80-90",
            &[
                "http://a.example",
                "http://a.example:81",
                "https://a.example:90",
                "https://a.example:80",
            ],
            &[
                "https://a.example",
                "http://a.example:79",
                "http://a.example:91",
                "http://a.example:080",
                "ws://a.example:81",
                "app://a.example:81",
            ],
        ),
    ] {
        let pattern = check(entry.as_bytes()).expect(entry);
        let is_plain = !pattern.form.needs_split();
        let parse = |origin: &'static str| Origin::parse(origin.as_bytes()).expect(origin);
        for origin in matching {
            assert!(any_form(entry, &parse(origin)), "{entry} should match {origin}");
            assert!(
                !is_plain || plain(entry, &parse(origin)),
                "{entry} should match {origin}"
            );
        }
        for origin in others {
            assert!(
                !any_form(entry, &parse(origin)),
                "{entry} must not match {origin}"
            );
            assert!(
                !is_plain || !plain(entry, &parse(origin)),
                "{entry} must not match {origin}"
            );
        }
    }
}

#[test]
fn the_longest_match_is_bounded() {
    let longest_host = |suffix: &str| {
        let mut host = String::from(suffix);
        while host.len() + 2 < MAX_HOST_LEN {
            host.insert_str(0, "a.");
        }
        if host.len() < MAX_HOST_LEN - 1 {
            host.insert(0, 'a');
        }
        host
    };
    let host = longest_host("example.com");
    assert_eq!(host.len(), 253);
    for (entry, origin) in [
        ("https://*.example.com", format!("https://{host}")),
        ("https://*.example.com:8443", format!("https://{host}:8443")),
        ("https://*.example.com:*", format!("https://{host}:65535")),
        ("http://localhost:*", String::from("http://localhost:65535")),
        ("http://localhost:1-999", String::from("http://localhost:999")),
        (
            "https://a*.example.com",
            format!("https://{}.example.com", "a".repeat(241)),
        ),
        ("*://*:*", format!("https://{host}.:65535")),
        ("app://*", format!("app://{host}.")),
        ("http://10.0.0.0/8", String::from("http://10.111.111.111")),
        (
            "*://[fd00::]/8:1-65535",
            String::from("https://[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
        ),
    ] {
        let parsed = Origin::parse(origin.as_bytes()).unwrap();
        assert!(any_form(entry, &parsed));
        let bound = check(entry.as_bytes()).ok().unwrap().max_len;
        assert!(
            origin.len() <= bound && bound <= origin.len() + 1,
            "{entry}: {bound}"
        );
    }
}

/// The set that an entry is split into, for entries in which the parts are easily confused.
#[test]
fn entries_are_split_at_their_own_marks() {
    use set::Product;

    let product = |schemes, hosts, ports| {
        OriginSet::Product(Product {
            schemes,
            hosts,
            ports,
        })
    };
    for (entry, set) in [
        (
            "http://[fd00::]/8:3000-3010",
            product(
                Schemes::One(b"http"),
                Hosts::Ipv6 {
                    network: 0xfd << 120,
                    prefix: 8,
                },
                Ports::Range(3000, 3010),
            ),
        ),
        (
            "*://10.0.0.0/8",
            product(
                Schemes::HttpAndHttps,
                Hosts::Ipv4 {
                    network: 10 << 24,
                    prefix: 8,
                },
                Ports::Default,
            ),
        ),
        (
            "http://[::1]:8080",
            product(Schemes::One(b"http"), Hosts::One(b"[::1]"), Ports::One(8080)),
        ),
        (
            "x-y://a-b:1-2",
            product(Schemes::One(b"x-y"), Hosts::One(b"a-b"), Ports::Range(1, 2)),
        ),
        (
            "myapp://",
            product(Schemes::One(b"myapp"), Hosts::One(b""), Ports::Default),
        ),
        (
            "https://*.a:*",
            product(Schemes::One(b"https"), Hosts::Subdomains(b"a"), Ports::Any),
        ),
        (
            "https://*-a.b",
            product(
                Schemes::One(b"https"),
                Hosts::InLabel {
                    before: b"",
                    after: b"-a.b",
                },
                Ports::Default,
            ),
        ),
        (
            "https://a*",
            product(
                Schemes::One(b"https"),
                Hosts::InLabel {
                    before: b"a",
                    after: b"",
                },
                Ports::Default,
            ),
        ),
        (
            "*://*:*",
            product(Schemes::HttpAndHttps, Hosts::Every, Ports::Any),
        ),
        ("*", OriginSet::Everything),
        ("null", OriginSet::Null),
    ] {
        assert!(check(entry.as_bytes()).is_ok(), "{entry}");
        assert_eq!(OriginSet::of(entry.as_bytes()), set, "{entry}");
    }
}
