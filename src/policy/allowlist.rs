//! A policy's origins: which values of an `Origin` field they admit.
//!
//! An allowlist is a list of entries and perhaps a predicate. Each entry is a set of origins, and
//! the list is their union, so the order does not matter. A value is looked up in the order of
//! cost:
//!
//! 1. Is it an exact entry? Entries are valid origins or `null`, so a value that equals one needs
//!    no parsing. An [index](super::index) or [fingerprints](super::fingerprints) spare most
//!    comparisons.
//! 2. Are there only exact entries? Then it is not admitted, and *why* is worked out on demand.
//! 3. Is it a valid origin that a pattern matches, or that the predicate admits?
//!
//! Most policies have no patterns but `*.` and `:*`, which are compared as text. The code that
//! splits an entry into schemes, hosts and ports is reached through the pointers of [`Extended`].
//! The check of a list takes them only if an entry needs them, so other programs do not link it.

use core::fmt;

use super::error::{PolicyError, Setting};
use super::error_kind::PolicyErrorKind;
use super::fingerprints::Fingerprints;
use super::lists::Entries;
use super::pattern::{self, Form, Pattern};
use crate::origin::{MAX_HOST_LEN, MAX_ORIGIN_LEN, MAX_PORT_LEN, Origin, OriginError, OriginOrNull};
use crate::texts::equal_out_of_line;

/// The caller's own test of an origin.
pub(crate) type Predicate<'a> = &'a (dyn Fn(&Origin<'_>) -> bool + Sync);

/// A faster way than a loop to find the entries of a long list.
// An allowlist has a pointer to it, and not to an index: only `allow_indexed_origins` names the
// type, so a program that does not call it does not link the index. Saves 1,288 of 20,400 bytes of
// flash in a program with a policy built at run time on a Cortex-M3 (`.ci/certificate.py`), for 26
// of 230 instructions in the row `origin_match/exact_001000/hit_last` (`.ci/bench.py`).
pub(crate) trait Lookup: Sync {
    /// Returns the index of the exact entry that equals `text`.
    fn exact(&self, text: &[u8]) -> Option<usize>;

    /// Returns whether a pattern matches `origin`.
    fn has_pattern_for(&self, origin: &Origin<'_>) -> bool;
}

/// The code for lists with loopback, or with patterns that have more than `*.` and `:*`.
#[derive(Clone, Copy)]
struct Extended {
    /// Returns whether a pattern of the list matches the origin, or loopback does. Exact entries
    /// are compared too. They do not match, because they were looked up before.
    has_pattern_for: fn(&Allowlist<'_>, &Origin<'_>) -> bool,
    /// Returns whether an entry is a pattern, not an origin or `null`.
    is_pattern: fn(&str) -> bool,
    loopback: bool,
}

impl Extended {
    /// Loopback, and no other patterns than `*.` and `:*`.
    const LOOPBACK: Self = Self {
        has_pattern_for: |list, origin| is_web_loopback(origin) || list.has_plain_pattern_for(origin),
        is_pattern: pattern::is_wildcard,
        loopback: true,
    };

    /// Every form of patterns.
    const ANY_FORM: Self = Self {
        has_pattern_for: |list, origin| match list.index {
            Some(index) => index.has_pattern_for(origin),
            None => list.entries.iter().any(|entry| pattern::any_form(entry, origin)),
        },
        is_pattern: pattern::is_pattern,
        loopback: false,
    };

    /// Loopback, and every form of patterns.
    const LOOPBACK_AND_ANY_FORM: Self = Self {
        has_pattern_for: |list, origin| {
            is_web_loopback(origin) || (Self::ANY_FORM.has_pattern_for)(list, origin)
        },
        is_pattern: pattern::is_pattern,
        loopback: true,
    };
}

/// Returns whether `origin` is one of those that
/// [`allow_loopback`](crate::PolicyBuilder::allow_loopback) admits.
fn is_web_loopback(origin: &Origin<'_>) -> bool {
    matches!(origin.scheme_bytes(), b"http" | b"https") && origin.is_loopback()
}

/// The length of the longest origin that
/// [`allow_loopback`](crate::PolicyBuilder::allow_loopback) admits, in bytes.
const MAX_LOOPBACK_LEN: usize = "https://".len() + MAX_HOST_LEN + MAX_PORT_LEN;

/// The function that looks a value up in a list, if the list is not
/// [short and exact](Allowlist::is_short_and_exact). It is determined when the policy is built, so
/// that a decision takes one or two branches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// [`Allowlist::find_exact`]: the list has only exact entries.
    Exact,
    /// None, because `*` admits every value.
    Any,
    /// [`Allowlist::admit`], as for every other list.
    Other,
}

/// A checked list of origins, and perhaps a predicate.
#[derive(Clone, Copy)]
pub(crate) struct Allowlist<'a> {
    pub(crate) entries: Entries<'a>,
    /// An index over the same entries.
    index: Option<&'a dyn Lookup>,
    predicate: Option<Predicate<'a>>,
    fingerprints: Fingerprints,
    pub(crate) way: Way,
    /// Whether `*` is among the entries.
    pub(crate) any: bool,
    /// Whether there is neither an entry nor a predicate, nor loopback.
    pub(crate) admits_nobody: bool,
    /// Whether there is a pattern other than `*` alone, or loopback.
    has_patterns: bool,
    extended: Option<&'static Extended>,
    /// Whether an `http:` origin other than loopback is refused even if the predicate admits it.
    secure_only: bool,
    /// The length of the longest origin that can be admitted, in bytes.
    pub(crate) max_len: usize,
}

/// Whether a policy has credentials, and which origins may then be allowed that are usually
/// mistakes.
#[derive(Clone, Copy)]
pub(crate) struct Trust {
    pub(crate) credentials: bool,
    /// `http:` origins other than loopback.
    pub(crate) insecure: bool,
    /// Patterns for names under one label, such as `https://*.com` and `https://pr-*.com`.
    pub(crate) suffixes: bool,
    /// Origins that a predicate admits.
    pub(crate) predicate: bool,
}

/// Why a value is not admitted.
#[derive(Clone, Copy)]
pub(crate) enum NotAdmitted {
    /// It is not a valid origin.
    Malformed(OriginError),
    /// It is `null`, which is not among the entries.
    Null,
    /// It is a valid origin, and neither an entry nor the predicate admits it.
    NotListed,
    /// The predicate admits it, but it is an `http:` origin other than loopback.
    Insecure,
    /// It is not among the exact entries, and there is nothing else. The value has not been parsed.
    NotExact,
}

impl<'a> Allowlist<'a> {
    /// Checks each entry, alone and together with what else the policy allows.
    pub(crate) const fn check(
        entries: Entries<'a>,
        index: Option<&'a dyn Lookup>,
        predicate: Option<Predicate<'a>>,
        loopback: bool,
        trust: Trust,
    ) -> Result<Self, PolicyError<'a>> {
        let mut list = Self {
            entries,
            index,
            predicate,
            fingerprints: Fingerprints::NONE,
            way: Way::Other,
            any: false,
            admits_nobody: predicate.is_none() && !loopback,
            has_patterns: loopback,
            extended: if loopback { Some(&Extended::LOOPBACK) } else { None },
            secure_only: trust.credentials && !trust.insecure,
            max_len: if loopback { MAX_LOOPBACK_LEN } else { 0 },
        };
        if predicate.is_some() {
            if trust.credentials && !trust.predicate {
                return Err(PolicyError::of_setting(
                    PolicyErrorKind::PredicateWithCredentials,
                    Setting::AllowOriginIf,
                ));
            }
            list.max_len = MAX_ORIGIN_LEN;
        }
        let mut cursor = 0;
        let mut index = 0;
        // The exact entries among the first, one bit each.
        let mut exact: u32 = 0;
        while let Some(entry) = entries.next(&mut cursor) {
            list.admits_nobody = false;
            let (kind, at) = match pattern::check(entry.as_bytes()) {
                Err(mistake) => mistake,
                Ok(pattern) => {
                    if matches!(pattern.form, Form::Any) {
                        list.any = true;
                    } else if pattern.form.is_exact() {
                        if index < Fingerprints::KEPT {
                            exact |= 1 << index;
                        }
                    } else {
                        list.has_patterns = true;
                    }
                    if pattern.form.needs_split() {
                        list.extended = Some(if loopback {
                            &Extended::LOOPBACK_AND_ANY_FORM
                        } else {
                            &Extended::ANY_FORM
                        });
                    }
                    if pattern.max_len > list.max_len {
                        list.max_len = pattern.max_len;
                    }
                    match mistake_with_credentials(pattern, trust) {
                        None => {
                            index += 1;
                            continue;
                        }
                        Some(kind) => (kind, 0),
                    }
                }
            };
            return Err(PolicyError::of_entry(
                kind,
                Setting::AllowOrigins,
                entry,
                index,
                at,
            ));
        }
        list.fingerprints = Fingerprints::of(entries, exact);
        list.way = if list.any {
            Way::Any
        } else if list.has_patterns || predicate.is_some() {
            Way::Other
        } else {
            Way::Exact
        };
        list.fingerprints.suffice = list.is_exact() && index <= Fingerprints::KEPT && entries.reachable() > 0;
        Ok(list)
    }

    /// Returns the results of the check without the entries, for a type that owns the entries and
    /// keeps the results beside them. `predicate` is the one that was checked.
    #[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
    pub(crate) const fn detached(&self, predicate: Option<Predicate<'static>>) -> Allowlist<'static> {
        Allowlist {
            entries: Entries::EMPTY,
            index: None,
            predicate,
            fingerprints: self.fingerprints,
            way: self.way,
            any: self.any,
            admits_nobody: self.admits_nobody,
            has_patterns: self.has_patterns,
            extended: self.extended,
            secure_only: self.secure_only,
            max_len: self.max_len,
        }
    }

    /// Replaces the predicate, if there is one.
    pub(super) const fn replace_predicate(&mut self, predicate: Predicate<'a>) {
        if self.predicate.is_some() {
            self.predicate = Some(predicate);
        }
    }

    /// Attaches what was checked, for a type that owns it. Without a `predicate`, that of the check
    /// stays.
    #[allow(dead_code, reason = "integrations store the lists of a policy beside it")]
    pub(super) const fn attach(
        &mut self,
        entries: Entries<'a>,
        index: Option<&'a dyn Lookup>,
        predicate: Option<Predicate<'a>>,
    ) {
        self.entries = entries;
        self.index = index;
        // The entries may now be in a storage that can only be read from its start.
        self.fingerprints.suffice &= entries.reachable() > 0 && index.is_none();
        if predicate.is_some() {
            self.predicate = predicate;
        }
    }

    /// Returns whether a predicate admits origins too.
    pub(crate) const fn has_more_than_entries(&self) -> bool {
        self.predicate.is_some()
    }

    /// Returns whether loopback origins are admitted too.
    pub(crate) const fn has_loopback(&self) -> bool {
        match self.extended {
            Some(extended) => extended.loopback,
            None => false,
        }
    }

    /// Returns whether only the entries admit origins, each exactly the one that it is.
    pub(crate) const fn is_exact(&self) -> bool {
        !self.any && !self.has_patterns && self.index.is_none() && self.predicate.is_none()
    }

    /// Returns whether the answer to a request depends on its origin.
    pub(crate) const fn depends_on_origin(&self) -> bool {
        !self.any && !self.admits_nobody
    }

    /// Returns what admits the value of an `Origin` field, or why nothing does. It is not asked if
    /// `*` is among the entries, because then everything is admitted.
    ///
    /// It is the text of an exact entry, or the origin itself, parsed in full.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn admit(&self, value: &'a [u8]) -> Result<&'a [u8], NotAdmitted> {
        if let Some(entry) = self.exact(value) {
            return Ok(entry.as_bytes());
        }
        if !self.has_patterns && self.predicate.is_none() {
            return Err(NotAdmitted::NotExact);
        }
        let origin = match OriginOrNull::parse(value) {
            Ok(OriginOrNull::Origin(origin)) => origin,
            Ok(OriginOrNull::Null) => return Err(NotAdmitted::Null),
            Err(error) => return Err(NotAdmitted::Malformed(error)),
        };
        if self.has_patterns && self.has_pattern_for(&origin) {
            return Ok(origin.as_bytes());
        }
        match self.predicate {
            // As `null`, `file://` is admitted by its entry only.
            Some(predicate) if !origin.is_file() && predicate(&origin) => {
                if self.secure_only && origin.scheme_bytes() == b"http" && !origin.is_loopback() {
                    Err(NotAdmitted::Insecure)
                } else {
                    Ok(origin.as_bytes())
                }
            }
            _ => Err(NotAdmitted::NotListed),
        }
    }

    /// Returns whether what admits `origin` names its hosts: whether it is not merely `*` or every
    /// host of a scheme, and not `file://`. `null` is not an origin. The list admits `origin`.
    pub(crate) fn trusts(&self, origin: &Origin<'_>) -> bool {
        if origin.is_file() {
            return false;
        }
        if self.exact(origin.as_bytes()).is_some() {
            return true;
        }
        let matches_pattern = match self.extended {
            // Of the other lists, no pattern is every host of a scheme.
            None => self.has_patterns && self.has_plain_pattern_for(origin),
            Some(extended) => {
                extended.loopback && is_web_loopback(origin)
                    || self.entries.iter().any(|entry| {
                        // A list of this entry alone is asked through the pointer, so that programs
                        // link the code that splits entries only if a list needs it.
                        let entries = [entry];
                        let mut alone: Allowlist<'_> = *self;
                        alone.entries = Entries::Slice(&entries);
                        alone.index = None;
                        pattern::names_hosts(entry) && (extended.has_pattern_for)(&alone, origin)
                    })
            }
        };
        let is_insecure = self.secure_only && origin.scheme_bytes() == b"http" && !origin.is_loopback();
        let predicate = self.predicate.filter(|_| !is_insecure);
        matches_pattern || predicate.is_some_and(|predicate| predicate(origin))
    }

    /// Returns whether [`find_in_short`](Self::find_in_short) answers for this list.
    #[inline(always)]
    pub(crate) const fn is_short_and_exact(&self) -> bool {
        self.fingerprints.suffice
    }

    /// Does the work of [`admit`](Self::admit) for the lists that most policies have.
    #[inline(always)]
    pub(crate) fn find_in_short(&self, value: &[u8]) -> Option<&'a [u8]> {
        let found = self
            .fingerprints
            .find(value, self.entries, self.entries.reachable());
        found.map(str::as_bytes)
    }

    /// Does the work of [`admit`](Self::admit) for a list that has the way [`Way::Exact`], such as
    /// one with an index and without patterns.
    // The search without an index is another function, so that a look-up in an index does not save
    // the registers that the search needs. Together with the comparison of origins without a call,
    // this saves 42 of 261 instructions in the row `origin_match/exact_001000/hit_last`
    // (`.ci/bench.py`).
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(crate) fn find_exact(&self, value: &[u8]) -> Option<&'a [u8]> {
        let entry = match self.index {
            Some(index) => self.entries.get(index.exact(value)?),
            None => self.find_without_index(value),
        };
        entry.map(str::as_bytes)
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn find_without_index(&self, value: &[u8]) -> Option<&'a str> {
        self.exact(value)
    }

    /// Returns the exact entry that equals `value`.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn exact(&self, value: &[u8]) -> Option<&'a str> {
        let is_pattern = |entry: &str| match self.extended {
            Some(extended) => (extended.is_pattern)(entry),
            None => pattern::is_wildcard(entry),
        };
        let is_exact = |entry: &&str| equal_out_of_line(entry.as_bytes(), value) && !is_pattern(entry);
        if let Some(index) = self.index {
            return self.entries.get(index.exact(value)?);
        }
        let reachable = self.entries.reachable();
        let found = self.fingerprints.find(value, self.entries, reachable);
        let mut rest = self.entries.skip(Fingerprints::KEPT.min(reachable));
        found.or_else(|| rest.find(is_exact))
    }

    /// Returns whether a pattern matches `origin`, which is not an exact entry.
    fn has_pattern_for(&self, origin: &Origin<'_>) -> bool {
        match self.extended {
            Some(extended) => (extended.has_pattern_for)(self, origin),
            None => self.has_plain_pattern_for(origin),
        }
    }

    #[inline(always)]
    fn has_plain_pattern_for(&self, origin: &Origin<'_>) -> bool {
        match self.index {
            Some(index) => index.has_pattern_for(origin),
            None => self.entries.iter().any(|entry| pattern::plain(entry, origin)),
        }
    }
}

impl fmt::Debug for Allowlist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)?;
        f.write_str(if self.has_loopback() { " or loopback" } else { "" })?;
        f.write_str(if self.predicate.is_some() {
            " or a predicate"
        } else {
            ""
        })
    }
}

/// Returns why `pattern` is a mistake in a policy with credentials.
const fn mistake_with_credentials(pattern: Pattern, trust: Trust) -> Option<PolicyErrorKind> {
    if !trust.credentials {
        return None;
    }
    match pattern.form {
        // Browsers never share such a response with a request that has credentials:
        // https://fetch.spec.whatwg.org/#cors-check
        Form::Any => Some(PolicyErrorKind::AnyWithCredentials),
        Form::Null => Some(PolicyErrorKind::NullWithCredentials),
        Form::File => Some(PolicyErrorKind::FileWithCredentials),
        Form::SchemeWide => Some(PolicyErrorKind::SchemeWithCredentials),
        _ if pattern.insecure && !trust.insecure => Some(PolicyErrorKind::InsecureWithCredentials),
        _ if pattern.under_registry && !trust.suffixes => Some(PolicyErrorKind::SuffixWithCredentials),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ascii::as_str;

    const NO_TRUST: Trust = Trust {
        credentials: false,
        insecure: false,
        suffixes: false,
        predicate: false,
    };

    fn list<'a>(
        entries: &'a [&'a str],
        predicate: Option<Predicate<'a>>,
        trust: Trust,
    ) -> Result<Allowlist<'a>, PolicyError<'a>> {
        Allowlist::check(Entries::Slice(entries), None, predicate, false, trust)
    }

    #[test]
    fn a_value_is_admitted_or_it_is_said_why_not() {
        let entries = ["https://a.example", "https://*.b.example", "http://c.example"];
        let is_d = |origin: &Origin<'_>| origin.host() == "d.example" || origin.host() == "localhost";
        let credentials = Trust {
            credentials: true,
            predicate: true,
            ..NO_TRUST
        };
        let exact = list(&entries[..1], None, NO_TRUST).unwrap();
        let wildcards = list(&entries, None, NO_TRUST).unwrap();
        let predicate = list(&entries[..2], Some(&is_d), credentials).unwrap();
        let any = list(&["*"], None, NO_TRUST).unwrap();
        for (name, list, value, expected) in [
            ("exact", exact, "https://a.example", "https://a.example"),
            ("exact", exact, "https://b.example", "not exact"),
            ("exact", exact, "null", "not exact"),
            ("exact", exact, "?", "not exact"),
            (
                "wildcards",
                wildcards,
                "https://x.b.example",
                "https://x.b.example",
            ),
            ("wildcards", wildcards, "http://c.example", "http://c.example"),
            ("wildcards", wildcards, "https://*.b.example", "malformed at 8"),
            ("wildcards", wildcards, "https://b.example", "not listed"),
            ("wildcards", wildcards, "null", "null"),
            ("predicate", predicate, "https://d.example", "https://d.example"),
            ("predicate", predicate, "http://d.example", "insecure"),
            ("predicate", predicate, "http://localhost", "http://localhost"),
            ("predicate", predicate, "https://e.example", "not listed"),
        ] {
            let answer = match list.admit(value.as_bytes()) {
                Ok(origin) => as_str(origin).into(),
                Err(NotAdmitted::Malformed(error)) => format!("malformed at {}", error.at()),
                Err(NotAdmitted::Null) => "null".into(),
                Err(NotAdmitted::NotListed) => "not listed".into(),
                Err(NotAdmitted::Insecure) => "insecure".into(),
                Err(NotAdmitted::NotExact) => "not exact".into(),
            };
            assert_eq!(answer, expected, "{name} {value}");
        }
        let nobody = list(&[], None, NO_TRUST).unwrap();
        assert!(!nobody.depends_on_origin() && !any.depends_on_origin());
        assert!(exact.depends_on_origin() && predicate.depends_on_origin());
    }

    /// Compares with the plain loop, for lists around the number of fingerprints.
    #[test]
    fn exact_entries_are_found_as_by_a_loop() {
        let origins: Vec<String> = (0..70)
            .map(|i| match i % 5 {
                0 => format!("https://*.{i}.example"),
                _ => format!("https://tenant-{i:05}.example:{}", 1000 + i * 7),
            })
            .collect();
        for count in [0, 1, 7, 8, 9, 31, 32, 33, 70] {
            let entries: Vec<&str> = origins.iter().take(count).map(String::as_str).collect();
            let list = list(&entries, None, NO_TRUST).unwrap();
            for text in origins
                .iter()
                .map(String::as_str)
                .chain(["", "null", "https://tenant-00001.example"])
            {
                let plain = entries
                    .iter()
                    .copied()
                    .find(|entry| *entry == text && !text.contains('*'));
                assert_eq!(list.exact(text.as_bytes()), plain, "{count} {text}");
            }
        }
    }

    /// Compares with `admit`, for lists around the number of fingerprints.
    #[test]
    fn a_short_list_is_searched_as_any_list() {
        let origins: Vec<String> = (0..34).map(|i| format!("https://{i}.example")).collect();
        let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
        let everyone = |_: &Origin<'_>| true;
        for (entries, predicate, is_short) in [
            (&origins[..1], None, true),
            (&origins[..32], None, true),
            (&origins[..33], None, false),
            (&origins[..0], None, false),
            (&origins[..1], Some(&everyone as Predicate<'_>), false),
            (&["https://1.example", "https://*.1.example"], None, false),
            (&["https://1.example", "*"], None, false),
        ] {
            let list = list(entries, predicate, NO_TRUST).unwrap();
            assert_eq!(list.is_short_and_exact(), is_short, "{entries:?}");
            for text in origins.iter().filter(|_| is_short) {
                let text = text.as_bytes();
                assert_eq!(list.find_in_short(text), list.admit(text).ok());
            }
        }
        // Entries that can only be read from the first are not found by their index.
        let mut list = list(&origins[..2], None, NO_TRUST).unwrap();
        list.attach(Entries::Joined("https://0.example,https://1.example"), None, None);
        assert!(!list.is_short_and_exact());
    }
}
