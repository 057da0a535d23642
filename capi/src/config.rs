//! `ecors_config`, the plain data that a policy is built from.
//!
//! Rust programs have other types for that; this one is part of the ABI, so its layout is
//! the header's and it borrows everything.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::slice;

#[cfg(feature = "index")]
use cors::OriginIndex;
use cors::{Origin, PolicyBuilder, PolicyErrorKind, PreflightRefusedStatus, PreflightSuccessStatus, Setting};

use crate::cause::Cause;
use crate::code;
use crate::error::{Mistake, Permission, member};
use crate::memory::Memory;
use crate::pointer;
use crate::text::Str;

/// `ecors_list`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct List {
    pub(crate) items: *const Str,
    pub(crate) len: usize,
}

impl List {
    /// Returns the entries.
    ///
    /// # Safety
    ///
    /// `items` is NULL or points to `len` strings.
    unsafe fn as_slice(&self) -> Result<&[Str], c_int> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.items.is_null() || self.len > isize::MAX as usize / size_of::<Str>() {
            return Err(code::ARG);
        }
        // SAFETY: the pointer is not NULL and the length is possible; the caller vouches for the
        // rest.
        Ok(unsafe { slice::from_raw_parts(self.items, self.len) })
    }

    /// Returns the bytes of all entries and of a comma after each, or `None` if that overflows.
    /// A list or an entry that is not valid counts nothing here; [`texts`](Self::texts) reports it.
    ///
    /// # Safety
    ///
    /// `items` is NULL or points to `len` strings.
    // Inlined for each list it takes 300 bytes more on a Cortex-M3.
    #[inline(never)]
    pub(crate) unsafe fn joined_len(&self) -> Option<usize> {
        // SAFETY: the caller vouches for the list.
        let items = unsafe { self.as_slice() }.unwrap_or_default();
        let strings = items.iter().filter(|item| item.len <= isize::MAX as usize);
        strings
            .map(|item| item.len)
            .try_fold(0, |len: usize, item| len.checked_add(item)?.checked_add(1))
    }

    /// Copies the list into the policy's memory, as Rust's string slices. The bytes of the strings
    /// stay where they are.
    ///
    /// # Safety
    ///
    /// `items` is NULL or points to `len` strings, and each string points to its bytes.
    unsafe fn texts(
        &self,
        setting: Setting,
        memory: &mut Memory,
    ) -> Result<&'static [&'static str], Mistake> {
        let not_utf8 = |bytes, at| not_utf8(setting, bytes, at);
        // SAFETY: the caller vouches for the list.
        unsafe { self.texts_of(member(setting), not_utf8, memory) }
    }

    /// Does the same for the list of any member. `not_utf8` makes the mistake of an entry that is
    /// not UTF-8 from a byte on.
    ///
    /// # Safety
    ///
    /// `items` is NULL or points to `len` strings, and each string points to its bytes.
    pub(crate) unsafe fn texts_of(
        &self,
        member: &'static CStr,
        not_utf8: impl Fn(&'static [u8], usize) -> Mistake,
        memory: &mut Memory,
    ) -> Result<&'static [&'static str], Mistake> {
        let not_valid = || Mistake::new(Cause::Argument, member);
        // SAFETY: the caller vouches for the list.
        let items = unsafe { self.as_slice() }.map_err(|_| not_valid())?;
        let texts = memory.put_all(items.len(), |index| {
            let Some(item) = items.get(index) else {
                return Err(Mistake::NO_MEMORY);
            };
            // SAFETY: the caller vouches for the strings.
            let bytes = unsafe { pointer::bytes(item.ptr, item.len) };
            let checked = match bytes {
                Ok(bytes) => {
                    core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))
                }
                Err(_) => Err(not_valid()),
            };
            checked.map_err(|mistake| mistake.at_index(index))
        });
        texts.unwrap_or(Err(Mistake::NO_MEMORY)).map(|texts| &*texts)
    }
}

/// Returns the mistake of an entry that is not UTF-8 from a byte on. Every valid entry is ASCII, so
/// it is reported like any other byte outside ASCII.
pub(crate) fn not_utf8(setting: Setting, bytes: &'static [u8], at: usize) -> Mistake {
    let kind = match setting {
        Setting::AllowOrigins => PolicyErrorKind::NonAscii,
        _ => PolicyErrorKind::NotAToken,
    };
    Mistake::of_entry(Cause::Engine(kind), setting, bytes, Some(at))
}

/// `ecors_origin_predicate`.
type Function = unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> c_int;

/// `ecors_config`.
#[repr(C)]
pub struct Config {
    pub(crate) struct_size: usize,
    pub(crate) flags: u32,
    pub(crate) max_age_seconds: i32,
    pub(crate) origins: List,
    pub(crate) methods: List,
    pub(crate) headers: List,
    pub(crate) expose: List,
    pub(crate) origin_predicate: Option<Function>,
    pub(crate) predicate_user: *mut c_void,
    // Not a `u64`, which would align the struct to 8 bytes on most 32-bit machines. Some allocators
    // there, such as the `malloc` of ESP-IDF, align to 4 bytes only.
    pub(crate) index_seed: [u8; 8],
}

// `ECORS_CREDENTIALS` and so on. The flags that are called dangerous are in `Permission`.
pub(crate) const CREDENTIALS: u32 = 0x1;
pub(crate) const TIMING: u32 = 0x2;
pub(crate) const HIDE_LISTS_WHEN_REFUSED: u32 = 0x4;
pub(crate) const ANSWER_ONLY_REQUESTED: u32 = 0x8;
pub(crate) const STRICT_REQUEST_HEADERS: u32 = 0x10;
pub(crate) const SUCCESS_STATUS_200: u32 = 0x20;
pub(crate) const REFUSED_STATUS_204: u32 = 0x40;
pub(crate) const REFUSED_STATUS_200: u32 = 0x80;
pub(crate) const RENDER: u32 = 0x100;
pub(crate) const SUCCESS_STATUS_204_BARE: u32 = 0x200;
pub(crate) const LOOPBACK: u32 = 0x400;
const ALL_FLAGS: u32 = 0x7_07ff;

impl Config {
    /// `ECORS_INDEX_MIN_ORIGINS`. The engine keeps a fingerprint of each of the first 32 origins of
    /// a list, and that is as fast as an index.
    pub(crate) const INDEX_MIN_ORIGINS: usize = 33;

    const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(crate) const fn renders(&self) -> bool {
        cfg!(feature = "render") && self.has(RENDER)
    }

    /// Returns whether rendered text may have all origins, in `Timing-Allow-Origin`. Those of an
    /// index are never written.
    pub(crate) const fn renders_origins(&self) -> bool {
        self.renders() && self.has(TIMING) && !self.has_index()
    }

    pub(crate) const fn has_index(&self) -> bool {
        self.origins.len >= Self::INDEX_MIN_ORIGINS
    }

    /// Returns a builder with all settings, and puts what it borrows into the policy's memory.
    ///
    /// # Safety
    ///
    /// The lists and strings are as the header demands.
    pub(crate) unsafe fn builder(&self, memory: &mut Memory) -> Result<PolicyBuilder<'static>, Mistake> {
        self.check_flags()?;
        // SAFETY: the caller vouches for the four lists.
        let [origins, methods, headers, expose] = unsafe {
            [
                self.origins.texts(Setting::AllowOrigins, memory)?,
                self.methods.texts(Setting::AllowMethods, memory)?,
                self.headers.texts(Setting::AllowHeaders, memory)?,
                self.expose.texts(Setting::ExposeHeaders, memory)?,
            ]
        };
        let mut builder = self.with_options(cors::Policy::builder())?;
        builder = if self.has_index() {
            #[cfg(not(feature = "index"))]
            return Err(Mistake::new(Cause::NoIndex, c"origins"));
            #[cfg(feature = "index")]
            builder.allow_indexed_origins(self.index(origins, memory)?)
        } else {
            builder.allow_origins(origins)
        };
        if let Some(function) = self.origin_predicate {
            let predicate = Predicate {
                function,
                user: self.predicate_user,
            };
            let admits = move |origin: &Origin<'_>| predicate.admits(origin);
            builder = builder.allow_origin_if(memory.put(admits).ok_or(Mistake::NO_MEMORY)?);
        }
        Ok(builder
            .allow_methods(methods)
            .allow_headers(headers)
            .expose_headers(expose))
    }

    fn check_flags(&self) -> Result<(), Mistake> {
        let cause = if self.flags & !ALL_FLAGS != 0 {
            Cause::UnknownFlag
        } else if self.has(SUCCESS_STATUS_200) && self.has(SUCCESS_STATUS_204_BARE) {
            Cause::TwoSuccessStatuses
        } else if self.has(REFUSED_STATUS_204) && self.has(REFUSED_STATUS_200) {
            Cause::TwoRefusedStatuses
        } else {
            return Ok(());
        };
        Err(Mistake::new(cause, c"flags"))
    }

    fn with_options(&self, mut builder: PolicyBuilder<'static>) -> Result<PolicyBuilder<'static>, Mistake> {
        if let Some(seconds) = max_age(self.max_age_seconds)? {
            builder = builder.max_age_seconds(seconds);
        }
        if self.has(CREDENTIALS) {
            builder = builder.allow_credentials();
        }
        if self.has(LOOPBACK) {
            builder = builder.allow_loopback();
        }
        if self.has(TIMING) {
            builder = builder.allow_timing();
        }
        if self.has(HIDE_LISTS_WHEN_REFUSED) {
            builder = builder.hide_lists_when_refused();
        }
        if self.has(ANSWER_ONLY_REQUESTED) {
            builder = builder.answer_only_requested();
        }
        if self.has(STRICT_REQUEST_HEADERS) {
            builder = builder.strict_request_headers();
        }
        if self.has(SUCCESS_STATUS_200) {
            builder = builder.success_status(PreflightSuccessStatus::Ok);
        }
        if self.has(SUCCESS_STATUS_204_BARE) {
            builder = builder.success_status(PreflightSuccessStatus::NoContentBare);
        }
        if self.has(REFUSED_STATUS_204) {
            builder = builder.refused_status(PreflightRefusedStatus::NoContent);
        }
        if self.has(REFUSED_STATUS_200) {
            builder = builder.refused_status(PreflightRefusedStatus::Ok);
        }
        if self.has(Permission::InsecureOrigins.bit()) {
            builder = builder.dangerously_allow_insecure_origins_with_credentials();
        }
        if self.has(Permission::PublicSuffixes.bit()) {
            builder = builder.dangerously_allow_public_suffixes_with_credentials();
        }
        if self.has(Permission::Predicate.bit()) {
            builder = builder.dangerously_allow_predicate_with_credentials();
        }
        Ok(builder)
    }

    #[cfg(feature = "index")]
    fn index(
        &self,
        origins: &'static [&'static str],
        memory: &mut Memory,
    ) -> Result<&'static OriginIndex<'static>, Mistake> {
        let slots = OriginIndex::slots_for(origins.len());
        let slots = memory.put_all(slots, |_| Ok::<u32, Mistake>(0));
        let slots = slots.unwrap_or(Err(Mistake::NO_MEMORY))?;
        // In this order of bytes, a seed makes the same index on every machine.
        let seed = u64::from_le_bytes(self.index_seed);
        let index = OriginIndex::build(origins, slots, seed).map_err(|error| match error.kind() {
            PolicyErrorKind::Full => Mistake::new(Cause::IndexSeed, c"index_seed"),
            _ => Mistake::from(error),
        })?;
        memory.put(index).ok_or(Mistake::NO_MEMORY)
    }
}

/// Returns the seconds of `Access-Control-Max-Age`, or `None` if responses have none. The engine
/// checks the upper bound.
pub(crate) fn max_age(seconds: i32) -> Result<Option<u32>, Mistake> {
    match u32::try_from(seconds) {
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) if seconds == -1 => Ok(None),
        Err(_) => Err(Mistake::new(Cause::NegativeMaxAge, c"max_age_seconds")),
    }
}

/// The caller's function, and the pointer that it gets.
#[derive(Clone, Copy)]
struct Predicate {
    function: Function,
    user: *mut c_void,
}

// SAFETY: the header says that any thread may call the function.
unsafe impl Sync for Predicate {}

impl Predicate {
    fn admits(&self, origin: &Origin<'_>) -> bool {
        let origin = origin.as_str();
        // SAFETY: the caller vouches for the function; the origin lives during the call.
        unsafe { (self.function)(self.user, origin.as_ptr().cast(), origin.len()) == 1 }
    }
}

/// The bytes of the closure that calls the predicate. It captures a [`Predicate`] and nothing else.
#[cfg(feature = "rules")]
pub(crate) const PREDICATE_SIZE: usize = size_of::<Predicate>();
