//! Law: through the C ABI, a configuration makes the same policy or the same mistake as in Rust,
//! and the answers are the same. Nothing is written outside the given memory, and a failed call
//! leaves nothing in a buffer that could be sent.
#![no_main]

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Result, Unstructured};
use capi as _;
use embedded_cors::{
    Decision, HeadError, Origin, Policy, PolicyError, PolicyErrorKind, PolicyReader, Progress, Reason,
    Request, RequestKind, Rules, RulesReader, Setting,
};
use embedded_cors_fuzz::{
    Outcome, PolicyOption, PolicySpec, asked_in_head, check_agreement, head, is_tenant, naive,
};
use libfuzzer_sys::fuzz_target;

// These declarations are those of the header.

#[repr(C)]
#[derive(Clone, Copy)]
struct Str(*const c_char, usize);

#[repr(C)]
struct List(*const Str, usize);

#[repr(C)]
struct Config {
    struct_size: usize,
    flags: u32,
    max_age_seconds: i32,
    lists: [List; 4],
    predicate: Option<unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> c_int>,
    user: *mut c_void,
    seed: [u8; 8],
}

#[repr(C)]
struct Error {
    setting: *const c_char,
    what: Str,
    fix: Str,
    entry: Str,
    index: usize,
    byte: usize,
    rule: usize,
    permitted_by: u32,
    reserved: [u32; 5],
}

type Struct<const WORDS: usize> = [u64; WORDS];

unsafe extern "C" {
    fn ecors_policy_size(config: *const Config) -> usize;
    fn ecors_policy_init(
        memory: *mut u8,
        size: usize,
        config: *const Config,
        policy: *mut *const c_void,
        error: *mut Error,
    ) -> c_int;
    fn ecors_rules_size(rules: *const Config, count: usize) -> usize;
    fn ecors_rules_init(
        memory: *mut u8,
        size: usize,
        rules: *const Config,
        count: usize,
        policy: *mut *const c_void,
        error: *mut Error,
    ) -> c_int;
    fn ecors_policy_max_response_size(policy: *const c_void) -> usize;
    fn ecors_error_message(error: *const Error, buffer: *mut u8, size: usize, len: *mut usize) -> c_int;
    fn ecors_request_from_head(request: *mut Struct<32>, head: *const u8, len: usize) -> c_int;
    fn ecors_request_from_incomplete_head(request: *mut Struct<32>, head: *const u8, len: usize) -> c_int;
    fn ecors_reader_init(reader: *mut Struct<68>, policy: *const c_void) -> c_int;
    fn ecors_reader_push(reader: *mut Struct<68>, piece: *const u8, len: usize, used: *mut usize) -> c_int;
    fn ecors_reader_decide(reader: *const Struct<68>, decision: *mut Struct<40>) -> c_int;
    fn ecors_decide(policy: *const c_void, request: *const Struct<32>, decision: *mut Struct<40>) -> c_int;
    fn ecors_decide_for_error_reply(
        policy: *const c_void,
        request: *const Struct<32>,
        decision: *mut Struct<40>,
    ) -> c_int;
    fn ecors_decision_reason(decision: *const Struct<40>) -> c_int;
    fn ecors_decision_status(decision: *const Struct<40>) -> c_int;
    fn ecors_decision_field_lines(
        decision: *const Struct<40>,
        buffer: *mut u8,
        size: usize,
        len: *mut usize,
    ) -> c_int;
}

const OK: c_int = 0;
const E_CONFIG: c_int = -3;
const E_MEMORY: c_int = -4;
const E_HEAD: c_int = -6;
const E_INCOMPLETE: c_int = -7;

#[derive(Debug)]
struct Case {
    spec: PolicySpec,
    /// A rule after the first one, if the policy is a list of rules.
    other: Option<PolicySpec>,
    /// An additional entry, of any bytes, for one of the lists.
    wild: Option<(u8, Vec<u8>)>,
    render: bool,
    seed: u64,
    head: Vec<u8>,
    piece: usize,
    /// The number of bytes by which the memory of the policy and the buffer are too short.
    lacks: (usize, usize),
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = PolicySpec::arbitrary(u)?;
        Ok(Self {
            head: if u.ratio(1, 8)? {
                Vec::arbitrary(u)?
            } else {
                head(u, &spec)?.into_bytes()
            },
            wild: u
                .ratio(1, 4)?
                .then(|| Ok((u.int_in_range(0..=3)?, Vec::arbitrary(u)?)))
                .transpose()?,
            render: u.arbitrary()?,
            seed: u.arbitrary()?,
            piece: u.int_in_range(1..=80)?,
            lacks: (u.int_in_range(0..=40)?, u.int_in_range(0..=400)?),
            other: u.ratio(1, 3)?.then(|| PolicySpec::arbitrary(u)).transpose()?,
            spec,
        })
    }
}

unsafe extern "C" fn predicate(_: *mut c_void, origin: *const c_char, len: usize) -> c_int {
    // SAFETY: the library passes a valid pointer and its length.
    let origin = unsafe { core::slice::from_raw_parts(origin.cast::<u8>(), len) };
    let origin = Origin::parse(origin).expect("the library passes a valid origin");
    c_int::from(is_tenant(&origin))
}

/// Returns the flag of an option.
fn flag(option: &PolicyOption) -> u32 {
    match option {
        PolicyOption::Credentials => 0x1,
        PolicyOption::Timing => 0x2,
        PolicyOption::HideLists => 0x4,
        PolicyOption::OnlyRequested => 0x8,
        PolicyOption::Strict => 0x10,
        PolicyOption::Success200 => 0x20,
        PolicyOption::Refused204 => 0x40,
        PolicyOption::Refused200 => 0x80,
        PolicyOption::InsecureOrigins => 0x1_0000,
        PolicyOption::PublicSuffixes => 0x2_0000,
        PolicyOption::Success204Bare => 0x200,
        PolicyOption::TrustPredicate => 0x4_0000,
        PolicyOption::Loopback => 0x400,
    }
}

fn flags(spec: &PolicySpec, render: bool) -> u32 {
    let render = if render { 0x100 } else { 0 };
    spec.options
        .iter()
        .map(flag)
        .fold(render, |flags, flag| flags | flag)
}

/// Returns the bytes of a decision. Checks that a buffer that is too short stays empty.
fn lines(decision: &Struct<40>, lacks: usize) -> Vec<u8> {
    // SAFETY: here and below, borrowed memory outlives the calls, and each length is that of its
    // memory, as the header requires.
    unsafe {
        let mut len = 0;
        assert!(matches!(
            ecors_decision_field_lines(decision, null_mut(), 0, &mut len),
            E_MEMORY
        ));
        let mut small = vec![0xa5; (len + 1).saturating_sub(lacks)];
        if lacks > 0 {
            assert_eq!(
                ecors_decision_field_lines(decision, small.as_mut_ptr(), small.len(), null_mut()),
                E_MEMORY
            );
            assert!(small.first().is_none_or(|&byte| byte == 0));
        }
        let mut buffer = vec![0xa5; len + 1];
        assert_eq!(
            ecors_decision_field_lines(decision, buffer.as_mut_ptr(), buffer.len(), null_mut()),
            OK
        );
        assert_eq!(buffer.pop(), Some(0));
        buffer
    }
}

/// Checks that a browser that gets the bytes agrees with the decision.
fn agrees_with_browser(
    case: &Case,
    credentials: bool,
    kind: c_int,
    status: c_int,
    reason: c_int,
    lines: &[u8],
) {
    let Ok(head) = naive::Head::read(&case.head) else {
        return;
    };
    let lines = String::from_utf8(lines.to_vec()).expect("fields are ASCII");
    let kind = match kind {
        0 => RequestKind::NotCors,
        1 => RequestKind::Actual,
        _ => RequestKind::Preflight,
    };
    let outcome = Outcome {
        kind,
        verdict: match Reason::from_code(reason as u8) {
            Some(reason) => format!("refused {}", reason.name()),
            None => "allowed".into(),
        },
        bytes: match kind {
            RequestKind::Preflight => format!("HTTP/1.1 {status} \r\n{lines}\r\n"),
            RequestKind::NotCors | RequestKind::Actual => lines,
        },
    };
    check_agreement(&asked_in_head(&head), &outcome, credentials);
}

/// The same policy or rules in Rust.
#[derive(Clone, Copy)]
enum Ours<'p> {
    Policy(&'p Policy<'p>),
    Rules(Rules<'p>),
}

impl<'p> Ours<'p> {
    fn policies(&self) -> &[Policy<'p>] {
        match self {
            Self::Policy(policy) => core::slice::from_ref(policy),
            Self::Rules(rules) => rules.policies(),
        }
    }

    fn max_response_len(&self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_response_len(),
            Self::Rules(rules) => rules.max_response_len(),
        }
    }

    fn decide(&self, request: &Request<'_>) -> Answer {
        match self {
            Self::Policy(policy) => self.answer(&policy.decide(request)),
            Self::Rules(rules) => self.answer(&rules.decide(request)),
        }
    }

    fn decide_for_error_reply(&self, request: &Request<'_>) -> Answer {
        match self {
            Self::Policy(policy) => self.answer(&policy.decide_for_error_reply(request)),
            Self::Rules(rules) => self.answer(&rules.decide_for_error_reply(request)),
        }
    }

    /// Reads a head in pieces. Returns the result of each piece, and the answer.
    fn read(&self, pieces: &[&[u8]]) -> (Vec<core::result::Result<Progress, HeadError>>, Answer) {
        match self {
            Self::Policy(policy) => {
                let mut reader = PolicyReader::<392>::new(policy);
                let results = pieces.iter().map(|piece| reader.push(piece)).collect();
                (results, self.answer(&reader.decide()))
            }
            Self::Rules(rules) => {
                let mut reader = RulesReader::<392>::new(*rules);
                let results = pieces.iter().map(|piece| reader.push(piece)).collect();
                (results, self.answer(&reader.decide()))
            }
        }
    }

    fn answer(&self, decision: &Decision<'_>) -> Answer {
        let mut buffer = vec![0; self.max_response_len()];
        let lines = decision.write_fields(&mut buffer).unwrap();
        Answer {
            kind: kind_of(decision.kind()),
            status: decision
                .preflight()
                .map_or(0, |preflight| preflight.status())
                .into(),
            reason: decision
                .refusal()
                .map_or(0, |refusal| refusal.reason().code())
                .into(),
            lines: lines.as_bytes().to_vec(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    kind: c_int,
    status: c_int,
    reason: c_int,
    lines: Vec<u8>,
}

fn check(case: &Case, policy: *const c_void, ours: Ours<'_>) {
    // Whether credentials are allowed depends on the rule that decides.
    let specs: Vec<&PolicySpec> = [&case.spec].into_iter().chain(&case.other).collect();
    let whole = Request::from_incomplete_head(&case.head).ok();
    let decides = |policy: &Policy<'_>| {
        whole
            .as_ref()
            .is_some_and(|request| policy.decide_for_error_reply(request).is_allowed())
    };
    let rule = ours.policies().iter().position(decides);
    let credentials = rule.is_some_and(|rule| specs[rule].has(PolicyOption::Credentials));
    // SAFETY: see `lines`.
    unsafe {
        let answer_in_c = |kind: c_int, decision: &Struct<40>| {
            let (status, reason) = (ecors_decision_status(decision), ecors_decision_reason(decision));
            let lines = lines(decision, case.lacks.1);
            assert!(lines.len() < ecors_policy_max_response_size(policy));
            agrees_with_browser(case, credentials, kind, status, reason, &lines);
            Answer {
                kind,
                status,
                reason,
                lines,
            }
        };
        let (mut request, mut decision) = ([0; 32], [0; 40]);
        let read = Request::from_head(&case.head);
        let code = ecors_request_from_head(&mut request, case.head.as_ptr(), case.head.len());
        match &read {
            Ok(whole) => {
                assert_eq!(code, OK);
                let kind = ecors_decide(policy, &request, &mut decision);
                assert_eq!(answer_in_c(kind, &decision), ours.decide(whole));
            }
            Err(HeadError::Incomplete) => assert_eq!(code, E_INCOMPLETE),
            Err(_) => assert_eq!(code, E_HEAD),
        }
        if code != OK {
            // There is no decision on a request that could not be read.
            assert!(ecors_decide(policy, &request, &mut decision) < 0);
            assert!(ecors_decision_reason(&decision) < 0);
        }
        if let Some(incomplete) = &whole {
            assert_eq!(
                ecors_request_from_incomplete_head(&mut request, case.head.as_ptr(), case.head.len()),
                OK
            );
            let kind = ecors_decide_for_error_reply(policy, &request, &mut decision);
            assert_eq!(
                answer_in_c(kind, &decision),
                ours.decide_for_error_reply(incomplete)
            );
        }

        let pieces: Vec<&[u8]> = case.head.chunks(case.piece).collect();
        let (results, expected) = ours.read(&pieces);
        let mut reader = [0; 68];
        assert_eq!(ecors_reader_init(&mut reader, policy), OK);
        for (piece, result) in pieces.into_iter().zip(results) {
            // The copy is freed after the call, so that the sanitizer finds later reads.
            let piece = piece.to_vec();
            let mut used = 0;
            let state = ecors_reader_push(&mut reader, piece.as_ptr(), piece.len(), &mut used);
            match result {
                Ok(Progress::NeedsMore) => assert_eq!((state, used), (0, piece.len())),
                Ok(Progress::Done { used: ours }) => assert_eq!((state, used), (1, ours)),
                Err(_) => assert_eq!(state, E_HEAD),
            }
        }
        let kind = ecors_reader_decide(&reader, &mut decision);
        assert_eq!(answer_in_c(kind, &decision), expected);
    }
}

/// Returns the message of a mistake, with the setting, the fix and the flag in the words of the C
/// library. They are written down here a second time, so that the library is not compared with
/// itself.
fn in_words_of_c(mistake: &PolicyError<'_>) -> String {
    let member = match mistake.setting() {
        Setting::AllowOrigins => "origins",
        Setting::AllowOriginIf => "origin_predicate",
        Setting::AllowMethods => "methods",
        Setting::AllowHeaders => "headers",
        Setting::ExposeHeaders => "expose",
        Setting::MaxAge => "max_age_seconds",
        setting => panic!("no member of ecors_config for {setting}"),
    };
    let message = mistake.to_string();
    let rest = message
        .strip_prefix(mistake.setting().name())
        .expect("the setting comes first");
    let (fix, flag) = match mistake.kind() {
        PolicyErrorKind::InsecureWithCredentials => ("write https://", "INSECURE_ORIGINS"),
        PolicyErrorKind::SuffixWithCredentials => ("write a registered domain", "PUBLIC_SUFFIXES"),
        PolicyErrorKind::PredicateWithCredentials => ("list the origins", "PREDICATE"),
        _ => return format!("{member}{rest}"),
    };
    let rest = rest
        .strip_suffix(mistake.kind().fix())
        .expect("the fix comes last");
    format!("{member}{rest}{fix}, or set ECORS_DANGEROUSLY_ALLOW_{flag}_WITH_CREDENTIALS")
}

fn kind_of(kind: RequestKind) -> c_int {
    match kind {
        RequestKind::NotCors => 0,
        RequestKind::Actual => 1,
        RequestKind::Preflight => 2,
    }
}

fuzz_target!(|case: Case| {
    let mut texts = texts_of(&case.spec);
    let mut spec = Some(case.spec.clone());
    if let Some((list, entry)) = &case.wild {
        texts[*list as usize].push(entry.clone());
        match (String::from_utf8(entry.clone()), &mut spec) {
            (Ok(entry), Some(spec)) => [
                &mut spec.origins,
                &mut spec.methods,
                &mut spec.headers,
                &mut spec.exposed,
            ][*list as usize]
                .push(entry),
            // Bytes that are not UTF-8 cannot be an entry in Rust.
            _ => spec = None,
        }
    }
    let other_texts = case.other.as_ref().map(texts_of);
    let lists = |texts: &[Vec<Vec<u8>>; 4]| {
        texts.each_ref().map(|list| -> Vec<Str> {
            list.iter()
                .map(|text| Str(text.as_ptr().cast(), text.len()))
                .collect()
        })
    };
    let config = |spec: &PolicySpec, entries: &[Vec<Str>; 4]| Config {
        struct_size: size_of::<Config>(),
        flags: flags(spec, case.render),
        max_age_seconds: spec
            .max_age
            .map_or(-1, |seconds| i32::try_from(seconds).unwrap_or(i32::MAX)),
        lists: entries.each_ref().map(|list| List(list.as_ptr(), list.len())),
        predicate: spec.has_predicate.then_some(predicate),
        user: null_mut(),
        seed: case.seed.to_ne_bytes(),
    };
    let entries = lists(&texts);
    let other_entries = other_texts.as_ref().map(lists);
    let mut configs = vec![config(&case.spec, &entries)];
    if let (Some(spec), Some(entries)) = (&case.other, &other_entries) {
        configs.push(config(spec, entries));
    }
    let mut error = Error {
        setting: null(),
        what: Str(null(), 0),
        fix: Str(null(), 0),
        entry: Str(null(), 0),
        index: 0,
        byte: 0,
        rule: 0,
        permitted_by: 0,
        reserved: [0xa5a5_a5a5; 5],
    };
    // SAFETY: see `lines`.
    let (code, policy, memory) = unsafe {
        let is_rules = configs.len() > 1;
        let size = if is_rules {
            ecors_rules_size(configs.as_ptr(), configs.len())
        } else {
            ecors_policy_size(configs.as_ptr())
        };
        let init = |memory: &mut [u8], policy: &mut *const c_void, error: &mut Error| {
            let (memory, size) = (memory.as_mut_ptr(), memory.len());
            if is_rules {
                ecors_rules_init(memory, size, configs.as_ptr(), configs.len(), policy, error)
            } else {
                ecors_policy_init(memory, size, configs.as_ptr(), policy, error)
            }
        };
        let mut policy = null();
        if case.lacks.0 > 0 && size > 0 {
            let mut short = vec![0xa5; size.saturating_sub(case.lacks.0)];
            assert_eq!(init(&mut short, &mut policy, &mut error), E_MEMORY);
            assert!(policy.is_null());
        }
        let mut memory = vec![0xa5; size];
        let code = init(&mut memory, &mut policy, &mut error);
        (code, policy, memory)
    };
    drop((entries, other_entries));
    match (&spec, &case.other) {
        (None, _) => assert_eq!(code, E_CONFIG),
        (Some(spec), other) => spec.build(|rust| match rust {
            Ok(rust) => match other {
                None => {
                    assert_eq!(code, OK);
                    check(&case, policy, Ours::Policy(rust));
                }
                Some(other) => other.with(|other| match Rules::new(&[*rust, *other]) {
                    Ok(rules) => {
                        assert_eq!(code, OK);
                        check(&case, policy, Ours::Rules(rules));
                    }
                    Err(mistake) => {
                        assert_eq!(code, E_CONFIG);
                        let origins = "origins: earlier rules allow all of them, so this rule never decides";
                        let place = format!("rules[{}].{origins}; move", mistake.rule());
                        assert!(message(&error).starts_with(&place), "{}", message(&error));
                        assert_eq!(error.rule, mistake.rule());
                    }
                }),
            },
            Err(mistake) => {
                assert_eq!(code, E_CONFIG);
                let (rule, before) = match other {
                    None => (usize::MAX, ""),
                    Some(_) => (0, "rules[0]."),
                };
                // What to write instead may follow from the entry, or be the text of the kind.
                let expected = format!("{before}{}", in_words_of_c(&mistake));
                let start = expected.rsplit_once("; ").map(|(start, _)| start);
                let general = format!("{}; {}", start.unwrap_or(""), mistake.kind().fix());
                let message = message(&error);
                assert!(
                    message == expected || message == general,
                    "{message:?} instead of {expected:?}"
                );
                assert_eq!(error.reserved, [0; 5]);
                assert_eq!(error.rule, rule);
                assert_eq!(error.index, mistake.index().unwrap_or(usize::MAX));
                assert_eq!(error.byte, mistake.at().unwrap_or(usize::MAX));
            }
        }),
    }
    if code != OK {
        assert!(policy.is_null());
    }
    drop(memory);
});

/// Returns the bytes of the entries.
fn texts_of(spec: &PolicySpec) -> [Vec<Vec<u8>>; 4] {
    [&spec.origins, &spec.methods, &spec.headers, &spec.exposed]
        .map(|list| list.iter().map(|entry| entry.clone().into_bytes()).collect())
}

fn message(error: &Error) -> String {
    let (mut message, mut len) = ([0; 1024], 0);
    // SAFETY: see `lines`.
    let code = unsafe { ecors_error_message(error, message.as_mut_ptr(), message.len(), &mut len) };
    assert_eq!(code, OK);
    String::from_utf8(message[..len].to_vec()).expect("a message is ASCII")
}
