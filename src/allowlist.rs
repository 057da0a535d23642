//! A policy's origins, and whether one of them admits the origin of a request.

use core::fmt;

use crate::ascii::{WORD, as_str, equal_bytes};
use crate::entries::Entries;
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::origin::{MAX_ORIGIN_LEN, Origin, OriginError, OriginOrNull};
use crate::pattern::{self, Form};

/// What no list can say.
pub(crate) type Predicate<'a> = &'a (dyn Fn(&Origin<'_>) -> bool + Sync);

/// Finds entries of a long list faster than a loop does. It is called through a pointer, so that who has short lists does not link it.
pub(crate) trait Lookup: Sync {
    /// The number of the exact entry that is this text.
    fn exact(&self, text: &[u8]) -> Option<usize>;

    /// Whether an entry with a wildcard matches.
    fn has_wildcard_for(&self, origin: &Origin<'_>) -> bool;
}

/// A checked list of origins, and a predicate for what no list can say.
#[derive(Clone, Copy)]
pub(crate) struct Allowlist<'a> {
    pub(crate) entries: Entries<'a>,
    /// Over the same entries, if there are many.
    index: Option<&'a dyn Lookup>,
    predicate: Option<Predicate<'a>>,
    /// Of each of the first entries that are exact, a byte that depends on its text.
    prints: Prints,
    /// `*` is among the entries.
    pub(crate) any: bool,
    /// There is neither an entry nor a predicate.
    nobody: bool,
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
#[derive(Clone, Copy)]
pub(crate) enum Admitted<'a> {
    /// `*`.
    Any,
    /// The text of the policy's own entry, or the origin of the request, parsed in full.
    Origin(&'a [u8]),
}

impl fmt::Debug for Admitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::Origin(origin) => as_str(origin).fmt(f),
        }
    }
}

/// Why no entry admits an origin.
#[derive(Clone, Copy)]
pub(crate) enum Spurned {
    Malformed(OriginError),
    Null,
    NotListed,
    Insecure,
    /// It is in no list of exact origins, and nothing else was looked at.
    NotExact,
}

impl<'a> Allowlist<'a> {
    /// Checks every entry and what its neighbours in the policy make of it.
    pub(crate) const fn check(
        entries: Entries<'a>,
        index: Option<&'a dyn Lookup>,
        predicate: Option<Predicate<'a>>,
        trust: Trust,
    ) -> Result<Self, PolicyError<'a>> {
        let mut list = Self {
            entries,
            index,
            predicate,
            prints: Prints::NONE,
            any: false,
            nobody: predicate.is_none(),
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
            list.nobody = false;
            let (kind, at) = match pattern::check(entry.as_bytes()) {
                Err(mistake) => mistake,
                Ok(pattern) => {
                    match pattern.form {
                        Form::Any => list.any = true,
                        Form::Wildcard => list.wildcards = true,
                        Form::Null | Form::Exact => list.prints.set(index, entry.as_bytes()),
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
            index: None,
            predicate,
            prints: self.prints,
            any: self.any,
            nobody: self.nobody,
            wildcards: self.wildcards,
            secure_only: self.secure_only,
            max_len: self.max_len,
        }
    }

    /// Whether the answer to a request depends on its origin.
    pub(crate) const fn depends_on_origin(&self) -> bool {
        !self.any && !self.nobody
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
        if let Some(entry) = self.exact(value) {
            return Ok(Admitted::Origin(entry.as_bytes()));
        }
        if !self.wildcards && self.predicate.is_none() {
            return Err(Spurned::NotExact);
        }
        let origin = match OriginOrNull::parse(value) {
            Ok(OriginOrNull::Origin(origin)) => origin,
            Ok(OriginOrNull::Null) => return Err(Spurned::Null),
            Err(error) => return Err(Spurned::Malformed(error)),
        };
        if self.wildcards && self.has_wildcard_for(&origin) {
            return Ok(Admitted::Origin(origin.as_bytes()));
        }
        match self.predicate {
            Some(predicate) if predicate(&origin) => {
                if self.secure_only && origin.scheme_bytes() == b"http" && !origin.is_loopback() {
                    Err(Spurned::Insecure)
                } else {
                    Ok(Admitted::Origin(origin.as_bytes()))
                }
            }
            _ => Err(Spurned::NotListed),
        }
    }
}

impl<'a> Allowlist<'a> {
    /// The exact entry that is this text. An exact entry is a serialized origin or `null`, so what equals it needs no parsing.
    fn exact(&self, value: &[u8]) -> Option<&'a str> {
        let is_exact = |entry: &&str| entry.as_bytes() == value && !pattern::is_wildcard(entry);
        let Some(entries) = self.entries.as_slice() else {
            return self.entries.iter().find(is_exact);
        };
        if let Some(index) = self.index {
            return entries.get(index.exact(value)?).copied();
        }
        let found = self.prints.find(value, entries);
        let rest = entries.get(Prints::KEPT..).unwrap_or(&[]);
        found.or_else(|| rest.iter().copied().find(is_exact))
    }

    /// Whether an entry with a wildcard matches.
    fn has_wildcard_for(&self, origin: &Origin<'_>) -> bool {
        match self.index {
            Some(index) => index.has_wildcard_for(origin),
            // That an exact entry is not this origin is known.
            None => self.entries.iter().any(|entry| pattern::matches(entry, origin)),
        }
    }
}

/// A byte for each of the first exact entries of a list, which most other texts do not have: what is left to compare is one entry, not
/// all. Other entries have none.
#[derive(Clone, Copy)]
struct Prints([usize; Prints::KEPT / WORD]);

impl Prints {
    /// Of how many entries there is room for one.
    const KEPT: usize = 32;
    /// 0 is no text's.
    const NONE: Self = Self([0; Prints::KEPT / WORD]);

    const fn set(&mut self, index: usize, text: &[u8]) {
        if index < Self::KEPT {
            self.0[index / WORD] |= (print(text) as usize) << (index % WORD * 8);
        }
    }

    /// The entry that is this text, among those that have a byte.
    fn find<'a>(&self, text: &[u8], entries: &[&'a str]) -> Option<&'a str> {
        let print = print(text);
        for (start, word) in (0..entries.len()).step_by(WORD).zip(self.0) {
            let mut equal = equal_bytes(word, print);
            while equal != 0 {
                let index = equal.trailing_zeros() as usize / 8;
                let candidate = entries
                    .get(start + index)
                    .filter(|entry| entry.as_bytes() == text);
                if candidate.is_some() {
                    return candidate.copied();
                }
                equal &= equal - 1;
            }
        }
        None
    }
}

/// A byte other than 0 that depends on each byte of a text and on their order.
const fn print(text: &[u8]) -> u8 {
    const ODD: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;
    let mut hash = text.len();
    let (words, mut tail) = text.as_chunks::<WORD>();
    let mut i = 0;
    while i < words.len() {
        hash = (hash.rotate_left(5) ^ usize::from_le_bytes(words[i])).wrapping_mul(ODD);
        i += 1;
    }
    // The last word again, with what is behind it: fewer steps than one for each byte.
    if !tail.is_empty()
        && let Some(last) = text.last_chunk::<WORD>()
    {
        hash = (hash.rotate_left(5) ^ usize::from_le_bytes(*last)).wrapping_mul(ODD);
        tail = &[];
    }
    let mut i = 0;
    while i < tail.len() {
        hash = (hash.rotate_left(5) ^ tail[i] as usize).wrapping_mul(ODD);
        i += 1;
    }
    (hash >> (usize::BITS - 8)) as u8 | 1
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every exact entry is found, and nothing else, wherever it stands and whatever stands around it: as by the plain loop.
    #[test]
    fn exact_entries_are_found_as_by_a_loop() {
        let trust = Trust {
            credentials: false,
            insecure: false,
            suffixes: false,
            predicate: false,
        };
        let origins: Vec<String> = (0..70)
            .map(|i| match i % 5 {
                0 => format!("https://*.{i}.example"),
                _ => format!("https://tenant-{i:05}.example:{}", 1000 + i * 7),
            })
            .collect();
        for count in [0, 1, 7, 8, 9, 31, 32, 33, 70] {
            let entries: Vec<&str> = origins.iter().take(count).map(String::as_str).collect();
            let list = Allowlist::check(Entries::Slice(&entries), None, None, trust)
                .ok()
                .unwrap();
            for text in origins
                .iter()
                .map(String::as_str)
                .chain(["", "null", "https://tenant-00001.example"])
            {
                let plain = entries
                    .iter()
                    .copied()
                    .find(|entry| *entry == text && !text.contains('*'));
                assert_eq!(list.exact(text.as_bytes()), plain, "{count} {text}");
            }
        }
    }
}
