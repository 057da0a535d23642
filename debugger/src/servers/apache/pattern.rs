//! Regular expressions and shell patterns of directives.

use super::world::{World, is_unknown};
use crate::servers::expression::{Expression, Groups};

/// A regular expression of a directive.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    expression: Result<Expression, String>,
}

impl Pattern {
    pub(super) fn new(text: &str, ignores_case: bool) -> Self {
        Self {
            text: text.to_owned(),
            expression: Expression::new(&as_rust(text), ignores_case),
        }
    }

    pub(super) fn expression(&self) -> Option<&Expression> {
        self.expression.as_ref().ok()
    }

    /// Returns the groups of the first match. In doubt the world decides.
    pub(super) fn find(&self, text: &str, world: &World) -> Option<Groups> {
        let reason = if is_unknown(text) {
            world.doubt_in(text).unwrap_or_default()
        } else {
            match &self.expression {
                Ok(expression) => match expression.find(text) {
                    Ok(groups) => return groups,
                    Err(reason) => reason,
                },
                Err(reason) => reason.clone(),
            }
        };
        if let Some(is_match) = self.trivial() {
            return is_match.then(|| Groups {
                numbered: vec![Some(text.to_owned()); 10],
                named: Vec::new(),
                end: text.len(),
            });
        }
        world
            .decide(&format!("{:?} matches ({reason})", self.text))
            .then(|| Groups {
                numbered: vec![Some(world.unknown_text(&reason)); 10],
                named: Vec::new(),
                end: text.len(),
            })
    }

    /// Whether the expression matches every text, so that an unknown one needs no decision.
    fn trivial(&self) -> Option<bool> {
        matches!(
            self.text.as_str(),
            "" | "^" | ".*" | "^.*$" | "^(.*)$" | "(.*)" | "^(.*)"
        )
        .then_some(true)
    }
}

/// Rewrites what PCRE takes and the crate does not: braces that do not count, brackets inside of
/// brackets, and escaped angle brackets.
fn as_rust(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    let mut index = 0;
    let mut in_class = false;
    while let Some(&character) = characters.get(index) {
        let next = characters.get(index + 1).copied();
        match character {
            '\\' => {
                match next {
                    Some(next @ ('<' | '>')) => out.push(next),
                    Some(next) => {
                        out.push('\\');
                        out.push(next);
                    }
                    None => out.push_str(r"\\"),
                }
                index += 1;
            }
            '[' if in_class => {
                if next == Some(':') {
                    let end = characters[index..].windows(2).position(|pair| pair == [':', ']']);
                    if let Some(end) = end {
                        out.extend(&characters[index..index + end + 2]);
                        index += end + 1;
                    } else {
                        out.push_str(r"\[");
                    }
                } else {
                    out.push_str(r"\[");
                }
            }
            '[' => {
                in_class = true;
                out.push('[');
                if next == Some('^') {
                    out.push('^');
                    index += 1;
                }
                if characters.get(index + 1) == Some(&']') {
                    out.push_str(r"\]");
                    index += 1;
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' | '-' if in_class && next == Some(character) => {
                out.push('\\');
                out.push(character);
            }
            '{' if !in_class && !counts(&characters[index..]) => out.push_str(r"\{"),
            other => out.push(other),
        }
        index += 1;
    }
    out
}

/// Says whether a brace starts `{3}`, `{3,}` or `{3,4}`.
fn counts(text: &[char]) -> bool {
    let Some(end) = text.iter().position(|character| *character == '}') else {
        return false;
    };
    let inner = &text[1..end];
    inner.first().is_some_and(char::is_ascii_digit)
        && inner
            .iter()
            .all(|character| character.is_ascii_digit() || *character == ',')
        && inner.iter().filter(|character| **character == ',').count() < 2
}

/// Replaces `$1` and `\1` and `&` by groups, as Apache's `ap_pregsub` does.
pub(super) fn substitute(template: &str, groups: &Groups) -> String {
    let mut out = String::new();
    let mut characters = template.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => out.push_str(group(groups, 0)),
            '$' | '\\' => match characters.peek().copied() {
                Some(digit @ '0'..='9') if character == '$' => {
                    characters.next();
                    out.push_str(group(groups, digit as usize - '0' as usize));
                }
                Some(next @ ('$' | '&')) if character == '\\' => {
                    characters.next();
                    out.push(next);
                }
                _ => out.push(character),
            },
            other => out.push(other),
        }
    }
    out
}

pub(super) fn group(groups: &Groups, index: usize) -> &str {
    groups
        .numbered
        .get(index)
        .and_then(Option::as_deref)
        .unwrap_or("")
}

/// Compares with a shell pattern: `*`, `?` and `[...]`. With `is_path`, `*` and `?` stop at a
/// slash.
pub(super) fn shell_match(pattern: &str, text: &str, is_path: bool) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Where to go on if the rest does not match: the last star, and how far it reaches.
    let (mut p, mut t) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                last = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => (!(is_path && text[t] == '/')).then_some(p + 1),
            Some('[') => class(&pattern, p, text[t]),
            Some('\\') if p + 1 < pattern.len() => (pattern[p + 1] == text[t]).then_some(p + 2),
            Some(character) => (*character == text[t]).then_some(p + 1),
            None => None,
        };
        match (step, last) {
            (Some(next), _) => {
                p = next;
                t += 1;
            }
            (None, Some((star, reach))) if !(is_path && text[reach] == '/') => {
                last = Some((star, reach + 1));
                p = star + 1;
                t = reach + 1;
            }
            _ => return false,
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

/// Compares a character with `[...]`, and returns the index after it.
fn class(pattern: &[char], start: usize, character: char) -> Option<usize> {
    let mut index = start + 1;
    let negated = matches!(pattern.get(index), Some('!' | '^'));
    index += usize::from(negated);
    let mut found = false;
    let mut first = true;
    loop {
        let low = *pattern.get(index)?;
        if low == ']' && !first {
            break;
        }
        first = false;
        if pattern.get(index + 1) == Some(&'-') && pattern.get(index + 2).is_some_and(|high| *high != ']') {
            found |= (low..=pattern[index + 2]).contains(&character);
            index += 3;
        } else {
            found |= low == character;
            index += 1;
        }
    }
    (found != negated).then_some(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_pcre_are_taken() {
        let world = World::default();
        for (pattern, text, expected) in [
            (r"^[\w.-]+\.example\.com$", "a-b.example.com", true),
            (r"\.(eot|otf|tt[cf]|woff2?)$", "a.woff2", true),
            ("{x}", "a{x}b", true),
            ("[[]", "[", true),
            (r"a{2}\/", "aa/", true),
            (r"^(?!https://evil)", "https://evil", false),
        ] {
            assert_eq!(
                Pattern::new(pattern, false).find(text, &world).is_some(),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn shell_patterns_match() {
        for (pattern, text, expected) in [
            ("*.js", "a.js", true),
            ("/a/*", "/a/b/c", false),
            ("/a/*/c", "/a/b/c", true),
            ("a?[0-9]*", "ab7zz", true),
            ("[!a]", "a", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(shell_match(pattern, text, true), expected, "{pattern}");
        }
    }

    #[test]
    fn groups_are_put_in() {
        let groups = Groups {
            numbered: vec![Some("ab".into()), Some("a".into()), None],
            named: Vec::new(),
            end: 2,
        };
        assert_eq!(substitute(r"$1-$2-$0-\$1", &groups), "a--ab-$1");
    }
}
