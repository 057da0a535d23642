//! HAR 1.2, as Chromium, Firefox, Safari and Playwright write it:
//! <http://www.softwareishard.com/blog/har-12-spec/>.
//!
//! A file that ends too early is read up to its last complete entry, and an entry that is pasted
//! alone is read too.

use super::{Field, Format, Found, RequestHead, ResponseHead, Transfer};
use crate::json_text::Value;
use crate::secrets::json_regions;
use crate::text::Span;
use crate::url::Url;

/// Reads all HAR files of a text. Returns the places of all JSON values, which other readers leave
/// out: a body may contain anything.
pub fn scan(text: &str, found: &mut Found) -> Vec<Span> {
    let mut taken = Vec::new();
    for region in json_regions(text) {
        let value = &region.value;
        let root = value.get("log").unwrap_or(value);
        let entries = match root.get("entries") {
            Some(entries) => entries.items(),
            None if !root.items().is_empty() => root.items(),
            None => std::slice::from_ref(root),
        };
        let entries: Vec<_> = entries.iter().filter(|entry| is_entry(entry)).collect();
        if !region.is_complete && entries.is_empty() {
            continue;
        }
        let pages = root.get("pages").map_or(&[][..], Value::items);
        let creator = ["creator", "browser"]
            .into_iter()
            .filter_map(|member| root.get(member)?.get("name")?.text())
            .collect::<Vec<_>>()
            .join(" ");
        if !entries.is_empty() {
            found.add_format(Format::Har);
        }
        let is_har = !entries.is_empty();
        for entry in entries {
            found.transfers.push(transfer(text, entry, pages, &creator));
        }
        // A log may have a message of a console in a JSON value.
        let span = Span::new(value.span.start, region.end);
        let has_message = ["CORS policy", "Cross-Origin Request Blocked"]
            .iter()
            .any(|words| span.of(text).contains(words));
        if is_har || !has_message {
            taken.push(span);
        }
    }
    taken
}

fn is_entry(value: &Value) -> bool {
    let url = value.get("request").and_then(|request| request.get("url"));
    url.is_some_and(|url| url.text().is_some())
}

fn transfer(text: &str, entry: &Value, pages: &[Value], creator: &str) -> Transfer {
    let string = |value: Option<&Value>| value.and_then(Value::text).unwrap_or("").to_string();
    let request = entry.get("request");
    let url_value = request.and_then(|request| request.get("url"));
    let url = url_value.and_then(Value::text).and_then(Url::parse);
    let request_fields = fields(text, request);
    let resource = string(entry.get("_resourceType"));
    let initiator = entry
        .get("_initiator")
        .and_then(|initiator| initiator.get("type"));
    let response = entry.get("response").and_then(|response| {
        let status_value = response.get("status")?;
        let status = status_value.number()?;
        Some(ResponseHead {
            status: if (0.0..1000.0).contains(&status) {
                status as u16
            } else {
                0
            },
            fields: fields(text, Some(response)),
            span: status_value.span,
        })
    });
    // Chromium, older files, and Playwright.
    let error = ["_error", "_errorMessage", "_failureText"]
        .into_iter()
        .find_map(|name| {
            let value = entry
                .get("response")
                .and_then(|response| response.get(name))
                .or_else(|| entry.get(name))?;
            let text = value.text()?;
            (!text.is_empty()).then(|| (text.to_string(), value.span))
        });
    // Chromium and Playwright note the error of each request that failed, so one without an error
    // went well. Firefox notes none.
    let notes_errors = creator.contains("WebInspector")
        && entry
            .get("response")
            .is_some_and(|response| response.get("_error").is_some())
        || creator.contains("Playwright") && creator.contains("chromium");
    let has_status = response.as_ref().is_some_and(|response| response.status != 0);
    let has_passed = match &error {
        Some(_) => Some(false),
        None => (notes_errors && has_status).then_some(true),
    };
    Transfer {
        has_passed,
        page_origin: page_origin(entry, pages),
        is_marked_preflight: resource == "preflight" || initiator.and_then(Value::text) == Some("preflight"),
        started: entry
            .get("startedDateTime")
            .and_then(Value::text)
            .and_then(milliseconds),
        is_of_browser: true,
        request: Some(RequestHead {
            method: string(request.and_then(|request| request.get("method"))),
            url,
            fields: request_fields,
            span: url_value.map(|value| value.span),
            is_of_browser: true,
        }),
        // A status of 0 and no fields: the browser does not show the response.
        response: response.filter(|response| response.status != 0 || !response.fields.is_empty()),
        error,
        call: None,
    }
}

fn fields(text: &str, message: Option<&Value>) -> Vec<Field> {
    let headers = message
        .and_then(|message| message.get("headers"))
        .map_or(&[][..], Value::items);
    let mut fields = Vec::new();
    for header in headers {
        let (Some(name), Some(value)) = (header.get("name"), header.get("value")) else {
            continue;
        };
        let whole = name.span.to(value.span);
        let is_one_line = !whole.of(text).contains('\n');
        // Firefox joins the values of several lines with LF.
        for part in value.text().unwrap_or("").split('\n') {
            fields.push(Field {
                name: name.text().unwrap_or("").to_string(),
                value: part.trim().to_string(),
                span: if is_one_line { whole } else { value.span },
                value_span: value.span,
            });
        }
    }
    fields
}

/// The origin of the page that an entry belongs to, where its title or initiator is an address.
fn page_origin(entry: &Value, pages: &[Value]) -> Option<String> {
    let page = entry.get("pageref").and_then(Value::text)?;
    let page = pages
        .iter()
        .find(|other| other.get("id").and_then(Value::text) == Some(page))?;
    Url::parse(page.get("title").and_then(Value::text)?)?.origin()
}

/// Reads a time such as `2026-11-25T10:00:00.123Z` as milliseconds, without regard to its zone and
/// to the lengths of months: only differences within a file count.
fn milliseconds(text: &str) -> Option<f64> {
    let number =
        |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<f64>().ok());
    let days = number(0..4)? * 372.0 + number(5..7)? * 31.0 + number(8..10)?;
    let seconds = number(11..13)? * 3600.0 + number(14..16)? * 60.0 + number(17..19)?;
    let fraction: String = text
        .get(19..)?
        .strip_prefix('.')
        .unwrap_or("0")
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let fraction = format!("0.{fraction}").parse::<f64>().unwrap_or(0.0);
    Some((days * 86_400.0 + seconds + fraction) * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_fields_with_places() {
        let text = r#"{"log": {"pages": [{"id": "p", "title": "https://app.example/x"}], "entries": [{
            "pageref": "p", "startedDateTime": "2026-11-25T10:00:00.123Z", "_resourceType": "preflight",
            "request": {"method": "OPTIONS", "url": "https://api.example/led",
              "headers": [{"name": "Origin", "value": "https://app.example"}]},
            "response": {"status": 204, "headers": [{"name": "Vary", "value": "a\nb"}]}}]}}"#;
        let mut found = Found::default();
        assert_eq!(scan(text, &mut found).len(), 1);
        let transfer = &found.transfers[0];
        assert!(transfer.is_marked_preflight);
        assert_eq!(transfer.page_origin.as_deref(), Some("https://app.example"));
        let response = transfer.response.as_ref().unwrap();
        assert_eq!(response.span.of(text), "204");
        assert_eq!(response.fields.len(), 2);
        let request = transfer.request.as_ref().unwrap();
        assert_eq!(
            request.fields[0].span.of(text),
            r#"Origin", "value": "https://app.example"#
        );
    }

    #[test]
    fn a_cut_file_and_a_single_entry_are_read() {
        let entry = r#"{"request": {"method": "GET", "url": "https://a/", "headers": []},
            "response": {"status": 0, "headers": [], "_error": "net::ERR_FAILED"}}"#;
        let mut found = Found::default();
        scan(entry, &mut found);
        scan(
            &format!("{{\"log\": {{\"entries\": [{entry}, {{\"requ"),
            &mut found,
        );
        assert_eq!(found.transfers.len(), 2);
        assert!(found.transfers.iter().all(|transfer| transfer.response.is_none()));
        assert_eq!(found.transfers[0].error.as_ref().unwrap().0, "net::ERR_FAILED");
    }
}
