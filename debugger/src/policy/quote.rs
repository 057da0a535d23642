//! Quotes strings as each syntax does.
//!
//! Entries of policies are printable ASCII, but hosts of applications and names of methods and
//! headers may have quotes, `$`, `%` and other bytes with a meaning in a syntax.

/// Writes a string in double quotes, with a backslash before each of `escaped`.
fn double(text: &str, escaped: &[char]) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if escaped.contains(&c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

pub(crate) fn rust(text: &str) -> String {
    double(text, &['"', '\\'])
}

/// A question mark is escaped, because two of them begin a trigraph.
pub(crate) fn c(text: &str) -> String {
    double(text, &['"', '\\', '?'])
}

/// Java reads `\u` before anything else, so no other byte may be escaped. A backslash is doubled.
pub(crate) fn java(text: &str) -> String {
    double(text, &['"', '\\'])
}

pub(crate) fn javascript(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        if c == '\'' || c == '\\' {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Writes an expression as a literal of JavaScript, where a slash is escaped.
pub(crate) fn javascript_regex(expression: &str) -> String {
    format!("/{}/", expression.replace('/', "\\/"))
}

/// A string in double quotes has the escapes of JSON.
pub(crate) fn yaml(text: &str) -> String {
    double(text, &['"', '\\'])
}

/// Returns whether nginx and Apache read this as one word without quotes.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/*[]!&+^|".contains(c);
    !text.is_empty() && text.chars().all(is_plain)
}

/// A word of nginx's configuration. Within quotes, a backslash escapes quotes and itself only.
pub(crate) fn nginx(text: &str) -> String {
    if is_plain(text) {
        text.into()
    } else {
        nginx_quoted(text)
    }
}

/// The same, always in quotes. A value of `map` and `add_header` has variables, and nginx has no
/// escape for `$`: see [`nginx_value`].
pub(crate) fn nginx_quoted(text: &str) -> String {
    double(text, &['"', '\\'])
}

/// An expression in nginx's configuration. A backslash before another byte than a quote or a
/// backslash stays, except in `\t`, `\r` and `\n`, which an expression of ours does not have.
pub(crate) fn nginx_regex(expression: &str) -> String {
    format!("\"~{}\"", expression_in_quotes(expression))
}

/// A value of `map`, where the variable `cors_dollar` stands for `$`.
pub(crate) fn nginx_value(text: &str) -> String {
    nginx_quoted(text).replace('$', "${cors_dollar}")
}

/// A word of Apache's configuration.
pub(crate) fn apache(text: &str) -> String {
    if is_plain(text) {
        text.into()
    } else {
        double(text, &['"', '\\'])
    }
}

/// A value of a `Header` directive, where `%` begins a format.
pub(crate) fn apache_value(text: &str) -> String {
    double(&text.replace('%', "%%"), &['"', '\\'])
}

pub(crate) fn apache_regex(expression: &str) -> String {
    format!("\"{}\"", expression_in_quotes(expression))
}

/// Both servers read `\"` as a quote and `\\` as a backslash, and leave other backslashes alone. A
/// quote in an expression of ours has a backslash already.
fn expression_in_quotes(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len());
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        match c {
            // A backslash and the byte that it escapes.
            '\\' => match chars.next() {
                Some('\\') => text.push_str("\\\\\\\\"),
                Some('"') => text.push_str("\\\""),
                Some(next) => text.extend(['\\', next]),
                None => text.push_str("\\\\"),
            },
            '"' => text.push_str("\\\""),
            c => text.push(c),
        }
    }
    text
}
