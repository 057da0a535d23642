//! The CORS fields of an answer.

use embedded_cors::browser::{Engine, Response, max_age};

/// For how many seconds browsers remember the answer to a preflight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caching {
    /// The address.
    pub url: String,
    /// The value of `Access-Control-Max-Age`, if the answer has the field.
    pub value: Option<String>,
    /// Chrome and Edge.
    pub chromium: u32,
    /// Firefox.
    pub firefox: u32,
    /// Safari.
    pub webkit: u32,
}

impl Caching {
    /// Returns what browsers make of an answer.
    pub fn of(url: &str, response: &Response<'_>) -> Self {
        let value = response.values("access-control-max-age").next();
        Self {
            url: url.into(),
            value: value.map(|value| super::exchange::printable(&String::from_utf8_lossy(value))),
            chromium: max_age(response, Engine::Chromium),
            firefox: max_age(response, Engine::Firefox),
            webkit: max_age(response, Engine::WebKit),
        }
    }
}

/// The CORS fields of an answer, and its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    /// The values of `Access-Control-Allow-Origin`, one for each line.
    pub origins: Vec<String>,
    pub credentials: Vec<String>,
    /// The members of the lists.
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    pub vary: Vec<String>,
    /// The names of fields that may stand in one line only, and stand in several.
    pub repeated: Vec<&'static str>,
    pub max_age: Option<String>,
    pub location: bool,
    pub caching: Option<Caching>,
    pub timing: bool,
}

impl Answer {
    /// Reads an answer. `None` if its head is malformed.
    pub fn read(url: &str, head: &[u8]) -> Option<Self> {
        let response = Response::from_head(head).ok()?;
        let values = |name: &str| -> Vec<String> {
            response
                .values(name)
                .map(|value| super::exchange::printable(String::from_utf8_lossy(value).trim()))
                .collect()
        };
        let list = |name: &str| -> Vec<String> {
            let mut members: Vec<String> = Vec::new();
            for value in values(name) {
                let parts = value
                    .split(',')
                    .map(str::trim)
                    .filter(|member| !member.is_empty());
                members.extend(parts.map(str::to_string));
            }
            members
        };
        let single = [
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Credentials",
            "Access-Control-Max-Age",
        ];
        Some(Self {
            status: response.status(),
            origins: values("access-control-allow-origin"),
            credentials: values("access-control-allow-credentials"),
            methods: list("access-control-allow-methods"),
            headers: list("access-control-allow-headers"),
            exposed: list("access-control-expose-headers"),
            vary: list("vary"),
            repeated: single
                .into_iter()
                .filter(|name| response.values(name).count() > 1)
                .collect(),
            max_age: values("access-control-max-age").into_iter().next(),
            location: response.values("location").next().is_some(),
            caching: Some(Caching::of(url, &response)),
            timing: response.values("timing-allow-origin").next().is_some(),
        })
    }

    /// Returns the value of `Access-Control-Allow-Origin`, if there is one line.
    pub fn origin(&self) -> Option<&str> {
        match self.origins.as_slice() {
            [origin] => Some(origin),
            _ => None,
        }
    }

    /// Returns whether a browser follows the answer to another address.
    pub fn is_redirect(&self) -> bool {
        self.location && matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// Returns whether the answer admits an origin without credentials.
    pub fn admits(&self, origin: &str) -> bool {
        self.origin().is_some_and(|value| value == "*" || value == origin)
    }

    /// Returns whether the answer allows credentials.
    pub fn allows_credentials(&self) -> bool {
        self.credentials == ["true"]
    }

    /// Returns whether caches keep the answers for different origins apart.
    pub fn varies_by_origin(&self) -> bool {
        self.vary
            .iter()
            .any(|name| name == "*" || name.eq_ignore_ascii_case("origin"))
    }
}
