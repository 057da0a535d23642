//! Reads single directives that have a form of their arguments.

use super::build::Context;
use super::config::{EnvRule, EnvTest, From, Redirect, Settings};
use super::expr::Expr;
use super::load::Item;
use super::pattern::Pattern;
use super::rules::{Condition, Rule, Rules};
use super::text;

pub(super) fn options(item: &Item, settings: &mut Settings) -> Result<(), String> {
    let is_signed = |option: &String| option.starts_with(['+', '-']);
    let is_whole =
        |option: &String| option.eq_ignore_ascii_case("all") || option.eq_ignore_ascii_case("none");
    let starts_signed = item.args.first().is_some_and(is_signed);
    let first_signed = item.args.iter().position(is_signed).unwrap_or(item.args.len());
    let (plain, rest) = item.args.split_at(first_signed);
    // `All` and `None` may have signed options after them, other options may not.
    let is_mixed =
        !rest.iter().all(is_signed) || !rest.is_empty() && !starts_signed && !plain.iter().any(is_whole);
    if is_mixed {
        return Err("either all Options must start with + or -, or none of them".to_owned());
    }
    if !starts_signed {
        settings.options.push((None, "reset".to_owned()));
    }
    for option in &item.args {
        let lower = option.to_ascii_lowercase();
        let (change, name) = match lower.strip_prefix('+') {
            Some(name) => (Some(true), name),
            None => match lower.strip_prefix('-') {
                Some(name) => (Some(false), name),
                None => (None, lower.as_str()),
            },
        };
        let name = if name == "symlinksifownermatch" {
            "followsymlinks"
        } else {
            name
        };
        if name != "none" {
            settings.options.push((change, name.to_owned()));
        }
    }
    Ok(())
}

pub(super) fn rewrite(item: &Item, context: &Context, rules: &mut Rules) -> Result<(), String> {
    rules.directory.clone_from(&context.path);
    match item.name.as_str() {
        "rewriteengine" => {
            rules.engine = Some(item.arg(0).eq_ignore_ascii_case("on"));
            rules.place = Some(item.place);
        }
        "rewritebase" => rules.base = Some(item.arg(0).to_owned()),
        "rewriteoptions" => {
            rules.options = item
                .args
                .iter()
                .map(|option| option.to_ascii_lowercase())
                .collect()
        }
        "rewritecond" => rules.conditions.push(Condition::read(&item.args)?),
        "rewriterule" => {
            let conditions = std::mem::take(&mut rules.conditions);
            rules.rules.push(Rule::read(&item.args, conditions, item.place)?);
            rules.place = rules.place.or(Some(item.place));
        }
        _ => {}
    }
    Ok(())
}

pub(super) fn env_rule(item: &Item) -> Result<EnvRule, String> {
    let ignores_case = item.name.ends_with("nocase");
    let (test, variables) = match item.name.as_str() {
        "setenvifexpr" => {
            let mut rest = item.raw.as_str();
            let text = text::word(&mut rest).unwrap_or_default();
            (EnvTest::Expression(Box::new(Expr::read(&text)?)), &item.args[1..])
        }
        "browsermatch" | "browsermatchnocase" => {
            let pattern = Pattern::new(item.arg(0), ignores_case);
            (
                EnvTest::Attribute("User-Agent".to_owned(), pattern),
                item.args.get(1..).unwrap_or(&[]),
            )
        }
        _ => {
            let attribute = item.arg(0);
            let pattern = Pattern::new(item.arg(1), ignores_case);
            let is_name = attribute
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
            let test = if is_name {
                EnvTest::Attribute(attribute.to_owned(), pattern)
            } else {
                EnvTest::Fields(Pattern::new(attribute, true), pattern)
            };
            (test, item.args.get(2..).unwrap_or(&[]))
        }
    };
    if variables.is_empty() {
        return Err(format!("{} needs a variable", item.name));
    }
    let variables = variables
        .iter()
        .map(|variable| match variable.strip_prefix('!') {
            Some(name) => (name.to_owned(), None),
            None => match variable.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (variable.clone(), Some("1".to_owned())),
            },
        })
        .collect();
    Ok(EnvRule {
        test,
        variables,
        place: item.place,
    })
}

pub(super) fn redirect(item: &Item) -> Result<Redirect, String> {
    let mut args = item.args.as_slice();
    let mut status = match item.name.as_str() {
        "redirectpermanent" => 301,
        _ => 302,
    };
    let mut is_gone = false;
    if matches!(item.name.as_str(), "redirect" | "redirectmatch")
        && let [first, rest @ ..] = args
    {
        let named = match first.to_ascii_lowercase().as_str() {
            "permanent" => Some(301),
            "temp" => Some(302),
            "seeother" => Some(303),
            "gone" => Some(410),
            number => number
                .parse::<u16>()
                .ok()
                .filter(|status| (100..600).contains(status)),
        };
        if let Some(named) = named {
            status = named;
            args = rest;
            is_gone = !(300..400).contains(&status);
        }
    }
    let is_match = item.name == "redirectmatch";
    let source = |text: &str| {
        if is_match {
            From::Match(Pattern::new(text, false))
        } else {
            From::Prefix(text.to_owned())
        }
    };
    let (from, to) = match (args, is_gone) {
        ([from], true) => (source(from), String::new()),
        ([], true) => (From::Here, String::new()),
        ([from, to], _) => (source(from), to.clone()),
        ([to], false) => (From::Here, to.clone()),
        _ => return Err("Redirect needs a path and an address".to_owned()),
    };
    Ok(Redirect {
        status,
        from,
        to,
        place: item.place,
    })
}
