//! Hides secrets. Everything else in this library works on the text that [`mask`] returns, so a
//! secret cannot reach a message, a marked line or a JSON value.
//!
//! Each byte of a secret becomes one byte of a mask, so places in the masked text are places in the
//! given one. What is shown must not tell how long a secret is: [`Shown`] and [`hide`] have three
//! asterisks in place of each mask. These are taken for secrets:
//!
//! - the values of `Authorization`, `Cookie`, `Set-Cookie` (its attributes stay) and every other
//!   name with a word such as token, key, secret, password or session in it, whether it is a field
//!   line, a JSON member, a header in a program, a query parameter or an argument;
//! - user names and passwords in addresses, and in the arguments of curl, HTTPie and wget;
//! - what follows `Bearer` and `Basic`, JSON Web Tokens, and keys with a known beginning;
//! - the bodies and the cookies of a HAR file.

use crate::json_text::{self, Node, Value};
use crate::text::{Line, Span, lines};

/// Returns the text with a mask in place of each secret. The result has the same length, so it must
/// not be shown as it is: see [`Shown`].
pub fn mask(text: &str) -> String {
    let mut masks = Masks::default();
    for region in json_regions(text) {
        mask_value(&region.value, "", &mut masks);
    }
    mask_named(text, &mut masks);
    mask_schemes(text, &mut masks);
    mask_words(text, &mut masks);
    mask_arguments(text, &mut masks);
    let mut previous = "";
    let mut is_awaited = false;
    for line in lines(text) {
        mask_options(&line, &mut is_awaited, &mut masks);
        mask_user_in_note(&line, &mut masks);
        // The panel of a browser puts names and values on lines by themselves. A list of names
        // is a value.
        let name = line.text.trim();
        if is_whole_name(name)
            && is_secret_name(name)
            && !previous.to_ascii_lowercase().contains("access-control-")
        {
            mask_next_line(text, line.start + line.text.len(), &mut masks);
        }
        previous = name;
    }
    masks.apply(text)
}

/// The asterisks that are shown for a secret of any length.
const SHOWN: &str = "***";

/// Masks a byte of a secret that has at least as many bytes as [`SHOWN`]. The readers of heads and
/// addresses take it for a part of a value.
const LONG: char = '*';

/// Masks a byte of a shorter secret. One or two asterisks could be the text's own, such as those of
/// `Access-Control-Allow-Origin: *`, which have to stay. Nobody types this byte, JSON does not
/// escape it, and it is as long as an asterisk.
const SHORT: char = '\u{7f}';

/// A masked text as it is shown, with three asterisks in place of each mask.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// Where each mask ends in the masked text, and in the shown one.
    ends: Vec<(usize, usize)>,
}

impl Shown {
    /// Gives all masks of a masked text the same length.
    pub fn new(masked: &str) -> Self {
        let (mut text, mut ends) = (String::with_capacity(masked.len()), Vec::new());
        let mut rest = masked;
        while let Some(found) = rest.find([LONG, SHORT]) {
            let (before, run) = rest.split_at(found);
            let after = run.trim_start_matches([LONG, SHORT]);
            let run = run.get(..run.len() - after.len()).unwrap_or("");
            text.push_str(before);
            if run.len() >= SHOWN.len() || run.contains(SHORT) {
                text.push_str(SHOWN);
                ends.push((masked.len() - after.len(), text.len()));
            } else {
                text.push_str(run);
            }
            rest = after;
        }
        text.push_str(rest);
        Self { text, ends }
    }

    /// Returns the place in [`text`](Self::text) of a place in the masked text.
    pub fn place(&self, at: usize) -> usize {
        let after = self.ends.partition_point(|(end, _)| *end <= at);
        let (end, shown_end) = after
            .checked_sub(1)
            .and_then(|index| self.ends.get(index))
            .copied()
            .unwrap_or_default();
        // A place in the middle of a mask moves to its end.
        let limit = self.ends.get(after).map_or(self.text.len(), |(_, shown)| *shown);
        (shown_end + (at - end)).min(limit)
    }
}

/// Returns the text with three asterisks in place of each secret. Places in it are other places.
pub fn hide(text: &str) -> String {
    Shown::new(&mask(text)).text
}

/// The JSON values of a text: each begins with a brace or bracket at the start of a line.
pub(crate) fn json_regions(text: &str) -> Vec<json_text::Read> {
    let mut regions = Vec::new();
    // Bytes that were read once are not read again, so the time stays linear.
    let mut read_until = 0;
    for line in lines(text) {
        let line = line.trimmed();
        if line.start < read_until || !line.text.starts_with(['{', '[']) {
            continue;
        }
        let read = json_text::read(text, line.start);
        read_until = read.end;
        regions.push(read);
    }
    regions
}

#[derive(Default)]
struct Masks {
    spans: Vec<Span>,
}

impl Masks {
    fn add(&mut self, start: usize, end: usize) {
        if start < end {
            self.spans.push(Span::new(start, end));
        }
    }

    fn apply(mut self, text: &str) -> String {
        self.spans.sort_unstable();
        // Spans that touch are one mask.
        self.spans.dedup_by(|next, last| {
            let touches = next.start <= last.end;
            if touches {
                last.end = last.end.max(next.end);
            }
            touches
        });
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for span in self.spans {
            // The ends of all spans are ends of characters.
            masked.push_str(text.get(done..span.start).unwrap_or(""));
            // Line ends stay, or line numbers would change.
            for part in span.of(text).split_inclusive(['\n', '\r']) {
                let secret = part.trim_end_matches(['\n', '\r']);
                let byte = if secret.len() < SHOWN.len() { SHORT } else { LONG };
                masked.extend(std::iter::repeat_n(byte, secret.len()));
                masked.push_str(part.get(secret.len()..).unwrap_or(""));
            }
            done = span.end;
        }
        masked.push_str(text.get(done..).unwrap_or(""));
        masked
    }
}

/// Words that make a name one of a secret, wherever they stand in it.
const PARTS: &[&str] = &[
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "api-key",
    "api_key",
    "accesskey",
    "access-key",
    "access_key",
    "privatekey",
    "private-key",
    "private_key",
    "signature",
    "session",
    "csrf",
    "xsrf",
    "saml",
    "assertion",
];

/// Words that make a name one of a secret if they stand alone between hyphens or underscores.
const SEGMENTS: &[&str] = &[
    "key", "auth", "jwt", "sig", "sid", "pwd", "pass", "pin", "otp", "bearer", "ticket",
];

/// Whether the value of a field, member or parameter of this name is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if name.len() > 100 || name.starts_with("access-control-") || name == "sessionstorage" {
        return false;
    }
    PARTS.iter().any(|part| name.contains(part))
        || name.split(['-', '_']).any(|segment| SEGMENTS.contains(&segment))
}

/// Whether a parameter of a query is a secret; there, some more names are.
fn is_secret_parameter(name: &str) -> bool {
    is_secret_name(name)
        || ["code", "x-amz-credential", "x-goog-credential"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
}

/// The members of a HAR file that hold bodies.
const BODIES: &[&str] = &["postData", "params", "content", "_webSocketMessages"];

/// Hides the secrets of a JSON value, which may be a HAR file. `name` is that of the member that
/// holds it.
fn mask_value(value: &Value, name: &str, masks: &mut Masks) {
    match &value.node {
        Node::Object(members) => {
            let named = value.get("name").and_then(Value::text);
            let is_secret = named.is_some_and(is_secret_parameter) || name == "cookies";
            for member in members {
                let span = member.value.span;
                match (member.name.as_str(), &member.value.node) {
                    ("value", Node::String(text)) if is_secret => {
                        if named.is_some_and(|named| named.eq_ignore_ascii_case("set-cookie")) {
                            mask_set_cookie(text, span, masks);
                        } else {
                            masks.add(span.start, span.end);
                        }
                    }
                    // The body of a request or of a response, whole or in its parts, and what a
                    // WebSocket sends.
                    ("text" | "value" | "data", Node::String(_)) if BODIES.contains(&name) => {
                        masks.add(span.start, span.end);
                    }
                    (key, Node::String(_) | Node::Number(_)) if is_secret_name(key) => {
                        masks.add(span.start, span.end);
                    }
                    (key, _) => mask_value(&member.value, key, masks),
                }
            }
        }
        Node::Array(items) => items.iter().for_each(|item| mask_value(item, name, masks)),
        Node::Word(_) | Node::Number(_) | Node::String(_) => {}
    }
}

/// Hides a cookie that a server sets, except the attributes that matter for sending it.
fn mask_set_cookie(value: &str, span: Span, masks: &mut Masks) {
    if value.len() != span.end - span.start {
        // The string has escapes, so places in it are not places in the text.
        masks.add(span.start, span.end);
        return;
    }
    let mut start = span.start;
    for part in value.split(';') {
        let end = start + part.len();
        let attribute = part.trim().to_ascii_lowercase();
        let is_kept = matches!(
            attribute.as_str(),
            "samesite=lax" | "samesite=strict" | "samesite=none" | "secure" | "httponly" | "partitioned"
        );
        if !is_kept || start == span.start {
            let lead = part.len() - part.trim_start().len();
            masks.add(start + lead, end);
        }
        start = end + 1;
    }
}

/// Hides the values of names that are written anywhere in the text: `Name: value`,
/// `"name": "value"`, `name=value`, `("name", "value")`.
fn mask_named(text: &str, masks: &mut Masks) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut line = LineEnd { text: bytes, end: 0 };
    while let Some(byte) = bytes.get(at) {
        if !is_name_byte(*byte) {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).copied().is_some_and(is_name_byte) {
            at += 1;
        }
        let name = text.get(start..at).unwrap_or("");
        if is_secret_parameter(name) {
            at = mask_after_name(text, name, Span::new(start, at), &mut line, masks).max(at);
        }
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Hides the value after a name, and returns where it ends.
fn mask_after_name(text: &str, name: &str, place: Span, line: &mut LineEnd<'_>, masks: &mut Masks) -> usize {
    let Span { start, end } = place;
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let before = start.checked_sub(1).and_then(byte);
    let mut at = end;
    // A quotation mark, escaped or not, closes the name.
    if byte(at) == Some(b'\\') {
        at += 1;
    }
    let is_quoted = matches!(byte(at), Some(b'"' | b'\'' | b'`' | b']'));
    at += usize::from(is_quoted);
    if byte(at - 1) == Some(b'\'') && byte(at) == Some(b']') {
        at += 1;
    }
    at = skip_blanks(bytes, at);
    let separator = byte(at);
    match separator {
        // A port after a host is not a value.
        Some(b':') if before == Some(b'/') && byte(at + 1).is_some_and(|next| next.is_ascii_digit()) => {
            return end;
        }
        Some(b':' | b'=') => at += 1,
        // `setRequestHeader("Authorization", "...")`, `["Authorization", "..."]`.
        Some(b',') if is_quoted && start >= 2 && matches!(byte(start - 2), Some(b'(' | b'[')) => at += 1,
        // A list of headers copied from a table has a tab between name and value.
        Some(_) if byte(end) == Some(b'\t') && is_line_start(text, start) => {}
        _ => return end,
    }
    if name.eq_ignore_ascii_case("code") && separator != Some(b'=') {
        return end;
    }
    while matches!(byte(at), Some(b'=')) {
        at += 1;
    }
    if byte(at) == Some(b'>') {
        return end;
    }
    let has_space = matches!(byte(at), Some(b' ' | b'\t'));
    at = skip_blanks(bytes, at);
    let line_end = line.after(at);
    match byte(at) {
        Some(b'{' | b'[' | b'(') => at,
        Some(b'"' | b'\'' | b'`' | b'\\') => mask_strings(text, at, line_end, masks),
        _ if name.to_ascii_lowercase().contains("set-cookie") && separator == Some(b':') => {
            let value_end = enclosed_end(bytes, before, is_quoted, at, line_end);
            if let Some(value) = text.get(at..value_end) {
                mask_set_cookie(value, Span::new(at, value_end), masks);
            }
            value_end
        }
        _ => {
            let is_line_start = is_line_start(text, start);
            let value_end = if !is_quoted && matches!(before, Some(b'"' | b'\'')) {
                enclosed_end(bytes, before, is_quoted, at, line_end)
            } else if separator == Some(b'=') {
                end_at(bytes, at, line_end, b" \t&\"'`<>)#;,\\")
            } else if is_line_start {
                if at == line_end {
                    // The panel of a browser may put the value on a line after its name.
                    return mask_next_line(text, line_end, masks);
                }
                folded_end(text, start, line_end)
            } else if has_space {
                // A member of an object in a program, or a field line after other text.
                let is_member = text.get(..start).is_some_and(|lead| {
                    lead.trim_end_matches(['"', '\''])
                        .trim_end()
                        .ends_with(['{', ','])
                });
                if is_member {
                    end_at(bytes, at, line_end, b",}")
                } else {
                    line_end
                }
            } else {
                end_of_word(bytes, at, line_end)
            };
            masks.add(at, value_end);
            value_end
        }
    }
}

/// The end of the line that was asked for last, so that a long line is searched once.
struct LineEnd<'t> {
    text: &'t [u8],
    end: usize,
}

impl LineEnd<'_> {
    /// Returns where the line of the byte `at` ends. `at` never decreases.
    fn after(&mut self, at: usize) -> usize {
        if at > self.end || self.end == 0 {
            self.end = line_end(self.text, at);
        }
        self.end
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or(b"");
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    from + end.unwrap_or(rest.len())
}

fn end_at(bytes: &[u8], from: usize, limit: usize, stops: &[u8]) -> usize {
    let rest = bytes.get(from..limit).unwrap_or(b"");
    from + rest
        .iter()
        .position(|byte| stops.contains(byte))
        .unwrap_or(rest.len())
}

/// Returns where a word of a command line ends: at a blank that no backslash precedes.
fn end_of_word(bytes: &[u8], from: usize, limit: usize) -> usize {
    let mut at = from;
    while at < limit {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b' ' | b'\t') => return at,
            Some(b'"' | b'\'') => {
                let quote = bytes.get(at).copied().unwrap_or(b'"');
                at = quoted_end(bytes, at + 1, limit, quote) + 1;
            }
            _ => at += 1,
        }
    }
    limit
}

/// Returns the index of the quotation mark that ends a string, or `limit`.
fn quoted_end(bytes: &[u8], from: usize, limit: usize, quote: u8) -> usize {
    let mut at = from;
    while at < limit {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(byte) if *byte == quote => return at,
            _ => at += 1,
        }
    }
    limit
}

/// Returns the end of a value whose name and itself stand in one pair of quotation marks.
fn enclosed_end(bytes: &[u8], before: Option<u8>, is_quoted: bool, from: usize, limit: usize) -> usize {
    match before {
        Some(quote @ (b'"' | b'\'')) if !is_quoted => quoted_end(bytes, from, limit, quote),
        _ => limit,
    }
}

/// Hides a string and those that are added to it with `+`.
fn mask_strings(text: &str, mut at: usize, line_end: usize, masks: &mut Masks) -> usize {
    let bytes = text.as_bytes();
    loop {
        let is_escaped = bytes.get(at) == Some(&b'\\');
        at += usize::from(is_escaped);
        let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(at).copied() else {
            return at.min(line_end);
        };
        let start = at + 1;
        let end = if is_escaped {
            end_at(bytes, start, line_end, b"\\")
        } else if quote == b'`' {
            quoted_end(bytes, start, bytes.len(), quote)
        } else {
            quoted_end(bytes, start, line_end, quote)
        };
        masks.add(start.min(end), end);
        at = skip_blanks(bytes, (end + 1).min(bytes.len()));
        if bytes.get(at) != Some(&b'+') {
            return at;
        }
        at = skip_blanks(bytes, at + 1);
    }
}

/// Whether only marks of curl, quotation or white space stand before a place in its line.
fn is_line_start(text: &str, at: usize) -> bool {
    // A longer lead is not one, and is not searched, so that the time stays linear.
    let lead = text.as_bytes().get(at.saturating_sub(80)..at).unwrap_or(b"");
    let start = lead
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let is_whole = start > 0 || at < 80;
    let mut lead = lead.get(start..).unwrap_or(b"").iter();
    is_whole && lead.all(|byte| b" \t<>*[]|\"0123456789".contains(byte))
}

/// Returns where a field line ends that begins with the name at `start` and goes on in the lines
/// after `line_end` that begin with a blank, which RFC 9112 section 5.2 calls folding.
fn folded_end(text: &str, start: usize, line_end: usize) -> usize {
    let bytes = text.as_bytes();
    // Only in a head: a name after blanks may be a member of an object.
    let mark: &[u8] = match start.checked_sub(2).and_then(|at| bytes.get(at..start)) {
        Some(mark @ (b"> " | b"< ")) => mark,
        _ if start == 0 || bytes.get(start - 1) == Some(&b'\n') => b"",
        _ => return line_end,
    };
    let mut end = line_end;
    loop {
        let rest = bytes.get(end..).unwrap_or(b"");
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let Some(rest) = rest.strip_prefix(b"\n").and_then(|rest| rest.strip_prefix(mark)) else {
            return end;
        };
        let from = bytes.len() - rest.len();
        let next_end = self::line_end(bytes, from);
        let value = skip_blanks(bytes, from);
        let word_end = end_at(bytes, value, next_end, b" \t:=");
        let is_field = bytes.get(word_end) == Some(&b':');
        if value == from || value == next_end || is_field {
            return end;
        }
        end = next_end;
    }
}

fn is_whole_name(text: &str) -> bool {
    !text.is_empty() && text.len() < 60 && text.bytes().all(is_name_byte)
}

fn mask_next_line(text: &str, end: usize, masks: &mut Masks) -> usize {
    let bytes = text.as_bytes();
    let mut start = end;
    while matches!(bytes.get(start), Some(b'\r' | b'\n')) && start < end + 2 {
        start += 1;
    }
    let next_end = line_end(bytes, start);
    let line = text.get(start..next_end).unwrap_or("").trim();
    let is_field = line
        .split_once(':')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(is_name_byte));
    let is_head = line.starts_with(['>', '<', '*']) || line.starts_with("HTTP/");
    if start == end || is_field || is_head {
        return end;
    }
    masks.add(start, next_end);
    next_end
}

/// Hides credentials after the name of an authentication scheme.
fn mask_schemes(text: &str, masks: &mut Masks) {
    const NOT_SECRET: &[&str] = &[
        "auth",
        "authentication",
        "authorization",
        "realm",
        "token",
        "tokens",
        "with",
        "access",
        "and",
        "or",
        "is",
        "scheme",
        "error",
    ];
    let lower = text.to_ascii_lowercase();
    for scheme in ["bearer", "basic", "digest", "apikey"] {
        for (found, _) in lower.match_indices(scheme) {
            let mut start = found + scheme.len();
            let bytes = text.as_bytes();
            if lower.get(start..start + 3) == Some("%20") {
                start += 3;
            } else if bytes.get(start) == Some(&b' ') {
                start = skip_blanks(bytes, start);
            } else {
                continue;
            }
            let end = end_at(bytes, start, bytes.len(), b" \t\r\n\"'`,;)}<>\\&");
            let word = lower.get(start..end).unwrap_or("");
            let word = word.split('=').next().unwrap_or("");
            if !NOT_SECRET.contains(&word) {
                masks.add(start, end);
            }
        }
    }
}

/// The beginnings of keys that services issue.
const KEY_PREFIXES: &[&str] = &[
    "eyJ",
    "sk-",
    "sk_",
    "pk_",
    "rk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "SG.",
    "npm_",
    "hf_",
];

/// Hides user names and passwords before an `@`, and keys with a known beginning.
fn mask_words(text: &str, masks: &mut Masks) {
    let is_end = |byte: u8| byte.is_ascii_whitespace() || b"\"'`<>()[]{},;\\".contains(&byte);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes.get(at).copied().is_none_or(is_end) {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).copied().is_some_and(|byte| !is_end(byte)) {
            at += 1;
        }
        let word = text.get(start..at).unwrap_or("");
        mask_user(word, start, masks);
        for part in word.split(['=', '&', '/', ':', '?', '#', '|']) {
            if part.len() >= 16 && KEY_PREFIXES.iter().any(|prefix| part.starts_with(prefix)) {
                let from = start + (part.as_ptr() as usize - word.as_ptr() as usize);
                masks.add(from, from + part.len());
            }
        }
    }
}

/// Hides the user information of the addresses in a word.
fn mask_user(word: &str, start: usize, masks: &mut Masks) {
    let mut from = 0;
    while let Some(rest) = word.get(from..) {
        let (authority, is_after_scheme) = match rest.find("://") {
            Some(found) => (from + found + 3, true),
            None => (from, false),
        };
        let authority_end = word
            .get(authority..)
            .and_then(|rest| rest.find(['/', '?', '#']))
            .map_or(word.len(), |end| authority + end);
        let text = word.get(authority..authority_end).unwrap_or("");
        if let Some(user) = text.rfind('@')
            && (is_after_scheme || text.get(..user).is_some_and(|user| user.contains(':')))
        {
            masks.add(start + authority, start + authority + user);
        }
        if !is_after_scheme {
            return;
        }
        from = authority_end;
    }
}

/// Long options of curl, HTTPie and wget that take credentials.
const SECRET_OPTIONS: &[&str] = &[
    "--user",
    "--proxy-user",
    "--cookie",
    "--oauth2-bearer",
    "--auth",
    "--cert",
    "--proxy-cert",
    "--password",
    "--http-password",
    "--proxy-password",
    "--ftp-password",
    "--pass",
    "--proxy-pass",
    "--tlspassword",
    "--proxy-tlspassword",
    "--key-pass",
    "--cert-key-pass",
    "--user-password",
];
/// Short options of curl without a value, which may stand before another in one word: `-sSu`.
const CURL_FLAGS: &[u8] = b"#0123469BGIJLMNOSVafgijklnpqsv";

/// How an option of a command takes a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// The bytes of the same word from this index on.
    Rest(usize),
    NextWord,
}

/// Returns how a word of a command takes a secret.
fn taken_by(word: &str, is_curl: bool) -> Takes {
    let bytes = word.as_bytes();
    match bytes {
        [b'-', b'-', ..] => match word.split_once('=') {
            Some((name, _)) if SECRET_OPTIONS.contains(&name) => Takes::Rest(name.len() + 1),
            _ if SECRET_OPTIONS.contains(&word) => Takes::NextWord,
            _ => Takes::Nothing,
        },
        [b'-', letters @ ..] => {
            let flags = letters
                .iter()
                .take_while(|letter| is_curl && CURL_FLAGS.contains(letter))
                .count();
            let is_secret = match letters.get(flags) {
                Some(b'u' | b'b' | b'U' | b'E') => true,
                // HTTPie's; curl's appends to a file.
                Some(b'a') => !is_curl,
                _ => false,
            };
            match (is_secret, letters.len() - flags) {
                (false, _) => Takes::Nothing,
                (true, 1) => Takes::NextWord,
                (true, _) => Takes::Rest(flags + 2),
            }
        }
        _ => Takes::Nothing,
    }
}

/// Hides the values of options of curl, HTTPie and wget that take credentials. `is_awaited` says
/// whether the last word of the line before was such an option, and becomes that for this line.
fn mask_options(line: &Line<'_>, is_awaited: &mut bool, masks: &mut Masks) {
    let is_command = ["curl", "http ", "https ", "wget"]
        .iter()
        .any(|name| line.text.contains(name));
    if !is_command && !*is_awaited && !line.text.trim_start().starts_with('-') {
        return;
    }
    // HTTPie's options stand in the line of the command.
    let is_curl = !line.text.contains("http ") && !line.text.contains("https ") || line.text.contains("curl");
    let bytes = line.text.as_bytes();
    let mut takes = std::mem::take(is_awaited);
    let mut at = 0;
    loop {
        at = skip_blanks(bytes, at);
        let end = end_of_word(bytes, at, bytes.len()).min(bytes.len());
        if end <= at {
            *is_awaited = takes;
            return;
        }
        let word = line.text.get(at..end).unwrap_or("");
        if takes && matches!(word, "\\" | "^" | "`") {
            // The command goes on in the next line.
            *is_awaited = true;
            return;
        }
        if takes {
            let quote = word.as_bytes().first().copied();
            let is_whole = matches!(quote, Some(b'"' | b'\''))
                && word.len() > 1
                && quoted_end(word.as_bytes(), 1, word.len(), quote.unwrap_or(b'"')) == word.len() - 1;
            let trim = usize::from(is_whole);
            masks.add(line.start + at + trim, line.start + end - trim);
            takes = false;
        } else {
            match taken_by(word, is_curl) {
                Takes::Nothing => {}
                Takes::Rest(from) => masks.add(line.start + at + from, line.start + end),
                Takes::NextWord => takes = true,
            }
        }
        at = end;
    }
}

/// Hides what a program passes to `btoa` and `Buffer.from`, which write Basic credentials, and the
/// user and password of `XMLHttpRequest.open`.
fn mask_arguments(text: &str, masks: &mut Masks) {
    let bytes = text.as_bytes();
    let mut line = LineEnd { text: bytes, end: 0 };
    for (at, name) in text.match_indices('(').filter_map(|(at, _)| {
        let lead = text.get(..at)?;
        let names = ["btoa", "Buffer.from", ".open"];
        let name = names.into_iter().find(|name| lead.ends_with(name))?;
        Some((at, name))
    }) {
        let line_end = line.after(at);
        let start = skip_blanks(bytes, at + 1);
        if name != ".open" {
            mask_strings(text, start, line_end, masks);
            continue;
        }
        let (mut at, mut argument) = (start, 0);
        while at < line_end {
            match bytes.get(at) {
                Some(b',') => argument += 1,
                Some(b')' | b'(') => break,
                Some(quote @ (b'"' | b'\'' | b'`')) => {
                    let end = quoted_end(bytes, at + 1, line_end, *quote);
                    if argument > 2 {
                        masks.add(at + 1, end);
                    }
                    at = end;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Hides the user in curl's line `Server auth using Basic with user 'x'`.
fn mask_user_in_note(line: &Line<'_>, masks: &mut Masks) {
    if let Some(found) = line.text.find("with user '") {
        let start = found + "with user '".len();
        let end = quoted_end(line.text.as_bytes(), start, line.text.len(), b'\'');
        masks.add(line.start + start, line.start + end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "S3CRETmarker";

    /// Every place of a secret, with the marker in it.
    const PLACES: &[&str] = &[
        "Authorization: Bearer S3CRETmarker",
        "> authorization: Digest username=\"S3CRETmarker\", response=\"S3CRETmarker\"",
        "< Set-Cookie: sid=S3CRETmarker; Path=/S3CRETmarker; SameSite=Lax",
        "Cookie: a=\"S3CRETmarker\"; b=S3CRETmarker",
        "cookie:\nS3CRETmarker=1",
        "cookie\nS3CRETmarker=1",
        "x-api-key\nS3CRETmarker",
        "X-Api-Key: S3CRETmarker and more S3CRETmarker",
        "* [HTTP/2] [1] [authorization: Bearer S3CRETmarker]",
        "curl -H 'Authorization: Bearer S3CRETmarker' https://h/",
        "curl -H \"X-Auth-Token: S3CRETmarker\" https://h/",
        "curl -H X-Auth-Token:S3CRETmarker https://h/",
        "curl -u bob:S3CRETmarker https://h/",
        "curl -ubob:S3CRETmarker https://h/",
        "curl --user 'bob:S3CRETmarker x' https://h/",
        "curl --user=S3CRETmarker:x https://h/",
        "  -b 'a=S3CRETmarker; c=S3CRETmarker' \\",
        "curl --cookie \"a=S3CRETmarker\" https://h/",
        "curl --oauth2-bearer S3CRETmarker https://h/",
        "curl -d 'user=a&password=S3CRETmarker' https://h/",
        "curl --data '{\"password\": \"S3CRETmarker\"}' https://h/",
        "curl bob:S3CRETmarker@h.example/x",
        "http -a bob:S3CRETmarker PUT h/x",
        "http PUT h/x Authorization:S3CRETmarker X-A:1",
        "http PUT h/x 'Authorization: Bearer S3CRETmarker'",
        "wget --password=S3CRETmarker https://h/",
        "https://bob:S3CRETmarker@h.example/x",
        "Access to fetch at 'https://S3CRETmarker@h/x' from origin 'https://a' has been blocked",
        "GET /x?access_token=S3CRETmarker&a=1 HTTP/1.1",
        "https://h/x?key=S3CRETmarker",
        "https://h/x?code=S3CRETmarker#id_token=S3CRETmarker",
        "fetch('https://h/', { headers: { Authorization: 'Bearer S3CRETmarker', 'X-A': '1' } })",
        "fetch('https://h/', { headers: { \"Authorization\": \"Bearer \" + \"S3CRETmarker\" } })",
        "  authorization: `Bearer S3CRETmarker`,",
        "xhr.setRequestHeader(\"Authorization\", \"Basic S3CRETmarker\")",
        "headers.set('x-api-key', 'S3CRETmarker')",
        "body: \"{\\\"password\\\":\\\"S3CRETmarker\\\"}\"",
        "const token = 'S3CRETmarker'",
        "{\"name\": \"Authorization\", \"value\": \"Bearer S3CRETmarker\"}",
        "{\"value\": \"S3CRETmarker\", \"name\": \"x-api-key\"}",
        "{\"cookies\": [{\"name\": \"a\", \"value\": \"S3CRETmarker\"}]}",
        "{\"postData\": {\"mimeType\": \"a\", \"text\": \"S3CRETmarker\"}}",
        "{\"name\": \"Set-Cookie\", \"value\": \"a=S3CRETmarker; Path=/\\nb=S3CRETmarker\"}",
        "{\"refresh_token\": \"S3CRETmarker\"}",
        "and Bearer S3CRETmarker in prose",
        "eyJhbGciOiJIUzI1NiJ9.S3CRETmarker",
        "* Server auth using Basic with user 'S3CRETmarker'",
        // Consoles.
        "GET https://h/x?api_key=S3CRETmarker net::ERR_FAILED 401 (Unauthorized)",
        "Fetch API cannot load https://h/?session=S3CRETmarker due to access control checks.",
        "    at load (https://a/main.js?token=S3CRETmarker:1:2)",
        "AxiosError {config: {headers: {Authorization: \"Bearer S3CRETmarker\", Accept: \"x\"}}}",
        "config: {auth: {username: \"u\", password: \"S3CRETmarker\"}}",
        "Access to fetch at 'https://h/x' (redirected from 'https://u:S3CRETmarker@h/?sig=S3CRETmarker') from origin 'https://a' has been blocked",
        // Notes of curl, and its traces.
        "* [HTTP/2] [1] [cookie: sid=S3CRETmarker; b=S3CRETmarker]",
        "* h2h3 [authorization: Bearer S3CRETmarker]",
        "* Using HTTP2, h2 [:path: /x?token=S3CRETmarker]",
        "* Issue another request to this URL: 'https://u:S3CRETmarker@h/?token=S3CRETmarker'",
        "* Proxy auth using Basic with user 'S3CRETmarker'",
        "* Added cookie sid=\"S3CRETmarker\" for domain h, path /, expire 0",
        "* Replaced cookie sid=\"S3CRETmarker\" for domain h, path /, expire 0",
        "0020: Authorization: Bearer S3CRETmarker",
        "0000: GET /x?access_token=S3CRETmarker HTTP/1.1",
        "0010: Cookie: a=S3CRETmarker",
        "00a0: Set-Cookie: a=S3CRETmarker",
        "> Proxy-Authorization: Basic S3CRETmarker",
        "< x-amz-security-token: S3CRETmarker",
        "Cookie: a=b;\n c=S3CRETmarker",
        "Authorization: Digest username=\"a\",\r\n\tresponse=\"S3CRETmarker\"",
        "> Cookie: a=b;\n> \tc=S3CRETmarker",
        "{\"postData\": {\"mimeType\": \"a\", \"params\": [{\"name\": \"x\", \"value\": \"S3CRETmarker\"}]}}",
        "{\"postData\": {\"params\": [{\"name\": \"password\", \"value\": \"S3CRETmarker\"}], \"text\": \"S3CRETmarker\"}}",
        "{\"queryString\": [{\"name\": \"token\", \"value\": \"S3CRETmarker\"}]}",
        "{\"redirectURL\": \"https://u:S3CRETmarker@h/?code=S3CRETmarker\"}",
        "{\"name\": \"Referer\", \"value\": \"https://h/?access_token=S3CRETmarker\"}",
        "{\"_webSocketMessages\": [{\"type\": \"send\", \"data\": \"S3CRETmarker\"}]}",
        "\"url\": \"https:\\/\\/h\\/x?token=S3CRETmarker\"",
        // Programs.
        "axios.get('https://h/', { auth: { username: 'u', password: 'S3CRETmarker' } })",
        "axios.defaults.headers.common['Authorization'] = 'Bearer S3CRETmarker'",
        "axios.defaults.headers.common.Authorization = \"S3CRETmarker\"",
        "headers.append(\"Authorization\", \"S3CRETmarker\")",
        "new Headers([[\"Authorization\", \"S3CRETmarker\"]])",
        "x.open('PUT', 'https://h/', true, 'user', 'S3CRETmarker')",
        "$.ajax({ url: 'https://h/', username: 'u', password: 'S3CRETmarker' })",
        "headers: { Authorization: 'Basic ' + btoa('u:S3CRETmarker') }",
        "headers: { Authorization: `Basic ${btoa('u:S3CRETmarker')}` }",
        "document.cookie = 'sid=S3CRETmarker'",
        "const apiKey = \"S3CRETmarker\"",
        "body: JSON.stringify({ user: 'a', password: 'S3CRETmarker' })",
        "new URLSearchParams({ client_secret: 'S3CRETmarker' })",
        "new EventSource('https://h/?token=S3CRETmarker')",
        "new WebSocket('wss://u:S3CRETmarker@h/')",
        "\"cookie\": \"a=S3CRETmarker; b=S3CRETmarker\",",
        "\"body\": \"password=S3CRETmarker&a=b\",",
        // Commands.
        "curl -H 'Cookie: a=S3CRETmarker; b=S3CRETmarker' https://h/",
        "curl --header 'X-Api-Key: S3CRETmarker' https://h/",
        "curl --header=X-Api-Key:S3CRETmarker https://h/",
        "curl -H'Authorization: Bearer S3CRETmarker' https://h/",
        "curl -sSu bob:S3CRETmarker https://h/",
        "curl -vu bob:S3CRETmarker https://h/",
        "curl -svb a=S3CRETmarker https://h/",
        "curl -u 'bob:S3CRETmarker'https://h/",
        "curl -u bob:'S3CRETmarker' https://h/",
        "curl -u \"bob:S3CRET\"marker https://h/",
        "curl -u $'bob:S3CRETmarker' https://h/",
        "curl --user $'bob:it\\'s S3CRETmarker' https://h/",
        "curl --proxy-user bob:S3CRETmarker https://h/",
        "curl -U bob:S3CRETmarker https://h/",
        "curl -x http://bob:S3CRETmarker@proxy:1/ https://h/",
        "curl --proxy-header 'Proxy-Authorization: Basic S3CRETmarker' https://h/",
        "curl -E cert.pem:S3CRETmarker https://h/",
        "curl --cert cert.pem:S3CRETmarker https://h/",
        "curl --pass S3CRETmarker https://h/",
        "curl --proxy-pass S3CRETmarker https://h/",
        "curl --aws-sigv4 aws:amz --user key:S3CRETmarker https://h/",
        "curl --data-urlencode 'password=S3CRETmarker' https://h/",
        "curl -F 'token=S3CRETmarker' https://h/",
        "curl -e 'https://h/?token=S3CRETmarker' https://h/",
        "curl -H $'authorization: Bearer S3CRETmarker' https://h/",
        "curl ^\"https://h/^\" -H ^\"authorization: Bearer S3CRETmarker^\"",
        "  -H ^\"cookie: a=S3CRETmarker; b=S3CRETmarker^\" ^",
        "  -b ^\"a=S3CRETmarker; b=S3CRETmarker^\" ^",
        "curl -X PUT \\\n  -u \\\n  bob:S3CRETmarker https://h/",
        "curl https://h/ \\\n  --oauth2-bearer \\\n  S3CRETmarker",
        "$ curl -b \"a=b; c=S3CRETmarker\" https://h/",
        "curl.exe -u bob:S3CRETmarker https://h/",
        "Invoke-WebRequest -Uri \"https://h/\" -Headers @{ \"Authorization\"=\"Bearer S3CRETmarker\" }",
        "\"authorization\"=\"Bearer S3CRETmarker\"",
        "\"x-api-key\"=\"S3CRETmarker\"",
        "$session.Cookies.Add((New-Object System.Net.Cookie(\"sid\", \"S3CRETmarker\", \"/\", \"h\")))",
        "http --auth bob:S3CRETmarker PUT h/x",
        "http --auth=bob:S3CRETmarker PUT h/x",
        "http -A bearer -a S3CRETmarker PUT h/x",
        "http -abob:S3CRETmarker PUT h/x",
        "http h/x 'Cookie:a=S3CRETmarker;b=S3CRETmarker'",
        "http h/x Cookie:a=S3CRETmarker",
        "http h/x password=S3CRETmarker",
        "http h/x api_key==S3CRETmarker",
        "wget --http-password=S3CRETmarker https://h/",
        "wget --http-password S3CRETmarker https://h/",
        "wget --header=\"Cookie: a=S3CRETmarker\" https://h/",
        "wget --header 'Authorization: Bearer S3CRETmarker' https://h/",
        // Texts around.
        "export API_TOKEN=S3CRETmarker",
        "Authorization:\tBearer S3CRETmarker",
        "authorization: Token S3CRETmarker",
        "**Authorization**: Bearer S3CRETmarker",
        "| Authorization | Bearer S3CRETmarker |",
        "Authorization\tBearer S3CRETmarker",
        "cookie\tsid=S3CRETmarker",
        "x-api-key\tS3CRETmarker",
        "[Log] X-Api-Key: S3CRETmarker",
    ];

    #[test]
    fn a_marker_in_every_place_of_a_secret_disappears() {
        for place in PLACES {
            for text in [(*place).to_string(), format!("a\r\n{place}\r\nb: c\r\n")] {
                let masked = mask(&text);
                assert!(!masked.contains(MARKER), "{place}\n{masked}");
                assert_eq!(masked.len(), text.len());
                assert_eq!(mask(&masked), masked, "{place}");
            }
        }
    }

    #[test]
    fn what_is_shown_does_not_tell_the_length_of_a_secret() {
        let masked = mask("Cookie: a=b; c=dddddddd\nX: 1\nhttps://u:pppp@h/?token=1234567");
        let shown = Shown::new(&masked);
        assert_eq!(shown.text, "Cookie: ***\nX: 1\nhttps://***@h/?token=***");
        let places = ["Cookie", "\nX: 1", "@h/", "?token"].map(|part| {
            let at = shown.place(masked.find(part).unwrap());
            shown.text.get(at..at + part.len()) == Some(part)
        });
        assert_eq!(places, [true; 4]);
        assert_eq!(shown.place(masked.len()), shown.text.len());
        for at in 0..=masked.len() {
            assert!(
                shown.place(at) <= shown.text.len() && (at == 0 || shown.place(at) >= shown.place(at - 1))
            );
        }
        for length in [1, 2, 3, 4, 40] {
            assert_eq!(
                hide(&format!("Authorization: {}", "x".repeat(length))),
                "Authorization: ***"
            );
        }
    }

    #[test]
    fn a_short_secret_is_told_from_asterisks_of_the_text() {
        let text = "Access-Control-Allow-Origin: *\nCookie: a\nhttps://u@h/?token=ab&x=**\n**bold** /*/";
        let shown = Shown::new(&mask(text));
        assert_eq!(
            shown.text,
            "Access-Control-Allow-Origin: *\nCookie: ***\nhttps://***@h/?token=***&x=**\n**bold** /*/"
        );
        for part in ["Cookie", "\nhttps", "@h/", "&x=", "bold"] {
            let at = shown.place(text.find(part).unwrap());
            assert_eq!(shown.text.get(at..at + part.len()), Some(part));
        }
        for at in 0..=text.len() {
            assert!(at == 0 || shown.place(at) >= shown.place(at - 1));
        }
        assert_eq!(shown.place(text.len()), shown.text.len());
        let masked = mask(text);
        assert_eq!(mask(&masked), masked);
        assert_eq!(hide(&shown.text), shown.text);
    }

    #[test]
    fn what_is_needed_for_a_diagnosis_stays() {
        for text in [
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Allow-Headers: authorization, x-api-key",
            "Access-Control-Request-Headers: authorization",
            "credentials: 'include', mode: 'cors'",
            "CORS header \u{2018}Access-Control-Allow-Headers\u{2019} has the invalid token \u{2018}@x\u{2019}",
            "Request header field authorization is not allowed by Access-Control-Allow-Headers",
            "http://token:8080/x",
            "WWW-Authenticate: Basic realm=\"x\"",
            "Vary: Cookie",
        ] {
            assert_eq!(mask(text), text);
        }
        assert_eq!(
            mask("Set-Cookie: a=b; SameSite=Lax; Secure"),
            "Set-Cookie: ***; SameSite=Lax; Secure"
        );
        assert_eq!(
            mask("{ Authorization: token, 'X-A': '1' }"),
            "{ Authorization: *****, 'X-A': '1' }"
        );
    }
}
