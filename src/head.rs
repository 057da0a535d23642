//! What is known of a request head, whether its values are slices of memory or spans of a buffer.

use crate::field::RequestField;

/// What is known of a field that a request has at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<V> {
    Absent,
    Value(V),
    /// There was more than one line.
    Repeated,
    /// The value did not come to its end.
    Cut,
    /// Folded, or with white space before the colon.
    Malformed,
}

impl<V: Copy> Found<V> {
    /// A line begins. Until it has ended its value is cut.
    fn line(&mut self) {
        *self = match self {
            Self::Absent => Self::Cut,
            _ => Self::Repeated,
        };
    }

    /// The line that was met last ends with this value.
    fn value(&mut self, value: V) {
        if matches!(self, Self::Cut) {
            *self = Self::Value(value);
        }
    }

    fn malformed(&mut self) {
        if !matches!(self, Self::Repeated) {
            *self = Self::Malformed;
        }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    fn map<W>(&self, value: impl FnOnce(V) -> W) -> Found<W> {
        match *self {
            Self::Value(found) => Found::Value(value(found)),
            Self::Absent => Found::Absent,
            Self::Repeated => Found::Repeated,
            Self::Cut => Found::Cut,
            Self::Malformed => Found::Malformed,
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
    pub(crate) origin: Found<V>,
    pub(crate) method: Found<V>,
    /// Whether `Access-Control-Request-Private-Network` is `true`.
    pub(crate) private_network: Found<bool>,
    /// Lines of `Access-Control-Request-Headers`.
    pub(crate) list_lines: u8,
    pub(crate) list_flaw: Option<Flaw>,
}

impl<V: Copy> Head<V> {
    pub(crate) const fn new(is_options: bool, is_complete: bool) -> Self {
        Self {
            is_options,
            is_complete,
            origin: Found::Absent,
            method: Found::Absent,
            private_network: Found::Absent,
            list_lines: 0,
            list_flaw: None,
        }
    }

    /// A line of this field was met.
    pub(crate) fn line(&mut self, field: RequestField) {
        match field {
            RequestField::Origin => self.origin.line(),
            RequestField::Method => self.method.line(),
            RequestField::PrivateNetwork => self.private_network.line(),
            RequestField::Headers => self.list_lines = self.list_lines.saturating_add(1),
        }
    }

    /// The line of `Access-Control-Request-Private-Network` that was met last asks for it, or does not.
    pub(crate) fn private_network(&mut self, asks: bool) {
        self.private_network.value(asks);
    }

    /// Whether more than one line of `Origin` or `Access-Control-Request-Method` was met.
    pub(crate) fn is_repeated(&self, field: RequestField) -> bool {
        match field {
            RequestField::Origin => matches!(self.origin, Found::Repeated),
            RequestField::Method => matches!(self.method, Found::Repeated),
            RequestField::PrivateNetwork | RequestField::Headers => false,
        }
    }

    /// The line of `Origin` or `Access-Control-Request-Method` that was met last has this value.
    pub(crate) fn value(&mut self, field: RequestField, value: V) {
        match field {
            RequestField::Origin => self.origin.value(value),
            RequestField::Method => self.method.value(value),
            RequestField::PrivateNetwork | RequestField::Headers => {}
        }
    }

    /// The line that was met last has this flaw.
    pub(crate) fn flaw(&mut self, field: RequestField, flaw: Flaw) {
        match (field, flaw) {
            (RequestField::Origin, Flaw::Malformed) => self.origin.malformed(),
            (RequestField::Method, Flaw::Malformed) => self.method.malformed(),
            (RequestField::PrivateNetwork, Flaw::Malformed) => self.private_network.malformed(),
            // What is malformed stays so.
            (RequestField::Headers, Flaw::Malformed) => self.list_flaw = Some(flaw),
            (RequestField::Headers, Flaw::Cut) => self.list_flaw = self.list_flaw.or(Some(flaw)),
            // A line without a value is cut.
            (_, Flaw::Cut) => {}
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
