//! Makes entries of regular expressions that have a known shape.
//!
//! An expression is written out as alternatives. Each alternative is a list of literal bytes and of
//! classes that repeat. It becomes an entry if it is anchored at both ends, and is a scheme, a host
//! with at most one class where the engine has a `*`, and ports. Nothing else becomes an entry:
//! then origins that the expression admits show what it stands for, and a person decides.

use super::draft::Draft;
use super::shapes::{Found, alternatives};
use super::{Difference, Effect};
use crate::servers::expression::Expression;
use crate::servers::origins::{Hint, Likeness, STRANGER, candidates, look_alikes};

/// How a server compares an expression with an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// The whole origin has to match.
    Whole,
    /// A part of the origin has to match, unless the expression has anchors.
    Part,
}

/// The entries that an expression stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    pub(crate) entries: Vec<String>,
    /// Sentences about what the entries admit besides.
    pub(crate) wider: Vec<String>,
}

/// Returns the entries that an expression stands for, or `None` if its shape is not known.
pub(crate) fn entries(pattern: &str, whole: Match) -> Option<Entries> {
    // What `policy::regex` writes for a part of an IPv4 address has hundreds of alternatives.
    let octet = crate::policy::regex::numbers(0, 255);
    let pattern = pattern.replace(&octet, "[0-9]{1,3}");
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(&pattern)
        .ok()?;
    let alternatives = alternatives(&hir)?;
    let mut found = Found::default();
    for tokens in &alternatives {
        found.add(tokens, whole)?;
    }
    let entries = found.entries();
    // What the engine does not take as an entry is not a known shape.
    let all_are_entries = entries
        .iter()
        .all(|entry| embedded_cors::OriginPattern::parse(entry).is_ok());
    (all_are_entries && !entries.is_empty()).then_some(Entries {
        entries,
        wider: found.wider,
    })
}

/// Adds the entries of an expression to a policy, or what it admits.
pub(super) fn add(draft: &mut Draft, pattern: &str, whole: Match, setting: &str, line: usize) {
    if matches!(pattern, "*" | ".*" | "^.*$" | ".+" | "^.+$" | "")
        && !(pattern.is_empty() && whole == Match::Whole)
    {
        draft.everyone = true;
        return;
    }
    match entries(pattern, whole) {
        Some(found) => {
            draft.origins.extend(found.entries);
            for sentence in found.wider {
                draft.differs_at(line, Effect::More, setting, format!("{pattern:?}: {sentence}"));
            }
        }
        None => draft.differences.push(undecided(pattern, whole, setting, line)),
    }
}

/// Adds what a text admits that is compared with the beginning, the end or any part of an origin.
pub(super) fn affix(draft: &mut Draft, kind: &str, text: &str, line: usize) {
    let expression = match kind {
        "prefix" => format!("^{}", crate::policy::regex::escape(text)),
        "suffix" => format!("{}$", crate::policy::regex::escape(text)),
        _ => crate::policy::regex::escape(text),
    };
    // The end of a name with its dot is a pattern of subdomains.
    if kind == "suffix"
        && let Some(domain) = text.strip_prefix('.')
        && embedded_cors::OriginPattern::parse(&format!("*://*.{domain}")).is_ok()
    {
        draft.origins.push(format!("*://*.{domain}"));
        draft.differs_at(
            line,
            Effect::Less,
            kind,
            format!("{text:?} is written as *://*.{domain}, without other schemes than http and https"),
        );
        return;
    }
    draft
        .differences
        .push(undecided(&expression, Match::Part, kind, line));
}

/// Says what an expression admits.
pub(crate) fn undecided(pattern: &str, whole: Match, setting: &str, line: usize) -> Difference {
    let witnesses = witnesses(pattern, whole);
    let is_anchored = whole == Match::Whole || pattern.starts_with('^') && pattern.ends_with('$');
    let why = if is_anchored {
        "does not have a shape for which the engine has a pattern"
    } else {
        "is not anchored at both ends"
    };
    let text = if witnesses.is_empty() {
        format!(
            "the expression {pattern:?} {why}, and no origin was found that it admits: list the origins that are meant"
        )
    } else {
        format!("the expression {pattern:?} {why}; list the origins that are meant. It admits these")
    };
    Difference {
        effect: Effect::Undecided,
        setting: setting.into(),
        text,
        line: (line > 0).then_some(line),
        witnesses,
    }
}

/// Returns origins that an expression admits: some that its author may have meant, and look-alikes
/// of these.
pub(crate) fn witnesses(pattern: &str, whole: Match) -> Vec<String> {
    let text = match whole {
        Match::Whole => format!("^(?:{pattern})$"),
        Match::Part => pattern.into(),
    };
    let Ok(expression) = Expression::new(&text, false) else {
        return Vec::new();
    };
    let admits = |origin: &str| expression.find(origin).is_ok_and(|found| found.is_some());
    let place = crate::servers::source::Place::new(0, 0, 0);
    // An author who forgets a backslash before a dot means the dot.
    let literal: String = pattern.chars().filter(|c| !"^$\\".contains(*c)).collect();
    let hints = [
        Hint::Literal(literal),
        Hint::Expression(expression.clone(), place),
    ];
    let meant: Vec<String> = candidates(&hints)
        .into_iter()
        .filter(|origin| admits(origin))
        .collect();
    let mut witnesses: Vec<String> = meant.iter().take(2).cloned().collect();
    let mut kinds = Vec::new();
    for origin in meant.iter().take(8) {
        // A dot without a backslash stands for any byte, so any dot of the host may be the one.
        let mut imitations = look_alikes(origin);
        let dots = origin
            .match_indices('.')
            .map(|(at, _)| format!("{}x{}", &origin[..at], &origin[at + 1..]));
        imitations.extend(dots.map(|text| (Likeness::Dot, text)));
        for (kind, imitation) in imitations {
            if !kinds.contains(&kind) && admits(&imitation) {
                kinds.push(kind);
                witnesses.push(imitation);
            }
        }
    }
    for origin in [STRANGER, "null"] {
        if admits(origin) {
            witnesses.push(origin.into());
        }
    }
    super::super::print::unique(witnesses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pattern: &str) -> Vec<String> {
        entries(pattern, Match::Part)
            .map(|found| found.entries)
            .unwrap_or_default()
    }

    #[test]
    fn known_shapes_become_entries() {
        for (pattern, entries) in [
            (r"^https://app\.example\.com$", &["https://app.example.com"][..]),
            (
                r"^https?:\/\/(www\.)?example\.com$",
                &["*://www.example.com", "*://example.com"],
            ),
            (
                r"^https://(app|admin)\.example\.com$",
                &["https://app.example.com", "https://admin.example.com"],
            ),
            (
                r"^https://([a-z0-9-]+\.)*example\.com$",
                &["https://*.example.com", "https://example.com"],
            ),
            (
                r"^https://([a-z0-9_-]+\.)+example\.com$",
                &["https://*.example.com"],
            ),
            (
                r"^https://(.+\.)?example\.com(:\d+)?$",
                &["https://*.example.com:*", "https://example.com:*"],
            ),
            (r"^http://localhost(:[0-9]{1,5})?$", &["http://localhost:*"]),
            (
                r"^http://localhost:(3000|3001|8080)$",
                &["http://localhost:3000-3001", "http://localhost:8080"],
            ),
            (
                r"^http://localhost:\d+$",
                &["http://localhost:1-79", "http://localhost:81-65535"],
            ),
            (r"^http://localhost:30\d\d$", &["http://localhost:3000-3099"]),
            (
                r"^https://pr-[a-z0-9-]+\.example\.com$",
                &["https://pr-*.example.com"],
            ),
            (r"^http://\[::1\](:\d+)?$", &["http://[::1]:*"]),
            (
                r"^http://192\.168\.\d{1,3}\.\d+(:\d+)?$",
                &["http://192.168.0.0/16:*"],
            ),
            (r"^chrome-extension://[^/:]*$", &["chrome-extension://*"]),
            (r"^null$", &["null"]),
        ] {
            assert_eq!(written(pattern), entries, "{pattern}");
        }
    }

    #[test]
    fn other_shapes_do_not() {
        for pattern in [
            r"https://app\.example\.com",
            r"^https://app\.example\.com",
            r"example\.com$",
            r"^https://app.example.com$",
            r"^https://.*example\.com$",
            r"^https://[a-z.]*example\.com$",
            r"^https://app\.example\.(com|[a-z]+)$",
            r"^[a-z]+://app\.example\.com$",
            r"^https://a\.[a-z]+\.example\.com$",
            r"^https://app\.example\.com$|example",
            r"^https://(?!evil)",
            "(",
        ] {
            assert_eq!(written(pattern), Vec::<String>::new(), "{pattern}");
        }
    }

    #[test]
    fn entries_that_admit_more_say_so() {
        let found = entries(r"^https://[a-z0-9-]+\.example\.com$", Match::Part).unwrap();
        assert_eq!(found.entries, ["https://*.example.com"]);
        assert!(found.wider[0].contains("subdomains of subdomains"));
        let found = entries(r"^https://pr-\d+\.example\.com$", Match::Part).unwrap();
        assert!(found.wider[0].contains("pr-*"));
    }

    #[test]
    fn what_this_crate_writes_is_read_back() {
        for entry in [
            "https://a.example",
            "https://*.a.example:8443",
            "https://p-*.a.example",
            "*://a.example:*",
            "http://localhost:3000-3010",
            "http://10.0.0.0/8:*",
        ] {
            let parsed = crate::policy::origins::Entry::parse(entry).unwrap();
            let expressions = crate::policy::regex::expressions(&parsed).unwrap();
            let read: Vec<String> = expressions
                .iter()
                .flat_map(|expression| written(expression))
                .collect();
            assert_eq!(read, [entry]);
        }
    }

    #[test]
    fn witnesses_show_what_is_admitted() {
        let found = witnesses(r"example\.com$", Match::Part);
        assert!(
            found.iter().any(|origin| origin == "https://evilexample.com"),
            "{found:?}"
        );
        let found = witnesses("^https://app.example.com$", Match::Part);
        assert!(
            found.iter().any(|origin| origin.contains("appxexample.com")),
            "{found:?}"
        );
        let found = witnesses(r"^https://app\.example\.com", Match::Part);
        assert!(
            found.iter().any(|origin| origin.contains(".evil.example")),
            "{found:?}"
        );
    }
}
