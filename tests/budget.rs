//! Checks the budgets for `Access-Control-Request-Headers`: the longest list within each budget,
//! and the shortest list beyond it, in every way to give a request to a policy.

mod common;

use common::every_way;
use embedded_cors::{Policy, Reason, RefusalPosition, Request, RequestReader};

static LISTED: Policy = Policy::builder()
    .allow_origins(&["https://a.example"])
    .allow_headers(&["x-a"])
    .build_or_panic();
static ANY: Policy = Policy::builder()
    .allow_origins(&["https://a.example"])
    .allow_headers(&["*"])
    .build_or_panic();

#[track_caller]
fn verdict(lines: &[String]) -> String {
    let mut head = String::from(
        "OPTIONS / HTTP/1.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n",
    );
    for line in lines {
        head += &format!("Access-Control-Request-Headers:{line}\r\n");
    }
    head += "\r\n";
    let listed = every_way(&LISTED, head.as_bytes());
    let any = every_way(&ANY, head.as_bytes());
    assert_eq!(listed.verdict, any.verdict);
    // A malformed or too long list is answered with nothing but `Vary`, although the origin is
    // allowed.
    let bare = !listed.bytes.contains("access-control-allow")
        && listed.bytes.starts_with("HTTP/1.1 403 Forbidden\r\nvary: ");
    assert_eq!(bare, listed.verdict != "allowed", "{listed:?}");
    listed.verdict
}

#[test]
fn four_field_lines_are_within_the_budget() {
    assert_eq!(verdict(&vec!["x-a".into(); 4]), "allowed");
    assert_eq!(
        verdict(&vec!["x-a".into(); 5]),
        "refused request_headers_over_budget"
    );
}

/// A request in memory and a reader ignore the same lines beyond the budget.
#[test]
fn pieces_show_the_names_of_as_many_lines_as_the_whole() {
    let line = |name| format!("Access-Control-Request-Headers: {name}\r\n");
    let lines: String = ["x-a", "x-b", "x-c", "x-d", "x-e"].map(line).concat();
    let head = format!("OPTIONS / HTTP/1.1\r\n{lines}\r\n");
    let whole = Request::from_head(head.as_bytes()).unwrap();
    let mut reader = RequestReader::<256>::new();
    reader.push(head.as_bytes()).unwrap();
    let names = |request: &Request<'_>| request.requested_headers().map(String::from).collect::<Vec<_>>();
    assert_eq!(names(&whole), ["x-a", "x-b", "x-c", "x-d"]);
    assert_eq!(names(&reader.request()), names(&whole));
}

#[test]
fn names_up_to_256_are_within_the_budget() {
    assert_eq!(verdict(&[vec!["x-a"; 256].join(",")]), "allowed");
    assert_eq!(
        verdict(&[vec!["x-a"; 257].join(",")]),
        "refused request_headers_over_budget 256"
    );
    assert_eq!(verdict(&vec![vec!["x-a"; 64].join(","); 4]), "allowed");
    let mut lines = vec![vec!["x-a"; 64].join(","); 4];
    lines[3] += ",x-a";
    assert_eq!(verdict(&lines), "refused request_headers_over_budget 256");
}

#[test]
fn empty_members_up_to_16_are_within_the_budget() {
    assert_eq!(verdict(&[",".repeat(15) + "x-a,"]), "allowed");
    assert_eq!(verdict(&[",".repeat(16) + "x-a"]), "allowed");
    assert_eq!(
        verdict(&[",".repeat(16) + "x-a,"]),
        "refused request_headers_over_budget 1"
    );
    assert_eq!(
        verdict(&[",".repeat(17)]),
        "refused request_headers_over_budget 0"
    );
    // An empty line counts as one empty member.
    assert_eq!(verdict(&["".into(), ",".repeat(14) + "x-a"]), "allowed");
}

#[test]
fn white_space_of_256_bytes_is_within_the_budget() {
    let space = |count: usize| " \t".repeat(count / 2) + &" ".repeat(count % 2);
    assert_eq!(
        verdict(&[format!("x-a{},{}x-a", space(128), space(128))]),
        "allowed"
    );
    assert_eq!(
        verdict(&[format!("x-a{},{}x-a", space(128), space(129))]),
        "refused request_headers_over_budget 1"
    );
    // White space around the value does not belong to the list.
    assert_eq!(verdict(&[format!("{}x-a{}", space(500), space(500))]), "allowed");
}

/// The `@` would be refused as malformed, if it were read.
#[test]
fn reading_ends_where_the_budget_ends() {
    for (list, reason, index) in [
        (",".repeat(8192), Reason::RequestHeadersOverBudget, 0),
        (
            format!("x-a,{}@", " ".repeat(65_536)),
            Reason::RequestHeadersOverBudget,
            1,
        ),
        (
            format!("{}@", "x-a,".repeat(100_000)),
            Reason::RequestHeadersOverBudget,
            256,
        ),
        (
            format!("x-b,{}@", "x-a,".repeat(100_000)),
            Reason::HeaderNotAllowed,
            0,
        ),
    ] {
        let fields = [
            ("Origin", "https://a.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", &list),
        ];
        let refusal = LISTED
            .decide(&Request::from_fields("OPTIONS", fields))
            .refusal()
            .unwrap();
        assert_eq!(
            (refusal.reason(), refusal.position()),
            (reason, Some(RefusalPosition::Name(index))),
            "{list:.20}"
        );
    }
}
