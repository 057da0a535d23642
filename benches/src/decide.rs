//! The rows `decide` start with the fields of a request, which the server's parser has split, and
//! end with finished response bytes.
//!
//! A row takes the method and the CORS fields as names and values. A row `.../all_fields` takes all
//! fields that a browser sent, and a row `.../ready` takes a `Request` of this crate. The policies
//! are rendered, except in the rows `.../unrendered`.

use std::hint::black_box;

use embedded_cors::{Decision, Policy, Request};

use crate::Row;
use crate::cases::{self, FEW, REQUESTED_HEADERS, REQUESTED_METHOD, SIZES};

type Fields = Vec<(&'static str, &'static [u8])>;

pub(crate) fn rows() -> Vec<Row> {
    let hit = cases::text(cases::tenant(FEW - 1));
    let miss = cases::text(hit.replace(".com", ".con"));
    let few = || cases::policy_of(cases::exact(FEW));
    let unrendered = || cases::unrendered_policy_of(cases::exact(FEW));
    let mut rows = Vec::new();

    for size in SIZES {
        let fields = actual(cases::text(cases::tenant(size - 1)));
        let policy = move || cases::policy_of(cases::exact(size));
        let name = format!("decide/actual_allowed/exact_{size:06}");
        let split = split(
            &name,
            policy,
            "GET",
            fields.clone(),
            "access-control-allow-origin: https:",
        );
        let of_browser = cases::fields(cases::get(cases::text(cases::tenant(size - 1))));
        if size != FEW {
            rows.push(split);
            if size == 10_000 {
                let name = format!("{name}/all_fields");
                let row = self::split(&name, policy, "GET", of_browser, "access-control-a");
                rows.push(row.counted_briefly());
            }
            continue;
        }
        rows.extend([
            split.counted(),
            self::split(
                &format!("{name}/all_fields"),
                policy,
                "GET",
                of_browser,
                "access-control-a",
            )
            .counted(),
            ready(&format!("{name}/ready"), policy, "GET", fields.clone()).counted(),
            self::split(
                &format!("{name}/unrendered"),
                unrendered,
                "GET",
                fields,
                "access-control-allow-origin: https:",
            )
            .counted(),
        ]);
    }
    let any = cases::policy_of_any;
    let subdomain = || cases::policy_of(&["https://*.customers.example.com"]);
    rows.extend([
        split(
            "decide/actual_allowed/any",
            any,
            "GET",
            actual(hit),
            "access-control-allow-origin: *",
        )
        .counted(),
        split(
            "decide/actual_allowed/subdomain",
            subdomain,
            "GET",
            actual(hit),
            "access-control-a",
        )
        .counted(),
        split(
            "decide/actual_refused/exact_000008",
            few,
            "GET",
            actual(miss),
            "vary: origin\r\n",
        )
        .counted(),
        split(
            "decide/actual_refused/exact_000008/all_fields",
            few,
            "GET",
            cases::fields(cases::get(miss)),
            "vary: origin\r\n",
        )
        .counted(),
        split(
            "decide/no_origin/any",
            any,
            "GET",
            Fields::new(),
            "access-control-allow-origin: *",
        ),
        split(
            "decide/no_origin/exact_000008",
            few,
            "GET",
            Fields::new(),
            "vary: origin\r\n",
        )
        .counted(),
        split(
            "decide/no_origin/exact_000008/all_fields",
            few,
            "GET",
            cases::fields(cases::get(hit))
                .into_iter()
                .filter(|(name, _)| *name != "Origin")
                .collect(),
            "vary: origin\r\n",
        )
        .counted(),
    ]);

    let (method, headers) = (REQUESTED_METHOD, REQUESTED_HEADERS);
    let allowed = "HTTP/1.1 204 No Content\r\naccess-control-allow-origin: ";
    let name = "decide/preflight_allowed/exact_000008";
    rows.extend([
        split(
            "decide/preflight_allowed/any",
            any,
            "OPTIONS",
            preflight(hit, method, headers),
            allowed,
        ),
        split(name, few, "OPTIONS", preflight(hit, method, headers), allowed).counted(),
        split(
            &format!("{name}/all_fields"),
            few,
            "OPTIONS",
            cases::fields(cases::preflight(hit)),
            allowed,
        )
        .counted(),
        ready(
            &format!("{name}/ready"),
            few,
            "OPTIONS",
            preflight(hit, method, headers),
        )
        .counted(),
        split(
            &format!("{name}/unrendered"),
            unrendered,
            "OPTIONS",
            preflight(hit, method, headers),
            allowed,
        )
        .counted(),
        split(
            "decide/preflight_refused/header",
            few,
            "OPTIONS",
            preflight(hit, method, "authorization,content-type,x-other"),
            allowed,
        )
        .counted(),
        split(
            "decide/preflight_refused/method",
            few,
            "OPTIONS",
            preflight(hit, "PURGE", headers),
            allowed,
        )
        .counted(),
        split(
            "decide/preflight_refused/origin",
            few,
            "OPTIONS",
            preflight(miss, method, headers),
            "HTTP/1.1 403 Forbidden\r\nvary: ",
        )
        .counted(),
        split(
            "decide/preflight_refused/origin/all_fields",
            few,
            "OPTIONS",
            cases::fields(cases::preflight(miss)),
            "HTTP/1.1 403 Forbidden\r\nvary: ",
        )
        .counted(),
    ]);
    rows
}

pub(crate) fn actual(origin: &'static str) -> Fields {
    vec![("origin", origin.as_bytes())]
}

pub(crate) fn preflight(origin: &'static str, method: &'static str, headers: &'static str) -> Fields {
    vec![
        ("origin", origin.as_bytes()),
        ("access-control-request-method", method.as_bytes()),
        ("access-control-request-headers", headers.as_bytes()),
    ]
}

/// Writes the answer to a request, and returns its length.
#[inline]
pub(crate) fn answer(policy: &Policy<'_>, request: &Request<'_>, buffer: &mut [u8]) -> usize {
    write(&policy.decide(request), buffer)
}

/// Writes the answer of a decision, and returns its length.
#[inline]
pub(crate) fn write(decision: &Decision<'_>, buffer: &mut [u8]) -> usize {
    match decision.preflight() {
        Some(preflight) => preflight.write_response(buffer).map_or(0, <[u8]>::len),
        None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
    }
}

fn buffer(policy: &Policy<'_>) -> Box<[u8]> {
    vec![0; policy.max_response_len()].into_boxed_slice()
}

fn split(
    name: &str,
    policy: impl FnOnce() -> &'static Policy<'static> + 'static,
    method: &'static str,
    fields: Fields,
    start: &'static str,
) -> Row {
    Row::new(name, move || {
        let policy = policy();
        let mut buffer = buffer(policy);
        let mut call = move || {
            let fields = black_box(fields.as_slice());
            let request = Request::from_fields(black_box(method), fields.iter().copied());
            let length = answer(black_box(policy), &request, black_box(&mut buffer));
            (length, buffer.as_ptr())
        };
        let (length, bytes) = call();
        // SAFETY: the call has just written this many bytes to the buffer, which it owns.
        let written = unsafe { std::slice::from_raw_parts(bytes, length) };
        assert!(
            written.starts_with(start.as_bytes()),
            "{}",
            String::from_utf8_lossy(written)
        );
        move || call().0
    })
}

fn ready(
    name: &str,
    policy: impl FnOnce() -> &'static Policy<'static> + 'static,
    method: &'static str,
    fields: Fields,
) -> Row {
    Row::new(name, move || {
        let policy = policy();
        let mut buffer = buffer(policy);
        let request = Request::from_fields(method, fields);
        assert!(policy.decide(&request).is_allowed());
        move || answer(black_box(policy), black_box(&request), black_box(&mut buffer))
    })
}
