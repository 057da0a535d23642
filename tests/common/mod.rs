//! What the tests share: a policy as data, and every way to give a request to it.

#![allow(dead_code, reason = "each test file uses a part")]

mod outcome;
pub mod policies;

use embedded_cors::{
    Policy, PolicyBuilder, PolicyError, PolicyReader, Progress, RefusedStatus, Request, RequestReader,
    SuccessStatus,
};

pub use outcome::Outcome;

/// A policy as data.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub expose: Vec<String>,
    pub max_age: Option<u32>,
    /// `credentials`, `minimal`, `strict`, `only-requested`, `private-network`, `success-200`, `refused-204`, `refused-200`.
    pub flags: Vec<String>,
}

impl Spec {
    /// Calls `test` with the policy. Panics on a mistake in it.
    #[track_caller]
    pub fn with<T>(&self, test: impl FnOnce(&Policy<'_>) -> T) -> T {
        self.build(|policy| test(policy.unwrap_or_else(|error| panic!("{error}"))))
    }

    /// Calls `test` with the policy, or with the mistake in it.
    pub fn build<T>(&self, test: impl FnOnce(Result<&Policy<'_>, PolicyError<'_>>) -> T) -> T {
        fn borrow(list: &[String]) -> Vec<&str> {
            list.iter().map(String::as_str).collect()
        }
        let origins = borrow(&self.origins);
        let methods = borrow(&self.methods);
        let headers = borrow(&self.headers);
        let expose = borrow(&self.expose);
        let builder = Policy::builder()
            .allow_origins(&origins)
            .allow_methods(&methods)
            .allow_headers(&headers)
            .expose_headers(&expose);
        match self.options(builder).build() {
            Ok(policy) => test(Ok(&policy)),
            Err(error) => test(Err(error)),
        }
    }

    /// The options, without the lists.
    pub fn options<'a>(&self, mut builder: PolicyBuilder<'a>) -> PolicyBuilder<'a> {
        if let Some(seconds) = self.max_age {
            builder = builder.max_age_seconds(seconds);
        }
        for flag in &self.flags {
            builder = match flag.as_str() {
                "credentials" => builder.allow_credentials(),
                "minimal" => builder.minimal(),
                "strict" => builder.strict_request_headers(),
                "only-requested" => builder.answer_only_requested(),
                "private-network" => builder.allow_private_network(),
                "success-200" => builder.success_status(SuccessStatus::Ok),
                "refused-204" => builder.refused_status(RefusedStatus::NoContent),
                "refused-200" => builder.refused_status(RefusedStatus::Ok),
                other => panic!("no such flag: {other}"),
            };
        }
        builder
    }
}

/// The head in one buffer.
pub fn whole(policy: &Policy<'_>, head: &[u8]) -> Outcome {
    let request = Request::from_head(head).unwrap();
    Outcome::of(&policy.decide(&request), policy)
}

/// Calls `test` with the same policy, rendered into memory that is longer than it has to be and has something in it.
pub fn rendered<T>(policy: &Policy<'_>, test: impl FnOnce(&Policy<'_>) -> T) -> T {
    let mut memory = vec![b'Z'; policy.rendered_len() + 300];
    test(&policy.render(&mut memory).unwrap())
}

/// The head in pieces that end at `cuts`.
pub fn pieces(policy: &Policy<'_>, head: &[u8], cuts: &[usize]) -> Outcome {
    let mut reader = RequestReader::<2048>::new();
    push_pieces(head, cuts, |piece| reader.push(piece).unwrap());
    let request = reader.request();
    Outcome::of(&policy.decide(&request), policy)
}

/// The head in pieces that end at `cuts`, with a reader that knows the policy.
pub fn policy_pieces(policy: &Policy<'_>, head: &[u8], cuts: &[usize]) -> Outcome {
    let mut reader = PolicyReader::<2048>::new(policy);
    push_pieces(head, cuts, |piece| reader.push(piece).unwrap());
    Outcome::of(&reader.decide(), policy)
}

/// Pushes the pieces and checks what the reader says of each: the head's end is where it is in the whole.
fn push_pieces(head: &[u8], cuts: &[usize], mut push: impl FnMut(&[u8]) -> Progress) {
    let mut start = 0;
    for &end in cuts.iter().chain([&head.len()]) {
        if let Progress::Done { used } = push(&head[start..end]) {
            let behind = &head[start + used..];
            assert!(head[..start + used].ends_with(b"\n"));
            for after in [behind, b"more"] {
                assert_eq!(
                    push(after),
                    Progress::Done { used: 0 },
                    "nothing is read behind the end"
                );
            }
            return;
        }
        start = end;
    }
    panic!("the head did not end");
}

/// Whole, rendered, byte by byte, and cut at every place, with both readers: checks that all are the same and returns it.
#[track_caller]
pub fn every_way(policy: &Policy<'_>, head: &[u8]) -> Outcome {
    let expected = whole(policy, head);
    assert_eq!(
        rendered(policy, |policy| whole(policy, head)),
        expected,
        "rendered"
    );
    let every_byte: Vec<usize> = (0..head.len()).collect();
    assert_eq!(pieces(policy, head, &every_byte), expected, "byte by byte");
    assert_eq!(
        policy_pieces(policy, head, &every_byte),
        expected,
        "byte by byte, with the policy"
    );
    for cut in 0..=head.len() {
        assert_eq!(pieces(policy, head, &[cut]), expected, "cut at {cut}");
        assert_eq!(
            policy_pieces(policy, head, &[cut]),
            expected,
            "cut at {cut}, with the policy"
        );
    }
    expected
}

/// Names and values of a well-formed head, or of an HTTP/2 header list, in the plainest way.
pub fn fields(head: &str) -> (&str, Vec<(&str, &str)>) {
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let method = first
        .strip_prefix(":method: ")
        .unwrap_or_else(|| first.split(' ').next().unwrap());
    let fields = lines
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with(':'))
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name, value.trim())
        })
        .collect();
    (method, fields)
}
