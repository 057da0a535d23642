//! Checks the requested header names against the list of a policy.

use crate::ascii::{first_non_tchar, from, is_ows, is_tchar, until};
use crate::names;
use crate::policy::{EntrySet, Names};
use crate::reason::Reason;
use crate::request::header_list::{MAX_EMPTY, MAX_MEMBERS, MAX_SPACE, RequestedHeaders};
use crate::texts::equal;

/// Why a list is refused, and the number of the name that is the reason, counted from 0.
pub(crate) type Refused = (Reason, u16);

/// Where the check is, in relation to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before a member, or in the white space before it.
    Before,
    Inside,
    /// In the white space after a name, where only a comma may follow.
    After,
}

/// A check of `Access-Control-Request-Headers` against the header names of a policy, fed with the
/// list's bytes in pieces of any length.
///
/// A name may have 1024 bytes, and a policy 64 names. The check stores none of them: it keeps one
/// bit per entry of the policy, set while the entry begins with what has been read of the name.
///
/// ```text
///                         x-a  x-app  x-b
/// before the name          1     1     1
/// after the piece "X-"     1     1     1
/// after the piece "Ap"     0     1     0
/// after the piece "p,"     0     1     0     x-app has the length of the name, so it is the name
/// ```
///
/// A check takes 32 bytes, whatever the policy and the request. A buffer for the names would have
/// to be as long as the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListCheck {
    place: Place,
    empty_members: u8,
    /// The white space after the last byte that is not white space. It counts once another such
    /// byte follows.
    pending_space: u16,
    space: u16,
    /// The number of names, including the one that is being read.
    names: u16,
    /// The bytes of the current name that have been read.
    name_len: u16,
    /// The entries whose first `name_len` bytes are those of the name, one bit each. In a list with
    /// `*`: 1 while the name may become `authorization`.
    candidates: EntrySet,
    /// The entries that were requested, one bit each.
    requested: EntrySet,
    /// The length of all names with commas between them.
    joined_len: u16,
    refused: Option<Refused>,
}

impl ListCheck {
    pub(crate) const fn new() -> Self {
        Self {
            place: Place::Before,
            empty_members: 0,
            pending_space: 0,
            space: 0,
            names: 0,
            name_len: 0,
            candidates: EntrySet(0),
            requested: EntrySet(0),
            joined_len: 0,
            refused: None,
        }
    }

    /// Checks a list that is in memory.
    pub(crate) fn of(list: RequestedHeaders<'_>, allowed: &Names<'_>) -> Self {
        let mut check = Self::new();
        for line in list.lines() {
            if let Some(rest) = check.take_plain_names(allowed, line, true) {
                check.feed(allowed, rest);
                check.end_line(allowed);
            }
        }
        check
    }

    /// Takes the [plain names](PlainNames) at the start of a line, or at the start of a member, and
    /// returns the rest of the line; or `None` if nothing is left.
    ///
    /// `is_whole` is that of [`PlainNames::at_start_of`]. [`feed`](Self::feed) takes the same names
    /// byte by byte.
    // This function and `feed` are not inlined on 32-bit targets, so that what they keep on the
    // stack is not there during the whole decision: saves 40 of 560 bytes of `stack all_whole` and
    // 292 of 8,580 bytes of `flash response` on a Cortex-M3 (`.ci/certificate.py`).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn take_plain_names<'l>(
        &mut self,
        allowed: &Names<'_>,
        line: &'l [u8],
        is_whole: bool,
    ) -> Option<&'l [u8]> {
        if allowed.any || self.refused.is_some() {
            return Some(line);
        }
        let limit = MAX_MEMBERS.saturating_sub(self.names);
        let names = PlainNames::at_start_of(line, allowed, limit, is_whole);
        // A comma follows each of the names, except for the last of the line.
        let taken = line.len() - names.rest.map_or(0, <[u8]>::len) + names.rest.is_none() as usize;
        let added = taken.saturating_sub((self.names == 0) as usize);
        let joined_len = added.saturating_add(self.joined_len as usize);
        self.joined_len = u16::try_from(joined_len).unwrap_or(u16::MAX);
        self.names += names.count;
        self.requested.0 |= names.entries;
        names.rest
    }

    /// Returns the bits of the entries that were requested, up to the name that is refused.
    pub(crate) const fn requested(&self) -> EntrySet {
        self.requested
    }

    /// Returns whether no name was requested.
    pub(crate) const fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// Returns the length in bytes of all names with commas between them.
    pub(crate) const fn joined_len(&self) -> usize {
        self.joined_len as usize
    }

    pub(crate) const fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// Does the work of [`feed`](Self::feed) for a piece of a line. The plain names that have their
    /// comma in the piece are taken in one step.
    // A piece mostly has several names of a list, and only its first and its last one may be cut.
    // Compared with `feed` alone, this saves 2,114 of 7,966 instructions in the row
    // `wire/preflight_chromium/policy_reader_64` (`.ci/bench.py`). `feed` itself does not do this,
    // because a decision on a whole head would keep more on the stack.
    pub(crate) fn feed_piece(&mut self, allowed: &Names<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        if self.place != Place::Before
            && let Some(comma) = bytes.iter().position(|&byte| byte == b',')
        {
            self.feed(allowed, until(bytes, comma + 1));
            rest = from(bytes, comma + 1);
        }
        if self.place == Place::Before && self.pending_space == 0 && !rest.is_empty() {
            rest = self.take_plain_names(allowed, rest, false).unwrap_or(&[]);
        }
        self.feed(allowed, rest);
    }

    /// Reads the next bytes of a line.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn feed(&mut self, allowed: &Names<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        while self.refused.is_none() {
            if self.place == Place::Inside {
                rest = self.read_name(allowed, rest);
            }
            let at_byte = rest;
            let Some((&byte, tail)) = at_byte.split_first() else {
                return;
            };
            rest = tail;
            if is_ows(byte) {
                if self.place == Place::Inside {
                    self.end_name(allowed);
                    self.place = Place::After;
                }
                self.pending_space = self.pending_space.saturating_add(1);
                continue;
            }
            self.space = self.space.saturating_add(self.pending_space);
            self.pending_space = 0;
            if self.space > MAX_SPACE {
                return self.refuse(Reason::RequestHeadersOverBudget, self.names);
            }
            match self.place {
                Place::Inside if byte == b',' => {
                    self.end_name(allowed);
                    self.place = Place::Before;
                }
                Place::After if byte == b',' => self.place = Place::Before,
                Place::Before if byte == b',' => self.end_empty_member(),
                Place::Before if is_tchar(byte) => {
                    if self.names >= MAX_MEMBERS {
                        return self.refuse(Reason::RequestHeadersOverBudget, self.names);
                    }
                    self.names += 1;
                    self.name_len = 0;
                    self.candidates.0 = if allowed.any { 1 } else { allowed.distinct.0 };
                    self.place = Place::Inside;
                    rest = at_byte;
                }
                // The byte is neither part of a name nor a comma.
                Place::Before => self.refuse(Reason::RequestHeadersMalformed, self.names),
                // The byte after a name is not a comma: it belongs to a second name, or to none.
                Place::Inside | Place::After => {
                    self.refuse(Reason::RequestHeadersMalformed, self.names.saturating_sub(1));
                }
            }
        }
    }

    /// Takes a byte within a name, and returns `true`; or returns `false` if the byte is another,
    /// or if several entries begin with what has been read of the name. [`feed`](Self::feed) takes
    /// any byte.
    // After a few bytes of a name, at most one entry begins with them.
    #[inline(always)]
    pub(crate) fn takes_byte_of_name(&mut self, allowed: &Names<'_>, byte: u8) -> bool {
        let candidates = self.candidates.0;
        if self.place != Place::Inside || allowed.any || !candidates.is_power_of_two() || !is_tchar(byte) {
            return false;
        }
        let Some(entry) = allowed.entries.get(candidates.trailing_zeros() as usize) else {
            return false;
        };
        let next = entry.as_bytes().get(self.name_len as usize);
        if !next.is_some_and(|next| *next == byte || next.eq_ignore_ascii_case(&byte)) {
            self.candidates.0 = 0;
        }
        self.name_len = self.name_len.saturating_add(1);
        true
    }

    /// Ends the line.
    pub(crate) fn end_line(&mut self, allowed: &Names<'_>) {
        if self.refused.is_some() {
            return;
        }
        match self.place {
            Place::Inside => self.end_name(allowed),
            Place::Before => self.end_empty_member(),
            Place::After => {}
        }
        self.place = Place::Before;
        self.pending_space = 0;
    }

    /// Reads the part of the current name at the start of `bytes`, and returns what follows it.
    fn read_name<'c>(&mut self, allowed: &Names<'_>, bytes: &'c [u8]) -> &'c [u8] {
        let end = bytes
            .iter()
            .position(|&byte| !is_tchar(byte))
            .unwrap_or(bytes.len());
        let (part, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.narrow(allowed, part);
        rest
    }

    /// Narrows the candidates by the next bytes of the name.
    fn narrow(&mut self, allowed: &Names<'_>, part: &[u8]) {
        let start = self.name_len as usize;
        let continues = |entry: &str| {
            entry
                .as_bytes()
                .get(start..)
                .and_then(|entry| entry.get(..part.len()))
                .is_some_and(|entry| entry.eq_ignore_ascii_case(part))
        };
        if allowed.any {
            if self.candidates.0 != 0 && !continues(names::AUTHORIZATION) {
                self.candidates.0 = 0;
            }
        } else {
            for (bit, entry) in allowed.selected(self.candidates.0) {
                if !continues(entry) {
                    self.candidates.0 &= !bit;
                }
            }
        }
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        self.name_len = self.name_len.saturating_add(length);
    }

    /// Ends the current name: it is one of the candidates, or it is refused.
    fn end_name(&mut self, allowed: &Names<'_>) {
        self.count_name();
        let index = self.names.saturating_sub(1);
        let length = self.name_len as usize;
        if allowed.any {
            // `*` does not cover a CORS non-wildcard request-header name:
            // https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name.
            let is_authorization = self.candidates.0 != 0 && length == names::AUTHORIZATION.len();
            if is_authorization && !allowed.authorization {
                self.refuse(Reason::AuthorizationNotCovered, index);
            }
            return;
        }
        let mut entries = allowed.selected(self.candidates.0);
        match entries.find(|(_, entry)| entry.len() == length) {
            Some((bit, _)) => self.requested.0 |= bit,
            None => self.refuse(Reason::HeaderNotAllowed, index),
        }
    }

    /// Adds the current name to `joined_len`.
    fn count_name(&mut self) {
        self.joined_len = self
            .joined_len
            .saturating_add(self.name_len)
            .saturating_add((self.names > 1) as u16);
    }

    fn end_empty_member(&mut self) {
        self.empty_members = self.empty_members.saturating_add(1);
        if self.empty_members > MAX_EMPTY {
            self.refuse(Reason::RequestHeadersOverBudget, self.names);
        }
    }

    fn refuse(&mut self, reason: Reason, index: u16) {
        if self.refused.is_none() {
            self.refused = Some((reason, index));
        }
    }
}

/// Names that are spelled as in the policy, with single commas between them, at the start of a
/// line. Browsers write such lines.
pub(super) struct PlainNames<'l> {
    /// The bits of their entries.
    pub(super) entries: u64,
    count: u16,
    /// The rest of the line, or `None` if nothing is left.
    pub(super) rest: Option<&'l [u8]>,
}

impl<'l> PlainNames<'l> {
    /// Reads at most `limit` names. `is_whole` tells whether the line ends with `line`. If it does
    /// not, a name at the end of `line` may be the start of a longer one, and is left.
    // The search for a name begins after the entry that matched the previous name, and wraps around
    // at the end of the list. A page usually asks for names in the order of the policy, or nearly
    // so, and then most searches end at their first or second entry:
    //
    //     line     authorization,content-type,x-trace
    //     policy   authorization  content-type  if-match  x-trace
    //              1              2             3         3
    //
    // A name costs at most two rounds. Compared with `feed` alone, this saves 2,045 of 3,415
    // instructions in the row `decide/preflight_allowed/exact_000008` (`.ci/bench.py`), for 488
    // bytes of flash on a Cortex-M3 (`flash response` of `.ci/certificate.py`).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn at_start_of(line: &'l [u8], allowed: &Names<'_>, limit: u16, is_whole: bool) -> Self {
        let (mut entries, mut left) = (0, limit);
        let mut rest = line;
        loop {
            let left_before = left;
            let mut entry_bit = 1;
            for entry in allowed.entries.iter() {
                if let Some(tail) = after_name(rest, entry)
                    && allowed.distinct.0 & entry_bit != 0
                    && (is_whole || !tail.is_empty())
                {
                    let Some(left_after) = left.checked_sub(1) else {
                        break;
                    };
                    left = left_after;
                    entries |= entry_bit;
                    let [_comma, after @ ..] = tail else {
                        return Self {
                            entries,
                            count: limit - left,
                            rest: None,
                        };
                    };
                    rest = after;
                }
                entry_bit <<= 1;
            }
            if left == left_before {
                return Self {
                    entries,
                    count: limit - left,
                    rest: Some(rest),
                };
            }
        }
    }

    /// Returns the index of the first name that is left, counted from the first name of the line,
    /// if it is a name that is not allowed. Its end may be the end of the line or a comma.
    pub(super) fn index_of_other(&self, allowed: &Names<'_>) -> Option<u16> {
        let rest = self.rest?;
        let len = first_non_tchar(rest);
        let (name, tail) = rest.split_at_checked(len)?;
        let is_allowed = |(_, entry): (u64, &str)| entry.as_bytes().eq_ignore_ascii_case(name);
        let is_other = !name.is_empty()
            && matches!(tail, [] | [b',', ..])
            && self.count < MAX_MEMBERS
            && !allowed.selected(allowed.distinct.0).any(is_allowed);
        is_other.then_some(self.count)
    }
}

/// Returns the rest of `list` after `name`, if its first member is `name`. The rest is empty or
/// starts with a comma.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn after_name<'l>(list: &'l [u8], name: &str) -> Option<&'l [u8]> {
    let (start, tail) = list.split_at_checked(name.len())?;
    // The byte after the name rules out most other names, without a comparison of all bytes.
    (matches!(tail, [] | [b',', ..]) && equal(start, name.as_bytes())).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Entries, Setting};

    fn allowed<'a>(entries: &'a [&'a str]) -> Names<'a> {
        let names = Names::check(Entries::Slice(entries), Setting::AllowHeaders);
        names.ok().unwrap()
    }

    /// The bits of the requested entries, the length of the joined names, and the refusal.
    type Outcome = (u64, usize, Option<Refused>);

    fn outcome(check: &ListCheck) -> Outcome {
        (check.requested().0, check.joined_len(), check.refused())
    }

    /// Feeds each line in pieces of `size` bytes.
    fn fed(allowed: &Names<'_>, lines: &[&str], size: usize) -> Outcome {
        let mut check = ListCheck::new();
        for line in lines {
            for piece in line.as_bytes().chunks(size) {
                check.feed(allowed, piece);
            }
            check.end_line(allowed);
        }
        outcome(&check)
    }

    #[test]
    fn a_check_has_32_bytes() {
        assert_eq!(size_of::<ListCheck>(), 32);
    }

    #[test]
    fn a_list_is_checked_in_pieces_of_any_size() {
        use Reason::*;
        let listed = allowed(&["x-a", "X-App", "x-b", "x-a"]);
        let any = allowed(&["*"]);
        let any_and_authorization = allowed(&["*", "authorization"]);
        let spaces = format!("x-a{},x-b", " ".repeat(MAX_SPACE.into()));
        let many_spaces = format!("x-a{},x-b", " ".repeat(MAX_SPACE as usize + 1));
        let commas = ",".repeat(MAX_EMPTY as usize - 1);
        let many_commas = ",".repeat(MAX_EMPTY.into());
        let names = ["x-a"; MAX_MEMBERS as usize].join(",");
        let many_names = format!("{names},x-b");
        for (policy, lines, expected) in [
            (&listed, &["x-a"][..], (0b001, 3, None)),
            (&listed, &["X-A,x-app"], (0b011, 9, None)),
            (&listed, &["x-b,x-b"], (0b100, 7, None)),
            (&listed, &["x-a", "x-b"], (0b101, 7, None)),
            (&listed, &[" x-a\t ,, x-b "], (0b101, 7, None)),
            (&listed, &[""], (0, 0, None)),
            // A prefix of an entry, an entry that is a prefix, and another name.
            (&listed, &["x-a,x-"], (0b001, 6, Some((HeaderNotAllowed, 1)))),
            (&listed, &["x-appl"], (0, 6, Some((HeaderNotAllowed, 0)))),
            (
                &listed,
                &["x-a", "y,x-b"],
                (0b001, 5, Some((HeaderNotAllowed, 1))),
            ),
            (&listed, &["*"], (0, 1, Some((HeaderNotAllowed, 0)))),
            // Bytes that are not part of a list.
            (&listed, &["x-a;x-b"], (0, 0, Some((RequestHeadersMalformed, 0)))),
            (
                &listed,
                &["x-a x-b"],
                (0b001, 3, Some((RequestHeadersMalformed, 0))),
            ),
            (
                &listed,
                &["x-a,\"x-b\""],
                (0b001, 3, Some((RequestHeadersMalformed, 1))),
            ),
            // Lists that exhaust the budget, and lists that exceed it by one.
            (&listed, &[&spaces], (0b101, 7, None)),
            (
                &listed,
                &[&many_spaces],
                (0b001, 3, Some((RequestHeadersOverBudget, 1))),
            ),
            (&listed, &[&commas], (0, 0, None)),
            (
                &listed,
                &[&many_commas],
                (0, 0, Some((RequestHeadersOverBudget, 0))),
            ),
            (&listed, &[&names], (0b001, 1023, None)),
            (
                &listed,
                &[&many_names],
                (0b001, 1023, Some((RequestHeadersOverBudget, 256))),
            ),
            // `*` covers every name but one.
            (&any, &["x-a,anything"], (0, 12, None)),
            (
                &any,
                &["x-a,Authorization"],
                (0, 17, Some((AuthorizationNotCovered, 1))),
            ),
            (&any, &["authorization-x,author"], (0, 22, None)),
            (&any_and_authorization, &["authorization"], (0, 13, None)),
        ] {
            for size in [1, 2, 3, 5, 1000] {
                assert_eq!(fed(policy, lines, size), expected, "{lines:?} by {size}");
            }
        }
    }

    /// Feeds a line byte by byte, so that no name is taken in one step.
    fn feed_bytes(check: &mut ListCheck, allowed: &Names<'_>, line: &str) {
        for byte in line.as_bytes().chunks(1) {
            check.feed(allowed, byte);
        }
        check.end_line(allowed);
    }

    /// Compares names that are taken in one step with names that are read byte by byte.
    #[test]
    fn plain_names_are_checked_as_byte_by_byte() {
        let listed = allowed(&["x-a", "X-App", "x-b", "x-a"]);
        let any = allowed(&["*"]);
        let names = ["x-a"; MAX_MEMBERS as usize].join(",");
        let many_names = format!("{names},x-b");
        for (policy, line, rest) in [
            (&listed, "x-a", None),
            (&listed, "x-a,X-App,x-b", None),
            (&listed, "x-b,x-a,X-App", None),
            (&listed, "x-b,x-b", None),
            (&listed, &names, None),
            (&listed, &many_names, Some("x-b")),
            (&listed, "x-a,x-app", Some("x-app")),
            (&listed, "x-a, x-b", Some(" x-b")),
            (&listed, "x-a,,x-b", Some(",x-b")),
            (&listed, "x-a,", Some("")),
            (&listed, "x-a,y", Some("y")),
            (&listed, "x-a,x-ab,x-b", Some("x-ab,x-b")),
            (&listed, "*", Some("*")),
            (&listed, "", Some("")),
            (&any, "x-a", Some("x-a")),
        ] {
            for earlier in [&[][..], &["x-b"], &["x-b,y"]] {
                let mut fed = ListCheck::new();
                for line in earlier {
                    feed_bytes(&mut fed, policy, line);
                }
                let before = fed;
                feed_bytes(&mut fed, policy, line);
                for first in 0..=line.len() {
                    let mut pieces = before;
                    let (start, end) = line.as_bytes().split_at(first);
                    pieces.feed_piece(policy, start);
                    pieces.feed_piece(policy, end);
                    pieces.end_line(policy);
                    assert_eq!(outcome(&pieces), outcome(&fed), "{line:?} after {earlier:?}");
                }
                let mut plain = before;
                let left = plain.take_plain_names(policy, line.as_bytes(), true);
                if earlier.is_empty() {
                    assert_eq!(left, rest.map(str::as_bytes), "{line:?}");
                }
                if let Some(rest) = left {
                    plain.feed(policy, rest);
                    plain.end_line(policy);
                }
                assert_eq!(outcome(&plain), outcome(&fed), "{line:?} after {earlier:?}");
            }
        }
    }
}
