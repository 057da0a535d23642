//! `heapless` 0.9: policies built at run time in fixed storage, and responses to a `Vec`.

use heapless_v0_9::{LenType, Vec, VecView};

use crate::policy::{Entries, MAX_NAMES, Stored, check_name, pattern};
use crate::{
    BufferTooSmall, Decision, Policy, PolicyBuilder, PolicyError, PolicyErrorKind, PolicySource, Preflight,
    Setting,
};

/// The lists of a policy that is built at run time, for example from a settings page or a file, in
/// `N` bytes.
///
/// The entries are copied. An entry takes its length and, unless it is the first of its list, one
/// byte more. It is checked when it is added, and an entry that is wrong or does not fit changes
/// nothing. The other settings are given to [`build`](Self::build):
///
/// ```
/// use embedded_cors::{FixedCapacityPolicy, PolicyLists, PolicyErrorKind, Request};
///
/// let mut lists = PolicyLists::<64>::new();
/// lists.allow_origin("https://app.example.com")?;
/// lists.allow_origin("http://localhost:*")?;
/// lists.allow_method("PUT")?;
///
/// let error = lists.allow_origin("https://example.com/").unwrap_err();
/// assert_eq!((error.kind(), error.index(), error.at()), (PolicyErrorKind::Path, Some(2), Some(19)));
/// let error = lists.allow_origin("https://a-long-name.example.com").unwrap_err();
/// assert_eq!(error.kind(), PolicyErrorKind::Full);
///
/// let current: FixedCapacityPolicy<64> = lists.build(|options| options.max_age_seconds(600)).unwrap();
/// drop(lists);
///
/// let request = Request::from_fields("GET", [("Origin", "http://localhost:3000")]);
/// let policy = current.policy();
/// let decision = policy.decide(&request);
/// assert!(decision.is_allowed());
/// # Ok::<(), embedded_cors::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyLists<const N: usize> {
    /// The four lists, one after the other, each with commas between its entries.
    text: Vec<u8, N>,
    /// The end of each list.
    ends: [usize; 4],
}

const LISTS: [Setting; 4] = [
    Setting::AllowOrigins,
    Setting::AllowMethods,
    Setting::AllowHeaders,
    Setting::ExposeHeaders,
];

impl<const N: usize> PolicyLists<N> {
    /// Creates lists without entries.
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            ends: [0; 4],
        }
    }

    /// Adds an origin. See [`PolicyBuilder::allow_origins`].
    ///
    /// # Errors
    ///
    /// Returns the mistake in the entry, or [`Full`](PolicyErrorKind::Full) if there is no room.
    pub fn allow_origin<'e>(&mut self, origin: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(0, origin)
    }

    /// Adds a method. See [`PolicyBuilder::allow_methods`].
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`allow_origin`](Self::allow_origin), and
    /// [`TooMany`](PolicyErrorKind::TooMany) for the 65th entry.
    pub fn allow_method<'e>(&mut self, method: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(1, method)
    }

    /// Adds the name of a request header. See [`PolicyBuilder::allow_headers`].
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`allow_method`](Self::allow_method).
    pub fn allow_header<'e>(&mut self, name: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(2, name)
    }

    /// Adds the name of a response header. See [`PolicyBuilder::expose_headers`].
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`allow_method`](Self::allow_method).
    pub fn expose_header<'e>(&mut self, name: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(3, name)
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Checks the lists together with the settings that `options` makes, and copies them into a
    /// policy. These lists replace those that `options` sets.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`PolicyBuilder::build`].
    pub fn build(
        &self,
        options: impl FnOnce(PolicyBuilder<'static>) -> PolicyBuilder<'static>,
    ) -> Result<FixedCapacityPolicy<N>, PolicyError<'_>> {
        Ok(FixedCapacityPolicy {
            checked: options(Policy::builder()).check(self.stored())?,
            lists: self.clone(),
        })
    }

    /// Returns the number of bytes in use, of `N`.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns whether all lists are empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn stored(&self) -> Stored<'_> {
        Stored::lists([0, 1, 2, 3].map(|list| Entries::joined(self.list(list))))
    }

    fn start(&self, list: usize) -> usize {
        match list.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        }
    }

    fn list(&self, list: usize) -> &str {
        let end = self.ends.get(list).copied().unwrap_or(0);
        let text = self.text.get(self.start(list)..end).unwrap_or(b"");
        core::str::from_utf8(text).unwrap_or("")
    }

    fn add<'e>(&mut self, list: usize, entry: &'e str) -> Result<(), PolicyError<'e>> {
        let setting = LISTS.get(list).copied().unwrap_or(Setting::AllowOrigins);
        let index = Entries::joined(self.list(list)).iter().count();
        let error = |(kind, at)| PolicyError::of_entry(kind, setting, entry, index, at);
        if setting == Setting::AllowOrigins {
            pattern::check(entry.as_bytes()).map_err(error)?;
        } else {
            check_name(entry.as_bytes(), setting).map_err(error)?;
            if index >= MAX_NAMES {
                return Err(error((PolicyErrorKind::TooMany, 0)));
            }
        }

        let comma: &[u8] = if index == 0 { b"" } else { b"," };
        let added = comma.len() + entry.len();
        if self.text.capacity() - self.text.len() < added {
            return Err(error((PolicyErrorKind::Full, 0)));
        }
        // There is room for both. They are appended, and then rotated to the end of their list.
        let _ = self.text.extend_from_slice(comma);
        let _ = self.text.extend_from_slice(entry.as_bytes());
        let end = self.ends.get(list).copied().unwrap_or(0);
        if let Some(later_lists) = self.text.get_mut(end..).filter(|lists| lists.len() >= added) {
            later_lists.rotate_right(added);
        }
        for end in self.ends.iter_mut().skip(list) {
            *end += added;
        }
        Ok(())
    }
}

/// A policy that owns its lists, in `N` bytes. It can be stored, sent, and swapped for another
/// while the server runs.
///
/// [`PolicyLists::build`] has checked it, so [`policy`](Self::policy) only borrows.
#[derive(Clone, Debug)]
pub struct FixedCapacityPolicy<const N: usize> {
    lists: PolicyLists<N>,
    checked: Policy<'static>,
}

impl<const N: usize> FixedCapacityPolicy<N> {
    /// Returns the policy. Keep the value as long as its decisions.
    pub fn policy(&self) -> Policy<'_> {
        self.checked.with_stored(self.lists.stored())
    }

    /// Returns the lists, from which the next policy can be built.
    pub const fn lists(&self) -> &PolicyLists<N> {
        &self.lists
    }
}

impl<const N: usize> PolicySource for FixedCapacityPolicy<N> {
    type PolicyOrRules<'s> = Policy<'s>;

    fn policy_or_rules(&self) -> Policy<'_> {
        self.policy()
    }
}

impl<const N: usize> Default for PolicyLists<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl Decision<'_> {
    /// Appends the fields to a `Vec`, as [`write_fields`](Self::write_fields) writes them to a
    /// buffer.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] if there is no room for all fields, and then has appended
    /// nothing. The length needed is that of the fields alone.
    pub fn append_fields<L: LenType>(&self, vec: &mut VecView<u8, L>) -> Result<(), BufferTooSmall> {
        append(vec, self.encoded_len(), self.parts())
    }
}

impl Preflight<'_> {
    /// Appends the response to a `Vec`, as [`write_response`](Self::write_response) writes it to a
    /// buffer.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Decision::append_fields`].
    pub fn append_response<L: LenType>(&self, vec: &mut VecView<u8, L>) -> Result<(), BufferTooSmall> {
        append(vec, self.encoded_len(), self.parts())
    }
}

fn append<'p, L: LenType>(
    vec: &mut VecView<u8, L>,
    needed: usize,
    parts: impl Iterator<Item = &'p str>,
) -> Result<(), BufferTooSmall> {
    if vec.capacity() - vec.len() < needed {
        return Err(BufferTooSmall::new(needed));
    }
    for part in parts {
        let _ = vec.extend_from_slice(part.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    #[test]
    fn a_vec_is_filled_exactly_or_not_at_all() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let decision = POLICY.decide(&request);
        let mut expected = [0; 512];
        let expected = decision.write_fields(&mut expected).unwrap();
        const BEFORE: &[u8] = b"server: x\r\n";
        let mut vec: Vec<u8, 1024> = Vec::from_slice(BEFORE).unwrap();
        decision.append_fields(&mut vec).unwrap();
        assert_eq!(vec.as_slice(), [BEFORE, expected.as_bytes()].concat());

        let needed = decision.encoded_len();
        while vec.capacity() - vec.len() >= needed {
            vec.push(b'x').unwrap();
        }
        let before = vec.clone();
        let error = decision.append_fields(&mut vec).unwrap_err();
        assert_eq!(error.needed(), needed);
        assert_eq!(vec, before);
        vec.pop();
        decision.append_fields(&mut vec).unwrap();
        assert_eq!(vec.len(), vec.capacity());
    }

    #[test]
    fn a_list_is_filled_exactly() {
        let mut lists = PolicyLists::<10>::new();
        lists.allow_method("PUT").unwrap();
        lists.allow_header("x-a").unwrap();
        lists.allow_method("XYZ").unwrap();
        let before = lists.clone();
        let error = lists.expose_header("e").unwrap_err();
        assert_eq!(
            (error.kind(), error.setting(), error.index()),
            (PolicyErrorKind::Full, Setting::ExposeHeaders, Some(0))
        );
        assert_eq!(lists.text, before.text);
        assert_eq!(lists.ends, before.ends);
        assert_eq!((lists.list(1), lists.list(2)), ("PUT,XYZ", "x-a"));
    }

    #[test]
    fn the_order_of_calls_does_not_matter() {
        let mut first = PolicyLists::<128>::new();
        let mut second = PolicyLists::<128>::new();
        first.allow_origin("https://a.example").unwrap();
        first.allow_origin("https://b.example").unwrap();
        first.allow_method("PUT").unwrap();
        first.expose_header("etag").unwrap();
        second.expose_header("etag").unwrap();
        second.allow_method("PUT").unwrap();
        second.allow_origin("https://a.example").unwrap();
        second.allow_origin("https://b.example").unwrap();
        assert_eq!(first.text, second.text);
        assert_eq!(first.ends, second.ends);
        first.clear();
        assert_eq!(first.list(0), "");
    }
}
