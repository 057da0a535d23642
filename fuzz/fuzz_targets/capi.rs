//! Through the C ABI: the same policy, the same mistake, the same answers as the Rust library; nothing is written beyond what was given, and what
//! fails leaves nothing that could be sent.
#![no_main]

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Result, Unstructured};
use capi as _;
use embedded_cors::{HeadError, Kind, Origin, Policy, Request};
use embedded_cors_fuzz::{Spec, head, is_tenant};
use libfuzzer_sys::fuzz_target;

// As the header has them.

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
    seed: u64,
}

#[repr(C)]
struct Error {
    texts: [*const c_char; 3],
    entry: Str,
    index: usize,
    byte: usize,
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
    fn ecors_policy_max_response_size(policy: *const c_void) -> usize;
    fn ecors_error_message(error: *const Error, buffer: *mut u8, size: usize, len: *mut usize) -> c_int;
    fn ecors_request_from_head(request: *mut Struct<32>, head: *const u8, len: usize) -> c_int;
    fn ecors_request_from_incomplete_head(request: *mut Struct<32>, head: *const u8, len: usize) -> c_int;
    fn ecors_reader_init(reader: *mut Struct<68>, policy: *const c_void) -> c_int;
    fn ecors_reader_push(reader: *mut Struct<68>, piece: *const u8, len: usize, used: *mut usize) -> c_int;
    fn ecors_reader_decide(reader: *const Struct<68>, decision: *mut Struct<40>) -> c_int;
    fn ecors_decide(policy: *const c_void, request: *const Struct<32>, decision: *mut Struct<40>) -> c_int;
    fn ecors_decide_error_reply(
        policy: *const c_void,
        request: *const Struct<32>,
        decision: *mut Struct<40>,
    ) -> c_int;
    fn ecors_decision_reason(decision: *const Struct<40>) -> c_int;
    fn ecors_decision_status(decision: *const Struct<40>) -> c_int;
    fn ecors_decision_lines(
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
    spec: Spec,
    /// One more entry of one of the lists, whatever it is.
    wild: Option<(u8, Vec<u8>)>,
    render: bool,
    seed: u64,
    head: Vec<u8>,
    piece: usize,
    /// How many bytes the memory and the buffer lack.
    lacks: (usize, usize),
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let spec = Spec::arbitrary(u)?;
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
            spec,
        })
    }
}

unsafe extern "C" fn predicate(_: *mut c_void, origin: *const c_char, len: usize) -> c_int {
    // SAFETY: so says the header.
    let origin = unsafe { core::slice::from_raw_parts(origin.cast::<u8>(), len) };
    let origin = Origin::parse(origin).expect("it was parsed");
    c_int::from(is_tenant(&origin))
}

fn flags(spec: &Spec, render: bool) -> u32 {
    let refused = [0, 0x40, 0x80][spec.refused as usize % 3];
    [
        (spec.credentials, 0x1),
        (spec.private_network, 0x2),
        (spec.minimal, 0x4),
        (spec.only_requested, 0x8),
        (spec.strict, 0x10),
        (spec.success_200, 0x20),
        (render, 0x100),
        (spec.insecure, 0x1_0000),
        (spec.suffixes, 0x2_0000),
        (spec.trust_predicate, 0x4_0000),
    ]
    .into_iter()
    .fold(
        refused,
        |flags, (is_set, flag)| if is_set { flags | flag } else { flags },
    )
}

/// A decision's bytes: in a buffer that lacks some of them there are none.
fn lines(decision: &Struct<40>, lacks: usize) -> Vec<u8> {
    // SAFETY: as the header says, here and below: what is borrowed lives, and each length is that of its memory.
    unsafe {
        let mut len = 0;
        assert!(matches!(
            ecors_decision_lines(decision, null_mut(), 0, &mut len),
            E_MEMORY
        ));
        let mut small = vec![0xa5; (len + 1).saturating_sub(lacks)];
        if lacks > 0 {
            assert_eq!(
                ecors_decision_lines(decision, small.as_mut_ptr(), small.len(), null_mut()),
                E_MEMORY
            );
            assert!(small.first().is_none_or(|&byte| byte == 0));
        }
        let mut buffer = vec![0xa5; len + 1];
        assert_eq!(
            ecors_decision_lines(decision, buffer.as_mut_ptr(), buffer.len(), null_mut()),
            OK
        );
        assert_eq!(buffer.pop(), Some(0));
        buffer
    }
}

fn check(case: &Case, policy: *const c_void, rust: &Policy<'_>) {
    let answer = |decision: &embedded_cors::Decision<'_>| {
        let mut buffer = vec![0; rust.max_response_len()];
        let lines = decision.write_fields(&mut buffer).unwrap().as_bytes().to_vec();
        let status = decision.preflight().map_or(0, |preflight| preflight.status());
        let reason = decision.refusal().map_or(0, |refusal| refusal.reason().code());
        (
            kind_of(decision.kind()),
            c_int::from(status),
            c_int::from(reason),
            lines,
        )
    };
    // SAFETY: as above.
    unsafe {
        let told = |kind: c_int, decision: &Struct<40>| {
            let (status, reason) = (ecors_decision_status(decision), ecors_decision_reason(decision));
            let lines = lines(decision, case.lacks.1);
            assert!(lines.len() < ecors_policy_max_response_size(policy));
            (kind, status, reason, lines)
        };
        let (mut request, mut decision) = ([0; 32], [0; 40]);
        let read = Request::from_head(&case.head);
        let code = ecors_request_from_head(&mut request, case.head.as_ptr(), case.head.len());
        match &read {
            Ok(whole) => {
                assert_eq!(code, OK);
                let kind = ecors_decide(policy, &request, &mut decision);
                assert_eq!(told(kind, &decision), answer(&rust.decide(whole)));
            }
            Err(HeadError::Incomplete) => assert_eq!(code, E_INCOMPLETE),
            Err(_) => assert_eq!(code, E_HEAD),
        }
        if code != OK {
            // Nothing comes of a request that failed.
            assert!(ecors_decide(policy, &request, &mut decision) < 0);
            assert!(ecors_decision_reason(&decision) < 0);
        }
        if let Ok(incomplete) = Request::from_incomplete_head(&case.head) {
            assert_eq!(
                ecors_request_from_incomplete_head(&mut request, case.head.as_ptr(), case.head.len()),
                OK
            );
            let kind = ecors_decide_error_reply(policy, &request, &mut decision);
            assert_eq!(
                told(kind, &decision),
                answer(&rust.decide_error_reply(&incomplete))
            );
        }

        let (mut reader, mut ours) = ([0; 68], embedded_cors::PolicyReader::<392>::new(rust));
        assert_eq!(ecors_reader_init(&mut reader, policy), OK);
        for piece in case.head.chunks(case.piece) {
            // In memory of its own, which goes.
            let piece = piece.to_vec();
            let mut used = 0;
            let state = ecors_reader_push(&mut reader, piece.as_ptr(), piece.len(), &mut used);
            match ours.push(&piece) {
                Ok(embedded_cors::Progress::NeedsMore) => assert_eq!((state, used), (0, piece.len())),
                Ok(embedded_cors::Progress::Done { used: ours }) => assert_eq!((state, used), (1, ours)),
                Err(_) => assert_eq!(state, E_HEAD),
            }
        }
        let kind = ecors_reader_decide(&reader, &mut decision);
        assert_eq!(told(kind, &decision), answer(&ours.decide()));
    }
}

fn kind_of(kind: Kind) -> c_int {
    match kind {
        Kind::NotCors => 0,
        Kind::Actual => 1,
        Kind::Preflight => 2,
    }
}

fuzz_target!(|case: Case| {
    let mut texts: [Vec<Vec<u8>>; 4] = [
        &case.spec.origins,
        &case.spec.methods,
        &case.spec.headers,
        &case.spec.expose,
    ]
    .map(|list| list.iter().map(|entry| entry.clone().into_bytes()).collect());
    let mut spec = Some(case.spec.clone());
    if let Some((list, entry)) = &case.wild {
        texts[*list as usize].push(entry.clone());
        match (String::from_utf8(entry.clone()), &mut spec) {
            (Ok(entry), Some(spec)) => [
                &mut spec.origins,
                &mut spec.methods,
                &mut spec.headers,
                &mut spec.expose,
            ][*list as usize]
                .push(entry),
            // What is not UTF-8 is no entry of Rust's.
            _ => spec = None,
        }
    }
    let entries = texts.each_ref().map(|list| -> Vec<Str> {
        list.iter()
            .map(|text| Str(text.as_ptr().cast(), text.len()))
            .collect()
    });
    let config = Config {
        struct_size: size_of::<Config>(),
        flags: flags(&case.spec, case.render),
        max_age_seconds: case
            .spec
            .max_age
            .map_or(-1, |seconds| i32::try_from(seconds).unwrap_or(i32::MAX)),
        lists: entries.each_ref().map(|list| List(list.as_ptr(), list.len())),
        predicate: case.spec.predicate.then_some(predicate),
        user: null_mut(),
        seed: case.seed,
    };
    let mut error = Error {
        texts: [null(); 3],
        entry: Str(null(), 0),
        index: 0,
        byte: 0,
    };
    // SAFETY: as the header says.
    let (code, policy, memory) = unsafe {
        let size = ecors_policy_size(&config);
        let mut policy = null();
        if case.lacks.0 > 0 && size > 0 {
            let mut short = vec![0xa5; size.saturating_sub(case.lacks.0)];
            assert_eq!(
                ecors_policy_init(short.as_mut_ptr(), short.len(), &config, &mut policy, &mut error),
                E_MEMORY
            );
            assert!(policy.is_null());
        }
        let mut memory = vec![0xa5; size];
        let code = ecors_policy_init(
            memory.as_mut_ptr(),
            memory.len(),
            &config,
            &mut policy,
            &mut error,
        );
        (code, policy, memory)
    };
    drop(entries);
    match &spec {
        None => assert_eq!(code, E_CONFIG),
        Some(spec) => spec.build(|rust| match rust {
            Ok(rust) => {
                assert_eq!(code, OK);
                check(&case, policy, rust);
            }
            Err(mistake) => {
                assert_eq!(code, E_CONFIG);
                let (mut message, mut len) = ([0; 1024], 0);
                // SAFETY: as the header says.
                unsafe {
                    assert_eq!(
                        ecors_error_message(&error, message.as_mut_ptr(), message.len(), &mut len),
                        OK
                    )
                };
                assert_eq!(core::str::from_utf8(&message[..len]), Ok(&*mistake.to_string()));
            }
        }),
    }
    if code != OK {
        assert!(policy.is_null());
    }
    drop(memory);
});
