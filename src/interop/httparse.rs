//! `httparse`: creates a [`Request`] from a parsed one.

use crate::{DoorsRequest, Request};

impl<'r> From<&httparse::Request<'_, 'r>> for Request<'r> {
    /// Takes the method and the fields of a head that was parsed to its end.
    ///
    /// `httparse::Request` does not say whether it was. After `Status::Partial`, call
    /// [`mark_incomplete`](Request::mark_incomplete). After an error, such as `TooManyHeaders`,
    /// create the request for the error reply by
    /// [`from_incomplete_head`](Request::from_incomplete_head).
    fn from(parsed: &httparse::Request<'_, 'r>) -> Self {
        let fields = parsed.headers.iter().map(|header| (header.name, header.value));
        Self::from_fields(parsed.method.unwrap_or(""), fields)
    }
}

impl<'r> From<&httparse::Request<'_, 'r>> for DoorsRequest<'r> {
    /// Takes the method, the version, the target and the fields of a head that was parsed to its
    /// end. The conversion to a [`Request`] says what to do with other heads.
    fn from(parsed: &httparse::Request<'_, 'r>) -> Self {
        let mut request = Self::new(parsed.method.unwrap_or(""));
        if let Some(target) = parsed.path {
            request.set_target(target);
        }
        if parsed.version == Some(0) {
            request.set_http_1_0();
        }
        for header in parsed.headers.iter() {
            request.push(header.name, header.value);
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, RequestKind};

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
        assert_eq!(policy.decide(&request).kind(), RequestKind::Preflight);
    }

    #[test]
    fn a_parsed_request_is_one_for_doors() {
        for head in [
            &b"GET http://lamp.local/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"[..],
            b"POST / HTTP/1.0\r\nOrigin: null\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nSec-Fetch-Site: none\r\n\r\n",
        ] {
            let mut headers = [httparse::EMPTY_HEADER; 4];
            let mut parsed = httparse::Request::new(&mut headers);
            assert!(parsed.parse(head).unwrap().is_complete());
            assert_eq!(
                DoorsRequest::from(&parsed),
                DoorsRequest::from_head(head).unwrap()
            );
        }
    }
}
