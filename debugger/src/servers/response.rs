//! The answer of a simulated server: each part is known, or unknown for a reason.

use std::collections::BTreeSet;

use super::source::Place;

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<T> {
    /// The server sends this.
    Known(T),
    /// It depends on what the simulation does not know, for this reason.
    Unknown(String),
}

impl<T> Value<T> {
    /// Returns what is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Returns why it is not known.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(reason),
        }
    }
}

/// A field line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, as the server writes it.
    pub name: String,
    /// The value.
    pub value: Value<String>,
    /// The line of the configuration that sets it; `None` if the application or the server itself
    /// does.
    pub place: Option<Place>,
}

/// The answer of a simulated server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: Value<u16>,
    /// The field lines in their order: the CORS fields, `Vary`, `Location`, `Allow`,
    /// `WWW-Authenticate` and others that the simulation knows of.
    pub fields: Vec<Field>,
    /// Why there may be other fields than these, or fewer. Each reason holds for every field.
    pub open: BTreeSet<String>,
    /// Why it is not known whether a field of this name (in lower case) is there, or how often.
    pub open_names: Vec<(String, String)>,
    /// The line of the configuration that decided what answers: a `return`, a `proxy_pass`, the
    /// `location`.
    pub decided_by: Option<Place>,
    /// The assumptions and the steps of the simulation, in sentences.
    pub notes: Vec<String>,
}

impl Response {
    /// Creates an answer of this status, without fields.
    pub fn new(status: u16) -> Self {
        Self {
            status: Value::Known(status),
            fields: Vec::new(),
            open: BTreeSet::new(),
            open_names: Vec::new(),
            decided_by: None,
            notes: Vec::new(),
        }
    }

    /// Creates an answer of which nothing is known.
    pub fn unknown(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            status: Value::Unknown(reason.clone()),
            open: BTreeSet::from([reason]),
            ..Self::new(0)
        }
    }

    /// Adds a field line.
    pub fn push(&mut self, name: &str, value: &str, place: Option<Place>) {
        self.fields.push(Field {
            name: name.into(),
            value: Value::Known(value.into()),
            place,
        });
    }

    /// Returns the field lines with this name.
    pub fn named<'r, 'n>(&'r self, name: &'n str) -> impl Iterator<Item = &'r Field> + use<'r, 'n> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// Returns the known value of the only field line with this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut named = self.named(name);
        let first = named.next()?;
        if named.next().is_some() {
            return None;
        }
        first.value.known().map(String::as_str)
    }

    /// Returns why the fields of this name are not known, if they are not.
    pub fn unknown_reason(&self, name: &str) -> Option<&str> {
        if let Some(reason) = self.open.first() {
            return Some(reason);
        }
        if let Some((_, reason)) = self
            .open_names
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return Some(reason);
        }
        self.named(name).find_map(|field| field.value.reason())
    }

    /// Returns why the answer is not fully known: its status, a CORS field or `Vary`.
    pub fn any_unknown(&self) -> Option<&str> {
        self.status
            .reason()
            .or_else(|| REPORTED.iter().find_map(|name| self.unknown_reason(name)))
    }
}

/// The fields that answers are compared by, in lower case.
pub const REPORTED: [&str; 9] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-allow-private-network",
    "timing-allow-origin",
    "vary",
];

/// Merges the answers of several courses that the server may take. What is equal in all of them is
/// known; the rest is unknown, for this reason. No answers give an unknown answer.
pub fn merge(answers: Vec<Response>, reason: &str) -> Response {
    let mut answers = answers.into_iter();
    let Some(first) = answers.next() else {
        return Response::unknown(reason);
    };
    answers.fold(first, |merged, other| merge_two(merged, &other, reason))
}

fn merge_two(mut merged: Response, other: &Response, reason: &str) -> Response {
    if merged.status != other.status && merged.status.reason().is_none() {
        merged.status = match other.status.reason() {
            Some(reason) => Value::Unknown(reason.into()),
            None => Value::Unknown(reason.into()),
        };
    }
    if merged.decided_by != other.decided_by {
        merged.decided_by = None;
    }
    let names: BTreeSet<String> = merged
        .fields
        .iter()
        .chain(&other.fields)
        .map(|field| field.name.to_ascii_lowercase())
        .collect();
    for name in names {
        let values = |response: &Response| -> Vec<Value<String>> {
            response.named(&name).map(|field| field.value.clone()).collect()
        };
        let (ours, theirs) = (values(&merged), values(other));
        if ours == theirs {
            continue;
        }
        if ours.len() == theirs.len() {
            let mut theirs = theirs.into_iter();
            for field in &mut merged.fields {
                if field.name.eq_ignore_ascii_case(&name)
                    && theirs.next().is_some_and(|their| their != field.value)
                    && field.value.reason().is_none()
                {
                    field.value = Value::Unknown(reason.into());
                }
            }
        } else {
            let place = merged
                .named(&name)
                .chain(other.named(&name))
                .find_map(|field| field.place);
            merged
                .fields
                .retain(|field| !field.name.eq_ignore_ascii_case(&name));
            merged.fields.push(Field {
                name: name.clone(),
                value: Value::Unknown(reason.into()),
                place,
            });
            merged.open_names.push((name, reason.into()));
        }
    }
    merged.open.extend(other.open.iter().cloned());
    for (name, why) in &other.open_names {
        if !merged.open_names.iter().any(|(known, _)| known == name) {
            merged.open_names.push((name.clone(), why.clone()));
        }
    }
    for note in &other.notes {
        if !merged.notes.contains(note) {
            merged.notes.push(note.clone());
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_courses_agree_on_is_known() {
        let mut one = Response::new(200);
        one.push("Vary", "Origin", None);
        one.push("Access-Control-Allow-Origin", "*", None);
        let mut two = Response::new(404);
        two.push("vary", "Origin", None);
        let merged = merge(vec![one.clone(), two], "the file may exist");
        assert_eq!(merged.status, Value::Unknown("the file may exist".into()));
        assert_eq!(merged.unknown_reason("vary"), None);
        assert_eq!(
            merged.unknown_reason("access-control-allow-origin"),
            Some("the file may exist")
        );
        assert_eq!(merge(vec![one.clone(), one.clone()], "x"), one);
        assert!(merge(vec![], "x").any_unknown().is_some());
    }
}
