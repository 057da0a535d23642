//! The table of cases.
//!
//! The expected outcomes are written by hand. An outcome says whether the page gets the response,
//! and how many preflights and other requests the server sees. Where it matters, it also says which
//! headers the preflight asks for, which headers of the response the page can read, the status, and
//! whether a cookie was sent. [`crate::outcome`] describes the form.

use crate::case::{Ask, Body, Case, Page, Reply, Server, Via};

const GET: Ask = Ask::new("GET");
const HEAD: Ask = Ask::new("HEAD");
const POST: Ask = Ask::new("POST");
const PUT: Ask = Ask::new("PUT");
const DELETE: Ask = Ask::new("DELETE");
const X_A: &[(&str, &str)] = &[("X-A", "1")];
const AUTHORIZATION: &[(&str, &str)] = &[("Authorization", "Bearer 1")];
const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

const fn repeat<const N: usize>(byte: u8) -> [u8; N] {
    [byte; N]
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("not UTF-8"),
    }
}

const A_64: &str = text(&repeat::<64>(b'a'));
const A_128: &str = text(&repeat::<128>(b'a'));
const A_129: &str = text(&repeat::<129>(b'a'));
const A_9000: &str = text(&repeat::<9000>(b'a'));
/// A parameter of `text/plain` that makes the value 128 bytes long, or 129.
const PLAIN_128: &str = text(&plain::<128>());
const PLAIN_129: &str = text(&plain::<129>());

const fn plain<const N: usize>() -> [u8; N] {
    let mut bytes = [b'a'; N];
    let (start, _) = bytes.split_at_mut("text/plain;a=".len());
    start.copy_from_slice(b"text/plain;a=");
    bytes
}

/// The group of the cases for which the `browser` module predicts what each engine does.
pub(crate) const MAX_AGE: &str = "Access-Control-Max-Age";

/// Returns all cases, in the order of the tables.
pub(crate) fn all() -> Vec<Case> {
    let mut table = Table {
        group: "",
        cases: Vec::new(),
    };
    policies_and_origins(&mut table);
    policies_and_requests(&mut table);
    policies_and_credentials(&mut table);
    policies_and_answers(&mut table);
    allow_origin(&mut table);
    credentials(&mut table);
    methods(&mut table);
    preflight(&mut table);
    allow_headers(&mut table);
    request_headers(&mut table);
    max_age(&mut table);
    preflight_cache(&mut table);
    expose(&mut table);
    origins(&mut table);
    redirects(&mut table);
    table.cases
}

struct Table {
    group: &'static str,
    cases: Vec<Case>,
}

impl Table {
    fn push(&mut self, id: &'static str, page: Page, asks: &[Ask], server: Server, expected: &'static str) {
        assert!(self.cases.iter().all(|case| case.id != id), "{id} exists twice");
        self.cases.push(Case {
            id,
            group: self.group,
            page,
            asks: asks.to_vec(),
            server,
            expected,
        });
    }

    /// Adds a case of a server with a policy.
    fn policy(&mut self, id: &'static str, name: &'static str, asks: &[Ask], expected: &'static str) {
        self.policy_for(id, name, Page::Main, asks, expected);
    }

    fn policy_for(
        &mut self,
        id: &'static str,
        name: &'static str,
        page: Page,
        asks: &[Ask],
        expected: &'static str,
    ) {
        self.push(id, page, asks, Server::Policy { name, status: 200 }, expected);
    }

    /// Adds a case of a server with a policy whose handler answers with another status than 200.
    fn policy_status(
        &mut self,
        id: &'static str,
        name: &'static str,
        status: u16,
        ask: Ask,
        expected: &'static str,
    ) {
        self.push(id, Page::Main, &[ask], Server::Policy { name, status }, expected);
    }

    /// Adds a case of a request without a preflight, with the lines of the answer.
    fn answer(&mut self, id: &'static str, ask: Ask, lines: &[&'static str], expected: &'static str) {
        self.answer_to(id, Page::Main, ask, 200, lines, expected);
    }

    fn answer_to(
        &mut self,
        id: &'static str,
        page: Page,
        ask: Ask,
        status: u16,
        lines: &[&'static str],
        expected: &'static str,
    ) {
        let server = Server::Script {
            preflight: reply(403, &[]),
            others: vec![reply(status, lines)],
        };
        self.push(id, page, &[ask], server, expected);
    }

    /// Adds a case of a preflight. All answers allow the origin and credentials, and `lines` are
    /// the further lines of the answer to the preflight.
    fn asked(&mut self, id: &'static str, asks: &[Ask], lines: &[&'static str], expected: &'static str) {
        let mut all = SHARED.to_vec();
        all.extend(lines);
        self.preflight(
            id,
            Page::Main,
            asks,
            reply(204, &all),
            vec![reply(200, SHARED)],
            expected,
        );
    }

    /// Adds a case with a whole script.
    fn preflight(
        &mut self,
        id: &'static str,
        page: Page,
        asks: &[Ask],
        preflight: Reply,
        others: Vec<Reply>,
        expected: &'static str,
    ) {
        self.push(id, page, asks, Server::Script { preflight, others }, expected);
    }
}

const ORIGIN: &str = "access-control-allow-origin: {O}";
const ANYONE: &str = "access-control-allow-origin: *";
const TRUE: &str = "access-control-allow-credentials: true";
/// The lines that allow the page's origin and credentials.
pub(crate) const SHARED: &[&str] = &[ORIGIN, TRUE];

fn reply(status: u16, lines: &[&'static str]) -> Reply {
    Reply {
        status,
        lines: lines.to_vec(),
    }
}

fn policies_and_origins(t: &mut Table) {
    use Page::{Host, Main, OtherPort, Sandboxed};
    t.group = "Policies: origins of pages";
    let exact = "allow 0+1 reads etag,x-total-count";
    t.policy_for("p-nothing", "nothing", Main, &[GET], "block 0+1");
    t.policy_for("p-nothing-put", "nothing", Main, &[PUT], "block 1+0");
    t.policy_for("p-exact", "exact", Main, &[GET], exact);
    t.policy_for("p-exact-port", "exact", OtherPort, &[GET], "block 0+1");
    t.policy_for("p-exact-port-put", "exact", OtherPort, &[PUT], "block 1+0");
    t.policy_for("p-exact-ip", "exact", Host("127.0.0.1"), &[GET], "block 0+1");
    t.policy_for("p-exact-sub", "exact", Host("app.localhost"), &[GET], "block 0+1");
    t.policy_for("p-exact-null", "exact", Sandboxed, &[GET], "block 0+1");
    t.policy_for("p-exact-null-put", "exact", Sandboxed, &[PUT], "block 1+0");
    t.policy_for("p-list-first", "list", OtherPort, &[PUT], "allow 1+1");
    t.policy_for("p-list-second", "list", Main, &[PUT], "allow 1+1");
    t.policy_for("p-list-none", "list", Host("127.0.0.1"), &[PUT], "block 1+0");
    t.policy_for("p-site", "another site", Main, &[GET], "block 0+1");
    t.policy_for("p-site-put", "another site", Main, &[PUT], "block 1+0");
    t.policy_for("p-scheme", "another scheme", Main, &[GET], "block 0+1");
    t.policy_for("p-anyport", "any port", Main, &[PUT], "allow 1+1");
    t.policy_for("p-anyport-other", "any port", OtherPort, &[PUT], "allow 1+1");
    t.policy_for("p-anyport-ip", "any port", Host("127.0.0.1"), &[PUT], "block 1+0");
    t.policy_for("p-anyport-sub", "any port", Host("app.localhost"), &[GET], "block 0+1");
    t.policy_for("p-noport", "no port", Main, &[GET], "block 0+1");
    t.policy_for("p-noport-put", "no port", Main, &[PUT], "block 1+0");
    t.policy_for("p-ip", "ip", Host("127.0.0.1"), &[PUT], "allow 1+1");
    t.policy_for("p-ip-name", "ip", Main, &[PUT], "block 1+0");
    t.policy_for("p-sub", "subdomains", Host("a.app.localhost"), &[PUT], "allow 1+1");
    t.policy_for("p-sub-header", "subdomains", Host("a.app.localhost"), &[GET.headers(X_A)], "allow 1+1 asks x-a");
    t.policy_for("p-sub-deep", "subdomains", Host("b.a.app.localhost"), &[PUT], "allow 1+1");
    t.policy_for("p-sub-underscore", "subdomains", Host("a_b.app.localhost"), &[PUT], "allow 1+1");
    t.policy_for("p-sub-hyphen", "subdomains", Host("a-.app.localhost"), &[PUT], "allow 1+1");
    t.policy_for("p-sub-idn", "subdomains", Host("xn--bcher-kva.app.localhost"), &[GET], "allow 0+1");
    t.policy_for("p-sub-bare", "subdomains", Host("app.localhost"), &[GET], "block 0+1");
    t.policy_for("p-sub-no-dot", "subdomains", Host("evilapp.localhost"), &[GET], "block 0+1");
    t.policy_for("p-sub-no-dot-put", "subdomains", Host("evilapp.localhost"), &[PUT], "block 1+0");
    t.policy_for("p-sub-inside", "subdomains", Host("a.app.localhost.localhost"), &[GET], "block 0+1");
    t.policy_for("p-sub-port", "subdomains of a port", Host("a.app.localhost"), &[GET], "allow 0+1");
    t.policy_for("p-sub-port-other", "subdomains of another port", Host("a.app.localhost"), &[GET], "block 0+1");
    t.policy_for("p-predicate", "predicate", Host("a.app.localhost"), &[PUT], "allow 1+1");
    t.policy_for("p-predicate-no", "predicate", Main, &[PUT], "block 1+0");
    t.policy_for("p-predicate-null", "predicate", Sandboxed, &[GET], "block 0+1");
    t.policy_for("p-everyone", "everyone", Main, &[GET], "allow 0+1");
    t.policy_for("p-everyone-ip", "everyone", Host("127.0.0.1"), &[GET], "allow 0+1");
    t.policy_for("p-everyone-null", "everyone", Sandboxed, &[GET], "allow 0+1");
    t.policy_for("p-everyone-put", "everyone", Main, &[PUT], "block 1+0");
    t.policy_for("p-null", "null", Sandboxed, &[GET], "allow 0+1");
    t.policy_for("p-null-put", "null", Sandboxed, &[PUT.headers(X_A)], "allow 1+1 asks x-a");
    t.policy_for("p-null-delete", "null", Sandboxed, &[DELETE], "block 1+0");
    t.policy_for("p-null-page", "null", Main, &[GET], "block 0+1");
    t.policy_for("p-null-both", "null and a page", Sandboxed, &[GET], "allow 0+1");
    t.policy_for("p-null-both-page", "null and a page", Main, &[GET], "allow 0+1");
    t.policy_for("p-null-both-other", "null and a page", OtherPort, &[GET], "block 0+1");
}

fn policies_and_requests(t: &mut Table) {
    t.group = "Policies: methods and headers";
    let read = "allow 0+1 reads etag,x-total-count";
    t.policy("p-head", "exact", &[HEAD], read);
    t.policy("p-post-text", "exact", &[POST.body(Body::Text)], read);
    t.policy("p-post-form", "exact", &[POST.body(Body::Form)], read);
    t.policy("p-post-multipart", "exact", &[POST.body(Body::Multipart)], read);
    t.policy("p-put", "exact", &[PUT], "allow 1+1 reads etag,x-total-count");
    t.policy("p-put-text", "exact", &[PUT.body(Body::Text)], "allow 1+1 reads etag,x-total-count");
    t.policy("p-delete", "exact", &[DELETE], "allow 1+1 reads etag,x-total-count");
    t.policy("p-put-lower", "exact", &[Ask::new("put")], "allow 1+1 reads etag,x-total-count");
    t.policy("p-patch", "exact", &[Ask::new("PATCH")], "block 1+0");
    t.policy("p-options", "exact", &[Ask::new("OPTIONS")], "block 1+0");
    t.policy("p-options-any", "everyone, everything", &[Ask::new("OPTIONS")], "allow 1+1 reads access-control-allow-origin,access-control-expose-headers,etag,vary,x-internal,x-total-count");
    t.policy("p-json", "exact", &[POST.headers(JSON).body(Body::Text)], "allow 1+1 asks content-type reads etag,x-total-count");
    t.policy("p-json-put", "exact", &[PUT.headers(JSON).body(Body::Text)], "allow 1+1 asks content-type reads etag,x-total-count");
    t.policy("p-json-blob", "exact", &[POST.body(Body::Blob("application/json"))], "allow 1+1 asks content-type reads etag,x-total-count");
    t.policy("p-json-bare", "bare", &[POST.headers(JSON).body(Body::Text)], "block 1+0 asks content-type");
    t.policy("p-auth", "exact", &[GET.headers(AUTHORIZATION)], "allow 1+1 asks authorization reads etag,x-total-count");
    t.policy("p-auth-json", "exact", &[PUT.headers(&[("Content-Type", "application/json"), ("Authorization", "Bearer 1")]).body(Body::Text)], "allow 1+1 asks authorization,content-type reads etag,x-total-count");
    t.policy("p-header", "exact", &[GET.headers(X_A)], "block 1+0 asks x-a");
    t.policy("p-header-one-of-two", "exact", &[GET.headers(&[("X-A", "1"), ("Authorization", "Bearer 1")])], "block 1+0 asks authorization,x-a");
    t.policy("p-method-patch", "patch", &[Ask::new("PATCH")], "allow 1+1");
    t.policy("p-method-patch-lower", "patch", &[Ask::new("patch")], "block 1+0");
    t.policy("p-method-own", "patch", &[Ask::new("EGG")], "allow 1+1");
    t.policy("p-method-own-lower", "patch", &[Ask::new("egg")], "block 1+0");
    t.policy("p-bare-get", "bare", &[GET], "allow 0+1");
    t.policy("p-bare-put", "bare", &[PUT], "block 1+0");
    t.policy("p-upload", "exact", &[POST.body(Body::Text).via(Via::XhrUpload)], "allow 1+1 reads etag,x-total-count");
    t.policy("p-upload-bare", "bare", &[POST.body(Body::Text).via(Via::XhrUpload)], "allow 1+1");
    t.policy("p-upload-put-bare", "bare", &[PUT.body(Body::Text).via(Via::XhrUpload)], "block 1+0");
    t.policy("p-upload-patch", "exact", &[Ask::new("PATCH").body(Body::Text).via(Via::XhrUpload)], "block 1+0");
    t.policy("p-upload-requested", "only requested", &[Ask::new("PATCH").body(Body::Text).via(Via::XhrUpload)], "block 1+0");
    t.policy("p-xhr", "exact", &[GET.via(Via::Xhr)], read);
    t.policy("p-xhr-put", "exact", &[PUT.body(Body::Text).via(Via::Xhr)], "allow 1+1 reads etag,x-total-count");
    t.policy("p-any-put", "everyone, everything", &[PUT], EVERYTHING);
    t.policy("p-any-patch-lower", "everyone, everything", &[Ask::new("patch")], EVERYTHING);
    t.policy("p-any-upload", "everyone, everything", &[PUT.body(Body::Text).via(Via::XhrUpload)], EVERYTHING);
    t.policy("p-any-header", "everyone, everything", &[GET.headers(X_A)], "allow 1+1 asks x-a reads access-control-allow-origin,access-control-expose-headers,etag,x-internal,x-total-count");
    // The policy refuses authorization. It leaves `*` out of its answer, since browsers would
    // accept it for authorization.
    t.policy("p-any-auth", "everyone, everything", &[GET.headers(AUTHORIZATION)], "block 1+0 asks authorization");
    t.policy("p-any-auth-header", "everyone, everything", &[PUT.headers(&[("Authorization", "Bearer 1"), ("X-A", "1")])], "block 1+0 asks authorization,x-a");
    t.policy("p-any-auth-listed", "everyone, everything and authorization", &[PUT.headers(&[("Authorization", "Bearer 1"), ("X-A", "1")])], "allow 1+1 asks authorization,x-a");
    t.policy("p-only", "only requested", &[PUT.headers(X_A)], "allow 1+1 asks x-a");
    t.policy("p-only-method", "only requested", &[Ask::new("PATCH")], "block 1+0");
    t.policy("p-only-header", "only requested", &[GET.headers(&[("X-A", "1"), ("X-C", "1")])], "block 1+0 asks x-a,x-c");
    t.policy("p-only-everyone", "everyone, only requested", &[PUT.headers(&[("X-B", "1"), ("x-a", "1")])], "allow 1+1 asks x-a,x-b");
    t.policy("p-strict", "strict", &[PUT.headers(&[("x-c", "1"), ("X-B", "1"), ("Content-Type", "application/json"), ("x-a1", "1"), ("X-A", "1")]).body(Body::Text)], "allow 1+1 asks content-type,x-a,x-a1,x-b,x-c");
    t.policy("p-strict-put", "strict", &[PUT], "allow 1+1");
    t.policy("p-strict-repeated", "strict", &[GET.headers(&[("x-a", "1"), ("X-A", "2")])], "allow 1+1 asks x-a");
}

/// The headers that a page can read in a response that exposes `*`.
const EVERYTHING: &str =
    "allow 1+1 reads access-control-allow-origin,access-control-expose-headers,etag,x-internal,x-total-count";

fn policies_and_credentials(t: &mut Table) {
    t.group = "Policies: credentials";
    let get = GET.include();
    let put = PUT.include();
    t.policy("p-cred", "credentials", &[get], "allow 0+1 reads etag cookie");
    t.policy("p-cred-put", "credentials", &[put], "allow 1+1 reads etag cookie");
    t.policy("p-cred-json", "credentials", &[put.headers(JSON).body(Body::Text)], "allow 1+1 asks content-type reads etag cookie");
    t.policy("p-cred-auth", "credentials", &[get.headers(AUTHORIZATION)], "allow 1+1 asks authorization reads etag cookie");
    t.policy("p-cred-header", "credentials", &[get.headers(X_A)], "block 1+0 asks x-a");
    t.policy("p-cred-patch", "credentials", &[Ask::new("PATCH").include()], "block 1+0");
    t.policy("p-cred-omit", "credentials", &[GET.omit()], "allow 0+1 reads etag");
    t.policy("p-cred-xhr", "credentials", &[get.via(Via::Xhr)], "allow 0+1 reads etag cookie");
    t.policy("p-cred-upload", "credentials", &[POST.include().body(Body::Text).via(Via::XhrUpload)], "allow 1+1 reads etag cookie");
    t.policy_for("p-cred-other", "credentials", Page::OtherPort, &[put], "block 1+0");
    t.policy_for("p-cred-null", "credentials", Page::Sandboxed, &[get], "block 0+1");
    t.policy("p-nocred", "exact", &[get], "block 0+1 cookie");
    t.policy("p-nocred-put", "exact", &[put], "block 1+0");
    t.policy("p-nocred-everyone", "everyone", &[get], "block 0+1 cookie");
    t.policy("p-nocred-everything", "everyone, everything", &[put.headers(X_A)], "block 1+0 asks x-a");
    t.policy_for("p-nocred-null", "null", Page::Sandboxed, &[get], "block 0+1");
    t.policy("p-cred-any", "credentials, everything", &[put.headers(X_A)], "allow 1+1 asks x-a cookie");
    t.policy("p-cred-any-patch", "credentials, everything", &[Ask::new("patch").include()], "allow 1+1 cookie");
    t.policy("p-cred-any-auth", "credentials, everything", &[get.headers(AUTHORIZATION)], "allow 1+1 asks authorization cookie");
    t.policy("p-cred-any-many", "credentials, everything", &[put.headers(&[("x-z", "1"), ("X-B", "1"), ("Authorization", "1"), ("x-a", "1"), ("If-Match", "1")])], "allow 1+1 asks authorization,if-match,x-a,x-b,x-z cookie");
    t.policy("p-cred-any-omit", "credentials, everything", &[PUT.omit().headers(X_A)], "allow 1+1 asks x-a");
    t.policy("p-cred-some", "credentials, all but authorization", &[put.headers(X_A)], "allow 1+1 asks x-a cookie");
    t.policy("p-cred-some-auth", "credentials, all but authorization", &[get.headers(AUTHORIZATION)], "block 1+0 asks authorization");
    t.policy("p-cred-some-both", "credentials, all but authorization", &[get.headers(&[("X-A", "1"), ("Authorization", "1")])], "block 1+0 asks authorization,x-a");
    t.policy("p-cred-some-omit-auth", "credentials, all but authorization", &[GET.omit().headers(AUTHORIZATION)], "block 1+0 asks authorization");
}

fn policies_and_answers(t: &mut Table) {
    t.group = "Policies: answers";
    for (id, status, expected) in [
        ("p-status-201", 201, "allow 1+1 reads etag,x-total-count status 201"),
        ("p-status-400", 400, "allow 1+1 reads etag,x-total-count status 400"),
        ("p-status-401", 401, "allow 1+1 reads etag,x-total-count status 401"),
        ("p-status-403", 403, "allow 1+1 reads etag,x-total-count status 403"),
        ("p-status-404", 404, "allow 1+1 reads etag,x-total-count status 404"),
        ("p-status-500", 500, "allow 1+1 reads etag,x-total-count status 500"),
        ("p-status-503", 503, "allow 1+1 reads etag,x-total-count status 503"),
    ] {
        t.policy_status(id, "exact", status, PUT, expected);
    }
    t.policy_status("p-status-204", "bare", 204, GET, "allow 0+1 without content-length status 204");
    t.policy_status("p-status-500-no", "another site", 500, GET, "block 0+1");
    // The server rejects the request, and the page sees the status.
    t.policy_status("p-413", "bare", 413, POST.body(Body::Long), "allow 0+1 status 413");
    t.policy_status("p-413-no", "another site", 413, POST.body(Body::Long), "block 0+1");
    t.policy_status("p-431", "everyone", 431, GET.headers(&[("Accept", A_9000)]), "block 1+0 asks accept");
    t.policy_status("p-431-asked", "everyone, everything and authorization", 431, GET.headers(&[("X-Long", A_9000)]), "allow 1+1 asks x-long status 431");
    t.policy("p-200", "status 200", &[PUT], "allow 1+1");
    t.policy("p-200-delete", "status 200", &[DELETE], "block 1+0");
    t.policy_for("p-refused-204", "refused with 204", Page::OtherPort, &[PUT], "block 1+0");
    t.policy_for("p-refused-200", "refused with 200", Page::OtherPort, &[PUT], "block 1+0");
    t.policy("p-refused-200-allowed", "refused with 200", &[PUT], "allow 1+1");
    t.policy("p-refused-200-method", "refused with 200", &[DELETE], "block 1+0");
    t.policy("p-hidden", "hidden lists", &[PUT.headers(X_A)], "allow 1+1 asks x-a");
    t.policy("p-hidden-method", "hidden lists", &[DELETE], "block 1+0");
    t.policy("p-hidden-header", "hidden lists", &[GET.headers(AUTHORIZATION)], "block 1+0 asks authorization");
    t.policy("p-hidden-upload", "hidden lists", &[DELETE.via(Via::XhrUpload).body(Body::Text)], "block 1+0");
    t.policy("p-hidden-204", "hidden lists, refused with 204", &[DELETE], "block 1+0");
    t.policy_for("p-hidden-other", "hidden lists", Page::OtherPort, &[PUT], "block 1+0");
    t.policy("p-age-0", "max-age 0", &[PUT, PUT], "allow allow 2+2");
    t.policy("p-age-600", "max-age 600", &[PUT, PUT], "allow allow 1+2");
    t.policy("p-age-600-7s", "max-age 600", &[PUT, PUT.after(7)], "allow allow 1+2");
    t.policy("p-age-day-7s", "max-age 86400", &[PUT, PUT.after(7)], "allow allow 1+2");
    t.policy("p-age-none", "list", &[PUT, PUT], "allow allow 1+2");
    t.policy("p-age-none-7s", "list", &[PUT, PUT.after(7)], "allow allow 2+2");
    t.policy("p-age-all-methods", "max-age 600", &[PUT, DELETE], "allow allow 1+2");
    t.policy("p-age-refused", "max-age 600", &[Ask::new("PATCH"), PUT, DELETE], "block allow allow 2+2");
    t.policy("p-age-only", "only requested", &[PUT, DELETE], "allow allow 2+2");
    t.policy("p-age-only-headers", "only requested", &[GET.headers(X_A), GET.headers(X_A), GET.headers(&[("X-B", "1")])], "allow allow allow 2+3 asks x-a / x-b");
    t.policy("p-age-cred", "max-age 600, credentials", &[PUT.include(), PUT.include()], "allow allow 1+2 cookie");
    t.policy("p-age-cred-new", "max-age 600, credentials", &[PUT.include(), DELETE.include()], "allow allow 2+2 cookie");
    t.policy("p-age-cred-headers", "max-age 600, credentials", &[GET.include().headers(X_A), GET.include().headers(&[("X-B", "1")])], "allow allow 2+2 asks x-a / x-b cookie");
}

fn allow_origin(t: &mut Table) {
    t.group = "Access-Control-Allow-Origin";
    t.answer("acao-none", GET, &[], "block 0+1");
    t.answer("acao-exact", GET, &[ORIGIN], "allow 0+1");
    t.answer("acao-star", GET, &[ANYONE], "allow 0+1");
    t.answer("acao-head", HEAD, &[ORIGIN], "allow 0+1");
    t.answer("acao-post", POST.body(Body::Text), &[ORIGIN], "allow 0+1");
    t.answer("acao-post-none", POST.body(Body::Text), &[], "block 0+1");
    t.answer("acao-xhr", GET.via(Via::Xhr), &[ORIGIN], "allow 0+1");
    t.answer("acao-xhr-none", GET.via(Via::Xhr), &[], "block 0+1");
    t.answer("acao-name-upper", GET, &["ACCESS-CONTROL-ALLOW-ORIGIN: {O}"], "allow 0+1");
    t.answer("acao-no-space", GET, &["access-control-allow-origin:{O}"], "allow 0+1");
    t.answer("acao-white-space", GET, &["access-control-allow-origin: \t {O} \t "], "allow 0+1");
    t.answer("acao-404", GET, &["x-a: 1"], "block 0+1");
    for (id, status, expected) in [
        ("acao-exact-404", 404, "allow 0+1 status 404"),
        ("acao-exact-500", 500, "allow 0+1 status 500"),
        ("acao-exact-401", 401, "allow 0+1 status 401"),
    ] {
        t.answer_to(id, Page::Main, GET, status, &[ORIGIN], expected);
    }
    for (id, status) in [
        ("acao-none-404", 404),
        ("acao-none-500", 500),
        ("acao-none-401", 401),
    ] {
        t.answer_to(id, Page::Main, GET, status, &[], "block 0+1");
    }
    t.answer("acao-twice", GET, &[ORIGIN, ORIGIN], "block 0+1");
    t.answer("acao-star-twice", GET, &[ANYONE, ANYONE], "block 0+1");
    t.answer("acao-star-and-exact", GET, &[ANYONE, ORIGIN], "block 0+1");
    for (id, line) in [
        ("acao-empty", "access-control-allow-origin:"),
        ("acao-other", "access-control-allow-origin: http://other.test"),
        ("acao-null", "access-control-allow-origin: null"),
        ("acao-slash", "access-control-allow-origin: {O}/"),
        ("acao-path", "access-control-allow-origin: {O}/path"),
        ("acao-upper", "access-control-allow-origin: HTTP://LOCALHOST:{P}"),
        ("acao-quoted", "access-control-allow-origin: \"{O}\""),
        ("acao-list", "access-control-allow-origin: {O}, http://other.test"),
        ("acao-list-last", "access-control-allow-origin: http://other.test, {O}"),
        ("acao-list-space", "access-control-allow-origin: {O} http://other.test"),
        ("acao-list-twice", "access-control-allow-origin: {O}, {O}"),
        ("acao-star-list", "access-control-allow-origin: *, *"),
        ("acao-star-quoted", "access-control-allow-origin: \"*\""),
        ("acao-star-double", "access-control-allow-origin: **"),
        ("acao-no-port", "access-control-allow-origin: http://localhost"),
        ("acao-any-port", "access-control-allow-origin: http://localhost:*"),
        ("acao-other-port", "access-control-allow-origin: http://localhost:{Q}"),
        ("acao-zero-port", "access-control-allow-origin: http://localhost:0{P}"),
        ("acao-sub-star", "access-control-allow-origin: http://*.localhost:{P}"),
        ("acao-scheme", "access-control-allow-origin: https://localhost:{P}"),
        ("acao-no-scheme", "access-control-allow-origin: localhost:{P}"),
        ("acao-slashes", "access-control-allow-origin: //localhost:{P}"),
        ("acao-ip", "access-control-allow-origin: http://127.0.0.1:{P}"),
        ("acao-dot", "access-control-allow-origin: http://localhost.:{P}"),
        ("acao-user", "access-control-allow-origin: http://user@localhost:{P}"),
        ("acao-comma", "access-control-allow-origin: {O},"),
        ("acao-comment", "access-control-allow-origin: {O};"),
        ("acao-other-name", "allow-origin: {O}"),
    ] {
        t.answer(id, GET, &[line], "block 0+1");
    }
}

fn credentials(t: &mut Table) {
    t.group = "Access-Control-Allow-Credentials";
    let get = GET.include();
    let put = PUT.include();
    t.answer("acac-true", get, &[ORIGIN, TRUE], "allow 0+1 cookie");
    t.answer("acac-xhr", get.via(Via::Xhr), &[ORIGIN, TRUE], "allow 0+1 cookie");
    t.answer("acac-none", get, &[ORIGIN], "block 0+1 cookie");
    t.answer("acac-star", get, &[ANYONE, TRUE], "block 0+1 cookie");
    t.answer("acac-star-none", get, &[ANYONE], "block 0+1 cookie");
    t.answer("acac-xhr-star", get.via(Via::Xhr), &[ANYONE, TRUE], "block 0+1 cookie");
    t.answer("acac-other", get, &["access-control-allow-origin: http://other.test", TRUE], "block 0+1 cookie");
    t.answer("acac-white-space", get, &[ORIGIN, "Access-Control-Allow-Credentials: \t true \t"], "allow 0+1 cookie");
    t.answer("acac-twice", get, &[ORIGIN, TRUE, TRUE], "block 0+1 cookie");
    for (id, line) in [
        ("acac-capital", "access-control-allow-credentials: True"),
        ("acac-upper", "access-control-allow-credentials: TRUE"),
        ("acac-1", "access-control-allow-credentials: 1"),
        ("acac-yes", "access-control-allow-credentials: yes"),
        ("acac-star-value", "access-control-allow-credentials: *"),
        ("acac-quoted", "access-control-allow-credentials: \"true\""),
        ("acac-list", "access-control-allow-credentials: true, true"),
        ("acac-comma", "access-control-allow-credentials: true,"),
        ("acac-false", "access-control-allow-credentials: false"),
        ("acac-empty", "access-control-allow-credentials:"),
    ] {
        t.answer(id, get, &[ORIGIN, line], "block 0+1 cookie");
    }
    t.answer("acac-omit", GET.omit(), &[ANYONE], "allow 0+1");
    t.answer("acac-omit-false", GET.omit(), &[ORIGIN, "access-control-allow-credentials: false"], "allow 0+1");
    t.answer("acac-default-star", GET, &[ANYONE, TRUE], "allow 0+1");
    t.answer("acac-xhr-default", GET.via(Via::Xhr), &[ANYONE, TRUE], "allow 0+1");
    let allow = "access-control-allow-methods: PUT";
    let main = Page::Main;
    let share = reply(200, SHARED);
    t.preflight("acac-put", main, &[put], reply(204, &[ORIGIN, TRUE, allow]), vec![share.clone()], "allow 1+1 cookie");
    t.preflight("acac-put-none", main, &[put], reply(204, &[ORIGIN, allow]), vec![share.clone()], "block 1+0");
    t.preflight("acac-put-star", main, &[put], reply(204, &[ANYONE, TRUE, allow]), vec![share.clone()], "block 1+0");
    t.preflight("acac-put-then-none", main, &[put], reply(204, &[ORIGIN, TRUE, allow]), vec![reply(200, &[ORIGIN])], "block 1+1 cookie");
    t.preflight("acac-put-then-star", main, &[put], reply(204, &[ORIGIN, TRUE, allow]), vec![reply(200, &[ANYONE, TRUE])], "block 1+1 cookie");
    t.preflight("acac-put-omit", main, &[PUT.omit()], reply(204, &[ANYONE, allow]), vec![reply(200, &[ANYONE])], "allow 1+1");
}

fn methods(t: &mut Table) {
    t.group = "Methods";
    for (id, method, expected) in [
        ("m-get-lower", "get", "allow 0+1"),
        ("m-post-lower", "post", "allow 0+1"),
        ("m-head-lower", "head", "allow 0+1"),
        ("m-trace", "TRACE", "block 0+0"),
        ("m-track", "track", "block 0+0"),
        ("m-connect", "CONNECT", "block 0+0"),
        ("m-no-token", "P UT", "block 0+0"),
        ("m-empty", "", "block 0+0"),
    ] {
        t.answer(id, Ask::new(method), &[ORIGIN], expected);
    }
    t.asked("m-put-none", &[PUT], &[], "block 1+0");
    t.asked("m-delete-none", &[DELETE], &[], "block 1+0");
    for (id, method, line) in [
        ("m-put", "PUT", "access-control-allow-methods: PUT"),
        ("m-put-lower", "put", "access-control-allow-methods: PUT"),
        ("m-delete", "DELETE", "access-control-allow-methods: DELETE"),
        ("m-delete-mixed", "dElEtE", "access-control-allow-methods: DELETE"),
        ("m-patch", "PATCH", "access-control-allow-methods: PATCH"),
        ("m-patch-lower-both", "patch", "access-control-allow-methods: patch"),
        ("m-patch-lower-star", "patch", "access-control-allow-methods: *"),
        ("m-own", "EGG", "access-control-allow-methods: EGG"),
        ("m-own-mixed", "Egg", "access-control-allow-methods: Egg"),
        ("m-own-marks", "e!g#g", "access-control-allow-methods: e!g#g"),
        ("m-own-long", A_64, "access-control-allow-methods: *"),
        ("m-options", "OPTIONS", "access-control-allow-methods: OPTIONS"),
        ("m-star", "PUT", "access-control-allow-methods: *"),
        ("m-star-listed", "PUT", "access-control-allow-methods: GET, *"),
        ("m-list", "PUT", "access-control-allow-methods: GET,PUT,DELETE"),
        ("m-list-spaces", "PUT", "access-control-allow-methods: GET ,\tPUT\t, DELETE"),
        ("m-list-empty", "PUT", "access-control-allow-methods: , ,PUT,,"),
        ("m-list-twice", "PUT", "access-control-allow-methods: PUT, PUT"),
    ] {
        t.asked(id, &[Ask::new(method)], &[line], "allow 1+1");
    }
    for (id, method, line) in [
        ("m-put-value-lower", "PUT", "access-control-allow-methods: put"),
        ("m-put-value-mixed", "PUT", "access-control-allow-methods: Put"),
        ("m-patch-lower", "patch", "access-control-allow-methods: PATCH"),
        ("m-patch-value-lower", "PATCH", "access-control-allow-methods: patch"),
        ("m-own-lower", "egg", "access-control-allow-methods: EGG"),
        ("m-options-unlisted", "OPTIONS", "access-control-allow-methods: GET, PUT"),
        ("m-value-empty", "PUT", "access-control-allow-methods:"),
        ("m-value-other", "PUT", "access-control-allow-methods: GET, DELETE"),
        ("m-value-prefix", "PUT", "access-control-allow-methods: PUTS"),
        ("m-bad-at", "PUT", "access-control-allow-methods: PUT, @x"),
        ("m-bad-space", "PUT", "access-control-allow-methods: PUT, a b"),
        ("m-bad-spaces", "PUT", "access-control-allow-methods: PUT DELETE"),
        ("m-bad-semicolon", "PUT", "access-control-allow-methods: PUT; DELETE"),
        ("m-bad-slash", "PUT", "access-control-allow-methods: PUT/DELETE"),
        ("m-bad-quoted", "PUT", "access-control-allow-methods: \"PUT\""),
        ("m-bad-star", "PUT", "access-control-allow-methods: \"*\""),
        ("m-bad-brackets", "PUT", "access-control-allow-methods: [PUT]"),
    ] {
        t.asked(id, &[Ask::new(method)], &[line], "block 1+0");
    }
    t.asked("m-lines", &[DELETE], &["access-control-allow-methods: PUT", "Access-Control-Allow-Methods: DELETE"], "allow 1+1");
    t.asked("m-lines-bad", &[DELETE], &["access-control-allow-methods: DELETE", "access-control-allow-methods: a b"], "block 1+0");
    t.asked("m-star-cred", &[PUT.include()], &["access-control-allow-methods: *"], "block 1+0");
    t.asked("m-star-put-cred", &[PUT.include()], &["access-control-allow-methods: *, PUT"], "allow 1+1 cookie");
    t.asked("m-named-star-cred", &[Ask::new("*").include()], &["access-control-allow-methods: *"], "allow 1+1 cookie");
    let list = "access-control-allow-headers: x-a";
    t.asked("m-get-unlisted", &[GET.headers(X_A)], &["access-control-allow-methods: PUT", list], "allow 1+1 asks x-a");
    t.asked("m-post-unlisted", &[POST.headers(X_A)], &["access-control-allow-methods: PUT", list], "allow 1+1 asks x-a");
    t.asked("m-head-no-list", &[HEAD.headers(X_A)], &[list], "allow 1+1 asks x-a");
    t.asked("m-get-bad-list", &[GET.headers(X_A)], &["access-control-allow-methods: @", list], "block 1+0 asks x-a");
    t.asked("m-upload-none", &[PUT.body(Body::Text).via(Via::XhrUpload)], &[], "allow 1+1");
    t.asked("m-upload-post", &[POST.body(Body::Text).via(Via::XhrUpload)], &[], "allow 1+1");
    t.asked("m-upload-post-unlisted", &[POST.body(Body::Text).via(Via::XhrUpload)], &["access-control-allow-methods: PUT"], "allow 1+1");
    t.asked("m-upload-unlisted", &[PUT.body(Body::Text).via(Via::XhrUpload)], &["access-control-allow-methods: GET"], "block 1+0");
    t.asked("m-upload-empty", &[PUT.body(Body::Text).via(Via::XhrUpload)], &["access-control-allow-methods:"], "block 1+0");
    t.answer("m-upload-no-body", POST.via(Via::XhrUpload), &[ORIGIN], "block 1+0");
}

fn preflight(t: &mut Table) {
    t.group = "Answers to preflights";
    let allow = "access-control-allow-methods: PUT";
    let share = || vec![reply(200, SHARED)];
    for (id, status) in [
        ("pf-200", 200),
        ("pf-201", 201),
        ("pf-202", 202),
        ("pf-203", 203),
        ("pf-204", 204),
        ("pf-205", 205),
        ("pf-299", 299),
    ] {
        t.preflight(id, Page::Main, &[PUT], reply(status, &[ORIGIN, allow]), share(), "allow 1+1");
    }
    for (id, status) in [
        ("pf-300", 300),
        ("pf-304", 304),
        ("pf-400", 400),
        ("pf-401", 401),
        ("pf-403", 403),
        ("pf-404", 404),
        ("pf-405", 405),
        ("pf-500", 500),
        ("pf-501", 501),
        ("pf-503", 503),
    ] {
        t.preflight(id, Page::Main, &[PUT], reply(status, &[ORIGIN, allow]), share(), "block 1+0");
    }
    for (id, status) in [
        ("pf-301", 301),
        ("pf-302", 302),
        ("pf-303", 303),
        ("pf-307", 307),
        ("pf-308", 308),
    ] {
        let away = reply(
            status,
            &[ORIGIN, allow, "location: http://localhost:{A}/elsewhere"],
        );
        t.preflight(id, Page::Main, &[PUT], away, share(), "block 1+0");
    }
    let mut script = |id, preflight: &[&'static str], other: &[&'static str], expected| {
        t.preflight(id, Page::Main, &[PUT], reply(204, preflight), vec![reply(200, other)], expected);
    };
    script("pf-star", &[ANYONE, allow], &[ANYONE], "allow 1+1");
    script("pf-no-origin", &[allow], SHARED, "block 1+0");
    script("pf-other-origin", &["access-control-allow-origin: http://other.test", allow], SHARED, "block 1+0");
    script("pf-null", &["access-control-allow-origin: null", allow], SHARED, "block 1+0");
    script("pf-slash", &["access-control-allow-origin: {O}/", allow], SHARED, "block 1+0");
    script("pf-origin-twice", &[ORIGIN, ORIGIN, allow], SHARED, "block 1+0");
    script("pf-then-none", &[ORIGIN, allow], &[], "block 1+1");
    script("pf-then-other", &[ORIGIN, allow], &["access-control-allow-origin: http://other.test"], "block 1+1");
    script("pf-then-star", &[ORIGIN, allow], &[ANYONE], "allow 1+1");
    script("pf-star-then-exact", &[ANYONE, allow], &[ORIGIN], "allow 1+1");
    script("pf-lists-on-other", &[ORIGIN], &[ORIGIN, allow], "block 1+0");
    script("pf-cookie", &[ORIGIN, allow, "set-cookie: preflight=1"], SHARED, "allow 1+1");
    t.preflight("pf-then-500", Page::Main, &[PUT], reply(204, &[ORIGIN, allow]), vec![reply(500, SHARED)], "allow 1+1 status 500");
}

fn allow_headers(t: &mut Table) {
    t.group = "Access-Control-Allow-Headers";
    let get = GET.headers(X_A);
    let two = GET.headers(&[("X-B", "1"), ("x-a", "1")]);
    t.asked("ah-none", &[get], &[], "block 1+0 asks x-a");
    for (id, line) in [
        ("ah-exact", "access-control-allow-headers: x-a"),
        ("ah-upper", "access-control-allow-headers: X-A"),
        ("ah-star", "access-control-allow-headers: *"),
        ("ah-list", "access-control-allow-headers: x-c,x-a,x-b"),
        ("ah-spaces", "access-control-allow-headers: x-c ,\tx-a\t"),
        ("ah-empty-members", "access-control-allow-headers: , ,x-a,,"),
        ("ah-twice", "access-control-allow-headers: x-a, X-a"),
        ("ah-star-listed", "access-control-allow-headers: x-c, *"),
        ("ah-marks", "access-control-allow-headers: !#$%&'*+-.^_`|~, x-a"),
    ] {
        t.asked(id, &[get], &[line], "allow 1+1 asks x-a");
    }
    for (id, line) in [
        ("ah-empty", "access-control-allow-headers:"),
        ("ah-other", "access-control-allow-headers: x-b"),
        ("ah-prefix", "access-control-allow-headers: x-ab, x-"),
        ("ah-bad-space", "access-control-allow-headers: x-a, a b"),
        ("ah-bad-spaces", "access-control-allow-headers: x-a x-b"),
        ("ah-bad-colon", "access-control-allow-headers: x-a:"),
        ("ah-bad-semicolon", "access-control-allow-headers: x-a; x-b"),
        ("ah-bad-quoted", "access-control-allow-headers: \"x-a\""),
        ("ah-bad-at", "access-control-allow-headers: x-a, @"),
        ("ah-bad-star", "access-control-allow-headers: x-*;"),
    ] {
        t.asked(id, &[get], &[line], "block 1+0 asks x-a");
    }
    t.asked("ah-pattern", &[get], &["access-control-allow-headers: x-*"], "block 1+0 asks x-a");
    t.asked("ah-two", &[two], &["access-control-allow-headers: x-a, x-b"], "allow 1+1 asks x-a,x-b");
    t.asked("ah-two-one", &[two], &["access-control-allow-headers: x-a"], "block 1+0 asks x-a,x-b");
    t.asked("ah-lines", &[two], &["access-control-allow-headers: x-a", "access-control-allow-headers: x-b"], "allow 1+1 asks x-a,x-b");
    t.asked("ah-lines-bad", &[two], &["access-control-allow-headers: x-a, x-b", "access-control-allow-headers: ="], "block 1+0 asks x-a,x-b");
    t.asked("ah-put", &[PUT.headers(X_A)], &["access-control-allow-methods: PUT", "access-control-allow-headers: x-a"], "allow 1+1 asks x-a");
    t.asked("ah-put-bad", &[PUT], &["access-control-allow-methods: PUT", "access-control-allow-headers: a b"], "block 1+0");
    t.asked("ah-star-cred", &[get.include()], &["access-control-allow-headers: *"], "block 1+0 asks x-a");
    t.asked("ah-star-listed-cred", &[get.include()], &["access-control-allow-headers: *, x-a"], "allow 1+1 asks x-a cookie");
    t.asked("ah-named-star-cred", &[GET.include().headers(&[("*", "1")])], &["access-control-allow-headers: *"], "allow 1+1 asks * cookie");
    let auth = GET.headers(AUTHORIZATION);
    t.asked("ah-auth", &[auth], &["access-control-allow-headers: authorization"], "allow 1+1 asks authorization");
    t.asked("ah-auth-none", &[auth], &["access-control-allow-headers: x-a"], "block 1+0 asks authorization");
    t.asked("ah-auth-star", &[auth], &["access-control-allow-headers: *"], "block 1+0 asks authorization");
    t.asked("ah-auth-star-listed", &[auth], &["access-control-allow-headers: *, Authorization"], "allow 1+1 asks authorization");
    t.asked("ah-auth-star-cred", &[auth.include()], &["access-control-allow-headers: *"], "block 1+0 asks authorization");
    t.asked("ah-auth-star-put", &[PUT.headers(AUTHORIZATION)], &["access-control-allow-methods: *", "access-control-allow-headers: *"], "block 1+0 asks authorization");
    t.asked("ah-auth-xhr", &[auth.via(Via::Xhr)], &["access-control-allow-headers: authorization"], "allow 1+1 asks authorization");
}

fn request_headers(t: &mut Table) {
    t.group = "Which headers need a preflight";
    let star = &["access-control-allow-headers: *, authorization"];
    type Headers = &'static [(&'static str, &'static str)];
    let safe: &[(&str, Headers)] = &[
        ("h-accept", &[("Accept", "application/json")]),
        ("h-accept-128", &[("Accept", A_128)]),
        ("h-accept-tab", &[("Accept", "a\tb")]),
        ("h-accept-latin", &[("Accept", "caf\u{e9}")]),
        ("h-accept-slash", &[("Accept", "a/b;c=d,*/*!#$%&'+^_`|~")]),
        ("h-accept-trimmed", &[("Accept", " \t text/html \t ")]),
        ("h-lang", &[("Accept-Language", "de-AT, en;q=0.5, *")]),
        ("h-lang-128", &[("Accept-Language", A_128)]),
        ("h-content-lang", &[("Content-Language", "de, en")]),
        ("h-content-lang-128", &[("Content-Language", A_128)]),
        ("h-type-plain", &[("Content-Type", "text/plain")]),
        ("h-type-charset", &[("Content-Type", "text/plain; charset=utf-8")]),
        ("h-type-upper", &[("CONTENT-TYPE", "TEXT/PLAIN")]),
        ("h-type-form", &[("Content-Type", "application/x-www-form-urlencoded")]),
        ("h-type-multipart", &[("Content-Type", "multipart/form-data; boundary=x")]),
        ("h-type-128", &[("Content-Type", PLAIN_128)]),
        ("h-range", &[("Range", "bytes=0-10")]),
        ("h-range-open", &[("Range", "bytes=5-")]),
        ("h-range-one", &[("Range", "bytes=7-7")]),
        ("h-range-63-bits", &[("Range", "bytes=9223372036854775807-")]),
        ("h-range-64-bits", &[("Range", "bytes=9223372036854775808-")]),
        ("h-range-long", &[("Range", "bytes=0-99999999999999999999")]),
        ("h-type-semicolons", &[("Content-Type", "text/plain;;")]),
        ("h-type-parameter-latin", &[("Content-Type", "text/plain;A=\u{e9}")]),
        ("h-type-twice", &[("Content-Type", "text/plain"), ("Content-Type", "text/plain")]),
        ("h-forbidden-cookie", &[("Cookie", "a=b")]),
        ("h-forbidden-host", &[("Host", "other.test"), ("Referer", "http://other.test/")]),
        ("h-forbidden-origin", &[("Origin", "http://other.test")]),
        ("h-forbidden-date", &[("Date", "now"), ("DNT", "1"), ("Expect", "x"), ("TE", "trailers"), ("Via", "x")]),
        ("h-forbidden-sec", &[("Sec-Fetch-Site", "none"), ("Sec-Own", "1")]),
        ("h-forbidden-proxy", &[("Proxy-Authorization", "1"), ("Proxy-Own", "1")]),
        ("h-forbidden-encoding", &[("Accept-Charset", "x"), ("Accept-Encoding", "x")]),
        ("h-forbidden-length", &[("Content-Length", "7"), ("Connection", "x"), ("Keep-Alive", "1")]),
        ("h-forbidden-acrm", &[("Access-Control-Request-Method", "PUT")]),
        ("h-forbidden-acrh", &[("Access-Control-Request-Headers", "x-a")]),
        ("h-forbidden-set-cookie", &[("Set-Cookie", "a=b")]),
        ("h-forbidden-override", &[("X-HTTP-Method-Override", "TRACE")]),
        ("h-all-safe", &[("Accept", "*/*"), ("Accept-Language", "de"), ("Content-Language", "de"), ("Range", "bytes=0-")]),
    ];
    for (id, headers) in safe {
        let ask = if id.contains("type") {
            POST.body(Body::Text)
        } else {
            GET
        };
        t.asked(id, &[ask.headers(headers)], star, "allow 0+1");
    }
    let asking: &[(&str, Headers, &str)] = &[
        ("h-accept-129", &[("Accept", A_129)], "allow 1+1 asks accept"),
        ("h-accept-quote", &[("Accept", "a\"b")], "allow 1+1 asks accept"),
        ("h-accept-paren", &[("Accept", "a(b")], "allow 1+1 asks accept"),
        ("h-accept-close", &[("Accept", "a)b")], "allow 1+1 asks accept"),
        ("h-accept-colon", &[("Accept", "a:b")], "allow 1+1 asks accept"),
        ("h-accept-less", &[("Accept", "a<b")], "allow 1+1 asks accept"),
        ("h-accept-greater", &[("Accept", "a>b")], "allow 1+1 asks accept"),
        ("h-accept-question", &[("Accept", "a?b")], "allow 1+1 asks accept"),
        ("h-accept-at", &[("Accept", "a@b")], "allow 1+1 asks accept"),
        ("h-accept-bracket", &[("Accept", "a[b")], "allow 1+1 asks accept"),
        ("h-accept-backslash", &[("Accept", "a\\b")], "allow 1+1 asks accept"),
        ("h-accept-brace", &[("Accept", "a{b}")], "allow 1+1 asks accept"),
        ("h-accept-del", &[("Accept", "a\u{7f}b")], "allow 1+1 asks accept"),
        ("h-accept-twice", &[("Accept", A_128), ("Accept", "b")], "allow 0+1"),
        ("h-accept-sum", &[("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", A_128), ("Accept", "b")], "allow 1+1 asks accept"),
        ("h-lang-129", &[("Accept-Language", A_129)], "allow 1+1 asks accept-language"),
        ("h-lang-underscore", &[("Accept-Language", "de_AT")], "allow 1+1 asks accept-language"),
        ("h-lang-slash", &[("Accept-Language", "de/AT")], "allow 1+1 asks accept-language"),
        ("h-lang-latin", &[("Accept-Language", "fran\u{e7}ais")], "allow 1+1 asks accept-language"),
        ("h-content-lang-129", &[("Content-Language", A_129)], "allow 1+1 asks content-language"),
        ("h-content-lang-quote", &[("Content-Language", "\"de\"")], "allow 1+1 asks content-language"),
        ("h-type-json", &[("Content-Type", "application/json")], "allow 1+1 asks content-type"),
        ("h-type-html", &[("Content-Type", "text/html")], "allow 1+1 asks content-type"),
        ("h-type-octets", &[("Content-Type", "application/octet-stream")], "allow 1+1 asks content-type"),
        ("h-type-list", &[("Content-Type", "text/plain, application/json")], "allow 1+1 asks content-type"),
        ("h-type-quoted", &[("Content-Type", "text/plain;x=\"y\"")], "allow 1+1 asks content-type"),
        ("h-type-129", &[("Content-Type", PLAIN_129)], "allow 1+1 asks content-type"),
        ("h-type-half", &[("Content-Type", "text")], "allow 1+1 asks content-type"),
        ("h-type-csp", &[("Content-Type", "application/csp-report")], "allow 1+1 asks content-type"),
        ("h-range-last", &[("Range", "bytes=-5")], "allow 1+1 asks range"),
        ("h-range-two", &[("Range", "bytes=0-1,3-4")], "allow 1+1 asks range"),
        ("h-range-spaces", &[("Range", "bytes=0 - 10")], "allow 1+1 asks range"),
        ("h-range-space", &[("Range", "bytes= 0-10")], "allow 1+1 asks range"),
        ("h-range-unit", &[("Range", "lines=0-10")], "allow 1+1 asks range"),
        ("h-range-upper", &[("Range", "Bytes=0-1")], "allow 1+1 asks range"),
        ("h-range-plus", &[("Range", "bytes=+0-1")], "allow 1+1 asks range"),
        ("h-range-backwards", &[("Range", "bytes=9-8")], "allow 1+1 asks range"),
        ("h-custom", &[("X-A", "1")], "allow 1+1 asks x-a"),
        ("h-custom-empty", &[("X-A", "")], "allow 1+1 asks x-a"),
        ("h-custom-latin", &[("X-A", "caf\u{e9}")], "allow 1+1 asks x-a"),
        ("h-custom-marks", &[("!#$%&'*+-.^_`|~", "1")], "allow 1+1 asks !#$%&'*+-.^_`|~"),
        ("h-order", &[("X-c", "1"), ("x-B", "1"), ("x-a1", "1"), ("X-A", "1"), ("x_a", "1"), ("A", "1"), ("x-a-b", "1")], "allow 1+1 asks a,x-a,x-a-b,x-a1,x-b,x-c,x_a"),
        ("h-with-safe", &[("X-A", "1"), ("Accept", "text/html"), ("Accept-Language", "de")], "allow 1+1 asks x-a"),
        ("h-with-unsafe", &[("X-A", "1"), ("Accept", "\""), ("Range", "bytes=-1")], "allow 1+1 asks accept,range,x-a"),
        ("h-with-forbidden", &[("X-A", "1"), ("Cookie", "a=b"), ("Sec-A", "1")], "allow 1+1 asks x-a"),
        ("h-many", &[("A", "1"), ("B", "1"), ("C", "1"), ("D", "1"), ("E", "1"), ("F", "1"), ("G", "1"), ("H", "1"), ("I", "1"), ("J", "1")], "allow 1+1 asks a,b,c,d,e,f,g,h,i,j"),
        ("h-long-name", &[(A_128, "1")], "allow 1+1 asks aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("h-twice", &[("X-D", "1"), ("x-d", "2")], "allow 1+1 asks x-d"),
        ("h-authorization", &[("Authorization", "Basic eDp5")], "allow 1+1 asks authorization"),
        ("h-requested-with", &[("X-Requested-With", "XMLHttpRequest")], "allow 1+1 asks x-requested-with"),
        ("h-if-none-match", &[("If-None-Match", "\"1\"")], "allow 1+1 asks if-none-match"),
        ("h-if-modified", &[("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT")], "allow 1+1 asks if-modified-since"),
        ("h-cache-control", &[("Cache-Control", "no-cache")], "allow 1+1 asks cache-control"),
        ("h-pragma", &[("Pragma", "no-cache")], "allow 1+1 asks pragma"),
        ("h-last-event-id", &[("Last-Event-ID", "1")], "allow 1+1 asks last-event-id"),
        ("h-override", &[("X-HTTP-Method-Override", "PUT")], "allow 1+1 asks x-http-method-override"),
        ("h-traceparent", &[("traceparent", "00-1-2-01")], "allow 1+1 asks traceparent"),
        ("h-upgrade-insecure", &[("Upgrade-Insecure-Requests", "1")], "allow 1+1 asks upgrade-insecure-requests"),
        ("h-save-data", &[("Save-Data", "on")], "allow 1+1 asks save-data"),
        ("h-dpr", &[("DPR", "1")], "allow 1+1 asks dpr"),
        ("h-viewport-width", &[("Viewport-Width", "1")], "allow 1+1 asks viewport-width"),
        ("h-width", &[("Width", "1")], "allow 1+1 asks width"),
        ("h-downlink", &[("Downlink", "1")], "allow 1+1 asks downlink"),
        ("h-device-memory", &[("Device-Memory", "1")], "allow 1+1 asks device-memory"),
        ("h-user-agent", &[("User-Agent", "mine")], "allow 1+1 asks user-agent"),
        ("h-no-token", &[("a b", "1")], "block 0+0"),
        ("h-no-name", &[("", "1")], "block 0+0"),
        ("h-line-feed", &[("X-A", "1\nX-B: 2")], "block 0+0"),
        ("h-nul", &[("X-A", "1\u{0}")], "block 0+0"),
        ("h-no-byte", &[("X-A", "\u{20ac}")], "block 0+0"),
    ];
    for (id, headers, expected) in asking {
        let ask = if id.contains("type") {
            POST.body(Body::Text)
        } else {
            GET
        };
        t.asked(id, &[ask.headers(headers)], star, expected);
    }
    t.asked("h-body-text", &[POST.body(Body::Text)], star, "allow 0+1");
    t.asked("h-body-form", &[POST.body(Body::Form)], star, "allow 0+1");
    t.asked("h-body-multipart", &[POST.body(Body::Multipart)], star, "allow 0+1");
    t.asked("h-body-blob", &[POST.body(Body::Blob(""))], star, "allow 0+1");
    t.asked("h-body-blob-plain", &[POST.body(Body::Blob("text/plain"))], star, "allow 0+1");
    t.asked("h-body-blob-json", &[POST.body(Body::Blob("application/json"))], star, "allow 1+1 asks content-type");
    t.asked("h-body-none", &[POST], star, "allow 0+1");
    t.asked("h-body-xhr", &[POST.body(Body::Text).via(Via::Xhr)], star, "allow 0+1");
    t.asked("h-body-xhr-json", &[POST.headers(JSON).body(Body::Text).via(Via::Xhr)], star, "allow 1+1 asks content-type");
    t.asked("h-cache-no-store", &[GET.cache("no-store")], star, "allow 0+1");
    t.asked("h-cache-reload", &[GET.cache("reload")], star, "allow 0+1");
    t.asked("h-xhr-twice", &[GET.headers(&[("X-D", "1"), ("x-d", "2")]).via(Via::Xhr)], star, "allow 1+1 asks x-d");
    t.asked("h-upload-header", &[POST.headers(X_A).body(Body::Text).via(Via::XhrUpload)], star, "allow 1+1 asks x-a");
}

fn max_age(t: &mut Table) {
    t.group = MAX_AGE;
    let allow = "access-control-allow-methods: PUT";
    for (id, line, expected) in [
        ("age-600", "access-control-max-age: 600", "allow allow 1+2"),
        ("age-0", "access-control-max-age: 0", "allow allow 2+2"),
        ("age-00", "access-control-max-age: 00", "allow allow 2+2"),
        ("age-0600", "access-control-max-age: 0600", "allow allow 1+2"),
        ("age-spaces", "access-control-max-age: \t600\t", "allow allow 1+2"),
        ("age-empty", "access-control-max-age:", "allow allow 1+2"),
        ("age-negative", "access-control-max-age: -1", "allow allow 1+2"),
        ("age-word", "access-control-max-age: abc", "allow allow 1+2"),
        ("age-unit", "access-control-max-age: 600s", "allow allow 1+2"),
        ("age-list", "access-control-max-age: 600, 600", "allow allow 1+2"),
        ("age-decimal", "access-control-max-age: 600.5", "allow allow 1+2"),
        ("age-plus", "access-control-max-age: +600", "allow allow 1+2"),
        ("age-quoted", "access-control-max-age: \"600\"", "allow allow 1+2"),
        ("age-hex", "access-control-max-age: 0x258", "allow allow 1+2"),
    ] {
        t.asked(id, &[PUT, PUT], &[allow, line], expected);
    }
    let twice = "access-control-max-age: 600";
    t.asked("age-lines", &[PUT, PUT], &[allow, twice, twice], "allow allow 1+2");
    t.asked("age-none", &[PUT, PUT], &[allow], "allow allow 1+2");
    t.asked("age-none-7s", &[PUT, PUT.after(7)], &[allow], "allow allow 2+2");
    for (id, line, expected) in [
        ("age-600-7s", "access-control-max-age: 600", "allow allow 1+2"),
        ("age-1-3s", "access-control-max-age: 1", "allow allow 2+2"),
        ("age-word-7s", "access-control-max-age: abc", "allow allow 2+2"),
        ("age-unit-7s", "access-control-max-age: 600s", "allow allow 2+2"),
        ("age-plus-7s", "access-control-max-age: +600", "allow allow 2+2"),
        ("age-billions-7s", "access-control-max-age: 9999999999", "allow allow 1+2"),
        ("age-32-bits-7s", "access-control-max-age: 4294967296", "allow allow 1+2"),
        ("age-huge-7s", "access-control-max-age: 99999999999999999999", "allow allow 1+2"),
    ] {
        let after = if id.ends_with("3s") { 3 } else { 7 };
        t.asked(id, &[PUT, PUT.after(after)], &[allow, line], expected);
    }
    // The number of preflights says for how long an answer is cached: 3 if not at all, 2 for 5
    // seconds, 1 for more than 7.
    for (id, line, expected) in [
        ("age-minus-0", "access-control-max-age: -0", "allow allow allow 2+3"),
        ("age-minus", "access-control-max-age: -", "allow allow allow 2+3"),
        ("age-minus-word", "access-control-max-age: -abc", "allow allow allow 2+3"),
        ("age-minus-huge", "access-control-max-age: -99999999999999999999", "allow allow allow 2+3"),
        ("age-plus-alone", "access-control-max-age: +", "allow allow allow 2+3"),
        ("age-plus-minus", "access-control-max-age: +-600", "allow allow allow 2+3"),
        ("age-plus-huge", "access-control-max-age: +99999999999999999999", "allow allow allow 2+3"),
        ("age-63-bits", "access-control-max-age: 9223372036854775807", "allow allow allow 1+3"),
        ("age-64-bits", "access-control-max-age: 9223372036854775808", "allow allow allow 1+3"),
        ("age-65-bits", "access-control-max-age: 18446744073709551616", "allow allow allow 1+3"),
        ("age-exponent", "access-control-max-age: 6e2", "allow allow allow 2+3"),
        ("age-comma", "access-control-max-age: 600,", "allow allow allow 2+3"),
        ("age-inner-space", "access-control-max-age: 6 00", "allow allow allow 2+3"),
    ] {
        t.asked(id, &[PUT, PUT, PUT.after(7)], &[allow, line], expected);
    }
    let empty = "access-control-max-age:";
    let number = "access-control-max-age: 600";
    t.asked("age-empty-first", &[PUT, PUT, PUT.after(7)], &[allow, empty, number], "allow allow allow 2+3");
    t.asked("age-empty-last", &[PUT, PUT, PUT.after(7)], &[allow, number, empty], "allow allow allow 2+3");
    t.asked("age-empty-lines", &[PUT, PUT, PUT.after(7)], &[allow, empty, empty], "allow allow allow 2+3");
}

fn preflight_cache(t: &mut Table) {
    t.group = "The preflight cache";
    let long = "access-control-max-age: 600";
    let both = "access-control-allow-methods: PUT, DELETE";
    let put = "access-control-allow-methods: PUT";
    let get_a = GET.headers(X_A);
    let get_b = GET.headers(&[("X-B", "1")]);
    t.asked("pc-methods", &[PUT, DELETE], &[both, long], "allow allow 1+2");
    t.asked("pc-method-new", &[PUT, DELETE], &[put, long], "allow block 2+1");
    t.asked("pc-star", &[PUT, DELETE], &["access-control-allow-methods: *", long], "allow allow 1+2");
    t.asked("pc-headers", &[get_a, get_b], &["access-control-allow-headers: x-a, x-b", long], "allow allow 1+2 asks x-a");
    t.asked("pc-headers-case", &[get_a, GET.headers(&[("x-a", "2")])], &["access-control-allow-headers: X-A", long], "allow allow 1+2 asks x-a");
    t.asked("pc-header-new", &[get_a, get_b], &["access-control-allow-headers: x-a", long], "allow block 2+1 asks x-a / x-b");
    t.asked("pc-headers-star", &[get_a, get_b], &["access-control-allow-headers: *", long], "allow allow 1+2 asks x-a");
    t.asked("pc-headers-star-auth", &[get_a, GET.headers(AUTHORIZATION)], &["access-control-allow-headers: *, authorization", long], "allow allow 1+2 asks x-a");
    t.asked("pc-method-then-header", &[PUT, PUT.headers(X_A)], &[put, "access-control-allow-headers: x-a", long], "allow allow 1+2");
    t.asked("pc-header-then-method", &[get_a, PUT], &[put, "access-control-allow-headers: x-a", long], "allow allow 1+2 asks x-a");
    t.asked("pc-value-new", &[GET.headers(X_A), GET.headers(&[("X-A", "other")])], &["access-control-allow-headers: x-a", long], "allow allow 1+2 asks x-a");
    t.asked("pc-path", &[PUT, PUT.path("/other")], &[put, long], "allow allow 2+2");
    t.asked("pc-cred", &[PUT.include(), PUT.include()], &[put, long], "allow allow 1+2 cookie");
    t.asked("pc-cred-anon", &[PUT.include(), PUT.omit()], &[put, long], "allow allow 1+2 cookie");
    t.asked("pc-anon-cred", &[PUT.omit(), PUT.include()], &[put, long], "allow allow 2+2 cookie");
    t.asked("pc-omit-default", &[PUT.omit(), PUT], &[put, long], "allow allow 1+2");
    t.asked("pc-no-store", &[PUT, PUT.cache("no-store")], &[put, long], "allow allow 1+2");
    t.asked("pc-reload", &[PUT, PUT.cache("reload")], &[put, long], "allow allow 1+2");
    t.asked("pc-response-no-store", &[PUT, PUT], &[put, long, "cache-control: no-store"], "allow allow 1+2");
    t.asked("pc-response-vary", &[PUT, PUT], &[put, long, "vary: *"], "allow allow 1+2");
    t.asked("pc-refused", &[DELETE, DELETE], &[put, long], "block block 2+0");
    t.asked("pc-refused-others", &[DELETE, PUT], &[put, long], "block allow 2+1");
    t.asked("pc-fetch-xhr", &[PUT, PUT.via(Via::Xhr)], &[put, long], "allow allow 1+2");
    t.asked("pc-upload", &[POST.body(Body::Text).via(Via::XhrUpload), POST.body(Body::Text).via(Via::XhrUpload)], &[long], "allow allow 1+2");
    t.asked("pc-upload-listed", &[POST.body(Body::Text).via(Via::XhrUpload), POST.body(Body::Text).via(Via::XhrUpload)], &["access-control-allow-methods: POST", long], "allow allow 1+2");
    t.asked("pc-simple-between", &[PUT, GET, PUT], &[put, long], "allow allow allow 1+3");
    t.preflight("pc-failure", Page::Main, &[PUT, PUT, PUT], reply(204, &[ORIGIN, put, long]), vec![reply(200, &[ORIGIN]), reply(200, &[]), reply(200, &[ORIGIN])], "allow block allow 2+3");
    t.preflight("pc-failure-status", Page::Main, &[PUT, PUT], reply(204, &[ORIGIN, put, long]), vec![reply(500, &[ORIGIN]), reply(200, &[ORIGIN])], "allow allow 1+2");
}

fn expose(t: &mut Table) {
    t.group = "Access-Control-Expose-Headers";
    let some = &["x-a: 1", "X-B: 2", "etag: \"1\""];
    let mut exposed = |id, ask: Ask, lines: &[&'static str], expected| {
        let mut all = vec![ORIGIN, TRUE];
        all.extend(some);
        all.extend(lines);
        t.answer(id, ask, &all, expected);
    };
    exposed("ex-none", GET, &[], "allow 0+1");
    exposed("ex-one", GET, &["access-control-expose-headers: x-a"], "allow 0+1 reads x-a");
    exposed("ex-case", GET, &["Access-Control-Expose-Headers: X-A,x-b,ETag"], "allow 0+1 reads etag,x-a,x-b");
    exposed("ex-lines", GET, &["access-control-expose-headers: x-a", "access-control-expose-headers: x-b"], "allow 0+1 reads x-a,x-b");
    exposed("ex-spaces", GET, &["access-control-expose-headers: x-a ,\tx-b"], "allow 0+1 reads x-a,x-b");
    exposed("ex-empty-members", GET, &["access-control-expose-headers: , ,x-a,,"], "allow 0+1 reads x-a");
    exposed("ex-empty", GET, &["access-control-expose-headers:"], "allow 0+1");
    exposed("ex-absent", GET, &["access-control-expose-headers: x-c, x-a"], "allow 0+1 reads x-a");
    exposed("ex-star", GET, &["access-control-expose-headers: *"], "allow 0+1 reads access-control-allow-credentials,access-control-allow-origin,access-control-expose-headers,etag,x-a,x-b");
    exposed("ex-star-listed", GET, &["access-control-expose-headers: x-a, *"], "allow 0+1 reads access-control-allow-credentials,access-control-allow-origin,access-control-expose-headers,etag,x-a,x-b");
    exposed("ex-star-cred", GET.include(), &["access-control-expose-headers: *"], "allow 0+1 cookie");
    exposed("ex-star-listed-cred", GET.include(), &["access-control-expose-headers: *, x-b"], "allow 0+1 reads x-b cookie");
    exposed("ex-cred", GET.include(), &["access-control-expose-headers: x-a"], "allow 0+1 reads x-a cookie");
    exposed("ex-bad-space", GET, &["access-control-expose-headers: x-a, a b"], "allow 0+1");
    exposed("ex-bad-semicolon", GET, &["access-control-expose-headers: x-a; x-b"], "allow 0+1");
    exposed("ex-bad-quoted", GET, &["access-control-expose-headers: \"x-a\""], "allow 0+1");
    exposed("ex-bad-line", GET, &["access-control-expose-headers: x-a", "access-control-expose-headers: @"], "allow 0+1");
    exposed("ex-bad-star", GET, &["access-control-expose-headers: *, a/b"], "allow 0+1");
    exposed("ex-set-cookie", GET, &["set-cookie: a=b", "access-control-expose-headers: set-cookie, x-a"], "allow 0+1 reads x-a");
    exposed("ex-xhr", GET.via(Via::Xhr), &["access-control-expose-headers: x-a"], "allow 0+1 reads x-a");
    exposed("ex-xhr-bad", GET.via(Via::Xhr), &["access-control-expose-headers: x-a, a b"], "allow 0+1");
    exposed("ex-safe", GET, &["content-language: de", "expires: 0", "last-modified: Sat, 29 Oct 1994 19:43:31 GMT", "pragma: no-cache"], "allow 0+1 reads content-language,expires,last-modified,pragma");
    exposed("ex-other-name", GET, &["expose-headers: x-a"], "allow 0+1");
}

fn origins(t: &mut Table) {
    t.group = "Other pages";
    let null = "access-control-allow-origin: null";
    let sandbox = Page::Sandboxed;
    let mut get = |id, page, ask: Ask, lines: &[&'static str], expected| {
        t.answer_to(id, page, ask, 200, lines, expected);
    };
    get("nl-null", sandbox, GET, &[null], "allow 0+1");
    get("nl-star", sandbox, GET, &[ANYONE], "allow 0+1");
    get("nl-none", sandbox, GET, &[], "block 0+1");
    get("nl-page", sandbox, GET, &["access-control-allow-origin: http://localhost:{P}"], "block 0+1");
    get("nl-upper", sandbox, GET, &["access-control-allow-origin: NULL"], "block 0+1");
    get("nl-quoted", sandbox, GET, &["access-control-allow-origin: \"null\""], "block 0+1");
    get("nl-cred", sandbox, GET.include(), &[null, TRUE], "allow 0+1");
    get("nl-cred-none", sandbox, GET.include(), &[null], "block 0+1");
    get("nl-xhr", sandbox, GET.via(Via::Xhr), &[null], "allow 0+1");
    for (ids, page) in [
        (["or-port", "or-port-star", "or-port-not"], Page::OtherPort),
        (["or-ip", "or-ip-star", "or-ip-not"], Page::Host("127.0.0.1")),
        (["or-sub", "or-sub-star", "or-sub-not"], Page::Host("a.app.localhost")),
        (["or-underscore", "or-underscore-star", "or-underscore-not"], Page::Host("a_b.app.localhost")),
    ] {
        get(ids[0], page, GET, &[ORIGIN], "allow 0+1");
        get(ids[1], page, GET, &[ANYONE], "allow 0+1");
        get(ids[2], page, GET, &["access-control-allow-origin: http://localhost:{P}"], "block 0+1");
    }
    let put = "access-control-allow-methods: PUT";
    t.preflight("nl-put", sandbox, &[PUT], reply(204, &[null, put]), vec![reply(200, &[null])], "allow 1+1");
    t.preflight("nl-put-star", sandbox, &[PUT], reply(204, &[ANYONE, put]), vec![reply(200, &[ANYONE])], "allow 1+1");
    t.preflight("nl-put-page", sandbox, &[PUT], reply(204, &["access-control-allow-origin: http://localhost:{P}", put]), vec![reply(200, &[null])], "block 1+0");
    t.preflight("or-ip-put", Page::Host("127.0.0.1"), &[PUT], reply(204, &[ORIGIN, put]), vec![reply(200, &[ORIGIN])], "allow 1+1");
    // Pages of different origins never share entries of the preflight cache. The second request of
    // the same page uses the entry of the first.
    t.preflight("or-port-cache", Page::OtherPort, &[PUT, PUT], reply(204, &[ORIGIN, put, "access-control-max-age: 600"]), vec![reply(200, &[ORIGIN])], "allow allow 1+2");
}

fn redirects(t: &mut Table) {
    t.group = "Redirects";
    const NULL: &str = "access-control-allow-origin: null";
    const PUTS: &str = "access-control-allow-methods: PUT";
    const HEADERS: &str = "access-control-allow-headers: *, authorization";
    const TO_A: &str = "location: /?case={N}";
    const TO_B: &str = "location: http://localhost:{B}/?case={N}";
    const BACK: &str = "location: http://localhost:{A}/?case={N}";
    /// The answers of one server on the way.
    fn hop(preflight: &[&'static str], status: u16, lines: &[&'static str]) -> (Reply, Reply) {
        (reply(204, preflight), reply(status, lines))
    }
    let mut hops = |id, page, ask: Ask, hops: &[(Reply, Reply)], expected| {
        t.push(id, page, &[ask], Server::Hops(hops.to_vec()), expected);
    };
    let main = Page::Main;
    let post = POST.body(Body::Text);
    let put = PUT.body(Body::Text);

    hops("rd-same", main, GET, &[hop(&[], 302, &[ORIGIN, TO_A]), hop(&[], 200, &[ORIGIN])], "allow 0+2 via A GET page, A GET page");
    hops("rd-first-none", main, GET, &[hop(&[], 302, &[TO_A]), hop(&[], 200, &[ORIGIN])], "block 0+1 via A GET page");
    hops("rd-other", main, GET, &[hop(&[], 302, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 0+2 via A GET page, B GET null");
    hops("rd-other-star", main, GET, &[hop(&[], 302, &[ANYONE, TO_B]), hop(&[], 200, &[ANYONE])], "allow 0+2 via A GET page, B GET null");
    hops("rd-other-page", main, GET, &[hop(&[], 302, &[ORIGIN, TO_B]), hop(&[], 200, &[ORIGIN])], "block 0+2 via A GET page, B GET null");
    hops("rd-back", main, GET, &[hop(&[], 302, &[ORIGIN, TO_B]), hop(&[], 302, &[NULL, BACK]), hop(&[], 200, &[NULL])], "allow 0+3 via A GET page, B GET null, A GET null");
    hops("rd-sandbox", Page::Sandboxed, GET, &[hop(&[], 302, &[NULL, TO_B]), hop(&[], 200, &[NULL])], "allow 0+2 via A GET null, B GET null");
    hops("rd-cred", main, GET.include(), &[hop(&[], 302, &[ORIGIN, TRUE, TO_B]), hop(&[], 200, &[NULL, TRUE])], "allow 0+2 cookie via A GET page, B GET null");
    hops("rd-cred-star", main, GET.include(), &[hop(&[], 302, &[ORIGIN, TRUE, TO_B]), hop(&[], 200, &[ANYONE, TRUE])], "block 0+2 cookie via A GET page, B GET null");
    hops("rd-post-307", main, post, &[hop(&[], 307, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 0+2 via A POST page, B POST null");
    hops("rd-post-301", main, post, &[hop(&[], 301, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 0+2 via A POST page, B GET null");
    hops("rd-post-303", main, post, &[hop(&[], 303, &[ORIGIN, TO_A]), hop(&[], 200, &[ORIGIN])], "allow 0+2 via A POST page, A GET page");
    hops("rd-xhr", main, GET.via(Via::Xhr), &[hop(&[], 302, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 0+2 via A GET page, B GET null");

    // Preflights after redirects. The cache of the same address spares some.
    hops("rd-put-same", main, put, &[hop(&[ORIGIN, PUTS, "access-control-max-age: 0"], 307, &[ORIGIN, TO_A]), hop(&[ORIGIN, PUTS], 200, &[ORIGIN])], "allow 2+2 via A OPTIONS page, A PUT page, A OPTIONS page, A PUT page");
    hops("rd-put-same-301", main, put, &[hop(&[ORIGIN, PUTS, "access-control-max-age: 0"], 301, &[ORIGIN, TO_A]), hop(&[ORIGIN, PUTS], 200, &[ORIGIN])], "allow 2+2 via A OPTIONS page, A PUT page, A OPTIONS page, A PUT page");
    hops("rd-put-other", main, put, &[hop(&[ORIGIN, PUTS], 307, &[ORIGIN, TO_B]), hop(&[NULL, PUTS], 200, &[NULL])], "allow 2+2 via A OPTIONS page, A PUT page, B OPTIONS null, B PUT null");
    hops("rd-put-other-star", main, put, &[hop(&[ORIGIN, PUTS], 307, &[ORIGIN, TO_B]), hop(&[ANYONE, PUTS], 200, &[ANYONE])], "allow 2+2 via A OPTIONS page, A PUT page, B OPTIONS null, B PUT null");
    hops("rd-put-other-page", main, put, &[hop(&[ORIGIN, PUTS], 307, &[ORIGIN, TO_B]), hop(&[ORIGIN, PUTS], 200, &[ORIGIN])], "block 2+1 via A OPTIONS page, A PUT page, B OPTIONS null");
    hops("rd-put-other-none", main, put, &[hop(&[ORIGIN, PUTS], 307, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "block 2+1 via A OPTIONS page, A PUT page, B OPTIONS null");
    hops("rd-put-first-none", main, put, &[hop(&[ORIGIN, PUTS], 307, &[TO_B]), hop(&[NULL, PUTS], 200, &[NULL])], "block 1+1 via A OPTIONS page, A PUT page");
    hops("rd-put-303", main, put, &[hop(&[ORIGIN, PUTS, "access-control-max-age: 0"], 303, &[ORIGIN, TO_A]), hop(&[ORIGIN], 200, &[ORIGIN])], "allow 1+2 via A OPTIONS page, A PUT page, A GET page");
    hops("rd-put-303-other", main, put, &[hop(&[ORIGIN, PUTS], 303, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 1+2 via A OPTIONS page, A PUT page, B GET null");
    hops("rd-json-302", main, post.headers(JSON), &[hop(&[ORIGIN, HEADERS, "access-control-max-age: 0"], 302, &[ORIGIN, TO_A]), hop(&[ORIGIN, HEADERS], 200, &[ORIGIN])], "allow 1+2 asks content-type via A OPTIONS page, A POST page, A GET page");
    hops("rd-json-302-other", main, post.headers(JSON), &[hop(&[ORIGIN, HEADERS], 302, &[ORIGIN, TO_B]), hop(&[], 200, &[NULL])], "allow 1+2 asks content-type via A OPTIONS page, A POST page, B GET null");
    hops("rd-header-other", main, GET.headers(X_A), &[hop(&[ORIGIN, HEADERS], 302, &[ORIGIN, TO_B]), hop(&[ANYONE, HEADERS], 200, &[ANYONE])], "allow 2+2 asks x-a / x-a via A OPTIONS page, A GET page, B OPTIONS null, B GET null");
    hops("rd-auth-other", main, GET.headers(AUTHORIZATION), &[hop(&[ORIGIN, HEADERS], 302, &[ORIGIN, TO_B]), hop(&[], 200, &[ANYONE])], "allow 1+2 asks authorization via A OPTIONS page, A GET page, B GET null");

    // Redirects that are not followed.
    hops("rd-user", main, GET, &[hop(&[], 302, &[ORIGIN, "location: http://u:p@localhost:{B}/?case={N}"]), hop(&[], 200, &[NULL])], "block 0+1 via A GET page");
    hops("rd-user-same", main, GET, &[hop(&[], 302, &[ORIGIN, "location: http://u:p@localhost:{A}/?case={N}"]), hop(&[], 200, &[ORIGIN])], "block 0+1 via A GET page");
    hops("rd-data", main, GET, &[hop(&[], 302, &[ORIGIN, "location: data:,content"])], "block 0+1 via A GET page");
    hops("rd-malformed", main, GET, &[hop(&[], 302, &[ORIGIN, "location: http://"]), hop(&[], 200, &[ORIGIN])], "block 0+1 via A GET page");
    hops("rd-two-locations", main, GET, &[hop(&[], 302, &[ORIGIN, TO_A, TO_B]), hop(&[], 200, &[ANYONE])], "block 0+1 via A GET page");
    hops("rd-no-location", main, GET, &[hop(&[], 302, &[ORIGIN])], "allow 0+1 status 302 via A GET page");
    let around = Server::Script {
        preflight: reply(403, &[]),
        others: vec![reply(302, &[ORIGIN, TO_A])],
    };
    t.push("rd-around", main, &[GET], around, "block 0+21");

    t.group = "Other requests and answers";
    for (id, line, expected) in [
        ("value-01", "x-a: a\x01b", "allow 0+1"),
        ("value-0b", "x-a: a\x0bb", "allow 0+1"),
        ("value-1b", "x-a: a\x1bb", "allow 0+1"),
        ("value-7f", "x-a: a\x7fb", "allow 0+1"),
        ("value-nul", "x-a: a\0b", "block 0+1"),
        ("value-cr", "x-a: a\rb", "block 0+1"),
        ("value-cr-field", "x-a: a\rx-b: b", "block 0+1"),
        ("line-folded", "x-a: a\r\n b", "block 0+1"),
        ("line-no-colon", "x-a a", "block 0+1"),
        ("name-space", "x-a : a", "block 0+1"),
        ("name-at", "x@a: a", "block 0+1"),
    ] {
        t.answer(id, GET, &[ORIGIN, line], expected);
    }
    t.answer("acao-vertical-tab", GET, &["access-control-allow-origin: {O}\x0b"], "block 0+1");
    t.answer("font-none", GET.via(Via::Font), &[], "block 0+1");
}
