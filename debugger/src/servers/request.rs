//! The request to a simulated server, and the answer of the application that it passes it on to.

/// A request to a simulated server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `http` or `https`: how the client speaks to the server.
    pub scheme: String,
    /// The method, as the client writes it.
    pub method: String,
    /// The path and the query, as the client writes them.
    pub target: String,
    /// The version, such as `HTTP/1.1`.
    pub version: String,
    /// The field lines in their order.
    pub fields: Vec<(String, String)>,
    /// The address of the client.
    pub remote: String,
    /// The port at which the server accepted the request; `None` if it is not known.
    pub port: Option<u16>,
}

impl Request {
    /// Creates a request of this method for this path, with `Host` and without other fields.
    pub fn new(method: &str, host: &str, target: &str) -> Self {
        Self {
            scheme: "http".into(),
            method: method.into(),
            target: target.into(),
            version: "HTTP/1.1".into(),
            fields: vec![("Host".into(), host.into())],
            remote: "127.0.0.1".into(),
            port: None,
        }
    }

    /// Returns the same request with one more field line.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Reads the head of a request, with LF or CRLF; an empty line at its end is optional. A target
    /// with a scheme and a host, such as `https://api.example.com/led`, gives the scheme and, if
    /// there is no `Host`, the host.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the line that cannot be read, and says what to write.
    pub fn from_head(head: &str) -> Result<Self, String> {
        let (first, fields) = read_head(head)?;
        let mut words = first.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(format!(
                "the first line {first:?} of the request is not a request line; write METHOD PATH HTTP/1.1"
            ));
        };
        let mut request = Self::new(method, "", "/");
        request.fields = fields;
        request.version = words.next().unwrap_or("HTTP/1.1").into();
        match crate::url::Url::parse(target) {
            Some(url) => {
                let mut host = url.host.clone();
                if let Some(port) = url.port {
                    host = format!("{host}:{port}");
                }
                request.scheme = url.scheme.unwrap_or_else(|| "http".into());
                request.target = url.path;
                if request.field("host").is_none() {
                    request.fields.insert(0, ("Host".into(), host));
                }
            }
            None if target.starts_with('/') || target == "*" => request.target = target.into(),
            None => {
                return Err(format!(
                    "the target {target:?} of the request is not a path; write a path that begins with a slash, or a whole address"
                ));
            }
        }
        Ok(request)
    }

    /// Returns the value of the first field line with this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or("")
    }

    /// Returns the query without its question mark; an empty text if there is none.
    pub fn query(&self) -> &str {
        let target = self.target.split('#').next().unwrap_or("");
        target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns whether a browser sends such a request as a preflight.
    pub fn is_preflight(&self) -> bool {
        self.method == "OPTIONS"
            && self.field("origin").is_some()
            && self.field("access-control-request-method").is_some()
    }
}

/// The surroundings of a server: the answer of the application that it passes requests on to, and
/// whether files exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The status of the answer.
    pub status: u16,
    /// The field lines of the answer.
    pub fields: Vec<(String, String)>,
    /// Whether the files exist that the server looks for. `None` means that it is not known: a
    /// server that only serves files is taken to find them, and a choice between a file and
    /// something else has both outcomes.
    pub files: Option<bool>,
    /// Whether the answer was given, so that a choice between a file and the application is one
    /// for the application.
    pub is_given: bool,
}

impl Default for Upstream {
    /// An application that answers every request with 200 and without a field that matters.
    fn default() -> Self {
        Self {
            status: 200,
            fields: Vec::new(),
            files: None,
            is_given: false,
        }
    }
}

impl Upstream {
    /// Reads the head of a response. A status of 404 also means that no file exists.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the line that cannot be read, and says what to write.
    pub fn from_head(head: &str) -> Result<Self, String> {
        let (first, fields) = read_head(head)?;
        let mut words = first.split_whitespace();
        let first_word = words.next().unwrap_or("");
        let digits = if first_word.starts_with("HTTP/") {
            words.next().unwrap_or("")
        } else {
            first_word
        };
        let status = digits.parse().ok().filter(|status| (200..=599).contains(status));
        let Some(status) = status else {
            return Err(format!(
                "the first line {first:?} of the upstream's answer is not a status line; write HTTP/1.1 and a status from 200 to 599"
            ));
        };
        Ok(Self {
            status,
            fields,
            files: (status == 404).then_some(false),
            is_given: true,
        })
    }

    /// Returns the values of the field lines with this name.
    pub fn values<'u>(&'u self, name: &'u str) -> impl Iterator<Item = &'u str> {
        self.fields
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Reads a field line such as `Vary: Origin`.
///
/// # Errors
///
/// Returns a sentence that says what is wrong with it.
pub fn read_field(line: &str) -> Result<(String, String), String> {
    match line.split_once(':') {
        Some((name, value)) if !name.is_empty() && name.bytes().all(is_tchar) => {
            Ok((name.into(), value.trim_matches([' ', '\t']).into()))
        }
        _ => Err(format!(
            "{line:?} is not a field line; write NAME: VALUE, such as Origin: https://app.example.com"
        )),
    }
}

type Head<'h> = (&'h str, Vec<(String, String)>);

fn read_head(head: &str) -> Result<Head<'_>, String> {
    let mut lines = head.trim_start_matches(['\r', '\n']).lines();
    let first = lines.next().unwrap_or("");
    let mut fields = Vec::new();
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        fields.push(read_field(line)?);
    }
    Ok((first, fields))
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let request = Request::from_head(
            "OPTIONS /a?b=c HTTP/1.1\r\nHost: h\r\nOrigin:  https://x.example \r\n\r\nbody",
        )
        .unwrap();
        assert_eq!((request.path(), request.query()), ("/a", "b=c"));
        assert_eq!(request.field("ORIGIN"), Some("https://x.example"));
        assert!(!request.is_preflight());
        let request = Request::from_head("GET https://api.example.com:8443/led HTTP/1.1").unwrap();
        assert_eq!(request.scheme, "https");
        assert_eq!(request.field("host"), Some("api.example.com:8443"));
        assert!(Request::from_head("GET").unwrap_err().contains("request line"));
        assert!(
            Request::from_head("GET / HTTP/1.1\nno field")
                .unwrap_err()
                .contains("field line")
        );
    }

    #[test]
    fn answers_of_upstreams_are_read() {
        let upstream = Upstream::from_head("HTTP/1.1 404 Not Found\nVary: Origin\nVary: Accept").unwrap();
        assert_eq!((upstream.status, upstream.files), (404, Some(false)));
        assert_eq!(upstream.values("vary").collect::<Vec<_>>(), ["Origin", "Accept"]);
        assert_eq!(Upstream::from_head("503").unwrap().status, 503);
        assert!(Upstream::from_head("GET / HTTP/1.1").is_err());
    }
}
