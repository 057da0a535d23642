//! A policy's origins, and whether one of them admits the origin of a request.

use core::fmt;

use crate::entries::Entries;
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::origin::{MAX_ORIGIN_LEN, Origin, OriginError, OriginOrNull};
use crate::pattern::{self, Form};

/// What no list can say.
pub(crate) type Predicate<'a> = &'a (dyn Fn(&Origin<'_>) -> bool + Sync);

/// A checked list of origins, and a predicate for what no list can say.
#[derive(Clone, Copy)]
pub(crate) struct Allowlist<'a> {
    pub(crate) entries: Entries<'a>,
    predicate: Option<Predicate<'a>>,
    /// `*` is among the entries.
    pub(crate) any: bool,
    wildcards: bool,
    /// Of what the predicate admits, an `http:` origin that is not loopback is refused all the same.
    secure_only: bool,
    /// The length of the longest origin that can be admitted.
    pub(crate) max_len: usize,
}

/// What an allowlist has to know of the rest of the policy.
#[derive(Clone, Copy)]
pub(crate) struct Trust {
    pub(crate) credentials: bool,
    pub(crate) insecure: bool,
    pub(crate) suffixes: bool,
    pub(crate) predicate: bool,
}

/// What admitted an origin, and so what `Access-Control-Allow-Origin` says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Admitted<'a> {
    /// `*`.
    Any,
    /// The text of the policy's own entry.
    Entry(&'a str),
    /// The origin of the request, parsed in full.
    Request(&'a str),
}

/// Why no entry admits an origin.
#[derive(Clone, Copy)]
pub(crate) enum Spurned {
    Malformed(OriginError),
    Null,
    NotListed,
    Insecure,
}

impl<'a> Allowlist<'a> {
    /// Checks every entry and what its neighbours in the policy make of it.
    pub(crate) const fn check(
        entries: Entries<'a>,
        predicate: Option<Predicate<'a>>,
        trust: Trust,
    ) -> Result<Self, PolicyError<'a>> {
        let mut list = Self {
            entries,
            predicate,
            any: false,
            wildcards: false,
            secure_only: trust.credentials && !trust.insecure,
            max_len: 0,
        };
        if predicate.is_some() {
            if trust.credentials && !trust.predicate {
                return Err(PolicyError::setting_error(
                    Kind::PredicateWithCredentials,
                    Setting::AllowOriginIf,
                ));
            }
            list.max_len = MAX_ORIGIN_LEN;
        }
        let mut cursor = 0;
        let mut index = 0;
        while let Some(entry) = entries.next(&mut cursor) {
            let (kind, at) = match pattern::check(entry.as_bytes()) {
                Err(mistake) => mistake,
                Ok(pattern) => {
                    match pattern.form {
                        Form::Any => list.any = true,
                        Form::Wildcard => list.wildcards = true,
                        Form::Null | Form::Exact => {}
                    }
                    if pattern.max_len > list.max_len {
                        list.max_len = pattern.max_len;
                    }
                    match with_credentials(pattern, trust) {
                        None => {
                            index += 1;
                            continue;
                        }
                        Some(kind) => (kind, 0),
                    }
                }
            };
            return Err(PolicyError::entry_error(
                kind,
                Setting::AllowOrigins,
                entry,
                index,
                at,
            ));
        }
        Ok(list)
    }

    /// What was found out, without the entries; the same predicate, known to live longer.
    #[cfg(feature = "heapless-v0.9")]
    pub(crate) const fn detached(&self, predicate: Option<Predicate<'static>>) -> Allowlist<'static> {
        Allowlist {
            entries: Entries::EMPTY,
            predicate,
            any: self.any,
            wildcards: self.wildcards,
            secure_only: self.secure_only,
            max_len: self.max_len,
        }
    }

    /// Whether the answer to a request depends on its origin.
    pub(crate) const fn depends_on_origin(&self) -> bool {
        let nobody = self.predicate.is_none() && self.entries.next(&mut 0).is_none();
        !self.any && !nobody
    }

    /// The entry that admits the value of an `Origin` field. The order of entries does not matter: each is
    /// a set of origins, and the list is their union.
    pub(crate) fn admit(&self, value: &'a [u8]) -> Result<Admitted<'a>, Spurned> {
        if self.any {
            return match OriginOrNull::parse(value) {
                Ok(_) => Ok(Admitted::Any),
                Err(error) => Err(Spurned::Malformed(error)),
            };
        }
        // An exact entry is a serialized origin or `null`, so a value that equals it needs no parsing.
        let exact = |entry: &&str| entry.as_bytes() == value && !pattern::is_wildcard(entry);
        if let Some(entry) = self.entries.iter().find(exact) {
            return Ok(Admitted::Entry(entry));
        }
        let origin = match OriginOrNull::parse(value) {
            Ok(OriginOrNull::Origin(origin)) => origin,
            Ok(OriginOrNull::Null) => return Err(Spurned::Null),
            Err(error) => return Err(Spurned::Malformed(error)),
        };
        let wildcard = |entry: &str| pattern::is_wildcard(entry) && pattern::matches(entry, &origin);
        if self.wildcards && self.entries.iter().any(wildcard) {
            return Ok(Admitted::Request(origin.as_str()));
        }
        match self.predicate {
            Some(predicate) if predicate(&origin) => {
                if self.secure_only && origin.scheme() == "http" && !origin.is_loopback() {
                    Err(Spurned::Insecure)
                } else {
                    Ok(Admitted::Request(origin.as_str()))
                }
            }
            _ => Err(Spurned::NotListed),
        }
    }
}

impl fmt::Debug for Allowlist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)?;
        f.write_str(if self.predicate.is_some() {
            " or a predicate"
        } else {
            ""
        })
    }
}

/// What credentials make a mistake of.
const fn with_credentials(pattern: pattern::Pattern, trust: Trust) -> Option<Kind> {
    if !trust.credentials {
        return None;
    }
    // Fetch section 4.10 *CORS check*: a response that allows `*` is never shared with a request that has
    // credentials.
    match pattern.form {
        Form::Any => Some(Kind::AnyWithCredentials),
        Form::Null => Some(Kind::NullWithCredentials),
        _ if pattern.insecure && !trust.insecure => Some(Kind::InsecureWithCredentials),
        _ if pattern.single_label && !trust.suffixes => Some(Kind::SuffixWithCredentials),
        _ => None,
    }
}
