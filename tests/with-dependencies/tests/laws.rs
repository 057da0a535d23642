//! Checks laws that hold for every policy that can be built and for every request.

#[path = "../../common/mod.rs"]
mod common;
mod generators;

use common::{Outcome, PolicyOption, naive, pieces, policy_pieces, rendered, whole};
use embedded_cors::{
    Decision, HeadError, Origin, OriginIndex, OriginOrNull, Policy, PolicyReader, Progress, Request,
    RequestKind, RequestReader,
};
use generators::{
    HEADERS, ORIGINS, REQUEST_METHODS, REQUEST_ORIGINS, naive_admits, origins, policy, strings,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

prop_compose! {
    /// Generates a member of a list of header names, valid or invalid, with white space around it.
    fn member()(
        name in prop_oneof![
            8 => select(&["authorization", "content-type", "x-a", "x-ab", "X-ABC", "x-abcd", "accept", ""][..]).prop_map(String::from),
            1 => "[ -~]{0,4}",
        ],
        before in "[ \t]{0,2}",
        after in "[ \t]{0,2}",
    ) -> String {
        format!("{before}{name}{after}")
    }
}

fn list() -> impl Strategy<Value = String> {
    vec(member(), 0..6).prop_map(|members| members.join(","))
}

/// Generates a field line, or something that resembles one, with its line break.
fn line() -> impl Strategy<Value = String> {
    let case = |name: &'static str| prop_oneof![4 => Just(name.to_string()), 1 => Just(name.to_uppercase())];
    let text = prop_oneof![
        6 => (case("Origin"), "[ \t]{0,2}", select(REQUEST_ORIGINS)).prop_map(|(n, s, v)| format!("{n}:{s}{v}{s}")),
        4 => (case("Access-Control-Request-Method"), select(REQUEST_METHODS)).prop_map(|(n, v)| format!("{n}: {v}")),
        4 => (case("Access-Control-Request-Headers"), list()).prop_map(|(n, v)| format!("{n}: {v}")),
        1 => (select(&["Origin", "Access-Control-Request-Headers"][..]), select(REQUEST_ORIGINS)).prop_map(|(n, v)| format!("{n} : {v}")),
        1 => (select(&["Origin", "Access-Control-Request-Headers"][..]), select(REQUEST_ORIGINS)).prop_map(|(n, v)| {
            let (before, after) = v.split_at(v.len() / 2);
            format!("{n}: {before}\r{after}")
        }),
        1 => select(REQUEST_ORIGINS).prop_map(|v| format!(" Origin: {v}")),
        2 => "[a-zA-Z-]{1,12}: [ -~]{0,20}",
        1 => "[ -~\r\0\t]{0,12}",
        1 => Just("Cookie: ".to_string() + &"c".repeat(300)),
    ];
    (text, prop_oneof![6 => Just("\r\n"), 1 => Just("\n")]).prop_map(|(text, end)| text + end)
}

/// Generates a complete head with valid and invalid lines.
fn head() -> impl Strategy<Value = Vec<u8>> {
    (
        select(&["GET", "PUT", "OPTIONS", "OPTIONS", "OPTIONS", "options"][..]),
        vec(line(), 0..8),
    )
        .prop_map(|(method, lines)| format!("{method} /led HTTP/1.1\r\n{}\r\n", lines.concat()).into_bytes())
}

prop_compose! {
    /// Generates a preflight as browsers send it.
    fn preflight()(
        origin in select(REQUEST_ORIGINS),
        method in select(REQUEST_METHODS),
        lists in vec(list(), 0..3),
    ) -> Vec<u8> {
        let mut head = format!("OPTIONS / HTTP/1.1\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: {method}\r\n");
        for list in lists {
            head += &format!("Access-Control-Request-Headers: {list}\r\n");
        }
        (head + "\r\n").into_bytes()
    }
}

fn any_head() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![head(), preflight()]
}

/// Returns an outcome with the members of each line sorted, so that outcomes can be compared
/// whatever the order of the policy's entries was.
fn as_sets(outcome: &Outcome) -> (RequestKind, String, Vec<Vec<String>>) {
    let lines = outcome.bytes.split("\r\n").map(|line| {
        let mut parts: Vec<String> = line.split([',', ' ']).map(str::to_lowercase).collect();
        parts.sort();
        parts
    });
    (outcome.kind, outcome.verdict.clone(), lines.collect())
}

proptest! {

    #[test]
    fn pieces_are_the_whole(spec in policy(), head in any_head(), cuts in vec(0..700usize, 0..6)) {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut <= head.len()).collect();
        cuts.sort();
        spec.with(|policy| {
            let expected = whole(policy, &head);
            prop_assert_eq!(&pieces(policy, &head, &cuts), &expected);
            prop_assert_eq!(&policy_pieces(policy, &head, &cuts), &expected);
            let every: Vec<usize> = (0..head.len()).collect();
            prop_assert_eq!(&pieces(policy, &head, &every), &expected);
            prop_assert_eq!(&policy_pieces(policy, &head, &every), &expected);
            Ok(())
        })?;
    }

    /// Bytes that are not a head cause the same error.
    #[test]
    fn any_bytes_are_read_alike_in_pieces_and_in_one_buffer(
        start in "[\r\n]{0,3}[GO ]{0,2}[\r\n @]{0,2}",
        rest in "(OPTIONS |origin|Origin:|Origin : |[ \t\r\n:ao]|https://a.example|\r\n\r\n|Access-Control-Request-Method: PUT\r\n|Access-Control-Request-Headers: x,y\r\n){0,14}",
        size in 1..9usize,
    ) {
        let bytes = [start, rest].concat().into_bytes();
        let read_as = |size| {
            let mut reader = RequestReader::<256>::new();
            let mut result = Err(HeadError::Incomplete);
            for piece in bytes.chunks(size) {
                match reader.push(piece) {
                    Ok(Progress::NeedsMore) => {}
                    Ok(Progress::Done { .. }) => {
                        result = Ok(());
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            result.map(|()| format!("{:?}", views(&reader.request())))
        };
        let whole = Request::from_head(&bytes).map(|request| format!("{:?}", views(&request)));
        prop_assert_eq!(&read_as(size), &whole);
        prop_assert_eq!(&read_as(usize::MAX), &whole);
        let incomplete = Request::from_incomplete_head(&bytes).map(|request| format!("{:?}", views(&request)));
        prop_assert_eq!(incomplete.is_err(), whole == Err(HeadError::RequestLine));
        if whole.is_ok() {
            prop_assert_eq!(incomplete, whole);
        }
    }

    /// The answers compared include a merged `Vary` and an error reply.
    #[test]
    fn a_rendered_policy_answers_alike(spec in policy(), head in any_head(), own in any::<bool>()) {
        fn answers(policy: &Policy<'_>, head: &[u8], own: bool) -> [String; 3] {
            let request = Request::from_head(head).unwrap();
            let vary: &[&str] = if own { &["accept-encoding", "Origin"] } else { &[] };
            let decision = policy.decide(&request);
            let merged = decision.merge_vary(vary).unwrap();
            let error_reply = policy.decide_for_error_reply(&request);
            [decision, merged, error_reply].map(|decision| {
                let mut buffer = vec![0xa5; decision.encoded_len()];
                decision.write_fields(&mut buffer).unwrap().to_string()
            })
        }
        spec.with(|policy| {
            let expected = (whole(policy, &head), answers(policy, &head, own));
            let is_alike = |policy: &Policy<'_>| {
                prop_assert_eq!(&(whole(policy, &head), answers(policy, &head, own)), &expected);
                prop_assert_eq!(rendered(policy, |again| again.rendered_len()), policy.rendered_len());
                Ok(())
            };
            rendered(policy, is_alike)
        })?;
    }

    #[test]
    fn a_policy_is_rendered_completely_or_not_at_all(spec in policy()) {
        spec.with(|policy| {
            let needed = policy.rendered_len();
            for size in 0..needed {
                let mut memory = vec![0xa5; size];
                prop_assert_eq!(policy.render(&mut memory).err().map(|error| error.needed()), Some(needed));
                prop_assert!(memory.iter().all(|&byte| byte == 0xa5));
            }
            let mut memory = vec![0xa5; needed + 1];
            prop_assert!(policy.render(&mut memory).is_ok());
            prop_assert_eq!(memory[needed], 0xa5);
            prop_assert!(policy.render(&mut memory[..needed]).is_ok());
            Ok(())
        })?;
    }

    #[test]
    fn the_order_of_entries_does_not_matter(spec in policy(), head in any_head(), seed in any::<u64>()) {
        let mut shuffled = spec.clone();
        let mut seed = seed | 1;
        for list in [&mut shuffled.origins, &mut shuffled.methods, &mut shuffled.headers, &mut shuffled.exposed] {
            for index in (1..list.len()).rev() {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                list.swap(index, (seed >> 33) as usize % (index + 1));
            }
        }
        let expected = spec.with(|policy| whole(policy, &head));
        let outcome = shuffled.with(|policy| whole(policy, &head));
        prop_assert_eq!(as_sets(&outcome), as_sets(&expected));
    }

    #[test]
    fn entries_that_repeat_do_not_matter(spec in policy(), head in any_head()) {
        let mut repeated = spec.clone();
        for list in [&mut repeated.origins, &mut repeated.methods, &mut repeated.headers, &mut repeated.exposed] {
            let again = list.clone();
            list.extend(again);
        }
        // This pattern admits the origin already.
        if spec.origins.iter().any(|origin| origin == "http://localhost:*") {
            repeated.origins.push("http://localhost:4000".into());
        }
        let expected = spec.with(|policy| whole(policy, &head));
        let outcome = repeated.with(|policy| whole(policy, &head));
        prop_assert_eq!(without_repeated_timing(outcome), expected);
    }

    #[test]
    fn the_output_is_within_its_bounds_and_well_formed(spec in policy(), head in any_head()) {
        spec.with(|policy| {
            // `Outcome` writes into a buffer of the stated length and checks the number of fields.
            let outcome = whole(policy, &head);
            let mut names = Vec::new();
            let end = if outcome.kind == RequestKind::Preflight { "\r\n\r\n" } else { "\r\n" };
            prop_assert!(outcome.bytes.is_empty() || outcome.bytes.ends_with(end));
            for line in outcome.bytes.split_terminator("\r\n").filter(|line| !line.is_empty() && !line.starts_with("HTTP/")) {
                let (name, value) = line.split_once(": ").unwrap();
                prop_assert!(!value.is_empty() && value.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{}", line);
                names.push(name);
                if name.ends_with("-methods") || name.ends_with("-headers") || name == "vary" {
                    prop_assert!(value.split(',').all(|member| !member.is_empty()));
                }
            }
            let count = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), count, "a field is repeated");
            Ok(())
        })?;
    }

    #[test]
    fn a_page_that_is_refused_for_its_origin_learns_nothing(spec in policy(), head in any_head()) {
        let public = spec.origins.iter().any(|origin| origin == "*");
        let outcome = spec.with(|policy| whole(policy, &head));
        let by_origin = ["refused origin", "refused null"].iter().any(|reason| outcome.verdict.starts_with(reason));
        if by_origin && !(public && outcome.kind == RequestKind::Actual) {
            prop_assert!(!outcome.bytes.contains("access-control-allow"), "{:?}", outcome);
            prop_assert!(!outcome.bytes.contains("access-control-expose"), "{:?}", outcome);
        }
        if outcome.kind == RequestKind::NotCors && !public {
            prop_assert!(!outcome.bytes.contains("access-control-allow"), "{:?}", outcome);
        }
    }

    #[test]
    fn vary_is_on_every_answer_that_depends_on_the_origin(spec in policy(), head in any_head()) {
        let outcome = spec.with(|policy| whole(policy, &head));
        let admits_somebody = !spec.origins.is_empty() || spec.has(PolicyOption::Loopback);
        let depends = admits_somebody && !spec.origins.contains(&"*".to_string());
        prop_assert_eq!(outcome.bytes.contains("\r\nvary: origin") || outcome.bytes.starts_with("vary: origin"), depends);
    }

    #[test]
    fn credentials_never_meet_a_wildcard_or_null(spec in policy(), head in any_head()) {
        let outcome = spec.with(|policy| whole(policy, &head));
        if outcome.bytes.contains("access-control-allow-credentials: true") {
            prop_assert!(!outcome.bytes.contains(": *") && !outcome.bytes.contains("allow-origin: null"));
        }
    }

    #[test]
    fn any_byte_changed_in_an_allowed_origin_refuses_it(
        entry in select(ORIGINS).prop_filter("exact", |entry| naive::example(entry, "a") == *entry),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        how in 0..3,
    ) {
        let mut value = Vec::from(entry);
        match how {
            0 => value[at.index(entry.len())] = byte,
            1 => value.insert(at.index(entry.len() + 1), byte),
            _ => { value.remove(at.index(entry.len())); }
        }
        let trimmed = value.trim_ascii();
        // White space around a value does not belong to it, and a value cannot contain LF, which
        // ends the line.
        if trimmed == entry.as_bytes() || value.contains(&b'\n') { return Ok(()); }
        let entries = [entry];
        let policy = Policy::builder().allow_origins(&entries).build().unwrap();
        let request = Request::from_fields("GET", [("origin", &value[..])]);
        prop_assert!(policy.decide(&request).is_refused());
        let head = [b"GET / HTTP/1.1\r\nOrigin: ", &value[..], b"\r\n\r\n"].concat();
        prop_assert!(policy.decide(&Request::from_head(&head).unwrap()).is_refused());
    }

    #[test]
    fn the_allowlist_admits_what_a_naive_loop_admits(entries in origins(), origin in select(REQUEST_ORIGINS), seed in any::<u64>()) {
        let list: Vec<&str> = entries.iter().map(String::as_str).collect();
        let policy = Policy::builder().allow_origins(&list).build().unwrap();
        let request = Request::from_fields("GET", [("origin", origin)]);
        let decision = policy.decide(&request);
        prop_assert_eq!(decision.is_allowed(), naive_admits(&entries, origin), "{:?} {}", entries, origin);

        let mut slots = [0; OriginIndex::slots_for(ORIGINS.len())];
        let index = OriginIndex::build(&list, &mut slots, seed).unwrap();
        let indexed = Policy::builder().allow_indexed_origins(&index).build().unwrap();
        let by_index = indexed.decide(&request);
        prop_assert_eq!((by_index.kind(), by_index.refusal()), (decision.kind(), decision.refusal()));
        let lines = |decision: &Decision<'_>| decision.fields().map(|field| field.to_string()).collect::<Vec<_>>();
        prop_assert_eq!(lines(&by_index), lines(&decision));
        prop_assert_eq!(indexed.max_response_len(), policy.max_response_len());
    }

    #[test]
    fn a_list_is_allowed_exactly_if_a_naive_reader_allows_it(
        headers in strings(HEADERS),
        lists in vec(list(), 0..4),
    ) {
        let allowed: Vec<&str> = headers.iter().map(String::as_str).collect();
        let policy = Policy::builder().allow_origins(&["https://a.example"]).allow_headers(&allowed).build().unwrap();
        let mut request = Request::new("OPTIONS");
        request.push("origin", "https://a.example");
        request.push("access-control-request-method", "GET");
        for list in &lists {
            request.push("access-control-request-headers", list);
        }
        let naive = lists
            .iter()
            .flat_map(|list| list.split(','))
            .map(|name| name.trim_matches([' ', '\t']))
            .filter(|name| !name.is_empty())
            .all(|name| headers.iter().any(|header| header.eq_ignore_ascii_case(name)));
        // These lists are within the budgets.
        prop_assert_eq!(policy.decide(&request).is_allowed(), naive, "{:?} {:?}", headers, lists);
    }

    #[test]
    fn no_bytes_panic(
        spec in policy(),
        bytes in prop_oneof![vec(any::<u8>(), 0..300), any_head()],
        chunk in 1..40usize,
    ) {
        spec.with(|policy| {
            let mut buffer = [0; 64];
            let _ = Origin::parse(&bytes);
            if let Ok(request) = Request::from_head(&bytes) {
                let _ = policy.decide(&request).write_fields(&mut buffer);
            }
            let _ = Request::from_header_section(&bytes, &bytes);
            let mut request = Request::from_fields(&bytes, [("origin", &bytes), ("access-control-request-headers", &bytes)]);
            request.push_truncated(&bytes);
            let _ = policy.decide(&request);
            let text = String::from_utf8_lossy(&bytes);
            let _ = policy.decide(&request).merge_vary(&[&*text, "accept"]);
            small::<0>(policy, &bytes, chunk);
            small::<1>(policy, &bytes, chunk);
            small::<30>(policy, &bytes, chunk);
        });
    }

    /// A reader without room for a value marks it as truncated. It allows nothing that the whole
    /// head does not.
    #[test]
    fn a_small_reader_allows_no_more(spec in policy(), head in any_head(), chunk in 1..40usize) {
        spec.with(|policy| {
            let expected = whole(policy, &head);
            for outcome in small::<24>(policy, &head, chunk).into_iter().chain(small::<60>(policy, &head, chunk)) {
                // A truncated value may have no effect on the verdict, such as the list of headers
                // of a preflight that is refused for its method. In that case, the answer must not
                // have a line that the answer to the whole head lacks.
                let lines = |outcome: &Outcome| outcome.bytes.lines().map(String::from).collect::<Vec<_>>();
                let no_more = outcome.verdict == expected.verdict
                    && lines(&outcome).iter().all(|line| lines(&expected).contains(line));
                prop_assert!(
                    outcome == expected || outcome.verdict.contains("_truncated") || no_more,
                    "{:?} {:?}", outcome, expected
                );
            }
            Ok(())
        })?;
    }
}

/// Returns the outcome with each origin once in `timing-allow-origin`. It is the only list in which
/// repeated entries are written as often as the policy has them.
fn without_repeated_timing(mut outcome: Outcome) -> Outcome {
    let lines = outcome.bytes.split_inclusive("\r\n").map(|line| {
        let Some(list) = line.strip_prefix("timing-allow-origin: ") else {
            return line.to_string();
        };
        let mut origins: Vec<&str> = Vec::new();
        for origin in list.trim_end().split(',') {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        format!("timing-allow-origin: {}\r\n", origins.join(","))
    });
    outcome.bytes = lines.collect();
    outcome
}

/// Returns everything that a request says.
fn views<'r>(
    request: &'r Request<'_>,
) -> (
    bool,
    bool,
    Option<OriginOrNull<'r>>,
    Option<&'r str>,
    Vec<&'r str>,
) {
    (
        request.is_cors(),
        request.is_preflight(),
        request.origin(),
        request.requested_method(),
        request.requested_headers().collect(),
    )
}

fn small<const N: usize>(policy: &Policy<'_>, bytes: &[u8], chunk: usize) -> Vec<Outcome> {
    let mut reader = RequestReader::<N>::new();
    let mut with_policy = PolicyReader::<N>::new(policy);
    for piece in bytes.chunks(chunk) {
        let one = reader.push(piece);
        let other = with_policy.push(piece);
        assert_eq!(one, other);
        if one == Err(HeadError::RequestLine) {
            break;
        }
    }
    let request = reader.request();
    vec![
        Outcome::of(&policy.decide(&request), policy),
        Outcome::of(&with_policy.decide(), policy),
    ]
}
