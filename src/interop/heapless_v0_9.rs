//! `heapless` 0.9: policies built at run time in fixed storage, and responses to a `Vec`.

use heapless_v0_9::{LenType, Vec, VecView};

use crate::entries::{Entries, MAX_NAMES, check_name};
use crate::error::{BufferTooSmall, PolicyError, PolicyErrorKind as Kind, Setting};
use crate::pattern;
use crate::{Decision, Policy, PolicyBuilder, Preflight};

/// The lists of a policy, built at run time in `N` bytes: from a settings page, a file, or memory that is not `'static`.
///
/// It copies the entries. An entry takes its length and, but for the first of its list, one byte more. Each is checked when it is
/// added; one that is wrong or does not fit changes nothing. The options come with [`build`](Self::build):
///
/// ```
/// use embedded_cors::{OwnedPolicy, PolicyBuf, PolicyErrorKind, Request};
///
/// let mut lists = PolicyBuf::<64>::new();
/// lists.allow_origin("https://app.example.com")?;
/// lists.allow_origin("http://localhost:*")?;
/// lists.allow_method("PUT")?;
///
/// let error = lists.allow_origin("https://example.com/").unwrap_err();
/// assert_eq!((error.kind(), error.index(), error.at()), (PolicyErrorKind::Path, 2, 19));
/// let error = lists.allow_origin("https://a-long-name.example.com").unwrap_err();
/// assert_eq!(error.kind(), PolicyErrorKind::Full);
///
/// let current: OwnedPolicy<64> = lists.build(|options| options.max_age_seconds(600)).unwrap();
/// drop(lists);
///
/// let request = Request::from_fields("GET", [("Origin", "http://localhost:3000")]);
/// let policy = current.policy();
/// let decision = policy.decide(&request);
/// assert!(decision.is_allowed());
/// # Ok::<(), embedded_cors::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyBuf<const N: usize> {
    /// The four lists, one behind the other, each with commas between its entries.
    text: Vec<u8, N>,
    /// Where each list ends.
    ends: [usize; 4],
}

const LISTS: [Setting; 4] = [
    Setting::AllowOrigins,
    Setting::AllowMethods,
    Setting::AllowHeaders,
    Setting::ExposeHeaders,
];

impl<const N: usize> PolicyBuf<N> {
    /// Lists without entries.
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
    /// [`PolicyError`], with [`Full`](Kind::Full) if there is no room.
    pub fn allow_origin<'e>(&mut self, origin: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(0, origin)
    }

    /// Adds a method. See [`PolicyBuilder::allow_methods`].
    ///
    /// # Errors
    ///
    /// As [`allow_origin`](Self::allow_origin), and [`TooMany`](Kind::TooMany) for the 65th.
    pub fn allow_method<'e>(&mut self, method: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(1, method)
    }

    /// Adds the name of a request header. See [`PolicyBuilder::allow_headers`].
    ///
    /// # Errors
    ///
    /// As [`allow_method`](Self::allow_method).
    pub fn allow_header<'e>(&mut self, name: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(2, name)
    }

    /// Adds the name of a response header. See [`PolicyBuilder::expose_headers`].
    ///
    /// # Errors
    ///
    /// As [`allow_method`](Self::allow_method).
    pub fn expose_header<'e>(&mut self, name: &'e str) -> Result<(), PolicyError<'e>> {
        self.add(3, name)
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Checks the lists together with the options that `options` sets, and copies them into a policy. Lists that `options` sets
    /// are replaced by these.
    ///
    /// # Errors
    ///
    /// As [`PolicyBuilder::build`].
    pub fn build(
        &self,
        options: impl FnOnce(PolicyBuilder<'static>) -> PolicyBuilder<'static>,
    ) -> Result<OwnedPolicy<N>, PolicyError<'_>> {
        Ok(OwnedPolicy {
            checked: options(Policy::builder()).check(self.lists())?,
            lists: self.clone(),
        })
    }

    /// How many of the `N` bytes are taken.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether no byte is taken: then all lists are empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn lists(&self) -> [&str; 4] {
        [self.list(0), self.list(1), self.list(2), self.list(3)]
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
        let index = Entries::Joined(self.list(list)).iter().count();
        let error = |(kind, at)| PolicyError::entry_error(kind, setting, entry, index, at);
        if setting == Setting::AllowOrigins {
            pattern::check(entry.as_bytes()).map_err(error)?;
        } else {
            check_name(entry.as_bytes(), setting).map_err(error)?;
            if index >= MAX_NAMES {
                return Err(error((Kind::TooMany, 0)));
            }
        }

        let comma: &[u8] = if index == 0 { b"" } else { b"," };
        let added = comma.len() + entry.len();
        if self.text.capacity() - self.text.len() < added {
            return Err(error((Kind::Full, 0)));
        }
        // There is room for both. They go to the end, and from there to the end of their list.
        let _ = self.text.extend_from_slice(comma);
        let _ = self.text.extend_from_slice(entry.as_bytes());
        let end = self.ends.get(list).copied().unwrap_or(0);
        if let Some(behind) = self.text.get_mut(end..).filter(|behind| behind.len() >= added) {
            behind.rotate_right(added);
        }
        for end in self.ends.iter_mut().skip(list) {
            *end += added;
        }
        Ok(())
    }
}

/// A policy with its lists in `N` bytes of its own: to be stored, sent, and swapped for another while the server runs.
///
/// It was checked when it was built ([`PolicyBuf::build`]); [`policy`](Self::policy) only borrows.
#[derive(Clone, Debug)]
pub struct OwnedPolicy<const N: usize> {
    lists: PolicyBuf<N>,
    checked: Policy<'static>,
}

impl<const N: usize> OwnedPolicy<N> {
    /// The policy: a value, to be kept as long as its decisions.
    pub fn policy(&self) -> Policy<'_> {
        self.checked.with_lists(self.lists.lists())
    }

    /// The lists, for the next policy.
    pub const fn lists(&self) -> &PolicyBuf<N> {
        &self.lists
    }
}

impl<const N: usize> Default for PolicyBuf<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl Decision<'_> {
    /// Appends what [`write_fields`](Self::write_fields) writes.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], if there is no room for all of it; then nothing is appended. The length needed is that of the fields
    /// alone.
    pub fn append_fields<L: LenType>(&self, vec: &mut VecView<u8, L>) -> Result<(), BufferTooSmall> {
        append(vec, self.encoded_len(), self.parts())
    }
}

impl Preflight<'_> {
    /// Appends what [`write_response`](Self::write_response) writes.
    ///
    /// # Errors
    ///
    /// As [`Decision::append_fields`].
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
        let mut lists = PolicyBuf::<10>::new();
        lists.allow_method("PUT").unwrap();
        lists.allow_header("x-a").unwrap();
        lists.allow_method("XYZ").unwrap();
        let before = lists.clone();
        let error = lists.expose_header("e").unwrap_err();
        assert_eq!(
            (error.kind(), error.setting(), error.index()),
            (Kind::Full, Setting::ExposeHeaders, 0)
        );
        assert_eq!(lists.text, before.text);
        assert_eq!(lists.ends, before.ends);
        assert_eq!((lists.list(1), lists.list(2)), ("PUT,XYZ", "x-a"));
    }

    #[test]
    fn the_order_of_calls_does_not_matter() {
        let mut first = PolicyBuf::<128>::new();
        let mut second = PolicyBuf::<128>::new();
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
