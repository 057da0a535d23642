//! The status of a request in the network panel of a browser's tools.
//!
//! Chromium's has `CORS error` in the column "Status", and names the check in a tooltip:
//! `Cross-Origin Resource Sharing error: MissingAllowOriginHeader`. The names are those of
//! <https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-CorsError>. Firefox's has
//! the reason in the column "Transferred": `CORS Missing Allow Origin`.

use super::{Engine, Message, Piece, first_url};
use crate::diagnosis::Cause;

/// The names of Chromium's tooltip, without `Preflight` before them.
const CHROMIUM: &[(&str, Cause)] = &[
    ("WildcardOriginNotAllowed", Cause::WildcardWithCredentials),
    ("MissingAllowOriginHeader", Cause::AllowOriginMissing),
    ("MultipleAllowOriginValues", Cause::AllowOriginRepeated),
    ("InvalidAllowOriginValue", Cause::AllowOriginInvalid),
    ("AllowOriginMismatch", Cause::AllowOriginDiffers),
    ("InvalidAllowCredentials", Cause::AllowCredentialsMissing),
    ("InvalidStatus", Cause::PreflightStatus),
    ("DisallowedRedirect", Cause::PreflightRedirect),
    (
        "InvalidAllowMethodsPreflightResponse",
        Cause::AllowMethodsMalformed,
    ),
    (
        "InvalidAllowHeadersPreflightResponse",
        Cause::AllowHeadersMalformed,
    ),
    ("MethodDisallowedByPreflightResponse", Cause::MethodNotAllowed),
    ("HeaderDisallowedByPreflightResponse", Cause::HeaderNotAllowed),
    ("RedirectContainsCredentials", Cause::RedirectWithUser),
    ("CorsDisabledScheme", Cause::SchemeNotSupported),
    ("DisallowedByMode", Cause::ModeSameOrigin),
    ("NoCorsRedirectModeNotFollow", Cause::ModeSameOrigin),
    ("InvalidResponse", Cause::InvalidResponse),
    ("InsecureLocalNetwork", Cause::LocalNetworkInsecure),
    ("InsecurePrivateNetwork", Cause::LocalNetworkInsecure),
    ("InvalidLocalNetworkAccess", Cause::LocalNetworkSpace),
    ("InvalidPrivateNetworkAccess", Cause::LocalNetworkSpace),
    ("UnexpectedPrivateNetworkAccess", Cause::LocalNetworkDenied),
    ("LocalNetworkAccessPermissionDenied", Cause::LocalNetworkDenied),
    ("PrivateNetworkAccessPermissionDenied", Cause::LocalNetworkDenied),
];

/// The whole cells of Firefox, and whether each is about the preflight; `None` if it may be.
const FIREFOX: &[(&str, Cause, Option<bool>)] = &[
    ("CORS disabled", Cause::CorsDisabled, None),
    ("CORS Failed", Cause::NetworkFailure, None),
    ("CORS Not HTTP", Cause::SchemeNotSupported, None),
    (
        "CORS Multiple Origin Not Allowed",
        Cause::AllowOriginRepeated,
        None,
    ),
    ("CORS Missing Allow Origin", Cause::AllowOriginMissing, None),
    ("CORS No Allow Credentials", Cause::WildcardWithCredentials, None),
    (
        "CORS Allow Origin Not Matching Origin",
        Cause::AllowOriginDiffers,
        None,
    ),
    (
        "CORS Missing Allow Credentials",
        Cause::AllowCredentialsMissing,
        None,
    ),
    ("CORS Origin Header Missing", Cause::OriginNotAdded, None),
    (
        "CORS External Redirect Not Allowed",
        Cause::PreflightRedirect,
        Some(true),
    ),
    (
        "CORS Preflight Did Not Succeed",
        Cause::PreflightStatus,
        Some(true),
    ),
    (
        "CORS Invalid Allow Method",
        Cause::AllowMethodsMalformed,
        Some(true),
    ),
    ("CORS Method Not Found", Cause::MethodNotAllowed, Some(true)),
    (
        "CORS Invalid Allow Header",
        Cause::AllowHeadersMalformed,
        Some(true),
    ),
    ("CORS Missing Allow Header", Cause::HeaderNotAllowed, Some(true)),
];

/// The remark on Chromium's status without its tooltip.
const CORS_ERROR: &str = "CORS blocked it; the tooltip of this cell names the check";

/// Reads a line of the panel, or the text of its tooltip.
pub(super) fn read(piece: &Piece<'_>) -> Option<Message> {
    let mut message = tooltip(piece).or_else(|| cell(piece))?;
    message.url = first_url(piece.text);
    // A message of the console about the same request says more.
    message.is_vague = true;
    Some(message)
}

fn tooltip(piece: &Piece<'_>) -> Option<Message> {
    const LEAD: &str = "cross-origin resource sharing error: ";
    let at = crate::text::find_ignore_case(piece.text, LEAD, 0)? + LEAD.len();
    let rest = piece.text.get(at..)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
    let name = rest.get(..end.unwrap_or(rest.len()))?;
    let place = piece.place(name);
    let of_preflight = name.strip_prefix("Preflight");
    let is_known = |(known, _): &&(&str, Cause)| *known == of_preflight.unwrap_or(name);
    let Some((_, cause)) = CHROMIUM.iter().find(is_known) else {
        return (!name.is_empty()).then(|| without_name(piece, name));
    };
    let mut message = Message::new(Some(Engine::Chromium), *cause, place);
    message.is_preflight = Some(name.contains("Preflight"));
    Some(message)
}

/// Reads a cell that stands alone in its line, or between others. The words in a sentence are not
/// a cell.
fn cell(piece: &Piece<'_>) -> Option<Message> {
    let after_name = |cell: &&str| {
        ["Status Code:", "Status:"]
            .iter()
            .any(|name| piece.text.trim().strip_prefix(name).map(str::trim) == Some(*cell))
    };
    let cells = |words: &'static str| {
        piece
            .words(words)
            .filter(|cell| is_cell(piece.text, cell) || after_name(cell))
    };
    if let Some(words) = cells("CORS error") {
        return Some(without_name(piece, words));
    }
    let (words, cause, is_preflight) = FIREFOX
        .iter()
        .find_map(|(words, cause, is_preflight)| Some((cells(words)?, *cause, *is_preflight)))?;
    let mut message = Message::new(Some(Engine::Firefox), cause, piece.place(words));
    message.is_preflight = is_preflight;
    Some(message)
}

/// Returns whether a part of a line is a whole cell: the line's ends or the gaps of a table are
/// around it.
fn is_cell(text: &str, part: &str) -> bool {
    let Some((before, after)) = text.split_once(part) else {
        return false;
    };
    // A tab has become a blank by now, so the cell before it has to be known, or be a single word.
    let is_before = before.trim().is_empty() || before.ends_with("  ") || is_row(before, after);
    let is_after = after.trim().is_empty() || after.starts_with("  ") || is_row(before, after);
    is_before && is_after
}

/// Returns whether what stands around a status is the rest of a row: a name, and a type.
fn is_row(before: &str, after: &str) -> bool {
    const TYPES: &[&str] = &[
        "fetch",
        "xhr",
        "preflight",
        "script",
        "font",
        "stylesheet",
        "png",
        "jpeg",
        "svg+xml",
        "json",
        "text/html",
        "other",
        "eventsource",
    ];
    let kind = after.trim().split(' ').next().unwrap_or("");
    before.trim().split(' ').count() == 1 && TYPES.contains(&kind)
}

fn without_name(piece: &Piece<'_>, words: &str) -> Message {
    let mut message = Message::new(Some(Engine::Chromium), Cause::NoReason, piece.place(words));
    message.remark = Some(CORS_ERROR);
    message
}
