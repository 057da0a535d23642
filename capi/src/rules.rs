//! Rules, built in memory of the caller's.

use core::ffi::{c_int, c_void};
use core::slice;

use cors::{MAX_RULES, Policy, Rules};

use crate::cause::Cause;
use crate::config::Config;
use crate::error::{Error, Mistake};
use crate::policy::{build, checked, size_of_policy, start, store};
use crate::reply::Reply;
use crate::slot;
use crate::stored::PolicySlot;
#[cfg(feature = "readers")]
use crate::stored_rules::RulesReader;
use crate::stored_rules::{RulesCode, StoredRules};

/// The functions for rules. See [`RulesCode`].
static CODE: RulesCode = RulesCode {
    decide: |rules, request, reply| match reply {
        Reply::Answer => rules.decide(request),
        Reply::Error => rules.decide_for_error_reply(request),
    },
    #[cfg(feature = "readers")]
    reader: |method| match method {
        Some(method) => RulesReader::for_header_section(method),
        None => RulesReader::new(),
    },
    #[cfg(feature = "readers")]
    push: |reader, piece| reader.push(piece),
    #[cfg(feature = "readers")]
    decide_read: |rules, reader, reply| (CODE.decide)(rules, &reader.request(), reply),
};

/// The configurations of a list of rules.
struct Configs {
    first: *const Config,
    count: usize,
}

impl Configs {
    /// Checks the number of the rules.
    fn new(first: *const Config, count: usize) -> Result<Self, Mistake> {
        let cause = match count {
            0 => Cause::NoRules,
            1..=MAX_RULES if first.is_null() => return Err(Mistake::new(Cause::Argument, c"rules")),
            1..=MAX_RULES => return Ok(Self { first, count }),
            _ => Cause::TooManyRules,
        };
        Err(Mistake::new(cause, c"count"))
    }

    /// Calls `use_config` with each configuration. A mistake gets the index of its rule.
    ///
    /// # Safety
    ///
    /// The configurations are as the header demands.
    unsafe fn for_each(
        &self,
        use_config: &mut dyn FnMut(usize, &Config) -> Result<(), Mistake>,
    ) -> Result<(), Mistake> {
        for index in 0..self.count {
            // SAFETY: the caller vouches for the configurations. The one before this has the size
            // that this library expects, so this one begins where it ends.
            unsafe { checked(self.first.wrapping_add(index)) }
                .and_then(|config| use_config(index, config))
                .map_err(|mistake| mistake.in_rule(index))?;
        }
        Ok(())
    }

    /// Returns the bytes of memory that the rules take.
    ///
    /// # Safety
    ///
    /// The configurations are as the header demands.
    unsafe fn size(&self) -> Result<usize, Mistake> {
        let mut sum: usize = 0;
        // SAFETY: the caller vouches for the configurations.
        unsafe {
            self.for_each(&mut |_, config| {
                let size = size_of_policy(config).and_then(|size| sum.checked_add(size));
                sum = size.ok_or(Mistake::NO_MEMORY)?;
                Ok(())
            })?;
        }
        Ok(sum)
    }
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_rules_size(rules: *const Config, count: usize) -> usize {
    // SAFETY: the header makes the same demands.
    unsafe { Configs::new(rules, count).and_then(|configs| configs.size()) }.unwrap_or(0)
}

/// Documented in the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ecors_rules_init(
    memory: *mut c_void,
    size: usize,
    rules: *const Config,
    count: usize,
    policy: *mut *const PolicySlot,
    error: *mut Error,
) -> c_int {
    // SAFETY: the header makes the same demands.
    unsafe {
        store(policy, error, || {
            let configs = Configs::new(rules, count)?;
            let (mut memory, place) = start(memory, size, Some(configs.size()?))?;
            let policies = memory.take::<Policy<'static>>(count).ok_or(Mistake::NO_MEMORY)?;
            configs.for_each(&mut |index, config| build(config, &mut memory, policies.add(index)))?;
            // All policies are written, and `take` hands a place out only once.
            let rules = Rules::new(slice::from_raw_parts(policies, count))?;
            let stored = StoredRules {
                max_response_len: rules.max_response_len(),
                max_fields: rules.max_fields(),
                rules,
                code: &CODE,
            };
            slot::fill(place, stored).map_err(|_| Mistake::NO_MEMORY)?;
            Ok(place.cast_const().cast())
        })
    }
}
