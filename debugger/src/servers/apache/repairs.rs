//! Changes that remove defects. The caller tries each on the changed text.

use super::config::Override;
use super::headers::{Action, HeaderRule};
use super::{Apache, findings};
use crate::servers::findings::{Finding, Repair};
use crate::servers::repairs::without_slash;
use crate::servers::source::{Edit, Place};
use crate::servers::stricter::stricter;

/// Returns changes that may remove a finding, the smallest first.
pub(super) fn repairs(apache: &Apache, finding: &Finding) -> Vec<Repair> {
    let mut found = Vec::new();
    let mut add = |text: &str, edits: Vec<Edit>| {
        if !edits.is_empty() {
            found.push(repair(text, edits));
        }
    };
    let guilty = finding.marks.first().map(|mark| mark.place);
    match finding.code {
        "errors-without-fields" | "preflight-without-allow-origin" | "preflight-status" => {
            add(
                "send the fields with errors too: write Header always",
                with_always(apache),
            );
            add("let OPTIONS through", options_allowed(apache));
        }
        "allow-origin-repeated" => {
            add(
                "remove the other line, which writes to a table of its own",
                without_doubles(apache),
            );
            add(
                "remove the line of the application before adding this one",
                guilty
                    .into_iter()
                    .map(|place| before(apache, place, "Header unset Access-Control-Allow-Origin"))
                    .collect(),
            );
        }
        "allow-origin-malformed" => found.extend(without_slash(&apache.sources, finding)),
        "vary-missing" => {
            add("say that the answer depends on the origin", vary(apache, guilty));
        }
        "preflight-needs-login" => {
            add(
                "ask for a login for all methods except OPTIONS",
                open_options(apache),
            );
        }
        "look-alike-admitted" | "insecure-origin-admitted" | "public-suffix-admitted" => {
            for (text, edits) in anchored(apache) {
                add(text, edits);
            }
        }
        "rewrite-rules-replaced" => add(
            "take over the rules of the directory above",
            guilty
                .into_iter()
                .map(|place| before(apache, place, "RewriteOptions InheritBefore"))
                .collect(),
        ),
        "htaccess-ignored" => add(
            "let .htaccess files have these directives",
            allow_override(apache, finding),
        ),
        "origin-variable-empty" => add("read the field of the request", field_of_request(apache, guilty)),
        _ => {}
    }
    if let Some(text) = advice(finding.code) {
        found.push(repair(text, Vec::new()));
    }
    found
}

/// Returns advice where a person has to decide.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "origin-reflected-with-credentials" | "origin-reflected" => {
            "list the origins: SetEnvIf Origin \"^(https://app\\.example\\.com)$\" ALLOWED=$1, and Header always set Access-Control-Allow-Origin %{ALLOWED}e env=ALLOWED"
        }
        "any-origin-with-credentials" => {
            "name the origin instead of *, or remove Access-Control-Allow-Credentials"
        }
        "htaccess-not-read-for-proxy" => {
            "move the Header lines into a <Location> of the server's configuration"
        }
        "preflight-needs-login" => {
            "put the rule for OPTIONS into the configuration of the server, outside of <Directory>, where it runs before the login"
        }
        _ => return None,
    })
}

fn repair(text: &str, edits: Vec<Edit>) -> Repair {
    Repair {
        text: text.to_owned(),
        edits,
        is_verified: false,
    }
}

/// Inserts a line before another, with the same indentation.
fn before(apache: &Apache, place: Place, line: &str) -> Edit {
    insert(
        apache,
        place,
        place.span.start,
        &format!("{line}\n{}", indent(apache, place)),
    )
}

/// Inserts a line after another.
fn after(apache: &Apache, place: Place, line: &str) -> Edit {
    insert(
        apache,
        place,
        place.span.end,
        &format!("\n{}{line}", indent(apache, place)),
    )
}

fn insert(_apache: &Apache, place: Place, at: usize, text: &str) -> Edit {
    Edit {
        place: Place::new(place.file, at, at),
        text: text.to_owned(),
    }
}

fn indent(apache: &Apache, place: Place) -> String {
    let text = apache
        .sources
        .files()
        .get(place.file)
        .map_or("", |file| &file.text);
    let start = text[..place.span.start].rfind('\n').map_or(0, |index| index + 1);
    text[start..place.span.start].to_owned()
}

/// Replaces the text of a line.
fn replace(apache: &Apache, place: Place, change: impl Fn(&str) -> String) -> Option<Edit> {
    let old = apache.sources.text(place);
    let new = change(old);
    (new != old).then_some(Edit { place, text: new })
}

fn with_always(apache: &Apache) -> Vec<Edit> {
    findings::rules(apache)
        .iter()
        .filter(|rule| !rule.is_always)
        .filter_map(|rule| {
            replace(apache, rule.place, |line| {
                let (name, rest) = line.split_at(line.find([' ', '\t']).unwrap_or(line.len()));
                let rest = rest.trim_start();
                let word = rest.split_whitespace().next().unwrap_or("");
                let rest = if word.eq_ignore_ascii_case("onsuccess") {
                    rest[word.len()..].trim_start()
                } else {
                    rest
                };
                format!("{name} always {rest}")
            })
        })
        .collect()
}

/// Adds OPTIONS to `AllowMethods`.
fn options_allowed(apache: &Apache) -> Vec<Edit> {
    let mut places: Vec<Place> = Vec::new();
    for (settings, _) in findings::all_settings(apache) {
        if let Some((_, place)) = settings.allow_methods
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    places
        .into_iter()
        .filter_map(|place| replace(apache, place, |line| format!("{line} OPTIONS")))
        .collect()
}

/// Removes lines of `Header` without `always` where one with `always` writes the same field.
fn without_doubles(apache: &Apache) -> Vec<Edit> {
    let rules = findings::rules(apache);
    let is_write = |rule: &HeaderRule| {
        matches!(
            rule.action,
            Action::Set | Action::Add | Action::Append | Action::Merge
        )
    };
    rules
        .iter()
        .filter(|rule| {
            !rule.is_always
                && is_write(rule)
                && !rule.name.eq_ignore_ascii_case("vary")
                && rules.iter().any(|other| {
                    other.is_always && is_write(other) && other.name.eq_ignore_ascii_case(&rule.name)
                })
        })
        .map(|rule| Edit {
            place: rule.place,
            text: String::new(),
        })
        .collect()
}

fn vary(apache: &Apache, guilty: Option<Place>) -> Vec<Edit> {
    let rules = findings::rules(apache);
    let rule = rules
        .iter()
        .filter(|rule| rule.name.eq_ignore_ascii_case("access-control-allow-origin"))
        .find(|rule| guilty.is_none_or(|place| rule.place == place));
    rule.into_iter()
        .map(|rule| {
            let line = if rule.is_always {
                "Header always merge Vary Origin"
            } else {
                "Header merge Vary Origin"
            };
            after(apache, rule.place, line)
        })
        .collect()
}

/// Puts `<LimitExcept OPTIONS>` around the lines that ask for a login.
fn open_options(apache: &Apache) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (index, source) in apache.sources.files().iter().enumerate() {
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            let text = line.trim();
            at += line.len();
            let lower = text.to_ascii_lowercase();
            let mut words = lower.split_whitespace();
            let asks = words.next() == Some("require")
                && matches!(
                    words.next(),
                    Some("valid-user" | "user" | "group" | "ldap-user" | "ldap-group")
                );
            if asks {
                let place = Place::new(index, start, start + text.len());
                let space = indent(apache, place);
                edits.push(Edit {
                    place,
                    text: format!("<LimitExcept OPTIONS>\n{space}    {text}\n{space}</LimitExcept>"),
                });
            }
        }
    }
    edits
}

/// Anchors the expressions for origins, and escapes their dots.
fn anchored(apache: &Apache) -> Vec<(&'static str, Vec<Edit>)> {
    let mut places: Vec<(Place, String)> = Vec::new();
    for (settings, _) in findings::all_settings(apache) {
        for rule in &settings.env_rules {
            if let super::config::EnvTest::Attribute(name, pattern) = &rule.test
                && name.eq_ignore_ascii_case("origin")
                && places.iter().all(|(place, _)| *place != rule.place)
            {
                places.push((rule.place, pattern.text.clone()));
            }
        }
    }
    let change = |with: fn(&str) -> String| -> Vec<Edit> {
        places
            .iter()
            .filter_map(|(place, pattern)| {
                replace(apache, *place, |line| {
                    line.replacen(pattern.as_str(), &with(pattern), 1)
                })
            })
            .collect()
    };
    let anchors = vec![
        (
            "compare the whole origin: put ^ before and $ after the expression",
            change(anchor),
        ),
        ("escape the dots of the expression", change(escape_dots)),
        (
            "compare the whole origin, and escape the dots of the expression",
            change(|pattern| anchor(&escape_dots(pattern))),
        ),
    ];
    let mut forms = Vec::new();
    // Several expressions may need the same kind of change, so all get the same form.
    for form in 0..3 {
        let edits = places
            .iter()
            .filter_map(|(place, pattern)| {
                let all = stricter(pattern);
                let stricter = all.get(form).or(all.last())?;
                replace(apache, *place, |line| {
                    line.replacen(pattern.as_str(), stricter, 1)
                })
            })
            .collect();
        forms.push(("compare the whole origin with its scheme, and whole names", edits));
    }
    // The smallest change comes first. ^ and $ around a bare host match no origin.
    if places.iter().all(|(_, pattern)| pattern.contains("//")) {
        forms.splice(..0, anchors);
    } else {
        forms.extend(anchors);
    }
    forms
}

fn anchor(pattern: &str) -> String {
    let start = if pattern.starts_with('^') { "" } else { "^" };
    let end = if pattern.ends_with('$') { "" } else { "$" };
    // An alternative outside of parentheses would get only one of the two.
    let mut depth = 0;
    let is_open = pattern.chars().any(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == '|' && depth == 0
    });
    if is_open {
        let inner = pattern.trim_start_matches('^').trim_end_matches('$');
        format!("^(?:{inner})$")
    } else {
        format!("{start}{pattern}{end}")
    }
}

/// Escapes dots between letters.
fn escape_dots(pattern: &str) -> String {
    let characters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| characters[index]);
        let after = characters.get(index + 1).copied();
        let is_word = |character: Option<char>| {
            character.is_some_and(|c| c.is_ascii_alphanumeric() || c == ')' || c == '(')
        };
        if *character == '.' && is_word(before) && is_word(after) {
            out.push('\\');
        }
        out.push(*character);
    }
    out
}

fn allow_override(apache: &Apache, finding: &Finding) -> Vec<Edit> {
    let guilty = finding.marks.first().map(|mark| mark.place);
    let file = apache
        .htaccess
        .iter()
        .find(|file| guilty.is_some_and(|place| place.file == file.file));
    let Some(file) = file else { return Vec::new() };
    let (allowed, section) = findings::override_of(apache, file);
    let Some(section) = section else { return Vec::new() };
    if allowed.as_ref().is_some_and(Override::is_none) {
        let source = &apache.sources.files()[section.file];
        let rest = &source.text[section.span.start..];
        let lower = rest.to_ascii_lowercase();
        let end = lower.find("</directory").unwrap_or(lower.len());
        if let Some(at) = lower[..end].find("allowoverride") {
            let start = section.span.start + at;
            let length = rest[at..].lines().next().map_or(0, str::len);
            return vec![Edit {
                place: Place::new(section.file, start, start + length),
                text: "AllowOverride All".to_owned(),
            }];
        }
    }
    vec![after(apache, section, "    AllowOverride All")]
}

fn field_of_request(apache: &Apache, guilty: Option<Place>) -> Vec<Edit> {
    // A condition stands in the lines before its rule.
    let Some(place) = guilty else { return Vec::new() };
    let source = &apache.sources.files()[place.file];
    let text = &source.text[..place.span.end];
    let mut edits = Vec::new();
    for needle in ["%{HTTP_ORIGIN}", "%{http_origin}"] {
        for (at, _) in text.match_indices(needle) {
            // The format of Header has an `e` after it, and is another matter.
            if !text[at + needle.len()..].starts_with('e') {
                edits.push(Edit {
                    place: Place::new(place.file, at, at + needle.len()),
                    text: "%{HTTP:Origin}".to_owned(),
                });
            }
        }
    }
    let line = apache.sources.text(place);
    if let Some(at) = line.to_ascii_uppercase().find("HTTP_ORIGIN")
        && line.to_ascii_lowercase().starts_with("setenvif")
    {
        let start = place.span.start + at;
        edits.push(Edit {
            place: Place::new(place.file, start, start + "HTTP_ORIGIN".len()),
            text: "Origin".to_owned(),
        });
    }
    edits
}
