//! `httparse`: a parsed request is a [`Request`].

use crate::Request;

impl<'r> From<&httparse::Request<'_, 'r>> for Request<'r> {
    /// Takes the method and the fields. If `httparse` has seen only a part of the head, decide with
    /// [`decide_error_reply`](crate::Policy::decide_error_reply) or not at all: what it has not seen, CORS has not either.
    fn from(parsed: &httparse::Request<'_, 'r>) -> Self {
        let fields = parsed.headers.iter().map(|header| (header.name, header.value));
        Self::from_fields(parsed.method.unwrap_or(""), fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Policy};

    #[test]
    fn a_parsed_request_is_a_request() {
        let head = b"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n\
                     Access-Control-Request-Method: PUT\r\n\r\n";
        let mut headers = [httparse::EMPTY_HEADER; 4];
        let mut parsed = httparse::Request::new(&mut headers);
        assert!(parsed.parse(head).unwrap().is_complete());
        let request = Request::from(&parsed);
        assert_eq!(request.requested_method(), Some("PUT"));
        let policy = Policy::builder().build_or_panic();
        assert_eq!(policy.decide(&request).kind(), Kind::Preflight);
    }
}
