//! Chromium: `Access to KIND at 'URL' (redirected from 'URL') from origin 'ORIGIN' has been blocked
//! by CORS policy: REASON`.
//!
//! The kinds are those of `cors_error_string.cc` and `cors.mojom` in Chromium's sources.

use super::{Engine, Message, Piece, first_url, quoted, until_quote};
use crate::diagnosis::Cause;
use crate::url::Url;

/// The meaning of a reason.
pub(super) struct Reason<'t> {
    cause: Cause,
    is_preflight: Option<bool>,
    /// The words by which it is recognised, with the value that they name.
    anchor: &'t str,
    detail: Option<&'t str>,
}

/// Recognises a reason by its shortest words.
pub(super) fn reason(text: &str) -> Option<Reason<'_>> {
    let found = |words: &str| text.find(words).and_then(|at| text.get(at..at + words.len()));
    let between = |lead: &str, tail: &str| {
        let (_, rest) = text.split_once(lead)?;
        rest.split(tail).next().map(str::trim)
    };
    // The value after `value `, `values ` or `is `, in quotation marks.
    let value = |lead: &str| {
        text.split_once(lead)
            .and_then(|(_, rest)| rest.strip_prefix('\''))
            .and_then(until_quote)
    };
    let is_preflight = text.contains("preflight");
    let plain = |cause, anchor, detail| Reason {
        cause,
        is_preflight: Some(is_preflight),
        anchor,
        detail,
    };
    if let Some(anchor) = found("must not be the wildcard") {
        return Some(plain(Cause::WildcardWithCredentials, anchor, Some("*")));
    }
    if let Some(anchor) = found("which must be 'true'") {
        let detail = value("in the response is ").or_else(|| value("header is "));
        let is_missing = detail == Some("");
        let cause = if is_missing {
            Cause::AllowCredentialsMissing
        } else {
            Cause::AllowCredentialsNotTrue
        };
        return Some(plain(cause, anchor, detail));
    }
    if text.contains("Allow-Origin")
        && let Some(anchor) = found("header is present")
    {
        return Some(plain(Cause::AllowOriginMissing, anchor, None));
    }
    if let Some(anchor) = found("contains multiple values") {
        let detail = value("multiple values ");
        return Some(plain(Cause::AllowOriginRepeated, anchor, detail));
    }
    if let Some(anchor) = found("contains the invalid value") {
        return Some(plain(Cause::AllowOriginInvalid, anchor, value("invalid value ")));
    }
    if let Some(anchor) = found("not equal to the supplied origin") {
        return Some(plain(Cause::AllowOriginDiffers, anchor, value("has a value ")));
    }
    if let Some(anchor) = found("HTTP ok status").or_else(|| found("invalid HTTP status code")) {
        return Some(plain(Cause::PreflightStatus, anchor, None));
    }
    if let Some(anchor) = found("Redirect is not allowed for a preflight") {
        return Some(plain(Cause::PreflightRedirect, anchor, None));
    }
    if let Some(anchor) = found("Cannot parse Access-Control-Allow-Methods") {
        return Some(plain(Cause::AllowMethodsMalformed, anchor, None));
    }
    if let Some(anchor) = found("Cannot parse Access-Control-Allow-Headers") {
        return Some(plain(Cause::AllowHeadersMalformed, anchor, None));
    }
    // WebKit says the same without the last words.
    if text.contains("preflight")
        && let Some(anchor) = found("is not allowed by Access-Control-Allow-Methods")
    {
        return Some(plain(
            Cause::MethodNotAllowed,
            anchor,
            between("Method ", " is not"),
        ));
    }
    if text.contains("preflight")
        && let Some(anchor) = found("is not allowed by Access-Control-Allow-Headers")
    {
        return Some(plain(
            Cause::HeaderNotAllowed,
            anchor,
            between("header field ", " is not"),
        ));
    }
    if let Some(anchor) = found("username and password") {
        return Some(plain(Cause::RedirectWithUser, anchor, None));
    }
    if let Some(anchor) = found("supported for protocol schemes")
        .or_else(|| found("Not allowed to load local resource"))
        .or_else(|| found("\" is not supported").filter(|_| text.contains("URL scheme \"")))
    {
        return Some(plain(Cause::SchemeNotSupported, anchor, None));
    }
    if let Some(anchor) = found("not a secure context") {
        return Some(plain(
            Cause::LocalNetworkInsecure,
            anchor,
            between("address space `", "`"),
        ));
    }
    if text.contains("address space")
        && let Some(anchor) = found("Permission was denied")
    {
        return Some(plain(Cause::LocalNetworkDenied, anchor, between("the `", "`")));
    }
    if let Some(anchor) = found("target IP address space").or_else(|| found("target address space")) {
        return Some(plain(Cause::LocalNetworkSpace, anchor, None));
    }
    // Builds that asked a device in a preflight whether a page may reach it.
    if let Some(anchor) =
        found("Access-Control-Allow-Private-Network").or_else(|| found("Access-Control-Allow-External"))
    {
        return Some(plain(Cause::LocalNetworkDenied, anchor, None));
    }
    if let Some(anchor) = found("esponse is invalid") {
        return Some(plain(Cause::InvalidResponse, anchor, None));
    }
    if let Some(anchor) = found("request mode").or_else(|| found("Request mode")) {
        return Some(plain(Cause::ModeSameOrigin, anchor, None));
    }
    None
}

pub(super) fn read(piece: &Piece<'_>) -> Option<Message> {
    let frame = piece.words("blocked by CORS policy");
    let text = match frame {
        Some(_) => piece.after("blocked by CORS policy").unwrap_or(""),
        None => piece.text,
    };
    let Some(reason) = reason(text) else {
        // A frame whose reason is missing or new.
        let frame = frame?;
        let mut message = Message::new(Some(Engine::Chromium), Cause::NoReason, piece.place(frame));
        add_frame(piece, &mut message);
        return Some(message);
    };
    let is_load = piece.text.contains("cannot load ");
    // Sentences in a guide or in a question have no frame, and count as a message without address.
    // Firefox's quote the same names; its frame goes first.
    if frame.is_none()
        && (piece.text.contains("Cross-Origin Request Blocked") || (is_weak(reason.cause) && !is_load))
    {
        return None;
    }
    let mut message = Message::new(Some(Engine::Chromium), reason.cause, piece.place(reason.anchor));
    message.is_preflight = reason.is_preflight;
    message.detail = reason.detail.map(str::to_string);
    if reason.cause == Cause::AllowOriginRepeated
        && let Some(detail) = reason.detail
    {
        // One line with different members, or two lines: the message does not tell, and equal
        // members come from two lines.
        // Nobody writes a list with `*`, so it comes from a second line, too.
        let mut members = detail.split([',', ' ']).filter(|member| !member.is_empty());
        let first = members.next();
        let is_twice = detail.split(',').any(|member| member.trim() == "*");
        if !is_twice && members.any(|member| Some(member) != first) {
            message.cause = Cause::AllowOriginList;
        }
    }
    // Older builds name the status.
    message.status = leading_status(piece.after("invalid HTTP status code ").unwrap_or(""));
    if frame.is_some() {
        add_frame(piece, &mut message);
    } else {
        message.url = first_url(piece.text);
        message.origin = quoted(piece.after("rigin").unwrap_or(""))
            .filter(|text| text.contains("://"))
            .map(Into::into);
    }
    Some(message)
}

/// Returns the status with which a text begins.
fn leading_status(text: &str) -> Option<u16> {
    text.get(..3)?.parse().ok()
}

/// Whether the words of a reason are too common to count without a frame.
const fn is_weak(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::InvalidResponse
            | Cause::ModeSameOrigin
            | Cause::LocalNetworkInsecure
            | Cause::RedirectWithUser
    )
}

fn add_frame(piece: &Piece<'_>, message: &mut Message) {
    let frame = piece.text.split("blocked by CORS policy").next().unwrap_or("");
    let named = |lead: &str| frame.split_once(lead).and_then(|(_, rest)| until_quote(rest));
    message.url = named(" at '").and_then(Url::parse);
    message.first_url = named("redirected from '").and_then(Url::parse);
    message.origin = named("from origin '").map(str::to_string);
}
