//! Lists of entries as the caller stores them, and checked lists of names.

use core::fmt;

use super::error::{PolicyError, Setting};
use super::error_kind::PolicyErrorKind;
use crate::ascii::{self, eq, eq_ignore_case};
use crate::buffer::Out;
use crate::names;

/// The most names in a list of methods or headers. A decision remembers the requested ones as bits
/// of a 64-bit word.
pub(crate) const MAX_NAMES: usize = 64;

/// The most bytes of a name. A list of requested headers is read with 16-bit counters.
const MAX_NAME_LEN: usize = 1024;

/// The borrowed entries of a list.
///
/// The other storages are compiled only for policies that own their lists. Their code would
/// otherwise be in every program, because the compiler cannot know which variant a policy has.
#[derive(Clone, Copy)]
pub(crate) enum Entries<'a> {
    /// A slice, for example in flash.
    Slice(&'a [&'a str]),
    /// One string with a comma after each entry but the last. No valid entry contains a comma.
    #[cfg(any(test, feature = "heapless-v0.9"))]
    Joined(&'a str),
    /// Strings on the heap.
    #[cfg(any(test, feature = "alloc"))]
    Boxed(&'a [alloc::boxed::Box<str>]),
}

impl<'a> Entries<'a> {
    pub(crate) const EMPTY: Self = Self::Slice(&[]);

    /// Returns the number of entries that [`get`](Self::get) finds: all, or 0 if the storage can
    /// only be read from its start.
    pub(crate) const fn reachable(&self) -> usize {
        match self {
            Self::Slice(entries) => entries.len(),
            #[cfg(any(test, feature = "heapless-v0.9"))]
            Self::Joined(_) => 0,
            #[cfg(any(test, feature = "alloc"))]
            Self::Boxed(entries) => entries.len(),
        }
    }

    /// Returns the entry with this index, which is less than [`reachable`](Self::reachable).
    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
        match *self {
            Self::Slice(entries) => entries.get(index).copied(),
            #[cfg(any(test, feature = "heapless-v0.9"))]
            Self::Joined(_) => None,
            #[cfg(any(test, feature = "alloc"))]
            Self::Boxed(entries) => entries.get(index).map(|entry| &**entry),
        }
    }

    /// Entries in one string, with a comma between them.
    #[cfg(feature = "heapless-v0.9")]
    pub(crate) const fn joined(text: &'a str) -> Self {
        Self::Joined(text)
    }

    /// Returns the entry at `cursor` and advances it: an iterator for `const` functions. The cursor
    /// starts at 0.
    pub(crate) const fn next(&self, cursor: &mut usize) -> Option<&'a str> {
        match *self {
            Self::Slice(entries) => {
                if *cursor >= entries.len() {
                    return None;
                }
                let entry = entries[*cursor];
                *cursor += 1;
                Some(entry)
            }
            #[cfg(any(test, feature = "heapless-v0.9"))]
            Self::Joined(text) => {
                let bytes = text.as_bytes();
                let start = *cursor;
                if start >= bytes.len() {
                    return None;
                }
                let mut end = start;
                while end < bytes.len() && bytes[end] != b',' {
                    end += 1;
                }
                *cursor = end + 1;
                let (_, rest) = match text.split_at_checked(start) {
                    Some(halves) => halves,
                    None => return None,
                };
                match rest.split_at_checked(end - start) {
                    Some((entry, _)) => Some(entry),
                    None => None,
                }
            }
            #[cfg(any(test, feature = "alloc"))]
            Self::Boxed(entries) => {
                if *cursor >= entries.len() {
                    return None;
                }
                let entry: &'a str = &entries[*cursor];
                *cursor += 1;
                Some(entry)
            }
        }
    }

    /// Writes all entries with commas between them.
    pub(crate) const fn emit(&self, out: &mut Out<'_>) {
        let mut cursor = 0;
        let mut separator = "";
        while let Some(entry) = self.next(&mut cursor) {
            out.text(separator);
            out.text(entry);
            separator = ",";
        }
    }

    /// Returns the length of all entries with commas between them.
    pub(crate) const fn joined_len(&self) -> usize {
        let mut len: usize = 0;
        let mut cursor = 0;
        while let Some(entry) = self.next(&mut cursor) {
            len = len.saturating_add(entry.len() + (len != 0) as usize);
        }
        len
    }

    pub(crate) const fn iter(self) -> Iter<'a> {
        Iter {
            entries: self,
            cursor: 0,
        }
    }

    /// Returns the entries without the first `count`, which are at most those that are
    /// [`reachable`](Self::reachable).
    pub(crate) const fn skip(self, count: usize) -> Iter<'a> {
        // Where entries are reachable, the cursor is the index of the next one.
        Iter {
            entries: self,
            cursor: count,
        }
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Iter<'a> {
    entries: Entries<'a>,
    cursor: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.entries.next(&mut self.cursor)
    }
}

/// A set of entries of a list, one bit for each.
// On most 32-bit machines, a `u64` is aligned to 8 bytes. But some allocators there align to 4
// bytes only, and callers of the C library allocate structs that contain such a set. These machines
// load a `u64` as two words, so the smaller alignment costs nothing. It saves 16 of 192 bytes of a
// `Policy` and 16 of 696 bytes of stack on a Cortex-M3 (`.ci/certificate.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_pointer_width = "32", repr(packed(4)))]
pub(crate) struct EntrySet(pub(crate) u64);

/// An iterator over the entries whose bits are set in a word, each with its bit.
///
/// ```text
/// entry     "x-a"    "x-b"     "*"     "x-c"
/// 0b1010      0        1        0        1      gives (0b10, "x-b"), (0b1000, "x-c")
/// ```
// It returns bits, not indices, because a 32-bit machine needs about ten instructions to shift a
// `u64` by an index, and two to shift it by one. Saves 84 of 7,492 bytes in `flash fields` on a
// Cortex-M3 (`.ci/certificate.py`).
#[derive(Clone, Debug)]
pub(crate) struct Selected<'a> {
    entries: Entries<'a>,
    cursor: usize,
    /// The bit of the entry at `cursor`.
    bit: u64,
    /// The bits of the selected entries, those before `cursor` included.
    bits: u64,
}

impl<'a> Selected<'a> {
    /// Returns the next entry and whether its bit is set, or `None` after the last set bit.
    ///
    /// Loops that skip entries themselves, as `emit` does, are smaller than loops over `next`.
    const fn step(&mut self) -> Option<(&'a str, bool)> {
        // The bits that are set are those of entries before the next one.
        if self.bits < self.bit {
            return None;
        }
        let Some(entry) = self.entries.next(&mut self.cursor) else {
            return None;
        };
        let is_selected = self.bits & self.bit != 0;
        self.bit <<= 1;
        Some((entry, is_selected))
    }

    /// Writes the entries with commas between them.
    pub(crate) const fn emit(mut self, out: &mut Out<'_>) {
        let mut is_first = true;
        while let Some((entry, is_selected)) = self.step() {
            if is_selected {
                if !is_first {
                    out.text(",");
                }
                out.text(entry);
                is_first = false;
            }
        }
    }
}

impl<'a> Iterator for Selected<'a> {
    type Item = (u64, &'a str);

    fn next(&mut self) -> Option<(u64, &'a str)> {
        loop {
            let bit = self.bit;
            let (entry, is_selected) = self.step()?;
            if is_selected {
                return Some((bit, entry));
            }
        }
    }
}

/// A checked list of methods or field names.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) entries: Entries<'a>,
    /// One bit for each entry that is neither `*` nor equal to an earlier one.
    pub(crate) distinct: EntrySet,
    /// Whether `*` is among the entries.
    pub(crate) any: bool,
    /// Whether `authorization`, which `*` does not cover, is among the entries.
    pub(crate) authorization: bool,
}

impl<'a> Names<'a> {
    pub(crate) const EMPTY: Self = Self {
        entries: Entries::EMPTY,
        distinct: EntrySet(0),
        any: false,
        authorization: false,
    };

    /// Checks every entry of a list.
    pub(crate) const fn check(entries: Entries<'a>, setting: Setting) -> Result<Self, PolicyError<'a>> {
        let mut names = Self {
            entries,
            ..Self::EMPTY
        };
        let mut cursor = 0;
        let mut index = 0;
        // An entry that differs from `PATCH` in its case only.
        let mut other_patch = None;
        let mut has_patch = false;
        while let Some(entry) = entries.next(&mut cursor) {
            if let Err((kind, at)) = check_name(entry.as_bytes(), setting) {
                return Err(PolicyError::of_entry(kind, setting, entry, index, at));
            }
            if index >= MAX_NAMES {
                return Err(PolicyError::of_entry(
                    PolicyErrorKind::TooMany,
                    setting,
                    entry,
                    index,
                    0,
                ));
            }
            if eq(entry.as_bytes(), b"*") {
                names.any = true;
            } else if !names.has_before(entry.as_bytes(), index, setting) {
                names.distinct.0 |= 1 << index;
            }
            if eq_ignore_case(entry.as_bytes(), names::AUTHORIZATION.as_bytes()) {
                names.authorization = true;
            }
            if eq(entry.as_bytes(), b"PATCH") {
                has_patch = true;
            } else if eq_ignore_case(entry.as_bytes(), b"PATCH") && other_patch.is_none() {
                other_patch = Some((entry, index));
            }
            index += 1;
        }
        // Browsers do not convert this method to upper case:
        // <https://fetch.spec.whatwg.org/#concept-method-normalize>.
        if let Some((entry, index)) = other_patch
            && matches!(setting, Setting::AllowMethods)
            && !has_patch
            && !names.any
        {
            let kind = PolicyErrorKind::PatchCase;
            return Err(PolicyError::of_entry(kind, setting, entry, index, 0));
        }
        Ok(names)
    }

    /// Returns the results of the check without the entries.
    #[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
    pub(crate) const fn detached(&self) -> Names<'static> {
        Names {
            entries: Entries::EMPTY,
            distinct: self.distinct,
            any: self.any,
            authorization: self.authorization,
        }
    }

    /// Returns whether an entry before `index` equals `name`.
    const fn has_before(&self, name: &[u8], index: usize, setting: Setting) -> bool {
        let mut cursor = 0;
        let mut earlier = 0;
        while earlier < index {
            let Some(entry) = self.entries.next(&mut cursor) else {
                return false;
            };
            // Methods are case-sensitive, <https://www.rfc-editor.org/rfc/rfc9110#section-9.1>, and
            // field names are not, <https://www.rfc-editor.org/rfc/rfc9110#section-5.1>.
            let same = match setting {
                Setting::AllowMethods => eq(entry.as_bytes(), name),
                _ => eq_ignore_case(entry.as_bytes(), name),
            };
            if same {
                return true;
            }
            earlier += 1;
        }
        false
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.distinct.0 == 0 && !self.any
    }

    /// Returns the length of the longest entry.
    pub(crate) const fn longest(&self) -> usize {
        let mut len = 0;
        let mut cursor = 0;
        while let Some(entry) = self.entries.next(&mut cursor) {
            if entry.len() > len {
                len = entry.len();
            }
        }
        len
    }

    /// Returns the length of all distinct entries with commas between them.
    pub(crate) const fn joined_len(&self) -> usize {
        let mut len: usize = 0;
        let mut names = self.selected(self.distinct.0);
        while let Some((name, is_selected)) = names.step() {
            if is_selected {
                len = len.saturating_add(name.len() + (len != 0) as usize);
            }
        }
        len
    }

    /// Returns the entries whose bit is set in `bits`.
    pub(crate) const fn selected(&self, bits: u64) -> Selected<'a> {
        Selected {
            entries: self.entries,
            cursor: 0,
            bit: 1,
            bits,
        }
    }
}

/// Checks one name of a list, and returns the kind of a mistake with the index of its byte.
pub(crate) const fn check_name(name: &[u8], setting: Setting) -> Result<(), (PolicyErrorKind, usize)> {
    if name.is_empty() {
        return Err((PolicyErrorKind::Empty, 0));
    }
    let first = ascii::first_non_tchar(name);
    if first < name.len() {
        return Err(match name[first] {
            b'\r' | b'\n' => (PolicyErrorKind::LineEnd, first),
            _ => (PolicyErrorKind::NotAToken, first),
        });
    }
    let star = position_of_star(name);
    if star < name.len() && name.len() > 1 {
        return Err((PolicyErrorKind::NameWildcard, star));
    }
    if name.len() > MAX_NAME_LEN {
        return Err((PolicyErrorKind::NameTooLong, 0));
    }
    match setting {
        Setting::AllowMethods => {
            if names::is_forbidden_method(name) {
                return Err((PolicyErrorKind::ForbiddenMethod, 0));
            }
            if names::is_normalized_method(name) && !is_upper_case(name) {
                return Err((PolicyErrorKind::MethodCase, 0));
            }
            if eq_ignore_case(name, b"ANY") || eq_ignore_case(name, b"ALL") {
                return Err((PolicyErrorKind::AnyMethod, 0));
            }
        }
        Setting::AllowHeaders if names::is_forbidden_request_header(name) => {
            return Err((PolicyErrorKind::ForbiddenRequestHeader, 0));
        }
        Setting::ExposeHeaders if names::is_forbidden_response_header(name) => {
            return Err((PolicyErrorKind::ForbiddenResponseHeader, 0));
        }
        _ => {}
    }
    Ok(())
}

/// Returns the index of the first `*`, or the length.
const fn position_of_star(name: &[u8]) -> usize {
    let mut i = 0;
    while i < name.len() && name[i] != b'*' {
        i += 1;
    }
    i
}

const fn is_upper_case(name: &[u8]) -> bool {
    let mut i = 0;
    while i < name.len() {
        if name[i].is_ascii_lowercase() {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_storages_read_alike() {
        for list in [&[][..], &["a"], &["a", "bc", "d"], &["*", "x-y"]] {
            let joined = list.join(",");
            let slice = Entries::Slice(list);
            let text = Entries::Joined(&joined);
            let boxes: Vec<Box<str>> = list.iter().map(|&entry| entry.into()).collect();
            let boxed = Entries::Boxed(&boxes);
            assert!(slice.iter().eq(text.iter()), "{list:?}");
            assert!(slice.iter().eq(boxed.iter()), "{list:?}");
            assert_eq!(slice.iter().count(), list.len());
            assert_eq!(
                [slice, text, boxed].map(|list| list.reachable()),
                [list.len(), 0, list.len()]
            );
            for (index, entry) in slice.iter().enumerate() {
                assert_eq!(
                    [slice, text, boxed].map(|list| list.get(index)),
                    [Some(entry), None, Some(entry)]
                );
                assert!(slice.skip(index).eq(boxed.skip(index)));
            }
            for storage in [slice, text, boxed] {
                assert_eq!(storage.get(list.len()), None);
            }
        }
    }

    #[test]
    fn equal_names_count_once() {
        let names = |list, setting| Names::check(Entries::Slice(list), setting).ok().unwrap();
        let headers = names(
            &["x-a", "X-A", "x-b", "*", "Authorization"],
            Setting::AllowHeaders,
        );
        assert_eq!(headers.distinct, EntrySet(0b10101));
        assert!(headers.any && headers.authorization && !headers.is_empty());
        assert_eq!(headers.joined_len(), "x-a,x-b,Authorization".len());
        let methods = names(&["PATCH", "patch", "PATCH"], Setting::AllowMethods);
        assert_eq!(methods.distinct, EntrySet(0b011));
    }

    #[test]
    fn the_entries_of_a_set_are_those_whose_bits_are_set() {
        let owned: Vec<String> = (0..64).map(|i| format!("x-{i}")).collect();
        let list: Vec<&str> = owned.iter().map(String::as_str).collect();
        let joined = list.join(",");
        for count in [0, 1, 2, 63, 64] {
            let text = joined.split_inclusive(',').take(count).collect::<String>();
            let lists = [
                Entries::Slice(&list[..count]),
                Entries::Joined(text.trim_end_matches(',')),
            ];
            for bits in [0, 1, 2, 0b1010, 1 << 63, u64::MAX, 0x8000_0000_0000_0001] {
                let naive: Vec<_> = (0..count)
                    .map(|i| (1_u64 << i, list[i]))
                    .filter(|(bit, _)| bits & bit != 0)
                    .collect();
                for entries in lists {
                    let names = Names {
                        entries,
                        ..Names::EMPTY
                    };
                    assert!(names.selected(bits).eq(naive.iter().copied()), "{count} {bits:x}");
                }
            }
        }
    }

    #[test]
    fn sixty_four_names_and_no_more() {
        let owned: Vec<String> = (0..65).map(|i| format!("x-{i}")).collect();
        let list: Vec<&str> = owned.iter().map(String::as_str).collect();
        let full = Names::check(Entries::Slice(&list[..64]), Setting::AllowHeaders);
        assert_eq!(full.ok().unwrap().distinct, EntrySet(u64::MAX));
        let error = Names::check(Entries::Slice(&list), Setting::AllowHeaders)
            .err()
            .unwrap();
        assert_eq!(
            (error.kind(), error.index()),
            (PolicyErrorKind::TooMany, Some(64))
        );
    }
}
