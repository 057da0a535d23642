//! Policies, built in memory of the caller's.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

#[cfg(feature = "index")]
use cors::OriginIndex;
use cors::Policy;

use crate::cause::Cause;
use crate::code;
use crate::config::Config;
#[cfg(feature = "rules")]
use crate::config::PREDICATE_SIZE;
use crate::error::{Error, Mistake, report};
use crate::memory::Memory;
use crate::slot::{self, Slot};
use crate::stored::{PolicySlot, Stored};
#[cfg(feature = "rules")]
use crate::stored_rules::RulesSlot;

/// The part of `ECORS_POLICY_SIZE` that does not depend on the entries.
pub(crate) const FIXED: usize = 96 * size_of::<*const ()>();

/// The part of `ECORS_RENDERED_SIZE` that does not depend on the names.
pub(crate) const RENDERED: usize = 512;

// Everything but the entries fits into `FIXED`, wherever the memory begins; of rules also the slot
// beside the policies. The header's macro counts two words for an entry. Without rules less has to
// fit.
#[cfg(feature = "rules")]
const _: () = assert!(
    size_of::<PolicySlot>()
        + size_of::<RulesSlot>()
        + size_of::<cors::OriginIndex<'_>>()
        + PREDICATE_SIZE
        + 8 * align_of::<u64>()
        <= FIXED
        && size_of::<&str>() == 2 * size_of::<usize>()
);

/// Returns the bytes of memory that a policy takes, or `None` if no memory has that many.
///
/// # Safety
///
/// The lists and strings of the configuration are as the header demands.
pub(crate) unsafe fn size_of_policy(config: &Config) -> Option<usize> {
    let mut size = FIXED;
    for (list, is_rendered) in [
        (&config.origins, config.renders_origins()),
        (&config.methods, config.renders()),
        (&config.headers, config.renders()),
        (&config.expose, config.renders()),
    ] {
        size = size.checked_add(list.len.checked_mul(size_of::<&str>())?)?;
        if is_rendered {
            // SAFETY: the caller vouches for the lists.
            size = size.checked_add(unsafe { list.joined_len() }?)?;
        }
    }
    #[cfg(feature = "index")]
    if config.has_index() {
        let slots = OriginIndex::slots_for(config.origins.len);
        size = size.checked_add(slots.checked_mul(size_of::<u32>())?)?;
    }
    if config.renders() {
        size = size.checked_add(RENDERED)?;
    }
    (size <= isize::MAX as usize).then_some(size)
}

/// Returns the configuration if its size is this library's.
///
/// # Safety
///
/// `config` is as the header demands.
pub(crate) unsafe fn checked<'c>(config: *const Config) -> Result<&'c Config, Mistake> {
    if config.is_null() || !config.is_aligned() {
        return Err(Mistake::new(Cause::Argument, c"config"));
    }
    // SAFETY: the pointer is not NULL. The first member says how large the struct is, so it is read
    // before any other member.
    let size = unsafe { (&raw const (*config).struct_size).read() };
    if size != size_of::<Config>() {
        return Err(Mistake::new(Cause::StructSize, c"struct_size"));
    }
    // SAFETY: the caller says that the whole struct is there.
    Ok(unsafe { &*config })
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_size(config: *const Config) -> usize {
    // SAFETY: the header makes the same demands.
    let size = unsafe { checked(config).ok().and_then(|config| size_of_policy(config)) };
    size.unwrap_or(0)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_init(
    memory: *mut c_void,
    size: usize,
    config: *const Config,
    policy: *mut *const PolicySlot,
    error: *mut Error,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        store(policy, error, || {
            let config = checked(config)?;
            let (mut memory, place) = start(memory, size, size_of_policy(config))?;
            build(config, &mut memory, slot::place(place))?;
            slot::set_mark(place);
            Ok(place.cast_const())
        })
    }
}

/// Stores the policy that `build` returns, or reports the mistake.
///
/// # Safety
///
/// `policy` and `error` are as the header demands.
pub(crate) unsafe fn store(
    policy: *mut *const PolicySlot,
    error: *mut Error,
    build: impl FnOnce() -> Result<*const PolicySlot, Mistake>,
) -> c_int {
    // SAFETY: the caller vouches for both places.
    unsafe {
        if policy.is_null() {
            return report(Mistake::new(Cause::Argument, c"policy"), error);
        }
        policy.write(core::ptr::null());
        match build() {
            Ok(built) => {
                policy.write(built);
                code::OK
            }
            Err(mistake) => report(mistake, error),
        }
    }
}

/// Takes over memory of at least `needed` bytes. Returns it with the slot of a policy or of rules,
/// which is empty.
///
/// # Safety
///
/// The memory is as the header demands.
pub(crate) unsafe fn start<T>(
    memory: *mut c_void,
    size: usize,
    needed: Option<usize>,
) -> Result<(Memory, *mut Slot<T>), Mistake> {
    let Some(memory) = NonNull::new(memory.cast::<u8>()) else {
        return Err(Mistake::new(Cause::Argument, c"memory"));
    };
    if needed.is_none_or(|needed| size < needed) {
        return Err(Mistake::NO_MEMORY);
    }
    // SAFETY: the header asks for this memory, for as long as the policy is used.
    let mut memory = unsafe { Memory::new(memory, size.min(isize::MAX as usize)) };
    let place = memory.take::<Slot<T>>(1).ok_or(Mistake::NO_MEMORY)?;
    // From here on a policy that was in this memory before is refused, even if building this one
    // fails.
    // SAFETY: the place lies in the memory, and nothing else uses it.
    unsafe { slot::clear(place) }.map_err(|_| Mistake::NO_MEMORY)?;
    Ok((memory, place))
}

/// Builds the policy of a configuration at `place`, because it is too large to be moved on the
/// stack of a microcontroller.
///
/// # Safety
///
/// The lists and strings of the configuration are as the header demands. `place` is aligned, and
/// nothing else uses it.
#[inline(never)]
pub(crate) unsafe fn build(
    config: &Config,
    memory: &mut Memory,
    place: *mut Policy<'static>,
) -> Result<(), Mistake> {
    // SAFETY: the caller vouches for the configuration and the place.
    unsafe {
        place.write(config.builder(memory)?.build()?);
        #[cfg(feature = "render")]
        if config.renders() {
            render(memory, place)?;
        }
    }
    Ok(())
}

/// Replaces the policy at `place` by a rendered one.
///
/// # Safety
///
/// There is a policy, and nothing else uses it.
// Inlined into `build`, it adds another policy to the stack of that function.
#[cfg(feature = "render")]
#[inline(never)]
unsafe fn render(memory: &mut Memory, place: *mut Policy<'static>) -> Result<(), Mistake> {
    // SAFETY: the caller vouches for the policy.
    unsafe {
        let text = memory.bytes((*place).rendered_len()).ok_or(Mistake::NO_MEMORY)?;
        place.write((*place).render(text).map_err(|_| Mistake::NO_MEMORY)?);
    }
    Ok(())
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_max_response_size(policy: *const PolicySlot) -> usize {
    // SAFETY: the header makes the same demands.
    unsafe { Stored::get(policy) }.map_or(0, |policy| policy.max_response_len() + 1)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_policy_max_fields(policy: *const PolicySlot) -> usize {
    // SAFETY: the header makes the same demands.
    unsafe { Stored::get(policy) }.map_or(0, Stored::max_fields)
}
