//! Law: a list of origins admits what a loop over its entries admits, whatever stores the list, in
//! every order, and with repeated entries.
//!
//! Input that contains an empty line is text: entries, the empty line, origins. `arbitrary` makes a
//! case from any other input.
#![no_main]

use arbitrary::{Result, Unstructured};
use embedded_cors::{OriginIndex, Policy, PolicyLists, Request};
use embedded_cors_fuzz::{PolicyOption, PolicySpec, entry, list, naive, on, origin};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Case {
    spec: PolicySpec,
    origins: Vec<String>,
    seed: u64,
}

impl Case {
    fn from_text(text: &str) -> Option<Self> {
        let (entries, origins) = text.split_once("\n\n")?;
        Some(Self {
            spec: PolicySpec {
                origins: entries.lines().map(String::from).collect(),
                ..PolicySpec::default()
            },
            origins: origins.lines().map(String::from).collect(),
            seed: text.len() as u64,
        })
    }

    fn structured(u: &mut Unstructured<'_>) -> Result<Self> {
        let seed = u.arbitrary()?;
        let flags: u8 = u.arbitrary()?;
        let most = *u.choose(&[6, 12, 12, 40])?;
        let entries = list(u, most, entry)?;
        let origins = list(u, 8, |u| origin(u, &entries))?;
        Ok(Self {
            spec: PolicySpec {
                origins: entries,
                has_predicate: flags & 24 == 24,
                options: on(&[
                    (PolicyOption::Credentials, flags & 1 == 1),
                    (PolicyOption::InsecureOrigins, flags & 2 == 2),
                    (PolicyOption::PublicSuffixes, flags & 4 == 4),
                    (PolicyOption::TrustPredicate, flags & 32 == 32),
                ]),
                ..PolicySpec::default()
            },
            origins,
            seed,
        })
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = std::str::from_utf8(bytes).ok().and_then(Case::from_text);
    let Some(case) = text.or_else(|| Case::structured(&mut Unstructured::new(bytes)).ok()) else {
        return;
    };
    let spec = case.spec.repaired();
    let mut seed = case.seed | 1;
    let mut shuffled = spec.clone();
    for index in (1..shuffled.origins.len()).rev() {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        shuffled.origins.swap(index, (seed >> 33) as usize % (index + 1));
    }
    let mut repeated = shuffled.clone();
    repeated.origins.extend(spec.origins.clone());
    let mut reversed = spec.clone();
    reversed.origins.reverse();

    let mut origins = case.origins;
    origins.extend(spec.origins.clone());
    spec.with(|policy| check("the list", &spec, policy, &origins));
    shuffled.with(|policy| check("the shuffled list", &spec, policy, &origins));
    repeated.with(|policy| check("the repeated list", &spec, policy, &origins));
    reversed.with(|policy| check("the reversed list", &spec, policy, &origins));

    for indexed in [&spec, &shuffled, &repeated] {
        let entries: Vec<&str> = indexed.origins.iter().map(String::as_str).collect();
        let mut slots = vec![0xa5a5_a5a5; OriginIndex::slots_for(entries.len())];
        let index = OriginIndex::build(&entries, &mut slots, case.seed);
        let index = index.expect("a slice accepts these entries");
        let builder = Policy::builder().allow_indexed_origins(&index);
        let policy = spec
            .apply_options(builder)
            .build()
            .expect("a slice accepts these entries");
        check("the index", &spec, &policy, &origins);
    }

    let mut lists = PolicyLists::<16384>::new();
    for entry in &shuffled.origins {
        lists.allow_origin(entry).expect("a slice accepts this entry");
    }
    let owned = lists
        .build(|options| spec.apply_options(options))
        .expect("a slice accepts these entries");
    check("PolicyLists", &spec, &owned.policy(), &origins);
    let moved = owned.clone();
    drop(owned);
    check("a moved FixedCapacityPolicy", &spec, &moved.policy(), &origins);
});

fn check(which: &str, spec: &PolicySpec, policy: &Policy<'_>, origins: &[String]) {
    for origin in origins {
        let value = naive::trim(origin.as_bytes());
        let request = Request::from_fields("GET", [("origin", value)]);
        let decision = policy.decide(&request);
        let expected = spec.admits(value);
        assert_eq!(
            decision.is_allowed(),
            expected,
            "{which} of {:?} and {origin:?} (left), the loop (right)",
            spec.origins
        );
        let shared = decision
            .fields()
            .find(|field| field.name() == "access-control-allow-origin")
            .map(|field| field.value().to_string());
        let expected = match (spec.is_public(), expected) {
            (true, _) => Some("*".into()),
            (false, true) => Some(String::from_utf8_lossy(value).into_owned()),
            (false, false) => None,
        };
        assert_eq!(shared, expected, "{which} of {:?} and {origin:?}", spec.origins);
    }
}
