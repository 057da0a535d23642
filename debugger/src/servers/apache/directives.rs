//! Apache's directives: which module has them, where they may stand, and what the simulator does.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The way in which the simulator treats a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It is simulated.
    Modelled,
    /// It changes neither the status nor a field that is reported.
    Harmless,
    /// It may change the answer, and is not simulated.
    Unknown,
}

/// A directive of Apache's index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directive {
    pub(super) module: &'static str,
    /// The overrides of which `.htaccess` needs one, joined by `+`; `any`, or `-` for never.
    pub(super) overrides: &'static str,
    pub(super) class: Class,
}

const LIST: &str = include_str!("directives.txt");

/// Returns the directive with this name, in any case; the name of a section starts with `<`.
pub(super) fn find(name: &str) -> Option<Directive> {
    static INDEX: OnceLock<BTreeMap<String, Directive>> = OnceLock::new();
    INDEX
        .get_or_init(|| {
            all()
                .map(|(name, directive)| (name.to_ascii_lowercase(), directive))
                .collect()
        })
        .get(&name.to_ascii_lowercase())
        .copied()
}

/// Returns all directives of the index with their names.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Directive)> {
    LIST.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?;
            let module = words.next()?;
            let overrides = words.next()?;
            let class = match words.nth(1)? {
                "modelled" => Class::Modelled,
                "harmless" => Class::Harmless,
                _ => Class::Unknown,
            };
            Some((
                name,
                Directive {
                    module,
                    overrides,
                    class,
                },
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that `apache2 -L` prints with all modules of Debian, and those of the other MPMs.
    const INDEX: &str = include_str!("index.txt");

    #[test]
    fn every_directive_of_the_index_has_a_class() {
        let missing: Vec<&str> = INDEX.lines().filter(|name| find(name).is_none()).collect();
        assert_eq!(missing, [""; 0]);
        assert_eq!(all().count(), INDEX.lines().count());
        assert!(INDEX.lines().count() > 600);
    }

    #[test]
    fn every_line_of_the_list_is_understood() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let class = line.rsplit(' ').next().unwrap_or("");
            assert!(matches!(class, "modelled" | "harmless" | "unknown"), "{line}");
            assert_eq!(line.split(' ').count(), 5, "{line}");
        }
    }
}
