//! Mistakes in doors, and the sentences about them.

use core::fmt;

use crate::policy::message::Message;

/// A mistake in an entry: its kind, and the index of the first wrong byte.
pub(super) type Mistake = (DoorsErrorKind, usize);

/// A mistake in the hosts of doors: which entry it is in, at which byte, and what to write instead.
///
/// ```
/// use embedded_cors::{Doors, DoorsErrorKind, Policy};
///
/// static CORS: Policy = Policy::builder().build_or_panic();
///
/// let error = Doors::builder(&CORS).allow_hosts(&["lamp.local", "http://lamp"]).build().unwrap_err();
/// assert_eq!(error.kind(), DoorsErrorKind::Scheme);
/// assert_eq!((error.index(), error.at()), (1, 4));
/// assert_eq!(
///     error.to_string(),
///     "allow_hosts[1] \"http://lamp\": has a scheme at byte 4; write the host alone, such as lamp.local"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DoorsError<'a> {
    kind: DoorsErrorKind,
    entry: &'a str,
    index: usize,
    at: usize,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident: $what:literal, $fix:literal;)*) => {
        /// A kind of mistake in the hosts of doors.
        ///
        /// It is `#[non_exhaustive]`, because later versions may find more mistakes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DoorsErrorKind {
            $($(#[doc = $doc])* $name,)*
        }

        impl DoorsErrorKind {
            /// All kinds. Later versions may have more.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns what is wrong, in a few words.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// Returns what to write instead.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }
        }
    };
}

kinds! {
    /// The entry is empty.
    Empty: "is empty", "remove it";
    /// The entry is `*`.
    Any: "is every host", "list the hosts that the server answers to, or no host, which turns the check off";
    /// The entry has a scheme, as an origin has.
    Scheme: "has a scheme", "write the host alone, such as lamp.local";
    /// The entry has a path, or is a range of addresses.
    Path: "has a path or a slash", "write the host alone; for addresses, call allow_ip_literals or allow_addresses";
    /// The entry has an `@`.
    UserInformation: "has user information", "write the host alone";
    /// The entry has white space, a comma or a semicolon.
    SeveralInOne: "has a space, comma or semicolon", "write one host per entry";
    /// The entry has CR or LF, as a line of a file has at its end.
    LineEnd: "has a line end", "trim the entry";
    /// The entry has a byte outside ASCII.
    NonAscii: "is not ASCII", "write the host as browsers send it, in its xn-- form";
    /// The entry begins with a dot.
    LeadingDot: "begins with a dot", "write *.example.com for subdomains, and example.com beside it if it is meant too";
    /// The entry ends with a dot.
    TrailingDot: "ends with a dot", "leave it out; a request may have it or not";
    /// `*` is in a place where it may not be.
    Wildcard: "has a misplaced `*`", "write it for all subdomains, as in *.example.com";
    /// `*.` is before an address.
    WildcardAddress: "has `*.` before an address", "addresses have no subdomains";
    /// `*.` is before a top-level domain, under which anyone can register a name.
    PublicSuffix: "has `*.` before a single label", "write more labels, such as *.example.com";
    /// The host ends in a number but is not a dotted quad.
    Ipv4: "has no IPv4 address as browsers write it", "write four numbers from 0 to 255 without leading zeros";
    /// The entry is not an IPv6 address in brackets, but looks like one.
    Ipv6: "has no IPv6 address in brackets", "write it in brackets, such as [fd00::1]";
    /// The port is not a number from 1 to 65535.
    Port: "has no valid port", "write 1 to 65535 without leading zeros, or leave the port out, which admits every port";
    /// The entry has a byte that no host of a server has.
    Name: "is not a host name", "write letters, digits, hyphens and dots";
}

impl<'a> DoorsError<'a> {
    /// Returns the same mistake with another entry and another index.
    #[cfg(feature = "alloc")]
    pub(crate) const fn with_entry<'n>(&self, entry: &'n str, index: usize) -> DoorsError<'n> {
        DoorsError::new(self.kind, entry, index, self.at)
    }

    pub(super) const fn new(kind: DoorsErrorKind, entry: &'a str, index: usize, at: usize) -> Self {
        Self {
            kind,
            entry,
            index,
            at,
        }
    }

    /// Returns what is wrong.
    pub const fn kind(&self) -> DoorsErrorKind {
        self.kind
    }

    /// Returns the index of the entry in the list of hosts.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns the entry as it was given.
    pub const fn entry(&self) -> &'a str {
        self.entry
    }

    /// Returns the index of the first wrong byte of the entry, or 0 if it is wrong as a whole.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Composes the sentence. It is `const`, because it is also what a build fails with.
    pub(super) const fn message(&self) -> Message {
        let mut message = Message::new().text("allow_hosts[").number(self.index).text("] ");
        message = message.quoted(self.entry).text(": ").text(self.kind.what());
        if self.at > 0 {
            message = message.text(" at byte ").number(self.at);
        }
        message.text("; ").text(self.kind.fix())
    }
}

impl fmt::Display for DoorsError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl core::error::Error for DoorsError<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_with_the_longest_entry() {
        let entry = "x".repeat(400);
        for &kind in DoorsErrorKind::ALL {
            let message = DoorsError::new(kind, &entry, 99_999, 9_999).message();
            assert!(message.as_str().ends_with(kind.fix()), "{kind:?}: {message}");
        }
    }
}
