//! Stricter forms of expressions that admit origins which they were not meant to admit.

/// Returns stricter forms of an expression for origins, the smallest change first. Dots that stand
/// for any character are escaped in all of them.
pub fn stricter(pattern: &str) -> Vec<String> {
    let text = escape_dots(pattern);
    let has_start = text.starts_with('^');
    let inner = text.trim_start_matches('^');
    let inner = match inner.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => inner,
    };
    let is_open = has_open_alternation(inner);
    let grouped = if is_open {
        format!("({inner})")
    } else {
        inner.to_string()
    };
    let mut whole = Vec::new();
    if has_start || inner.starts_with("http") || inner.starts_with('(') {
        whole.push(format!("^{grouped}$"));
        // Any text before the name becomes whole labels.
        let labels = grouped
            .replace("//.*\\.", "//([a-z0-9-]+\\.)+")
            .replace("//.+\\.", "//([a-z0-9-]+\\.)+")
            .replace("//.*", "//([a-z0-9-]+\\.)*");
        whole.push(format!("^{labels}$"));
    }
    let mut forms = Vec::new();
    if !inner.contains("http") {
        let host = grouped
            .trim_start_matches("\\.")
            .trim_start_matches(".*")
            .trim_start_matches("\\.");
        // The groups of the expression keep their numbers.
        let group = if host.contains('(') { "(?:" } else { "(" };
        forms.push(format!("^https://{group}[a-z0-9-]+\\.)*{host}$"));
    }
    // An origin has a scheme, so a bare host with ^ and $ matches only the host of an origin.
    forms.extend(whole);
    forms.retain(|form| form != pattern);
    forms.dedup();
    forms
}

/// Escapes dots that stand for any character, unless they are repeated.
fn escape_dots(pattern: &str) -> String {
    let mut out = String::new();
    let mut is_in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            '.' if !is_in_class => {
                if matches!(chars.peek(), Some('*' | '+')) {
                    // Any text, which may end in a dot only.
                    out.push('.');
                } else {
                    out.push_str("\\.");
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn has_open_alternation(pattern: &str) -> bool {
    let mut level = 0_i32;
    let mut is_escaped = false;
    for c in pattern.chars() {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match c {
            '\\' => is_escaped = true,
            '(' => level += 1,
            ')' => level -= 1,
            '|' if level == 0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_stricter() {
        assert_eq!(
            stricter(r"^https://app\.example\.com")[0],
            r"^https://app\.example\.com$"
        );
        assert_eq!(
            stricter("https://a.example.com|https://b.example.com")[0],
            r"^(https://a\.example\.com|https://b\.example\.com)$"
        );
        assert!(stricter(r"\.example\.com$").contains(&r"^https://([a-z0-9-]+\.)*example\.com$".to_string()));
        assert_eq!(
            stricter(".example.com"),
            [r"^https://([a-z0-9-]+\.)*example\.com$"]
        );
        assert!(
            stricter(r"^https://.*example\.com$")
                .contains(&r"^https://([a-z0-9-]+\.)*example\.com$".to_string())
        );
        assert_eq!(
            stricter("(example.com)")[0],
            r"^https://(?:[a-z0-9-]+\.)*(example\.com)$"
        );
        assert_eq!(escape_dots(r"a.b\.c[.].*"), r"a\.b\.c[.].*");
    }
}
