//! The list of names in `Access-Control-Request-Headers`, read tolerantly and within a budget.
//!
//! Browsers write one line of sorted names in lower case, with commas between them and no white
//! space. Proxies may split it into lines, which together are one list ([RFC 9110 section 5.3]), or
//! add white space. So any order and case, white space, empty members and repeated names are
//! accepted, as recipients have to ([RFC 9110 section 5.6.1.2]):
//!
//! ```text
//! Access-Control-Request-Headers = 1#field-name
//! ```
//!
//! The list is refused at the first name that is not allowed, and the rest is not read. Reading is
//! linear in the bytes. A budget ends it early for lists that no browser and no proxy writes:
//!
//! | what | at most | why this bound |
//! |---|---|---|
//! | field lines | 4 | browsers write one; a request keeps a slice of each |
//! | names, repeated ones too | 256 | servers accept about 100 lines; Firefox repeats names |
//! | empty members | 16 | the standard asks for "a reasonable number" |
//! | bytes of white space between members | 256 | one after the comma of each name |
//!
//! [RFC 9110 section 5.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.3
//! [RFC 9110 section 5.6.1.2]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2

use crate::ascii::{self, as_str, trim_ows};
use crate::scan::find;

/// The maximum number of field lines.
pub(crate) const MAX_LINES: u8 = 4;

/// The maximum number of names.
pub(crate) const MAX_MEMBERS: u16 = 256;

/// The maximum number of empty members.
pub(crate) const MAX_EMPTY: u8 = 16;

/// The maximum number of bytes of white space between members.
pub(crate) const MAX_SPACE: u16 = 256;

/// The values of the first four lines of `Access-Control-Request-Headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListLines<'r> {
    /// The lines are at the front.
    lines: [Option<&'r [u8]>; MAX_LINES as usize],
}

impl<'r> ListLines<'r> {
    pub(crate) const NONE: Self = Self {
        lines: [None; MAX_LINES as usize],
    };

    /// Returns these lines, which are at the front.
    pub(super) const fn of(lines: [Option<&'r [u8]>; MAX_LINES as usize]) -> Self {
        Self { lines }
    }

    /// Adds a line, or drops it if there are four already.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn keep(&mut self, line: &'r [u8]) {
        if let Some(place) = self.lines.iter_mut().find(|place| place.is_none()) {
            *place = Some(line);
        }
    }

    /// Returns the first line.
    pub(crate) const fn first(&self) -> Option<&'r [u8]> {
        self.lines[0]
    }

    /// Returns the names in all lines.
    pub(crate) const fn names(&self) -> RequestedHeaders<'_> {
        RequestedHeaders::new(&self.lines)
    }
}

/// An iterator over the names in `Access-Control-Request-Headers`, in the order of the request.
///
/// White space around names is removed, and empty members are skipped. A member that is not a valid
/// field name is returned as `""`.
///
/// It is returned by [`Request::requested_headers`](crate::Request::requested_headers).
///
/// ```
/// use embedded_cors::Request;
///
/// let request = Request::from_fields(
///     "OPTIONS",
///     [("Access-Control-Request-Headers", "authorization, ,x-api-key,a b")],
/// );
/// let names: Vec<&str> = request.requested_headers().collect();
/// assert_eq!(names, ["authorization", "x-api-key", ""]);
/// ```
#[derive(Clone, Debug)]
pub struct RequestedHeaders<'r> {
    /// The rest of the current line; `None` at the end of the list.
    pub(crate) line: Option<&'r [u8]>,
    /// The lines after it, up to the first `None`.
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

    /// Returns the lines that are left, the current one first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        self.line
            .into_iter()
            .chain(self.more.iter().map_while(|line| *line))
    }

    /// Returns the bytes of the next name, which are ASCII.
    pub(crate) fn next_bytes(&mut self) -> Option<&'r [u8]> {
        loop {
            let member = self.member()?;
            if member.is_empty() {
                continue;
            }
            return Some(if ascii::is_token(member) { member } else { b"" });
        }
    }

    /// Returns the next member without the white space around it, empty or not.
    fn member(&mut self) -> Option<&'r [u8]> {
        let line = self.line?;
        match find(line, b',').and_then(|comma| line.split_at_checked(comma)) {
            Some((member, rest)) => {
                self.line = rest.get(1..);
                Some(trim_ows(member))
            }
            None => {
                *self = Self::new(self.more);
                Some(trim_ows(line))
            }
        }
    }
}

impl<'r> Iterator for RequestedHeaders<'r> {
    type Item = &'r str;

    fn next(&mut self) -> Option<&'r str> {
        self.next_bytes().map(as_str)
    }
}

/// Checks that a list is written as browsers write it: names in lower case, sorted, each once, with
/// nothing but a comma between them. The error is the index of the first member that breaks this.
///
/// Fetch makes the list in the algorithm *[CORS-unsafe request-header names][names]*, which
/// lower-cases and sorts the names, and *[CORS-preflight fetch]* joins them.
///
/// [names]: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
/// [CORS-preflight fetch]: https://fetch.spec.whatwg.org/#cors-preflight-fetch
pub(crate) fn check_strict(mut names: RequestedHeaders<'_>) -> Result<(), u16> {
    let mut previous: &[u8] = b"";
    let mut index: u16 = 0;
    while let Some(line) = names.line {
        // Not `names.member()`, which removes white space.
        let member = line.split(|&byte| byte == b',').next().unwrap_or(b"");
        let in_order = member > previous;
        let upper = member.iter().any(u8::is_ascii_uppercase);
        if !in_order || upper || !ascii::is_token(member) {
            return Err(index);
        }
        previous = member;
        index = index.saturating_add(1);
        names.member();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'r>(values: &[&'r str]) -> ListLines<'r> {
        let mut lines = ListLines::NONE;
        values.iter().for_each(|value| lines.keep(value.as_bytes()));
        lines
    }

    #[test]
    fn names_are_read_tolerantly() {
        for (values, names) in [
            (&[][..], &[][..]),
            (&[""], &[]),
            (&["a"], &["a"]),
            (&["a,b"], &["a", "b"]),
            (&["B, \ta\t ,b"], &["B", "a", "b"]),
            (&[",, a,,b, ,"], &["a", "b"]),
            // Several lines are one list.
            (&["a", "b,c", "", "d"], &["a", "b", "c", "d"]),
            // A member that is not a token.
            (&["a,b c,d"], &["a", "", "d"]),
            (&["a;b", "\u{e9}"], &["", ""]),
            // The fifth line is beyond the budget.
            (&["a", "b", "c", "d", "e"], &["a", "b", "c", "d"]),
        ] {
            assert!(lines(values).names().eq(names.iter().copied()), "{values:?}");
        }
    }

    #[test]
    fn the_lines_are_those_that_were_kept() {
        for values in [&[][..], &["a"], &["a,b", "c"], &["a", "b", "c", "d"]] {
            let lines = lines(values);
            assert!(
                lines
                    .names()
                    .lines()
                    .eq(values.iter().map(|value| value.as_bytes()))
            );
        }
        let lines = lines(&["a,b", "c"]);
        let mut names = lines.names();
        names.next();
        assert!(names.lines().eq([&b"b"[..], b"c"]));
    }

    #[test]
    fn a_strict_list_is_sorted_lower_case_and_without_white_space() {
        for good in ["a", "a,b", "a,aa,ab,b", "authorization,x-api-key", "!,0,a"] {
            assert_eq!(check_strict(lines(&[good]).names()), Ok(()), "{good}");
        }
        for (bad, index) in [
            ("", 0),
            (",a", 0),
            ("a,", 1),
            ("a,,b", 1),
            ("A", 0),
            ("a,B", 1),
            ("b,a", 1),
            ("a,a", 1),
            ("a,b,b", 2),
            ("a, b", 1),
            (" a", 0),
            ("a ,b", 0),
            ("a,b c", 1),
            ("a,\u{e9}", 1),
        ] {
            assert_eq!(check_strict(lines(&[bad]).names()), Err(index), "{bad}");
        }
        assert_eq!(check_strict(lines(&[]).names()), Ok(()));
    }
}
