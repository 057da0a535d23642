//! The rows of cors-core start with byte slices and end with a list of names and values. In the
//! rows `wire`, httparse runs first, and the fields are copied to the buffer at the end.

use std::hint::black_box;
use std::time::Duration;

use benchmarks::cases;
use cors_core::{AllowHeaders, AllowOrigin, Cors, CorsDecision};

use crate::answer::Answer;
use crate::{Case, Origins, Prepared, write_fields};

fn cors(case: &Case) -> Cors {
    let origins = match case.origins {
        Origins::Exact(_) => AllowOrigin::exact(case.origins.entries()),
        Origins::Subdomain => AllowOrigin::suffix([".customers.example.com"]),
    };
    Cors::builder()
        .allow_origin(origins)
        .allow_methods(cases::METHODS)
        .allow_headers(AllowHeaders::list(cases::HEADERS))
        .expose_headers(cases::EXPOSED)
        .allow_credentials(true)
        .max_age(Duration::from_secs(cases::MAX_AGE.into()))
        .build()
        .expect("the policy is valid")
}

fn answer(decision: &CorsDecision) -> Answer {
    let fields = decision.headers().into_iter().flatten();
    let status = if decision.is_preflight() { 204 } else { 200 };
    Answer::new(status, fields.map(|(name, value)| (&name[..], &value[..])))
}

/// The CORS fields of a request, which the caller of cors-core has to find.
#[derive(Clone, Copy, Default)]
struct Picked<'a> {
    origin: Option<&'a [u8]>,
    method: Option<&'a [u8]>,
    headers: Option<&'a [u8]>,
    private_network: bool,
}

impl<'a> Picked<'a> {
    fn take(&mut self, name: &str, value: &'a [u8]) {
        if name.eq_ignore_ascii_case("origin") {
            self.origin = Some(value);
        } else if name.eq_ignore_ascii_case("access-control-request-method") {
            self.method = Some(value);
        } else if name.eq_ignore_ascii_case("access-control-request-headers") {
            self.headers = Some(value);
        } else if name.eq_ignore_ascii_case("access-control-request-private-network") {
            self.private_network = value == b"true";
        }
    }

    fn evaluate(&self, cors: &Cors, method: &str) -> CorsDecision {
        cors.evaluate(
            method.as_bytes(),
            self.origin,
            self.method,
            self.headers,
            self.private_network,
        )
    }
}

pub(crate) fn own_type(case: &Case) -> Prepared {
    let cors = cors(case);
    let method = case.method;
    let mut picked = Picked::default();
    for &(name, value) in &case.fields {
        picked.take(name, value.as_bytes());
    }
    Prepared {
        answer: answer(&picked.evaluate(&cors, method)),
        call: Box::new(move || {
            let decision = black_box(&picked).evaluate(black_box(&cors), black_box(method));
            black_box(&decision).headers().map_or(0, |headers| headers.len())
        }),
    }
}

pub(crate) fn wire(case: &Case) -> Prepared {
    let cors = cors(case);
    let head = case.head.expect("the case has a head");
    let mut buffer = vec![0; 1024];
    let decide = move || {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        let _ = request.parse(black_box(head)).expect("the head is valid");
        let mut picked = Picked::default();
        for field in request.headers.iter() {
            picked.take(field.name, field.value);
        }
        picked.evaluate(black_box(&cors), request.method.unwrap_or(""))
    };
    Prepared {
        answer: answer(&decide()),
        call: Box::new(move || {
            let decision = decide();
            let fields = decision.headers().into_iter().flatten();
            let fields = fields.map(|(name, value)| (&name[..], &value[..]));
            write_fields(fields, black_box(buffer.as_mut_slice()))
        }),
    }
}
