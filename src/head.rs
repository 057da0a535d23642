//! What is known of a request head, whether its values are slices of memory or spans of a buffer.

use crate::field::RequestField;

/// A field that a request has at most once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Once<V> {
    /// The value of the last line.
    pub(crate) value: Option<V>,
    /// Lines of this name: 0, 1, or more.
    lines: u8,
    cut: bool,
    malformed: bool,
}

/// What [`Once`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<V> {
    Absent,
    Value(V),
    Repeated,
    Cut,
    /// Folded, or with white space before the colon.
    Malformed,
}

impl<V: Copy> Once<V> {
    const ABSENT: Self = Self {
        value: None,
        lines: 0,
        cut: false,
        malformed: false,
    };

    pub(crate) fn get(&self) -> Found<V> {
        match (self.lines, self.malformed, self.cut, self.value) {
            (0, ..) => Found::Absent,
            (2.., ..) => Found::Repeated,
            (_, true, ..) => Found::Malformed,
            (_, _, true, _) | (.., None) => Found::Cut,
            (.., Some(value)) => Found::Value(value),
        }
    }

    fn map<W>(&self, value: impl FnOnce(V) -> W) -> Once<W> {
        Once {
            value: self.value.map(value),
            lines: self.lines,
            cut: self.cut,
            malformed: self.malformed,
        }
    }
}

/// Something about a field line that leaves it without a usable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Cut,
    Malformed,
}

/// All that a decision needs of a request, but the values of `Access-Control-Request-Headers`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<V> {
    pub(crate) is_options: bool,
    /// The empty line that ends the head was read.
    pub(crate) is_complete: bool,
    pub(crate) origin: Once<V>,
    pub(crate) method: Once<V>,
    /// Lines of `Access-Control-Request-Private-Network`, and whether the last of them is `true`.
    pub(crate) private_network: Once<bool>,
    /// Lines of `Access-Control-Request-Headers`.
    pub(crate) list_lines: u8,
    pub(crate) list_flaw: Option<Flaw>,
}

impl<V: Copy> Head<V> {
    pub(crate) const fn new(is_options: bool, is_complete: bool) -> Self {
        Self {
            is_options,
            is_complete,
            origin: Once::ABSENT,
            method: Once::ABSENT,
            private_network: Once::ABSENT,
            list_lines: 0,
            list_flaw: None,
        }
    }

    fn once(&mut self, field: RequestField) -> Option<&mut Once<V>> {
        match field {
            RequestField::Origin => Some(&mut self.origin),
            RequestField::Method => Some(&mut self.method),
            RequestField::Headers | RequestField::PrivateNetwork => None,
        }
    }

    /// A line of this field was met.
    pub(crate) fn line(&mut self, field: RequestField) {
        let lines = match field {
            RequestField::Origin => &mut self.origin.lines,
            RequestField::Method => &mut self.method.lines,
            RequestField::PrivateNetwork => &mut self.private_network.lines,
            RequestField::Headers => &mut self.list_lines,
        };
        *lines = lines.saturating_add(1);
    }

    /// The line of `Access-Control-Request-Private-Network` that was met last asks for it.
    pub(crate) fn private_network(&mut self, asks: bool) {
        self.private_network.value = Some(asks);
    }

    /// Whether more than one line of a field was met that a request has at most once.
    pub(crate) fn is_repeated(&mut self, field: RequestField) -> bool {
        self.once(field).is_some_and(|once| once.lines > 1)
    }

    /// The line that was met last has this value.
    pub(crate) fn value(&mut self, field: RequestField, value: V) {
        if let Some(once) = self.once(field) {
            once.value = Some(value);
        }
    }

    /// The line that was met last has this flaw.
    pub(crate) fn flaw(&mut self, field: RequestField, flaw: Flaw) {
        if field == RequestField::PrivateNetwork {
            self.private_network.malformed = true;
            return;
        }
        match (self.once(field), flaw) {
            (Some(once), Flaw::Cut) => once.cut = true,
            (Some(once), Flaw::Malformed) => once.malformed = true,
            // What is malformed stays so.
            (None, Flaw::Malformed) => self.list_flaw = Some(flaw),
            (None, Flaw::Cut) => self.list_flaw = self.list_flaw.or(Some(flaw)),
        }
    }

    /// The same head with values of another kind.
    pub(crate) fn map<W>(&self, value: impl Fn(V) -> W) -> Head<W> {
        Head {
            is_options: self.is_options,
            is_complete: self.is_complete,
            origin: self.origin.map(&value),
            method: self.method.map(&value),
            private_network: self.private_network,
            list_lines: self.list_lines,
            list_flaw: self.list_flaw,
        }
    }
}
