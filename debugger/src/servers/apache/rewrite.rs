//! Rewriting: what a list of rules does to a request.

use super::pattern::group;
use super::rules::{Condition, Flags, Rule, Rules, Test, scheme_length};
use super::run::Transaction;
use super::world::is_unknown;
use crate::servers::expression::Groups;
use crate::servers::source::Place;

/// The result of a list of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No rule changed the request.
    Unchanged,
    /// The request goes on with another name.
    Changed { passes_through: bool },
    /// The request ends with this status.
    Status(u16, Place),
    /// A redirect to this address.
    Redirect(u16, String, Place),
    /// The request is passed on to this address.
    Proxy(String, Place),
}

/// The groups and fields that are kept while rules run.
struct Course<'r> {
    directory: Option<&'r str>,
    rule_groups: Groups,
    condition_groups: Groups,
    vary: Vec<String>,
}

/// How often `[N]` starts again, at most. Apache takes 10,000.
const MOST_ROUNDS: usize = 100;

/// Applies rules to a request. In a section, `directory` is its directory.
pub(super) fn apply(transaction: &mut Transaction<'_>, rules: &Rules, directory: Option<&str>) -> Verdict {
    let mut course = Course {
        directory,
        rule_groups: Groups::default(),
        condition_groups: Groups::default(),
        vary: Vec::new(),
    };
    let mut verdict = Verdict::Unchanged;
    let mut round = 0;
    let mut index = 0;
    while let Some(rule) = rules.rules.get(index) {
        index += 1;
        if transaction.is_subrequest
            && (rule.flags.no_subrequest || rule.flags.redirect.is_some() || rule.flags.status.is_some())
        {
            continue;
        }
        let Some(changed) = step(transaction, rule, &mut course) else {
            if rule.flags.is_chained {
                while rules
                    .rules
                    .get(index - 1)
                    .is_some_and(|rule| rule.flags.is_chained)
                {
                    index += 1;
                }
            }
            continue;
        };
        transaction.decided_by = Some(rule.place);
        if !course.vary.is_empty() {
            let vary = std::mem::take(&mut course.vary).join(", ");
            transaction.out.merge("Vary", &vary, Some(rule.place));
        }
        match changed {
            Verdict::Unchanged => {}
            Verdict::Changed { .. } => verdict = changed,
            // [R] without [L] goes on with the next rules, in Apache too; they see the new address.
            Verdict::Redirect(..) => verdict = changed,
            other => return other,
        }
        let flags = &rule.flags;
        if flags.passes_through && matches!(verdict, Verdict::Changed { .. }) {
            return Verdict::Changed { passes_through: true };
        }
        if flags.is_end {
            transaction.rewrite_ended = true;
            return verdict;
        }
        if flags.is_last {
            return verdict;
        }
        if flags.is_next {
            round += 1;
            if round == MOST_ROUNDS {
                return Verdict::Status(500, rule.place);
            }
            index = 0;
            continue;
        }
        index += flags.skip;
    }
    verdict
}

/// Applies a rule, or returns `None` if it does not match.
fn step(transaction: &mut Transaction<'_>, rule: &Rule, course: &mut Course<'_>) -> Option<Verdict> {
    let mut uri = transaction.filename.clone();
    if let Some(directory) = course.directory {
        uri.push_str(&transaction.path_info);
        if let Some(rest) = uri.strip_prefix(directory) {
            uri = rest.to_owned();
        }
    }
    let found = rule.pattern.find(&uri, transaction.world);
    if found.is_some() == rule.is_negated {
        return None;
    }
    course.rule_groups = found.unwrap_or_default();
    course.condition_groups = Groups::default();
    course.vary.clear();
    let mut conditions = rule.conditions.iter();
    while let Some(condition) = conditions.next() {
        let mut vary = Vec::new();
        let holds = condition.holds(transaction, course, &mut vary);
        if condition.no_vary {
            vary.clear();
        }
        if condition.is_or {
            if !holds {
                continue;
            }
            for next in conditions.by_ref() {
                if !next.is_or {
                    break;
                }
            }
        } else if !holds {
            return None;
        }
        course.vary.append(&mut vary);
    }
    let new_uri = rule
        .substitution
        .as_ref()
        .map(|text| expand(transaction, course, text, &mut Vec::new()));
    for variable in &rule.flags.variables {
        let text = expand(transaction, course, variable, &mut Vec::new());
        match text.strip_prefix('!') {
            Some(name) => transaction.env.unset(name),
            None => {
                let (name, value) = text.split_once(':').unwrap_or((text.as_str(), ""));
                transaction.env.set(name, value.to_owned(), Some(rule.place));
            }
        }
    }
    if let Some(handler) = &rule.flags.handler {
        transaction.forced_handler = Some(handler.clone());
    }
    if let Some(status) = rule.flags.status {
        return Some(Verdict::Status(status, rule.place));
    }
    let Some(mut new_uri) = new_uri else {
        return Some(Verdict::Unchanged);
    };
    let is_absolute = scheme_length(&new_uri) > 0;
    if !new_uri.starts_with('/') && !is_absolute {
        match course.directory {
            Some(directory) => new_uri = format!("{directory}{new_uri}"),
            None if !rule.flags.is_proxy && rule.flags.redirect.is_none() => new_uri = format!("/{new_uri}"),
            None => {}
        }
    }
    take_query(transaction, &rule.flags, &mut new_uri);
    if rule.flags.is_proxy {
        transaction.filename.clone_from(&new_uri);
        return Some(Verdict::Proxy(transaction.qualify(&new_uri), rule.place));
    }
    if let Some(status) = rule.flags.redirect {
        let url = transaction.qualify(&new_uri);
        transaction.filename.clone_from(&url);
        return Some(Verdict::Redirect(status, url, rule.place));
    }
    if let Some(path) = transaction.own_path(&new_uri) {
        new_uri = path;
    }
    transaction.filename.clone_from(&new_uri);
    if scheme_length(&new_uri) > 0 {
        return Some(Verdict::Redirect(302, new_uri, rule.place));
    }
    Some(Verdict::Changed {
        passes_through: false,
    })
}

fn take_query(transaction: &mut Transaction<'_>, flags: &Flags, new_uri: &mut String) {
    if flags.discards_query {
        transaction.query = None;
    }
    if let Some(index) = new_uri.find('?') {
        let query = new_uri.split_off(index)[1..].to_owned();
        transaction.query = match transaction.query.take() {
            Some(old) if flags.appends_query && !query.is_empty() => Some(format!("{query}&{old}")),
            old if flags.appends_query && query.is_empty() => old,
            _ => Some(query).filter(|query| !query.is_empty()),
        };
    }
}

impl Condition {
    fn holds(
        &self,
        transaction: &mut Transaction<'_>,
        course: &mut Course<'_>,
        vary: &mut Vec<String>,
    ) -> bool {
        let input = match self.test {
            Test::Expression(_) => String::new(),
            _ => expand(transaction, course, &self.input, vary),
        };
        let doubt = is_unknown(&input).then(|| transaction.world.doubt_in(&input).unwrap_or_default());
        let holds = match (&self.test, doubt) {
            (Test::Match(pattern), _) => {
                let found = pattern.find(&input, transaction.world);
                let holds = found.is_some();
                if let Some(groups) = found.filter(|_| !self.is_negated) {
                    course.condition_groups = groups;
                }
                holds
            }
            (Test::Expression(expression), _) => {
                transaction.groups = None;
                let holds = expression.holds(transaction);
                if holds && !self.is_negated {
                    course.condition_groups = transaction.groups.take().unwrap_or_default();
                }
                holds
            }
            (Test::Never, _) => false,
            (_, Some(reason)) => transaction
                .world
                .decide(&format!("the condition on {} holds ({reason})", self.input)),
            (Test::File, None) => transaction.is_file(&input),
            (Test::Directory, None) => transaction.is_directory(&input),
            (Test::Other(test), None) => transaction
                .world
                .decide(&format!("{test} {input} holds, which is not simulated")),
            (Test::Text(operator, text), None) => {
                let (left, right) = if self.ignores_case {
                    (input.to_ascii_lowercase(), text.to_ascii_lowercase())
                } else {
                    (input, text.clone())
                };
                // Apache compares the lengths first.
                let order = match *operator {
                    _ if self.ignores_case => left.cmp(&right),
                    _ => (left.len(), &left).cmp(&(right.len(), &right)),
                };
                compare(operator, order)
            }
            (Test::Number(operator, number), None) => {
                compare(operator, input.trim().parse::<i64>().unwrap_or(0).cmp(number))
            }
        };
        holds != self.is_negated
    }
}

fn compare(operator: &str, order: std::cmp::Ordering) -> bool {
    match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => order.is_eq(),
    }
}

/// Variables inside of variables, at most.
const DEEPEST: usize = 8;

/// Puts groups and variables into a text.
fn expand(
    transaction: &mut Transaction<'_>,
    course: &Course<'_>,
    text: &str,
    vary: &mut Vec<String>,
) -> String {
    expand_inner(transaction, course, text, vary, 0)
}

fn expand_inner(
    transaction: &mut Transaction<'_>,
    course: &Course<'_>,
    text: &str,
    vary: &mut Vec<String>,
    depth: usize,
) -> String {
    let mut out = String::new();
    let characters: Vec<char> = text.chars().collect();
    let mut index = 0;
    while let Some(&character) = characters.get(index) {
        let next = characters.get(index + 1).copied();
        match (character, next) {
            ('\\', Some(next)) => {
                out.push(next);
                index += 2;
            }
            ('$' | '%', Some(digit @ '0'..='9')) => {
                let groups = if character == '$' {
                    &course.rule_groups
                } else {
                    &course.condition_groups
                };
                out.push_str(group(groups, digit as usize - '0' as usize));
                index += 2;
            }
            ('$' | '%', Some('{')) => {
                let Some(end) = closing(&characters, index + 1) else {
                    out.push(character);
                    index += 1;
                    continue;
                };
                let inner: String = characters[index + 2..end].iter().collect();
                if character == '%' {
                    out.push_str(&transaction.rewrite_variable(&inner, vary));
                } else if let Some((map, rest)) = inner.split_once(':') {
                    let (key, default) = rest.split_once('|').unwrap_or((rest, ""));
                    let key = if depth < DEEPEST {
                        expand_inner(transaction, course, key, vary, depth + 1)
                    } else {
                        String::new()
                    };
                    let value = transaction.map_value(map, &key);
                    if value.is_empty() && !default.is_empty() {
                        out.push_str(default);
                    } else {
                        out.push_str(&value);
                    }
                }
                index = end + 1;
            }
            _ => {
                out.push(character);
                index += 1;
            }
        }
    }
    out
}

/// Returns the index of the brace that closes the one at `start`.
fn closing(characters: &[char], start: usize) -> Option<usize> {
    let mut depth = 0;
    for (index, character) in characters.iter().enumerate().skip(start) {
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}
