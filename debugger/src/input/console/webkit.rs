//! WebKit: a line with the reason, and a line with the address: `Fetch API cannot load URL due to
//! access control checks.`
//!
//! The reasons are those of `CrossOriginAccessControl.cpp`, `CrossOriginPreflightResultCache.cpp`
//! and `ThreadableLoader.cpp` in WebKit's sources. WebKit does not say whether a reason is about a
//! preflight, except where only a preflight can fail so.

use super::{Engine, Message, Piece, first_url, status};
use crate::diagnosis::Cause;

pub(super) fn read(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    let message = |cause, words: &str| {
        let anchor = text.find(words).and_then(|at| text.get(at..at + words.len()))?;
        Some(Message::new(Some(Engine::WebKit), cause, piece.place(anchor)))
    };
    let preflight = |cause, words: &str| {
        message(cause, words).map(|message| Message {
            is_preflight: Some(true),
            ..message
        })
    };
    let between = |lead: &str, tail: &str| {
        let (_, rest) = text.split_once(lead)?;
        rest.split(tail).next().map(|text| text.trim().to_string())
    };
    let mut found = if let Some(found) = message(
        Cause::AllowOriginMissing,
        "is not allowed by Access-Control-Allow-Origin",
    ) {
        Message {
            origin: between("Origin ", " is not"),
            ..found
        }
    } else if let Some(found) = message(
        Cause::WildcardWithCredentials,
        "Cannot use wildcard in Access-Control-Allow-Origin",
    ) {
        Message {
            detail: Some("*".into()),
            ..found
        }
    } else if let Some(found) = message(Cause::AllowOriginRepeated, "cannot contain more than one origin") {
        found
    } else if let Some(found) = message(
        Cause::AllowCredentialsMissing,
        "Access-Control-Allow-Credentials is not \"true\"",
    ) {
        found
    } else if let Some(found) = preflight(Cause::PreflightStatus, "Preflight response is not successful") {
        found
    } else if let Some(found) = preflight(
        Cause::MethodNotAllowed,
        "is not allowed by Access-Control-Allow-Methods",
    ) {
        Message {
            detail: between("Method ", " is not"),
            ..found
        }
    } else if let Some(found) = preflight(
        Cause::HeaderNotAllowed,
        "is not allowed by Access-Control-Allow-Headers",
    ) {
        Message {
            detail: between("header field ", " is not"),
            ..found
        }
    } else if let Some(found) = preflight(
        Cause::AllowMethodsMalformed,
        "Access-Control-Allow-Methods has an invalid value",
    ) {
        Message {
            detail: between("invalid value: ", "\n"),
            ..found
        }
    } else if let Some(found) = preflight(
        Cause::AllowHeadersMalformed,
        "Access-Control-Allow-Headers has an invalid value",
    ) {
        Message {
            detail: between("invalid value: ", "\n"),
            ..found
        }
    } else if let Some(found) =
        message(Cause::RedirectWithUser, "redirection URL").filter(|_| text.contains("credentials"))
    {
        found
    } else if text.contains("edirection to")
        && text.contains("denied by Cross-Origin Resource Sharing policy")
    {
        let cause = if text.contains("credential") || text.contains("user info") {
            Cause::RedirectWithUser
        } else {
            Cause::RedirectScheme
        };
        message(cause, "denied by Cross-Origin Resource Sharing policy")?
    } else if let Some(found) = message(Cause::SchemeNotSupported, "requests are only supported for HTTP") {
        found
    } else if let Some(found) = message(Cause::RedirectScheme, "URLs are disabled") {
        found
    } else {
        let vague = message(Cause::NoReason, "due to access control checks").or_else(|| {
            message(
                Cause::NoReason,
                "script load denied by Cross-Origin Resource Sharing policy",
            )
        });
        // Without a reason, as for the mode same-origin: `Fetch API cannot load URL.`
        let is_bare = || {
            let (_, rest) = text.split_once("Fetch API cannot load ")?;
            let address = rest.trim().strip_suffix('.')?;
            (!address.contains(char::is_whitespace)).then_some(())
        };
        let vague = match (vague, is_bare()) {
            (Some(vague), _) => vague,
            (None, bare) => bare.and_then(|()| message(Cause::NoReason, "Fetch API cannot load"))?,
        };
        let address = text
            .split("cannot load ")
            .nth(1)
            .or_else(|| text.split("Cannot load ").nth(1));
        return Some(Message {
            url: first_url(address.unwrap_or(text)),
            is_vague: true,
            ..vague
        });
    };
    if text.contains("edirection to ") {
        // A reason inside of a redirect, which names the address.
        found.first_url = text.split("edirection to ").nth(1).and_then(first_url);
    }
    found.status = status(text);
    // `Failed to load resource: REASON (led, line 0)` repeats a reason.
    if text.contains("Failed to load resource") {
        found.is_vague = false;
    }
    Some(found)
}
