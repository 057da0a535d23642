//! The same entries make the same policy, or the same mistake, however they are stored; what is accepted is of use.
//!
//! The input is text: options, then a line for each entry, whose first byte is the list: `o`rigins, `m`ethods, `h`eaders, `e`xposed.
#![no_main]

use embedded_cors::{
    Origin, OriginIndex, Policy, PolicyBuf, PolicyBuilder, PolicyError, PolicyErrorKind, Request, Setting,
};
use embedded_cors_fuzz::{Outcome, Spec, naive};
use libfuzzer_sys::fuzz_target;

const ROOM: usize = 1024;

fuzz_target!(|bytes: &[u8]| {
    // Bytes that are no UTF-8 stand for non-ASCII text.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut spec = options(lines.next().unwrap_or(""));
    let mut lists = PolicyBuf::<ROOM>::new();
    let mut taken = 0;
    for line in lines {
        let mut chars = line.chars();
        let Some(list) = chars.next() else { continue };
        let entry = chars.as_str();
        let (setting, entries) = match list {
            'm' => (Setting::AllowMethods, &mut spec.methods),
            'h' => (Setting::AllowHeaders, &mut spec.headers),
            'e' => (Setting::ExposeHeaders, &mut spec.expose),
            _ => (Setting::AllowOrigins, &mut spec.origins),
        };
        let added = match setting {
            Setting::AllowMethods => lists.allow_method(entry),
            Setting::AllowHeaders => lists.allow_header(entry),
            Setting::ExposeHeaders => lists.expose_header(entry),
            _ => lists.allow_origin(entry),
        };
        let index = entries.len();
        // The same from a builder that has what was accepted before.
        let mut slices: Vec<&str> = entries.iter().map(String::as_str).collect();
        slices.push(entry);
        let built = with_list(setting, &slices).build();
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
            (Err(built), Err(added)) => assert_eq!(built, added, "builder (left), PolicyBuf (right)"),
            (Ok(_), Err(error)) => {
                assert_eq!(
                    error.kind(),
                    PolicyErrorKind::Full,
                    "PolicyBuf refuses {entry:?}: {error}"
                );
                assert!(
                    taken + needed > ROOM,
                    "{taken} of {ROOM} are taken, and {entry:?} does not fit"
                );
                describes(error, setting, index, entry);
            }
            (Ok(_), Ok(())) => taken += needed,
            (Err(error), Ok(())) => panic!("PolicyBuf accepts {entry:?}: {error}"),
        }
        assert_eq!(lists.len(), taken, "PolicyBuf::len");
        assert!(taken <= ROOM, "more than the room");
        match setting {
            Setting::AllowOrigins => check_origin_entry(entry, built.is_ok()),
            setting => assert_eq!(
                built.is_ok(),
                is_name(setting, entry) && index < 64,
                "{setting}: {entry:?} was accepted (left), may stand there (right)"
            ),
        }
        if added.is_ok() {
            entries.push(entry.into());
        }
    }

    let owned = lists.build(|options| spec.options(options));
    spec.build(|built| match (built, &owned) {
        (Ok(built), Ok(owned)) => {
            let policy = owned.policy();
            assert_eq!(
                format!("{policy:?}"),
                format!("{built:?}"),
                "Debug of OwnedPolicy (left), of the slices (right)"
            );
            // The lists print as they were given.
            let lists = [
                ("origins", &spec.origins),
                ("methods", &spec.methods),
                ("headers", &spec.headers),
                ("expose", &spec.expose),
            ];
            for (name, list) in lists {
                let printed = format!("{name}: {list:?}");
                assert!(
                    format!("{policy:?}").contains(&printed),
                    "{printed} is not in {policy:?}"
                );
            }
            assert_eq!(policy.max_response_len(), built.max_response_len());
            assert_eq!(policy.max_fields(), built.max_fields());
            decides_the_same(&spec, &policy, built);
        }
        (Err(built), Err(owned)) => assert_eq!(built, *owned, "slices (left), PolicyBuf (right)"),
        (built, owned) => panic!("slices: {built:?}, PolicyBuf: {owned:?}"),
    });
});

fn options(line: &str) -> Spec {
    let has = |word| line.contains(word);
    Spec {
        credentials: has("credentials"),
        insecure: has("insecure"),
        suffixes: has("suffixes"),
        predicate: has("predicate"),
        trust_predicate: has("trust"),
        private_network: has("private"),
        max_age: line.split(' ').find_map(|word| word.parse().ok()),
        ..Spec::default()
    }
}

fn with_list<'a>(setting: Setting, entries: &'a [&'a str]) -> PolicyBuilder<'a> {
    match setting {
        Setting::AllowMethods => Policy::builder().allow_methods(entries),
        Setting::AllowHeaders => Policy::builder().allow_headers(entries),
        Setting::ExposeHeaders => Policy::builder().expose_headers(entries),
        _ => Policy::builder().allow_origins(entries),
    }
}

/// An error says which entry and where, on one line.
fn describes(error: &PolicyError<'_>, setting: Setting, index: usize, entry: &str) {
    assert_eq!(
        (error.setting(), error.index(), error.entry()),
        (setting, index, entry),
        "the error is about another entry: {error}"
    );
    assert!(error.at() <= entry.len(), "byte {} of {entry:?}", error.at());
    for line in [error.to_string(), error.without_entry().to_string()] {
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "not one line of printable ASCII: {line:?}"
        );
        assert!(
            line.starts_with(setting.name()) && line.ends_with(error.kind().fix()),
            "the sentence is not whole: {line:?}"
        );
    }
}

fn check_origin_entry(entry: &str, accepted: bool) {
    assert_eq!(
        accepted,
        naive::is_entry(entry),
        "{entry:?} was accepted (left), may stand there (right)"
    );
    if !accepted || entry == "*" {
        return;
    }
    let entries = [entry];
    let policy = Policy::builder()
        .allow_origins(&entries)
        .build()
        .expect("it was accepted");
    let admits = |origin: &str| {
        policy
            .decide(&Request::from_fields("GET", [("origin", origin)]))
            .is_allowed()
    };
    let example = entry.replacen("*.", "a.", 1);
    let example = example.strip_suffix(":*").unwrap_or(&example);
    assert!(admits(example), "{entry:?} does not admit {example:?}");
    if entry == "null" || entry != example {
        return;
    }
    assert!(Origin::parse(entry.as_bytes()).is_ok(), "{entry:?} is no origin");
    for at in 0..entry.len() {
        let (before, behind) = entry.split_at(at);
        for other in [
            format!("{before}{}", &behind[1..]),
            format!("{before}a{behind}"),
            format!("{before}.{}", &behind[1..]),
            before.to_string(),
        ] {
            assert!(other == entry || !admits(&other), "{entry:?} admits {other:?}");
        }
    }
}

/// Whether a name may stand in a list of methods or headers.
fn is_name(setting: Setting, name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let of_this_kind = match setting {
        Setting::AllowMethods => {
            let normalized = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
            !naive::is_forbidden_method(name) && (!normalized.contains(&upper.as_str()) || upper == name)
        }
        Setting::ExposeHeaders => upper != "SET-COOKIE" && upper != "SET-COOKIE2",
        _ => true,
    };
    naive::is_token(name.as_bytes()) && of_this_kind
}

/// Asked for each of their own entries, both policies say the same.
fn decides_the_same(spec: &Spec, one: &Policy<'_>, other: &Policy<'_>) {
    for entry in &spec.origins {
        let origin = entry.replacen("*.", "a.", 1).replace(":*", "");
        let mut request = Request::new("OPTIONS");
        request.push("origin", &origin);
        let method = spec.methods.last().map_or("GET", String::as_str);
        request.push("access-control-request-method", method);
        let names = spec.headers.join(",");
        request.push("access-control-request-headers", &names);
        assert_eq!(
            Outcome::of(&one.decide(&request), one),
            Outcome::of(&other.decide(&request), other),
            "OwnedPolicy (left), slices (right)"
        );
        let request = Request::from_fields("GET", [("origin", &origin)]);
        assert_eq!(
            Outcome::of(&one.decide(&request), one),
            Outcome::of(&other.decide(&request), other),
            "OwnedPolicy (left), slices (right)"
        );
    }
}
