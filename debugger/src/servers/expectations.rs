//! The wishes of pages at a target, and their outcomes in browsers.

use embedded_cors::browser::{Blocked, Exchange, Failure, Fetch, Received, Stage};

use super::origins::{self, Likeness, STRANGER};
use super::request::{Request, Upstream};
use super::response::{REPORTED, Response, Value};
use super::source::Place;
use super::{Server, Target};

/// The outcome of a wish in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The page gets the response.
    Works,
    /// The browser blocks the request.
    Blocked {
        /// Where it does.
        stage: Stage,
        /// The name of the failure, as [`Failure`] has it.
        failure: String,
        /// Why, in a sentence.
        reason: String,
        /// The line of the configuration that is to blame.
        place: Option<Place>,
    },
    /// It depends on what the simulation does not know.
    Unknown(String),
}

impl Outcome {
    /// Returns `works`, `blocked` or `unknown`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Blocked { .. } => "blocked",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The kind of page that has a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A page of an origin that the server admits.
    Page,
    /// A page of an origin that the configuration does not name.
    Stranger,
    /// A page of an origin that imitates an admitted one.
    LookAlike(Likeness),
    /// A page with an opaque origin, such as a sandboxed frame.
    Null,
}

/// A wish of a page: a row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A short name in lower case, such as `put-json`.
    pub id: String,
    /// The wish in words for a reader.
    pub title: String,
    /// The kind of page.
    pub who: Who,
    /// The origin of the page.
    pub origin: String,
    /// The method.
    pub method: &'static str,
    /// The header fields that the page adds.
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether the page sends cookies.
    pub credentials: bool,
    /// The status that the application answers with.
    pub upstream_status: u16,
}

/// A row of the table: a wish and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The wish.
    pub wish: Wish,
    /// Its outcome.
    pub outcome: Outcome,
    /// The answer to the preflight, if the browser sends one.
    pub preflight: Option<Response>,
    /// The answer to the request, if the browser sends it.
    pub actual: Option<Response>,
}

/// The table of a target.
#[derive(Clone, Debug)]
pub struct Table {
    /// The target.
    pub target: Target,
    /// An origin that the server admits there; `None` if none of those that were tried is admitted.
    pub page: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const AUTHORIZATION: &[(&str, &str)] = &[("Authorization", "Bearer x")];

/// Builds the table of a target.
///
/// The page is of the first candidate that the server admits; if it admits none of them, of the
/// first candidate, or of `https://app.example.com`.
pub fn table(server: &dyn Server, target: &Target, upstream: &Upstream, candidates: &[String]) -> Table {
    let admitted = admitted(server, target, upstream, candidates);
    let page = admitted
        .clone()
        .or_else(|| candidates.first().cloned())
        .unwrap_or_else(|| origins::PAGE.into());
    let mut wishes = Vec::new();
    let mut add =
        |id: &str, title: &str, who, origin: &str, method, headers, credentials, upstream_status| {
            wishes.push(Wish {
                id: id.into(),
                title: title.into(),
                who,
                origin: origin.into(),
                method,
                headers,
                credentials,
                upstream_status,
            });
        };
    let status = upstream.status;
    add("get", "GET", Who::Page, &page, "GET", &[], false, status);
    add(
        "get-credentials",
        "GET with cookies",
        Who::Page,
        &page,
        "GET",
        &[],
        true,
        status,
    );
    add(
        "post-json",
        "POST of JSON",
        Who::Page,
        &page,
        "POST",
        JSON,
        false,
        status,
    );
    add("put", "PUT", Who::Page, &page, "PUT", &[], false, status);
    add(
        "put-json-credentials",
        "PUT of JSON with cookies",
        Who::Page,
        &page,
        "PUT",
        JSON,
        true,
        status,
    );
    add("patch", "PATCH", Who::Page, &page, "PATCH", &[], false, status);
    add("delete", "DELETE", Who::Page, &page, "DELETE", &[], false, status);
    add(
        "authorization",
        "GET with Authorization",
        Who::Page,
        &page,
        "GET",
        AUTHORIZATION,
        false,
        status,
    );
    for (id, title, error) in [
        ("error-401", "reading an error 401", 401),
        ("error-404", "reading an error 404", 404),
        ("error-500", "reading an error 500", 500),
    ] {
        add(id, title, Who::Page, &page, "GET", &[], false, error);
    }
    add(
        "stranger",
        "GET by a stranger",
        Who::Stranger,
        STRANGER,
        "GET",
        &[],
        false,
        status,
    );
    add(
        "stranger-credentials",
        "GET with cookies by a stranger",
        Who::Stranger,
        STRANGER,
        "GET",
        &[],
        true,
        status,
    );
    add(
        "stranger-put",
        "PUT by a stranger",
        Who::Stranger,
        STRANGER,
        "PUT",
        &[],
        false,
        status,
    );
    for (likeness, origin) in origins::look_alikes(&page) {
        let title = format!("GET by a look-alike ({})", likeness.name());
        let id = format!("look-alike-{}", likeness.name());
        add(
            &id,
            &title,
            Who::LookAlike(likeness),
            &origin,
            "GET",
            &[],
            false,
            status,
        );
    }
    add(
        "null",
        "GET by a page with the origin null",
        Who::Null,
        "null",
        "GET",
        &[],
        false,
        status,
    );
    let rows = wishes
        .into_iter()
        .map(|wish| grant(server, target, upstream, wish))
        .collect();
    Table {
        target: target.clone(),
        page: admitted,
        rows,
    }
}

/// Returns the first candidate that the server admits at a target.
pub fn admitted(
    server: &dyn Server,
    target: &Target,
    upstream: &Upstream,
    candidates: &[String],
) -> Option<String> {
    let request = |origin: &str, method: &str| request_to(&target.url, method).with("Origin", origin);
    let admits = |answer: &Response, origin: &str| matches!(answer.value("access-control-allow-origin"), Some(value) if value == origin || value == "*");
    candidates
        .iter()
        .find(|origin| {
            let preflight = request(origin, "OPTIONS").with("Access-Control-Request-Method", "PUT");
            ["GET", "POST"]
                .iter()
                .any(|method| admits(&server.respond(&request(origin, method), upstream), origin))
                || admits(&server.respond(&preflight, upstream), origin)
        })
        .cloned()
        .or_else(|| {
            let page = origins::PAGE;
            let preflight = request(page, "OPTIONS").with("Access-Control-Request-Method", "PUT");
            [request(page, "GET"), request(page, "POST"), preflight]
                .iter()
                .any(|request| admits(&server.respond(request, upstream), page))
                .then(|| page.to_string())
        })
}

/// Creates a request for an address.
pub fn request_to(url: &str, method: &str) -> Request {
    Request::from_head(&format!("{method} {url} HTTP/1.1"))
        .unwrap_or_else(|_| Request::new(method, "localhost", "/"))
}

/// Runs a wish against the server.
pub fn grant(server: &dyn Server, target: &Target, upstream: &Upstream, wish: Wish) -> Row {
    let mut row = Row {
        wish,
        outcome: Outcome::Works,
        preflight: None,
        actual: None,
    };
    let mut upstream = upstream.clone();
    if row.wish.upstream_status != upstream.status {
        upstream.status = row.wish.upstream_status;
        upstream.files = (upstream.status == 404).then_some(false);
    }
    let wish = row.wish.clone();
    let mut fetch = Fetch::from_origin(&wish.origin)
        .method(wish.method)
        .headers(wish.headers);
    if wish.credentials {
        fetch = fetch.include_credentials();
    }
    row.outcome = match run(server, target, &upstream, &fetch, &mut row) {
        Ok(outcome) => outcome,
        Err(both) => {
            let (blocked, answer) = *both;
            let place = answer.as_ref().and_then(|answer| guilty(&blocked, answer));
            Outcome::Blocked {
                stage: blocked.stage(),
                failure: format!("{:?}", blocked.failure()),
                reason: blocked.failure().sentence().to_string(),
                place,
            }
        }
    };
    row
}

type BlockedAnswer = Box<(Blocked, Option<Response>)>;

fn run(
    server: &dyn Server,
    target: &Target,
    upstream: &Upstream,
    fetch: &Fetch<'_>,
    row: &mut Row,
) -> Result<Outcome, BlockedAnswer> {
    let mut exchange = Exchange::new(fetch, &target.url).map_err(|blocked| Box::new((blocked, None)))?;
    let mut buffer = [0; 8192];
    let first = exchange.url().to_string();
    for _ in 0..4 {
        if exchange.needs_preflight() {
            let Some(request) = exchange
                .write_preflight(&mut buffer)
                .ok()
                .and_then(|head| parse(head, exchange.url()))
            else {
                return Ok(Outcome::Unknown("the preflight is too long".into()));
            };
            let answer = server.respond(&request, upstream);
            row.preflight = Some(answer.clone());
            if let Some(reason) = undecided(&answer) {
                return Ok(Outcome::Unknown(reason));
            }
            let Some(pairs) = Pairs::of(&answer) else {
                return Ok(Outcome::Unknown(
                    "the answer to the preflight is not known".into(),
                ));
            };
            if let Ok(response) = embedded_cors::browser::Response::new(pairs.status, &pairs.fields()) {
                exchange
                    .check_preflight(&response)
                    .map_err(|blocked| Box::new((blocked, Some(answer))))?;
            }
        }
        let Some(request) = exchange
            .write_request(&mut buffer)
            .ok()
            .and_then(|head| parse(head, exchange.url()))
        else {
            return Ok(Outcome::Unknown("the request is too long".into()));
        };
        let answer = server.respond(&request, upstream);
        row.actual = Some(answer.clone());
        if let Some(reason) = undecided(&answer) {
            return Ok(Outcome::Unknown(reason));
        }
        let Some(pairs) = Pairs::of(&answer) else {
            return Ok(Outcome::Unknown("the answer is not known".into()));
        };
        let fields = pairs.fields();
        let Ok(response) = embedded_cors::browser::Response::new(pairs.status, &fields) else {
            return Ok(Outcome::Unknown(
                "the answer has a field that cannot be sent".into(),
            ));
        };
        let received = exchange.receive(&response);
        match received.map_err(|blocked| Box::new((blocked, Some(answer.clone()))))? {
            Received::Response(_) => return Ok(Outcome::Works),
            Received::Redirect => {
                let of = |url: &str| crate::url::Url::parse(url).and_then(|url| url.origin());
                if of(&first) != of(exchange.url()) {
                    return Ok(Outcome::Unknown(format!(
                        "the server redirects to {}, which is another server",
                        exchange.url()
                    )));
                }
            }
        }
    }
    Ok(Outcome::Unknown("the server redirects again and again".into()))
}

fn parse(head: &[u8], url: &str) -> Option<Request> {
    let mut request = Request::from_head(&String::from_utf8_lossy(head)).ok()?;
    if url.starts_with("https:") {
        request.scheme = "https".into();
    }
    Some(request)
}

/// Returns why an answer is not known well enough to judge it.
fn undecided(answer: &Response) -> Option<String> {
    answer
        .status
        .reason()
        .or_else(|| {
            REPORTED
                .iter()
                .filter(|name| **name != "vary" && **name != "timing-allow-origin")
                .find_map(|name| answer.unknown_reason(name))
        })
        .map(str::to_string)
}

/// The status and the known fields of an answer, as the browser's checks take them.
struct Pairs<'r> {
    status: u16,
    answer: &'r Response,
}

impl<'r> Pairs<'r> {
    fn of(answer: &'r Response) -> Option<Self> {
        Some(Self {
            status: *answer.status.known()?,
            answer,
        })
    }

    fn fields(&self) -> Vec<(&'r str, &'r str)> {
        self.answer
            .fields
            .iter()
            .filter_map(|field| match &field.value {
                Value::Known(value) => Some((field.name.as_str(), value.as_str())),
                Value::Unknown(_) => None,
            })
            .collect()
    }
}

/// Returns the line that is to blame: the line that sets the field, or, if there is none, the line
/// that decided the answer.
fn guilty(blocked: &Blocked, answer: &Response) -> Option<Place> {
    let name = match blocked.failure() {
        Failure::AllowOriginAnyWithCredentials
        | Failure::AllowOriginDiffers
        | Failure::AllowOriginRepeated => "access-control-allow-origin",
        Failure::AllowCredentialsNotTrue => "access-control-allow-credentials",
        Failure::AllowMethodsMalformed | Failure::MethodNotAllowed | Failure::AnyMethodWithCredentials => {
            "access-control-allow-methods"
        }
        Failure::AllowHeadersMalformed
        | Failure::HeaderNotAllowed
        | Failure::AnyHeaderWithCredentials
        | Failure::AuthorizationNotCovered => "access-control-allow-headers",
        _ => "",
    };
    answer
        .named(name)
        .filter_map(|field| field.place)
        .last()
        .or(answer.decided_by)
}
