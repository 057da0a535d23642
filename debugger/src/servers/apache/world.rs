//! Questions that the configuration does not answer.
//!
//! The simulation runs once for each combination of answers to the questions that come up. What is
//! the same in all of them is known.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Encloses the number of a text that is not known, inside a text.
const MARK: char = '\u{1}';

/// The number of combinations that are tried before everything is called unknown.
const MOST_WORLDS: usize = 128;

/// One combination of answers.
#[derive(Debug, Default)]
pub(super) struct World {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The answers, in the order in which the questions came up.
    answers: Vec<Answer>,
    /// The first answers, given by the caller.
    given: Vec<bool>,
    /// The reasons of texts that are not known.
    texts: Vec<String>,
    /// Reasons for which the whole answer is not known.
    doubts: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) question: String,
    pub(super) is_yes: bool,
}

impl World {
    fn with(given: Vec<bool>) -> Self {
        Self {
            state: RefCell::new(State {
                given,
                ..State::default()
            }),
        }
    }

    /// Returns this world's answer to a question, which is a sentence such as "/a is a file".
    pub(super) fn decide(&self, question: &str) -> bool {
        let question = &self.readable(question);
        let mut state = self.state.borrow_mut();
        if let Some(answer) = state.answers.iter().find(|a| a.question == *question) {
            return answer.is_yes;
        }
        let is_yes = state.given.get(state.answers.len()).copied().unwrap_or(true);
        state.answers.push(Answer {
            question: question.to_owned(),
            is_yes,
        });
        is_yes
    }

    /// Returns this world's answer to a question, if it came up.
    pub(super) fn recall(&self, question: &str) -> Option<bool> {
        let question = self.readable(question);
        let state = self.state.borrow();
        let answer = state.answers.iter().find(|answer| answer.question == question)?;
        Some(answer.is_yes)
    }

    /// Returns a text that stands for one that is not known.
    pub(super) fn unknown_text(&self, reason: &str) -> String {
        let mut state = self.state.borrow_mut();
        let index = match state.texts.iter().position(|text| text == reason) {
            Some(index) => index,
            None => {
                state.texts.push(reason.to_owned());
                state.texts.len() - 1
            }
        };
        format!("{MARK}{index}{MARK}")
    }

    /// Returns a text with its unknown parts replaced by dots.
    fn readable(&self, text: &str) -> String {
        let parts: Vec<&str> = text.split(MARK).step_by(2).collect();
        parts.join("...")
    }

    /// Returns the reason why a text is not known, if it is not.
    pub(super) fn doubt_in(&self, text: &str) -> Option<String> {
        let index = text.split(MARK).nth(1)?.parse::<usize>().ok()?;
        self.state.borrow().texts.get(index).cloned()
    }

    /// Says that nothing of the answer is known.
    pub(super) fn doubt(&self, reason: &str) {
        let doubts = &mut self.state.borrow_mut().doubts;
        if !doubts.iter().any(|doubt| doubt == reason) {
            doubts.push(reason.to_owned());
        }
    }

    pub(super) fn doubts(&self) -> Vec<String> {
        self.state.borrow().doubts.clone()
    }
}

/// Says whether a text stands for one that is not known, or contains it.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(MARK)
}

/// The result of one world.
pub(super) struct Outcome<T> {
    pub(super) value: T,
    pub(super) answers: Vec<Answer>,
}

/// Runs `simulate` in each world, or returns `None` if there are too many.
pub(super) fn each_world<T>(mut simulate: impl FnMut(&World) -> T) -> Option<Vec<Outcome<T>>> {
    let mut outcomes = Vec::new();
    let mut given = Vec::new();
    loop {
        let world = World::with(given);
        let value = simulate(&world);
        let answers = world.state.into_inner().answers;
        outcomes.push(Outcome {
            value,
            answers: answers.clone(),
        });
        // The next world: the last question that was answered with yes gets a no.
        let mut next: Vec<bool> = answers.iter().map(|answer| answer.is_yes).collect();
        while next.pop_if(|is_yes| !*is_yes).is_some() {}
        let Some(last) = next.last_mut() else {
            return Some(outcomes);
        };
        *last = false;
        if outcomes.len() == MOST_WORLDS {
            return None;
        }
        given = next;
    }
}

/// Returns the questions on which a value depends.
pub(super) fn questions<T, V: PartialEq>(outcomes: &[Outcome<T>], value: impl Fn(&T) -> V) -> Vec<String> {
    let mut found: BTreeMap<&str, ()> = BTreeMap::new();
    let mut order = Vec::new();
    for (index, a) in outcomes.iter().enumerate() {
        for b in &outcomes[index + 1..] {
            let Some((answer, _)) = a.answers.iter().zip(&b.answers).find(|(x, y)| x != y) else {
                continue;
            };
            if value(&a.value) != value(&b.value) && found.insert(&answer.question, ()).is_none() {
                order.push(answer.question.clone());
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_tried() {
        let outcomes =
            each_world(|world| (world.decide("a"), world.decide("a") && world.decide("b"))).unwrap();
        let values: Vec<_> = outcomes.iter().map(|outcome| outcome.value).collect();
        assert_eq!(values, [(true, true), (true, false), (false, false)]);
        assert_eq!(questions(&outcomes, |value| value.0), ["a"]);
        assert_eq!(questions(&outcomes, |value| value.1), ["b", "a"]);
    }

    #[test]
    fn too_many_questions_are_not_answered() {
        let all = each_world(|world| {
            (0..20).for_each(|number| {
                world.decide(&number.to_string());
            });
        });
        assert!(all.is_none());
    }

    #[test]
    fn an_unknown_text_keeps_its_reason() {
        let world = World::default();
        let text = format!("https://{}", world.unknown_text("the time"));
        assert!(is_unknown(&text));
        assert_eq!(world.doubt_in(&text).as_deref(), Some("the time"));
    }
}
