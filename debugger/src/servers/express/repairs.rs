//! Changes that remove defects of programs, and advice where a person has to decide.

use super::Program;
use crate::servers::findings::{Finding, Repair};
use crate::servers::{Server as _, repairs::without_slash};

pub(super) fn of(program: &Program, finding: &Finding) -> Vec<Repair> {
    let sources = program.sources();
    match finding.code {
        "allow-origin-malformed" => without_slash(sources, finding).into_iter().collect(),
        "cors-answered-earlier" => {
            let line = |index: usize| finding.marks.get(index).map(|mark| sources.locate(mark.place).1);
            let (Some(later), Some(earlier)) = (line(0), line(1)) else {
                return Vec::new();
            };
            vec![Repair {
                text: format!(
                    "remove the cors() of line {earlier} if the options of line {later} are meant for all \
                     paths; if they are meant for some, write a cors() with a path for each, and that of \
                     line {later} before that of line {earlier}"
                ),
                edits: Vec::new(),
                is_verified: false,
            }]
        }
        _ => Vec::new(),
    }
}
