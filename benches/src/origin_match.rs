//! The rows `origin_match` measure only whether a list admits an origin. A row takes a `Request` of
//! this crate, makes a decision and writes nothing. In the rows `rotating`, each call makes a
//! request from another origin, so that the origin is not in the CPU's cache.

use std::hint::black_box;

use embedded_cors::{Policy, Request};

use crate::Row;
use crate::cases::{self, FEW, SIZES};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for size in SIZES {
        let last = cases::tenant(size - 1);
        let last_byte = last.replace(".com", ".con");
        let name = |case| format!("origin_match/exact_{size:06}/{case}");
        let all = move || cases::policy_of(cases::exact(size));
        let hit_last = row(name("hit_last"), all, &last, true);
        rows.push(row(name("hit_first"), all, &cases::tenant(0), true));
        rows.push(if size > 1_000 {
            hit_last.counted_briefly()
        } else {
            hit_last.counted()
        });
        let miss_at_once = row(name("miss_at_once"), all, "http://a.test", false);
        let miss_last_byte = row(name("miss_last_byte"), all, &last_byte, false);
        rows.extend([miss_at_once, miss_last_byte].map(|row| match size {
            FEW | 1_000 => row.counted(),
            100_000 => row.counted_briefly(),
            _ => row,
        }));
        rows.push(rotating(name("rotating"), all, size, cases::tenant));
    }
    for size in [1_000, 10_000, 100_000] {
        let name = |case| format!("origin_match/mixed_{size:06}/{case}");
        let all = move || cases::policy_of(cases::mixed(size));
        rows.push(row(name("hit_last"), all, &cases::mixed_origin(size - 1), true));
        let hit_subdomain = row(name("hit_subdomain"), all, &cases::mixed_origin(size - 5), true);
        let miss_subdomain = row(
            name("miss_subdomain"),
            all,
            "https://app.team-99999.example.net",
            false,
        );
        // The host has about as many labels as fit into it.
        let labels = format!("https://{}example.net", "a.".repeat(120));
        let miss_labels = row(name("miss_labels"), all, &labels, false);
        rows.extend(
            [hit_subdomain, miss_subdomain, miss_labels].map(|row| match size {
                1_000 => row.counted(),
                100_000 => row.counted_briefly(),
                _ => row,
            }),
        );
        rows.push(rotating(name("rotating"), all, size, cases::mixed_origin));
    }

    let few = || cases::policy_of(cases::exact(FEW));
    for (case, origin) in [
        ("port", "https://tenant-00007.customers.example.com:8443"),
        ("scheme", "http://tenant-00007.customers.example.com"),
        ("subdomain", "https://a.tenant-00007.customers.example.com"),
        ("suffix", "https://tenant-00007.customers.example.com.evil.test"),
        ("trailing_dot", "https://tenant-00007.customers.example.com."),
        ("upper_case", "https://Tenant-00007.customers.example.com"),
    ] {
        rows.push(row(format!("origin_match/near_miss/{case}"), few, origin, false));
    }

    let any_port = || cases::policy_of(&["http://localhost:*"]);
    let ipv6 = || cases::policy_of(&["https://[2001:db8::8a2e:370:7334]:8443"]);
    let ipv6_any_port = || cases::policy_of(&["https://[2001:db8::8a2e:370:7334]:*"]);
    let subdomain = || cases::policy_of(&["https://*.customers.example.com"]);
    let pattern = |name: &str, policy, origin: &str, admitted| {
        row(format!("origin_match/pattern/{name}"), policy, origin, admitted)
    };
    rows.extend([
        pattern(
            "any_port_hit",
            any_port as fn() -> _,
            "http://localhost:3000",
            true,
        )
        .counted(),
        pattern("any_port_hit_without", any_port, "http://localhost", true),
        pattern("any_port_miss", any_port, "http://localhostile:3000", false),
        pattern(
            "ipv6_any_port_hit",
            ipv6_any_port,
            "https://[2001:db8::8a2e:370:7334]:9",
            true,
        )
        .counted(),
        pattern("ipv6_hit", ipv6, "https://[2001:db8::8a2e:370:7334]:8443", true).counted(),
        pattern("ipv6_miss", ipv6, "https://[2001:db8::8a2e:370:7335]:8443", false).counted(),
        pattern("subdomain_hit", subdomain, &cases::tenant(7), true).counted(),
        pattern(
            "subdomain_hit_deep",
            subdomain,
            "https://a.b.c.d.customers.example.com",
            true,
        ),
        pattern(
            "subdomain_miss_apex",
            subdomain,
            "https://customers.example.com",
            false,
        ),
        pattern(
            "subdomain_miss_label",
            subdomain,
            "https://evilcustomers.example.com",
            false,
        )
        .counted(),
    ]);
    rows
}

fn row(
    name: String,
    policy: impl FnOnce() -> &'static Policy<'static> + 'static,
    origin: &str,
    admitted: bool,
) -> Row {
    let origin = cases::text(origin);
    Row::new(name, move || {
        let policy = policy();
        let request = Request::from_fields("GET", [("origin", origin)]);
        assert_eq!(policy.decide(&request).is_allowed(), admitted, "{origin}");
        move || black_box(policy).decide(black_box(&request)).is_allowed() as usize
    })
}

fn rotating(
    name: String,
    policy: impl FnOnce() -> &'static Policy<'static> + 'static,
    size: usize,
    origin: fn(usize) -> String,
) -> Row {
    Row::new(name, move || {
        let policy = policy();
        let origins: Vec<&'static str> = (0..size).map(|number| cases::text(origin(number))).collect();
        let mut turn = 0;
        move || {
            let origin = origins[cases::scattered(turn, size)];
            turn += 1;
            let request = Request::from_fields("GET", [("origin", black_box(origin))]);
            black_box(policy).decide(&request).is_allowed() as usize
        }
    })
}
