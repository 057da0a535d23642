//! Fingerprints of exact entries, so that most look-ups in a short list compare one entry.
//!
//! Problem: a list of origins is often a list of tenants: `https://tenant-00001.example.com`,
//! `https://tenant-00002.example.com`. They have the same length and differ somewhere, so a value
//! has to be compared with each of them.
//!
//! Trick: the policy keeps one byte for each exact entry among the first 32: seven bits of a hash
//! of one word of the entry, and one bit that is always set. A look-up hashes the word at the same
//! place of the value, and compares its fingerprint with a word of fingerprints at once, as the
//! [search](crate::scan) for one byte does. Then it compares the value with the entries that have
//! this fingerprint, mostly one or none:
//!
//! ```text
//! entries        0   1   2   3   4   5   6   7      (2 has a wildcard, and so no fingerprint)
//! fingerprints   5b  91  00  e3  91  0d  77  c5
//! value          91
//! equal          00  80  00  00  80  00  00  00     -> compare entries 1 and 4
//! ```
//!
//! The place of the word is counted from the end of the text, because the start of an origin is
//! its scheme. It is chosen when the policy is built, so that the fewest entries have the
//! fingerprint of another entry:
//!
//! ```text
//! https://tenant-00001.example.com
//! https://tenant-00002.example.com
//!               00001.ex ---------     the word, and the bytes between it and the end
//! ```
//!
//! A fingerprint alone never admits an origin: the texts have to be equal too. Whatever value a
//! client sends, it is compared with at most the entries that have the same fingerprint, which are
//! among 32. So a client cannot make a look-up longer than one without fingerprints. Someone who
//! chooses entries can make their fingerprints equal, and then a look-up compares these entries.
//!
//! The fingerprints save 217 of 576 instructions in the row `decide/actual_allowed/exact_000008`
//! (`.ci/bench.py`), for 36 bytes in a policy. A hash of the whole text would take 29 instructions
//! more in the row `decide/actual_allowed/exact_000008/ready`.

use super::lists::Entries;
use crate::ascii::from;
use crate::scan::{WORD, equal_bytes};
use crate::texts::equal_out_of_line;

/// A one-byte fingerprint of each exact entry among the first 32; 0 for other entries.
#[derive(Clone, Copy)]
pub(super) struct Fingerprints {
    words: [usize; Fingerprints::KEPT / WORD],
    /// The place of the hashed word: the number of bytes from its start to the end of the text.
    back: u8,
    /// Whether nothing else admits an origin, so that a value that is not found is not admitted.
    pub(super) suffice: bool,
}

impl Fingerprints {
    /// The number of entries, counted from the first, that can have a fingerprint.
    pub(super) const KEPT: usize = 32;

    /// The largest value of `back` that is tried.
    const FURTHEST: u8 = 64;

    /// No fingerprints.
    pub(super) const NONE: Self = Self::at(WORD as u8);

    const fn at(back: u8) -> Self {
        Self {
            words: [0; Self::KEPT / WORD],
            back,
            suffice: false,
        }
    }

    /// Returns the fingerprints of the entries whose bits are set in `exact`.
    pub(super) const fn of(entries: Entries<'_>, exact: u32) -> Self {
        let mut best = Self::NONE;
        let mut fewest = usize::MAX;
        let mut back = WORD as u8;
        while back <= Self::FURTHEST && fewest > 0 {
            let mut tried = Self::at(back);
            let collisions = tried.set_all(entries, exact);
            if collisions < fewest {
                best = tried;
                fewest = collisions;
            }
            back += 1;
        }
        best
    }

    /// Sets the fingerprints of the entries whose bits are set in `exact`, and returns how many of
    /// them have the fingerprint of an entry before them.
    const fn set_all(&mut self, entries: Entries<'_>, exact: u32) -> usize {
        let mut collisions = 0;
        let mut cursor = 0;
        let mut index = 0;
        while index < Self::KEPT
            && let Some(entry) = entries.next(&mut cursor)
        {
            if exact >> index & 1 == 1 {
                let fingerprint = self.fingerprint(entry.as_bytes());
                collisions += self.has(fingerprint) as usize;
                self.words[index / WORD] |= (fingerprint as usize) << (index % WORD * 8);
            }
            index += 1;
        }
        collisions
    }

    /// Returns whether an entry has this fingerprint.
    const fn has(&self, fingerprint: u8) -> bool {
        let mut i = 0;
        while i < self.words.len() {
            if equal_bytes(self.words[i], fingerprint) != 0 {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Returns the entry that equals `text`, among those that have a fingerprint. It compares only
    /// the first `reachable` entries.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn find<'a>(&self, text: &[u8], entries: Entries<'a>, reachable: usize) -> Option<&'a str> {
        let fingerprint = self.fingerprint(text);
        for (word_index, word) in self.words.iter().enumerate() {
            let start = word_index * WORD;
            if start >= reachable {
                break;
            }
            let mut equal_prints = equal_bytes(*word, fingerprint);
            while equal_prints != 0 {
                let index = equal_prints.trailing_zeros() as usize / 8;
                let candidate = entries
                    .get(start + index)
                    .filter(|entry| equal_out_of_line(entry.as_bytes(), text));
                if candidate.is_some() {
                    return candidate;
                }
                // Clears the lowest bit that is set: the entry that was just compared.
                equal_prints &= equal_prints - 1;
            }
        }
        None
    }

    /// Returns a byte other than 0 that depends on the length of `text`, and on each byte of its
    /// word at `back`. A text that is too short for it has an empty word.
    // A multiplicative hash, of which the upper bits depend on all bits below them.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    const fn fingerprint(&self, text: &[u8]) -> u8 {
        const ODD: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;
        let word = match text.len().checked_sub(self.back as usize) {
            Some(start) => match from(text, start).first_chunk::<WORD>() {
                Some(word) => usize::from_le_bytes(*word),
                None => 0,
            },
            None => 0,
        };
        let hash = word.wrapping_add(text.len()).wrapping_mul(ODD);
        (hash >> (usize::BITS - 8)) as u8 | 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_as_by_comparing_each() {
        let texts: Vec<String> = (0..40).map(|i| format!("https://t-{i:02}.example")).collect();
        let entries: Vec<&str> = texts.iter().map(String::as_str).collect();
        for count in [0, 1, 7, 8, 9, 31, 32, 40] {
            let list = Entries::Slice(&entries[..count]);
            for exact in [0, 1, 0x5555_5555, u32::MAX] {
                let fingerprints = Fingerprints::of(list, exact);
                for text in texts
                    .iter()
                    .map(String::as_str)
                    .chain(["", "null", "https://t-01.examplf"])
                {
                    let has_fingerprint = |&index: &usize| index < 32 && exact >> index & 1 == 1;
                    let naive = (0..count)
                        .filter(has_fingerprint)
                        .map(|index| entries[index])
                        .find(|entry| *entry == text);
                    assert_eq!(
                        fingerprints.find(text.as_bytes(), list, count),
                        naive,
                        "{count} {exact:x}"
                    );
                }
            }
        }
    }

    /// The number of different fingerprints among those of the entries.
    fn distinct(entries: &[&str]) -> usize {
        let fingerprints = Fingerprints::of(Entries::Slice(entries), u32::MAX);
        let all: std::collections::BTreeSet<u8> = entries
            .iter()
            .map(|entry| fingerprints.fingerprint(entry.as_bytes()))
            .collect();
        all.len()
    }

    #[test]
    fn the_word_is_where_the_entries_differ() {
        for (list, expected) in [
            (
                &["https://a.example", "https://b.example", "https://c.example"][..],
                3,
            ),
            (
                &[
                    "https://x-1.customers.example.com",
                    "https://x-2.customers.example.com",
                ],
                2,
            ),
            (
                &[
                    "https://example.com:8443",
                    "https://example.com:9443",
                    "https://example.com",
                ],
                3,
            ),
            (&["https://example.com", "http://example.com", "null"], 3),
            (&["https://one.example", "https://one.example"], 1),
        ] {
            assert_eq!(distinct(list), expected, "{list:?}");
        }
        let tenants: Vec<String> = (0..8)
            .map(|i| format!("https://tenant-{i:05}.customers.example.com"))
            .collect();
        let tenants: Vec<&str> = tenants.iter().map(String::as_str).collect();
        assert_eq!(distinct(&tenants), 8);
    }

    #[test]
    fn a_fingerprint_is_never_0_and_depends_on_each_byte_of_the_word() {
        let fingerprints = Fingerprints::at(20);
        for len in 0..40 {
            let text = vec![b'a'; len];
            assert_ne!(fingerprints.fingerprint(&text), 0);
            for at in 0..len {
                // One changed byte may give the same fingerprint by chance; seven do not.
                let differs = |byte: u8| {
                    let mut other = text.clone();
                    other[at] = byte;
                    fingerprints.fingerprint(&other) != fingerprints.fingerprint(&text)
                };
                let is_in_word = len >= 20 && (len - 20..len - 20 + WORD).contains(&at);
                assert_eq!((b'b'..=b'h').any(differs), is_in_word, "{len} {at}");
            }
        }
    }
}
