//! Lets a policy, or a list of rules, answer the requests of [`browser`](crate::browser).

use crate::browser::Server;
use crate::buffer::BufferTooSmall;
use crate::decision::Decision;
use crate::policy::{Policy, Rules};
use crate::request::Request;

impl Server for &Policy<'_> {
    /// Answers a preflight with the policy's response, bytes that are not a request head with 400,
    /// and every other request with 200 and the policy's fields.
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall> {
        match Request::from_head(request) {
            Ok(request) => write(&self.decide(&request), response),
            Err(_) => write_bad_request(response),
        }
    }
}

impl Server for &Rules<'_> {
    /// Answers as a policy does, with the decisions of the rules.
    fn respond(&mut self, request: &[u8], response: &mut [u8]) -> Result<usize, BufferTooSmall> {
        match Request::from_head(request) {
            Ok(request) => write(&self.decide(&request), response),
            Err(_) => write_bad_request(response),
        }
    }
}

fn write_bad_request(response: &mut [u8]) -> Result<usize, BufferTooSmall> {
    let head = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let Some(place) = response.get_mut(..head.len()) else {
        return Err(BufferTooSmall::new(head.len()));
    };
    place.copy_from_slice(head);
    Ok(head.len())
}

/// Writes the head of the response to a request that was decided on, and returns its length.
fn write(decision: &Decision<'_>, response: &mut [u8]) -> Result<usize, BufferTooSmall> {
    if let Some(preflight) = decision.preflight() {
        return preflight.write_response(response).map(<[u8]>::len);
    }
    let status_line = b"HTTP/1.1 200 OK\r\n";
    let needed = status_line.len() + decision.encoded_len() + b"\r\n".len();
    let Some((place, rest)) = response.split_at_mut_checked(status_line.len()) else {
        return Err(BufferTooSmall::new(needed));
    };
    let fields = decision
        .write_fields(rest)
        .map_err(|_| BufferTooSmall::new(needed))?
        .len();
    let Some(end) = rest.get_mut(fields..fields + 2) else {
        return Err(BufferTooSmall::new(needed));
    };
    end.copy_from_slice(b"\r\n");
    place.copy_from_slice(status_line);
    Ok(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::Fetch;
    use crate::{assert_allowed, assert_blocked};

    static APP: Policy = Policy::builder()
        .allow_origins(&["https://app.example.com"])
        .allow_methods(&["PUT"])
        .allow_credentials()
        .build_or_panic();
    static PUBLIC: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();

    #[test]
    fn rules_answer_like_the_first_policy_that_admits_the_page() {
        let policies = [APP, PUBLIC];
        let rules = Rules::new(&policies).unwrap();
        let app = Fetch::from_origin("https://app.example.com");
        let other = Fetch::from_origin("https://other.example");
        assert_allowed!(&rules, app.method("PUT").include_credentials());
        assert_allowed!(&rules, other);
        assert_blocked!(&rules, other.method("PUT"), MethodNotAllowed);
        assert_blocked!(&rules, other.include_credentials(), AllowOriginAnyWithCredentials);
        assert_blocked!(&APP, other, AllowOriginMissing);
    }

    #[test]
    fn bytes_that_are_not_a_request_get_400() {
        let mut buffer = [0; 64];
        let len = (&mut &APP).respond(b"?", &mut buffer).unwrap();
        assert!(buffer[..len].starts_with(b"HTTP/1.1 400 "));
        assert_eq!(
            (&mut &APP).respond(b"?", &mut buffer[..9]).unwrap_err().needed(),
            len
        );
    }
}
