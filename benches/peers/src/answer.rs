//! An answer in a form in which answers of different implementations can be compared.

use std::collections::{BTreeMap, BTreeSet};

/// The status, and the members of each CORS field and of `Vary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    status: u16,
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Answer {
    pub(crate) fn new<'a>(status: u16, fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut answer = Self {
            status,
            fields: BTreeMap::new(),
        };
        for (name, value) in fields {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            if name != "vary" && !name.starts_with("access-control-") {
                continue;
            }
            let value = String::from_utf8_lossy(value);
            let members = answer.fields.entry(name.clone()).or_default();
            for member in value.split(',').map(str::trim) {
                members.insert(if name.ends_with("-methods") {
                    member.to_owned()
                } else {
                    member.to_ascii_lowercase()
                });
            }
        }
        answer
    }

    /// Reads the bytes of a response. Without a status line they are the fields of a response with
    /// status 200.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("responses are ASCII");
        let status = text
            .strip_prefix("HTTP/1.1 ")
            .map_or(200, |rest| rest[..3].parse().expect("the status is a number"));
        let fields = text.lines().filter_map(|line| line.split_once(": "));
        Self::new(
            status,
            fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        )
    }

    /// Returns how this answer differs from the other.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.status != other.status {
            differences.push(format!("status {} instead of {}", self.status, other.status));
        }
        let names: BTreeSet<_> = self.fields.keys().chain(other.fields.keys()).collect();
        for name in names {
            let join = |members: &BTreeSet<String>| Vec::from_iter(members.iter().cloned()).join(",");
            match (self.fields.get(name), other.fields.get(name)) {
                (Some(_), None) => differences.push(format!("sends {name}")),
                (None, Some(_)) => differences.push(format!("no {name}")),
                (Some(one), Some(two)) if one != two => {
                    differences.push(format!("{name}: {} instead of {}", join(one), join(two)));
                }
                _ => {}
            }
        }
        differences
    }
}
