//! The facts about a request head that a decision needs.
//!
//! How a value is kept differs: a request in memory has slices, a reader has positions in its
//! buffer. So the types here are generic over the value `V`. Lines and defects are counted in the
//! same way for both, so that both get the same answer.

use super::field::RequestField;

/// The state of a field of which a request may have one line: `Origin` or
/// `Access-Control-Request-Method`.
///
/// ```text
/// Absent           --line-->      Truncated --value--> Value
/// all but Absent   --line-->      Repeated
/// all but Repeated --malformed--> Malformed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldState<V> {
    /// There was no line.
    Absent,
    /// There was one line, with this value.
    Value(V),
    /// There was more than one line.
    Repeated,
    /// There was one line, and the end of its value is missing or did not fit into a buffer.
    Truncated,
    /// There was one line, which is folded or has white space before its colon.
    Malformed,
}

impl<V: Copy> FieldState<V> {
    /// Starts a field line. Until it ends, its value counts as truncated.
    pub(crate) fn line(&mut self) {
        *self = match self {
            Self::Absent => Self::Truncated,
            _ => Self::Repeated,
        };
    }

    /// Ends the line that was started last, and sets its value.
    pub(crate) fn value(&mut self, value: V) {
        if matches!(self, Self::Truncated) {
            *self = Self::Value(value);
        }
    }

    /// Marks the line that was started last as malformed. A repeated field stays repeated.
    pub(crate) fn malformed(&mut self) {
        if !matches!(self, Self::Repeated) {
            *self = Self::Malformed;
        }
    }

    /// Returns whether there was no line.
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(crate) fn map<W>(&self, value: impl FnOnce(V) -> W) -> FieldState<W> {
        match *self {
            Self::Value(found) => FieldState::Value(value(found)),
            Self::Absent => FieldState::Absent,
            Self::Repeated => FieldState::Repeated,
            Self::Truncated => FieldState::Truncated,
            Self::Malformed => FieldState::Malformed,
        }
    }
}

/// Whether the states of `Origin` and `Access-Control-Request-Method` are changed by the same code,
/// through a pointer to one of them.
// This saves 136 of 8,128 bytes of `flash response` on a Cortex-M3 (`.ci/certificate.py`). On
// 64-bit targets, the pointer would keep both states in memory, which adds 30 of 317 instructions
// to the row `decide/actual_allowed/exact_000008` (`.ci/bench.py`).
const BY_POINTER: bool = !cfg!(target_pointer_width = "64");

/// A fault of a field line that leaves it without a usable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The end of the value is missing.
    Truncated,
    /// The line is folded or has white space before its colon.
    Malformed,
}

/// Everything that a decision needs to know about a request, except for the values of
/// `Access-Control-Request-Headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head<V> {
    /// Whether the method is `OPTIONS`.
    pub(crate) is_options: bool,
    /// Whether the whole head was read, to its empty line.
    pub(crate) is_complete: bool,
    pub(crate) origin: FieldState<V>,
    pub(crate) method: FieldState<V>,
    /// The number of lines of `Access-Control-Request-Headers`, up to 255.
    pub(crate) list_lines: u8,
    /// The worst defect of these lines.
    pub(crate) list_defect: Option<Defect>,
}

impl<V: Copy> Head<V> {
    /// Returns a head without any field.
    pub(crate) const fn new(is_options: bool, is_complete: bool) -> Self {
        Self {
            is_options,
            is_complete,
            origin: FieldState::Absent,
            method: FieldState::Absent,
            list_lines: 0,
            list_defect: None,
        }
    }

    /// Returns the state of `field`, unless it is `Access-Control-Request-Headers`.
    #[inline(always)]
    const fn state_of(&mut self, field: RequestField) -> Option<&mut FieldState<V>> {
        match field {
            RequestField::Origin => Some(&mut self.origin),
            RequestField::Method => Some(&mut self.method),
            RequestField::Headers => None,
        }
    }

    /// Changes the state of `field`, if it has one.
    fn change(&mut self, field: RequestField, change: impl FnOnce(&mut FieldState<V>)) {
        if let Some(state) = self.state_of(field) {
            change(state);
        }
    }

    /// Starts a line of `field`.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn line(&mut self, field: RequestField) {
        match field {
            RequestField::Origin | RequestField::Method if BY_POINTER => self.change(field, FieldState::line),
            RequestField::Origin => self.origin.line(),
            RequestField::Method => self.method.line(),
            RequestField::Headers => self.list_lines = self.list_lines.saturating_add(1),
        }
    }

    /// Returns whether there was more than one line of `Origin` or `Access-Control-Request-Method`.
    pub(crate) fn is_repeated(&self, field: RequestField) -> bool {
        match field {
            RequestField::Origin => matches!(self.origin, FieldState::Repeated),
            RequestField::Method => matches!(self.method, FieldState::Repeated),
            RequestField::Headers => false,
        }
    }

    /// Ends the last line of `Origin` or `Access-Control-Request-Method`, and sets its value.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn value(&mut self, field: RequestField, value: V) {
        match field {
            RequestField::Origin | RequestField::Method if BY_POINTER => {
                self.change(field, |state| state.value(value));
            }
            RequestField::Origin => self.origin.value(value),
            RequestField::Method => self.method.value(value),
            RequestField::Headers => {}
        }
    }

    /// Marks the last line of `field` with a defect.
    pub(crate) fn defect(&mut self, field: RequestField, defect: Defect) {
        match (self.state_of(field), defect) {
            (Some(state), Defect::Malformed) => state.malformed(),
            // A line without a value already counts as truncated.
            (Some(_), Defect::Truncated) => {}
            // Malformed is the worse of the two: it replaces the other, and is never replaced.
            (None, Defect::Malformed) => self.list_defect = Some(defect),
            (None, Defect::Truncated) => self.list_defect = self.list_defect.or(Some(defect)),
        }
    }

    /// Returns the same head, with each value replaced by what `value` returns for it.
    pub(crate) fn map<W>(&self, value: impl Fn(V) -> W) -> Head<W> {
        Head {
            is_options: self.is_options,
            is_complete: self.is_complete,
            origin: self.origin.map(&value),
            method: self.method.map(&value),
            list_lines: self.list_lines,
            list_defect: self.list_defect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Step = fn(&mut Head<u8>);

    #[test]
    fn a_field_has_the_state_of_its_lines() {
        const LINE: Step = |head| head.line(RequestField::Origin);
        const VALUE: Step = |head| head.value(RequestField::Origin, 7);
        const TRUNCATED: Step = |head| head.defect(RequestField::Origin, Defect::Truncated);
        const MALFORMED: Step = |head| head.defect(RequestField::Origin, Defect::Malformed);
        for (steps, state) in [
            (&[][..], FieldState::Absent),
            (&[LINE], FieldState::Truncated),
            (&[LINE, VALUE], FieldState::Value(7)),
            (&[LINE, TRUNCATED], FieldState::Truncated),
            (&[LINE, MALFORMED], FieldState::Malformed),
            (&[LINE, VALUE, MALFORMED], FieldState::Malformed),
            (&[LINE, MALFORMED, VALUE], FieldState::Malformed),
            (&[LINE, LINE], FieldState::Repeated),
            (&[LINE, VALUE, LINE], FieldState::Repeated),
            (&[LINE, VALUE, LINE, VALUE], FieldState::Repeated),
            (&[LINE, MALFORMED, LINE, VALUE], FieldState::Repeated),
            (&[LINE, VALUE, LINE, MALFORMED], FieldState::Repeated),
        ] {
            let mut head = Head::new(false, true);
            steps.iter().for_each(|step| step(&mut head));
            assert_eq!(head.origin, state);
            assert_eq!(
                head.is_repeated(RequestField::Origin),
                state == FieldState::Repeated
            );
            assert_eq!(head.origin.is_absent(), state == FieldState::Absent);
            assert!(head.method.is_absent() && !head.is_repeated(RequestField::Method));
            // Values are replaced, and nothing else.
            assert_eq!(head.map(|value| value).origin, state);
            assert_eq!(head.map(|_| "x").list_lines, 0);
        }
    }

    #[test]
    fn the_list_keeps_its_worst_defect_and_counts_to_255() {
        let mut head = Head::<u8>::new(true, true);
        for (defect, kept) in [
            (Defect::Truncated, Defect::Truncated),
            (Defect::Malformed, Defect::Malformed),
            (Defect::Truncated, Defect::Malformed),
        ] {
            head.line(RequestField::Headers);
            head.defect(RequestField::Headers, defect);
            assert_eq!(head.list_defect, Some(kept));
        }
        assert_eq!(head.list_lines, 3);
        (0..300).for_each(|_| head.line(RequestField::Headers));
        assert_eq!(head.list_lines, 255);
        assert!(!head.is_repeated(RequestField::Headers));
    }
}
