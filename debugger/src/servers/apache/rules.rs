//! `RewriteEngine`, `RewriteCond` and `RewriteRule`, as they are written.

use super::expr::Expr;
use super::pattern::Pattern;
use crate::servers::source::Place;

/// The rules of a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) engine: Option<bool>,
    pub(super) base: Option<String>,
    /// The directory of the section, with a slash at the end; `None` outside of sections.
    pub(super) directory: Option<String>,
    pub(super) rules: Vec<Rule>,
    pub(super) conditions: Vec<Condition>,
    /// `RewriteOptions`, in lower case.
    pub(super) options: Vec<String>,
    /// The `RewriteEngine` line, or the first rule.
    pub(super) place: Option<Place>,
    /// The rules that this place replaces, for findings.
    pub(super) replaced: Vec<Rule>,
}

impl Rules {
    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|set| set == option)
    }

    /// Puts these rules over those of a place before.
    pub(super) fn over(&self, base: &Self) -> Self {
        let mut merged = self.clone();
        merged.engine = self.engine.or(base.engine);
        if self.options.is_empty() {
            merged.options.clone_from(&base.options);
        }
        let inherits = merged.has("inherit") || base.has("inheritdown") && !merged.has("ignoreinherit");
        let inherits_before =
            merged.has("inheritbefore") || base.has("inheritdownbefore") && !merged.has("ignoreinherit");
        if inherits {
            merged.rules.extend(base.rules.iter().cloned());
        } else if inherits_before {
            merged.rules = [base.rules.clone(), merged.rules].concat();
        } else {
            merged.replaced = [base.replaced.clone(), base.rules.clone()].concat();
        }
        merged
    }

    /// Returns the switch alone, as a virtual host without rules has it.
    pub(super) fn without_rules(&self) -> Self {
        let mut copy = self.clone();
        if !self.has("inheritdown") && !self.has("inheritdownbefore") {
            copy.rules.clear();
        }
        copy
    }
}

/// A `RewriteRule` with its conditions.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    pub(super) is_negated: bool,
    /// `None` if the rule changes nothing.
    pub(super) substitution: Option<String>,
    pub(super) conditions: Vec<Condition>,
    pub(super) flags: Flags,
    pub(super) place: Place,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    pub(super) ignores_case: bool,
    pub(super) redirect: Option<u16>,
    /// A status that ends the request without a redirect.
    pub(super) status: Option<u16>,
    pub(super) is_last: bool,
    pub(super) is_end: bool,
    pub(super) is_chained: bool,
    pub(super) is_next: bool,
    pub(super) is_proxy: bool,
    pub(super) passes_through: bool,
    pub(super) appends_query: bool,
    pub(super) discards_query: bool,
    pub(super) no_subrequest: bool,
    pub(super) skip: usize,
    pub(super) variables: Vec<String>,
    pub(super) handler: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) input: String,
    pub(super) test: Test,
    pub(super) is_negated: bool,
    pub(super) is_or: bool,
    pub(super) no_vary: bool,
    pub(super) ignores_case: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Match(Pattern),
    File,
    Directory,
    Never,
    Other(String),
    Text(&'static str, String),
    Number(&'static str, i64),
    Expression(Box<Expr>),
}

impl Rule {
    /// Says whether the rule answers OPTIONS with a status, as recipes for preflights do.
    pub(super) fn answers_options(&self) -> bool {
        let is_success = self
            .flags
            .status
            .is_some_and(|status| (200..300).contains(&status));
        is_success
            && self.conditions.iter().any(|condition| {
                condition.input.to_ascii_uppercase().contains("REQUEST_METHOD") && !condition.is_negated
            })
    }

    pub(super) fn read(args: &[String], conditions: Vec<Condition>, place: Place) -> Result<Self, String> {
        let [pattern, substitution, rest @ ..] = args else {
            return Err("RewriteRule needs an expression and a substitution".to_owned());
        };
        let mut flags = Flags::default();
        if let Some(text) = rest.first() {
            flags = Flags::read(&flag_list(rest, text)?)?;
        }
        let (is_negated, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern.as_str()),
        };
        let mut substitution = Some(substitution.clone()).filter(|text| text != "-");
        if flags.status.is_some() {
            substitution = None;
        }
        if let Some(text) = &mut substitution
            && text.ends_with('?')
            && !flags.appends_query
        {
            text.pop();
            flags.discards_query = true;
        }
        Ok(Self {
            pattern: Pattern::new(pattern, flags.ignores_case),
            is_negated,
            substitution,
            conditions,
            flags,
            place,
        })
    }
}

/// Flags may be written with spaces only in quotes; `[R=204, L]` is a mistake.
fn flag_list(rest: &[String], text: &str) -> Result<String, String> {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) if rest.len() == 1 => Ok(inner.to_owned()),
        _ => Err(format!(
            "{:?} is not a list of flags; write [A,B] without spaces",
            rest.join(" ")
        )),
    }
}

impl Flags {
    fn read(list: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for flag in list.split(',') {
            let flag = flag.trim();
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            match name.to_ascii_lowercase().as_str() {
                "nc" | "nocase" => flags.ignores_case = true,
                "l" | "last" => flags.is_last = true,
                "end" => flags.is_end = true,
                "c" | "chain" => flags.is_chained = true,
                "n" | "next" => flags.is_next = true,
                "p" | "proxy" => flags.is_proxy = true,
                "pt" | "passthrough" => flags.passes_through = true,
                "qsa" | "qsappend" => flags.appends_query = true,
                "qsd" | "qsdiscard" => flags.discards_query = true,
                "ns" | "nosubreq" => flags.no_subrequest = true,
                "f" | "forbidden" => flags.status = Some(403),
                "g" | "gone" => flags.status = Some(410),
                "s" | "skip" => flags.skip = value.parse().unwrap_or(0),
                "e" | "env" => flags.variables.push(value.to_owned()),
                "h" | "handler" => flags.handler = Some(value.to_owned()),
                "r" | "redirect" => {
                    let status = match value.to_ascii_lowercase().as_str() {
                        "" | "temp" => 302,
                        "permanent" => 301,
                        "seeother" => 303,
                        number => number
                            .parse()
                            .ok()
                            .filter(|status| (100..600).contains(status))
                            .ok_or_else(|| format!("{value:?} is not a status for the flag R"))?,
                    };
                    if (300..400).contains(&status) {
                        flags.redirect = Some(status);
                    } else {
                        flags.status = Some(status);
                    }
                }
                "" | "ne" | "noescape" | "dpi" | "discardpath" | "t" | "type" | "co" | "cookie" | "b"
                | "bnp" | "bctls" | "bne" | "qsl" | "qslast" | "unc" | "unsafeallow3f"
                | "unsafeprefixstat" | "unsafe_prefix_stat" | "unsafe_allow_3f" => {}
                other => return Err(format!("{other:?} is not a flag of RewriteRule")),
            }
        }
        Ok(flags)
    }
}

impl Condition {
    pub(super) fn read(args: &[String]) -> Result<Self, String> {
        let [input, pattern, rest @ ..] = args else {
            return Err("RewriteCond needs a text and an expression".to_owned());
        };
        let (mut is_or, mut no_vary, mut ignores_case) = (false, false, false);
        if let Some(text) = rest.first() {
            for flag in flag_list(rest, text)?.split(',') {
                match flag.trim().to_ascii_lowercase().as_str() {
                    "or" | "ornext" => is_or = true,
                    "nc" | "nocase" => ignores_case = true,
                    "nv" | "novary" => no_vary = true,
                    other => return Err(format!("{other:?} is not a flag of RewriteCond")),
                }
            }
        }
        let (mut is_negated, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern.as_str()),
        };
        let number = |text: &str| -> i64 { text.trim().parse().unwrap_or(0) };
        let test = if input.eq_ignore_ascii_case("expr") {
            Test::Expression(Box::new(Expr::read(pattern)?))
        } else {
            match pattern {
                "-f" | "-s" | "-F" => Test::File,
                "-d" => Test::Directory,
                "-h" | "-l" | "-L" => Test::Never,
                "-x" | "-U" => Test::Other(pattern.to_owned()),
                _ if pattern.starts_with("-lt") => Test::Number("<", number(&pattern[3..])),
                _ if pattern.starts_with("-le") => Test::Number("<=", number(&pattern[3..])),
                _ if pattern.starts_with("-gt") => Test::Number(">", number(&pattern[3..])),
                _ if pattern.starts_with("-ge") => Test::Number(">=", number(&pattern[3..])),
                _ if pattern.starts_with("-eq") => Test::Number("=", number(&pattern[3..])),
                _ if pattern.starts_with("-ne") => {
                    is_negated = !is_negated;
                    Test::Number("=", number(&pattern[3..]))
                }
                _ if pattern.len() > 1 && pattern.starts_with(">=") => {
                    Test::Text(">=", pattern[2..].to_owned())
                }
                _ if pattern.len() > 1 && pattern.starts_with("<=") => {
                    Test::Text("<=", pattern[2..].to_owned())
                }
                _ if pattern.len() > 1 && pattern.starts_with('>') => {
                    Test::Text(">", pattern[1..].to_owned())
                }
                _ if pattern.len() > 1 && pattern.starts_with('<') => {
                    Test::Text("<", pattern[1..].to_owned())
                }
                _ if pattern.len() > 1 && pattern.starts_with('=') => {
                    let text = &pattern[1..];
                    Test::Text(
                        "=",
                        if text == "\"\"" {
                            String::new()
                        } else {
                            text.to_owned()
                        },
                    )
                }
                _ => Test::Match(Pattern::new(pattern, ignores_case)),
            }
        };
        Ok(Self {
            input: input.clone(),
            test,
            is_negated,
            is_or,
            no_vary,
            ignores_case,
        })
    }

    /// Says whether the condition reads a variable that Apache does not have.
    pub(super) fn reads_http_origin(&self) -> bool {
        self.input.to_ascii_uppercase().contains("%{HTTP_ORIGIN}")
    }

    /// Returns the expression that the text is compared with.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match &self.test {
            Test::Match(pattern) => Some(pattern),
            _ => None,
        }
    }
}

impl Rule {
    pub(super) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Says whether the rule sets a variable.
    pub(super) fn sets(&self, name: &str) -> bool {
        let start = format!("{name}:");
        self.flags
            .variables
            .iter()
            .any(|variable| variable.starts_with(&start))
    }
}

/// Returns the length of a scheme with its colon and slashes; 0 if there is none.
pub(super) fn scheme_length(uri: &str) -> usize {
    [
        "http://",
        "https://",
        "ftp://",
        "ws://",
        "wss://",
        "fcgi://",
        "ajp://",
        "unix:",
        "balancer://",
        "h2://",
        "h2c://",
        "uwsgi://",
        "scgi://",
    ]
    .iter()
    .find(|scheme| {
        uri.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
    .map_or(0, |scheme| scheme.len())
}
