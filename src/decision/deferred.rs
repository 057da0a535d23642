//! Values whose members are found one by one while the response is written.
//!
//! There are three: requested header names that are echoed, a `Vary` that is merged with that of
//! the server, and the origins of `Timing-Allow-Origin`. Most programs need none of them, so the
//! functions that every program calls must not link their code. That code is called through
//! function pointers, and a pointer is taken only where a value of its kind is created:
//!
//! ```text
//! a policy echoes  ---> Echo::FUNCTIONS ---> Echo ---------+
//! allow_timing()   ---> Timing::FUNCTIONS -> Timing -------+--> the pointer is called
//! merge_vary()     ---> ExistingVary::new -> ExistingVary -+
//! ```
//!
//! The optimiser removes the code at the end of the first arrow if the policy is a constant that
//! echoes nothing. The linker removes the code of the other two if nothing calls `allow_timing` and
//! `merge_vary`. Direct calls would make a program that writes responses 1,312 bytes larger on
//! thumbv6m, or 14 % (`flash response` of `.ci/certificate.py`).
//!
//! A value has two functions: one returns its next member, the other writes all members. If the
//! second were called directly, and only the first through a pointer, `flash response` would be 164
//! bytes more on a Cortex-M3, and `stack all_whole` 20.

use core::fmt;

use crate::ascii::{as_str, trim_ows};
use crate::buffer::Out;
use crate::names::Vary;
use crate::policy::NameEntries;
use crate::policy::timing::EntriesFunctions;
use crate::request::RequestedHeaders;
use crate::request::header_list::ListLines;

/// The functions of a value that are called through pointers.
pub(crate) struct Functions<Next, Emit> {
    /// Returns the next member.
    next: Next,
    /// Writes the members with commas between them.
    emit: Emit,
}

/// The functions of an [`Echo`].
pub(crate) type EchoFunctions =
    Functions<for<'n> fn(&mut RequestedHeaders<'n>) -> Option<&'n [u8]>, fn(&Echo<'_>, &mut Out<'_>)>;

/// The functions of an [`ExistingVary`].
type VaryFunctions =
    Functions<for<'m> fn(&mut MergedVary<'m>) -> Option<&'m [u8]>, fn(&ExistingVary<'_>, Vary, &mut Out<'_>)>;

/// An iterator over the members of a value, which are found when they are written.
#[derive(Clone)]
pub(crate) enum Deferred<'a> {
    Requested(&'static EchoFunctions, RequestedHeaders<'a>),
    Vary(&'static VaryFunctions, MergedVary<'a>),
    Entries(&'static EntriesFunctions, NameEntries<'a>),
}

impl<'a> Deferred<'a> {
    pub(crate) fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Requested(functions, names) => (functions.next)(names).map(as_str),
            Self::Vary(functions, vary) => (functions.next)(vary).map(as_str),
            Self::Entries(functions, entries) => (functions.next)(entries),
        }
    }
}

/// Writes members with commas between them.
// The members are bytes, because the check of UTF-8 that a `&str` needs takes 294 bytes of flash on
// a Cortex-M3.
fn emit_all<'m>(mut next: impl FnMut() -> Option<&'m [u8]>, out: &mut Out<'_>) {
    let mut separator = "";
    while let Some(member) = next() {
        out.text(separator);
        out.bytes(member);
        separator = ",";
    }
}

/// The requested header names as a value of the response. All of them have been checked.
#[derive(Clone, Copy)]
pub(crate) struct Echo<'r> {
    lines: ListLines<'r>,
    functions: &'static EchoFunctions,
}

impl<'r> Echo<'r> {
    /// The pointers that link the code for an echo.
    pub(crate) const FUNCTIONS: &'static EchoFunctions = &Functions {
        next: |names| names.next_bytes(),
        emit: |echo, out| {
            let mut names = echo.lines.names();
            emit_all(|| names.next_bytes(), out);
        },
    };

    pub(crate) const fn new(lines: &ListLines<'r>, functions: &'static EchoFunctions) -> Self {
        Self {
            lines: *lines,
            functions,
        }
    }

    pub(crate) const fn members(&self) -> Deferred<'_> {
        Deferred::Requested(self.functions, self.lines.names())
    }

    /// Writes the members with commas between them.
    pub(crate) fn emit(&self, out: &mut Out<'_>) {
        (self.functions.emit)(self, out);
    }
}

impl fmt::Debug for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines.names()).finish()
    }
}

/// The values of the `Vary` fields that the server adds to the response itself. They are lists of
/// field names with at least one member.
#[derive(Clone, Copy)]
pub(crate) struct ExistingVary<'a> {
    values: VaryValues<'a>,
    functions: &'static VaryFunctions,
}

/// The values of `Vary` fields, as text or as bytes.
#[derive(Clone, Copy)]
#[allow(unreachable_pub, reason = "it seals the public trait `VaryValue`")]
pub enum VaryValues<'a> {
    Text(&'a [&'a str]),
    Bytes(&'a [&'a [u8]]),
}

impl<'a> VaryValues<'a> {
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8]> {
        match *self {
            Self::Text(values) => values.get(index).map(|value| value.as_bytes()),
            Self::Bytes(values) => values.get(index).copied(),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        (0..).map_while(move |index| self.get(index))
    }
}

/// A value of a `Vary` field that a response has: `&str`, or `&[u8]`.
///
/// [`Decision::merge_vary`](crate::Decision::merge_vary) takes a list of them. Other crates cannot
/// implement the trait.
pub trait VaryValue: Sized {
    #[doc(hidden)]
    fn values(list: &[Self]) -> VaryValues<'_>;
}

impl VaryValue for &str {
    fn values(list: &[Self]) -> VaryValues<'_> {
        VaryValues::Text(list)
    }
}

impl VaryValue for &[u8] {
    fn values(list: &[Self]) -> VaryValues<'_> {
        VaryValues::Bytes(list)
    }
}

impl<'a> ExistingVary<'a> {
    pub(crate) fn new(values: VaryValues<'a>) -> Self {
        Self {
            values,
            functions: &Functions {
                next: |vary| vary.next(),
                emit: |existing, needed, out| {
                    let mut merged = existing.merged(needed);
                    emit_all(|| merged.next(), out);
                },
            },
        }
    }

    /// Returns these members, then those of `needed` that they lack.
    pub(crate) const fn and(&self, needed: Vary) -> Deferred<'a> {
        Deferred::Vary(self.functions, self.merged(needed))
    }

    const fn merged(&self, needed: Vary) -> MergedVary<'a> {
        MergedVary {
            values: self.values,
            value: b"",
            next_value: 0,
            needed: needed.members(),
        }
    }

    /// Writes the members that [`and`](Self::and) returns, with commas between them.
    pub(crate) fn emit_and(&self, needed: Vary, out: &mut Out<'_>) {
        (self.functions.emit)(self, needed, out);
    }
}

impl fmt::Debug for ExistingVary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(as_str)).finish()
    }
}

/// The members of existing `Vary` values that are still to be written, and those to be added.
#[derive(Clone)]
pub(crate) struct MergedVary<'a> {
    values: VaryValues<'a>,
    /// The unread part of the current value.
    value: &'a [u8],
    /// The index of the value after the current one.
    next_value: usize,
    needed: &'static [&'static str],
}

impl<'a> MergedVary<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            while !self.value.is_empty() {
                let comma = self.value.iter().position(|&byte| byte == b',');
                let (member, rest) = match comma.and_then(|at| self.value.split_at_checked(at)) {
                    Some((member, [_, rest @ ..])) => (member, rest),
                    _ => (self.value, &b""[..]),
                };
                self.value = rest;
                let member = trim_ows(member);
                if !member.is_empty() {
                    return Some(member);
                }
            }
            let Some(value) = self.values.get(self.next_value) else {
                break;
            };
            self.value = value;
            self.next_value += 1;
        }
        while let Some((member, others)) = self.needed.split_first() {
            self.needed = others;
            if !varies_by(self.values.iter(), member) {
                return Some(member.as_bytes());
            }
        }
        None
    }
}

/// Returns whether `Vary` values contain this member, or `*`, which stands for all:
/// <https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5>.
pub(crate) fn varies_by<'v>(mut values: impl Iterator<Item = &'v [u8]>, member: &str) -> bool {
    values.any(|value| {
        let mut members = value.split(|&byte| byte == b',').map(trim_ows);
        members.any(|own| own == b"*" || own.eq_ignore_ascii_case(member.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what `emit` writes, which is `members` with commas between them.
    fn written(mut members: Deferred<'_>, emit: impl Fn(&mut Out<'_>)) -> String {
        let mut buffer = [0; 128];
        let written = as_str(Out::write(&mut buffer, usize::MAX, emit).unwrap());
        let members: Vec<&str> = core::iter::from_fn(|| members.next()).collect();
        assert_eq!(written, members.join(","));
        written.into()
    }

    #[test]
    fn a_merged_vary_has_each_member_once() {
        for (existing, needed, merged) in [
            (&["accept"][..], Vary::Origin, "accept,origin"),
            (&["accept", "cookie"], Vary::Origin, "accept,cookie,origin"),
            (&["Origin"], Vary::Origin, "Origin"),
            (
                &["accept", " ORIGIN\t"],
                Vary::OriginAndRequested,
                "accept,ORIGIN,access-control-request-method,access-control-request-headers",
            ),
            (&[", accept ,, te ,"], Vary::Origin, "accept,te,origin"),
            (&["", "accept", ""], Vary::Nothing, "accept"),
            // A longer name and a shorter one are other names.
            (&["origin-agent", "ori"], Vary::Origin, "origin-agent,ori,origin"),
            // `*` stands for every name.
            (&["*"], Vary::Origin, "*"),
            (&["accept", "*"], Vary::Origin, "accept,*"),
        ] {
            let bytes: Vec<&[u8]> = existing.iter().map(|value| value.as_bytes()).collect();
            for values in [VaryValue::values(existing), VaryValue::values(&bytes)] {
                let vary = ExistingVary::new(values);
                let written = written(vary.and(needed), |out| vary.emit_and(needed, out));
                assert_eq!(written, merged, "{existing:?} and {needed:?}");
            }
        }
    }

    #[test]
    fn an_echo_has_the_requested_names_over_all_lines() {
        for (requested, echoed) in [
            (&["x-a"][..], "x-a"),
            (&["X-B,x-a", "x-a"], "X-B,x-a,x-a"),
            (&[" x-a\t,, x-b ", "", ",x-c"], "x-a,x-b,x-c"),
        ] {
            let mut lines = ListLines::NONE;
            for line in requested {
                lines.keep(line.as_bytes());
            }
            let echo = Echo::new(&lines, Echo::FUNCTIONS);
            assert_eq!(written(echo.members(), |out| echo.emit(out)), echoed);
        }
    }
}
