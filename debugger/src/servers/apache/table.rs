//! A table of fields or variables, as Apache keeps them: names in any case, in order, repeatable.

use crate::servers::source::Place;

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    /// The directive that wrote it.
    pub(super) place: Option<Place>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    entries: Vec<Entry>,
}

impl Table {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.entry(name).map(|entry| entry.value.as_str())
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// Writes the first line with this name, and removes the others.
    pub(super) fn set(&mut self, name: &str, value: String, place: Option<Place>) {
        let first = self
            .entries
            .iter()
            .position(|entry| entry.name.eq_ignore_ascii_case(name));
        let entry = Entry {
            name: name.to_owned(),
            value,
            place,
        };
        match first {
            Some(first) => {
                let mut index = 0;
                self.entries.retain(|other| {
                    index += 1;
                    index - 1 <= first || !other.name.eq_ignore_ascii_case(name)
                });
                self.entries[first] = entry;
            }
            None => self.entries.push(entry),
        }
    }

    pub(super) fn add(&mut self, name: &str, value: String, place: Option<Place>) {
        self.entries.push(Entry {
            name: name.to_owned(),
            value,
            place,
        });
    }

    /// Appends to the first line with this name, after a comma.
    pub(super) fn merge(&mut self, name: &str, value: &str, place: Option<Place>) {
        match self
            .entries
            .iter_mut()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
        {
            Some(entry) => {
                entry.value.push_str(", ");
                entry.value.push_str(value);
                entry.place = entry.place.or(place);
            }
            None => self.add(name, value.to_owned(), place),
        }
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.entries
            .retain(|entry| !entry.name.eq_ignore_ascii_case(name));
    }

    /// Removes the lines with this name, and returns them.
    pub(super) fn take(&mut self, name: &str) -> Vec<Entry> {
        self.entries
            .extract_if(.., |entry| entry.name.eq_ignore_ascii_case(name))
            .collect()
    }

    pub(super) fn extend(&mut self, entries: Vec<Entry>) {
        self.entries.extend(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_keeps_the_first_place_and_one_line() {
        let mut table = Table::default();
        for (name, value) in [("A", "1"), ("B", "2"), ("a", "3")] {
            table.add(name, value.into(), None);
        }
        table.set("a", "4".into(), None);
        let lines: Vec<_> = table
            .entries()
            .iter()
            .map(|e| (e.name.as_str(), e.value.as_str()))
            .collect();
        assert_eq!(lines, [("a", "4"), ("B", "2")]);
        table.merge("b", "5", None);
        assert_eq!(table.get("B"), Some("2, 5"));
    }
}
