//! The rows `entry` are the entry points and the options that no other row uses. Each starts with
//! the fields of a request, or with what the row's name says, and ends with response bytes.
//! `integrations.rs` has those that need a feature.

use std::hint::black_box;

use embedded_cors::{
    Decision, Doors, DoorsReader, DoorsRequest, Policy, PolicyBuilder, Progress, Request, Rules, RulesReader,
};

use crate::Row;
use crate::cases::{self, FEW, REQUESTED_HEADERS, REQUESTED_METHOD};
use crate::decide::{actual, preflight, write};

pub(crate) type Fields = Vec<(&'static str, &'static [u8])>;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = of_responses();
    rows.extend(of_options());
    rows.extend(of_rules());
    rows.extend(of_doors());
    let named = |row: Row| row.within("entry").counted();
    rows.into_iter().map(named).collect()
}

pub(crate) fn hit() -> &'static str {
    cases::text(cases::tenant(FEW - 1))
}

pub(crate) fn get() -> Fields {
    actual(hit())
}

pub(crate) fn put() -> Fields {
    preflight(hit(), REQUESTED_METHOD, REQUESTED_HEADERS)
}

pub(crate) fn few() -> &'static Policy<'static> {
    cases::policy_of(cases::exact(FEW))
}

/// Returns the options of the policy of most rows, without origins.
fn options() -> PolicyBuilder<'static> {
    Policy::builder()
        .allow_methods(&cases::METHODS)
        .allow_headers(&cases::HEADERS)
        .expose_headers(&cases::EXPOSED)
        .allow_credentials()
        .max_age_seconds(cases::MAX_AGE)
}

fn built(builder: PolicyBuilder<'static>) -> &'static Policy<'static> {
    let policy = builder.build().expect("the policy is valid");
    let memory = vec![0; policy.rendered_len()].leak();
    cases::leak(Box::new(
        policy.render(memory).expect("the memory is long enough"),
    ))
}

/// Creates a row whose work writes to a buffer, and checks that it writes something.
pub(crate) fn row<W>(name: &str, make: impl FnOnce() -> W + 'static) -> Row
where
    W: FnMut(&mut [u8]) -> usize + 'static,
{
    Row::new(name, move || {
        let mut work = make();
        let mut buffer = vec![0; 2048].into_boxed_slice();
        assert_ne!(work(&mut buffer), 0);
        move || work(black_box(&mut buffer))
    })
}

/// Creates a row from the fields of a request to what `end` makes of the decision.
pub(crate) fn decided(
    name: &str,
    policy: fn() -> &'static Policy<'static>,
    method: &'static str,
    fields: Fields,
    end: impl Fn(&Decision<'_>, &mut [u8]) -> usize + 'static,
) -> Row {
    row(name, move || {
        let policy = policy();
        move |buffer| {
            let fields = black_box(fields.as_slice());
            let request = Request::from_fields(black_box(method), fields.iter().copied());
            end(&black_box(policy).decide(&request), buffer)
        }
    })
}

/// Copies names and values one after the other, as a server does that has a table for fields.
fn copy<'v>(parts: impl IntoIterator<Item = &'v str>, buffer: &mut [u8]) -> usize {
    let mut length = 0;
    for part in parts {
        buffer[length..length + part.len()].copy_from_slice(part.as_bytes());
        length += part.len();
    }
    length
}

/// The ways to take the fields of a decision.
fn of_responses() -> Vec<Row> {
    let fields = |decision: &Decision<'_>, buffer: &mut [u8]| {
        let mut length = 0;
        for field in decision.fields() {
            length += copy([field.name()], &mut buffer[length..]);
            length += copy(field.value().parts(), &mut buffer[length..]);
        }
        length
    };
    let pairs = |decision: &Decision<'_>, buffer: &mut [u8]| {
        let (lines, table) = buffer.split_at_mut(1024);
        let lines = decision.write_fields(lines).expect("the buffer is long enough");
        copy(lines.pairs().flat_map(|(name, value)| [name, value]), table)
    };
    let merged = |decision: &Decision<'_>, buffer: &mut [u8]| {
        let merged = decision.merge_vary(black_box(&["accept-encoding, origin"]));
        write(&merged.expect("the value is a list of names"), buffer)
    };
    vec![
        decided("fields/actual", few, "GET", get(), fields),
        decided("fields/preflight", few, "OPTIONS", put(), fields),
        decided("pairs/actual", few, "GET", get(), pairs),
        decided("pairs/preflight", few, "OPTIONS", put(), pairs),
        decided("merge_vary/actual", few, "GET", get(), merged),
    ]
}

/// The options of a policy that change what is decided.
fn of_options() -> Vec<Row> {
    fn strict() -> &'static Policy<'static> {
        built(
            options()
                .allow_origins(cases::exact(FEW))
                .strict_request_headers(),
        )
    }
    fn echo() -> &'static Policy<'static> {
        built(options().allow_origins(cases::exact(FEW)).answer_only_requested())
    }
    fn predicate() -> &'static Policy<'static> {
        built(
            options()
                .dangerously_allow_predicate_with_credentials()
                .allow_origin_if(&|origin| origin.host().ends_with(".customers.example.com")),
        )
    }
    fn kinds() -> &'static Policy<'static> {
        let mut entries = cases::exact(FEW - 2).to_vec();
        entries.extend(["https://*.customers.example.com", "https://localhost:*"]);
        built(
            options()
                .allow_origins(entries.leak())
                .allow_loopback()
                .dangerously_allow_insecure_origins_with_credentials(),
        )
    }
    let mut two_lines = preflight(hit(), REQUESTED_METHOD, "authorization,content-type");
    two_lines.push(("access-control-request-headers", b"x-request-id"));
    vec![
        decided("strict/preflight", strict, "OPTIONS", put(), write),
        decided("echo/preflight", echo, "OPTIONS", put(), write),
        decided("predicate/actual", predicate, "GET", get(), write),
        decided("kinds_of_entries/actual", kinds, "GET", get(), write),
        decided("lists_in_two_lines/preflight", few, "OPTIONS", two_lines, write),
    ]
}

/// Three policies, of which the first that admits an origin decides.
fn of_rules() -> Vec<Row> {
    fn rules() -> Rules<'static> {
        let policies = vec![
            *built(options().allow_origins(&["https://admin.example.com"])),
            *built(options().allow_origins(&["https://*.partners.example.net"])),
            *few(),
        ];
        Rules::new(policies.leak()).expect("each rule is reached")
    }
    let decided = |name: &str, method: &'static str, fields: Fields| {
        row(name, move || {
            let rules = rules();
            move |buffer: &mut [u8]| {
                let fields = black_box(fields.as_slice());
                let request = Request::from_fields(black_box(method), fields.iter().copied());
                write(&black_box(&rules).decide(&request), buffer)
            }
        })
    };
    let miss = cases::text(hit().replace(".com", ".con"));
    vec![
        decided("rules/first", "GET", actual("https://admin.example.com")),
        decided("rules/third", "GET", get()),
        decided("rules/third/preflight", "OPTIONS", put()),
        decided("rules/none", "GET", actual(miss)),
        row("rules/reader_64", || {
            let (rules, head) = (rules(), cases::preflight(hit()));
            move |buffer| {
                let mut reader = RulesReader::<256>::new(*black_box(&rules));
                for piece in black_box(head).chunks(64) {
                    if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
                        break;
                    }
                }
                write(&reader.decide(), buffer)
            }
        }),
    ]
}

/// Doors with two hosts, which admit or refuse.
fn of_doors() -> Vec<Row> {
    fn doors() -> Doors<'static> {
        Doors::builder(few())
            .allow_hosts(&["localhost", "lamp.example.com"])
            .allow_localhost()
            .build()
            .expect("the doors are valid")
    }
    fn end(doors: &Doors<'_>, request: &DoorsRequest<'_>, buffer: &mut [u8]) -> usize {
        let decision = doors.decide(request);
        match decision.response() {
            Some(response) => response.write(buffer).map_or(0, <[u8]>::len),
            None => decision.write_fields(buffer).map_or(0, |lines| lines.len()),
        }
    }
    let decided = |name: &str, refused: bool, method: &'static str, fields: Fields| {
        row(name, move || {
            let doors = doors();
            let request = DoorsRequest::from_fields(method, fields.iter().copied());
            assert_eq!(doors.decide(&request).is_refused(), refused);
            move |buffer: &mut [u8]| {
                let fields = black_box(fields.as_slice());
                let request = DoorsRequest::from_fields(black_box(method), fields.iter().copied());
                end(black_box(&doors), &request, buffer)
            }
        })
    };
    let to = |host: &'static str, fields: Fields| {
        let mut all: Fields = vec![("host", host.as_bytes())];
        all.extend(fields);
        all
    };
    let stranger = || actual("https://stranger.example");
    let websocket = |mut fields: Fields| {
        fields.push(("upgrade", b"websocket"));
        to("lamp.example.com", fields)
    };
    let head = |way: fn(&Doors<'_>, &[u8], &mut [u8]) -> usize| {
        move || {
            let (doors, head) = (doors(), cases::get(hit()));
            move |buffer: &mut [u8]| way(black_box(&doors), black_box(head), buffer)
        }
    };
    fn whole(doors: &Doors<'_>, head: &[u8], buffer: &mut [u8]) -> usize {
        DoorsRequest::from_head(head).map_or(0, |request| end(doors, &request, buffer))
    }
    fn pieces(doors: &Doors<'_>, head: &[u8], buffer: &mut [u8]) -> usize {
        let mut reader = DoorsReader::<512>::new();
        for piece in head.chunks(64) {
            if !matches!(reader.push(piece), Ok(Progress::NeedsMore)) {
                break;
            }
        }
        end(doors, &reader.request(), buffer)
    }
    vec![
        decided("doors/admitted/get", false, "GET", to("lamp.example.com", get())),
        decided(
            "doors/admitted/put",
            false,
            "PUT",
            to("lamp.example.com:8080", get()),
        ),
        decided(
            "doors/admitted/preflight",
            false,
            "OPTIONS",
            to("lamp.example.com", put()),
        ),
        decided("doors/admitted/websocket", false, "GET", websocket(get())),
        decided("doors/refused/host", true, "GET", to("rebound.example", get())),
        decided(
            "doors/refused/post",
            true,
            "POST",
            to("lamp.example.com", stranger()),
        ),
        decided("doors/refused/websocket", true, "GET", websocket(stranger())),
        row("doors/get_chromium/whole", head(whole)),
        row("doors/get_chromium/pieces_64", head(pieces)),
    ]
}
