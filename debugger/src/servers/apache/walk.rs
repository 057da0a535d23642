//! Which sections and `.htaccess` files concern a request, in Apache's order.

use std::rc::Rc;

use super::config::{Host, Section, Selector, Settings};
use super::pattern::shell_match;
use super::run::Transaction;

/// The settings before the file of the request is known: the server's and those of `<Location>`.
pub(super) fn by_location(transaction: &mut Transaction<'_>) {
    transaction.settings = Rc::new(transaction.host.settings.clone());
    with_locations(transaction);
}

/// Puts the settings of `<Location>` and `<If>` over those that are there.
fn with_locations(transaction: &mut Transaction<'_>) {
    let uri = transaction.uri.clone();
    let mut settings = (*transaction.settings).clone();
    for section in &transaction.host.locations {
        if location_matches(transaction, section, &uri) {
            settings.merge(&section.settings);
        }
    }
    transaction.settings = Rc::new(settings);
    with_conditions(transaction);
}

fn with_conditions(transaction: &mut Transaction<'_>) {
    let ifs = transaction.settings.ifs.clone();
    if ifs.is_empty() {
        return;
    }
    let mut settings = (*transaction.settings).clone();
    apply_conditions(transaction, &ifs, &mut settings, 0);
    transaction.settings = Rc::new(settings);
}

/// `<If>` inside of `<If>`, at most.
const DEEPEST: usize = 8;

fn apply_conditions(
    transaction: &mut Transaction<'_>,
    ifs: &[Section],
    settings: &mut Settings,
    depth: usize,
) {
    for section in ifs {
        let Selector::If(conditions) = &section.selector else {
            continue;
        };
        let conditions = conditions.clone();
        let holds = conditions
            .iter()
            .all(|(expression, wanted)| expression.holds(transaction) == *wanted);
        if holds {
            settings.merge(&section.settings);
            if depth < DEEPEST {
                apply_conditions(transaction, &section.settings.ifs, settings, depth + 1);
            }
        }
    }
}

fn location_matches(transaction: &Transaction<'_>, section: &Section, uri: &str) -> bool {
    match &section.selector {
        Selector::Match(pattern) => pattern.find(uri, transaction.world).is_some(),
        Selector::Path(path, true) => shell_match(path, uri, true),
        Selector::Path(path, false) => is_below(path, uri),
        Selector::If(_) => false,
    }
}

/// Says whether `uri` is the path, or below it.
pub(super) fn is_below(path: &str, uri: &str) -> bool {
    uri.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

/// The settings for a file: `<Directory>` and `.htaccess` from the root down, `<DirectoryMatch>`,
/// `<Files>`, `<Location>`, `<If>`. Returns the status 500 if a `.htaccess` file is wrong.
pub(super) fn by_file(transaction: &mut Transaction<'_>) -> Option<u16> {
    let mut settings = transaction.host.settings.clone();
    let filename = transaction.filename.clone();
    let mut directory = String::new();
    let parts: Vec<&str> = filename.split('/').collect();
    // The last part is the file itself, unless it is a directory.
    let mut count = parts.len();
    if transaction.is_known_directory(&filename) && !filename.ends_with('/') {
        count += 1;
    }
    for part in parts.iter().take(count.saturating_sub(1)) {
        directory.push_str(part);
        directory.push('/');
        // Files below a path that is a file do not exist.
        for section in &transaction.host.directories {
            let Selector::Path(path, has_stars) = &section.selector else {
                continue;
            };
            let path = path.trim_end_matches('/');
            let here = directory.trim_end_matches('/');
            let matches = if *has_stars {
                shell_match(path, here, true)
            } else {
                path == here
            };
            if matches {
                settings.merge(&section.settings);
            }
        }
        let Some(file) = transaction.server.htaccess(transaction.host, &directory) else {
            continue;
        };
        let allowed = match settings.override_.clone() {
            Some(allowed) if allowed.is_none() => continue,
            Some(allowed) => allowed,
            None => match transaction.server.unset_override(transaction.world) {
                Some(allowed) => allowed,
                None => continue,
            },
        };
        let own = transaction.server.htaccess_settings(file, &directory, &allowed);
        if let Some((place, message)) = &own.fatal {
            transaction.decided_by = Some(*place);
            transaction.note(format!("every request is answered with 500 here: {message}"));
            transaction.settings = Rc::new(transaction.host.settings.clone());
            return Some(500);
        }
        settings.merge(&own);
        transaction.note(format!("the settings of {directory}{} apply", file.name));
    }
    let here = directory.trim_end_matches('/').to_owned();
    for section in &transaction.host.directories {
        if let Selector::Match(pattern) = &section.selector {
            let with_slash = format!("{here}/");
            let matches = pattern.find(&with_slash, transaction.world).is_some()
                || pattern.find(&here, transaction.world).is_some();
            if matches {
                settings.merge(&section.settings);
            }
        }
    }
    let name = filename.rsplit('/').next().unwrap_or("").to_owned();
    if !name.is_empty() && !transaction.is_known_directory(&filename) {
        // Sections inside of the sections that apply count too, in their order.
        let mut index = 0;
        while let Some(section) = settings.files.get(index).cloned() {
            index += 1;
            let matches = match &section.selector {
                Selector::Match(pattern) => pattern.find(&name, transaction.world).is_some(),
                Selector::Path(path, has_stars) => {
                    let text = if path.contains('/') { &filename } else { &name };
                    if *has_stars {
                        shell_match(path, text, true)
                    } else {
                        path == text
                    }
                }
                Selector::If(_) => false,
            };
            if matches {
                settings.merge(&section.settings);
            }
        }
    }
    transaction.settings = Rc::new(settings);
    with_locations(transaction);
    None
}

/// The settings for a request that is passed on: `<Proxy>`, `<Location>`, `<If>`.
pub(super) fn by_proxy(transaction: &mut Transaction<'_>, address: &str) {
    let mut settings = transaction.host.settings.clone();
    for section in &transaction.host.proxies {
        let matches = match &section.selector {
            Selector::Match(pattern) => pattern.find(address, transaction.world).is_some(),
            Selector::Path(path, _) => path == "*" || address.starts_with(path.trim_end_matches('*')),
            Selector::If(_) => false,
        };
        if matches {
            settings.merge(&section.settings);
        }
    }
    transaction.settings = Rc::new(settings);
    with_locations(transaction);
}

/// Chooses the virtual host.
pub(super) fn choose<'h>(hosts: &'h [Host], main: &'h Host, name: &str, port: Option<u16>) -> &'h Host {
    let fits = |host: &&Host| {
        host.ports
            .iter()
            .any(|own| own.is_none() || port.is_none() || *own == port)
    };
    let name = name.to_ascii_lowercase();
    // An address with the very port is preferred to one for every port.
    let exact: Vec<&Host> = hosts
        .iter()
        .filter(|host| port.is_some() && host.ports.contains(&port))
        .collect();
    let candidates: Vec<&Host> = if exact.is_empty() {
        hosts.iter().filter(fits).collect()
    } else {
        exact
    };
    candidates
        .iter()
        .find(|host| {
            host.names
                .iter()
                .any(|own| *own == name || shell_match(own, &name, false))
        })
        .or(candidates.first())
        .copied()
        .unwrap_or(main)
}
