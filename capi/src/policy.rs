//! Policies in memory of the caller's.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use cors::{OriginIndex, Policy};

use crate::config::{Config, PREDICATE_SIZE};
use crate::error::{Error, Mistake, report};
use crate::memory::Memory;
use crate::pointer;
use crate::slot::{self, Marked, Slot};

impl Marked for Policy<'static> {
    const MARK: u32 = 0xec05_0001;
}

/// `ecors_policy`: at the start of its memory, but for alignment.
pub type Stored = Slot<Policy<'static>>;

/// What `ECORS_POLICY_SIZE` has besides the entries.
pub(crate) const FIXED: usize = 96 * size_of::<*const ()>();

/// What `ECORS_RENDERED_SIZE` has besides the names.
pub(crate) const RENDERED: usize = 512;

// What is not an entry fits, wherever the memory begins; the header takes an entry for a string of C's.
const _: () = assert!(
    size_of::<Stored>() + size_of::<OriginIndex<'_>>() + PREDICATE_SIZE + 8 * align_of::<u64>() <= FIXED
        && size_of::<&str>() == 2 * size_of::<usize>()
);

/// The bytes of memory that a policy takes.
///
/// # Safety
///
/// The lists and strings are what they say.
unsafe fn size_of_policy(config: &Config) -> Option<usize> {
    let entries = [
        config.origins.len,
        config.methods.len,
        config.headers.len,
        config.expose.len,
    ];
    let mut size = FIXED;
    for len in entries {
        size = size.checked_add(len.checked_mul(size_of::<&str>())?)?;
    }
    if config.has_index() {
        let slots = OriginIndex::slots_for(config.origins.len);
        size = size.checked_add(slots.checked_mul(size_of::<u32>())?)?;
    }
    if config.renders() {
        size = size.checked_add(RENDERED)?;
        for list in [&config.methods, &config.headers, &config.expose] {
            // SAFETY: as the caller says.
            size = size.checked_add(unsafe { list.joined_len() }?)?;
        }
    }
    (size <= isize::MAX as usize).then_some(size)
}

/// The configuration, if it is one of this library's.
///
/// # Safety
///
/// As the header says.
unsafe fn known<'c>(config: *const Config) -> Result<&'c Config, Mistake> {
    if config.is_null() || !config.is_aligned() {
        return Err(Mistake::argument(c"config"));
    }
    // SAFETY: not NULL. The first member says how large the struct is.
    let size = unsafe { (&raw const (*config).struct_size).read() };
    if size != size_of::<Config>() {
        return Err(Mistake::ABI);
    }
    // SAFETY: the whole struct is there.
    Ok(unsafe { &*config })
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_size(config: *const Config) -> usize {
    // SAFETY: as the header says.
    let size = unsafe { known(config).ok().and_then(|config| size_of_policy(config)) };
    size.unwrap_or(0)
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_init(
    memory: *mut c_void,
    size: usize,
    config: *const Config,
    policy: *mut *const Stored,
    error: *mut Error,
) -> c_int {
    // SAFETY: as the header says.
    unsafe {
        pointer::store(policy, core::ptr::null());
        match init(memory, size, config) {
            _ if policy.is_null() => report(Mistake::argument(c"policy"), error),
            Ok(made) => {
                pointer::store(policy, made);
                crate::code::OK
            }
            Err(mistake) => report(mistake, error),
        }
    }
}

/// # Safety
///
/// As the header says.
unsafe fn init(memory: *mut c_void, size: usize, config: *const Config) -> Result<*const Stored, Mistake> {
    // SAFETY: as the header says.
    let config = unsafe { known(config) }?;
    let Some(memory) = NonNull::new(memory.cast::<u8>()) else {
        return Err(Mistake::argument(c"memory"));
    };
    // SAFETY: as the header says.
    match unsafe { size_of_policy(config) } {
        Some(needed) if needed <= size => {}
        _ => return Err(Mistake::NO_MEMORY),
    }
    // SAFETY: the header asks for so many bytes, for as long as the policy is used.
    let mut memory = unsafe { Memory::new(memory, size.min(isize::MAX as usize)) };
    let stored = memory.place::<Stored>().ok_or(Mistake::NO_MEMORY)?;
    // If this fails, a policy that was there before is none any more.
    // SAFETY: the place is in the memory and nobody else's.
    unsafe { slot::clear(stored) }.map_err(|_| Mistake::NO_MEMORY)?;
    // SAFETY: as the header says.
    let builder = unsafe { config.builder(&mut memory) }?;
    let mut policy = match builder.build() {
        Ok(policy) => policy,
        Err(error) => return Err(Mistake::config(Error::from(error))),
    };
    if config.renders() {
        policy = policy.render(memory.rest()).map_err(|_| Mistake::NO_MEMORY)?;
    }
    // SAFETY: the place is in the memory and nobody else's.
    unsafe { slot::fill(stored, policy) };
    Ok(stored)
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_max_response_size(policy: *const Stored) -> usize {
    // SAFETY: as the header says.
    unsafe { slot::get(policy) }.map_or(0, |policy| policy.max_response_len() + 1)
}

/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_max_fields(policy: *const Stored) -> usize {
    // SAFETY: as the header says.
    unsafe { slot::get(policy) }.map_or(0, |policy| policy.max_fields())
}
