//! Which directives the simulation knows. The lists are in `directives.txt` beside this file.

use std::collections::HashMap;

/// The class of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It does what nginx does.
    Modelled,
    /// The directive changes neither the status nor the CORS fields.
    Harmless,
    /// The answers of blocks that have the directive are unknown.
    Unknown,
}

/// Returns the classes of all directives that are listed.
pub fn classes() -> HashMap<&'static str, Class> {
    include_str!("directives.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, class)| {
            let class = match class {
                "modelled" => Class::Modelled,
                "harmless" => Class::Harmless,
                _ => Class::Unknown,
            };
            (name, class)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directive_of_the_index_has_a_class() {
        let classes = classes();
        let index = include_str!("index.txt");
        let missing: Vec<&str> = index
            .lines()
            .filter(|line| !line.starts_with('#') && !classes.contains_key(line))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(index.lines().count() > 700);
    }

    #[test]
    fn every_class_has_one_of_the_three_names() {
        for line in include_str!("directives.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            let class = line.split_once(' ').map(|(_, class)| class);
            assert!(
                matches!(class, Some("modelled" | "harmless" | "unknown")),
                "{line}"
            );
        }
    }
}
