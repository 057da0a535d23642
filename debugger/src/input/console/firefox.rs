//! Firefox: `Cross-Origin Request Blocked: ... at URL. (Reason: REASON). Status code: N.`
//!
//! The reasons are those of `security.properties` in Firefox's sources. Other languages are
//! recognised by what is not translated: the address, the bracket, and the names and values in
//! quotation marks.

use super::{Engine, Message, Piece, first_url, status};
use crate::diagnosis::Cause;

pub(super) fn read(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    let is_english = text.contains("Cross-Origin Request") || text.contains("Same Origin Policy");
    let (cause, anchor, detail) = match english(text) {
        Some(found) if is_english || text.contains("(Reason:") || text.contains("Reason: CORS") => found,
        _ => translated(text)?,
    };
    let mut message = Message::new(Some(Engine::Firefox), cause, piece.place(anchor));
    message.detail = detail.map(str::to_string);
    message.url = first_url(text.split("eason:").next().unwrap_or(text)).or_else(|| first_url(text));
    message.status = status(text).or_else(|| last_number(text));
    message.is_preflight = match cause {
        Cause::PreflightStatus
        | Cause::PreflightRedirect
        | Cause::AllowMethodsMalformed
        | Cause::MethodNotAllowed
        | Cause::AllowHeadersMalformed
        | Cause::HeaderNotAllowed
        | Cause::AuthorizationUnderWildcard => Some(true),
        _ => None,
    };
    message.is_vague = cause == Cause::NetworkFailure;
    Some(message)
}

type Found<'t> = (Cause, &'t str, Option<&'t str>);

fn english(text: &str) -> Option<Found<'_>> {
    let found = |words: &str| text.find(words).and_then(|at| text.get(at..at + words.len()));
    // The quoted text after some words.
    let value = |lead: &str| {
        let (_, rest) = text.split_once(lead)?;
        rest.split('\'').next()
    };
    if text.contains("is '*', and the") || text.contains("does not cover") || text.contains("is not covered")
    {
        let anchor = found("is not covered")
            .or_else(|| found("does not cover"))
            .or_else(|| found("is '*', and the"))?;
        return Some((Cause::AuthorizationUnderWildcard, anchor, Some("authorization")));
    }
    if let Some(anchor) = found("Credential is not supported") {
        return Some((Cause::WildcardWithCredentials, anchor, Some("*")));
    }
    if let Some(anchor) = found("Multiple CORS header") {
        return Some((Cause::AllowOriginRepeated, anchor, None));
    }
    if text.contains("Allow-Origin'")
        && let Some(anchor) = found("does not match")
    {
        let detail = value("does not match '");
        return Some((differing(detail.unwrap_or("")), anchor, detail));
    }
    if let Some(anchor) = found("Allow-Origin' missing") {
        return Some((Cause::AllowOriginMissing, anchor, None));
    }
    if let Some(anchor) = found("expected 'true' in CORS header") {
        return Some((Cause::AllowCredentialsMissing, anchor, None));
    }
    if let Some(anchor) = found("external redirect not allowed") {
        return Some((Cause::PreflightRedirect, anchor, None));
    }
    if let Some(anchor) = found("CORS preflight response did not succeed")
        .or_else(|| found("preflight channel did not succeed"))
    {
        return Some((Cause::PreflightStatus, anchor, None));
    }
    if let Some(anchor) = found("Did not find method in CORS header") {
        return Some((Cause::MethodNotAllowed, anchor, None));
    }
    if let Some(anchor) = found("invalid token '") {
        let cause = if text.contains("Allow-Methods") {
            Cause::AllowMethodsMalformed
        } else {
            Cause::AllowHeadersMalformed
        };
        return Some((cause, anchor, value("invalid token '")));
    }
    if let Some(anchor) = found("missing token '") {
        return Some((Cause::HeaderNotAllowed, anchor, value("missing token '")));
    }
    if let Some(anchor) = found("is not allowed according to header") {
        return Some((Cause::HeaderNotAllowed, anchor, value("header '")));
    }
    if let Some(anchor) = found("CORS request not http").or_else(|| found("CORS request not HTTP")) {
        return Some((Cause::SchemeNotSupported, anchor, None));
    }
    if let Some(anchor) = found("CORS disabled") {
        return Some((Cause::CorsDisabled, anchor, None));
    }
    if let Some(anchor) = found("'Origin' cannot be added").or_else(|| found("Origin' cannot be added")) {
        return Some((Cause::OriginNotAdded, anchor, None));
    }
    if let Some(anchor) = found("CORS request did not succeed") {
        return Some((Cause::NetworkFailure, anchor, None));
    }
    None
}

/// Names the fault of a value of `Access-Control-Allow-Origin` that does not match.
fn differing(value: &str) -> Cause {
    if value.contains(',') || value.contains(' ') {
        Cause::AllowOriginList
    } else if value.is_empty() || !(crate::url::is_origin(value) || value.contains("://")) {
        Cause::AllowOriginInvalid
    } else {
        Cause::AllowOriginDiffers
    }
}

/// Recognises a reason in another language, by the names and values in quotation marks.
fn translated(text: &str) -> Option<Found<'_>> {
    // The frame has a bracket with a word and a colon, after an address.
    let mut brackets = text.match_indices('(').take(8).map(|(at, _)| at);
    let reason = brackets.find_map(|before| {
        let (label, reason) = text.get(before + 1..)?.split_once(':')?;
        let is_frame = label.chars().count() < 24
            && !label.contains("://")
            && first_url(text.get(..before)?).is_some()
            && (reason.contains("CORS") || reason.contains("Access-Control-"));
        is_frame.then(|| reason.split(')').next().unwrap_or(reason))
    })?;
    // An apostrophe in a word is not a quotation mark, so double ones go first.
    let mark = if reason.contains('"') { '"' } else { '\'' };
    let quotes: Vec<&str> = reason.split(mark).skip(1).step_by(2).map(str::trim).collect();
    let has = |name: &str| reason.contains(name);
    let other = quotes
        .iter()
        .copied()
        .find(|quote| !quote.starts_with("Access-Control-") && !quote.is_empty());
    let cause = if has("Access-Control-Allow-Origin") {
        match other {
            Some("*") => Cause::WildcardWithCredentials,
            Some(value) => differing(value),
            // Missing or repeated: missing is far more frequent.
            None => Cause::AllowOriginMissing,
        }
    } else if has("Access-Control-Allow-Credentials") {
        Cause::AllowCredentialsMissing
    } else if has("Access-Control-Allow-Methods") {
        if other.is_some() {
            Cause::AllowMethodsMalformed
        } else {
            Cause::MethodNotAllowed
        }
    } else if has("Access-Control-Allow-Headers") {
        Cause::HeaderNotAllowed
    } else if last_number(text).is_some_and(|status| !(200..300).contains(&status)) {
        Cause::PreflightStatus
    } else {
        Cause::NetworkFailure
    };
    Some((cause, reason.trim(), other))
}

/// Returns the status at the end of a message, in any language: three digits after the bracket.
fn last_number(text: &str) -> Option<u16> {
    let tail = text.rsplit(')').next()?;
    let digits: String = tail.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 3).then(|| digits.parse().ok()).flatten()
}
