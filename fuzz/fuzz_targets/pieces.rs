//! Law: a head in pieces gets the answer of the whole head, and a reader that is too small for its
//! values allows no more.
//!
//! The input is a head. The bytes after it determine the policy and where the pieces end. Without
//! them, the policy is one for the recorded requests of browsers.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use embedded_cors::{HeadError, Policy, PolicyReader, Progress, Reason, Request, RequestReader};
use embedded_cors_fuzz::naive::Head;
use embedded_cors_fuzz::{Outcome, PolicyOption, PolicySpec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let naive = Head::read(bytes);
    let end = naive.as_ref().map_or(bytes.len(), |head| head.len);
    let (head, rest) = bytes.split_at(end);
    let mut u = Unstructured::new(rest);
    let (cuts, spec) = if rest.is_empty() {
        (Vec::new(), for_recorded_requests())
    } else {
        let cuts: [u16; 3] = u.arbitrary().unwrap_or_default();
        let Ok(spec) = PolicySpec::arbitrary(&mut u) else {
            return;
        };
        (cuts.to_vec(), spec)
    };
    let mut cuts: Vec<usize> = cuts
        .into_iter()
        .map(|cut| usize::from(cut) % (head.len() + 1))
        .collect();
    cuts.sort();
    let every_byte: Vec<usize> = (0..head.len()).collect();
    let every_line: Vec<usize> = (0..head.len()).filter(|&at| head[at] == b'\n').collect();

    spec.with(|policy| {
        let whole = Request::from_head(head);
        for cuts in [&cuts, &every_byte, &every_line, &Vec::new()] {
            // The buffer is longer than the head, so nothing is truncated.
            let mut large = Readers::<8192>::new(policy);
            let progress = large.push(head, cuts);
            if head.len() > 8192 {
                continue;
            }
            match &whole {
                Err(HeadError::RequestLine) => assert_eq!(progress, Err(HeadError::RequestLine)),
                Err(_) => {
                    assert_eq!(
                        progress,
                        Ok(None),
                        "the readers find an end, but the head is incomplete"
                    );
                    let partial = Request::from_incomplete_head(head);
                    large.incomplete(partial.ok().as_ref());
                }
                Ok(request) => {
                    assert_eq!(progress, Ok(Some(end)), "the readers find another end");
                    let expected = Outcome::of(&policy.decide(request), policy);
                    for (which, outcome) in large.outcomes() {
                        assert_eq!(
                            outcome, expected,
                            "{which} (left), the whole (right), cut at {cuts:?}"
                        );
                    }
                    let expected = Outcome::of(&policy.decide_for_error_reply(request), policy);
                    for (which, outcome) in large.error_replies() {
                        assert_eq!(
                            outcome, expected,
                            "error reply: {which} (left), the whole (right)"
                        );
                    }
                }
            }
        }
        if let Ok(request) = &whole {
            let expected = Outcome::of(&policy.decide(request), policy);
            allows_no_more::<0>(policy, head, &cuts, &expected);
            allows_no_more::<24>(policy, head, &cuts, &expected);
            allows_no_more::<60>(policy, head, &cuts, &expected);
            allows_no_more::<256>(policy, head, &cuts, &expected);
        }
    });
});

fn for_recorded_requests() -> PolicySpec {
    let strings = |list: &[&str]| list.iter().map(|text| text.to_string()).collect();
    PolicySpec {
        origins: strings(&["http://localhost:3000", "https://*.test"]),
        methods: strings(&["PUT", "DELETE", "PATCH", "patch"]),
        headers: strings(&["authorization", "content-type", "if-match", "x-csrf-token", "x-a"]),
        options: vec![PolicyOption::Timing],
        ..PolicySpec::default()
    }
}

/// Both readers, which get the same pieces.
struct Readers<'p, const N: usize> {
    policy: &'p Policy<'p>,
    plain: RequestReader<N>,
    with_policy: PolicyReader<'p, N>,
}

impl<'p, const N: usize> Readers<'p, N> {
    fn new(policy: &'p Policy<'p>) -> Self {
        Self {
            policy,
            plain: RequestReader::new(),
            with_policy: PolicyReader::new(policy),
        }
    }

    /// Pushes the pieces that end at `cuts`. Returns where the head ends, if it does.
    fn push(&mut self, head: &[u8], cuts: &[usize]) -> Result<Option<usize>, HeadError> {
        let mut start = 0;
        for &end in cuts.iter().chain([&head.len()]) {
            let piece = &head[start..end];
            let progress = self.plain.push(piece);
            assert_eq!(progress, self.with_policy.push(piece), "the readers differ");
            if let Progress::Done { used } = progress? {
                for rest in [&head[start + used..], b"more"] {
                    assert_eq!(
                        self.plain.push(rest),
                        Ok(Progress::Done { used: 0 }),
                        "the reader reads on after the end of the head"
                    );
                }
                return Ok(Some(start + used));
            }
            start = end;
        }
        Ok(None)
    }

    fn outcomes(&self) -> [(&str, Outcome); 2] {
        let request = self.plain.request();
        [
            (
                "RequestReader",
                Outcome::of(&self.policy.decide(&request), self.policy),
            ),
            (
                "PolicyReader",
                Outcome::of(&self.with_policy.decide(), self.policy),
            ),
        ]
    }

    fn error_replies(&self) -> [(&str, Outcome); 2] {
        let request = self.plain.request();
        [
            (
                "RequestReader",
                Outcome::of(&self.policy.decide_for_error_reply(&request), self.policy),
            ),
            (
                "PolicyReader",
                Outcome::of(&self.with_policy.decide_for_error_reply(), self.policy),
            ),
        ]
    }

    /// Checks that an incomplete head is refused by every policy, and that the error reply is the
    /// one for the same bytes in one buffer.
    fn incomplete(&self, partial: Option<&Request<'_>>) {
        let request = self.plain.request();
        for decision in [self.policy.decide(&request), self.with_policy.decide()] {
            assert_eq!(
                decision.refusal().map(|refusal| refusal.reason()),
                Some(Reason::HeadIncomplete),
                "an incomplete head"
            );
        }
        if let Some(partial) = partial {
            let expected = Outcome::of(&self.policy.decide_for_error_reply(partial), self.policy);
            for (which, outcome) in self.error_replies() {
                assert_eq!(
                    outcome, expected,
                    "error reply: {which} (left), the whole (right)"
                );
            }
        }
    }
}

/// Checks that a value that does not fit leads to a refusal. If the value does not matter for the
/// verdict, the answer must say no more than the answer to the whole head.
fn allows_no_more<const N: usize>(policy: &Policy<'_>, head: &[u8], cuts: &[usize], expected: &Outcome) {
    let mut small = Readers::<N>::new(policy);
    small.push(head, cuts).expect("the head is valid");
    let lines: Vec<&str> = expected.bytes.lines().collect();
    for (which, outcome) in small.outcomes() {
        let says_no_more =
            outcome.verdict == expected.verdict && outcome.bytes.lines().all(|line| lines.contains(&line));
        assert!(
            outcome == *expected || outcome.verdict.contains("_truncated") || says_no_more,
            "{which} of {N} bytes: {outcome:?}, the whole: {expected:?}"
        );
    }
}
