//! A head in pieces gives the answer of the whole, and a reader that is too small for it allows no more.
//!
//! The input is a head; what follows it makes the policy and says where to cut. Without that, a policy for the real requests is taken.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use embedded_cors::{HeadError, Policy, PolicyReader, Progress, Reason, Request, RequestReader};
use embedded_cors_fuzz::naive::Head;
use embedded_cors_fuzz::{Outcome, Spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let naive = Head::read(bytes);
    let end = naive.as_ref().map_or(bytes.len(), |head| head.len);
    let (head, behind) = bytes.split_at(end);
    let mut u = Unstructured::new(behind);
    let (cuts, spec) = if behind.is_empty() {
        (Vec::new(), for_real_requests())
    } else {
        let cuts: [u16; 3] = u.arbitrary().unwrap_or_default();
        let Ok(spec) = Spec::arbitrary(&mut u) else { return };
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
            // More than the whole head, so that nothing is cut.
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
                        "the readers see an end, and the whole has none"
                    );
                    let partial = Request::from_incomplete_head(head);
                    large.incomplete(partial.ok().as_ref());
                }
                Ok(request) => {
                    assert_eq!(progress, Ok(Some(end)), "the readers see another end");
                    let expected = Outcome::of(&policy.decide(request), policy);
                    for (which, outcome) in large.outcomes() {
                        assert_eq!(
                            outcome, expected,
                            "{which} (left), the whole (right), cut at {cuts:?}"
                        );
                    }
                    let expected = Outcome::of(&policy.decide_error_reply(request), policy);
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

fn for_real_requests() -> Spec {
    let strings = |list: &[&str]| list.iter().map(|text| text.to_string()).collect();
    Spec {
        origins: strings(&["http://localhost:3000", "https://*.test"]),
        methods: strings(&["PUT", "DELETE", "PATCH", "patch"]),
        headers: strings(&["authorization", "content-type", "if-match", "x-csrf-token", "x-a"]),
        private_network: true,
        ..Spec::default()
    }
}

/// Both readers, which are given the same.
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

    /// Pushes the pieces that end at `cuts`. Where the head ends, if it does.
    fn push(&mut self, head: &[u8], cuts: &[usize]) -> Result<Option<usize>, HeadError> {
        let mut start = 0;
        for &end in cuts.iter().chain([&head.len()]) {
            let piece = &head[start..end];
            let progress = self.plain.push(piece);
            assert_eq!(progress, self.with_policy.push(piece), "the readers differ");
            if let Progress::Done { used } = progress? {
                for behind in [&head[start + used..], b"more"] {
                    assert_eq!(
                        self.plain.push(behind),
                        Ok(Progress::Done { used: 0 }),
                        "something is read behind the end"
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
                Outcome::of(&self.policy.decide_error_reply(&request), self.policy),
            ),
            (
                "PolicyReader",
                Outcome::of(&self.with_policy.decide_error_reply(), self.policy),
            ),
        ]
    }

    /// Refused, whatever the policy; and the error reply is that of the head as far as it goes.
    fn incomplete(&self, partial: Option<&Request<'_>>) {
        let request = self.plain.request();
        for decision in [self.policy.decide(&request), self.with_policy.decide()] {
            assert_eq!(
                decision.refusal().map(|refusal| refusal.reason()),
                Some(Reason::HeadIncomplete),
                "a head that does not end"
            );
        }
        if let Some(partial) = partial {
            let expected = Outcome::of(&self.policy.decide_error_reply(partial), self.policy);
            for (which, outcome) in self.error_replies() {
                assert_eq!(
                    outcome, expected,
                    "error reply: {which} (left), the whole (right)"
                );
            }
        }
    }
}

/// A value that does not fit is a reason to refuse. If it does not count for the verdict, the answer says no more than the whole one.
fn allows_no_more<const N: usize>(policy: &Policy<'_>, head: &[u8], cuts: &[usize], expected: &Outcome) {
    let mut small = Readers::<N>::new(policy);
    small.push(head, cuts).expect("the whole is a head");
    let lines: Vec<&str> = expected.bytes.lines().collect();
    for (which, outcome) in small.outcomes() {
        let says_no_more =
            outcome.verdict == expected.verdict && outcome.bytes.lines().all(|line| lines.contains(&line));
        assert!(
            outcome == *expected || outcome.verdict.contains("_cut") || says_no_more,
            "{which} of {N} bytes: {outcome:?}, the whole: {expected:?}"
        );
    }
}
