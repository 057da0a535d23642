//! The directives of the modules for nginx and Apache.

use embedded_cors::{PolicyConfig, PreflightRefusedStatus, PreflightSuccessStatus, RulesConfig};

use super::{Reading, Source};

/// A directive with its words, or a block.
#[derive(Debug)]
struct Directive {
    line: usize,
    words: Vec<String>,
    block: Option<Vec<Directive>>,
}

pub(super) fn source_of(text: &str) -> Option<Source> {
    let mut lines = text.lines().map(str::trim_start);
    lines.find_map(|line| {
        let word = line.split([' ', '\t', ';']).next().unwrap_or("");
        if matches!(word, "cors" | "cors_origin" | "cors_rule" | "cors_loopback") {
            Some(Source::NginxModule)
        } else if word.eq_ignore_ascii_case("CorsOrigin")
            || word.eq_ignore_ascii_case("CorsLoopback")
            || word.eq_ignore_ascii_case("<CorsRule>")
        {
            Some(Source::ApacheModule)
        } else {
            None
        }
    })
}

pub(super) fn nginx(text: &str) -> Result<Vec<Reading>, String> {
    let directives = nginx_directives(text)?;
    let mut readings = Vec::new();
    collect(&directives, &Block::default(), "the file", &mut readings)?;
    Ok(readings)
}

pub(super) fn apache(text: &str) -> Result<Vec<Reading>, String> {
    let directives = apache_directives(text)?;
    let mut readings = Vec::new();
    collect(&directives, &Block::default(), "the file", &mut readings)?;
    Ok(readings)
}

/// The settings of a block, with those that it inherits.
#[derive(Clone, Default)]
struct Block {
    is_on: bool,
    settings: Vec<(String, Vec<String>, usize)>,
    rules: Vec<Vec<(String, Vec<String>, usize)>>,
}

fn collect(
    directives: &[Directive],
    outer: &Block,
    name: &str,
    readings: &mut Vec<Reading>,
) -> Result<(), String> {
    let mut own: Vec<(String, Vec<String>, usize)> = Vec::new();
    let mut rules = Vec::new();
    let mut is_on = outer.is_on;
    let mut first = 0;
    for directive in directives {
        let Some(word) = directive.words.first().map(|word| snake_case(word)) else {
            continue;
        };
        if word.starts_with("cors") && first == 0 {
            first = directive.line;
        }
        let arguments = directive.words[1..].to_vec();
        match (word.as_str(), &directive.block) {
            ("cors", None) => {
                is_on = arguments
                    .first()
                    .is_some_and(|word| word.eq_ignore_ascii_case("on"))
            }
            ("cors_rule", Some(block)) => {
                let members = block.iter().filter_map(|member| {
                    let (name, arguments) = member.words.split_first()?;
                    Some((snake_case(name), arguments.to_vec(), member.line))
                });
                rules.push(members.collect());
            }
            (word, None) if word.starts_with("cors_") => own.push((word.into(), arguments, directive.line)),
            _ => {}
        }
    }
    let mut block = Block {
        is_on,
        ..outer.clone()
    };
    // A block inherits each directive that it does not have itself.
    block
        .settings
        .retain(|(name, ..)| !own.iter().any(|(own, ..)| own == name));
    let has_own = !own.is_empty() || !rules.is_empty() || is_on != outer.is_on;
    block.settings.append(&mut own);
    if !rules.is_empty() {
        block.rules = rules;
    }
    if block.is_on && has_own {
        readings.push(reading(&block, name, first)?);
    }
    for directive in directives {
        if let Some(inner) = &directive.block
            && directive
                .words
                .first()
                .is_some_and(|word| snake_case(word) != "cors_rule")
        {
            collect(inner, &block, &directive.words.join(" "), readings)?;
        }
    }
    Ok(())
}

fn reading(block: &Block, name: &str, line: usize) -> Result<Reading, String> {
    let mut rules = Vec::new();
    for rule in &block.rules {
        rules.push(policy(rule)?);
    }
    let own = policy(&block.settings)?;
    if rules.is_empty() || !own.allow_origins.is_empty() || own.allow_loopback {
        rules.push(own);
    }
    let rules = RulesConfig { rules };
    let allows_nothing = matches!(rules.rules.as_slice(), [only] if *only == PolicyConfig::default());
    if !allows_nothing {
        rules.build().map_err(|error| format!("line {line}: {error}"))?;
    }
    Ok(Reading {
        name: name.into(),
        line,
        rules,
        differences: Vec::new(),
    })
}

fn policy(settings: &[(String, Vec<String>, usize)]) -> Result<PolicyConfig, String> {
    let mut policy = PolicyConfig::default();
    for (name, arguments, line) in settings {
        let wrong = |what: &str| format!("line {line}: {name} {}", what);
        let first = arguments.first().map_or("", String::as_str);
        let list = || arguments.iter().filter(|word| !word.is_empty()).cloned();
        let flag = match first.to_ascii_lowercase().as_str() {
            "on" => true,
            "off" => false,
            _ => false,
        };
        match name.as_str() {
            "cors_origin" => policy.allow_origins.extend(list()),
            "cors_methods" => policy.allow_methods.extend(list()),
            "cors_headers" => policy.allow_headers.extend(list()),
            "cors_expose" => policy.expose_headers.extend(list()),
            "cors_credentials" => policy.allow_credentials = flag,
            "cors_loopback" => policy.allow_loopback = flag,
            "cors_timing" => policy.allow_timing = flag,
            "cors_hide_lists" => policy.hide_lists_when_refused = flag,
            "cors_only_requested" => policy.answer_only_requested = flag,
            "cors_strict_headers" => policy.strict_request_headers = flag,
            "cors_dangerously_allow_insecure_origins" => {
                policy.dangerously_allow_insecure_origins_with_credentials = flag;
            }
            "cors_dangerously_allow_public_suffixes" => {
                policy.dangerously_allow_public_suffixes_with_credentials = flag;
            }
            "cors_max_age" if first.eq_ignore_ascii_case("off") => policy.max_age_seconds = None,
            "cors_max_age" => {
                policy.max_age_seconds =
                    Some(time(first).ok_or_else(|| wrong("needs seconds, or a time such as 1h"))?);
            }
            "cors_success_status" => match first {
                "200" => policy.success_status = PreflightSuccessStatus::Ok,
                "204" => policy.success_status = PreflightSuccessStatus::NoContent,
                _ => return Err(wrong("needs 200 or 204")),
            },
            "cors_refused_status" => match first {
                "200" => policy.refused_status = PreflightRefusedStatus::Ok,
                "204" => policy.refused_status = PreflightRefusedStatus::NoContent,
                "403" => policy.refused_status = PreflightRefusedStatus::Forbidden,
                _ => return Err(wrong("needs 200, 204 or 403")),
            },
            _ => return Err(wrong("is not a directive that is known here")),
        }
    }
    Ok(policy)
}

/// Reads seconds, or a time of nginx: `1h 30m` is written without the space.
fn time(text: &str) -> Option<u32> {
    let mut total = 0u32;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u32 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let factor = match rest.chars().next() {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some(_) => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = rest.get(1..).unwrap_or("");
    }
    (!text.is_empty()).then_some(total)
}

/// Writes `CorsMaxAge` and `cors_max_age` as `cors_max_age`.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Splits the text of an nginx configuration into directives and blocks.
fn nginx_directives(text: &str) -> Result<Vec<Directive>, String> {
    let mut open: Vec<Vec<Directive>> = vec![Vec::new()];
    let mut heads: Vec<(usize, Vec<String>)> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let (mut line, mut start) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            c if c.is_whitespace() => {}
            '#' => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            ';' => {
                if let Some(last) = open.last_mut() {
                    last.push(Directive {
                        line: start,
                        words: std::mem::take(&mut words),
                        block: None,
                    });
                }
            }
            '{' if open.len() < 64 => {
                heads.push((start, std::mem::take(&mut words)));
                open.push(Vec::new());
            }
            '}' => {
                let (Some((start, words)), Some(block)) = (heads.pop(), open.pop()) else {
                    return Err(format!("line {line}: a brace closes no block"));
                };
                if let Some(last) = open.last_mut() {
                    last.push(Directive {
                        line: start,
                        words,
                        block: Some(block),
                    });
                }
            }
            '"' | '\'' => {
                if words.is_empty() {
                    start = line;
                }
                let mut word = String::new();
                loop {
                    match chars.next() {
                        None => return Err(format!("line {line}: the file ends in a quote")),
                        Some(end) if end == c => break,
                        Some('\\') => match chars.next() {
                            Some(next @ ('"' | '\'' | '\\')) => word.push(next),
                            Some(next) => word.extend(['\\', next]),
                            None => {}
                        },
                        Some(next) => {
                            line += usize::from(next == '\n');
                            word.push(next);
                        }
                    }
                }
                words.push(word);
            }
            c => {
                if words.is_empty() {
                    start = line;
                }
                let mut word = String::from(c);
                // `${name}` belongs to the word.
                while let Some(&next) = chars.peek() {
                    if next.is_whitespace() || next == ';' || next == '{' && !word.ends_with('$') {
                        break;
                    }
                    word.push(next);
                    chars.next();
                }
                words.push(word);
            }
        }
    }
    if open.len() > 1 {
        return Err(format!("line {line}: the file ends in a block"));
    }
    Ok(open.pop().unwrap_or_default())
}

/// Splits the text of an Apache configuration into directives and sections.
fn apache_directives(text: &str) -> Result<Vec<Directive>, String> {
    let mut open: Vec<Vec<Directive>> = vec![Vec::new()];
    let mut heads: Vec<(usize, Vec<String>)> = Vec::new();
    let mut continued = String::new();
    for (index, part) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(part) = part.strip_suffix('\\') {
            continued.push_str(part);
            continue;
        }
        let whole = std::mem::take(&mut continued) + part;
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("</") {
            let (Some((start, words)), Some(block)) = (heads.pop(), open.pop()) else {
                return Err(format!("line {number}: {line} closes no section"));
            };
            if let Some(last) = open.last_mut() {
                last.push(Directive {
                    line: start,
                    words,
                    block: Some(block),
                });
            }
        } else if let Some(section) = line.strip_prefix('<') {
            if open.len() >= 64 {
                return Err(format!("line {number}: more than 64 sections inside each other"));
            }
            heads.push((number, apache_words(section.trim_end_matches('>'))));
            open.push(Vec::new());
        } else if let Some(last) = open.last_mut() {
            last.push(Directive {
                line: number,
                words: apache_words(line),
                block: None,
            });
        }
    }
    if let Some((line, words)) = heads.last() {
        return Err(format!(
            "line {line}: the section {} does not end",
            words.join(" ")
        ));
    }
    Ok(open.pop().unwrap_or_default())
}

fn apache_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        if c == '"' || c == '\'' {
            while let Some(next) = chars.next() {
                match next {
                    '\\' if chars.peek() == Some(&c) || chars.peek() == Some(&'\\') => {
                        word.extend(chars.next())
                    }
                    next if next == c => break,
                    next => word.push(next),
                }
            }
        } else {
            word.push(c);
            while let Some(next) = chars.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
    words
}
