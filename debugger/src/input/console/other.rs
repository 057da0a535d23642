//! Messages that look like CORS and are not: network errors, Content Security Policy, mixed
//! content, and messages of tools. And the lines that say nothing, such as
//! `TypeError: Failed to fetch`.

use super::{Engine, Message, Piece, first_url, until_quote};
use crate::diagnosis::Cause;
use crate::url::Url;

/// Words that decide alone, whatever else the message says.
const FIRST: &[(&str, Option<Engine>, Cause)] = &[
    (
        "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS",
        Some(Engine::Chromium),
        Cause::LocalNetworkDenied,
    ),
    (
        "ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS",
        Some(Engine::Chromium),
        Cause::LocalNetworkDenied,
    ),
    (
        "ERR_BLOCKED_BY_RESPONSE",
        Some(Engine::Chromium),
        Cause::ResourcePolicy,
    ),
    ("ERR_BLOCKED_BY_ORB", Some(Engine::Chromium), Cause::OpaqueBlocked),
    (
        "ERR_BLOCKED_BY_CLIENT",
        Some(Engine::Chromium),
        Cause::BlockedByExtension,
    ),
    (
        "ERR_BLOCKED_BY_ADMINISTRATOR",
        Some(Engine::Chromium),
        Cause::BlockedByExtension,
    ),
    (
        "ERR_BLOCKED_BY_CSP",
        Some(Engine::Chromium),
        Cause::ContentSecurityPolicy,
    ),
    ("ERR_NAME_NOT_RESOLVED", Some(Engine::Chromium), Cause::DnsFailure),
    (
        "ERR_NAME_RESOLUTION_FAILED",
        Some(Engine::Chromium),
        Cause::DnsFailure,
    ),
    (
        "ERR_CONNECTION_REFUSED",
        Some(Engine::Chromium),
        Cause::ConnectionRefused,
    ),
    (
        "ERR_ADDRESS_UNREACHABLE",
        Some(Engine::Chromium),
        Cause::ConnectionRefused,
    ),
    ("ERR_CERT_", Some(Engine::Chromium), Cause::TlsFailure),
    ("ERR_SSL_", Some(Engine::Chromium), Cause::TlsFailure),
    (
        "ERR_BAD_SSL_CLIENT_AUTH_CERT",
        Some(Engine::Chromium),
        Cause::TlsFailure,
    ),
    ("ERR_CONNECTION_", Some(Engine::Chromium), Cause::ConnectionLost),
    (
        "ERR_EMPTY_RESPONSE",
        Some(Engine::Chromium),
        Cause::ConnectionLost,
    ),
    ("ERR_TIMED_OUT", Some(Engine::Chromium), Cause::ConnectionLost),
    (
        "ERR_HTTP2_PROTOCOL_ERROR",
        Some(Engine::Chromium),
        Cause::ConnectionLost,
    ),
    (
        "ERR_QUIC_PROTOCOL_ERROR",
        Some(Engine::Chromium),
        Cause::ConnectionLost,
    ),
    (
        "ERR_INTERNET_DISCONNECTED",
        Some(Engine::Chromium),
        Cause::NetworkFailure,
    ),
    (
        "ERR_NETWORK_CHANGED",
        Some(Engine::Chromium),
        Cause::NetworkFailure,
    ),
    ("NS_ERROR_UNKNOWN_HOST", Some(Engine::Firefox), Cause::DnsFailure),
    (
        "NS_ERROR_CONNECTION_REFUSED",
        Some(Engine::Firefox),
        Cause::ConnectionRefused,
    ),
    ("NS_ERROR_NET_", Some(Engine::Firefox), Cause::ConnectionLost),
    ("SEC_ERROR_", Some(Engine::Firefox), Cause::TlsFailure),
    ("SSL_ERROR_", Some(Engine::Firefox), Cause::TlsFailure),
    ("MOZILLA_PKIX_ERROR", Some(Engine::Firefox), Cause::TlsFailure),
    (
        "blocked due to its Cross-Origin-Resource-Policy",
        Some(Engine::Firefox),
        Cause::ResourcePolicy,
    ),
    (
        "Cross-Origin-Resource-Policy response header",
        Some(Engine::WebKit),
        Cause::ResourcePolicy,
    ),
    (
        "blocked due to its Cross-Origin-Embedder-Policy",
        Some(Engine::Firefox),
        Cause::ResourcePolicy,
    ),
    (
        "OpaqueResponseBlocking",
        Some(Engine::Firefox),
        Cause::OpaqueBlocked,
    ),
    ("mixed active content", Some(Engine::Firefox), Cause::MixedContent),
    (
        "mixed display content",
        Some(Engine::Firefox),
        Cause::MixedContent,
    ),
    ("Mixed Content: ", Some(Engine::Chromium), Cause::MixedContent),
    (
        "requested insecure content",
        Some(Engine::WebKit),
        Cause::MixedContent,
    ),
    ("run insecure content", Some(Engine::WebKit), Cause::MixedContent),
    (
        "display insecure content",
        Some(Engine::WebKit),
        Cause::MixedContent,
    ),
    ("Refused to get unsafe header", None, Cause::HeaderNotExposed),
    ("ERR_UNSAFE_PORT", Some(Engine::Chromium), Cause::NetworkFailure),
    (
        "Not allowed to use restricted network port",
        Some(Engine::WebKit),
        Cause::NetworkFailure,
    ),
    (
        "from frame with URL",
        Some(Engine::Chromium),
        Cause::ModeSameOrigin,
    ),
    (
        "Domains, protocols and ports must match",
        Some(Engine::WebKit),
        Cause::ModeSameOrigin,
    ),
    (
        "cannot be accessed from origin",
        Some(Engine::Chromium),
        Cause::ModeSameOrigin,
    ),
    (
        "may not load data from",
        Some(Engine::Firefox),
        Cause::ModeSameOrigin,
    ),
    (
        "may not load or link to file:",
        Some(Engine::Firefox),
        Cause::SchemeNotSupported,
    ),
    (
        "is unsupported in no-cors mode",
        Some(Engine::Chromium),
        Cause::ModeSameOrigin,
    ),
    (
        "HEAD in no-cors mode",
        Some(Engine::WebKit),
        Cause::ModeSameOrigin,
    ),
    (
        "HTTP method is unsupported",
        Some(Engine::Chromium),
        Cause::MethodForbidden,
    ),
    (
        "Invalid request method ",
        Some(Engine::Firefox),
        Cause::MethodForbidden,
    ),
    (
        "Method is forbidden.",
        Some(Engine::WebKit),
        Cause::MethodForbidden,
    ),
];

/// Words of tools, each a cause.
const TOOLS: &[(&str, Cause)] = &[
    ("Could not resolve host", Cause::DnsFailure),
    ("unable to resolve host", Cause::DnsFailure),
    ("getaddrinfo ENOTFOUND", Cause::DnsFailure),
    ("Name or service not known", Cause::DnsFailure),
    ("could not be found (NSURLErrorDomain", Cause::DnsFailure),
    (
        "A server with the specified hostname could not be found",
        Cause::DnsFailure,
    ),
    ("SSL certificate problem", Cause::TlsFailure),
    ("SSL peer certificate", Cause::TlsFailure),
    ("certificate verify failed", Cause::TlsFailure),
    ("ERROR: cannot verify", Cause::TlsFailure),
    ("no alternative certificate subject name", Cause::TlsFailure),
    ("The certificate for this server is invalid", Cause::TlsFailure),
    ("SSL_connect", Cause::TlsFailure),
    ("TLS connect error", Cause::TlsFailure),
    ("ECONNREFUSED", Cause::ConnectionRefused),
    ("Connection refused", Cause::ConnectionRefused),
    ("Could not connect to the server", Cause::ConnectionRefused),
    ("Couldn't connect to server", Cause::ConnectionRefused),
    ("Empty reply from server", Cause::ConnectionLost),
    ("Connection reset by peer", Cause::ConnectionLost),
    ("ECONNRESET", Cause::ConnectionLost),
    ("Operation timed out", Cause::ConnectionLost),
    ("Connection timed out", Cause::ConnectionLost),
    ("The network connection was lost", Cause::ConnectionLost),
    ("The request timed out", Cause::ConnectionLost),
];

/// Reads messages that are not about CORS, although some name it.
pub(super) fn read_first(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    if let Some((words, engine, cause)) = FIRST.iter().find(|(words, ..)| text.contains(words)) {
        let anchor = anchor_of(piece, words)?;
        let mut message = Message::new(*engine, *cause, piece.place(anchor));
        // Of two addresses, the second is that of the request, except in network errors.
        let after = text.split_once(anchor).map_or("", |(_, after)| after);
        let requested = after.split_once("requested an insecure").map(|(_, rest)| rest);
        message.url = requested
            .and_then(first_url)
            .or_else(|| match cause {
                // `Content at PAGE may not load data from ADDRESS`.
                Cause::MixedContent | Cause::ModeSameOrigin => first_url(after),
                _ => None,
            })
            .or_else(|| first_url(text));
        add_method(piece, &mut message);
        if *cause == Cause::HeaderNotExposed {
            message.detail = after.split(['"', '\'']).nth(1).map(str::to_string);
            message.url = None;
        }
        return Some(message);
    }
    content_security_policy(piece)
        .or_else(|| same_site(piece))
        .or_else(|| socket(piece))
}

/// Reads that a WebSocket or an event stream failed, which the browser says without a reason.
fn socket(piece: &Piece<'_>) -> Option<Message> {
    let (engine, words) = [
        (Engine::Firefox, "establish a connection to the server at"),
        (Engine::Chromium, "WebSocket connection to"),
    ]
    .into_iter()
    .find_map(|(engine, words)| Some((engine, piece.words(words)?)))?;
    if engine == Engine::Chromium && !piece.text.contains("failed") {
        return None;
    }
    let url = first_url(piece.text);
    // An event stream has a line with the reason, too.
    let is_socket = url
        .as_ref()
        .and_then(|url| url.scheme.as_deref())
        .is_some_and(|scheme| scheme.starts_with("ws"));
    let cause = if is_socket {
        Cause::NetworkFailure
    } else {
        Cause::NoReason
    };
    let mut message = Message::new(Some(engine), cause, piece.place(words));
    message.url = url;
    message.is_vague = true;
    Some(message)
}

/// Returns the whole word that an anchor begins, such as `ERR_CERT_DATE_INVALID`.
fn anchor_of<'p>(piece: &Piece<'p>, words: &str) -> Option<&'p str> {
    let at = piece.text.find(words)?;
    let rest = piece.text.get(at..)?;
    let more = rest.get(words.len()..)?;
    let is_code = words
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit());
    let extra = if is_code {
        more.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(more.len())
    } else {
        0
    };
    rest.get(..words.len() + extra)
        .map(|anchor| anchor.trim_end_matches('.'))
}

fn content_security_policy(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    let anchor = piece
        .words("Content Security Policy")
        .or_else(|| piece.words("Content-Security-Policy"))
        .or_else(|| piece.words("content security policy"))?;
    let is_refusal = [
        "violates",
        "does not appear",
        "blocked the loading",
        "Refused to connect",
        "blocked",
    ]
    .iter()
    .any(|words| text.contains(words));
    if !is_refusal
        || text
            .trim_start_matches(['<', '>', ' '])
            .starts_with("Content-Security-Policy: default-src")
    {
        return None;
    }
    let engine = if text.contains("page's settings") {
        Engine::Firefox
    } else if text.contains("does not appear in the") {
        Engine::WebKit
    } else {
        Engine::Chromium
    };
    let mut message = Message::new(Some(engine), Cause::ContentSecurityPolicy, piece.place(anchor));
    message.url = first_url(text);
    Some(message)
}

fn same_site(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    let anchor = piece.words("SameSite")?;
    let is_cookie = text.contains("ookie");
    let is_refusal = ["rejected", "blocked", "will be soon", "was not sent", "not set"]
        .iter()
        .any(|words| text.contains(words));
    if !is_cookie || !is_refusal {
        return None;
    }
    let engine = if text.contains("Cookie \"") {
        Engine::Firefox
    } else {
        Engine::Chromium
    };
    let mut message = Message::new(Some(engine), Cause::SameSiteCookie, piece.place(anchor));
    message.url = first_url(text);
    Some(message)
}

/// Reads messages of tools, and lines that say only that something failed.
pub(super) fn read(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    // `* connect to 127.0.0.1 port 1 failed: Connection refused` is repeated in curl's last line.
    let is_note = text.trim_start().starts_with("* ") || text.contains("--:--:--");
    if !is_note && let Some((words, cause)) = TOOLS.iter().find(|(words, _)| text.contains(words)) {
        let anchor = piece.words(words)?;
        let mut message = Message::new(None, *cause, piece.place(anchor));
        message.url = first_url(text);
        // Safari repeats the reason in this line.
        message.is_vague = text.contains("Failed to load resource");
        return Some(message);
    }
    if !is_note && text.contains("Failed to connect to ") && text.contains(" port ") {
        let anchor = piece.words("Failed to connect")?;
        return Some(Message::new(None, Cause::ConnectionRefused, piece.place(anchor)));
    }
    if let Some(anchor) = piece.words("net::ERR_FAILED") {
        // `PUT https://api.example/led net::ERR_FAILED 405 (Method Not Allowed)`
        let mut message = Message::new(Some(Engine::Chromium), Cause::NoReason, piece.place(anchor));
        let (before, after) = text.split_once(anchor)?;
        message.url = first_url(before);
        message.status = after.trim_start().get(..3).and_then(|digits| digits.parse().ok());
        message.remark = Some("net::ERR_FAILED says nothing about CORS; many failures have this name");
        message.is_vague = true;
        add_method(piece, &mut message);
        return Some(message);
    }
    if let Some(message) = failed_options(piece) {
        return Some(message);
    }
    const SCRIPT: &[(&str, Option<Engine>)] = &[
        ("TypeError: Failed to fetch", Some(Engine::Chromium)),
        (
            "NetworkError when attempting to fetch resource",
            Some(Engine::Firefox),
        ),
        ("TypeError: Load failed", Some(Engine::WebKit)),
        ("AxiosError: Network Error", None),
        ("Error: Network Error", None),
        ("ERR_NETWORK", None),
        ("Network request failed", None),
        // Flutter.
        ("XMLHttpRequest error.", None),
        (": 0 Unknown Error", None),
    ];
    let (words, engine) = SCRIPT.iter().find(|(words, _)| text.contains(words))?;
    let mut message = Message::new(*engine, Cause::NoReason, piece.place(piece.words(words)?));
    message.is_vague = true;
    Some(message)
}

/// Reads a sentence or a line of a log that says which status `OPTIONS` got.
fn failed_options(piece: &Piece<'_>) -> Option<Message> {
    let text = piece.text;
    if text.len() > 500 || text.starts_with(['>', '<', '*']) {
        return None;
    }
    let words = piece.words("OPTIONS")?;
    let after = piece.after("OPTIONS")?;
    let status = after
        .split(|c: char| c.is_whitespace() || c == '.' || c == ',')
        .filter(|word| word.len() == 3)
        .find_map(|word| {
            word.parse::<u16>()
                .ok()
                .filter(|status| (300..600).contains(status))
        })?;
    let mut message = Message::new(
        None,
        crate::diagnosis::cause_of_preflight_status(status),
        piece.place(words),
    );
    message.is_preflight = Some(true);
    message.status = Some(status);
    message.url = first_url(after);
    Some(message)
}

/// Finds the method before the address in a line of Chromium.
fn add_method(piece: &Piece<'_>, message: &mut Message) {
    const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let before = piece.text.split("://").next().unwrap_or("");
    let word = before.split_whitespace().rev().nth(1);
    message.method = word.filter(|word| METHODS.contains(word)).map(str::to_string);
    if message.url.is_none() {
        message.url = until_quote(piece.text).and_then(|text| Url::parse(text.trim()));
    }
}
