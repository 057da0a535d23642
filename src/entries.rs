//! A policy's lists as the caller stores them, and lists of names checked.

use core::fmt;

use crate::ascii::{eq, eq_ignore_case};
use crate::error::{PolicyError, PolicyErrorKind as Kind, Setting};
use crate::names;
use crate::out::Out;

/// The most names in a list of methods or headers: one bit each in a word of 64.
pub(crate) const MAX_NAMES: usize = 64;

/// The most bytes of a name; a list of requested headers is read with 16-bit counters.
const MAX_NAME_LEN: usize = 1024;

/// The text of a list, borrowed: a slice of entries in flash, or one string with a comma between them.
///
/// No entry of any list has a comma in it: origins, methods and field names exclude it.
#[derive(Clone, Copy)]
pub(crate) enum Entries<'a> {
    Slice(&'a [&'a str]),
    /// Of run-time storage; without it nothing is linked that reads this.
    #[cfg(any(test, feature = "heapless-v0.9"))]
    Joined(&'a str),
}

impl<'a> Entries<'a> {
    pub(crate) const EMPTY: Self = Self::Slice(&[]);

    /// The entry at `cursor`, which starts at 0 and which this moves on. An iterator that is `const`.
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
        }
    }

    pub(crate) const fn as_slice(self) -> Option<&'a [&'a str]> {
        match self {
            Self::Slice(entries) => Some(entries),
            #[cfg(any(test, feature = "heapless-v0.9"))]
            Self::Joined(_) => None,
        }
    }

    pub(crate) const fn iter(self) -> Iter<'a> {
        Iter {
            entries: self,
            cursor: 0,
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

impl Iter<'_> {
    /// Those entries whose bit is set, with commas between them.
    pub(crate) const fn emit(&self, bits: u64, out: &mut Out<'_>) {
        let (mut bits, mut is_first) = (bits, true);
        let mut cursor = self.cursor;
        while bits != 0 {
            let Some(entry) = self.entries.next(&mut cursor) else {
                return;
            };
            if bits & 1 == 1 {
                if !is_first {
                    out.text(",");
                }
                out.text(entry);
                is_first = false;
            }
            bits >>= 1;
        }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.entries.next(&mut self.cursor)
    }
}

/// A checked list of methods or field names.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) entries: Entries<'a>,
    /// One bit for each entry that is neither `*` nor equal to an earlier one.
    pub(crate) distinct: u64,
    /// `*` is among the entries.
    pub(crate) any: bool,
    /// `authorization`, which `*` does not cover, is among the entries.
    pub(crate) authorization: bool,
}

impl<'a> Names<'a> {
    pub(crate) const EMPTY: Self = Self {
        entries: Entries::EMPTY,
        distinct: 0,
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
        while let Some(entry) = entries.next(&mut cursor) {
            if let Err((kind, at)) = check_name(entry.as_bytes(), setting) {
                return Err(PolicyError::entry_error(kind, setting, entry, index, at));
            }
            if index >= MAX_NAMES {
                return Err(PolicyError::entry_error(Kind::TooMany, setting, entry, index, 0));
            }
            if eq(entry.as_bytes(), b"*") {
                names.any = true;
            } else if !names.has_before(entry.as_bytes(), index, setting) {
                names.distinct |= 1 << index;
            }
            if eq_ignore_case(entry.as_bytes(), names::AUTHORIZATION.as_bytes()) {
                names.authorization = true;
            }
            index += 1;
        }
        Ok(names)
    }

    /// What was found out, without the entries.
    #[cfg(feature = "heapless-v0.9")]
    pub(crate) const fn detached(&self) -> Names<'static> {
        Names {
            entries: Entries::EMPTY,
            distinct: self.distinct,
            any: self.any,
            authorization: self.authorization,
        }
    }

    /// Whether an entry before `index` equals `name`.
    const fn has_before(&self, name: &[u8], index: usize, setting: Setting) -> bool {
        let mut cursor = 0;
        let mut earlier = 0;
        while earlier < index {
            let Some(entry) = self.entries.next(&mut cursor) else {
                return false;
            };
            // Methods are case-sensitive (RFC 9110 section 9.1), field names are not (section 5.1).
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
        self.distinct == 0 && !self.any
    }

    /// The length of the longest entry.
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

    /// The length of all distinct entries with a comma between them.
    pub(crate) const fn joined_len(&self) -> usize {
        let mut len: usize = 0;
        let mut bits = self.distinct;
        let mut cursor = 0;
        while let Some(entry) = self.entries.next(&mut cursor) {
            if bits & 1 == 1 {
                len = len.saturating_add(entry.len() + (len != 0) as usize);
            }
            bits >>= 1;
        }
        len
    }
}

/// Checks one name of a list.
pub(crate) const fn check_name(name: &[u8], setting: Setting) -> Result<(), (Kind, usize)> {
    if name.is_empty() {
        return Err((Kind::Empty, 0));
    }
    if !names::is_token(name) {
        return Err((Kind::NotAToken, names::first_non_tchar(name)));
    }
    if name.len() > MAX_NAME_LEN {
        return Err((Kind::NameTooLong, 0));
    }
    match setting {
        Setting::AllowMethods => {
            if names::is_forbidden_method(name) {
                return Err((Kind::ForbiddenMethod, 0));
            }
            if names::is_normalized_method(name) && !is_upper_case(name) {
                return Err((Kind::MethodCase, 0));
            }
        }
        Setting::ExposeHeaders if names::is_forbidden_response_header(name) => {
            return Err((Kind::ForbiddenResponseHeader, 0));
        }
        _ => {}
    }
    Ok(())
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
    fn both_storages_read_alike() {
        for list in [&[][..], &["a"], &["a", "bc", "d"], &["*", "x-y"]] {
            let joined = list.join(",");
            let slice = Entries::Slice(list);
            let text = Entries::Joined(&joined);
            assert!(slice.iter().eq(text.iter()), "{list:?}");
            assert_eq!(slice.iter().count(), list.len());
        }
    }

    #[test]
    fn equal_names_count_once() {
        let names = |list, setting| Names::check(Entries::Slice(list), setting).ok().unwrap();
        let headers = names(
            &["x-a", "X-A", "x-b", "*", "Authorization"],
            Setting::AllowHeaders,
        );
        assert_eq!(headers.distinct, 0b10101);
        assert!(headers.any && headers.authorization && !headers.is_empty());
        assert_eq!(headers.joined_len(), "x-a,x-b,Authorization".len());
        let methods = names(&["PATCH", "patch", "PATCH"], Setting::AllowMethods);
        assert_eq!(methods.distinct, 0b011);
    }

    #[test]
    fn sixty_four_names_and_no_more() {
        let owned: Vec<String> = (0..65).map(|i| format!("x-{i}")).collect();
        let list: Vec<&str> = owned.iter().map(String::as_str).collect();
        let full = Names::check(Entries::Slice(&list[..64]), Setting::AllowHeaders);
        assert_eq!(full.ok().unwrap().distinct, u64::MAX);
        let error = Names::check(Entries::Slice(&list), Setting::AllowHeaders)
            .err()
            .unwrap();
        assert_eq!((error.kind(), error.index()), (Kind::TooMany, 64));
    }
}
