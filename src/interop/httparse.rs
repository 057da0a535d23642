//! `httparse`: a parsed request is a [`Request`].

use crate::Request;

impl<'r> From<&httparse::Request<'_, 'r>> for Request<'r> {
    /// Takes the method and the fields of a head that was parsed to its end. `httparse` does not keep whether it was: after
    /// `Status::Partial` call [`mark_incomplete`](Request::mark_incomplete), and after an error, such as `TooManyHeaders`, decide on
    /// [`from_incomplete_head`](Request::from_incomplete_head) for the error reply.
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
