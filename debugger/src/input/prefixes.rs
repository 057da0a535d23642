//! Prefixes of the lines of a head, which programs add: figures, times, names, and offsets.

use super::heads::is_name;
use crate::text::Line;

/// Returns the line after the figures of curl's progress meter, which ends without a line end.
pub(super) fn without_progress<'t>(line: &Line<'t>) -> Line<'t> {
    let mut rest = line.text.rsplit('\r').next().unwrap_or("");
    if let Some(found) = rest.rfind("--:--:-- ") {
        let after = rest.get(found + 9..).unwrap_or("").trim_start();
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, 'k' | 'M' | 'G' | '.'));
    }
    Line {
        start: line.span_of(rest).start,
        text: rest,
    }
}

/// Returns the line after what programs put before each line of a log: the name of a service, as
/// `docker compose logs` does, and the time, as `curl --trace-time` does.
pub(super) fn without_prefix<'t>(line: &Line<'t>) -> Line<'t> {
    let mut rest = line.text;
    // The head in a response of PowerShell.
    if let Some((name, after)) = rest.split_once(": ")
        && name.trim() == "RawContent"
    {
        rest = after;
    }
    if let Some((name, after)) = rest.split_once('|')
        && name.len() < 40
        && name.ends_with(' ')
        && is_name(name.trim_end())
    {
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    let is_time = |byte: &u8| byte.is_ascii_digit() || b":.-TZ[]".contains(byte);
    let mut after_time = rest;
    for _ in 0..2 {
        let end = after_time.bytes().position(|byte| !is_time(&byte)).unwrap_or(0);
        let has_time = after_time
            .get(..end)
            .is_some_and(|time| time.matches([':', '-']).count() >= 2);
        if has_time && let Some(after) = after_time.get(end..).and_then(|after| after.strip_prefix(' ')) {
            after_time = after;
        }
    }
    if ["> ", "< ", "* ", "{ ", "} "]
        .iter()
        .any(|mark| after_time.starts_with(mark))
        || matches!(after_time, ">" | "<")
    {
        rest = after_time;
    }
    Line {
        start: line.span_of(rest).start,
        text: rest,
    }
}

/// Returns whether a line of `curl --trace-ascii` begins a part, and whether the part is a head.
pub(super) fn trace_section(text: &str) -> Option<bool> {
    let rest = text
        .strip_prefix("=> Send ")
        .or_else(|| text.strip_prefix("<= Recv "))?;
    rest.contains(" bytes (0x").then(|| rest.starts_with("header"))
}

/// Returns the content of a line of such a part, `0019: Host: api.example.com`.
pub(super) fn trace_line<'t>(line: &Line<'t>) -> Option<Line<'t>> {
    let (offset, content) = line.text.split_once(':')?;
    let is_offset =
        offset.len() >= 4 && offset.len() <= 8 && offset.bytes().all(|byte| byte.is_ascii_hexdigit());
    let content = is_offset.then(|| content.strip_prefix(' ').unwrap_or(content).trim_end())?;
    Some(Line {
        start: line.span_of(content).start,
        text: content,
    })
}
