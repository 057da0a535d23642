//! Checks that a browser agrees with a verdict when it gets the bytes that were written for it.
//!
//! A request is allowed if and only if the browser of [`embedded_cors::browser`] accepts the
//! answer: for a fetch without credentials, and for one with credentials if the policy allows them.

use embedded_cors::RequestKind;
use embedded_cors::browser::{Fetch, Response};

use super::Outcome;

/// The values of the CORS fields of a request, one for each field line. They can be any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub origins: Vec<Vec<u8>>,
    pub methods: Vec<Vec<u8>>,
    pub lists: Vec<Vec<u8>>,
}

pub const ORIGIN: &str = "origin";
pub const REQUEST_METHOD: &str = "access-control-request-method";
pub const REQUEST_HEADERS: &str = "access-control-request-headers";

impl Asked {
    /// Returns the names and values.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let origins = self.origins.iter().map(|value| (ORIGIN, &value[..]));
        let methods = self.methods.iter().map(|value| (REQUEST_METHOD, &value[..]));
        let lists = self.lists.iter().map(|value| (REQUEST_HEADERS, &value[..]));
        origins.chain(methods).chain(lists)
    }

    /// Returns the head of the request. LF would end a line, so it is replaced in the values.
    pub fn head(&mut self) -> Vec<u8> {
        for value in [&mut self.origins, &mut self.methods, &mut self.lists]
            .into_iter()
            .flatten()
        {
            value
                .iter_mut()
                .filter(|byte| **byte == b'\n')
                .for_each(|byte| *byte = b'?');
        }
        let mut head = format!("{} / HTTP/1.1\r\n", self.method).into_bytes();
        for (name, value) in self.fields() {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// Returns the origins of pages that may get the answer. Those of the pages that may have sent
    /// the request come with true. Another one, to which a cache may give the answer, comes with
    /// false. Malformed values are left out, since they are not the origin of any page.
    fn pages(&self) -> Vec<(String, bool)> {
        let sent = self.origins.iter().map(|value| (text(value), true));
        let other = [("https://another-page.example".to_string(), false)];
        sent.chain(other)
            .filter(|(page, _)| Fetch::from_origin(page).check_page().is_ok())
            .collect()
    }

    /// Returns the requested methods, or `None` if no browser asks for one of them: a browser asks
    /// for a token, which it writes in upper case if Fetch converts the method.
    fn browser_methods(&self) -> Option<Vec<String>> {
        let methods: Vec<String> = self.methods.iter().map(|value| text(value)).collect();
        let is_sent = |method: &String| {
            let fetch = Fetch::from_origin("null").method(method);
            fetch.check_page().is_ok() && fetch.normalized_method() == method
        };
        methods.iter().all(is_sent).then_some(methods)
    }

    /// Returns the requested names, or `None` if no browser asks for them.
    fn browser_names(&self) -> Option<Vec<String>> {
        let names: Vec<String> = self
            .lists
            .iter()
            .flat_map(|list| list.split(|&byte| byte == b','))
            .map(text)
            .filter(|name| !name.is_empty())
            .collect();
        let is_sent = |name: &String| {
            let headers = [(name.as_str(), UNSAFE_VALUE)];
            let fetch = Fetch::from_origin("null").headers(&headers);
            fetch.check_page().is_ok() && fetch.unsafe_names().next().is_some()
        };
        names.iter().all(is_sent).then_some(names)
    }
}

/// Returns a value as text, without the white space around it.
fn text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_matches([' ', '\t']).to_string()
}

/// A value with which every header needs a preflight: a safelisted value has at most 128 bytes.
const UNSAFE_VALUE: &str = match core::str::from_utf8(&[b'a'; 129]) {
    Ok(text) => text,
    Err(_) => "",
};

/// Checks the outcome of a request.
///
/// # Panics
///
/// Panics if the browser does not agree with the verdict.
pub fn check_agreement(asked: &Asked, outcome: &Outcome, allows_credentials: bool) {
    let is_allowed = outcome.verdict == "allowed";
    let (is_preflight, head) = match outcome.kind {
        RequestKind::Preflight => (true, outcome.bytes.clone()),
        RequestKind::Actual => (false, format!("HTTP/1.1 200 OK\r\n{}\r\n", outcome.bytes)),
        // A request without `Origin` does not have a verdict that could be compared.
        RequestKind::NotCors => return,
    };
    let response = Response::from_head(head.as_bytes()).expect("the answer is the head of a response");
    let accepts = |fetch: &Fetch<'_>| {
        if is_preflight {
            fetch
                .check_preflight(&response)
                .map_err(|blocked| blocked.to_string())
        } else {
            let accepted = fetch.check_response(&response);
            accepted.map(|_| ()).map_err(|blocked| blocked.to_string())
        }
    };
    let check = |fetch: Fetch<'_>, expected: bool| {
        let mut fetches = vec![fetch, fetch.use_cors_preflight()];
        if allows_credentials {
            fetches.extend([
                fetch.include_credentials(),
                fetch.use_cors_preflight().include_credentials(),
            ]);
        }
        for fetch in fetches {
            let verdict = accepts(&fetch);
            assert_eq!(
                verdict.is_ok(),
                expected,
                "the browser (left: {verdict:?}) to {fetch:?}, the decision (right) {outcome:?}: {asked:?}"
            );
        }
    };

    // A page whose origin was not sent may read the answer if and only if every page may.
    let everyone = response.values("access-control-allow-origin").eq([b"*"]);
    let pages = asked.pages();
    let expected = |is_sent: bool| is_allowed && (is_sent || everyone);

    if !is_preflight {
        for (page, is_sent) in &pages {
            check(Fetch::from_origin(page), expected(*is_sent));
        }
        return;
    }
    // After a refusal that is not about the method or a header, nothing is accepted, whatever the
    // page asks for.
    let by_lists = [
        "method_not_allowed",
        "header_not_allowed",
        "authorization_not_covered",
    ];
    if !is_allowed && !by_lists.iter().any(|reason| outcome.verdict.contains(reason)) {
        pages
            .iter()
            .for_each(|(page, _)| check(Fetch::from_origin(page), false));
    }
    let (Some(methods), Some(names)) = (asked.browser_methods(), asked.browser_names()) else {
        return;
    };
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), UNSAFE_VALUE)).collect();
    for (page, is_sent) in &pages {
        for method in &methods {
            let fetch = Fetch::from_origin(page).method(method).headers(&headers);
            check(fetch, expected(*is_sent));
        }
    }
}
