//! What the value of a response field is made of, before commas come between.
//!
//! Two kinds of value are found member by member when they are written: requested names that are echoed, and a `Vary` that is merged. Few
//! policies and servers have them, so they are reached through pointers: who has none does not link them.

use core::fmt;

use crate::ascii::{as_str, cut, trim_ows};
use crate::entries::{self, Names};
use crate::list::{Lines, RequestedHeaders};
use crate::out::Out;

/// Where the members of a value are.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Ascii(&'a [u8]),
    /// Entries of the policy, those whose bit is set.
    Names(&'a Names<'a>, u64),
    Echo(&'a Echo<'a>),
    /// What the response has, and what is needed.
    Vary(&'a ExistingVary<'a>, &'static [&'static str]),
}

impl<'a> Source<'a> {
    pub(crate) fn members(self) -> Members<'a> {
        match self {
            Self::Ascii(ascii) => Members::Ascii(ascii),
            Self::Names(names, bits) => Members::Names(names.entries.iter(), bits),
            Self::Echo(echo) => Members::Later(echo.members()),
            Self::Vary(existing, needed) => Members::Later(existing.and(needed)),
        }
    }

    /// The same text as [`members`](Self::members), which are not linked if nothing but this is called.
    pub(crate) fn emit(self, out: &mut Out<'_>) {
        match self {
            Self::Ascii(_) | Self::Names(..) => self.emit_fixed(out),
            Self::Echo(echo) => echo.members().emit(out),
            Self::Vary(existing, needed) => existing.and(needed).emit(out),
        }
    }

    /// Writes what has nothing of a request in it, and nothing else.
    pub(crate) const fn emit_fixed(self, out: &mut Out<'_>) {
        match self {
            Self::Ascii(ascii) => out.bytes(ascii),
            Self::Names(names, bits) => names.entries.iter().emit(bits, out),
            Self::Echo(_) | Self::Vary(..) => {}
        }
    }
}

#[derive(Clone)]
pub(crate) enum Members<'a> {
    Ascii(&'a [u8]),
    /// Entries of the policy, those whose bit is set.
    Names(entries::Iter<'a>, u64),
    Later(Later<'a>),
    End,
}

impl<'a> Members<'a> {
    pub(crate) fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Ascii(ascii) => {
                let text = as_str(ascii);
                *self = Self::End;
                Some(text)
            }
            Self::Names(entries, bits) => loop {
                if *bits == 0 {
                    return None;
                }
                let entry = entries.next()?;
                let selected = *bits & 1 == 1;
                *bits >>= 1;
                if selected {
                    return Some(entry);
                }
            },
            Self::Later(later) => later.next(),
            Self::End => None,
        }
    }
}

/// Members that are found when they are written.
#[derive(Clone)]
pub(crate) struct Later<'a> {
    state: State<'a>,
    next: for<'m> fn(&mut State<'m>) -> Option<&'m str>,
}

#[derive(Clone)]
enum State<'a> {
    Requested(RequestedHeaders<'a>),
    Vary(MergedVary<'a>),
}

impl<'a> Later<'a> {
    fn requested(names: RequestedHeaders<'a>) -> Self {
        Self {
            state: State::Requested(names),
            next: |state| match state {
                State::Requested(names) => names.next(),
                State::Vary(_) => None,
            },
        }
    }

    fn vary(vary: MergedVary<'a>) -> Self {
        Self {
            state: State::Vary(vary),
            next: |state| match state {
                State::Vary(vary) => vary.next(),
                State::Requested(_) => None,
            },
        }
    }

    fn next(&mut self) -> Option<&'a str> {
        (self.next)(&mut self.state)
    }

    pub(crate) fn emit(mut self, out: &mut Out<'_>) {
        let mut comma = "";
        while let Some(member) = self.next() {
            out.text(comma);
            out.text(member);
            comma = ",";
        }
    }
}

/// How requested names become members.
pub(crate) type EchoMembers = for<'n> fn(RequestedHeaders<'n>) -> Later<'n>;

/// Requested names, parsed, that go into the response.
#[derive(Clone, Copy)]
pub(crate) struct Echo<'r> {
    lines: Lines<'r>,
    members: EchoMembers,
}

impl<'r> Echo<'r> {
    pub(crate) const MEMBERS: EchoMembers = |names| Later::requested(names);

    pub(crate) const fn new(lines: &Lines<'r>, members: EchoMembers) -> Self {
        Self {
            lines: *lines,
            members,
        }
    }

    pub(crate) fn members(&self) -> Later<'_> {
        (self.members)(self.lines.names())
    }
}

impl fmt::Debug for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines.names()).finish()
    }
}

/// The `Vary` that the response has anyway, checked, with at least one member.
#[derive(Clone, Copy)]
pub(crate) struct ExistingVary<'a> {
    values: &'a [&'a str],
    members: for<'m> fn(MergedVary<'m>) -> Later<'m>,
}

impl<'a> ExistingVary<'a> {
    pub(crate) fn new(values: &'a [&'a str]) -> Self {
        Self {
            values,
            members: |vary| Later::vary(vary),
        }
    }

    /// These members, then those of `needed` that they lack.
    pub(crate) fn and(&self, needed: &'static [&'static str]) -> Later<'a> {
        (self.members)(MergedVary {
            values: self.values,
            rest: "",
            later: self.values,
            needed,
        })
    }
}

impl fmt::Debug for ExistingVary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.fmt(f)
    }
}

#[derive(Clone)]
struct MergedVary<'a> {
    values: &'a [&'a str],
    /// What is left of the value that is being read.
    rest: &'a str,
    /// The values behind it.
    later: &'a [&'a str],
    needed: &'static [&'static str],
}

impl<'a> MergedVary<'a> {
    fn next(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() || !self.later.is_empty() {
            if self.rest.is_empty() {
                let (first, others) = self.later.split_first()?;
                (self.rest, self.later) = (first, others);
            }
            let (member, behind) = cut(self.rest, b',');
            self.rest = behind.unwrap_or("");
            // A member is a token.
            let member = as_str(trim_ows(member.as_bytes()));
            if !member.is_empty() {
                return Some(member);
            }
        }
        while let Some((member, others)) = self.needed.split_first() {
            self.needed = others;
            if !varies_by(self.values, member) {
                return Some(member);
            }
        }
        None
    }
}

/// Whether `Vary` values have this member, or `*`, which has all (RFC 9110 section 12.5.5).
fn varies_by(values: &[&str], member: &str) -> bool {
    values
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(trim_ows)
        .any(|own| own == b"*" || own.eq_ignore_ascii_case(member.as_bytes()))
}
