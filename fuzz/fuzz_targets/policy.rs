//! Law: the same entries make the same policy or the same mistake, whatever stores them, and every
//! accepted entry can match.
//!
//! The input is text: a line of options, then one line for each entry. The first byte of a line
//! names the list: `o`rigins, `m`ethods, `h`eaders, `e`xposed.
#![no_main]

use embedded_cors::{
    Origin, OriginIndex, Policy, PolicyBuilder, PolicyError, PolicyErrorKind, PolicyLists, Request, Setting,
};
use embedded_cors_fuzz::{Outcome, PolicyOption, PolicySpec, naive, on};
use libfuzzer_sys::fuzz_target;

const ROOM: usize = 1024;

fuzz_target!(|bytes: &[u8]| {
    // Bytes that are not UTF-8 become a non-ASCII character.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut spec = options(lines.next().unwrap_or(""));
    let mut lists = PolicyLists::<ROOM>::new();
    let mut taken = 0;
    for line in lines {
        let mut chars = line.chars();
        let Some(list) = chars.next() else { continue };
        let entry = chars.as_str();
        let (setting, entries) = match list {
            'm' => (Setting::AllowMethods, &mut spec.methods),
            'h' => (Setting::AllowHeaders, &mut spec.headers),
            'e' => (Setting::ExposeHeaders, &mut spec.exposed),
            _ => (Setting::AllowOrigins, &mut spec.origins),
        };
        let added = match setting {
            Setting::AllowMethods => lists.allow_method(entry),
            Setting::AllowHeaders => lists.allow_header(entry),
            Setting::ExposeHeaders => lists.expose_header(entry),
            _ => lists.allow_origin(entry),
        };
        let index = entries.len();
        // A builder with the entries accepted so far has to agree.
        let mut slices: Vec<&str> = entries.iter().map(String::as_str).collect();
        slices.push(entry);
        // Whether the list has `PATCH` beside `patch` is found when the policy is built.
        let built = with_list(setting, &slices).build().map(|_| ());
        let built = match built {
            Err(error) if error.kind() == PolicyErrorKind::PatchCase => Ok(()),
            built => built,
        };
        if let Err(error) = &built {
            describes(error, setting, index, entry);
        }
        if setting == Setting::AllowOrigins {
            let mut slots = vec![0; OriginIndex::slots_for(slices.len())];
            let indexed = OriginIndex::build(&slices, &mut slots, 0).err();
            assert_eq!(indexed, built.err(), "OriginIndex (left), builder (right)");
        }
        let needed = entry.len() + usize::from(!entries.is_empty());
        match (&built, &added) {
            (Err(built), Err(added)) => assert_eq!(built, added, "builder (left), PolicyLists (right)"),
            (Ok(_), Err(error)) => {
                assert_eq!(
                    error.kind(),
                    PolicyErrorKind::Full,
                    "PolicyLists refuses {entry:?}: {error}"
                );
                assert!(
                    taken + needed > ROOM,
                    "{entry:?} does not fit, but only {taken} of {ROOM} bytes are in use"
                );
                describes(error, setting, index, entry);
            }
            (Ok(_), Ok(())) => taken += needed,
            (Err(error), Ok(())) => panic!("PolicyLists accepts {entry:?}: {error}"),
        }
        assert_eq!(lists.len(), taken, "PolicyLists::len");
        assert!(taken <= ROOM, "more bytes are in use than there are");
        match setting {
            Setting::AllowOrigins => check_origin_entry(entry, built.is_ok()),
            setting => assert_eq!(
                built.is_ok(),
                is_name(setting, entry) && index < 64,
                "{setting}: {entry:?} is accepted (left), is valid (right)"
            ),
        }
        if added.is_ok() {
            entries.push(entry.into());
        }
    }

    let owned = lists.build(|options| spec.apply_options(options));
    spec.build(|built| match (built, &owned) {
        (Ok(built), Ok(owned)) => {
            let policy = owned.policy();
            assert_eq!(
                format!("{policy:?}"),
                format!("{built:?}"),
                "Debug of FixedCapacityPolicy (left), of the slices (right)"
            );
            // `Debug` shows the lists as they were given.
            let lists = [
                ("origins", &spec.origins),
                ("methods", &spec.methods),
                ("headers", &spec.headers),
                ("expose", &spec.exposed),
            ];
            for (name, list) in lists {
                let printed = format!("{name}: {list:?}");
                assert!(
                    format!("{policy:?}").contains(&printed),
                    "{policy:?} does not contain {printed}"
                );
            }
            assert_eq!(policy.max_response_len(), built.max_response_len());
            assert_eq!(policy.max_fields(), built.max_fields());
            decides_the_same(&spec, &policy, built);
        }
        (Err(built), Err(owned)) => assert_eq!(built, *owned, "slices (left), PolicyLists (right)"),
        (built, owned) => panic!("slices: {built:?}, PolicyLists: {owned:?}"),
    });
});

fn options(line: &str) -> PolicySpec {
    let has = |word| line.contains(word);
    PolicySpec {
        has_predicate: has("predicate"),
        options: on(&[
            (PolicyOption::Credentials, has("credentials")),
            (PolicyOption::InsecureOrigins, has("insecure")),
            (PolicyOption::PublicSuffixes, has("suffixes")),
            (PolicyOption::TrustPredicate, has("trust")),
            (PolicyOption::Timing, has("timing")),
            (PolicyOption::Loopback, has("loopback")),
            (PolicyOption::OnlyRequested, has("requested")),
        ]),
        max_age: line.split(' ').find_map(|word| word.parse().ok()),
        ..PolicySpec::default()
    }
}

fn with_list<'a>(setting: Setting, entries: &'a [&'a str]) -> PolicyBuilder<'a> {
    // Methods and headers without an origin are a mistake.
    let builder = Policy::builder().allow_loopback();
    match setting {
        Setting::AllowMethods => builder.allow_methods(entries),
        Setting::AllowHeaders => builder.allow_headers(entries),
        Setting::ExposeHeaders => builder.expose_headers(entries),
        _ => Policy::builder().allow_origins(entries),
    }
}

/// Checks that an error names the entry and the byte, on one line.
fn describes(error: &PolicyError<'_>, setting: Setting, index: usize, entry: &str) {
    assert_eq!(
        (error.setting(), error.index(), error.entry()),
        (setting, Some(index), Some(entry)),
        "the error is about another entry: {error}"
    );
    assert!(
        error.at().is_none_or(|at| at <= entry.len()),
        "byte {:?} of {entry:?}",
        error.at()
    );
    for line in [error.to_string(), error.without_entry().to_string()] {
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "not one line of printable ASCII: {line:?}"
        );
        // What to write instead follows from some entries, and then is a valid entry.
        let proposal = line.rsplit_once("; write ").map(|(_, proposal)| proposal);
        let has_fix = line.ends_with(error.kind().fix()) || proposal.is_some_and(naive::is_entry);
        assert!(
            line.starts_with(setting.name()) && has_fix,
            "the sentence is incomplete: {line:?}"
        );
    }
}

fn check_origin_entry(entry: &str, accepted: bool) {
    assert_eq!(
        accepted,
        naive::is_entry(entry),
        "{entry:?} is accepted (left), is valid (right)"
    );
    if !accepted || entry == "*" {
        return;
    }
    let entries = [entry];
    let policy = Policy::builder()
        .allow_origins(&entries)
        .build()
        .expect("the entry is accepted");
    let admits = |origin: &str| {
        policy
            .decide(&Request::from_fields("GET", [("origin", origin)]))
            .is_allowed()
    };
    let example = naive::example(entry, "a");
    assert!(admits(&example), "{entry:?} does not admit {example:?}");
    if entry == "null" || entry != example {
        return;
    }
    assert!(
        Origin::parse(entry.as_bytes()).is_ok(),
        "{entry:?} is not an origin"
    );
    for at in 0..entry.len() {
        let (before, rest) = entry.split_at(at);
        for other in [
            format!("{before}{}", &rest[1..]),
            format!("{before}a{rest}"),
            format!("{before}.{}", &rest[1..]),
            before.to_string(),
        ] {
            assert!(other == entry || !admits(&other), "{entry:?} admits {other:?}");
        }
    }
}

/// Returns whether a name is a valid entry of a list of methods or headers.
fn is_name(setting: Setting, name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let of_this_kind = match setting {
        Setting::AllowMethods => {
            let normalized = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
            !naive::is_forbidden_method(name)
                && (!normalized.contains(&upper.as_str()) || upper == name)
                && !["ANY", "ALL"].contains(&upper.as_str())
        }
        Setting::AllowHeaders => !naive::is_forbidden_name(&upper.to_ascii_lowercase()),
        Setting::ExposeHeaders => upper != "SET-COOKIE" && upper != "SET-COOKIE2",
        _ => true,
    };
    naive::is_token(name.as_bytes()) && of_this_kind && (name == "*" || !name.contains('*'))
}

/// Checks that two policies decide alike on requests for their own entries.
fn decides_the_same(spec: &PolicySpec, one: &Policy<'_>, other: &Policy<'_>) {
    for entry in &spec.origins {
        let origin = naive::example(entry, "a");
        let mut request = Request::new("OPTIONS");
        request.push("origin", &origin);
        let method = spec.methods.last().map_or("GET", String::as_str);
        request.push("access-control-request-method", method);
        let names = spec.headers.join(",");
        request.push("access-control-request-headers", &names);
        assert_eq!(
            Outcome::of(&one.decide(&request), one),
            Outcome::of(&other.decide(&request), other),
            "FixedCapacityPolicy (left), slices (right)"
        );
        let request = Request::from_fields("GET", [("origin", &origin)]);
        assert_eq!(
            Outcome::of(&one.decide(&request), one),
            Outcome::of(&other.decide(&request), other),
            "FixedCapacityPolicy (left), slices (right)"
        );
    }
}
