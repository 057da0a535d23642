//! An index over a long list of origins, in the caller's memory, so that the time of a lookup does
//! not grow with the list.
//!
//! An exact origin costs one hash and one comparison. If the list has subdomain wildcards, a lookup
//! also reads the host once, and looks into the table for each of its parent domains. Patterns of
//! other forms have no key that could be looked up. An origin that nothing else admits is compared
//! with each of them.
//!
//! # Keys
//!
//! Each entry is stored under one key, and an origin has a few keys under which an entry that
//! matches it may be:
//!
//! | entry | its key |
//! |---|---|
//! | `https://example.com:8443`, `null` | the text |
//! | `http://localhost:*` | `http://localhost`, marked "any port" |
//! | `https://*.example.com:8443` | `https://` and `example.com:8443`, marked "subdomains" |
//! | `https://*.example.com:*` | `https://` and `example.com`, marked "subdomains, any port" |
//!
//! An entry that a key finds is then compared by the same rules as in a short list. So a wrong hash
//! could only miss an entry and never admit an origin; the tests compare lookups with a plain loop.
//!
//! # The table
//!
//! It is a hash table with open addressing: the upper bits of a key's hash choose a slot, and if
//! that is taken, the entry is in the next free one. A slot is 32 bits: 20 number the entry, and 12
//! are a tag from its hash, which spares most comparisons with an entry that is not the one.
//!
//! ```text
//! slots   | 0 | tag 5, entry 7 | tag 9, entry 2 | tag 5, entry 4 | 0 | ...
//!               ^ hash of the key, with tag 5
//!               compare 7          pass over        compare 4      not found
//! ```
//!
//! An entry is in one of the [`MAX_PROBES`] slots from the one that its hash chooses; if that is
//! not possible, the build starts again with another seed. So a request cannot make a lookup long,
//! whatever its origin. Anyone who chooses the entries and knows the seed can make a build fail, so
//! the seed should be random if others choose the entries.
//!
//! The numbers of the patterns that are compared one by one are in the last slots, which are not
//! part of the table.

use core::fmt;

use super::allowlist::Lookup;
use super::error::{PolicyError, Setting};
use super::error_kind::{Mistake, PolicyErrorKind};
use super::lists::Entries;
use super::pattern;
use crate::ascii::{at, from, until};
use crate::origin::Origin;
use crate::texts::equal_origins;

/// The maximum number of slots that are looked at for one key.
///
/// With half of the slots empty, the longest run of taken slots grows with the logarithm of the
/// list's length, and by chance it can be longer than this. At 1,048,575 entries it is longer for
/// about 0.12 % of the seeds, and at 262,144 for 0.03 %; at 100,000 this was never seen.
const MAX_PROBES: usize = 64;

/// The number of seeds that a build tries. If a seed fails with a probability of 0.12 %, all eight
/// fail with a probability below 10^-23.
const MAX_SEEDS: usize = 8;

/// The maximum number of entries: as many as 20 bits of a slot can number from 1.
const MAX_ENTRIES: u32 = (1 << 20) - 1;

/// An index over a list of up to 1,048,575 origins, for
/// [`PolicyBuilder::allow_indexed_origins`](crate::PolicyBuilder::allow_indexed_origins).
///
/// A short list does not need one: with up to some dozens of entries,
/// [`allow_origins`](crate::PolicyBuilder::allow_origins) is as fast and takes no memory.
///
/// ```
/// use embedded_cors::{OriginIndex, Policy, Request};
///
/// let tenants: Vec<String> =
///     (0..1000).map(|i| format!("https://tenant-{i}.example.com")).collect();
/// let mut origins: Vec<&str> = tenants.iter().map(String::as_str).collect();
/// origins.push("https://*.partners.example");
///
/// let mut slots = vec![0; OriginIndex::slots_for(origins.len())];
/// let seed = 0x2f6b_11d3_9c02_7ae5; // Random if others choose the origins.
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
///
/// The slots, 4 bytes each, are the caller's memory, at least [`slots_for`](Self::slots_for) the
/// length of the list. The order of the entries does not matter, and entries may repeat.
///
/// All entries of [`allow_origins`](crate::PolicyBuilder::allow_origins) may be in the list:
///
/// | entries | cost of a lookup |
/// |---|---|
/// | origins, `null` and `file://` | one hash and one comparison |
/// | with `:*` | one more hash, of the origin without its port |
/// | with `*.` | a look into the table for each label of the origin's host |
/// | all others: a `*` inside a label, ranges of ports and addresses, `*://`, every host of a scheme | a comparison with each of them, if nothing else admits the origin |
#[derive(Clone, Copy)]
pub struct OriginIndex<'a> {
    entries: Entries<'a>,
    /// The table.
    slots: &'a [u32],
    /// The numbers of the entries that are compared one by one.
    listed: &'a [u32],
    seed: u64,
    // Which kinds of keys the table has, so that no other kind is looked for.
    ports: bool,
    subdomains: bool,
    subdomains_and_ports: bool,
}

/// The kind of a key, which is hashed with its text.
#[derive(Clone, Copy)]
enum Key {
    Exact = 1,
    AnyPort,
    Subdomain,
    SubdomainAnyPort,
}

impl Key {
    /// Returns `hash` with the bit [`EXACT`] set for an exact entry, and clear for a pattern.
    // The bit is part of the tag. An exact lookup compares only texts, so it must not find
    // patterns: the value `https://*.example.com` is not allowed by that entry.
    const fn mark(self, hash: u64) -> u64 {
        match self {
            Self::Exact => hash | EXACT,
            Self::AnyPort | Self::Subdomain | Self::SubdomainAnyPort => hash & !EXACT,
        }
    }
}

impl<'a> OriginIndex<'a> {
    /// Returns the number of slots for an index over a list of `entries` entries: twice as many.
    pub const fn slots_for(entries: usize) -> usize {
        entries.saturating_mul(2)
    }

    /// Checks every entry and builds the index, in time linear in the bytes of the list.
    ///
    /// `seed` determines where entries are in the table. If it puts too many of them near each
    /// other, up to seven further seeds are tried, which are computed from it. The seed should be
    /// random if others choose the origins, as tenants of a service do: anyone who knows it can
    /// choose names that make the build fail.
    ///
    /// # Errors
    ///
    /// Returns a [`PolicyError`] for an entry that is not an origin pattern. Two kinds of it are
    /// about the list as a whole:
    ///
    /// - [`TooMany`](PolicyErrorKind::TooMany) if the list has more than 1,048,575 entries;
    /// - [`Full`](PolicyErrorKind::Full) if there are too few slots. With
    ///   [`slots_for`](Self::slots_for) slots this practically does not happen: a seed fails for
    ///   about one list of 1,048,575 entries in a thousand, and all eight for one list in 10^23.
    pub fn build(origins: &'a [&'a str], slots: &'a mut [u32], seed: u64) -> Result<Self, PolicyError<'a>> {
        Self::over(Entries::Slice(origins), slots, seed)
    }

    /// Builds an index over entries that can be reached by their index. See [`build`](Self::build).
    pub(crate) fn over(
        origins: Entries<'a>,
        slots: &'a mut [u32],
        seed: u64,
    ) -> Result<Self, PolicyError<'a>> {
        let listed = check_and_list(origins, slots)?;
        let mut index = Self {
            entries: origins,
            slots: &[],
            listed: &[],
            seed,
            ports: false,
            subdomains: false,
            subdomains_and_ports: false,
        };
        let table_len = slots.len().saturating_sub(listed);
        let (table, listed) = slots.split_at_mut_checked(table_len).unwrap_or_default();
        let mut failed = None;
        for _ in 0..MAX_SEEDS {
            table.fill(0);
            failed = index.fill(table, !listed.is_empty());
            if failed.is_none() {
                break;
            }
            index.seed = fold(index.seed ^ table_len as u64).wrapping_add(1);
        }
        if let Some((number, entry)) = failed {
            return Err(error_in(entry, number)((PolicyErrorKind::Full, 0)));
        }
        index.slots = table;
        index.listed = listed;
        Ok(index)
    }

    /// Puts every entry that has a key into the table, and returns the first that finds no slot.
    /// `skips` says whether there are entries without a key.
    fn fill(&mut self, table: &mut [u32], skips: bool) -> Option<(usize, &'a str)> {
        for (number, entry) in self.entries.iter().enumerate() {
            // `*` admits every origin, so that nothing is looked up.
            if entry == "*" || (skips && pattern::needs_split(entry)) {
                continue;
            }
            let (key, hash) = self.key_of(entry);
            let hash = key.mark(hash);
            match key {
                Key::Exact => {}
                Key::AnyPort => self.ports = true,
                Key::Subdomain => self.subdomains = true,
                Key::SubdomainAnyPort => self.subdomains_and_ports = true,
            }
            let slot = (number + 1) as u32 | tag(hash);
            if !insert(table, hash, slot, |other| self.entries.get(other) == Some(entry)) {
                return Some((number, entry));
            }
        }
        None
    }

    pub(crate) const fn entries(&self) -> Entries<'a> {
        self.entries
    }

    /// Returns the facts about the index and the number of slots of its table, for a type that owns
    /// the entries and the slots. [`attached`](Self::attached) puts them together.
    #[allow(dead_code, reason = "integrations store an index beside its entries")]
    pub(crate) const fn detached(&self) -> (OriginIndex<'static>, usize) {
        let facts = OriginIndex {
            entries: Entries::EMPTY,
            slots: &[],
            listed: &[],
            ..*self
        };
        (facts, self.slots.len())
    }

    /// Returns the index with the entries, the table and the rest of the slots that it was built
    /// with.
    #[allow(dead_code, reason = "integrations store an index beside its entries")]
    pub(crate) const fn attached<'l>(
        &self,
        entries: Entries<'l>,
        (slots, listed): (&'l [u32], &'l [u32]),
    ) -> OriginIndex<'l>
    where
        'a: 'l,
    {
        OriginIndex {
            entries,
            slots,
            listed,
            ..*self
        }
    }

    /// Returns the kind and the hash of the key of a checked entry.
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

    /// Returns whether `is_found` is true for the key of some parent domain: of a part of `text`
    /// that follows a dot of the host, which begins at `host`.
    // Hashing each parent domain from its start would read the host once for each of its labels. A
    // hash that is taken from the end passes through that of each parent domain on the way. For
    // `https://a.b.example.com` it is looked up at three dots: for `com`, for `example.com` and for
    // `b.example.com`.
    //
    // Saves 14,106 of 26,919 instructions in the row `origin_match/mixed_001000/miss_labels`, a
    // host of 122 labels, and 224 of 1,307 in `miss_subdomain`. It costs 284 of 1,210 in
    // `hit_subdomain`, since the hash from the end comes to the longest parent domain last
    // (`.ci/bench.py`).
    fn any_suffix(&self, key: Key, text: &[u8], host: usize, is_found: impl Fn(u64) -> bool) -> bool {
        let scheme = self.hash(key, until(text, host));
        let mut suffix = Backwards::new(self.seed);
        // From the second byte of the host on, since `*` stands for at least one byte.
        from(text, host + 1).iter().rev().any(|&byte| {
            let is_key = byte == b'.' && is_found(suffix.with(key, scheme));
            suffix.push(byte);
            is_key
        })
    }

    /// Returns a hash of a key of this kind, keyed by the seed.
    fn hash(&self, key: Key, text: &[u8]) -> u64 {
        let mut hash = self.seed ^ (text.len() as u64) << 8 ^ key as u64;
        let (words, tail) = text.as_chunks::<8>();
        for word in words {
            hash = fold(hash ^ u64::from_le_bytes(*word));
        }
        // The last eight bytes may overlap the word before them. So that texts of different lengths
        // do not look alike, the length is part of the hash.
        let last = match text.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => tail.iter().fold(0, |last, &byte| last << 8 | u64::from(byte)),
        };
        fold(fold(hash ^ last))
    }

    /// Returns the index of an entry that is stored under `hash` and satisfies `is_it`.
    fn find(&self, hash: u64, is_it: impl Fn(&str) -> bool) -> Option<usize> {
        let (before, from_first) = self.slots.split_at_checked(first_slot(self.slots.len(), hash))?;
        let mut probes = from_first.iter().chain(before).take(MAX_PROBES);
        // A free slot ends the search; a slot with another tag is another key's. The tag
        // saves 178 of 1,388 instructions in the row `origin_match/mixed_001000/hit_subdomain`
        // (`.ci/bench.py`).
        while let Some(&slot) = probes.find(|&&slot| slot == 0 || slot & !NUMBER == tag(hash)) {
            if slot == 0 {
                return None;
            }
            let number = number(slot);
            if self.entries.get(number).is_some_and(&is_it) {
                return Some(number);
            }
        }
        None
    }
}

/// Checks every entry, and puts the numbers of those that are compared one by one into the last
/// slots. Returns how many these are.
fn check_and_list<'a>(origins: Entries<'a>, slots: &mut [u32]) -> Result<usize, PolicyError<'a>> {
    let mut free = slots.iter_mut().rev();
    let mut listed = 0;
    for (number, entry) in origins.iter().enumerate() {
        let error = error_in(entry, number);
        let pattern = pattern::check(entry.as_bytes()).map_err(&error)?;
        if number as u64 >= MAX_ENTRIES.into() {
            return Err(error((PolicyErrorKind::TooMany, 0)));
        }
        if pattern.form.needs_split() {
            let slot = free.next().ok_or((PolicyErrorKind::Full, 0)).map_err(&error)?;
            *slot = number as u32;
            listed += 1;
        }
    }
    Ok(listed)
}

/// Returns a function that makes an error of a mistake in this entry.
fn error_in<'a>(entry: &'a str, number: usize) -> impl Fn(Mistake) -> PolicyError<'a> {
    move |(kind, at)| PolicyError::of_entry(kind, Setting::AllowOrigins, entry, number, at)
}

impl Lookup for OriginIndex<'_> {
    fn exact(&self, text: &[u8]) -> Option<usize> {
        let hash = Key::Exact.mark(self.hash(Key::Exact, text));
        self.find(hash, |entry| equal_origins(entry.as_bytes(), text))
    }

    fn has_pattern_for(&self, origin: &Origin<'_>) -> bool {
        let text = origin.as_bytes();
        let without_port = origin.without_port();
        let is_found = |hash| {
            self.find(Key::Subdomain.mark(hash), |entry| pattern::plain(entry, origin))
                .is_some()
        };
        (self.ports && is_found(self.hash(Key::AnyPort, without_port)))
            || (self.subdomains && self.any_suffix(Key::Subdomain, text, origin.host_start(), is_found))
            || (self.subdomains_and_ports
                && self.any_suffix(Key::SubdomainAnyPort, without_port, origin.host_start(), is_found))
            || self.listed.iter().any(|&number| {
                let entry = self.entries.get(number as usize);
                entry.is_some_and(|entry| pattern::any_form(entry, origin))
            })
    }
}

impl fmt::Debug for OriginIndex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

/// The 20 bits of a slot that number its entry from 1; 0 in all 32 is a free slot.
const NUMBER: u32 = MAX_ENTRIES;

/// The lowest bit of a tag: set for exact entries, see [`Key::mark`].
const EXACT: u64 = 1 << 20;

/// Returns the 12 bits of a hash that are kept in a slot.
const fn tag(hash: u64) -> u32 {
    hash as u32 & !NUMBER
}

/// Returns the index of the entry in a slot that is not free.
const fn number(slot: u32) -> usize {
    (slot & NUMBER).wrapping_sub(1) as usize
}

/// Returns the index of the slot that a hash chooses.
// The upper half of a product is below `slots`, as a remainder would be, and needs no division. It
// depends on the upper bits of the hash; the tag is made of lower ones.
const fn first_slot(slots: usize, hash: u64) -> usize {
    ((hash as u128 * slots as u128) >> 64) as usize
}

/// Puts `value` into the first free slot for `hash`, and returns whether there was one. An entry
/// that is in the table already takes no second slot: `is_same` says whether the entry with a given
/// index is the same.
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

/// Returns the index of the host's first byte in a checked entry, or the length for `null`.
fn host_start(text: &[u8]) -> usize {
    let slashes = text.windows(3).position(|bytes| bytes == b"://");
    slashes.map_or(text.len(), |start| start + "://".len())
}

/// Returns both halves of a 128-bit product, combined so that each bit depends on all of `hash`.
const fn fold(hash: u64) -> u64 {
    let product = hash as u128 * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

/// A hash of a text that is read from its end, so that it passes through the hash of each suffix.
struct Backwards(u64);

impl Backwards {
    const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Takes the byte before those that were taken.
    const fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23);
    }

    /// Returns the hash of the key that has this suffix and the scheme of this hash.
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
            .find(|entry| *entry == text && !pattern::is_pattern(entry));
        let matches = |origin: &Origin<'_>| {
            entries
                .iter()
                .any(|entry| *entry != "*" && pattern::is_pattern(entry) && pattern::any_form(entry, origin))
        };
        (
            exact,
            Origin::parse(text.as_bytes()).is_ok_and(|origin| matches(&origin)),
        )
    }

    fn indexed<'a>(index: &OriginIndex<'a>, text: &str) -> (Option<&'a str>, bool) {
        let wildcard = Origin::parse(text.as_bytes()).is_ok_and(|origin| index.has_pattern_for(&origin));
        let exact = index
            .exact(text.as_bytes())
            .map(|number| index.entries.get(number).unwrap());
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

    /// The number of slots that are not free.
    fn taken(index: &OriginIndex<'_>) -> usize {
        index.slots.iter().filter(|&&slot| slot != 0).count()
    }

    #[test]
    fn lookups_are_those_of_the_plain_loop() {
        for length in [0, 1, 2, 3, 9, 64, 700] {
            let owned = list(length);
            let mut entries: Vec<&str> = owned.iter().map(String::as_str).collect();
            entries.extend(["null", "*", "https://[2001:db8::1]:*", "capacitor://localhost"]);
            // Entries that repeat.
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

    #[test]
    fn an_entry_that_repeats_takes_one_slot() {
        for entry in ["https://a.example", "https://*.a.example", "http://a.example:*"] {
            let entries = [entry; 3 * MAX_PROBES];
            let mut slots = vec![0; 2 * MAX_PROBES];
            let index = OriginIndex::build(&entries, &mut slots, 5).unwrap();
            assert_eq!(taken(&index), 1);
        }
        let entries = ["https://a.example", "https://b.example", "*", "https://a.example"];
        let mut slots = [0; 8];
        assert_eq!(taken(&OriginIndex::build(&entries, &mut slots, 5).unwrap()), 2);
    }

    #[test]
    fn the_text_of_a_pattern_is_not_an_origin() {
        let entries = ["https://*.a.example", "http://a.example:*", "null"];
        let mut slots = [0; 6];
        for seed in 0..500 {
            let index = OriginIndex::build(&entries, &mut slots, seed).unwrap();
            assert_eq!(index.exact(entries[0].as_bytes()), None);
            assert_eq!(index.exact(entries[1].as_bytes()), None);
            assert_eq!(index.exact(b"http://a.example"), None);
            assert_eq!(index.exact(b"null"), Some(2));
        }
    }

    /// 40 seeds, for each of which twice as many slots as entries are enough. With fewer slots a
    /// build may fail, but an index that is built finds every entry.
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
            (PolicyErrorKind::Full, Setting::AllowOrigins)
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

    /// In a table that is nearly full, the first seed mostly fails.
    #[test]
    fn a_build_goes_on_with_another_seed() {
        let owned: Vec<String> = (0..860).map(|i| format!("https://{i}.example")).collect();
        let entries: Vec<&str> = owned.iter().map(String::as_str).collect();
        let mut slots = vec![0; 1000];
        let (mut at_once, mut later, mut never) = (0, 0, 0);
        for seed in 0..100 {
            let mut first = OriginIndex {
                entries: Entries::Slice(&entries),
                slots: &[],
                listed: &[],
                seed: fold(seed),
                ports: false,
                subdomains: false,
                subdomains_and_ports: false,
            };
            slots.fill(0);
            let is_first = first.fill(&mut slots, false).is_none();
            match OriginIndex::build(&entries, &mut slots, fold(seed)) {
                Ok(index) => {
                    assert_eq!(index.seed == fold(seed), is_first);
                    assert!((0..860).all(|i| index.exact(entries[i].as_bytes()) == Some(i)));
                    *if is_first { &mut at_once } else { &mut later } += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), PolicyErrorKind::Full);
                    never += 1;
                }
            }
        }
        assert!(at_once > 0 && later > 0 && never < 100);
    }

    /// The longest list, with two seeds that work, and a list of one entry more.
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
            (PolicyErrorKind::TooMany, Some(MAX_ENTRIES as usize))
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
        assert_eq!(
            (error.kind(), error.index(), error.at()),
            (PolicyErrorKind::Path, Some(1), Some(17))
        );
    }
}
