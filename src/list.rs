//! `Access-Control-Request-Headers`: `1#field-name`, read as RFC 9110 section 5.6.1.2 asks recipients to, within
//! a budget.
//!
//! Several field lines are one list (RFC 9110 section 5.3). Any order, any case, white space, empty members and
//! repeated names are accepted. One member that is not allowed refuses the list, and nothing behind it is
//! looked at. The work is linear in the bytes in any case; the budget ends it early for lists that no browser and
//! no proxy writes:
//!
//! | what | at most | why that many |
//! |---|---|---|
//! | field lines | 4 | browsers write one; a request keeps a slice for each |
//! | names, repeated ones included | 256 | servers take some 100 field lines of a request; Firefox repeats a name for each value |
//! | empty members | 16 | "a reasonable number" |
//! | bytes of white space between members | 256 | one after each of so many commas |

use crate::ascii::{as_str, find, is_ows, is_tchar};
use crate::entries::Names;
use crate::names;
use crate::reason::Reason;

pub(crate) const MAX_LINES: u8 = 4;
pub(crate) const MAX_MEMBERS: u16 = 256;
pub(crate) const MAX_EMPTY: u8 = 16;
pub(crate) const MAX_SPACE: u16 = 256;

/// Why a list is refused, and which of its names is the reason, counted from 0.
pub(crate) type Refused = (Reason, u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a member, or in the white space before it.
    Before,
    Name,
    /// In white space after a name, where only a comma may follow.
    After,
}

/// Checks a list against a policy's header names while it arrives, without storing it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListCheck {
    state: State,
    empty: u8,
    /// White space that counts once a byte follows it that is none.
    pending_space: u16,
    space: u16,
    /// Names so far, with the one that is being read.
    names: u16,
    /// How much of a name was read.
    matched: u16,
    /// Entries whose first `matched` bytes are the name's; for `*`, whether the name may be `authorization`.
    candidates: u64,
    /// Entries that were asked for.
    asked: u64,
    /// The length of all names with a comma between them.
    joined_len: u16,
    refused: Option<Refused>,
}

impl ListCheck {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Before,
            empty: 0,
            pending_space: 0,
            space: 0,
            names: 0,
            matched: 0,
            candidates: 0,
            asked: 0,
            joined_len: 0,
            refused: None,
        }
    }

    /// The check of a list that is in memory.
    pub(crate) fn of(list: RequestedHeaders<'_>, allowed: &Names<'_>) -> Self {
        let mut check = Self::new();
        for line in list.lines() {
            if !check.plain_line(allowed, line) {
                check.feed(allowed, line);
                check.end_line(allowed);
            }
        }
        check
    }

    /// Takes a whole line as browsers write it: names of the policy's spelling, with a comma between them and nothing else. Any other line is
    /// left as it was, and is for [`feed`](Self::feed), which comes to the same end.
    fn plain_line(&mut self, allowed: &Names<'_>, line: &[u8]) -> bool {
        let Some(entries) = allowed.entries.as_slice() else {
            return false;
        };
        if allowed.any || self.refused.is_some() {
            return false;
        }
        let (mut asked, mut names, mut joined_len) = (self.asked, self.names, self.joined_len);
        let mut rest = Some(line);
        while let Some(line) = rest {
            let (name, behind) = match find(line, b',').and_then(|comma| line.split_at_checked(comma)) {
                Some((name, behind)) => (name, behind.get(1..)),
                None => (line, None),
            };
            rest = behind;
            let is_name = |(index, entry): (usize, &&str)| {
                let bit = 1u64.checked_shl(index as u32).unwrap_or(0) & allowed.distinct;
                (entry.as_bytes() == name && bit != 0).then_some(bit)
            };
            let Some(bit) = entries.iter().enumerate().find_map(is_name) else {
                return false;
            };
            if names >= MAX_MEMBERS {
                return false;
            }
            asked |= bit;
            joined_len = joined_len
                .saturating_add(name.len() as u16)
                .saturating_add((names > 0) as u16);
            names += 1;
        }
        (self.asked, self.names, self.joined_len) = (asked, names, joined_len);
        true
    }

    /// The bits of the entries that were asked for, up to the name that is refused if there is one.
    pub(crate) const fn asked(&self) -> u64 {
        self.asked
    }

    /// Whether no name was requested.
    pub(crate) const fn is_empty(&self) -> bool {
        self.names == 0
    }

    pub(crate) const fn joined_len(&self) -> usize {
        self.joined_len as usize
    }

    pub(crate) const fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// The next bytes of the line.
    pub(crate) fn feed(&mut self, allowed: &Names<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        while self.refused.is_none() {
            if self.state == State::Name {
                rest = self.name(allowed, rest);
            }
            let Some((&byte, next)) = rest.split_first() else {
                return;
            };
            rest = next;
            if is_ows(byte) {
                if self.state == State::Name {
                    self.end_name(allowed);
                    self.state = State::After;
                }
                self.pending_space = self.pending_space.saturating_add(1);
                continue;
            }
            self.space = self.space.saturating_add(self.pending_space);
            self.pending_space = 0;
            if self.space > MAX_SPACE {
                return self.refuse(Reason::RequestHeadersOverBudget, self.names);
            }
            match self.state {
                State::Name if byte == b',' => {
                    self.end_name(allowed);
                    self.state = State::Before;
                }
                State::After if byte == b',' => self.state = State::Before,
                State::Before if byte == b',' => self.end_empty(),
                State::Before if is_tchar(byte) => {
                    if self.names >= MAX_MEMBERS {
                        return self.refuse(Reason::RequestHeadersOverBudget, self.names);
                    }
                    self.names += 1;
                    self.matched = 0;
                    self.candidates = if allowed.any { 1 } else { allowed.distinct };
                    self.state = State::Name;
                    rest = self.name_bytes(allowed, &[byte], rest);
                }
                // Neither a token nor a separator; or two names without a comma between them.
                State::Before => self.refuse(Reason::RequestHeadersMalformed, self.names),
                State::Name | State::After => {
                    self.refuse(Reason::RequestHeadersMalformed, self.names.saturating_sub(1));
                }
            }
        }
    }

    /// The line ends.
    pub(crate) fn end_line(&mut self, allowed: &Names<'_>) {
        if self.refused.is_some() {
            return;
        }
        match self.state {
            State::Name => self.end_name(allowed),
            State::Before => self.end_empty(),
            State::After => {}
        }
        self.state = State::Before;
        self.pending_space = 0;
    }

    /// Takes what `rest` has of the current name.
    fn name<'c>(&mut self, allowed: &Names<'_>, rest: &'c [u8]) -> &'c [u8] {
        let end = rest
            .iter()
            .position(|&byte| !is_tchar(byte))
            .unwrap_or(rest.len());
        let (part, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        self.name_bytes(allowed, part, rest)
    }

    /// Narrows the candidates by the next bytes of the name.
    fn name_bytes<'c>(&mut self, allowed: &Names<'_>, part: &[u8], rest: &'c [u8]) -> &'c [u8] {
        let start = self.matched as usize;
        let goes_on = |entry: &str| {
            entry
                .as_bytes()
                .get(start..)
                .and_then(|entry| entry.get(..part.len()))
                .is_some_and(|entry| entry.eq_ignore_ascii_case(part))
        };
        if allowed.any {
            if self.candidates != 0 && !goes_on(names::AUTHORIZATION) {
                self.candidates = 0;
            }
        } else if self.candidates != 0 {
            for (index, entry) in allowed.entries.iter().enumerate() {
                let bit = 1u64.checked_shl(index as u32).unwrap_or(0);
                if self.candidates < bit {
                    break;
                }
                if self.candidates & bit != 0 && !goes_on(entry) {
                    self.candidates &= !bit;
                }
            }
        }
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        self.matched = self.matched.saturating_add(length);
        rest
    }

    fn end_name(&mut self, allowed: &Names<'_>) {
        let index = self.names.saturating_sub(1);
        self.joined_len = self
            .joined_len
            .saturating_add(self.matched)
            .saturating_add((index > 0) as u16);
        let length = self.matched as usize;
        if allowed.any {
            // Fetch section 4.8 step 7.6: `*` does not cover a CORS non-wildcard request-header name.
            let is_authorization = self.candidates != 0 && length == names::AUTHORIZATION.len();
            if is_authorization && !allowed.authorization {
                self.refuse(Reason::AuthorizationNotCovered, index);
            }
            return;
        }
        for (entry_index, entry) in allowed.entries.iter().enumerate() {
            let bit = 1u64.checked_shl(entry_index as u32).unwrap_or(0);
            if self.candidates < bit {
                break;
            }
            if self.candidates & bit != 0 && entry.len() == length {
                self.asked |= bit;
                return;
            }
        }
        self.refuse(Reason::HeaderNotAllowed, index);
    }

    fn end_empty(&mut self) {
        self.empty = self.empty.saturating_add(1);
        if self.empty > MAX_EMPTY {
            self.refuse(Reason::RequestHeadersOverBudget, self.names);
        }
    }

    fn refuse(&mut self, reason: Reason, index: u16) {
        if self.refused.is_none() {
            self.refused = Some((reason, index));
        }
    }
}

/// The lines of `Access-Control-Request-Headers`, those within the budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'r> {
    lines: [Option<&'r [u8]>; MAX_LINES as usize],
}

impl<'r> Lines<'r> {
    pub(crate) const NONE: Self = Self {
        lines: [None; MAX_LINES as usize],
    };

    pub(crate) fn keep(&mut self, line: &'r [u8]) {
        if let Some(place) = self.lines.iter_mut().find(|place| place.is_none()) {
            *place = Some(line);
        }
    }

    pub(crate) const fn names(&self) -> RequestedHeaders<'_> {
        RequestedHeaders::new(&self.lines)
    }
}

/// The names of `Access-Control-Request-Headers`, in the order of the request: an iterator.
///
/// Empty members are skipped and white space around names is gone; a member that is no token is given as `""`.
#[derive(Clone, Debug)]
pub struct RequestedHeaders<'r> {
    line: Option<&'r [u8]>,
    /// The lines behind it, up to the first that there is not.
    more: &'r [Option<&'r [u8]>],
}

impl<'r> RequestedHeaders<'r> {
    const fn new(lines: &'r [Option<&'r [u8]>]) -> Self {
        let (line, more) = match lines.split_first() {
            Some((line, more)) => (*line, more),
            None => (None, lines),
        };
        Self { line, more }
    }

    /// The lines.
    fn lines(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        self.line
            .into_iter()
            .chain(self.more.iter().map_while(|line| *line))
    }

    /// The next member, white space trimmed, empty or not.
    fn member(&mut self) -> Option<&'r [u8]> {
        let line = self.line?;
        match find(line, b',').and_then(|comma| line.split_at_checked(comma)) {
            Some((member, rest)) => {
                self.line = rest.get(1..);
                Some(crate::ascii::trim_ows(member))
            }
            None => {
                *self = Self::new(self.more);
                Some(crate::ascii::trim_ows(line))
            }
        }
    }
}

impl<'r> Iterator for RequestedHeaders<'r> {
    type Item = &'r str;

    fn next(&mut self) -> Option<&'r str> {
        loop {
            let member = self.member()?;
            if member.is_empty() {
                continue;
            }
            return Some(if names::is_token(member) {
                as_str(member)
            } else {
                ""
            });
        }
    }
}

/// Whether one line is as Fetch writes the list (section 4.8 step 5, and section 2.2.2 *CORS-unsafe
/// request-header names*, which sorts them and has each once). If not, which name is the first that is not.
pub(crate) fn check_strict(mut names: RequestedHeaders<'_>) -> Result<(), u16> {
    let mut before: &[u8] = b"";
    let mut index: u16 = 0;
    while let Some(line) = names.line {
        let member = line.split(|&byte| byte == b',').next().unwrap_or(b"");
        let in_order = member > before;
        let upper = member.iter().any(u8::is_ascii_uppercase);
        if !in_order || upper || !names::is_token(member) {
            return Err(index);
        }
        before = member;
        index = index.saturating_add(1);
        names.member();
    }
    Ok(())
}
