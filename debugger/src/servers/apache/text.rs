//! Reads the text of a configuration file: lines, continued lines, quotes and sections.

use crate::servers::source::Place;

/// A line, or a section with the lines inside.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The name as it is written; that of a section starts with `<`.
    pub(super) name: String,
    /// The text after the name, without the `>` of a section.
    pub(super) rest: String,
    pub(super) place: Place,
    /// The line, counted from 1.
    pub(super) line: usize,
    pub(super) children: Vec<Node>,
}

/// A mistake in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextError {
    /// A sentence.
    pub(super) message: String,
    /// The line.
    pub(super) place: Place,
}

/// Sections inside sections, at most.
const DEEPEST: usize = 40;

/// Reads a text into its lines and sections.
pub(super) fn read(text: &str, file: usize) -> Result<Vec<Node>, TextError> {
    // The open sections, with the nodes that were read before them.
    let mut open: Vec<(Node, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    for (line, place, number) in lines(text, file) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let error = |message: String| TextError { message, place };
        let split = line.find([' ', '\t']).unwrap_or(line.len());
        // `<IfModule>` without arguments has the `>` in its name.
        let (name, rest) = line.split_at(split);
        if let Some(closed) = name.strip_prefix("</") {
            let closed = closed.trim_end_matches('>');
            let Some((mut section, before)) = open.pop() else {
                return Err(error(format!("</{closed}> closes a section that is not open")));
            };
            if !section.name[1..].eq_ignore_ascii_case(closed) {
                return Err(error(format!(
                    "</{closed}> stands where {}> of line {} must be closed first",
                    section.name, section.line
                )));
            }
            section.children = std::mem::replace(&mut nodes, before);
            nodes.push(section);
            continue;
        }
        let is_section = name.starts_with('<');
        let rest = rest.trim();
        let mut node = Node {
            name: name.to_owned(),
            rest: rest.to_owned(),
            place,
            line: number,
            children: Vec::new(),
        };
        if is_section {
            let Some(inner) = line.strip_suffix('>') else {
                return Err(error(format!("the line of {name} must end with >")));
            };
            let split = inner.find([' ', '\t']).unwrap_or(inner.len());
            node.name = inner[..split].to_owned();
            node.rest = inner[split..].trim().to_owned();
            if open.len() == DEEPEST {
                return Err(error("too many sections inside each other".to_owned()));
            }
            open.push((node, std::mem::take(&mut nodes)));
        } else {
            nodes.push(node);
        }
    }
    match open.pop() {
        Some((section, _)) => Err(TextError {
            message: format!("{}> has no </{}>", section.name, &section.name[1..]),
            place: section.place,
        }),
        None => Ok(nodes),
    }
}

/// Returns the lines with their places. A backslash at the end of a line continues it.
fn lines(text: &str, file: usize) -> impl Iterator<Item = (String, Place, usize)> + '_ {
    let mut at = 0;
    let mut number = 1;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let (mut line, first, start) = (String::new(), number, at);
        let mut end = at;
        while at < text.len() {
            let rest = &text[at..];
            let length = rest.find('\n').unwrap_or(rest.len());
            let part = rest[..length].strip_suffix('\r').unwrap_or(&rest[..length]);
            end = at + part.trim_end().len();
            at += (length + 1).min(rest.len());
            number += 1;
            match part.strip_suffix('\\') {
                Some(part) if !part.ends_with('\\') => line.push_str(part),
                _ => {
                    line.push_str(part);
                    break;
                }
            }
        }
        let indent = text[start..end.max(start)].len() - text[start..end.max(start)].trim_start().len();
        let place = Place::new(file, start + indent, end.max(start + indent));
        Some((line, place, first))
    })
}

/// Takes the first word from `rest`, as Apache's `ap_getword_conf` does.
pub(super) fn word(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start();
    let mut characters = text.char_indices();
    let quote = match text.chars().next()? {
        quote @ ('"' | '\'') => Some(quote),
        _ => None,
    };
    if quote.is_some() {
        characters.next();
    }
    let mut word = String::new();
    let mut end = text.len();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => {
                let next = characters.clone().next().map(|(_, next)| next);
                if next == Some('\\') || (quote.is_some() && next == quote) {
                    word.extend(next);
                    characters.next();
                } else {
                    word.push('\\');
                }
            }
            _ if quote == Some(character) => {
                end = index + 1;
                break;
            }
            _ if quote.is_none() && character.is_ascii_whitespace() => {
                end = index;
                break;
            }
            _ => word.push(character),
        }
    }
    *rest = text[end..].trim_start();
    Some(word)
}

/// Returns all words.
pub(super) fn words(mut rest: &str) -> Vec<String> {
    std::iter::from_fn(|| word(&mut rest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_apaches_quotes() {
        assert_eq!(
            words(r#"set X "a \"b\" \d" 'c d' e\\f \."#),
            ["set", "X", r#"a "b" \d"#, "c d", r"e\f", r"\."]
        );
        assert_eq!(words("\"open end"), ["open end"]);
        assert_eq!(words("  "), [""; 0]);
    }

    #[test]
    fn lines_are_continued_and_have_places() {
        let text = "# no\n  Header set X \\\n    y\r\n<Files \"a b\">\nOptions None\n</files>\n";
        let nodes = read(text, 3).unwrap();
        assert_eq!(
            nodes[0].rest.split_whitespace().collect::<Vec<_>>(),
            ["set", "X", "y"]
        );
        assert_eq!((nodes[0].line, nodes[0].place.file), (2, 3));
        assert_eq!(
            &text[nodes[0].place.span.start..nodes[0].place.span.end],
            "Header set X \\\n    y"
        );
        assert_eq!(
            (nodes[1].name.as_str(), nodes[1].rest.as_str()),
            ("<Files", "\"a b\"")
        );
        assert_eq!(nodes[1].children[0].name, "Options");
    }

    #[test]
    fn sections_must_be_closed_in_order() {
        let message = |text| read(text, 0).unwrap_err().message;
        assert_eq!(message("<If x>\n"), "<If> has no </If>");
        assert_eq!(message("</If>\n"), "</If> closes a section that is not open");
        assert!(message("<If x>\n<Files y>\n</If>").contains("<Files> of line 2"));
        assert_eq!(message("<If x\n"), "the line of <If must end with >");
    }
}
