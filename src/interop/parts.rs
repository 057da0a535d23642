//! A response in parts, for the integrations that take it part by part. The parts lie where they
//! are: in the policy, in the request, or in the program.

use crate::{Decision, Preflight};

impl Decision<'_> {
    /// Returns what [`write_fields`](Self::write_fields) writes.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.fields().flat_map(|field| {
            [field.name(), ": "]
                .into_iter()
                .chain(field.value().parts())
                .chain(["\r\n"])
        })
    }
}

impl<'d> Preflight<'d> {
    /// Returns what [`write_response`](Self::write_response) writes.
    pub(super) fn parts(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let (_, status_line) = self.status_and_line();
        [status_line]
            .into_iter()
            .chain(self.decision().parts())
            .chain([self.end()])
    }
}
