//! Long lists of origins: an index in the caller's memory, so that a look-up does not grow with the list. An exact origin costs one hash and
//! one compare; if there are subdomain wildcards, one pass over the host and a probe for each of its labels besides.
//!
//! Each entry has one key, and each origin a few keys by which an entry that matches it can be found:
//!
//! | entry | its key |
//! |---|---|
//! | `https://example.com:8443`, `null` | the text |
//! | `http://localhost:*` | `http://localhost`, for any port |
//! | `https://*.example.com:8443` | the scheme, and what is behind `*.` |
//! | `https://*.example.com:*` | the scheme, and what is between `*.` and `:`, for any port |
//!
//! What a key finds is compared in full by the same rules as in a short list, so a wrong hash could only miss, and the tests compare every
//! lookup with the plain loop. The table is open-addressed. An entry stands at most [`MAX_PROBES`] slots behind its hash's, or the index
//! is not built, so nobody who chooses origins can make a lookup long; and with a seed that they do not know they cannot make it fail.

use core::fmt;

use crate::allowlist::Lookup;
use crate::ascii::{at, from, until};
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::origin::Origin;
use crate::pattern::{self, Form};

/// The most slots that are looked at for one key. With half of the slots empty that is enough for as many entries as there may be, whatever
/// the seed: the tests build such lists.
const MAX_PROBES: usize = 64;

/// The most entries of an index: what 20 bits of a slot count.
const MAX_ENTRIES: u32 = (1 << 20) - 1;

/// An index over a list of origins of up to 1,048,575 entries, for
/// [`PolicyBuilder::allow_indexed_origins`](crate::PolicyBuilder::allow_indexed_origins).
///
/// Short lists need none: up to some dozens of entries, [`allow_origins`](crate::PolicyBuilder::allow_origins) is as fast and takes no
/// memory. The slots, 4 bytes each, are the caller's, at least [`slots_for`](Self::slots_for) the length of the list. Wildcards may stand
/// anywhere in the list; the order does not matter, nor do repeated entries.
///
/// ```
/// use embedded_cors::{OriginIndex, Policy, Request};
///
/// let tenants: Vec<String> = (0..1000).map(|i| format!("https://tenant-{i}.example.com")).collect();
/// let origins: Vec<&str> = tenants.iter().map(String::as_str).chain(["https://*.partners.example"]).collect();
///
/// let mut slots = vec![0; OriginIndex::slots_for(origins.len())];
/// let seed = 0x2f6b_11d3_9c02_7ae5; // random, if others choose the origins
/// let index = OriginIndex::build(&origins, &mut slots, seed).unwrap();
/// let policy = Policy::builder().allow_indexed_origins(&index).build().unwrap();
///
/// for (origin, allowed) in [
///     ("https://tenant-999.example.com", true),
///     ("https://a.partners.example", true),
///     ("https://tenant-1000.example.com", false),
/// ] {
///     let request = Request::from_fields("GET", [("Origin", origin)]);
///     assert_eq!(policy.decide(&request).is_allowed(), allowed);
/// }
/// ```
#[derive(Clone, Copy)]
pub struct OriginIndex<'a> {
    entries: &'a [&'a str],
    slots: &'a [u32],
    seed: u64,
    /// Which forms of keys there are.
    ports: bool,
    subdomains: bool,
    subdomains_and_ports: bool,
}

/// What a key is made of, besides its text.
#[derive(Clone, Copy)]
enum Key {
    Exact = 1,
    AnyPort,
    Subdomain,
    SubdomainAnyPort,
}

impl Key {
    /// The hash with a bit that says whether it is an exact entry's, so that a pattern's text is never taken for an origin.
    const fn mark(self, hash: u64) -> u64 {
        match self {
            Self::Exact => hash | EXACT,
            Self::AnyPort | Self::Subdomain | Self::SubdomainAnyPort => hash & !EXACT,
        }
    }
}

impl<'a> OriginIndex<'a> {
    /// How many slots an index over so many entries needs: twice as many.
    pub const fn slots_for(entries: usize) -> usize {
        entries.saturating_mul(2)
    }

    /// Checks every entry and builds the index. The work is linear in the bytes of the list.
    ///
    /// `seed` should be random if others choose the origins, as tenants do: who knows it can choose names that make a build fail.
    ///
    /// # Errors
    ///
    /// [`PolicyError`]: for an entry that is no origin pattern; [`TooMany`](Kind::TooMany) for one more than 1,048,575;
    /// [`Full`](Kind::Full) if there are too few slots, or if the seed brings too many entries together, which no seed that was tried does with
    /// [`slots_for`](Self::slots_for): take another.
    pub fn build(origins: &'a [&'a str], slots: &'a mut [u32], seed: u64) -> Result<Self, PolicyError<'a>> {
        slots.fill(0);
        let mut index = Self {
            entries: origins,
            slots: &[],
            seed,
            ports: false,
            subdomains: false,
            subdomains_and_ports: false,
        };
        for (number, &entry) in origins.iter().enumerate() {
            let error = |(kind, at)| PolicyError::entry_error(kind, Setting::AllowOrigins, entry, number, at);
            let pattern = pattern::check(entry.as_bytes()).map_err(error)?;
            if number as u64 >= MAX_ENTRIES.into() {
                return Err(error((Kind::TooMany, 0)));
            }
            // It admits everyone, and is looked for nowhere.
            if pattern.form == Form::Any {
                continue;
            }
            let (key, hash) = index.key_of(entry);
            let hash = key.mark(hash);
            match key {
                Key::Exact => {}
                Key::AnyPort => index.ports = true,
                Key::Subdomain => index.subdomains = true,
                Key::SubdomainAnyPort => index.subdomains_and_ports = true,
            }
            let slot = (number + 1) as u32 | tag(hash);
            if !insert(slots, hash, slot, |other| {
                origins.get(other).copied() == Some(entry)
            }) {
                return Err(error((Kind::Full, 0)));
            }
        }
        index.slots = slots;
        Ok(index)
    }

    pub(crate) const fn entries(&self) -> &'a [&'a str] {
        self.entries
    }

    /// The key of an entry.
    fn key_of(&self, entry: &str) -> (Key, u64) {
        let text = entry.as_bytes();
        let (text, any_port) = match text {
            [text @ .., b':', b'*'] => (text, true),
            text => (text, false),
        };
        let host = host_start(text);
        if at(text, host) != b'*' {
            let key = if any_port { Key::AnyPort } else { Key::Exact };
            return (key, self.hash(key, text));
        }
        let key = if any_port {
            Key::SubdomainAnyPort
        } else {
            Key::Subdomain
        };
        let scheme = until(text, host);
        let mut suffix = Backwards::new(self.seed);
        from(text, host + "*.".len())
            .iter()
            .rev()
            .for_each(|&byte| suffix.push(byte));
        (key, suffix.with(key, self.hash(key, scheme)))
    }

    /// Whether `is_found` is true of the key of a suffix of the host that begins behind a dot. One pass from the end.
    fn any_suffix(&self, key: Key, text: &[u8], host: usize, is_found: impl Fn(u64) -> bool) -> bool {
        let scheme = self.hash(key, until(text, host));
        let mut suffix = Backwards::new(self.seed);
        // At least one byte is before the dot.
        from(text, host + 1).iter().rev().any(|&byte| {
            let is_key = byte == b'.' && is_found(suffix.with(key, scheme));
            suffix.push(byte);
            is_key
        })
    }

    /// A keyed hash of a text, a word at a time.
    fn hash(&self, key: Key, text: &[u8]) -> u64 {
        let mut hash = self.seed ^ (text.len() as u64) << 8 ^ key as u64;
        let (words, tail) = text.as_chunks::<8>();
        for word in words {
            hash = fold(hash ^ u64::from_le_bytes(*word));
        }
        // The length is in the hash already, so the last word may have bytes of the one before it.
        let last = match text.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => tail.iter().fold(0, |last, &byte| last << 8 | u64::from(byte)),
        };
        fold(fold(hash ^ last))
    }

    /// The number of the entry that has this hash, and is it.
    fn find(&self, hash: u64, is_it: impl Fn(&str) -> bool) -> Option<usize> {
        let (before, from_first) = self.slots.split_at_checked(first_slot(self.slots.len(), hash))?;
        let mut probes = from_first.iter().chain(before).take(MAX_PROBES);
        // The first that is free or has this tag, and perhaps is it; else the next of that kind.
        while let Some(&slot) = probes.find(|&&slot| slot == 0 || slot & !NUMBER == tag(hash)) {
            if slot == 0 {
                return None;
            }
            let number = number(slot);
            if self.entries.get(number).is_some_and(|entry| is_it(entry)) {
                return Some(number);
            }
        }
        None
    }
}

impl Lookup for OriginIndex<'_> {
    fn exact(&self, text: &[u8]) -> Option<usize> {
        let hash = Key::Exact.mark(self.hash(Key::Exact, text));
        self.find(hash, |entry| entry.as_bytes() == text)
    }

    fn has_wildcard_for(&self, origin: &Origin<'_>) -> bool {
        let text = origin.as_bytes();
        let without_port = origin.without_port();
        let is_found = |hash| {
            self.find(Key::Subdomain.mark(hash), |entry| pattern::matches(entry, origin))
                .is_some()
        };
        (self.ports && is_found(self.hash(Key::AnyPort, without_port)))
            || (self.subdomains && self.any_suffix(Key::Subdomain, text, origin.host_start(), is_found))
            || (self.subdomains_and_ports
                && self.any_suffix(Key::SubdomainAnyPort, without_port, origin.host_start(), is_found))
    }
}

impl fmt::Debug for OriginIndex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries).finish()
    }
}

/// The bits of a slot that number an entry, from 1. The others are of its hash, and spare most compares that would fail.
const NUMBER: u32 = MAX_ENTRIES;

/// The lowest of the others.
const EXACT: u64 = 1 << 20;

const fn tag(hash: u64) -> u32 {
    hash as u32 & !NUMBER
}

/// The index of a slot's entry.
const fn number(slot: u32) -> usize {
    (slot & NUMBER).wrapping_sub(1) as usize
}

/// Where a key is looked for first, by the upper bits of its hash; behind it, next.
const fn first_slot(slots: usize, hash: u64) -> usize {
    ((hash as u128 * slots as u128) >> 64) as usize
}

/// Puts a slot's value into the first free slot. An entry that is there already need not be there twice.
fn insert(slots: &mut [u32], hash: u64, value: u32, is_same: impl Fn(usize) -> bool) -> bool {
    let Some((before, from_first)) = slots.split_at_mut_checked(first_slot(slots.len(), hash)) else {
        return false;
    };
    let mut probes = from_first.iter_mut().chain(before).take(MAX_PROBES);
    let is_place = |slot: &&mut u32| **slot == 0 || **slot & !NUMBER == tag(hash) && is_same(number(**slot));
    match probes.find(is_place) {
        Some(slot) if *slot == 0 => *slot = value,
        Some(_) => {}
        None => return false,
    }
    true
}

/// The index of a host's first byte in a checked entry, or the length for `null`.
fn host_start(text: &[u8]) -> usize {
    let slashes = text.windows(3).position(|bytes| bytes == b"://");
    slashes.map_or(text.len(), |start| start + "://".len())
}

/// Both halves of a product, one in the other: each bit depends on all.
const fn fold(hash: u64) -> u64 {
    let product = hash as u128 * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of a text that is read from its end, so that each suffix has its own on the way.
struct Backwards(u64);

impl Backwards {
    const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    const fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23);
    }

    const fn with(&self, key: Key, scheme: u64) -> u64 {
        fold(fold(self.0 ^ scheme) ^ key as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive<'a>(entries: &[&'a str], text: &str) -> (Option<&'a str>, bool) {
        let exact = entries
            .iter()
            .copied()
            .find(|entry| *entry == text && !entry.contains('*'));
        let matches = |origin: &Origin<'_>| {
            entries
                .iter()
                .any(|entry| *entry != "*" && pattern::is_wildcard(entry) && pattern::matches(entry, origin))
        };
        (
            exact,
            Origin::parse(text.as_bytes()).is_ok_and(|origin| matches(&origin)),
        )
    }

    fn indexed<'a>(index: &OriginIndex<'a>, text: &str) -> (Option<&'a str>, bool) {
        let wildcard = Origin::parse(text.as_bytes()).is_ok_and(|origin| index.has_wildcard_for(&origin));
        let exact = index.exact(text.as_bytes()).map(|number| index.entries[number]);
        (exact, wildcard)
    }

    fn list(length: usize) -> Vec<String> {
        (0..length)
            .map(|i| match i % 8 {
                0 => format!("https://*.site-{i}.example"),
                1 => format!("http://host-{i}:*"),
                2 => format!("https://*.a.b{i}.example:{}", 8000 + i % 100),
                3 => format!("https://*.c{i}.example:*"),
                _ => format!("https://tenant-{i:06}.customers.example"),
            })
            .collect()
    }

    #[test]
    fn lookups_are_those_of_the_plain_loop() {
        for length in [0, 1, 2, 3, 9, 64, 700] {
            let owned = list(length);
            let mut entries: Vec<&str> = owned.iter().map(String::as_str).collect();
            entries.extend(["null", "*", "https://[2001:db8::1]:*", "capacitor://localhost"]);
            // A repeated entry takes no slot.
            entries.extend_from_within(..length / 2);
            let mut slots = vec![u32::MAX; OriginIndex::slots_for(entries.len())];
            let index = OriginIndex::build(&entries, &mut slots, 7).unwrap();
            let mut texts: Vec<String> = [
                "null",
                "",
                "*",
                "capacitor://localhost",
                "https://[2001:db8::1]:9",
                "https://x",
                "http://[::1]",
            ]
            .map(String::from)
            .into();
            for entry in &owned {
                let made = entry.replace("*.", "x.y.").replace(":*", ":65535");
                texts.extend([
                    entry.clone(),
                    made.clone(),
                    made.replace("x.y.", ""),
                    made.replace("x.y.", "z"),
                    made.replace("x.y.", "x."),
                    made.clone() + "0",
                ]);
                texts.extend([
                    made.replace(":65535", ""),
                    made.replace("https", "http"),
                    made.replace("example", "example.org"),
                    made + ".",
                ]);
            }
            for text in &texts {
                assert_eq!(indexed(&index, text), naive(&entries, text), "{length} {text}");
            }
        }
    }

    /// As many slots as stated are enough, whatever the seed; one for each entry may be, and then every entry is found.
    #[test]
    fn it_is_built_in_the_slots_that_are_stated() {
        let owned = list(20_000);
        let entries: Vec<&str> = owned.iter().map(String::as_str).collect();
        let mut slots = vec![0; OriginIndex::slots_for(entries.len())];
        for seed in 0..40 {
            let index = OriginIndex::build(&entries, &mut slots, fold(seed)).unwrap();
            assert!(
                entries
                    .iter()
                    .filter(|entry| !entry.contains('*'))
                    .all(|entry| index.exact(entry.as_bytes()).map(|number| entries[number]) == Some(entry))
            );
        }
        let error = OriginIndex::build(&entries, &mut slots[..19_000], 1).unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (Kind::Full, Setting::AllowOrigins)
        );
        for few in 0..40 {
            if let Ok(index) = OriginIndex::build(&entries[..20], &mut slots[..few], 1) {
                assert!(
                    few >= 20
                        && entries[..20]
                            .iter()
                            .all(|entry| entry.contains('*') || index.exact(entry.as_bytes()).is_some())
                );
            }
        }
    }

    /// The longest list that there may be, and one entry more.
    #[test]
    fn it_is_built_for_as_many_entries_as_there_may_be() {
        let owned: Vec<String> = (0..=MAX_ENTRIES)
            .map(|i| format!("https://{i}.example"))
            .collect();
        let mut entries: Vec<&str> = owned.iter().map(String::as_str).collect();
        let mut slots = vec![0; OriginIndex::slots_for(entries.len())];
        let error = OriginIndex::build(&entries, &mut slots, 1).unwrap_err();
        assert_eq!(
            (error.kind(), error.index()),
            (Kind::TooMany, MAX_ENTRIES as usize)
        );
        entries.pop();
        slots.truncate(OriginIndex::slots_for(entries.len()));
        for seed in [2, 3] {
            let index = OriginIndex::build(&entries, &mut slots, fold(seed)).unwrap();
            let last = entries.len() - 1;
            assert_eq!(index.exact(entries[last].as_bytes()), Some(last));
        }
    }

    #[test]
    fn mistakes_name_the_entry() {
        let entries = ["https://a.example", "https://b.example/"];
        let mut slots = [0; 4];
        let error = OriginIndex::build(&entries, &mut slots, 0).unwrap_err();
        assert_eq!((error.kind(), error.index(), error.at()), (Kind::Path, 1, 17));
    }
}
