//! Doors: decisions about hosts, WebSockets, unsafe methods and event streams.

use core::ffi::{CStr, c_char, c_int, c_void};

use cors::{
    Door, Doors, DoorsBuilder, DoorsDecision, DoorsReader, DoorsRequest, HostRefusedStatus, Progress,
    RefusalPosition, ResourcePolicy,
};

use crate::cause::Cause;
use crate::code::{self, NO_POSITION, READER_BYTES};
use crate::config::List;
use crate::decision::{DecisionSlot as CorsDecisionSlot, Fields, c_name, write_fields, write_text};
use crate::error::{Error, Mistake, report};
use crate::memory::Memory;
use crate::pointer;
use crate::policy::start;
use crate::reply::Reply;
use crate::request::head_error;
use crate::slot::{self, Marked, Opaque, Slot, words};
use crate::stored::{PolicySlot, Stored};

/// `ecors_doors_config`.
#[repr(C)]
pub struct Config {
    pub(crate) struct_size: usize,
    pub(crate) flags: u32,
    pub(crate) reserved: u32,
    pub(crate) hosts: List,
}

// The flags of `ecors_doors_config`.
pub(crate) const IP_LITERALS: u32 = 0x1;
pub(crate) const LOCALHOST: u32 = 0x2;
pub(crate) const LOCAL_NAMES: u32 = 0x4;
pub(crate) const OVER_HTTPS: u32 = 0x8;
pub(crate) const REQUIRE_ORIGIN: u32 = 0x10;
pub(crate) const ENFORCE: u32 = 0x20;
pub(crate) const ISOLATE: u32 = 0x40;
pub(crate) const ISOLATE_SAME_SITE: u32 = 0x80;
pub(crate) const HOST_STATUS_421: u32 = 0x100;
pub(crate) const RESOURCES_SAME_ORIGIN: u32 = 0x200;
pub(crate) const RESOURCES_SAME_SITE: u32 = 0x400;
pub(crate) const RESOURCES_CROSS_ORIGIN: u32 = 0x800;
pub(crate) const TRUST_EVERY_ORIGIN: u32 = 0x1_0000;
pub(crate) const PUBLIC_SUFFIXES: u32 = 0x2_0000;

const RESOURCES: u32 = RESOURCES_SAME_ORIGIN | RESOURCES_SAME_SITE | RESOURCES_CROSS_ORIGIN;

const KNOWN_FLAGS: u32 = IP_LITERALS
    | LOCALHOST
    | LOCAL_NAMES
    | OVER_HTTPS
    | REQUIRE_ORIGIN
    | ENFORCE
    | ISOLATE
    | ISOLATE_SAME_SITE
    | HOST_STATUS_421
    | RESOURCES
    | TRUST_EVERY_ORIGIN
    | PUBLIC_SUFFIXES;

/// Doors without a policy, which is given with each request.
type PlainDoors = Doors<'static, ()>;

impl Marked for PlainDoors {
    const MARK: u32 = 0xec05_0007;
}

impl Marked for DoorsRequest<'static> {
    const MARK: u32 = 0xec05_0008;
}

impl Marked for Reader {
    const MARK: u32 = 0xec05_0009;
}

impl Marked for DoorsDecision<'static> {
    const MARK: u32 = 0xec05_000a;
}

/// `ecors_doors`. It lies at the first aligned address of its memory.
pub type DoorsSlot = Slot<PlainDoors>;
/// `ecors_doors_request`, as the header declares it.
pub(crate) type OpaqueRequest = Opaque<{ words(48, 60) }>;
/// `ecors_doors_request`, as this library uses it.
pub type RequestSlot = Slot<DoorsRequest<'static>>;
/// A reader for doors.
type Reader = DoorsReader<DOORS_READER_BYTES>;
/// `ecors_doors_reader`, as the header declares it.
pub(crate) type OpaqueReader = Opaque<{ words(104, 200) }>;
/// `ecors_doors_reader`, as this library uses it.
pub type ReaderSlot = Slot<Reader>;
/// `ecors_doors_decision`, as the header declares it.
pub(crate) type OpaqueDecision = Opaque<{ words(48, 60) }>;
/// `ecors_doors_decision`, as this library uses it.
pub type DecisionSlot = Slot<DoorsDecision<'static>>;

/// The bytes of values that a reader keeps: what a reader for rules keeps, and the longest host.
pub(crate) const DOORS_READER_BYTES: usize = READER_BYTES + 264;

const _: () = assert!(
    RequestSlot::fits::<OpaqueRequest>()
        && ReaderSlot::fits::<OpaqueReader>()
        && DecisionSlot::fits::<OpaqueDecision>()
);

/// The part of `ECORS_DOORS_SIZE` that does not depend on the hosts.
pub(crate) const FIXED: usize = 24 * size_of::<*const ()>();

const _: () = assert!(size_of::<DoorsSlot>() + 2 * align_of::<u64>() <= FIXED);

// What the server does with a request.
pub(crate) const PASS: c_int = 0;
pub(crate) const ANSWER: c_int = 1;

// `ECORS_DOOR_HOST` and so on.
pub(crate) const HOST: c_int = 0;
pub(crate) const PREFLIGHT: c_int = 1;
pub(crate) const WEBSOCKET: c_int = 2;
pub(crate) const UNSAFE_METHOD: c_int = 3;
pub(crate) const SAFE_METHOD: c_int = 4;
pub(crate) const EVENT_STREAM: c_int = 5;

/// Returns the configuration if its size is this library's.
///
/// # Safety
///
/// `config` is as the header demands.
unsafe fn checked<'c>(config: *const Config) -> Result<&'c Config, Mistake> {
    if config.is_null() || !config.is_aligned() {
        return Err(Mistake::new(Cause::Argument, c"config"));
    }
    // SAFETY: the pointer is not NULL. The first member says how large the struct is, so it is read
    // before any other member.
    let size = unsafe { (&raw const (*config).struct_size).read() };
    if size != size_of::<Config>() {
        return Err(Mistake::new(Cause::DoorsStructSize, c"struct_size"));
    }
    // SAFETY: the caller says that the whole struct is there.
    Ok(unsafe { &*config })
}

impl Config {
    const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Returns the bytes of memory that the doors take, or `None` if no memory has that many.
    fn size(&self) -> Option<usize> {
        let size = FIXED.checked_add(self.hosts.len.checked_mul(size_of::<&str>())?)?;
        (size <= isize::MAX as usize).then_some(size)
    }

    /// Checks the flags, and returns the builder with all settings but the hosts.
    fn builder(&self) -> Result<DoorsBuilder<'static, ()>, Mistake> {
        if self.flags & !KNOWN_FLAGS != 0 || self.reserved != 0 {
            return Err(Mistake::new(Cause::UnknownFlag, c"flags"));
        }
        if (self.flags & RESOURCES).count_ones() > 1 {
            return Err(Mistake::new(Cause::TwoResourcePolicies, c"flags"));
        }
        let mut builder = Doors::builder(());
        type Method = fn(DoorsBuilder<'static, ()>) -> DoorsBuilder<'static, ()>;
        let methods: [(u32, Method); 14] = [
            (IP_LITERALS, |b| b.allow_ip_literals()),
            (LOCALHOST, |b| b.allow_localhost()),
            (LOCAL_NAMES, |b| b.allow_local_names()),
            (OVER_HTTPS, |b| b.served_over_https()),
            (REQUIRE_ORIGIN, |b| b.require_origin()),
            (ENFORCE, |b| b.enforce()),
            (ISOLATE, |b| b.isolate()),
            (ISOLATE_SAME_SITE, |b| b.isolate_same_site()),
            (HOST_STATUS_421, |b| {
                b.host_refused_status(HostRefusedStatus::MisdirectedRequest)
            }),
            (RESOURCES_SAME_ORIGIN, |b| {
                b.cross_origin_resource_policy(ResourcePolicy::SameOrigin)
            }),
            (RESOURCES_SAME_SITE, |b| {
                b.cross_origin_resource_policy(ResourcePolicy::SameSite)
            }),
            (RESOURCES_CROSS_ORIGIN, |b| {
                b.cross_origin_resource_policy(ResourcePolicy::CrossOrigin)
            }),
            (TRUST_EVERY_ORIGIN, |b| {
                b.dangerously_trust_every_admitted_origin()
            }),
            (PUBLIC_SUFFIXES, |b| b.dangerously_allow_public_suffixes()),
        ];
        for (flag, method) in methods {
            if self.has(flag) {
                builder = method(builder);
            }
        }
        Ok(builder)
    }

    /// Builds the doors, whose list of hosts lies in the memory.
    ///
    /// # Safety
    ///
    /// The list and its strings are as the header demands.
    unsafe fn build(&self, memory: &mut Memory) -> Result<PlainDoors, Mistake> {
        let not_ascii = |bytes, at| Mistake::of_host(cors::DoorsErrorKind::NonAscii, bytes, at);
        // SAFETY: the caller vouches for the list.
        let hosts = unsafe { self.hosts.texts_of(c"hosts", not_ascii, memory) }?;
        self.builder()?.allow_hosts(hosts).build().map_err(|error| {
            Mistake::of_host(error.kind(), error.entry().as_bytes(), error.at()).at_index(error.index())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_size(config: *const Config) -> usize {
    // SAFETY: the header makes the same demands.
    unsafe { checked(config) }
        .ok()
        .and_then(Config::size)
        .unwrap_or(0)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_init(
    memory: *mut c_void,
    size: usize,
    config: *const Config,
    doors: *mut *const DoorsSlot,
    error: *mut Error,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        if doors.is_null() {
            return report(Mistake::new(Cause::Argument, c"doors"), error);
        }
        doors.write(core::ptr::null());
        let built = checked(config).and_then(|config| {
            let (mut memory, place) = start::<PlainDoors>(memory, size, config.size())?;
            slot::fill(place, config.build(&mut memory)?).map_err(|_| Mistake::NO_MEMORY)?;
            Ok(place.cast_const())
        });
        match built {
            Ok(built) => {
                doors.write(built);
                code::OK
            }
            Err(mistake) => report(mistake, error),
        }
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_max_response_size(
    doors: *const DoorsSlot,
    policy: *const PolicySlot,
) -> usize {
    // SAFETY: the header makes the same demands.
    match unsafe { (slot::get(doors), Stored::get(policy)) } {
        (Ok(_), Ok(policy)) => policy.max_response_len().saturating_add(PlainDoors::MORE_LEN + 1),
        _ => 0,
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_init(
    request: *mut RequestSlot,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let made = unsafe { slot::init(request, || pointer::bytes(method, len).map(DoorsRequest::new)) };
    code::of(made.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_from_head(
    request: *mut RequestSlot,
    head: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let made = unsafe {
        slot::init(request, || {
            DoorsRequest::from_head(pointer::bytes(head, len)?).map_err(head_error)
        })
    };
    code::of(made.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_from_header_section(
    request: *mut RequestSlot,
    method: *const c_char,
    method_len: usize,
    section: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let made = unsafe {
        slot::init(request, || {
            let method = pointer::bytes(method, method_len)?;
            DoorsRequest::from_header_section(method, pointer::bytes(section, len)?).map_err(head_error)
        })
    };
    code::of(made.map(|()| code::OK))
}

/// Changes a request. If `change` fails the request counts as incomplete, so a caller that ignores
/// the error gets a refusal.
///
/// # Safety
///
/// `request` is NULL or points to a struct that nothing else uses.
unsafe fn change(
    request: *mut RequestSlot,
    change: impl FnOnce(&mut DoorsRequest<'static>) -> Result<(), c_int>,
) -> c_int {
    // SAFETY: the caller vouches for the struct.
    let changed = unsafe { slot::get_mut(request) }.and_then(|request| {
        change(request).inspect_err(|_| {
            request.mark_incomplete();
        })
    });
    code::of(changed.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_add_field(
    request: *mut RequestSlot,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            let name = pointer::bytes(name, name_len)?;
            request.push(name, pointer::bytes(value, value_len)?);
            Ok(())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_add_truncated_field(
    request: *mut RequestSlot,
    name: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            request.push_truncated(pointer::bytes(name, len)?);
            Ok(())
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_request_set_target(
    request: *mut RequestSlot,
    target: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        change(request, |request| {
            request.set_target(pointer::bytes(target, len)?);
            Ok(())
        })
    }
}

macro_rules! settings_of_requests {
    ($($function:ident: $method:ident;)*) => {$(
        /// Documented in the header.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $function(request: *mut RequestSlot) -> c_int {
            // SAFETY: the header makes the same demands.
            unsafe {
                change(request, |request| {
                    request.$method();
                    Ok(())
                })
            }
        }
    )*};
}

settings_of_requests! {
    ecors_doors_request_set_http_1_0: set_http_1_0;
    ecors_doors_request_set_event_stream: set_event_stream;
    ecors_doors_request_mark_incomplete: mark_incomplete;
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_reader_init(reader: *mut ReaderSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    let made = unsafe { slot::init(reader, || Ok(Reader::new())) };
    code::of(made.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_reader_init_for_header_section(
    reader: *mut ReaderSlot,
    method: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let made = unsafe {
        slot::init(reader, || {
            pointer::bytes(method, len).map(Reader::for_header_section)
        })
    };
    code::of(made.map(|()| code::OK))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_reader_push(
    reader: *mut ReaderSlot,
    piece: *const c_char,
    len: usize,
    used: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    let pushed = unsafe {
        pointer::store(used, 0);
        slot::get_mut(reader).and_then(|reader| {
            let piece = pointer::bytes(piece, len)?;
            let progress = reader.push(piece).map_err(head_error)?;
            let (code, count) = match progress {
                Progress::NeedsMore => (code::NEEDS_MORE, len),
                Progress::Done { used } => (code::DONE, used),
            };
            pointer::store(used, count);
            Ok(code)
        })
    };
    code::of(pushed)
}

/// Stores the decision about a request, and returns what the server does with the request.
///
/// # Safety
///
/// The pointers are as the header demands.
unsafe fn decide(
    doors: *const DoorsSlot,
    policy: *const PolicySlot,
    request: impl FnOnce() -> Result<DoorsRequest<'static>, c_int>,
    decision: *mut DecisionSlot,
) -> c_int {
    let mut what = ANSWER;
    // SAFETY: the caller vouches for the pointers.
    let stored = unsafe {
        slot::init(decision, || {
            let (doors, policy) = (slot::get(doors)?, Stored::get(policy)?);
            let decision = doors.decide_with(&request()?, |request| policy.decide(request, Reply::Answer));
            if decision.response().is_none() {
                what = PASS;
            }
            Ok(decision)
        })
    };
    code::of(stored.map(|()| what))
}

/// Returns the request that a reader has read.
// Inlined into both callers, it takes 800 bytes more on x86-64.
#[inline(never)]
fn request_of(reader: &Reader) -> DoorsRequest<'_> {
    reader.request()
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decide(
    doors: *const DoorsSlot,
    policy: *const PolicySlot,
    request: *const RequestSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { decide(doors, policy, || slot::get(request).cloned(), decision) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_reader_decide(
    doors: *const DoorsSlot,
    policy: *const PolicySlot,
    reader: *const ReaderSlot,
    decision: *mut DecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { decide(doors, policy, || slot::get(reader).map(request_of), decision) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_reader_decide_for_error_reply(
    policy: *const PolicySlot,
    reader: *const ReaderSlot,
    decision: *mut CorsDecisionSlot,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        crate::decision::init(decision, || {
            let (policy, request) = (Stored::get(policy)?, request_of(slot::get(reader)?));
            Ok(policy.decide(request.request(), Reply::Error))
        })
    }
}

/// Returns the number that `number` reads from a decision, or why there is no decision.
///
/// # Safety
///
/// `decision` is as the header demands.
unsafe fn read(decision: *const DecisionSlot, number: impl FnOnce(&DoorsDecision<'_>) -> c_int) -> c_int {
    // SAFETY: the caller vouches for the struct.
    code::of(unsafe { slot::get(decision) }.map(number))
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_door(decision: *const DecisionSlot) -> c_int {
    let door = |decision: &DoorsDecision<'_>| match decision.door() {
        Door::Preflight => PREFLIGHT,
        Door::WebSocket => WEBSOCKET,
        Door::UnsafeMethod => UNSAFE_METHOD,
        Door::SafeMethod => SAFE_METHOD,
        Door::EventStream => EVENT_STREAM,
        // `Door` may get variants; the tests go through every door.
        _ => HOST,
    };
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, door) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_is_refused(decision: *const DecisionSlot) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe { slot::get(decision) }
        .map_or(true, |decision| decision.is_refused())
        .into()
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_reason(decision: *const DecisionSlot) -> c_int {
    let reason = |decision: &DoorsDecision<'_>| match decision.refusal() {
        Some(refusal) => refusal.reason().code().into(),
        None => 0,
    };
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, reason) }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_reason_byte(decision: *const DecisionSlot) -> usize {
    // SAFETY: the header makes the same demands.
    let decision = unsafe { slot::get(decision) };
    let position = decision.ok().and_then(|decision| decision.refusal()?.position());
    match position {
        Some(RefusalPosition::Byte(byte)) => byte,
        _ => NO_POSITION,
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_status(decision: *const DecisionSlot) -> c_int {
    let status = |decision: &DoorsDecision<'_>| match decision.response() {
        Some(response) => response.status().cast_signed().into(),
        None => 0,
    };
    // SAFETY: the header makes the same demands.
    unsafe { read(decision, status) }
}

/// The name that the doors add to those of decisions.
const RESOURCE_POLICY: &CStr = c"cross-origin-resource-policy";

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_fields(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    fields: *mut Fields,
    needed: *mut usize,
) -> c_int {
    let name = |name: &str| c_name(name).or(Some(RESOURCE_POLICY.as_ptr()));
    // SAFETY: the header makes the same demands.
    unsafe {
        write_fields(buffer, size, fields, needed, |bytes, place| {
            place.store(slot::get(decision)?.write_fields(bytes), name, false)
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_field_lines(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        write_text(buffer, size, len, |room| {
            let written = slot::get(decision)?.write_fields(room);
            Ok(written.map(|lines| lines.len()).map_err(|error| error.needed()))
        })
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_doors_decision_response(
    decision: *const DecisionSlot,
    buffer: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        write_text(buffer, size, len, |room| {
            let response = slot::get(decision)?.response().ok_or(code::STATE)?;
            let written = response.write(room);
            Ok(written.map(<[u8]>::len).map_err(|error| error.needed()))
        })
    }
}
