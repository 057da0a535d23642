//! `docs/migrate.md` has what `cors convert` prints for the configurations in it. With `WRITE=1` in
//! the environment, the page is written anew.

use cors_debugger::policy::Syntax;
use cors_debugger::policy::convert::{From, convert};
use cors_debugger::servers::source::Sources;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/migrate.md");

/// Converts a configuration, which has one policy.
fn printed(name: &str, text: &str, to: &str) -> String {
    let mut sources = Sources::default();
    sources.add(name, text);
    let from = From::of(name, text).unwrap_or_else(|| panic!("{name} has no known syntax"));
    let to = Syntax::from_name(to).unwrap_or_else(|| panic!("{to} is not a syntax"));
    let converted = convert(from, sources, &|_, _| None, to).unwrap();
    assert_eq!(converted.len(), 1, "{name}");
    converted[0].printed.as_ref().unwrap().text.clone()
}

/// Writes lines into the block of the input, such as a `location`: where the CORS lines were. What
/// else stands there, such as `proxy_pass`, comes after them.
fn inside(input: &str, lines: &str) -> String {
    let (first, rest) = input.split_once('\n').unwrap();
    let is_block = first.ends_with('{') || first.starts_with("<Location");
    if !is_block || first.starts_with("map") {
        return lines.into();
    }
    let others = rest
        .lines()
        .filter(|line| line.trim_start().to_lowercase().starts_with("proxy"));
    let last = rest.lines().last().unwrap();
    let mut text = format!("{first}\n");
    for line in lines.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    for line in others.chain([last]) {
        text.push_str(&format!("{line}\n"));
    }
    text
}

#[test]
fn the_page_has_what_is_printed() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut inputs: Vec<(String, String)> = Vec::new();
    let (mut written, mut rest, mut printed_blocks) = (String::new(), page.as_str(), 0);
    while let Some(at) = rest.find("<!-- ") {
        let (comment, after) = rest[at + 5..].split_once(" -->\n").unwrap();
        let (language, after) = after.split_once('\n').unwrap();
        assert!(language.starts_with("```"), "{comment}: no block follows");
        let (block, after) = after.split_once("```\n").unwrap();
        written.push_str(&rest[..at]);
        written.push_str(&format!("<!-- {comment} -->\n{language}\n"));
        if let Some(name) = comment.strip_prefix("input: ") {
            inputs.push((name.into(), block.into()));
            written.push_str(block);
        } else {
            let words: Vec<&str> = comment.split(' ').collect();
            let ["cors", "convert", name, "--to", to] = words[..] else {
                panic!("{comment:?} is not a command");
            };
            let (_, input) = inputs
                .iter()
                .find(|(other, _)| other == name)
                .unwrap_or_else(|| panic!("{name} is not above"));
            written.push_str(&inside(input, &printed(name, input, to)));
            printed_blocks += 1;
        }
        written.push_str("```\n");
        rest = after;
    }
    written.push_str(rest);
    assert!(printed_blocks >= 9, "{printed_blocks}");
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(PAGE, &written).unwrap();
    } else {
        assert_eq!(page, written, "run this test with WRITE=1");
    }
}
