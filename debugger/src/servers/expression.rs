//! Regular expressions of configurations: what they match, and samples of what they admit.
//!
//! Servers use PCRE. What both PCRE and the crate `fancy-regex` understand means the same in both
//! for the short ASCII texts of requests; an expression that the crate does not understand is
//! unknown. Expressions without look-around and back-references take linear time; the others have
//! a limit of steps, after which the result is unknown too.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    pattern: String,
    ignores_case: bool,
    regex: fancy_regex::Regex,
}

/// A match: the groups by number, and those that have names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The groups; the first is the whole match.
    pub numbered: Vec<Option<String>>,
    /// The groups with names.
    pub named: Vec<(String, Option<String>)>,
    /// Where the whole match ends.
    pub end: usize,
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// Returns a sentence that says what is not understood.
    pub fn new(pattern: &str, ignores_case: bool) -> Result<Self, String> {
        let text = if ignores_case {
            format!("(?i){pattern}")
        } else {
            pattern.to_string()
        };
        let regex = fancy_regex::RegexBuilder::new(&text)
            .backtrack_limit(100_000)
            .delegate_size_limit(1 << 20)
            .build()
            .map_err(|error| {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or("").trim().to_string();
                format!("the regular expression {pattern:?} is not understood: {last}")
            })?;
        Ok(Self {
            pattern: pattern.into(),
            ignores_case,
            regex,
        })
    }

    /// Returns the text of the expression.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns the groups of the first match in a text.
    ///
    /// # Errors
    ///
    /// Returns a sentence if the search takes too many steps.
    pub fn find(&self, text: &str) -> Result<Option<Groups>, String> {
        let captures = self
            .regex
            .captures(text)
            .map_err(|_| format!("the regular expression {:?} takes too many steps", self.pattern))?;
        Ok(captures.map(|captures| {
            let text_of =
                |group: Option<fancy_regex::Match<'_>>| group.map(|group| group.as_str().to_string());
            Groups {
                numbered: (0..captures.len())
                    .map(|index| text_of(captures.get(index)))
                    .collect(),
                named: self
                    .regex
                    .capture_names()
                    .flatten()
                    .map(|name| (name.to_string(), text_of(captures.name(name))))
                    .collect(),
                end: captures.get(0).map_or(0, |whole| whole.end()),
            }
        }))
    }

    /// Returns texts that match, at most 32: one for each alternative, with and without what is
    /// optional. Empty if the expression has look-around.
    pub fn samples(&self) -> Vec<String> {
        let parsed = regex_syntax::ParserBuilder::new()
            .case_insensitive(self.ignores_case)
            .build()
            .parse(&self.pattern);
        let Ok(hir) = parsed else {
            return Vec::new();
        };
        let mut samples = sample(&hir);
        samples.retain(|text| self.find(text).is_ok_and(|found| found.is_some()));
        samples
    }
}

const MAX_SAMPLES: usize = 32;

fn sample(hir: &Hir) -> Vec<String> {
    let mut samples = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![String::from_utf8_lossy(&literal.0).into_owned()],
        // A dot without a backslash was most likely meant as a dot.
        HirKind::Class(class) => vec![if has(class, '.') && has(class, '/') {
            ".".into()
        } else {
            character(class)
        }],
        HirKind::Repetition(repetition) => {
            let one = match repetition.sub.kind() {
                HirKind::Class(class) => vec![character(class)],
                _ => sample(&repetition.sub),
            };
            let count = repetition.min.clamp(1, 64) as usize;
            let mut samples: Vec<String> = one.iter().map(|text| text.repeat(count)).collect();
            if repetition.min == 0 {
                samples.push(String::new());
            }
            samples
        }
        HirKind::Capture(capture) => sample(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().flat_map(sample).take(MAX_SAMPLES).collect(),
        HirKind::Concat(parts) => {
            let mut whole = vec![String::new()];
            for part in parts {
                let ends = sample(part);
                whole = whole
                    .iter()
                    .flat_map(|start| ends.iter().map(move |end| format!("{start}{end}")))
                    .filter(|text| text.len() < 512)
                    .take(MAX_SAMPLES)
                    .collect();
            }
            whole
        }
    };
    samples.truncate(MAX_SAMPLES);
    samples
}

/// Returns whether a class contains a character.
fn has(class: &Class, wanted: char) -> bool {
    ranges(class)
        .iter()
        .any(|(start, end)| (*start..=*end).contains(&wanted))
}

fn ranges(class: &Class) -> Vec<(char, char)> {
    match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (char::from(range.start()), char::from(range.end())))
            .collect(),
    }
}

/// Returns a character of a class: a small letter, a digit, or else its first.
fn character(class: &Class) -> String {
    let first = ranges(class).first().map(|(start, _)| *start);
    ('a'..='z')
        .chain('0'..='9')
        .find(|wanted| has(class, *wanted))
        .or(first)
        .map(String::from)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_numbers_and_names() {
        let expression = Expression::new(r"^https://(?<sub>[a-z]+)\.example\.(com|org)$", true).unwrap();
        let groups = expression.find("https://APP.example.org").unwrap().unwrap();
        assert_eq!(groups.numbered[2].as_deref(), Some("org"));
        assert_eq!(groups.named, [("sub".to_string(), Some("APP".to_string()))]);
        assert_eq!(expression.find("http://app.example.org").unwrap(), None);
        assert!(
            Expression::new("(", false)
                .unwrap_err()
                .contains("not understood")
        );
    }

    #[test]
    fn look_around_is_understood() {
        let expression = Expression::new(r"^https://(?!evil)", false).unwrap();
        assert_eq!(expression.find("https://evil.example").unwrap(), None);
        assert!(expression.find("https://app.example").unwrap().is_some());
    }

    #[test]
    fn samples_cover_alternatives() {
        let expression = Expression::new(r"^https?://(www\.|)example\.(com|org)(:\d+)?$", false).unwrap();
        let samples = expression.samples();
        for sample in [
            "https://www.example.com",
            "http://example.org",
            "https://example.com:0",
        ] {
            assert!(
                samples.iter().any(|text| text == sample),
                "{sample} is not in {samples:?}"
            );
        }
    }

    #[test]
    fn samples_of_huge_expressions_are_few() {
        let expression = Expression::new(&"(a|b)?".repeat(200), false).unwrap();
        assert!(expression.samples().len() <= MAX_SAMPLES);
    }
}
