//! What a policy is made of, as C has it.

use core::ffi::{c_char, c_int, c_void};
use core::slice;

use cors::{Origin, OriginIndex, PolicyBuilder, PolicyErrorKind, RefusedStatus, Setting, SuccessStatus};

use crate::code;
use crate::error::{Error, Mistake};
use crate::memory::Memory;
use crate::pointer;

/// `ecors_str`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub(crate) ptr: *const c_char,
    pub(crate) len: usize,
}

impl Str {
    pub(crate) const NONE: Self = Self {
        ptr: core::ptr::null(),
        len: 0,
    };

    /// Of text of C's or of a constant.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            ptr: if text.is_empty() {
                c"".as_ptr()
            } else {
                text.as_ptr().cast()
            },
            len: text.len(),
        }
    }
}

/// `ecors_list`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct List {
    pub(crate) items: *const Str,
    pub(crate) len: usize,
}

impl List {
    /// # Safety
    ///
    /// Unless it is NULL, `items` points to `len` strings.
    unsafe fn as_slice(&self) -> Result<&[Str], c_int> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.items.is_null() || self.len > isize::MAX as usize / size_of::<Str>() {
            return Err(code::ARG);
        }
        // SAFETY: not NULL and not too long; that it is aligned and there is the caller's.
        Ok(unsafe { slice::from_raw_parts(self.items, self.len) })
    }

    /// The bytes of all entries, with one more for each.
    ///
    /// # Safety
    ///
    /// As [`as_slice`](Self::as_slice).
    pub(crate) unsafe fn joined_len(&self) -> Option<usize> {
        // SAFETY: as the caller says.
        let items = unsafe { self.as_slice() }.unwrap_or_default();
        // What is no list or no string is a mistake that `texts` names.
        let strings = items.iter().filter(|item| item.len <= isize::MAX as usize);
        strings
            .map(|item| item.len)
            .try_fold(0, |len: usize, item| len.checked_add(item)?.checked_add(1))
    }

    /// The strings, laid out in memory as Rust has them.
    ///
    /// # Safety
    ///
    /// As [`as_slice`](Self::as_slice), and each string points to its bytes.
    unsafe fn texts(
        &self,
        setting: Setting,
        memory: &mut Memory,
    ) -> Result<&'static [&'static str], Mistake> {
        // SAFETY: as the caller says.
        let items = unsafe { self.as_slice() }.map_err(|_| Mistake::null(setting, None))?;
        let texts = memory.put_all(items.len(), |index| {
            let Some(item) = items.get(index) else {
                return Err(Mistake::NO_MEMORY);
            };
            // SAFETY: as the caller says.
            let bytes = unsafe { pointer::bytes(item.ptr, item.len) };
            let bytes = bytes.map_err(|_| Mistake::null(setting, Some(index)))?;
            text(bytes, setting).map_err(|error| Mistake::config(error.in_list(index)))
        });
        texts.unwrap_or(Err(Mistake::NO_MEMORY)).map(|texts| &*texts)
    }
}

/// Entries are ASCII; what is no text at all is refused here, so that the engine is given text.
pub(crate) fn text(bytes: &'static [u8], setting: Setting) -> Result<&'static str, Error> {
    core::str::from_utf8(bytes).map_err(|error| {
        let kind = match setting {
            Setting::AllowOrigins => PolicyErrorKind::NonAscii,
            _ => PolicyErrorKind::NotAToken,
        };
        let entry = Str {
            ptr: bytes.as_ptr().cast(),
            len: bytes.len(),
        };
        Error::of(setting, kind, entry, error.valid_up_to())
    })
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
    pub(crate) predicate: Option<Function>,
    pub(crate) predicate_user: *mut c_void,
    pub(crate) seed: u64,
}

// `ECORS_CREDENTIALS` and so on.
pub(crate) const CREDENTIALS: u32 = 0x1;
pub(crate) const PRIVATE_NETWORK: u32 = 0x2;
pub(crate) const MINIMAL: u32 = 0x4;
pub(crate) const ANSWER_ONLY_REQUESTED: u32 = 0x8;
pub(crate) const STRICT_REQUEST_HEADERS: u32 = 0x10;
pub(crate) const SUCCESS_STATUS_200: u32 = 0x20;
pub(crate) const REFUSED_STATUS_204: u32 = 0x40;
pub(crate) const REFUSED_STATUS_200: u32 = 0x80;
pub(crate) const RENDER: u32 = 0x100;
pub(crate) const INSECURE_ORIGINS: u32 = 0x1_0000;
pub(crate) const PUBLIC_SUFFIXES: u32 = 0x2_0000;
pub(crate) const PREDICATE: u32 = 0x4_0000;
pub(crate) const ALL_FLAGS: u32 = 0x7_01ff;

impl Config {
    /// `ECORS_INDEXED_FROM`: a short list keeps a byte of each of so many entries less one, and is as fast.
    pub(crate) const INDEXED_FROM: usize = 33;

    const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(crate) const fn renders(&self) -> bool {
        self.has(RENDER)
    }

    pub(crate) const fn has_index(&self) -> bool {
        self.origins.len >= Self::INDEXED_FROM
    }

    /// A builder of what this says, and what that needs in memory.
    ///
    /// # Safety
    ///
    /// The lists and strings are what they say.
    pub(crate) unsafe fn builder(&self, memory: &mut Memory) -> Result<PolicyBuilder<'static>, Mistake> {
        self.check_flags()?;
        // SAFETY: as the caller says, four times.
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
            let index = self.index(origins, memory)?;
            builder.allow_indexed_origins(memory.put(index).ok_or(Mistake::NO_MEMORY)?)
        } else {
            builder.allow_origins(origins)
        };
        if let Some(function) = self.predicate {
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
        let error = if self.flags & !ALL_FLAGS != 0 {
            Error::setting(
                c"flags",
                c"has a flag that this library does not know",
                c"use a newer library",
            )
        } else if self.has(REFUSED_STATUS_204) && self.has(REFUSED_STATUS_200) {
            Error::setting(c"flags", c"has two statuses for refused preflights", c"write one")
        } else {
            return Ok(());
        };
        Err(Mistake::config(error))
    }

    fn with_options(&self, mut builder: PolicyBuilder<'static>) -> Result<PolicyBuilder<'static>, Mistake> {
        if let Some(seconds) = max_age(self.max_age_seconds).map_err(Mistake::config)? {
            builder = builder.max_age_seconds(seconds);
        }
        if self.has(CREDENTIALS) {
            builder = builder.allow_credentials();
        }
        if self.has(PRIVATE_NETWORK) {
            builder = builder.allow_private_network();
        }
        if self.has(MINIMAL) {
            builder = builder.minimal();
        }
        if self.has(ANSWER_ONLY_REQUESTED) {
            builder = builder.answer_only_requested();
        }
        if self.has(STRICT_REQUEST_HEADERS) {
            builder = builder.strict_request_headers();
        }
        if self.has(SUCCESS_STATUS_200) {
            builder = builder.success_status(SuccessStatus::Ok);
        }
        if self.has(REFUSED_STATUS_204) {
            builder = builder.refused_status(RefusedStatus::NoContent);
        }
        if self.has(REFUSED_STATUS_200) {
            builder = builder.refused_status(RefusedStatus::Ok);
        }
        if self.has(INSECURE_ORIGINS) {
            builder = builder.dangerously_allow_insecure_origins_with_credentials();
        }
        if self.has(PUBLIC_SUFFIXES) {
            builder = builder.dangerously_allow_public_suffixes_with_credentials();
        }
        if self.has(PREDICATE) {
            builder = builder.dangerously_allow_predicate_with_credentials();
        }
        Ok(builder)
    }

    fn index(
        &self,
        origins: &'static [&'static str],
        memory: &mut Memory,
    ) -> Result<OriginIndex<'static>, Mistake> {
        let slots = OriginIndex::slots_for(origins.len());
        let slots = memory.put_all(slots, |_| Ok::<u32, Mistake>(0));
        let slots = slots.unwrap_or(Err(Mistake::NO_MEMORY))?;
        OriginIndex::build(origins, slots, self.seed).map_err(|error| {
            Mistake::config(if error.kind() == PolicyErrorKind::Full {
                Error::setting(c"seed", c"brings too many origins together", c"take another")
            } else {
                Error::from(error)
            })
        })
    }
}

/// The seconds of `Access-Control-Max-Age`, if there is to be one. Whether they are too many says the engine.
pub(crate) fn max_age(seconds: i32) -> Result<Option<u32>, Error> {
    match u32::try_from(seconds) {
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) if seconds == -1 => Ok(None),
        Err(_) => Err(Error::setting(
            c"max_age_seconds",
            c"is negative",
            c"write 0 to 86400, or -1 for none",
        )),
    }
}

/// A function of C's that is asked about origins.
#[derive(Clone, Copy)]
struct Predicate {
    function: Function,
    user: *mut c_void,
}

// SAFETY: the header says that every thread that decides calls the function.
unsafe impl Sync for Predicate {}

impl Predicate {
    fn admits(&self, origin: &Origin<'_>) -> bool {
        let origin = origin.as_str();
        // SAFETY: the function is as the header says; the origin is there during the call.
        unsafe { (self.function)(self.user, origin.as_ptr().cast(), origin.len()) == 1 }
    }
}

/// The most bytes that a closure over a predicate takes.
pub(crate) const PREDICATE_SIZE: usize = size_of::<Predicate>();
